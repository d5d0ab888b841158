// The public interface: the purchase again without any page, credentials, and what tools say of it that nobody here wrote.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { createHash, randomBytes } from "node:crypto";
import { signedIn } from "../lib/attack.mjs";
import { launch, openPage } from "../lib/browser.mjs";
import { fill, from, place, signIn, works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

let server;
let shop;
let folder;
let browser;
before(async () => {
  server = await startServer({ shop: "market", scopes: ["catalog:import"], limits: 0 });
  browser = await launch();
  shop = await works(server);
  folder = await mkdtemp(join(tmpdir(), "vitrine-rest-"));
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A call of the interface: status, headers and JSON. */
async function call(method, path, { body, headers = {} } = {}) {
  const answer = await fetch(`${server.url}/api${path}`, {
    method,
    headers: { "accept-language": "de-DE", ...(body ? { "content-type": "application/json" } : {}), ...headers },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, json: await answer.json().catch(() => null) };
}

test("what something costs is asked by a document, and everything wrong names its field", async () => {
  const list = await call("GET", "/public/catalog/search?q=harbur");
  const card = list.json.items.find((i) => i.title === "Harbour Lights");
  const sku = (await call("GET", `/public/catalog/items/${card.id}`)).json.editions[0].variant;
  const document = { buyer: { country: "DE" }, lines: [{ sku, quantity: 2 }] };
  const quote = await call("POST", "/pricing/quote", { body: document });
  assert.equal(quote.status, 200, JSON.stringify(quote.json));
  // 16.00 with 19 % inside: 16 * 19 / 119 = 2.5546.
  assert.deepEqual([quote.json.totals.gross.minor, quote.json.totals.tax.minor, quote.json.lines[0].tax_status], [1600, 255, "taxed"]);
  assert.ok(quote.json.explain.some((step) => step.kind === "tax" && step.rate_ppm === 190000 && step.source));
  const faulty = await call("POST", "/pricing/quote", { body: { ...document, buyer: { country: "DE", planet: "Mars" } } });
  assert.deepEqual([faulty.status, faulty.json.fields], [422, { "buyer.planet": "unknown_field" }]);
  const simulated = await call("POST", "/pricing/quote", { body: { ...document, date: "2020-01-01" } });
  assert.deepEqual([simulated.status, simulated.json.fields], [401, { date: "needs_pricing_simulate" }]);
});

test("a guest buys by REST alone: search, cart, checkout, payment, files, invoice", async () => {
  const found = await call("GET", "/public/catalog/search?q=harbur");
  assert.equal(found.status, 200);
  const card = found.json.items.find((i) => i.title === "Harbour Lights");
  const item = await call("GET", `/public/catalog/items/${card.id}`);
  const edition = item.json.editions[0];
  const same = await call("GET", `/public/catalog/items/${card.id}`, { headers: { "if-none-match": item.headers.get("etag") } });
  assert.equal(same.status, 304);
  const added = await call("POST", "/cart", { body: { variant: edition.variant } });
  assert.equal(added.status, 200, JSON.stringify(added.json));
  const cart = { "x-cart-token": added.json.cart_token };
  assert.equal((await call("GET", "/cart")).json.count, 0, "a cart is its token's");
  const seen = await call("GET", "/cart", { headers: cart });
  assert.equal(seen.json.total_minor, 800);
  const form = { email: "rest@example.org", country: "DE", accept_licence: true, accept_waiver: true };
  const attempt = { ...cart, "idempotency-key": "attempt-0123456789" };
  const faulty = await call("POST", "/checkout/create-session", { headers: attempt, body: { form: { ...form, email: "no" }, seen_minor: 800 } });
  assert.deepEqual([faulty.status, faulty.json.fields.email], [422, "fault-email"]);
  const wish = { headers: attempt, body: { form, seen_minor: 800 } };
  const session = await call("POST", "/checkout/create-session", wish);
  assert.equal(session.status, 200, JSON.stringify(session.json));
  assert.deepEqual((await call("POST", "/checkout/create-session", wish)).json, session.json, "once for one attempt");
  assert.equal((await call("GET", `/orders/${session.json.id}`)).status, 404);
  const order = `/orders/${session.json.id}?key=${session.json.key}`;
  assert.equal((await call("GET", order)).json.state, "open");
  const pay = new URLSearchParams({ method: "card", number: "4242424242424242", expiry: "04/30", cvc: "123" });
  await fetch(session.json.pay_url, { method: "POST", body: pay, headers: { origin: server.url }, redirect: "manual" });
  const paid = await call("GET", order);
  assert.equal(paid.json.state, "paid");
  const assetIds = paid.json.parts[0].lines[0].assets.split(",");
  const want = { assetIds, order: session.json.id, key: session.json.key };
  const link = await call("POST", "/downloads/link", { body: want });
  assert.match(link.json.dlToken, /^[0-9a-f]{64}$/);
  const zip = Buffer.from(await (await fetch(link.json.url)).arrayBuffer());
  assert.equal(zip.toString("latin1", 0, 2), "PK");
  assert.equal((await call("POST", "/downloads/link", { body: { ...want, key: "wrong" } })).status, 404);
  assert.equal((await call("POST", "/downloads/link", { body: { assetIds } })).status, 401);
  const deadline = Date.now() + 20_000;
  let invoice = null;
  while (!invoice) {
    assert.ok(Date.now() < deadline, "no invoice");
    invoice = (await call("GET", order)).json.parts[0].invoice_href;
  }
  const paper = await call("GET", invoice);
  assert.match(paper.json.number, /^NL-\d{4}-\d{5}$/);
});

test("credentials: none, wrong ones, keys with scopes", async () => {
  for (const path of ["/me/entitlements", "/me/invoices", "/admin/catalog/import/abcdefgh"]) {
    assert.equal((await call("GET", path)).status, 401, path);
  }
  for (const headers of [{ authorization: "Bearer nonsense" }, { authorization: "Basic eDp5" }, { "x-api-key": "key_00000000000000000000000000.x" }]) {
    const refused = await call("GET", "/cart", { headers });
    assert.equal(refused.status, 401, JSON.stringify(headers));
    assert.match(refused.headers.get("content-type"), /problem\+json/);
  }
  const rows = '{"type":"maker","ref":"by-key","tenant":"nord","kind":"artist","name":"By Key"}';
  const begun = await fetch(`${server.url}/api/admin/catalog/import`, {
    method: "POST", body: rows, headers: { "x-api-key": server.key, "content-type": "application/x-ndjson" },
  });
  assert.equal(begun.status, 202);
  const { id } = await begun.json();
  const deadline = Date.now() + 20_000;
  let report;
  do {
    assert.ok(Date.now() < deadline, "the import does not end");
    report = await call("GET", `/admin/catalog/import/${id}`, { headers: { "x-api-key": server.key } });
  } while (report.status === 409);
  assert.deepEqual(report.json.counts, [["created", 1]]);
  // A key is good for its scopes only, and is nobody's library.
  assert.equal((await call("GET", "/me/entitlements", { headers: { "x-api-key": server.key } })).status, 401);
});

test("a buyer's program signs in with PKCE and sees what its bearer owns", async () => {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.free]);
  await signIn(page, server, "buyer@vitrine.example", "listen-and-read", "/cart");
  await place(page, server, "buyer@vitrine.example");
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const redirect = "http://127.0.0.1:7878/callback";
  const ask = new URLSearchParams({ response_type: "code", client_id: "vitrine-programs", redirect_uri: redirect, scope: "openid api", state: "s".repeat(16), nonce: "n".repeat(16),
    code_challenge: challenge, code_challenge_method: "S256", resource: `${server.url}/api` });
  // Nobody listens there in this test: the address it leads to holds the code.
  const lead = await page.request.get(`${server.url}/oidc/authorize?${ask}`, { maxRedirects: 0 });
  const code = new URL(lead.headers().location).searchParams.get("code");
  const form = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: redirect, client_id: "vitrine-programs", code_verifier: verifier });
  const tokens = await (await fetch(`${server.url}/oidc/token`, { method: "POST", body: form })).json();
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const owned = await call("GET", "/me/entitlements", { headers });
  assert.equal(owned.status, 200, JSON.stringify(owned.json));
  assert.deepEqual(owned.json.items.map((i) => i.card.title), ["Free Tide"]);
  const entry = await call("GET", `/me/entitlements/${owned.json.items[0].card.id}`, { headers });
  const link = await call("POST", "/downloads/link", { headers, body: { assetId: entry.json.files[0].asset } });
  assert.equal(link.status, 200, JSON.stringify(link.json));
  assert.equal((await call("GET", "/admin/catalog/import/abcdefgh", { headers })).status, 403);
  await close();
});

test("every endpoint refuses who may not call it: nobody, a key without its scope, another site's page", async () => {
  const document = await (await fetch(`${server.url}/api/openapi.json`)).json();
  const session = await openPage(browser);
  await signIn(session.page, server, "buyer@vitrine.example", "listen-and-read");
  const cookie = (await session.page.context().cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
  let guarded = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const address = path.replace("{slug}", "ida-strand").replaceAll(/{[^}]+}/g, "abcdefghij");
      const body = operation.requestBody ? {} : undefined;
      const at = `${method} ${path}`;
      const open = operation.security.length === 0 || operation.security.some((s) => Object.keys(s).length === 0);
      const nobody = await call(method.toUpperCase(), address, { body });
      if (open) assert.ok(nobody.status < 500 && nobody.status !== 403, `${at}: ${nobody.status}`);
      else assert.equal(nobody.status, 401, at);
      const staffOnly = operation.security.some((s) => s.apiKey);
      if (staffOnly) {
        guarded += 1;
        assert.equal((await call(method.toUpperCase(), address, { body, headers: { cookie, origin: server.url } })).status, 403, `${at} as a buyer`);
      }
      // A browser that is signed in may change nothing on another site's word.
      if (method !== "get") {
        const foreign = await call(method.toUpperCase(), address, { body, headers: { cookie, origin: "https://evil.example" } });
        assert.equal(foreign.status, 403, `${at} from elsewhere`);
      }
    }
  }
  assert.equal(guarded, 23);
  await session.close();
});

test("every act that takes JSON refuses a body of another type from who may, and does nothing", async () => {
  const document = await (await fetch(`${server.url}/api/openapi.json`)).json();
  const cookie = `${await signedIn(server, "staff@vitrine.example", "help-and-refund")}`;
  const headers = { cookie, origin: server.url, "accept-language": "de-DE", "idempotency-key": "attempt-0123456789", "if-match": '"1"' };
  const [, work] = shop.album.match(/(w_[0-9a-v]{26})/);
  const { variant } = (await call("GET", `/public/catalog/items/${work}`)).json.editions[0];
  const good = JSON.stringify({ variant });
  const multipart = `--b\r\ncontent-disposition: form-data; name="variant"\r\n\r\n${variant}\r\n--b--\r\n`;
  const others = [["text/plain", good], ["text/plain; charset=utf-8", good], ["text/plain; application/json", good], ["application/x-www-form-urlencoded", `variant=${variant}`], ["application/x-www-form-urlencoded", good], ["multipart/form-data; boundary=b", multipart],
    ["application/xml", `<variant>${variant}</variant>`], ["text/xml", good], ["text/json", good], ["application/jsonp", good], ["application/x-ndjson", good], ["text/plain, application/json", good], [null, good], [null, ""]];
  const acts = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation]))
    .filter(([, , { requestBody }]) => requestBody?.content["application/json"]);
  assert.ok(acts.length >= 8, `${acts.length} acts`);
  for (const [method, path, operation] of acts) {
    const address = `${server.url}/api${path.replace("{variant}", variant).replaceAll(/{[^}]+}/g, `promo_${"0".repeat(26)}`)}`;
    // As bytes: of a text fetch would say a type of its own.
    const sent = async (type, body) => fetch(address, { method, headers: { ...headers, ...(type ? { "content-type": type } : {}) }, body: Buffer.from(body) });
    for (const [type, body] of others) {
      const answer = await sent(type, body);
      const at = `${method} ${path} with ${type} ${body.slice(0, 20)}`;
      assert.equal(answer.status, 415, at);
      assert.equal(answer.headers.get("content-type"), "application/problem+json", at);
      const problem = await answer.json();
      assert.deepEqual([problem.status, problem.code], [415, "not_json"], at);
    }
    assert.ok(operation.responses["415"], `${path} names it`);
    // It is the type alone: the same act reads what says it is JSON.
    for (const type of ["application/json", "Application/JSON; charset=utf-8"]) {
      const answer = await sent(type, "{");
      assert.ok([400, 422].includes(answer.status), `${method} ${path} with ${type}: ${answer.status}`);
    }
  }
  // Rows are lines, and say so.
  const rows = '{"type":"maker","ref":"by-type","tenant":"nord","kind":"artist","name":"By Type"}';
  const imported = (type) => fetch(`${server.url}/api/admin/catalog/import`, { method: "POST", body: Buffer.from(rows), headers: { "x-api-key": server.key, ...(type ? { "content-type": type } : {}) } });
  for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/csv", "application/x-ndjsonp", null]) {
    const answer = await imported(type);
    assert.deepEqual([answer.status, (await answer.json()).code], [415, "not_rows"], `import with ${type}`);
  }
  assert.equal((await imported("Application/JSONL; charset=utf-8")).status, 202);
  const seen = async () => (await (await fetch(`${server.url}/api/cart`, { headers })).json()).count;
  assert.equal(await seen(), 0, "nothing came into the cart");
  const added = await fetch(`${server.url}/api/cart`, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: good });
  assert.deepEqual([added.status, await seen()], [200, 1], "and what was sent can be taken");
});

test("the document is sound to Redocly", async () => {
  const text = await (await fetch(`${server.url}/api/openapi.json`)).text();
  assert.equal(JSON.parse(text).openapi, "3.1.0");
  const file = join(folder, "openapi.json");
  await writeFile(file, text);
  const tool = join(dirname(require.resolve("@redocly/cli/package.json")), "bin/cli.js");
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", CI: "true" };
  await run(process.execPath, [tool, "lint", "--extends=recommended", "--skip-rule=no-server-example.com", file], { env, cwd: folder })
    .catch((fault) => assert.fail(fault.stdout + fault.stderr));
  const page = await fetch(`${server.url}/api`);
  assert.match(await page.text(), /POST \/checkout\/create-session/);
});

test("a fuzzer finds no answer that the document does not name, and none of ours that fails", async () => {
  const tool = join(process.env.VITRINE_TEST_PEERS, "bin/schemathesis");
  const checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
  const args = ["run", `${server.url}/api/openapi.json`, "--checks", checks, "--seed", "7", "--max-examples", "12",
    "--phases", "examples,coverage,fuzzing", "--workers", "1", "--request-timeout", "10", "--no-color", "-H", `X-Api-Key: ${server.key}`];
  const env = { ...process.env, SCHEMATHESIS_HOOKS: join(import.meta.dirname, "../lib/schemathesis_rows.py") };
  await run(tool, args, { cwd: folder, env, maxBuffer: 1 << 26, timeout: 180_000 })
    .catch((fault) => assert.fail(`${fault.stdout}`.slice(-6000) + fault.stderr));
});
