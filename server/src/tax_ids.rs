//! Whether a buyer's tax id counts: form and check digits from the pricing engine, the rest from the register that is connected.
//!
//! Invariants:
//! - Only a register's yes makes an id [`TaxIdState::Valid`]. While it is away the id is pending or unavailable, and tax is charged.
//! - No id is refused: what is none, or nobody confirms, stays words for the invoice.
//! - An answer is kept for a while, under a hash of the number; the number itself stands with the order, sealed.
//!
//! Not here: what an id means for tax (`vitrine_pricing::tax`), refunds once an id is confirmed (`checkout::identity`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use vitrine_pricing::quote::TaxIdState;
use vitrine_pricing::tax::is_business_id;
use vitrine_pricing::tax_id::{Checked, KINDS, TaxIdKind, check, kinds_of};
use vitrine_registers::{RegisterError, SharedRegisters};
use vitrine_table::{Consistency, Item, Key, Put, Table};

use crate::fault::{self, Result};

/// How long a yes holds, milliseconds.
const VALID_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a no holds: registers are entered late.
const UNKNOWN_MS: i64 = 60 * 60 * 1000;
/// How long a register that was away is not asked again for the same number.
const AWAY_MS: i64 = 20 * 1000;
/// Longest id, characters; what is longer is none.
pub const MOST: usize = 40;

/// What is known of an id that was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Kind, a code of `vitrine_pricing::tax_id::KINDS`; empty: of no known kind.
    #[serde(default)]
    pub kind: String,
    /// As stored; of no known kind: as typed.
    #[serde(default)]
    pub number: String,
    /// What it counts for.
    pub state: TaxIdState,
    /// Register that was or will be asked: `VIES`; empty: nobody confirms it.
    #[serde(default)]
    pub register: String,
    /// The register's name for the consultation.
    #[serde(default)]
    pub reference: Option<String>,
    /// Why the register did not answer: `MS_UNAVAILABLE`, `TIMEOUT`.
    #[serde(default)]
    pub fallback: Option<String>,
    /// When it was asked, UTC milliseconds.
    #[serde(default)]
    pub asked_ms: i64,
}

/// What is kept of a register's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    state: TaxIdState,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    fallback: Option<String>,
    asked_ms: i64,
}

impl Kept {
    fn holds(&self, now_ms: i64) -> bool {
        let long = match self.state {
            TaxIdState::Valid => VALID_MS,
            TaxIdState::Invalid => UNKNOWN_MS,
            _ => AWAY_MS,
        };
        (0..long).contains(&(now_ms - self.asked_ms))
    }
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct TaxIds {
    table: Arc<dyn Table>,
    registers: SharedRegisters,
}

impl TaxIds {
    /// Over these registers; answers are kept in the table.
    pub fn new(table: Arc<dyn Table>, registers: SharedRegisters) -> Self {
        Self { table, registers }
    }

    /// What an id typed by a buyer counts for at a place (country, region, postcode); asks the register where it could count there, there is a register,
    /// and no answer is kept.
    ///
    /// # Errors
    /// The table's. A register that is away is no error: the state says so.
    pub async fn look(&self, to: (&str, Option<&str>, Option<&str>), typed: &str, now_ms: i64) -> Result<Identity> {
        // Of elsewhere: right as it may be, it makes nobody a business there. What reaches a place by parcel may count for more.
        self.looked(to.0, typed, |id| is_business_id(id, to, true), now_ms).await
    }

    /// The same for an order whose tax waits for the register: that the id would count was decided when it was placed.
    ///
    /// # Errors
    /// As [`TaxIds::look`].
    pub async fn again(&self, country: &str, typed: &str, now_ms: i64) -> Result<Identity> {
        self.looked(country, typed, |_| true, now_ms).await
    }

    async fn looked(
        &self,
        country: &str,
        typed: &str,
        counts: impl Fn(&str) -> bool + Send,
        now_ms: i64,
    ) -> Result<Identity> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(Identity::default());
        }
        let raw = Identity { number: typed.chars().take(MOST).collect(), ..Identity::default() };
        if typed.chars().count() > MOST {
            return Ok(Identity { state: TaxIdState::Invalid, ..raw });
        }
        let (mut served, mut right) = (false, None);
        for kind in candidates(country, typed) {
            let register = self.registers.serves(kind.code).filter(|_| counts(kind.written));
            served |= register.is_some();
            if let Checked::Ok(number) = check(kind.code, typed) {
                if let Some(register) = register {
                    return self.confirmed(kind.code, register, number, now_ms).await;
                }
                right.get_or_insert(Identity { kind: kind.code.into(), number, ..Identity::default() });
            }
        }
        // Not a number of the kind that would count; it may still be one for the invoice.
        let state = if served { TaxIdState::Invalid } else { TaxIdState::None };
        Ok(right.unwrap_or(Identity { state, ..raw }))
    }

    async fn confirmed(&self, kind: &str, register: &str, number: String, now_ms: i64) -> Result<Identity> {
        let hash = data_encoding::BASE32HEX_NOPAD.encode(&Sha256::digest(format!("{kind} {number}").as_bytes()));
        let key = Key::new(format!("TAXID#{hash}"), "ANSWER#");
        let known = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
        let known = known.map(vitrine_table::from_item::<Kept>).transpose().map_err(fault::table)?;
        let kept = match known.filter(|kept| kept.holds(now_ms)) {
            Some(kept) => kept,
            None => {
                let kept = self.asked(kind, &number, now_ms).await;
                let mut item: Item = vitrine_table::to_item(&key, &kept).map_err(fault::table)?;
                item.insert("ttl".into(), json!((now_ms + VALID_MS) / 1000));
                item.insert("_v".into(), 1.into());
                self.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
                kept
            }
        };
        Ok(Identity {
            kind: kind.to_owned(),
            number,
            state: kept.state,
            register: register.to_owned(),
            reference: kept.reference,
            fallback: kept.fallback,
            asked_ms: kept.asked_ms,
        })
    }

    async fn asked(&self, kind: &str, number: &str, asked_ms: i64) -> Kept {
        let kept = |state| Kept { state, reference: None, fallback: None, asked_ms };
        match self.registers.ask(kind, number).await {
            Ok(answer) if answer.valid => Kept { reference: answer.reference, ..kept(TaxIdState::Valid) },
            Ok(_) => kept(TaxIdState::Invalid),
            // Too slow to wait for, and down, are told apart: the first may answer at any moment.
            Err(RegisterError::Unavailable(code)) => {
                tracing::info!(kind, code, "a register of tax ids does not answer");
                let state = if code == "TIMEOUT" { TaxIdState::Pending } else { TaxIdState::Unavailable };
                Kept { fallback: Some(code), ..kept(state) }
            }
            Err(RegisterError::NotServed) => kept(TaxIdState::None),
        }
    }
}

/// The form in which an id of a buyer in a country is stored, with its letters; as it is, if it is no right one of any kind that it may be of.
pub(crate) fn stored(country: &str, typed: &str) -> String {
    let right = |kind: &TaxIdKind| match check(kind.code, typed) {
        Checked::Ok(number) => Some(number),
        _ => None,
    };
    candidates(country, typed).find_map(right).unwrap_or_else(|| typed.trim().to_owned())
}

/// Kinds that a typed id may be of: the country's own, and before them the one whose member state's letters it begins with, for
/// buyers who are registered in another state than they order from.
pub(crate) fn candidates(country: &str, typed: &str) -> impl Iterator<Item = &'static TaxIdKind> {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).take(2).collect::<String>().to_uppercase();
    let letters = if letters == "GR" { "EL".to_owned() } else { letters };
    let foreign = KINDS.iter().filter(move |k| k.code.strip_prefix("eu_vat_") == Some(&*letters));
    let own: Vec<_> = kinds_of(country).collect();
    foreign.chain(own)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use vitrine_registers::{Answer, Registers};

    use super::*;
    use crate::testing::{NOW, Shop};

    /// A register that says what its number's first digit says, and counts.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Registers for Counting {
        fn serves(&self, kind: &str) -> Option<&'static str> {
            kind.starts_with("eu_vat_").then_some("VIES")
        }

        async fn ask(&self, _kind: &str, number: &str) -> std::result::Result<Answer, RegisterError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            match number {
                "DE136695976" => Ok(Answer { valid: true, reference: Some("R1".into()) }),
                "FR40303265045" => Err(RegisterError::Unavailable("TIMEOUT".into())),
                "ATU13585627" => Err(RegisterError::Unavailable("MS_UNAVAILABLE".into())),
                _ => Ok(Answer { valid: false, reference: None }),
            }
        }
    }

    #[tokio::test]
    async fn answers_are_kept_as_long_as_they_hold() {
        let shop = Shop::open().await;
        let register = Arc::new(Counting::default());
        let ids = TaxIds::new(shop.table.clone(), register.clone());
        let asked = || register.0.load(Ordering::SeqCst);
        let first = ids.look(("DE", None, None), " de 136.695.976", NOW).await.unwrap();
        assert_eq!((first.state, first.number.as_str()), (TaxIdState::Valid, "DE136695976"));
        assert_eq!((first.register.as_str(), first.reference.as_deref()), ("VIES", Some("R1")));
        // Without letters, and from another country with them.
        assert_eq!(ids.look(("DE", None, None), "136695976", NOW + VALID_MS - 1).await.unwrap(), first);
        assert_eq!(ids.look(("FR", None, None), "DE136695976", NOW + 5).await.unwrap().state, TaxIdState::Valid);
        assert_eq!(asked(), 1);
        ids.look(("DE", None, None), "136695976", NOW + VALID_MS).await.unwrap();
        assert_eq!(asked(), 2, "a yes holds for a day");
        let late = ids.look(("FR", None, None), "40303265045", NOW).await.unwrap();
        assert_eq!((late.state, late.fallback.as_deref()), (TaxIdState::Pending, Some("TIMEOUT")));
        let down = ids.look(("AT", None, None), "ATU13585627", NOW).await.unwrap();
        assert_eq!((down.state, down.fallback.as_deref()), (TaxIdState::Unavailable, Some("MS_UNAVAILABLE")));
        ids.look(("AT", None, None), "ATU13585627", NOW + AWAY_MS).await.unwrap();
        assert_eq!(asked(), 5, "who was away is asked again soon");
    }

    #[tokio::test]
    async fn what_nobody_confirms_is_words_for_the_invoice() {
        let shop = Shop::open().await;
        let register = Arc::new(Counting::default());
        let ids = TaxIds::new(shop.table.clone(), register.clone());
        for (country, typed, number, state) in [
            // A Chilean RUT, a Vietnamese MST, a number without its country's letters.
            ("CL", "12.531.909-2", "125319092", TaxIdState::None),
            ("VN", "0100233488", "0100233488", TaxIdState::None),
            ("BR", "anything at all", "anything at all", TaxIdState::None),
            // A German tax number that is no VAT number.
            ("DE", "12/345/67890", "12/345/67890", TaxIdState::Invalid),
            // A right number of a member state, of a buyer outside of the Union.
            ("AU", "DE136695976", "DE136695976", TaxIdState::None),
            ("RE", "ATU13585627", "ATU13585627", TaxIdState::None),
            ("DE", "", "", TaxIdState::None),
        ] {
            let known = ids.look((country, None, None), typed, NOW).await.unwrap();
            assert_eq!((known.number.as_str(), known.state), (number, state), "{country} {typed}");
        }
        // A place beside a state, and another state's goods, are told by the postcode.
        let at =
            async |country, postcode, typed| ids.look((country, None, Some(postcode)), typed, NOW).await.unwrap().state;
        assert_eq!(at("FR", "97400", "ATU13585627").await, TaxIdState::None);
        assert_eq!(at("ES", "35001", "DE136695976").await, TaxIdState::None);
        assert_eq!(at("GB", "SW1A 1AA", "DE136695976").await, TaxIdState::None);
        let long = ids.look(("DE", None, None), &"9".repeat(500), NOW).await.unwrap();
        assert_eq!((long.state, long.number.len()), (TaxIdState::Invalid, MOST));
        assert_eq!(register.0.load(Ordering::SeqCst), 0);
        assert_eq!(at("GB", "BT1 1AA", "DE136695976").await, TaxIdState::Valid);
        // An order whose tax waits is asked for wherever it went.
        assert_eq!(ids.again("GB", "DE136695976", NOW).await.unwrap().state, TaxIdState::Valid);
        assert_eq!(stored("FR", "40303265045"), "FR40303265045");
        assert_eq!(stored("FR", "AT U13585627"), "ATU13585627");
        assert_eq!(stored("BR", " anything "), "anything");
    }
}
