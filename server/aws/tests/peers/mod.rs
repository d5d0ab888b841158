//! Independent servers for the suites, from the Python environment that `cargo xtask setup --peers` makes.
//!
//! Found by `VITRINE_PEERS_VENV` or `VITRINE_TEST_PEERS` (the task runner sets the latter), else below the cache folder.
//! Each is started on free loopback ports with a temporary folder, and ends with the value that started it; if the test
//! is killed, the closing pipe ends it.

#![allow(dead_code, reason = "each test file uses a part")]

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tempfile::TempDir;
use vitrine_aws::Settings;

/// How long a server may take to answer, on a busy machine.
const START: Duration = Duration::from_secs(90);

/// A running server.
pub struct Peer {
    pub settings: Settings,
    child: Option<Child>,
    /// What the server leaves outside its folder.
    leftovers: Vec<PathBuf>,
    _dir: Option<TempDir>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // The shell around the server ends it when its input closes.
            drop(child.stdin.take());
            child.wait().expect("the server's shell ends");
        }
        for path in &self.leftovers {
            // Most of them were never made.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn program(name: &str) -> PathBuf {
    let named = ["VITRINE_PEERS_VENV", "VITRINE_TEST_PEERS"].iter().find_map(std::env::var_os).map(PathBuf::from);
    let venv = named.unwrap_or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
        cache.expect("HOME is set").join("vitrine/tools/peers")
    });
    let path = venv.join("bin").join(name);
    assert!(path.is_file(), "{} is missing: run `cargo xtask setup --peers`", path.display());
    path
}

/// Ports that were free a moment ago.
fn ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|l| l.local_addr().unwrap().port())
}

fn spawn(command: &mut Command) -> Child {
    // `read` returns when this test closes the pipe or dies; the server then goes too.
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$@\" </dev/null & pid=$!; read _; kill -9 $pid; wait $pid 2>/dev/null", "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    if let Some(dir) = command.get_current_dir() {
        shell.current_dir(dir);
    }
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh starts")
}

/// Waits until the address answers HTTP with one of these statuses.
async fn answers(url: &str, wanted: &[u16]) {
    let (client, end) = (reqwest::Client::new(), Instant::now() + START);
    loop {
        let got = client.get(url).timeout(Duration::from_secs(5)).send().await;
        match got {
            Ok(response) if wanted.contains(&response.status().as_u16()) => return,
            other => assert!(Instant::now() < end, "{url} did not answer within {START:?}: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn settings(port: u16, secret: &str) -> Settings {
    Settings {
        region: "us-east-1".into(),
        endpoint: Some(format!("http://{}", SocketAddr::from(([127, 0, 0, 1], port)))),
        credentials: Some(("test".into(), SecretString::from(secret))),
    }
}

/// Somebody else's endpoint, named by `variable`; credentials and region from the environment as the SDK reads them.
pub fn given(variable: &str) -> Option<Peer> {
    let endpoint = std::env::var(variable).ok().filter(|e| !e.is_empty())?;
    let region = std::env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".into());
    // `aws` stands for the service itself.
    let endpoint = (endpoint != "aws").then_some(endpoint);
    Some(Peer {
        settings: Settings { region, endpoint, credentials: None },
        child: None,
        leftovers: Vec::new(),
        _dir: None,
    })
}

/// ministack: DynamoDB, its streams, and S3 in one process.
pub async fn ministack() -> Peer {
    let [port] = ports();
    let dir = tempfile::tempdir().unwrap();
    let child = spawn(
        Command::new(program("ministack"))
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("LOG_LEVEL", "ERROR")
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("TMPDIR", dir.path())
            .current_dir(dir.path()),
    );
    let peer = Peer { settings: settings(port, "test"), child: Some(child), leftovers: Vec::new(), _dir: Some(dir) };
    answers(&format!("http://127.0.0.1:{port}/_ministack/health"), &[200]).await;
    peer
}

/// SeaweedFS: S3 with real signatures.
pub async fn seaweedfs() -> Peer {
    let ports: [u16; 10] = ports();
    let dir = tempfile::tempdir().unwrap();
    let config = r#"{"identities": [{"name": "t", "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        "credentials": [{"accessKey": "test", "secretKey": "a secret of the test"}]}]}"#;
    std::fs::write(dir.path().join("s3.json"), config).unwrap();
    let mut command = Command::new(program("weed"));
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
    let child = spawn(command.env("TMPDIR", dir.path()).current_dir(dir.path()));
    // Its sockets have fixed places, named by port.
    let sockets = ports.iter().flat_map(|port| {
        let kinds = ["filer", "filer-grpc", "master-grpc", "s3", "s3-grpc", "volume-grpc"];
        kinds.map(|kind| PathBuf::from(format!("/tmp/seaweedfs-{kind}-{port}.sock")))
    });
    let peer = Peer {
        settings: settings(ports[0], "a secret of the test"),
        child: Some(child),
        leftovers: sockets.collect(),
        _dir: Some(dir),
    };
    // Anonymous callers are refused as soon as it is up.
    answers(&format!("http://127.0.0.1:{}/", ports[0]), &[403]).await;
    peer
}
