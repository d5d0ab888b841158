//! Registers for demonstration data: what they say follows from the number, so that every outcome can be tried.
//!
//! The sum of a number's digits, its last digit:
//!
//! | last digit of the sum | what happens |
//! |---|---|
//! | 9 | not in the register |
//! | 8 | down for a minute after the first question, then in force |
//! | 7 | down for a minute after the first question, then not in the register |
//! | any other | in force |

use std::collections::HashMap;

use async_trait::async_trait;
use tokio::sync::Mutex;
use vitrine_clock::SharedClock;

use crate::{Answer, RegisterError, Registers};

/// How long it is down, milliseconds.
pub const DOWN_MS: i64 = 60_000;
/// Numbers it remembers being asked for; beyond, it forgets all.
const MOST: usize = 10_000;

/// The simulator.
pub struct Simulator {
    clock: SharedClock,
    /// When each number that begins with a breakdown was first asked for.
    asked: Mutex<HashMap<String, i64>>,
}

impl Simulator {
    /// A register that nobody asked yet.
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, asked: Mutex::new(HashMap::new()) }
    }
}

#[async_trait]
impl Registers for Simulator {
    fn serves(&self, kind: &str) -> Option<&'static str> {
        match kind {
            _ if kind.starts_with("eu_vat_") => Some("VIES"),
            "gb_vat" => Some("HMRC"),
            "ch_uid" | "ch_mwst" => Some("UID"),
            "no_mva" => Some("Brønnøysund"),
            "au_abn" => Some("ABR"),
            "sg_gst" => Some("IRAS"),
            "in_gstin" => Some("GSTN"),
            _ => None,
        }
    }

    async fn ask(&self, kind: &str, number: &str) -> Result<Answer, RegisterError> {
        if self.serves(kind).is_none() {
            return Err(RegisterError::NotServed);
        }
        let sum: u32 = number.chars().filter_map(|c| c.to_digit(10)).sum();
        let (down, valid) = match sum % 10 {
            9 => (false, false),
            8 => (true, true),
            7 => (true, false),
            _ => (false, true),
        };
        if down {
            let now = self.clock.now_ms();
            let mut asked = self.asked.lock().await;
            if asked.len() >= MOST {
                asked.clear();
            }
            if now < *asked.entry(number.to_owned()).or_insert(now) + DOWN_MS {
                return Err(RegisterError::Unavailable("SIMULATED".into()));
            }
        }
        Ok(Answer { valid, reference: valid.then(|| format!("SIM-{number}")) })
    }
}

#[cfg(test)]
mod tests {
    use vitrine_clock::FixedClock;

    use super::*;

    #[tokio::test]
    async fn every_outcome_can_be_tried() {
        let clock = FixedClock::at(1_790_000_000_000);
        let register = Simulator::new(clock.clone());
        let ask = |number: &'static str| register.ask("eu_vat_DE", number);
        assert!(ask("DE100").await.unwrap().valid);
        assert!(!ask("DE900").await.unwrap().valid);
        for (number, valid) in [("DE800", true), ("DE700", false)] {
            assert_eq!(ask(number).await.unwrap_err(), RegisterError::Unavailable("SIMULATED".into()));
            clock.advance_ms(DOWN_MS);
            assert_eq!(ask(number).await.unwrap().valid, valid);
        }
        assert_eq!(register.ask("cl_rut", "1").await.unwrap_err(), RegisterError::NotServed);
    }
}
