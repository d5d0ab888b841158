// How a parcel is sent: chosen by the buyer, with and without scripts, paid, and said to both sides.
import assert from "node:assert/strict";
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

const main = (page) => page.locator("main").innerText();

for (const javaScriptEnabled of [true, false]) {
  test(`a buyer chooses the dearer way ${javaScriptEnabled ? "with" : "without"} scripts, pays for it, and everybody reads it`, async () => {
    const { page, close } = await openPage(browser, { javaScriptEnabled });
    const email = `${javaScriptEnabled ? "with" : "without"}@example.org`;
    await from(page, server, "DE");
    await fill(page, server, [shop.book]);
    assert.match(await main(page), /Express: Arrives 1 to 2 days after it is sent\s+€14\.90\s+Standard\s+€8\.90/);
    await page.goto(`${server.url}/checkout`);
    const group = page.getByRole("group", { name: "How should Paper Press send it?" });
    assert.ok(await group.getByRole("radio", { name: "Standard" }).isChecked(), "the cheapest is chosen before anybody does");
    assert.match(await page.locator(".trade-total").innerText(), /€20\.90/);
    for (const part of await page.locator("details.fold").all()) {
      if ((await part.getAttribute("open")) === null) await part.locator("summary").click();
    }
    await page.fill("[name=name]", "Gast Muster");
    await group.locator("label", { hasText: "Express" }).click();
    await group.getByRole("button", { name: "Work out again" }).click();
    await page.locator(".trade-total", { hasText: "€26.90" }).waitFor();
    assert.ok(await group.getByRole("radio", { name: "Express" }).isChecked());
    assert.equal(await page.inputValue("[name=name]"), "Gast Muster", "what was typed stays");
    if (javaScriptEnabled) assert.deepEqual(await axe(page), []);
    await page.setViewportSize({ width: 360, height: 740 });
    if (javaScriptEnabled) assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360));
    await place(page, server, email);
    await pay(page);
    await page.waitForURL("**/orders/**");
    await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
    assert.match(await main(page), /Sent by: Express\. Arrives 1 to 2 days after it is sent[\s\S]*Shipping Express\s+€14\.90/);
    const order = page.url();
    assert.match(await mail(page, server, "Your receipt: €26.90", email), /Shipping · Express/);
    await page.goto(order);
    await page.getByRole("link", { name: "Invoice" }).first().click();
    await page.waitForURL("**/invoices/**");
    assert.match(await main(page), /Shipping · Express/);
    await close();
    const staff = await openPage(browser);
    await signIn(staff.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
    await staff.page.goto(`${server.url}/admin?q=${encodeURIComponent(email)}`);
    await staff.page.locator("table a").first().click();
    await staff.page.waitForURL("**/admin/orders/**");
    assert.match(await main(staff.page), /Shipping Express\s+€14\.90/);
    await staff.close();
  });
}

test("a way that is not offered any more is said at its choice, and nothing typed is lost", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await from(page, server, "DE");
  await fill(page, server, [shop.book]);
  await page.goto(`${server.url}/checkout`);
  const cookies = (await page.context().cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
  const field = await page.locator("[name^=ship_]").first().getAttribute("name");
  const form = new URLSearchParams({ attempt: "attempt-0123456789", seen_minor: "2090", seen_currency: "EUR", nothing_owned: "1", email: "gone@example.org",
    name: "Gast Muster", line1: "Weg 1", postcode: "10115", city: "Berlin", country: "DE", accept_licence: "1", accept_waiver: "1", [field]: "pigeon" });
  const answer = await fetch(`${server.url}/checkout/place`, { method: "POST", body: form, headers: { cookie: cookies, origin: server.url }, redirect: "manual" });
  assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/checkout"]);
  await page.goto(`${server.url}/checkout`);
  const text = await main(page);
  assert.match(text, /Choose how it is sent: what you chose is not offered/);
  assert.match(text, /€20\.90/);
  assert.equal(await page.inputValue("[name=email]"), "gone@example.org");
  assert.ok(await page.getByRole("radio", { name: "Standard" }).isChecked());
  await close();
});
