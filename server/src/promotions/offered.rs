//! What a buyer is offered: the promotions of the sellers in a cart, with what is known of the buyer, as quotes take it; and what became of
//! codes, as pages show it.

use std::collections::{BTreeSet, HashMap};

use vitrine_pricing::format::format_money;
use vitrine_pricing::money::Money;
use vitrine_pricing::promotion::{
    Benefit, CodeStatus, Customer, Promotion, Promotions as Given, SkipReason, Usage, is_same_code,
};
use vitrine_shared::cart::CartLine;
use vitrine_shared::id::{CheckoutId, TenantId};
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::trade::CodeView;
use vitrine_table::{Consistency, Item, Key, retry};

use super::store::{Opened, code_key};
use super::{Promotions, TOTAL, buyer_key, count_key};
use crate::cart::view::PricedSeller;
use crate::catalog::offers::Found;
use crate::checkout::store::{self, Checkout};
use crate::fault::{self, Result};
use crate::groups;

/// Cards of one name that are asked about; the newest.
const MOST_CARDS: usize = 10;

/// Who asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Who<'a> {
    /// See [`Promotions::names`].
    pub names: &'a [String],
    /// See `Groups::who`; in no group if absent.
    pub member: Option<&'a str>,
    /// The cart, whose earlier attempt may hold uses for this one.
    pub cart: Option<&'a Key>,
}

/// What is offered.
#[derive(Clone, Debug, Default)]
pub struct Offered {
    typed: Vec<String>,
    /// The cart's last payment was not taken because its card had been used for something that still is offered.
    refused: bool,
    sellers: HashMap<TenantId, OfSeller>,
}

#[derive(Clone, Debug, Default)]
struct OfSeller {
    list: Vec<Promotion>,
    codes: Vec<String>,
    customer: Customer,
}

/// What one quote is given.
#[derive(Clone, Debug, Default)]
pub struct ForQuote {
    list: Vec<Promotion>,
    customer: Customer,
    /// What the seller's quotes before it applied.
    applied: Vec<Promotion>,
    /// Those of the typed codes that this seller has, without those of which nothing is left.
    pub codes: Vec<String>,
}

impl ForQuote {
    /// As a quote takes it, in a storefront.
    pub fn given<'a>(&'a self, store: &'a str) -> Given<'a> {
        Given { list: &self.list, store, customer: &self.customer, applied: &self.applied }
    }

    /// Nothing is taken off, and no code is said to be none.
    pub fn is_nothing(&self) -> bool {
        self.list.is_empty() && self.codes.is_empty()
    }
}

/// An earlier attempt of a cart.
#[derive(Default)]
struct Earlier {
    /// Promotions of which it has a use that another attempt gets: placing ends it first.
    uses: Vec<String>,
    /// Promotions that its card had been used for before.
    refused: Vec<String>,
}

/// How often, as a count's item says.
pub(super) fn used(item: Option<&Item>) -> u32 {
    let used = item.and_then(|i| i.get("used")).and_then(serde_json::Value::as_i64).unwrap_or(0);
    u32::try_from(used.max(0)).unwrap_or(u32::MAX)
}

/// Names of the cards that a customer paid with, the newest first.
fn cards(buyers: &[Item]) -> Vec<String> {
    let mut all: Vec<(i64, &str)> = Vec::new();
    for (attribute, at) in buyers.iter().flatten() {
        if let (Some(card), Some(at)) = (attribute.strip_prefix("card:"), at.as_i64()) {
            all.push((at, card));
        }
    }
    all.sort_unstable_by(|a, b| b.cmp(a));
    let mut names: Vec<String> = Vec::new();
    for (_, card) in all {
        if names.len() < MOST_CARDS && !names.iter().any(|name| name == card) {
            names.push(card.to_owned());
        }
    }
    names
}

fn is_personal(promotion: &Promotion) -> bool {
    promotion.first_order || promotion.limits.per_customer.is_some() || !promotion.groups.is_empty()
}

fn is_limited(promotion: &Promotion) -> bool {
    promotion.limits.total.is_some() || promotion.limits.per_customer.is_some()
}

impl Promotions {
    /// What the sellers of these lines offer for these codes to who asks. Asks the store nothing more where no code is typed and nothing that
    /// applies by itself is limited.
    ///
    /// # Errors
    /// The table's.
    pub async fn offered(&self, found: &Found, lines: &[CartLine], typed: &[String], who: Who<'_>) -> Result<Offered> {
        let mut sellers: HashMap<TenantId, Vec<Promotion>> = HashMap::new();
        for offer in lines.iter().filter(|l| !l.later).filter_map(|l| found.offer(&l.variant)) {
            sellers.entry(offer.tenant.id.clone()).or_insert_with(|| offer.automatic.clone());
        }
        self.of_sellers(sellers, typed, who).await
    }

    /// As [`Promotions::offered`], for sellers with what applies by itself in their shops.
    ///
    /// # Errors
    /// The table's.
    pub async fn of_sellers(
        &self,
        sellers: HashMap<TenantId, Vec<Promotion>>,
        typed: &[String],
        who: Who<'_>,
    ) -> Result<Offered> {
        let all = || sellers.values().flatten();
        let (personal, limited) = (all().any(is_personal), all().any(is_limited));
        let mut sellers: HashMap<TenantId, OfSeller> =
            sellers.into_iter().map(|(id, list)| (id, OfSeller { list, ..OfSeller::default() })).collect();
        let mut offered = Offered { typed: typed.to_vec(), ..Offered::default() };
        if typed.is_empty() && !personal && !limited {
            offered.sellers = sellers;
            return Ok(offered);
        }
        let order: Vec<TenantId> = sellers.keys().cloned().collect();
        let mut keys: Vec<Key> = order.iter().flat_map(|id| typed.iter().map(move |c| code_key(id, c))).collect();
        let opened = keys.len();
        keys.extend(who.names.iter().map(|name| buyer_key(name)));
        let member: Vec<Key> =
            who.member.iter().flat_map(|who| order.iter().map(|id| groups::person_key(id, who))).collect();
        let asked_groups = member.len();
        keys.extend(member);
        keys.extend(who.cart.map(|cart| store::held_key(&cart.pk)));
        let mut items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?.into_iter();
        let codes: Vec<Option<Item>> = items.by_ref().take(opened).collect();
        for ((id, code), item) in order.iter().flat_map(|id| typed.iter().map(move |c| (id, c))).zip(codes) {
            let list = Opened::of(item)?.list;
            if let (Some(seller), false) = (sellers.get_mut(id), list.is_empty()) {
                seller.codes.push(code.clone());
                for kept in list {
                    if !seller.list.iter().any(|p| p.id == kept.promotion.id) {
                        seller.list.push(kept.promotion);
                    }
                }
            }
        }
        let buyers: Vec<Item> = items.by_ref().take(who.names.len()).flatten().collect();
        for (id, item) in order.iter().zip(items.by_ref().take(asked_groups)) {
            if let (Some(seller), Some(item)) = (sellers.get_mut(id), item) {
                seller.customer.groups = groups::names_of(&item);
            }
        }
        let held = items.next().flatten();
        let bought: BTreeSet<&str> =
            buyers.iter().flat_map(|i| i.keys()).filter_map(|a| a.strip_prefix("seller:")).collect();
        for (id, seller) in &mut sellers {
            seller.customer.first_order = !bought.contains(id.as_str());
        }
        let counted = sellers.values().flat_map(|s| &s.list).any(|p| is_limited(p) || p.first_order);
        let earlier = if counted { self.held(held.as_ref()).await? } else { Earlier::default() };
        for seller in sellers.values_mut().filter(|_| !earlier.refused.is_empty()) {
            let is_refused = |p: &Promotion| earlier.refused.contains(&p.id);
            offered.refused |= seller.list.iter().any(is_refused);
            // A code can be taken out, or paid with another card; of what applies by itself the buyer can only be rid like this.
            seller.list.retain(|p| p.code.is_some() || !is_refused(p));
        }
        self.count(&mut sellers, who.names, &cards(&buyers), &earlier.uses).await?;
        offered.sellers = sellers;
        Ok(offered)
    }

    /// Reads how often each limited promotion was used, without what this cart's earlier attempt holds.
    async fn count(
        &self,
        sellers: &mut HashMap<TenantId, OfSeller>,
        names: &[String],
        cards: &[String],
        mine: &[String],
    ) -> Result<()> {
        let mut asked: Vec<(TenantId, String, String)> = Vec::new();
        for (id, seller) in &*sellers {
            for promotion in &seller.list {
                let one = |of: &str| (id.clone(), promotion.id.clone(), of.to_owned());
                asked.extend(promotion.limits.total.map(|_| one(TOTAL)));
                if promotion.limits.per_customer.is_some() {
                    asked.extend(names.iter().chain(cards).map(|name| one(name)));
                }
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let keys = asked.iter().map(|(id, promotion, of)| count_key(id, promotion, of)).collect();
        let items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        for ((id, promotion, of), item) in asked.into_iter().zip(&items) {
            let mine = u32::from(!of.starts_with('F') && mine.contains(&promotion));
            let used = used(item.as_ref()).saturating_sub(mine);
            let Some(customer) = sellers.get_mut(&id).map(|seller| &mut seller.customer) else { continue };
            if !customer.usage.iter().any(|u| u.promotion == promotion) {
                customer.usage.push(Usage { promotion: promotion.clone(), ..Usage::default() });
            }
            let Some(usage) = customer.usage.iter_mut().find(|u| u.promotion == promotion) else { continue };
            match of.as_bytes().first() {
                Some(b'T') => usage.total = used,
                Some(b'A') => usage.account = used,
                Some(b'E') => usage.email = used,
                _ => usage.payment = usage.payment.max(used),
            }
        }
        Ok(())
    }

    /// The cart's earlier attempt, if it used promotions.
    async fn held(&self, held: Option<&Item>) -> Result<Earlier> {
        let ids = held.and_then(|i| i.get("uses")).and_then(|v| v.as_array());
        let ids: Vec<String> = ids.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let checkout = held.and_then(|i| i.get("checkout")).and_then(|v| v.as_str());
        let checkout: Option<CheckoutId> = checkout.and_then(|id| id.parse().ok());
        let (Some(id), false) = (checkout, ids.is_empty()) else { return Ok(Earlier::default()) };
        let item = self.table.get(&store::checkout_key(&id), Consistency::Strong).await.map_err(fault::table)?;
        let checkout: Option<Checkout> =
            item.map(|item| vitrine_table::from_item(item).map_err(fault::table)).transpose()?;
        let Some(checkout) = checkout else { return Ok(Earlier::default()) };
        let waits = checkout.state == CheckoutState::PendingPayment;
        Ok(Earlier { uses: if waits { ids } else { Vec::new() }, refused: checkout.refused })
    }
}

/// What a promotion may still take off the next part of an order of which it took `used` off the parts before; nothing where it is had once.
/// What it asks for the order has reached already.
fn left(promotion: &Promotion, used: Money) -> Option<Promotion> {
    let mut next = Promotion { minimum: Vec::new(), minimum_quantity: 0, ..promotion.clone() };
    let amounts = match &mut next.benefit {
        Benefit::Percent { at_most, .. } | Benefit::FreeShipping { at_most } if at_most.is_empty() => {
            return Some(next);
        }
        Benefit::Percent { at_most, .. } | Benefit::FreeShipping { at_most } => at_most,
        Benefit::Amount { amounts } => amounts,
        _ => return None,
    };
    let own = amounts.iter().find(|most| most.currency() == used.currency())?;
    let rest = own.checked_sub(used).ok().filter(|rest| rest.minor() > 0)?;
    *amounts = vec![rest];
    Some(next)
}

impl Offered {
    /// What a seller's quote is given. A seller's lines may be several quotes, by storefront and in law: `before` are the promotions that the ones
    /// before applied with what each took off, and the next one is given what is left of them, and skips what is not combined with them.
    pub fn of(&self, tenant: &TenantId, before: &[(String, Money)]) -> ForQuote {
        let Some(seller) = self.sellers.get(tenant) else { return ForQuote::default() };
        let given = |promotion: &Promotion| {
            let mut took = before.iter().filter(|(id, _)| *id == promotion.id).map(|(_, amount)| *amount);
            match took.next() {
                None => Some(promotion.clone()),
                Some(first) => left(promotion, took.try_fold(first, |sum, amount| sum.checked_add(amount).ok())?),
            }
        };
        let list: Vec<Promotion> = seller.list.iter().filter_map(given).collect();
        let is_used = |promotion: &&Promotion| before.iter().any(|(id, _)| *id == promotion.id);
        let applied: Vec<Promotion> = seller.list.iter().filter(is_used).cloned().collect();
        // A code that counted already and has no more to give is not told to be none.
        let opens = |list: &[Promotion], code: &str| {
            list.iter().any(|p| p.code.as_deref().is_some_and(|own| is_same_code(own, code)))
        };
        let codes = seller.codes.iter().filter(|code| opens(&list, code) || !opens(&applied, code)).cloned().collect();
        ForQuote { list, customer: seller.customer.clone(), applied, codes }
    }

    /// Whether the cart's last payment was not taken for the sake of what is offered here.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// What became of each code, as its buyer may know it. A code counts if any seller's quote applied it.
    pub fn shown(&self, place: &Place, sellers: &[PricedSeller]) -> Vec<CodeView> {
        self.typed.iter().map(|code| self.one(code, place, sellers)).collect()
    }

    fn one(&self, code: &str, place: &Place, sellers: &[PricedSeller]) -> CodeView {
        let mut view = CodeView { code: code.trim().to_owned(), ..CodeView::default() };
        let mut off: Option<Money> = None;
        let mut furthest: Option<(SkipReason, String)> = None;
        let outcomes = sellers.iter().flat_map(|s| s.quote.codes.iter().map(move |outcome| (s, outcome)));
        for (seller, outcome) in outcomes.filter(|(_, outcome)| is_same_code(&outcome.code, code)) {
            if outcome.status == CodeStatus::Applied {
                let taken = seller.quote.totals.discounts.iter().filter(|d| is_same_code(&d.source, code));
                off = taken.map(|d| d.amount).fold(off, |sum, amount| match sum {
                    Some(sum) => sum.checked_add(amount).ok(),
                    None => Some(amount),
                });
                view.applied = true;
            }
            let Some(reason) = outcome.reason.clone().map(SkipReason::public) else { continue };
            if furthest.as_ref().is_none_or(|(known, _)| *known < reason) {
                let other = match &reason {
                    SkipReason::ExcludedBy(other) => {
                        // It may be applied in another quote of the seller's.
                        let own = sellers.iter().filter(|s| s.tenant.id == seller.tenant.id);
                        let named = own.flat_map(|s| &s.quote.totals.discounts).find(|d| d.promotion == *other);
                        named.map(|d| d.source.clone()).unwrap_or_default()
                    }
                    _ => String::new(),
                };
                furthest = Some((reason, other));
            }
        }
        if view.applied {
            view.off = off.map(|off| format_money(off, place.locale)).unwrap_or_default();
            return view;
        }
        let (key, other) = match furthest {
            Some((reason, other)) => (reason.code().replace('_', "-"), other),
            // A seller has no quote yet, for something else stands in the way: whose code it is stays unsaid.
            None if self.sellers.keys().any(|id| !sellers.iter().any(|s| s.tenant.id == *id)) => {
                ("waits".to_owned(), String::new())
            }
            None => (SkipReason::NotValid.code().replace('_', "-"), String::new()),
        };
        view.reason = Some(format!("code-skipped-{key}"));
        view.other = other;
        view
    }
}
