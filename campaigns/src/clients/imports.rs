//! Imports: rows of works and makers, while others buy.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

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
