//! Judges nobody here wrote: Mustang for the XML (EN 16931 schematron), veraPDF for the files (PDF/A-3b, PDF/UA-1).
//!
//! They are Java archives in `judges/` below `VITRINE_TEST_PEERS` (`cargo xtask setup --peers`). Without the variable nothing is judged; with
//! it, a judge that is missing is a failure. Starting Java costs seconds: each judge sees all files in one run.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use vitrine_einvoice::{Fonts, Weight, pdf, xml};

const MUSTANG: &str = "Mustang-CLI-2.26.0.jar";
const VERAPDF: &str = "cli-1.30.2.jar";

/// The judge's archive; `None`: nobody asked for judges.
fn judge(name: &str) -> Option<PathBuf> {
    let jar = PathBuf::from(std::env::var_os("VITRINE_TEST_PEERS")?).join("judges").join(name);
    assert!(jar.is_file(), "{} is missing: run `cargo xtask setup --peers`", jar.display());
    Some(jar)
}

fn java(jar: &Path, words: &[&str]) -> String {
    let out = Command::new("java").arg("-jar").arg(jar).args(words).output().expect("java starts");
    let text = [out.stdout, out.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    text.join("\n")
}

/// What Mustang says of each file of a folder, by its name: valid or not, and which rules failed.
fn mustang(jar: &Path, folder: &Path) -> BTreeMap<String, (bool, String)> {
    let folder = folder.to_str().unwrap();
    let said = java(jar, &["--disable-file-logging", "--action", "validateExpectValid", "--no-notices", "-d", folder]);
    let (mut rules, mut found) = (String::new(), BTreeMap::new());
    for line in said.lines() {
        if let Some((_, ids)) = line.split_once("ErrorIDs: ") {
            rules.push_str(ids);
        }
        let Some((_, rest)) = line.split_once("Testing file ") else { continue };
        let (verdict, path) = rest.split_once('(').unwrap();
        let name = Path::new(path.trim_end().trim_end_matches(')')).file_stem().unwrap().to_str().unwrap();
        let valid = verdict.split_whitespace().last() == Some("valid");
        found.insert(name.to_owned(), (valid, std::mem::take(&mut rules)));
    }
    assert!(!found.is_empty(), "{said}");
    found
}

/// What veraPDF says of each file of a folder.
fn verapdf(jar: &Path, flavour: &str, files: &[PathBuf]) -> BTreeMap<String, bool> {
    let mut words = vec!["--flavour", flavour, "--format", "text"];
    words.extend(files.iter().map(|f| f.to_str().unwrap()));
    let said = java(jar, &words);
    let verdicts = said.lines().filter_map(|line| {
        let mut parts = line.split_whitespace();
        let pass = match parts.next()? {
            "PASS" => true,
            "FAIL" => false,
            _ => return None,
        };
        Some((Path::new(parts.next()?).file_stem()?.to_str()?.to_owned(), pass))
    });
    let found: BTreeMap<_, _> = verdicts.collect();
    assert_eq!(found.len(), files.len(), "{said}");
    found
}

/// Between two marks, both included.
fn without(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap();
    let end = start + text[start..].find(to).unwrap() + to.len();
    format!("{}{}", &text[..start], &text[end..])
}

#[test]
fn mustang_takes_every_document_and_refuses_planted_faults() {
    let Some(jar) = judge(MUSTANG) else { return };
    let folder = TempDir::new().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(format!("{name}.xml")), text).unwrap();
    let documents = common::expressible_ones();
    for (name, doc) in &documents {
        put(name, &xml(doc).unwrap());
    }
    let good = xml(&common::domestic()).unwrap();
    let owed = xml(&common::reverse_charge()).unwrap();
    let supply = xml(&common::intra_community()).unwrap();
    let (buyer_at, _) = owed.match_indices("<ram:SpecifiedTaxRegistration>").nth(1).unwrap();
    let tax = "ram:SpecifiedTaxRegistration";
    let faults = [
        ("wrong-total", "BR-CO-15", good.replace("GrandTotalAmount>209.69", "GrandTotalAmount>209.70")),
        ("wrong-line", "BR-CO-10", good.replacen("LineTotalAmount>43.74", "LineTotalAmount>44.74", 1)),
        ("wrong-tax", "BR-CO-14", good.replace("CalculatedAmount>24.15", "CalculatedAmount>23.15")),
        ("seller-without-id", "BR-S-02", without(&good, &format!("<{tax}>"), &format!("</{tax}>"))),
        (
            "buyer-without-id",
            "BR-AE-02",
            format!("{}{}", &owed[..buyer_at], without(&owed[buyer_at..], &format!("<{tax}>"), &format!("</{tax}>"))),
        ),
        (
            "no-day-of-supply",
            "BR-IC-11",
            without(&supply, "<ram:ActualDeliverySupplyChainEvent>", "</ram:ActualDeliverySupplyChainEvent>"),
        ),
    ];
    for (name, _, text) in &faults {
        put(name, text);
    }
    let said = mustang(&jar, folder.path());
    assert_eq!(said.len(), documents.len() + faults.len());
    for (name, _) in &documents {
        assert!(said[*name].0, "{name}: {:?}", said[*name]);
    }
    for (name, rule, _) in &faults {
        let (valid, rules) = &said[*name];
        assert!(!valid && rules.contains(rule), "{name}: {rules}");
    }
}

#[test]
fn mustang_finds_the_invoice_inside_the_file() {
    let Some(jar) = judge(MUSTANG) else { return };
    let folder = TempDir::new().unwrap();
    let fonts = Fonts::built_in().unwrap();
    for (name, doc) in
        [("domestic", common::domestic()), ("credit_note", common::credit_note()), ("sales_tax", common::sales_tax())]
    {
        let made = pdf(&doc, &common::labels(&doc.language), &fonts).unwrap();
        std::fs::write(folder.path().join(format!("{name}.pdf")), made.bytes).unwrap();
    }
    let said = mustang(&jar, folder.path());
    assert!(said["domestic"].0 && said["credit_note"].0, "{said:?}");
    // Sales tax has no EN 16931 form: the file holds none.
    assert!(!said["sales_tax"].0, "{said:?}");
}

/// The file with one of its names overwritten, its length the same.
fn spoilt(bytes: &[u8], what: &str) -> Vec<u8> {
    let at = bytes.windows(what.len()).rposition(|w| w == what.as_bytes()).unwrap_or_else(|| panic!("no {what}"));
    let mut out = bytes.to_vec();
    out[at + 1..at + 4].copy_from_slice(b"Xxx");
    out
}

#[test]
fn verapdf_takes_every_file_and_refuses_what_was_stripped() {
    let Some(jar) = judge(VERAPDF) else { return };
    let folder = TempDir::new().unwrap();
    let fonts = Fonts::built_in().unwrap();
    let mut files = Vec::new();
    let mut put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(format!("{name}.pdf"));
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    };
    for (name, doc) in common::expressible_ones().into_iter().chain(common::others()) {
        put(name, &pdf(&doc, &common::labels(&doc.language), &fonts).unwrap().bytes);
    }
    let hebrew = include_bytes!("fonts/NotoSansHebrew-Regular.ttf").to_vec();
    let more = fonts.clone().with(hebrew, 0, Weight::Regular).unwrap();
    put("hebrew", &pdf(&common::hebrew(), &common::labels("en"), &more).unwrap().bytes);
    let good = pdf(&common::domestic(), &common::labels("de"), &fonts).unwrap().bytes;
    put("no-metadata", &spoilt(&good, "/Metadata"));
    put("no-tags", &spoilt(&good, "/StructTreeRoot"));
    for (flavour, faulty) in [("3b", &["no-metadata"][..]), ("ua1", &["no-metadata", "no-tags"])] {
        for (name, pass) in verapdf(&jar, flavour, &files) {
            // A file without tags is still PDF/A-3b: that level asks for none.
            assert_eq!(pass, !faulty.contains(&name.as_str()), "{name} as {flavour}");
        }
    }
}
