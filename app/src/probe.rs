//! Asks the shop on this machine whether it is ready, for the health checks of containers that hold no other program.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;

/// Longest wait for each step.
const WAIT: Duration = Duration::from_secs(2);

/// Asks `/readyz` of the shop that listens as configured.
///
/// # Errors
/// Nobody answers, or what answers is not ready.
pub(crate) fn run(bind: IpAddr, port: u16) -> anyhow::Result<()> {
    let ip = match bind {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    let address = SocketAddr::new(ip, port);
    let mut stream =
        TcpStream::connect_timeout(&address, WAIT).with_context(|| format!("nobody listens on {address}"))?;
    stream.set_read_timeout(Some(WAIT))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; 64];
    let read = stream.read(&mut answer).context("it does not answer")?;
    let line = String::from_utf8_lossy(&answer[..read]);
    let line = line.lines().next().unwrap_or_default().to_owned();
    anyhow::ensure!(line.starts_with("HTTP/1.1 200 "), "it is not ready: {line}");
    Ok(())
}
