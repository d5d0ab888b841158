//! Payments and refunds in the table. A record is replaced whole under its revision.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_queue::{JobState, NewJob};
use vitrine_table::{
    CancelReason, Condition, Consistency, Item, Key, Put, TableError, Transact, TransactOp, from_item, retry, to_item,
};

use super::cards::Card;
use super::{AUTHORISED_MS, AUTHORISES, EXPIRE, SETTLE, Simulator, WEBHOOK};
use crate::{Event, NewRefund, NewSession, PaymentError, PaymentState, Refund, Result, Session};

/// Most repeated deliveries of one event.
const MOST_COPIES: u32 = 5;
/// Bytes of a payment's id at most: its own are shorter.
const MOST_ID: usize = 200;

/// Faults of webhook delivery and of answers, on demand.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Mischief {
    /// Deliveries beyond the first of every event, at most 5.
    pub duplicates: u32,
    /// Milliseconds every delivery waits.
    pub delay_ms: u32,
    /// Deliver what happened in between (settling, authorised, a decline) after what came of it.
    pub reverse: bool,
    /// Attempts of every delivery that get lost, at most 5.
    pub drop_first: u32,
    /// Calls of the shop are answered as a provider does that fails inside.
    pub refuse: bool,
    /// Milliseconds every call of the shop waits, at most 60,000.
    pub slow_ms: u32,
}

/// A payment as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) session: Session,
    pub(crate) new: NewSession,
    /// Counts replacements.
    pub(crate) rev: u64,
    /// Given up: no card is taken any more.
    pub(crate) closed: bool,
    /// The card that waits for the buyer's confirmation.
    pub(crate) confirming: Option<Card>,
    /// A bank debit on its way: whether it will succeed.
    pub(crate) debit: Option<bool>,
    /// Until when the card's bank holds what was authorised, UTC milliseconds.
    #[serde(default)]
    pub(crate) authorised_until_ms: Option<i64>,
}

impl Record {
    /// The ways to pay that its page shows, the usual one first.
    pub(crate) fn methods(&self) -> Vec<&str> {
        if self.new.methods.is_empty() {
            let held_alone = self.new.authorise && !self.new.or_at_once;
            return if held_alone { AUTHORISES.to_vec() } else { super::OFFERED.to_vec() };
        }
        self.new.methods.iter().map(String::as_str).collect()
    }

    /// Its time is over: nobody paid, or nobody captured.
    fn is_over(&self, now_ms: i64) -> bool {
        match self.session.state {
            PaymentState::Open => now_ms >= self.new.expires_ms,
            PaymentState::Authorised => self.authorised_until_ms.is_some_and(|until| now_ms >= until),
            _ => false,
        }
    }

    /// Whether the page takes a payment at `now_ms`.
    pub(crate) fn payable(&self, now_ms: i64) -> bool {
        let open = matches!(self.session.state, PaymentState::Open | PaymentState::Failed);
        open && !self.closed && now_ms < self.new.expires_ms
    }
}

#[derive(Serialize, Deserialize)]
struct StoredRefund {
    new: NewRefund,
    refund: Refund,
}

fn record_key(id: &str) -> Key {
    Key::new(format!("SIMPAY#{id}"), "SESSION")
}

fn control_key() -> Key {
    Key::new("SIMCONTROL", "MISCHIEF")
}

fn unavailable(error: impl std::fmt::Display) -> PaymentError {
    PaymentError::Unavailable(error.to_string())
}

impl Simulator {
    pub(crate) async fn create(&self, new: NewSession) -> Result<Session> {
        let id = self.derived("cs", &new.idempotency_key);
        let session = Session {
            url: format!("{}/simulator/pay/{id}", self.config.base_url.trim_end_matches('/')),
            reference: new.reference.clone(),
            state: PaymentState::Open,
            charge_id: None,
            amount_minor: new.amount_minor,
            refunded_minor: 0,
            currency: new.currency.clone(),
            failure: None,
            method: None,
            last4: None,
            country: None,
            fingerprint: None,
            id: id.clone(),
        };
        let record = Record {
            session,
            new: new.clone(),
            rev: 0,
            closed: false,
            confirming: None,
            debit: None,
            authorised_until_ms: None,
        };
        let item = to_item(&record_key(&id), &record).map_err(unavailable)?;
        let expire = self.job(EXPIRE, id.clone(), json!({"id": id}), new.expires_ms.max(0));
        match self.commit(vec![(item, Condition::ItemAbsent)], vec![expire]).await {
            Ok(()) => Ok(record.session),
            Err(error) if error.failed_condition(0).is_some() => {
                let record = self.current(&id).await?;
                if record.new != new {
                    return Err(PaymentError::Invalid("the idempotency key was used for another payment".into()));
                }
                Ok(record.session)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The record, expired if its time is over.
    pub(crate) async fn current(&self, id: &str) -> Result<Record> {
        let record = self.read(id).await?;
        if record.is_over(self.clock.now_ms()) {
            return self.change(id, |_, _| Ok(())).await;
        }
        Ok(record)
    }

    async fn read(&self, id: &str) -> Result<Record> {
        if id.len() > MOST_ID {
            return Err(PaymentError::NotFound);
        }
        let item = self.table.get(&record_key(id), Consistency::Strong).await.map_err(unavailable)?;
        from_item(item.ok_or(PaymentError::NotFound)?).map_err(unavailable)
    }

    /// How a payment stands, without ending it if its time is over.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store fails.
    pub async fn look(&self, id: &str) -> Result<Session> {
        Ok(self.read(id).await?.session)
    }

    /// Whether an event about a payment is still to be delivered.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store fails.
    pub async fn telling(&self, id: &str) -> Result<bool> {
        let record = self.read(id).await?;
        for rev in 0..=record.rev {
            let event = self.derived("evt", &format!("{id}:{rev}"));
            for copy in 0..=MOST_COPIES {
                let state = self.queue.state(WEBHOOK, &format!("{event}-{copy}")).await.map_err(unavailable)?;
                if state == Some(JobState::Waiting) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Changes a record; a new state is told by webhook, in the same transaction. `apply` gets the time too.
    pub(crate) async fn change(
        &self,
        id: &str,
        apply: impl Fn(&mut Record, i64) -> Result<()> + Send,
    ) -> Result<Record> {
        for _ in 0..20 {
            // What faults are in force goes along: a change is one read and one write.
            let keys = vec![record_key(id), control_key()];
            let mut found = retry::get_each(&*self.table, keys).await.map_err(unavailable)?.into_iter();
            let before: Record =
                from_item(found.next().flatten().ok_or(PaymentError::NotFound)?).map_err(unavailable)?;
            let mischief = self.mischief_of(found.next().flatten())?;
            let now = self.clock.now_ms();
            let mut after = before.clone();
            if after.is_over(now) {
                after.session.state = PaymentState::Expired;
                after.confirming = None;
            }
            apply(&mut after, now)?;
            after.rev += 1;
            let mut jobs = Vec::new();
            let name = match after.session.state {
                PaymentState::Open => None,
                PaymentState::Settling => Some("session.settling"),
                PaymentState::Authorised => Some("session.authorised"),
                PaymentState::Captured => Some("session.captured"),
                PaymentState::Failed => Some("session.failed"),
                PaymentState::Expired => Some("session.expired"),
            };
            // A second decline is an event too, although the state stays.
            let news = before.session.state != after.session.state
                || (after.session.state == PaymentState::Failed && before.session != after.session);
            if let Some(name) = name.filter(|_| news) {
                jobs.extend(self.webhooks(name, &after, None, mischief)?);
            }
            if before.debit.is_none() && after.debit.is_some() {
                let delay = i64::try_from(self.config.settle_delay.as_millis()).unwrap_or(i64::MAX / 2);
                jobs.push(self.job(SETTLE, format!("{id}-{}", after.rev), json!({"id": id}), now + delay));
            }
            if before.session.state != after.session.state && after.session.state == PaymentState::Authorised {
                let until = now + AUTHORISED_MS;
                after.authorised_until_ms = Some(until);
                jobs.push(self.job(EXPIRE, format!("{id}-{}", after.rev), json!({"id": id}), until));
            }
            let item = to_item(&record_key(id), &after).map_err(unavailable)?;
            match self.commit(vec![(item, Condition::eq("rev", before.rev))], jobs).await {
                Ok(()) => return Ok(after),
                Err(error) if error.failed_condition(0).is_some() || error.is_retryable() => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Err(unavailable("the payment is being changed by others"))
    }

    pub(crate) async fn give_back(&self, new: NewRefund) -> Result<Refund> {
        let refund = Refund { id: self.derived("re", &new.idempotency_key), amount_minor: new.amount_minor };
        let key = Key::new(format!("SIMREFUND#{}", refund.id), "REFUND");
        for _ in 0..20 {
            if let Some(item) = self.table.get(&key, Consistency::Strong).await.map_err(unavailable)? {
                let stored: StoredRefund = from_item(item).map_err(unavailable)?;
                if stored.new != new {
                    return Err(PaymentError::Invalid("the idempotency key was used for another refund".into()));
                }
                return Ok(stored.refund);
            }
            let before = self.read(&new.session_id).await?;
            let left = before.session.amount_minor - before.session.refunded_minor;
            if before.session.state != PaymentState::Captured || new.amount_minor > left {
                return Err(PaymentError::Invalid("more would be refunded than was captured".into()));
            }
            let mut after = before.clone();
            after.rev += 1;
            after.session.refunded_minor += new.amount_minor;
            let stored = StoredRefund { new: new.clone(), refund: refund.clone() };
            let puts = vec![
                (to_item(&record_key(&new.session_id), &after).map_err(unavailable)?, Condition::eq("rev", before.rev)),
                (to_item(&key, &stored).map_err(unavailable)?, Condition::ItemAbsent),
            ];
            let mischief = self.mischief().await?;
            let jobs = self.webhooks("refund.created", &after, Some(refund.clone()), mischief)?;
            match self.commit(puts, jobs).await {
                Ok(()) => return Ok(refund),
                Err(TableError::Cancelled(reasons))
                    if reasons.iter().all(|r| !matches!(r, CancelReason::Invalid(_))) => {}
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Err(unavailable("the payment is being changed by others"))
    }

    /// The faults in force.
    ///
    /// # Errors
    /// `Unavailable` if the store fails.
    pub async fn mischief(&self) -> Result<Mischief> {
        let item = self.table.get(&control_key(), Consistency::Strong).await.map_err(unavailable)?;
        self.mischief_of(item)
    }

    fn mischief_of(&self, item: Option<Item>) -> Result<Mischief> {
        match item {
            Some(item) => from_item::<Control>(item).map(|c| c.mischief).map_err(unavailable),
            None => Ok(self.config.mischief),
        }
    }

    /// Puts other faults in force, for every process.
    ///
    /// # Errors
    /// `Invalid` above the limits of [`Mischief`]; `Unavailable` if the store fails.
    pub async fn set_mischief(&self, mischief: Mischief) -> Result<()> {
        if mischief.duplicates > MOST_COPIES || mischief.drop_first > 5 || mischief.slow_ms > 60_000 {
            return Err(PaymentError::Invalid("at most 5 duplicates, 5 lost attempts and a minute".into()));
        }
        let item = to_item(&control_key(), &Control { mischief }).map_err(unavailable)?;
        self.table.put(Put { item, condition: None }).await.map_err(unavailable)?;
        Ok(())
    }

    fn webhooks(&self, name: &str, record: &Record, refund: Option<Refund>, mischief: Mischief) -> Result<Vec<NewJob>> {
        let now = self.clock.now_ms();
        let id = self.derived("evt", &format!("{}:{}", record.session.id, record.rev));
        let event =
            Event { id: id.clone(), kind: name.to_owned(), created_ms: now, session: record.session.clone(), refund };
        let body = serde_json::to_string(&event).map_err(unavailable)?;
        let mut at = now + i64::from(mischief.delay_ms);
        if mischief.reverse && matches!(name, "session.settling" | "session.authorised" | "session.failed") {
            at += i64::try_from(self.config.settle_delay.as_millis()).unwrap_or(i64::MAX / 4) + 10_000;
        }
        let payload = json!({"body": body, "dropFirst": mischief.drop_first});
        Ok((0..=mischief.duplicates)
            .map(|copy| self.job(WEBHOOK, format!("{id}-{copy}"), payload.clone(), at))
            .collect())
    }

    fn job(&self, kind: &str, key: String, payload: serde_json::Value, run_at_ms: i64) -> NewJob {
        NewJob { kind: kind.to_owned(), key, payload, run_at_ms, max_attempts: 15, trace: None }
    }

    /// All items and jobs at once. Jobs of a queue outside the table follow the commit.
    async fn commit(&self, puts: Vec<(Item, Condition)>, jobs: Vec<NewJob>) -> std::result::Result<(), TableError> {
        let mut ops: Vec<TransactOp> = puts
            .into_iter()
            .map(|(item, condition)| TransactOp::Put(Put { item, condition: Some(condition) }))
            .collect();
        let failed = |e: vitrine_queue::QueueError| TableError::Unavailable(e.to_string());
        let mut outside = Vec::new();
        for job in jobs {
            match self.queue.as_item(&job).map_err(failed)? {
                Some(item) => ops.push(TransactOp::Put(Put { item, condition: None })),
                None => outside.push(job),
            }
        }
        self.table.transact(Transact { ops, token: None }).await?;
        for job in outside {
            self.queue.enqueue(job).await.map_err(failed)?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Control {
    mischief: Mischief,
}
