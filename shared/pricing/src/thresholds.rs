//! From which sales on a seller must register where: what a shop's tax settings show beside each place.
//!
//! The rows are in `data/thresholds.tsv`; only this file reads them. Registering is the seller's decision: nothing here charges or
//! refrains from charging tax. Not here: counting sales.

use serde::{Deserialize, Serialize};

use crate::market::{MARKETS, is_eu};

/// Columns: place, kind, amounts, currency, period, what, source, note (`-`: none).
const ROWS: &str = include_str!("../data/thresholds.tsv");

/// What a threshold is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdKind {
    /// US: sales into the state.
    NexusSales,
    /// US: a number of sales that suffices too.
    NexusOrTransactions,
    /// US: a number of sales that must be reached as well.
    NexusAndTransactions,
    /// There is no such tax.
    NoTax,
    /// EU: sales to consumers in other member states, taxed at home below.
    DistanceSales,
    /// Sellers from abroad of digital services (and cheap goods) to consumers.
    ForeignDigital,
    /// Worth up to which the seller, not the border, taxes goods.
    ImportConsignment,
    /// EU: exemption in other member states.
    SmallBusinessUnion,
    /// Exemption or later registration of small businesses of the country.
    SmallBusiness,
    /// Registration in general.
    Registration,
    /// Platforms that owe the tax of their sellers.
    Platform,
    /// EU: one piece of evidence of place suffices below.
    EvidenceOnePiece,
}

/// One threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// `US-NY`, `EU`, `DE` ...
    pub place: &'static str,
    /// What for.
    pub kind: ThresholdKind,
    /// Whole units of `currency`, or a number of sales; two where the law has two, in the order of `what`. 0: from the first sale.
    pub amounts: Vec<u64>,
    /// ISO 4217; empty for a number of sales.
    pub currency: &'static str,
    /// Over which time.
    pub period: &'static str,
    /// In words.
    pub what: &'static str,
    /// The law.
    pub source: &'static str,
    /// Exceptions and doubts (`UNSURE`).
    pub note: &'static str,
}

/// What is held against a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Everything.
    All,
    /// All but what businesses account for themselves.
    Consumers,
}

impl Threshold {
    /// Whether, and which, sales of a seller (country) into a place (country, subdivision or nothing) are held against it. Laws know
    /// exceptions (`note`); this is where to look, not what a return says.
    pub fn counts(&self, seller: &str, country: &str, region: &str) -> Option<Counted> {
        use ThresholdKind::*;
        let there = match self.place.split_once('-') {
            Some(part) => part == (country, region),
            None => self.place == country,
        };
        let (is, counted) = match self.kind {
            NexusSales | NexusOrTransactions | NexusAndTransactions => (there, Counted::All),
            DistanceSales | EvidenceOnePiece => {
                (is_eu(seller) && is_eu(country) && seller != country, Counted::Consumers)
            }
            SmallBusinessUnion => (is_eu(seller) && is_eu(country), Counted::All),
            SmallBusiness => (there && seller == country, Counted::All),
            ForeignDigital => (there && seller != country, Counted::Consumers),
            Registration => (there, Counted::All),
            NoTax | ImportConsignment | Platform => (false, Counted::All),
        };
        // From the first sale on there is nothing to count.
        (is && self.amounts.iter().any(|amount| *amount > 0)).then_some(counted)
    }

    /// Whether its time is twelve months up to a day, not calendar years.
    pub fn rolls(&self) -> bool {
        ["12 months", "quarters"].iter().any(|words| self.period.contains(words))
    }
}

fn rows() -> impl Iterator<Item = Threshold> {
    ROWS.lines().skip(1).filter_map(read)
}

/// The countries with rows, ISO 3166-1, by code; those of the Union are here by the rows of the Union.
pub fn countries() -> Vec<&'static str> {
    let own = rows().filter_map(|t| t.place.get(..2)).filter(|c| *c != "EU");
    let mut all: Vec<&str> =
        own.chain(MARKETS.iter().flat_map(|m| m.countries).copied().filter(|c| is_eu(c))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Every threshold that selling to a country meets: its own, those of its states, and of the Union it is in.
pub fn thresholds_in(country: &str) -> Vec<Threshold> {
    let of =
        |place: &str| place.split_once('-').map_or(place, |(c, _)| c) == country || (place == "EU" && is_eu(country));
    rows().filter(|t| of(t.place)).collect()
}

fn read(row: &'static str) -> Option<Threshold> {
    use ThresholdKind::*;
    let fields: Vec<&str> = row.split('\t').collect();
    let [place, kind, amounts, currency, period, what, source, note] = fields.as_slice() else { return None };
    let kind = match *kind {
        "nexus_sales" => NexusSales,
        "nexus_or_transactions" => NexusOrTransactions,
        "nexus_and_transactions" => NexusAndTransactions,
        "no_tax" => NoTax,
        "distance_sales" => DistanceSales,
        "foreign_digital" => ForeignDigital,
        "import_consignment" => ImportConsignment,
        "small_business_union" => SmallBusinessUnion,
        "small_business" => SmallBusiness,
        "registration" => Registration,
        "platform" => Platform,
        "evidence_one_piece" => EvidenceOnePiece,
        _ => return None,
    };
    let amounts = amounts.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    let note = if *note == "-" { "" } else { note };
    Some(Threshold { place, kind, amounts, currency, period, what, source, note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tax::TaxRules;

    #[test]
    fn every_row_is_read_and_every_state_has_one() {
        let read: Vec<_> = ROWS.lines().skip(1).map(|row| read(row).unwrap_or_else(|| panic!("{row}"))).collect();
        assert!(read.iter().all(|t| !t.source.is_empty()));
        for rule in TaxRules::built_in().rules().iter().filter(|r| r.jurisdiction.starts_with("US-")) {
            assert!(read.iter().any(|t| t.place == rule.jurisdiction), "{}", rule.jurisdiction);
        }
    }

    #[test]
    fn well_known_ones() {
        let amounts = |place: &str, kind| rows().find(|t| t.place == place && t.kind == kind).unwrap().amounts;
        assert_eq!(amounts("EU", ThresholdKind::DistanceSales), [10_000]);
        assert_eq!(amounts("EU", ThresholdKind::ImportConsignment), [150]);
        assert_eq!(amounts("DE", ThresholdKind::SmallBusiness), [25_000, 100_000]);
        assert_eq!(amounts("US-NY", ThresholdKind::NexusAndTransactions), [100]);
    }

    #[test]
    fn every_state_of_the_union_says_from_when_its_small_enterprises_pay() {
        // As of 2026; Romania's since September 2025, Poland's since 2026.
        let known: [(&str, &[u64]); 27] = [
            ("AT", &[55_000]),
            ("BE", &[25_000]),
            ("BG", &[51_130]),
            ("CY", &[15_600]),
            ("CZ", &[2_000_000, 2_536_500]),
            ("DE", &[25_000, 100_000]),
            ("DK", &[50_000]),
            ("EE", &[40_000]),
            ("ES", &[0]),
            ("FI", &[20_000]),
            ("FR", &[85_000, 37_500]),
            ("GR", &[10_000]),
            ("HR", &[60_000]),
            ("HU", &[20_000_000]),
            ("IE", &[85_000, 42_500]),
            ("IT", &[85_000]),
            ("LT", &[45_000]),
            ("LU", &[50_000]),
            ("LV", &[50_000, 55_000]),
            ("MT", &[35_000]),
            ("NL", &[20_000]),
            ("PL", &[240_000]),
            ("PT", &[15_000, 18_750]),
            ("RO", &[395_000]),
            ("SE", &[120_000]),
            ("SI", &[60_000, 66_000]),
            ("SK", &[50_000, 62_500]),
        ];
        for (state, amounts) in known {
            let own: Vec<_> = rows().filter(|t| t.place == state && t.kind == ThresholdKind::SmallBusiness).collect();
            let [row] = own.as_slice() else { panic!("{state}: {own:?}") };
            // Its own currency. What is second ends it at once, or is for services (FR, IE).
            let money: crate::money::Currency = row.currency.parse().unwrap();
            assert_eq!(money, crate::shown_in::of_country(state), "{row:?}");
            assert_eq!(row.amounts, amounts, "{row:?}");
            assert_eq!(row.counts(state, state, "").is_some(), row.amounts[0] > 0, "{row:?}");
        }
    }

    #[test]
    fn sales_are_held_against_the_law_of_their_place() {
        let of = |place: &str, kind| rows().find(|t| t.place == place && t.kind == kind).unwrap();
        let distance = of("EU", ThresholdKind::DistanceSales);
        assert_eq!(distance.counts("DE", "FR", ""), Some(Counted::Consumers));
        assert_eq!((distance.counts("DE", "DE", ""), distance.counts("US", "FR", "")), (None, None));
        let texas = of("US-TX", ThresholdKind::NexusSales);
        assert_eq!((texas.counts("DE", "US", "TX"), texas.counts("DE", "US", "NY")), (Some(Counted::All), None));
        let home = of("DE", ThresholdKind::SmallBusiness);
        assert_eq!((home.counts("DE", "DE", ""), home.counts("FR", "DE", "")), (Some(Counted::All), None));
        let rolling = rows().filter(Threshold::rolls).count();
        assert!(rolling > 10 && !distance.rolls() && rolling < rows().count());
        let quebec = of("CA-QC", ThresholdKind::Registration);
        assert_eq!((quebec.counts("US", "CA", "QC"), quebec.counts("US", "CA", "ON")), (Some(Counted::All), None));
        assert_eq!(of("DE", ThresholdKind::SmallBusiness).counts("DE", "DE", "BY"), Some(Counted::All));
        // Whatever has an amount of sales is counted for somebody.
        use ThresholdKind::{ImportConsignment, NoTax, Platform};
        for row in rows()
            .filter(|t| t.amounts.iter().any(|a| *a > 0) && !matches!(t.kind, NoTax | ImportConsignment | Platform))
        {
            let (country, region) = row.place.split_once('-').unwrap_or((row.place, ""));
            let into = if country == "EU" { "FR" } else { country };
            assert!(["DE", country].iter().any(|seller| row.counts(seller, into, region).is_some()), "{row:?}");
        }
    }

    #[test]
    fn a_country_has_those_of_its_states_and_of_its_union() {
        let places = |country: &str| thresholds_in(country).iter().map(|t| t.place).collect::<Vec<_>>();
        assert!(places("US").contains(&"US-NY") && places("US").iter().all(|p| p.starts_with("US")));
        assert!(places("FR").contains(&"EU") && places("FR").contains(&"FR"));
        assert_eq!((places("BR").len(), places("CH").contains(&"EU")), (0, false));
        assert!(countries().iter().all(|c| !thresholds_in(c).is_empty()) && countries().contains(&"HR"));
    }
}
