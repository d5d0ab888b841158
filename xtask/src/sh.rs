//! Running other programs, and which compiler they get.
//!
//! Invariants: a child never sees the variables cargo set for this program; its compiler and target folder come from
//! [`Tools`] alone. The children's target folder is `$VITRINE_BUILD_TARGET_DIR`, else `$CARGO_TARGET_DIR/vitrine`, else
//! `target/vitrine-build`: this program may have been compiled by another compiler and keeps the folder cargo gave it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The wasm target's name.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// The rustup name of the distribution's compiler.
pub(crate) const DEBIAN: &str = "debian-web";

/// The compiler and the folder that every child build uses.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// A rustup toolchain; `None`: the plain `cargo` on PATH.
    pub(crate) toolchain: Option<String>,
    /// Where children build.
    pub(crate) target: PathBuf,
}

impl Tools {
    /// The first toolchain that can build for the browser: the one in use, then the distribution's. Where none can, the
    /// one in use (then `setup` has work to do).
    pub(crate) fn find() -> Result<Self> {
        let current = std::env::var("RUSTUP_TOOLCHAIN").ok().filter(|t| !t.is_empty());
        let target =
            target_dir(std::env::var_os("VITRINE_BUILD_TARGET_DIR"), std::env::var_os("CARGO_TARGET_DIR"), &root());
        let given = Self { toolchain: current, target };
        let debian = Self { toolchain: Some(DEBIAN.into()), ..given.clone() };
        Ok(if !given.has_wasm() && debian.has_wasm() { debian } else { given })
    }

    /// Whether the standard library for the browser is installed in this toolchain.
    pub(crate) fn has_wasm(&self) -> bool {
        let Ok(sysroot) = self.sysroot() else { return false };
        let Ok(entries) = std::fs::read_dir(sysroot.join("lib/rustlib").join(WASM).join("lib")) else { return false };
        entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("libstd-"))
    }

    /// Where the compiler keeps its libraries.
    pub(crate) fn sysroot(&self) -> Result<PathBuf> {
        Ok(PathBuf::from(output(self.command("rustc").args(["--print", "sysroot"]))?.trim()))
    }

    /// A command of this toolchain (`cargo`, `rustc`), in the workspace's root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = plain(program);
        if let Some(toolchain) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// `cargo` with these arguments.
    pub(crate) fn cargo<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command("cargo");
        command.args(args);
        command
    }

    /// Where the browser's files of a build lie.
    pub(crate) fn public_dir(&self, release: bool) -> PathBuf {
        self.target.join(if release { "public-release" } else { "public-dev" })
    }

    /// The built program.
    pub(crate) fn program(&self, release: bool) -> PathBuf {
        self.target.join(if release { "release" } else { "debug" }).join("vitrine")
    }
}

fn target_dir(ours: Option<std::ffi::OsString>, cargo: Option<std::ffi::OsString>, root: &Path) -> PathBuf {
    match (ours, cargo) {
        (Some(dir), _) if !dir.is_empty() => root.join(dir),
        (_, Some(dir)) if !dir.is_empty() => root.join(dir).join("vitrine"),
        _ => root.join("target/vitrine-build"),
    }
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    // Clones share build output: whoever runs says which one is meant, not whoever compiled.
    let runs = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|at| at.ends_with("xtask"));
    let here = runs.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    here.parent().unwrap_or(&here).to_path_buf()
}

/// What is fetched once a machine: demonstration content, test services.
pub(crate) fn cache_dir() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base =
        base.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/tmp".into())).join(".cache"));
    base.join("vitrine")
}

/// A command in the workspace's root without what cargo set for this program.
pub(crate) fn plain(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        let ours = ["CARGO", "RUSTC", "RUSTDOC", "LD_LIBRARY_PATH", "RUST_RECURSION_COUNT", "VITRINE_BUILD_TARGET_DIR"];
        if ours.contains(&name.as_ref()) || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&key);
        }
    }
    command
}

/// Runs a command with this terminal as its own; a failure names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", show(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", show(command));
    }
    Ok(())
}

/// What a command prints; its own error text on failure.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", show(command)))?;
    if !output.status.success() {
        bail!("{} failed: {}", show(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A command as one would type it.
pub(crate) fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Where a program lies on PATH.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// One line of progress.
pub(crate) fn say(text: impl AsRef<str>) {
    println!("==> {}", text.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_folder_is_chosen_in_order() {
        let root = Path::new("/r");
        assert_eq!(target_dir(Some("/a".into()), Some("/b".into()), root), Path::new("/a"));
        assert_eq!(target_dir(None, Some("/b".into()), root), Path::new("/b/vitrine"));
        assert_eq!(target_dir(None, Some("b".into()), root), Path::new("/r/b/vitrine"));
        assert_eq!(target_dir(Some("".into()), None, root), Path::new("/r/target/vitrine-build"));
    }

    #[test]
    fn a_failing_command_is_named() {
        let fault = run(plain("false").arg("x")).unwrap_err().to_string();
        assert!(fault.contains("false x failed"), "{fault}");
        assert!(output(&mut plain("no-such-program")).is_err());
    }
}
