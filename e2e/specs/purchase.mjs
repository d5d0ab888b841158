// Buying: two shops in one payment, with and without scripts, as a guest and with an account; what comes of it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { axe, launch, openPage } from "../lib/browser.mjs";
import { fill, from, mail, pay, place, signIn, works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let browser;
let shop;
before(async () => {
  server = await startServer({ shop: "market" });
  browser = await launch();
  shop = await works(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Entries of a ZIP that holds its files as they are: name and first bytes. */
function entries(zip) {
  const found = [];
  for (let at = 0; zip.readUInt32LE(at) === 0x04034b50; ) {
    const [method, size] = [zip.readUInt16LE(at + 8), zip.readUInt32LE(at + 18)];
    const [name, extra] = [zip.readUInt16LE(at + 26), zip.readUInt16LE(at + 28)];
    const body = at + 30 + name + extra;
    assert.equal(method, 0);
    found.push({ name: zip.toString("utf8", at + 30, at + 30 + name), bytes: zip.subarray(body, body + size) });
    at = body + size;
  }
  return found;
}

async function saved(page, press) {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()), url: download.url() };
}

test("a guest buys from two shops at once and gets files, a mail and two invoices", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album, shop.book]);
  const cart = await page.locator("main").innerText();
  assert.match(cart, /Nordlicht[\s\S]*Harbour Lights[\s\S]*€8\.00/);
  assert.match(cart, /Paper Press[\s\S]*Paper Boats[\s\S]*Shipping\s+€8\.90/);
  await place(page, server, "guest@example.org");
  await pay(page);
  await page.waitForURL("**/orders/**");
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  const order = page.url();
  assert.match(await page.locator("main").innerText(), /€28\.90 were paid[\s\S]*Digital album · ready[\s\S]*Paperback · is being packed/);
  const zip = await saved(page, () => page.getByRole("button", { name: "Download Harbour Lights" }).click());
  assert.equal(zip.name, "Harbour Lights.zip");
  const files = entries(zip.bytes);
  assert.equal(files.filter((f) => f.name.endsWith(".ogg") && f.bytes.toString("latin1", 0, 4) === "OggS").length, 2);
  const original = await readFile(new URL("../fixtures/market/files/1.ogg", import.meta.url));
  assert.ok(files.some((f) => f.bytes.equals(original)));
  const receipt = await mail(page, server, "Your receipt: €28.90", "guest@example.org");
  assert.match(receipt, /Nordlicht[\s\S]*NL-\d{4}-00001[\s\S]*Paper Press[\s\S]*PP-\d{4}-00001/);
  await page.goto(order);
  await page.reload();
  const invoices = await page.locator("main a", { hasText: "Invoice" }).evaluateAll((links) => links.map((l) => l.href));
  assert.equal(invoices.length, 2);
  await page.goto(invoices[0]);
  assert.match(await page.locator("main").innerText(), /Simplified invoice NL-\d{4}-00001[\s\S]*Nordlicht Musik GmbH[\s\S]*Gast Muster[\s\S]*19%/);
  // Business details come afterwards, as a document of their own.
  await page.locator("details.invoice-amend summary").click();
  await page.fill("[name=company]", "Muster & Co. KG");
  await page.fill("[name=address]", "Kontorhaus 1\n20095 Hamburg\nDE");
  await page.getByRole("button", { name: "Add them" }).click();
  await page.getByRole("heading", { name: /Corrected invoice NLA-\d{4}-00001/ }).waitFor();
  assert.match(await page.locator("main").innerText(), /Amends invoice NL-\d{4}-00001[\s\S]*Muster & Co\. KG[\s\S]*20095 Hamburg[\s\S]*Harbour Lights[\s\S]*19%/);
  assert.deepEqual(await axe(page), []);
  await page.goto(invoices[0]);
  await page.getByRole("link", { name: /NLA-\d{4}-00001/ }).waitFor();
  assert.deepEqual(await axe(page), []);
  // Neither the order nor the invoice opens without the secret.
  for (const address of [order, invoices[0]]) assert.equal((await fetch(address.split("?")[0])).status, 404);
  await close();
});

test("everything works without scripts, from the work to the download", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await from(page, server, "DE");
  await fill(page, server, [shop.album]);
  await place(page, server, "plain@example.org");
  await pay(page);
  await page.waitForURL("**/orders/**");
  assert.match(await page.locator("h1").innerText(), /paid/);
  const zip = await saved(page, () => page.getByRole("button", { name: "Download Harbour Lights" }).click());
  assert.equal(entries(zip.bytes).length, 2);
  await close();
});

test("a decline says why and keeps the cart; what was typed stays", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album]);
  await page.goto(`${server.url}/checkout`);
  // The browser's own check would stop an empty form; the server must too.
  await page.locator("form[action='/checkout/place']").evaluate((form) => (form.noValidate = true));
  await page.fill("[name=email]", "not an address");
  await page.locator(".trade-side button.button-primary").click();
  await page.getByText("Please check these").waitFor();
  assert.equal(await page.inputValue("[name=email]"), "not an address");
  assert.equal(await page.getAttribute("[name=email]", "aria-invalid"), "true");
  await place(page, server, "declined@example.org");
  await pay(page, "4000 0000 0000 0002");
  await page.getByText("declined the card").first().waitFor();
  await page.goto(`${server.url}/cart`);
  assert.match(await page.locator("main").innerText(), /Harbour Lights/);
  await close();
});

test("a folded part of the checkout opens for what must be corrected", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.free]);
  await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
  const who = page.locator("details.fold").first();
  await page.fill("[name=email]", "fold@example.org");
  await who.locator("summary").click();
  assert.equal(await page.locator("[name=email]").isVisible(), false);
  assert.match(await who.innerText(), /fold@example\.org/);
  await who.locator("summary").click();
  await page.fill("[name=email]", "");
  await who.locator("summary").click();
  await page.locator(".trade-side button.button-primary").click();
  assert.equal(await page.evaluate(() => document.activeElement.name), "email");
  await close();
});

test("a free work needs no payment", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.free]);
  await place(page, server, "free@example.org");
  assert.match(page.url(), /\/orders\//);
  await page.getByRole("button", { name: "Download Free Tide" }).waitFor();
  await close();
});

test("a cart survives signing in, and the library plays what was bought", async () => {
  const { page, faults, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album]);
  await signIn(page, server, "buyer@vitrine.example", "listen-and-read", "/cart");
  await page.getByRole("link", { name: "Harbour Lights" }).waitFor();
  await place(page, server, "buyer@vitrine.example");
  await pay(page);
  await page.waitForURL("**/orders/**");
  await page.getByRole("link", { name: "Open in the library" }).or(page.getByRole("button", { name: /Download/ })).first().waitFor();
  await page.goto(`${server.url}/my-products`);
  await page.getByLabel("Search what you own").fill("nowhere at all");
  await page.getByLabel("Search what you own").press("Enter");
  await page.getByText("Nothing you own fits").waitFor();
  await page.getByLabel("Search what you own").fill("harbor");
  await page.getByLabel("Search what you own").press("Enter");
  await page.waitForURL("**/my-products?q=harbor");
  await page.getByText("New", { exact: true }).first().waitFor();
  await page.getByRole("link", { name: "Harbour Lights" }).click();
  await page.waitForURL("**/my-products/w_*");
  await page.getByRole("button", { name: "Play First Light" }).first().click();
  await page.waitForFunction(() => document.querySelector("#vitrine-sound").currentTime > 0.2);
  const one = await saved(page, () => page.getByRole("button", { name: /Everything as a ZIP/ }).click());
  assert.equal(entries(one.bytes).length, 2);
  // The link is the buyer's: somebody else's session does not open it, nobody's does.
  await page.goto(`${server.url}/invoices`);
  await page.getByRole("link", { name: /Simplified invoice NL-/ }).first().waitFor();
  // The work's own page knows its owner: no price in the way, whole tracks, and the way to buy it again.
  await page.goto(server.url + shop.album);
  const yours = page.getByRole("region", { name: "What you own" });
  await yours.getByRole("button", { name: /Everything as a ZIP/ }).waitFor();
  await yours.getByRole("heading", { name: "Licence as you accepted it" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Add to cart" }).isVisible(), false);
  await page.getByText("Buy again, or another edition").click();
  assert.equal(await page.getByRole("button", { name: "Add to cart" }).isVisible(), true);
  assert.deepEqual(await axe(page), []);
  await yours.getByRole("button", { name: "Play all" }).click();
  await page.waitForFunction(() => document.querySelector("#vitrine-sound").currentSrc.includes("/s/"));
  await yours.getByRole("link", { name: "See the invoice" }).click();
  await page.waitForURL("**/invoices/inv_*");
  const other = await openPage(browser);
  await signIn(other.page, server, "creator@vitrine.example", "make-and-publish");
  const refused = await other.page.goto(one.url);
  assert.equal(refused.status(), 403);
  assert.match(await other.page.locator("h1").innerText(), /made for somebody else/);
  await other.close();
  // A download ends the navigation that asked for it.
  assert.deepEqual(faults, []);
  await close();
});

test("a film has a trailer with captions, and plays with them once it is owned", async () => {
  const { page, faults, close } = await openPage(browser);
  await from(page, server, "DE");
  const plays = async () => {
    await page.locator("video").waitFor();
    const cues = await page.evaluate(async () => {
      const film = document.querySelector("video");
      film.muted = true;
      await film.play();
      film.textTracks[0].mode = "showing";
      const track = film.querySelector("track");
      if (track.readyState !== 2) await new Promise((loaded, failed) => { track.onload = loaded; track.onerror = failed; });
      return [film.textTracks[0].language, ...[...film.textTracks[0].cues].map((cue) => cue.text)];
    });
    assert.deepEqual(cues, ["en", "[A tone]", "[The tone goes on]"]);
    await page.waitForFunction(() => document.querySelector("video").currentTime > 0.2);
  };
  await page.goto(server.url + shop.film, { waitUntil: "networkidle" });
  await page.getByRole("heading", { name: "Trailer" }).waitFor();
  await plays();
  assert.deepEqual(await axe(page), []);
  await fill(page, server, [shop.film]);
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/cart");
  await place(page, server, "creator@vitrine.example");
  await page.waitForURL("**/orders/**");
  await page.goto(`${server.url}/my-products`);
  await page.getByRole("link", { name: "Tide Study" }).click();
  await page.waitForURL("**/my-products/w_*");
  await plays();
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(faults, []);
  await close();
});

test("an episode is read by everybody, and its times play once it is owned", async () => {
  const { page, faults, close } = await openPage(browser);
  await from(page, server, "DE");
  await page.goto(server.url + shop.podcast, { waitUntil: "networkidle" });
  assert.deepEqual(await page.locator(".part-title").allInnerTexts(), ["High Water", "Low Water"]);
  await page.getByText("Notes", { exact: true }).click();
  assert.equal(await page.locator(".part a.moment").count(), 0, "there is nothing to lead into");
  await page.getByRole("link", { name: "Transcript (English)" }).click();
  await page.waitForURL("**/transcript/1?language=en");
  await page.getByRole("heading", { name: "Low Water" }).waitFor();
  assert.match(await page.locator("main").innerText(), /0:00\s+Ida: A tone & nothing else\.\s+0:01\s+Joe: And it goes on\./);
  assert.equal(await page.locator("button.moment").count(), 0);
  assert.deepEqual(await axe(page), []);
  await page.getByRole("link", { name: "Deutsch" }).click();
  await page.getByText("Ein Ton, sonst nichts.").waitFor();
  const plain = await (await fetch(`${server.url}${shop.podcast}/transcript/1`)).text();
  assert.match(plain, /And it goes on\./);
  for (const path of ["/transcript/2", "/transcript/9", "/transcript/1?language=fr"]) {
    assert.equal((await fetch(server.url + shop.podcast + path)).status, 404, path);
  }
  await fill(page, server, [shop.podcast]);
  await signIn(page, server, "buyer@vitrine.example", "listen-and-read", "/cart");
  await place(page, server, "buyer@vitrine.example");
  await page.waitForURL("**/orders/**");
  const from1 = () => page.waitForFunction(() => {
    const sound = document.querySelector("#vitrine-sound");
    return sound.currentSrc.includes("/s/") && sound.currentTime >= 1;
  });
  await page.goto(server.url + shop.podcast);
  await page.getByText("This is yours").waitFor();
  await page.getByText("Notes", { exact: true }).click();
  await page.getByRole("link", { name: "0:01" }).click();
  await from1();
  assert.match(page.url(), new RegExp(`${shop.podcast}$`), "the page stays");
  assert.deepEqual(await axe(page), []);
  await page.goto(`${server.url}${shop.podcast}/transcript/1`);
  await page.getByRole("button", { name: "Play from 0:01" }).click();
  await from1();
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(faults, []);
  await close();
});

test("what a guest bought is in the library of the account with the same address", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.free]);
  await place(page, server, "staff@vitrine.example");
  await page.getByRole("button", { name: "Download Free Tide" }).waitFor();
  await signIn(page, server, "staff@vitrine.example", "help-and-refund", "/my-products");
  await page.getByRole("link", { name: "Free Tide" }).waitFor();
  await close();
});

test("cart, checkout, order and library are accessible and fit a phone", async () => {
  const { page, close } = await openPage(browser, { viewport: { width: 320, height: 700 } });
  await from(page, server, "DE");
  await fill(page, server, [shop.album, shop.book]);
  const look = async (what) => {
    assert.deepEqual(await axe(page), [], what);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${what} scrolls sideways`);
  };
  await page.goto(`${server.url}/cart`, { waitUntil: "networkidle" });
  await look("cart");
  await page.getByRole("button", { name: "Keep for later: Paper Boats" }).click();
  await page.getByRole("heading", { name: "Kept for later" }).waitFor();
  await look("cart with a line kept for later");
  await page.getByRole("button", { name: "Put back into the cart: Paper Boats" }).click();
  await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
  await look("checkout");
  await place(page, server, "phone@example.org");
  await pay(page);
  await page.waitForURL("**/orders/**");
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  await look("order");
  await signIn(page, server, "buyer@vitrine.example", "listen-and-read", "/my-products");
  await page.waitForLoadState("networkidle");
  await look("library");
  await close();
});

test("a line is kept for later, comes back, and leaves with an undo, without scripts too", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, close } = await openPage(browser, { javaScriptEnabled });
    await from(page, server, "DE");
    await fill(page, server, [shop.book, shop.album]);
    await page.getByRole("button", { name: "Keep for later: Paper Boats" }).click();
    await page.getByRole("heading", { name: "Kept for later" }).waitFor();
    assert.match(await page.locator(".trade-side .trade-total").innerText(), /€8\.00/);
    await page.getByRole("button", { name: "Put back into the cart: Paper Boats" }).click();
    await page.locator(".trade-side .trade-total", { hasText: "€28.90" }).waitFor();
    await page.getByRole("button", { name: "Remove Paper Boats" }).click();
    await page.locator(".trade-side .trade-total", { hasText: "€8.00" }).waitFor();
    await page.getByRole("button", { name: "Put it back" }).click();
    await page.locator(".trade-side .trade-total", { hasText: "€28.90" }).waitFor();
    assert.match(await page.locator("main").innerText(), /Paper Boats[\s\S]*left/);
    await close();
  }
});

test("a link to a download that is not one shows a page, and programs get the problem", async () => {
  const { page, close } = await openPage(browser);
  const answer = await page.goto(`${server.url}/d/${"0".repeat(32)}`);
  assert.ok([404, 410].includes(answer.status()), `${answer.status()}`);
  assert.equal(await page.locator("h1").count(), 1);
  const program = await fetch(`${server.url}/d/${"0".repeat(32)}`, { headers: { accept: "application/json" } });
  assert.match(program.headers.get("content-type"), /problem\+json/);
  await close();
});

test("case 28: buying again what one owns is asked, in words, before any money", async () => {
  const { page, close } = await openPage(browser, { viewport: { width: 360, height: 780 } });
  await from(page, server, "DE");
  await signIn(page, server, "creator@vitrine.example", "make-and-publish");
  await fill(page, server, [shop.album], true);
  await place(page, server, "creator@vitrine.example");
  await pay(page);
  await page.waitForURL("**/orders/**");
  await fill(page, server, [shop.album], true);
  await page.goto(`${server.url}/checkout`);
  const asked = page.getByRole("group", { name: "You have this already" });
  await asked.getByRole("listitem").first().waitFor();
  // What was agreed to for one purchase is not agreed to for the next.
  for (const box of ["accept_licence", "accept_waiver", "buy_again"]) assert.equal(await page.locator(`[name=${box}]`).isChecked(), false, box);
  assert.deepEqual(await axe(page), []);
  // As a browser that does not look at what is required.
  await page.locator("form.trade-columns").evaluate((form) => (form.noValidate = true));
  for (const box of ["accept_licence", "accept_waiver"]) if (await page.locator(`[name=${box}]`).count()) await page.check(`[name=${box}]`);
  await page.locator(".trade-side button.button-primary").click();
  await page.getByRole("link", { name: /Say that you want to buy it again/ }).waitFor();
  assert.match(page.url(), /\/checkout$/);
  await place(page, server, "creator@vitrine.example");
  await page.waitForURL(/simulator\/pay/);
  await close();
});
