//! Codes, refresh token families, and the tokens made from them.
//!
//! Invariants:
//! - A code and its family are named together, so a code that comes twice ends the family the first use made.
//! - A family has one valid refresh token; any other token of it that comes ends the family (RFC 9700, 4.14.2). Two
//!   uses at once are two uses: one conditional write decides.
//! - A family ends with the account's epoch, and with the browser session it was granted in where that is ended from
//!   elsewhere (`sid`). It outlives a session that only ran out: that is what `offline_access` asks for.

use serde::{Deserialize, Serialize};
use vitrine_table::{Condition, Key, TransactOp, Update, UpdateItem};

use super::request::AuthRequest;
use super::web::{SignedIn, not_ended};
use super::{OidcClient, Provider, ProviderError};
use crate::account::{Account, Accounts};
use crate::crypto::{hash, random_token, same};
use crate::store::put_op;

/// Access tokens live 15 minutes.
pub(super) const ACCESS_SECS: i64 = 15 * 60;
const CODE_MS: i64 = 60_000;
/// How long a used code is remembered, so that its second use is noticed.
const CODE_KEPT_MS: i64 = 3_600_000;
/// A family ends for good after 90 days, as the app's sessions do.
pub(super) const FAMILY_MS: i64 = 90 * 24 * 3_600_000;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    client_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    scope: String,
    user_id: String,
    epoch: i64,
    auth_time_ms: i64,
    /// Empty for those of before sessions had names.
    #[serde(default)]
    sid: String,
    family: String,
    used: bool,
    expires_ms: i64,
    ttl: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Family {
    client_id: String,
    scope: String,
    user_id: String,
    epoch: i64,
    auth_time_ms: i64,
    /// As the code's.
    #[serde(default)]
    sid: String,
    current: String,
    revoked: bool,
    expires_ms: i64,
    ttl: i64,
}

/// What the token endpoint answers.
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    id_token: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// The claims of an id token.
#[derive(Serialize, Deserialize)]
pub(super) struct IdClaims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    /// Names the browser's session here, to end it by (OpenID Connect Back-Channel Logout 1.0, 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    roles: Vec<String>,
    #[serde(rename = "tenantIds")]
    tenant_ids: Vec<String>,
}

/// The claims of an access token (RFC 9068).
#[derive(Serialize, Deserialize)]
pub(super) struct AccessClaims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: String,
    pub(super) client_id: String,
    pub(super) scope: String,
    roles: Vec<String>,
    #[serde(rename = "tenantIds")]
    tenant_ids: Vec<String>,
    auth_time: i64,
    pub(super) iat: i64,
    pub(super) exp: i64,
    jti: String,
}

/// The grant is not valid (`invalid_grant`); why is for the log alone.
pub(super) struct InvalidGrant(pub(super) &'static str);

/// The sign-in that tokens are of.
struct SignIn {
    auth_time_ms: i64,
    sid: String,
    nonce: Option<String>,
}

type Granted = Result<Tokens, InvalidGrant>;

impl Provider {
    pub(super) async fn issue_code(&self, request: &AuthRequest, who: &SignedIn) -> Result<String, ProviderError> {
        let code = random_token();
        let now = self.now_ms();
        let item = Code {
            client_id: request.client.client_id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            nonce: request.nonce.clone(),
            scope: request.scope.clone(),
            user_id: who.account.id.clone(),
            epoch: who.account.epoch,
            auth_time_ms: who.auth_time_ms,
            sid: who.sid.clone(),
            family: random_token(),
            used: false,
            expires_ms: now + CODE_MS,
            ttl: (now + CODE_KEPT_MS) / 1000,
        };
        self.0.store.insert(&code_key(&code), &item).await?;
        Ok(code)
    }

    pub(super) async fn redeem_code(
        &self,
        client: &OidcClient,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Granted, ProviderError> {
        let key = code_key(code);
        let Some(item) = self.0.store.get::<Code>(&key).await? else {
            return Ok(Err(InvalidGrant("no such code")));
        };
        if item.client_id != client.client_id {
            return Ok(Err(InvalidGrant("the code is another client's")));
        }
        if item.used {
            self.revoke_family(&item.family).await?;
            return Ok(Err(InvalidGrant("the code was used before; what it got is revoked")));
        }
        if item.expires_ms <= self.now_ms() {
            return Ok(Err(InvalidGrant("the code is too old")));
        }
        // RFC 7636, 4.1: 43 to 128 characters.
        if !(43..=128).contains(&verifier.len()) || !same(&hash(verifier), &item.challenge) {
            return Ok(Err(InvalidGrant("the verifier does not belong to the code")));
        }
        if item.redirect_uri != redirect_uri {
            return Ok(Err(InvalidGrant("the redirect address is not the one of the request")));
        }
        let Some(account) = self.account_of(&item.user_id, item.epoch).await? else {
            return Ok(Err(InvalidGrant("the account's sessions were ended")));
        };
        let (refresh, family) = self.new_family(&item);
        let take =
            UpdateItem { key, updates: vec![Update::set("used", true)], condition: Some(Condition::eq("used", false)) };
        let ops = vec![
            TransactOp::Update(take),
            put_op(&family_key(&item.family), &family, Some(Condition::ItemAbsent))?,
            Accounts::epoch_check(&account.id, account.epoch),
            not_ended(&item.sid),
        ];
        match self.0.store.transact(ops).await {
            Ok(()) => {}
            Err(e) if e.failed_condition(2).is_some() || e.failed_condition(3).is_some() => {
                return Ok(Err(InvalidGrant("the account's sessions, or this one, were ended")));
            }
            Err(e) if e.failed_condition(0).is_some() => {
                self.revoke_family(&item.family).await?;
                return Ok(Err(InvalidGrant("the code was used twice at once; what it got is revoked")));
            }
            Err(e) => return Err(e.into()),
        }
        let refresh = item.scope.split(' ').any(|s| s == "offline_access").then_some(refresh);
        let sign_in = SignIn { auth_time_ms: item.auth_time_ms, sid: item.sid, nonce: item.nonce };
        Ok(Ok(self.tokens(client, &account, &item.scope, sign_in, refresh).await?))
    }

    pub(super) async fn redeem_refresh(
        &self,
        client: &OidcClient,
        token: &str,
        scope: Option<&str>,
    ) -> Result<Granted, ProviderError> {
        let Some((id, _)) = token.split_once('.') else {
            return Ok(Err(InvalidGrant("not a refresh token")));
        };
        let key = family_key(id);
        let Some(family) = self.0.store.get::<Family>(&key).await? else {
            return Ok(Err(InvalidGrant("no such refresh token")));
        };
        if family.client_id != client.client_id {
            return Ok(Err(InvalidGrant("the refresh token is another client's")));
        }
        if family.revoked || family.expires_ms <= self.now_ms() {
            return Ok(Err(InvalidGrant("the refresh token has ended")));
        }
        if !same(&family.current, &hash(token)) {
            self.revoke_family(id).await?;
            return Ok(Err(InvalidGrant("the refresh token was used before; its family is revoked")));
        }
        let Some(account) = self.account_of(&family.user_id, family.epoch).await? else {
            return Ok(Err(InvalidGrant("the account's sessions were ended")));
        };
        if self.was_ended(&family.sid).await? {
            self.revoke_family(id).await?;
            return Ok(Err(InvalidGrant("the browser's session was ended")));
        }
        // RFC 6749, 6: less than was granted may be asked for, never more.
        let granted: Vec<&str> = family.scope.split(' ').collect();
        let scope = match scope {
            Some(asked) if asked.split(' ').all(|s| granted.contains(&s)) => asked.to_owned(),
            Some(_) => return Ok(Err(InvalidGrant("more scope than was granted"))),
            None => family.scope.clone(),
        };
        let fresh = refresh_token(id);
        let condition = Condition::eq("current", family.current.clone()).and(Condition::eq("revoked", false));
        if self.0.store.update_if(&key, vec![Update::set("current", hash(&fresh))], condition).await?.is_none() {
            self.revoke_family(id).await?;
            return Ok(Err(InvalidGrant("the refresh token was used twice at once; its family is revoked")));
        }
        let sign_in = SignIn { auth_time_ms: family.auth_time_ms, sid: family.sid, nonce: None };
        Ok(Ok(self.tokens(client, &account, &scope, sign_in, Some(fresh)).await?))
    }

    /// Ends the family of a refresh token of this client; anything else is nothing to do (RFC 7009, 2.2).
    pub(super) async fn revoke_refresh(&self, client: &OidcClient, token: &str) -> Result<(), ProviderError> {
        let Some((id, _)) = token.split_once('.') else {
            return Ok(());
        };
        let family = self.0.store.get::<Family>(&family_key(id)).await?;
        match family.filter(|f| f.client_id == client.client_id) {
            Some(_) => self.revoke_family(id).await,
            None => Ok(()),
        }
    }

    async fn revoke_family(&self, id: &str) -> Result<(), ProviderError> {
        self.0.store.update_if(&family_key(id), vec![Update::set("revoked", true)], Condition::ItemExists).await?;
        Ok(())
    }

    async fn account_of(&self, user_id: &str, epoch: i64) -> Result<Option<Account>, ProviderError> {
        Ok(self.0.accounts.get(user_id).await?.filter(|a| a.epoch == epoch))
    }

    fn new_family(&self, code: &Code) -> (String, Family) {
        let refresh = refresh_token(&code.family);
        let expires_ms = self.now_ms() + FAMILY_MS;
        let family = Family {
            client_id: code.client_id.clone(),
            scope: code.scope.clone(),
            user_id: code.user_id.clone(),
            epoch: code.epoch,
            auth_time_ms: code.auth_time_ms,
            sid: code.sid.clone(),
            current: hash(&refresh),
            revoked: false,
            expires_ms,
            ttl: expires_ms / 1000,
        };
        (refresh, family)
    }

    async fn tokens(
        &self,
        client: &OidcClient,
        account: &Account,
        scope: &str,
        sign_in: SignIn,
        refresh_token: Option<String>,
    ) -> Result<Tokens, ProviderError> {
        let config = &self.0.config;
        let has = |wanted: &str| scope.split(' ').any(|s| s == wanted);
        let iat = account.issue_secs(self.now_ms());
        let exp = iat + ACCESS_SECS;
        let auth_time = sign_in.auth_time_ms / 1000;
        let access = AccessClaims {
            iss: config.issuer.clone(),
            sub: account.id.clone(),
            aud: config.audience.clone(),
            client_id: client.client_id.clone(),
            scope: scope.to_owned(),
            roles: account.roles.clone(),
            tenant_ids: account.tenant_ids(),
            auth_time,
            iat,
            exp,
            jti: random_token(),
        };
        let id = IdClaims {
            iss: config.issuer.clone(),
            sub: account.id.clone(),
            aud: client.client_id.clone(),
            exp,
            iat,
            auth_time,
            sid: Some(sign_in.sid).filter(|sid| !sid.is_empty()),
            nonce: sign_in.nonce,
            email: has("email").then(|| account.email.clone()),
            email_verified: has("email").then_some(account.email_verified),
            name: has("profile").then(|| account.name.clone()),
            roles: account.roles.clone(),
            tenant_ids: account.tenant_ids(),
        };
        Ok(Tokens {
            access_token: self.0.keys.sign("at+jwt", &access).await?,
            token_type: "Bearer",
            expires_in: ACCESS_SECS,
            id_token: self.0.keys.sign("JWT", &id).await?,
            scope: scope.to_owned(),
            refresh_token,
        })
    }
}

/// `family.secret`: the family is found without an index, the whole is compared by its hash.
fn refresh_token(family: &str) -> String {
    format!("{family}.{}", random_token())
}

fn code_key(code: &str) -> Key {
    Key::new(format!("OIDCCODE#{}", hash(code)), "CODE")
}

/// The id is a name, not a secret, yet it comes from outside: hashed, it always fits a key.
fn family_key(id: &str) -> Key {
    Key::new(format!("OIDCFAMILY#{}", hash(id)), "FAMILY")
}
