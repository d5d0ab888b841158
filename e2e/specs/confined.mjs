// What the container promises, without a container: another user, no capability, a file system that cannot be written.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ask, json, post, purchase, signedIn } from "../lib/attack.mjs";
import { works } from "../lib/buying.mjs";
import { startServer } from "../lib/server.mjs";

let server;
before(async () => {
  server = await startServer({ shop: "market", confined: true });
});
after(() => server?.stop());

/** The status of the program itself, below what confines it. */
async function status(pid) {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  if (/^Name:\tvitrine|^Name:\tattack-vitrine/m.test(text)) return text;
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").filter(Boolean);
  return children.length ? status(children[0]) : text;
}

test("the program runs as nobody in particular and may do nothing in particular", async () => {
  const text = await status(server.pid);
  const value = (name) => text.match(new RegExp(`^${name}:\\s+(.*)$`, "m"))[1];
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) assert.equal(Number.parseInt(value(set), 16), 0, set);
  assert.equal(value("NoNewPrivs"), "1");
});

test("without a container too it can gain no rights", async () => {
  const bare = await startServer({ shop: "market" });
  assert.match(await status(bare.pid), /^NoNewPrivs:\s+1$/m);
  await bare.stop();
});

test("browsing, buying, a download, an import and a mail need no more than the data folder and /tmp", async () => {
  const shop = await works(server);
  for (const path of ["/", "/catalog", shop.album, "/search?q=harbur", "/@nordlicht"]) assert.equal((await ask(server, "GET", path)).status, 200, path);
  const { order, key, parts } = await purchase(server, [shop.album], { email: "confined@example.org" });
  const link = JSON.parse((await json(server, "POST", "/api/downloads/link", { assetIds: parts[0].lines[0].assets.split(","), order, key })).body);
  assert.match((await ask(server, "GET", new URL(link.url).pathname)).body, /^PK/);
  const staff = await signedIn(server, "staff@vitrine.example", "help-and-refund");
  const rows = JSON.stringify({ type: "maker", ref: "confined", tenant: "nord", kind: "artist", name: "Confined" });
  const body = `--b\r\ncontent-disposition: form-data; name="rows"; filename="r"\r\n\r\n${rows}\r\n--b--\r\n`;
  const begun = await ask(server, "POST", "/admin/import/upload", { headers: { origin: server.url, cookie: `${staff}`, "content-type": "multipart/form-data; boundary=b" }, body });
  assert.equal(begun.status, 303);
  const deadline = Date.now() + 20_000;
  const until = async (what, get) => {
    while (!(await get())) assert.ok(Date.now() < deadline, what);
  };
  await until("the artist", async () => (await ask(server, "GET", "/artists/confined")).status === 200);
  await until("the receipt", async () => (await ask(server, "GET", "/dev/outbox")).body.includes("confined@example.org"));
  assert.equal((await post(server, "/auth/logout", {}, `${staff}`)).status, 303);
  assert.doesNotMatch(server.log(), /Read-only file system|Permission denied/);
});
