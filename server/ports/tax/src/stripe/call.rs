//! One call over HTTP: encoding, time, retries, faults.

use std::future::Future;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::Serializer;

use super::read::unreadable;
use super::{StripeConfig, VERSION};
use crate::{DEADLINE, Result, TaxError};

/// Longest wait for one answer: a second try fits into the deadline.
const TIMEOUT: Duration = Duration::from_millis(2_300);
/// How often one call is made.
const TRIES: u32 = 3;
/// Before the second try; twice as long before the third.
const PAUSE: Duration = Duration::from_millis(100);
/// Most bytes of an answer: a hundred lines with their taxes are far below.
const MOST: usize = 4 * 1024 * 1024;

/// Names and values in order.
#[derive(Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    fn encoded(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

pub(super) struct Http {
    client: reqwest::Client,
    base: Url,
    key: SecretString,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Faulty {
    error: Fault,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fault {
    code: Option<String>,
    r#type: Option<String>,
}

pub(super) fn code(said: &str) -> String {
    said.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect()
}

/// An answer, or what to do without.
enum Tried<T> {
    Done(Result<T>),
    /// Worth another try.
    Again(TaxError),
}

/// The whole of a call, retries and pages included.
pub(super) async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(DEADLINE, call).await.unwrap_or_else(|_| Err(TaxError::Unavailable("TIMEOUT".into())))
}

impl Http {
    pub(super) fn new(config: &StripeConfig) -> std::result::Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Self { client, base: config.base.clone(), key: config.key.clone() })
    }

    fn to(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let url = self.base.join(path).map_err(|_| TaxError::Unavailable("UNREACHABLE".into()))?;
        let request = self.client.request(method, url).bearer_auth(self.key.expose_secret());
        Ok(request.header("stripe-version", VERSION))
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, key: &str, form: &Form) -> Result<T> {
        let body = form.encoded();
        self.tried(|| {
            let request = self.to(Method::POST, path)?;
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            Ok(request.header("idempotency-key", key).body(body.clone()))
        })
        .await
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &Form) -> Result<T> {
        let path = format!("{path}?{}", query.encoded());
        self.tried(|| self.to(Method::GET, &path)).await
    }

    async fn tried<T: DeserializeOwned>(&self, request: impl Fn() -> Result<RequestBuilder>) -> Result<T> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            match self.once(request()?).await {
                Tried::Done(done) => return done,
                Tried::Again(why) if attempt >= TRIES => return Err(why),
                Tried::Again(why) => tracing::debug!(%why, attempt, "the tax service is asked again"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(unreadable())
    }

    async fn once<T: DeserializeOwned>(&self, request: RequestBuilder) -> Tried<T> {
        let lost = |e: reqwest::Error| {
            let code = if e.is_timeout() { "TIMEOUT" } else { "UNREACHABLE" };
            Tried::Again(TaxError::Unavailable(code.into()))
        };
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(e) => return lost(e),
        };
        let status = answer.status();
        let mut bytes = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= MOST => bytes.extend_from_slice(&chunk),
                Ok(Some(_)) => return Tried::Done(Err(unreadable())),
                Ok(None) => break,
                Err(e) => return lost(e),
            }
        }
        if status.is_success() {
            return Tried::Done(serde_json::from_slice(&bytes).map_err(|why| {
                tracing::warn!(%why, "the tax service's answer cannot be read");
                unreadable()
            }));
        }
        let fault = serde_json::from_slice::<Faulty>(&bytes).unwrap_or_default().error;
        let said = fault.code.or(fault.r#type).map(|said| code(&said)).filter(|said| !said.is_empty());
        let said = said.unwrap_or_else(|| format!("HTTP_{}", status.as_u16()));
        match status {
            // Of a key in use, of too many calls, and of its own troubles.
            StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => Tried::Again(TaxError::Unavailable(said)),
            _ if status.is_server_error() => Tried::Again(TaxError::Unavailable(said)),
            // Ours to repair: the key, or what it may do.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Tried::Done(Err(TaxError::Unavailable(said))),
            _ if status.is_client_error() => Tried::Done(Err(TaxError::Refused(said))),
            _ => Tried::Done(Err(unreadable())),
        }
    }
}
