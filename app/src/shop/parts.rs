//! Pieces that several pages share: view models drawn with the primitives.

use dioxus::prelude::*;
use vitrine_shared::Problem;
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::views::about::AboutView;
use vitrine_shared::views::{CardView, FacetValue, ImageView, MomentView, Named, PriceView};
use vitrine_ui::prelude::*;

use super::player::PlayButton;
use crate::i18n::text_or;
use crate::platform::{self, Head};
use crate::t;

/// Whether the page lives: false on the server and in the first drawing, so both agree.
pub fn use_live() -> Signal<bool> {
    let mut live = use_signal(|| false);
    use_effect(move || {
        // A task later: coming alive was long enough a one.
        spawn(async move {
            platform::pause_ms(0).await;
            live.set(true);
        });
    });
    live
}

/// The sign of a kind.
pub const fn kind_shape(kind: WorkKind) -> Shape {
    match kind {
        WorkKind::Album => Shape::Album,
        WorkKind::Book => Shape::Book,
        WorkKind::Video => Shape::Video,
        WorkKind::Podcast => Shape::Podcast,
    }
}

/// A kind in words.
pub fn kind_word(kind: WorkKind) -> String {
    t!(&format!("kind-{}", kind.as_str()))
}

/// A picture as the primitives take it.
pub fn picture_of(image: &ImageView) -> Picture {
    Picture {
        alt: image.alt.clone(),
        width: image.width,
        height: image.height,
        color: image.color.clone(),
        src: image.src.clone(),
        sources: image.sources.clone(),
    }
}

/// Names in one line.
pub fn makers_line(makers: &[Named]) -> String {
    makers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Class of a large title: one of more than 48 characters is set smaller, so that it does not fill the screen.
pub fn title_class(title: &str) -> &'static str {
    if title.chars().count() > 48 { "title-long" } else { "" }
}

/// What a facet value is called.
pub fn facet_word(value: &FacetValue) -> String {
    text_or(&value.label_key, &value.value)
}

/// The content of a page: head, ground, the target of the skip link.
#[component]
pub fn Page(
    /// What the page says of itself.
    head: Head,
    /// Ground of an item page.
    #[props(default)]
    tint: Option<u8>,
    /// JSON-LD, already safe inside a script element.
    #[props(default, into)]
    json_ld: String,
    /// Content.
    children: Element,
) -> Element {
    // Another list in the same place is another page.
    use_effect(use_reactive((&head.canonical,), |_| platform::settle()));
    platform::use_head(head);
    let class = tint.map_or_else(|| "page".to_owned(), |t| format!("page tinted {}", tint_class(t)));
    rsx! {
        main { id: "content", class, tabindex: "-1", {children} }
        if !json_ld.is_empty() {
            script { r#type: "application/ld+json", dangerous_inner_html: "{json_ld}" }
        }
    }
}

/// A price with its words.
#[component]
pub fn PriceTag(
    /// The price; none: not for sale here.
    price: Option<PriceView>,
    /// The large size.
    #[props(default)]
    large: bool,
) -> Element {
    price_tag(price.as_ref(), large)
}

/// [`PriceTag`] without a scope of its own, for what a page shows by the dozen.
pub fn price_tag(price: Option<&PriceView>, large: bool) -> Element {
    let Some(p) = price else {
        return rsx! {
            span { class: "price-none", {t!("price-none")} }
        };
    };
    let was = p.compare_at.as_deref().map(|was| (was, t!("price-was")));
    let tax = (!p.free && !p.tax_word.is_empty()).then(|| t!(&p.tax_word));
    let from = match &p.minimum {
        Some(least) => Some(t!("price-named", least = least.clone())),
        None => p.from.then(|| t!("price-from")),
    };
    let free;
    let amount = if p.minimum.is_some() {
        ""
    } else if p.free {
        free = t!("price-free");
        &free
    } else {
        &p.text
    };
    let was = was.as_ref().map(|(was, said)| (*was, said.as_str()));
    let price = Price { amount, tax: tax.as_deref(), from: from.as_deref(), was, large }.draw();
    if p.lowest.is_none() && p.about.is_none() {
        return price;
    }
    rsx! {
        {price}
        if let Some(about) = &p.about {
            span { class: "price-lowest price-about", {t!("price-about", amount = about.text.clone())} }
        }
        if let Some(lowest) = &p.lowest {
            span { class: "price-lowest", {t!("price-lowest", price = lowest.clone())} }
        }
    }
}

/// What an amount in the visitor's currency is: no price, by whose rate of which day, and what is paid instead.
pub fn about_note(about: &AboutView, paid_in: &str) -> String {
    let key = if about.old { "price-about-old" } else { "price-about-note" };
    t!(
        key,
        currency = about.currency.clone(),
        source = about.source.clone(),
        date = about.date.clone(),
        paid = paid_in.to_owned()
    )
}

/// A menu of orders; without scripts a form.
#[component]
pub fn SortMenu(
    /// Path of the list.
    #[props(into)]
    action: String,
    /// The words searched for.
    words: String,
    /// Orders with their addresses.
    sorts: Vec<FacetValue>,
    /// Fields that keep the state: name, value.
    hidden: Vec<(String, String)>,
) -> Element {
    let navigator = use_navigator();
    let value = sorts.iter().find(|s| s.active).map(|s| s.value.clone()).unwrap_or_default();
    let options: Vec<SelectOption> =
        sorts.iter().map(|s| SelectOption { value: s.value.clone(), label: facet_word(s) }).collect();
    rsx! {
        form { class: "listing-sort", role: "none", method: "get", action,
            if !words.is_empty() {
                input { r#type: "hidden", name: "q", value: words }
            }
            for (name , value) in hidden.iter().filter(|(name, _)| name != "sort") {
                input { key: "{name}={value}", r#type: "hidden", name: "{name}", value: "{value}" }
            }
            Select {
                name: "sort",
                label: t!("sort-label"),
                options,
                value,
                onchange: move |event: FormEvent| {
                    let to = event.value();
                    if let Some(sort) = sorts.iter().find(|s| s.value == to) {
                        navigator.push(sort.href.clone());
                    }
                },
            }
            noscript { button { class: "button", r#type: "submit", {t!("sort-go")} } }
        }
    }
}

/// Links to the pages of a list; nothing if there is one only.
#[component]
pub fn PageLinks(
    /// The page shown, from 1.
    page: u32,
    /// Pages in all.
    pages: u32,
    /// Pages linked: number, address.
    links: Vec<(u32, String)>,
) -> Element {
    rsx! {
        if pages > 1 {
            Pagination { label: t!("pages-label"), page, links, previous: t!("pages-previous"), next: t!("pages-next") }
        }
    }
}

/// How many are left, in words: exactly when they are few.
pub fn stock_word(left: i64) -> String {
    match left {
        ..=0 => t!("stock-none"),
        few if few <= 10 => t!("stock-few", count = few),
        _ => t!("stock-there"),
    }
}

/// Makers with links, each in its own script.
#[component]
pub fn Makers(
    /// In order.
    makers: Vec<Named>,
) -> Element {
    makers_of(&makers)
}

/// [`Makers`] without a scope of its own, for what a page shows by the dozen.
pub fn makers_of(makers: &[Named]) -> Element {
    rsx! {
        for (i , maker) in makers.iter().enumerate() {
            if i > 0 {
                ", "
            }
            a { "data-go": "", href: "{maker.href}", bdi { "{maker.name}" } }
            if let Some(latin) = &maker.latin {
                span { class: "latin", " ({latin})" }
            }
        }
    }
}

/// A work in a grid.
#[component]
pub fn WorkCard(
    /// The work.
    card: CardView,
    /// When its cover is fetched.
    #[props(default)]
    wanted: Wanted,
    /// Heading level.
    #[props(default = 3)]
    level: u8,
    /// It is theirs: this stands where the price would, or nothing.
    #[props(default)]
    owned: Option<String>,
    /// It begins this page of a list.
    #[props(default)]
    page: Option<u32>,
    /// How wide its cover is shown, as in `sizes`.
    #[props(default = IN_GRID)]
    sizes: &'static str,
) -> Element {
    let picture = card.cover.as_ref().map(picture_of);
    let look = Card {
        to: &card.href,
        title: &card.title,
        lang: &card.language,
        latin: card.latin.as_deref(),
        picture: picture.as_ref(),
        sizes,
        fallback: kind_shape(card.kind),
        wanted,
        level,
        by: makers_of(&card.makers),
        meta: rsx! {
            span { {kind_word(card.kind)} }
            if let Some(year) = card.year {
                span { class: "num", "{year}" }
            }
            match owned {
                None => price_tag(card.price.as_ref(), false),
                Some(mark) if !mark.is_empty() => rsx! { strong { "{mark}" } },
                Some(_) => VNode::empty(),
            }
        },
        play: rsx! {
            if let Some(play) = card.play.clone() {
                PlayButton { list: vec![play], class: "card-play" }
            }
        },
    };
    rsx! {
        li { "data-page": page, {look.draw()} }
    }
}

/// A shelf: heading, a way to all of it, cards.
#[component]
pub fn Shelf(
    /// Heading.
    #[props(into)]
    title: String,
    /// Address and words of all of it.
    #[props(default)]
    all: Option<(String, String)>,
    /// Cards; an empty shelf is not drawn.
    cards: Vec<CardView>,
) -> Element {
    if cards.is_empty() {
        return VNode::empty();
    }
    rsx! {
        section { class: "shelf shelf-cards wrap",
            div { class: "shelf-head",
                h2 { "{title}" }
                if let Some((to, words)) = all {
                    Go { to, class: "shelf-all", "{words}" Icon { shape: Shape::Forward } }
                }
            }
            CardGrid {
                for card in cards {
                    WorkCard { key: "{card.id}", card }
                }
            }
        }
    }
}

/// Works by year, newest first.
#[component]
pub fn Years(
    /// Year and works.
    years: Vec<(i32, Vec<CardView>)>,
) -> Element {
    rsx! {
        for (year , cards) in years {
            section { key: "{year}", class: "year",
                h3 { class: "year-name num", "{year}" }
                CardGrid {
                    for card in cards {
                        WorkCard { key: "{card.id}", card, level: 4 }
                    }
                }
            }
        }
    }
}

/// Pages elsewhere.
#[component]
pub fn Elsewhere(
    /// Links of the maker or shop.
    links: Vec<vitrine_shared::catalog::Link>,
) -> Element {
    if links.is_empty() {
        return VNode::empty();
    }
    rsx! {
        ul { class: "elsewhere", role: "list",
            for link in links {
                li { key: "{link.url}",
                    a { href: "{link.url}", rel: "noopener nofollow", "{link.label}" }
                }
            }
        }
    }
}

/// What an address was about: its last segment without an id.
fn words_of(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').find(|s| !s.is_empty()).unwrap_or_default();
    let last = last.rsplit_once("-w_").map_or(last, |(slug, _)| slug);
    vitrine_shared::query::decode(last).replace(['-', '_', '.'], " ")
}

/// A moment, in the reader's own zone once the page lives.
#[component]
pub fn Moment(
    /// When.
    at: MomentView,
) -> Element {
    rsx! {
        Time { iso: at.iso, text: at.text, localise: Callback::new(|iso: String| platform::local_moment(&iso, crate::i18n::texts().tag())) }
    }
}

/// The value of one parameter of a raw query string, decoded; empty counts as none.
pub fn param(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let value = vitrine_shared::query::decode(value);
    (!value.is_empty()).then_some(value)
}

/// A fault as a page: what happened, what to do, an id; the status goes with it.
#[component]
pub fn FaultPage(
    /// What went wrong.
    problem: Problem,
    /// What to search for; the words of the address if absent.
    #[props(default, into)]
    meant: Option<String>,
) -> Element {
    let here = router().full_route_string();
    let meant = meant.unwrap_or_else(|| words_of(&here));
    platform::status(problem.status);
    let title = text_or(&format!("problem-{}", problem.code), &t!("problem-internal"));
    let text = text_or(&format!("problem-{}-text", problem.code), "");
    rsx! {
        Page { head: Head { title: title.clone(), private: true, ..Head::default() },
            div { class: "wrap fault",
                p { class: "fault-code num", "{problem.status}" }
                h1 { "{title}" }
                if !text.is_empty() {
                    p { class: "lead", "{text}" }
                }
                if matches!(problem.status, 404 | 410) {
                    form { class: "fault-search", role: "none", action: "/search", method: "get",
                        Field { name: "q", r#type: "search", label: t!("fault-search"), value: meant }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("search-go")} }
                    }
                }
                p { class: "fault-ways",
                    if problem.status == 401 {
                        a { class: "button button-primary", href: "/auth/login?to={vitrine_shared::query::encode(&here)}", {t!("account-sign-in")} }
                    }
                    a { class: "button", href: "/", {t!("fault-home")} }
                    a { class: "button", href: "/catalog", {t!("fault-catalog")} }
                }
                if !problem.instance.is_empty() {
                    Notice { {t!("fault-id", id = problem.instance.clone())} }
                }
            }
        }
    }
}
