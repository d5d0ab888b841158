// Asking as an attacker does: any header, any path as it stands, raw bytes on a socket; and people who are signed in without a browser.
import assert from "node:assert/strict";
import { request as clear } from "node:http";
import { request as tls } from "node:https";
import { connect } from "node:net";

/**
 * One request to `server` (its shop, or its files with `files: true`), sent as given: the path is not normalised, `headers` may be a
 * list of pairs. Answers `{status, headers, body}` with the body as text; follows nothing.
 */
export function ask(server, method, path, { headers = {}, body, files = false } = {}) {
  const url = new URL(server.url);
  // A header of null is one that is left out.
  const list = (Array.isArray(headers) ? headers : Object.entries(headers)).filter(([, value]) => value !== null && value !== undefined);
  const host = files ? new URL(server.files).host : url.host;
  const named = list.some(([name]) => name.toLowerCase() === "host") ? list : [["host", host], ...list];
  const flat = named.flat();
  if (body !== undefined) flat.push("content-length", String(Buffer.byteLength(body)));
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? tls : clear;
    // The certificate of the tests is known to nobody.
    const where = { host: "127.0.0.1", port: url.port, servername: "localhost", rejectUnauthorized: false };
    const asked = request({ ...where, method, path, headers: flat, setHost: false, agent: false }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString("utf8") }));
      answer.on("error", reject);
    });
    // A server that refuses a large body may answer before it is sent.
    asked.on("error", (fault) => reject(new Error(`${method} ${path.slice(0, 80)}: ${fault.message}`)));
    asked.end(body);
  });
}

/** A form as the shop's own pages send it. */
export function post(server, path, fields, cookie, more = {}) {
  const headers = { origin: server.url, "content-type": "application/x-www-form-urlencoded", ...(cookie ? { cookie } : {}), ...more };
  return ask(server, "POST", path, { headers, body: new URLSearchParams(fields).toString() });
}

/** A call of the interface or of a server function with a JSON body. */
export function json(server, method, path, value, cookie, more = {}) {
  const headers = { origin: server.url, ...(value === undefined ? {} : { "content-type": "application/json" }), ...(cookie ? { cookie } : {}), ...more };
  return ask(server, method, path, { headers, body: value === undefined ? undefined : JSON.stringify(value) });
}

/** Bytes on a socket as they are; answers all that came until the server closed, or until it was silent for `quiet` ms after an answer. */
export function raw(server, text, quiet = 1_500) {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(text, "latin1"));
    const done = (closed) => (socket.destroy(), resolve({ text: got, closed, answers: (got.match(/^HTTP\/1\.[01] \d{3}/gm) ?? []).map((l) => Number(l.slice(9))) }));
    socket.setTimeout(quiet, () => done(false));
    socket.on("data", (part) => (got += part.toString("latin1")));
    socket.on("close", () => done(true));
    socket.on("error", () => done(true));
  });
}

/** Cookies of a browser without a browser. */
export class Jar {
  #cookies = new Map();
  keep(answer) {
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair] = line.split(";");
      const at = pair.indexOf("=");
      if (/max-age=0/i.test(line)) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
  set(name, value) {
    this.#cookies.set(name, value);
  }
  get(name) {
    return this.#cookies.get(name);
  }
  toString() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}

const local = (url) => { const u = new URL(url, "http://x"); return u.pathname + u.search; };

/** The address of the provider's first page for this jar. */
export async function begin(server, jar, to = "/account") {
  const answer = jar.keep(await ask(server, "GET", `/auth/login?to=${encodeURIComponent(to)}`, { headers: { cookie: `${jar}` } }));
  assert.equal(answer.status, 303);
  return local(answer.headers.location);
}

/** Signs in as a person with a password would; answers the jar. */
export async function signedIn(server, email, password, jar = new Jar(), more = {}) {
  const page = await begin(server, jar);
  const sent = jar.keep(await post(server, page, { step: "password", email, password }, `${jar}`, more));
  assert.equal(sent.status, 303, `${email} cannot sign in: ${sent.status}`);
  const back = jar.keep(await ask(server, "GET", local(sent.headers.location), { headers: { cookie: `${jar}`, ...more } }));
  assert.equal(back.status, 303, back.body);
  return jar;
}

/** Waits for a mail to this address in whose page `find` finds what `fits`; answers that. */
export async function inMail(server, to, fits, find) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const list = (await ask(server, "GET", "/dev/outbox")).body;
    for (const [, path, rest] of list.matchAll(/href="(\/dev\/outbox\/mail\?key=[^"]+)"([\s\S]*?)<\/li>/g)) {
      if (!rest.includes(to)) continue;
      const mail = (await ask(server, "GET", path.replaceAll("&amp;", "&"))).body;
      const found = find(mail, fits);
      if (found) return found;
    }
    assert.ok(Date.now() < deadline, `no mail with ${fits} to ${to}`);
  }
}

/** Waits for a mail to this address and answers the first link in it that fits. */
export async function linkIn(server, to, fits) {
  const links = (mail) => [...mail.matchAll(/href="([^"]+)"/g)].map((m) => m[1].replaceAll("&amp;", "&"));
  return local(await inMail(server, to, fits, (mail) => links(mail).find((l) => fits.test(l))));
}

/** Makes an account the way everybody does and answers its jar, signed in. */
export async function signedUp(server, email, password, name) {
  const jar = new Jar();
  const page = await begin(server, jar);
  const sent = jar.keep(await post(server, page, { step: "create", email, password, name }, `${jar}`));
  assert.equal(sent.status, 200, sent.body);
  const link = await linkIn(server, email, /\/oidc\/verify/);
  const token = new URLSearchParams(link.split("?")[1]).get("token");
  const made = jar.keep(await post(server, "/oidc/verify", { token }, `${jar}`));
  const code = jar.keep(await ask(server, "GET", local(made.headers.location), { headers: { cookie: `${jar}` } }));
  const back = jar.keep(await ask(server, "GET", local(code.headers.location), { headers: { cookie: `${jar}` } }));
  assert.equal(back.status, 303, back.body);
  return jar;
}

/** Buys the first edition of each work (`kind/slug-w_...` paths) by the interface and pays. Answers `{order, key, parts}`. */
export async function purchase(server, paths, { cookie, email, ...person }) {
  let cart = cookie ? {} : null;
  const country = { "accept-language": "de-DE" };
  for (const path of paths) {
    const id = path.match(/w_[0-9a-v]{26}/)[0];
    const item = JSON.parse((await json(server, "GET", `/api/public/catalog/items/${id}`, undefined, undefined, country)).body);
    const added = await json(server, "POST", "/api/cart", { variant: item.editions[0].variant }, cookie, { ...country, ...(cart ?? {}) });
    assert.equal(added.status, 200, added.body);
    cart ??= { "x-cart-token": JSON.parse(added.body).cart_token };
  }
  const seen = JSON.parse((await json(server, "GET", "/api/cart", undefined, cookie, { ...country, ...cart })).body);
  const form = { email, name: "Gast Muster", line1: "Weg 1", line2: "", city: "Berlin", region: "", postcode: "10115", country: "DE", accept_licence: true, accept_waiver: true, buy_again: true, ...person };
  const attempt = { "idempotency-key": `attempt-${Math.random().toString(36).slice(2)}-0123456789` };
  const session = await json(server, "POST", "/api/checkout/create-session", { form, seen_minor: seen.total_minor }, cookie, { ...country, ...cart, ...attempt });
  assert.equal(session.status, 200, session.body);
  const { id, key, pay_url } = JSON.parse(session.body);
  if (pay_url) await post(server, local(pay_url), { method: "card", number: "4242424242424242", expiry: "04/30", cvc: "123" });
  const order = JSON.parse((await json(server, "GET", `/api/orders/${id}?key=${key}`)).body);
  assert.equal(order.state, "paid", JSON.stringify(order));
  return { order: id, key, parts: order.parts };
}

/** Fails unless two long texts are equal, and says where they part. */
export function same(actual, expected, message) {
  if (actual === expected) return;
  let at = 0;
  while (actual[at] === expected[at]) at += 1;
  const near = (text) => JSON.stringify(text.slice(Math.max(0, at - 120), at + 120));
  throw new Error(`${message}: from ${at} on\n${near(actual)}\ninstead of\n${near(expected)}`);
}
