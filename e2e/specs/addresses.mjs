// Addresses: each country's own fields in its own order and words, a wrong postcode told with an example, and parcels bought to
// five countries; without scripts too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, launch, openPage } from "../lib/browser.mjs";
import { fill, from, mail, pay } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

const zones = [["US", 900, "USD"], ["BR", 1500, "USD"], ["JP", 1200, "JPY"], ["GB", 700, "GBP"], ["EU", 890, "EUR"]];
const prices = [["us", "USD", 1500], ["jp", "JPY", 1800], ["gb", "GBP", 1100], ["eu", "EUR", 1200], ["world", "USD", 1500]];
const rows = [
  { type: "tenant", ref: "press", name: "Paper Press", legal: { name: "Paper Press Inc.", address: ["12 Quay Street", "Portland, OR 97201"], country: "US", region: "OR", email: "hello@press.example", invoice_prefix: "PP", registrations: ["US-OR"] }, currency: "USD", locale: "en-US", fee_bps: 1000 },
  { type: "store", ref: "press", tenant: "press", handle: "paper", name: "Paper Press", ships_from: "US", no_rule: "export", shipping: zones.map(([zone, amount_minor, currency]) => ({ zone, up_to_g: 2000, amount_minor, currency })) },
  { type: "maker", ref: "joe", tenant: "press", kind: "author", name: "Joe Quill" },
  { type: "work", ref: "boats", store: "press", kind: "book", title: "Paper Boats", makers: ["joe"], released: "2023-05-06", genres: ["fiction"], language: "en", description_html: "<p>A novel to hold.</p>",
    products: [{ ref: "pb", kind: "physical", title: "Paperback", tax_class: "printed_book", variants: [{ sku: "PB-1", weight_g: 280, stock: 50, prices: prices.map(([region, currency, minor]) => ({ region, currency, minor })) }] }] },
];

let server;
let browser;
let book;
before(async () => {
  server = await startServer({ rows: rows.map((row) => JSON.stringify(row)).join("\n") });
  browser = await launch();
  book = (await (await fetch(`${server.url}/catalog`)).text()).match(/href="(\/books\/paper-boats-w_[^"]+)"/)[1];
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const optional = (label) => `${label} (if needed)`;
/** What each country asks for in order, what its buyer types, which postcode is wrong and what is said of it, and what the invoice says. */
const COUNTRIES = {
  US: {
    labels: ["Name", optional("Company"), "Street and number", optional("More of the address"), "City", "State", "ZIP code"],
    typed: { name: "Jane Doe", line1: "1600 Amphitheatre Pkwy", city: "Mountain View", region: "CA", postcode: "94043" },
    wrong: "9404", told: "ZIP code: Write it like 95014", billed: ["Jane Doe", "1600 Amphitheatre Pkwy", "Mountain View, CA 94043", "United States"],
  },
  JP: {
    labels: ["Name", "Postcode", "Prefecture", "Street and number", optional("More of the address"), optional("Company")],
    typed: { name: "山田太郎", line1: "千代田区千代田1-1", region: "13", postcode: "1000001" },
    wrong: "10000", told: "Postcode: Write it like 154-0023", billed: ["〒100-0001", "東京都", "千代田区千代田1-1", "山田太郎", "Japan"],
  },
  GB: {
    labels: ["Name", optional("Company"), "Street and number", optional("More of the address"), "Town or city", "Postcode"],
    typed: { name: "Ann Lee", line1: "10 Downing Street", city: "London", postcode: "sw1a2aa" },
    wrong: "QQ1 1AA", told: "Postcode: Write it like EC1Y 8SY", billed: ["Ann Lee", "10 Downing Street", "London", "SW1A 2AA", "United Kingdom"],
  },
  DE: {
    labels: ["Name", optional("Company"), "Street and number", optional("More of the address"), "Postcode", "City"],
    typed: { name: "Gast Muster", line1: "Weg 1", postcode: "10115", city: "Berlin" },
    wrong: "1011", told: "Postcode: Write it like 26133", billed: ["Gast Muster", "Weg 1", "10115 Berlin", "Germany"],
  },
  IE: {
    labels: ["Name", optional("Company"), "Street and number", optional("More of the address"), optional("Townland"), "City", optional("County"), optional("Eircode")],
    typed: { name: "Ciara Byrne", line1: "12 Main Street", city: "Kenmare", region: "KY" },
    wrong: "V93", told: "Eircode: Write it like A65 F4E2", billed: ["Ciara Byrne", "12 Main Street", "Kenmare", "Co. Kerry", "Ireland"],
  },
};

const where = (page) => page.locator("details.fold").nth(1);
/** Labels of the address in the order of the page, after the country's. */
const labels = async (page) => {
  const all = await where(page).locator(".field-label").allInnerTexts();
  assert.equal(all[0], "Country");
  assert.equal(all.at(-1), "Telephone (if needed)", "a parcel may need it");
  return all.slice(1, -1);
};
const unfold = async (page) => {
  for (const part of await page.locator("details.fold").all()) {
    if ((await part.getAttribute("open")) === null) await part.locator("summary").click();
  }
};
const type = async (page, fields) => {
  for (const [name, text] of Object.entries(fields)) {
    const field = page.locator(`[name=${name}]`);
    if ((await field.evaluate((e) => e.tagName)) === "SELECT") await field.selectOption(text);
    else await field.fill(text);
  }
};
const again = (page) => Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Work out again" }).first().click()]);

for (const [country, { labels: wanted, typed, wrong, told, billed }] of Object.entries(COUNTRIES)) {
  test(`a parcel to ${country} asks as the country does and says what is wrong with a postcode`, async () => {
    // One of them as a browser without scripts.
    const { page, faults, close } = await openPage(browser, { javaScriptEnabled: country !== "GB" });
    await from(page, server, country);
    await fill(page, server, [book]);
    // Where tax depends on the region the cart has no total yet, and still leads on.
    await page.getByRole("link", { name: "Go to checkout" }).click();
    await page.waitForURL("**/checkout");
    await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
    await unfold(page);
    assert.deepEqual(await labels(page), wanted);
    assert.equal(await page.getByText("then press “Work out again”").count(), country === "US" ? 1 : 0);
    assert.equal(await page.locator(".trade-total").count(), country === "US" ? 0 : 1, "no total is said before there is one");
    for (const [name, token] of Object.entries({ name: "name", line1: "address-line1", city: "address-level2", region: "address-level1", postcode: "postal-code" })) {
      const field = page.locator(`[name=${name}]:not([type=hidden])`);
      if (await field.count()) assert.equal(await field.getAttribute("autocomplete"), token);
    }
    assert.equal(await page.locator("[name=postcode]").getAttribute("inputmode"), ["GB", "IE"].includes(country) ? null : "numeric");
    await page.fill("[name=email]", `${country.toLowerCase()}@example.org`);
    await type(page, { ...typed, postcode: wrong });
    // Tax may need the region before there is a total.
    await again(page);
    await unfold(page);
    await page.locator(".trade-side button.button-primary").click();
    await page.getByText("Please check these").waitFor();
    const link = page.getByRole("link", { name: told });
    assert.equal(await link.getAttribute("href"), "#postcode");
    assert.equal(await page.inputValue("[name=postcode]"), wrong);
    assert.equal(await page.getAttribute("[name=postcode]", "aria-invalid"), "true");
    assert.match(await page.locator("#postcode-error").innerText(), new RegExp(told.split(": ")[1]));
    if (country !== "GB") assert.deepEqual(await axe(page), []);
    await type(page, { postcode: typed.postcode ?? "" });
    await page.locator(".trade-side button.button-primary").click();
    await page.waitForURL(/simulator\/pay/);
    await pay(page);
    await page.waitForURL("**/orders/**");
    await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
    const order = page.url();
    await mail(page, server, "Your receipt", `${country.toLowerCase()}@example.org`);
    await page.goto(order);
    await page.locator("main a", { hasText: "Invoice" }).first().click();
    await page.getByText(billed[0], { exact: true }).first().waitFor();
    const invoice = await page.locator("main").innerText();
    let at = 0;
    for (const line of billed) {
      const next = invoice.indexOf(line, at);
      assert.ok(next >= at, `${line} in its place in ${invoice}`);
      at = next + line.length;
    }
    // What a press leaves behind on its way to another page is no fault; nor is a script that was not to run.
    assert.deepEqual(faults.filter((fault) => !fault.endsWith(" csp")), []);
    await close();
  });
}

test("Brazil asks for the CPF, says what is wrong with one, and the invoice has it", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "BR");
  await fill(page, server, [book]);
  await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
  await unfold(page);
  assert.equal(await page.locator("main [name=country] option:checked").innerText(), "Brazil");
  assert.deepEqual((await where(page).locator(".field-label").allInnerTexts()).slice(-2), ["Telephone (if needed)", "CPF"]);
  await page.fill("[name=email]", "br@example.org");
  await type(page, { name: "Ana Souza", line1: "Avenida Paulista 1000", city: "São Paulo", region: "SP", postcode: "01310100", id_br_cpf: "123.456.789-00" });
  await page.locator(".trade-side button.button-primary").click();
  await page.getByText("Please check these").waitFor();
  const link = page.getByRole("link", { name: "CPF: Check the digits. It looks like 123.456.789-09" });
  assert.equal(await link.getAttribute("href"), "#id_br_cpf");
  assert.deepEqual(await axe(page), []);
  await page.fill("[name=id_br_cpf]", "123.456.789-09");
  await page.locator(".trade-side button.button-primary").click();
  await page.waitForURL(/simulator\/pay/);
  assert.equal(await page.locator("[name=method]").count(), 1, "no bank debit there");
  await pay(page);
  await page.waitForURL("**/orders/**");
  const order = page.url();
  await mail(page, server, "Your receipt", "br@example.org");
  await page.goto(order);
  await page.locator("main a", { hasText: "Invoice" }).first().click();
  await page.getByText("CPF 12345678909").waitFor();
  await close();
});

test("a consumer withdraws on the order's page, without scripts too, and has it by mail", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const email = `back-${javaScriptEnabled}@example.org`;
    const { page, close } = await openPage(browser, { javaScriptEnabled });
    await from(page, server, "DE");
    await fill(page, server, [book]);
    await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
    await unfold(page);
    await page.getByText("within 14 days after they arrive").waitFor();
    await page.fill("[name=email]", email);
    await type(page, COUNTRIES.DE.typed);
    await page.locator(".trade-side button.button-primary").click();
    await page.waitForURL(/simulator\/pay/);
    await pay(page);
    await page.waitForURL("**/orders/**");
    const order = page.url();
    // The form of the law comes with the receipt, made out to who sells, and stands on the policy's page to be printed.
    assert.match(await mail(page, server, "Your receipt", email), /Model withdrawal form[\s\S]*To Paper Press Inc\., 12 Quay Street/);
    await page.goto(`${server.url}/policies/withdrawal`, { waitUntil: "networkidle" });
    await page.getByRole("heading", { name: "Model withdrawal form" }).waitFor();
    if (javaScriptEnabled) assert.deepEqual(await axe(page), []);
    await page.goto(order, { waitUntil: "networkidle" });
    await page.locator("summary", { hasText: "Withdraw from the contract here" }).click();
    await page.getByLabel("Your name").fill("Gast Muster");
    if (javaScriptEnabled) assert.deepEqual(await axe(page), []);
    await page.getByRole("button", { name: "Confirm withdrawal" }).click();
    await page.getByText(/Withdrawn on .*: Paper Boats/).waitFor();
    assert.equal(await page.locator("summary", { hasText: "Withdraw from" }).count(), 0);
    assert.match(await mail(page, server, "Your withdrawal arrived", email), /Gast Muster/);
    await close();
  }
});

test("another country shows its own fields, and what was typed for the first one is there on the way back", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, close } = await openPage(browser, { javaScriptEnabled });
    await from(page, server, "DE");
    await fill(page, server, [book]);
    await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
    await unfold(page);
    await type(page, COUNTRIES.DE.typed);
    const choose = async (country) => {
      await page.selectOption("[name=country]", country);
      await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Show the fields of this country" }).click()]);
      await unfold(page);
      assert.equal(await page.inputValue("[name=country]"), country);
      assert.deepEqual(await labels(page), COUNTRIES[country].labels);
    };
    await choose("JP");
    assert.equal(await page.locator("[name=region] option").count(), 48);
    assert.equal(await page.inputValue("[name=line1]"), "Weg 1");
    await choose("US");
    await choose("DE");
    assert.equal(await page.inputValue("[name=city]"), "Berlin");
    await close();
  }
});

test("the form speaks German where the page does, and fits a phone", async () => {
  const { page, close } = await openPage(browser, { viewport: { width: 320, height: 700 } });
  await page.goto(`${server.url}/preferences?country=US&lang=de-DE&to=/`);
  await page.goto(server.url + book);
  await page.getByRole("button", { name: "In den Warenkorb" }).click();
  await page.waitForURL("**/cart**");
  await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
  await unfold(page);
  const shown = await where(page).locator(".field-label").allInnerTexts();
  assert.deepEqual(shown, ["Land", "Name", "Firma (falls nötig)", "Straße und Hausnummer", "Adresszusatz (falls nötig)", "Ort", "Bundesstaat", "ZIP-Code", "Telefon (falls nötig)"]);
  assert.deepEqual(await axe(page), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  await close();
});
