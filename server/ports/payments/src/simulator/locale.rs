//! Texts of the pages, from the Fluent files in `locales/`.
//!
//! Invariants: every message exists in every locale (a test compares the files); a missing one shows its name and logs.

use std::sync::LazyLock;

use vitrine_texts::{Differing, FluentValue, Texts};

const SOURCES: [(&str, &str); 3] = [
    ("en-US", include_str!("../../locales/en-US/payments.ftl")),
    ("de-DE", include_str!("../../locales/de-DE/payments.ftl")),
    ("fr-FR", include_str!("../../locales/fr-FR/payments.ftl")),
];

const DIFFERING: [Differing; 1] = [("en-GB", include_str!("../../locales/en-GB/differences.ftl"))];

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::differing(&SOURCES, &DIFFERING));

/// One of the locales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale(&'static str);

impl Locale {
    /// The first of these language tags that there are texts in, or of whose language; else English.
    /// Takes one BCP 47 tag or the value of `Accept-Language`, whose order browsers make that of preference.
    pub(crate) fn choose(tags: &str) -> Self {
        let plain = |tag: &str| tag.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let language = |tag: &str| plain(tag).split(['-', '_']).next().unwrap_or_default().to_owned();
        let known = |tag: &str| {
            let exact = TEXTS.tags().find(|name| plain(name) == plain(tag));
            exact.or_else(|| TEXTS.tags().find(|name| language(name) == language(tag)))
        };
        Self(tags.split(',').find_map(known).unwrap_or(SOURCES[0].0))
    }

    /// BCP 47, for `lang` and `Content-Language`.
    pub(crate) fn tag(self) -> &'static str {
        self.0
    }

    /// A message without values.
    pub(crate) fn text(self, id: &str) -> String {
        self.with(id, &[])
    }

    /// A message with values. All are text: a card that ends in 0002 must not become 2.
    pub(crate) fn with(self, id: &str, values: &[(&str, &str)]) -> String {
        let values: Vec<_> = values.iter().map(|(name, v)| (*name, FluentValue::from((*v).to_owned()))).collect();
        TEXTS.get(self.0, id, &values)
    }

    /// An amount of minor units with its currency code, grouped as the locale does.
    pub(crate) fn money(self, minor: i64, exponent: u8, currency: &str) -> String {
        let places = usize::from(exponent);
        let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let group = self.text("sim-money-group");
        let mut number = String::new();
        if minor < 0 {
            number.push('\u{2212}');
        }
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                number.push_str(&group);
            }
            number.push(digit);
        }
        if places > 0 {
            number.push_str(&self.text("sim-money-point"));
            number.push_str(fraction);
        }
        self.with("sim-money", &[("number", &number), ("currency", currency)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_locales_have_the_same_messages_and_parse() {
        assert_eq!(TEXTS.faults(), Vec::<String>::new());
    }

    #[test]
    fn every_message_the_code_names_exists() {
        let known = TEXTS.ids();
        let mut named = 0;
        for file in [include_str!("pages.rs"), include_str!("web.rs")] {
            for part in file.split("\"sim-").skip(1) {
                let id = format!("sim-{}", part.split('"').next().unwrap_or_default());
                // Names that are put together are checked where the parts are known, below.
                if !id.contains('{') {
                    named += 1;
                    assert!(known.contains(id.as_str()), "{id}");
                }
            }
        }
        assert!(named > 20, "{named} names found");
        let errors = ["number", "not-test-card", "expiry", "cvc", "debit"].map(|e| format!("sim-error-{e}"));
        let codes = ["card_declined", "insufficient_funds", "expired_card", "authentication_failed", "bank_refused"];
        for id in errors.into_iter().chain(codes.map(|c| format!("sim-failure-{c}"))) {
            assert!(known.contains(id.as_str()), "{id}");
        }
    }

    #[test]
    fn the_language_decides() {
        for (tags, chosen) in [
            ("de-DE", "de-DE"),
            ("de-AT", "de-DE"),
            ("DE", "de-DE"),
            ("it-IT, de;q=0.8, en;q=0.7", "de-DE"),
            ("en-GB", "en-GB"),
            ("it, en-gb;q=0.5, de", "en-GB"),
            ("en-AU", "en-US"),
            ("fr-CH", "fr-FR"),
            ("it", "en-US"),
            ("", "en-US"),
        ] {
            assert_eq!(Locale::choose(tags).tag(), chosen, "{tags}");
        }
    }

    #[test]
    fn money_is_written_as_the_locale_does() {
        let (en, de) = (Locale::choose("en"), Locale::choose("de"));
        assert_eq!(en.money(123_456_789, 2, "EUR"), "EUR 1,234,567.89");
        assert_eq!(de.money(123_456_789, 2, "EUR"), "1.234.567,89 EUR");
        assert_eq!(Locale::choose("fr").money(123_456_789, 2, "EUR"), "1\u{202f}234\u{202f}567,89 EUR");
        assert_eq!(en.money(5, 2, "USD"), "USD 0.05");
        assert_eq!(en.money(100, 0, "JPY"), "JPY 100");
        assert_eq!(de.money(1_000, 0, "JPY"), "1.000 JPY");
        assert_eq!(de.money(1_005, 3, "KWD"), "1,005 KWD");
        assert_eq!(en.money(-250, 2, "EUR"), "EUR \u{2212}2.50");
    }
}
