//! Who does which job.

use vitrine_queue::worker::{Handlers, Worker};

use crate::state::App;

/// The worker of this process with the handlers of every domain.
pub fn worker(app: &App) -> Worker {
    let mut handlers = Handlers::new();
    handlers.extend(crate::accounts::handlers(app.mail.clone()));
    handlers.extend(crate::catalog::jobs::handlers(app));
    handlers.extend(crate::check::handlers(app));
    handlers.extend(crate::checkout::handlers(app.checkouts.clone(), app.clock.clone()));
    handlers.extend(crate::desk::handlers(crate::desk::Desk::new(app.clone())));
    handlers.extend(crate::receipts::handlers(app.receipts.clone()));
    handlers.extend(crate::mailing::handlers(app.mailing.clone()));
    handlers.extend(crate::talk::handlers(app.talk.clone()));
    if let Some(simulator) = &app.simulator {
        handlers.extend(simulator.handlers());
    }
    Worker::new(app.queue.clone(), handlers)
}
