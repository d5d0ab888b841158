// Starts the client. The build writes it beside the client's module (shop.js or desk.js) under the name boot.js,
// with __CLIENT__ replaced by that module's name; a release build makes one file of it and all it imports. If the
// locale's text or the module cannot be had, the page stays as the server sent it: readable, links and forms work.
import init from "./__CLIENT__.js";

// Both on their way at once; the module is compiled while the text arrives, and runs when it is there.
const code = fetch(new URL("__CLIENT___bg.wasm", import.meta.url));
const text = fetch(document.getElementById("vitrine-locale").href);
const compiled = WebAssembly.compileStreaming(code);
// The framework's client looks for these; the page has its data in elements that no browser runs, so that its policy needs no
// exception for inline scripts. Pages come whole, so no piece waits in the queue.
window.hydrate_queue = [];
window.initial_dioxus_hydration_data = JSON.parse(document.getElementById("data-0").textContent);

const answer = await text;
if (!answer.ok) throw new Error(`locale file: ${answer.status}`);
window.__vitrine_ftl = await answer.text();
await init({ module_or_path: compiled });
