//! The words of the PDF, from the caller's locale files.

use serde::{Deserialize, Serialize};

/// Words around the values of a document, in its language; each is printed as it is, none may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Title: "Invoice".
    pub invoice: String,
    /// Title: "Receipt".
    pub receipt: String,
    /// Title: "Simplified invoice".
    pub simplified: String,
    /// Title: "Credit note".
    pub credit_note: String,
    /// Title: "Corrected invoice".
    pub corrected: String,
    /// Above the buyer: "Billed to".
    pub buyer: String,
    /// Above where goods went: "Delivered to".
    pub deliver_to: String,
    /// "Issued on".
    pub issued: String,
    /// "Supplied on".
    pub supplied: String,
    /// "Order".
    pub order: String,
    /// Before the number of what is credited or replaced: "For invoice".
    pub preceding: String,
    /// Name of the table of lines, for who hears it: "What was bought".
    pub lines: String,
    /// Column: "Description".
    pub description: String,
    /// Column: "Quantity".
    pub quantity: String,
    /// Column, prices without tax: "Unit price".
    pub unit_price_net: String,
    /// Column, prices with tax: "Unit price with tax".
    pub unit_price_gross: String,
    /// Column and sum: "Net".
    pub net: String,
    /// Column of rates: "Tax rate".
    pub rate: String,
    /// Column of lines with tax: "Total".
    pub total: String,
    /// Name of the tax table: "Tax by rate".
    pub taxes: String,
    /// Column: "Tax".
    pub tax: String,
    /// Column: "Taxable amount".
    pub base: String,
    /// Column: "Tax amount".
    pub tax_amount: String,
    /// Name of the sums: "Sums".
    pub sums: String,
    /// Sum: "Tax".
    pub sum_tax: String,
    /// Sum: "Total with tax".
    pub sum_gross: String,
    /// Sum: "Paid".
    pub paid: String,
    /// Sum: "To pay".
    pub due: String,
    /// Before the tax in the currency of account: "Tax in EUR".
    pub accounting_tax: String,
    /// Before the payment: "Payment".
    pub payment: String,
    /// Before the day it is due: "Due on".
    pub due_on: String,
    /// Above the laws of the taxes: "Why this tax".
    pub explained: String,
    /// Before the e-mail address: "E-mail".
    pub email: String,
    /// What the file inside is, for who lists attachments: "Invoice data (Factur-X)".
    pub attachment: String,
    /// Last, where letters have no font: "Letters printed as \u{fffd} have no font here; the page of this document on the web has them."
    pub unprinted: String,
}
