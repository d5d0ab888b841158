//! Numbers within a legal entity: sellers that are one entity in law have series of their own, whose numbers never meet.
//!
//! Law wants a number to name one document of its issuer (Directive 2006/112/EC art. 226(2): one or more series). A series is a seller's, so what
//! stands before the year must be one seller's alone within the entity. Who has it is a claim, like a handle's, and never given up: numbers that were
//! given stay given, whatever a seller's records say later.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | claim | `CLAIM#invoices#entity#prefix` | `CLAIM#` |

use vitrine_pricing::tax_id::{Checked, KINDS, check};
use vitrine_shared::catalog::{LegalEntity, Tenant};
use vitrine_table::{Key, TransactOp};

use super::Kind;
use crate::catalog::store::claim;
use crate::ids;

const WHAT: &str = "invoices";
/// Tax ids that are looked at: nobody has so many, and a transaction holds all of their claims.
const MOST_IDS: usize = 12;

/// Who a seller is in law.
pub(crate) fn of(tenant: &Tenant) -> LegalEntity {
    let mut legal = tenant.legal.clone();
    if legal.name.is_empty() {
        legal.name.clone_from(&tenant.name);
    }
    legal
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

fn hashed(parts: &[&str]) -> String {
    format!("{:032x}", ids::derived_bits(parts))
}

/// What a legal entity is known by, hashed: each of its tax ids of a known kind in its country, and name with address. Who shares one is the same.
fn known_by(legal: &LegalEntity) -> Vec<String> {
    let country = plain(&legal.country);
    let letters = if country == "GR" { "EL" } else { country.as_str() };
    // A number that only looks like one of taxes may be somebody else's: courts count companies each for itself (HRB 12345).
    let kinds: Vec<_> = KINDS.iter().filter(|kind| kind.country == country).collect();
    let is_of_taxes =
        |id: &str| kinds.iter().any(|kind| matches!(check(kind.code, id), Checked::Ok(_) | Checked::WrongCheckDigits));
    let numbers = legal.tax_ids.iter().take(MOST_IDS).filter(|id| is_of_taxes(id)).map(|id| {
        let id = plain(id);
        hashed(&["entity", "id", &country, id.strip_prefix(letters).unwrap_or(&id)])
    });
    let address = plain(&legal.address.concat());
    let mut all: Vec<String> = numbers.collect();
    all.push(hashed(&["entity", "name", &country, &plain(&legal.name), &address]));
    all.sort();
    all.dedup();
    all
}

/// What must be one seller's alone: everything that its numbers begin with, for everything the entity is known by. `NLC` of one meets the credit
/// notes of `NL` of another.
pub(crate) fn names(legal: &LegalEntity, prefix: &str) -> Vec<String> {
    let marks = [Kind::Invoice, Kind::CreditNote, Kind::Amendment].map(Kind::mark);
    let known = known_by(legal);
    known.iter().flat_map(|entity| marks.map(|mark| format!("{entity}#{prefix}{mark}"))).collect()
}

/// One word for all of them: while it stays the same, who has them was looked up already.
pub(super) fn fingerprint(names: &[String]) -> String {
    hashed(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Keys of the claims.
pub(super) fn keys(names: &[String]) -> Vec<Key> {
    names.iter().map(|name| Key::new(format!("CLAIM#{WHAT}#{name}"), "CLAIM#")).collect()
}

/// Claims them for a seller; who has them already may claim again.
pub(crate) fn claims(names: &[String], seller: &str) -> Vec<TransactOp> {
    names.iter().map(|name| claim(WHAT, name, seller)).collect()
}

/// The kind of claim, for who looks up its owner.
pub(crate) const fn what() -> &'static str {
    WHAT
}

/// What stands in for a prefix that another seller of the entity has: it goes on with a word made of the seller's own id.
pub(super) fn apart(prefix: &str, seller: &str) -> String {
    format!("{prefix}-{}", hashed(&["series", seller])[..8].to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legal(name: &str, address: &[&str], country: &str, tax_ids: &[&str]) -> LegalEntity {
        LegalEntity {
            name: name.into(),
            address: address.iter().map(|l| (*l).to_owned()).collect(),
            country: country.into(),
            tax_ids: tax_ids.iter().map(|l| (*l).to_owned()).collect(),
            ..LegalEntity::default()
        }
    }

    fn meet(a: &LegalEntity, one: &str, b: &LegalEntity, other: &str) -> bool {
        let of_other = names(b, other);
        names(a, one).iter().any(|name| of_other.contains(name))
    }

    #[test]
    fn one_entity_is_known_by_a_tax_id_or_by_name_and_address() {
        let nord = legal("Nordlicht Musik GmbH", &["Hafenstraße 3", "20457 Hamburg"], "DE", &["DE 123 456 789"]);
        let bare = legal("Nordlicht", &["Elsewhere 1"], "DE", &["HRB 12345", "123456789"]);
        let same = legal("NORDLICHT Musik GmbH", &["Hafenstraße 3,", "20457 Hamburg"], "DE", &[]);
        assert!(meet(&nord, "NL", &bare, "NL"), "the same number with and without its country's letters");
        assert!(meet(&nord, "NL", &same, "NL"), "the same name and address, written otherwise");
        assert!(!meet(&nord, "NL", &same, "NM"), "another prefix is another series");
        let abroad = LegalEntity { country: "AT".into(), ..bare.clone() };
        assert!(!meet(&nord, "NL", &abroad, "NL"), "the number of another country");
        let (berlin, munich) = (legal("A", &["1"], "DE", &["HRB 12345"]), legal("B", &["2"], "DE", &["HRB 12345"]));
        assert!(!meet(&berlin, "RE", &munich, "RE"), "each court counts for itself");
        let remark = legal("A", &["1"], "DE", &["none"]);
        assert!(!meet(&remark, "A", &legal("B", &["2"], "DE", &["none"]), "A"), "no number says nothing");
        let greek = legal("A", &["1"], "GR", &["EL094019245"]);
        assert!(meet(&greek, "A", &legal("B", &["2"], "GR", &["094019245"]), "A"));
    }

    #[test]
    fn a_prefix_that_reads_like_anothers_credit_notes_is_none() {
        let nord = legal("Nordlicht Musik GmbH", &["Hafenstraße 3"], "DE", &[]);
        for (one, other, meets) in
            [("NL", "NLC", true), ("NLA", "NL", true), ("NL", "NLX", false), ("NLC", "NLA", false)]
        {
            assert_eq!(meet(&nord, one, &nord, other), meets, "{one} {other}");
        }
    }
}
