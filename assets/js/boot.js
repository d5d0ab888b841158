// Starts the client. The build writes it beside the client's module (shop.js or desk.js) under the name boot.js,
// with __CLIENT__ replaced by that module's name. If the locale's text or the module cannot be had, the page stays as
// the server sent it: readable, links and forms work.
import init from "./__CLIENT__";

const link = document.getElementById("vitrine-locale");
const answer = await fetch(link.href);
if (!answer.ok) throw new Error(`locale file: ${answer.status}`);
window.__vitrine_ftl = await answer.text();
await init();
