//! The running shop, measured: see `bench/` and docs/benchmarks.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use crate::sh::{self, say};
use crate::{build, client, seed, setup};

/// What `bench` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Generated works; may be given several times, the least first.
    #[arg(long, default_values_t = [5_000, 100_000])]
    items: Vec<usize>,
    /// How long each line is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Orders of the one buyer whose past is measured; 0: not measured.
    #[arg(long, default_value_t = 10_000)]
    orders: usize,
    /// Minutes instead of half an hour: 5,000 works, 2 seconds a line, 500 orders of one buyer.
    #[arg(long)]
    quick: bool,
    /// Data folders are kept, and used again where they are there.
    #[arg(long)]
    keep: bool,
}

/// Title of the work whose files are large; `bench/src/measure.rs` looks for it.
const LARGE: &str = "Measured in megabytes";
/// Its files.
const FILES: usize = 4;
/// Samples of one of them, 16 bits, one channel: 16 MB.
const SAMPLES: u32 = 8_000_000;

/// Builds optimised code, fills a data folder per size, prints tables.
///
/// # Errors
/// Builds, tools and measurements that fail.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::run(false)?;
    setup::wrk()?;
    let public = tools.public_dir(true);
    client::build(&tools, true, &public, true)?;
    build::program(&tools, true)?;
    sh::run(tools.cargo(["build", "-q", "-p", "vitrine-bench", "--release"]).arg("--bins"))?;
    let (program, bench) = (tools.program(true), tools.target.join("release/vitrine-bench"));
    let (items, seconds, orders) = if options.quick {
        (&[5_000][..], options.seconds.min(2), options.orders.min(500))
    } else {
        (options.items.as_slice(), options.seconds, options.orders)
    };
    let mut measure = sh::plain(&bench);
    measure.arg("shop").arg("--program").arg(&program).arg("--public").arg(&public);
    measure.arg("--seconds").arg(seconds.to_string()).arg("--orders").arg(orders.to_string());
    let mut folders = Vec::new();
    for items in items {
        let data = filled(&program, &tools.target, *items, options.keep)?;
        measure.arg("--data").arg(&data);
        folders.push(data);
    }
    println!("{}", machine()?);
    let done = sh::run(&mut measure);
    for data in folders {
        fs::remove_dir_all(&data)?;
    }
    done
}

/// A data folder with so many works, to be written to. With `keep` it is a copy of one that stays.
fn filled(program: &Path, target: &Path, items: usize, keep: bool) -> Result<PathBuf> {
    let (kept, data) = (target.join(format!("bench-{items}-kept")), target.join(format!("bench-{items}")));
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    if !keep || !kept.exists() {
        let rows = with_large(&seed::prepare_generated(items)?, target)?;
        say(format!("{items} works: importing"));
        let begun = Instant::now();
        sh::output(sh::plain(program).args(["import", "--demo", "--data"]).arg(&data).arg(&rows))?;
        println!("{items} works imported with their index in {:.1} s", begun.elapsed().as_secs_f64());
        fs::remove_dir_all(&rows)?;
        if !keep {
            return Ok(data);
        }
        fs::rename(&data, &kept)?;
    }
    sh::run(sh::plain("cp").args(["-r", "--reflink=auto"]).arg(&kept).arg(&data))?;
    Ok(data)
}

/// The folder's rows and files with one more work, whose files are large.
fn with_large(folder: &Path, target: &Path) -> Result<PathBuf> {
    let own = target.join("bench-rows");
    if own.exists() {
        fs::remove_dir_all(&own)?;
    }
    for file in client::walk(folder)? {
        let copy = own.join(file.strip_prefix(folder)?);
        fs::create_dir_all(copy.parent().unwrap_or(&own))?;
        fs::copy(&file, copy)?;
    }
    let rows = own.join(seed::ROWS);
    let text = fs::read_to_string(&rows)?;
    let album = text.lines().find(|l| l.contains("\"kind\":\"album\"")).context("no album among the rows")?;
    let mut work: Value = serde_json::from_str(album)?;
    work["ref"] = "measured-large".into();
    work["title"] = LARGE.into();
    work["latin"] = Value::Null;
    work["products"][0]["variants"][0]["sku"] = "GEN-LARGE".into();
    let mut parts = Vec::new();
    for number in 0..FILES {
        let name = format!("generated/large-{number}.wav");
        fs::write(own.join(&name), noise(u32::try_from(number)?))?;
        parts.push(json!({ "title": format!("Part {}", number + 1), "files": [{ "file": name, "format": "WAV" }] }));
    }
    work["parts"] = parts.into();
    if let Some(fields) = work.as_object_mut() {
        fields.remove("latin");
    }
    fs::write(&rows, format!("{text}{work}\n"))?;
    Ok(own)
}

/// A quiet hiss of eight minutes as WAV: nothing that a disk or a file system could make smaller.
fn noise(seed: u32) -> Vec<u8> {
    const RATE: u32 = 16_000;
    let bytes = SAMPLES * 2;
    let mut out = Vec::with_capacity(44 + bytes as usize);
    out.extend(b"RIFF");
    out.extend((36 + bytes).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend([1u16, 1].map(u16::to_le_bytes).concat());
    out.extend([RATE, RATE * 2].map(u32::to_le_bytes).concat());
    out.extend([2u16, 16].map(u16::to_le_bytes).concat());
    out.extend(b"data");
    out.extend(bytes.to_le_bytes());
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    for _ in 0..SAMPLES {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        out.extend(((state >> 16) as i16 / 16).to_le_bytes());
    }
    out
}

/// What the figures were measured on.
fn machine() -> Result<String> {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = processor.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or_default();
    let cores = processor.lines().filter(|l| l.starts_with("processor")).count();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory.lines().find_map(|l| l.strip_prefix("MemTotal:")).unwrap_or_default().trim().to_owned();
    let date = sh::output(sh::plain("date").arg("+%Y-%m-%d"))?;
    let kernel = sh::output(sh::plain("uname").arg("-sr"))?;
    let name = name.trim_start_matches([' ', '\t', ':']);
    Ok(format!("\n{}: {cores} cores of {name}, {total} of memory, {}", date.trim(), kernel.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_files_are_sound_of_the_length_they_say() {
        let wav = noise(1);
        assert_eq!(wav.len(), 44 + 2 * SAMPLES as usize);
        assert_eq!((&wav[..4], &wav[8..16], &wav[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
        assert_ne!(wav[44..1044], noise(2)[44..1044]);
    }
}
