// Who may do what, over every address there is: nobody, a stranger, another shop's seller, another site's page, other kinds of bodies.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, begin, Jar, json, linkIn, post, purchase, signedIn, signedUp, same } from "../lib/attack.mjs";
import { works } from "../lib/buying.mjs";
import { made as send, named, PAGES, revision, ROUTES, RPC, tenantOf, things } from "../lib/routes.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let people;
/** The things of a shop that the seller does not work for, and of one who bought there. */
let sample;
/** The same things of the seller's own shop. */
let own;
/** Stands in everything of the samples that only its owners may read; the amount where no words can. */
const SECRET = { word: "for-no-other-eyes", amount: "97531" };
/** The same of the seller's own. */
const OURS = { word: "for-our-eyes-alone", amount: "86420" };

/** Whether a body says something of what the marker stands in. */
function told(body, { word, amount } = SECRET) {
  return body.toLowerCase().includes(word) || new RegExp(`${amount.slice(0, 2)}[,.]?${amount.slice(2)}[.,]?00`).test(body);
}

const asked = async (method, path, value, cookie) => JSON.parse((await json(server, method, path, value, cookie)).body);
const seen = async (path, cookie) => (await ask(server, "GET", path, { headers: { accept: "text/html", cookie } })).body;
const made = (path, fields, cookie) => send(server, path, fields, cookie);

async function until(what, get) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await get();
    if (found) return found;
    assert.ok(Date.now() < deadline, `there is no ${what}`);
  }
}

/** Rows of the import: works that are not on sale, one of each shop. The shop of the samples is of the Union here: its invoices have an XML. */
function rows() {
  const legal = { name: "Paper Press GmbH", address: ["Kai 12", "20457 Hamburg"], country: "DE", email: "hello@press.example", tax_ids: ["DE299000042"], invoice_prefix: "PP", registrations: ["DE", "EU-OSS"] };
  const draft = (store, maker, { word, amount }) => ({ type: "work", ref: word, store, kind: "album", title: word, makers: [maker], released: "2026-01-01", status: "draft",
    products: [{ ref: "d", kind: "digital", title: word, tax_class: "digital_music", variants: [{ sku: `ED-${store}`, prices: [{ region: "eu", currency: "EUR", minor: 100 * amount }] }] }] });
  const all = [
    { type: "tenant", ref: "press", name: "Paper Press", legal, currency: "EUR", locale: "de-DE", fee_bps: 1500 },
    { type: "store", ref: "press", tenant: "press", handle: "paper", name: "Paper Press", ships_from: "DE", shipping: [{ zone: "EU", up_to_g: 2000, amount_minor: 890, currency: "EUR" }], gift_cards: [{ currency: "EUR", amounts: [1500] }] },
    draft("press", "joe", SECRET), draft("nord", "ida", OURS),
  ];
  return all.map((row) => JSON.stringify(row)).join("\n");
}

before(async () => {
  server = await startServer({ shop: "market", limits: 0, env: { VITRINE_SECURITY_CONTACT: "mailto:security@vitrine.example" } });
  const shop = await works(server);
  const [stranger, seller, staff, buyer] = await Promise.all([
    signedUp(server, "stranger@example.org", "a stranger's word", "Stranger"),
    signedIn(server, "creator@vitrine.example", "make-and-publish"),
    signedIn(server, "staff@vitrine.example", "help-and-refund"),
    signedIn(server, "buyer@vitrine.example", "listen-and-read"),
  ]);
  people = { nobody: "", stranger: `${stranger}`, seller: `${seller}`, staff: `${staff}`, buyer: `${buyer}` };
  // A second device of the buyer.
  await signedIn(server, "buyer@vitrine.example", "listen-and-read");
  const sent = await ask(server, "POST", "/admin/import/upload", { headers: { origin: server.url, cookie: people.staff, "content-type": UPLOAD }, body: upload({ rows: rows() }) });
  const imported = sent.headers.location.split("/").pop();
  const report = await until("report", async () => (await asked("GET", `/api/admin/catalog/import/${imported}`, undefined, people.staff)).counts);
  assert.deepEqual(report.map(([outcome]) => outcome).sort(), ["created", "updated"]);
  const theirs = await things(server, people.staff, { tenant: await tenantOf(server, "Paper Press", people.staff), handle: "paper", sku: "ED-press", ...SECRET });
  own = await things(server, people.seller, { tenant: await tenantOf(server, "Nordlicht", people.staff), handle: "nordlicht", sku: "ED-nord", ...OURS });
  const { order, key, parts } = await purchase(server, [shop.album, shop.book], { cookie: people.buyer, email: "buyer@vitrine.example", name: SECRET.word });
  const part = (name) => parts.find((p) => p.store.name === name);
  await made(`/orders/${part("Paper Press").id}/ask`, { text: SECRET.word, seen: "0" }, people.buyer);
  await made(`/orders/${part("Nordlicht").id}/ask`, { text: OURS.word, seen: "0" }, people.buyer);
  const invoice = (await until("invoice", async () => (await asked("GET", `/api/orders/${order}?key=${key}`)).parts.find((p) => p.store.name === "Paper Press").invoice_href)).match(/inv_\w+/)[0];
  // A gift card that the buyer gave, and one of staff.
  const gift = { attempt: "attempt-of-the-buyer-1", currency: "EUR", amount: "1500", to: "other", recipient_email: "kin@example.org", recipient: SECRET.word, sender: SECRET.word, message: SECRET.word, email: "buyer@vitrine.example" };
  const pay = new URL(await made("/gift-cards/paper/buy", gift, people.buyer)).pathname;
  const paid = await made(pay, { method: "card", number: "4242424242424242", expiry: "04/30", cvc: "123" }, people.buyer);
  const [, present] = (await seen(paid, "")).match(/\/orders\/(\w+)\?/);
  const given = (await asked("GET", `/api/orders/${present}`, undefined, people.buyer)).parts[0];
  const card = { attempt: "attempt-of-staff-0001", amount: "5", currency: "EUR", recipient: "kin@example.org", message: SECRET.word, reason: SECRET.word };
  const value = (await made("/admin/value", card, people.staff)).match(/sv_[0-9a-v]{26}/)[0];
  const work = shop.album.match(/w_[0-9a-v]{26}/)[0];
  sample = {
    ...theirs, order: part("Paper Press").id, files: part("Nordlicht").id, checkout: order, key, work, path: shop.book, invoice, import: imported, pay: pay.split("/").pop(), gift: given.id, card: given.lines[0].cards[0].id,
    value, shop, variant: (await asked("GET", `/api/public/catalog/items/${work}`)).editions[0].variant, asset: part("Nordlicht").lines[0].assets.split(",")[0],
    session: (await seen("/account", people.buyer)).match(/name="session"[^>]*value="([^"]+)"/)[1], licence: (await seen(shop.album, "")).match(/\/eula\/(lic_[0-9a-v]{26})/)[1], map: (await seen("/sitemap.xml", "")).match(/\/sitemaps\/([^<]+)</)[1],
  };
  own.order = part("Nordlicht").id;
});
after(() => server?.stop());

/** What nothing has, of the same shape. */
const absent = (id) => (/_[0-9a-v]{26}/.test(id) ? id.replace(/_[0-9a-v]{26}/, `_${"0".repeat(25)}1`) : /^[0-9a-v]{32}$/.test(id) ? `${"0".repeat(31)}1` : "nothing");

/** Addresses of what is open to all, as somebody's that is there. */
const open = (pattern) => ({
  "/albums/:id": sample.shop.album, "/price/:kind/:id": `/price${sample.shop.album}`, "/books/:id": sample.shop.book, "/videos/:id": sample.shop.film, "/podcasts/:id": sample.shop.podcast, "/podcasts/{id}/feed.xml": `${sample.shop.podcast}/feed.xml`,
  "/podcasts/:id/transcript/:number": `${sample.shop.podcast}/transcript/1`, "/artists/:slug": "/artists/ida-strand", "/authors/:slug": "/authors/joe-quill", "/policies/:slug": "/policies/privacy", "/:handle": `/@${sample.handle}`,
  "/eula/:id": `/eula/${sample.licence}`, "/feeds/{name}": "/feeds/new.xml", "/sitemaps/{name}": `/sitemaps/${sample.map}`, "/:..segments": "/nowhere/at/all", "/problem/:code": "/problem/not_found",
})[pattern];

/** The name in `sample` of what `{id}` stands for in a pattern. */
const idOf = (pattern) => ({
  "/orders/:id": "checkout", "/orders/{id}/download": "files", "/orders/{id}/gift": "gift",
})[pattern] ?? [[/orders/, "order"], [/invoices/, "invoice"], [/letters/, "store"], [/import/, "import"], [/promotions/, "promotion"], [/prices\/changes/, "change"], [/prices\/edition/, "edition"], [/value/, "value"], [/simulator/, "pay"], [/works|preview/, "draft"], [/my-products/, "work"]].find(([fits]) => fits.test(pattern))?.[1];

/** The samples for who holds no proof but a cookie. */
const shut = () => ({ ...sample, proof: "0".repeat(32) });

/** A text with samples in place of their names; there is none that is missing. */
function written(text, of) {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => {
    assert.ok(of[name], `no sample is {${name}}`);
    return of[name];
  });
}

const filled = (value, of) => JSON.parse(written(JSON.stringify(value ?? {}), of));

/** The pattern's address about samples; `other` makes ids that nothing has. */
function address(pattern, { other = (id) => id, of = shut(), query = (PAGES[pattern] ?? ROUTES[pattern])?.query } = {}) {
  const others = { provider: "nobody", token: "0".repeat(64) };
  const value = (name) => {
    const found = others[name] ?? of[name === "id" ? idOf(pattern) : name];
    assert.ok(found, `no sample is {${name}} of ${pattern}`);
    return found;
  };
  const path = open(pattern) ?? pattern.replace("{*rest}", "nowhere").replaceAll(/\{(\w+)\}|:(\w+)/g, (_, a, b) => ((a ?? b) === "part" ? value("part") : other(value(a ?? b))));
  return query ? `${path}?${written(query, of)}` : path;
}

/** Sends what the route takes. */
function act(pattern, { cookie = "", more = {}, other, of = shut() } = {}) {
  const route = ROUTES[pattern];
  const path = address(pattern, { other, of, query: route.query });
  const headers = { origin: server.url, ...(cookie ? { cookie } : {}), ...more };
  const fields = filled(route.act, of);
  const [type, body] = {
    form: ["application/x-www-form-urlencoded", new URLSearchParams(fields).toString()],
    json: ["application/json", JSON.stringify(fields)],
    upload: [UPLOAD, upload(fields)],
    none: [null, ""],
  }[route.takes ?? "form"];
  return ask(server, "POST", path, { headers: { ...(type ? { "content-type": type } : {}), ...headers }, body });
}

const UPLOAD = "multipart/form-data; boundary=b";
const upload = (fields) => Object.entries(fields).map(([name, text]) => `--b\r\ncontent-disposition: form-data; name="${name}"; filename="f"\r\n\r\n${text}\r\n`).join("") + "--b--\r\n";

/** Who nothing of the samples belongs to. */
const VISITORS = ["nobody", "stranger", "seller"];

/** The account that may do or see what a pattern is about: an administrator at the desk of every seller, else who bought. */
const owner = (pattern) => (/^\/(studio|admin|preview|rpc\/me\/preview)/.test(pattern) ? "staff" : "buyer");

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
  // What a row says is looked at: statuses of an act are those of a row that has one.
  const statuses = [...VISITORS, "owner"];
  const [shown, done] = [["query", "shows", "marked"], ["act", "takes", "proof", ...statuses]];
  const unread = (table, fields) => Object.entries(table).flatMap(([address, row]) => Object.keys(row).filter((field) => !fields(row).includes(field)).map((field) => `${address} ${field}`));
  assert.deepEqual([unread(ROUTES, (row) => [...shown, "files", "elsewhere", ...(row.act ? done : [])]), unread(PAGES, () => shown), unread(RPC, () => ["args", "marked", ...statuses])], [[], [], []]);
});

/** Versions and counts of everything of the samples that can be changed, as its owners see them. */
async function standing() {
  const pages = ["/studio/promotions/:id", "/studio/prices/edition/:id", "/studio/works/:id", "/studio/shipping/:store/:part", "/studio/gift-cards/:store", "/studio/tax-settings/:store"];
  const revs = await Promise.all(pages.map((pattern) => revision(server, address(pattern), people.staff)));
  const groups = await Promise.all(["/studio/groups", "/studio/groups/:name", "/studio/collections", "/studio/collections/:name"].map(async (pattern) => (await seen(address(pattern), people.staff)).match(/<main[^]*<\/main>/)[0].replaceAll(/<[^>]*>/g, " ")));
  const order = await ask(server, "GET", `/api/orders/${sample.checkout}?key=${sample.key}`);
  const present = await ask(server, "GET", `/api/orders/${sample.gift}`, { headers: { cookie: people.buyer } });
  const entries = (await seen(address("/admin/value/:id"), people.staff)).match(/<tr[ >]/g).length;
  return { revs, groups, order: order.body, present: present.body, entries };
}

test("nobody, a stranger and another shop's seller change nothing that is not theirs", async () => {
  const before = await standing();
  const wrong = [];
  for (const who of VISITORS) {
    for (const [pattern, route] of staying()) {
      const answer = await act(pattern, { cookie: people[who] });
      if (answer.status >= 500 || (route[who] && answer.status !== route[who])) wrong.push(`${pattern} as ${who}: ${answer.status} ${answer.headers.location ?? answer.body.slice(0, 300)}`);
      if (told(answer.body)) wrong.push(`${pattern} as ${who} shows what is not theirs`);
    }
    for (const [pattern, { args, ...route }] of Object.entries(RPC)) {
      const answer = await json(server, args ? "POST" : "GET", pattern, args && filled(args, shut()), people[who]);
      if (answer.status >= 500 || (route[who] && answer.status !== route[who])) wrong.push(`${pattern} as ${who}: ${answer.status} ${answer.body.slice(0, 300)}`);
      if (told(answer.body)) wrong.push(`${pattern} as ${who} shows what is not theirs`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(await standing(), before);
  const shown = await ask(server, "GET", sample.path);
  assert.ok(shown.status === 200 && !shown.body.includes("taken"));
});

test("every address answers each as the table says, shows nobody what is not theirs, and its owners what is", async () => {
  const isPage = (pattern) => pattern.replaceAll(/\{(\w+)\}/g, ":$1") in PAGES;
  const shown = [...Object.entries(PAGES), ...Object.entries(ROUTES).filter(([pattern, route]) => !route.elsewhere && !isPage(pattern))];
  const wrong = [];
  for (const [pattern, route] of shown) {
    const statuses = [route.shows ?? (route.act ? 405 : 200)].flat();
    for (const [at, who] of [...VISITORS, "owner"].entries()) {
      const mine = who === "owner";
      const cookie = mine ? people[owner(pattern)] : people[who];
      const path = address(pattern, mine ? { of: sample } : {});
      const answer = await ask(server, "GET", path, { files: Boolean(route.files), headers: { accept: "text/html", ...(cookie ? { cookie } : {}) } });
      if (answer.status !== (statuses[at] ?? statuses[0])) wrong.push(`${path} as ${who}: ${answer.status}`);
      // The outbox of demonstration data shows every mail to whoever sits at the machine.
      if (told(answer.body) !== (mine && Boolean(route.marked)) && !pattern.startsWith("/dev/")) wrong.push(`${path} as ${who} ${mine ? "lacks or has the marker" : "shows what is not theirs"}`);
      // Nothing of it is in the page of who names nobody's.
      if (!mine && route.query) {
        const bare = await ask(server, "GET", path.split("?")[0], { headers: { accept: "text/html", ...(cookie ? { cookie } : {}) } });
        if (bare.status >= 500 || told(bare.body)) wrong.push(`${path.split("?")[0]} as ${who}: ${bare.status} ${told(bare.body)}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("an invoice's files, a tax report and a price list are downloaded by nobody else", async () => {
  const files = { [`/invoices/${sample.invoice}/file.pdf`]: /^%PDF-/, [`/invoices/${sample.invoice}/file.xml`]: new RegExp(`^<\\?xml[^]*${SECRET.word}`) };
  const other = await purchase(server, [sample.shop.book], { email: "other@example.org" });
  const get = (path, cookie) => ask(server, "GET", path, { headers: cookie ? { cookie } : {} });
  for (const [path, fits] of Object.entries(files)) {
    for (const [query, cookie] of [["", people.buyer], [`?key=${sample.key}`, ""]]) {
      const answer = await get(path + query, cookie);
      assert.ok(answer.status === 200 && fits.test(answer.body), `${path}${query}: ${answer.status} ${answer.body.slice(0, 200)}`);
      assert.match(answer.headers["cache-control"], /no-store/);
    }
    for (const who of VISITORS) {
      for (const query of ["", "?key=", "?key=wrong", `?key=${other.key}`, `?key=${sample.key.slice(0, -1)}`, `?key=${sample.key}&key=x`]) {
        const answer = await get(path + query, people[who]);
        assert.ok([400, 404].includes(answer.status) && !fits.test(answer.body) && !told(answer.body), `${path}${query} as ${who}: ${answer.status}`);
      }
    }
  }
  const month = new Date().toISOString().slice(0, 7);
  for (const [path, name, head] of [["/studio/tax.csv", "tenant", /^\uFEFFmonth,/], ["/studio/prices/file.csv", "seller", /^\uFEFFsku,/]]) {
    const mine = await get(`${path}?${name}=${sample.tenant}&month=${month}`, people.staff);
    assert.ok(mine.status === 200 && head.test(mine.body), `${path}: ${mine.status}`);
    assert.equal((await get(`${path}?${name}=${own.tenant}`, people.seller)).status, 200);
    for (const who of VISITORS) {
      for (const value of [sample.tenant, `${sample.tenant}%20`, sample.tenant.toUpperCase(), absent(sample.tenant), `${sample.tenant}&${name}=${own.tenant}`, `${own.tenant}&${name}=${sample.tenant}`]) {
        const answer = await get(`${path}?${name}=${value}&month=${month}`, people[who]);
        assert.ok([400, 401, 404].includes(answer.status) && !head.test(answer.body), `${path} of ${value} as ${who}: ${answer.status}`);
      }
    }
  }
});

test("another's things stay so beside the tenant of one's own", async () => {
  const [cookie, of] = [people.seller, { ...shut(), tenant: own.tenant }];
  for (const pattern of ["/studio/promotions/{id}", "/studio/promotions/{id}/end", "/studio/prices/grid"]) {
    assert.equal((await act(pattern, { cookie, of })).status, 404, pattern);
  }
  for (const pattern of ["/studio/promotions/:id", "/studio/prices/see"]) {
    const answer = await ask(server, "GET", address(pattern, { of }), { headers: { accept: "text/html", cookie } });
    assert.ok(!told(answer.body) && [200, 404].includes(answer.status), `${pattern}: ${answer.status}`);
  }
  // A file that names an edition of theirs changes nothing, and a promotion cannot be of it.
  const body = upload({ seller: own.tenant, rows: `sku,region,currency,amount\n${sample.sku},eu,EUR,1.00` });
  const sent = await ask(server, "POST", "/studio/prices/import", { headers: { origin: server.url, cookie, "content-type": UPLOAD }, body });
  const changes = await seen(sent.headers.location, cookie);
  assert.ok(changes.includes(sample.sku) && !changes.includes('name="seen"') && !told(changes), changes);
  for (const items of [sample.sku, sample.edition, sample.draft]) {
    const refused = await post(server, "/studio/promotions/new", { tenant: own.tenant, rev: "0", code: "THEIRS", kind: "percent", rate: "10", items }, cookie);
    assert.match(refused.headers.location, /trouble=fault-item/, items);
  }
  const known = await json(server, "GET", `/api/promotions/${sample.promotion}?seller=${sample.tenant}`, undefined, people.staff);
  assert.ok(told(known.body), known.body);
  const { id, ...promotion } = JSON.parse(known.body).promotion;
  for (const seller of [sample.tenant, own.tenant]) {
    const path = `/api/promotions/${id}?seller=${seller}`;
    assert.equal((await json(server, "GET", path, undefined, cookie)).status, 404);
    assert.equal((await json(server, "PUT", path, promotion, cookie, { "if-match": known.headers.etag })).status, 404);
    assert.equal((await json(server, "POST", path.replace("?", "/end?"), undefined, cookie, { "if-match": known.headers.etag })).status, 404);
  }
});

test("what is hidden and what is not there answer alike", async () => {
  const shape = (answer) => `${answer.status} ${answer.body.replaceAll(/(%2F|\b)(t|s|m|w|v|a|co|ord|inv|lic|c|sv|promo)[_ ][0-9a-v]{26}/g, "ID").replaceAll(/\b([0-9a-v]{32}|readers|nothing)\b/g, "ID").replaceAll(/req_[0-9a-f]+|[0-9a-f-]{36}|"instance":"[^"]*"/g, "N").replaceAll(/id="data-0">"[^"]*"/g, "DATA")}`;
  for (const who of VISITORS) {
    const cookie = people[who];
    const at = VISITORS.indexOf(who);
    for (const [pattern] of acts().filter(([, r]) => r[who] === 404)) {
      const none = Object.fromEntries(Object.entries(shut()).map(([name, id]) => [name, ["tenant", "session", "asset", "card", "edition", "draft"].includes(name) ? absent(id) : id]));
      const [hidden, missing] = [await act(pattern, { cookie }), await act(pattern, { cookie, other: absent, of: none })];
      same(shape(hidden), shape(missing), `${pattern} as ${who}`);
    }
    const pages = Object.entries(PAGES).filter(([, { shows = [] }]) => shows[at] === 404);
    assert.ok(pages.length > 2);
    for (const [pattern] of pages) {
      const headers = { accept: "text/html", ...(cookie ? { cookie } : {}) };
      const none = { ...shut(), tenant: absent(sample.tenant) };
      const [hidden, missing] = [await ask(server, "GET", address(pattern), { headers }), await ask(server, "GET", address(pattern, { other: absent, of: none }), { headers })];
      same(shape(hidden), shape(missing), `${pattern} as ${who}`);
    }
    for (const path of [`/albums/x-${sample.draft}`, `/api/orders/${sample.checkout}`, `/api/orders/${sample.order}`, `/api/invoices/${sample.invoice}`, `/api/me/entitlements/${sample.work}`, `/api/public/catalog/items/${sample.draft}`]) {
      const [hidden, missing] = [await json(server, "GET", path, undefined, cookie), await json(server, "GET", absent(path), undefined, cookie)];
      same(shape(hidden), shape(missing), `${path} as ${who}`);
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
      const answer = await json(server, "POST", pattern, filled(args, shut()), people.staff, more);
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

// Last: some of it is done by it.
test("who may is answered, so what refuses the others is whose it is", async () => {
  const wrong = [];
  const refused = ([, route]) => VISITORS.some((who) => route[who]);
  const tried = [["the owner", sample, (pattern) => people[owner(pattern)], () => true], ["the seller of their own", own, () => people.seller, (pattern) => pattern.startsWith("/studio/")]];
  for (const [who, of, cookie, fits] of tried) {
    for (const [pattern, route] of acts().filter(refused)) {
      if (!fits(pattern) || (route.proof && !route.owner)) continue;
      const answer = await act(pattern, { cookie: cookie(pattern), of });
      if (answer.status !== (route.owner ?? 303)) wrong.push(`${pattern} as ${who}: ${answer.status} ${answer.headers.location ?? answer.body.slice(0, 300)}`);
    }
    for (const [pattern, route] of Object.entries(PAGES)) {
      if (who === "the owner" || !fits(pattern)) continue;
      const answer = await ask(server, "GET", address(pattern, { of }), { headers: { accept: "text/html", cookie: cookie(pattern) } });
      if (answer.status !== 200 || told(answer.body, OURS) !== Boolean(route.marked) || told(answer.body)) wrong.push(`${pattern} as ${who}: ${answer.status} ${told(answer.body)}`);
    }
  }
  for (const [pattern, { args, ...route }] of Object.entries(RPC).filter(refused)) {
    const answer = await json(server, args ? "POST" : "GET", pattern, args && filled(args, sample), people[owner(pattern)]);
    if (answer.status !== (route.owner ?? 200) || told(answer.body) !== Boolean(route.marked)) wrong.push(`${pattern} as the owner: ${answer.status} ${answer.body.slice(0, 300)}`);
  }
  assert.deepEqual(wrong, []);
});
