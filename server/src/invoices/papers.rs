//! Documents as files: a tagged PDF with the EN 16931 XML inside, and that XML. Made from what was issued; once made they are kept (`filed`).

mod alike;
#[cfg(test)]
mod india_tests;

use serde::{Deserialize, Serialize};
use vitrine_einvoice as einvoice;
use vitrine_einvoice::{
    Address, Adjustment, Category, Document, Labels, Means, Party, Payment, Preceding, Tax, TaxId, TaxIdKind, Taxation,
    Totals,
};
use vitrine_pricing::tax_id::{Checked, KINDS, check};

use alike::alike;

use super::*;
use crate::checkout::store::{Checkout, Person};
use crate::checkout::{Checkouts, paid_rows};
use crate::mails::Words;

/// The buyer of a document in law; only ever stored sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Buyer {
    /// As printed, one line each.
    pub(super) lines: Vec<String>,
    /// Name of the company, else of the person.
    pub(super) name: String,
    /// The address without name, one line each.
    pub(super) address: Vec<String>,
    /// Tax id as stored; empty: none.
    pub(super) tax_id: String,
    /// Where the receipt went.
    pub(super) email: String,
    /// Other numbers that its country wants on an invoice, each with its name.
    #[serde(default)]
    pub(super) numbers: Vec<String>,
}

/// As it was sealed: older documents have lines alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Sealed {
    Whole(Buyer),
    Lines(Vec<String>),
}

impl Buyer {
    /// Everything that an invoice says of who bought.
    pub(super) fn whole(person: &Person) -> Self {
        let name = if person.company.is_empty() { &person.name } else { &person.company };
        Self {
            lines: person.billed(),
            name: name.clone(),
            address: person.letters().into_iter().filter(|line| line != name).collect(),
            tax_id: person.tax_id.clone(),
            email: person.email.clone(),
            numbers: person.on_invoice(),
        }
    }

    /// The name alone.
    pub(super) fn named(person: &Person) -> Self {
        let lines = Some(person.name.clone()).filter(|name| !name.is_empty()).into_iter().collect();
        Self { lines, name: person.name.clone(), ..Self::default() }
    }

    /// From what was unsealed.
    pub(super) fn read(plain: &[u8]) -> serde_json::Result<Self> {
        Ok(match serde_json::from_slice(plain)? {
            Sealed::Whole(buyer) => buyer,
            Sealed::Lines(lines) => {
                let name = lines.first().cloned().unwrap_or_default();
                let address = lines.iter().skip(1).cloned().collect();
                Self { lines, name, address, ..Self::default() }
            }
        })
    }
}

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The PDF.
    Pdf,
    /// The XML by itself.
    Xml,
}

impl Form {
    /// What a file's name ends with.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Xml => "xml",
        }
    }
}

/// A file of a document.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Name on saving.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

fn inside(e: &dyn std::fmt::Display) -> Problem {
    fault::internal("a document's file", e)
}

/// Words of the file from the locale files: `paper-unit-price-net` and so on.
fn labels(words: &Words) -> Result<Labels> {
    let empty = serde_json::to_value(Labels::default()).map_err(|e| inside(&e))?;
    let fields = empty.as_object().into_iter().flatten();
    let said =
        fields.map(|(name, _)| (name.clone(), words.say(&format!("paper-{}", name.replace('_', "-")), &[]).into()));
    serde_json::from_value(serde_json::Value::Object(said.collect())).map_err(|e| inside(&e))
}

/// A tax id: of a known VAT, or of some office.
fn tax_id(value: &str, label: &str) -> TaxId {
    let vat =
        KINDS.iter().filter(|k| k.code.starts_with("eu_vat_") || matches!(k.code, "gb_vat" | "ch_mwst" | "no_mva"));
    let known =
        vat.filter(|k| value.to_uppercase().starts_with(k.country) || k.code.ends_with(value.get(..2).unwrap_or("?")));
    let found = known.filter_map(|k| match check(k.code, value) {
        Checked::Ok(number) => Some(number),
        _ => None,
    });
    match found.into_iter().next() {
        Some(number) => TaxId { kind: TaxIdKind::Vat, label: label.to_owned(), value: number },
        None => TaxId { kind: TaxIdKind::Local, label: label.to_owned(), value: value.to_owned() },
    }
}

fn positive(m: Money) -> Money {
    if m.is_negative() { Money::zero(m.currency()).checked_sub(m).unwrap_or(m) } else { m }
}

impl Invoice {
    /// The invoice that it corrects or credits.
    pub(super) fn about(&self) -> InvoiceId {
        self.corrects_id.clone().unwrap_or_else(|| id_of(&self.order))
    }

    /// The invoice that decides whether it is void: of what corrects one the other.
    pub(super) fn held_by(&self) -> InvoiceId {
        if self.kind == Kind::Amendment { self.about() } else { self.id.clone() }
    }

    /// Goods on which there is no tax: what is sent with them without one is what they are.
    pub(super) fn untaxed_goods(&self) -> Option<&Line> {
        self.lines.iter().find(|l| !l.text.is_empty() && l.physical && l.amounts.taxes.is_empty())
    }

    /// In which state of India the supply takes place, as a sentence: invoices there name it (CGST Rules 2017 r. 46(n)).
    pub(super) fn supplied_at(&self, words: &Words) -> Option<String> {
        let taxed = self.totals.taxes.iter().any(|tax| tax.jurisdiction.starts_with("IN"));
        let region = Some(self.region.as_str()).filter(|region| taxed && self.country == "IN" && !region.is_empty())?;
        let state = vitrine_places::region_of("IN", region).map_or(region, |state| state.latin);
        Some(words.say("paper-place-of-supply", &[("state", state)]))
    }

    /// The document for files; `of` is the invoice that this one amends or credits.
    pub(super) fn document(&self, buyer: &Buyer, of: Option<&Invoice>, words: &Words) -> Result<Document> {
        let (kind, source) = match (self.kind, of) {
            // It changes who the buyer is; everything else is said anew.
            (Kind::Amendment, Some(of)) => (einvoice::Kind::Corrected, of),
            (Kind::CreditNote, _) => (einvoice::Kind::CreditNote, self),
            _ if self.simplified.is_some() => (einvoice::Kind::Simplified, self),
            // Without a buyer's address it is a receipt, whatever its amount.
            _ if buyer.address.is_empty() => (einvoice::Kind::Receipt, self),
            _ => (einvoice::Kind::Invoice, self),
        };
        let date = |ms: i64| Date::from_unix_ms(ms).map_err(|e| inside(&e));
        let currency = source.totals.gross.currency();
        let seller = source.seller_legal.clone().unwrap_or_default();
        let label = words.say("paper-tax-id", &[]);
        let taxed = Taxed { seller: &seller.country, buyer: &source.country, word: words.say("paper-vat", &[]) };
        let mut lines = Vec::new();
        let mut charges = Vec::new();
        for line in &source.lines {
            if line.text.is_empty() {
                let by = line.by.as_ref().map_or("", |method| method.called(words.tag()));
                let label = words.say("mail-receipt-shipping", &[]);
                let label = if by.is_empty() { label } else { format!("{label} · {by}") };
                charges.extend(taxed.charges(line, source, &label));
                continue;
            }
            lines.push(taxed.line(line));
        }
        if lines.is_empty() {
            // Only shipping went back: it is what the document is about.
            for charge in charges.drain(..) {
                let Adjustment { text, net, taxes } = charge;
                let line = einvoice::Line {
                    name: text,
                    detail: String::new(),
                    quantity: 1,
                    unit_price: None,
                    discounts: Vec::new(),
                    net,
                    taxes,
                };
                lines.push(line);
            }
        }
        let mut said: Vec<String> = source.supplied_at(words).into_iter().collect();
        said.extend(source.legal.iter().map(|note| note.text.clone()));
        if let Some(accounting) = &source.accounting {
            let (rates, day) = (&accounting.rates, accounting.rates.date().to_string());
            let told = [("source", rates.source()), ("day", &day), ("rates", &rates.quoted())];
            said.push(words.say("paper-tax-rates", &told));
        }
        let reason = |category: Category| {
            let note = source.legal.iter().find(|note| speaks_of(&note.id, category));
            (note.map(|note| note.text.clone()).unwrap_or_default(), String::new())
        };
        let taxes = einvoice::breakdown(&lines, &charges, &[], reason).map_err(|e| inside(&e))?;
        let totals = &source.totals;
        let (net, tax, gross) = (positive(totals.net), positive(totals.tax), positive(totals.gross));
        let party = |tax_ids: Vec<TaxId>| Party { tax_ids, ..Party::default() };
        let rounding = source.rounding.map(super::view::rounding_key);
        let printed =
            |name: &str, lines: &[String]| lines.iter().filter(|line| *line != name).cloned().collect::<Vec<String>>();
        Ok(Document {
            kind,
            number: self.number.clone(),
            issued: date(self.issued_ms)?,
            supplied: Some(date(source.supplied_ms.unwrap_or(source.issued_ms))?),
            currency,
            language: words.tag().to_owned(),
            order: source.order.to_string(),
            seller: Party {
                id: source.seller.to_string(),
                name: source.seller_lines.first().cloned().unwrap_or_default(),
                address: Address {
                    lines: seller.address.clone(),
                    country: seller.country.clone(),
                    region: seller.region.clone().unwrap_or_default(),
                    printed: if seller.address.is_empty() {
                        source.seller_lines.iter().skip(1).cloned().collect()
                    } else {
                        [seller.address.clone(), vec![seller.country.clone()]].concat()
                    },
                    ..Address::default()
                },
                email: seller.email.clone(),
                ..party(seller.tax_ids.iter().map(|id| tax_id(id, &label)).collect())
            },
            buyer: Party {
                id: String::new(),
                name: buyer.name.clone(),
                address: Address {
                    lines: buyer.address.clone(),
                    country: source.country.clone(),
                    printed: [printed(&buyer.name, &buyer.address), buyer.numbers.clone()].concat(),
                    ..Address::default()
                },
                email: buyer.email.clone(),
                ..party(
                    Some(&buyer.tax_id).filter(|id| !id.is_empty()).map(|id| tax_id(id, &label)).into_iter().collect(),
                )
            },
            deliver_to: None,
            preceding: match (&self.corrects, of) {
                (Some(number), of) => {
                    Some(Preceding { number: number.clone(), issued: of.map(|of| date(of.issued_ms)).transpose()? })
                }
                (None, _) => None,
            },
            prices_include_tax: source.prices_include_tax,
            lines,
            allowances: Vec::new(),
            charges,
            taxes,
            totals: Totals { net, tax, gross, paid: gross, due: Money::zero(currency) },
            accounting_tax: source.accounting.as_ref().map(|a| positive(a.tax)),
            payment: Payment {
                // Several sources are no one means.
                means: if source.sources.is_empty() { means(&source.paid_with) } else { Means::Other },
                text: paid_text(source, gross, words)?,
                due: None,
                terms: String::new(),
            },
            notes: said,
            rounding: rounding.map(|key| words.say(&key.replace("invoice-", "paper-"), &[])).unwrap_or_default(),
            explained: explained(source, words),
            void: String::new(),
        })
    }
}

/// By which law each tax is charged, a sentence each.
fn explained(source: &Invoice, words: &Words) -> Vec<String> {
    let sentence =
        |law: &TaxLaw| {
            let tax = source.totals.taxes.iter().find(|tax| tax.rule == law.rule)?;
            let rate = words.percent(tax.rate_ppm);
            Some(words.say(
                "paper-law",
                &[("tax", &tax.name), ("rate", &rate), ("place", &tax.jurisdiction), ("law", &law.law)],
            ))
        };
    source.laws.iter().filter_map(sentence).collect()
}

/// How it was paid: by one means, or what each paid.
fn paid_text(source: &Invoice, gross: Money, words: &Words) -> Result<String> {
    let rows = paid_rows(&source.sources, gross, &source.paid_with)?;
    if rows.is_empty() {
        return Ok(source.paid_with.clone());
    }
    let row =
        |(key, detail, amount): (&str, String, Money)| format!("{}: {}", words.paid(key, &detail), words.money(amount));
    Ok(rows.into_iter().map(row).collect::<Vec<_>>().join(", "))
}

/// Whether a note of this id (`DE-de-export_goods`) says why this category is not taxed.
pub(super) fn speaks_of(note: &str, category: Category) -> bool {
    let own = match note.rsplit_once('-').map_or(note, |(_, situation)| situation) {
        "reverse_charge_service" => Category::AE,
        "intra_community_supply" => Category::K,
        "export_goods" => Category::G,
        "small_business" | "small_business_union" => Category::E,
        "registered_recipient" => Category::O,
        // Exempt, or outside of what is taxed: by the seller's size, or by the place.
        _ => return matches!(category, Category::E | Category::O),
    };
    category == own
}

fn means(paid_with: &str) -> Means {
    match paid_with.split_once(' ').unwrap_or((paid_with, "")) {
        ("card", last4) => Means::Card(last4.to_owned()),
        ("bank_debit", _) => Means::DirectDebit,
        ("", _) => Means::Other,
        _ => Means::Online,
    }
}

/// How lines are put under the categories of EN 16931.
struct Taxed<'a> {
    seller: &'a str,
    buyer: &'a str,
    /// Name of a tax that is not charged.
    word: String,
}

impl Taxed<'_> {
    fn category(&self, line: &Line, jurisdiction: &str, rate_ppm: i64) -> Category {
        let charged = if rate_ppm > 0 { TaxStatus::Taxed } else { TaxStatus::ZeroRated };
        let status = if jurisdiction.is_empty() { line.status.unwrap_or(TaxStatus::OutsideScope) } else { charged };
        einvoice::category(Taxation {
            status,
            reason: &line.reason,
            jurisdiction,
            seller: self.seller,
            buyer: self.buyer,
        })
    }

    /// The taxes of a line; one of nothing where none is charged.
    fn taxes(&self, line: &Line) -> Vec<Tax> {
        let own = line.amounts.taxes.iter().map(|t| Tax {
            name: t.name.clone(),
            category: self.category(line, &t.jurisdiction, t.rate_ppm),
            rate_ppm: t.rate_ppm,
            amount: positive(t.amount),
        });
        let taxes: Vec<Tax> = own.collect();
        if taxes.is_empty() { self.none(line).into_iter().collect() } else { taxes }
    }

    fn none(&self, line: &Line) -> Option<Tax> {
        let category = self.category(line, "", 0);
        let amount = Money::zero(line.amounts.net.currency());
        (category != Category::Foreign).then(|| Tax { name: self.word.clone(), category, rate_ppm: 0, amount })
    }

    fn line(&self, line: &Line) -> einvoice::Line {
        let amounts = &line.amounts;
        let list = positive(amounts.list);
        let quantity = line.quantity.max(1);
        let unit = Money::new(list.minor() / i64::from(quantity), list.currency()).ok();
        let exact = unit.filter(|u| u.checked_mul(i64::from(quantity)).is_ok_and(|m| m == list));
        let (name, detail) = line.text.split_once(" · ").unwrap_or((&line.text, ""));
        einvoice::Line {
            name: name.to_owned(),
            detail: detail.to_owned(),
            quantity,
            // What goes back has no price of its own.
            unit_price: exact.filter(|_| !amounts.list.is_negative() && line.quantity > 0),
            discounts: amounts
                .discounts
                .iter()
                .map(|d| einvoice::Discount { text: d.source.clone(), amount: positive(d.amount) })
                .collect(),
            net: positive(amounts.net),
            taxes: self.taxes(line),
        }
    }

    /// Shipping: a charge for each part of it that is taxed alike, or one under all the taxes that are on it.
    fn charges(&self, line: &Line, of: &Invoice, text: &str) -> Vec<Adjustment> {
        let amounts = &line.amounts;
        let charge = |net: Money, line: &Line, taxes: &[TaxAmount]| {
            let only = Amounts { taxes: taxes.to_vec(), ..amounts.clone() };
            let taxes = self.taxes(&Line { amounts: only, ..line.clone() });
            Adjustment { text: text.to_owned(), net: positive(net), taxes }
        };
        if let Some(parts) = alike(amounts.net, &amounts.taxes) {
            return parts.iter().map(|(net, taxes)| charge(*net, line, taxes)).collect();
        }
        let line = match of.untaxed_goods().filter(|_| line.status.is_none() && amounts.taxes.is_empty()) {
            Some(goods) => Line { status: goods.status, reason: goods.reason.clone(), ..line.clone() },
            None => line.clone(),
        };
        vec![charge(amounts.net, &line, &amounts.taxes)]
    }
}

impl Invoices {
    /// A document's file for who may see its order; `key` opens it for a guest.
    ///
    /// # Errors
    /// 404 for everybody else, and for the XML of what EN 16931 cannot say.
    pub async fn paper(
        &self,
        ctx: &OpCtx,
        checkouts: &Checkouts,
        id: &str,
        key: Option<&str>,
        form: Form,
    ) -> Result<Paper> {
        let (invoice, checkout) = self.seen(ctx, checkouts, id, key).await?;
        let bytes = self.filed(ctx, &invoice, &words_of(&checkout), form).await?;
        let bytes = bytes.ok_or_else(|| Problem::not_found("invoice"))?;
        Ok(Paper { name: format!("{}.{}", invoice.number, form.ending()), bytes })
    }

    /// Makes a file of a document anew; `void` is said first. `None`: EN 16931 cannot say it.
    pub(super) async fn made(
        &self,
        ctx: &OpCtx,
        invoice: &Invoice,
        words: &Words,
        form: Form,
        void: Option<Void>,
    ) -> Result<Option<Vec<u8>>> {
        let document = self.file_of(invoice, words, void).await?;
        if form == Form::Xml {
            return match einvoice::xml(&document) {
                Ok(xml) => Ok(Some(xml.into_bytes())),
                Err(einvoice::Fault::NotExpressible(_)) => Ok(None),
                Err(e) => Err(inside(&e)),
            };
        }
        // Inside is the XML that goes out by itself.
        let xml = Box::pin(self.filed(ctx, invoice, words, Form::Xml)).await?;
        let (labels, fonts) = (labels(words)?, self.fonts.clone());
        let set = move || match xml {
            Some(xml) => einvoice::pdf_around(&document, &labels, &fonts, &xml),
            None => einvoice::pdf(&document, &labels, &fonts),
        };
        // Setting a long document takes a while.
        let pdf = tokio::task::spawn_blocking(set).await.map_err(|e| inside(&e))?.map_err(|e| inside(&e))?;
        if !pdf.replaced.is_empty() {
            tracing::warn!(invoice = %invoice.id, letters = pdf.replaced.len(), "letters without a font; see `fonts_dir`");
        }
        Ok(Some(pdf.bytes))
    }

    /// What its PDF would say if it were made now, line by line.
    #[cfg(test)]
    pub(super) async fn printed(&self, invoice: &Invoice, words: &Words) -> Result<String> {
        let void = self.void_of(&invoice.held_by()).await?;
        let document = self.file_of(invoice, words, void).await?;
        Ok(einvoice::printed(&document, &labels(words)?, &self.fonts).map_err(|e| inside(&e))?.join("\n"))
    }

    async fn file_of(&self, invoice: &Invoice, words: &Words, void: Option<Void>) -> Result<Document> {
        let of = match invoice.kind {
            Kind::Invoice => None,
            Kind::CreditNote | Kind::Amendment => self.get(&invoice.about()).await?,
        };
        let mut document = invoice.document(&self.buyer_of(invoice)?, of.as_ref(), words)?;
        if let Some(void) = void {
            let day = Date::from_unix_ms(void.at_ms).map_err(|e| inside(&e))?;
            let next = self.get(&void.next).await?.map(|next| next.number).unwrap_or_default();
            let told = [("day", words.date(day)), ("reason", void.reason), ("next", next)];
            let told: Vec<_> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
            document.void = words.say("paper-void", &told);
        }
        Ok(document)
    }

    /// Addresses of a document's files by the key of their name.
    pub(super) async fn files(&self, invoice: &Invoice, words: &Words) -> Result<Vec<(String, String)>> {
        let mut out = vec![("invoice-pdf".to_owned(), format!("{}/file.pdf", href(&invoice.id)))];
        if self.has_filed(invoice, words, Form::Xml).await?
            || einvoice::expressible(&self.file_of(invoice, words, None).await?).is_ok()
        {
            out.push(("invoice-xml".to_owned(), format!("{}/file.xml", href(&invoice.id))));
        }
        Ok(out)
    }
}

/// The words of a document, in the language its buyer bought in.
pub(super) fn words_of(checkout: &Checkout) -> Words {
    Words::for_buyer(&checkout.locale, &checkout.market)
}
