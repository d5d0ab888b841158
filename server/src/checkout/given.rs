//! Gift cards that were bought: issued with their payment, shown on the order's page to who bought them, sent elsewhere as long as nothing
//! of them was spent.
//!
//! Invariants: only who bought a card has it sent elsewhere, and nobody sees its code here; the address is shown to the buyer alone.

use vitrine_shared::Problem;
use vitrine_shared::id::{OrderId, ValueId};
use vitrine_shared::views::MomentView;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::gift::SoldCardView;
use vitrine_shared::views::trade::OrderPartView;
use vitrine_table::TransactOp;

use super::Checkouts;
use super::store::{Gift, Order};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::value::sold::{Sale, Standing};
use crate::value::{Recipient, Values};

impl Checkouts {
    fn ledger(&self) -> Result<&Values> {
        self.values.as_ref().ok_or_else(|| fault::internal("gift cards", &"no stored value is configured"))
    }

    /// The writes that issue the cards of a line, which forgets who they are for: each card knows.
    pub(super) fn issue_gift(
        &self,
        ctx: &OpCtx,
        order: &Order,
        gift: &mut Gift,
        to: &Recipient,
    ) -> Result<Vec<TransactOp>> {
        gift.sealed.clear();
        let sale = Sale {
            order: &order.id,
            issuer: &order.tenant,
            cards: &gift.cards,
            currency: order.quote.currency.code(),
            each_minor: gift.each_minor,
            to,
            due_ms: gift.due_ms,
        };
        self.ledger()?.sell(ctx, &sale)
    }

    /// Adds the cards of a paid order to what its buyer sees of it.
    pub(super) async fn show_gifts(
        &self,
        ctx: &OpCtx,
        order: &Order,
        part: &mut OrderPartView,
        place: &Place,
    ) -> Result<()> {
        for (line, view) in order.lines.iter().zip(&mut part.lines) {
            let Some(gift) = line.gift.as_ref().filter(|_| order.paid) else { continue };
            for card in &gift.cards {
                if let Some(standing) = self.ledger()?.standing(card, gift.each_minor).await? {
                    view.cards.push(card_view(ctx, &standing, place));
                }
            }
        }
        Ok(())
    }

    /// Has a card of an order sent to another address, for who bought it. Safe to repeat: `next` is the number of the sending that was
    /// shown.
    ///
    /// # Errors
    /// 404 for who did not buy it, or no such card; 422 for no address; 409 once something of it was spent, or it was sent too often.
    pub async fn correct_gift(
        &self,
        ctx: &OpCtx,
        order: &OrderId,
        secret: Option<&str>,
        card: &str,
        email: &str,
        next: u32,
    ) -> Result<()> {
        self.buyers(ctx, order.as_str(), secret).await?;
        let missing = || Problem::not_found("card");
        let order = self.order(order).await?.filter(|o| o.paid).ok_or_else(missing)?;
        let card: ValueId = card.parse().map_err(|_| missing())?;
        let gifts = order.lines.iter().filter_map(|line| line.gift.as_ref());
        let gift = gifts.into_iter().find(|gift| gift.cards.contains(&card)).ok_or_else(missing)?;
        self.ledger()?.correct(ctx, &card, gift.each_minor, email, next).await
    }
}

fn card_view(ctx: &OpCtx, standing: &Standing, place: &Place) -> SoldCardView {
    let state = match standing.sent_ms {
        _ if standing.account.is_over(ctx.now_ms) => "gift-over",
        _ if !standing.whole => "gift-used",
        Some(_) => "gift-sent",
        None => "gift-waits",
    };
    SoldCardView {
        id: standing.account.id.to_string(),
        state: state.into(),
        when: MomentView::of(standing.sent_ms.unwrap_or(standing.due_ms), place.locale),
        to: standing.email.clone(),
        may_correct: standing.may_correct(ctx.now_ms),
        next: standing.sendings,
    }
}
