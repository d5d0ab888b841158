// A seller sets up sending and gift cards at the desk; buyers pay what is set a moment later.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, fits, launch, openPage } from "../lib/browser.mjs";
import { fill, from, mail, pay, place, signIn } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

// A record in a sleeve, of a shop that sends nothing yet.
const rows = JSON.stringify({
  type: "work", ref: "lp", store: "nord", kind: "album", title: "Northern Sleeve", makers: ["ida"], released: "2025-01-01", genres: ["ambient"],
  products: [{ ref: "lp", kind: "physical", title: "LP", tax_class: "physical_music", variants: [{ sku: "NS-LP", weight_g: 400, stock: 9, prices: [{ region: "eu", currency: "EUR", minor: 2000 }] }] }],
});

let server;
let browser;
before(async () => {
  server = await startServer({ shop: "market", rows });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const main = (page) => page.locator("main").innerText();
const save = (page) => page.getByRole("button", { name: "Save" }).click();

/** The studio's page of the seller's shop. */
async function open(page, link, shop) {
  await page.goto(`${server.url}/studio`);
  await page.getByRole("link", { name: link, exact: true }).click();
  await page.getByRole("link", { name: "Nordlicht", exact: true }).click();
  await page.getByRole("heading", { name: shop, level: 1 }).waitFor();
}

async function looked(page) {
  assert.deepEqual(await axe(page), []);
  await fits(page);
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("a seller sets up sending, tries it, and the next buyer pays it", async () => {
  const seller = await openPage(browser);
  const { page } = seller;
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  await open(page, "Shipping", "Shipping of Nordlicht");
  assert.match(await main(page), /Until there is one, this shop sends nothing/);

  // What is wrong is said at its field, and what was typed stays.
  await page.getByRole("link", { name: "New zone" }).click();
  await page.getByLabel("Short name").fill("berlin");
  await page.getByLabel("States and postcodes").fill("DE 10115..14199\nGermany");
  await save(page);
  await page.getByText("This line does not begin with a country code: GERMANY").waitFor();
  assert.equal(await page.getByLabel("States and postcodes").inputValue(), "DE 10115..14199\nGermany");
  assert.equal(await page.getByLabel("States and postcodes").getAttribute("aria-invalid"), "true");
  await looked(page);
  await page.getByLabel("States and postcodes").fill("DE 10115..14199");
  await save(page);
  await page.getByRole("region", { name: "Zones" }).getByText("berlin").waitFor();

  await page.getByRole("link", { name: "New way" }).click();
  await page.getByLabel("Short name").fill("bike");
  await page.getByLabel("Name", { exact: true }).fill("By bike");
  await page.getByLabel("Name in other languages").fill("de: Fahrradkurier");
  await page.getByLabel("Days on its way, at least").fill("1");
  await page.getByLabel("Days on its way, at most").fill("2");
  await looked(page);
  await save(page);
  await page.getByRole("region", { name: "Ways in the order" }).getByText("By bike").waitFor();

  for (const [zone, way, amount, more] of [["Zone berlin", "By bike", "3,50", ["Handling", "0.40"]], ["European Union", "Standard", "6.90", ["Free from", "50"]]]) {
    await page.getByRole("link", { name: "New rate" }).click();
    await page.getByLabel("Where to").selectOption({ label: zone });
    await page.getByLabel("How", { exact: true }).selectOption({ label: way });
    await page.getByLabel("Currency").selectOption("EUR");
    await page.getByLabel("Costs").fill("much");
    await save(page);
    await page.getByText("Write an amount like 9.50").first().waitFor();
    await page.getByLabel("Costs").fill(amount);
    await page.getByLabel(more[0], { exact: true }).fill(more[1]);
    await looked(page);
    await save(page);
    await page.getByRole("heading", { name: "Shipping of Nordlicht" }).waitFor();
  }
  assert.match(await main(page), /berlin\s+By bike\s+any\s+any\s+any\s+€3\.50\s+€0\.40[\s\S]*European Union\s+Standard\s+any\s+any\s+any\s+€6\.90/);
  await looked(page);

  // What rates use stays.
  await page.getByRole("button", { name: "Remove berlin", exact: true }).click();
  await page.getByText("Rates are of this zone").waitFor();

  const attempt = page.getByRole("form", { name: "What would it cost?" });
  await attempt.getByLabel("Country").selectOption("DE");
  await attempt.getByLabel("Postcode").fill("10117");
  await attempt.getByRole("button", { name: "Work it out" }).click();
  assert.match(await page.getByRole("region", { name: "To berlin" }).innerText(), /By bike\s+Arrives 1 to 2 days after it is sent\s+€0\.40\s+€3\.90/);
  await looked(page);

  const buyer = await openPage(browser);
  await from(buyer.page, server, "DE");
  const list = await (await fetch(`${server.url}/catalog`)).text();
  await fill(buyer.page, server, [list.match(/href="(\/albums\/northern-sleeve-w_[^"]+)"/)[1]]);
  assert.match(await main(buyer.page), /€6\.90/, "of the postcode nothing is known yet");
  await buyer.page.goto(`${server.url}/checkout`);
  for (const part of await buyer.page.locator("details.fold").all()) {
    if ((await part.getAttribute("open")) === null) await part.locator("summary").click();
  }
  await buyer.page.fill("[name=postcode]", "10115");
  await buyer.page.locator("button[name=again]").first().click();
  await buyer.page.locator(".trade-total", { hasText: "€23.90" }).waitFor();
  await place(buyer.page, server, "sleeve@example.org");
  await pay(buyer.page);
  await buyer.page.waitForURL("**/orders/**");
  await buyer.page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  assert.match(await main(buyer.page), /Sent by: By bike[\s\S]*€3\.90[\s\S]*€23\.90/);

  // The cart shows the next rate as soon as it is saved.
  const next = await openPage(browser);
  await from(next.page, server, "DE");
  await fill(next.page, server, [list.match(/href="(\/albums\/northern-sleeve-w_[^"]+)"/)[1]]);
  assert.match(await main(next.page), /€26\.90/);
  await page.getByRole("link", { name: /^Change European Union/ }).click();
  await page.getByLabel("Costs").fill("7.20");
  await save(page);
  await page.getByRole("heading", { name: "Shipping of Nordlicht" }).waitFor();
  await next.page.reload();
  assert.match(await main(next.page), /€27\.20/);

  await page.getByRole("button", { name: /^Remove berlin · By bike/ }).click();
  await page.getByRole("button", { name: "Remove berlin", exact: true }).click();
  await page.getByText("It is saved.").waitFor();
  assert.equal(await page.getByRole("region", { name: "Zones" }).count(), 0);
  assert.match(await main(page), /shipping\.zone_removed/);
  for (const one of [seller, buyer, next]) await one.close();
});

test("two editors of one shop: the second is told, and what they typed waits for another press", async () => {
  const box = (page) => page.getByRole("textbox", { name: "Where nothing is sent" });
  const [one, two] = [await openPage(browser), await openPage(browser)];
  for (const { page } of [one, two]) {
    await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
    await open(page, "Shipping", "Shipping of Nordlicht");
    await page.getByRole("link", { name: "Change where nothing is sent" }).click();
  }
  await box(one.page).fill("RU");
  await save(one.page);
  await one.page.getByText("It is saved.").waitFor();
  await box(two.page).fill("RU\nBY");
  await save(two.page);
  await two.page.getByText("Somebody else changed this shop meanwhile").waitFor();
  assert.equal(await box(two.page).inputValue(), "RU\nBY");
  // Nothing of it is saved yet: what stands is the first one's.
  await one.page.reload();
  await one.page.getByText("RU", { exact: true }).first().waitFor();
  assert.equal(await one.page.getByText("RU · BY").count(), 0);
  await save(two.page);
  await two.page.getByText("RU · BY").waitFor();
  for (const { close } of [one, two]) await close();
});

test("a seller changes the gift cards of their shop, and one is bought", async () => {
  const seller = await openPage(browser);
  const { page } = seller;
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  await open(page, "Gift cards", "Gift cards of Nordlicht");
  await page.getByRole("button", { name: "Sell no gift cards" }).click();
  await page.getByText("Before, cards were sold in EUR").waitFor();
  await looked(page);
  assert.equal((await fetch(`${server.url}/gift-cards/nordlicht`)).status, 404);
  await page.getByRole("button", { name: "Sell them again" }).click();
  await page.getByRole("region", { name: "Gift cards that are sold" }).waitFor();
  await page.getByRole("link", { name: "Change EUR" }).click();
  await page.getByLabel("Amounts to choose from").fill("35 0");
  await save(page);
  await page.getByText("at most 100,000,000 of the smallest unit: 0.00").waitFor();
  assert.equal(await page.getByLabel("Amounts to choose from").inputValue(), "35 0");
  await looked(page);
  await page.getByLabel("Amounts to choose from").fill("35 70");
  await page.getByLabel("Least amount").fill("");
  await page.getByLabel("Most amount").fill("");
  await save(page);
  await page.getByText("It is saved.").waitFor();
  await looked(page);

  const buyer = await openPage(browser);
  await from(buyer.page, server, "DE");
  await buyer.page.goto(server.url + (await page.getByRole("link", { name: "/gift-cards/nordlicht" }).getAttribute("href")));
  assert.equal(await buyer.page.locator("[name=amount][value='2500']").count(), 0);
  await buyer.page.locator("label[for=amount-3500]").click();
  await buyer.page.locator("label[for=to-self]").click();
  await buyer.page.fill("[name=email]", "card@example.org");
  await buyer.page.getByRole("button", { name: "Pay for the gift card" }).click();
  await buyer.page.waitForURL(/simulator\/pay/);
  await pay(buyer.page);
  await buyer.page.waitForURL("**/orders/**");
  await mail(buyer.page, server, "A gift card for you: €35.00", "card@example.org");
  for (const one of [seller, buyer]) await one.close();
});

test("a seller ends a registration and lets places without rules buy, and the next quote says so", async () => {
  const seller = await openPage(browser);
  const { page } = seller;
  const quote = (country) => fetch(`${server.url}/api/pricing/quote`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ currency: "EUR", lines: [{ sku: free, quantity: 1 }], buyer: { country } }),
  });
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  await page.goto(`${server.url}/studio/prices?q=HL-D`);
  const free = (await page.content()).match(/\/studio\/prices\/edition\/(v_[0-9a-v]{26})/)[1];
  const rate = async (country) => (await (await quote(country)).json()).totals.taxes[0].rate_ppm;
  assert.equal(await rate("FR"), 200_000);

  await open(page, "Tax settings", "Tax of Nordlicht");
  const where = page.getByRole("table", { name: "Registrations" });
  assert.deepEqual(await where.getByRole("row").evaluateAll((rows) => rows.slice(1).map((row) => row.cells[0].innerText)), ["Germany", "European Union: one-stop shop (OSS)"]);
  await looked(page);
  await page.getByRole("button", { name: "Remove European Union: one-stop shop (OSS)" }).click();
  await page.getByText("up to 10,000 EUR of such sales a year").waitFor();
  // A sale below the Union's threshold is one at home.
  assert.equal(await rate("FR"), 190_000);
  await page.getByLabel("Where you are registered as well").selectOption({ label: "European Union: one-stop shop (OSS)" });
  await page.getByRole("button", { name: "Add registration" }).click();
  await where.getByText("one-stop shop").waitFor();
  assert.equal(await rate("FR"), 200_000);

  // Without a service there is nothing to choose about one.
  assert.equal(await page.getByLabel("Ask the tax service").count(), 0);
  await page.getByLabel("Tax is rounded").selectOption({ label: "per piece" });
  await page.getByLabel("A half").selectOption({ label: "goes to the even cent" });
  await page.getByLabel("Where no tax rule is known").selectOption({ label: "sell without tax" });
  await save(page);
  await page.getByText("tax.settings_saved").waitFor();
  assert.equal(await page.getByLabel("Where no tax rule is known").inputValue(), "export");
  const told = await (await quote("FR")).json();
  assert.deepEqual(told.rounding, { scope: "unit", mode: "half_even" });
  await looked(page);
  // Two windows of one revision: the second is told, and keeps what was chosen.
  const other = await seller.page.context().newPage();
  await other.goto(page.url());
  await other.getByLabel("Tax is rounded").selectOption("document");
  await other.getByRole("button", { name: "Save" }).click();
  await other.getByText("Done", { exact: false }).first().waitFor();
  await other.close();
  await page.getByLabel("Tax is rounded").selectOption("line");
  await save(page);
  await page.getByText("Somebody else changed this shop meanwhile").waitFor();
  assert.equal(await page.getByLabel("Tax is rounded").inputValue(), "line");
  await save(page);
  await page.getByText("Somebody else changed this shop meanwhile").waitFor({ state: "detached" });
  assert.deepEqual(seller.faults.filter((fault) => !/409|422/.test(fault)), []);
  await seller.close();
});
