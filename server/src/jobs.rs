//! Who does which job.

use std::time::Duration;

use tokio::sync::watch;
pub use vitrine_queue::is_job;
use vitrine_queue::worker::Handlers;
pub use vitrine_queue::worker::Worker;

use crate::state::App;

/// The worker of this process with the handlers of every domain.
pub fn worker(app: &App) -> Worker {
    let mut handlers = Handlers::new();
    handlers.extend(crate::accounts::handlers(app.mail.clone(), app.master.clone()));
    handlers.extend(crate::catalog::jobs::handlers(app));
    handlers.extend(crate::check::handlers(app));
    handlers.extend(crate::checkout::handlers(app.checkouts.clone(), app.clock.clone()));
    handlers.extend(crate::collections::handlers(app.catalog.records().clone(), app.clock.clone()));
    handlers.extend(crate::desk::handlers(crate::desk::Desk::new(app.clone())));
    handlers.extend(crate::rates::handlers(app));
    handlers.extend(crate::receipts::handlers(app.receipts.clone()));
    handlers.extend(crate::mailing::handlers(app.mailing.clone()));
    handlers.extend(crate::talk::handlers(app.talk.clone()));
    handlers.extend(crate::value::handlers(app.values.clone()));
    if let Some(simulator) = &app.simulator {
        handlers.extend(simulator.handlers());
    }
    Worker::new(app.queue.clone(), handlers)
}

/// How often expired items are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// Expired items removed in one go.
const SWEPT_AT_ONCE: usize = 500;

/// Removes expired items where the store does not do it by itself, until told to stop.
pub async fn sweep(app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
        loop {
            match app.table.sweep_expired(SWEPT_AT_ONCE).await {
                Ok(SWEPT_AT_ONCE) => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "expired items could not be removed");
                    break;
                }
            }
        }
    }
}
