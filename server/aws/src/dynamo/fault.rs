//! What DynamoDB's errors mean to the port.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use vitrine_table::TableError;

/// Errors that mean the same on every call; failed conditions and cancellations are read where they happen.
pub(super) fn failure<E, R>(error: &SdkError<E, R>) -> TableError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let Some(service) = error.as_service_error() else {
        // Time-outs, refused connections, unreadable answers.
        return TableError::Unavailable(DisplayErrorContext(error).to_string());
    };
    let message = service.message().unwrap_or_default().to_owned();
    match service.code().unwrap_or_default() {
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "Throttling"
        | "RequestLimitExceeded"
        | "LimitExceededException" => TableError::Throttled,
        "TransactionConflictException" | "TransactionInProgressException" | "ReplicatedWriteConflictException" => {
            TableError::Conflict
        }
        "IdempotentParameterMismatchException" => TableError::TokenMismatch,
        "ValidationException" | "SerializationException" | "ItemCollectionSizeLimitExceededException" => {
            TableError::Invalid(message)
        }
        code => TableError::Unavailable(format!("{code}: {message}")),
    }
}
