//! Words of law on documents: orders of a shop, some of them told otherwise, and what their documents say.

use vitrine_einvoice::Category;
use vitrine_pricing::quote::{StepKind, TaxIdState};
use vitrine_pricing::refund::RefundWish;
use vitrine_pricing::tax::TaxStatus;
use vitrine_shared::views::trade::CheckoutForm;

use super::papers::speaks_of;
use super::tests::{invoiced_for, printed};
use super::*;
use crate::checkout::{Placing, Typed};
use crate::testing::{self, Shop};

const STATES: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

async fn sold(shop: &Shop) -> Order {
    let (_, _, id) = invoiced_for(shop, "Harbour Lights").await;
    let order = shop.invoices.get(&id).await.unwrap().unwrap().order;
    shop.checkouts.order(&order).await.unwrap().unwrap()
}

/// The same order as if tax had been decided like this for a buyer there.
fn told(order: &Order, status: TaxStatus, reason: &str, country: &str) -> Order {
    let mut order = Order { country: country.to_owned(), ..order.clone() };
    for line in &mut order.quote.lines {
        line.tax_status = status;
    }
    for step in order.quote.explain.iter_mut().filter(|step| step.kind == StepKind::Treatment) {
        step.rule = reason.to_owned();
    }
    order
}

fn seller(country: &str, tax_ids: &[&str]) -> LegalEntity {
    let legal = json!({ "name": "N", "address": ["A"], "country": country, "email": "n@example.org",
        "invoice_prefix": "N", "tax_ids": tax_ids });
    serde_json::from_value(legal).unwrap()
}

/// Ids and texts of a document's notes.
fn said(legal: &LegalEntity, order: &Order, languages: &[&str]) -> Vec<(String, String)> {
    legal::notes(legal, order, None, languages).into_iter().map(|note| (note.id, note.text)).collect()
}

#[tokio::test]
async fn a_small_seller_names_a_number_of_the_union_only_where_it_has_one() {
    let order = sold(&Shop::open().await).await;
    for state in STATES.split(' ') {
        let small = |country: &str| told(&order, TaxStatus::NotRegistered, "small_seller", country);
        let abroad = if state == "FR" { "DE" } else { "FR" };
        let letters = if state == "GR" { "EL" } else { state };
        let own = format!("{letters}123456789-EX");
        let note = |tax_ids: &[&str], country: &str| {
            let mut all = said(&seller(state, tax_ids), &small(country), &["en-US"]);
            assert_eq!(all.len(), 1, "{state}");
            all.remove(0)
        };
        // Without such a number: its own state's words, or what is true in every state that has the scheme.
        let home = note(&[], state);
        let expected = if state == "CY" { "EU-en-small_business" } else { state };
        assert!(home.0.starts_with(expected) && home.0.ends_with("-small_business"), "{state}: {home:?}");
        assert!(!home.1.contains("EX"), "{home:?}");
        assert_eq!(note(&["123456789"], abroad), home, "below the threshold it is a sale of its own state");
        assert_eq!(note(&["XX123456789EX", "EX", "123456EX"], abroad), home, "numbers of somebody else");
        // With one: at home the same, abroad by that number.
        assert_eq!(note(&[&own], state), home);
        assert_eq!(note(&[&own], "GB"), home, "the scheme ends with the Union");
        let (id, text) = note(&["12/345", &own], abroad);
        assert_eq!(id, "EU-en-small_business_union");
        assert!(text.contains("Article 284") && text.ends_with(&own), "{text}");
        // A reason in words is all that EN 16931 asks of what is exempt.
        for id in [&home.0, &id] {
            assert!(speaks_of(id, Category::E) && !speaks_of(id, Category::O), "{id}");
        }
    }
    let small = told(&order, TaxStatus::NotRegistered, "small_seller", "FR");
    let of_ex = |order: &Order| said(&seller("DE", &["DE123456789EX"]), order, &["de-DE"]).remove(0).0;
    // A business with a confirmed number buys where the seller is; Monaco is France.
    let mut firm = small.clone();
    firm.tax.business = true;
    for (state, id) in
        [(TaxIdState::Valid, "DE-de-small_business"), (TaxIdState::Invalid, "EU-de-small_business_union")]
    {
        firm.tax.id_state = state;
        assert_eq!(of_ex(&firm), id, "{state:?}");
    }
    assert_eq!(of_ex(&Order { country: "MC".into(), ..small.clone() }), "EU-de-small_business_union");
    let german = said(&seller("AT", &["ATU12345678EX"]), &small, &["de-DE"]);
    assert_eq!(german[0].0, "EU-de-small_business_union");
    assert!(said(&seller("GB", &["GB123456789EX"]), &small, &["en-GB"]).is_empty(), "who is not of the Union");
}

#[tokio::test]
async fn a_note_is_in_the_language_of_the_document_else_in_the_sellers() {
    let order = sold(&Shop::open().await).await;
    let id = |seller: &LegalEntity, order: &Order, languages: &[&str]| said(seller, order, languages).remove(0).0;
    let oss = told(&order, TaxStatus::Taxed, "oss", "FR");
    for (languages, row) in [
        (&["de-DE", "fr-FR"], "EU-de-oss"),
        (&["fr-FR", "de-DE"], "EU-fr-oss"),
        (&["en-GB", "de-DE"], "EU-en-oss"),
        (&["it", "fr"], "EU-fr-oss"),
    ] {
        assert_eq!(id(&seller("DE", &[]), &oss, languages), row);
    }
    let reverse = told(&order, TaxStatus::ReverseCharged, "reverse_charge_art_196", "FR");
    let belgian = seller("BE", &[]);
    assert_eq!(id(&belgian, &reverse, &["en-US", "nl-BE"]), "BE-nl-reverse_charge_service");
    assert_eq!(id(&belgian, &reverse, &["fr-FR", "nl-BE"]), "BE-fr-reverse_charge_service");
    assert_eq!(id(&belgian, &reverse, &["en-US", ""]), "BE-fr-reverse_charge_service");
    let swiss = told(&order, TaxStatus::ReverseCharged, "reverse_charge_recipient", "CH");
    assert_eq!(id(&seller("US", &[]), &swiss, &["fr-FR", "en-US"]), "CH-fr-reverse_charge_service");
}

#[tokio::test]
async fn who_is_registered_in_au_nz_or_sg_reads_words_of_that_law_alone() {
    let order = sold(&Shop::open().await).await;
    for country in ["AU", "NZ", "SG"] {
        let there = told(&order, TaxStatus::OutsideScope, "registered_recipient", country);
        for home in ["DE", "FR", "US", "GB", "JP"] {
            let notes = said(&seller(home, &["DE123456789"]), &there, &["de-DE"]);
            assert_eq!(notes.len(), 1, "{home} {notes:?}");
            assert_eq!(notes[0].0, format!("{country}-en-registered_recipient"), "{home}");
            assert!(notes[0].1.starts_with("GST not charged") && !notes[0].1.contains('…'), "{notes:?}");
            assert!(speaks_of(&notes[0].0, Category::O) && !speaks_of(&notes[0].0, Category::AE));
        }
    }
}

/// Sells files from Germany: as a seller of the one-stop shop, and as one too small for tax who also sells abroad.
fn rows() -> String {
    let seller = |name: &str, tax_ids: &[&str], registrations: &[&str]| {
        let legal = json!({ "name": format!("{name} GmbH"), "address": ["Weg 2", "20457 Hamburg"], "country": "DE",
            "email": "shop@words.example", "tax_ids": tax_ids, "invoice_prefix": name.to_uppercase(), "registrations": registrations });
        let prices = json!([{ "region": "world", "currency": "USD", "minor": 900 }, { "region": "eu", "currency": "EUR", "minor": 800 }]);
        [
            json!({ "type": "tenant", "ref": name, "name": name, "legal": legal, "currency": "EUR", "locale": "de-DE", "fee_bps": 1000 }),
            json!({ "type": "store", "ref": name, "tenant": name, "handle": name, "name": name, "ships_from": "DE", "no_rule": "export" }),
            json!({ "type": "maker", "ref": format!("{name}-who"), "tenant": name, "kind": "artist", "name": format!("{name} who") }),
            json!({ "type": "work", "ref": format!("{name}-tones"), "store": name, "kind": "album", "title": format!("{name} tones"),
                "makers": [format!("{name}-who")], "released": "2024-03-01", "genres": ["ambient"],
                "parts": [{ "title": "One", "files": [{ "file": "files/1.ogg", "format": "Ogg Vorbis" }] }],
                "products": [{ "ref": "d", "kind": "digital", "title": "Digital album", "tax_class": "digital_music",
                    "variants": [{ "sku": format!("{name}-D"), "prices": prices }] }] }),
        ]
    };
    let sellers = [seller("wide", &["DE123456789"], &["DE", "EU-OSS"]), seller("small", &["DE123456789EX"], &[])];
    sellers.concat().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

async fn invoiced(shop: &Shop, title: &str, locale: &str, form: CheckoutForm) -> Invoice {
    let market = vitrine_pricing::market::Market::of_country(&form.country).id.to_owned();
    let guest = OpCtx { country: form.country.clone(), market, locale: locale.to_owned(), ..shop.guest() };
    let ctx = shop.fill(&guest, &[title]).await;
    shop.checkouts.keep_form(&ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    let cart = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
    let placing = Placing {
        attempt: "a".repeat(16),
        form,
        seen_minor: cart.total_minor,
        seen_currency: Some(cart.currency),
        due_minor: None,
        nothing_owned: true,
    };
    let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
    shop.pay(&placed, "4000002500000003").await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.invoices.get(&id_of(&checkout.orders[0])).await.unwrap().unwrap()
}

async fn xml(shop: &Shop, invoice: &Invoice) -> String {
    let paper = shop.invoices.paper(&shop.staff(), &shop.checkouts, invoice.id.as_str(), None, Form::Xml).await;
    String::from_utf8(paper.unwrap().bytes).unwrap()
}

fn french() -> CheckoutForm {
    CheckoutForm { country: "FR".into(), city: "Paris".into(), postcode: "75001".into(), ..testing::form() }
}

#[tokio::test]
async fn documents_print_the_words_they_were_issued_with_in_the_language_they_were_bought_in() {
    let shop = Shop::open().await;
    shop.import(&rows()).await;
    let invoice = invoiced(&shop, "wide tones", "fr-FR", french()).await;
    assert_eq!(invoice.legal.iter().map(|note| note.id.as_str()).collect::<Vec<_>>(), ["EU-fr-oss"]);
    assert!(printed(&shop, &invoice.id).await.contains("TVA au taux du pays de consommation"));
    // One that was issued with other words keeps them, whatever the tables have by now.
    let before = Invoice {
        legal: vec![Legal { id: "EU-en-oss".into(), text: "As it was said then".into(), ..invoice.legal[0].clone() }],
        ..invoice.clone()
    };
    shop.table.put(Put { item: item(&before).unwrap(), condition: None }).await.unwrap();
    let order = shop.checkouts.order(&invoice.order).await.unwrap().unwrap();
    let buyer = shop.checkouts.order_person(&order).await.unwrap().unwrap();
    let issue = Issue { order: &order, buyer: &buyer, paid_with: "card 4242", language: "fr-FR", refund: None };
    let again = shop.invoices.issue(&OpCtx::system("test", shop.clock_ms()), &issue).await.unwrap();
    assert_eq!(again.legal, before.legal);
    // What goes back goes by the words of its invoice, whatever the seller's numbers are since.
    let wish = crate::checkout::Wish {
        attempt: "attempt-of-a-refund".into(),
        what: RefundWish::whole(&[0], false),
        restock: false,
        reason: "asked for".into(),
    };
    shop.clock.advance_ms(1000);
    let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
    let refund = shop.checkouts.refund(&staff, &invoice.order, &wish).await.unwrap();
    shop.work().await;
    let credit = shop.invoices.get(&credit_id_of(&refund.id)).await.unwrap().unwrap();
    assert_eq!(credit.legal, before.legal);
    let paper = printed(&shop, &invoice.id).await;
    assert!(paper.contains("As it was said then") && !paper.contains("TVA au taux"), "{paper}");
}

#[tokio::test]
async fn the_xml_says_why_a_small_seller_charges_nothing_and_by_which_number_abroad() {
    let shop = Shop::open().await;
    shop.import(&rows()).await;
    let abroad = invoiced(&shop, "small tones", "fr-FR", french()).await;
    assert_eq!(abroad.legal[0].id, "EU-fr-small_business_union");
    let said = xml(&shop, &abroad).await;
    let why = "Exonération de TVA : régime particulier des petites entreprises, article 284 de la directive 2006/112/CE, numéro DE123456789EX";
    assert!(said.contains(&format!("<ram:ExemptionReason>{why}</ram:ExemptionReason>")), "{said}");
    assert!(said.contains("<ram:CategoryCode>E</ram:CategoryCode>"), "{said}");
}

#[tokio::test]
async fn the_invoice_of_an_australian_business_says_that_it_is_registered_there() {
    let shop = Shop::open().await;
    shop.import(&rows()).await;
    let form = CheckoutForm {
        country: "AU".into(),
        city: "Sydney".into(),
        postcode: "2000".into(),
        region: "NSW".into(),
        organisation: "Example Pty Ltd".into(),
        business: true,
        tax_id: "51 824 753 556".into(),
        ..testing::form()
    };
    let invoice = invoiced(&shop, "wide tones", "en-US", form).await;
    assert_eq!(invoice.lines[0].reason, "registered_recipient");
    assert_eq!(invoice.legal.iter().map(|note| note.id.as_str()).collect::<Vec<_>>(), ["AU-en-registered_recipient"]);
    let said = xml(&shop, &invoice).await;
    assert!(said.contains("VATEX-EU-O") && said.contains("GST not charged: recipient registered for GST"), "{said}");
}
