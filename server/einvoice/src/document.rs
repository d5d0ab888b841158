//! What an issued document says: the input of everything here.
//!
//! All amounts are of the document's currency and not negative: a credit note says what goes back, a corrected invoice what holds
//! from now on. Texts are printed as they are.

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::money::{Currency, Money};

use crate::category::Category;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money is owed or was paid (UNTDID 1001: 380).
    Invoice,
    /// A paper without a buyer's address (380).
    Receipt,
    /// A simplified invoice, which needs not say where its buyer is (Directive 2006/112/EC art. 226b); 380.
    Simplified,
    /// Money goes back (381).
    CreditNote,
    /// Replaces an invoice (384).
    Corrected,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street and what else stands above the city; three go into the XML, more are joined into the third.
    pub lines: Vec<String>,
    /// City.
    pub city: String,
    /// As written.
    pub postcode: String,
    /// State or province as written.
    pub region: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The address as its country writes it, country included; empty: put together from the rest.
    pub printed: Vec<String>,
}

/// What a tax id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxIdKind {
    /// VAT identification number with its country's letters: `DE123456789` (BT-31, BT-48).
    Vat,
    /// A number of the local tax office, or of a tax that is no VAT (BT-32).
    Local,
}

/// A tax id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxId {
    /// What it is.
    pub kind: TaxIdKind,
    /// As its country calls it: `USt-IdNr.`; printed before it.
    pub label: String,
    /// As stored: `DE123456789`.
    pub value: String,
}

/// An entry in a register of companies (BT-30, BT-47).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// ISO/IEC 6523 scheme, such as `0002` for SIRENE; empty: not said.
    pub scheme: String,
    /// Printed before it: `SIREN`.
    pub label: String,
    /// The number.
    pub value: String,
}

/// Who sells or buys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Party {
    /// What the other side or the shop calls it (BT-29, BT-46): a handle. Needed of a seller with neither VAT id nor registration.
    pub id: String,
    /// In law.
    pub name: String,
    /// Where.
    pub address: Address,
    /// E-mail address.
    pub email: String,
    /// Tax ids.
    pub tax_ids: Vec<TaxId>,
    /// Entries in registers.
    pub registrations: Vec<Registration>,
}

impl Party {
    pub(crate) fn vat_id(&self) -> Option<&str> {
        self.tax_ids.iter().find(|t| t.kind == TaxIdKind::Vat).map(|t| t.value.as_str())
    }
}

/// One tax on a line, a charge or an allowance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// `USt`, `TVA`, `GST` ...
    pub name: String,
    /// See [`crate::category`].
    pub category: Category,
    /// Millionths: 190000 is 19 %; 0 where nothing is charged.
    pub rate_ppm: i64,
    /// As it was rounded for this line.
    pub amount: Money,
}

/// What was taken off a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// Code or name.
    pub text: String,
    /// With or without tax as [`Document::prices_include_tax`] says.
    pub amount: Money,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Of the work.
    pub name: String,
    /// Edition, licence; may be empty.
    pub detail: String,
    /// Pieces, 1 or more.
    pub quantity: u32,
    /// As listed, with or without tax as [`Document::prices_include_tax`] says; `None`: nothing is printed.
    pub unit_price: Option<Money>,
    /// Taken off.
    pub discounts: Vec<Discount>,
    /// Without tax, after discounts (BT-131).
    pub net: Money,
    /// One of a VAT; none or several where the law is another.
    pub taxes: Vec<Tax>,
}

/// A charge (shipping) or an allowance of the whole document. Shipping under several rates is one charge for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// What for.
    pub text: String,
    /// Without tax, positive.
    pub net: Money,
    /// As on a line, positive.
    pub taxes: Vec<Tax>,
}

/// A row of the tax table: lines, charges and allowances of one tax, category and rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRow {
    /// `USt` ...
    pub name: String,
    /// Category.
    pub category: Category,
    /// Millionths.
    pub rate_ppm: i64,
    /// Without tax.
    pub base: Money,
    /// Sum of what was charged.
    pub amount: Money,
    /// Why nothing is charged, in the words of the law; needed for categories without tax but Z, if `reason_code` is empty.
    pub reason: String,
    /// `VATEX-...`; empty: the usual one of the category.
    pub reason_code: String,
}

/// Sums as issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Lines and charges less allowances, without tax (BT-109).
    pub net: Money,
    /// Taxes of the table (BT-110).
    pub tax: Money,
    /// Both (BT-112).
    pub gross: Money,
    /// Paid already, or paid back (BT-113).
    pub paid: Money,
    /// Still to pay (BT-115).
    pub due: Money,
}

/// How it is or was paid (UNTDID 4461).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A bank card (48); its last four digits, or empty.
    Card(String),
    /// An online payment service (68).
    Online,
    /// A transfer to this IBAN (58).
    Transfer(String),
    /// A direct debit (59).
    DirectDebit,
    /// Not said (1).
    Other,
}

/// Payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// How.
    pub means: Means,
    /// Printed: `Visa 4242, 28 November 2026`.
    pub text: String,
    /// When what is due is due.
    pub due: Option<Date>,
    /// Terms in words.
    pub terms: String,
}

/// The document this one credits or replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preceding {
    /// Its number (BT-25).
    pub number: String,
    /// When it was issued (BT-26).
    pub issued: Option<Date>,
}

/// An issued document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Of the seller's series.
    pub number: String,
    /// When.
    pub issued: Date,
    /// When it was delivered or performed (BT-72); needed for supplies to other member states.
    pub supplied: Option<Date>,
    /// Of every amount but `accounting_tax`.
    pub currency: Currency,
    /// BCP 47, of the texts.
    pub language: String,
    /// The shop's own number of the order; may be empty (BT-14).
    pub order: String,
    /// Who sells.
    pub seller: Party,
    /// Who buys; may be empty on receipts and simplified invoices.
    pub buyer: Party,
    /// Where goods went, if not to the buyer.
    pub deliver_to: Option<Address>,
    /// What is credited or replaced.
    pub preceding: Option<Preceding>,
    /// Whether unit prices and discounts contain tax.
    pub prices_include_tax: bool,
    /// 1 or more.
    pub lines: Vec<Line>,
    /// Taken off the whole.
    pub allowances: Vec<Adjustment>,
    /// Added to the whole: shipping.
    pub charges: Vec<Adjustment>,
    /// The tax table; [`breakdown`] makes it.
    pub taxes: Vec<TaxRow>,
    /// Sums.
    pub totals: Totals,
    /// Tax in the currency the seller accounts in, where the law asks for it (BT-111).
    pub accounting_tax: Option<Money>,
    /// How it is paid.
    pub payment: Payment,
    /// What the law wants said, each printed as it is.
    pub notes: Vec<String>,
    /// How tax was rounded, in words; may be empty.
    pub rounding: String,
    /// By which law each tax is charged, a sentence each; printed, not in the XML. May be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<String>,
    /// What was decided of the document after it was issued: that it is void, and why. Printed first; empty: it holds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub void: String,
}

impl Document {
    /// Every text with the name of its field.
    pub(crate) fn texts(&self) -> Vec<(&'static str, &str)> {
        let mut all = vec![
            ("number", self.number.as_str()),
            ("language", &self.language),
            ("order", &self.order),
            ("payment", &self.payment.text),
            ("payment", &self.payment.terms),
            ("rounding", &self.rounding),
        ];
        for (field, party) in [("seller", &self.seller), ("buyer", &self.buyer)] {
            all.extend([(field, party.id.as_str()), (field, &party.name), (field, &party.email)]);
            all.extend(address_texts(&party.address).map(|t| (field, t)));
            all.extend(party.tax_ids.iter().flat_map(|t| [(field, t.label.as_str()), (field, &t.value)]));
            let registrations = party.registrations.iter();
            all.extend(
                registrations.flat_map(|r| [(field, r.scheme.as_str()), (field, r.label.as_str()), (field, &r.value)]),
            );
        }
        all.extend(self.deliver_to.iter().flat_map(address_texts).map(|t| ("deliver_to", t)));
        all.extend(self.preceding.iter().map(|p| ("preceding", p.number.as_str())));
        for line in &self.lines {
            all.extend([("lines", line.name.as_str()), ("lines", &line.detail)]);
            all.extend(line.discounts.iter().map(|d| ("lines", d.text.as_str())));
            all.extend(line.taxes.iter().map(|t| ("lines", t.name.as_str())));
        }
        all.extend(self.allowances.iter().map(|a| ("allowances", a.text.as_str())));
        all.extend(self.charges.iter().map(|a| ("charges", a.text.as_str())));
        let rows = self.taxes.iter();
        all.extend(
            rows.flat_map(|r| [("taxes", r.name.as_str()), ("taxes", r.reason.as_str()), ("taxes", &r.reason_code)]),
        );
        all.extend(self.notes.iter().map(|n| ("notes", n.as_str())));
        all.extend(self.explained.iter().map(|e| ("explained", e.as_str())));
        all.push(("void", &self.void));
        if let Means::Card(text) | Means::Transfer(text) = &self.payment.means {
            all.push(("payment", text));
        }
        all
    }
}

fn address_texts(a: &Address) -> impl Iterator<Item = &str> {
    let parts = [&a.city, &a.postcode, &a.region, &a.country];
    a.lines.iter().chain(a.printed.iter()).chain(parts).map(String::as_str)
}

/// The tax table of these lines, charges and allowances, in the order their taxes first appear. `reason` answers for a category without
/// tax the words of the law and a code, both may be empty.
///
/// # Errors
/// Amounts of two currencies, or too large.
pub fn breakdown(
    lines: &[Line],
    charges: &[Adjustment],
    allowances: &[Adjustment],
    reason: impl Fn(Category) -> (String, String),
) -> Result<Vec<TaxRow>, vitrine_pricing::money::MoneyError> {
    let lines = lines.iter().map(|l| (l.net, &l.taxes, false));
    let charges = charges.iter().map(|c| (c.net, &c.taxes, false));
    let allowances = allowances.iter().map(|a| (a.net, &a.taxes, true));
    let mut rows: Vec<TaxRow> = Vec::new();
    for (net, taxes, off) in lines.chain(charges).chain(allowances) {
        for tax in taxes {
            let known = rows.iter().position(|r| same(r, tax));
            let at = known.unwrap_or_else(|| {
                let zero = Money::zero(net.currency());
                let (reason, reason_code) =
                    if tax.category.is_taxed() { Default::default() } else { reason(tax.category) };
                rows.push(TaxRow {
                    name: tax.name.clone(),
                    category: tax.category,
                    rate_ppm: tax.rate_ppm,
                    base: zero,
                    amount: zero,
                    reason,
                    reason_code,
                });
                rows.len() - 1
            });
            let row = &mut rows[at];
            let add = |a: Money, b: Money| if off { a.checked_sub(b) } else { a.checked_add(b) };
            (row.base, row.amount) = (add(row.base, net)?, add(row.amount, tax.amount)?);
        }
    }
    Ok(rows)
}

/// Whether a tax belongs to a row.
pub(crate) fn same(row: &TaxRow, tax: &Tax) -> bool {
    row.category == tax.category && row.rate_ppm == tax.rate_ppm && row.name == tax.name
}
