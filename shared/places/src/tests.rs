use proptest::prelude::*;
use regex_lite::Regex;

use super::*;

fn de() -> Address {
    Address {
        name: "Gast Muster".into(),
        line1: "Weg 1".into(),
        city: "Berlin".into(),
        postcode: "10115".into(),
        ..Address::default()
    }
}

fn faults(country: &str, address: &Address) -> Vec<(Field, Fault)> {
    check(country, address).err().into_iter().flatten().map(|f| (f.field, f.fault)).collect()
}

#[test]
fn every_country_has_a_form_whose_examples_pass() {
    let all: Vec<_> = countries().collect();
    assert_eq!(all.len(), 252);
    assert!(all.is_sorted());
    for country in all {
        let form = form_of(country);
        assert_eq!(form.country, country);
        let mut fields: Vec<Field> = form.fields.iter().map(|f| f.field).collect();
        assert!([Field::Name, Field::Line1, Field::Line2].iter().all(|f| fields.contains(f)), "{country}");
        fields.sort_unstable();
        fields.dedup();
        assert_eq!(fields.len(), form.fields.len(), "{country}: each once");
        let postcode = form.field(Field::Postcode);
        if let Some(pattern) = postcode.and_then(|f| f.pattern) {
            let whole = Regex::new(&format!("^(?:{pattern})$")).unwrap();
            for example in data::Row::of(country).examples() {
                assert!(whole.is_match(example), "{country} {example}");
                let typed = Address { postcode: example.to_lowercase(), ..Address::default() };
                assert!(
                    faults(country, &typed).iter().all(|(field, _)| *field != Field::Postcode),
                    "{country} {example}"
                );
            }
        }
        let shown = lines(country, &de());
        assert!(shown.iter().all(|l| !l.is_empty() && l.trim() == l), "{country} {shown:?}");
        assert!(shown.len() >= 3, "{country} {shown:?}");
    }
}

#[test]
fn every_region_is_found_by_each_of_its_names() {
    let mut count = 0;
    for country in countries() {
        let regions = form_of(country).field(Field::Region).map(|f| f.regions.clone()).unwrap_or_default();
        for region in &regions {
            count += 1;
            for name in [region.id(), region.name, region.latin, region.envelope, &format!("{country}-{}", region.id())]
            {
                let named = name.trim_start_matches(&format!("{country}-"));
                let found = region_of(country, if region.code.is_empty() { named } else { name });
                assert_eq!(found.map(|r| r.id()), Some(region.id()), "{country} {name}");
            }
            assert!(!region.id().is_empty() && !region.latin.is_empty(), "{country} {region:?}");
        }
        let mut ids: Vec<_> = regions.iter().map(|r| r.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), regions.len(), "{country}");
    }
    assert!(count > 900, "{count}");
    assert_eq!(region_of("US", "us-ca").map(|r| r.id()), Some("CA"));
    assert_eq!(region_of("US", "california").map(|r| r.id()), Some("CA"));
    assert_eq!(region_of("CA", "Québec").map(|r| r.id()), Some("QC"));
    assert_eq!(region_of("DE", "Berlin"), None);
}

#[test]
fn an_unknown_country_has_the_stated_default_form() {
    for unknown in ["", "QQ", "nowhere", "Ⅷ"] {
        let form = form_of(unknown);
        let fields: Vec<_> = form.fields.iter().map(|f| (f.field.name(), f.required)).collect();
        let stated = [("name", true), ("organisation", false), ("line1", true), ("line2", false), ("city", true)];
        assert_eq!((form.country, &fields[..]), ("ZZ", &stated[..]), "{unknown}");
    }
    assert_eq!(lines("QQ", &de()), ["Gast Muster", "Weg 1", "BERLIN", "QQ"]);
    assert_eq!(form_of("us"), form_of("US"));
}

#[test]
fn labels_and_order_follow_the_country() {
    let shown = |country: &str| form_of(country).fields.iter().map(|f| f.label.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!(shown("US"), "name organisation line1 line2 city-city region-state postcode-zip");
    assert_eq!(shown("GB"), "name organisation line1 line2 city-post-town postcode-postal");
    assert_eq!(shown("JP"), "postcode-postal region-prefecture line1 line2 organisation name");
    assert_eq!(shown("IE"), "name organisation line1 line2 part-townland city-city region-county postcode-eircode");
    assert_eq!(shown("DE"), "name organisation line1 line2 postcode-postal city-city");
    let digits = |country| form_of(country).field(Field::Postcode).unwrap().digits;
    assert!(digits("US") && digits("JP") && digits("PL") && !digits("GB") && !digits("LV"));
}

#[test]
fn postcodes_are_put_right_or_refused_with_an_example() {
    let right = |country: &str, typed: &str| {
        let address = Address { postcode: typed.into(), ..de() };
        match check(country, &address) {
            Ok(good) => Some(good.postcode),
            Err(faults) if faults.iter().any(|f| f.field == Field::Postcode) => None,
            Err(_) => Some("other".into()),
        }
    };
    for (country, typed, written) in [
        ("DE", " 10115 ", "10115"),
        ("DE", "D-10115", "10115"),
        ("DE", "10 115", "10115"),
        ("GB", "sw1a2aa", "SW1A 2AA"),
        ("GB", "m344ab", "M34 4AB"),
        ("GB", "bfpo61", "BFPO 61"),
        ("NL", "1012lg", "1012 LG"),
        ("PL", "31042", "31-042"),
        ("SE", "SE-111 22", "111 22"),
        ("SE", "11122", "11122"),
        ("CH", "CH 8001", "8001"),
        ("IE", "d02x285", "D02 X285"),
    ] {
        assert_eq!(right(country, typed).as_deref(), Some(written), "{country} {typed}");
    }
    for (country, typed) in [("DE", "1011"), ("DE", "CH-10115"), ("GB", "QQ1 1AA"), ("PL", "31/042"), ("NL", "0012 LG")]
    {
        assert_eq!(right(country, typed), None, "{country} {typed}");
    }
    let jp = Address { postcode: "１５４－００２３".into(), region: "東京都".into(), ..de() };
    assert_eq!(check("JP", &jp).unwrap().postcode, "154-0023");
    assert_eq!(
        faults("DE", &Address { postcode: "1".into(), ..de() }),
        [(Field::Postcode, Fault::Shape(Some("26133")))]
    );
    // Not every country asks for one, and what it does not ask for goes.
    assert_eq!(check("HK", &Address { region: "Kowloon".into(), ..de() }).unwrap().postcode, "");
}

#[test]
fn what_is_missing_is_named_in_the_order_of_the_form() {
    let missing = |country: &str| {
        let faults = faults(country, &Address::default());
        assert!(faults.iter().all(|(_, fault)| *fault == Fault::Missing), "{country}");
        faults.iter().map(|(field, _)| field.name()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(missing("US"), "name line1 city region postcode");
    assert_eq!(missing("IE"), "name line1 city");
    assert_eq!(missing("JP"), "postcode region line1 name");
    let us = Address { region: "Nowhere".into(), postcode: "94043".into(), ..de() };
    assert_eq!(faults("US", &us), [(Field::Region, Fault::Unknown)]);
}

#[test]
fn envelopes_follow_the_script_and_leave_no_stray_signs() {
    let tokyo = |name: &str, line1: &str| Address {
        name: name.into(),
        line1: line1.into(),
        region: "13".into(),
        postcode: "100-0001".into(),
        ..Address::default()
    };
    let own = lines("JP", &tokyo("山田太郎", "千代田区千代田1-1"));
    assert_eq!(own, ["〒100-0001", "東京都", "千代田区千代田1-1", "山田太郎", "JAPAN"]);
    let latin = lines("JP", &tokyo("Taro Yamada", "1-1 Chiyoda"));
    assert_eq!(latin, ["Taro Yamada", "1-1 Chiyoda, TOKYO", "100-0001", "JAPAN"]);
    let us = |city: &str, region: &str, postcode: &str| {
        let part = |t: &str| t.to_owned();
        let address =
            Address { city: part(city), region: part(region), postcode: part(postcode), ..Address::default() };
        lines("US", &address).remove(0)
    };
    assert_eq!(us("Rome", "California", "94043"), "ROME, CA 94043");
    assert_eq!(us("Rome", "", "94043"), "ROME, 94043");
    assert_eq!(us("", "CA", "94043"), "CA 94043");
    assert_eq!(us("", "", "94043"), "94043");
    assert_eq!(us("Rome", "", ""), "ROME");
    assert_eq!(us("Rome", "CA", ""), "ROME, CA");
    let ch = Address { postcode: String::new(), city: "Zürich".into(), ..Address::default() };
    assert_eq!(lines("CH", &ch), ["Zürich", "SWITZERLAND"]);
    assert_eq!(lines("CH", &Address { postcode: "8001".into(), ..ch }), ["CH-8001 Zürich", "SWITZERLAND"]);
    assert_eq!(lines("DE", &Address::default()), ["GERMANY"]);
    assert_eq!(lines("", &Address::default()), Vec::<String>::new());
}

fn any_address() -> impl Strategy<Value = Address> {
    let part = || prop_oneof!["\\PC{0,12}", "[0-9A-Za-z -]{0,9}", Just("CA".to_owned()), Just("10115".to_owned())];
    prop::collection::vec(part(), Field::ALL.len()).prop_map(|parts| {
        let mut address = Address::default();
        for (field, text) in Field::ALL.into_iter().zip(parts) {
            *address.get_mut(field) = text;
        }
        address
    })
}

proptest! {
    #[test]
    fn what_was_checked_is_checked_again_without_change(address in any_address(), at in 0usize..252) {
        let country = countries().nth(at).unwrap();
        let shown = lines(country, &address);
        prop_assert!(shown.iter().all(|l| !l.is_empty()));
        if let Ok(good) = check(country, &address) {
            prop_assert_eq!(check(country, &good), Ok(good.clone()));
            prop_assert!(good.name == good.name.trim());
            let form = form_of(country);
            for field in Field::ALL {
                prop_assert!(form.field(field).is_some() || good.get(field).is_empty());
            }
        }
    }
}

#[test]
fn a_letter_is_written_as_it_was_typed_in_the_order_of_the_country() {
    let typed = Address {
        name: "Gast Muster".into(),
        line1: "Weg 1".into(),
        city: "Berlin".into(),
        postcode: " d-10115".into(),
        ..Address::default()
    };
    assert_eq!(letter("DE", &typed, "Deutschland"), ["Gast Muster", "Weg 1", "10115 Berlin", "Deutschland"]);
    let us = Address { region: "california".into(), city: "Rome".into(), postcode: "94043".into(), ..typed.clone() };
    assert_eq!(letter("us", &us, "United States"), ["Gast Muster", "Weg 1", "Rome, CA 94043", "United States"]);
    // What is no postcode there stays as it is: files are sold all the same.
    let odd = Address { postcode: "1011".into(), ..typed };
    assert_eq!(letter("DE", &odd, "Germany")[2], "1011 Berlin");
}
