//! What a quote comes to, in words: sums, steps, ways of sending. Pure: the same on the server and in a browser that prices by itself.

use vitrine_pricing::format::{format_date, format_money, format_percent};
use vitrine_pricing::money::Money;
use vitrine_pricing::promotion::SkipReason;
use vitrine_pricing::quote::{Amounts, OfferedMethod, Quote, QuotedLine, StepKind, TaxAmount};
use vitrine_pricing::tax::{Accuracy, TaxStatus, WholeStatus};

use super::card::{InIt, Place};
use super::trade::{AmountView, ExplainView, SendingView, WayView};

/// What an amount was before promotions took something off, with or without tax: what rows show above the discounts' own.
pub fn undiscounted(amounts: &Amounts, inclusive: bool) -> Money {
    let part = if inclusive { amounts.gross } else { amounts.net };
    amounts.discounts.iter().fold(part, |sum, d| sum.checked_add(d.amount).unwrap_or(sum))
}

/// Items, shipping, discounts, tax by rate and total, as the market shows them. Rows above the discounts are without them.
pub fn sums(place: &Place, quote: &Quote) -> Vec<AmountView> {
    let text = |m: Money| format_money(m, place.locale);
    let mut out = vec![AmountView {
        key: "sum-items".into(),
        detail: String::new(),
        text: text(quote.lines.iter().fold(Money::zero(quote.currency), |sum, l| {
            sum.checked_add(undiscounted(&l.amounts, quote.prices_include_tax)).unwrap_or(sum)
        })),
    }];
    if let Some(shipping) = &quote.shipping {
        let part = undiscounted(shipping, quote.prices_include_tax);
        let by = quote.sent_by().map(|method| method.called(place.locale.tag()).to_owned());
        out.push(AmountView { key: "sum-shipping".into(), detail: by.unwrap_or_default(), text: text(part) });
    }
    for discount in &quote.totals.discounts {
        let off = Money::zero(quote.currency).checked_sub(discount.amount).unwrap_or(discount.amount);
        out.push(AmountView { key: "sum-discount".into(), detail: discount.source.clone(), text: text(off) });
    }
    // What is nothing is said on the invoice, not before.
    for tax in by_rate(&quote.totals.taxes).into_iter().filter(|tax| !tax.amount.is_zero()) {
        out.push(AmountView {
            key: if quote.prices_include_tax { "sum-tax-included" } else { "sum-tax" }.into(),
            detail: format!("{} {} ({})", tax.name, format_percent(tax.rate_ppm, place.locale), tax.jurisdiction),
            text: text(tax.amount),
        });
    }
    out.push(AmountView { key: "sum-total".into(), detail: String::new(), text: text(quote.totals.gross) });
    out
}

/// Taxes as people count them: rules of one name, place and rate are one tax.
pub fn by_rate(taxes: &[TaxAmount]) -> Vec<TaxAmount> {
    let mut out: Vec<TaxAmount> = Vec::new();
    for tax in taxes {
        let alike =
            |t: &&mut TaxAmount| (&t.name, &t.jurisdiction, t.rate_ppm) == (&tax.name, &tax.jurisdiction, tax.rate_ppm);
        match out.iter_mut().find(alike).and_then(|t| Some((t.base.checked_add(tax.base).ok()?, t))) {
            Some((base, known)) if known.amount.checked_add(tax.amount).is_ok() => {
                known.amount = known.amount.checked_add(tax.amount).unwrap_or(known.amount);
                known.base = base;
            }
            _ => out.push(tax.clone()),
        }
    }
    out
}

/// The steps of a quote for the locale files' sentences. Why a code took nothing off is said as buyers may know it.
pub fn explain(place: &Place, quote: &Quote) -> Vec<ExplainView> {
    quote
        .explain
        .iter()
        .map(|step| {
            let mut args = vec![("source".to_owned(), step.source.clone())];
            let mut put = |name: &str, value: Option<String>| args.extend(value.map(|v| (name.to_owned(), v)));
            put("base", step.base.map(|m| format_money(m, place.locale)));
            put("rate", step.rate_ppm.map(|r| format_percent(r, place.locale)));
            put("amount", step.amount.map(|m| format_money(m, place.locale)));
            put("line", step.line.and_then(|i| quote.lines.get(i)).map(|l| l.name.clone()));
            let mut rule = step.rule.clone();
            if step.kind == StepKind::CodeSkipped {
                let mut reason = rule.parse().map_or(SkipReason::NotValid, SkipReason::public);
                if let SkipReason::ExcludedBy(other) = &reason {
                    match quote.totals.discounts.iter().find(|d| d.promotion == *other) {
                        Some(named) => put("other", Some(named.source.clone())),
                        // It is applied in another part of the order, and only its id is known here.
                        None => reason = SkipReason::NotStackable,
                    }
                }
                rule = reason.code().to_owned();
            }
            let kind = serde_json::to_value(step.kind).ok().and_then(|v| v.as_str().map(|k| k.replace('_', "-")));
            let mut key = format!("explain-{}", kind.unwrap_or_default());
            if let Some(price) = &step.price {
                key.push_str("-listed");
                let dated = price.since.unix_ms() > 0;
                put("region", Some(price.region.clone()));
                put("steps", Some(if price.min_quantity > 1 { "some" } else { "none" }.to_owned()));
                put("pieces", Some(price.min_quantity.to_string()));
                put("dated", Some(if dated { "yes" } else { "no" }.to_owned()));
                put("since", Some(format_date(price.since, place.locale)));
            }
            ExplainView { rule, key, args }
        })
        .collect()
}

/// What must be said of tax when none is charged, or none on a part; `tax-note-mixed` where there is more than one thing to say.
pub fn note(quote: &Quote) -> Option<String> {
    let of_lines = || WholeStatus::of(quote.lines.iter().map(|l| l.tax_status));
    let status = quote.tax_status.or_else(of_lines).filter(|status| *status != WholeStatus::Taxed)?;
    // Several reasons, and no tax on a line or on sending.
    if status == WholeStatus::Mixed && quote.totals.tax.is_zero() {
        return Some("tax-note-none".to_owned());
    }
    let word = serde_json::to_value(status).ok()?;
    Some(format!("tax-note-{}", word.as_str()?.replace('_', "-")))
}

/// What a buyer is told where the tables know a state's tax alone and not those of its counties and cities.
pub fn state_only(quote: &Quote) -> Option<String> {
    let only = |l: &QuotedLine| l.accuracy == Accuracy::State && l.tax_status == TaxStatus::Taxed;
    // A state may tax the sending of what it does not tax.
    let taxed = quote.shipping.as_ref().is_some_and(|amounts| !amounts.tax.is_zero());
    let sent = taxed && quote.shipping_accuracy == Some(Accuracy::State);
    (sent || quote.lines.iter().any(only)).then(|| "tax-state-only".to_owned())
}

/// What of tax is in a line of a quote.
fn in_it(quote: &Quote, line: usize) -> InIt {
    let amounts = quote.lines.get(line).map(|line| &line.amounts);
    if amounts.is_some_and(|amounts| amounts.taxes.iter().any(|tax| tax.rate_ppm > 0)) {
        return InIt::Markets;
    }
    let mut why = quote.explain.iter().filter(|step| step.kind == StepKind::Treatment && step.line == Some(line));
    if why.any(|step| is_import(&step.rule)) { InIt::AtImport } else { InIt::Nothing }
}

/// Whether the buyer pays the tax where the parcel comes into the country, by the reason that the seller charges none.
pub fn is_import(reason: &str) -> bool {
    matches!(reason, "imported_by_buyer" | "export")
}

/// Key of the words beside the price of a quote's line: those of the market, or that no tax is in it.
pub fn line_word(place: &Place, quote: &Quote, line: usize) -> &'static str {
    place.word(in_it(quote, line))
}

/// Key of the words beside a total of several quotes: what the market says where a tax is in all of it, that there is none, or that some of it has one.
/// Without a quote the market's.
pub fn total_word<'q>(place: &Place, quotes: impl IntoIterator<Item = &'q Quote>) -> &'static str {
    let all = |quote: &'q Quote| (0..quote.lines.len()).map(|line| in_it(quote, line));
    let found: Vec<InIt> = quotes.into_iter().flat_map(all).collect();
    let has = |tax| found.contains(&tax);
    match (has(InIt::Markets), has(InIt::Nothing), has(InIt::AtImport)) {
        (true, true, _) | (true, _, true) if place.tax_word() != "tax-final" => "tax-some",
        (false, _, true) => place.word(InIt::AtImport),
        (false, true, false) => place.word(InIt::Nothing),
        _ => place.tax_word(),
    }
}

fn way(place: &Place, method: &OfferedMethod, quote: &Quote) -> Option<WayView> {
    let amounts = quote.shipping.as_ref()?;
    let price = if quote.prices_include_tax { amounts.gross } else { amounts.net };
    Some(WayView {
        id: method.id.clone(),
        name: method.called(place.locale.tag()).to_owned(),
        days: method.days.map(|days| (days.from, days.to)),
        price: format_money(price, place.locale),
        free: price.is_zero(),
        chosen: method.chosen,
    })
}

/// The ways that are offered for a part, in the seller's order. `ask` answers the part's quote with another way: promotions and tax decide what
/// it comes to, so each is a quote of its own, and one that cannot be quoted is not offered.
pub fn sending<E>(
    place: &Place,
    (part, gone): (String, bool),
    quote: Option<&Quote>,
    ask: impl Fn(&str) -> Result<Option<Quote>, E>,
) -> Result<SendingView, E> {
    let mut ways = Vec::new();
    for (quote, method) in quote.iter().flat_map(|q| q.shipping_methods.iter().map(move |m| (q, m))) {
        let with = if method.chosen { None } else { Some(ask(&method.id)?) };
        ways.extend(match &with {
            None => way(place, method, quote),
            Some(other) => other.as_ref().and_then(|other| way(place, method, other)),
        });
    }
    Ok(SendingView { part, ways, gone })
}

/// How an order is sent, with what was paid for it; none if nothing is, if there is no word for it and no other way, and for orders from
/// before there were several ways.
pub fn sent_by(place: &Place, quote: &Quote) -> Option<WayView> {
    let way = way(place, quote.sent_by()?, quote)?;
    (quote.shipping_methods.len() > 1 || !way.name.is_empty() || way.days.is_some()).then_some(way)
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::price::PriceList;
    use vitrine_pricing::promotion::Promotions;
    use vitrine_pricing::quote::{Context, quote};
    use vitrine_pricing::shipping::ShippingTable;
    use vitrine_pricing::tax::TaxRules;

    use super::*;

    #[test]
    fn that_local_taxes_are_missing_is_said_for_shipping_too() {
        let usd = |minor: i64| serde_json::json!({ "minor": minor, "currency": "USD" });
        let request = serde_json::json!({
            "currency": "USD", "date": "2026-11-28",
            "seller": { "country": "US", "registrations": ["US-NY"], "prices_include_tax": false },
            "buyer": { "country": "US", "region": "NY" },
            "lines": [{ "name": "A print", "quantity": 1, "kind": "physical", "tax_class": "goods", "unit_price": usd(1500) }],
            "shipping": { "zones": [{ "id": "all", "countries": ["*"] }], "rates": [{ "zone": "all", "amount": usd(500) }] },
        });
        let context = Context {
            rules: &TaxRules::built_in(),
            items: &[],
            prices: &PriceList::default(),
            shipping: &ShippingTable::default(),
            promotions: Promotions::default(),
        };
        let mut quote = quote(&serde_json::from_value(request).unwrap(), &context).unwrap();
        assert!(state_only(&quote).is_some());
        // If the state taxed the sending alone.
        quote.lines[0].tax_status = TaxStatus::ZeroRated;
        assert!(state_only(&quote).is_some());
        // Sent for nothing, there is no tax on it that anything could be missing from.
        if let Some(shipping) = &mut quote.shipping {
            shipping.tax = Money::zero(quote.currency);
        }
        assert_eq!(state_only(&quote), None);
    }

    #[test]
    fn that_no_tax_is_charged_is_said_only_if_none_is() {
        let request = serde_json::json!({
            "currency": "EUR", "date": "2026-11-28",
            "seller": { "country": "DE", "registrations": ["DE"], "prices_include_tax": true },
            "buyer": { "country": "DE" },
            "lines": [{ "name": "Tones", "quantity": 1, "kind": "digital", "tax_class": "digital_music", "unit_price": { "minor": 900, "currency": "EUR" } }],
        });
        let context = Context {
            rules: &TaxRules::built_in(),
            items: &[],
            prices: &PriceList::default(),
            shipping: &ShippingTable::default(),
            promotions: Promotions::default(),
        };
        let mut quote = quote(&serde_json::from_value(request).unwrap(), &context).unwrap();
        assert_eq!(note(&quote), None);
        // Several reasons on the lines; what tax there is may be on sending alone.
        quote.lines[0].tax_status = TaxStatus::ZeroRated;
        quote.tax_status = Some(WholeStatus::Mixed);
        assert_eq!(note(&quote).as_deref(), Some("tax-note-mixed"));
        quote.totals.tax = Money::zero(quote.currency);
        assert_eq!(note(&quote).as_deref(), Some("tax-note-none"));
    }
}
