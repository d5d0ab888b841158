//! The OpenAPI 3.1 document, made from the table of endpoints and the types' schemas.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use vitrine_shared::Problem;

use super::table::{Access, Content, Endpoint, endpoints};
use crate::state::{App, PROGRAMS, PROGRAMS_REDIRECT};

/// Problems every endpoint may answer: broken request, bad credentials, foreign page, too slow, too large, wrong type, wrong data,
/// too often, too busy.
const COMMON: [u16; 11] = [400, 401, 403, 405, 408, 413, 414, 415, 422, 429, 503];

fn word(status: u16) -> &'static str {
    match status {
        200 => "Done",
        201 => "Made",
        202 => "Begun",
        304 => "The copy is still right",
        400 => "The request cannot be read",
        401 => "Sign in, or the credentials are not valid",
        403 => "Not allowed",
        404 => "There is no such thing, or it is not the caller's to see",
        405 => "No such method here",
        408 => "The request did not arrive in time",
        409 => "The state of things does not allow it",
        410 => "Not there any more",
        412 => "It was changed meanwhile: read it again",
        413 => "The body is too large",
        414 => "The query is too long",
        415 => "The body is of another type",
        422 => "Some values cannot be; `fields` names them",
        428 => "`If-Match` is missing",
        429 => "Too many requests; `Retry-After` says when to ask again",
        503 => "The shop is too busy, or a service behind it cannot be reached; `Retry-After` says when to ask again",
        _ => "A problem",
    }
}

fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::Cart => json!([{}, { "cartToken": [] }, { "bearer": [] }, { "session": [] }]),
        Access::Person => json!([{ "bearer": [] }, { "session": [] }]),
        Access::Buyer => json!([{}, { "bearer": [] }, { "session": [] }]),
        Access::Staff(_) | Access::Seller(_) => json!([{ "apiKey": [] }, { "bearer": [] }, { "session": [] }]),
    }
}

fn operation(endpoint: &Endpoint, generator: &mut schemars::SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = endpoint
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    for param in endpoint.params {
        parameters.push(json!({
            "name": param.name, "in": param.place, "required": param.required, "description": param.about,
            "schema": { "type": "string" },
        }));
    }
    let mut responses = Map::new();
    let (status, shape) = endpoint.answer;
    let schema = shape(generator);
    responses.insert(
        status.to_string(),
        json!({ "description": word(status), "content": { "application/json": { "schema": schema } } }),
    );
    if endpoint.params.iter().any(|p| p.name == "If-None-Match") {
        responses.insert("304".into(), json!({ "description": word(304) }));
    }
    let problem = generator.subschema_for::<Problem>();
    for status in COMMON.iter().chain(endpoint.problems) {
        responses.entry(status.to_string()).or_insert_with(
            || json!({ "description": word(*status), "content": { "application/problem+json": { "schema": problem } } }),
        );
    }
    let mut out = json!({
        "operationId": endpoint.id,
        "summary": endpoint.summary,
        "tags": [endpoint.path.trim_start_matches('/').split('/').next().unwrap_or_default()],
        "security": security(endpoint.access),
        "parameters": parameters,
        "responses": responses,
    });
    if let Access::Staff(scope) = endpoint.access {
        out["description"] = json!(format!("For staff, or a platform key with the scope `{scope}`."));
    }
    if let Access::Seller(scope) = endpoint.access {
        out["description"] =
            json!(format!("For sellers, or a key with the scope `{scope}` of the seller or the platform."));
    }
    match endpoint.body {
        None => {}
        Some(Content::Json(shape)) => {
            let schema = shape(generator);
            out["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        Some(Content::Rows) => {
            out["requestBody"] = json!({
                "required": true,
                "content": {
                    "application/x-ndjson": { "schema": { "type": "string" } },
                    "application/jsonl": { "schema": { "type": "string" } },
                },
            });
        }
    }
    out
}

/// The document for a shop at this address.
pub fn document(base_url: &str) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    let mut tags: Vec<String> = Vec::new();
    for endpoint in endpoints() {
        let operation = operation(&endpoint, &mut generator);
        if let Some(tag) = operation["tags"][0].as_str().filter(|t| !tags.iter().any(|known| known == t)) {
            tags.push(tag.to_owned());
        }
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method] = operation;
    }
    let about = |tag: &String| {
        let text = match tag.as_str() {
            "public" => "What anybody may read.",
            "pricing" => "Totals with their explanation.",
            "cart" => "Carts of guests and accounts.",
            "checkout" => "Paying.",
            "orders" => "Purchases.",
            "promotions" => "What sellers take off.",
            "groups" => "Groups of a seller's customers.",
            "collections" => "Collections of a seller's works.",
            "downloads" => "Files of what was bought.",
            "me" => "What the caller owns.",
            "invoices" => "Documents.",
            "admin" => "For staff.",
            _ => "Whether it works.",
        };
        json!({ "name": tag, "description": text })
    };
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Vitrine",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A marketplace for creative work",
            "description": "Money is in minor units of its currency. Problems follow RFC 9457. A guest's cart travels in the header X-Cart-Token. How often may be asked is said in RateLimit-Policy, and what is left in RateLimit (draft-ietf-httpapi-ratelimit-headers-10).",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": format!("{base_url}/api") }],
        "tags": tags.iter().map(about).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": format!("An access token of the provider at {base_url}/.well-known/openid-configuration: authorization code with PKCE, public client `{PROGRAMS}`, redirect `{PROGRAMS_REDIRECT}`, scope `openid api`") },
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "A program's key, made by who runs the shop. One that was revoked or has ended answers 401 with the code `key_revoked` or `key_ended`" },
                "cartToken": { "type": "apiKey", "in": "header", "name": "X-Cart-Token", "description": "Names a guest's cart" },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session", "description": "The browser's session" },
            },
        },
    })
}

pub(super) async fn served(State(app): State<App>) -> Response<Body> {
    let mut response = Response::new(Body::from(document(&app.config.base_url()).to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.oai.openapi+json;version=3.1"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_described_once_and_every_reference_is_there() {
        let document = document("http://shop.example");
        let mut seen = std::collections::BTreeSet::new();
        for endpoint in endpoints() {
            assert!(seen.insert((endpoint.method, endpoint.path)), "{} {}", endpoint.method, endpoint.path);
            assert_eq!(document["paths"][endpoint.path][endpoint.method]["operationId"], endpoint.id);
        }
        let text = document.to_string();
        for part in text.split("\"$ref\":\"").skip(1) {
            let reference = part.split('"').next().unwrap();
            let name = reference.strip_prefix("#/components/schemas/").unwrap_or_else(|| panic!("{reference}"));
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }
}
