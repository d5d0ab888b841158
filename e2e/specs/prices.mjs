// A seller's price list: changed, scheduled, sent as a file, and what a buyer then sees.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { axe, launch, openPage, screenshot } from "../lib/browser.mjs";
import { from, signIn, works } from "../lib/buying.mjs";
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

/** The demo's creator at their price list. Which of the two shops is theirs follows from the data. */
async function seller(options = {}) {
  const opened = await openPage(browser, options);
  const { page } = opened;
  await from(page, server, "DE");
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  await page.getByRole("link", { name: "Price list" }).click();
  await page.getByRole("heading", { name: "Price list", level: 1 }).waitFor();
  // What the shop's own pages complain of is looked at elsewhere.
  opened.faults.length = 0;
  const nord = (await page.locator("main").innerText()).includes("Harbour Lights");
  const mine = nord ? { title: "Harbour Lights", sku: "HL-D", path: shop.album, now: "8.00" } : { title: "Paper Boats", sku: "PB-1", path: shop.book, now: "12.00" };
  return { ...opened, mine };
}

const cell = (page, mine, place) => page.getByRole("textbox", { name: new RegExp(`${mine.title}.*${place}`) });
/** Pictures, where somebody wants to look at the pages. */
const picture = (page, name) => process.env.VITRINE_TEST_PICTURES && screenshot(page, `${process.env.VITRINE_TEST_PICTURES}/${name}.png`);
/** What stands wider than the screen, but for what scrolls in itself. */
const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("a seller changes a price, sees what would change, and a buyer sees the new one", async () => {
  const { page, mine, faults, close } = await seller();
  assert.deepEqual(await axe(page), []);
  const field = cell(page, mine, "European Union · EUR");
  assert.equal(await field.inputValue(), mine.now);
  await picture(page, "prices-grid-1280");
  // A fault stands at its cell and what was typed stays.
  await field.fill("7.505");
  await field.press("Enter");
  await page.getByText("The currency has fewer decimals").first().waitFor();
  assert.equal(await cell(page, mine, "European Union · EUR").inputValue(), "7.505");
  assert.deepEqual(await axe(page), []);
  await cell(page, mine, "European Union · EUR").fill("6,75");
  await page.getByRole("button", { name: "See what would change" }).first().click();
  await page.getByRole("heading", { name: "What would change" }).waitFor();
  const text = await page.locator("main").innerText();
  assert.match(text, new RegExp(`${mine.title}[\\s\\S]*€${mine.now}[\\s\\S]*€6\\.75[\\s\\S]*as soon as you confirm`));
  assert.deepEqual(await axe(page), []);
  await picture(page, "prices-changes-1280");
  const here = page.url();
  await page.getByRole("button", { name: "Change the price" }).click();
  await page.getByText("It is saved.").waitFor();
  assert.equal(await cell(page, mine, "European Union · EUR").inputValue(), "6.75");
  // The page of what was carried out says so, however often it is looked at.
  await page.goto(here);
  await page.getByText("These prices were written.").waitFor();
  const buyer = await openPage(browser, { javaScriptEnabled: false });
  await from(buyer.page, server, "DE");
  await buyer.page.goto(server.url + mine.path);
  assert.match(await buyer.page.locator("main").innerText(), /€6\.75/);
  await buyer.close();
  assert.equal(await page.evaluate(() => [...document.scripts].filter((s) => s.src || s.type === "module").length), 0, "no client is loaded");
  assert.deepEqual(faults.filter((f) => !f.includes("favicon")), []);
  await close();
});

test("a scheduled reduction shows at its moment with its steps, and is ended", async () => {
  const { page, mine, close } = await seller();
  await page.getByRole("link", { name: mine.title }).first().click();
  await page.getByRole("heading", { name: "Add a price" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Region").selectOption("de");
  await page.getByLabel("Currency").selectOption("EUR");
  await page.getByLabel("Price, or suggestion").fill("3.30");
  await page.getByLabel("Least that is taken").fill("4");
  await page.getByLabel("Kind").selectOption("named");
  await page.locator("#price").getByRole("button", { name: "See what would change" }).click();
  await page.getByText("The least is above the suggestion").first().waitFor();
  assert.equal(await page.getByLabel("Price, or suggestion").inputValue(), "3.30");
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Kind").selectOption("fixed");
  await page.getByLabel("Least that is taken").fill("");
  await page.getByLabel("Price before").fill("6.75");
  await page.getByLabel("Begins (UTC)").fill("2031-12-01T00:00");
  await page.getByLabel("Ends before (UTC)").fill("2031-12-24T18:30");
  await page.locator("#price").getByRole("button", { name: "See what would change" }).click();
  await page.getByRole("button", { name: "Change the price" }).click();
  await page.getByText("It is saved.").waitFor();
  assert.match(await page.locator("main").innerText(), /Germany · EUR[\s\S]*€3\.30 \(Before: €6\.75\)[\s\S]*to come/);
  await picture(page, "prices-edition-1280");
  // The list of that day, and the buyer of that day.
  await page.getByRole("link", { name: "The whole list" }).click();
  await page.getByLabel("Prices at this moment").fill("2031-12-10T12:00");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("These will be the prices").waitFor();
  assert.equal(await cell(page, mine, "Germany · EUR").inputValue(), "3.30");
  await page.getByRole("link", { name: mine.title }).first().click();
  await page.getByRole("link", { name: "What would a buyer see?" }).click();
  await page.getByLabel("Country").selectOption("DE");
  await page.getByLabel("Day").fill("2031-12-10");
  await page.getByRole("button", { name: "Work it out" }).click();
  await page.getByRole("heading", { name: "The buyer sees" }).waitFor();
  const seen = await page.locator("main").innerText();
  assert.match(seen, /Germany → European Union → Whole world/);
  assert.match(seen, /€3\.30 \(Before: €6\.75\)/);
  assert.match(seen, /this is the price/);
  assert.match(seen, /a region asked before has a price/);
  assert.deepEqual(await axe(page), []);
  await picture(page, "prices-see-1280");
  await page.getByRole("link", { name: "Price list" }).click();
  await page.getByRole("link", { name: mine.title }).first().click();
  const row = page.getByRole("row", { name: /Germany · EUR/ });
  await row.locator("summary").click();
  await row.getByRole("button", { name: "See what would change" }).click();
  await page.getByRole("button", { name: "Change the price" }).click();
  await page.getByText("It is saved.").waitFor();
  assert.equal(await page.getByRole("cell", { name: "to come", exact: true }).count(), 0);
  await close();
});

test("what a buyer sees is what the REST door answers to the document that is shown", async () => {
  const { page, mine, close } = await seller();
  await page.goto(`${server.url}/studio/prices/see?skus=${mine.sku}&country=FR`);
  await page.getByText("The document behind it").click();
  const document = await page.locator(".prices-document").innerText();
  const answer = await page.request.post(`${server.url}/api/pricing/quote`, { data: JSON.parse(document), headers: { origin: server.url } });
  const quote = await answer.json();
  const total = `€${(quote.totals.gross.minor / 100).toFixed(2)}`;
  assert.ok((await page.locator(".sums-total").innerText()).includes(total), total);
  await close();
});

test("the list goes out as a file and comes back as no change; a bad row stops no other", async () => {
  const { page, mine, close } = await seller();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download as CSV" }).click()]);
  const text = await readFile(await download.path(), "utf8");
  assert.match(text, /^\uFEFFsku,edition,region,currency,amount,minimum,compare_at,min_quantity,valid_from,valid_to\r?\n/);
  const send = async (csv) => {
    await page.getByRole("link", { name: "Price list" }).click();
    await page.setInputFiles("[name=rows]", { name: "prices.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
    await page.locator("#files").getByRole("button", { name: "See what would change" }).click();
  };
  await send(text);
  await page.getByRole("heading", { name: "Nothing would change" }).waitFor();
  await send(`\uFEFFsku;region;currency;amount\r\n${mine.sku};jp;JPY;1200\r\nNO-1;eu;EUR;1\r\n`);
  const shown = await page.locator("main").innerText();
  assert.match(shown, /One price changes[\s\S]*Japan · JPY[\s\S]*not for sale[\s\S]*¥1,200/);
  assert.match(shown, /One row is not taken[\s\S]*3[\s\S]*NO-1[\s\S]*You have no edition of this number/);
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Change the price" }).click();
  await page.getByText("It is saved.").waitFor();
  assert.equal(await cell(page, mine, "Japan · JPY").inputValue(), "1200", "yen have no decimals");
  await send("nonsense");
  await page.getByText("The first row must name at least").waitFor();
  await close();
});

test("on a phone and from right to left everything fits", async () => {
  const { page, mine, close } = await seller({ viewport: { width: 360, height: 740 } });
  assert.ok((await wide(page)) <= 0, "the list");
  assert.deepEqual(await axe(page), []);
  await picture(page, "prices-grid-360");
  await page.getByRole("link", { name: mine.title }).first().click();
  assert.ok((await wide(page)) <= 0, "an edition");
  await picture(page, "prices-edition-360");
  await page.goto(`${server.url}/studio/prices/see?skus=${mine.sku}&country=US&region=NY`);
  assert.ok((await wide(page)) <= 0, "what a buyer sees");
  await picture(page, "prices-see-360");
  await page.goto(`${server.url}/preferences?country=DE&lang=ar-XB&to=/studio/prices`);
  assert.ok((await wide(page)) <= 0, "from right to left");
  await picture(page, "prices-grid-360-rtl");
  await close();
});
