//! API keys: `key_<id>.<secret>`, of which only the secret's hash is stored.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vitrine_shared::Problem;
use vitrine_shared::id::{ApiKeyId, TenantId};
use vitrine_table::{Condition, Consistency, Key, Put, Table, Transact, TransactOp};

use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::{audit, ids};

/// What keys may be made for.
pub const SCOPES: [&str; 5] = ["catalog:write", "catalog:import", "orders:read", "orders:ship", "orders:refund"];

#[derive(Serialize, Deserialize)]
struct Record {
    id: ApiKeyId,
    name: String,
    /// SHA-256 of the secret, hex.
    hash: String,
    scopes: Vec<String>,
    /// The seller it acts for. Stored as `seller`.
    #[serde(default)]
    seller: Option<TenantId>,
    created_ms: i64,
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
/// 422 for a scope that does not exist or none; the table's.
pub async fn create(
    table: &dyn Table,
    ctx: &OpCtx,
    name: &str,
    scopes: &[String],
    seller: Option<TenantId>,
) -> Result<String> {
    if scopes.is_empty() || scopes.iter().any(|s| !SCOPES.contains(&s.as_str())) {
        return Err(Problem::invalid("scopes", "no_scope", format!("Choose scopes of: {}.", SCOPES.join(", "))));
    }
    let id = ApiKeyId::from_bits(ids::new_bits(ctx.now_ms));
    let secret = ids::secret();
    let record = Record {
        id: id.clone(),
        name: name.to_owned(),
        hash: hash(&secret),
        scopes: scopes.to_vec(),
        seller,
        created_ms: ctx.now_ms,
    };
    let mut item = vitrine_table::to_item(&key(&id), &record).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("_v".into(), 1.into());
    let ops = vec![
        TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
        audit::entry(ctx, id.as_str(), "key.created", "", serde_json::json!({ "name": name, "scopes": scopes })),
    ];
    table.transact(Transact { ops, token: None }).await.map_err(fault::table)?;
    Ok(format!("{id}.{secret}"))
}

/// The caller a key stands for.
///
/// # Errors
/// 401 for one that is not valid.
pub async fn caller(table: &dyn Table, text: &str) -> Result<Caller> {
    let refused = || Problem::new(401, "bad_key", "The API key is not valid.");
    let (id, secret) = text.split_once('.').ok_or_else(refused)?;
    let id: ApiKeyId = id.parse().map_err(|_| refused())?;
    let item = table.get(&key(&id), Consistency::Strong).await.map_err(fault::table)?.ok_or_else(refused)?;
    let record: Record = vitrine_table::from_item(item).map_err(fault::table)?;
    if !bool::from(record.hash.as_bytes().ct_eq(hash(secret).as_bytes())) {
        return Err(refused());
    }
    Ok(Caller::Key { id: id.to_string(), tenant: record.seller, scopes: record.scopes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Shop;

    #[tokio::test]
    async fn a_key_is_its_secret_and_its_scopes() {
        let shop = Shop::open().await;
        let ctx = OpCtx::system("test", crate::testing::NOW);
        for scopes in [vec![], vec!["everything".to_owned()]] {
            let refused = create(&*shop.table, &ctx, "x", &scopes, None).await.unwrap_err();
            assert_eq!(refused.status, 422, "{scopes:?}");
        }
        let key = create(&*shop.table, &ctx, "x", &["orders:read".to_owned()], None).await.unwrap();
        let (id, secret) = key.split_once('.').unwrap();
        let Caller::Key { id: named, tenant, scopes } = caller(&*shop.table, &key).await.unwrap() else { panic!() };
        assert_eq!((named.as_str(), tenant, scopes), (id, None, vec!["orders:read".to_owned()]));
        for wrong in ["", "x", id, &format!("{id}."), &format!("{id}.{secret}x"), "key_0.y"] {
            assert_eq!(caller(&*shop.table, wrong).await.unwrap_err().status, 401, "{wrong}");
        }
        let stored = shop.table.get(&super::key(&id.parse().unwrap()), Consistency::Strong).await.unwrap().unwrap();
        assert!(!serde_json::to_string(&stored).unwrap().contains(secret));
    }
}
