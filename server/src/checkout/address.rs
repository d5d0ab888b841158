//! Where it goes, by the rules of its country: what is asked, what is wrong with it, how it is written.
//!
//! Without a parcel only what tax needs is asked, and only that is refused.

use vitrine_places::{Address, AddressForm, Fault, Field, FieldForm, Region};
use vitrine_pricing::quote::MOST_PLACE_BYTES;
use vitrine_pricing::territory;
use vitrine_shared::views::trade::{CartView, CheckoutForm, NOT_TO_PLACE, PLACE_WANTED, PlaceField};

use super::store::Person;
use crate::cart::view::taxed_by_region;

/// What a form says of where it goes.
fn typed(form: &CheckoutForm) -> Address {
    let mut address = Address::default();
    for field in Field::ALL {
        text(form, field).clone_into(address.get_mut(field));
    }
    address
}

fn text(form: &CheckoutForm, field: Field) -> &str {
    match field {
        Field::Name => &form.name,
        Field::Organisation => &form.organisation,
        Field::Line1 => &form.line1,
        Field::Line2 => &form.line2,
        Field::DependentLocality => &form.dependent_locality,
        Field::City => &form.city,
        Field::Region => &form.region,
        Field::Postcode => &form.postcode,
        Field::SortingCode => &form.sorting_code,
    }
}

/// More than the country is asked there even for files: tax may come to depend on it.
fn finer(country: &str) -> bool {
    taxed_by_region(country) || matches!(country, "AU" | "IN" | "BR" | "MX")
}

/// The code of the region that was typed, or what was typed where no list knows it; where tax goes by it, only what the list knows:
/// another country's region is none.
pub(super) fn region(form: &CheckoutForm) -> Option<String> {
    let typed = form.region.trim();
    let known = vitrine_places::region_of(&form.country, typed).map(|r| r.id().to_owned());
    let free = is_place(typed) && territory::has_region(&form.country.to_ascii_uppercase(), typed).is_none();
    known.or_else(|| free.then(|| typed.to_owned()))
}

/// The postcode as its country writes it, for what tax reads; what was typed where it is none of the country's.
pub(super) fn postcode(form: &CheckoutForm) -> Option<String> {
    let typed = form.postcode.trim();
    let known = vitrine_places::postcode_of(&form.country, typed);
    known.or_else(|| is_place(typed).then(|| typed.to_owned()))
}

/// All that a form says of the address, for a service that works taxes out by street.
pub(super) fn for_tax(form: &CheckoutForm) -> vitrine_tax::Address {
    let text = |typed: &str| typed.trim().to_owned();
    vitrine_tax::Address {
        line1: text(&form.line1),
        line2: text(&form.line2),
        city: text(&form.city),
        region: region(form).unwrap_or_default(),
        postcode: postcode(form).unwrap_or_default(),
        country: form.country.to_ascii_uppercase(),
    }
}

/// Whether tax may read it; what is longer names no place.
fn is_place(typed: &str) -> bool {
    (1..=MOST_PLACE_BYTES).contains(&typed.len())
}

/// What is wrong with it: field and key of the fault.
pub(super) fn faults(form: &CheckoutForm, parcel: bool) -> Vec<(&'static str, &'static str)> {
    let country = form.country.to_ascii_uppercase();
    if !parcel {
        let known = || vitrine_places::region_of(&country, &form.region).is_some();
        let lacks = taxed_by_region(&country) && !known();
        return if lacks { vec![(Field::Region.name(), "fault-region")] } else { Vec::new() };
    }
    let Err(faults) = vitrine_places::check(&country, &typed(form)) else { return Vec::new() };
    let rules = vitrine_places::form_of(&country);
    let chosen = |field: Field| rules.field(field).is_some_and(|f| !f.regions.is_empty());
    let code = |field: Field, fault: Fault| match fault {
        Fault::Shape(_) => "fault-postcode",
        Fault::Unknown => "fault-region",
        Fault::Missing if chosen(field) => "fault-region",
        Fault::Missing => "fault-empty",
    };
    faults.into_iter().map(|f| (f.field.name(), code(f.field, f.fault))).collect()
}

/// Says at the fields of the place what keeps a cart's parcels from being sent: that they are not sent there and, if it `asks` for all, what
/// decides and was not said.
pub(super) fn unsent(form: &CheckoutForm, cart: &CartView, asks: bool, faults: &mut Vec<(String, String)>) {
    let troubles = cart.sellers.iter().flat_map(|part| &part.lines).filter_map(|line| line.trouble.as_deref());
    let troubles: Vec<&str> = troubles.collect();
    let (elsewhere, open) = (troubles.contains(&NOT_TO_PLACE), asks && troubles.contains(&PLACE_WANTED));
    if !elsewhere && !open {
        return;
    }
    let rules = vitrine_places::form_of(&form.country.to_ascii_uppercase());
    for (field, said) in [(Field::Region, region(form)), (Field::Postcode, postcode(form))] {
        let Some(rules) = rules.field(field) else { continue };
        let code = match said {
            Some(_) if elsewhere => "fault-not-sent",
            None if open && rules.regions.is_empty() => "fault-empty",
            None if open => "fault-region",
            _ => continue,
        };
        if !faults.iter().any(|(faulty, _)| faulty == field.name()) {
            faults.push((field.name().to_owned(), code.to_owned()));
        }
    }
}

/// What a form says of the buyer: the address as it goes on a parcel and, in the language of a BCP 47 tag, on an invoice.
pub(super) fn said(form: &CheckoutForm, tag: &str) -> Person {
    let typed = typed(form);
    let country = vitrine_places::country_name(&form.country, tag).unwrap_or(&form.country);
    let letter = vitrine_places::letter(&form.country, &typed, country);
    // Files go nowhere: what was said beside is written down as it is.
    let address = vitrine_places::check(&form.country, &typed).unwrap_or(typed);
    Person {
        email: form.email.trim().to_owned(),
        name: form.name.trim().to_owned(),
        address: vitrine_places::lines(&form.country, &address),
        named: true,
        letter,
        company: if form.business { form.organisation.trim().to_owned() } else { String::new() },
        ..Person::default()
    }
}

/// The fields to ask for, the name first, and the regions to choose from: code and name.
pub(super) fn fields(form: &CheckoutForm, parcel: bool) -> (Vec<PlaceField>, Vec<(String, String)>) {
    let country = form.country.to_ascii_uppercase();
    let rules = vitrine_places::form_of(&country);
    let for_tax = |field: Field| match field {
        Field::Region => finer(&country),
        Field::Postcode => finer(&country) || territory::has_parts(&country),
        _ => false,
    };
    let asked = |f: &&FieldForm| parcel || for_tax(f.field);
    // Who comes first everywhere, also where envelopes end with it.
    let (first, rest): (Vec<_>, Vec<_>) = rules.fields.iter().filter(asked).partition(|f| f.field == Field::Name);
    let fields = first.into_iter().chain(rest).map(|f| field(form, &country, parcel, f)).collect();
    let regions = regions(&rules).map(|r| (r.id().to_owned(), named(&r))).collect();
    (fields, regions)
}

fn regions(rules: &AddressForm) -> impl Iterator<Item = Region> + '_ {
    rules.field(Field::Region).into_iter().flat_map(|f| f.regions.iter().copied())
}

/// A region for readers of either script.
fn named(region: &Region) -> String {
    if region.latin == region.name { region.name.to_owned() } else { format!("{} · {}", region.latin, region.name) }
}

fn field(form: &CheckoutForm, country: &str, parcel: bool, rules: &FieldForm) -> PlaceField {
    let value = match rules.field {
        // A list knows it by its code, however it was typed.
        Field::Region => region(form).unwrap_or_default(),
        other => text(form, other).to_owned(),
    };
    PlaceField {
        name: rules.field.name().to_owned(),
        label: format!("place-{}", rules.label),
        value,
        required: if parcel {
            // A business's name is asked for when it is sent: who unticks "business" again must not be stopped by their own browser.
            rules.required
        } else {
            rules.field == Field::Region && taxed_by_region(country)
        },
        example: rules.example.map(str::to_owned),
        digits: rules.digits,
        hint: (rules.field == Field::Postcode && territory::has_parts(country))
            .then(|| "place-postcode-tax".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Shop};

    fn form(country: &str) -> CheckoutForm {
        CheckoutForm { country: country.into(), ..testing::form() }
    }

    fn names(country: &str, parcel: bool) -> String {
        let (fields, _) = fields(&form(country), parcel);
        let words = fields.iter().map(|f| format!("{}{}", f.name, if f.required { "!" } else { "" }));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_asked_follows_the_country_with_the_name_first() {
        assert_eq!(names("DE", true), "name! organisation line1! line2 postcode! city!");
        assert_eq!(names("US", true), "name! organisation line1! line2 city! region! postcode!");
        assert_eq!(names("JP", true), "name! postcode! region! line1! line2 organisation");
        assert_eq!(names("IE", true), "name! organisation line1! line2 dependent_locality city! region postcode");
        let (fields, regions) = fields(&form("US"), true);
        let postcode = fields.iter().find(|f| f.name == "postcode").unwrap();
        assert_eq!((postcode.label.as_str(), postcode.digits), ("place-postcode-zip", true));
        assert_eq!(postcode.example.as_deref(), Some("95014"));
        assert!(regions.contains(&("CA".into(), "California".into())));
        assert!(super::fields(&form("JP"), true).1.contains(&("13".into(), "Tokyo · 東京都".into())));
    }

    #[test]
    fn files_ask_for_no_more_than_tax_needs() {
        assert_eq!(names("NL", false), "");
        assert_eq!(names("ES", false), "postcode");
        assert_eq!(names("US", false), "region! postcode");
        assert_eq!(names("AU", false), "region postcode");
        let nothing = |country: &str| CheckoutForm { country: country.into(), ..CheckoutForm::default() };
        assert_eq!(faults(&nothing("DE"), false), []);
        assert_eq!(faults(&nothing("AU"), false), []);
        assert_eq!(faults(&nothing("CA"), false), [("region", "fault-region")]);
        let typed = |region: &str| CheckoutForm { region: region.into(), ..nothing("US") };
        assert_eq!(faults(&typed("Nowhere"), false), [("region", "fault-region")]);
        for known in ["NY", "new york", " US-NY "] {
            assert_eq!(faults(&typed(known), false), [], "{known}");
            assert_eq!(region(&typed(known)).as_deref(), Some("NY"));
        }
        // Typed for Canada and carried over: the United States ask anew.
        assert_eq!(region(&typed("ON")), None);
        let indian = |region: &str| super::region(&CheckoutForm { region: region.into(), ..nothing("IN") });
        assert_eq!((indian("Maharashtra").as_deref(), indian("Bombay")), (Some("MH"), None));
        let posted =
            |country: &str, typed: &str| postcode(&CheckoutForm { postcode: typed.into(), ..nothing(country) });
        assert_eq!(posted("PT", "９５００-３２１").as_deref(), Some("9500-321"));
        assert_eq!(posted("DE", " anywhere ").as_deref(), Some("anywhere"));
        assert_eq!(posted("DE", " "), None);
        assert_eq!(posted("DE", &"x".repeat(65)), None, "nothing that tax would read");
        let long = CheckoutForm { region: "x".repeat(65), ..nothing("DE") };
        assert_eq!(region(&long), None);
        // A postcode of files is nobody's to refuse.
        assert_eq!(faults(&CheckoutForm { postcode: "x".into(), ..typed("NY") }, false), []);
    }

    #[test]
    fn faults_of_a_parcel_name_what_to_do() {
        let nothing = |country: &str| CheckoutForm { country: country.into(), ..CheckoutForm::default() };
        let us = [
            ("name", "fault-empty"),
            ("line1", "fault-empty"),
            ("city", "fault-empty"),
            ("region", "fault-region"),
            ("postcode", "fault-empty"),
        ];
        assert_eq!(faults(&nothing("US"), true), us);
        assert_eq!(
            faults(&CheckoutForm { postcode: "1011".into(), ..form("DE") }, true),
            [("postcode", "fault-postcode")]
        );
        assert_eq!(faults(&CheckoutForm { postcode: String::new(), ..form("IE") }, true), []);
        assert_eq!(
            faults(&CheckoutForm { region: "Nowhere".into(), postcode: String::new(), ..form("AE") }, true),
            [("region", "fault-region")]
        );
    }

    #[test]
    fn what_is_said_goes_on_a_parcel_and_older_orders_are_read_as_they_were() {
        let us =
            CheckoutForm { city: "Rome".into(), region: "california".into(), postcode: "94043".into(), ..form("us") };
        let lines = ["Gast Muster", "Weg 1", "ROME, CA 94043", "UNITED STATES"];
        assert_eq!(said(&us, "en-US").envelope(), lines);
        let billed = ["Gast Muster", "Weg 1", "Rome, CA 94043", "Vereinigte Staaten", "Gast.Muster@Example.org"];
        assert_eq!(said(&us, "de-DE").billed(), billed);
        // For files there may be nothing but the country, or what tax asked for.
        let files = CheckoutForm { country: "US".into(), region: "CA".into(), ..CheckoutForm::default() };
        assert_eq!(said(&files, "en-US").envelope(), ["CA", "UNITED STATES"]);
        let older = r#"{"email":"a@example.org","name":"Gast Muster","address":["Weg 1","10115 Berlin","DE"]}"#;
        let older: Person = serde_json::from_str(older).unwrap();
        assert_eq!(older.envelope(), ["Gast Muster", "Weg 1", "10115 Berlin", "DE"]);
        assert_eq!(older.billed(), ["Gast Muster", "Weg 1", "10115 Berlin", "DE", "a@example.org"]);
    }

    #[tokio::test]
    async fn a_parcel_goes_where_its_country_says_and_not_before() {
        let shop = Shop::open().await;
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let mut placing = shop.placing(&ctx, "parcel").await;
        placing.form.postcode = "101156".into();
        let refused = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
        assert_eq!((refused.status, refused.fields.len()), (422, 1));
        assert_eq!(refused.fields.get("postcode").map(String::as_str), Some("fault-postcode"));
        placing.form.postcode = " d-10115".into();
        placing.form.organisation = "Muster & Co.".into();
        // Germany has no field for it.
        placing.form.region = "Nowhere".into();
        let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
        let person = shop.checkouts.order_person(&order).await.unwrap().unwrap();
        assert_eq!(person.name, "Gast Muster");
        assert_eq!(person.envelope(), ["Gast Muster", "Muster & Co.", "Weg 1", "10115 BERLIN", "GERMANY"]);
    }

    #[tokio::test]
    async fn where_tax_needs_the_region_the_checkout_asks_for_it_before_it_says_a_total() {
        let shop = Shop::open().await;
        let there = crate::ctx::OpCtx { market: "us".into(), country: "US".into(), ..shop.guest() };
        let ctx = shop.fill(&there, &["Harbour Lights"]).await;
        let cart = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((cart.ready, cart.waits_for_region()), (false, true), "the way to the checkout is open");
        let mut placing = shop.placing(&ctx, "region").await;
        placing.form = form("US");
        let refused = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
        assert_eq!(refused.fields.get("region").map(String::as_str), Some("fault-region"));
        placing.form.region = "New York".into();
        let typed = super::super::Typed { form: placing.form.clone(), ..super::super::Typed::default() };
        shop.checkouts.keep_form(&ctx, &typed).await.unwrap();
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert_eq!((view.cart.ready, view.cart.waits_for_region()), (true, false));
        placing.seen_minor = view.cart.total_minor;
        shop.checkouts.place(&ctx, &placing).await.unwrap();
    }

    #[tokio::test]
    async fn the_page_asks_as_the_chosen_country_does() {
        let shop = Shop::open().await;
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let typed = super::super::Typed { form: form("IE"), ..super::super::Typed::default() };
        shop.checkouts.keep_form(&ctx, &typed).await.unwrap();
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        let labels: Vec<&str> = view.fields.iter().map(|f| f.label.as_str()).collect();
        assert_eq!(
            labels[4..],
            ["place-part-townland", "place-city-city", "place-region-county", "place-postcode-eircode"]
        );
        assert_eq!(view.regions.len(), 26);
        let files = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        let fields = shop.checkouts.checkout_view(&files).await.unwrap().fields;
        assert_eq!(fields.iter().map(|f| (f.name.as_str(), f.required)).collect::<Vec<_>>(), [("postcode", false)]);
    }

    /// Case 16, as a shop asks it: files go nowhere, and yet their tax is that of the islands.
    #[tokio::test]
    async fn case_16_a_postcode_of_a_special_territory_decides_the_tax_of_files() {
        let shop = Shop::open().await;
        let there = crate::ctx::OpCtx { country: "ES".into(), ..shop.guest() };
        let ctx = shop.fill(&there, &["Harbour Lights"]).await;
        let mut taxes = Vec::new();
        for (n, postcode) in ["28013", "38001", ""].into_iter().enumerate() {
            let typed = CheckoutForm { postcode: postcode.into(), ..form("ES") };
            shop.checkouts
                .keep_form(&ctx, &super::super::Typed { form: typed.clone(), ..Default::default() })
                .await
                .unwrap();
            let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
            assert_eq!(view.fields[0].hint.as_deref(), Some("place-postcode-tax"));
            let mut placing = shop.placing(&ctx, &format!("islands-{n}")).await;
            placing.form = typed;
            placing.seen_minor = view.cart.total_minor;
            let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
            let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
            let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
            taxes.push((order.quote.totals.tax.minor() > 0, checkout.total_minor));
        }
        assert!(taxes[0].0 && !taxes[1].0, "{taxes:?}");
        assert_eq!(taxes[0], taxes[2], "who says nothing is on the mainland");
    }
}
