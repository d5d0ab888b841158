// The other side of the counter: what the seller and staff see and do, and what comes of it for the buyer.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { axe, launch, openPage } from "../lib/browser.mjs";
import { fill, from, mail, pay, place, signIn, works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";
import { zipOf } from "../lib/zip.mjs";

let server;
let browser;
let shop;
before(async () => {
  server = await startServer({ shop: "market" });
  browser = await launch();
  shop = await works(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A purchase of album and book by a guest: its page and the address of its order page. */
async function bought(email) {
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await fill(page, server, [shop.album, shop.book]);
  await place(page, server, email);
  await pay(page);
  await page.waitForURL("**/orders/**");
  await page.getByRole("heading", { name: "Thank you, it is paid" }).waitFor();
  return { page, order: page.url(), close };
}

async function staff() {
  const opened = await openPage(browser);
  await signIn(opened.page, server, "staff@vitrine.example", "help-and-refund", "/admin");
  return opened;
}

/** Staff open the order of a buyer that holds this text. */
async function openOrder(page, email, text) {
  await page.goto(`${server.url}/admin?q=${encodeURIComponent(email)}`);
  const links = await page.locator("table a").evaluateAll((all) => all.map((a) => a.href));
  assert.equal(links.length, 2, `orders of ${email}`);
  for (const link of links) {
    await page.goto(link);
    if ((await page.locator("main").innerText()).includes(text)) return link;
  }
  throw new Error(`no order with ${text}`);
}

test("staff find works, shops and the trail of a number, and see that no job gave up", async () => {
  const { page, close } = await staff();
  await page.getByLabel("Find anything").fill("harbour lihgts");
  await page.getByLabel("Find anything").press("Enter");
  await page.getByRole("heading", { name: "Works" }).waitFor();
  const editor = await page.getByRole("link", { name: "Harbour Lights" }).getAttribute("href");
  assert.match(editor, /^\/studio\/works\/w_/);
  await page.goto(`${server.url}/admin?q=${editor.split("/").pop()}`);
  await page.getByRole("link", { name: "Harbour Lights" }).waitFor();
  await page.goto(`${server.url}/admin?q=nordlicht`);
  await page.getByRole("heading", { name: "Makers and shops" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  await page.getByText("No job gave up").waitFor();
  assert.deepEqual(await axe(page), []);
  await close();
});

test("staff find an order by e-mail, send the parcel, and the buyer is told", async () => {
  const buyer = await bought("parcel@example.org");
  const { page, close } = await staff();
  await openOrder(page, "parcel@example.org", "Paper Boats");
  const text = await page.locator("main").innerText();
  assert.match(text, /Gast Muster[\s\S]*10115 BERLIN[\s\S]*GERMANY/);
  assert.match(text, /checkout\.placed[\s\S]*anonymous[\s\S]*checkout\.paid/);
  assert.deepEqual(await axe(page), []);
  await page.fill("[name=tracking]", "DHL 00340");
  await page.getByRole("button", { name: "Mark as sent" }).click();
  await page.getByText("It is saved.").waitFor();
  assert.match(await page.locator("main").innerText(), /on its way · DHL 00340[\s\S]*order\.shipped/);
  assert.match(await mail(buyer.page, server, "On its way", "parcel@example.org"), /Tracking: DHL 00340/);
  await buyer.page.goto(buyer.order);
  await buyer.page.getByText("DHL 00340").waitFor();
  await buyer.close();
  await close();
});

test("a refund ends access, restocks, writes a credit note, mails, and shows in the seller's sales", async () => {
  const buyer = await bought("refund@example.org");
  const [download] = await Promise.all([
    buyer.page.waitForEvent("download"),
    buyer.page.getByRole("button", { name: "Download Harbour Lights" }).click(),
  ]);
  const link = download.url();
  await mail(buyer.page, server, "Your receipt", "refund@example.org");
  const { page, close } = await staff();
  const address = await openOrder(page, "refund@example.org", "Harbour Lights");
  await page.getByRole("link", { name: "Refund this order" }).click();
  // More than is left is refused where it was typed; a part is shown with its tax before anything is done.
  await page.fill("[name=amount-0]", "8.01");
  await page.getByRole("button", { name: "Show the amounts" }).click();
  await page.getByText("This is more than is left").waitFor();
  await page.fill("[name=amount-0]", "2.00");
  await page.getByRole("button", { name: "Show the amounts" }).click();
  assert.match(await page.locator("main").innerText(), /€1\.68[\s\S]*€0\.32[\s\S]*€2\.00[\s\S]*Can still be refunded after it: €6\.00/);
  await page.fill("[name=amount-0]", "");
  await page.locator("[name=line]").first().check();
  await page.getByRole("button", { name: "Show the amounts" }).click();
  await page.getByText("access ends").waitFor();
  // Without a reason nothing happens, and the page says why.
  await page.locator("form[method=post]").evaluate((form) => (form.noValidate = true));
  await page.getByRole("button", { name: "Refund", exact: true }).click();
  await page.getByText("Fill in this field").waitFor();
  await page.fill("[name=reason]", "Bought twice");
  await page.getByRole("button", { name: "Refund", exact: true }).click();
  await page.getByText("It is saved.").waitFor();
  assert.match(await page.locator("main").innerText(), /Refunded[\s\S]*Given back so far: €8\.00[\s\S]*order\.refunded[\s\S]*Bought twice/);
  assert.match(await mail(buyer.page, server, "Your refund: €8.00", "refund@example.org"), /Credit note NLC-\d{4}-00001/);
  const refused = await buyer.page.goto(link);
  assert.ok([403, 410].includes(refused.status()), `${refused.status()}`);
  assert.match(await buyer.page.locator("h1").innerText(), /Access has ended/);
  await buyer.page.goto(buyer.order);
  await buyer.page.getByRole("heading", { name: "Partly refunded" }).waitFor();
  assert.equal(await buyer.page.getByRole("button", { name: "Download Harbour Lights" }).count(), 0);
  // The same press again, as a browser that repeats it would send it, changes nothing.
  await page.goto(address);
  assert.equal(await page.getByRole("link", { name: "Refund this order" }).count(), 0);
  await close();
  await buyer.close();
});

test("a buyer asks the shop about an order, the seller answers, and each gets a mail", async () => {
  const buyer = await bought("asks@example.org");
  const talk = buyer.page.locator("details.order-talk").filter({ hasText: /Talk to (Nordlicht|Paper Press)/ });
  assert.equal(await talk.count(), 2, "one for each shop");
  const { page, close } = await openPage(browser);
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  const shopName = (await page.locator("main").innerText()).includes("Nordlicht") ? "Nordlicht" : "Paper Press";
  const mine = buyer.page.locator("details.order-talk", { hasText: `Talk to ${shopName}` });
  await mine.locator("summary").click();
  await mine.getByLabel("Your message").fill("Is there a lyric sheet?\nOr <b>two</b>?");
  await mine.getByRole("button", { name: "Send" }).click();
  await buyer.page.getByText("The other side gets a mail with it.").waitFor();
  assert.match(await mine.innerText(), /You[\s\S]*Is there a lyric sheet\?\s+Or <b>two<\/b>\?/);
  assert.deepEqual(await axe(buyer.page), []);
  await page.goto(`${server.url}/studio`);
  await page.getByRole("link", { name: /A question about order/ }).click();
  assert.match(await page.locator("main").innerText(), /The buyer[\s\S]*lyric sheet/);
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Your answer").fill("In the booklet.");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("The other side gets a mail with it.").waitFor();
  await page.goto(`${server.url}/studio`);
  assert.equal(await page.getByRole("link", { name: /A question about order/ }).count(), 0);
  assert.match(await mail(buyer.page, server, `${shopName} answers`, "asks@example.org"), /In the booklet\./);
  await buyer.page.goto(buyer.order);
  await buyer.page.getByText("In the booklet.").waitFor();
  const team = await staff();
  await openOrder(team.page, "asks@example.org", "In the booklet.");
  await team.close();
  await close();
  await buyer.close();
});

test("a seller sees sales with their share, edits text and price, takes a work from sale and puts it back", async () => {
  const buyer = await bought("sale@example.org");
  const { page, close } = await openPage(browser);
  await from(page, server, "DE");
  await signIn(page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  const text = await page.locator("main").innerText();
  assert.match(text, /fee is 10%|fee is 15%/);
  assert.match(text, /Harbour Lights · Digital album|Paper Boats · Paperback/);
  assert.match(text, /Germany/);
  assert.deepEqual(await axe(page), []);
  const mine = text.includes("Nordlicht") ? { title: "Harbour Lights", path: shop.album } : { title: "Paper Boats", path: shop.book };
  await page.getByRole("link", { name: mine.title, exact: true }).click();
  assert.deepEqual(await axe(page), []);
  await page.fill("[name=title]", "");
  await page.locator("form.desk-form").first().evaluate((form) => (form.noValidate = true));
  await page.fill("[name=description]", "<p>New words</p><script>window.stolen=1</script>");
  const euro = page.locator("[name^=price-][name$='-EUR']").first();
  await euro.fill("6,50");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("Fill in this field").first().waitFor();
  assert.match(await page.inputValue("[name=description]"), /New words/, "what was typed stays");
  assert.equal(await euro.inputValue(), "6,50");
  await page.fill("[name=title]", `${mine.title} Revised`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.waitForURL("**/preview/w_*");
  const preview = page.url();
  await page.getByRole("heading", { name: `${mine.title} Revised` }).waitFor();
  const seen = await page.locator("main").innerText();
  assert.match(seen, /New words/);
  assert.match(seen, /€6\.50/);
  assert.equal(await page.getByRole("button", { name: "Add to cart" }).isDisabled(), true);
  assert.deepEqual(await axe(page), []);
  assert.equal((await buyer.page.goto(preview)).status(), 401);
  await buyer.page.getByRole("link", { name: "Sign in" }).waitFor();
  await from(buyer.page, server, "DE");
  await buyer.page.goto(server.url + mine.path, { waitUntil: "networkidle" });
  assert.doesNotMatch(await buyer.page.locator("main").innerText(), /Revised/);
  await page.getByRole("link", { name: "Back to the editor" }).click();
  assert.equal(await page.inputValue("[name=title]"), `${mine.title} Revised`, "and still waits to be saved");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("It is saved.").waitFor();
  // A kept page is made anew at once, for whoever asks first.
  assert.match(await (await fetch(server.url + mine.path)).text(), /Revised/);
  await buyer.page.goto(server.url + mine.path, { waitUntil: "networkidle" });
  const shown = await buyer.page.locator("main").innerText();
  assert.match(shown, /Revised/);
  assert.match(shown, /New words/);
  assert.match(shown, /€6\.50/);
  assert.equal(await buyer.page.evaluate(() => globalThis.stolen), undefined);
  await page.getByRole("button", { name: "Take from sale" }).click();
  await page.getByText("It is saved.").waitFor();
  assert.equal((await buyer.page.goto(server.url + mine.path)).status(), 410);
  await buyer.page.getByRole("heading", { name: "This was withdrawn" }).waitFor();
  assert.ok(await buyer.page.locator("main [name=q]").inputValue(), "it searches for what is still there");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("It is saved.").waitFor();
  assert.equal((await buyer.page.goto(server.url + mine.path)).status(), 200);
  await close();
  await buyer.close();
});

/** Sends the chosen rows and waits for the report. */
async function imported(page) {
  await page.getByRole("button", { name: "Import" }).click();
  await page.waitForURL("**/admin/import/*");
  const deadline = Date.now() + 20_000;
  while (await page.getByText("The import is running").count()) {
    assert.ok(Date.now() < deadline, "the import does not end");
    await page.getByRole("link", { name: "Look again" }).click();
  }
}

test("staff import rows and read the report", async () => {
  const { page, close } = await staff();
  await page.goto(`${server.url}/admin/import`);
  assert.deepEqual(await axe(page), []);
  const rows = [
    { type: "maker", ref: "new", tenant: "nord", kind: "artist", name: "Newly Imported" },
    { type: "maker", ref: "bad", tenant: "nobody", kind: "artist", name: "Has No Seller" },
  ];
  await page.setInputFiles("[name=rows]", {
    name: "rows.jsonl",
    mimeType: "application/x-ndjson",
    buffer: Buffer.from(rows.map((r) => JSON.stringify(r)).join("\n")),
  });
  await imported(page);
  assert.match(await page.locator("main").innerText(), /maker new[\s\S]*Created[\s\S]*Refused/);
  await close();
});

test("staff import a ZIP of rows and files, and it plays", async () => {
  const { page, close } = await staff();
  const file = async (name) => readFile(new URL(`../fixtures/market/files/${name}`, import.meta.url));
  const row = { type: "work", ref: "zipped", store: "nord", kind: "album", title: "Zipped Light", makers: ["ida"], released: "2026-01-01",
    parts: [{ title: "Packed", files: [{ file: "files/1.ogg", format: "Ogg Vorbis" }] }],
    products: [{ ref: "digital", kind: "digital", title: "Digital album", tax_class: "digital_music",
      variants: [{ sku: "ZL-D", prices: [{ region: "eu", currency: "EUR", minor: 500 }] }] }] };
  // Larger than any other body may be.
  const archive = zipOf([["shop/catalog.jsonl", Buffer.from(JSON.stringify(row))], ["shop/files/1.ogg", await file("1.ogg")],
    ["shop/files/unused.bin", randomBytes(3 << 20)]]);
  await page.goto(`${server.url}/admin/import`);
  await page.setInputFiles("[name=rows]", { name: "shop.zip", mimeType: "application/zip", buffer: archive });
  await imported(page);
  assert.match(await page.locator("main").innerText(), /work zipped[\s\S]*Created/);
  await from(page, server, "DE");
  const deadline = Date.now() + 20_000;
  let found;
  while (!(found = (await (await fetch(`${server.url}/search?q=zipped+light`)).text()).match(/href="(\/albums\/zipped-light-[^"]+)"/))) {
    assert.ok(Date.now() < deadline, "the import is not in the search");
  }
  await page.goto(server.url + found[1]);
  await page.getByRole("button", { name: /Play.*Packed|Packed.*Play|Play all/ }).first().waitFor();
  // What is no archive says so.
  await page.goto(`${server.url}/admin/import`);
  await page.setInputFiles("[name=rows]", { name: "bad.zip", mimeType: "application/zip", buffer: Buffer.from("PK\x03\x04 no more") });
  await imported(page);
  assert.match(await page.locator("main").innerText(), /not a ZIP archive/);
  await close();
});

test("staff import flat products as CSV, and buyers find them", async () => {
  const { page, close } = await staff();
  const rows = [
    "ref,store,kind,title,makers,released,sku,product_kind,tax_class,stock,weight_g,price eu EUR",
    "kites,press,book,Paper Kites,joe,2026-01-02,PK-1,physical,printed_book,3,200,9.90",
    "bad,press,book,No Price,joe,2026-01-02,NP-1,physical,printed_book,3,200,nine",
  ];
  await page.goto(`${server.url}/admin/import`);
  await page.setInputFiles("[name=rows]", { name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) });
  await imported(page);
  assert.match(await page.locator("main").innerText(), /work kites[\s\S]*Created[\s\S]*work bad[\s\S]*Refused[\s\S]*no amount of EUR/);
  await from(page, server, "DE");
  const deadline = Date.now() + 20_000;
  do {
    assert.ok(Date.now() < deadline, "it is not found");
    await page.goto(`${server.url}/search?q=paper+kites`);
  } while (!(await page.getByRole("link", { name: "Paper Kites" }).count()));
  await page.getByRole("link", { name: "Paper Kites" }).click();
  await page.getByText("€9.90").first().waitFor();
  await page.getByText("3 left").waitFor();
  await close();
});

test("nobody else gets in: anonymous, buyer, seller of another shop", async () => {
  const paths = ["/studio", "/admin", "/admin/import", "/admin/value", "/admin/jobs", `/studio/works/w_${shop.album.split("-w_").pop()}`];
  for (const path of paths) assert.equal((await fetch(server.url + path)).status, 401, path);
  const buyer = await openPage(browser);
  await signIn(buyer.page, server, "buyer@vitrine.example", "listen-and-read");
  for (const path of paths.slice(0, 5)) assert.equal((await buyer.page.goto(server.url + path)).status(), 403, path);
  assert.equal((await buyer.page.goto(server.url + paths[5])).status(), 404);
  for (const path of ["orders/ord_00000000000000000000000000", "letters/s_00000000000000000000000000"]) {
    assert.equal((await buyer.page.goto(`${server.url}/studio/${path}`)).status(), 404, path);
  }
  const upload = { method: "POST", body: "--x--", headers: { "content-type": "multipart/form-data; boundary=x", origin: server.url } };
  assert.equal((await fetch(`${server.url}/admin/import/upload`, upload)).status, 401);
  const acts = ["/admin/orders/ord_00000000000000000000000000/refund", "/admin/orders/ord_00000000000000000000000000/ship", "/admin/jobs"];
  for (const path of acts) {
    const status = await buyer.page.evaluate(async (p) => (await fetch(p, { method: "POST", body: new URLSearchParams({ reason: "x", tracking: "x", line: "0", attempt: "y", kind: "mail.send", key: "k" }) })).status, path);
    assert.equal(status, 403, path);
  }
  await buyer.close();
  const seller = await openPage(browser);
  await signIn(seller.page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  const mine = await seller.page.locator("main").innerText();
  const other = mine.includes("Nordlicht") ? shop.book : shop.album;
  for (const path of ["studio/works", "preview"]) {
    assert.equal((await seller.page.goto(`${server.url}/${path}/w_${other.split("-w_").pop()}`)).status(), 404, path);
  }
  assert.equal((await seller.page.goto(`${server.url}/admin`)).status(), 403);
  await seller.close();
});

test("a reader joins a shop's list by two presses, gets its letter, and leaves with one", async () => {
  const { page, faults, close } = await openPage(browser);
  const studio = await openPage(browser);
  await signIn(studio.page, server, "creator@vitrine.example", "make-and-publish", "/studio");
  const list = studio.page.getByRole("link", { name: /nobody on the mailing list yet/ }).first();
  const shopName = (await list.innerText()).split(":")[0];
  await list.click();
  await studio.page.getByText("Nobody is on the list yet").waitFor();
  await page.goto(`${server.url}/@${shopName === "Nordlicht" ? "nordlicht" : "paper"}`, { waitUntil: "networkidle" });
  await page.getByLabel("E-mail address").fill("reader@example.org");
  await page.getByRole("button", { name: "Send me the link" }).click();
  await page.getByText("Look into your mail").waitFor();
  const text = await mail(page, server, "please confirm", "reader@example.org");
  const link = text.match(/http:\/\/localhost:\d+\/letters\/\S+/)[0];
  await page.goto(link, { waitUntil: "networkidle" });
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Yes, write to me" }).click();
  await page.getByText(`You get the letters of ${shopName}.`).waitFor();
  await studio.page.reload();
  await studio.page.fill("[name=subject]", "A new record");
  await studio.page.fill("[name=text]", "Out today.\n\nIt is <b>loud</b>.");
  assert.deepEqual(await axe(studio.page), []);
  await studio.page.getByRole("button", { name: "Send to one reader" }).click();
  await studio.page.getByText("It is saved.").waitFor();
  assert.match(await mail(page, server, "A new record", "reader@example.org"), /Out today\.[\s\S]*<b>loud<\/b>[\s\S]*Stop the letters/);
  // A program of mail readers posts without a page of ours.
  const leave = await fetch(link.replace("?", "/leave?"), { method: "POST", body: "List-Unsubscribe=One-Click",
    headers: { "content-type": "application/x-www-form-urlencoded" } });
  assert.equal(leave.status, 204);
  await page.goto(link);
  await page.getByText(`${shopName} does not write to you.`).waitFor();
  assert.equal((await page.goto(link.replace(/proof=./, "proof=0"))).status(), 404);
  assert.deepEqual(faults.filter((f) => !f.includes("404")), []);
  await studio.close();
  await close();
});
