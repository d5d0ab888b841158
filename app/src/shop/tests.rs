//! Pages drawn as the server draws them, from view models with awkward contents: long, right to left, other scripts,
//! nothing. With `VITRINE_RENDER_DIR` set, the documents are also written there, to be looked at in a browser.

use std::rc::Rc;

use dioxus::history::{History, MemoryHistory};
use dioxus::prelude::*;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Attribution, Credit, Facts, Link as Elsewhere, WorkKind};
use vitrine_shared::views::*;

use super::frame::{MarketRoom, Me};
use super::pages::{CatalogBody, EulaBody, HomeBody, MakerBody, SearchBody, StorefrontBody, WorkBody};
use super::parts::FaultPage;
use super::player::{Player, PlayerBar};
use super::prefs::PrefsDialog;
use crate::i18n::{Texts, direction};
use vitrine_ui::prelude::*;

mod rights;
mod trade;

#[derive(Clone)]
enum Sample {
    Home(Box<HomeView>),
    Catalog(CatalogView),
    Search(SearchView),
    Work(Box<WorkView>),
    Maker(MakerView),
    Store(Box<StoreView>),
    Licence(LicenceView),
    Fault(Problem),
    Rights(rights::Sample),
    Trade(Box<trade::Sample>),
}

#[derive(Clone, Debug, PartialEq, Routable)]
enum Stage {
    #[route("/")]
    Drawn {},
}

#[component]
fn Drawn() -> Element {
    let player = Player::provide();
    let toasts = Toasts::provide();
    let me = use_signal(|| None);
    use_context_provider(|| Me(me));
    let body = match use_context::<Sample>() {
        Sample::Home(view) => rsx! { MarketRoom { HomeBody { view: *view } } },
        Sample::Catalog(view) => rsx! { MarketRoom { CatalogBody { view } } },
        Sample::Search(view) => rsx! { MarketRoom { SearchBody { view } } },
        Sample::Work(view) => rsx! { MarketRoom { WorkBody { view: *view } } },
        Sample::Maker(view) => rsx! { MarketRoom { MakerBody { view } } },
        Sample::Store(view) => rsx! { StorefrontBody { view: *view } },
        Sample::Licence(view) => rsx! { MarketRoom { EulaBody { view } } },
        Sample::Rights(sample) => rsx! { MarketRoom { {rights::body(sample)} } },
        Sample::Trade(sample) => rsx! { MarketRoom { {trade::body(*sample)} } },
        Sample::Fault(problem) => rsx! { MarketRoom { FaultPage { problem, meant: "blue moon" } } },
    };
    rsx! {
        {body}
        PlayerBar { player }
        PrefsDialog {}
        ToastRegion { toasts, label: "messages", dismiss: "dismiss" }
    }
}

fn draw(name: &str, locale: &str, sample: Sample) -> String {
    let mut dom = VirtualDom::new(|| rsx! { Router::<Stage> {} });
    dom.provide_root_context(Rc::new(MemoryHistory::with_initial_path("/")) as Rc<dyn History>);
    dom.provide_root_context(Texts::of(locale));
    dom.provide_root_context(sample);
    dom.rebuild_in_place();
    let html = dioxus_ssr::render(&dom);
    if let Some(dir) = std::env::var_os("VITRINE_RENDER_DIR") {
        let sheets = ["tokens", "base", "ui", "tints", "shop"]
            .map(|s| format!("<link rel=stylesheet href=\"/css/{s}.css\">"))
            .concat();
        let brands: String = ["aurora", "folio", "arcade"]
            .map(|b| format!("<link rel=stylesheet href=\"/css/brands/{b}.css\">"))
            .concat();
        let page = format!(
            "<!DOCTYPE html><html lang=\"{locale}\" dir=\"{}\"><head><meta charset=utf-8><meta name=viewport content=\"width=device-width, initial-scale=1\">\
             <title>{name}</title>{sheets}{brands}</head><body><div id=main>{html}</div></body></html>",
            direction(locale)
        );
        std::fs::write(std::path::Path::new(&dir).join(format!("{name}-{locale}.html")), page)
            .expect("a place to write");
    }
    html
}

fn image(n: u8, width: u32, height: u32) -> ImageView {
    let color = ["#b5432e", "#2e5f8a", "#3d6b4a", "#c9a227", "#5b3a78", "#22252b"][usize::from(n) % 6];
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'><rect width='100%' height='100%' fill='{color}'/>\
         <circle cx='{}' cy='{}' r='{}' fill='%23f4ead5' fill-opacity='.85'/><path d='M0 {height}L{width} {}V{height}z' fill='%23000' fill-opacity='.3'/></svg>",
        width / 3 + u32::from(n) * 17 % width,
        height / 3,
        width / 5,
        height / 2
    );
    ImageView {
        alt: String::new(),
        width,
        height,
        tint: n * 11 % 64,
        color: color.into(),
        src: format!("data:image/svg+xml,{}", svg.replace('#', "%23")),
        sources: vec![],
    }
}

fn price(text: &str, from: bool) -> Option<PriceView> {
    Some(PriceView {
        text: text.into(),
        tax_word: "tax-incl-vat".into(),
        from,
        minor: 900,
        currency: "EUR".into(),
        exponent: 2,
        ..PriceView::default()
    })
}

fn named(name: &str, latin: Option<&str>, href: &str) -> Named {
    Named { name: name.into(), latin: latin.map(Into::into), href: href.into() }
}

/// Title, title in Latin letters, language, maker, maker in Latin letters.
type Work = (&'static str, Option<&'static str>, &'static str, &'static str, Option<&'static str>);

const TITLES: [Work; 8] = [
    ("The Northern Campaign", None, "en", "Wesnoth Music Team", None),
    (
        "An Incomplete and Occasionally Unreliable History of Everything That Ever Happened at Night, Vol. II",
        None,
        "en",
        "Zdzisława Brzęczyszczykiewicz-Łukasiewicz",
        None,
    ),
    ("夜のピアノ", Some("Yoru no piano"), "ja", "山田 花子", Some("Yamada Hanako")),
    ("أغاني البحر", Some("Aghani al-bahr"), "ar", "فرقة الشاطئ", Some("Firqat ash-shati")),
    ("Straße", None, "de", "Ägidius Öberg", None),
    ("Low", None, "en", "M", None),
    ("Ćma", None, "pl", "Nowa Fala", None),
    ("Dust & Diesel", None, "en", "Various Artists", None),
];

fn card(n: u8) -> CardView {
    let (title, latin, language, maker, maker_latin) = TITLES[usize::from(n) % 8];
    let kind = WorkKind::ALL[usize::from(n) % 4];
    let tall = kind == WorkKind::Book;
    CardView {
        id: format!("w_{n}"),
        kind,
        href: format!("/{}/work-w_{n}", kind.segment()),
        title: title.into(),
        latin: latin.map(Into::into),
        language: language.into(),
        makers: vec![named(maker, maker_latin, &format!("/artists/maker-{n}"))],
        cover: (n % 7 != 6).then(|| image(n, 800, if tall { 1200 } else { 800 })),
        price: if n == 5 {
            None
        } else {
            price(if n.is_multiple_of(3) { "€9.00" } else { "CHF 1’249.00" }, n.is_multiple_of(2))
        },
        year: Some(2019 + i32::from(n % 6)),
        play: (kind == WorkKind::Album).then(|| play(n)),
        store: named("Aurora Records", None, "/@aurora"),
    }
}

fn play(n: u8) -> PlayView {
    PlayView {
        src: format!("/previews/{n}.ogg"),
        content_type: "audio/ogg".into(),
        title: format!("Track {n}"),
        by: "Wesnoth Music Team".into(),
        peaks: (0..120u32).map(|i| ((i * 37 + u32::from(n) * 11) % 255) as u8).collect(),
        length_ms: Some(30_000),
        captions: vec![("de".into(), "/media/c.vtt".into())],
    }
}

fn facet(name: &str, values: &[(&str, &str, u64, bool)]) -> FacetView {
    FacetView {
        name: name.into(),
        values: values
            .iter()
            .map(|(value, key, count, active)| FacetValue {
                value: (*value).into(),
                label_key: (*key).into(),
                count: *count,
                active: *active,
                href: format!("/catalog?{name}={value}"),
            })
            .collect(),
    }
}

fn store(brand: &str, name: &str) -> StoreCard {
    StoreCard {
        handle: format!("@{brand}"),
        name: name.into(),
        tagline: "Records pressed slowly, files sold fairly, since 2011.".into(),
        href: format!("/@{brand}"),
        brand: brand.into(),
        covers: vec![image(1, 800, 800), image(2, 800, 1200), image(3, 800, 800)],
    }
}

fn feature(n: u8) -> FeatureView {
    FeatureView {
        card: card(n),
        reason: "feature-newest".into(),
        lead: "Eleven pieces for orchestra and folk ensemble, written over ten years by people who had never met."
            .into(),
    }
}

fn home() -> HomeView {
    HomeView {
        feature: Some(feature(0)),
        newest: (0..8).map(card).collect(),
        kinds: vec![(WorkKind::Book, vec![card(1), card(5), card(9), card(13)])],
        genres: facet(
            "genre",
            &[("ambient", "", 412, false), ("orchestral", "", 96, false), ("science-fiction", "", 1203, false)],
        )
        .values,
        stores: vec![
            store("aurora", "Aurora Records"),
            store("folio", "Folio & Daughters, Booksellers"),
            store("arcade", "Arcade"),
        ],
        total: 5123,
    }
}

fn catalog(cards: u8) -> CatalogView {
    CatalogView {
        query: String::new(),
        total: u64::from(cards) * 40,
        cards: (0..cards).map(card).collect(),
        facets: vec![
            facet("type", &[("album", "kind-album", 3011, true), ("book", "kind-book", 1204, false)]),
            facet("genre", &[("ambient", "", 412, false), ("orchestral", "", 96, true)]),
            facet("year", &[("2024", "", 88, false)]),
        ],
        chips: facet("type", &[("album", "kind-album", 1204, true), ("orchestral", "", 3011, true)]).values,
        clear_href: "/catalog".into(),
        sorts: facet("sort", &[("newest", "sort-newest", 0, true), ("title", "sort-title", 0, false)]).values,
        page: 3,
        pages: if cards == 0 { 1 } else { 42 },
        page_links: [1, 2, 3, 4, 42].map(|n| (n, format!("/catalog?page={n}"))).to_vec(),
        canonical: "/catalog?type=album".into(),
        hidden: vec![("type".into(), "album".into())],
    }
}

fn work(n: u8) -> WorkView {
    let card = card(n);
    let edition = |v: &str, title: &str, physical: bool, stock: Option<i64>, minimum: Option<&str>| EditionView {
        steps: vec![],
        variant: v.into(),
        title: title.into(),
        variant_title: if physical { "Black vinyl, 180 g".into() } else { String::new() },
        physical,
        formats: if physical {
            vec![]
        } else {
            vec![("Ogg Vorbis".into(), "61 MB".into()), ("MP3".into(), "74 MB".into())]
        },
        price: price(if physical { "€28.00" } else { "€9.00" }, false).map(|p| PriceView {
            minimum: minimum.map(Into::into),
            minimum_minor: minimum.map(|_| 500),
            ..p
        }),
        stock,
        ships_from: physical.then(|| "Germany".into()),
        licence: Some(LicenceLine {
            title: "Personal licence".into(),
            href: "/eula/lic_1".into(),
            summary: vec![
                "Listen on all your devices.".into(),
                "Keep the files for good.".into(),
                "Do not sell or broadcast them.".into(),
            ],
            version: 2,
        }),
    };
    WorkView {
        released: "March 4, 2024".into(),
        released_iso: "2024-03-04".into(),
        language: "en".into(),
        description_html:
            "<p>Recorded in a former <em>gasworks</em> over nine nights.</p><ul><li>With a booklet</li></ul>".into(),
        lead: "Recorded in a former gasworks.".into(),
        editions: vec![
            edition("v_1", "Digital album", false, None, Some("€5.00")),
            edition("v_2", "LP", true, Some(3), None),
            edition("v_3", "CD", true, Some(0), None),
        ],
        parts: (1..=6)
            .map(|i| PartView {
                number: i,
                group: Some(1 + (i - 1) / 3),
                title: if i == 4 { TITLES[1].0.into() } else { format!("Piece {i}") },
                maker: (i == 2).then(|| "山田 花子".into()),
                length: Some(format!("{i}:45")),
                play: (i < 6).then(|| play(i as u8)),
                bonus: i == 6,
                notes_html: String::new(),
                date: None,
                transcripts: if i == 3 {
                    vec![("en".into(), "/podcasts/x/transcript/3?language=en".into())]
                } else {
                    Vec::new()
                },
            })
            .collect(),
        length: Some("41:07".into()),
        facts: Facts {
            isbn: Some("978-3-16-148410-0".into()),
            updates: Some(vitrine_shared::catalog::UpdatePolicy::Editions),
            pages: Some(412),
            accessibility: vec!["Structural navigation".into(), "Described images".into()],
            ..Facts::default()
        },
        credits: vec![Credit { role: "Mastering".into(), name: "Zdzisława Brzęczyszczykiewicz".into() }],
        genres: facet("genre", &[("orchestral", "", 0, false)]).values,
        tags: facet("tag", &[("free-culture", "", 0, false)]).values,
        attribution: Some(Attribution {
            text: "The Battle for Wesnoth Project".into(),
            licence: "GPL-2.0-or-later".into(),
            url: Some("https://www.wesnoth.org".into()),
            changes: Some("Transcoded for previews.".into()),
        }),
        sample: (card.kind == WorkKind::Book).then(|| "about:blank".into()),
        trailer: None,
        together: vec![super::tests::card(2)],
        same_maker: vec![],
        store: store("aurora", "Aurora Records"),
        canonical: card.href.clone(),
        json_ld: "{\"@type\":\"MusicAlbum\"}".into(),
        card,
    }
}

fn maker() -> MakerView {
    MakerView {
        named: named("山田 花子", Some("Yamada Hanako"), "/artists/yamada"),
        kind: "artist".into(),
        image: Some(image(4, 900, 900)),
        bio_html: "<p>Plays the piano after midnight.</p>".into(),
        links: vec![Elsewhere { label: "Website".into(), url: "https://example.org".into() }],
        years: vec![(2024, vec![card(2), card(4)]), (2021, vec![card(0)])],
        stores: vec![named("Aurora Records", None, "/@aurora")],
        canonical: "/artists/yamada".into(),
        json_ld: String::new(),
    }
}

fn storefront(brand: &str, name: &str) -> StoreView {
    StoreView {
        id: "st_1".into(),
        store: store(brand, name),
        about_html: "<p>Two people, one pressing plant.</p>".into(),
        links: vec![],
        feature: Some(feature(if brand == "folio" { 1 } else { 0 })),
        years: vec![(2024, (0..5).map(card).collect())],
        more_href: Some("/catalog?store=aurora".into()),
        total: 57,
        imprint: vec![
            "Aurora Records GmbH".into(),
            "Lindenstraße 1, 10969 Berlin".into(),
            "hello@aurora.example".into(),
        ],
        canonical: format!("/@{brand}"),
        gift_href: Some(format!("/gift-cards/{brand}")),
    }
}

fn licence() -> LicenceView {
    LicenceView {
        title: "Personal licence".into(),
        version: 2,
        versions: vec![(1, "/eula/lic_1?version=1".into())],
        date: "March 4, 2024".into(),
        summary: vec!["Listen on all your devices.".into(), "Keep the files for good.".into()],
        body_html: "<h2>1. Grant</h2><p>The seller grants you a simple right of use.</p>".into(),
        canonical: "/eula/lic_1".into(),
    }
}

fn all() -> Vec<(&'static str, Sample)> {
    let mut all = vec![
        ("home", Sample::Home(Box::new(home()))),
        ("home-empty", Sample::Home(Box::default())),
        ("catalog", Sample::Catalog(catalog(14))),
        ("catalog-empty", Sample::Catalog(catalog(0))),
        (
            "search",
            Sample::Search(SearchView {
                works: CatalogView { query: "wesnot".into(), ..catalog(6) }.into(),
                makers: vec![named("山田 花子", Some("Yamada Hanako"), "/artists/y")],
                stores: vec![named("Arcade", None, "/@arcade")],
                relaxed: vec![("wesnot".into(), "wesnoth".into())],
                instead: vec![],
            }),
        ),
        (
            "search-nothing",
            Sample::Search(SearchView {
                works: CatalogView { query: "qqqq".into(), ..CatalogView::default() }.into(),
                instead: vec![card(0), card(1)],
                ..SearchView::default()
            }),
        ),
        ("album", Sample::Work(Box::new(work(0)))),
        ("book", Sample::Work(Box::new(work(1)))),
        ("podcast", Sample::Work(Box::new(work(3)))),
        (
            "bare",
            Sample::Work(Box::new(WorkView {
                editions: vec![],
                parts: vec![],
                facts: Facts::default(),
                credits: vec![],
                genres: vec![],
                tags: vec![],
                attribution: None,
                ..work(6)
            })),
        ),
        ("maker", Sample::Maker(maker())),
        ("store-aurora", Sample::Store(Box::new(storefront("aurora", "Aurora Records")))),
        ("store-folio", Sample::Store(Box::new(storefront("folio", "Folio & Daughters")))),
        ("store-arcade", Sample::Store(Box::new(storefront("arcade", "Arcade")))),
        ("licence", Sample::Licence(licence())),
        ("missing", Sample::Fault(Problem::not_found("page"))),
        ("failed", Sample::Fault(Problem::internal("01J9Z"))),
    ];
    all.extend(rights::all().into_iter().map(|(name, sample)| (name, Sample::Rights(sample))));
    all.extend(trade::all().into_iter().map(|(name, sample)| (name, Sample::Trade(Box::new(sample)))));
    all
}

#[test]
fn every_page_keeps_the_house_rules() {
    for locale in ["en-US", "de-DE", "en-XA", "ar-XB"] {
        for (name, sample) in all() {
            let html = draw(name, locale, sample);
            let at = |what: &str| format!("{name} in {locale}: {what}");
            assert_eq!(html.matches("<h1").count(), 1, "{}", at("one first heading"));
            assert_eq!(html.matches("<main").count(), 1, "{}", at("one main"));
            assert!(!html.contains("style="), "{}", at("no inline style"));
            assert!(!html.contains(" onclick="), "{}", at("no inline handler"));
            assert!(html.contains("action=\"/search\""), "{}", at("search works without scripts"));
            assert!(html.contains("action=\"/preferences\""), "{}", at("preferences work without scripts"));
        }
    }
}

#[test]
fn no_text_is_missing() {
    let keys: Vec<String> = crate::platform::locale_source("en-US")
        .expect("a file")
        .lines()
        .filter_map(|l| {
            l.split_once(" =")
                .filter(|(k, _)| k.starts_with(|c: char| c.is_ascii_lowercase()))
                .map(|(k, _)| k.to_owned())
        })
        .collect();
    let families: std::collections::BTreeSet<&str> =
        keys.iter().filter_map(|k| k.split_once('-').map(|(f, _)| f)).collect();
    for (name, sample) in all() {
        let html = draw(name, "en-US", sample);
        // Whatever stands between tags and looks like a key of a known family is one that was not found.
        for piece in html.split('>').filter_map(|p| p.split('<').next()) {
            let piece = piece.trim();
            let is_key = piece.contains('-')
                && piece.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
            let family = piece.split('-').next().unwrap_or_default();
            assert!(!(is_key && families.contains(family)), "{name}: `{piece}` has no text");
        }
    }
}

#[test]
fn the_first_edition_that_can_be_bought_is_chosen_and_the_form_works_without_scripts() {
    let html = draw("buy", "en-US", Sample::Work(Box::new(work(0))));
    let block = html.split("class=\"buy\"").nth(1).and_then(|h| h.split("</section>").next()).expect("the block");
    assert!(block.contains("action=\"/cart/add\"") && block.contains("method=\"post\""));
    assert_eq!(block.matches("type=\"radio\"").count(), 3);
    assert_eq!(block.matches(" checked").count(), 1);
    assert!(block.contains("stock-none"), "what is sold out says so");
}

#[test]
fn an_empty_result_says_what_each_filter_would_bring() {
    let html = draw("empty", "en-US", Sample::Catalog(catalog(0)));
    assert!(html.contains("Without Album: 1204 works"), "{html}");
}
