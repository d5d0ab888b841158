//! The daily job that fetches the European Central Bank's file, and HMRC's of the month, from the configured addresses.
//!
//! The first is published on working days at about 16:00 in Frankfurt; HMRC's of the next month in the last days of this one, so it is asked for
//! before it is needed, and that it is not there yet is no failure. An attempt that fails is made again by the queue, later and later; after the
//! last one the next day's job is the next attempt. The address is asked for one file of limited length, in limited time, without following
//! it elsewhere.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use url::Url;
use vitrine_clock::SharedClock;
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::MOST_BYTES;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob, SharedQueue};
use vitrine_table::Table;

use super::{Rates, Taken, Way, keep, kept, months};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::state::App;

/// Kind of the job.
pub const FETCH: &str = "rates.fetch";
/// A day, milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// When it runs, milliseconds after midnight UTC: past the hour of publication in winter and in summer.
const AT_MS: i64 = (15 * 60 + 30) * 60 * 1000;
/// Longest wait for the whole file.
const TIMEOUT: Duration = Duration::from_secs(10);
/// From this day of a month on the next one's file of HMRC's is asked for: it comes on the last Thursday but one.
const NEXT_FROM_DAY: u8 = 15;
/// Attempts of one day.
const ATTEMPTS: u32 = 6;

fn job(run_at_ms: i64, first: bool) -> Result<NewJob> {
    let date = Date::from_unix_ms(run_at_ms).map_err(|e| fault::internal("a date", &e))?;
    Ok(NewJob {
        kind: FETCH.into(),
        key: if first { format!("first-{date}") } else { date.to_string() },
        payload: json!({}),
        run_at_ms,
        max_attempts: ATTEMPTS,
        trace: None,
    })
}

/// Queues the next fetch, if an address is configured and it is not queued; one at once as well where nothing was fetched yet.
///
/// # Errors
/// The queue's, the table's.
pub async fn schedule(app: &App) -> Result<()> {
    let rates = &app.config.rates;
    if rates.url.is_empty() && rates.hmrc_url.is_empty() {
        return Ok(());
    }
    let now_ms = app.clock.now_ms();
    queue_next(&app.queue, now_ms).await?;
    let today = Date::from_unix_ms(now_ms).map_err(|e| fault::internal("a date", &e))?;
    let day = !rates.url.is_empty() && kept(&*app.table).await?.is_none_or(|record| record.way != Way::Fetched);
    let month = !rates.hmrc_url.is_empty() && !months(&*app.table).await?.iter().any(|kept| kept.month.covers(today));
    if day || month {
        app.queue.enqueue(job(now_ms, true)?).await.map_err(|e| fault::internal("the queue", &e))?;
    }
    Ok(())
}

async fn queue_next(queue: &SharedQueue, now_ms: i64) -> Result<()> {
    let midnight = now_ms.div_euclid(DAY_MS) * DAY_MS;
    let run_at_ms = if now_ms < midnight + AT_MS { midnight + AT_MS } else { midnight + DAY_MS + AT_MS };
    queue.enqueue(job(run_at_ms, false)?).await.map_err(|e| fault::internal("the queue", &e))?;
    Ok(())
}

/// The file of an address; why there is none, for logs.
pub(super) async fn file(address: &Url, time_out: Duration) -> std::result::Result<Vec<u8>, String> {
    let http = reqwest::Client::builder().timeout(time_out).redirect(reqwest::redirect::Policy::none()).build();
    let failed = |e: reqwest::Error| if e.is_timeout() { "time-out".to_owned() } else { e.without_url().to_string() };
    let mut answer = http.map_err(failed)?.get(address.clone()).send().await.map_err(failed)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if bytes.len() + chunk.len() > MOST_BYTES {
            return Err(format!("more than {MOST_BYTES} bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Fetches once and keeps what came.
pub(super) async fn fetched(
    address: &Url,
    time_out: Duration,
    table: &dyn Table,
    now_ms: i64,
) -> std::result::Result<(), String> {
    let file = file(address, time_out).await?;
    let ctx = OpCtx::system("rates", now_ms);
    match keep(&ctx, table, &file, Way::Fetched).await {
        Ok(Taken { source, date, unknown }) => {
            tracing::info!(source, %date, unknown = unknown.join(" "), "rates of exchange were fetched");
            Ok(())
        }
        Err(problem) => Err(format!("{}: {}", problem.fields.get("file").unwrap_or(&problem.code), problem.title)),
    }
}

/// The address of HMRC's file of a month; `None` where none is configured.
fn of_month(template: &str, year: u16, month: u8) -> Option<Url> {
    template.replace("{year}", &year.to_string()).replace("{month}", &month.to_string()).parse().ok()
}

/// Fetches this month's file of HMRC's and, in its last days, the next one's.
pub(super) async fn fetched_months(
    template: &str,
    time_out: Duration,
    table: &dyn Table,
    now_ms: i64,
) -> std::result::Result<(), String> {
    let today = Date::from_unix_ms(now_ms).map_err(|e| e.to_string())?;
    let (year, month) = (today.year(), today.month());
    let this = match of_month(template, year, month) {
        Some(address) => fetched(&address, time_out, table, now_ms).await,
        None => Ok(()),
    };
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    if let Some(address) = of_month(template, next.0, next.1).filter(|_| today.day() >= NEXT_FROM_DAY)
        && let Err(why) = fetched(&address, time_out, table, now_ms).await
    {
        tracing::info!(why, "HMRC's rates of the next month are not there yet");
    }
    this?;
    // Whatever the address answered: it is this month's that is wanted.
    let there = of_month(template, year, month).is_none()
        || months(table).await.map_err(|e| e.title)?.iter().any(|kept| kept.month.covers(today));
    if there { Ok(()) } else { Err("not the rates of this month".into()) }
}

struct Fetch {
    address: Option<Url>,
    /// With `{year}` and `{month}`; empty: none.
    hmrc: String,
    table: Arc<dyn Table>,
    queue: SharedQueue,
    clock: SharedClock,
    rates: Rates,
}

#[async_trait]
impl Handler for Fetch {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        // Switched off since it was queued.
        if self.address.is_none() && self.hmrc.is_empty() {
            return Ok(Outcome::Done);
        }
        let now_ms = self.clock.now_ms();
        // First, so that a day that fails to its last attempt does not end all further ones.
        queue_next(&self.queue, now_ms).await.map_err(JobFailed::new)?;
        let day = match &self.address {
            Some(address) => fetched(address, TIMEOUT, &*self.table, now_ms).await,
            None => Ok(()),
        };
        // One that fails does not keep the other from being fetched.
        let months = fetched_months(&self.hmrc, TIMEOUT, &*self.table, now_ms).await;
        self.rates.refresh(&*self.table).await.map_err(JobFailed::new)?;
        if let Err(why) = day.and(months) {
            tracing::warn!(attempt = job.attempt, why, "rates of exchange could not be fetched");
            return Err(JobFailed::new(why));
        }
        Ok(Outcome::Done)
    }
}

/// What runs the job.
pub fn handlers(app: &App) -> Handlers {
    let fetch = Fetch {
        // The configuration was checked.
        address: app.config.rates.url.parse().ok(),
        hmrc: app.config.rates.hmrc_url.clone(),
        table: app.table.clone(),
        queue: app.queue.clone(),
        clock: app.clock.clone(),
        rates: app.rates.clone(),
    };
    Handlers::from([(FETCH.to_owned(), Arc::new(fetch) as Arc<dyn Handler>)])
}
