//! Provider, client and sessions on one store, and browsers without scripts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::StatusCode;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use url::Url;
use vitrine_clock::FixedClock;
use vitrine_identity::account::NewAccount;
use vitrine_identity::client::{Callback, SignedIn};
use vitrine_identity::provider::{AccountMail, SendAccountMail};
use vitrine_identity::{Client, ClientConfig, MasterKey, OidcClient, Provider, ProviderConfig, Sessions};
use vitrine_table::Table;
use vitrine_table::sqlite::SqliteTable;

pub(crate) const START_MS: i64 = 1_800_000_000_000;
pub(crate) const PASSWORD: &str = "correct horse battery";

#[derive(Default)]
pub(crate) struct Mails(pub(crate) Mutex<Vec<AccountMail>>);

#[async_trait]
impl SendAccountMail for Mails {
    async fn send(&self, mail: AccountMail) -> Result<(), String> {
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

impl Mails {
    pub(crate) fn last(&self) -> AccountMail {
        self.0.lock().unwrap().last().cloned().expect("a mail was sent")
    }
}

pub(crate) struct World {
    pub(crate) issuer: String,
    pub(crate) redirect_uri: String,
    pub(crate) provider: Provider,
    pub(crate) client: Client,
    pub(crate) sessions: Sessions,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) mails: Arc<Mails>,
    pub(crate) table: Arc<dyn Table>,
    pub(crate) master: Arc<MasterKey>,
    pub(crate) _dir: tempfile::TempDir,
    pub(crate) server: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

pub(crate) async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(START_MS);
    let table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("t.db"), clock.clone()).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let redirect_uri = format!("{issuer}/auth/loginCallback");
    let master = Arc::new(MasterKey::from_base64(&secret(&STANDARD.encode([9; 32]))).unwrap());
    let mails = Arc::new(Mails::default());
    let oidc_client = |id: &str, client_secret| OidcClient {
        client_id: id.into(),
        client_secret,
        name: "The Shop".into(),
        home_url: format!("{issuer}/"),
        redirect_uris: vec![redirect_uri.clone()],
        post_logout_redirect_uris: vec![format!("{issuer}/bye")],
    };
    let config = ProviderConfig {
        issuer: issuer.clone(),
        audience: "https://api.test".into(),
        site_name: "Vitrine".into(),
        stylesheet: None,
        clients: vec![oidc_client("shop", Some(secret("s3cret:&"))), oidc_client("public", None)],
    };
    let provider = Provider::new(config, table.clone(), clock.clone(), master.clone(), mails.clone()).unwrap();
    let router = provider.routes();
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config = ClientConfig {
        issuer: issuer.clone(),
        backchannel_url: issuer.clone(),
        endpoints: None,
        client_id: "shop".into(),
        client_secret: Some(secret("s3cret:&")),
        redirect_uri: redirect_uri.clone(),
        audience: "https://api.test".into(),
    };
    let client = Client::new(config, table.clone(), clock.clone(), master.clone()).unwrap();
    let sessions = Sessions::new(table.clone(), clock.clone(), master.clone());
    World { issuer, redirect_uri, provider, client, sessions, clock, mails, table, master, _dir: dir, server }
}

impl World {
    pub(crate) async fn account(&self, email: &str) -> String {
        let password = secret(PASSWORD);
        let new = NewAccount { email, password: &password, name: "Ada", roles: &["buyer"], verified: true };
        self.provider.accounts().create_account(new).await.unwrap().id
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Begins at the app, signs in at the provider, and finishes at the app.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, email: &str) -> SignedIn {
        let begin = self.client.begin("/cart", &[]).await.unwrap();
        browser.keep(&begin.set_cookie);
        let answer = browser.post(&begin.url, &[("step", "password"), ("email", email), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.client.finish(&browser.cookies(), &callback(&answer.location)).await.unwrap()
    }

    /// A raw authorization request of the public client, answered for a signed-in browser.
    pub(crate) async fn raw_code(&self, browser: &mut Browser, verifier: &str) -> String {
        let url = self.authorize_url(&[("code_challenge", &challenge(verifier))]);
        let answer = browser.get(&url).await;
        callback(&answer.location).code.expect("a code")
    }

    pub(crate) fn authorize_url(&self, change: &[(&str, &str)]) -> String {
        let challenge = challenge(&"v".repeat(43));
        let mut params = BTreeMap::from([
            ("client_id", "public"),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("response_type", "code"),
            ("scope", "openid offline_access"),
            ("state", "st"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        params.extend(change.iter().copied());
        params.retain(|_, v| !v.is_empty());
        Url::parse_with_params(&self.at("/oidc/authorize"), params).unwrap().into()
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (StatusCode, serde_json::Value) {
        let answer = reqwest::Client::new().post(self.at("/oidc/token")).form(form).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    pub(crate) async fn redeem(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> (StatusCode, serde_json::Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "public"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        self.token(&form).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> (StatusCode, serde_json::Value) {
        self.token(&[("grant_type", "refresh_token"), ("client_id", "public"), ("refresh_token", token)]).await
    }
}

pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

pub(crate) fn callback(location: &str) -> Callback {
    let url = Url::parse(location).unwrap();
    let get = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    Callback { code: get("code"), state: get("state"), iss: get("iss"), error: get("error") }
}

/// A browser without scripts: keeps cookies (they are `Secure`, which a client library would not send to http), sends
/// the origin with forms, follows nothing.
pub(crate) struct Browser {
    pub(crate) http: reqwest::Client,
    pub(crate) jar: BTreeMap<String, String>,
    pub(crate) origin: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) body: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Browser {
    pub(crate) fn new(world: &World) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, jar: BTreeMap::new(), origin: world.issuer.clone() }
    }

    pub(crate) fn keep(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once("; ").unwrap();
        assert!(attributes.starts_with("Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age="), "{set_cookie}");
        let (name, value) = pair.split_once('=').unwrap();
        assert!(name.starts_with("__Host-"), "{name}");
        if attributes.ends_with("Max-Age=0") {
            self.jar.remove(name);
        } else {
            self.jar.insert(name.to_owned(), value.to_owned());
        }
    }

    pub(crate) fn cookies(&self) -> String {
        self.jar.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send(self.http.get(url)).await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.http.post(url).header("origin", &self.origin).form(form)).await
    }

    pub(crate) async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.header("cookie", self.cookies()).send().await.unwrap();
        let headers = answer.headers().clone();
        for cookie in headers.get_all("set-cookie") {
            self.keep(cookie.to_str().unwrap());
        }
        let location = headers.get("location").map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
        Answer { status: answer.status(), location, body: answer.text().await.unwrap(), headers }
    }
}

pub(crate) fn link_token(mail: &AccountMail) -> String {
    Url::parse(&mail.link).unwrap().query_pairs().find(|(n, _)| n == "token").unwrap().1.into_owned()
}
