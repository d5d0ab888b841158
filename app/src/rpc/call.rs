//! How a browser calls a server function: one small function for all of them.
//!
//! The framework makes a client of its own for every function, with encoders and decoders of each argument and answer
//! (and with no end to the waiting). Here an answer's type costs its reader and nothing else.

use std::pin::Pin;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vitrine_shared::{Problem, json};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Longest time for an answer to come, milliseconds; the server gives up after as long.
const ANSWER_MS: u32 = 30_000;

/// What the server's side writes for a fault; `data` is the problem.
#[derive(Deserialize)]
struct Refusal {
    message: String,
    code: u16,
    data: Option<Problem>,
}

/// Calls the function at `path`: with arguments a POST of them as one JSON object, without any a GET.
///
/// # Errors
/// What the service says, or that the server cannot be reached.
pub async fn call<T: DeserializeOwned>(path: &'static str, arguments: &[(&str, Value)]) -> Result<T, Problem> {
    let text = answer(path, arguments).await?;
    json::from_str(&text).map_err(|e| Problem::new(500, "unexpected", e.to_string()))
}

/// The text of a good answer. Boxed, so that it is compiled once and not into each of its callers.
fn answer(path: &'static str, arguments: &[(&str, Value)]) -> Pin<Box<dyn Future<Output = Result<String, Problem>>>> {
    let object = || arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let body = (!arguments.is_empty()).then(|| Value::Object(object()).to_string());
    Box::pin(async move {
        let (status, text) = send(path, body).await.map_err(|_| Problem::network())?;
        if (200..300).contains(&status) { Ok(text) } else { Err(refusal(status, &text)) }
    })
}

fn refusal(status: u16, text: &str) -> Problem {
    match json::from_str::<Refusal>(text) {
        Ok(Refusal { data: Some(problem), .. }) => problem,
        Ok(Refusal { message, code, .. }) => Problem::new(code, "unexpected", message),
        // Layers before the functions answer the problem itself.
        Err(_) => json::from_str(text).unwrap_or_else(|_| Problem::new(status, "unexpected", text)),
    }
}

/// Status and text of an answer; a failure is any way in which none comes.
async fn send(path: &str, body: Option<String>) -> Result<(u16, String), JsValue> {
    let init = web_sys::RequestInit::new();
    let headers = web_sys::Headers::new()?;
    headers.set("accept", "application/json")?;
    // Other sites' forms cannot send this header.
    headers.set("x-request-client", "dioxus")?;
    if let Some(body) = body {
        init.set_method("POST");
        headers.set("content-type", "application/json")?;
        init.set_body(&body.into());
    }
    init.set_headers(&headers);
    init.set_signal(Some(&web_sys::AbortSignal::timeout_with_u32(ANSWER_MS)));
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let response: web_sys::Response = JsFuture::from(window.fetch_with_str_and_init(path, &init)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().ok_or(JsValue::NULL)?))
}
