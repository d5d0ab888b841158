//! Stores that ask a tax service: from the page to the books, with a service on this machine that answers over HTTP and fails as it should.

use secrecy::SecretString;
use service::{Service, Trouble};
use vitrine_pricing::quote::StepKind;
use vitrine_pricing::refund::{LineWish, RefundWish, Take};
use vitrine_pricing::tax::{Accuracy, TaxStatus};
use vitrine_shared::Problem;
use vitrine_shared::views::trade::{CheckoutForm, CheckoutView};
use vitrine_tax::stripe::{Stripe, StripeConfig};

use super::store::{Order, TaxFallback};
use super::*;
use crate::ctx::OpCtx;
use crate::testing::{self, Shop};

#[path = "../../ports/tax/tests/service/mod.rs"]
mod service;

/// A seller registered in California, once as each policy has it.
fn rows() -> String {
    let tenant = |name: &str| {
        format!(
            r#"{{"type":"tenant","ref":"{name}","name":"{name}","legal":{{"name":"{name} Inc.","address":["1 Main St","San Diego, CA 92101"],"country":"US","region":"CA","email":"shop@{name}.example","invoice_prefix":"{}","registrations":["US-CA","US-OR","GB"]}},"currency":"USD","locale":"en-US","fee_bps":1000}}"#,
            name[..2].to_uppercase()
        )
    };
    let store = |name: &str, policy: &str| {
        format!(
            r#"{{"type":"store","ref":"{name}","tenant":"{name}","handle":"{name}","name":"{name}","ships_from":"US","shipping":[{{"zone":"US","up_to_g":2000,"amount_minor":500,"currency":"USD"}}],{policy}}}"#
        )
    };
    let maker =
        |name: &str| format!(r#"{{"type":"maker","ref":"{name}","tenant":"{name}","kind":"artist","name":"{name}"}}"#);
    let work = |name: &str, title: &str| {
        format!(
            r#"{{"type":"work","ref":"{name}-book","store":"{name}","kind":"book","title":"{title} Pages","makers":["{name}"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{{"sku":"{name}-P","weight_g":280,"stock":9,"prices":[{{"region":"world","currency":"USD","minor":1500}}]}}]}}]}}
{{"type":"work","ref":"{name}-album","store":"{name}","kind":"album","title":"{title} Tones","makers":["{name}"],"released":"2024-03-01","genres":["ambient"],"parts":[{{"title":"One","files":[{{"file":"files/1.ogg","format":"Ogg Vorbis"}}]}}],"products":[{{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{{"sku":"{name}-D","title":"","prices":[{{"region":"world","currency":"USD","minor":999}}]}}]}}]}}"#
        )
    };
    let mut rows = Vec::new();
    for (name, title, policy) in [
        ("local", "Local", r#""tax_provider":"provider_where_local""#),
        ("strict", "Strict", r#""tax_provider":"always","tax_fallback":"block""#),
        ("plain", "Plain", r#""tax_provider":"engine""#),
    ] {
        rows.extend([tenant(name), store(name, policy), maker(name), work(name, title)]);
    }
    rows.push(
        r#"{"type":"work","ref":"strict-notes","store":"strict","kind":"book","title":"Strict Notes","makers":["strict"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"e","kind":"digital","title":"E-book","tax_class":"ebook","variants":[{"sku":"strict-E","prices":[{"region":"world","currency":"USD","minor":700}]}]}],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}]}"#
            .into(),
    );
    rows.join("\n")
}

async fn open() -> (Shop, Service) {
    let mut shop = Shop::open().await;
    shop.import(&rows()).await;
    let (service, base) = Service::open().await;
    let config = StripeConfig { base: base.parse().unwrap(), key: SecretString::from("sk_test_shop") };
    let taxes = Taxes::new(shop.table.clone(), Arc::new(Stripe::new(&config).unwrap()));
    shop.checkouts = shop.checkouts.clone().taxed_by(taxes);
    shop.receipts.checkouts = shop.checkouts.clone();
    (shop, service)
}

fn form(region: &str, postcode: &str) -> CheckoutForm {
    CheckoutForm {
        country: "US".into(),
        city: "Los Angeles".into(),
        region: region.into(),
        postcode: postcode.into(),
        ..testing::form()
    }
}

async fn filled(shop: &Shop, titles: &[&str]) -> OpCtx {
    shop.fill(&OpCtx { country: "US".into(), market: "us".into(), ..shop.guest() }, titles).await
}

async fn page(shop: &Shop, ctx: &OpCtx, form: &CheckoutForm) -> CheckoutView {
    let typed = Typed { form: form.clone(), ..Typed::default() };
    shop.checkouts.keep_form(ctx, &typed).await.unwrap();
    shop.checkouts.checkout_view(ctx).await.unwrap()
}

fn placing(view: &CheckoutView, form: &CheckoutForm, attempt: &str) -> Placing {
    Placing {
        attempt: format!("{attempt:x<16}"),
        form: form.clone(),
        seen_minor: view.cart.total_minor,
        seen_currency: Some(view.cart.currency.clone()),
        due_minor: None,
        nothing_owned: true,
    }
}

async fn placed(
    shop: &Shop,
    ctx: &OpCtx,
    form: &CheckoutForm,
    attempt: &str,
) -> std::result::Result<(Placed, Order), Problem> {
    let view = page(shop, ctx, form).await;
    let placed = shop.checkouts.place(ctx, &placing(&view, form, attempt)).await?;
    let order = order_of(shop, &placed).await;
    Ok((placed, order))
}

async fn order_of(shop: &Shop, placed: &Placed) -> Order {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.checkouts.orders(&checkout).await.unwrap().remove(0)
}

async fn paid(shop: &Shop, placed: &Placed) {
    shop.pay(placed, "4242424242424242").await;
    shop.checkouts.refresh(&OpCtx::system("test", shop.clock_ms()), &placed.id).await.unwrap();
}

fn money(order: &Order) -> (i64, i64, i64) {
    let totals = &order.quote.totals;
    (totals.net.minor(), totals.tax.minor(), totals.gross.minor())
}

async fn acts(shop: &Shop, placed: &Placed) -> Vec<String> {
    let trail = crate::audit::of(&*shop.table, placed.id.as_str()).await.unwrap();
    let mut acts: Vec<String> = trail.into_iter().map(|e| e.act).filter(|act| act.contains("tax")).collect();
    // The clock stands still: those of one moment have no order.
    acts.sort();
    acts
}

#[tokio::test]
async fn what_the_service_says_is_shown_placed_charged_recorded_and_taken_back() {
    let (shop, service) = open().await;
    let ctx = filled(&shop, &["Local Pages", "Local Tones"]).await;
    let (bought, order) = placed(&shop, &ctx, &form("CA", "90001"), "first").await.unwrap();
    // 9.5 %, rounded by place: 15.00 is 0.90 + 0.04 + 0.49, 9.99 is 0.60 + 0.02 + 0.32, 5.00 is 0.30 + 0.01 + 0.16.
    assert_eq!(money(&order), (2_999, 143 + 94 + 47, 3_283));
    assert_eq!(shop.session(&bought).await.amount_minor, 3_283);
    assert!(order.quote.lines.iter().all(|l| (l.accuracy, l.tax_status) == (Accuracy::Provider, TaxStatus::Taxed)));
    let places: Vec<&str> = order.quote.totals.taxes.iter().map(|t| t.jurisdiction.as_str()).collect();
    assert_eq!(places, ["US-CA", "US-CA Los Angeles", "US-CA Los Angeles County"]);
    let kept = order.tax.service.clone().unwrap();
    assert_eq!((kept.provider.as_str(), &order.tax.tax_fallback), ("stripe", &None));
    let told = order.quote.explain.iter().filter(|s| s.kind == StepKind::Tax);
    let source = format!("stripe {}: US-CA Sales Tax, standard_rated", kept.calculation);
    assert_eq!(told.filter(|s| s.source == source).count(), 3, "{:?}", order.quote.explain);
    assert_eq!(service.calls("/calculations").len(), 1, "page and placing ask once");
    assert!(service.calls("/create_from_calculation").is_empty(), "nothing is sold yet");
    paid(&shop, &bought).await;
    shop.work().await;
    let order = order_of(&shop, &bought).await;
    let kept = order.tax.service.clone().unwrap();
    assert_eq!((kept.transaction.is_some(), kept.lines.len(), kept.refused), (true, 2, None));
    let system = OpCtx::system("test", shop.clock_ms());
    shop.checkouts.record_taxes(&system, &bought.id).await.unwrap();
    let sold = service.calls("/create_from_calculation");
    assert!(sold.len() == 1 && sold[0].contains(order.id.as_str()), "{sold:?}");
    // The album goes back, then the rest: to the cent, and once however often the job runs.
    let line = order.lines.iter().position(|l| !l.physical).unwrap();
    let wish = |what: RefundWish, attempt: &str| Wish {
        attempt: attempt.into(),
        what,
        restock: false,
        reason: "a test".into(),
    };
    let whole = RefundWish { lines: vec![LineWish { line, take: Take::All }], shipping: None };
    let staff = shop.staff();
    let first = shop.checkouts.refund(&staff, &order.id, &wish(whole, "album")).await.unwrap();
    assert_eq!(first.amount_minor, 999 + 94);
    shop.work().await;
    shop.checkouts.reverse_taxes(&system, &order.id, &first.id).await.unwrap();
    let back = service.calls("/create_reversal");
    assert_eq!(back.len(), 1, "{back:?}");
    for part in ["amount%5D=-999", "amount_tax%5D=-94", "mode=partial"] {
        assert!(back[0].contains(part), "{part}: {}", back[0]);
    }
    let rest = RefundWish { lines: vec![LineWish { line: 1 - line, take: Take::All }], shipping: Some(Take::All) };
    let second = shop.checkouts.refund(&staff, &order.id, &wish(rest, "rest")).await.unwrap();
    assert_eq!(second.amount_minor, 3_283 - first.amount_minor);
    shop.work().await;
    assert_eq!(service.calls("/create_reversal").len(), 2);
    let told = acts(&shop, &bought).await;
    assert_eq!(told, ["order.tax_recorded", "order.tax_reversed", "order.tax_reversed"]);
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn taxes_in_parts_of_a_dollar_that_is_charged_whole_are_no_answer() {
    let (shop, service) = open().await;
    let of = |row: &&str| !row.contains("strict") && !row.contains("plain");
    let rows = rows().lines().filter(of).collect::<Vec<_>>().join("\n");
    let rows = rows
        .replace("local", "taipei")
        .replace("Local", "Taipei")
        .replace(r#""LO""#, r#""TA""#)
        .replace("where_taipei", "where_local")
        .replace("taipeie", "locale");
    let rows = rows.replace(r#""currency":"USD","minor":1500"#, r#""currency":"TWD","minor":32400"#);
    shop.import(&rows.replace(r#""amount_minor":500,"currency":"USD""#, r#""amount_minor":5000,"currency":"TWD""#))
        .await;
    let guest = OpCtx { country: "US".into(), market: "us".into(), currency: "TWD".parse().ok(), ..shop.guest() };
    let ctx = shop.fill(&guest, &["Taipei Pages"]).await;
    // 9.5 % of 324 are 30.78; the tables' 7.25 % are 23.49, in whole dollars 23.
    let (_, order) = placed(&shop, &ctx, &form("CA", "90001"), "whole").await.unwrap();
    assert_eq!(service.calls("/calculations").len(), 1);
    let stood_in = order.tax.tax_fallback.unwrap();
    assert_eq!(
        (stood_in.provider.as_str(), stood_in.code.as_str(), order.tax.service),
        ("stripe", "NOT_IN_STEPS", None)
    );
    assert_eq!((order.quote.currency.code(), order.quote.lines[0].amounts.tax.minor()), ("TWD", 2_300));
    assert!(order.quote.totals.gross.is_in_steps());
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn case_19_a_service_that_is_down_leaves_the_tables_tax_with_its_name_on_the_order() {
    let (shop, service) = open().await;
    service.trouble(Trouble::Down);
    let ctx = filled(&shop, &["Local Pages"]).await;
    let there = form("CA", "90001");
    let view = page(&shop, &ctx, &there).await;
    assert_eq!(view.cart.sellers[0].tax_notice.as_deref(), Some("tax-service-fallback"));
    let placed = shop.checkouts.place(&ctx, &placing(&view, &there, "down")).await.unwrap();
    let order = order_of(&shop, &placed).await;
    // The state's 7.25 % of 15.00, shipping by the state's rule: never nothing.
    assert_eq!(order.quote.lines[0].amounts.tax.minor(), 109);
    assert_eq!(order.quote.lines[0].accuracy, Accuracy::State);
    let named = TaxFallback { provider: "stripe".into(), code: "api_error".into(), at: shop.clock_ms() };
    assert_eq!((order.tax.tax_fallback.as_ref(), &order.tax.service), (Some(&named), &None));
    let seen = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
    let told = seen.parts[0].tax_fallback.as_ref().map(|f| (f.provider.as_str(), f.code.as_str()));
    assert_eq!(told, Some(("stripe", "api_error")));
    paid(&shop, &placed).await;
    shop.work().await;
    assert!(service.calls("/create_from_calculation").is_empty(), "it worked nothing out");
    let seller = shop.user(7, "local@example.org", &["admin"], std::slice::from_ref(&order.tenant));
    let desk = crate::authz::tenant_desk(&seller, &order.tenant).unwrap();
    let report = shop.invoices.tax_report(&desk, 0, i64::MAX, None).await.unwrap().unwrap();
    assert!(!report.is_empty() && report.iter().all(|r| (r.documents, r.stood_in) == (1, 1)), "{report:?}");
    // Without any service connected it is the same, by another name.
    let bare = Shop::open().await;
    bare.import(&rows()).await;
    let ctx = filled(&bare, &["Local Pages"]).await;
    let (_, order) = self::placed(&bare, &ctx, &there, "bare").await.unwrap();
    let told = order.tax.tax_fallback.map(|f| (f.provider, f.code));
    assert_eq!(told, Some(("none".into(), "NOT_CONNECTED".into())));
}

#[tokio::test]
async fn no_zero_is_believed_that_nothing_explains() {
    for (trouble, postcode, code) in [
        (Trouble::Silent, "90001", "UNEXPLAINED_ZERO"),
        (Trouble::None, "97201", "NOT_COLLECTING"),
        (Trouble::None, "00000", "customer_tax_location_invalid"),
        (Trouble::Garbage, "90001", "UNREADABLE"),
        (Trouble::Other, "90001", "UNREADABLE"),
        (Trouble::Late, "90001", "TIMEOUT"),
    ] {
        let (shop, service) = open().await;
        service.trouble(trouble);
        let ctx = filled(&shop, &["Local Pages"]).await;
        let (_, order) = placed(&shop, &ctx, &form("CA", postcode), "zero").await.unwrap();
        assert_eq!(order.tax.tax_fallback.unwrap().code, code);
        assert!(order.quote.totals.tax.minor() >= 109, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_store_that_blocks_sells_nothing_meanwhile_and_loses_nothing_that_was_typed() {
    let (shop, service) = open().await;
    service.trouble(Trouble::Down);
    let ctx = filled(&shop, &["Strict Pages"]).await;
    let there = form("CA", "90001");
    let view = page(&shop, &ctx, &there).await;
    assert_eq!(view.cart.sellers[0].tax_notice.as_deref(), Some("tax-service-blocked"));
    let refused = shop.checkouts.place(&ctx, &placing(&view, &there, "blocked")).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (503, "tax_unavailable"));
    let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
    assert_eq!((view.form.line1.as_str(), view.form.postcode.as_str()), ("Weg 1", "90001"));
    assert_eq!(shop.level("Strict Pages").await.reserved, 0, "nothing is held");
    // It is up again: a moment later the page has its total, which is not the one that was seen.
    service.trouble(Trouble::None);
    shop.clock.advance_ms(21_000);
    let again = OpCtx { now_ms: shop.clock_ms(), ..ctx.clone() };
    let changed = shop.checkouts.place(&again, &placing(&view, &there, "changed")).await.unwrap_err();
    assert_eq!((changed.status, changed.code.as_str()), (409, "price_changed"));
    let (_, order) = placed(&shop, &again, &there, "sold").await.unwrap();
    assert_eq!(order.quote.lines[0].amounts.tax.minor(), 143);
}

#[tokio::test]
async fn only_who_wants_it_asks_and_only_where_it_matters() {
    let (shop, service) = open().await;
    let there = form("CA", "90001");
    // No service for the first store, and none outside of the states whose local part is missing for the second.
    let ctx = filled(&shop, &["Plain Pages"]).await;
    shop.calls.take();
    page(&shop, &ctx, &there).await;
    let asked = shop.calls.take();
    assert!(!asked.iter().any(|call| call.contains("TAXANSWER")), "{asked:?}");
    let (_, order) = placed(&shop, &ctx, &there, "plain").await.unwrap();
    assert_eq!((&order.tax.service, &order.tax.tax_fallback), (&None, &None));
    let oregon = filled(&shop, &["Local Pages"]).await;
    let (_, order) = placed(&shop, &oregon, &form("OR", "97202"), "oregon").await.unwrap();
    assert_eq!((order.quote.totals.tax.minor(), &order.tax.service), (0, &None));
    // Not registered there: that is the shop's to say.
    let texas = filled(&shop, &["Strict Pages"]).await;
    let (_, order) = placed(&shop, &texas, &form("TX", "73301"), "texas").await.unwrap();
    assert_eq!(order.quote.lines[0].tax_status, TaxStatus::NotRegistered);
    assert!(service.calls("").is_empty());
}

#[tokio::test]
async fn files_ask_for_the_postcode_first_where_local_tax_depends_on_it() {
    let (shop, service) = open().await;
    let ctx = filled(&shop, &["Local Tones"]).await;
    // What the tables tax there at the state's rate is asked; California taxes no downloads, and says so.
    let without = form("CA", "");
    let view = page(&shop, &ctx, &without).await;
    let field = view.fields.iter().find(|f| f.name == "postcode").unwrap();
    assert_eq!((field.required, view.cart.sellers[0].tax_notice.as_deref()), (true, Some("tax-service-postcode")));
    let refused = shop.checkouts.place(&ctx, &placing(&view, &without, "none")).await.unwrap_err();
    assert_eq!(refused.fields.get("postcode").map(String::as_str), Some("fault-postcode"));
    assert!(service.calls("").is_empty());
    let (_, order) = placed(&shop, &ctx, &form("CA", "90001"), "with").await.unwrap();
    assert_eq!(order.quote.totals.tax.minor(), 94);
}

#[tokio::test]
async fn what_the_service_will_not_keep_stays_on_the_order_and_what_is_down_is_told_later() {
    let (shop, service) = open().await;
    let ctx = filled(&shop, &["Local Pages"]).await;
    let (bought, order) = placed(&shop, &ctx, &form("CA", "90001"), "later").await.unwrap();
    paid(&shop, &bought).await;
    service.trouble(Trouble::Down);
    let system = OpCtx::system("test", shop.clock_ms());
    let next = shop.checkouts.record_taxes(&system, &bought.id).await.unwrap();
    assert!(matches!(next, identity::Next::Again(_)), "{next:?}");
    // A refund waits for its sale.
    let wish =
        Wish { attempt: "all".into(), what: RefundWish::whole(&[0], true), restock: false, reason: "a test".into() };
    let refund = shop.checkouts.refund(&shop.staff(), &order.id, &wish).await.unwrap();
    let next = shop.checkouts.reverse_taxes(&system, &order.id, &refund.id).await.unwrap();
    assert!(matches!(next, identity::Next::Again(_)), "{next:?}");
    service.trouble(Trouble::None);
    shop.checkouts.record_taxes(&system, &bought.id).await.unwrap();
    assert_eq!(shop.checkouts.reverse_taxes(&system, &order.id, &refund.id).await.unwrap(), identity::Next::Done);
    assert!(service.calls("/create_reversal").last().unwrap().contains("mode=full"));
    // A calculation that the service does not know any more.
    let ctx = filled(&shop, &["Local Pages"]).await;
    let (bought, _) = placed(&shop, &ctx, &form("CA", "90001"), "gone").await.unwrap();
    paid(&shop, &bought).await;
    let mut order = order_of(&shop, &bought).await;
    order.tax.service.as_mut().unwrap().calculation = "taxcalc_gone".into();
    let item = store::order_item(&order).unwrap();
    shop.table.put(vitrine_table::Put { item, condition: None }).await.unwrap();
    shop.work().await;
    let kept = order_of(&shop, &bought).await.tax.service.unwrap();
    assert_eq!((kept.refused.as_deref(), kept.transaction), (Some("resource_missing"), None));
    assert_eq!(acts(&shop, &bought).await, ["order.tax_refused"]);
}

#[tokio::test]
async fn a_calculation_is_one_orders_whoever_asked_the_same() {
    let (shop, service) = open().await;
    let there = form("CA", "90001");
    let mut sold = std::collections::BTreeSet::new();
    // Two buyers, and one of them again at the same moment with what they bought before.
    let first = filled(&shop, &["Local Tones"]).await;
    let second = filled(&shop, &["Local Tones"]).await;
    for (ctx, attempt) in [(&first, "first"), (&second, "second"), (&first, "again")] {
        if attempt == "again" {
            shop.fill(ctx, &["Local Tones"]).await;
        }
        let (bought, _) = placed(&shop, ctx, &there, attempt).await.unwrap();
        paid(&shop, &bought).await;
        shop.work().await;
        let kept = order_of(&shop, &bought).await.tax.service.unwrap();
        assert_eq!((kept.refused.as_deref(), kept.transaction.is_some()), (None, true), "{attempt}");
        assert!(sold.insert(kept.calculation), "{attempt}");
    }
    // An attempt that nobody paid took its own: late money may still come for it.
    let third = filled(&shop, &["Local Tones"]).await;
    let (_, unpaid) = placed(&shop, &third, &there, "unpaid").await.unwrap();
    let (_, other) = placed(&shop, &third, &there, "other").await.unwrap();
    assert_ne!(unpaid.tax.service.unwrap().calculation, other.tax.service.unwrap().calculation);
    assert_eq!(service.calls("/create_from_calculation").len(), 3);
}

#[tokio::test]
async fn what_cannot_be_told_in_time_is_said_on_the_order() {
    let (shop, service) = open().await;
    let ctx = filled(&shop, &["Local Pages"]).await;
    let (bought, order) = placed(&shop, &ctx, &form("CA", "90001"), "late").await.unwrap();
    paid(&shop, &bought).await;
    shop.work().await;
    let wish =
        Wish { attempt: "all".into(), what: RefundWish::whole(&[0], true), restock: false, reason: "a test".into() };
    let refund = shop.checkouts.refund(&shop.staff(), &order.id, &wish).await.unwrap();
    let (unsold, _) =
        placed(&shop, &filled(&shop, &["Local Pages"]).await, &form("CA", "90001"), "sold").await.unwrap();
    paid(&shop, &unsold).await;
    service.trouble(Trouble::Down);
    let at = |now_ms: i64| OpCtx::system("test", now_ms);
    let day = 24 * 60 * 60 * 1000;
    let soon = at(shop.clock_ms() + 89 * day);
    let next = shop.checkouts.reverse_taxes(&soon, &order.id, &refund.id).await.unwrap();
    assert!(matches!(next, identity::Next::Again(_)), "{next:?}");
    let next = shop.checkouts.record_taxes(&soon, &unsold.id).await.unwrap();
    assert!(matches!(next, identity::Next::Again(_)), "{next:?}");
    let late = at(shop.clock_ms() + 91 * day);
    assert_eq!(shop.checkouts.reverse_taxes(&late, &order.id, &refund.id).await.unwrap(), identity::Next::Done);
    // The service said until when it keeps this one: 4,000,000,000 seconds.
    let next = shop.checkouts.record_taxes(&late, &unsold.id).await.unwrap();
    assert!(matches!(next, identity::Next::Again(_)), "{next:?}");
    assert_eq!(shop.checkouts.record_taxes(&at(4_000_000_000_000), &unsold.id).await.unwrap(), identity::Next::Done);
    let told = order_of(&shop, &bought).await.tax.service.unwrap();
    assert_eq!(told.not_reversed, [(refund.id.clone(), GIVEN_UP.to_owned())]);
    assert_eq!(acts(&shop, &bought).await, ["order.tax_recorded", "order.tax_refused"]);
    let kept = order_of(&shop, &unsold).await.tax.service.unwrap();
    assert_eq!(
        (kept.refused.as_deref(), acts(&shop, &unsold).await),
        (Some(GIVEN_UP), vec!["order.tax_refused".to_owned()])
    );
}

#[tokio::test]
async fn lines_that_no_tax_is_charged_on_stay_the_tables() {
    let (shop, service) = open().await;
    // In Great Britain e-books are zero-rated; the service of this test would tax them as it taxes all.
    let here = OpCtx { country: "GB".into(), market: "gb".into(), ..shop.guest() };
    let ctx = shop.fill(&here, &["Strict Notes", "Strict Tones"]).await;
    let there = CheckoutForm { country: "GB".into(), region: String::new(), ..form("", "SW1A 1AA") };
    let (bought, order) = placed(&shop, &ctx, &there, "mixed").await.unwrap();
    let asked = service.calls("/calculations").remove(0);
    assert!(asked.contains("line_items%5B0%5D") && !asked.contains("line_items%5B1%5D"), "{asked}");
    let notes = order.lines.iter().position(|l| l.title == "Strict Notes").unwrap();
    let (own, theirs) = (&order.quote.lines[notes], &order.quote.lines[1 - notes]);
    assert_eq!((own.tax_status, own.amounts.tax.minor()), (TaxStatus::ZeroRated, 0));
    assert_eq!((own.accuracy == Accuracy::Provider, theirs.accuracy), (false, Accuracy::Provider));
    assert!(theirs.amounts.tax.minor() > 0);
    paid(&shop, &bought).await;
    shop.work().await;
    // Of a refund of the e-book there is nothing to tell; of the album's there is.
    for (line, calls) in [(notes, 0), (1 - notes, 1)] {
        let what = RefundWish { lines: vec![LineWish { line, take: Take::All }], shipping: None };
        let wish = Wish { attempt: format!("line-{line}"), what, restock: false, reason: "a test".into() };
        shop.checkouts.refund(&shop.staff(), &order.id, &wish).await.unwrap();
        shop.work().await;
        assert_eq!(service.calls("/create_reversal").len(), calls);
    }
    assert_eq!(shop.violations().await, []);
}
