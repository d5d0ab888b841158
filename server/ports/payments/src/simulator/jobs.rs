//! What the simulator does later: settle debits, end payments in time, deliver webhooks.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use vitrine_queue::Job;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};

use super::{SIGNATURE_HEADER, Simulator};
use crate::{PaymentError, PaymentState, signature};

/// Kind of the job that settles a bank debit.
pub const SETTLE: &str = "simulator.settle";
/// Kind of the job that ends a payment nobody made.
pub const EXPIRE: &str = "simulator.expire";
/// Kind of the job that delivers one webhook.
pub const WEBHOOK: &str = "simulator.webhook";

impl Simulator {
    /// The handlers of the simulator's jobs, for the server's worker.
    pub fn handlers(&self) -> Handlers {
        let made = |what| -> Arc<dyn Handler> { Arc::new(Task { simulator: self.clone(), what }) };
        Handlers::from([
            (SETTLE.to_owned(), made(What::Settle)),
            (EXPIRE.to_owned(), made(What::Expire)),
            (WEBHOOK.to_owned(), made(What::Webhook)),
        ])
    }
}

#[derive(Clone, Copy)]
enum What {
    Settle,
    Expire,
    Webhook,
}

struct Task {
    simulator: Simulator,
    what: What,
}

#[derive(Deserialize)]
struct OfPayment {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    body: String,
    drop_first: u32,
}

#[async_trait]
impl Handler for Task {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let payload = job.job.payload.clone();
        match self.what {
            What::Settle => {
                let OfPayment { id } = serde_json::from_value(payload).map_err(JobFailed::new)?;
                let settled = self.simulator.change(&id, |record, _| {
                    // Done before: the second run changes nothing.
                    if let Some(succeeds) = record.debit.filter(|_| record.session.state == PaymentState::Settling) {
                        record.debit = None;
                        if succeeds {
                            record.session.state = PaymentState::Captured;
                        } else {
                            record.session.state = PaymentState::Failed;
                            record.session.failure = Some("bank_refused".into());
                        }
                    }
                    Ok(())
                });
                settled.await.map_err(JobFailed::new)?;
            }
            What::Expire => {
                let OfPayment { id } = serde_json::from_value(payload).map_err(JobFailed::new)?;
                match self.simulator.current(&id).await {
                    Ok(_) | Err(PaymentError::NotFound) => {}
                    Err(error) => return Err(JobFailed::new(error)),
                }
            }
            What::Webhook => {
                let delivery: Delivery = serde_json::from_value(payload).map_err(JobFailed::new)?;
                if job.attempt <= delivery.drop_first {
                    return Err(JobFailed("this delivery was lost on purpose".into()));
                }
                self.deliver(delivery.body).await?;
            }
        }
        Ok(Outcome::Done)
    }
}

impl Task {
    async fn deliver(&self, body: String) -> Result<(), JobFailed> {
        let config = &self.simulator.config;
        // Signed at delivery: a late one must not look old.
        let header = signature::sign(&[&config.webhook_secret], self.simulator.clock.now_secs(), body.as_bytes());
        let answer = self
            .simulator
            .http
            .post(&config.webhook_url)
            .header("content-type", "application/json")
            .header(SIGNATURE_HEADER, header)
            .body(body)
            .send()
            .await
            .map_err(JobFailed::new)?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(JobFailed(format!("the receiver answered {}", answer.status())))
        }
    }
}
