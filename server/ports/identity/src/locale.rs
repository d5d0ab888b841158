//! Texts for people, from the Fluent files in `locales/`.
//!
//! Invariants: every message exists in every locale (a test reads the files); a missing one shows its name and logs.

use std::sync::LazyLock;

use vitrine_shared::accept::preferred;
use vitrine_texts::{FluentValue, Texts};

const SOURCES: [(&str, &str); 3] = [
    ("en-US", include_str!("../locales/en-US/identity.ftl")),
    ("de-DE", include_str!("../locales/de-DE/identity.ftl")),
    ("fr-FR", include_str!("../locales/fr-FR/identity.ftl")),
];

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(&SOURCES));

/// One of the locales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale(&'static str);

impl Locale {
    /// The locale people get who ask for none of ours.
    pub(crate) const DEFAULT: Locale = Locale("en-US");

    /// The best of an `Accept-Language` header; a tag alone is one, too.
    pub(crate) fn choose(accept: &str) -> Option<Self> {
        Self::first_of(preferred(accept))
    }

    /// The best of `ui_locales`: tags, the best first, separated by spaces.
    pub(crate) fn of_tags(tags: &str) -> Option<Self> {
        Self::first_of(tags.split_whitespace())
    }

    fn first_of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        tags.into_iter().find_map(|tag| {
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
        assert_eq!(Locale::choose("it, de-CH;q=0.8, en;q=0.9").unwrap().tag(), "en-US");
        assert_eq!(Locale::choose("fr-CH, de;q=0.8").unwrap().tag(), "fr-FR");
        assert_eq!(Locale::choose("de ; q=0.1, en; q=0.2").unwrap().tag(), "en-US", "spaces may stand around a weight");
        assert_eq!(Locale::of_tags("xx de-AT en").unwrap().tag(), "de-DE");
        assert_eq!(Locale::choose("it;q=1, xx"), None);
        assert_eq!(Locale::choose("en;q=0, de;q=0.1").unwrap().tag(), "de-DE");
    }
}
