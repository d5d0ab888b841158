//! Server-side sessions of the app.
//!
//! Purpose: an opaque cookie stands for who is signed in; the tokens stay here, sealed.
//!
//! Invariants:
//! - The cookie holds 256 random bits; the store holds their hash. Every sign-in gets fresh ones (no fixation).
//! - A session ends 30 days after it was last used and 90 days after it began.
//! - A refresh token is used by one request at a time: a lease on the session item decides which.
//!
//! Not here: what a role permits, cookies of guests.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use vitrine_clock::SharedClock;
use vitrine_table::{Condition, Index, Key, Query, Table, TableError, TransactOp, Update, from_item};

use crate::client::{Client, ClientError, SignedIn, Tokens};
use crate::cookie;
use crate::crypto::{CryptoError, MasterKey, hash, random_token};
use crate::store::{Store, put_op};

/// The session's cookie.
pub const SESSION_COOKIE: &str = "__Host-session";
const IDLE_MS: i64 = 30 * 24 * 3_600_000;
const ABSOLUTE_MS: i64 = 90 * 24 * 3_600_000;
/// `last_seen_ms` is written at most this often.
const SEEN_EVERY_MS: i64 = 300_000;
/// An access token is renewed this long before it ends.
const RENEW_BEFORE_MS: i64 = 60_000;
/// Longer than the client's time-out of 10 s, so a lease outlives the call it protects.
const LEASE_MS: i64 = 15_000;

/// Why a session could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It was revoked, has ended, or the provider ended the sign-in: sign in again.
    #[error("the session has ended; sign in again")]
    Ended,
    /// Another request is renewing the token and did not finish; repeat.
    #[error("the session is being renewed; repeat")]
    Busy,
    /// See [`ClientError`].
    #[error(transparent)]
    Client(#[from] ClientError),
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] TableError),
}

/// Who is signed in; times are UTC milliseconds.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    /// Names the session without being its secret; for lists and [`Sessions::revoke`].
    pub id: String,
    /// The provider's id of the person.
    pub user_id: String,
    /// The address, as of the sign-in.
    pub email: Option<String>,
    /// The address is known to be the person's.
    pub email_verified: bool,
    /// How the person wants to be called.
    pub name: Option<String>,
    /// As of the last renewal, so at most about 15 minutes old where [`Sessions::access_token`] is called.
    pub roles: Vec<String>,
    /// As of the last renewal.
    pub tenant_ids: Vec<String>,
    /// When it began.
    pub created_ms: i64,
    /// When it was last used, to 5 minutes.
    pub last_seen_ms: i64,
    /// What the browser called itself when it began.
    pub user_agent: String,
    /// The access token has ended or soon will: [`Sessions::access_token`] will call the provider.
    pub needs_renewal: bool,
}

/// What a session stands on at the provider.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Names the browser's session there; `None`: the provider did not say.
    pub sid: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    user_id: String,
    /// Names the browser's session at the provider.
    #[serde(default)]
    sid: Option<String>,
    /// [`Who`], sealed: items hold ids only.
    sealed_who: String,
    email_verified: bool,
    roles: Vec<String>,
    tenant_ids: Vec<String>,
    created_ms: i64,
    last_seen_ms: i64,
    user_agent: String,
    sealed_access: String,
    access_expires_ms: i64,
    sealed_refresh: Option<String>,
    sealed_id_token: Option<String>,
    /// Counts the renewals.
    generation: i64,
    renewing_until_ms: i64,
    ttl: i64,
}

/// What a session says of a person in words.
#[derive(Serialize, Deserialize)]
struct Who {
    email: Option<String>,
    name: Option<String>,
}

fn who_place(id: &str) -> String {
    format!("who/{id}")
}

#[derive(Serialize, Deserialize)]
struct Pointer {
    ttl: i64,
}

/// The sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: SharedClock,
    master: Arc<MasterKey>,
}

impl Sessions {
    /// Sessions in `table`, their tokens sealed under `keys`.
    pub fn new(table: Arc<dyn Table>, clock: SharedClock, keys: Arc<MasterKey>) -> Self {
        Self { store: Store(table), clock, master: keys }
    }

    /// Begins a session under a fresh id and ends the one the browser came with; answers it and the `Set-Cookie`
    /// value. `user_agent` is kept to 200 characters.
    ///
    /// # Errors
    /// `Crypto`, the store's.
    pub async fn begin(
        &self,
        cookie_header: &str,
        who: &SignedIn,
        user_agent: &str,
    ) -> Result<(SessionInfo, String), SessionError> {
        self.end(cookie_header).await?;
        let secret = random_token();
        let id = hash(&secret);
        let now = self.clock.now_ms();
        let said = Who { email: who.claims.email.clone(), name: who.claims.name.clone() };
        let stored = Stored {
            user_id: who.claims.sub.clone(),
            sid: who.claims.sid.clone(),
            sealed_who: self.master.seal_value(&who_place(&id), &said)?,
            email_verified: who.claims.email_verified,
            roles: who.claims.roles.clone(),
            tenant_ids: who.claims.tenant_ids.clone(),
            created_ms: now,
            last_seen_ms: now,
            user_agent: user_agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            sealed_access: self.seal(&id, &who.tokens.access_token)?,
            access_expires_ms: who.tokens.access_expires_ms,
            sealed_refresh: who.tokens.refresh_token.as_ref().map(|t| self.seal(&id, t)).transpose()?,
            sealed_id_token: who.tokens.id_token.as_ref().map(|t| self.seal(&id, t)).transpose()?,
            generation: 0,
            renewing_until_ms: 0,
            ttl: (now + IDLE_MS) / 1000 + 1,
        };
        let pointer = Pointer { ttl: (now + ABSOLUTE_MS) / 1000 + 1 };
        let ops = vec![
            put_op(&session_key(&id), &stored, Some(Condition::ItemAbsent))?,
            put_op(&pointer_key(&stored.user_id, &id), &pointer, None)?,
        ];
        self.store.transact(ops).await?;
        Ok((self.info(id, &stored)?, cookie::set(SESSION_COOKIE, &secret, ABSOLUTE_MS / 1000)))
    }

    /// Who is signed in, by the `Cookie` header: one strong read, and a write at most every 5 minutes.
    ///
    /// # Errors
    /// The store's.
    pub async fn resolve(&self, cookie_header: &str) -> Result<Option<SessionInfo>, SessionError> {
        let Some(secret) = cookie::read(cookie_header, SESSION_COOKIE) else {
            return Ok(None);
        };
        let id = hash(secret);
        let Some(mut stored) = self.load(&id).await? else {
            return Ok(None);
        };
        let now = self.clock.now_ms();
        if now - stored.last_seen_ms >= SEEN_EVERY_MS {
            let ttl = (now + IDLE_MS).min(stored.created_ms + ABSOLUTE_MS) / 1000 + 1;
            let updates = vec![Update::set("lastSeenMs", now), Update::set("ttl", ttl)];
            // `None`: another request wrote it, or the session was revoked a moment ago and stays so.
            let condition = Condition::eq("lastSeenMs", stored.last_seen_ms);
            match self.store.update_if(&session_key(&id), updates, condition).await {
                Ok(_) => stored.last_seen_ms = now,
                // Who reads while nothing can be saved stays signed in.
                Err(error) => tracing::warn!(%error, "when a session was last seen cannot be written"),
            }
        }
        Ok(Some(self.info(id, &stored)?))
    }

    /// An access token that is good for a minute at least; renews it (and the session's roles) where needed. Of
    /// several requests at once one calls the provider, the others wait for its result.
    ///
    /// # Errors
    /// `Ended`: sign in again. `Busy`, `Client`: repeat later.
    pub async fn access_token(&self, client: &Client, session_id: &str) -> Result<SecretString, SessionError> {
        // Longer than one lease: a request that died while renewing is overtaken.
        for _ in 0..200 {
            let stored = self.load(session_id).await?.ok_or(SessionError::Ended)?;
            let now = self.clock.now_ms();
            if stored.access_expires_ms - RENEW_BEFORE_MS > now {
                return Ok(self.master.open_text(session_id, &stored.sealed_access)?);
            }
            let Some(sealed) = &stored.sealed_refresh else {
                return Err(SessionError::Ended);
            };
            if stored.renewing_until_ms <= now {
                let lease = now + LEASE_MS;
                let condition = Condition::eq("generation", stored.generation)
                    .and(Condition::eq("renewingUntilMs", stored.renewing_until_ms));
                let updates = vec![Update::set("renewingUntilMs", lease)];
                if self.store.update_if(&session_key(session_id), updates, condition).await?.is_some() {
                    let refresh = self.master.open_text(session_id, sealed)?;
                    return self.renew(client, session_id, &stored, &refresh).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(SessionError::Busy)
    }

    /// The id token of the sign-in, for [`Client::logout_url`].
    ///
    /// # Errors
    /// `Crypto`, the store's.
    pub async fn id_token(&self, session_id: &str) -> Result<Option<SecretString>, SessionError> {
        let Some(stored) = self.load(session_id).await? else {
            return Ok(None);
        };
        Ok(stored.sealed_id_token.map(|sealed| self.master.open_text(session_id, &sealed)).transpose()?)
    }

    /// Ends the session of a `Cookie` header, if there is one; answers the refresh token to revoke at the provider.
    ///
    /// # Errors
    /// `Crypto`, the store's.
    pub async fn end(&self, cookie_header: &str) -> Result<Option<SecretString>, SessionError> {
        let Some(secret) = cookie::read(cookie_header, SESSION_COOKIE) else {
            return Ok(None);
        };
        let id = hash(secret);
        let Some(stored) = self.store.take::<Stored>(&session_key(&id)).await? else {
            return Ok(None);
        };
        self.store.remove(&pointer_key(&stored.user_id, &id)).await?;
        Ok(stored.sealed_refresh.map(|sealed| self.master.open_text(&id, &sealed)).transpose()?)
    }

    /// The `Set-Cookie` value that takes the cookie away.
    pub fn clear_cookie() -> String {
        cookie::clear(SESSION_COOKIE)
    }

    /// The user's sessions, latest used first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, user_id: &str) -> Result<Vec<SessionInfo>, SessionError> {
        let mut found = Vec::new();
        for id in self.ids(user_id).await? {
            if let Some(stored) = self.load(&id).await? {
                found.push(self.info(id, &stored)?);
            }
        }
        found.sort_by_key(|s| std::cmp::Reverse(s.last_seen_ms));
        Ok(found)
    }

    /// What a session of a user stands on at the provider; `None`: the user has none of this id.
    ///
    /// # Errors
    /// The store's.
    pub async fn behind(&self, user_id: &str, session_id: &str) -> Result<Option<Behind>, SessionError> {
        let stored = self.load(session_id).await?.filter(|s| s.user_id == user_id);
        Ok(stored.map(|s| Behind { sid: s.sid }))
    }

    /// Ends one session of a user, and those that the same browser began besides (they share a session at the provider); `also`
    /// is written in the same transaction. `false`: the user has none of this id, and nothing was done.
    ///
    /// # Errors
    /// The store's.
    pub async fn revoke(&self, user_id: &str, session_id: &str, also: Vec<TransactOp>) -> Result<bool, SessionError> {
        let Some(own) = self.load(session_id).await?.filter(|s| s.user_id == user_id) else { return Ok(false) };
        if own.sid.is_some() {
            for id in self.ids(user_id).await? {
                if id != session_id && self.load(&id).await?.is_some_and(|s| s.sid == own.sid) {
                    self.remove(user_id, &id, Vec::new()).await?;
                }
            }
        }
        self.remove(user_id, session_id, also).await?;
        Ok(true)
    }

    /// Ends all sessions of a user; answers how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn revoke_all(&self, user_id: &str) -> Result<usize, SessionError> {
        let ids = self.ids(user_id).await?;
        for id in &ids {
            self.remove(user_id, id, Vec::new()).await?;
        }
        Ok(ids.len())
    }

    async fn renew(
        &self,
        client: &Client,
        id: &str,
        stored: &Stored,
        refresh: &SecretString,
    ) -> Result<SecretString, SessionError> {
        let tokens = match client.refresh(refresh).await {
            Ok(tokens) => tokens,
            Err(ClientError::Refused(code)) if code == "invalid_grant" => {
                self.remove(&stored.user_id, id, Vec::new()).await?;
                return Err(SessionError::Ended);
            }
            Err(error) => {
                // The lease ends at once: nobody waits for a call that failed.
                let free = vec![Update::set("renewingUntilMs", 0)];
                let condition = Condition::eq("generation", stored.generation);
                self.store.update_if(&session_key(id), free, condition).await?;
                return Err(error.into());
            }
        };
        // The old refresh token is used up: whatever happens now, the new tokens are kept.
        let claims = match client.verify_access_token(tokens.access_token.expose_secret()).await {
            Ok(claims) if claims.sub == stored.user_id => Some(claims),
            Err(error @ ClientError::Unavailable(_)) => {
                tracing::warn!(%error, "the roles of a session stay as they were");
                None
            }
            Ok(_) | Err(_) => {
                self.remove(&stored.user_id, id, Vec::new()).await?;
                return Err(SessionError::Ended);
            }
        };
        let Tokens { access_token, access_expires_ms, refresh_token, id_token } = tokens;
        let mut updates = vec![
            Update::set("sealedAccess", self.seal(id, &access_token)?),
            Update::set("accessExpiresMs", access_expires_ms),
            Update::set("generation", stored.generation + 1),
            Update::set("renewingUntilMs", 0),
        ];
        if let Some(claims) = claims {
            updates.push(Update::set("roles", claims.roles));
            updates.push(Update::set("tenantIds", claims.tenant_ids));
        }
        if let Some(token) = refresh_token {
            updates.push(Update::set("sealedRefresh", self.seal(id, &token)?));
        }
        if let Some(token) = id_token {
            updates.push(Update::set("sealedIdToken", self.seal(id, &token)?));
        }
        let condition = Condition::eq("generation", stored.generation);
        match self.store.update_if(&session_key(id), updates, condition).await? {
            Some(_) => Ok(access_token),
            // Revoked while the provider was asked.
            None => Err(SessionError::Ended),
        }
    }

    async fn load(&self, id: &str) -> Result<Option<Stored>, TableError> {
        let now = self.clock.now_ms();
        let alive = |s: &Stored| s.last_seen_ms + IDLE_MS > now && s.created_ms + ABSOLUTE_MS > now;
        Ok(self.store.get::<Stored>(&session_key(id)).await?.filter(alive))
    }

    async fn remove(&self, user_id: &str, id: &str, also: Vec<TransactOp>) -> Result<(), TableError> {
        let delete = |key| TransactOp::Delete(vitrine_table::Delete { key, condition: None });
        let mut ops = vec![delete(session_key(id)), delete(pointer_key(user_id, id))];
        ops.extend(also);
        self.store.transact(ops).await
    }

    async fn ids(&self, user_id: &str) -> Result<Vec<String>, TableError> {
        let mut ids = Vec::new();
        let mut cursor = None;
        loop {
            let query = Query::new(Index::Base, format!("USER#{user_id}")).begins_with("SESSION#").after(cursor);
            let page = self.store.0.query(query).await?;
            for item in page.items {
                let key: Key = from_item(item)?;
                ids.extend(key.sk.strip_prefix("SESSION#").map(str::to_owned));
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(ids);
            }
        }
    }

    fn seal(&self, id: &str, token: &SecretString) -> Result<String, CryptoError> {
        self.master.seal(id, token.expose_secret().as_bytes())
    }

    fn info(&self, id: String, stored: &Stored) -> Result<SessionInfo, CryptoError> {
        let who: Who = self.master.open_value(&who_place(&id), &stored.sealed_who)?;
        Ok(SessionInfo {
            id,
            user_id: stored.user_id.clone(),
            email: who.email,
            email_verified: stored.email_verified,
            name: who.name,
            roles: stored.roles.clone(),
            tenant_ids: stored.tenant_ids.clone(),
            created_ms: stored.created_ms,
            last_seen_ms: stored.last_seen_ms,
            user_agent: stored.user_agent.clone(),
            needs_renewal: stored.access_expires_ms - RENEW_BEFORE_MS <= self.clock.now_ms(),
        })
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

fn session_key(id: &str) -> Key {
    Key::new(format!("SESSION#{id}"), "SESSION")
}

fn pointer_key(user_id: &str, id: &str) -> Key {
    Key::new(format!("USER#{user_id}"), format!("SESSION#{id}"))
}
