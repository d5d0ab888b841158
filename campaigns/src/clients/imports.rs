//! Imports: rows of works and makers, and archives that bring pictures and sounds, while others buy.

use std::io::{Cursor, Write};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Clients;
use crate::facts::Fact;

impl Clients {
    /// One import, and a little time without.
    pub(super) async fn import(&self) -> Result<()> {
        self.import_now().await?;
        tokio::time::sleep(Duration::from_millis(150)).await;
        Ok(())
    }

    /// Rows of a maker and a work with stock: names, prices, stock and the index.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn import_now(&self) -> Result<()> {
        let n = self.number();
        self.import_rows(&[
            json!({ "type": "maker", "ref": format!("m{n}"), "tenant": "nord", "kind": "artist", "name": format!("Maker {n}") }),
            json!({
                "type": "work", "ref": format!("w{n}"), "store": "nord", "kind": "album", "title": format!("Work {n}"),
                "makers": [format!("m{n}")], "released": "2025-01-01", "genres": ["ambient"], "description_html": "<p>New.</p>",
                "products": [{ "ref": "cd", "kind": "physical", "title": "CD", "tax_class": "recorded_music", "variants": [{
                    "sku": format!("C-{n}"), "weight_g": 100, "stock": 3,
                    "prices": [{ "region": "eu", "currency": "EUR", "minor": 900 }],
                }]}],
            }),
        ])
        .await
    }

    /// One archive, and a longer time without: helpers look at what it brings.
    pub(super) async fn upload(&self) -> Result<()> {
        self.upload_now().await?;
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(())
    }

    /// Uploads a ZIP of a maker with a picture and of an album with a cover and a sound, as staff do. Nothing that it brings,
    /// nor what is made of it, was there before.
    async fn upload_now(&self) -> Result<()> {
        let n = self.number();
        let rows = [
            json!({
                "type": "maker", "ref": format!("u{n}"), "tenant": "nord", "kind": "artist", "name": format!("Seen {n}"),
                "image": { "file": "face.png" },
            }),
            json!({
                "type": "work", "ref": format!("v{n}"), "store": "nord", "kind": "album", "title": format!("Heard {n}"),
                "makers": [format!("u{n}")], "released": "2025-01-01", "genres": ["ambient"], "description_html": "<p>New.</p>",
                "cover": { "file": "cover.png" },
                "parts": [{ "title": "Noise", "files": [{ "file": "noise.wav", "format": "WAV" }] }],
                "products": [{ "ref": "digital", "kind": "digital", "title": "Digital", "tax_class": "digital_music", "variants": [{
                    "sku": format!("V-{n}"), "licence": "personal", "prices": [{ "region": "eu", "currency": "EUR", "minor": 500 }],
                }]}],
            }),
        ];
        let rows = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let files = [
            ("catalog.jsonl", rows.into_bytes()),
            ("face.png", picture(n, 24)?),
            ("cover.png", picture(n, 32)?),
            ("noise.wav", noise(n)),
        ];
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            archive.start_file(name, SimpleFileOptions::default())?;
            archive.write_all(&bytes)?;
        }
        let mut body = b"--b\r\ncontent-disposition: form-data; name=\"rows\"; filename=\"shop.zip\"\r\n\r\n".to_vec();
        body.extend(archive.finish()?.into_inner());
        body.extend(b"\r\n--b--\r\n");
        let request = self.client.post(format!("{}/admin/import/upload", self.base));
        let request = request.header("x-api-key", &self.key).header("origin", &self.base);
        let answer = request.header("content-type", "multipart/form-data; boundary=b").body(body).send().await?;
        let to = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let id = to.strip_prefix("/admin/import/").filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric()));
        let id = id.with_context(|| format!("an upload: {} {to}", answer.status()))?.to_owned();
        self.facts.note(Fact::Uploaded { id });
        Ok(())
    }

    /// Has rows taken on; they are done later.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn import_rows(&self, rows: &[Value]) -> Result<()> {
        let body = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let request =
            self.client.post(format!("{}/api/admin/catalog/import", self.base)).header("x-api-key", &self.key);
        let answer = request.header("content-type", "application/x-ndjson").body(body).send().await?;
        ensure!(answer.status().as_u16() == 202, "an import: {}", answer.status());
        let begun: Value = serde_json::from_str(&answer.text().await?)?;
        let id = begun["id"].as_str().context("no id")?.to_owned();
        self.facts.note(Fact::Imported { id });
        Ok(())
    }
}

/// The next number of a row that looks random; from here on of `state`.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// A square PNG that no other number has.
fn picture(n: u64, side: u32) -> Result<Vec<u8>> {
    let mut state = n;
    let mut png = Cursor::new(Vec::new());
    let noise = RgbImage::from_fn(side, side, |_, _| Rgb([0; 3].map(|_: u8| next(&mut state) as u8)));
    noise.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

/// A quarter of a second that no other number has: WAV, 8 bits, 8 kHz, one channel.
fn noise(n: u64) -> Vec<u8> {
    const RATE: u32 = 8000;
    let length = RATE / 4;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend([16, 0, 0, 0, 1, 0, 1, 0]);
    wav.extend(RATE.to_le_bytes());
    wav.extend(RATE.to_le_bytes());
    wav.extend([1, 0, 8, 0]);
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    let mut state = n;
    wav.extend((0..length).map(|_| next(&mut state) as u8));
    wav
}
