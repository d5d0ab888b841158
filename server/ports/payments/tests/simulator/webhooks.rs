//! The suite, the webhooks and the jobs.

use std::sync::Arc;

use crate::common::{SETTLE_MS, World, world};
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use vitrine_payments::conformance::{Outside, Subject, check_all};
use vitrine_payments::simulator::{AUTHORISED_MS, Form, Mischief};
use vitrine_payments::{NewCapture, NewRefund, PaymentError, PaymentState, Payments, Session};

const HOUR_MS: i64 = 3_600_000;

fn card(number: &str) -> Form {
    Form { method: "card".into(), number: number.into(), expiry: "12/30".into(), cvc: "123".into(), ..Form::default() }
}

fn debit(end: &str) -> Form {
    Form { method: "bank_debit".into(), debit: end.into(), ..Form::default() }
}

struct Buyer(Arc<World>);

impl Buyer {
    async fn try_card(&self, session: &Session, number: &str) {
        match self.0.simulator.pay(&session.id, &card(number)).await {
            Ok(answer) => drop(answer.expect("the form is right")),
            // The suite tries a payment that is over.
            Err(PaymentError::Invalid(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[async_trait]
impl Outside for Buyer {
    async fn pay(&self, session: &Session) {
        self.try_card(session, "4242424242424242").await;
    }

    async fn be_declined(&self, session: &Session) {
        self.try_card(session, "4000000000000002").await;
    }

    async fn webhooks(&self, session_id: &str) -> Vec<(HeaderMap, Vec<u8>)> {
        self.0.work().await;
        let about =
            |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).unwrap()["session"]["id"] == session_id;
        self.0.raw().into_iter().filter(|(_, body)| about(body)).collect()
    }
}

#[tokio::test]
async fn conforms() {
    let world = Arc::new(world().await);
    check_all(&Subject {
        payments: Arc::new(world.simulator.clone()),
        outside: Arc::new(Buyer(world.clone())),
        clock: world.clock.clone(),
        run: "suite".into(),
        count: Default::default(),
    })
    .await;
}

#[tokio::test]
async fn a_debit_settles_or_fails_when_its_time_comes() {
    let w = world().await;
    let good = w.begin("good", "en-US").await;
    let bad = w.begin("bad", "en-US").await;
    for (session, end) in [(&good, "settles"), (&bad, "fails")] {
        let answer = w.simulator.pay(&session.id, &debit(end)).await.unwrap().unwrap();
        assert_eq!((answer.state, answer.method.as_deref()), (PaymentState::Settling, Some("bank_debit")));
    }
    w.clock.advance_ms(SETTLE_MS - 1);
    w.work().await;
    assert_eq!(w.kinds(), ["session.settling", "session.settling"]);
    assert_eq!(w.simulator.session(&good.id).await.unwrap().state, PaymentState::Settling);
    w.clock.advance_ms(1);
    w.work().await;
    assert_eq!(w.simulator.session(&good.id).await.unwrap().state, PaymentState::Captured);
    let failed = w.simulator.session(&bad.id).await.unwrap();
    assert_eq!((failed.state, failed.failure.as_deref()), (PaymentState::Failed, Some("bank_refused")));
    let mut late = w.kinds().split_off(2);
    late.sort();
    assert_eq!(late, ["session.captured", "session.failed"]);
    assert_eq!(w.queue.depth().await.unwrap().dead, 0);
}

#[tokio::test]
async fn time_ends_an_open_payment() {
    let w = world().await;
    let session = w.begin("slow", "en-US").await;
    w.clock.advance_ms(HOUR_MS - 1);
    w.work().await;
    assert_eq!(w.kinds(), [""; 0]);
    w.clock.advance_ms(1);
    w.work().await;
    assert_eq!(w.kinds(), ["session.expired"]);
    assert_eq!(w.simulator.session(&session.id).await.unwrap().state, PaymentState::Expired);
    assert_eq!(w.simulator.session(&session.id).await.unwrap().charge_id, None);
    w.work().await;
    assert_eq!(w.kinds().len(), 1, "told once");
}

#[tokio::test]
async fn what_nobody_captures_is_let_go_in_time() {
    let w = world().await;
    let session = w.begin_authorised("held", "en-US").await;
    let paid = w.simulator.pay(&session.id, &card("4242424242424242")).await.unwrap().unwrap();
    assert_eq!(paid.state, PaymentState::Authorised);
    // Longer than its page was open.
    w.clock.advance_ms(AUTHORISED_MS - 1);
    w.work().await;
    assert_eq!(w.simulator.session(&session.id).await.unwrap().state, PaymentState::Authorised);
    assert_eq!(w.kinds(), ["session.authorised"]);
    w.clock.advance_ms(1);
    w.work().await;
    assert_eq!(w.kinds(), ["session.authorised", "session.expired"]);
    assert_eq!(w.simulator.look(&session.id).await.unwrap().state, PaymentState::Expired);
    let late = NewCapture { idempotency_key: "c1".into(), session_id: session.id.clone() };
    let late = w.simulator.capture(late).await;
    assert!(matches!(late, Err(PaymentError::Invalid(_))), "{late:?}");
}

#[tokio::test]
async fn deliveries_verify_and_a_refund_is_told() {
    let w = world().await;
    let session = w.begin("told", "en-US").await;
    w.simulator.pay(&session.id, &card("4242 4242 4242 4242")).await.unwrap().unwrap();
    let refund = NewRefund {
        idempotency_key: "r1".into(),
        session_id: session.id.clone(),
        amount_minor: 450,
        reason: "late".into(),
    };
    let refunded = w.simulator.refund(refund).await.unwrap();
    w.work().await;
    let raw = w.raw();
    assert_eq!(raw.len(), 2);
    let events: Vec<_> = raw.iter().map(|(h, b)| w.simulator.verify_webhook(h, b).unwrap()).collect();
    let told = events.iter().find(|e| e.kind == "refund.created").unwrap();
    assert_eq!((told.refund.as_ref(), told.session.refunded_minor), (Some(&refunded), 450));
    assert_ne!(events[0].id, events[1].id);
    assert_eq!(raw[0].0["content-type"], "application/json");
    let (headers, mut body) = raw[0].clone();
    body.push(b' ');
    let tampered = w.simulator.verify_webhook(&headers, &body);
    assert!(matches!(tampered, Err(PaymentError::BadSignature(_))), "{tampered:?}");
}

#[tokio::test]
async fn a_receiver_that_fails_is_asked_again() {
    let w = world().await;
    w.answer_with(&[StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND]);
    let session = w.begin("retry", "en-US").await;
    w.simulator.pay(&session.id, &card("4242424242424242")).await.unwrap().unwrap();
    w.work().await;
    assert_eq!(w.raw().len(), 1);
    assert_eq!(w.worker.metrics().failed, 1);
    for arrived in [2, 3, 3] {
        // Past any back-off, and past the tolerance of the first signature.
        w.clock.advance_ms(400_000);
        w.work().await;
        assert_eq!(w.raw().len(), arrived);
    }
    let raw = w.raw();
    let (headers, body) = &raw[2];
    assert_eq!(raw[0].1, *body, "the same event");
    w.clock.advance_ms(-400_000);
    assert!(w.simulator.verify_webhook(headers, body).is_ok(), "signed when it was sent");
}

#[tokio::test]
async fn duplicates_carry_one_event_id() {
    let w = world().await;
    w.simulator.set_mischief(Mischief { duplicates: 2, ..Mischief::default() }).await.unwrap();
    let session = w.begin("twice", "en-US").await;
    w.simulator.pay(&session.id, &card("4242424242424242")).await.unwrap().unwrap();
    w.work().await;
    let events = w.events();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|e| *e == events[0]));
}

#[tokio::test]
async fn reversed_events_come_after_what_came_of_them() {
    let w = world().await;
    w.simulator.set_mischief(Mischief { reverse: true, ..Mischief::default() }).await.unwrap();
    let session = w.begin("reversed", "en-US").await;
    w.simulator.pay(&session.id, &debit("settles")).await.unwrap().unwrap();
    w.work().await;
    assert_eq!(w.raw().len(), 0);
    w.clock.advance_ms(SETTLE_MS);
    w.work().await;
    assert_eq!(w.kinds(), ["session.captured"]);
    w.clock.advance_ms(SETTLE_MS);
    w.work().await;
    assert_eq!(w.kinds(), ["session.captured", "session.settling"]);
    let events = w.events();
    assert!(events[0].created_ms > events[1].created_ms);
}

#[tokio::test]
async fn lost_and_late_deliveries_arrive_in_the_end() {
    let w = world().await;
    let mischief = Mischief { drop_first: 2, delay_ms: 30_000, ..Mischief::default() };
    w.simulator.set_mischief(mischief).await.unwrap();
    assert_eq!(w.simulator.mischief().await.unwrap(), mischief);
    let session = w.begin("lost", "en-US").await;
    w.simulator.pay(&session.id, &card("4242424242424242")).await.unwrap().unwrap();
    w.clock.advance_ms(29_999);
    assert_eq!(w.worker.run_due_once().await.unwrap(), 0, "late");
    w.clock.advance_ms(1);
    for arrived in [0, 0, 1] {
        assert_eq!(w.worker.run_due_once().await.unwrap(), 1);
        assert_eq!(w.raw().len(), arrived);
        w.clock.advance_ms(10_000);
    }
    let (headers, body) = &w.raw()[0];
    assert_eq!(w.simulator.verify_webhook(headers, body).unwrap().kind, "session.captured");
    let too_much = Mischief { duplicates: 6, ..mischief };
    assert!(matches!(w.simulator.set_mischief(too_much).await, Err(PaymentError::Invalid(_))));
}
