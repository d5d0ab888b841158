//! What every [`TaxProvider`] must do; adapters call [`check_all`] from a test.
//!
//! Every case makes calculations of its own, so one subject serves all of them.

use std::sync::Arc;

use vitrine_pricing::money::{Currency, Money};

use crate::{Address, Back, Calculation, Line, Question, Reversal, Standing, TaxError, TaxProvider};

/// A provider to be checked.
pub struct Subject {
    /// The provider.
    pub provider: Arc<dyn TaxProvider>,
    /// A place where it collects tax on everything.
    pub taxed: Address,
    /// A place that it does not know.
    pub unknown: Address,
    /// In every key and reference; new for every run against a provider that remembers.
    pub run: String,
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD).unwrap_or_else(|_| Money::zero(Currency::USD))
}

impl Subject {
    fn question(&self, inclusive: bool) -> Question {
        let line = |n: u32, amount: i64| Line {
            reference: format!("{n}-edition"),
            class: if n == 0 { "printed_book".into() } else { "digital_music".into() },
            physical: n == 0,
            quantity: n + 1,
            amount: usd(amount),
        };
        Question {
            currency: Currency::USD,
            inclusive,
            buyer: self.taxed.clone(),
            origin: Address { country: "US".into(), ..Address::default() },
            // More than fit on a first page of anybody's.
            lines: (0..23).map(|n| line(n, 1_000 + 37 * i64::from(n))).collect(),
            shipping: Some(usd(500)),
        }
    }

    fn key(&self, what: &str) -> String {
        format!("{}-{what}", self.run)
    }

    async fn calculated(&self, what: &str, inclusive: bool) -> (Question, Calculation) {
        let question = self.question(inclusive);
        let answer = self.provider.calculate(&self.key(what), &question).await;
        (question, answer.unwrap_or_else(|why| panic!("{what}: {why}")))
    }
}

/// All cases.
///
/// # Panics
/// A provider that does not do what the port says.
pub async fn check_all(subject: &Subject) {
    an_answer_is_of_what_was_asked_and_adds_up(subject).await;
    a_key_answers_once(subject).await;
    what_it_does_not_know_is_refused(subject).await;
    what_is_recorded_goes_back_in_parts_and_no_more(subject).await;
}

async fn an_answer_is_of_what_was_asked_and_adds_up(subject: &Subject) {
    for inclusive in [false, true] {
        let (question, answer) = subject.calculated(&format!("adds-{inclusive}"), inclusive).await;
        assert_eq!(answer.lines.len(), question.lines.len());
        let shipping = answer.shipping.as_ref().expect("shipping was asked for");
        assert_eq!(shipping.amount, usd(500));
        for (asked, part) in question.lines.iter().zip(&answer.lines) {
            assert_eq!((part.amount, part.standing), (asked.amount, Standing::Taxed), "{asked:?}");
            for tax in &part.taxes {
                assert!(!tax.base.is_negative() && !tax.amount.is_negative() && tax.amount <= part.amount, "{tax:?}");
                assert!(!tax.jurisdiction.is_empty() && !tax.name.is_empty() && !tax.reason.is_empty(), "{tax:?}");
                let alike = |t: &&crate::Tax| {
                    (&t.jurisdiction, &t.name, t.rate_ppm) == (&tax.jurisdiction, &tax.name, tax.rate_ppm)
                };
                assert_eq!(part.taxes.iter().filter(alike).count(), 1, "{tax:?}");
            }
            assert!(part.taxes.iter().any(|tax| tax.amount.minor() > 0), "{part:?}");
        }
        assert!(answer.expires_ms > 0 && !answer.reference.is_empty());
    }
}

async fn a_key_answers_once(subject: &Subject) {
    let (_, first) = subject.calculated("once", false).await;
    let (_, second) = subject.calculated("once", false).await;
    assert_eq!(first, second);
    let order = subject.key("once-order");
    let record = || subject.provider.record(&order, &first.reference, &order);
    let (kept, again) = (record().await.expect("recorded"), record().await.expect("recorded again"));
    assert_eq!(kept, again);
    // One calculation is one sale.
    let other = subject.key("once-other");
    let refused = subject.provider.record(&other, &first.reference, &other).await;
    assert!(matches!(refused, Err(TaxError::Refused(_))), "{refused:?}");
}

async fn what_it_does_not_know_is_refused(subject: &Subject) {
    let question = Question { buyer: subject.unknown.clone(), ..subject.question(false) };
    let placed = subject.provider.calculate(&subject.key("unknown"), &question).await;
    assert!(matches!(placed, Err(TaxError::Refused(_))), "{placed:?}");
    let key = subject.key("unknown-record");
    let recorded = subject.provider.record(&key, "taxcalc_nothing", &key).await;
    assert!(matches!(recorded, Err(TaxError::Refused(_))), "{recorded:?}");
    let key = subject.key("unknown-reverse");
    let reversed = subject.provider.reverse(&key, "tax_nothing", &key, &Reversal::Whole).await;
    assert!(matches!(reversed, Err(TaxError::Refused(_))), "{reversed:?}");
}

async fn what_is_recorded_goes_back_in_parts_and_no_more(subject: &Subject) {
    for inclusive in [false, true] {
        let (question, answer) = subject.calculated(&format!("back-{inclusive}"), inclusive).await;
        let order = subject.key(&format!("back-order-{inclusive}"));
        let kept = subject.provider.record(&order, &answer.reference, &order).await.expect("recorded");
        assert_eq!(kept.lines.len(), question.lines.len());
        let named = |reference: &str| kept.lines.iter().find(|(ours, _)| ours == reference).map(|(_, own)| own.clone());
        assert!(question.lines.iter().all(|line| named(&line.reference).is_some()), "{kept:?}");
        let part = &answer.lines[1];
        let tax = Money::sum(Currency::USD, part.taxes.iter().map(|t| t.amount)).expect("a sum");
        let net = if inclusive { part.amount.checked_sub(tax).expect("less") } else { part.amount };
        let line = named(&question.lines[1].reference).expect("a line of its own");
        let back = Back { line, quantity: 2, net, tax };
        let what = Reversal::Parts { inclusive, lines: vec![back], shipping: None };
        let refund = subject.key(&format!("back-refund-{inclusive}"));
        let first = subject.provider.reverse(&refund, &kept.reference, &refund, &what).await.expect("reversed");
        let again = subject.provider.reverse(&refund, &kept.reference, &refund, &what).await.expect("reversed again");
        assert_eq!(first, again);
        let more = subject.key(&format!("back-more-{inclusive}"));
        let refused = subject.provider.reverse(&more, &kept.reference, &more, &what).await;
        assert!(matches!(refused, Err(TaxError::Refused(_))), "{refused:?}");
    }
    let (_, answer) = subject.calculated("whole", false).await;
    let order = subject.key("whole-order");
    let kept = subject.provider.record(&order, &answer.reference, &order).await.expect("recorded");
    let refund = subject.key("whole-refund");
    subject.provider.reverse(&refund, &kept.reference, &refund, &Reversal::Whole).await.expect("reversed");
}
