//! Browsers an account was signed in with before, so that its owner hears of one that was not.
//!
//! Invariants: a browser is known by a random cookie of this host, stored as a hash that differs from account to account;
//! what it is called is for reading only.

use http::HeaderMap;
use http::header::USER_AGENT;
use serde::{Deserialize, Serialize};
use vitrine_table::Key;

use super::links::Wanted;
use super::mail::MailKind;
use super::signin::Visit;
use super::{Provider, ProviderError};
use crate::account::Account;
use crate::agent::browser_name;
use crate::cookie;
use crate::crypto::{hash, random_token};
use crate::store::put_op;

const DEVICE_COOKIE: &str = "__Host-idp-device";
/// How long an unused browser is remembered.
const DEVICE_MS: i64 = 365 * 24 * 3_600_000;
/// Longest cookie believed to be one of ours.
const MAX_COOKIE: usize = 64;
/// Stands for "was signed in before".
const ANY: &str = "ANY";

#[derive(Serialize, Deserialize)]
struct Known {
    ttl: i64,
}

fn key(account: &Account, name: &str) -> Key {
    Key::new(format!("IDPDEVICE#{}", account.id), name)
}

impl Provider {
    /// Remembers this browser for the account. Answers its `Set-Cookie` value, and whether the account was signed in
    /// before but never with it.
    pub(super) async fn remember_device(
        &self,
        headers: &HeaderMap,
        account: &Account,
    ) -> Result<(String, bool), ProviderError> {
        let kept = cookie::read_headers(headers, DEVICE_COOKIE).filter(|c| !c.is_empty() && c.len() <= MAX_COOKIE);
        let device = kept.map_or_else(random_token, str::to_owned);
        let here = key(account, &hash(&format!("{}#{device}", account.id)));
        let now = self.now_ms();
        let known = self.0.store.get::<Known>(&here).await?.is_some_and(|k| k.ttl * 1000 > now);
        let before = self.0.store.get::<serde_json::Value>(&key(account, ANY)).await?.is_some();
        let seen = Known { ttl: (now + DEVICE_MS) / 1000 };
        // The mark that there was a first sign-in outlives every browser.
        let ever = serde_json::json!({ "_v": 1 });
        let ops = vec![put_op(&here, &seen, None)?, put_op(&key(account, ANY), &ever, None)?];
        self.0.store.transact(ops).await?;
        Ok((cookie::set(DEVICE_COOKIE, &device, DEVICE_MS / 1000), before && !known))
    }

    /// Mails the owner that somebody signed in with a browser not seen before, with a link that takes the account back.
    pub(super) async fn tell_new_device(
        &self,
        account: &Account,
        query: &str,
        visit: &Visit<'_>,
    ) -> Result<(), ProviderError> {
        let agent = visit.headers.get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = MailKind::NewDevice { browser: browser_name(agent) };
        let wanted = Wanted::Reset { user_id: account.id.clone() };
        self.mail_link(kind, wanted, &account.email, query, visit.locale).await
    }
}
