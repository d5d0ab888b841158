// Scores pages as a phone would load them, and times what a visitor feels there; `cargo xtask lighthouse` builds and calls it:
// node e2e/lighthouse.mjs DATA [--runs N] [--only home,cart] [--vitals]
// DATA holds the demonstration content. Prints the median of every score and each audit that lost points.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { freePort, startServer } from "./lib/server.mjs";
import { executable, flags } from "./lib/browser.mjs";
import { measure } from "./lib/vitals.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "5" }, only: { type: "string", default: "" }, vitals: { type: "boolean", default: false } },
});
const server = await startServer({ kept: positionals[0], metrics: true });
/** A number of the server's own. */
const counted = async (name) => Number((await (await fetch(server.metrics)).text()).match(new RegExp(`^${name} (\\d+)`, "m"))?.[1] ?? 0);
// Smaller covers are made by jobs after the import; a shop that has been open for a while has them.
while ((await counted("jobs_due")) > 0) await pause(500);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** The first work of a kind with a preview of its own. */
async function work(kind) {
  const html = await (await fetch(`${server.url}/catalog?type=${kind}`)).text();
  return html.match(new RegExp(`href="(/${kind}s/[^"]+-w_[^"]+)"`))[1];
}

/** One run in a fresh browser; answers the report. */
async function run(path, filled) {
  const port = await freePort();
  const profile = await mkdtemp(join(tmpdir(), "vitrine-lighthouse-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: executable, args: [...flags, `--remote-debugging-port=${port}`] });
  try {
    if (filled) {
      const page = context.pages()[0] ?? (await context.newPage());
      await page.goto(server.url + filled);
      await page.getByRole("button", { name: "Add to cart" }).click();
      await page.waitForURL("**/cart**");
      const session = await context.newCDPSession(page);
      await session.send("Network.clearBrowserCache");
      await page.goto("about:blank");
    }
    const { lhr } = await lighthouse(server.url + path, { port, output: "json", logLevel: "error", disableStorageReset: Boolean(filled) });
    return lhr;
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** Audits that lost points, with how many of a category's hundred. */
function lost(lhr) {
  return Object.values(lhr.categories).flatMap((category) => {
    const weights = category.auditRefs.reduce((sum, ref) => sum + ref.weight, 0);
    return category.auditRefs
      .filter((ref) => ref.weight > 0 && lhr.audits[ref.id].score !== null && lhr.audits[ref.id].score < 1)
      .map((ref) => ({ category: category.id, id: ref.id, value: lhr.audits[ref.id].displayValue ?? "", points: ((1 - lhr.audits[ref.id].score) * ref.weight * 100) / weights }));
  });
}

try {
  const [album, book] = [await work("album"), await work("book")];
  const pages = { home: "/", catalogue: "/catalog", album, book, cart: "/cart" };
  const wanted = values.only ? values.only.split(",") : Object.keys(pages);
  if (values.vitals) {
    await measure(server, { ...pages, album, book });
  } else {
    const metrics = { FCP: "first-contentful-paint", LCP: "largest-contentful-paint", TBT: "total-blocking-time", CLS: "cumulative-layout-shift", SI: "speed-index" };
    console.log(`| page | performance | accessibility | best practices | SEO | ${Object.keys(metrics).join(" | ")} | bytes |`);
    console.log(`|---|---|---|---|---|${"---|".repeat(Object.keys(metrics).length + 1)}`);
    const losses = [];
    for (const name of wanted) {
      const reports = [];
      for (let i = 0; i < Number(values.runs); i++) reports.push(await run(pages[name], name === "cart" ? album : undefined));
      const score = (id) => Math.round(median(reports.map((r) => r.categories[id].score)) * 100);
      const number = (id) => median(reports.map((r) => r.audits[id].numericValue));
      const times = Object.entries(metrics).map(([key, id]) => (key === "CLS" ? number(id).toFixed(3) : `${Math.round(number(id))} ms`));
      const cells = ["performance", "accessibility", "best-practices", "seo"].map(score);
      console.log(`| ${[name, ...cells, ...times, Math.round(number("total-byte-weight"))].join(" | ")} |`);
      const middle = reports.find((r) => Math.round(r.categories.performance.score * 100) === cells[0]) ?? reports[0];
      for (const audit of lost(middle)) losses.push(`${name}: ${audit.category}/${audit.id} ${audit.value} (-${audit.points.toFixed(1)})`);
    }
    console.log(losses.length ? `\nLost points:\n${losses.join("\n")}` : "\nNo point lost.");
  }
} finally {
  await server.stop();
}
