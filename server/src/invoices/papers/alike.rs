//! Shipping is one amount with all the taxes of the goods it is shared over: here it is parted again into what is taxed alike, so that a document
//! prints a charge for each.

use vitrine_pricing::money::Money;
use vitrine_pricing::quote::TaxAmount;

/// A tax with how much of the amount it is on, minor units without sign.
type Wide<'a> = (&'a TaxAmount, i64);

/// Parts of an amount with the taxes on each. Taxes of one jurisdiction share the amount out between them (books and shirts: 0 % and 9 %), those of
/// another one (CGST and SGST, GST and QST) are on the same parts again. Bases of the parts sum to the amount, taxes to what they are. `None`: no
/// jurisdiction's bases come to the amount, so what is taxed alike is not known.
pub(super) fn alike(net: Money, taxes: &[TaxAmount]) -> Option<Vec<(Money, Vec<TaxAmount>)>> {
    let mut columns: Vec<Vec<Wide<'_>>> = Vec::new();
    for tax in taxes {
        let wide = (tax, tax.base.minor().checked_mul(net.minor().signum())?);
        match columns.iter_mut().find(|column| column[0].0.jurisdiction == tax.jurisdiction) {
            Some(column) => column.push(wide),
            None => columns.push(vec![wide]),
        }
    }
    // A tax that is on none of it is no part of it.
    columns.retain(|column| column.iter().any(|(tax, width)| *width != 0 || !tax.amount.is_zero()));
    let columns = columns.into_iter().map(|column| fitted(net, column)).collect::<Option<Vec<_>>>()?;
    let whole = net.minor().abs();
    let finest = columns.iter().enumerate().max_by_key(|(i, column)| (column.len(), std::cmp::Reverse(*i)))?.1.clone();
    if width(&finest) != whole {
        return None;
    }
    // What is on as much of it is on the same: of two that are on as much, the order of rules is the same everywhere.
    let place = |wide: &Wide<'_>| finest.iter().position(|other| other.1 == wide.1);
    let mut spans: Vec<(&TaxAmount, i64, i64)> = Vec::new();
    for mut column in columns {
        if column.iter().all(|wide| place(wide).is_some()) {
            column.sort_by_key(place);
        }
        let mut from = 0;
        for (tax, width) in column {
            spans.push((tax, from, from + width));
            from += width;
        }
    }
    let mut cuts: Vec<i64> = spans.iter().flat_map(|(_, from, to)| [*from, *to]).chain([0, whole]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let pieces: Vec<(i64, i64)> = cuts.iter().copied().zip(cuts.iter().copied().skip(1)).collect();
    let mut parts = Vec::with_capacity(pieces.len());
    for (from, to) in &pieces {
        parts.push((Money::new((to - from) * net.minor().signum(), net.currency()).ok()?, Vec::new()));
    }
    for (tax, from, to) in spans {
        let within: Vec<usize> = (0..pieces.len()).filter(|i| from <= pieces[*i].0 && pieces[*i].1 <= to).collect();
        let weights: Vec<i64> = within.iter().map(|i| pieces[*i].1 - pieces[*i].0).collect();
        // A tax that is on nothing is nothing.
        let shares = match within.is_empty() {
            true if tax.amount.is_zero() => Vec::new(),
            true => return None,
            false => tax.amount.allocate(&weights).ok()?,
        };
        for (i, amount) in within.into_iter().zip(shares) {
            let base = parts[i].0;
            parts[i].1.push(TaxAmount { base, amount, ..tax.clone() });
        }
    }
    Some(parts)
}

fn width(column: &[Wide<'_>]) -> i64 {
    column.iter().map(|wide| wide.1).sum()
}

/// The taxes of one jurisdiction, none wider than the amount. Of what went back in parts each base was rounded by itself: what that comes to more or
/// less than the amount is put right.
fn fitted(net: Money, mut column: Vec<Wide<'_>>) -> Option<Vec<Wide<'_>>> {
    let whole = net.minor().abs();
    let wide = width(&column);
    if column.iter().any(|(_, width)| *width < 0) || wide == 0 {
        return None;
    }
    let least = net.currency().processor_step();
    let rounded = i64::try_from(column.len()).ok()?.checked_mul(least)?;
    if column.len() > 1 && wide != whole && (wide - whole).abs() < rounded {
        let weights: Vec<i64> = column.iter().map(|(_, width)| *width).collect();
        for (tax, share) in column.iter_mut().zip(net.allocate(&weights).ok()?) {
            tax.1 = share.minor().abs();
        }
    }
    (width(&column) <= whole).then_some(column)
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::money::Currency;

    use super::*;

    fn inr(minor: i64) -> Money {
        Money::new(minor, Currency::INR).unwrap()
    }

    fn tax(jurisdiction: &str, rate_ppm: i64, base: i64, amount: i64) -> TaxAmount {
        TaxAmount {
            rule: format!("{jurisdiction}-{rate_ppm}"),
            jurisdiction: jurisdiction.into(),
            name: jurisdiction.into(),
            rate_ppm,
            base: inr(base),
            amount: inr(amount),
        }
    }

    /// Of each part: net, then jurisdiction, rate in percent of a percent and amount of each tax.
    fn parted(net: i64, taxes: &[TaxAmount]) -> Option<Vec<String>> {
        let parts = alike(inr(net), taxes)?;
        // Nothing is lost and nothing is new.
        assert_eq!(parts.iter().map(|part| part.0.minor()).sum::<i64>(), net);
        for tax in taxes {
            let own = || parts.iter().flat_map(|part| &part.1).filter(|t| t.rule == tax.rule);
            assert_eq!(own().map(|t| t.amount.minor()).sum::<i64>(), tax.amount.minor(), "{}", tax.rule);
            assert!((own().map(|t| t.base.minor()).sum::<i64>() - tax.base.minor()).abs() <= 1, "{}", tax.rule);
        }
        let said = |t: &TaxAmount| format!("{} {} {}", t.jurisdiction, t.rate_ppm / 100, t.amount.minor());
        let told = |(net, taxes): &(Money, Vec<TaxAmount>)| {
            let all: Vec<String> = taxes.iter().map(said).collect();
            format!("{}: {}", net.minor(), all.join(", "))
        };
        Some(parts.iter().map(told).collect())
    }

    #[test]
    fn what_is_taxed_alike_is_one_part_under_all_its_taxes() {
        let told = |parts: &[&str]| Some(parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        // A shirt (60) and a book (40) within a state of India, and what goes back of it.
        let (c, s) = ("IN-CGST", "IN-SGST");
        let india = [tax(c, 90_000, 6000, 540), tax(c, 0, 4000, 0), tax(s, 90_000, 6000, 540), tax(s, 0, 4000, 0)];
        let wanted = told(&["6000: IN-CGST 900 540, IN-SGST 900 540", "4000: IN-CGST 0 0, IN-SGST 0 0"]);
        assert_eq!(parted(10_000, &india), wanted);
        let back = india.clone().map(|t| tax(&t.jurisdiction, t.rate_ppm, -t.base.minor(), -t.amount.minor()));
        let wanted = told(&["-6000: IN-CGST 900 -540, IN-SGST 900 -540", "-4000: IN-CGST 0 0, IN-SGST 0 0"]);
        assert_eq!(parted(-10_000, &back), wanted);
        // Whichever rule of the other stands first: what is on as much is on the same.
        let turned = [tax(c, 90_000, 6000, 540), tax(c, 0, 4000, 0), tax(s, 0, 4000, 0), tax(s, 90_000, 6000, 540)];
        let wanted = told(&["6000: IN-CGST 900 540, IN-SGST 900 540", "4000: IN-CGST 0 0, IN-SGST 0 0"]);
        assert_eq!(parted(10_000, &turned), wanted);
        // Of two equal shares the first is the first.
        let equal = [tax(c, 90_000, 5000, 450), tax(c, 0, 5000, 0), tax(s, 90_000, 5000, 450), tax(s, 0, 5000, 0)];
        let wanted = told(&["5000: IN-CGST 900 450, IN-SGST 900 450", "5000: IN-CGST 0 0, IN-SGST 0 0"]);
        assert_eq!(parted(10_000, &equal), wanted);
        // Quebec: the country's tax is on all of it, the province's on the shirt alone; a book without a row of the province is the same.
        let quebec = [tax("CA", 50_000, 10_000, 500), tax("CA-QC", 99_750, 6000, 599), tax("CA-QC", 0, 4000, 0)];
        let wanted = told(&["6000: CA 500 300, CA-QC 997 599", "4000: CA 500 200, CA-QC 0 0"]);
        assert_eq!(parted(10_000, &quebec), wanted);
        let wanted = told(&["6000: CA 500 300, CA-QC 997 599", "4000: CA 500 200"]);
        assert_eq!(parted(10_000, &quebec[..2]), wanted);
        // Two rates of one tax, as ever.
        let germany = [tax("DE", 70_000, 4000, 280), tax("DE", 190_000, 6000, 1140)];
        assert_eq!(parted(10_000, &germany), told(&["4000: DE 700 280", "6000: DE 1900 1140"]));
        // A half of an odd amount went back: each base was rounded up.
        let half = [tax(c, 90_000, -34, -3), tax(c, 0, -17, 0), tax(s, 90_000, -34, -3), tax(s, 0, -17, 0)];
        let wanted = told(&["-33: IN-CGST 900 -3, IN-SGST 900 -3", "-17: IN-CGST 0 0, IN-SGST 0 0"]);
        assert_eq!(parted(-50, &half), wanted);
        // A city whose tax is on other things alone.
        let city = [tax("US-NY", 40_000, 10_000, 400), tax("US-NY-NYC", 45_000, 0, 0)];
        assert_eq!(alike(inr(10_000), &city), alike(inr(10_000), &city[..1]));
        assert_eq!(alike(inr(10_000), &city).unwrap().len(), 1);
        assert_eq!(alike(inr(10_000), &[tax("US-NY-NYC", 45_000, 0, 0)]), None);
        // Bases that do not come to the amount say nothing of its parts, nor do taxes without an amount to be on.
        assert_eq!(parted(10_000, &[tax("US-NY", 40_000, 6000, 240)]), None);
        assert_eq!(parted(10_000, &[tax("US-NY", 40_000, 11_000, 440)]), None);
        assert_eq!(alike(inr(0), &[tax("DE", 190_000, 0, -100)]), None);
        assert_eq!(alike(inr(100), &[]), None);
    }
}
