//! Withdrawing from a purchase where it was made: the function that Directive 2011/83/EU art. 11a wants on the page of the order, and
//! that Brazil's Decreto 7.962/2013 art. 5 wants too; Japan has it because the day of the statement counts. Which countries have it is data (`vitrine_places::point_of_sale`).
//!
//! Invariants:
//! - It is offered to consumers alone, as long as the right can last by law, or longer: nobody knows when a parcel arrived.
//! - A statement is written once, sealed under the buyer's key, and acknowledged by mail with its content, date and time in the same
//!   transaction; the shop gets it by mail too.
//! - A statement changes no order: money goes back by an ordinary refund, which the shop makes.
//!
//! Not here: files whose buyer agreed that supply begins at once, for the right ended with it (`checkout::place::needs_waiver`), and what is
//! not sent where the right is of goods alone.

mod form;
mod http;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_places::point_of_sale;
use vitrine_pricing::format::Locale;
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::orders::Fulfilment;
use vitrine_shared::views::trade::{OrderView, WithdrawalView};
use vitrine_shared::views::{MomentView, RightView};
use vitrine_table::{Condition, Index, Item, Key, Put, Query, Table, TableError, Transact, TransactOp};

use crate::catalog::store::CatalogStore;
use crate::checkout::Checkouts;
use crate::checkout::store::{Checkout, Order};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::mails::{Block, Letter, Sender, Words};
use crate::{audit, ids};

pub use form::page as form_page;
pub(crate) use form::{blocks, form_of};
pub use http::routes;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a parcel may be on its way, days: the right begins when it arrives.
const TRANSIT_DAYS: i64 = 30;
/// A period ends with its last hour in the buyer's own time, and a holiday moves it to the next working day (Regulation (EEC, Euratom) No
/// 1182/71 art. 3), days.
const GRACE_DAYS: i64 = 4;
/// Longest name, characters.
const MAX_NAME: usize = 200;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    id: String,
    /// Numbers of the order's lines.
    lines: Vec<usize>,
    /// Who states it, sealed.
    sealed: String,
    at_ms: i64,
}

/// What is needed to withdraw. Cheap to clone.
#[derive(Clone)]
pub struct Withdrawals {
    /// Where statements are.
    pub table: Arc<dyn Table>,
    /// Reads orders, seals what is said of people.
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

fn place(order: &OrderId, id: &str) -> String {
    format!("withdrawal/{order}/{id}")
}

/// What is said of the right in a country (ISO 3166-1), its name by a BCP 47 tag.
pub fn right(country: &str, locale: &str) -> RightView {
    let said = &point_of_sale(country).withdrawal;
    RightView {
        country: vitrine_places::country_name(country, locale).unwrap_or(country).to_owned(),
        days: said.days,
        waiver: said.waiver,
        function: said.function,
        refund_days: said.refund_days.unwrap_or_default(),
        unknown: !said.known,
        media_excepted: said.media_excepted,
        goods_only: said.goods_only,
        buyer_returns: said.buyer_returns,
    }
}

/// What is said of the right at what is not sent, such as a gift card: none where it is of goods alone.
pub fn right_unsent(country: &str, locale: &str) -> RightView {
    let said = right(country, locale);
    if said.goods_only { RightView { country: said.country, ..RightView::default() } } else { said }
}

/// Whether who bought an order, which is paid, may withdraw from something of it at first: a consumer, from what cost something.
fn granted(order: &Order, waived: bool) -> bool {
    let costs = |n: usize| order.quote.lines.get(n).is_some_and(|line| line.amounts.gross.minor() > 0);
    let mut lines = order.lines.iter().enumerate();
    let right = &point_of_sale(&order.country).withdrawal;
    right.days > 0
        && !order.tax.business
        && lines.any(|(n, line)| costs(n) && (line.physical || !waived && right.days_unsent() > 0))
}

/// Whether a line can be withdrawn from at this moment.
fn open(order: &Order, waived: bool, number: usize, now_ms: i64) -> bool {
    let right = &point_of_sale(&order.country).withdrawal;
    let (Some(line), Some(paid_ms)) = (order.lines.get(number), order.paid_ms) else { return false };
    let costs = order.quote.lines.get(number).is_some_and(|l| l.amounts.gross.minor() > 0);
    if !(right.function && order.paid && costs) || order.tax.business {
        return false;
    }
    let begins = match (line.physical, line.state) {
        (_, Fulfilment::Unpaid | Fulfilment::Refunded) => return false,
        // It did not arrive yet.
        (true, Fulfilment::ToShip | Fulfilment::Granted) => return true,
        (true, Fulfilment::Shipped) => line.shipped_ms.unwrap_or(paid_ms) + TRANSIT_DAYS * DAY_MS,
        (false, _) if waived || right.days_unsent() == 0 => return false,
        (false, _) => paid_ms,
    };
    now_ms < begins + (i64::from(right.days) + GRACE_DAYS) * DAY_MS
}

impl Withdrawals {
    async fn stored(&self, order: &OrderId) -> Result<Vec<Stored>> {
        let query = Query::new(Index::Base, partition(order)).begins_with("WITHDRAWAL#");
        let page = self.table.query(query).await.map_err(fault::table)?;
        let all: Result<Vec<Stored>> =
            page.items.into_iter().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect();
        let mut all = all?;
        all.sort_by(|a, b| (a.at_ms, &a.id).cmp(&(b.at_ms, &b.id)));
        Ok(all)
    }

    /// Lines that can be withdrawn from now and are not yet.
    fn left(order: &Order, checkout: &Checkout, stored: &[Stored], now_ms: i64) -> Vec<usize> {
        let free = |n: &usize| !stored.iter().any(|s| s.lines.contains(n)) && open(order, checkout.waived, *n, now_ms);
        (0..order.lines.len()).filter(free).collect()
    }

    /// Adds to an order page what can be withdrawn from, for who bought it, and what was.
    ///
    /// # Errors
    /// The stores'.
    pub async fn link(&self, ctx: &OpCtx, view: &mut OrderView, locale: Locale) -> Result<()> {
        if !view.mine {
            return Ok(());
        }
        for part in &mut view.parts {
            let Ok(id) = part.id.parse::<OrderId>() else { continue };
            let Some(order) = self.checkouts.order(&id).await? else { continue };
            // Most countries have no such function, and cost no query.
            if !point_of_sale(&order.country).withdrawal.function || !order.paid {
                continue;
            }
            let Some(checkout) = self.checkouts.get(&order.checkout).await? else { continue };
            let stored = self.stored(&id).await?;
            let title = |n: &usize| order.lines.get(*n).map(|l| l.title.clone()).unwrap_or_default();
            let left = Self::left(&order, &checkout, &stored, ctx.now_ms);
            let lines: Vec<(u32, String)> =
                left.iter().map(|n| (u32::try_from(*n).unwrap_or(u32::MAX), title(n))).collect();
            let stated: Vec<(MomentView, String)> = stored
                .iter()
                .map(|s| (MomentView::of(s.at_ms, locale), s.lines.iter().map(title).collect::<Vec<_>>().join(", ")))
                .collect();
            if !lines.is_empty() || !stated.is_empty() {
                part.withdrawal = Some(WithdrawalView { lines, stated });
            }
        }
        Ok(())
    }

    /// A buyer withdraws from these lines. The same statement twice is one. Answers the moment it was received, UTC milliseconds.
    ///
    /// # Errors
    /// 404 for who may not see the order, 403 for who did not buy it, 409 `withdrawal_over` for a line that cannot be withdrawn from (any
    /// more), 422 without a name or a line, 410 for an erased buyer.
    pub async fn state(
        &self,
        ctx: &OpCtx,
        id: &OrderId,
        secret: Option<&str>,
        name: &str,
        lines: &[usize],
    ) -> Result<i64> {
        let checkout = self.checkouts.seen(ctx, id.as_str(), secret).await?;
        let order = self.checkouts.order(id).await?.ok_or_else(|| Problem::not_found("order"))?;
        if !self.checkouts.bought(ctx, &checkout, secret).await? {
            return Err(Problem::forbidden("Only who bought it may withdraw."));
        }
        let name = name.trim();
        if name.is_empty() {
            return Err(Problem::invalid("name", "fault-empty", "Say who withdraws."));
        }
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Problem::invalid("name", "fault-long", "The name is too long."));
        }
        let mut lines = lines.to_vec();
        lines.sort_unstable();
        lines.dedup();
        if lines.is_empty() {
            return Err(Problem::invalid("lines", "fault-lines", "Choose what to withdraw from."));
        }
        let numbers = lines.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let statement = format!("{:032x}", ids::derived_bits(&["withdrawal", id.as_str(), &numbers]));
        let stored = self.stored(id).await?;
        if let Some(known) = stored.iter().find(|s| s.id == statement) {
            return Ok(known.at_ms);
        }
        let left = Self::left(&order, &checkout, &stored, ctx.now_ms);
        if lines.iter().any(|n| !left.contains(n)) {
            return Err(Problem::conflict("withdrawal_over", "A chosen line cannot be withdrawn from."));
        }
        let gone = || Problem::new(410, "erased", "The buyer's data was erased.");
        let key = self.checkouts.data_key(&order.customer).await?.ok_or_else(gone)?;
        let person = self.checkouts.order_person(&order).await?.ok_or_else(gone)?;
        let sealed = key.seal_value(&place(id, &statement), &name).map_err(|e| fault::internal("a withdrawal", &e))?;
        let new = Stored { id: statement.clone(), lines: lines.clone(), sealed, at_ms: ctx.now_ms };
        let at = Key::new(partition(id), format!("WITHDRAWAL#{statement}"));
        let mut item: Item = vitrine_table::to_item(&at, &new).map_err(fault::table)?;
        item.insert("_v".into(), 1.into());
        let what = json!({ "order": id, "lines": lines });
        // Two statements that share a line and come at once saw the same ones before them; one of them is too late.
        let before = stored.len();
        let counted = Key::new(partition(id), "WITHDRAWALS#");
        let mut count: Item = vitrine_table::to_item(&counted, &json!({ "n": before + 1 })).map_err(fault::table)?;
        count.insert("_v".into(), 1.into());
        let unchanged = if before == 0 { Condition::ItemAbsent } else { Condition::eq("n", json!(before)) };
        let mut ops = vec![
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            TransactOp::Put(Put { item: count, condition: Some(unchanged) }),
            audit::entry(ctx, order.checkout.as_str(), "order.withdrawn", "", what),
        ];
        ops.extend(self.acknowledged(&order, &checkout, &new, name, &person.email).await?);
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(ctx.now_ms),
            // The same statement came twice at once.
            Err(e) if e.failed_condition(0).is_some() => Ok(ctx.now_ms),
            Err(TableError::Cancelled(_)) => Err(Problem::conflict("busy", "Try again in a moment.")),
            Err(e) => Err(fault::table(e)),
        }
    }

    /// The mails to buyer and shop, each with the statement's content, date and time.
    async fn acknowledged(
        &self,
        order: &Order,
        checkout: &Checkout,
        new: &Stored,
        name: &str,
        email: &str,
    ) -> Result<Vec<TransactOp>> {
        let tenant = self.catalog.tenant(&order.tenant).await?;
        let tenant = tenant.ok_or_else(|| fault::internal("a withdrawal", &"its seller is not there"))?;
        let id = order.id.as_str();
        let titles = new.lines.iter().filter_map(|n| order.lines.get(*n));
        let titles =
            titles.map(|l| if l.quantity > 1 { format!("{} × {}", l.title, l.quantity) } else { l.title.clone() });
        let what = titles.collect::<Vec<_>>().join(", ");
        let rows = |words: &Words, locale: Locale| {
            vec![
                Block::Row(words.say("mail-withdrawal-when", &[]), MomentView::of(new.at_ms, locale).text),
                Block::Row(words.say("mail-withdrawal-who", &[]), name.to_owned()),
                Block::Row(words.say("mail-withdrawal-mail", &[]), email.to_owned()),
                Block::Row(words.say("mail-withdrawal-order", &[]), id.to_owned()),
                Block::Row(words.say("mail-withdrawal-what", &[]), what.clone()),
            ]
        };
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        let mut blocks = vec![Block::Text(words.say("mail-withdrawal-hello", &[("seller", &tenant.name)]))];
        blocks.extend(rows(&words, Locale::from_tag(&checkout.locale)));
        blocks.push(Block::Text(words.say("mail-withdrawal-next", &[("seller", &tenant.name)])));
        blocks.push(Block::Link(words.say("mail-answer-open", &[]), self.checkouts.page_url(checkout)?));
        let subject = words.say("mail-withdrawal-subject", &[("id", id)]);
        let key = format!("withdrawal/{}/buyer", new.id);
        let buyer = self.sender.op(&words, Letter { key, to: email, subject, blocks: &blocks, unsubscribe: None })?;
        let words = Words::of(&tenant.locale);
        let mut blocks = vec![Block::Text(words.say("mail-withdrawn-hello", &[]))];
        blocks.extend(rows(&words, Locale::from_tag(&tenant.locale)));
        blocks.push(Block::Text(words.say("mail-withdrawn-next", &[])));
        blocks.push(Block::Link(words.say("mail-question-open", &[]), format!("{}/studio/orders/{id}", self.base_url)));
        let subject = words.say("mail-withdrawn-subject", &[("id", id)]);
        let (key, to) = (format!("withdrawal/{}/shop", new.id), tenant.legal.email.as_str());
        let shop = self.sender.op(&words, Letter { key, to, subject, blocks: &blocks, unsubscribe: None })?;
        Ok(buyer.into_iter().chain(shop).collect())
    }
}
