//! Every locale of a folder has the same messages with the same variables, each once; a locale that is based on another has only what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::client::{BASED, walk};

type Messages = BTreeMap<String, BTreeSet<String>>;

/// Findings in each folder whose sub-folders are locales.
pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in ["app/i18n", "server/locales", "server/ports/identity/locales", "server/ports/payments/locales"] {
        let dir = root.join(folder);
        if !dir.exists() {
            continue;
        }
        let mut locales = BTreeMap::new();
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let locale = entry.file_name().to_string_lossy().into_owned();
            let mut files = Vec::new();
            for file in walk(&entry.path())? {
                let name = file.strip_prefix(entry.path())?.to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(file)?));
            }
            found.extend(doubled(&files).into_iter().map(|f| format!("{folder}: {locale}: {f}")));
            let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
            locales.insert(locale, messages(&texts.join("\n")));
        }
        for (locale, base) in BASED {
            let (Some(own), Some(base)) = (locales.remove(locale), locales.get(base)) else { continue };
            found.extend(differs(locale, &own, base).into_iter().map(|f| format!("{folder}: {f}")));
        }
        found.extend(compare(&locales).into_iter().map(|f| format!("{folder}: {f}")));
    }
    Ok(found)
}

/// The message or term that a line begins.
fn begins(line: &str) -> Option<&str> {
    let starts = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
    line.split_once('=').filter(|_| starts).map(|(key, _)| key.trim())
}

/// Messages that a locale's files (name, text) have more than once: all of them are one bundle, in which the last of a name wins unseen.
fn doubled(files: &[(String, String)]) -> Vec<String> {
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    let mut found = Vec::new();
    for (name, text) in files {
        for (number, line) in text.lines().enumerate() {
            let Some(key) = begins(line) else { continue };
            let here = format!("{name}:{}", number + 1);
            match first.get(key) {
                Some(there) => found.push(format!("{key} is in {there} and {here}")),
                None => drop(first.insert(key, here)),
            }
        }
    }
    found
}

/// Message names (with attributes' variables counted to their message) and the variables they use.
fn messages(ftl: &str) -> Messages {
    let mut all = Messages::new();
    let mut current = None;
    for line in ftl.lines() {
        if let Some(key) = begins(line) {
            current = Some(key.to_owned());
            all.entry(key.to_owned()).or_default();
        } else if line.starts_with('#') {
            current = None;
        }
        let Some(variables) = current.as_ref().and_then(|key| all.get_mut(key)) else { continue };
        for part in line.split('$').skip(1) {
            variables
                .insert(part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect());
        }
    }
    all
}

/// What a locale that holds differences has beyond its base.
fn differs(locale: &str, own: &Messages, base: &Messages) -> Vec<String> {
    let fault = |(key, variables): (&String, &BTreeSet<String>)| match base.get(key) {
        None => Some(format!("{locale} has {key}, which its base lacks")),
        Some(there) if there != variables => Some(format!("{locale}: {key} has other variables")),
        Some(_) => None,
    };
    own.iter().filter_map(fault).collect()
}

fn compare(locales: &BTreeMap<String, Messages>) -> Vec<String> {
    let mut found = Vec::new();
    let keys: BTreeSet<&String> = locales.values().flat_map(Messages::keys).collect();
    for key in keys {
        let mut first: Option<&BTreeSet<String>> = None;
        for (locale, messages) in locales {
            match (messages.get(key), first) {
                (None, _) => found.push(format!("{locale} lacks {key}")),
                (Some(here), Some(other)) if here != other => {
                    found.push(format!("{locale}: {key} has other variables"))
                }
                (Some(here), _) => first = Some(here),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(en: &str, de: &str) -> Vec<String> {
        compare(&BTreeMap::from([("en-US".into(), messages(en)), ("de-DE".into(), messages(de))]))
    }

    #[test]
    fn missing_messages_and_other_variables_are_found() {
        let en = "a = A { $n }\nb =\n    { $x ->\n       *[other] y\n    }\n";
        assert_eq!(findings(en, en), Vec::<String>::new());
        assert_eq!(findings(en, "a = A { $n }\n"), ["de-DE lacks b"]);
        assert_eq!(findings(en, &en.replace("$x", "$z")).len(), 1);
        let differing = |own: &str| differs("en-GB", &messages(own), &messages(en));
        assert_eq!(differing("a = other { $n }\n"), Vec::<String>::new());
        assert_eq!(differing("c = new\n"), ["en-GB has c, which its base lacks"]);
        assert_eq!(differing("a = none\n"), ["en-GB: a has other variables"]);
    }

    #[test]
    fn a_message_that_a_locale_has_twice_is_found_in_one_file_and_across_them() {
        let of = |files: &[(&str, &str)]| {
            doubled(&files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<Vec<_>>())
        };
        let shop = "a = A { $n }\n    .title = T\n-term = V\n# a = comment\nb =\n    a = text\n    .title = T\n";
        assert_eq!(of(&[("shop.ftl", shop), ("desk.ftl", "c = C\n")]), Vec::<String>::new());
        assert_eq!(
            of(&[("shop.ftl", shop), ("desk.ftl", "c = C\na = again\n")]),
            ["a is in shop.ftl:1 and desk.ftl:2"]
        );
        assert_eq!(of(&[("shop.ftl", "a = A\n-t = B\na = A\n-t = B\n")]).len(), 2, "the same text too");
    }
}
