//! Who is in a group: lists of addresses put in and taken out, a page of them shown to their seller.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_identity::account::normalise_email;
use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;
use vitrine_table::{
    Condition, Delete, Index, Key, Put, Query, SortRange, TableError, Transact, TransactOp, Update, UpdateItem, retry,
};

use super::{Group, Groups, MOST_MEMBERS, OF, changed, person_key, trail_of};
use crate::audit;
use crate::authz::TenantDesk;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};

/// Addresses of one list.
const MOST_PASTED: usize = 1_000;
/// Bytes of what names a member in an address at most.
const MOST_MARK: usize = 100;
/// Addresses of one transaction: each takes two writes.
const A_TIME: usize = 40;
/// Members of a page.
const PAGE: usize = 100;
/// How often a write that met another one is tried anew.
const TRIES: usize = 5;

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Names them within the seller's groups.
    pub who: String,
    /// Their address, as their seller wrote it.
    pub email: String,
    /// UTC milliseconds of when they were put in.
    pub since_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    sealed: String,
    since_ms: i64,
}

fn partition(tenant: &TenantId, group: &str) -> String {
    format!("GROUP#{tenant}#{group}")
}

fn member_key(tenant: &TenantId, group: &str, who: &str) -> Key {
    Key::new(partition(tenant, group), format!("M#{who}"))
}

fn place(tenant: &TenantId, who: &str) -> String {
    format!("group/{tenant}/{who}")
}

/// The addresses of a pasted list: one a line, or separated by commas or semicolons; each once, as it was written first.
///
/// # Errors
/// 422 `addresses`: `fault-empty`; `fault-addresses` with those that are none, or `fault-too-many-addresses`, in `detail`.
pub fn addresses(text: &str) -> Result<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut wrong: Vec<&str> = Vec::new();
    let parts = text.split(['\n', '\r', ',', ';']).map(str::trim).filter(|part| !part.is_empty());
    for part in parts {
        match normalise_email(part) {
            Ok(address) => {
                if seen.insert(address) {
                    all.push(part.to_owned());
                }
            }
            Err(_) => wrong.push(part),
        }
    }
    if !wrong.is_empty() {
        let told: Vec<String> = wrong.iter().take(5).map(|part| part.chars().take(80).collect()).collect();
        let problem = Problem::invalid("addresses", "fault-addresses", "Some of these are no e-mail addresses.");
        return Err(problem.detail(told.join(", ")));
    }
    if all.is_empty() {
        return Err(Problem::invalid("addresses", "fault-empty", "Fill in this field."));
    }
    if all.len() > MOST_PASTED {
        let told = format!("At most {MOST_PASTED} addresses at a time.");
        return Err(Problem::invalid("addresses", "fault-too-many-addresses", told));
    }
    Ok(all)
}

impl Groups {
    /// Puts addresses of [`addresses`] in; answers how many were not there before. What was written before an error stays, and doing it
    /// again changes nothing of it.
    ///
    /// # Errors
    /// 404 for no such group, 409 `group_full`, or if others changed it all the time; the table's.
    pub async fn put_in(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, emails: &[String]) -> Result<usize> {
        let mut added = 0;
        for some in emails.chunks(A_TIME) {
            added += self.some(ctx, desk, name, some, true).await?;
        }
        Ok(added)
    }

    /// Takes addresses out; answers how many were there.
    ///
    /// # Errors
    /// As [`Groups::put_in`].
    pub async fn take_out(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, emails: &[String]) -> Result<usize> {
        let mut gone = 0;
        for some in emails.chunks(A_TIME) {
            gone += self.some(ctx, desk, name, some, false).await?;
        }
        Ok(gone)
    }

    /// Changes as many as a transaction holds, with the count and the trail; again if somebody else was at it.
    async fn some(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, emails: &[String], put: bool) -> Result<usize> {
        let tenant = desk.tenant();
        let mut people = Vec::new();
        for email in emails {
            let address = normalise_email(email)
                .map_err(|_| Problem::invalid("addresses", "fault-addresses", "This is no e-mail address."))?;
            people.push((self.name_of(&address)?, email.trim()));
        }
        for _ in 0..TRIES {
            let group = self.get(desk, name).await?;
            let keys = people.iter().map(|(who, _)| member_key(tenant, name, who)).collect();
            let there = retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
            let moved: Vec<&(String, &str)> =
                people.iter().zip(&there).filter(|(_, item)| item.is_some() != put).map(|(person, _)| person).collect();
            if moved.is_empty() {
                return Ok(0);
            }
            let count = if put { group.count + moved.len() } else { group.count.saturating_sub(moved.len()) };
            if count > MOST_MEMBERS {
                let told = format!("A group has at most {MOST_MEMBERS} members. Make another one for the rest.");
                return Err(Problem::conflict("group_full", told));
            }
            let next = Group { count, rev: group.rev + 1, ..group.clone() };
            let mut ops = vec![self.saved(tenant, &next, Condition::eq("rev", group.rev))?];
            for (who, email) in &moved {
                ops.extend(self.moved(ctx, tenant, name, (who, email), put)?);
            }
            let (act, what) = if put { ("group.put_in", moved.len()) } else { ("group.taken_out", moved.len()) };
            ops.push(audit::entry(ctx, &trail_of(tenant, name), act, "", json!({ "members": what })));
            match self.table.transact(Transact { ops, token: None }).await {
                Ok(()) => return Ok(moved.len()),
                Err(TableError::Cancelled(_)) => {}
                Err(e) => return Err(fault::table(e)),
            }
        }
        Err(changed())
    }

    /// One person in or out: the member, and what says which groups they are in.
    fn moved(
        &self,
        ctx: &OpCtx,
        tenant: &TenantId,
        name: &str,
        (who, email): (&str, &str),
        put: bool,
    ) -> Result<[TransactOp; 2]> {
        let key = member_key(tenant, name, who);
        let member = if put {
            let sealed = self.master.seal_value(&place(tenant, who), &email);
            let kept = Kept { sealed: sealed.map_err(|e| fault::internal("an address", &e))?, since_ms: ctx.now_ms };
            let mut item = vitrine_table::to_item(&key, &kept).map_err(fault::table)?;
            item.insert("_v".into(), json!(1));
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) })
        } else {
            TransactOp::Delete(Delete { key, condition: Some(Condition::ItemExists) })
        };
        let mark = format!("{OF}{name}");
        let mark = if put { Update::set(mark, ctx.now_ms) } else { Update::Remove(mark) };
        let updates = vec![mark, Update::set("_v", 1)];
        let person = TransactOp::Update(UpdateItem { key: person_key(tenant, who), updates, condition: None });
        Ok([member, person])
    }

    /// A page of a group's members with what to ask the next page with, in no order that says anything.
    ///
    /// # Errors
    /// 422 for an `after` that no page ended with; the table's; an address that cannot be opened.
    pub async fn members(
        &self,
        desk: &TenantDesk,
        name: &str,
        after: Option<&str>,
    ) -> Result<(Vec<Member>, Option<String>)> {
        let tenant = desk.tenant();
        let mut query = Query::new(Index::Base, partition(tenant, name));
        // The sort key of a member is its own, so the one after another is what begins after it.
        query.range = match after {
            Some(who) if who.len() <= MOST_MARK && who.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                SortRange::Between(format!("M#{who}~"), "M#~".into())
            }
            Some(_) => return Err(Problem::invalid("after", "bad_cursor", "The cursor is not one of this list.")),
            None => SortRange::BeginsWith("M#".into()),
        };
        let items = retry::query_all(&*self.table, query, PAGE + 1).await.map_err(fault::table)?;
        let mut out = Vec::new();
        for item in items {
            let sk = item.get("sk").and_then(serde_json::Value::as_str).unwrap_or_default();
            let who = sk.trim_start_matches("M#").to_owned();
            let kept: Kept = vitrine_table::from_item(item).map_err(fault::table)?;
            let email = self.master.open_value(&place(tenant, &who), &kept.sealed);
            let email = email.map_err(|e| fault::internal("an address", &e))?;
            out.push(Member { who, email, since_ms: kept.since_ms });
        }
        let more = out.len() > PAGE;
        out.truncate(PAGE);
        let next = out.last().filter(|_| more).map(|member| member.who.clone());
        Ok((out, next))
    }
}
