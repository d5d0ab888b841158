//! The other side of the counter: the seller's studio and the platform's console.
//!
//! Invariants: these pages are drawn on the server only and work by links and forms; no client is loaded for them, so the
//! shop's client names nothing of the desk and a desk page runs no script at all. Who may see what is in the services.

mod collections;
mod console;
mod gift_cards;
mod groups;
mod piece;
mod prices;
mod promotions;
mod rates;
mod refund;
mod shipping;
mod studio;
mod tax_settings;
mod taxes;
mod value;

use dioxus::fullstack::Loading;
use dioxus::prelude::*;
use serde::Serialize;
use vitrine_server::authz;
use vitrine_server::ctx::OpCtx;
use vitrine_server::desk::Desk as Service;
use vitrine_shared::Problem;
use vitrine_shared::views::desk::{DeskLine, HistoryRow};
use vitrine_ui::prelude::*;

use crate::data::Data;
use crate::i18n::{Texts, text_or};
use crate::platform;
use crate::shop::parts::{FaultPage, Moment};
use crate::t;

use collections::{Collection, Collections};
use console::{Import, ImportReport, Jobs, Order, Orders};
use gift_cards::{GiftSetting, GiftShops};
use groups::{Group, Groups};
use piece::Piece;
use prices::{Changes, Edition, Prices, See};
use promotions::{Promotion, Promotions};
use rates::Rates;
use refund::Refund;
use shipping::{Shipping, ShippingPart, ShippingShops};
use studio::{List, SellerOrder, Studio, Work};
use tax_settings::{TaxSetting, TaxedShops};
use taxes::Taxes;
use value::{Value, Values};

/// Every page of the desk.
#[rustfmt::skip]
#[derive(Clone, Debug, PartialEq, Routable)]
pub enum Desk {
    #[layout(Frame)]
        /// Sales and works.
        #[route("/studio?:..query")]
        Studio { /// Raw query string: cursors.
            query: String },
        /// What of a month's sales is tax.
        #[route("/studio/tax?:..query")]
        Taxes { /// Raw query string: the month.
            query: String },
        /// Which shops' tax can be set.
        #[route("/studio/tax-settings?:..query")]
        TaxedShops { /// Raw query string: whose.
            query: String },
        /// Where one shop's seller charges tax, and how it is worked out.
        #[route("/studio/tax-settings/:store?:..query")]
        TaxSetting { /// Store id.
            store: String, /// Raw query string: what the last act came to.
            query: String },
        /// What sellers take off.
        #[route("/studio/promotions?:..query")]
        Promotions { /// Raw query string; nothing is asked there.
            query: String },
        /// A promotion's editor.
        #[route("/studio/promotions/:id?:..query")]
        Promotion { /// Promotion id, or `new`.
            id: String, /// Raw query string: whose a new one is, what the last act came to.
            query: String },
        /// Groups of customers.
        #[route("/studio/groups?:..query")]
        Groups { /// Raw query string: whose, what the last act came to.
            query: String },
        /// One group with its members.
        #[route("/studio/groups/:name?:..query")]
        Group { /// The group's name.
            name: String, /// Raw query string: whose, which page, what the last act came to.
            query: String },
        /// Collections of works.
        #[route("/studio/collections?:..query")]
        Collections { /// Raw query string: whose, what the last act came to.
            query: String },
        /// One collection with its works.
        #[route("/studio/collections/:name?:..query")]
        Collection { /// The collection's name.
            name: String, /// Raw query string: whose, which page, what the last act came to.
            query: String },
        /// How shops send.
        #[route("/studio/shipping?:..query")]
        ShippingShops { /// Raw query string: whose.
            query: String },
        /// How one shop sends.
        #[route("/studio/shipping/:store?:..query")]
        Shipping { /// Store id.
            store: String, /// Raw query string: what is tried, which page, what the last act came to.
            query: String },
        /// The form of a zone, a way, a rate, or of where nothing is sent.
        #[route("/studio/shipping/:store/:part?:..query")]
        ShippingPart { /// Store id.
            store: String, /// `zone`, `way`, `rate`, `nowhere`.
            part: String, /// Raw query string: what it changes, what the last act came to.
            query: String },
        /// Which shops sell gift cards.
        #[route("/studio/gift-cards?:..query")]
        GiftShops { /// Raw query string: whose.
            query: String },
        /// Gift cards of one shop.
        #[route("/studio/gift-cards/:store?:..query")]
        GiftSetting { /// Store id.
            store: String, /// Raw query string: which currency, what the last act came to.
            query: String },
        /// A work's editor.
        #[route("/studio/works/:id?:..query")]
        Work { /// Work id.
            id: String, /// Raw query string: what the last act came to.
            query: String },
        /// One of the seller's orders.
        #[route("/studio/orders/:id?:..query")]
        SellerOrder { /// Order id.
            id: String, /// Raw query string: what the last act came to.
            query: String },
        /// The mailing list of one of the seller's shops.
        #[route("/studio/letters/:id?:..query")]
        List { /// Store id.
            id: String, /// Raw query string: what the last act came to.
            query: String },
        /// A price list.
        #[route("/studio/prices?:..query")]
        Prices { /// Raw query string: whose, at which moment, which part.
            query: String },
        /// All prices of one edition.
        #[route("/studio/prices/edition/:id?:..query")]
        Edition { /// Variant id.
            id: String, /// Raw query string: which price the form changes.
            query: String },
        /// What would change, before it does.
        #[route("/studio/prices/changes/:id?:..query")]
        Changes { /// Names the change.
            id: String, /// Raw query string: what the last act came to.
            query: String },
        /// What a buyer would see.
        #[route("/studio/prices/see?:..query")]
        See { /// Raw query string: whose editions, where, who, how many, when.
            query: String },
        /// Orders.
        #[route("/admin?:..query")]
        Orders { /// Raw query string; `q` is what is looked for.
            query: String },
        /// One order.
        #[route("/admin/orders/:id?:..query")]
        Order { /// Order id.
            id: String, /// Raw query string: what the last act came to.
            query: String },
        /// Gift cards and store credit.
        #[route("/admin/value?:..query")]
        Values { /// Raw query string; `q` is what is looked for.
            query: String },
        /// One account of stored value.
        #[route("/admin/value/:id?:..query")]
        Value { /// Account id.
            id: String, /// Raw query string: what the last act came to.
            query: String },
        /// A refund of one order.
        #[route("/admin/orders/:id/refund?:..query")]
        Refund { /// Order id.
            id: String, /// Raw query string: what is chosen, what the last act came to.
            query: String },
        /// Jobs that gave up.
        #[route("/admin/jobs?:..query")]
        Jobs { /// Raw query string: a cursor, what the last act came to.
            query: String },
        /// Rates of exchange.
        #[route("/admin/rates?:..query")]
        Rates { /// Raw query string: what the last act came to.
            query: String },
        /// A form for rows.
        #[route("/admin/import?:..query")]
        Import { /// Raw query string: what the last act came to.
            query: String },
        /// What became of rows.
        #[route("/admin/import/:id")]
        ImportReport { /// Import id.
            id: String },
        /// Why a work of the shop costs what it does.
        #[route("/price/:kind/:id")]
        Piece { /// As in the address of the work's page: `albums`.
            kind: String, /// `slug-id`.
            id: String },
        /// Nothing there.
        #[route("/:..segments")]
        Missing { /// The path.
            segments: Vec<String> },
}

/// The pages' paths as axum writes them. They come from the routes above, so a page that is there is reached.
#[cfg(feature = "server")]
pub fn paths() -> Vec<String> {
    use dioxus::router::SegmentType;

    let path = |segments: Vec<SegmentType>| {
        let parts = segments.iter().map(|segment| match segment {
            SegmentType::Static(name) => Some(format!("/{name}")),
            SegmentType::Dynamic(name) => Some(format!("/{{{name}}}")),
            // What no page is stays the shop's to answer.
            _ => None,
        });
        parts.collect::<Option<String>>()
    };
    Desk::flatten_site_map().filter_map(path).collect()
}

/// The desk's documents.
#[component]
pub fn App() -> Element {
    use_context_provider(|| Texts::of(&platform::prefs().locale));
    rsx! {
        Router::<Desk> {}
    }
}

#[component]
fn Missing(segments: Vec<String>) -> Element {
    drop(segments);
    rsx! {
        FaultPage { problem: Problem::not_found("page") }
    }
}

/// Mark, ways, page.
#[component]
fn Frame() -> Element {
    rsx! {
        a { class: "skip", href: "#content", {t!("skip-to-content")} }
        div { class: "frame",
            header { class: "header",
                div { class: "header-bar wrap desk-bar",
                    a { class: "mark", href: "/", "Vitrine" }
                    nav { aria_label: t!("desk-nav"),
                        ul { class: "kinds-list", role: "list",
                            for (href , key) in ways() {
                                li { key: "{href}", a { href, {t!(key)} } }
                            }
                        }
                    }
                }
            }
            Outlet::<Desk> {}
        }
    }
}

/// Where who looks may go: a link that answers "not yours" helps nobody.
fn ways() -> Vec<(&'static str, &'static str)> {
    const SELLING: &[(&str, &str)] = &[("/studio", "desk-studio"), ("/studio/prices", "prices-title")];
    const STAFF: &[(&str, &str)] = &[
        ("/admin", "desk-orders"),
        ("/admin/value", "desk-value"),
        ("/admin/rates", "rates-title"),
        ("/admin/import", "desk-import"),
        ("/admin/jobs", "desk-jobs"),
    ];
    let ctx = crate::serve::Ask::here().map(|ask| ask.parts().1);
    let sells = ctx.as_ref().is_ok_and(authz::has_studio);
    let staff = ctx.as_ref().is_ok_and(|ctx| authz::staff(ctx, authz::VALUE).is_ok());
    let mut out = if sells { SELLING.to_vec() } else { Vec::new() };
    if staff {
        out.extend(STAFF);
    }
    out.push(("/account", "account"));
    out
}

/// Loads a page of the desk: `load` gets the service and the request.
///
/// # Errors
/// `Loading` while the answer is on its way; the component suspends.
fn use_desk<T, F>(load: impl Fn(Service, OpCtx) -> F + Clone + 'static) -> Result<Data<T>, Loading>
where
    T: Serialize + 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
{
    crate::data::use_data(move || {
        let load = load.clone();
        async move {
            let (app, ctx) = crate::serve::Ask::here()?.parts();
            load(Service::new(app), ctx).await
        }
    })
}

/// Class of the cell of a formatted amount.
fn amount_cell(text: &str) -> &'static str {
    if text.ends_with(')') { "end debit" } else { "end" }
}

/// What the last act came to.
#[component]
fn Told(query: String) -> Element {
    let param = |name: &str| crate::shop::parts::param(&query, name);
    rsx! {
        if let Some(code) = param("trouble") {
            Alert { tone: Tone::Bad, title: t!("desk-not-done"), live: true,
                {text_or(&format!("desk-trouble-{}", code.replace('_', "-")), &text_or(&code, &t!("desk-trouble-other")))}
            }
        } else if param("done").is_some() {
            Alert { tone: Tone::Good, title: t!("desk-done"), live: true, {t!("desk-done-text")} }
        }
    }
}

/// Rows of an order's lines.
#[component]
fn Lines(lines: Vec<DeskLine>) -> Element {
    rsx! {
        for line in lines {
            tr { key: "{line.number}",
                td {
                    a { href: "{line.href}", dir: "auto", "{line.what}" }
                    if let Some(name) = line.sold_by {
                        " · "
                        {t!("cart-sold-by", name = name)}
                    }
                }
                td { class: "end", "{line.quantity}" }
                td {
                    {t!(&line.state)}
                    if let Some(tracking) = line.tracking {
                        " · "
                        bdi { "{tracking}" }
                    }
                    if let Some(back) = line.back {
                        " · "
                        {t!("desk-back", amount = back)}
                    }
                }
                td { class: "end", "{line.total}" }
            }
        }
    }
}

/// A trail with who and why.
#[component]
fn History(rows: Vec<HistoryRow>) -> Element {
    let column = |key: &str| Column { title: t!(key), number: false };
    rsx! {
        if !rows.is_empty() {
            Table {
                caption: t!("desk-history"),
                columns: vec![
                    column("desk-when"),
                    column("desk-what"),
                    column("desk-who"),
                    column("desk-why"),
                    column("desk-facts"),
                ],
                for (i , row) in rows.iter().enumerate() {
                    tr { key: "{i}",
                        td { Moment { at: row.at.clone() } }
                        td { "{row.act}" }
                        td { class: "desk-id", "{row.who}" }
                        td { dir: "auto", "{row.why}" }
                        td { class: "desk-id", code { "{row.what}" } }
                    }
                }
            }
        }
    }
}
