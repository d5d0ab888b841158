//! Ids: a prefix that names the type and a UUIDv7 in lower-case base32hex, so that ids sort by age.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An id that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 26 characters of 0-9a-v")]
pub struct BadId {
    /// What it should begin with.
    pub prefix: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

fn encode(prefix: &str, value: u128) -> String {
    let mut out = String::with_capacity(prefix.len() + 27);
    out.push_str(prefix);
    out.push('_');
    // 26 digits of 5 bits hold 130 bits: the first digit carries the top 3, so that text order is number order.
    for i in (0..26u32).rev() {
        out.push(ALPHABET[((value >> (5 * i)) & 31) as usize] as char);
    }
    out
}

fn is_body(body: &str) -> bool {
    body.len() == 26 && body.bytes().all(|b| ALPHABET.contains(&b))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What every such id begins with.
            pub const PREFIX: &'static str = $prefix;

            /// From a UUIDv7's 128 bits.
            pub fn from_bits(bits: u128) -> Self {
                Self(encode($prefix, bits))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                match text.strip_prefix(concat!($prefix, "_")) {
                    Some(body) if is_body(body) => Ok(Self(text.to_owned())),
                    _ => Err(BadId { prefix: $prefix }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    )*};
}

ids! {
    /// A business that sells.
    TenantId = "t";
    /// A storefront of a tenant.
    StoreId = "s";
    /// An artist or author.
    MakerId = "m";
    /// An album, book, video or podcast.
    WorkId = "w";
    /// A track, chapter or episode.
    PartId = "pt";
    /// Something that is sold.
    ProductId = "p";
    /// One edition of a product: what stands on a cart line.
    VariantId = "v";
    /// A file.
    AssetId = "a";
    /// A licence text.
    LicenceId = "lic";
    /// A person's account.
    UserId = "u";
    /// Who orders belong to; made at guest checkout, linked by an account.
    CustomerId = "c";
    /// A cart.
    CartId = "cart";
    /// One payment of one cart.
    CheckoutId = "co";
    /// What one seller owes one customer.
    OrderId = "ord";
    /// A legal invoice.
    InvoiceId = "inv";
    /// A right to use something bought.
    GrantId = "ent";
    /// An account of stored value: a gift card, a store credit.
    ValueId = "sv";
    /// Something that a seller takes off prices.
    PromotionId = "promo";
    /// An API key's public part.
    ApiKeyId = "key";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_round_trip_and_keep_their_order(a: u128, b: u128) {
            let (x, y) = (WorkId::from_bits(a), WorkId::from_bits(b));
            prop_assert_eq!(x.as_str().parse::<WorkId>().unwrap(), x.clone());
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
        }
    }

    #[test]
    fn foreign_ids_are_refused() {
        let work = WorkId::from_bits(7);
        assert!(work.as_str().parse::<OrderId>().is_err());
        assert!("w_".parse::<WorkId>().is_err());
        assert!("w_0123456789ABCDEFGHIJKLMNOP".parse::<WorkId>().is_err());
    }
}
