//! One supply: which place taxes it, who owes the tax, and by which registration it is charged.
//!
//! Services follow the buyer; whether a border lies between is a matter of seats, not of registrations (Directive 2006/112/EC arts. 44,
//! 58, 192a, 196). Goods follow the parcel: from the state it leaves to the state it reaches (arts. 32-33, 138, 146).

use super::{Accuracy, Supply, TaxRule, TaxRules, TaxStatus, Treatment, VOUCHER, Value};
use crate::money::Currency;
use crate::territory::{Place, Regime, is_inside, is_member, resolve, state_of_india};

/// States whose rate is the whole rate, apart from small zones: no place in them may add to it.
const WHOLE_STATES: [&str; 13] = ["CT", "DC", "DE", "IN", "KY", "MA", "MD", "ME", "MI", "MT", "NH", "OR", "RI"];

/// Union territories of India without a legislature: theirs is the Union's tax, not a state's (CGST Act 2017 s. 2(103), (114)).
const UNION_TERRITORIES: [&str; 5] = ["AN", "CH", "DH", "LA", "LD"];

/// Up to which worth the seller, not the buyer at the border, is charged with the tax of goods sent into a country where it is
/// registered: state, currency, minor units, and whether one piece counts or all that is sent together.
const LOW_VALUE: [(&str, &str, i64, bool); 5] = [
    // Value Added Tax Act 1994 s. 7AA.
    ("GB", "GBP", 13_500, false),
    // Merverdiavgiftsloven § 3-1, FMVA § 14-4-2 (VOEC).
    ("NO", "NOK", 300_000, true),
    // GST Act 1999 Subdiv. 84-C: pieces up to it, but of what is sent together for more the border takes the tax (s. 84-79(3)).
    ("AU", "AUD", 100_000, false),
    // Goods and Services Tax Act 1985 s. 10B.
    ("NZ", "NZD", 100_000, true),
    // GST Act 1993 s. 10A, Seventh Sch.
    ("SG", "SGD", 40_000, true),
];
/// Consignments the import one-stop shop takes: EUR 150 (Directive 2006/112/EC art. 369l).
const IOSS: (&str, i64) = ("EUR", 15_000);

/// What the place would charge.
struct Due<'r> {
    /// Each rule with whether the seller is registered for it.
    rules: Vec<(&'r TaxRule, bool)>,
    accuracy: Accuracy,
}

struct Case<'r, 's> {
    table: &'r TaxRules,
    supply: &'s Supply<'s>,
    /// Where it goes.
    place: Place<'s>,
    /// The seller's seat.
    home: Place<'s>,
}

impl TaxRules {
    /// Decides one supply. Never fails: an unknown place answers `no_rule`.
    pub fn treat(&self, supply: &Supply<'_>) -> Treatment<'_> {
        Case::new(self, supply).decide()
    }

    /// What consumers at the place of `supply` would pay on its class, millionths; 0 if the tables do not know.
    pub fn consumer_rate_ppm(&self, supply: &Supply<'_>) -> i64 {
        Case::new(self, supply).due().map_or(0, |due| due.rules.iter().map(|(rule, _)| rule.rate_ppm).sum())
    }
}

/// The currency that goods from abroad are sold in by who is registered for an import scheme there, so that its limit can be measured.
/// `to` is country, region and postcode; `None`: no border, no such scheme, or not registered for it.
pub fn measured_in(
    ships_from: &str,
    to: (&str, Option<&str>, Option<&str>),
    registrations: &[String],
) -> Option<Currency> {
    let place = resolve(to.0, to.1, to.2, true);
    let registered = |name: &str| registrations.iter().any(|r| r == name);
    if is_inside(&resolve(ships_from, None, None, true), &place) {
        return None;
    }
    let code = match place.regime {
        Regime::Union if registered("EU-IOSS") => IOSS.0,
        _ => {
            let low = LOW_VALUE.iter().find(|(state, ..)| *state == place.state);
            low.filter(|_| registered(place.registration) || registered(place.state))?.1
        }
    };
    code.parse().ok()
}

impl<'r, 's> Case<'r, 's> {
    fn new(table: &'r TaxRules, supply: &'s Supply<'s>) -> Self {
        let place = resolve(supply.country, supply.region, supply.postcode, supply.ships_from.is_some());
        let home = resolve(supply.seller, supply.seller_region, None, false);
        Self { table, supply, place, home }
    }

    fn registered(&self, place: &str) -> bool {
        self.supply.registrations.iter().any(|r| r == place)
    }

    /// Registered where `place` taxes.
    fn registered_at(&self, place: &Place<'_>) -> bool {
        self.registered(place.registration) || self.registered(place.state)
    }

    fn rule(&self, jurisdiction: &str) -> Option<&'r TaxRule> {
        self.table.rule(jurisdiction, self.supply.class, self.supply.date)
    }

    fn decide(&self) -> Treatment<'r> {
        if self.supply.class == VOUCHER {
            return none(TaxStatus::OutsideScope, "multi_purpose_voucher");
        }
        let due = match self.due() {
            Ok(due) => due,
            Err(reason) => return none(TaxStatus::NoRule, reason),
        };
        let Some(from) = self.supply.ships_from else { return self.service(&due) };
        let origin = resolve(from, None, None, true);
        match (is_inside(&origin, &self.place), self.place.regime) {
            (false, _) => self.import(&origin, &due),
            (true, Regime::Union) => self.union_goods(&origin, &due),
            (true, _) => self.consumer(&due).unwrap_or_else(|| self.uncharged()),
        }
    }

    /// The rules of the place, or why there are none.
    fn due(&self) -> Result<Due<'r>, &'static str> {
        let Place { code, regime, .. } = self.place;
        let region = self.supply.region.map(str::to_ascii_uppercase).filter(|r| !r.is_empty());
        let whole = |rules| Ok(Due { rules, accuracy: Accuracy::Full });
        match code {
            "US" => {
                let region = region.ok_or("region_unknown")?;
                let place = format!("US-{region}");
                let rule = self.rule(&place).ok_or("no_table")?;
                let whole = WHOLE_STATES.contains(&region.as_str());
                let accuracy = if whole { Accuracy::Full } else { Accuracy::State };
                Ok(Due { rules: vec![(rule, self.registered(&place))], accuracy })
            }
            "CA" => {
                let region = region.ok_or("region_unknown")?;
                let place = format!("CA-{region}");
                let federal = self.rule("CA").ok_or("no_table")?;
                match self.rule(&place) {
                    Some(hst) if hst.name == "HST" => whole(vec![(hst, self.registered("CA"))]),
                    Some(own) => whole(vec![(federal, self.registered("CA")), (own, self.registered(&place))]),
                    None if matches!(region.as_str(), "AB" | "NT" | "NU" | "YT") => {
                        whole(vec![(federal, self.registered("CA"))])
                    }
                    None => Err("no_table"),
                }
            }
            "IN" => {
                let own = self.state_within_india();
                let parts: &[&str] = match own.as_deref() {
                    None => &["IN"],
                    Some(state) if UNION_TERRITORIES.contains(&state) => &["IN-CGST", "IN-UTGST"],
                    Some(_) => &["IN-CGST", "IN-SGST"],
                };
                let rule = |part: &&str| Some((self.rule(part)?, self.registered("IN")));
                whole(parts.iter().map(rule).collect::<Option<_>>().ok_or("no_table")?)
            }
            _ => match self.rule(code) {
                Some(rule) => whole(vec![(rule, self.registered_at(&self.place))]),
                // A seller who is registered there owes a tax that the tables do not know.
                None if regime == Regime::Beside && self.registered(code) => Err("territory_without_table"),
                None => Err("no_table"),
            },
        }
    }

    /// The state of India in which the supplier is and in which the supply takes place; `None`: it goes from one to another or comes from abroad
    /// (IGST Act 2017 ss. 7, 8). A buyer who is in no known state is where the supplier is (ss. 10(1)(ca), 12(2)(b)(ii)); a supplier whose state is not
    /// known supplies within none (s. 7(5)(c)).
    fn state_within_india(&self) -> Option<String> {
        let state = |region: &str| Some(region).filter(|r| !r.is_empty()).map(state_of_india);
        let own = self.supply.seller_region.filter(|_| self.home.code == "IN").and_then(state)?;
        self.supply.region.and_then(state).is_none_or(|to| to == own).then_some(own)
    }

    fn service(&self, due: &Due<'r>) -> Treatment<'r> {
        if let Some(owed) = self.business(due) {
            return owed;
        }
        if let Some(charged) = self.consumer(due) {
            return charged;
        }
        if self.place.regime == Regime::Union {
            if self.registered("EU-OSS") {
                return self.charge("oss", due);
            }
            if let Some(home) = self.at_home(&self.home) {
                return home;
            }
        }
        self.uncharged()
    }

    /// A service to a business in another tax country, where that country says who owes the tax.
    fn business(&self, due: &Due<'r>) -> Option<Treatment<'r>> {
        let abroad = self.home.registration != self.place.registration && !self.id_of(&self.home);
        let taxed = due.rules.iter().any(|(rule, _)| !rule.is_none());
        if !(self.is_business() && abroad && taxed) {
            return None;
        }
        let (status, reason) = match (self.place.regime, self.place.registration) {
            // Directive 2006/112/EC arts. 44, 196; a registration in that state is no seat (art. 192a).
            (Regime::Union, _) => (TaxStatus::ReverseCharged, "reverse_charge_art_196"),
            // FR and FI: departments overseas and Åland (CGI art. 283, 2; AVL 9 §). GB: VATA 1994 s. 8. NO: § 11-3. IS: lög nr. 50/1988
            // 35. gr. IN: IGST Act s. 5(3), Notification 10/2017-IT(R).
            (_, "FR" | "FI" | "GB" | "NO" | "IS" | "IN") => (TaxStatus::ReverseCharged, "reverse_charge_recipient"),
            // MWSTG Art. 45: only from sellers who are not in the Swiss register.
            (_, "CH") if !self.registered("CH") => (TaxStatus::ReverseCharged, "reverse_charge_recipient"),
            // AU: GST Act 1999 s. 9-25(5)(d). NZ: GST Act 1985 s. 8(4). SG: GST Act 1993 s. 14, Seventh Sch.
            (_, "AU" | "NZ" | "SG") => (TaxStatus::OutsideScope, "registered_recipient"),
            // JP (art. 5) and ZA (s. 7) tax such buyers like consumers; CA is charged too.
            _ => return None,
        };
        Some(Treatment { strip_ppm: total(due), ..none(status, reason) })
    }

    /// Goods that stay inside the Union, Northern Ireland included.
    fn union_goods(&self, origin: &Place<'_>, due: &Due<'r>) -> Treatment<'r> {
        if origin.registration == self.place.registration {
            let charged = self.consumer(due);
            // Who is in the Union scheme is registered at its seat.
            let at_home = self.registered("EU-OSS") && self.home.registration == self.place.registration;
            return charged.unwrap_or_else(|| if at_home { self.charge("oss", due) } else { self.uncharged() });
        }
        if self.is_business() && !self.id_of(origin) {
            if self.registered_at(origin) || self.registered("EU-OSS") {
                // Art. 138(1): the buyer's id is of another state than that of dispatch.
                let exempt = none(TaxStatus::ZeroRated, "intra_community_supply_art_138");
                return Treatment { strip_ppm: total(due), ..exempt };
            }
            return self.uncharged();
        }
        if let Some(charged) = self.consumer(due) {
            return charged;
        }
        if self.registered("EU-OSS") {
            return self.charge("oss", due);
        }
        self.at_home(origin).unwrap_or_else(|| self.uncharged())
    }

    /// Goods that cross a tax border.
    fn import(&self, origin: &Place<'_>, due: &Due<'r>) -> Treatment<'r> {
        let worth = |(currency, limit): (&str, i64), single: bool| {
            let value = self.supply.value.map(|Value { item, consignment }| if single { item } else { consignment });
            value.is_some_and(|v| v.currency().code() == currency && v.minor() <= limit)
        };
        let mut accuracy = Accuracy::Full;
        if matches!(self.place.code, "US" | "CA") {
            // Sales tax and GST are owed by registered sellers wherever the goods come from.
            match self.consumer(due) {
                Some(none) if none.status == TaxStatus::OutsideScope => accuracy = none.accuracy,
                Some(charged) => return charged,
                None => {}
            }
        }
        // Distance sales to consumers: a business imports by itself (art. 14(4)(2)).
        if self.place.regime == Regime::Union && self.registered("EU-IOSS") && worth(IOSS, false) && !self.is_business()
        {
            return self.charge("ioss", due);
        }
        let low = LOW_VALUE.iter().find(|(state, ..)| *state == self.place.state);
        if low.is_some_and(|(_, currency, limit, single)| worth((currency, *limit), *single))
            && self.registered_at(&self.place)
        {
            let freed = |status, reason| Treatment { strip_ppm: total(due), ..none(status, reason) };
            match (self.is_business(), self.place.state) {
                // VATA 1994 s. 7AA(4), (5): who gives a number accounts for the tax.
                (true, "GB") => return freed(TaxStatus::ReverseCharged, "reverse_charge_recipient"),
                // AU: GST Act 1999 s. 84-75(2). NZ: GST Act 1985 s. 10B. SG: GST Act 1993 s. 14, Seventh Sch.
                (true, "AU" | "NZ" | "SG") => return freed(TaxStatus::OutsideScope, "registered_recipient"),
                // VOEC is for consumers.
                (true, _) => {}
                (false, _) => return self.charge("low_value_goods", due),
            }
        }
        let untaxed = if self.registered_at(origin) || origin.regime == Regime::Union && self.registered("EU-OSS") {
            none(TaxStatus::ZeroRated, "export")
        } else {
            none(TaxStatus::OutsideScope, "imported_by_buyer")
        };
        Treatment { accuracy, ..untaxed }
    }

    /// Charged by a registration in the place itself, or not taxed there at all; `None`: not registered.
    fn consumer(&self, due: &Due<'r>) -> Option<Treatment<'r>> {
        if due.rules.iter().all(|(rule, _)| rule.is_none()) {
            let accuracy = due.accuracy;
            return Some(match (self.place.code, accuracy) {
                // Alaska: towns tax, the state does not.
                ("US", Accuracy::State) => Treatment { accuracy, ..none(TaxStatus::OutsideScope, "local_tax_unknown") },
                ("US", Accuracy::Full) => none(TaxStatus::OutsideScope, "no_state_sales_tax"),
                _ => none(TaxStatus::OutsideScope, "outside_tax_territory"),
            });
        }
        if !due.rules.iter().any(|(_, registered)| *registered) {
            return None;
        }
        let reason = match self.place.code {
            "US" => "nexus",
            "CA" => "registered",
            _ if self.home.registration == self.place.registration => "domestic",
            _ => "registered",
        };
        let rules = due.rules.iter().filter(|(_, registered)| *registered).map(|(rule, _)| *rule).collect();
        Some(charge(reason, rules, due.accuracy))
    }

    /// Small sellers below EUR 10,000 of cross-border sales tax at home: established in one member state, goods sent from it
    /// (Directive 2006/112/EC art. 59c).
    fn at_home(&self, dispatch: &Place<'_>) -> Option<Treatment<'r>> {
        let one_state = self.home.registration == dispatch.registration && dispatch.regime == Regime::Union;
        if !(one_state && is_member(self.home.state) && self.registered_at(&self.home)) {
            return None;
        }
        Some(match self.rule(self.home.code) {
            Some(rule) => charge("origin_below_threshold", vec![rule], Accuracy::Full),
            None => none(TaxStatus::NoRule, "no_table"),
        })
    }

    fn charge(&self, reason: &'static str, due: &Due<'r>) -> Treatment<'r> {
        charge(reason, due.rules.iter().map(|(rule, _)| *rule).collect(), due.accuracy)
    }

    /// No registration charges it.
    fn uncharged(&self) -> Treatment<'r> {
        match self.place.regime {
            Regime::Apart => none(TaxStatus::OutsideScope, "outside_tax_territory"),
            _ if self.place.code == "US" => none(TaxStatus::NotRegistered, "no_nexus"),
            // At home, or below the threshold in the Union: the sale is one of the seller's own state, which does not tax it.
            _ if self.home.state == self.place.state => none(TaxStatus::NotRegistered, "small_seller"),
            Regime::Union if is_member(self.home.state) && !self.registered_at(&self.home) => {
                none(TaxStatus::NotRegistered, "small_seller")
            }
            _ => none(TaxStatus::NotRegistered, "no_registration"),
        }
    }

    /// Whether the buyer is a business where the supply takes place, by a confirmed id that counts there.
    fn is_business(&self) -> bool {
        self.supply.valid_business
            && self.supply.tax_id.is_some_and(|id| counts(id, &self.place, self.supply.ships_from.is_some()))
    }

    /// Whether the buyer's id carries the letters of a member state (`EL` for Greece).
    fn id_of(&self, place: &Place<'_>) -> bool {
        let Some(id) = self.supply.tax_id else { return false };
        let letters = if place.registration == "GR" { "EL" } else { place.registration };
        let mut head = id.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
        is_member(place.registration) && letters.chars().all(|c| head.next() == Some(c))
    }
}

/// Whether an id, once confirmed, makes its holder a business at a place (country, region, postcode; `goods` that reach it): everywhere in the Union
/// one of any member state (Directive 2006/112/EC arts. 44, 138; of Northern Ireland for goods), in a state's territories outside of its tax one of that state, elsewhere none
/// of the Union's and none of Great Britain's but its own.
pub fn is_business_id(id: &str, to: (&str, Option<&str>, Option<&str>), goods: bool) -> bool {
    counts(id, &resolve(to.0, to.1, to.2, goods), goods)
}

fn counts(id: &str, place: &Place<'_>, goods: bool) -> bool {
    let mut head = id.chars().filter(char::is_ascii_alphanumeric).take(2);
    let mut next = || head.next().map(|c| c.to_ascii_uppercase());
    let letters: String = [next(), next()].into_iter().flatten().collect();
    // Numbers of Greece begin with its letters in the Union, which are not its code.
    let member = letters == "EL" || is_member(&letters);
    let union = member && letters != "GR";
    match (place.regime, letters.as_str()) {
        (_, "") => false,
        (Regime::Union, letters) => union || goods && letters == "XI",
        (_, "GB" | "XI") => place.registration == "GB",
        (_, letters) => {
            !member || place.registration.split('-').next() == Some(if letters == "EL" { "GR" } else { letters })
        }
    }
}

fn total(due: &Due<'_>) -> i64 {
    due.rules.iter().map(|(rule, _)| rule.rate_ppm).sum()
}

fn none<'r>(status: TaxStatus, reason: &'static str) -> Treatment<'r> {
    Treatment { status, rules: vec![], accuracy: Accuracy::Full, reason, strip_ppm: 0 }
}

fn charge<'r>(reason: &'static str, rules: Vec<&'r TaxRule>, accuracy: Accuracy) -> Treatment<'r> {
    let zero = rules.iter().all(|r| r.rate_ppm == 0);
    // Exempt without deduction, not taxable at zero: printed books in India (Notification 10/2025-IT(R)).
    let exempt = zero && rules.iter().any(|r| r.jurisdiction.starts_with("IN"));
    let status = if zero { TaxStatus::ZeroRated } else { TaxStatus::Taxed };
    Treatment { status, rules, accuracy, reason: if exempt { "exempt" } else { reason }, strip_ppm: 0 }
}
