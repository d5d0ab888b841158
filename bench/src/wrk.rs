//! Reads, and writes of one step, by `wrk` on the second core.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Line;

/// Connections that ask at the same time.
const CONNECTIONS: &str = "16";

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

/// Reads of one address.
pub fn get(what: &str, url: &str, coding: &str, time: Duration) -> Result<Line> {
    run(what, url, &["GET", coding, "-", "text/html"], time)
}

/// The same body posted again and again.
pub fn post(what: &str, url: &str, body: &str, time: Duration) -> Result<Line> {
    run(what, url, &["POST", "identity", body, "application/json"], time)
}

fn run(what: &str, url: &str, args: &[&str], time: Duration) -> Result<Line> {
    let script = std::env::temp_dir().join(format!("vitrine-bench-{}.lua", std::process::id()));
    std::fs::write(&script, SCRIPT)?;
    let once = |seconds: u64| -> Result<Vec<u64>> {
        let mut wrk = Command::new("taskset");
        wrk.args(["-c", "1", "wrk", "-t1", "-c", CONNECTIONS, "-d", &format!("{seconds}s"), "-s"]).arg(&script);
        let output = wrk.arg(url).arg("--").args(args).output().context("wrk (and taskset) must be installed")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(line) = text.lines().find_map(|l| l.strip_prefix("RESULT ")) else {
            bail!("wrk said: {text}{}", String::from_utf8_lossy(&output.stderr));
        };
        Ok(line.split(' ').filter_map(|n| n.parse().ok()).collect())
    };
    // The first second warms caches and connections and does not count.
    once(1)?;
    let numbers = once(time.as_secs().max(1))?;
    std::fs::remove_file(script)?;
    let &[requests, micros, bytes, p50, p95, p99, wrong] = numbers.as_slice() else { bail!("wrk said {numbers:?}") };
    let ms = |us: u64| us as f64 / 1000.0;
    Ok(Line {
        what: what.to_owned(),
        rate: requests as f64 / (micros as f64 / 1e6),
        ms: [ms(p50), ms(p95), ms(p99)],
        bytes: usize::try_from(bytes / requests.max(1))?,
        wrong,
    })
}
