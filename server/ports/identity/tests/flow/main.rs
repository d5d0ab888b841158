//! The whole walk over HTTP: provider, client and sessions on one store, and everything they must refuse.

mod world;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use vitrine_identity::account::NewAccount;
use vitrine_identity::provider::MailKind;
use vitrine_identity::{ClientError, SessionError, Sessions};

use world::*;

#[tokio::test]
async fn a_person_signs_up_comes_back_and_signs_out() {
    let w = world().await;
    let mut browser = Browser::new(&w);
    let begin = w.client.begin("/cart?x=1", &[("ui_locales", "de-DE")]).await.unwrap();
    browser.keep(&begin.set_cookie);

    let page = browser.get(&begin.url).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<html lang=\"de-DE\" dir=\"ltr\">") && page.body.contains("Sie kommen von The Shop"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains(&format!("form-action 'self' {}", w.issuer)));
    assert!(!page.body.contains("<script") && !page.body.contains("style="));

    let page = browser.post(&begin.url, &[("step", "email"), ("email", "ada@example.com")]).await;
    assert!(page.body.contains("current-password") && page.body.contains("Konto anlegen"));
    let form = [("step", "create"), ("email", "Ada@Example.com"), ("name", "Ada"), ("password", PASSWORD)];
    let page = browser.post(&begin.url, &form).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(w.provider.accounts().find_by_email("ada@example.com").await.unwrap().is_none(), "not before the link");

    let mail = w.mails.last();
    assert_eq!((mail.kind.clone(), mail.locale.as_str()), (MailKind::SignUp, "de-DE"));
    assert!(mail.render().text.contains(&mail.link) && mail.render().subject.contains("Bestätigen"));
    let page = browser.get(&mail.link).await;
    assert!(!page.body.contains("type=\"password\""), "the same browser is not asked again");
    let stranger = Browser::new(&w).get(&mail.link).await;
    assert!(stranger.body.contains("type=\"password\""), "another browser is");
    let token = link_token(&mail);
    let answer = browser.post(&w.at("/oidc/verify"), &[("token", &token)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let used = browser.post(&w.at("/oidc/verify"), &[("token", &token)]).await;
    assert_eq!(used.status, StatusCode::GONE);

    let answer = browser.get(&w.at(&answer.location)).await;
    assert!(answer.location.starts_with(&w.redirect_uri), "{}", answer.location);
    let who = w.client.finish(&browser.cookies(), &callback(&answer.location)).await.unwrap();
    assert_eq!(who.return_to, "/cart?x=1");
    assert_eq!(who.claims.email.as_deref(), Some("Ada@Example.com"));
    assert!(who.claims.email_verified && who.claims.roles == ["buyer"]);
    let access = w.client.verify_access_token(who.tokens.access_token.expose_secret()).await.unwrap();
    assert!(access.has_scope("api") && access.sub == who.claims.sub);
    let bearer = who.tokens.access_token.expose_secret();
    let info = reqwest::Client::new().get(w.at("/oidc/userinfo")).bearer_auth(bearer).send().await.unwrap();
    assert_eq!(info.json::<serde_json::Value>().await.unwrap()["email_verified"], true);

    // Signing out: the app's id token says who asks; a foreign return address is not followed.
    let hint = who.tokens.id_token.as_ref();
    let elsewhere = w.client.logout_url(hint, "https://evil.test/").unwrap();
    let other = Browser::new(&w).get(&elsewhere).await;
    assert_eq!((other.status, other.location.as_str()), (StatusCode::OK, ""));
    let unasked = browser.get(&w.at("/oidc/logout")).await;
    assert!(unasked.status == StatusCode::OK && browser.jar.contains_key("__Host-idp"), "a question comes first");
    let answer = browser.get(&w.client.logout_url(hint, &w.at("/bye")).unwrap()).await;
    assert_eq!(answer.location, w.at("/bye"));
    assert!(!browser.jar.contains_key("__Host-idp"));
}

#[tokio::test]
async fn requests_that_are_not_whole_are_refused() {
    let w = world().await;
    let mut browser = Browser::new(&w);
    for (change, error) in [
        ([("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        ([("code_challenge_method", "plain"), ("nonce", "n")], "invalid_request"),
        ([("code_challenge", "short"), ("nonce", "n")], "invalid_request"),
        ([("response_type", "token"), ("nonce", "n")], "unsupported_response_type"),
        ([("scope", "email"), ("nonce", "n")], "invalid_scope"),
        ([("prompt", "none"), ("nonce", "n")], "login_required"),
    ] {
        let answer = browser.get(&w.authorize_url(&change)).await;
        assert_eq!(callback(&answer.location).error.as_deref(), Some(error), "{change:?}");
        assert_eq!(callback(&answer.location).state.as_deref(), Some("st"));
    }
    for foreign in ["https://evil.test/cb", &format!("{}/", w.redirect_uri), &format!("{}?x", w.redirect_uri)] {
        let answer = browser.get(&w.authorize_url(&[("redirect_uri", foreign)])).await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::BAD_REQUEST, ""));
        assert!(answer.body.contains(&format!("<code>{foreign}</code>")), "it says what to register");
    }
    let answer = browser.get(&w.authorize_url(&[("client_id", "<b>")])).await;
    assert!(answer.status == StatusCode::BAD_REQUEST && answer.body.contains("&lt;b&gt;"));
}

#[tokio::test]
async fn forms_of_other_origins_do_nothing() {
    let w = world().await;
    w.account("ada@example.com").await;
    let url = w.authorize_url(&[]);
    let form = [("step", "password"), ("email", "ada@example.com"), ("password", PASSWORD)];
    for headers in [
        vec![],
        vec![("origin", "https://evil.test")],
        vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "http://127.0.0.1")],
    ] {
        let mut browser = Browser::new(&w);
        let request = headers.iter().fold(browser.http.post(&url), |r, (n, v)| r.header(*n, *v));
        let answer = browser.send(request.form(&form)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(browser.jar.is_empty());
    }
    let mut browser = Browser::new(&w);
    let request = browser.http.post(&url).header("sec-fetch-site", "same-origin").form(&form);
    assert_eq!(browser.send(request).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn codes_and_refresh_tokens_work_once_and_misuse_ends_the_family() {
    let w = world().await;
    w.account("ada@example.com").await;
    let mut browser = Browser::new(&w);
    w.sign_in(&mut browser, "ada@example.com").await;
    let verifier = "a".repeat(43);

    let code = w.raw_code(&mut browser, &verifier).await;
    assert_eq!(w.redeem(&code, &"b".repeat(43), &w.redirect_uri).await.1["error"], "invalid_grant");
    assert_eq!(w.redeem(&code, &verifier, "https://evil.test/").await.1["error"], "invalid_grant");
    let (status, tokens) = w.redeem(&code, &verifier, &w.redirect_uri).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(w.redeem(&code, &verifier, &w.redirect_uri).await.1["error"], "invalid_grant");
    assert_eq!(w.refresh(&first).await.1["error"], "invalid_grant", "a reused code ends what it got");

    let code = w.raw_code(&mut browser, &verifier).await;
    let (_, tokens) = w.redeem(&code, &verifier, &w.redirect_uri).await;
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let (status, tokens) = w.refresh(&first).await;
    assert_eq!(status, StatusCode::OK);
    let second = tokens["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(w.refresh(&first).await.1["error"], "invalid_grant");
    assert_eq!(w.refresh(&second).await.1["error"], "invalid_grant", "reuse ends the family");

    let code = w.raw_code(&mut browser, &verifier).await;
    w.clock.advance_ms(60_001);
    assert_eq!(w.redeem(&code, &verifier, &w.redirect_uri).await.1["error"], "invalid_grant", "too old");

    let code = w.raw_code(&mut browser, &verifier).await;
    let (_, tokens) = w.redeem(&code, &verifier, &w.redirect_uri).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("client_id", "public"), ("token", refresh)];
    let revoked = reqwest::Client::new().post(w.at("/oidc/revoke")).form(&form).send().await.unwrap();
    assert_eq!(revoked.status(), StatusCode::OK);
    assert_eq!(w.refresh(refresh).await.1["error"], "invalid_grant");
    let wrong = [("grant_type", "refresh_token"), ("client_id", "shop"), ("refresh_token", refresh)];
    assert_eq!(w.token(&wrong).await.0, StatusCode::UNAUTHORIZED, "the shop has a secret to show");
}

#[tokio::test]
async fn tokens_that_were_touched_are_not_accepted() {
    let w = world().await;
    w.account("ada@example.com").await;
    let mut browser = Browser::new(&w);
    let who = w.sign_in(&mut browser, "ada@example.com").await;
    let jwt = who.tokens.access_token.expose_secret().to_owned();
    let parts: Vec<&str> = jwt.split('.').collect();
    let refused = |jwt: String| {
        let client = w.client.clone();
        async move { assert!(client.verify_access_token(&jwt).await.is_err(), "{jwt}") }
    };
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let admin = URL_SAFE_NO_PAD.encode(claims.replace("buyer", "admin"));
    assert_ne!(admin, parts[1]);
    refused(format!("{}.{admin}.{}", parts[0], parts[2])).await;
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    for alg in ["none", "None", "HS256", "RS256", "ES384"] {
        let header = URL_SAFE_NO_PAD.encode(header.replace("ES256", alg));
        refused(format!("{header}.{}.{}", parts[1], parts[2])).await;
        refused(format!("{header}.{}.", parts[1])).await;
    }
    refused(who.tokens.id_token.as_ref().unwrap().expose_secret().to_owned()).await;
    w.client.verify_access_token(&jwt).await.unwrap();

    // Tokens of the old key stay good after a rotation; new ones carry the new key at once.
    let old = w.provider.accounts().find_by_email("ada@example.com").await.unwrap().unwrap();
    let kid = w.provider.rotate_keys().await.unwrap();
    w.clock.advance_ms(60_000);
    let fresh = w.sign_in(&mut browser, "ada@example.com").await;
    let header = fresh.tokens.access_token.expose_secret().split('.').next().unwrap().to_owned();
    assert!(String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap().contains(&kid));
    assert_eq!(fresh.claims.sub, old.id);
    w.client.verify_access_token(&jwt).await.unwrap();
    w.clock.advance_ms(15 * 60_000);
    refused(jwt).await;
}

#[tokio::test]
async fn a_sign_in_belongs_to_its_browser_and_happens_once() {
    let w = world().await;
    w.account("ada@example.com").await;
    let mut browser = Browser::new(&w);
    w.sign_in(&mut browser, "ada@example.com").await;

    let begin = w.client.begin("//evil.test", &[]).await.unwrap();
    browser.keep(&begin.set_cookie);
    let answer = browser.get(&begin.url).await;
    let back = callback(&answer.location);
    let stranger = w.client.finish("__Host-login=other", &back).await;
    assert!(matches!(stranger, Err(ClientError::UnknownSignIn)), "another browser");
    let who = w.client.finish(&browser.cookies(), &back).await.unwrap();
    assert_eq!(who.return_to, "/", "no open redirect");
    assert!(matches!(w.client.finish(&browser.cookies(), &back).await, Err(ClientError::UnknownSignIn)), "once");

    let begin = w.client.begin("/", &[]).await.unwrap();
    browser.keep(&begin.set_cookie);
    let mut url = Url::parse(&begin.url).unwrap();
    let changed: Vec<(String, String)> = url
        .query_pairs()
        .map(|(n, v)| (n.to_string(), if n == "nonce" { "foreign".to_owned() } else { v.to_string() }))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(changed);
    let answer = browser.get(url.as_str()).await;
    let wrong = w.client.finish(&browser.cookies(), &callback(&answer.location)).await;
    assert!(matches!(wrong, Err(ClientError::InvalidToken("the nonce is not ours"))), "{wrong:?}");

    let begin = w.client.begin("/", &[]).await.unwrap();
    browser.keep(&begin.set_cookie);
    let answer = browser.get(&begin.url).await;
    w.clock.advance_ms(600_000);
    let late = w.client.finish(&browser.cookies(), &callback(&answer.location)).await;
    assert!(matches!(late, Err(ClientError::UnknownSignIn)));
}

#[tokio::test]
async fn answers_do_not_tell_who_has_an_account() {
    let w = world().await;
    w.account("known@example.com").await;
    let url = w.authorize_url(&[]);
    for step in ["email", "new", "password", "create", "forgot"] {
        let mut seen = Vec::new();
        for email in ["known@example.com", "other@example.com"] {
            let before = w.mails.0.lock().unwrap().len();
            let form = [("step", step), ("email", email), ("password", "not the password"), ("name", "X")];
            let answer = Browser::new(&w).post(&url, &form).await;
            let mails = w.mails.0.lock().unwrap().len() - before;
            let headers: Vec<_> = answer.headers.keys().map(|k| k.as_str().to_owned()).collect();
            seen.push((answer.status, answer.body.replace(email, "E"), mails, headers));
        }
        assert_eq!(seen[0], seen[1], "{step}");
    }
    let kinds: Vec<_> = w.mails.0.lock().unwrap().iter().map(|m| m.kind.clone()).collect();
    assert_eq!(kinds, [MailKind::AlreadyRegistered, MailKind::SignUp, MailKind::Reset, MailKind::NoAccount]);
}

#[tokio::test]
async fn links_of_an_account_go_to_its_own_address_however_it_is_written() {
    let w = world().await;
    w.account("Ada@example.com").await;
    let url = w.authorize_url(&[]);
    // Looked up as the same address, but another mailbox.
    for (step, kind) in [("forgot", MailKind::Reset), ("create", MailKind::AlreadyRegistered)] {
        let form = [("step", step), ("email", "ａda@example.com"), ("password", PASSWORD), ("name", "X")];
        assert_eq!(Browser::new(&w).post(&url, &form).await.status, StatusCode::OK);
        let mail = w.mails.last();
        assert_eq!((mail.kind, mail.to.as_str()), (kind, "Ada@example.com"));
    }
}

#[tokio::test]
async fn wrong_passwords_make_the_pause_grow_for_known_and_unknown_alike() {
    let w = world().await;
    w.account("ada@example.com").await;
    let url = w.authorize_url(&[]);
    for email in ["ada@example.com", "nobody@example.com"] {
        let mut browser = Browser::new(&w);
        let wrong = [("step", "password"), ("email", email), ("password", "not the password")];
        for _ in 0..5 {
            assert_eq!(browser.post(&url, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        for pause_ms in [30_000, 60_000, 120_000] {
            let right = [("step", "password"), ("email", email), ("password", PASSWORD)];
            w.clock.advance_ms(pause_ms - 1);
            assert_eq!(browser.post(&url, &right).await.status, StatusCode::TOO_MANY_REQUESTS, "{pause_ms}");
            w.clock.advance_ms(1);
            assert_eq!(browser.post(&url, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    w.clock.advance_ms(240_000);
    let mut browser = Browser::new(&w);
    w.sign_in(&mut browser, "ada@example.com").await;
    let wrong = [("step", "password"), ("email", "ada@example.com"), ("password", "not the password")];
    assert_eq!(browser.post(&url, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "success forgives");
}

#[tokio::test]
async fn the_owner_hears_of_a_browser_never_seen_before_and_can_take_the_account_back() {
    let w = world().await;
    w.account("ada@example.com").await;
    let mut own = Browser::new(&w);
    w.sign_in(&mut own, "ada@example.com").await;
    w.sign_in(&mut own, "ada@example.com").await;
    assert!(w.mails.0.lock().unwrap().is_empty(), "the first browser and a known one are nothing new");
    // Signed out and long away, but not for a year: still known.
    own.jar.remove("__Host-idp");
    w.clock.advance_ms(300 * 24 * 3_600_000);
    w.sign_in(&mut own, "ada@example.com").await;
    assert!(w.mails.0.lock().unwrap().is_empty());

    let mut thief = Browser::new(&w);
    let mallory = w.sign_in(&mut thief, "ada@example.com").await;
    let mail = w.mails.last();
    assert_eq!(mail.kind, MailKind::NewDevice { browser: None });
    assert_eq!(mail.to, "ada@example.com");
    let words = mail.render();
    assert!(words.text.contains("does not say its name") && words.html.contains("If that was you"), "{}", words.text);
    let token = link_token(&mail);
    let answer = own.post(&w.at("/oidc/reset"), &[("token", &token), ("password", "quite another one")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(w.client.refresh(mallory.tokens.refresh_token.as_ref().unwrap()).await.is_err(), "the thief is out");
    assert_eq!(w.mails.0.lock().unwrap().len(), 1, "one mail, and none for the owner's own reset");

    // Somebody else's browser that knows this account's cookie of another account is new to the other one.
    w.account("grace@example.com").await;
    w.sign_in(&mut Browser::new(&w), "grace@example.com").await;
    own.jar.remove("__Host-idp");
    w.sign_in(&mut own, "grace@example.com").await;
    assert_eq!(w.mails.last().to, "grace@example.com");
}

#[tokio::test]
async fn a_new_password_ends_everything_issued_before() {
    let w = world().await;
    w.account("ada@example.com").await;
    let mut browser = Browser::new(&w);
    let who = w.sign_in(&mut browser, "ada@example.com").await;
    let url = w.authorize_url(&[]);
    let mut other = Browser::new(&w);
    other.post(&url, &[("step", "forgot"), ("email", "ada@example.com")]).await;
    let token = link_token(&w.mails.last());
    let short = other.post(&w.at("/oidc/reset"), &[("token", &token), ("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = other.post(&w.at("/oidc/reset"), &[("token", &token), ("password", "quite another one")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(other.get(&w.at(&answer.location)).await.location.starts_with(&w.redirect_uri), "and goes on");
    assert_eq!(browser.get(&url).await.status, StatusCode::OK, "the first browser is signed out");
    let ended = w.client.refresh(who.tokens.refresh_token.as_ref().unwrap()).await;
    assert!(matches!(ended, Err(ClientError::Refused(e)) if e == "invalid_grant"));
}

#[tokio::test]
async fn bearer_tokens_end_with_everything_else_to_the_millisecond() {
    let w = world().await;
    let user = w.account("ada@example.com").await;
    let mut browser = Browser::new(&w);
    let info = async |token: &SecretString| {
        let url = w.at("/oidc/userinfo");
        reqwest::Client::new().get(url).bearer_auth(token.expose_secret()).send().await.unwrap().status()
    };
    // Before, ended and after within one second.
    w.clock.advance_ms(250);
    let before = w.sign_in(&mut browser, "ada@example.com").await.tokens.access_token;
    assert_eq!(info(&before).await, StatusCode::OK);
    w.clock.advance_ms(250);
    w.provider.accounts().revoke_all_sessions(&user).await.unwrap();
    w.clock.advance_ms(250);
    let after = w.sign_in(&mut browser, "ada@example.com").await.tokens.access_token;
    assert_eq!((info(&before).await, info(&after).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    // What the interface asks of a bearer's account.
    let account = w.provider.accounts().get(&user).await.unwrap().unwrap();
    for (token, ended) in [(&before, true), (&after, false)] {
        let claims = w.client.verify_access_token(token.expose_secret()).await.unwrap();
        assert_eq!(account.has_ended(claims.iat), ended);
    }
}

#[tokio::test]
async fn sessions_are_fresh_end_in_time_and_can_be_revoked() {
    let w = world().await;
    let user = w.account("ada@example.com").await;
    let mut browser = Browser::new(&w);
    let who = w.sign_in(&mut browser, "ada@example.com").await;
    browser.jar.insert("__Host-session".into(), "planted".into());
    let (_, cookie) = w.sessions.begin(&browser.cookies(), &who, "Firefox").await.unwrap();
    browser.keep(&cookie);
    assert_ne!(browser.jar["__Host-session"], "planted", "no fixation");
    assert!(w.sessions.resolve("__Host-session=planted").await.unwrap().is_none());
    let first = browser.cookies();
    let info = w.sessions.resolve(&first).await.unwrap().unwrap();
    assert_eq!((info.user_id.as_str(), info.roles.as_slice()), (user.as_str(), &["buyer".to_owned()][..]));

    let (_, cookie) = w.sessions.begin(&first, &who, "Firefox").await.unwrap();
    browser.keep(&cookie);
    assert!(w.sessions.resolve(&first).await.unwrap().is_none(), "a new sign-in ends the old session");
    assert_eq!(w.sessions.list(&user).await.unwrap().len(), 1);
    w.clock.advance_ms(29 * 86_400_000);
    assert!(w.sessions.resolve(&browser.cookies()).await.unwrap().is_some());
    w.clock.advance_ms(29 * 86_400_000);
    let seen = w.sessions.resolve(&browser.cookies()).await.unwrap().unwrap();
    assert_eq!(seen.last_seen_ms - seen.created_ms, 58 * 86_400_000);
    w.clock.advance_ms(30 * 86_400_000);
    assert!(w.sessions.resolve(&browser.cookies()).await.unwrap().is_none(), "idle");

    let (info, cookie) = w.sessions.begin("", &who, "Firefox").await.unwrap();
    browser.keep(&cookie);
    assert!(w.sessions.behind("u_other", &info.id).await.unwrap().is_none());
    assert!(!w.sessions.revoke("u_other", &info.id, Vec::new()).await.unwrap(), "only one's own");
    for _ in 0..3 {
        w.clock.advance_ms(25 * 86_400_000);
        assert!(w.sessions.resolve(&browser.cookies()).await.unwrap().is_some());
    }
    w.clock.advance_ms(15 * 86_400_000);
    assert!(w.sessions.resolve(&browser.cookies()).await.unwrap().is_none(), "90 days at most");
    w.sessions.begin("", &who, "").await.unwrap();
    let (_, cookie) = w.sessions.begin("", &who, "").await.unwrap();
    browser.keep(&cookie);
    assert!(w.sessions.revoke_all(&user).await.unwrap() >= 2);
    assert!(w.sessions.resolve(&browser.cookies()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_browser_that_is_signed_out_from_elsewhere_is_out_at_the_provider_too() {
    let w = world().await;
    let user = w.account("ada@example.com").await;
    let (mut own, mut stolen) = (Browser::new(&w), Browser::new(&w));
    let mine = w.sign_in(&mut own, "ada@example.com").await;
    let (mine_info, _) = w.sessions.begin("", &mine, "Firefox").await.unwrap();
    let theirs = w.sign_in(&mut stolen, "ada@example.com").await;
    let (info, _) = w.sessions.begin("", &theirs, "Firefox").await.unwrap();
    // Besides: a program's tokens got in that browser, a code that is not redeemed yet, a second session of the app.
    let verifier = "v".repeat(43);
    let code = w.raw_code(&mut stolen, &verifier).await;
    let (_, tokens) = w.redeem(&code, &verifier, &w.redirect_uri).await;
    let program = tokens["refresh_token"].as_str().unwrap().to_owned();
    let open = w.raw_code(&mut stolen, &verifier).await;
    w.sessions.begin("", &theirs, "Firefox").await.unwrap();
    assert_eq!(w.sessions.list(&user).await.unwrap().len(), 3);

    let behind = w.sessions.behind(&user, &info.id).await.unwrap().unwrap();
    for _ in 0..2 {
        w.provider.end_session(behind.sid.as_ref().unwrap()).await.unwrap();
    }
    assert!(w.sessions.revoke(&user, &info.id, Vec::new()).await.unwrap());
    let left: Vec<String> = w.sessions.list(&user).await.unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(left, [mine_info.id], "all of that browser, and no other");

    let url = w.authorize_url(&[]);
    assert_eq!(stolen.get(&url).await.status, StatusCode::OK, "a password is asked for");
    assert_eq!(own.get(&url).await.status, StatusCode::SEE_OTHER, "the owner's browser stays signed in");
    assert_eq!(w.redeem(&open, &verifier, &w.redirect_uri).await.1["error"], "invalid_grant");
    assert_eq!(w.refresh(&program).await.1["error"], "invalid_grant");
    assert!(w.client.refresh(theirs.tokens.refresh_token.as_ref().unwrap()).await.is_err());
    // Signing out in that browser takes nothing of this back.
    let asked = stolen.post(&w.at("/oidc/logout"), &[]).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert_eq!(w.refresh(&program).await.1["error"], "invalid_grant");
    let refreshed = w.client.refresh(mine.tokens.refresh_token.as_ref().unwrap()).await;
    assert!(refreshed.is_ok(), "{refreshed:?}");
}

#[tokio::test]
async fn two_requests_at_once_renew_once_and_roles_follow() {
    let w = world().await;
    let user = w.account("ada@example.com").await;
    let mut browser = Browser::new(&w);
    let who = w.sign_in(&mut browser, "ada@example.com").await;
    let (info, cookie) = w.sessions.begin("", &who, "").await.unwrap();
    browser.keep(&cookie);
    w.provider.accounts().set_roles(&user, &["buyer", "staff"]).await.unwrap();
    w.clock.advance_ms(15 * 60_000);
    assert!(w.sessions.resolve(&browser.cookies()).await.unwrap().unwrap().needs_renewal);
    // A second process has its own memory and the same store.
    let second = Sessions::new(w.table.clone(), w.clock.clone(), w.master.clone());
    let (a, b, c) = tokio::join!(
        w.sessions.access_token(&w.client, &info.id),
        second.access_token(&w.client, &info.id),
        w.sessions.access_token(&w.client, &info.id),
    );
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    assert_eq!(a.expose_secret(), b.expose_secret());
    assert_eq!(a.expose_secret(), c.expose_secret());
    let renewed = w.sessions.resolve(&browser.cookies()).await.unwrap().unwrap();
    assert!(!renewed.needs_renewal && renewed.roles == ["buyer", "staff"]);

    w.provider.accounts().revoke_all_sessions(&user).await.unwrap();
    w.clock.advance_ms(15 * 60_000);
    let ended = w.sessions.access_token(&w.client, &info.id).await;
    assert!(matches!(ended, Err(SessionError::Ended)), "{ended:?}");
    assert!(w.sessions.resolve(&browser.cookies()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_address_has_one_account() {
    let w = world().await;
    w.account("ada@example.com").await;
    let password = secret(PASSWORD);
    let new = || NewAccount { email: "ADA@example.com ", password: &password, name: "", roles: &[], verified: false };
    assert!(w.provider.accounts().create_account(new()).await.is_err());
    let (a, b) = tokio::join!(
        w.provider.accounts().create_account(NewAccount { email: "b@example.com", ..new() }),
        w.provider.accounts().create_account(NewAccount { email: "B@example.com", ..new() }),
    );
    assert!(a.is_ok() != b.is_ok(), "of two at once one wins");
}
