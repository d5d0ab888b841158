//! Business details that a buyer adds to an invoice afterwards: a document of its own that refers to it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::money::Money;
use vitrine_shared::views::owned::BusinessForm;
use vitrine_table::{Delete, Index, Query};

use super::*;
use crate::checkout::Checkouts;
use crate::typed;

/// Amendments of one invoice.
const MOST: usize = 5;
/// Longest line, characters.
const MAX_LINE: usize = 120;
/// Lines of an address.
const MAX_LINES: usize = 6;

/// What a buyer adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Business {
    /// Name of the company.
    pub company: String,
    /// VAT identification or other tax number; empty: none.
    pub tax_id: String,
    /// Postal address, one line each.
    pub address: String,
}

impl Business {
    /// The buyer in law.
    fn buyer(&self) -> Result<Buyer> {
        let mut problem = Problem::new(422, "invalid", "Some fields need another look.");
        let address: Vec<&str> = self.address.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        let long = |t: &str| t.chars().count() > MAX_LINE || t.chars().any(char::is_control);
        for (field, value) in [("company", self.company.trim()), ("address", self.address.trim())] {
            if value.is_empty() {
                problem.fields.insert(field.into(), "fault-empty".into());
            }
        }
        if long(self.company.trim()) {
            problem.fields.insert("company".into(), "fault-long".into());
        }
        if long(self.tax_id.trim()) {
            problem.fields.insert("tax_id".into(), "fault-long".into());
        }
        if address.len() > MAX_LINES || address.iter().any(|l| long(l)) {
            problem.fields.insert("address".into(), "fault-long".into());
        }
        if !problem.fields.is_empty() {
            return Err(problem);
        }
        let name = self.company.trim().to_owned();
        let tax_id = self.tax_id.trim().to_owned();
        let address: Vec<String> = address.into_iter().map(str::to_owned).collect();
        let mut lines = [vec![name.clone()], address.clone(), vec![tax_id.clone()]].concat();
        lines.retain(|line| !line.is_empty());
        Ok(Buyer { lines, name, address, tax_id, ..Buyer::default() })
    }
}

fn pointer(of: &InvoiceId, id: &InvoiceId) -> Key {
    Key::new(format!("INVOICE#{of}"), format!("AMENDED#{id}"))
}

/// How long a form with faults is kept, seconds.
const KEPT_SECS: i64 = 3600;

fn kept_key(of: &InvoiceId) -> Key {
    Key::new(format!("INVOICEFORM#{of}"), "FORM#")
}

impl Invoices {
    /// Documents that amend an invoice, oldest first: number, id.
    ///
    /// # Errors
    /// The table's.
    pub async fn amendments(&self, of: &InvoiceId) -> Result<Vec<Invoice>> {
        let query = Query::new(Index::Base, format!("INVOICE#{of}")).begins_with("AMENDED#");
        let page = self.table.query(query).await.map_err(fault::table)?;
        let mut all = Vec::new();
        for item in page.items {
            let id = item.get("sk").and_then(|v| v.as_str()).and_then(|sk| sk.strip_prefix("AMENDED#")?.parse().ok());
            if let Some(id) = id {
                all.extend(self.get(&id).await?);
            }
        }
        all.sort_by(|a, b| (a.issued_ms, &a.number).cmp(&(b.issued_ms, &b.number)));
        Ok(all)
    }

    /// Adds business details to an invoice: a document with a number of its own that names the invoice and changes no
    /// amount. The same details again answer the same document.
    ///
    /// # Errors
    /// 404 for who did not buy it or another kind of document, 409 `amended_often`, `invoice_void`, 422 with `fields`.
    pub async fn amend(
        &self,
        ctx: &OpCtx,
        checkouts: &Checkouts,
        id: &InvoiceId,
        secret: Option<&str>,
        business: &Business,
    ) -> Result<Invoice> {
        let missing = || Problem::not_found("invoice");
        let of = self.get(id).await?.filter(|i| i.kind == Kind::Invoice).ok_or_else(missing)?;
        let checkout = checkouts.get(&of.checkout).await?.ok_or_else(missing)?;
        if !checkouts.bought(ctx, &checkout, secret).await? {
            if secret.is_some() {
                ctx.guess.mark_wrong();
            }
            return Err(missing());
        }
        let buyer = match business.buyer() {
            Ok(buyer) => buyer,
            Err(problem) => {
                self.keep(ctx, id, business, &problem).await?;
                return Err(problem);
            }
        };
        let bits = ids::derived_bits(&["amendment", of.id.as_str(), &buyer.lines.join("\n")]);
        let new = InvoiceId::from_bits(bits);
        if let Some(known) = self.get(&new).await? {
            return Ok(known);
        }
        if self.amendments(id).await?.len() >= MOST {
            let problem = Problem::conflict("amended_often", "This invoice was amended five times. Ask the shop.");
            self.keep(ctx, id, business, &problem).await?;
            return Err(problem);
        }
        if self.void_of(id).await?.is_some() {
            let problem = Problem::conflict("invoice_void", "This invoice is void. Another one stands in its place.");
            self.keep(ctx, id, business, &problem).await?;
            return Err(problem);
        }
        let legal = self.issuer(&of.seller).await?.legal;
        let zero = Money::zero(of.totals.gross.currency());
        let totals =
            Amounts { list: zero, discounts: Vec::new(), net: zero, taxes: Vec::new(), tax: zero, gross: zero };
        let amendment = Invoice {
            buyer_sealed: self.sealed(&new, &buyer)?,
            id: new.clone(),
            number: String::new(),
            kind: Kind::Amendment,
            simplified: None,
            corrects: Some(of.number.clone()),
            corrects_id: Some(of.id.clone()),
            replaces: None,
            issued_ms: ctx.now_ms,
            seller_lines: seller_lines(&legal),
            seller_legal: Some(legal.clone()),
            lines: Vec::new(),
            totals,
            notes: Vec::new(),
            legal: Vec::new(),
            laws: Vec::new(),
            rounding: None,
            paid_with: String::new(),
            sources: Vec::new(),
            accounting: None,
            ..of
        };
        let key = pointer(id, &new);
        let mut item = Item::new();
        item.insert("pk".into(), key.pk.into());
        item.insert("sk".into(), key.sk.into());
        item.insert("_v".into(), json!(1));
        let forget = TransactOp::Delete(Delete { key: kept_key(id), condition: None });
        let holds = TransactOp::Check { key: void_key(id), condition: Condition::ItemAbsent };
        self.numbered(ctx, &legal, amendment, vec![TransactOp::Put(Put { item, condition: None }), forget, holds]).await
    }

    /// Keeps what was typed with faults for an hour, so that nothing is lost.
    async fn keep(&self, ctx: &OpCtx, id: &InvoiceId, business: &Business, problem: &Problem) -> Result<()> {
        let mut faults: Vec<(String, String)> = problem.fields.clone().into_iter().collect();
        if faults.is_empty() {
            faults.push((String::new(), problem.code.clone()));
        }
        let cut = |text: &str| text.chars().take(1_000).collect::<String>();
        let typed = BusinessForm {
            company: cut(&business.company),
            tax_id: cut(&business.tax_id),
            address: cut(&business.address),
            faults,
        };
        let key = kept_key(id);
        let (place, ends) = (key.pk.clone(), ctx.now_ms / 1000 + KEPT_SECS);
        typed::keep(&*self.table, &self.master, (key, &place), ends, &typed).await
    }

    /// What was typed with faults.
    pub(super) async fn kept(&self, ctx: &OpCtx, id: &InvoiceId) -> Result<BusinessForm> {
        let key = kept_key(id);
        let kept = typed::kept(&*self.table, &self.master, (&key, &key.pk), ctx.now_ms).await?;
        Ok(kept.unwrap_or_default())
    }
}
