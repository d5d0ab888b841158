// Other numbers of pieces in the cart: the browser prices them by itself with the rules that the page carries, without a network too, and comes to the
// cents that the server says; where it may not it asks the server; what is chosen goes along to the checkout.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, fits, launch, openPage } from "../lib/browser.mjs";
import { fill, from, works } from "../lib/buying.mjs";
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

const total = (page) => page.locator(".trade-total");
const more = (page) => page.getByRole("button", { name: "One more: " });
const asked = (page) => {
  const calls = [];
  page.on("request", (r) => r.url().endsWith("/rpc/trade/cart_as") && calls.push(r.postDataJSON()));
  return calls;
};

/** A cart with one book for Germany, its page open and the module that prices there. */
async function opened(options) {
  const one = await openPage(browser, options);
  await from(one.page, server, "DE");
  await fill(one.page, server, [shop.book]);
  const module = one.page.waitForResponse((r) => r.url().endsWith("vitrine_pricer_bg.wasm"));
  await one.page.goto(`${server.url}/cart`);
  assert.equal((await module).status(), 200);
  await one.page.locator(".trade-total", { hasText: "€20.90" }).waitFor();
  return one;
}

test("the browser comes to the server's cents, also without a network, and what is chosen goes along", async () => {
  const { page, faults, close } = await opened();
  const calls = asked(page);
  const until = (text) => page.locator(".trade-total", { hasText: text }).waitFor();
  await page.waitForFunction(() => performance.getEntriesByType("resource").some((r) => r.name.endsWith("vitrine_pricer_bg.wasm") && r.responseEnd > 0));
  await more(page).click();
  // Two books of €12.00 and Standard of €8.90.
  await until("€32.90");
  assert.match(await page.locator("main").innerText(), /Not kept yet\. Press “Change number” beside an item to keep it, or go on to the checkout\./);
  assert.match(await page.locator(".sums").innerText(), /24\.00[\s\S]*8\.90[\s\S]*32\.90/);
  assert.deepEqual(calls, [], "the page priced by itself");
  await page.context().setOffline(true);
  await more(page).click();
  await until("€44.90");
  assert.equal(await page.getByRole("spinbutton").inputValue(), "3");
  await page.getByRole("button", { name: "One less: " }).click();
  await until("€32.90");
  await page.context().setOffline(false);
  assert.deepEqual(await axe(page), []);
  await fits(page);
  await page.getByRole("button", { name: "Go to checkout" }).click();
  await page.waitForURL("**/checkout");
  await page.locator(".trade-total", { hasText: "€32.90" }).waitFor();
  assert.deepEqual(calls, []);
  // Back to as it was: nothing is left to keep, and the link is a link again.
  await page.goto(`${server.url}/cart`);
  await page.locator(".trade-total", { hasText: "€32.90" }).waitFor();
  await more(page).click();
  await until("€44.90");
  await page.getByRole("button", { name: "One less: " }).click();
  await until("€32.90");
  await page.getByRole("link", { name: "Go to checkout" }).waitFor();
  await more(page).click();
  await until("€44.90");
  await page.getByRole("button", { name: "Change number" }).click();
  await page.waitForURL((url) => url.pathname === "/cart");
  await page.getByRole("link", { name: "Go to checkout" }).waitFor();
  await until("€44.90");
  assert.deepEqual(faults, []);
  await close();
});

for (const [what, change] of [
  ["the hash that the server's quotes named is another one", (pricing) => ({ ...pricing, hash: "0".repeat(64) })],
  ["the rules were cut with other tables", (pricing) => ({ ...pricing, rules: { ...pricing.rules, tables: "0".repeat(64) } })],
  ["it comes to another total than the server said", (pricing) => ({ ...pricing, view: { ...pricing.view, total_minor: pricing.view.total_minor + 1 } })],
]) {
  test(`the server is asked when ${what}`, async () => {
    const { page, close } = await openPage(browser);
    await from(page, server, "DE");
    await fill(page, server, [shop.book]);
    const module = page.waitForResponse((r) => r.url().endsWith("vitrine_pricer_bg.wasm"));
    await page.route("**/cart", async (route) => {
      const answer = await route.fetch();
      const html = (await answer.text()).replace(/(<script[^>]*id="data-\d+"[^>]*>)(\{.*?"pricing":.*?)(<\/script>)/s, (_, open, data, end) => {
        const view = JSON.parse(data);
        view.pricing = JSON.stringify(change(JSON.parse(view.pricing)));
        return open + JSON.stringify(view).replaceAll("<", "\\u003c") + end;
      });
      await route.fulfill({ response: answer, body: html });
    });
    await page.goto(`${server.url}/cart`);
    await module;
    const calls = asked(page);
    await more(page).click();
    await page.locator(".trade-total", { hasText: "€32.90" }).waitFor();
    assert.equal(calls.length, 1);
    assert.equal(calls[0].pieces[0].quantity, 2);
    // Nobody to ask: no number is shown that nobody said.
    await page.context().setOffline(true);
    await more(page).click();
    await page.getByText("You are offline: what these numbers come to is worked out when the network is back.").waitFor();
    assert.doesNotMatch(await total(page).innerText(), /\d/);
    await close();
  });
}

test("where tax waits for the region the number goes along too", async () => {
  const { page, faults, close } = await openPage(browser);
  await from(page, server, "US");
  await fill(page, server, [shop.book]);
  await page.goto(`${server.url}/cart`);
  const calls = asked(page);
  await more(page).click();
  await page.getByText("Not kept yet.").waitFor();
  await page.waitForFunction(() => document.querySelector("[name=quantity]").value === "2");
  assert.equal(calls.length, 1, "without a region nothing is priced on the page");
  await page.getByRole("button", { name: "Go to checkout" }).click();
  await page.waitForURL("**/checkout");
  await page.goto(`${server.url}/cart`);
  assert.equal(await page.getByRole("spinbutton").inputValue(), "2");
  assert.deepEqual(faults, []);
  await close();
});

test("a number that cannot be is put right in its field", async () => {
  const { page, close } = await opened();
  const field = page.getByRole("spinbutton");
  const most = Number(await field.getAttribute("max"));
  for (const [typed, stays] of [["100000", String(most)], ["", String(most)], ["0", "1"]]) {
    await field.fill(typed);
    await field.blur();
    await page.waitForFunction((value) => document.querySelector("[name=quantity]").value === value, stays);
  }
  assert.equal(await page.getByRole("button", { name: "One less: " }).getAttribute("aria-disabled"), "true");
  await page.locator(".trade-total", { hasText: "€20.90" }).waitFor();
  await page.getByRole("link", { name: "Go to checkout" }).waitFor();
  await close();
});

test("what is chosen is kept by a code and by keeping a line for later too", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.book, shop.album]);
  await page.goto(`${server.url}/cart`);
  const number = () => page.getByRole("spinbutton").inputValue();
  const chosen = async (to) => {
    await more(page).click();
    await page.getByText("Not kept yet.").waitFor();
    await page.waitForFunction((value) => document.querySelector("[name=quantity]:not([type=hidden])").value === value, to);
  };
  await chosen("2");
  await page.getByLabel("Discount code").fill("NOSUCHCODE");
  await page.getByRole("button", { name: "Use code" }).click();
  await page.getByText("NOSUCHCODE").first().waitFor();
  assert.equal(await number(), "2");
  await chosen("3");
  await page.getByRole("button", { name: "Keep for later: Harbour Lights" }).click();
  await page.getByRole("heading", { name: "Kept for later" }).waitFor();
  assert.equal(await number(), "3");
  await page.locator(".trade-total", { hasText: "€44.90" }).waitFor();
  await chosen("4");
  await page.getByRole("button", { name: "Put back into the cart: Harbour Lights" }).click();
  await page.getByRole("heading", { name: "Kept for later" }).waitFor({ state: "detached" });
  assert.equal(await number(), "4");
  await close();
});

test("without scripts the number is changed by its button", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await from(page, server, "DE");
  await fill(page, server, [shop.book]);
  await page.goto(`${server.url}/cart`);
  assert.equal(await more(page).count(), 0, "no button that does nothing");
  await page.getByRole("spinbutton").fill("2");
  await page.getByRole("button", { name: "Change number" }).click();
  assert.match(await total(page).innerText(), /€32\.90/);
  await close();
});
