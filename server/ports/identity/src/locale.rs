//! Texts for people, from the Fluent files in `locales/`.
//!
//! Invariants: every message exists in every locale (a test reads both files); a missing one shows its name and logs.

use std::sync::LazyLock;

use vitrine_texts::{FluentValue, Texts};

const SOURCES: [(&str, &str); 2] = [
    ("en-US", include_str!("../locales/en-US/identity.ftl")),
    ("de-DE", include_str!("../locales/de-DE/identity.ftl")),
];

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(&SOURCES));

/// One of the locales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale(&'static str);

impl Locale {
    /// The locale people get who ask for none of ours.
    pub(crate) const DEFAULT: Locale = Locale("en-US");

    /// The best of a preference list: `ui_locales` (space separated) or `Accept-Language` (with `q`).
    pub(crate) fn choose(preferences: &str) -> Option<Self> {
        let mut wanted: Vec<(u32, &str)> = preferences
            .split([',', ' '])
            .filter_map(|part| {
                let mut fields = part.trim().split(';');
                let tag = fields.next()?.trim();
                let q = fields.find_map(|f| f.trim().strip_prefix("q=")).map_or(1000, weight);
                (!tag.is_empty() && q > 0).then_some((q, tag))
            })
            .collect();
        wanted.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
        wanted.into_iter().find_map(|(_, tag)| {
            let language = tag.split('-').next().unwrap_or(tag);
            SOURCES
                .iter()
                .find(|(name, _)| name.split('-').next().is_some_and(|own| own.eq_ignore_ascii_case(language)))
                .map(|(name, _)| Locale(name))
        })
    }

    /// BCP 47, for `lang` and `Content-Language`.
    pub(crate) fn tag(self) -> &'static str {
        self.0
    }

    /// For `dir`.
    pub(crate) fn direction(self) -> &'static str {
        "ltr"
    }

    /// A message without values.
    pub(crate) fn text(self, id: &str) -> String {
        self.with(id, &[])
    }

    /// A message with values.
    pub(crate) fn with(self, id: &str, values: &[(&str, &str)]) -> String {
        // A whole number chooses plural forms; anything else is text.
        let value = |v: &str| v.parse::<i64>().map_or_else(|_| FluentValue::from(v.to_owned()), FluentValue::from);
        let values: Vec<_> = values.iter().map(|(name, v)| (*name, value(v))).collect();
        TEXTS.get(self.0, id, &values)
    }
}

/// `q` in thousandths; what is not a number weighs nothing.
fn weight(q: &str) -> u32 {
    let (whole, part) = q.split_once('.').unwrap_or((q, ""));
    let digits = format!("{part:0<3}");
    let thousandths = digits.get(..3).and_then(|d| d.parse::<u32>().ok());
    whole.parse::<u32>().ok().zip(thousandths).map_or(0, |(w, t)| w.min(1) * 1000 + t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_locales_have_the_same_messages_and_parse() {
        assert_eq!(TEXTS.faults(), Vec::<String>::new());
        assert!(TEXTS.ids().len() > 40);
    }

    #[test]
    fn every_message_the_code_names_exists() {
        let code = [
            include_str!("provider/pages.rs"),
            include_str!("provider/mail.rs"),
            include_str!("provider/authorize.rs"),
            include_str!("provider/signin.rs"),
            include_str!("provider/links.rs"),
            include_str!("provider/logout.rs"),
        ];
        let known = TEXTS.ids();
        for file in code {
            for part in file.split("\"idp-").skip(1) {
                let id = format!("idp-{}", part.split('"').next().unwrap_or_default());
                assert!(known.contains(id.as_str()), "{id}");
            }
        }
    }

    #[test]
    fn the_preferred_known_language_wins() {
        assert_eq!(Locale::choose("fr, de-CH;q=0.8, en;q=0.9").unwrap().tag(), "en-US");
        assert_eq!(Locale::choose("de-AT en").unwrap().tag(), "de-DE");
        assert_eq!(Locale::choose("fr;q=1, xx"), None);
        assert_eq!(Locale::choose("en;q=0, de;q=0.1").unwrap().tag(), "de-DE");
    }
}
