//! Who can read copies: age keys, and the print of the shop's master key.

use std::io::Write;
use std::path::Path;
use std::str::FromStr;

use age::x25519::{Identity, Recipient};
use base64::Engine;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{BackupError, Result, io};

/// Makes a key file that only its owner reads; answers the recipient that belongs into `backup.recipients`.
///
/// # Errors
/// `Exists`, or the file cannot be written.
pub fn make_key(path: &Path) -> Result<String> {
    let key = Identity::generate();
    let recipient = key.to_public().to_string();
    let text = format!(
        "# Reads the shop's backups. Keep it apart from the shop and from its backups.\n# recipient: {recipient}\n{}\n",
        key.to_string().expose_secret()
    );
    match write_private(path, &text) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Err(BackupError::Exists(path.to_owned())),
        done => done.map(|()| recipient).map_err(io(format!("writing {}", path.display()))),
    }
}

/// Writes a new file that only its owner reads; one that is there stays as it is.
pub(super) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The keys of a file, one a line; lines that begin with `#` are passed over.
///
/// # Errors
/// `BadKey`, or the file cannot be read.
pub fn read_keys(path: &Path) -> Result<Vec<Identity>> {
    let text = SecretString::from(std::fs::read_to_string(path).map_err(io(format!("reading {}", path.display())))?);
    let lines = text.expose_secret().lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let keys: std::result::Result<Vec<_>, _> = lines.map(Identity::from_str).collect();
    keys.ok().filter(|k| !k.is_empty()).ok_or_else(|| BackupError::BadKey(path.to_owned()))
}

/// Recipients from their texts.
///
/// # Errors
/// `BadRecipient`, `NoRecipient` for none.
pub fn recipients(texts: &[String]) -> Result<Vec<Recipient>> {
    if texts.is_empty() {
        return Err(BackupError::NoRecipient);
    }
    texts.iter().map(|t| Recipient::from_str(t.trim()).map_err(|_| BackupError::BadRecipient(t.clone()))).collect()
}

/// Tells one master key from another and nothing of either; `None`: it is no key.
pub fn key_print(master_key: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(master_key.trim()).ok()?;
    Some(data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..8]))
}
