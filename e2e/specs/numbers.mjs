// What alarms and dashboard ask for is what a running shop tells, and its numbers are sound to Prometheus' own checker.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startServer } from "../lib/server.mjs";

const run = promisify(execFile);
const infra = join(import.meta.dirname, "../../infra");
const promtool = join(process.env.VITRINE_TEST_PEERS ?? "", "bin/promtool");

let server;
let numbers;
before(async () => {
  server = await startServer({ shop: "shop", metrics: true });
  for (const path of ["/", "/catalog", "/search?q=x", "/nowhere", "/api/public/catalog/search?q=x"]) await fetch(server.url + path);
  numbers = await (await fetch(server.metrics)).text();
});
after(() => server?.stop());

test("rules and their tests are sound to promtool", async () => {
  await run(promtool, ["check", "rules", join(infra, "alarms/vitrine.rules.yml")]);
  await run(promtool, ["test", "rules", "vitrine_test.yml"], { cwd: join(infra, "alarms") });
});

test("the numbers are sound to promtool", async () => {
  const child = spawn(promtool, ["check", "metrics"], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += bytes));
  child.stdin.end(numbers);
  assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0, said);
});

test("every number that alarms and dashboard name is told, and every alarm has a test", async () => {
  const rules = await readFile(join(infra, "alarms/vitrine.rules.yml"), "utf8");
  const tests = await readFile(join(infra, "alarms/vitrine_test.yml"), "utf8");
  const dashboard = JSON.parse(await readFile(join(infra, "dashboards/vitrine.json"), "utf8"));
  const told = new Set([...numbers.matchAll(/^# TYPE (\w+) /gm)].map((m) => m[1]));
  const recorded = new Set([...rules.matchAll(/- record: (\S+)/g)].map((m) => m[1]));
  const asked = [...rules.matchAll(/^\s+expr: (?:>-\n\s+)?([\s\S]*?)(?=\n\s+(?:- |for:|labels:)|\n\n|$)/gm)].map((m) => m[1]);
  const shown = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr));
  assert.ok(asked.length >= 22 && shown.length >= 15, `${asked.length} rules, ${shown.length} queries`);
  for (const query of [...asked, ...shown]) {
    // Names of numbers hold an underscore or a colon; labels stand in braces or after by, ignoring and the like.
    const bare = query.replaceAll(/\{[^}]*\}/g, "").replaceAll(/\b(by|ignoring|group_left|on|without)\s*\([^)]*\)/g, "");
    const names = [...bare.matchAll(/[a-z][a-z0-9]*(?:[_:][a-z0-9]+)+/g)].map((m) => m[0]).filter((n) => n !== "histogram_quantile");
    assert.ok(names.length > 0, query);
    for (const name of names) {
      assert.ok(told.has(name.replace(/_(bucket|sum|count)$/, "")) || recorded.has(name), `${name} in ${query}`);
    }
  }
  for (const [, alarm] of rules.matchAll(/- alert: (\w+)/g)) assert.ok(tests.includes(`alertname: ${alarm}`), alarm);
});
