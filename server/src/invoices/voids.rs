//! Invoices that should not be: made void, cancelled by a credit note and issued anew.
//!
//! A number that was given is never taken back, and its document never changes: it says beside itself that it is void, since when and why. The mail
//! with an invoice leaves in the job that issues it, so every one counts as sent, and what was sent is taken back by a document only (Directive
//! 2006/112/EC art. 219). So one transaction writes three things: the record of the void, a credit note over all of it, and the order's invoice under
//! the next number. With its credit note a void one adds up to nothing, each in the month that it was issued in: a month that was reported stays as it
//! was. Where something went back already, credit notes name the invoice, and it stays.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | void | `INVOICE#inv` | `VOID#` |

use serde::{Deserialize, Serialize};

use super::*;
use crate::authz;
use crate::checkout::{Checkouts, job, plain};

/// The job that tells a buyer.
pub const VOIDED: &str = "invoice.voided";

/// Invoices of one order at most: whoever needs more has another trouble.
const MOST: usize = 10;

/// That an invoice is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// Why, as staff wrote it; the buyer reads it.
    pub reason: String,
    /// Since when, UTC milliseconds.
    pub at_ms: i64,
    /// The credit note that cancels it.
    pub credit: InvoiceId,
    /// The order's invoice in its place.
    pub next: InvoiceId,
}

/// Key of the record that an invoice is void.
pub(super) fn void_key(id: &InvoiceId) -> Key {
    Key::new(format!("INVOICE#{id}"), "VOID#")
}

/// All of an amount, as what goes back.
fn whole(a: &Amounts) -> RefundAmounts {
    RefundAmounts { net: a.net, taxes: a.taxes.clone(), tax: a.tax, gross: a.gross }
}

impl Invoices {
    /// Whether an invoice is void.
    ///
    /// # Errors
    /// The table's.
    pub async fn void_of(&self, id: &InvoiceId) -> Result<Option<Void>> {
        let item = self.table.get(&void_key(id), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// The invoice that stands in the place of this one: itself, unless it is void.
    pub(super) async fn standing(&self, id: InvoiceId) -> Result<InvoiceId> {
        let mut id = id;
        while let Some(void) = self.void_of(&id).await? {
            id = void.next;
        }
        Ok(id)
    }

    /// Every invoice of an order with what made it void, oldest first.
    ///
    /// # Errors
    /// The table's.
    pub async fn of_sale(&self, order: &OrderId) -> Result<Vec<(Invoice, Option<Void>)>> {
        let (mut all, mut id) = (Vec::new(), id_of(order));
        while let Some(invoice) = self.get(&id).await? {
            let void = self.void_of(&id).await?;
            let next = void.as_ref().map(|void| void.next.clone());
            all.push((invoice, void));
            let Some(next) = next else { break };
            id = next;
        }
        Ok(all)
    }

    /// Makes an invoice void: a credit note cancels it, and its order has a new one under the next number, to who its buyer is by now. Safe to repeat:
    /// an invoice is void once.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for what is no invoice; 409 `invoice_refunded` where something went back, `voided_often`, `changed_meanwhile`;
    /// 422 without a reason.
    pub async fn void(&self, ctx: &OpCtx, checkouts: &Checkouts, id: &InvoiceId, reason: &str) -> Result<Void> {
        authz::staff(ctx, "orders:refund")?;
        let reason = plain("reason", reason)?;
        let missing = || Problem::not_found("invoice");
        let of = self.get(id).await?.filter(|i| i.kind == Kind::Invoice).ok_or_else(missing)?;
        if let Some(known) = self.void_of(id).await? {
            return Ok(known);
        }
        let order = checkouts.order(&of.order).await?.ok_or_else(missing)?;
        if !checkouts.refunds(&order.id).await?.is_empty() {
            let title = "Something of this order was refunded: credit notes name its invoice, which stays.";
            return Err(Problem::conflict("invoice_refunded", title));
        }
        if self.of_sale(&order.id).await?.len() >= MOST {
            return Err(Problem::conflict("voided_often", "This order had ten invoices."));
        }
        let bits = |what: &str| InvoiceId::from_bits(ids::derived_bits(&[what, id.as_str()]));
        let void = Void { reason, at_ms: ctx.now_ms, credit: bits("cancels"), next: bits("replaces") };
        let cancel = self.cancelling(ctx, &of, void.credit.clone())?;
        let person = checkouts.order_person(&order).await?;
        let erased = person.is_none();
        let buyer = match self.amendments(id).await?.last() {
            Some(last) => Some(self.buyer_of(last)?),
            // Who bought is then what the document keeps.
            None if erased => Some(self.buyer_of(&of)?),
            None => None,
        };
        let by_law = erased.then(|| of.simplified.clone()).flatten();
        let person = person.unwrap_or_default();
        let checkout = checkouts.get(&order.checkout).await?.ok_or_else(missing)?;
        let (paid_with, language) = (of.paid_with.as_str(), checkout.locale.as_str());
        let issue = Issue { order: &order, buyer: &person, paid_with, language, refund: None };
        let (legal, mut next) = self.drawn(ctx, &issue, void.next.clone(), None, buyer).await?;
        if next.simplified.is_none() && self.amendments(id).await?.is_empty() {
            next.simplified = by_law;
        }
        next.replaces = Some(of.number.clone());
        let home = |legal: Option<&LegalEntity>| legal.map(|legal| legal.country.clone());
        if next.totals == of.totals && home(of.seller_legal.as_ref()) == home(Some(&legal)) {
            // It is the same supply: its tax came about when the void one was issued (Directive 2006/112/EC art. 91).
            next.accounting = of.accounting.clone();
        }
        // It was supplied when the first one said so.
        next.supplied_ms = Some(of.supplied_ms.unwrap_or(of.issued_ms));
        let mut item = vitrine_table::to_item(&void_key(id), &void).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        let what = json!({ "number": of.number, "order": of.order });
        let mut more = vec![
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            // Nothing goes back of it at the same moment.
            TransactOp::Check {
                key: crate::checkout::store::order_key(&order.id),
                condition: Condition::eq("rev", order.rev),
            },
            audit::entry(ctx, of.checkout.as_str(), "invoice.voided", &void.reason, what),
        ];
        let told = job(VOIDED, id.as_str(), json!({ "invoice": id }), ctx.now_ms);
        more.extend(checkouts.job_op(&told)?);
        self.numbered_together(ctx, &legal, vec![cancel, next], more).await?;
        self.void_of(id).await?.ok_or_else(|| fault::internal("an invoice", &"it is not void"))
    }

    /// The credit note over all of an invoice, by the seller and to the buyer that it names.
    fn cancelling(&self, ctx: &OpCtx, of: &Invoice, id: InvoiceId) -> Result<Invoice> {
        let lines = of
            .lines
            .iter()
            .map(|line| Ok(Line { amounts: reversed(&whole(&line.amounts), of.prices_include_tax)?, ..line.clone() }));
        let accounting =
            of.accounting.as_ref().map(|a| Ok(Accounting { tax: negative(a.tax)?, rates: a.rates.clone() }));
        Ok(Invoice {
            buyer_sealed: self.sealed(&id, &self.buyer_of(of)?)?,
            id,
            number: String::new(),
            kind: Kind::CreditNote,
            simplified: None,
            corrects: Some(of.number.clone()),
            corrects_id: Some(of.id.clone()),
            replaces: None,
            issued_ms: ctx.now_ms,
            lines: lines.collect::<Result<_>>()?,
            totals: reversed(&whole(&of.totals), of.prices_include_tax)?,
            sources: Vec::new(),
            accounting: accounting.transpose()?,
            ..of.clone()
        })
    }
}
