//! Writing objects: spooled to a temporary file, then committed under the key's lock.

use std::path::{Path, PathBuf};

use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::{DirBlob, io, store};
use crate::{BlobError, ByteStream, Meta, PutOptions, Result};

/// A temporary file that goes away with its writer, also if the write is cut off in the middle.
pub(super) struct Temporary(PathBuf);

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Missing after the rename; what else fails is cleaned at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Bytes on disk without a name yet.
pub(super) struct Spooled {
    pub(super) file: Temporary,
    pub(super) size: u64,
    pub(super) sha256: String,
}

impl DirBlob {
    pub(super) fn temporary_path(&self) -> PathBuf {
        self.root.join("tmp").join(format!("{:032x}", rand::random::<u128>()))
    }

    /// Writes a stream to a durable temporary file.
    pub(super) async fn spool(&self, mut bytes: ByteStream) -> Result<Spooled> {
        let temporary = Temporary(self.temporary_path());
        let mut file = tokio::fs::File::create(temporary.path()).await.map_err(io("writing"))?;
        let (mut hash, mut size) = (Sha256::new(), 0u64);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            hash.update(&chunk);
            size += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(io("writing"))?;
        }
        file.flush().await.map_err(io("writing"))?;
        file.sync_all().await.map_err(io("writing"))?;
        Ok(Spooled { file: temporary, size, sha256: data_encoding::HEXLOWER.encode(&hash.finalize()) })
    }

    /// Gives spooled bytes their key, as its newest version.
    pub(super) async fn commit(&self, key: &str, spooled: Spooled, options: PutOptions) -> Result<Meta> {
        let folder = self.folder(key)?;
        let _held = self.stripe(key).lock().await;
        if options.only_if_absent && self.exists(key).await? {
            return Err(BlobError::Exists);
        }
        store::make_folder(&self.root, &folder).await?;
        let now = self.clock.now_ms();
        // Names sort by age, so a second version of the same millisecond takes the next one.
        let rank = store::newest_rank(&folder).await?.map_or(now, |newest| now.max(newest + 1));
        let version = format!("{rank:015}-{:016x}", rand::random::<u64>());
        let meta = Meta {
            key: key.to_owned(),
            size: spooled.size,
            content_type: options.content_type,
            etag: spooled.sha256,
            version: version.clone(),
            modified_ms: now,
        };
        tokio::fs::rename(spooled.file.path(), folder.join(format!("{version}.bin"))).await.map_err(io("renaming"))?;
        store::write_meta(&self.temporary_path(), &folder.join(format!("{version}.json")), &meta).await?;
        // Both must be on disk before anything points to them.
        store::sync_folder(&folder).await?;
        store::write_meta(&self.temporary_path(), &folder.join("current"), &meta).await?;
        store::sync_folder(&folder).await?;
        Ok(meta)
    }
}
