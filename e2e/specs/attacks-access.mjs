// Who may do what, over every address there is: nobody, a stranger, another shop's seller, another site's page, other kinds of bodies.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, begin, Jar, json, linkIn, post, purchase, signedIn, signedUp, same } from "../lib/attack.mjs";
import { works } from "../lib/buying.mjs";
import { named, PAGES, ROUTES, RPC } from "../lib/routes.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let people;
let sample;
/** Stands in everything that only its owners may read. */
const SECRET = "For-no-other-eyes";

before(async () => {
  server = await startServer({ shop: "market", limits: 0 });
  const shop = await works(server);
  const [stranger, seller, staff, buyer] = await Promise.all([
    signedUp(server, "stranger@example.org", "a stranger's word", "Stranger"),
    signedIn(server, "creator@vitrine.example", "make-and-publish"),
    signedIn(server, "staff@vitrine.example", "help-and-refund"),
    signedIn(server, "buyer@vitrine.example", "listen-and-read"),
  ]);
  people = { nobody: "", stranger: `${stranger}`, seller: `${seller}`, staff: `${staff}`, buyer: `${buyer}` };
  const studio = (await ask(server, "GET", "/studio", { headers: { cookie: people.seller } })).body;
  // The samples are of the shop that the seller does not work for.
  const [path, draft, store] = studio.includes("Harbour Lights") ? [shop.book, "Paper", "paper"] : [shop.album, "Nord", "nordlicht"];
  const work = path.match(/w_[0-9a-v]{26}/)[0];
  const { order, key, parts } = await purchase(server, [path], { cookie: people.buyer, email: "buyer@vitrine.example", name: SECRET });
  await post(server, `/orders/${parts[0].id}/ask`, { text: SECRET, seen: "0" }, people.buyer);
  // A work that is not on sale, of the same shop; its id is named in the row.
  const hidden = `w_${"0".repeat(20)}secret`;
  const [tenant, maker] = draft === "Paper" ? ["paper", "joe"] : ["nord", "ida"];
  const row = JSON.stringify({ type: "work", ref: hidden, store: tenant === "paper" ? "press" : "nord", kind: "album", title: SECRET, makers: [maker], released: "2026-01-01", status: "draft" });
  const upload = (rows) => ["--b", 'content-disposition: form-data; name="rows"; filename="r.jsonl"', "", rows, "--b--", ""].join("\r\n");
  const begun = await ask(server, "POST", "/admin/import/upload", { headers: { origin: server.url, cookie: people.staff, "content-type": "multipart/form-data; boundary=b" }, body: upload(row) });
  const imported = begun.headers.location.split("/").pop();
  const asked = async (method, path, value, cookie) => JSON.parse((await json(server, method, path, value, cookie)).body);
  const until = async (what, get) => {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const found = await get();
      if (found) return found;
      assert.ok(Date.now() < deadline, `there is no ${what}`);
    }
  };
  await until("report", async () => (await json(server, "GET", `/api/admin/catalog/import/${imported}`, undefined, people.staff)).status === 200);
  const owned = await asked("GET", `/api/me/entitlements/${work}`, undefined, people.buyer).catch(() => ({}));
  const invoice = (await until("invoice", async () => (await asked("GET", `/api/orders/${order}?key=${key}`)).parts[0].invoice_href)).match(/inv_\w+/)[0];
  const letters = (await ask(server, "GET", `/@${store}`)).body.match(/\/letters\/(s_[0-9a-v]{26})\/ask/)[1];
  const devices = (await ask(server, "GET", "/account", { headers: { cookie: people.buyer } })).body;
  sample = {
    order: parts[0].id, checkout: order, key, work, path, draft: hidden, invoice, import: imported, store: letters,
    variant: (await asked("GET", `/api/public/catalog/items/${work}`)).editions[0].variant,
    asset: owned.files?.[0]?.asset ?? `a_${"0".repeat(26)}`,
    session: devices.match(/name="session" value="([^"]+)"/)?.[1] ?? "x".repeat(43),
    who: "0123456789abcdefghijklmnopqrstuv", pay: parts[0].id,
  };
});
after(() => server?.stop());

const absent = (id) => id.replace(/_[0-9a-v]{26}/, `_${"0".repeat(25)}1`);

/** The pattern's address about the samples; `other` makes ids that nothing has. */
function address(pattern, other = (id) => id) {
  const order = /\/orders\//.test(pattern) && !/^\/(studio|admin)/.test(pattern) && !/ask|download/.test(pattern) ? sample.checkout : sample.order;
  const ids = {
    id: /orders/.test(pattern) ? order : /invoices/.test(pattern) ? sample.invoice : /letters/.test(pattern) ? sample.store : /import/.test(pattern) ? sample.import
      : /works|preview/.test(pattern) ? sample.draft : /eula/.test(pattern) ? `lic_${"0".repeat(26)}` : sample.work,
    store: sample.store, who: sample.who, provider: "nobody", token: "0".repeat(64), name: "x.xml", slug: "nobody", handle: "@nobody", number: "1", code: "not_found", part: "zone",
  };
  return pattern.replace(/\{\*rest\}|:\.\.segments/, "nowhere").replaceAll(/\{(\w+)\}|:(\w+)/g, (_, a, b) => other(ids[a ?? b]));
}

const filled = (value) => JSON.parse(JSON.stringify(value ?? {}).replaceAll(/\{(\w+)\}/g, (_, name) => sample[name]));

/** Sends what the route takes. */
function act(pattern, { cookie = "", more = {}, other } = {}) {
  const route = ROUTES[pattern];
  const path = address(pattern, other);
  const headers = { origin: server.url, ...(cookie ? { cookie } : {}), ...more };
  const [type, body] = {
    form: ["application/x-www-form-urlencoded", new URLSearchParams(filled(route.act)).toString()],
    json: ["application/json", JSON.stringify(filled(route.act))],
    upload: ["multipart/form-data; boundary=b", '--b\r\ncontent-disposition: form-data; name="rows"; filename="r"\r\n\r\n{}\r\n--b--\r\n'],
    none: [null, ""],
  }[route.takes ?? "form"];
  return ask(server, "POST", path, { headers: { ...(type ? { "content-type": type } : {}), ...headers }, body });
}

const acts = () => Object.entries(ROUTES).filter(([, route]) => route.act);
/** Those that leave who asks signed in. */
const staying = () => acts().filter(([pattern]) => !/logout/.test(pattern));

test("the table names every address of the sources, and nothing else", async () => {
  const found = await named();
  assert.deepEqual(found.unread.sort(), ["&format!(\"/api{}\"", "&path", "STYLE_PATH", "docs::STYLE_PATH"], "addresses that are no literals: the table of the interface, two sheets, the desk's pages");
  for (const sheet of ["/api/style.css", "/simulator/style.css"]) found.routes.add(sheet);
  const missing = (set, table) => [...set].filter((address) => !(address in table));
  assert.deepEqual([missing(found.routes, ROUTES), missing(found.pages, PAGES), missing(found.rpc, RPC)], [[], [], []], "add them to e2e/lib/routes.mjs with who may call them");
  const gone = (set, table) => Object.keys(table).filter((address) => !set.has(address));
  assert.deepEqual([gone(found.routes, ROUTES), gone(found.pages, PAGES), gone(found.rpc, RPC)], [[], [], []]);
});

test("nobody, a stranger and another shop's seller change nothing that is not theirs", async () => {
  const before = (await ask(server, "GET", `/api/orders/${sample.checkout}?key=${sample.key}`)).body;
  for (const who of ["nobody", "stranger", "seller"]) {
    for (const [pattern, route] of staying()) {
      const answer = await act(pattern, { cookie: people[who] });
      assert.ok(answer.status < 500, `${pattern} as ${who}: ${answer.status} ${answer.body}`);
      if (route[who]) assert.equal(answer.status, route[who], `${pattern} as ${who}: ${answer.body.slice(0, 300)}`);
      assert.ok(!answer.body.includes(SECRET), `${pattern} as ${who} shows what is not theirs`);
    }
    for (const [pattern, { args, ...route }] of Object.entries(RPC)) {
      const answer = await json(server, args ? "POST" : "GET", pattern, args && filled(args), people[who]);
      assert.ok(answer.status < 500, `${pattern} as ${who}: ${answer.status} ${answer.body}`);
      if (route[who]) assert.equal(answer.status, route[who], `${pattern} as ${who}: ${answer.body.slice(0, 300)}`);
      assert.ok(!answer.body.includes(SECRET), `${pattern} as ${who} shows what is not theirs`);
    }
  }
  assert.equal((await ask(server, "GET", `/api/orders/${sample.checkout}?key=${sample.key}`)).body, before);
  const shown = await ask(server, "GET", sample.path);
  assert.ok(shown.status === 200 && !shown.body.includes("taken"));
});

test("no page shows others what is somebody's, and its owners see it", async () => {
  const pages = [...Object.keys(PAGES), ...Object.entries(ROUTES).filter(([, r]) => !r.files && !r.elsewhere).map(([p]) => p)];
  for (const who of ["nobody", "stranger", "seller"]) {
    for (const pattern of pages) {
      // The outbox of demonstration data shows every mail to whoever sits at the machine.
      if (pattern.startsWith("/dev/")) continue;
      const answer = await ask(server, "GET", address(pattern), { headers: { accept: "text/html", ...(people[who] ? { cookie: people[who] } : {}) } });
      assert.ok(answer.status < 500, `${pattern} as ${who}: ${answer.status}`);
      assert.ok(!answer.body.includes(SECRET), `${pattern} as ${who} shows what is not theirs`);
    }
  }
  const seen = async (path, cookie) => (await ask(server, "GET", path, { headers: { cookie } })).body.includes(SECRET);
  assert.ok(await seen(`/orders/${sample.checkout}`, people.buyer), "the buyer's own page");
  assert.ok(await seen(`/invoices/${sample.invoice}`, people.buyer), "the buyer's own invoice");
  assert.ok(await seen(`/admin/orders/${sample.order}`, people.staff), "the console");
  assert.ok(await seen(`/studio/works/${sample.draft}`, people.staff), "the editor");
});

test("what is hidden and what is not there answer alike", async () => {
  const shape = (answer) => `${answer.status} ${answer.body.replaceAll(/(%2F|\b)(t|s|m|w|v|a|co|ord|inv|lic|c)[_ ][0-9a-v]{26}/g, "ID").replaceAll(/req_[0-9a-f]+|[0-9a-f-]{36}|"instance":"[^"]*"/g, "N").replaceAll(/id="data-0">"[^"]*"/g, "DATA")}`;
  for (const who of ["nobody", "stranger", "seller"]) {
    const cookie = people[who];
    for (const [pattern, route] of acts().filter(([, r]) => r[who] === 404)) {
      const [hidden, none] = [await act(pattern, { cookie }), await act(pattern, { cookie, other: absent })];
      // Forms that name their object in a field ask about the same one in both.
      same(shape(hidden), shape(none), `${pattern} as ${who}${route.act ? "" : " "}`);
    }
    for (const pattern of ["/orders/:id", "/invoices/:id", "/preview/:id", "/my-products/:id", "/studio/works/:id", "/studio/orders/:id", "/studio/letters/:id", "/albums/:id", "/letters/:store/:who"]) {
      const path = (other) => (pattern === "/albums/:id" ? `/albums/x-${other(sample.draft)}` : address(pattern, other));
      const headers = { accept: "text/html", ...(cookie ? { cookie } : {}) };
      const [hidden, none] = [await ask(server, "GET", path((id) => id), { headers }), await ask(server, "GET", path(absent), { headers })];
      same(shape(hidden), shape(none), `${pattern} as ${who}`);
    }
    for (const path of [`/orders/${sample.checkout}`, `/orders/${sample.order}`, `/invoices/${sample.invoice}`, `/me/entitlements/${sample.work}`, `/public/catalog/items/${sample.draft}`]) {
      const [hidden, none] = [await json(server, "GET", `/api${path}`, undefined, cookie), await json(server, "GET", `/api${absent(path)}`, undefined, cookie)];
      same(shape(hidden), shape(none), `/api${path} as ${who}`);
    }
  }
});

test("another site's page changes nothing with the cookies of who is signed in", async () => {
  const { port } = new URL(server.url);
  const elsewhere = {
    "another site": { origin: "https://evil.example" },
    "a sandbox": { origin: "null" },
    "a shop's own name": { origin: `http://nordlicht.localhost:${port}`, "sec-fetch-site": "same-site" },
    "the files origin": { origin: server.files, "sec-fetch-site": "same-site" },
    "the same site without an origin": { origin: null, "sec-fetch-site": "same-site" },
    "another port": { origin: "http://localhost:1", "sec-fetch-site": "same-site" },
    "no sign of where from": { origin: null },
    "a bearer beside the cookie": { origin: null, authorization: "Bearer x" },
    "a key beside the cookie": { origin: null, "x-api-key": "x" },
    "a signature beside the cookie": { origin: null, "stripe-signature": "x" },
  };
  for (const [name, more] of Object.entries(elsewhere)) {
    for (const [pattern] of acts().filter(([, route]) => !route.proof)) {
      const answer = await act(pattern, { cookie: people.staff, more });
      // Bad credentials beside the cookie are refused as such before anybody asks where from.
      const fits = answer.status === 403 || (answer.status === 401 && /a (bearer|key)/.test(name));
      assert.ok(fits, `${pattern} from ${name}: ${answer.status}`);
    }
    for (const [pattern, { args }] of Object.entries(RPC).filter(([, r]) => r.args)) {
      const answer = await json(server, "POST", pattern, filled(args), people.staff, more);
      assert.ok([403, 401].includes(answer.status), `${pattern} from ${name}: ${answer.status}`);
    }
  }
  const two = await ask(server, "POST", "/auth/logout", { headers: [["origin", server.url], ["origin", "https://evil.example"], ["cookie", people.staff]], body: "" });
  assert.equal(two.status, 403, "two origins are nobody's honest browser");
  const signedOut = await ask(server, "GET", "/api/me/entitlements", { headers: { cookie: people.staff } });
  assert.equal(signedOut.status, 200, "staff are still signed in");
});

test("what takes its own proof takes no other and no cookie", async () => {
  const forged = { id: "evt_1", type: "checkout.session.completed", data: { object: { id: sample.checkout, payment_status: "paid" } } };
  const now = Math.floor(Date.now() / 1000);
  for (const signature of [undefined, "", "t=1,v1=00", `t=${now},v1=${"0".repeat(64)}`, `t=${now},v1=`, `v1=${"0".repeat(64)}`, `t=${now}`, `t=${now},v0=${"0".repeat(64)}`, "a".repeat(5_000), `t=${"9".repeat(40)},v1=00`, `t=${now},${"v1=00,".repeat(2_000)}`]) {
    const answer = await json(server, "POST", "/api/webhooks/simulator", forged, people.staff, signature === undefined ? {} : { "simulator-signature": signature });
    assert.ok([400, 431].includes(answer.status), `${String(signature).slice(0, 40)}: ${answer.status}`);
  }
  assert.equal((await json(server, "POST", "/api/webhooks/stripe", forged, people.staff)).status, 404);
  for (const [method, path] of [["POST", "/oidc/token"], ["POST", "/oidc/revoke"], ["GET", "/oidc/userinfo"]]) {
    const answer = await ask(server, method, path, { headers: { cookie: people.staff, "content-type": "application/x-www-form-urlencoded" }, body: method === "POST" ? "grant_type=refresh_token&client_id=vitrine" : undefined });
    assert.ok([400, 401].includes(answer.status), `${path}: ${answer.status}`);
  }
  const control = await json(server, "POST", "/simulator/control", {}, undefined, { "x-forwarded-for": "203.0.113.9" });
  assert.equal(control.status, 404, "what a proxy forwards is not from this machine");
});

test("a body of another kind is refused, and never breaks anything", async () => {
  const deep = "[".repeat(50_000);
  const bodies = [
    ["text/plain", "title=x&rev=1"], ["application/json", '{"title":"x"}'], ["application/json", deep], ["application/xml", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"],
    ["multipart/form-data; boundary=b", "--b\r\ncontent-disposition: form-data; name=\"rev\"\r\n\r\n1"], ["multipart/form-data", "x"], ["application/x-www-form-urlencoded; charset=utf-16", "\xff\xfe=\x00"],
    ["application/x-www-form-urlencoded", "%ff%fe=%00&rev=99999999999999999999&line=-1&quantity=-1&seen=x"], ["", "rev=1"], ["application/x-www-form-urlencoded", "a&".repeat(20_000)],
  ];
  for (const [type, body] of bodies) {
    for (const [pattern, route] of staying()) {
      if (route.takes === "none") continue;
      const headers = { origin: server.url, cookie: people.stranger, ...(type ? { "content-type": type } : {}) };
      const answer = await ask(server, "POST", address(pattern), { headers, body });
      assert.ok(answer.status < 500, `${pattern} with ${type} ${body.slice(0, 20)}: ${answer.status} ${answer.body.slice(0, 200)}`);
      const form = type.startsWith("application/x-www-form-urlencoded");
      const fits = form || route.takes === "upload" || pattern.startsWith("/oidc/") || answer.status >= 400;
      assert.ok(fits, `${pattern} takes ${type}: ${answer.status}`);
    }
    for (const [pattern, { args }] of Object.entries(RPC).filter(([, r]) => r.args)) {
      const answer = await ask(server, "POST", pattern, { headers: { origin: server.url, ...(type ? { "content-type": type } : {}) }, body });
      assert.ok(answer.status >= 400 && answer.status < 500, `${pattern} takes ${type} ${body.slice(0, 20)}: ${answer.status} ${answer.body.slice(0, 200)} ${Object.keys(args)}`);
    }
  }
  assert.equal((await ask(server, "GET", "/readyz")).status, 200);
});

test("other methods do nothing, and none is smuggled in a header", async () => {
  for (const pattern of [...Object.keys(ROUTES).filter((p) => !ROUTES[p].elsewhere), ...Object.keys(RPC), "/catalog", "/admin"]) {
    for (const method of ["TRACE", "DELETE", "PATCH", "PROPFIND", "OPTIONS"]) {
      const headers = { origin: server.url, cookie: people.staff, "x-probe": "do-not-echo" };
      const answer = await ask(server, method, address(pattern), { headers, files: Boolean(ROUTES[pattern]?.files) });
      assert.ok(answer.status < 500, `${method} ${pattern}: ${answer.status}`);
      // Pages show themselves for any method that only reads.
      if (method !== "OPTIONS") assert.ok(answer.status >= 400, `${method} ${pattern}: ${answer.status}`);
      assert.ok(!answer.body.includes("do-not-echo"), `${method} ${pattern} echoes the request`);
      assert.equal(answer.headers["access-control-allow-credentials"], undefined, `${method} ${pattern}`);
    }
  }
  for (const override of [{ "x-http-method-override": "POST" }, { "x-method-override": "DELETE" }, { "x-http-method": "PUT" }]) {
    const answer = await ask(server, "GET", "/auth/logout?_method=POST", { headers: { cookie: people.staff, ...override } });
    assert.ok([404, 405].includes(answer.status), `${answer.status}`);
  }
  assert.equal((await json(server, "GET", "/api/me/entitlements", undefined, people.staff)).status, 200);
  // A question about the headers alone answers as the page does, without its body.
  const head = await ask(server, "HEAD", "/catalog");
  assert.deepEqual([head.status, head.body], [200, ""]);
});

test("a session begins anew at each sign-in, ends for all with a new password, and knows the roles of now", async () => {
  const planted = new Jar();
  planted.set("__Host-session", "planted-by-somebody-else-0123456789abcdefghijk");
  planted.set("__Host-idp", "planted-too-0123456789abcdefghijklmnopqrstuvw");
  const first = await signedUp(server, "fixed@example.org", "the first password", "Fixed");
  await signedIn(server, "fixed@example.org", "the first password", planted);
  for (const name of ["__Host-session", "__Host-idp"]) assert.doesNotMatch(planted.get(name), /^planted/);
  const once = planted.get("__Host-session");
  await signedIn(server, "fixed@example.org", "the first password", planted);
  assert.notEqual(planted.get("__Host-session"), once);
  const open = async (cookie) => (await json(server, "GET", "/rpc/me/account", undefined, cookie)).status;
  assert.equal(await open(`__Host-session=${once}`), 401, "the session before ended with the new one");
  assert.deepEqual([await open(`${first}`), await open(`${planted}`)], [200, 200]);
  // Somebody who knows the password is thrown out by who reads the mail.
  const rescued = new Jar();
  const page = await begin(server, rescued);
  await post(server, page, { step: "forgot", email: "fixed@example.org" }, `${rescued}`);
  const link = await linkIn(server, "fixed@example.org", /\/oidc\/reset/);
  const token = new URLSearchParams(link.split("?")[1]).get("token");
  const done = await post(server, "/oidc/reset", { token, password: "another password" }, `${rescued}`);
  assert.equal(done.status, 303, done.body);
  assert.deepEqual([await open(`${first}`), await open(`${planted}`)], [401, 401], "sessions of before outlive a new password");
  assert.equal((await post(server, "/oidc/reset", { token, password: "a third password" }, `${rescued}`)).status, 410, "the link works once");
  const again = await signedIn(server, "fixed@example.org", "another password");
  assert.equal(await open(`${again}`), 200);
});

test("cookies thrown from a sub-domain or doubled neither sign anybody in nor reach a page", async () => {
  const session = people.buyer.match(/__Host-session=([^;]+)/)[1];
  for (const cookie of [`__Host-session=x; __Host-session=${session}`, "__host-session=x", `session=${session}`, `__Secure-session=${session}`, ` __Host-session =${session}`]) {
    assert.equal((await json(server, "GET", "/rpc/me/account", undefined, cookie)).status, 401, cookie.slice(0, 40));
  }
  for (const prefs of ["lang=<script>&country=<b>", "lang=xx-XX&country=ZZ", `lang=${"x".repeat(3_000)}`, "lang=de-DE&lang=en-US&country=DE&country=US"]) {
    const answer = await ask(server, "GET", "/catalog", { headers: { cookie: `vitrine_prefs=${prefs}` } });
    assert.equal(answer.status, 200);
    assert.ok(!answer.body.includes("<b>") && !answer.body.includes("<script>&"), prefs.slice(0, 40));
  }
});

test("a wrong password takes as long for an address without an account", async () => {
  const jar = new Jar();
  const page = await begin(server, jar);
  const timed = async (email) => {
    const began = process.hrtime.bigint();
    const answer = await post(server, page, { step: "password", email, password: "not the right one" }, `${jar}`);
    assert.equal(answer.status, 422, answer.body);
    return Number(process.hrtime.bigint() - began) / 1e6;
  };
  await timed("warm@example.org");
  const [known, unknown] = [[], []];
  // Four wrong ones each: the fifth makes an account wait.
  const accounts = ["buyer@vitrine.example", "creator@vitrine.example", "staff@vitrine.example", "stranger@example.org"];
  for (let round = 0; round < 4; round += 1) {
    for (const email of accounts) {
      known.push(await timed(email));
      unknown.push(await timed(`nobody-${round}-${email}`));
    }
  }
  // The quickest of each: what the machine did besides only ever adds. Without the work of a hash it would be a tenth.
  const [quickest, other] = [Math.min(...known), Math.min(...unknown)];
  assert.ok(quickest / other > 0.6 && other / quickest > 0.6, `known ${quickest.toFixed(1)} ms, unknown ${other.toFixed(1)} ms`);
  // The page says the same, too.
  const said = async (email) => (await post(server, page, { step: "password", email, password: "not the right one" }, `${jar}`)).body.replaceAll(email, "E");
  await signedIn(server, "buyer@vitrine.example", "listen-and-read");
  assert.equal(await said("buyer@vitrine.example"), await said("nobody-at-all@example.org"));
});
