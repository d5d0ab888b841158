// Public pages kept in memory: what tells them apart, how they are sent, and that nothing old is shown.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage } from "../lib/browser.mjs";
import { signIn, works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let browser;
let shop;
before(async () => {
  server = await startServer({ shop: "market", metrics: true });
  browser = await launch();
  shop = await works(server);
  // A job of the import still adds a smaller cover to the film beside it; the kept page is made anew when it did.
  const deadline = Date.now() + 30_000;
  while (!(await (await fetch(server.url + shop.album)).text()).includes("image/avif")) assert.ok(Date.now() < deadline, "the film's cover");
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A number of the server's own, by the beginning of its line. */
async function counted(name) {
  const text = await (await fetch(server.metrics)).text();
  return Number(text.match(new RegExp(`^${name} (\\d+)`, "m"))?.[1] ?? 0);
}

/** Two documents are the same; says where they are not, in few words. */
function same(one, other) {
  const at = [...one].findIndex((c, i) => c !== other[i]);
  assert.ok(one === other, `differ at ${at}: ${one.slice(at - 80, at + 80)} | ${other.slice(at - 80, at + 80)}`);
}

test("a public page is kept packed, told apart by place and language, and is the same for who is signed in", async () => {
  const get = (headers = {}, path = shop.album) => fetch(server.url + path, { headers });
  const first = await get({ "accept-encoding": "br" });
  assert.equal(first.headers.get("content-encoding"), "br");
  assert.match(first.headers.get("vary"), /accept-encoding.*cookie/);
  const plain = await (await get({ "accept-encoding": "identity" })).text();
  same(await first.text(), plain);
  const again = await get({ "accept-encoding": "br", "if-none-match": first.headers.get("etag") });
  assert.deepEqual([again.status, await again.text()], [304, ""]);
  const zipped = await get({ "accept-encoding": "gzip", "if-none-match": first.headers.get("etag") });
  assert.deepEqual([zipped.status, zipped.headers.get("content-encoding")], [200, "gzip"]);
  const german = await (await get({ cookie: "vitrine_prefs=lang=de-DE&country=DE" })).text();
  assert.match(german, /lang="de-DE"/);
  assert.match(german, /8,00\s€/);
  assert.doesNotMatch(plain, /8,00/);
  const { page, close } = await openPage(browser);
  await signIn(page, server, "buyer@vitrine.example", "listen-and-read");
  const session = (await page.context().cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
  assert.match(session, /__Host-/);
  same(await (await get({ cookie: session, "accept-language": "en-US" })).text(), await (await get({ "accept-language": "en-US" })).text());
  await close();
  // Many at once make it once; what is not found is not kept.
  const fresh = `/catalog?year=${1900 + Math.floor(Math.random() * 100)}`;
  const made = await counted("page_cache_made_total");
  const answers = await Promise.all(Array.from({ length: 40 }, () => get({}, fresh).then((a) => a.text())));
  assert.equal(new Set(answers).size, 1);
  assert.equal(await counted("page_cache_made_total"), made + 1);
  for (let i = 0; i < 2; i++) assert.equal((await get({}, "/albums/nothing-w_00000000000000000000000000")).status, 404);
  assert.equal(await counted("page_cache_made_total"), made + 3);
});
