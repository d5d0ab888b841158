//! What S3's errors mean to the port.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use vitrine_blob::BlobError;

/// HTTP status of an answer, if there was one.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|r| r.status().as_u16())
}

/// What an error means; `versioned`: the request named a version, which is refused in odd ways if there is none such.
pub(super) fn failure<E>(error: &SdkError<E, HttpResponse>, versioned: bool) -> BlobError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let service = error.as_service_error();
    let code = service.and_then(|s| s.code()).unwrap_or_default();
    let message = || format!("{code}: {}", service.and_then(|s| s.message()).unwrap_or_default());
    match (status(error), code) {
        (_, "NoSuchBucket" | "AccessDenied" | "SignatureDoesNotMatch" | "InvalidAccessKeyId" | "ExpiredToken") => {
            BlobError::Unavailable(message())
        }
        // 405: the version is a deletion marker. 400 without more: it has no version's form.
        (Some(404 | 405), _) | (_, "NoSuchKey" | "NoSuchVersion" | "NoSuchUpload") => BlobError::NotFound,
        (Some(400), _) if versioned => BlobError::NotFound,
        (Some(412), _) | (_, "PreconditionFailed") => BlobError::Exists,
        (Some(400), _) => BlobError::Invalid(message()),
        _ => BlobError::Unavailable(DisplayErrorContext(error).to_string()),
    }
}
