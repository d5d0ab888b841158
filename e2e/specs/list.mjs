// A long list, as a reader goes through it: more comes by itself, the address follows, Back finds the place again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";

const WORKS = 190;
const PAGES = 8;
let server;
let browser;
before(async () => {
  server = await startServer({ rows: catalogue() });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A shop of many posters. */
function catalogue() {
  const rows = [
    { type: "tenant", ref: "press", name: "Press", currency: "EUR", locale: "en-US", fee_bps: 1000,
      legal: { name: "Press GmbH", address: ["Weg 1", "10115 Berlin"], country: "DE", email: "a@press.example", registrations: ["DE"], invoice_prefix: "PRS" } },
    { type: "store", ref: "press-store", tenant: "press", handle: "press", name: "Press", ships_from: "DE" },
    { type: "maker", ref: "ann", tenant: "press", kind: "author", name: "Ann Printer" },
  ];
  for (let i = 1; i <= WORKS; i++) {
    const number = String(i).padStart(3, "0");
    rows.push({ type: "work", ref: `book-${number}`, store: "press-store", kind: "book", title: `Volume ${number}`, makers: ["ann"], released: "2020-01-01",
      products: [{ ref: "print", kind: "physical", title: "Print", tax_class: "printed_book",
        variants: [{ sku: `V-${number}`, stock: 5, weight_g: 100, prices: [{ region: "world", currency: "USD", minor: 1000 }] }] }] });
  }
  return rows.map((row) => JSON.stringify(row)).join("\n");
}

const first = "/catalog?type=book&sort=title";
const at = (page) => page.url().slice(server.url.length);
const cards = (page) => page.locator(".listing .card-title");
const pageInAddress = (number) => new RegExp(`[?&]page=${number}(&|$)`);

test("pages come as the reader goes on, the address says which one, and then the footer can be reached", async () => {
  const { page, faults, close } = await openPage(browser);
  await page.goto(server.url + first, { waitUntil: "networkidle" });
  await page.locator("#theme").waitFor();
  assert.equal(await cards(page).count(), 24);
  for (const count of [48, 72, 96]) {
    await page.mouse.wheel(0, 20_000);
    await page.waitForFunction((n) => document.querySelectorAll(".listing .card-title").length === n, count);
  }
  const more = page.getByRole("button", { name: "Show more" });
  await page.mouse.wheel(0, 20_000);
  await more.waitFor();
  await page.waitForFunction(() => scrollY + innerHeight >= document.documentElement.scrollHeight - 2);
  // Four pages are there; the end of the document stays in reach until the reader asks for more.
  assert.equal(await cards(page).count(), 96);
  assert.match(at(page), pageInAddress(4));
  assert.ok(await page.locator("footer").first().evaluate((e) => e.getBoundingClientRect().top < innerHeight));
  await more.click();
  await page.waitForFunction(() => document.querySelectorAll(".listing .card-title").length >= 120);
  // The first of the new ones has the focus, so a keyboard goes on from there.
  await page.waitForFunction(() => document.activeElement?.closest("li")?.dataset.page === "5");
  const titles = await cards(page).allInnerTexts();
  assert.equal(new Set(titles).size, titles.length, "a work shows twice");
  assert.deepEqual(titles, [...titles].sort(), "out of order");
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForFunction(() => !location.search.includes("page="));
  assert.match(await page.locator("nav.pagination [aria-current=page]").innerText(), /^[5-8]$/);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(faults, []);
  await close();
});

test("an address in the middle opens there and grows both ways", async () => {
  const { page, faults, close } = await openPage(browser);
  await page.goto(`${server.url}${first}&page=${PAGES}`, { waitUntil: "networkidle" });
  await page.getByRole("button", { name: `Show page ${PAGES - 1}` }).click();
  await page.waitForFunction(() => document.activeElement?.closest("li")?.dataset.page === "7");
  assert.equal(await cards(page).count(), 24 + (WORKS - 24 * (PAGES - 1)));
  assert.equal(await page.getByRole("button", { name: "Show more" }).count(), 0);
  assert.deepEqual(faults, []);
  await close();
});

test("Back and a reload find the place and the focus again", async () => {
  const { page, faults, close } = await openPage(browser);
  await page.goto(server.url + first, { waitUntil: "networkidle" });
  await page.locator("#theme").waitFor();
  await page.mouse.wheel(0, 20_000);
  await page.waitForFunction(() => document.querySelectorAll(".listing .card-title").length === 48);
  const link = page.locator(".card-title a", { hasText: "Volume 040" });
  await link.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => location.search.includes("page=2"));
  const top = () => link.evaluate((e) => e.getBoundingClientRect().top);
  const before = await top();
  await link.click();
  await page.locator("h1", { hasText: "Volume 040" }).waitFor();
  assert.equal(await page.evaluate(() => scrollY), 0, "a new page begins at its top");
  await page.goBack();
  await page.waitForFunction(() => document.activeElement?.textContent === "Volume 040");
  assert.ok(Math.abs((await top()) - before) < 4, `left at ${before}, back at ${await top()}`);
  await page.reload({ waitUntil: "networkidle" });
  await page.waitForFunction(() => document.activeElement?.textContent === "Volume 040");
  assert.ok(Math.abs((await top()) - before) < 4, `reloaded at ${await top()}, left at ${before}`);
  assert.deepEqual(faults, []);
  await close();
});

test("a page that does not arrive says so and is asked for again", async () => {
  const { page, close } = await openPage(browser);
  await page.goto(server.url + first, { waitUntil: "networkidle" });
  await page.locator("#theme").waitFor();
  await page.route("**/rpc/**", (route) => route.abort());
  await page.mouse.wheel(0, 20_000);
  await page.getByRole("alert").filter({ hasText: "did not arrive" }).waitFor();
  assert.equal(await cards(page).count(), 24);
  await page.unroute("**/rpc/**");
  await page.getByRole("button", { name: "Show more" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".listing .card-title").length >= 48);
  assert.equal(await page.getByRole("alert").filter({ hasText: "did not arrive" }).count(), 0);
  await close();
});
