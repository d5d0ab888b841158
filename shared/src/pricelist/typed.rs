//! What is typed of a price, and what is wrong with it by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vitrine_pricing::money::{Currency, Money, MoneyError};

use super::{Act, MAX_MINOR, MAX_STEP, Wish, moment, regions};
use crate::catalog::PriceRecord;
use crate::id::VariantId;

/// How a price is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One amount.
    #[default]
    Fixed,
    /// The buyer names it.
    Named,
    /// Nothing.
    Free,
}

impl Kind {
    /// As in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Named => "named",
            Self::Free => "free",
        }
    }

    /// Of a record.
    pub const fn of(price: &PriceRecord) -> Self {
        match (price.minimum_minor, price.amount_minor) {
            (Some(_), _) => Self::Named,
            (None, 0) => Self::Free,
            (None, _) => Self::Fixed,
        }
    }
}

/// A price as typed: decimal amounts, moments in UTC, empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// As in [`PriceRecord`].
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// As in [`Kind::as_str`]; empty: what the amounts say.
    pub kind: String,
    /// The price or the suggestion.
    pub amount: String,
    /// The least, if the buyer names it.
    pub minimum: String,
    /// Struck through beside it.
    pub compare_at: String,
    /// From this many pieces on; empty: 1.
    pub min_quantity: String,
    /// Empty: as soon as it is saved.
    pub from: String,
    /// Exclusive; empty: it stays.
    pub to: String,
}

impl Typed {
    /// What a form shows of a record.
    pub fn of(price: &PriceRecord) -> Self {
        let decimal = |minor: i64| {
            let money = price.currency.parse::<Currency>().ok().and_then(|c| Money::new(minor, c).ok());
            money.map(Money::to_decimal).unwrap_or_default()
        };
        Self {
            region: price.region.clone(),
            currency: price.currency.clone(),
            kind: Kind::of(price).as_str().to_owned(),
            amount: decimal(price.amount_minor),
            minimum: price.minimum_minor.map(decimal).unwrap_or_default(),
            compare_at: price.compare_at_minor.map(decimal).unwrap_or_default(),
            min_quantity: price.min_quantity.to_string(),
            from: Some(price.valid_from_ms).filter(|at| *at > 0).map(super::moment_text).unwrap_or_default(),
            to: price.valid_to_ms.map(super::moment_text).unwrap_or_default(),
        }
    }
}

/// Minor units of an amount as typed, with a point or a comma.
///
/// # Errors
/// The fault's code.
pub fn amount(text: &str, currency: Currency) -> Result<i64, &'static str> {
    match Money::parse(&text.trim().replace(',', "."), currency) {
        Ok(money) if money.is_negative() => Err("fault-price-negative"),
        Ok(money) if money.minor() > MAX_MINOR => Err("fault-price-high"),
        Ok(money) => Ok(money.minor()),
        Err(MoneyError::TooManyDecimals { .. }) => Err("fault-price-decimals"),
        Err(MoneyError::Overflow) => Err("fault-price-high"),
        Err(_) if text.trim().is_empty() => Err("fault-price-empty"),
        Err(_) => Err("fault-price-amount"),
    }
}

/// The wish of what is typed. `known` are the records there are; `replaces` is when the record began that it takes the place of.
///
/// # Errors
/// Field of [`Typed`] and code of what is wrong.
pub fn read(
    typed: &Typed,
    variant: &VariantId,
    known: &[PriceRecord],
    replaces: Option<i64>,
    now_ms: i64,
) -> Result<Wish, BTreeMap<String, String>> {
    let mut faults: BTreeMap<String, String> = BTreeMap::new();
    let mut fault = |field: &str, code: &str| {
        faults.entry(field.to_owned()).or_insert_with(|| code.to_owned());
    };
    let region = typed.region.trim().to_ascii_lowercase();
    if !regions().contains(&region.as_str()) {
        fault("region", "fault-price-region");
    }
    let currency = typed.currency.trim().to_ascii_uppercase().parse::<Currency>().ok();
    if currency.is_none() {
        fault("currency", "fault-price-currency");
    }
    let steps = typed.min_quantity.trim();
    let min_quantity =
        if steps.is_empty() { Some(1) } else { steps.parse().ok().filter(|n| (1..=MAX_STEP).contains(n)) };
    if min_quantity.is_none() {
        fault("min_quantity", "fault-price-step");
    }
    let free = typed.kind == "free";
    let mut money = |field: &str, text: &str, needed: bool| match currency {
        Some(currency) if needed || !text.trim().is_empty() => {
            let minor = amount(text, currency);
            // An amount that stands in a record is as it is; new ones must be such as can be charged.
            let there = |minor: i64| {
                known.iter().filter(|p| p.currency == currency.code()).any(|p| {
                    p.amount_minor == minor || p.minimum_minor == Some(minor) || p.compare_at_minor == Some(minor)
                })
            };
            let minor = minor
                .and_then(|m| if m % currency.price_step() == 0 || there(m) { Ok(m) } else { Err("fault-price-unit") });
            minor.map_err(|code| fault(field, code)).ok()
        }
        _ => None,
    };
    let price = if free { Some(0) } else { money("amount", &typed.amount, true) };
    let minimum =
        if free || typed.kind == "fixed" { None } else { money("minimum", &typed.minimum, typed.kind == "named") };
    // What is given away may have cost something.
    let compare_at = money("compare_at", &typed.compare_at, false);
    if let (Some(price), Some(least)) = (price, minimum)
        && least > price
    {
        fault("minimum", "fault-price-minimum");
    }
    if let (Some(price), Some(before)) = (price, compare_at)
        && before <= price
    {
        fault("compare_at", "fault-price-compare");
    }
    if typed.kind == "fixed" && price == Some(0) {
        fault("amount", "fault-price-zero");
    }
    let mut when = |field: &str, text: &str| match text.trim() {
        "" => None,
        text => {
            let at = moment(text);
            if at.is_none() {
                fault(field, "fault-price-moment");
            }
            at
        }
    };
    let (from, to) = (when("from", &typed.from), when("to", &typed.to));
    // A form shows whole minutes of a moment that is finer.
    let same = |a: i64, b: i64| a == b || a / 60_000 == b / 60_000;
    let from = match (from, replaces) {
        (Some(from), Some(began)) if same(from, began) => Some(began),
        (from, _) => from,
    };
    if from.is_some_and(|from| from < now_ms && replaces != Some(from) && !same(from, now_ms)) {
        fault("from", "fault-price-past");
    }
    let begins = from.unwrap_or(now_ms).max(now_ms);
    if let Some(to) = to {
        if from.is_some_and(|from| to <= from) {
            fault("to", "fault-price-order");
        } else if to <= begins {
            fault("to", "fault-price-over");
        }
    }
    match (currency, min_quantity, price, faults.is_empty()) {
        (Some(currency), Some(min_quantity), Some(amount), true) => Ok(Wish {
            variant: variant.clone(),
            region,
            currency: currency.code().to_owned(),
            min_quantity,
            act: Act::Set { amount, minimum, compare_at, from, to, replaces },
        }),
        _ => Err(faults),
    }
}
