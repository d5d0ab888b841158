//! Finished public pages and answers of the public interface, kept in memory: one body per encoding, each compressed once, when it is
//! first asked for; the one that the page is made for before it is kept.
//!
//! Two ways lead here. Who says nothing of themselves is answered at the [`door`], before anything else works on the request, with the
//! same limits, headers and numbers as any other; everybody else, and whoever is the first, comes to [`layer`] through all walls.
//!
//! Policy: only what is the same for everybody with the same host, address, language, country and currency; at most [`MOST_BYTES`] in all,
//! the least used go first (moka's TinyLFU); nothing longer than [`LIFE`]. A page whose records changed is made anew by the next who
//! asks, once for all who wait. What is not found, moved or broken is never kept.
//!
//! Invariants: cookies other than the chosen place, currency and language never reach a kept page (`shop`: personal things come after
//! hydration); a page holds the number of the last change from before it was made.

use std::panic::catch_unwind;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use moka::future::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use vitrine_pricing::money::Currency;
use vitrine_server::changes::{Changes, Reads, Tag};
use vitrine_server::ctx::OpCtx;
use vitrine_server::web::ctx::{Country, Negotiate, host, names_caller, shown};
use vitrine_server::web::headers::{self, RequestId, Transport};
use vitrine_server::web::html::MAX_PAGE;
use vitrine_server::web::http::names_tag;
use vitrine_server::web::layers::Next;
use vitrine_server::web::limits::{Asks, Limits};
use vitrine_server::web::metrics::Answers;
use vitrine_shared::accept::weights;
use vitrine_shared::query::ListQuery;

/// Most bytes of all kept pages, bodies and names.
const MOST_BYTES: u64 = 32 << 20;
/// How long a page is kept, whatever happens: what begins at a moment shows after it and the life of the view below it.
const LIFE: Duration = Duration::from_secs(60);
/// Smaller bodies are sent as they are.
const WORTH_COMPRESSING: usize = 1024;
/// Up to so many bytes a body is packed where it was made, in a few milliseconds, as it was drawn there: handed to blocking threads one by
/// one, pages of sixteen clients woke two hundred of them, and each kept the memory that its last page took.
const PACKED_HERE: usize = 256 << 10;
/// Larger ones are packed apart, one after the other, whoever waits for them.
static APART: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Plain = 0,
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
    /// Of the body, without a coding.
    hash: String,
    plain: Bytes,
    forms: [OnceCell<Form>; 3],
    numbers: Answers,
    transport: Transport,
}

/// A page as it is sent in one coding.
struct Form {
    etag: String,
    /// All but those of the single request.
    headers: HeaderMap,
    body: Bytes,
}

impl Kept {
    fn weight(&self) -> usize {
        // Room for both packed forms, which may come later: brotli alone was a fifth of an item's page, an eighth of a list.
        4096 + self.plain.len() + self.plain.len() / 2 + self.tags.len() * 8
    }

    /// What is sent to who wants this coding.
    async fn form(&self, wanted: Coding) -> &Form {
        let wanted = if self.plain.len() < WORTH_COMPRESSING { Coding::Plain } else { wanted };
        let make = || async move {
            // It panicked, or is not worth it: the page is sent as it is.
            match packed(wanted, &self.plain).await.filter(|packed| packed.len() < self.plain.len()) {
                Some(packed) => self.formed(wanted, packed.into()),
                None => self.formed(Coding::Plain, self.plain.clone()),
            }
        };
        self.forms[wanted as usize].get_or_init(make).await
    }

    fn formed(&self, coding: Coding, body: Bytes) -> Form {
        let etag = format!("\"{}-{}\"", self.hash, coding.name());
        let mut headers = self.headers.clone();
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        let varies = if headers.contains_key(header::VARY) {
            HeaderValue::from_static("accept-encoding")
        } else {
            HeaderValue::from_static("accept-encoding, accept-language, cookie")
        };
        headers.append(header::VARY, varies);
        if coding != Coding::Plain {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        headers::dress(&mut headers, self.transport);
        Form { etag, headers, body }
    }

    async fn answer(&self, wanted: Coding, known: Option<&HeaderValue>) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if self.since.is_none() {
            *response.headers_mut() = self.headers.clone();
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(self.plain.len()));
            *response.body_mut() = Body::from(self.plain.clone());
            return response;
        }
        let form = self.form(wanted).await;
        *response.headers_mut() = form.headers.clone();
        let same = known.and_then(|k| k.to_str().ok()).is_some_and(|known| names_tag(known, &form.etag));
        if same {
            for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LENGTH] {
                response.headers_mut().remove(name);
            }
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = Body::from(form.body.clone());
        }
        response
    }
}

/// State of the layer. Cheap to clone.
#[derive(Clone)]
pub(super) struct PageCache {
    pages: Cache<String, Arc<Kept>>,
    changes: Changes,
    transport: Transport,
}

/// Whether the address is kept: a public page, or what the public interface says of works and makers.
fn is_kept(path: &str, query: &str) -> bool {
    let Some(asked) = path.strip_prefix("/api/public/catalog/") else { return is_public(path, query) };
    match asked.split_once('/') {
        Some(("items" | "artists", _)) => query.is_empty(),
        None if asked == "search" => query.is_empty() || is_written_so(path, query),
        _ => false,
    }
}

/// Whether a list's query is written as our links write it.
fn is_written_so(path: &str, query: &str) -> bool {
    ListQuery::parse(query).href(path).strip_prefix(path).and_then(|rest| rest.strip_prefix('?')) == Some(query)
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
        "catalog" | "search" if parts.next().is_none() => query.is_empty() || is_written_so(path, query),
        "eula" => query.is_empty() || of("version", |c| c.is_ascii_digit()),
        "podcasts" if parts.nth(1) == Some("transcript") => {
            query.is_empty() || of("language", |c| c.is_ascii_alphanumeric() || c == '-')
        }
        "" | "artists" | "authors" | "albums" | "books" | "videos" | "podcasts" | "policies" => query.is_empty(),
        handle => handle.starts_with('@') && parts.next().is_none() && query.is_empty(),
    }
}

impl PageCache {
    pub(super) fn new(changes: Changes, transport: Transport) -> Self {
        let weigh = |key: &String, page: &Arc<Kept>| u32::try_from(key.len() + page.weight()).unwrap_or(u32::MAX);
        let pages = Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).time_to_live(LIFE).build();
        Self { pages, changes, transport }
    }

    /// What tells kept pages apart; `None`: this request's answer is not kept.
    fn key(request: &Request, locale: &str, market: &str, country: &str, currency: Option<Currency>) -> Option<String> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        if request.method() != Method::GET || !is_kept(path, query) {
            return None;
        }
        let currency = currency.map_or("", Currency::code);
        Some([host(request)?.as_str(), path, query, locale, market, country, currency].join("\n"))
    }

    async fn fresh(&self, key: &str) -> Option<Arc<Kept>> {
        self.pages.get(key).await.filter(|page| self.is_fresh(page))
    }

    fn is_fresh(&self, page: &Kept) -> bool {
        page.since.is_some_and(|since| !self.changes.stale(since, &page.tags))
    }

    async fn make(&self, mut request: Request, next: Next, wanted: Coding) -> Arc<Kept> {
        metrics::counter!("page_cache_made_total").increment(1);
        let since = self.changes.now();
        let (reads, numbers) = (Reads::default(), Answers::of(&request));
        request.extensions_mut().insert(reads.clone());
        // What is made is kept for others: it is made whole.
        request.headers_mut().remove(header::IF_NONE_MATCH);
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
            forms: Default::default(),
            numbers,
            transport: self.transport,
        };
        // The outer layers know it too; problems are drawn from it.
        kept.headers.remove(header::CONTENT_LENGTH);
        if kept.since.is_some() {
            let tagged = kept.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
            kept.hash = match tagged {
                Some(tag) => tag.trim_matches('"').to_owned(),
                None => vitrine_server::media::hex(&Sha256::digest(&kept.plain)[..12]),
            };
            let _ = kept.form(wanted).await;
        }
        Arc::new(kept)
    }
}

/// A body in a coding; `None` for the plain one, and if it cannot be packed.
async fn packed(coding: Coding, plain: &Bytes) -> Option<Vec<u8>> {
    if coding == Coding::Plain || plain.len() <= PACKED_HERE {
        return catch_unwind(|| packed_as(coding, plain)).ok().flatten();
    }
    let (alone, plain) = (APART.clone().acquire_owned().await.ok()?, plain.clone());
    let packing = tokio::task::spawn_blocking(move || {
        let _alone = alone;
        packed_as(coding, &plain)
    });
    packing.await.ok().flatten()
}

/// A body in a coding; `None` for the plain one.
fn packed_as(coding: Coding, plain: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write as _;
    match coding {
        Coding::Plain => None,
        Coding::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(4));
            gzip.write_all(plain).and_then(|()| gzip.finish()).ok()
        }
        Coding::Brotli => {
            let mut brotli = Vec::with_capacity(plain.len() / 4);
            // Quality 4: a page lives a minute, and 5 takes two to three times as long for a twentieth fewer bytes. A window wider than the
            // page (RFC 7932, 9.1) would only be memory; below 18 bits this library searches so that it takes ten times as long.
            let window = (usize::BITS - plain.len().leading_zeros()).clamp(18, 22);
            let params = brotli::enc::BrotliEncoderParams {
                quality: 4,
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
    let told = (request.extensions().get::<OpCtx>(), request.extensions().get::<Country>());
    let (Some(ctx), Some(country)) = told else { return next.run(request).await };
    let Some(key) = PageCache::key(&request, &ctx.locale, &ctx.market, &country.0, ctx.currency) else {
        return next.run(request).await;
    };
    let wanted = Coding::of(request.headers());
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    if let Some(page) = cache.fresh(&key).await {
        metrics::counter!("page_cache_total", "result" => "hit").increment(1);
        return page.answer(wanted, known.as_ref()).await;
    }
    // Who waits for another's flight missed too; pages made are fewer.
    metrics::counter!("page_cache_total", "result" => "miss").increment(1);
    let (making, judge) = (cache.clone(), cache.clone());
    let entry = cache.pages.entry(key.clone());
    let made = entry
        .or_insert_with_if(async move { making.make(request, next, wanted).await }, |page| !judge.is_fresh(page))
        .await;
    let page = made.into_value();
    if page.since.is_none() {
        cache.pages.invalidate(&key).await;
    }
    page.answer(wanted, known.as_ref()).await
}

/// State of the [`door`], where what is kept is sent to who says nothing of themselves. Cheap to clone.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) cache: PageCache,
    pub(super) limits: Limits,
    pub(super) negotiate: Negotiate,
}

/// What the door reads of a request.
struct Asked {
    key: String,
    wanted: Coding,
    known: Option<HeaderValue>,
    asks: Asks,
    id: RequestId,
}

impl Door {
    /// `None`: the request is not one that the door answers.
    fn asked(&self, request: &Request) -> Option<Asked> {
        if names_caller(request.headers()) || !request.body().is_end_stream() {
            return None;
        }
        let shown = shown(request, &self.limits.trusted, self.negotiate);
        Some(Asked {
            key: PageCache::key(request, shown.locale, shown.market, &shown.country, shown.currency)?,
            wanted: Coding::of(request.headers()),
            known: request.headers().get(header::IF_NONE_MATCH).cloned(),
            asks: self.limits.asks(request),
            id: headers::request_id(request),
        })
    }

    /// A kept answer; `None`: the request goes on.
    async fn kept(&self, asked: &Asked, begun: Instant) -> Option<Response<Body>> {
        let page = self.cache.fresh(&asked.key).await?;
        let spent = self.limits.spend(asked.asks).await?;
        let mut response = page.answer(asked.wanted, asked.known.as_ref()).await;
        spent.tell(response.headers_mut());
        headers::name(response.headers_mut(), &asked.id);
        metrics::counter!("page_cache_total", "result" => "hit").increment(1);
        page.numbers.count(response.status(), begun);
        Some(response)
    }
}

/// The outermost layer: what is kept needs nothing that stands below.
pub(super) async fn door(State(door): State<Door>, request: Request, next: Next) -> Response<Body> {
    let begun = Instant::now();
    if let Some(asked) = door.asked(&request)
        && let Some(response) = door.kept(&asked, begun).await
    {
        return response;
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use tower::ServiceExt as _;
    use vitrine_server::web::layers::from_fn_with_state;

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
            ("/gift-cards/aurora", ""),
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
    fn pages_of_another_place_or_currency_are_other_pages() {
        let request =
            axum::http::Request::builder().uri("/").header("host", "shop.example").body(Body::empty()).unwrap();
        let key = |market, country, currency| PageCache::key(&request, "en-US", market, country, currency).unwrap();
        let keys = [
            key("no", "NO", None),
            key("no", "NO", Some(Currency::EUR)),
            key("no", "NO", Some(Currency::USD)),
            key("eu", "SE", None),
            key("eu", "DK", None),
        ];
        assert!(keys.iter().enumerate().all(|(i, key)| keys.iter().skip(i + 1).all(|other| other != key)));
    }

    #[test]
    fn of_the_public_interface_works_makers_and_lists_are_kept() {
        let below = |rest: &str| format!("/api/public/catalog/{rest}");
        for (path, query) in [("items/w_1", ""), ("artists/x", ""), ("search", ""), ("search", "q=sea")] {
            assert!(is_kept(&below(path), query), "{path}?{query}");
        }
        for (path, query) in [("items/w_1", "x=1"), ("items", ""), ("search", "cursor=p2"), ("search/x", ""), ("x", "")]
        {
            assert!(!is_kept(&below(path), query), "{path}?{query}");
        }
        for path in ["/api/cart", "/api/orders/o_1", "/api/entitlements", "/api/public/x"] {
            assert!(!is_kept(path, ""), "{path}");
        }
    }

    /// Pages of 128 KiB, counted as they are made.
    fn large_pages(cache: &PageCache, made: &Arc<AtomicUsize>) -> Router {
        let made = made.clone();
        let page = move || {
            made.fetch_add(1, Ordering::Relaxed);
            async { vec![b'x'; 128 << 10] }
        };
        Router::new().fallback(page).layer(from_fn_with_state(cache.clone(), layer))
    }

    async fn asked(shop: &Router, path: &str) -> usize {
        let mut request =
            Request::builder().uri(path).header("host", "shop.example").body(Body::empty()).expect("an address");
        request.extensions_mut().insert(OpCtx::system("test", 0));
        request.extensions_mut().insert(Country("DE".into()));
        let answer = shop.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        to_bytes(answer.into_body(), MAX_PAGE).await.expect("a body").len()
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_what_is_asked_for_often_stays() {
        let (cache, made) = (PageCache::new(Changes::default(), Transport::Plain), Arc::new(AtomicUsize::new(0)));
        let shop = large_pages(&cache, &made);
        for number in 0..600 {
            assert_eq!(asked(&shop, "/catalog").await, 128 << 10);
            assert_eq!(asked(&shop, &format!("/albums/x-{number}")).await, 128 << 10);
            cache.pages.run_pending_tasks().await;
            assert!(cache.pages.weighted_size() <= MOST_BYTES, "after {number}: {}", cache.pages.weighted_size());
        }
        // Pages that nobody asks for twice do not push out what everybody asks for.
        assert_eq!(made.load(Ordering::Relaxed), 601);
        let held = cache.pages.entry_count();
        assert!((100..=170).contains(&held), "{held} of 601 pages are held");
    }

    #[tokio::test]
    async fn who_asks_together_waits_for_one_page() {
        let (cache, made) = (PageCache::new(Changes::default(), Transport::Plain), Arc::new(AtomicUsize::new(0)));
        let shop = large_pages(&cache, &made);
        futures::future::join_all((0..64).map(|_| asked(&shop, "/catalog"))).await;
        assert_eq!(made.load(Ordering::Relaxed), 1);
        cache.changes.mark_all();
        futures::future::join_all((0..64).map(|_| asked(&shop, "/catalog"))).await;
        assert_eq!(made.load(Ordering::Relaxed), 2);
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
