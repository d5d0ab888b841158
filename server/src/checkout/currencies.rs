//! Tests: in which currency a cart is paid, and that what is only shown never is.

use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::views::trade::CartView;

use super::form::Typed;
use super::place::Placing;
use crate::cart::{Add, Carts};
use crate::catalog::pages::Found;
use crate::ctx::OpCtx;
use crate::testing::{self, Shop};

const CARD: &str = "4242424242424242";

/// One work in kroner and dollars, one in kroner alone, one in dollars and euros, one whose price in kroner of both kinds and dollars the buyer names,
/// and a parcel with prices in euros and dollars that is sent for dollars alone.
const ROWS: &str = r#"{"type":"tenant","ref":"far","name":"Far","legal":{"name":"Far GmbH","address":["Weg 2","20457 Hamburg"],"country":"DE","email":"shop@far.example","tax_ids":["DE123456789"],"invoice_prefix":"FA","registrations":["DE","EU-OSS"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"store","ref":"far","tenant":"far","handle":"far","name":"Far","ships_from":"DE","no_rule":"export","shipping":[{"zone":"*","up_to_g":2000,"amount_minor":900,"currency":"USD"},{"zone":"EU","up_to_g":2000,"amount_minor":700,"currency":"EUR"}]}
{"type":"maker","ref":"who","tenant":"far","kind":"artist","name":"Who"}
{"type":"work","ref":"both","store":"far","kind":"album","title":"Both Tones","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"BT-D","title":"","prices":[{"region":"no","currency":"NOK","minor":9900},{"region":"world","currency":"USD","minor":900}]}]}]}
{"type":"work","ref":"krone","store":"far","kind":"album","title":"Krone Tones","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"KT-D","title":"","prices":[{"region":"no","currency":"NOK","minor":7900}]}]}]}
{"type":"work","ref":"world","store":"far","kind":"album","title":"World Tones","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"WO-D","title":"","prices":[{"region":"world","currency":"USD","minor":1000},{"region":"eu","currency":"EUR","minor":800}]}]}]}
{"type":"work","ref":"named","store":"far","kind":"album","title":"Named Tones","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"NA-D","title":"","prices":[{"region":"no","currency":"NOK","minor":10000,"minimum":1000},{"region":"world","currency":"USD","minor":1000,"minimum":100},{"region":"world","currency":"SEK","minor":10000,"minimum":1000}]}]}]}
{"type":"work","ref":"pages","store":"far","kind":"book","title":"Far Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"FP-1","weight_g":280,"stock":9,"prices":[{"region":"world","currency":"USD","minor":1500},{"region":"world","currency":"EUR","minor":1200}]}]}]}"#;

async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.import(ROWS).await;
    shop
}

fn from(shop: &Shop, country: &str) -> OpCtx {
    OpCtx { country: country.into(), market: Market::of_country(country).id.into(), ..shop.guest() }
}

async fn cart(shop: &Shop, ctx: &OpCtx) -> CartView {
    shop.checkouts.cart_view(ctx).await.unwrap()
}

fn troubles(view: &CartView) -> Vec<&str> {
    view.sellers.iter().flat_map(|s| &s.lines).map(|l| l.trouble.as_deref().unwrap_or_default()).collect()
}

/// Places and pays what the checkout page shows; the order's currency and total.
async fn bought(shop: &Shop, ctx: &OpCtx, country: &str) -> (String, i64, String) {
    let form = vitrine_shared::views::trade::CheckoutForm { country: country.into(), ..testing::form() };
    shop.checkouts.keep_form(ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    let view = shop.checkouts.checkout_view(ctx).await.unwrap().cart;
    let placing = Placing {
        attempt: format!("{country:x<16}"),
        form,
        seen_minor: view.total_minor,
        seen_currency: Some(view.currency),
        due_minor: None,
        nothing_owned: true,
    };
    let placed = shop.checkouts.place(ctx, &placing).await.unwrap();
    assert_eq!(
        shop.session(&placed).await.currency,
        placing.seen_currency.unwrap(),
        "the provider is asked for what was seen"
    );
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(ctx, &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let order = shop.checkouts.order_view(ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
    (checkout.currency, checkout.total_minor, order.total)
}

#[tokio::test]
async fn a_cart_is_paid_in_the_first_currency_that_all_of_it_has_a_price_in() {
    let shop = open().await;
    let one = shop.fill(&from(&shop, "NO"), &["Both Tones"]).await;
    let view = cart(&shop, &one).await;
    assert_eq!((view.currency.as_str(), view.total_minor, view.ready, &view.about), ("NOK", 9_900, true, &None));
    // Together with what has none in kroner both are dollars, and the page shows it.
    let two = shop.fill(&one, &["World Tones"]).await;
    let view = cart(&shop, &two).await;
    assert_eq!((view.currency.as_str(), view.total_minor, view.ready), ("USD", 1_900, true));
    let about = view.about.unwrap();
    assert_eq!((about.currency.as_str(), about.source.as_str()), ("NOK", "ECB"));
    let (currency, total, shown) = bought(&shop, &two, "NO").await;
    assert_eq!((currency.as_str(), total, shown.as_str()), ("USD", 1_900, "$19.00"));
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn a_line_without_a_common_currency_says_so_and_is_bought_by_itself() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "NO"), &["Krone Tones", "World Tones"]).await;
    let view = cart(&shop, &ctx).await;
    assert_eq!((view.currency.as_str(), view.total_minor, view.ready), ("NOK", 7_900, false));
    assert_eq!(troubles(&view), ["", "line-other-currency"]);
    let line = &view.sellers[0].lines[1];
    assert_eq!((line.unit.currency.as_str(), line.unit.minor, line.total.as_str()), ("USD", 1_000, ""));
    let refused = shop.checkouts.place(&ctx, &shop.placing(&ctx, "both").await).await.unwrap_err();
    assert_eq!(refused.code, "cart_not_ready");
    shop.carts.later(&ctx, ctx.cart.as_deref(), &shop.edition("World Tones").await, true, &[], view.rev).await.unwrap();
    let view = cart(&shop, &ctx).await;
    assert_eq!((view.currency.as_str(), view.total_minor, view.ready), ("NOK", 7_900, true));
    let (currency, total, _) = bought(&shop, &ctx, "NO").await;
    assert_eq!((currency.as_str(), total), ("NOK", 7_900));
}

#[tokio::test]
async fn a_chosen_currency_is_paid_where_it_has_a_price_and_only_shown_elsewhere() {
    let shop = open().await;
    let dollars = OpCtx { currency: Some(Currency::USD), ..from(&shop, "DE") };
    let ctx = shop.fill(&dollars, &["World Tones"]).await;
    let view = cart(&shop, &ctx).await;
    assert_eq!((view.currency.as_str(), view.total_minor, &view.about), ("USD", 1_000, &None));
    let kroner = OpCtx { currency: Some(Currency::NOK), ..ctx.clone() };
    let view = cart(&shop, &kroner).await;
    assert_eq!((view.currency.as_str(), view.total_minor), ("EUR", 800));
    let unit = &view.sellers[0].lines[0].unit;
    assert_eq!((unit.minor, unit.about.as_ref().map(|a| a.currency.as_str())), (800, Some("NOK")));
    assert!(unit.about.as_ref().unwrap().text.contains("88.00"), "{unit:?}");
    // What the buyer saw in one currency is not placed in another.
    let mut placing = shop.placing(&kroner, "seen").await;
    placing.seen_currency = Some("NOK".into());
    assert_eq!(shop.checkouts.place(&kroner, &placing).await.unwrap_err().code, "price_changed");
    let (currency, total, shown) = bought(&shop, &kroner, "DE").await;
    assert_eq!((currency.as_str(), total, shown.as_str()), ("EUR", 800, "€8.00"));
    let id = &shop.catalog.records().works_by_slug(WorkKind::Album, "world-tones").await.unwrap()[0];
    let work = shop.catalog.work(&kroner, WorkKind::Album, &format!("world-tones-{id}")).await.unwrap();
    let Found::Here(page) = work else { panic!("it is elsewhere") };
    assert!(!page.json_ld.contains("NOK") && page.json_ld.contains("\"priceCurrency\":\"EUR\""), "{}", page.json_ld);
    assert_eq!(
        page.editions[0].price.as_ref().and_then(|p| p.about.as_ref()).map(|a| a.currency.as_str()),
        Some("NOK")
    );
}

#[tokio::test]
async fn a_named_price_keeps_its_currency() {
    let shop = open().await;
    let guest = from(&shop, "NO");
    let variant = shop.edition("Named Tones").await;
    let add = |named_minor, named_in| Add { variant: variant.clone(), quantity: 1, named_minor, named_in };
    let put = async |carts: &Carts, ctx: &OpCtx, add: Add| {
        let changed = carts.add(ctx, ctx.cart.as_deref(), &add).await?;
        Ok::<_, vitrine_shared::Problem>(OpCtx { cart: changed.token.or(ctx.cart.clone()), ..ctx.clone() })
    };
    // In the currency of the page, and below its least.
    assert_eq!(put(&shop.carts, &guest, add(Some(500), None)).await.unwrap_err().fields["price"], "below_minimum");
    let euros = add(Some(500), Some(Currency::EUR));
    assert_eq!(put(&shop.carts, &guest, euros).await.unwrap_err().fields["price"], "other_currency");
    let ctx = put(&shop.carts, &guest, add(Some(500), Some(Currency::USD))).await.unwrap();
    let view = cart(&shop, &ctx).await;
    assert_eq!((view.currency.as_str(), view.total_minor), ("USD", 500), "named in dollars, paid in dollars");
    // Beside kroner alone it waits; it is never 5 kroner.
    let ctx = shop.fill(&ctx, &["Krone Tones", "Both Tones"]).await;
    let view = cart(&shop, &ctx).await;
    assert_eq!((view.currency.as_str(), view.total_minor), ("NOK", 7_900 + 9_900));
    assert_eq!(troubles(&view), ["line-other-currency", "", ""]);
}

#[tokio::test]
async fn a_named_price_whose_currency_cannot_be_paid_in_any_more_is_dropped_and_said() {
    let shop = open().await;
    let swedish = OpCtx { currency: Some("SEK".parse().unwrap()), ..from(&shop, "NO") };
    let variant = shop.edition("Named Tones").await;
    let add = Add { variant: variant.clone(), quantity: 1, named_minor: Some(1_500), named_in: swedish.currency };
    let norse = from(&shop, "NO");
    let refused = shop.carts.add(&norse, None, &add).await.unwrap_err();
    assert_eq!(refused.fields["price"], "other_currency", "nobody pays Swedish kronor here unless they chose them");
    let cart_of = shop.carts.add(&swedish, None, &add).await.unwrap().token;
    let view = cart(&shop, &OpCtx { cart: cart_of.clone(), ..swedish }).await;
    assert_eq!((view.currency.as_str(), view.total_minor, view.ready), ("SEK", 1_500, true));
    assert_eq!(view.sellers[0].lines[0].notice, None);
    let norse = OpCtx { cart: cart_of, ..norse };
    let view = cart(&shop, &norse).await;
    assert_eq!((view.currency.as_str(), view.total_minor, view.ready), ("NOK", 10_000, true), "the suggestion");
    let line = &view.sellers[0].lines[0];
    assert_eq!((line.trouble.as_deref(), line.notice.as_deref()), (None, Some("line-unnamed")));
}

#[tokio::test]
async fn what_was_kept_for_later_comes_back_when_the_rest_is_bought() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "NO"), &["Both Tones", "Named Tones", "Krone Tones", "World Tones"]).await;
    let world = shop.edition("World Tones").await;
    let later = async |later| {
        let rev = cart(&shop, &ctx).await.rev;
        shop.carts.later(&ctx, ctx.cart.as_deref(), &world, later, &[], rev).await.unwrap();
        cart(&shop, &ctx).await
    };
    assert_eq!(troubles(&cart(&shop, &ctx).await), ["", "", "", "line-other-currency"]);
    let view = later(true).await;
    assert_eq!((view.currency.as_str(), view.ready), ("NOK", true));
    let line = &view.later[0];
    assert_eq!((line.trouble.as_deref(), line.unit.currency.as_str(), line.unit.minor), (None, "USD", 1_000));
    bought(&shop, &ctx, "NO").await;
    let view = cart(&shop, &ctx).await;
    assert_eq!((view.count, view.later[0].trouble.as_deref()), (0, None), "it can be put back");
    let view = later(false).await;
    assert_eq!((view.currency.as_str(), view.total_minor, view.ready), ("USD", 1_000, true));
}

#[tokio::test]
async fn what_is_not_sold_here_has_no_say_in_the_currency() {
    let shop = open().await;
    // Both can be paid in euros alone; in the shop of one of them the other's line is dead.
    let dollars = OpCtx { currency: Some(Currency::USD), ..from(&shop, "DE") };
    let ctx = shop.fill(&dollars, &["World Tones", "Harbour Lights"]).await;
    assert_eq!(cart(&shop, &ctx).await.currency, "EUR");
    let far = shop.seller_of("World Tones").await;
    let view = cart(&shop, &OpCtx { scope: crate::ctx::Scope::Tenant(far), ..ctx }).await;
    assert_eq!((view.currency.as_str(), view.total_minor), ("USD", 1_000));
    assert_eq!(troubles(&view), ["", "line-withdrawn"]);
}

/// A shop of the United States that is registered for import schemes of the Union and Australia.
const OVER: &str = r#"{"type":"tenant","ref":"over","name":"Over","legal":{"name":"Over Inc.","address":["1 Way","New York"],"country":"US","region":"NY","email":"shop@over.example","invoice_prefix":"OV","registrations":["EU-IOSS","AU"]},"currency":"USD","locale":"en-US","fee_bps":1000}
{"type":"store","ref":"over","tenant":"over","handle":"over","name":"Over","ships_from":"US","no_rule":"export","shipping":[{"zone":"*","up_to_g":2000,"amount_minor":900,"currency":"USD"},{"zone":"*","up_to_g":2000,"amount_minor":700,"currency":"EUR"},{"zone":"*","up_to_g":2000,"amount_minor":1200,"currency":"AUD"}]}
{"type":"maker","ref":"overwho","tenant":"over","kind":"author","name":"Over Who"}
{"type":"work","ref":"over-pages","store":"over","kind":"book","title":"Over Pages","makers":["overwho"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"OP-1","weight_g":280,"stock":9,"prices":[{"region":"world","currency":"USD","minor":1500},{"region":"world","currency":"EUR","minor":1200},{"region":"world","currency":"AUD","minor":2200}]}]}]}
{"type":"work","ref":"over-dollars","store":"over","kind":"book","title":"Over Dollars","makers":["overwho"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"OD-1","weight_g":280,"stock":9,"prices":[{"region":"world","currency":"USD","minor":1500}]}]}]}"#;

#[tokio::test]
async fn a_parcel_from_abroad_is_paid_in_the_currency_of_its_import_scheme() {
    let shop = open().await;
    shop.import(OVER).await;
    let dollars = |country| OpCtx { currency: Some(Currency::USD), ..from(&shop, country) };
    for (country, currency, goods) in [("DE", "EUR", 1_200), ("AU", "AUD", 2_200)] {
        let ctx = shop.fill(&dollars(country), &["Over Pages"]).await;
        let view = cart(&shop, &ctx).await;
        assert_eq!((view.currency.as_str(), view.ready), (currency, true), "{country}");
        let line = &view.sellers[0].lines[0];
        assert_eq!((line.unit.minor, line.unit.currency.as_str()), (goods, currency));
        let taxed = view.sellers[0].sums.iter().any(|sum| sum.key == "sum-tax-included");
        assert!(taxed, "the limit was measured: {:?}", view.sellers[0].sums);
        // What has no price in it is not sold without its tax.
        let ctx = shop.fill(&dollars(country), &["Over Dollars"]).await;
        let view = cart(&shop, &ctx).await;
        assert_eq!((troubles(&view), view.ready), (vec!["line-import-currency"], false), "{country}");
        // Beside what is paid in dollars alone neither.
        let ctx = shop.fill(&ctx, &["Both Tones"]).await;
        assert_eq!(troubles(&cart(&shop, &ctx).await), ["line-import-currency", ""]);
    }
    // Where it is registered for nothing, the choice stands.
    let ctx = shop.fill(&dollars("NO"), &["Over Pages"]).await;
    assert_eq!(cart(&shop, &ctx).await.currency, "USD");
}

#[tokio::test]
async fn what_goes_to_another_place_is_paid_in_that_places_own_currency_unless_one_was_chosen() {
    let shop = open().await;
    let to = async |ctx: &OpCtx, country: &str| {
        let form = vitrine_shared::views::trade::CheckoutForm { country: country.into(), ..testing::form() };
        shop.checkouts.keep_form(ctx, &Typed { form, ..Typed::default() }).await.unwrap();
        shop.checkouts.checkout_view(ctx).await.unwrap().cart.currency
    };
    let ctx = shop.fill(&from(&shop, "DE"), &["Named Tones"]).await;
    assert_eq!(cart(&shop, &ctx).await.currency, "USD");
    assert_eq!(to(&ctx, "SE").await, "SEK", "though its market has euros");
    assert_eq!(to(&OpCtx { currency: Some(Currency::USD), ..ctx }, "SE").await, "USD");
}

#[tokio::test]
async fn who_says_no_currency_means_that_of_the_cart_as_it_is_shown() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "NO"), &["Both Tones", "World Tones"]).await;
    let mut placing = shop.placing(&ctx, "none said").await;
    placing.attempt = "none-said-attempt".into();
    placing.form.country = "NO".into();
    let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
    assert_eq!(shop.session(&placed).await.currency, "USD");
}

#[tokio::test]
async fn a_parcel_is_paid_in_a_currency_it_is_sent_for() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "NO"), &["Far Pages"]).await;
    let view = cart(&shop, &ctx).await;
    assert_eq!(
        (view.currency.as_str(), view.ready, view.total_minor),
        ("USD", true, 2_400),
        "euros are sent in the Union only"
    );
    let ctx = shop.fill(&from(&shop, "DE"), &["Far Pages"]).await;
    assert_eq!(cart(&shop, &ctx).await.currency, "EUR");
}
