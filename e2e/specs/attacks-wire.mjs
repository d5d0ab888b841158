// Below the pages: hosts, proxies, paths, redirects, headers, sizes, and bytes that two programs could read differently.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, json, post, purchase, raw, signedIn, same } from "../lib/attack.mjs";
import { works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let shop;
let buyer;
let staff;
/** A seller with things of their shop. */
let seller;
let host;
before(async () => {
  const env = { VITRINE_LOG: "debug,hyper=warn,tantivy=warn", VITRINE_SECURITY_CONTACT: "mailto:security@vitrine.example" };
  server = await startServer({ shop: "market", limits: 0, env });
  shop = await works(server);
  host = new URL(server.url).host;
  buyer = `${await signedIn(server, "buyer@vitrine.example", "listen-and-read")}`;
  staff = `${await signedIn(server, "staff@vitrine.example", "help-and-refund")}`;
  const cookie = `${await signedIn(server, "creator@vitrine.example", "make-and-publish")}`;
  const list = (await ask(server, "GET", "/studio/prices", { headers: { cookie } })).body;
  const [tenant, edition] = [list.match(/t_[0-9a-v]{26}/)[0], list.match(/v_[0-9a-v]{26}/)[0]];
  const made = await post(server, "/studio/promotions/new", { tenant, rev: "0", code: "WIRE", kind: "percent", rate: "10" }, cookie);
  await post(server, "/studio/groups", { tenant, name: "readers", title: "Readers" }, cookie);
  const store = (await ask(server, "GET", "/@nordlicht")).body.match(/s_[0-9a-v]{26}/)[0];
  seller = { cookie, tenant, edition, store, promotion: made.headers.location.match(/promo_[0-9a-v]{26}/)[0] };
});
after(() => server?.stop());

const anywhere = () => ["/", "/catalog", shop.album, "/cart", "/account", "/api/health", "/api/openapi.json", "/rpc/me/bar", "/feeds/new.xml", "/sitemap.xml", "/robots.txt", "/auth/login", "/preferences?to=/", "/.well-known/security.txt",
  "/dev/outbox", "/simulator/done/x", "/.well-known/openid-configuration", "/oidc/authorize", "/oidc/jwks.json", "/letters/s/w/leave"];

test("a host that is not the shop's opens nothing, whatever leads here", async () => {
  for (const path of anywhere()) {
    for (const name of ["evil.example", `evil.example:${host.split(":")[1]}`, `${host}.evil.example`, `evil.localhost:${host.split(":")[1]}`, "localhost@evil.example", "localhost, evil.example", "evil.example/localhost", "[::2]"]) {
      const answer = await ask(server, "GET", path, { headers: { host: name } });
      assert.ok([400, 421].includes(answer.status), `${path} at ${name}: ${answer.status}`);
      assert.ok(!`${answer.body}${JSON.stringify(answer.headers)}`.includes("evil"), `${path} at ${name} repeats the name`);
    }
    const doubled = await raw(server, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
    assert.equal(doubled.answers[0], 400, `${path} with two hosts`);
    const none = await raw(server, `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`);
    assert.equal(none.answers[0], 400, `${path} without a host`);
  }
  // Assets are the same for everybody; the provider and the outbox are the marketplace's alone.
  for (const path of ["/dev/outbox", "/oidc/jwks.json", "/simulator/done/x"]) {
    assert.equal((await ask(server, "GET", path, { headers: { host: `nordlicht.${host}` } })).status, 421, path);
  }
});

test("what a stranger says of proxies changes no page and is kept in no cache", async () => {
  const lies = [
    { "x-forwarded-host": "evil.example" }, { "x-forwarded-proto": "https", "x-forwarded-scheme": "https" }, { "x-host": "evil.example", "x-forwarded-server": "evil.example" }, { forwarded: "host=evil.example;proto=https;for=1.2.3.4" },
    { "x-original-url": "/admin", "x-rewrite-url": "/admin" }, { "x-forwarded-prefix": "/evil" }, { "x-country": "JP", "cf-ipcountry": "JP", "x-currency": "JPY" }, { "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "true-client-ip": "127.0.0.1" },
    { "x-timer": "evil", via: "evil", "transfer-encoding": null, "x-http-method-override": "evil" }, { "accept-language": "evil<script>, en;q=evil" }, { "user-agent": "evil" }, { range: "bytes=0-5" }, { accept: "evil/evil" }, { "x-request-id": "evil evil" },
  ];
  // An answer names itself; all else must be the same.
  const shape = (answer) => answer.body.replaceAll(/req_[0-9a-f]+/g, "N").replaceAll(/id="data-0">"[^"]*"/g, "DATA");
  for (const path of ["/", "/catalog", shop.album, "/feeds/new.xml", "/sitemap.xml", "/robots.txt", "/@nordlicht"]) {
    let plain = shape(await ask(server, "GET", path));
    for (const lie of lies) {
      const answer = await ask(server, "GET", path, { headers: lie });
      // Jobs of the import still make pictures: what changed meanwhile is asked for once more.
      if (shape(answer) !== plain) plain = shape(await ask(server, "GET", path));
      same(shape(answer), plain, `${path} with ${JSON.stringify(lie)}`);
      assert.ok(!JSON.stringify(answer.headers).includes("evil"), `${path} repeats ${JSON.stringify(lie)}`);
    }
    // And after all of them the next visitor still gets the same.
    const after = shape(await ask(server, "GET", path));
    same(after, shape(await ask(server, "GET", path)), path);
    assert.ok(!after.includes("evil"), path);
    const vary = (await ask(server, "GET", path)).headers;
    const kept = vary["cache-control"] ?? "";
    if (kept.includes("public") && path.startsWith("/feeds")) assert.match(vary.vary, /accept-language, cookie/i);
  }
  for (const path of ["/account", "/my-products", "/cart", "/api/cart", "/rpc/me/bar", "/invoices"]) {
    const answer = await ask(server, "GET", path, { headers: { cookie: buyer } });
    assert.doesNotMatch(answer.headers["cache-control"] ?? "no-store", /public/, path);
  }
  // What only staff see does not open to who claims to be the machine itself.
  assert.ok([401, 403].includes((await ask(server, "GET", "/admin", { headers: { "x-forwarded-for": "127.0.0.1", "x-original-url": "/" } })).status));
});

/**
 * Forms of the desk and of buying, each with a text in every place that its answer may lead back to: paths, whose it is, what it changes.
 * First those whose path is the text, by an administrator, then those of the seller's own things, which are taken or answered with their
 * faults.
 */
function doors(text) {
  const at = encodeURIComponent(text);
  const { tenant, edition, store, promotion } = seller;
  const fields = { tenant: text, seller: text, was: text, key: text, q: text, at: text, after: text, name: text, title: text, addresses: text, act: text, id: text, attempt: text, currency: text, amount: text, email: text, rev: "0", region: text, subject: text, text, proof: text, seen: text, reason: text, recipient: text, invoice: text, void_reason: text };
  const named = ["/studio/promotions/{}", "/studio/promotions/{}/end", "/studio/groups/{}", "/studio/groups/{}/delete", "/studio/prices/edition/{}", "/studio/prices/edition/{}/end", "/studio/prices/changes/{}", "/studio/shipping/{}/{}", "/studio/gift-cards/{}", "/studio/tax-settings/{}", "/studio/tax-settings/{}/registrations", "/studio/letters/{}",
    "/studio/works/{}", "/gift-cards/{}/buy", "/orders/{}/gift", "/admin/value/{}/resend", "/admin/value/{}/end", "/admin/orders/{}/credit", "/admin/orders/{}/refund", "/admin/orders/{}/void", "/letters/{}/ask", "/letters/{}/{}/confirm", "/letters/{}/{}/off"].map((path) => [path.replaceAll("{}", at), fields, staff]);
  const of = { ...fields, tenant, seller: tenant };
  const own = [[`/studio/promotions/${promotion}`, fields], [`/studio/promotions/${promotion}/end`, fields], ["/studio/promotions/new", of], ["/studio/groups", of], ["/studio/groups/readers", of], [`/studio/groups/${at}`, of], [`/studio/groups/${at}/delete`, of], ["/studio/prices/grid", { ...of, at: "" }], ["/studio/prices/grid", of],
    [`/studio/prices/edition/${edition}`, fields], [`/studio/prices/edition/${edition}/end`, fields], ...["zone", "way", "rate", "nowhere", at].map((part) => [`/studio/shipping/${store}/${part}`, { ...fields, act: "" }]), [`/studio/shipping/${store}/zone`, { ...fields, act: "remove" }],
    [`/studio/tax-settings/${store}`, { ...fields, scope: text }], [`/studio/tax-settings/${store}/registrations`, { ...fields, code: text }],
    [`/studio/gift-cards/${store}`, { ...fields, act: "" }], [`/studio/gift-cards/${store}`, { ...fields, act: "remove" }], [`/studio/letters/${store}`, fields], ["/gift-cards/nordlicht/buy", { ...fields, attempt: "attempt-of-the-wire-1" }], ["/admin/value", fields], [`/letters/${store}/ask`, fields]];
  return [...named, ...own.map(([path, typed]) => [path, typed, path.startsWith("/admin") ? staff : seller.cookie])];
}

/** Sends a form to all of them, and to the doors of files; answers what came. */
async function knocked(text) {
  const answers = [];
  for (const [path, fields, cookie] of doors(text)) answers.push([path, await post(server, path, fields, cookie)]);
  const part = ([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"; filename="f"\r\n\r\n${value}\r\n`;
  for (const [path, fields] of [["/studio/prices/import", { seller: text, rows: "x" }], ["/studio/prices/import", { seller: seller.tenant, rows: text }], ["/admin/rates", { file: text }], ["/admin/import/upload", { rows: text }]]) {
    const headers = { origin: server.url, cookie: staff, "content-type": "multipart/form-data; boundary=b" };
    answers.push([path, await ask(server, "POST", path, { headers, body: `${Object.entries(fields).map(part).join("")}--b--\r\n` })]);
  }
  return answers;
}

test("every way back leads to this site only", async () => {
  const evil = ["//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example", "https:evil.example", "/\t/evil.example", "/\n/evil.example", "/%09/evil.example", "javascript:alert(1)", "data:text/html,x", "//evil.example/%2f..", "/.//evil.example",
    "evil.example", "http://localhost@evil.example", "/..//evil.example", "/;@evil.example", "\u0000//evil.example", "/\u200b/evil.example", "//evil\u3002example", `/${"a".repeat(5_000)}`, " //evil.example", "/ /evil.example", "/%5cevil.example", "?//evil.example"];
  const own = (location) => {
    assert.doesNotMatch(location, /[\r\n\t\\]/);
    assert.equal(new URL(location, server.url).origin, server.url, location);
  };
  const led = new Set();
  for (const to of evil) {
    const wish = encodeURIComponent(to);
    const chosen = await ask(server, "GET", `/preferences?to=${wish}`);
    // Longer than any address of ours: refused before it is read.
    if (chosen.status >= 400 && to.length > 2_000) continue;
    own(chosen.headers.location);
    const login = await ask(server, "GET", `/auth/login?to=${wish}`);
    own(login.headers.location);
    // Where a finished sign-in really leads: the person is signed in at the provider already.
    const jar = `${buyer}; ${login.headers["set-cookie"].map((c) => c.split(";")[0]).join("; ")}`;
    const code = await ask(server, "GET", login.headers.location.replace(server.url, ""), { headers: { cookie: jar } });
    const back = await ask(server, "GET", code.headers.location.replace(server.url, ""), { headers: { cookie: jar } });
    assert.equal(back.status, 303);
    own(back.headers.location);
    buyer = buyer.replace(/__Host-session=[^;]+/, back.headers["set-cookie"].find((c) => c.startsWith("__Host-session=")).split(";")[0]);
    const authorize = await ask(server, "GET", `/oidc/authorize?client_id=vitrine-programs&response_type=code&scope=openid&code_challenge_method=S256&code_challenge=${"x".repeat(43)}&redirect_uri=${wish}`, { headers: { cookie: buyer } });
    assert.equal(authorize.status, 400, `redirect_uri ${to}`);
    const logout = await ask(server, "GET", `/oidc/logout?client_id=vitrine-programs&post_logout_redirect_uri=${wish}`);
    if (logout.headers.location) own(logout.headers.location);
    for (const path of [`/studio/works/${wish}`, `/letters/${wish}/x/off`, `/orders/${wish}/ask`, `/invoices/${wish}/amend`, `/studio/letters/${wish}`]) {
      const answer = await post(server, path, { text: "x", seen: "0", rev: "1", proof: "x", subject: "s", attempt: "0123456789abcdef" }, buyer);
      if (answer.headers.location) own(answer.headers.location);
    }
    for (const [path, answer] of await knocked(to)) {
      assert.ok(answer.status < 500, `${path} with ${to}: ${answer.status} ${answer.body}`);
      if (!answer.headers.location) continue;
      own(answer.headers.location);
      led.add(path.replaceAll(/[a-z]+_[0-9a-v]{26}/g, "{id}"));
    }
    const moved = await ask(server, "GET", `/albums/${wish}-${shop.album.match(/w_\w+/)[0]}`);
    if (moved.headers.location) own(moved.headers.location);
  }
  // Forms of their own things do lead somewhere: it was looked at.
  const back = ["/studio/promotions/{id}", "/studio/promotions/{id}/end", "/studio/promotions/new", "/studio/groups", "/studio/groups/readers", "/studio/prices/grid", "/studio/prices/edition/{id}", "/studio/shipping/{id}/zone", "/studio/gift-cards/{id}", "/studio/tax-settings/{id}", "/studio/tax-settings/{id}/registrations", "/studio/prices/import", "/gift-cards/nordlicht/buy", "/admin/value", "/admin/rates", "/letters/{id}/ask"];
  assert.deepEqual(back.filter((path) => !led.has(path)), []);
  for (const path of ["//evil.example/..", "/%2fevil.example", "//evil.example/account", "/\\evil.example", "/assets//evil.example/..", "/assets/css", "/@evil.example/", "//evil.example/%2e%2e", "/auth/login/../..//evil.example"]) {
    for (const name of [host, `nordlicht.${host}`]) {
      const answer = await ask(server, "GET", path, { headers: { host: name } });
      if (answer.headers.location) own(answer.headers.location);
    }
  }
});

test("an id in the way back to a promotion is the promotion's own, or there is no way back", async () => {
  const { cookie, tenant, promotion } = seller;
  const tails = ["\r\nSet-Cookie: planted=1", "\n", "\r", "//evil.example", "\\\\evil.example", "/..//evil.example", "?x=//evil.example", "#x", "\u0000", " ", "%0d%0aSet-Cookie:%20planted=1"];
  const ids = ["//evil.example", "\\\\evil.example", "/\\evil.example", "https://evil.example", "\r\nSet-Cookie: planted=1", ...["new", promotion].flatMap((id) => tails.flatMap((tail) => [id + tail, tail + id])), promotion.toUpperCase(), "NEW"];
  // The first is of a version that is none, the second has no rate: what is there is led back to its page with that.
  const forms = [{ tenant, rev: "7", code: "WIRE", rate: "10" }, { tenant, rev: "1", code: "WIRE", rate: "" }, { tenant, rev: "0", code: "OTHER", rate: "" }, { tenant: "\r\nSet-Cookie: planted=1", rev: "7" }];
  for (const form of forms) {
    for (const id of ids) {
      for (const end of ["", "/end"]) {
        for (const who of [cookie, staff]) {
          const answer = await post(server, `/studio/promotions/${encodeURIComponent(id)}${end}`, form, who);
          assert.deepEqual([answer.status, answer.headers.location, answer.headers["set-cookie"]], [404, undefined, undefined], JSON.stringify([id, end]));
        }
      }
    }
    for (const [id, end] of [[promotion, ""], [promotion, "/end"], ["new", ""]]) {
      const answer = await post(server, `/studio/promotions/${id}${end}`, form, cookie);
      if (id === "new" && form.tenant !== tenant) continue;
      assert.equal(answer.status, 303, `${id}${end}: ${answer.body}`);
      assert.match(answer.headers.location, new RegExp(`^/studio/promotions/${id}\\?[a-z0-9_&=%.-]*$`, "i"));
      assert.equal(answer.headers["set-cookie"], undefined);
    }
  }
});

test("line ends in what is sent make neither headers nor lines of the log", async () => {
  const clean = ({ headers }, path) => {
    for (const [name, value] of Object.entries(headers)) assert.ok(!name.includes("planted") && !/[\r\n\u0085\u2028]/.test(`${value}`), `${path}: ${name}`);
    assert.ok(!(headers["set-cookie"] ?? []).some((c) => c.startsWith("planted")), path);
  };
  for (const end of ["%0d%0a", "%0a", "%0d", "%E5%98%8A%E5%98%8D", "%c2%85", "%e2%80%a8", "%1b%5b2J%0a"]) {
    const bad = `x${end}Set-Cookie:%20planted=1${end}PLANTED-LINE`;
    const paths = [`/preferences?to=/${bad}&lang=${bad}&country=${bad}`, `/auth/login?to=/${bad}`, `/auth/loginCallback?error=${bad}&state=${bad}&code=${bad}`, `/albums/${bad}`, `/${bad}`, `/search?q=${bad}`, `/problem/${bad}?id=${bad}&status=404`, `/cart?trouble=${bad}`, `/feeds/${bad}.xml`,
      `/sitemaps/${bad}.xml`, `/d/${bad}`, `/api/public/catalog/items/${bad}`, `/oidc/authorize?client_id=${bad}&redirect_uri=${bad}`, `/oidc/logout?state=${bad}`, `/eula/${bad}?version=${bad}`, `/letters/${bad}/${bad}/leave?proof=${bad}`, `/podcasts/${bad}/feed.xml`, `/api/orders/${bad}?key=${bad}`, `/studio/promotions?tenant=${bad}`, `/studio/promotions/${bad}?tenant=${bad}`, `/studio/promotions/new?tenant=${seller.tenant}&trouble=${bad}`, `/studio/groups?tenant=${bad}`, `/studio/groups/${bad}?tenant=${seller.tenant}&after=${bad}`,
      `/studio/prices?seller=${bad}`, `/studio/prices?seller=${seller.tenant}&at=${bad}&q=${bad}&after=${bad}`, `/studio/prices/file.csv?seller=${bad}`, `/studio/prices/edition/${seller.edition}?price=${bad}`, `/studio/prices/edition/${bad}`, `/studio/prices/changes/${bad}`, `/studio/prices/see?seller=${seller.tenant}&skus=${bad}&country=${bad}&date=${bad}`, `/studio/tax?month=${bad}&country=${bad}`,
      `/studio/tax.csv?tenant=${seller.tenant}&month=${bad}`, `/studio/shipping?tenant=${bad}`, `/studio/shipping/${bad}/zone`, `/studio/shipping/${seller.store}?country=${bad}&postcode=${bad}`, `/studio/shipping/${seller.store}/${bad}?was=${bad}`, `/studio/shipping/${seller.store}/zone?was=${bad}`, `/studio/gift-cards/${bad}`, `/studio/tax-settings?tenant=${bad}`, `/studio/tax-settings/${bad}`, `/studio/gift-cards/${seller.store}?was=${bad}`, `/gift-cards/${bad}?kept=${bad}`, `/gift-cards/nordlicht?kept=${bad}`,
      `/letters/${bad}/${bad}?proof=${bad}`, `/letters/${seller.store}/${bad}?proof=${bad}`, `/invoices/${bad}/file.pdf?key=${bad}`, `/admin/value?q=${bad}`, `/admin/value/${bad}`, `/admin/rates?trouble=${bad}`, `/admin/import/${bad}`, `/checkout?trouble=${bad}`];
    for (const path of paths) {
      for (const cookie of path.startsWith("/studio") ? [seller.cookie] : path.startsWith("/admin") ? [staff] : ["", buyer]) {
        const answer = await ask(server, "GET", path, { headers: { cookie, accept: "text/html", "user-agent": "x\tPLANTED-LINE", referer: "x" } });
        assert.ok(answer.status < 500, `${path}: ${answer.status}`);
        clean(answer, path);
      }
    }
    for (const [path, answer] of await knocked(decodeURIComponent(bad))) {
      assert.ok(answer.status < 500, `${path} with ${bad}: ${answer.status} ${answer.body}`);
      clean(answer, path);
    }
    for (const path of [`/studio/works/${bad}`, `/orders/${bad}/ask`, `/letters/${bad}/ask`, `/admin/orders/${bad}/ship`]) {
      const answer = await ask(server, "POST", path, { headers: { origin: server.url, cookie: buyer, "content-type": "application/x-www-form-urlencoded" }, body: `text=${bad}&email=${bad}&seen=0&rev=1&title=${bad}` });
      assert.ok(answer.status < 500 && !(answer.headers["set-cookie"] ?? []).some((c) => c.startsWith("planted")), `${path}: ${answer.status}`);
    }
    await json(server, "POST", "/api/cart", { variant: decodeURIComponent(bad) }, buyer);
  }
  const lines = server.log().split("\n").filter((line) => /^\W*(Set-Cookie|PLANTED)/.test(line));
  assert.deepEqual(lines, []);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(server.log().replaceAll(/\x1b\[[0-9;]*m/g, ""), /\x1b\[2J/, "the terminal of who reads the log obeys nobody else");
  for (const value of ["x\r\ny: z", "x\ny", "x\0y"]) {
    const answer = await raw(server, `GET /api/health HTTP/1.1\r\nHost: ${host}\r\nX-Request-Id: abcdefgh${value}\r\nConnection: close\r\n\r\n`);
    assert.ok(!/^y: z/im.test(answer.text), JSON.stringify(value));
  }
});

test("no path leads out of the folders that are served", async () => {
  const up = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "....//", "%252e%252e%252f", "..%c0%af", "..;/", "%00../", ".%2e/", "./../"];
  const targets = ["manifest.json", "index.html", "etc/passwd", "table.sqlite", "master.key"];
  for (const step of up) {
    for (const target of targets) {
      for (const room of ["/assets/", "/assets/css/", "/"]) {
        const answer = await ask(server, "GET", `${room}${step.repeat(6)}${target}`);
        assert.ok(answer.status >= 400 && answer.status < 500, `${room}${step}${target}: ${answer.status}`);
        assert.doesNotMatch(answer.body, /root:|SQLite|"files":/);
      }
    }
    const walk = step.repeat(4);
    for (const path of [`/admin/import/${walk}etc/passwd`, `/admin/import/${walk}table.sqlite`, `/api/admin/catalog/import/${walk}master.key`, `/studio/promotions/${walk}x`, `/studio/groups/${walk}x?tenant=${seller.tenant}`, `/studio/prices/changes/${walk}x`, `/studio/prices/edition/${walk}x`, `/studio/shipping/${walk}x/zone`, `/studio/shipping/${seller.store}/${walk}x`,
      `/studio/gift-cards/${walk}x`, `/studio/tax-settings/${walk}x`, `/gift-cards/${walk}x`, `/letters/${walk}x/y`, `/letters/${seller.store}/${walk}x`, `/invoices/${walk}x/file.pdf`, `/admin/value/${walk}x`, `/feeds/${walk}x.xml`, `/sitemaps/${walk}x.xml`, `/policies/${walk}x`]) {
      const answer = await ask(server, "GET", path, { headers: { accept: "text/html", cookie: staff } });
      assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
      assert.doesNotMatch(answer.body, /root:|SQLite|"files":/, path);
    }
    for (const path of [`/m/${step}assets`, `/m/${step}${step}table.sqlite`, `/s/${step}x`, `/r/x/${step}x`, `/m/x${step}`, "/m/%00", "/m/.", "/m/..", "/m/CON", `/m/${"a".repeat(3_000)}`]) {
      const answer = await ask(server, "GET", path, { files: true });
      assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
    }
  }
  // The private half of the store does not open through the public half's door, even by a right name.
  const { order, key, parts } = await purchase(server, [shop.album], { email: "paths@example.org" });
  const asset = parts[0].lines[0].assets.split(",")[0];
  const link = JSON.parse((await json(server, "POST", "/api/downloads/link", { assetIds: [asset], order, key })).body);
  const file = await ask(server, "GET", new URL(link.url).pathname);
  assert.equal(file.status, 200);
  const hash = file.headers.etag.slice(1, -1);
  for (const path of [`/m/..%2fassets%2f${hash}`, `/m/%2e%2e%2fassets%2f${hash}`, `/m/assets%2f${hash}`, `/m/${hash}`, `/m/x%2f..%2f..%2fassets%2f${hash}`, `/assets/${hash}`]) {
    assert.equal((await ask(server, "GET", path, { files: true })).status, 404, path);
  }
  for (const range of ["bytes=0-0,1-1,2-2", "bytes=99999999999999999999-", "bytes=-0", "bytes=5-2", "bytes=x", `bytes=${"0-1,".repeat(2_000)}`, "bytes=-99999999999999999999"]) {
    const answer = await ask(server, "GET", new URL(link.url).pathname, { headers: { range } });
    assert.ok([200, 206, 410, 416, 431].includes(answer.status), `${range.slice(0, 30)}: ${answer.status}`);
  }
});

test("what is too large or too much is refused without harm", async () => {
  const many = (n, one) => Array.from({ length: n }, (_, i) => one(i)).join("&");
  const long = "x".repeat(60_000);
  for (const path of [`/search?q=${long}`, `/catalog?${many(5_000, (i) => `tag=t${i}`)}`, `/catalog?${many(9_000, (i) => `a${i}`)}`, `/albums/${long}`, `/${"a/".repeat(20_000)}`, `/oidc/authorize?${many(9_000, (i) => `n${i}`)}&client_id=vitrine-programs&redirect_uri=http%3A%2F%2F127.0.0.1%3A7878%2Fcallback`, `/auth/login?to=/${long}`, `/catalog?price=${"9".repeat(5_000)}-`, `/catalog?page=99999999999999999999`, `/api/me/invoices?cursor=${long}`, `/d/${long}`]) {
    const began = Date.now();
    const answer = await ask(server, "GET", path, { headers: { accept: "text/html" } });
    assert.ok(answer.status < 500, `${path.slice(0, 60)}: ${answer.status}`);
    assert.ok(Date.now() - began < 2_000, `${path.slice(0, 60)} took ${Date.now() - began} ms`);
  }
  for (const path of ["/catalog", "/my-products", "/invoices", "/studio", "/studio/prices", "/admin/jobs", "/api/public/catalog/search", "/api/me/entitlements", "/api/me/invoices"]) {
    for (const cursor of ["x", "%00", "%ff%fe", "a~b~c", "~", "9".repeat(400), "eyJwayI6IngifQ", "..%2f..", "t_x~album~%ff", "%7b%22pk%22%3a%22SECRET%23%22%7d"]) {
      const answer = await ask(server, "GET", `${path}?cursor=${cursor}&sales=${cursor}&works=${cursor}`, { headers: { cookie: path.startsWith("/admin") ? staff : path.startsWith("/studio") ? seller.cookie : buyer } });
      assert.ok(answer.status < 500, `${path} with the cursor ${cursor}: ${answer.status} ${answer.body.slice(0, 200)}`);
    }
  }
  const huge = "x".repeat(3 << 20);
  for (const [path, type] of [["/cart/add", "application/x-www-form-urlencoded"], ["/api/cart", "application/json"], ["/rpc/catalog/search", "application/json"], ["/oidc/token", "application/x-www-form-urlencoded"], ["/api/webhooks/simulator", "application/json"], ["/auth/logout", "text/plain"]]) {
    const answer = await ask(server, "POST", path, { headers: { origin: server.url, "content-type": type }, body: huge }).catch(() => ({ status: 413 }));
    assert.ok([400, 413].includes(answer.status) || path === "/auth/logout", `${path}: ${answer.status}`);
  }
  const header = await raw(server, `GET /api/health HTTP/1.1\r\nHost: ${host}\r\nX: ${"y".repeat(500_000)}\r\n\r\n`);
  assert.ok(header.closed && [431, undefined].includes(header.answers[0]), `${header.answers}`);
  const headers = await raw(server, `GET /api/health HTTP/1.1\r\nHost: ${host}\r\n${"X: y\r\n".repeat(2_000)}\r\n`);
  assert.ok([431, 400].includes(headers.answers[0]), `${headers.answers}`);
  for (const text of [{ email: "a@b.example", name: "n".repeat(50_000) }, { attempt: "a".repeat(50_000) }, { country: "DE".repeat(9_000) }]) {
    const answer = await post(server, "/checkout/place", text, buyer);
    assert.ok(answer.status < 500, `${answer.status}`);
  }
  assert.equal((await ask(server, "GET", "/readyz")).status, 200);
});

test("a name longer than any that is kept is not there, and one that stands behind all others ends a list", async () => {
  const { cookie, tenant, edition, store } = seller;
  const wrong = [];
  const look = (what, { status }) => {
    if (status < 400 || status >= 500) wrong.push(`${what.slice(0, 60)}: ${status}`);
  };
  for (const name of ["a".repeat(1_100), "a".repeat(3_000), "\u00e9".repeat(1_100)]) {
    const at = encodeURIComponent(name);
    const get = (path, who) => ask(server, "GET", path, { headers: { accept: "text/html", cookie: who } });
    for (const path of [`/studio/groups/${at}?tenant=${tenant}`, `/studio/promotions/${at}?tenant=${tenant}`, `/studio/prices/edition/${at}`, `/studio/prices/changes/${at}`, `/studio/shipping/${store}/${at}`, `/studio/shipping/${store}/zone?was=${at}`, `/studio/gift-cards/${store}?was=${at}`, `/gift-cards/${at}`, `/letters/${store}/${at}`]) look(path, await get(path, cookie));
    for (const path of [`/admin/value/${at}`, `/admin/import/${at}`, `/simulator/pay/${at}`, `/simulator/done/${at}`]) look(path, await get(path, staff));
    for (const [path, fields] of [[`/studio/groups/${at}`, { tenant, addresses: "x@example.org" }], [`/studio/groups/${at}/delete`, { tenant }], ["/account/devices", { session: name }]]) look(`POST ${path}`, await post(server, path, fields, cookie));
    // What is looked for is found nowhere; what is typed is answered with its fault.
    const asked = [`/studio/prices?seller=${tenant}&q=${at}`, `/studio/prices/see?seller=${tenant}&skus=${at}`, `/studio/prices/edition/${edition}?price=${at}`, `/gift-cards/nordlicht?kept=${at}`, `/admin/value?q=${at}`];
    for (const path of asked) {
      const { status } = await get(path, path.startsWith("/admin") ? staff : cookie);
      if (status >= 500) wrong.push(`${path.slice(0, 60)}: ${status}`);
    }
    const part = ([field, value]) => `--b\r\ncontent-disposition: form-data; name="${field}"; filename="f"\r\n\r\n${value}\r\n`;
    const file = Object.entries({ seller: tenant, rows: `sku,region,currency,amount\n${name},eu,EUR,1.00` }).map(part).join("");
    const sent = [await ask(server, "POST", "/studio/prices/import", { headers: { origin: server.url, cookie, "content-type": "multipart/form-data; boundary=b" }, body: `${file}--b--\r\n` }), await post(server, "/admin/jobs", { kind: name, key: name }, staff), await post(server, "/studio/promotions/new", { tenant, rev: "0", code: "LONG", kind: "percent", rate: "10", items: name }, cookie)];
    wrong.push(...sent.filter(({ status }) => status >= 500).map(({ status }, n) => `form ${n}: ${status}`));
  }
  for (const after of ["~", "~~", "%ff%fe", "%c3%bf", "%00", "x".repeat(3_000)]) {
    for (const path of [`/studio/groups/readers?tenant=${tenant}&after=${after}`, `/studio/prices?seller=${tenant}&after=${after}`, `/studio/prices?seller=${tenant}&after=0~0~${after}`, `/studio/shipping/${store}?after=${after}`]) {
      const { status } = await ask(server, "GET", path, { headers: { accept: "text/html", cookie } });
      if (status >= 500) wrong.push(`${path.slice(0, 90)}: ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("bytes that two programs could read differently are refused, or end the connection", async () => {
  const hidden = "GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n";
  const head = `POST /cart/undo HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${server.url}\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
  const cases = {
    "both lengths, length first": `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    "both lengths, chunks first": `${head}Transfer-Encoding: chunked\r\nContent-Length: ${5 + hidden.length}\r\n\r\n0\r\n\r\n${hidden}`,
    "two lengths": `${head}Content-Length: 5\r\nContent-Length: 0\r\n\r\nrev=1${hidden}`,
    "a list of lengths": `${head}Content-Length: 5, 0\r\n\r\nrev=1${hidden}`,
    "a length with a sign": `${head}Content-Length: +5\r\n\r\nrev=1${hidden}`,
    "a length in hexadecimal": `${head}Content-Length: 0x5\r\n\r\nrev=1${hidden}`,
    "an unknown coding": `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    "a coding after chunks": `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`,
    "a blank before the colon": `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
    "a folded line": `${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${hidden}`,
    "a tab before the name": `${head}\tTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    "chunks in HTTP/1.0": `${head.replace("HTTP/1.1", "HTTP/1.0")}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    "a chunk of a wrong size": `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nrev=1\r\n0\r\n\r\n${hidden}`,
    "a chunk of an enormous size": `${head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nrev=1\r\n0\r\n\r\n${hidden}`,
    "a bare return in a name": `${head}X\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    "a zero in a value": `${head}X: a\0b\r\nContent-Length: 5\r\n\r\nrev=1${hidden}`,
    "no method": ` / HTTP/1.1\r\nHost: ${host}\r\n\r\n${hidden}`,
    "an unknown version": `GET / HTTP/9.9\r\nHost: ${host}\r\n\r\n${hidden}`,
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const answer = await raw(server, bytes, 700);
    assert.ok(answer.answers.length <= 1, `${name}: two answers ${answer.answers}`);
    assert.ok(answer.closed, `${name}: the connection stays open after ${answer.answers}`);
    assert.ok(!answer.text.includes("User-agent: *"), `${name}: the hidden request was answered`);
  }
  const absolute = await raw(server, `GET http://evil.example/catalog HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  assert.ok(!absolute.text.includes("evil.example"));
  const upgrade = await raw(server, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n`, 700);
  assert.notEqual(upgrade.answers[0], 101, "no other protocol is begun");
  const tunnel = await raw(server, `CONNECT evil.example:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 700);
  assert.ok(!(tunnel.answers[0] < 400), `CONNECT: ${tunnel.answers}`);
});

test("where to report faults is said as RFC 9116 asks", async () => {
  const answer = await ask(server, "GET", "/.well-known/security.txt");
  assert.equal(answer.status, 200);
  assert.match(answer.headers["content-type"], /^text\/plain; charset=utf-8/);
  const fields = Object.fromEntries(answer.body.trim().split("\n").map((line) => line.split(/: (.*)/s)));
  assert.equal(fields.Contact, "mailto:security@vitrine.example");
  const days = (Date.parse(fields.Expires) - Date.now()) / 86_400_000;
  assert.ok(days > 30 && days < 365, fields.Expires);
  assert.equal(fields.Canonical, `${server.url}/.well-known/security.txt`);
});
