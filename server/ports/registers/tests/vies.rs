//! VIES over HTTP: a server on this machine that answers as its description says, faults included.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use vitrine_registers::vies::{Vies, ViesConfig};
use vitrine_registers::{RegisterError, Registers};

async fn answer(Json(asked): Json<Value>) -> Response {
    let said = |valid: bool, word: &str| {
        let reference = if asked["requesterNumber"].is_string() { "WAPIAAAAW1" } else { "" };
        json!({
            "isValid": valid, "valid": valid, "userError": word, "requestIdentifier": reference,
            "requestDate": "2026-11-28T10:00:00.000Z", "name": "---", "address": "---", "vatNumber": asked["vatNumber"],
        })
    };
    // As this path answers: without a word.
    let plain = |valid: bool| {
        let mut body = said(valid, "");
        body.as_object_mut().unwrap().retain(|name, _| !["userError", "isValid"].contains(&name.as_str()));
        Json(body).into_response()
    };
    match asked["vatNumber"].as_str().unwrap_or_default() {
        "100" => plain(true),
        "200" => plain(false),
        "101" => Json(said(true, "VALID")).into_response(),
        "201" => Json(said(false, "INVALID")).into_response(),
        // Speaks of no number at all.
        "302" => Json(json!({ "countryCode": "FR" })).into_response(),
        "402" => {
            let body = json!({ "actionSucceed": false, "errorWrappers": [{ "error": "MS_MAX_CONCURRENT_REQ" }] });
            Json(body).into_response()
        }
        // Says no without having asked: the member state was down.
        "300" => Json(said(false, "MS_UNAVAILABLE")).into_response(),
        // Contradicts itself.
        "301" => Json(said(false, "VALID")).into_response(),
        "400" => {
            let body = json!({ "actionSucceed": false, "errorWrappers": [{ "error": "GLOBAL_MAX_CONCURRENT_REQ" }] });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
        "401" => (StatusCode::INTERNAL_SERVER_ERROR, Json(said(true, "VALID"))).into_response(),
        "500" => (StatusCode::OK, "<html>maintenance</html>").into_response(),
        "501" => (StatusCode::OK, "x".repeat(100_000)).into_response(),
        "502" => (StatusCode::FOUND, [("location", "/elsewhere")], "").into_response(),
        other => panic!("{other}"),
    }
}

async fn vies(requester: &str) -> Vies {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/rest-api/", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/rest-api/check-vat-number", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Vies::new(&ViesConfig { base: base.parse().unwrap(), requester: requester.into() }).unwrap()
}

#[tokio::test]
async fn only_an_answer_about_the_number_says_anything_of_it() {
    let register = vies("DE123456789").await;
    let valid = register.ask("eu_vat_FR", "FR100").await.unwrap();
    assert!(valid.valid);
    assert_eq!(valid.reference.as_deref(), Some("WAPIAAAAW1"));
    assert!(!register.ask("eu_vat_FR", "FR200").await.unwrap().valid);
    assert!(register.ask("eu_vat_FR", "FR101").await.unwrap().valid);
    assert!(!register.ask("eu_vat_FR", "FR201").await.unwrap().valid);
    let codes = [
        ("300", "MS_UNAVAILABLE"),
        ("301", "VALID"),
        ("302", "UNREADABLE"),
        ("402", "MS_MAX_CONCURRENT_REQ"),
        ("400", "GLOBAL_MAX_CONCURRENT_REQ"),
        ("401", "VALID"),
        ("500", "UNREADABLE"),
        ("501", "UNREADABLE"),
        ("502", "UNREADABLE"),
    ];
    for (number, code) in codes {
        let refused = register.ask("eu_vat_FR", &format!("FR{number}")).await.unwrap_err();
        assert_eq!(refused, RegisterError::Unavailable(code.into()), "{number}");
    }
    assert_eq!(register.ask("gb_vat", "GB100").await.unwrap_err(), RegisterError::NotServed);
    assert_eq!(vies("").await.ask("eu_vat_FR", "FR100").await.unwrap().reference, None);
}

#[tokio::test]
async fn a_register_that_is_not_there_is_unavailable() {
    let gone = ViesConfig { base: "http://127.0.0.1:9/".parse().unwrap(), requester: String::new() };
    let refused = Vies::new(&gone).unwrap().ask("eu_vat_DE", "DE100").await.unwrap_err();
    assert_eq!(refused, RegisterError::Unavailable("UNREACHABLE".into()));
    assert!(Vies::new(&ViesConfig { requester: "123".into(), ..gone }).is_err());
}
