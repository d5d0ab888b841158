//! The running shop, from outside: started as a process, asked, bought from. Measurements and campaigns stand on it.
//!
//! Invariants: only this machine is asked, for a bounded time; a process ends with the value that holds it; an answer that is not as it
//! should be is counted as wrong and never as done.
//!
//! Not here: what is measured (`main.rs` and its modules), what is broken on purpose (`campaigns/`).

pub mod flows;
pub mod load;
pub mod numbers;
pub mod server;
pub mod sign_in;
pub mod wrk;

/// One line of a table of measurements.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// Right answers a second.
    pub rate: f64,
    /// 50th, 95th and 99th percentile, milliseconds.
    pub ms: [f64; 3],
    /// Bytes of one body.
    pub bytes: usize,
    /// Answers that were not as they should be.
    pub wrong: u64,
    /// The first of those.
    pub fault: Option<String>,
}
