// A gift card: bought for somebody else, spent in part by them, and refunded to.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, fits, launch, openPage } from "../lib/browser.mjs";
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

/** The code of a mail to this address. */
async function code(page, to) {
  return (await mail(page, server, "A gift card for you: €25.00", to)).match(/[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/)[0];
}

test("a card is bought for somebody else, corrected, spent in part, and gets a refund back", async () => {
  const giver = await openPage(browser);
  await from(giver.page, server, "DE");
  await giver.page.goto(`${server.url}/@nordlicht`);
  await giver.page.getByRole("link", { name: "Buy a gift card" }).click();
  await giver.page.getByRole("heading", { name: "Gift cards of Nordlicht" }).waitFor();
  assert.deepEqual(await axe(giver.page), []);
  await fits(giver.page);
  // What is wrong is said at its field, and what was typed stays.
  await giver.page.locator("label[for=amount-2500]").click();
  await giver.page.fill("[name=recipient_email]", "kin@example.org");
  await giver.page.fill("[name=recipient]", "Kim");
  await giver.page.fill("[name=sender]", "Lou");
  await giver.page.fill("[name=message]", "For long evenings");
  await giver.page.fill("[name=pieces]", "11");
  await giver.page.fill("[name=email]", "lou@example.org");
  await giver.page.getByRole("button", { name: "Pay for the gift card" }).click();
  await giver.page.getByText("Write a number from 1 to 10").first().waitFor();
  assert.equal(await giver.page.inputValue("[name=message]"), "For long evenings");
  assert.equal(await giver.page.isChecked("[name=amount][value='2500']"), true);
  assert.deepEqual(await axe(giver.page), []);
  await giver.page.fill("[name=pieces]", "1");
  await giver.page.getByRole("button", { name: "Pay for the gift card" }).click();
  await giver.page.waitForURL(/simulator\/pay/);
  await pay(giver.page);
  await giver.page.waitForURL("**/orders/**");
  await giver.page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  const order = giver.page.url();
  const first = await openPage(browser);
  const wrong = await code(first.page, "kin@example.org");
  // The address had a slip of the finger.
  await giver.page.goto(order);
  assert.match(await giver.page.locator("main").innerText(), /Was sent to kin@example\.org/);
  await giver.page.getByText("Send it to another address").click();
  await giver.page.getByLabel("Their e-mail address").fill("kim@example.org");
  assert.deepEqual(await axe(giver.page), []);
  await fits(giver.page);
  await giver.page.getByRole("button", { name: "Send it there" }).click();
  await giver.page.getByText("The card goes to the address you wrote.").waitFor();
  const right = await code(first.page, "kim@example.org");
  assert.notEqual(right, wrong);
  assert.match(await first.page.locator("body").innerText(), /Hello Kim,[\s\S]*Lou gives you a gift card[\s\S]*For long evenings[\s\S]*what Nordlicht sells/);
  assert.match(await mail(first.page, server, "Your receipt: €25.00", "lou@example.org"), /no tax invoice/);
  await giver.page.goto(order);
  assert.ok(!(await giver.page.content()).includes(right), "who gives it sees no code");

  const kim = await openPage(browser);
  await from(kim.page, server, "DE");
  await fill(kim.page, server, [shop.album]);
  await kim.page.goto(`${server.url}/checkout`);
  for (const [typed, said] of [[wrong, "cannot be used"], [right, "pays €8.00"]]) {
    for (const part of await kim.page.locator("details.fold").all()) {
      if ((await part.getAttribute("open")) === null) await part.locator("summary").click();
    }
    await kim.page.fill("[name=email]", "kim@example.org");
    await kim.page.fill("[name=code]", typed);
    await kim.page.locator("button[name=again]").first().click();
    await kim.page.getByText(said, { exact: false }).first().waitFor();
  }
  await place(kim.page, server, "kim@example.org");
  await kim.page.waitForURL("**/orders/**");
  await kim.page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  await giver.page.goto(order);
  assert.match(await giver.page.locator("main").innerText(), /something of it was spent/);

  // A refund of what it paid for goes back to it.
  const staff = await openPage(browser);
  await signIn(staff.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  await staff.page.goto(`${server.url}/admin?q=kim%40example.org`);
  await staff.page.locator("table a").first().click();
  await staff.page.waitForURL("**/admin/orders/**");
  const refund = (page) => `${page.url().split("?")[0]}/refund?line=0`;
  const spent = await openPage(browser);
  await signIn(spent.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  await spent.page.goto(`${server.url}/admin?q=lou%40example.org`);
  await spent.page.locator("table a").first().click();
  await spent.page.waitForURL("**/admin/orders/**");
  await spent.page.goto(refund(spent.page));
  await spent.page.fill("[name=reason]", "they did not want it");
  await spent.page.getByRole("button", { name: "Refund", exact: true }).click();
  await spent.page.getByText("More of these gift cards was spent than that").first().waitFor();
  assert.equal(await spent.page.inputValue("[name=reason]"), "they did not want it");
  await spent.close();
  await staff.page.goto(refund(staff.page));
  await staff.page.fill("[name=reason]", "not what they thought");
  await staff.page.getByRole("button", { name: "Refund", exact: true }).click();
  await staff.page.waitForURL((url) => !`${url}`.includes("/refund"));
  await mail(first.page, server, "Refund", "kim@example.org");
  await giver.page.goto(order);
  assert.match(await giver.page.locator("main").innerText(), /Was sent to kim@example\.org/);
  for (const one of [giver, first, kim, staff]) await one.close();
});

test("without scripts a card is bought the same", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await from(page, server, "DE");
  await page.goto(`${server.url}/gift-cards/nordlicht`);
  await page.locator("label[for=amount-named]").click();
  await page.fill("[name=named]", "12,50");
  await page.locator("label[for=to-self]").click();
  await page.fill("[name=email]", "plain@example.org");
  await page.getByRole("button", { name: "Pay for the gift card" }).click();
  await page.waitForURL(/simulator\/pay/);
  await pay(page);
  await page.waitForURL("**/orders/**");
  assert.match(await page.locator("main").innerText(), /plain@example\.org/);
  await mail(page, server, "A gift card for you: €12.50", "plain@example.org");
  await close();
});
