// Starts the client when nobody waits for anything else: in an idle moment after the page has loaded and been painted, or at once
// with the first press, key or focus. Until then the page is what the server sent: readable, links and forms work. What only
// the client can answer is kept and done again when it is there. If the locale's text or the module cannot be had, the page stays
// as it is.
// The build writes this beside the client's module (shop.js or desk.js) under the name boot.js, with __CLIENT__ replaced by
// that module's name, and beside the module that prices; a release build makes one file of each module and all it imports.

/** Milliseconds after which a file that does not come holds the client up no longer. */
const LONGEST = 10_000;
/** What answers a press without the client; buttons of dialogs do where browsers know them. */
const NATIVE = `a[href], summary, label, input, select, textarea, [type=submit]${"commandForElement" in HTMLButtonElement.prototype ? ", [commandfor]" : ""}`;

const waking = ["pointerdown", "wheel", "keydown", "focusin"];
const keeping = ["click", "input", "change", "keydown"];
const missed = [];
let starting = false;

function keep(event) {
  const { type, target, key } = event;
  if (type === "keydown") {
    // Shortcuts: keys pressed in no field and on no button.
    const free = !event.ctrlKey && !event.metaKey && !event.altKey && !target.closest?.(`${NATIVE}, button, [contenteditable]`);
    if (free) missed.push({ type, target, key });
    return;
  }
  if (type === "click" && target.closest(NATIVE)) return;
  // Pressed again because nothing happened yet, or typed on: once is enough, but for what counts.
  const of = type === "click" ? target.closest("button") : target;
  const again = of?.closest(".stepper") ? -1 : missed.findIndex((one) => one.type === type && one.target === of);
  if (again >= 0) missed.splice(again, 1);
  if (of) missed.push({ type, target: of });
}

function doAgain() {
  for (const { type, target, key } of missed) {
    if (!target.isConnected) continue;
    if (type === "click") target.click();
    else if (type === "keydown") target.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
    else target.dispatchEvent(new Event(type, { bubbles: true }));
    // A field that was left opens nothing any more.
    if (type === "input" && target !== document.activeElement) target.dispatchEvent(new FocusEvent("blur"));
  }
}

let pricer;
/** What a cart comes to with other numbers of pieces, by the module that prices (JSON), or nothing; it is loaded the first time. */
window.__vitrine_preview = async (pricing, pieces) => {
  try {
    pricer ??= import("./vitrine_pricer.js").then(async (module) => (await module.default(), module));
    return (await pricer).preview(pricing, pieces, performance.now());
  } catch {
    return "";
  }
};
// A cart that comes back out of the browser's memory may have been changed on the page after it.
addEventListener("pageshow", (event) => event.persisted && location.pathname === "/cart" && location.reload());

/** A task of its own: what waits for the main thread comes first. */
const pause = () => new Promise((go) => setTimeout(go));

async function start(why) {
  // Who moves on their own is not taken back to where they were.
  if (why instanceof Event) window.__vitrine_moved = true;
  if (starting) return;
  starting = true;
  for (const type of waking) removeEventListener(type, start, true);
  // All on their way at once; the module is compiled while it arrives, and runs when the text is there.
  const text = fetch(document.getElementById("vitrine-locale").href);
  const module = WebAssembly.compileStreaming(fetch(new URL("__CLIENT___bg.wasm", import.meta.url)));
  const client = import("./__CLIENT__.js");
  // The framework's client looks for these; the page has its data in elements that no browser runs, so that its policy needs no
  // exception for inline scripts. Pages come whole, so no piece waits in the queue.
  window.hydrate_queue = [];
  window.initial_dioxus_hydration_data = JSON.parse(document.getElementById("data-0").textContent);
  const answer = await text;
  if (!answer.ok) throw new Error(`locale file: ${answer.status}`);
  window.__vitrine_ftl = await answer.text();
  const { default: init } = await client;
  const module_or_path = await module;
  // From here on the client answers: what were kept now would be done twice.
  const alive = new Promise((told) => {
    window.__vitrine_alive = () => {
      for (const type of keeping) removeEventListener(type, keep, true);
      told();
    };
  });
  await init({ module_or_path });
  await alive;
  await pause();
  doAgain();
}

for (const type of waking) addEventListener(type, start, { capture: true, passive: true });
for (const type of keeping) addEventListener(type, keep, { capture: true, passive: true });
const idle = window.requestIdleCallback ?? setTimeout;
const painted = () => requestAnimationFrame(() => requestAnimationFrame(() => idle(start, { timeout: 1_000 })));
if (document.readyState === "complete") painted();
else addEventListener("load", painted, { once: true });
setTimeout(start, LONGEST);
