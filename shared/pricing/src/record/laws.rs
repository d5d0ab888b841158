//! The laws by which a marketplace sells in a shop's stead, one row a law.

use super::{Presumption, Sale};
use crate::quote::Kind;
use crate::territory::{Place, Regime, is_member, resolve};

/// Whether the row's law is about a sale.
type Applies = fn(&Sale<'_>) -> bool;

/// Up to which worth a law holds.
pub(super) struct Most {
    pub(super) currency: &'static str,
    pub(super) minor: i64,
    /// One piece counts, not all that is sent together.
    pub(super) each: bool,
}

/// Where the tax is registered, from when on the law holds, whether it is about a sale, its name and source.
pub(super) struct Rule {
    /// `US-`: of any state.
    pub(super) registration: &'static str,
    pub(super) from: &'static str,
    pub(super) applies: Applies,
    /// Tax classes it does not reach.
    pub(super) except: &'static [&'static str],
    pub(super) most: Option<Most>,
    pub(super) presumption: Presumption,
}

const fn law(
    id: &'static str,
    source: &'static str,
    registration: &'static str,
    from: &'static str,
    applies: Applies,
) -> Rule {
    Rule { registration, from, applies, except: &[], most: None, presumption: Presumption { id, source } }
}

/// A state's law on marketplaces that names files; classes the state does not tax are left out, for its law is about taxable sales.
const fn files_in(
    registration: &'static str,
    from: &'static str,
    source: &'static str,
    except: &'static [&'static str],
) -> Rule {
    Rule { except, ..law("us-digital", source, registration, from, |s| s.kind == Kind::Digital && s.country == "US") }
}

impl Rule {
    /// Of all that is sent together.
    const fn up_to(self, currency: &'static str, minor: i64) -> Self {
        Self { most: Some(Most { currency, minor, each: false }), ..self }
    }

    /// Of one piece.
    const fn each_up_to(self, currency: &'static str, minor: i64) -> Self {
        Self { most: Some(Most { currency, minor, each: true }), ..self }
    }
}

fn place<'s>(s: &Sale<'s>) -> Place<'s> {
    resolve(s.country, s.region, s.postcode, s.kind == Kind::Physical)
}

fn union(s: &Sale<'_>) -> bool {
    place(s).regime == Regime::Union
}

/// Files for a place with the tax of a country.
fn file(s: &Sale<'_>, country: &str) -> bool {
    s.kind == Kind::Digital && place(s).code == country
}

/// Files of a shop abroad.
fn foreign_file(s: &Sale<'_>, country: &str) -> bool {
    file(s, country) && s.shop != country
}

/// Parcels of a shop abroad to a consumer, sent into a country.
fn foreign_parcel(s: &Sale<'_>, country: &str) -> bool {
    let comes = s.kind == Kind::Physical && place(s).code == country && s.ships_from != country;
    comes && s.shop != country && !s.business
}

/// The shop charges GST or QST by itself.
fn is_registered_in_canada(s: &Sale<'_>) -> bool {
    s.shop_registrations.iter().any(|r| r == "CA" || r == "CA-QC")
}

/// Goods that are in Canada, of a shop abroad or at home that is not registered.
fn canadian_goods(s: &Sale<'_>) -> bool {
    s.kind == Kind::Physical && s.country == "CA" && s.ships_from == "CA" && !is_registered_in_canada(s)
}

fn british_goods(s: &Sale<'_>) -> bool {
    s.kind == Kind::Physical && s.country == "GB" && s.shop != "GB" && !s.business
}

/// Every law, the more special first; of two that are about one sale the first whose tax the marketplace is registered for.
///
/// Not here, for want of certainty: Iceland, the provinces of Canada but Quebec, states of the US whose law on marketplaces does not clearly
/// name files (among them Colorado, Maine, Ohio, Tennessee, Vermont).
pub(super) const RULES: [Rule; 39] = [
    law(
        "eu-digital",
        "Directive 2006/112/EC art. 28; Implementing Regulation (EU) 282/2011 art. 9a",
        "EU-OSS",
        "2015-01-01",
        |s| s.kind == Kind::Digital && union(s),
    ),
    law("eu-goods-imported", "Directive 2006/112/EC art. 14a(1)", "EU-IOSS", "2021-07-01", |s| {
        let outside = resolve(s.ships_from, None, None, true).regime != Regime::Union;
        s.kind == Kind::Physical && union(s) && outside && !s.business
    })
    .up_to("EUR", 15_000),
    law("eu-goods-of-others", "Directive 2006/112/EC art. 14a(2)", "EU-OSS", "2021-07-01", |s| {
        let inside = resolve(s.ships_from, None, None, true).regime == Regime::Union;
        s.kind == Kind::Physical && union(s) && inside && !s.business && !is_member(s.shop)
    }),
    // The section does not tell businesses apart; the guidance that takes platforms for such agents is about consumers.
    law("gb-digital", "Value Added Tax Act 1994 s. 47(4), (5) (Finance Act 2014 s. 106)", "GB", "2015-01-01", |s| {
        file(s, "GB") && !s.business
    }),
    law("gb-goods", "Value Added Tax Act 1994 s. 5A, 7AA", "GB", "2021-01-01", |s| {
        british_goods(s) && s.ships_from != "GB"
    })
    .up_to("GBP", 13_500),
    law("gb-goods", "Value Added Tax Act 1994 s. 5A, 7AA", "GB", "2021-01-01", |s| {
        british_goods(s) && s.ships_from == "GB"
    }),
    law("ch-goods", "MWSTG Art. 20a", "CH", "2025-01-01", |s| {
        s.kind == Kind::Physical && matches!(s.country, "CH" | "LI")
    }),
    // Of shops in Norway as well: both sell. Businesses account for the tax themselves (§ 11-3).
    law(
        "no-digital",
        "Merverdiavgiftsloven § 3-1 fjerde ledd, § 2-1 tredje ledd, § 11-3 annet ledd",
        "NO",
        "2011-07-01",
        |s| file(s, "NO") && !s.business,
    ),
    // VOEC. Whether it is about shops in Norway that send from abroad is not sure.
    law(
        "no-goods",
        "Merverdiavgiftsloven § 3-1 annet ledd, § 2-1 tredje ledd, § 11-2; FMVA § 14-4-2",
        "NO",
        "2020-04-01",
        |s| foreign_parcel(s, "NO"),
    )
    .each_up_to("NOK", 300_000),
    law("au-digital", "GST Act 1999 s. 84-55", "AU", "2017-07-01", |s| {
        s.kind == Kind::Digital && s.country == "AU" && s.shop != "AU" && !s.business
    }),
    // The limit is one of pieces, but of what is sent together for more the border takes the tax.
    law("au-goods", "GST Act 1999 s. 84-81", "AU", "2018-07-01", |s| {
        s.kind == Kind::Physical && s.country == "AU" && s.ships_from != "AU" && !s.business
    })
    .up_to("AUD", 100_000),
    law("nz-digital", "Goods and Services Tax Act 1985 s. 60C", "NZ", "2016-10-01", |s| {
        s.kind == Kind::Digital && s.country == "NZ" && s.shop != "NZ" && !s.business
    }),
    law("nz-goods", "Goods and Services Tax Act 1985 s. 4B, 60C", "NZ", "2019-12-01", |s| foreign_parcel(s, "NZ"))
        .each_up_to("NZD", 100_000),
    law("sg-digital", "Goods and Services Tax Act 1993 s. 8(1A), Seventh Schedule", "SG", "2020-01-01", |s| {
        foreign_file(s, "SG") && !s.business
    }),
    // What shops in Singapore send from abroad may be the marketplace's too, by election.
    law("sg-goods", "Goods and Services Tax Act 1993 s. 8(1A), 10A, Seventh Schedule", "SG", "2023-01-01", |s| {
        foreign_parcel(s, "SG")
    })
    .each_up_to("SGD", 40_000),
    // Of designated operators only; also to businesses, unless it is by its nature for businesses alone.
    law(
        "jp-digital",
        "Consumption Tax Act (Act 108 of 1988) art. 15-2 (specified platform operators)",
        "JP-SPO",
        "2025-04-01",
        |s| foreign_file(s, "JP"),
    ),
    // Where shop and marketplace are both outside of India.
    law("in-digital", "IGST Act 2017 s. 14(1), proviso (intermediaries)", "IN", "2017-07-01", |s| {
        foreign_file(s, "IN") && s.platform != "IN" && !s.business
    }),
    law("za-digital", "Value-Added Tax Act 89 of 1991 s. 54(2B)", "ZA", "2019-04-01", |s| {
        foreign_file(s, "ZA") && !s.shop_registrations.iter().any(|r| r == "ZA")
    }),
    law(
        "ca-digital",
        "Excise Tax Act (R.S.C. 1985, c. E-15) Part IX Div. II subdiv. E (s. 211.1 ff.)",
        "CA",
        "2021-07-01",
        |s| foreign_file(s, "CA") && !s.business && !is_registered_in_canada(s),
    ),
    law("ca-goods", "Excise Tax Act (R.S.C. 1985, c. E-15) s. 211.23", "CA", "2021-07-01", canadian_goods),
    // Of shops in other provinces it is the marketplace's as well, since 2019-09-01; which province a shop is in is not asked here.
    law(
        "qc-digital",
        "Act respecting the Québec sales tax (CQLR c. T-0.1) s. 477.2, 477.4",
        "CA-QC",
        "2019-01-01",
        |s| foreign_file(s, "CA") && !s.business && !is_registered_in_canada(s),
    ),
    law(
        "qc-goods",
        "Act respecting the Québec sales tax (CQLR c. T-0.1) s. 477.18.4",
        "CA-QC",
        "2021-07-01",
        canadian_goods,
    ),
    law(
        "us-goods",
        "laws of the states on marketplace providers, as N.Y. Tax Law § 1101(e), Cal. Rev. & Tax. Code § 6043",
        "US-",
        "2019-10-01",
        |s| s.kind == Kind::Physical && s.country == "US",
    ),
    files_in("US-AR", "2019-07-01", "Ark. Code § 26-52-111", &["digital_other"]),
    files_in("US-CT", "2019-10-01", "Conn. Gen. Stat. § 12-408e", &[]),
    files_in("US-IA", "2019-01-01", "Iowa Code § 423.14A", &[]),
    files_in("US-IN", "2019-07-01", "Ind. Code § 6-2.5-4-18", &["subscription_digital"]),
    files_in("US-KY", "2019-07-01", "KRS 139.450", &[]),
    files_in("US-MD", "2021-03-14", "Md. Code, Tax-Gen. § 11-403.1", &[]),
    files_in("US-MN", "2019-10-01", "Minn. Stat. § 297A.66", &[]),
    files_in("US-NC", "2020-02-01", "N.C. Gen. Stat. § 105-164.4J", &[]),
    files_in("US-NJ", "2018-11-01", "N.J.S.A. 54:32B-3.6", &["subscription_digital"]),
    files_in("US-PA", "2019-07-01", "Act 13 of 2019 (72 P.S. § 7201 ff.)", &[]),
    files_in("US-RI", "2019-07-01", "R.I. Gen. Laws § 44-18.2-3", &[]),
    files_in("US-SD", "2019-03-01", "SDCL ch. 10-65", &[]),
    files_in("US-TX", "2019-10-01", "Tex. Tax Code § 151.0242", &[]),
    files_in("US-UT", "2019-10-01", "Utah Code § 59-12-107.6", &[]),
    files_in("US-WA", "2020-01-01", "RCW 82.08.0531", &[]),
    files_in("US-WI", "2020-01-01", "2019 Wisconsin Act 10", &[]),
];
