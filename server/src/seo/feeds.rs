//! Feeds (RSS 2.0): new works of the marketplace or of one storefront, and a podcast with its free previews for any app.

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use vitrine_pricing::date::Date;
use vitrine_shared::Problem;
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::query::ListQuery;
use vitrine_shared::views::{CardView, WorkView};

use super::{document, escape};
use crate::catalog::pages::Found;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::rest::ProblemResponse;
use crate::state::App;

const RSS: &str = "application/rss+xml; charset=utf-8";

fn answer(made: Result<String>) -> Response {
    match made {
        Ok(xml) => document(RSS, xml),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

pub(super) async fn list(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(name): Path<String>,
) -> Response {
    answer(new_works(&app, &ctx, &name).await)
}

struct Channel<'a> {
    title: &'a str,
    link: &'a str,
    own: &'a str,
    about: &'a str,
    language: &'a str,
}

fn open(channel: &Channel<'_>) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" \
         xmlns:podcast=\"https://podcastindex.org/namespace/1.0\">\n<channel>\n<title>{}</title>\n<link>{}</link>\n\
         <description>{}</description>\n<language>{}</language>\n\
         <atom:link href=\"{}\" rel=\"self\" type=\"application/rss+xml\"/>\n",
        escape(channel.title),
        escape(channel.link),
        escape(channel.about),
        escape(channel.language),
        escape(channel.own),
    )
}

fn line(card: &CardView) -> String {
    card.makers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ")
}

async fn new_works(app: &App, ctx: &OpCtx, name: &str) -> Result<String> {
    let missing = || Problem::not_found("feed");
    let name = name.strip_suffix(".xml").ok_or_else(missing)?;
    let base = app.config.base_url();
    let shop = (name != "new").then(|| name.to_owned());
    let (title, link) = match &shop {
        None => ("Vitrine".to_owned(), format!("{base}/catalog?sort=newest")),
        Some(handle) => {
            let store = app.catalog.records().store_by_handle(handle).await?.ok_or_else(missing)?;
            let listed = app.catalog.records().tenant(&store.tenant).await?.is_some_and(|t| t.listed);
            if !listed {
                return Err(missing());
            }
            (store.name, format!("{base}/@{handle}"))
        }
    };
    let query = ListQuery { shop, sort: vitrine_shared::query::Sort::Newest, ..ListQuery::default() };
    let (view, _) = app.catalog.list(ctx, &query, "/catalog").await?;
    let own = format!("{base}/feeds/{name}.xml");
    let channel = Channel { title: &title, link: &link, own: &own, about: &title, language: &ctx.locale };
    let mut xml = open(&channel);
    for card in &view.cards {
        let address = format!("{base}{}", card.href);
        let mut what = line(card);
        if let Some(price) = &card.price {
            what = format!("{what} · {}", price.text);
        }
        xml.push_str(&format!(
            "<item><title>{}</title><link>{}</link><guid isPermaLink=\"true\">{}</guid><description>{}</description></item>\n",
            escape(&card.title),
            escape(&address),
            escape(&address),
            escape(&what),
        ));
    }
    xml.push_str("</channel>\n</rss>\n");
    Ok(xml)
}

pub(super) async fn podcast(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
) -> Response {
    match app.catalog.work(&ctx, WorkKind::Podcast, &id).await {
        Ok(Found::Here(view)) => answer(episodes(&app, &ctx, &view).await),
        Ok(Found::Moved(path)) => axum::response::Redirect::permanent(&format!("{path}/feed.xml")).into_response(),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn episodes(app: &App, ctx: &OpCtx, view: &WorkView) -> Result<String> {
    let base = app.config.base_url();
    let place = app.catalog.place(ctx);
    let link = format!("{base}{}", view.canonical);
    let own = format!("{link}/feed.xml");
    let about = if view.lead.is_empty() { view.card.title.clone() } else { view.lead.clone() };
    let language = if view.card.language.is_empty() { "en" } else { &view.card.language };
    let channel = Channel { title: &view.card.title, link: &link, own: &own, about: &about, language };
    let mut xml = open(&channel);
    let by = line(&view.card);
    xml.push_str(&format!(
        "<itunes:author>{}</itunes:author>\n<itunes:explicit>false</itunes:explicit>\n",
        escape(&by)
    ));
    if let Some(cover) = &view.card.cover {
        xml.push_str(&format!("<itunes:image href=\"{}\"/>\n", escape(&cover.src)));
    }
    let bundle = match view.card.id.parse() {
        Ok(id) => app.catalog.records().bundle(&id).await?,
        Err(_) => None,
    };
    let parts: Vec<_> = bundle.iter().flat_map(|b| b.work.shown_parts()).collect();
    for part in &parts {
        let mut enclosure = String::new();
        for text in &part.transcripts {
            enclosure.push_str(&format!(
                "<podcast:transcript url=\"{}\" type=\"text/vtt\" language=\"{}\"/>",
                escape(&place.file(&text.key)),
                escape(&text.language),
            ));
        }
        if let Some(preview) = &part.preview {
            // The length is the file's, in bytes; without the file there is nothing to fetch.
            if let Ok(meta) = app.blob.head(&preview.key, None).await {
                enclosure.push_str(&format!(
                    "<enclosure url=\"{}\" length=\"{}\" type=\"{}\"/>",
                    escape(&place.file(&preview.key)),
                    meta.size,
                    escape(&preview.content_type),
                ));
            }
        }
        let date = part.date.as_deref().and_then(|d| d.parse::<Date>().ok());
        let date = date.map(|d| format!("<pubDate>{}</pubDate>", d.rfc2822())).unwrap_or_default();
        let season = part.group.map(|g| format!("<itunes:season>{g}</itunes:season>")).unwrap_or_default();
        xml.push_str(&format!(
            "<item><title>{}</title><link>{}</link><guid isPermaLink=\"false\">{}</guid><description>{}</description>\
             {date}{season}<itunes:episode>{}</itunes:episode>{enclosure}</item>\n",
            escape(&part.title),
            escape(&link),
            escape(part.id.as_str()),
            escape(&part.notes_html),
            part.number,
        ));
    }
    xml.push_str("</channel>\n</rss>\n");
    Ok(xml)
}
