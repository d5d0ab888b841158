// A server of its own for a spec: free port, fresh data folder, gone afterwards.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A port of this machine that nobody has. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run the specs by: cargo xtask test`);
  return value;
}

/** Runs the built program once; answers its output, fails with it. */
export async function vitrine(...args) {
  const { stdout } = await promisify(execFile)(required("VITRINE_TEST_PROGRAM"), args);
  return stdout;
}

/**
 * Starts the built program, with `shop` (a folder below `fixtures/`) or `rows` (JSON lines) imported, and waits until `/readyz`
 * answers 200 (at most 30 s). `scopes` makes an API key before, `metrics` opens the listener of numbers. A spec asks more often than
 * people from one address: the figures of all limits are taken `limits` times (20; 0 for none). `env` adds variables; `kept` is a data
 * folder that stays.
 * Answers `{url, files, data, key, metrics, log(), stop()}`.
 */
export async function startServer({ args = ["--demo"], shop, rows, scopes, metrics = false, limits, env: more = {}, kept } = {}) {
  const program = required("VITRINE_TEST_PROGRAM");
  const publicDir = required("VITRINE_TEST_PUBLIC");
  const data = kept ?? (await mkdtemp(join(tmpdir(), "vitrine-e2e-")));
  const port = await freePort();
  if (shop) await vitrine("import", "--demo", "--data", data, fileURLToPath(new URL(`../fixtures/${shop}`, import.meta.url)));
  if (rows) {
    const file = join(data, "rows.jsonl");
    await writeFile(file, rows);
    await vitrine("import", "--demo", "--data", data, file);
  }
  const wanted = (scopes ?? []).flatMap((scope) => ["--scope", scope]);
  const key = scopes && (await vitrine("api-key", "create", "tests", ...wanted, "--data", data)).trim();
  const numbers = metrics ? await freePort() : 0;
  const times = String(limits ?? process.env.VITRINE_LIMITS__TIMES ?? 20);
  const env = { ...process.env, VITRINE_METRICS_PORT: String(numbers), VITRINE_LIMITS__TIMES: times, ...more };
  const child = spawn(program, ["serve", "--data", data, "--port", String(port), "--public", publicDir, ...args], { env });
  let log = "";
  let failed = null;
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (log += bytes));
  child.on("error", (fault) => (failed = fault));
  const ended = new Promise((resolve) => child.on("close", resolve));
  const url = `http://localhost:${port}`;
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && !failed) {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
    }
    if (!kept) await rm(data, { recursive: true, force: true });
  };
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return { url, files: `http://files.localhost:${port}`, data, key, metrics: `http://127.0.0.1:${numbers}/metrics`, log: () => log, stop };
    if (failed || child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the server did not become ready: ${failed ?? ""}\n${log}`);
    }
    await pause(50);
  }
}
