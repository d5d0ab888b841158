//! Counters of attempts, and the growing pause they cause.
//!
//! Invariants: an attempt is counted before it is made, in one conditional write, so a hundred at once are a hundred
//! counted; a subject is a hash, known and unknown addresses are treated alike.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vitrine_clock::SharedClock;
use vitrine_table::{Condition, Key, Table, TableError};

use crate::crypto::hash;
use crate::store::Store;

/// Attempts on one account before the first pause.
pub(crate) const FREE_PER_ACCOUNT: i64 = 5;
/// Attempts from one address before the first pause; an office shares one.
pub(crate) const FREE_PER_ADDRESS: i64 = 50;
/// Mails to one address before the first pause.
pub(crate) const FREE_MAILS: i64 = 3;

const FIRST_PAUSE_MS: i64 = 30_000;
const LONGEST_PAUSE_MS: i64 = 3_600_000;
const FORGET_AFTER_MS: i64 = 24 * 3_600_000;

/// How long the subject waits after its `attempts`-th: nothing, then 30 s, doubling, at most an hour.
fn pause_ms(attempts: i64, free: i64) -> i64 {
    match attempts - free {
        over if over < 0 => 0,
        over => (FIRST_PAUSE_MS << over.min(10)).min(LONGEST_PAUSE_MS),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    attempts: i64,
    until_ms: i64,
    last_ms: i64,
    rev: i64,
    ttl: i64,
}

/// Who is counted, by a hash.
#[derive(Debug)]
pub struct Subject {
    key: String,
    free: i64,
}

impl Subject {
    pub(crate) fn account(normalised_email: &str) -> Self {
        Self { key: format!("account#{}", hash(normalised_email)), free: FREE_PER_ACCOUNT }
    }

    pub(crate) fn mail(normalised_email: &str) -> Self {
        Self { key: format!("mail#{}", hash(normalised_email)), free: FREE_MAILS }
    }

    /// Who is written to because somebody typed the address, of an address in the form of
    /// [`crate::account::normalise_email`]; `what` keeps the counts of different mails apart. Three go out, then a pause
    /// grows from 30 seconds to an hour.
    pub fn typed(what: &str, normalised_email: &str) -> Self {
        Self { key: format!("{what}#{}", hash(normalised_email)), free: FREE_MAILS }
    }

    /// An IPv6 subscriber owns a /64, so that is what counts.
    pub(crate) fn address(ip: Option<IpAddr>) -> Self {
        let network = match ip.map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => format!("{:x?}", &ip.segments()[..4]),
            None => "unknown".to_owned(),
        };
        Self { key: format!("address#{}", hash(&network)), free: FREE_PER_ADDRESS }
    }

    fn item(&self) -> Key {
        Key::new(format!("IDPTRY#{}", self.key), "COUNT")
    }
}

/// The counters. Cheap to clone.
#[derive(Clone)]
pub struct Throttle {
    pub(crate) store: Store,
    pub(crate) clock: SharedClock,
}

impl Throttle {
    /// Counters in `table`.
    pub fn new(table: Arc<dyn Table>, clock: SharedClock) -> Self {
        Self { store: Store(table), clock }
    }

    /// Counts one attempt. `Err(ms)`: not now, wait that long; nothing was counted.
    ///
    /// # Errors
    /// The store's.
    pub async fn attempt(&self, subject: &Subject) -> Result<Result<(), i64>, TableError> {
        let key = subject.item();
        for _ in 0..8 {
            let now = self.clock.now_ms();
            let known = self.store.get::<Count>(&key).await?.filter(|c| c.last_ms + FORGET_AFTER_MS > now);
            if let Some(count) = &known
                && count.until_ms > now
            {
                return Ok(Err(count.until_ms - now));
            }
            let attempts = known.as_ref().map_or(0, |c| c.attempts) + 1;
            if self.write(&key, known.map(|c| c.rev), attempts, now + pause_ms(attempts, subject.free), now).await? {
                return Ok(Ok(()));
            }
        }
        // Eight writers came first: that many at once is what this is against.
        Ok(Err(1000))
    }

    /// The attempt was a right one: an account starts anew.
    pub(crate) async fn forgive(&self, subject: &Subject) -> Result<(), TableError> {
        self.store.remove(&subject.item()).await
    }

    /// The attempt was a right one: it does not count against the address, earlier wrong ones still do.
    pub(crate) async fn take_back(&self, subject: &Subject) -> Result<(), TableError> {
        let key = subject.item();
        for _ in 0..8 {
            let Some(count) = self.store.get::<Count>(&key).await? else {
                return Ok(());
            };
            let attempts = (count.attempts - 1).max(0);
            let until = count.last_ms + pause_ms(attempts, subject.free);
            if self.write(&key, Some(count.rev), attempts, until, count.last_ms).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn write(
        &self,
        key: &Key,
        rev: Option<i64>,
        attempts: i64,
        until_ms: i64,
        last_ms: i64,
    ) -> Result<bool, TableError> {
        let ttl = (last_ms + FORGET_AFTER_MS) / 1000 + 1;
        let count = Count { attempts, until_ms, last_ms, rev: rev.unwrap_or(0) + 1, ttl };
        let condition = rev.map_or(Condition::ItemAbsent, |rev| Condition::eq("rev", rev));
        self.store.put_if(key, &count, condition).await
    }
}

impl std::fmt::Debug for Throttle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Throttle")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_an_hour() {
        let pauses: Vec<i64> = (1..=14).map(|n| pause_ms(n, FREE_PER_ACCOUNT) / 1000).collect();
        assert_eq!(pauses, [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(pause_ms(i64::MAX, 5), LONGEST_PAUSE_MS);
    }

    #[test]
    fn one_subscriber_is_one_address() {
        let of = |ip: &str| Subject::address(ip.parse().ok()).key;
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
