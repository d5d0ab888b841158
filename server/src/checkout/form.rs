//! What was typed at checkout, kept so that nothing is lost by reload, fault or back; sealed, for a day.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_shared::views::trade::CheckoutForm;
use vitrine_table::{Consistency, Item, Key, Put};

use super::Checkouts;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};

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
        let key = key(&cart);
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
        let plain = serde_json::to_vec(&typed).map_err(|e| fault::internal("a form", &e))?;
        let sealed = self.master.seal(&format!("form/{cart}"), &plain).map_err(|e| fault::internal("a form", &e))?;
        let mut item = Item::new();
        item.insert("pk".into(), key.pk.into());
        item.insert("sk".into(), key.sk.into());
        item.insert("sealed".into(), sealed.into());
        item.insert("ttl".into(), json!(ctx.now_ms / 1000 + LIFE_SECS));
        item.insert("_v".into(), 1.into());
        self.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
        Ok(())
    }

    /// What was typed for the caller's cart.
    pub async fn kept_form(&self, ctx: &OpCtx) -> Result<Typed> {
        // The cart must open: its name alone shows nobody what its owner typed.
        let Some(cart) = self.carts.name(ctx, ctx.cart.as_deref()) else { return Ok(Typed::default()) };
        if self.carts.load(ctx, ctx.cart.as_deref()).await?.rev == 0 {
            return Ok(Typed::default());
        }
        let item = self.table.get(&key(&cart), Consistency::Strong).await.map_err(fault::table)?;
        let sealed = item.as_ref().and_then(|i| i.get("sealed")).and_then(|v| v.as_str());
        let Some(plain) = sealed.and_then(|s| self.master.open(&format!("form/{cart}"), s).ok()) else {
            return Ok(Typed::default());
        };
        Ok(serde_json::from_slice(&plain).unwrap_or_default())
    }
}
