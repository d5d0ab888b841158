//! A tax service on this machine that answers in Stripe's shapes, keeps what it is told, and has the troubles that a test wants.
//!
//! It taxes everything with 6 % for the state, 0.25 % for the county and 3.25 % for the city. The postcode `00000` is nowhere, and for
//! `97201` it does not collect.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    #[default]
    None,
    /// 500 for everything.
    Down,
    /// 429 for the next call alone.
    Busy,
    /// Never answers.
    Late,
    /// No JSON.
    Garbage,
    /// Taxes of other amounts.
    Other,
    /// Zero without a word.
    Silent,
    /// The key is not known.
    Stranger,
    /// 400 for what does not fit on a first page.
    Lists,
}

#[derive(Default)]
struct Kept {
    trouble: Trouble,
    /// Path, key and body of each call.
    calls: Vec<(String, String, String)>,
    answers: HashMap<String, Value>,
    calculations: HashMap<String, Value>,
    /// Calculations that became transactions.
    sold: HashSet<String>,
    /// Transactions with what is left of each line: amount and tax, below zero never.
    transactions: HashMap<String, HashMap<String, (i64, i64)>>,
}

/// The service, as tests see it.
#[derive(Clone, Default)]
pub struct Service(Arc<Mutex<Kept>>);

type Fields = HashMap<String, String>;

impl Service {
    /// Listens on a port of its own; answers its address with the last slash.
    pub async fn open() -> (Self, String) {
        let service = Self::default();
        let router = Router::new()
            .route("/v1/tax/calculations", post(calculate))
            .route("/v1/tax/calculations/{id}/line_items", get(more))
            .route("/v1/tax/transactions/create_from_calculation", post(record))
            .route("/v1/tax/transactions/{id}/line_items", get(more))
            .route("/v1/tax/transactions/create_reversal", post(reverse))
            .with_state(service.clone());
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (service, address)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    /// From now on.
    pub fn trouble(&self, trouble: Trouble) {
        self.kept().trouble = trouble;
    }

    /// Bodies of the calls of a path's end so far.
    pub fn calls(&self, end: &str) -> Vec<String> {
        self.kept().calls.iter().filter(|(path, ..)| path.ends_with(end)).map(|(.., body)| body.clone()).collect()
    }

    /// Troubles first; then what was answered to the same key.
    async fn before(&self, path: &str, headers: &HeaderMap, body: &str) -> Option<Response> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (key, trouble) = {
            let mut kept = self.kept();
            let key = text("idempotency-key");
            kept.calls.push((path.into(), key.clone(), body.into()));
            let trouble = kept.trouble;
            if trouble == Trouble::Busy {
                kept.trouble = Trouble::None;
            }
            (key, trouble)
        };
        if text("authorization") != "Bearer sk_test_shop" || trouble == Trouble::Stranger {
            return Some(refused(401, "invalid_request_error", ""));
        }
        if text("stripe-version").is_empty() || key.is_empty() {
            return Some(refused(400, "invalid_request_error", "parameter_missing"));
        }
        match trouble {
            Trouble::Down => return Some(refused(500, "api_error", "")),
            Trouble::Busy => return Some(refused(429, "invalid_request_error", "rate_limit")),
            Trouble::Garbage => return Some((StatusCode::OK, "<html>soon</html>").into_response()),
            Trouble::Late => std::future::pending::<()>().await,
            _ => {}
        }
        self.kept().answers.get(&format!("{path} {key}")).map(|answer| axum::Json(answer.clone()).into_response())
    }

    fn answered(&self, path: &str, headers: &HeaderMap, answer: Value) -> Response {
        let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default();
        self.kept().answers.insert(format!("{path} {key}"), answer.clone());
        axum::Json(answer).into_response()
    }
}

fn refused(status: u16, kind: &str, code: &str) -> Response {
    let mut error = json!({ "type": kind, "message": "no" });
    if !code.is_empty() {
        error["code"] = code.into();
    }
    (StatusCode::from_u16(status).unwrap(), axum::Json(json!({ "error": error }))).into_response()
}

fn fields(body: &str) -> Fields {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

/// Whether nothing is expanded but what is there.
fn expands(fields: &Fields, known: &[&str]) -> bool {
    fields.iter().all(|(name, what)| !name.starts_with("expand") || known.contains(&what.as_str()))
}

fn number(fields: &Fields, name: &str) -> Option<i64> {
    fields.get(name)?.parse().ok()
}

fn id(kind: &str, kept: &Kept) -> String {
    format!("{kind}_{}", kept.calls.len())
}

/// Amount, tax and rows of what was asked below a path.
fn taxed(fields: &Fields, path: &str, trouble: Trouble) -> Option<Value> {
    let amount = number(fields, &format!("{path}[amount]"))?;
    let inclusive = fields.get(&format!("{path}[tax_behavior]")).is_some_and(|b| b == "inclusive");
    let (postcode, state) = (&fields["customer_details[address][postal_code]"], "CA");
    let collects = postcode != "97201";
    let taxes = [
        ("state", "California", "6.0", 60_000),
        ("county", "Los Angeles County", "0.25", 2_500),
        ("city", "Los Angeles", "3.25", 32_500),
    ];
    let net = if inclusive { (amount * 10_000 + 5_475) / 10_950 } else { amount };
    let mut left = amount - net;
    let rows = taxes.iter().enumerate().map(|(n, (level, name, percent, ppm))| {
        let tax = match (inclusive, n) {
            (true, 2) => left,
            _ => (net * ppm + 500_000) / 1_000_000,
        };
        left -= tax;
        let rate = json!({ "display_name": "Sales Tax", "percentage_decimal": percent, "tax_type": "sales_tax" });
        json!({
            "amount": if collects { tax } else { 0 }, "sourcing": "destination",
            "jurisdiction": { "country": "US", "display_name": name, "level": level, "state": state },
            "tax_rate_details": if collects { rate } else { Value::Null },
            "taxability_reason": if collects { "standard_rated" } else { "not_collecting" },
            "taxable_amount": if collects { net } else { 0 },
        })
    });
    let rows: Vec<Value> = if trouble == Trouble::Silent { Vec::new() } else { rows.collect() };
    let sum: i64 = rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    let amount = if trouble == Trouble::Other { amount + 1 } else { amount };
    Some(json!({ "amount": amount, "amount_tax": sum, "tax_breakdown": rows }))
}

async fn calculate(State(service): State<Service>, headers: HeaderMap, body: String) -> Response {
    let path = "/v1/tax/calculations";
    if let Some(answer) = service.before(path, &headers, &body).await {
        return answer;
    }
    let asked = fields(&body);
    if asked.get("customer_details[address][postal_code]").is_none_or(|p| p.is_empty() || p == "00000") {
        return refused(400, "invalid_request_error", "customer_tax_location_invalid");
    }
    if !expands(&asked, &["line_items.data.tax_breakdown", "shipping_cost.tax_breakdown"]) {
        return refused(400, "invalid_request_error", "");
    }
    let trouble = service.kept().trouble;
    let mut lines = Vec::new();
    while let Some(mut line) = taxed(&asked, &format!("line_items[{}]", lines.len()), trouble) {
        line["id"] = format!("tax_li_{}", lines.len()).into();
        line["reference"] = asked[&format!("line_items[{}][reference]", lines.len())].clone().into();
        lines.push(line);
    }
    let mut kept = service.kept();
    let id = id("taxcalc", &kept);
    let whole = json!({
        "id": id, "currency": asked["currency"], "expires_at": 4_000_000_000_i64,
        "shipping_cost": taxed(&asked, "shipping_cost", trouble), "line_items": { "data": lines },
    });
    kept.calculations.insert(id, whole.clone());
    drop(kept);
    service.answered(path, &headers, paged(whole))
}

/// Ten lines come along; the rest must be asked for.
fn paged(mut whole: Value) -> Value {
    let lines = whole["line_items"]["data"].as_array_mut().unwrap();
    let has_more = lines.len() > 10;
    lines.truncate(10);
    whole["line_items"]["has_more"] = has_more.into();
    whole
}

async fn more(State(service): State<Service>, Path(id): Path<String>, Query(query): Query<Fields>) -> Response {
    let kept = service.kept();
    // Lines of transactions have no taxes of their own to expand.
    let known: &[&str] = if id.starts_with("taxcalc_") { &["data.tax_breakdown"] } else { &[] };
    if kept.trouble == Trouble::Lists || !expands(&query, known) {
        return refused(400, "invalid_request_error", "");
    }
    let whole = kept.calculations.get(&id).unwrap();
    let lines = whole["line_items"]["data"].as_array().unwrap();
    let after = query.get("starting_after").map_or("", String::as_str);
    let rest = lines.iter().skip_while(|line| line["id"] != after).skip(1).take(7);
    let rest: Vec<Value> = rest.cloned().collect();
    let has_more = rest.last().is_some_and(|last| last["id"] != lines.last().unwrap()["id"]);
    axum::Json(json!({ "data": rest, "has_more": has_more })).into_response()
}

async fn record(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    let (path, body) = ("/v1/tax/transactions/create_from_calculation", String::from_utf8_lossy(&body).into_owned());
    if let Some(answer) = service.before(path, &headers, &body).await {
        return answer;
    }
    let asked = fields(&body);
    let mut kept = service.kept();
    let Some(mut whole) = kept.calculations.get(&asked["calculation"]).cloned() else {
        drop(kept);
        return refused(404, "invalid_request_error", "resource_missing");
    };
    if !expands(&asked, &["line_items"]) || !kept.sold.insert(asked["calculation"].clone()) {
        drop(kept);
        return refused(400, "invalid_request_error", "");
    }
    let id = id("tax", &kept);
    whole["id"] = id.clone().into();
    whole["reference"] = asked["reference"].clone().into();
    let number = |of: &Value, name: &str| of[name].as_i64().unwrap();
    // The newest first, as such lists are.
    whole["line_items"]["data"].as_array_mut().unwrap().reverse();
    let lines = whole["line_items"]["data"].as_array().unwrap();
    let mut left: HashMap<String, (i64, i64)> = lines
        .iter()
        .map(|line| (line["id"].as_str().unwrap().into(), (number(line, "amount"), number(line, "amount_tax"))))
        .collect();
    if whole["shipping_cost"].is_object() {
        let cost = &whole["shipping_cost"];
        left.insert("shipping".into(), (number(cost, "amount"), number(cost, "amount_tax")));
    }
    kept.transactions.insert(id.clone(), left);
    kept.calculations.insert(id, whole.clone());
    drop(kept);
    service.answered(path, &headers, paged(whole))
}

async fn reverse(State(service): State<Service>, headers: HeaderMap, body: String) -> Response {
    let path = "/v1/tax/transactions/create_reversal";
    if let Some(answer) = service.before(path, &headers, &body).await {
        return answer;
    }
    let asked = fields(&body);
    let mut kept = service.kept();
    let Some(mut left) = kept.transactions.get(&asked["original_transaction"]).cloned() else {
        drop(kept);
        return refused(404, "invalid_request_error", "resource_missing");
    };
    let mut wanted = Vec::new();
    if asked["mode"] == "full" {
        wanted.extend(left.iter().map(|(id, (amount, tax))| (id.clone(), -amount, -tax)));
    }
    for n in 0.. {
        let of = |name: &str| format!("line_items[{n}][{name}]");
        let Some(line) = asked.get(&of("original_line_item")) else { break };
        wanted.push((line.clone(), number(&asked, &of("amount")).unwrap(), number(&asked, &of("amount_tax")).unwrap()));
    }
    if let Some(amount) = number(&asked, "shipping_cost[amount]") {
        wanted.push(("shipping".into(), amount, number(&asked, "shipping_cost[amount_tax]").unwrap()));
    }
    for (line, amount, tax) in wanted {
        let known = left.get_mut(&line).map(|left| {
            *left = (left.0 + amount, left.1 + tax);
            *left
        });
        if amount > 0 || tax > 0 || known.is_none_or(|left| left.0 < 0 || left.1 < 0) {
            drop(kept);
            return refused(400, "invalid_request_error", "amount_too_large");
        }
    }
    let id = id("tax", &kept);
    kept.transactions.insert(asked["original_transaction"].clone(), left);
    drop(kept);
    service.answered(path, &headers, json!({ "id": id, "type": "reversal" }))
}
