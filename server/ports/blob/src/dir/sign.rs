//! Signed addresses of the embedded adapter: `/b/<kid>.<expiry>.<version or ->.<signature>/<key>?ct=…&name=…`.
//!
//! The signature is HMAC-SHA-256 over every part, each preceded by its length, so that no two requests sign alike.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{BlobError, MAX_URL_SECS, Result, SignOptions, check_key};

/// The present signing secret and former ones that still verify.
#[derive(Clone, Debug)]
pub struct SignKeys {
    present: (String, SecretString),
    former: Vec<(String, SecretString)>,
}

/// What a signed address allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which object.
    pub key: String,
    /// Which version; `None`: the present one.
    pub version: Option<String>,
    /// File name offered on saving.
    pub attachment: Option<String>,
    /// Overrides the stored media type.
    pub content_type: Option<String>,
    /// UTC seconds.
    pub expires_secs: i64,
}

impl SignKeys {
    /// One secret, named `kid` (`[a-z0-9]`).
    pub fn new(kid: impl Into<String>, secret: SecretString) -> Self {
        Self { present: (kid.into(), secret), former: Vec::new() }
    }

    /// With a former secret that still verifies.
    pub fn with_former(mut self, kid: impl Into<String>, secret: SecretString) -> Self {
        self.former.push((kid.into(), secret));
        self
    }

    fn secret(&self, kid: &str) -> Option<&SecretString> {
        std::iter::once(&self.present).chain(&self.former).find(|(k, _)| k == kid).map(|(_, s)| s)
    }

    fn mac(secret: &SecretString, parts: &[&str]) -> Vec<u8> {
        // HMAC takes a key of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return Vec::new() };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().to_vec()
    }

    pub(super) fn sign(&self, key: &str, options: &SignOptions, now_secs: i64) -> Result<String> {
        if options.expires_secs == 0 || options.expires_secs > MAX_URL_SECS {
            return Err(BlobError::Invalid(format!("a link lives 1 to {MAX_URL_SECS} seconds")));
        }
        if options.attachment.as_deref().is_some_and(|n| n.len() > 500 || n.chars().any(char::is_control)) {
            return Err(BlobError::Invalid("a file name is at most 500 bytes without control characters".into()));
        }
        let expires = (now_secs + i64::from(options.expires_secs)).to_string();
        let version = options.version.as_deref().unwrap_or("-");
        let (kid, secret) = &self.present;
        let (name, ct) = (options.attachment.as_deref(), options.content_type.as_deref());
        let signature = Self::mac(secret, &[kid, &expires, version, key, ct.unwrap_or("\0"), name.unwrap_or("\0")]);
        let mut path = format!("/b/{kid}.{expires}.{version}.{}/{key}", URL_SAFE_NO_PAD.encode(signature));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(ct) = ct {
            query.append_pair("ct", ct);
        }
        if let Some(name) = name {
            query.append_pair("name", name);
        }
        let query = query.finish();
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query);
        }
        Ok(path)
    }

    pub(super) fn verify(&self, path_and_query: &str, now_secs: i64) -> Result<Grant> {
        let bad = || BlobError::BadSignature;
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let (ticket, key) = path.strip_prefix("/b/").and_then(|p| p.split_once('/')).ok_or_else(bad)?;
        check_key(key).map_err(|_| bad())?;
        let mut fields = ticket.splitn(4, '.');
        let (Some(kid), Some(expires), Some(version), Some(signature)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(bad());
        };
        let (mut ct, mut name) = (None, None);
        for (field, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*field {
                "ct" if ct.is_none() => ct = Some(value.into_owned()),
                "name" if name.is_none() => name = Some(value.into_owned()),
                _ => return Err(bad()),
            }
        }
        let secret = self.secret(kid).ok_or_else(bad)?;
        let given = URL_SAFE_NO_PAD.decode(signature).map_err(|_| bad())?;
        let made = Self::mac(
            secret,
            &[kid, expires, version, key, ct.as_deref().unwrap_or("\0"), name.as_deref().unwrap_or("\0")],
        );
        if made.is_empty() || !bool::from(given.ct_eq(&made)) {
            return Err(bad());
        }
        let expires_secs: i64 = expires.parse().map_err(|_| bad())?;
        if now_secs >= expires_secs {
            return Err(BlobError::Expired);
        }
        Ok(Grant {
            key: key.to_owned(),
            version: (version != "-").then(|| version.to_owned()),
            attachment: name,
            content_type: ct,
            expires_secs,
        })
    }
}
