//! What promotions take off, by hand; the arithmetic stands beside each case.

mod amounts;
mod forms;
mod terms;

use serde_json::{Value, json};
use vitrine_pricing::money::Money;
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::{CodeStatus, Customer, Promotion, Promotions, SkipReason, email_identity};
use vitrine_pricing::quote::*;
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::{TaxRules, TaxStatus};

/// A document: seller and buyer in one country, prices with tax, shipping at 4.90 in the currency.
struct Doc(Value);

impl Doc {
    fn of(country: &str, currency: &str, lines: &[Value]) -> Self {
        let lines: Vec<Value> = lines
            .iter()
            .map(|line| {
                let mut line = line.clone();
                line["unit_price"]["currency"] = json!(currency);
                line
            })
            .collect();
        Self(json!({
            "currency": currency, "date": "2026-11-22", "lines": lines, "buyer": { "country": country },
            "seller": { "country": country, "registrations": [country], "prices_include_tax": true },
            "shipping": { "zones": [{ "id": "all", "countries": ["*"] }],
                "rates": [{ "zone": "all", "up_to_g": 100_000, "amount": { "minor": 490, "currency": currency } }] },
        }))
    }

    fn eur(lines: &[Value]) -> Self {
        Self::of("DE", "EUR", lines)
    }

    fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.0.pointer_mut(parent).unwrap()[name] = value;
        self
    }

    fn promotions(self, promotions: &[Value]) -> Self {
        self.with("/promotions", json!(promotions))
    }

    fn codes(self, codes: &[&str]) -> Self {
        self.with("/codes", json!(codes))
    }

    fn customer(self, customer: Value) -> Self {
        self.with("/customer", customer)
    }

    fn ask(&self) -> Quote {
        self.tried().unwrap()
    }

    fn tried(&self) -> Result<Quote, QuoteError> {
        self.after(&[])
    }

    /// As one of an order's quotes, after others that applied some promotions.
    fn after(&self, applied: &[Promotion]) -> Result<Quote, QuoteError> {
        let request: QuoteRequest = serde_json::from_value(self.0.clone()).unwrap();
        let (rules, prices, shipping) = (TaxRules::built_in(), PriceList::default(), ShippingTable::default());
        let promotions = Promotions { store: "here", applied, ..Promotions::default() };
        let context = Context { rules: &rules, items: &[], prices: &prices, shipping: &shipping, promotions };
        let quote = quote(&request, &context)?;
        adds_up(&quote);
        Ok(quote)
    }
}

/// What holds for every quote with promotions.
fn adds_up(quote: &Quote) {
    let off = |a: &Amounts| a.discounts.iter().map(|d| d.amount.minor()).sum::<i64>();
    let all: Vec<&Amounts> = quote.lines.iter().map(|l| &l.amounts).chain(&quote.shipping).collect();
    for a in &all {
        assert_eq!(a.net.minor() + a.tax.minor(), a.gross.minor());
        assert!(!a.gross.is_negative() && !a.net.is_negative() && off(a) <= a.list.minor(), "{a:?}");
    }
    assert_eq!(all.iter().map(|a| off(a)).sum::<i64>(), off(&quote.totals));
    assert_eq!(all.iter().map(|a| a.gross.minor()).sum::<i64>(), quote.totals.gross.minor());
    let told = quote.explain.iter().filter(|s| s.kind == StepKind::Discount).filter_map(|s| s.amount);
    assert_eq!(told.map(Money::minor).sum::<i64>(), off(&quote.totals), "every discount has its step");
}

fn line(name: &str, class: &str, minor: i64, quantity: u32) -> Value {
    let unit_price = json!({ "minor": minor });
    json!({ "name": name, "kind": "digital", "tax_class": class, "quantity": quantity, "unit_price": unit_price,
        "facets": { "product": name } })
}

fn parcel(name: &str, minor: i64, quantity: u32) -> Value {
    let mut line = line(name, "goods", minor, quantity);
    line["kind"] = json!("physical");
    line["weight_g"] = json!(100);
    line
}

fn promotion(id: &str, benefit: Value, more: Value) -> Value {
    let mut promotion = json!({ "id": id, "benefit": benefit });
    for (name, value) in more.as_object().unwrap() {
        promotion[name] = value.clone();
    }
    promotion
}

fn eur(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "EUR" })
}

fn percent(ppm: i64) -> Value {
    json!({ "kind": "percent", "rate_ppm": ppm })
}

fn amount(minor: i64) -> Value {
    json!({ "kind": "amount", "amounts": [eur(minor)] })
}

fn off(amounts: &Amounts) -> i64 {
    amounts.discounts.iter().map(|d| d.amount.minor()).sum()
}

fn offs(quote: &Quote) -> Vec<i64> {
    quote.lines.iter().map(|line| off(&line.amounts)).collect()
}

fn reason(quote: &Quote, code: &str) -> Option<String> {
    quote.codes.iter().find(|c| c.code == code).unwrap().reason.as_ref().map(ToString::to_string)
}

const TEN: i64 = 100_000;
