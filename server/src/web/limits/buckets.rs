//! Counts of this node, and the blocks of tokens it leases from all nodes' count.
//!
//! Invariants:
//! - A token is spent once. What all nodes leased of a window never exceeds its pool: one conditional update leases a block.
//! - A class that is shared after its first block lets each node spend one block that nobody else knows of, so `n` nodes let at most
//!   `n - 1` blocks more through than the figure; a class that is shared as a whole lets none.
//! - Memory is bounded by [`MOST`] subjects; those who ask least are forgotten first.
//! - Addresses and names stand in the table only as keyed hashes, and only for their window.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, Mac};
use moka::sync::Cache;
use sha2::Sha256;
use vitrine_clock::SharedClock;
use vitrine_table::{Condition, Key, Table, TableError, Update, UpdateItem};

use super::classes::{Class, RULES, Rule, Sharing};
use crate::secrets::Secret;

/// Subjects counted at once on one node.
pub const MOST: u64 = 50_000;
/// How long a lease may take; a store that is slower counts as away.
const LEASE_TIME: Duration = Duration::from_millis(500);
/// How often a lease is tried while other nodes take of the same window.
const TRIES: usize = 4;
/// Items of a window are kept that much longer than it.
const KEPT_SECS: i64 = 120;

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// An IPv4 address, or an IPv6 subscriber's network (/64).
    Address([u8; 8]),
    /// The same, for what pages of other sites make its browsers load.
    Embedded([u8; 8]),
    /// An account, by a hash of its id.
    Account([u8; 16]),
    /// An API key, by a hash of its id.
    Key([u8; 16]),
}

impl Who {
    /// An address; without one all who have none are one.
    pub fn address(ip: Option<IpAddr>) -> Self {
        Self::Address(network(ip))
    }

    /// An address, apart from what its people do themselves.
    pub fn embedded(ip: Option<IpAddr>) -> Self {
        Self::Embedded(network(ip))
    }

    /// An account.
    pub fn account(id: &str) -> Self {
        Self::Account(short(id))
    }

    /// An API key.
    pub fn key(id: &str) -> Self {
        Self::Key(short(id))
    }

    /// Names the kind.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Embedded(_) => "embedded",
            Self::Account(_) => "account",
            Self::Key(_) => "key",
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Address(bytes) | Self::Embedded(bytes) => bytes,
            Self::Account(bytes) | Self::Key(bytes) => bytes,
        }
    }
}

/// What of an address is one subscriber's.
fn network(ip: Option<IpAddr>) -> [u8; 8] {
    match ip.map(|ip| ip.to_canonical()) {
        // Never the beginning of a global IPv6 address.
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, d] = ip.octets();
            [0, 0, 0, 4, a, b, c, d]
        }
        Some(IpAddr::V6(ip)) => {
            let o = ip.octets();
            [o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]]
        }
        None => [0; 8],
    }
}

fn short(id: &str) -> [u8; 16] {
    use sha2::Digest;
    let mut out = [0; 16];
    out.copy_from_slice(&Sha256::digest(id.as_bytes())[..16]);
    out
}

/// What came of asking for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Go on.
    Spent,
    /// None is left in this window.
    Refused,
    /// The store that all nodes count in is away, and this class does not go on without it.
    Away,
}

/// One count as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Of which class.
    pub class: Class,
    /// Whose.
    pub kind: &'static str,
    /// Tokens of a window.
    pub quota: u32,
    /// Tokens that this node knows to be left.
    pub left: u32,
    /// Seconds until the window ends, at least 1.
    pub reset_secs: u32,
    /// What came of it.
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Number of the window; 0: none yet.
    window: i64,
    /// Tokens in hand.
    hand: u32,
    /// What is left of all nodes' pool, as last heard.
    pool: u32,
    /// The pool is known to be empty.
    empty: bool,
}

#[derive(Default)]
struct Bucket {
    state: Mutex<State>,
    /// Held by who leases: one lease at a time for one subject.
    leasing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Slot(Class, Who);

/// All counts of a node. Cheap to clone.
#[derive(Clone)]
pub struct Buckets(Arc<Inner>);

struct Inner {
    table: Arc<dyn Table>,
    clock: SharedClock,
    secret: Secret,
    rules: [Rule; RULES.len()],
    kept: Cache<Slot, Arc<Bucket>>,
}

/// How the tokens of a window are dealt out.
#[derive(Clone, Copy)]
struct Deal {
    quota: u32,
    /// Tokens of one lease.
    block: u32,
    /// Tokens all nodes lease from.
    pool: u32,
    /// Tokens in hand at the beginning of a window.
    first: u32,
}

impl Deal {
    fn of(rule: &Rule, quota: u32) -> Self {
        let block = (quota / 10).max(1);
        match rule.sharing {
            Sharing::Local => Self { quota, block: quota, pool: 0, first: quota },
            Sharing::AfterFirst => Self { quota, block, pool: quota - block.min(quota), first: block.min(quota) },
            Sharing::All => Self { quota, block, pool: quota, first: 0 },
        }
    }
}

impl Buckets {
    /// Nothing is counted yet.
    pub fn new(table: Arc<dyn Table>, clock: SharedClock, secret: Secret, rules: [Rule; RULES.len()]) -> Self {
        let longest = RULES.iter().map(|r| r.window_secs).max().unwrap_or(60);
        let idle = Duration::from_secs(u64::from(longest));
        let kept = Cache::builder().max_capacity(MOST).time_to_idle(idle).build();
        Self(Arc::new(Inner { table, clock, secret, rules, kept }))
    }

    /// Subjects counted now.
    pub fn subjects(&self) -> u64 {
        self.0.kept.entry_count()
    }

    #[cfg(test)]
    pub(super) fn settle(&self) {
        self.0.kept.run_pending_tasks();
    }

    fn rule(&self, class: Class) -> &Rule {
        // The table is in the order of the classes; a test holds it to that.
        &self.0.rules[class as usize]
    }

    fn quota(rule: &Rule, who: Who) -> u32 {
        if matches!(who, Who::Address(_) | Who::Embedded(_)) { rule.address } else { rule.caller }
    }

    fn bucket(&self, slot: Slot) -> Arc<Bucket> {
        match self.0.kept.get(&slot) {
            Some(bucket) => bucket,
            None => self.0.kept.get_with(slot, Arc::default),
        }
    }

    /// Spends one token; `None`: this class does not count such a subject.
    pub async fn take(&self, class: Class, who: Who) -> Option<Standing> {
        let rule = self.rule(class);
        let quota = Self::quota(rule, who);
        if quota == 0 {
            return None;
        }
        let deal = Deal::of(rule, quota);
        let bucket = self.bucket(Slot(class, who));
        let outcome = match self.spend(&bucket, rule, deal) {
            Some(outcome) => outcome,
            None => {
                let _one = bucket.leasing.lock().await;
                // Who waited may find what the one before leased.
                match self.spend(&bucket, rule, deal) {
                    Some(outcome) => outcome,
                    None => self.lease(&bucket, rule, deal, who).await,
                }
            }
        };
        Some(self.standing(&bucket, rule, deal, who, outcome))
    }

    /// Whether nothing is left, without spending.
    pub fn is_spent(&self, class: Class, who: Who) -> Option<Standing> {
        let rule = self.rule(class);
        let deal = Deal::of(rule, Self::quota(rule, who));
        let bucket = self.0.kept.get(&Slot(class, who))?;
        let state = *bucket.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.window(rule).0;
        (state.window == now && state.hand == 0 && state.empty)
            .then(|| self.standing(&bucket, rule, deal, who, Outcome::Refused))
    }

    /// Number of the window, seconds until it ends, second it ends in.
    fn window(&self, rule: &Rule) -> (i64, i64, i64) {
        let (now, long) = (self.0.clock.now_ms().div_euclid(1000), i64::from(rule.window_secs.max(1)));
        let number = now.div_euclid(long) + 1;
        (number, number * long - now, number * long)
    }

    /// `None`: a block must be leased first.
    fn spend(&self, bucket: &Bucket, rule: &Rule, deal: Deal) -> Option<Outcome> {
        let window = self.window(rule).0;
        let mut state = bucket.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.window != window {
            *state = State { window, hand: deal.first, pool: deal.pool, empty: deal.pool == 0 };
        }
        if state.hand > 0 {
            state.hand -= 1;
            return Some(Outcome::Spent);
        }
        state.empty.then_some(Outcome::Refused)
    }

    async fn lease(&self, bucket: &Bucket, rule: &Rule, deal: Deal, who: Who) -> Outcome {
        let (window, _, ends) = self.window(rule);
        let key = self.key(rule, who, window);
        let mut want = deal.block.min(deal.pool);
        for _ in 0..TRIES {
            let got = tokio::time::timeout(LEASE_TIME, self.ask(&key, deal.pool, want, ends)).await;
            let taken = match got {
                Ok(Ok(taken)) => taken,
                Ok(Err(Some(taken))) => {
                    let rest = deal.pool.saturating_sub(taken);
                    if rest == 0 {
                        self.hold(bucket, window, 0, 0, true);
                        return Outcome::Refused;
                    }
                    want = want.min(rest);
                    continue;
                }
                Ok(Err(None)) | Err(_) => return self.without_store(bucket, rule, deal, window),
            };
            let pool = deal.pool.saturating_sub(taken);
            self.hold(bucket, window, want.saturating_sub(1), pool, pool == 0);
            return Outcome::Spent;
        }
        // Others took what was left each time: there is next to nothing.
        Outcome::Refused
    }

    /// Takes `want` of the pool: how much of it is taken now; `Err(Some)`: how much was, and it is too much for that;
    /// `Err(None)`: the store is away.
    async fn ask(&self, key: &Key, pool: u32, want: u32, ends: i64) -> Result<u32, Option<u32>> {
        let fits = Condition::Any(vec![
            Condition::Absent("taken".into()),
            Condition::Le("taken".into(), (pool - want).into()),
        ]);
        let updates = vec![
            Update::Add("taken".into(), i64::from(want)),
            Update::SetIfAbsent("ttl".into(), (ends + KEPT_SECS).into()),
            Update::SetIfAbsent("_v".into(), 1.into()),
        ];
        let number = |item: &vitrine_table::Item| {
            item.get("taken").and_then(serde_json::Value::as_u64).and_then(|n| u32::try_from(n).ok())
        };
        match self.0.table.update(UpdateItem { key: key.clone(), updates, condition: Some(fits) }).await {
            Ok(item) => Ok(number(&item).unwrap_or(pool)),
            Err(TableError::ConditionFailed(item)) => Err(Some(item.as_ref().and_then(number).unwrap_or(pool))),
            Err(error) => {
                tracing::warn!(%error, "tokens of a limit could not be leased");
                Err(None)
            }
        }
    }

    fn without_store(&self, bucket: &Bucket, rule: &Rule, deal: Deal, window: i64) -> Outcome {
        metrics::counter!("limits_store_away_total", "class" => rule.name).increment(1);
        if rule.sharing == Sharing::All {
            return Outcome::Away;
        }
        // Alone, a block at a time; the next block asks the store again.
        self.hold(bucket, window, deal.block.saturating_sub(1), deal.pool, false);
        Outcome::Spent
    }

    fn hold(&self, bucket: &Bucket, window: i64, hand: u32, pool: u32, empty: bool) {
        let mut state = bucket.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A window may have ended while the store was asked.
        if state.window == window {
            *state = State { window, hand, pool, empty };
        }
    }

    fn standing(&self, bucket: &Bucket, rule: &Rule, deal: Deal, who: Who, outcome: Outcome) -> Standing {
        let state = *bucket.state.lock().unwrap_or_else(PoisonError::into_inner);
        let reset_secs = u32::try_from(self.window(rule).1).unwrap_or(1).max(1);
        let left = if outcome == Outcome::Spent { (state.hand + state.pool).min(deal.quota) } else { 0 };
        Standing { class: rule.class, kind: who.kind(), quota: deal.quota, left, reset_secs, outcome }
    }

    fn key(&self, rule: &Rule, who: Who, window: i64) -> Key {
        // HMAC takes keys of any length.
        let code = Hmac::<Sha256>::new_from_slice(&self.0.secret.bytes)
            .map(|mac| mac.chain_update(who.kind()).chain_update(who.bytes()).finalize().into_bytes()[..16].to_vec())
            .unwrap_or_default();
        Key::new(format!("RATE#{}#{}", rule.name, crate::media::hex(&code)), format!("WINDOW#{window}"))
    }
}
