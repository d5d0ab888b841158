//! What campaigns stand on: a small shop's data made once, `vitrine check` on it, and what only the data can tell.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use vitrine_bench::server::{Launch, Shop, free_port};

use crate::clients::{few, once};

/// Pieces of the parcel that campaigns buy: enough for all of them.
const PIECES: u64 = 1_000_000;
/// Codes of limited use.
pub const CODES: u64 = 20;
/// How often each of them can be used.
pub const USES: u64 = 3;

/// The program under test and where its things are.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The program.
    pub program: PathBuf,
    /// Its browser files.
    pub public: PathBuf,
}

/// A data directory with what is in it.
#[derive(Clone, Debug)]
pub struct Data {
    /// The directory.
    pub dir: PathBuf,
    /// A key for programs that may import, ship and refund.
    pub key: String,
}

impl Ground {
    /// The shop's command line, on this data.
    pub fn vitrine(&self, data: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.env("VITRINE_LOG", "error").arg("--data").arg(data);
        command
    }

    /// The browser tests' market with a parcel that does not run out, files that cost more than is on a gift card, and discount codes:
    /// `FEW00` and so on for a few uses each, `ONCE00` and so on for one of each customer. Demonstration accounts and a key; below `folder`.
    ///
    /// # Errors
    /// The program refuses something.
    pub async fn data(&self, folder: &Path) -> Result<Data> {
        let market = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let (rows, dir) = (folder.join("rows"), folder.join("data"));
        copy(&market, &rows)?;
        let parcel = json!({
            "type": "work", "ref": "parcel", "store": "press", "kind": "book", "title": "Endless Parcel", "makers": ["joe"],
            "released": "2024-01-01", "genres": ["fiction"], "language": "en", "description_html": "<p>Many.</p>",
            "products": [{ "ref": "ep", "kind": "physical", "title": "Paperback", "tax_class": "printed_book", "variants": [{
                "sku": "EP-1", "weight_g": 200, "stock": PIECES, "prices": [{ "region": "eu", "currency": "EUR", "minor": 1000 }],
            }]}],
        });
        let dear = json!({
            "type": "work", "ref": "dear", "store": "nord", "kind": "album", "title": "Dear Tide", "makers": ["ida"],
            "released": "2024-02-01", "genres": ["ambient"], "description_html": "<p>Costly.</p>",
            "parts": [{ "title": "Only Light", "files": [{ "file": "files/1.ogg", "format": "Ogg Vorbis" }] }],
            "products": [{ "ref": "digital", "kind": "digital", "title": "Digital album", "tax_class": "digital_music", "variants": [{
                "sku": "DT-D", "licence": "personal", "prices": [{ "region": "eu", "currency": "EUR", "minor": 19900 }],
            }]}],
        });
        let off = json!({ "kind": "percent", "rate_ppm": 250_000 });
        let once = (0..CODES).map(|number| {
            let code = once(number);
            json!({ "type": "promotion", "ref": code, "tenant": "nord", "code": code, "benefit": off, "per_customer": 1 })
        });
        let few = (0..CODES).map(|number| {
            let code = few(number);
            json!({ "type": "promotion", "ref": code, "tenant": "nord", "code": code, "benefit": off, "uses_left": USES })
        });
        let file = rows.join("catalog.jsonl");
        let mut text = std::fs::read_to_string(&file)?.trim_end().to_owned();
        for row in [parcel, dear].into_iter().chain(once).chain(few) {
            text.push_str(&format!("\n{row}"));
        }
        text.push('\n');
        std::fs::write(&file, text)?;
        said(self.vitrine(&dir).arg("import").arg(&rows).arg("--demo")).context("importing the market")?;
        // Started once: accounts are made, smaller pictures are drawn.
        let shop = self.launch(&dir, free_port()?).start().await?;
        shop.idle(Duration::from_secs(120)).await?;
        shop.stop().await?;
        let key = self.api_key(&dir, &[])?;
        Ok(Data { dir, key })
    }

    /// A new key for programs that may import, ship and refund.
    ///
    /// # Errors
    /// The program refuses.
    pub fn api_key(&self, data: &Path, env: &[(String, String)]) -> Result<String> {
        let scopes = ["catalog:write", "catalog:import", "orders:read", "orders:ship", "orders:refund"];
        let mut create = self.vitrine(data);
        create.args(["api-key", "create", "campaign"]).envs(env.iter().map(|(name, value)| (name, value)));
        for scope in scopes {
            create.args(["--scope", scope]);
        }
        Ok(said(&mut create)?.trim().to_owned())
    }

    /// How a shop of campaigns is started: what it logs is kept beside its data.
    pub fn launch(&self, data: &Path, port: u16) -> Launch {
        let mut launch = Launch::new(&self.program, &self.public, data);
        launch.port = port;
        launch.log = Some(data.with_extension("log"));
        // A node that is killed takes its leased blocks with it: killed ten times a minute, it has leased all there are.
        launch.env("VITRINE_LIMITS__TIMES", 0)
    }

    /// What `vitrine check` says of stopped data; everything holds.
    ///
    /// # Errors
    /// Something does not, with what is named.
    pub fn check(&self, data: &Path) -> Result<Value> {
        self.check_as(data, &[])
    }

    /// The same of a shop that has done all its jobs: every file is named, however young. Not so are archives whose uploads ended
    /// before their job was written, so that nobody was `answered`: they are counted; the nightly look takes them away.
    ///
    /// # Errors
    /// As [`Ground::check`].
    pub fn check_files(&self, data: &Path, answered: &BTreeSet<String>) -> Result<(Value, usize)> {
        let (report, output) = self.looked(data, &["--unnamed-after", "0"], &[])?;
        let cut = |violation: &&Value| {
            let key = violation["keys"][0].as_str().unwrap_or_default();
            let id = key.strip_prefix("imports/").and_then(|key| key.strip_suffix("/archive.zip"));
            violation["invariant"] == "files-used" && id.is_some_and(|id| !answered.contains(id))
        };
        let (cut, violations): (Vec<&Value>, Vec<&Value>) = violations(&report).iter().partition(cut);
        ensure!(violations.is_empty(), "violated: {violations:#?}");
        ensure!(
            output.status.success() == cut.is_empty(),
            "the look failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let cut = cut.len();
        Ok((report, cut))
    }

    /// The same of a shop with further variables in its environment.
    ///
    /// # Errors
    /// As [`Ground::check`].
    pub fn check_as(&self, data: &Path, env: &[(&str, String)]) -> Result<Value> {
        let (report, output) = self.looked(data, &[], env)?;
        let violations = violations(&report);
        ensure!(violations.is_empty(), "violated: {violations:#?}");
        ensure!(output.status.success(), "the look failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(report)
    }

    fn looked(&self, data: &Path, how: &[&str], env: &[(&str, String)]) -> Result<(Value, Output)> {
        let mut check = self.vitrine(data);
        let output = check.args(["check", "--json"]).args(how).envs(env.iter().map(|(n, v)| (n, v))).output()?;
        let report = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("no report: {}", String::from_utf8_lossy(&output.stderr)))?;
        Ok((report, output))
    }
}

fn violations(report: &Value) -> &[Value] {
    report["violations"].as_array().map_or(&[], Vec::as_slice)
}

impl Data {
    /// A copy of it, to be broken.
    ///
    /// # Errors
    /// The disk's.
    pub fn copied(&self, dir: &Path) -> Result<Self> {
        copy(&self.dir, dir)?;
        Ok(Self { dir: dir.to_owned(), key: self.key.clone() })
    }
}

/// Runs to its end; answers what it printed.
///
/// # Errors
/// It does not start, or fails.
pub fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{:?}", command.get_program()))?;
    if !output.status.success() {
        bail!("{:?} failed: {}", command, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Copies a folder.
///
/// # Errors
/// The disk's.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Waits until nothing is due, as a campaign does between two blows: quicker than a measurement would.
///
/// # Errors
/// Jobs do not end.
pub async fn quiet(shop: &Shop, most: Duration) -> Result<()> {
    let (begun, mut looks) = (Instant::now(), 0);
    while looks < 2 {
        ensure!(begun.elapsed() < most, "its jobs do not end");
        looks = if shop.metrics().await?.lines().any(|l| l == "jobs_due 0") { looks + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
