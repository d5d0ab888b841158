//! Papers of a purchase: invoices, credit notes, amendments, their numbers, and the mail.

use vitrine_queue::JobState;
use vitrine_shared::id::OrderId;
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{Consistency, Index, Query};

use super::purchases::{Purchase, Sums};
use super::{Check, Findings, Invariant};
use crate::accounts::SEND;
use crate::checkout::RECEIPT;
use crate::fault::{self, Result};
use crate::invoices::{self, Invoice, Void};

impl Check {
    pub(super) async fn invoice(&self, id: &vitrine_shared::id::InvoiceId) -> Result<Option<Invoice>> {
        let item = self.table.get(&invoices::key(id), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// Invoices, credit notes, numbers, the mail.
    pub(super) async fn papers(&self, purchase: &Purchase, sums: &mut Sums, out: &mut Findings) -> Result<()> {
        let Purchase { checkout, orders, .. } = purchase;
        let paid = checkout.state == CheckoutState::Paid;
        let id = checkout.id.as_str();
        let job = if paid { self.in_hand(RECEIPT, id, Invariant::Receipts, out).await? } else { None };
        for order in orders {
            let all = self.sale(&order.id).await?;
            let invoice = all.first().map(|(invoice, _)| invoice);
            match invoice {
                None if paid && order.quote.totals.gross.minor() != 0 && !order.is_gift() && job.is_none() => {
                    out.say(
                        Invariant::Invoices,
                        &[order.id.as_str()],
                        "paid, without an invoice, and no job writes it",
                    );
                }
                Some(invoice) if !order.paid => {
                    out.say(Invariant::Invoices, &[invoice.id.as_str(), order.id.as_str()], "its order is not paid");
                }
                _ => {}
            }
            for (n, (invoice, void)) in all.iter().enumerate() {
                if invoice.totals.gross != order.quote.totals.gross {
                    out.say(
                        Invariant::Invoices,
                        &[invoice.id.as_str(), order.id.as_str()],
                        "it is over another amount",
                    );
                }
                number(invoice, sums, out);
                if let Some(void) = void {
                    self.cancelled(invoice, void, all.get(n + 1).map(|(next, _)| next), sums, out).await?;
                }
                for amendment in self.amendments(invoice).await? {
                    number(&amendment, sums, out);
                }
            }
            for refund in self.checkouts.refunds(&order.id).await? {
                if let Some(credit) = self.invoice(&invoices::credit_id_of(&refund.id)).await? {
                    number(&credit, sums, out);
                }
            }
        }
        if let (true, None, Some(outbox)) = (paid, job, &self.outbox)
            && self.checkouts.person(&checkout.customer).await?.is_some()
        {
            let key = format!("receipt/{id}");
            let kept = outbox.get(&key).await.map_err(fault::table)?.is_some();
            if !kept && self.in_hand(SEND, &key, Invariant::Receipts, out).await? != Some(JobState::Waiting) {
                out.say(Invariant::Receipts, &[id], "paid, and its mail neither went out nor waits");
            }
        }
        Ok(())
    }

    /// Every invoice of an order with what made it void, oldest first.
    async fn sale(&self, order: &OrderId) -> Result<Vec<(Invoice, Option<Void>)>> {
        let (mut all, mut next) = (Vec::new(), Some(invoices::id_of(order)));
        while let Some(invoice) = match &next {
            Some(id) => self.invoice(id).await?,
            None => None,
        } {
            let void = self.table.get(&invoices::void_key(&invoice.id), Consistency::Strong).await;
            let void: Option<Void> =
                void.map_err(fault::table)?.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()?;
            next = void.as_ref().map(|void| void.next.clone());
            all.push((invoice, void));
        }
        Ok(all)
    }

    /// A void invoice has a credit note over all of it, and another one in its place.
    async fn cancelled(
        &self,
        invoice: &Invoice,
        void: &Void,
        next: Option<&Invoice>,
        sums: &mut Sums,
        out: &mut Findings,
    ) -> Result<()> {
        let keys = [invoice.id.as_str(), invoice.order.as_str()];
        if next.is_none_or(|next| next.replaces.as_ref() != Some(&invoice.number)) {
            out.say(Invariant::Invoices, &keys, "void, and no invoice stands in its place");
        }
        let Some(credit) = self.invoice(&void.credit).await? else {
            out.say(Invariant::Invoices, &keys, "void, without the credit note that cancels it");
            return Ok(());
        };
        number(&credit, sums, out);
        let sum = credit.totals.gross.minor() + invoice.totals.gross.minor();
        if sum != 0 || credit.corrects.as_ref() != Some(&invoice.number) {
            out.say(Invariant::Invoices, &keys, "void, and its credit note cancels something else");
        }
        Ok(())
    }

    async fn amendments(&self, invoice: &Invoice) -> Result<Vec<Invoice>> {
        let query = Query::new(Index::Base, format!("INVOICE#{}", invoice.id)).begins_with("AMENDED#").limit(1000);
        let page = self.table.query(query).await.map_err(fault::table)?;
        let mut all = Vec::new();
        for item in page.items {
            let id = item.get("sk").and_then(|v| v.as_str()).and_then(|sk| sk.strip_prefix("AMENDED#")?.parse().ok());
            if let Some(id) = id {
                all.extend(self.invoice(&id).await?);
            }
        }
        Ok(all)
    }
}

/// Puts a document's number into its series.
fn number(invoice: &Invoice, sums: &mut Sums, out: &mut Findings) {
    out.saw("invoices");
    let mut parts = invoice.number.rsplit('-');
    let parsed = (|| Some((parts.next()?.parse::<u64>().ok()?, parts.next()?.to_owned())))();
    let Some((number, year)) = parsed else {
        out.say(Invariant::InvoiceSeries, &[invoice.id.as_str()], format!("{:?} is no number", invoice.number));
        return;
    };
    let series = (invoice.seller.clone(), format!("{year}{}", invoice.kind.mark()));
    if !sums.series.entry(series).or_default().add(number) {
        out.say(Invariant::InvoiceSeries, &[invoice.id.as_str()], format!("{} is there twice", invoice.number));
    }
}
