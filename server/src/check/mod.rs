//! What must hold of a shop's data at rest, looked at as a whole: every violation is named with the keys it is about.
//!
//! Invariants of the look itself:
//! - It reads; what it finds, people mend. Removing files that nothing names ([`Check::remove_orphans`]) is asked for by itself.
//! - It walks listings in pages. What it keeps in memory grows by some bytes per file, stocked edition and pair of works
//!   bought together, never by whole records.
//! - What a waiting job will still do is in hand and no violation; what a job gave up on is one.
//! - In a running shop records move while they are looked at, so a finding counts if a second look finds it too.
//!
//! Not here: damage that shows at the first read anyway (a file's hash on its way to a buyer), rates and totals of prices.

mod catalogue;
mod files;
mod job;
mod papers;
mod promotions;
mod purchases;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use vitrine_blob::Blob;
use vitrine_clock::SharedClock;
use vitrine_mail::outbox::OutboxMail;
use vitrine_payments::simulator::Simulator;
use vitrine_queue::{JobState, SharedQueue};
use vitrine_search::Search;
use vitrine_table::Table;

use crate::catalog::index::Indexer;
use crate::catalog::store::CatalogStore;
use crate::checkout::Checkouts;
use crate::fault::{self, Result};
use crate::invoices::Invoices;
use crate::state::App;

pub use files::{Depth, UNNAMED_MS};
pub use job::{NIGHTLY, handlers, last, schedule};

/// Violations of one invariant that are named; further ones are counted.
const MOST_NAMED: u64 = 200;
/// How long a running shop gets to bring to its end what a first look met half-way.
const SETTLE: Duration = Duration::from_secs(2);

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// The store's own files.
    Table,
    /// Checkouts and orders.
    CheckoutWhole,
    /// Captured money.
    PaymentEnds,
    /// Access.
    Grants,
    /// Documents.
    Invoices,
    /// Numbers of documents.
    InvoiceSeries,
    /// Mails.
    Receipts,
    /// Money back.
    Refunds,
    /// What sellers see.
    Sales,
    /// Pieces held and sold.
    Holds,
    /// Uses of promotions.
    Promotions,
    /// Pieces as a whole.
    Stock,
    /// Gift cards and store credit.
    Value,
    /// Counts of what is bought together.
    Together,
    /// Counts of readers.
    Readers,
    /// Unique names and lists.
    Names,
    /// The search index.
    Index,
    /// Files that records name.
    FilesThere,
    /// Files that no record names.
    FilesUsed,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Table,
        Self::CheckoutWhole,
        Self::PaymentEnds,
        Self::Grants,
        Self::Invoices,
        Self::InvoiceSeries,
        Self::Receipts,
        Self::Refunds,
        Self::Sales,
        Self::Holds,
        Self::Promotions,
        Self::Stock,
        Self::Value,
        Self::Together,
        Self::Readers,
        Self::Names,
        Self::Index,
        Self::FilesThere,
        Self::FilesUsed,
    ];

    /// Its name in reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::CheckoutWhole => "checkout-whole",
            Self::PaymentEnds => "payment-ends",
            Self::Grants => "grants",
            Self::Invoices => "invoices",
            Self::InvoiceSeries => "invoice-series",
            Self::Receipts => "receipts",
            Self::Refunds => "refunds",
            Self::Sales => "sales",
            Self::Holds => "holds",
            Self::Promotions => "promotions",
            Self::Stock => "stock",
            Self::Value => "value",
            Self::Together => "together",
            Self::Readers => "readers",
            Self::Names => "names",
            Self::Index => "index",
            Self::FilesThere => "files-there",
            Self::FilesUsed => "files-used",
        }
    }

    /// What it says.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Table => "The table's file is sound: every page and index of it can be read and they agree.",
            Self::CheckoutWhole => {
                "A checkout and all of its orders are paid or none is, only for captured money of that amount or a total of 0, once for each attempt."
            }
            Self::PaymentEnds => {
                "Every captured payment ends as one paid checkout, or all of it goes back with a reason; a checkout that waits for money has the job that ends its waiting."
            }
            Self::Grants => {
                "Every paid line of files has its one grant, revoked once it was refunded; nothing unpaid has one."
            }
            Self::Invoices => {
                "Every paid order that cost something has its one invoice; a void one has a credit note over all of it and another in its place."
            }
            Self::InvoiceSeries => {
                "The numbers of a seller's series run from 1 to its counter, none missing, none twice; sellers that are one legal entity have different prefixes."
            }
            Self::Receipts => "Every paid checkout has its one mail, kept under its key or waiting to be sent.",
            Self::Refunds => {
                "What an order gave back is the sum of its refunds; each has a reason and, once carried out, its money and its credit note."
            }
            Self::Sales => "A seller's list of sales holds each paid order and each refund once, and nothing else.",
            Self::Holds => {
                "Pieces reserved are those of checkouts that wait for money; pieces sold are those of paid ones."
            }
            Self::Promotions => {
                "Uses of a promotion, in total and by customer, are those of checkouts that wait for money or are paid."
            }
            Self::Stock => {
                "Of every counted edition: initial + restocked = available + reserved + sold, and none is negative."
            }
            Self::Value => {
                "Of every gift card and store credit: available + held is the sum of its entries, none is negative, and what is held is held for checkouts that wait for money; what a paid checkout or a refund took or gave is posted once; every card of a paid order was issued with what was paid for it."
            }
            Self::Together => "What was bought together is counted once for each paid checkout.",
            Self::Readers => "A list's count of readers is the number of its confirmed readers.",
            Self::Names => "Handles, slugs and SKUs lead to what bears them; the list of drafts holds the drafts.",
            Self::Index => "The search index holds what is published, as it is now, and nothing else.",
            Self::FilesThere => "Every file that a record names is there, whole, with its hash.",
            Self::FilesUsed => "Every file older than a day is named by a record.",
        }
    }
}

/// One thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which invariant.
    pub invariant: Invariant,
    /// Ids and keys it is about.
    pub keys: Vec<String>,
    /// What is there and what should be.
    pub what: String,
}

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When it ended, UTC milliseconds.
    pub at_ms: i64,
    /// How long it took, milliseconds.
    pub took_ms: u64,
    /// Violations by name of the invariant; all invariants are there.
    pub counts: BTreeMap<String, u64>,
    /// The first ones of each.
    pub violations: Vec<Violation>,
    /// What waits for a job that is due or runs.
    pub in_hand: u64,
    /// How much was looked at, by kind.
    pub seen: BTreeMap<String, u64>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

impl Report {
    /// Nothing is violated.
    pub fn holds(&self) -> bool {
        self.counts.values().all(|count| *count == 0)
    }
}

/// Collects while looking.
#[derive(Default)]
struct Findings {
    counts: BTreeMap<Invariant, u64>,
    violations: Vec<Violation>,
    in_hand: u64,
    seen: BTreeMap<&'static str, u64>,
    unseen: Vec<String>,
}

impl Findings {
    fn say<K: std::fmt::Display>(&mut self, invariant: Invariant, keys: &[K], what: impl Into<String>) {
        let count = self.counts.entry(invariant).or_default();
        *count += 1;
        if *count <= MOST_NAMED {
            let keys = keys.iter().map(ToString::to_string).collect();
            self.violations.push(Violation { invariant, keys, what: what.into() });
        }
    }

    fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Keeps what `other` found too. Which ones are named of very many may differ, so a count over the named stays.
    fn confirmed(mut self, other: &Self) -> Self {
        self.violations.retain(|v| other.violations.iter().any(|o| o.invariant == v.invariant && o.keys == v.keys));
        for (invariant, count) in &mut self.counts {
            if *count <= MOST_NAMED {
                *count = self.violations.iter().filter(|v| v.invariant == *invariant).count() as u64;
            }
        }
        self
    }
}

/// How to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// The shop runs meanwhile.
    pub live: bool,
    /// How closely files are looked at.
    pub files: Depth,
    /// From which age on a file that no record names is one too many, milliseconds.
    pub unnamed_ms: i64,
}

/// Looks. Cheap to clone.
#[derive(Clone)]
pub struct Check {
    pub(crate) table: Arc<dyn Table>,
    pub(crate) blob: Arc<dyn Blob>,
    pub(crate) queue: SharedQueue,
    pub(crate) search: Arc<dyn Search>,
    pub(crate) simulator: Option<Simulator>,
    pub(crate) outbox: Option<Arc<OutboxMail>>,
    pub(crate) catalog: CatalogStore,
    pub(crate) indexer: Indexer,
    pub(crate) checkouts: Checkouts,
    pub(crate) clock: SharedClock,
    pub(crate) invoices: Invoices,
}

impl Check {
    /// Of this shop.
    pub fn of(app: &App) -> Self {
        Self {
            table: app.table.clone(),
            blob: app.blob.clone(),
            queue: app.queue.clone(),
            search: app.search.clone(),
            simulator: app.simulator.clone(),
            outbox: app.outbox.is_some().then(|| Arc::new(OutboxMail::new(app.table.clone(), app.clock.clone()))),
            catalog: app.catalog.records().clone(),
            indexer: app.indexer(),
            checkouts: app.checkouts.clone(),
            clock: app.clock.clone(),
            invoices: app.invoices.clone(),
        }
    }

    /// Looks at everything.
    ///
    /// # Errors
    /// The stores'; what is damaged is a finding where that can be told.
    pub async fn run(&self, how: How) -> Result<Report> {
        let begun = Instant::now();
        let mut found = self.look(how).await?;
        if how.live && !found.violations.is_empty() {
            tokio::time::sleep(SETTLE).await;
            let again = self.look(how).await?;
            found = again.confirmed(&found);
        }
        let counts = Invariant::ALL.iter().map(|i| (i.name().to_owned(), found.counts.get(i).copied().unwrap_or(0)));
        Ok(Report {
            at_ms: self.clock.now_ms(),
            took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            counts: counts.collect(),
            violations: found.violations,
            in_hand: found.in_hand,
            seen: found.seen.into_iter().map(|(what, count)| (what.to_owned(), count)).collect(),
            unseen: found.unseen,
        })
    }

    async fn look(&self, how: How) -> Result<Findings> {
        let mut out = Findings::default();
        for line in self.table.damage().await.map_err(fault::table)? {
            out.say(Invariant::Table, &["table.sqlite"], line);
        }
        if let Err(problem) = self.records(how, &mut out).await {
            // What is damaged is the finding; what cannot be read for it is named with it.
            let damaged = match problem.code.as_str() {
                "file_damaged" => Invariant::FilesThere,
                "damaged" => Invariant::Table,
                _ if out.counts.contains_key(&Invariant::Table) => Invariant::Table,
                _ => return Err(problem),
            };
            if !out.counts.contains_key(&damaged) {
                out.say(damaged, &["the data directory"], problem.title.clone());
            }
            out.unseen.push(format!("what comes after the damage: {}", problem.title));
        }
        Ok(out)
    }

    async fn records(&self, how: How, out: &mut Findings) -> Result<()> {
        let mut files = files::Files::new(how.files);
        let sums = self.purchases(&mut files, out).await?;
        self.values(&sums, out).await?;
        self.promotions(&sums, out).await?;
        self.catalogue(&sums, &mut files, out).await?;
        self.orphans(how.unnamed_ms, &mut files, out).await
    }

    /// Whether a job will still do it: a job that gave up is said as a violation of `invariant`.
    async fn in_hand(
        &self,
        kind: &str,
        key: &str,
        invariant: Invariant,
        out: &mut Findings,
    ) -> Result<Option<JobState>> {
        let state = self.queue.state(kind, key).await.map_err(|e| fault::internal("the queue", &e))?;
        match state {
            Some(JobState::Waiting) => out.in_hand += 1,
            Some(JobState::Dead) => {
                out.say(invariant, &[key], format!("its job {kind} gave up; put it back at /admin/jobs"));
            }
            None => {}
        }
        Ok(state)
    }
}
