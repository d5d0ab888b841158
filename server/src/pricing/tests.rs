use serde_json::{Value, json};
use vitrine_pricing::quote::{Quote, TaxIdState};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_shared::Problem;
use vitrine_shared::cart::CartLine;
use vitrine_shared::id::{TenantId, VariantId};

use super::*;
use crate::authz::SIMULATE;
use crate::cart::view::{Destination as To, PricedSeller, price};
use crate::ctx::{Caller, OpCtx};
use crate::fault::Result;
use crate::promotions::Offered;
use crate::tax_ids::Identity;
use crate::testing::Shop;

async fn ask(quotes: &Quotes, ctx: &OpCtx, document: &Value) -> Result<Quote> {
    quotes.quote(ctx, read(document.to_string().as_bytes())?).await
}

fn key(ctx: &OpCtx, tenant: Option<&TenantId>, scopes: &[&str]) -> OpCtx {
    let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
    OpCtx { caller: Caller::Key { id: "k".into(), tenant: tenant.cloned(), scopes }, ..ctx.clone() }
}

fn fields(problem: &Problem) -> Vec<(&str, &str)> {
    problem.fields.iter().map(|(path, code)| (path.as_str(), code.as_str())).collect()
}

fn ad_hoc() -> Value {
    json!({
        "currency": "EUR",
        "seller": { "country": "DE", "registrations": ["DE"], "prices_include_tax": true },
        "buyer": { "country": "DE" },
        "lines": [{ "name": "A book", "quantity": 2, "kind": "digital", "tax_class": "ebook",
            "unit_price": { "minor": 1070, "currency": "EUR" } }],
    })
}

#[tokio::test]
async fn the_door_says_what_the_cart_says() {
    for shop in Shop::both().await {
        let quotes = Quotes::new(shop.catalog.offers().clone());
        let guest = shop.guest();
        let filled = shop.fill(&guest, &["Harbour Lights"]).await;
        let cart = shop.checkouts.cart_view(&filled).await.unwrap();
        let sku = shop.edition("Harbour Lights").await.to_string();
        let asked = json!({ "buyer": { "country": "DE" }, "lines": [{ "sku": sku, "quantity": 1 }] });
        let quote = ask(&quotes, &guest, &asked).await.unwrap();
        assert_eq!((quote.totals.gross.minor(), quote.currency.code()), (cart.total_minor, cart.currency.as_str()));
        assert_eq!(quote.totals.tax.minor(), 128, "19/119 of 8.00");
        assert!(quote.explain.iter().any(|step| step.source.contains("UStG")), "{:?}", quote.explain);
        // Which price of the list it is, for both.
        let price = quote.explain.iter().find_map(|step| step.price.clone()).unwrap();
        assert_eq!((price.region.as_str(), price.min_quantity), ("eu", 1));
        let told = &cart.sellers[0].explain[0];
        let word = |name: &str| told.args.iter().find(|(arg, _)| arg == name).map(|(_, word)| word.as_str());
        assert_eq!(
            (told.key.as_str(), word("region"), word("steps")),
            ("explain-price-listed", Some("eu"), Some("none"))
        );
        // The same in another place: its own price, currency and tax words.
        let asked = json!({ "buyer": { "country": "US", "region": "NY" }, "lines": [{ "sku": sku, "quantity": 3 }] });
        let quote = ask(&quotes, &guest, &asked).await.unwrap();
        assert_eq!((quote.totals.gross.minor(), quote.currency.code()), (2700, "USD"));
    }
}

#[test]
fn a_seller_kept_from_before_goes_on_without_what_there_is_not() {
    let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let legal = LegalEntity {
        country: "US".into(),
        region: Some("Atlantis".into()),
        registrations: names(&["US-NY", "US-ZZ", "IN-MH", "GB-XI", "EU-OSS", "nowhere"]),
        ..LegalEntity::default()
    };
    let seller = super::seller(&legal, Market::of_country("US"));
    assert_eq!((seller.region, seller.registrations), (None, names(&["US-NY", "EU-OSS"])));
    let known = super::seller(&LegalEntity { region: Some("NY".into()), ..legal }, Market::of_country("US"));
    assert_eq!(known.region.as_deref(), Some("NY"));
}

#[tokio::test]
async fn totals_hold_until_the_day_is_over_or_a_price_is_another() {
    for shop in Shop::both().await {
        let quotes = Quotes::new(shop.catalog.offers().clone());
        let guest = shop.guest();
        let variant = shop.edition("Harbour Lights").await;
        let asked = |quantity: u32| {
            let lines = json!([{ "sku": variant.to_string(), "quantity": quantity }]);
            json!({ "buyer": { "country": "DE" }, "lines": lines })
        };
        let until = |quote: &Quote| quote.valid_until.unwrap().unix_ms();
        let midnight = (guest.now_ms / 86_400_000 + 1) * 86_400_000;
        assert_eq!(until(&ask(&quotes, &guest, &asked(1)).await.unwrap()), midnight);
        // A reduction from in ten minutes on, and a cheaper step for three pieces from in five.
        let minutes = |n: i64| guest.now_ms + n * 60_000;
        let pointer = shop.catalog.records().variant(&variant).await.unwrap().unwrap();
        let bundle = shop.catalog.records().bundle(&pointer.work).await.unwrap().unwrap();
        let base = bundle.prices.iter().find(|p| p.variant == variant && p.currency == "EUR").unwrap();
        let sale = PriceRecord { amount_minor: 500, valid_from_ms: minutes(10), ..base.clone() };
        let sale = PriceRecord { valid_to_ms: Some(minutes(20)), ..sale };
        let step = PriceRecord { amount_minor: 700, valid_from_ms: minutes(5), min_quantity: 3, ..base.clone() };
        for price in [sale, step] {
            let item = crate::catalog::store::items::price(&pointer.work, &price).unwrap();
            shop.table.put(vitrine_table::Put { item, condition: None }).await.unwrap();
        }
        for (quantity, at, holds) in [(1, 0, 10), (1, 10, 20), (2, 0, 10), (3, 0, 5)] {
            let then = OpCtx { now_ms: minutes(at), ..guest.clone() };
            let quote = ask(&quotes, &then, &asked(quantity)).await.unwrap();
            assert_eq!(until(&quote), minutes(holds), "{quantity} pieces in {at} minutes");
            let after = OpCtx { now_ms: minutes(holds), ..guest.clone() };
            let other = ask(&quotes, &after, &asked(quantity)).await.unwrap();
            assert_ne!(other.totals.gross, quote.totals.gross, "{quantity} pieces in {at} minutes");
            let before = OpCtx { now_ms: minutes(holds) - 1, ..guest.clone() };
            assert_eq!(ask(&quotes, &before, &asked(quantity)).await.unwrap().totals, quote.totals);
        }
        let over = OpCtx { now_ms: minutes(20), ..guest.clone() };
        assert_eq!(until(&ask(&quotes, &over, &asked(1)).await.unwrap()), midnight);
        // An order is placed with what its cart was told.
        let filled = shop.fill(&guest, &["Harbour Lights"]).await;
        let placed = shop.place(&filled).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        let orders = shop.checkouts.orders(&checkout).await.unwrap();
        assert_eq!(until(&orders[0].quote), minutes(10));
    }
}

#[tokio::test]
async fn one_quote_is_one_sellers() {
    let shop = Shop::open().await;
    let quotes = Quotes::new(shop.catalog.offers().clone());
    let (ours, theirs) = (shop.edition("Harbour Lights").await, shop.edition("Paper Boats").await);
    let lines = |skus: &[String]| {
        let lines: Vec<Value> = skus.iter().map(|sku| json!({ "sku": sku, "quantity": 1 })).collect();
        json!({ "buyer": { "country": "DE" }, "lines": lines })
    };
    let guest = shop.guest();
    let mixed = ask(&quotes, &guest, &lines(&[ours.to_string(), theirs.to_string()])).await.unwrap_err();
    assert_eq!((mixed.status, fields(&mixed)), (422, vec![("lines[1].sku", "other_seller")]));
    let mut named = lines(&[ours.to_string()]);
    named["store"] = json!("paper");
    let other = ask(&quotes, &guest, &named).await.unwrap_err();
    assert_eq!(fields(&other), [("lines[0].sku", "other_seller")]);
    named["store"] = json!("nobody");
    assert_eq!(ask(&quotes, &guest, &named).await.unwrap_err().status, 404);
    // On a seller's own host there is nothing of others.
    let paper = shop.catalog.records().store_by_handle("paper").await.unwrap().unwrap();
    let there = OpCtx { scope: crate::ctx::Scope::Tenant(paper.tenant.clone()), ..guest.clone() };
    let unknown = ask(&quotes, &there, &lines(&[ours.to_string()])).await.unwrap_err();
    assert_eq!(fields(&unknown), [("lines[0].sku", "unknown_sku")]);
    assert!(ask(&quotes, &there, &lines(&[theirs.to_string()])).await.is_ok());
}

#[tokio::test]
async fn simulating_needs_its_scope() {
    let shop = Shop::open().await;
    let quotes = Quotes::new(shop.catalog.offers().clone());
    let guest = shop.guest();
    let refused = ask(&quotes, &guest, &ad_hoc()).await.unwrap_err();
    let (seller, line) = (("seller", "needs_pricing_simulate"), ("lines[0]", "needs_pricing_simulate"));
    assert_eq!((refused.status, fields(&refused)), (401, vec![line, seller]));
    let quote = ask(&quotes, &key(&guest, None, &[SIMULATE]), &ad_hoc()).await.unwrap();
    assert_eq!((quote.totals.gross.minor(), quote.totals.tax.minor()), (2140, 140));
    assert_eq!(ask(&quotes, &key(&guest, None, &["catalog:write"]), &ad_hoc()).await.unwrap_err().status, 403);
    let tenant = |handle: &'static str| {
        let records = shop.catalog.records().clone();
        async move { records.store_by_handle(handle).await.unwrap().unwrap().tenant }
    };
    let (nord, paper) = (tenant("nordlicht").await, tenant("paper").await);
    let mut of_nord = ad_hoc();
    of_nord["store"] = json!("nordlicht");
    of_nord["seller"] = Value::Null;
    assert!(ask(&quotes, &key(&guest, Some(&nord), &[SIMULATE]), &of_nord).await.is_ok());
    assert_eq!(ask(&quotes, &key(&guest, Some(&paper), &[SIMULATE]), &of_nord).await.unwrap_err().status, 403);
    let creator = |tenant: &TenantId| shop.user(5, "c@example.org", &["creator"], std::slice::from_ref(tenant));
    assert!(ask(&quotes, &creator(&nord), &of_nord).await.is_ok());
    assert_eq!(ask(&quotes, &creator(&paper), &of_nord).await.unwrap_err().status, 403);
    assert!(ask(&quotes, &shop.staff(), &of_nord).await.is_ok());
    // What a stranger says of a tax id is not known to be true.
    let sku = shop.edition("Harbour Lights").await.to_string();
    let mut business = json!({
        "buyer": { "country": "FR", "business": true, "tax_id": "FR40303265045" },
        "lines": [{ "sku": sku, "quantity": 1 }],
    });
    let quote = ask(&quotes, &guest, &business).await.unwrap();
    assert!(!quote.totals.tax.is_zero(), "not asked for yet: tax is charged");
    business["buyer"]["tax_id_state"] = json!("valid");
    let refused = ask(&quotes, &guest, &business).await.unwrap_err();
    assert_eq!(fields(&refused), [("buyer.tax_id_state", "needs_pricing_simulate")]);
    let quote = ask(&quotes, &shop.staff(), &business).await.unwrap();
    assert_eq!(quote.totals.tax.minor(), 0, "reverse charge");
    // Taxes of somebody else are no stranger's to bring.
    let mut serviced = json!({
        "buyer": { "country": "DE" },
        "lines": [{ "sku": sku, "quantity": 1 }],
        "external_taxes": { "provider": "stripe", "calculation": "c", "lines": [] },
    });
    let refused = ask(&quotes, &guest, &serviced).await.unwrap_err();
    assert_eq!(fields(&refused), [("external_taxes", "needs_pricing_simulate")]);
    let list = json!({ "minor": 800, "currency": "EUR" });
    serviced["external_taxes"]["lines"] = json!([{ "amount": list, "status": "zero_rated", "taxes": [] }]);
    let quote = ask(&quotes, &shop.staff(), &serviced).await.unwrap();
    assert_eq!((quote.totals.tax.minor(), quote.lines[0].accuracy), (0, vitrine_pricing::tax::Accuracy::Provider));
    // What is taken off, and from whom.
    let mut coded = json!({
        "buyer": { "country": "DE" },
        "lines": [{ "sku": sku, "quantity": 1 }],
        "promotions": [{ "id": "p", "code": "ENDED", "valid_to": "2020-01-01",
            "benefit": { "kind": "percent", "rate_ppm": 100_000 } }],
        "customer": { "first_order": true },
        "codes": ["ENDED"],
    });
    let refused = ask(&quotes, &guest, &coded).await.unwrap_err();
    let needed = [("customer", "needs_pricing_simulate"), ("promotions", "needs_pricing_simulate")];
    assert_eq!(fields(&refused), needed);
    // Who sells is told why a code does not count, a buyer only that it does not.
    let reason = |quote: Quote| quote.codes[0].reason.as_ref().map(ToString::to_string);
    assert_eq!(reason(ask(&quotes, &shop.staff(), &coded).await.unwrap()).as_deref(), Some("ended"));
    (coded["promotions"], coded["customer"]) = (Value::Null, Value::Null);
    assert_eq!(reason(ask(&quotes, &shop.staff(), &coded).await.unwrap()).as_deref(), Some("unknown"));
    assert_eq!(reason(ask(&quotes, &guest, &coded).await.unwrap()).as_deref(), Some("not_valid"));
    // As many lines as a cart holds, for who does not sell.
    let lines = vec![json!({ "sku": sku, "quantity": 1 }); vitrine_shared::cart::MAX_LINES + 1];
    let many = json!({ "buyer": { "country": "DE" }, "lines": lines });
    assert_eq!(fields(&ask(&quotes, &guest, &many).await.unwrap_err()), [("lines", "too_many")]);
    assert!(ask(&quotes, &shop.staff(), &many).await.is_ok());
    // Yesterday's prices are for who sells.
    let dated = json!({ "date": "2020-01-01", "buyer": { "country": "DE" }, "lines": [{ "sku": sku, "quantity": 1 }] });
    assert_eq!(fields(&ask(&quotes, &guest, &dated).await.unwrap_err()), [("date", "needs_pricing_simulate")]);
}

#[tokio::test]
async fn whatever_is_wrong_names_its_field() {
    let quotes = Quotes::detached();
    let ctx = OpCtx::system("test", 1_790_000_000_000);
    let print = |from: &str| {
        json!({ "name": "A print", "quantity": 1, "kind": "physical", "tax_class": "goods", "ships_from": from,
            "unit_price": { "minor": 1070, "currency": "EUR" } })
    };
    let with = |path: &str, value: Value| {
        let mut document = ad_hoc();
        *document.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
        if document.pointer(path).is_none() {
            let (parent, name) = path.rsplit_once('/').unwrap();
            document.pointer_mut(parent).unwrap()[name] = value;
        }
        document
    };
    for (path, value, field, code) in [
        ("/nonsense", json!(1), "nonsense", "unknown_field"),
        ("/buyer/nonsense", json!(1), "buyer.nonsense", "unknown_field"),
        ("/lines/0/nonsense", json!(1), "lines[0].nonsense", "unknown_field"),
        ("/lines/0/unit_price/nonsense", json!(1), "lines[0].unit_price.nonsense", "unknown_field"),
        ("/currency", json!("XYZ"), "currency", "unknown_currency"),
        ("/currency", json!("eur"), "currency", "unknown_currency"),
        ("/lines/0/unit_price", json!({ "currency": "EUR" }), "lines[0].unit_price.minor", "missing"),
        ("/lines/0/unit_price/currency", json!("USD"), "lines[0].unit_price", "invalid"),
        ("/lines/0/unit_price/minor", json!(1.5), "lines[0].unit_price.minor", "bad_value"),
        ("/lines/0/quantity", json!(0), "lines[0].quantity", "invalid"),
        ("/lines/0/quantity", json!(-1), "lines[0].quantity", "bad_value"),
        ("/lines/0/kind", json!("liquid"), "lines[0].kind", "bad_value"),
        ("/lines/0/kind", Value::Null, "lines[0].kind", "invalid"),
        ("/lines/0/sku", json!("v_1"), "lines[0].sku", "unknown_sku"),
        ("/lines/0", print("ZZ"), "lines[0].ships_from", "unknown_country"),
        ("/lines", json!([]), "lines", "invalid"),
        ("/buyer/country", json!("XX"), "buyer.country", "unknown_country"),
        ("/buyer/country", json!("BR"), "buyer.country", "no_tax_rule"),
        ("/buyer", json!({}), "buyer.country", "missing"),
        ("/buyer/tax_id_state", json!("valid"), "buyer.tax_id_state", "impossible"),
        ("/lines/0/tax_class", json!("printed_book"), "lines[0].tax_class", "impossible"),
        ("/lines/0/kind", json!("physical"), "lines[0].tax_class", "impossible"),
        ("/lines/0/weight_g", json!(100), "lines[0].weight_g", "impossible"),
        ("/lines/0/ships_from", json!("DE"), "lines[0].ships_from", "impossible"),
        ("/seller/country", json!("de"), "seller.country", "unknown_country"),
        ("/seller/registrations", json!(["EU-NOSS"]), "seller.registrations[0]", "invalid"),
        ("/seller/registrations", json!(["DE", "DE-XX"]), "seller.registrations[1]", "invalid"),
        ("/seller/registrations", json!(["US-ZZ"]), "seller.registrations[0]", "invalid"),
        ("/buyer", json!({ "country": "US", "region": "ZZ" }), "buyer.region", "unknown_region"),
        ("/buyer", json!({ "country": "CA", "region": "NY" }), "buyer.region", "unknown_region"),
        ("/buyer", json!({ "country": "AU", "region": "ZZ" }), "buyer.region", "unknown_region"),
        ("/buyer", json!({ "country": "JP", "region": "99" }), "buyer.region", "unknown_region"),
        (
            "/seller",
            json!({ "country": "US", "region": "ZZ", "prices_include_tax": true }),
            "seller.region",
            "unknown_region",
        ),
        ("/seller", Value::Null, "seller", "missing"),
        ("/date", json!("2026-02-30"), "date", "bad_value"),
        ("/market", json!("mars"), "market", "unknown_market"),
        ("/codes", json!(["SUMMER", " "]), "codes[1]", "invalid"),
        ("/codes", json!(vec!["SUMMER"; 21]), "codes", "invalid"),
        (
            "/promotions",
            json!([{ "id": "p", "benefit": { "kind": "gift" } }]),
            "promotions[0].benefit.kind",
            "bad_value",
        ),
        (
            "/promotions",
            json!([{ "id": "p", "benefit": { "kind": "percent", "rate_ppm": 0 } }]),
            "promotions[0].benefit.rate_ppm",
            "invalid",
        ),
        ("/customer", json!({ "nonsense": 1 }), "customer.nonsense", "unknown_field"),
        ("/rounding", json!({ "scope": "moon" }), "rounding.scope", "bad_value"),
        ("/lines/0/unit_price/minor", json!(9_007_199_254_740_991_i64), "lines[0].quantity", "too_large"),
    ] {
        let refused = ask(&quotes, &ctx, &with(path, value.clone())).await.unwrap_err();
        assert_eq!((refused.status, fields(&refused)), (422, vec![(field, code)]), "{path} {value}: {refused}");
    }
    // What buyers do have: codes in either case, parts that only tax knows, countries without a list or with several levels.
    let places = [
        ("US", "ny"),
        ("US", "GU"),
        ("US", "AE"),
        ("CA", "QC"),
        ("AU", "NSW"),
        ("JP", "13"),
        ("IN", "MH"),
        ("ES", "CT"),
        ("ES", "B"),
        ("ES", "CN"),
        ("GB", "NIR"),
        ("FR", "974"),
        ("PT", "30"),
        ("DE", "BY"),
        ("IT", "25"),
        ("FI", "AX"),
        ("HK", "Kowloon"),
    ];
    for (country, region) in places {
        let mut document = with("/buyer", json!({ "country": country, "region": region }));
        document["no_rule"] = json!("export");
        let answer = ask(&quotes, &ctx, &document).await;
        assert!(
            !answer.is_err_and(|why| why.code == "invalid" && why.fields.contains_key("buyer.region")),
            "{country}-{region}"
        );
    }
    for broken in ["", "{", "nonsense", "{\"buyer\":{\"country\":\"DE\"},\"lines\":[]} {}"] {
        assert_eq!(read(broken.as_bytes()).unwrap_err().status, 400, "{broken}");
    }
}

/// Whether an answer has all that an example shows of it.
fn shows(answer: &Value, example: &Value, path: &str) {
    match (answer, example) {
        (Value::Object(has), Value::Object(wants)) => {
            for (name, want) in wants {
                shows(has.get(name).unwrap_or(&Value::Null), want, &format!("{path}.{name}"));
            }
        }
        (Value::Array(has), Value::Array(wants)) => {
            assert_eq!(has.len(), wants.len(), "{path}");
            for (i, want) in wants.iter().enumerate() {
                shows(&has[i], want, &format!("{path}[{i}]"));
            }
        }
        _ => assert_eq!(answer, example, "{path}"),
    }
}

#[tokio::test]
async fn the_examples_of_the_documentation_are_true() {
    let text = include_str!("../../../docs/pricing.md");
    let mut blocks = text.split("```json\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let ctx = OpCtx::system("test", 1_790_000_000_000);
    let mut examples = 0;
    while let Some(document) = blocks.next() {
        let answer: Value = serde_json::from_str(blocks.next().expect("an answer follows each document")).unwrap();
        let got = match read(document.as_bytes()) {
            Ok(document) => Quotes::detached().quote(&ctx, document).await,
            Err(refused) => Err(refused),
        };
        let got = got.map_or_else(|refused| json!(refused), |quote| json!(quote));
        shows(&got, &answer, &format!("example {examples}"));
        examples += 1;
    }
    assert!(examples >= 5, "{examples} examples");
}

#[tokio::test]
async fn a_storefronts_own_zones_and_methods_are_priced_and_rows_as_they_were_mean_the_same() {
    for shop in Shop::both().await {
        let quotes = Quotes::new(shop.catalog.offers().clone());
        let guest = shop.guest();
        let sku = shop.edition("Paper Boats").await.to_string();
        let asked = |more: Value| {
            let mut document =
                json!({ "lines": [{ "sku": sku, "quantity": 2 }], "buyer": { "country": "DE", "postcode": "10115" } });
            document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            document
        };
        let before = ask(&quotes, &guest, &asked(json!({}))).await.unwrap();
        assert_eq!(before.shipping.as_ref().unwrap().list.minor(), 890);
        assert!(before.explain.iter().any(|step| step.rule == "EU<=2000g"));
        let store = |more: Value| {
            let mut row = json!({
                "type": "store", "ref": "press", "tenant": "press", "handle": "paper", "name": "Paper Press", "ships_from": "US",
                "shipping": [
                    { "zone": "EU", "up_to_g": 2000, "amount_minor": 890, "currency": "EUR" },
                    { "zone": "EU", "method": "air", "amount_minor": 2500, "currency": "EUR", "handling_per_item_minor": 100 },
                    { "zone": "berlin", "amount_minor": 300, "currency": "EUR", "free_over_minor": 2400 },
                    { "zone": "berlin", "method": "air", "up_to_g": 600, "amount_minor": 900, "currency": "EUR" },
                    { "zone": "berlin", "method": "air", "up_to_g": 5000, "amount_minor": 4000, "currency": "EUR" },
                ],
                "shipping_zones": [{ "id": "berlin", "places": [{ "country": "DE", "postcode_from": "10115", "postcode_to": "14199" }] }],
                "shipping_methods": [{ "id": "air", "name": "By air", "dim_divisor": 5000 }],
                "shipping_except": [{ "country": "DE", "postcode_prefix": "27498" }],
            });
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row.to_string()
        };
        let media = crate::media::Media::new(shop.blob.clone(), None);
        let records = shop.catalog.records().clone();
        let dir = tempfile::tempdir().unwrap();
        let importer = crate::catalog::exchange::Importer::new(
            records,
            shop.blob.clone(),
            media,
            shop.queue.clone(),
            dir.path().to_owned(),
        );
        let system = OpCtx::system("test", crate::testing::NOW);
        let report = importer.run(&system, &store(json!({})), |_| {}).await.unwrap();
        assert_eq!(report.rows[0].outcome, crate::catalog::exchange::Outcome::Updated, "{report:?}");
        let offered = |quote: &Quote| -> Vec<(String, i64, bool)> {
            quote.shipping_methods.iter().map(|m| (m.name.clone(), m.amount.minor(), m.chosen)).collect()
        };
        let row = |name: &str, minor, chosen| (name.to_owned(), minor, chosen);
        let quote = ask(&quotes, &guest, &asked(json!({}))).await.unwrap();
        assert_eq!(offered(&quote), [row("By air", 900, false), row("", 0, true)], "two books are 24.00");
        let quote = ask(&quotes, &guest, &asked(json!({ "shipping_method": "air" }))).await.unwrap();
        assert_eq!(quote.shipping.unwrap().list.minor(), 900);
        let munich = json!({ "buyer": { "country": "DE", "postcode": "80331" } });
        let quote = ask(&quotes, &guest, &asked(munich)).await.unwrap();
        assert_eq!(offered(&quote), [row("By air", 2700, false), row("", 890, true)]);
        let away = json!({ "buyer": { "country": "DE", "postcode": "27498" } });
        let refused = ask(&quotes, &guest, &asked(away)).await.unwrap_err();
        assert_eq!(fields(&refused), [("shipping", "not_shipped")]);
        let strange = json!({ "shipping_method": "ship" });
        let refused = ask(&quotes, &guest, &asked(strange)).await.unwrap_err();
        assert_eq!(fields(&refused), [("shipping_method", "no_such_method")]);
        // What cannot be priced is not taken in.
        let bad =
            json!({ "shipping_zones": [{ "id": "berlin", "places": [{ "country": "DE", "postcode_from": "1" }] }] });
        let report = importer.run(&system, &store(bad), |_| {}).await.unwrap();
        assert!(format!("{:?}", report.rows[0]).contains("zones[0].places[0].postcode_to"), "{report:?}");
    }
}

#[tokio::test]
async fn a_price_of_the_rest_of_the_world_counts_where_laws_want_it_with_tax() {
    let shop = Shop::open().await;
    let legal = json!({ "name": "Rest GmbH", "address": ["Weg 2", "20457 Hamburg"], "country": "DE", "email": "shop@rest.example",
        "tax_ids": ["DE299000042"], "invoice_prefix": "RE", "registrations": ["DE"] });
    let work = |name: &str, prices: Value| {
        json!({ "type": "work", "ref": name, "store": "rest", "kind": "album", "title": name, "makers": ["rest-who"], "released": "2024-03-01",
            "genres": ["ambient"], "parts": [{ "title": "One", "files": [{ "file": "files/1.ogg", "format": "Ogg Vorbis" }] }],
            "products": [{ "ref": "d", "kind": "digital", "title": "Digital album", "tax_class": "digital_music",
                "variants": [{ "sku": name, "prices": prices }] }] })
    };
    let price = |region: &str, minor: i64| json!({ "region": region, "currency": "USD", "minor": minor });
    let rows = [
        json!({ "type": "tenant", "ref": "rest", "name": "Rest", "legal": legal, "currency": "EUR", "locale": "de-DE", "fee_bps": 1000 }),
        json!({ "type": "store", "ref": "rest", "tenant": "rest", "handle": "rest", "name": "Rest", "ships_from": "DE", "no_rule": "export" }),
        json!({ "type": "maker", "ref": "rest-who", "tenant": "rest", "kind": "artist", "name": "Who" }),
        work("old", json!([price("row", 1000)])),
        work("new", json!([price("row", 1000), price("rowtax", 1100)])),
    ];
    shop.import(&rows.map(|row| row.to_string()).join("\n")).await;
    let quotes = Quotes::new(shop.catalog.offers().clone());
    for (country, included, word, new) in
        [("KR", true, "tax-final", 1100), ("BR", true, "tax-final", 1100), ("KE", false, "tax-none", 1000)]
    {
        let market = Market::of_country(country).id.into();
        let buyer = OpCtx { country: country.into(), market, ..shop.guest() };
        for (title, minor) in [("old", 1000), ("new", new)] {
            let cart = shop.checkouts.cart_view(&shop.fill(&buyer, &[title]).await).await.unwrap();
            assert_eq!(
                (cart.total_minor, cart.currency.as_str(), cart.tax_word.as_str()),
                (minor, "USD", word),
                "{country}"
            );
            let sku = shop.edition(title).await.to_string();
            let asked = json!({ "buyer": { "country": country }, "lines": [{ "sku": sku, "quantity": 1 }] });
            let quote = ask(&quotes, &buyer, &asked).await.unwrap();
            assert_eq!((quote.prices_include_tax, quote.totals.gross.minor()), (included, minor), "{country}");
            assert_eq!(quote.totals.tax.minor(), 0, "the tables know no tax there");
        }
    }
}

/// The marketplace as a seller of the Union, registered in some places.
fn marketplace(registrations: &[&str]) -> LegalEntity {
    LegalEntity {
        name: "Vitrine Marketplace Ltd".into(),
        country: "IE".into(),
        tax_ids: vec!["IE6388047V".into()],
        registrations: registrations.iter().map(|r| (*r).to_owned()).collect(),
        invoice_prefix: "VM".into(),
        ..LegalEntity::default()
    }
}

/// What a cart of some editions comes to: gross, tax and who sells, by part.
async fn in_cart(shop: &Shop, ctx: &OpCtx, lines: &[(&VariantId, u32)], to: &To) -> Vec<(i64, i64, SellerOfRecord)> {
    let line = |(variant, quantity): &(&VariantId, u32)| CartLine {
        variant: (*variant).clone(),
        quantity: *quantity,
        named_minor: None,
        named_in: None,
        added_ms: ctx.now_ms,
        later: false,
    };
    let lines: Vec<CartLine> = lines.iter().map(line).collect();
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant.clone()).collect();
    let offers = shop.catalog.offers().kept(&variants).await.unwrap();
    let place = shop.catalog.place(ctx);
    let priced = price(&offers, ctx, &place, &lines, to, &Offered::default(), 0).unwrap();
    let trouble = priced.view.sellers.iter().flat_map(|s| &s.lines).find_map(|l| l.trouble.clone());
    assert_eq!(trouble, None, "{:?}", priced.view.sellers);
    let sum = |s: &PricedSeller| (s.quote.totals.gross.minor(), s.quote.totals.tax.minor(), s.record);
    priced.sellers.iter().map(sum).collect()
}

fn sums(quote: &Quote) -> (i64, i64, SellerOfRecord) {
    let seller = quote.seller_of_record.unwrap();
    assert!(quote.lines.iter().all(|line| line.seller_of_record == Some(seller)));
    (quote.totals.gross.minor(), quote.totals.tax.minor(), seller)
}

#[tokio::test]
async fn the_marketplace_sells_at_the_door_what_it_sells_in_the_cart() {
    let shop = Shop::of_platform(marketplace(&["IE", "EU-OSS", "US-NJ"])).await;
    let quotes = Quotes::new(shop.catalog.offers().clone());
    let variant = shop.edition("Harbour Lights").await;
    let lines = json!([{ "sku": variant.to_string(), "quantity": 1 }]);
    // New Jersey taxes music, and its law on marketplaces is about files: 6.625 % of 9.00, which the shop would not charge.
    let us = OpCtx { country: "US".into(), market: "us".into(), ..shop.guest() };
    for (region, want) in [
        ("NJ", (960, 60, SellerOfRecord::Platform)),
        // It is not registered in Washington, so the shop sells.
        ("WA", (900, 0, SellerOfRecord::Tenant)),
    ] {
        let to = To { country: "US".into(), region: Some(region.into()), ..To::default() };
        let asked = json!({ "buyer": { "country": "US", "region": region }, "lines": lines });
        let quote = ask(&quotes, &us, &asked).await.unwrap();
        assert_eq!((sums(&quote), in_cart(&shop, &us, &[(&variant, 1)], &to).await), (want, vec![want]), "{region}");
    }
    // A German business: the shop is German and would charge 19 %, the marketplace is Irish and leaves the tax to the buyer.
    let id = "DE136695976";
    let identity = Identity { number: id.into(), state: TaxIdState::Valid, ..Identity::default() };
    let to = To { country: "DE".into(), business: Some(identity), ..To::default() };
    let buyer = json!({ "country": "DE", "business": true, "tax_id": id, "tax_id_state": "valid" });
    let quote = ask(&quotes, &shop.staff(), &json!({ "buyer": buyer, "lines": lines })).await.unwrap();
    let want = (672, 0, SellerOfRecord::Platform);
    assert_eq!((sums(&quote), in_cart(&shop, &shop.guest(), &[(&variant, 1)], &to).await), (want, vec![want]));
    // A document that describes its seller is sold by that one, and no record says who it is in law.
    let seller = json!({ "country": "DE", "registrations": ["DE"], "prices_include_tax": true });
    let own = json!({ "buyer": buyer, "seller": seller, "lines": lines });
    let quote = ask(&quotes, &shop.staff(), &own).await.unwrap();
    assert_eq!((quote.totals.gross.minor(), quote.totals.tax.minor(), quote.seller_of_record), (800, 128, None));
    assert_eq!(quote.lines[0].seller_of_record, None);
}

#[tokio::test]
async fn a_document_whose_lines_the_law_gives_to_two_sellers_is_refused_by_line() {
    let shop = Shop::of_platform(marketplace(&["IE", "EU-OSS", "EU-IOSS"])).await;
    shop.import(
        r#"{"type":"tenant","ref":"far","name":"Far","legal":{"name":"Far Inc.","address":["1 Way","Portland, OR 97201"],"country":"US","region":"OR","email":"shop@far.example","invoice_prefix":"FA","registrations":[]},"currency":"USD","locale":"en-US","fee_bps":1000}
{"type":"store","ref":"far","tenant":"far","handle":"far","name":"Far","ships_from":"US","no_rule":"export","shipping":[{"zone":"*","amount_minor":500,"currency":"EUR"}]}
{"type":"maker","ref":"who","tenant":"far","kind":"author","name":"Who"}
{"type":"work","ref":"pages","store":"far","kind":"book","title":"Far Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"FP-1","weight_g":280,"stock":9,"prices":[{"region":"world","currency":"EUR","minor":8000}]}]}]}
{"type":"work","ref":"songs","store":"far","kind":"album","title":"Far Songs","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"FS-1","title":"","prices":[{"region":"world","currency":"EUR","minor":1000}]}]}]}"#,
    )
    .await;
    let quotes = Quotes::new(shop.catalog.offers().clone());
    let guest = shop.guest();
    let (pages, songs) = (shop.edition("Far Pages").await, shop.edition("Far Songs").await);
    let to = To { country: "DE".into(), ..To::default() };
    let document = |lines: &[(&VariantId, u32)]| {
        let lines: Vec<Value> = lines.iter().map(|(sku, n)| json!({ "sku": sku.to_string(), "quantity": n })).collect();
        json!({ "buyer": { "country": "DE" }, "lines": lines })
    };
    // 80 euros from abroad: the import scheme's, so the marketplace's as the file is. 7 % of 80.00 and of 5.00 for sending it, 19 % of 10.00.
    let all = [(&pages, 1), (&songs, 1)];
    let quote = ask(&quotes, &guest, &document(&all)).await.unwrap();
    let want = (9500, 523 + 33 + 160, SellerOfRecord::Platform);
    assert_eq!((sums(&quote), in_cart(&shop, &guest, &all, &to).await), (want, vec![want]));
    // 160 euros: the buyer brings the parcel in, the shop sells it; the file stays the marketplace's.
    let mixed = ask(&quotes, &guest, &document(&[(&pages, 2), (&songs, 1)])).await.unwrap_err();
    assert_eq!((mixed.status, fields(&mixed)), (422, vec![("lines[1]", "mixed_sellers")]));
    assert!(mixed.title.contains("lines[1]"), "{}", mixed.title);
    let cart = in_cart(&shop, &guest, &[(&pages, 2), (&songs, 1)], &to).await;
    let mut parts = Vec::new();
    for part in [(&pages, 2), (&songs, 1)] {
        parts.push(sums(&ask(&quotes, &guest, &document(&[part])).await.unwrap()));
    }
    assert_eq!(parts, cart);
    assert_eq!(parts, [(16_500, 0, SellerOfRecord::Tenant), (1000, 160, SellerOfRecord::Platform)]);
    // What is described counts like an edition, and leaves from where the shop is.
    let described = |minor: i64| {
        json!({ "store": "far", "currency": "EUR", "buyer": { "country": "DE" }, "lines": [{ "name": "A print",
            "quantity": 1, "kind": "physical", "tax_class": "physical_media", "unit_price": { "minor": minor, "currency": "EUR" } }] })
    };
    for (minor, seller) in [(15_000, SellerOfRecord::Platform), (15_001, SellerOfRecord::Tenant)] {
        let quote = ask(&quotes, &shop.staff(), &described(minor)).await.unwrap();
        let taxed = seller == SellerOfRecord::Platform;
        assert_eq!((sums(&quote).2, sums(&quote).1 > 0), (seller, taxed), "{minor}");
    }
}

#[test]
fn a_seller_is_in_the_region_that_the_record_names_by_code_or_by_name() {
    let at = |country: &str, region: Option<&str>| {
        let legal = LegalEntity { country: country.into(), region: region.map(Into::into), ..LegalEntity::default() };
        seller(&legal, Market::of_country(country)).region
    };
    for (country, region, code) in [
        ("IN", "Maharashtra", Some("MH")),
        ("IN", "MH", Some("MH")),
        ("IN", "OR", Some("OD")),
        ("IN", "Odisha", Some("OD")),
        ("IN", "mh", Some("MH")),
        ("IN", "Bavaria", None),
        ("IN", "", None),
        ("US", "New York", Some("NY")),
        ("CA", "Québec", Some("QC")),
        ("DE", "Bayern", Some("Bayern")),
    ] {
        assert_eq!(at(country, Some(region)).as_deref(), code, "{country} {region}");
    }
    assert_eq!(at("IN", None), None);
}
