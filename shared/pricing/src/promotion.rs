//! Promotions: what a seller takes off, for whom, when, and how often; with a code or by itself.
//!
//! Invariants: a promotion that passed [`Promotion::check`] is bounded in every list and text; a limit of 0 is used up, only an absent one is
//! no limit; amounts are named for each currency, none is converted. How they are applied is `quote::discount`. Not here: counting uses under
//! concurrency (a quote is told the counts and answers what to reserve), who may write promotions.

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::money::Money;

mod skip;

pub use skip::{CodeOutcome, CodeStatus, Reservation, SkipReason, UnknownReason};

/// Promotions of one quote.
pub const MOST_PROMOTIONS: usize = 100;
/// Codes of one quote.
pub const MOST_CODES: usize = 20;
/// Bytes of an id, a code, an entry of a scope.
pub const MOST_ID_BYTES: usize = 64;
/// Entries of a list.
const MOST_ENTRIES: usize = 200;
/// Collections of one item, and artists of one item.
const MOST_FACETS: usize = 20;
const MOST_TITLE_BYTES: usize = 200;
/// Units in one go of an offer such as "buy 2, get 1".
const MOST_UNITS: u32 = 1000;
const WHOLE_PPM: i64 = 1_000_000;

/// Something taken off prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// Stable, unique among the seller's promotions, 1 to 64 bytes; decides among equal priorities.
    pub id: String,
    /// What the buyer types, 1 to 64 bytes without white space; the case of letters does not matter. Absent: applies by itself.
    #[serde(default)]
    pub code: Option<String>,
    /// As shown where there is no code; at most 200 bytes.
    #[serde(default)]
    pub title: String,
    /// What is taken off.
    pub benefit: Benefit,
    /// Lines that count and are discounted; every line if empty.
    #[serde(default)]
    pub items: ItemScope,
    /// Lines that do not, though `items` has them.
    #[serde(default)]
    pub except: ItemScope,
    /// Handles of the storefronts where it holds; all of the seller's if empty.
    #[serde(default)]
    pub stores: Vec<String>,
    /// Groups of customers, one of which the buyer must be in; everybody if empty.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Only on a customer's first order.
    #[serde(default)]
    pub first_order: bool,
    /// First legal day.
    #[serde(default)]
    pub valid_from: Option<Date>,
    /// Last legal day, inclusive.
    #[serde(default)]
    pub valid_to: Option<Date>,
    /// What the lines in scope must come to as listed, before any promotion; one amount a currency, another currency has no minimum met.
    #[serde(default)]
    pub minimum: Vec<Money>,
    /// Units in scope there must be at least.
    #[serde(default)]
    pub minimum_quantity: u32,
    /// How often.
    #[serde(default)]
    pub limits: Limits,
    /// The smallest is applied first.
    #[serde(default)]
    pub priority: i32,
    /// With which others.
    #[serde(default)]
    pub stacking: Stacking,
    /// Ids of promotions it is not combined with, whichever of the two says so.
    #[serde(default)]
    pub excludes: Vec<String>,
    /// Whether it may be the one that leaves nothing to pay: for the items, or in all for free shipping.
    #[serde(default)]
    pub allow_zero: bool,
}

/// What a promotion takes off. Rates are millionths: 10 % is 100000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Benefit {
    /// A share of the lines in scope, rounded once and shared by value.
    Percent {
        /// 1 to 1,000,000.
        rate_ppm: i64,
        /// The most it takes off an order, one amount a currency. If there are any, it does not hold in other currencies.
        #[serde(default)]
        at_most: Vec<Money>,
    },
    /// An amount off the lines in scope together, shared by value; never more than they come to.
    Amount {
        /// One a currency; it does not hold in others.
        amounts: Vec<Money>,
    },
    /// Shipping, if a line in scope is sent.
    FreeShipping {
        /// The most it takes off, one amount a currency. If there are any, it does not hold in other currencies.
        #[serde(default)]
        at_most: Vec<Money>,
    },
    /// Of every `buy + get` units in scope the cheapest `get` cost less; of an incomplete set what exceeds `buy`.
    BuyXGetY {
        /// 1 to 1000.
        buy: u32,
        /// 1 to 1000.
        get: u32,
        /// Off the units that are got; 1,000,000 if absent: they are free.
        #[serde(default = "whole")]
        rate_ppm: i64,
        /// What is got, if it is something else than what is bought: lines of both are to be got.
        #[serde(default)]
        got: Option<ItemScope>,
        /// How many times `get` at most, from 1.
        #[serde(default)]
        times: Option<u32>,
    },
    /// A set for less than its parts.
    Bundle {
        /// 1 to 50; a line belongs to the first that names it.
        members: Vec<BundleMember>,
        /// What the set costs, or what is taken off.
        at: BundlePrice,
        /// How many sets at most, from 1.
        #[serde(default)]
        times: Option<u32>,
    },
}

fn whole() -> i64 {
    WHOLE_PPM
}

/// A part of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BundleMember {
    /// Its sku, or the id of a product of which any edition counts.
    pub sku: String,
    /// 1 to 1000.
    #[serde(default = "one")]
    pub quantity: u32,
}

fn one() -> u32 {
    1
}

/// How a set is cheaper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BundlePrice {
    /// What one set costs, one amount a currency; it does not hold in others.
    Prices(Vec<Money>),
    /// Off the parts, millionths.
    RatePpm(i64),
}

/// Lines by what they belong to; a line is in it by any of the lists. At most 200 entries of 64 bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ItemScope {
    /// Skus, or ids of products.
    pub products: Vec<String>,
    /// Ids of collections.
    pub collections: Vec<String>,
    /// Ids of artists.
    pub artists: Vec<String>,
}

/// What an item belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Facets {
    /// Id of the product of which the sku is an edition.
    pub product: Option<String>,
    /// Ids; at most 20.
    pub collections: Vec<String>,
    /// Ids; at most 20.
    pub artists: Vec<String>,
}

/// How often a promotion may be used; an order is one use, however many lines it has. 0 is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// By everybody; absent: no limit.
    pub total: Option<u32>,
    /// By one customer; absent: no limit.
    pub per_customer: Option<u32>,
}

/// With which others a promotion is combined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stacking {
    /// With all that allow it.
    #[default]
    Combines,
    /// With all but those of the same group (1 to 64 bytes).
    OneOf(String),
    /// With none.
    Alone,
}

/// What is known of the buyer and of what was used already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Customer {
    /// Groups the buyer is in.
    pub groups: Vec<String>,
    /// Nothing was bought before, as far as is known.
    pub first_order: bool,
    /// Uses so far, one entry a promotion; a promotion without one was never used.
    pub usage: Vec<Usage>,
    /// Ids of promotions that this order, or the one whose instalment it is, has a use of: agreed once, their dates, limits, groups and the
    /// first order are not asked again.
    pub held: Vec<String>,
}

/// Uses of a promotion, those that are reserved included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Usage {
    /// Its id.
    pub promotion: String,
    /// By everybody.
    pub total: u32,
    /// By the buyer's account.
    pub account: u32,
    /// By the buyer's [`email_identity`].
    pub email: u32,
    /// By the buyer's means of payment (its fingerprint).
    pub payment: u32,
}

impl Customer {
    /// Whether its lists have at most 200 entries of 64 bytes.
    pub fn is_bounded(&self) -> bool {
        let used = self.usage.len() <= MOST_ENTRIES && self.usage.iter().all(|usage| is_id(&usage.promotion));
        used && are_ids(&self.groups) && are_ids(&self.held)
    }
}

impl Usage {
    /// By this customer, whichever way they are known.
    pub fn by_customer(&self) -> u32 {
        self.account.max(self.email).max(self.payment)
    }
}

/// What a quote reads of promotions; empty by default.
#[derive(Clone, Copy, Debug)]
pub struct Promotions<'a> {
    /// The seller's, in any order: all that apply by themselves, and those of which a code was typed.
    pub list: &'a [Promotion],
    /// Handle of the storefront.
    pub store: &'a str,
    /// Who buys.
    pub customer: &'a Customer,
    /// What other quotes of the same order applied: who is not combined with one of them is skipped.
    pub applied: &'a [Promotion],
}

static NOBODY: Customer = Customer { groups: Vec::new(), first_order: false, usage: Vec::new(), held: Vec::new() };

impl Default for Promotions<'_> {
    fn default() -> Self {
        Self { list: &[], store: "", customer: &NOBODY, applied: &[] }
    }
}

/// Under which address uses are counted: lower case, without what follows a `+` before the `@`. `None` if it is no address.
pub fn email_identity(email: &str) -> Option<String> {
    let (local, domain) = email.trim().rsplit_once('@')?;
    if local.is_empty() || domain.is_empty() {
        return None;
    }
    // An address that begins with a plus has no other name.
    let name = local.split('+').next().filter(|name| !name.is_empty()).unwrap_or(local);
    Some(format!("{}@{}", name.to_lowercase(), domain.to_lowercase()))
}

/// Whether two spellings are one code.
pub fn is_same_code(one: &str, other: &str) -> bool {
    fn lower(code: &str) -> impl Iterator<Item = char> + '_ {
        code.trim().chars().flat_map(char::to_lowercase)
    }
    lower(one).eq(lower(other))
}

/// What is wrong with a promotion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct PromotionError {
    /// Path in the promotion, such as `benefit.amounts`.
    pub field: &'static str,
    /// What it must be.
    pub detail: &'static str,
}

impl Promotion {
    /// Why it is skipped where another one is applied; `None`: the two are combined. Whichever of them says so bars the other.
    pub fn barred_by(&self, applied: &Self) -> Option<SkipReason> {
        let apart = match (&self.stacking, &applied.stacking) {
            (Stacking::Alone, _) => return Some(SkipReason::NotStackable),
            (_, Stacking::Alone) => true,
            (Stacking::OneOf(one), Stacking::OneOf(another)) => one == another,
            _ => false,
        };
        let excluded = apart || applied.excludes.contains(&self.id) || self.excludes.contains(&applied.id);
        excluded.then(|| SkipReason::ExcludedBy(applied.id.clone()))
    }

    /// As buyers see it: its code, else its title, else its id.
    pub fn label(&self) -> &str {
        match &self.code {
            Some(code) => code,
            None if self.title.is_empty() => &self.id,
            None => &self.title,
        }
    }

    /// Whether it can be applied; asked before it is written, and again by every quote.
    ///
    /// # Errors
    /// [`PromotionError`], naming the field.
    pub fn check(&self) -> Result<(), PromotionError> {
        let must = |holds: bool, field: &'static str, detail: &'static str| match holds {
            true => Ok(()),
            false => Err(PromotionError { field, detail }),
        };
        must(is_id(&self.id), "id", "1 to 64 bytes")?;
        let typed = |code: &String| is_id(code) && !code.chars().any(|c| c.is_whitespace() || c.is_control());
        must(self.code.as_ref().is_none_or(typed), "code", "1 to 64 bytes without white space")?;
        must(self.title.len() <= MOST_TITLE_BYTES, "title", "at most 200 bytes")?;
        for (field, list) in [("stores", &self.stores), ("groups", &self.groups), ("excludes", &self.excludes)] {
            must(are_ids(list), field, LISTED)?;
        }
        must(self.items.is_bounded(), "items", LISTED)?;
        must(self.except.is_bounded(), "except", LISTED)?;
        let days = self.valid_from.zip(self.valid_to);
        must(days.is_none_or(|(from, to)| from <= to), "valid_to", "not before valid_from")?;
        must(are_amounts(&self.minimum), "minimum", AMOUNTS)?;
        let grouped = match &self.stacking {
            Stacking::OneOf(group) => is_id(group),
            Stacking::Combines | Stacking::Alone => true,
        };
        must(grouped, "stacking.one_of", "1 to 64 bytes")?;
        let is_rate = |ppm: i64| (1..=WHOLE_PPM).contains(&ppm);
        let is_count = |count: u32| (1..=MOST_UNITS).contains(&count);
        match &self.benefit {
            Benefit::Percent { rate_ppm, at_most } => {
                must(is_rate(*rate_ppm), "benefit.rate_ppm", RATE)?;
                must(are_amounts(at_most), "benefit.at_most", AMOUNTS)
            }
            Benefit::Amount { amounts } => {
                must(!amounts.is_empty() && are_amounts(amounts), "benefit.amounts", AMOUNTS)
            }
            Benefit::FreeShipping { at_most } => must(are_amounts(at_most), "benefit.at_most", AMOUNTS),
            Benefit::BuyXGetY { buy, get, rate_ppm, got, times } => {
                must(*times != Some(0), "benefit.times", "at least 1")?;
                must(is_count(*buy), "benefit.buy", "1 to 1000")?;
                must(is_count(*get), "benefit.get", "1 to 1000")?;
                must(is_rate(*rate_ppm), "benefit.rate_ppm", RATE)?;
                // An empty scope would be every line, so that nothing is left to buy.
                let something = got.as_ref().is_none_or(|got| !got.is_empty() && got.is_bounded());
                must(something, "benefit.got", "something; absent if it is what is bought")
            }
            Benefit::Bundle { members, at, times } => {
                must(*times != Some(0), "benefit.times", "at least 1")?;
                must((1..=50).contains(&members.len()), "benefit.members", "1 to 50")?;
                let right = members.iter().all(|m| is_id(&m.sku) && is_count(m.quantity));
                must(right, "benefit.members", "skus of 1 to 64 bytes, quantities of 1 to 1000")?;
                let once = (1..members.len()).all(|i| members[..i].iter().all(|m| m.sku != members[i].sku));
                must(once, "benefit.members", "each once")?;
                match at {
                    BundlePrice::Prices(prices) => {
                        must(!prices.is_empty() && are_amounts(prices), "benefit.at.prices", AMOUNTS)
                    }
                    BundlePrice::RatePpm(ppm) => must(is_rate(*ppm), "benefit.at.rate_ppm", RATE),
                }
            }
        }
    }
}

const LISTED: &str = "at most 200 entries of 1 to 64 bytes";
const AMOUNTS: &str = "above zero, one a currency";
const RATE: &str = "1 to 1000000";

fn is_id(text: &str) -> bool {
    (1..=MOST_ID_BYTES).contains(&text.len())
}

fn are_ids(list: &[String]) -> bool {
    list.len() <= MOST_ENTRIES && list.iter().all(|entry| is_id(entry))
}

/// There are fewer currencies than entries of other lists.
fn are_amounts(list: &[Money]) -> bool {
    let once = |i: usize| list[..i].iter().all(|other| other.currency() != list[i].currency());
    list.len() <= MOST_ENTRIES && (0..list.len()).all(|i| list[i].minor() > 0 && once(i))
}

impl ItemScope {
    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty() && self.collections.is_empty() && self.artists.is_empty()
    }

    fn is_bounded(&self) -> bool {
        are_ids(&self.products) && are_ids(&self.collections) && are_ids(&self.artists)
    }
}

impl Facets {
    /// Whether its lists have at most 20 entries of 64 bytes.
    pub fn is_bounded(&self) -> bool {
        let few = |list: &[String]| list.len() <= MOST_FACETS && are_ids(list);
        are_ids(self.product.as_slice()) && few(&self.collections) && few(&self.artists)
    }
}
