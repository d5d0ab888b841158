//! The one place that says who may do what. Services call it before they touch anything; what it hands back proves it.

use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;

use crate::ctx::{Caller, OpCtx, User};

/// Proof that the caller may act for this tenant's desk; made only here.
#[derive(Clone, Debug)]
pub struct TenantDesk(TenantId);

impl TenantDesk {
    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.0
    }
}

/// Proof that the caller is staff of the platform; made only here.
#[derive(Clone, Debug)]
pub struct Staff(());

/// A signed-in person, or 401.
pub fn user(ctx: &OpCtx) -> Result<&User, Problem> {
    ctx.caller.user().ok_or_else(Problem::unauthenticated)
}

/// The caller may edit this tenant's works and see its sales.
///
/// # Errors
/// 401 for nobody, 404 for others' tenants (existence is secret).
pub fn tenant_desk(ctx: &OpCtx, tenant: &TenantId) -> Result<TenantDesk, Problem> {
    let allowed = match &ctx.caller {
        Caller::User(user) => (user.is("creator") && user.tenants.contains(tenant)) || user.is("admin"),
        Caller::Key { tenant: of, scopes, .. } => {
            of.as_ref() == Some(tenant) && scopes.iter().any(|s| s == "catalog:write")
        }
        Caller::System(_) => true,
        Caller::Anonymous | Caller::Guest { .. } => return Err(Problem::unauthenticated()),
    };
    if allowed { Ok(TenantDesk(tenant.clone())) } else { Err(Problem::not_found("shop")) }
}

/// The caller is staff of the platform, or a platform key with this scope.
///
/// # Errors
/// 401 for nobody, 403 for others.
pub fn staff(ctx: &OpCtx, scope: &str) -> Result<Staff, Problem> {
    match &ctx.caller {
        Caller::User(user) if user.is("staff") || user.is("admin") => Ok(Staff(())),
        Caller::Key { tenant: None, scopes, .. } if scopes.iter().any(|s| s == scope) => Ok(Staff(())),
        Caller::System(_) => Ok(Staff(())),
        Caller::Anonymous | Caller::Guest { .. } => Err(Problem::unauthenticated()),
        _ => Err(Problem::forbidden("Only staff of the platform may do this.")),
    }
}

/// Whether the caller has a studio: sells, or administers who does.
pub fn has_studio(ctx: &OpCtx) -> bool {
    ctx.caller.user().is_some_and(|user| user.is("creator") || user.is("admin"))
}

/// What issuing and ending stored value asks for; no key has it as a scope.
pub const VALUE: &str = "value";

/// The scopes that let keys read a seller's promotions, and make, replace and end them.
pub const READ_PROMOTIONS: &str = "promotions:read";
/// See [`READ_PROMOTIONS`]; reading is not part of it.
pub const WRITE_PROMOTIONS: &str = "promotions:write";

/// The scopes that let keys read a seller's groups of customers with their members' addresses, and make, fill, empty and end them.
pub const READ_GROUPS: &str = "groups:read";
/// See [`READ_GROUPS`]; reading is not part of it.
pub const WRITE_GROUPS: &str = "groups:write";

/// The scopes that let keys read a seller's collections with their works, and make, fill, empty and end them.
pub const READ_COLLECTIONS: &str = "collections:read";
/// See [`READ_COLLECTIONS`]; reading is not part of it.
pub const WRITE_COLLECTIONS: &str = "collections:write";

/// The caller may do with this tenant's promotions, groups and collections what the scope says: its members and administrators, a key of it or of
/// the platform with the scope.
///
/// # Errors
/// 401 for nobody, 403 for a key without the scope, 404 for others' tenants.
pub fn promotions(ctx: &OpCtx, tenant: &TenantId, scope: &str) -> Result<TenantDesk, Problem> {
    let Caller::Key { tenant: of, .. } = &ctx.caller else { return tenant_desk(ctx, tenant) };
    any_seller(ctx, scope)?;
    if of.as_ref().is_none_or(|of| of == tenant) {
        Ok(TenantDesk(tenant.clone()))
    } else {
        Err(Problem::not_found("shop"))
    }
}

/// The caller is not a key without this scope.
///
/// # Errors
/// 403 otherwise.
pub fn any_seller(ctx: &OpCtx, scope: &str) -> Result<(), Problem> {
    match &ctx.caller {
        Caller::Key { scopes, .. } if !scopes.iter().any(|s| s == scope) => {
            Err(Problem::forbidden("This key has not the scope for it."))
        }
        _ => Ok(()),
    }
}

/// The scope that lets keys ask for the totals of what is not in the records.
pub const SIMULATE: &str = "pricing:simulate";

/// The caller may ask for totals of made-up sellers, prices, days and rules; with a tenant, of that tenant's shop.
///
/// # Errors
/// 401 for nobody, 403 for others.
pub fn simulate(ctx: &OpCtx, tenant: Option<&TenantId>) -> Result<(), Problem> {
    let allowed = match &ctx.caller {
        Caller::System(_) => true,
        Caller::User(user) if user.is("staff") || user.is("admin") => true,
        Caller::User(user) => user.is("creator") && tenant.is_none_or(|t| user.tenants.contains(t)),
        Caller::Key { tenant: of, scopes, .. } => {
            scopes.iter().any(|s| s == SIMULATE) && of.as_ref().is_none_or(|of| tenant.is_none_or(|t| t == of))
        }
        Caller::Anonymous | Caller::Guest { .. } => return Err(Problem::unauthenticated()),
    };
    if allowed { Ok(()) } else { Err(Problem::forbidden("Only who sells, or a key for it, may simulate prices.")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_shared::id::UserId;

    fn as_user(roles: &[&str], tenants: &[u128]) -> OpCtx {
        let mut ctx = OpCtx::system("test", 0);
        ctx.caller = Caller::User(User {
            id: UserId::from_bits(1),
            email: "a@b.example".into(),
            verified: true,
            name: "A".into(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            tenants: tenants.iter().map(|t| TenantId::from_bits(*t)).collect(),
            session: None,
        });
        ctx
    }

    #[test]
    fn a_creator_sees_only_their_own_desk() {
        let mine = TenantId::from_bits(1);
        let other = TenantId::from_bits(2);
        let ctx = as_user(&["creator"], &[1]);
        assert!(tenant_desk(&ctx, &mine).is_ok());
        assert_eq!(tenant_desk(&ctx, &other).unwrap_err().status, 404);
        assert_eq!(staff(&ctx, "orders:read").unwrap_err().status, 403);
    }

    #[test]
    fn nobody_is_asked_to_sign_in() {
        let mut ctx = OpCtx::system("test", 0);
        ctx.caller = Caller::Anonymous;
        assert_eq!(tenant_desk(&ctx, &TenantId::from_bits(1)).unwrap_err().status, 401);
        assert_eq!(staff(&ctx, "orders:read").unwrap_err().status, 401);
    }

    #[test]
    fn a_membership_without_the_role_opens_nothing() {
        let ctx = as_user(&["buyer"], &[1]);
        assert_eq!(tenant_desk(&ctx, &TenantId::from_bits(1)).unwrap_err().status, 404);
    }
}
