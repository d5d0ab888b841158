//! Which zone a place is in.

use super::{Destination, Place, ShippingTable, Zone};

/// How closely a place is named; the larger wins.
type Rank = (u8, usize);

const ELSEWHERE: Rank = (0, 0);
const COUNTRY: Rank = (1, 0);
const REGION: Rank = (2, 0);
/// With the length of the beginning that is named.
const POSTCODE: u8 = 3;

/// As compared: capital letters and digits.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect()
}

impl Place {
    /// How closely it names where a parcel goes; `None`: it does not. `postcode` is plain.
    fn rank(&self, to: &Destination<'_>, postcode: Option<&str>) -> Option<Rank> {
        if self.country != to.country {
            return None;
        }
        let mut rank = COUNTRY;
        if let Some(region) = &self.region {
            to.region.filter(|r| r.eq_ignore_ascii_case(region))?;
            rank = REGION;
        }
        if let Some(prefix) = &self.postcode_prefix {
            let prefix = plain(prefix);
            postcode.filter(|code| code.starts_with(&prefix))?;
            rank = (POSTCODE, prefix.chars().count());
        }
        if let (Some(from), Some(to)) = (&self.postcode_from, &self.postcode_to) {
            let (from, to) = (plain(from), plain(to));
            let length = from.chars().count();
            let code: String = postcode?.chars().take(length).collect();
            if code.chars().count() < length || code < from || code > to {
                return None;
            }
            let same = from.chars().zip(to.chars()).take_while(|(a, b)| a == b).count();
            rank = rank.max((POSTCODE, same));
        }
        Some(rank)
    }

    /// Field and what is wrong with it.
    pub(super) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let long =
            |text: &Option<String>| text.as_ref().is_some_and(|t| plain(t).is_empty() || t.len() > super::MOST.id);
        if !crate::market::is_country(&self.country) {
            return Err(("country", "not an ISO 3166-1 alpha-2 country code"));
        }
        for (name, text) in [
            ("region", &self.region),
            ("postcode_prefix", &self.postcode_prefix),
            ("postcode_from", &self.postcode_from),
            ("postcode_to", &self.postcode_to),
        ] {
            if long(text) {
                return Err((name, "1 to 64 bytes"));
            }
        }
        match (&self.postcode_from, &self.postcode_to) {
            (None, None) => Ok(()),
            (Some(from), Some(to)) => {
                let (from, to) = (plain(from), plain(to));
                if from.chars().count() != to.chars().count() || from > to {
                    return Err(("postcode_to", "as long as postcode_from and not before it"));
                }
                Ok(())
            }
            (Some(_), None) => Err(("postcode_to", "needed with postcode_from")),
            (None, Some(_)) => Err(("postcode_from", "needed with postcode_to")),
        }
    }
}

impl Zone {
    fn rank(&self, to: &Destination<'_>, postcode: Option<&str>) -> Option<Rank> {
        if self.except.iter().any(|place| place.rank(to, postcode).is_some()) {
            return None;
        }
        let whole = self.countries.iter().filter_map(|country| match country.as_str() {
            "*" => Some(ELSEWHERE),
            code => (code == to.country).then_some(COUNTRY),
        });
        whole.chain(self.places.iter().filter_map(|place| place.rank(to, postcode))).max()
    }
}

impl ShippingTable {
    /// The zone of a place; `None`: nothing is sent there.
    pub fn zone(&self, to: &Destination<'_>) -> Option<&Zone> {
        let postcode = to.postcode.map(plain).filter(|code| !code.is_empty());
        let postcode = postcode.as_deref();
        if self.except.iter().any(|place| place.rank(to, postcode).is_some()) {
            return None;
        }
        let mut best: Option<(Rank, &Zone)> = None;
        for zone in &self.zones {
            // Of two as close the first stays.
            if let Some(rank) = zone.rank(to, postcode)
                && best.is_none_or(|(known, _)| rank > known)
            {
                best = Some((rank, zone));
            }
        }
        best.map(|(_, zone)| zone)
    }
}
