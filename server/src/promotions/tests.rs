//! From the table to the checkout; cases that others learned the hard way are named after their number in the list of them.

use serde_json::json;
use vitrine_clock::Clock;
use vitrine_pricing::date::Date;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::promotion::{Benefit, Limits, Promotion, SkipReason};
use vitrine_shared::id::{PromotionId, TenantId};
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::trade::CodeView;

use super::*;
use crate::catalog::exchange::{Importer, Outcome, export};
use crate::checkout::{HOLD_MS, Placed, Typed};
use crate::ctx::{Guess, OpCtx};
use crate::media::Media;
use crate::pricing::{Quotes, read};
use crate::testing::{NOW, Shop, form, promotion};

const CARD: &str = "4242424242424242";
const OTHER_CARD: &str = "4000002760000016";

fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR".parse::<Currency>().unwrap()).unwrap()
}

fn day(offset: i64) -> Date {
    Date::from_unix_ms(NOW + offset * 86_400_000).unwrap()
}

/// Half off, with a code.
fn half(n: u128, code: &str) -> Promotion {
    promotion(n, Some(code), Benefit::Percent { rate_ppm: 500_000, at_most: Vec::new() })
}

/// In the shop of Harbour Lights.
async fn kept(shop: &Shop, promotion: Promotion) -> TenantId {
    let tenant = shop.seller_of("Harbour Lights").await;
    shop.promote(&tenant, promotion).await;
    tenant
}

async fn with_code(shop: &Shop, who: &OpCtx, title: &str, code: &str) -> OpCtx {
    let ctx = shop.fill(who, &[title]).await;
    shop.carts.add_code(&ctx, ctx.cart.as_deref(), code).await.unwrap();
    ctx
}

async fn codes(shop: &Shop, ctx: &OpCtx) -> Vec<CodeView> {
    shop.checkouts.cart_view(ctx).await.unwrap().codes
}

fn reason(code: &CodeView) -> &str {
    code.reason.as_deref().unwrap_or("applied")
}

async fn used(shop: &Shop, tenant: &TenantId, n: u128) -> u32 {
    let id = PromotionId::from_bits(n).to_string();
    shop.checkouts.promotions().records().used(tenant, &[&id]).await.unwrap()[0]
}

/// Places for somebody with this address, who saw what the checkout's page says.
async fn place(shop: &Shop, ctx: &OpCtx, email: &str) -> Result<Placed> {
    let mut form = form();
    form.email = email.into();
    shop.checkouts.keep_form(ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    let page = shop.checkouts.checkout_view(ctx).await.unwrap();
    let mut placing = shop.placing(ctx, &crate::ids::secret()).await;
    placing.form = form;
    placing.seen_minor = page.cart.total_minor;
    shop.checkouts.place(ctx, &placing).await
}

async fn pay(shop: &Shop, placed: &Placed, card: &str) -> CheckoutState {
    shop.pay(placed, card).await;
    let now = OpCtx::system("test", shop.clock.now_ms());
    shop.checkouts.refresh(&now, &placed.id).await.unwrap();
    shop.checkouts.get(&placed.id).await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_code_takes_off_what_the_button_says_and_the_order_keeps_it() {
    for shop in Shop::both().await {
        let tenant = kept(&shop, half(1, "WINTER")).await;
        let ctx = with_code(&shop, &shop.guest(), "Harbour Lights", "winter").await;
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((view.total_minor, view.codes.len()), (400, 1));
        assert!(view.codes[0].applied && view.codes[0].off.contains("4.00"), "{:?}", view.codes);
        assert!(view.sellers[0].sums.iter().any(|s| s.key == "sum-discount" && s.detail == "WINTER"));
        let placed = place(&shop, &ctx, "a@example.org").await.unwrap();
        assert_eq!(used(&shop, &tenant, 1).await, 1, "held while the payment is on its way");
        // It is changed and ended meanwhile; what was agreed stays.
        let mut ended = half(1, "WINTER");
        ended.valid_to = Some(day(-1));
        shop.promote(&tenant, ended).await;
        assert_eq!(pay(&shop, &placed, CARD).await, CheckoutState::Paid);
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        let orders = shop.checkouts.orders(&checkout).await.unwrap();
        assert_eq!((checkout.total_minor, orders[0].quote.totals.discounts[0].amount), (400, eur(400)));
        assert_eq!(used(&shop, &tenant, 1).await, 1);
        assert!(shop.carts.load(&ctx, ctx.cart.as_deref()).await.unwrap().codes.is_empty(), "typed for one purchase");
        let next = with_code(&shop, &shop.guest(), "Harbour Lights", "WINTER").await;
        assert_eq!(reason(&codes(&shop, &next).await[0]), "code-skipped-not-valid");
    }
}

#[tokio::test]
async fn case_20_of_two_buyers_at_once_exactly_one_gets_the_last_use_and_the_other_is_not_charged() {
    for shop in Shop::both().await {
        let limits = Limits { total: Some(1), per_customer: None };
        let tenant = kept(&shop, Promotion { limits, ..half(1, "ONE") }).await;
        let one = with_code(&shop, &shop.guest(), "Harbour Lights", "ONE").await;
        let two = with_code(&shop, &shop.guest(), "Harbour Lights", "ONE").await;
        let (mut first, mut second) = (shop.placing(&one, "one").await, shop.placing(&two, "two").await);
        assert_eq!((first.seen_minor, second.seen_minor), (400, 400), "both saw it");
        second.form.email = "other@example.org".into();
        first.nothing_owned = true;
        let (a, b) = futures::join!(shop.checkouts.place(&one, &first), shop.checkouts.place(&two, &second));
        let (through, refused) = match (a, b) {
            (Ok(placed), Err(refused)) | (Err(refused), Ok(placed)) => (placed, refused),
            other => panic!("{other:?}"),
        };
        assert!(matches!(refused.code.as_str(), "discount_gone" | "price_changed"), "{refused:?}");
        assert_eq!(used(&shop, &tenant, 1).await, 1);
        assert_eq!(pay(&shop, &through, CARD).await, CheckoutState::Paid);
        // The other one sees why, and pays the whole price or nothing.
        let left = if first.form.email.is_empty() { &one } else { &two };
        let views = [codes(&shop, &one).await, codes(&shop, left).await, codes(&shop, &two).await];
        assert!(views.iter().flatten().any(|c| reason(c) == "code-skipped-exhausted"), "{views:?}");
    }
}

#[tokio::test]
async fn case_22_once_per_customer_knows_aliases_and_cards_before_payment() {
    for shop in Shop::both().await {
        let limits = Limits { total: None, per_customer: Some(1) };
        let tenant = kept(&shop, Promotion { limits, ..half(1, "WELCOME") }).await;
        let who = shop.guest();
        let ctx = with_code(&shop, &who, "Harbour Lights", "WELCOME").await;
        let placed = place(&shop, &ctx, "buyer@example.org").await.unwrap();
        assert_eq!(pay(&shop, &placed, CARD).await, CheckoutState::Paid);
        // Another writing of the same address: refused before payment, and the page says why.
        let ctx = with_code(&shop, &who, "Harbour Lights", "WELCOME").await;
        let mut placing = shop.placing(&ctx, "alias").await;
        placing.form.email = "Buyer+again@Example.org".into();
        assert_eq!(placing.seen_minor, 400, "who buys is not known yet");
        let refused = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
        assert_eq!(refused.code, "price_changed");
        shop.checkouts.keep_form(&ctx, &Typed { form: placing.form, ..Typed::default() }).await.unwrap();
        let page = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert_eq!((reason(&page.cart.codes[0]), page.cart.total_minor), ("code-skipped-used-by-you", 800));
        // Another address that once paid with the same card: refused before payment too.
        let plain = shop.fill(&who, &["Harbour Lights"]).await;
        let placed = place(&shop, &plain, "second@example.org").await.unwrap();
        assert_eq!(pay(&shop, &placed, CARD).await, CheckoutState::Paid);
        let again = with_code(&shop, &who, "Harbour Lights", "WELCOME").await;
        let mut placing = shop.placing(&again, "card").await;
        placing.form.email = "second@example.org".into();
        assert_eq!(shop.checkouts.place(&again, &placing).await.unwrap_err().code, "price_changed");
        // A card that neither knew is asked before it is charged (`checkout::captured` has more of it).
        let third = with_code(&shop, &who, "Harbour Lights", "WELCOME").await;
        let placed = place(&shop, &third, "third@example.org").await.unwrap();
        assert_eq!(pay(&shop, &placed, CARD).await, CheckoutState::Released);
        let card =
            shop.checkouts.promotions().card("simulator", &shop.session(&placed).await.fingerprint.unwrap()).unwrap();
        let key = count_key(&tenant, PromotionId::from_bits(1).as_str(), &card);
        let item = shop.table.get(&key, vitrine_table::Consistency::Strong).await.unwrap().unwrap();
        assert_eq!(item["used"], 1);
        // Somebody else is not in anybody's way.
        let other = with_code(&shop, &who, "Harbour Lights", "WELCOME").await;
        let placed = place(&shop, &other, "fourth@example.org").await.unwrap();
        assert_eq!(pay(&shop, &placed, OTHER_CARD).await, CheckoutState::Paid);
    }
}

#[tokio::test]
async fn an_account_is_known_whatever_address_it_types() {
    let shop = Shop::open().await;
    let limits = Limits { total: None, per_customer: Some(1) };
    kept(&shop, Promotion { limits, ..half(1, "WELCOME") }).await;
    let user = shop.user(3, "mine@example.org", &["buyer"], &[]);
    let ctx = with_code(&shop, &user, "Harbour Lights", "WELCOME").await;
    place(&shop, &ctx, "a@example.org").await.unwrap();
    shop.clock.advance_ms(1);
    let view = shop.checkouts.cart_view(&ctx).await.unwrap();
    assert!(view.codes[0].applied, "the use that this cart's earlier attempt holds is its own");
    let again = place(&shop, &ctx, "b@example.org").await.unwrap();
    assert_eq!(pay(&shop, &again, CARD).await, CheckoutState::Paid);
    let ctx = with_code(&shop, &user, "Harbour Lights", "WELCOME").await;
    assert_eq!(reason(&codes(&shop, &ctx).await[0]), "code-skipped-used-by-you");
}

async fn import(shop: &Shop, row: &serde_json::Value) -> (Outcome, Vec<String>) {
    let media = Media::new(shop.blob.clone(), None);
    let dir = tempfile::tempdir().unwrap();
    let records = shop.catalog.records().clone();
    let importer = Importer::new(records, shop.blob.clone(), media, shop.queue.clone(), dir.path().to_owned());
    let report = importer.run(&OpCtx::system("test", NOW), &row.to_string(), |_| {}).await.unwrap();
    (report.rows[0].outcome, report.rows[0].notes.clone())
}

fn row(left: Option<u32>) -> serde_json::Value {
    json!({ "type": "promotion", "ref": "old", "tenant": "nord", "code": "OLD", "uses_left": left,
        "benefit": { "kind": "percent", "rate_ppm": 500_000 }, "items": { "works": ["harbour"], "editions": ["HL-D"] } })
}

#[tokio::test]
async fn case_23_an_imported_code_with_no_uses_left_stays_exhausted() {
    for shop in Shop::both().await {
        assert_eq!(import(&shop, &row(Some(0))).await.0, Outcome::Created);
        let ctx = with_code(&shop, &shop.guest(), "Harbour Lights", "OLD").await;
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((reason(&view.codes[0]), view.total_minor), ("code-skipped-exhausted", 800));
        // With one left it holds once, and the same row again changes nothing.
        assert_eq!(import(&shop, &row(Some(1))).await.0, Outcome::Updated);
        let placed = place(&shop, &ctx, "a@example.org").await.unwrap();
        assert_eq!(pay(&shop, &placed, CARD).await, CheckoutState::Paid);
        assert_eq!(import(&shop, &row(Some(1))).await.0, Outcome::Unchanged);
        let ctx = with_code(&shop, &shop.guest(), "Harbour Lights", "old").await;
        assert_eq!(reason(&codes(&shop, &ctx).await[0]), "code-skipped-exhausted");
        // What an export says is what is left.
        let dir = tempfile::tempdir().unwrap();
        export(&shop.staff(), shop.catalog.records(), &*shop.blob, dir.path()).await.unwrap();
        let rows = std::fs::read_to_string(dir.path().join("catalog.jsonl")).unwrap();
        let line = rows.lines().find(|line| line.contains("\"type\":\"promotion\"")).unwrap();
        let said: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&said["uses_left"], &said["code"]), (&json!(0), &json!("OLD")));
        assert_eq!(import(&shop, &said).await.0, Outcome::Unchanged);
        let mut other = row(None);
        other["ref"] = json!("other");
        let (outcome, notes) = import(&shop, &other).await;
        assert!(outcome == Outcome::Refused && notes[0].contains("has this code"), "{notes:?}");
    }
}

#[tokio::test]
async fn case_26_nothing_is_left_to_pay_only_where_the_promotion_allows_it() {
    let shop = Shop::open().await;
    let all = Benefit::Percent { rate_ppm: 1_000_000, at_most: Vec::new() };
    kept(&shop, Promotion { benefit: all.clone(), ..half(1, "ALL") }).await;
    kept(&shop, Promotion { benefit: all, allow_zero: true, ..half(2, "FREE") }).await;
    let ctx = with_code(&shop, &shop.guest(), "Harbour Lights", "ALL").await;
    let view = shop.checkouts.cart_view(&ctx).await.unwrap();
    assert_eq!((reason(&view.codes[0]), view.total_minor), ("code-skipped-zero-total", 800));
    let ctx = with_code(&shop, &shop.guest(), "Harbour Lights", "FREE").await;
    let placed = place(&shop, &ctx, "a@example.org").await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    assert_eq!((checkout.state, checkout.total_minor, placed.pay_url), (CheckoutState::Paid, 0, None));
    assert!(checkout.session.is_none());
}

#[tokio::test]
async fn case_43_wrong_foreign_and_ended_codes_have_one_answer_and_are_counted_as_guesses() {
    for shop in Shop::both().await {
        let tenant = kept(&shop, Promotion { valid_to: Some(day(-1)), ..half(1, "ENDED") }).await;
        shop.promote(&tenant, Promotion { valid_from: Some(day(2)), ..half(2, "COMING") }).await;
        shop.promote(&tenant, half(3, "RIGHT")).await;
        let press = shop.seller_of("Paper Boats").await;
        shop.promote(&press, half(4, "FOREIGN")).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        let quotes = Quotes::new(shop.catalog.offers().clone()).with_promotions(shop.checkouts.promotions().clone());
        let sku = shop.edition("Harbour Lights").await.to_string();
        for (code, wrong) in [("ENDED", true), ("COMING", true), ("FOREIGN", true), ("NOTHING", true), ("RIGHT", false)]
        {
            let typing = OpCtx { guess: Guess::default(), ..ctx.clone() };
            shop.checkouts.apply_discount(&typing, code).await.unwrap();
            assert_eq!(typing.guess.is_wrong(), wrong, "{code}");
            let said = codes(&shop, &ctx).await.pop().unwrap();
            assert_eq!(reason(&said) == "code-skipped-not-valid", wrong, "{code}: {said:?}");
            let asked =
                json!({ "buyer": { "country": "DE" }, "lines": [{ "sku": sku, "quantity": 1 }], "codes": [code] });
            let guess = Guess::default();
            let asking = OpCtx { guess: guess.clone(), ..shop.guest() };
            let quote = quotes.quote(&asking, read(asked.to_string().as_bytes()).unwrap()).await.unwrap();
            assert_eq!(
                (quote.codes[0].reason == Some(SkipReason::NotValid), guess.is_wrong()),
                (wrong, wrong),
                "{code}"
            );
            assert_eq!(quote.totals.gross.minor(), if wrong { 800 } else { 400 }, "{code}");
        }
    }
}

#[tokio::test]
async fn a_use_is_free_again_when_no_money_came_and_late_money_keeps_its_discount() {
    for shop in Shop::both().await {
        let limits = Limits { total: Some(1), per_customer: Some(1) };
        let tenant = kept(&shop, Promotion { limits, ..half(1, "ONE") }).await;
        let late = with_code(&shop, &shop.guest(), "Harbour Lights", "ONE").await;
        let placed = place(&shop, &late, "late@example.org").await.unwrap();
        let session = shop.session(&placed).await;
        shop.clock.advance_ms(HOLD_MS + 1000);
        shop.work().await;
        assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::Released);
        assert_eq!(used(&shop, &tenant, 1).await, 0);
        // Somebody else has the only use by now.
        let now = OpCtx { now_ms: shop.clock.now_ms(), ..shop.guest() };
        let other = with_code(&shop, &now, "Harbour Lights", "ONE").await;
        let second = place(&shop, &other, "other@example.org").await.unwrap();
        assert_eq!(pay(&shop, &second, OTHER_CARD).await, CheckoutState::Paid);
        // The first payment comes after all: it was of the agreed price, which holds; the count says so.
        let captured = vitrine_payments::Session { state: vitrine_payments::PaymentState::Captured, ..session };
        let kind = "session.captured".to_owned();
        let event = vitrine_payments::Event { id: "ev".into(), kind, created_ms: NOW, session: captured, refund: None };
        shop.checkouts.handle_event(&OpCtx::system("webhook", now.now_ms), &event).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!((checkout.state, checkout.total_minor), (CheckoutState::Paid, 400));
        assert_eq!(used(&shop, &tenant, 1).await, 2);
    }
}

#[tokio::test]
async fn what_applies_by_itself_needs_no_code_and_more_reads_only_if_it_is_limited() {
    let shop = Shop::open().await;
    let automatic = Promotion { code: None, title: "Sale".into(), ..half(1, "x") };
    let tenant = kept(&shop, automatic.clone()).await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    shop.calls.take();
    let view = shop.checkouts.cart_view(&ctx).await.unwrap();
    assert_eq!(view.total_minor, 400);
    assert!(view.sellers[0].sums.iter().any(|s| s.key == "sum-discount" && s.detail == "Sale"));
    assert!(!shop.calls.take().iter().any(|call| call.contains("PROMOUSE")));
    // Only on a first order: known by the address once something was paid.
    shop.promote(&tenant, Promotion { first_order: true, ..automatic }).await;
    assert_eq!(shop.checkouts.cart_view(&ctx).await.unwrap().total_minor, 400, "a change is seen at once");
    let placed = place(&shop, &ctx, "a@example.org").await.unwrap();
    assert_eq!(pay(&shop, &placed, CARD).await, CheckoutState::Paid);
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let mut placing = shop.placing(&ctx, "again").await;
    placing.form.email = "a+b@example.org".into();
    assert_eq!(shop.checkouts.place(&ctx, &placing).await.unwrap_err().code, "price_changed");
}

#[tokio::test]
async fn a_code_is_one_promotion_of_its_seller_and_a_changed_one_moves() {
    for shop in Shop::both().await {
        let tenant = kept(&shop, half(1, "First")).await;
        let records = shop.checkouts.promotions().records();
        let ctx = OpCtx::system("test", NOW);
        let write = async |promotion: Promotion, rev: i64| {
            let kept = Kept { promotion, left_said: None, made_of: None, created_ms: NOW, rev };
            records.write(&ctx, &tenant, &kept, rev, "").await
        };
        let taken = write(half(2, "FIRST"), 0).await.unwrap_err();
        assert_eq!(taken.fields["code"], "code_taken");
        assert_eq!(write(half(1, "First"), 0).await.unwrap_err().status, 409, "somebody else made it");
        write(half(1, "Second"), 1).await.unwrap();
        assert_eq!(write(half(1, "Third"), 1).await.unwrap_err().status, 409, "it was changed since");
        write(half(2, "FIRST"), 0).await.unwrap();
        let all = records.all(&tenant).await.unwrap();
        let codes: Vec<_> = all.iter().map(|kept| kept.promotion.code.as_deref().unwrap()).collect();
        assert_eq!(codes, ["FIRST", "Second"]);
        let wrong = write(Promotion { code: Some("two words".into()), ..half(3, "") }, 0).await.unwrap_err();
        assert_eq!((wrong.status, wrong.fields["code"].as_str()), (422, "promotion_invalid"));
        for n in 0..MOST_AUTOMATIC {
            write(Promotion { code: None, ..half(100 + n as u128, "") }, 0).await.unwrap();
        }
        let many = write(Promotion { code: None, ..half(99, "") }, 0).await.unwrap_err();
        assert_eq!(many.fields["code"], "too_many");
        // What ended makes room, and is still there.
        write(Promotion { code: None, valid_to: Some(day(-1)), ..half(100, "") }, 1).await.unwrap();
        write(Promotion { code: None, ..half(99, "") }, 0).await.unwrap();
        assert_eq!(records.automatic(&tenant).await.unwrap().len(), MOST_AUTOMATIC);
        let ended = PromotionId::from_bits(100).to_string();
        assert_eq!(records.get(&tenant, &ended).await.unwrap().map(|kept| kept.rev), Some(2));
        write(Promotion { code: Some("BACK".into()), ..half(100, "") }, 2).await.unwrap();
        assert_eq!(records.all(&tenant).await.unwrap().len(), MOST_AUTOMATIC + 3);
    }
}

#[tokio::test]
async fn names_of_customers_say_nothing_and_are_one_for_every_writing() {
    let shop = Shop::open().await;
    let names = |ctx: &OpCtx, email: &str| shop.checkouts.promotions().names(ctx, email).unwrap();
    let guest = shop.guest();
    assert_eq!(names(&guest, "a.b+c@Example.org"), names(&guest, "A.B@example.org"));
    assert_ne!(names(&guest, "a.b@example.org"), names(&guest, "ab@example.org"), "dots are as they are");
    assert!(names(&guest, "").is_empty() && !names(&guest, "ab@example.org")[0].contains("ab"));
    let user = shop.user(3, "mine@example.org", &[], &[]);
    assert_eq!(names(&user, ""), names(&user, "mine+x@example.org"));
    assert_eq!(names(&user, "").len(), 2);
}

#[tokio::test]
async fn an_imported_promotion_is_of_the_edition_that_has_the_sku_now() {
    let shop = Shop::open().await;
    let tenant = shop.seller_of("Harbour Lights").await;
    // An edition with an id of its own: nothing of its SKU says it.
    let edition = vitrine_shared::id::VariantId::from_bits(77).to_string();
    let work = json!({ "type": "work", "ref": "own", "store": "nord", "kind": "book", "title": "Own Ways", "makers": ["ida"],
        "released": "2024-03-01", "genres": ["fiction"], "language": "en",
        "products": [{ "ref": "p", "kind": "physical", "title": "Paperback", "tax_class": "printed_book",
            "variants": [{ "id": edition, "sku": "OWN-1", "weight_g": 280, "stock": 9,
                "prices": [{ "region": "eu", "currency": "EUR", "minor": 1200 }] }] }] });
    assert_eq!(import(&shop, &work).await, (Outcome::Created, vec![]));
    let mut promotion = row(None);
    promotion["items"] = json!({ "editions": ["OWN-1", "NOT-YET"] });
    promotion["benefit"] =
        json!({ "kind": "bundle", "members": [{ "sku": "OWN-1", "quantity": 2 }], "at": { "rate_ppm": 500_000 } });
    assert_eq!(import(&shop, &promotion).await.0, Outcome::Created);
    let all = shop.checkouts.promotions().records().all(&tenant).await.unwrap();
    let kept = &all[0].promotion;
    assert_eq!((kept.items.products[0].as_str(), kept.items.products.len()), (edition.as_str(), 2));
    assert!(matches!(&kept.benefit, Benefit::Bundle { members, .. } if members[0].sku == edition), "{kept:?}");
}

#[tokio::test]
async fn what_applies_by_itself_is_refused_before_it_is_larger_than_the_store_takes() {
    let shop = Shop::open().await;
    let tenant = shop.seller_of("Harbour Lights").await;
    let records = shop.checkouts.promotions().records();
    let system = OpCtx::system("test", NOW);
    let wide = |n: u128| {
        let items = vitrine_pricing::promotion::ItemScope {
            products: (0..200).map(|i| format!("{n:0>10}{i:0>54}")).collect(),
            collections: Vec::new(),
            artists: (0..200).map(|i| format!("{n:0>10}{i:0>54}")).collect(),
        };
        Promotion { code: None, title: "Wide".into(), except: items.clone(), items, ..half(n, "X") }
    };
    let mut refused = None;
    for n in 0..MOST_AUTOMATIC as u128 {
        let kept = Kept { promotion: wide(n), left_said: None, made_of: None, created_ms: NOW, rev: 0 };
        if let Err(problem) = records.write(&system, &tenant, &kept, 0, "test").await {
            refused = Some((n, problem));
            break;
        }
    }
    let (n, problem) = refused.expect("forty of them are larger than an item");
    assert_eq!((problem.status, problem.fields["items"].as_str()), (422, "too_large"));
    assert_eq!(records.automatic(&tenant).await.unwrap().len() as u128, n, "nothing of it was written");
    // With a code it has an item of its own.
    let kept = Kept {
        promotion: Promotion { code: Some("WIDE".into()), ..wide(n) },
        left_said: None,
        made_of: None,
        created_ms: NOW,
        rev: 0,
    };
    records.write(&system, &tenant, &kept, 0, "test").await.unwrap();
}
