// Runs the specs with node's own test runner: `node e2e/run.mjs [words]` takes the spec files whose names hold a word,
// or, where none does, all files and the tests whose names hold it. A spec is a file `specs/<name>.mjs`.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const specs = join(import.meta.dirname, "specs");
const words = process.argv.slice(2);
const all = readdirSync(specs).filter((file) => file.endsWith(".mjs")).sort();
const named = all.filter((file) => words.some((word) => file.includes(word)));
const files = named.length ? named : all;
const escape = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const patterns = named.length ? [] : words.map((word) => `--test-name-pattern=${escape(word)}`);
const args = ["--test", "--test-concurrency=1", "--test-reporter=spec", ...patterns, ...files.map((file) => join(specs, file))];
spawn(process.execPath, args, { stdio: "inherit" }).on("exit", (code) => process.exit(code ?? 1));
