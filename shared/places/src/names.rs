//! What countries are called in the languages of the shop.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../data/countries.tsv");
/// The columns of the data; the first stands in for every language that is not there.
const LOCALES: [&str; 4] = ["en", "en-GB", "de", "fr"];

struct Names {
    by_code: BTreeMap<&'static str, Vec<&'static str>>,
    orders: Vec<Vec<&'static str>>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut lines = TEXT.lines().skip_while(|line| line.starts_with('#'));
    let rows = lines.by_ref().take_while(|line| !line.is_empty());
    let by_code = rows.filter_map(|row| row.split_once('\t').map(|(code, names)| (code, names.split('\t').collect())));
    let by_code = by_code.collect();
    let orders = lines.filter(|line| !line.is_empty()).map(|line| line.split(' ').collect()).collect();
    Names { by_code, orders }
});

/// The column of a BCP 47 tag: its own, or its language's.
fn column(tag: &str) -> usize {
    let language = tag.split('-').next().unwrap_or_default();
    let of = |wanted: &str| LOCALES.iter().position(|l| l.eq_ignore_ascii_case(wanted));
    of(tag).or_else(|| of(language)).unwrap_or(0)
}

/// What a country is called, by ISO 3166-1 in either case and BCP 47; in English where there is no such language, `None` for no country.
pub fn country_name(country: &str, tag: &str) -> Option<&'static str> {
    let names = NAMES.by_code.get(country.trim().to_ascii_uppercase().as_str())?;
    names.get(column(tag)).copied()
}

/// Every country of ISO 3166-1 with its name, in the order of the language's alphabet.
pub fn named_countries(tag: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let column = column(tag);
    let order = NAMES.orders.get(column).into_iter().flatten();
    order.filter_map(move |code| Some((*code, *NAMES.by_code.get(code)?.get(column)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_its_name_in_every_language_and_its_place_in_the_alphabet() {
        for tag in LOCALES {
            let all: Vec<_> = named_countries(tag).collect();
            assert_eq!(all.len(), 249, "{tag}");
            assert!(all.iter().all(|(code, name)| code.len() == 2 && name.len() > 2), "{tag}");
        }
        let named = |code| ["en-US", "de-DE", "fr-FR", "de-AT", "xx"].map(|tag| country_name(code, tag).unwrap());
        assert_eq!(named("de"), ["Germany", "Deutschland", "Allemagne", "Deutschland", "Germany"]);
        assert_eq!(named("HK")[1], "Hongkong");
        assert_eq!((country_name("ZZ", "en"), country_name("", "en")), (None, None));
        let at = |tag: &str, code: &str| named_countries(tag).position(|(c, _)| c == code).unwrap();
        // Österreich stands with O and Ägypten with A, not behind Z.
        assert!(at("de-DE", "AT") < at("de-DE", "PK") && at("de-DE", "EG") < at("de-DE", "BE"));
        assert!(at("fr-FR", "US") < at("fr-FR", "FI"));
    }
}
