//! What stands around every page of the shop.

use dioxus::prelude::*;
use vitrine_shared::views::{MeBar, StoreCard};
use vitrine_ui::prelude::*;

use super::parts::{FaultPage, use_live};
use super::player::{Player, PlayerBar, STEP_MS};
use super::prefs::{PrefsButton, PrefsDialog, ThemeChoice};
use super::search_box::SearchBox;
use crate::platform::{self, Pressed};
use crate::routes::Shop;
use crate::t;

/// Id of the help for keys.
const KEYS: &str = "keys";

/// What the frame learns of the visitor after hydration: `None` until then.
#[derive(Clone, Copy, PartialEq)]
pub struct Me(pub Signal<Option<MeBar>>);

/// Everything that outlives a page: the player, messages, dialogs, keys, the net for faults.
#[component]
pub fn Shell() -> Element {
    let player = Player::provide();
    let toasts = Toasts::provide();
    let mut me = use_signal(|| None::<MeBar>);
    use_context_provider(|| Me(me));
    use_effect(move || {
        spawn(async move {
            // Without an answer the frame stays as it is: a cart without a number, a link to sign in.
            if let Ok(bar) = crate::data::me().await {
                me.set(Some(bar));
            }
        });
    });
    use_keys(player);
    use_links();
    use_focus_on_leave();
    use_effect(platform::keep_places);
    use_effect(platform::alive);
    rsx! {
        a { class: "skip", href: "#content", {t!("skip-to-content")} }
        SuspenseBoundary {
            fallback: |_| rsx! {
                Loading {}
            },
            ErrorBoundary {
                handle_error: |ctx: ErrorContext| rsx! {
                    ClearOnLeave { ctx: ctx.clone() }
                    Crash { ctx }
                },
                Outlet::<Shop> {}
            }
        }
        PlayerBar { player }
        PrefsDialog {}
        Dialog { id: KEYS, title: t!("keys-title"), close: t!("close"),
            table { class: "table",
                caption { class: "sr-only", {t!("keys-title")} }
                tbody {
                    for (key , what) in [
                        ("/", "keys-search"),
                        ("g c", "keys-cart"),
                        ("Space", "keys-play"),
                        ("← →", "keys-skip"),
                        ("n p", "keys-next"),
                        ("?", "keys-help"),
                        ("Esc", "keys-close"),
                    ]
                    {
                        tr { key: "{what}",
                            th { scope: "row",
                                kbd { "{key}" }
                            }
                            td { {t!(what)} }
                        }
                    }
                }
            }
        }
        ToastRegion { toasts, label: t!("messages"), dismiss: t!("dismiss") }
    }
}

/// What is shown while a page is on its way in the browser.
#[component]
fn Loading() -> Element {
    // A server's page leaves when its data is there: nobody would see this.
    if cfg!(feature = "server") {
        return VNode::empty();
    }
    rsx! {
        main { id: "content", class: "page wrap", aria_busy: "true",
            span { class: "sr-only", role: "status", {t!("loading")} }
            Skeleton { shape: SkeletonShape::Title }
            div { class: "card-grid",
                for i in 0..8 {
                    div { key: "{i}", class: "card",
                        Skeleton { shape: SkeletonShape::Cover }
                        Skeleton {}
                        Skeleton { shape: SkeletonShape::Short }
                    }
                }
            }
        }
    }
}

/// A fault nobody expected: the boundary's page. The cart is kept on the server, so nothing is lost.
#[component]
fn Crash(ctx: ErrorContext) -> Element {
    // The fault's own text may name internals; people get an id only if there is one.
    drop(ctx);
    rsx! {
        FaultPage { problem: vitrine_shared::Problem::internal("") }
    }
}

/// An error boundary in a layout keeps its fault after a link to another page; this lets go of it.
#[component]
fn ClearOnLeave(ctx: ErrorContext) -> Element {
    let route = use_route::<Shop>();
    let mut first = use_signal(|| true);
    use_effect(use_reactive((&route,), move |_| {
        if *first.peek() {
            first.set(false);
        } else {
            ctx.clear_errors();
        }
    }));
    VNode::empty()
}

/// After client navigation the focus goes to the new page's content, as after a document load; who came back has theirs
/// where it was.
fn use_focus_on_leave() {
    let route = use_route::<Shop>();
    let mut first = use_signal(|| true);
    use_effect(use_reactive((&route,), move |_| {
        if *first.peek() {
            first.set(false);
        } else if !platform::returned() {
            platform::focus("content");
        }
    }));
}

fn use_keys(player: Player) {
    let keys = use_coroutine(move |mut pressed: UnboundedReceiver<String>| async move {
        while let Some(key) = next(&mut pressed).await {
            match key.as_str() {
                " " => player.toggle(),
                "ArrowRight" => player.skip(STEP_MS as i64),
                "ArrowLeft" => player.skip(-(STEP_MS as i64)),
                "n" => player.next(),
                "p" => player.previous(),
                "/" => platform::focus("search"),
                "?" => platform::show_dialog(KEYS),
                "gc" => platform::load("/cart"),
                _ => {}
            }
        }
    });
    use_effect(move || {
        let send = keys.tx();
        let leader = std::cell::Cell::new(false);
        platform::on_keys(move |Pressed { key, .. }| {
            let after_g = leader.replace(key == "g");
            let word = if after_g && key == "c" { "gc".to_owned() } else { key };
            let ours = matches!(word.as_str(), "/" | "?" | "gc")
                || (player.current_now() && matches!(word.as_str(), " " | "ArrowRight" | "ArrowLeft" | "n" | "p"));
            // The receiver lives as long as the shell, the shell as long as the document.
            ours && send.unbounded_send(word).is_ok()
        });
    });
}

async fn next(keys: &mut UnboundedReceiver<String>) -> Option<String> {
    use futures::StreamExt as _;
    keys.next().await
}

/// One listener for all links that stay in the client.
fn use_links() {
    let navigator = use_navigator();
    let links = use_coroutine(move |mut pressed: UnboundedReceiver<String>| async move {
        while let Some(to) = next(&mut pressed).await {
            navigator.push(to);
        }
    });
    use_effect(move || {
        let send = links.tx();
        // The receiver lives as long as the shell, the shell as long as the document.
        platform::on_links(move |to| send.unbounded_send(to).is_ok());
    });
}

/// The marketplace's frame as a layout.
#[component]
pub fn MarketFrame() -> Element {
    rsx! {
        MarketRoom { Outlet::<Shop> {} }
    }
}

/// The marketplace's frame around a page.
#[component]
pub fn MarketRoom(
    /// The page.
    children: Element,
) -> Element {
    rsx! {
        div { class: "frame",
            Header {
                a_mark: rsx! {
                    Go { to: "/", class: "mark", "Vitrine" }
                },
            }
            {children}
            Footer {}
        }
    }
}

/// A storefront's frame: its mark, its colours; the marketplace is one line at the bottom.
#[component]
pub fn StoreFrame(
    /// Whose it is.
    store: StoreCard,
    /// Who sells, in law: lines.
    imprint: Vec<String>,
    /// The page.
    children: Element,
) -> Element {
    rsx! {
        div { class: "frame", "data-brand": "{store.brand}",
            Header {
                a_mark: rsx! {
                    Go { to: store.href.clone(), class: "mark",
                        bdi { "{store.name}" }
                    }
                },
            }
            {children}
            footer { class: "footer footer-store",
                div { class: "wrap",
                    if !imprint.is_empty() {
                        section { id: "imprint",
                            h2 { class: "footer-title", {t!("footer-seller")} }
                            address {
                                for (i , line) in imprint.iter().enumerate() {
                                    span { key: "{i}", dir: "auto", "{line}" }
                                }
                            }
                        }
                    }
                    p { class: "footer-line",
                        {t!("footer-on")}
                        " "
                        a { href: "/", "Vitrine" }
                    }
                }
            }
        }
    }
}

/// Mark, search, kinds, place and language, cart, account.
#[component]
fn Header(a_mark: Element) -> Element {
    let me = use_context::<Me>().0;
    let live = use_live();
    let here = router().full_route_string();
    let bar = me();
    let count = bar.as_ref().map_or(0, |b| b.cart_count);
    rsx! {
        header { class: "header",
            div { class: "header-bar wrap",
                {a_mark}
                SearchBox {}
                nav { class: "header-own", aria_label: t!("own-label"),
                    PrefsButton {}
                    a { class: "icon-button cart-link", href: "/cart", aria_label: t!("cart-count", count = count),
                        Icon { shape: Shape::Cart }
                        if count > 0 {
                            span { class: "cart-count num", "aria-hidden": "true", "{count}" }
                        }
                    }
                    if live() {
                        match bar.as_ref().and_then(|b| b.name.clone()) {
                            Some(name) => rsx! {
                                a { class: "icon-button", href: "/account", aria_label: t!("account-of", name = name), Icon { shape: Shape::Account } }
                            },
                            None => rsx! {
                                a { class: "icon-button", href: "/account", aria_label: t!("account"), Icon { shape: Shape::Account } }
                            },
                        }
                    } else {
                        a { class: "icon-button", href: "/account", aria_label: t!("account"), Icon { shape: Shape::Account } }
                    }
                }
            }
            nav { class: "kinds wrap", aria_label: t!("kinds-label"),
                ul { class: "kinds-list", role: "list",
                    for (to , word) in [
                        ("/catalog?type=album", "kinds-album"),
                        ("/catalog?type=book", "kinds-book"),
                        ("/catalog?type=video", "kinds-video"),
                        ("/catalog?type=podcast", "kinds-podcast"),
                        ("/catalog", "kinds-all"),
                    ]
                    {
                        li { key: "{word}",
                            a { "data-go": "", href: to, aria_current: (here == to).then_some("page"), {t!(word)} }
                        }
                    }
                }
            }
        }
    }
}

/// Policies, withdrawal, contact, who sells here.
#[component]
fn Footer() -> Element {
    rsx! {
        footer { class: "footer",
            div { class: "wrap footer-grid",
                section {
                    h2 { class: "footer-title", {t!("footer-shop")} }
                    ul { class: "footer-list", role: "list",
                        li { Go { to: "/catalog?sort=newest", {t!("footer-new")} } }
                        li { Go { to: "/catalog", {t!("kinds-all")} } }
                        li { a { href: "/my-products", {t!("footer-library")} } }
                        li { a { href: "/invoices", {t!("footer-invoices")} } }
                    }
                }
                section {
                    h2 { class: "footer-title", {t!("footer-rights")} }
                    ul { class: "footer-list", role: "list",
                        li { Go { to: "/policies/privacy", {t!("policy-privacy")} } }
                        li { Go { to: "/policies/withdrawal", {t!("policy-withdrawal")} } }
                        li { Go { to: "/policies/imprint", {t!("policy-imprint")} } }
                    }
                }
                section {
                    h2 { class: "footer-title", {t!("footer-more")} }
                    ul { class: "footer-list", role: "list",
                        li { Go { to: "/policies/contact", {t!("policy-contact")} } }
                        li { a { href: "/feeds/new.xml", {t!("footer-feed")} } }
                        li { a { href: "/studio", {t!("footer-studio")} } }
                    }
                    ThemeChoice {}
                }
            }
        }
    }
}
