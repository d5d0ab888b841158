//! Copies of the embedded shop that survive its machine: a whole one in a file, and a log of what changed since in a folder.
//!
//! Invariants:
//! - Everything is encrypted to age recipients before it is written to where copies go; the machine that makes copies cannot read them.
//! - A copy is made beside the running server and takes no lock: SQLite lets others read as of one moment, and files are written
//!   before anything refers to them, so the files found after that moment are enough.
//! - A file of ours is there whole or not at all. One that is damaged, cut off, of another key or out of its order is refused by name.
//! - A folder is restored whole or not at all: until all of it is there it holds [`RESTORING`], which no server opens.
//! - The index is in no copy; it is built anew.
//!
//! Not here: DynamoDB and S3, whose own point-in-time recovery does this; where the files go next (docs/runbooks/restore.md).

mod archive;
mod chain;
mod keys;
mod log;
mod restore;
mod whole;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use vitrine_table::TableError;
use vitrine_table::sqlite::OpenError;

pub use keys::{key_print, make_key, read_keys, recipients};
pub use log::{Logged, Shipper};
pub use restore::{Asked, Restored, restore};
pub use whole::{Copied, Source, copy};

/// The format this program writes and reads.
const FORMAT: u32 = 1;
/// Stands in a data directory until all of a restore is there.
pub const RESTORING: &str = ".restoring";

/// Why there is no copy, or none was put back; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Cloud stores copy themselves.
    #[error(
        "the table and the files are in cloud stores: use their own point-in-time recovery (docs/runbooks/restore.md)"
    )]
    NotEmbedded,
    /// Nobody to encrypt to.
    #[error(
        "nobody could read the copy: make a key with `vitrine backup-key FILE` and set `backup.recipients`, or give --recipient"
    )]
    NoRecipient,
    /// Not an age recipient.
    #[error("`{0}` is no recipient; one begins with age1 and is printed by `vitrine backup-key`")]
    BadRecipient(String),
    /// The key file holds no key.
    #[error("{0} holds no key; one begins with AGE-SECRET-KEY-1")]
    BadKey(PathBuf),
    /// The file is there.
    #[error("{0} exists already")]
    Exists(PathBuf),
    /// Somebody's data.
    #[error("{0} is not empty; a restore needs a folder with nothing in it")]
    NotEmpty(PathBuf),
    /// Encrypted to other keys.
    #[error("{0} was made for another key")]
    WrongKey(PathBuf),
    /// Not age, or not ours.
    #[error("{0} is no backup of this program")]
    Foreign(PathBuf),
    /// Made by a later version of this program.
    #[error("{path} has format {found}, this program reads {FORMAT}; use a later version of it")]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Changed or cut off since it was made.
    #[error("{path} is damaged or cut off ({why}); nothing was restored from it, take another copy")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// No folder of the log goes on from the copy.
    #[error(
        "the log has nothing that goes on from this copy; restore without --log, or take a copy made after the log began"
    )]
    NotItsLog,
    /// A piece of the log is missing.
    #[error(
        "the log has a hole after change {number}: {path} does not follow; what is before it can be restored with --at {until}"
    )]
    Hole {
        /// The last change before the hole.
        number: i64,
        /// The piece after it.
        path: PathBuf,
        /// The last moment before it, RFC 3339.
        until: String,
    },
    /// Outside of what is kept.
    #[error("that moment is not in what is kept: it reaches from {first} to {last}")]
    NoSuchMoment {
        /// The copy's own moment, RFC 3339.
        first: String,
        /// The end of the log, RFC 3339.
        last: String,
    },
    /// The key of sealed data is not in the copy.
    #[error("the shop's master key was in its configuration: set `master_key` to the same one, then restore")]
    MasterKeyElsewhere,
    /// The configuration has another master key.
    #[error("`master_key` of this configuration is not the shop's; nothing sealed could be read with it")]
    OtherMasterKey,
    /// The file system refused.
    #[error("{what}: {error}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        error: std::io::Error,
    },
    /// The table could not be read or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Short for an answer of this module.
pub type Result<T> = std::result::Result<T, BackupError>;

fn io(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> BackupError {
    move |error| BackupError::Io { what: what.to_string(), error }
}

/// A moment, UTC milliseconds, from RFC 3339; `None` also for one that is outside of its years in UTC.
pub fn moment(text: &str) -> Option<i64> {
    let format = time::format_description::well_known::Rfc3339;
    let at = time::OffsetDateTime::parse(text, &format).ok()?.checked_to_offset(time::UtcOffset::UTC)?;
    let years = 0..=9999;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().filter(|_| years.contains(&at.year()))
}

/// A moment for people and for `--at`.
pub fn shown(ms: i64) -> String {
    let format = time::format_description::well_known::Rfc3339;
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
    at.ok().and_then(|t| t.format(&format).ok()).unwrap_or_else(|| ms.to_string())
}
