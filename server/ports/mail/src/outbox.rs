//! The outbox: mail that is kept in the table and can be opened in the browser instead of being sent.
//!
//! Invariants: one entry per [`Message::key`], the first; listing is newest first.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vitrine_clock::SharedClock;
use vitrine_table::{Condition, Consistency, Index, Item, Key, Put, Query, Table, TableError, from_item, to_item};

use crate::{Mail, MailError, Message};

const LISTING: &str = "MAILOUT";

/// A message in the outbox.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Kept {
    /// As it would have gone out.
    pub message: Message,
    /// When it was handed over, UTC milliseconds since the epoch.
    pub sent_ms: i64,
}

/// A [`Mail`] that keeps instead of sending.
pub struct OutboxMail {
    table: Arc<dyn Table>,
    clock: SharedClock,
}

impl OutboxMail {
    /// An outbox in `table`.
    pub fn new(table: Arc<dyn Table>, clock: SharedClock) -> Self {
        Self { table, clock }
    }

    /// Messages newest first, 1 to 1,000 a page, with a cursor. Read through an index: a message may show late.
    ///
    /// # Errors
    /// What the store answered; `BadPosition` for a foreign cursor.
    pub async fn list(&self, limit: usize, cursor: Option<String>) -> Result<(Vec<Kept>, Option<String>), TableError> {
        let query = Query::new(Index::Gsi1, LISTING).limit(limit).descending().after(cursor);
        let page = self.table.query(query).await?;
        let kept = page.items.into_iter().map(from_item).collect::<Result<Vec<Kept>, _>>()?;
        Ok((kept, page.cursor))
    }

    /// One message by [`Message::key`].
    ///
    /// # Errors
    /// What the store answered.
    pub async fn get(&self, key: &str) -> Result<Option<Kept>, TableError> {
        self.table.get(&mail_key(key), Consistency::Strong).await?.map(from_item).transpose()
    }

    fn item(&self, message: &Message) -> Result<Item, TableError> {
        let sent_ms = self.clock.now_ms();
        let mut item = to_item(&mail_key(&message.key), &Kept { message: message.clone(), sent_ms })?;
        item.insert("pk2".into(), LISTING.into());
        item.insert("sk2".into(), format!("{sent_ms:015}#{}", message.key).into());
        Ok(item)
    }
}

#[async_trait]
impl Mail for OutboxMail {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        message.check()?;
        let item = self.item(message).map_err(|e| MailError::Invalid(e.to_string()))?;
        match self.table.put(Put { item, condition: Some(Condition::ItemAbsent) }).await {
            Ok(_) | Err(TableError::ConditionFailed(_)) => Ok(()),
            Err(TableError::Invalid(why)) => Err(MailError::Invalid(why)),
            Err(error) => Err(MailError::Unavailable(error.to_string())),
        }
    }
}

fn mail_key(key: &str) -> Key {
    Key::new(format!("MAIL#{key}"), "MAIL")
}
