//! What is wrong with a document, and whether EN 16931 can say it.
//!
//! [`check`] refuses what cannot be true: sums that do not add up, two currencies. [`expressible`] answers why a true document has no
//! XML; its PDF is made all the same.

use vitrine_pricing::money::{Currency, Money, MoneyError};

use crate::category::Category;
use crate::document::{Adjustment, Document, Kind, Line, Means, Tax, TaxIdKind, breakdown, same};

/// Why nothing is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An amount is not the sum of its parts.
    #[error("{field}: {} is said, the parts are {}", said.to_decimal(), parts.to_decimal())]
    Sum {
        /// Path in the document.
        field: String,
        /// As given.
        said: Money,
        /// As computed.
        parts: Money,
    },
    /// A field without which it is no document.
    #[error("{field}: must be there")]
    Empty {
        /// Path.
        field: &'static str,
    },
    /// An amount below nothing, or a rate that cannot be.
    #[error("{field}: is out of its range")]
    Range {
        /// Path.
        field: String,
    },
    /// A tax that its category does not have, or a row of the table too few or too many.
    #[error("{field}: the tax does not fit its category or table")]
    Tax {
        /// Path.
        field: String,
    },
    /// A character that no XML may hold, such as U+0000.
    #[error("{field}: holds a control character")]
    Character {
        /// Path.
        field: &'static str,
    },
    /// Amounts of two currencies, or too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// True, but EN 16931 has no words for it. Only [`crate::xml`] answers this.
    #[error("EN 16931 cannot say this: {0}")]
    NotExpressible(Why),
    /// A font that cannot be read.
    #[error("the font cannot be read")]
    Font,
    /// The PDF could not be written; a fault of the program.
    #[error("the file could not be written: {0}")]
    Write(String),
}

/// Why a true document has no EN 16931 form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A tax that is no VAT: sales tax, GST, QST.
    #[error("a tax is no VAT")]
    ForeignTax,
    /// A line with no tax or with several.
    #[error("{field}: not exactly one tax")]
    TaxesPerLine {
        /// Path.
        field: String,
    },
    /// Something outside the scope of the tax beside something inside (BR-O-11 to 14).
    #[error("parts are outside the scope of the tax, others are not")]
    MixedScope,
    /// An amount with more than two decimals (BR-DEC).
    #[error("amounts have more than two decimals")]
    Decimals,
    /// Tax rounded line by line is a whole unit or more away from base times rate (BR-CO-17, BR-S-09).
    #[error("{} tax on {} at {rate_ppm} ppm: rounding leads too far", tax.to_decimal(), base.to_decimal())]
    Rounding {
        /// Of the row.
        rate_ppm: i64,
        /// Of the row.
        base: Money,
        /// Of the row.
        tax: Money,
    },
    /// A field that EN 16931 asks for in such a document.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A VAT id that does not begin with a country's letters (BR-CO-09).
    #[error("{0}: a VAT id begins with its country's letters")]
    VatId(&'static str),
}

fn sum(field: impl Into<String>, said: Money, parts: Money) -> Result<(), Fault> {
    if said.compare(parts)?.is_eq() { Ok(()) } else { Err(Fault::Sum { field: field.into(), said, parts }) }
}

fn positive(field: impl Into<String>, amount: Money) -> Result<(), Fault> {
    if amount.is_negative() { Err(Fault::Range { field: field.into() }) } else { Ok(()) }
}

/// Everything that must be true before anything is made.
///
/// # Errors
/// The first thing that is not.
pub fn check(doc: &Document) -> Result<(), Fault> {
    for (field, empty) in [
        ("number", doc.number.trim().is_empty()),
        ("language", doc.language.trim().is_empty()),
        ("seller.name", doc.seller.name.trim().is_empty()),
        ("seller.address.country", doc.seller.address.country.is_empty()),
        ("lines", doc.lines.is_empty()),
    ] {
        if empty {
            return Err(Fault::Empty { field });
        }
    }
    if let Some((field, _)) = doc.texts().into_iter().find(|(_, text)| text.chars().any(forbidden)) {
        return Err(Fault::Character { field });
    }
    for (at, line) in doc.lines.iter().enumerate() {
        check_line(&format!("lines[{at}]"), doc, line)?;
    }
    for (name, list) in [("charges", &doc.charges), ("allowances", &doc.allowances)] {
        for (at, adjustment) in list.iter().enumerate() {
            let field = format!("{name}[{at}]");
            in_currency(&field, doc.currency, adjustment.net)?;
            check_taxes(&field, doc.currency, &adjustment.taxes)?;
        }
    }
    check_table(doc)?;
    check_totals(doc)
}

/// XML 1.0 holds no control characters but these; and no line of ours has tabs.
fn forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn in_currency(field: &str, currency: Currency, amount: Money) -> Result<(), Fault> {
    amount.compare(Money::zero(currency))?;
    positive(field, amount)
}

fn check_line(field: &str, doc: &Document, line: &Line) -> Result<(), Fault> {
    in_currency(&format!("{field}.net"), doc.currency, line.net)?;
    if line.quantity == 0 {
        return Err(Fault::Range { field: format!("{field}.quantity") });
    }
    check_taxes(field, doc.currency, &line.taxes)?;
    for discount in &line.discounts {
        in_currency(&format!("{field}.discounts"), doc.currency, discount.amount)?;
    }
    let Some(unit) = line.unit_price else { return Ok(()) };
    in_currency(&format!("{field}.unit_price"), doc.currency, unit)?;
    if doc.prices_include_tax {
        // A tax inside the price may have been taken out; then list and net say nothing of each other.
        return Ok(());
    }
    let off = Money::sum(doc.currency, line.discounts.iter().map(|d| d.amount))?;
    sum(format!("{field}.net"), line.net, unit.checked_mul(i64::from(line.quantity))?.checked_sub(off)?)
}

fn check_taxes(field: &str, currency: Currency, taxes: &[Tax]) -> Result<(), Fault> {
    for tax in taxes {
        in_currency(&format!("{field}.taxes"), currency, tax.amount)?;
        if !(0..=1_000_000).contains(&tax.rate_ppm) {
            return Err(Fault::Range { field: format!("{field}.taxes") });
        }
        let charged = tax.rate_ppm > 0 || !tax.amount.is_zero();
        // S is a rate above zero; what is taxable at zero is Z.
        let fits = match tax.category {
            Category::S => tax.rate_ppm > 0,
            category => category.is_taxed() || !charged,
        };
        if !fits || (tax.rate_ppm == 0 && !tax.amount.is_zero()) {
            return Err(Fault::Tax { field: format!("{field}.taxes") });
        }
    }
    Ok(())
}

fn check_table(doc: &Document) -> Result<(), Fault> {
    let made = breakdown(&doc.lines, &doc.charges, &doc.allowances, |_| Default::default())?;
    if made.len() != doc.taxes.len() {
        return Err(Fault::Tax { field: "taxes".into() });
    }
    for (at, row) in doc.taxes.iter().enumerate() {
        let field = format!("taxes[{at}]");
        let tax = Tax { name: row.name.clone(), category: row.category, rate_ppm: row.rate_ppm, amount: row.amount };
        let parts = made.iter().find(|m| same(m, &tax)).ok_or_else(|| Fault::Tax { field: field.clone() })?;
        positive(format!("{field}.base"), row.base)?;
        positive(format!("{field}.amount"), row.amount)?;
        sum(format!("{field}.base"), row.base, parts.base)?;
        sum(format!("{field}.amount"), row.amount, parts.amount)?;
    }
    Ok(())
}

/// Net amounts of lines, charges and allowances, each added up.
pub(crate) fn nets(doc: &Document) -> Result<(Money, Money, Money), Fault> {
    let of = |list: &[Adjustment]| Money::sum(doc.currency, list.iter().map(|a| a.net));
    let lines = Money::sum(doc.currency, doc.lines.iter().map(|l| l.net))?;
    Ok((lines, of(&doc.charges)?, of(&doc.allowances)?))
}

fn check_totals(doc: &Document) -> Result<(), Fault> {
    let totals = &doc.totals;
    let (lines, charges, allowances) = nets(doc)?;
    sum("totals.net", totals.net, lines.checked_add(charges)?.checked_sub(allowances)?)?;
    sum("totals.tax", totals.tax, Money::sum(doc.currency, doc.taxes.iter().map(|t| t.amount))?)?;
    sum("totals.gross", totals.gross, totals.net.checked_add(totals.tax)?)?;
    sum("totals.due", totals.due, totals.gross.checked_sub(totals.paid)?)?;
    for (field, amount) in [("net", totals.net), ("tax", totals.tax), ("paid", totals.paid), ("due", totals.due)] {
        positive(format!("totals.{field}"), amount)?;
    }
    match doc.accounting_tax {
        Some(tax) if tax.currency() == doc.currency => Err(Fault::Range { field: "accounting_tax".into() }),
        Some(tax) => positive("accounting_tax", tax),
        None => Ok(()),
    }
}

/// Whether EN 16931 has words for a document that [`check`] took.
///
/// # Errors
/// The first thing it has no words for.
pub fn expressible(doc: &Document) -> Result<(), Why> {
    let parts = doc.lines.iter().enumerate().map(|(at, l)| ("lines", at, &l.taxes));
    let parts = parts.chain(doc.charges.iter().enumerate().map(|(at, c)| ("charges", at, &c.taxes)));
    for (name, at, taxes) in parts.chain(doc.allowances.iter().enumerate().map(|(at, c)| ("allowances", at, &c.taxes)))
    {
        if taxes.iter().any(|t| t.category.code().is_none()) {
            return Err(Why::ForeignTax);
        }
        if taxes.len() != 1 {
            return Err(Why::TaxesPerLine { field: format!("{name}[{at}].taxes") });
        }
    }
    let has = |category| doc.taxes.iter().any(|t| t.category == category);
    if has(Category::O) && doc.taxes.iter().any(|t| t.category != Category::O) {
        return Err(Why::MixedScope);
    }
    if !two_decimals(doc) {
        return Err(Why::Decimals);
    }
    rounding(doc)?;
    fields(doc)?;
    vat_ids(doc)
}

/// Whether no amount needs a third decimal.
fn two_decimals(doc: &Document) -> bool {
    let whole =
        |m: &Money| m.currency().exponent() <= 2 || m.minor() % 10i64.pow(u32::from(m.currency().exponent()) - 2) == 0;
    let totals = &doc.totals;
    let mut all = vec![totals.net, totals.tax, totals.gross, totals.paid, totals.due];
    all.extend(doc.accounting_tax);
    all.extend(doc.lines.iter().map(|l| l.net));
    all.extend(doc.lines.iter().flat_map(|l| l.discounts.iter().map(|d| d.amount)));
    all.extend(doc.charges.iter().chain(&doc.allowances).map(|a| a.net));
    all.extend(doc.taxes.iter().flat_map(|t| [t.base, t.amount]));
    all.iter().all(whole)
}

/// The schematron takes less than one whole unit between a row's tax and its base times rate.
fn rounding(doc: &Document) -> Result<(), Why> {
    for row in &doc.taxes {
        let unit = 10i128.pow(u32::from(doc.currency.exponent()));
        let exact = i128::from(row.base.minor()) * i128::from(row.rate_ppm);
        let away = (i128::from(row.amount.minor()) * 1_000_000 - exact).abs();
        // Half a cent less, for the schematron rounds before it compares.
        if away * 1000 >= unit * 1_000_000 * 995 {
            return Err(Why::Rounding { rate_ppm: row.rate_ppm, base: row.base, tax: row.amount });
        }
    }
    Ok(())
}

fn fields(doc: &Document) -> Result<(), Why> {
    let has = |category| doc.taxes.iter().any(|t| t.category == category);
    let outside = has(Category::O);
    let seller = &doc.seller;
    let registered = seller.registrations.iter().any(|r| !r.value.is_empty());
    let vat = seller.vat_id().is_some();
    let missing = |wrong: bool, field| if wrong { Err(Why::Missing(field)) } else { Ok(()) };
    missing(doc.buyer.name.trim().is_empty(), "buyer.name")?;
    missing(doc.buyer.address.country.is_empty(), "buyer.address.country")?;
    missing(seller.id.is_empty() && !registered && (!vat || outside), "seller.id")?;
    // BR-S-02, BR-Z-02, BR-E-02, BR-AE-02, BR-AF-02 take a local number too; BR-IC-02 and BR-G-02 do not.
    missing(!outside && seller.tax_ids.is_empty(), "seller.tax_ids")?;
    missing((has(Category::K) || has(Category::G)) && !vat, "seller.tax_ids")?;
    missing(has(Category::K) && doc.buyer.vat_id().is_none(), "buyer.tax_ids")?;
    let known = doc.buyer.vat_id().is_some() || doc.buyer.registrations.iter().any(|r| !r.value.is_empty());
    missing(has(Category::AE) && !known, "buyer.tax_ids")?;
    missing(has(Category::K) && doc.supplied.is_none(), "supplied")?;
    let named = |row: &crate::TaxRow| {
        row.category.is_taxed()
            || row.category == Category::Z
            || row.category.reason_code().is_some()
            || !(row.reason.is_empty() && row.reason_code.is_empty())
    };
    missing(!doc.taxes.iter().all(named), "taxes.reason")?;
    missing(matches!(doc.kind, Kind::CreditNote | Kind::Corrected) && doc.preceding.is_none(), "preceding")?;
    missing(doc.preceding.as_ref().is_some_and(|p| p.number.trim().is_empty()), "preceding")?;
    let terms = doc.payment.due.is_some() || !doc.payment.terms.trim().is_empty();
    missing(!doc.totals.due.is_zero() && !terms, "payment.due")?;
    missing(matches!(&doc.payment.means, Means::Transfer(iban) if iban.trim().is_empty()), "payment.means")?;
    missing(doc.lines.iter().any(|l| l.name.trim().is_empty()), "lines.name")?;
    missing(doc.charges.iter().any(|a| a.text.trim().is_empty()), "charges.text")?;
    missing(doc.allowances.iter().any(|a| a.text.trim().is_empty()), "allowances.text")
}

fn vat_ids(doc: &Document) -> Result<(), Why> {
    for (field, party) in [("seller.tax_ids", &doc.seller), ("buyer.tax_ids", &doc.buyer)] {
        let vat = party.tax_ids.iter().filter(|t| t.kind == TaxIdKind::Vat);
        for id in vat {
            let head = id.value.as_bytes();
            if head.len() < 3 || !head[..2].iter().all(u8::is_ascii_uppercase) {
                return Err(Why::VatId(field));
            }
        }
    }
    Ok(())
}

/// How far the taxes of a row, rounded line by line, are from its base times its rate: minor units times a million, signed.
/// Nothing is changed for it; EN 16931 takes less than one whole unit.
pub fn deviations(doc: &Document) -> Vec<i128> {
    let away = |row: &crate::TaxRow| {
        i128::from(row.amount.minor()) * 1_000_000 - i128::from(row.base.minor()) * i128::from(row.rate_ppm)
    };
    doc.taxes.iter().map(away).collect()
}
