use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError};
use crate::quote::TaxAmount;

/// How much of a line, or of shipping, is to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "take", rename_all = "snake_case", deny_unknown_fields)]
pub enum Take {
    /// All that is left.
    All,
    /// So many pieces; not of shipping.
    Quantity {
        /// 1 to what is left.
        quantity: u32,
    },
    /// An amount with its tax; no piece comes back.
    Amount {
        /// Above zero, at most what is left.
        gross: Money,
    },
    /// All tax that is left and nothing else: the buyer turned out not to owe it.
    Tax,
}

/// A line of which something is to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineWish {
    /// Index in `lines` of the quote.
    pub line: usize,
    /// How much.
    pub take: Take,
}

/// What is to go back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundWish {
    /// Each line once.
    #[serde(default)]
    pub lines: Vec<LineWish>,
    /// Of shipping.
    #[serde(default)]
    pub shipping: Option<Take>,
}

impl RefundWish {
    /// Whole lines, and shipping if `shipping`.
    pub fn whole(lines: &[usize], shipping: bool) -> Self {
        let lines = lines.iter().map(|line| LineWish { line: *line, take: Take::All }).collect();
        Self { lines, shipping: shipping.then_some(Take::All) }
    }
}

/// Amounts that go back or stay; net + tax = gross, none negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundAmounts {
    /// Without tax.
    pub net: Money,
    /// By rule; `base` is what is not taxed by it any more.
    pub taxes: Vec<TaxAmount>,
    /// Sum of `taxes`.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
}

/// What goes back of one line or of shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundPart {
    /// Index of the line; none: shipping.
    pub line: Option<usize>,
    /// Pieces that come back; 0 for an amount or tax alone.
    pub quantity: u32,
    /// Nothing of it stays after this.
    pub complete: bool,
    /// What goes back.
    pub amounts: RefundAmounts,
    /// What could still go back after this.
    pub left: RefundAmounts,
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefundStepKind {
    /// How much in all; `rule` is `all_left`, `quantity`, `amount` or `tax_only`.
    Gross,
    /// A tax; `rule` is its id.
    Tax,
    /// The rest without tax.
    Net,
    /// All was added up.
    Total,
}

/// One step of the explanation: `paid` = `before` + `amount` + `left`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundStep {
    /// What it found.
    pub kind: RefundStepKind,
    /// Index of the line; none: shipping or all.
    pub line: Option<usize>,
    /// A code or a rule's id.
    pub rule: String,
    /// As paid.
    pub paid: Money,
    /// Gone back before.
    pub before: Money,
    /// Goes back now.
    pub amount: Money,
    /// Stays.
    pub left: Money,
}

/// A refund with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundQuote {
    /// Of every amount.
    pub currency: Currency,
    /// By line.
    pub lines: Vec<RefundPart>,
    /// If shipping goes back.
    pub shipping: Option<RefundPart>,
    /// What goes back in all.
    pub totals: RefundAmounts,
    /// What of the whole quote could still go back after this.
    pub left: RefundAmounts,
    /// In order of work.
    pub explain: Vec<RefundStep>,
}

/// What can still go back of a line or of shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refundable {
    /// Pieces; 1 for shipping as long as it is not `done`.
    pub quantity: u32,
    /// Amounts.
    pub amounts: RefundAmounts,
    /// Nothing is left to take.
    pub done: bool,
}

/// What can still go back of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundableQuote {
    /// One per line, in their order.
    pub lines: Vec<Refundable>,
    /// If shipping was charged.
    pub shipping: Option<Refundable>,
    /// In all.
    pub totals: RefundAmounts,
}

/// Why there is no refund. [`RefundError::field`] names the place in the wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// Neither a line nor shipping.
    #[error("lines: nothing is asked for")]
    Nothing,
    /// A value that cannot be.
    #[error("{field}: {detail}")]
    Invalid {
        /// Path.
        field: String,
        /// What is wrong.
        detail: &'static str,
    },
    /// The quote has no such line.
    #[error("{field}: there is no such line")]
    NoSuchLine {
        /// Path.
        field: String,
    },
    /// Nothing was charged for shipping.
    #[error("shipping: nothing was charged for it")]
    NoShipping,
    /// Nothing is left of it.
    #[error("{field}: it was refunded before")]
    AlreadyRefunded {
        /// Path.
        field: String,
    },
    /// No tax is left on it.
    #[error("{field}: no tax is left on it")]
    NoTax {
        /// Path.
        field: String,
    },
    /// More pieces than are left.
    #[error("{field}: {left} are left")]
    TooMany {
        /// Path.
        field: String,
        /// Pieces.
        left: u32,
    },
    /// More than is left.
    #[error("{field}: {} is left", left.to_decimal())]
    TooMuch {
        /// Path.
        field: String,
        /// With tax.
        left: Money,
    },
    /// No refund can be of this amount: it would leave what cannot be refunded either.
    #[error("{field}: amounts in {} are multiples of {}", step.currency(), step.to_decimal())]
    NotChargeable {
        /// Path.
        field: String,
        /// [`Currency::processor_step`].
        step: Money,
    },
    /// What is said to have gone back before is not of this quote, or more than was paid.
    #[error("{field}: it does not fit what was paid")]
    Unfitting {
        /// Path, such as `before[0].lines[1]`.
        field: String,
    },
    /// Amounts too large or of two currencies.
    #[error("{field}: {source}")]
    Money {
        /// Path.
        field: String,
        /// What went wrong.
        source: MoneyError,
    },
}

impl RefundError {
    /// Stable name of what is wrong.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Invalid { .. } => "invalid",
            Self::NoSuchLine { .. } => "no_such_line",
            Self::NoShipping => "no_shipping",
            Self::AlreadyRefunded { .. } => "refunded_already",
            Self::NoTax { .. } => "no_tax",
            Self::TooMany { .. } => "too_many",
            Self::TooMuch { .. } => "too_much",
            Self::NotChargeable { .. } => "not_chargeable",
            Self::Unfitting { .. } => "unfitting",
            Self::Money { source: MoneyError::CurrencyMismatch { .. }, .. } => "currency_mismatch",
            Self::Money { .. } => "too_large",
        }
    }

    /// Path in the wish, such as `lines[0].take.gross`.
    pub fn field(&self) -> &str {
        match self {
            Self::Nothing => "lines",
            Self::NoShipping => "shipping",
            Self::Invalid { field, .. }
            | Self::NoSuchLine { field }
            | Self::AlreadyRefunded { field }
            | Self::NoTax { field }
            | Self::TooMany { field, .. }
            | Self::TooMuch { field, .. }
            | Self::NotChargeable { field, .. }
            | Self::Unfitting { field }
            | Self::Money { field, .. } => field,
        }
    }
}
