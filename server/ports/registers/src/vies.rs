//! VIES, the European Commission's gateway to the member states' registers: its REST interface, `check-vat-number`.
//!
//! An answer about the number has status 200 and `valid`; what could not be asked is told by `errorWrappers` with a word in `error`. The
//! interface's other paths say it by a word in `userError`, of which only `VALID` and `INVALID` speak of the number: if one is there, it
//! must agree.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{Answer, RegisterError, Registers};

/// The public service.
pub const SERVICE: &str = "https://ec.europa.eu/taxation_customs/vies/rest-api/";
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_millis(4_500);
/// Most bytes of an answer.
const MOST: usize = 64 * 1024;
/// Most characters that are kept of a consultation's name.
const MOST_NAME: usize = 100;

/// How to reach it.
#[derive(Clone, Debug)]
pub struct ViesConfig {
    /// The interface's root, with the last slash.
    pub base: Url,
    /// Our own VAT number with its letters: with it each consultation gets a name that proves it. Empty: none.
    pub requester: String,
}

/// The adapter.
pub struct Vies {
    http: reqwest::Client,
    check: Url,
    requester: Option<(String, String)>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Said {
    valid: Option<bool>,
    action_succeed: Option<bool>,
    user_error: String,
    request_identifier: String,
    error_wrappers: Vec<Wrapped>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped {
    error: String,
}

fn unavailable(code: &str) -> RegisterError {
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
    RegisterError::Unavailable(if code.is_empty() { "UNREADABLE".into() } else { code })
}

/// Letters and body; `None`: not two letters in front.
fn split(number: &str) -> Option<(&str, &str)> {
    let (letters, body) = number.split_at_checked(2)?;
    let fine = letters.bytes().all(|b| b.is_ascii_uppercase()) && !body.is_empty();
    fine.then_some((letters, body))
}

impl Vies {
    /// The adapter over this configuration.
    ///
    /// # Errors
    /// An address or a requester's number that cannot be one.
    pub fn new(config: &ViesConfig) -> Result<Self, String> {
        let check = config.base.join("check-vat-number").map_err(|e| format!("tax.vies_url: {e}"))?;
        let requester = match config.requester.as_str() {
            "" => None,
            number => {
                let (letters, body) = split(number)
                    .ok_or("tax.vies_requester: a VAT number with its country's letters, as DE123456789")?;
                Some((letters.to_owned(), body.to_owned()))
            }
        };
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Self { http, check, requester })
    }
}

#[async_trait]
impl Registers for Vies {
    fn serves(&self, kind: &str) -> Option<&'static str> {
        kind.starts_with("eu_vat_").then_some("VIES")
    }

    async fn ask(&self, kind: &str, number: &str) -> Result<Answer, RegisterError> {
        let Some((letters, body)) = self.serves(kind).and_then(|_| split(number)) else {
            return Err(RegisterError::NotServed);
        };
        let mut question = json!({ "countryCode": letters, "vatNumber": body });
        if let Some((letters, body)) = &self.requester {
            question["requesterMemberStateCode"] = json!(letters);
            question["requesterNumber"] = json!(body);
        }
        let failed = |e: reqwest::Error| unavailable(if e.is_timeout() { "TIMEOUT" } else { "UNREACHABLE" });
        let mut answer = self.http.post(self.check.clone()).json(&question).send().await.map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > MOST {
                return Err(unavailable("UNREADABLE"));
            }
            bytes.extend_from_slice(&chunk);
        }
        read(answer.status().is_success(), &bytes)
    }
}

/// What the body of an answer says.
///
/// # Errors
/// `Unavailable` for all that says nothing of the number.
pub fn read(is_success: bool, bytes: &[u8]) -> Result<Answer, RegisterError> {
    // A list would be read as the fields in their order, and names nothing.
    let object = bytes.trim_ascii_start().starts_with(b"{");
    let said = serde_json::from_slice::<Said>(bytes).ok().filter(|_| object);
    let said = said.ok_or_else(|| unavailable("UNREADABLE"))?;
    let name: String = said.request_identifier.chars().filter(|c| !c.is_control()).take(MOST_NAME).collect();
    let reference = Some(name).filter(|name| !name.is_empty());
    let asked = is_success && said.error_wrappers.is_empty() && said.action_succeed != Some(false);
    match (asked, said.user_error.as_str(), said.valid) {
        (true, "" | "VALID", Some(true)) => Ok(Answer { valid: true, reference }),
        (true, "" | "INVALID", Some(false)) => Ok(Answer { valid: false, reference }),
        (_, word, _) => {
            let wrapped = said.error_wrappers.first().map_or("", |w| w.error.as_str());
            Err(unavailable(if word.is_empty() { wrapped } else { word }))
        }
    }
}
