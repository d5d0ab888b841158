//! Business buyers and evidence of place, over real stores; the simulated register says what a number's digits say.

use vitrine_pricing::evidence::{Finding, Ground};
use vitrine_pricing::quote::TaxIdState;
use vitrine_pricing::tax::TaxStatus;
use vitrine_registers::simulator::DOWN_MS;
use vitrine_shared::views::trade::{CheckoutForm, ExplainView, PayState};

use super::store::Order;
use super::*;
use crate::ctx::OpCtx;
use crate::testing::{self, Shop};

/// In force; not in the register; down at first, then in force; down at first, then not in the register.
const VALID: &str = "FR25900000019";
const UNKNOWN: &str = "FR26900000084";
const LATE: &str = "FR 55 900 000 126";
const LATE_UNKNOWN: &str = "FR73900000035";
const CARD: &str = "4242424242424242";
const FRENCH_CARD: &str = "4000002500000003";
const SWISS_CARD: &str = "4000007560000009";

fn form(tax_id: &str) -> CheckoutForm {
    CheckoutForm {
        country: "FR".into(),
        city: "Paris".into(),
        postcode: "75001".into(),
        organisation: "Éditions Exemple SARL".into(),
        business: true,
        tax_id: tax_id.into(),
        ..testing::form()
    }
}

/// What the page comes to for this form, placed with it.
async fn placed(shop: &Shop, ctx: &OpCtx, form: CheckoutForm, attempt: &str) -> (Placed, Order) {
    let typed = Typed { form: form.clone(), ..Typed::default() };
    shop.checkouts.keep_form(ctx, &typed).await.unwrap();
    let view = shop.checkouts.checkout_view(ctx).await.unwrap();
    let placing = Placing {
        attempt: format!("{attempt:x<16}"),
        form,
        seen_minor: view.cart.total_minor,
        seen_currency: Some(view.cart.currency.clone()),
        due_minor: None,
        nothing_owned: true,
    };
    let placed = shop.checkouts.place(ctx, &placing).await.unwrap();
    let order = order_of(shop, &placed).await;
    (placed, order)
}

async fn order_of(shop: &Shop, placed: &Placed) -> Order {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.checkouts.orders(&checkout).await.unwrap().remove(0)
}

async fn paid(shop: &Shop, placed: &Placed, card: &str) {
    shop.pay(placed, card).await;
    shop.checkouts.refresh(&OpCtx::system("test", shop.clock_ms()), &placed.id).await.unwrap();
}

async fn filled(shop: &Shop) -> OpCtx {
    shop.fill(&OpCtx { country: "FR".into(), market: "eu".into(), ..shop.guest() }, &["Harbour Lights"]).await
}

#[tokio::test]
async fn a_confirmed_business_in_another_state_owes_the_tax_itself_and_its_invoice_says_so() {
    let shop = Shop::open().await;
    let consumer = filled(&shop).await;
    let plain = CheckoutForm { business: false, tax_id: String::new(), ..form("") };
    let (_, taxed) = placed(&shop, &consumer, plain, "consumer").await;
    // 8.00 with 20 % VAT of France inside: 1.33.
    let total = |order: &Order| (order.quote.totals.gross.minor(), order.quote.totals.tax.minor());
    assert_eq!(total(&taxed), (800, 133));
    let (bought, order) = placed(&shop, &filled(&shop).await, form(VALID), "business").await;
    assert_eq!(total(&order), (667, 0));
    assert_eq!(order.quote.lines[0].tax_status, TaxStatus::ReverseCharged);
    assert_eq!((order.tax.id_state, order.tax.register.as_str()), (TaxIdState::Valid, "VIES"));
    assert_eq!(order.tax.reference.as_deref(), Some("SIM-FR25900000019"));
    assert_eq!((&order.tax.fallback, &order.tax.relief), (&None, &None));
    paid(&shop, &bought, CARD).await;
    shop.work().await;
    let invoice = shop.invoices.get(&crate::invoices::id_of(&order.id)).await.unwrap().unwrap();
    assert_eq!(invoice.legal[0].text, "Steuerschuldnerschaft des Leistungsempfängers");
    let place = shop.catalog.place(&consumer);
    let staff = shop.staff();
    let view = shop.invoices.view(&staff, &shop.checkouts, &place, invoice.id.as_str(), None).await.unwrap();
    for line in ["Éditions Exemple SARL", "Weg 1", "FR25900000019"] {
        assert!(view.buyer.iter().any(|l| l == line), "{line}: {:?}", view.buyer);
    }
    assert_eq!(view.rounding.as_deref(), Some("invoice-rounding-line-half_up"));
    assert!(view.explain.iter().any(|step| step.key == "explain-treatment"), "{:?}", view.explain);
    // The number is nowhere in the clear: it may be a person's.
    let kept = serde_json::to_string(&order).unwrap();
    assert!(!kept.replace("SIM-FR25900000019", "").contains("900000019"), "{kept}");
}

#[tokio::test]
async fn case_14_a_valid_id_in_the_sellers_own_country_pays_tax() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let home = CheckoutForm {
        organisation: "Muster GmbH".into(),
        business: true,
        tax_id: "DE299000042".into(),
        ..testing::form()
    };
    let (_, order) = placed(&shop, &ctx, home, "home").await;
    assert_eq!((order.tax.id_state, order.quote.lines[0].tax_status), (TaxIdState::Valid, TaxStatus::Taxed));
    // 8.00 with 19 % inside: 1.28.
    assert_eq!(order.quote.totals.tax.minor(), 128);
    assert_eq!(order.tax.relief, None);
}

#[tokio::test]
async fn case_13_with_the_register_down_the_checkout_finishes_with_tax_which_goes_back_once_the_id_is_confirmed() {
    let shop = Shop::open().await;
    let (bought, order) = placed(&shop, &filled(&shop).await, form(LATE), "late").await;
    assert_eq!((order.quote.totals.gross.minor(), order.quote.totals.tax.minor()), (800, 133));
    assert_eq!(order.tax.id_state, TaxIdState::Unavailable);
    assert_eq!(order.tax.fallback.as_deref(), Some("VIES:SIMULATED"), "named on the order");
    assert_eq!(order.tax.relief.as_ref().map(|r| r.lines.as_slice()), Some(&[0][..]));
    paid(&shop, &bought, CARD).await;
    shop.work().await;
    let invoice = shop.invoices.get(&crate::invoices::id_of(&order.id)).await.unwrap().unwrap();
    assert!(invoice.legal.iter().any(|l| l.id.ends_with("tax_id_pending")), "{:?}", invoice.legal);
    assert_eq!(order_of(&shop, &bought).await.refunded_minor, 0);
    // The register is up again: the job finds it confirmed, once, however often it runs.
    shop.clock.advance_ms(2 * DOWN_MS);
    shop.work().await;
    let system = OpCtx::system("test", shop.clock_ms());
    shop.checkouts.identify(&system, &bought.id).await.unwrap();
    shop.work().await;
    let order = order_of(&shop, &bought).await;
    assert_eq!((order.tax.id_state, order.refunded_minor, &order.tax.relief), (TaxIdState::Valid, 133, &None));
    assert_eq!(shop.session(&bought).await.refunded_minor, 133);
    let refunds = shop.checkouts.refunds(&order.id).await.unwrap();
    assert_eq!((refunds.len(), refunds[0].done), (1, true));
    let credit = shop.invoices.get(&crate::invoices::credit_id_of(&refunds[0].id)).await.unwrap().unwrap();
    assert_eq!((credit.totals.net.minor(), credit.totals.tax.minor(), credit.totals.gross.minor()), (0, -133, -133));
    assert!(credit.legal.iter().any(|l| l.id.ends_with("reverse_charge_service")), "{:?}", credit.legal);
    // The sale stays in the report, as one whose buyer owes the tax; when it goes back itself, it goes from there.
    let desk = crate::authz::tenant_desk(&system, &order.tenant).unwrap();
    let report = async || {
        let rows = shop.invoices.tax_report(&desk, 0, i64::MAX >> 12, None).await.unwrap().unwrap();
        rows.into_iter().map(|r| (r.status, r.net_minor, r.tax_minor)).collect::<Vec<_>>()
    };
    assert_eq!(report().await, [(TaxStatus::ReverseCharged, 667, 0), (TaxStatus::Taxed, 0, 0)]);
    assert!(order.lines.iter().all(|l| l.state == vitrine_shared::orders::Fulfilment::Granted));
    let view = shop.checkouts.order_view(&system, bought.id.as_str(), Some(&bought.secret)).await.unwrap();
    assert_eq!(view.state, PayState::PartlyRefunded);
    let rest = crate::checkout::Wish {
        attempt: "attempt-of-the-rest".into(),
        what: vitrine_pricing::refund::RefundWish::whole(&[0], false),
        restock: false,
        reason: "asked for".into(),
    };
    let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
    shop.checkouts.refund(&staff, &order.id, &rest).await.unwrap();
    shop.work().await;
    assert_eq!(report().await, [(TaxStatus::ReverseCharged, 0, 0), (TaxStatus::Taxed, 0, 0)]);
    let refunds = shop.checkouts.refunds(&order.id).await.unwrap();
    let last = refunds.iter().find(|r| r.amount_minor == 667).unwrap();
    let credit = shop.invoices.get(&crate::invoices::credit_id_of(&last.id)).await.unwrap().unwrap();
    assert_eq!((credit.totals.net.minor(), credit.totals.taxes.len()), (-667, 0), "no base beside a tax of nothing");
    assert!(credit.legal.iter().any(|l| l.id.ends_with("reverse_charge_service")), "{:?}", credit.legal);
}

#[tokio::test]
async fn what_a_register_denies_later_keeps_its_tax() {
    let shop = Shop::open().await;
    let (bought, _) = placed(&shop, &filled(&shop).await, form(LATE_UNKNOWN), "denied").await;
    let system = |shop: &Shop| OpCtx::system("test", shop.clock_ms());
    let first = shop.checkouts.identify(&system(&shop), &bought.id).await.unwrap();
    assert!(matches!(first, identity::Next::Again(_)), "not paid yet");
    paid(&shop, &bought, CARD).await;
    let second = shop.checkouts.identify(&system(&shop), &bought.id).await.unwrap();
    assert!(matches!(second, identity::Next::Again(_)), "still down");
    shop.clock.advance_ms(2 * DOWN_MS);
    assert_eq!(shop.checkouts.identify(&system(&shop), &bought.id).await.unwrap(), identity::Next::Done);
    let order = order_of(&shop, &bought).await;
    assert_eq!((order.tax.id_state, order.refunded_minor, &order.tax.relief), (TaxIdState::Invalid, 0, &None));
    assert_eq!(order.tax.fallback.as_deref(), Some("VIES:SIMULATED"), "what stood in stays said");
}

#[tokio::test]
async fn case_15_numbers_that_exempt_nobody_pay_what_consumers_pay_and_stand_on_the_invoice() {
    let shop = Shop::open().await;
    shop.import(super::regions::ROWS).await;
    let firm = |country: &str, tax_id: &str| {
        let (city, postcode) = match country {
            "CL" => ("Valparaíso", "2340000"),
            "VN" => ("Hà Nội", ""),
            _ => ("Paris", "75001"),
        };
        CheckoutForm { country: country.into(), city: city.into(), postcode: postcode.into(), ..form(tax_id) }
    };
    for (n, (country, typed, printed, state, sum)) in [
        // Without its country's letters it is a number of the country it is typed in, and there it is none.
        ("FR", "299000042", "299000042", TaxIdState::Invalid, (800, 133)),
        ("FR", UNKNOWN, UNKNOWN, TaxIdState::Invalid, (800, 133)),
        ("FR", "12345", "12345", TaxIdState::Invalid, (800, 133)),
        ("FR", "28.023.337-4", "28.023.337-4", TaxIdState::Invalid, (800, 133)),
        ("FR", "", "", TaxIdState::None, (800, 133)),
        // Of which no tax is known here: nobody is charged any, whoever they are.
        ("CL", "28.023.337-4", "280233374", TaxIdState::None, (900, 0)),
        ("CL", "28.023.337-5", "28.023.337-5", TaxIdState::None, (900, 0)),
        ("VN", "0377009197-001", "0377009197001", TaxIdState::None, (900, 0)),
    ]
    .into_iter()
    .enumerate()
    {
        let market = vitrine_pricing::market::Market::of_country(country).id.to_owned();
        let buyer = OpCtx { country: country.into(), market, ..shop.guest() };
        let consumer = CheckoutForm { business: false, organisation: String::new(), ..firm(country, "") };
        let ctx = shop.fill(&buyer, &["Wide Tones"]).await;
        let (_, plain) = placed(&shop, &ctx, consumer, &format!("plain{n}")).await;
        let ctx = shop.fill(&buyer, &["Wide Tones"]).await;
        let (bought, order) = placed(&shop, &ctx, firm(country, typed), &format!("firm{n}")).await;
        assert_eq!(order.tax.id_state, state, "{country} {typed}");
        assert_eq!((&order.tax.relief, &order.tax.fallback), (&None, &None), "{country} {typed}");
        let charged = |order: &Order| (order.quote.totals.clone(), order.quote.lines[0].tax_status);
        assert_eq!(charged(&order), charged(&plain), "{country} {typed}");
        assert_eq!((order.quote.totals.gross.minor(), order.quote.totals.tax.minor()), sum, "{country} {typed}");
        paid(&shop, &bought, CARD).await;
        shop.work().await;
        let id = crate::invoices::id_of(&order.id);
        let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
        assert_eq!((invoice.totals.gross.minor(), invoice.totals.tax.minor()), sum, "{country} {typed}");
        let place = shop.catalog.place(&ctx);
        let view = shop.invoices.view(&ctx, &shop.checkouts, &place, id.as_str(), Some(&bought.secret)).await.unwrap();
        assert!(view.buyer.iter().any(|line| line == "Éditions Exemple SARL"), "{:?}", view.buyer);
        let stands = view.buyer.iter().any(|line| line == printed);
        assert_eq!(stands, !typed.is_empty(), "{country} {typed}: {:?}", view.buyer);
    }
}

#[tokio::test]
async fn a_business_says_who_and_where_it_is() {
    let shop = Shop::open().await;
    let ctx = filled(&shop).await;
    let nameless = CheckoutForm { organisation: " ".into(), line1: String::new(), ..form(VALID) };
    let faults = check_form(&nameless, false, false, false);
    let named = |field: &str| faults.iter().find(|(f, _)| f == field).map(|(_, code)| code.as_str());
    assert_eq!((named("organisation"), named("line1")), (Some("fault-company"), Some("fault-empty")));
    let typed = Typed { form: form(LATE), ..Typed::default() };
    shop.checkouts.keep_form(&ctx, &typed).await.unwrap();
    let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
    assert!(view.whole_address && view.fields.iter().any(|f| f.name == "organisation"));
    let known = view.tax_id.unwrap();
    assert_eq!((known.state.as_str(), known.number.as_str()), ("tax-id-unavailable", "FR55900000126"));
}

#[tokio::test]
async fn two_pieces_of_evidence_stand_with_files_and_contradictions_are_asked_about() {
    let shop = Shop::open().await;
    let plain = || CheckoutForm { business: false, organisation: String::new(), ..form("") };
    // Address and network agree.
    let seen = OpCtx { network: Some("FR".into()), ..filled(&shop).await };
    let (bought, order) = placed(&shop, &seen, plain(), "agree").await;
    let finding = |order: &Order| order.tax.evidence.clone().unwrap().finding;
    assert!(matches!(finding(&order), Finding::Agreed { ground: Ground::TwoAgree, .. }));
    paid(&shop, &bought, FRENCH_CARD).await;
    assert_eq!(order_of(&shop, &bought).await.tax.evidence.unwrap().pieces.len(), 3);
    assert_eq!(place_told(&shop, &seen, &bought).await, ["explain-place France network-payment"]);
    // Staff have words of their own for it, and see none of the buyer's.
    assert_eq!(place_told(&shop, &shop.staff(), &bought).await, [""; 0]);
    // Only the address, then the card's bank: two pieces once it is paid.
    let (bought, order) = placed(&shop, &filled(&shop).await, plain(), "card").await;
    assert_eq!(finding(&order), Finding::Insufficient);
    paid(&shop, &bought, FRENCH_CARD).await;
    assert!(matches!(finding(&order_of(&shop, &bought).await), Finding::Agreed { .. }));
    // The network says another country: asked, and kept as it is.
    let abroad = OpCtx { network: Some("CH".into()), ..filled(&shop).await };
    let mut placing = shop.placing(&abroad, "abroad").await;
    placing.form = plain();
    let refused = shop.checkouts.place(&abroad, &placing).await.unwrap_err();
    assert_eq!(refused.fields.get("confirm_place").map(String::as_str), Some("fault-place"));
    let confirmed = CheckoutForm { confirm_place: true, ..plain() };
    let (bought, _) = placed(&shop, &abroad, confirmed, "declared").await;
    paid(&shop, &bought, SWISS_CARD).await;
    let evidence = order_of(&shop, &bought).await.tax.evidence.unwrap();
    assert!(evidence.declared);
    let torn = matches!(&evidence.finding, Finding::Conflict { .. });
    assert!(torn, "address and buyer against network and bank, and the order shows it: {evidence:?}");
    let told = place_told(&shop, &abroad, &bought).await;
    let said =
        ["explain-place France ", "explain-place-but Switzerland network", "explain-place-but Switzerland payment"];
    assert_eq!(told, [&said[..], &["explain-place-said France "]].concat());
    // A parcel arrives where it is sent: nobody is asked.
    let parcel = shop.fill(&OpCtx { network: Some("CH".into()), ..shop.guest() }, &["Paper Boats"]).await;
    let (bought, order) = placed(&shop, &parcel, testing::form(), "parcel").await;
    assert_eq!(order.tax.evidence, None);
    assert_eq!(place_told(&shop, &parcel, &bought).await, ["explain-place-sent Germany "]);
}

/// What an order's page says of its place: keys with what fills them. The steps of the total follow for everybody.
async fn place_told(shop: &Shop, ctx: &OpCtx, placed: &Placed) -> Vec<String> {
    let staff = crate::authz::staff(ctx, "orders:read").is_ok();
    let secret = (!staff).then_some(placed.secret.as_str());
    let view = shop.checkouts.order_view(ctx, placed.id.as_str(), secret).await.unwrap();
    let (place, steps): (Vec<_>, Vec<_>) =
        view.parts[0].explain.iter().partition(|step| step.key.starts_with("explain-place"));
    assert!(steps.last().is_some_and(|step| step.key == "explain-total"), "{steps:?}");
    let words = |step: &ExplainView| format!("{} {} {}", step.key, step.args[0].1, step.args[1].1);
    place.into_iter().map(words).collect()
}

#[tokio::test]
async fn case_11_a_total_below_the_smallest_charge_is_refused_before_anything_is_held() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let variant = shop.edition("Harbour Lights").await;
    let work = shop.catalog.records().variant(&variant).await.unwrap().unwrap().work;
    let bundle = shop.catalog.records().bundle(&work).await.unwrap().unwrap();
    let was = bundle.prices.iter().find(|p| p.variant == variant && p.region == "eu").unwrap();
    let cheap = |amount_minor, now_ms| vitrine_shared::catalog::PriceRecord {
        amount_minor,
        valid_from_ms: now_ms,
        ..was.clone()
    };
    for (minor, code) in [(49, Some("below_charge_minimum")), (50, None)] {
        shop.clock.advance_ms(1000);
        let item = crate::catalog::store::items::price(&work, &cheap(minor, shop.clock_ms())).unwrap();
        shop.table.put(vitrine_table::Put { item, condition: None }).await.unwrap();
        let ctx = OpCtx { now_ms: shop.clock_ms(), ..ctx.clone() };
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        let placing = Placing {
            attempt: format!("attempt-{minor}-aaaaaaa"),
            form: testing::form(),
            seen_minor: view.cart.total_minor,
            seen_currency: Some("EUR".into()),
            due_minor: None,
            nothing_owned: true,
        };
        assert_eq!(view.cart.total_minor, minor);
        let refused = shop.checkouts.place(&ctx, &placing).await.err();
        assert_eq!(refused.as_ref().map(|p| p.code.as_str()), code);
        if let Some(problem) = refused {
            assert_eq!(problem.detail, "€0.50");
        }
    }
}

#[tokio::test]
async fn what_the_law_presumes_is_sold_and_invoiced_by_the_marketplace() {
    let platform = vitrine_shared::catalog::LegalEntity {
        name: "Vitrine Marketplace Ltd".into(),
        address: vec!["1 Custom House Quay".into(), "Dublin".into()],
        country: "IE".into(),
        email: "accounts@vitrine.example".into(),
        tax_ids: vec!["IE6388047V".into()],
        registrations: vec!["IE".into(), "EU-OSS".into()],
        invoice_prefix: "VM".into(),
        ..Default::default()
    };
    let shop = Shop::of_platform(platform).await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights", "Paper Boats"]).await;
    let (bought, _) = placed(&shop, &ctx, testing::form(), "presumed").await;
    paid(&shop, &bought, CARD).await;
    let receipts = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
    let checkout = shop.checkouts.get(&bought.id).await.unwrap().unwrap();
    let orders = shop.checkouts.orders(&checkout).await.unwrap();
    let by = |title: &str| orders.iter().find(|o| o.lines.iter().any(|l| l.title == title)).unwrap();
    let (files, parcel) = (by("Harbour Lights"), by("Paper Boats"));
    assert_eq!((orders.len(), files.lines[0].seller_of_record.as_str()), (2, "platform"));
    // From the United States: worth more than 150 euros or not, the import scheme is not the platform's, so the shop sells.
    assert_eq!(parcel.lines[0].seller_of_record, "tenant");
    // 19 % of Germany, which the shop would charge as well; but it is the marketplace's to declare.
    assert_eq!(files.quote.totals.tax.minor(), 128);
    let paper = |order: &Order| crate::invoices::id_of(&order.id);
    let ours = shop.invoices.get(&paper(files)).await.unwrap().unwrap();
    let theirs = shop.invoices.get(&paper(parcel)).await.unwrap().unwrap();
    assert_eq!((ours.seller_lines[0].as_str(), ours.number.as_str()), ("Vitrine Marketplace Ltd", "VM-2026-00001"));
    assert_eq!((theirs.seller_lines[0].as_str(), theirs.number.as_str()), ("Paper Press Inc.", "PP-2026-00001"));
    let view = shop.checkouts.cart_view(&shop.fill(&shop.guest(), &["Harbour Lights"]).await).await.unwrap();
    assert_eq!(view.sellers[0].sold_by.as_deref(), Some("Vitrine Marketplace Ltd"));
    // Whose order it is, the shop sees as before.
    assert_ne!(files.tenant, crate::invoices::platform_id());
    // Who sells stands on the order, line by line, and in the receipt.
    let view = shop.checkouts.order_view(&ctx, bought.id.as_str(), Some(&bought.secret)).await.unwrap();
    let told: Vec<(&str, &str, Option<&str>)> = view
        .parts
        .iter()
        .map(|p| (p.lines[0].title.as_str(), p.lines[0].seller_of_record.as_str(), p.sold_by.as_deref()))
        .collect();
    assert!(told.contains(&("Harbour Lights", "platform", Some("Vitrine Marketplace Ltd"))), "{told:?}");
    assert!(told.contains(&("Paper Boats", "tenant", None)), "{told:?}");
    let text = &receipts.last().unwrap().text;
    assert!(text.contains("Vitrine Marketplace Ltd") && text.contains("Paper Press"), "{text}");
    assert!(!text.contains("Nordlicht"), "{text}");
}

/// A shop of the United States whose parcels the marketplace brings in; its files are the marketplace's for businesses as well.
const FAR: &str = r#"{"type":"tenant","ref":"far","name":"Far","legal":{"name":"Far Inc.","address":["1 Way","Portland, OR 97201"],"country":"US","region":"OR","email":"shop@far.example","invoice_prefix":"FA","registrations":[]},"currency":"USD","locale":"en-US","fee_bps":1000}
{"type":"store","ref":"far","tenant":"far","handle":"far","name":"Far","ships_from":"US","no_rule":"export","shipping":[{"zone":"*","amount_minor":500,"currency":"EUR"}]}
{"type":"maker","ref":"who","tenant":"far","kind":"author","name":"Who"}
{"type":"work","ref":"pages","store":"far","kind":"book","title":"Far Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"FP-1","weight_g":280,"stock":9,"prices":[{"region":"world","currency":"EUR","minor":8000}]}]}]}
{"type":"work","ref":"songs","store":"far","kind":"album","title":"Far Songs","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"FS-1","title":"","prices":[{"region":"world","currency":"EUR","minor":1000}]}]}]}"#;

/// With a confirmed id the shop sells its parcel itself and the buyer brings it in; while nobody answers, the marketplace sells and taxes it.
#[tokio::test]
async fn what_another_would_sell_to_a_confirmed_business_keeps_its_tax_and_the_checkout_says_so() {
    let platform = vitrine_shared::catalog::LegalEntity {
        name: "Vitrine Marketplace Ltd".into(),
        address: vec!["1 Custom House Quay".into(), "Dublin".into()],
        country: "IE".into(),
        email: "accounts@vitrine.example".into(),
        tax_ids: vec!["IE6388047V".into()],
        registrations: vec!["IE".into(), "EU-OSS".into(), "EU-IOSS".into()],
        invoice_prefix: "VM".into(),
        ..Default::default()
    };
    let shop = Shop::of_platform(platform).await;
    shop.import(FAR).await;
    let french = OpCtx { country: "FR".into(), market: "eu".into(), ..shop.guest() };
    let notices = async |titles: &[&str], tax_id: &str| {
        let ctx = shop.fill(&french, titles).await;
        shop.checkouts.keep_form(&ctx, &Typed { form: form(tax_id), ..Typed::default() }).await.unwrap();
        let parts = shop.checkouts.checkout_view(&ctx).await.unwrap().cart.sellers;
        parts.into_iter().map(|part| (part.sold_by.is_some(), part.tax_notice)).collect::<Vec<_>>()
    };
    let stays = || Some("tax-notice-stays".to_owned());
    assert_eq!(notices(&["Far Pages", "Far Songs"], LATE).await, [(true, stays())]);
    assert_eq!(notices(&["Far Songs"], LATE).await, [(true, None)], "the file stays the marketplace's");
    assert_eq!(notices(&["Far Pages", "Far Songs"], VALID).await, [(false, None), (true, None)]);
    let (bought, order) =
        placed(&shop, &shop.fill(&french, &["Far Pages", "Far Songs"]).await, form(LATE), "far").await;
    // 5.5 % of 80.00 and of 5.00 for sending it, 20 % of 10.00.
    assert_eq!((order.quote.totals.gross.minor(), order.quote.totals.tax.minor()), (9500, 417 + 26 + 167));
    let relief = order.tax.relief.clone().unwrap();
    assert_eq!((relief.lines.as_slice(), relief.shipping), (&[1][..], false), "the file's tax alone");
    paid(&shop, &bought, CARD).await;
    shop.clock.advance_ms(2 * DOWN_MS);
    shop.work().await;
    let order = order_of(&shop, &bought).await;
    assert_eq!((order.tax.id_state, order.refunded_minor, &order.tax.relief), (TaxIdState::Valid, 167, &None));
    assert_eq!(shop.violations().await, []);
}

/// A register that writes an order at the moment it is asked, as another job may.
struct Meanwhile {
    register: vitrine_registers::simulator::Simulator,
    table: Arc<dyn Table>,
    order: std::sync::Mutex<Option<Order>>,
}

#[async_trait::async_trait]
impl vitrine_registers::Registers for Meanwhile {
    fn serves(&self, kind: &str) -> Option<&'static str> {
        self.register.serves(kind)
    }

    async fn ask(
        &self,
        kind: &str,
        number: &str,
    ) -> std::result::Result<vitrine_registers::Answer, vitrine_registers::RegisterError> {
        let order = self.order.lock().unwrap().take();
        if let Some(order) = order {
            let item = store::order_item(&order).unwrap();
            self.table.put(vitrine_table::Put { item, condition: None }).await.unwrap();
        }
        self.register.ask(kind, number).await
    }
}

#[tokio::test]
async fn what_the_register_says_leaves_what_others_wrote_meanwhile() {
    let mut shop = Shop::open().await;
    let register = Arc::new(Meanwhile {
        register: vitrine_registers::simulator::Simulator::new(shop.clock.clone()),
        table: shop.table.clone(),
        order: std::sync::Mutex::new(None),
    });
    let tax_ids = crate::tax_ids::TaxIds::new(shop.table.clone(), register.clone());
    shop.checkouts = shop.checkouts.clone().confirming(tax_ids);
    let (bought, _) = placed(&shop, &filled(&shop).await, form(LATE), "late").await;
    paid(&shop, &bought, CARD).await;
    shop.clock.advance_ms(2 * DOWN_MS);
    let mut told = order_of(&shop, &bought).await;
    let service =
        store::TaxService { provider: "stripe".into(), transaction: Some("tax_1".into()), ..Default::default() };
    told.tax.service = Some(service);
    told.rev += 1;
    *register.order.lock().unwrap() = Some(told.clone());
    shop.checkouts.identify(&OpCtx::system("test", shop.clock_ms()), &bought.id).await.unwrap();
    let order = order_of(&shop, &bought).await;
    assert_eq!((order.tax.id_state, &order.tax.relief), (TaxIdState::Valid, &None));
    assert_eq!(order.tax.service, told.tax.service);
}
