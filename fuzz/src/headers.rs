//! Addresses and headers of requests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use vitrine_blob::ByteRange;
use vitrine_identity::account::normalise_email;
use vitrine_identity::browser_name;
use vitrine_identity::client::local_path;
use vitrine_pricing::market::{MARKETS, choose_market};
use vitrine_server::web::csrf::{OwnOrigins, allows};
use vitrine_server::web::ctx;
use vitrine_server::web::files::attachment;
use vitrine_server::web::http::names_tag;
use vitrine_server::web::media::range_of;
use vitrine_shared::accept::{preferred, weights};
use vitrine_shared::query::{ListQuery, decode, encode};

use crate::text;

/// Query strings of lists: reading never fails, and an address made from what was read means the same. A value is decoded as every other
/// program does it.
pub(crate) fn query(bytes: &[u8]) {
    let text = text(bytes);
    let once = ListQuery::parse(&text);
    assert_eq!(ListQuery::parse(once.href("").trim_start_matches('?')), once);
    assert_eq!(decode(&encode(&text)), text);
    let pair = format!("v={}", text.replace('&', "%26"));
    let others = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned());
    assert_eq!(Some(decode(&text)), others);
    for (name, value) in once.chosen() {
        let _ = once.toggled(&name, &value).href("/catalog");
    }
}

/// The `Range` header: what is understood is a range, and written out again the same one.
pub(crate) fn range(bytes: &[u8]) {
    let of = |value: HeaderValue| range_of(&HeaderMap::from_iter([(header::RANGE, value)]));
    let Some(range) = HeaderValue::from_bytes(bytes).ok().and_then(of) else { return };
    let plain = match range {
        ByteRange::From(from) => format!("bytes={from}-"),
        ByteRange::Between(from, to) => {
            assert!(from <= to);
            format!("bytes={from}-{to}")
        }
        ByteRange::Last(count) => format!("bytes=-{count}"),
    };
    assert_eq!(HeaderValue::from_str(&plain).ok().and_then(of), Some(range));
    assert!(text(bytes).bytes().all(|b| b.is_ascii_alphanumeric() || b"=- \t".contains(&b)), "{bytes:?}");
}

/// Addresses of people, and names of files on saving.
pub(crate) fn names(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(email) = normalise_email(&text) {
        assert_eq!(normalise_email(&email).ok(), Some(email));
    }
    let saved = attachment(&text);
    assert!(HeaderValue::from_str(&saved).is_ok());
    assert!(!saved.contains(['/', '\\']));
}

/// Where people return to stays here.
pub(crate) fn way_back(bytes: &[u8]) {
    let text = text(bytes);
    let base = url::Url::parse("https://shop.test/");
    let host = base.ok().and_then(|b| b.join(local_path(&text)).ok()).and_then(|u| u.host_str().map(str::to_owned));
    assert_eq!(host.as_deref(), Some("shop.test"), "{text:?}");
}

/// Lines that can be the value of a header.
fn lines(bytes: &[u8]) -> impl Iterator<Item = HeaderValue> {
    bytes.split(|b| *b == b'\n').take(8).filter_map(|line| HeaderValue::from_bytes(line).ok())
}

/// `Host`, a line each: one counts, several are none; what comes out stands there, lower case, without port and final points.
pub(crate) fn host(bytes: &[u8]) {
    let mut request = Request::new(Body::empty());
    let said: Vec<HeaderValue> = lines(bytes).collect();
    for value in &said {
        request.headers_mut().append(header::HOST, value.clone());
    }
    let Some(host) = ctx::host(&request) else { return };
    assert_eq!(said.len(), 1);
    let said = said[0].to_str().unwrap_or_default().to_ascii_lowercase();
    let rest = said.strip_prefix(&host);
    assert!(!host.ends_with('.') && rest.is_some(), "{said:?} is {host:?}");
    let port = rest.unwrap_or_default().trim_start_matches('.');
    assert!(port.is_empty() || port[1..].bytes().all(|b| b.is_ascii_digit()), "{said:?} is {host:?}");
}

/// `X-Forwarded-For`, a line each: only proxies are believed, and what the nearest of them saw counts whatever stands before it.
pub(crate) fn forwarded(bytes: &[u8]) {
    let proxies = [IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))];
    let stranger = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
    let from = |ip: IpAddr, more: Option<&'static str>| {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ip, 1)));
        for value in lines(bytes).chain(more.map(HeaderValue::from_static)) {
            request.headers_mut().append("x-forwarded-for", value);
        }
        ctx::peer(&request, &proxies)
    };
    assert_eq!(from(stranger, None), Some(stranger));
    let seen = from(proxies[0], None);
    assert!(seen.is_some_and(|ip| ip == proxies[0] || !proxies.contains(&ip)), "{seen:?}");
    assert_eq!(from(proxies[0], Some("203.0.113.9")), Some(stranger));
    assert_eq!(from(proxies[0], Some("[203.0.113.9]")), Some(proxies[0]), "nothing left of what cannot be read counts");
    assert_eq!(from(proxies[0], Some("203.0.113.9:80, 10.0.0.2")), Some(stranger));
}

/// `Accept-Language` and `Accept-Encoding`: weights are such, the best come first, and written out again they are the same.
pub(crate) fn accept(bytes: &[u8]) {
    let text = text(bytes);
    let read: Vec<(&str, u16)> = weights(&text).collect();
    assert!(read.iter().all(|(name, weight)| *weight <= 1000 && !name.is_empty() && *name == name.trim()));
    let plain: Vec<String> = read.iter().map(|(n, w)| format!("{n};q={}.{:03}", w / 1000, w % 1000)).collect();
    let plain = plain.join(", ");
    assert_eq!(weights(&plain).collect::<Vec<_>>(), read);
    let best = preferred(&text);
    assert_eq!(best.len(), read.iter().filter(|(_, weight)| *weight > 0).count());
    if let (Some(first), Some(most)) = (best.first(), read.iter().map(|(_, weight)| *weight).max()) {
        assert_eq!(read.iter().find(|(_, weight)| *weight == most).map(|(name, _)| name), Some(first));
    }
}

/// `If-None-Match`: a tag is found where it stands and nowhere else.
pub(crate) fn tags(bytes: &[u8]) {
    const TAG: &str = "\"0123abcd\"";
    let text = text(bytes);
    let named = names_tag(&text, TAG);
    assert!(!named || text.trim() == "*" || text.contains(TAG), "{text:?}");
    for with in [format!("{text},{TAG}"), format!("W/{TAG} , {text}")] {
        assert!(names_tag(&with, TAG), "{with:?}");
    }
}

/// The preferences cookie: what is chosen is short, leads to a market there is, and the first one counts whatever follows.
pub(crate) fn preferences(bytes: &[u8]) {
    let text = text(bytes);
    let of =
        |cookie: &str| HeaderValue::from_str(cookie).ok().map(|value| HeaderMap::from_iter([(header::COOKIE, value)]));
    for cookie in [text.clone(), format!("{}={text}", ctx::PREFS_COOKIE)] {
        let Some(headers) = of(&cookie) else { continue };
        let chosen = ctx::chosen(&headers);
        assert!(chosen.lang.is_none_or(|lang| lang.len() <= 8));
        assert!(chosen.country.as_ref().is_none_or(|country| country.len() == 2));
        let (market, _) = choose_market(None, chosen.country.as_deref(), Some(&text));
        assert!(MARKETS.iter().any(|known| known.id == market.id));
        assert!(ctx::cookie(&headers, "a").is_none_or(|value| !value.contains(';')));
    }
    let ours = format!("{}=lang=de-DE&country=CH; {text}", ctx::PREFS_COOKIE);
    // A header that holds more than ASCII is passed over as a whole.
    if let Some(headers) = of(&ours).filter(|_| text.is_ascii()) {
        let chosen = ctx::chosen(&headers);
        assert_eq!((chosen.lang.as_deref(), chosen.country.as_deref()), (Some("de-DE"), Some("CH")));
    }
}

/// Where a change comes from, a header each line: with a cookie only our own pages may make one.
pub(crate) fn origins(bytes: &[u8]) {
    const OURS: &str = "https://shop.test";
    let mut headers = HeaderMap::new();
    for line in text(bytes).lines().take(8) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value.trim())) {
            headers.append(name, value);
        }
    }
    let own = OwnOrigins(vec![OURS.to_owned()]);
    headers.append(header::COOKIE, HeaderValue::from_static("__Host-session=x"));
    if allows(&Method::POST, &headers, &own) {
        let origins: Vec<&HeaderValue> = headers.get_all(header::ORIGIN).iter().collect();
        let same = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
        assert!(origins == [OURS] || origins.is_empty() && same, "{headers:?}");
    }
    headers.append(header::ORIGIN, HeaderValue::from_static("https://evil.test"));
    assert!(!allows(&Method::POST, &headers, &own), "{headers:?}");
}

/// `User-Agent`: what people read is one of a few names.
pub(crate) fn agent(bytes: &[u8]) {
    if let Some(name) = browser_name(&text(bytes)) {
        assert!(name.chars().count() <= 30 && name.chars().all(|c| c.is_alphabetic() || " ·".contains(c)), "{name}");
    }
}
