//! API keys: `key_<id>.<secret>`, of which only the secret's hash is stored.
//!
//! Invariants: a key is asked for at each request, so one that was revoked or has ended opens nothing from that moment on; only who
//! shows the right secret learns that it was.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vitrine_shared::Problem;
use vitrine_shared::id::{ApiKeyId, TenantId};
use vitrine_table::{
    Condition, Consistency, Index, Key, Put, Query, Table, TableError, Transact, TransactOp, Update, UpdateItem, retry,
};

use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::{audit, authz, ids};

/// What keys may be made for.
pub const SCOPES: [&str; 12] = [
    "catalog:write",
    "catalog:import",
    "orders:read",
    "orders:ship",
    "orders:refund",
    crate::authz::SIMULATE,
    crate::authz::READ_PROMOTIONS,
    crate::authz::WRITE_PROMOTIONS,
    crate::authz::READ_GROUPS,
    crate::authz::WRITE_GROUPS,
    crate::authz::READ_COLLECTIONS,
    crate::authz::WRITE_COLLECTIONS,
];
/// A day, milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Index partition of all keys.
const ALL: &str = "APIKEYS";
/// What only staff may do; no key has it as a scope.
const KEYS: &str = "keys";
/// Most keys of a list.
const MOST: usize = 1000;

/// A key as kept. Times are UTC milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its public part.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the secret, hex.
    hash: String,
    /// What it may do, of [`SCOPES`].
    pub scopes: Vec<String>,
    /// The seller it acts for; `None`: it is the platform's. Stored as `seller`.
    #[serde(default)]
    pub seller: Option<TenantId>,
    /// When it was made.
    pub created_ms: i64,
    /// From then on it opens nothing; `None`: it does not end by itself.
    #[serde(default)]
    pub ends_ms: Option<i64>,
    /// When it was revoked.
    #[serde(default)]
    pub revoked_ms: Option<i64>,
    /// Beginning of the day (UTC) it was last used on; `None`: never, or not since days are kept.
    #[serde(default)]
    pub used_ms: Option<i64>,
}

/// What a key is made with.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// What it is for, for the list and the trail.
    pub name: String,
    /// Some of [`SCOPES`].
    pub scopes: Vec<String>,
    /// The seller it acts for; `None`: the platform.
    pub seller: Option<TenantId>,
    /// UTC milliseconds from which on it opens nothing; `None`: it does not end by itself.
    pub ends_ms: Option<i64>,
}

fn key(id: &ApiKeyId) -> Key {
    Key::new(format!("APIKEY#{id}"), "META#")
}

fn hash(secret: &str) -> String {
    crate::media::hex(&Sha256::digest(secret.as_bytes()))
}

/// Makes a key and answers it whole, once: it is shown to nobody again.
///
/// # Errors
/// 401, 403 for who is no staff; 422 for a scope that does not exist or none, or an end that is past; the table's.
pub async fn create(table: &dyn Table, ctx: &OpCtx, new: NewKey) -> Result<String> {
    authz::staff(ctx, KEYS)?;
    if new.scopes.is_empty() || new.scopes.iter().any(|s| !SCOPES.contains(&s.as_str())) {
        return Err(Problem::invalid("scopes", "no_scope", format!("Choose scopes of: {}.", SCOPES.join(", "))));
    }
    if new.ends_ms.is_some_and(|end| end <= ctx.now_ms) {
        return Err(Problem::invalid("ends_ms", "past", "A key cannot end before it begins."));
    }
    let id = ApiKeyId::from_bits(ids::new_bits(ctx.now_ms));
    let secret = ids::secret();
    let record = Record {
        id: id.clone(),
        name: new.name,
        hash: hash(&secret),
        scopes: new.scopes,
        seller: new.seller,
        created_ms: ctx.now_ms,
        ends_ms: new.ends_ms,
        revoked_ms: None,
        used_ms: None,
    };
    let what = json!({ "name": record.name, "scopes": record.scopes, "ends_ms": record.ends_ms });
    let mut item = vitrine_table::to_item(&key(&id), &record).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("pk2".into(), ALL.into());
    item.insert("sk2".into(), id.to_string().into());
    item.insert("_v".into(), 1.into());
    let ops = vec![
        TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
        audit::entry(ctx, id.as_str(), "key.created", "", what),
    ];
    table.transact(Transact { ops, token: None }).await.map_err(fault::table)?;
    Ok(format!("{id}.{secret}"))
}

/// All keys, newest first, at most 1,000; those that were revoked or have ended, too. Which there are comes from an index that may
/// lag behind, how each is does not. A key of before there was a list is in it once it was used again.
///
/// # Errors
/// 401, 403 for who is no staff; the table's.
pub async fn list(table: &dyn Table, ctx: &OpCtx) -> Result<Vec<Record>> {
    authz::staff(ctx, KEYS)?;
    let named = retry::query_all(table, Query::new(Index::Gsi1, ALL).descending(), MOST).await.map_err(fault::table)?;
    let ids = named.iter().filter_map(|i| i.get("sk2")?.as_str()?.parse::<ApiKeyId>().ok());
    let items = retry::get_each(table, ids.map(|id| key(&id)).collect()).await.map_err(fault::table)?;
    items.into_iter().flatten().map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect()
}

/// Revokes a key: from now on it opens nothing. Safe to repeat.
///
/// # Errors
/// 401, 403 for who is no staff, 404 for no such key; the table's.
pub async fn revoke(table: &dyn Table, ctx: &OpCtx, id: &ApiKeyId) -> Result<()> {
    authz::staff(ctx, KEYS)?;
    let known = table.get(&key(id), Consistency::Strong).await.map_err(fault::table)?;
    let record: Record = match known {
        Some(item) => vitrine_table::from_item(item).map_err(fault::table)?,
        None => return Err(Problem::not_found("key")),
    };
    if record.revoked_ms.is_some() {
        return Ok(());
    }
    let end = UpdateItem {
        key: key(id),
        updates: vec![Update::set("revoked_ms", ctx.now_ms)],
        condition: Some(Condition::ItemExists.and(Condition::Absent("revoked_ms".into()))),
    };
    let what = json!({ "name": record.name });
    let ops = vec![TransactOp::Update(end), audit::entry(ctx, id.as_str(), "key.revoked", "", what)];
    match table.transact(Transact { ops, token: None }).await {
        // Somebody else revoked it at this moment.
        Err(e) if e.failed_condition(0).is_some() => Ok(()),
        done => done.map_err(fault::table),
    }
}

/// A shown key's public part and its secret; `None`: it has not the form of one.
pub fn parts(text: &str) -> Option<(ApiKeyId, &str)> {
    let (id, secret) = text.split_once('.')?;
    Some((id.parse().ok()?, secret))
}

/// The caller a key stands for. The first use of a day (UTC) is noted.
///
/// # Errors
/// 401 `bad_key` for one that is not valid; 401 `key_revoked`, `key_ended` for one that was.
pub async fn caller(table: &dyn Table, now_ms: i64, text: &str) -> Result<Caller> {
    let refused = || Problem::new(401, "bad_key", "The API key is not valid.");
    let (id, secret) = parts(text).ok_or_else(refused)?;
    let item = table.get(&key(&id), Consistency::Strong).await.map_err(fault::table)?.ok_or_else(refused)?;
    let record: Record = vitrine_table::from_item(item).map_err(fault::table)?;
    if !bool::from(record.hash.as_bytes().ct_eq(hash(secret).as_bytes())) {
        return Err(refused());
    }
    let over = |code: &str, title: &str| {
        Err(Problem::new(401, code, title).detail("Ask who runs the shop for another key, and use that one."))
    };
    if record.revoked_ms.is_some() {
        return over("key_revoked", "This API key was revoked.");
    }
    if record.ends_ms.is_some_and(|end| end <= now_ms) {
        return over("key_ended", "This API key has ended.");
    }
    let today = now_ms - now_ms.rem_euclid(DAY_MS);
    if record.used_ms.is_none_or(|day| day < today) {
        used(table, &id, today).await;
    }
    Ok(Caller::Key { id: id.to_string(), tenant: record.seller, scopes: record.scopes })
}

/// Notes the day a key was used on. It works on while nothing can be saved.
async fn used(table: &dyn Table, id: &ApiKeyId, today: i64) {
    let first =
        Condition::Any(vec![Condition::Absent("used_ms".into()), Condition::Lt("used_ms".into(), today.into())]);
    let updates = vec![
        Update::set("used_ms", today),
        Update::SetIfAbsent("pk2".into(), ALL.into()),
        Update::SetIfAbsent("sk2".into(), id.to_string().into()),
    ];
    let note = UpdateItem { key: key(id), updates, condition: Some(Condition::ItemExists.and(first)) };
    match table.update(note).await {
        // Another request was the first of the day.
        Ok(_) | Err(TableError::ConditionFailed(_)) => {}
        Err(error) => tracing::warn!(%error, key = %id, "the day a key was used on cannot be written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, Shop};

    fn new(scopes: &[&str]) -> NewKey {
        NewKey { name: "x".into(), scopes: scopes.iter().map(|s| (*s).to_owned()).collect(), ..NewKey::default() }
    }

    #[tokio::test]
    async fn a_key_is_its_secret_and_its_scopes() {
        let shop = Shop::open().await;
        let ctx = OpCtx::system("test", NOW);
        for scopes in [&[][..], &["everything"][..]] {
            let refused = create(&*shop.table, &ctx, new(scopes)).await.unwrap_err();
            assert_eq!(refused.status, 422, "{scopes:?}");
        }
        let key = create(&*shop.table, &ctx, new(&["orders:read"])).await.unwrap();
        let (id, secret) = key.split_once('.').unwrap();
        let Caller::Key { id: named, tenant, scopes } = caller(&*shop.table, NOW, &key).await.unwrap() else {
            panic!()
        };
        assert_eq!((named.as_str(), tenant, scopes), (id, None, vec!["orders:read".to_owned()]));
        for wrong in ["", "x", id, &format!("{id}."), &format!("{id}.{secret}x"), "key_0.y"] {
            assert_eq!(caller(&*shop.table, NOW, wrong).await.unwrap_err().status, 401, "{wrong}");
        }
        let stored = shop.table.get(&super::key(&id.parse().unwrap()), Consistency::Strong).await.unwrap().unwrap();
        assert!(!serde_json::to_string(&stored).unwrap().contains(secret));
    }

    #[tokio::test]
    async fn a_key_that_was_revoked_or_has_ended_opens_nothing_and_tells_its_holder_alone() {
        for shop in Shop::both().await {
            let ctx = OpCtx::system("test", NOW);
            let past = NewKey { ends_ms: Some(NOW), ..new(&["orders:read"]) };
            assert_eq!(create(&*shop.table, &ctx, past).await.unwrap_err().status, 422);
            let lasting = create(&*shop.table, &ctx, new(&["orders:read"])).await.unwrap();
            let short = NewKey { ends_ms: Some(NOW + DAY_MS), ..new(&["orders:ship"]) };
            let short = create(&*shop.table, &ctx, short).await.unwrap();
            let id: ApiKeyId = lasting.split_once('.').unwrap().0.parse().unwrap();
            let refused = async |now_ms, key: &str| caller(&*shop.table, now_ms, key).await.unwrap_err();
            assert!(caller(&*shop.table, NOW + DAY_MS - 1, &short).await.is_ok());
            let ended = refused(NOW + DAY_MS, &short).await;
            assert_eq!((ended.status, ended.code.as_str()), (401, "key_ended"));

            for nobody in [shop.guest(), shop.user(1, "a@b.example", &["creator"], &[])] {
                assert!(matches!(revoke(&*shop.table, &nobody, &id).await.unwrap_err().status, 401 | 403));
                assert!(matches!(list(&*shop.table, &nobody).await.unwrap_err().status, 401 | 403));
            }
            let later = OpCtx::system("test", NOW + 1);
            for _ in 0..2 {
                revoke(&*shop.table, &later, &id).await.unwrap();
            }
            let revoked = refused(NOW, &lasting).await;
            assert_eq!((revoked.status, revoked.code.as_str()), (401, "key_revoked"));
            let guessed = refused(NOW, &format!("{id}.guessed")).await;
            assert_eq!(guessed.code, "bad_key", "who does not hold it learns nothing");
            let unknown = ApiKeyId::from_bits(7);
            assert_eq!(revoke(&*shop.table, &ctx, &unknown).await.unwrap_err().status, 404);
            let trail = audit::of(&*shop.table, id.as_str()).await.unwrap();
            let acts: Vec<&str> = trail.iter().map(|e| e.act.as_str()).collect();
            assert_eq!(acts, ["key.created", "key.revoked"], "once, whatever is repeated");
        }
    }

    #[tokio::test]
    async fn keys_are_listed_with_the_day_they_were_last_used_on() {
        let shop = Shop::open().await;
        let ctx = OpCtx::system("test", NOW);
        let key = create(&*shop.table, &ctx, new(&["orders:read"])).await.unwrap();
        let later = OpCtx::system("test", NOW + 1);
        create(&*shop.table, &later, NewKey { name: "second".into(), ..new(&["orders:ship"]) }).await.unwrap();
        let day = NOW - NOW.rem_euclid(DAY_MS);
        shop.calls.take();
        for now_ms in [day, day + 1, day + DAY_MS - 1, day + DAY_MS, day + DAY_MS + 5] {
            caller(&*shop.table, now_ms, &key).await.unwrap();
        }
        let writes = shop.calls.take().into_iter().filter(|call| call.starts_with("update")).count();
        assert_eq!(writes, 2, "one a day");
        let listed = list(&*shop.table, &ctx).await.unwrap();
        let seen: Vec<_> = listed.iter().map(|k| (k.name.as_str(), k.used_ms)).collect();
        assert_eq!(seen, [("second", None), ("x", Some(day + DAY_MS))]);
    }
}
