// A discount code from the seller's form to the buyer's payment and the refund of it.
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

test("a seller makes a code, a buyer uses it, and a refund is of what was paid", async () => {
  const seller = await openPage(browser);
  await signIn(seller.page, server, "creator@vitrine.example", "make-and-publish", "/studio/promotions");
  await seller.page.getByRole("link", { name: "New promotion" }).first().click();
  // What is wrong is said at its field, and what was typed stays.
  await seller.page.fill("[name=code]", "HALF");
  await seller.page.fill("[name=rate]", "150");
  await seller.page.getByRole("button", { name: "Save" }).click();
  await seller.page.getByText("Write a percentage like 10 or 12.5").first().waitFor();
  assert.equal(await seller.page.inputValue("[name=code]"), "HALF");
  await seller.page.fill("[name=rate]", "50");
  await seller.page.fill("[name=items]", "HL-D");
  await seller.page.fill("[name=total]", "1");
  await seller.page.getByRole("button", { name: "Save" }).click();
  await seller.page.waitForURL("**/studio/promotions/promo_**");
  assert.deepEqual(await axe(seller.page), []);
  await fits(seller.page);

  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album]);
  for (const code of ["NOTHING", "half"]) {
    await page.getByLabel("Discount code", { exact: true }).fill(code);
    await page.getByRole("button", { name: "Use code" }).click();
    await page.getByRole("list", { name: "Discount codes" }).getByText(code, { exact: false }).first().waitFor();
  }
  const cart = await page.locator("main").innerText();
  assert.match(cart, /half takes off €4\.00/);
  assert.match(cart, /NOTHING takes nothing off: it is not valid here and today/);
  assert.deepEqual(await axe(page), []);
  await fits(page);
  await page.getByRole("button", { name: "Take out NOTHING" }).click();
  await page.waitForFunction(() => !document.querySelector("main").innerText.includes("NOTHING"));
  await page.goto(`${server.url}/checkout`);
  assert.match(await page.locator("main").innerText(), /Discount\s+HALF\s+-?−?€?-?4\.00[\s\S]*half takes off €4\.00/);
  assert.deepEqual(await axe(page), []);
  await place(page, server, "codes@example.org");
  await pay(page);
  await page.waitForURL("**/orders/**");
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  assert.match(await page.locator("main").innerText(), /€4\.00 were paid[\s\S]*HALF/);

  // The only use is gone.
  const other = await openPage(browser);
  await from(other.page, server, "DE");
  await fill(other.page, server, [shop.album]);
  await other.page.getByLabel("Discount code", { exact: true }).fill("HALF");
  await other.page.getByRole("button", { name: "Use code" }).click();
  await other.page.getByRole("list", { name: "Discount codes" }).getByText("it has been used as often as it can be").first().waitFor();
  await other.close();

  await seller.page.goto(`${server.url}/studio/promotions`);
  assert.match(await seller.page.locator("main").innerText(), /HALF[\s\S]*Used up[\s\S]*1 of 1/);
  await seller.close();

  const staff = await openPage(browser);
  await signIn(staff.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  await staff.page.goto(`${server.url}/admin?q=codes%40example.org`);
  await staff.page.locator("table a").first().click();
  await staff.page.waitForURL("**/admin/orders/**");
  await staff.page.goto(`${staff.page.url().split("?")[0]}/refund`);
  assert.match(await staff.page.locator("main").innerText(), /€4\.00/);
  await staff.close();
  await close();
});

test("a seller keeps a group of customers, and a code for it is for its members alone", async () => {
  const seller = await openPage(browser);
  const { page } = seller;
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio/groups");
  await page.getByLabel("Title").fill("Regulars");
  await page.getByLabel("Short name").fill("Not a name");
  await page.getByRole("button", { name: "Make the group" }).click();
  await page.getByText("Write 1 to 40 small letters, digits and hyphens").first().waitFor();
  assert.equal(await page.inputValue("[name=title]"), "Regulars", "what was typed stays");
  await page.getByLabel("Short name").fill("regulars");
  await page.getByRole("button", { name: "Make the group" }).click();
  await page.waitForURL("**/studio/groups/regulars**");
  await page.getByRole("textbox", { name: "E-mail addresses" }).fill("buyer@vitrine.example\nnobody");
  await page.getByRole("button", { name: "Put in" }).click();
  await page.getByText("These are no e-mail addresses: nobody").first().waitFor();
  assert.equal(await page.inputValue("[name=addresses]"), "buyer@vitrine.example\nnobody");
  await page.getByRole("textbox", { name: "E-mail addresses" }).fill("buyer@vitrine.example, other@example.org");
  await page.getByRole("button", { name: "Put in" }).click();
  await page.getByText("2 members of").waitFor();
  assert.deepEqual(await axe(page), []);
  await fits(page);
  await page.getByRole("button", { name: "Take out other@example.org" }).click();
  await page.getByText("One member of").waitFor();
  await page.goto(`${server.url}/studio/promotions`);
  await page.getByRole("link", { name: "New promotion" }).first().click();
  await page.fill("[name=code]", "CLUB");
  await page.fill("[name=rate]", "25");
  await page.getByRole("group", { name: "Only for these groups" }).getByLabel("Regulars").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL("**/studio/promotions/promo_**");
  assert.ok(await page.getByLabel("Regulars").isChecked());
  assert.deepEqual(await axe(page), []);
  await seller.close();

  for (const [member, said] of [[false, /CLUB takes nothing off: it is for certain customers/], [true, /CLUB takes off €2\.00/]]) {
    const buyer = await openPage(browser);
    if (member) await signIn(buyer.page, server, "buyer@vitrine.example", "listen-and-read");
    await from(buyer.page, server, "DE");
    await fill(buyer.page, server, [shop.album]);
    await buyer.page.getByLabel("Discount code", { exact: true }).fill("CLUB");
    await buyer.page.getByRole("button", { name: "Use code" }).click();
    await buyer.page.getByRole("list", { name: "Discount codes" }).getByText("CLUB", { exact: false }).first().waitFor();
    assert.match(await buyer.page.locator("main").innerText(), said);
    await buyer.close();
  }
});

test("an administrator sees and saves the promotion of a seller whose member they are not", async () => {
  const { page, close } = await openPage(browser);
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio/promotions");
  const address = await page.getByRole("link", { name: "New promotion" }).first().getAttribute("href");
  await close();
  const admin = await openPage(browser);
  await signIn(admin.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  await admin.page.goto(server.url + address);
  await admin.page.fill("[name=code]", "HOUSE");
  await admin.page.fill("[name=rate]", "5");
  await admin.page.getByRole("button", { name: "Save" }).click();
  await admin.page.waitForURL("**/studio/promotions/promo_**");
  assert.equal(await admin.page.inputValue("[name=code]"), "HOUSE");
  await admin.page.getByRole("button", { name: "End it now" }).click();
  await admin.page.getByText("Ended").first().waitFor();
  await admin.close();
});

test("a code that a customer has once is refused by card before it is charged, and the page says why", async () => {
  const seller = await openPage(browser);
  await signIn(seller.page, server, "creator@vitrine.example", "make-and-publish", "/studio/promotions");
  await seller.page.getByRole("link", { name: "New promotion" }).first().click();
  await seller.page.fill("[name=code]", "WELCOME");
  await seller.page.fill("[name=rate]", "50");
  await seller.page.fill("[name=per_customer]", "1");
  await seller.page.getByRole("button", { name: "Save" }).click();
  await seller.page.waitForURL("**/studio/promotions/promo_**");
  await seller.close();

  const buys = async (email) => {
    const buyer = await openPage(browser);
    const { page } = buyer;
    await from(page, server, "DE");
    await fill(page, server, [shop.album]);
    await page.getByLabel("Discount code", { exact: true }).fill("WELCOME");
    await page.getByRole("button", { name: "Use code" }).click();
    await page.getByRole("list", { name: "Discount codes" }).getByText("takes off €4.00").first().waitFor();
    await place(page, server, email);
    assert.equal(await page.locator("#method-bank_debit").count(), 0, "only what can be held is offered");
    await pay(page);
    await page.waitForURL("**/orders/**");
    return buyer;
  };
  const first = await buys("welcome@example.org");
  await first.page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  await first.close();

  // Somebody else by name and address, with the same card.
  const { page, close } = await buys("somebody.else@example.org");
  await page.getByRole("heading", { name: "Not paid" }).waitFor();
  assert.match(await page.locator("main").innerText(), /Nothing was charged[\s\S]*can be had once per customer, and this card had it before/);
  assert.deepEqual(await axe(page), []);
  await fits(page);
  await page.getByRole("link", { name: "Back to the cart" }).click();
  await page.waitForURL("**/cart**");
  await page.goto(`${server.url}/preferences?country=DE&lang=de-DE&to=/checkout`);
  await page.getByText("mit der Karte wurde er schon genutzt. Es wurde nichts abgebucht").waitFor();
  await page.goto(`${server.url}/preferences?country=DE&lang=en-US&to=/checkout`);
  await page.getByText("and that card had it before. Nothing was charged").waitFor();
  assert.deepEqual(await axe(page), []);
  await fits(page);
  // Without the code the same card pays the whole.
  await page.getByRole("button", { name: "Take out WELCOME" }).click();
  await page.waitForFunction(() => !document.querySelector("main").innerText.includes("WELCOME"));
  assert.doesNotMatch(await page.locator("main").innerText(), /had it before/);
  await place(page, server, "somebody.else@example.org");
  await pay(page);
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  assert.match(await page.locator("main").innerText(), /€8\.00 were paid/);
  await close();
});
