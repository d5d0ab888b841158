//! Where a buyer is for tax: the state or special territory of an address.
//!
//! Entry point: [`resolve`]. A postcode that is well formed for its country decides, then the region, then the country; territories
//! with a country code of their own (RE, AX, JE ...) resolve too. Law: Directive 2006/112/EC arts. 5-7 and the acts named at the rows.
//! Not here: deciding in which country a buyer is ([`crate::evidence`]), rates ([`crate::tax`]), towns of the US.

/// What kind of tax territory a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// Inside the VAT territory of the European Union; one-stop shop and intra-Community rules apply.
    Union,
    /// A tax of its own: who is not registered there charges none and should ask why.
    National,
    /// Outside the Union's VAT with a tax of its own that binds only those registered for it (Canary Islands).
    Apart,
    /// Beside a state of the tables and outside its tax. Where a row says `none`, a law says that there is no tax on sales: a sale is outside
    /// the scope, goods sent there are exported. Where there is no row, the place has no rules, as other countries have none.
    Beside,
}

/// A place as tax sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose rates apply: `DE`, `PT-20`, `ES-CN`, `CH` for Büsingen. For the US and Canada the country.
    pub code: &'a str,
    /// Between places of one state there is no tax border: `DE`, `XI` (Northern Ireland, goods only), `FR-RE`.
    pub state: &'a str,
    /// The registration that charges there: `PT` for `PT-20`, `ES-CN` for the Canary Islands.
    pub registration: &'a str,
    /// Its kind.
    pub regime: Regime,
}

const fn place<'a>(code: &'a str, state: &'a str, registration: &'a str, regime: Regime) -> Place<'a> {
    Place { code, state, registration, regime }
}

/// Member states of the European Union on every date the tables cover.
#[rustfmt::skip]
const MEMBERS: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO",
    "SE", "SI", "SK",
];

/// Whether `state` is a member of the European Union.
pub fn is_member(state: &str) -> bool {
    MEMBERS.contains(&state)
}

/// Subdivisions of the countries whose tax goes by them, ISO 3166-2 without the country. Of the United States also what its post has codes for:
/// the forces abroad (AA, AE, AP) and the freely associated states (FM, MH, PW). Of India also the codes from before 2019 and 2023.
#[rustfmt::skip]
const REGIONS: [(&str, &[&str]); 3] = [
    ("CA", &["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"]),
    ("IN", &[
        "AN", "AP", "AR", "AS", "BR", "CG", "CH", "CT", "DD", "DH", "DL", "DN", "GA", "GJ", "HP", "HR", "JH", "JK", "KA", "KL", "LA", "LD", "MH", "ML",
        "MN", "MP", "MZ", "NL", "OD", "OR", "PB", "PY", "RJ", "SK", "TG", "TN", "TR", "TS", "UK", "UP", "UT", "WB",
    ]),
    ("US", &[
        "AA", "AE", "AK", "AL", "AP", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "FM", "GA", "GU", "HI", "IA", "ID", "IL", "IN", "KS", "KY",
        "LA", "MA", "MD", "ME", "MH", "MI", "MN", "MO", "MP", "MS", "MT", "NC", "ND", "NE", "NH", "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "PR",
        "PW", "RI", "SC", "SD", "TN", "TX", "UM", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
    ]),
];

/// Whether a country has a region, in either case; `None` where tax does not go by regions and no list is kept.
pub fn has_region(country: &str, region: &str) -> Option<bool> {
    let (_, codes) = REGIONS.iter().find(|(of, _)| *of == country)?;
    Some(codes.iter().any(|code| code.eq_ignore_ascii_case(region)))
}

/// A state or union territory of India by its code of today, upper case.
pub fn state_of_india(region: &str) -> String {
    let code = region.to_ascii_uppercase();
    let now = match code.as_str() {
        "CT" => "CG",
        "DD" | "DN" => "DH",
        "OR" => "OD",
        "TG" => "TS",
        "UT" => "UK",
        _ => return code,
    };
    now.to_owned()
}

/// Whether a territory has a registration of its own by this name (`ES-CN`).
pub(crate) fn is_registration(name: &str) -> bool {
    TERRITORIES.iter().any(|t| t.place.registration == name && t.place.regime != Regime::Beside)
}

/// Codes of territories that are also ISO countries, as the second half of a place's code (`RE` of `FR-RE`).
pub(crate) const ISO_PARTS: [&str; 6] = ["GP", "MQ", "RE", "GF", "YT", "SJ"];

/// A special territory inside a country: its postcodes (first and last, inclusive) and subdivision codes (ISO 3166-2, local names).
struct Territory {
    country: &'static str,
    postcodes: &'static [(u32, u32)],
    regions: &'static [&'static str],
    place: Place<'static>,
}

use Regime::{Apart, Beside, National, Union};

const fn territory(
    country: &'static str,
    postcodes: &'static [(u32, u32)],
    regions: &'static [&'static str],
    place: Place<'static>,
) -> Territory {
    Territory { country, postcodes, regions, place }
}

/// Tax of the mainland state, outside the Union's VAT: French departments overseas (Directive art. 6(1)(c); CGI art. 294, 296).
const fn overseas(code: &'static str) -> Place<'static> {
    place(code, code, "FR", National)
}

const fn beside(code: &'static str) -> Place<'static> {
    place(code, code, code, Beside)
}

/// Outside the indirect tax zone (GST Act 1999 s. 195-1): Norfolk Island, Christmas Island, Cocos.
const AUSTRALIA_OUTSIDE: Place<'static> = beside("AU-EXT");
/// Svalbard and Jan Mayen (Merverdiavgiftsloven § 1-2).
const SVALBARD: Place<'static> = beside("NO-SJ");

/// Büsingen and Liechtenstein: Swiss tax (MWSTG Art. 3 lit. a; Directive art. 6(2)(b)).
const SWISS: Place<'static> = place("CH", "CH", "CH", National);
/// Outside the Union's VAT, import tax at Finnish rates (Directive art. 6(1)(d); Act 1266/1996).
const ALAND: Place<'static> = place("FI", "AX", "FI", National);

#[rustfmt::skip]
const TERRITORIES: &[Territory] = &[
    // Büsingen, also by its Swiss code; Heligoland (Directive art. 6(2)(a), UStG § 1 Abs. 2).
    territory("DE", &[(78_266, 78_266), (8_238, 8_238)], &[], SWISS),
    territory("DE", &[(27_498, 27_498)], &[], beside("DE-HEL")),
    // Livigno (art. 6(2)(e)), Campione d'Italia (art. 6(1)(f); it has the ILCCI, L. 160/2019 art. 1 c. 559 ff.), San Marino and the Vatican
    // written as Italian addresses.
    territory("IT", &[(23_041, 23_041)], &[], beside("IT-LIV")),
    territory("IT", &[(22_061, 22_061)], &[], beside("IT-CAM")),
    territory("IT", &[(47_890, 47_899)], &[], beside("SM")),
    territory("IT", &[(120, 120)], &[], beside("VA")),
    // Canary Islands (art. 6(1)(b); Ley 20/1991), Ceuta and Melilla (art. 6(2)(c), (d)), which have the IPSI (Ley 8/1991).
    territory("ES", &[(35_000, 35_999), (38_000, 38_999)], &["CN", "GC", "TF"], place("ES-CN", "ES-CN", "ES-CN", Apart)),
    territory("ES", &[(51_000, 51_999)], &["CE"], beside("ES-CE")),
    territory("ES", &[(52_000, 52_999)], &["ML"], beside("ES-ML")),
    // Departments overseas; 97133 and 97150 are Saint-Barthélemy and Saint-Martin.
    territory("FR", &[(97_133, 97_133)], &["BL", "977"], beside("BL")),
    territory("FR", &[(97_150, 97_150)], &["MF", "978"], beside("MF")),
    territory("FR", &[(97_100, 97_199)], &["GP", "971"], overseas("FR-GP")),
    territory("FR", &[(97_200, 97_299)], &["MQ", "972"], overseas("FR-MQ")),
    territory("FR", &[(97_300, 97_399)], &["GF", "973"], overseas("FR-GF")),
    territory("FR", &[(97_400, 97_499)], &["RE", "974"], overseas("FR-RE")),
    territory("FR", &[(97_500, 97_599)], &["PM", "975"], beside("PM")),
    territory("FR", &[(97_600, 97_699)], &["YT", "976"], overseas("FR-YT")),
    territory("FR", &[(98_400, 98_499)], &["TF"], beside("TF")),
    territory("FR", &[(98_600, 98_699)], &["WF"], beside("WF")),
    territory("FR", &[(98_700, 98_799)], &["PF"], beside("PF")),
    territory("FR", &[(98_800, 98_899)], &["NC"], beside("NC")),
    // Madeira and the Azores: Union, own rates (art. 105(2); CIVA art. 18.º n.º 3).
    territory("PT", &[(9_000, 9_499)], &["30"], place("PT-30", "PT", "PT", Union)),
    territory("PT", &[(9_500, 9_999)], &["20"], place("PT-20", "PT", "PT", Union)),
    territory("FI", &[(22_000, 22_999)], &["01", "AX"], ALAND),
    // Mount Athos (art. 6(1)(a)).
    territory("GR", &[(63_086, 63_087)], &["69"], beside("GR-ATH")),
    // The part without effective control of the Republic (Act of Accession 2003, Protocol 10 art. 1).
    territory("CY", &[(99_000, 99_999)], &[], beside("CY-N")),
    territory("NO", &[(8_099, 8_099), (9_170, 9_178)], &["21", "22", "SJ"], SVALBARD),
    territory("AU", &[(2_899, 2_899), (6_798, 6_799)], &[], AUSTRALIA_OUTSIDE),
];

/// Samnaun: no Swiss tax on goods, digital services are taxed (MWSTG Art. 4).
const SAMNAUN: (u32, u32) = (7_562, 7_563);
/// Under the Windsor Framework goods in Northern Ireland are in the Union, at British rates (Directive 2006/112/EC art. 215).
const NORTHERN_IRELAND: Place<'static> = place("GB", "XI", "GB", Union);
/// Places with an ISO code outside the tax of the states beside them (Directive art. 6; TFEU art. 198, 355; VATA 1994 s. 96). Most have one of
/// their own: AD the IGI, AW the BBO and BAVP, BQ the ABB, CW the OB, FO the MVG, GI the transaction tax on goods (since 2026), JE the GST, MF the
/// TGCA, NC the TGC, PF the TVA, SM the monofase, SX the TOT. Of BL, PM, TF, VA and WF no law was found that says there is none. Of GG and GL it was: rows.
#[rustfmt::skip]
const OUTSIDE: [&str; 19] = [
    "AD", "AW", "BL", "BQ", "CW", "FO", "GG", "GI", "GL", "JE", "MF", "NC", "PF", "PM", "SM", "SX", "TF", "VA", "WF",
];

/// The tax place of an address. `country` is ISO 3166-1 alpha-2, `region` without the country, `goods`: whether something is sent
/// there rather than downloaded. Any text is answered; one that is no country is its own place without rules.
pub fn resolve<'a>(country: &'a str, region: Option<&str>, postcode: Option<&str>, goods: bool) -> Place<'a> {
    if let Some(own) = by_country(country) {
        return own;
    }
    let code = postcode.map(|p| Postcode::read(country, p)).unwrap_or(Postcode::Unknown);
    if country == "GB" {
        return match (code, region) {
            (Postcode::British("JE"), _) => beside("JE"),
            (Postcode::British("GY"), _) => beside("GG"),
            (Postcode::British("GX"), _) => beside("GI"),
            (Postcode::British("BT"), _) if goods => NORTHERN_IRELAND,
            (Postcode::Unknown, Some(region)) if goods && region.eq_ignore_ascii_case("NIR") => NORTHERN_IRELAND,
            _ => place("GB", "GB", "GB", National),
        };
    }
    let found = TERRITORIES.iter().filter(|t| t.country == country).find(|t| match code {
        Postcode::Number(n) => t.postcodes.iter().any(|(first, last)| (*first..=*last).contains(&n)),
        _ => region.is_some_and(|r| t.regions.iter().any(|own| own.eq_ignore_ascii_case(r))),
    });
    if let Some(found) = found {
        return found.place;
    }
    if let Postcode::Number(n) = code
        && country == "CH"
        && goods
        && (SAMNAUN.0..=SAMNAUN.1).contains(&n)
    {
        return beside("CH-SAM");
    }
    place(country, country, country, if is_member(country) { Union } else { National })
}

/// Whether a postcode can say that a part of this country (ISO 3166-1 alpha-2) has a tax of its own, also for what is downloaded.
pub fn has_parts(country: &str) -> bool {
    country == "GB" || TERRITORIES.iter().any(|t| t.country == country && !t.postcodes.is_empty())
}

/// Countries and territories that follow another's tax, or stand outside it.
fn by_country(country: &str) -> Option<Place<'static>> {
    Some(match country {
        // Directive art. 7(1): Monaco as France, Isle of Man as the United Kingdom.
        "MC" => place("FR", "FR", "FR", Union),
        "IM" => place("GB", "GB", "GB", National),
        "LI" => SWISS,
        "AX" => ALAND,
        "GP" => overseas("FR-GP"),
        "MQ" => overseas("FR-MQ"),
        "GF" => overseas("FR-GF"),
        "RE" => overseas("FR-RE"),
        "YT" => overseas("FR-YT"),
        "SJ" => SVALBARD,
        "CC" | "CX" | "NF" => AUSTRALIA_OUTSIDE,
        other => beside(OUTSIDE.iter().find(|code| **code == other)?),
    })
}

/// A postcode as far as territories need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Postcode {
    /// Digits of the length that the country uses; four of Portugal's seven.
    Number(u32),
    /// Letters before the first digit of a British one.
    British(&'static str),
    /// Not one of that country.
    Unknown,
}

impl Postcode {
    fn read(country: &str, text: &str) -> Self {
        let mut letters = 0;
        let (mut number, mut digits) = (0_u32, 0_usize);
        let mut area = [0_u8; 2];
        for c in text.chars() {
            match c {
                '0'..='9' if digits < 9 => {
                    number = number * 10 + (u32::from(c) - u32::from('0'));
                    digits += 1;
                }
                // A country's letters may stand in front: `D-78266`, `AX-22100`, `LV-1010`.
                'a'..='z' | 'A'..='Z' if digits == 0 => {
                    if letters < 2 {
                        area[letters] = c.to_ascii_uppercase() as u8;
                    }
                    letters += 1;
                }
                ' ' | '-' | '.' | '\u{a0}' => {}
                _ if country == "GB" => {}
                _ => return Self::Unknown,
            }
        }
        if country == "GB" {
            let known = ["BT", "JE", "GY", "GX", "IM"].into_iter().find(|known| known.as_bytes() == area);
            return match (letters, digits) {
                (2, 1..) => Self::British(known.unwrap_or("other")),
                (1, 1..) => Self::British("other"),
                _ => Self::Unknown,
            };
        }
        let wanted = match country {
            "PT" | "NO" | "AU" | "CH" => 4,
            _ => 5,
        };
        match (country, digits) {
            _ if letters > 2 => Self::Unknown,
            (_, n) if n == wanted => Self::Number(number),
            // 9500-321; and Büsingen's Swiss code.
            ("PT", 7) => Self::Number(number / 1000),
            ("DE", 4) if number == 8_238 => Self::Number(number),
            _ => Self::Unknown,
        }
    }
}

/// Whether goods meet no tax border between two places.
pub(crate) fn is_inside(origin: &Place<'_>, place: &Place<'_>) -> bool {
    origin.state == place.state
        || origin.regime == Regime::Union && place.regime == Regime::Union
        // Goods from Great Britain to Northern Ireland are a domestic sale.
        || origin.state == "GB" && place.state == "XI"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(country: &str, region: Option<&str>, postcode: &str, goods: bool) -> (String, Regime) {
        let postcode = (!postcode.is_empty()).then_some(postcode);
        let p = resolve(country, region, postcode, goods);
        (format!("{}/{}", p.code, p.state), p.regime)
    }

    #[test]
    fn postcodes_decide_at_their_boundaries() {
        let cases = [
            ("ES", "34999", "ES/ES", Union),
            ("ES", "35000", "ES-CN/ES-CN", Apart),
            ("ES", "35999", "ES-CN/ES-CN", Apart),
            ("ES", "36000", "ES/ES", Union),
            ("ES", "38999", "ES-CN/ES-CN", Apart),
            ("ES", "51001", "ES-CE/ES-CE", Beside),
            ("ES", "52999", "ES-ML/ES-ML", Beside),
            ("ES", "53000", "ES/ES", Union),
            ("DE", "78265", "DE/DE", Union),
            ("DE", "78266", "CH/CH", National),
            ("DE", "D-78266", "CH/CH", National),
            ("DE", "8238", "CH/CH", National),
            ("DE", "27498", "DE-HEL/DE-HEL", Beside),
            ("DE", "27499", "DE/DE", Union),
            ("IT", "23041", "IT-LIV/IT-LIV", Beside),
            ("IT", "23030", "IT/IT", Union),
            ("IT", "22061", "IT-CAM/IT-CAM", Beside),
            ("IT", "00120", "VA/VA", Beside),
            ("IT", "00121", "IT/IT", Union),
            ("PT", "8999-999", "PT/PT", Union),
            ("PT", "9000-001", "PT-30/PT", Union),
            ("PT", "9499", "PT-30/PT", Union),
            ("PT", "9500-321", "PT-20/PT", Union),
            ("FI", "21999", "FI/FI", Union),
            ("FI", "FI-22100", "FI/AX", National),
            ("GR", "630 86", "GR-ATH/GR-ATH", Beside),
            ("GR", "63088", "GR/GR", Union),
            ("FR", "97132", "FR-GP/FR-GP", National),
            ("FR", "97133", "BL/BL", Beside),
            ("FR", "97150", "MF/MF", Beside),
            ("FR", "97300", "FR-GF/FR-GF", National),
            ("FR", "97 400", "FR-RE/FR-RE", National),
            ("FR", "20000", "FR/FR", Union),
            ("FR", "98000", "FR/FR", Union),
            ("AT", "6691", "AT/AT", Union),
            ("CY", "99010", "CY-N/CY-N", Beside),
            ("NO", "9169", "NO/NO", National),
            ("NO", "9170", "NO-SJ/NO-SJ", Beside),
            ("AU", "2898", "AU/AU", National),
            ("AU", "2899", "AU-EXT/AU-EXT", Beside),
            ("CH", "7562", "CH/CH", National),
            ("GB", "je2 3ab", "JE/JE", Beside),
            ("GB", "GY9 3UF", "GG/GG", Beside),
            ("GB", "IM1 1AA", "GB/GB", National),
        ];
        for (country, postcode, want, regime) in cases {
            assert_eq!(code(country, None, postcode, false), (want.to_owned(), regime), "{country} {postcode}");
        }
    }

    #[test]
    fn goods_and_services_may_differ() {
        assert_eq!(code("GB", None, "BT1 1AA", true), ("GB/XI".into(), Union));
        assert_eq!(code("GB", None, "BT1 1AA", false), ("GB/GB".into(), National));
        assert_eq!(code("GB", None, "B1 1AA", true), ("GB/GB".into(), National));
        assert_eq!(code("GB", Some("NIR"), "", true), ("GB/XI".into(), Union));
        assert_eq!(code("CH", None, "7563", true), ("CH-SAM/CH-SAM".into(), Beside));
    }

    #[test]
    fn a_region_decides_only_without_a_postcode_of_the_country() {
        assert_eq!(code("ES", Some("gc"), "", false).0, "ES-CN/ES-CN");
        assert_eq!(code("ES", Some("GC"), "?", false).0, "ES-CN/ES-CN");
        assert_eq!(code("ES", Some("GC"), "28001", false).0, "ES/ES");
        assert_eq!(code("PT", Some("20"), "", false).0, "PT-20/PT");
    }

    #[test]
    fn territories_with_a_country_code_resolve() {
        let cases = [
            ("GP", "FR-GP/FR-GP", National),
            ("RE", "FR-RE/FR-RE", National),
            ("YT", "FR-YT/FR-YT", National),
            ("AX", "FI/AX", National),
            ("JE", "JE/JE", Beside),
            ("GI", "GI/GI", Beside),
            ("SM", "SM/SM", Beside),
            ("AD", "AD/AD", Beside),
            ("SJ", "NO-SJ/NO-SJ", Beside),
            ("NF", "AU-EXT/AU-EXT", Beside),
            ("GL", "GL/GL", Beside),
            ("MC", "FR/FR", Union),
            ("IM", "GB/GB", National),
            ("LI", "CH/CH", National),
            ("PR", "PR/PR", National),
            ("BR", "BR/BR", National),
        ];
        for (country, want, regime) in cases {
            assert_eq!(code(country, None, "", false), (want.to_owned(), regime), "{country}");
        }
    }

    #[test]
    fn any_text_is_answered() {
        for text in ["", "99999999999999999999", "ÄÖ-１２", "BT", "\u{0}", "ABCDEFGH1"] {
            for country in ["GB", "DE", "PT", "", "ZZ"] {
                let _ = resolve(country, Some(text), Some(text), true);
            }
        }
    }
}
