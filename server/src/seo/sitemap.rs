//! Robots and sitemaps (sitemaps.org 0.9): an index, one file of general pages, one per storefront and kind.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Status, WorkKind};
use vitrine_shared::views::card::work_href;

use super::{document, escape};
use crate::fault::Result;
use crate::rest::ProblemResponse;
use crate::state::App;

/// Most addresses of one file, by the protocol.
const MOST: usize = 50_000;
const XML: &str = "application/xml; charset=utf-8";

pub(super) async fn robots(State(app): State<App>) -> Response {
    let mut text = String::from("User-agent: *\n");
    for private in [
        "/account",
        "/admin",
        "/auth/",
        "/cart",
        "/checkout",
        "/d/",
        "/dev/",
        "/invoices",
        "/my-products",
        "/orders/",
        "/preview/",
        "/price/",
        "/problem/",
        "/rpc/",
        "/search",
        "/simulator/",
        "/studio",
    ] {
        text.push_str(&format!("Disallow: {private}\n"));
    }
    text.push_str(&format!("\nSitemap: {}/sitemap.xml\n", app.config.base_url()));
    document("text/plain; charset=utf-8", text)
}

pub(super) async fn index(State(app): State<App>) -> Response {
    let made = async {
        let base = app.config.base_url();
        let mut xml = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
        );
        let mut add = |name: &str| xml.push_str(&format!("<sitemap><loc>{base}/sitemaps/{name}.xml</loc></sitemap>\n"));
        add("pages");
        for store in app.catalog.records().stores().await? {
            let listed = app.catalog.records().tenant(&store.tenant).await?.is_some_and(|t| t.listed);
            for kind in WorkKind::ALL.iter().filter(|_| listed) {
                let (works, _) = app.catalog.records().works_of_tenant(&store.tenant, *kind, None).await?;
                if !works.is_empty() {
                    add(&format!("{}-{}", store.handle, kind.as_str()));
                }
            }
        }
        xml.push_str("</sitemapindex>\n");
        Ok(xml)
    };
    answer(made.await)
}

fn answer(made: Result<String>) -> Response {
    match made {
        Ok(xml) => document(XML, xml),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

fn urls(base: &str, paths: &[(String, String)]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for (path, changed) in paths {
        xml.push_str(&format!("<url><loc>{}</loc>", escape(&format!("{base}{path}"))));
        if !changed.is_empty() {
            xml.push_str(&format!("<lastmod>{}</lastmod>", escape(changed)));
        }
        xml.push_str("</url>\n");
    }
    xml.push_str("</urlset>\n");
    xml
}

pub(super) async fn store(State(app): State<App>, Path(name): Path<String>) -> Response {
    answer(of(&app, &name).await)
}

async fn of(app: &App, name: &str) -> Result<String> {
    let missing = || Problem::not_found("sitemap");
    let name = name.strip_suffix(".xml").ok_or_else(missing)?;
    let base = app.config.base_url();
    let records = app.catalog.records();
    let plain = |path: &str| (path.to_owned(), String::new());
    if name == "pages" {
        let mut paths = vec![plain("/"), plain("/catalog")];
        for policy in ["privacy", "withdrawal", "imprint", "contact"] {
            paths.push(plain(&format!("/policies/{policy}")));
        }
        for store in records.stores().await? {
            if records.tenant(&store.tenant).await?.is_some_and(|t| t.listed) {
                paths.push(plain(&format!("/@{}", store.handle)));
            }
        }
        return Ok(urls(&base, &paths));
    }
    let (handle, kind) = name.rsplit_once('-').ok_or_else(missing)?;
    let kind = WorkKind::parse(kind).ok_or_else(missing)?;
    let store = records.store_by_handle(handle).await?.ok_or_else(missing)?;
    if !records.tenant(&store.tenant).await?.is_some_and(|t| t.listed) {
        return Err(missing());
    }
    let mut paths = Vec::new();
    let mut cursor = None;
    while paths.len() < MOST {
        let (works, next) = records.works_of_tenant(&store.tenant, kind, cursor).await?;
        let public = works.iter().filter(|w| w.status == Status::Published && w.store == store.id);
        paths.extend(public.map(|w| {
            let published = w.published_ms.and_then(|ms| vitrine_pricing::date::Date::from_unix_ms(ms).ok());
            (work_href(w.kind, &w.slug, w.id.as_str()), published.map(|d| d.to_string()).unwrap_or_default())
        }));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    paths.truncate(MOST);
    Ok(urls(&base, &paths))
}
