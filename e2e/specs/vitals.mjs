// Nothing jumps, pictures come in the size they are shown, and a press on a slow phone is answered at once.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { launch, openPage } from "../lib/browser.mjs";
import { works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";
import { acts, alive, look, phone, share, visit, watch } from "../lib/vitals.mjs";

/** Longest time from a press to the next picture, milliseconds, on a processor four times slower. */
const PRESS_MS = 200;
const MOST_SHIFT = 0.02;

let server;
let browser;
let pages;
before(async () => {
  server = await startServer({ shop: "market" });
  browser = await launch();
  const shop = await works(server);
  pages = { home: "/", catalogue: "/catalog", album: shop.album, book: shop.book, cart: "/cart" };
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("nothing moves while a page loads, comes alive and is looked through", async () => {
  for (const [name, path] of Object.entries(pages)) {
    for (const options of [phone, {}]) {
      const { page, close } = await openPage(browser, options);
      const seen = await watch(page);
      await page.goto(server.url + path, { waitUntil: "networkidle" });
      await alive(page);
      await look(page);
      const { shift, shifts } = seen();
      assert.ok(shift < MOST_SHIFT, `${name} moves by ${shift}: ${shifts.join("; ")}`);
      await close();
    }
  }
});

test("pictures say their size and what else there is of them, and wait below the fold", async () => {
  for (const path of ["/", "/catalog", pages.album]) {
    const { page, close } = await openPage(browser, phone);
    await page.goto(server.url + path, { waitUntil: "networkidle" });
    const pictures = await page.locator("main img").evaluateAll((all) => all.map((img) => ({
      at: img.getBoundingClientRect().top, src: img.currentSrc, sized: img.hasAttribute("width") && img.hasAttribute("height"), loading: img.loading, priority: img.fetchPriority,
      sources: [...(img.closest("picture")?.querySelectorAll("source") ?? [])].map((s) => ({ sizes: s.sizes, widths: s.srcset.split(",").filter((c) => /\s\d+w$/.test(c)).length })) })));
    assert.ok(pictures.length > 0, path);
    for (const picture of pictures) {
      assert.ok(picture.sized && picture.sources.length > 0, `${path} ${picture.src}`);
      for (const { sizes, widths } of picture.sources) assert.ok(sizes && sizes !== "100vw" && widths > 1, `${path} ${picture.src}: ${widths} widths for "${sizes}"`);
    }
    // Neither the home's large work nor this album has a cover here.
    if (path === "/catalog") assert.deepEqual([pictures[0].loading, pictures[0].priority], ["eager", "high"], `${path}: the first picture`);
    for (const picture of pictures.filter((p) => p.at > phone.viewport.height * 2)) assert.equal(picture.loading, "lazy", `${path} ${picture.src}`);
    await close();
  }
});

/** A square picture of stripes, as wide as covers are made for. */
function striped(side) {
  const part = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const row = Buffer.from(Array.from({ length: side + 1 }, (_, x) => (x ? x & 255 : 0)));
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), part("IHDR", header), part("IDAT", deflateSync(Buffer.concat(Array(side).fill(row)))), part("IEND", Buffer.alloc(0))]);
}

test("of the widths there are of a picture the one that comes is at most a step wider than what is shown", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-covers-"));
  let covered;
  try {
    await writeFile(join(folder, "cover.png"), striped(1_000));
    const work = (n) => ({ type: "work", ref: `striped-${n}`, store: "nord", kind: "album", title: `Striped ${n}`, makers: ["ida"], released: `2026-02-1${n}`, genres: ["ambient"], cover: { file: "cover.png", alt: "Stripes" },
      products: [{ ref: "lp", kind: "physical", title: "LP", tax_class: "physical_music", variants: [{ sku: `ST-${n}`, weight_g: 400, stock: 9, prices: [{ region: "eu", currency: "EUR", minor: 2000 }] }] }] });
    await writeFile(join(folder, "catalog.jsonl"), Array.from({ length: 6 }, (_, n) => JSON.stringify(work(n))).join("\n"));
    covered = await startServer({ shop: "market", folder });
    const album = (await (await fetch(`${covered.url}/catalog`)).text()).match(/href="(\/albums\/striped-3-w_[^"]+)"/)[1];
    for (const [name, options] of Object.entries({ phone, desk: {} })) {
      const came = new Set();
      for (const path of ["/", "/catalog", "/search?q=striped", album, "/artists/ida-strand", "/@nordlicht"]) {
        const { page, close } = await openPage(browser, options);
        await page.goto(covered.url + path, { waitUntil: "networkidle" });
        await look(page);
        await page.waitForFunction(() => [...document.querySelectorAll("main img")].every((img) => img.complete && img.currentSrc));
        const pictures = await page.locator("main img").evaluateAll((all) => Promise.all(all.map(async (img) => {
          // The picture's own width: the one in the page says it in pixels of the layout.
          const itself = new Image();
          itself.src = img.currentSrc;
          await itself.decode();
          const candidates = [...img.closest("picture").querySelectorAll("source")].map((s) => s.srcset.split(",").map((c) => c.trim().split(/\s+/))).find((all) => all.some(([url]) => url === img.currentSrc));
          // What is there already for a larger picture of the page is taken for a smaller one too.
          const same = all.filter((other) => other.currentSrc === img.currentSrc).map((other) => other.getBoundingClientRect().width);
          return { shown: Math.max(...same) * devicePixelRatio, came: itself.naturalWidth, told: parseInt(candidates?.find(([url]) => url === img.currentSrc)[1]), offered: (candidates ?? []).map(([, width]) => parseInt(width)) };
        })));
        assert.ok(pictures.filter((p) => p.offered.length === 5).length >= 5, `${name} ${path}: ${pictures.length} pictures`);
        for (const { shown, came: wide, told, offered } of pictures) {
          const what = `${name} ${path}: ${wide} pixels came for ${Math.round(shown)}, of ${offered}`;
          assert.equal(wide, told, `${what}, told as ${told}`);
          const steps = offered.filter((width) => width > shown && width <= wide).length;
          assert.ok(steps <= 1, what);
          came.add(wide);
        }
        await close();
      }
      t.diagnostic(`${name}: ${[...came].sort((a, b) => a - b).join(", ")} pixels came`);
      assert.ok(came.size > 1, `${name}: all pictures come in one width`);
    }
  } finally {
    await covered?.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test("typing, facets and the cart answer at once on a slow processor", async (t) => {
  for (const [what, [name, act]] of Object.entries(acts)) {
    let presses = [];
    // A document that a press leads away from may be gone before it tells of the press.
    for (let i = 0; i < 5 && presses.length === 0; i++) {
      const { page, seen, close } = await visit(browser, server, pages[name]);
      await alive(page);
      await page.waitForLoadState("networkidle");
      await act(page);
      presses = seen().presses;
      await close();
    }
    // A busy machine lets the document go each time: then nothing was measured of this one press, which says nothing of the shop.
    if (presses.length === 0 && what === "adding to the cart") {
      t.diagnostic(`${what}: the press's time was not told`);
      continue;
    }
    assert.ok(presses.length > 0, `${what}: no press was seen`);
    t.diagnostic(`${what}: ${presses.length} presses, p75 ${share(presses, 75)} ms, max ${share(presses, 100)} ms`);
    assert.ok(share(presses, 75) < PRESS_MS, `${what}: ${presses.join(" ")} ms`);
  }
});
