//! A refund as staff choose it: a form of pieces and amounts, what it would come to, and the press that does it.
//!
//! Names of the form: `line` (number of a chosen line), `quantity-N`, `amount-N`, `shipping`, `amount-shipping`, `tax_only`.
//! What is chosen without pieces or an amount goes back with all that is left of it.

use std::collections::BTreeSet;

use vitrine_pricing::format::{format_accounting, format_money, format_percent};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::quote::TaxAmount;
use vitrine_pricing::refund::{
    LineWish, RefundPart, RefundQuote, RefundStep, RefundStepKind, RefundWish, Refundable, Take,
};
use vitrine_shared::Problem;
use vitrine_shared::cart::MAX_LINES;
use vitrine_shared::id::OrderId;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::desk::{RefundChoice, RefundPreview, RefundRow, RefundStepRow, RefundView};
use vitrine_shared::views::trade::AmountView;

use super::Desk;
use crate::checkout::Wish;
use crate::checkout::store::Order;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::{authz, ids};

/// Most characters kept of a reason: more than it may have, so that it can be shortened.
const MOST_KEPT: usize = 2000;

fn kept_name(order: &OrderId) -> String {
    format!("refund-{order}")
}

/// Name of shipping in the form.
const SHIPPING: &str = "shipping";

/// Pairs of the form, as sent.
#[derive(Clone, Debug, Default)]
pub struct Choice(Vec<(String, String)>);

impl Choice {
    /// Of these pairs; others than the choice's own are left out.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        let own = |name: &str| {
            matches!(name, "line" | SHIPPING | "tax_only")
                || name.starts_with("quantity-")
                || name.starts_with("amount-")
        };
        Self(pairs.into_iter().filter(|(name, value)| own(name) && !value.trim().is_empty()).collect())
    }

    /// Of a query string.
    pub fn parse(query: &str) -> Self {
        Self::of(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// As a query string.
    pub fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
    }

    fn has(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    /// Lines that are chosen or have something typed for them.
    fn lines(&self) -> Result<BTreeSet<usize>> {
        let missing = || Problem::not_found("line");
        let number = |name: &str, value: &str| {
            let text = match name {
                "line" => value,
                _ => name.split_once('-').map(|(_, number)| number).filter(|n| *n != SHIPPING)?,
            };
            let line = text.trim().parse::<usize>().ok();
            // Under another writing of its number nothing would be found that was typed for it.
            Some(line.filter(|line| name == "line" || line.to_string() == text).ok_or_else(missing))
        };
        let named = self.0.iter().filter(|(name, _)| name != SHIPPING && name != "tax_only");
        let lines: BTreeSet<usize> = named.filter_map(|(name, value)| number(name, value)).collect::<Result<_>>()?;
        // For each all pairs are looked through, and no order has more.
        if lines.len() > MAX_LINES { Err(missing()) } else { Ok(lines) }
    }

    fn take(&self, name: &str, currency: Currency) -> Result<Take> {
        if self.has("tax_only") {
            return Ok(Take::Tax);
        }
        let (amount, quantity) = (format!("amount-{name}"), format!("quantity-{name}"));
        match (self.value(&amount), self.value(&quantity)) {
            ("", "") => Ok(Take::All),
            ("", typed) => {
                let wrong = |_| Problem::invalid(&quantity, "fault-refund-pieces", "Write a number of pieces.");
                Ok(Take::Quantity { quantity: typed.parse().map_err(wrong)? })
            }
            (typed, "") => {
                let wrong = |_| Problem::invalid(&amount, "fault-amount", "Write an amount like 9.50.");
                Ok(Take::Amount { gross: Money::parse(&typed.replace(',', "."), currency).map_err(wrong)? })
            }
            _ => Err(Problem::invalid(&amount, "fault-refund-both", "Write pieces or an amount.")),
        }
    }

    /// The wish.
    ///
    /// # Errors
    /// 404 for a line that is no number, and for more lines than an order has; 422 naming the form's field.
    pub fn wish(&self, currency: Currency) -> Result<RefundWish> {
        let lines = self.lines()?.into_iter();
        let lines = lines.map(|line| Ok(LineWish { line, take: self.take(&line.to_string(), currency)? }));
        let shipping = self.has(SHIPPING) || self.has("amount-shipping");
        Ok(RefundWish {
            lines: lines.collect::<Result<_>>()?,
            shipping: shipping.then(|| self.take(SHIPPING, currency)).transpose()?,
        })
    }
}

/// The engine's paths as names of the form.
fn of_form(problem: Problem, wish: &RefundWish) -> Problem {
    let name = |path: &str| -> String {
        let of = match path.strip_prefix("lines[").and_then(|rest| rest.split_once(']')) {
            Some((at, _)) => at.parse().ok().and_then(|at: usize| wish.lines.get(at)).map(|l| l.line.to_string()),
            None => path.starts_with("shipping").then(|| SHIPPING.to_owned()),
        };
        match (of, path.ends_with(".quantity")) {
            (Some(of), true) => format!("quantity-{of}"),
            (Some(of), false) => format!("amount-{of}"),
            (None, _) => path.to_owned(),
        }
    };
    let fields = problem.fields.iter().map(|(path, code)| (name(path), code.clone())).collect();
    Problem { fields, ..problem }
}

impl Desk {
    async fn refunded_order(&self, ctx: &OpCtx, id: &str) -> Result<Order> {
        authz::staff(ctx, "orders:refund")?;
        let missing = || Problem::not_found("order");
        let id: OrderId = id.parse().map_err(|_| missing())?;
        self.0.checkouts.order(&id).await?.ok_or_else(missing)
    }

    /// Does what was chosen.
    ///
    /// # Errors
    /// As [`crate::checkout::Checkouts::refund`]; `fields` has names of the form.
    pub async fn refund(
        &self,
        ctx: &OpCtx,
        id: &str,
        choice: &Choice,
        attempt: String,
        restock: bool,
        reason: &str,
    ) -> Result<()> {
        let order = self.refunded_order(ctx, id).await?;
        let what = choice.wish(order.quote.currency)?;
        let wish = Wish { attempt, what, restock, reason: reason.to_owned() };
        self.0.checkouts.refund(ctx, &order.id, &wish).await.map(drop).map_err(|p| of_form(p, &wish.what))
    }

    /// Keeps reason and restocking of a refund that was refused, for its typist; `None`: they are not wanted any more.
    ///
    /// # Errors
    /// 401 for nobody; the table's.
    pub async fn keep_refund(&self, ctx: &OpCtx, id: &str, typed: Option<(String, bool)>) -> Result<()> {
        let id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
        match typed {
            Some((reason, restock)) => {
                let reason: String = reason.chars().take(MOST_KEPT).collect();
                self.keep_form(ctx, &kept_name(&id), &(reason, restock)).await
            }
            None => self.drop_form(ctx, &kept_name(&id)).await,
        }
    }

    /// What can be refunded, and what the choice would come to. Writes nothing.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such order; 409 if it is not paid.
    pub async fn refund_view(&self, ctx: &OpCtx, id: &str, query: &str) -> Result<RefundView> {
        let order = self.refunded_order(ctx, id).await?;
        let place = self.place_of(ctx, &order);
        let left = self.0.checkouts.refundable(ctx, &order.id).await?;
        let choice = Choice::parse(query);
        let parts = left.lines.iter().enumerate().map(|(n, part)| (Some(n), part));
        let parts = parts.chain(left.shipping.iter().map(|part| (None, part))).filter(|(_, part)| !part.done);
        let mut view = RefundView {
            row: self.row(ctx, &order).await?,
            choices: parts.map(|(line, part)| offered(&order, &place, &choice, line, part)).collect(),
            tax_only: choice.has("tax_only"),
            taxed: !left.totals.tax.is_zero(),
            fault: None,
            preview: None,
        };
        if choice.0.is_empty() {
            return Ok(view);
        }
        let tried = match choice.wish(order.quote.currency) {
            Err(problem) => Err(problem),
            Ok(wish) => {
                let found = self.0.checkouts.refund_preview(ctx, &order.id, &wish).await;
                found.map_err(|problem| of_form(problem, &wish))
            }
        };
        match tried {
            Ok(refund) => {
                let (reason, restock) = self.kept_form(ctx, &kept_name(&order.id)).await?.unwrap_or_default();
                let preview = previewed(&order, &place, &choice, &refund);
                view.preview = Some(RefundPreview { reason, restock, ..preview });
            }
            Err(problem) if matches!(problem.status, 409 | 422) => blame(&mut view, &problem),
            Err(problem) => return Err(problem),
        }
        Ok(view)
    }
}

fn named(order: &Order, line: Option<usize>) -> String {
    let line = line.and_then(|n| order.lines.get(n));
    let words = line.map_or([""; 2], |l| [l.title.as_str(), l.edition.as_str()]);
    words.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn offered(order: &Order, place: &Place, choice: &Choice, line: Option<usize>, part: &Refundable) -> RefundChoice {
    let name = line.map_or_else(|| SHIPPING.to_owned(), |n| n.to_string());
    let chosen = match line {
        Some(_) => choice.0.iter().any(|(n, v)| n == "line" && v.trim() == name),
        None => choice.has(SHIPPING),
    };
    RefundChoice {
        line,
        what: named(order, line),
        pieces: if line.is_some() { part.quantity } else { 0 },
        left: format_money(part.amounts.gross, place.locale),
        chosen,
        quantity: choice.value(&format!("quantity-{name}")).to_owned(),
        amount: choice.value(&format!("amount-{name}")).to_owned(),
        quantity_fault: None,
        amount_fault: None,
    }
}

fn blame(view: &mut RefundView, problem: &Problem) {
    let mut told = false;
    for choice in &mut view.choices {
        let name = choice.line.map_or_else(|| SHIPPING.to_owned(), |n| n.to_string());
        choice.quantity_fault = problem.fields.get(&format!("quantity-{name}")).cloned();
        choice.amount_fault = problem.fields.get(&format!("amount-{name}")).cloned();
        told |= choice.quantity_fault.is_some() || choice.amount_fault.is_some();
    }
    if !told {
        view.fault = Some(problem.fields.values().next().unwrap_or(&problem.code).clone());
    }
}

fn previewed(order: &Order, place: &Place, choice: &Choice, refund: &RefundQuote) -> RefundPreview {
    let money = |m: Money| format_accounting(m, place.locale);
    let row = |part: &RefundPart| RefundRow {
        what: named(order, part.line),
        pieces: part.quantity,
        ends_access: part.complete
            && part.line.and_then(|n| order.lines.get(n)).is_some_and(|l| !l.physical && l.gift.is_none()),
        net: money(part.amounts.net),
        tax: money(part.amounts.tax),
        gross: money(part.amounts.gross),
        left: money(part.left.gross),
    };
    let sum = |key: &str, detail: String, amount: Money| AmountView { key: key.into(), detail, text: money(amount) };
    let mut sums = vec![sum("sum-net", String::new(), refund.totals.net)];
    for tax in &refund.totals.taxes {
        sums.push(sum("sum-tax", tax_name(tax, place), tax.amount));
    }
    sums.push(sum("sum-total", String::new(), refund.totals.gross));
    let stocked = |part: &RefundPart| part.line.and_then(|n| order.lines.get(n)).is_some_and(|l| l.stocked);
    RefundPreview {
        rows: refund.lines.iter().chain(&refund.shipping).map(row).collect(),
        sums,
        steps: refund.explain.iter().map(|step| step_row(order, place, refund, step)).collect(),
        left: money(refund.left.gross),
        restockable: refund.lines.iter().any(|part| part.quantity > 0 && stocked(part)),
        hidden: choice.0.clone(),
        attempt: ids::secret(),
        reason: String::new(),
        restock: false,
    }
}

fn tax_name(tax: &TaxAmount, place: &Place) -> String {
    format!("{} {} ({})", tax.name, format_percent(tax.rate_ppm, place.locale), tax.jurisdiction)
}

fn step_row(order: &Order, place: &Place, refund: &RefundQuote, step: &RefundStep) -> RefundStepRow {
    let money = |m: Money| format_accounting(m, place.locale);
    let tax = refund.totals.taxes.iter().find(|tax| step.kind == RefundStepKind::Tax && tax.rule == step.rule);
    RefundStepRow {
        what: (step.kind == RefundStepKind::Gross).then(|| named(order, step.line)),
        key: match step.kind {
            RefundStepKind::Gross => format!("refund-step-{}", step.rule.replace('_', "-")),
            RefundStepKind::Tax => "refund-step-tax".to_owned(),
            RefundStepKind::Net => "refund-step-net".to_owned(),
            RefundStepKind::Total => "refund-step-total".to_owned(),
        },
        tax: tax.map(|tax| tax_name(tax, place)).unwrap_or_default(),
        paid: money(step.paid),
        before: money(step.before),
        amount: money(step.amount),
        left: money(step.left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(query: &str) -> Result<RefundWish> {
        Choice::parse(query).wish(Currency::EUR)
    }

    fn euros(minor: i64) -> Take {
        Take::Amount { gross: Money::new(minor, Currency::EUR).unwrap() }
    }

    #[test]
    fn what_is_typed_says_how_much_and_what_is_only_chosen_goes_back_whole() {
        let found =
            wish("line=0&quantity-0=&line=2&quantity-2=+3&amount-1=2%2C50&amount-1=9&shipping=1&reason=x").unwrap();
        let lines: Vec<(usize, Take)> = found.lines.iter().map(|l| (l.line, l.take)).collect();
        assert_eq!(lines, [(0, Take::All), (1, euros(250)), (2, Take::Quantity { quantity: 3 })]);
        assert_eq!(found.shipping, Some(Take::All));
        assert_eq!(wish("amount-shipping=1.00").unwrap().shipping, Some(euros(100)));
        assert_eq!(wish("line=0&line=0&restock=1").unwrap(), RefundWish::whole(&[0], false));
        let tax = wish("line=0&shipping=1&tax_only=1&amount-0=5").unwrap();
        assert_eq!((tax.lines[0].take, tax.shipping), (Take::Tax, Some(Take::Tax)));
        assert_eq!(wish("reason=x&attempt=y").unwrap(), RefundWish::default());
        // What was chosen comes back as it was, and nothing beside it.
        assert_eq!(Choice::parse("line=0&amount-0=2%2C5&reason=a+b&trouble=x").query(), "line=0&amount-0=2%2C5");
    }

    #[test]
    fn faults_name_the_fields_of_the_form() {
        for (query, field, code) in [
            ("quantity-1=many", "quantity-1", "fault-refund-pieces"),
            ("quantity-1=-1", "quantity-1", "fault-refund-pieces"),
            ("amount-0=1.001", "amount-0", "fault-amount"),
            ("amount-shipping=x", "amount-shipping", "fault-amount"),
            ("amount-0=1&quantity-0=1", "amount-0", "fault-refund-both"),
        ] {
            let refused = wish(query).unwrap_err();
            assert_eq!(refused.fields.get(field).map(String::as_str), Some(code), "{query}");
        }
        let many: String = (0..=MAX_LINES).map(|line| format!("line={line}&")).collect();
        for query in ["line=x", "amount-00=1", "quantity-=1", &many] {
            assert_eq!(wish(query).unwrap_err().status, 404, "{query}");
        }
        let two = RefundWish::whole(&[4, 7], true);
        for (path, field) in [
            ("lines[1].take.gross", "amount-7"),
            ("lines[0].take.quantity", "quantity-4"),
            ("shipping.take.gross", "amount-shipping"),
            ("reason", "reason"),
        ] {
            let problem = of_form(Problem::invalid(path, "x", "X"), &two);
            assert_eq!(problem.fields.keys().collect::<Vec<_>>(), [field]);
        }
    }
}
