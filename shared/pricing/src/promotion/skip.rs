//! What became of codes: applied, or skipped with the reason; and what placing the order must reserve.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a promotion was not applied, in the order in which it is asked: of several promotions with one code the one that came furthest says why.
/// As text, in JSON too: `ended`, `excluded_by:<id>` ...
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// The public form of [`SkipReason::Unknown`], [`SkipReason::NotInThisStore`], [`SkipReason::NotBegun`] and [`SkipReason::Ended`].
    NotValid,
    /// No promotion has the code.
    Unknown,
    /// It is of another storefront.
    NotInThisStore,
    /// Its first day is still to come.
    NotBegun,
    /// Its last day is over.
    Ended,
    /// All its uses are used.
    Exhausted,
    /// This customer's uses are used.
    UsedByYou,
    /// The buyer is in none of its groups.
    NotYourGroup,
    /// The buyer bought before.
    NotFirstOrder,
    /// It has no amount in the quote's currency.
    WrongCurrency,
    /// No line is in its scope, or nothing is sent.
    NoItemQualifies,
    /// The lines in its scope do not reach its minimum, or are too few for its offer.
    Minimum,
    /// It is combined with no other, and another is applied.
    NotStackable,
    /// It is not combined with this one, which is applied; the id of that promotion.
    ExcludedBy(String),
    /// What it could take off costs nothing already, or what it would take off rounds to nothing.
    NothingToDiscount,
    /// Nothing would be left to pay, which it does not allow.
    ZeroTotal,
}

/// The text is no [`SkipReason`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no reason to skip a code")]
pub struct UnknownReason(pub String);

/// Every reason without a parameter, by its text.
const PLAIN: [(&str, SkipReason); 15] = [
    ("not_valid", SkipReason::NotValid),
    ("unknown", SkipReason::Unknown),
    ("not_in_this_store", SkipReason::NotInThisStore),
    ("not_begun", SkipReason::NotBegun),
    ("ended", SkipReason::Ended),
    ("exhausted", SkipReason::Exhausted),
    ("used_by_you", SkipReason::UsedByYou),
    ("not_your_group", SkipReason::NotYourGroup),
    ("not_first_order", SkipReason::NotFirstOrder),
    ("wrong_currency", SkipReason::WrongCurrency),
    ("no_item_qualifies", SkipReason::NoItemQualifies),
    ("minimum", SkipReason::Minimum),
    ("not_stackable", SkipReason::NotStackable),
    ("nothing_to_discount", SkipReason::NothingToDiscount),
    ("zero_total", SkipReason::ZeroTotal),
];
const EXCLUDED_BY: &str = "excluded_by";

impl SkipReason {
    /// Every text that [`SkipReason::code`] can be: what locale files must have words for.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        PLAIN.iter().map(|(code, _)| *code).chain([EXCLUDED_BY])
    }

    /// Its text without the other promotion.
    pub fn code(&self) -> &'static str {
        PLAIN.iter().find(|(_, reason)| reason == self).map_or(EXCLUDED_BY, |(code, _)| code)
    }

    /// What a buyer may know: a wrong, a foreign, a coming and an ended code have one answer, so that codes cannot be found by trying.
    #[must_use]
    pub fn public(self) -> Self {
        match self {
            Self::Unknown | Self::NotInThisStore | Self::NotBegun | Self::Ended => Self::NotValid,
            other => other,
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExcludedBy(other) => write!(f, "{EXCLUDED_BY}:{other}"),
            plain => f.write_str(plain.code()),
        }
    }
}

impl FromStr for SkipReason {
    type Err = UnknownReason;
    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        if let Some((EXCLUDED_BY, other)) = text.split_once(':') {
            return Ok(Self::ExcludedBy(other.to_owned()));
        }
        let plain = PLAIN.iter().find(|(code, _)| *code == text);
        plain.map(|(_, reason)| reason.clone()).ok_or_else(|| UnknownReason(text.chars().take(32).collect()))
    }
}

impl Serialize for SkipReason {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SkipReason {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Whether a code counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CodeStatus {
    /// It took something off.
    Applied,
    /// It did not.
    Skipped,
}

/// What became of a code that was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeOutcome {
    /// As typed, without white space around it.
    pub code: String,
    /// Whether it counted.
    pub status: CodeStatus,
    /// Why not.
    pub reason: Option<SkipReason>,
}

/// One use of a promotion, which placing the order must take in the same write: it is refused if a count has reached its limit. Given back
/// when the order is cancelled. What an order holds already is not asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reservation {
    /// Its id.
    pub promotion: String,
    /// Uses by everybody, at most; absent: only counted, for a limit may be set later.
    pub total: Option<u32>,
    /// Uses by the customer (account, e-mail and means of payment, each), at most; absent: only counted.
    pub per_customer: Option<u32>,
}
