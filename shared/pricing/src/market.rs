//! Markets: the finite list of places a page is made for, each with currency, price region, tax display and locale.
//!
//! Invariants: a country is in exactly one market; unknown countries fall to `row`; choosing is pure. Euro countries without a market of
//! their own are `eu`, as are the EU members outside the euro (their buyers pay in EUR). `row` is the stated policy for everybody
//! else: US dollars, prices shown without tax.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::format::Locale;
use crate::money::Currency;

/// Whether shown prices contain tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaxDisplay {
    /// Tax is inside the price (EU, UK, CH, JP).
    Inclusive,
    /// Tax comes on top (US, CA).
    Exclusive,
}

/// One market.
#[derive(Debug, PartialEq, Eq)]
pub struct Market {
    /// `us`, `de`, `eu`, `row` ...: cookie value, cache key and price region.
    pub id: &'static str,
    /// ISO 3166-1 alpha-2; empty for `row`.
    pub countries: &'static [&'static str],
    /// Price regions asked in turn, the market's own first, `world` last.
    pub price_regions: &'static [&'static str],
    /// What buyers pay in.
    pub currency: Currency,
    /// How prices are shown.
    pub tax_display: TaxDisplay,
    /// BCP 47 tag when nothing better is known.
    pub locale: &'static str,
}

use TaxDisplay::{Exclusive, Inclusive};

const fn market(
    id: &'static str,
    countries: &'static [&'static str],
    price_regions: &'static [&'static str],
    currency: Currency,
    tax_display: TaxDisplay,
    locale: &'static str,
) -> Market {
    Market { id, countries, price_regions, currency, tax_display, locale }
}

/// Every market; `row` is last.
#[rustfmt::skip]
pub const MARKETS: &[Market] = &[
    market("us", &["US"], &["us", "world"], Currency::USD, Exclusive, "en-US"),
    market("ca", &["CA"], &["ca", "world"], Currency::CAD, Exclusive, "en-CA"),
    market("gb", &["GB", "IM"], &["gb", "world"], Currency::GBP, Inclusive, "en-GB"),
    market("de", &["DE"], &["de", "eu", "world"], Currency::EUR, Inclusive, "de-DE"),
    market("fr", &["FR", "MC"], &["fr", "eu", "world"], Currency::EUR, Inclusive, "fr-FR"),
    market("at", &["AT"], &["at", "eu", "world"], Currency::EUR, Inclusive, "de-AT"),
    market("ch", &["CH", "LI"], &["ch", "world"], Currency::CHF, Inclusive, "de-CH"),
    market("jp", &["JP"], &["jp", "world"], Currency::JPY, Inclusive, "ja-JP"),
    market("eu", &["BE", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"],
        &["eu", "world"], Currency::EUR, Inclusive, "en-GB"),
    market("row", &[], &["row", "world"], Currency::USD, Exclusive, "en-US"),
];

impl Market {
    /// By id.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        MARKETS.iter().find(|m| m.id == id)
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

/// Members of the European Union on every date the tax tables cover.
pub fn is_eu(country: &str) -> bool {
    matches!(country, "DE" | "FR" | "AT") || MARKETS.iter().any(|m| m.id == "eu" && m.countries.contains(&country))
}

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
    fn every_country_is_found_and_nothing_else_is() {
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
