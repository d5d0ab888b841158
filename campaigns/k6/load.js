// What people do, at a rate that does not wait for answers: reads of every kind, and whole purchases.
import http from "k6/http";
import exec from "k6/execution";
import { Counter, Trend } from "k6/metrics";

const plan = JSON.parse(open(__ENV.PLAN));
const wrong = new Counter("wrong_answers");
const shed = new Counter("shed_answers");
const bare = new Counter("shed_without_retry_after");
const paid = new Counter("paid_checkouts");
const unpaid = new Counter("unpaid_checkouts");
const buying = new Trend("checkout_ms", true);

const scenario = (name, rate) => ({
  executor: "constant-arrival-rate", exec: name, rate, timeUnit: "1s", duration: `${plan.seconds}s`,
  preAllocatedVUs: Math.min(plan.users, Math.max(20, rate)), maxVUs: plan.users, gracefulStop: "20s",
});

export const options = {
  scenarios: Object.fromEntries(Object.entries({ read: plan.reads, checkout: plan.checkouts }).filter(([, rate]) => rate > 0).map(([name, rate]) => [name, scenario(name, rate)])),
  summaryTrendStats: ["avg", "med", "p(95)", "p(99)", "max"],
  discardResponseBodies: false,
};

const germany = { "Accept-Language": "de-DE" };
const page = { ...germany, Accept: "text/html", "Accept-Encoding": "br" };

/** Counts an answer; says whether it is what was asked for. */
function seen(answer) {
  if (answer.status === 503 || answer.status === 429) {
    shed.add(1);
    if (!answer.headers["Retry-After"]) bare.add(1);
    return false;
  }
  if (answer.status < 200 || answer.status >= 400) {
    wrong.add(1, { status: String(answer.status) });
    return false;
  }
  return true;
}

export function read() {
  const [kind, path] = plan.paths[exec.scenario.iterationInTest % plan.paths.length];
  // An address that the page cache does not keep: made for this request.
  const address = kind === "made" ? `${path}${path.includes("?") ? "&" : "?"}made=${exec.scenario.iterationInTest}` : path;
  seen(http.get(plan.url + address, { headers: kind === "api" ? germany : page, responseType: "none", tags: { name: kind } }));
}

const json = (path, body, headers) =>
  http.post(plan.url + path, JSON.stringify(body), { headers: { ...germany, "Content-Type": "application/json", ...headers }, tags: { name: "checkout" } });

export function checkout() {
  const begun = Date.now();
  const number = exec.scenario.iterationInTest;
  const added = json("/api/cart", { variant: plan.variant }, {});
  if (!seen(added)) return unpaid.add(1);
  const cart = { "X-Cart-Token": added.json("cart_token"), "Idempotency-Key": `${plan.run}-${String(number).padStart(16, "0")}` };
  const form = { email: `load-${plan.run}-${number}@example.org`, country: "DE", accept_licence: true, accept_waiver: true };
  const session = json("/api/checkout/create-session", { form, seen_minor: plan.minor }, cart);
  if (!seen(session)) return unpaid.add(1);
  const card = { method: "card", number: "4242424242424242", expiry: "04/30", cvc: "123" };
  const sent = http.post(session.json("pay_url"), card, { headers: { Origin: plan.url }, redirects: 0, tags: { name: "checkout" } });
  if (!seen(sent)) return unpaid.add(1);
  const order = `${plan.url}/api/orders/${session.json("id")}?key=${session.json("key")}`;
  for (let n = 0; n < 50; n += 1) {
    const answer = http.get(order, { headers: germany, tags: { name: "checkout" } });
    if (seen(answer) && answer.json("state") === "paid") {
      buying.add(Date.now() - begun);
      return paid.add(1);
    }
  }
  unpaid.add(1);
}

export function handleSummary(data) {
  return { [plan.summary]: JSON.stringify(data.metrics) };
}
