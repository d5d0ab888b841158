//! Which zone a place is in.

use super::{Destination, MoreToSay, Parcel, Place, ShippingTable, Zone};

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

    /// Whether it may turn out to name where a parcel goes once more is said: what is known fits, and something it names is to be said yet.
    fn may_name(&self, to: &Destination<'_>, postcode: Option<&str>, more: MoreToSay) -> bool {
        let by_postcode = self.postcode_prefix.is_some() || self.postcode_from.is_some();
        let region_open = more.region && to.region.is_none() && self.region.is_some();
        let postcode_open = more.postcode && postcode.is_none() && by_postcode;
        let region = if region_open { self.region.as_deref() } else { to.region };
        if self.country != to.country || !(region_open || postcode_open) {
            return false;
        }
        if postcode_open {
            return self.region.as_deref().is_none_or(|own| region.is_some_and(|r| r.eq_ignore_ascii_case(own)));
        }
        self.rank(&Destination { region, ..*to }, postcode).is_some()
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
    /// Whether a parcel may be sent there once more of the place is said: a zone names a part of the country that may turn out to be it, and has
    /// a rate that carries the parcel.
    pub fn may_send(&self, to: &Destination<'_>, more: MoreToSay, parcel: &Parcel) -> bool {
        let postcode = to.postcode.map(plain).filter(|code| !code.is_empty());
        let postcode = postcode.as_deref();
        let out = |except: &[Place]| except.iter().any(|place| place.rank(to, postcode).is_some());
        let open = |zone: &Zone| !out(&zone.except) && zone.places.iter().any(|p| p.may_name(to, postcode, more));
        !out(&self.except) && self.zones.iter().any(|zone| open(zone) && self.has_rate(&zone.id, parcel))
    }

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
