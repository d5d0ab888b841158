// How long an answer takes tells nothing of what is there: addresses, tokens, keys of orders and of programs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, begin, Jar, json, linkIn, post, purchase, signedUp } from "../lib/attack.mjs";
import { works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

/** Rounds of each question; the quickest of them is compared, for what the machine does besides only ever adds. */
const ROUNDS = 20;

let server;
before(async () => {
  server = await startServer({ shop: "market", scopes: ["promotions:read"] });
});
after(() => server?.stop());

/** Asks two questions in turns. Each must be answered by `status`; neither may take more than 1.6 times as long as the other. */
async function alike(what, status, one, other, rounds = ROUNDS) {
  const quickest = [Infinity, Infinity];
  for (let round = -1; round < rounds; round += 1) {
    for (const [n, question] of [one, other].entries()) {
      const began = process.hrtime.bigint();
      const answer = await question(round + 1);
      const took = Number(process.hrtime.bigint() - began) / 1e6;
      assert.equal(answer.status, status, `${what}: ${answer.body}`);
      // The first ones open files and fill caches.
      if (round >= 0) quickest[n] = Math.min(quickest[n], took);
    }
  }
  const [a, b] = quickest;
  assert.ok(a / b < 1.6 && b / a < 1.6, `${what}: ${a.toFixed(2)} and ${b.toFixed(2)} ms`);
}

test("asking for a letter takes as long for an address without an account", async () => {
  // One address on the network may ask for so many letters only.
  const addresses = Array.from({ length: 9 }, (_, n) => `reader-${n}@timing.example`);
  for (const email of addresses) await signedUp(server, email, "a long enough secret", "Reader");
  const jar = new Jar();
  const page = await begin(server, jar);
  const forgot = (email) => post(server, page, { step: "forgot", email }, `${jar}`);
  await alike("forgotten passwords", 200, (n) => forgot(addresses[n]), (n) => forgot(`nobody-${n}@timing.example`), addresses.length - 1);
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
