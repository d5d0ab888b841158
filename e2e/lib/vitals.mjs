// What a visitor feels, measured in the page: layout shifts, the largest paint, the time from a press to the next picture.
import { launch } from "./browser.mjs";


/** A phone of the middle: four times slower than this machine, on a mobile network of 9 Mbit/s and 170 ms (WebPageTest's "4G"). */
export const phone = { viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true };

/** Slows a page's processor down, and its network if asked. Before the first document. */
export async function slow(page, { cpu = 4, network = false } = {}) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: cpu });
  if (network) {
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { offline: false, latency: 170, downloadThroughput: 9e6 / 8, uploadThroughput: 9e6 / 8 });
  }
}

/** Collects from the first document on. Answers a function for what was seen: `{shift, shifts, lcp, presses}`; milliseconds. */
export async function watch(page) {
  const seen = [];
  await page.exposeBinding("vitalsSeen", (_, entry) => seen.push(entry));
  await page.addInitScript(() => {
    const on = (type, tell, options = {}) =>
      new PerformanceObserver((list) => list.getEntries().forEach((e) => globalThis.vitalsSeen(tell(e)))).observe({ type, buffered: true, ...options });
    const name = (node) => (node ? `${node.nodeName.toLowerCase()}.${[...(node.classList ?? [])].join(".")}` : "");
    // What moves within half a second after a press is what the press asked for.
    on("layout-shift", (e) => ({ kind: "shift", value: e.hadRecentInput ? 0 : e.value, of: e.sources?.map((s) => name(s.node)).join(" ") }));
    on("largest-contentful-paint", (e) => ({ kind: "lcp", value: e.startTime, of: name(e.element) }));
    on("event", (e) => ({ kind: "press", value: e.duration, id: e.interactionId, of: e.name }), { durationThreshold: 16 });
  });
  return () => {
    const of = (kind) => seen.filter((e) => e.kind === kind);
    const presses = new Map();
    for (const e of of("press")) if (e.id) presses.set(e.id, Math.max(presses.get(e.id) ?? 0, e.value));
    const shifts = of("shift").filter((e) => e.value > 0);
    return {
      shift: shifts.reduce((sum, e) => sum + e.value, 0),
      shifts: shifts.map((e) => `${e.value.toFixed(4)} ${e.of}`),
      lcp: of("lcp").at(-1)?.value ?? 0,
      largest: of("lcp").at(-1)?.of ?? "",
      presses: [...presses.values()],
    };
  };
}

/** The value below which this share of all lies (nearest rank). */
export function share(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}

/** Two frames: what was drawn is seen. */
export const painted = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));

/** Types a title's word letter by letter, waiting for each picture, and for suggestions at the end. */
export async function typing(page) {
  const title = await page.locator(".card-title").first().innerText();
  const words = title.toLowerCase().match(/[a-z]{3,}/)[0].slice(0, 6);
  await page.locator("#search").focus();
  for (const letter of words) {
    await page.keyboard.press(letter);
    await painted(page);
  }
  await page.locator("[role=option]").first().waitFor();
  await painted(page);
}

/** Opens the facets of a list and chooses in them. */
export async function facets(page) {
  const fold = page.locator(".facets-fold > summary");
  if (await fold.isVisible()) await fold.click();
  await painted(page);
  await page.locator(".listing-facets a").first().click();
  await page.waitForFunction(() => !document.querySelector(".listing[aria-busy=true]") && document.querySelector(".listing .chips"));
  await painted(page);
}

/** Puts the work into the cart; the press ends with the next document. */
export async function adding(page) {
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.waitForURL("**/cart**");
  await painted(page);
}

/** Where a page's client is at work: after its first own drawing. */
export const alive = (page) => page.locator("#theme").waitFor({ state: "attached" });

/** A page of a slowed phone with its observers on, gone to `path`. */
export async function visit(browser, server, path, { network = false } = {}) {
  const context = await browser.newContext(phone);
  const page = await context.newPage();
  await slow(page, { network });
  const seen = await watch(page);
  await page.goto(server.url + path);
  return { page, seen, close: () => context.close() };
}

/** Goes to the page's end and back, as eyes do. */
export async function look(page) {
  const heights = await page.evaluate(() => [document.documentElement.scrollHeight, innerHeight]);
  for (let y = 0; y < Math.min(heights[0], heights[1] * 8); y += heights[1]) {
    await page.evaluate((to) => scrollTo(0, to), y);
    await painted(page);
  }
  await page.evaluate(() => scrollTo(0, 0));
  await painted(page);
}

/** What is done on a page, and on which. */
export const acts = { "typing in the search": ["home", typing], "opening and choosing facets": ["catalogue", facets], "adding to the cart": ["album", adding] };

/** Prints tables: presses on a slowed processor, and paint and shifts of each page on a phone's network. */
export async function measure(server, pages, rounds = 5) {
  const browser = await launch();
  try {
    console.log("| press, processor 4 times slower | presses | p75 ms | max ms |\n|---|---|---|---|");
    for (const [what, [name, act]] of Object.entries(acts)) {
      const all = [];
      for (let i = 0; i < rounds; i++) {
        const { page, seen, close } = await visit(browser, server, pages[name]);
        await alive(page);
        await page.waitForLoadState("networkidle");
        await act(page);
        all.push(...seen().presses);
        await close();
      }
      console.log(`| ${what} | ${all.length} | ${share(all, 75)} | ${share(all, 100)} |`);
    }
    console.log("\n| page, phone on 9 Mbit/s and 170 ms | LCP p75 ms | largest | CLS max |\n|---|---|---|---|");
    for (const [name, path] of Object.entries(pages)) {
      const [paints, shifts] = [[], []];
      let last;
      for (let i = 0; i < rounds; i++) {
        const { page, seen, close } = await visit(browser, server, path, { network: true });
        await page.waitForLoadState("networkidle");
        await alive(page);
        last = seen();
        paints.push(last.lcp);
        await look(page);
        shifts.push(seen().shift);
        last = seen();
        await close();
      }
      console.log(`| ${name} | ${Math.round(share(paints, 75))} | ${last.largest} | ${share(shifts, 100).toFixed(4)} ${last.shifts.join("; ")} |`);
    }
  } finally {
    await browser.close();
  }
}
