use crate::money::{Currency, Money, MoneyError};

/// Why there is no quote. [`QuoteError::field`] names the place in the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// A field has a value that cannot be.
    #[error("{field}: {detail}")]
    Invalid {
        /// Path in the document.
        field: String,
        /// What is wrong.
        detail: String,
    },
    /// A field that cannot be so beside another one.
    #[error("{field}: {detail}")]
    Impossible {
        /// Path of the one that says more than the other allows.
        field: String,
        /// What they cannot be together.
        detail: String,
    },
    /// Not an officially assigned ISO 3166-1 alpha-2 code.
    #[error("{field}: {country:?} is not an ISO 3166-1 alpha-2 country code")]
    UnknownCountry {
        /// Path.
        field: String,
        /// As asked, its beginning.
        country: String,
    },
    /// The catalogue has no such variant.
    #[error("{field}: no variant {sku:?}")]
    UnknownSku {
        /// Path.
        field: String,
        /// As asked.
        sku: String,
    },
    /// No price in the currency.
    #[error("{field}: {sku} is not for sale in {currency} there")]
    NotForSale {
        /// Path.
        field: String,
        /// As asked.
        sku: String,
        /// As asked.
        currency: Currency,
    },
    /// The buyer named less than the minimum.
    #[error("{field}: the least accepted is {}", minimum.to_decimal())]
    BelowMinimum {
        /// Path.
        field: String,
        /// Per unit.
        minimum: Money,
    },
    /// No charge can be of this amount, or be made with it.
    #[error("{field}: amounts in {} are multiples of {}", step.currency(), step.to_decimal())]
    NotChargeable {
        /// Path.
        field: String,
        /// [`Currency::processor_step`].
        step: Money,
    },
    /// Where tax goes by region: not one of the country's.
    #[error("{field}: {country} has no region {region:?}")]
    UnknownRegion {
        /// Path.
        field: String,
        /// Its country.
        country: String,
        /// As asked, its beginning.
        region: String,
    },
    /// No rate for place and weight.
    #[error("shipping: nothing is sent to {country} at {weight_g} g")]
    NotShipped {
        /// Buyer's country.
        country: String,
        /// All physical lines.
        weight_g: u64,
    },
    /// The parcel is sent there, but not in this way.
    #[error("shipping_method: {method:?} is not offered there")]
    NoSuchMethod {
        /// As asked.
        method: String,
    },
    /// No tax rule, and the store blocks.
    #[error("buyer.country: there is no tax rule for {place} and the store does not sell there")]
    NoTaxRule {
        /// Country or country-region.
        place: String,
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

impl QuoteError {
    /// Of an amount that is no multiple of what charges in the currency are multiples of.
    pub(super) fn not_in_steps(field: String, currency: Currency) -> Self {
        // Steps are 1, 10 and 100.
        let step = Money::new(currency.processor_step(), currency).unwrap_or(Money::zero(currency));
        Self::NotChargeable { field, step }
    }

    /// Stable name of what is wrong.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::Impossible { .. } => "impossible",
            Self::UnknownCountry { .. } => "unknown_country",
            Self::UnknownSku { .. } => "unknown_sku",
            Self::NotForSale { .. } => "not_for_sale",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::NotChargeable { .. } => "not_chargeable",
            Self::UnknownRegion { .. } => "unknown_region",
            Self::NotShipped { .. } => "not_shipped",
            Self::NoSuchMethod { .. } => "no_such_method",
            Self::NoTaxRule { .. } => "no_tax_rule",
            Self::Money { source: MoneyError::CurrencyMismatch { .. }, .. } => "currency_mismatch",
            Self::Money { .. } => "too_large",
        }
    }

    /// Path in the document, such as `lines[0].quantity`.
    pub fn field(&self) -> &str {
        match self {
            Self::Invalid { field, .. }
            | Self::Impossible { field, .. }
            | Self::UnknownCountry { field, .. }
            | Self::UnknownSku { field, .. }
            | Self::NotForSale { field, .. }
            | Self::BelowMinimum { field, .. }
            | Self::NotChargeable { field, .. }
            | Self::UnknownRegion { field, .. }
            | Self::Money { field, .. } => field,
            Self::NotShipped { .. } => "shipping",
            Self::NoSuchMethod { .. } => "shipping_method",
            Self::NoTaxRule { .. } => "buyer.country",
        }
    }
}
