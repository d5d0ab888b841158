//! Accounts: who can sign in at the built-in provider, and with which roles.
//!
//! Invariants:
//! - One account per e-mail address: the claim item `USEREMAIL#<normalised>` is written in the account's transaction.
//! - `epoch` counts up whenever everything issued before must end (password changed, all sessions revoked, account
//!   disabled); whatever was issued carries the epoch of its time.
//! - Passwords are stored as argon2id hashes only and never leave this module.
//!
//! Not here: sign-in pages, counters of failed attempts (`provider::throttle`), what a role permits.

use std::sync::Arc;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use vitrine_clock::SharedClock;
use vitrine_table::{Condition, Key, Table, TableError, TransactOp, Update};

use crate::crypto::{CryptoError, MasterKey, hash};
use crate::store::{Store, put_op};

pub mod password;

pub use password::MIN_PASSWORD_CHARS;

/// The roles an account may hold.
pub const ROLES: [&str; 4] = ["buyer", "creator", "staff", "admin"];

/// What an account is in one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// The tenant's id.
    pub tenant_id: String,
    /// What the account is there, e.g. `owner`, `editor`.
    pub role: String,
}

/// One account; times are UTC milliseconds.
#[derive(Clone, Debug)]
pub struct Account {
    /// `u_` and a UUIDv7 in lower-case base32hex; the `sub` of tokens.
    pub id: String,
    /// As the person wrote it, trimmed.
    pub email: String,
    /// The person opened a link sent to the address.
    pub email_verified: bool,
    /// How the person wants to be called.
    pub name: String,
    /// Some of [`ROLES`].
    pub roles: Vec<String>,
    /// Tenants the account works for.
    pub tenants: Vec<Membership>,
    /// What was issued under another number has ended.
    pub epoch: i64,
    /// When everything issued before was ended for the last time; 0: never. Sessions of apps that began earlier have
    /// ended with it.
    pub ended_ms: i64,
    /// When it was made.
    pub created_ms: i64,
    /// Counts the writes.
    pub rev: i64,
    password_hash: String,
}

/// An account as stored: what it says of the person in words is sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    id: String,
    sealed_who: String,
    email_verified: bool,
    roles: Vec<String>,
    tenants: Vec<Membership>,
    epoch: i64,
    #[serde(default)]
    ended_ms: i64,
    created_ms: i64,
    rev: i64,
    #[serde(rename = "_v")]
    version: u32,
    password_hash: String,
}

#[derive(Serialize, Deserialize)]
struct Who {
    email: String,
    name: String,
}

impl Account {
    /// The memberships' tenant ids, for the token claim `tenantIds`.
    pub fn tenant_ids(&self) -> Vec<String> {
        self.tenants.iter().map(|m| m.tenant_id.clone()).collect()
    }

    /// Whether a token that says it was issued at this UTC second was ended with everything else. Exact: the provider never
    /// dates a token before the end that came before it, so within the second of the end old ones are refused and new ones
    /// are not.
    pub fn has_ended(&self, issued_secs: i64) -> bool {
        issued_secs.saturating_mul(1000) < self.ended_ms
    }

    /// The UTC second to date a token with that is issued now.
    pub(crate) fn issue_secs(&self, now_ms: i64) -> i64 {
        now_ms.div_euclid(1000).max((self.ended_ms.saturating_add(999)).div_euclid(1000))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    user_id: String,
}

/// Why an act on an account was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The address has an account already.
    #[error("there is an account with this e-mail address")]
    EmailTaken,
    /// Not an address mail could go to.
    #[error("this is not an e-mail address")]
    InvalidEmail,
    /// Too short, or too long to hash.
    #[error("a password has {MIN_PASSWORD_CHARS} to 256 characters")]
    InvalidPassword,
    /// Not one of [`ROLES`].
    #[error("there is no role `{0}`")]
    UnknownRole(String),
    /// No account has this id.
    #[error("there is no such account")]
    NotFound,
    /// Another change came first; repeat.
    #[error("the account was changed at the same time; repeat")]
    Conflict,
    /// A password could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] TableError),
}

/// What is needed to make an account.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a SecretString,
    /// How the person wants to be called; empty: the address's local part.
    pub name: &'a str,
    /// Some of [`ROLES`].
    pub roles: &'a [&'a str],
    /// The address is known to be the person's.
    pub verified: bool,
}

/// The accounts of the built-in provider.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    clock: SharedClock,
    master: Arc<MasterKey>,
}

impl Accounts {
    /// Accounts in `table`, addresses and names sealed under `keys`.
    pub fn new(table: Arc<dyn Table>, clock: SharedClock, keys: Arc<MasterKey>) -> Self {
        Self { store: Store(table), clock, master: keys }
    }

    /// Makes an account, e.g. a demonstration account.
    ///
    /// # Errors
    /// `EmailTaken`, `InvalidEmail`, `InvalidPassword`, `UnknownRole`, or the store's.
    pub async fn create_account(&self, new: NewAccount<'_>) -> Result<Account, AccountError> {
        password::check(new.password)?;
        check_roles(new.roles)?;
        let email = normalise_email(new.email)?;
        let password_hash = password::hash(new.password.clone()).await?;
        self.insert(&email, new.email, new.name, new.roles, new.verified, password_hash).await
    }

    /// Makes an account whose password was hashed when it was chosen.
    pub(crate) async fn insert(
        &self,
        normalised: &str,
        email: &str,
        name: &str,
        roles: &[&str],
        verified: bool,
        password_hash: String,
    ) -> Result<Account, AccountError> {
        let email = email.trim();
        let name = match name.trim() {
            "" => normalised.split('@').next().unwrap_or(normalised),
            name => name,
        };
        let account = Account {
            id: new_user_id(),
            email: email.to_owned(),
            email_verified: verified,
            name: name.chars().take(120).collect(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            tenants: Vec::new(),
            epoch: 0,
            ended_ms: 0,
            created_ms: self.clock.now_ms(),
            rev: 1,
            password_hash,
        };
        let who = Who { email: account.email.clone(), name: account.name.clone() };
        let stored = Stored {
            id: account.id.clone(),
            sealed_who: self.master.seal_value(&who_place(&account.id), &who)?,
            email_verified: account.email_verified,
            roles: account.roles.clone(),
            tenants: Vec::new(),
            epoch: account.epoch,
            ended_ms: account.ended_ms,
            created_ms: account.created_ms,
            rev: account.rev,
            version: 1,
            password_hash: account.password_hash.clone(),
        };
        let ops = vec![
            put_op(&claim_key(normalised), &Claim { user_id: account.id.clone() }, Some(Condition::ItemAbsent))?,
            put_op(&profile_key(&account.id), &stored, Some(Condition::ItemAbsent))?,
        ];
        match self.store.transact(ops).await {
            Ok(()) => Ok(account),
            Err(e) if e.failed_condition(0).is_some() => Err(AccountError::EmailTaken),
            Err(e) => Err(e.into()),
        }
    }

    /// The account of an id; a strong read.
    ///
    /// # Errors
    /// `Crypto`, or the store's.
    pub async fn get(&self, user_id: &str) -> Result<Option<Account>, AccountError> {
        let Some(stored) = self.store.get::<Stored>(&profile_key(user_id)).await? else { return Ok(None) };
        let who: Who = self.master.open_value(&who_place(&stored.id), &stored.sealed_who)?;
        Ok(Some(Account {
            id: stored.id,
            email: who.email,
            email_verified: stored.email_verified,
            name: who.name,
            roles: stored.roles,
            tenants: stored.tenants,
            epoch: stored.epoch,
            ended_ms: stored.ended_ms,
            created_ms: stored.created_ms,
            rev: stored.rev,
            password_hash: stored.password_hash,
        }))
    }

    /// The account of an address, in any writing of it; two strong reads.
    ///
    /// # Errors
    /// The store's. An address that cannot be one has no account.
    pub async fn find_by_email(&self, email: &str) -> Result<Option<Account>, AccountError> {
        let Ok(email) = normalise_email(email) else {
            return Ok(None);
        };
        let claim = self.store.get::<Claim>(&claim_key(&email)).await?;
        // An unknown address costs the same two reads as a known one.
        let id = claim.map_or_else(|| "u_".to_owned(), |claim| claim.user_id);
        self.get(&id).await
    }

    /// Replaces the roles; tokens issued from now on carry them (at most 15 minutes later everywhere).
    ///
    /// # Errors
    /// `UnknownRole`, `NotFound`, or the store's.
    pub async fn set_roles(&self, user_id: &str, roles: &[&str]) -> Result<(), AccountError> {
        check_roles(roles)?;
        self.change(user_id, vec![Update::set("roles", roles.to_vec())]).await
    }

    /// Replaces the tenant memberships.
    ///
    /// # Errors
    /// `NotFound`, or the store's.
    pub async fn set_tenants(&self, user_id: &str, tenants: &[Membership]) -> Result<(), AccountError> {
        let value = serde_json::to_value(tenants).map_err(|e| TableError::Invalid(e.to_string()))?;
        self.change(user_id, vec![Update::set("tenants", value)]).await
    }

    /// Ends everything issued to the account by the provider: its browser sessions, codes and refresh tokens. Access
    /// tokens ([`Account::has_ended`]) and sessions of apps that began before [`Account::ended_ms`] are to be taken as
    /// ended.
    ///
    /// # Errors
    /// `NotFound`, or the store's.
    pub async fn revoke_all_sessions(&self, user_id: &str) -> Result<(), AccountError> {
        self.change(user_id, self.ending()).await
    }

    fn ending(&self) -> Vec<Update> {
        vec![Update::Add("epoch".into(), 1), Update::set("endedMs", self.clock.now_ms())]
    }

    /// Notes that the account's address is known to be the person's.
    ///
    /// # Errors
    /// `NotFound`, or the store's.
    pub async fn set_verified(&self, user_id: &str) -> Result<(), AccountError> {
        self.change(user_id, vec![Update::set("emailVerified", true)]).await
    }

    /// Sets a new password, proves the address (the link went there) and ends everything issued before.
    pub(crate) async fn reset_password(&self, user_id: &str, hash: String) -> Result<(), AccountError> {
        let mut updates = self.ending();
        updates.extend([Update::set("passwordHash", hash), Update::set("emailVerified", true)]);
        self.change(user_id, updates).await
    }

    /// The account, if address and password belong together. The work is the same for an unknown address: one hash is
    /// computed either way.
    pub(crate) async fn check_password(
        &self,
        email: &str,
        password: SecretString,
    ) -> Result<Option<Account>, AccountError> {
        let account = self.find_by_email(email).await?;
        let hash = account.as_ref().map(|a| a.password_hash.clone());
        let right = password::verify(password, hash).await?;
        Ok(account.filter(|_| right))
    }

    async fn change(&self, user_id: &str, mut updates: Vec<Update>) -> Result<(), AccountError> {
        updates.push(Update::Add("rev".into(), 1));
        match self.store.update_if(&profile_key(user_id), updates, Condition::ItemExists).await? {
            Some(_) => Ok(()),
            None => Err(AccountError::NotFound),
        }
    }

    /// A member of somebody else's transaction: the account still has this epoch.
    pub(crate) fn epoch_check(user_id: &str, epoch: i64) -> TransactOp {
        TransactOp::Check { key: profile_key(user_id), condition: Condition::eq("epoch", epoch) }
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Accounts")
    }
}

fn check_roles(roles: &[&str]) -> Result<(), AccountError> {
    match roles.iter().find(|r| !ROLES.contains(r)) {
        Some(unknown) => Err(AccountError::UnknownRole((*unknown).to_owned())),
        None => Ok(()),
    }
}

fn profile_key(user_id: &str) -> Key {
    Key::new(format!("USER#{user_id}"), "PROFILE#")
}

fn claim_key(normalised: &str) -> Key {
    Key::new(format!("USEREMAIL#{}", hash(normalised)), "USEREMAIL#")
}

fn who_place(user_id: &str) -> String {
    format!("account/{user_id}")
}

/// `u_` and a UUIDv7 in lower-case base32hex, so that ids sort by age.
fn new_user_id() -> String {
    let id = uuid::Uuid::now_v7();
    format!("u_{}", data_encoding::BASE32HEX_NOPAD.encode(id.as_bytes()).to_lowercase())
}

/// Trimmed, NFKC, lower case: the form in which two writings of one address are the same.
///
/// # Errors
/// `InvalidEmail` unless it is `local@domain` without spaces or control characters, at most 254 bytes (RFC 5321).
pub fn normalise_email(email: &str) -> Result<String, AccountError> {
    let email: String = email.trim().nfkc().collect::<String>().to_lowercase();
    let Some((local, domain)) = email.rsplit_once('@') else {
        return Err(AccountError::InvalidEmail);
    };
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '@');
    let labels_fine = domain.split('.').all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
    if local.is_empty() || local.len() > 64 || email.len() > 254 || local.contains(bad) || domain.contains(bad) {
        return Err(AccountError::InvalidEmail);
    }
    if labels_fine { Ok(email) } else { Err(AccountError::InvalidEmail) }
}

/// Whether two addresses, as they were written, lead to one mailbox. Stricter than [`normalise_email`], which finds an account
/// and names it once: NFKC makes one of letters that mail servers keep apart (`ａda` and `ada`), so what a person proved by
/// opening a mail proves nothing of the other writing. The part before the `@` may differ in the case of ASCII letters only
/// (mail servers fold those; other letters have no fold they agree on); the domain is compared as [`normalise_email`] does,
/// for names are mapped like that before they are looked up.
pub fn same_mailbox(one: &str, other: &str) -> bool {
    let parts = |email: &str| -> Option<(String, String)> {
        let (_, domain) =
            normalise_email(email).ok().and_then(|e| e.rsplit_once('@').map(|(l, d)| (l.to_owned(), d.to_owned())))?;
        let (local, _) = email.trim().rsplit_once('@')?;
        Some((local.to_ascii_lowercase(), domain))
    };
    matches!((parts(one), parts(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writings_of_one_address_are_one() {
        assert_eq!(normalise_email("  Ada@Example.COM ").unwrap(), "ada@example.com");
        assert_eq!(normalise_email("ａda@example.com").unwrap(), "ada@example.com");
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c.de", "a@b..c", "a@-b.de", "<a@b.de>", "a@b.de\r\nBcc:x"] {
            assert!(normalise_email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_mailbox_is_told_from_what_only_looks_like_it() {
        for same in ["ada@example.com", " Ada@EXAMPLE.com ", "ada@ｅxample.com"] {
            assert!(same_mailbox("ADA@example.com", same), "{same}");
        }
        for other in ["ａda@example.com", "adä@example.com", "ada@example.org", "ada", ""] {
            assert!(!same_mailbox("ada@example.com", other), "{other}");
        }
        // The Kelvin sign, whose lower case is `k`.
        assert!(!same_mailbox("kim@example.com", "\u{212a}im@example.com"));
        assert!(!same_mailbox("", ""));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in ".{0,30}@.{0,30}") {
            if let Ok(once) = normalise_email(&text) {
                prop_assert_eq!(normalise_email(&once).unwrap(), once);
            }
        }
    }
}
