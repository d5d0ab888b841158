//! Writes: whole, in parts behind the scenes, and uploads that callers drive.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream as Body;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use vitrine_blob::{
    Blob, BlobError, ByteStream, MIN_PART_BYTES, Meta, PutOptions, Result, Upload, check_content_type, check_key,
};

use super::S3Blob;
use super::fault::{failure, status};

/// First size of parts; it doubles every thousand parts, so that 10,000 hold any object S3 takes.
const PART: usize = 8 * 1024 * 1024;
/// How often a write that met another one under the same key is tried.
const ATTEMPTS: u32 = 6;

/// Reads at least `want` bytes unless the stream ends; whether it ended.
async fn gather(stream: &mut ByteStream, want: usize) -> Result<(Bytes, bool)> {
    let mut out = BytesMut::new();
    while out.len() < want {
        match stream.next().await {
            Some(chunk) => out.extend_from_slice(&chunk?),
            None => return Ok((out.freeze(), true)),
        }
    }
    Ok((out.freeze(), false))
}

/// An upload's name: whether it may replace an object, then S3's id.
fn id_of(upload: &Upload) -> Result<(bool, &str)> {
    match upload.id.split_at_checked(1) {
        Some(("0", id)) if !id.is_empty() => Ok((false, id)),
        Some(("1", id)) if !id.is_empty() => Ok((true, id)),
        _ => Err(BlobError::NotFound),
    }
}

impl S3Blob {
    pub(super) async fn write(&self, key: &str, mut bytes: ByteStream, options: PutOptions) -> Result<Meta> {
        check_key(key)?;
        check_content_type(&options.content_type)?;
        let (first, ended) = gather(&mut bytes, PART).await?;
        if ended {
            return self.write_whole(key, first, &options).await;
        }
        if options.only_if_absent && self.head(key, None).await.is_ok() {
            return Err(BlobError::Exists);
        }
        let upload = self.begin(key, options).await?;
        let done = self.write_parts(&upload, first, bytes).await;
        if done.is_err()
            && let Err(fault) = self.abort(&upload).await
        {
            tracing::warn!(key, %fault, "the parts of a failed write could not be removed; the lifecycle rule will");
        }
        done
    }

    async fn write_whole(&self, key: &str, bytes: Bytes, options: &PutOptions) -> Result<Meta> {
        let client = if options.only_if_absent { &self.once } else { &self.repeating };
        let mut attempt = 0;
        let version = loop {
            attempt += 1;
            let call = client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .content_type(&options.content_type)
                .set_if_none_match(options.only_if_absent.then(|| "*".to_owned()))
                .body(Body::from(bytes.clone()));
            match call.send().await {
                Ok(answer) => break answer.version_id,
                // Another conditional write of the key is under way: S3 says to try again, and nothing was written.
                Err(e) if status(&e) == Some(409) && attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
                }
                Err(e) => return Err(failure(&e, false)),
            }
        };
        self.head(key, version.as_deref()).await
    }

    async fn write_parts(&self, upload: &Upload, first: Bytes, mut rest: ByteStream) -> Result<Meta> {
        let mut parts = vec![(1u16, self.part(upload, 1, first).await?)];
        loop {
            let number = u16::try_from(parts.len() + 1).unwrap_or(u16::MAX);
            let (bytes, ended) = gather(&mut rest, PART << (number / 1000).min(9)).await?;
            if !bytes.is_empty() {
                let tag = self.part(upload, number, bytes).await?;
                parts.push((number, tag));
            }
            if ended {
                return self.finish(upload, parts).await;
            }
        }
    }

    pub(super) async fn begin(&self, key: &str, options: PutOptions) -> Result<Upload> {
        check_key(key)?;
        check_content_type(&options.content_type)?;
        let call =
            self.repeating.create_multipart_upload().bucket(&self.bucket).key(key).content_type(options.content_type);
        let answer = call.send().await.map_err(|e| failure(&e, false))?;
        let id = answer.upload_id.ok_or_else(|| BlobError::Unavailable("the store named no upload".into()))?;
        Ok(Upload { key: key.to_owned(), id: format!("{}{id}", u8::from(options.only_if_absent)) })
    }

    pub(super) async fn part(&self, upload: &Upload, number: u16, bytes: Bytes) -> Result<String> {
        check_key(&upload.key)?;
        if number == 0 || number > 10_000 {
            return Err(BlobError::Invalid("parts are numbered 1 to 10,000".into()));
        }
        let (_, id) = id_of(upload)?;
        let call = self
            .repeating
            .upload_part()
            .bucket(&self.bucket)
            .key(&upload.key)
            .upload_id(id)
            .part_number(number.into())
            .body(Body::from(bytes));
        let answer = call.send().await.map_err(|e| failure(&e, false))?;
        answer.e_tag.ok_or_else(|| BlobError::Unavailable("the store named no part".into()))
    }

    pub(super) async fn finish(&self, upload: &Upload, parts: Vec<(u16, String)>) -> Result<Meta> {
        check_key(&upload.key)?;
        let (only_if_absent, id) = id_of(upload)?;
        if parts.is_empty() || !parts.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err(BlobError::Invalid("parts come in ascending order, at least one".into()));
        }
        let parts = parts
            .into_iter()
            .map(|(number, tag)| CompletedPart::builder().part_number(number.into()).e_tag(tag).build())
            .collect();
        let client = if only_if_absent { &self.once } else { &self.repeating };
        let call = client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&upload.key)
            .upload_id(id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .set_if_none_match(only_if_absent.then(|| "*".to_owned()));
        match call.send().await {
            Ok(answer) => self.head(&upload.key, answer.version_id.as_deref()).await,
            // Another conditional write won, or is about to: the parts are spent either way.
            Err(e) if status(&e) == Some(409) && self.head(&upload.key, None).await.is_ok() => Err(BlobError::Exists),
            Err(e) => Err(failure(&e, false)),
        }
    }

    pub(super) async fn abort(&self, upload: &Upload) -> Result<()> {
        check_key(&upload.key)?;
        let (_, id) = id_of(upload)?;
        let call = self.repeating.abort_multipart_upload().bucket(&self.bucket).key(&upload.key).upload_id(id);
        match call.send().await.map_err(|e| failure(&e, false)) {
            Ok(_) | Err(BlobError::NotFound) => Ok(()),
            Err(e) => Err(e),
        }
    }
}

const _: () = assert!(PART >= MIN_PART_BYTES);
