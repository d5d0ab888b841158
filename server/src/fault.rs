//! What callers see of what failed inside: an id, never internals.

use vitrine_blob::BlobError;
use vitrine_shared::Problem;
use vitrine_table::TableError;

/// A service's answer.
pub type Result<T> = std::result::Result<T, Problem>;

/// Logs the fault under an id and answers only the id.
pub fn internal(what: &str, error: &dyn std::fmt::Display) -> Problem {
    let id = format!("err_{:016x}", rand::random::<u64>());
    tracing::error!(fault_id = %id, error = %error, "{what} failed");
    Problem::internal(id)
}

/// Nothing can be kept for the moment; what was typed stays with who typed it.
fn unwritable(what: &str, error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(error = %error, "{what} cannot be written; make room on the disk, or make it writable");
    Problem::new(503, "unwritable", "The shop cannot save anything right now.")
        .detail("Nothing was done and nothing was charged. Try again in a moment.")
}

/// What a store's error means to whoever asked. Failed conditions are a service's own business; one that gets here was
/// not expected and is answered as a conflict, which is safe to repeat.
pub fn table(error: TableError) -> Problem {
    match &error {
        TableError::ConditionFailed(_) | TableError::Cancelled(_) | TableError::Conflict => {
            Problem::conflict("changed_meanwhile", "Somebody changed this at the same time. Load it again and repeat.")
        }
        TableError::Throttled => {
            Problem::new(503, "busy", "The shop is busy.").detail("Repeat the request after a short while.")
        }
        TableError::BadPosition(_) => Problem::invalid("cursor", "bad_cursor", "The cursor is not one of this list.")
            .detail("Begin again without a cursor."),
        TableError::Unwritable(_) => unwritable("the table", &error),
        TableError::Damaged(_) => {
            let problem = internal("the table, which is damaged: stop the shop, see docs/campaigns.md,", &error);
            Problem { code: "damaged".into(), ..problem }
        }
        other => internal("the table", other),
    }
}

/// What a blob store's error means to whoever asked.
pub fn blob(error: BlobError) -> Problem {
    match &error {
        BlobError::NotFound => Problem::not_found("file"),
        BlobError::BadRange(size) => {
            Problem::new(416, "bad_range", format!("The range lies outside the file's {size} bytes."))
        }
        BlobError::Unwritable(_) => unwritable("the blob store", &error),
        BlobError::Damaged(_) => {
            let problem = internal("a file, which is damaged: put it back from a backup, or import it again,", &error);
            Problem { code: "file_damaged".into(), ..problem }
        }
        other => internal("the blob store", other),
    }
}
