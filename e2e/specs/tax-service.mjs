// A store that owes local taxes asks a tax service: what buyer and staff see of its answer, of its silence, and of a shop that does
// not sell without it. The service is a server of this file that answers in Stripe's shapes.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { axe, launch, openPage } from "../lib/browser.mjs";
import { fill, from, pay, signIn } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

const store = (name, policy) => [
  { type: "tenant", ref: name, name, legal: { name: `${name} Inc.`, address: ["1 Main St", "San Diego, CA 92101"], country: "US", region: "CA", email: `hello@${name}.example`, invoice_prefix: name.slice(0, 2).toUpperCase(), registrations: ["US-CA"] }, currency: "USD", locale: "en-US", fee_bps: 1000 },
  { type: "store", ref: name, tenant: name, handle: name, name, ships_from: "US", shipping: [{ zone: "US", up_to_g: 2000, amount_minor: 500, currency: "USD" }], ...policy },
  { type: "maker", ref: name, tenant: name, kind: "author", name: `Author ${name}` },
  { type: "work", ref: `${name}-book`, store: name, kind: "book", title: `${name} pages`, makers: [name], released: "2023-05-06", genres: ["fiction"], language: "en",
    products: [{ ref: "pb", kind: "physical", title: "Paperback", tax_class: "printed_book", variants: [{ sku: `${name}-1`, weight_g: 280, stock: 50, prices: [{ region: "world", currency: "USD", minor: 1500 }] }] }] },
];
const rows = [...store("local", { tax_provider: "provider_where_local" }), ...store("strict", { tax_provider: "always", tax_fallback: "block" })];

/** Paths asked, and whether it answers. */
const service = { calls: [], down: false };
/** 6 % for the state, 3.5 % for the city. */
const taxed = (amount) => {
  const parts = [["state", "California", "6.0", 0.06], ["city", "Los Angeles", "3.5", 0.035]];
  const tax_breakdown = parts.map(([level, display_name, percentage_decimal, rate]) => ({
    amount: Math.round(amount * rate), taxable_amount: amount, taxability_reason: "standard_rated",
    jurisdiction: { country: "US", state: "CA", level, display_name },
    tax_rate_details: { display_name: "Sales Tax", percentage_decimal, tax_type: "sales_tax" },
  }));
  return { amount, amount_tax: tax_breakdown.reduce((sum, row) => sum + row.amount, 0), tax_breakdown };
};
const answer = (path, form) => {
  const lines = [...form.keys()].filter((name) => /^line_items\[\d+\]\[amount\]$/.test(name));
  const data = lines.map((name, i) => ({ id: `li_${i}`, reference: form.get(`line_items[${i}][reference]`), ...taxed(Number(form.get(name))) }));
  if (path === "/v1/tax/calculations") {
    const shipping_cost = form.has("shipping_cost[amount]") ? taxed(Number(form.get("shipping_cost[amount]"))) : null;
    return { id: `taxcalc_${service.calls.length}`, currency: form.get("currency"), expires_at: 4e9, line_items: { data, has_more: false }, shipping_cost };
  }
  if (path.endsWith("create_from_calculation")) return { id: `tax_${service.calls.length}`, line_items: { data: [{ id: "li_0", reference: "0-any" }], has_more: false } };
  return { id: `tax_${service.calls.length}` };
};

let http;
let server;
let browser;
const books = {};
before(async () => {
  http = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => (body += bytes));
    request.on("end", () => {
      const path = request.url;
      service.calls.push(path);
      const [status, said] = service.down ? [500, { error: { type: "api_error" } }] : [200, answer(path, new URLSearchParams(body))];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
    });
  });
  await new Promise((ready) => http.listen(0, "127.0.0.1", ready));
  const env = { VITRINE_TAX__PROVIDER: "stripe", VITRINE_TAX__PROVIDER_KEY: "sk_test_1", VITRINE_TAX__PROVIDER_URL: `http://127.0.0.1:${http.address().port}/` };
  server = await startServer({ rows: rows.map((row) => JSON.stringify(row)).join("\n"), env });
  browser = await launch();
  const list = await (await fetch(`${server.url}/catalog`)).text();
  for (const name of ["local", "strict"]) books[name] = list.match(new RegExp(`href="(/books/${name}-pages-w_[^"]+)"`))[1];
});
after(async () => {
  await browser?.close();
  await server?.stop();
  http?.close();
});

const asked = (end) => service.calls.filter((path) => path.endsWith(end)).length;
const typed = { email: "jane@example.org", name: "Jane Doe", line1: "1 Main St", city: "Los Angeles", postcode: "90001" };
/** The checkout of a book with the address typed and worked out; of another street nothing is known yet. */
async function checkout(page, book, street = typed.line1) {
  await from(page, server, "US");
  await fill(page, server, [book]);
  await page.goto(`${server.url}/checkout`, { waitUntil: "networkidle" });
  for (const part of await page.locator("details.fold").all()) {
    if ((await part.getAttribute("open")) === null) await part.locator("summary").click();
  }
  for (const [name, text] of Object.entries({ ...typed, line1: street })) await page.fill(`[name=${name}]`, text);
  await page.selectOption("[name=region]", "CA");
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Work out again" }).first().click()]);
}
const buy = async (page) => {
  await page.locator(".trade-side button.button-primary").click();
  await page.waitForURL(/simulator\/pay/);
  await pay(page);
  await page.waitForURL("**/orders/**");
};
/** What the desk says of the newest order. */
async function desk(page) {
  await signIn(page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  await page.locator("a[href^='/admin/orders/']").first().click();
  await page.waitForURL("**/admin/orders/**");
  return page.locator("main").innerText();
}

test("taxes of the place are shown, charged and kept by the service, with and without scripts", async () => {
  for (const javaScriptEnabled of [true, false]) {
    service.down = false;
    const before = asked("/create_from_calculation");
    const { page, faults, close } = await openPage(browser, { javaScriptEnabled });
    await checkout(page, books.local);
    // 15.00 and 5.00 with 9.5 %: 0.90 and 0.53 (0.525 up), 0.30 and 0.18 (0.175 up).
    const sums = await page.locator(".trade-side").innerText();
    for (const part of ["Sales Tax 6% (US-CA)", "Sales Tax 3.5% (US-CA Los Angeles)", "$21.91"]) assert.ok(sums.includes(part), `${part}: ${sums}`);
    if (javaScriptEnabled) assert.deepEqual(await axe(page), []);
    await buy(page);
    assert.ok((await page.locator("main").innerText()).includes("$21.91"));
    const deadline = Date.now() + 20_000;
    while (asked("/create_from_calculation") === before) {
      assert.ok(Date.now() < deadline, "the sale is told to the service");
      await fetch(`${server.url}/readyz`);
    }
    if (!javaScriptEnabled) {
      const told = await desk(page);
      assert.match(told, /Worked out by stripe: taxcalc_\d+\./);
      assert.match(told, /stripe keeps the sale: tax_\d+\./);
    }
    assert.deepEqual(faults.filter((f) => !f.endsWith(" csp")), []);
    await close();
  }
});

test("a service that is down leaves the shop's own tables, and everybody can see it", async () => {
  service.down = true;
  const { page, faults, close } = await openPage(browser);
  await checkout(page, books.local, "2 Main St");
  await page.getByText("The tax service does not answer, so the shop’s own tables are used here.").waitFor();
  assert.match(await page.locator(".trade-side").innerText(), /\(US-CA\)/);
  assert.deepEqual(await axe(page), []);
  await buy(page);
  const told = await desk(page);
  assert.match(told, /stripe gave no answer \(api_error, .+\); the shop’s own tables were used\./);
  assert.deepEqual(faults.filter((f) => !f.endsWith(" csp")), []);
  await close();
});

test("a shop that does not sell without its answer says so and keeps what was typed", async () => {
  service.down = true;
  const { page, faults, close } = await openPage(browser);
  await checkout(page, books.strict);
  await page.getByText("this shop does not sell without it").waitFor();
  await page.locator(".trade-side button.button-primary").click();
  await page.getByText("The tax cannot be worked out now. Nothing was charged").waitFor();
  for (const [name, text] of Object.entries(typed)) assert.equal(await page.inputValue(`[name=${name}]`), text, name);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(faults.filter((f) => !f.endsWith(" csp")), []);
  await close();
});
