// A Chromium for specs, with everything a page complains about collected.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { chromium } from "playwright-core";

/** What a browser of a test is started with. */
export const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** The browser: `$VITRINE_TEST_CHROMIUM`, else Debian's. */
export const executable = process.env.VITRINE_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** Launches the browser. */
export function launch() {
  return chromium.launch({ executablePath: executable, args: flags });
}

/**
 * A page in a fresh profile. `faults` fills with console errors and warnings, page errors and failed requests; what a page gave up on
 * being left is no fault.
 */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && faults.push(`console ${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => faults.push(`page error: ${e.message}`));
  page.on("requestfailed", (r) => {
    const why = r.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") faults.push(`request failed: ${r.url()} ${why}`);
  });
  page.on("response", (r) => r.status() >= 400 && faults.push(`answer ${r.status()}: ${r.url()}`));
  return { page, faults, close: () => context.close() };
}

/** Violations axe finds on the page, one line each. `rules` limits the run (for example `["color-contrast"]`). */
export async function axe(page, rules) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // Through the debugger, not a script tag: the page's content policy would refuse that, rightly.
  await page.evaluate(source);
  const { violations } = await page.evaluate((only) => globalThis.axe.run(document, only ? { runOnly: only } : {}), rules);
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${v.help}`));
}

/** Makes the page as wide as a phone and asks that nothing sticks out of it. Needs scripts to be on. */
export async function fits(page) {
  await page.setViewportSize({ width: 360, height: 740 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${page.url()} is ${width} px wide on a phone of 360`);
}

/** Writes a full-page picture, after fonts are there and with animations ended. */
export async function screenshot(page, path) {
  await mkdir(dirname(path), { recursive: true });
  await page.evaluate(() => document.fonts.ready.then(() => true));
  await page.screenshot({ path, fullPage: true, animations: "disabled" });
}
