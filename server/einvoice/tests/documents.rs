//! What is refused, what has no XML, what a file holds, and that sums and bytes stay what they are.

mod common;

use common::{address, consumer, eur, money, tax};
use proptest::prelude::*;
use roxmltree::{Document as Tree, Node};
use vitrine_einvoice::*;
use vitrine_pricing::money::{Currency, Money};

fn made(doc: &Document) -> Result<Pdf, Fault> {
    pdf(doc, &common::labels(&doc.language), &Fonts::built_in().unwrap())
}

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|w| w == what.as_bytes())
}

fn text<'a>(tree: &'a Tree<'_>, name: &str) -> Vec<&'a str> {
    tree.descendants().filter(|n| n.tag_name().name() == name).map(|n| n.text().unwrap_or_default()).collect()
}

fn within<'a>(node: Node<'a, 'a>, name: &str) -> Vec<&'a str> {
    node.descendants().filter(|n| n.tag_name().name() == name).map(|n| n.text().unwrap_or_default()).collect()
}

#[test]
fn sums_that_do_not_add_up_are_refused_before_anything_is_made() {
    type Change = fn(&mut Document);
    let changes: [(&str, Change); 8] = [
        ("totals.net", |d| d.totals.net = d.totals.net.checked_add(eur(1)).unwrap()),
        ("totals.tax", |d| d.totals.tax = d.totals.tax.checked_add(eur(1)).unwrap()),
        ("totals.gross", |d| d.totals.gross = d.totals.gross.checked_add(eur(1)).unwrap()),
        ("totals.due", |d| d.totals.due = eur(1)),
        ("taxes[0].base", |d| d.taxes[0].base = d.taxes[0].base.checked_add(eur(1)).unwrap()),
        ("taxes[1].amount", |d| d.taxes[1].amount = d.taxes[1].amount.checked_add(eur(1)).unwrap()),
        ("taxes[1].base", |d| d.lines[2].net = eur(999)),
        ("taxes[0].base", |d| d.charges[0].net = eur(151)),
    ];
    for (at, change) in changes {
        let mut doc = common::domestic();
        change(&mut doc);
        let fault = xml(&doc).unwrap_err();
        assert!(matches!(&fault, Fault::Sum { field, .. } if field == at), "{at}: {fault:?}");
        assert_eq!(made(&doc).unwrap_err(), fault);
    }
    let mut doc = common::on_account();
    doc.lines[0].unit_price = Some(eur(1234));
    assert!(matches!(xml(&doc), Err(Fault::Sum { field, .. }) if field == "lines[0].net"));
}

#[test]
fn what_cannot_be_a_document_is_refused() {
    type Change = fn(&mut Document);
    let changes: [(&str, Change); 9] = [
        ("number: must be there", |d| d.number = " ".into()),
        ("seller.name: must be there", |d| d.seller.name.clear()),
        ("lines: must be there", |d| d.lines.clear()),
        ("buyer: holds a control character", |d| d.buyer.name.push('\u{0}')),
        ("lines[0].quantity: is out of its range", |d| d.lines[0].quantity = 0),
        ("lines[0].net: is out of its range", |d| d.lines[0].net = eur(-1)),
        ("lines[0].taxes: the tax does not fit its category or table", |d| d.lines[0].taxes[0].category = Category::AE),
        ("taxes: the tax does not fit its category or table", |d| drop(d.taxes.pop())),
        ("amounts in USD and EUR cannot be combined", |d| d.lines[0].net = money(4374, "USD")),
    ];
    for (said, change) in changes {
        let mut doc = common::domestic();
        change(&mut doc);
        assert_eq!(xml(&doc).unwrap_err().to_string(), said);
        assert_eq!(made(&doc).unwrap_err().to_string(), said);
    }
}

#[test]
fn what_en_16931_cannot_say_has_a_file_without_xml_and_the_answer_says_why() {
    type Change = fn(&mut Document);
    let same: Change = |_| {};
    let cases: [(Document, Change, Why); 11] = [
        (common::sales_tax(), same, Why::ForeignTax),
        (common::quebec(), same, Why::ForeignTax),
        (common::anonymous(), same, Why::Missing("buyer.name")),
        (common::reverse_charge(), |d| d.buyer.tax_ids.clear(), Why::Missing("buyer.tax_ids")),
        (common::intra_community(), |d| d.buyer.tax_ids.clear(), Why::Missing("buyer.tax_ids")),
        (common::intra_community(), |d| d.supplied = None, Why::Missing("supplied")),
        (common::domestic(), |d| d.seller.tax_ids.clear(), Why::Missing("seller.tax_ids")),
        (common::credit_note(), |d| d.preceding = None, Why::Missing("preceding")),
        (common::small_seller(), |d| d.taxes[0].reason.clear(), Why::Missing("taxes.reason")),
        (common::domestic(), |d| d.seller.tax_ids[0].value = "136695976".into(), Why::VatId("seller.tax_ids")),
        (
            common::yen(),
            |d| {
                d.charges = vec![Adjustment {
                    text: "Versand".into(),
                    net: money(500, "JPY"),
                    taxes: vec![tax("USt", Category::G, 0, money(0, "JPY"))],
                }];
                common::summed(d, ("Ausfuhr", ""));
            },
            Why::MixedScope,
        ),
    ];
    for (mut doc, change, why) in cases {
        change(&mut doc);
        assert_eq!(xml(&doc), Err(Fault::NotExpressible(why.clone())));
        let made = made(&doc).unwrap();
        assert_eq!(made.without_xml, Some(why));
        assert!(!holds(&made.bytes, "/Type/EmbeddedFile"));
    }
    assert!(holds(&made(&common::domestic()).unwrap().bytes, "/Type/EmbeddedFile"));
}

#[test]
fn three_decimals_only_where_two_say_the_same() {
    let kwd = |minor| money(minor, "KWD");
    let doc = |net: i64| {
        let lines = vec![common::net_line("Album", "", 1, kwd(net), vec![tax("USt", Category::G, 0, kwd(0))])];
        common::paid(Kind::Invoice, "1", consumer("A", address(&[], "", "", "", "KW")), lines, vec![], ("Ausfuhr", ""))
    };
    assert!(xml(&doc(12_340)).unwrap().contains("<ram:GrandTotalAmount>12.34<"));
    assert_eq!(xml(&doc(12_345)), Err(Fault::NotExpressible(Why::Decimals)));
}

#[test]
fn rounding_that_leads_a_whole_unit_away_is_not_said() {
    // 0.01 at 19 %, 300 times: nothing by line, 0.57 by category. Fine; 600 times is 1.14.
    let doc = |count: usize| {
        let taxes = || vec![tax("USt", Category::S, 190_000, eur(0))];
        let lines = (0..count).map(|_| common::net_line("Cent", "", 1, eur(1), taxes())).collect();
        common::paid(Kind::Invoice, "1", consumer("A", address(&[], "", "", "", "DE")), lines, vec![], ("", ""))
    };
    assert_eq!(deviations(&doc(300)), [-57_000_000]);
    assert!(xml(&doc(300)).is_ok());
    let fault = Err(Fault::NotExpressible(Why::Rounding { rate_ppm: 190_000, base: eur(600), tax: eur(0) }));
    assert_eq!(xml(&doc(600)), fault);
}

#[test]
fn the_xml_says_what_the_document_says() {
    let doc = common::on_account();
    let out = xml(&doc).unwrap();
    let tree = Tree::parse(&out).unwrap();
    assert_eq!(text(&tree, "LineTotalAmount"), ["369.90", "61.93", "431.83"]);
    assert_eq!(text(&tree, "TaxBasisTotalAmount"), ["427.02"]);
    assert_eq!(text(&tree, "TaxTotalAmount"), ["73.52"]);
    assert_eq!(text(&tree, "DuePayableAmount"), ["500.54"]);
    assert_eq!(text(&tree, "IBANID"), ["DE02120300000000202051"]);
    let lines: Vec<_> =
        tree.descendants().filter(|n| n.tag_name().name() == "IncludedSupplyChainTradeLineItem").collect();
    assert_eq!(within(lines[1], "ChargeAmount"), ["8.99"]);
    assert_eq!((within(lines[1], "ActualAmount"), within(lines[1], "Reason")), (vec!["1.00"], vec!["Staffelpreis"]));
    // A price with tax and a discount: the net price after it, 43.74 for two; a note says what was taken off.
    let out = xml(&common::domestic()).unwrap();
    let tree = Tree::parse(&out).unwrap();
    let lines: Vec<_> =
        tree.descendants().filter(|n| n.tag_name().name() == "IncludedSupplyChainTradeLineItem").collect();
    assert_eq!((within(lines[0], "ChargeAmount"), within(lines[0], "BasisQuantity")), (vec!["21.87"], vec![]));
    assert_eq!(within(lines[0], "Content"), ["HERBST10: -5.20 EUR"]);
    // 113.45 is no multiple of three cents: the price is 113.45 for three.
    assert_eq!((within(lines[3], "ChargeAmount"), within(lines[3], "BasisQuantity")), (vec!["113.45"], vec!["3"]));
    let credit = xml(&common::credit_note()).unwrap();
    let tree = Tree::parse(&credit).unwrap();
    assert_eq!(text(&tree, "TypeCode")[0], "381");
    assert!(text(&tree, "IssuerAssignedID").contains(&"KV-2026-00041"));
    let out = xml(&common::export()).unwrap();
    let tree = Tree::parse(&out).unwrap();
    assert_eq!((text(&tree, "TaxCurrencyCode"), text(&tree, "InvoiceCurrencyCode")), (vec!["EUR"], vec!["USD"]));
}

#[test]
fn the_same_document_has_the_same_bytes() {
    for doc in [common::domestic(), common::oss(), common::hebrew()] {
        assert_eq!(made(&doc).unwrap(), made(&doc).unwrap());
    }
    let mut other = common::domestic();
    other.notes.push("Noch ein Satz.".into());
    assert_ne!(made(&other).unwrap().bytes, made(&common::domestic()).unwrap().bytes);
}

#[test]
fn a_pdf_is_made_around_the_xml_that_went_out_before() {
    let doc = common::domestic();
    let fonts = Fonts::built_in().unwrap();
    let around = |xml: &str| pdf_around(&doc, &common::labels(&doc.language), &fonts, xml.as_bytes()).unwrap();
    let now = xml(&doc).unwrap();
    assert_eq!(around(&now), made(&doc).unwrap());
    let before = now.replace('\n', "\n\n");
    let made = around(&before);
    assert!(made.without_xml.is_none() && holds(&made.bytes, "factur-x.xml"));
    let inside = common::streams(&made.bytes);
    assert!(holds(&inside, &before) && !holds(&inside, &now));
    let mut wrong = doc.clone();
    wrong.totals.due = eur(1);
    let refused = pdf_around(&wrong, &common::labels("de"), &fonts, now.as_bytes());
    assert!(matches!(refused, Err(Fault::Sum { .. })));
}

#[test]
fn letters_without_a_font_are_named_and_stay_in_the_xml() {
    let made = made(&common::yen()).unwrap();
    assert_eq!(made.replaced.iter().collect::<String>(), "中子消田税花費");
    assert!(made.without_xml.is_none());
    assert!(xml(&common::yen()).unwrap().contains("田中 花子"));
    // And whoever reads the paper is told.
    let said = |doc: &Document| printed(doc, &common::labels("en"), &Fonts::built_in().unwrap()).unwrap();
    assert!(said(&common::yen()).iter().any(|line| line == "Some letters have no font"));
    assert!(!said(&common::domestic()).iter().any(|line| line == "Some letters have no font"));
}

#[test]
fn a_hebrew_name_is_read_in_its_own_order() {
    let hebrew = include_bytes!("fonts/NotoSansHebrew-Regular.ttf").to_vec();
    let fonts = Fonts::built_in().unwrap().with(hebrew, 0, Weight::Regular).unwrap();
    let doc = common::hebrew();
    let made = pdf(&doc, &common::labels("en"), &fonts).unwrap();
    assert!(made.replaced.is_empty());
    // The drawing of the page says the name beside its glyphs: UTF-16 in hexadecimal.
    let drawn = String::from_utf8_lossy(&common::streams(&made.bytes)).to_uppercase();
    let name: String = doc.buyer.name.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    assert!(drawn.contains(&format!("<FEFF{name}")));
}

#[test]
fn a_font_that_is_read_late_is_read_once_and_only_for_letters_that_the_others_lack() {
    static READ: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    static REFUSED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = || READ.load(std::sync::atomic::Ordering::SeqCst);
    let refused = |why: &Fault| {
        assert_eq!(*why, Fault::Font);
        REFUSED.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    };
    let read = || {
        READ.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Some(include_bytes!("fonts/NotoSansHebrew-Regular.ttf").to_vec())
    };
    let fonts = Fonts::built_in().unwrap().with_late(read, refused);
    let made = |doc: &Document| pdf(doc, &common::labels("en"), &fonts).unwrap();
    assert!(made(&common::domestic()).replaced.is_empty());
    assert_eq!(count(), 0);
    for _ in 0..2 {
        assert!(made(&common::hebrew()).replaced.is_empty());
        assert_eq!(count(), 1);
    }
    assert_eq!(REFUSED.load(std::sync::atomic::Ordering::SeqCst), 0);
    // One that is none is no font, and no fault; whoever named it is told, once.
    let fonts = Fonts::built_in().unwrap().with_late(|| Some(b"no font".to_vec()), refused);
    for _ in 0..2 {
        assert!(!pdf(&common::hebrew(), &common::labels("en"), &fonts).unwrap().replaced.is_empty());
        assert_eq!(REFUSED.load(std::sync::atomic::Ordering::SeqCst), 1);
    }
}

#[test]
fn a_simplified_invoice_says_no_address_its_law_and_what_it_is() {
    let doc = common::simplified();
    let drawn =
        |doc: &Document| printed(doc, &common::labels(&doc.language), &Fonts::built_in().unwrap()).unwrap().join(" ");
    let full = drawn(&Document { buyer: common::receipt().buyer, ..doc.clone() });
    let said = drawn(&doc);
    for text in ["Kleinbetragsrechnung KV-2026-00053", "Warum diese Steuer", "UStG § 12 Abs. 2 Nr. 14"] {
        assert!(said.contains(text), "{text} in {said}");
    }
    let street = &common::receipt().buyer.address.lines[0];
    assert!(full.contains(street.as_str()) && !said.contains(street.as_str()), "{said}");
    let xml = xml(&doc).unwrap();
    assert!(xml.contains("<ram:TypeCode>380<") && !xml.contains(street.as_str()), "{xml}");
    let void = drawn(&common::void());
    assert!(void.contains("UNGÜLTIG seit 1. Dezember 2026: falsche Firma"), "{void}");
    assert!(!drawn(&common::domestic()).contains("UNGÜLTIG"));
}

#[test]
fn the_file_holds_the_very_xml() {
    for doc in [common::domestic(), common::yen()] {
        let inside = common::streams(&made(&doc).unwrap().bytes);
        assert!(holds(&inside, &xml(&doc).unwrap()));
    }
}

#[test]
fn every_sheet_of_a_long_invoice_is_in_one_file() {
    let made = made(&common::long()).unwrap();
    assert!(holds(&made.bytes, "/Type/Pages/Count 12"));
}

prop_compose! {
    fn any_line(currency: Currency)(
        name in "\\PC{1,40}",
        detail in "\\PC{0,60}",
        quantity in 1u32..60,
        unit in 0i64..200_000,
        rate in prop::sample::select(vec![0i64, 55_000, 70_000, 81_000, 190_000, 200_000, 270_000]),
    ) -> Line {
        let unit = Money::new(unit, currency).unwrap();
        let net = unit.checked_mul(i64::from(quantity)).unwrap();
        let amount = net.mul_ratio(rate, 1_000_000, Default::default()).unwrap();
        let category = if rate == 0 { Category::Z } else { Category::S };
        common::net_line(&name, &detail, quantity, unit, vec![tax("VAT", category, rate, amount)])
    }
}

prop_compose! {
    fn any_document()(code in prop::sample::select(vec!["EUR", "GBP", "JPY", "HUF", "KWD"]))(
        lines in prop::collection::vec(any_line(code.parse().unwrap()), 1..12),
        buyer in "\\PC{0,40}",
        note in "\\PC{0,200}",
        paid in 0i64..100_000,
        inclusive in any::<bool>(),
        // What may be wrong with it: a sum, a tax, an amount.
        wrong in 0u8..12,
        by in -3i64..3,
    ) -> Document {
        let buyer = consumer(&buyer, address(&[&note], "1", "x", "", "DE"));
        let mut doc = common::paid(Kind::Invoice, "R-1", buyer, lines, vec![], ("", ""));
        doc.prices_include_tax = inclusive;
        doc.notes = vec![note];
        let paid = Money::new(paid.min(doc.totals.gross.minor()), doc.currency).unwrap();
        doc.totals.paid = paid;
        doc.totals.due = doc.totals.gross.checked_sub(paid).unwrap();
        doc.payment.terms = "30".into();
        let bend = |m: &mut Money| *m = Money::new(m.minor() + by, m.currency()).unwrap();
        match wrong {
            0 => bend(&mut doc.totals.gross),
            1 => bend(&mut doc.lines[0].net),
            2 => bend(&mut doc.lines[0].taxes[0].amount),
            3 => bend(&mut doc.taxes[0].base),
            _ => {}
        }
        doc
    }
}

/// Minor units of a decimal text.
fn minor(text: &str, currency: Currency) -> i64 {
    Money::parse(text, currency).unwrap().minor()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_document_is_refused_with_a_reason_or_its_xml_has_its_sums(doc in any_document()) {
        let out = match xml(&doc) {
            Ok(out) => out,
            Err(Fault::NotExpressible(why)) => {
                prop_assert_eq!(expressible(&doc), Err(why));
                return Ok(());
            }
            Err(fault) => {
                prop_assert_eq!(check(&doc), Err(fault));
                return Ok(());
            }
        };
        let tree = Tree::parse(&out).unwrap();
        let said = |name: &str| text(&tree, name).iter().map(|t| minor(t, doc.currency)).collect::<Vec<_>>();
        let one = |name: &str| said(name)[0];
        prop_assert_eq!(one("TaxBasisTotalAmount"), doc.totals.net.minor());
        prop_assert_eq!(one("TaxTotalAmount"), doc.totals.tax.minor());
        prop_assert_eq!(one("GrandTotalAmount"), doc.totals.gross.minor());
        prop_assert_eq!(one("TotalPrepaidAmount"), doc.totals.paid.minor());
        prop_assert_eq!(one("DuePayableAmount"), doc.totals.due.minor());
        // BR-CO-10, 13 to 16, of what was written.
        let lines = said("LineTotalAmount");
        let (sum, lines) = (lines[lines.len() - 1], &lines[..lines.len() - 1]);
        prop_assert_eq!(lines.iter().sum::<i64>(), sum);
        prop_assert_eq!(sum + one("ChargeTotalAmount") - one("AllowanceTotalAmount"), one("TaxBasisTotalAmount"));
        prop_assert_eq!(said("CalculatedAmount").iter().sum::<i64>(), one("TaxTotalAmount"));
        prop_assert_eq!(said("BasisAmount").iter().sum::<i64>(), one("TaxBasisTotalAmount"));
        prop_assert_eq!(one("TaxBasisTotalAmount") + one("TaxTotalAmount"), one("GrandTotalAmount"));
        prop_assert_eq!(one("GrandTotalAmount") - one("TotalPrepaidAmount"), one("DuePayableAmount"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_document_has_a_file_or_the_same_fault(doc in any_document()) {
        match (check(&doc), made(&doc)) {
            (Ok(()), Ok(file)) => {
                prop_assert!(file.bytes.starts_with(b"%PDF-1.7"));
                prop_assert_eq!(file.without_xml, expressible(&doc).err());
            }
            (Err(fault), Err(said)) => prop_assert_eq!(fault, said),
            (one, other) => prop_assert!(false, "{one:?} {:?}", other.map(|f| f.replaced)),
        }
    }
}
