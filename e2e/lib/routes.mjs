// Every address the shop answers, as the sources name them: what is not in this table fails a test.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Address pattern: what may be asked there.
 * `act`: fields of its form or JSON; absent: it only shows. `takes` is what the body is: `form` (default), `json`, `upload`, `none`.
 * `nobody`, `stranger`, `seller`: status for somebody who is not signed in, a buyer whose it is not, the seller of another shop, where it
 * is about the samples of the test; absent: it is open to all.
 * `proof`: it takes a proof of its own (a token, a signature, a client's secret) and no cookie counts, so any page may lead to it.
 */
export const ROUTES = {
  "/preferences": {},
  "/favicon.ico": {},
  "/healthz": {},
  "/readyz": {},
  "/rpc/{*rest}": {},
  "/api/{*rest}": {},
  "/api": {},
  "/api/openapi.json": {},
  "/api/style.css": {},
  "/robots.txt": {},
  "/.well-known/security.txt": {},
  "/sitemap.xml": {},
  "/sitemaps/{name}": {},
  "/feeds/{name}": {},
  "/podcasts/{id}/feed.xml": {},
  "/auth/login": {},
  "/auth/loginCallback": {},
  "/auth/logout": { act: {}, takes: "none" },
  "/account/devices": { act: { session: "{session}" }, nobody: 401, stranger: 404, seller: 404 },
  "/cart/add": { act: { variant: "{variant}" } },
  "/cart/set": { act: { variant: "{variant}", quantity: "0", rev: "1" } },
  "/cart/later": { act: { variant: "{variant}", later: "true", rev: "1" } },
  "/cart/undo": { act: { rev: "1" } },
  "/cart/code": { act: { discount: "NOTHING" } },
  "/checkout/code": { act: { discount: "NOTHING" } },
  "/checkout/place": { act: { attempt: "attempt-of-a-stranger-1", seen_minor: "0", email: "x@example.org" } },
  "/my-products/download": { act: { assets: "{asset}" }, nobody: 401, stranger: 404, seller: 404 },
  "/orders/{id}/download": { act: { assets: "{asset}", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/orders/{id}/ask": { act: { text: "hello", seen: "0", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/orders/{id}/withdraw": { act: { name: "x", line: "0", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/orders/{id}/gift": { act: { card: "x", email: "x@example.org", next: "1", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/gift-cards/{handle}/buy": { act: { attempt: "attempt-of-a-stranger-1", amount: "1500", email: "x@example.org" } },
  "/invoices/{id}/amend": { act: { company: "x", tax_id: "", address: "y", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/invoices/{id}/file.pdf": { nobody: 404, stranger: 404, seller: 404 },
  "/invoices/{id}/file.xml": { nobody: 404, stranger: 404, seller: 404 },
  "/studio/orders/{id}/answer": { act: { text: "hello", seen: "0" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/tax.csv": { nobody: 401, stranger: 404, seller: 404 },
  "/studio/works/{id}": { act: { title: "taken", latin: "", description: "", rev: "1" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/works/{id}/publish": { act: { rev: "1" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/works/{id}/archive": { act: { rev: "1" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/letters/{id}": { act: { subject: "hello", text: "all", attempt: "0123456789abcdef" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/file.csv": {},
  "/studio/prices/grid": { act: { seller: `t_${"0".repeat(25)}1` }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/import": { act: {}, takes: "upload", nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/edition/{id}": { act: { region: "eu", currency: "EUR", amount: "1", rev: "1" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/edition/{id}/end": { act: { key: "eu-EUR-1-0", rev: "1" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/prices/changes/{id}": { act: { seen: "" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/promotions/{id}": { act: { tenant: "{tenant}", rev: "0", title: "x", rate: "10" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/promotions/{id}/end": { act: { rev: "1" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/groups": { act: { tenant: "{tenant}", name: "taken", title: "Taken" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/groups/{name}": { act: { tenant: "{tenant}", addresses: "x@example.org" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/groups/{name}/delete": { act: { tenant: "{tenant}" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/shipping/{store}/{part}": { act: { countries: "DE", id: "taken", rev: "1", act: "" }, nobody: 401, stranger: 404, seller: 404 },
  "/studio/gift-cards/{store}": { act: { currency: "EUR", amounts: "1", rev: "1" }, nobody: 401, stranger: 404, seller: 404 },
  "/admin/orders/{id}/ship": { act: { line: "0", tracking: "x" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/orders/{id}/refund": { act: { line: "0", reason: "x", attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/orders/{id}/credit": { act: { credit_amount: "5", credit_reason: "x", attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/value": { act: { amount: "5", currency: "EUR", recipient: "x@example.org", reason: "x", attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/value/{id}/resend": { act: { attempt: "attempt-of-a-stranger-1" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/value/{id}/end": { act: { reason: "x" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/jobs": { act: { kind: "x", key: "y" }, nobody: 401, stranger: 403, seller: 403 },
  "/admin/rates": { act: {}, takes: "upload", nobody: 401, stranger: 403, seller: 403 },
  "/admin/import/upload": { act: {}, takes: "upload", nobody: 401, stranger: 403, seller: 403 },
  "/letters/{store}/ask": { act: { email: "reader@example.org" } },
  "/letters/{store}/{who}/confirm": { act: { proof: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/letters/{store}/{who}/off": { act: { proof: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/letters/{store}/{who}/leave": { act: {}, takes: "none", proof: true, nobody: 404, stranger: 404, seller: 404 },
  "/api/webhooks/{provider}": { act: {}, takes: "json", proof: true, nobody: 404, stranger: 404, seller: 404 },
  "/d/{token}": {},
  "/s/{token}": { files: true },
  "/r/{token}/{name}": { files: true },
  "/m/{name}": { files: true },
  "/dev/outbox": {},
  "/dev/outbox/mail": {},
  "/simulator/pay/{id}": { act: { method: "card", number: "4000000000000002", expiry: "04/30", cvc: "123" }, proof: true },
  "/simulator/pay/{id}/confirm": { act: { answer: "refuse" }, proof: true },
  "/simulator/pay/{id}/cancel": { act: {}, takes: "none", proof: true },
  "/simulator/done/{id}": {},
  "/simulator/control": { act: { delay_ms: 0 }, takes: "json", proof: true },
  "/simulator/style.css": {},
  "/.well-known/openid-configuration": {},
  "/oidc/jwks.json": {},
  "/oidc/style.css": {},
  "/oidc/authorize": { act: { step: "email", email: "x@example.org" } },
  "/oidc/verify": { act: { token: "wrong" } },
  "/oidc/reset": { act: { token: "wrong", password: "long enough a word" } },
  "/oidc/token": { act: { grant_type: "authorization_code", client_id: "vitrine-programs", code: "wrong" }, proof: true, nobody: 400, stranger: 400, seller: 400 },
  "/oidc/revoke": { act: { token: "wrong", client_id: "vitrine-programs" }, proof: true },
  "/oidc/userinfo": { act: {}, takes: "none", proof: true, nobody: 401, stranger: 401, seller: 401 },
  "/oidc/logout": { act: {}, takes: "none" },
  "/assets": {},
  "/metrics": { elsewhere: "a listener of its own, on loopback" },
};

/** Pages, by the addresses of the routers of shop and desk, as above. */
export const PAGES = {
  "/": {}, "/catalog": {}, "/search": {}, "/artists/:slug": {}, "/authors/:slug": {}, "/albums/:id": {}, "/books/:id": {}, "/videos/:id": {}, "/podcasts/:id": {},
  "/podcasts/:id/transcript/:number": {}, "/eula/:id": {}, "/letters/:store/:who": {}, "/gift-cards/:handle": {}, "/preview/:id": {}, "/policies/:slug": {}, "/cart": {}, "/checkout": {},
  "/orders/:id": {}, "/my-products": {}, "/my-products/:id": {}, "/invoices": {}, "/invoices/:id": {}, "/problem/:code": {}, "/account": {}, "/:..segments": {}, "/:handle": {},
  "/studio": {}, "/studio/tax": {}, "/studio/works/:id": {}, "/studio/orders/:id": {}, "/studio/letters/:id": {}, "/admin": {}, "/admin/orders/:id": {}, "/admin/orders/:id/refund": {}, "/admin/jobs": {}, "/admin/import": {},
  "/studio/prices": {}, "/studio/prices/edition/:id": {}, "/studio/prices/changes/:id": {}, "/studio/prices/see": {},
  "/admin/value": {}, "/admin/value/:id": {}, "/admin/rates": {},
  "/studio/groups": {}, "/studio/groups/:name": {},
  "/studio/shipping": {}, "/studio/shipping/:store": {}, "/studio/shipping/:store/:part": {}, "/studio/gift-cards": {}, "/studio/gift-cards/:store": {},
  "/studio/promotions": {}, "/studio/promotions/:id": {},
  "/admin/import/:id": {},
};

/** Server functions: their arguments; `nobody` and so on as above. */
export const RPC = {
  "/rpc/catalog/home": {},
  "/rpc/catalog/list": { args: { query: "q=x" } },
  "/rpc/catalog/search": { args: { query: "q=x" } },
  "/rpc/catalog/suggest": { args: { words: "x" } },
  "/rpc/catalog/work": { args: { kind: "album", id: "{draft}" }, nobody: 404, stranger: 404, seller: 404 },
  "/rpc/catalog/transcript": { args: { id: "{draft}", number: 1, language: null }, nobody: 404, stranger: 404, seller: 404 },
  "/rpc/catalog/maker": { args: { kind: "artist", slug: "nobody" } },
  "/rpc/catalog/store": { args: { handle: "nobody" } },
  "/rpc/catalog/licence": { args: { id: "nothing", version: null } },
  "/rpc/catalog/letters": { args: { store: "{store}", who: "{who}", proof: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/rpc/me/bar": {},
  "/rpc/me/account": { nobody: 401 },
  "/rpc/me/library": { args: { query: "" }, nobody: 401 },
  "/rpc/me/owned": { args: { work: "{work}" }, nobody: 401, stranger: 404, seller: 404 },
  "/rpc/me/owns": { args: { work: "{work}" } },
  "/rpc/me/preview": { args: { work: "{draft}" }, nobody: 401, stranger: 404, seller: 404 },
  "/rpc/me/invoices": { args: { cursor: null }, nobody: 401 },
  "/rpc/me/invoice": { args: { id: "{invoice}", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
  "/rpc/trade/cart": {},
  "/rpc/trade/checkout": {},
  "/rpc/trade/gift": { args: { handle: "nobody", kept: null }, nobody: 404, stranger: 404, seller: 404 },
  "/rpc/trade/order": { args: { id: "{checkout}", key: "wrong" }, nobody: 404, stranger: 404, seller: 404 },
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
