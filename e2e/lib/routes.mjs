// Every address the shop answers, as the sources name them: what is not in this table fails a test. And things of a shop to ask about.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ask, linkIn, post } from "./attack.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Address pattern: what may be asked there, about the samples of the test, which stand in `{}`.
 * `act`: fields of its form or JSON; absent: it only shows. `takes` is what the body is: `form` (default), `json`, `upload`, `none`.
 * `query`: what is asked beside the path.
 * `nobody`, `stranger`, `seller`: status of the act for somebody who is not signed in, a buyer whose it is not, the seller of another shop;
 * absent: it is open to all. `owner`: for who may, where it is not 303.
 * `shows`: status of a GET for those three and for who may, or one for all; absent: 200, for an act 405.
 * `marked`: who may sees the samples' marker in it.
 * `proof`: it takes a proof of its own (a token, a signature, a client's secret) and no cookie counts, so any page may lead to it.
 */
export const ROUTES = {
  "/preferences": { shows: 303 },
  "/favicon.ico": { shows: 308 },
  "/healthz": {},
  "/readyz": {},
  "/rpc/{*rest}": { shows: 404 },
  "/api/{*rest}": { shows: 404 },
  "/api": {},
  "/api/openapi.json": {},
  "/api/style.css": {},
  "/robots.txt": {},
  "/.well-known/security.txt": {},
  "/sitemap.xml": {},
  "/sitemaps/{name}": {},
  "/feeds/{name}": {},
  "/podcasts/{id}/feed.xml": {},
  "/auth/login": { shows: 303 },
  "/auth/loginCallback": { shows: 303 },
  "/auth/logout": { act: {}, takes: "none" },
  "/account/devices": { act: { session: "{session}" }, nobody: 401, stranger: 404, seller: 404 },
  "/cart/add": { act: { variant: "{variant}" } },
  "/cart/set": { act: { variant: "{variant}", quantity: "0", rev: "1" } },
  "/cart/later": { act: { line: "{variant}", later: "true", rev: "1" } },
  "/cart/undo": { act: { rev: "1" } },
  "/cart/code": { act: { discount: "NOTHING" } },
  "/checkout/code": { act: { discount: "NOTHING" } },
  "/checkout/place": { act: { attempt: "attempt-of-a-stranger-1", seen_minor: "0", email: "x@example.org" } },
  "/my-products/download": { act: { assets: "{asset}" }, nobody: 401, stranger: 404, seller: 404 },
  "/orders/{id}/download": { act: { assets: "{asset}", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/orders/{id}/ask": { act: { text: "hello", seen: "0", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/orders/{id}/withdraw": { act: { name: "x", line: "0", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/orders/{id}/place": { act: { country: "DE", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/orders/{id}/gift": { act: { card: "{card}", email: "x@example.org", next: "1", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/gift-cards/{handle}/buy": { act: { attempt: "attempt-of-a-stranger-1", amount: "1500", email: "x@example.org" } },
  "/invoices/{id}/amend": { act: { company: "x", tax_id: "", address: "y", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/invoices/{id}/file.pdf": { shows: [404, 404, 404, 200] },
  "/invoices/{id}/file.xml": { shows: [404, 404, 404, 200], marked: true },
  "/studio/orders/{id}/answer": { act: { text: "hello", seen: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/tax.csv": { query: "tenant={tenant}", shows: [401, 404, 404, 200] },
  "/studio/works/{id}": { act: { title: "taken", latin: "", description: "", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/works/{id}/publish": { act: { rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/works/{id}/archive": { act: { rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/letters/{id}": { act: { subject: "hello", text: "all", attempt: "0123456789abcdef" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/file.csv": { query: "seller={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/studio/prices/grid": { act: { seller: "{tenant}", "price-{edition}-eu-EUR": "1", "was-{edition}-eu-EUR": "2", "rev-{draft}": "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/import": { act: { seller: "{tenant}", rows: "sku,region,currency,amount" }, takes: "upload", nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/edition/{id}": { act: { region: "eu", currency: "EUR", kind: "fixed", amount: "1", min_quantity: "1", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/edition/{id}/end": { act: { key: "eu-EUR-1-0", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/changes/{id}": { act: { seen: "" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/promotions/{id}": { act: { tenant: "{tenant}", rev: "0", title: "taken", rate: "10" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/promotions/{id}/end": { act: { tenant: "{tenant}", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/groups": { act: { tenant: "{tenant}", name: "taken", title: "Taken" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/groups/{name}": { act: { tenant: "{tenant}", addresses: "x@example.org" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/groups/{name}/delete": { act: { tenant: "{tenant}" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/collections": { act: { tenant: "{tenant}", name: "taken", title: "Taken" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/collections/{name}": { act: { tenant: "{tenant}", works: "{draft}", act: "in" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/collections/{name}/delete": { act: { tenant: "{tenant}" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/works/{id}/collections": { act: { rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/shipping/{store}/{part}": { act: { zone: "*", way: "standard", currency: "EUR", amount: "1", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/tax-settings/{store}": { act: { scope: "unit", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/tax-settings/{store}/registrations": { act: { code: "CH", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/gift-cards/{store}": { act: { currency: "JPY", amounts: "1000", rev: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/admin/orders/{id}/ship": { act: { line: "0", tracking: "x" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/orders/{id}/refund": { act: { line: "0", reason: "x", attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/orders/{id}/credit": { act: { credit_amount: "5", credit_reason: "x", attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/orders/{id}/void": { act: { invoice: "{invoice}", void_reason: "x" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/orders/{id}/place": { act: { place_reason: "x" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/value": { act: { amount: "5", currency: "EUR", recipient: "x@example.org", reason: "x", attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/value/{id}/resend": { act: { attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/value/{id}/end": { act: { reason: "x" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/jobs": { act: { kind: "x", key: "y" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/rates": { act: { file: "x" }, takes: "upload", nobody: 401, stranger: 403, seller: 403 },
  "/admin/import/upload": { act: { rows: "{}" }, takes: "upload", nobody: 401, stranger: 403, seller: 403 },
  "/letters/{store}/ask": { act: { email: "reader@example.org" } },
  "/letters/{store}/{who}/confirm": { act: { proof: "{proof}" }, nobody: 404, stranger: 404, seller: 404 },
  "/letters/{store}/{who}/off": { act: { proof: "{proof}" }, nobody: 404, stranger: 404, seller: 404 },
  "/letters/{store}/{who}/leave": { act: {}, takes: "none", query: "proof={proof}", proof: true, nobody: 404, stranger: 404, seller: 404, owner: 204, shows: 303 },
  "/api/webhooks/{provider}": { act: {}, takes: "json", proof: true, nobody: 404, stranger: 404, seller: 404 },
  "/d/{token}": { shows: 404 },
  "/s/{token}": { files: true, shows: 403 },
  "/r/{token}/{name}": { files: true, shows: 403 },
  "/m/{name}": { files: true, shows: 404 },
  "/dev/outbox": {},
  "/dev/outbox/mail": { shows: 400 },
  "/simulator/pay/{id}": { act: { method: "card", number: "4000000000000002", expiry: "04/30", cvc: "123" }, proof: true, shows: 303 },
  "/simulator/pay/{id}/confirm": { act: { answer: "refuse" }, proof: true, shows: 303 },
  "/simulator/pay/{id}/cancel": { act: {}, takes: "none", proof: true },
  "/simulator/done/{id}": {},
  "/simulator/control": { act: { delay_ms: 0 }, takes: "json", proof: true },
  "/simulator/style.css": {},
  "/.well-known/openid-configuration": {},
  "/oidc/jwks.json": {},
  "/oidc/style.css": {},
  "/oidc/authorize": { act: { step: "email", email: "x@example.org" }, shows: 400 },
  "/oidc/verify": { act: { token: "wrong" }, shows: 410 },
  "/oidc/reset": { act: { token: "wrong", password: "long enough a word" }, shows: 410 },
  "/oidc/token": { act: { grant_type: "authorization_code", client_id: "vitrine-programs", code: "wrong" }, proof: true, nobody: 400, stranger: 400, seller: 400 },
  "/oidc/revoke": { act: { token: "wrong", client_id: "vitrine-programs" }, proof: true },
  "/oidc/userinfo": { act: {}, takes: "none", proof: true, nobody: 401, stranger: 401, seller: 401, shows: 401 },
  "/oidc/logout": { act: {}, takes: "none", shows: 200 },
  "/assets": { shows: 404 },
  "/metrics": { elsewhere: "a listener of its own, on loopback" },
};

/** Pages, by the addresses of the routers of shop and desk, as above. */
export const PAGES = {
  "/": {},
  "/catalog": {},
  "/search": {},
  "/artists/:slug": {},
  "/authors/:slug": {},
  "/albums/:id": {},
  "/books/:id": {},
  "/videos/:id": {},
  "/podcasts/:id": {},
  "/podcasts/:id/transcript/:number": {},
  "/eula/:id": {},
  "/letters/:store/:who": { query: "proof={proof}", shows: [404, 404, 404, 200] },
  "/gift-cards/:handle": {},
  "/preview/:id": { shows: [401, 404, 404, 200], marked: true },
  "/policies/:slug": {},
  "/cart": {},
  "/checkout": {},
  "/orders/:id": { shows: [404, 404, 404, 200], marked: true },
  "/my-products": {},
  "/my-products/:id": { shows: [200, 404, 404, 200] },
  "/invoices": {},
  "/invoices/:id": { shows: [404, 404, 404, 200], marked: true },
  "/problem/:code": { shows: 404 },
  "/account": {},
  "/:..segments": { shows: 404 },
  "/:handle": {},
  "/price/:kind/:id": {},
  "/studio": { shows: [401, 403, 200, 403] },
  "/studio/tax": { shows: [401, 403, 200, 403] },
  "/studio/works/:id": { shows: [401, 404, 404, 200], marked: true },
  "/studio/orders/:id": { shows: [401, 404, 404, 200], marked: true },
  "/studio/letters/:id": { shows: [401, 404, 404, 200], marked: true },
  "/studio/prices": { query: "seller={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/studio/prices/edition/:id": { shows: [401, 404, 404, 200], marked: true },
  "/studio/prices/changes/:id": { shows: [401, 404, 404, 200], marked: true },
  "/studio/prices/see": { query: "seller={tenant}&skus={sku}", shows: [401, 404, 404, 200], marked: true },
  "/studio/groups": { query: "tenant={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/studio/groups/:name": { query: "tenant={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/studio/collections": { query: "tenant={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/studio/collections/:name": { query: "tenant={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/studio/shipping": { query: "tenant={tenant}", shows: [401, 404, 404, 200] },
  "/studio/shipping/:store": { shows: [401, 404, 404, 200], marked: true },
  "/studio/shipping/:store/:part": { shows: [401, 404, 404, 200], marked: true },
  "/studio/gift-cards": { query: "tenant={tenant}", shows: [401, 404, 404, 200] },
  "/studio/tax-settings": { query: "tenant={tenant}", shows: [401, 404, 404, 200] },
  "/studio/tax-settings/:store": { shows: [401, 404, 404, 200] },
  "/studio/gift-cards/:store": { shows: [401, 404, 404, 200], marked: true },
  "/studio/promotions": { query: "tenant={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/studio/promotions/:id": { query: "tenant={tenant}", shows: [401, 404, 404, 200], marked: true },
  "/admin": { shows: [401, 403, 403, 200] },
  "/admin/orders/:id": { shows: [401, 403, 403, 200], marked: true },
  "/admin/orders/:id/refund": { shows: [401, 403, 403, 200] },
  "/admin/jobs": { shows: [401, 403, 403, 200] },
  "/admin/import": { shows: [401, 403, 403, 200] },
  "/admin/import/:id": { shows: [401, 403, 403, 200], marked: true },
  "/admin/value": { shows: [401, 403, 403, 200] },
  "/admin/value/:id": { shows: [401, 403, 403, 200], marked: true },
  "/admin/rates": { shows: [401, 403, 403, 200] },
};

/** Server functions: their arguments; `nobody` and so on as above. */
export const RPC = {
  "/rpc/catalog/home": {},
  "/rpc/catalog/list": { args: { query: "q=x" } },
  "/rpc/catalog/search": { args: { query: "q=x" } },
  "/rpc/catalog/suggest": { args: { words: "x" } },
  "/rpc/catalog/work": { args: { kind: "album", id: "{draft}" }, nobody: 404, stranger: 404, seller: 404, owner: 404 },
  "/rpc/catalog/transcript": { args: { id: "{draft}", number: 1, language: null }, nobody: 404, stranger: 404, seller: 404, owner: 404 },
  "/rpc/catalog/maker": { args: { kind: "artist", slug: "nobody" } },
  "/rpc/catalog/store": { args: { handle: "nobody" } },
  "/rpc/catalog/licence": { args: { id: "nothing", version: null } },
  "/rpc/catalog/withdrawal": {},
  "/rpc/catalog/letters": { args: { store: "{store}", who: "{who}", proof: "{proof}" }, nobody: 404, stranger: 404, seller: 404 },
  "/rpc/me/bar": {},
  "/rpc/me/account": { nobody: 401 },
  "/rpc/me/library": { args: { query: "" }, nobody: 401 },
  "/rpc/me/owned": { args: { work: "{work}" }, nobody: 401, stranger: 404, seller: 404 },
  "/rpc/me/owns": { args: { work: "{work}" } },
  "/rpc/me/preview": { args: { work: "{draft}" }, nobody: 401, stranger: 404, seller: 404, marked: true },
  "/rpc/me/invoices": { args: { cursor: null }, nobody: 401 },
  "/rpc/me/invoice": { args: { id: "{invoice}", key: "wrong" }, nobody: 404, stranger: 404, seller: 404, marked: true },
  "/rpc/trade/cart": {},
  "/rpc/trade/cart_as": { args: { pieces: [] } },
  "/rpc/trade/checkout": {},
  "/rpc/trade/gift": { args: { handle: "{handle}", kept: null } },
  "/rpc/trade/order": { args: { id: "{checkout}", key: "wrong" }, nobody: 404, stranger: 404, seller: 404, marked: true },
};

async function sources(dir) {
  const found = [];
  for (const entry of await readdir(join(root, dir), { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && path.endsWith(".rs") && path.includes("/src/")) found.push(path);
  }
  return found;
}

/** What the sources name: `routes`, `pages`, `rpc`, and `unread`, calls of `.route(` whose address could not be read. */
export async function named() {
  const found = { routes: new Set(), pages: new Set(), rpc: new Set(), unread: [] };
  for (const path of [...(await sources("app")), ...(await sources("server"))]) {
    // Servers of tests are nobody's.
    if (path.endsWith("/tests.rs")) continue;
    const text = (await readFile(path, "utf8")).split("#[cfg(test)]")[0];
    const constants = Object.fromEntries([...text.matchAll(/const (\w+): &str = "([^"]+)"/g)].map((m) => [m[1], m[2]]));
    for (const [, first] of text.matchAll(/\.(?:route|nest|nest_service|route_service)\(\s*((?:&format!\()?[^,)]+)/g)) {
      if (first.startsWith('"')) found.routes.add(first.slice(1, -1));
      else if (constants[first]) found.routes.add(constants[first]);
      else found.unread.push(first);
    }
    for (const [, address] of text.matchAll(/#\[route\("([^"?]+)[^"]*"\)\]/g)) found.pages.add(address);
    for (const [, address] of text.matchAll(/#\[(?:get|post|put|patch|delete)\("([^"]+)"/g)) found.rpc.add(address);
  }
  return found;
}

const seen = async (server, path, cookie) => (await ask(server, "GET", path, { headers: { accept: "text/html", cookie } })).body;

/** The version that the form of a page is of. */
export async function revision(server, path, cookie) {
  return (await seen(server, path, cookie)).match(/name="rev"[^>]*value="(\d+)"/)[1];
}

/** Sends a form that must be taken; answers where it leads. */
export async function made(server, path, fields, cookie) {
  const answer = await post(server, path, fields, cookie, { "accept-language": "de-DE" });
  const { location = "" } = answer.headers;
  assert.ok(answer.status === 303 && !/trouble=|kept=/.test(location), `${path}: ${answer.status} ${location} ${answer.body}`);
  return location;
}

/** The id of a seller by name, as an administrator's price list offers it. */
export async function tenantOf(server, name, staff) {
  return (await seen(server, "/studio/prices", staff)).match(new RegExp(`<option value="(t_[0-9a-v]{26})"[^>]*>(?:<!--[^>]*-->)?${name}`))[1];
}

/**
 * Makes one of each thing of a shop by the desk's own forms, as who owns it: a price of the edition `sku` that waits to be confirmed, a
 * promotion, a group with a member, a collection with a work, a zone of shipping, gift cards, a reader and a letter. `word` stands wherever one can be typed, `amount`
 * in what is not public. Answers their ids.
 */
export async function things(server, cookie, { tenant, handle, sku, word, amount }) {
  const send = (path, fields) => made(server, path, fields, cookie);
  const rev = (path) => revision(server, path, cookie);
  const store = (await seen(server, `/@${handle}`, "")).match(/\/letters\/(s_[0-9a-v]{26})\/ask/)[1];
  const row = await seen(server, `/studio/prices?seller=${tenant}&q=${sku}`, cookie);
  const [edition, draft] = [row.match(/\/studio\/prices\/edition\/(v_[0-9a-v]{26})/)[1], row.match(/name="rev-(w_[0-9a-v]{26})"/)[1]];
  const [at, zone, cards] = [`/studio/prices/edition/${edition}`, `/studio/shipping/${store}/zone`, `/studio/gift-cards/${store}`];
  await send("/studio/collections", { tenant, name: "readers", title: word });
  await send("/studio/collections/readers", { tenant, works: sku, act: "in" });
  const change = await send(at, { region: "us", currency: "USD", kind: "fixed", amount, min_quantity: "1", rev: await rev(at) });
  // Of the collection, which therefore stays.
  const promotion = await send("/studio/promotions/new", { tenant, rev: "0", title: word, code: word, kind: "percent", rate: "10", items_in_readers: "1" });
  await send("/studio/groups", { tenant, name: "readers", title: word });
  await send("/studio/groups/readers", { tenant, addresses: `${word}@example.org` });
  await send(zone, { id: word, countries: "DE", rev: await rev(zone) });
  // The amount stays in the trail alone: what is sold is public.
  await send(cards, { currency: "GBP", amounts: amount, rev: await rev(cards) });
  await send(cards, { was: "GBP", currency: "GBP", amounts: "15 25", rev: await rev(cards) });
  const reader = `reader-of-${handle}@example.org`;
  await send(`/letters/${store}/ask`, { email: reader });
  const [, who, proof] = (await linkIn(server, reader, /\/letters\//)).match(/\/letters\/s_\w+\/(\w+)\?proof=(.+)/);
  await send(`/letters/${store}/${who}/confirm`, { proof });
  await send(`/studio/letters/${store}`, { subject: word, text: word, attempt: `attempt-of-${handle}-1` });
  return { tenant, handle, store, sku, who, proof, edition, draft, change: change.split("/").pop(), promotion: promotion.match(/promo_[0-9a-v]{26}/)[0], name: "readers", part: "rate" };
}

/** One address of each kind of page about those things, by name. */
export const pagesOf = ({ tenant, handle, store, sku, who, proof, edition, change, promotion, name }) => ({
  desk: {
    prices: "/studio/prices", priceEdition: `/studio/prices/edition/${edition}`, priceChanges: `/studio/prices/changes/${change}`, priceSee: `/studio/prices/see?skus=${sku}&country=DE`,
    promotions: "/studio/promotions", promotion: `/studio/promotions/${promotion}`, groups: "/studio/groups", group: `/studio/groups/${name}?tenant=${tenant}`, collections: "/studio/collections", collection: `/studio/collections/${name}?tenant=${tenant}`, tax: "/studio/tax?country=DE",
    shipping: "/studio/shipping", shippingShop: `/studio/shipping/${store}?country=DE`, ...Object.fromEntries(["zone", "way", "rate", "nowhere"].map((part) => [`shipping-${part}`, `/studio/shipping/${store}/${part}`])),
    giftShops: "/studio/gift-cards", giftShop: `/studio/gift-cards/${store}?was=GBP`,
    taxShops: "/studio/tax-settings", taxShop: `/studio/tax-settings/${store}`,
  },
  open: { giftCards: `/gift-cards/${handle}`, reader: `/letters/${store}/${who}?proof=${proof}` },
});
