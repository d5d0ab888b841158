//! Tests: shops that send to some regions or postcodes alone. The cart knows the country only; the checkout asks, and decides.

use vitrine_shared::views::preview::Pieces;
use vitrine_shared::views::trade::{CartView, CheckoutForm, CheckoutView};

use super::*;
use crate::ctx::OpCtx;
use crate::testing::{self, Shop};

/// A bookshop of Berlin that sends within the town; one that sends to Rome and Dublin; one that sends up to
/// 1 kg within Germany and heavier within Berlin.
const ROWS: &str = r#"{"type":"tenant","ref":"near","name":"Near","legal":{"name":"Near GmbH","address":["Weg 2","10115 Berlin"],"country":"DE","email":"shop@near.example","tax_ids":["DE123456789"],"invoice_prefix":"NE","registrations":["DE","EU-OSS"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"store","ref":"berlin","tenant":"near","handle":"berlin","name":"Berlin","ships_from":"DE","shipping_zones":[{"id":"town","places":[{"country":"DE","postcode_from":"10115","postcode_to":"14199"}]}],"shipping":[{"zone":"town","up_to_g":1000,"amount_minor":390,"currency":"EUR"}]}
{"type":"store","ref":"roma","tenant":"near","handle":"roma","name":"Roma","ships_from":"DE","shipping_zones":[{"id":"rome","places":[{"country":"IT","region":"RM"},{"country":"IE","region":"D"}]}],"shipping":[{"zone":"rome","up_to_g":1000,"amount_minor":500,"currency":"EUR"}]}
{"type":"store","ref":"wide","tenant":"near","handle":"wide","name":"Wide","ships_from":"DE","shipping_zones":[{"id":"town","places":[{"country":"DE","postcode_prefix":"10"}]}],"shipping":[{"zone":"DE","up_to_g":1000,"amount_minor":490,"currency":"EUR"},{"zone":"town","up_to_g":5000,"amount_minor":290,"currency":"EUR"}]}
{"type":"maker","ref":"who","tenant":"near","kind":"artist","name":"Who"}
{"type":"work","ref":"b","store":"berlin","kind":"book","title":"Berlin Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"BP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1200}]}]}]}
{"type":"work","ref":"r","store":"roma","kind":"book","title":"Roma Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"RP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1200}]}]}]}
{"type":"work","ref":"w","store":"wide","kind":"book","title":"Wide Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"WP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1200}]}]}]}"#;

async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.import(ROWS).await;
    shop
}

async fn filled(shop: &Shop, country: &str, titles: &[&str]) -> OpCtx {
    let market = vitrine_pricing::market::Market::of_country(country).id.to_owned();
    shop.fill(&OpCtx { country: country.into(), market, ..shop.guest() }, titles).await
}

fn form(country: &str, region: &str, postcode: &str) -> CheckoutForm {
    let (country, region, postcode) = (country.into(), region.into(), postcode.into());
    CheckoutForm { country, region, postcode, ..testing::form() }
}

async fn page(shop: &Shop, ctx: &OpCtx, form: &CheckoutForm) -> CheckoutView {
    shop.checkouts.keep_form(ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    shop.checkouts.checkout_view(ctx).await.unwrap()
}

/// Places what the page shows; `field code` of each fault where it is refused.
async fn placed(shop: &Shop, ctx: &OpCtx, form: &CheckoutForm) -> std::result::Result<Placed, Vec<String>> {
    let view = page(shop, ctx, form).await;
    let placing = Placing {
        attempt: format!("{:x<16}", "one"),
        form: form.clone(),
        seen_minor: view.cart.total_minor,
        seen_currency: Some(view.cart.currency),
        due_minor: None,
        nothing_owned: true,
    };
    let refused = |p: vitrine_shared::Problem| p.fields.into_iter().map(|(f, c)| format!("{f} {c}")).collect();
    shop.checkouts.place(ctx, &placing).await.map_err(refused)
}

/// The first line's trouble; whether it can be paid, and whether the checkout is all that is in the way.
fn told(cart: &CartView) -> (Option<&str>, bool, bool) {
    (cart.sellers[0].lines[0].trouble.as_deref(), cart.ready, cart.waits_for_region())
}

fn names(view: &CheckoutView) -> Vec<&str> {
    view.fields.iter().map(|f| f.name.as_str()).collect()
}

#[tokio::test]
async fn a_shop_of_some_postcodes_is_bought_from_once_the_checkout_knows_the_postcode() {
    for shop in Shop::both().await {
        shop.import(ROWS).await;
        let ctx = filled(&shop, "DE", &["Berlin Pages"]).await;
        let cart = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!(told(&cart), (Some("line-place"), false, true), "the way to the checkout is open");
        assert_eq!((cart.needs_address, cart.total_minor), (true, 0));
        let open = page(&shop, &ctx, &form("DE", "", "")).await;
        assert_eq!(told(&open.cart), (Some("line-place"), false, true));
        assert!(names(&open).contains(&"postcode") && open.countries.iter().any(|(code, _)| code == "DE"));
        assert_eq!(placed(&shop, &ctx, &form("DE", "", "")).await.unwrap_err(), ["postcode fault-empty"]);
        // Hamburg: refused at its field, which stays.
        let away = page(&shop, &ctx, &form("DE", "", "20457")).await;
        assert_eq!(told(&away.cart), (Some("line-not-to-place"), false, false));
        assert!(names(&away).contains(&"postcode") && away.cart.needs_address);
        assert!(open.faults.is_empty(), "nothing was said yet: {:?}", open.faults);
        assert_eq!(away.faults, [("postcode".to_owned(), "fault-not-sent".to_owned())]);
        assert_eq!(placed(&shop, &ctx, &form("DE", "", "20457")).await.unwrap_err(), ["postcode fault-not-sent"]);
        let there = page(&shop, &ctx, &form("DE", "", "10115")).await;
        assert_eq!((told(&there.cart), there.cart.total_minor), ((None, true, false), 1200 + 390));
        let done = placed(&shop, &ctx, &form("DE", "", "10115")).await.unwrap();
        assert_eq!(shop.checkouts.get(&done.id).await.unwrap().unwrap().total_minor, 1590);
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn a_shop_of_some_regions_is_bought_from_once_the_checkout_knows_the_region() {
    let shop = open().await;
    let ctx = filled(&shop, "IT", &["Roma Pages"]).await;
    assert_eq!(told(&shop.checkouts.cart_view(&ctx).await.unwrap()), (Some("line-place"), false, true));
    assert_eq!(placed(&shop, &ctx, &form("IT", "", "00187")).await.unwrap_err(), ["region fault-region"]);
    let milan = form("IT", "MI", "20121");
    assert_eq!(told(&page(&shop, &ctx, &milan).await.cart), (Some("line-not-to-place"), false, false));
    let refused = placed(&shop, &ctx, &milan).await.unwrap_err();
    assert_eq!(refused, ["postcode fault-not-sent", "region fault-not-sent"]);
    let rome = form("IT", "Roma", "00187");
    let view = page(&shop, &ctx, &rome).await;
    assert_eq!((told(&view.cart), view.cart.total_minor), ((None, true, false), 1200 + 500));
    assert!(placed(&shop, &ctx, &rome).await.is_ok());
    // Ireland's addresses need no county; this parcel does.
    let ctx = filled(&shop, "IE", &["Roma Pages"]).await;
    let refused = placed(&shop, &ctx, &form("IE", "", "D02 AF30")).await.unwrap_err();
    assert_eq!(refused, ["region fault-region"]);
}

#[tokio::test]
async fn what_no_place_of_the_country_changes_stays_refused() {
    let shop = open().await;
    let not_sent = (Some("line-not-shipped"), false, false);
    // Other countries.
    for (country, title) in [("FR", "Berlin Pages"), ("DE", "Roma Pages")] {
        let ctx = filled(&shop, country, &[title]).await;
        let cart = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((told(&cart), cart.needs_address), (not_sent, false), "{country}");
    }
    // 1,120 g are more than any rate within Berlin carries.
    let ctx = filled(&shop, "DE", &["Berlin Pages"]).await;
    let many = async |ctx: &OpCtx, title: &str, quantity: u32| {
        let variant = shop.edition(title).await.to_string();
        shop.checkouts.cart_as(ctx, &[Pieces { variant, quantity }]).await.unwrap()
    };
    assert_eq!(told(&many(&ctx, "Berlin Pages", 3).await), (Some("line-place"), false, true));
    let too_much = (Some("line-too-much"), false, false);
    assert_eq!(told(&many(&ctx, "Berlin Pages", 4).await), too_much);
    // Too heavy for the country's rate, not for the one of a part of it.
    let ctx = filled(&shop, "DE", &["Wide Pages"]).await;
    assert_eq!(told(&many(&ctx, "Wide Pages", 3).await), (None, true, false));
    assert_eq!(told(&many(&ctx, "Wide Pages", 4).await), (Some("line-place"), false, true));
    assert_eq!(told(&many(&ctx, "Wide Pages", 18).await), too_much);
}

#[tokio::test]
async fn what_waits_for_its_place_stands_in_nobodys_way() {
    let shop = open().await;
    let ctx = filled(&shop, "DE", &["Berlin Pages", "Harbour Lights"]).await;
    let cart = shop.checkouts.cart_view(&ctx).await.unwrap();
    assert_eq!((told(&cart), cart.total_minor), ((Some("line-place"), false, true), 800));
    let ctx = filled(&shop, "FR", &["Berlin Pages", "Harbour Lights"]).await;
    let cart = shop.checkouts.cart_view(&ctx).await.unwrap();
    assert!(!cart.ready && !cart.waits_for_region(), "one that is not sent keeps the rest from the checkout");
}
