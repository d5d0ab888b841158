//! Rates of exchange, for amounts that are only shown: the newest day that is known, kept in the table.
//!
//! Invariants: nothing here changes what anybody pays (`vitrine_shared::views::about` makes a text of it); a file is taken as a whole or not at
//! all, never one that is older than what is kept or of a day to come; the program's own rates stand in until there are others. Rates that
//! are fetched every day show nothing after a week without them, rates that somebody brings are marked as old and go after a quarter.
//!
//! Not here: reading the files (`vitrine_pricing::fx::ecb`).

mod fetch;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::{FxTable, Staleness, ecb};
use vitrine_shared::Problem;
use vitrine_shared::views::about;
use vitrine_table::{Condition, Consistency, Key, Put, Table, Transact, TransactOp};

use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz};

pub use fetch::{FETCH, handlers, schedule};

/// How often a server looks whether another one, or a command, kept newer rates.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Its trail.
const ENTITY: &str = "rates";

/// How rates come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Fetched by the program, every day.
    Fetched,
    /// Brought by somebody, now and then.
    Brought,
}

impl Way {
    const fn staleness(self) -> Staleness {
        match self {
            Self::Fetched => Staleness::DAILY,
            Self::Brought => Staleness::OCCASIONAL,
        }
    }
}

/// As kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    table: FxTable,
    way: Way,
    /// UTC milliseconds.
    kept_ms: i64,
    rev: i64,
}

fn key() -> Key {
    Key::new("RATES#", "LAST#")
}

async fn kept(table: &dyn Table) -> Result<Option<Record>> {
    let item = table.get(&key(), Consistency::Strong).await.map_err(fault::table)?;
    item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
}

/// Keeps the rates of a file if they are newer than what is kept. The same file twice is one. Answers their day, and codes in it that are no
/// currency here.
///
/// # Errors
/// 401, 403 for who is not staff; 422 `file` with the reason for a file that is none or of a day to come; 409 `rates_older` for one that is older
/// than what is kept; the table's.
pub async fn keep(ctx: &OpCtx, table: &dyn Table, file: &[u8], way: Way) -> Result<(Date, Vec<String>)> {
    authz::staff(ctx, "rates:write")?;
    let read = ecb::read(file).map_err(|why| Problem::invalid("file", why.code(), why.to_string()))?;
    let today = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
    let date = read.table.date();
    // A day begins elsewhere before it does in UTC.
    if date.days_since(today) > 1 {
        let title = format!("These rates are of {date}, which is yet to come.");
        return Err(Problem::invalid("file", "rates_to_come", title));
    }
    let known = kept(table).await?;
    let rev = match &known {
        Some(known) if known.table == read.table && known.way == way => return Ok((date, read.unknown)),
        Some(known) if known.table.date() > date => {
            let title = format!("Rates of {} are kept already; these are of {date}.", known.table.date());
            return Err(Problem::conflict("rates_older", title));
        }
        Some(known) => known.rev,
        None => 0,
    };
    let currencies = read.table.currencies().count();
    let record = Record { table: read.table, way, kept_ms: ctx.now_ms, rev: rev + 1 };
    let mut item = vitrine_table::to_item(&key(), &record).map_err(fault::table)?;
    item.insert("_v".into(), json!(1));
    let condition = if rev == 0 { Condition::ItemAbsent } else { Condition::eq("rev", rev) };
    let what = json!({ "date": date.to_string(), "source": ecb::SOURCE, "currencies": currencies, "way": way });
    let ops = vec![
        TransactOp::Put(Put { item, condition: Some(condition) }),
        audit::entry(ctx, ENTITY, "rates.kept", "", what),
    ];
    table.transact(Transact { ops, token: None }).await.map_err(fault::table)?;
    Ok((date, read.unknown))
}

/// The rates that pages show now. Clones are one.
#[derive(Clone)]
pub struct Rates(Arc<RwLock<Arc<about::Rates>>>);

impl Default for Rates {
    /// The ones built in.
    fn default() -> Self {
        Self::of(about::Rates { table: ecb::built_in(), staleness: Staleness::OCCASIONAL })
    }
}

impl Rates {
    /// These, until newer ones are kept.
    pub fn of(rates: about::Rates) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(rates))))
    }

    /// What is known now.
    pub fn now(&self) -> Arc<about::Rates> {
        // A panic while the lock was held cannot leave half of it: one pointer is written.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what is kept if it is newer than what is known.
    ///
    /// # Errors
    /// The table's.
    pub async fn refresh(&self, table: &dyn Table) -> Result<()> {
        let Some(record) = kept(table).await? else { return Ok(()) };
        let rates = about::Rates { table: record.table, staleness: record.way.staleness() };
        let known = self.now();
        if rates != *known && rates.table.date() >= known.table.date() {
            tracing::info!(date = %rates.table.date(), "new rates of exchange");
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rates);
        }
        Ok(())
    }

    /// As [`Rates::refresh`] where `looked_ms`, UTC milliseconds of the last look, is a minute ago or more; for who has nothing that runs beside
    /// its answers. What cannot be read is told, and asked for a minute later.
    pub async fn look(&self, table: &dyn Table, now_ms: i64, looked_ms: &AtomicI64) {
        let since = now_ms.saturating_sub(looked_ms.load(Ordering::Relaxed));
        if u128::try_from(since).is_ok_and(|ms| ms < LOOK_EVERY.as_millis()) {
            return;
        }
        // Also if it does not succeed: not every request waits for it.
        looked_ms.store(now_ms, Ordering::Relaxed);
        if let Err(error) = self.refresh(table).await {
            tracing::warn!(error = error.title, "rates of exchange could not be read");
        }
    }

    /// Keeps up with what is kept until told to stop.
    pub async fn follow(self, table: Arc<dyn Table>, mut stopped: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.refresh(&*table).await {
                tracing::warn!(error = error.title, "rates of exchange could not be read");
            }
            tokio::select! {
                _ = stopped.changed() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}
