//! One cart sold to six countries: what each asks, how each pays, what stands on its invoice; where each may be offered.

use std::sync::Mutex;

use vitrine_payments::{Event, NewRefund, NewSession, PaymentError, PaymentState, Payments, Session};
use vitrine_pricing::tax::TaxStatus;
use vitrine_shared::views::trade::{CheckoutForm, CheckoutView};

use super::store::Person;
use super::*;
use crate::ctx::OpCtx;
use crate::testing::{self, Shop};

/// Sells everywhere: one seller exports where it knows no tax rule, the other refuses.
pub(crate) const ROWS: &str = r#"{"type":"tenant","ref":"wide","name":"Wide","legal":{"name":"Wide GmbH","address":["Weg 2","20457 Hamburg"],"country":"DE","email":"shop@wide.example","tax_ids":["DE123456789"],"invoice_prefix":"WI","registrations":["DE","EU-OSS"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"tenant","ref":"near","name":"Near","legal":{"name":"Near GmbH","address":["Weg 3","20457 Hamburg"],"country":"DE","email":"shop@near.example","tax_ids":["DE123456789"],"invoice_prefix":"NE","registrations":["DE","EU-OSS"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"store","ref":"wide","tenant":"wide","handle":"wide","name":"Wide","ships_from":"DE","no_rule":"export","shipping":[{"zone":"*","up_to_g":2000,"amount_minor":900,"currency":"USD"},{"zone":"EU","up_to_g":2000,"amount_minor":700,"currency":"EUR"}]}
{"type":"store","ref":"near","tenant":"near","handle":"near","name":"Near","ships_from":"DE"}
{"type":"maker","ref":"who","tenant":"wide","kind":"artist","name":"Who"}
{"type":"maker","ref":"her","tenant":"near","kind":"artist","name":"Her"}
{"type":"work","ref":"tones","store":"wide","kind":"album","title":"Wide Tones","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"WT-D","title":"","prices":[{"region":"world","currency":"USD","minor":900},{"region":"eu","currency":"EUR","minor":800}]}]}]}
{"type":"work","ref":"pages","store":"wide","kind":"book","title":"Wide Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"WP-1","weight_g":280,"stock":9,"prices":[{"region":"world","currency":"USD","minor":1500},{"region":"eu","currency":"EUR","minor":1200}]}]}]}
{"type":"work","ref":"near","store":"near","kind":"album","title":"Near Tones","makers":["her"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"NT-D","title":"","prices":[{"region":"world","currency":"USD","minor":900},{"region":"eu","currency":"EUR","minor":800}]}]}]}"#;

/// A shop in Maharashtra.
const INDIA: &str = r#"{"type":"tenant","ref":"desh","name":"Desh","legal":{"name":"Desh Pvt Ltd","address":["1 Road","400001 Mumbai"],"country":"IN","region":"MH","email":"shop@desh.example","tax_ids":["27AAPFU0939F1ZV"],"invoice_prefix":"DE","registrations":["IN"]},"currency":"INR","locale":"en-GB","fee_bps":1000}
{"type":"store","ref":"desh","tenant":"desh","handle":"desh","name":"Desh","ships_from":"IN"}
{"type":"maker","ref":"who","tenant":"desh","kind":"artist","name":"Who"}
{"type":"work","ref":"raga","store":"desh","kind":"album","title":"Raga","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"RA-D","title":"","prices":[{"region":"in","currency":"INR","minor":9900}]}]}]}"#;

const CARD: &str = "4242424242424242";
const CPF: &str = "123.456.789-09";

fn form(country: &str) -> CheckoutForm {
    CheckoutForm { country: country.into(), ..testing::form() }
}

fn with(country: &str, ids: &[(&str, &str)]) -> CheckoutForm {
    let ids = ids.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    CheckoutForm { ids, ..form(country) }
}

async fn filled(shop: &Shop, country: &str, titles: &[&str]) -> OpCtx {
    let market = vitrine_pricing::market::Market::of_country(country).id.to_owned();
    shop.fill(&OpCtx { country: country.into(), market, ..shop.guest() }, titles).await
}

async fn page(shop: &Shop, ctx: &OpCtx, form: &CheckoutForm) -> CheckoutView {
    let typed = Typed { form: form.clone(), ..Typed::default() };
    shop.checkouts.keep_form(ctx, &typed).await.unwrap();
    shop.checkouts.checkout_view(ctx).await.unwrap()
}

/// Places what the page shows; the faults by field where it is refused.
async fn placed(
    shop: &Shop,
    ctx: &OpCtx,
    form: CheckoutForm,
    attempt: &str,
) -> std::result::Result<Placed, Vec<String>> {
    let view = page(shop, ctx, &form).await;
    let placing = Placing {
        attempt: format!("{attempt:x<16}"),
        form,
        seen_minor: view.cart.total_minor,
        seen_currency: Some(view.cart.currency),
        due_minor: None,
        nothing_owned: true,
    };
    let refused = |p: vitrine_shared::Problem| p.fields.into_iter().map(|(f, c)| format!("{f} {c}")).collect();
    shop.checkouts.place(ctx, &placing).await.map_err(refused)
}

async fn person_of(shop: &Shop, placed: &Placed) -> Person {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
    shop.checkouts.order_person(&order).await.unwrap().unwrap()
}

async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.import(ROWS).await;
    shop
}

/// Takes every payment on, with every way to pay, and remembers what was asked of it.
#[derive(Default)]
struct Everything(Mutex<Vec<NewSession>>);

#[async_trait::async_trait]
impl Payments for Everything {
    fn name(&self) -> &'static str {
        "everything"
    }
    fn csp_origins(&self) -> Vec<String> {
        Vec::new()
    }
    fn methods(&self) -> &'static [&'static str] {
        &["pix", "boleto", "ideal", "vipps", "card", "bank_debit", "konbini", "twint"]
    }
    fn authorises(&self) -> &'static [&'static str] {
        &["card"]
    }
    async fn begin(&self, new: NewSession) -> vitrine_payments::Result<Session> {
        self.0.lock().unwrap().push(new.clone());
        Ok(Session {
            id: format!("cs_{}", new.reference),
            reference: new.reference,
            url: "http://pay.example".into(),
            state: PaymentState::Open,
            charge_id: None,
            amount_minor: new.amount_minor,
            refunded_minor: 0,
            currency: new.currency,
            failure: None,
            method: None,
            last4: None,
            country: None,
            fingerprint: None,
        })
    }
    async fn session(&self, _: &str) -> vitrine_payments::Result<Session> {
        Err(PaymentError::NotFound)
    }
    async fn capture(&self, _: vitrine_payments::NewCapture) -> vitrine_payments::Result<Session> {
        Err(PaymentError::NotFound)
    }
    async fn expire(&self, _: &str) -> vitrine_payments::Result<Session> {
        Err(PaymentError::NotFound)
    }
    async fn refund(&self, _: NewRefund) -> vitrine_payments::Result<vitrine_payments::Refund> {
        Err(PaymentError::NotFound)
    }
    fn verify_webhook(&self, _: &http::HeaderMap, _: &[u8]) -> vitrine_payments::Result<Event> {
        Err(PaymentError::BadSignature("none"))
    }
}

#[tokio::test]
async fn each_country_is_offered_its_own_ways_to_pay_as_far_as_provider_and_currency_have_them() {
    let provider = Arc::new(Everything::default());
    let shop = Shop::with(None, Some(provider.clone())).await;
    shop.import(ROWS).await;
    for (country, currency, methods) in [
        ("NL", "EUR", &["ideal", "card", "bank_debit"][..]),
        ("DE", "EUR", &["card", "bank_debit"]),
        // Paid in dollars there: Pix and Vipps move other money.
        ("BR", "USD", &["card"]),
        ("NO", "USD", &["card"]),
        ("US", "USD", &["card", "bank_debit"]),
        ("KE", "USD", &["card"]),
    ] {
        let ctx = filled(&shop, country, &["Wide Tones"]).await;
        let region = if country == "US" { "NY".into() } else { String::new() };
        let form = CheckoutForm { region, ..with(country, &[("br_cpf", CPF)]) };
        placed(&shop, &ctx, form, country).await.unwrap();
        let asked = provider.0.lock().unwrap().pop().unwrap();
        assert_eq!(
            (asked.currency.as_str(), asked.methods.iter().map(String::as_str).collect::<Vec<_>>().as_slice()),
            (currency, methods),
            "{country}"
        );
    }
}

#[tokio::test]
async fn brazil_asks_for_the_cpf_keeps_it_sealed_and_prints_it_on_the_invoice() {
    let shop = open().await;
    let ctx = filled(&shop, "BR", &["Wide Tones"]).await;
    let view = page(&shop, &ctx, &form("BR")).await;
    let asked: Vec<_> = view.identities.iter().map(|f| (f.called.as_str(), f.required, f.example.as_str())).collect();
    assert_eq!(asked, [("CPF", true, "123.456.789-09")]);
    assert_eq!((view.waiver, view.phone.is_some(), view.country_name.as_str()), (false, false, "Brazil"));
    assert_eq!(placed(&shop, &ctx, form("BR"), "none").await.unwrap_err(), ["id_br_cpf fault-empty"]);
    let wrong = with("BR", &[("br_cpf", "123.456.789-10")]);
    assert_eq!(placed(&shop, &ctx, wrong, "wrong").await.unwrap_err(), ["id_br_cpf fault-identity"]);
    let done = placed(&shop, &ctx, with("BR", &[("br_cpf", CPF)]), "right").await.unwrap();
    let person = person_of(&shop, &done).await;
    assert_eq!(person.for_carrier(), ["CPF 12345678909"]);
    let checkout = shop.checkouts.get(&done.id).await.unwrap().unwrap();
    let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
    // Nowhere in the clear.
    for kept in [serde_json::to_string(&order).unwrap(), serde_json::to_string(&checkout).unwrap()] {
        assert!(!kept.contains("12345678909") && !kept.contains(CPF), "{kept}");
    }
    shop.pay(&done, CARD).await;
    shop.checkouts.refresh(&ctx, &done.id).await.unwrap();
    shop.work().await;
    let id = crate::invoices::id_of(&order.id);
    let place = shop.catalog.place(&ctx);
    let invoice = shop.invoices.view(&ctx, &shop.checkouts, &place, id.as_str(), Some(&done.secret)).await.unwrap();
    let billed = ["Gast Muster", "Weg 1", "Berlin", "10115", "Brazil", "CPF 12345678909", "Gast.Muster@Example.org"];
    for line in billed {
        assert!(invoice.buyer.iter().any(|l| l.contains(line)), "{line}: {:?}", invoice.buyer);
    }
    // Sold without a known rule, which is never silent: the order names it, and the report has a row of it.
    assert!(order.quote.lines.iter().all(|line| line.tax_status == TaxStatus::NoRule));
    assert!(order.quote.explain.iter().any(|step| step.source == "no_rule"), "{:?}", order.quote.explain);
    let desk = crate::authz::tenant_desk(&OpCtx::system("test", 0), &order.tenant).unwrap();
    let rows = shop.invoices.tax_report(&desk, 0, shop.clock_ms() + 1, None).await.unwrap().unwrap();
    let rows: Vec<_> = rows.iter().map(|r| (r.country.as_str(), r.status, r.net_minor, r.tax_minor)).collect();
    assert_eq!(rows, [("BR", TaxStatus::NoRule, 900, 0)]);
    // A business has the other number, in the field of its tax id.
    let firm = CheckoutForm { business: true, organisation: "Exemplo Ltda.".into(), region: "SP".into(), ..form("BR") };
    let firm = CheckoutForm { postcode: "01310-100".into(), ..firm };
    let ctx = filled(&shop, "BR", &["Wide Tones"]).await;
    assert_eq!(placed(&shop, &ctx, firm.clone(), "firm").await.unwrap_err(), ["tax_id fault-empty"]);
    let firm = CheckoutForm { tax_id: "11.222.333/0001-81".into(), ..firm };
    let done = placed(&shop, &ctx, firm, "firm2").await.unwrap();
    assert_eq!(person_of(&shop, &done).await.tax_id, "11222333000181");
}

#[tokio::test]
async fn places_beside_a_state_with_a_tax_of_their_own_are_refused_or_named() {
    let shop = open().await;
    let places = [("JE", "JE2 3AB"), ("SM", "47890"), ("ES", "51001"), ("FR", "97150"), ("IT", "22061")];
    let typed = |(country, postcode): (&str, &str)| CheckoutForm { postcode: postcode.into(), ..form(country) };
    let mut tenant = None;
    for (country, postcode) in places {
        let ctx = filled(&shop, country, &["Near Tones"]).await;
        let view = page(&shop, &ctx, &typed((country, postcode))).await;
        let trouble = view.cart.sellers[0].lines[0].trouble.as_deref();
        assert_eq!((trouble, view.cart.ready), (Some("line-no-tax-rule"), false), "{country} {postcode}");
        let ctx = filled(&shop, country, &["Wide Tones"]).await;
        let done = placed(&shop, &ctx, typed((country, postcode)), country).await.unwrap();
        shop.pay(&done, CARD).await;
        shop.checkouts.refresh(&ctx, &done.id).await.unwrap();
        let checkout = shop.checkouts.get(&done.id).await.unwrap().unwrap();
        let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
        assert_eq!(order.quote.lines[0].tax_status, TaxStatus::NoRule, "{country} {postcode}");
        assert!(order.quote.explain.iter().any(|step| step.source == "no_rule"), "{country} {postcode}");
        tenant = Some(order.tenant);
    }
    // The rest of Spain is Spain.
    let ctx = filled(&shop, "ES", &["Near Tones"]).await;
    assert!(page(&shop, &ctx, &typed(("ES", "28001"))).await.cart.ready);
    shop.work().await;
    let desk = crate::authz::tenant_desk(&OpCtx::system("test", 0), &tenant.unwrap()).unwrap();
    let rows = shop.invoices.tax_report(&desk, 0, shop.clock_ms() + 1, None).await.unwrap().unwrap();
    let mut named: Vec<_> = rows.iter().map(|r| (r.country.as_str(), r.status, r.tax_minor)).collect();
    named.sort_by_key(|row| row.0);
    assert_eq!(named, ["ES", "FR", "IT", "JE", "SM"].map(|country| (country, TaxStatus::NoRule, 0)));
}

/// 99.00 with 18 %: 99.00 * 18/118 = 15.1017, in two halves within a state; the total is the same everywhere.
#[tokio::test]
async fn india_has_two_taxes_within_a_state_and_one_between_states() {
    let shop = Shop::open().await;
    shop.import(INDIA).await;
    let within = &[("CGST", "IN-CGST", 755), ("SGST", "IN-SGST", 755)][..];
    let mut tenant = None;
    for (region, wanted) in [("MH", within), ("KA", &[("IGST", "IN", 1510)]), ("", within)] {
        let typed = CheckoutForm { region: region.into(), ..form("IN") };
        let ctx = filled(&shop, "IN", &["Raga"]).await;
        let done = placed(&shop, &ctx, typed, &format!("to{region}")).await.unwrap();
        let checkout = shop.checkouts.get(&done.id).await.unwrap().unwrap();
        let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
        let totals = &order.quote.totals;
        let taxes: Vec<_> =
            totals.taxes.iter().map(|t| (t.name.as_str(), t.jurisdiction.as_str(), t.amount.minor())).collect();
        assert_eq!((totals.gross.minor(), taxes.as_slice()), (9900, wanted), "{region}");
        // Who named no state is where the seller is.
        let (code, state) = if region == "KA" { ("KA", "Karnataka") } else { ("MH", "Maharashtra") };
        assert_eq!(order.region, code, "{region}");
        shop.pay(&done, CARD).await;
        shop.checkouts.refresh(&ctx, &done.id).await.unwrap();
        shop.work().await;
        let id = crate::invoices::id_of(&order.id);
        let place = shop.catalog.place(&ctx);
        let view = shop.invoices.view(&ctx, &shop.checkouts, &place, id.as_str(), Some(&done.secret)).await.unwrap();
        let said: Vec<_> = view.sums.iter().filter(|sum| sum.key == "sum-tax").map(|sum| sum.detail.as_str()).collect();
        let lines: Vec<_> = match region {
            "KA" => vec!["IGST 18% (IN)"],
            _ => vec!["CGST 9% (IN-CGST)", "SGST 9% (IN-SGST)"],
        };
        assert_eq!(said, lines, "{region}");
        assert_eq!(view.legal[0].0, format!("Place of supply: {state}."), "{region}");
        let page = shop.checkouts.order_view(&ctx, done.id.as_str(), Some(&done.secret)).await.unwrap();
        let told = page.parts[0].explain.iter().find(|step| step.key.starts_with("explain-place")).unwrap();
        assert_eq!(told.args[0].1, format!("{state}, India"), "{region}");
        tenant = Some(order.tenant);
    }
    let desk = crate::authz::tenant_desk(&OpCtx::system("test", 0), &tenant.unwrap()).unwrap();
    let rows = shop.invoices.tax_report(&desk, 0, shop.clock_ms() + 1, None).await.unwrap().unwrap();
    let rows = rows.iter().map(|r| (r.region.as_str(), r.name.as_str(), r.rate_ppm, r.net_minor, r.tax_minor));
    let twice = |name| ("MH", name, 90_000, 2 * 8390, 2 * 755);
    assert_eq!(rows.collect::<Vec<_>>(), [("KA", "IGST", 180_000, 8390, 1510), twice("CGST"), twice("SGST")]);
    // What was sold is counted by state.
    let month = crate::invoices::Span { name: "now".into(), from_ms: 0, to_ms: shop.clock_ms() + 1 };
    let mut most = 10;
    let sold = shop.invoices.turnover(&desk, &[month], shop.clock_ms(), &mut most).await.unwrap();
    let sold: Vec<_> = sold.months["now"].iter().map(|row| (row.region.as_str(), row.net_minor)).collect();
    assert_eq!(sold, [("KA", 8390), ("MH", 2 * 8390)]);
}

#[tokio::test]
async fn italy_asks_a_business_for_what_its_invoice_may_carry_and_takes_it_as_it_is() {
    let shop = open().await;
    let ctx = filled(&shop, "IT", &["Wide Tones"]).await;
    let plain = page(&shop, &ctx, &form("IT")).await;
    assert_eq!((plain.identities.len(), plain.business_identities.len(), plain.waiver), (1, 2, true));
    let firm = CheckoutForm {
        business: true,
        organisation: "Esempio S.r.l.".into(),
        city: "Roma".into(),
        postcode: "00118".into(),
        region: "RM".into(),
        ..with("IT", &[("it_sdi", " m5uxcr1 "), ("it_cf", "not yet known")])
    };
    let view = page(&shop, &ctx, &firm).await;
    let asked: Vec<_> = view.business_identities.iter().map(|f| (f.name.as_str(), f.required)).collect();
    assert_eq!((asked.as_slice(), view.identities.len()), (&[("id_it_cf", false), ("id_it_sdi", false)][..], 0));
    let done = placed(&shop, &ctx, firm, "firm").await.unwrap();
    let billed = person_of(&shop, &done).await.billed();
    for line in
        ["Esempio S.r.l.", "00118 Roma RM", "Italy", "codice destinatario M5UXCR1", "codice fiscale not yet known"]
    {
        assert!(billed.iter().any(|l| l == line), "{line}: {billed:?}");
    }
}

#[tokio::test]
async fn the_waiver_is_asked_where_the_law_gives_a_right_to_waive_and_days_are_said_where_it_stays() {
    let shop = open().await;
    let rows = [
        ("DE", true, 0),
        ("NO", true, 0),
        ("ZA", true, 0),
        ("BR", false, 7),
        ("US", false, 0),
        ("JP", false, 0),
        ("KE", false, 0),
    ];
    for (country, waiver, days) in rows {
        let ctx = filled(&shop, country, &["Wide Tones"]).await;
        let region = match country {
            "US" => "NY".into(),
            "JP" => "13".into(),
            _ => String::new(),
        };
        let mut typed = CheckoutForm { region, accept_waiver: false, ..with(country, &[("br_cpf", CPF)]) };
        let view = page(&shop, &ctx, &typed).await;
        assert_eq!((view.waiver, view.withdrawal_file_days, view.withdrawal_days), (waiver, days, 0), "{country}");
        if waiver {
            let told = placed(&shop, &ctx, typed.clone(), &format!("not{country}")).await;
            assert_eq!(told.unwrap_err(), ["accept_waiver fault-waiver"], "{country}");
            typed.accept_waiver = true;
        }
        let done = placed(&shop, &ctx, typed, &format!("yes{country}")).await.unwrap();
        let checkout = shop.checkouts.get(&done.id).await.unwrap().unwrap();
        assert_eq!(checkout.waived, waiver, "{country}");
    }
}

#[tokio::test]
async fn a_parcel_asks_for_a_telephone_number_and_says_how_long_it_can_be_sent_back() {
    let shop = open().await;
    let ctx = filled(&shop, "AE", &["Wide Pages"]).await;
    let emirates = CheckoutForm { region: "Dubai".into(), city: String::new(), postcode: String::new(), ..form("AE") };
    assert_eq!(placed(&shop, &ctx, emirates.clone(), "none").await.unwrap_err(), ["phone fault-empty"]);
    let done =
        placed(&shop, &ctx, CheckoutForm { phone: "+971 4 123 4567".into(), ..emirates }, "right").await.unwrap();
    assert_eq!(person_of(&shop, &done).await.for_carrier(), ["+971 4 123 4567"]);
    let ctx = filled(&shop, "DE", &["Wide Pages"]).await;
    let view = page(&shop, &ctx, &form("DE")).await;
    assert_eq!((view.phone.map(|p| p.required), view.withdrawal_days), (Some(false), 14));
    let firm = CheckoutForm { business: true, ..form("DE") };
    assert_eq!(page(&shop, &ctx, &firm).await.withdrawal_days, 0, "who buys for a business has no such right");
    let ctx = filled(&shop, "US", &["Wide Pages"]).await;
    assert_eq!(page(&shop, &ctx, &form("US")).await.withdrawal_days, 0);
    // Goods and files by one law, each with its days.
    for (country, days) in [("DE", (14, 0)), ("BR", (7, 7)), ("JP", (8, 0)), ("US", (0, 0))] {
        let ctx = filled(&shop, country, &["Wide Pages", "Wide Tones"]).await;
        let view = page(&shop, &ctx, &form(country)).await;
        assert_eq!((view.withdrawal_days, view.withdrawal_file_days), days, "{country}");
        let firm = page(&shop, &ctx, &CheckoutForm { business: true, ..form(country) }).await;
        assert_eq!((firm.withdrawal_days, firm.withdrawal_file_days), (0, 0), "{country}");
    }
}

#[tokio::test]
async fn every_country_is_offered_where_a_seller_could_sell_by_its_policy() {
    let shop = open().await;
    let offered = |titles: &'static [&'static str], country: &'static str| {
        let shop = &shop;
        async move {
            let ctx = filled(shop, country, titles).await;
            let view = page(shop, &ctx, &form(country)).await;
            (view.countries.into_iter().map(|(code, _)| code).collect::<Vec<_>>(), view.cart.ready)
        }
    };
    // Whoever exports sells everywhere: what has no price in pounds, francs or yen is paid in euros or dollars there.
    let (wide, ready) = offered(&["Wide Tones"], "KE").await;
    assert_eq!((wide.len(), ready), (249, true));
    // Whoever refuses without a rule sells where there is one, and where the state decides.
    let (near, ready) = offered(&["Near Tones"], "KE").await;
    let has = |code: &str| near.iter().any(|c| c == code);
    assert!(has("DE") && has("NO") && has("US") && has("AU") && !has("BR") && !has("CN"));
    // Beside a state it is the same: there is a law of no tax, or no rule.
    assert!(has("GG") && has("GL") && !has("JE") && !has("SM") && !has("AD"));
    assert!(has("KE") && !ready, "the chosen one is shown, and cannot be paid");
    // Together it is enough that one of them could.
    assert_eq!(offered(&["Near Tones", "Wide Tones"], "BR").await.0.len(), wide.len());
    // A parcel goes where its table goes.
    let (paper, _) = offered(&["Paper Boats"], "DE").await;
    assert!(paper.iter().any(|c| c == "FR") && !paper.iter().any(|c| c == "US"));
}
