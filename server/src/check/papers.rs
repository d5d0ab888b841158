//! Papers of a purchase: invoices, credit notes, amendments, their numbers and files, and the mail.

use vitrine_queue::JobState;
use vitrine_shared::orders::CheckoutState;

use super::files::Files;
use super::purchases::{Purchase, Sums};
use super::{Check, Findings, Invariant};
use crate::accounts::SEND;
use crate::checkout::RECEIPT;
use crate::fault::{self, Result};
use crate::invoices::{self, Invoice, Void};

impl Check {
    /// Invoices, credit notes, numbers, files, the mail.
    pub(super) async fn papers(
        &self,
        purchase: &Purchase,
        sums: &mut Sums,
        files: &mut Files,
        out: &mut Findings,
    ) -> Result<()> {
        let Purchase { checkout, orders, .. } = purchase;
        let paid = checkout.state == CheckoutState::Paid;
        let id = checkout.id.as_str();
        let job = if paid { self.in_hand(RECEIPT, id, Invariant::Receipts, out).await? } else { None };
        for order in orders {
            let all = self.invoices.of_sale(&order.id).await?;
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
                self.document(invoice, sums, files, out).await?;
                if let Some(void) = void
                    && let Some(credit) =
                        self.cancelled(invoice, void, all.get(n + 1).map(|(next, _)| next), out).await?
                {
                    self.document(&credit, sums, files, out).await?;
                }
                for amendment in self.invoices.amendments(&invoice.id).await? {
                    self.document(&amendment, sums, files, out).await?;
                }
            }
            for refund in self.checkouts.refunds(&order.id).await? {
                if let Some(credit) = self.invoices.get(&invoices::credit_id_of(&refund.id)).await? {
                    self.document(&credit, sums, files, out).await?;
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

    /// A void invoice has a credit note over all of it, which is answered, and another one in its place.
    async fn cancelled(
        &self,
        invoice: &Invoice,
        void: &Void,
        next: Option<&Invoice>,
        out: &mut Findings,
    ) -> Result<Option<Invoice>> {
        let keys = [invoice.id.as_str(), invoice.order.as_str()];
        if next.is_none_or(|next| next.replaces.as_ref() != Some(&invoice.number)) {
            out.say(Invariant::Invoices, &keys, "void, and no invoice stands in its place");
        }
        let Some(credit) = self.invoices.get(&void.credit).await? else {
            out.say(Invariant::Invoices, &keys, "void, without the credit note that cancels it");
            return Ok(None);
        };
        let sum = credit.totals.gross.minor() + invoice.totals.gross.minor();
        if sum != 0 || credit.corrects.as_ref() != Some(&invoice.number) {
            out.say(Invariant::Invoices, &keys, "void, and its credit note cancels something else");
        }
        Ok(Some(credit))
    }

    /// What there is of a document besides what it says: its number in its series, and the files of it that went out.
    async fn document(&self, invoice: &Invoice, sums: &mut Sums, files: &mut Files, out: &mut Findings) -> Result<()> {
        number(invoice, sums, out);
        for (_, filed) in invoices::files_of(&*self.table, &invoice.id).await? {
            self.file(&invoices::blob_key(&invoice.id, &filed.sha256), None, invoice.id.as_str(), files, out).await?;
        }
        Ok(())
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
