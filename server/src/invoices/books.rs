//! A document's tax in the currency of the seller's books.

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::FxTable;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::quote::Amounts;
use vitrine_pricing::shown_in;
use vitrine_pricing::territory::is_member;
use vitrine_shared::catalog::LegalEntity;

use super::Invoice;
use crate::fault::{self, Result};
use crate::rates::Rates;

/// The tax of a document in another currency than its own, and the rates that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounting {
    /// All tax of the document; negative on a credit note.
    pub tax: Money,
    /// The rates of both currencies.
    pub rates: FxTable,
}

/// The currency in which a seller's documents state their tax: in the Union that of its state (Directive 2006/112/EC art. 230). Elsewhere
/// laws name other rates than those known here, and nothing is stated.
fn currency_of_books(legal: &LegalEntity) -> Option<Currency> {
    is_member(&legal.country).then(|| shown_in::of_country(&legal.country))
}

/// What a document states: `None` where it has no tax of a member state, is in that currency, or no rate of the day is known: an old one is
/// no rate. A credit note has the rates of what it corrects, so that both sum to nothing.
pub(super) fn accounting(
    legal: &LegalEntity,
    totals: &Amounts,
    corrected: Option<&Invoice>,
    rates: &Rates,
    now_ms: i64,
) -> Result<Option<Accounting>> {
    let Some(books) = currency_of_books(legal).filter(|books| *books != totals.tax.currency()) else {
        return Ok(None);
    };
    let of_the_union = |place: &str| is_member(place.split_once('-').map_or(place, |(state, _)| state));
    let taxed = totals.taxes.iter().filter(|t| !t.amount.is_zero());
    if totals.tax.is_zero() || !taxed.clone().all(|t| of_the_union(&t.jurisdiction)) {
        return Ok(None);
    }
    let inside = |e: &dyn std::fmt::Display| fault::internal("a tax in another currency", e);
    let zero = Money::zero(totals.tax.currency());
    let back = totals.tax.is_negative();
    let tax = if back { zero.checked_sub(totals.tax).map_err(|e| inside(&e))? } else { totals.tax };
    let found = match corrected {
        Some(invoice) => match &invoice.accounting {
            Some(known) => known.rates.in_books(tax, books, known.rates.date()),
            // It states none, so there is nothing to take back.
            None => return Ok(None),
        },
        None => rates.now().table.in_books(tax, books, Date::from_unix_ms(now_ms).map_err(|e| inside(&e))?),
    };
    let (tax, rates) = match found {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "a document cannot state its tax in the currency of the seller's books; see `rates.url`");
            return Ok(None);
        }
    };
    let tax = if back { Money::zero(books).checked_sub(tax).map_err(|e| inside(&e))? } else { tax };
    Ok(Some(Accounting { tax, rates }))
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::fx::ecb;
    use vitrine_pricing::quote::TaxAmount;
    use vitrine_shared::views::about;

    use super::*;

    fn rates(day: &str) -> Rates {
        let file = format!("Date, USD, SEK, \n{day}, 1.1000, 11.000, \n");
        let table = ecb::read(file.as_bytes()).unwrap().table;
        Rates::of(about::Rates { table, staleness: vitrine_pricing::fx::Staleness::DAILY })
    }

    fn totals(minor: i64, currency: Currency, jurisdiction: &str) -> Amounts {
        let money = |minor| Money::new(minor, currency).unwrap();
        let tax = TaxAmount {
            rule: "r".into(),
            jurisdiction: jurisdiction.into(),
            name: "VAT".into(),
            rate_ppm: 250_000,
            base: money(4 * minor),
            amount: money(minor),
        };
        Amounts {
            list: money(5 * minor),
            discounts: Vec::new(),
            net: money(4 * minor),
            taxes: vec![tax],
            tax: money(minor),
            gross: money(5 * minor),
        }
    }

    fn seller(country: &str) -> LegalEntity {
        LegalEntity { country: country.into(), ..LegalEntity::default() }
    }

    #[test]
    fn sellers_of_the_union_state_their_tax_in_the_currency_of_their_state() {
        let now = "2026-11-27".parse::<Date>().unwrap().unix_ms();
        let of = |country: &str, totals: &Amounts, rates: &Rates| {
            accounting(&seller(country), totals, None, rates, now)
                .unwrap()
                .map(|a| (a.tax.minor(), a.tax.currency().code()))
        };
        let (day, usd) = (rates("2026-11-26"), totals(250, Currency::USD, "DE"));
        // 2.50 dollars at 1.10: 2.2727 euro; at 11 kronor a euro: 25.00 kronor exactly.
        assert_eq!(of("DE", &usd, &day), Some((227, "EUR")));
        assert_eq!(of("SE", &usd, &day), Some((2500, "SEK")));
        // Their own currency, another law, a tax of nobody's in the Union, and rates that are too old.
        assert_eq!(of("DE", &totals(250, Currency::EUR, "DE"), &day), None);
        assert_eq!(of("GB", &totals(250, Currency::USD, "GB"), &day), None);
        assert_eq!(of("DE", &totals(250, Currency::USD, "US-NY"), &day), None);
        assert_eq!(of("DE", &usd, &rates("2026-11-01")), None);
    }
}
