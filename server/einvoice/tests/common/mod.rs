//! Documents of every kind the shop issues, and their words.

#![allow(dead_code, reason = "each test file uses a part")]

mod words;

use vitrine_einvoice::*;
use vitrine_pricing::date::Date;
use vitrine_pricing::money::{Currency, Money};

pub use words::labels;

pub fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR).unwrap()
}

pub fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, code.parse().unwrap()).unwrap()
}

pub fn address(lines: &[&str], postcode: &str, city: &str, region: &str, country: &str) -> Address {
    Address {
        lines: lines.iter().map(|l| (*l).to_owned()).collect(),
        city: city.into(),
        postcode: postcode.into(),
        region: region.into(),
        country: country.into(),
        printed: Vec::new(),
    }
}

pub fn vat(label: &str, value: &str) -> TaxId {
    TaxId { kind: TaxIdKind::Vat, label: label.into(), value: value.into() }
}

pub fn local(label: &str, value: &str) -> TaxId {
    TaxId { kind: TaxIdKind::Local, label: label.into(), value: value.into() }
}

pub fn seller() -> Party {
    Party {
        id: "kiefer-verlag".into(),
        name: "Kiefer & Söhne Verlag GmbH".into(),
        address: address(&["Lindenstraße 14", "Hinterhaus"], "10969", "Berlin", "", "DE"),
        email: "rechnung@kiefer-verlag.example".into(),
        tax_ids: vec![vat("USt-IdNr.", "DE136695976")],
        registrations: vec![Registration {
            scheme: String::new(),
            label: "Amtsgericht Charlottenburg".into(),
            value: "HRB 123456 B".into(),
        }],
    }
}

pub fn consumer(name: &str, address: Address) -> Party {
    Party { name: name.into(), address, email: "someone@example.net".into(), ..Party::default() }
}

pub fn tax(name: &str, category: Category, rate_ppm: i64, amount: Money) -> Tax {
    Tax { name: name.into(), category, rate_ppm, amount }
}

/// A line of a price with tax inside.
pub fn gross_line(name: &str, detail: &str, quantity: u32, unit: Money, taxes: Vec<Tax>) -> Line {
    let gross = unit.checked_mul(i64::from(quantity)).unwrap();
    let inside = Money::sum(unit.currency(), taxes.iter().map(|t| t.amount)).unwrap();
    let net = gross.checked_sub(inside).unwrap();
    Line { name: name.into(), detail: detail.into(), quantity, unit_price: Some(unit), discounts: vec![], net, taxes }
}

/// A line of a price without tax.
pub fn net_line(name: &str, detail: &str, quantity: u32, unit: Money, taxes: Vec<Tax>) -> Line {
    let net = unit.checked_mul(i64::from(quantity)).unwrap();
    Line { name: name.into(), detail: detail.into(), quantity, unit_price: Some(unit), discounts: vec![], net, taxes }
}

/// A document with the sums of its parts, paid.
pub fn paid(
    kind: Kind,
    number: &str,
    buyer: Party,
    lines: Vec<Line>,
    charges: Vec<Adjustment>,
    reason: (&str, &str),
) -> Document {
    let currency = lines[0].net.currency();
    let mut doc = Document {
        kind,
        number: number.into(),
        issued: date("2026-11-28"),
        supplied: Some(date("2026-11-28")),
        currency,
        language: "de".into(),
        order: "7Q2M-VX41".into(),
        seller: seller(),
        buyer,
        deliver_to: None,
        preceding: None,
        prices_include_tax: true,
        lines,
        allowances: vec![],
        charges,
        taxes: vec![],
        totals: Totals {
            net: Money::zero(currency),
            tax: Money::zero(currency),
            gross: Money::zero(currency),
            paid: Money::zero(currency),
            due: Money::zero(currency),
        },
        accounting_tax: None,
        payment: Payment {
            means: Means::Card("4242".into()),
            text: "Karte, die auf 4242 endet".into(),
            due: None,
            terms: String::new(),
        },
        notes: vec![],
        rounding: "Die Steuer wird je Zeile kaufmännisch gerundet.".into(),
        explained: vec![],
        void: String::new(),
    };
    summed(&mut doc, reason);
    doc
}

/// Makes table and totals anew from the parts; all is paid.
pub fn summed(doc: &mut Document, reason: (&str, &str)) {
    let reason = |_| (reason.0.to_owned(), reason.1.to_owned());
    doc.taxes = breakdown(&doc.lines, &doc.charges, &doc.allowances, reason).unwrap();
    let sum = |list: &[Adjustment]| Money::sum(doc.currency, list.iter().map(|a| a.net)).unwrap();
    let lines = Money::sum(doc.currency, doc.lines.iter().map(|l| l.net)).unwrap();
    let net = lines.checked_add(sum(&doc.charges)).unwrap().checked_sub(sum(&doc.allowances)).unwrap();
    let tax = Money::sum(doc.currency, doc.taxes.iter().map(|t| t.amount)).unwrap();
    let gross = net.checked_add(tax).unwrap();
    doc.totals = Totals { net, tax, gross, paid: gross, due: Money::zero(doc.currency) };
}

fn ust(rate_ppm: i64, amount: i64) -> Vec<Tax> {
    vec![tax("USt", Category::S, rate_ppm, eur(amount))]
}

/// Domestic, 7 % and 19 %, shipping under both rates, a discount on a line.
pub fn domestic() -> Document {
    let buyer = consumer("Jörg Müller-Lüdenscheidt", address(&["Am Markt 3"], "04109", "Leipzig", "", "DE"));
    let mut discounted =
        gross_line("Die Vermessung der Stille", "Gebundene Ausgabe, signiert", 2, eur(2600), ust(70_000, 306));
    discounted.discounts = vec![Discount { text: "HERBST10".into(), amount: eur(520) }];
    // 46.80 hold 7/107: 3.06.
    discounted.net = eur(4374);
    let lines = vec![
        discounted,
        gross_line("Nachtzug nach Norden", "E-Book (EPUB)", 1, eur(999), ust(70_000, 65)),
        gross_line("Kammermusik für Regentage", "Album, FLAC 24 Bit", 1, eur(1190), ust(190_000, 190)),
        gross_line(
            "Kunstdruck »Kiefern im Schnee«",
            "50 × 70 cm, Büttenpapier, Auflage 100",
            3,
            eur(4500),
            ust(190_000, 2155),
        ),
    ];
    let charges = vec![
        Adjustment { text: "Versand (7 %)".into(), net: eur(150), taxes: ust(70_000, 11) },
        Adjustment { text: "Versand (19 %)".into(), net: eur(369), taxes: ust(190_000, 70) },
    ];
    paid(Kind::Invoice, "KV-2026-00041", buyer, lines, charges, ("", ""))
}

/// The same, prices without tax, discount and allowance with net amounts, not paid yet.
pub fn on_account() -> Document {
    let mut doc = domestic();
    doc.number = "KV-2026-00042".into();
    doc.prices_include_tax = false;
    doc.buyer.tax_ids = vec![vat("USt-IdNr.", "DE811907980")];
    doc.lines = vec![
        net_line("Lizenz für Schulen", "Hörbuch, 30 Plätze", 30, eur(1233), ust(190_000, 7028)),
        net_line("Arbeitsheft", "Druckausgabe", 7, eur(899), ust(70_000, 433)),
    ];
    doc.lines[1].discounts = vec![Discount { text: "Staffelpreis".into(), amount: eur(100) }];
    doc.lines[1].net = eur(6193);
    doc.allowances = vec![Adjustment { text: "Treuerabatt".into(), net: eur(1000), taxes: ust(190_000, 190) }];
    summed(&mut doc, ("", ""));
    doc.totals = Totals { paid: eur(0), due: doc.totals.gross, ..doc.totals };
    doc.payment = Payment {
        means: Means::Transfer("DE02 1203 0000 0000 2020 51".into()),
        text: "Überweisung".into(),
        due: Some(date("2026-12-28")),
        terms: "Zahlbar innerhalb von 30 Tagen ohne Abzug.".into(),
    };
    doc
}

/// A consumer in France by the one-stop shop.
pub fn oss() -> Document {
    let buyer = consumer("Zoë Lefèvre", address(&["12 rue de l’Église"], "69001", "Lyon", "", "FR"));
    let fr = |rate, amount| vec![tax("TVA", Category::S, rate, eur(amount))];
    let lines = vec![
        gross_line("Kammermusik für Regentage", "Album, FLAC", 1, eur(1200), fr(200_000, 200)),
        gross_line("Train de nuit", "Livre numérique", 1, eur(999), fr(55_000, 52)),
    ];
    let mut doc = paid(Kind::Invoice, "KV-2026-00043", buyer, lines, vec![], ("", ""));
    doc.language = "fr".into();
    doc
}

/// A business in France accounts for the tax itself; tax was taken out of the price.
pub fn reverse_charge() -> Document {
    let mut buyer = consumer("Librairie du Port SAS", address(&["3 quai des Belges"], "13001", "Marseille", "", "FR"));
    buyer.tax_ids = vec![vat("n° TVA", "FR40303265045")];
    let mut line =
        net_line("Kammermusik für Regentage", "Album, FLAC", 1, eur(1000), vec![tax("TVA", Category::AE, 0, eur(0))]);
    line.unit_price = Some(eur(1200));
    let mut doc = paid(
        Kind::Invoice,
        "KV-2026-00044",
        buyer,
        vec![line],
        vec![],
        ("Steuerschuldnerschaft des Leistungsempfängers", ""),
    );
    doc.notes = vec!["Steuerschuldnerschaft des Leistungsempfängers".into()];
    doc
}

/// Goods to a business in Austria.
pub fn intra_community() -> Document {
    let mut buyer =
        consumer("Buchhandlung Alpenblick GmbH", address(&["Getreidegasse 9"], "5020", "Salzburg", "", "AT"));
    buyer.tax_ids = vec![vat("UID", "ATU13585627")];
    let none = || vec![tax("USt", Category::K, 0, eur(0))];
    let mut doc = paid(
        Kind::Invoice,
        "KV-2026-00045",
        buyer,
        vec![net_line("Kunstdruck »Kiefern im Schnee«", "50 × 70 cm", 10, eur(3782), none())],
        vec![Adjustment { text: "Versand".into(), net: eur(990), taxes: none() }],
        ("Steuerfreie innergemeinschaftliche Lieferung", ""),
    );
    doc.prices_include_tax = false;
    doc.notes = vec!["Steuerfreie innergemeinschaftliche Lieferung".into()];
    doc
}

/// Goods to the United States, in dollars, tax total in euros too.
pub fn export() -> Document {
    let buyer = consumer("Avery O’Neill", address(&["221 Elm Street", "Apt 5"], "97201", "Portland", "OR", "US"));
    let none = || vec![tax("USt", Category::G, 0, money(0, "USD"))];
    let mut doc = paid(
        Kind::Invoice,
        "KV-2026-00046",
        buyer,
        vec![net_line("Kunstdruck »Kiefern im Schnee«", "50 × 70 cm", 1, money(4800, "USD"), none())],
        vec![Adjustment { text: "Shipping".into(), net: money(2400, "USD"), taxes: none() }],
        ("Steuerfreie Ausfuhrlieferung", ""),
    );
    doc.language = "en".into();
    doc.notes = vec!["Steuerfreie Ausfuhrlieferung".into()];
    doc.accounting_tax = Some(eur(0));
    doc
}

/// A seller too small to charge tax.
pub fn small_seller() -> Document {
    let buyer = consumer("Jörg Müller", address(&["Am Markt 3"], "04109", "Leipzig", "", "DE"));
    let note = "Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG";
    let line = net_line(
        "Aquarell-Pinsel für Procreate",
        "Einzellizenz",
        1,
        eur(700),
        vec![tax("USt", Category::E, 0, eur(0))],
    );
    let mut doc = paid(Kind::Invoice, "AT-2026-00003", buyer, vec![line], vec![], (note, ""));
    doc.seller.name = "Atelier Tomczak".into();
    doc.seller.tax_ids = vec![local("Steuernummer", "30/123/45678")];
    doc.seller.registrations.clear();
    doc.notes = vec![note.into()];
    doc
}

/// The same seller, who sells to France by its number of the Union for small enterprises.
pub fn small_seller_abroad() -> Document {
    let mut doc = small_seller();
    let note = "Umsatzsteuerfrei: Sonderregelung für Kleinunternehmen, Artikel 284 der Richtlinie 2006/112/EG, Nummer DE123456789EX";
    doc.number = "AT-2026-00004".into();
    doc.buyer = consumer("Chloé Martin", address(&["5 rue des Lilas"], "69003", "Lyon", "", "FR"));
    doc.seller.tax_ids = vec![local("Steuernummer", "DE123456789EX")];
    doc.taxes[0].reason = note.into();
    doc.notes = vec![note.into()];
    doc
}

/// A digital sale to Japan, nothing taxed here: outside the scope, and in yen.
pub fn yen() -> Document {
    let buyer = consumer("田中 花子", address(&["1-2-3 Jingumae"], "150-0001", "Shibuya-ku", "Tokyo", "JP"));
    let line = net_line(
        "Kammermusik für Regentage",
        "Album",
        1,
        money(1500, "JPY"),
        vec![tax("消費税", Category::O, 0, money(0, "JPY"))],
    );
    let mut doc =
        paid(Kind::Invoice, "KV-2026-00047", buyer, vec![line], vec![], ("Nicht im Inland steuerbare Leistung", ""));
    doc.notes = vec!["Nicht im Inland steuerbare Leistung".into()];
    doc
}

/// Yen with tax: no decimals anywhere.
pub fn yen_taxed() -> Document {
    let buyer = consumer("Hanako Tanaka", address(&["Am Markt 3"], "04109", "Leipzig", "", "DE"));
    let jpy = |minor| money(minor, "JPY");
    let lines = vec![
        gross_line("Album", "", 1, jpy(1500), vec![tax("USt", Category::S, 190_000, jpy(239))]),
        gross_line("E-Book", "", 2, jpy(999), vec![tax("USt", Category::S, 70_000, jpy(131))]),
    ];
    let mut doc = paid(Kind::Invoice, "KV-2026-00048", buyer, lines, vec![], ("", ""));
    doc.accounting_tax = Some(eur(226));
    doc
}

/// One line of the first invoice goes back.
pub fn credit_note() -> Document {
    let mut doc = domestic();
    doc.kind = Kind::CreditNote;
    doc.number = "KVC-2026-00007".into();
    doc.lines.drain(..2);
    doc.charges.clear();
    doc.preceding = Some(Preceding { number: "KV-2026-00041".into(), issued: Some(date("2026-11-28")) });
    doc.issued = date("2026-12-03");
    doc.payment.text = "Zurück auf die Karte, die auf 4242 endet".into();
    summed(&mut doc, ("", ""));
    doc
}

/// The first invoice with the right buyer.
pub fn corrected() -> Document {
    let mut doc = domestic();
    doc.kind = Kind::Corrected;
    doc.number = "KVA-2026-00001".into();
    doc.buyer.name = "Müller-Lüdenscheidt Consulting UG".into();
    doc.buyer.tax_ids = vec![vat("USt-IdNr.", "DE811907980")];
    doc.preceding = Some(Preceding { number: "KV-2026-00041".into(), issued: Some(date("2026-11-28")) });
    doc
}

/// A small sale over the counter, its buyer known by name.
pub fn receipt() -> Document {
    let mut doc = domestic();
    doc.kind = Kind::Receipt;
    doc.number = "KV-2026-00049".into();
    doc.lines = vec![gross_line("Nachtzug nach Norden", "E-Book (EPUB)", 1, eur(999), ust(70_000, 65))];
    doc.charges.clear();
    summed(&mut doc, ("", ""));
    doc
}

/// The same without a buyer: a receipt by law, nothing EN 16931 knows.
pub fn anonymous() -> Document {
    let mut doc = receipt();
    doc.number = "KV-2026-00050".into();
    doc.buyer = Party::default();
    doc
}

/// A simplified invoice: its buyer by name alone, and by which law its tax is charged.
pub fn simplified() -> Document {
    let mut doc = receipt();
    doc.kind = Kind::Simplified;
    doc.number = "KV-2026-00053".into();
    doc.buyer.address = Address { country: "DE".into(), ..Address::default() };
    doc.explained = vec!["USt 7 % (DE): UStG § 12 Abs. 2 Nr. 14".into()];
    doc
}

/// One that was decided to be void.
pub fn void() -> Document {
    let mut doc = domestic();
    doc.number = "KV-2026-00054".into();
    doc.void = "UNGÜLTIG seit 1. Dezember 2026: falsche Firma".into();
    doc
}

/// 300 lines, taxes rounded line by line, some with discounts and long names.
pub fn long() -> Document {
    let buyer =
        consumer("Stadtbibliothek Leipzig", address(&["Wilhelm-Leuschner-Platz 10–11"], "04107", "Leipzig", "", "DE"));
    let lines = (0..300i64).map(|n| {
        let unit = 399 + 37 * (n % 41);
        let quantity = 1 + n % 3;
        let (rate, gross) = (if n % 4 == 0 { 190_000 } else { 70_000 }, unit * quantity);
        let inside = (gross * rate * 2 + (1_000_000 + rate)) / ((1_000_000 + rate) * 2);
        let detail = match n % 7 {
            0 => "Gebundene Ausgabe mit Lesebändchen, zweisprachig deutsch und griechisch (Ελληνικά), mit einem Nachwort der Herausgeberin",
            3 => "E-Book (EPUB)",
            _ => "",
        };
        gross_line(&format!("Band {} der Gesammelten Werke", n + 1), detail, quantity as u32, eur(unit), ust(rate, inside))
    });
    paid(Kind::Invoice, "KV-2026-00051", buyer, lines.collect(), vec![], ("", ""))
}

/// Canary Islands: IGIC.
pub fn igic() -> Document {
    let buyer =
        consumer("Aitana Hernández", address(&["Calle de la Marina 7"], "38002", "Santa Cruz de Tenerife", "", "ES"));
    let lines = vec![gross_line(
        "Atlas de volcanes",
        "Libro electrónico",
        1,
        eur(1070),
        vec![tax("IGIC", Category::L, 70_000, eur(70))],
    )];
    let mut doc = paid(Kind::Invoice, "IC-2026-00001", buyer, lines, vec![], ("", ""));
    doc.seller.address = address(&["Avenida Tres de Mayo 2"], "38003", "Santa Cruz de Tenerife", "", "ES");
    doc.seller.tax_ids = vec![vat("NIF", "ESB83117374")];
    doc
}

/// Taxable at zero in the United Kingdom.
pub fn zero_rated() -> Document {
    let buyer = consumer("Rhys ap Gwilym", address(&["4 Heol y Bont"], "CF10 1EP", "Cardiff", "", "GB"));
    let gbp = |minor| money(minor, "GBP");
    let lines = vec![
        net_line("The Night Train North", "E-book", 1, gbp(899), vec![tax("VAT", Category::Z, 0, gbp(0))]),
        gross_line("Chamber Music", "Album", 1, gbp(1200), vec![tax("VAT", Category::S, 200_000, gbp(200))]),
    ];
    let mut doc = paid(Kind::Invoice, "PW-2026-00001", buyer, lines, vec![], ("", ""));
    doc.seller.address = address(&["9 Quay Street"], "BS1 4SL", "Bristol", "", "GB");
    doc.seller.tax_ids = vec![vat("VAT", "GB980780684")];
    doc.language = "en".into();
    doc
}

/// Sales tax of a US state.
pub fn sales_tax() -> Document {
    let buyer = consumer("Avery O’Neill", address(&["221 Elm Street", "Apt 5"], "12205", "Albany", "NY", "US"));
    let usd = |minor| money(minor, "USD");
    let line = net_line(
        "Art print “Pines in Snow”",
        "20 × 28 in",
        1,
        usd(4800),
        vec![tax("sales tax", Category::Foreign, 40_000, usd(192))],
    );
    let shipping = Adjustment {
        text: "Shipping".into(),
        net: usd(900),
        taxes: vec![tax("sales tax", Category::Foreign, 40_000, usd(36))],
    };
    let mut doc = paid(Kind::Invoice, "PN-2026-00001", buyer, vec![line], vec![shipping], ("", ""));
    american(&mut doc);
    doc.notes = vec!["State rate only, local taxes not included.".into()];
    doc
}

fn american(doc: &mut Document) {
    doc.seller = Party {
        id: "pine-press".into(),
        name: "Pine Press LLC".into(),
        address: address(&["800 Broadway"], "10003", "New York", "NY", "US"),
        email: "billing@pine-press.example".into(),
        tax_ids: vec![local("EIN", "12-3456789")],
        registrations: vec![],
    };
    doc.language = "en-US".into();
    doc.prices_include_tax = false;
    doc.payment.text = "Visa ending in 4242".into();
    doc.rounding = "Tax is rounded to the cent on each line.".into();
}

/// GST and QST, each on the price.
pub fn quebec() -> Document {
    let buyer = consumer("Chloé Tremblay", address(&["55 rue Saint-Jacques"], "H2Y 1K9", "Montréal", "QC", "CA"));
    let cad = |minor| money(minor, "CAD");
    let taxes =
        vec![tax("GST/TPS", Category::Foreign, 50_000, cad(100)), tax("QST/TVQ", Category::Foreign, 99_750, cad(200))];
    let mut doc = paid(
        Kind::Invoice,
        "CQ-2026-00001",
        buyer,
        vec![net_line("Un film", "Location", 1, cad(2000), taxes)],
        vec![],
        ("", ""),
    );
    american(&mut doc);
    doc.seller.name = "Cinéma Québec inc.".into();
    doc.seller.address = address(&["100 rue Sainte-Catherine"], "H2X 1K7", "Montréal", "QC", "CA");
    doc.seller.tax_ids = vec![local("GST/HST", "123456789 RT 0001"), local("QST/TVQ", "1234567890 TQ 0001")];
    doc.language = "fr-CA".into();
    doc
}

/// What EN 16931 can say.
pub fn expressible_ones() -> Vec<(&'static str, Document)> {
    vec![
        ("domestic", domestic()),
        ("on_account", on_account()),
        ("oss", oss()),
        ("reverse_charge", reverse_charge()),
        ("intra_community", intra_community()),
        ("export", export()),
        ("small_seller", small_seller()),
        ("small_seller_abroad", small_seller_abroad()),
        ("yen", yen()),
        ("yen_taxed", yen_taxed()),
        ("credit_note", credit_note()),
        ("corrected", corrected()),
        ("receipt", receipt()),
        ("simplified", simplified()),
        ("void", void()),
        ("long", long()),
        ("igic", igic()),
        ("zero_rated", zero_rated()),
    ]
}

/// What it cannot say.
pub fn others() -> Vec<(&'static str, Document)> {
    vec![("anonymous", anonymous()), ("sales_tax", sales_tax()), ("quebec", quebec())]
}

/// A buyer whose name is written from right to left.
pub fn hebrew() -> Document {
    let mut doc = domestic();
    doc.number = "KV-2026-00052".into();
    doc.buyer = consumer("דנה לוי (Dana Levi)", address(&["רחוב הרצל 12"], "6578101", "תל אביב", "", "IL"));
    doc.language = "en".into();
    doc
}

/// What a file packed, one after another.
pub fn streams(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let find = |what: &[u8], from: usize| bytes[from..].windows(what.len()).position(|w| w == what).map(|at| from + at);
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(start) = find(b"stream\n", at) {
        let end = find(b"\nendstream", start).unwrap();
        // What is not packed, such as metadata, is passed over.
        let _ = flate2::read::ZlibDecoder::new(&bytes[start + 7..end]).read_to_end(&mut out);
        at = end + b"\nendstream".len();
    }
    out
}
