// What the shop says when it is asked too often, too slowly or too much: to people a page, to programs a problem.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let browser;
before(async () => {
  const env = {
    VITRINE_LIMITS__SEARCH: "[4, 4]",
    VITRINE_LIMITS__GUESS: "[10, 10]",
    VITRINE_LOAD__HEAD_SECS: "1",
    VITRINE_LOAD__STALL_SECS: "1",
    VITRINE_LOAD__CONNECTIONS_OF_ADDRESS: "60",
  };
  server = await startServer({ shop: "shop", limits: 1, metrics: true, env });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Says `pieces` on a connection of its own; answers all that comes until the other side closes. */
function say(...pieces) {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    let heard = "";
    const socket = connect(Number(port), "127.0.0.1", () => pieces.forEach((piece) => socket.write(piece)));
    socket.on("data", (bytes) => (heard += bytes));
    socket.on("error", (fault) => (fault.code === "ECONNRESET" || fault.code === "EPIPE" ? resolve(heard) : reject(fault)));
    socket.on("close", () => resolve(heard));
  });
}

test("who asks too often gets a page in their language, a program a problem, and both when to ask again", async () => {
  const ask = (headers) => fetch(`${server.url}/search?q=x`, { headers });
  const first = await ask({ accept: "text/html" });
  assert.equal(first.headers.get("ratelimit-policy"), '"search-address";q=4;w=60');
  assert.match(first.headers.get("ratelimit"), /^"search-address";r=3;t=\d+$/);
  const deadline = Date.now() + 20_000;
  // A new minute may begin in between.
  const refusal = async (headers, path = "/search?q=x") => {
    for (;;) {
      assert.ok(Date.now() < deadline, "never refused");
      const answer = await fetch(server.url + path, { headers });
      if (answer.status === 429) return answer;
      await answer.arrayBuffer();
    }
  };
  const refused = await refusal({ accept: "text/html", "accept-language": "de-DE" });
  const german = await refused.text();
  assert.match(german, /<html lang="de-DE"/);
  assert.match(german, /Zu viele Anfragen/);
  assert.ok(Number(refused.headers.get("retry-after")) >= 1);
  assert.match(refused.headers.get("content-security-policy"), /script-src/);
  assert.match(await (await refusal({ accept: "text/html", "accept-language": "en" })).text(), /Too many requests/);
  const program = await refusal({}, "/api/public/catalog/search?q=x");
  assert.equal(program.headers.get("content-type"), "application/problem+json");
  assert.equal((await program.json()).code, "too_many_requests");
  // Other classes go on: the page people stand on still works.
  const { page, faults, close } = await openPage(browser);
  await page.goto(`${server.url}/search?q=x`);
  await page.getByRole("heading", { level: 1, name: "Too many requests" }).waitFor();
  await page.getByRole("link", { name: "To the catalogue" }).click();
  await page.waitForURL("**/catalog");
  assert.deepEqual(faults.filter((fault) => !/429/.test(fault)), []);
  await close();
});

test("a slow head, a slow body and a head without end are given up", async () => {
  assert.equal(await say("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "), "", "closed without an answer");
  assert.equal(await say(), "", "also who says nothing at all");
  const body = await say("POST /cart/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab");
  assert.match(body, /^HTTP\/1\.1 408 /);
  const large = await say(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${"x".repeat(20_000)}\r\n\r\n`);
  assert.match(large, /^HTTP\/1\.1 431 /);
  const many = await say(`GET / HTTP/1.1\r\nHost: localhost\r\n${"X-A: b\r\n".repeat(120)}\r\n`);
  assert.match(many, /^HTTP\/1\.1 431 /);
  const long = await say(`POST /cart/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n`);
  assert.match(long, /^HTTP\/1\.1 413 /);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test("a form and an address's bodies have their bounds", async () => {
  const form = (length, body = "") =>
    say(`POST /cart/add HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n${body}`);
  assert.match(await form(70_000), /^HTTP\/1\.1 413 /);
  assert.match(await form(60_000, "a".repeat(60_000)), /^HTTP\/1\.1 403 /, "read, and then it is nobody's form");
  // Sixteen bodies of a megabyte, all but their last byte: half of them is what one address may hold.
  const waiting = "POST /api/webhooks/simulator HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n";
  const heard = await Promise.all(Array.from({ length: 16 }, () => say(waiting, "x".repeat(1_048_575))));
  const kinds = new Set(heard.map((answer) => answer.slice(9, 12)));
  // Who is refused while still sending may see nothing but the end of the connection.
  assert.ok(kinds.has("408") && kinds.size > 1 && [...kinds].every((kind) => ["", "408", "429"].includes(kind)), [...kinds].join());
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test("an address has only so many connections, and the next one is told", async () => {
  const { port } = new URL(server.url);
  const held = [];
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => resolve(socket));
      socket.on("error", reject);
      socket.on("data", (bytes) => (socket.heard = `${socket.heard ?? ""}${bytes}`));
      socket.on("close", () => (socket.gone = true));
      held.push(socket);
    });
  const deadline = Date.now() + 20_000;
  while (!held.some((socket) => socket.heard?.startsWith("HTTP/1.1 503"))) {
    assert.ok(Date.now() < deadline, "never refused");
    await open();
  }
  held.forEach((socket) => socket.destroy());
  // Places come back: nobody is locked out.
  let again = null;
  while (!again?.ok) {
    assert.ok(Date.now() < deadline, "no place came back");
    again = await fetch(`${server.url}/healthz`, { headers: { connection: "close" } }).catch(() => null);
  }
});

test("pages of other sites spend no guesses of their visitors, and a wrong signature is a guess", async () => {
  const ask = async (head, body = "") => {
    const length = body ? `Content-Length: ${body.length}\r\n` : "";
    const heard = await say(`${head}\r\nHost: localhost\r\nConnection: close\r\n${length}\r\n${body}`);
    return Number(heard.slice(9, 12));
  };
  const image = "GET /d/nothing HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: image";
  const deadline = Date.now() + 20_000;
  // A new window may begin in between.
  const until429 = async (...what) => {
    for (;;) {
      assert.ok(Date.now() < deadline, "never refused");
      const status = await ask(...what);
      if (status === 429) return;
      assert.ok(status === 404 || status === 400, `${status}`);
    }
  };
  await until429(image);
  assert.equal(await ask("GET /d/nothing HTTP/1.1"), 404, "what the visitor opens is looked at");
  assert.equal(await ask("GET /d/nothing HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: document"), 404);
  await until429("POST /api/webhooks/simulator HTTP/1.1\r\nContent-Type: application/json", "{}");
  assert.equal(await ask("GET /d/nothing HTTP/1.1"), 429, "and stands in the way of other guesses");
});
