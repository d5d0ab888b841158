//! In which currency a page speaks to a visitor: of a finite list, chosen or the one of their country.
//!
//! Invariants: the list is the euro and the currencies that the European Central Bank publishes rates for, so an amount in any of them can be
//! said in any other; what is charged is decided elsewhere ([`Market::pays_in`]). Pure.

use crate::market::Market;
use crate::money::Currency;

/// Codes that can be chosen, in order.
pub const SHOWN: [&str; 30] = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY",
    "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
];

/// Countries whose currency is on the list and is not their market's.
const OWN: [(&str, &str); 42] = [
    ("AD", "EUR"),
    ("BL", "EUR"),
    ("BR", "BRL"),
    ("BV", "NOK"),
    ("CC", "AUD"),
    ("CK", "NZD"),
    ("CN", "CNY"),
    ("CX", "AUD"),
    ("CZ", "CZK"),
    ("DK", "DKK"),
    ("FO", "DKK"),
    ("GG", "GBP"),
    ("GL", "DKK"),
    ("HK", "HKD"),
    ("HM", "AUD"),
    ("HU", "HUF"),
    ("ID", "IDR"),
    ("IL", "ILS"),
    ("JE", "GBP"),
    ("KI", "AUD"),
    ("KR", "KRW"),
    ("ME", "EUR"),
    ("MX", "MXN"),
    ("MY", "MYR"),
    ("NF", "AUD"),
    ("NR", "AUD"),
    ("NU", "NZD"),
    ("PH", "PHP"),
    ("PL", "PLN"),
    ("PM", "EUR"),
    ("PN", "NZD"),
    ("PS", "ILS"),
    ("RO", "RON"),
    ("SE", "SEK"),
    ("SJ", "NOK"),
    ("SM", "EUR"),
    ("TF", "EUR"),
    ("TH", "THB"),
    ("TK", "NZD"),
    ("TR", "TRY"),
    ("TV", "AUD"),
    ("VA", "EUR"),
];

/// A currency of the list by its code, in capital or small letters; `None` for any other text.
pub fn shown(code: &str) -> Option<Currency> {
    if code.len() != 3 {
        return None;
    }
    let code = code.to_ascii_uppercase();
    SHOWN.binary_search(&code.as_str()).ok().and_then(|_| code.parse().ok())
}

/// The country's own currency if it is on the list, else its market's.
pub fn of_country(country: &str) -> Currency {
    let own = OWN.binary_search_by_key(&country, |(code, _)| code).ok().and_then(|at| OWN[at].1.parse().ok());
    own.unwrap_or_else(|| Market::of_country(country).currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{MARKETS, is_country};

    #[test]
    fn the_list_is_finite_and_has_every_markets_currency() {
        assert!(SHOWN.is_sorted() && SHOWN.iter().all(|code| shown(code).is_some_and(|c| c.code() == *code)));
        assert!(MARKETS.iter().all(|market| shown(market.currency.code()) == Some(market.currency)));
        assert_eq!(shown("nok"), Some(Currency::NOK));
        for none in ["", "KWD", "NO", "NOKK", "NO\u{212a}", "€€€", "xxx"] {
            assert_eq!(shown(none), None, "{none}");
        }
    }

    #[test]
    fn a_country_speaks_its_own_currency() {
        assert!(OWN.is_sorted());
        for (country, code) in OWN {
            assert!(is_country(country), "{country}");
            assert_eq!(of_country(country).code(), code);
            assert_ne!(Market::of_country(country).currency.code(), code, "{country}");
        }
        let of = |country| of_country(country).code();
        assert_eq!(
            [of("NO"), of("DE"), of("RE"), of("AE"), of("LI"), of("")],
            ["NOK", "EUR", "EUR", "USD", "CHF", "USD"]
        );
    }
}
