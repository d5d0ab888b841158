//! Attempts: the answer that is remembered, and one that was cut off in the middle.

use vitrine_shared::Problem;
use vitrine_shared::id::CheckoutId;
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::trade::CheckoutForm;
use vitrine_table::{Condition, Item};

use super::place::Placed;
use super::{Checkouts, store};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};

/// An attempt without an answer is another request's until then, milliseconds; no request takes longer.
const IN_FLIGHT_MS: i64 = 35_000;

impl Checkouts {
    /// An attempt without its answer: whoever made it is still at it, or their process ended half-way. After the time a
    /// request may take it goes on where it stopped; the provider gives the same payment for it again.
    pub(super) async fn taken_up(
        &self,
        ctx: &OpCtx,
        attempt: &Item,
        form: &CheckoutForm,
        scope: &str,
    ) -> Result<Placed> {
        let id = attempt.get("checkout").and_then(|v| v.as_str()).and_then(|id| id.parse::<CheckoutId>().ok());
        let checkout = match &id {
            Some(id) => self.get(id).await?,
            None => None,
        };
        let Some(checkout) = checkout.filter(|c| ctx.now_ms - c.placed_ms >= IN_FLIGHT_MS) else {
            return Err(Problem::conflict("attempt_in_flight", "This attempt is still under way. Wait a moment."));
        };
        let secret = self
            .master
            .open(&format!("checkout/{}", checkout.id), &checkout.secret_sealed)
            .map_err(|e| fault::internal("a checkout", &e))?;
        let secret = String::from_utf8_lossy(&secret).into_owned();
        match checkout.state {
            CheckoutState::Released | CheckoutState::RefundedLate => {
                Err(Problem::conflict("attempt_over", "This attempt ended without a payment. Begin a new one."))
            }
            CheckoutState::PendingPayment if checkout.session.is_none() => {
                self.begin(ctx, checkout, form, secret, scope).await
            }
            _ => {
                let placed = Placed { id: checkout.id, secret, pay_url: checkout.pay_url };
                self.answered(scope, &placed).await?;
                Ok(placed)
            }
        }
    }

    /// Keeps an attempt's answer.
    pub(super) async fn answered(&self, scope: &str, placed: &Placed) -> Result<()> {
        let plain = serde_json::to_vec(placed).map_err(|e| fault::internal("an attempt", &e))?;
        // The answer holds the secret of the order's page.
        let answer =
            self.master.seal(&format!("attempt/{scope}"), &plain).map_err(|e| fault::internal("an attempt", &e))?;
        let update = vitrine_table::UpdateItem {
            key: store::attempt_key(scope),
            updates: vec![vitrine_table::Update::Set("answer".into(), answer.into())],
            condition: Some(Condition::ItemExists),
        };
        self.table.update(update).await.map_err(fault::table)?;
        Ok(())
    }
}
