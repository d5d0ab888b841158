//! A document as Cross Industry Invoice (UN/CEFACT D16B) of the EN 16931 profile.
//!
//! Element order is that of the Factur-X 1.0 schema. Amounts are those of the document; nothing is computed but unit prices: a line's
//! net over its quantity where that divides, else the line's net per its quantity as base quantity, which is exact.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use vitrine_pricing::date::Date;
use vitrine_pricing::money::Money;

use crate::category::Category;
use crate::check::{Fault, check, expressible, nets};
use crate::document::{Address, Adjustment, Document, Kind, Line, Means, Party, Tax, TaxIdKind, TaxRow};

const GUIDELINE: &str = "urn:cen.eu:en16931:2017";
const SPACES: [(&str, &str); 4] = [
    ("xmlns:rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    ("xmlns:ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"),
    ("xmlns:qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"),
    ("xmlns:udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"),
];

type Done = Result<(), Fault>;

/// The XML of a document, UTF-8.
///
/// # Errors
/// What [`check`] finds; `NotExpressible` for what EN 16931 cannot say.
pub fn xml(doc: &Document) -> Result<String, Fault> {
    check(doc)?;
    expressible(doc).map_err(Fault::NotExpressible)?;
    let mut out = Xml { writer: Writer::new_with_indent(Vec::new(), b' ', 1) };
    out.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    out.with("rsm:CrossIndustryInvoice", &SPACES, |x| {
        x.within("rsm:ExchangedDocumentContext", |x| {
            x.within("ram:GuidelineSpecifiedDocumentContextParameter", |x| x.text("ram:ID", GUIDELINE))
        })?;
        header(x, doc)?;
        x.within("rsm:SupplyChainTradeTransaction", |x| {
            for (at, line) in doc.lines.iter().enumerate() {
                line_item(x, doc, at + 1, line)?;
            }
            agreement(x, doc)?;
            delivery(x, doc)?;
            settlement(x, doc)
        })
    })?;
    String::from_utf8(out.writer.into_inner()).map_err(|e| Fault::Write(e.to_string()))
}

/// The writer: opens, writes, closes.
struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    fn event(&mut self, event: Event<'_>) -> Done {
        self.writer.write_event(event).map_err(|e| Fault::Write(e.to_string()))
    }

    fn with(&mut self, name: &str, attributes: &[(&str, &str)], inner: impl FnOnce(&mut Self) -> Done) -> Done {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.event(Event::Start(start))?;
        inner(self)?;
        self.event(Event::End(BytesEnd::new(name)))
    }

    fn within(&mut self, name: &str, inner: impl FnOnce(&mut Self) -> Done) -> Done {
        self.with(name, &[], inner)
    }

    fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> Done {
        self.with(name, attributes, |x| x.event(Event::Text(BytesText::new(text.trim()))))
    }

    fn text(&mut self, name: &str, text: &str) -> Done {
        self.text_with(name, &[], text)
    }

    /// Nothing if there is nothing to say.
    fn some(&mut self, name: &str, text: &str) -> Done {
        if text.trim().is_empty() { Ok(()) } else { self.text(name, text) }
    }

    fn date(&mut self, name: &str, space: &str, date: Date) -> Done {
        let text = date.to_string().replace('-', "");
        self.within(name, |x| x.text_with(&format!("{space}:DateTimeString"), &[("format", "102")], &text))
    }

    fn flag(&mut self, name: &str, value: bool) -> Done {
        self.within(name, |x| x.text("udt:Indicator", if value { "true" } else { "false" }))
    }
}

/// Two decimals at most; [`expressible`] has seen to it that no more are needed.
fn amount(money: Money) -> String {
    let mut text = money.to_decimal();
    let places = text.len() - text.find('.').map_or(text.len(), |p| p + 1);
    text.truncate(text.len() - places.saturating_sub(2));
    text
}

/// 190000 is `19`, 99750 is `9.975`.
fn percent(ppm: i64) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn header(x: &mut Xml, doc: &Document) -> Done {
    x.within("rsm:ExchangedDocument", |x| {
        x.text("ram:ID", &doc.number)?;
        let code = match doc.kind {
            Kind::Invoice | Kind::Receipt | Kind::Simplified => "380",
            Kind::CreditNote => "381",
            Kind::Corrected => "384",
        };
        x.text("ram:TypeCode", code)?;
        x.date("ram:IssueDateTime", "udt", doc.issued)?;
        for note in doc.notes.iter().chain([&doc.rounding]).filter(|n| !n.trim().is_empty()) {
            x.within("ram:IncludedNote", |x| x.text("ram:Content", note))?;
        }
        Ok(())
    })
}

fn line_item(x: &mut Xml, doc: &Document, number: usize, line: &Line) -> Done {
    // Discounts on prices with tax have no net amount of their own: the price is the one after them, a note says so.
    let allowances = if doc.prices_include_tax || line.unit_price.is_none() { &[][..] } else { &line.discounts[..] };
    let (price, base) = unit_price(line, !allowances.is_empty())?;
    let quantity = line.quantity.to_string();
    x.within("ram:IncludedSupplyChainTradeLineItem", |x| {
        x.within("ram:AssociatedDocumentLineDocument", |x| {
            x.text("ram:LineID", &number.to_string())?;
            if allowances.is_empty() && !line.discounts.is_empty() {
                let said = line.discounts.iter().map(|d| {
                    format!("{}: -{} {}", d.text, d.amount.to_decimal(), d.amount.currency())
                        .trim_start_matches(": ")
                        .to_owned()
                });
                let said = said.collect::<Vec<_>>().join("; ");
                x.within("ram:IncludedNote", |x| x.text("ram:Content", &said))?;
            }
            Ok(())
        })?;
        x.within("ram:SpecifiedTradeProduct", |x| {
            x.text("ram:Name", &line.name)?;
            x.some("ram:Description", &line.detail)
        })?;
        x.within("ram:SpecifiedLineTradeAgreement", |x| {
            x.within("ram:NetPriceProductTradePrice", |x| {
                x.text("ram:ChargeAmount", &price)?;
                match &base {
                    Some(base) => x.text_with("ram:BasisQuantity", &[("unitCode", "C62")], base),
                    None => Ok(()),
                }
            })
        })?;
        x.within("ram:SpecifiedLineTradeDelivery", |x| {
            x.text_with("ram:BilledQuantity", &[("unitCode", "C62")], &quantity)
        })?;
        x.within("ram:SpecifiedLineTradeSettlement", |x| {
            for tax in &line.taxes {
                trade_tax(x, "ram:ApplicableTradeTax", tax)?;
            }
            for discount in allowances {
                x.within("ram:SpecifiedTradeAllowanceCharge", |x| {
                    x.flag("ram:ChargeIndicator", false)?;
                    x.text("ram:ActualAmount", &amount(discount.amount))?;
                    // 95: discount (UNTDID 5189).
                    x.text("ram:ReasonCode", "95")?;
                    x.some("ram:Reason", &discount.text)
                })?;
            }
            x.within("ram:SpecifiedTradeSettlementLineMonetarySummation", |x| {
                x.text("ram:LineTotalAmount", &amount(line.net))
            })
        })
    })
}

/// Price of one piece without tax (BT-146), and the base quantity (BT-149) if that does not divide.
fn unit_price(line: &Line, listed: bool) -> Result<(String, Option<String>), Fault> {
    if let Some(unit) = line.unit_price.filter(|_| listed) {
        return Ok((unit.to_decimal(), None));
    }
    let quantity = i64::from(line.quantity);
    if line.net.minor() % quantity == 0 {
        let each = Money::new(line.net.minor() / quantity, line.net.currency())?;
        return Ok((each.to_decimal(), None));
    }
    Ok((line.net.to_decimal(), Some(quantity.to_string())))
}

fn trade_tax(x: &mut Xml, element: &str, tax: &Tax) -> Done {
    x.within(element, |x| {
        x.text("ram:TypeCode", "VAT")?;
        x.text("ram:CategoryCode", tax.category.code().unwrap_or_default())?;
        rate(x, tax.category, tax.rate_ppm)
    })
}

/// What is outside the scope has no rate, not even zero (BR-O-05).
fn rate(x: &mut Xml, category: Category, ppm: i64) -> Done {
    if category == Category::O { Ok(()) } else { x.text("ram:RateApplicablePercent", &percent(ppm)) }
}

fn agreement(x: &mut Xml, doc: &Document) -> Done {
    // BR-O-02: a document outside the scope of the tax names no VAT id.
    let vat = !doc.taxes.iter().any(|t| t.category == Category::O);
    x.within("ram:ApplicableHeaderTradeAgreement", |x| {
        party(x, "ram:SellerTradeParty", &doc.seller, vat, true)?;
        party(x, "ram:BuyerTradeParty", &doc.buyer, vat, false)?;
        if doc.order.trim().is_empty() {
            return Ok(());
        }
        x.within("ram:SellerOrderReferencedDocument", |x| x.text("ram:IssuerAssignedID", &doc.order))
    })
}

fn party(x: &mut Xml, element: &str, party: &Party, vat: bool, seller: bool) -> Done {
    x.within(element, |x| {
        x.some("ram:ID", &party.id)?;
        x.text("ram:Name", &party.name)?;
        if let Some(own) = party.registrations.iter().find(|r| !r.value.trim().is_empty()) {
            x.within("ram:SpecifiedLegalOrganization", |x| match own.scheme.as_str() {
                "" => x.text("ram:ID", &own.value),
                scheme => x.text_with("ram:ID", &[("schemeID", scheme)], &own.value),
            })?;
        }
        address(x, &party.address)?;
        if !party.email.trim().is_empty() {
            x.within("ram:URIUniversalCommunication", |x| {
                x.text_with("ram:URIID", &[("schemeID", "EM")], &party.email)
            })?;
        }
        // One of each kind at most; a buyer has no local number here.
        for (kind, scheme, allowed) in [(TaxIdKind::Vat, "VA", vat), (TaxIdKind::Local, "FC", seller)] {
            let Some(id) = party.tax_ids.iter().find(|t| t.kind == kind).filter(|_| allowed) else { continue };
            x.within("ram:SpecifiedTaxRegistration", |x| x.text_with("ram:ID", &[("schemeID", scheme)], &id.value))?;
        }
        Ok(())
    })
}

fn address(x: &mut Xml, a: &Address) -> Done {
    x.within("ram:PostalTradeAddress", |x| {
        x.some("ram:PostcodeCode", &a.postcode)?;
        let mut lines = a.lines.iter().filter(|l| !l.trim().is_empty());
        x.some("ram:LineOne", lines.next().map_or("", String::as_str))?;
        x.some("ram:LineTwo", lines.next().map_or("", String::as_str))?;
        x.some("ram:LineThree", &lines.cloned().collect::<Vec<_>>().join(", "))?;
        x.some("ram:CityName", &a.city)?;
        x.text("ram:CountryID", &a.country)?;
        x.some("ram:CountrySubDivisionName", &a.region)
    })
}

fn delivery(x: &mut Xml, doc: &Document) -> Done {
    let across = doc.taxes.iter().any(|t| t.category == Category::K);
    let to = doc.deliver_to.as_ref().or_else(|| across.then_some(&doc.buyer.address));
    x.within("ram:ApplicableHeaderTradeDelivery", |x| {
        if let Some(to) = to.filter(|a| !a.country.is_empty()) {
            x.within("ram:ShipToTradeParty", |x| address(x, to))?;
        }
        match doc.supplied {
            Some(day) => {
                x.within("ram:ActualDeliverySupplyChainEvent", |x| x.date("ram:OccurrenceDateTime", "udt", day))
            }
            None => Ok(()),
        }
    })
}

fn settlement(x: &mut Xml, doc: &Document) -> Done {
    x.within("ram:ApplicableHeaderTradeSettlement", |x| {
        if let Some(tax) = doc.accounting_tax {
            x.text("ram:TaxCurrencyCode", tax.currency().code())?;
        }
        x.text("ram:InvoiceCurrencyCode", doc.currency.code())?;
        means(x, doc)?;
        for row in table(doc)? {
            tax_row(x, &row)?;
        }
        for (list, charge) in [(&doc.charges, true), (&doc.allowances, false)] {
            for adjustment in list {
                adjusted(x, adjustment, charge)?;
            }
        }
        terms(x, doc)?;
        summation(x, doc)?;
        match &doc.preceding {
            Some(before) => x.within("ram:InvoiceReferencedDocument", |x| {
                x.text("ram:IssuerAssignedID", &before.number)?;
                match before.issued {
                    Some(day) => x.date("ram:FormattedIssueDateTime", "qdt", day),
                    None => Ok(()),
                }
            }),
            None => Ok(()),
        }
    })
}

/// The tax table by category and rate alone: EN 16931 knows no names.
fn table(doc: &Document) -> Result<Vec<TaxRow>, Fault> {
    let mut rows: Vec<TaxRow> = Vec::new();
    for row in &doc.taxes {
        match rows.iter_mut().find(|r| r.category == row.category && r.rate_ppm == row.rate_ppm) {
            Some(known) => {
                known.base = known.base.checked_add(row.base)?;
                known.amount = known.amount.checked_add(row.amount)?;
                if !row.reason.is_empty() && known.reason != row.reason {
                    known.reason = [known.reason.as_str(), row.reason.as_str()].join(" ").trim().to_owned();
                }
            }
            None => rows.push(row.clone()),
        }
    }
    Ok(rows)
}

fn tax_row(x: &mut Xml, row: &TaxRow) -> Done {
    x.within("ram:ApplicableTradeTax", |x| {
        x.text("ram:CalculatedAmount", &amount(row.amount))?;
        x.text("ram:TypeCode", "VAT")?;
        // A reason beside a rate, even zero, is wrong (BR-S-10, BR-Z-10).
        let reasoned = !row.category.is_taxed() && row.category != Category::Z;
        if reasoned {
            x.some("ram:ExemptionReason", &row.reason)?;
        }
        x.text("ram:BasisAmount", &amount(row.base))?;
        x.text("ram:CategoryCode", row.category.code().unwrap_or_default())?;
        if reasoned {
            let own = Some(row.reason_code.as_str()).filter(|c| !c.is_empty());
            x.some("ram:ExemptionReasonCode", own.or(row.category.reason_code()).unwrap_or_default())?;
        }
        rate(x, row.category, row.rate_ppm)
    })
}

fn means(x: &mut Xml, doc: &Document) -> Done {
    x.within("ram:SpecifiedTradeSettlementPaymentMeans", |x| {
        let code = match &doc.payment.means {
            Means::Card(_) => "48",
            Means::Online => "68",
            Means::Transfer(_) => "58",
            Means::DirectDebit => "59",
            Means::Other => "1",
        };
        x.text("ram:TypeCode", code)?;
        x.some("ram:Information", &doc.payment.text)?;
        match &doc.payment.means {
            Means::Card(digits) if !digits.trim().is_empty() => {
                x.within("ram:ApplicableTradeSettlementFinancialCard", |x| x.text("ram:ID", digits))
            }
            Means::Transfer(iban) => {
                x.within("ram:PayeePartyCreditorFinancialAccount", |x| x.text("ram:IBANID", &iban.replace(' ', "")))
            }
            _ => Ok(()),
        }
    })
}

fn adjusted(x: &mut Xml, adjustment: &Adjustment, charge: bool) -> Done {
    x.within("ram:SpecifiedTradeAllowanceCharge", |x| {
        x.flag("ram:ChargeIndicator", charge)?;
        x.text("ram:ActualAmount", &amount(adjustment.net))?;
        x.text("ram:Reason", &adjustment.text)?;
        for tax in &adjustment.taxes {
            trade_tax(x, "ram:CategoryTradeTax", tax)?;
        }
        Ok(())
    })
}

fn terms(x: &mut Xml, doc: &Document) -> Done {
    if doc.payment.due.is_none() && doc.payment.terms.trim().is_empty() {
        return Ok(());
    }
    x.within("ram:SpecifiedTradePaymentTerms", |x| {
        x.some("ram:Description", &doc.payment.terms)?;
        match doc.payment.due {
            Some(day) => x.date("ram:DueDateDateTime", "udt", day),
            None => Ok(()),
        }
    })
}

fn summation(x: &mut Xml, doc: &Document) -> Done {
    let (lines, charges, allowances) = nets(doc)?;
    let totals = &doc.totals;
    let code = doc.currency.code();
    x.within("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |x| {
        x.text("ram:LineTotalAmount", &amount(lines))?;
        x.text("ram:ChargeTotalAmount", &amount(charges))?;
        x.text("ram:AllowanceTotalAmount", &amount(allowances))?;
        x.text("ram:TaxBasisTotalAmount", &amount(totals.net))?;
        x.text_with("ram:TaxTotalAmount", &[("currencyID", code)], &amount(totals.tax))?;
        if let Some(tax) = doc.accounting_tax {
            x.text_with("ram:TaxTotalAmount", &[("currencyID", tax.currency().code())], &amount(tax))?;
        }
        x.text("ram:GrandTotalAmount", &amount(totals.gross))?;
        x.text("ram:TotalPrepaidAmount", &amount(totals.paid))?;
        x.text("ram:DuePayableAmount", &amount(totals.due))
    })
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::money::Currency;

    use super::*;

    #[test]
    fn numbers_are_written_plainly() {
        let all = [190_000, 99_750, 55_000, 0, 1_000_000].map(percent);
        assert_eq!(all, ["19", "9.975", "5.5", "0", "100"]);
        let money = |minor, code: &str| amount(Money::new(minor, code.parse().unwrap()).unwrap());
        assert_eq!([money(1190, "EUR"), money(1500, "JPY"), money(12_340, "KWD")], ["11.90", "1500", "12.34"]);
        assert_eq!(amount(Money::zero(Currency::EUR)), "0.00");
    }
}
