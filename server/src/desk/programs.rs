//! A seller's promotions for programs: listed, read, made, replaced and ended as documents. The rules are those of the studio's form.

use sha2::{Digest, Sha256};
use vitrine_pricing::promotion::Promotion;
use vitrine_shared::Problem;
use vitrine_shared::id::{PromotionId, TenantId};

use super::Desk;
use super::promotions::{state, today};
use crate::authz::{self, TenantDesk};
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::ids;
use crate::promotions::Kept;

/// Promotions of one answer.
const PAGE: usize = 50;

/// A promotion with how it stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whose.
    pub seller: TenantId,
    /// As kept.
    pub kept: Kept,
    /// Uses by everybody.
    pub used: u32,
    /// `open`, `coming`, `ended`, `used-up`.
    pub state: &'static str,
}

fn missing() -> Problem {
    Problem::not_found("promotion")
}

fn reused() -> Problem {
    let title = "This key made another promotion. Begin a new attempt with another one.";
    Problem::new(422, "attempt_reused", title)
}

/// Hash of a promotion as it was sent.
fn made_of(promotion: &Promotion) -> Result<String> {
    let text = serde_json::to_vec(promotion).map_err(|e| fault::internal("a promotion", &e))?;
    Ok(data_encoding::HEXLOWER.encode(&Sha256::digest(text)))
}

/// Which seller is meant: the one that is named, the key's own, or the only one the caller is a member of.
pub(super) fn seller_of(ctx: &OpCtx, named: Option<&str>, scope: &str) -> Result<TenantDesk> {
    let own = match &ctx.caller {
        Caller::Key { tenant: Some(tenant), .. } => std::slice::from_ref(tenant),
        Caller::User(user) => user.tenants.as_slice(),
        Caller::Anonymous | Caller::Guest { .. } => return Err(Problem::unauthenticated()),
        _ => &[],
    };
    let id = match (named, own) {
        (Some(named), _) => named.parse().map_err(|_| Problem::not_found("shop"))?,
        (None, [only]) => only.clone(),
        (None, []) if ctx.caller.user().is_some_and(|user| !user.is("admin")) => {
            return Err(Problem::forbidden("Only sellers may do this."));
        }
        (None, _) => {
            authz::any_seller(ctx, scope)?;
            return Err(Problem::invalid("seller", "which_seller", "Say which seller is meant."));
        }
    };
    authz::promotions(ctx, &id, scope)
}

impl Desk {
    async fn standing(&self, ctx: &OpCtx, desk: &TenantDesk, all: Vec<Kept>) -> Result<Vec<Standing>> {
        let ids: Vec<&str> = all.iter().map(|kept| kept.promotion.id.as_str()).collect();
        let used = self.promotion_records().used(desk.tenant(), &ids).await?;
        let today = today(ctx)?;
        let one = |(kept, used): (Kept, u32)| {
            let state = state(&kept.promotion, used, today).trim_start_matches("promo-state-");
            Standing { seller: desk.tenant().clone(), kept, used, state }
        };
        Ok(all.into_iter().zip(used).map(one).collect())
    }

    async fn stands(&self, ctx: &OpCtx, desk: &TenantDesk, id: &str) -> Result<Standing> {
        let kept = self.promotion_records().get(desk.tenant(), id).await?.ok_or_else(missing)?;
        self.standing(ctx, desk, vec![kept]).await?.pop().ok_or_else(missing)
    }

    /// Whether the caller may make, replace and end promotions: asked before anything of the request is looked at.
    ///
    /// # Errors
    /// As [`Desk::promotion_list`].
    pub fn may_write_promotions(&self, ctx: &OpCtx, seller: Option<&str>) -> Result<()> {
        seller_of(ctx, seller, authz::WRITE_PROMOTIONS).map(drop)
    }

    /// Fifty of a seller's promotions after that of the cursor, and the next cursor.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing or a key without the scope, 404 for others' sellers, 422 where the seller must be named, and
    /// for a cursor of another list.
    pub async fn promotion_list(
        &self,
        ctx: &OpCtx,
        seller: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<(Vec<Standing>, Option<String>)> {
        let desk = seller_of(ctx, seller, authz::READ_PROMOTIONS)?;
        let mut all = self.promotion_records().all(desk.tenant()).await?;
        if let Some(cursor) = cursor {
            let at = all.iter().position(|kept| kept.promotion.id == cursor);
            let at = at.ok_or_else(|| {
                Problem::invalid("cursor", "bad_cursor", "The cursor is not one of this list. Begin again without it.")
            })?;
            all.drain(..=at);
        }
        let more = all.len() > PAGE;
        all.truncate(PAGE);
        let next = all.last().filter(|_| more).map(|kept| kept.promotion.id.clone());
        Ok((self.standing(ctx, &desk, all).await?, next))
    }

    /// A seller's promotion.
    ///
    /// # Errors
    /// As [`Desk::promotion_list`]; 404 for no such promotion.
    pub async fn promotion_read(&self, ctx: &OpCtx, seller: Option<&str>, id: &str) -> Result<Standing> {
        let desk = seller_of(ctx, seller, authz::READ_PROMOTIONS)?;
        self.stands(ctx, &desk, id).await
    }

    /// Makes a promotion; its own id does not count, the attempt's key decides it: the same key twice makes one.
    ///
    /// # Errors
    /// As [`Desk::promotion_list`]; 422 with `fields` for what cannot be, `attempt_reused` for another promotion under the same key.
    pub async fn promotion_make(
        &self,
        ctx: &OpCtx,
        seller: Option<&str>,
        attempt: &str,
        mut promotion: Promotion,
    ) -> Result<Standing> {
        let desk = seller_of(ctx, seller, authz::WRITE_PROMOTIONS)?;
        ids::attempt(attempt)?;
        let by = ctx.caller.audit_name();
        let bits = ids::derived_bits(&["promotion", desk.tenant().as_str(), &by, attempt]);
        promotion.id = PromotionId::from_bits(bits).to_string();
        let id = promotion.id.clone();
        // As it was sent: what it names may be gone by the time it is sent again.
        let made_of = made_of(&promotion)?;
        let known = async || {
            let kept = self.promotion_records().get(desk.tenant(), &id).await?;
            kept.map(|kept| if kept.made_of.as_ref() == Some(&made_of) { Ok(()) } else { Err(reused()) }).transpose()
        };
        if known().await?.is_none() {
            self.own_promotion(&desk, &mut promotion).await?;
            let made_of = Some(made_of.clone());
            let next = Kept { promotion, left_said: None, made_of, created_ms: ctx.now_ms, rev: 0 };
            match self.promotion_records().write(ctx, desk.tenant(), &next, 0, "").await {
                // Two of one attempt at a time: the other one made it.
                Err(problem) if problem.status == 409 && known().await?.is_some() => {}
                done => done?,
            }
        }
        self.stands(ctx, &desk, &id).await
    }

    /// Puts a promotion in place of what was there at `rev`.
    ///
    /// # Errors
    /// As [`Desk::promotion_read`]; 409 if somebody else changed it meanwhile, 422 with `fields`.
    pub async fn promotion_replace(
        &self,
        ctx: &OpCtx,
        seller: Option<&str>,
        (id, rev): (&str, i64),
        mut promotion: Promotion,
    ) -> Result<Standing> {
        let desk = seller_of(ctx, seller, authz::WRITE_PROMOTIONS)?;
        let kept = self.promotion_records().get(desk.tenant(), id).await?.ok_or_else(missing)?;
        promotion.id = id.to_owned();
        self.own_promotion(&desk, &mut promotion).await?;
        let next = Kept { promotion, rev, ..kept };
        self.promotion_records().write(ctx, desk.tenant(), &next, rev, "").await?;
        self.stands(ctx, &desk, id).await
    }

    /// Ends a promotion as it was at `rev`; one that has ended stays as it is.
    ///
    /// # Errors
    /// As [`Desk::promotion_read`]; 409 if somebody else changed it meanwhile.
    pub async fn promotion_end(&self, ctx: &OpCtx, seller: Option<&str>, id: &str, rev: i64) -> Result<Standing> {
        let desk = seller_of(ctx, seller, authz::WRITE_PROMOTIONS)?;
        let kept = self.promotion_records().get(desk.tenant(), id).await?.ok_or_else(missing)?;
        let over = kept.promotion.valid_to.is_some_and(|to| today(ctx).is_ok_and(|today| to < today));
        if !over {
            self.ended(ctx, &desk, kept, rev).await?;
        }
        self.stands(ctx, &desk, id).await
    }
}
