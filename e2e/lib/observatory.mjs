// The HTTP Observatory's own tests and grades, over ports of this machine: its command knows only 80 and 443.
// `NODE_EXTRA_CA_CERTS=cert.pem node observatory.mjs HTTP HTTPS PATH` prints `{grade, score, failed: [...]}`.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ALL_TESTS } from "@mdn/mdn-http-observatory/src/constants.js";
import { MINIMUM_SCORE_FOR_EXTRA_CREDIT } from "@mdn/mdn-http-observatory/src/grader/charts.js";
import { getGradeForScore, getScoreModifier } from "@mdn/mdn-http-observatory/src/grader/grader.js";
import { retrieve } from "@mdn/mdn-http-observatory/src/retriever/retriever.js";

// Its install script fetches the browsers' list of preloaded names; this machine's name is in none.
const home = dirname(dirname(createRequire(import.meta.url).resolve("@mdn/mdn-http-observatory")));
writeFileSync(join(home, "conf/hsts-preload.json"), "{}");
const [httpPort, httpsPort, path] = process.argv.slice(2);
const answers = await retrieve("localhost", { httpPort, httpsPort, path });
if (!answers.responses.auto || !answers.responses.https) throw new Error("the site seems to be down");
const results = ALL_TESTS.map((test) => test(answers));
const modifiers = results.filter((r) => r.result).map((r) => getScoreModifier(r.result));
const lost = modifiers.filter((m) => m < 0).reduce((a, b) => a + b, 100);
const all = modifiers.reduce((a, b) => a + b, 100);
const { grade, score } = getGradeForScore(lost >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? all : lost);
const failed = results.filter((r) => !r.pass).map((r) => `${r.constructor.name}: ${r.result}`);
console.log(JSON.stringify({ grade, score, failed, results: results.map((r) => `${r.constructor.name}: ${r.result}`) }));
