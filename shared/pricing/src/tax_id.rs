//! Tax and company identities: how a typed one is stored, and whether its form and check digits are right.
//!
//! Entry points: [`check`] and [`kinds_of`]. Compared with python-stdnum 2.2 on the cases of `tests/taxids-cases.tsv`, which
//! `tests/make-taxids.py` writes, and on 430,000 numbers made from them by slips and by trying check digits: stricter or laxer only where a comment says so. Invariants: a kind that is not known, or has no published rule, is accepted as invoice data
//! and never exempts; a right number is not yet a valid one: that is the register's answer
//! ([`crate::quote::TaxIdState`]). Not here: asking registers, deciding who owes the tax.

mod eu;
mod sums;
mod world;

/// A kind of identity.
pub struct TaxIdKind {
    /// `eu_vat_DE`, `gb_vat`, `au_abn` ...; stored with the number.
    pub code: &'static str,
    /// ISO 3166-1 alpha-2 of who has them.
    pub country: &'static str,
    /// The type a payment processor knows it as; empty if none.
    pub processor: &'static str,
    /// As the country calls it.
    pub name: &'static str,
    /// An example as it is written.
    pub written: &'static str,
    /// Who can confirm it: `VIES`, `HMRC` ...; empty: nobody we know, so it stays invoice data.
    pub register: &'static str,
    /// Letters in front of the stored form, added where they were not typed.
    prefix: &'static str,
    check: fn(&[u8]) -> Option<bool>,
}

/// What is known of a typed identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Form and check digits are right; the stored form.
    Ok(String),
    /// Not a number of that kind.
    WrongFormat,
    /// Of the right form, but mistyped.
    WrongCheckDigits,
    /// The kind is not known here: accepted as invoice data, as typed without surrounding spaces.
    Unknown(String),
}

const fn union(
    code: &'static str,
    country: &'static str,
    name: &'static str,
    written: &'static str,
    check: fn(&[u8]) -> Option<bool>,
) -> TaxIdKind {
    // `eu_vat_DE`: the last two letters are the number's own.
    let prefix = code.split_at(7).1;
    TaxIdKind { code, country, processor: "eu_vat", name, written, register: "VIES", prefix, check }
}

const fn other(
    code: &'static str,
    country: &'static str,
    processor: &'static str,
    name: &'static str,
    written: &'static str,
    register: &'static str,
    check: fn(&[u8]) -> Option<bool>,
) -> TaxIdKind {
    TaxIdKind { code, country, processor, name, written, register, prefix: "", check }
}

/// Every known kind.
#[rustfmt::skip]
pub const KINDS: &[TaxIdKind] = &[
    union("eu_vat_AT", "AT", "UID", "ATU12345678", eu::at),
    union("eu_vat_BE", "BE", "BTW/TVA", "BE 0123.456.789", eu::be),
    union("eu_vat_BG", "BG", "ДДС", "BG123456789", eu::bg),
    union("eu_vat_CY", "CY", "ΦΠΑ", "CY12345678X", eu::cy),
    union("eu_vat_CZ", "CZ", "DIČ", "CZ12345678", eu::cz),
    union("eu_vat_DE", "DE", "USt-IdNr.", "DE123456789", eu::de),
    union("eu_vat_DK", "DK", "CVR", "DK 12 34 56 78", eu::dk),
    union("eu_vat_EE", "EE", "KMKR", "EE123456789", eu::ee),
    union("eu_vat_EL", "GR", "ΑΦΜ", "EL123456789", eu::el),
    union("eu_vat_ES", "ES", "NIF", "ESB12345678", eu::es),
    union("eu_vat_FI", "FI", "ALV", "FI12345678", eu::fi),
    union("eu_vat_FR", "FR", "n° TVA", "FR 12 345678901", eu::fr),
    union("eu_vat_HR", "HR", "OIB", "HR12345678901", eu::hr),
    union("eu_vat_HU", "HU", "adószám", "HU12345678", eu::hu),
    union("eu_vat_IE", "IE", "VAT", "IE1234567FA", eu::ie),
    union("eu_vat_IT", "IT", "partita IVA", "IT12345678901", eu::it),
    union("eu_vat_LT", "LT", "PVM", "LT123456715", eu::lt),
    union("eu_vat_LU", "LU", "TVA", "LU12345678", eu::lu),
    union("eu_vat_LV", "LV", "PVN", "LV40003521600", eu::lv),
    union("eu_vat_MT", "MT", "VAT", "MT12345678", eu::mt),
    union("eu_vat_NL", "NL", "btw-id", "NL123456789B01", eu::nl),
    union("eu_vat_PL", "PL", "NIP", "PL1234567890", eu::pl),
    union("eu_vat_PT", "PT", "NIF", "PT123456789", eu::pt),
    union("eu_vat_RO", "RO", "CIF", "RO1234567890", eu::ro),
    union("eu_vat_SE", "SE", "momsnr.", "SE123456789701", eu::se),
    union("eu_vat_SI", "SI", "ID za DDV", "SI12345678", eu::si),
    union("eu_vat_SK", "SK", "IČ DPH", "SK1234567891", eu::sk),
    // For goods from and to Northern Ireland only.
    union("eu_vat_XI", "GB", "VAT (Northern Ireland)", "XI123456789", world::gb),
    TaxIdKind { prefix: "GB", ..other("gb_vat", "GB", "gb_vat", "VAT", "GB 123 4567 89", "HMRC", world::gb) },
    other("ch_mwst", "CH", "ch_vat", "MWST", "CHE-123.456.789 MWST", "UID", world::ch_mwst),
    other("ch_uid", "CH", "ch_uid", "UID", "CHE-123.456.789", "UID", world::ch_uid),
    other("no_mva", "NO", "no_vat", "orgnr", "NO 123 456 789 MVA", "Brønnøysund", world::no_mva),
    other("au_abn", "AU", "au_abn", "ABN", "12 345 678 901", "ABR", world::au_abn),
    other("nz_gst", "NZ", "nz_gst", "GST", "123-456-789", "", world::nz_gst),
    other("ca_bn", "CA", "ca_bn", "business number", "12345 6789", "", world::ca_bn),
    other("ca_gst", "CA", "ca_gst_hst", "GST/HST", "123456789 RT 0001", "CRA", world::ca_gst),
    other("ca_qst", "CA", "ca_qst", "QST/TVQ", "1234567890 TQ 0001", "Revenu Québec", world::ca_qst),
    other("us_ein", "US", "us_ein", "EIN", "12-3456789", "", world::us_ein),
    other("in_gstin", "IN", "in_gst", "GSTIN", "27AAPFU0939F1ZV", "GSTN", world::in_gstin),
    other("br_cpf", "BR", "br_cpf", "CPF", "123.456.789-09", "", world::br_cpf),
    other("br_cnpj", "BR", "br_cnpj", "CNPJ", "12.345.678/0001-95", "", world::br_cnpj),
    other("jp_cn", "JP", "jp_cn", "法人番号", "1234567890123", "", world::jp_cn),
    other("jp_trn", "JP", "jp_trn", "登録番号", "T1234567890123", "NTA", world::jp_trn),
    other("sg_uen", "SG", "sg_uen", "UEN", "201912345K", "", world::sg_uen),
    other("sg_gst", "SG", "sg_gst", "GST", "M90312345A", "IRAS", world::sg_gst),
    other("za_vat", "ZA", "za_vat", "VAT", "4123456789", "", world::za_vat),
    other("cl_rut", "CL", "cl_tin", "RUT", "12.345.678-K", "", world::cl_rut),
    other("vn_mst", "VN", "vn_tin", "MST", "0123456789-001", "", world::vn_mst),
    other("it_cf", "IT", "", "codice fiscale", "RSSMRA85T10A562S", "", world::it_cf),
    other("it_sdi", "IT", "", "codice destinatario", "M5UXCR1", "", world::it_sdi),
];

/// A kind by its code.
pub fn kind(code: &str) -> Option<&'static TaxIdKind> {
    KINDS.iter().find(|k| k.code == code)
}

/// The kinds buyers of a country have, the usual one first; Monaco's are French, those of the Isle of Man British, Liechtenstein's Swiss.
pub fn kinds_of(country: &str) -> impl Iterator<Item = &'static TaxIdKind> {
    let country = match country {
        "MC" => "FR",
        "IM" => "GB",
        "LI" => "CH",
        "AX" => "FI",
        "GP" | "MQ" | "RE" | "GF" | "YT" => "FR",
        own => own,
    }
    .to_owned();
    let usual = |k: &&TaxIdKind| k.code == "eu_vat_XI";
    let of = move |k: &&TaxIdKind| k.country == country;
    KINDS.iter().filter(of.clone()).filter(move |k| !usual(k)).chain(KINDS.iter().filter(of).filter(move |k| usual(k)))
}

/// The stored form: capital letters and digits, full-width ones made plain, without separators, with the letters of the country where
/// the kind has them. Of an unknown kind: the text without surrounding spaces.
pub fn normalise(code: &str, typed: &str) -> String {
    let Some(kind) = kind(code) else { return typed.trim().to_owned() };
    let mut s: String = typed.chars().map(plain).filter(|c| !is_separator(*c)).collect();
    if kind.prefix == "EL" && s.starts_with("GR") {
        s.replace_range(..2, "EL");
    }
    if !s.starts_with(kind.prefix) {
        s.insert_str(0, kind.prefix);
    }
    let typed_before = match code {
        "no_mva" => "NO",
        "au_abn" => "ABN",
        "nz_gst" => "NZ",
        _ => "",
    };
    if let Some(rest) = s.strip_prefix(typed_before) {
        s = rest.to_owned();
    }
    // Old numbers are one digit shorter: a 0 goes in front.
    let (old, at) = match code {
        "nz_gst" => (8, 0),
        "eu_vat_BE" => (11, 2),
        "eu_vat_EL" => (10, 2),
        _ => (0, 0),
    };
    if s.len() == old && s[at..].bytes().all(|b| b.is_ascii_digit()) {
        s.insert(at, '0');
    }
    s
}

/// What a full-width character (U+FF01 to U+FF5E) stands for, as a capital.
fn plain(c: char) -> char {
    let code = u32::from(c);
    let c = if (0xff01..=0xff5e).contains(&code) { char::from_u32(code - 0xfee0).unwrap_or(c) } else { c };
    c.to_ascii_uppercase()
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '.' | ',' | '/' | '-' | '\'' | '’' | '·' | '_' | ':' | '(' | ')' | '−' | '\u{2010}'..='\u{2015}')
}

/// Whether a typed identity can be one of its kind.
pub fn check(code: &str, typed: &str) -> Checked {
    let stored = normalise(code, typed);
    let Some(kind) = kind(code) else { return Checked::Unknown(stored) };
    let answer = stored.strip_prefix(kind.prefix).and_then(|body| (kind.check)(body.as_bytes()));
    match answer {
        Some(true) => Checked::Ok(stored),
        Some(false) => Checked::WrongCheckDigits,
        None => Checked::WrongFormat,
    }
}
