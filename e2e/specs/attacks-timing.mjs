// How long an answer takes tells nothing of what is there: addresses, tokens, codes, keys of orders and of programs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, begin, inMail, Jar, json, linkIn, post, purchase, signedIn, signedUp } from "../lib/attack.mjs";
import { works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

/** Rounds of each question; the quickest of them is compared, for what the machine does besides only ever adds. */
const ROUNDS = 20;
/** Rounds on a machine that does much besides: more of them bring both nearer to what they take, and no difference goes away. */
const MOST_ROUNDS = 200;
const half = { type: "promotion", benefit: { kind: "percent", rate_ppm: 500_000 } };
/** Codes that take something off somewhere, but not off Harbour Lights here and today. */
const CODES = [
  { ...half, ref: "ended", tenant: "nord", code: "ENDED", valid_to: "2026-01-31" },
  { ...half, ref: "coming", tenant: "nord", code: "COMING", valid_from: "2126-01-31" },
  { ...half, ref: "foreign", tenant: "press", code: "FOREIGN" },
];

let server;
before(async () => {
  server = await startServer({ shop: "market", rows: CODES.map((row) => JSON.stringify(row)).join("\n"), scopes: ["promotions:read"], limits: 100 });
});
after(() => server?.stop());

/**
 * Asks two questions in turns, each after `between`, whose time does not count. Each must be answered by `status`; neither may take more
 * than 1.6 times as long as the other.
 */
async function alike(what, status, one, other, { rounds = ROUNDS, most = MOST_ROUNDS, between = () => {} } = {}) {
  const quickest = [Infinity, Infinity];
  const are = () => Math.max(...quickest) / Math.min(...quickest) < 1.6;
  for (let round = -1; round < rounds || (round < most && !are()); round += 1) {
    for (const [n, question] of [one, other].entries()) {
      await between();
      const began = process.hrtime.bigint();
      const answer = await question(round + 1);
      const took = Number(process.hrtime.bigint() - began) / 1e6;
      assert.equal(answer.status, status, `${what}: ${answer.body}`);
      // The first ones open files and fill caches.
      if (round >= 0) quickest[n] = Math.min(quickest[n], took);
    }
  }
  const [a, b] = quickest;
  assert.ok(are(), `${what}: ${a.toFixed(2)} and ${b.toFixed(2)} ms`);
}

test("asking for a letter takes as long for an address without an account", async () => {
  // One address on the network may ask for so many letters only.
  const addresses = Array.from({ length: 9 }, (_, n) => `reader-${n}@timing.example`);
  for (const email of addresses) await signedUp(server, email, "a long enough secret", "Reader");
  const jar = new Jar();
  const page = await begin(server, jar);
  const forgot = (email) => post(server, page, { step: "forgot", email }, `${jar}`);
  await alike("forgotten passwords", 200, (n) => forgot(addresses[n]), (n) => forgot(`nobody-${n}@timing.example`), { rounds: addresses.length - 1, most: 0 });
});

test("a token that was used takes as long as one that never was", async () => {
  const jar = new Jar();
  const sent = jar.keep(await post(server, await begin(server, jar), { step: "create", email: "used@timing.example", password: "a long enough secret", name: "Used" }, `${jar}`));
  assert.equal(sent.status, 200, sent.body);
  const token = new URLSearchParams((await linkIn(server, "used@timing.example", /\/oidc\/verify/)).split("?")[1]).get("token");
  const verify = (text) => post(server, "/oidc/verify", { token: text }, `${jar}`);
  const first = await verify(token);
  assert.equal(first.status, 303, first.body);
  const { status } = await verify(token);
  const never = (n) => token.slice(0, -4) + String(1000 + n);
  await alike("mailed tokens", status, () => verify(token), (n) => verify(never(n)));
});

test("a wrong key takes as long for an order that is there as for one that is not", async () => {
  const { order } = await purchase(server, [(await works(server)).album], { email: "orders@timing.example" });
  const none = order.slice(0, -6) + "000000";
  const wrong = (n) => `${"0".repeat(40)}${n}`;
  await alike("keys of orders", 404, (n) => ask(server, "GET", `/api/orders/${order}?key=${wrong(n)}`), (n) => ask(server, "GET", `/api/orders/${none}?key=${wrong(n)}`));
});

test("a wrong secret takes as long for a program's key that is there as for one that is not", async () => {
  const last = server.key.at(-1) === "0" ? "1" : "0";
  const wrong = server.key.slice(0, -1) + last;
  const none = server.key.replace(/[0-9a-v]{6}(?=[._])/, "000000");
  assert.notEqual(none, server.key);
  const called = (key) => json(server, "GET", "/api/promotions", undefined, undefined, { authorization: `Bearer ${key}` });
  await alike("keys of programs", 401, () => called(wrong), () => called(none));
});

/** A form's answer by where it leads: faults lead elsewhere, and sooner. */
const led = (answer) => ({ ...answer, status: answer.headers.location });
const id = (path) => path.match(/w_[0-9a-v]{26}/)[0];

/** A guest in Germany with the first edition of a work in the cart. */
async function cartWith(path) {
  const jar = new Jar();
  jar.keep(await ask(server, "GET", "/preferences?country=DE&lang=en-US&to=/"));
  const item = JSON.parse((await json(server, "GET", `/api/public/catalog/items/${id(path)}`)).body);
  const added = jar.keep(await post(server, "/cart/add", { variant: item.editions[0].variant }, `${jar}`));
  assert.match(added.headers.location, /^\/cart$/);
  return jar;
}

test("a discount code that is not valid here and today takes as long as one that never was", async () => {
  const { album } = await works(server);
  const jar = await cartWith(album);
  const sku = JSON.parse((await json(server, "GET", `/api/public/catalog/items/${id(album)}`)).body).editions[0].variant;
  const typed = (code, to) => async () => led(await post(server, to, { discount: code }, `${jar}`));
  for (const { code } of CODES) {
    const none = [...code].reverse().join("");
    // One is there at a time.
    const dropped = async () => {
      for (const drop of [code, none]) assert.equal(led(await post(server, "/cart/code", { drop }, `${jar}`)).status, "/cart#codes");
    };
    for (const [to, leads] of [["/cart/code", "/cart#codes"], ["/checkout/code", "/checkout"]]) await alike(`${code} at ${to}`, leads, typed(code, to), typed(none, to), { between: dropped });
    const quoted = (text) => () => json(server, "POST", "/api/pricing/quote", { buyer: { country: "DE" }, lines: [{ sku, quantity: 1 }], codes: [text] });
    await alike(`${code} in a quote`, 200, quoted(code), quoted(none));
    const page = (await ask(server, "GET", "/cart", { headers: { cookie: `${jar}` } })).body;
    assert.ok(page.includes(`${none} takes nothing off: it is not valid here and today`), "the last one was looked at");
  }
});

test("a gift card's code that cannot be used takes as long as one that never was", async () => {
  const shop = await works(server);
  const staff = await signedIn(server, "staff@vitrine.example", "help-and-refund");
  const done = async (path, fields, cookie) => {
    const answer = await post(server, path, fields, cookie);
    assert.equal(answer.status, 303, answer.body);
    return answer.headers.location;
  };
  const codeIn = (to) => inMail(server, to, /[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/, (mail, code) => mail.match(code)?.[0]);
  let issued = 0;
  /** Issues a card and answers its address at the desk and its code. */
  const card = async (amount) => {
    issued += 1;
    const recipient = `card-${issued}@timing.example`;
    const at = await done("/admin/value", { attempt: `timing-card-${issued}-0123456789`, amount, currency: "EUR", recipient, locale: "en-US", reason: "a test" }, `${staff}`);
    assert.match(at, /^\/admin\/value\/[^?]+\?done=1$/);
    return { at: at.split("?")[0], code: await codeIn(recipient) };
  };
  const apply = async (jar, code) => led(await post(server, "/checkout/place", { code, country: "DE" }, `${jar}`));
  const never = (n) => `7H2K-0001-ABCD-${String(1000 + n)}`;

  const over = await card("5.00");
  await done(`${over.at}/end`, { reason: "stolen" }, `${staff}`);

  const spent = await card("8.00");
  const buyer = await cartWith(shop.album);
  assert.equal((await apply(buyer, spent.code)).status, "/checkout");
  const agreed = { attempt: "timing-spent-0123456789", seen_minor: "800", seen_currency: "EUR", due_minor: "0", email: "spent@timing.example", name: "Gast Muster", country: "DE", line1: "Weg 1", city: "Berlin", postcode: "10115", accept_licence: "1", accept_waiver: "1" };
  assert.match(await done("/checkout/place", agreed, `${buyer}`), /^\/orders\//);

  const self = "own@timing.example";
  const paying = await done("/gift-cards/nordlicht/buy", { attempt: "timing-bought-0123456789", currency: "EUR", amount: "1500", to: "self", email: self }, `${buyer}`);
  await done(new URL(paying, server.url).pathname, { method: "card", number: "4242424242424242", expiry: "04/30", cvc: "123" });
  const foreign = { code: await codeIn(self) };

  for (const [what, { code }, path] of [["ended", over, shop.album], ["spent", spent, shop.album], ["of another shop", foreign, shop.book]]) {
    const jar = await cartWith(path);
    await alike(`gift cards: ${what}`, "/checkout", () => apply(jar, code), (n) => apply(jar, never(n)));
    const page = (await ask(server, "GET", "/checkout", { headers: { cookie: `${jar}` } })).body;
    assert.ok(page.includes("This code cannot be used here"), what);
  }
});
