// A visitor's currency: what is shown in it, what is paid, and that kept pages never mix two of them.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { axe, fits, launch, openPage } from "../lib/browser.mjs";
import { fill, pay, place, signIn } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

const today = new Date().toISOString().slice(0, 10);
const file = `Date, USD, NOK, SEK, GBP, \n${today}, 1.1000, 11.0000, 11.5000, 0.8800, \n`;
const legal = { name: "Hafenverlag GmbH", address: ["Hafenstraße 3", "20457 Hamburg"], country: "DE", email: "shop@hafen.example", tax_ids: ["DE299000042"], invoice_prefix: "HV", registrations: ["DE", "EU-OSS"] };
const rows = [
  { type: "tenant", ref: "hafen", name: "Hafenverlag", legal, currency: "EUR", locale: "de-DE", fee_bps: 1000 },
  { type: "store", ref: "hafen", tenant: "hafen", handle: "hafen", name: "Hafenverlag", ships_from: "DE" },
  { type: "maker", ref: "ida", tenant: "hafen", kind: "artist", name: "Ida Strand" },
  { type: "work", ref: "tide", store: "hafen", kind: "album", title: "Low Tide", makers: ["ida"], released: "2024-03-01", genres: ["ambient"], description_html: "<p>Tones.</p>", parts: [{ title: "One", files: [{ file: "files/1.ogg", format: "Ogg Vorbis" }] }],
    products: [{ ref: "d", kind: "digital", title: "Digital album", tax_class: "digital_music", variants: [{ sku: "LT-D", prices: [{ region: "world", currency: "USD", minor: 900 }, { region: "eu", currency: "EUR", minor: 800 }] }] }] },
];
let folder;
let bank;
let server;
let browser;
let album;
before(async () => {
  bank = createServer((request, response) => response.end(file)).listen(0, "127.0.0.1");
  await new Promise((resolve) => bank.once("listening", resolve));
  const env = { VITRINE_RATES__URL: `http://127.0.0.1:${bank.address().port}/rates.csv`, VITRINE_TRUSTED_PROXIES: '["127.0.0.1", "::1"]' };
  folder = await mkdtemp(join(tmpdir(), "vitrine-currency-"));
  await cp(fileURLToPath(new URL("../fixtures/market/files", import.meta.url)), join(folder, "files"), { recursive: true });
  await writeFile(join(folder, "catalog.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  server = await startServer({ folder, env });
  browser = await launch();
  album = (await text("/catalog", { "x-country": "US" })).match(/href="(\/albums\/low-tide-w_[^"]+)"/)[1];
  // A cart is kept by nobody: it shows the fetched rates from the moment at which they are there.
  const variant = (await text(album, { "x-country": "US" })).match(/name="variant" value="([^"]+)"/)[1];
  const headers = { "content-type": "application/json", "x-country": "NO" };
  const put = await fetch(`${server.url}/api/cart`, { method: "POST", headers, body: JSON.stringify({ variant }) });
  headers["x-cart-token"] = (await put.json()).cart_token;
  const deadline = Date.now() + 20_000;
  for (let about; !/90\.00/.test(about?.text); ) {
    assert.ok(Date.now() < deadline, `no rates came: ${JSON.stringify(about)}`);
    about = (await (await fetch(`${server.url}/api/cart`, { headers })).json()).about;
  }
});
after(async () => {
  await browser?.close();
  await server?.stop();
  bank?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** A page's text as this visitor gets it. */
async function text(path, headers = {}, cookie = "") {
  const answer = await fetch(server.url + path, { headers: { accept: "text/html", "accept-language": "en-US", cookie, ...headers } });
  assert.equal(answer.status, 200, path);
  return answer.text();
}

test("pages of one address are kept apart by country and currency, as a proxy says them", async () => {
  const about = /NOK|SEK/;
  const seen = {};
  // Twice: made, then kept.
  for (let round = 0; round < 2; round += 1) {
    for (const [name, headers] of Object.entries({
      us: { "x-country": "US" },
      no: { "x-country": "NO" },
      nose: { "x-country": "NO", "x-currency": "SEK" },
      se: { "x-country": "SE" },
      de: { "x-country": "DE" },
      none: { "x-country": "DE", "x-currency": "ZZZ" },
    })) {
      const page = await text(album, headers);
      const price = page.slice(page.indexOf('class="edition-head"'), page.indexOf('class="edition-line"'));
      seen[name] ??= price;
      assert.equal(price, seen[name], `${name}, round ${round}`);
    }
  }
  assert.match(seen.us, /\$9\.00/);
  assert.doesNotMatch(seen.us, about);
  // 9.00 / 1.1 * 11; the seller is not registered in Norway.
  assert.match(seen.no, /\$9\.00[\s\S]*no tax[\s\S]*NOK\s?90\.00/);
  assert.match(seen.nose, /\$9\.00[\s\S]*SEK\s?94\.09/);
  assert.match(seen.se, /€8\.00[\s\S]*SEK\s?92\.00/);
  assert.match(seen.de, /€8\.00/);
  assert.doesNotMatch(seen.de + seen.none, about);
  assert.equal(seen.none, seen.de);
  const page = await text(album, { "x-country": "NO" });
  const data = page.match(/<script type="?application\/ld\+json"?[^>]*>(.*?)<\/script>/s)[1];
  assert.ok(data.includes('"priceCurrency":"USD"') && !data.includes("NOK"), data);
});

test("a Norwegian chooses a currency, sees the approximate amount, and pays the price that was shown", async () => {
  const { page, faults, close } = await openPage(browser, { extraHTTPHeaders: { "x-country": "NO" } });
  await page.goto(server.url + album);
  const main = () => page.locator("main").innerText();
  assert.match(await main(), /\$9\.00[\s\S]*NOK\s?90\.00 \(approximate\)/);
  assert.match(await main(), /Amounts in NOK are approximate, by the ECB rate of [A-Z][a-z]+ \d+, \d{4}\. You pay in USD\./);
  assert.deepEqual(await axe(page), []);
  await page.locator(".prefs-button").click();
  await page.getByLabel("Currency", { exact: true }).selectOption("GBP");
  await page.locator(".prefs-form button[type=submit]").click();
  await page.getByText(/£7\.20 \(approximate\)/).first().waitFor();
  assert.match(await main(), /\$9\.00/);
  await fill(page, server, [album]);
  assert.match(await main(), /\$9\.00[\s\S]*£7\.20 \(approximate\)[\s\S]*You pay in USD/);
  assert.deepEqual(await axe(page), []);
  await place(page, server, "kari@example.org");
  assert.match(await page.locator("body").innerText(), /\$\s?9\.00|9\.00\s?USD|USD\s?9\.00/);
  await pay(page);
  await page.waitForURL(/\/orders\//);
  await page.getByText("$9.00").first().waitFor();
  assert.doesNotMatch(await main(), /£|NOK/);
  // Chromium opens the dialog by the command before the page does; who leaves a page ends what it still asked.
  assert.deepEqual(faults.filter((f) => !/already open Dialog/.test(f)), []);
  await close();
});

test("staff bring files of rates: a wrong one changes nothing, a right one is used at once", async () => {
  const { page, faults, close } = await openPage(browser, { locale: "en-US" });
  await signIn(page, server, "staff@vitrine.example", "help-and-refund", "/admin/rates");
  assert.match(await page.locator("main").innerText(), /ECB[\s\S]*Fetched every day/);
  const bring = async (name, content) => {
    await page.setInputFiles("[name=file]", { name, mimeType: "text/csv", buffer: Buffer.from(content) });
    await page.getByRole("button", { name: "Keep these rates" }).click();
    return page.locator("[role=alert], [role=status]").first().innerText();
  };
  assert.match(await bring("page.csv", "hello"), /neither a file of the European Central Bank/);
  assert.match(await bring("old.csv", "Date, USD, \n2020-01-02, 1.1, \n"), /Newer rates are kept already/);
  const [year, month] = today.split("-");
  const monthly = `Country/Territories,Currency,Currency Code,Currency Units per £1,Start Date,End Date\nUSA,Dollar,USD,1.3012,01/${month}/${year},28/${month}/${year}\n`;
  await bring("hmrc.csv", monthly);
  assert.match(await page.locator("main").innerText(), /HMRC[\s\S]*Brought by somebody/);
  await bring("ecb.csv", file.replace("11.0000", "12.1000"));
  assert.deepEqual(await axe(page), []);
  await fits(page);
  // 9 dollars at 1.1 and 12.1.
  const variant = (await text(album, { "x-country": "US" })).match(/name="variant" value="([^"]+)"/)[1];
  const headers = { "content-type": "application/json", "x-country": "NO" };
  const put = await fetch(`${server.url}/api/cart`, { method: "POST", headers, body: JSON.stringify({ variant }) });
  headers["x-cart-token"] = (await put.json()).cart_token;
  assert.match((await (await fetch(`${server.url}/api/cart`, { headers })).json()).about.text, /99\.00/);
  assert.deepEqual(faults, []);
  await close();
});
