//! What a buyer does: pay by card or bank debit, confirm or refuse.

use super::Simulator;
use super::cards::{self, Card, Fate, Fault, Form};
use super::store::Record;
use crate::{PaymentError, PaymentState, Result, Session};

impl Simulator {
    /// Pays, or authorises a payment that was begun so. The inner error lists fields that are wrong, and nothing changed; a decline is a session that failed and
    /// may be paid again. A card that needs confirmation leaves the state and waits for [`Simulator::confirm`].
    ///
    /// # Errors
    /// `NotFound`; `Invalid` if the payment is over or was not to be made in this way; `Unavailable` if the store fails.
    pub async fn pay(&self, id: &str, form: &Form) -> Result<std::result::Result<Session, Vec<Fault>>> {
        Ok(self.pay_with(id, form).await?.map(|record| record.session))
    }

    pub(super) async fn pay_with(&self, id: &str, form: &Form) -> Result<std::result::Result<Record, Vec<Fault>>> {
        if form.method == "bank_debit" {
            let succeeds = match form.debit.as_str() {
                "settles" => true,
                "fails" => false,
                _ => return Ok(Err(vec![("debit", "error-debit")])),
            };
            let record = self.change(id, |record, now| {
                payable(record, now, "bank_debit")?;
                record.confirming = None;
                record.debit = Some(succeeds);
                began(record, "bank_debit", None);
                record.session.state = PaymentState::Settling;
                Ok(())
            });
            return Ok(Ok(record.await?));
        }
        let (fate, card) = match cards::check(form, self.clock.now_ms()) {
            Ok(checked) => checked,
            Err(faults) => return Ok(Err(faults)),
        };
        let record = self.change(id, |record, now| {
            payable(record, now, "card")?;
            record.confirming = None;
            match fate {
                Fate::Confirms => record.confirming = Some(card.clone()),
                Fate::Succeeds => taken(record, &card),
                Fate::Fails(code) => declined(record, &card, code),
            }
            Ok(())
        });
        Ok(Ok(record.await?))
    }

    /// Answers the card issuer's question: `true` confirms.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` if nothing waits for confirmation; `Unavailable` if the store fails.
    pub async fn confirm(&self, id: &str, confirmed: bool) -> Result<Session> {
        let record = self.change(id, |record, now| {
            payable(record, now, "card")?;
            let card = record
                .confirming
                .take()
                .ok_or_else(|| PaymentError::Invalid("no card waits for confirmation".into()))?;
            if confirmed {
                taken(record, &card);
            } else {
                declined(record, &card, "authentication_failed");
            }
            Ok(())
        });
        Ok(record.await?.session)
    }
}

fn payable(record: &Record, now_ms: i64, method: &str) -> Result<()> {
    if !record.methods().contains(&method) {
        return Err(PaymentError::Invalid("this payment cannot be made in this way".into()));
    }
    if record.payable(now_ms) { Ok(()) } else { Err(PaymentError::Invalid("the payment is over".into())) }
}

fn began(record: &mut Record, method: &str, card: Option<&Card>) {
    record.session.charge_id = Some(format!("ch_{}_{}", record.session.id.trim_start_matches("cs_"), record.rev));
    record.session.method = Some(method.to_owned());
    record.session.last4 = card.map(|card| card.last4.clone());
    record.session.country = card.and_then(|card| card.country.clone());
    record.session.fingerprint = card.map(|card| card.fingerprint.clone());
    record.session.failure = None;
}

/// The card's bank says yes.
fn taken(record: &mut Record, card: &Card) {
    began(record, "card", Some(card));
    record.session.state = if record.new.authorise { PaymentState::Authorised } else { PaymentState::Captured };
}

fn declined(record: &mut Record, card: &Card, code: &str) {
    began(record, "card", Some(card));
    record.session.state = PaymentState::Failed;
    record.session.failure = Some(code.to_owned());
}
