//! The simulator's pages over HTTP.

use crate::common::{Answer, BASE, SETTLE_MS, World, form_request, world};
use axum::body::Body;
use http::{Request, StatusCode};
use vitrine_payments::simulator::{CONTROL_PATH, Mischief};
use vitrine_payments::{PaymentState, Payments, Session};

const RETURN: &str = "https://shop.example/checkout/return?a=1&amp;b=2";

async fn state(w: &World, session: &Session) -> (PaymentState, Option<String>) {
    let now = w.simulator.session(&session.id).await.unwrap();
    (now.state, now.failure)
}

async fn pay(w: &World, session: &Session, number: &str, expiry: &str, cvc: &str) -> Answer {
    let form = [("method", "card"), ("number", number), ("expiry", expiry), ("cvc", cvc)];
    w.post(&format!("/simulator/pay/{}", session.id), &form).await
}

fn done(session: &Session) -> String {
    format!("/simulator/done/{}", session.id)
}

#[tokio::test]
async fn the_page_says_what_it_is_and_what_is_paid() {
    let w = world().await;
    let session = w.begin("page", "en-GB").await;
    assert_eq!(session.url, format!("{BASE}/simulator/pay/{}", session.id));
    let page = w.get(&format!("/simulator/pay/{}", session.id)).await;
    assert_eq!(page.status, StatusCode::OK);
    page.assert_says(&[
        "<html lang=\"en-GB\" dir=\"ltr\">",
        "<title>Pay EUR 1,234.50</title>",
        "No money moves",
        "A book &lt;b&gt;",
        "Direct Debit",
        "EUR 1,200.00",
        "EUR 34.50",
        "4242 4242 4242 4242",
        "4000 0027 6000 3184",
        "autocomplete=\"cc-number\"",
        "autocomplete=\"cc-exp\"",
        "autocomplete=\"cc-csc\"",
        "id=\"method-card\" name=\"method\" value=\"card\" checked",
        "href=\"/simulator/style.css\"",
    ]);
    for never in ["<script", "style=", "<style", "role=\"alert\"", "sim-", "aria-invalid"] {
        assert!(!page.body.contains(never), "{never}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'; style-src 'self';"), "{policy}");
    assert!(policy.contains("form-action 'self' https://shop.example;"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    let style = w.get("/simulator/style.css").await;
    assert_eq!((style.status, style.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(style.body.contains(":focus-visible"));
}

#[tokio::test]
async fn the_page_speaks_the_language_of_the_payment() {
    let w = world().await;
    let session = w.begin("german", "de-AT").await;
    let page = w.get(&format!("/simulator/pay/{}", session.id)).await;
    page.assert_says(&["<html lang=\"de-DE\"", "Es fließt kein Geld", "1.234,50 EUR", "Kartennummer"]);
    assert_eq!(page.header("content-language"), "de-DE");
    assert!(!page.body.contains("sim-"));
    let declined = pay(&w, &session, "4000000000009995", "12/30", "123").await;
    declined.assert_says(&["Fehler: ", "Auf dem Konto ist nicht genug Geld"]);
    let wrong = pay(&w, &session, "1", "1", "1").await;
    wrong.assert_says(&["Prüfen Sie die Kartennummer"]);
    assert!(!wrong.body.contains("sim-"));
}

#[tokio::test]
async fn a_good_card_pays_once_and_the_page_moves_on() {
    let w = world().await;
    let session = w.begin("good", "en-US").await;
    pay(&w, &session, "4242-4242-4242-4242", "01/27", "1234").await.assert_leads_to(&done(&session));
    assert_eq!(state(&w, &session).await, (PaymentState::Captured, None));
    let page = w.get(&done(&session)).await;
    page.assert_says(&[
        &format!("http-equiv=\"refresh\" content=\"0;url={RETURN}\""),
        &format!("<a href=\"{RETURN}\">"),
        "The payment was made",
    ]);
    // Again, and going back.
    pay(&w, &session, "4000000000000002", "12/30", "123").await.assert_leads_to(&done(&session));
    w.get(&format!("/simulator/pay/{}", session.id)).await.assert_leads_to(&done(&session));
    w.post(&format!("/simulator/pay/{}/cancel", session.id), &[]).await.assert_leads_to(&done(&session));
    w.get(&done(&session)).await.assert_says(&[RETURN]);
    assert_eq!(state(&w, &session).await, (PaymentState::Captured, None));
    w.work().await;
    assert_eq!(w.kinds(), ["session.captured"]);
}

#[tokio::test]
async fn each_declined_card_says_why_and_another_may_pay() {
    let w = world().await;
    let session = w.begin("declined", "en-US").await;
    for (number, code, text) in [
        ("4000 0000 0000 0002", "card_declined", "The bank declined the card."),
        ("4000 0000 0000 9995", "insufficient_funds", "The account does not hold enough money."),
        ("4000 0000 0000 0069", "expired_card", "The bank says that the card has expired."),
    ] {
        let page = pay(&w, &session, number, "12/2030", "987").await;
        assert_eq!(page.status, StatusCode::PAYMENT_REQUIRED);
        page.assert_says(&["<title>Error: ", "role=\"alert\"", &format!("<a href=\"#number\">{text} Try another")]);
        page.assert_says(&[&format!("value=\"{number}\""), "value=\"12/2030\""]);
        page.assert_says(&[&format!("id=\"number-fault\">{text}")]);
        assert!(!page.body.contains("value=\"987\""), "the security code does not come back");
        assert_eq!(state(&w, &session).await, (PaymentState::Failed, Some(code.into())));
    }
    w.get(&format!("/simulator/pay/{}", session.id)).await.assert_says(&["The bank says that the card has expired."]);
    w.get(&done(&session)).await.assert_leads_to(&format!("/simulator/pay/{}", session.id));
    pay(&w, &session, "4242424242424242", "12/30", "123").await.assert_leads_to(&done(&session));
    w.work().await;
    let mut kinds = w.kinds();
    kinds.sort();
    assert_eq!(kinds, ["session.captured", "session.failed", "session.failed", "session.failed"]);
}

#[tokio::test]
async fn faults_are_named_on_top_and_beside_the_field() {
    let w = world().await;
    let session = w.begin("faults", "en-US").await;
    // The clock stands in January 2027.
    for (number, expiry, cvc, field, text) in [
        ("4242424242424241", "12/30", "123", "number", "Check the card number"),
        ("5555555555554444", "12/30", "123", "number", "Only the test cards"),
        ("4242424242424242", "12/26", "123", "expiry", "Enter the month and year"),
        ("4242424242424242", "13/30", "123", "expiry", "Enter the month and year"),
        ("4242424242424242", "12/30", "12a", "cvc", "Enter the three or four digits"),
    ] {
        let page = pay(&w, &session, number, expiry, cvc).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.assert_says(&[
            &format!("<li><a href=\"#{field}\">{text}"),
            &format!("id=\"{field}-fault\">{text}"),
            &format!("aria-describedby=\"{field}-fault {field}-hint\" aria-invalid=\"true\""),
            &format!("value=\"{number}\""),
            &format!("value=\"{expiry}\""),
        ]);
        assert_eq!(page.body.matches("aria-invalid").count(), 1, "{field}");
        assert!(!page.body.contains(&format!("value=\"{cvc}\"")));
    }
    let page = pay(&w, &session, "\"><script>", "", "").await;
    assert_eq!(page.body.matches("aria-invalid").count(), 3);
    assert!(!page.body.contains("<script"));
    let path = format!("/simulator/pay/{}", session.id);
    let page = w.post(&path, &[("method", "bank_debit"), ("number", "4242")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.assert_says(&["<a href=\"#debit-settles\">Choose how", "value=\"bank_debit\" checked", "value=\"4242\""]);
    assert_eq!(state(&w, &session).await, (PaymentState::Open, None), "nothing happened");
    w.work().await;
    assert_eq!(w.raw().len(), 0);
}

#[tokio::test]
async fn a_card_may_have_to_be_confirmed() {
    let w = world().await;
    for (answer, end, failure) in [
        ("confirm", PaymentState::Captured, None),
        ("refuse", PaymentState::Failed, Some("authentication_failed".to_owned())),
    ] {
        let session = w.begin(answer, "en-US").await;
        let path = format!("/simulator/pay/{}", session.id);
        let confirm = format!("{path}/confirm");
        w.get(&confirm).await.assert_leads_to(&path);
        w.post(&confirm, &[("answer", "confirm")]).await.assert_leads_to(&path);
        pay(&w, &session, "4000002760003184", "12/30", "123").await.assert_leads_to(&confirm);
        assert_eq!(state(&w, &session).await, (PaymentState::Open, None), "nothing is paid yet");
        let page = w.get(&confirm).await;
        page.assert_says(&["EUR 1,234.50", "ending in 3184", "value=\"confirm\"", "value=\"refuse\""]);
        let neither = w.post(&confirm, &[("answer", "perhaps")]).await;
        assert_eq!(neither.status, StatusCode::UNPROCESSABLE_ENTITY);
        w.post(&confirm, &[("answer", answer)]).await.assert_leads_to(&path);
        assert_eq!(state(&w, &session).await, (end, failure.clone()));
        let page = w.get(&path).await;
        if failure.is_some() {
            page.assert_says(&["You refused the payment at your bank"]);
        } else {
            page.assert_leads_to(&done(&session));
        }
    }
}

#[tokio::test]
async fn a_bank_debit_is_on_its_way_and_may_fail() {
    let w = world().await;
    let session = w.begin("debit", "en-US").await;
    let path = format!("/simulator/pay/{}", session.id);
    let form = |end| [("method", "bank_debit"), ("debit", end)];
    w.post(&path, &form("fails")).await.assert_leads_to(&done(&session));
    w.get(&done(&session)).await.assert_says(&["The payment is on its way", RETURN]);
    w.clock.advance_ms(SETTLE_MS);
    w.work().await;
    assert_eq!(state(&w, &session).await, (PaymentState::Failed, Some("bank_refused".into())));
    w.get(&path).await.assert_says(&["The bank refused the debit", "value=\"bank_debit\" checked"]);
    w.post(&path, &form("settles")).await.assert_leads_to(&done(&session));
    w.clock.advance_ms(SETTLE_MS);
    w.work().await;
    assert_eq!(state(&w, &session).await, (PaymentState::Captured, None));
    w.get(&done(&session)).await.assert_says(&["The payment was made"]);
}

#[tokio::test]
async fn what_is_captured_later_is_paid_by_card_alone_and_only_approved() {
    let w = world().await;
    let session = w.begin_authorised("later", "en-US").await;
    let page = w.get(&format!("/simulator/pay/{}", session.id)).await;
    page.assert_says(&["id=\"method-card\""]);
    assert!(!page.body.contains("bank_debit"));
    pay(&w, &session, "4000002760003184", "12/30", "123").await;
    assert_eq!(state(&w, &session).await.0, PaymentState::Open);
    w.post(&format!("/simulator/pay/{}/confirm", session.id), &[("answer", "confirm")]).await;
    assert_eq!(state(&w, &session).await.0, PaymentState::Authorised);
    w.get(&done(&session)).await.assert_says(&["Your bank approved the payment", RETURN]);
    // Its page takes no second card.
    pay(&w, &session, "4242424242424242", "12/30", "123").await.assert_leads_to(&done(&session));
}

#[tokio::test]
async fn giving_up_leads_to_the_cancel_address_and_lateness_to_the_return_address() {
    let w = world().await;
    let session = w.begin("cancelled", "en-US").await;
    w.post(&format!("/simulator/pay/{}/cancel", session.id), &[]).await.assert_leads_to(&done(&session));
    assert_eq!(state(&w, &session).await, (PaymentState::Expired, None));
    w.get(&done(&session)).await.assert_says(&["0;url=https://shop.example/cart\"", "Nothing was paid"]);
    pay(&w, &session, "4242424242424242", "12/30", "123").await.assert_leads_to(&done(&session));
    assert_eq!(state(&w, &session).await, (PaymentState::Expired, None));
    let late = w.begin("late", "en-US").await;
    w.clock.advance_ms(3_600_000);
    pay(&w, &late, "4242424242424242", "12/30", "123").await.assert_leads_to(&done(&late));
    w.get(&done(&late)).await.assert_says(&[RETURN, "Nothing was paid"]);
}

#[tokio::test]
async fn only_own_pages_may_send_forms() {
    let w = world().await;
    let session = w.begin("origin", "en-US").await;
    let path = format!("/simulator/pay/{}/cancel", session.id);
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://x.localhost:8080"), ("sec-fetch-site", "same-site")],
        &[("origin", BASE), ("origin", "http://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none")],
    ] {
        let answer = w.send(form_request(&path, &[], headers)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        answer.assert_says(&["This form was not sent from this page"]);
        assert_eq!(state(&w, &session).await.0, PaymentState::Open, "{headers:?}");
    }
    for (n, headers) in [&[("origin", BASE)][..], &[("sec-fetch-site", "same-origin")], &[]].into_iter().enumerate() {
        let session = w.begin(&format!("own-{n}"), "en-US").await;
        let path = format!("/simulator/pay/{}/cancel", session.id);
        w.send(form_request(&path, &[], headers)).await.assert_leads_to(&done(&session));
    }
}

#[tokio::test]
async fn unknown_payments_and_foreign_bodies_get_a_page() {
    let w = world().await;
    for path in ["/simulator/pay/cs_no", "/simulator/done/cs_no", "/simulator/pay/cs_no/confirm"] {
        let request = Request::get(path).header("accept-language", "de,en;q=0.5").body(Body::empty()).unwrap();
        let page = w.send(request).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.assert_says(&["<html lang=\"de-DE\"", "Diese Zahlung gibt es nicht"]);
        assert!(page.header("content-security-policy").contains("form-action 'self';"));
    }
    assert_eq!(w.post("/simulator/pay/cs_no/cancel", &[]).await.status, StatusCode::NOT_FOUND);
    let session = w.begin("bodies", "en-US").await;
    let path = format!("/simulator/pay/{}", session.id);
    let json = Request::post(&path).header("content-type", "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(w.send(json).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = w.post(&path, &[("number", &"4".repeat(20_000))]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    large.assert_says(&["The form could not be read"]);
}

#[tokio::test]
async fn faults_of_delivery_are_set_by_json() {
    let w = world().await;
    let control = |body: &str| {
        Request::post(CONTROL_PATH)
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap()
    };
    let set = w.send(control(r#"{"duplicates": 1, "drop_first": 2}"#)).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.body);
    let wanted = Mischief { duplicates: 1, drop_first: 2, ..Mischief::default() };
    assert_eq!(serde_json::from_str::<Mischief>(&set.body).unwrap(), wanted);
    for (body, status) in [
        (r#"{"duplicates": 6}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"duplicate": 1}"#, StatusCode::UNPROCESSABLE_ENTITY),
        ("{", StatusCode::BAD_REQUEST),
    ] {
        let answer = w.send(control(body)).await;
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{body}");
    }
    let mut foreign = control("{}");
    foreign.headers_mut().insert("origin", "http://evil.example".parse().unwrap());
    assert_eq!(w.send(foreign).await.status, StatusCode::FORBIDDEN);
    assert_eq!(w.simulator.mischief().await.unwrap(), wanted, "what was refused changed nothing");
}

#[tokio::test]
async fn only_the_ways_to_pay_that_were_asked_for_are_shown_and_taken() {
    let w = world().await;
    let card = w.begin_with("card-only", "en-US", &["card"]).await;
    let page = w.get(&format!("/simulator/pay/{}", card.id)).await;
    page.assert_says(&["id=\"method-card\"", "4242 4242 4242 4242"]);
    assert!(!page.body.contains("bank_debit") && !page.body.contains("debit-settles"));
    let form = [("method", "bank_debit"), ("debit", "settles")];
    w.post(&format!("/simulator/pay/{}", card.id), &form).await;
    assert_eq!(state(&w, &card).await, (PaymentState::Open, None));
    // The first is the usual one.
    let debit = w.begin_with("debit-first", "en-US", &["bank_debit", "card"]).await;
    let page = w.get(&format!("/simulator/pay/{}", debit.id)).await;
    page.assert_says(&["id=\"method-bank_debit\" name=\"method\" value=\"bank_debit\" checked", "id=\"method-card\""]);
    w.post(&format!("/simulator/pay/{}", debit.id), &form).await;
    assert_eq!(state(&w, &debit).await.0, PaymentState::Settling);
    let only = w.begin_with("debit-only", "en-US", &["bank_debit"]).await;
    let page = w.get(&format!("/simulator/pay/{}", only.id)).await;
    assert!(!page.body.contains("cc-number") && !page.body.contains("4242"));
}
