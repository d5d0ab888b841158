//! The provider's signing keys: made once, versioned by `kid`, sealed, rotated.
//!
//! Invariants: exactly one key is current, named by one item that changes conditionally, so several processes agree;
//! a key that signed is published for a day after its rotation and kept 90 days for id-token hints.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;
use vitrine_clock::SharedClock;
use vitrine_table::{Condition, Index, Key, Query, TransactOp, Update, UpdateItem, from_item};

use super::ProviderError;
use crate::crypto::{MasterKey, hash, new_signing_key};
use crate::store::{Store, put_op};

const PARTITION: &str = "IDPKEYS";
/// How long a process trusts what it read.
const CACHE_MS: i64 = 60_000;
/// How long a rotated key stays published: longer than any access token lives.
const PUBLISHED_MS: i64 = 24 * 3_600_000;
const KEPT_MS: i64 = 90 * 24 * 3_600_000;

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredKey {
    kid: String,
    sealed: String,
    x: String,
    y: String,
    created_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Current {
    kid: String,
}

struct Loaded {
    read_ms: i64,
    kid: String,
    signs: EncodingKey,
    keys: Vec<StoredKey>,
}

/// A published key (RFC 7517).
#[derive(Serialize)]
pub(crate) struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
    y: String,
}

pub(crate) struct KeyRing {
    store: Store,
    clock: SharedClock,
    master: Arc<MasterKey>,
    loaded: RwLock<Option<Arc<Loaded>>>,
}

impl KeyRing {
    pub(crate) fn new(store: Store, clock: SharedClock, master: Arc<MasterKey>) -> Self {
        crate::crypto::install();
        Self { store, clock, master, loaded: RwLock::new(None) }
    }

    /// Signs claims as a token of this type (`JWT`, `at+jwt`).
    pub(crate) async fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, ProviderError> {
        let loaded = self.load(false).await?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(loaded.kid.clone());
        jsonwebtoken::encode(&header, claims, &loaded.signs).map_err(|e| ProviderError::Signing(e.to_string()))
    }

    /// The claims of a token of ours, whatever its age; `None`: not of this type, or not signed by a key of ours.
    pub(crate) async fn verify<T: DeserializeOwned>(&self, typ: &str, jwt: &str) -> Result<Option<T>, ProviderError> {
        let Ok(header) = jsonwebtoken::decode_header(jwt) else {
            return Ok(None);
        };
        if header.alg != Algorithm::ES256 || header.typ.as_deref() != Some(typ) {
            return Ok(None);
        }
        let Some(kid) = header.kid else {
            return Ok(None);
        };
        let mut loaded = self.load(false).await?;
        // Another process may have rotated since.
        if !loaded.keys.iter().any(|k| k.kid == kid) {
            loaded = self.load(self.clock.now_ms() - loaded.read_ms > 1000).await?;
        }
        let Some(key) = loaded.keys.iter().find(|k| k.kid == kid) else {
            return Ok(None);
        };
        let key = DecodingKey::from_ec_components(&key.x, &key.y).map_err(|e| ProviderError::Signing(e.to_string()))?;
        let mut rules = Validation::new(Algorithm::ES256);
        // Age, issuer and audience are the caller's: by the clock that was handed in, or not at all (hints).
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        Ok(jsonwebtoken::decode::<T>(jwt, &key, &rules).ok().map(|data| data.claims))
    }

    /// What `/oidc/jwks.json` says.
    pub(crate) async fn published(&self) -> Result<Vec<PublicKey>, ProviderError> {
        let now = self.clock.now_ms();
        let loaded = self.load(false).await?;
        let fresh = loaded.keys.iter().filter(|k| k.retired_ms.is_none_or(|at| at + PUBLISHED_MS > now));
        Ok(fresh
            .map(|k| PublicKey {
                kty: "EC",
                crv: "P-256",
                purpose: "sig",
                alg: "ES256",
                kid: k.kid.clone(),
                x: k.x.clone(),
                y: k.y.clone(),
            })
            .collect())
    }

    /// Makes a new key current; the old one stays published for a day. Answers the new `kid`.
    pub(crate) async fn rotate(&self) -> Result<String, ProviderError> {
        let old = self.load(true).await?.kid.clone();
        let fresh = self.make()?;
        let now = self.clock.now_ms();
        let retire = UpdateItem {
            key: key_item(&old),
            updates: vec![Update::set("retiredMs", now), Update::set("ttl", (now + KEPT_MS) / 1000)],
            condition: Some(Condition::ItemExists),
        };
        let ops = vec![
            put_op(&current_item(), &Current { kid: fresh.kid.clone() }, Some(Condition::eq("kid", old)))?,
            put_op(&key_item(&fresh.kid), &fresh, Some(Condition::ItemAbsent))?,
            TransactOp::Update(retire),
        ];
        match self.store.transact(ops).await {
            // Another process rotated at the same moment: its key is new enough.
            Err(e) if e.failed_condition(0).is_some() => {}
            other => other?,
        }
        Ok(self.load(true).await?.kid.clone())
    }

    async fn load(&self, again: bool) -> Result<Arc<Loaded>, ProviderError> {
        let now = self.clock.now_ms();
        if !again
            && let Some(loaded) = self.loaded.read().await.as_ref()
            && now - loaded.read_ms < CACHE_MS
        {
            return Ok(loaded.clone());
        }
        let kid = match self.store.get::<Current>(&current_item()).await? {
            Some(current) => current.kid,
            None => self.make_first().await?,
        };
        let mut keys = Vec::new();
        let mut cursor = None;
        loop {
            let query = Query::new(Index::Base, PARTITION).begins_with("KEY#").after(cursor);
            let page = self.store.0.query(query).await?;
            for item in page.items {
                keys.push(from_item::<StoredKey>(item)?);
            }
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let current = keys.iter().find(|k| k.kid == kid).ok_or(ProviderError::NoSigningKey)?;
        let pkcs8 = self.master.open(&place(&kid), &current.sealed)?;
        let loaded = Arc::new(Loaded { read_ms: now, signs: EncodingKey::from_ec_der(&pkcs8), kid, keys });
        *self.loaded.write().await = Some(loaded.clone());
        Ok(loaded)
    }

    async fn make_first(&self) -> Result<String, ProviderError> {
        let fresh = self.make()?;
        let ops = vec![
            put_op(&current_item(), &Current { kid: fresh.kid.clone() }, Some(Condition::ItemAbsent))?,
            put_op(&key_item(&fresh.kid), &fresh, Some(Condition::ItemAbsent))?,
        ];
        match self.store.transact(ops).await {
            Ok(()) => Ok(fresh.kid),
            Err(e) if e.failed_condition(0).is_some() => {
                let current = self.store.get::<Current>(&current_item()).await?;
                Ok(current.ok_or(ProviderError::NoSigningKey)?.kid)
            }
            Err(e) => Err(e.into()),
        }
    }

    fn make(&self) -> Result<StoredKey, ProviderError> {
        let (pkcs8, x, y) = new_signing_key()?;
        // RFC 7638: the thumbprint names the key, so two processes cannot give one name to two keys.
        let kid = hash(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
        let sealed = self.master.seal(&place(&kid), &pkcs8)?;
        Ok(StoredKey { kid, sealed, x, y, created_ms: self.clock.now_ms(), retired_ms: None })
    }
}

fn current_item() -> Key {
    Key::new(PARTITION, "CURRENT")
}

fn key_item(kid: &str) -> Key {
    Key::new(PARTITION, format!("KEY#{kid}"))
}

fn place(kid: &str) -> String {
    format!("idp-signing-key/{kid}")
}
