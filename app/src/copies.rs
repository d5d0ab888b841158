//! The words `backup`, `backup-key` and `restore` of the program.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use vitrine_server::backup::{self, Asked, Source};
use vitrine_server::config::Config;

/// What `restore` takes.
#[derive(Args)]
pub(crate) struct Restore {
    /// A whole copy: what `backup` wrote, or the `base.age` of a log.
    file: PathBuf,
    /// The key file.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The log's folder (`backup.log_dir` of the shop): goes on from the copy to its end, or to `--at`.
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
    /// A moment, as 2026-11-27T16:30:00Z: nothing that was asked for later is restored.
    #[arg(long, value_name = "TIME", requires = "log")]
    at: Option<String>,
}

/// Copies the shop.
///
/// # Errors
/// For people, with what to do.
pub(crate) async fn backup(config: &Config, file: PathBuf, recipients: Vec<String>) -> anyhow::Result<()> {
    let recipients = if recipients.is_empty() { config.backup.recipients.clone() } else { recipients };
    let source = Source::new(config, &recipients)?;
    let begun = Instant::now();
    let name = file.display().to_string();
    let copied = tokio::task::spawn_blocking(move || backup::copy(&source, &file)).await??;
    println!(
        "{name}: {} objects, {:.1} MB, up to change {}, in {:.1} s",
        copied.objects,
        copied.bytes as f64 / 1e6,
        copied.number,
        begun.elapsed().as_secs_f64()
    );
    for name in &copied.damaged {
        eprintln!("damaged before it was copied: {name}");
    }
    anyhow::ensure!(
        copied.damaged.is_empty(),
        "the copy is whole, but {} objects of the shop are damaged; restore them from an older copy",
        copied.damaged.len()
    );
    Ok(())
}

/// Makes a key.
///
/// # Errors
/// The file is there already or cannot be written.
pub(crate) fn key(file: &Path) -> anyhow::Result<()> {
    println!("{}", backup::make_key(file)?);
    eprintln!(
        "Put this line into `backup.recipients`. Keep {} apart from the shop: without it no backup can be read.",
        file.display()
    );
    Ok(())
}

/// Restores a shop.
///
/// # Errors
/// For people, with what to do.
pub(crate) async fn restore(config: &Config, asked: Restore) -> anyhow::Result<()> {
    let at_ms = match &asked.at {
        Some(text) => {
            Some(backup::moment(text).with_context(|| format!("`{text}` is no moment; write 2026-11-27T16:30:00Z"))?)
        }
        None => None,
    };
    let asked = Asked {
        keys: backup::read_keys(&asked.key)?,
        file: asked.file,
        log: asked.log,
        at_ms,
        data_dir: config.data_dir.clone(),
        master_key: config.master_key.clone(),
    };
    let begun = Instant::now();
    let restored = tokio::task::spawn_blocking(move || backup::restore(&asked)).await??;
    println!(
        "{}: the copy of {}, {} files, {} changes in {} pieces of the log, in {:.1} s",
        config.data_dir.display(),
        backup::shown(restored.copy_ms),
        restored.files,
        restored.changes,
        restored.pieces,
        begun.elapsed().as_secs_f64()
    );
    if let Some(ms) = restored.last_change_ms {
        println!("The last change is of {}.", backup::shown(ms));
    }
    println!("Start it with `vitrine serve`; the search index is built then.");
    Ok(())
}
