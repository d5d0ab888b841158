//! Every locale of a folder has the same messages with the same variables; a locale that is based on another has only what differs.

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
            let mut text = String::new();
            for file in walk(&entry.path())? {
                text.push_str(&fs::read_to_string(file)?);
                text.push('\n');
            }
            locales.insert(entry.file_name().to_string_lossy().into_owned(), messages(&text));
        }
        for (locale, base) in BASED {
            let (Some(own), Some(base)) = (locales.remove(locale), locales.get(base)) else { continue };
            found.extend(differs(locale, &own, base).into_iter().map(|f| format!("{folder}: {f}")));
        }
        found.extend(compare(&locales).into_iter().map(|f| format!("{folder}: {f}")));
    }
    Ok(found)
}

/// Message names (with attributes' variables counted to their message) and the variables they use.
fn messages(ftl: &str) -> Messages {
    let mut all = Messages::new();
    let mut current = None;
    for line in ftl.lines() {
        let starts = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
        if let Some((key, _)) = line.split_once('=').filter(|_| starts) {
            current = Some(key.trim().to_owned());
            all.entry(key.trim().to_owned()).or_default();
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
}
