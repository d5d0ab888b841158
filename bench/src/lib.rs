//! The running shop, from outside: started as a process, asked, bought from. Measurements and campaigns stand on it.
//!
//! Invariants: only this machine is asked, for a bounded time; a process ends with the value that holds it.
//!
//! Not here: what is measured (`main.rs`), what is broken on purpose (`campaigns/`).

pub mod flows;
pub mod server;
pub mod wrk;

/// One line of a table of measurements.
pub struct Line {
    /// What was measured.
    pub what: String,
    /// A second.
    pub rate: f64,
    /// 50th, 95th and 99th percentile, milliseconds.
    pub ms: [f64; 3],
    /// Bytes of one body.
    pub bytes: usize,
    /// Answers that were not as they should be.
    pub wrong: u64,
}
