//! Stores nobody here wrote, started for one campaign: ministack for DynamoDB and its streams, SeaweedFS for S3.
//!
//! They come from the Python environment that `cargo xtask setup --peers` makes (`VITRINE_TEST_PEERS`). Each listens on free loopback ports
//! with a folder of its own and ends with the value that started it, also if the campaign is killed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// How long one may take to answer, on a busy machine.
const START: Duration = Duration::from_secs(90);
/// Both stores take these.
pub const KEY: &str = "test";

/// A running store.
pub struct Peer {
    /// Where it is asked.
    pub endpoint: String,
    child: Child,
    leftovers: Vec<PathBuf>,
    _dir: TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The shell around it ends it when its input closes.
        drop(self.child.stdin.take());
        drop(self.child.wait());
        for path in &self.leftovers {
            // Most of them were never made.
            drop(std::fs::remove_file(path));
        }
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("VITRINE_TEST_PEERS").map(PathBuf::from).context("VITRINE_TEST_PEERS is not set")?;
    let path = folder.join("bin").join(name);
    ensure!(path.is_file(), "{} is missing: run `cargo xtask setup --peers`", path.display());
    Ok(path)
}

fn ports<const N: usize>() -> Result<[u16; N]> {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<_>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

fn spawn(command: &mut Command, dir: &Path) -> Result<Child> {
    // `read` returns when the campaign closes the pipe or dies; the store then goes too.
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$@\" </dev/null & pid=$!; read _; kill -9 $pid; wait $pid 2>/dev/null", "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TMPDIR", dir).current_dir(dir);
    Ok(shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

async fn answers(url: &str, wanted: u16) -> Result<()> {
    let (client, begun) = (reqwest::Client::new(), Instant::now());
    loop {
        let got = client.get(url).timeout(Duration::from_secs(5)).send().await;
        if got.is_ok_and(|answer| answer.status().as_u16() == wanted) {
            return Ok(());
        }
        ensure!(begun.elapsed() < START, "{url} does not answer");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// DynamoDB and its streams.
///
/// # Errors
/// It does not start.
pub async fn ministack() -> Result<Peer> {
    let [port] = ports()?;
    let dir = tempfile::tempdir()?;
    let mut command = Command::new(program("ministack")?);
    command.env("GATEWAY_PORT", port.to_string()).env("BIND_HOST", "127.0.0.1").env("LOG_LEVEL", "ERROR");
    command.env("IOT_MTLS_ENABLED", "0").env("SFTP_ENABLED", "0");
    let child = spawn(&mut command, dir.path())?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let peer = Peer { endpoint, child, leftovers: Vec::new(), _dir: dir };
    answers(&format!("{}/_ministack/health", peer.endpoint), 200).await?;
    Ok(peer)
}

/// What hands events to functions, as the service does: requests to its port, others to [`Peer::endpoint`]`/2015-03-31/functions/_/invocations`.
///
/// # Errors
/// It does not start.
pub async fn functions() -> Result<Peer> {
    let [port] = ports()?;
    let dir = tempfile::tempdir()?;
    // It looks for a package, and starts none of it.
    std::fs::create_dir(dir.path().join("src"))?;
    std::fs::write(dir.path().join("src/main.rs"), "fn main() {}\n")?;
    std::fs::write(
        dir.path().join("Cargo.toml"),
        "[package]\nname = \"shop\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
    )?;
    let mut command = Command::new(program("cargo-lambda")?);
    command.args([
        "lambda",
        "watch",
        "--only-lambda-apis",
        "--disable-cors",
        "-A",
        "127.0.0.1",
        "-P",
        &port.to_string(),
    ]);
    let child = spawn(&mut command, dir.path())?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let peer = Peer { endpoint, child, leftovers: Vec::new(), _dir: dir };
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        ensure!(begun.elapsed() < START, "cargo-lambda does not listen on {port}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(peer)
}

/// S3 with real signatures.
///
/// # Errors
/// It does not start.
pub async fn seaweedfs() -> Result<Peer> {
    let ports: [u16; 10] = ports()?;
    let dir = tempfile::tempdir()?;
    let config = format!(
        r#"{{"identities": [{{"name": "t", "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        "credentials": [{{"accessKey": "{KEY}", "secretKey": "{KEY}"}}]}}]}}"#
    );
    std::fs::write(dir.path().join("s3.json"), config)?;
    let mut command = Command::new(program("weed")?);
    command.args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-volume.max=100"]);
    command.arg("-s3.config=s3.json").arg(format!("-dir={}", dir.path().display()));
    let names = [
        "s3.port",
        "s3.port.grpc",
        "s3.port.iceberg",
        "s3.port.lance",
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
    ];
    for (name, port) in names.iter().zip(ports) {
        command.arg(format!("-{name}={port}"));
    }
    let child = spawn(&mut command, dir.path())?;
    // Its sockets have fixed places, named by port.
    let sockets = ports.iter().flat_map(|port| {
        let kinds = ["filer", "filer-grpc", "master-grpc", "s3", "s3-grpc", "volume-grpc"];
        kinds.map(|kind| PathBuf::from(format!("/tmp/seaweedfs-{kind}-{port}.sock")))
    });
    let endpoint = format!("http://127.0.0.1:{}", ports[0]);
    let peer = Peer { endpoint, child, leftovers: sockets.collect(), _dir: dir };
    // Anonymous callers are refused as soon as it is up.
    answers(&format!("{}/", peer.endpoint), 403).await?;
    Ok(peer)
}
