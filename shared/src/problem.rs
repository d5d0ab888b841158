//! The one shape of a fault: RFC 9457 on REST, the same struct over RPC.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, said to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// Stable, `snake_case`; also the last part of `type`. The interface translates by it (`problem-<code>`).
    pub code: String,
    /// HTTP status.
    pub status: u16,
    /// One sentence in English for developers.
    pub title: String,
    /// What to do, where more can be said than the title; never internals.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Field path -> code, for validation.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Names the occurrence in the logs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instance: String,
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(status: u16, code: &str, title: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            status,
            title: title.into(),
            detail: String::new(),
            fields: BTreeMap::new(),
            instance: String::new(),
        }
    }

    /// Existence is secret or there is nothing.
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("There is no such {what}."))
    }

    /// Known to exist, not theirs.
    pub fn forbidden(title: impl Into<String>) -> Self {
        Self::new(403, "forbidden", title)
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::new(401, "unauthenticated", "Sign in first.")
    }

    /// The state of things does not allow it.
    pub fn conflict(code: &str, title: impl Into<String>) -> Self {
        Self::new(409, code, title)
    }

    /// One field is wrong.
    pub fn invalid(field: &str, code: &str, title: impl Into<String>) -> Self {
        let mut problem = Self::new(422, "invalid", title);
        problem.fields.insert(field.to_owned(), code.to_owned());
        problem
    }

    /// Something of ours failed; only the id goes out.
    pub fn internal(instance: impl Into<String>) -> Self {
        let mut problem = Self::new(500, "internal", "Something failed on our side.");
        problem.instance = instance.into();
        problem
    }

    /// The call did not reach the server or its answer did not come back.
    pub fn network() -> Self {
        Self::new(503, "network", "The server cannot be reached.")
    }

    /// Says what to do.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds a wrong field.
    pub fn field(mut self, field: impl Into<String>, code: &str) -> Self {
        self.fields.insert(field.into(), code.to_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.title, self.code)
    }
}

impl std::error::Error for Problem {}
