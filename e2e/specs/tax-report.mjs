// What a seller sold is held against the sales from which on laws want a registration.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, fits, launch, openPage } from "../lib/browser.mjs";
import { fill, from, pay, place, signIn, works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

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

test("a sale to France counts for the Union's threshold of a German seller, and for no other", async () => {
  const buyer = await openPage(browser);
  await from(buyer.page, server, "FR");
  await fill(buyer.page, server, [(await works(server)).album]);
  await place(buyer.page, server, "acheteur@example.org");
  await pay(buyer.page);
  await buyer.page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  await buyer.close();

  const { page, faults, close } = await openPage(browser, { locale: "en-US" });
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio/tax");
  // The document is issued by a job after the payment.
  const deadline = Date.now() + 20_000;
  while (!(await page.locator("td", { hasText: /^France$/ }).count())) {
    assert.ok(Date.now() < deadline, "no document came");
    await page.reload();
  }
  await page.getByLabel("Country").selectOption({ label: "Germany" });
  await page.locator("#thresholds").getByRole("button", { name: "Show" }).click();
  await page.waitForURL("**country=DE**");
  const year = new Date().getUTCFullYear();
  const row = (words) => page.locator("#thresholds tr", { hasText: words });
  // 8.00 with the 20 % of France in it: 8.00 / 1.2.
  const union = await row("Sales to consumers in other member states").innerText();
  assert.match(union, new RegExp(`${year}: €6.67\\s+${year - 1}: €0.00`), union);
  const home = await row("Small businesses of the country").innerText();
  assert.match(home, new RegExp(`${year}: €0.00`), home);
  assert.deepEqual(await axe(page), []);
  await fits(page);
  assert.deepEqual(faults, []);
  await close();
});
