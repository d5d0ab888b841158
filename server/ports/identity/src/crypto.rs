//! Randomness, hashes, sealing, and the signatures of tokens.
//!
//! Invariants: tokens carry 256 bits from the operating system; only their SHA-256 is stored (they are not guessable,
//! so no slow hash is needed); sealed values are bound to the place they belong to; ES256 and RS256 are the only
//! algorithms that verify anything, ES256 the only one that signs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, new_error};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};

/// Why something was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The configured key is not 32 bytes in base64.
    #[error("the master key must be 32 bytes in base64")]
    BadMasterKey,
    /// The sealed value is damaged, belongs elsewhere, or was sealed with another master key.
    #[error("a sealed value cannot be opened: wrong master key, or the value was changed")]
    NotOpened,
    /// A key could not be made or read, or the operating system gave no randomness.
    #[error("a key could not be used: {0}")]
    Key(&'static str),
}

/// The secret of the configuration under which everything else is sealed; 256 bits.
pub struct MasterKey(SecretBox<[u8; 32]>);

impl MasterKey {
    /// Reads 32 bytes from standard base64.
    ///
    /// # Errors
    /// [`CryptoError::BadMasterKey`] for anything else.
    pub fn from_base64(text: &SecretString) -> Result<Self, CryptoError> {
        let bytes = STANDARD.decode(text.expose_secret().trim()).map_err(|_| CryptoError::BadMasterKey)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| CryptoError::BadMasterKey)?;
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    /// Seals `plain` for one `place` (e.g. the item's key); answers base64url of nonce and ciphertext.
    ///
    /// # Errors
    /// [`CryptoError::Key`] if the operating system gives no randomness.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<String, CryptoError> {
        Ok(URL_SAFE_NO_PAD.encode(self.seal_bytes(place, plain)?))
    }

    /// As [`MasterKey::seal`], for what is no text: answers nonce and ciphertext as they are.
    ///
    /// # Errors
    /// As [`MasterKey::seal`].
    pub fn seal_bytes(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut nonce = [0u8; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| CryptoError::Key("no randomness"))?;
        let mut data = plain.to_vec();
        self.cipher(place)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut data)
            .map_err(|_| CryptoError::Key("sealing failed"))?;
        let mut out = nonce.to_vec();
        out.extend_from_slice(&data);
        Ok(out)
    }

    /// Opens what [`MasterKey::seal`] made for the same `place`.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] for anything else.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Vec<u8>, CryptoError> {
        self.open_bytes(place, &URL_SAFE_NO_PAD.decode(sealed).map_err(|_| CryptoError::NotOpened)?)
    }

    /// Opens what [`MasterKey::seal_bytes`] made for the same `place`.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] for anything else.
    pub fn open_bytes(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(CryptoError::NotOpened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CryptoError::NotOpened)?;
        let mut body = body.to_vec();
        let plain = self
            .cipher(place)?
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut body)
            .map_err(|_| CryptoError::NotOpened)?;
        Ok(plain.to_vec())
    }

    /// Seals a value as JSON; see [`MasterKey::seal`].
    ///
    /// # Errors
    /// As [`MasterKey::seal`].
    pub fn seal_value<T: serde::Serialize>(&self, place: &str, value: &T) -> Result<String, CryptoError> {
        let plain = serde_json::to_vec(value).map_err(|_| CryptoError::Key("the value is no JSON"))?;
        self.seal(place, &plain)
    }

    /// Opens what [`MasterKey::seal_value`] made for the same `place`.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] for anything else.
    pub fn open_value<T: serde::de::DeserializeOwned>(&self, place: &str, sealed: &str) -> Result<T, CryptoError> {
        serde_json::from_slice(&self.open(place, sealed)?).map_err(|_| CryptoError::NotOpened)
    }

    /// A name for a value that nobody can make or look through without this key; the same for the same `place` and value, 26 characters of
    /// lower-case base32hex (128 bits).
    ///
    /// # Errors
    /// Never for a key that was read.
    pub fn name_of(&self, place: &str, value: &str) -> Result<String, CryptoError> {
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.0.expose_secret())
            .map_err(|_| CryptoError::Key("the master key has a wrong length"))?;
        for part in ["vitrine-identity/name/1", place, value] {
            mac.update(part.as_bytes());
            mac.update(b"\0");
        }
        let hash = mac.finalize().into_bytes();
        Ok(data_encoding::BASE32HEX_NOPAD.encode(&hash[..16]).to_ascii_lowercase())
    }

    /// A fresh key, and its bytes sealed under this one for `place`: what it seals can be destroyed with it.
    ///
    /// # Errors
    /// As [`MasterKey::seal`].
    pub fn fresh_below(&self, place: &str) -> Result<(Self, String), CryptoError> {
        let mut bytes = [0u8; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| CryptoError::Key("no randomness"))?;
        let sealed = self.seal(place, &bytes)?;
        Ok((Self(SecretBox::new(Box::new(bytes))), sealed))
    }

    /// Opens a key that [`MasterKey::fresh_below`] made.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] for anything else.
    pub fn below(&self, place: &str, sealed: &str) -> Result<Self, CryptoError> {
        let bytes: [u8; 32] = self.open(place, sealed)?.try_into().map_err(|_| CryptoError::NotOpened)?;
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    /// Opens a sealed text.
    pub(crate) fn open_text(&self, place: &str, sealed: &str) -> Result<SecretString, CryptoError> {
        let text = String::from_utf8(self.open(place, sealed)?).map_err(|_| CryptoError::NotOpened)?;
        Ok(SecretString::from(text))
    }

    /// One key per place, so that a 96-bit random nonce is never short of room.
    fn cipher(&self, place: &str) -> Result<LessSafeKey, CryptoError> {
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.0.expose_secret())
            .map_err(|_| CryptoError::Key("the master key has a wrong length"))?;
        mac.update(b"vitrine-identity/seal/1\0");
        mac.update(place.as_bytes());
        let key = UnboundKey::new(&CHACHA20_POLY1305, &mac.finalize().into_bytes())
            .map_err(|_| CryptoError::Key("the derived key has a wrong length"))?;
        Ok(LessSafeKey::new(key))
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey([REDACTED])")
    }
}

/// 256 random bits in base64url (43 characters).
pub(crate) fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// SHA-256 in base64url; also PKCE's S256 transformation (RFC 7636, 4.2).
pub(crate) fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

/// Compares without telling by time where the difference is.
pub(crate) fn same(a: &str, b: &str) -> bool {
    subtle::ConstantTimeEq::ct_eq(a.as_bytes(), b.as_bytes()).into()
}

/// A fresh P-256 key: PKCS#8, and the public point's x and y in base64url.
pub(crate) fn new_signing_key() -> Result<(Vec<u8>, String, String), CryptoError> {
    use ring::signature::KeyPair as _;
    let rng = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)
        .map_err(|_| CryptoError::Key("no key could be made"))?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &rng)
        .map_err(|_| CryptoError::Key("the new key cannot be read"))?;
    // Uncompressed point: 0x04, 32 bytes of x, 32 bytes of y (SEC 1, 2.3.3).
    let point = pair.public_key().as_ref();
    let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
        return Err(CryptoError::Key("the public point has a wrong length"));
    };
    Ok((pkcs8.as_ref().to_vec(), URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}

/// Makes ring the primitives of jsonwebtoken in this process; calling it again changes nothing.
pub(crate) fn install() {
    // An error means that some were installed before: these or, in a program that chose others, those.
    let _ = PRIMITIVES.install_default();
}

static PRIMITIVES: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

type JwtResult<T> = jsonwebtoken::errors::Result<T>;

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> JwtResult<Box<dyn JwtSigner>> {
    if *algorithm != Algorithm::ES256 || key.family() != AlgorithmFamily::Ec {
        return Err(new_error(ErrorKind::InvalidAlgorithm));
    }
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_bytes(), &SystemRandom::new())
        .map(|pair| Box::new(Es256(pair)) as Box<dyn JwtSigner>)
        .map_err(|_| new_error(ErrorKind::InvalidEcdsaKey))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    match (algorithm, key.family()) {
        (Algorithm::ES256, AlgorithmFamily::Ec) | (Algorithm::RS256, AlgorithmFamily::Rsa) => {
            Ok(Box::new(Public { algorithm: *algorithm, key: key.clone() }))
        }
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    }
}

struct Es256(EcdsaKeyPair);

impl Signer<Vec<u8>> for Es256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let made = self.0.sign(&SystemRandom::new(), message).map_err(|_| signature::Error::new())?;
        Ok(made.as_ref().to_vec())
    }
}

impl JwtSigner for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct Public {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let bad = |_| signature::Error::new();
        match (self.algorithm, self.key.kind()) {
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).map_err(bad)
            }
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).map_err(bad)
            }
            _ => Err(signature::Error::new()),
        }
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> MasterKey {
        MasterKey::from_base64(&SecretString::from(STANDARD.encode([byte; 32]))).unwrap()
    }

    #[test]
    fn sealed_values_open_only_in_their_place_and_with_their_key() {
        let sealed = key(1).seal("a", b"secret").unwrap();
        assert_eq!(key(1).open("a", &sealed).unwrap(), b"secret");
        assert!(key(1).open("b", &sealed).is_err());
        assert!(key(2).open("a", &sealed).is_err());
        assert!(key(1).open("a", &sealed[..10]).is_err());
        let mut bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        assert!(key(1).open("a", &URL_SAFE_NO_PAD.encode(bytes)).is_err());
        assert_ne!(sealed, key(1).seal("a", b"secret").unwrap(), "nonces are fresh");
        let mut raw = key(1).seal_bytes("a", b"secret").unwrap();
        assert_eq!(key(1).open_bytes("a", &raw).unwrap(), b"secret");
        assert!(key(1).open_bytes("b", &raw).is_err() && key(1).open_bytes("a", &raw[..10]).is_err());
        raw[0] ^= 1;
        assert!(key(1).open_bytes("a", &raw).is_err());
        let (below, kept) = key(1).fresh_below("k").unwrap();
        let sealed = below.seal_value("a", &"secret").unwrap();
        let again = key(1).below("k", &kept).unwrap();
        assert_eq!(again.open_value::<String>("a", &sealed).unwrap(), "secret");
        assert!(key(1).open("a", &sealed).is_err());
        assert!(key(1).below("other", &kept).is_err());
    }

    #[test]
    fn a_master_key_has_32_bytes_and_stays_silent() {
        assert!(MasterKey::from_base64(&SecretString::from("AAAA".to_owned())).is_err());
        assert_eq!(format!("{:?}", key(7)), "MasterKey([REDACTED])");
    }

    #[test]
    fn s256_is_the_transformation_of_rfc_7636_appendix_b() {
        assert_eq!(hash("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
