// The home page answers, and neither its console nor its network complains.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
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
