//! A book and a shirt in one parcel within a state of India: what their invoice and its credit note charge on sending them.

use serde_json::json;
use vitrine_pricing::market::Market;
use vitrine_pricing::refund::RefundWish;
use vitrine_shared::views::trade::CheckoutForm;

use super::*;
use crate::checkout::{Placing, Typed, Wish};
use crate::testing::{self, Shop};

/// A seller in Mumbai whose record names the state, as records from before regions were looked at do.
fn rows() -> String {
    let legal = json!({ "name": "Desh Pvt Ltd", "address": ["1 Road", "400001 Mumbai"], "country": "IN", "region": "Maharashtra",
        "email": "shop@desh.example", "tax_ids": ["27AAPFU0939F1ZV"], "invoice_prefix": "DE", "registrations": ["IN"] });
    let sent = |class: &str, minor: i64| {
        json!([{ "ref": "p", "kind": "physical", "title": class, "tax_class": class,
            "variants": [{ "sku": class, "weight_g": 200, "stock": 9,
                "prices": [{ "region": "in", "currency": "INR", "minor": minor }] }] }])
    };
    let work = |title: &str, products: serde_json::Value| {
        json!({ "type": "work", "ref": title, "store": "desh", "kind": "book", "title": title, "makers": ["who"],
            "released": "2024-03-01", "genres": ["fiction"], "language": "en", "products": products })
    };
    let all = [
        json!({ "type": "tenant", "ref": "desh", "name": "Desh", "legal": legal, "currency": "INR", "locale": "en-GB", "fee_bps": 1000 }),
        json!({ "type": "store", "ref": "desh", "tenant": "desh", "handle": "desh", "name": "Desh", "ships_from": "IN",
            "shipping": [{ "zone": "*", "up_to_g": 2000, "amount_minor": 10_000, "currency": "INR" }] }),
        json!({ "type": "maker", "ref": "who", "tenant": "desh", "kind": "artist", "name": "Who" }),
        work("Pages", sent("printed_book", 40_000)),
        work("Shirt", sent("merchandise", 60_000)),
    ];
    all.map(|row| row.to_string()).join("\n")
}

/// Rows of the tax table: tax, rate, base and amount.
fn table(document: &Document) -> Vec<(&str, i64, i64, i64)> {
    let rows = document.taxes.iter();
    rows.map(|row| (row.name.as_str(), row.rate_ppm, row.base.minor(), row.amount.minor())).collect()
}

/// 400.00 of a book that is exempt, 600.00 of a shirt with 18 % inside: 600.00 * 18/118 = 91.5254. 100.00 of shipping follow them, 40.00 and 60.00:
/// 60.00 * 18/118 = 9.1525. Each of 91.53 and 9.15 is halved.
#[tokio::test]
async fn shipping_is_exempt_with_the_book_and_taxed_twice_with_the_shirt() {
    let shop = Shop::open().await;
    shop.import(&rows()).await;
    let buyer = OpCtx { country: "IN".into(), market: Market::of_country("IN").id.into(), ..shop.guest() };
    let ctx = shop.fill(&buyer, &["Pages", "Shirt"]).await;
    let form = CheckoutForm {
        country: "IN".into(),
        city: "Mumbai".into(),
        postcode: "400001".into(),
        region: "Maharashtra".into(),
        ..testing::form()
    };
    shop.checkouts.keep_form(&ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    let cart = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
    let placing = Placing {
        attempt: "within-maharashtra".into(),
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
    let order = &checkout.orders[0];
    let words = words_of(&checkout);
    let invoice = shop.invoices.get(&id_of(order)).await.unwrap().unwrap();
    assert_eq!((invoice.region.as_str(), invoice.totals.gross.minor()), ("MH", 110_000));
    let wanted = [
        ("CGST", 0, 44_000, 0),
        ("CGST", 90_000, 50_847 + 5085, 4577 + 458),
        ("SGST", 0, 44_000, 0),
        ("SGST", 90_000, 50_847 + 5085, 4576 + 457),
    ];
    let sorted = |document: &Document| {
        let mut rows: Vec<_> = table(document).into_iter().map(|row| (row.0.to_owned(), row.1, row.2, row.3)).collect();
        rows.sort();
        rows
    };
    let wanted = wanted.map(|row| (row.0.to_owned(), row.1, row.2, row.3)).to_vec();
    let document = shop.invoices.file_of(&invoice, &words, None).await.unwrap();
    assert_eq!(sorted(&document), wanted);
    // A charge for each part, under its own taxes; all of them come to what the document does.
    let mut charges: Vec<_> = document
        .charges
        .iter()
        .map(|charge| (charge.net.minor(), charge.taxes.iter().map(|tax| tax.rate_ppm).collect::<Vec<_>>()))
        .collect();
    charges.sort();
    assert_eq!(charges, [(4000, vec![0, 0]), (5085, vec![90_000, 90_000])]);
    let nets = document.lines.iter().map(|line| line.net).chain(document.charges.iter().map(|charge| charge.net));
    assert_eq!(nets.map(Money::minor).sum::<i64>(), document.totals.net.minor());
    assert_eq!(document.taxes.iter().map(|row| row.amount.minor()).sum::<i64>(), document.totals.tax.minor());
    let printed = shop.invoices.printed(&invoice, &words).await.unwrap();
    assert!(printed.contains("Maharashtra."), "the place of supply: {printed}");
    // All of it goes back in the same rows.
    let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
    let wish = Wish {
        attempt: "attempt-of-a-refund".into(),
        what: RefundWish::whole(&[0, 1], true),
        restock: false,
        reason: "asked for".into(),
    };
    let refund = shop.checkouts.refund(&staff, order, &wish).await.unwrap();
    shop.work().await;
    let credit = shop.invoices.get(&credit_id_of(refund.id.as_str())).await.unwrap().unwrap();
    assert_eq!((credit.kind, credit.totals.gross.minor()), (Kind::CreditNote, -110_000));
    assert_eq!(sorted(&shop.invoices.file_of(&credit, &words, None).await.unwrap()), wanted);
    assert_eq!(shop.violations().await, []);
}
