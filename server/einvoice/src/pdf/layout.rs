//! What stands where: parties, table of lines, taxes, sums, notes.

use vitrine_pricing::format::{Locale, format_date, format_money, format_percent};
use vitrine_pricing::money::Money;

use super::sheet::{Align, Role, Sheet};
use super::table::{Cell, Column, Row, Table, divider};
use crate::category::Category;
use crate::check::Fault;
use crate::document::{Address, Document, Kind, Line, Means, Party, Tax};
use crate::fonts::Weight;
use crate::labels::Labels;
use crate::text::{Setter, Style};

const fn style(size: f32, weight: Weight, gray: u8) -> Style {
    Style { size, weight, gray }
}

const TITLE: Style = style(20.0, Weight::Bold, 20);
const NAME: Style = style(10.0, Weight::Bold, 20);
const BODY: Style = style(9.0, Weight::Regular, 30);
const STRONG: Style = style(9.0, Weight::Bold, 20);
const SMALL: Style = style(8.0, Weight::Regular, 85);
const LABEL: Style = style(7.5, Weight::Regular, 95);
const HEAD: Style = style(8.0, Weight::Bold, 40);
const GRAND: Style = style(11.0, Weight::Bold, 20);

/// Title of a kind of document.
pub(super) fn title(kind: Kind, labels: &Labels) -> &str {
    match kind {
        Kind::Invoice => &labels.invoice,
        Kind::Receipt => &labels.receipt,
        Kind::Simplified => &labels.simplified,
        Kind::CreditNote => &labels.credit_note,
        Kind::Corrected => &labels.corrected,
    }
}

/// Whoever prints it is the buyer, if there is one: Letter in North America, A4 elsewhere.
fn paper(doc: &Document) -> (f32, f32) {
    let country = [&doc.buyer.address.country, &doc.seller.address.country].into_iter().find(|c| !c.is_empty());
    match country.map(String::as_str) {
        Some("US" | "CA" | "PR") => (612.0, 792.0),
        _ => (595.276, 841.89),
    }
}

/// How values are written.
struct Values {
    locale: Locale,
}

impl Values {
    fn money(&self, amount: Money) -> String {
        format_money(amount, self.locale)
    }

    /// Rates of a line; where nothing is charged by law, there is no rate to name.
    fn rates(&self, taxes: &[Tax]) -> String {
        let rate = |t: &Tax| self.rate(t.category, t.rate_ppm).unwrap_or_else(|| "–".into());
        taxes.iter().map(rate).collect::<Vec<_>>().join("\n")
    }

    fn rate(&self, category: Category, ppm: i64) -> Option<String> {
        (category.is_taxed() || category == Category::Z).then(|| format_percent(ppm, self.locale))
    }
}

/// Sets a document.
///
/// # Errors
/// Amounts that cannot be added; a checked document has none.
pub(super) fn lay_out<'f>(doc: &Document, labels: &Labels, set: Setter<'f>) -> Result<Sheet<'f>, Fault> {
    let values = Values { locale: Locale::for_buyer(&doc.language, &doc.buyer.address.country) };
    let mut sheet = Sheet::new(set, paper(doc));
    heads(&mut sheet, doc, labels);
    if !doc.void.is_empty() {
        sheet.y += 12.0;
        sheet.paragraph(&doc.void, GRAND, 0.0);
    }
    facts(&mut sheet, doc, labels, &values);
    lines_table(&mut sheet, doc, labels, &values)?;
    sums(&mut sheet, doc, labels, &values);
    words(&mut sheet, doc, labels, &values);
    let foot = format!("{} · {}", doc.seller.name, doc.number);
    unprinted(&mut sheet, &foot, labels);
    feet(&mut sheet, &foot);
    Ok(sheet)
}

/// Says so where some letters have no font. Feet are set last, since they count the pages; their letters count here already.
fn unprinted(sheet: &mut Sheet<'_>, foot: &str, labels: &Labels) {
    sheet.set.width(foot, LABEL);
    if !sheet.set.replaced.is_empty() {
        sheet.y += 3.0;
        sheet.paragraph(&labels.unprinted, BODY, 0.0);
    }
}

/// Title, buyer and place of delivery on the left, seller on the right.
fn heads(sheet: &mut Sheet<'_>, doc: &Document, labels: &Labels) {
    let (left, gap) = (sheet.side, 24.0);
    let half = (sheet.width() - gap) * 0.58;
    let right = left + half + gap;
    let other = sheet.width() - half - gap;
    let text = format!("{} {}", title(doc.kind, labels), doc.number);
    let node = sheet.node(None, Role::Heading(text.clone()));
    let mut y = sheet.block(&text, (left, sheet.top - 4.0), half, TITLE, node) + 18.0;
    let seller_end = party(sheet, &doc.seller, labels, "", (right, sheet.top + 2.0), other);
    // The country alone, which the XML of a simplified invoice names, is no address.
    let placed = doc.kind != Kind::Simplified
        || doc.buyer.address != Address { country: doc.buyer.address.country.clone(), ..Address::default() };
    let buyer = if placed { doc.buyer.clone() } else { Party { address: Address::default(), ..doc.buyer.clone() } };
    if !buyer.name.is_empty() || !address_lines(&buyer.address).is_empty() {
        y = party(sheet, &buyer, labels, &labels.buyer, (left, y), half);
    }
    if let Some(to) = &doc.deliver_to {
        let node = sheet.node(None, Role::P);
        y = sheet.block(&labels.deliver_to, (left, y + 8.0), half, LABEL, node);
        y = sheet.block(&address_lines(to).join("\n"), (left, y), half, BODY, node);
    }
    sheet.y = y.max(seller_end);
}

fn party(sheet: &mut Sheet<'_>, party: &Party, labels: &Labels, label: &str, at: (f32, f32), width: f32) -> f32 {
    let node = sheet.node(None, Role::P);
    let (x, mut y) = at;
    if !label.is_empty() {
        y = sheet.block(label, (x, y), width, LABEL, node) + 1.0;
    }
    if !party.name.is_empty() {
        y = sheet.block(&party.name, (x, y), width, NAME, node);
    }
    for line in address_lines(&party.address) {
        y = sheet.block(&line, (x, y), width, BODY, node);
    }
    let ids = party.tax_ids.iter().map(|t| (&t.label, &t.value));
    let ids = ids.chain(party.registrations.iter().map(|r| (&r.label, &r.value)));
    let mut small: Vec<String> =
        ids.filter(|(_, v)| !v.is_empty()).map(|(l, v)| format!("{l} {v}").trim().to_owned()).collect();
    if !party.email.is_empty() {
        small.insert(0, format!("{} {}", labels.email, party.email).trim().to_owned());
    }
    if !small.is_empty() {
        y += 2.0;
    }
    for line in small {
        y = sheet.block(&line, (x, y), width, SMALL, node);
    }
    y
}

/// As given, else the usual order of most countries.
fn address_lines(a: &Address) -> Vec<String> {
    if !a.printed.is_empty() {
        return a.printed.clone();
    }
    let mut out: Vec<String> = a.lines.clone();
    out.push(match a.country.as_str() {
        "US" | "CA" | "AU" | "GB" => join(&[&a.city, &a.region, &a.postcode]),
        _ => join(&[&a.postcode, &a.city, &a.region]),
    });
    out.push(a.country.clone());
    out.retain(|l| !l.trim().is_empty());
    out
}

fn join(parts: &[&str]) -> String {
    parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

/// Dates and numbers in a row.
fn facts(sheet: &mut Sheet<'_>, doc: &Document, labels: &Labels, values: &Values) {
    let mut facts = vec![(&labels.issued, format_date(doc.issued, values.locale))];
    if let Some(day) = doc.supplied {
        facts.push((&labels.supplied, format_date(day, values.locale)));
    }
    if let Some(before) = &doc.preceding {
        let day = before.issued.map(|d| format!("\n{}", format_date(d, values.locale))).unwrap_or_default();
        facts.push((&labels.preceding, format!("{}{day}", before.number)));
    }
    if !doc.order.is_empty() {
        facts.push((&labels.order, doc.order.clone()));
    }
    divider(sheet, 16.0, 8.0);
    let gap = 12.0;
    let width = (sheet.width() - gap * (facts.len() as f32 - 1.0)) / facts.len() as f32;
    let (top, mut end) = (sheet.y, sheet.y);
    for (at, (label, value)) in facts.iter().enumerate() {
        let x = sheet.side + at as f32 * (width + gap);
        let node = sheet.node(None, Role::P);
        let y = sheet.block(label, (x, top), width, LABEL, node);
        end = end.max(sheet.block(value, (x, y), width, STRONG, node));
    }
    sheet.y = end;
    divider(sheet, 8.0, 16.0);
}

fn lines_table(sheet: &mut Sheet<'_>, doc: &Document, labels: &Labels, values: &Values) -> Result<(), Fault> {
    let priced = doc.lines.iter().any(|l| l.unit_price.is_some());
    let unit = if doc.prices_include_tax { &labels.unit_price_gross } else { &labels.unit_price_net };
    let column = |title: &str, flexible| Column {
        title: title.to_owned(),
        align: if flexible { Align::Left } else { Align::Right },
        flexible,
    };
    let mut columns = vec![column(&labels.description, true), column(&labels.quantity, false)];
    if priced {
        columns.push(column(unit, false));
    }
    columns.extend([&labels.net, &labels.rate, &labels.total].map(|t| column(t, false)));
    let mut rows = Vec::new();
    for line in &doc.lines {
        let price = line.unit_price.map(|u| values.money(u)).unwrap_or_default();
        let amounts = Amounts { net: line.net, taxes: &line.taxes, off: false };
        let row =
            amounts.row(values, description(doc, line, values), line.quantity.to_string(), priced.then_some(price))?;
        rows.push(row);
    }
    for (list, off) in [(&doc.charges, false), (&doc.allowances, true)] {
        for adjustment in list {
            let cell = Cell { parts: vec![(adjustment.text.clone(), BODY)], head: true };
            let amounts = Amounts { net: adjustment.net, taxes: &adjustment.taxes, off };
            rows.push(amounts.row(values, cell, String::new(), priced.then(String::new))?);
        }
    }
    if let Some(first) = rows.first_mut() {
        first.above = None;
    }
    let (x, width) = (sheet.side, sheet.width());
    Table { name: labels.lines.clone(), columns, rows, x, width, head: Some(HEAD) }.draw(sheet);
    Ok(())
}

fn description(doc: &Document, line: &Line, values: &Values) -> Cell {
    let mut parts = vec![(line.name.clone(), STRONG)];
    if !line.detail.is_empty() {
        parts.push((line.detail.clone(), SMALL));
    }
    for discount in &line.discounts {
        let minus = Money::zero(doc.currency).checked_sub(discount.amount).unwrap_or(discount.amount);
        parts.push((format!("{} {}", discount.text, values.money(minus)).trim().to_owned(), SMALL));
    }
    Cell { parts, head: true }
}

/// Amounts of a row.
struct Amounts<'a> {
    net: Money,
    taxes: &'a [Tax],
    /// Taken off.
    off: bool,
}

impl Amounts<'_> {
    fn row(self, values: &Values, what: Cell, quantity: String, price: Option<String>) -> Result<Row, Fault> {
        let zero = Money::zero(self.net.currency());
        let gross = self.taxes.iter().try_fold(self.net, |sum, t| sum.checked_add(t.amount))?;
        let signed = |m: Money| if self.off { zero.checked_sub(m) } else { Ok(m) };
        let mut cells = vec![what, Cell::new(quantity, BODY)];
        cells.extend(price.map(|p| Cell::new(p, BODY)));
        cells.push(Cell::new(values.money(signed(self.net)?), BODY));
        cells.push(Cell::new(values.rates(self.taxes), BODY));
        cells.push(Cell::new(values.money(signed(gross)?), BODY));
        Ok(Row { cells, above: Some((0.5, 220)) })
    }
}

/// Taxes by rate on the left, sums on the right, kept on one page.
fn sums(sheet: &mut Sheet<'_>, doc: &Document, labels: &Labels, values: &Values) {
    let gap = 30.0;
    let right = (sheet.width() - gap) * 0.46;
    let left = sheet.width() - gap - right;
    let totals = totals_table(sheet.side + left + gap, right, doc, labels, values);
    let taxes = (!doc.taxes.is_empty()).then(|| tax_table(sheet.side, left, doc, labels, values));
    let height = totals.height(sheet).max(taxes.as_ref().map_or(0.0, |t| t.height(sheet)));
    if !sheet.keep(height + 20.0) {
        divider(sheet, 0.0, 14.0);
    }
    let (top, page) = (sheet.y, sheet.pages.len());
    if let Some(taxes) = taxes {
        taxes.draw(sheet);
    }
    // A table of very many rates goes on over pages; then the sums stand below it.
    let end = sheet.y;
    if sheet.pages.len() == page {
        sheet.y = top;
    } else {
        sheet.y += 14.0;
    }
    totals.draw(sheet);
    sheet.y = if sheet.pages.len() == page { sheet.y.max(end) } else { sheet.y };
    sheet.y += 18.0;
}

fn tax_table(x: f32, width: f32, doc: &Document, labels: &Labels, values: &Values) -> Table {
    let column = |title: &str, flexible| Column {
        title: title.to_owned(),
        align: if flexible { Align::Left } else { Align::Right },
        flexible,
    };
    let columns = vec![column(&labels.tax, true), column(&labels.base, false), column(&labels.tax_amount, false)];
    let rows = doc.taxes.iter().map(|row| {
        let rate = values.rate(row.category, row.rate_ppm).unwrap_or_default();
        let mut parts = vec![(format!("{} {rate}", row.name).trim().to_owned(), SMALL)];
        if !row.reason.is_empty() {
            parts.push((row.reason.clone(), LABEL));
        }
        let cells = vec![
            Cell { parts, head: true },
            Cell::new(values.money(row.base), SMALL),
            Cell::new(values.money(row.amount), SMALL),
        ];
        Row { cells, above: None }
    });
    Table {
        name: labels.taxes.clone(),
        columns,
        rows: rows.collect(),
        x,
        width,
        head: Some(style(7.5, Weight::Bold, 60)),
    }
}

fn totals_table(x: f32, width: f32, doc: &Document, labels: &Labels, values: &Values) -> Table {
    let totals = &doc.totals;
    let mut rows = Vec::new();
    let mut row = |label: &str, amount: Money, style: Style, above| {
        let head = Cell { parts: vec![(label.to_owned(), style)], head: true };
        rows.push(Row { cells: vec![head, Cell::new(values.money(amount), style)], above });
    };
    row(&labels.net, totals.net, BODY, None);
    row(&labels.sum_tax, totals.tax, BODY, None);
    if let Some(tax) = doc.accounting_tax {
        row(&labels.accounting_tax, tax, SMALL, None);
    }
    row(&labels.sum_gross, totals.gross, GRAND, Some((0.8, 40)));
    if !totals.paid.is_zero() {
        row(&labels.paid, totals.paid, BODY, None);
    }
    row(&labels.due, totals.due, STRONG, Some((0.5, 205)));
    let column = |align, flexible| Column { title: String::new(), align, flexible };
    let columns = vec![column(Align::Left, true), column(Align::Right, false)];
    Table { name: labels.sums.clone(), columns, rows, x, width, head: None }
}

/// Payment, notes of the law, how tax was rounded.
fn words(sheet: &mut Sheet<'_>, doc: &Document, labels: &Labels, values: &Values) {
    let payment = &doc.payment;
    let mut said: Vec<String> = Vec::new();
    if !payment.text.is_empty() {
        said.push(format!("{}: {}", labels.payment, payment.text));
    }
    if let Means::Transfer(iban) = &payment.means {
        said.push(format!("IBAN {iban}"));
    }
    if let Some(day) = payment.due {
        said.push(format!("{}: {}", labels.due_on, format_date(day, values.locale)));
    }
    said.push(payment.terms.clone());
    for text in said {
        sheet.paragraph(&text, BODY, 1.0);
    }
    sheet.y += 6.0;
    for note in &doc.notes {
        sheet.paragraph(note, BODY, 3.0);
    }
    if !doc.explained.is_empty() {
        sheet.y += 3.0;
        sheet.paragraph(&labels.explained, HEAD, 1.0);
        for sentence in &doc.explained {
            sheet.paragraph(sentence, SMALL, 1.0);
        }
    }
    sheet.y += 3.0;
    sheet.paragraph(&doc.rounding, LABEL, 0.0);
}

/// Seller and number, page of pages: for the eye only.
fn feet(sheet: &mut Sheet<'_>, foot: &str) {
    let pages = sheet.pages.len();
    let (x, width, y) = (sheet.side, sheet.width(), sheet.bottom + 20.0);
    for page in 0..pages {
        let own = sheet.set.lines(foot, LABEL, width - 80.0).into_iter().next();
        let count = sheet.set.lines(&format!("{} / {pages}", page + 1), LABEL, 80.0).into_iter().next();
        // `put` writes on the last page; each page takes its turn there.
        sheet.pages.swap(page, pages - 1);
        for (line, align) in [(own, Align::Left), (count, Align::Right)] {
            if let Some(line) = line {
                sheet.put(line, (x, y), width, align, LABEL, None);
            }
        }
        sheet.pages.swap(page, pages - 1);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::sheet::Step;
    use super::*;
    use crate::fonts::Fonts;

    #[test]
    fn letters_of_the_foot_alone_bring_the_note_too() {
        let fonts = Fonts::built_in().unwrap();
        let labels = Labels { unprinted: "Some letters have no font".into(), ..Labels::default() };
        let said = |foot: &str| {
            let mut sheet = Sheet::new(Setter { fonts: &fonts, replaced: BTreeSet::new() }, (595.276, 841.89));
            unprinted(&mut sheet, foot, &labels);
            sheet.pages.iter().flatten().filter(|step| matches!(step, Step::Text { .. })).count()
        };
        assert_eq!((said("Kiefer · R-1"), said("田中 · R-1")), (0, 1));
    }
}
