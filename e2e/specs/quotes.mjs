// One document, asked at the command line and at the door of the running shop: the same bytes, of totals and of what is wrong.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "../lib/server.mjs";

let server;
let folder;
before(async () => {
  server = await startServer({ shop: "market", scopes: ["pricing:simulate"], limits: 0 });
  folder = await mkdtemp(join(tmpdir(), "vitrine-quotes-"));
});
after(async () => {
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** What `vitrine quote` prints and how it ends, whether there is a quote or not. */
function atTheLine(file, data = server.data) {
  return new Promise((resolve) => {
    execFile(process.env.VITRINE_TEST_PROGRAM, ["quote", file, "--data", data], (fault, stdout) => resolve({ code: fault?.code ?? 0, stdout }));
  });
}

async function atTheDoor(body) {
  const headers = { "content-type": "application/json", "accept-language": "en-US", "x-api-key": server.key };
  const answer = await fetch(`${server.url}/api/pricing/quote`, { method: "POST", body, headers });
  return { status: answer.status, body: await answer.text() };
}

async function same(body, status) {
  const file = join(folder, "document.json");
  await writeFile(file, body);
  const [line, door] = [await atTheLine(file), await atTheDoor(body)];
  assert.equal(door.status, status, `${body}\n${door.body}`);
  assert.equal(line.code === 0, status === 200, `${body}\n${line.stdout}`);
  assert.equal(line.stdout, `${door.body}\n`, body);
  return JSON.parse(door.body);
}

test("the documents of docs/pricing.md have one answer at the command line and at the door", async () => {
  const text = await readFile(fileURLToPath(new URL("../../docs/pricing.md", import.meta.url)), "utf8");
  const blocks = text.split("```json\n").slice(1).map((rest) => rest.split("```")[0]);
  const documents = blocks.filter((_, at) => at % 2 === 0);
  assert.ok(documents.length >= 7, `${documents.length}`);
  let refused = 0;
  for (const [at, document] of documents.entries()) {
    const wrong = JSON.parse(blocks[2 * at + 1]).status === 422;
    refused += wrong;
    const answer = await same(document, wrong ? 422 : 200);
    assert.ok(wrong || answer.totals.gross.minor > 0);
  }
  assert.equal(refused, 1, "a place without rules is among them");
});

test("what is wrong is said alike, with its field", async () => {
  const line = { name: "An album", quantity: 1, kind: "digital", tax_class: "digital_music", unit_price: { minor: 1200, currency: "EUR" } };
  const document = { currency: "EUR", date: "2026-11-28", seller: { country: "DE", registrations: ["DE"], prices_include_tax: true }, buyer: { country: "DE" }, lines: [line] };
  const price = (minor, currency) => ({ currency, lines: [{ ...line, unit_price: { minor, currency } }] });
  for (const [change, field, code] of [
    [{ planet: "Mars" }, "planet", "unknown_field"],
    [{ currency: "XXX" }, "currency", "unknown_currency"],
    [{ date: "2026-02-30" }, "date", "bad_value"],
    [{ buyer: { country: "ZZ" } }, "buyer.country", "unknown_country"],
    [{ buyer: { country: "US", region: "ZZ" } }, "buyer.region", "unknown_region"],
    [{ seller: { ...document.seller, registrations: ["DE-XX"] } }, "seller.registrations[0]", "invalid"],
    [{ lines: [{ ...line, quantity: 0 }] }, "lines[0].quantity", "invalid"],
    [{ lines: [{ ...line, tax_class: "printed_book" }] }, "lines[0].tax_class", "impossible"],
    [{ lines: [{ ...line, weight_g: 100 }] }, "lines[0].weight_g", "impossible"],
    [price(1005, "KWD"), "lines[0].unit_price", "not_chargeable"],
  ]) {
    const answer = await same(JSON.stringify({ ...document, ...change }), 422);
    assert.deepEqual(answer.fields, { [field]: code });
  }
  assert.equal((await same("{", 400)).code, "bad_json");
});

test("and so has a document of the shop's own editions, asked once the server is stopped", async () => {
  const kept = await mkdtemp(join(tmpdir(), "vitrine-quoted-"));
  try {
    const shop = await startServer({ shop: "market", scopes: ["pricing:simulate"], limits: 0, kept });
    const asked = async (path, options) => (await fetch(`${shop.url}/api${path}`, options)).text();
    let body;
    let door;
    try {
      const card = JSON.parse(await asked("/public/catalog/search?q=harbur")).items.find((i) => i.title === "Harbour Lights");
      const sku = JSON.parse(await asked(`/public/catalog/items/${card.id}`)).editions[0].variant;
      // Of a day that both have: nobody knows when midnight is.
      body = JSON.stringify({ date: new Date().toISOString().slice(0, 10), buyer: { country: "DE" }, lines: [{ sku, quantity: 2 }] });
      door = await asked("/pricing/quote", { method: "POST", body, headers: { "content-type": "application/json", "x-api-key": shop.key } });
    } finally {
      await shop.stop();
    }
    assert.equal(JSON.parse(door).totals.gross.minor, 1600, door);
    const file = join(folder, "editions.json");
    await writeFile(file, body);
    const line = await atTheLine(file, kept);
    assert.equal(line.stdout, `${door}\n`);
  } finally {
    await rm(kept, { recursive: true, force: true });
  }
});
