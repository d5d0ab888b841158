//! Promotions of sellers: kept, offered to carts, and their uses counted.
//!
//! Invariants:
//! - A code is one promotion of its seller, whatever the case of its letters. What is kept passed `Promotion::check`.
//! - A use is taken in the placing transaction by conditional updates and given back when the checkout is let go; a checkout is one use of
//!   a promotion, in however many orders. A count is what the checkouts say that wait for money or are paid.
//! - Money that comes after a checkout was let go keeps the discount it was paid with: the use is counted again, even beyond the limit.
//! - A paid use is final, whatever is refunded later.
//! - Customers are counted under names made with the shop's key from account, e-mail identity and card; the names say nothing.
//! - An order keeps what it was sold with in its own quote; changing or ending a promotion changes no order.
//!
//! Cards that the buyer's account or address paid with before are asked when a quote is made. The one that pays is typed on the provider's page:
//! an order with something that a customer has once is authorised first, and the card's use is taken before its money is (`checkout::capture`).
//! With a provider that cannot authorise it is counted once it has paid.
//!
//! | item | pk | sk | |
//! |---|---|---|---|
//! | what applies by itself | `PROMO#t` | `AUTO#` | `list` of promotions, `rev` |
//! | what a code opens | `PROMO#t` | `CODE#lower case` | `list` of one, `rev` |
//! | what applied by itself and made room once it ended | `PROMO#t` | `DONE#promo` | `list` of one, `rev` |
//! | where a promotion is | `PROMO#t` | `P#promo` | `at`: one of those above |
//! | uses by everybody | `PROMOUSE#t#promo` | `TOTAL#` | `used` |
//! | uses by one customer | `PROMOUSE#t#promo` | `A#name`, `E#name`, `F#name` | `used`, by account, e-mail and card |
//! | what a customer paid | `BUYER#A#name`, `BUYER#E#name` | `BUYER#` | `seller:t`, `card:F#name`: when, UTC milliseconds |
//!
//! Not here: what a promotion takes off (`vitrine_pricing`), who is in a group of customers (`groups`).

pub mod form;
mod offered;
mod store;
#[cfg(test)]
mod tests;
mod uses;

use std::sync::Arc;

use vitrine_identity::MasterKey;
use vitrine_pricing::promotion::{Benefit, ItemScope, Promotion, email_identity};
use vitrine_shared::id::TenantId;
use vitrine_table::{Key, Table};

pub use offered::{ForQuote, Offered, Who};
pub use store::{Kept, MOST_AUTOMATIC, Records};
pub(crate) use store::{Opened, automatic_key};
pub(crate) use uses::{give_back, once, paid, take, take_card, uses, writes};

use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::groups::Groups;

/// Reads, keeps and counts. Cheap to clone.
#[derive(Clone)]
pub struct Promotions {
    records: Records,
    groups: Groups,
    table: Arc<dyn Table>,
    master: Arc<MasterKey>,
}

/// The scopes of a promotion, with the field each is in.
pub(crate) fn scopes(promotion: &Promotion) -> Vec<(&'static str, &ItemScope)> {
    let mut all = vec![("items", &promotion.items), ("except", &promotion.except)];
    if let Benefit::BuyXGetY { got: Some(got), .. } = &promotion.benefit {
        all.push(("got", got));
    }
    all
}

/// Where a use is counted: `TOTAL#`, or one of a customer's names.
pub(crate) fn count_key(tenant: &TenantId, promotion: &str, of: &str) -> Key {
    Key::new(format!("PROMOUSE#{tenant}#{promotion}"), of)
}

/// Counts the uses of everybody.
pub(crate) const TOTAL: &str = "TOTAL#";

/// What is known of the bearer of a name.
pub(crate) fn buyer_key(name: &str) -> Key {
    Key::new(format!("BUYER#{name}"), "BUYER#")
}

impl Promotions {
    /// Over this table; names of customers are made with this key.
    pub fn new(table: Arc<dyn Table>, master: Arc<MasterKey>) -> Self {
        let groups = Groups::new(table.clone(), master.clone());
        Self { records: Records::new(table.clone()), groups, table, master }
    }

    /// What is kept.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Who is in which group of a seller's customers.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The names under which uses of this caller are counted: their account's, and the address's they buy with. No address, or none that is
    /// one: that of their account.
    ///
    /// # Errors
    /// Never for a key that was read.
    pub fn names(&self, ctx: &OpCtx, email: &str) -> Result<Vec<String>> {
        let user = match &ctx.caller {
            Caller::User(user) => Some(user),
            _ => None,
        };
        let mut names = Vec::new();
        if let Some(user) = user {
            names.push(self.name("A", user.id.as_str())?);
        }
        let email = email_identity(email).or_else(|| email_identity(&user?.email));
        if let Some(email) = email {
            names.push(self.name("E", &email)?);
        }
        Ok(names)
    }

    /// The name of a means of payment, from the provider's fingerprint.
    ///
    /// # Errors
    /// As [`Promotions::names`].
    pub fn card(&self, provider: &str, fingerprint: &str) -> Result<String> {
        self.name("F", &format!("{provider}/{fingerprint}"))
    }

    fn name(&self, kind: &str, value: &str) -> Result<String> {
        let name = self.master.name_of(&format!("promotions/{kind}"), value);
        Ok(format!("{kind}#{}", name.map_err(|e| fault::internal("a customer's name", &e))?))
    }
}
