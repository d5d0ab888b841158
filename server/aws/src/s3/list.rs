//! Listings, and making the bucket.
//!
//! S3's listings tell no media type, so each object is asked for its own: a page costs one call and one per object.

use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use futures::{StreamExt, TryStreamExt};
use vitrine_blob::{Blob, BlobError, Listing, Meta, Result, check_key};

use super::S3Blob;
use super::fault::failure;

/// Objects asked at the same time.
const SIDE_BY_SIDE: usize = 16;
const MOST_VERSIONS: usize = 1000;

impl S3Blob {
    /// Asks for each; those removed since the listing are left out. The order stays.
    async fn heads(&self, named: Vec<(String, Option<String>)>) -> Result<Vec<Meta>> {
        futures::stream::iter(named)
            .map(|(key, version)| async move {
                match self.head(&key, version.as_deref()).await {
                    Ok(meta) => Ok(Some(meta)),
                    Err(BlobError::NotFound) => Ok(None),
                    Err(e) => Err(e),
                }
            })
            .buffered(SIDE_BY_SIDE)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await
    }

    pub(super) async fn list_page(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Listing> {
        if limit == 0 || limit > 1000 {
            return Err(BlobError::Invalid("a page holds 1 to 1,000 objects".into()));
        }
        let answer = self
            .repeating
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_start_after(cursor)
            // Checked: at most 1,000.
            .max_keys(i32::try_from(limit).unwrap_or(1000))
            .send()
            .await
            .map_err(|e| failure(&e, false))?;
        let keys: Vec<String> = answer.contents.unwrap_or_default().into_iter().filter_map(|o| o.key).collect();
        let cursor = if answer.is_truncated == Some(true) { keys.last().cloned() } else { None };
        // Anything else in the bucket was not put by this adapter.
        let named = keys.into_iter().filter(|k| check_key(k).is_ok()).map(|k| (k, None)).collect();
        Ok(Listing { objects: self.heads(named).await?, cursor })
    }

    pub(super) async fn list_versions(&self, key: &str) -> Result<Vec<Meta>> {
        check_key(key)?;
        let mut named = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            // The key sorts before every longer one with this prefix, so its versions come first.
            let answer = self
                .repeating
                .list_object_versions()
                .bucket(&self.bucket)
                .prefix(key)
                .set_key_marker(key_marker)
                .set_version_id_marker(version_marker)
                .send()
                .await
                .map_err(|e| failure(&e, false))?;
            let found = answer.versions.unwrap_or_default();
            let beyond = found.iter().any(|v| v.key.as_deref() != Some(key));
            let own = found.into_iter().filter(|v| v.key.as_deref() == Some(key));
            named.extend(own.filter_map(|v| Some((key.to_owned(), Some(v.version_id?)))));
            (key_marker, version_marker) = (answer.next_key_marker, answer.next_version_id_marker);
            let more = answer.is_truncated == Some(true) && key_marker.is_some();
            if !more || beyond || named.len() >= MOST_VERSIONS {
                break;
            }
        }
        named.truncate(MOST_VERSIONS);
        self.heads(named).await
    }

    /// Makes the bucket unless it is there, and turns versions on. For tests and a first set-up; production's bucket
    /// comes from infrastructure code.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be made or belongs to somebody else.
    pub async fn create(&self) -> Result<()> {
        let region = self.repeating.config().region().map(ToString::to_string).unwrap_or_default();
        // S3 wants no location for its first region.
        let place = (region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region.as_str()))
                .build()
        });
        let made =
            self.repeating.create_bucket().bucket(&self.bucket).set_create_bucket_configuration(place).send().await;
        match made {
            Ok(_) => {}
            Err(e) if matches!(e.as_service_error(), Some(CreateBucketError::BucketAlreadyOwnedByYou(_))) => {}
            Err(e) => return Err(failure(&e, false)),
        }
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = self.repeating.put_bucket_versioning().bucket(&self.bucket).versioning_configuration(on);
        call.send().await.map(drop).map_err(|e| failure(&e, false))
    }
}
