//! What one piece of each edition of a work comes to, with every step: the cart's own total of a cart with that piece alone.

use vitrine_shared::cart::CartLine;
use vitrine_shared::id::VariantId;
use vitrine_shared::views::WorkView;
use vitrine_shared::views::trade::{PieceView, PieceWork};

use super::Checkouts;
use crate::cart::CartRecord;
use crate::cart::view::{Destination, price};
use crate::ctx::OpCtx;
use crate::fault::Result;

impl Checkouts {
    /// One piece of each edition that is sold at the page's place, priced by itself as the cart would; codes that were typed are not in it.
    ///
    /// # Errors
    /// The stores'.
    pub async fn one_piece(&self, ctx: &OpCtx, view: &WorkView) -> Result<PieceWork> {
        let to = Destination { country: ctx.country.clone(), ..Destination::default() };
        let place = self.catalog.place(ctx);
        let priced = view.editions.iter().filter(|e| e.price.is_some());
        let variants: Vec<VariantId> = priced.filter_map(|e| e.variant.parse().ok()).collect();
        let offers = self.catalog.offers().kept(&variants).await?;
        let mut pieces = Vec::new();
        for variant in variants {
            let line = CartLine {
                variant,
                quantity: 1,
                named_minor: None,
                named_in: None,
                added_ms: ctx.now_ms,
                later: false,
            };
            let mut cart = CartRecord::default();
            cart.lines.push(line);
            let offered = self.offered(ctx, &offers, &cart, "").await?;
            let priced = price(&offers, ctx, &place, &cart.lines, &to, &offered, 0)?;
            pieces.extend(priced.view.sellers.into_iter().flat_map(|part| {
                let line = part.lines.into_iter().next()?;
                Some(PieceView {
                    edition: line.edition,
                    trouble: line.trouble,
                    sums: part.sums,
                    explain: part.explain,
                    tax_note: part.tax_note,
                })
            }));
        }
        Ok(PieceWork {
            title: view.card.title.clone(),
            href: view.canonical.clone(),
            place: vitrine_places::country_name(&ctx.country, &ctx.locale).unwrap_or_default().to_owned(),
            pieces,
        })
    }
}
