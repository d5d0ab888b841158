//! Keys of carts: guest `CART#<cart id>` / `CART#` with a TTL, account `CART#<user id>` / `CART#` without one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vitrine_pricing::promotion::{MOST_CODES, is_same_code};
use vitrine_shared::cart::CartLine;
use vitrine_shared::id::{CartId, UserId, VariantId};
use vitrine_table::{Condition, Consistency, Delete, Item, Key, Put, Table, TableError, Transact, TransactOp};

use crate::fault::{self, Result};

/// A guest's cart is kept this long after its last change.
const GUEST_LIFE_SECS: i64 = 60 * 24 * 60 * 60;

/// A cart as kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartRecord {
    /// In the order of adding.
    pub lines: Vec<CartLine>,
    /// Discount codes as typed, in that order.
    #[serde(default)]
    pub codes: Vec<String>,
    /// The lines before the last change.
    #[serde(default)]
    pub before: Option<Vec<CartLine>>,
    /// Counts writes; 0: not kept yet.
    pub rev: i64,
    #[serde(default)]
    token_hash: String,
}

/// Whose cart.
#[derive(Clone, Debug)]
pub enum Owner {
    /// An account's.
    User(UserId),
    /// The bearer's of a secret; its hash.
    Guest(CartId, String),
}

fn hash(secret: &str) -> String {
    data_encoding::BASE32HEX_NOPAD.encode(&Sha256::digest(secret.as_bytes()))
}

impl Owner {
    /// Reads a token `<cart id>.<secret>`; `None`: it has not the form of one.
    pub fn guest(token: &str) -> Option<Self> {
        let (id, secret) = token.split_once('.')?;
        Some(Self::Guest(id.parse().ok()?, hash(secret)))
    }

    /// A new guest and their token.
    pub fn new_guest(id: CartId, secret: String) -> (Self, String) {
        let token = format!("{id}.{secret}");
        (Self::Guest(id, hash(&secret)), token)
    }

    pub(super) fn key(&self) -> Key {
        match self {
            Self::User(id) => Key::new(format!("CART#{id}"), "CART#"),
            Self::Guest(id, _) => Key::new(format!("CART#{id}"), "CART#"),
        }
    }

    pub(super) fn token_hash(&self) -> &str {
        match self {
            Self::User(_) => "",
            Self::Guest(_, hash) => hash,
        }
    }
}

fn unchanged(rev: i64) -> Condition {
    if rev == 0 { Condition::ItemAbsent } else { Condition::eq("rev", rev) }
}

/// Reads and writes carts.
#[derive(Clone)]
pub struct CartStore {
    table: Arc<dyn Table>,
}

impl CartStore {
    /// On this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// The owner's cart; `None` also for a wrong secret.
    pub async fn read(&self, owner: &Owner) -> Result<Option<CartRecord>> {
        let item = self.table.get(&owner.key(), Consistency::Strong).await.map_err(fault::table)?;
        item.map_or(Ok(None), |item| opened(owner, item))
    }

    /// Writes other lines over the cart that was read, keeping the old ones for undo.
    pub async fn write(&self, owner: &Owner, was: CartRecord, lines: Vec<CartLine>, now_ms: i64) -> Result<CartRecord> {
        let next = CartRecord { before: Some(was.lines.clone()), lines, ..was };
        self.save(owner, next, now_ms).await
    }

    /// Writes the lines of before, with nothing left to undo.
    pub async fn restore(
        &self,
        owner: &Owner,
        was: CartRecord,
        lines: Vec<CartLine>,
        now_ms: i64,
    ) -> Result<CartRecord> {
        self.save(owner, CartRecord { before: None, lines, ..was }, now_ms).await
    }

    /// Writes other codes over the cart that was read.
    pub async fn write_codes(
        &self,
        owner: &Owner,
        was: CartRecord,
        codes: Vec<String>,
        now_ms: i64,
    ) -> Result<CartRecord> {
        self.save(owner, CartRecord { codes, ..was }, now_ms).await
    }

    /// Writes the account's cart and removes the guest's, both as they were read.
    pub async fn merge(
        &self,
        user: &Owner,
        was: CartRecord,
        guest: &Owner,
        theirs: &CartRecord,
        lines: Vec<CartLine>,
    ) -> Result<CartRecord> {
        let mut codes = was.codes;
        for code in &theirs.codes {
            if codes.len() < MOST_CODES && !codes.iter().any(|known| is_same_code(known, code)) {
                codes.push(code.clone());
            }
        }
        let next = CartRecord { lines, codes, before: None, rev: was.rev + 1, token_hash: String::new() };
        let put = Put { item: item(user, &next, 0)?, condition: Some(unchanged(was.rev)) };
        let delete = Delete { key: guest.key(), condition: Some(unchanged(theirs.rev)) };
        let ops = vec![TransactOp::Put(put), TransactOp::Delete(delete)];
        self.table.transact(Transact { ops, token: None }).await.map_err(fault::table)?;
        Ok(next)
    }

    /// Takes bought editions out of a cart named by its partition key, not those kept for later; a cart that changes meanwhile is left as it is.
    pub async fn take_out(&self, pk: &str, bought: &[VariantId]) -> Result<()> {
        let key = named(pk);
        let item = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
        let Some(put) = item.map_or(Ok(None), |item| without(item, bought))? else { return Ok(()) };
        match self.table.put(put).await {
            Ok(_) | Err(TableError::ConditionFailed(_)) => Ok(()),
            Err(e) => Err(fault::table(e)),
        }
    }

    async fn save(&self, owner: &Owner, cart: CartRecord, now_ms: i64) -> Result<CartRecord> {
        let next = CartRecord { rev: cart.rev + 1, token_hash: owner.token_hash().to_owned(), ..cart };
        let put = Put { item: item(owner, &next, now_ms)?, condition: Some(unchanged(cart.rev)) };
        self.table.put(put).await.map_err(fault::table)?;
        Ok(next)
    }
}

/// The owner's cart from its item; `None` for a wrong secret.
pub(super) fn opened(owner: &Owner, item: Item) -> Result<Option<CartRecord>> {
    let cart: CartRecord = vitrine_table::from_item(item).map_err(fault::table)?;
    let same = cart.token_hash.as_bytes().ct_eq(owner.token_hash().as_bytes());
    Ok(bool::from(same).then_some(cart))
}

/// Where a cart named by its partition key is.
pub(crate) fn named(pk: &str) -> Key {
    Key::new(pk, "CART#")
}

/// The cart of this item without bought editions, those kept for later left in; `None`: it holds none of them. It holds only
/// for the cart that was read.
pub(crate) fn without(mut item: Item, bought: &[VariantId]) -> Result<Option<Put>> {
    let cart: CartRecord = vitrine_table::from_item(item.clone()).map_err(fault::table)?;
    let lines: Vec<&CartLine> = cart.lines.iter().filter(|l| l.later || !bought.contains(&l.variant)).collect();
    if lines.len() == cart.lines.len() {
        return Ok(None);
    }
    item.insert("lines".into(), json!(lines));
    item.insert("before".into(), serde_json::Value::Null);
    // A code is typed for one purchase.
    item.insert("codes".into(), json!([]));
    item.insert("rev".into(), json!(cart.rev + 1));
    Ok(Some(Put { item, condition: Some(unchanged(cart.rev)) }))
}

fn item(owner: &Owner, cart: &CartRecord, now_ms: i64) -> Result<Item> {
    let mut item = vitrine_table::to_item(&owner.key(), cart).map_err(fault::table)?;
    item.insert("_v".into(), json!(1));
    if matches!(owner, Owner::Guest(..)) {
        item.insert("ttl".into(), json!(now_ms.div_euclid(1000) + GUEST_LIFE_SECS));
    }
    Ok(item)
}
