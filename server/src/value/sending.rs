//! Sending codes: who gets a card's code, when, and the letter itself.
//!
//! Invariants: recipients are sealed; new code, end of the old one and letter are one transaction, done once for a sending; what waits to be
//! sent holds the code sealed. The account names its newest sending: one before it that comes late sends nothing.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::money::Money;
use vitrine_queue::NewJob;
use vitrine_shared::id::ValueId;
use vitrine_table::{Condition, Consistency, Delete, Item, Put, Transact, TransactOp, Update, UpdateItem};

use super::cards::currency;
use super::store::{account_key, code_key, delivery_key, lasting};
use super::{Account, Code, DELIVER, Values};
use crate::audit;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::mails::{Block, Letter, Words};

/// Key of the sending that a card is issued with.
pub(super) const FIRST: &str = "first";

/// Who gets a code, sealed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Recipient {
    pub(crate) email: String,
    pub(crate) message: String,
    pub(crate) locale: String,
    /// Their name, of a card that was bought.
    #[serde(default)]
    pub(crate) name: String,
    /// Who gives it.
    #[serde(default)]
    pub(crate) from: String,
    /// The shop it can be spent in, with the path of its page; `None`: in all.
    #[serde(default)]
    pub(crate) shop: Option<(String, String)>,
}

/// One sending of a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub(super) sealed: String,
    pub(super) due_ms: i64,
    /// UTC milliseconds.
    #[serde(default)]
    pub(super) sent_ms: Option<i64>,
}

/// The sending that the account names, as it was read.
pub(super) fn named(account: &Account) -> Condition {
    match account.sending.as_str() {
        "" => Condition::Absent("sending".into()),
        key => Condition::eq("sending", key),
    }
}

/// Another sending than this one was begun since.
fn superseded(account: &Account, key: &str) -> bool {
    !account.sending.is_empty() && account.sending != key
}

pub(super) fn seal_place(account: &ValueId) -> String {
    format!("value/{account}")
}

impl Values {
    /// Whether a card's code was sent, and when the last time; of none it is `None`.
    ///
    /// # Errors
    /// The table's.
    pub async fn sent_ms(&self, id: &ValueId) -> Result<Option<i64>> {
        let query = vitrine_table::Query::new(vitrine_table::Index::Base, account_key(id).pk).begins_with("DELIVERY#");
        let items = vitrine_table::retry::query_all(&*self.table, query, 1000).await.map_err(fault::table)?;
        Ok(items.iter().filter_map(|i| i.get("sent_ms")?.as_i64()).max())
    }

    pub(super) fn delivery_ops(&self, id: &ValueId, key: &str, to: &Recipient, due_ms: i64) -> Result<Vec<TransactOp>> {
        let sealed = self.master.seal_value(&seal_place(id), to).map_err(|e| fault::internal("a recipient", &e))?;
        let delivery = Delivery { sealed, due_ms, sent_ms: None };
        let mut item = vitrine_table::to_item(&delivery_key(id, key), &delivery).map_err(fault::table)?;
        item.retain(|_, v| !v.is_null());
        item.insert("_v".into(), 1.into());
        let job = NewJob {
            kind: DELIVER.into(),
            key: format!("{id}-{key}"),
            payload: json!({ "account": id, "delivery": key }),
            run_at_ms: due_ms,
            max_attempts: 40,
            trace: None,
        };
        let put = TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) });
        Ok(std::iter::once(put).chain(self.sender.job_op(&job)?).collect())
    }

    pub(super) async fn delivery(&self, id: &ValueId, key: &str) -> Result<Option<Delivery>> {
        let item = self.table.get(&delivery_key(id, key), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    pub(super) fn opened(&self, id: &ValueId, delivery: &Delivery) -> Result<Recipient> {
        let recipient = self.master.open_value(&seal_place(id), &delivery.sealed);
        recipient.map_err(|e| fault::internal("a recipient", &e))
    }

    /// Makes a card's code and sends it: new code, end of the old one and mail are one transaction, done once for its delivery.
    ///
    /// # Errors
    /// The table's; the job repeats.
    pub(super) async fn deliver(&self, ctx: &OpCtx, id: &ValueId, key: &str) -> Result<()> {
        let (Some(delivery), Some(account)) = (self.delivery(id, key).await?, self.account(id).await?) else {
            return Ok(());
        };
        // What is over meanwhile opens nothing: no mail promises it. Of two sendings the newer one counts, whichever comes first.
        if delivery.sent_ms.is_some() || account.is_over(ctx.now_ms) || superseded(&account, key) {
            return Ok(());
        }
        self.send(ctx, &account, &delivery, key).await
    }

    /// As [`Values::deliver`], of account and delivery as they were read.
    pub(super) async fn send(&self, ctx: &OpCtx, account: &Account, delivery: &Delivery, key: &str) -> Result<()> {
        let id = &account.id;
        let to = self.opened(id, delivery)?;
        let code = Code::fresh();
        let hash = code.hash(&self.secret);
        let at = code_key(&hash);
        let mut item = Item::new();
        item.insert("pk".into(), at.pk.into());
        item.insert("sk".into(), at.sk.into());
        item.insert("account".into(), id.to_string().into());
        item.insert("_v".into(), 1.into());
        let was = account.code.clone().map_or(Condition::Absent("code".into()), |old| Condition::eq("code", old));
        let sent = UpdateItem {
            key: delivery_key(id, key),
            updates: vec![Update::set("sent_ms", ctx.now_ms)],
            condition: Some(
                // Its address may be corrected at this moment.
                Condition::eq("sealed", delivery.sealed.clone()).and(Condition::Absent("sent_ms".into())),
            ),
        };
        let opens = UpdateItem {
            key: account_key(id),
            updates: vec![Update::set("code", hash), Update::set("last4", code.last4())],
            condition: Some(Condition::ItemExists.and(was).and(named(account)).and(lasting(ctx.now_ms))),
        };
        let mut ops = vec![
            TransactOp::Update(sent),
            TransactOp::Update(opens),
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            audit::entry(ctx, id.as_str(), "value.sent", "", json!({ "last4": code.last4() })),
        ];
        if let Some(old) = &account.code {
            ops.push(TransactOp::Delete(Delete { key: code_key(old), condition: None }));
        }
        ops.extend(self.letter(account, &to, &code, key)?);
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            Err(e) if (0..2).any(|op| e.failed_condition(op).is_some()) => {
                let (now, account) = (self.delivery(id, key).await?, self.account(id).await?);
                let open = now.is_some_and(|d| d.sent_ms.is_none());
                // Another run sent it, a newer sending was begun, or the card ended at this moment.
                let left = account.filter(|a| open && !a.is_over(ctx.now_ms) && !superseded(a, key));
                left.map_or(Ok(()), |_| Err(fault::table(vitrine_table::TableError::Conflict)))
            }
            Err(e) => Err(fault::table(e)),
        }
    }

    /// The mail of a code, sealed while it waits: whoever reads the queue can spend nothing.
    fn letter(&self, account: &Account, to: &Recipient, code: &Code, key: &str) -> Result<Option<TransactOp>> {
        let words = Words::of(&to.locale);
        let currency = currency(&account.currency)?;
        let left = Money::new(account.available + account.held, currency).map_err(|e| fault::internal("a card", &e))?;
        let total = words.money(left);
        let mut blocks = Vec::new();
        if !to.name.is_empty() {
            blocks.push(Block::Text(words.say("mail-gift-name", &[("name", &to.name)])));
        }
        blocks.push(Block::Text(match to.from.as_str() {
            "" => words.say("mail-gift-hello", &[("total", &total)]),
            from => words.say("mail-gift-hello-from", &[("total", &total), ("from", from)]),
        }));
        if !to.message.is_empty() {
            blocks.push(Block::Said(to.message.clone()));
        }
        blocks.push(Block::Row(words.say("mail-gift-code", &[]), code.shown()));
        blocks.push(Block::Text(words.say("mail-gift-use", &[])));
        blocks.push(Block::Text(words.say("mail-gift-currency", &[("currency", &account.currency)])));
        if let Some((shop, _)) = &to.shop {
            blocks.push(Block::Text(words.say("mail-gift-where", &[("shop", shop)])));
        }
        if let Some(date) = account.ends_ms.and_then(|end| vitrine_pricing::date::Date::from_unix_ms(end).ok()) {
            let numbers = vitrine_pricing::format::Locale::from_tag(&to.locale);
            let date = vitrine_pricing::format::format_date(date, numbers);
            blocks.push(Block::Text(words.say("mail-gift-until", &[("date", &date)])));
        }
        let page = to.shop.as_ref().map_or("/catalog", |(_, path)| path.as_str());
        blocks.push(Block::Link(words.say("mail-gift-open", &[]), format!("{}{page}", self.base_url)));
        let letter = Letter {
            key: format!("gift/{}/{key}", account.id),
            to: &to.email,
            subject: words.say("mail-gift-subject", &[("total", &total)]),
            blocks: &blocks,
            unsubscribe: None,
        };
        self.sender.sealed_op(&words, letter, &self.master)
    }
}
