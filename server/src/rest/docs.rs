//! The interface's browsable page, made from the same document; it runs no script.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, html};
use serde_json::Value;

use super::openapi::document;
use crate::state::App;

/// Where the page's stylesheet is.
pub(super) const STYLE_PATH: &str = "/api/style.css";
const STYLE: &str = include_str!("docs.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

fn shape(content: &Value) -> Option<String> {
    let (kind, body) = content.as_object()?.iter().next()?;
    let schema = &body["schema"];
    let name = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()).unwrap_or("text");
    Some(format!("{kind}: {name}"))
}

pub(super) async fn page(State(app): State<App>) -> Response {
    let document = document(&app.config.base_url());
    let empty = serde_json::Map::new();
    let paths = document["paths"].as_object().unwrap_or(&empty);
    let schemas = document["components"]["schemas"].as_object().unwrap_or(&empty);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "Vitrine: REST interface" }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body {
                main {
                    h1 { "Vitrine: REST interface" }
                    p { (text(&document["info"]["description"])) }
                    p { "Base address: " code { (text(&document["servers"][0]["url"])) } ". "
                        a href="/api/openapi.json" { "OpenAPI document" } }
                    @for (path, methods) in paths {
                        @for (method, operation) in methods.as_object().unwrap_or(&empty) {
                            section {
                                h2 { code { (method.to_uppercase()) " " (path) } }
                                p { (text(&operation["summary"])) ". " (text(&operation["description"])) }
                                @if let Some(list) = operation["parameters"].as_array().filter(|l| !l.is_empty()) {
                                    ul {
                                        @for p in list {
                                            li { code { (text(&p["name"])) } " (" (text(&p["in"]))
                                                @if p["required"] == true { ", required" }
                                                ") " (text(&p["description"])) }
                                        }
                                    }
                                }
                                @if let Some(body) = shape(&operation["requestBody"]["content"]) {
                                    p { "Send " code { (body) } }
                                }
                                ul {
                                    @for (status, answer) in operation["responses"].as_object().unwrap_or(&empty) {
                                        li { code { (status) } " " (text(&answer["description"]))
                                            @if let Some(shape) = shape(&answer["content"]) { " (" code { (shape) } ")" } }
                                    }
                                }
                            }
                        }
                    }
                    h2 { "Shapes" }
                    @for (name, schema) in schemas {
                        details {
                            summary { code { (name) } " " (text(&schema["description"])) }
                            pre tabindex="0" { (serde_json::to_string_pretty(schema).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    };
    let mut response = page.into_string().into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

pub(super) async fn style() -> Response {
    let out = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (out, STYLE).into_response()
}
