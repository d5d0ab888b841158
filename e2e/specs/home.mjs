// The home page answers, neither its console nor its network complains, and the numbers of it are told to this machine.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let browser;
before(async () => {
  server = await startServer({ metrics: true });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("home answers 200 with a clean console", async () => {
  const { page, faults, close } = await openPage(browser);
  const answer = await page.goto(server.url, { waitUntil: "networkidle" });
  assert.equal(answer.status(), 200);
  assert.deepEqual(faults, []);
  await close();
});

test("numbers are on a listener of their own, with routes for labels and nothing of the caller", async () => {
  await fetch(`${server.url}/auth/login?to=/secret-place-4711`, { redirect: "manual" });
  await fetch(`${server.url}/nowhere-4711`);
  const text = await (await fetch(server.metrics)).text();
  assert.match(text, /http_requests_total\{[^}]*route="\/auth\/login"[^}]*status="3xx"[^}]*\} 1/);
  assert.match(text, /http_requests_total\{[^}]*route="page"[^}]*status="4xx"/);
  assert.match(text, /http_request_duration_seconds_bucket/);
  assert.match(text, /jobs_waiting \d+/);
  assert.ok(!text.includes("4711"));
  assert.equal((await fetch(`${server.url}/metrics`)).status, 404, "not on the shop's own host");
});
