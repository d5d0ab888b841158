//! Passwords: what is accepted, and argon2id.
//!
//! Invariants: hashing runs off the async threads, at most two at once (19 MiB each), and a check costs the same
//! whether there is a hash to compare with or not.

use std::sync::LazyLock;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::AccountError;

/// Least characters of a password. No rules about kinds of characters: NIST SP 800-63B, 3.1.1.2.
pub const MIN_PASSWORD_CHARS: usize = 10;
/// Most characters: enough for any phrase, too few to make hashing a burden.
const MAX_PASSWORD_CHARS: usize = 256;

/// OWASP Password Storage Cheat Sheet, argon2id: 19 MiB of memory, 2 iterations, 1 degree of parallelism.
const MEMORY_KIB: u32 = 19 * 1024;
const ITERATIONS: u32 = 2;
const PARALLELISM: u32 = 1;

/// Bounds memory and processor time that strangers can make the provider spend at one moment.
static PLACES: Semaphore = Semaphore::const_new(2);

/// What an unknown address's password is compared with, so that it costs what a known one's costs.
static NOBODYS: LazyLock<Result<String, AccountError>> = LazyLock::new(|| hash_now(&crate::crypto::random_token()));

/// Accepts a password by its length alone.
pub(crate) fn check(password: &SecretString) -> Result<(), AccountError> {
    let chars = password.expose_secret().chars().take(MAX_PASSWORD_CHARS + 1).count();
    if (MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&chars) { Ok(()) } else { Err(AccountError::InvalidPassword) }
}

/// Hashes in PHC format.
pub(crate) async fn hash(password: SecretString) -> Result<String, AccountError> {
    work(move || hash_now(password.expose_secret())).await
}

/// Does the password belong to the hash? `None` is never right and takes as long.
pub(crate) async fn verify(password: SecretString, hash: Option<String>) -> Result<bool, AccountError> {
    work(move || {
        let known = hash.is_some();
        let hash = match (&hash, &*NOBODYS) {
            (Some(hash), _) => hash,
            (None, Ok(hash)) => hash,
            (None, Err(e)) => return Err(AccountError::Hashing(e.to_string())),
        };
        let hash = PasswordHash::new(hash).map_err(failed)?;
        // A password over the limit was never accepted; the hash is computed all the same, over its beginning.
        let text = password.expose_secret();
        let end = text.char_indices().nth(MAX_PASSWORD_CHARS + 1).map_or(text.len(), |(i, _)| i);
        match argon2()?.verify_password(&text.as_bytes()[..end], &hash) {
            Ok(()) => Ok(known),
            Err(argon2::password_hash::Error::Password) => Ok(false),
            Err(e) => Err(failed(e)),
        }
    })
    .await
}

async fn work<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, AccountError> + Send + 'static,
) -> Result<T, AccountError> {
    let _place = PLACES.acquire().await.map_err(|e| AccountError::Hashing(e.to_string()))?;
    tokio::task::spawn_blocking(f).await.map_err(|e| AccountError::Hashing(e.to_string()))?
}

fn hash_now(password: &str) -> Result<String, AccountError> {
    let salt = SaltString::generate(&mut OsRng);
    Ok(argon2()?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

fn argon2() -> Result<Argon2<'static>, AccountError> {
    let params =
        Params::new(MEMORY_KIB, ITERATIONS, PARALLELISM, None).map_err(|e| AccountError::Hashing(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: argon2::password_hash::Error) -> AccountError {
    AccountError::Hashing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_fits_and_nobodys_never_does() {
        let made = hash(secret("correct horse")).await.unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert!(verify(secret("correct horse"), Some(made.clone())).await.unwrap());
        assert!(!verify(secret("correct horsf"), Some(made)).await.unwrap());
        assert!(!verify(secret("correct horse"), None).await.unwrap());
    }

    #[test]
    fn length_is_the_only_rule() {
        assert!(check(&secret("123456789")).is_err());
        assert!(check(&secret("äöüäöüäöüä")).is_ok());
        assert!(check(&secret(&"x".repeat(256))).is_ok());
        assert!(check(&secret(&"x".repeat(257))).is_err());
    }
}
