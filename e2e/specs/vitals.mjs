// Nothing jumps, pictures come in the size they are shown, and a press on a slow phone is answered at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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

test("pictures say their size, wait below the fold and are no larger than they are shown", async () => {
  for (const path of ["/", "/catalog", pages.album]) {
    const { page, close } = await openPage(browser, phone);
    await page.goto(server.url + path, { waitUntil: "networkidle" });
    const pictures = await page.locator("main img").evaluateAll((all) => all.map((img) => ({
      at: img.getBoundingClientRect().top, shown: img.getBoundingClientRect().width * devicePixelRatio, came: img.naturalWidth * (img.currentSrc ? 1 : 0),
      src: img.currentSrc, sized: img.hasAttribute("width") && img.hasAttribute("height"), loading: img.loading, priority: img.fetchPriority,
      largest: Math.max(0, ...[...(img.closest("picture")?.querySelectorAll("source") ?? [])].flatMap((s) => s.srcset.split(",").map((c) => parseInt(c.trim().split(" ")[1])))),
      sizes: [...(img.closest("picture")?.querySelectorAll("source") ?? [])].every((s) => s.sizes) })));
    assert.ok(pictures.length > 0, path);
    for (const picture of pictures) assert.ok(picture.sized && picture.sizes, `${path} ${picture.src}`);
    // Neither the home's large work nor this album has a cover here.
    if (path === "/catalog") assert.deepEqual([pictures[0].loading, pictures[0].priority], ["eager", "high"], `${path}: the first picture`);
    for (const picture of pictures.filter((p) => p.at > phone.viewport.height * 2)) assert.equal(picture.loading, "lazy", `${path} ${picture.src}`);
    await close();
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
