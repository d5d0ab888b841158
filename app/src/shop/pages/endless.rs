//! The cards of a list: one page of them from the server, and with scripts the pages after and before it in the same
//! place, as the reader comes to them.

use std::collections::{BTreeMap, BTreeSet};

use dioxus::prelude::*;
use futures::StreamExt as _;
use vitrine_shared::Problem;
use vitrine_shared::query::ListQuery;
use vitrine_shared::views::{CardView, CatalogView, Shared};
use vitrine_ui::prelude::*;

use crate::platform;
use crate::shop::parts::{PageLinks, WorkCard, use_live};
use crate::t;

/// Where the list ends; the next page is fetched when this comes near.
const END: &str = "list-end";
/// Pages fetched without being asked; then the footer can be reached, and a press fetches as many again.
const UNASKED: u8 = 3;

/// What the reader did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Moved, or the list grew.
    Around,
    /// Asked for the page after.
    After,
    /// Asked for the page before.
    Before,
}

/// Pages fetched of one list.
#[derive(Clone, Debug, Default, PartialEq)]
struct Grown {
    /// Address of the list's first page.
    of: String,
    /// By number.
    pages: BTreeMap<u32, Shared<CatalogView>>,
}

impl Grown {
    /// The pages shown: those that join the document's without a gap, in order.
    fn shown(&self, view: &Shared<CatalogView>) -> Vec<Shared<CatalogView>> {
        let mut pages = vec![view.clone()];
        if self.of == first_page(view) {
            let before = (1..view.page).rev().map_while(|n| self.pages.get(&n));
            pages.splice(0..0, before.cloned().collect::<Vec<_>>().into_iter().rev());
            pages.extend((view.page + 1..).map_while(|n| self.pages.get(&n).cloned()));
        }
        pages
    }
}

/// The first row of a phone has two covers; what else is on the first screen of a wide window comes with its layout.
fn wanted(at: usize) -> Wanted {
    if at < 2 { Wanted::First } else { Wanted::Near }
}

/// Path and query of a list's address.
fn split(href: &str) -> (&str, &str) {
    href.split_once('?').unwrap_or((href, ""))
}

fn first_page(view: &CatalogView) -> String {
    let (path, query) = split(&view.canonical);
    ListQuery { page: 1, ..ListQuery::parse(query) }.href(path)
}

fn address_of(view: &CatalogView, page: u32) -> String {
    let (path, query) = split(&view.canonical);
    ListQuery { page, ..ListQuery::parse(query) }.href(path)
}

async fn fetch(view: &CatalogView, page: u32) -> Result<Shared<CatalogView>, Problem> {
    let href = address_of(view, page);
    match split(&href) {
        ("/search", query) => crate::data::search(query.to_owned()).await.map(|found| found.works.clone()),
        (_, query) => crate::data::catalog(query.to_owned()).await,
    }
}

/// The cards of a list that grows at both ends.
#[component]
pub fn Endless(
    /// The page of the document.
    view: ReadSignal<Shared<CatalogView>>,
    /// Smaller covers.
    dense: bool,
) -> Element {
    let live = use_live();
    let mut grown = use_signal(Grown::default);
    let mut unasked = use_signal(|| UNASKED);
    let mut failed = use_signal(|| false);
    let mut busy = use_signal(|| false);
    let mut focus = use_signal(|| None::<u32>);

    let looks = use_coroutine(move |mut looks: UnboundedReceiver<Look>| async move {
        while let Some(look) = looks.next().await {
            let shown = grown.peek().shown(&view.peek());
            let (Some(first), Some(last)) = (shown.first(), shown.last()) else { continue };
            if let Some(page) = platform::page_seen() {
                platform::readdress(&address_of(last, page));
            }
            let wanted = match look {
                Look::Before if first.page > 1 => first.page - 1,
                Look::After if last.page < last.pages => last.page + 1,
                // After a failure nothing is tried again by itself.
                Look::Around if last.page < last.pages && unasked() > 0 && !failed() && platform::near(END) => {
                    last.page + 1
                }
                _ => continue,
            };
            let of = first_page(last);
            busy.set(true);
            let came = fetch(last, wanted).await;
            busy.set(false);
            // Another list took this one's place in the meantime.
            if of != first_page(&view.peek()) {
                continue;
            }
            failed.set(came.is_err());
            let Ok(page) = came else { continue };
            if look == Look::Around {
                unasked -= 1;
            } else {
                unasked.set(UNASKED);
                focus.set(Some(wanted));
            }
            let mut all = grown.write();
            if all.of != of {
                *all = Grown { of, pages: BTreeMap::new() };
            }
            all.pages.insert(wanted, page);
        }
    });
    let mut listening = use_signal(|| None::<platform::Listening>);
    use_effect(move || {
        let send = looks.tx();
        listening.set(Some(platform::on_scroll(move || {
            // The receiver lives as long as this component, and so does this listener.
            let _ = send.unbounded_send(Look::Around);
        })));
    });
    use_effect(move || {
        // With another list the count begins again.
        first_page(&view.read());
        unasked.set(UNASKED);
        failed.set(false);
    });
    use_effect(move || {
        let several = grown.read().shown(&view.read()).len() > 1;
        if let Some(page) = focus.take() {
            platform::focus_page(page);
        }
        // The first page is enough for who does not move.
        if several {
            looks.send(Look::Around);
        }
    });

    let shown = grown.read().shown(&view.read());
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return VNode::empty() };
    // A work that moved between two pages is shown where it stands first.
    let mut seen = BTreeSet::new();
    let mut cards: Vec<(Option<u32>, CardView)> = Vec::new();
    for page in &shown {
        let new = page.cards.iter().filter(|card| seen.insert(card.id.as_str()));
        cards.extend(new.enumerate().map(|(i, card)| ((i == 0).then_some(page.page), card.clone())));
    }
    let (from, to, pages) = (first.page, last.page, last.pages);
    rsx! {
        if live() && from > 1 {
            div { class: "list-more",
                Button { busy: busy(), onclick: move |_| looks.send(Look::Before), {t!("list-before", page = from - 1)} }
            }
        }
        CardGrid { dense,
            for (i , (page , card)) in cards.into_iter().enumerate() {
                WorkCard { key: "{card.id}", card, wanted: wanted(i), level: 2, page, sizes: IN_LIST }
            }
        }
        div { id: END, class: "list-more",
            if shown.len() > 1 {
                p { class: "sr-only", role: "status", {t!("list-shown", from = from, to = to, pages = pages)} }
            }
            if failed() {
                p { role: "alert", {t!("list-failed")} }
            }
            if live() && to < pages {
                Button { busy: busy(), onclick: move |_| looks.send(Look::After), {t!("list-more")} }
            }
        }
        PageLinks { page: to, pages, links: last.page_links.clone() }
    }
}
