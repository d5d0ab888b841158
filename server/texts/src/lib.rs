//! Texts for people on the server's side (mails, sign-in and payment pages), from Fluent files by locale.
//!
//! Invariants: a missing message shows its name and is logged; values are not wrapped in isolation marks, for they end up
//! in subjects, titles and button names.
//!
//! Not here: the pages of the app, which have their texts in the client too (`app/i18n`).

use std::collections::BTreeSet;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

pub use fluent_bundle::FluentValue;

/// A locale that holds only what it says otherwise than the first: its BCP 47 tag and Fluent source.
pub type Differing = (&'static str, &'static str);

/// The texts of one domain in all its locales.
pub struct Texts {
    sources: &'static [(&'static str, &'static str)],
    differing: &'static [Differing],
    bundles: Vec<FluentBundle<FluentResource>>,
}

fn parsed(name: &str, source: &str) -> FluentResource {
    FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, errors)| {
        tracing::error!(locale = name, ?errors, "a locale file has faults");
        partial
    })
}

fn bundle(name: &str, source: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = name.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    if let Err(errors) = bundle.add_resource(parsed(name, source)) {
        tracing::error!(locale = name, ?errors, "a locale file names a message twice");
    }
    bundle
}

impl Texts {
    /// From pairs of a BCP 47 tag and Fluent source; the first is what people get who ask for none of them.
    pub fn new(sources: &'static [(&'static str, &'static str)]) -> Self {
        Self::differing(sources, &[])
    }

    /// As [`Texts::new`], with locales that hold what they say otherwise than the first one.
    pub fn differing(sources: &'static [(&'static str, &'static str)], differing: &'static [Differing]) -> Self {
        let base = sources.first().map_or("", |(_, source)| *source);
        let over = |(name, source): &Differing| {
            let mut bundle = bundle(name, base);
            bundle.add_resource_overriding(parsed(name, source));
            bundle
        };
        let whole = sources.iter().map(|(name, source)| bundle(name, source));
        Self { sources, differing, bundles: whole.chain(differing.iter().map(over)).collect() }
    }

    /// BCP 47 tags of all locales, the first is what people get who ask for none of them.
    pub fn tags(&self) -> impl Iterator<Item = &'static str> {
        self.sources.iter().chain(self.differing).map(|(name, _)| *name)
    }

    /// A message of a locale; one of another locale's tag is in the first.
    pub fn get(&self, tag: &str, id: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set((*name).to_owned(), value.clone());
        }
        let at = self.tags().position(|name| name == tag).unwrap_or(0);
        let found = self.bundles.get(at).and_then(|bundle| {
            let pattern = bundle.get_message(id)?.value()?;
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
            errors.is_empty().then_some(text)
        });
        found.unwrap_or_else(|| {
            tracing::error!(locale = tag, id, "a message is missing or cannot be formatted");
            id.to_owned()
        })
    }

    /// Names of the messages of the first locale.
    pub fn ids(&self) -> BTreeSet<&'static str> {
        self.sources.first().map(|(_, source)| ids(source)).unwrap_or_default()
    }

    /// What is wrong with the files, for tests: syntax, messages that only some locales have, differences from nothing.
    pub fn faults(&self) -> Vec<String> {
        let known = self.ids();
        let mut faults = Vec::new();
        for (name, source) in self.sources.iter().chain(self.differing) {
            if let Err((_, errors)) = FluentResource::try_new((*source).to_owned()) {
                faults.push(format!("{name}: {errors:?}"));
            }
        }
        for (name, source) in self.differing {
            faults.extend(ids(source).difference(&known).map(|id| format!("{name}: {id}")));
        }
        for (name, source) in self.sources {
            faults.extend(known.symmetric_difference(&ids(source)).map(|id| format!("{name}: {id}")));
        }
        faults
    }
}

fn ids(source: &'static str) -> BTreeSet<&'static str> {
    source
        .lines()
        .filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|l| l.split_once(" =").map(|(id, _)| id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: [(&str, &str); 2] =
        [("en-US", "hello = Hello { $name }\nonly = x\n"), ("de-DE", "hello = Hallo { $name }\n")];

    #[test]
    fn messages_are_filled_and_missing_ones_show_their_names() {
        let texts = Texts::new(&SOURCES);
        let name = [("name", FluentValue::from("Ada"))];
        assert_eq!(texts.get("de-DE", "hello", &name), "Hallo Ada");
        assert_eq!(texts.get("fr-FR", "hello", &name), "Hello Ada");
        assert_eq!(texts.get("en-US", "nothing", &[]), "nothing");
        assert_eq!(texts.get("en-US", "hello", &[]), "hello");
    }

    #[test]
    fn a_locale_of_differences_says_them_and_all_else_as_the_first_does() {
        let texts = Texts::differing(&SOURCES, &[("en-GB", "hello = Hullo { $name }\nlost = x\n")]);
        let name = [("name", FluentValue::from("Ada"))];
        assert_eq!(texts.get("en-GB", "hello", &name), "Hullo Ada");
        assert_eq!(
            (texts.get("en-GB", "only", &[]), texts.get("en-US", "hello", &name)),
            ("x".into(), "Hello Ada".into())
        );
        assert_eq!(texts.tags().collect::<Vec<_>>(), ["en-US", "de-DE", "en-GB"]);
        assert_eq!(texts.faults(), ["en-GB: lost", "de-DE: only"]);
    }

    #[test]
    fn a_message_that_one_locale_lacks_is_found() {
        assert_eq!(Texts::new(&SOURCES).faults(), ["de-DE: only"]);
    }
}
