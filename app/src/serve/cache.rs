//! Finished public pages, kept in memory: one body per encoding, each compressed once, when it is first asked for; the one that the
//! page is made for before it is kept.
//!
//! Policy: only pages that are the same for everybody with the same host, address, language and country; at most [`MOST_BYTES`] in all,
//! the least used go first (moka's TinyLFU); nothing longer than [`LIFE`]. A page whose records changed is made anew by the next who
//! asks, once for all who wait. What is not found, moved or broken is never kept.
//!
//! Invariants: cookies other than the chosen place and language never reach a kept page (`shop`: personal things come after
//! hydration); a page holds the number of the last change from before it was made.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::Next;
use moka::future::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use vitrine_server::changes::{Changes, Tag, tag};
use vitrine_server::ctx::OpCtx;
use vitrine_server::web::ctx::{Country, host};
use vitrine_server::web::html::MAX_PAGE;
use vitrine_server::web::http::names_tag;
use vitrine_shared::accept::weights;
use vitrine_shared::query::ListQuery;

/// Most bytes of all kept pages, bodies and names.
const MOST_BYTES: u64 = 32 << 20;
/// How long a page is kept, whatever happens: what begins at a moment shows after it and the life of the view below it.
const LIFE: Duration = Duration::from_secs(60);
/// Smaller bodies are sent as they are.
const WORTH_COMPRESSING: usize = 1024;

/// What a page was made from; the loaders fill it in.
#[derive(Clone, Default)]
pub(crate) struct Reads(Arc<Mutex<Vec<Tag>>>);

impl Reads {
    /// The page shows these partitions.
    pub(crate) fn note<'a>(&self, keys: impl IntoIterator<Item = &'a str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(keys.into_iter().map(tag));
    }

    fn take(&self) -> Vec<Tag> {
        let mut tags = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    Brotli,
}

impl Coding {
    /// The best one the caller reads (RFC 9110 §12.5.3; `q=0` refuses).
    fn of(headers: &HeaderMap) -> Self {
        let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let takes = |name: &str| weights(accepts).any(|(one, weight)| one.eq_ignore_ascii_case(name) && weight > 0);
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }
}

/// A finished page, or an answer that is not kept.
struct Kept {
    /// The number of the last change before it was made; `None`: not to be kept.
    since: Option<u64>,
    tags: Vec<Tag>,
    status: StatusCode,
    headers: HeaderMap,
    hash: String,
    plain: Bytes,
    /// `None` inside: not worth it.
    gzip: OnceCell<Option<Bytes>>,
    brotli: OnceCell<Option<Bytes>>,
}

impl Kept {
    fn weight(&self) -> usize {
        // Room for both packed forms, which may come later: brotli alone was a fifth of an item's page, an eighth of a list.
        1024 + self.plain.len() + self.plain.len() / 2 + self.tags.len() * 8
    }

    /// The body in a coding, and the coding it has.
    async fn body(&self, wanted: Coding) -> (Coding, &Bytes) {
        let packed = match wanted {
            Coding::Plain => return (Coding::Plain, &self.plain),
            Coding::Gzip => &self.gzip,
            Coding::Brotli => &self.brotli,
        };
        if self.since.is_none() || self.plain.len() < WORTH_COMPRESSING {
            return (Coding::Plain, &self.plain);
        }
        let made = packed.get_or_init(|| async {
            let plain = self.plain.clone();
            let packed =
                tokio::task::spawn_blocking(move || packed_as(wanted, &plain).filter(|p| p.len() < plain.len()));
            // It panicked: the page is sent as it is.
            packed.await.ok().flatten().map(Bytes::from)
        });
        made.await.as_ref().map_or((Coding::Plain, &self.plain), |packed| (wanted, packed))
    }

    async fn answer(&self, wanted: Coding, known: Option<&HeaderValue>) -> Response<Body> {
        let (coding, body) = self.body(wanted).await;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        let headers = response.headers_mut();
        if self.since.is_some() {
            let etag = format!("\"{}-{}\"", self.hash, coding.name());
            let same = known.and_then(|k| k.to_str().ok()).is_some_and(|known| names_tag(known, &etag));
            if let Ok(etag) = HeaderValue::from_str(&etag) {
                headers.insert(header::ETAG, etag);
            }
            headers.append(header::VARY, HeaderValue::from_static("accept-encoding, accept-language, cookie"));
            if same {
                headers.remove(header::CONTENT_TYPE);
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                return response;
            }
        }
        if coding != Coding::Plain {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = Body::from(body.clone());
        response
    }
}

/// State of the layer. Cheap to clone.
#[derive(Clone)]
pub(super) struct PageCache {
    pages: Cache<String, Arc<Kept>>,
    changes: Changes,
}

/// Whether the address is of a page that is the same for everybody, written as our links write it.
pub(super) fn is_public(path: &str, query: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    let of = |name: &str, fits: fn(char) -> bool| {
        let value = query.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
        value.is_some_and(|v| (1..=12).contains(&v.len()) && v.chars().all(fits))
    };
    match first {
        "catalog" | "search" if parts.next().is_none() => {
            query.is_empty() || ListQuery::parse(query).href(path) == format!("{path}?{query}")
        }
        "eula" => query.is_empty() || of("version", |c| c.is_ascii_digit()),
        "podcasts" if parts.nth(1) == Some("transcript") => {
            query.is_empty() || of("language", |c| c.is_ascii_alphanumeric() || c == '-')
        }
        "" | "artists" | "authors" | "albums" | "books" | "videos" | "podcasts" | "policies" => query.is_empty(),
        handle => handle.starts_with('@') && parts.next().is_none() && query.is_empty(),
    }
}

impl PageCache {
    pub(super) fn new(changes: Changes) -> Self {
        let weigh = |key: &String, page: &Arc<Kept>| u32::try_from(key.len() + page.weight()).unwrap_or(u32::MAX);
        Self { pages: Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).time_to_live(LIFE).build(), changes }
    }

    /// What tells kept pages apart; `None`: this request's answer is not kept.
    fn key(request: &Request) -> Option<String> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        if request.method() != Method::GET || !is_public(path, query) {
            return None;
        }
        let ctx = request.extensions().get::<OpCtx>()?;
        let country = request.extensions().get::<Country>()?;
        Some([host(request)?.as_str(), path, query, &ctx.locale, &ctx.market, &country.0].join("\n"))
    }

    fn fresh(&self, page: &Kept) -> bool {
        page.since.is_some_and(|since| !self.changes.stale(since, &page.tags))
    }

    async fn make(&self, mut request: Request, next: Next, wanted: Coding) -> Arc<Kept> {
        metrics::counter!("page_cache_made_total").increment(1);
        let since = self.changes.now();
        let reads = Reads::default();
        request.extensions_mut().insert(reads.clone());
        let (parts, body) = next.run(request).await.into_parts();
        let (status, plain) = match to_bytes(body, MAX_PAGE).await {
            Ok(bytes) => (parts.status, bytes),
            Err(error) => {
                tracing::error!(%error, "a page broke off");
                (StatusCode::INTERNAL_SERVER_ERROR, Bytes::new())
            }
        };
        let mut kept = Kept {
            since: (status == StatusCode::OK).then_some(since),
            tags: reads.take(),
            status,
            headers: parts.headers,
            hash: String::new(),
            plain,
            gzip: OnceCell::new(),
            brotli: OnceCell::new(),
        };
        // The outer layers know it too; problems are drawn from it.
        kept.headers.remove(header::CONTENT_LENGTH);
        if kept.since.is_some() {
            kept.hash = vitrine_server::media::hex(&Sha256::digest(&kept.plain)[..12]);
            let _ = kept.body(wanted).await;
        }
        Arc::new(kept)
    }
}

/// A body in a coding; `None` for the plain one.
fn packed_as(coding: Coding, plain: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write as _;
    match coding {
        Coding::Plain => None,
        Coding::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            gzip.write_all(plain).and_then(|()| gzip.finish()).ok()
        }
        Coding::Brotli => {
            let mut brotli = Vec::with_capacity(plain.len() / 4);
            // Quality 5: a page lives a minute, so the time to pack it counts more than the last bytes. A window wider than the page
            // (RFC 7932, 9.1) would only be memory.
            let window = (usize::BITS - plain.len().leading_zeros()).clamp(16, 22);
            let params = brotli::enc::BrotliEncoderParams {
                quality: 5,
                lgwin: i32::try_from(window).unwrap_or(22),
                size_hint: plain.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &plain[..], &mut brotli, &params).ok().map(|_| brotli)
        }
    }
}

/// The layer: answers from what is kept, or makes it.
pub(super) async fn layer(State(cache): State<PageCache>, request: Request, next: Next) -> Response<Body> {
    let Some(key) = PageCache::key(&request) else { return next.run(request).await };
    let wanted = Coding::of(request.headers());
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    if let Some(page) = cache.pages.get(&key).await.filter(|page| cache.fresh(page)) {
        metrics::counter!("page_cache_total", "result" => "hit").increment(1);
        return page.answer(wanted, known.as_ref()).await;
    }
    // Who waits for another's flight missed too; pages made are fewer.
    metrics::counter!("page_cache_total", "result" => "miss").increment(1);
    let (making, judge) = (cache.clone(), cache.clone());
    let entry = cache.pages.entry(key.clone());
    let made = entry
        .or_insert_with_if(async move { making.make(request, next, wanted).await }, |page| !judge.fresh(page))
        .await;
    let page = made.into_value();
    if page.since.is_none() {
        cache.pages.invalidate(&key).await;
    }
    page.answer(wanted, known.as_ref()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_as_our_links_write_them_are_kept() {
        for (path, query) in [
            ("/", ""),
            ("/catalog", ""),
            ("/catalog", "type=album"),
            ("/search", "q=sea"),
            ("/albums/x-w_1", ""),
            ("/podcasts/x-w_1/transcript/1", "language=pt-BR"),
            ("/eula/lic_1", "version=2"),
            ("/@aurora", ""),
            ("/policies/privacy", ""),
        ] {
            assert!(is_public(path, query), "{path}?{query}");
        }
        for (path, query) in [
            ("/cart", ""),
            ("/account", ""),
            ("/preview/w_1", ""),
            ("/letters/s/w", "proof=x"),
            ("/orders/co_1", ""),
            ("/albums/x-w_1", "utm=1"),
            ("/catalog", "type=album&nonsense=1"),
            ("/catalog/x", ""),
            ("/@aurora", "letters=sent"),
            ("/@aurora/x", ""),
            ("/eula/lic_1", "version=2&x=1"),
            ("/rpc/me/bar", ""),
            ("/anything", ""),
        ] {
            assert!(!is_public(path, query), "{path}?{query}");
        }
    }

    #[test]
    fn the_best_coding_that_is_not_refused() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            Coding::of(&headers)
        };
        assert_eq!(of("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(of("gzip;q=1.0, br;q=0"), Coding::Gzip);
        assert_eq!(of("identity"), Coding::Plain);
        assert_eq!(of("GZIP"), Coding::Gzip);
        assert_eq!(Coding::of(&HeaderMap::new()), Coding::Plain);
    }
}
