//! Connections that do nothing, and connections that do it slowly.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vitrine_bench::server::Shop;

/// Opened at a time, so that the queue of the listener does not overflow.
const AT_ONCE: usize = 64;

async fn memory_kib(shop: &Shop) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", shop.pid()))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Connects; says `first` and waits for the beginning of its answer, if there is one to say.
async fn connect(port: u16, first: &'static [u8]) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    if !first.is_empty() {
        stream.write_all(first).await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.context("a connection got no answer")?;
    }
    Ok(stream)
}

async fn open(shop: &Shop, count: usize, first: &'static [u8]) -> Result<Vec<TcpStream>> {
    let mut open = Vec::with_capacity(count);
    while open.len() < count {
        let more = (count - open.len()).min(AT_ONCE);
        let tasks: Vec<_> = (0..more).map(|_| tokio::spawn(connect(shop.port(), first))).collect();
        for task in tasks {
            open.push(task.await??);
        }
    }
    Ok(open)
}

/// Half say nothing at all, half have asked once and stay.
pub(super) async fn idle(shop: &Shop, count: usize, most_kib: u64, faults: &mut Vec<String>) -> Result<()> {
    let before = memory_kib(shop).await?;
    let asked = open(shop, count / 2, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    let silent = open(shop, count - count / 2, b"").await?;
    let after = memory_kib(shop).await?;
    let one = after.saturating_sub(before) as f64 / count.max(1) as f64;
    let begun = Instant::now();
    let fine = shop.client.get(shop.url("/catalog")).send().await.is_ok_and(|a| a.status().is_success());
    let took = begun.elapsed().as_millis();
    drop((asked, silent));
    println!("| {count} idle connections | | a page in {took} ms | | | | | {} ({one:.1} KiB each) |", after / 1024);
    if !fine {
        faults.push(format!("{count} idle connections: no page was answered"));
    }
    if one > most_kib as f64 {
        faults.push(format!("{count} idle connections: {one:.1} KiB each (at most {most_kib})"));
    }
    Ok(())
}

/// A third sends its head by the byte, a third its body, a third reads nothing of what it asked for; all must be given up.
pub(super) async fn slow(shop: &Shop, count: usize, patience: Duration, faults: &mut Vec<String>) -> Result<()> {
    let before = memory_kib(shop).await?;
    let open = open(shop, count, b"").await?;
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for (n, stream) in open.into_iter().enumerate() {
        tasks.push(tokio::spawn(drip(stream, n % 3)));
    }
    let mut worst = 0;
    let mut most = before;
    let mut answers = 0;
    // Asked meanwhile, as a visitor would.
    while tasks.iter().any(|t| !t.is_finished()) && begun.elapsed() < patience * 9 {
        let asked = Instant::now();
        let fine = shop.client.get(shop.url("/catalog")).send().await.is_ok_and(|a| a.status().is_success());
        if !fine {
            faults.push(format!("{count} slow clients: a page was not answered"));
            break;
        }
        answers += 1;
        worst = worst.max(asked.elapsed().as_millis());
        most = most.max(memory_kib(shop).await?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let left = tasks.iter().filter(|t| !t.is_finished()).count();
    println!(
        "| {count} slow clients | | {answers} pages meanwhile, worst {worst} ms | | | | all given up after {:.1} s | {} |",
        begun.elapsed().as_secs_f64(),
        most / 1024
    );
    if left > 0 {
        faults.push(format!("{left} of {count} slow clients were not given up"));
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
    if most.saturating_sub(before) > 64 * 1024 {
        faults.push(format!("{count} slow clients cost {} MB", most.saturating_sub(before) / 1024));
    }
    Ok(())
}

/// Ends when the other side has given up.
async fn drip(mut stream: TcpStream, kind: usize) {
    let begin: &[u8] = match kind {
        0 => b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        1 => b"POST /cart/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
        _ => b"",
    };
    if kind == 2 {
        // Asks for more than the sockets hold and reads nothing of it.
        let request = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        loop {
            if tokio::time::timeout(Duration::from_secs(1), stream.write_all(request)).await.is_ok_and(|w| w.is_err()) {
                return;
            }
        }
    }
    if stream.write_all(begin).await.is_err() {
        return;
    }
    let (mut reader, mut writer) = stream.split();
    let mut answer = [0; 256];
    loop {
        tokio::select! {
            read = reader.read(&mut answer) => {
                if !matches!(read, Ok(n) if n > 0) {
                    return;
                }
            }
            () = tokio::time::sleep(Duration::from_millis(500)) => {
                if writer.write_all(b"x").await.is_err() {
                    return;
                }
            }
        }
    }
}
