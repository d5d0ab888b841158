//! A purchase: how it stands, honestly, and everything it gives; the same page for ever.

use dioxus::prelude::*;
use vitrine_shared::views::trade::{OrderLineView, OrderPartView, OrderView, PayState, WithdrawalView};
use vitrine_ui::prelude::*;

use super::cart::{HowMade, Sums};
use super::drawn;
use super::gift::{GiftTold, SoldCards};
use super::sending::SentBy;
use super::stored::PaidFrom;
use crate::i18n::text_or;
use crate::platform::{self, Head};
use crate::shop::parts::{Moment, Page, param};
use crate::shop::talk::{Talk, TalkTold, Write};
use crate::t;

/// Milliseconds between two looks while money is on its way.
const LOOK_MS: u32 = 3_000;

/// Loads a purchase; while money is on its way it looks again by itself.
#[component]
pub fn Order(
    /// Checkout or order id.
    id: ReadSignal<String>,
    /// Raw query string; `key` opens it for a guest.
    query: ReadSignal<String>,
) -> Element {
    let mut view = crate::data::use_data(move || crate::data::order(id(), param(&query(), "key")))?;
    let moving = matches!(&*view.read(), Ok(view) if view.place.is_none() && matches!(view.state, PayState::Open | PayState::Settling));
    use_effect(use_reactive((&moving,), move |(moving,)| {
        if moving {
            spawn(async move {
                platform::pause_ms(LOOK_MS).await;
                view.restart();
            });
        }
    }));
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            OrderBody {
                view: view.clone(),
                secret: param(&query(), "key"),
                trouble: param(&query(), "trouble"),
                asked: param(&query(), "done").is_some(),
                withdraw: param(&query(), "withdraw"),
                gift: param(&query(), "gift"),
                place: param(&query(), "place"),
            }
        }
    })
}

/// State, what each shop owes, what happened.
#[component]
pub fn OrderBody(
    /// What to show.
    view: OrderView,
    /// Opens it for a guest.
    #[props(default)]
    secret: Option<String>,
    /// Code of what became of a message.
    #[props(default)]
    trouble: Option<String>,
    /// A message was sent.
    #[props(default)]
    asked: bool,
    /// Code of why a withdrawal was not sent.
    #[props(default)]
    withdraw: Option<String>,
    /// What became of sending a gift card elsewhere.
    #[props(default)]
    gift: Option<String>,
    /// Code of why an answer was not taken.
    #[props(default)]
    place: Option<String>,
) -> Element {
    let (tone, word) = match view.state {
        _ if view.place.as_deref() == Some("order-place-before") => (Tone::Warn, "order-waits"),
        PayState::Paid => (Tone::Good, "order-paid"),
        PayState::Settling => (Tone::Plain, "order-settling"),
        PayState::Open => (Tone::Plain, "order-open"),
        PayState::Failed => (Tone::Bad, "order-failed"),
        PayState::Refunded => (Tone::Plain, "order-refunded"),
        PayState::PartlyRefunded => (Tone::Plain, "order-partly-refunded"),
    };
    let said = match (view.state, view.gift) {
        (PayState::Failed, true) => "order-failed-gift-text".to_owned(),
        _ => format!("{word}-text"),
    };
    rsx! {
        Page { head: Head { title: t!("order-title"), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { {t!(word)} }
                Alert { tone, title: t!(&said, email = view.email.clone(), total = view.total.clone()), live: true,
                    if let Some(why) = view.failure.clone() {
                        p { {text_or(&format!("declined-{}", why.replace('_', "-")), &t!("declined-other"))} }
                    }
                    if let Some(to) = view.retry_href.clone() {
                        a { class: "button button-primary", href: "{to}",
                            {match (view.state, view.gift) {
                                (PayState::Open, _) => t!("order-to-payment"),
                                (_, true) => t!("order-retry-gift"),
                                (_, false) => t!("order-retry"),
                            }}
                        }
                    }
                    if matches!(view.state, PayState::Open | PayState::Settling) {
                        noscript { {t!("order-reload")} }
                    }
                }
                if let Some(code) = place {
                    Alert { tone: Tone::Bad, title: t!("order-place-not"), live: true,
                        {text_or(&format!("order-place-{code}"), &t!("order-place-other"))}
                    }
                }
                if let Some(key) = view.place.clone() {
                    form { class: "trade-part talk-form", id: "place", method: "post", action: "/orders/{view.id}/place",
                        h2 { {t!("order-place")} }
                        p {
                            {t!(
                                &key,
                                country = view.places.first().map(|(_, name)| name.clone()).unwrap_or_default(),
                                others = view.places.iter().skip(1).map(|(_, name)| name.clone()).collect::<Vec<_>>().join(", "),
                            )}
                        }
                        if let Some(secret) = secret.clone() {
                            input { r#type: "hidden", name: "key", value: "{secret}" }
                        }
                        for (code , name) in view.places.clone() {
                            button { key: "{code}", class: "button", r#type: "submit", name: "country", value: "{code}", {t!("order-place-go", country = name)} }
                        }
                    }
                }
                p { class: "notice",
                    {t!("order-number", id = view.id.clone())}
                    " · "
                    Moment { at: view.placed.clone() }
                }
                if view.guest && view.state == PayState::Paid {
                    Alert { title: t!("order-account"),
                        p { {t!("order-account-text")} }
                        a { class: "button", href: "/auth/login?to=/my-products", {t!("account-sign-in")} }
                    }
                }
                div { id: "talk",
                    TalkTold { trouble, done: asked }
                }
                div { id: "gift",
                    if let Some(code) = gift {
                        GiftTold { code }
                    }
                }
                if let Some(code) = withdraw {
                    Alert { tone: Tone::Bad, title: t!("withdraw-not"), live: true,
                        {text_or(&format!("withdraw-trouble-{}", code.replace('_', "-")), &t!("withdraw-trouble-other"))}
                    }
                }
                if !view.paid.is_empty() {
                    section { class: "trade-part",
                        PaidFrom { paid: view.paid.clone() }
                    }
                }
                for part in view.parts.iter().cloned() {
                    Part { key: "{part.id}", email: view.email.clone(), part, checkout: view.id.clone(), secret: secret.clone(), mine: view.mine }
                }
                if let Some(part) = view.parts.first() {
                    section { class: "trade-part",
                        h2 { {t!("order-timeline")} }
                        ol { class: "timeline",
                            for (i , (at , key)) in part.timeline.iter().enumerate() {
                                li { key: "{i}",
                                    Moment { at: at.clone() }
                                    " "
                                    span { {text_or(key, &t!("event-other"))} }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn Part(part: OrderPartView, email: String, checkout: String, secret: Option<String>, mine: bool) -> Element {
    rsx! {
        section { class: "trade-part",
            h2 {
                Go { to: part.store.href.clone(), bdi { "{part.store.name}" } }
            }
            if let Some(name) = part.sold_by.clone() {
                Notice { {t!("cart-sold-by", name = name)} }
            }
            ul { class: "trade-lines", role: "list",
                for line in part.lines.iter().cloned() {
                    Line { key: "{line.line}", line, order: part.id.clone(), checkout: checkout.clone(), secret: secret.clone() }
                }
            }
            if let Some(way) = part.sent_by.clone() {
                SentBy { way }
            }
            Sums { sums: part.sums.clone() }
            HowMade { explain: part.explain.clone() }
            p { class: "notice",
                {t!("order-number", id = part.id.clone())}
                if let Some(to) = part.invoice_href.clone() {
                    " · "
                    a { href: "{to}", {t!("order-invoice")} }
                }
            }
            if let Some(withdrawal) = part.withdrawal.clone() {
                Withdraw { withdrawal, of: part.id.clone(), shop: part.store.name.clone(), email, secret: secret.clone() }
            }
            if part.may_write || !part.messages.is_empty() {
                details { class: "order-talk", open: !part.messages.is_empty(),
                    summary { {t!("talk-title", shop = part.store.name.clone())} }
                    Talk {
                        of: part.id.clone(),
                        messages: part.messages.clone(),
                        shop: part.store.name.clone(),
                        third: !mine,
                        write: part.may_write.then(|| Write {
                            action: format!("/orders/{}/ask", part.id),
                            secret: secret.clone(),
                            label: t!("talk-ask"),
                            hint: t!("talk-ask-hint"),
                        }),
                    }
                }
            }
        }
    }
}

/// The way to withdraw: what it is called by law, the statement, and what confirms it.
#[component]
fn Withdraw(withdrawal: WithdrawalView, of: String, shop: String, email: String, secret: Option<String>) -> Element {
    rsx! {
        div { id: "withdraw",
            for (i , (when , what)) in withdrawal.stated.iter().enumerate() {
                p { key: "{i}", role: "status", {t!("withdraw-stated", when = when.text.clone(), what = what.clone())} }
            }
            if !withdrawal.lines.is_empty() {
                details { class: "order-talk",
                    summary { {t!("withdraw-here")} }
                    form { class: "talk-form", method: "post", action: "/orders/{of}/withdraw", aria_label: t!("withdraw-here"),
                        p { class: "notice", {t!("withdraw-text", email = email, shop = shop)} }
                        if let Some(secret) = secret {
                            input { r#type: "hidden", name: "key", value: "{secret}" }
                        }
                        fieldset { class: "trade-part",
                            legend { {t!("withdraw-what")} }
                            for (number , title) in withdrawal.lines.iter() {
                                Checkbox { key: "{number}", name: "line", value: "{number}", checked: true, bdi { "{title}" } }
                            }
                        }
                        // An id of its own: a page may hold several orders.
                        div { class: "field",
                            label { class: "field-label", r#for: "withdraw-{of}", {t!("withdraw-name")} }
                            input { class: "input", id: "withdraw-{of}", name: "name", autocomplete: "name", required: true, maxlength: 200 }
                        }
                        Button { r#type: "submit", {t!("withdraw-go")} }
                    }
                }
            }
        }
    }
}

#[component]
fn Line(line: OrderLineView, order: String, checkout: String, secret: Option<String>) -> Element {
    rsx! {
        li { class: "trade-line trade-line-bare",
            div { class: "trade-what",
                p { class: "trade-title",
                    Go { to: line.href.clone(), bdi { "{line.title}" } }
                    if line.quantity > 1 {
                        span { class: "num", " × {line.quantity}" }
                    }
                }
                p { class: "trade-by",
                    bdi { "{line.edition}" }
                    " · "
                    {text_or(&line.state, "")}
                    if let Some(tracking) = line.tracking.clone() {
                        " · "
                        bdi { "{tracking}" }
                    }
                }
                if !line.cards.is_empty() {
                    SoldCards { cards: line.cards.clone(), order, secret: secret.clone() }
                }
                if !line.assets.is_empty() {
                    div { class: "trade-act",
                        form { role: "none", method: "post", action: "/orders/{checkout}/download",
                            input { r#type: "hidden", name: "assets", value: "{line.assets}" }
                            if let Some(secret) = secret.clone() {
                                input { r#type: "hidden", name: "key", value: "{secret}" }
                            }
                            button { class: "button button-primary", r#type: "submit", aria_label: t!("order-download-of", title = line.title.clone()),
                                Icon { shape: Shape::Download }
                                {t!("order-download")}
                            }
                        }
                        if secret.is_none() {
                            if let Some(to) = line.library_href.clone() {
                                a { class: "button", href: "{to}", {t!("order-open-library")} }
                            }
                        }
                    }
                }
            }
            div { class: "trade-price",
                span { class: "num", "{line.total}" }
            }
        }
    }
}
