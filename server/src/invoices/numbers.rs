//! Numbers: taken in the transaction that writes their documents.

use std::collections::BTreeSet;

use vitrine_table::CancelReason;

use super::*;

/// How often a lost race for a number is run again.
const TRIES: usize = 20;

impl Invoices {
    /// Gives a document its number and writes it, with `more` in the same transaction; the same one again if it was issued already.
    pub(super) async fn numbered(
        &self,
        ctx: &OpCtx,
        legal: &LegalEntity,
        invoice: Invoice,
        more: Vec<TransactOp>,
    ) -> Result<Invoice> {
        let all = self.numbered_together(ctx, legal, vec![invoice], more).await?;
        all.into_iter().next().ok_or_else(|| fault::internal("an invoice", &"it was not written"))
    }

    /// The same for documents of one seller, each of another series: all or none. Each has a number of who issues it in law, `legal` where it
    /// does not say.
    ///
    /// # Errors
    /// 409 `changed_meanwhile`: a condition of `more` does not hold; 409 `busy`.
    pub(super) async fn numbered_together(
        &self,
        ctx: &OpCtx,
        legal: &LegalEntity,
        mut invoices: Vec<Invoice>,
        more: Vec<TransactOp>,
    ) -> Result<Vec<Invoice>> {
        let Some(seller) = invoices.first().map(|invoice| invoice.seller.clone()) else { return Ok(Vec::new()) };
        let year = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?.year();
        let series =
            |invoice: &Invoice| Key::new(format!("INVOICESERIES#{seller}"), format!("{year}{}", invoice.kind.mark()));
        let turn = crc32fast::hash(seller.as_str().as_bytes()) as usize % TURNS;
        let _turn = self.turns[turn].lock().await;
        for _ in 0..TRIES {
            let keys = invoices.iter().map(|i| key(&i.id)).chain(invoices.iter().map(series)).collect();
            let mut items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
            let counters = items.split_off(invoices.len());
            if items.iter().any(Option::is_some) {
                // They were written together, so all are there.
                let known = items.into_iter().flatten();
                return known.map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect();
            }
            let (mut ops, mut claimed) = (Vec::new(), BTreeSet::new());
            for (invoice, known) in invoices.iter_mut().zip(counters) {
                let legal = invoice.seller_legal.as_ref().unwrap_or(legal);
                let names = entity::names(legal, &legal.invoice_prefix);
                let fingerprint = entity::fingerprint(&names);
                let known = known.unwrap_or_default();
                let last = known.get("last").and_then(|v| v.as_i64());
                let next = last.unwrap_or(0) + 1;
                let text = |name: &str| known.get(name).and_then(|v| v.as_str()).map(str::to_owned);
                // Who has the prefix was looked up with the first number; it never changes.
                let prefix = match text("prefix").filter(|_| text("entity").as_ref() == Some(&fingerprint)) {
                    Some(prefix) => prefix,
                    None => {
                        let (prefix, is_own) = self.prefix(legal, &seller, &names).await?;
                        claimed.extend(names.into_iter().filter(|_| is_own));
                        prefix
                    }
                };
                invoice.number = format!("{prefix}{}-{year}-{next:05}", invoice.kind.mark());
                ops.push(TransactOp::Update(UpdateItem {
                    key: series(invoice),
                    updates: vec![
                        Update::Set("last".into(), next.into()),
                        Update::Set("prefix".into(), prefix.into()),
                        Update::Set("entity".into(), fingerprint.clone().into()),
                        Update::Set("_v".into(), 1.into()),
                    ],
                    condition: Some(match last {
                        Some(last) => Condition::eq("last", last),
                        None => Condition::ItemAbsent,
                    }),
                }));
                ops.extend(written(ctx, invoice)?);
            }
            ops.extend(entity::claims(&Vec::from_iter(claimed), seller.as_str()));
            let own = ops.len();
            ops.extend(more.iter().cloned());
            match self.table.transact(Transact { ops, token: None }).await {
                Ok(()) => return Ok(invoices),
                Err(TableError::Cancelled(reasons))
                    if reasons.iter().skip(own).any(|r| matches!(r, CancelReason::ConditionFailed(_)))
                        && !self.is_there(&invoices).await? =>
                {
                    return Err(Problem::conflict("changed_meanwhile", "This changed a moment ago. Look at it again."));
                }
                Err(TableError::Cancelled(_) | TableError::Conflict) => {}
                Err(e) => return Err(fault::table(e)),
            }
        }
        Err(Problem::conflict("busy", "Too many invoices are issued at once. Repeat."))
    }

    /// Whether somebody else wrote them meanwhile.
    async fn is_there(&self, invoices: &[Invoice]) -> Result<bool> {
        let Some(first) = invoices.first() else { return Ok(false) };
        Ok(self.get(&first.id).await?.is_some())
    }

    /// What numbers of a seller begin with, and whether it is the seller's own, to be claimed with the first of them. Another seller of the same legal entity may have its
    /// prefix, by records from before that was refused: a sale needs its document all the same, so the prefix is told apart.
    async fn prefix(&self, legal: &LegalEntity, seller: &TenantId, names: &[String]) -> Result<(String, bool)> {
        let found = retry::get_each(&*self.table, entity::keys(names)).await.map_err(fault::table)?;
        let mut owners = found.iter().flatten().filter_map(|item| item.get("owner").and_then(|v| v.as_str()));
        if owners.all(|owner| owner == seller.as_str()) {
            return Ok((legal.invoice_prefix.clone(), true));
        }
        let prefix = entity::apart(&legal.invoice_prefix, seller.as_str());
        tracing::error!(%seller, %prefix, "another seller of the same legal entity has its invoice prefix; give it one of its own");
        Ok((prefix, false))
    }
}

/// What writes a document beside its number.
fn written(ctx: &OpCtx, invoice: &Invoice) -> Result<Vec<TransactOp>> {
    let put = TransactOp::Put(Put { item: item(invoice)?, condition: Some(Condition::ItemAbsent) });
    let what = json!({ "number": invoice.number, "order": invoice.order });
    let act = if invoice.kind == Kind::Amendment { "invoice.amended" } else { "invoice.issued" };
    let mut ops = vec![put, audit::entry(ctx, invoice.checkout.as_str(), act, "", what)];
    if invoice.kind != Kind::Amendment {
        ops.push(TransactOp::Put(Put { item: report::pointer(invoice), condition: None }));
    }
    Ok(ops)
}
