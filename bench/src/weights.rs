//! What a browser fetches for a page before it is alive: the page, what its markup names, and what those files name in turn.
//!
//! Fonts that only a rule in a style sheet names are left out: whether they come depends on the letters of the page. Pictures are the
//! page's content and stand apart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result, ensure};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, COOKIE};
use vitrine_bench::server::Shop;

/// Bytes as they are and as brotli sends them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    raw: usize,
    brotli: usize,
}

impl Bytes {
    fn add(&mut self, other: Self) {
        self.raw += other.raw;
        self.brotli += other.brotli;
    }
}

/// Kinds of files, in the order of the table.
const KINDS: [&str; 6] = ["page", "css", "js", "wasm", "fonts", "other"];

fn kind(path: &str) -> &'static str {
    match path.split('?').next().unwrap_or_default().rsplit('.').next() {
        Some("css") => "css",
        Some("js") => "js",
        Some("wasm") => "wasm",
        Some("woff2") => "fonts",
        _ => "other",
    }
}

/// Value of an attribute in a tag's text.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

/// Addresses of ours that a page's markup makes a browser fetch at once.
fn in_page(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (tag, inner) in html.split('<').skip(1).filter_map(|t| t.split_once('>')) {
        if tag == "script" {
            found.extend(in_script("", inner).into_iter().filter(|n| n.starts_with("/assets/")));
        }
        let named = if tag.starts_with("script ") {
            attribute(tag, "src")
        } else if tag.starts_with("link ") {
            let rel = attribute(tag, "rel").unwrap_or_default();
            let wanted = ["stylesheet", "preload", "modulepreload", "icon", "manifest"];
            attribute(tag, "href").filter(|_| wanted.contains(&rel))
        } else {
            None
        };
        found.extend(named.filter(|n| n.starts_with("/assets/")).map(str::to_owned));
    }
    found
}

/// Addresses that a script names beside itself: modules it imports, the wasm it starts.
fn in_script(path: &str, text: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for quoted in text.split(['"', '\'', '`']) {
        let name = quoted.trim_start_matches("./");
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
        if plain && name.len() < 120 && (name.ends_with(".js") || name.ends_with(".wasm")) {
            found.push(if name.starts_with('/') { name.to_owned() } else { format!("{folder}/{name}") });
        }
    }
    found
}

async fn fetch(shop: &Shop, path: &str, coding: &str, cookie: Option<&str>) -> Result<(bool, Vec<u8>)> {
    let mut asked = shop.client.get(shop.url(path)).header(ACCEPT_ENCODING, coding).header(ACCEPT, "text/html,*/*");
    if let Some(cookie) = cookie {
        asked = asked.header(COOKIE, cookie);
    }
    let answer = asked.send().await?;
    let status = answer.status();
    Ok((status == 200, answer.bytes().await?.to_vec()))
}

/// Everything of one page, by kind.
async fn of_page(shop: &Shop, path: &str, cookie: Option<&str>) -> Result<BTreeMap<&'static str, Bytes>> {
    let mut sums: BTreeMap<&'static str, Bytes> = BTreeMap::new();
    let (found, html) = fetch(shop, path, "identity", cookie).await?;
    ensure!(found, "{path} does not answer 200");
    let (_, packed) = fetch(shop, path, "br", cookie).await?;
    sums.entry("page").or_default().add(Bytes { raw: html.len(), brotli: packed.len() });
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut next: VecDeque<String> = in_page(&String::from_utf8_lossy(&html)).into();
    while let Some(file) = next.pop_front() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let (there, raw) = fetch(shop, &file, "identity", None).await?;
        // A script may hold names of files that it only would ask for elsewhere.
        if !there {
            continue;
        }
        let (_, packed) = fetch(shop, &file, "br", None).await?;
        sums.entry(kind(&file)).or_default().add(Bytes { raw: raw.len(), brotli: packed.len() });
        if kind(&file) == "js" {
            next.extend(in_script(&file, &String::from_utf8_lossy(&raw)));
        }
    }
    Ok(sums)
}

/// The table of these pages, as Markdown; cookies for those that want somebody signed in.
///
/// # Errors
/// A page does not answer 200.
pub(crate) async fn table(shop: &Shop, pages: &[(&str, String, Option<String>)]) -> Result<String> {
    let mut out = String::from("| kB, as it is / brotli |");
    for kind in KINDS {
        out += &format!(" {kind} |");
    }
    out += " wasm + js |\n|---|---|---|---|---|---|---|---|\n";
    for (name, path, cookie) in pages {
        let sums = of_page(shop, path, cookie.as_deref()).await.with_context(|| format!("weighing {name}"))?;
        let of = |kind: &str| sums.get(kind).copied().unwrap_or_default();
        out += &format!("| {name} |");
        let shown = |b: Bytes| format!(" {:.1} / {:.1} |", b.raw as f64 / 1000.0, b.brotli as f64 / 1000.0);
        for kind in KINDS {
            out += &shown(of(kind));
        }
        let mut code = of("wasm");
        code.add(of("js"));
        out += &format!("{}\n", shown(code));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_what_is_fetched_at_once() {
        let html = r#"<html><head><link rel="stylesheet" href="/assets/css/a-1.css"><link rel="alternate" href="/assets/x">
            <link id="l" rel="preload" as="fetch" crossorigin href="/assets/i18n/de.ftl"><script src="/assets/js/t.js"></script>
            <link rel="icon" href="https://other/icon.svg"></head><body><script>inline</script>
            <img src="/assets/p.jpg"><script>import("/assets/shop-1/boot.js")</script>"#;
        assert_eq!(
            in_page(html),
            ["/assets/css/a-1.css", "/assets/i18n/de.ftl", "/assets/js/t.js", "/assets/shop-1/boot.js"]
        );
        assert_eq!(["a.css", "a.js", "a.wasm", "a.woff2", "a.ftl"].map(kind), ["css", "js", "wasm", "fonts", "other"]);
    }

    #[test]
    fn a_script_names_its_modules_and_its_wasm() {
        let text = r#"import init from "./shop.js"; new URL('shop_bg.wasm', import.meta.url); f("not a name.js"); g("/assets/y.js")"#;
        assert_eq!(
            in_script("/assets/shop-1/boot.js", text),
            ["/assets/shop-1/shop.js", "/assets/shop-1/shop_bg.wasm", "/assets/y.js"]
        );
    }
}
