//! Texts: Fluent messages of the page's locale.
//!
//! Invariants: no text for people stands in code; both sides use the same source, so hydration finds the same words;
//! the browser has one locale. `en-XA` (longer, accented) and `ar-XB` (right to left) are made from en-US for tests.
//!
//! Not here: numbers, money and dates, which come formatted in the view models.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock};

use dioxus::prelude::*;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use vitrine_shared::accept::preferred;

use crate::platform;

/// Locales with files, the first is the fallback.
pub const LOCALES: [&str; 4] = ["en-US", "en-GB", "de-DE", "fr-FR"];
/// Locales made from en-US, for tests.
pub const PSEUDO: [&str; 2] = ["en-XA", "ar-XB"];

/// The texts of one locale.
#[derive(Clone)]
pub struct Texts {
    tag: Arc<str>,
    bundle: Arc<FluentBundle<FluentResource>>,
}

impl Texts {
    /// The texts of a locale; an unknown one gives en-US. Parsed once per process.
    pub fn of(tag: &str) -> Self {
        static PARSED: OnceLock<RwLock<BTreeMap<String, Texts>>> = OnceLock::new();
        let tag = if LOCALES.contains(&tag) || PSEUDO.contains(&tag) { tag } else { LOCALES[0] };
        let parsed = PARSED.get_or_init(RwLock::default);
        // A panic while the lock was held cannot leave the map half written: it is only ever inserted into.
        if let Some(texts) = parsed.read().unwrap_or_else(|e| e.into_inner()).get(tag) {
            return texts.clone();
        }
        let source = platform::locale_source(source_of(tag)).unwrap_or_default();
        let texts = Self::parse(tag, source.into_owned());
        parsed.write().unwrap_or_else(|e| e.into_inner()).insert(tag.to_owned(), texts.clone());
        texts
    }

    /// Texts from Fluent source. Messages that do not parse are left out; a test proves that none is.
    pub fn parse(tag: &str, source: String) -> Self {
        let id = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // Isolation marks would stand in every text that is copied or searched; names are isolated by `bdi` in pages.
        bundle.set_use_isolating(false);
        bundle.set_transform(match tag {
            "en-XA" => Some(accented),
            "ar-XB" => Some(reversed),
            _ => None,
        });
        let resource = match FluentResource::try_new(source) {
            Ok(whole) | Err((whole, _)) => whole,
        };
        bundle.add_resource_overriding(resource);
        Self { tag: tag.into(), bundle: Arc::new(bundle) }
    }

    /// BCP 47.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// `ltr` or `rtl`.
    pub fn direction(&self) -> &'static str {
        direction(&self.tag)
    }

    /// Whether there is such a message.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A message; a missing one shows its key, which tests look for.
    pub fn get(&self, key: &str, args: Option<&FluentArgs>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|m| m.value()) else { return key.to_owned() };
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, args, &mut errors).into_owned()
    }
}

/// `ltr` or `rtl` of a locale.
pub fn direction(tag: &str) -> &'static str {
    match tag.split('-').next() {
        Some("ar" | "fa" | "he" | "ur") => "rtl",
        _ => "ltr",
    }
}

/// The locale whose file a locale's texts come from.
pub fn source_of(tag: &str) -> &str {
    if PSEUDO.contains(&tag) { LOCALES[0] } else { tag }
}

/// The best locale for a wish (`?lang=`, a setting) or else an `Accept-Language` header.
pub fn negotiate(wish: Option<&str>, accept: &str) -> &'static str {
    let known = |tag: &str| LOCALES.into_iter().chain(PSEUDO).find(|l| l.eq_ignore_ascii_case(tag));
    if let Some(found) = wish.and_then(known) {
        return found;
    }
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    preferred(accept)
        .into_iter()
        .find_map(|tag| {
            LOCALES
                .into_iter()
                .find(|l| l.eq_ignore_ascii_case(tag))
                .or_else(|| LOCALES.into_iter().find(|l| language(l) == language(tag)))
        })
        .unwrap_or(LOCALES[0])
}

/// The texts of the page around.
pub fn texts() -> Texts {
    try_consume_context::<Texts>().unwrap_or_else(|| Texts::of(&platform::prefs().locale))
}

/// A message of the page's locale without arguments, for keys that come in view models.
pub fn text(key: &str) -> String {
    texts().get(key, None)
}

/// The message of a key, or the given words if there is no such message.
pub fn text_or(key: &str, otherwise: &str) -> String {
    let texts = texts();
    if !key.is_empty() && texts.has(key) { texts.get(key, None) } else { otherwise.to_owned() }
}

/// A message of the page's locale whose arguments come in view models.
pub fn text_with(key: &str, args: &[(String, String)]) -> String {
    let args = args.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<FluentArgs>();
    texts().get(key, Some(&args))
}

/// A message of the page's locale: `t!("key")`, `t!("key", name = value)`.
#[macro_export]
macro_rules! t {
    ($key:expr) => { $crate::i18n::text($key) };
    ($key:expr, $($name:ident = $value:expr),+ $(,)?) => {{
        let mut args = ::fluent_bundle::FluentArgs::new();
        $( args.set(stringify!($name), $value); )+
        $crate::i18n::texts().get($key, Some(&args))
    }};
}

/// About a third longer, every letter marked, the ends visible: shows texts that are cut off or not translated.
fn accented(text: &str) -> Cow<'_, str> {
    if text.trim().is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 3);
    for (i, c) in text.chars().enumerate() {
        let marked = match c {
            'a' => 'á',
            'b' => 'ƀ',
            'c' => 'ç',
            'd' => 'ð',
            'e' => 'é',
            'f' => 'ƒ',
            'g' => 'ĝ',
            'h' => 'ĥ',
            'i' => 'î',
            'j' => 'ĵ',
            'k' => 'ķ',
            'l' => 'ļ',
            'm' => 'ɱ',
            'n' => 'ñ',
            'o' => 'ö',
            'p' => 'þ',
            'r' => 'ŕ',
            's' => 'š',
            't' => 'ţ',
            'u' => 'û',
            'w' => 'ŵ',
            'y' => 'ý',
            'z' => 'ž',
            'A' => 'Å',
            'B' => 'Ɓ',
            'C' => 'Ç',
            'D' => 'Ð',
            'E' => 'É',
            'F' => 'Ƒ',
            'G' => 'Ĝ',
            'H' => 'Ĥ',
            'I' => 'Î',
            'L' => 'Ļ',
            'M' => 'Ṁ',
            'N' => 'Ñ',
            'O' => 'Ö',
            'P' => 'Þ',
            'R' => 'Ŕ',
            'S' => 'Š',
            'T' => 'Ţ',
            'U' => 'Û',
            'W' => 'Ŵ',
            'Y' => 'Ý',
            'Z' => 'Ž',
            other => other,
        };
        out.push(marked);
        if i % 3 == 2 && c.is_alphabetic() {
            out.push(marked);
        }
    }
    Cow::Owned(out)
}

/// Latin words laid out from right to left.
fn reversed(text: &str) -> Cow<'_, str> {
    if text.trim().is_empty() {
        return Cow::Borrowed(text);
    }
    // Spaces at the ends stand between words and arguments: they stay outside of the override.
    let words = text.trim();
    let at = text.len() - text.trim_start().len();
    let (before, after) = (&text[..at], &text[at + words.len()..]);
    Cow::Owned(format!("{before}\u{202e}{words}\u{202c}{after}"))
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn keys(tag: &str) -> BTreeSet<String> {
        let source = platform::locale_source(tag).expect("a file");
        source
            .lines()
            .filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|l| l.split_once(" =").map(|(k, _)| k.to_owned()))
            .collect()
    }

    #[test]
    fn every_message_of_every_locale_parses() {
        for tag in LOCALES {
            let source = platform::locale_source(tag).expect("a file").into_owned();
            if let Err((_, errors)) = FluentResource::try_new(source) {
                panic!("{tag}: {errors:?}");
            }
        }
    }

    #[test]
    fn all_locales_say_the_same_things() {
        for tag in LOCALES {
            assert_eq!(keys("en-US"), keys(tag), "{tag}");
        }
    }

    #[test]
    fn british_readers_have_their_own_words_where_they_differ_and_the_american_ones_elsewhere() {
        let (us, gb) = (Texts::of("en-US"), Texts::of("en-GB"));
        assert_eq!(
            (us.get("sum-shipping", None), gb.get("sum-shipping", None)),
            ("Shipping".into(), "Delivery".into())
        );
        assert_eq!(us.get("cart-title", None), gb.get("cart-title", None));
        assert_eq!(gb.tag(), "en-GB");
    }

    #[test]
    fn all_locales_take_the_same_arguments() {
        let args = |tag: &str, key: &str| -> BTreeSet<String> {
            let source = platform::locale_source(tag).expect("a file").into_owned();
            let mut inside = false;
            let mut out = BTreeSet::new();
            for line in source.lines() {
                if !line.starts_with([' ', '}', '\t']) && !line.is_empty() {
                    inside = line.starts_with(&format!("{key} ="));
                }
                if inside {
                    for piece in line.split('$').skip(1) {
                        out.insert(piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
                    }
                }
            }
            out
        };
        for key in keys("en-US") {
            for tag in LOCALES {
                assert_eq!(args("en-US", &key), args(tag, &key), "{tag} {key}");
            }
        }
    }

    #[test]
    fn arguments_and_plurals_are_filled() {
        let texts = Texts::parse("en-US", "works = { $n ->\n    [one] one work\n   *[other] { $n } works\n }\n".into());
        let with = |n: i32| {
            let mut args = FluentArgs::new();
            args.set("n", n);
            texts.get("works", Some(&args))
        };
        assert_eq!((with(1).as_str(), with(7).as_str()), ("one work", "7 works"));
        assert_eq!(texts.get("nothing-here", None), "nothing-here");
    }

    #[test]
    fn pseudo_locales_change_words_and_not_arguments() {
        let source = "hello = Hello { $name }\n";
        let mut args = FluentArgs::new();
        args.set("name", "Ada");
        let long = Texts::parse("en-XA", source.into()).get("hello", Some(&args));
        assert!(long.ends_with("Ada") && !long.contains("Hello"), "{long}");
        let rtl = Texts::parse("ar-XB", source.into());
        assert_eq!(rtl.direction(), "rtl");
        assert!(rtl.get("hello", Some(&args)).starts_with('\u{202e}'));
    }

    #[test]
    fn the_best_locale_is_found() {
        assert_eq!(negotiate(None, "it;q=0.9, de-AT;q=0.8, en;q=0.5"), "de-DE");
        assert_eq!(negotiate(None, "fr-CA, de;q=0.1"), "fr-FR");
        assert_eq!(negotiate(None, "en-GB, de;q=0.1"), "en-GB");
        assert_eq!(negotiate(None, "en-AU, de;q=0.1"), "en-US");
        assert_eq!(negotiate(None, "de;q=0, *"), "en-US");
        assert_eq!(negotiate(Some("de-de"), "en"), "de-DE");
        assert_eq!(negotiate(Some("xx"), ""), "en-US");
    }
}
