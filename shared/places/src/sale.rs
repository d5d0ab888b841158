//! What selling to a country takes besides an address: ways to pay, telephone and identity numbers, the right to withdraw, how prices
//! are said. A market is a file of `data/regions`; a country in none of them has `default.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/regions.rs"));

/// The file of every country that no other names.
const DEFAULT: &str = "default";
/// Most files that may stand on one another.
const MOST_STEPS: usize = 4;

/// How selling to one country is done. Every part names its law or source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointOfSale {
    /// Name of the file it comes from, `default` for countries that none names.
    pub id: String,
    /// Ways to pay.
    pub payment: Payment,
    /// Telephone number.
    pub phone: Phone,
    /// Identity numbers.
    pub identity: Identity,
    /// Right to withdraw.
    pub withdrawal: Withdrawal,
    /// How prices are said.
    pub prices: Prices,
}

/// Whether something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// It is not asked.
    Never,
    /// It may be left empty.
    Optional,
    /// Without it nothing is sold.
    Required,
}

/// Of whom an identity number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// Who buys for themselves.
    Person,
    /// Who buys for a business.
    Business,
}

/// Ways to pay.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// Names of `vitrine_payments::METHODS`, the usual one first. What the provider or the currency does not have is left out when a
    /// payment begins.
    pub methods: Vec<String>,
    /// Law or source.
    pub source: String,
}

/// Telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// For parcels; without one it is never asked.
    pub parcels: Need,
    /// Law or source.
    pub source: String,
}

/// Identity numbers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// In the order of the form.
    pub ask: Vec<IdRule>,
}

/// One identity number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdRule {
    /// Code of `vitrine_pricing::tax_id::KINDS`: `br_cpf`.
    pub kind: String,
    /// Of whom.
    pub of: Holder,
    /// Whether it may be left empty. A required number must be one of its kind; an optional one is taken as it is typed.
    pub need: Need,
    /// It is printed on invoices.
    #[serde(default)]
    pub invoice: bool,
    /// Whoever sends the parcel needs it for customs.
    #[serde(default)]
    pub parcel: bool,
    /// It is the tax id that businesses are asked for in any case, not one more field.
    #[serde(default)]
    pub tax_id: bool,
    /// Law or source.
    pub source: String,
}

/// The right to withdraw from purchases online without a reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Days after a parcel arrived or files were bought; 0: there is no such right.
    pub days: u16,
    /// Files are supplied at once only after the buyer agreed to it and knows that the right ends with it.
    pub waiver: bool,
    /// A way to withdraw must stand where the contract was made, or stands there because the day on which one tells counts.
    pub function: bool,
    /// Days within which the money goes back; 0: at once. Said where there is the right, and nowhere else.
    pub refund_days: Option<u16>,
    /// Whether the law was looked up. Of one that was not nothing is said but that.
    #[serde(default = "looked_up")]
    pub known: bool,
    /// Of some books, magazines or recordings there is no such right, as the source says.
    #[serde(default)]
    pub media_excepted: bool,
    /// The right is of goods alone: not of files, nor of gift cards.
    #[serde(default)]
    pub goods_only: bool,
    /// The law itself has the buyer pay for sending back.
    #[serde(default)]
    pub buyer_returns: bool,
    /// The form to withdraw with that the law wants buyers to get with what confirms the contract.
    pub form: Option<ModelForm>,
    /// Law or source.
    pub source: String,
}

/// A form of law to withdraw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelForm {
    /// Directive 2011/83/EU Annex I part B.
    Withdrawal,
    /// SI 2013/3134 Schedule 3 part B, which has other words for it.
    Cancellation,
}

const fn looked_up() -> bool {
    true
}

/// How prices are said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// `included` or `added`.
    pub tax: TaxIn,
    /// Key of the word beside a price.
    pub word: String,
    /// Law or source.
    pub source: String,
}

/// Whether shown prices hold tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaxIn {
    /// They do.
    Included,
    /// It comes on top.
    Added,
}

impl Withdrawal {
    /// Days to withdraw from files that were paid for; 0: no such right, or the buyer gives it up so that they are supplied at once.
    pub fn file_days(&self) -> u16 {
        if self.waiver { 0 } else { self.days_unsent() }
    }

    /// Days to withdraw from what is not sent, such as files and gift cards, as long as nobody gave the right up; 0: no such right.
    pub fn days_unsent(&self) -> u16 {
        if self.goods_only { 0 } else { self.days }
    }
}

impl PointOfSale {
    /// The identity numbers to ask of who buys.
    pub fn asks(&self, of: Holder) -> impl Iterator<Item = &IdRule> {
        self.identity.ask.iter().filter(move |rule| rule.of == of && rule.need != Need::Never)
    }
}

/// How selling to a country is done, by ISO 3166-1 in either case; the stated default for one that no file names.
pub fn point_of_sale(country: &str) -> &'static PointOfSale {
    let code = country.trim().to_ascii_uppercase();
    DATA.by_country.get(code.as_str()).unwrap_or(&DATA.default)
}

/// Every file's own point of sale with the countries it names; none for the default.
pub fn points_of_sale() -> impl Iterator<Item = (&'static str, &'static PointOfSale)> {
    DATA.by_country.iter().map(|(code, point)| (code.as_str(), point))
}

struct Data {
    default: PointOfSale,
    by_country: BTreeMap<String, PointOfSale>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    // The files are part of the program, and a test reads them all.
    Data::read(FILES).expect("the files of data/regions are right")
});

/// A file as it stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    countries: Vec<String>,
    based_on: Option<String>,
    payment: Option<Payment>,
    phone: Option<Phone>,
    identity: Option<Identity>,
    withdrawal: Option<Withdrawal>,
    prices: Option<Prices>,
}

/// Why the files cannot be used.
#[derive(Debug, PartialEq, Eq)]
struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Data {
    fn read(files: &[(&str, &str)]) -> Result<Self, Wrong> {
        let parsed = files.iter().map(|(name, text)| match toml::from_str::<File>(text) {
            Ok(file) => Ok(((*name).to_owned(), file)),
            Err(e) => Err(Wrong(format!("{name}.toml: {e}"))),
        });
        let files: BTreeMap<String, File> = parsed.collect::<Result<_, _>>()?;
        let default = whole(&files, DEFAULT)?;
        let mut by_country = BTreeMap::new();
        // A file that stands on another is nearer to its countries than the one below.
        let mut nearest: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
        for (name, file) in &files {
            let depth = chain(&files, name)?.len();
            for country in &file.countries {
                match nearest.get(country.as_str()) {
                    Some((other, same)) if *same == depth => {
                        return Err(Wrong(format!("{country} stands in {other}.toml and in {name}.toml")));
                    }
                    Some((_, deeper)) if *deeper > depth => {}
                    _ => {
                        nearest.insert(country, (name, depth));
                    }
                }
            }
        }
        for (country, (name, _)) in nearest {
            by_country.insert(country.to_owned(), whole(&files, name)?);
        }
        Ok(Self { default, by_country })
    }
}

/// A file and those it stands on, the default last.
fn chain<'a>(files: &'a BTreeMap<String, File>, name: &str) -> Result<Vec<&'a File>, Wrong> {
    let (mut all, mut next) = (Vec::new(), name);
    loop {
        let file = files.get(next).ok_or_else(|| Wrong(format!("there is no {next}.toml")))?;
        all.push(file);
        if next == DEFAULT {
            return Ok(all);
        }
        if all.len() > MOST_STEPS {
            return Err(Wrong(format!("{name}.toml stands on itself")));
        }
        next = file.based_on.as_deref().unwrap_or(DEFAULT);
    }
}

fn whole(files: &BTreeMap<String, File>, name: &str) -> Result<PointOfSale, Wrong> {
    let chain = chain(files, name)?;
    let lacks = |part: &str| Wrong(format!("default.toml has no [{part}]"));
    Ok(PointOfSale {
        id: name.to_owned(),
        payment: chain.iter().find_map(|f| f.payment.clone()).ok_or_else(|| lacks("payment"))?,
        phone: chain.iter().find_map(|f| f.phone.clone()).ok_or_else(|| lacks("phone"))?,
        identity: chain.iter().find_map(|f| f.identity.clone()).ok_or_else(|| lacks("identity"))?,
        withdrawal: chain.iter().find_map(|f| f.withdrawal.clone()).ok_or_else(|| lacks("withdrawal"))?,
        prices: chain.iter().find_map(|f| f.prices.clone()).ok_or_else(|| lacks("prices"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law as it is read, written down apart from the files.
    #[test]
    fn the_rows_say_what_the_laws_say() {
        // Country; days, waiver, function; telephone for parcels; numbers of persons and of businesses.
        type Row = (&'static str, (u16, bool, bool), Need, &'static str, &'static str);
        let law: [Row; 20] = [
            ("DE", (14, true, true), Need::Optional, "", ""),
            ("FR", (14, true, true), Need::Optional, "", ""),
            ("NL", (14, true, true), Need::Optional, "", ""),
            ("RE", (14, true, true), Need::Optional, "", ""),
            ("IT", (14, true, true), Need::Optional, "it_cf", "it_cf it_sdi"),
            ("GB", (14, true, false), Need::Optional, "", ""),
            ("IM", (0, false, false), Need::Optional, "", ""),
            ("MC", (0, false, false), Need::Optional, "", ""),
            ("NO", (14, true, false), Need::Optional, "", ""),
            ("IS", (14, true, false), Need::Optional, "", ""),
            ("LI", (14, true, false), Need::Optional, "", ""),
            ("CH", (0, false, false), Need::Optional, "", ""),
            ("US", (0, false, false), Need::Optional, "", ""),
            ("CA", (0, false, false), Need::Optional, "", ""),
            ("JP", (8, false, true), Need::Optional, "", ""),
            ("BR", (7, false, true), Need::Optional, "br_cpf!", "br_cnpj!"),
            ("CN", (0, false, false), Need::Required, "", ""),
            ("AE", (0, false, false), Need::Required, "", ""),
            ("KE", (0, false, false), Need::Optional, "", ""),
            ("??", (0, false, false), Need::Optional, "", ""),
        ];
        let numbers = |point: &PointOfSale, of| {
            let kinds =
                point.asks(of).map(|r| format!("{}{}", r.kind, if r.need == Need::Required { "!" } else { "" }));
            kinds.collect::<Vec<_>>().join(" ")
        };
        for (country, withdrawal, phone, person, business) in law {
            let point = point_of_sale(country);
            let w = &point.withdrawal;
            assert_eq!((w.days, w.waiver, w.function), withdrawal, "{country}");
            assert_eq!(point.phone.parcels, phone, "{country}");
            assert_eq!(numbers(point, Holder::Person), person, "{country}");
            assert_eq!(numbers(point, Holder::Business), business, "{country}");
        }
        // Of files, where the right is not given up for supply at once; within how many days the money is back.
        let files = |country| point_of_sale(country).withdrawal.file_days();
        assert_eq!(["DE", "GB", "ZA", "BR", "US", "JP"].map(files), [0, 0, 0, 7, 0, 0]);
        let unsent = |country| point_of_sale(country).withdrawal.days_unsent();
        assert_eq!(["DE", "BR", "US", "JP"].map(unsent), [14, 7, 0, 0]);
        let returns = |country| point_of_sale(country).withdrawal.buyer_returns;
        assert_eq!(["DE", "BR", "US", "JP"].map(returns), [false, false, false, true]);
        let known = |country| point_of_sale(country).withdrawal.known;
        assert_eq!(["DE", "ZA", "US", "CH", "JP"].map(known), [true; 5]);
        assert_eq!(["TW", "KR", "CN", "IL", "TR", "MC", "KE"].map(known), [false; 7]);
        let back = |country| point_of_sale(country).withdrawal.refund_days;
        assert_eq!(
            ["DE", "GB", "NO", "ZA", "BR", "JP", "US"].map(back),
            [Some(14), Some(14), Some(14), Some(30), Some(0), Some(0), None]
        );
        let form = |country| point_of_sale(country).withdrawal.form;
        assert_eq!(["DE", "FR", "GP", "AX", "NO", "IS", "LI"].map(form), [Some(ModelForm::Withdrawal); 7]);
        assert_eq!(
            ["GB", "BR", "ZA", "US", "CH", "TW"].map(form),
            [Some(ModelForm::Cancellation), None, None, None, None, None]
        );
        // 27 states, Åland and the French departments overseas.
        let functions = points_of_sale().filter(|(_, p)| p.withdrawal.function && p.withdrawal.waiver).count();
        assert_eq!(functions, 34);
    }

    #[test]
    fn a_country_in_no_file_has_the_stated_default() {
        assert_eq!((point_of_sale("KE").id.as_str(), point_of_sale("").id.as_str()), (DEFAULT, DEFAULT));
        assert_eq!((point_of_sale(" it").id.as_str(), point_of_sale("PL").id.as_str()), ("it", "pl"));
        assert_eq!(point_of_sale("KE").payment.methods, ["card"]);
    }

    #[test]
    fn every_file_is_read_names_countries_and_its_sources() {
        assert!(Data::read(FILES).is_ok());
        let known: Vec<&str> = crate::countries().collect();
        for (name, text) in FILES {
            let file: File = toml::from_str(text).unwrap();
            assert_eq!(file.countries.is_empty(), *name == DEFAULT, "{name}");
            assert!(file.countries.iter().all(|c| known.contains(&c.as_str())), "{name}");
            let point = file.countries.first().map_or_else(|| point_of_sale(""), |c| point_of_sale(c));
            let sources = [&point.payment.source, &point.phone.source, &point.withdrawal.source, &point.prices.source];
            let more = point.identity.ask.iter().map(|r| &r.source);
            assert!(sources.into_iter().chain(more).all(|s| s.len() > 5), "{name}");
            assert!(point.payment.methods.iter().any(|m| m == "card"), "{name}");
            // Who has no right has nothing to give up and nothing to use.
            let w = &point.withdrawal;
            assert!(w.days > 0 || !w.waiver && !w.function, "{name}");
            assert_eq!(w.refund_days.is_some(), w.days > 0, "{name}");
            // What nobody looked up is what no file says, and no right is made of it.
            assert_eq!(w.known, w.source != DATA.default.withdrawal.source, "{name}");
            assert!(w.days > 0 || !w.media_excepted && w.form.is_none() && !w.goods_only && !w.buyer_returns, "{name}");
            // What is not of files cannot be given up for them.
            assert!(!w.goods_only || !w.waiver, "{name}");
        }
    }

    #[test]
    fn what_is_not_known_or_stands_twice_is_refused() {
        let default = FILES.iter().find(|(name, _)| *name == DEFAULT).unwrap().1;
        let told = |files: &[(&str, &str)]| {
            let all: Vec<_> = [(DEFAULT, default)].iter().chain(files).copied().collect();
            Data::read(&all).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert_eq!(told(&[("xx", "countries = [\"KE\"]")]), "");
        assert!(told(&[("xx", "countries = [\"KE\"]\nmethods = []")]).starts_with("xx.toml: "));
        let unknown = "countries = [\"KE\"]\n[phone]\nparcels = \"maybe\"\nsource = \"none\"";
        assert!(told(&[("xx", unknown)]).contains("maybe"));
        let twice = told(&[("xx", "countries = [\"KE\"]"), ("yy", "countries = [\"KE\"]")]);
        assert_eq!(twice, "KE stands in xx.toml and in yy.toml");
        assert_eq!(told(&[("xx", "based_on = \"nowhere\"")]), "there is no nowhere.toml");
        assert_eq!(told(&[("xx", "based_on = \"xx\"")]), "xx.toml stands on itself");
        assert!(Data::read(&[(DEFAULT, "")]).is_err());
    }
}
