//! Conditions and updates, over top-level attributes.

use serde_json::Value;

/// What must hold of the present item.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// There is an item under the key.
    ItemExists,
    /// There is none.
    ItemAbsent,
    /// The attribute is there.
    Exists(String),
    /// The attribute is not there.
    Absent(String),
    /// Equal in type and value.
    Eq(String, Value),
    /// Absent, or not equal.
    Ne(String, Value),
    /// Same type and less.
    Lt(String, Value),
    /// Same type and at most.
    Le(String, Value),
    /// Same type and more.
    Gt(String, Value),
    /// Same type and at least.
    Ge(String, Value),
    /// A string that begins with this.
    BeginsWith(String, String),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// Attribute equals value.
    pub fn eq(attribute: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Eq(attribute.into(), value.into())
    }

    /// Attribute is a number or string of at least value.
    pub fn ge(attribute: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Ge(attribute.into(), value.into())
    }

    /// Both hold.
    pub fn and(self, other: Condition) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            first => Self::All(vec![first, other]),
        }
    }
}

/// One change of one top-level attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// Write the value.
    Set(String, Value),
    /// Write the value unless the attribute is there.
    SetIfAbsent(String, Value),
    /// Add to an integer (absent counts as 0).
    Add(String, i64),
    /// Take the attribute away.
    Remove(String),
}

impl Update {
    /// Write the value.
    pub fn set(attribute: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Set(attribute.into(), value.into())
    }

    /// The attribute it changes.
    pub fn attribute(&self) -> &str {
        match self {
            Self::Set(a, _) | Self::SetIfAbsent(a, _) | Self::Add(a, _) | Self::Remove(a) => a,
        }
    }
}
