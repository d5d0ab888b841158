//! Groups of a seller's customers: plain lists of addresses that promotions can be for.
//!
//! Invariants:
//! - A group is its seller's; its short name is what promotions know it by and never changes.
//! - An address is sealed, and found again by a name made with the shop's key that says nothing; the trail says how many came or went,
//!   never who.
//! - Whoever is asked for is a signed-in person whose address is proved; what somebody merely types makes them a member of nothing.
//! - Members, their names by person and the count change in one transaction.
//!
//! | item | pk | sk | |
//! |---|---|---|---|
//! | a group | `GROUPS#t` | `G#name` | `title`, `count`, `rev` |
//! | its member | `GROUP#t#name` | `M#who` | `sealed`, `since_ms` |
//! | attempt of a program to make one | `IDEM#group#t#hash` | `IDEM#` | ttl 30 days |
//! | groups of a person at a seller | `GROUPS#t` | `P#who` | an attribute `g:name` for each |
//!
//! Not here: what promotions take off (`promotions`, `vitrine_pricing`).

mod members;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_identity::MasterKey;
use vitrine_identity::account::normalise_email;
use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;
use vitrine_table::{
    Condition, Consistency, Delete, Index, Item, Key, Put, Query, SortRange, Table, TableError, Transact, TransactOp,
    retry,
};

pub use members::{Member, addresses};

use crate::audit;
use crate::authz::TenantDesk;
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::ids;

/// Groups of a seller.
pub const MOST_GROUPS: usize = 50;
/// Members of a group.
pub const MOST_MEMBERS: usize = 5_000;
/// Bytes of a group's name.
const MOST_NAME_BYTES: usize = 40;
/// Characters of a group's title.
const MOST_TITLE: usize = 100;
/// What attributes of a person's item begin with that name a group.
const OF: &str = "g:";

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What promotions know it by: small letters, digits and hyphens, 1 to 40.
    pub name: String,
    /// What its seller calls it.
    pub title: String,
    /// Members.
    pub count: usize,
    /// Counts writes.
    pub rev: i64,
}

/// Keeps groups and says who is in them. Cheap to clone.
#[derive(Clone)]
pub struct Groups {
    table: Arc<dyn Table>,
    master: Arc<MasterKey>,
}

fn group_key(tenant: &TenantId, name: &str) -> Key {
    Key::new(format!("GROUPS#{tenant}"), format!("G#{name}"))
}

/// Where it is which groups of a seller a person is in, by [`Groups::who`].
pub(crate) fn person_key(tenant: &TenantId, who: &str) -> Key {
    Key::new(format!("GROUPS#{tenant}"), format!("P#{who}"))
}

/// The groups that an item at [`person_key`] names.
pub(crate) fn names_of(item: &Item) -> Vec<String> {
    item.keys().filter_map(|attribute| attribute.strip_prefix(OF)).map(str::to_owned).collect()
}

/// Where it is kept what an attempt of a caller made.
fn attempt_key(ctx: &OpCtx, tenant: &TenantId, attempt: &str) -> Key {
    let by = ctx.caller.audit_name();
    let bits = ids::derived_bits(&["group", tenant.as_str(), &by, attempt]);
    Key::new(format!("IDEM#group#{tenant}#{bits:032x}"), "IDEM#")
}

/// Names the trail of a group.
pub fn trail_of(tenant: &TenantId, name: &str) -> String {
    format!("group/{tenant}/{name}")
}

/// Whether this can be a group's name.
pub fn is_name(name: &str) -> bool {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MOST_NAME_BYTES).contains(&name.len()) && name.bytes().all(fine)
}

fn check_title(title: &str) -> Result<()> {
    if title.is_empty() {
        return Err(Problem::invalid("title", "fault-empty", "Fill in this field."));
    }
    if title.chars().count() > MOST_TITLE || title.chars().any(char::is_control) {
        return Err(Problem::invalid("title", "fault-long", "This is too long or holds control characters."));
    }
    Ok(())
}

fn missing() -> Problem {
    Problem::not_found("group")
}

fn changed() -> Problem {
    Problem::conflict("changed_meanwhile", "This was changed meanwhile. Look at it again.")
}

impl Groups {
    /// Over this table; addresses are sealed and named with this key.
    pub fn new(table: Arc<dyn Table>, master: Arc<MasterKey>) -> Self {
        Self { table, master }
    }

    /// Names the caller as a member: a signed-in person whose address is proved; `None` for everybody else.
    ///
    /// # Errors
    /// Never for a key that was read.
    pub fn who(&self, ctx: &OpCtx) -> Result<Option<String>> {
        let address = match &ctx.caller {
            Caller::User(user) if user.verified => normalise_email(&user.email).ok(),
            _ => None,
        };
        address.map(|address| self.name_of(&address)).transpose()
    }

    /// Names a normalised address.
    fn name_of(&self, address: &str) -> Result<String> {
        self.master.name_of("groups", address).map_err(|e| fault::internal("a member's name", &e))
    }

    /// What a seller typed and what is wrong with it, sealed: a list that could not be taken holds addresses, and so does what is said of it.
    ///
    /// # Errors
    /// Never for a key that was read.
    pub(crate) fn seal_typed(&self, tenant: &TenantId, text: &str, wrong: &str) -> Result<String> {
        let sealed = self.master.seal_value(&format!("groups/typed/{tenant}"), &(text, wrong));
        sealed.map_err(|e| fault::internal("a list", &e))
    }

    /// What [`Groups::seal_typed`] sealed; empty if it cannot be opened.
    pub(crate) fn open_typed(&self, tenant: &TenantId, sealed: &str) -> (String, String) {
        self.master.open_value(&format!("groups/typed/{tenant}"), sealed).unwrap_or_default()
    }

    /// A seller's groups, by name.
    ///
    /// # Errors
    /// The table's.
    pub async fn all(&self, desk: &TenantDesk) -> Result<Vec<Group>> {
        let mut query = Query::new(Index::Base, group_key(desk.tenant(), "").pk);
        query.range = SortRange::BeginsWith("G#".into());
        let items = retry::query_all(&*self.table, query, MOST_GROUPS).await.map_err(fault::table)?;
        items.into_iter().map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect()
    }

    /// One of a seller's groups.
    ///
    /// # Errors
    /// 404 for none of that name; the table's.
    pub async fn get(&self, desk: &TenantDesk, name: &str) -> Result<Group> {
        // What cannot be a name is no key to look for.
        if !is_name(name) {
            return Err(missing());
        }
        let key = group_key(desk.tenant(), name);
        let item = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?.ok_or_else(missing)?;
        vitrine_table::from_item(item).map_err(fault::table)
    }

    /// Makes a group without members.
    ///
    /// # Errors
    /// 422 naming the field: `fault-group-name`, `fault-group-taken`, `fault-empty`, `fault-long`; 409 `too_many_groups`; the table's.
    pub async fn create(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, title: &str) -> Result<()> {
        self.create_with(ctx, desk, (name, title), None).await
    }

    /// As [`Groups::create`], once for each attempt of a caller; answers the group as it is now.
    ///
    /// # Errors
    /// As [`Groups::create`]; 404 if it was deleted since; 422 `attempt_reused` for another group under the same attempt, `bad_attempt`.
    pub async fn make(
        &self,
        ctx: &OpCtx,
        desk: &TenantDesk,
        attempt: &str,
        (name, title): (&str, &str),
    ) -> Result<Group> {
        let key = attempt_key(ctx, desk.tenant(), ids::attempt(attempt)?);
        let made = json!([name.trim(), title.trim()]);
        let known = async || -> Result<Option<bool>> {
            let item = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
            Ok(item.map(|item| item.get("made") == Some(&made)))
        };
        let mut before = known().await?;
        if before.is_none() {
            let mut item = Item::new();
            item.insert("pk".into(), key.pk.clone().into());
            item.insert("sk".into(), key.sk.clone().into());
            item.insert("made".into(), made.clone());
            item.insert("ttl".into(), json!(ctx.now_ms / 1000 + crate::checkout::ATTEMPT_SECS));
            item.insert("_v".into(), json!(1));
            let taken = TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) });
            let done = self.create_with(ctx, desk, (name, title), Some(taken)).await;
            // Two of one attempt at a time: the other one made it.
            before = known().await?;
            if before.is_none() || (done.is_err() && before != Some(true)) {
                done?;
            }
        }
        if before == Some(false) {
            let told = "This key made another group. Begin a new attempt with another one.";
            return Err(Problem::new(422, "attempt_reused", told));
        }
        self.get(desk, name.trim()).await
    }

    async fn create_with(
        &self,
        ctx: &OpCtx,
        desk: &TenantDesk,
        (name, title): (&str, &str),
        more: Option<TransactOp>,
    ) -> Result<()> {
        let (name, title) = (name.trim(), title.trim());
        if !is_name(name) {
            let told = "A short name has 1 to 40 small letters, digits and hyphens.";
            return Err(Problem::invalid("name", "fault-group-name", told));
        }
        check_title(title)?;
        let all = self.all(desk).await?;
        let taken = || Problem::invalid("name", "fault-group-taken", "Another group of this seller has this name.");
        if all.iter().any(|group| group.name == name) {
            return Err(taken());
        }
        if all.len() >= MOST_GROUPS {
            return Err(Problem::conflict("too_many_groups", "So many groups are not kept. Delete one first."));
        }
        let group = Group { name: name.to_owned(), title: title.to_owned(), count: 0, rev: 1 };
        let mut ops = vec![
            self.saved(desk.tenant(), &group, Condition::ItemAbsent)?,
            audit::entry(ctx, &trail_of(desk.tenant(), name), "group.created", "", json!({ "title": title })),
        ];
        ops.extend(more);
        match self.table.transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(_)) => Err(taken()),
            done => done.map_err(fault::table),
        }
    }

    /// Calls a group otherwise, if it is as it was at `rev`. The same title again is no change.
    ///
    /// # Errors
    /// 404 for none of that name, 409 `changed_meanwhile`, 422 naming the field; the table's.
    pub async fn rename(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, rev: i64, title: &str) -> Result<Group> {
        let title = title.trim();
        check_title(title)?;
        let group = self.get(desk, name).await?;
        if group.rev != rev {
            return Err(changed());
        }
        if group.title == title {
            return Ok(group);
        }
        let next = Group { title: title.to_owned(), rev: rev + 1, ..group };
        let ops = vec![
            self.saved(desk.tenant(), &next, Condition::eq("rev", rev))?,
            audit::entry(ctx, &trail_of(desk.tenant(), name), "group.renamed", "", json!({ "title": title })),
        ];
        match self.table.transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(_)) => Err(changed()),
            done => done.map(|()| next).map_err(fault::table),
        }
    }

    /// Deletes a group without members; with a `rev` only as it was then. Promotions for it are for nobody from then on.
    ///
    /// # Errors
    /// 404 for none of that name, 409 `group_not_empty`, `changed_meanwhile`; the table's.
    pub async fn delete(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, rev: Option<i64>) -> Result<()> {
        let group = self.get(desk, name).await?;
        if rev.is_some_and(|rev| rev != group.rev) {
            return Err(changed());
        }
        if group.count > 0 {
            return Err(Problem::conflict("group_not_empty", "Take its members out first."));
        }
        let condition = Some(Condition::eq("rev", group.rev));
        let ops = vec![
            TransactOp::Delete(Delete { key: group_key(desk.tenant(), name), condition }),
            audit::entry(ctx, &trail_of(desk.tenant(), name), "group.deleted", "", json!({})),
        ];
        match self.table.transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(_)) => Err(changed()),
            done => done.map_err(fault::table),
        }
    }

    fn saved(&self, tenant: &TenantId, group: &Group, condition: Condition) -> Result<TransactOp> {
        let mut item = vitrine_table::to_item(&group_key(tenant, &group.name), group).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        Ok(TransactOp::Put(Put { item, condition: Some(condition) }))
    }
}
