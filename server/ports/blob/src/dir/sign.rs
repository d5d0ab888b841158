//! Signed addresses of the embedded adapter: `/b/<kid>.<expiry>.<version or ->.<signature>/<key>?ct=…&name=…`.
//!
//! A version of `-` is the present one; no `name` shows inline. The signature is HMAC-SHA-256 over every part, each preceded by its length, so that no two requests sign alike.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::store::is_version;
use crate::{BlobError, Result, SignOptions, check_key, check_sign};

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

    /// Path and query of a signed address, without scheme and host.
    ///
    /// # Errors
    /// `BadKey`; `Invalid` for a life, name or media type that is not acceptable; `NotFound` for what cannot be a version.
    pub fn sign(&self, key: &str, options: &SignOptions, now_secs: i64) -> Result<String> {
        check_key(key)?;
        check_sign(options)?;
        if options.version.as_deref().is_some_and(|v| !is_version(v)) {
            return Err(BlobError::NotFound);
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

    /// Checks path and query of a signed address, as they came, at `now_secs` (UTC seconds).
    ///
    /// # Errors
    /// MUST be `BadSignature` for anything changed, added, foreign or malformed, `Expired` past its time.
    pub fn verify(&self, path_and_query: &str, now_secs: i64) -> Result<Grant> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> SignKeys {
        SignKeys::new("k2", SecretString::from("second")).with_former("k1", SecretString::from("first"))
    }

    fn options(expires_secs: u32, attachment: Option<String>, version: bool) -> SignOptions {
        let version = version.then(|| "001700000000000-0123456789abcdef".to_owned());
        SignOptions { expires_secs, attachment, content_type: Some("audio/ogg".into()), version }
    }

    const NOW: i64 = 1_700_000_000;

    proptest! {
        #[test]
        fn what_was_signed_is_granted_until_it_expires(
            key in "[a-z0-9]{1,8}(/[a-zA-Z0-9_-]{1,8}){0,3}",
            name in proptest::option::of("[^\\p{Cc}]{1,40}"),
            life in 1..=crate::MAX_URL_SECS,
            version: bool,
        ) {
            let asked = options(life, name.clone(), version);
            let url = keys().sign(&key, &asked, NOW).unwrap();
            let grant = keys().verify(&url, NOW + i64::from(life) - 1).unwrap();
            prop_assert_eq!(&grant.key, &key);
            prop_assert_eq!(grant.attachment, name);
            prop_assert_eq!(grant.version, asked.version);
            prop_assert_eq!(grant.content_type, asked.content_type);
            prop_assert!(matches!(keys().verify(&url, NOW + i64::from(life)), Err(BlobError::Expired)));
        }

        #[test]
        fn a_changed_byte_is_refused(at in 0usize..200, with in 0u8..128, version: bool) {
            let url = keys().sign("a/b.ogg", &options(60, Some("Ärger & Co.ogg".into()), version), NOW).unwrap();
            let at = at % url.len();
            let mut changed = url.clone().into_bytes();
            changed[at] = with;
            // Two spellings of one query (`+` and a raw space, `%c3` and `%C3`) are one request.
            let changed = String::from_utf8_lossy(&changed).into_owned();
            match keys().verify(&changed, NOW) {
                Ok(grant) => prop_assert_eq!(grant, keys().verify(&url, NOW).unwrap()),
                Err(e) => prop_assert!(matches!(e, BlobError::BadSignature), "{:?}", e),
            }
        }

        #[test]
        fn rubbish_is_refused(text in "(?s)(/b/)?.{0,80}") {
            prop_assert!(matches!(keys().verify(&text, NOW), Err(BlobError::BadSignature)));
        }
    }

    #[test]
    fn former_secrets_verify_and_strange_ones_do_not() {
        let old = SignKeys::new("k1", SecretString::from("first"));
        let url = old.sign("a", &options(60, None, false), NOW).unwrap();
        assert_eq!(keys().verify(&url, NOW).unwrap().key, "a");
        let forged =
            SignKeys::new("k2", SecretString::from("first")).sign("a", &options(60, None, false), NOW).unwrap();
        assert!(matches!(keys().verify(&forged, NOW), Err(BlobError::BadSignature)));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        // The same bytes in a row, cut elsewhere, sign differently.
        let secret = SecretString::from("s");
        assert_ne!(SignKeys::mac(&secret, &["ab", "c"]), SignKeys::mac(&secret, &["a", "bc"]));
        assert_ne!(SignKeys::mac(&secret, &["a", ""]), SignKeys::mac(&secret, &["a"]));
    }
}
