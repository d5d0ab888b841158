//! Why the amounts of a credit note are what they are, from what was kept when they were decided: the steps of the sale for what goes back, then
//! those of the refund. Nothing is worked out anew.

use vitrine_pricing::format::{format_money, format_percent};
use vitrine_pricing::money::Money;
use vitrine_pricing::quote::StepKind;
use vitrine_pricing::refund::{RefundQuote, RefundStep, RefundStepKind};
use vitrine_shared::views::card::Place;
use vitrine_shared::views::sums::explain;
use vitrine_shared::views::trade::ExplainView;

use super::credit_id_of;
use crate::checkout::Checkouts;
use crate::checkout::store::Order;
use crate::fault::Result;
use vitrine_shared::id::InvoiceId;

/// The steps of an order's credit note.
///
/// # Errors
/// The table's.
pub(super) async fn of_credit(
    checkouts: &Checkouts,
    place: &Place,
    order: &Order,
    credit: &InvoiceId,
) -> Result<Vec<ExplainView>> {
    let refunds = checkouts.refunds(&order.id).await?;
    match refunds.iter().find(|refund| credit_id_of(&refund.id) == *credit) {
        Some(refund) => Ok(steps(place, order, &refund.amounts(&order.quote)?)),
        // It cancels an invoice: all of the sale goes back as it was.
        None => Ok(explain(place, &order.quote)),
    }
}

fn steps(place: &Place, order: &Order, refund: &RefundQuote) -> Vec<ExplainView> {
    let goes_back = |line: Option<usize>| match line {
        Some(_) => refund.lines.iter().any(|part| part.line == line),
        None => refund.shipping.is_some(),
    };
    let mut sale = order.quote.clone();
    sale.explain.retain(|step| {
        // Sums of the whole sale are no part of what goes back, and a code without effect has no line.
        let of_all = matches!(step.kind, StepKind::Total | StepKind::CashRounding | StepKind::CodeSkipped);
        !of_all && goes_back(step.line)
    });
    let mut out = explain(place, &sale);
    out.extend(refund.explain.iter().map(|step| told(place, order, refund, step)));
    out
}

fn told(place: &Place, order: &Order, refund: &RefundQuote, step: &RefundStep) -> ExplainView {
    let money = |m: Money| format_money(m, place.locale);
    let some = |m: Money| if m.is_zero() { "no" } else { "yes" }.to_owned();
    let line = step.line.and_then(|n| order.quote.lines.get(n)).map(|line| line.name.clone());
    let tax = refund.totals.taxes.iter().find(|tax| step.kind == RefundStepKind::Tax && tax.rule == step.rule);
    let tax =
        tax.map(|tax| format!("{} {} ({})", tax.name, format_percent(tax.rate_ppm, place.locale), tax.jurisdiction));
    let mut args = vec![
        ("paid".to_owned(), money(step.paid)),
        ("before".to_owned(), money(step.before)),
        ("amount".to_owned(), money(step.amount)),
        ("left".to_owned(), money(step.left)),
        ("earlier".to_owned(), some(step.before)),
        ("stays".to_owned(), some(step.left)),
    ];
    args.extend(line.map(|line| ("line".to_owned(), line)));
    args.extend(tax.map(|tax| ("tax".to_owned(), tax)));
    let key = match step.kind {
        RefundStepKind::Gross => "explain-refund-gross",
        RefundStepKind::Tax => "explain-refund-tax",
        RefundStepKind::Net => "explain-refund-net",
        RefundStepKind::Total => "explain-refund-total",
    };
    ExplainView { rule: format!("refund_{}", step.rule), key: key.to_owned(), args }
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::money::Currency;
    use vitrine_pricing::refund::{LineWish, RefundWish, Take};
    use vitrine_shared::id::OrderId;
    use vitrine_shared::views::owned::InvoiceView;

    use super::*;
    use crate::ctx::OpCtx;
    use crate::testing::Shop;

    async fn page(shop: &Shop, id: &InvoiceId) -> InvoiceView {
        let staff = shop.staff();
        let place = shop.catalog.place(&staff);
        shop.invoices.view(&staff, &shop.checkouts, &place, id.as_str(), None).await.unwrap()
    }

    fn arg<'a>(step: &'a ExplainView, name: &str) -> &'a str {
        step.args.iter().find(|(arg, _)| arg == name).map_or("", |(_, value)| value)
    }

    /// Refunds so much of an order, and answers its credit note.
    async fn credited(shop: &Shop, order: &OrderId, attempt: &str, what: RefundWish) -> InvoiceId {
        let (attempt, reason) = (format!("{attempt:x<20}"), "asked for".to_owned());
        let wish = crate::checkout::Wish { attempt, what, restock: false, reason };
        shop.clock.advance_ms(1000);
        let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
        shop.checkouts.refund(&staff, order, &wish).await.unwrap();
        shop.work().await;
        let refunds = shop.checkouts.refunds(order).await.unwrap();
        credit_id_of(&refunds.iter().max_by_key(|refund| refund.at_ms).unwrap().id)
    }

    async fn order_of(shop: &Shop, title: &str) -> OrderId {
        let (_, _, id) = crate::invoices::tests::invoiced_for(shop, title).await;
        shop.invoices.get(&id).await.unwrap().unwrap().order
    }

    #[tokio::test]
    async fn a_credit_note_says_why_this_goes_back_and_of_which_tax() {
        for shop in Shop::both().await {
            let order = order_of(&shop, "Harbour Lights").await;
            let take = Take::Amount { gross: Money::new(500, Currency::EUR).unwrap() };
            let wish = RefundWish { lines: vec![LineWish { line: 0, take }], shipping: None };
            let some = credited(&shop, &order, "some", wish).await;
            let view = page(&shop, &some).await;
            let find =
                |view: &InvoiceView, key: &str| view.explain.iter().find(|step| step.key == key).cloned().unwrap();
            // The album and its tax as they were sold, and then what goes back.
            let keys: Vec<&str> = view.explain.iter().map(|step| step.key.as_str()).collect();
            let refund = ["explain-refund-gross", "explain-refund-tax", "explain-refund-net", "explain-refund-total"];
            assert_eq!(keys, [&["explain-price-listed", "explain-treatment", "explain-tax"][..], &refund[..]].concat());
            assert!(arg(&find(&view, "explain-tax"), "source").contains("UStG"));
            let back = find(&view, "explain-refund-gross");
            let told = ["line", "amount", "paid", "earlier", "stays"].map(|name| arg(&back, name));
            assert_eq!(
                (back.rule.as_str(), told),
                ("refund_amount", ["Harbour Lights", "€5.00", "€8.00", "no", "yes"])
            );
            // 5.00 * 19/119 = 0.7983
            let tax = find(&view, "explain-refund-tax");
            assert_eq!((arg(&tax, "amount"), arg(&tax, "tax")), ("€0.80", "USt 19% (DE)"));
            // What went back before is in the next one's, and the first one's stays as it was.
            let rest = credited(&shop, &order, "rest", RefundWish::whole(&[0], false)).await;
            let back = find(&page(&shop, &rest).await, "explain-refund-gross");
            assert_eq!(["before", "amount", "stays"].map(|name| arg(&back, name)), ["€5.00", "€3.00", "no"]);
            assert_eq!(page(&shop, &some).await.explain, view.explain);
        }
    }

    #[tokio::test]
    async fn it_speaks_of_the_parcel_where_that_goes_back() {
        let shop = Shop::open().await;
        let order = order_of(&shop, "Paper Boats").await;
        let rules = async |credit: InvoiceId| {
            let told = page(&shop, &credit).await.explain;
            let of_sale = told.into_iter().filter(|step| !step.key.starts_with("explain-refund"));
            of_sale.map(|step| step.key).collect::<Vec<_>>()
        };
        let book = credited(&shop, &order, "book", RefundWish::whole(&[0], false)).await;
        assert_eq!(rules(book).await, ["explain-price-listed", "explain-treatment"]);
        let parcel = credited(&shop, &order, "parcel", RefundWish::whole(&[], true)).await;
        assert_eq!(rules(parcel).await, ["explain-shipping", "explain-treatment"]);
    }

    #[tokio::test]
    async fn one_that_cancels_an_invoice_explains_the_sale() {
        let shop = Shop::open().await;
        let (_, _, id) = crate::invoices::tests::invoiced_for(&shop, "Harbour Lights").await;
        let sold = page(&shop, &id).await.explain;
        let void = shop.invoices.void(&shop.staff(), &shop.checkouts, &id, "a wrong name").await.unwrap();
        let credit = page(&shop, &void.credit).await;
        assert!(!sold.is_empty() && credit.explain == sold, "{:?}", credit.explain);
    }
}
