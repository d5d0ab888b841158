// Pictures of every kind of page, 360 and 1280 wide, light and dark, into a folder:
// node e2e/screenshots.mjs http://localhost:8080 docs/screenshots [--whole]
// The shop must have the demonstration content. --whole takes pages to their end, for looking, not for keeping.
import { mkdir } from "node:fs/promises";
import { launch, openPage } from "./lib/browser.mjs";
import { fill, from, mail, pay, place, signIn } from "./lib/buying.mjs";

const [url, folder, whole] = process.argv.slice(2);
const server = { url };
const sizes = [[360, 740], [1280, 860]];
await mkdir(folder, { recursive: true });
const browser = await launch();

/** The first address on the page at `path` that fits. */
async function first(path, pattern) {
  const html = await (await fetch(url + path)).text();
  const found = html.match(pattern);
  if (!found) throw new Error(`${path} has no ${pattern}`);
  return found[1];
}
const card = (kind) => first(`/catalog?type=${kind}&sort=newest&format=${{ album: "Ogg%20Vorbis", book: "EPUB", video: "WebM", podcast: "Ogg%20Vorbis" }[kind]}`, new RegExp(`href="(/${kind}s/[^"]+-w_[^"]+)"`));
const kinds = Object.fromEntries(await Promise.all(["album", "book", "video", "podcast"].map(async (k) => [k, await card(k).catch(() => first(`/catalog?type=${k}`, new RegExp(`href="(/${k}s/[^"]+-w_[^"]+)"`)))])));
const artist = await first(kinds.album, /href="(\/artists\/[^"]+)"/);
const licence = await first(kinds.album, /href="(\/eula\/[^"]+)"/);

for (const [width, height] of sizes) {
  for (const colorScheme of ["light", "dark"]) {
    const { page, close } = await openPage(browser, { viewport: { width, height }, colorScheme });
    const shot = async (name) => {
      await page.locator("h1").first().waitFor();
      await page.waitForLoadState("networkidle");
      await page.evaluate(() => document.fonts.ready.then(() => true));
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.jpg`, type: "jpeg", quality: 70, fullPage: whole === "--whole", animations: "disabled" });
    };
    const at = async (name, path) => {
      await page.goto(url + path);
      await shot(name);
    };
    await from(page, server, "DE");
    await at("home", "/");
    await at("catalog", "/catalog");
    await at("search", "/search?q=singulrity");
    for (const [kind, path] of Object.entries(kinds)) await at(kind, path);
    await at("transcript", `${kinds.podcast}/transcript/1`);
    await at("artist", artist);
    await at("licence", licence);
    await at("storefront", "/@aurora");
    await at("not-found", "/albums/nothing-like-this");
    await at("api", "/api");
    await at("sign-in", "/auth/login?to=/account");
    await signIn(page, server, "staff@vitrine.example", "help-and-refund");
    await shot("account");
    const goods = await first("/catalog?format=CD", /href="(\/albums\/[^"]+-w_[^"]+)"/).catch(() => kinds.book);
    const bought = await first("/@aurora", /href="(\/albums\/[^"]+-w_[^"]+)"/);
    await fill(page, server, [bought, goods], true);
    await shot("cart");
    await at("checkout", "/checkout");
    await place(page, server, "staff@vitrine.example");
    await shot("payment");
    if (/simulator/.test(page.url())) await pay(page);
    await page.waitForURL("**/orders/**");
    const talk = page.locator("details.order-talk", { hasText: "Folio" });
    await talk.locator("summary").click();
    await talk.getByLabel("Your message").fill("Does it come with a booklet?");
    await talk.getByRole("button", { name: "Send" }).click();
    await page.getByText("The other side gets a mail with it.").waitFor();
    await shot("order");
    await at("library", "/my-products");
    await page.locator(".card-title a").first().click();
    await page.waitForURL("**/my-products/w_*");
    await shot("owned");
    await page.goto(url + bought);
    await page.getByText("This is yours").waitFor();
    await shot("album-owned");
    await at("invoices", "/invoices");
    await page.locator("table a").first().click();
    await page.waitForURL("**/invoices/*");
    await shot("invoice");
    await page.locator("details.invoice-amend summary").click();
    await page.fill("[name=company]", `Muster & Co. KG ${width} ${colorScheme}`);
    await page.fill("[name=address]", "Kontorhaus 1\n20095 Hamburg\nDE");
    await shot("invoice-business");
    await page.getByRole("button", { name: "Add them" }).click();
    await page.getByRole("heading", { name: /Corrected invoice/ }).waitFor();
    await shot("amendment");
    const reader = `reader-${Date.now()}@example.org`;
    await page.goto(`${url}/@folio`);
    await page.getByLabel("E-mail address").fill(reader);
    await page.getByRole("button", { name: "Send me the link" }).click();
    await page.getByText("Look into your mail").waitFor();
    await shot("storefront-letters");
    const link = (await mail(page, server, "please confirm", reader)).match(/http\S+\/letters\/\S+/)[0];
    await page.goto(link);
    await shot("letters");
    await page.getByRole("button", { name: "Yes, write to me" }).click();
    await page.getByText("You get the letters").waitFor();
    await at("admin", "/admin");
    await page.locator("table a").first().click();
    await page.waitForURL("**/admin/orders/*");
    await shot("admin-order");
    await at("admin-jobs", "/admin/jobs");
    await at("admin-import", "/admin/import");
    await close();
    const creator = await openPage(browser, { viewport: { width, height }, colorScheme });
    await signIn(creator.page, server, "creator@vitrine.example", "make-and-publish", "/studio");
    for (const [name, go] of [["studio", async () => {}], ["studio-order", () => creator.page.getByRole("link", { name: /A question about order/ }).first().click()],
      ["studio-letters", async () => { await creator.page.goto(`${url}/studio`); await creator.page.getByRole("link", { name: /Folio.*on the mailing list/ }).first().click(); }],
      ["studio-work", async () => { await creator.page.goto(`${url}/studio`); await creator.page.locator("table:last-of-type a").last().click(); }],
      ["studio-preview", () => creator.page.getByRole("button", { name: "Preview" }).click()]]) {
      await go();
      await creator.page.waitForLoadState("networkidle");
      await creator.page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.jpg`, type: "jpeg", quality: 70, fullPage: whole === "--whole", animations: "disabled" });
    }
    await creator.close();
  }
}
await browser.close();
