// What a cache in front of the shop needs: names that never change, packed forms with tags of their own, announcements.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync, brotliDecompressSync, gzipSync } from "node:zlib";
import { works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let shop;
let folder;
let files;
const given = process.env.VITRINE_TEST_PUBLIC;
before(async () => {
  // The quick build packs nothing; one sheet packed here stands for all.
  folder = await mkdtemp(join(tmpdir(), "vitrine-public-"));
  await cp(given, folder, { recursive: true });
  files = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")).files;
  const sheet = join(folder, files["css/site.css"].path);
  const text = await readFile(sheet);
  await writeFile(`${sheet}.br`, brotliCompressSync(text));
  await writeFile(`${sheet}.gz`, gzipSync(text));
  process.env.VITRINE_TEST_PUBLIC = folder;
  server = await startServer({ shop: "market" });
  shop = await works(server);
});
after(async () => {
  process.env.VITRINE_TEST_PUBLIC = given;
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const get = (path, headers = {}) => fetch(server.url + path, { headers: { "accept-encoding": "identity", ...headers } });

test("every built file is kept for ever under a name of its content, with a tag", async () => {
  for (const [name, { path }] of Object.entries(files)) {
    const answer = await get(path);
    assert.equal(answer.status, 200, name);
    assert.match(path, /-[0-9a-f]{16}[./]/, name);
    assert.equal(answer.headers.get("cache-control"), "public, max-age=31536000, immutable", name);
    assert.equal(answer.headers.get("vary"), "accept-encoding", name);
    assert.match(answer.headers.get("etag"), /^"[0-9a-f]{16}"$/, name);
    assert.equal(answer.headers.get("last-modified"), null, name);
    assert.equal((await get(path, { "if-none-match": answer.headers.get("etag") })).status, 304, name);
  }
  assert.equal((await get(files["shop/shop_bg.wasm"].path)).headers.get("content-type"), "application/wasm");
});

test("packed forms are told apart", async () => {
  const { path } = files["css/site.css"];
  const plain = await get(path);
  const packed = await get(path, { "accept-encoding": "gzip, br" });
  const zipped = await get(path, { "accept-encoding": "gzip" });
  assert.deepEqual([plain, packed, zipped].map((a) => a.headers.get("content-encoding")), [null, "br", "gzip"]);
  assert.equal(await plain.text(), await packed.text());
  const tags = [plain, packed, zipped].map((a) => a.headers.get("etag"));
  assert.equal(new Set(tags).size, 3, tags.join());
  const other = await get(path, { "accept-encoding": "gzip", "if-none-match": tags[1] });
  assert.equal(other.status, 200, "the tag is of another form");
  const same = await get(path, { "accept-encoding": "br", "if-none-match": tags[1] });
  assert.deepEqual([same.status, same.headers.get("etag"), await same.text()], [304, tags[1], ""]);
});

test("what a release packs unpacks to the same", async () => {
  const packed = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".br"));
  assert.ok(packed.length > 0);
  for (const name of packed) {
    const plain = await readFile(join(folder, name.slice(0, -3)));
    assert.ok(brotliDecompressSync(await readFile(join(folder, name))).equals(plain), name);
  }
});

test("a file that is not there yet is not kept as missing", async () => {
  const answer = await get("/assets/css/shop-0000000000000000.css");
  assert.deepEqual([answer.status, answer.headers.get("cache-control")], [404, "no-store"]);
});

test("pages announce what they need, and only what is there", async () => {
  for (const [path, alive] of [["/", true], [shop.album, true], ["/cart", true], ["/albums/nothing-w_00000000000000000000000000", true], ["/studio", false]]) {
    const answer = await get(path, { accept: "text/html" });
    const links = (answer.headers.get("link") ?? "").split(", ").map((link) => link.match(/^<([^>]+)>; (.*)$/));
    const of = (words) => links.filter((link) => link[2].includes(words)).map((link) => link[1]);
    assert.equal(of("as=font").length, 2, path);
    assert.equal(of("as=style").length, 1, path);
    const html = await answer.text();
    for (const sheet of of("as=style")) assert.ok(html.includes(`href="${sheet}"`), `${path} ${sheet}`);
    assert.equal(of("rel=modulepreload").length, alive ? 2 : 0, path);
    const [module] = links.filter((link) => link[2].includes("application/wasm"));
    assert.equal(Boolean(module), alive, path);
    // Never before the page on a phone, and after it elsewhere.
    if (module) assert.match(module[2], /fetchpriority=low; media="\(min-width/, path);
    for (const link of links) assert.equal((await get(link[1])).status, 200, link[0]);
  }
});

test("media are kept for ever too, by whoever stands between", async () => {
  const html = await (await get(shop.album)).text();
  const address = html.match(/src="(http:\/\/files\.[^"]+\/m\/[^"]+)"/)[1];
  const host = new URL(address).host;
  const path = new URL(address).pathname;
  const port = new URL(server.url).port;
  const media = (headers = {}) => new Promise((done, failed) => import("node:http").then(({ request }) => request({ host: "127.0.0.1", port, path, headers: { host, ...headers } }, done).on("error", failed).end()));
  const answer = await media();
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
  assert.equal(answer.headers["access-control-allow-origin"], "*");
  answer.resume();
  const again = await media({ "if-none-match": answer.headers.etag });
  assert.equal(again.statusCode, 304);
  again.resume();
});
