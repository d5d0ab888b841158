// Where a buyer of files lives: a card of another country is asked about before it is charged, one piece of evidence alone after it;
// what stays open is on the staff's list. Without scripts too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, fits, launch, openPage } from "../lib/browser.mjs";
import { fill, from, mail, pay, place, signIn, works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

/** Test cards that say where their issuer is. */
const SWISS = "4000 0075 6000 0009";
const FRENCH = "4000 0025 0000 0003";
const GERMAN = "4000 0027 6000 0016";

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

/** An album bought with this card, as far as the provider leads back to the order. */
const buys = async (email, card, options = {}) => {
  const buyer = await openPage(browser, options);
  await from(buyer.page, server, "DE");
  await fill(buyer.page, server, [shop.album]);
  await place(buyer.page, server, email);
  await pay(buyer.page, card);
  await buyer.page.waitForURL("**/orders/**");
  return buyer;
};

test("a card of another country waits for the buyer's answer, and the answer takes the money", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, close } = await buys(`here-${javaScriptEnabled}@example.org`, SWISS, { javaScriptEnabled });
    const asked = page.locator("form#place");
    await asked.getByRole("heading", { name: "Where do you live?" }).waitFor();
    assert.match(await asked.innerText(), /Your card is from Switzerland, and the order is for Germany[\s\S]*Nothing is charged before you answer/);
    assert.equal(await page.getByRole("link", { name: "Go to payment" }).count(), 0, "the card is approved");
    if (javaScriptEnabled) {
      assert.deepEqual(await axe(page), []);
      await fits(page);
    }
    await asked.getByRole("button", { name: "I live in Germany" }).click();
    await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
    assert.equal(await page.locator("form#place").count(), 0);
    assert.match(await page.locator(".timeline").innerText(), /you were asked where you live[\s\S]*You said where you live/);
    await close();
  }
});

test("who lives where the card is from is back at the checkout with the cart and that country", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, close } = await buys(`there-${javaScriptEnabled}@example.org`, FRENCH, { javaScriptEnabled });
    await page.locator("form#place").getByRole("button", { name: "I live in France" }).click();
    await page.waitForURL("**/checkout");
    assert.equal(await page.inputValue("[name=country]"), "FR");
    assert.match(await page.locator(".trade-side").innerText(), /Harbour Lights/);
    await close();
  }
});

test("a card of the address's own country is not asked about", async () => {
  const { page, close } = await buys("agrees@example.org", GERMAN);
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  assert.equal(await page.locator("form#place").count(), 0);
  await close();
});

test("what was said at the form is not asked again", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album]);
  await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
  const box = page.getByRole("checkbox", { name: "I live in Germany" });
  assert.equal(await box.getAttribute("required"), null, "nobody must");
  assert.deepEqual(await axe(page), []);
  await box.check();
  await page.fill("[name=email]", "said@example.org");
  for (const accepted of ["accept_licence", "accept_waiver"]) if (await page.locator(`[name=${accepted}]`).count()) await page.check(`[name=${accepted}]`);
  await page.locator(".trade-side button.button-primary").click();
  await page.waitForURL(/simulator\/pay/);
  await pay(page, SWISS);
  await page.waitForURL("**/orders/**");
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  assert.equal(await page.locator("form#place").count(), 0);
  await close();
});

test("one piece alone is asked about after paying, by mail too, and staff see what is open until it is said", async () => {
  const email = "alone@example.org";
  const { page, close } = await buys(email, undefined);
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  const order = page.url();
  assert.match(await page.locator("form#place").innerText(), /only your address says it/);
  assert.match(await mail(page, server, "Your receipt", email), /Say where you live/);

  const staff = await openPage(browser);
  await signIn(staff.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  const list = staff.page.locator("section", { has: staff.page.getByRole("heading", { name: "Where do these buyers live?" }) });
  await list.getByText("has not answered yet").first().waitFor();
  assert.deepEqual(await axe(staff.page), []);
  const rows = await list.locator("li").count();
  await list.locator("li a").last().click();
  await staff.page.waitForURL("**/admin/orders/**");
  await staff.page.getByRole("heading", { name: "Where the buyer lives was looked at" }).waitFor();
  assert.deepEqual(await axe(staff.page), []);

  await page.goto(order);
  await page.locator("form#place").getByRole("button", { name: "I live in Germany" }).click();
  await page.locator("form#place").waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  await staff.page.goto(`${server.url}/admin`);
  assert.equal(await list.locator("li").count(), rows - 1);
  await staff.close();
  await close();
});

test("staff take an order off the list with a reason, and it is in the trail", async () => {
  const { page, close } = await buys("open@example.org", undefined);
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  await mail(page, server, "Your receipt", "open@example.org");
  const staff = await openPage(browser);
  await signIn(staff.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  await staff.page.getByRole("heading", { name: "Where do these buyers live?" }).waitFor();
  await staff.page.goto(`${server.url}/admin?q=open%40example.org`);
  await staff.page.locator("table a").first().click();
  await staff.page.waitForURL("**/admin/orders/**");
  await staff.page.fill("[name=place_reason]", "Asked by telephone");
  await staff.page.getByRole("button", { name: "Off the list" }).click();
  await staff.page.waitForURL("**done=1**");
  assert.match(await staff.page.locator("main").innerText(), /Asked by telephone/);
  assert.equal(await staff.page.locator("[name=place_reason]").count(), 0);
  await staff.close();
  await close();
});
