//! What a storefront says of sending and of gift cards: one set of rules for rows that are imported and for what is typed at the desk.
//!
//! Invariants: what these rules let through can be priced in every currency it names; a record is written over the one that was read, or
//! not at all.

use std::collections::BTreeMap;
use std::fmt;

use vitrine_places::{AddressForm, Field};
use vitrine_pricing::market::is_country;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::shipping::{Place, ShippingTable};
use vitrine_shared::catalog::{GiftCards, Store, Tenant};
use vitrine_table::{Condition, Item, Put, TransactOp};

use super::store::items;
use crate::fault::Result;
use crate::pricing;
use crate::value::MAX_ENTRY;

/// Most amounts of gift cards of one currency.
pub(crate) const MOST_GIFT_AMOUNTS: usize = 8;
/// Zones of rates that no list of a shop's own has to name: the European Union, every other country.
pub(crate) const WIDE_ZONES: [&str; 2] = ["EU", "*"];

/// What cannot be priced or sold: where it stands and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// Path within the table or the list, such as `zones[0].places[1].postcode_to`. Indices of `rates` count those of `currency`.
    pub(crate) path: String,
    /// In words for who writes rows.
    pub(crate) why: String,
    /// Whose rates were looked at; none for what is of all currencies.
    pub(crate) currency: Option<String>,
    /// It can be priced, and no address form leads to it: records from before may have such, so rows are only told.
    pub(crate) unreached: bool,
}

impl Unfit {
    fn new(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into(), currency: None, unreached: false }
    }

    fn of(self, currency: &str) -> Self {
        Self { currency: Some(currency.to_owned()), ..self }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

/// Looks at a store's shipping as it would be priced: first what is of all currencies, whether or not a rate uses it, then each currency's
/// rates. What the engine refuses ends the list.
pub(crate) fn unfit_shipping(store: &Store) -> Vec<Unfit> {
    let mut all = Vec::new();
    if let Err(last) = look(store, &mut all) {
        all.push(last);
    }
    all
}

/// The first that [`unfit_shipping`] finds.
///
/// # Errors
/// It.
pub(crate) fn check_shipping(store: &Store) -> std::result::Result<(), Unfit> {
    unfit_shipping(store).into_iter().next().map_or(Ok(()), Err)
}

/// Tells what no buyer ever meets; answers what cannot be priced.
fn look(store: &Store, tell: &mut Vec<Unfit>) -> std::result::Result<(), Unfit> {
    let unfit = |(path, why): (String, &'static str)| Unfit::new(path, why);
    let whole = ShippingTable {
        zones: store.shipping_zones.clone(),
        methods: store.shipping_methods.clone(),
        except: store.shipping_except.clone(),
        rates: Vec::new(),
    };
    // Of no rate, so of no currency: any will do.
    whole.check(Currency::EUR).map_err(unfit)?;
    for (i, zone) in whole.zones.iter().enumerate() {
        // A code that is none never meets a buyer, and nobody would notice.
        if let Some(code) = zone.countries.iter().find(|code| *code != "*" && !is_country(code)) {
            let why = format!("{code:?} is no ISO 3166-1 alpha-2 country code and not *");
            tell.push(Unfit::new(format!("zones[{i}].countries"), why));
        }
    }
    // Neither does a region that nobody can say: a zone of it is never sent to, an exception never made.
    let places = whole.zones.iter().enumerate().flat_map(|(i, zone)| {
        let of = |list: &'static str| move |(n, place)| (format!("zones[{i}].{list}[{n}].region"), place);
        zone.places.iter().enumerate().map(of("places")).chain(zone.except.iter().enumerate().map(of("except")))
    });
    let nowhere = whole.except.iter().enumerate().map(|(n, place)| (format!("except[{n}].region"), place));
    let mut forms = BTreeMap::new();
    for (path, place) in places.chain(nowhere).filter(|(_, place)| place.region.is_some()) {
        let form = forms.entry(&place.country).or_insert_with(|| vitrine_places::form_of(&place.country));
        if let Some(why) = unsaid(form, place) {
            tell.push(Unfit { unreached: true, ..Unfit::new(path, why) });
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for row in &store.shipping {
        let code = row.currency.as_str();
        if seen.contains(&code) {
            continue;
        }
        seen.push(code);
        let currency: Currency = code.parse().map_err(|e| Unfit::new("currency", format!("{e}")).of(code))?;
        let table = pricing::shipping_table(store, currency).map_err(|e| Unfit::new("rates", e.title).of(code))?;
        table.check(currency).map_err(|fault| unfit(fault).of(code))?;
        for (i, rate) in table.rates.iter().enumerate() {
            let known = WIDE_ZONES.contains(&rate.zone.as_str())
                || is_country(&rate.zone)
                || store.shipping_zones.iter().any(|zone| zone.id == rate.zone);
            if !known {
                let why = format!("{:?} is no zone of the store, no country code, not EU and not *", rate.zone);
                tell.push(Unfit::new(format!("rates[{i}].zone"), why).of(code));
            }
        }
    }
    Ok(())
}

/// Why no buyer's address is in the region that a place names.
fn unsaid(form: &AddressForm, place: &Place) -> Option<String> {
    let (region, country) = (place.region.as_deref()?, place.country.as_str());
    let Some(field) = form.field(Field::Region) else {
        return Some(format!("addresses in {country} have no regions: name postcodes"));
    };
    if field.regions.is_empty() || field.regions.iter().any(|known| known.id().eq_ignore_ascii_case(region)) {
        return None;
    }
    let meant = vitrine_places::region_of(country, region).map(|known| format!(", write {:?}", known.id()));
    Some(format!("addresses in {country} have no region {region:?}{}", meant.unwrap_or_default()))
}

/// Whether a gift card can be of this amount, minor units.
pub(crate) fn is_gift_amount(minor: i64) -> bool {
    (1..=MAX_ENTRY).contains(&minor)
}

/// Whether an amount of a currency can be charged: what cannot be is never bought.
pub(crate) fn is_payable(minor: i64, currency: &str) -> bool {
    currency.parse().is_ok_and(|currency| Money::new(minor, currency).is_ok_and(Money::is_in_steps))
}

/// Looks at the gift cards a store sells. Amounts of a row that is among `had` may be such as cannot be charged: it is of before its currency
/// had a step, and does not stand in the way of others.
///
/// # Errors
/// What cannot be; the path names a row and its field, such as `[0].amounts`.
pub(crate) fn check_gift_cards(cards: &[GiftCards], had: &[GiftCards]) -> std::result::Result<(), Unfit> {
    let fine = is_gift_amount;
    for (i, row) in cards.iter().enumerate() {
        let unfit = |field: &str, why: String| Err(Unfit::new(format!("[{i}].{field}"), why));
        if let Err(why) = row.currency.parse::<Currency>() {
            return unfit("currency", why.to_string());
        }
        if cards.iter().take(i).any(|other| other.currency == row.currency) {
            return unfit("currency", format!("{} stands there twice", row.currency));
        }
        if row.amounts.len() > MOST_GIFT_AMOUNTS || !row.amounts.iter().all(|minor| fine(*minor)) {
            let why = format!("at most {MOST_GIFT_AMOUNTS} amounts of 1 to {MAX_ENTRY} minor units");
            return unfit("amounts", why);
        }
        if row.named.is_some_and(|(least, most)| !(fine(least) && fine(most) && least <= most)) {
            return unfit("named", format!("a least and a most of 1 to {MAX_ENTRY} minor units"));
        }
        let payable = |minor: &i64| had.contains(row) || is_payable(*minor, &row.currency);
        let steps = || format!("payments in {} are not made in so small a step", row.currency);
        if !row.amounts.iter().all(payable) {
            return unfit("amounts", steps());
        }
        if row.named.is_some_and(|(least, most)| !(payable(&least) && payable(&most))) {
            return unfit("named", steps());
        }
        if row.amounts.is_empty() && row.named.is_none() {
            return unfit("amounts", format!("nothing is sold in {}", row.currency));
        }
    }
    Ok(())
}

/// The write of a store, over the record that it was read as: its `rev` is that one's, and the written one's is the next.
///
/// # Errors
/// Never for a record that can be written.
pub(crate) fn written(store: &Store, is_there: bool, now_ms: i64) -> Result<TransactOp> {
    let item = items::store(&Store { rev: store.rev + 1, ..store.clone() }, now_ms)?;
    let condition = if is_there { of_revision(store.rev) } else { Condition::ItemAbsent };
    Ok(TransactOp::Put(Put { item, condition: Some(condition) }))
}

/// The record is there and was written so often.
fn of_revision(rev: i64) -> Condition {
    match rev {
        // Of before it was counted.
        0 => Condition::ItemExists
            .and(Condition::Any(vec![Condition::Absent("rev".to_owned()), Condition::eq("rev", 0)])),
        rev => Condition::eq("rev", rev),
    }
}

/// Where a record stands in the list of its kind.
const PLACE: &str = "createdAt";

/// The write of a seller, as [`written`]; over `was`, where it stands in the list of sellers stays.
///
/// # Errors
/// As [`written`].
pub(crate) fn seller_written(seller: &Tenant, is_there: bool, was: Option<&Item>, now_ms: i64) -> Result<TransactOp> {
    let mut item = items::tenant(&Tenant { rev: seller.rev + 1, ..seller.clone() }, now_ms)?;
    if let Some(place) = was.and_then(|was| was.get(PLACE)) {
        item.insert(PLACE.to_owned(), place.clone());
    }
    let condition = if is_there { of_revision(seller.rev) } else { Condition::ItemAbsent };
    Ok(TransactOp::Put(Put { item, condition: Some(condition) }))
}

/// As [`written`], over this item: where it stands in the list of shops stays.
///
/// # Errors
/// As [`written`].
pub(crate) fn rewritten(store: &Store, was: &Item, now_ms: i64) -> Result<(TransactOp, usize)> {
    let mut op = written(store, true, now_ms)?;
    let mut bytes = 0;
    if let TransactOp::Put(put) = &mut op {
        if let Some(place) = was.get(PLACE) {
            put.item.insert(PLACE.to_owned(), place.clone());
        }
        bytes = vitrine_table::check::item_bytes(&put.item);
    }
    Ok((op, bytes))
}
