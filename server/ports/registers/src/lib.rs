//! Registers of tax ids: whether a number of the right form is one in force. Form and check digits are `vitrine_pricing::tax_id`'s.
//!
//! Invariants:
//! - Only an answer of the register says valid or unknown. No answer, a late one, and one that says nothing of the number are
//!   [`RegisterError::Unavailable`]: never "invalid", never an exemption by silence.
//! - Asking changes nothing anywhere: every call may be repeated.
//!
//! Not here: when to ask, for how long an answer holds, what an id means for tax.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub mod simulator;
pub mod vies;

/// What a register says of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// In force for supplies across borders.
    pub valid: bool,
    /// The register's name for this consultation; proof that it was asked.
    #[serde(default)]
    pub reference: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Nobody here can confirm this kind.
    #[error("no register is connected for this kind of number")]
    NotServed,
    /// Down, late, or busy; the code is the register's own or ours: `MS_UNAVAILABLE`, `TIMEOUT`, `UNREACHABLE`, `UNREADABLE`.
    #[error("the register does not answer: {0}")]
    Unavailable(String),
}

/// The contract. Every call answers within five seconds.
#[async_trait]
pub trait Registers: Send + Sync + 'static {
    /// Name of the register that confirms this kind (a code of `vitrine_pricing::tax_id::KINDS`), as orders keep it; `None`: nobody.
    fn serves(&self, kind: &str) -> Option<&'static str>;

    /// Asks for a number in its stored form, the letters of its country included.
    async fn ask(&self, kind: &str, number: &str) -> Result<Answer, RegisterError>;
}

/// Registers that are handed around.
pub type SharedRegisters = Arc<dyn Registers>;

/// Nobody confirms anything: every id is invoice data.
pub struct Nobody;

#[async_trait]
impl Registers for Nobody {
    fn serves(&self, _kind: &str) -> Option<&'static str> {
        None
    }

    async fn ask(&self, _kind: &str, _number: &str) -> Result<Answer, RegisterError> {
        Err(RegisterError::NotServed)
    }
}
