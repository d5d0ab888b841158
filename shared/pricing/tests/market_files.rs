//! The build refuses files of markets that are wrong, and says what is.

#[path = "../build/markets.rs"]
mod markets;

use vitrine_pricing::money::Currency;

fn market(order: u32, countries: &str, currency: &str, more: &str) -> String {
    format!(
        "order = {order}\ncountries = [{countries}]\nprice_regions = [\"world\"]\ncurrency = \"{currency}\"\n\
         also_paid_in = [\"USD\", \"EUR\"]\ntax = \"included\"\nlocale = \"en-US\"\n{more}"
    )
}

/// What is said of two markets and the rest of the world, each with this besides.
fn told(eu: &str, ch: &str, row: &str) -> Result<String, String> {
    let files = [
        ("row", market(9, "", "USD", row)),
        ("eu", market(1, "\"BE\", \"DE\"", "EUR", eu)),
        ("ch", market(2, "\"CH\"", "CHF", ch)),
    ];
    markets::table(&files.map(|(name, text)| (name.to_owned(), text)), |code| code.parse::<Currency>().is_ok())
        .map_err(|wrong| wrong.to_string())
}

fn cash(currency: &str, countries: &str, step: i64) -> String {
    let source = "source = \"a law\"";
    format!("[[cash]]\ncurrency = \"{currency}\"\ncountries = [{countries}]\nstep = {step}\n{source}\n")
}

fn wrong(eu: &str, ch: &str, row: &str) -> String {
    told(eu, ch, row).unwrap_err()
}

#[test]
fn files_become_a_table_in_their_order() {
    let table = told(&cash("EUR", "\"BE\"", 5), &cash("CHF", "", 5), &cash("BRL", "\"BR\"", 5)).unwrap();
    let at = |text: &str| table.find(text).unwrap_or_else(|| panic!("{text}: {table}"));
    assert!(at("id: \"eu\"") < at("id: \"ch\"") && at("id: \"ch\"") < at("id: \"row\""));
    at("cash: &[CashStep { currency: find(*b\"EUR\"), countries: &[\"BE\"], step: 5 }, ]");
    at("cash: &[CashStep { currency: find(*b\"CHF\"), countries: &[], step: 5 }, ]");
    assert!(told("", "", "").unwrap().contains("cash: &[] }"));
}

#[test]
fn cash_that_cannot_be_is_refused_with_its_file() {
    assert_eq!(wrong(&cash("EUX", "", 5), "", ""), "eu.toml: there is no currency EUX");
    let least = |file: &str| format!("{file}.toml: cash in CHF: a step is at least one minor unit");
    assert_eq!(wrong("", &cash("CHF", "", 0), ""), least("ch"));
    assert_eq!(wrong("", "", &cash("CHF", "", -5)), least("row"));
    let outside = "eu.toml: cash in EUR: CH is not in this market";
    assert_eq!(wrong(&cash("EUR", "\"BE\", \"CH\"", 5), "", ""), outside);
    assert_eq!(wrong("", "", &cash("EUR", "\"DE\"", 5)), "row.toml: cash in EUR: DE is not in this market");
    assert_eq!(wrong("", "", &cash("EUR", "\"Brazil\"", 5)), "row.toml: cash in EUR: Brazil is no country");
    let twice = cash("EUR", "\"BE\"", 5) + &cash("EUR", "\"DE\", \"BE\"", 1);
    assert_eq!(wrong(&twice, "", ""), "eu.toml: cash in EUR: it is stated for BE in eu.toml already");
    let everywhere = wrong("", &cash("CHF", "", 5), &cash("CHF", "", 10));
    assert_eq!(everywhere, "row.toml: cash in CHF: it is stated for everybody in ch.toml already");
    let silent = cash("EUR", "", 5).replace("a law", " ");
    assert_eq!(wrong(&silent, "", ""), "eu.toml: cash in EUR: its law or custom is not named");
    assert!(wrong(&cash("EUR", "", 5).replace("step", "steps"), "", "").starts_with("eu.toml: "));
}

#[test]
fn markets_that_cannot_be_are_refused() {
    let known = |code: &str| code.parse::<Currency>().is_ok();
    let told = |files: &[(&str, String)]| {
        let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        markets::table(&files, known).unwrap_err().to_string()
    };
    let row = ("row", market(9, "", "USD", ""));
    let (de, eu) = (("de", market(1, "\"DE\"", "EUR", "")), ("eu", market(2, "\"DE\"", "EUR", "")));
    assert_eq!(told(&[row.clone(), eu, de.clone()]), "DE stands in de.toml and in eu.toml");
    assert_eq!(told(&[row.clone(), ("xx", market(1, "\"DE\"", "DEM", ""))]), "xx.toml: there is no currency DEM");
    assert_eq!(told(&[de]), "row.toml is not the last market");
    assert_eq!(told(&[row, ("xx", market(10, "", "EUR", ""))]), "row.toml is not the last market");
}
