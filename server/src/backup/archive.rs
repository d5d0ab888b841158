//! One encrypted file of ours: a tar inside age, with a count at its end.
//!
//! Invariants: written beside its name and renamed when it is durable; read as a stream, never whole; what was read counts only once
//! [`Opened::end`] saw the last entry, the right count and the authenticated end of the encryption.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

use age::stream::{StreamReader, StreamWriter};
use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BackupError, Result, io};

/// Name of the last entry.
const END: &str = "end.json";
/// Largest entry that is read into memory, bytes.
const MAX_SMALL: u64 = 1024 * 1024;
/// Longest name that does not fit a header and stands in an entry of its own, bytes.
const MAX_NAME: u64 = 16 * 1024;

/// SHA-256 of a file as it lies on disk.
pub(super) type Print = [u8; 32];

#[derive(Serialize, Deserialize)]
struct End {
    entries: u64,
    bytes: u64,
}

/// Hashes what it passes on.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(data)?;
        self.hash.update(&data[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file that is being written; dropped before [`Sealed::finish`] it leaves nothing.
pub(super) struct Sealed {
    tar: Option<tar::Builder<StreamWriter<Hashing<BufWriter<File>>>>>,
    path: PathBuf,
    side: PathBuf,
    end: End,
}

impl Drop for Sealed {
    fn drop(&mut self) {
        // Missing after the rename.
        let _ = std::fs::remove_file(&self.side);
    }
}

impl Sealed {
    /// Begins a file.
    ///
    /// # Errors
    /// `Exists`, or it cannot be written.
    pub(super) fn create(path: &Path, recipients: &[Recipient]) -> Result<Self> {
        if path.exists() {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let mut side = path.as_os_str().to_owned();
        side.push(".partial");
        let side = PathBuf::from(side);
        let what = || format!("writing {}", side.display());
        let encryptor = Encryptor::with_recipients(recipients.iter().map(|r| r as &dyn age::Recipient))
            .map_err(|_| BackupError::NoRecipient)?;
        let file = File::create(&side).map_err(io(what()))?;
        let inner = Hashing { inner: BufWriter::new(file), hash: Sha256::new(), bytes: 0 };
        let stream = encryptor.wrap_output(inner).map_err(io(what()))?;
        Ok(Self {
            tar: Some(tar::Builder::new(stream)),
            path: path.to_owned(),
            side,
            end: End { entries: 0, bytes: 0 },
        })
    }

    /// Adds an entry of exactly `size` bytes.
    ///
    /// # Errors
    /// `bytes` are fewer, or cannot be read; the file cannot be written.
    pub(super) fn add(&mut self, name: &str, size: u64, bytes: impl Read) -> Result<()> {
        let what = || format!("copying {name}");
        let Some(tar) = &mut self.tar else { return Err(io(what())(io::Error::other("the file is finished"))) };
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        let mut bytes = Exactly { inner: bytes.take(size), size, seen: 0 };
        tar.append_data(&mut header, name, &mut bytes).map_err(io(what()))?;
        self.end.entries += 1;
        self.end.bytes += size;
        Ok(())
    }

    /// Adds a small entry.
    ///
    /// # Errors
    /// As [`Sealed::add`].
    pub(super) fn small(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.add(name, bytes.len() as u64, bytes)
    }

    /// Adds a value as JSON.
    ///
    /// # Errors
    /// As [`Sealed::add`].
    pub(super) fn json(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        let bytes = serde_json::to_vec(value).map_err(|e| io(format!("writing {name}"))(e.into()))?;
        self.small(name, &bytes)
    }

    /// Adds a file.
    ///
    /// # Errors
    /// As [`Sealed::add`].
    pub(super) fn file(&mut self, name: &str, path: &Path) -> Result<u64> {
        let what = || format!("copying {}", path.display());
        let file = File::open(path).map_err(io(what()))?;
        let size = file.metadata().map_err(io(what()))?.len();
        self.add(name, size, BufReader::with_capacity(128 * 1024, file))?;
        Ok(size)
    }

    /// Makes it durable and gives it its name; answers its print and its size.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(mut self) -> Result<(Print, u64)> {
        let what = format!("writing {}", self.side.display());
        let end = End { entries: self.end.entries, bytes: self.end.bytes };
        self.json(END, &end)?;
        let mut finish = || -> io::Result<(Print, u64)> {
            let tar = self.tar.take().ok_or_else(|| io::Error::other("the file is finished"))?;
            let mut inner = tar.into_inner()?.finish()?;
            inner.flush()?;
            inner.inner.get_ref().sync_all()?;
            std::fs::rename(&self.side, &self.path)?;
            sync_folder(self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
            Ok((inner.hash.finalize().into(), inner.bytes))
        };
        finish().map_err(io(what))
    }
}

/// Refuses a source that ends early: tar would fill up with nothing.
struct Exactly<R> {
    inner: R,
    size: u64,
    seen: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.seen += count as u64;
        if count == 0 && !buffer.is_empty() && self.seen < self.size {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was copied"));
        }
        Ok(count)
    }
}

/// Makes names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The print of a file.
pub(super) fn print(path: &Path) -> Result<Print> {
    let what = || format!("reading {}", path.display());
    let mut file = File::open(path).map_err(io(what()))?;
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).map_err(io(what()))?;
    Ok(hash.finalize().into())
}

/// A file of ours that is being read.
pub(super) struct Opened {
    tar: tar::Archive<StreamReader<BufReader<File>>>,
    path: PathBuf,
}

/// An entry that is being read.
pub(super) struct Entry<'a> {
    /// Its name, safe to join to a folder.
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) bytes: &'a mut dyn Read,
}

impl Entry<'_> {
    /// All of a small entry.
    ///
    /// # Errors
    /// It is not small, or cannot be read.
    pub(super) fn small(&mut self) -> io::Result<Vec<u8>> {
        if self.size > MAX_SMALL {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{} is too large", self.name)));
        }
        let mut bytes = Vec::new();
        self.bytes.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A small entry as a value.
    ///
    /// # Errors
    /// As [`Entry::small`], or it has another shape.
    pub(super) fn json<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        Ok(serde_json::from_slice(&self.small()?)?)
    }
}

impl Opened {
    /// Opens a file with one of the keys.
    ///
    /// # Errors
    /// `WrongKey`, `Foreign`, `Damaged`.
    pub(super) fn open(path: &Path, keys: &[Identity]) -> Result<Self> {
        let file = File::open(path).map_err(io(format!("reading {}", path.display())))?;
        let opened = Decryptor::new_buffered(BufReader::with_capacity(128 * 1024, file))
            .and_then(|d| d.decrypt(keys.iter().map(|k| k as &dyn age::Identity)));
        let stream = opened.map_err(|e| match e {
            DecryptError::NoMatchingKeys => BackupError::WrongKey(path.to_owned()),
            DecryptError::InvalidHeader | DecryptError::UnknownFormat => BackupError::Foreign(path.to_owned()),
            other => BackupError::Damaged { path: path.to_owned(), why: other.to_string() },
        })?;
        Ok(Self { tar: tar::Archive::new(stream), path: path.to_owned() })
    }

    /// Hands every entry over, in order, and makes sure that the file is whole.
    ///
    /// # Errors
    /// `Damaged` for what cannot be read, what `each` cannot make sense of, and a file without its end; other errors of `each`.
    pub(super) fn read(self, mut each: impl FnMut(Entry<'_>) -> Result<()>) -> Result<()> {
        let Self { mut tar, path } = self;
        let damaged = |why: String| BackupError::Damaged { path: path.clone(), why };
        let (mut seen, mut end) = (End { entries: 0, bytes: 0 }, None::<End>);
        let mut long: Option<PathBuf> = None;
        // Raw, for the library reads long names and other extensions into memory whatever their size.
        for entry in tar.entries().map_err(|e| damaged(e.to_string()))?.raw(true) {
            let mut entry = entry.map_err(|e| damaged(e.to_string()))?;
            if end.is_some() {
                return Err(damaged("something follows its end".into()));
            }
            if entry.header().entry_type().is_gnu_longname() {
                if entry.size() > MAX_NAME || long.is_some() {
                    return Err(damaged("an entry has too long a name".into()));
                }
                let mut name = String::new();
                entry.read_to_string(&mut name).map_err(|e| damaged(e.to_string()))?;
                long = Some(PathBuf::from(name.trim_end_matches('\0')));
                continue;
            }
            let name = match long.take() {
                Some(name) => name,
                None => entry.path().map_err(|e| damaged(e.to_string()))?.into_owned(),
            };
            let name = plain(&name).ok_or_else(|| damaged("an entry has a name that leads elsewhere".into()))?;
            if !entry.header().entry_type().is_file() {
                return Err(damaged(format!("{name} is no file")));
            }
            let size = entry.size();
            let mut entry = Entry { name, size, bytes: &mut entry };
            if entry.name == END {
                end = Some(entry.json().map_err(|e| damaged(e.to_string()))?);
                continue;
            }
            seen.entries += 1;
            seen.bytes = seen.bytes.saturating_add(size);
            each(entry)?;
        }
        let end = end.ok_or_else(|| damaged("its end is missing".into()))?;
        if (end.entries, end.bytes) != (seen.entries, seen.bytes) {
            return Err(damaged(format!("{} of {} entries are there", seen.entries, end.entries)));
        }
        // The encryption's own end is authenticated only when it is read.
        io::copy(&mut tar.into_inner(), &mut io::sink()).map(drop).map_err(|e| damaged(e.to_string()))
    }
}

/// The name if it stays below the folder it is joined to, written the one way in which it can be.
fn plain(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let inside = path.components().all(|c| matches!(c, Component::Normal(_)));
    let plain = text.split('/').all(|piece| !matches!(piece, "" | "." | "..")) && !text.contains(['\\', '\0']);
    (inside && plain).then(|| text.to_owned())
}

#[cfg(test)]
pub(super) mod forged {
    //! Archives of ours that somebody else made: whoever knows the recipient can encrypt to it.

    use std::fs::File;
    use std::io::Write;
    use std::path::Path;

    use age::Encryptor;
    use age::x25519::Recipient;
    use tar::{Builder, EntryType, Header};

    use super::{END, End};

    /// An entry: its name as it stands in the archive, its kind, where a link leads, what it holds.
    pub(in crate::backup) type Forged<'a> = (&'a [u8], EntryType, &'a [u8], &'a [u8]);

    /// Writes an archive with these entries and a right end.
    pub(in crate::backup) fn write(path: &Path, recipient: &Recipient, entries: &[Forged<'_>]) {
        write_claiming(path, recipient, entries, 0);
    }

    /// As [`write()`], but the last entry says that it is so much longer.
    pub(in crate::backup) fn write_claiming(path: &Path, recipient: &Recipient, entries: &[Forged<'_>], more: u64) {
        let to = std::iter::once(recipient as &dyn age::Recipient);
        let stream = Encryptor::with_recipients(to).unwrap().wrap_output(File::create(path).unwrap()).unwrap();
        let mut tar = Builder::new(stream);
        let mut add = |name: &[u8], kind: EntryType, link: &[u8], bytes: &[u8], more: u64| {
            let mut header = Header::new_gnu();
            // As bytes: the library's own way to set a name refuses most of these.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name);
            header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
            header.set_entry_type(kind);
            header.set_size(bytes.len() as u64 + more);
            header.set_mode(0o600);
            header.set_cksum();
            tar.append(&header, bytes).unwrap();
        };
        for (n, (name, kind, link, bytes)) in entries.iter().enumerate() {
            add(name, *kind, link, bytes, if n + 1 == entries.len() { more } else { 0 });
        }
        let end = End { entries: entries.len() as u64, bytes: entries.iter().map(|e| e.3.len() as u64).sum() };
        add(END.as_bytes(), EntryType::Regular, b"", &serde_json::to_vec(&end).unwrap(), 0);
        tar.into_inner().unwrap().finish().unwrap().flush().unwrap();
    }
}
