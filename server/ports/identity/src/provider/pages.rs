//! The pages: plain forms, no script, one task each, with a way back on every one.

use maud::{DOCTYPE, Markup, html};

use super::request::AuthRequest;
use super::{OidcClient, Provider};
use crate::account::MIN_PASSWORD_CHARS;
use crate::locale::Locale;

/// What is wrong with what was sent, in words; `field` is the id of the input it is about.
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) text: String,
}

pub(super) fn email(p: &Provider, l: Locale, request: &AuthRequest, email: &str, fault: Option<&Fault>) -> Markup {
    let body = html! {
        (form(request, "email", html! {
            (input(l, "email", "idp-email", "email", "username", email, Some(l.text("idp-email-hint")), fault))
            (submit(l, "idp-continue"))
        }))
    };
    frame(p, l, "idp-sign-in-title", Some(&request.client), fault, body)
}

/// The same for known and unknown addresses: sign in, or create an account, or get a link.
pub(super) fn password(p: &Provider, l: Locale, request: &AuthRequest, email: &str, fault: Option<&Fault>) -> Markup {
    let body = html! {
        (whose(l, request, email))
        (form(request, "password", html! {
            input type="hidden" name="email" autocomplete="username" value=(email);
            (input(l, "password", "idp-password", "password", "current-password", "", None, fault))
            (submit(l, "idp-sign-in"))
        }))
        section aria-labelledby="other-ways" {
            h2 id="other-ways" { (l.text("idp-no-account")) }
            (form(request, "new", html! { input type="hidden" name="email" value=(email); (second(l, "idp-create")) }))
            h2 { (l.text("idp-forgot")) }
            (form(request, "forgot", html! {
                input type="hidden" name="email" value=(email); (second(l, "idp-forgot-send"))
            }))
        }
    };
    frame(p, l, "idp-password-title", Some(&request.client), fault, body)
}

pub(super) fn create(
    p: &Provider,
    l: Locale,
    request: &AuthRequest,
    email: &str,
    name: &str,
    fault: Option<&Fault>,
) -> Markup {
    let body = html! {
        (form(request, "create", html! {
            (input(l, "email", "idp-email", "email", "username", email, None, fault))
            (input(l, "name", "idp-name", "text", "name", name, Some(l.text("idp-name-hint")), fault))
            (new_password(l, fault))
            (submit(l, "idp-create"))
        }))
        (form(request, "email", html! { input type="hidden" name="email" value=(email); (second(l, "idp-have-account")) }))
    };
    frame(p, l, "idp-create-title", Some(&request.client), fault, body)
}

pub(super) fn sent(p: &Provider, l: Locale, request: &AuthRequest, email: &str) -> Markup {
    let hours = super::links::LINK_HOURS;
    let body = html! {
        p role="status" { (l.with("idp-sent", &[("email", email), ("hours", hours)])) }
        p { (l.text("idp-sent-missing")) }
        (start_again(l, &request.query))
    };
    frame(p, l, "idp-sent-title", Some(&request.client), None, body)
}

/// A mailed link that confirms an address; `ask` for the password where the browser is not the one that signed up.
pub(super) fn verify(
    p: &Provider,
    l: Locale,
    token: &str,
    email: &str,
    query: &str,
    ask: bool,
    fault: Option<&Fault>,
) -> Markup {
    let body = html! {
        p { (l.with("idp-verify-text", &[("email", email)])) }
        form method="post" action="/oidc/verify" {
            input type="hidden" name="token" value=(token);
            @if ask {
                (input(l, "password", "idp-verify-password", "password", "current-password", "",
                    Some(l.text("idp-verify-password-hint")), fault))
            }
            (submit(l, "idp-confirm"))
        }
        @if ask { p { (l.text("idp-verify-again")) } (start_again(l, query)) }
    };
    frame(p, l, "idp-verify-title", None, fault, body)
}

pub(super) fn reset(p: &Provider, l: Locale, token: &str, email: &str, fault: Option<&Fault>) -> Markup {
    let body = html! {
        p { (l.with("idp-reset-text", &[("email", email)])) }
        form method="post" action="/oidc/reset" {
            input type="hidden" name="token" value=(token);
            input type="hidden" name="email" autocomplete="username" value=(email);
            (new_password(l, fault))
            (submit(l, "idp-reset-save"))
        }
    };
    frame(p, l, "idp-reset-title", None, fault, body)
}

/// A link that grants nothing: used, too old, or for an address without account.
pub(super) fn dead_link(p: &Provider, l: Locale, nobody: Option<&str>, query: &str) -> Markup {
    let (title, text) = match nobody {
        Some(email) => ("idp-nobody-title", l.with("idp-nobody-text", &[("email", email)])),
        None => ("idp-link-gone-title", l.text("idp-link-gone-text")),
    };
    frame(p, l, title, None, None, html! { p { (text) } (start_again(l, query)) (homes(p, l)) })
}

pub(super) fn confirm_logout(p: &Provider, l: Locale, query: &str) -> Markup {
    let action = format!("/oidc/logout?{query}");
    let body = html! {
        p { (l.with("idp-logout-text", &[("site", &p.0.config.site_name)])) }
        form method="post" action=(action) { (submit(l, "idp-logout")) }
        (homes(p, l))
    };
    frame(p, l, "idp-logout-title", None, None, body)
}

pub(super) fn logged_out(p: &Provider, l: Locale) -> Markup {
    frame(p, l, "idp-logged-out-title", None, None, homes(p, l))
}

pub(super) fn refused(
    p: &Provider,
    l: Locale,
    title: &'static str,
    text: &str,
    exactly: Option<&str>,
    client: Option<&OidcClient>,
) -> Markup {
    let body = html! {
        p { (text) }
        @if let Some(uri) = exactly { p { code { (uri) } } }
        @match client {
            Some(client) => p { a href=(client.home_url) { (l.with("idp-back-to", &[("client", &client.name)])) } },
            None => (homes(p, l)),
        }
    };
    frame(p, l, title, None, None, body)
}

pub(super) fn fault(p: &Provider, l: Locale, id: &str) -> Markup {
    let body = html! { p { (l.with("idp-error-internal-text", &[("id", id)])) } (homes(p, l)) };
    frame(p, l, "idp-error-internal-title", None, None, body)
}

fn frame(
    p: &Provider,
    l: Locale,
    title: &str,
    client: Option<&OidcClient>,
    fault: Option<&Fault>,
    body: Markup,
) -> Markup {
    let title = l.text(title);
    let site = &p.0.config.site_name;
    let style = p.0.config.stylesheet.as_deref().unwrap_or("/oidc/style.css");
    html! {
        (DOCTYPE)
        html lang=(l.tag()) dir=(l.direction()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                // The title says first that something is wrong: it is what a screen reader speaks first.
                title { @if fault.is_some() { (l.text("idp-error-summary")) " – " } (title) " – " (site) }
                link rel="stylesheet" href=(style);
            }
            body {
                a.skip href="#main" { (l.text("idp-skip")) }
                header { p.site { (site) } }
                main id="main" {
                    h1 { (title) }
                    @if let Some(client) = client {
                        p.from {
                            (l.with("idp-from", &[("client", &client.name)])) " "
                            a href=(client.home_url) { (l.with("idp-back-to", &[("client", &client.name)])) }
                        }
                    }
                    @if let Some(fault) = fault {
                        div.fault role="alert" {
                            h2 { (l.text("idp-error-summary")) }
                            p { a href={ "#" (fault.field) } { (fault.text) } }
                        }
                    }
                    (body)
                }
            }
        }
    }
}

fn form(request: &AuthRequest, step: &str, fields: Markup) -> Markup {
    let action = format!("/oidc/authorize?{}", request.query);
    html! {
        form method="post" action=(action) { input type="hidden" name="step" value=(step); (fields) }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one input has that many properties, and a struct would only name them again"
)]
fn input(
    l: Locale,
    id: &str,
    label: &str,
    kind: &str,
    autocomplete: &str,
    value: &str,
    hint: Option<String>,
    fault: Option<&Fault>,
) -> Markup {
    let fault = fault.filter(|f| f.field == id);
    let hint_id = format!("{id}-hint");
    let fault_id = format!("{id}-fault");
    let described = match (&hint, fault) {
        (Some(_), Some(_)) => Some(format!("{fault_id} {hint_id}")),
        (Some(_), None) => Some(hint_id.clone()),
        (None, Some(_)) => Some(fault_id.clone()),
        (None, None) => None,
    };
    html! {
        div.field {
            label for=(id) { (l.text(label)) }
            @if let Some(hint) = hint { p.hint id=(hint_id) { (hint) } }
            @if let Some(fault) = fault { p.fault-text id=(fault_id) { (fault.text) } }
            input id=(id) name=(id) type=(kind) autocomplete=(autocomplete) value=(value)
                required[id != "name"] aria-describedby=[described] aria-invalid=[fault.map(|_| "true")];
        }
    }
}

fn new_password(l: Locale, fault: Option<&Fault>) -> Markup {
    let hint = l.with("idp-password-hint", &[("count", &MIN_PASSWORD_CHARS.to_string())]);
    input(l, "password", "idp-new-password", "password", "new-password", "", Some(hint), fault)
}

fn submit(l: Locale, label: &str) -> Markup {
    html! { button type="submit" { (l.text(label)) } }
}

fn second(l: Locale, label: &str) -> Markup {
    html! { button.second type="submit" { (l.text(label)) } }
}

fn whose(l: Locale, request: &AuthRequest, email: &str) -> Markup {
    let change = format!("/oidc/authorize?{}", request.query);
    html! {
        p { (l.with("idp-for-email", &[("email", email)])) " " a href=(change) { (l.text("idp-other-email")) } }
    }
}

fn start_again(l: Locale, query: &str) -> Markup {
    html! {
        @if !query.is_empty() { p { a href={ "/oidc/authorize?" (query) } { (l.text("idp-start-again")) } } }
    }
}

fn homes(p: &Provider, l: Locale) -> Markup {
    html! {
        ul.homes {
            @for client in &p.0.config.clients {
                li { a href=(client.home_url) { (l.with("idp-back-to", &[("client", &client.name)])) } }
            }
        }
    }
}
