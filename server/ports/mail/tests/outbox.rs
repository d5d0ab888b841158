//! The outbox on the embedded table.

use std::sync::Arc;

use vitrine_clock::FixedClock;
use vitrine_mail::outbox::{Kept, OutboxMail};
use vitrine_mail::{Mail, MailError, Message};
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Table, TableError};

const START_MS: i64 = 1_800_000_000_000;

struct World {
    outbox: OutboxMail,
    table: Arc<dyn Table>,
    clock: Arc<FixedClock>,
    _dir: tempfile::TempDir,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(START_MS);
    let table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("data.db"), clock.clone()).unwrap());
    World { outbox: OutboxMail::new(table.clone(), clock.clone()), table, clock, _dir: dir }
}

fn message(key: &str) -> Message {
    Message {
        key: key.into(),
        to: "reader@example.com".into(),
        from: "Shop <shop@example.com>".into(),
        reply_to: None,
        subject: format!("About {key}"),
        text: "Hello".into(),
        html: "<p>Hello</p>".into(),
        locale: "en-US".into(),
        unsubscribe: None,
    }
}

#[tokio::test]
async fn mail_is_kept_once_by_its_key() {
    let w = world();
    let first = message("receipt/ord_1");
    w.outbox.send(&first).await.unwrap();
    w.clock.advance_ms(5);
    w.outbox.send(&Message { subject: "Other words".into(), ..first.clone() }).await.unwrap();
    let kept = Kept { message: first, sent_ms: START_MS };
    assert_eq!(w.outbox.get("receipt/ord_1").await.unwrap(), Some(kept.clone()));
    assert_eq!(w.outbox.list(10, None).await.unwrap(), (vec![kept.clone()], None));
    assert_eq!(w.outbox.get("receipt/ord_2").await.unwrap(), None);
    let other = OutboxMail::new(w.table.clone(), w.clock.clone());
    assert_eq!(other.get("receipt/ord_1").await.unwrap(), Some(kept), "it is in the table and not in the process");
}

#[tokio::test]
async fn the_newest_comes_first_in_pages() {
    let w = world();
    for n in 0..5 {
        w.outbox.send(&message(&format!("m/{n}"))).await.unwrap();
        w.clock.advance_ms(1);
    }
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let (page, next) = w.outbox.list(2, cursor).await.unwrap();
        assert!(page.len() <= 2);
        keys.extend(page.into_iter().map(|kept| kept.message.key));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(keys, ["m/4", "m/3", "m/2", "m/1", "m/0"]);
    let foreign = w.outbox.list(2, Some("foreign".into())).await;
    assert!(matches!(foreign, Err(TableError::BadPosition(_))), "{foreign:?}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_kept() {
    let w = world();
    for bad in [
        Message { subject: "a\r\nBcc: x@example.com".into(), ..message("a") },
        Message { key: "Not A Key".into(), ..message("a") },
        // More than the table holds.
        Message { html: "x".repeat(500_000), ..message("a") },
    ] {
        let answer = w.outbox.send(&bad).await;
        assert!(matches!(answer, Err(MailError::Invalid(_))), "{answer:?}");
    }
    assert_eq!(w.outbox.list(10, None).await.unwrap(), (vec![], None));
}
