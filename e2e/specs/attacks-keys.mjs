// What somebody keeps who once had a key, a device, a token or a look at an order: nothing, once it was taken back.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, begin, Jar, json, linkIn, post, purchase, signedIn, signedUp } from "../lib/attack.mjs";
import { works } from "../lib/buying.mjs";
import { startServer, vitrine } from "../lib/server.mjs";

let server;
let shop;
let kept;
const started = (more) => startServer({ limits: 0, kept, ...more });

before(async () => {
  kept = await mkdtemp(join(tmpdir(), "vitrine-keys-"));
  server = await started({ shop: "market", scopes: ["orders:read"] });
  shop = await works(server);
});
after(async () => {
  await server?.stop();
  if (kept) await rm(kept, { recursive: true, force: true });
});

const open = async (cookie) => (await json(server, "GET", "/rpc/me/account", undefined, `${cookie}`)).status;

/** The devices of an answer, wherever they stand in it. */
function devices(value) {
  if (Array.isArray(value?.devices)) return value.devices;
  if (!value || typeof value !== "object") return undefined;
  return Object.values(value).map(devices).find(Boolean);
}

/** A code for a program in a browser that is signed in; answers the token endpoint's answer. */
async function program(jar) {
  const verifier = randomBytes(32).toString("base64url");
  const redirect = "http://127.0.0.1:7878/callback";
  const wish = new URLSearchParams({ response_type: "code", client_id: "vitrine-programs", redirect_uri: redirect, scope: "openid api offline_access", state: "s".repeat(16), nonce: "n".repeat(16),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256" });
  const lead = await ask(server, "GET", `/oidc/authorize?${wish}`, { headers: { cookie: `${jar}` } });
  assert.equal(lead.status, 303, lead.body);
  const code = new URL(lead.headers.location).searchParams.get("code");
  const got = await post(server, "/oidc/token", { grant_type: "authorization_code", code, redirect_uri: redirect, client_id: "vitrine-programs", code_verifier: verifier });
  assert.equal(got.status, 200, got.body);
  return JSON.parse(got.body);
}

const refreshed = (token) => post(server, "/oidc/token", { grant_type: "refresh_token", client_id: "vitrine-programs", refresh_token: token });

test("who looks at orders opens none of their files", async () => {
  const { order, key, parts } = await purchase(server, [shop.album], { email: "reads@example.org" });
  const assets = parts[0].lines[0].assets.split(",");
  const staff = `${await signedIn(server, "staff@vitrine.example", "help-and-refund")}`;
  const want = { order, key: "x", assetIds: assets };
  for (const [who, cookie, more] of [["a key", undefined, { "x-api-key": server.key }], ["staff", staff, {}]]) {
    assert.equal((await json(server, "GET", `/api/orders/${order}`, undefined, cookie, more)).status, 200, `${who} looks`);
    const link = await json(server, "POST", "/api/downloads/link", want, cookie, more);
    assert.equal(link.status, 404, `${who}: ${link.body}`);
    const form = await post(server, `/orders/${order}/download`, { assets: assets.join(","), key: "x" }, cookie, more);
    assert.equal(form.status, 404, `${who}: ${form.headers.location ?? form.body}`);
  }
  const link = await json(server, "POST", "/api/downloads/link", { ...want, key });
  assert.equal(link.status, 200, link.body);
});

test("a device that is signed out is asked for the password, and its program's tokens end", async () => {
  const own = await signedUp(server, "owner@example.org", "the owner's word", "Owner");
  const stolen = await signedIn(server, "owner@example.org", "the owner's word");
  const tokens = await program(stolen);
  const list = devices(JSON.parse((await json(server, "GET", "/rpc/me/account", undefined, `${own}`)).body));
  const other = list.filter((device) => !device.current);
  assert.equal(other.length, 1, JSON.stringify(list));
  const out = await post(server, "/account/devices", { session: other[0].id }, `${own}`);
  assert.equal(out.status, 303, out.body);
  assert.deepEqual([await open(own), await open(stolen)], [200, 401]);
  const again = async (jar) => (await ask(server, "GET", await begin(server, jar), { headers: { cookie: `${jar}` } })).status;
  assert.deepEqual([await again(own), await again(stolen)], [303, 200], "303 is a code without a question");
  const ended = await refreshed(tokens.refresh_token);
  assert.deepEqual([ended.status, JSON.parse(ended.body).error], [400, "invalid_grant"]);
});

test("a new password ends bearer tokens at once", async () => {
  const jar = await signedUp(server, "bearer@example.org", "the first password", "Bearer");
  const { access_token: token } = await program(jar);
  const bearer = { authorization: `Bearer ${token}` };
  const asked = async (path) => (await ask(server, "GET", path, { headers: bearer })).status;
  assert.deepEqual([await asked("/api/me/entitlements"), await asked("/oidc/userinfo")], [200, 200]);
  const rescued = new Jar();
  await post(server, await begin(server, rescued), { step: "forgot", email: "bearer@example.org" }, `${rescued}`);
  const link = await linkIn(server, "bearer@example.org", /\/oidc\/reset/);
  const done = await post(server, "/oidc/reset", { token: new URLSearchParams(link.split("?")[1]).get("token"), password: "another password" }, `${rescued}`);
  assert.equal(done.status, 303, done.body);
  assert.deepEqual([await asked("/api/me/entitlements"), await asked("/oidc/userinfo")], [401, 401]);
});

test("a key is listed, revoked and tells its holder so", async () => {
  const words = (...more) => vitrine("api-key", ...more, "--data", kept);
  const [id] = server.key.split(".");
  const asked = async (key) => {
    const answer = await ask(server, "GET", "/api/cart", { headers: { "x-api-key": key } });
    return [answer.status, answer.status === 200 ? "" : JSON.parse(answer.body).code];
  };
  assert.deepEqual(await asked(server.key), [200, ""]);
  const { key } = server;
  // One process has the table: keys are seen to while the server is stopped.
  await server.stop();
  const short = (await words("create", "for a while", "--scope", "orders:ship", "--days", "30")).trim();
  const before = await words("list");
  const line = (of) => before.split("\n").find((text) => text.startsWith(of));
  const today = new Date().toISOString().slice(0, 10);
  assert.match(line(id), new RegExp(`in force +\\S+ +${today} +tests: orders:read`));
  assert.match(line(short.split(".")[0]), /until \d{4}-\d\d-\d\d +\S+ +- +for a while: orders:ship/);
  assert.ok(!before.includes(key.split(".")[1]), "no secret is listed");
  for (let twice = 0; twice < 2; twice += 1) await words("revoke", id);
  await assert.rejects(words("revoke", `key_${"0".repeat(26)}`), /no such key/);
  server = await started();
  assert.deepEqual(await asked(key), [401, "key_revoked"]);
  assert.deepEqual(await asked(`${id}.guessed`), [401, "bad_key"]);
  assert.deepEqual(await asked(short), [200, ""]);
});
