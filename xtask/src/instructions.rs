//! How many instructions some acts of the shop take, against what is stored for this compiler and kind of processor: a measure that
//! does not depend on the machine's mood.
//!
//! What is counted: `bench/instructions` under valgrind's callgrind, with fixed random numbers and addresses. Writer, blocking and
//! rendering threads are counted too: callgrind writes its sums out at two marks, whatever thread ran between them. The harnesses on
//! crates.io toggle collection for one thread, which leaves out the thread that writes the table.
//!
//! It is built as the tests are (SQLite optimised, our code not): another profile would compile the whole tree once more, which takes
//! longer than all tests. More work for an act shows here as it would there; what only the optimiser does worse does not.
//!
//! Invariants: an act that takes a tenth more than stored fails; a machine for which nothing is stored is told how to store and passes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::sh::{self, Tools, say};
use crate::{build, client, setup};

/// Where counts are stored.
const STORE: &str = "bench/instructions.toml";
/// What it begins with.
const HEAD: &str = "\
# Instructions of one act each, by compiler and kind of processor. `cargo xtask test` fails if one takes a tenth more;
# `cargo xtask instructions --store` writes the present counts.
";
/// More than this share of the stored count is an alarm.
const ALARM: f64 = 1.10;
/// Acts: name, words of the harness, how often between the marks.
const ACTS: [(&str, &str, usize); 4] = [
    ("price a cart of 50 lines", "price", 20),
    ("render an item's page", "page", 5),
    ("place an order", "place", 5),
    ("make an order paid", "paid", 5),
];

type Counts = BTreeMap<String, u64>;
type Stored = BTreeMap<String, Counts>;

/// What `instructions` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Keep the counts as what later ones are compared with.
    #[arg(long)]
    store: bool,
}

/// Counts, prints, compares or stores.
///
/// # Errors
/// An act takes a tenth more than stored; tools that are missing.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::run(false)?;
    let counts = count(&tools)?;
    if options.store {
        return store(&machine(&tools)?, counts);
    }
    check(&tools, &counts)
}

/// The step of `cargo xtask test`.
///
/// # Errors
/// As [`run`].
pub(crate) fn step(tools: &Tools) -> Result<()> {
    check(tools, &count(tools)?)
}

/// Compiler and kind of processor.
fn machine(tools: &Tools) -> Result<String> {
    let compiler = sh::output(tools.command("rustc").arg("-vV"))?;
    let of = |text: &str, name: &str, mark: char| {
        let line = text.lines().find(|l| l.split(mark).next().is_some_and(|n| n.trim() == name))?;
        Some(line.split_once(mark)?.1.trim().to_owned())
    };
    let release = of(&compiler, "release", ':').context("rustc names no release")?;
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let part = |name: &str| of(&processor, name, ':').unwrap_or_else(|| "?".into());
    Ok(format!(
        "rustc {release}, {} {} family {} model {}",
        std::env::consts::ARCH,
        part("vendor_id"),
        part("cpu family"),
        part("model")
    ))
}

fn stored() -> Result<Stored> {
    let path = sh::root().join(STORE);
    match fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).with_context(|| path.display().to_string()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Stored::new()),
        Err(e) => Err(e).context(STORE),
    }
}

fn store(machine: &str, counts: Counts) -> Result<()> {
    for (act, count) in &counts {
        println!("{act:<28} {count:>14}");
    }
    let mut all = stored()?;
    all.insert(machine.to_owned(), counts);
    fs::write(sh::root().join(STORE), format!("{HEAD}\n{}", toml::to_string(&all)?))?;
    say(format!("stored in {STORE} for {machine}"));
    Ok(())
}

fn check(tools: &Tools, counts: &Counts) -> Result<()> {
    let machine = machine(tools)?;
    let known = stored()?.remove(&machine);
    let (text, alarms) = compare(counts, known.as_ref());
    print!("{text}");
    if known.is_none() {
        say(format!("nothing is stored for {machine}: `cargo xtask instructions --store` keeps these"));
    }
    ensure!(alarms.is_empty(), "more instructions than stored: {}", alarms.join("; "));
    Ok(())
}

/// The table, and what takes too many.
fn compare(counts: &Counts, known: Option<&Counts>) -> (String, Vec<String>) {
    let (mut text, mut alarms) = (String::new(), Vec::new());
    for (act, &count) in counts {
        let before = known.and_then(|k| k.get(act)).copied().filter(|n| *n > 0);
        let share = before.map(|b| count as f64 / b as f64);
        let word = match share {
            None => "not stored".to_owned(),
            Some(share) if share > ALARM => {
                alarms.push(format!("{act} {:+.1} %", (share - 1.0) * 100.0));
                format!("{:+.1} % ALARM", (share - 1.0) * 100.0)
            }
            Some(share) if share < 2.0 - ALARM => format!("{:+.1} %, store it", (share - 1.0) * 100.0),
            Some(share) => format!("{:+.1} %", (share - 1.0) * 100.0),
        };
        text += &format!("{act:<28} {count:>14} instructions  {word}\n");
    }
    (text, alarms)
}

/// Builds the harness and counts every act.
fn count(tools: &Tools) -> Result<Counts> {
    setup::valgrind()?;
    let public = tools.public_dir(false);
    client::build(tools, false, &public, false)?;
    build::program(tools, false)?;
    say("compiling the acts that are counted");
    sh::run(&mut tools.cargo(["build", "-q", "-p", "vitrine-instructions"]))?;
    let folder = tools.target.join("instructions");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let random = folder.join("fixed_random.so");
    let mut cc = sh::plain("cc");
    cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&random).arg("bench/instructions/fixed_random.c");
    sh::run(&mut cc)?;
    let market = market(tools, &folder)?;
    let mut counts = Counts::new();
    // Two at a time: valgrind runs one thread of its program at a time.
    for pair in ACTS.chunks(2) {
        let running = pair.iter().map(|(name, word, times)| -> Result<_> {
            let data = folder.join(word);
            copy(&market, &data)?;
            let out = folder.join(format!("{word}.callgrind"));
            let mut valgrind = sh::plain("setarch");
            valgrind.args(["-R", "valgrind", "-q", "--tool=callgrind", "--dump-before=vitrine_instructions::mark*"]);
            valgrind.arg(format!("--callgrind-out-file={}", out.display()));
            valgrind.arg(tools.target.join("debug/vitrine-instructions")).args(["--times", &times.to_string(), word]);
            match *word {
                "price" => {}
                "page" => drop(valgrind.arg("--data").arg(&data).arg("--public").arg(&public)),
                _ => drop(valgrind.arg("--data").arg(&data)),
            }
            valgrind.env("LD_PRELOAD", &random).env("DIOXUS_PUBLIC_PATH", &public);
            let child = valgrind.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
            Ok((*name, out, *times, child.with_context(|| sh::show(&valgrind))?))
        });
        for (name, out, times, child) in running.collect::<Result<Vec<_>>>()? {
            let done = child.wait_with_output()?;
            ensure!(done.status.success(), "{name} ({}): {}", done.status, String::from_utf8_lossy(&done.stderr));
            counts.insert(name.to_owned(), between_marks(&out)? / times as u64);
        }
    }
    Ok(counts)
}

/// What callgrind wrote at the second mark: everything since the first.
fn between_marks(out: &Path) -> Result<u64> {
    let part = PathBuf::from(format!("{}.2", out.display()));
    let text = fs::read_to_string(&part).with_context(|| format!("{}: no second mark", part.display()))?;
    let sum = text.lines().find_map(|l| l.strip_prefix("summary: ").or_else(|| l.strip_prefix("totals: ")));
    Ok(sum.context("callgrind wrote no sum")?.trim().parse()?)
}

/// A data folder with the market of the browser tests, with more pieces than they sell.
fn market(tools: &Tools, folder: &Path) -> Result<PathBuf> {
    let (rows, data) = (folder.join("rows"), folder.join("market"));
    copy(&sh::root().join("e2e/fixtures/market"), &rows)?;
    let file = rows.join("catalog.jsonl");
    let text = fs::read_to_string(&file)?;
    let more = text.replace("\"stock\":5,", "\"stock\":500,").replace("\"stock\": 5,", "\"stock\": 500,");
    ensure!(more != text, "the market has no edition with 5 pieces any more");
    fs::write(&file, more)?;
    let mut import = sh::plain(tools.program(false));
    import.args(["import", "--demo", "--data"]).arg(&data).arg(&rows).env("VITRINE_LOG", "error");
    let said = sh::output(&mut import)?;
    if !said.contains(" 0 refused") {
        bail!("the market was not taken in: {said}");
    }
    Ok(data)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in client::walk(from)? {
        let target = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(&file, target).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_is_an_alarm_and_what_is_unknown_is_none() {
        let counts: Counts = [("a", 1_101), ("b", 1_100), ("c", 899), ("d", 5)].map(|(n, c)| (n.to_owned(), c)).into();
        let known: Counts = [("a", 1_000), ("b", 1_000), ("c", 1_000)].map(|(n, c)| (n.to_owned(), c)).into();
        let (text, alarms) = compare(&counts, Some(&known));
        assert_eq!(alarms, ["a +10.1 %"]);
        assert!(text.contains("ALARM") && text.contains("store it") && text.contains("not stored"), "{text}");
        assert!(compare(&counts, None).1.is_empty());
    }

    #[test]
    fn counts_are_read_back_as_they_were_written() {
        let counts: Counts = [("place an order".to_owned(), 12_345)].into();
        let all: Stored = [("rustc 1.95.0, x86_64 GenuineIntel family 6 model 207".to_owned(), counts)].into();
        let text = format!("{HEAD}\n{}", toml::to_string(&all).unwrap());
        assert_eq!(toml::from_str::<Stored>(&text).unwrap(), all);
    }
}
