//! Markets: the finite list of places a page is made for, each with currency, price region, tax display and locale. A market is a file of
//! `data/markets` (docs/regions.md).
//!
//! Invariants: a country is in exactly one market; unknown countries fall to `row`; choosing is pure. Euro countries without a market of
//! their own are `eu`, as are the EU members outside the euro (their buyers pay in EUR). Parts of a state with a code of their own are
//! where the law on prices is the state's: Åland in `eu`, the French departments overseas in `fr`. `row` is the stated policy for
//! everybody else: US dollars, prices shown without tax; `rowtax` is the same for countries whose law wants prices with tax. Where a market's currency has no price, [`Market::pays_in`] says what is asked next.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::format::Locale;
use crate::money::{Currency, find};

/// Whether shown prices contain tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaxDisplay {
    /// Tax is inside the price (EU, UK, CH, JP, AU ...).
    Inclusive,
    /// Tax comes on top (US, CA).
    Exclusive,
}

/// What totals in coins of a currency are multiples of.
#[derive(Debug, PartialEq, Eq)]
pub struct CashStep {
    /// Of the coins.
    pub currency: Currency,
    /// Countries of the market whose law or custom it is, ISO 3166-1 alpha-2. Empty: the coins there are, wherever one pays with them.
    pub countries: &'static [&'static str],
    /// Minor units, at least 1.
    pub step: i64,
}

/// One market.
#[derive(Debug, PartialEq, Eq)]
pub struct Market {
    /// `us`, `de`, `eu`, `row` ...: cookie value, cache key and price region.
    pub id: &'static str,
    /// ISO 3166-1 alpha-2; empty for `row`.
    pub countries: &'static [&'static str],
    /// Price regions asked in turn, the market's own first, `world` last. What is priced for `row` is sold in the markets that were part of
    /// it when there were fewer.
    pub price_regions: &'static [&'static str],
    /// What buyers pay in where it has a price; see [`Market::pays_in`].
    pub currency: Currency,
    /// The ones best known there, asked after its own.
    pub also_paid_in: [Currency; 2],
    /// How prices are shown.
    pub tax_display: TaxDisplay,
    /// BCP 47 tag when nothing better is known.
    pub locale: &'static str,
    /// How totals are rounded that are paid in cash; see [`Currency::cash_step`].
    pub cash: &'static [CashStep],
}

// Every market, `row` last: a file of `data/markets` each, read when the program is built.
include!(concat!(env!("OUT_DIR"), "/markets.rs"));

impl Market {
    /// By id.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        MARKETS.iter().find(|m| m.id == id)
    }

    /// What its buyers may pay in, the best first: `wish` (the currency that pages show), its own, then the ones best known there. A
    /// payment is in the first of these that has a price; some stand twice.
    pub fn pays_in(&self, wish: Currency) -> [Currency; 4] {
        let [first, second] = self.also_paid_in;
        [wish, self.currency, first, second]
    }

    /// How numbers are written for its buyers in texts of a BCP 47 tag; see [`Locale::for_buyer`].
    pub fn numbers(&self, texts: &str) -> Locale {
        Locale::for_buyer(texts, self.countries.first().copied().unwrap_or_default())
    }

    /// Of a country; `row` for every country not listed.
    pub fn of_country(country: &str) -> &'static Self {
        MARKETS.iter().find(|m| m.countries.contains(&country)).unwrap_or(&MARKETS[MARKETS.len() - 1])
    }
}

/// What decided the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarketSource {
    /// The visitor's stored choice.
    Choice,
    /// `X-Country` from a configured proxy.
    Country,
    /// The region of the locale, such as `de-AT`.
    Locale,
    /// Nothing was known.
    Default,
}

/// The market of a visitor: a valid choice wins, then a known country, then the region of the locale, else `row`. An unknown choice
/// or country is passed over; letters may be of either case.
pub fn choose_market(
    choice: Option<&str>,
    country: Option<&str>,
    locale: Option<&str>,
) -> (&'static Market, MarketSource) {
    if let Some(market) = choice.and_then(|c| Market::by_id(&c.to_ascii_lowercase())) {
        return (market, MarketSource::Choice);
    }
    if let Some(country) = country.map(str::to_ascii_uppercase).filter(|c| is_country(c)) {
        return (Market::of_country(&country), MarketSource::Country);
    }
    let region =
        locale.and_then(|l| l.split(['-', '_']).skip(1).find(|part| part.len() == 2)).map(str::to_ascii_uppercase);
    match region.filter(|r| is_country(r)) {
        Some(region) => (Market::of_country(&region), MarketSource::Locale),
        None => (&MARKETS[MARKETS.len() - 1], MarketSource::Default),
    }
}

/// Whether `code` is an officially assigned ISO 3166-1 alpha-2 code, upper case.
pub fn is_country(code: &str) -> bool {
    let (mut low, mut high) = (0, COUNTRIES.len().div_ceil(3));
    // Two letters and a space each, in order; asked once for each line of a quote.
    while low < high {
        let middle = low + (high - low) / 2;
        match COUNTRIES[3 * middle..3 * middle + 2].cmp(code) {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return true,
            Ordering::Greater => high = middle,
        }
    }
    false
}

/// Members of the European Union on every date the tax tables cover; their parts with codes of their own are not.
pub fn is_eu(country: &str) -> bool {
    EU.contains(&country)
}

#[rustfmt::skip]
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT",
    "RO", "SE", "SI", "SK",
];

/// ISO 3166-1 alpha-2, the 249 officially assigned codes (as listed by CLDR 48 regions, exceptional reservations removed).
#[rustfmt::skip]
const COUNTRIES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD \
CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF \
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI \
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
VN VU WF WS YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_state_are_in_its_market_and_no_members() {
        for (code, market) in
            [("AX", "eu"), ("GF", "fr"), ("GP", "fr"), ("MF", "fr"), ("MQ", "fr"), ("RE", "fr"), ("YT", "fr")]
        {
            assert_eq!((Market::of_country(code).id, is_eu(code)), (market, false), "{code}");
        }
        for market in MARKETS {
            let members = market.countries.iter().filter(|c| is_eu(c)).count();
            assert_eq!(members > 0, matches!(market.id, "de" | "fr" | "at" | "eu"), "{}", market.id);
            assert!(
                market.countries.first().is_none_or(|c| is_eu(c) == (members > 0)),
                "the first says what law it is: {}",
                market.id
            );
        }
        assert!(EU.is_sorted() && EU.iter().all(|c| Market::of_country(c).price_regions.contains(&"eu")));
    }

    #[test]
    fn a_country_is_in_one_market_and_the_last_takes_the_others() {
        let mut all: Vec<&str> = MARKETS.iter().flat_map(|m| m.countries).copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert!(all.len() == count && all.iter().all(|c| is_country(c)));
        assert!(
            MARKETS.iter().all(|m| m.price_regions.first() == Some(&m.id) && m.price_regions.last() == Some(&"world"))
        );
        assert_eq!(
            ["BR", "KR", "KE", "??"].map(|country| Market::of_country(country).id),
            ["rowtax", "rowtax", "row", "row"]
        );
    }

    #[test]
    fn what_is_priced_for_the_rest_of_the_world_is_sold_in_markets_that_were_part_of_it() {
        let asks_row = |country| Market::of_country(country).price_regions.contains(&"row");
        for country in ["NO", "IS", "AU", "NZ", "SG", "IN", "ZA", "BR", "KR", "KE"] {
            assert!(asks_row(country), "{country}");
        }
        assert!(
            ["US", "DE", "RE", "GP", "AX"].iter().all(|country| !asks_row(country)),
            "never part of it, or their state's"
        );
    }

    #[test]
    fn what_has_no_price_in_its_own_currency_is_paid_in_one_that_is_known() {
        let of = |id: &str, wish| Market::by_id(id).unwrap().pays_in(wish);
        assert_eq!(of("no", Currency::NOK), [Currency::NOK, Currency::NOK, Currency::EUR, Currency::USD]);
        assert_eq!(of("au", Currency::JPY), [Currency::JPY, Currency::AUD, Currency::USD, Currency::EUR]);
    }

    #[test]
    fn every_country_is_found_is_found_and_nothing_else_is() {
        let all: Vec<&str> = COUNTRIES.split(' ').collect();
        assert!(all.len() == 249 && all.iter().all(|code| code.len() == 2) && all.is_sorted());
        let letters = || (b'@'..=b'[').map(char::from);
        for code in letters().flat_map(|a| letters().map(move |b| format!("{a}{b}"))) {
            assert_eq!(is_country(&code), all.contains(&code.as_str()), "{code}");
        }
        for code in ["", "D", "de", "DEU", "D ", " D", "DE ", "ÄÖ", "Z\u{ff}", "zz"] {
            assert!(!is_country(code), "{code:?}");
        }
    }
}
