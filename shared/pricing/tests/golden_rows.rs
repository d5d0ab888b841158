//! Every row of `golden.tsv` through the real quote: country, product, buyer, day, with the law that decides it.

use vitrine_pricing::money::Money;
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::Promotions;
use vitrine_pricing::quote::{Context, Quote, QuoteError, QuoteRequest, quote};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::{REASONS, TaxRules};

const ROWS: &str = include_str!("golden.tsv");

struct Row<'a> {
    names: Vec<&'a str>,
    cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn get(&self, name: &str) -> &'a str {
        let at = self.names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("column {name}"));
        self.cells[at]
    }
}

fn rows() -> Vec<Row<'static>> {
    let mut lines = ROWS.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let read = |line: &'static str| Row { names: names.clone(), cells: line.split('\t').collect() };
    let rows: Vec<_> = lines.map(read).collect();
    assert!(rows.iter().all(|r| r.cells.len() == names.len()), "every row has every column");
    rows
}

/// Businesses of Northern Ireland have numbers of their own for goods.
fn numbered_in<'r>(row: &Row<'r>) -> &'r str {
    if row.get("postcode").starts_with("BT") { "XI" } else { row.get("buyer_country") }
}

/// An id with the letters of the buyer's country, where its kind has letters.
fn tax_id(country: &str) -> String {
    format!("{}123456789", if country == "GR" { "EL" } else { country })
}

fn ask_as(row: &Row<'_>, id: &str, table: &TaxRules) -> Quote {
    tried(row, id, table).unwrap_or_else(|e| panic!("{}: {e}", row.get("id")))
}

fn tried(row: &Row<'_>, id: &str, table: &TaxRules) -> Result<Quote, QuoteError> {
    let currency = row.get("currency").parse().unwrap();
    let money = |name: &str| Money::parse(row.get(name), currency).unwrap();
    let some = |name: &str| Some(row.get(name)).filter(|v| !v.is_empty());
    let registrations: Vec<&str> = row.get("seller_registrations").split(',').filter(|r| !r.is_empty()).collect();
    let state = row.get("buyer_tax_id");
    let request: QuoteRequest = serde_json::from_value(serde_json::json!({
        "currency": row.get("currency"), "date": row.get("date"), "no_rule": "export",
        "seller": {"country": row.get("seller_country"), "region": some("seller_region"), "registrations": registrations,
            "prices_include_tax": row.get("basis") == "gross"},
        "buyer": {"country": row.get("buyer_country"), "region": some("buyer_region"), "postcode": some("postcode"),
            "business": state != "none", "tax_id": (state != "none").then_some(id),
            "tax_id_state": state},
        "lines": [{"name": row.get("class"), "tax_class": row.get("class"), "quantity": 1, "unit_price": money("price"),
            "kind": if some("ships_from").is_some() { "physical" } else { "digital" }, "ships_from": some("ships_from")}],
        "shipping": {"zones": [{"id": "all", "countries": ["*"]}],
            "rates": [{"zone": "all", "up_to_g": 1, "amount": Money::zero(currency)}]},
    }))
    .unwrap();
    let context = Context {
        rules: table,
        items: &[],
        prices: &PriceList::default(),
        shipping: &ShippingTable::default(),
        promotions: Promotions::default(),
    };
    quote(&request, &context)
}

#[test]
fn every_row_is_charged_as_its_law_says() {
    let table = TaxRules::built_in();
    let mut wrong = Vec::new();
    for row in rows() {
        let quote = match tried(&row, &tax_id(numbered_in(&row)), &table) {
            // What is owed and not known yet has no quote.
            Err(QuoteError::NoTaxRule { .. }) if row.get("expected_status") == "no_rule" => continue,
            quote => quote.unwrap_or_else(|e| panic!("{}: {e}", row.get("id"))),
        };
        let line = &quote.lines[0];
        let status = serde_json::to_value(line.tax_status).unwrap();
        let rates: Vec<_> = line.amounts.taxes.iter().map(|t| t.rate_ppm.to_string()).collect();
        let currency = quote.currency;
        let want = |name: &str| Money::parse(row.get(name), currency).unwrap();
        let got = (line.amounts.net, line.amounts.tax, line.amounts.gross);
        let expected = (want("net"), want("tax"), want("gross"));
        if status != row.get("expected_status") || rates.join(",") != row.get("expected_rates") || got != expected {
            wrong.push(format!("{}: {status} {} {got:?}, not {expected:?}", row.get("id"), rates.join(",")));
        }
        for step in &quote.explain {
            let treatment = step.kind == vitrine_pricing::quote::StepKind::Treatment;
            assert!(!treatment || REASONS.contains(&step.rule.as_str()), "{}", step.rule);
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn rows_cover_what_they_must_and_cite_their_law() {
    let rows = rows();
    assert!(rows.len() >= 184, "{}", rows.len());
    let mut ids: Vec<_> = rows.iter().map(|r| r.get("id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rows.len());
    for row in &rows {
        let unknown = row.get("expected_status") == "no_rule";
        assert!(unknown || !row.get("law").is_empty(), "{} cites no law", row.get("id"));
        assert!(!row.get("reason").is_empty(), "{} gives no reason", row.get("id"));
    }
    for status in ["taxed", "zero_rated", "reverse_charged", "not_registered", "outside_scope", "no_rule"] {
        assert!(rows.iter().any(|r| r.get("expected_status") == status), "{status}");
    }
}

#[test]
fn goods_are_exempt_for_numbers_of_the_union_only() {
    let (rows, table) = (rows(), TaxRules::built_in());
    let row = rows.iter().find(|r| r.get("id") == "G128").unwrap();
    for (id, tax_minor) in [("XI123456789", 0), ("FR40303265045", 0), ("GB123456789", 2000), ("CHE-123.456.788", 2000)]
    {
        assert_eq!(ask_as(row, id, &table).totals.tax.minor(), tax_minor, "{id}");
    }
}

/// A confirmed id makes a business of its holder only where it counts: the Union's in the Union, a country's own there.
#[test]
fn a_number_of_elsewhere_frees_nobody() {
    let table = TaxRules::built_in();
    let tried = |country: &str, id: &str, currency: &str| {
        let request: QuoteRequest = serde_json::from_value(serde_json::json!({
            "currency": currency, "date": "2026-11-28", "no_rule": "export",
            "seller": {"country": "DE", "registrations": ["DE", "EU-OSS", "FR", "AU", "NZ", "SG", "NO", "GB", "IN"], "prices_include_tax": false},
            "buyer": {"country": country, "business": true, "tax_id": id, "tax_id_state": "valid"},
            "lines": [{"name": "a", "tax_class": "digital_music", "kind": "digital", "quantity": 1, "unit_price": {"minor": 1000, "currency": currency}}],
        }))
        .unwrap();
        let context = Context {
            rules: &table,
            items: &[],
            prices: &PriceList::default(),
            shipping: &ShippingTable::default(),
            promotions: Promotions::default(),
        };
        !quote(&request, &context).unwrap().totals.tax.is_zero()
    };
    for (country, currency, own) in [
        ("AU", "AUD", "51 824 753 556"),
        ("NZ", "NZD", "49-091-850"),
        ("SG", "SGD", "M2-1234567-X"),
        ("NO", "NOK", "NO 995 525 828 MVA"),
        ("GB", "GBP", "GB 980 7806 84"),
        ("IN", "INR", "27AAPFU0939F1ZV"),
        ("CH", "CHF", "CHE-107.787.577 MWST"),
        ("RE", "EUR", "FR40303265045"),
        ("FR", "EUR", "AT U13585627"),
        ("GR", "EUR", "EL094259216"),
    ] {
        assert!(!tried(country, own, currency), "{country}: {own}");
        let foreign = match country {
            "FR" | "GR" => ["GB980780684", "XI123456789", "51824753556", "GR094259216"],
            "RE" => ["GB980780684", "XI123456789", "ATU13585627", "EL094259216"],
            "GB" => ["FR40303265045", "ATU13585627", "EL094259216", "IE6433435F"],
            _ => ["FR40303265045", "GB980780684", "GR094259216", "EL094259216"],
        };
        for id in foreign {
            // Swiss tax is charged by who is in the Swiss register alone, and nobody here is.
            assert!(tried(country, id, currency) || country == "CH", "{country}: {id}");
        }
    }
}
