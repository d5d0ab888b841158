//! What buyer and shop say to each other about one order.
//!
//! Invariants: texts are sealed under the buyer's own key; a message sent twice is one message; who may see an order's page
//! may ask, the desk of the order's own shop may answer; each message is told by one mail, in a job of its transaction.
//!
//! Not here: the order's page (`checkout`), who staff are (`desk`).

mod http;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::format::Locale;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob};
use vitrine_shared::Problem;
use vitrine_shared::id::{OrderId, TenantId};
use vitrine_shared::views::MomentView;
use vitrine_shared::views::desk::QuestionRow;
use vitrine_shared::views::trade::{MessageView, OrderView};
use vitrine_table::{
    Condition, Consistency, Index, Item, Key, Put, Query, SortRange, Table, TableError, Transact, TransactOp, Update,
    UpdateItem,
};

use crate::catalog::store::CatalogStore;
use crate::checkout::Checkouts;
use crate::checkout::store::{Checkout, Order};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::mails::{Block, Letter, Sender, Words};
use crate::{audit, authz, ids};

pub use http::routes;

/// Kind of the job that tells the other side.
pub const TELL: &str = "talk.tell";
/// Longest message, characters.
pub const MAX_TEXT: usize = 2_000;
/// Messages of one order.
const MOST: usize = 100;
/// Messages of a buyer that may stand without an answer.
const UNANSWERED: usize = 5;
/// Open questions of one listing.
const PAGE: usize = 50;

/// Whose message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Buyer,
    Shop,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    id: String,
    side: Side,
    sealed: String,
    at_ms: i64,
    /// Messages that were there before it; two that came at once share it.
    after: usize,
}

/// What is needed to talk. Cheap to clone.
#[derive(Clone)]
pub struct Talk {
    /// Where messages are.
    pub table: Arc<dyn Table>,
    /// Reads orders, opens what is sealed.
    pub checkouts: Checkouts,
    /// Names shops.
    pub catalog: CatalogStore,
    /// Sends.
    pub sender: Sender,
    /// Scheme and host of the shop.
    pub base_url: String,
}

fn partition(order: &OrderId) -> String {
    format!("ORDER#{order}")
}

/// One item an order says whether a question is open; only then it is in the shop's listing.
fn state_key(order: &OrderId) -> Key {
    Key::new(partition(order), "TALK#")
}

fn message_key(order: &OrderId, id: &str) -> Key {
    Key::new(partition(order), format!("TALK#{id}"))
}

fn open_partition(tenant: &TenantId) -> String {
    format!("TALK#{tenant}")
}

fn place(order: &OrderId, id: &str) -> String {
    format!("talk/{order}/{id}")
}

impl Talk {
    async fn stored(&self, order: &OrderId) -> Result<Vec<Stored>> {
        // The state's own item has nothing behind the sign.
        let range = SortRange::Between("TALK#0".into(), "TALK#~".into());
        let page =
            self.table.query(Query::new(Index::Base, partition(order)).range(range)).await.map_err(fault::table)?;
        let all: Result<Vec<Stored>> =
            page.items.into_iter().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect();
        let mut all = all?;
        all.sort_by(|a, b| (a.after, a.at_ms, &a.id).cmp(&(b.after, b.at_ms, &b.id)));
        Ok(all)
    }

    /// What was said about an order, oldest first; texts are `None` once the buyer was erased. The caller has asked who
    /// may read it.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn of(&self, order: &Order, locale: Locale) -> Result<Vec<MessageView>> {
        let stored = self.stored(&order.id).await?;
        if stored.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.checkouts.data_key(&order.customer).await?;
        let opened = |s: &Stored| key.as_ref()?.open_value::<String>(&place(&order.id, &s.id), &s.sealed).ok();
        Ok(stored
            .iter()
            .map(|s| MessageView { shop: s.side == Side::Shop, at: MomentView::of(s.at_ms, locale), text: opened(s) })
            .collect())
    }

    /// The order page with what was said.
    ///
    /// # Errors
    /// 404 for who may not see it.
    pub async fn order_view(&self, ctx: &OpCtx, id: &str, secret: Option<&str>, locale: Locale) -> Result<OrderView> {
        let (mut view, orders) = self.checkouts.order_view_of(ctx, id, secret).await?;
        for (part, order) in view.parts.iter_mut().zip(&orders) {
            part.messages = self.of(order, locale).await?;
            part.may_write = view.mine && order.paid && part.messages.len() < MOST;
        }
        Ok(view)
    }

    /// A buyer asks the shop. `seen` is the number of messages they saw; the same text sent twice from one page is one.
    /// Answers the purchase's address.
    ///
    /// # Errors
    /// 404 for who may not see the order, 403 for who did not buy it, 409 `talk_unpaid`, `talk_wait` or `talk_full`, 422 for no
    /// text or a long one.
    pub async fn ask(&self, ctx: &OpCtx, id: &OrderId, secret: Option<&str>, seen: usize, text: &str) -> Result<()> {
        let checkout = self.checkouts.seen(ctx, id.as_str(), secret).await?;
        let order = self.checkouts.order(id).await?.ok_or_else(|| Problem::not_found("order"))?;
        if !self.checkouts.bought(ctx, &checkout, secret).await? {
            return Err(Problem::forbidden("Only who bought it may ask."));
        }
        if !order.paid {
            return Err(Problem::conflict("talk_unpaid", "Shops are asked about orders that are paid."));
        }
        self.say(ctx, &order, Side::Buyer, seen, text).await
    }

    /// The shop answers.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' orders, 409 `talk_full`, 422 for no text or a long one.
    pub async fn answer(&self, ctx: &OpCtx, id: &OrderId, seen: usize, text: &str) -> Result<()> {
        let order = self.mine(ctx, id).await?;
        self.say(ctx, &order, Side::Shop, seen, text).await
    }

    /// An order of a shop whose desk the caller may use.
    pub(crate) async fn mine(&self, ctx: &OpCtx, id: &OrderId) -> Result<Order> {
        authz::user(ctx)?;
        let order = self.checkouts.order(id).await?.ok_or_else(|| Problem::not_found("order"))?;
        authz::tenant_desk(ctx, &order.tenant).map_err(|_| Problem::not_found("order"))?;
        Ok(order)
    }

    async fn say(&self, ctx: &OpCtx, order: &Order, side: Side, seen: usize, text: &str) -> Result<()> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::invalid("text", "fault-empty", "Write something first."));
        }
        if text.chars().count() > MAX_TEXT || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Problem::invalid("text", "fault-long", "The message is too long."));
        }
        let before = self.stored(&order.id).await?;
        let side_word = if side == Side::Buyer { "buyer" } else { "shop" };
        let bits = ids::derived_bits(&["talk", order.id.as_str(), side_word, &seen.to_string(), text]);
        let id = format!("{bits:032x}");
        if before.iter().any(|m| m.id == id) {
            return Ok(());
        }
        if before.len() >= MOST {
            return Err(Problem::conflict("talk_full", "This conversation has reached its end. Write a mail instead."));
        }
        let waiting = before.iter().rev().take_while(|m| m.side == Side::Buyer).count();
        if side == Side::Buyer && waiting >= UNANSWERED {
            return Err(Problem::conflict("talk_wait", "The shop has your messages. Wait for its answer."));
        }
        let gone = || Problem::new(410, "erased", "The buyer's data was erased.");
        let key = self.checkouts.data_key(&order.customer).await?.ok_or_else(gone)?;
        let sealed = key.seal_value(&place(&order.id, &id), &text).map_err(|e| fault::internal("a message", &e))?;
        let stored = Stored { id: id.clone(), side, sealed, at_ms: ctx.now_ms, after: before.len() };
        let item: Item = vitrine_table::to_item(&message_key(&order.id, &id), &stored).map_err(fault::table)?;
        let updates = match side {
            Side::Buyer => vec![
                Update::set("pk2", open_partition(&order.tenant)),
                Update::set("sk2", format!("{:015}#{}", ctx.now_ms, order.id)),
                Update::set("_v", 1),
            ],
            Side::Shop => vec![Update::Remove("pk2".into()), Update::Remove("sk2".into()), Update::set("_v", 1)],
        };
        let act = if side == Side::Buyer { "talk.asked" } else { "talk.answered" };
        let mut ops = vec![
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            TransactOp::Update(UpdateItem { key: state_key(&order.id), updates, condition: None }),
            audit::entry(ctx, order.checkout.as_str(), act, "", json!({ "order": order.id })),
        ];
        let job = NewJob {
            kind: TELL.into(),
            key: id.clone(),
            payload: json!({ "order": order.id, "message": id }),
            run_at_ms: ctx.now_ms,
            max_attempts: 12,
            trace: None,
        };
        ops.extend(self.sender.job_op(&job)?);
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            // The same message came twice at once.
            Err(e) if e.failed_condition(0).is_some() => Ok(()),
            Err(TableError::Cancelled(_)) => Err(Problem::conflict("busy", "Try again in a moment.")),
            Err(e) => Err(fault::table(e)),
        }
    }

    /// Orders of a shop that wait for its answer, oldest first, at most 50. From an index: it may lag behind.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn open_questions(&self, desk: &authz::TenantDesk, locale: Locale) -> Result<Vec<QuestionRow>> {
        let query = Query::new(Index::Gsi1, open_partition(desk.tenant())).limit(PAGE);
        let page = self.table.query(query).await.map_err(fault::table)?;
        let row = |item: &Item| {
            let (at, order) = item.get("sk2")?.as_str()?.split_once('#')?;
            Some(QuestionRow { at: MomentView::of(at.parse().ok()?, locale), order: order.to_owned() })
        };
        Ok(page.items.iter().filter_map(row).collect())
    }

    /// Mails one message to the other side.
    ///
    /// # Errors
    /// The stores'; safe to repeat.
    async fn tell(&self, id: &OrderId, message: &str) -> Result<()> {
        let Some(order) = self.checkouts.order(id).await? else { return Ok(()) };
        let Some(checkout) = self.checkouts.get(&order.checkout).await? else { return Ok(()) };
        let key = message_key(id, message);
        let item = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
        let Some(item) = item else { return Ok(()) };
        let stored: Stored = vitrine_table::from_item(item).map_err(fault::table)?;
        // Erased since: nothing is left to tell.
        let Some(key) = self.checkouts.data_key(&order.customer).await? else { return Ok(()) };
        let Ok(text) = key.open_value::<String>(&place(id, message), &stored.sealed) else { return Ok(()) };
        let Some(tenant) = self.catalog.tenant(&order.tenant).await? else { return Ok(()) };
        let name = format!("talk/{message}");
        match stored.side {
            Side::Buyer => {
                let words = Words::of(&tenant.locale);
                let what = order.lines.iter().map(|l| l.title.as_str()).collect::<Vec<_>>().join(", ");
                let blocks = [
                    Block::Text(words.say("mail-question-hello", &[("what", &what), ("id", id.as_str())])),
                    Block::Said(text),
                    Block::Link(words.say("mail-question-open", &[]), format!("{}/studio/orders/{id}", self.base_url)),
                ];
                let subject = words.say("mail-question-subject", &[("id", id.as_str())]);
                let to = &tenant.legal.email;
                self.sender.send(&words, Letter { key: name, to, subject, blocks: &blocks, unsubscribe: None }).await
            }
            Side::Shop => self.tell_buyer(&order, &checkout, &tenant.name, name, text).await,
        }
    }

    async fn tell_buyer(
        &self,
        order: &Order,
        checkout: &Checkout,
        seller: &str,
        key: String,
        text: String,
    ) -> Result<()> {
        let Some(person) = self.checkouts.person(&order.customer).await? else { return Ok(()) };
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        let blocks = [
            Block::Text(words.say("mail-answer-hello", &[("seller", seller), ("id", order.id.as_str())])),
            Block::Said(text),
            Block::Link(words.say("mail-answer-open", &[]), self.checkouts.page_url(checkout)?),
        ];
        let subject = words.say("mail-answer-subject", &[("seller", seller), ("id", order.id.as_str())]);
        let to = &person.email;
        self.sender.send(&words, Letter { key, to, subject, blocks: &blocks, unsubscribe: None }).await
    }
}

struct Tell(Talk);

#[async_trait]
impl Handler for Tell {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let order: OrderId = serde_json::from_value(job.job.payload["order"].clone()).map_err(JobFailed::new)?;
        let message = job.job.payload["message"].as_str().unwrap_or_default();
        self.0.tell(&order, message).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(talk: Talk) -> Handlers {
    let tell: Arc<dyn Handler> = Arc::new(Tell(talk));
    std::iter::once((TELL.to_owned(), tell)).collect()
}
