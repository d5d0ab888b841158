// Why a price and its tax are what they are: from the item to the order, and of what goes back of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, fits, launch, openPage } from "../lib/browser.mjs";
import { fill, from, pay, place, signIn, works } from "../lib/buying.mjs";
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

const text = (page) => page.locator("main").innerText();

test("an item says why it costs what it does, in each country, with and without scripts", async () => {
  // 8.00 with 19 % inside in Germany and 20 % in France: 8 / 1.19 = 6.72, 8 / 1.20 = 6.67.
  const taxes = { DE: /19% of €6\.72 is €1\.28\. UStG § 12/, FR: /20% of €6\.67 is €1\.33/ };
  for (const javaScriptEnabled of [true, false]) {
    for (const country of ["DE", "FR"]) {
      const { page, close } = await openPage(browser, { javaScriptEnabled });
      await from(page, server, country);
      await page.goto(server.url + shop.album);
      await page.getByRole("link", { name: "Why this price and this tax?" }).click();
      await page.waitForURL(`**/price${shop.album}`);
      const said = await text(page);
      assert.match(said, /Harbour Lights: price €8\.00 from the shop’s price list/);
      assert.match(said, taxes[country]);
      assert.match(said, /Together €8\.00/);
      if (javaScriptEnabled) assert.deepEqual(await axe(page), []);
      await fits(page);
      await close();
    }
  }
  for (const path of ["/price/albums/nothing-w_00000000000000000000000001", "/price/things/x"]) {
    assert.equal((await fetch(server.url + path)).status, 404, path);
  }
});

test("an order says where it was taxed and why, and a refund how it was worked out", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album]);
  await place(page, server, "why@example.org");
  await pay(page);
  await page.waitForURL("**/orders/**");
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  await page.getByText("Why this price and this tax?").click();
  const said = await text(page);
  assert.match(said, /Place of the purchase: Germany, by your address/);
  assert.match(said, /19% of €6\.72 is €1\.28/);
  assert.deepEqual(await axe(page), []);
  await fits(page);
  await close();

  const staff = await openPage(browser);
  await signIn(staff.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  await staff.page.goto(`${server.url}/admin?q=why%40example.org`);
  await staff.page.locator("table a").first().click();
  await staff.page.waitForURL("**/admin/orders/**");
  const order = staff.page.url().split("?")[0];
  await staff.page.goto(`${order}/refund?line=0&amount-0=3`);
  await staff.page.getByText("How was this worked out?").first().click();
  const steps = staff.page.getByRole("region", { name: "How was this worked out?" }).getByRole("row");
  const cells = (await steps.allInnerTexts()).map((row) => row.split(/\t/).map((cell) => cell.trim()));
  // 3.00 of 8.00: tax 1.28 * 3 / 8 = 0.48.
  assert.deepEqual(cells.slice(1).map((row) => row.slice(1)), [
    ["€8.00", "€0.00", "€3.00", "€5.00"],
    ["€1.28", "€0.00", "€0.48", "€0.80"],
    ["€6.72", "€0.00", "€2.52", "€4.20"],
    ["€8.00", "€0.00", "€3.00", "€5.00"],
  ]);
  assert.match(cells[1][0], /Harbour Lights · Digital album: the chosen amount/);
  assert.match(cells[2][0], /of that USt 19% \(DE\)/);
  assert.deepEqual(await axe(staff.page), []);
  await fits(staff.page);
  await staff.page.fill("[name=reason]", "Scratched");
  await staff.page.getByRole("button", { name: "Refund", exact: true }).click();
  await staff.page.waitForURL((url) => !`${url}`.includes("/refund"));
  await staff.close();

  // The seller's list has the refund's amounts in parentheses.
  const seller = await openPage(browser);
  await signIn(seller.page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  const rows = await seller.page.getByRole("row", { name: /Refund/ }).allInnerTexts();
  assert.match(rows.join(" "), /\(€2\.52\)/);
  assert.doesNotMatch(await text(seller.page), /-€/);
  await seller.close();
});
