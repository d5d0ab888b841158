//! Sellers that are one legal entity, over real stores: at import, with numbers, and in a look at the shop's data.

use futures::future::join;
use vitrine_shared::catalog::Tenant;
use vitrine_table::Transact;

use super::*;
use crate::catalog::exchange::{Importer, Outcome, Report};
use crate::catalog::store::{items, put};
use crate::check::Invariant;
use crate::media::Media;
use crate::testing::Shop;

/// A seller's row; `nord` of the market is Nordlicht Musik GmbH, DE123456789, NL.
fn row(reference: &str, name: &str, tax_ids: &[&str], prefix: &str) -> String {
    let legal = json!({ "name": name, "address": ["Hafenstraße 3", "20457 Hamburg"], "country": "DE",
        "email": "shop@two.example", "tax_ids": tax_ids, "invoice_prefix": prefix, "registrations": ["DE"] });
    json!({ "type": "tenant", "ref": reference, "name": reference, "legal": legal, "currency": "EUR",
        "locale": "de-DE", "fee_bps": 1000 })
    .to_string()
}

async fn imported(shop: &Shop, rows: &str) -> Report {
    let media = Media::new(shop.blob.clone(), None);
    let importer =
        Importer::new(shop.catalog.records().clone(), shop.blob.clone(), media, shop.queue.clone(), ".".into());
    importer.run(&OpCtx::system("test", shop.clock_ms()), rows, |_| {}).await.unwrap()
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.rows.iter().map(|row| row.outcome).collect()
}

#[tokio::test]
async fn one_legal_entity_gives_each_of_its_shops_a_prefix_of_its_own() {
    for shop in Shop::both().await {
        for (name, tax_ids, prefix) in [
            ("Elsewhere GmbH", &["DE 123 456 789"][..], "NL"),
            ("Nordlicht Musik GmbH", &[], "NL"),
            ("Nordlicht Musik GmbH", &[], "NLC"),
        ] {
            let report = imported(&shop, &row("two", name, tax_ids, prefix)).await;
            assert_eq!(outcomes(&report), [Outcome::Refused], "{name} {prefix}");
            let note = &report.rows[0].notes[0];
            assert!(note.contains("same legal entity") && note.contains("another prefix"), "{note}");
        }
        // Others may have the same prefix, and the same entity another.
        let fine = [row("two", "Nordlicht Musik GmbH", &["DE123456789"], "NT"), row("other", "Other GmbH", &[], "NL")];
        assert_eq!(outcomes(&imported(&shop, &fine.join("\n")).await), [Outcome::Created, Outcome::Created]);
        assert_eq!(outcomes(&imported(&shop, &fine.join("\n")).await), [Outcome::Unchanged, Outcome::Unchanged]);
        // A prefix that was given up stays its seller's: documents may bear it.
        let renamed = row("two", "Nordlicht Musik GmbH", &["DE123456789"], "NU");
        assert_eq!(outcomes(&imported(&shop, &renamed).await), [Outcome::Updated]);
        let late = row("late", "Nordlicht Musik GmbH", &[], "NT");
        assert_eq!(outcomes(&imported(&shop, &late).await), [Outcome::Refused]);
        // Two at once: one has it, and the other is told.
        let (a, b) = (row("a", "Zwei GmbH", &["DE299000042"], "ZW"), row("b", "Zwei GmbH", &[], "ZW"));
        let (one, other) = join(imported(&shop, &a), imported(&shop, &b)).await;
        let mut both = [outcomes(&one), outcomes(&other)].concat();
        both.sort_by_key(|outcome| *outcome == Outcome::Refused);
        assert_eq!(both, [Outcome::Created, Outcome::Refused], "{one:?} {other:?}");
        assert_eq!(shop.violations().await, []);
    }
}

/// Makes the market's other seller the same entity with the same prefix, as records from before claims may have it.
async fn doubled(shop: &Shop) -> (Tenant, Tenant) {
    let records = shop.catalog.records();
    let tenants = records.tenants().await.unwrap();
    let find = |name: &str| tenants.iter().find(|t| t.name == name).unwrap().clone();
    let (nord, press) = (find("Nordlicht"), find("Paper Press"));
    let both = Tenant { legal: nord.legal.clone(), ..press };
    let older = records.owner_of(entity::what(), &entity::names(&nord.legal, "NL")[0]).await.unwrap();
    assert_eq!(older.as_deref(), Some(nord.id.as_str()), "an import claims");
    let ops = vec![put(items::tenant(&both, shop.clock_ms()).unwrap())];
    shop.table.transact(Transact { ops, token: None }).await.unwrap();
    (nord, both)
}

#[tokio::test]
async fn numbers_of_one_entity_never_meet_even_where_its_records_do() {
    for shop in Shop::both().await {
        let (nord, both) = doubled(&shop).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights", "Paper Boats"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        shop.pay(&placed, "4242424242424242").await;
        shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        shop.work().await;
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        let mut numbers = Vec::new();
        for order in &checkout.orders {
            let invoice = shop.invoices.get(&id_of(order)).await.unwrap().unwrap();
            numbers.push((invoice.seller, invoice.number));
        }
        let of = |tenant: &Tenant| numbers.iter().find(|(seller, _)| *seller == tenant.id).unwrap().1.clone();
        assert_eq!(of(&nord), "NL-2026-00001");
        assert_eq!(of(&both), format!("{}-2026-00001", entity::apart("NL", both.id.as_str())));
        let found = shop.violations().await;
        let named = found.iter().find(|v| v.invariant == Invariant::InvoiceSeries).expect("it is named");
        assert!(named.keys.contains(&nord.id.to_string()) && named.keys.contains(&both.id.to_string()), "{named:?}");
        assert_eq!(found.len(), 1, "and nothing else: {found:?}");
    }
}

#[tokio::test]
async fn of_two_that_number_for_the_first_time_at_once_one_has_the_prefix() {
    for shop in Shop::both().await {
        let (nord, both) = doubled(&shop).await;
        // As before there were claims.
        let legal = LegalEntity { invoice_prefix: "ZZ".into(), ..nord.legal.clone() };
        let ctx = OpCtx::system("test", shop.clock_ms());
        let (_, _, id) = super::tests::invoiced_for(&shop, "Harbour Lights").await;
        let like = shop.invoices.get(&id).await.unwrap().unwrap();
        let of = |n: u128, seller: &TenantId| Invoice {
            id: InvoiceId::from_bits(n),
            seller: seller.clone(),
            seller_legal: Some(legal.clone()),
            ..like.clone()
        };
        let number = |n: u128, seller: &TenantId| {
            let (shop, ctx, legal, invoice) = (&shop, &ctx, &legal, of(n, seller));
            async move { shop.invoices.numbered(ctx, legal, invoice, Vec::new()).await.unwrap().number }
        };
        let (a, b) = join(number(1, &nord.id), number(2, &both.id)).await;
        let (c, d) = join(number(3, &nord.id), number(4, &both.id)).await;
        let mut all = vec![a, b, c, d];
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4, "{all:?}");
        assert_eq!(all.iter().filter(|number| number.starts_with("ZZ-2026-")).count(), 2, "{all:?}");
    }
}
