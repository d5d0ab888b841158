use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use url::Url;
use vitrine_clock::FixedClock;
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::MOST_BYTES;
use vitrine_pricing::fx::Staleness;
use vitrine_pricing::money::Currency;
use vitrine_table::Table;
use vitrine_table::sqlite::SqliteTable;

use super::fetch::{fetched, fetched_months, file};
use super::{Rates, Taken, Way, keep, kept, months, overview};
use crate::audit;
use crate::ctx::{Caller, OpCtx};

/// 2026-11-29, 12:00.
const NOW: i64 = 1_795_953_600_000;
const WAIT: Duration = Duration::from_secs(20);

fn csv(day: &str, dollars: &str) -> String {
    format!("Date, USD, NOK, \n{day}, {dollars}, 11.5, \n")
}

fn table(dir: &tempfile::TempDir) -> Arc<dyn Table> {
    Arc::new(SqliteTable::open(dir.path().join("t.db"), FixedClock::at(NOW)).unwrap())
}

async fn serving(router: Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/rates", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address.parse().unwrap()
}

async fn answering(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Url {
    serving(Router::new().route("/rates", get(move || async move { answer.clone() }))).await
}

#[tokio::test]
async fn a_day_is_fetched_kept_with_its_trail_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (table, rates) = (table(&dir), Rates::default());
    let built_in = rates.now();
    rates.refresh(&*table).await.unwrap();
    assert_eq!(rates.now(), built_in, "nothing is kept yet");
    let address = answering(csv("2026-11-27", "1.1000")).await;
    fetched(&address, WAIT, &*table, NOW).await.unwrap();
    fetched(&address, WAIT, &*table, NOW + 1).await.unwrap();
    rates.refresh(&*table).await.unwrap();
    let now = rates.now();
    assert_eq!((now.table.date().to_string().as_str(), now.staleness), ("2026-11-27", Staleness::DAILY));
    let trail = audit::of(&*table, "rates").await.unwrap();
    assert_eq!(trail.len(), 1, "the same file twice is one: {trail:?}");
    assert_eq!((trail[0].act.as_str(), trail[0].who.as_str()), ("rates.kept", "system:rates"));
    assert_eq!(trail[0].what["date"], "2026-11-27");
}

#[tokio::test]
async fn what_is_wrong_late_or_huge_is_no_file_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let table = table(&dir);
    fetched(&answering(csv("2026-11-26", "1.2")).await, WAIT, &*table, NOW).await.unwrap();
    let before = kept(&*table).await.unwrap();
    let why = |answer: Result<(), String>| answer.unwrap_err();
    let page = answering("<html><p>Moved.</p></html>").await;
    assert!(why(fetched(&page, WAIT, &*table, NOW).await).starts_with("no_rates"), "a page");
    let text = answering("rates").await;
    assert!(why(fetched(&text, WAIT, &*table, NOW).await).starts_with("not_rates"), "a text");
    let torn = answering(csv("2026-11-27", "1.2.3")).await;
    assert!(why(fetched(&torn, WAIT, &*table, NOW).await).starts_with("bad_rate"), "a rate that is none");
    let to_come = answering(csv("2026-12-24", "1.2")).await;
    assert!(why(fetched(&to_come, WAIT, &*table, NOW).await).starts_with("rates_to_come"), "a day to come");
    let older = answering(csv("2026-11-25", "1.2")).await;
    assert!(why(fetched(&older, WAIT, &*table, NOW).await).starts_with("rates_older"), "a day before");
    let gone = answering(StatusCode::NOT_FOUND).await;
    assert_eq!(why(fetched(&gone, WAIT, &*table, NOW).await), "status 404");
    let elsewhere = answering((StatusCode::FOUND, [("location", "/other")])).await;
    assert_eq!(why(fetched(&elsewhere, WAIT, &*table, NOW).await), "status 302", "it follows nobody");
    let huge = answering("x".repeat(MOST_BYTES + 1)).await;
    assert_eq!(file(&huge, WAIT).await.unwrap_err(), format!("more than {MOST_BYTES} bytes"));
    let never = serving(Router::new().route("/rates", get(std::future::pending::<String>))).await;
    assert_eq!(file(&never, Duration::from_millis(50)).await.unwrap_err(), "time-out");
    assert_eq!(kept(&*table).await.unwrap(), before);
}

#[tokio::test]
async fn what_somebody_brings_is_shown_for_a_quarter_and_only_staff_brings_it() {
    let dir = tempfile::tempdir().unwrap();
    let (table, rates) = (table(&dir), Rates::default());
    let ctx = OpCtx::system("rates", NOW);
    let Taken { date, unknown, .. } =
        keep(&ctx, &*table, b"Date, USD, ZZZ, \n2026-11-27, 1.1, 2, \n", Way::Brought).await.unwrap();
    assert_eq!((date.to_string().as_str(), unknown), ("2026-11-27", vec!["ZZZ".to_owned()]));
    rates.refresh(&*table).await.unwrap();
    assert_eq!(rates.now().staleness, Staleness::OCCASIONAL);
    // Fetched from now on, of the same day: shown as such.
    keep(&ctx, &*table, csv("2026-11-27", "1.1").as_bytes(), Way::Fetched).await.unwrap();
    rates.refresh(&*table).await.unwrap();
    assert_eq!((rates.now().staleness, rates.now().table.date()), (Staleness::DAILY, date));
    let nobody = OpCtx { caller: Caller::Anonymous, ..ctx };
    let refused = keep(&nobody, &*table, csv("2026-11-28", "1.1").as_bytes(), Way::Brought).await.unwrap_err();
    assert_eq!(refused.status, 401);
    assert_eq!(kept(&*table).await.unwrap().map(|r| r.table.date()), Some("2026-11-27".parse::<Date>().unwrap()));
}

#[tokio::test]
async fn who_has_nothing_beside_its_answers_looks_once_a_minute() {
    let dir = tempfile::tempdir().unwrap();
    let (table, rates, looked) = (table(&dir), Rates::default(), AtomicI64::new(NOW));
    keep(&OpCtx::system("rates", NOW), &*table, csv("2026-11-27", "1.1").as_bytes(), Way::Fetched).await.unwrap();
    let built_in = rates.now();
    rates.look(&*table, NOW + 59_999, &looked).await;
    assert_eq!(rates.now(), built_in, "not yet");
    rates.look(&*table, NOW + 60_000, &looked).await;
    assert_eq!(rates.now().table.date().to_string(), "2026-11-27");
    assert_eq!(looked.load(Ordering::Relaxed), NOW + 60_000);
}

fn month(from: &str, to: &str, dollars: &str) -> String {
    let head = "Country/Territories,Currency,Currency Code,Currency Units per £1,Start Date,End Date";
    format!("{head}\nUSA,Dollar,USD,{dollars},{from},{to}\nEcuador,Dollar,USD,{dollars},{from},{to}\n")
}

#[tokio::test]
async fn months_of_hmrc_are_fetched_ahead_and_kept_beside_the_days() {
    let dir = tempfile::tempdir().unwrap();
    let (table, rates) = (table(&dir), Rates::default());
    let this = month("01/11/2026", "30/11/2026", "1.3000");
    // The next month is not published yet: only 2026-11 is there.
    let router = Router::new().route("/2026-11.csv", get(move || async move { this.clone() }));
    let template = serving(router).await.join("/").unwrap().to_string() + "{year}-{month}.csv";
    fetched_months(&template, WAIT, &*table, NOW).await.unwrap();
    fetched_months(&template, WAIT, &*table, NOW + 1).await.unwrap();
    let built_in = rates.now();
    rates.refresh(&*table).await.unwrap();
    let day = |text: &str| text.parse::<Date>().unwrap();
    assert_eq!(rates.of_hmrc(day("2026-11-30")).map(|m| m.until), Some(day("2026-11-30")));
    assert_eq!((rates.of_hmrc(day("2026-12-01")), rates.now()), (None, built_in), "what pages show is as it was");
    assert_eq!(audit::of(&*table, "rates").await.unwrap().len(), 1, "the same file twice is one");
    // Where it is published, it waits for its days.
    let ctx = OpCtx::system("rates", NOW);
    let next = month("01/12/2026", "31/12/2026", "1.4000");
    keep(&ctx, &*table, next.as_bytes(), Way::Brought).await.unwrap();
    rates.refresh(&*table).await.unwrap();
    assert!(rates.of_hmrc(day("2026-11-30")).is_some() && rates.of_hmrc(day("2026-12-31")).is_some());
    // A correction replaces the month's; one of next year, and one that is torn, are none.
    keep(&ctx, &*table, month("01/12/2026", "31/12/2026", "1.5").as_bytes(), Way::Brought).await.unwrap();
    // What somebody brought corrects what is fetched, and the next fetch does not undo it.
    keep(&ctx, &*table, month("01/11/2026", "30/11/2026", "1.3100").as_bytes(), Way::Brought).await.unwrap();
    fetched_months(&template, WAIT, &*table, NOW + 2).await.unwrap();
    let this = months(&*table).await.unwrap().into_iter().find(|m| m.month.covers(day("2026-11-29"))).unwrap();
    assert_eq!((this.way, this.month.table.quoted().as_str()), (Way::Brought, "GBP 1 = USD 1.3100"));
    let far = keep(&ctx, &*table, month("01/01/2027", "31/01/2027", "1.5").as_bytes(), Way::Brought).await;
    assert_eq!(far.unwrap_err().fields["file"], "rates_to_come");
    let torn = keep(&ctx, &*table, month("01/12/2026", "31/12/2026", "1,5").as_bytes(), Way::Brought).await;
    assert_eq!(torn.unwrap_err().fields["file"], "not_rates");
    let gone = answering(StatusCode::NOT_FOUND).await.to_string() + "?{year}-{month}";
    assert_eq!(fetched_months(&gone, WAIT, &*table, NOW).await.unwrap_err(), "status 404", "this month's is missed");
    assert_eq!(months(&*table).await.unwrap().len(), 2);
}

#[tokio::test]
async fn rates_of_a_bank_are_kept_for_the_currencies_whose_laws_want_them() {
    let dir = tempfile::tempdir().unwrap();
    let (table, rates) = (table(&dir), Rates::default());
    let ctx = OpCtx::system("rates", NOW);
    let file = |base: &str, rate: &str| {
        format!("source,base,currency,rate,from,until\nMy bank,{base},USD,{rate},2026-11-28,2026-11-30\n").into_bytes()
    };
    keep(&ctx, &*table, &file("JPY", "155.2"), Way::Brought).await.unwrap();
    keep(&ctx, &*table, &file("JPY", "155.2"), Way::Brought).await.unwrap();
    assert_eq!(audit::of(&*table, "rates").await.unwrap().len(), 1, "the same file twice is one");
    keep(&ctx, &*table, &file("JPY", "155.3"), Way::Brought).await.unwrap();
    let none = keep(&ctx, &*table, &file("CHF", "0.8"), Way::Brought).await.unwrap_err();
    assert_eq!(none.fields["file"], "rates_of_none");
    rates.refresh(&*table).await.unwrap();
    let of = |day: &str| rates.own(Currency::USD, Currency::JPY, day.parse().unwrap()).map(|(_, days)| days);
    assert_eq!((of("2026-11-27"), of("2026-11-30"), of("2026-12-01")), (None, Some(2), None));
    assert_eq!(rates.own(Currency::EUR, Currency::JPY, "2026-11-29".parse().unwrap()), None);
    // Another bank's file of the same days stands beside it.
    let other = "source,base,currency,rate,from,until\nOther bank,JPY,EUR,168.1,2026-11-28,2026-11-30\n";
    keep(&ctx, &*table, other.as_bytes(), Way::Brought).await.unwrap();
    rates.refresh(&*table).await.unwrap();
    let source = |of| rates.own(of, Currency::JPY, "2026-11-29".parse().unwrap()).map(|(t, _)| t.source().to_owned());
    assert_eq!(
        (source(Currency::USD).as_deref(), source(Currency::EUR).as_deref()),
        (Some("My bank"), Some("Other bank"))
    );
    let seen: Vec<_> = overview(&*table).await.unwrap().into_iter().map(|one| one.source).collect();
    assert_eq!(seen, ["ECB", "Other bank (JPY)", "My bank (JPY)"]);
}
