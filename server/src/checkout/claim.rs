//! Guests who come to have an account: what was bought with an address belongs to whoever proved that it is theirs.

use serde_json::json;
use vitrine_identity::account::{normalise_email, same_mailbox};
use vitrine_shared::id::CustomerId;
use vitrine_table::{Condition, Index, Item, Put, Query, TableError, Transact, TransactOp, Update, UpdateItem};

use super::{Checkouts, customer_of};
use crate::ctx::{Caller, OpCtx, User};
use crate::fault::{self, Result};
use crate::{audit, authz};

/// Owner of a customer nobody has claimed.
pub(super) const GUEST: &str = "guest";

fn partition(user: &User) -> String {
    format!("USERCUSTOMERS#{}", user.id)
}

impl Checkouts {
    /// The customers the caller is: their account's own, and those of purchases they made as a guest and claimed.
    /// Nobody signed in: none.
    ///
    /// # Errors
    /// The stores'.
    pub async fn customers(&self, ctx: &OpCtx) -> Result<Vec<CustomerId>> {
        let Caller::User(user) = &ctx.caller else { return Ok(Vec::new()) };
        let mut all = vec![customer_of(&user.id)];
        let mut query = Query::new(Index::Base, partition(user));
        loop {
            let page = self.table.query(query.clone()).await.map_err(fault::table)?;
            let ids = page.items.iter().filter_map(|i| i.get("sk").and_then(|v| v.as_str()));
            all.extend(ids.filter_map(|id| id.parse::<CustomerId>().ok()));
            match page.cursor {
                Some(next) => query.cursor = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Customers that gave this address, for staff who look for an order. From an index: it may lag behind.
    ///
    /// # Errors
    /// 401, 403 for who is no staff.
    pub async fn customers_of_email(&self, ctx: &OpCtx, email: &str) -> Result<Vec<CustomerId>> {
        authz::staff(ctx, "orders:read")?;
        let Ok(email) = normalise_email(email) else { return Ok(Vec::new()) };
        let query = Query::new(Index::Gsi1, super::place::email_partition(&email)).descending();
        let page = self.table.query(query).await.map_err(fault::table)?;
        let ids = page.items.iter().filter_map(|i| i.get("sk2").and_then(|v| v.as_str()));
        Ok(ids.filter_map(|id| id.parse().ok()).collect())
    }

    /// Links every guest purchase made with the caller's address to their account. Only a verified address proves
    /// anything, and only of its own mailbox: the index finds other writings of it, too, which may be somebody else's. What
    /// was erased says no address any more and stays unclaimed. Safe to repeat.
    ///
    /// # Errors
    /// 401 for nobody; the stores'.
    pub async fn claim(&self, ctx: &OpCtx) -> Result<usize> {
        let user = authz::user(ctx)?;
        let Ok(email) = normalise_email(&user.email) else { return Ok(0) };
        if !user.verified {
            return Ok(0);
        }
        let mut claimed = 0;
        let mut query = Query::new(Index::Gsi1, super::place::email_partition(&email));
        loop {
            let page = self.table.query(query.clone()).await.map_err(fault::table)?;
            for item in &page.items {
                let of_guest = item.get("owner").and_then(|v| v.as_str()) == Some(GUEST);
                let id = item.get("sk2").and_then(|v| v.as_str()).and_then(|id| id.parse::<CustomerId>().ok());
                if let (true, Some(customer)) = (of_guest, id)
                    && self.person(&customer).await?.is_some_and(|p| same_mailbox(&p.email, &user.email))
                {
                    claimed += usize::from(self.claim_one(ctx, user, &customer).await?);
                }
            }
            match page.cursor {
                Some(next) => query.cursor = Some(next),
                None => return Ok(claimed),
            }
        }
    }

    async fn claim_one(&self, ctx: &OpCtx, user: &User, customer: &CustomerId) -> Result<bool> {
        let mut link = Item::new();
        link.insert("pk".into(), partition(user).into());
        link.insert("sk".into(), customer.to_string().into());
        link.insert("_v".into(), 1.into());
        let ops = vec![
            // The index may be behind: the record itself decides.
            TransactOp::Update(UpdateItem {
                key: super::store::customer_key(customer),
                updates: vec![Update::Set("owner".into(), format!("user#{}", user.id).into())],
                condition: Some(Condition::eq("owner", GUEST)),
            }),
            TransactOp::Put(Put { item: link, condition: None }),
            audit::entry(ctx, customer.as_str(), "customer.claimed", "", json!({ "user": user.id })),
        ];
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(true),
            Err(TableError::Cancelled(_)) => Ok(false),
            Err(e) => Err(fault::table(e)),
        }
    }
}
