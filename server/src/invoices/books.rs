//! A document's tax in the currency that a law wants it stated in beside the document's own.

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::{FxTable, MAX_AGE_DAYS};
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

/// Whose rates a law names or accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The last ones of the European Central Bank.
    Ecb,
    /// Those of HMRC for the month.
    Hmrc,
    /// What the shop brings of a source that the law takes.
    Own,
}

/// In which currency, and by whose rates, documents of a seller with taxes of these jurisdictions state their tax; `None`: no law that is known
/// asks for it, or none of the rates here are what it asks for.
///
/// - Tax of member states, by a seller of the Union: the currency of its state, the ECB's last rates (Directive 2006/112/EC arts. 91(2) and 230).
/// - Tax of one member state, by a seller outside the Union: the currency of that state, by the same rates; of several, as in the one-stop shop,
///   the euro, which that is accounted in (arts. 91(2), 230, 366).
/// - Tax of the United Kingdom: sterling (VAT Regulations 1995 reg. 14(1)); HMRC's rates of the month are among those that may be used (VAT
///   Notice 700, 7.7).
/// - Tax of Norway, by a seller there: kroner (Bokføringsforskriften § 5-1-1); the ECB's rates are accepted as Norges Bank's are.
/// - Tax of South Africa: rand. By a seller abroad the ECB's rates are among those that may be used (Public Notice 1594, earlier BGR 28), by one
///   there those of the South African Reserve Bank (VAT Act s. 20(4), BGR 11).
/// - Tax of Japan: yen (qualified invoices, the National Tax Agency's Q&A), by rates used consistently, as the middle rate of a bank.
/// - Tax of Singapore, by a seller there: Singapore dollars (GST (General) Regulations reg. 11), by rates of a source that IRAS takes.
/// - Tax of Australia, by a seller there: Australian dollars, or what lets the buyer work them out (GSTR 2001/2 par. 41), by the Reserve Bank's
///   or another rate that is used consistently.
fn books(seller: &str, jurisdictions: &[&str]) -> Option<(Currency, Source)> {
    let state = |place: &&str| place.split_once('-').map_or(*place, |(state, _)| state).to_owned();
    let all = |fits: &dyn Fn(&str) -> bool| !jurisdictions.is_empty() && jurisdictions.iter().all(|p| fits(&state(p)));
    if is_member(seller) && all(&is_member) {
        return Some((shown_in::of_country(seller), Source::Ecb));
    }
    // IGIC and IPSI are no taxes of the Union.
    let union = || all(&is_member) && !jurisdictions.iter().any(|place| place.starts_with("ES-"));
    if let Some(first) = jurisdictions.first().filter(|_| union()) {
        let (first, several) = (state(first), jurisdictions.iter().any(|p| state(p) != state(first)));
        let books = if several { Currency::EUR } else { shown_in::of_country(&first) };
        return Some((books, Source::Ecb));
    }
    let one = |country: &str| all(&|state| state == country).then(|| shown_in::of_country(country));
    let norway = || one("NO").filter(|_| seller == "NO").map(|nok| (nok, Source::Ecb));
    let south_africa = || one("ZA").map(|zar| (zar, if seller == "ZA" { Source::Own } else { Source::Ecb }));
    let japan = || one("JP").map(|yen| (yen, Source::Own));
    let at_home = || ["SG", "AU"].into_iter().filter(|c| *c == seller).find_map(one).map(|own| (own, Source::Own));
    one("GB").map(|gbp| (gbp, Source::Hmrc)).or_else(norway).or_else(south_africa).or_else(japan).or_else(at_home)
}

/// What a document states: `None` where no law asks for it, it is in that currency already, or no rate of the day is known: an old one is
/// no rate. A credit note has the rates of what it corrects, so that both sum to nothing.
pub(super) fn accounting(
    legal: &LegalEntity,
    totals: &Amounts,
    corrected: Option<&Invoice>,
    rates: &Rates,
    now_ms: i64,
) -> Result<Option<Accounting>> {
    let taxed = totals.taxes.iter().filter(|t| !t.amount.is_zero());
    let jurisdictions: Vec<&str> = taxed.map(|t| t.jurisdiction.as_str()).collect();
    let asked = books(&legal.country, &jurisdictions).filter(|(books, _)| *books != totals.tax.currency());
    let Some((books, source)) = asked.filter(|_| !totals.tax.is_zero()) else { return Ok(None) };
    let inside = |e: &dyn std::fmt::Display| fault::internal("a tax in another currency", e);
    let zero = Money::zero(totals.tax.currency());
    let back = totals.tax.is_negative();
    let tax = if back { zero.checked_sub(totals.tax).map_err(|e| inside(&e))? } else { totals.tax };
    let today = Date::from_unix_ms(now_ms).map_err(|e| inside(&e))?;
    let found = match (corrected, source) {
        (Some(invoice), _) => match &invoice.accounting {
            Some(known) => known.rates.in_books(tax, books, known.rates.date(), 0),
            // It states none, so there is nothing to take back.
            None => return Ok(None),
        },
        (None, Source::Ecb) => rates.now().table.in_books(tax, books, today, MAX_AGE_DAYS),
        (None, Source::Hmrc) => {
            let Some(month) = rates.of_hmrc(today) else {
                tracing::warn!(%today, "a document cannot state its tax in sterling: HMRC's rates of the month are not kept; see `rates.hmrc_url`");
                return Ok(None);
            };
            month.table.in_books(tax, books, today, month.until.days_since(month.table.date()))
        }
        (None, Source::Own) => {
            let Some((table, days)) = rates.own(tax.currency(), books, today) else {
                tracing::warn!(%today, %books, "a document cannot state its tax in this currency: no rates of the day were brought");
                return Ok(None);
            };
            table.in_books(tax, books, today, days)
        }
    };
    let (tax, rates) = match found {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, %books, ?source, "a document cannot state its tax in this currency; see docs/einvoice.md for its rates");
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
        assert_eq!(of("CH", &totals(250, Currency::USD, "CH"), &day), None);
        // A seller outside it states the tax of a member state as that state does.
        assert_eq!(of("US", &usd, &day), Some((227, "EUR")));
        assert_eq!(of("US", &totals(250, Currency::USD, "SE"), &day), Some((2500, "SEK")));
        assert_eq!(of("CH", &totals(250, Currency::EUR, "SE"), &day), Some((2750, "SEK")));
        // Of several states, as in the scheme for who is outside, in euro; with another tax beside none of this is asked.
        let of_two = |second: &str| {
            let mut two = totals(250, Currency::USD, "SE");
            two.taxes.extend(totals(250, Currency::USD, second).taxes);
            of("US", &two, &day)
        };
        assert_eq!(of_two("DE"), Some((227, "EUR")));
        assert_eq!(of_two("ES-CN"), None, "the Canary Islands have a tax of their own");
        assert_eq!(of_two("US-NY"), None);
        assert_eq!(of("DE", &totals(250, Currency::USD, "US-NY"), &day), None);
        assert_eq!(of("DE", &usd, &rates("2026-11-01")), None);
    }

    #[test]
    fn laws_outside_the_union_name_their_tax_and_their_rates() {
        let now = "2026-11-27".parse::<Date>().unwrap().unix_ms();
        let file = "Date, USD, NOK, ZAR, \n2026-11-26, 1.1000, 11.000, 20.000, \n";
        let table = ecb::read(file.as_bytes()).unwrap().table;
        let rates = Rates::of(about::Rates { table, staleness: vitrine_pricing::fx::Staleness::DAILY });
        let of = |country: &str, place: &str, now_ms: i64| {
            accounting(&seller(country), &totals(250, Currency::USD, place), None, &rates, now_ms)
                .unwrap()
                .map(|a| (a.tax.minor(), a.tax.currency().code(), a.rates.source().to_owned()))
        };
        let ecb = |minor, code| Some((minor, code, "ECB".to_owned()));
        assert_eq!(of("NO", "NO", now), ecb(2500, "NOK"));
        assert_eq!(of("DE", "NO", now), None, "who only collects it abroad writes no Norwegian documents");
        assert_eq!(of("DE", "ZA", now), ecb(4545, "ZAR"));
        assert_eq!(of("ZA", "ZA", now), None, "the Reserve Bank's rates were not brought");
        assert_eq!((of("JP", "JP", now), of("AU", "NZ", now)), (None, None));
        rates.know(b"source,base,currency,rate,from,until\nTTM of a bank,JPY,USD,115.21,2026-11-27,2026-11-29\n");
        assert_eq!(of("JP", "JP", now), Some((288, "JPY", "TTM of a bank".to_owned())));
        assert_eq!(of("SG", "SG", now), None, "yen are no dollars");
        rates.know(b"source,base,currency,rate,from,until\nSARB,ZAR,USD,18.25,2026-11-27,2026-11-27\n");
        assert_eq!(of("ZA", "ZA", now), Some((4563, "ZAR", "SARB".to_owned())));
        assert_eq!(of("GB", "GB", now), None, "HMRC's month is not kept");
        let month = "Country/Territories,Currency,Currency Code,Currency Units per £1,Start Date,End Date\n\
                     USA,Dollar,USD,1.2500,01/11/2026,30/11/2026\n";
        rates.know(month.as_bytes());
        assert_eq!(of("GB", "GB", now), Some((200, "GBP", "HMRC".to_owned())));
        assert_eq!(of("DE", "GB", now), Some((200, "GBP", "HMRC".to_owned())), "the law is that of the tax");
        let later = "2026-12-01".parse::<Date>().unwrap().unix_ms();
        assert_eq!(of("GB", "GB", later), None, "another month has its own rates");
    }
}
