//! Damage on the disk: the look names it, people and programs are told in words written for it, the rest of the shop goes on, and what a
//! backup holds brings it back.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vitrine_bench::server::Shop;

use super::Case;
use crate::clients::What;
use crate::ground::{quiet, said};

/// Size of the table's pages, bytes.
const PAGE: usize = 8192;
/// A word of the text that is damaged, and of nothing else.
const MARK: &str = "brackwater";
/// What a page says of something that cannot be read, by language.
const DAMAGED: [(&str, &str); 2] = [
    ("en-US", "Something that was kept here cannot be read"),
    ("de-DE", "Etwas hier Aufbewahrtes lässt sich nicht lesen"),
];
/// The same of a file.
const FILE_DAMAGED: [(&str, &str); 2] = [("en-US", "This file is damaged"), ("de-DE", "Diese Datei ist beschädigt")];

/// Beginnings of the pages that hold nothing but a part of one long text.
fn pages_of(bytes: &[u8], mark: &str) -> Vec<usize> {
    let pages = bytes.chunks(PAGE).enumerate();
    // Such a page begins with the number of the next one; a page of a tree with its kind, which is not 0.
    let held = pages.filter(|(_, page)| page[0] == 0 && page.windows(mark.len()).any(|w| w == mark.as_bytes()));
    held.map(|(number, _)| number * PAGE).filter(|at| *at > 0).collect()
}

impl Case {
    /// What `vitrine check` names; it must fail.
    fn violated(&self, invariant: &str) -> Result<String> {
        let output = self.ground.vitrine(&self.data.dir).arg("check").output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(!output.status.success(), "damage went unnoticed: {said}");
        ensure!(said.contains(&format!("{invariant}: ")), "{invariant} is not named: {said}");
        ensure!(said.contains("vitrine restore"), "no way back is named: {said}");
        Ok(said)
    }

    /// A backup of the stopped shop, restored beside it: the folder that things are put back from.
    fn backed_up(&self) -> Result<PathBuf> {
        let path = |name: &str| self.folder.join(name);
        let (key, file, restored) = (path("key"), path("shop.age"), path("restored"));
        let recipient = said(Command::new(&self.ground.program).arg("backup-key").arg(&key))?.trim().to_owned();
        let mut backup = self.ground.vitrine(&self.data.dir);
        said(backup.args(["backup", "--recipient", &recipient]).arg(&file)).context("a backup")?;
        let mut restore = self.ground.vitrine(&restored);
        said(restore.arg("restore").arg(&file).arg("--key").arg(&key)).context("a restore")?;
        Ok(restored)
    }

    fn table(&self) -> PathBuf {
        self.data.dir.join("table.sqlite")
    }

    fn put_back_table(&self, restored: &Path) -> Result<()> {
        for ending in ["-wal", "-shm"] {
            // Most of the time the shop took them along when it stopped.
            drop(std::fs::remove_file(self.data.dir.join(format!("table.sqlite{ending}"))));
        }
        std::fs::copy(restored.join("table.sqlite"), self.table())?;
        self.ground.check(&self.data.dir).map(drop).context("after the table was put back from the backup")
    }

    fn overwrite(&self, pages: &[usize]) -> Result<()> {
        let mut bytes = std::fs::read(self.table())?;
        for at in pages {
            bytes[*at..*at + PAGE].fill(0x5a);
        }
        Ok(std::fs::write(self.table(), bytes)?)
    }

    /// What a browser is shown at an address.
    async fn shown(&self, shop: &Shop, url: &str, language: &str) -> Result<(u16, String)> {
        let request = shop.client.get(url).header("accept", "text/html").header("accept-language", language);
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Both languages have a page with these words, and a program the code.
    async fn told(&self, shop: &Shop, page: &str, rest: &str, words: &[(&str, &str); 2], code: &str) -> Result<()> {
        for (language, words) in words {
            let (status, text) = self.shown(shop, page, language).await?;
            ensure!(status == 500 && text.contains("<html"), "a person is told {status} in {language}: {text}");
            ensure!(text.contains(words), "a person reads nothing of {code} in {language}: {text}");
        }
        let answer = shop.client.get(rest).header("accept", "application/json").send().await?;
        let kind = answer.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (status, text) = (answer.status().as_u16(), answer.text().await?);
        let problem: Value = serde_json::from_str(&text).with_context(|| format!("{status} {text}"))?;
        let right = status == 500 && kind.starts_with("application/problem+json") && problem["code"] == code;
        ensure!(right, "a program is told {status} {kind} {problem}");
        let own = problem.to_string();
        ensure!(!own.contains("sqlite") && !own.contains("malformed"), "a program is told of the inside: {own}");
        Ok(())
    }

    /// Pages of the table are overwritten: the look names the table; who asks for what they held is told so, all else is served; the table
    /// of a backup brings it back.
    pub(super) async fn page_corrupted(&self) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        clients
            .import_rows(&[
                json!({ "type": "maker", "ref": "delta", "tenant": "nord", "kind": "artist", "name": "Delta" }),
                json!({
                    "type": "work", "ref": "delta", "store": "nord", "kind": "album", "title": "Long Delta", "makers": ["delta"],
                    "released": "2025-01-01", "genres": ["ambient"],
                    "description_html": format!("<p>{}</p>", format!("{MARK} ").repeat(4000)),
                    "products": [{ "ref": "cd", "kind": "physical", "title": "CD", "tax_class": "recorded_music", "variants": [{
                        "sku": "LD-1", "weight_g": 100, "stock": 3,
                        "prices": [{ "region": "eu", "currency": "EUR", "minor": 900 }],
                    }]}],
                }),
            ])
            .await?;
        quiet(&shop, Duration::from_secs(30)).await?;
        let begun = Instant::now();
        // The index follows the table.
        let list = loop {
            let list = shop.json("/api/public/catalog/search?q=long+delta").await?;
            if list["total"] != 0 || begun.elapsed() > Duration::from_secs(30) {
                break list;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let id = list["items"][0]["id"].as_str().with_context(|| format!("no such work: {list}"))?.to_owned();
        let href = list["items"][0]["href"].as_str().context("a work without a page")?.to_owned();
        self.buys(&clients).await?;
        self.ends(shop).await?;
        let restored = self.backed_up()?;

        // From the second third on: pages of items, not the head of the file.
        let third = std::fs::metadata(self.table())?.len() as usize / 3 / PAGE * PAGE;
        self.overwrite(&[third, third + PAGE, third + 2 * PAGE, third + 3 * PAGE])?;
        self.violated("table")?;
        self.put_back_table(&restored)?;

        let pages = pages_of(&std::fs::read(self.table())?, MARK);
        ensure!(!pages.is_empty(), "a long text has no page of its own");
        self.overwrite(&pages)?;
        self.violated("table")?;
        let shop = self.launch()?.start().await.context("with a damaged page")?;
        self.told(&shop, &shop.url(&href), &shop.url(&format!("/api/public/catalog/items/{id}")), &DAMAGED, "damaged")
            .await?;
        let (status, _) = self.shown(&shop, &shop.url("/catalog"), "en-US").await?;
        ensure!(status == 200, "with one page of the table damaged the catalogue is {status}");
        self.buys(&self.clients(&shop).await?).await.context("what is not damaged is sold")?;
        shop.stop().await?;
        self.put_back_table(&restored)?;
        let shop = self.launch()?.start().await?;
        let (status, text) = self.shown(&shop, &shop.url(&href), "en-US").await?;
        ensure!(status == 200 && text.contains(MARK), "after the table was put back the page is {status}");
        self.buys(&self.clients(&shop).await?).await.context("after the table was put back")?;
        self.ends(shop).await
    }

    /// Sold files are cut off, then changed by one bit each: none is sent as if it were whole, people and programs are told, the look names
    /// them, a copy brings them back.
    pub(super) async fn file_corrupted(&self) -> Result<()> {
        let found =
            Command::new("find").arg(self.data.dir.join("blobs/objects/assets.d")).args(["-name", "*.bin"]).output()?;
        let all = String::from_utf8(found.stdout)?;
        let files: Vec<&Path> = all.lines().map(Path::new).collect();
        ensure!(!files.is_empty(), "no sold files in {}", self.data.dir.display());
        let kept: Vec<Vec<u8>> = files.iter().map(std::fs::read).collect::<std::io::Result<_>>()?;
        let damage = |how: fn(&mut Vec<u8>)| -> Result<()> {
            for (file, bytes) in files.iter().zip(&kept) {
                let mut bytes = bytes.clone();
                how(&mut bytes);
                std::fs::write(file, bytes)?;
            }
            Ok(())
        };

        let shop = self.launch()?.start().await?;
        let link = self.clients(&shop).await?.link_to_first().await?;
        damage(|bytes| bytes.truncate(bytes.len() / 2))?;
        self.told(&shop, &link, &link, &FILE_DAMAGED, "file_damaged").await?;
        shop.stop().await?;
        let said = self.violated("files-there")?;
        ensure!(said.contains("assets/"), "no key is named: {said}");

        damage(|bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        })?;
        let said = self.violated("files-there")?;
        ensure!(said.contains("assets/"), "no key is named: {said}");
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        let bought = clients.buy_surely(What::Files).await;
        ensure!(bought.is_err(), "a damaged file was sent as if it were whole");
        shop.stop().await?;
        damage(|_| {})?;
        let shop = self.launch()?.start().await?;
        self.clients(&shop).await?.buy_surely(What::Files).await.context("after the copy was put back")?;
        self.ends(shop).await
    }
}
