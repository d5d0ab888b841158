// An invoice that should not be: staff make it void, and everybody sees what holds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, launch, openPage } from "../lib/browser.mjs";
import { fill, from, mail, pay, place, signIn, works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

const WHY = "The seller's company was wrong.";

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

test("staff make an invoice void, the buyer reads why and has another in its place", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album]);
  await place(page, server, "void@example.org");
  await pay(page);
  await page.waitForURL("**/orders/**");
  const order = new URL(page.url());
  await mail(page, server, "Your receipt: €8.00", "void@example.org");
  const key = order.searchParams.get("key");
  const { parts } = await (await fetch(`${server.url}/api/orders/${order.pathname.split("/").pop()}?key=${key}`)).json();
  const first = new URL(parts[0].invoice_href, server.url).href;
  const staff = await openPage(browser);
  await signIn(staff.page, server, "staff@vitrine.example", "help-and-refund", `/admin/orders/${parts[0].id}`);
  await staff.page.getByRole("heading", { name: /Make invoice NL-\d{4}-00001 void/ }).waitFor();
  assert.deepEqual(await axe(staff.page), []);
  const form = staff.page.locator("form[action$='/void']");
  await form.locator("[name=void_reason]").fill(WHY);
  await form.getByRole("button", { name: "Make it void" }).click();
  await staff.page.getByRole("heading", { name: /Make invoice NL-\d{4}-00002 void/ }).waitFor();
  assert.match(await staff.page.locator("main").innerText(), /NL-\d{4}-00001[\s\S]*NLC-\d{4}-00001[\s\S]*NL-\d{4}-00002[\s\S]*invoice\.voided[\s\S]*company was wrong/);
  assert.match(await mail(page, server, /Invoice NL-\d{4}-00001 was replaced/, "void@example.org"), /company was wrong[\s\S]*NL-\d{4}-00002[\s\S]*NLC-\d{4}-00001/);
  // What is void stays readable and leads to what holds; nothing is added to it.
  await page.goto(first);
  const said = await page.locator("main").innerText();
  assert.match(said, /Void invoice NL-\d{4}-00001[\s\S]*Void since[\s\S]*company was wrong[\s\S]*Harbour Lights/);
  assert.equal(await page.locator("details.invoice-amend").count(), 0);
  assert.deepEqual(await axe(page), []);
  await page.getByRole("link", { name: /NL-\d{4}-00002/ }).click();
  await page.getByRole("heading", { name: /Simplified invoice NL-\d{4}-00002/ }).waitFor();
  assert.match(await page.locator("main").innerText(), /In the place of NL-\d{4}-00001/);
  assert.deepEqual(await axe(page), []);
  await page.goto(order.href);
  const leads = await page.locator("main a", { hasText: "Invoice" }).first().getAttribute("href");
  assert.notEqual(new URL(leads, server.url).pathname, new URL(first).pathname);
  await Promise.all([close(), staff.close()]);
});

test("an invoice is printed as paper: all of it and nothing that only a screen has", async () => {
  const { page, close } = await openPage(browser, { colorScheme: "dark", viewport: { width: 794, height: 1123 } });
  await from(page, server, "DE");
  await fill(page, server, [shop.album, shop.book]);
  await place(page, server, "paper@example.org");
  await pay(page);
  await page.waitForURL("**/orders/**");
  await mail(page, server, /Your receipt/, "paper@example.org");
  await page.goto(page.url());
  await page.locator("main a", { hasText: "Invoice" }).first().click();
  await page.locator("article.invoice").waitFor();
  const steps = page.locator("article.invoice ol.explain li");
  assert.ok((await steps.count()) > 2);
  assert.equal(await steps.first().isVisible(), false, "on a screen it is opened");
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await steps.first().waitFor();
  for (const shown of ["h1", "address", "table", ".sums", ".invoice-rounding"]) assert.ok(await page.locator(`article.invoice ${shown}`).first().isVisible(), shown);
  for (const gone of [".header", ".footer", ".invoice-amend", ".fault-ways", ".notice"]) {
    for (const one of await page.locator(gone).all()) assert.equal(await one.isVisible(), false, gone);
  }
  const [ground, ink, over] = await page.evaluate(() => {
    const style = getComputedStyle(document.body);
    return [style.backgroundColor, getComputedStyle(document.querySelector("article.invoice td")).color, document.documentElement.scrollWidth > innerWidth];
  });
  assert.deepEqual([ground, ink, over], ["rgb(255, 255, 255)", "rgb(0, 0, 0)", false]);
  await close();
});
