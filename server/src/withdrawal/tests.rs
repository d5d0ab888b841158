use vitrine_clock::Clock;
use vitrine_shared::views::trade::CheckoutForm;

use super::*;
use crate::checkout::{Placed, Placing};
use crate::testing::{self, Shop};

struct Sold {
    withdrawals: Withdrawals,
    order: Order,
    placed: Placed,
    buyer: OpCtx,
}

async fn sold(shop: &Shop, titles: &[&str], form: CheckoutForm) -> Sold {
    let market = vitrine_pricing::market::Market::of_country(&form.country).id.to_owned();
    let guest = OpCtx { country: form.country.clone(), market, ..shop.guest() };
    let buyer = shop.fill(&guest, titles).await;
    let typed = crate::checkout::Typed { form: form.clone(), ..Default::default() };
    shop.checkouts.keep_form(&buyer, &typed).await.unwrap();
    let view = shop.checkouts.checkout_view(&buyer).await.unwrap();
    let (seen_minor, seen_currency) = (view.cart.total_minor, Some(view.cart.currency));
    let attempt = "a".repeat(16);
    let placing = Placing { attempt, form, seen_minor, seen_currency, due_minor: None, nothing_owned: true };
    let placed = shop.checkouts.place(&buyer, &placing).await.unwrap();
    shop.pay(&placed, "4242424242424242").await;
    shop.checkouts.refresh(&buyer, &placed.id).await.unwrap();
    let withdrawals = Withdrawals {
        table: shop.table.clone(),
        checkouts: shop.checkouts.clone(),
        catalog: shop.catalog.records().clone(),
        sender: shop.receipts.sender.clone(),
        base_url: "http://shop.example".into(),
    };
    let order = order_of(shop, &placed).await;
    Sold { withdrawals, order, placed, buyer }
}

async fn order_of(shop: &Shop, placed: &Placed) -> Order {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.checkouts.orders(&checkout).await.unwrap().remove(0)
}

impl Sold {
    fn at(&self, now_ms: i64) -> OpCtx {
        OpCtx { now_ms, ..self.buyer.clone() }
    }

    async fn state(&self, ctx: &OpCtx, name: &str, lines: &[usize]) -> Result<i64> {
        self.withdrawals.state(ctx, &self.order.id, Some(&self.placed.secret), name, lines).await
    }

    /// What the page offers and tells.
    async fn shown(&self, ctx: &OpCtx) -> Option<WithdrawalView> {
        let (id, secret) = (self.order.checkout.as_str(), Some(self.placed.secret.as_str()));
        let (mut view, _) = self.withdrawals.checkouts.order_view_of(ctx, id, secret).await.unwrap();
        self.withdrawals.link(ctx, &mut view, Locale::EnUs).await.unwrap();
        view.parts.remove(0).withdrawal
    }
}

#[tokio::test]
async fn a_consumer_withdraws_once_and_both_sides_get_what_was_stated_with_date_and_time() {
    for shop in Shop::both().await {
        let sold = sold(&shop, &["Paper Boats"], testing::form()).await;
        let ctx = sold.at(shop.clock.now_ms());
        assert_eq!(sold.shown(&ctx).await.unwrap().lines, [(0, "Paper Boats".to_owned())]);
        assert_eq!(sold.state(&ctx, " ", &[0]).await.unwrap_err().status, 422);
        assert_eq!(sold.state(&ctx, "Gast Muster", &[]).await.unwrap_err().status, 422);
        assert_eq!(sold.state(&ctx, "Gast Muster", &[7]).await.unwrap_err().code, "withdrawal_over");
        let (first, again) =
            tokio::join!(sold.state(&ctx, "Gast Muster", &[0, 0]), sold.state(&ctx, "Gast Muster", &[0]));
        assert_eq!(first.unwrap(), again.unwrap());
        assert_eq!(sold.state(&sold.at(ctx.now_ms + 5), "Gast Muster", &[0]).await.unwrap(), ctx.now_ms);
        let when = MomentView::of(ctx.now_ms, Locale::EnUs);
        let shown = sold.shown(&ctx).await.unwrap();
        assert_eq!((shown.lines, shown.stated), (Vec::new(), vec![(when.clone(), "Paper Boats".to_owned())]));
        let mut mails = shop.mails(Default::default(), &["withdrawal/"]).await;
        mails.sort_by(|a, b| a.to.cmp(&b.to));
        assert_eq!(mails.len(), 2, "one to each side");
        let id = sold.order.id.as_str();
        for word in [when.text.as_str(), "Gast Muster", "Gast.Muster@Example.org", id, "Paper Boats"] {
            assert!(mails[0].text.contains(word), "{word}: {}", mails[0].text);
        }
        assert_eq!(mails[0].to, "Gast.Muster@Example.org");
        assert!(mails[1].text.contains(&format!("http://shop.example/studio/orders/{id}")), "{}", mails[1].text);
        // The name is nowhere in the clear.
        let kept = sold.withdrawals.stored(&sold.order.id).await.unwrap();
        assert!(!serde_json::to_string(&kept).unwrap().contains("Gast"));
    }
}

#[tokio::test]
async fn only_who_bought_it_withdraws() {
    let shop = Shop::open().await;
    let sold = sold(&shop, &["Paper Boats"], testing::form()).await;
    let state = |ctx: OpCtx, secret: Option<&'static str>| {
        let (withdrawals, id) = (sold.withdrawals.clone(), sold.order.id.clone());
        async move { withdrawals.state(&ctx, &id, secret, "x", &[0]).await.unwrap_err().status }
    };
    assert_eq!(state(shop.guest(), Some("wrong")).await, 404);
    assert_eq!(state(shop.user(7, "other@example.org", &[], &[]), None).await, 404);
    // Staff see the order and withdraw nobody's.
    assert_eq!(state(shop.staff(), None).await, 403);
    assert_eq!(sold.shown(&shop.staff()).await, sold.shown(&sold.buyer).await, "the secret is who bought it");
}

#[tokio::test]
async fn the_right_lasts_as_long_as_the_law_says_and_for_whom() {
    let shop = Shop::open().await;
    let parcel = sold(&shop, &["Paper Boats"], testing::form()).await;
    let now = shop.clock.now_ms();
    let lines = |shown: Option<WithdrawalView>| shown.map_or(0, |w| w.lines.len());
    // Not sent yet: nothing began.
    assert_eq!(lines(parcel.shown(&parcel.at(now + 90 * DAY_MS)).await), 1);
    shop.checkouts.ship(&shop.staff(), &parcel.order.id, &[0], "DHL 1").await.unwrap();
    for (days, left) in [(0, 1), (TRANSIT_DAYS + 14, 1), (TRANSIT_DAYS + 14 + GRACE_DAYS, 0)] {
        assert_eq!(lines(parcel.shown(&parcel.at(now + days * DAY_MS)).await), left, "{days}");
    }
    let late = parcel.at(now + 60 * DAY_MS);
    assert_eq!(parcel.state(&late, "Gast Muster", &[0]).await.unwrap_err().code, "withdrawal_over");
    // Files whose buyer agreed that they come at once.
    let files = sold(&shop, &["Harbour Lights"], testing::form()).await;
    assert_eq!(files.shown(&files.buyer).await, None);
    // For a business.
    let firm = CheckoutForm { business: true, organisation: "Muster GmbH".into(), ..testing::form() };
    let firm = sold(&shop, &["Paper Boats"], firm).await;
    assert_eq!(firm.shown(&firm.buyer).await, None);
    // Refunded.
    let back = sold(&shop, &["Paper Boats"], testing::form()).await;
    let wish = crate::checkout::Wish {
        attempt: "r".repeat(16),
        what: vitrine_pricing::refund::RefundWish::whole(&[0], true),
        restock: true,
        reason: "asked".into(),
    };
    shop.checkouts.refund(&shop.staff(), &back.order.id, &wish).await.unwrap();
    assert_eq!(back.shown(&back.buyer).await, None);
}

#[tokio::test]
async fn brazil_withdraws_from_files_for_seven_days_and_the_united_states_do_not() {
    let shop = Shop::open().await;
    shop.import(crate::checkout::regions::ROWS).await;
    let form = |country: &str| CheckoutForm {
        country: country.into(),
        region: if country == "US" { "NY".into() } else { String::new() },
        ids: [("br_cpf".to_owned(), "123.456.789-09".to_owned())].into(),
        accept_waiver: false,
        ..testing::form()
    };
    let now = shop.clock.now_ms();
    let brazil = sold(&shop, &["Wide Tones"], form("BR")).await;
    for (days, left) in [(0, true), (7, true), (7 + GRACE_DAYS, false)] {
        assert_eq!(brazil.shown(&brazil.at(now + days * DAY_MS)).await.is_some(), left, "{days}");
    }
    let said = right("BR", "pt-BR");
    assert_eq!((said.days, said.waiver, said.function, said.refund_days), (7, false, true, 0));
    let states = sold(&shop, &["Wide Tones"], form("US")).await;
    assert_eq!(states.shown(&states.buyer).await, None);
    assert_eq!(right("US", "de-DE"), RightView { country: "Vereinigte Staaten".into(), ..RightView::default() });
    // Of a law that nobody looked up it is not said that there is none.
    assert_eq!(right("TW", "en-US"), RightView { country: "Taiwan".into(), unknown: true, ..RightView::default() });
    assert!(right("ZA", "en-US").media_excepted && !right("DE", "en-US").media_excepted);
}

#[tokio::test]
async fn japan_withdraws_from_what_was_sent_for_eight_days_after_it_arrived_and_from_files_never() {
    let shop = Shop::open().await;
    shop.import(crate::checkout::regions::ROWS).await;
    let form = CheckoutForm {
        country: "JP".into(),
        region: "13".into(),
        city: "千代田区".into(),
        postcode: "100-0001".into(),
        accept_waiver: false,
        ..testing::form()
    };
    let now = shop.clock.now_ms();
    let sold_both = sold(&shop, &["Wide Pages", "Wide Tones"], form.clone()).await;
    let of = |title: &str| sold_both.order.lines.iter().position(|l| l.title == title).unwrap();
    let (book, album) = (of("Wide Pages"), of("Wide Tones"));
    let only_book = vec![(u32::try_from(book).unwrap(), "Wide Pages".to_owned())];
    assert_eq!(sold_both.shown(&sold_both.buyer).await.unwrap().lines, only_book);
    shop.checkouts.ship(&shop.staff(), &sold_both.order.id, &[book], "EMS 1").await.unwrap();
    for (days, left) in [(0, true), (TRANSIT_DAYS + 8, true), (TRANSIT_DAYS + 8 + GRACE_DAYS, false)] {
        let shown = sold_both.shown(&sold_both.at(now + days * DAY_MS)).await;
        assert_eq!(shown.map(|w| w.lines), left.then(|| only_book.clone()), "{days}");
    }
    let tried = sold_both.state(&sold_both.buyer, "Gast Muster", &[album]).await;
    assert_eq!(tried.unwrap_err().code, "withdrawal_over");
    sold_both.state(&sold_both.buyer, "Gast Muster", &[book]).await.unwrap();
    // A business, and who bought files alone, have nothing to withdraw from.
    let firm = CheckoutForm { business: true, organisation: "Muster KK".into(), ..form.clone() };
    let firm = sold(&shop, &["Wide Pages"], firm).await;
    assert_eq!(firm.shown(&firm.buyer).await, None);
    let files = sold(&shop, &["Wide Tones"], form).await;
    assert_eq!(files.shown(&files.buyer).await, None);
    assert!(granted(&sold_both.order, false) && !granted(&files.order, false));
    let said = right("JP", "en-US");
    assert_eq!(
        (said.days, said.waiver, said.function, said.goods_only, said.buyer_returns),
        (8, false, true, true, true)
    );
}

/// The receipts that went out until now.
async fn receipts(shop: &Shop) -> Vec<String> {
    let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
    mails.into_iter().map(|mail| mail.text).collect()
}

#[tokio::test]
async fn the_mail_that_confirms_an_order_has_the_form_of_the_law_made_out_to_who_sells_it() {
    let shop = Shop::open().await;
    let parcel = sold(&shop, &["Paper Boats"], testing::form()).await;
    let seller = shop.catalog.records().tenant(&parcel.order.tenant).await.unwrap().unwrap().legal;
    let text = receipts(&shop).await.remove(0);
    let (_, form) = text.split_once("Model withdrawal form").unwrap();
    let (to, rest) = form.split_once("I/We (*) hereby give notice that I/We (*) withdraw").unwrap();
    for said in [seller.name.as_str(), &seller.address[0], &seller.email, "United States"] {
        assert!(to.contains(said), "{said}: {to}");
    }
    for blank in ["Ordered on", "Name of consumer", "Address of consumer", "Signature of", "Date", "Delete as"] {
        assert!(rest.contains(blank), "{blank}: {rest}");
    }
    assert!(!text.contains('{') && !text.contains('['), "{text}");
}

#[tokio::test]
async fn only_who_has_the_right_gets_a_form_and_everybody_the_one_of_their_law() {
    let shop = Shop::open().await;
    shop.import(crate::checkout::regions::ROWS).await;
    let form = |country: &str| CheckoutForm {
        country: country.into(),
        region: if country == "US" { "NY".into() } else { String::new() },
        city: if country == "GB" { "London".into() } else { "Berlin".into() },
        postcode: if country == "GB" { "SW1A 1AA".into() } else { "10115".into() },
        ids: [("br_cpf".to_owned(), "123.456.789-09".to_owned())].into(),
        accept_waiver: matches!(country, "DE" | "GB"),
        ..testing::form()
    };
    let firm = CheckoutForm { business: true, organisation: "Muster GmbH".into(), ..testing::form() };
    // Files whose buyer agreed that they come at once, a business, and laws without such a form or right.
    for (title, form) in [
        ("Harbour Lights", form("DE")),
        ("Paper Boats", firm),
        ("Wide Tones", form("GB")),
        ("Wide Tones", form("BR")),
        ("Wide Tones", form("US")),
    ] {
        let country = form.country.clone();
        sold(&shop, &[title], form).await;
        let text = receipts(&shop).await.pop().unwrap();
        assert!(!text.contains("hereby give notice"), "{title} {country}: {text}");
    }
    sold(&shop, &["Wide Pages"], form("GB")).await;
    let text = receipts(&shop).await.pop().unwrap();
    assert!(text.contains("Model cancellation form") && text.contains("cancel my/our (*) contract"), "{text}");
    assert!(text.contains("– To Wide GmbH, Weg 2, 20457 Hamburg, Germany, shop@wide.example:"), "{text}");
    // Two sellers: each has a form of its own for what it sent; what is a file of the second alone has none.
    let both = CheckoutForm { ..form("DE") };
    sold(&shop, &["Wide Pages", "Near Tones"], both).await;
    let text = receipts(&shop).await.pop().unwrap();
    assert_eq!(text.matches("Model withdrawal form").count(), 1, "{text}");
    assert!(text.contains("– To Wide GmbH") && !text.contains("– To Near GmbH"), "{text}");
}

#[tokio::test]
async fn two_orders_of_one_seller_have_one_form() {
    let shop = Shop::open().await;
    shop.import(crate::checkout::storefronts::ROWS).await;
    sold(&shop, &["Left Pages", "Right Pages"], testing::form()).await;
    let text = receipts(&shop).await.pop().unwrap();
    assert_eq!(text.matches("– To Two GmbH").count(), 1, "{text}");
}
