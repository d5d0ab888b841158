//! The built-in rates with their legal sources.
//!
//! EU, GB and CH standard rates are those of PyPI `eu-vat-rates-data` 2026.9.29 (European Commission, Taxes in Europe Database); book rates are
//! among its reduced rates (zero rates of CZ, IE, GB are not listed there). Which reduced rate books have, and all other rows, follow the
//! cited law. A class without a row pays the standard rate of its place. A row starts no earlier than the law it cites; a day before the first row has no rule.

/// Jurisdiction, classes (empty: every other), millionths, first day, name of the tax, legal source.
pub(crate) type Row = (&'static str, &'static [&'static str], i64, &'static str, &'static str, &'static str);

const BOOKS: &[&str] = &["ebook", "printed_book"];
const PRINT: &[&str] = &["printed_book"];
const EBOOK: &[&str] = &["ebook"];
const DIGITAL: &[&str] = &["ebook", "audiobook", "digital_music", "digital_video"];
const ALL: &[&str] = &[];
const SHIP: &[&str] = &["shipping"];
const EU: &str = "Directive 2006/112/EC art. 96; TEDB 2026-09-29";
const EUB: &str = "Directive 2006/112/EC art. 98, Annex III (6); TEDB 2026-09-29";
const D26: &str = "2026-01-01";
const ETA: &str = "Excise Tax Act (R.S.C. 1985, c. E-15) s. 165";
const HST: &str = "Excise Tax Act s. 165(2), Sch. VIII; New Harmonized Value-added Tax System Regulations";
const HSTB: &str = "Excise Tax Act s. 259.1 and provincial point-of-sale rebate: printed books pay the federal part";
const QST: &str = "Act respecting the Quebec sales tax (CQLR c. T-0.1) s. 16";

#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    ("DE", ALL, 190_000, D26, "USt", "UStG § 12 Abs. 1"),
    ("DE", BOOKS, 70_000, D26, "USt", "UStG § 12 Abs. 2 Nr. 1, 14, Anlage 2 Nr. 49"),
    ("FR", ALL, 200_000, D26, "TVA", "CGI art. 278"),
    ("FR", BOOKS, 55_000, D26, "TVA", "CGI art. 278-0 bis A 3°"),
    ("AT", ALL, 200_000, D26, "USt", "UStG 1994 § 10 Abs. 1"),
    ("AT", BOOKS, 100_000, D26, "USt", "UStG 1994 § 10 Abs. 2 Z 1, 9"),
    ("BE", ALL, 210_000, D26, "VAT", EU), ("BE", BOOKS, 60_000, D26, "VAT", EUB),
    ("BG", ALL, 200_000, D26, "VAT", EU), ("BG", BOOKS, 90_000, D26, "VAT", EUB),
    ("CY", ALL, 190_000, D26, "VAT", EU),
    ("CZ", ALL, 210_000, D26, "VAT", EU), ("CZ", BOOKS, 0, D26, "VAT", "Act 235/2004 Coll. § 71i (books)"),
    ("DK", ALL, 250_000, D26, "VAT", EU),
    ("EE", ALL, 240_000, D26, "VAT", EU), ("EE", BOOKS, 90_000, D26, "VAT", EUB),
    ("ES", ALL, 210_000, D26, "IVA", EU), ("ES", BOOKS, 40_000, D26, "IVA", "Ley 37/1992 art. 91.Dos.1.2º"),
    ("FI", ALL, 255_000, D26, "VAT", EU), ("FI", BOOKS, 135_000, D26, "VAT", EUB),
    ("GR", ALL, 240_000, D26, "VAT", EU), ("GR", BOOKS, 60_000, D26, "VAT", EUB),
    ("HR", ALL, 250_000, D26, "VAT", EU), ("HR", BOOKS, 50_000, D26, "VAT", EUB),
    ("HU", ALL, 270_000, D26, "VAT", EU), ("HU", PRINT, 50_000, D26, "VAT", EUB),
    ("IE", ALL, 230_000, D26, "VAT", EU), ("IE", BOOKS, 0, D26, "VAT", "Value-Added Tax Consolidation Act 2010 Sch. 2"),
    ("IT", ALL, 220_000, D26, "IVA", EU), ("IT", BOOKS, 40_000, D26, "IVA", "DPR 633/1972 Tab. A parte II n. 18; L. 190/2014 art. 1 c. 667"),
    ("LT", ALL, 210_000, D26, "VAT", EU), ("LT", BOOKS, 50_000, D26, "VAT", EUB),
    ("LU", ALL, 170_000, D26, "VAT", EU), ("LU", BOOKS, 30_000, D26, "VAT", EUB),
    ("LV", ALL, 210_000, D26, "VAT", EU),
    ("MT", ALL, 180_000, D26, "VAT", EU), ("MT", BOOKS, 50_000, D26, "VAT", EUB),
    ("NL", ALL, 210_000, D26, "BTW", EU), ("NL", BOOKS, 90_000, D26, "BTW", EUB),
    ("PL", ALL, 230_000, D26, "VAT", EU), ("PL", BOOKS, 50_000, D26, "VAT", EUB),
    ("PT", ALL, 230_000, D26, "IVA", EU), ("PT", BOOKS, 60_000, D26, "IVA", EUB),
    ("RO", ALL, 210_000, D26, "VAT", EU), ("RO", BOOKS, 110_000, D26, "VAT", EUB),
    ("SE", ALL, 250_000, D26, "VAT", EU), ("SE", BOOKS, 60_000, D26, "VAT", EUB),
    ("SI", ALL, 220_000, D26, "VAT", EU), ("SI", BOOKS, 50_000, D26, "VAT", EUB),
    ("SK", ALL, 230_000, D26, "VAT", EU), ("SK", BOOKS, 50_000, D26, "VAT", EUB),
    ("GB", ALL, 200_000, "2011-01-04", "VAT", "Value Added Tax Act 1994 s. 2"),
    ("GB", PRINT, 0, "2011-01-04", "VAT", "Value Added Tax Act 1994 Sch. 8 Group 3"),
    ("GB", EBOOK, 0, "2020-05-01", "VAT", "Value Added Tax Act 1994 Sch. 8 Group 3 item 7; SI 2020/459"),
    ("CH", ALL, 81_000, "2024-01-01", "MWST", "MWSTG Art. 25 Abs. 1"),
    ("CH", BOOKS, 26_000, "2024-01-01", "MWST", "MWSTG Art. 25 Abs. 2 lit. a Ziff. 9, lit. a^bis"),
    ("JP", ALL, 100_000, "2019-10-01", "JCT", "Consumption Tax Act (Act 108 of 1988) art. 29; Local Tax Act art. 72-83"),
    ("CA", ALL, 50_000, "2008-01-01", "GST", ETA),
    ("CA-ON", ALL, 130_000, "2010-07-01", "HST", HST), ("CA-ON", PRINT, 50_000, "2010-07-01", "HST", HSTB),
    ("CA-NB", ALL, 150_000, "2016-07-01", "HST", HST), ("CA-NB", PRINT, 50_000, "2016-07-01", "HST", HSTB),
    ("CA-NL", ALL, 150_000, "2016-07-01", "HST", HST), ("CA-NL", PRINT, 50_000, "2018-01-01", "HST", HSTB),
    ("CA-PE", ALL, 150_000, "2016-10-01", "HST", HST), ("CA-PE", PRINT, 50_000, "2016-10-01", "HST", HSTB),
    ("CA-NS", ALL, 140_000, "2025-04-01", "HST", HST), ("CA-NS", PRINT, 50_000, "2025-04-01", "HST", HSTB),
    ("CA-QC", ALL, 99_750, "2013-01-01", "QST", QST), ("CA-QC", PRINT, 0, "2013-01-01", "QST", "CQLR c. T-0.1 s. 198.1 (printed books)"),
    ("CA-BC", ALL, 70_000, "2013-04-01", "PST", "Provincial Sales Tax Act (SBC 2012 c. 35) s. 34"), ("CA-BC", BOOKS, 0, "2013-04-01", "PST", "PST Exemption and Refund Regulation (books)"),
    ("CA-MB", ALL, 70_000, "2019-07-01", "RST", "The Retail Sales Tax Act (C.C.S.M. c. R130) s. 2"), ("CA-MB", PRINT, 0, "2019-07-01", "RST", "C.C.S.M. c. R130 s. 3 (books)"),
    ("CA-SK", ALL, 60_000, "2017-03-23", "PST", "The Provincial Sales Tax Act (SS c. P-34.1) s. 5"), ("CA-SK", PRINT, 0, "2017-03-23", "PST", "SS c. P-34.1 s. 8 (books)"),
    ("US-CA", ALL, 72_500, "2017-01-01", "sales tax", "Cal. Rev. & Tax. Code § 6051 ff."), ("US-CA", DIGITAL, 0, "2017-01-01", "sales tax", "18 CCR § 1502 (transfers by download)"), ("US-CA", SHIP, 0, "2017-01-01", "sales tax", "18 CCR § 1628 (separately stated delivery)"),
    ("US-NY", ALL, 40_000, "2005-06-01", "sales tax", "N.Y. Tax Law § 1105(a)"), ("US-NY", DIGITAL, 0, "2005-06-01", "sales tax", "N.Y. Tax Law § 1101(b)(6); TSB-A-08(22)S"),
    ("US-TX", ALL, 62_500, "1990-07-01", "sales tax", "Tex. Tax Code §§ 151.051, 151.009"),
    ("US-WA", ALL, 65_000, "2009-07-26", "sales tax", "RCW 82.08.020, 82.04.192 (digital products)"),
    ("US-PA", ALL, 60_000, "2016-08-01", "sales tax", "72 P.S. §§ 7202, 7201(m) (Act 84 of 2016)"),
    ("US-NJ", ALL, 66_250, "2018-01-01", "sales tax", "N.J.S.A. 54:32B-3 (specified digital products)"),
    ("US-FL", ALL, 60_000, "1988-02-01", "sales tax", "Fla. Stat. § 212.05"), ("US-FL", DIGITAL, 0, "1988-02-01", "sales tax", "Fla. Stat. § 212.02(19) (tangible personal property)"), ("US-FL", SHIP, 0, "1988-02-01", "sales tax", "Fla. Admin. Code 12A-1.045 (optional, separately stated)"),
    ("US-OR", ALL, 0, "2000-01-01", "none", "no state sales tax"), ("US-MT", ALL, 0, "2000-01-01", "none", "no state sales tax"),
    ("US-NH", ALL, 0, "2000-01-01", "none", "no state sales tax"), ("US-DE", ALL, 0, "2000-01-01", "none", "no state sales tax"),
];
