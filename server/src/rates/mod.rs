//! Rates of exchange, for amounts that are only shown and for the tax that invoices state in another currency: the newest day of the European
//! Central Bank's, the last months of HMRC's, and what somebody brings of another source, kept in the table.
//!
//! Invariants: nothing here changes what anybody pays (`vitrine_shared::views::about` makes a text of it); a file is taken as a whole or not at
//! all, never one that is older than what is kept or of a day to come; the program's own rates stand in until there are others. Rates that
//! are fetched every day show nothing after a week without them, rates that somebody brings are marked as old and go after a quarter.
//!
//! Not here: reading the files (`vitrine_pricing::fx::ecb`).

mod fetch;
pub mod hmrc;
pub mod own;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::{FxTable, Staleness, ecb};
use vitrine_pricing::money::Currency;
use vitrine_shared::Problem;
use vitrine_shared::views::about;
use vitrine_table::{Condition, Consistency, Index, Key, Put, Query, SortRange, Table, Transact, TransactOp};

use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz};

pub use fetch::{FETCH, handlers, schedule};
pub use hmrc::Month;
pub use own::Own;

/// How often a server looks whether another one, or a command, kept newer rates.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Its trail.
pub(crate) const ENTITY: &str = "rates";
/// Scope of who keeps rates.
pub(crate) const WRITE: &str = "rates:write";
/// Sort keys of months begin with this.
const MONTHS: &str = "HMRC#";
/// Sort keys of what is brought of other sources begin with this.
const OWN: &str = "OWN#";
/// Of those so many of one currency are looked at, the newest.
const MOST_OWN: usize = 40;
/// Months that are looked at: this one, the next, and those of invoices that come late.
const MOST_MONTHS: usize = 6;
/// HMRC publishes a month's rates in the week before it begins.
const MOST_DAYS_AHEAD: i32 = 31;

/// Currencies whose laws name rates that nobody here can fetch: staff bring them.
pub const BROUGHT: [&str; 4] = ["AUD", "JPY", "SGD", "ZAR"];

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

/// A month of HMRC's, as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MonthRecord {
    #[serde(flatten)]
    month: Month,
    way: Way,
    /// UTC milliseconds.
    kept_ms: i64,
    rev: i64,
}

/// Rates of another source, as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OwnRecord {
    #[serde(flatten)]
    own: Own,
    /// UTC milliseconds.
    kept_ms: i64,
    rev: i64,
}

fn key() -> Key {
    Key::new("RATES#", "LAST#")
}

/// `HMRC#2026-11-01`.
fn month_key(first: Date) -> Key {
    Key::new("RATES#", format!("{MONTHS}{first}"))
}

/// `OWN#JPY#2026-11-27#My bank`.
fn own_key(own: &Own) -> Key {
    Key::new("RATES#", format!("{OWN}{}#{}#{}", own.base, own.from, own.source))
}

async fn read_at<T: DeserializeOwned>(table: &dyn Table, key: &Key) -> Result<Option<T>> {
    let item = table.get(key, Consistency::Strong).await.map_err(fault::table)?;
    item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
}

async fn kept(table: &dyn Table) -> Result<Option<Record>> {
    read_at(table, &key()).await
}

/// The newest months, the newest first.
async fn months(table: &dyn Table) -> Result<Vec<MonthRecord>> {
    let mut query = Query::new(Index::Base, key().pk);
    query.range = SortRange::BeginsWith(MONTHS.into());
    query.descending = true;
    query.limit = MOST_MONTHS;
    let page = table.query(query).await.map_err(fault::table)?;
    page.items.into_iter().map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect()
}

/// What was brought of other sources, by currency, the newest first.
async fn owned(table: &dyn Table) -> Result<Vec<OwnRecord>> {
    let mut out = Vec::new();
    for base in BROUGHT {
        let mut query = Query::new(Index::Base, key().pk);
        query.range = SortRange::BeginsWith(format!("{OWN}{base}#"));
        query.descending = true;
        query.limit = MOST_OWN;
        for item in table.query(query).await.map_err(fault::table)?.items {
            out.push(vitrine_table::from_item(item).map_err(fault::table)?);
        }
    }
    Ok(out)
}

/// Rates that are used, with where they are from.
pub(crate) struct Overview {
    /// Who published them.
    pub(crate) source: String,
    /// Of which day, or from which day on.
    pub(crate) date: Date,
    /// How many currencies.
    pub(crate) currencies: usize,
    /// The last day they are for, if they have one.
    pub(crate) until: Option<Date>,
    /// `fetched`, `brought`, `built-in`.
    pub(crate) way: &'static str,
    /// UTC milliseconds.
    pub(crate) kept_ms: Option<i64>,
    last: Date,
    days: i32,
}

impl Overview {
    /// Whether nothing is made of them any more: not even beside a price.
    pub(crate) fn stale_on(&self, today: Date) -> bool {
        today.days_since(self.last) > self.days
    }
}

/// The day's rates, then HMRC's months and those of other sources, the newest first.
///
/// # Errors
/// The table's.
pub(crate) async fn overview(table: &dyn Table) -> Result<Vec<Overview>> {
    let way = |way: Way| match way {
        Way::Fetched => "fetched",
        Way::Brought => "brought",
    };
    let day = |table: FxTable, staleness: Staleness, way, kept_ms| {
        let (source, date) = (table.source().to_owned(), table.date());
        let currencies = table.currencies().count();
        Overview { source, date, currencies, until: None, way, kept_ms, last: date, days: staleness.hidden_after }
    };
    let built_in = ecb::built_in();
    let first = match kept(table).await? {
        Some(record) if record.table.date() >= built_in.date() => {
            day(record.table, record.way.staleness(), way(record.way), Some(record.kept_ms))
        }
        _ => day(built_in, Staleness::OCCASIONAL, "built-in", None),
    };
    let months = months(table).await?.into_iter().map(|record| Overview {
        source: record.month.table.source().to_owned(),
        date: record.month.table.date(),
        currencies: record.month.table.currencies().count(),
        until: Some(record.month.until),
        way: way(record.way),
        kept_ms: Some(record.kept_ms),
        last: record.month.until,
        days: 0,
    });
    let owned = owned(table).await?.into_iter().map(|OwnRecord { own, kept_ms, .. }| Overview {
        source: format!("{} ({})", own.source, own.base),
        date: own.from,
        currencies: own.rates.len(),
        until: Some(own.until),
        way: way(Way::Brought),
        kept_ms: Some(kept_ms),
        last: own.until,
        days: 0,
    });
    Ok(std::iter::once(first).chain(months).chain(owned).collect())
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Who published it.
    pub source: String,
    /// Of which day, or from which day on.
    pub date: Date,
    /// Codes in it that are no currency here.
    pub unknown: Vec<String>,
}

/// Keeps the rates of a file: of the European Central Bank if they are newer than what is kept, of HMRC and of other sources as those of their
/// days. The same file twice is one.
///
/// # Errors
/// 401, 403 for who is not staff; 422 `file` with the reason for a file that is none or of a day to come (of HMRC's months also the next one is
/// taken: it is published before it begins); 409 `rates_older` for one that is older than what is kept; the table's.
pub async fn keep(ctx: &OpCtx, table: &dyn Table, file: &[u8], way: Way) -> Result<Taken> {
    authz::staff(ctx, WRITE)?;
    let today = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
    if own::is_one(file) {
        let own = own::read(file).map_err(|why| Problem::invalid("file", why.code(), why.to_string()))?;
        let (source, date) = (own.source.clone(), own.from);
        if !BROUGHT.contains(&own.base.code()) {
            let title = format!("No law that is known here asks for {} by such rates.", own.base);
            return Err(Problem::invalid("file", "rates_of_none", title));
        }
        if date.days_since(today) > MOST_DAYS_AHEAD {
            return Err(to_come(date));
        }
        let key = own_key(&own);
        let known = read_at::<OwnRecord>(table, &key).await?;
        let rev = match &known {
            Some(known) if known.own == own => return Ok(Taken { source, date, unknown: Vec::new() }),
            Some(known) => known.rev,
            None => 0,
        };
        let what = json!({ "date": date.to_string(), "until": own.until.to_string(), "source": source, "base": own.base.code(),
            "currencies": own.rates.len() });
        let record = OwnRecord { own, kept_ms: ctx.now_ms, rev: rev + 1 };
        write(ctx, table, (&key, rev), &record, what).await?;
        return Ok(Taken { source, date, unknown: Vec::new() });
    }
    if hmrc::is_one(file) {
        let (month, unknown) = hmrc::read(file).map_err(|why| Problem::invalid("file", why.code(), why.to_string()))?;
        let date = month.table.date();
        if date.days_since(today) > MOST_DAYS_AHEAD {
            return Err(to_come(date));
        }
        let known = read_at::<MonthRecord>(table, &month_key(date)).await?;
        let rev = match &known {
            // What somebody brought of a month corrects what is fetched every day.
            Some(known)
                if known.month == month && known.way == way || (known.way, way) == (Way::Brought, Way::Fetched) =>
            {
                return Ok(Taken { source: hmrc::SOURCE.into(), date, unknown });
            }
            Some(known) => known.rev,
            None => 0,
        };
        let what = json!({ "date": date.to_string(), "until": month.until.to_string(), "source": hmrc::SOURCE,
            "currencies": month.table.currencies().count(), "way": way });
        let record = MonthRecord { month, way, kept_ms: ctx.now_ms, rev: rev + 1 };
        write(ctx, table, (&month_key(date), rev), &record, what).await?;
        return Ok(Taken { source: hmrc::SOURCE.into(), date, unknown });
    }
    let read = ecb::read(file).map_err(|why| Problem::invalid("file", why.code(), why.to_string()))?;
    let (date, unknown) = (read.table.date(), read.unknown);
    // Rates of tomorrow are used by nobody today, and would stand in the way of those that are.
    if date.days_since(today) > 0 {
        return Err(to_come(date));
    }
    let known = kept(table).await?;
    let rev = match &known {
        Some(known) if known.table == read.table && known.way == way => {
            return Ok(Taken { source: ecb::SOURCE.into(), date, unknown });
        }
        Some(known) if known.table.date() > date => {
            let title = format!("Rates of {} are kept already; these are of {date}.", known.table.date());
            return Err(Problem::conflict("rates_older", title));
        }
        Some(known) => known.rev,
        None if ecb::built_in().date() > date => {
            let title = format!("Rates of {} are built in; these are of {date}.", ecb::built_in().date());
            return Err(Problem::conflict("rates_older", title));
        }
        None => 0,
    };
    let what = json!({ "date": date.to_string(), "source": ecb::SOURCE, "currencies": read.table.currencies().count(),
        "way": way });
    let record = Record { table: read.table, way, kept_ms: ctx.now_ms, rev: rev + 1 };
    write(ctx, table, (&key(), rev), &record, what).await?;
    Ok(Taken { source: ecb::SOURCE.into(), date, unknown })
}

fn to_come(date: Date) -> Problem {
    let title = format!("These rates are of {date}, which is yet to come.");
    Problem::invalid("file", "rates_to_come", title)
}

/// Writes a record that had the revision `rev` (0: there was none), with its trail.
async fn write(
    ctx: &OpCtx,
    table: &dyn Table,
    (key, rev): (&Key, i64),
    record: &impl Serialize,
    what: serde_json::Value,
) -> Result<()> {
    let mut item = vitrine_table::to_item(key, record).map_err(fault::table)?;
    item.insert("_v".into(), json!(1));
    let condition = if rev == 0 { Condition::ItemAbsent } else { Condition::eq("rev", rev) };
    let ops = vec![
        TransactOp::Put(Put { item, condition: Some(condition) }),
        audit::entry(ctx, ENTITY, "rates.kept", "", what),
    ];
    table.transact(Transact { ops, token: None }).await.map_err(fault::table)
}

/// What is known.
struct Known {
    shown: Arc<about::Rates>,
    months: Arc<Vec<Month>>,
    owned: Arc<Vec<Own>>,
}

/// The rates that pages show now, and HMRC's. Clones are one.
#[derive(Clone)]
pub struct Rates(Arc<RwLock<Known>>);

impl Default for Rates {
    /// The ones built in.
    fn default() -> Self {
        Self::of(about::Rates { table: ecb::built_in(), staleness: Staleness::OCCASIONAL })
    }
}

impl Rates {
    /// These, until newer ones are kept.
    pub fn of(rates: about::Rates) -> Self {
        Self(Arc::new(RwLock::new(Known { shown: Arc::new(rates), months: Arc::default(), owned: Arc::default() })))
    }

    /// What pages show now.
    pub fn now(&self) -> Arc<about::Rates> {
        self.known(|known| known.shown.clone())
    }

    /// HMRC's rates of a day; `None` where its month is not kept.
    pub fn of_hmrc(&self, day: Date) -> Option<Month> {
        let months = self.known(|known| known.months.clone());
        months.iter().find(|month| month.covers(day)).cloned()
    }

    /// What amounts of one currency are worth in another by the source that somebody brings for that one, and for how many days after the table's
    /// first; `None` where there is nothing for this day.
    pub fn own(&self, currency: Currency, base: Currency, day: Date) -> Option<(FxTable, i32)> {
        let owned = self.known(|known| known.owned.clone());
        let mut those = owned.iter().filter(|own| own.base == base && own.covers(day));
        those.find_map(|own| Some((own.table_of(currency)?, own.until.days_since(own.from))))
    }

    /// Knows a file as if it was kept.
    #[cfg(test)]
    pub(crate) fn know(&self, file: &[u8]) {
        match own::is_one(file) {
            true => self.write().owned = Arc::new(vec![own::read(file).expect("own rates")]),
            false => self.write().months = Arc::new(vec![hmrc::read(file).expect("a file of HMRC's").0]),
        }
    }

    /// Shows these from now on, as a node does that read newer ones.
    #[cfg(test)]
    pub(crate) fn show(&self, rates: about::Rates) {
        self.write().shown = Arc::new(rates);
    }

    fn known<T>(&self, take: impl FnOnce(&Known) -> T) -> T {
        // A panic while the lock was held cannot leave half of anything: single pointers are written.
        take(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is kept if it is newer than what is known.
    ///
    /// # Errors
    /// The table's.
    pub async fn refresh(&self, table: &dyn Table) -> Result<()> {
        let months: Vec<Month> = months(table).await?.into_iter().map(|record| record.month).collect();
        if months != *self.known(|known| known.months.clone()) {
            tracing::info!(newest = ?months.first().map(|m| m.table.date().to_string()), "new rates of HMRC");
            self.write().months = Arc::new(months);
        }
        let owned: Vec<Own> = owned(table).await?.into_iter().map(|record| record.own).collect();
        if owned != *self.known(|known| known.owned.clone()) {
            self.write().owned = Arc::new(owned);
        }
        let Some(record) = kept(table).await? else { return Ok(()) };
        let rates = about::Rates { table: record.table, staleness: record.way.staleness() };
        let known = self.now();
        if rates != *known && rates.table.date() >= known.table.date() {
            tracing::info!(date = %rates.table.date(), "new rates of exchange");
            self.write().shown = Arc::new(rates);
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
