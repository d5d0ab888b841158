// The public pages, as a visitor meets them: complete without scripts, alive with them, accessible, walled.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let browser;
let album;
let book;
before(async () => {
  server = await startServer({ shop: "shop" });
  browser = await launch();
  const list = await (await fetch(`${server.url}/catalog`)).text();
  album = list.match(/href="(\/albums\/[^"]+)"/)[1];
  book = list.match(/href="(\/books\/[^"]+)"/)[1];
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const pages = () => ["/", "/catalog", "/catalog?type=album&sort=title", "/search?q=tidewatr", album, book,
  "/artists/sigridur-thorsdottir", "/@nordlicht", "/policies/privacy", "/account"];

test("every page is whole on its own, comes alive quietly and says its language", async () => {
  for (const path of pages()) {
    const { page, faults, close } = await openPage(browser);
    const answer = await page.goto(server.url + path, { waitUntil: "networkidle" });
    assert.equal(answer.status(), 200, path);
    assert.deepEqual(faults.filter((f) => !(path === "/account" && f.includes("401"))), [], path);
    assert.equal(await page.getAttribute("html", "lang"), "en-US");
    assert.equal(await page.locator("h1").count(), 1, path);
    // Alive: the appearance choice is drawn by the client only.
    if (!path.startsWith("/@")) await page.locator("#theme").waitFor({ timeout: 10_000 });
    assert.equal(await page.evaluate(() => globalThis.stolen), undefined, path);
    await close();
  }
});

test("axe finds nothing, in light and in dark, in English and from right to left", async () => {
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }]) {
    for (const path of [...pages(), `${album}?lang=ar-XB`, "/?lang=en-XA"]) {
      const { page, close } = await openPage(browser, options);
      await page.goto(server.url + path, { waitUntil: "networkidle" });
      const rules = options.colorScheme === "dark" ? ["color-contrast"] : undefined;
      assert.deepEqual(await axe(page, rules), [], `${path} ${options.colorScheme}`);
      await close();
    }
  }
});

test("pages read the same without scripts", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(server.url + album);
  assert.match(await page.locator("h1").innerText(), /Tidewater & Other Songs/);
  assert.match(await page.locator("main").innerText(), /Low Water/);
  await page.goto(`${server.url}/catalog`);
  await page.locator("a", { hasText: "Book" }).first().click();
  assert.match(page.url(), /type=book/);
  await page.fill("#search", "tidewatr");
  await page.press("#search", "Enter");
  assert.match(await page.locator("main").innerText(), /Tidewater/);
  await close();
});

test("no page is wider than a small screen", async () => {
  const { page, close } = await openPage(browser, { viewport: { width: 320, height: 800 } });
  for (const path of pages()) {
    await page.goto(server.url + path, { waitUntil: "networkidle" });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${path} is ${over} px too wide`);
  }
  await close();
});

test("links inside the shop load no document, and Back comes back", async () => {
  const { page, faults, close } = await openPage(browser);
  await page.goto(server.url, { waitUntil: "networkidle" });
  await page.locator("#theme").waitFor();
  let documents = 0;
  page.on("request", (r) => (documents += r.resourceType() === "document" ? 1 : 0));
  await page.locator(`a[href="${album}"]`).first().click();
  await page.waitForURL(`**${album}`);
  await page.locator("h1", { hasText: "Tidewater" }).waitFor();
  await page.waitForFunction(() => document.title.includes("Tidewater"));
  await page.goBack();
  await page.waitForURL(`${server.url}/`);
  assert.equal(documents, 0);
  assert.deepEqual(faults, []);
  await close();
});

test("suggestions come while typing, typos forgiven, by keyboard", async () => {
  const { page, faults, close } = await openPage(browser);
  await page.goto(server.url, { waitUntil: "networkidle" });
  await page.locator("#theme").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("sigrdur");
  await page.getByRole("option", { name: /Sigríður/ }).first().waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("the place decides prices and words: market, currency, language", async () => {
  const { page, close } = await openPage(browser);
  await page.goto(server.url + album);
  assert.match(await page.locator("main").innerText(), /\$29\.00/);
  await page.goto(`${server.url}/preferences?country=DE&lang=de-DE&to=${encodeURIComponent(album)}`);
  assert.equal(new URL(page.url()).pathname, album);
  assert.match(await page.locator("main").innerText(), /23,00\s€/);
  assert.equal(await page.getAttribute("html", "lang"), "de-DE");
  await close();
});

test("what is not public is not there", async () => {
  for (const query of ["Not+Finished+Yet", "Unlisted+Album"]) {
    const text = await (await fetch(`${server.url}/search?q=${query}`)).text();
    assert.doesNotMatch(text, /\/albums\/(not-finished|unlisted)/, query);
  }
  assert.equal((await fetch(`${server.url}/nowhere`)).status, 404);
  assert.equal((await fetch(`${server.url}/rpc/nowhere`)).status, 404);
  assert.equal((await fetch(`${server.url}/@nobody`)).status, 404);
});

test("an empty result says what each filter would bring, and a lost address searches for what it meant", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(`${server.url}/catalog?type=album&year=1801`);
  assert.match(await page.locator("main").innerText(), /Without 1801: one work/);
  for (const path of ["/albums/blue-harbour-w_00000000000000000000000000", "/blue-harbour"]) {
    assert.equal((await page.goto(server.url + path)).status(), 404);
    assert.equal(await page.inputValue("main [name=q]"), "blue harbour", path);
  }
  await close();
});

test("addresses have one form", async () => {
  const id = album.slice(album.lastIndexOf("w_"));
  const moved = await fetch(`${server.url}/albums/old-name-${id}`, { redirect: "manual" });
  assert.equal(moved.status, 308);
  assert.equal(moved.headers.get("location"), album);
});

test("storefronts answer on their own host", async () => {
  const port = new URL(server.url).port;
  const { page, faults, close } = await openPage(browser);
  const answer = await page.goto(`http://nordlicht.localhost:${port}/catalog`, { waitUntil: "networkidle" });
  assert.equal(answer.status(), 200);
  // It only shows: what one does there leads to the marketplace's host, where session and cart are.
  const work = await page.locator(".card-title a").first().getAttribute("href");
  await page.goto(`http://nordlicht.localhost:${port}${work}`, { waitUntil: "networkidle" });
  assert.equal(await page.getByRole("button", { name: "Add to cart" }).count(), 0);
  await page.getByRole("link", { name: "Buy it at Vitrine" }).click();
  await page.waitForURL(server.url + work);
  await page.getByRole("button", { name: "Add to cart" }).waitFor();
  await page.goto(`http://nordlicht.localhost:${port}/@nordlicht`, { waitUntil: "networkidle" });
  await page.getByRole("link", { name: "Send me the link" }).click();
  await page.waitForURL(`${server.url}/@nordlicht#letters`);
  await page.goto(`http://nordlicht.localhost:${port}/cart?x=1`);
  assert.equal(page.url(), `${server.url}/cart?x=1`);
  assert.deepEqual(faults, []);
  const stranger = await page.goto(`http://nobody.localhost:${port}/`);
  assert.equal(stranger.status(), 421);
  await close();
});

test("pages carry their policy, and acts from elsewhere are refused", async () => {
  const answer = await fetch(server.url + album);
  const policy = answer.headers.get("content-security-policy");
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  const port = new URL(server.url).port;
  for (const origin of [`http://nordlicht.localhost:${port}`, "https://evil.example", "null"]) {
    const refused = await fetch(`${server.url}/auth/logout`, { method: "POST", headers: { origin } });
    assert.equal(refused.status, 403, origin);
  }
});

test("a person signs in, sees their account, and signs out", async () => {
  const { page, faults, close } = await openPage(browser);
  await page.goto(`${server.url}/auth/login?to=/account`, { waitUntil: "networkidle" });
  await page.fill("input[type=email]", "buyer@vitrine.example");
  await page.keyboard.press("Enter");
  await page.fill("input[type=password]", "listen-and-read");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account");
  await page.locator("h1", { hasText: "Bea Buyer" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(`${server.url}/`);
  await page.goto(`${server.url}/account`);
  await page.locator("h1", { hasText: "Your account" }).waitFor();
  // Leaving a page before its files are all there is not a fault.
  assert.deepEqual(faults.filter((f) => !f.includes("401")), []);
  await close();
});
