//! Every brand sheet keeps the contrast its contract promises, and sets nothing but the contract.

use std::collections::BTreeMap;

use vitrine_ui::tint::contrast;

fn rgb(hex: &str) -> [u8; 3] {
    let n = u32::from_str_radix(hex.trim().trim_start_matches('#'), 16).expect("a six-digit colour");
    [(n >> 16) as u8, (n >> 8) as u8, n as u8]
}

fn pairs(sheet: &str) -> BTreeMap<String, [[u8; 3]; 2]> {
    sheet
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": light-dark("))
        .filter_map(|(name, rest)| {
            let (light, dark) = rest.trim_end_matches([';', ')']).split_once(',')?;
            (light.starts_with('#')).then(|| (name.to_owned(), [rgb(light), rgb(dark)]))
        })
        .collect()
}

fn sheets() -> Vec<(String, String)> {
    let css = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/css");
    let mut out = vec![("tokens".to_owned(), std::fs::read_to_string(format!("{css}/tokens.css")).expect("tokens"))];
    for entry in std::fs::read_dir(format!("{css}/brands")).expect("brands") {
        let path = entry.expect("entry").path();
        let name = path.file_stem().expect("name").to_string_lossy().into_owned();
        out.push((name, std::fs::read_to_string(path).expect("sheet")));
    }
    out
}

#[test]
fn text_and_buttons_can_be_read_in_every_brand() {
    let all = sheets();
    let tokens = pairs(&all[0].1);
    assert!(all.len() >= 4, "the marketplace and three storefronts");
    for (name, sheet) in &all {
        let own = pairs(sheet);
        let get = |key: &str| *own.get(key).or_else(|| tokens.get(key)).unwrap_or_else(|| panic!("{name}: {key}"));
        for scheme in [0, 1] {
            let check = |a: &str, b: &str| {
                let ratio = contrast(get(a)[scheme], get(b)[scheme]);
                assert!(ratio >= 4.5, "{name} scheme {scheme}: {a} on {b} is {ratio:.2}");
            };
            check("brand-ink", "brand-ground");
            check("brand-accent", "brand-ground");
            check("brand-on-accent", "brand-accent");
            check("muted", "brand-ground");
            check("muted", "surface");
            check("muted", "sunken");
            check("bad", "brand-ground");
            check("good", "brand-ground");
            if own.contains_key("brand-hero-ground") {
                let ink = if own.contains_key("brand-hero-ink") { "brand-hero-ink" } else { "brand-ink" };
                check(ink, "brand-hero-ground");
            }
        }
    }
}

#[test]
fn a_brand_sets_only_the_contract() {
    for (name, sheet) in sheets().iter().skip(1) {
        assert!(sheet.contains(&format!("[data-brand=\"{name}\"]")), "{name} names itself");
        for line in sheet.lines().map(str::trim).filter(|l| l.contains(':') && l.ends_with(';')) {
            assert!(line.starts_with("--brand-"), "{name}: {line}");
        }
    }
}
