//! Requests that are all alike, by `wrk` on the second core.
//!
//! Invariants: wrk counts statuses from 400 and broken connections as wrong; who asks with [`Ask::size`] has all answers counted as
//! wrong if their mean size is not that of the one looked at before.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Line;

/// Connections that ask at the same time.
pub const CONNECTIONS: usize = 16;
/// Most bytes of an answer's head; what a body's mean size may seem larger by.
const HEAD: usize = 3_000;

/// What wrk is told to do and to print.
const SCRIPT: &str = r#"
function init(args)
  wrk.method = args[1]
  wrk.headers["Accept-Encoding"] = args[2]
  wrk.headers["Accept"] = args[4]
  wrk.headers["Accept-Language"] = "de-DE"
  wrk.headers["Origin"] = wrk.scheme .. "://" .. wrk.headers["Host"]
  if args[1] == "POST" then
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = args[3]
  end
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// One request, again and again.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Absolute.
    pub url: String,
    /// Sent as `Accept-Encoding`.
    pub coding: &'a str,
    /// A JSON body to post; `None`: a read.
    pub body: Option<&'a str>,
    /// Bytes of a right answer's body.
    pub size: Option<usize>,
}

impl Ask<'_> {
    /// A read of a bare server.
    pub fn bare(url: String) -> Self {
        Self { url, coding: "identity", body: None, size: None }
    }
}

/// Asks for a second and forgets it, which warms caches and connections, then for `time`.
///
/// # Errors
/// wrk is missing, or says something else than numbers.
pub fn run(what: &str, ask: &Ask<'_>, time: Duration) -> Result<Line> {
    let args = match ask.body {
        Some(body) => ["POST", ask.coding, body, "application/json"],
        None => ["GET", ask.coding, "-", "text/html"],
    };
    let url = ask.url.as_str();
    let script = std::env::temp_dir().join(format!("vitrine-bench-{}.lua", std::process::id()));
    std::fs::write(&script, SCRIPT)?;
    let once = |seconds: u64| -> Result<Vec<u64>> {
        let mut wrk = Command::new("taskset");
        wrk.args(["-c", "1", "wrk", "-t1", "-c", &CONNECTIONS.to_string(), "-d", &format!("{seconds}s"), "-s"])
            .arg(&script);
        let output = wrk.arg(url).arg("--").args(args).output().context("wrk (and taskset) must be installed")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(line) = text.lines().find_map(|l| l.strip_prefix("RESULT ")) else {
            bail!("wrk said: {text}{}", String::from_utf8_lossy(&output.stderr));
        };
        Ok(line.split(' ').filter_map(|n| n.parse().ok()).collect())
    };
    once(1)?;
    let numbers = once(time.as_secs().max(1))?;
    std::fs::remove_file(script)?;
    let &[requests, micros, bytes, p50, p95, p99, wrong] = numbers.as_slice() else { bail!("wrk said {numbers:?}") };
    let ms = |us: u64| us as f64 / 1000.0;
    let bytes = usize::try_from(bytes / requests.max(1))?;
    let odd = ask.size.filter(|size| !(*size..=size + HEAD).contains(&bytes));
    let (right, wrong) = if odd.is_some() { (0, requests) } else { (requests.saturating_sub(wrong), wrong) };
    Ok(Line {
        what: what.to_owned(),
        rate: right as f64 / (micros as f64 / 1e6),
        ms: [ms(p50), ms(p95), ms(p99)],
        bytes,
        wrong,
        fault: odd.map(|size| format!("answers of {bytes} bytes where one has {size}")),
    })
}
