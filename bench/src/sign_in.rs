//! Signing in without a browser: as a person's program (bearer token) and as their browser (cookies).

use anyhow::{Context, Result, ensure};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::server::{Shop, from_germany};

/// Address and password of the demonstration's buyer.
pub const BUYER: (&str, &str) = ("buyer@vitrine.example", "listen-and-read");
/// Those of its creator, who may buy too.
pub const CREATOR: (&str, &str) = ("creator@vitrine.example", "make-and-publish");

/// The pair that RFC 7636 gives as its example.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:7878/callback";

fn client() -> Result<Client> {
    let plain = Client::builder().default_headers(from_germany()).redirect(reqwest::redirect::Policy::none());
    Ok(plain.build()?)
}

fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encode = |text: &str| -> String {
        let bytes = text.bytes().map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        });
        bytes.collect()
    };
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"))
}

fn location(answer: &Response) -> Result<String> {
    let place = answer.headers().get(LOCATION).with_context(|| format!("{} leads nowhere", answer.url()))?;
    Ok(place.to_str()?.to_owned())
}

fn password<'a>((email, password): (&'a str, &'a str)) -> [(&'a str, &'a str); 3] {
    [("step", "password"), ("email", email), ("password", password)]
}

/// A bearer token of the person.
///
/// # Errors
/// The provider refuses.
pub async fn token(shop: &Shop, who: (&str, &str)) -> Result<String> {
    let client = client()?;
    let (origin, ask) = (
        shop.url(""),
        [
            "response_type=code&client_id=vitrine-programs&scope=openid%20api&state=ssssssssssssssss&nonce=nnnnnnnnnnnnnnnn",
            "code_challenge_method=S256",
        ],
    );
    let resource = format!("{origin}/api").replace(':', "%3A").replace('/', "%2F");
    let redirect = REDIRECT.replace(':', "%3A").replace('/', "%2F");
    let ask = format!("{}&redirect_uri={redirect}&resource={resource}&code_challenge={CHALLENGE}", ask.join("&"));
    let sent = client.post(format!("{origin}/oidc/authorize?{ask}")).header("origin", &origin);
    let lead = location(&form(sent, &password(who)).send().await?)?;
    let code = lead.split("code=").nth(1).and_then(|c| c.split('&').next()).context("no code")?;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("client_id", "vitrine-programs"),
        ("code_verifier", VERIFIER),
    ];
    let answer = form(client.post(format!("{origin}/oidc/token")), &fields).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "the provider gives no token: {status} {text}");
    let tokens: Value = serde_json::from_str(&text)?;
    Ok(tokens["access_token"].as_str().context("no access token")?.to_owned())
}

/// The cookies of a browser in which the person is signed in, as one header.
///
/// # Errors
/// A step does not lead on.
pub async fn cookies(shop: &Shop, who: (&str, &str)) -> Result<String> {
    let client = client()?;
    let mut jar: Vec<(String, String)> = Vec::new();
    let mut url = shop.url("/auth/login?to=/account");
    for step in 0..6 {
        let line: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let to_provider = url.contains("/oidc/authorize");
        let asked = if to_provider { client.post(&url) } else { client.get(&url) };
        let asked = asked.header(COOKIE, line.join("; ")).header("origin", shop.url(""));
        let answer = if to_provider { form(asked, &password(who)) } else { asked }.send().await?;
        for set in answer.headers().get_all(SET_COOKIE) {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            jar.retain(|(known, _)| known != name);
            jar.push((name.to_owned(), value.to_owned()));
        }
        if step > 0 && answer.status().is_success() {
            break;
        }
        let place = location(&answer)?;
        url = if place.starts_with('/') { shop.url(&place) } else { place };
        if url.ends_with("/account") {
            let line: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            return Ok(line.join("; "));
        }
    }
    anyhow::bail!("signing in does not come to an end at {url}")
}
