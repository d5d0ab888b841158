//! Uploads in parts, on disk from the first part on, so that they go on after a restart.

use std::path::PathBuf;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::{DirBlob, io, read, store};
use crate::key::check_content_type;
use crate::{BlobError, MIN_PART_BYTES, Meta, PutOptions, Result, Upload, check_key};

#[derive(serde::Serialize, serde::Deserialize)]
struct UploadMeta {
    key: String,
    content_type: String,
    only_if_absent: bool,
    #[serde(default)]
    begun_ms: i64,
}

fn part_name(number: u16, tag: &str) -> String {
    format!("{number:05}-{tag}")
}

impl DirBlob {
    fn upload_folder(&self, upload: &Upload) -> Result<PathBuf> {
        let plain = upload.id.len() == 32 && upload.id.bytes().all(|b| b.is_ascii_hexdigit());
        if plain { Ok(self.root.join("uploads").join(&upload.id)) } else { Err(BlobError::NotFound) }
    }

    async fn upload(&self, upload: &Upload) -> Result<(PathBuf, UploadMeta)> {
        let folder = self.upload_folder(upload)?;
        let meta: UploadMeta = store::read_json(&folder.join("upload.json")).await?;
        if meta.key == upload.key { Ok((folder, meta)) } else { Err(BlobError::NotFound) }
    }

    pub(super) async fn begin(&self, key: &str, options: PutOptions) -> Result<Upload> {
        check_key(key)?;
        check_content_type(&options.content_type)?;
        let upload = Upload { key: key.to_owned(), id: format!("{:032x}", rand::random::<u128>()) };
        let folder = self.upload_folder(&upload)?;
        store::make_folder(&self.root, &folder).await?;
        let meta = UploadMeta {
            key: key.to_owned(),
            content_type: options.content_type,
            only_if_absent: options.only_if_absent,
            begun_ms: self.clock.now_ms(),
        };
        store::write_json(&self.temporary_path(), &folder.join("upload.json"), &meta).await?;
        store::sync_folder(&folder).await?;
        Ok(upload)
    }

    pub(super) async fn part(&self, upload: &Upload, number: u16, bytes: Bytes) -> Result<String> {
        if number == 0 || number > 10_000 {
            return Err(BlobError::Invalid("parts are numbered 1 to 10,000".into()));
        }
        let (folder, _) = self.upload(upload).await?;
        let spooled = self.spool(futures::stream::once(async move { Ok(bytes) }).boxed()).await?;
        let _held = self.stripe(&upload.id).lock().await;
        let name = part_name(number, &spooled.sha256);
        match tokio::fs::rename(spooled.file.path(), folder.join(&name)).await {
            // Ended by another call in the meantime.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(BlobError::NotFound),
            other => other.map_err(io("renaming"))?,
        }
        // The last one of a number counts, as in S3.
        for former in store::names(&folder).await? {
            if former != name && former.starts_with(&format!("{number:05}-")) {
                tokio::fs::remove_file(folder.join(former)).await.map_err(io("deleting"))?;
            }
        }
        store::sync_folder(&folder).await?;
        Ok(spooled.sha256.clone())
    }

    pub(super) async fn finish(&self, upload: &Upload, parts: Vec<(u16, String)>) -> Result<Meta> {
        let (folder, meta) = self.upload(upload).await?;
        if parts.is_empty() || !parts.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err(BlobError::Invalid("parts come in ascending order, at least one".into()));
        }
        let mut files = Vec::with_capacity(parts.len());
        for (at, (number, tag)) in parts.iter().enumerate() {
            let hex = tag.len() == 64 && tag.bytes().all(|b| b.is_ascii_hexdigit());
            let path = folder.join(part_name(*number, tag));
            let length = match tokio::fs::metadata(&path).await {
                Ok(found) if hex => found.len(),
                _ => return Err(BlobError::Invalid(format!("part {number} was not uploaded with this tag"))),
            };
            if at + 1 < parts.len() && length < MIN_PART_BYTES as u64 {
                return Err(BlobError::Invalid(format!(
                    "part {number} has {length} bytes, fewer than {MIN_PART_BYTES}"
                )));
            }
            files.push((path, length));
        }
        let joined = futures::stream::iter(files).then(|(path, length)| async move {
            let file = tokio::fs::File::open(&path).await.map_err(io("reading"))?;
            Ok::<_, BlobError>(read(file, length, None))
        });
        let spooled = self.spool(joined.try_flatten().boxed()).await?;
        let options = PutOptions { content_type: meta.content_type, only_if_absent: meta.only_if_absent };
        let done = self.commit(&meta.key, spooled, options).await?;
        if let Err(fault) = self.abort(upload).await {
            tracing::warn!(upload = upload.id, %fault, "the parts of a finished upload could not be removed");
        }
        Ok(done)
    }

    pub(super) async fn abort(&self, upload: &Upload) -> Result<()> {
        let folder = self.upload_folder(upload)?;
        let _held = self.stripe(&upload.id).lock().await;
        match tokio::fs::remove_dir_all(folder).await {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(io("deleting")(e)),
        }
    }

    /// Forgets uploads begun before `before_ms` (UTC milliseconds) and never finished; answers how many. A bucket does
    /// this by a lifecycle rule.
    ///
    /// # Errors
    /// `Unavailable` if the folder cannot be read or changed.
    pub async fn forget_uploads(&self, before_ms: i64) -> Result<usize> {
        let mut forgotten = 0;
        for id in store::names(&self.root.join("uploads")).await? {
            let begun = store::read_json::<UploadMeta>(&self.root.join("uploads").join(&id).join("upload.json")).await;
            if begun.is_ok_and(|m| m.begun_ms < before_ms) {
                self.abort(&Upload { key: String::new(), id }).boxed().await?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }
}
