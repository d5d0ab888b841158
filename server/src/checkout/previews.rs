//! Tests: what a page works out by itself for other numbers of pieces is what the server says, and where it could not be, the server is asked.

use vitrine_pricing::market::Market;
use vitrine_pricing::promotion::Benefit;
use vitrine_shared::views::preview::{Pieces, Pricing, Why};
use vitrine_shared::views::trade::CartView;

use crate::cart::Add;
use crate::ctx::OpCtx;
use crate::testing::{NOW, Shop, promotion};

/// A seller with two ways of sending by weight, handling by the piece, steps of quantity in three regions, a reduced price and one that is planned.
const ROWS: &str = r#"{"type":"tenant","ref":"far","name":"Far","legal":{"name":"Far GmbH","address":["Weg 2","20457 Hamburg"],"country":"DE","email":"shop@far.example","tax_ids":["DE123456789"],"invoice_prefix":"FA","registrations":["DE","EU-OSS","GB","US-NY"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"store","ref":"far","tenant":"far","handle":"far","name":"Far","ships_from":"DE","no_rule":"export","shipping_methods":[{"id":"fast","name":"Fast"}],"shipping":[{"zone":"GB","up_to_g":4000,"amount_minor":600,"currency":"GBP"},{"zone":"US","up_to_g":4000,"amount_minor":2000,"currency":"EUR"},{"zone":"*","up_to_g":500,"amount_minor":900,"handling_per_item_minor":10,"currency":"EUR"},{"zone":"*","up_to_g":4000,"amount_minor":1500,"currency":"EUR"},{"zone":"EU","up_to_g":2000,"amount_minor":700,"free_over_minor":9000,"currency":"EUR"},{"zone":"EU","up_to_g":4000,"amount_minor":1100,"currency":"EUR"},{"zone":"EU","method":"fast","up_to_g":4000,"amount_minor":2100,"currency":"EUR"}]}
{"type":"maker","ref":"who","tenant":"far","kind":"artist","name":"Who"}
{"type":"work","ref":"pages","store":"far","kind":"book","title":"Far Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"FP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1500},{"region":"world","currency":"EUR","minor":1299,"min_quantity":3},{"region":"de","currency":"EUR","minor":1190},{"region":"de","currency":"EUR","minor":999,"min_quantity":5},{"region":"world","currency":"EUR","minor":1111,"valid_from_ms":1790500000000},{"region":"gb","currency":"GBP","minor":1100},{"region":"gb","currency":"GBP","minor":1000,"min_quantity":4}]}]}]}
{"type":"work","ref":"disc","store":"far","kind":"album","title":"Far Disc","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"p","kind":"physical","title":"CD","tax_class":"physical_music","variants":[{"sku":"FD-1","weight_g":110,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1750,"compare_at":1990}]}]}]}
{"type":"work","ref":"song","store":"far","kind":"album","title":"Far Song","makers":["who"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Digital album","tax_class":"digital_music","variants":[{"sku":"FS-D","title":"","prices":[{"region":"world","currency":"EUR","minor":777},{"region":"gb","currency":"GBP","minor":600}]}]}]}
{"type":"work","ref":"named","store":"far","kind":"book","title":"Named Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"NP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1500,"minimum":1000},{"region":"world","currency":"EUR","minor":800,"min_quantity":3}]}]}]}"#;
/// A seller in another country.
const OTHER: &str = r#"{"type":"tenant","ref":"other","name":"Other","legal":{"name":"Other SARL","address":["Rue 2","75001 Paris"],"country":"FR","email":"shop@other.example","tax_ids":["FR40303265045"],"invoice_prefix":"OT","registrations":["FR","EU-OSS"]},"currency":"EUR","locale":"fr-FR","fee_bps":1000}
{"type":"store","ref":"other","tenant":"other","handle":"other","name":"Other","ships_from":"FR","shipping":[{"zone":"*","up_to_g":9000,"amount_minor":500,"currency":"EUR"}]}
{"type":"maker","ref":"she","tenant":"other","kind":"author","name":"She"}
{"type":"work","ref":"other-pages","store":"other","kind":"book","title":"Other Pages","makers":["she"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"OP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1500}]}]}]}"#;

async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.import(ROWS).await;
    shop
}

fn from(shop: &Shop, country: &str, locale: &str) -> OpCtx {
    let market = Market::of_country(country);
    OpCtx { country: country.into(), market: market.id.into(), locale: locale.into(), ..shop.guest() }
}

async fn page(shop: &Shop, ctx: &OpCtx) -> CartView {
    shop.checkouts.cart_page(ctx).await.unwrap()
}

fn carried(view: &CartView) -> Pricing {
    serde_json::from_str(view.pricing.as_ref().unwrap()).unwrap()
}

fn pieces(view: &CartView, title: &str, quantity: u32) -> Pieces {
    let line = view.sellers.iter().flat_map(|s| &s.lines).find(|l| l.title == title && l.physical).unwrap();
    Pieces { variant: line.variant.clone(), quantity }
}

async fn by_server(shop: &Shop, ctx: &OpCtx, pieces: &[Pieces]) -> CartView {
    shop.checkouts.cart_as(ctx, pieces).await.unwrap()
}

/// The page as its browser would show it.
fn by_itself(view: &CartView, pieces: &[Pieces]) -> CartView {
    carried(view).page(pieces, 0).unwrap()
}

#[tokio::test]
async fn a_page_comes_to_the_same_as_the_server_for_every_number_of_pieces() {
    let shop = open().await;
    shop.import(OTHER).await;
    for (country, locale) in [("DE", "de-DE"), ("FR", "fr-FR"), ("AT", "en-US"), ("GB", "en-US")] {
        let titles: &[&str] = match country {
            "GB" => &["Far Pages"],
            _ => &["Far Pages", "Far Disc", "Far Song", "Other Pages"],
        };
        let ctx = shop.fill(&from(&shop, country, locale), titles).await;
        let view = page(&shop, &ctx).await;
        let pricing = carried(&view);
        let rules = serde_json::to_string(&pricing.rules).unwrap().len();
        assert!((500..=20_000).contains(&rules), "{country}: {rules} bytes of rules");
        for n in 1..=9 {
            let mut asked = vec![pieces(&view, "Far Pages", n)];
            if country != "GB" {
                asked.extend([pieces(&view, "Far Disc", 1 + n % 3), pieces(&view, "Other Pages", 1 + n % 2)]);
            }
            assert_eq!(by_itself(&view, &asked), by_server(&shop, &ctx, &asked).await, "{country} {n}");
        }
    }
}

#[tokio::test]
async fn what_decides_nothing_stays_away() {
    let shop = open().await;
    shop.import(OTHER).await;
    let ctx = shop.fill(&from(&shop, "FR", "en-US"), &["Far Pages", "Other Pages"]).await;
    let text = page(&shop, &ctx).await.pricing.unwrap();
    // Numbers of the sellers, a registration and a rate of another country, the moment of a price that is planned.
    for hidden in ["DE123456789", "US-NY", "\"US\"", "1790500000000", "2026-09-27"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    assert!(text.contains("EU-OSS"));
}

#[tokio::test]
async fn what_a_page_said_is_what_the_cart_comes_to_once_it_is_kept_and_what_is_charged() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "DE", "de-DE"), &["Far Pages"]).await;
    let view = page(&shop, &ctx).await;
    // The step of five in Germany, 9.99; 1,960 g are sent for 7.00.
    let seven = pieces(&view, "Far Pages", 7);
    let said = by_itself(&view, std::slice::from_ref(&seven));
    assert_eq!((said.total_minor, said.total.as_str()), (7 * 999 + 700, "76,93\u{a0}€"));
    assert_eq!(page(&shop, &ctx).await, view, "asking changes nothing");
    let set = [(seven.variant.parse().unwrap(), 7)];
    shop.carts.set(&ctx, ctx.cart.as_deref(), &set, view.rev).await.unwrap();
    let kept = page(&shop, &ctx).await;
    assert_eq!((kept.total_minor, &kept.total, kept.count), (said.total_minor, &said.total, said.count));
    let placing = shop.placing(&ctx, "seven").await;
    assert_eq!(placing.seen_minor, said.total_minor);
    shop.checkouts.place(&ctx, &placing).await.unwrap();
}

#[tokio::test]
async fn rules_of_other_tables_or_another_total_are_for_the_server() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "DE", "en-US"), &["Far Pages"]).await;
    let view = page(&shop, &ctx).await;
    let two = [pieces(&view, "Far Pages", 2)];
    let good = carried(&view);
    let said = |pricing: &Pricing, age_ms: i64| pricing.page(&two, age_ms).map(|page| page.total_minor);
    assert!(said(&good, 0).is_ok());
    let hash = "0".repeat(64);
    assert_eq!(said(&Pricing { hash: hash.clone(), ..good.clone() }, 0), Err(Why::OtherRules));
    let mut tables = serde_json::to_value(&good).unwrap();
    tables["rules"]["tables"] = hash.into();
    assert_eq!(said(&serde_json::from_value(tables).unwrap(), 0), Err(Why::OtherRules));
    let mut other = good.clone();
    other.view.total_minor += 1;
    assert_eq!(said(&other, 0), Err(Why::OtherTotal));
    // A seller who adds tax: 12.90 and 7.00 with 7 % are 20.24 (11.90 + 7.00 = 18.90; 0.83 and 0.49 of tax).
    let mut added = good.clone();
    added.parts[0].request.seller.prices_include_tax = false;
    added.view.total_minor = 1_190 + 700 + 83 + 49;
    assert!(said(&added, 0).is_ok());
    let mut rate = serde_json::to_value(&added).unwrap();
    for row in rate["rules"]["rules"].as_array_mut().unwrap() {
        *row = row.as_str().unwrap().replace("\t70000\t", "\t80000\t").into();
    }
    assert_eq!(said(&serde_json::from_value(rate).unwrap(), 0), Err(Why::OtherTotal), "another rate");
    // Totals are of a day; the server says when it ends.
    let left = 86_400_000 - NOW % 86_400_000;
    assert_eq!((good.made_ms, good.until_ms), (NOW, Some(NOW + left)));
    assert_eq!((said(&good, left - 1).is_ok(), said(&good, left)), (true, Err(Why::Over)));
    // 15 x 280 g are more than any row takes.
    let heavy = [pieces(&view, "Far Pages", 15)];
    assert_eq!(good.page(&heavy, 0), Err(Why::Refused));
    let told = by_server(&shop, &ctx, &heavy).await;
    assert_eq!((told.ready, told.sellers[0].lines[0].trouble.as_deref()), (false, Some("line-too-much")));
}

#[tokio::test]
async fn a_price_of_another_number_of_pieces_that_ends_ends_the_page() {
    let shop = Shop::open().await;
    let soon = NOW + 60_000;
    let row = r#"{"type":"work","ref":"ends","store":"far","kind":"book","title":"Ends","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"EN-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1500},{"region":"world","currency":"EUR","minor":1299,"min_quantity":3,"valid_to_ms":1790000060000}]}]}]}"#;
    shop.import(&format!("{ROWS}\n{row}")).await;
    let ctx = shop.fill(&from(&shop, "DE", "en-US"), &["Ends"]).await;
    let view = page(&shop, &ctx).await;
    let pricing = carried(&view);
    let three = [pieces(&view, "Ends", 3)];
    assert_eq!(pricing.until_ms, Some(soon));
    assert_eq!(pricing.page(&three, soon - NOW - 1).map(|page| page.total_minor), Ok(3 * 1_299 + 700));
    assert_eq!(pricing.page(&three, soon - NOW), Err(Why::Over));
}

#[tokio::test]
async fn what_a_page_may_not_know_is_the_servers() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "DE", "de-DE"), &["Far Pages"]).await;
    assert!(page(&shop, &ctx).await.pricing.is_some());
    let tenant = shop.seller_of("Far Pages").await;
    let off = promotion(1, Some("SECRET"), Benefit::Percent { rate_ppm: 500_000, at_most: Vec::new() });
    shop.promote(&tenant, off).await;
    assert!(page(&shop, &ctx).await.pricing.is_some(), "nobody typed the code");
    shop.carts.add_code(&ctx, ctx.cart.as_deref(), "SECRET").await.unwrap();
    let view = page(&shop, &ctx).await;
    assert_eq!(view.pricing, None);
    let three = [pieces(&view, "Far Pages", 3)];
    let told = by_server(&shop, &ctx, &three).await;
    assert!(told.sellers[0].sums.iter().any(|sum| sum.key == "sum-discount"));
    // A price that the buyer named may count for some numbers of pieces alone.
    let named = shop.fill(&from(&shop, "DE", "de-DE"), &["Named Pages"]).await;
    assert!(page(&shop, &named).await.pricing.is_some());
    let add = Add { variant: shop.edition("Named Pages").await, quantity: 1, named_minor: Some(2_000), named_in: None };
    shop.carts.add(&named, named.cart.as_deref(), &add).await.unwrap();
    assert_eq!(page(&shop, &named).await.pricing, None);
    // Files alone have one number of pieces.
    let files = shop.fill(&from(&shop, "DE", "de-DE"), &["Far Song"]).await;
    assert_eq!(page(&shop, &files).await.pricing, None);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_said() {
    let shop = open().await;
    let ctx = shop.fill(&from(&shop, "DE", "de-DE"), &["Far Pages"]).await;
    let view = page(&shop, &ctx).await;
    let ask = async |asked: Pieces| shop.checkouts.cart_as(&ctx, &[asked]).await;
    let status = async |asked: Pieces| ask(asked).await.unwrap_err().status;
    assert_eq!(status(pieces(&view, "Far Pages", 0)).await, 422);
    assert_eq!(status(pieces(&view, "Far Pages", 100)).await, 422);
    let twice = [pieces(&view, "Far Pages", 2), pieces(&view, "Far Pages", 3)];
    assert_eq!(shop.checkouts.cart_as(&ctx, &twice).await.unwrap_err().status, 422);
    let song = shop.edition("Far Song").await.to_string();
    assert_eq!(status(Pieces { variant: song, quantity: 1 }).await, 404);
    assert_eq!(status(Pieces { variant: "nothing".into(), quantity: 1 }).await, 404);
    let files = shop.fill(&from(&shop, "DE", "de-DE"), &["Far Song"]).await;
    let two = Pieces { variant: shop.edition("Far Song").await.to_string(), quantity: 2 };
    assert_eq!(shop.checkouts.cart_as(&files, &[two]).await.unwrap_err().status, 422);
    // More than there are is the line's trouble, as it would be in the cart.
    let many = pieces(&view, "Far Pages", 61);
    let told = by_server(&shop, &ctx, &[many]).await;
    assert_eq!((told.ready, told.sellers[0].lines[0].trouble.as_deref()), (false, Some("line-fewer")));
}

#[tokio::test]
async fn no_tax_is_said_only_where_none_is_charged() {
    let shop = open().await;
    let note = async |titles: &[&str]| {
        let ctx = shop.fill(&from(&shop, "GB", "en-US"), titles).await;
        page(&shop, &ctx).await.sellers.remove(0).tax_note
    };
    // Books are at zero in the United Kingdom, music is at 20 %.
    assert_eq!(note(&["Far Pages"]).await.as_deref(), Some("tax-note-zero-rated"));
    assert_eq!(note(&["Far Song"]).await, None);
    assert_eq!(note(&["Far Pages", "Far Song"]).await.as_deref(), Some("tax-note-mixed"));
}

/// A seller in the United States whom no registration makes charge a tax, and one in Germany below every threshold.
const UNTAXED: &str = r#"{"type":"tenant","ref":"ny","name":"Ny","legal":{"name":"Ny Inc.","address":["1 Main St"],"country":"US","region":"NY","email":"shop@ny.example","invoice_prefix":"NY"},"currency":"USD","locale":"en-US","fee_bps":1000}
{"type":"store","ref":"ny","tenant":"ny","handle":"ny","name":"Ny","ships_from":"US","no_rule":"export","shipping":[{"zone":"*","up_to_g":9000,"amount_minor":500,"currency":"EUR"}]}
{"type":"maker","ref":"they","tenant":"ny","kind":"artist","name":"They"}
{"type":"work","ref":"vinyl","store":"ny","kind":"album","title":"Far Vinyl","makers":["they"],"released":"2024-03-01","genres":["ambient"],"parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"p","kind":"physical","title":"LP","tax_class":"physical_music","variants":[{"sku":"FV-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":2500}]}]}]}
{"type":"tenant","ref":"small","name":"Small","legal":{"name":"Small","address":["Weg 9","10115 Berlin"],"country":"DE","email":"shop@small.example","invoice_prefix":"SM"},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"store","ref":"small","tenant":"small","handle":"small","name":"Small","ships_from":"DE","shipping":[{"zone":"*","up_to_g":9000,"amount_minor":500,"currency":"EUR"}]}
{"type":"maker","ref":"it","tenant":"small","kind":"artist","name":"It"}
{"type":"work","ref":"zine","store":"small","kind":"book","title":"Small Pages","makers":["it"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"SP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1000}]}]}]}"#;

#[tokio::test]
async fn a_total_says_that_tax_is_in_it_only_where_it_is_and_the_page_by_itself_says_the_same() {
    let shop = open().await;
    shop.import(UNTAXED).await;
    for (country, titles, total, units) in [
        ("DE", &["Far Pages"][..], "tax-incl-vat", &["tax-incl-vat"][..]),
        // At zero by a rule.
        ("GB", &["Far Pages"], "tax-none", &["tax-none"]),
        ("DE", &["Small Pages"], "tax-none", &["tax-none"]),
        // The buyer owes the tax at the border.
        ("DE", &["Far Vinyl"], "tax-import", &["tax-import"]),
        ("DE", &["Far Vinyl", "Small Pages"], "tax-import", &["tax-import", "tax-none"]),
        ("DE", &["Far Pages", "Small Pages"], "tax-some", &["tax-incl-vat", "tax-none"]),
    ] {
        let ctx = shop.fill(&from(&shop, country, "de-DE"), titles).await;
        let view = page(&shop, &ctx).await;
        let words = |view: &CartView| {
            let lines = view.sellers.iter().flat_map(|part| &part.lines);
            (view.tax_word.clone(), lines.map(|line| line.unit.tax_word.clone()).collect::<Vec<_>>())
        };
        let wanted = (total.to_owned(), units.iter().map(|unit| (*unit).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&view), wanted, "{country} {titles:?}");
        let two = [pieces(&view, titles[0], 2)];
        assert_eq!(words(&by_itself(&view, &two)), wanted, "{country} {titles:?} by itself");
        // One who reads the word out of an older page is told anew.
        let mut pricing = carried(&view);
        pricing.view.tax_word = "tax-excl".into();
        assert_eq!(pricing.page(&two, 0).map(|page| page.tax_word).as_deref(), Ok(total));
        let checkout = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
        assert_eq!(checkout.tax_word, total, "{country} {titles:?} at the checkout");
    }
}

/// A work as files and in print.
const BOTH: &str = r#"{"type":"work","ref":"both","store":"far","kind":"book","title":"Both Ways","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","parts":[{"title":"One","files":[{"file":"files/1.ogg","format":"Ogg Vorbis"}]}],"products":[{"ref":"d","kind":"digital","title":"Audiobook","tax_class":"audiobook","variants":[{"sku":"BW-D","prices":[{"region":"world","currency":"EUR","minor":900}]}]},{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"BW-P","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":1500}]}]}]}"#;

#[tokio::test]
async fn two_editions_of_a_work_stand_on_one_page_and_are_sold_together() {
    for shop in Shop::both().await {
        shop.import(ROWS).await;
        shop.import(BOTH).await;
        let edition = shop.edition("Both Ways").await;
        let offers = shop.catalog.offers().kept(std::slice::from_ref(&edition)).await.unwrap();
        let products = &offers.offer(&edition).unwrap().bundle.products;
        let mut ctx = shop.guest();
        for variant in products.iter().flat_map(|p| &p.variants).map(|v| v.id.clone()) {
            let add = Add { variant, quantity: 1, named_minor: None, named_in: None };
            let changed = shop.carts.add(&ctx, ctx.cart.as_deref(), &add).await.unwrap();
            ctx.cart = changed.token.or(ctx.cart);
        }
        let lines = page(&shop, &ctx).await.sellers.remove(0).lines;
        assert_eq!(lines.iter().map(|l| l.title.as_str()).collect::<Vec<_>>(), ["Both Ways"; 2]);
        let placed = shop.place(&ctx).await.unwrap();
        shop.pay(&placed, "4242424242424242").await;
        shop.work().await;
        assert_eq!(shop.violations().await, []);
    }
}
