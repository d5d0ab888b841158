//! Cases of money and rates that others learned the hard way, as a buyer meets them: seen, placed, paid, invoiced, refunded. What the pricing function
//! alone must do in them is in `shared/pricing/tests/money_cases.rs`.

use vitrine_payments::Payments;
use vitrine_pricing::format::{Locale, format_money};
use vitrine_pricing::market::Market;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::refund::{LineWish, RefundWish, Take};
use vitrine_shared::views::trade::CheckoutForm;

use super::form::Typed;
use super::*;
use crate::cart::Add;
use crate::ctx::OpCtx;
use crate::invoices::{Invoice, credit_id_of, id_of};
use crate::testing::{self, Shop};

const CARD: &str = "4242424242424242";

fn tenant(id: &str, legal: &str, fee_bps: u32) -> String {
    let prefix = id[..2].to_uppercase();
    format!(
        r#"{{"type":"tenant","ref":"{id}","name":"{id}","legal":{{"name":"{id} Inc.","address":["1 Main St"],"email":"shop@{id}.example","tax_ids":[],"invoice_prefix":"{prefix}",{legal}}},"currency":"USD","locale":"en-US","fee_bps":{fee_bps}}}
{{"type":"maker","ref":"{id}-who","tenant":"{id}","kind":"artist","name":"{id} Who"}}"#
    )
}

fn store(tenant: &str, id: &str, more: &str) -> String {
    format!(r#"{{"type":"store","ref":"{id}","tenant":"{tenant}","handle":"{id}","name":"{id}",{more}}}"#)
}

fn album(tenant: &str, title: &str, price: &str) -> String {
    let sku = title.replace(' ', "-");
    format!(
        r#"{{"type":"work","ref":"{sku}","store":"{tenant}","kind":"album","title":"{title}","makers":["{tenant}-who"],"released":"2024-03-01","genres":["ambient"],"parts":[{{"title":"One","files":[{{"file":"files/1.ogg","format":"Ogg Vorbis"}}]}}],"products":[{{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{{"sku":"{sku}","prices":[{price}]}}]}}]}}"#
    )
}

fn parcel(tenant: &str, store: &str, title: &str, price: &str) -> String {
    let sku = title.replace(' ', "-");
    format!(
        r#"{{"type":"work","ref":"{sku}","store":"{store}","kind":"book","title":"{title}","makers":["{tenant}-who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{{"ref":"p","kind":"physical","title":"Print","tax_class":"goods","variants":[{{"sku":"{sku}","weight_g":10,"stock":20,"prices":[{price}]}}]}}]}}"#
    )
}

fn price(region: &str, currency: &str, minor: i64) -> String {
    format!(r#"{{"region":"{region}","currency":"{currency}","minor":{minor}}}"#)
}

/// One who buys from a country, in a currency that they chose.
fn from(shop: &Shop, country: &str, currency: &str) -> OpCtx {
    let market = Market::of_country(country).id.into();
    OpCtx { country: country.into(), market, currency: currency.parse().ok(), ..shop.guest() }
}

fn form(country: &str, region: &str, city: &str, postcode: &str) -> CheckoutForm {
    CheckoutForm {
        country: country.into(),
        region: region.into(),
        city: city.into(),
        postcode: postcode.into(),
        ..testing::form()
    }
}

/// What became of a purchase: the order, and what the buyer was shown before they confirmed.
struct Bought {
    order: Order,
    invoice: Invoice,
    seen: Money,
    shown: String,
}

/// Puts pieces into a cart, looks at the checkout, places what it shows, pays that.
async fn bought(shop: &Shop, ctx: &OpCtx, (title, pieces): (&str, u32), form: CheckoutForm) -> Bought {
    let add = Add { variant: shop.edition(title).await, quantity: pieces, named_minor: None, named_in: None };
    let cart = shop.carts.add(ctx, None, &add).await.unwrap().token;
    let ctx = OpCtx { cart, ..ctx.clone() };
    bought_as_it_is(shop, ctx, title, form).await
}

/// The same with the caller's cart as it is; `title` tells one purchase from another.
async fn bought_as_it_is(shop: &Shop, ctx: OpCtx, title: &str, form: CheckoutForm) -> Bought {
    shop.checkouts.keep_form(&ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    let view = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
    let placing = Placing {
        attempt: format!("{:x<16}", title.to_lowercase().replace(' ', "-")),
        form,
        seen_minor: view.total_minor,
        seen_currency: Some(view.currency.clone()),
        due_minor: None,
        nothing_owned: true,
    };
    let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
    let session = shop.session(&placed).await;
    assert_eq!(
        (session.amount_minor, &session.currency),
        (view.total_minor, &view.currency),
        "what was seen is charged"
    );
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
    let invoice = shop.invoices.get(&id_of(&order.id)).await.unwrap().unwrap();
    let seen = Money::new(view.total_minor, view.currency.parse().unwrap()).unwrap();
    assert_eq!((checkout.total_minor, invoice.totals.gross), (seen.minor(), seen));
    assert_eq!(invoice.totals.net.checked_add(invoice.totals.tax).unwrap(), seen, "the invoice adds up");
    let total = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap().total;
    assert_eq!(total, format_money(seen, Locale::EnUs));
    Bought { order, invoice, seen, shown: total }
}

async fn refunded(shop: &Shop, order: &Order, attempt: &str, take: Take) -> Result<Money> {
    let what = RefundWish { lines: vec![LineWish { line: 0, take }], shipping: None };
    let wish = Wish { attempt: attempt.into(), what, restock: false, reason: "Asked for it".into() };
    let refund = shop.checkouts.refund(&shop.staff(), &order.id, &wish).await?;
    shop.work().await;
    let credit = shop.invoices.get(&credit_id_of(&refund.id)).await.unwrap().unwrap();
    let back = refund.amounts(&order.quote).unwrap().totals;
    assert_eq!(credit.totals.gross.minor(), -back.gross.minor());
    Ok(back.gross)
}

/// What the provider holds of an order's money.
async fn kept(shop: &Shop, order: &Order) -> (i64, i64) {
    let checkout = shop.checkouts.get(&order.checkout).await.unwrap().unwrap();
    let session = shop.simulator.session(checkout.session.as_deref().unwrap()).await.unwrap();
    (session.amount_minor, session.refunded_minor)
}

/// A seller in New York with works in currencies of every kind.
async fn open() -> Shop {
    let shop = Shop::open().await;
    let legal = r#""country":"US","region":"NY","registrations":["US-NY"]"#;
    let send = r#""ships_from":"US","no_rule":"export","shipping":[{"zone":"*","amount_minor":1000,"currency":"KWD"},{"zone":"*","amount_minor":5000,"currency":"TWD"}]"#;
    let rows = [
        tenant("till", legal, 1000),
        store("till", "till", send),
        album("till", "Yen Tones", &price("jp", "JPY", 10_000)),
        album("till", "Won Tones", &price("world", "KRW", 9_900)),
        parcel("till", "till", "Dinar Print", &price("world", "KWD", 3_330)),
        parcel("till", "till", "Taipei Print", &price("world", "TWD", 32_400)),
    ];
    shop.import(&rows.join("\n")).await;
    shop
}

#[tokio::test]
async fn case_01_ten_thousand_yen_are_seen_charged_invoiced_and_refunded_as_10000() {
    let shop = open().await;
    let yen =
        bought(&shop, &from(&shop, "JP", "JPY"), ("Yen Tones", 1), form("JP", "13", "千代田区", "100-0001")).await;
    assert_eq!((yen.seen.minor(), yen.shown.as_str(), kept(&shop, &yen.order).await), (10_000, "¥10,000", (10_000, 0)));
    assert_eq!(refunded(&shop, &yen.order, "all", Take::All).await.unwrap().minor(), 10_000);
    assert_eq!(kept(&shop, &yen.order).await, (10_000, 10_000));
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn case_02_won_have_no_decimals_where_they_are_stored_charged_and_reported() {
    let shop = open().await;
    let won = bought(&shop, &from(&shop, "KR", "KRW"), ("Won Tones", 1), form("KR", "11", "Seoul", "03051")).await;
    assert_eq!((won.seen.minor(), won.shown.as_str(), won.order.quote.totals.gross.minor()), (9_900, "₩9,900", 9_900));
    let seller = shop.user(6, "c@example.org", &["creator"], std::slice::from_ref(&won.order.tenant));
    let desk = crate::authz::tenant_desk(&seller, &won.order.tenant).unwrap();
    let sale = shop.checkouts.sales(&desk, None).await.unwrap().0.remove(0);
    assert_eq!((sale.currency.as_str(), sale.net_minor, sale.fee_minor, sale.share_minor), ("KRW", 9_900, 990, 8_910));
}

#[tokio::test]
async fn case_03_dinars_end_with_a_0_with_tax_in_the_quote_the_charge_the_invoice_and_every_refund() {
    let shop = open().await;
    let ny = form("US", "NY", "New York", "10001");
    let dinars = bought(&shop, &from(&shop, "US", "KWD"), ("Dinar Print", 1), ny).await;
    // 3.330 and 1.000 of shipping at 4 %: 0.1332 is 0.130 and 0.040, to what a card can be charged with.
    let quote = &dinars.order.quote;
    assert_eq!((quote.lines[0].amounts.tax.minor(), quote.shipping.as_ref().unwrap().tax.minor()), (130, 40));
    assert_eq!((dinars.seen.minor(), dinars.seen.to_charge()), (4_500, Ok(4_500)));
    assert_eq!((dinars.invoice.totals.tax.minor(), dinars.shown.as_str()), (170, "KWD\u{a0}4.500"));
    let kwd: Currency = "KWD".parse().unwrap();
    let amount = |minor| Take::Amount { gross: Money::new(minor, kwd).unwrap() };
    let refused = refunded(&shop, &dinars.order, "odd", amount(1_005)).await.unwrap_err();
    assert_eq!((refused.status, refused.fields.contains_key("lines[0].take.gross")), (422, true), "{refused:?}");
    let mut back = 0;
    for (n, take) in [amount(1_000), amount(10), Take::All].into_iter().enumerate() {
        let gone = refunded(&shop, &dinars.order, &n.to_string(), take).await.unwrap();
        assert!(gone.to_processor().is_ok(), "{gone:?}");
        back += gone.minor();
    }
    assert_eq!((back, kept(&shop, &dinars.order).await), (3_460, (4_500, 3_460)));
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn case_04_taiwan_dollars_are_charged_as_they_are_seen_and_what_was_converted_never_is() {
    let shop = open().await;
    let ny = form("US", "NY", "New York", "10001");
    let taipei = bought(&shop, &from(&shop, "US", "TWD"), ("Taipei Print", 1), ny.clone()).await;
    // 324 and 50 at 4 %: 12.96 is 13, and 2. What is paid out must be whole, and so is all that is charged.
    assert_eq!((taipei.seen.minor(), taipei.seen.to_charge()), (38_900, Ok(38_900)));
    assert_eq!((taipei.invoice.totals.tax.minor(), taipei.shown.as_str()), (1_500, "NT$389.00"));
    let twd: Currency = "TWD".parse().unwrap();
    let amount = |minor| Take::Amount { gross: Money::new(minor, twd).unwrap() };
    let refused = refunded(&shop, &taipei.order, "odd", amount(10_050)).await.unwrap_err();
    assert_eq!((refused.status, refused.fields.contains_key("lines[0].take.gross")), (422, true), "{refused:?}");
    // A third: 3.86 of tax are 4.
    assert_eq!(refunded(&shop, &taipei.order, "some", amount(10_000)).await.unwrap().minor(), 10_000);
    assert_eq!(refunded(&shop, &taipei.order, "rest", Take::All).await.unwrap().minor(), 23_700);
    assert_eq!((kept(&shop, &taipei.order).await, shop.violations().await), ((38_900, 33_700), Vec::new()));
    // Who shows another currency is asked for a price that there is, or for none: nothing is worked out from it.
    let add = Add { variant: shop.edition("Won Tones").await, quantity: 1, named_minor: None, named_in: None };
    let refused = shop.carts.add(&from(&shop, "KR", "TWD"), None, &add).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (404, "not_found"));
    let variant = shop.edition("Harbour Lights").await;
    let pointer = shop.catalog.records().variant(&variant).await.unwrap().unwrap();
    let bundle = shop.catalog.records().bundle(&pointer.work).await.unwrap().unwrap();
    assert!(bundle.prices.iter().all(|price| price.currency != "TWD"));
    let twd = shop.fill(&from(&shop, "DE", "TWD"), &["Harbour Lights"]).await;
    let view = shop.checkouts.cart_view(&twd).await.unwrap();
    assert_eq!((view.currency.as_str(), view.total_minor), ("EUR", 800));
}

/// A line whose price cannot be charged says so, and nothing untrue is said of the others.
#[tokio::test]
async fn what_was_priced_before_its_currency_had_a_step_stops_itself_alone() {
    let shop = open().await;
    let guest = OpCtx { currency: "TWD".parse().ok(), ..from(&shop, "US", "TWD") };
    shop.import(&parcel("till", "till", "Tainan Print", &price("world", "TWD", 10_000))).await;
    shop.import(&album("till", "Taipei Tones", &price("world", "TWD", 20_000))).await;
    let ctx = shop.fill(&guest, &["Taipei Print", "Tainan Print", "Taipei Tones"]).await;
    let typed = Typed { form: form("US", "NY", "New York", "10001"), ..Typed::default() };
    shop.checkouts.keep_form(&ctx, &typed).await.unwrap();
    let seen = async || {
        shop.indexer.catch_up().await.unwrap();
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
        let lines = view.sellers.iter().flat_map(|s| &s.lines);
        let troubles: Vec<String> = lines.map(|l| l.trouble.clone().unwrap_or_default()).collect();
        (troubles, view.total_minor > 0, view.ready)
    };
    let put = async |item| {
        let ops = vec![crate::catalog::store::put(item)];
        shop.table.transact(vitrine_table::Transact { ops, token: None }).await.unwrap();
    };
    let told = |troubles: [&str; 3]| troubles.map(str::to_owned).to_vec();
    assert_eq!(seen().await, (told(["", "", ""]), true, true));
    let pointer = shop.catalog.records().variant(&shop.edition("Tainan Print").await).await.unwrap().unwrap();
    let mut price = shop.catalog.records().bundle(&pointer.work).await.unwrap().unwrap().prices.remove(0);
    price.amount_minor = 10_050;
    put(crate::catalog::store::items::price(&pointer.work, &price).unwrap()).await;
    assert_eq!(seen().await, (told(["", "line-not-chargeable", ""]), true, false));
    price.amount_minor = 10_000;
    put(crate::catalog::store::items::price(&pointer.work, &price).unwrap()).await;
    let mut store = shop.catalog.records().store_by_handle("till").await.unwrap().unwrap();
    for rate in store.shipping.iter_mut().filter(|rate| rate.currency == "TWD") {
        rate.amount_minor = 5_050;
    }
    put(crate::catalog::store::items::store(&store, shop.clock_ms()).unwrap()).await;
    assert_eq!(seen().await, (told(["line-not-chargeable", "line-not-chargeable", ""]), true, false));
}

#[tokio::test]
async fn case_05_ten_at_38_23_follow_each_stores_declared_policy_and_their_invoices_add_up() {
    let shop = Shop::open().await;
    let send = |scope: &str| {
        format!(
            r#""ships_from":"GB","rounding":{{"scope":"{scope}","mode":"half_up"}},"shipping":[{{"zone":"GB","amount_minor":500,"currency":"GBP","free_over_minor":1}}]"#
        )
    };
    let rows = [
        tenant("stroud", r#""country":"GB","registrations":["GB"]"#, 1000),
        store("stroud", "by-unit", &send("unit")),
        store("stroud", "by-line", &send("line")),
        store("stroud", "by-document", &send("document")),
        parcel("stroud", "by-unit", "Unit Print", &price("gb", "GBP", 3_823)),
        parcel("stroud", "by-line", "Line Print", &price("gb", "GBP", 3_823)),
        parcel("stroud", "by-document", "Document Print", &price("gb", "GBP", 3_823)),
    ];
    shop.import(&rows.join("\n")).await;
    // 38.23 / 6 = 6.371667 a unit, 382.30 / 6 = 63.716667 a line.
    for (title, tax) in [("Unit Print", 6_370), ("Line Print", 6_372), ("Document Print", 6_372)] {
        let ctx = from(&shop, "GB", "GBP");
        let bought = bought(&shop, &ctx, (title, 10), form("GB", "", "Stroud", "GL5 1AA")).await;
        let line = &bought.invoice.lines[0].amounts;
        assert_eq!((bought.seen.minor(), bought.invoice.totals.tax.minor()), (38_230, tax), "{title}");
        assert_eq!((line.tax.minor(), line.net.minor()), (tax, 38_230 - tax), "{title}");
    }
}

#[tokio::test]
async fn case_10_rates_that_move_between_looking_and_paying_change_no_charge() {
    let shop = Shop::open().await;
    let rows = [
        tenant("fjord", r#""country":"DE","registrations":["DE"]"#, 1000),
        store("fjord", "fjord", r#""ships_from":"DE","no_rule":"export""#),
        album("fjord", "Fjord Tones", &price("world", "USD", 900)),
    ];
    shop.import(&rows.join("\n")).await;
    // Nine dollars are seen as about 90 kroner: a euro is 1.10 dollars and 11 kroner.
    let ctx = shop.fill(&from(&shop, "NO", "NOK"), &["Fjord Tones"]).await;
    let form = form("NO", "", "Oslo", "0150");
    let typed = Typed { form: form.clone(), ..Typed::default() };
    shop.checkouts.keep_form(&ctx, &typed).await.unwrap();
    let about = async || {
        let cart = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
        (cart.total_minor, cart.currency, cart.about.unwrap().text)
    };
    let seen = about().await;
    assert_eq!((seen.0, seen.1.as_str()), (900, "USD"));
    assert!(seen.2.contains("90.00"), "{seen:?}");
    let placing = Placing { form, seen_currency: Some(seen.1.clone()), ..shop.placing(&ctx, "moved").await };
    assert_eq!((placing.seen_minor, placing.seen_currency.as_deref()), (900, Some("USD")));
    let newer = |kroner: &str| {
        let date = vitrine_pricing::date::Date::from_unix_ms(shop.clock_ms()).unwrap();
        let file = format!("Date, USD, NOK, \n{date}, 1.1000, {kroner}, \n");
        let table = vitrine_pricing::fx::ecb::read(file.as_bytes()).unwrap().table;
        vitrine_shared::views::about::Rates { table, staleness: vitrine_pricing::fx::Staleness::DAILY }
    };
    // Newer ones come before the order is placed, and again before it is paid.
    shop.rates.show(newer("12.1000"));
    let moved = about().await;
    assert_eq!((moved.0, moved.1.as_str(), moved.2.contains("99.00")), (900, "USD", true), "{moved:?}");
    let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
    shop.rates.show(newer("13.2000"));
    let session = shop.session(&placed).await;
    assert_eq!((session.amount_minor, session.currency.as_str()), (900, "USD"), "not what it was about worth");
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
    let invoice = shop.invoices.get(&id_of(&order.id)).await.unwrap().unwrap();
    let dollars = Money::new(900, Currency::USD).unwrap();
    assert_eq!((kept(&shop, &order).await, invoice.totals.gross), ((900, 0), dollars));
    // Nor does it come back by a rate.
    assert_eq!(refunded(&shop, &order, "all", Take::All).await.unwrap(), dollars);
    assert_eq!((kept(&shop, &order).await, shop.violations().await), ((900, 900), Vec::new()));
}

#[tokio::test]
async fn case_11_at_the_smallest_charge_the_fee_is_all_of_the_net_price_at_most() {
    let shop = Shop::open().await;
    let rows = [
        // The whole net price: more than that no row can say.
        tenant("most", r#""country":"DE","registrations":["DE"]"#, 25_000),
        store("most", "most", r#""ships_from":"DE""#),
        album("most", "Least Tones", &price("eu", "EUR", 50)),
    ];
    shop.import(&rows.join("\n")).await;
    let least = bought(&shop, &from(&shop, "DE", "EUR"), ("Least Tones", 1), testing::form()).await;
    assert_eq!(least.seen, Currency::EUR.minimum_charge());
    let seller = shop.user(6, "c@example.org", &["creator"], std::slice::from_ref(&least.order.tenant));
    let desk = crate::authz::tenant_desk(&seller, &least.order.tenant).unwrap();
    let sale = shop.checkouts.sales(&desk, None).await.unwrap().0.remove(0);
    // 0.50 with 19 % inside: 0.08 are the tax office's.
    assert_eq!((sale.net_minor, sale.tax_minor, sale.fee_minor, sale.share_minor), (42, 8, 42, 0));
    refunded(&shop, &least.order, "all", Take::All).await.unwrap();
    let list = shop.checkouts.sales(&desk, None).await.unwrap().0;
    assert_eq!(
        list.iter().map(|sale| (sale.fee_minor, sale.share_minor)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        (0, 0)
    );
}

#[tokio::test]
async fn case_17_an_e_book_and_a_game_in_one_cart_are_invoiced_at_the_two_rates_of_the_buyers_country() {
    let shop = Shop::open().await;
    let of_class = |title: &str, class: &str, minor| {
        album("rates", title, &price("eu", "EUR", minor)).replace("digital_music", class)
    };
    let rows = [
        tenant("rates", r#""country":"DE","registrations":["DE","EU-OSS"]"#, 1000),
        store("rates", "rates", r#""ships_from":"DE""#),
        of_class("Tidal Pages", "ebook", 1_055),
        of_class("Tidal Quest", "digital_other", 2_400),
    ];
    shop.import(&rows.join("\n")).await;
    // With tax inside. France: 0.55 and 4.00 by the one-stop shop. Germany: 10.55 * 7/107 = 0.6902, 24.00 * 19/119 = 3.8319.
    let france = ("FR", form("FR", "", "Paris", "75001"), [(55_000, 55), (200_000, 400)]);
    for (country, form, expected) in [france, ("DE", testing::form(), [(70_000, 69), (190_000, 383)])] {
        let ctx = shop.fill(&from(&shop, country, "EUR"), &["Tidal Pages", "Tidal Quest"]).await;
        let both = bought_as_it_is(&shop, ctx, &format!("both-{country}"), form).await;
        assert_eq!(both.seen.minor(), 3_455);
        let row = |tax: &vitrine_pricing::quote::TaxAmount| (tax.rate_ppm, tax.amount.minor());
        let lines: Vec<Vec<_>> =
            both.invoice.lines.iter().map(|line| line.amounts.taxes.iter().map(row).collect()).collect();
        assert_eq!(lines, expected.map(|tax| vec![tax]), "{country}: each line its own rate");
        let mut rates: Vec<_> = both.invoice.totals.taxes.iter().map(row).collect();
        rates.sort_unstable();
        assert_eq!(rates, expected, "{country}: a row for each rate");
    }
    assert_eq!(shop.violations().await, []);
}
