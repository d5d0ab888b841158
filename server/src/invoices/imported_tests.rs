//! Goods sent into the Union from outside, beside files of the same seller: what their invoices charge, and by which law.

use vitrine_pricing::market::Market;
use vitrine_pricing::tax::TaxStatus;
use vitrine_shared::views::trade::CheckoutForm;

use super::*;
use crate::checkout::{Placing, Typed};
use crate::testing::{self, Shop};

/// In the register of the simulator.
const FRENCH_BUSINESS: &str = "FR25900000019";

/// A seller in New York with these registrations, who sells an album as a file and sends a book from there.
fn rows(name: &str, registrations: &[&str]) -> String {
    let legal = json!({ "name": format!("{name} Inc."), "address": ["1 Pier", "New York"], "country": "US", "region": "NY",
        "email": "shop@over.example", "tax_ids": [], "invoice_prefix": name.to_uppercase(), "registrations": registrations });
    let priced = json!([{ "region": "world", "currency": "EUR", "minor": 1200 }]);
    let rows = [
        json!({ "type": "tenant", "ref": name, "name": name, "legal": legal, "currency": "USD", "locale": "en-US", "fee_bps": 1000 }),
        json!({ "type": "store", "ref": name, "tenant": name, "handle": name, "name": name, "ships_from": "US", "no_rule": "export",
            "shipping": [{ "zone": "*", "up_to_g": 2000, "amount_minor": 700, "currency": "EUR" }] }),
        json!({ "type": "maker", "ref": format!("{name}-who"), "tenant": name, "kind": "artist", "name": format!("{name} who") }),
        json!({ "type": "work", "ref": format!("{name}-tones"), "store": name, "kind": "album", "title": format!("{name} tones"),
            "makers": [format!("{name}-who")], "released": "2024-03-01", "genres": ["ambient"],
            "parts": [{ "title": "One", "files": [{ "file": "files/1.ogg", "format": "Ogg Vorbis" }] }],
            "products": [{ "ref": "d", "kind": "digital", "title": "Digital album", "tax_class": "digital_music",
                "variants": [{ "sku": format!("{name}-D"), "prices": priced }] }] }),
        json!({ "type": "work", "ref": format!("{name}-pages"), "store": name, "kind": "book", "title": format!("{name} pages"),
            "makers": [format!("{name}-who")], "released": "2024-03-01", "genres": ["fiction"], "language": "en",
            "products": [{ "ref": "p", "kind": "physical", "title": "Paperback", "tax_class": "printed_book",
                "variants": [{ "sku": format!("{name}-P"), "weight_g": 280, "stock": 9, "prices": priced }] }] }),
    ];
    rows.map(|row| row.to_string()).join("\n")
}

/// The invoice of both, bought in France.
async fn invoiced(shop: &Shop, name: &str, tax_id: &str) -> Invoice {
    let buyer = OpCtx { country: "FR".into(), market: Market::of_country("FR").id.into(), ..shop.guest() };
    let ctx = shop.fill(&buyer, &[&format!("{name} tones"), &format!("{name} pages")]).await;
    let business = !tax_id.is_empty();
    let form = CheckoutForm {
        country: "FR".into(),
        city: "Paris".into(),
        postcode: "75001".into(),
        organisation: if business { "Éditions Exemple SARL".into() } else { String::new() },
        business,
        tax_id: tax_id.into(),
        ..testing::form()
    };
    shop.checkouts.keep_form(&ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    let cart = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
    let placing = Placing {
        attempt: format!("{name}{business:x<16}"),
        form,
        seen_minor: cart.total_minor,
        seen_currency: Some(cart.currency),
        due_minor: None,
        nothing_owned: true,
    };
    let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
    shop.pay(&placed, "4242424242424242").await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.invoices.get(&id_of(&checkout.orders[0])).await.unwrap().unwrap()
}

/// Of the album, the book and the parcel: status, reason, rates and tax.
fn told(invoice: &Invoice) -> Vec<(Option<TaxStatus>, &str, Vec<i64>, i64)> {
    let rates = |line: &Line| line.amounts.taxes.iter().map(|tax| tax.rate_ppm).collect();
    let each = invoice.lines.iter();
    each.map(|line| (line.status, line.reason.as_str(), rates(line), line.amounts.tax.minor())).collect()
}

#[tokio::test]
async fn case_18_goods_from_outside_the_union_are_never_invoiced_by_the_rule_of_files() {
    use TaxStatus::{NotRegistered, OutsideScope, ReverseCharged, Taxed};
    let shop = Shop::open().await;
    shop.import(&rows("oss", &["EU-OSS"])).await;
    shop.import(&rows("ioss", &["EU-IOSS"])).await;
    // The one-stop shop is for files: 12.00 holds 20/120 of it. The book's tax is for the buyer, at the border, and so is its parcel's.
    let consumer = invoiced(&shop, "oss", "").await;
    let border = || (Some(OutsideScope), "imported_by_buyer", vec![], 0);
    assert_eq!(told(&consumer), [(Some(Taxed), "oss", vec![200_000], 200), border(), border()]);
    assert_eq!((consumer.totals.tax.minor(), consumer.totals.gross.minor()), (200, 1200 + 1200 + 700));
    assert_eq!(consumer.laws.len(), 1, "the law of the album alone: {:?}", consumer.laws);
    let staff = shop.staff();
    let place = shop.catalog.place(&staff);
    let page = shop.invoices.view(&staff, &shop.checkouts, &place, consumer.id.as_str(), None).await.unwrap();
    assert_eq!((page.lines[1].rate.as_str(), page.lines[1].tax.as_str()), ("", "€0.00"));
    let treated: Vec<&str> =
        page.explain.iter().filter(|step| step.key == "explain-treatment").map(|step| step.rule.as_str()).collect();
    assert_eq!(treated, ["oss", "imported_by_buyer", "imported_by_buyer"]);
    // A business owes the tax on the album itself; nothing turns the charge on the book round.
    let business = invoiced(&shop, "oss", FRENCH_BUSINESS).await;
    assert_eq!(told(&business)[0].0, Some(ReverseCharged));
    assert_eq!(told(&business)[1..], [border(), border()]);
    // And the import one-stop shop is for parcels: a book of France at 5.5 %, 12.00 * 55/1055 = 0.6256 and 7.00 * 55/1055 = 0.3649.
    let parcel = invoiced(&shop, "ioss", "").await;
    let lines = told(&parcel);
    assert_eq!((lines[0].0, lines[0].3), (Some(NotRegistered), 0), "which no file is taxed by");
    assert_eq!(lines[1], (Some(Taxed), "ioss", vec![55_000], 63));
    assert_eq!(lines[2].2, [55_000]);
    assert_eq!(parcel.totals.tax.minor(), 63 + 36);
    // Not to a business, which imports by itself.
    let business = invoiced(&shop, "ioss", FRENCH_BUSINESS).await;
    assert_eq!(told(&business)[1..], [border(), border()]);
    assert_eq!(shop.violations().await, []);
}
