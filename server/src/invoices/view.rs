//! Invoice pages: the list of a customer, one document.

use std::cmp::Reverse;

use vitrine_pricing::date::Date;
use vitrine_pricing::format::{format_accounting, format_date, format_percent};
use vitrine_pricing::quote::Rounding;
use vitrine_shared::Problem;
use vitrine_shared::id::{CustomerId, InvoiceId, OrderId};
use vitrine_shared::query::encode;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::owned::{InvoiceLineView, InvoiceRow, InvoiceView, InvoicesView, VoidView};
use vitrine_shared::views::trade::{AmountView, OrderView};
use vitrine_table::{Index, Query, SortRange, retry};

use super::{Invoice, Invoices, Kind, Void, explained};
use crate::checkout::store::Checkout;
use crate::checkout::{Checkouts, paid_view};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::mails::Words;
use vitrine_shared::views::sums::{by_rate, explain};

/// Documents of one page.
const PAGE: usize = 50;

/// What a void invoice is called.
const VOID: &str = "void";

/// Path of a document's page.
pub fn href(id: &InvoiceId) -> String {
    format!("/invoices/{id}")
}

fn word(invoice: &Invoice) -> String {
    match invoice.kind {
        Kind::Invoice if invoice.simplified.is_some() => "simplified",
        Kind::Invoice => "invoice",
        Kind::CreditNote => "credit_note",
        Kind::Amendment => "amendment",
    }
    .to_owned()
}

/// Key of the words for a rounding policy: `invoice-rounding-line-half_up`.
pub(super) fn rounding_key(rounding: Rounding) -> String {
    let word = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let (scope, mode) = (word(serde_json::to_value(rounding.scope)), word(serde_json::to_value(rounding.mode)));
    format!("invoice-rounding-{scope}-{mode}")
}

fn date(ms: i64) -> Option<Date> {
    Date::from_unix_ms(ms).ok()
}

fn at(invoice: &Invoice) -> String {
    super::listed_at(invoice.issued_ms, &invoice.id)
}

/// Names the last document of a page.
fn cursor_of(invoice: &Invoice) -> String {
    format!("{}.{}", invoice.issued_ms, invoice.id)
}

/// Where the document is that a cursor names.
fn last_of(cursor: &str) -> Result<String> {
    let read = || {
        let (issued_ms, id) = cursor.split_once('.')?;
        Some(super::listed_at(issued_ms.parse().ok()?, &id.parse().ok()?))
    };
    read().ok_or_else(|| Problem::invalid("cursor", "bad_cursor", "The cursor is not one of this list."))
}

impl Invoices {
    /// Address of an order's invoice, once it is issued.
    ///
    /// # Errors
    /// The table's.
    pub async fn of_order(&self, order: &OrderId) -> Result<Option<String>> {
        let id = self.standing(super::id_of(order)).await?;
        Ok(self.get(&id).await?.map(|_| href(&id)))
    }

    /// Adds the addresses of invoices that were issued to an order page, with the secret it was opened with.
    ///
    /// # Errors
    /// The table's.
    pub async fn link(&self, view: &mut OrderView, secret: Option<&str>) -> Result<()> {
        let ids = view.parts.iter().map(|part| part.id.parse::<OrderId>().map(|order| super::id_of(&order)));
        let ids: Vec<Option<InvoiceId>> = ids.map(std::result::Result::ok).collect();
        let keys = ids.iter().flatten().flat_map(|id| [super::key(id), super::void_key(id)]).collect();
        let mut issued = retry::get_each(&*self.table, keys).await.map_err(fault::table)?.into_iter();
        for (part, id) in view.parts.iter_mut().zip(&ids) {
            let Some(id) = id else { continue };
            let (document, void) = (issued.next().flatten(), issued.next().flatten());
            let standing = if void.is_some() { self.standing(id.clone()).await? } else { id.clone() };
            let address = document.map(|_| href(&standing));
            part.invoice_href = address.map(|at| secret.map_or(at.clone(), |s| format!("{at}?key={}", encode(s))));
        }
        Ok(())
    }

    /// A page of the documents of customers, newest first. From an index: it may lag behind.
    ///
    /// # Errors
    /// 401 without a customer, 422 for a foreign cursor.
    pub async fn list(&self, place: &Place, customers: &[CustomerId], cursor: Option<&str>) -> Result<InvoicesView> {
        if customers.is_empty() {
            return Err(Problem::unauthenticated());
        }
        let last = cursor.map(last_of).transpose()?;
        let mut all: Vec<Invoice> = Vec::new();
        for customer in customers {
            let mut query = Query::new(Index::Gsi1, format!("CUSTOMERINVOICES#{customer}")).descending();
            if let Some(last) = &last {
                query = query.range(SortRange::To(last.clone()));
            }
            // The page, one more to know whether another follows, and the last one of the page before, which the range includes.
            let items = retry::query_all(&*self.table, query, PAGE + 2).await.map_err(fault::table)?;
            for item in items {
                let invoice: Invoice = vitrine_table::from_item(item).map_err(fault::table)?;
                if last.as_ref() != Some(&at(&invoice)) {
                    all.push(invoice);
                }
            }
        }
        all.sort_by_cached_key(|invoice| Reverse(at(invoice)));
        let more = all.get(PAGE - 1).filter(|_| all.len() > PAGE).map(|i| format!("/invoices?cursor={}", cursor_of(i)));
        let voids = all.iter().take(PAGE).map(|invoice| super::void_key(&invoice.id)).collect();
        let voids = retry::get_each(&*self.table, voids).await.map_err(fault::table)?;
        let rows = all.iter().take(PAGE).zip(&voids).map(|(invoice, void)| {
            let date = date(invoice.issued_ms);
            InvoiceRow {
                number: invoice.number.clone(),
                href: href(&invoice.id),
                seller: invoice.seller_lines.first().cloned().unwrap_or_default(),
                date: date.map(|d| format_date(d, place.locale)).unwrap_or_default(),
                year: date.map_or(0, |d| i32::from(d.year())),
                // An amendment changes no amount.
                total: match invoice.kind {
                    Kind::Amendment => String::new(),
                    _ => format_accounting(invoice.totals.gross, place.locale),
                },
                kind: if void.is_some() { VOID.to_owned() } else { word(invoice) },
            }
        });
        Ok(InvoicesView { rows: rows.collect(), more })
    }

    /// One document for who may see its order; `key` opens it for a guest.
    ///
    /// # Errors
    /// 404 for everybody else.
    pub async fn view(
        &self,
        ctx: &OpCtx,
        checkouts: &Checkouts,
        place: &Place,
        id: &str,
        key: Option<&str>,
    ) -> Result<InvoiceView> {
        let (invoice, checkout) = self.seen(ctx, checkouts, id, key).await?;
        let mut view = self.shown(place, &invoice).await?;
        view.files = self.files(&invoice, &super::papers::words_of(&checkout)).await?;
        if let Some(order) = checkouts.order(&invoice.order).await? {
            view.explain = match invoice.kind {
                Kind::CreditNote => explained::of_credit(checkouts, place, &order, &invoice.id).await?,
                Kind::Invoice | Kind::Amendment => explain(place, &order.quote),
            };
        }
        if invoice.kind == Kind::Invoice && view.void.is_none() && checkouts.bought(ctx, &checkout, key).await? {
            view.business = Some(self.kept(ctx, &invoice.id).await?);
        }
        Ok(view)
    }

    /// A document and its payment for who may see its order.
    ///
    /// # Errors
    /// 404 for everybody else.
    pub(super) async fn seen(
        &self,
        ctx: &OpCtx,
        checkouts: &Checkouts,
        id: &str,
        key: Option<&str>,
    ) -> Result<(Invoice, Checkout)> {
        let missing = || Problem::not_found("invoice");
        let id: InvoiceId = id.parse().map_err(|_| missing())?;
        let Some(invoice) = self.get(&id).await? else {
            // Whose key opens nothing guessed the number with it.
            if key.is_some() {
                ctx.guess.mark_wrong();
            }
            return Err(missing());
        };
        let checkout = checkouts.seen(ctx, invoice.checkout.as_str(), key).await.map_err(|_| missing())?;
        Ok((invoice, checkout))
    }

    async fn void_view(&self, place: &Place, void: &Void) -> Result<VoidView> {
        let named = async |id: &InvoiceId| {
            let number = self.get(id).await?.map(|paper| paper.number).unwrap_or_default();
            Ok::<_, Problem>((number, href(id)))
        };
        Ok(VoidView {
            since: date(void.at_ms).map(|day| format_date(day, place.locale)).unwrap_or_default(),
            reason: void.reason.clone(),
            credit: named(&void.credit).await?,
            next: named(&void.next).await?,
        })
    }

    async fn shown(&self, place: &Place, invoice: &Invoice) -> Result<InvoiceView> {
        let money = |m| format_accounting(m, place.locale);
        // What corrects an invoice says all of it anew, with another buyer.
        let corrected = if invoice.kind == Kind::Amendment { self.get(&invoice.about()).await? } else { None };
        let source = corrected.as_ref().unwrap_or(invoice);
        let totals = &source.totals;
        let mut sums = vec![AmountView { key: "sum-net".into(), detail: String::new(), text: money(totals.net) }];
        for tax in by_rate(&totals.taxes) {
            let rate = format_percent(tax.rate_ppm, place.locale);
            sums.push(AmountView {
                key: "sum-tax".into(),
                detail: format!("{} {rate} ({})", tax.name, tax.jurisdiction),
                text: money(tax.amount),
            });
        }
        if let Some(accounting) = &source.accounting {
            let (source, day) = (accounting.rates.source(), format_date(accounting.rates.date(), place.locale));
            sums.push(AmountView {
                key: "sum-tax-books".into(),
                detail: format!("({source}, {day}: {})", accounting.rates.quoted()),
                text: money(accounting.tax),
            });
        }
        sums.push(AmountView { key: "sum-total".into(), detail: String::new(), text: money(totals.gross) });
        let lines = source.lines.iter().map(|line| InvoiceLineView {
            text: line.text.clone(),
            by: line.by.as_ref().map(|method| method.called(place.locale.tag()).to_owned()).unwrap_or_default(),
            quantity: line.quantity,
            net: money(line.amounts.net),
            rate: line
                .amounts
                .taxes
                .iter()
                .map(|t| format_percent(t.rate_ppm, place.locale))
                .collect::<Vec<_>>()
                .join(" + "),
            tax: money(line.amounts.tax),
            gross: money(line.amounts.gross),
        });
        let amended = if invoice.kind == Kind::Invoice { self.amendments(&invoice.id).await? } else { Vec::new() };
        let void = match self.void_of(&invoice.held_by()).await? {
            Some(void) => Some(self.void_view(place, &void).await?),
            None => None,
        };
        // Said in the reader's language, it needs no translation beside it.
        let supplied = source.supplied_at(&Words::of(place.locale.tag())).into_iter();
        let supplied = supplied.map(|said| (said.clone(), place.locale.tag().to_owned(), said));
        let legal = source.legal.iter().map(|n| (n.text.clone(), n.language.clone(), n.english.clone()));
        Ok(InvoiceView {
            id: invoice.id.to_string(),
            files: Vec::new(),
            business: None,
            amended: amended.iter().map(|a| (a.number.clone(), href(&a.id))).collect(),
            kind: if void.is_some() { VOID.to_owned() } else { word(invoice) },
            void,
            replaces: invoice.replaces.clone(),
            number: invoice.number.clone(),
            corrects: invoice.corrects.clone(),
            date: date(invoice.issued_ms).map(|d| format_date(d, place.locale)).unwrap_or_default(),
            seller: invoice.seller_lines.clone(),
            buyer: self.buyer_of(invoice)?.lines,
            lines: lines.collect(),
            sums,
            notes: source.notes.clone(),
            legal: supplied.chain(legal).collect(),
            explain: Vec::new(),
            rounding: source.rounding.map(rounding_key),
            paid_with: source.paid_with.clone(),
            paid: paid_view(&source.sources, totals.gross, &source.paid_with, place)?,
            order_href: format!("/orders/{}", invoice.checkout),
        })
    }
}
