// What tools say of the walls that nobody here wrote: Google's checker of content policies, Mozilla's Observatory, IBM's accessibility
// engine beside axe, and a crawl of the whole shop. The shop stands behind TLS, as it does where people buy.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ask, post, purchase, signedIn } from "../lib/attack.mjs";
import { launch, openPage } from "../lib/browser.mjs";
import { works } from "../lib/buying.mjs";
import { made, pagesOf, tenantOf, things } from "../lib/routes.mjs";
import { startServer } from "../lib/server.mjs";
import { front } from "../lib/tls.mjs";

const require = createRequire(import.meta.url);
const run = promisify(execFile);

let tls;
let server;
let shop;
let folder;
let people;
let addresses;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-graded-"));
  let behind = "127.0.0.1:1";
  tls = await front(() => behind);
  const environment = { VITRINE_BASE_URL: `https://localhost:${tls.https}`, VITRINE_FILES_URL: `https://files.localhost:${tls.https}` };
  const inside = await startServer({ shop: "market", limits: 0, env: environment });
  behind = `127.0.0.1:${new URL(inside.url).port}`;
  shop = await works(inside);
  server = { ...inside, inside: inside.url, url: environment.VITRINE_BASE_URL, files: environment.VITRINE_FILES_URL };
  const [buyer, seller, staff] = await Promise.all([["buyer", "listen-and-read"], ["creator", "make-and-publish"], ["staff", "help-and-refund"]].map(([name, word]) => signedIn(server, `${name}@vitrine.example`, word)));
  people = { nobody: "", buyer: `${buyer}`, seller: `${seller}`, staff: `${staff}` };
  const { order, parts } = await purchase(server, [shop.album, shop.book], { cookie: people.buyer, email: "buyer@vitrine.example" });
  const body = async (who, path) => (await ask(server, "GET", path, { headers: { cookie: people[who] } })).body;
  const studio = await body("seller", "/studio");
  const editor = studio.match(/\/studio\/works\/w_[0-9a-v]{26}/)[0];
  const letters = studio.match(/\/studio\/letters\/s_[0-9a-v]{26}/)[0];
  const deadline = Date.now() + 20_000;
  let invoice = null;
  while (!invoice) {
    assert.ok(Date.now() < deadline, "no invoice");
    invoice = (await body("buyer", "/invoices")).match(/\/invoices\/inv_[0-9a-v]{26}/)?.[0];
  }
  const variant = JSON.parse((await ask(server, "GET", `/api/public/catalog/items/${shop.free.match(/w_\w+/)[0]}`)).body).editions[0].variant;
  await post(server, "/cart/add", { variant }, people.buyer);
  const licence = (await body("nobody", shop.album)).match(/\/eula\/[^"]+/)[0];
  const owned = (await body("buyer", "/my-products")).match(/\/my-products\/w_[0-9a-v]{26}/)[0];
  const ours = await things(server, people.seller, { tenant: await tenantOf(server, "Nordlicht", people.staff), handle: "nordlicht", sku: "HL-D", word: "regulars", amount: "97531" });
  const pages = pagesOf(ours);
  // What is wrong is said at its field on the page of a form that was not taken.
  await post(server, "/studio/promotions/new", { tenant: ours.tenant, rev: "0", code: "HALF", kind: "percent", rate: "150" }, people.seller);
  const faulty = `/studio/promotions/new?tenant=${ours.tenant}&kept=1&trouble=fault-percent`;
  const value = (await made(server, "/admin/value", { attempt: "attempt-of-staff-0001", amount: "5", currency: "EUR", recipient: "kin@example.org", reason: "a present" }, people.staff)).split("?")[0];
  const upload = "--b\r\ncontent-disposition: form-data; name=\"rows\"; filename=\"r\"\r\n\r\n{\"type\":\"maker\",\"ref\":\"new\",\"tenant\":\"nord\",\"kind\":\"artist\",\"name\":\"New\"}\r\n{}\r\n--b--\r\n";
  const report = (await ask(server, "POST", "/admin/import/upload", { headers: { origin: server.url, cookie: people.staff, "content-type": "multipart/form-data; boundary=b" }, body: upload })).headers.location;
  while ((await ask(server, "GET", `/api${report.replace("/admin/", "/admin/catalog/")}`, { headers: { cookie: people.staff } })).status !== 200) assert.ok(Date.now() < deadline, "no report");
  addresses = {
    nobody: ["/", "/catalog", "/catalog?type=album&sort=title", "/search?q=harbur", "/search?q=qqqq", shop.album, shop.book, shop.film, shop.podcast, `${shop.podcast}/transcript/1`, "/artists/ida-strand", "/authors/joe-quill", "/@nordlicht", "/policies/privacy", licence, "/account", "/cart", "/nowhere", ...Object.values(pages.open)],
    buyer: ["/account", "/cart", "/checkout", `/orders/${order}`, "/my-products", owned, "/invoices", invoice],
    seller: ["/studio", editor, letters, `/studio/orders/${parts.find((p) => studio.includes(p.store?.name ?? "\0"))?.id ?? parts[0].id}`, `/preview/${editor.split("/").pop()}`, faulty, ...Object.values(pages.desk)],
    staff: ["/admin", `/admin/orders/${parts[0].id}`, `/admin/orders/${parts[0].id}/refund?line=0`, "/admin/jobs", "/admin/import", report, "/admin?q=harbour", "/admin/value", value, "/admin/rates"],
  };
});
after(async () => {
  await server?.stop();
  await tls?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("the content policy of every kind of answer stands before Google's checker", async () => {
  const { CspEvaluator } = require("csp_evaluator/dist/evaluator.js");
  const { CspParser } = require("csp_evaluator/dist/parser.js");
  const { Severity } = require("csp_evaluator/dist/finding.js");
  const others = ["/api", "/api/openapi.json", "/api/health", "/robots.txt", "/sitemap.xml", "/feeds/new.xml", "/healthz", "/oidc/authorize", "/oidc/verify?token=x", "/oidc/logout", "/simulator/done/x", "/dev/outbox", "/auth/login", "/rpc/me/bar", "/d/x", "/favicon.ico", "/assets/nothing"];
  const cover = (await ask(server, "GET", shop.film)).body.match(/https:\/\/files\.localhost:\d+(\/m\/[0-9a-f]{64}\.jpg)/)[1];
  const asked = [...Object.entries(addresses).flatMap(([who, all]) => all.map((path) => [who, path])), ...others.map((path) => ["nobody", path]), ["files", cover], ["files", "/m/nothing"], ["files", "/s/x"], ["files", "/r/x/y"], ["files", "/"]];
  for (const [who, path] of asked) {
    const answer = await ask(server, "GET", path, { files: who === "files", headers: { accept: "text/html", cookie: people[who] ?? null } });
    // A page that is refused would be judged in its place.
    if (addresses[who]?.includes(path) && path !== "/nowhere" && !others.includes(path)) assert.equal(answer.status, 200, `${path} as ${who}`);
    const policy = answer.headers["content-security-policy"];
    assert.ok(policy, `${path} has no policy`);
    const findings = new CspEvaluator(new CspParser(policy).csp).evaluate();
    assert.deepEqual(findings.filter((f) => f.severity < Severity.INFO).map((f) => `${f.directive} ${f.value}: ${f.description}`), [], `${path}: ${policy}`);
    assert.equal(answer.headers["x-content-type-options"], "nosniff", path);
    assert.equal(answer.headers["strict-transport-security"], "max-age=31536000", path);
    for (const cookie of answer.headers["set-cookie"] ?? []) assert.match(cookie, /; Secure/, path);
    assert.equal(answer.headers.server, undefined, path);
    assert.equal(answer.headers["x-powered-by"], undefined, path);
  }
  const prefs = await ask(server, "GET", "/preferences?lang=de-DE&country=DE&to=/");
  assert.match(prefs.headers["set-cookie"][0], /; Secure/);
});

test("Mozilla's Observatory gives every kind of page an A+", async () => {
  for (const path of ["/", shop.album, "/cart", "/account", "/gift-cards/nordlicht", "/letters/x/y", "/oidc/authorize", "/simulator/done/x", "/api", "/admin", "/studio/prices"]) {
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, "../lib/observatory.mjs"), tls.http, tls.https, path], { env: { ...process.env, NODE_EXTRA_CA_CERTS: tls.cert } });
    const { grade, failed, results } = JSON.parse(stdout.trim().split("\n").pop());
    // A page that is not there is not graded: what its answer says is the same.
    assert.deepEqual([grade, failed], ["A+", []], `${path}: ${results}`);
  }
});

test("IBM's accessibility engine finds no violation on any kind of page", async () => {
  const engine = await readFile(require.resolve("accessibility-checker-engine/ace.js"), "utf8");
  const browser = await launch();
  const wrong = {};
  // The way past the header stands before every landmark, so that it is the first stop of the Tab key. A wide table or
  // a wide document is a stop of it too, to be scrolled by arrows (WCAG 2.1.1, and axe asks for it); that makes it no widget.
  const known = (r) => r.startsWith("aria_content_in_landmark /html[1]/body[1]/div[1]/a[1]:") || /^element_tabbable_role_valid .* (table-scroll|prices-scroll|prices-document)$/.test(r);
  try {
    for (const [who, all] of Object.entries(addresses)) {
      const { page, close } = await openPage(browser, { ignoreHTTPSErrors: true });
      const cookies = people[who].split("; ").filter(Boolean).map((pair) => ({ name: pair.split("=")[0], value: pair.slice(pair.indexOf("=") + 1), url: server.url, secure: true, httpOnly: true, sameSite: "Lax" }));
      await page.context().addCookies(cookies);
      for (const path of all) {
        await page.goto(server.url + path, { waitUntil: "networkidle" });
        await page.evaluate(engine);
        const found = await page.evaluate(async () => {
          // It takes what is folded for not there, labels included.
          for (const fold of document.querySelectorAll("details")) fold.open = true;
          const { results } = await new globalThis.ace.Checker().check(document, ["IBM_Accessibility"]);
          return results.filter((r) => r.value[0] === "VIOLATION" && r.value[1] === "FAIL").map((r) => `${r.ruleId} ${r.path.dom}: ${r.message} ${r.node?.className ?? ""}`);
        });
        for (const one of found.filter((r) => !known(r))) (wrong[one.split(":")[0]] ??= []).push(`${path} as ${who}: ${one}`);
      }
      await close();
    }
  } finally {
    await browser.close();
  }
  assert.deepEqual(wrong, {});
});

test("a crawl of the whole shop finds no broken page, picture, form or anchor", async () => {
  // Facets, orders and pages combine without end: one of them at a time is followed. The studio asks who it is.
  const settings = `[checking]\nthreads=4\nsslverify=${tls.cert}\nrecursionlevel=4\n[filtering]\nignorewarnings=url-content-too-large,http-redirected,http-cookie-store-error,https-certificate-error\ncheckextern=0\nignore=\n  [?].*&\n  /(preferences|auth/|oidc/|dev/|feeds/|rpc/|studio)\n[output]\nstatus=0\nverbose=0\nwarnings=1\n[AnchorCheck]\n`;
  const file = join(folder, "crawl.ini");
  await writeFile(file, settings);
  const tool = join(process.env.VITRINE_TEST_PEERS, "bin/linkchecker");
  const args = ["-f", file, "--no-robots", "--no-status", "-o", "csv", `${server.inside}/`];
  const { stdout, killed } = await run(tool, args, { maxBuffer: 1 << 26, timeout: 60_000, cwd: folder }).catch((fault) => fault);
  assert.ok(!killed, "the crawl does not end");
  const bad = `${stdout}`.split("\n").filter((line) => line && !line.startsWith("#") && !line.startsWith("urlname"));
  assert.deepEqual(bad, [], bad.join("\n"));
});
