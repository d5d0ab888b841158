//! Its answers, and whether they can be believed.

use serde::Deserialize;
use vitrine_pricing::money::{Currency, Money};

use crate::{Calculation, Part, Question, Result, Standing, Tax, TaxError};

#[derive(Deserialize)]
pub(super) struct CalculationSaid {
    pub(super) id: Option<String>,
    currency: String,
    expires_at: Option<i64>,
    pub(super) line_items: Option<Listed<LineItem>>,
    shipping_cost: Option<Cost>,
}

#[derive(Deserialize)]
pub(super) struct TransactionSaid {
    pub(super) id: Option<String>,
    pub(super) line_items: Option<Listed<TransactionLine>>,
}

#[derive(Deserialize)]
pub(super) struct Listed<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

pub(super) trait LineSaid: serde::de::DeserializeOwned {
    fn id(&self) -> &str;
}

#[derive(Deserialize)]
pub(super) struct TransactionLine {
    pub(super) id: String,
    #[serde(default)]
    pub(super) reference: String,
}

impl LineSaid for TransactionLine {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    #[serde(default)]
    id: String,
    reference: Option<String>,
    #[serde(flatten)]
    cost: Cost,
}

impl LineSaid for LineItem {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Deserialize)]
struct Cost {
    amount: i64,
    amount_tax: i64,
    #[serde(default)]
    tax_breakdown: Option<Vec<Row>>,
}

#[derive(Deserialize)]
struct Row {
    amount: i64,
    #[serde(default)]
    taxable_amount: i64,
    #[serde(default)]
    taxability_reason: Option<String>,
    #[serde(default)]
    jurisdiction: Option<Jurisdiction>,
    #[serde(default)]
    tax_rate_details: Option<Rate>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Jurisdiction {
    country: String,
    state: Option<String>,
    display_name: Option<String>,
    level: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rate {
    display_name: Option<String>,
    percentage_decimal: String,
    tax_type: Option<String>,
}

pub(super) fn unreadable() -> TaxError {
    TaxError::Unavailable("UNREADABLE".into())
}

/// Whether a text is a name of theirs: it goes into addresses.
pub(super) fn is_name(id: &str) -> bool {
    (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The calculation, if it is of what was asked and adds up.
pub(super) fn calculation(
    question: &Question,
    reference: String,
    said: CalculationSaid,
    lines: Vec<LineItem>,
) -> Result<Calculation> {
    let currency = question.currency;
    let alike = said.currency.eq_ignore_ascii_case(currency.code());
    if !alike || lines.len() != question.lines.len() {
        return Err(unreadable());
    }
    let mut parts = Vec::with_capacity(lines.len());
    for asked in &question.lines {
        let line = lines.iter().find(|line| line.reference.as_deref() == Some(&asked.reference));
        parts.push(part(&line.ok_or_else(unreadable)?.cost, asked.amount, currency)?);
    }
    let shipping = match (question.shipping, &said.shipping_cost) {
        (Some(amount), Some(cost)) => Some(part(cost, amount, currency)?),
        (Some(_), None) => return Err(unreadable()),
        (None, _) => None,
    };
    let expires_ms = said.expires_at.unwrap_or_default().saturating_mul(1000);
    Ok(Calculation { reference, expires_ms, lines: parts, shipping })
}

fn part(cost: &Cost, asked: Money, currency: Currency) -> Result<Part> {
    let money = |units: i64| {
        let money = Money::from_processor(units, currency).map_err(|_| unreadable())?;
        if money.is_negative() { Err(unreadable()) } else { Ok(money) }
    };
    let rows = cost.tax_breakdown.as_deref().unwrap_or_default();
    let sum = rows.iter().try_fold(0_i64, |sum, row| sum.checked_add(row.amount));
    if money(cost.amount)? != asked || sum != Some(cost.amount_tax) {
        return Err(unreadable());
    }
    let mut taxes: Vec<Tax> = Vec::with_capacity(rows.len());
    for row in rows {
        let (base, amount) = (money(row.taxable_amount)?, money(row.amount)?);
        let rate = row.tax_rate_details.as_ref();
        let named = rate.and_then(|r| r.display_name.as_deref().or(r.tax_type.as_deref()));
        let name = text(named.filter(|name| !name.is_empty()).unwrap_or("tax"));
        let jurisdiction = row.jurisdiction.as_ref().map_or_else(|| "-".to_owned(), place);
        let rate_ppm = rate.map_or(Ok(0), |rate| ppm(&rate.percentage_decimal))?;
        let reason = super::call::code(row.taxability_reason.as_deref().unwrap_or_default());
        let tax = Tax { jurisdiction, name, rate_ppm, base, amount, reason };
        match taxes
            .iter_mut()
            .find(|t| (&t.jurisdiction, &t.name, t.rate_ppm) == (&tax.jurisdiction, &tax.name, rate_ppm))
        {
            Some(known) => {
                known.base = known.base.checked_add(base).map_err(|_| unreadable())?;
                known.amount = known.amount.checked_add(amount).map_err(|_| unreadable())?;
            }
            None => taxes.push(tax),
        }
    }
    let standing = standing(&taxes, asked)?;
    for tax in &mut taxes {
        if tax.reason.is_empty() {
            tax.reason = "unexplained".into();
        }
    }
    Ok(Part { amount: asked, standing, taxes })
}

/// Why there is this tax; without any there must be a word for it.
fn standing(taxes: &[Tax], asked: Money) -> Result<Standing> {
    if taxes.iter().any(|tax| !tax.amount.is_zero()) {
        return Ok(Standing::Taxed);
    }
    let of = |reason: &str| taxes.iter().any(|tax| tax.reason == reason);
    if of("not_collecting") || of("not_supported") {
        let code = if of("not_collecting") { "NOT_COLLECTING" } else { "NOT_SUPPORTED" };
        return Err(TaxError::Refused(code.into()));
    }
    let unexplained = taxes.is_empty() || taxes.iter().all(|tax| tax.reason.is_empty());
    if unexplained && !asked.is_zero() {
        return Err(TaxError::Refused("UNEXPLAINED_ZERO".into()));
    }
    if of("reverse_charge") {
        return Ok(Standing::ReverseCharged);
    }
    // A rate of something too small to give a minor unit is a tax all the same.
    let rated = taxes.iter().any(|tax| tax.rate_ppm > 0 && !tax.base.is_zero());
    Ok(if rated { Standing::Taxed } else { Standing::ZeroRated })
}

/// At most 100 bytes without control characters.
fn text(said: &str) -> String {
    let mut text: String = said.chars().filter(|c| !c.is_control()).collect();
    let mut end = text.len().min(100);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    if text.trim().is_empty() { "tax".into() } else { text }
}

/// `DE`, `US-CA`, `US-CA Los Angeles`.
fn place(of: &Jurisdiction) -> String {
    let state = of.state.as_deref().filter(|state| !state.is_empty());
    let base = state.map_or_else(|| of.country.clone(), |state| format!("{}-{state}", of.country));
    let whole = matches!(of.level.as_deref(), None | Some("country" | "state"));
    let name = of.display_name.as_deref().filter(|name| !name.is_empty() && !whole);
    text(&name.map_or_else(|| base.clone(), |name| format!("{base} {name}")))
}

/// Millionths of a percentage in decimals: `9.875` is 98750. Finer ones are rounded, halves up.
fn ppm(percentage: &str) -> Result<i64> {
    let (whole, fraction) = percentage.split_once('.').unwrap_or((percentage, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() {
        return Ok(0);
    }
    if whole.len() > 4 || !digits(whole) || !digits(fraction) {
        return Err(unreadable());
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| unreadable())? };
    let four: String = fraction.chars().chain("0000".chars()).take(4).collect();
    let four: i64 = four.parse().map_err(|_| unreadable())?;
    let up = i64::from(fraction.as_bytes().get(4).is_some_and(|digit| *digit >= b'5'));
    Ok(whole * 10_000 + four + up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_exactly() {
        for (text, expected) in
            [("9.875", 98_750), ("0.0", 0), ("", 0), ("19", 190_000), (".25", 2_500), ("6.87555", 68_756)]
        {
            assert_eq!(ppm(text), Ok(expected), "{text}");
        }
        for text in ["-1", "1e3", "x", "12345", "1.-2"] {
            assert_eq!(ppm(text), Err(unreadable()), "{text}");
        }
    }

    #[test]
    fn places_are_named_by_country_state_and_what_is_below() {
        let of = |state: Option<&str>, name: &str, level: &str| Jurisdiction {
            country: "US".into(),
            state: state.map(Into::into),
            display_name: Some(name.into()),
            level: Some(level.into()),
        };
        assert_eq!(place(&of(Some("CA"), "California", "state")), "US-CA");
        assert_eq!(place(&of(Some("CA"), "Los Angeles", "city")), "US-CA Los Angeles");
        assert_eq!(place(&of(None, "United States", "country")), "US");
        assert_eq!(text("a\nb"), "ab");
        assert_eq!(text(&"ü".repeat(80)).len(), 100);
    }
}
