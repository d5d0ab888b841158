//! Every check, in steps, with one summary at the end. The first failing step ends the run; its reason comes last.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::sh::{self, Tools, WASM, say};
use crate::{build, campaign, client, instructions, parity, setup, supply, tidy};

/// What `test` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Format, lints, tidy and native tests: no browser, no peers, no documentation.
    #[arg(long)]
    quick: bool,
    /// Only tests whose names contain one of these.
    filters: Vec<String>,
}

/// Passed and failed tests of one runner's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
}

struct Outcome {
    name: &'static str,
    secs: f64,
    counts: Counts,
    fault: Option<String>,
}

/// Runs the steps and prints the summary.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::run(!options.quick)?;
    let mut outcomes = Vec::new();
    for (name, step) in steps(&tools, options) {
        say(format!("step {name}"));
        let start = Instant::now();
        let (counts, fault) = match step() {
            Ok(counts) => (counts, None),
            Err((counts, fault)) => (counts, Some(format!("{fault:#}"))),
        };
        let failed = fault.is_some();
        outcomes.push(Outcome { name, secs: start.elapsed().as_secs_f64(), counts, fault });
        if failed {
            break;
        }
    }
    summary(&outcomes)
}

type Step<'a> = (&'static str, Box<dyn Fn() -> Result<Counts, (Counts, anyhow::Error)> + 'a>);

fn steps<'a>(tools: &'a Tools, options: &'a Options) -> Vec<Step<'a>> {
    let lint = |args: &'static [&'static str]| move || tested(tools.cargo(args).args(["--", "-D", "warnings"]));
    let mut steps: Vec<Step> = Vec::new();
    let filtered = !options.filters.is_empty();
    if !filtered {
        steps.push(("format", Box::new(|| tested(&mut tools.cargo(["fmt", "--all", "--check"])))));
        let native: &[&str] =
            &["clippy", "--workspace", "--exclude", "vitrine-aws", "--exclude", "xtask", "--all-targets"];
        steps.push(("lints", Box::new(lint(native))));
        // This program under the compiler it was built with: its dependencies are there already.
        steps.push((
            "task runner",
            Box::new(|| {
                tested(std::process::Command::new("cargo").current_dir(sh::root()).args(["test", "-p", "xtask"]))
            }),
        ));
        for app in client::CLIENTS {
            let features = format!("web,{app}");
            steps.push((
                "lints of a wasm client",
                Box::new(move || {
                    let args = [
                        "clippy",
                        "-p",
                        "vitrine",
                        "--no-default-features",
                        "--features",
                        &features,
                        "--profile",
                        "client-dev",
                    ];
                    tested(tools.cargo(args).args(["--bin", app, "--target", WASM, "--", "-D", "warnings"]))
                }),
            ));
        }
        steps.push((
            "tidy",
            Box::new(|| tidy::run(tools).map(|()| Counts::default()).map_err(|f| (Counts::default(), f))),
        ));
    }
    // No documentation holds runnable examples, and looking for them costs a compiler run a package.
    let native = [
        "test",
        "--workspace",
        "--exclude",
        "vitrine-aws",
        "--exclude",
        "xtask",
        "--lib",
        "--bins",
        "--tests",
        "--no-fail-fast",
    ];
    steps.push(("tests", Box::new(move || tested(tools.cargo(native).arg("--").args(&options.filters)))));
    if options.quick {
        return steps;
    }
    if !filtered {
        let aws: &[&str] =
            &["clippy", "-p", "vitrine-aws", "-p", "vitrine", "--features", "vitrine/lambda", "--all-targets"];
        steps.push(("lints of the AWS side", Box::new(lint(aws))));
    }
    if !filtered {
        let whole = |done: Result<()>| done.map(|()| Counts::default()).map_err(|f| (Counts::default(), f));
        steps.push(("supply", Box::new(move || whole(supply::deny(tools).and_then(|()| supply::recipe())))));
    }
    steps.push((
        "AWS conformance",
        Box::new(|| {
            let mut cargo = tools.cargo(["test", "-p", "vitrine-aws", "--no-fail-fast", "--"]);
            tested(cargo.args(&options.filters).env("VITRINE_TEST_PEERS", setup::peers_dir()))
        }),
    ));
    steps.push((
        "judges of invoices",
        Box::new(|| {
            let mut cargo = tools.cargo(["test", "-p", "vitrine-einvoice", "--test", "judges", "--"]);
            tested(cargo.args(&options.filters).env("VITRINE_TEST_PEERS", setup::peers_dir()))
        }),
    ));
    if !filtered {
        let built = || client::build(tools, true, &tools.public_dir(true), true);
        let weighed = move || built().map(|()| Counts::default()).map_err(|f| (Counts::default(), f));
        steps.push(("weight of the client", Box::new(weighed)));
    }
    steps.push(("browser", Box::new(|| browser(tools, &options.filters))));
    if !filtered {
        steps.push((
            "instructions",
            Box::new(|| instructions::step(tools).map(|()| Counts::default()).map_err(|f| (Counts::default(), f))),
        ));
        // With the program and the browser's files of the step before.
        steps.push(("restore drill", Box::new(|| drill(tools))));
        let doc = ["doc", "--workspace", "--exclude", "xtask", "--no-deps"];
        steps.push(("documentation", Box::new(move || tested(tools.cargo(doc).env("RUSTDOCFLAGS", "-D warnings")))));
        // Short forms: the long ones run by command (docs/campaigns.md).
        for (name, words) in [
            ("crash campaign", &["crash", "--points", "10", "--longest-ms", "700"][..]),
            ("power campaign", &["power", "--cuts", "5", "--life-ms", "800"]),
            ("power, lying disk", &["power", "--cuts", "5", "--life-ms", "800", "--lying"]),
            ("faults", &["faults", "disk_full", "index_deleted_while_serving"]),
        ] {
            steps.push((
                name,
                Box::new(move || {
                    let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
                    let mut command = campaign::command(tools, false, &tools.program(false), &words)
                        .map_err(|f| (Counts::default(), f))?;
                    tested(&mut command)
                }),
            ));
        }
    }
    steps
}

fn browser(tools: &Tools, filters: &[String]) -> Result<Counts, (Counts, anyhow::Error)> {
    let none = |fault| (Counts::default(), fault);
    let public = tools.public_dir(false);
    client::build(tools, false, &public, false).map_err(none)?;
    build::program(tools, false).map_err(none)?;
    let parity = parity::build(tools).map_err(none)?;
    let mut node = sh::plain("node");
    node.arg("e2e/run.mjs").args(filters);
    node.env("VITRINE_TEST_PROGRAM", tools.program(false)).env("VITRINE_TEST_PUBLIC", public);
    node.env("VITRINE_TEST_PEERS", setup::peers_dir()).env("VITRINE_TEST_PARITY", parity);
    if let Some(path) = setup::chromium() {
        node.env("VITRINE_TEST_CHROMIUM", path);
    }
    tested(&mut node)
}

/// A shop is lost under load and restored elsewhere.
fn drill(tools: &Tools) -> Result<Counts, (Counts, anyhow::Error)> {
    let words = ["restore".to_owned()];
    let run = || sh::run(&mut campaign::command(tools, false, &tools.program(false), &words)?);
    run().map(|()| Counts { passed: 1, failed: 0 }).map_err(|fault| (Counts { passed: 0, failed: 1 }, fault))
}

/// Runs a command with its output shown, and counts the tests it names.
fn tested(command: &mut Command) -> Result<Counts, (Counts, anyhow::Error)> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let status = watch(command, &lines).map_err(|fault| (Counts::default(), fault))?;
    let lines = lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let counts = count(&lines);
    if status.success() && counts.failed == 0 {
        return Ok(counts);
    }
    let tail = lines[lines.len().saturating_sub(25)..].join("\n");
    Err((counts, anyhow::anyhow!("{} ({status})\n{tail}", sh::show(command))))
}

fn watch(command: &mut Command, lines: &Arc<Mutex<Vec<String>>>) -> Result<std::process::ExitStatus> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| sh::show(command))?;
    let readers: [Option<Box<dyn Read + Send>>; 2] =
        [child.stdout.take().map(|s| Box::new(s) as _), child.stderr.take().map(|s| Box::new(s) as _)];
    std::thread::scope(|scope| {
        for reader in readers.into_iter().flatten() {
            scope.spawn(|| {
                for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    println!("{line}");
                    lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
                }
            });
        }
    });
    Ok(child.wait()?)
}

/// Sums `test result:` lines of cargo and the `pass`/`fail` lines of node's runner.
fn count(lines: &[String]) -> Counts {
    let mut counts = Counts::default();
    for line in lines {
        if let Some(rest) = line.strip_prefix("test result:") {
            let words: Vec<&str> = rest.split_whitespace().collect();
            for pair in words.windows(2) {
                let number = pair[0].parse().unwrap_or(0);
                match pair[1] {
                    "passed;" => counts.passed += number,
                    "failed;" => counts.failed += number,
                    _ => {}
                }
            }
        }
        if let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("\u{2139} ")) {
            match rest.split_once(' ').map(|(word, n)| (word, n.trim().parse::<u64>())) {
                Some(("pass", Ok(n))) => counts.passed += n,
                Some(("fail" | "cancelled", Ok(n))) => counts.failed += n,
                _ => {}
            }
        }
    }
    counts
}

fn summary(outcomes: &[Outcome]) -> Result<()> {
    println!("\n{:<24} {:>8} {:>8} {:>8}  result", "step", "seconds", "passed", "failed");
    let mut sum = Counts::default();
    let mut fault = None;
    for outcome in outcomes {
        let word = if outcome.fault.is_some() { "FAILED" } else { "ok" };
        println!(
            "{:<24} {:>8.1} {:>8} {:>8}  {word}",
            outcome.name, outcome.secs, outcome.counts.passed, outcome.counts.failed
        );
        sum.passed += outcome.counts.passed;
        // A step without tests of its own (format, lints) counts as one failure.
        sum.failed += if outcome.fault.is_some() { outcome.counts.failed.max(1) } else { 0 };
        fault = fault.or_else(|| outcome.fault.as_ref().map(|f| (outcome.name, f)));
    }
    if let Some((name, fault)) = &fault {
        println!("\n{name}: {fault}");
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if fault.is_some() {
        bail!("a step failed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_both_runners_are_summed() {
        let lines = [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured",
            "# pass 3",
            "\u{2139} fail 2",
            "# tests 5",
            "other",
        ];
        let lines: Vec<String> = lines.map(String::from).to_vec();
        assert_eq!(count(&lines), Counts { passed: 15, failed: 2 });
    }

    #[test]
    fn a_failing_step_fails_the_run() {
        let (_, fault) = tested(sh::plain("sh").args(["-c", "echo reason; exit 1"])).unwrap_err();
        assert!(fault.to_string().contains("reason"));
        let outcome = Outcome { name: "x", secs: 0.0, counts: Counts::default(), fault: Some("f".into()) };
        assert!(summary(&[outcome]).is_err());
        assert!(summary(&[]).is_ok());
    }
}
