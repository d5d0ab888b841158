//! The table of route classes: every address of the shop is in one, and each has its figures.

use axum::http::{HeaderMap, Method, Uri};
use serde::{Deserialize, Serialize};

/// What a request is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Static files, public media, files and chapters of what was bought.
    File,
    /// Public pages as our links write them: the page cache answers most of them.
    Page,
    /// Every other read: personal pages, pages made for the request, REST, feeds.
    Read,
    /// Searching and suggesting.
    Search,
    /// Carts and forms.
    Write,
    /// Passwords, mailed links, sessions.
    SignIn,
    /// What makes the shop send a mail to somebody.
    Mail,
    /// Placing and paying.
    Checkout,
    /// Making and opening links to files.
    Download,
    /// Import and export.
    Transfer,
    /// Webhooks and other programs that prove themselves.
    Machine,
    /// Secrets shown that were not right: keys, tokens, order keys, links.
    Guess,
}

/// How much of a count other nodes know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nothing: each node counts for itself.
    Local,
    /// All but the first block of a window, which costs no write. Goes on counting alone while the store is away.
    AfterFirst,
    /// All: a block is leased before the first is spent. Refuses while the store is away.
    All,
}

/// Figures of one class.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Which.
    pub class: Class,
    /// Names it in headers, numbers and the configuration.
    pub name: &'static str,
    /// Length of the window, seconds.
    pub window_secs: u32,
    /// Requests of one address in a window.
    pub address: u32,
    /// Requests of one account or API key in a window; 0: not counted.
    pub caller: u32,
    /// See [`Sharing`].
    pub sharing: Sharing,
}

const fn rule(
    class: Class,
    name: &'static str,
    window_secs: u32,
    [address, caller]: [u32; 2],
    sharing: Sharing,
) -> Rule {
    Rule { class, name, window_secs, address, caller, sharing }
}

/// The table. An address may be an office or a train: its figures are a few people's, an account's are one person's.
pub const RULES: [Rule; 12] = [
    rule(Class::File, "file", 60, [12_000, 0], Sharing::Local),
    rule(Class::Page, "page", 60, [3_000, 0], Sharing::Local),
    rule(Class::Read, "read", 60, [3_000, 1_200], Sharing::AfterFirst),
    rule(Class::Search, "search", 60, [1_200, 600], Sharing::AfterFirst),
    rule(Class::Write, "write", 60, [600, 300], Sharing::AfterFirst),
    rule(Class::SignIn, "sign-in", 600, [300, 0], Sharing::All),
    rule(Class::Mail, "mail", 3_600, [60, 60], Sharing::All),
    rule(Class::Checkout, "checkout", 60, [120, 60], Sharing::All),
    rule(Class::Download, "download", 60, [600, 300], Sharing::AfterFirst),
    rule(Class::Transfer, "transfer", 600, [60, 60], Sharing::All),
    rule(Class::Machine, "machine", 60, [30_000, 0], Sharing::Local),
    rule(Class::Guess, "guess", 600, [100, 0], Sharing::AfterFirst),
];

/// What the configuration says of the table: `limits.times` stretches all of it, a class's own key replaces its figures.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct Figures {
    /// All figures times this; 0: nothing is limited.
    pub times: u32,
    /// `[requests of an address, requests of an account or key]` in the class's window.
    pub file: Option<[u32; 2]>,
    /// As `file`.
    pub page: Option<[u32; 2]>,
    /// As `file`.
    pub read: Option<[u32; 2]>,
    /// As `file`.
    pub search: Option<[u32; 2]>,
    /// As `file`.
    pub write: Option<[u32; 2]>,
    /// As `file`.
    pub sign_in: Option<[u32; 2]>,
    /// As `file`.
    pub mail: Option<[u32; 2]>,
    /// As `file`.
    pub checkout: Option<[u32; 2]>,
    /// As `file`.
    pub download: Option<[u32; 2]>,
    /// As `file`.
    pub transfer: Option<[u32; 2]>,
    /// As `file`.
    pub machine: Option<[u32; 2]>,
    /// As `file`.
    pub guess: Option<[u32; 2]>,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            times: 1,
            file: None,
            page: None,
            read: None,
            search: None,
            write: None,
            sign_in: None,
            mail: None,
            checkout: None,
            download: None,
            transfer: None,
            machine: None,
            guess: None,
        }
    }
}

impl Figures {
    /// The table with these figures in it; `None`: nothing is limited.
    pub fn rules(&self) -> Option<[Rule; RULES.len()]> {
        (self.times > 0).then(|| {
            RULES.map(|rule| {
                let own = match rule.class {
                    Class::File => self.file,
                    Class::Page => self.page,
                    Class::Read => self.read,
                    Class::Search => self.search,
                    Class::Write => self.write,
                    Class::SignIn => self.sign_in,
                    Class::Mail => self.mail,
                    Class::Checkout => self.checkout,
                    Class::Download => self.download,
                    Class::Transfer => self.transfer,
                    Class::Machine => self.machine,
                    Class::Guess => self.guess,
                };
                let [address, caller] = own.unwrap_or([rule.address, rule.caller]);
                let (address, caller) = (address.saturating_mul(self.times), caller.saturating_mul(self.times));
                Rule { address, caller, ..rule }
            })
        })
    }
}

/// Whether a public address, by path and query, is one that the page cache keeps.
pub type IsKept = fn(&str, &str) -> bool;

/// The class of a request; `None`: never counted.
pub fn class(method: &Method, uri: &Uri, is_kept: IsKept) -> Option<Class> {
    let path = uri.path();
    let acts = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let parts: Vec<&str> = path.trim_matches('/').split('/').take(4).collect();
    let at = |n: usize| parts.get(n).copied().unwrap_or_default();
    Some(match (at(0), at(1)) {
        ("healthz" | "readyz", "") => return None,
        ("api", "health") => return None,
        ("assets" | "m" | "s" | "r" | "favicon.ico" | "robots.txt", _) => Class::File,
        ("d", _) | ("api", "downloads") => Class::Download,
        ("my-products" | "orders", _) if acts && parts.last() == Some(&"download") => Class::Download,
        ("oidc", "style.css") => Class::File,
        ("oidc", "token" | "revoke" | "jwks.json" | "userinfo") | (".well-known", _) => Class::Machine,
        ("api", "webhooks") => Class::Machine,
        ("letters", _) if acts && at(3) == "leave" => Class::Machine,
        ("oidc", _) if acts => Class::SignIn,
        ("auth", _) => Class::SignIn,
        ("letters", _) if acts && at(2) == "ask" => Class::Mail,
        ("orders", _) if acts && matches!(at(2), "ask" | "gift") => Class::Mail,
        ("studio", "orders") if acts && at(3) == "answer" => Class::Mail,
        ("studio", "letters") if acts => Class::Mail,
        ("checkout" | "gift-cards", _) | ("simulator", "pay") if acts => Class::Checkout,
        ("api", "checkout") => Class::Checkout,
        ("admin", "import") if acts => Class::Transfer,
        ("api", "admin") if acts => Class::Transfer,
        ("search", _) => Class::Search,
        ("rpc", "catalog") if matches!(at(2), "search" | "suggest" | "list") => Class::Search,
        ("api", "public") if at(3) == "search" => Class::Search,
        ("rpc", _) => Class::Read,
        _ if acts => Class::Write,
        _ if is_kept(path, uri.query().unwrap_or_default()) => Class::Page,
        _ => Class::Read,
    })
}

/// Whether a request shows a secret that somebody may be guessing.
pub fn shows_secret(uri: &Uri, headers: &HeaderMap) -> bool {
    if headers.contains_key("x-api-key") || headers.contains_key("authorization") {
        return true;
    }
    let mut parts = uri.path().trim_start_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    let has = |name: &str| uri.query().is_some_and(|q| q.split('&').any(|pair| pair.split('=').next() == Some(name)));
    match first {
        "d" | "s" | "r" => true,
        "orders" | "invoices" => has("key") || parts.count() > 1,
        "letters" => has("proof") || parts.count() > 2,
        // What the pages above ask for while the client draws them.
        "rpc" => matches!(
            (parts.next(), parts.next()),
            (Some("catalog"), Some("letters")) | (Some("me"), Some("invoice")) | (Some("trade"), Some("order"))
        ),
        // Discount codes that somebody may be trying.
        "cart" | "checkout" => parts.next() == Some("code"),
        "oidc" => has("token") || matches!(parts.next(), Some("token" | "revoke")),
        "api" => has("key") || matches!(parts.next(), Some("webhooks" | "downloads" | "pricing")),
        _ => false,
    }
}

/// Whether a page of another site made a browser ask, for something other than a page to go to.
pub fn is_embedded(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    said("sec-fetch-site") == Some("cross-site") && said("sec-fetch-dest").is_some_and(|to| to != "document")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, uri: &str) -> Option<Class> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        class(&method, &uri.parse().unwrap(), |path, query| path == "/catalog" && query.is_empty())
    }

    #[test]
    fn every_address_has_its_class() {
        for (method, uri, wanted) in [
            ("GET", "/healthz", None),
            ("GET", "/assets/x.js", Some(Class::File)),
            ("GET", "/r/token/page.xhtml", Some(Class::File)),
            ("GET", "/catalog", Some(Class::Page)),
            ("HEAD", "/catalog", Some(Class::Page)),
            ("GET", "/catalog?made=1", Some(Class::Read)),
            ("GET", "/account", Some(Class::Read)),
            ("GET", "/search?q=x", Some(Class::Search)),
            ("POST", "/rpc/catalog/suggest", Some(Class::Search)),
            ("GET", "/api/public/catalog/search?q=x", Some(Class::Search)),
            ("GET", "/api/public/catalog/items/w_1", Some(Class::Read)),
            ("GET", "/rpc/me/bar", Some(Class::Read)),
            ("POST", "/cart/add", Some(Class::Write)),
            ("POST", "/cart/code", Some(Class::Write)),
            ("POST", "/checkout/code", Some(Class::Checkout)),
            ("PUT", "/api/cart/v_1", Some(Class::Write)),
            ("DELETE", "/anything", Some(Class::Write)),
            ("GET", "/oidc/authorize?x=1", Some(Class::Read)),
            ("POST", "/oidc/authorize?x=1", Some(Class::SignIn)),
            ("POST", "/oidc/reset", Some(Class::SignIn)),
            ("GET", "/auth/loginCallback", Some(Class::SignIn)),
            ("POST", "/oidc/token", Some(Class::Machine)),
            ("POST", "/api/webhooks/simulator", Some(Class::Machine)),
            ("POST", "/letters/s_1/w/leave?proof=x", Some(Class::Machine)),
            ("POST", "/letters/s_1/ask", Some(Class::Mail)),
            ("POST", "/orders/o_1/ask", Some(Class::Mail)),
            ("POST", "/studio/orders/o_1/answer", Some(Class::Mail)),
            ("POST", "/checkout/place", Some(Class::Checkout)),
            ("GET", "/checkout", Some(Class::Read)),
            ("POST", "/api/checkout/create-session", Some(Class::Checkout)),
            ("POST", "/simulator/pay/x", Some(Class::Checkout)),
            ("POST", "/my-products/download", Some(Class::Download)),
            ("POST", "/orders/o_1/download", Some(Class::Download)),
            ("GET", "/d/token", Some(Class::Download)),
            ("POST", "/api/downloads/link", Some(Class::Download)),
            ("POST", "/admin/import/upload", Some(Class::Transfer)),
            ("POST", "/api/admin/catalog/import", Some(Class::Transfer)),
            ("POST", "/admin/orders/o_1/refund", Some(Class::Write)),
        ] {
            assert_eq!(of(method, uri), wanted, "{method} {uri}");
        }
    }

    #[test]
    fn secrets_are_known_where_they_are_shown() {
        let shown = |uri: &str, header: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(name, "x".parse().unwrap());
            }
            shows_secret(&uri.parse().unwrap(), &headers)
        };
        for uri in [
            "/d/x",
            "/orders/o_1?key=x",
            "/api/orders/o_1?key=x",
            "/letters/s/w?proof=x",
            "/letters/s/w/confirm",
            "/rpc/trade/order",
            "/rpc/me/invoice",
            "/orders/o_1/download",
            "/cart/code",
            "/checkout/code",
            "/api/pricing/quote",
        ] {
            assert!(shown(uri, None), "{uri}");
        }
        for uri in ["/catalog", "/orders/o_1", "/api/cart", "/search?q=key", "/letters/s/ask", "/rpc/trade/cart"] {
            assert!(!shown(uri, None), "{uri}");
            assert!(shown(uri, Some("x-api-key")) && shown(uri, Some("authorization")), "{uri}");
        }
    }

    #[test]
    fn figures_are_set_by_class_and_for_all() {
        let figures = Figures { times: 2, search: Some([10, 5]), ..Figures::default() };
        let rules = figures.rules().unwrap();
        let of = |class| rules.iter().find(|r| r.class == class).unwrap();
        assert_eq!((of(Class::Search).address, of(Class::Search).caller), (20, 10));
        assert_eq!(of(Class::Page).address, 6_000);
        assert!(Figures { times: 0, ..Figures::default() }.rules().is_none());
        // The rule of a class is found by its number.
        for (number, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.class as usize, number);
        }
    }
}
