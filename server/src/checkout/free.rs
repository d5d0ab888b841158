//! Orders that cost nothing: they are paid at once, and their receipt goes to whatever address was typed. Without a bound anybody
//! could have anybody written to.
//!
//! Invariants: an order to the caller's own proved address is never held back; what is refused leaves cart and form as they are, and
//! what was had before stays on its page.

use std::net::IpAddr;

use vitrine_identity::account::{normalise_email, same_mailbox};
use vitrine_identity::provider::{Subject, Throttle};
use vitrine_shared::Problem;

use super::Checkouts;
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::web::limits::{Buckets, Class, Outcome, Who};

/// Keeps the counts of receipts apart from those of other mails.
const RECEIPTS: &str = "receipt";

/// What bounds them. `None`: not bounded in that way.
#[derive(Clone, Default)]
pub(super) struct Bounds {
    /// Counts what each address was sent.
    recipients: Option<Throttle>,
    /// Counts what each caller has sent.
    senders: Option<Buckets>,
}

impl Bounds {
    /// Whether too many wrong secrets came from there lately.
    pub(super) fn has_guessed(&self, peer: Option<IpAddr>) -> bool {
        self.senders.as_ref().is_some_and(|buckets| buckets.is_spent(Class::Guess, Who::address(peer)).is_some())
    }
}

impl Checkouts {
    /// With free orders bounded: for each address that is written to, by the pause of `recipients`; for each caller by the class
    /// `mail` of `senders`.
    pub fn bounded(self, recipients: Throttle, senders: Option<Buckets>) -> Self {
        Self { free: Bounds { recipients: Some(recipients), senders }, ..self }
    }

    /// Counts a free order that will be mailed to this address.
    ///
    /// # Errors
    /// 429 `free_wait` with what to do in `detail`; 503 while the store that counts is away; the stores'.
    pub(super) async fn may_mail(&self, ctx: &OpCtx, email: &str) -> Result<()> {
        if matches!(&ctx.caller, Caller::User(user) if user.verified && same_mailbox(&user.email, email)) {
            return Ok(());
        }
        // Who asks too often is refused before it counts against the address, for they may not be one person.
        if let Some(buckets) = &self.free.senders {
            for who in senders(&ctx.caller, ctx.peer) {
                match buckets.take(Class::Mail, who).await {
                    Some(standing) if standing.outcome == Outcome::Away => {
                        return Err(Problem::new(503, "overloaded", "The shop cannot do this at the moment."));
                    }
                    Some(standing) if standing.outcome == Outcome::Refused => {
                        return Err(wait(standing.reset_secs.into()));
                    }
                    _ => {}
                }
            }
        }
        let email = normalise_email(email)
            .map_err(|_| Problem::invalid("email", "fault-email", "This is not an e-mail address."))?;
        match &self.free.recipients {
            Some(throttle) => {
                let counted = throttle.attempt(&Subject::typed(RECEIPTS, &email)).await.map_err(fault::table)?;
                counted.map_err(|wait_ms| wait((wait_ms + 999) / 1000))
            }
            None => Ok(()),
        }
    }
}

/// Whose tokens an order takes: the address's it came from, and the account's or key's.
fn senders(caller: &Caller, peer: Option<IpAddr>) -> Vec<Who> {
    let mut all = vec![Who::address(peer)];
    match caller {
        Caller::User(user) => all.push(Who::account(user.id.as_str())),
        Caller::Key { id, .. } => all.push(Who::key(id)),
        _ => {}
    }
    all
}

fn wait(secs: i64) -> Problem {
    Problem::new(429, "free_wait", "Several free orders were made with this address within a short time.").detail(format!(
        "Send it again in {secs} s, or sign in with this address: your own orders are not held back. Cart and form are kept, and what \
         was ordered before is on its page."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::{Placed, Placing};
    use crate::secrets::Secret;
    use crate::testing::Shop;
    use crate::web::limits::Figures;

    async fn ordered(shop: &Shop, checkouts: &Checkouts, who: &OpCtx, email: &str) -> (OpCtx, Placing, Result<Placed>) {
        let ctx = shop.fill(who, &["Free Tide"]).await;
        let mut placing = shop.placing(&ctx, &format!("free-{}", crate::ids::secret())).await;
        placing.form.email = email.into();
        placing.form.buy_again = true;
        let done = checkouts.place(&ctx, &placing).await;
        (ctx, placing, done)
    }

    #[tokio::test]
    async fn an_address_is_sent_a_few_receipts_of_free_orders_and_then_waits() {
        for shop in Shop::both().await {
            let all = &shop.checkouts;
            let mut last = None;
            for _ in 0..3 {
                let (ctx, placing, done) = ordered(&shop, all, &shop.guest(), "victim@example.org").await;
                last = Some((ctx, placing, done.unwrap()));
            }
            let (ctx, placing, refused) = ordered(&shop, all, &shop.guest(), "Victim@Example.org").await;
            let refused = refused.unwrap_err();
            assert_eq!((refused.status, refused.code.as_str()), (429, "free_wait"));
            assert!(refused.detail.contains("30 s"), "{}", refused.detail);
            // Nothing is lost: the cart is as it was, what was had is there, and repeating it is no new order.
            assert_eq!(all.cart_view(&ctx).await.unwrap().count, 1);
            let (had, again, placed) = last.unwrap();
            assert_eq!(all.place(&had, &again).await.unwrap(), placed);
            assert!(all.order_view(&had, placed.id.as_str(), Some(&placed.secret)).await.is_ok());
            // Others are not held back, nor is who signed in with that address; who signed in with another one is.
            ordered(&shop, all, &shop.guest(), "other@example.org").await.2.unwrap();
            let owner = shop.user(3, "victim@example.org", &["buyer"], &[]);
            ordered(&shop, all, &owner, "victim@example.org").await.2.unwrap();
            let stranger = shop.user(4, "stranger@example.org", &["buyer"], &[]);
            assert_eq!(ordered(&shop, all, &stranger, "victim@example.org").await.2.unwrap_err().code, "free_wait");
            let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
            let to_them = mails.iter().filter(|m| m.to.eq_ignore_ascii_case("victim@example.org")).count();
            assert_eq!(to_them, 4, "three of strangers, one of their own");
            shop.clock.advance_ms(30_000);
            all.place(&ctx, &placing).await.unwrap();
        }
    }

    #[tokio::test]
    async fn who_orders_free_works_to_many_addresses_is_counted_as_who_sends_mails() {
        let shop = Shop::open().await;
        let rules = Figures { mail: Some([4, 2]), ..Figures::default() }.rules().unwrap();
        let secret = Secret { kid: "k".into(), bytes: vec![7; 32] };
        let buckets = Buckets::new(shop.table.clone(), shop.clock.clone(), secret, rules);
        let recipients = Throttle::new(shop.table.clone(), shop.clock.clone());
        let all = shop.checkouts.clone().bounded(recipients, Some(buckets));
        let guest = OpCtx { peer: Some("203.0.113.9".parse().unwrap()), ..shop.guest() };
        let elsewhere = OpCtx { peer: Some("203.0.113.10".parse().unwrap()), ..shop.guest() };
        for n in 0..4 {
            ordered(&shop, &all, &guest, &format!("a{n}@example.org")).await.2.unwrap();
        }
        let refused = ordered(&shop, &all, &guest, "a9@example.org").await.2.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (429, "free_wait"));
        ordered(&shop, &all, &elsewhere, "a9@example.org").await.2.unwrap();
        let user = OpCtx { peer: elsewhere.peer, ..shop.user(4, "own@example.org", &["buyer"], &[]) };
        for (n, fine) in [(0, true), (1, true), (2, false)] {
            let done = ordered(&shop, &all, &user, &format!("b{n}@example.org")).await.2;
            assert_eq!(done.is_ok(), fine, "{n}: {done:?}");
        }
        // What is paid for is not counted here, whoever it is sent to.
        let ctx = shop.fill(&guest, &["Harbour Lights"]).await;
        all.place(&ctx, &shop.placing(&ctx, "paid").await).await.unwrap();
    }
}
