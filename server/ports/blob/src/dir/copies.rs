//! The files of a directory as they may be copied while its server writes.
//!
//! Invariants: `current` of an object is read before its versions are listed, so the version it names is among them; a version's
//! files never change once they have their names. Copied back to the same relative paths they are the store again.
//!
//! Not here: uploads in parts that are not finished; they are in no copy.

use std::io;
use std::path::Path;

use super::store::is_version;
use crate::Meta;

/// One object: its folder, relative to the store with `/` between names, and what is in it.
#[derive(Clone, Debug)]
pub struct ObjectFiles {
    /// As `objects/a.d/b.o`.
    pub folder: String,
    /// The file `current` and the version it names; `None`: the object is deleted, its versions are there.
    pub current: Option<(String, Vec<u8>)>,
    /// Versions whose `<version>.json` and `<version>.bin` are there, oldest first.
    pub versions: Vec<String>,
}

/// Hands over every object of the store below `root`, in no particular order; answers how many.
///
/// # Errors
/// What `each` answers; a folder or a `current` that cannot be read.
pub fn objects(root: &Path, each: &mut dyn FnMut(ObjectFiles) -> io::Result<()>) -> io::Result<u64> {
    let mut count = 0;
    let mut folders = vec![("objects".to_owned(), false)];
    while let Some((folder, is_object)) = folders.pop() {
        let path = root.join(&folder);
        if is_object {
            if let Some(object) = object(&path, &folder)? {
                each(object)?;
                count += 1;
            }
            continue;
        }
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".d") || name.ends_with(".o") {
                folders.push((format!("{folder}/{name}"), name.ends_with(".o")));
            }
        }
    }
    Ok(count)
}

fn object(path: &Path, folder: &str) -> io::Result<Option<ObjectFiles>> {
    let current = match std::fs::read(path.join("current")) {
        Ok(bytes) => {
            let meta: Meta = serde_json::from_slice(&bytes)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{folder}/current is damaged: {e}")))?;
            Some((meta.version, bytes))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    let has = |version: &str| names.iter().any(|n| n.strip_suffix(".bin") == Some(version));
    let mut versions: Vec<String> = names
        .iter()
        .filter_map(|n| n.strip_suffix(".json"))
        .filter(|v| is_version(v) && has(v))
        .map(str::to_owned)
        .collect();
    versions.sort_unstable();
    Ok((current.is_some() || !versions.is_empty()).then(|| ObjectFiles {
        folder: folder.to_owned(),
        current,
        versions,
    }))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::dir::{DirBlob, SignKeys};
    use crate::{Blob, PutOptions};

    #[tokio::test]
    async fn copied_files_are_the_store_again() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keys = || SignKeys::new("k", SecretString::from("0123456789abcdef0123456789abcdef"));
        let store = DirBlob::open(from.path(), keys(), "http://files.test").unwrap();
        for (key, bytes) in [("a", "1"), ("a/b", "2"), ("a", "3"), ("gone", "4")] {
            store.put_bytes(key, bytes.into(), PutOptions::new("text/plain")).await.unwrap();
        }
        store.delete("gone").await.unwrap();
        let mut seen = Vec::new();
        let count = objects(from.path(), &mut |object| {
            seen.push(object.clone());
            let folder = to.path().join(&object.folder);
            std::fs::create_dir_all(&folder)?;
            for version in &object.versions {
                for ending in ["json", "bin"] {
                    let name = format!("{version}.{ending}");
                    std::fs::copy(from.path().join(&object.folder).join(&name), folder.join(&name))?;
                }
            }
            object.current.map_or(Ok(()), |(_, bytes)| std::fs::write(folder.join("current"), bytes))
        });
        assert_eq!(count.unwrap(), 3);
        let a = seen.iter().find(|o| o.folder == "objects/a.o").unwrap();
        assert_eq!(a.versions.len(), 2);
        assert_eq!(a.current.as_ref().map(|c| &c.0), a.versions.last());
        let again = DirBlob::open(to.path(), keys(), "http://files.test").unwrap();
        assert_eq!(again.get_bytes("a").await.unwrap(), "3");
        assert_eq!(again.get_bytes("a/b").await.unwrap(), "2");
        assert!(again.get_bytes("gone").await.is_err());
        assert_eq!(again.versions("gone").await.unwrap().len(), 1);
    }
}
