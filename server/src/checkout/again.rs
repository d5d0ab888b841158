//! Buying what one has already: the shop asks before it takes money twice.
//!
//! Two things are looked at. What an account owns is asked about: the form must say that it is bought again. What is paid for but
//! whose money is still on its way cannot be bought again until that is decided, by anybody with the same cart.
//!
//! Not here: physical goods, of which people want several.

use std::collections::HashSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use vitrine_shared::Problem;
use vitrine_shared::access::Grant;
use vitrine_shared::catalog::ProductKind;
use vitrine_shared::id::{CheckoutId, CustomerId, VariantId, WorkId};
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{Item, TransactOp, Update, UpdateItem};

use super::Checkouts;
use super::store::{self, Checkout};
use crate::cart::view::Priced;
use crate::ctx::OpCtx;
use crate::entitlements::store::GrantStore;
use crate::fault::Result;

/// Longest time money is on its way, seconds; providers give up sooner.
const SETTLING_SECS: i64 = 60 * 24 * 60 * 60;

/// Questions to the store at once.
pub(super) const AT_ONCE: usize = 16;

fn attribute(variant: &VariantId) -> String {
    format!("of_{variant}")
}

/// Files and readings of a cart: edition, work, title.
fn files(priced: &Priced) -> impl Iterator<Item = (&VariantId, &WorkId, &str)> {
    let lines = priced.sellers.iter().flat_map(|s| &s.lines);
    lines
        .filter(|l| l.product.kind != ProductKind::Physical)
        .map(|l| (&l.variant.id, &l.work.id, l.work.title.as_str()))
}

/// Refuses to buy again what is paid for with money on its way.
pub(super) fn settling() -> Problem {
    Problem::conflict("payment_settling", "The payment for this is still on its way.")
}

impl Checkouts {
    /// Titles in a priced cart that the caller's account has in the same edition. Guests own nothing that an address alone would tell.
    ///
    /// # Errors
    /// The stores'.
    pub(super) async fn owned(&self, ctx: &OpCtx, priced: &Priced) -> Result<Vec<String>> {
        let lines: Vec<_> = files(priced).collect();
        if ctx.caller.user().is_none() || lines.is_empty() {
            return Ok(Vec::new());
        }
        let mut asked: Vec<(CustomerId, WorkId)> = Vec::new();
        for customer in self.customers(ctx).await? {
            asked.extend(lines.iter().map(|(_, work, _)| (customer.clone(), (*work).clone())));
        }
        let asked = asked.into_iter().map(|(customer, work)| {
            let grants = GrantStore::new(self.table.clone());
            async move { grants.grants_for_work(&customer, &work).await }
        });
        // Whoever bought often as a guest is many customers, and a cart has many lines.
        let granted: Vec<Vec<Grant>> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
        let in_force = granted.into_iter().flatten().filter(|g| g.revoked.is_none());
        let have: HashSet<VariantId> = in_force.map(|g| g.variant).collect();
        Ok(lines.iter().filter(|(v, ..)| have.contains(v)).map(|(.., title)| (*title).to_owned()).collect())
    }

    /// That money for these lines of the checkout's cart is on its way, as a member of a transaction.
    pub(super) async fn settling_op(&self, checkout: &Checkout) -> Result<Option<TransactOp>> {
        let Some(cart) = &checkout.cart else { return Ok(None) };
        let orders = self.orders(checkout).await?;
        let lines = orders.iter().flat_map(|o| &o.lines).filter(|l| !l.physical);
        let mut updates: Vec<Update> =
            lines.map(|l| Update::set(attribute(&l.variant), checkout.id.to_string())).collect();
        if updates.is_empty() {
            return Ok(None);
        }
        updates.push(Update::set("ttl", checkout.placed_ms / 1000 + SETTLING_SECS));
        updates.push(Update::set("_v", 1));
        Ok(Some(TransactOp::Update(UpdateItem { key: store::settling_key(cart), updates, condition: None })))
    }

    /// Refuses what was bought with this cart while its money is on its way; `marked` is what [`Checkouts::settling_op`] left.
    ///
    /// # Errors
    /// 409 `payment_settling`; the stores'.
    pub(super) async fn not_settling(&self, marked: Option<&Item>, priced: &Priced) -> Result<()> {
        let Some(marked) = marked else { return Ok(()) };
        for (variant, _, title) in files(priced) {
            let named = marked.get(&attribute(variant)).and_then(|v| v.as_str());
            let Some(id) = named.and_then(|id| id.parse::<CheckoutId>().ok()) else { continue };
            // The mark stays when it is decided: the checkout says what became of it.
            if self.get(&id).await?.is_some_and(|c| c.state == CheckoutState::Settling) {
                return Err(settling().detail(format!(
                    "{title}: wait for the mail that says what became of it, or take it out of the cart."
                )));
            }
        }
        Ok(())
    }
}
