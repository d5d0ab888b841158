//! A cart with its prices: one quote per storefront and seller in law from the one pricing function, and the page's view of it.

use std::collections::BTreeMap;

use vitrine_pricing::cash::Tender;
use vitrine_pricing::date::Date;
use vitrine_pricing::format::format_money;
use vitrine_pricing::market::TaxDisplay;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::quote::{Buyer, Kind, Quote, QuoteError, QuoteRequest, QuotedLine, RequestLine, TaxIdState};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_pricing::shipping::{self, Parcel};
use vitrine_shared::Problem;
use vitrine_shared::cart::{CartLine, MAX_QUANTITY};
use vitrine_shared::catalog::{LegalEntity, PriceRecord, Product, ProductKind, Store, Tenant, Variant, Work};
use vitrine_shared::views::Named;
use vitrine_shared::views::card::{Place, changes_at, ladder, price_here, work_href};
use vitrine_shared::views::preview::Posed;
use vitrine_shared::views::sums::{explain, line_word, note, sending, state_only, sums, total_word, undiscounted};
use vitrine_shared::views::trade::{
    CartLineView, CartView, NOT_TO_PLACE, PLACE_WANTED, REGION_WANTED, SellerPart, SendingView, is_of_place, waits,
};

use super::currency::{Paying, Wanted, currency_of, is_sold};
use super::ways;
use crate::catalog::offers::{self, Offer};
use crate::catalog::store::WorkBundle;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::pricing::{self, Sent};
use crate::promotions::{ForQuote, Offered};
use crate::tax_ids::Identity;
use crate::taxes::{Asked, Outcome};

/// Where it goes; what tax and post ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// ISO 3166-1.
    pub country: String,
    /// e.g. `CA` of `US-CA`.
    pub region: Option<String>,
    /// As typed.
    pub postcode: Option<String>,
    /// Of a business: what its tax id counts for.
    pub business: Option<Identity>,
    /// How it is sent, by [`ways::part_name`]; the cheapest way where nothing is said.
    pub ways: BTreeMap<String, String>,
    /// What a tax service said, by seller; most carts ask none.
    pub taxes: Vec<Asked>,
}

/// One line with what it names.
#[derive(Clone, Debug)]
pub struct PricedLine {
    /// As kept.
    pub line: CartLine,
    /// The work.
    pub work: Work,
    /// The edition's product.
    pub product: Product,
    /// The edition.
    pub variant: Variant,
}

/// The part of one storefront and one seller in law, with the storefront's policies: lines in the order of the quote's.
#[derive(Clone, Debug)]
pub struct PricedSeller {
    /// Who sells.
    pub tenant: Tenant,
    /// Their storefront.
    pub store: Store,
    /// Who sells in law.
    pub record: SellerOfRecord,
    /// Lines that can be sold.
    pub lines: Vec<PricedLine>,
    /// What the quote was asked of.
    pub posed: Posed,
    /// Totals with their explanation.
    pub quote: Quote,
    /// Nothing but what was posed decides the quote: no promotion, no named price, no tax service, and the same seller in law for any number of
    /// pieces.
    pub plain: bool,
}

/// A priced cart.
#[derive(Clone, Debug)]
pub struct Priced {
    /// What all of it is paid in.
    pub currency: Currency,
    /// What can be sold, by storefront and seller in law.
    pub sellers: Vec<PricedSeller>,
    /// For the page, with the lines that cannot.
    pub view: CartView,
}

struct Found {
    line: CartLine,
    work: Work,
    product: Product,
    variant: Variant,
    price: Option<PriceRecord>,
    /// Those of other numbers of pieces too, from the fewest; of parcels only.
    ladder: Vec<PriceRecord>,
    /// When the price is another one, UTC milliseconds; as far as the records know, never.
    changes_ms: Option<i64>,
    /// The price that the buyer named does not count.
    unnamed: bool,
    /// Of the price.
    currency: Currency,
    store: Store,
    trouble: Option<&'static str>,
    left: Option<i64>,
    cover: Option<vitrine_shared::views::ImageView>,
}

/// Prices lines for a destination in the context's market, from what was found of their editions, in the one currency that fits them best
/// (docs/prices.md). A line that has a price in another one only says so and is not bought.
///
/// # Errors
/// Amounts that cannot be; what stands in the way of a line is in its `trouble`.
pub fn price(
    offers: &offers::Found,
    ctx: &OpCtx,
    place: &Place,
    lines: &[CartLine],
    to: &Destination,
    offered: &Offered,
    rev: i64,
) -> Result<Priced> {
    let currency = currency_of(offers, ctx, place, lines, to);
    let place = &Place { currency, ..place.clone() };
    // In the order in which the buyer met them.
    let mut by_store: Vec<(Tenant, Store, Vec<Found>)> = Vec::new();
    let mut later = Vec::new();
    for line in lines {
        let Some((tenant, found)) = find(offers, ctx, place, line, to) else { continue };
        if line.later {
            later.push(line_view(place, &found, None));
            continue;
        }
        match by_store.iter_mut().find(|(_, store, _)| store.id == found.store.id) {
            Some((_, _, all)) => all.push(found),
            None => by_store.push((tenant, found.store.clone(), vec![found])),
        }
    }
    let date = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
    let by_seller = by_store.into_iter().flat_map(|(tenant, store, found)| {
        let [own, platform] = in_law(offers.platform(), &tenant, found, to, currency, date);
        let of = |record, found| (tenant.clone(), store.clone(), record, found);
        [of(SellerOfRecord::Tenant, own), of(SellerOfRecord::Platform, platform)]
    });
    let (mut sellers, mut parts, mut total, mut ready) =
        (Vec::<PricedSeller>::new(), Vec::new(), Money::zero(currency), true);
    for (tenant, store, record, mut found) in by_seller {
        if found.is_empty() {
            continue;
        }
        let legal = match (record, offers.platform()) {
            (SellerOfRecord::Platform, Some(platform)) => platform,
            _ => &tenant.legal,
        };
        let before = sellers.iter().filter(|s| s.tenant.id == tenant.id).flat_map(|s| &s.quote.totals.discounts);
        let before: Vec<(String, Money)> = before.map(|d| (d.promotion.clone(), d.amount)).collect();
        let given = offered.of(&tenant.id, &before);
        let asked = to.taxes.iter().find(|a| a.store == store.id && a.record == record).map(|a| &a.outcome);
        let name = ways::part_name(&store.id, record);
        let ask = |found: &[Found], way: Option<&str>, asked: Option<&Outcome>| {
            let posed = posed(ctx, place, (&tenant, legal), &store, found, to, (&given, way, asked))?;
            Ok::<_, Problem>(posed.map(|posed| {
                let quote = posed.quote(pricing::rules(), given.given(&store.handle));
                quote.map(|quote| (posed, quote))
            }))
        };
        // A way that is not offered any more stops nobody from seeing what the others come to.
        let chosen = to.ways.get(&name).map(String::as_str);
        let known = chosen.filter(|way| way.len() <= ways::MOST_ID_BYTES);
        let (first, gone) = match ask(&found, known, asked)? {
            Some(Err(QuoteError::NoSuchMethod { .. })) => (ask(&found, None, asked)?, true),
            other => (other, known != chosen),
        };
        let mut first = first;
        let priced = loop {
            match first {
                Some(Ok(priced)) => break Some(priced),
                Some(Err(why)) => {
                    if !mark(&mut found, &why, (&store, currency), to)? {
                        break None;
                    }
                    // What is left without them may still be sold.
                    first = ask(&found, None, asked)?;
                }
                None => break None,
            }
        };
        let quote = priced.as_ref().map(|(_, quote)| quote);
        ready &= found.iter().all(|f| f.trouble.is_none()) && quote.is_some();
        if let Some(quote) = quote {
            total = total.checked_add(quote.totals.gross).map_err(|e| fault::internal("a total", &e))?;
        }
        // What a tax service said is of the way that was chosen; of the others the tables say what they come to.
        let sending = sending(place, (name, gone), quote, |way| {
            let other = ask(&found, Some(way), None)?.and_then(std::result::Result::ok);
            Ok::<_, Problem>(other.map(|(_, quote)| quote))
        })?;
        let by = (record == SellerOfRecord::Platform).then(|| legal.name.clone());
        let notice = asked.and_then(Outcome::notice).map(str::to_owned);
        let part = part(place, &store, &found, quote, by);
        parts.push(SellerPart { sending, tax_notice: notice.or(part.tax_notice), ..part });
        if let Some((posed, quote)) = priced {
            // Up to some worth of what is sent together the marketplace sells in law.
            let deal = deal(offers.platform(), &tenant, to, date);
            let limit = |f: &Found| deal.is_limited(&in_deal(f));
            let named = |f: &Found| f.line.named_minor.is_some() || f.unnamed;
            let plain = !found.iter().any(|f| limit(f) || named(f)) && given.is_nothing() && asked.is_none();
            let lines = found
                .into_iter()
                .filter(|f| f.trouble.is_none())
                .map(|f| PricedLine { line: f.line, work: f.work, product: f.product, variant: f.variant })
                .collect();
            sellers.push(PricedSeller { tenant, store, record, lines, posed, quote, plain });
        }
    }
    let count = lines.iter().filter(|l| !l.later).map(|l| l.quantity).sum();
    // A parcel whose tax or sending waits for the place, or that is sent to others, is asked where it goes like any other.
    let sent = |l: &CartLineView| l.physical && l.trouble.as_deref().is_none_or(is_of_place);
    let needs_address = parts.iter().flat_map(|p| &p.lines).any(sent);
    let view = CartView {
        count,
        total: format_money(total, place.locale),
        total_minor: total.minor(),
        currency: currency.code().to_owned(),
        about: place.about(total.minor(), currency),
        tax_word: total_word(place, sellers.iter().map(|seller| &seller.quote)).to_owned(),
        place: to.country.clone(),
        place_name: vitrine_places::country_name(&to.country, &ctx.locale).unwrap_or_default().to_owned(),
        needs_address,
        ready: ready && count > 0,
        rev,
        codes: offered.shown(place, &sellers),
        sellers: parts,
        later,
        with_it: Vec::new(),
        pricing: None,
    };
    Ok(Priced { currency, sellers, view })
}

/// A storefront's lines by who sells them in law: the shop, the marketplace. What is sent together is what one storefront sends.
fn in_law(
    platform: Option<&LegalEntity>,
    tenant: &Tenant,
    found: Vec<Found>,
    to: &Destination,
    currency: Currency,
    date: Date,
) -> [Vec<Found>; 2] {
    let sellers = deal(platform, tenant, to, date).sellers(currency, &found.iter().map(in_deal).collect::<Vec<_>>());
    let mut parts = [Vec::new(), Vec::new()];
    for (f, seller) in found.into_iter().zip(sellers) {
        parts[usize::from(seller == SellerOfRecord::Platform)].push(f);
    }
    parts
}

fn deal<'a>(
    platform: Option<&'a LegalEntity>,
    tenant: &'a Tenant,
    to: &'a Destination,
    date: Date,
) -> pricing::Deal<'a> {
    pricing::Deal {
        platform,
        shop: &tenant.legal,
        country: &to.country,
        region: to.region.as_deref(),
        postcode: to.postcode.as_deref(),
        business: to.business.as_ref().is_some_and(|b| b.state == TaxIdState::Valid),
        date,
    }
}

fn in_deal(f: &Found) -> pricing::DealLine<'_> {
    let physical = f.product.kind == ProductKind::Physical;
    let minor = f.line.named_minor.or_else(|| Some(f.price.as_ref()?.amount_minor));
    pricing::DealLine {
        kind: if physical { Kind::Physical } else { Kind::Digital },
        class: pricing::class_of(&f.product),
        ships_from: &f.store.ships_from,
        unit: minor.and_then(|minor| Money::new(minor, f.currency).ok()),
        quantity: f.line.quantity,
        sold: f.trouble.is_none(),
    }
}

/// Tax depends on the region there: nothing is sold without it.
pub(crate) fn taxed_by_region(country: &str) -> bool {
    matches!(country, "US" | "CA")
}

/// Says at the lines that it stops why nothing is priced: at one of them, at the parcels, or at all; whether it was any.
fn mark(
    found: &mut [Found],
    why: &QuoteError,
    (store, currency): (&Store, Currency),
    to: &Destination,
) -> Result<bool> {
    let trouble = match why {
        QuoteError::NoTaxRule { .. } if to.region.is_none() && taxed_by_region(&to.country) => REGION_WANTED,
        QuoteError::NotShipped { .. } => unsent(found, (store, currency), to)?,
        other => trouble_of(other),
    };
    // Lines of the question are those without a trouble, in their order.
    let named = why.field().strip_prefix("lines[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    let parcels = why.field().starts_with("shipping");
    let mut any = false;
    for (i, f) in found.iter_mut().filter(|f| f.trouble.is_none()).enumerate() {
        if named.is_none_or(|named| named == i) && (!parcels || f.product.kind == ProductKind::Physical) {
            (f.trouble, any) = (Some(trouble), true);
        }
    }
    Ok(any)
}

/// Why the parcels among the lines that can be sold are not sent, where the place as it is known has no rate for them.
fn unsent(found: &[Found], (store, currency): (&Store, Currency), to: &Destination) -> Result<&'static str> {
    let mut parcel = Parcel::empty(currency);
    let parcels = found.iter().filter(|f| f.trouble.is_none() && f.product.kind == ProductKind::Physical);
    for f in parcels {
        pricing::put(&mut parcel, &f.variant, f.line.quantity);
        let minor = f.line.named_minor.or_else(|| Some(f.price.as_ref()?.amount_minor)).unwrap_or(0);
        let worth = Money::new(minor, currency).and_then(|unit| unit.checked_mul(i64::from(f.line.quantity)));
        let goods = worth.and_then(|worth| parcel.goods.checked_add(worth));
        parcel.goods = goods.map_err(|e| fault::internal("what is sent", &e))?;
    }
    let (region, postcode) = (to.region.as_deref(), to.postcode.as_deref());
    let there = shipping::Destination { country: &to.country, region, postcode };
    Ok(match pricing::sent(store, &there, &parcel)? {
        Sent::OncePlaced => PLACE_WANTED,
        Sent::Elsewhere => NOT_TO_PLACE,
        Sent::There | Sent::Nowhere => {
            let mut parcels = found.iter().filter(|f| f.trouble.is_none() && f.product.kind == ProductKind::Physical);
            let alone = |f: &Found| pricing::is_sent(store, currency, &to.country, &f.variant, 1);
            let some = parcels.try_fold(false, |any, f| Ok::<_, Problem>(any || alone(f)?))?;
            if some { "line-too-much" } else { "line-not-shipped" }
        }
    })
}

const fn trouble_of(why: &QuoteError) -> &'static str {
    match why {
        QuoteError::NoTaxRule { .. } => "line-no-tax-rule",
        QuoteError::BelowMinimum { .. } => "line-below-minimum",
        QuoteError::NotChargeable { .. } => "line-not-chargeable",
        _ => "line-not-here",
    }
}

fn find(
    offers: &offers::Found,
    ctx: &OpCtx,
    place: &Place,
    line: &CartLine,
    to: &Destination,
) -> Option<(Tenant, Found)> {
    // A variant that is nowhere any more cannot be shown; nothing of it is owed.
    let offer = &**offers.offer(&line.variant)?;
    let Offer { bundle, tenant, store, .. } = offer;
    let (product, variant) = bundle.variant(&line.variant)?;
    let (paying, wanted) = (Paying::at(offers, ctx, place, to), Wanted::of(offer, line, place.market));
    let own: Vec<Currency> = paying.pays_in.into_iter().filter(|c| paying.fits(&wanted, *c)).collect();
    let elsewhere = !own.is_empty() && !own.contains(&place.currency);
    // In the cart's currency; in its own where it waits for later, or cannot be bought with the rest.
    let pays_in = match (line.later, elsewhere) {
        (true, _) if own.is_empty() => paying.pays_in.to_vec(),
        (true, _) | (false, true) => own.clone(),
        (false, false) => vec![place.currency],
    };
    let price = price_here(&bundle.prices, &line.variant, place.market, &pays_in, ctx.now_ms, line.quantity);
    let currency = price.map_or(place.currency, |(currency, _)| currency);
    let changes_ms = changes_at(&bundle.prices, &line.variant, place.market, currency, ctx.now_ms, line.quantity);
    let price = price.map(|(_, price)| price.clone());
    let steps = match product.kind {
        ProductKind::Physical => ladder(&bundle.prices, &line.variant, place.market, currency, ctx.now_ms),
        _ => Vec::new(),
    };
    let ladder = steps.into_iter().cloned().collect();
    let mut line = line.clone();
    let counts = |named| named == currency && price.as_ref().is_none_or(|p| p.minimum_minor.is_some());
    let unnamed = wanted.named_in.is_some_and(|named| !counts(named));
    if unnamed {
        line.named_minor = None;
    }
    // Its tax cannot be measured in anything it has a price and a rate in.
    let unmeasured = own.is_empty() && paying.measured_in(&wanted).is_some_and(|m| price.is_none() || m != currency);
    let left = offers.left(&line.variant).filter(|_| variant.stocked);
    let trouble = if !is_sold(offer, ctx, &line.variant) {
        Some("line-withdrawn")
    } else if unmeasured && has_price(bundle, &line, place, ctx) {
        Some("line-import-currency")
    } else if price.is_none() {
        Some("line-not-here")
    } else if left == Some(0) {
        Some("line-sold-out")
    } else if elsewhere && !line.later {
        Some("line-other-currency")
    } else if left.is_some_and(|left| left < i64::from(line.quantity)) {
        Some("line-fewer")
    } else {
        None
    };
    let cover = bundle.work.cover.as_ref().map(|cover| place.image(cover));
    let found = Found {
        line,
        product: product.clone(),
        variant: variant.clone(),
        work: bundle.work.clone(),
        unnamed: unnamed && price.is_some(),
        price,
        ladder,
        changes_ms,
        currency,
        store: store.clone(),
        trouble,
        left,
        cover,
    };
    Some((tenant.clone(), found))
}

/// Whether a line has a price here in any currency.
fn has_price(bundle: &WorkBundle, line: &CartLine, place: &Place, ctx: &OpCtx) -> bool {
    price_here(&bundle.prices, &line.variant, place.market, &place.pays_in(), ctx.now_ms, line.quantity).is_some()
}

/// What is asked of the pricing function for the lines that can be sold; nothing for none.
fn posed(
    ctx: &OpCtx,
    place: &Place,
    (tenant, legal): (&Tenant, &LegalEntity),
    store: &Store,
    found: &[Found],
    to: &Destination,
    (given, way, asked): (&ForQuote, Option<&str>, Option<&Outcome>),
) -> Result<Option<Posed>> {
    let inside = |what: &str, e: &dyn std::fmt::Display| fault::internal(what, e);
    let currency = place.currency;
    let date = Date::from_unix_ms(ctx.now_ms).map_err(|e| inside("a date", &e))?;
    let sold: Vec<&Found> = found.iter().filter(|f| f.trouble.is_none()).collect();
    if sold.is_empty() {
        return Ok(None);
    }
    let (mut items, mut entries, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for f in &sold {
        let Some(price) = &f.price else { continue };
        items.push(pricing::sellable(&f.work, &f.product, &f.variant, &f.store));
        // In one order whatever the number of pieces: steps of the explanation name their place.
        let alone = (!f.ladder.contains(price)).then_some(price);
        for price in f.ladder.iter().chain(alone) {
            entries.push(pricing::entry(price, currency)?);
        }
        let named = f.line.named_minor.filter(|_| price.minimum_minor.is_some());
        let named = named.map(|m| Money::new(m, currency)).transpose().map_err(|e| inside("a price", &e))?;
        lines.push(RequestLine {
            sku: Some(f.variant.id.to_string()),
            quantity: f.line.quantity,
            named_price: named,
            ..RequestLine::default()
        });
    }
    let request = QuoteRequest {
        currency,
        date,
        market: Some(place.market.id.to_owned()),
        seller: pricing::seller(legal, place.market),
        buyer: Buyer {
            country: to.country.clone(),
            region: to.region.clone(),
            postcode: to.postcode.clone(),
            business: to.business.is_some(),
            tax_id: to.business.as_ref().map(|b| b.number.clone()).filter(|number| !number.is_empty()),
            tax_id_state: to.business.as_ref().filter(|b| !b.number.is_empty()).map(|b| b.state).unwrap_or_default(),
        },
        lines,
        codes: given.codes.clone(),
        promotions: None,
        customer: None,
        shipping: None,
        shipping_method: way.map(str::to_owned),
        rounding: store.rounding,
        no_rule: store.no_rule,
        external_taxes: match asked {
            Some(Outcome::Given(taxes)) => Some(taxes.clone()),
            _ => None,
        },
        // No way to pay here is in cash.
        tender: Tender::Electronic,
    };
    let until = pricing::until(sold.iter().filter_map(|f| f.changes_ms))?;
    let prices = PriceList { id: tenant.id.to_string(), entries, until };
    let shipping = pricing::shipping_table(store, currency)?;
    Ok(Some(Posed { request, items, prices, shipping }))
}

/// A line as the page shows it, with what its quote says of it.
fn line_view(place: &Place, f: &Found, quoted: Option<(&Quote, usize, &QuotedLine)>) -> CartLineView {
    let inclusive = place.market.tax_display == TaxDisplay::Inclusive;
    let listed =
        || Money::new(minor_of(f), f.currency).and_then(|unit| unit.checked_mul(i64::from(f.line.quantity))).ok();
    let total = match quoted {
        Some((_, _, line)) => Some(undiscounted(&line.amounts, inclusive)),
        // Tax or sending waits for the place; what it costs by itself does not.
        None if f.trouble.is_some_and(waits) && f.price.is_some() => listed(),
        None => None,
    };
    let mut unit = place.price(f.currency, minor_of(f), None, f.price.as_ref().and_then(|p| p.compare_at_minor), false);
    if let Some((quote, at, _)) = quoted {
        unit.tax_word = line_word(place, quote, at).to_owned();
    }
    let physical = f.product.kind == ProductKind::Physical;
    let most = f.left.map_or(MAX_QUANTITY, |l| u32::try_from(l.max(0)).unwrap_or(0).min(MAX_QUANTITY));
    CartLineView {
        variant: f.variant.id.to_string(),
        title: f.work.title.clone(),
        href: work_href(f.work.kind, &f.work.slug, f.work.id.as_str()),
        by: f.work.makers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", "),
        edition: [f.product.title.as_str(), f.variant.title.as_str()]
            .into_iter()
            .filter(|t| !t.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        cover: f.cover.clone(),
        quantity: f.line.quantity,
        max_quantity: if physical { most } else { 1 },
        physical,
        stock: f.left.map(|left| left.max(0)),
        unit,
        total: total.map(|t| format_money(t, place.locale)).unwrap_or_default(),
        trouble: f.trouble.map(str::to_owned),
        notice: f.unnamed.then(|| "line-unnamed".to_owned()),
    }
}

fn minor_of(f: &Found) -> i64 {
    f.line.named_minor.or(f.price.as_ref().map(|p| p.amount_minor)).unwrap_or(0)
}

fn part(place: &Place, store: &Store, found: &[Found], quote: Option<&Quote>, sold_by: Option<String>) -> SellerPart {
    let lines = quote.map(|q| q.lines.iter().enumerate().map(move |(i, line)| (q, i, line)));
    let mut quoted = lines.into_iter().flatten();
    let lines =
        found.iter().map(|f| line_view(place, f, if f.trouble.is_none() { quoted.next() } else { None })).collect();
    SellerPart {
        sold_by,
        sending: SendingView::default(),
        store: Named { name: store.name.clone(), latin: None, href: format!("/@{}", store.handle) },
        lines,
        sums: quote.map(|q| sums(place, q)).unwrap_or_default(),
        explain: quote.map(|q| explain(place, q)).unwrap_or_default(),
        tax_note: quote.and_then(note),
        tax_notice: quote.and_then(state_only),
    }
}

/// The destination must be known before money is taken.
///
/// # Errors
/// 422 for a country that is none.
pub fn check_country(to: &Destination) -> Result<()> {
    if vitrine_pricing::market::is_country(&to.country) {
        Ok(())
    } else {
        Err(Problem::invalid("country", "unknown_country", "Choose a country."))
    }
}
