//! Mails about purchases: receipt, payment that waits for an answer or failed, refund, parcel. Each is one job that can run again: its mail's key makes it go once.
//!
//! Invariants: addresses are opened from sealed data only to be written to.
//!
//! Not here: how a mail is written (`mails`).

use std::sync::Arc;

use async_trait::async_trait;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Money;
use vitrine_pricing::quote::QuotedLine;
use vitrine_pricing::refund::RefundQuote;
use vitrine_queue::Job;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_shared::catalog::LegalEntity;
use vitrine_shared::id::{CheckoutId, InvoiceId, OrderId};
use vitrine_shared::orders::CheckoutState;

use crate::catalog::store::CatalogStore;
use crate::checkout::store::{Checkout, Order, OrderLine};
use crate::checkout::{
    CANCELLED, CARD_USED, Checkouts, FAILED, PLACE, RECEIPT, REFUND, SHIPPED, again_href, paid_rows,
};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::invoices::{Invoice, Invoices, Issue, VOIDED, href};
use crate::mails::{Block, Letter, Sender, Words};
use crate::withdrawal;

/// What these mails need. Cheap to clone.
#[derive(Clone)]
pub struct Receipts {
    /// Reads purchases.
    pub checkouts: Checkouts,
    /// Issues documents.
    pub invoices: Invoices,
    /// Names sellers.
    pub catalog: CatalogStore,
    /// Sends.
    pub sender: Sender,
    /// Scheme and host of the shop.
    pub base_url: String,
}

/// One seller's part of a receipt.
struct Part {
    seller: String,
    /// The marketplace, where it sells in law and not the shop.
    sold_by: Option<String>,
    email: String,
    order: Order,
    invoice: Option<Invoice>,
}

impl Receipts {
    async fn part(&self, order: Order, invoice: Option<Invoice>) -> Result<Part> {
        let tenant = self.catalog.tenant(&order.tenant).await?;
        let (seller, email) = tenant.map(|t| (t.name, t.legal.email)).unwrap_or_default();
        // As its invoice says it; what cost nothing has none.
        let on_invoice = || invoice.as_ref().and_then(|paper| paper.seller_lines.first().cloned());
        let configured = || self.invoices.platform().map(|(_, legal)| legal.name.clone());
        let sold_by = if order.is_platforms() { on_invoice().or_else(configured) } else { None };
        Ok(Part { seller, sold_by, email, order, invoice })
    }

    /// Issues the invoices of a paid checkout and queues its receipt.
    ///
    /// # Errors
    /// The stores'; safe to repeat.
    pub async fn receipt(&self, id: &CheckoutId) -> Result<()> {
        let Some(checkout) = self.checkouts.get(id).await? else { return Ok(()) };
        let ctx = OpCtx::system("receipt", self.sender.clock.now_ms());
        let mut parts = Vec::new();
        let orders = self.checkouts.orders(&checkout).await?;
        let asked = self.checkouts.list_open_places(&orders).await?;
        for order in orders {
            let buyer = self.checkouts.order_person(&order).await?.unwrap_or_default();
            // What cost nothing has no invoice, and gift cards are no supply.
            let invoice = if order.quote.totals.gross.minor() == 0 || order.is_gift() {
                None
            } else {
                let (paid_with, language) = (checkout.paid_with.as_str(), checkout.locale.as_str());
                let issue = Issue { order: &order, buyer: &buyer, paid_with, language, refund: None };
                Some(self.invoices.issue(&ctx, &issue).await?)
            };
            parts.push(self.part(order, invoice).await?);
        }
        // Erased since: nobody is left to write to.
        let Some(person) = self.checkouts.person(&checkout.customer).await? else { return Ok(()) };
        let url = self.checkouts.page_url(&checkout)?;
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        let total = total_of(&checkout, &words)?;
        let subject = words.say("mail-receipt-subject", &[("total", &total)]);
        let mut blocks = receipt_blocks(&checkout, &parts, &words, &url, &total, &self.base_url);
        if asked {
            blocks.push(Block::Title(words.say("mail-place-title", &[])));
            blocks.push(Block::Text(words.say("mail-place-text", &[])));
            blocks.push(Block::Link(words.say("mail-place-open", &[]), format!("{url}#place")));
        }
        blocks.extend(paid_blocks(&checkout, &words)?);
        // Once for each who sells, however many of the orders are theirs.
        let mut forms = Vec::new();
        for part in &parts {
            let Some(form) = withdrawal::form_of(&part.order, checkout.waived) else { continue };
            let form = (form, self.sold_by(part).await?);
            if !forms.contains(&form) {
                blocks.extend(withdrawal::blocks(form.0, &form.1, &words));
                forms.push(form);
            }
        }
        self.sender
            .send(
                &words,
                Letter {
                    key: format!("receipt/{}", checkout.id),
                    to: &person.email,
                    subject,
                    blocks: &blocks,
                    unsubscribe: None,
                },
            )
            .await
    }

    /// Who sells a part in law: who its invoice says; what has none, such as a gift card, is sold by who sells it now.
    async fn sold_by(&self, part: &Part) -> Result<LegalEntity> {
        match part.invoice.as_ref().and_then(|paper| paper.seller_legal.clone()) {
            Some(legal) => Ok(legal),
            None => self.invoices.seller_of(&part.order).await,
        }
    }

    /// Queues the mail of a payment that waits until its buyer says where they live.
    ///
    /// # Errors
    /// The stores'; safe to repeat.
    pub async fn asked_place(&self, id: &CheckoutId) -> Result<()> {
        // Who answered meanwhile, or let it go, needs no mail.
        let Some(checkout) = self.checkouts.get(id).await?.filter(Checkout::waits_for_place) else { return Ok(()) };
        let Some(person) = self.checkouts.person(&checkout.customer).await? else { return Ok(()) };
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        let total = words.money(money_of(&checkout, checkout.due_minor())?);
        let country = checkout.asked.as_deref().unwrap_or_default();
        let country = vitrine_places::country_name(country, &checkout.locale).unwrap_or(country);
        let url = format!("{}#place", self.checkouts.page_url(&checkout)?);
        let blocks = [
            Block::Text(words.say("mail-place-asked-hello", &[("total", &total), ("country", country)])),
            Block::Text(words.say("mail-place-asked-text", &[])),
            Block::Link(words.say("mail-place-open", &[]), url),
        ];
        let letter = Letter {
            key: format!("place/{}", checkout.id),
            to: &person.email,
            subject: words.say("mail-place-asked-subject", &[]),
            blocks: &blocks,
            unsubscribe: None,
        };
        self.sender.send(&words, letter).await
    }

    /// Queues the mail of a payment that did not arrive, or arrived after the last piece was gone and goes back.
    ///
    /// # Errors
    /// The stores'; safe to repeat.
    pub async fn failed(&self, id: &CheckoutId) -> Result<()> {
        let Some(checkout) = self.checkouts.get(id).await? else { return Ok(()) };
        let late = match checkout.state {
            CheckoutState::Released => false,
            CheckoutState::RefundedLate => true,
            // It was paid after all, and the receipt says so.
            _ => return Ok(()),
        };
        if late {
            self.checkouts.send_late_back(&checkout).await?;
        }
        let Some(person) = self.checkouts.person(&checkout.customer).await? else { return Ok(()) };
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        // What stored value was to pay never left its account.
        let total = words.money(money_of(&checkout, checkout.due_minor())?);
        let say = |id: &str| words.say(id, &[("total", &total)]);
        let orders = self.checkouts.orders(&checkout).await?;
        let gift = orders.iter().any(Order::is_gift);
        let keys = match checkout.failure.as_deref() {
            Some(CARD_USED) if !late => ["mail-failed-subject", "mail-card-used-hello", "mail-card-used-text"],
            Some("value_spent") if late => ["mail-spent-subject", "mail-spent-hello", "mail-late-text"],
            Some(CANCELLED) if late => ["mail-cancelled-subject", "mail-cancelled-hello", "mail-late-text"],
            _ if late => ["mail-late-subject", "mail-late-hello", "mail-late-text"],
            _ => {
                let text = if gift { "mail-failed-gift-text" } else { "mail-failed-text" };
                ["mail-failed-subject", "mail-failed-hello", text]
            }
        };
        let mut blocks = vec![Block::Text(say(keys[1])), Block::Text(say(keys[2]))];
        for order in &orders {
            blocks.extend(line_rows(order, &words));
        }
        blocks.push(Block::Link(say("mail-failed-open"), self.checkouts.page_url(&checkout)?));
        let again = if gift { "mail-failed-gift" } else { "mail-failed-cart" };
        blocks.push(Block::Link(say(again), format!("{}{}", self.base_url, again_href(&orders))));
        let letter = Letter {
            // Money can come late after a payment that failed: both are told.
            key: format!("{}/{}", if late { "late" } else { "failed" }, checkout.id),
            to: &person.email,
            subject: say(keys[0]),
            blocks: &blocks,
            unsubscribe: None,
        };
        self.sender.send(&words, letter).await
    }

    /// Carries a decided refund out: money, credit note, mail.
    ///
    /// # Errors
    /// The provider's and the stores'; safe to repeat.
    pub async fn carry_out(&self, id: &OrderId, refund: &str) -> Result<()> {
        let Some(refund) = self.checkouts.refund_of(id, refund).await? else { return Ok(()) };
        let Some(order) = self.checkouts.order(id).await? else { return Ok(()) };
        let Some(checkout) = self.checkouts.get(&order.checkout).await? else { return Ok(()) };
        if refund.done {
            return Ok(());
        }
        let ctx = OpCtx::system("refund", self.sender.clock.now_ms());
        self.checkouts.send_back(&ctx, &refund).await?;
        if refund.amount_minor > 0 {
            let buyer = self.checkouts.order_person(&order).await?.unwrap_or_default();
            let amounts = refund.amounts(&order.quote)?;
            let issue = Issue {
                order: &order,
                buyer: &buyer,
                paid_with: &checkout.paid_with,
                language: &checkout.locale,
                refund: Some((&refund.id, &amounts)),
            };
            let credit = if order.is_gift() { None } else { Some(self.invoices.issue(&ctx, &issue).await?) };
            self.refunded(&order, credit.as_ref(), &amounts, &refund.id).await?;
        }
        self.checkouts.refund_done(&ctx, &refund, &checkout).await
    }

    /// Queues the mail of a refund that was carried out.
    async fn refunded(
        &self,
        order: &Order,
        credit: Option<&Invoice>,
        amounts: &RefundQuote,
        refund: &str,
    ) -> Result<()> {
        let Some(checkout) = self.checkouts.get(&order.checkout).await? else { return Ok(()) };
        let Some(person) = self.checkouts.person(&order.customer).await? else { return Ok(()) };
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        let total = words.money(amounts.totals.gross);
        let part = self.part(order.clone(), None).await?;
        let subject = words.say("mail-refund-subject", &[("total", &total)]);
        let mut blocks = vec![
            Block::Text(words.say("mail-refund-hello", &[])),
            Block::Text(
                words
                    .say("mail-refund-text", &[("seller", &part.seller), ("total", &total), ("id", order.id.as_str())]),
            ),
        ];
        if let Some(credit) = credit {
            blocks.push(Block::Text(words.say("mail-refund-credit", &[("number", &credit.number)])));
        }
        let ended = amounts.lines.iter().filter(|part| part.complete).filter_map(|part| order.lines.get(part.line?));
        if order.is_gift() {
            blocks.push(Block::Text(words.say("mail-refund-gift", &[])));
        } else if ended.into_iter().any(|line| !line.physical) {
            blocks.push(Block::Text(words.say("mail-refund-access", &[])));
        }
        blocks.push(Block::Link(words.say("mail-refund-open", &[]), self.checkouts.page_url(&checkout)?));
        self.sender
            .send(
                &words,
                Letter {
                    key: format!("refund/{refund}"),
                    to: &person.email,
                    subject,
                    blocks: &blocks,
                    unsubscribe: None,
                },
            )
            .await
    }

    /// Queues the mail of an invoice that is void: which one, why, and what stands in its place.
    async fn voided(&self, id: &InvoiceId) -> Result<()> {
        let (Some(old), Some(void)) = (self.invoices.get(id).await?, self.invoices.void_of(id).await?) else {
            return Ok(());
        };
        let Some(checkout) = self.checkouts.get(&old.checkout).await? else { return Ok(()) };
        let Some(person) = self.checkouts.person(&old.customer).await? else { return Ok(()) };
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        let url = self.checkouts.page_url(&checkout)?;
        let secret = url.split_once('?').map_or("", |(_, query)| query);
        let mut blocks = vec![
            Block::Text(words.say("mail-voided-hello", &[("old", &old.number), ("reason", &void.reason)])),
            Block::Text(words.say("mail-voided-text", &[])),
        ];
        for (key, id) in [("mail-voided-next", &void.next), ("mail-refund-credit", &void.credit)] {
            let Some(paper) = self.invoices.get(id).await? else { continue };
            let page = format!("{}{}?{secret}", self.base_url, href(id));
            blocks.push(Block::Link(words.say(key, &[("number", &paper.number)]), page));
        }
        let letter = Letter {
            key: format!("voided/{id}"),
            to: &person.email,
            subject: words.say("mail-voided-subject", &[("number", &old.number)]),
            blocks: &blocks,
            unsubscribe: None,
        };
        self.sender.send(&words, letter).await
    }

    /// Queues the mail of a parcel that was sent.
    async fn shipped(&self, id: &OrderId, tracking: &str, key: &str) -> Result<()> {
        let Some(order) = self.checkouts.order(id).await? else { return Ok(()) };
        let Some(checkout) = self.checkouts.get(&order.checkout).await? else { return Ok(()) };
        let Some(person) = self.checkouts.person(&order.customer).await? else { return Ok(()) };
        let words = Words::for_buyer(&checkout.locale, &checkout.market);
        let part = self.part(order, None).await?;
        let subject = words.say("mail-shipped-subject", &[("id", id.as_str())]);
        let blocks = [
            Block::Text(words.say("mail-shipped-hello", &[])),
            Block::Text(words.say("mail-shipped-text", &[("seller", &part.seller), ("tracking", tracking)])),
            Block::Link(words.say("mail-shipped-open", &[]), self.checkouts.page_url(&checkout)?),
        ];
        self.sender
            .send(
                &words,
                Letter {
                    key: format!("shipped/{key}"),
                    to: &person.email,
                    subject,
                    blocks: &blocks,
                    unsubscribe: None,
                },
            )
            .await
    }
}

fn money_of(checkout: &Checkout, minor: i64) -> Result<Money> {
    let market = || Market::by_id(&checkout.market).unwrap_or_else(|| Market::of_country(""));
    Money::new(minor, checkout.currency.parse().unwrap_or_else(|_| market().currency))
        .map_err(|e| fault::internal("a total", &e))
}

fn total_of(checkout: &Checkout, words: &Words) -> Result<String> {
    Ok(words.money(money_of(checkout, checkout.total_minor)?))
}

/// What was ordered, with its amounts.
fn line_rows(order: &Order, words: &Words) -> Vec<Block> {
    let row = |(line, quoted): (&OrderLine, &QuotedLine)| {
        let mut name = line.title.clone();
        if !line.edition.is_empty() {
            name.push_str(&format!(" · {}", line.edition));
        }
        if line.quantity > 1 {
            name.push_str(&format!(" × {}", line.quantity));
        }
        if line.physical {
            name.push_str(&format!(" ({})", words.say("mail-receipt-parcel", &[])));
        }
        let amounts = &quoted.amounts;
        let amount = if order.quote.prices_include_tax { amounts.gross } else { amounts.net };
        Block::Row(name, words.money(amount))
    };
    order.lines.iter().zip(&order.quote.lines).map(row).collect()
}

fn receipt_blocks(
    checkout: &Checkout,
    parts: &[Part],
    words: &Words,
    url: &str,
    total: &str,
    base_url: &str,
) -> Vec<Block> {
    let mut out = vec![Block::Text(words.say("mail-receipt-hello", &[]))];
    out.push(Block::Link(words.say("mail-receipt-open", &[]), url.to_owned()));
    out.push(Block::Text(words.say("mail-receipt-open-hint", &[])));
    for part in parts {
        let quote = &part.order.quote;
        let name = part.sold_by.as_ref().unwrap_or(&part.seller);
        out.push(Block::Title(words.say("mail-receipt-sold-by", &[("name", name)])));
        out.extend(line_rows(&part.order, words));
        if let Some(shipping) = &quote.shipping {
            let amount = if quote.prices_include_tax { shipping.gross } else { shipping.net };
            let by = quote.sent_by().map_or("", |method| method.called(&checkout.locale));
            let label = words.say("mail-receipt-shipping", &[]);
            let label = if by.is_empty() { label } else { format!("{label} · {by}") };
            out.push(Block::Row(label, words.money(amount)));
        }
        if quote.totals.tax.minor() != 0 {
            out.push(Block::Row(words.say("mail-receipt-tax", &[]), words.money(quote.totals.tax)));
        }
        out.push(Block::Row(words.say("mail-receipt-total", &[]), words.money(quote.totals.gross)));
        out.push(Block::Text(words.say("mail-receipt-order", &[("id", part.order.id.as_str())])));
        if part.order.is_gift() {
            out.push(Block::Text(words.say("mail-receipt-gift", &[])));
        }
        if let Some(invoice) = &part.invoice {
            let secret = url.split_once('?').map_or("", |(_, query)| query);
            let page = format!("{base_url}{}?{secret}", href(&invoice.id));
            let kind = if invoice.simplified.is_some() { "mail-receipt-simplified" } else { "mail-receipt-invoice" };
            out.push(Block::Link(words.say(kind, &[("number", &invoice.number)]), page));
        }
        if !part.email.is_empty() {
            out.push(Block::Text(words.say("mail-receipt-contact", &[("email", &part.email)])));
        }
    }
    if parts.len() > 1 {
        out.push(Block::Row(words.say("mail-receipt-sum", &[]), total.to_owned()));
    }
    if checkout.waived {
        out.push(Block::Text(words.say("mail-receipt-waived", &[])));
    }
    out
}

/// How it was paid: in one sentence, or with what each source paid.
fn paid_blocks(checkout: &Checkout, words: &Words) -> Result<Vec<Block>> {
    let rows = paid_rows(&checkout.sources, money_of(checkout, checkout.total_minor)?, &checkout.paid_with)?;
    if rows.is_empty() {
        let said = words.say("mail-receipt-paid-with", &[("method", &checkout.paid_with)]);
        return Ok((!checkout.paid_with.is_empty()).then_some(Block::Text(said)).into_iter().collect());
    }
    let row = |(key, detail, amount): (&str, String, Money)| Block::Row(words.paid(key, &detail), words.money(amount));
    Ok(std::iter::once(Block::Title(words.say("mail-receipt-paid", &[]))).chain(rows.into_iter().map(row)).collect())
}

struct TellFailed(Receipts);

#[async_trait]
impl Handler for TellFailed {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        self.0.failed(&id).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

struct AskPlace(Receipts);

#[async_trait]
impl Handler for AskPlace {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        self.0.asked_place(&id).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

struct SendReceipt(Receipts);

#[async_trait]
impl Handler for SendReceipt {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        self.0.receipt(&id).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

/// Carries a refund out: money, credit note, mail, in this order, each safe to repeat.
struct CarryRefund(Receipts);

#[async_trait]
impl Handler for CarryRefund {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let payload = &job.job.payload;
        let id: OrderId = serde_json::from_value(payload["order"].clone()).map_err(JobFailed::new)?;
        let name = payload["refund"].as_str().unwrap_or_default();
        self.0.carry_out(&id, name).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

struct TellShipped(Receipts);

#[async_trait]
impl Handler for TellShipped {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let payload = &job.job.payload;
        let id: OrderId = serde_json::from_value(payload["order"].clone()).map_err(JobFailed::new)?;
        let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
        self.0.shipped(&id, &text("tracking"), &text("key")).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

struct TellVoided(Receipts);

#[async_trait]
impl Handler for TellVoided {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let id: InvoiceId = serde_json::from_value(job.job.payload["invoice"].clone()).map_err(JobFailed::new)?;
        self.0.voided(&id).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(receipts: Receipts) -> Handlers {
    let send: Arc<dyn Handler> = Arc::new(SendReceipt(receipts.clone()));
    let carry: Arc<dyn Handler> = Arc::new(CarryRefund(receipts.clone()));
    let failed: Arc<dyn Handler> = Arc::new(TellFailed(receipts.clone()));
    let voided: Arc<dyn Handler> = Arc::new(TellVoided(receipts.clone()));
    let asked: Arc<dyn Handler> = Arc::new(AskPlace(receipts.clone()));
    let tell: Arc<dyn Handler> = Arc::new(TellShipped(receipts));
    [(VOIDED, voided), (PLACE, asked), (RECEIPT, send), (FAILED, failed), (REFUND, carry), (SHIPPED, tell)]
        .map(|(k, h)| (k.to_owned(), h))
        .into()
}
