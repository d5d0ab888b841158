//! What every [`Payments`] must do; adapters call [`check_all`] from a test.
//!
//! Every case begins payments of its own, so one subject serves all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use http::HeaderMap;
use vitrine_clock::{Clock, FixedClock};

use crate::signature::TOLERANCE_SECS;
use crate::{NewCapture, NewRefund, NewSession, PaymentError, PaymentState, Payments, Session};

/// Does what the port cannot: be the buyer, and receive what the provider sends.
#[async_trait]
pub trait Outside: Send + Sync {
    /// Pays in full by a card: captured at once, or authorised where the payment was begun so. Always the same card.
    async fn pay(&self, session: &Session);

    /// Tries a card that is declined with `card_declined`.
    async fn be_declined(&self, session: &Session);

    /// Every webhook about this payment so far, as it arrived: headers and raw body.
    async fn webhooks(&self, session_id: &str) -> Vec<(HeaderMap, Vec<u8>)>;
}

/// A provider to be checked.
pub struct Subject {
    /// The provider.
    pub payments: Arc<dyn Payments>,
    /// Buyer and receiver.
    pub outside: Arc<dyn Outside>,
    /// The clock the provider reads, at least in [`Payments::verify_webhook`].
    pub clock: Arc<FixedClock>,
    /// In every idempotency key; new for every run against a provider that remembers.
    pub run: String,
    /// Counts the payments begun.
    pub count: AtomicU32,
}

impl Subject {
    fn new_session(&self) -> NewSession {
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        NewSession {
            idempotency_key: format!("{}-{n}", self.run),
            reference: format!("co_{n}"),
            amount_minor: 2_500,
            currency: "EUR".into(),
            exponent: 2,
            lines: vec![("A book".into(), 2_000), ("Postage".into(), 500)],
            email: "buyer@example.com".into(),
            locale: "en-US".into(),
            methods: Vec::new(),
            authorise: false,
            or_at_once: false,
            return_url: "http://localhost:8080/checkout/return".into(),
            cancel_url: "http://localhost:8080/cart".into(),
            expires_ms: self.clock.now_ms() + 3_600_000,
        }
    }

    async fn begin(&self) -> Session {
        self.payments.begin(self.new_session()).await.unwrap()
    }

    /// A payment of which a card's bank holds the money.
    async fn authorised(&self) -> Session {
        let session = self.payments.begin(NewSession { authorise: true, ..self.new_session() }).await.unwrap();
        self.outside.pay(&session).await;
        self.payments.session(&session.id).await.unwrap()
    }

    fn capture(&self, session: &Session) -> NewCapture {
        let key = format!("{}-{}-capture", self.run, session.id);
        NewCapture { idempotency_key: key, session_id: session.id.clone() }
    }

    async fn state(&self, session: &Session) -> PaymentState {
        self.payments.session(&session.id).await.unwrap().state
    }
}

/// Runs every case.
///
/// # Panics
/// If the provider does not conform.
pub async fn check_all(s: &Subject) {
    begin_is_idempotent(s).await;
    bad_payments_are_refused(s).await;
    every_method_it_says_it_has_begins_a_payment(s).await;
    a_payment_goes_through_its_states(s).await;
    expired_payments_stay_unpaid(s).await;
    what_is_authorised_is_captured_once(s).await;
    what_is_authorised_can_be_let_go(s).await;
    refunds_are_idempotent_and_bounded(s).await;
    webhooks_verify(s).await;
}

fn invalid<T: std::fmt::Debug>(answer: crate::Result<T>) {
    assert!(matches!(answer, Err(PaymentError::Invalid(_))), "{answer:?}");
}

async fn begin_is_idempotent(s: &Subject) {
    let new = s.new_session();
    let (one, two) = tokio::join!(s.payments.begin(new.clone()), s.payments.begin(new.clone()));
    let session = one.unwrap();
    assert_eq!(session, two.unwrap(), "the same key at the same time is one payment");
    assert_eq!(session.state, PaymentState::Open);
    assert_eq!((session.amount_minor, session.refunded_minor, session.currency.as_str()), (2_500, 0, "EUR"));
    assert_eq!(session.reference, new.reference);
    assert!(session.url.starts_with("http"), "{}", session.url);
    assert_eq!(s.payments.session(&session.id).await.unwrap(), session);
    invalid(s.payments.begin(NewSession { amount_minor: 2_501, ..new.clone() }).await);
    invalid(s.payments.begin(NewSession { currency: "USD".into(), ..new }).await);
    assert_ne!(s.begin().await.id, session.id, "another key is another payment");
    let unknown = s.payments.session("cs_unknown").await;
    assert!(matches!(unknown, Err(PaymentError::NotFound)), "{unknown:?}");
}

async fn bad_payments_are_refused(s: &Subject) {
    invalid(s.payments.begin(NewSession { amount_minor: 0, ..s.new_session() }).await);
    invalid(s.payments.begin(NewSession { amount_minor: -1, ..s.new_session() }).await);
    invalid(s.payments.begin(NewSession { methods: vec!["seashells".into()], ..s.new_session() }).await);
    invalid(s.payments.begin(NewSession { currency: "euro".into(), ..s.new_session() }).await);
    invalid(s.payments.begin(NewSession { return_url: "javascript:alert(1)".into(), ..s.new_session() }).await);
}

async fn every_method_it_says_it_has_begins_a_payment(s: &Subject) {
    assert!(!s.payments.methods().is_empty());
    for name in s.payments.methods() {
        assert!(crate::METHODS.iter().any(|m| m.name == *name), "{name}");
        let session = s.payments.begin(NewSession { methods: vec![(*name).into()], ..s.new_session() }).await;
        assert_eq!(session.unwrap().state, PaymentState::Open, "{name}");
    }
}

async fn a_payment_goes_through_its_states(s: &Subject) {
    let session = s.begin().await;
    s.outside.be_declined(&session).await;
    let declined = s.payments.session(&session.id).await.unwrap();
    assert!(matches!(declined.state, PaymentState::Open | PaymentState::Failed), "{declined:?}");
    assert_eq!(declined.failure.as_deref(), Some("card_declined"));
    s.outside.pay(&session).await;
    let paid = s.payments.session(&session.id).await.unwrap();
    assert_eq!((paid.state, paid.failure.as_deref()), (PaymentState::Captured, None), "a decline is not the end");
    assert!(paid.charge_id.is_some_and(|id| !id.is_empty()));
    assert_eq!(paid.method.as_deref(), Some("card"));
    assert!(paid.last4.is_some_and(|digits| digits.len() == 4));
    assert_eq!(s.payments.expire(&session.id).await.unwrap().state, PaymentState::Captured, "too late to end it");
}

async fn expired_payments_stay_unpaid(s: &Subject) {
    let session = s.begin().await;
    assert_eq!(s.payments.expire(&session.id).await.unwrap().state, PaymentState::Expired);
    assert_eq!(s.payments.expire(&session.id).await.unwrap().state, PaymentState::Expired);
    s.outside.pay(&session).await;
    assert_eq!(s.state(&session).await, PaymentState::Expired);
    let unknown = s.payments.expire("cs_unknown").await;
    assert!(matches!(unknown, Err(PaymentError::NotFound)), "{unknown:?}");
}

async fn what_is_authorised_is_captured_once(s: &Subject) {
    assert!(!s.payments.authorises().is_empty(), "the cases of authorising need a card");
    for name in s.payments.methods() {
        let new = NewSession { authorise: true, methods: vec![(*name).into()], ..s.new_session() };
        let begun = s.payments.begin(new).await;
        if s.payments.authorises().contains(name) {
            assert_eq!(begun.unwrap().state, PaymentState::Open, "{name}");
        } else {
            invalid(begun);
        }
        let new = NewSession { authorise: true, or_at_once: true, methods: vec![(*name).into()], ..s.new_session() };
        assert_eq!(s.payments.begin(new).await.unwrap().state, PaymentState::Open, "{name}");
    }
    // With ways that take the money at once beside it, a card's is held all the same.
    let new = NewSession { authorise: true, or_at_once: true, ..s.new_session() };
    let beside = s.payments.begin(new).await.unwrap();
    s.outside.pay(&beside).await;
    assert_eq!(s.state(&beside).await, PaymentState::Authorised);
    let open = s.payments.begin(NewSession { authorise: true, ..s.new_session() }).await.unwrap();
    invalid(s.payments.capture(s.capture(&open)).await);
    let session = s.authorised().await;
    assert_eq!((session.state, session.refunded_minor), (PaymentState::Authorised, 0));
    assert!(session.fingerprint.is_some(), "what paid is known before anything is captured");
    assert_eq!(session.fingerprint, s.authorised().await.fingerprint, "of the same card it is the same");
    let refund = NewRefund {
        idempotency_key: format!("{}-{}-early", s.run, session.id),
        session_id: session.id.clone(),
        amount_minor: 1,
        reason: "damaged".into(),
    };
    invalid(s.payments.refund(refund.clone()).await);
    let (one, two) = tokio::join!(s.payments.capture(s.capture(&session)), s.payments.capture(s.capture(&session)));
    let captured = one.unwrap();
    assert_eq!(captured, two.unwrap(), "the same key at the same time is one capture");
    assert_eq!(captured, Session { state: PaymentState::Captured, ..session.clone() });
    let other = NewCapture { idempotency_key: format!("{}-{}-other", s.run, session.id), ..s.capture(&session) };
    assert_eq!(s.payments.capture(other).await.unwrap(), captured, "taken is taken, whoever asks");
    assert_eq!(s.payments.expire(&session.id).await.unwrap().state, PaymentState::Captured);
    let refund = NewRefund { idempotency_key: format!("{}-{}-late", s.run, session.id), ..refund };
    assert_eq!(s.payments.refund(refund).await.unwrap().amount_minor, 1);
    let mut told = Vec::new();
    for (headers, body) in s.outside.webhooks(&session.id).await {
        told.push(s.payments.verify_webhook(&headers, &body).unwrap());
    }
    let of = |kind: &str| told.iter().find(|e| e.kind == kind).map(|e| e.session.state);
    assert_eq!(of("session.authorised"), Some(PaymentState::Authorised));
    assert_eq!(of("session.captured"), Some(PaymentState::Captured));
    let unknown = s.payments.capture(NewCapture { session_id: "cs_unknown".into(), ..s.capture(&session) }).await;
    assert!(matches!(unknown, Err(PaymentError::NotFound)), "{unknown:?}");
}

async fn what_is_authorised_can_be_let_go(s: &Subject) {
    let session = s.authorised().await;
    for _ in 0..2 {
        assert_eq!(s.payments.expire(&session.id).await.unwrap().state, PaymentState::Expired);
    }
    invalid(s.payments.capture(s.capture(&session)).await);
    s.outside.pay(&session).await;
    assert_eq!(s.state(&session).await, PaymentState::Expired);
    // Of taking and letting go at the same moment one happens.
    let session = s.authorised().await;
    let (taken, gone) = tokio::join!(s.payments.capture(s.capture(&session)), s.payments.expire(&session.id));
    let (gone, now) = (gone.unwrap().state, s.state(&session).await);
    assert_eq!((taken.is_ok(), gone), (now == PaymentState::Captured, now), "{taken:?}");
}

async fn refunds_are_idempotent_and_bounded(s: &Subject) {
    let session = s.begin().await;
    let refund = |key: &str, amount_minor| NewRefund {
        idempotency_key: format!("{}-{}-{key}", s.run, session.id),
        session_id: session.id.clone(),
        amount_minor,
        reason: "damaged".into(),
    };
    invalid(s.payments.refund(refund("early", 1)).await);
    s.outside.pay(&session).await;
    invalid(s.payments.refund(refund("none", 0)).await);
    invalid(s.payments.refund(refund("much", 2_501)).await);
    let (one, two) = tokio::join!(s.payments.refund(refund("a", 1_000)), s.payments.refund(refund("a", 1_000)));
    let first = one.unwrap();
    assert_eq!(first, two.unwrap(), "the same key at the same time is one refund");
    assert_eq!(first.amount_minor, 1_000);
    assert_eq!(s.payments.session(&session.id).await.unwrap().refunded_minor, 1_000);
    invalid(s.payments.refund(refund("a", 999)).await);
    invalid(s.payments.refund(refund("b", 1_501)).await);
    let (one, two) = tokio::join!(s.payments.refund(refund("c", 1_500)), s.payments.refund(refund("d", 1_500)));
    assert!(one.is_ok() != two.is_ok(), "the rest can be given back once: {one:?} {two:?}");
    assert_eq!(s.payments.session(&session.id).await.unwrap().refunded_minor, 2_500);
    assert_eq!(s.payments.refund(refund("a", 1_000)).await.unwrap(), first);
}

async fn webhooks_verify(s: &Subject) {
    let session = s.begin().await;
    s.outside.pay(&session).await;
    let arrived = s.outside.webhooks(&session.id).await;
    let mut captured = Vec::new();
    for (headers, body) in &arrived {
        let event = s.payments.verify_webhook(headers, body).unwrap();
        assert_eq!(event.session.id, session.id);
        assert_eq!(event.session.reference, session.reference);
        if event.kind == "session.captured" {
            captured.push((event, headers, body));
        }
    }
    let (event, headers, body) = captured.first().expect("the capture is told");
    assert_eq!(event.session.state, PaymentState::Captured);
    assert!(!event.id.is_empty());
    let bad = |headers: &HeaderMap, body: &[u8]| {
        let answer = s.payments.verify_webhook(headers, body);
        assert!(matches!(answer, Err(PaymentError::BadSignature(_))), "{answer:?}");
    };
    let mut tampered = body.to_vec();
    let last = tampered.len() - 1;
    tampered[last] ^= 1;
    bad(headers, &tampered);
    bad(headers, b"");
    bad(&HeaderMap::new(), body);
    s.clock.advance_ms((TOLERANCE_SECS + 1) * 1_000);
    bad(headers, body);
}
