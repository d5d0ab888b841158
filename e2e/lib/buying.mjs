// What a buyer does, in steps that several specs share.
import assert from "node:assert/strict";

/** Paths of the market's works by title. */
export async function works(server) {
  const list = await (await fetch(`${server.url}/catalog`)).text();
  const path = (kind, slug) => list.match(new RegExp(`href="(/${kind}/${slug}-w_[^"]+)"`))[1];
  return { album: path("albums", "harbour-lights"), book: path("books", "paper-boats"), free: path("albums", "free-tide"), film: path("videos", "tide-study"), podcast: path("podcasts", "harbour-talk") };
}

/** Prices and tax for this country from now on. */
export function from(page, server, country) {
  return page.goto(`${server.url}/preferences?country=${country}&lang=en-US&to=/`);
}

/** Puts the first edition of each path into the cart; `again` where the person may own them already. */
export async function fill(page, server, paths, again = false) {
  for (const path of paths) {
    await page.goto(server.url + path, { waitUntil: again ? "networkidle" : "load" });
    const unfold = page.getByText("Buy again, or another edition");
    if (again && (await unfold.count())) await unfold.click();
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.waitForURL("**/cart**");
  }
}

/** Fills the checkout and sends it; leads to the payment page, or to the order if nothing is to be paid. */
export async function place(page, server, email) {
  await page.goto(`${server.url}/checkout`);
  for (const part of await page.locator("details.fold").all()) {
    if ((await part.getAttribute("open")) === null) await part.locator("summary").click();
  }
  await page.fill("[name=email]", email);
  const address = { name: "Gast Muster", line1: "Weg 1", postcode: "10115", city: "Berlin" };
  for (const [field, text] of Object.entries(address)) {
    if (await page.locator(`[name=${field}]`).count()) await page.fill(`[name=${field}]`, text);
  }
  for (const box of ["accept_licence", "accept_waiver", "buy_again"]) {
    if (await page.locator(`[name=${box}]`).count()) await page.check(`[name=${box}]`);
  }
  await page.locator(".trade-side button.button-primary").click();
  await page.waitForURL(/simulator\/pay|\/orders\//);
}

/** Pays with a test card and comes back to the order. */
export async function pay(page, number = "4242 4242 4242 4242") {
  await page.fill("[name=number]", number);
  await page.fill("[name=expiry]", "04/30");
  await page.fill("[name=cvc]", "123");
  await page.getByRole("button", { name: /^Pay/ }).click();
}

/** Signs in with a demonstration account and returns to `to`. */
export async function signIn(page, server, email, password, to = "/account") {
  await page.goto(`${server.url}/auth/login?to=${to}`);
  await page.fill("[name=email]", email);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.fill("[name=password]", password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${server.url}${to}`);
}

/** Waits until the outbox holds a mail with this subject to this address; answers its page's text and links. */
export async function mail(page, server, subject, to) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    await page.goto(`${server.url}/dev/outbox`);
    const row = page.locator("li", { hasText: to }).filter({ hasText: subject }).locator("a").first();
    if (await row.count()) {
      await row.click();
      return page.locator("body").innerText();
    }
    assert.ok(Date.now() < deadline, `no mail “${subject}” to ${to}`);
  }
}
