//! Where a digital buyer is: pieces of evidence to a country, a contradiction, or a question.
//!
//! Law: Directive 2006/112/EC art. 58; Implementing Regulation (EU) 282/2011 arts. 24a, 24b, 24d, 24f (as amended by Regulations
//! 1042/2013 and 2017/2459). Two pieces that agree decide, none is better than another; the lower rate is never chosen. Invariants: two data of
//! one kind are one piece; a worthless piece (address of a proxy) neither agrees nor contradicts. Goods need none of this: they
//! arrive where they are sent. Not here: looking up addresses and cards, keeping the record (10 years for one-stop shop sales).

use serde::{Deserialize, Serialize};

use crate::market::is_country;

/// What kind of thing a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Billing address (24f(a)).
    BillingAddress,
    /// Internet address or other geolocation (24f(b)).
    Network,
    /// Place of the account, or the address the bank has, such as the country of the card's issuer (24f(c)).
    Payment,
    /// Country of the SIM card (24f(d)); presumed to be the place of a service through its network (24b(b)).
    Sim,
    /// Fixed line (24f(e)); presumed to be the place of a service through it (24b(a)).
    FixedLine,
    /// Anything else of commercial weight: country of a gift code, past deliveries (24f(f)).
    Other,
    /// A place where the buyer must be to be served: hot spot, hotel (24a); presumed to be the place.
    PhysicalPlace,
}

/// One piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Its kind.
    pub source: Source,
    /// ISO 3166-1 alpha-2, upper case; anything else is worthless.
    pub country: String,
    /// Given by a third party, such as the payment provider or the telecom, and not by the buyer or the seller.
    #[serde(default)]
    pub third_party: bool,
    /// The service itself is given through this line or SIM, as calls and broadcasts are; a shop's downloads are not.
    #[serde(default)]
    pub through: bool,
    /// Known to say nothing, such as the address of a proxy.
    #[serde(default)]
    pub worthless: bool,
}

/// How a place was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Two pieces agree and none contradicts (24b(d)).
    TwoAgree,
    /// Two or more agree against fewer that do not.
    Majority,
    /// One piece of a third party, for sellers below EUR 100,000 (24b, third paragraph).
    OneSuffices,
    /// Where the law presumes the buyer (24a, 24b(a), (b)), not rebutted.
    Presumed,
    /// Three pieces rebut the presumption (24d(1)).
    Rebutted,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Finding {
    /// The country, why, and by which pieces (indices into what was given).
    Agreed {
        /// ISO 3166-1 alpha-2.
        country: String,
        /// Why.
        ground: Ground,
        /// What it rests on.
        pieces: Vec<usize>,
    },
    /// Pieces contradict each other and no country has more of them: ask the buyer.
    Conflict {
        /// The pieces that contradict (indices), of every country.
        pieces: Vec<usize>,
    },
    /// Too little: ask for one more piece.
    Insufficient,
}

/// Weighs the pieces. `one_suffices`: the seller has one seat, in the Union, and no more than EUR 100,000 of such sales in this and the
/// last calendar year.
pub fn weigh(pieces: &[Piece], one_suffices: bool) -> Finding {
    let sound = |p: &Piece| !p.worthless && is_country(&p.country);
    // One piece a kind: two data of a kind that contradict each other say nothing together.
    let mut kept: Vec<usize> = Vec::new();
    for (i, piece) in pieces.iter().enumerate().filter(|(_, p)| sound(p)) {
        let twins = pieces.iter().filter(|p| sound(p) && p.source == piece.source);
        let same = twins.clone().all(|p| p.country == piece.country);
        if same && !kept.iter().any(|k| pieces[*k].source == piece.source) {
            kept.push(i);
        }
    }
    let of = |country: &str| kept.iter().copied().filter(|i| pieces[*i].country == country).collect::<Vec<_>>();
    let agreed = |country: &str, ground: Ground, pieces: Vec<usize>| Finding::Agreed {
        country: country.to_owned(),
        ground,
        pieces,
    };
    // In the order of the articles: the place before the line before the card.
    let presumed = [Source::PhysicalPlace, Source::FixedLine, Source::Sim].into_iter().find_map(|source| {
        let presumes = |p: &Piece| p.source == source && (p.through || source == Source::PhysicalPlace);
        kept.iter().copied().find(|i| presumes(&pieces[*i]))
    });
    let mut countries: Vec<(&str, Vec<usize>)> = Vec::new();
    for i in &kept {
        let country = pieces[*i].country.as_str();
        if !countries.iter().any(|(c, _)| *c == country) {
            countries.push((country, of(country)));
        }
    }
    if let Some(first) = presumed {
        let place = pieces[first].country.as_str();
        let rebuttal = countries.iter().find(|(country, of)| *country != place && of.len() >= 3);
        return match rebuttal {
            Some((country, of)) => agreed(country, Ground::Rebutted, of.clone()),
            None => agreed(place, Ground::Presumed, of(place)),
        };
    }
    let most = countries.iter().map(|(_, of)| of.len()).max().unwrap_or(0);
    let leaders: Vec<_> = countries.iter().filter(|(_, of)| of.len() == most).collect();
    match (countries.as_slice(), leaders.as_slice()) {
        ([(country, of)], _) if of.len() >= 2 => agreed(country, Ground::TwoAgree, of.clone()),
        ([(country, of)], _) if one_suffices && of.iter().any(|i| pieces[*i].third_party) => {
            agreed(country, Ground::OneSuffices, of.clone())
        }
        ([] | [_], _) => Finding::Insufficient,
        (_, [(country, of)]) if most >= 2 => agreed(country, Ground::Majority, of.clone()),
        _ => Finding::Conflict { pieces: kept },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(source: Source, country: &str) -> Piece {
        Piece {
            source,
            country: country.into(),
            third_party: source == Source::Payment,
            through: false,
            worthless: false,
        }
    }

    fn found(pieces: &[(Source, &str)], one: bool) -> (Option<String>, Option<Ground>) {
        let pieces: Vec<_> = pieces.iter().map(|(s, c)| piece(*s, c)).collect();
        match weigh(&pieces, one) {
            Finding::Agreed { country, ground, pieces } => {
                assert!(!pieces.is_empty());
                (Some(country), Some(ground))
            }
            _ => (None, None),
        }
    }

    use Source::*;

    #[test]
    fn two_pieces_that_agree_decide() {
        let de = |ground| (Some("DE".to_owned()), Some(ground));
        assert_eq!(found(&[(BillingAddress, "DE"), (Network, "DE")], false), de(Ground::TwoAgree));
        assert_eq!(found(&[(BillingAddress, "DE"), (Network, "AT"), (Payment, "DE")], false), de(Ground::Majority));
        assert_eq!(found(&[(BillingAddress, "DE"), (Network, "XX"), (Payment, "DE")], false), de(Ground::TwoAgree));
    }

    #[test]
    fn contradictions_are_asked_about_and_named() {
        let pieces = [piece(BillingAddress, "DE"), piece(Network, "CH")];
        assert_eq!(weigh(&pieces, false), Finding::Conflict { pieces: vec![0, 1] });
        let four = [piece(BillingAddress, "DE"), piece(Network, "CH"), piece(Payment, "CH"), piece(Other, "DE")];
        assert_eq!(weigh(&four, false), Finding::Conflict { pieces: vec![0, 1, 2, 3] });
        // The easy way out for small sellers is for one piece, not for the better of two.
        assert_eq!(found(&[(BillingAddress, "DE"), (Payment, "CH")], true), (None, None));
    }

    #[test]
    fn a_proxy_and_a_repeated_address_add_nothing() {
        let mut pieces = vec![piece(BillingAddress, "DE"), piece(BillingAddress, "DE"), piece(Network, "US")];
        pieces[2].worthless = true;
        assert_eq!(weigh(&pieces, false), Finding::Insufficient);
        pieces.push(piece(Payment, "DE"));
        assert!(matches!(weigh(&pieces, false), Finding::Agreed { ground: Ground::TwoAgree, .. }));
        let torn = [piece(BillingAddress, "DE"), piece(BillingAddress, "FR"), piece(Network, "DE")];
        assert_eq!(weigh(&torn, false), Finding::Insufficient);
        assert_eq!(weigh(&[], true), Finding::Insufficient);
    }

    #[test]
    fn one_piece_of_a_third_party_suffices_for_small_sellers() {
        assert_eq!(found(&[(Payment, "FR")], true), (Some("FR".into()), Some(Ground::OneSuffices)));
        assert_eq!(found(&[(Payment, "FR")], false), (None, None));
        assert_eq!(found(&[(BillingAddress, "FR")], true), (None, None));
    }

    #[test]
    fn presumptions_hold_until_three_pieces_rebut_them() {
        let place = (PhysicalPlace, "ES");
        let two = [place, (BillingAddress, "FR"), (Payment, "FR")];
        assert_eq!(found(&two, false), (Some("ES".into()), Some(Ground::Presumed)));
        let three = [place, (BillingAddress, "FR"), (Payment, "FR"), (Sim, "FR")];
        assert_eq!(found(&three, false), (Some("FR".into()), Some(Ground::Rebutted)));
        // A SIM card is a piece like others unless the service comes through it.
        let sim = [(Sim, "IT"), (BillingAddress, "FR"), (Payment, "FR")];
        assert_eq!(found(&sim, false), (Some("FR".into()), Some(Ground::Majority)));
        let mut through = sim.map(|(s, c)| piece(s, c));
        through[0].through = true;
        assert!(
            matches!(weigh(&through, false), Finding::Agreed { ground: Ground::Presumed, pieces, .. } if pieces == [0])
        );
    }
}
