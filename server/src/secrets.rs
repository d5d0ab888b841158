//! Secrets the shop makes for itself: sealed under the master key, shared by all nodes, named by `kid`.
//!
//! Invariants: a secret is made once, by a conditional put; it is never logged or shown; a former one stays readable until
//! what it signed has expired.

use vitrine_identity::MasterKey;
use vitrine_table::{Condition, Consistency, Item, Key, Put, Table, TableError};

use crate::fault::{self, Result};

/// One secret with its name.
#[derive(Clone)]
pub struct Secret {
    /// Names it in what it signs.
    pub kid: String,
    /// 32 bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({}, [redacted])", self.kid)
    }
}

/// The present secret of this name, made if there is none.
pub async fn present(table: &dyn Table, master: &MasterKey, name: &str) -> Result<Secret> {
    let key = Key::new(format!("SECRET#{name}"), "CURRENT#");
    let place = format!("secret/{name}");
    for _ in 0..3 {
        if let Some(item) = table.get(&key, Consistency::Strong).await.map_err(fault::table)? {
            let text = |attribute: &str| item.get(attribute).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
            let bytes = master.open(&place, &text("sealed")).map_err(|e| fault::internal("a secret", &e))?;
            return Ok(Secret { kid: text("kid"), bytes });
        }
        let bytes: [u8; 32] = rand::random();
        let kid = crate::ids::secret().chars().take(8).collect::<String>();
        let mut item = Item::new();
        item.insert("pk".into(), key.pk.clone().into());
        item.insert("sk".into(), key.sk.clone().into());
        item.insert("kid".into(), kid.into());
        item.insert("sealed".into(), master.seal(&place, &bytes).map_err(|e| fault::internal("a secret", &e))?.into());
        item.insert("_v".into(), 1.into());
        match table.put(Put { item, condition: Some(Condition::ItemAbsent) }).await {
            // Another node was first: its secret is the one.
            Ok(_) | Err(TableError::ConditionFailed(_)) => {}
            Err(e) => return Err(fault::table(e)),
        }
    }
    Err(fault::internal("a secret", &"it could neither be made nor read"))
}
