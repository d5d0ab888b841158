//! The browser's files: wasm clients, styles, fonts, scripts, locale texts.
//!
//! Invariants:
//! - Every file under `assets/` carries its content's hash in its address, so it never changes and may be kept for
//!   ever. A client's files stand in one folder named by their common hash: their relative imports stay as they are.
//! - `manifest.json` maps logical names (`css/site.css`, `shop/boot.js`, `i18n/de-DE.ftl`) to `{path, size, integrity}`.
//! - Unchanged inputs cost a hash of the sources: `.stamp` in the output folder holds it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use sha2::{Digest as _, Sha256, Sha384};
use wasm_bindgen_cli_support::Bindgen;

use crate::sh::{self, Tools, WASM, say};
use crate::size::{self, Tell};

/// The wasm clients, each a binary of `app`.
pub(crate) const CLIENTS: [&str; 1] = ["shop"];

/// The module beside a client that it loads only to price by itself.
pub(crate) const PRICER: &str = "vitrine_pricer";

/// Locales that hold what differs from another one.
pub(crate) const BASED: [(&str, &str); 1] = [("en-GB", "en-US")];

/// What every document links as one sheet, in the order of its layers.
const SHEETS: [&str; 5] = ["tokens", "base", "ui", "tints", "shop"];
/// What Chromium, Firefox and Safari all accept; `--all-features` makes a module that Chromium refuses.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
];

/// One file of `manifest.json`.
#[derive(Serialize)]
struct Entry {
    path: String,
    size: u64,
    integrity: String,
}

#[derive(Serialize)]
struct Manifest {
    build: String,
    files: BTreeMap<String, Entry>,
}

/// Builds the public folder; `release` takes the small profile and wasm-opt, `squeeze` writes `.br` and `.gz` beside files.
pub(crate) fn build(tools: &Tools, release: bool, out: &Path, squeeze: bool) -> Result<()> {
    build_telling(tools, release, out, squeeze, Tell::Weight)
}

/// The same, and tells of the release clients what is asked for.
pub(crate) fn build_telling(tools: &Tools, release: bool, out: &Path, squeeze: bool, how: Tell) -> Result<()> {
    let root = sh::root();
    let compiler = sh::output(tools.command("rustc").arg("-vV"))?;
    let build = stamp(&root, &format!("{release} {squeeze} {compiler}"))?;
    let stamp_file = out.join(".stamp");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == build) {
        say("browser files: unchanged");
        return if release && squeeze { tell(tools, out, how) } else { Ok(()) };
    }
    // A half-written folder must not look complete, and an old one serves until the new one is whole.
    let partial = out.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(partial.join("assets"))?;
    let index = fs::read_to_string(root.join("app/index.html")).context("app/index.html")?;
    check_index(&index)?;
    fs::write(partial.join("index.html"), index)?;
    let mut files = BTreeMap::new();
    statics(&root, &partial, &mut files)?;
    for app in CLIENTS {
        client(tools, release, app, &partial, &mut files)?;
    }
    let manifest = Manifest { build: build.clone(), files };
    fs::write(partial.join("manifest.json"), serde_json::to_vec_pretty(&manifest)?)?;
    if squeeze {
        compress(&partial.join("assets"), if release { 11 } else { 5 })?;
    }
    fs::write(partial.join(".stamp"), &build)?;
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    fs::rename(&partial, out)?;
    say(format!("browser files in {}", out.display()));
    if release && squeeze { tell(tools, out, how) } else { Ok(()) }
}

/// Tells what the release clients of a public folder weigh; one that could not be optimised is not weighed.
///
/// # Errors
/// A client is over its budget.
fn tell(tools: &Tools, out: &Path, how: Tell) -> Result<()> {
    for app in CLIENTS {
        let named = named(tools, app);
        if named.is_file() {
            size::check(out, app, &named, how)?;
        }
    }
    Ok(())
}

/// Where the optimised module lies with the names of its functions.
fn named(tools: &Tools, app: &str) -> PathBuf {
    tools.target.join(WASM).join(format!("{app}-named.wasm"))
}

/// The frame of every page must hold what the server's renderer looks for.
fn check_index(html: &str) -> Result<()> {
    for mark in ["{lang}", "{dir}", "{title}", "{head}", "<div id=\"main\">", "<!--boot-->"] {
        if !html.contains(mark) {
            bail!("app/index.html lacks {mark}");
        }
    }
    Ok(())
}

fn client(tools: &Tools, release: bool, app: &str, out: &Path, files: &mut BTreeMap<String, Entry>) -> Result<()> {
    let features = format!("web,{app}");
    let args = ["-p", "vitrine", "--no-default-features", "--features", &features, "--bin", app];
    let dir = out.join(format!("assets/{app}"));
    module(tools, release, &args, app, &dir)?;
    pricer(tools, release, &dir)?;
    let boot = fs::read_to_string(sh::root().join("assets/js/boot.js")).context("assets/js/boot.js")?;
    fs::write(dir.join("boot.js"), boot.replace("__CLIENT__", app))?;
    if release {
        bundle(&dir, app)?;
    }
    let parts = walk(&dir)?;
    let mut all = Sha256::new();
    for part in &parts {
        all.update(part.strip_prefix(&dir)?.to_string_lossy().as_bytes());
        all.update(fs::read(part)?);
    }
    let hashed = format!("assets/{app}-{}", short(&all.finalize()));
    fs::rename(&dir, out.join(&hashed))?;
    for part in parts {
        let inside = slashes(part.strip_prefix(&dir)?);
        let bytes = fs::read(out.join(&hashed).join(&inside))?;
        files.insert(format!("{app}/{inside}"), entry(format!("/{hashed}/{inside}"), &bytes));
    }
    Ok(())
}

/// The module that prices, into `dir`; pages load it only when they need it.
///
/// # Errors
/// It does not compile.
pub(crate) fn pricer(tools: &Tools, release: bool, dir: &Path) -> Result<()> {
    module(tools, release, &["-p", "vitrine-pricer", "--lib"], PRICER, dir)
}

/// Compiles what cargo's `args` name for the browser, as a client is, and writes its module and the script that loads it into `dir`;
/// `name` is the module's file without its ending.
///
/// # Errors
/// It does not compile.
pub(crate) fn module(tools: &Tools, release: bool, args: &[&str], name: &str, dir: &Path) -> Result<()> {
    let profile = if release { "client" } else { "client-dev" };
    say(format!("{name}: compiling for the browser ({profile})"));
    let mut cargo = tools.cargo(["build", "--profile", profile, "--target", WASM]);
    cargo.args(args);
    if release {
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags()?.join("\u{1f}"));
    }
    sh::run(&mut cargo)?;
    let wasm = tools.target.join(WASM).join(profile).join(format!("{name}.wasm"));
    let mut bindgen = Bindgen::new();
    // The table of what is in it reads the symbols as they are.
    bindgen
        .demangle(false)
        .input_path(&wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .generate(dir)?;
    if release {
        optimise(&dir.join(format!("{name}_bg.wasm")), &named(tools, name))?;
    }
    Ok(())
}

/// Flags of the release client's compiler: symbols that name generic arguments, for the table of what is in it, and no folder
/// of this machine in the places that panics name.
fn flags() -> Result<Vec<String>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".cargo")));
    let mut flags = vec!["-Csymbol-mangling-version=v0".to_owned()];
    flags.push(format!("--remap-path-prefix={}=", sh::root().display()));
    let sources = home.map(|h| h.join("registry/src"));
    for index in sources.iter().filter(|s| s.is_dir()).flat_map(fs::read_dir).flatten().flatten() {
        flags.push(format!("--remap-path-prefix={}=", index.path().display()));
    }
    Ok(flags)
}

/// Shrinks a module in place and writes its twin with names; without the tool the module stays as it is, and says so.
fn optimise(wasm: &Path, named: &Path) -> Result<()> {
    let tool = sh::root().join("e2e/node_modules/.bin/wasm-opt");
    if let Err(fault) = crate::setup::node_packages() {
        // An older twin would be weighed in its place.
        drop(fs::remove_file(named));
        say(format!("going on without wasm-opt, the client is about a third larger ({fault:#})"));
        return Ok(());
    }
    // Names change nothing of the code; without them the twin would say nothing. Functions that are called often come first: their short numbers
    // make calls alike, which saves half a percent once compressed.
    sh::run(
        sh::plain(&tool).args(["-Oz", "--reorder-functions", "-g"]).args(WASM_FEATURES).arg(wasm).arg("-o").arg(named),
    )?;
    let strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
    sh::run(sh::plain(&tool).args(strip).args(WASM_FEATURES).arg(named).arg("-o").arg(wasm))
}

/// Makes one script of the client and all it imports beside the small `boot.js`, so that a browser asks once for the client's
/// code and once for its module; without the tool the scripts stay as they are, and says so.
fn bundle(dir: &Path, app: &str) -> Result<()> {
    let tool = sh::root().join("e2e/node_modules/.bin/esbuild");
    if !tool.exists() {
        say("going on without esbuild, the client comes in several scripts");
        return Ok(());
    }
    let whole = dir.with_extension("bundle");
    // Split where `boot.js` asks for the client and for what prices: each comes alone.
    let words = ["--bundle", "--splitting", "--format=esm", "--minify", "--target=es2022", "--log-level=warning"];
    let parts = [dir.join("boot.js"), dir.join(format!("{app}.js")), dir.join(format!("{PRICER}.js"))];
    sh::run(sh::plain(tool).args(parts).args(words).arg(format!("--outdir={}", whole.display())))?;
    for module in [format!("{app}_bg.wasm"), format!("{PRICER}_bg.wasm")] {
        fs::rename(dir.join(&module), whole.join(&module))?;
    }
    fs::remove_dir_all(dir)?;
    fs::rename(whole, dir)?;
    Ok(())
}

/// Styles (with their font addresses rewritten), fonts, icons, scripts and one text file a locale.
fn statics(root: &Path, out: &Path, files: &mut BTreeMap<String, Entry>) -> Result<()> {
    let assets = root.join("assets");
    let (styles, others): (Vec<_>, Vec<_>) =
        walk(&assets)?.into_iter().partition(|f| f.extension().is_some_and(|e| e == "css"));
    for file in others {
        let logical = slashes(file.strip_prefix(&assets)?);
        // boot.js is a template, written once a client.
        if logical != "js/boot.js" {
            put(out, files, &logical, &fs::read(&file)?)?;
        }
    }
    let mut site = vec![String::new(); SHEETS.len()];
    for file in styles {
        let logical = slashes(file.strip_prefix(&assets)?);
        let text = rewrite_urls(&fs::read_to_string(&file)?, &logical, files)?;
        match SHEETS.iter().position(|sheet| logical == format!("css/{sheet}.css")) {
            Some(at) => site[at] = text,
            None => put(out, files, &logical, text.as_bytes())?,
        }
    }
    put(out, files, "css/site.css", site.concat().as_bytes())?;
    for locale in fs::read_dir(root.join("app/i18n"))? {
        let locale = locale?;
        let mut text = String::new();
        // The desk's pages run no client.
        let desk = |f: &PathBuf| f.file_stem().is_some_and(|s| s.to_string_lossy().starts_with("desk"));
        let wanted = |f: &&PathBuf| f.extension().is_some_and(|e| e == "ftl") && !desk(f);
        let name = locale.file_name().to_string_lossy().into_owned();
        // Of two messages of one name the later one holds: what differs follows what it differs from.
        let base = BASED.iter().find(|(own, _)| *own == name).map(|(_, base)| root.join("app/i18n").join(base));
        for folder in base.into_iter().chain([locale.path()]) {
            for file in walk(&folder)?.iter().filter(wanted) {
                text.push_str(&fs::read_to_string(file)?);
                text.push('\n');
            }
        }
        put(out, files, &format!("i18n/{name}.ftl"), text.as_bytes())?;
    }
    Ok(())
}

/// Replaces `url("../fonts/x.woff2")` by the file's hashed address; an address that names no file is an error.
fn rewrite_urls(css: &str, logical: &str, files: &BTreeMap<String, Entry>) -> Result<String> {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find("url(") {
        let (before, tail) = rest.split_at(at + 4);
        let end = tail.find(')').with_context(|| format!("{logical}: url( without )"))?;
        let address = tail[..end].trim().trim_matches(['"', '\'']);
        out.push_str(before);
        if address.starts_with("data:") || address.starts_with('#') {
            out.push_str(&tail[..end]);
        } else {
            let name = resolve(logical, address);
            let found = files.get(&name).with_context(|| format!("{logical}: no file assets/{name}"))?;
            out.push_str(&format!("\"{}\"", found.path));
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    Ok(out)
}

fn resolve(from: &str, address: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in address.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn put(out: &Path, files: &mut BTreeMap<String, Entry>, logical: &str, bytes: &[u8]) -> Result<()> {
    let hash = short(&Sha256::digest(bytes));
    let hashed = match logical.rsplit_once('.') {
        Some((stem, extension)) => format!("assets/{stem}-{hash}.{extension}"),
        None => format!("assets/{logical}-{hash}"),
    };
    let file = out.join(&hashed);
    fs::create_dir_all(file.parent().unwrap_or(out))?;
    fs::write(file, bytes)?;
    files.insert(logical.into(), entry(format!("/{hashed}"), bytes));
    Ok(())
}

fn entry(path: String, bytes: &[u8]) -> Entry {
    Entry { path, size: bytes.len() as u64, integrity: format!("sha384-{}", base64(&Sha384::digest(bytes))) }
}

/// Writes `.br` and `.gz` beside files that are worth it.
fn compress(dir: &Path, quality: u32) -> Result<()> {
    for file in walk(dir)? {
        let kind = file.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
        if !["js", "wasm", "css", "svg", "ftl", "json", "txt", "webmanifest"].contains(&kind.as_str()) {
            continue;
        }
        let bytes = fs::read(&file)?;
        let mut br = brotli::CompressorWriter::new(Vec::new(), 1 << 16, quality, 22);
        br.write_all(&bytes)?;
        fs::write(file.with_extension(format!("{kind}.br")), br.into_inner())?;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(&bytes)?;
        fs::write(file.with_extension(format!("{kind}.gz")), gz.finish()?)?;
    }
    Ok(())
}

/// The hash of everything a client is made from.
fn stamp(root: &Path, how: &str) -> Result<String> {
    let mut all = Sha256::new();
    all.update(how.as_bytes());
    // The builder itself is an input: its layout is what the server reads.
    all.update(include_bytes!("client.rs"));
    for part in ["app", "shared", "assets", "Cargo.toml", "Cargo.lock"] {
        for file in walk(&root.join(part))? {
            let bytes = fs::read(&file)?;
            all.update(file.to_string_lossy().as_bytes());
            all.update(bytes.len().to_le_bytes());
            all.update(bytes);
        }
    }
    Ok(short(&all.finalize()))
}

/// Every file below a folder (or the file itself), in a stable order.
pub(crate) fn walk(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    let mut dirs = vec![path.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).with_context(|| dir.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() { dirs.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn short(hash: &[u8]) -> String {
    hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let n = three.iter().enumerate().fold(0u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let digit = SET[(n >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= three.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_point_at_hashed_fonts() {
        let mut files = BTreeMap::new();
        files.insert("fonts/a.woff2".into(), entry("/assets/fonts/a-1.woff2".into(), b"x"));
        let css = "src: url(\"../../fonts/a.woff2\") x; b: url(data:,y)";
        let out = rewrite_urls(css, "css/brands/f.css", &files).unwrap();
        assert_eq!(out, "src: url(\"/assets/fonts/a-1.woff2\") x; b: url(data:,y)");
        assert!(rewrite_urls("url(../fonts/none.woff2)", "css/x.css", &files).is_err());
    }

    #[test]
    fn the_frame_must_hold_its_marks() {
        let html = "<html lang=\"{lang}\" dir=\"{dir}\"><title>{title}</title>{head}<div id=\"main\"></div><!--boot-->";
        assert!(check_index(html).is_ok());
        assert!(check_index(&html.replace("<!--boot-->", "")).is_err());
    }

    #[test]
    fn base64_follows_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
