//! Orders for staff: finding them, their whole history.

use vitrine_pricing::format::format_money;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Money;
use vitrine_pricing::refund::{RefundQuote, refundable};
use vitrine_shared::Problem;
use vitrine_shared::catalog::LegalEntity;
use vitrine_shared::id::{CheckoutId, CustomerId, OrderId, WorkId};
use vitrine_shared::orders::Fulfilment;
use vitrine_shared::query::ListQuery;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::desk::{DeskLine, DeskOrder, OrderRow, OrdersView};
use vitrine_shared::views::{CardView, MomentView, Named};
use vitrine_table::{Index, Query};

use super::{Desk, history};
use crate::catalog::store::LIST_SHARDS;
use crate::checkout::store::{Order, OrderLine};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz, invoices};
use vitrine_shared::views::sums::sums;

/// Orders of one answer.
const PAGE: usize = 40;

/// The lines of an order as desks show them; `platform` is the marketplace as a seller, where it is one.
pub(super) fn lines_of(
    order: &Order,
    refunds: &[RefundQuote],
    place: &Place,
    platform: Option<&LegalEntity>,
) -> Vec<DeskLine> {
    let platform = platform.filter(|_| order.is_platforms());
    let back = |number: usize| {
        let parts = refunds.iter().flat_map(|r| &r.lines).filter(|part| part.line == Some(number));
        let sum = Money::sum(order.quote.currency, parts.map(|part| part.amounts.gross)).ok();
        sum.filter(|sum| !sum.is_zero()).map(|sum| format_money(sum, place.locale))
    };
    // Pieces that came back before they were sent are not sent.
    let to_send = |number: usize, line: &OrderLine| {
        let parts = refunds.iter().flat_map(|r| &r.lines).filter(|part| part.line == Some(number));
        let back: u32 = parts.map(|part| part.quantity).sum();
        if line.state == Fulfilment::ToShip { line.quantity.saturating_sub(back) } else { line.quantity }
    };
    let lines = order.lines.iter().enumerate();
    let line = |(number, line): (usize, &OrderLine)| DeskLine {
        number,
        what: [line.title.as_str(), line.edition.as_str()]
            .into_iter()
            .filter(|t| !t.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        href: line.href.clone(),
        quantity: to_send(number, line),
        total: order.quote.lines.get(number).map(|l| format_money(l.amounts.gross, place.locale)).unwrap_or_default(),
        state: crate::checkout::state_key(line.state).to_owned(),
        tracking: line.tracking.clone(),
        to_ship: line.state == Fulfilment::ToShip,
        back: back(number),
        seller_of_record: line.seller_of_record.clone(),
        sold_by: platform.map(|platform| platform.name.clone()),
    };
    lines.map(line).collect()
}

impl Desk {
    pub(super) fn place_of(&self, ctx: &OpCtx, order: &Order) -> Place {
        let market = Market::by_id(&order.quote.market).unwrap_or_else(|| Market::of_country(""));
        self.0.catalog.place(ctx).agreed(market, order.quote.currency.code())
    }

    /// What went back of an order so far.
    pub(super) async fn given(&self, order: &Order) -> Result<Vec<RefundQuote>> {
        let refunds = self.0.checkouts.refunds(&order.id).await?;
        refunds.iter().map(|r| r.amounts(&order.quote)).collect()
    }

    pub(super) async fn row(&self, ctx: &OpCtx, order: &Order) -> Result<OrderRow> {
        let place = self.place_of(ctx, order);
        let seller = self.0.catalog.records().tenant(&order.tenant).await?.map(|t| t.name).unwrap_or_default();
        let total = order.quote.totals.gross;
        let state = match (order.paid, order.refunded_minor) {
            (false, _) => "desk-unpaid",
            (true, back) if back > 0 && back >= total.minor() => "desk-refunded",
            (true, back) if back > 0 => "desk-partly",
            (true, _) => "desk-paid",
        };
        Ok(OrderRow {
            id: order.id.to_string(),
            placed: MomentView::of(order.placed_ms, place.locale),
            seller,
            state: state.to_owned(),
            total: format_money(total, place.locale),
        })
    }

    /// Everything that fits: orders by id (of an order or a payment) or by the buyer's e-mail address, works by id or words,
    /// makers, shops, the trail of an id; without words the newest orders.
    ///
    /// # Errors
    /// 401, 403 for who is no staff.
    pub async fn orders(&self, ctx: &OpCtx, query: &str) -> Result<OrdersView> {
        authz::staff(ctx, "orders:read")?;
        let words = query.trim();
        let found = if words.is_empty() {
            self.newest().await?
        } else if let Ok(id) = words.parse::<OrderId>() {
            self.0.checkouts.order(&id).await?.into_iter().collect()
        } else if let Ok(id) = words.parse::<CheckoutId>() {
            match self.0.checkouts.get(&id).await? {
                Some(checkout) => self.0.checkouts.orders(&checkout).await?,
                None => Vec::new(),
            }
        } else if words.contains('@') {
            self.of_email(ctx, words).await?
        } else {
            Vec::new()
        };
        let mut rows = Vec::new();
        for order in found.iter().take(PAGE) {
            rows.push(self.row(ctx, order).await?);
        }
        let mut view = OrdersView { query: words.to_owned(), rows, ..OrdersView::default() };
        if words.is_empty() {
            for order in self.0.checkouts.open_places(ctx).await? {
                let facts = super::tax::place(&order, self.place_of(ctx, &order).locale);
                view.places.push((self.row(ctx, &order).await?, facts));
            }
        } else if !words.contains('@') {
            self.other(ctx, words, &mut view).await?;
        }
        Ok(view)
    }

    /// What else than orders fits words without an address in them.
    async fn other(&self, ctx: &OpCtx, words: &str, view: &mut OrdersView) -> Result<()> {
        let editor = |id: &str| format!("/studio/works/{id}");
        if let Ok(id) = words.parse::<WorkId>() {
            if let Some(bundle) = self.0.catalog.records().bundle(&id).await? {
                let work = bundle.work;
                view.works.push(Named { name: work.title, latin: work.latin, href: editor(id.as_str()) });
            }
        } else {
            let want = ListQuery { q: words.to_owned(), page: 1, ..ListQuery::default() };
            let found = self.0.catalog.search(ctx, &want).await?;
            let work =
                |card: &CardView| Named { name: card.title.clone(), latin: card.latin.clone(), href: editor(&card.id) };
            view.works = found.works.cards.iter().map(work).collect();
            view.names = found.makers.iter().chain(&found.stores).cloned().collect();
        }
        // Every id has its kind before an underscore.
        if words.contains('_') && words.len() < 100 {
            let entries = audit::of(&*self.0.table, words).await?;
            view.history = history(entries, self.0.catalog.place(ctx).locale);
        }
        Ok(())
    }

    async fn newest(&self) -> Result<Vec<Order>> {
        let mut all: Vec<Order> = Vec::new();
        for shard in 0..LIST_SHARDS {
            let query = Query::new(Index::Gsi3, format!("ORDER#{shard}")).descending().limit(PAGE);
            let page = self.0.table.query(query).await.map_err(fault::table)?;
            for item in page.items {
                all.push(vitrine_table::from_item(item).map_err(fault::table)?);
            }
        }
        all.sort_by(|a, b| (b.placed_ms, &b.id).cmp(&(a.placed_ms, &a.id)));
        all.truncate(PAGE);
        Ok(all)
    }

    async fn of_email(&self, ctx: &OpCtx, email: &str) -> Result<Vec<Order>> {
        let mut all: Vec<Order> = Vec::new();
        for customer in self.0.checkouts.customers_of_email(ctx, email).await? {
            all.extend(self.of_customer(&customer).await?);
        }
        all.sort_by(|a, b| (b.placed_ms, &b.id).cmp(&(a.placed_ms, &a.id)));
        Ok(all)
    }

    async fn of_customer(&self, customer: &CustomerId) -> Result<Vec<Order>> {
        let query = Query::new(Index::Gsi1, format!("CUSTOMERORDERS#{customer}")).descending().limit(PAGE);
        let page = self.0.table.query(query).await.map_err(fault::table)?;
        page.items.into_iter().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect()
    }

    /// Makes an invoice of an order void; the same again changes nothing.
    ///
    /// # Errors
    /// As [`invoices::Invoices::void`]; 404 for an invoice of another order.
    pub async fn void_invoice(&self, ctx: &OpCtx, order: &OrderId, invoice: &str, reason: &str) -> Result<()> {
        authz::staff(ctx, "orders:refund")?;
        let missing = || Problem::not_found("invoice");
        let id = invoice.parse().map_err(|_| missing())?;
        self.0.invoices.get(&id).await?.filter(|found| found.order == *order).ok_or_else(missing)?;
        self.0.invoices.void(ctx, &self.0.checkouts, &id, reason).await.map(drop)
    }

    /// Staff looked at where an order's buyer lives; the same again changes nothing.
    ///
    /// # Errors
    /// As [`crate::checkout::Checkouts::settle_place`].
    pub async fn settle_place(&self, ctx: &OpCtx, order: &OrderId, reason: &str) -> Result<()> {
        self.0.checkouts.settle_place(ctx, order, reason).await
    }

    /// One order with everything staff need.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such order.
    pub async fn order(&self, ctx: &OpCtx, id: &str) -> Result<DeskOrder> {
        authz::staff(ctx, "orders:read")?;
        let missing = || Problem::not_found("order");
        let id: OrderId = id.parse().map_err(|_| missing())?;
        let order = self.0.checkouts.order(&id).await?.ok_or_else(missing)?;
        let checkout = self.0.checkouts.get(&order.checkout).await?.ok_or_else(missing)?;
        let place = self.place_of(ctx, &order);
        let money = |m: Money| format_money(m, place.locale);
        let stores = self.0.catalog.records().stores().await?;
        let store = order.sold_in(stores.iter());
        let person = self.0.checkouts.order_person(&order).await?;
        let tax = super::tax::facts(&order, person.as_ref(), place.locale);
        let buyer = person.map_or_else(Vec::new, |p| {
            let mut lines = p.envelope();
            lines.extend(p.for_carrier());
            lines.insert(0, p.email);
            lines.retain(|l| !l.is_empty());
            lines
        });
        let refunds = self.0.checkouts.refunds(&id).await?;
        let given = refunds.iter().map(|r| r.amounts(&order.quote)).collect::<Result<Vec<_>>>()?;
        let left = refundable(&order.quote, &given).map_err(|e| fault::internal("a refund", &e))?;
        let mut papers = Vec::new();
        let mut to_void = None;
        let mut ids = Vec::new();
        for (invoice, void) in self.0.invoices.of_sale(&id).await? {
            if void.is_none() && refunds.is_empty() {
                to_void = Some((invoice.number.clone(), invoice.id.to_string()));
            }
            ids.push(invoice.id);
            ids.extend(void.map(|void| void.credit));
        }
        ids.extend(refunds.iter().map(|r| invoices::credit_id_of(&r.id)));
        for paper in ids {
            if let Some(invoice) = self.0.invoices.get(&paper).await? {
                papers.push((invoice.number, invoices::href(&paper)));
            }
        }
        let refunded = Money::new(order.refunded_minor, order.quote.currency).ok().filter(|m| m.minor() > 0);
        Ok(DeskOrder {
            row: self.row(ctx, &order).await?,
            checkout: checkout.id.to_string(),
            siblings: checkout.orders.iter().filter(|o| **o != id).map(ToString::to_string).collect(),
            store: store.map_or_else(Named::default, |s| Named {
                name: s.name.clone(),
                latin: None,
                href: format!("/@{}", s.handle),
            }),
            buyer,
            payment: [checkout.provider.as_str(), &checkout.paid_with, checkout.charge.as_deref().unwrap_or_default()]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            paid: crate::checkout::paid_view(&order.sources, order.quote.totals.gross, &checkout.paid_with, &place)?,
            tax,
            place_open: crate::checkout::place_is_open(&order),
            lines: lines_of(&order, &given, &place, self.0.catalog.offers().platform()),
            sums: sums(&place, &order.quote),
            to_refund: order.paid && !(left.lines.iter().all(|l| l.done) && left.shipping.is_none_or(|s| s.done)),
            refunded: refunded.map(money),
            waiting: refunds.iter().filter(|r| !r.done).count(),
            papers,
            to_void,
            credit_attempt: crate::ids::secret(),
            messages: self.0.talk.of(&order, place.locale).await?,
            history: history(audit::of(&*self.0.table, checkout.id.as_str()).await?, place.locale),
        })
    }
}
