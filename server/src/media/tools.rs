//! The helper programs: where they are, and running one within bounds of time and of what it says.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::{MediaError, Result};

/// Most bytes that [`run`] answers: helpers write what is long into files, or are read by [`stream`].
const MAX_SAID: usize = 1024 * 1024;
/// What is kept of complaints, bytes: their end says why a helper gave up.
const MAX_COMPLAINT: usize = 4 * 1024;

/// Where the helper programs are.
#[derive(Clone, Debug)]
pub struct Tools {
    /// `ffmpeg`.
    pub ffmpeg: PathBuf,
    /// `ffprobe`.
    pub ffprobe: PathBuf,
}

impl Tools {
    /// Looks on PATH.
    pub fn find() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let find = |name: &str| std::env::split_paths(&path).map(|d| d.join(name)).find(|p| p.is_file());
        Some(Self { ffmpeg: find("ffmpeg")?, ffprobe: find("ffprobe")? })
    }
}

/// Runs a helper with a limit on time; answers its output.
///
/// # Errors
/// `Tool` with one line of what it complained about, `TooLarge` if it says more than fits.
pub(super) async fn run(program: &Path, args: &[&OsStr], limit: Duration) -> Result<Vec<u8>> {
    let mut said = Vec::new();
    stream(program, args, limit, |piece| {
        said.extend_from_slice(piece);
        if said.len() > MAX_SAID { Err(MediaError::TooLarge("a helper says too much of it".into())) } else { Ok(()) }
    })
    .await?;
    Ok(said)
}

/// Runs a helper with a limit on time and hands on its output piece by piece; nothing of it is kept here. A helper whose output is
/// refused is ended.
///
/// # Errors
/// `Tool` with one line of what it complained about, and what `each` says.
pub(super) async fn stream(
    program: &Path,
    args: &[&OsStr],
    limit: Duration,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let failed = |e: std::io::Error| MediaError::Tool(e.to_string());
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed)?;
    let (out, complaints) = (child.stdout.take(), child.stderr.take());
    let working = async {
        let hear = async {
            let Some(mut out) = out else { return Ok::<(), MediaError>(()) };
            let mut buffer = vec![0; 64 * 1024];
            loop {
                match out.read(&mut buffer).await.map_err(failed)? {
                    0 => return Ok(()),
                    count => each(&buffer[..count])?,
                }
            }
        };
        let ((), complaint) = tokio::try_join!(hear, async { Ok(last_line(complaints).await) })?;
        let status = child.wait().await.map_err(failed)?;
        if status.success() { Ok(()) } else { Err(MediaError::Tool(complaint)) }
    };
    let late = |_| MediaError::Tool(format!("no answer within {} s", limit.as_secs()));
    tokio::time::timeout(limit, working).await.map_err(late)?
}

/// The last line of what a helper complained about; all of it is read, so that it never waits.
async fn last_line(complaints: Option<impl AsyncRead + Unpin>) -> String {
    let mut end: Vec<u8> = Vec::new();
    if let Some(mut complaints) = complaints {
        let mut buffer = vec![0; MAX_COMPLAINT];
        while let Ok(count @ 1..) = complaints.read(&mut buffer).await {
            end.extend_from_slice(&buffer[..count]);
            end.drain(..end.len().saturating_sub(MAX_COMPLAINT));
        }
    }
    let text = String::from_utf8_lossy(&end);
    let line = text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("no message");
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shell(script: &str) -> Result<Vec<u8>> {
        run(Path::new("/bin/sh"), &["-c", script].map(OsStr::new), Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn a_helper_says_only_so_much() {
        assert_eq!(shell("printf abc").await.unwrap(), b"abc");
        assert!(matches!(shell("yes").await, Err(MediaError::TooLarge(_))), "without an end");
        // Neither do complaints fill the memory, nor does a full pipe stop it.
        let failed = shell("head -c 3000000 /dev/zero >&2; echo; echo >&2; echo 'it is broken' >&2; exit 3").await;
        assert!(matches!(&failed, Err(MediaError::Tool(line)) if line == "it is broken"), "{failed:?}");
        assert!(matches!(shell("exit 1").await, Err(MediaError::Tool(line)) if line == "no message"));
    }
}
