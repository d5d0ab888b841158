//! What was typed at checkout, kept so that nothing is lost by reload, fault or back; sealed, for a day.

use serde::{Deserialize, Serialize};
use vitrine_shared::views::trade::CheckoutForm;
use vitrine_table::Key;

use super::Checkouts;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::typed;

const LIFE_SECS: i64 = 24 * 60 * 60;
/// Most bytes kept of a field: more than any may have, so that its fault can still be shown.
const MOST_KEPT: usize = 2_000;

/// A form with its faults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// As typed.
    pub form: CheckoutForm,
    /// Field and key of the fault.
    pub faults: Vec<(String, String)>,
    /// Key of what stood in the way of the whole.
    pub trouble: Option<String>,
}

fn key(cart: &str) -> Key {
    Key::new(format!("CHECKOUTFORM#{cart}"), "FORM#")
}

impl Checkouts {
    /// Keeps what was typed for the caller's cart; without a cart there is nothing to keep it for.
    pub async fn keep_form(&self, ctx: &OpCtx, typed: &Typed) -> Result<()> {
        let Some(cart) = self.carts.name(ctx, ctx.cart.as_deref()) else { return Ok(()) };
        // The cart must open: whoever only knows its name writes nothing into it.
        if self.carts.load(ctx, ctx.cart.as_deref()).await?.rev == 0 {
            return Ok(());
        }
        let mut typed = typed.clone();
        let form = &mut typed.form;
        for field in [
            &mut form.email,
            &mut form.name,
            &mut form.organisation,
            &mut form.line1,
            &mut form.line2,
            &mut form.dependent_locality,
            &mut form.city,
            &mut form.region,
            &mut form.postcode,
            &mut form.sorting_code,
            &mut form.tax_id,
            &mut form.phone,
            &mut form.country,
        ]
        .into_iter()
        .chain(form.ids.values_mut())
        .chain(form.shipping.values_mut())
        {
            field.truncate(field.floor_char_boundary(MOST_KEPT));
        }
        let ends = ctx.now_ms / 1000 + LIFE_SECS;
        typed::keep(&*self.table, &self.master, (key(&cart), &format!("form/{cart}")), ends, &typed).await
    }

    /// What was typed for the caller's cart.
    pub async fn kept_form(&self, ctx: &OpCtx) -> Result<Typed> {
        // The cart must open: its name alone shows nobody what its owner typed.
        let Some(cart) = self.carts.name(ctx, ctx.cart.as_deref()) else { return Ok(Typed::default()) };
        if self.carts.load(ctx, ctx.cart.as_deref()).await?.rev == 0 {
            return Ok(Typed::default());
        }
        let place = format!("form/{cart}");
        let kept = typed::kept(&*self.table, &self.master, (&key(&cart), &place), ctx.now_ms).await?;
        Ok(kept.unwrap_or_default())
    }
}
