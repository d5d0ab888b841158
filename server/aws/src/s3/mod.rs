//! Blob on S3, or on what speaks its protocol.
//!
//! Invariants:
//! - The bucket has versioning on; without it every overwrite loses the former version ([`S3Blob::create`] sets it).
//! - Long streams go up in parts, so memory holds one part; an object appears when the last call succeeds.
//! - What must not be made twice (`only_if_absent`) is sent once; a lost answer is `Unavailable`.
//! - Link times are the machine's clock, as the service's are; a link made with a role's passing credentials ends with
//!   them at the latest.
//!
//! Not here: a lifecycle rule for parts of unfinished uploads and old versions, encryption keys, CORS (infrastructure).

mod fault;
mod list;
mod write;

use std::ops::RangeInclusive;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::DateTime;
use bytes::Bytes;
use vitrine_blob::http::content_disposition;
use vitrine_blob::{
    Blob, BlobError, ByteRange, ByteStream, Listing, Meta, PutOptions, Reading, Result, SignOptions, Upload, check_key,
    check_sign,
};

use self::fault::{failure, status};

/// One bucket.
pub struct S3Blob {
    bucket: String,
    /// Repeats what failed on the way.
    repeating: Client,
    /// Sends once.
    once: Client,
}

impl S3Blob {
    /// A bucket that is there already; makes no call yet. An endpoint of `sdk` is addressed by path.
    pub fn new(sdk: &SdkConfig, bucket: impl Into<String>) -> Self {
        let config = |retries: RetryConfig| {
            aws_sdk_s3::config::Builder::from(sdk)
                .retry_config(retries)
                .force_path_style(sdk.endpoint_url().is_some())
                .build()
        };
        Self {
            bucket: bucket.into(),
            repeating: Client::from_conf(config(RetryConfig::standard().with_max_attempts(3))),
            once: Client::from_conf(config(RetryConfig::disabled())),
        }
    }
}

/// The metadata headers of a `HeadObject` or `GetObject` answer.
struct Told {
    size: Option<i64>,
    content_type: Option<String>,
    etag: Option<String>,
    version: Option<String>,
    modified: Option<DateTime>,
}

impl Told {
    fn meta(self, key: &str) -> Result<Meta> {
        let missing = |what: &str| BlobError::Unavailable(format!("the store did not tell the {what} of {key}"));
        Ok(Meta {
            key: key.to_owned(),
            size: self.size.and_then(|s| u64::try_from(s).ok()).ok_or_else(|| missing("size"))?,
            content_type: self.content_type.unwrap_or_else(|| "application/octet-stream".into()),
            etag: self.etag.ok_or_else(|| missing("tag"))?.trim_matches('"').to_owned(),
            // S3's own name for the only version in a bucket without versions.
            version: self.version.unwrap_or_else(|| "null".into()),
            modified_ms: self.modified.and_then(|t| t.to_millis().ok()).ok_or_else(|| missing("time"))?,
        })
    }
}

/// `bytes 0-9/100`: first and last byte, and the whole.
fn content_range(header: &str) -> Option<(RangeInclusive<u64>, u64)> {
    let (range, whole) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?..=last.parse().ok()?, whole.parse().ok()?))
}

/// Refuses what cannot name a version before it is sent.
fn check_version(version: Option<&str>) -> Result<()> {
    let plain = |v: &str| !v.is_empty() && v.len() <= 1024 && v.bytes().all(|b| b.is_ascii_graphic());
    if version.is_none_or(plain) { Ok(()) } else { Err(BlobError::NotFound) }
}

#[async_trait]
impl Blob for S3Blob {
    async fn put(&self, key: &str, bytes: ByteStream, options: PutOptions) -> Result<Meta> {
        self.write(key, bytes, options).await
    }

    async fn head(&self, key: &str, version: Option<&str>) -> Result<Meta> {
        check_key(key)?;
        check_version(version)?;
        let call =
            self.repeating.head_object().bucket(&self.bucket).key(key).set_version_id(version.map(str::to_owned));
        let answer = call.send().await.map_err(|e| failure(&e, version.is_some()))?;
        let told = Told {
            size: answer.content_length,
            content_type: answer.content_type,
            etag: answer.e_tag,
            version: answer.version_id,
            modified: answer.last_modified,
        };
        told.meta(key)
    }

    async fn get(&self, key: &str, version: Option<&str>, range: Option<ByteRange>) -> Result<Reading> {
        check_key(key)?;
        check_version(version)?;
        let header = match range {
            // Headers cannot say these, and the store would answer with the whole.
            Some(ByteRange::Last(0)) => return Err(BlobError::BadRange(self.head(key, version).await?.size)),
            Some(ByteRange::Between(from, to)) if from > to => {
                return Err(BlobError::BadRange(self.head(key, version).await?.size));
            }
            Some(ByteRange::Between(from, to)) => Some(format!("bytes={from}-{to}")),
            Some(ByteRange::From(from)) => Some(format!("bytes={from}-")),
            Some(ByteRange::Last(n)) => Some(format!("bytes=-{n}")),
            None => None,
        };
        let call = self
            .repeating
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .set_range(header);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(e) if status(&e) == Some(416) => {
                return Err(BlobError::BadRange(self.head(key, version).await?.size));
            }
            Err(e) => return Err(failure(&e, version.is_some())),
        };
        let part = answer.content_range.as_deref().and_then(content_range);
        let size = part.as_ref().and_then(|(_, whole)| i64::try_from(*whole).ok()).or(answer.content_length);
        let told = Told {
            size,
            content_type: answer.content_type,
            etag: answer.e_tag,
            version: answer.version_id,
            modified: answer.last_modified,
        };
        let meta = told.meta(key)?;
        if range.is_some() && meta.size == 0 {
            return Err(BlobError::BadRange(0));
        }
        let range = match part {
            Some((range, _)) => Some(range),
            None => (meta.size > 0).then(|| 0..=meta.size - 1),
        };
        let name = key.to_owned();
        let bytes = futures::stream::unfold((answer.body, name), |(mut body, name)| async move {
            let next = body.next().await?;
            let next = next.map_err(|e| {
                let text = aws_sdk_s3::error::DisplayErrorContext(&e).to_string();
                if text.contains("checksum mismatch") {
                    BlobError::Damaged(name.clone())
                } else {
                    BlobError::Unavailable(text)
                }
            });
            Some((next, (body, name)))
        });
        Ok(Reading { meta, range, bytes: Box::pin(bytes) })
    }

    async fn delete(&self, key: &str) -> Result<()> {
        check_key(key)?;
        let done = self.repeating.delete_object().bucket(&self.bucket).key(key).send().await;
        match done.map_err(|e| failure(&e, false)) {
            Ok(_) | Err(BlobError::NotFound) => Ok(()),
            Err(e) => Err(e),
        }
    }

    async fn delete_version(&self, key: &str, version: &str) -> Result<()> {
        check_key(key)?;
        check_version(Some(version))?;
        let done = self.repeating.delete_object().bucket(&self.bucket).key(key).version_id(version).send().await;
        match done.map_err(|e| failure(&e, true)) {
            Ok(_) | Err(BlobError::NotFound) => Ok(()),
            Err(e) => Err(e),
        }
    }

    async fn versions(&self, key: &str) -> Result<Vec<Meta>> {
        self.list_versions(key).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Listing> {
        self.list_page(prefix, cursor, limit).await
    }

    async fn signed_url(&self, key: &str, options: SignOptions) -> Result<String> {
        check_key(key)?;
        check_sign(&options)?;
        check_version(options.version.as_deref())?;
        let life = PresigningConfig::expires_in(Duration::from_secs(options.expires_secs.into()))
            .map_err(|e| BlobError::Invalid(e.to_string()))?;
        let call = self
            .repeating
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(options.version)
            .set_response_content_type(options.content_type)
            .response_content_disposition(content_disposition(options.attachment.as_deref()));
        let signed = call.presigned(life).await.map_err(|e| failure(&e, false))?;
        Ok(signed.uri().to_owned())
    }

    async fn begin_upload(&self, key: &str, options: PutOptions) -> Result<Upload> {
        self.begin(key, options).await
    }

    async fn put_part(&self, upload: &Upload, number: u16, bytes: Bytes) -> Result<String> {
        self.part(upload, number, bytes).await
    }

    async fn finish_upload(&self, upload: &Upload, parts: Vec<(u16, String)>) -> Result<Meta> {
        self.finish(upload, parts).await
    }

    async fn abort_upload(&self, upload: &Upload) -> Result<()> {
        self.abort(upload).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges() {
        assert_eq!(content_range("bytes 0-9/100"), Some((0..=9, 100)));
        for bad in ["bytes */100", "0-9/100", "bytes 0-9", "bytes -/1", ""] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_a_version_is_not_sent() {
        assert!(check_version(None).is_ok());
        assert!(check_version(Some("3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY")).is_ok());
        for bad in ["", "a b", "ä", "a\n", &"x".repeat(1025)] {
            assert!(matches!(check_version(Some(bad)), Err(BlobError::NotFound)), "{bad}");
        }
    }
}
