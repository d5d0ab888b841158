//! Invoices and credit notes: one series of numbers per seller and year, without gaps.
//!
//! Invariants:
//! - A number is taken in the transaction that writes its document, so none is ever lost or given twice.
//! - A document is written once for its order (and refund) and never changed; a refund adds a credit note, business details
//!   that come later add an amendment, a void one has a record beside it (`voids`).
//! - What law asks to keep (seller, buyer, amounts) is copied into the document; the buyer's part is sealed.
//! - A file of a document that went out once goes out again byte by byte (`filed`), whatever a later program would set.
//! - Numbers are given by a job after the payment, never inside the checkout's transaction: sellers' counters are hot.
//!
//! Not here: amounts (the order's quote), mails (`receipts`).

mod amend;
#[cfg(test)]
mod apart;
mod books;
pub(crate) mod entity;
mod explained;
mod filed;
#[cfg(test)]
mod filed_tests;
mod http;
#[cfg(test)]
mod imported_tests;
mod legal;
#[cfg(test)]
mod legal_tests;
mod letters;
mod numbers;
#[cfg(test)]
mod numbers_tests;
mod papers;
mod report;
mod simplified;
#[cfg(test)]
mod tests;
mod turnover;
mod view;
mod voids;
#[cfg(test)]
mod voids_tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;
use vitrine_blob::Blob;
use vitrine_einvoice::Fonts;
use vitrine_identity::MasterKey;
use vitrine_pricing::date::Date;
use vitrine_pricing::market::is_country;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::quote::{Amounts, OfferedMethod, Rounding, Step, StepKind, TaxAmount};
use vitrine_pricing::refund::{RefundAmounts, RefundPart, RefundQuote};
use vitrine_pricing::tax::{TaxRules, TaxStatus};
use vitrine_shared::Problem;
use vitrine_shared::catalog::LegalEntity;
use vitrine_shared::id::{CheckoutId, CustomerId, InvoiceId, OrderId, TenantId};
use vitrine_table::{
    Condition, Consistency, Item, Key, Put, Table, TableError, Transact, TransactOp, Update, UpdateItem, retry,
};

use crate::catalog::store::CatalogStore;
use crate::checkout::store::{Order, OrderLine, Person};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::rates::Rates;
use crate::value::Source;
use crate::{audit, ids};
pub use books::Accounting;
use papers::Buyer;

pub use amend::Business;
pub(crate) use filed::{Filed, blob_key, files_of};
pub use http::routes;
pub use legal::Legal;
pub use letters::fonts;
pub use papers::{Form, Paper};
pub use report::{MOST_SHOWN, TaxRow};
pub use turnover::{Sold, Span, Turnover};
pub use view::href;
use voids::void_key;
pub use voids::{VOIDED, Void};

/// Turns that numbers are taken in.
const TURNS: usize = 16;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money is owed or was paid.
    Invoice,
    /// Money went back.
    CreditNote,
    /// Says who the buyer of an invoice is in law; it changes no amount (Directive 2006/112/EC, Art. 219).
    Amendment,
}

impl Kind {
    /// What numbers of its series have after the seller's prefix.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Invoice => "",
            Self::CreditNote => "C",
            Self::Amendment => "A",
        }
    }
}

/// A sale whose tax went back alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relieved {
    /// Why it is not taxed.
    pub status: TaxStatus,
    /// Code of the reasoning behind it; empty: of older documents.
    #[serde(default)]
    pub reason: String,
    /// What of it stays sold, without tax; above zero.
    pub net: Money,
}

/// By which law a tax of a document is charged; rate and place are with its totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLaw {
    /// Rule of the tax, as in [`TaxAmount`].
    pub rule: String,
    /// The law, as the table of rules names it.
    pub law: String,
}

/// One line; of a credit note all amounts are negative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What, as sold; empty: shipping.
    pub text: String,
    /// Pieces; of a credit note 0 where an amount or tax alone went back.
    pub quantity: u32,
    /// Its amounts.
    pub amounts: Amounts,
    /// Why it is taxed, or is not; `None`: shipping with a tax on it, and of older documents.
    #[serde(default)]
    pub status: Option<TaxStatus>,
    /// Code of the reasoning behind it, one of `vitrine_pricing::tax::REASONS`.
    #[serde(default)]
    pub reason: String,
    /// Came in a parcel.
    #[serde(default)]
    pub physical: bool,
    /// Of a credit note of the tax alone: what the sale is now. `None`: what went back is what was sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relieved: Option<Relieved>,
    /// Of shipping: how it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<OfferedMethod>,
}

/// A document as issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its id, made from what it is for.
    pub id: InvoiceId,
    /// Within the seller's series.
    pub number: String,
    /// What it is.
    pub kind: Kind,
    /// The law by which it may leave out where its buyer is, and does; `None`: it says everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simplified: Option<String>,
    /// Number of what it corrects.
    #[serde(default)]
    pub corrects: Option<String>,
    /// Its id; `None`: nothing is corrected, or it is the order's first invoice (older documents do not say).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects_id: Option<InvoiceId>,
    /// Number of the void invoice in whose place it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// For which order.
    pub order: OrderId,
    /// Of which payment.
    pub checkout: CheckoutId,
    /// Who sells. Stored as `seller`.
    pub seller: TenantId,
    /// Who bought.
    pub customer: CustomerId,
    /// ISO 3166-1 of where it goes; empty: of older documents.
    #[serde(default)]
    pub country: String,
    /// Subdivision of it without the country, where sales are counted by that; empty: elsewhere, and of older documents.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// UTC milliseconds.
    pub issued_ms: i64,
    /// When it was supplied, UTC milliseconds; `None`: on the day of issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplied_ms: Option<i64>,
    /// Seller in law, one line each.
    pub seller_lines: Vec<String>,
    /// The same, field by field; `None`: of older documents.
    #[serde(default)]
    pub seller_legal: Option<LegalEntity>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Lines added up.
    pub totals: Amounts,
    /// Whether prices are shown with tax.
    pub prices_include_tax: bool,
    /// Market id of the prices.
    pub market: String,
    /// Keys of what law asks to say of tax that is not charged.
    pub notes: Vec<String>,
    /// The same, word by word as the law of a country wants it.
    #[serde(default)]
    pub legal: Vec<Legal>,
    /// By which law each of its taxes is charged; empty: of older documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<TaxLaw>,
    /// How amounts were rounded; `None`: of older documents.
    #[serde(default)]
    pub rounding: Option<Rounding>,
    /// The tax service that gave no answer, and its word for why; the tax is the tables'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_fallback: Option<String>,
    /// e.g. `card 4242`.
    pub paid_with: String,
    /// Stored value that paid for a part: a source of payment, which changes no amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// The tax in the currency of the seller's books, where the law asks for it beside an amount in another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounting: Option<Accounting>,
    /// Buyer in law, sealed.
    pub buyer_sealed: String,
}

/// What to issue a document for.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    /// The paid order.
    pub order: &'a Order,
    /// Who bought.
    pub buyer: &'a Person,
    /// e.g. `card 4242`.
    pub paid_with: &'a str,
    /// BCP 47 of what its buyer bought in, which the document is printed in.
    pub language: &'a str,
    /// A refund: its id and what goes back; `None`: the invoice itself.
    pub refund: Option<(&'a str, &'a RefundQuote)>,
}

/// Who issues documents.
struct Issuer {
    id: TenantId,
    /// Who that is in law.
    legal: LegalEntity,
    /// BCP 47 of the seller's own accounts; empty: nobody said, which is the marketplace's.
    language: String,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Invoices {
    table: Arc<dyn Table>,
    blob: Arc<dyn Blob>,
    catalog: CatalogStore,
    master: Arc<MasterKey>,
    /// Whoever takes a seller's next number in this process waits for the one before: without this, jobs that run beside each
    /// other would race for it and all but one repeat. By a part of the seller's hash.
    turns: Arc<[Mutex<()>; TURNS]>,
    platform: Option<Arc<LegalEntity>>,
    fonts: Arc<Fonts>,
    rates: Rates,
}

/// The marketplace among the sellers: whose series and reports its own documents are in.
pub fn platform_id() -> TenantId {
    TenantId::from_bits(ids::derived_bits(&["tenant", "platform"]))
}

/// Whether the marketplace can sell by itself as this entity.
///
/// # Errors
/// Names the field of the configuration and what is wrong with it.
pub fn may_sell(platform: &LegalEntity) -> std::result::Result<(), String> {
    if !platform.has_prefix() {
        return Err("`invoice_prefix` must be 1 to 8 of A-Z and 0-9".into());
    }
    if platform.name.trim().is_empty() || !is_country(&platform.country) {
        return Err("a name and a `country` (ISO 3166-1) are needed".into());
    }
    match platform.registrations.iter().find(|name| !TaxRules::is_registration(name)) {
        Some(name) => Err(format!("`registrations`: nobody is registered for tax in {name:?}")),
        None => Ok(()),
    }
}

/// Key of a document.
pub(crate) fn key(id: &InvoiceId) -> Key {
    Key::new(format!("INVOICE#{id}"), "META#")
}

/// Id of an order's invoice.
pub fn id_of(order: &OrderId) -> InvoiceId {
    InvoiceId::from_bits(ids::derived_bits(&["invoice", order.as_str()]))
}

/// Id of a refund's credit note.
pub fn credit_id_of(refund: &str) -> InvoiceId {
    InvoiceId::from_bits(ids::derived_bits(&["credit", refund]))
}

fn negative(m: Money) -> Result<Money> {
    Money::zero(m.currency()).checked_sub(m).map_err(|e| fault::internal("an amount", &e))
}

/// What goes back, as a credit note says it. Its prices are listed as what goes back, without the discounts of the invoice.
fn reversed(a: &RefundAmounts, prices_include_tax: bool) -> Result<Amounts> {
    let taxes =
        a.taxes.iter().map(|t| Ok(TaxAmount { base: negative(t.base)?, amount: negative(t.amount)?, ..t.clone() }));
    Ok(Amounts {
        list: negative(if prices_include_tax { a.gross } else { a.net })?,
        discounts: Vec::new(),
        net: negative(a.net)?,
        taxes: taxes.collect::<Result<_>>()?,
        tax: negative(a.tax)?,
        gross: negative(a.gross)?,
    })
}

/// Adds amounts up; taxes by rule.
fn added<'a>(currency: Currency, all: impl Iterator<Item = &'a Amounts>) -> Result<Amounts> {
    let zero = Money::zero(currency);
    let mut sum = Amounts { list: zero, discounts: Vec::new(), net: zero, taxes: Vec::new(), tax: zero, gross: zero };
    let add = |a: Money, b: Money| a.checked_add(b).map_err(|e| fault::internal("an amount", &e));
    for a in all {
        sum.list = add(sum.list, a.list)?;
        sum.net = add(sum.net, a.net)?;
        sum.tax = add(sum.tax, a.tax)?;
        sum.gross = add(sum.gross, a.gross)?;
        for tax in &a.taxes {
            match sum.taxes.iter_mut().find(|t| t.rule == tax.rule) {
                Some(t) => {
                    t.base = add(t.base, tax.base)?;
                    t.amount = add(t.amount, tax.amount)?;
                }
                None => sum.taxes.push(tax.clone()),
            }
        }
    }
    Ok(sum)
}

fn words(line: &OrderLine) -> String {
    let text = [line.title.as_str(), line.edition.as_str()].into_iter().filter(|t| !t.is_empty());
    text.collect::<Vec<_>>().join(" · ")
}

/// What the taxes of a part are on: each on a share of it (the rates of a parcel), or all on the same (a country's and a province's).
fn base(order: &Order, part: &RefundPart) -> Result<Money> {
    let inside = |e: &dyn std::fmt::Display| fault::internal("a base", e);
    let sum = |taxes: &[TaxAmount]| Money::sum(part.amounts.net.currency(), taxes.iter().map(|t| t.base));
    let shares = match legal::paid(order, part) {
        Some(paid) => sum(&paid.taxes).map_err(|e| inside(&e))? == paid.net,
        None => true,
    };
    let most = part.amounts.taxes.iter().map(|t| t.base.minor()).max().unwrap_or(0);
    if shares {
        return sum(&part.amounts.taxes).map_err(|e| inside(&e));
    }
    Money::new(most, part.amounts.net.currency()).map_err(|e| inside(&e))
}

fn lines_of(legal: &LegalEntity, issue: &Issue<'_>) -> Result<Vec<Line>> {
    let order = issue.order;
    let mut sold = order.lines.iter().zip(&order.quote.lines);
    let untaxed = sold.position(|(line, quoted)| line.physical && quoted.amounts.taxes.is_empty());
    let line = |number: Option<usize>, quantity: u32, amounts: Amounts| {
        let sold = number.and_then(|n| order.lines.get(n));
        // Sending without tax is what the goods are.
        let number = number.or_else(|| untaxed.filter(|_| amounts.taxes.is_empty()));
        let quoted = number.and_then(|n| order.quote.lines.get(n));
        let decided = |s: &&Step| s.kind == StepKind::Treatment && s.line == number && number.is_some();
        Line {
            text: sold.map(words).unwrap_or_default(),
            quantity,
            amounts,
            status: quoted.map(|l| l.tax_status),
            reason: order.quote.explain.iter().find(decided).map(|s| s.rule.clone()).unwrap_or_default(),
            physical: sold.is_none_or(|l| l.physical),
            relieved: None,
            by: order.quote.sent_by().filter(|_| sold.is_none()).cloned(),
        }
    };
    let Some((_, refund)) = issue.refund else {
        let sold = order.lines.iter().zip(&order.quote.lines).enumerate();
        let lines = sold.map(|(n, (sold, quoted))| line(Some(n), sold.quantity, quoted.amounts.clone()));
        let shipping = order.quote.shipping.iter().map(|s| line(None, 1, s.clone()));
        return Ok(lines.chain(shipping).collect());
    };
    let parts = refund.lines.iter().chain(&refund.shipping);
    let credited = |part: &RefundPart| {
        let amounts = reversed(&part.amounts, order.quote.prices_include_tax)?;
        let mut line = line(part.line, part.quantity, amounts);
        let relief = legal::relief(legal, order, part);
        if let Some(relief) = relief.as_ref().filter(|_| !part.amounts.tax.is_zero()) {
            line.relieved =
                Some(Relieved { status: relief.status, reason: relief.reason.to_owned(), net: base(order, part)? });
        }
        if let Some(relief) = relief.filter(|_| part.amounts.tax.is_zero()) {
            // The tax is gone already: it was sold without, and so it goes back.
            line.status = Some(relief.status);
            line.reason = relief.reason.to_owned();
            line.amounts.taxes.clear();
        }
        Ok(line)
    };
    parts.map(credited).collect()
}

/// The laws of the taxes that are charged, in the order of the totals.
fn laws_of(order: &Order, totals: &Amounts) -> Vec<TaxLaw> {
    let law = |rule: &str| {
        let steps = order.quote.explain.iter().filter(|s| s.kind == StepKind::Tax && s.rule == rule);
        steps.map(|s| s.source.clone()).find(|law| !law.is_empty())
    };
    let charged = totals.taxes.iter().filter(|tax| !tax.amount.is_zero());
    charged.filter_map(|tax| Some(TaxLaw { rule: tax.rule.clone(), law: law(&tax.rule)? })).collect()
}

fn seller_lines(legal: &LegalEntity) -> Vec<String> {
    let mut out = vec![legal.name.clone()];
    out.extend(legal.address.iter().cloned());
    out.push(legal.country.clone());
    out.push(legal.email.clone());
    out.extend(legal.tax_ids.iter().cloned());
    out.retain(|l| !l.is_empty());
    out
}

impl Invoices {
    /// Over these stores.
    pub fn new(table: Arc<dyn Table>, blob: Arc<dyn Blob>, catalog: CatalogStore, master: Arc<MasterKey>) -> Self {
        let turns = Arc::new(std::array::from_fn(|_| Mutex::new(())));
        let (fonts, rates) = (letters::default_fonts(), Rates::default());
        Self { table, blob, catalog, master, turns, platform: None, fonts, rates }
    }

    /// With fonts for letters that the built-in one lacks.
    pub fn with_fonts(self, fonts: Fonts) -> Self {
        Self { fonts: Arc::new(fonts), ..self }
    }

    /// With these rates for taxes in the currency of a seller's books.
    pub fn with_rates(self, rates: Rates) -> Self {
        Self { rates, ..self }
    }

    /// Where the marketplace sells by itself what the law presumes it does.
    pub fn with_platform(self, platform: Option<LegalEntity>) -> Self {
        Self { platform: platform.map(Arc::new), ..self }
    }

    /// The marketplace as a seller: its id and who it is in law; `None` where it sells nothing by itself.
    pub fn platform(&self) -> Option<(TenantId, &LegalEntity)> {
        self.platform.as_deref().map(|legal| (platform_id(), legal))
    }

    async fn issuer(&self, id: &TenantId) -> Result<Issuer> {
        if *id == platform_id() {
            let platform = self.platform.as_deref().cloned();
            let platform =
                platform.ok_or_else(|| fault::internal("an invoice", &"`platform` is not configured any more"))?;
            return Ok(Issuer { id: id.clone(), legal: platform, language: String::new() });
        }
        let tenant = self.catalog.tenant(id).await?;
        let tenant = tenant.ok_or_else(|| fault::internal("an invoice", &"its seller is not there"))?;
        let legal = entity::of(&tenant);
        Ok(Issuer { id: tenant.id, legal, language: tenant.locale })
    }

    async fn issuer_of(&self, order: &Order) -> Result<Issuer> {
        self.issuer(&if order.is_platforms() { platform_id() } else { order.tenant.clone() }).await
    }

    /// Who sells an order in law, as it is now; what was issued keeps who it was.
    ///
    /// # Errors
    /// The table's; internal if the seller is gone, or the marketplace does not sell any more.
    pub(crate) async fn seller_of(&self, order: &Order) -> Result<LegalEntity> {
        Ok(self.issuer_of(order).await?.legal)
    }

    /// One document.
    ///
    /// # Errors
    /// The table's.
    pub async fn get(&self, id: &InvoiceId) -> Result<Option<Invoice>> {
        let item = self.table.get(&key(id), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// Issues a document; the same one again if it was issued already, or what stands in its place by now.
    ///
    /// # Errors
    /// The stores'; safe to repeat.
    pub async fn issue(&self, ctx: &OpCtx, issue: &Issue<'_>) -> Result<Invoice> {
        let Some((refund, _)) = issue.refund else {
            let (legal, invoice) = self.drawn(ctx, issue, id_of(&issue.order.id), None, None).await?;
            let issued = self.numbered(ctx, &legal, invoice, Vec::new()).await?;
            let standing = self.standing(issued.id.clone()).await?;
            return if standing == issued.id { Ok(issued) } else { Ok(self.get(&standing).await?.unwrap_or(issued)) };
        };
        let corrected = self.get(&self.standing(id_of(&issue.order.id)).await?).await?;
        let (legal, invoice) = self.drawn(ctx, issue, credit_id_of(refund), corrected, None).await?;
        self.numbered(ctx, &legal, invoice, Vec::new()).await
    }

    /// A document without its number, and who issues it; `buyer`: who is named in place of who the order names.
    async fn drawn(
        &self,
        ctx: &OpCtx,
        issue: &Issue<'_>,
        id: InvoiceId,
        corrected: Option<Invoice>,
        buyer: Option<Buyer>,
    ) -> Result<(LegalEntity, Invoice)> {
        let order = issue.order;
        let Issuer { id: seller, legal, language } = self.issuer_of(order).await?;
        let lines = lines_of(&legal, issue)?;
        let totals = added(order.quote.currency, lines.iter().map(|l| &l.amounts))?;
        let person = issue.buyer;
        let simplified = match (issue.refund, &buyer) {
            (None, None) => simplified::by(&legal, order, person),
            _ => None,
        };
        let own = || if simplified.is_some() { Buyer::named(person) } else { Buyer::whole(person) };
        let buyer = buyer.unwrap_or_else(own);
        let laws = laws_of(order, &totals);
        let accounting = books::accounting(&legal, &totals, corrected.as_ref(), &self.rates, ctx.now_ms)?;
        let kind = if issue.refund.is_some() { Kind::CreditNote } else { Kind::Invoice };
        let languages = [issue.language, &language];
        let notes = match issue.refund {
            Some((_, what)) => legal::of_credit(&legal, order, what, corrected.as_ref(), &languages),
            None => legal::notes(&legal, order, None, &languages),
        };
        let mut invoice = Invoice {
            id,
            number: String::new(),
            kind,
            simplified,
            corrects_id: corrected.as_ref().map(|i| i.id.clone()),
            corrects: corrected.map(|i| i.number),
            replaces: None,
            order: order.id.clone(),
            checkout: order.checkout.clone(),
            seller: seller.clone(),
            customer: order.customer.clone(),
            country: order.country.clone(),
            region: order.region.clone(),
            issued_ms: ctx.now_ms,
            supplied_ms: None,
            seller_lines: seller_lines(&legal),
            seller_legal: Some(legal.clone()),
            lines,
            totals,
            prices_include_tax: order.quote.prices_include_tax,
            market: order.quote.market.clone(),
            notes: vitrine_shared::views::sums::note(&order.quote).into_iter().collect(),
            legal: notes,
            laws,
            rounding: Some(order.quote.rounding),
            tax_fallback: order.tax.tax_fallback.as_ref().map(|f| format!("{}:{}", f.provider, f.code)),
            paid_with: issue.paid_with.to_owned(),
            sources: if issue.refund.is_none() { order.sources.clone() } else { Vec::new() },
            accounting,
            buyer_sealed: String::new(),
        };
        invoice.buyer_sealed = self.sealed(&invoice.id, &buyer)?;
        Ok((legal, invoice))
    }

    fn sealed(&self, id: &InvoiceId, buyer: &Buyer) -> Result<String> {
        self.master.seal_value(&format!("invoice/{id}"), buyer).map_err(|e| fault::internal("an invoice", &e))
    }

    /// The buyer's part of a document.
    fn buyer_of(&self, invoice: &Invoice) -> Result<Buyer> {
        let plain = self
            .master
            .open(&format!("invoice/{}", invoice.id), &invoice.buyer_sealed)
            .map_err(|e| fault::internal("an invoice", &e))?;
        Buyer::read(&plain).map_err(|e| fault::internal("an invoice", &e))
    }
}

/// Where a document is among those of its customer.
fn listed_at(issued_ms: i64, id: &InvoiceId) -> String {
    format!("{issued_ms:015}#{id}")
}

fn item(invoice: &Invoice) -> Result<Item> {
    let mut item = vitrine_table::to_item(&key(&invoice.id), invoice).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("pk2".into(), format!("CUSTOMERINVOICES#{}", invoice.customer).into());
    item.insert("sk2".into(), listed_at(invoice.issued_ms, &invoice.id).into());
    item.insert("_v".into(), 1.into());
    Ok(item)
}
