// Before the client is there: it stays out of the page's way, a press brings it, and nothing that was pressed or typed is lost.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { alive, phone } from "../lib/vitals.mjs";

let server;
let browser;
before(async () => {
  server = await startServer({ shop: "market" });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Holds what is asked for at addresses that fit; answers what lets it go. */
async function held(page, pattern) {
  let go;
  const gone = new Promise((done) => (go = done));
  await page.route(pattern, async (route) => {
    await gone;
    await route.continue().catch(() => {});
  });
  return go;
}

/** Waits until the page keeps what is pressed. */
const listens = (page) => page.evaluate(() => import(performance.getEntriesByType("resource").find((r) => r.name.endsWith("/boot.js")).name).then(() => true));

test("on a phone the client is fetched after the pictures, or with the first press", async () => {
  const { page, faults, close } = await openPage(browser, phone);
  const asked = [];
  page.on("request", (r) => asked.push(new URL(r.url()).pathname));
  const go = await held(page, /\/m\/[0-9a-f]/);
  await page.goto(`${server.url}/catalog`, { waitUntil: "domcontentloaded" });
  await page.waitForFunction(() => performance.getEntriesByType("resource").some((r) => r.name.endsWith("/boot.js")));
  assert.ok(asked.some((path) => path.startsWith("/m/")), "no picture was asked for");
  assert.ok(!asked.some((path) => path.endsWith(".wasm")), "the client came before the pictures");
  const client = page.waitForRequest((r) => r.url().endsWith(".wasm"));
  await page.locator("#search").tap();
  await client;
  await alive(page);
  go();
  assert.deepEqual(faults, []);
  await close();
});

test("what is pressed and typed before it is there is done when it is there", async () => {
  const { page, faults, close } = await openPage(browser);
  const go = await held(page, "**/*.wasm");
  await page.goto(`${server.url}/catalog`);
  await listens(page);
  await page.getByRole("button", { name: "Smaller covers" }).click();
  await page.locator("#search").pressSequentially("harb");
  assert.equal(await page.locator("#theme").count(), 0);
  go();
  await alive(page);
  await page.getByRole("button", { name: "Larger covers" }).waitFor();
  await page.locator("[role=option]").first().waitFor();
  assert.equal(await page.inputValue("#search"), "harb");
  assert.deepEqual(faults, []);
  await close();
});

test("words typed before it is there are searched for after they were left", async () => {
  const { page, close } = await openPage(browser);
  const go = await held(page, "**/*.wasm");
  await page.goto(server.url);
  await listens(page);
  await page.locator("#search").pressSequentially("harbour");
  await page.locator(".mark").focus();
  go();
  await alive(page);
  assert.equal(await page.getAttribute("#search", "aria-expanded"), "false", "a list opened at a field that was left");
  await page.locator(".search-go").click();
  await page.waitForURL("**/search?q=harbour");
  await close();
});

test("a shortcut pressed before it is there works when it is there", async () => {
  const { page, close } = await openPage(browser);
  const go = await held(page, "**/*.wasm");
  await page.goto(server.url);
  await listens(page);
  await page.keyboard.press("/");
  go();
  await page.waitForFunction(() => document.activeElement?.id === "search");
  await close();
});

test("what is pressed when it is there is done once, however soon", async () => {
  const { page, faults, close } = await openPage(browser);
  await page.addInitScript(() => {
    let told;
    // Pressed in the very moment in which the client says that it answers.
    const press = () => {
      told();
      queueMicrotask(() => document.querySelector(".listing-bar > .needs-script button").click());
    };
    Object.defineProperty(window, "__vitrine_alive", { set: (act) => (told = act), get: () => press });
  });
  await page.goto(`${server.url}/catalog`);
  await page.getByRole("button", { name: "Larger covers" }).waitFor();
  // What was kept would be done again a task later.
  await page.evaluate(() => new Promise((go) => setTimeout(() => setTimeout(go))));
  assert.equal(await page.getByRole("button", { name: "Larger covers" }).count(), 1);
  assert.deepEqual(faults, []);
  await close();
});
