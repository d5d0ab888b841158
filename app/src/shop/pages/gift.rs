//! Where a shop's gift cards are bought, and what the order's page says of those that were.

use dioxus::prelude::*;
use vitrine_shared::views::RightView;
use vitrine_shared::views::gift::{GiftView, SoldCardView};
use vitrine_ui::prelude::*;

use super::drawn;
use crate::i18n::{text, text_or};
use crate::platform::Head;
use crate::shop::parts::{Page, param};
use crate::t;

/// Longest message, characters.
const MAX_MESSAGE: u32 = 500;
/// Longest name, characters.
const MAX_NAME: u32 = 100;

/// Loads the page with what was typed before, if that was refused.
#[component]
pub fn Gift(
    /// Of the shop, without `@`.
    handle: ReadSignal<String>,
    /// Raw query string; `kept` names a form that was refused.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(move || crate::data::gift(handle(), param(&query(), "kept")))?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            GiftBody { view: view.clone() }
        }
    })
}

/// Whether and how the purchase can be withdrawn from, where the page is for.
fn right(right: &RightView, shop: &str) -> String {
    if right.unknown {
        return t!("gift-withdraw-unknown", country = right.country.clone(), shop = shop);
    }
    match (right.days, right.function) {
        (0, _) => t!("gift-withdraw-none", country = right.country.clone()),
        (days, true) => t!("gift-withdraw-here", days = days),
        (days, false) => t!("gift-withdraw-tell", days = days, shop = shop),
    }
}

/// Amount, recipient, words, day, who buys, and what one should know.
#[component]
pub fn GiftBody(
    /// What to show.
    view: GiftView,
) -> Element {
    let shop = view.shop.name.clone();
    let form = view.form.clone();
    let fault = |field: &str| view.faults.iter().find(|(f, _)| f == field).map(|(_, code)| text(code));
    let sold = !view.amounts.is_empty() || view.named.is_some();
    let (day_fault, first, last) = (fault("day"), view.days.0.clone(), view.days.1.clone());
    rsx! {
        Page { head: Head { title: t!("gift-title", shop = shop.clone()), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { dir: "auto", {t!("gift-title", shop = shop.clone())} }
                p { class: "lead", dir: "auto", {t!("gift-lead", shop = shop.clone())} }
                if let Some(code) = view.trouble.clone() {
                    Alert { tone: Tone::Bad, title: t!("gift-trouble"), live: true, {text_or(&format!("trouble-{code}"), &t!("trouble-other"))} }
                }
                if !view.faults.is_empty() {
                    Alert { tone: Tone::Bad, title: t!("checkout-faults"), live: true,
                        ul { class: "footer-list", role: "list",
                            for (field , code) in view.faults.iter() {
                                li { key: "{field}",
                                    a { href: "#{field}", {text(code)} }
                                }
                            }
                        }
                    }
                }
                if sold {
                    form { class: "trade-part desk-form", method: "post", action: view.action.clone(), aria_label: t!("gift-title", shop = shop.clone()),
                        input { r#type: "hidden", name: "attempt", value: "{view.attempt}" }
                        input { r#type: "hidden", name: "currency", value: "{view.currency}" }
                        h2 { id: "amount", {t!("gift-amount")} }
                        RadioCards { legend: t!("gift-amount"),
                            for (minor , shown) in view.amounts.iter().cloned() {
                                RadioCard {
                                    key: "{minor}",
                                    name: "amount",
                                    value: minor.clone(),
                                    checked: form.amount == minor,
                                    head: rsx! { span { class: "num", "{shown}" } },
                                }
                            }
                            if let Some((least, most)) = view.named.clone() {
                                RadioCard {
                                    name: "amount",
                                    value: "named",
                                    checked: form.amount == "named",
                                    head: rsx! { span { {t!("gift-named")} } },
                                    Field {
                                        name: "named",
                                        label: t!("price-name-yours", currency = view.currency.clone()),
                                        inputmode: "decimal",
                                        value: form.named.clone(),
                                        hint: t!("gift-named-hint", least = least, most = most),
                                        error: fault("named"),
                                        maxlength: 20,
                                    }
                                }
                            }
                        }
                        Field {
                            name: "pieces",
                            label: t!("gift-pieces"),
                            inputmode: "numeric",
                            value: if form.pieces.is_empty() { "1".to_owned() } else { form.pieces.clone() },
                            hint: t!("gift-pieces-hint", most = view.most.to_string()),
                            error: fault("pieces"),
                            maxlength: 2,
                        }
                        h2 { {t!("gift-to")} }
                        RadioCards { legend: t!("gift-to"),
                            RadioCard {
                                name: "to",
                                value: "other",
                                checked: !form.to_self,
                                head: rsx! { span { {t!("gift-to-other")} } },
                                Field {
                                    name: "recipient_email",
                                    r#type: "email",
                                    label: t!("gift-recipient-email"),
                                    value: form.recipient_email.clone(),
                                    error: fault("recipient_email"),
                                    autocomplete: "off",
                                    maxlength: 254,
                                }
                            }
                            RadioCard {
                                name: "to",
                                value: "self",
                                checked: form.to_self,
                                head: rsx! { span { {t!("gift-to-self")} } },
                            }
                        }
                        Field {
                            name: "recipient",
                            label: t!("gift-recipient"),
                            value: form.recipient.clone(),
                            error: fault("recipient"),
                            autocomplete: "off",
                            maxlength: MAX_NAME,
                        }
                        Field {
                            name: "sender",
                            label: t!("gift-sender"),
                            value: form.sender.clone(),
                            error: fault("sender"),
                            autocomplete: "name",
                            maxlength: MAX_NAME,
                        }
                        TextArea {
                            name: "message",
                            label: t!("gift-message"),
                            value: form.message.clone(),
                            error: fault("message"),
                            maxlength: MAX_MESSAGE,
                        }
                        div { class: "field",
                            label { class: "field-label", r#for: "day", {t!("gift-day")} }
                            p { class: "field-hint", id: "day-hint", {t!("gift-day-hint")} }
                            input {
                                class: "input",
                                id: "day",
                                name: "day",
                                r#type: "date",
                                min: "{first}",
                                max: "{last}",
                                value: form.day.clone(),
                                aria_invalid: day_fault.is_some().then_some("true"),
                                aria_describedby: if day_fault.is_some() { "day-hint day-error" } else { "day-hint" },
                            }
                            if let Some(fault) = &day_fault {
                                p { class: "field-error", id: "day-error", "{fault}" }
                            }
                        }
                        h2 { {t!("gift-you")} }
                        Field {
                            name: "email",
                            r#type: "email",
                            label: t!("gift-email"),
                            hint: t!("gift-email-hint"),
                            value: form.email.clone(),
                            error: fault("email"),
                            autocomplete: "email",
                            required: true,
                            maxlength: 254,
                        }
                        ul { class: "notice", role: "list",
                            li { {t!("gift-where", shop = shop.clone())} }
                            li { {t!("gift-tax")} }
                            li { {t!("gift-back")} }
                            li { {right(&view.right, &shop)} }
                            li { {t!("gift-pay")} }
                        }
                        Button { kind: ButtonKind::Primary, r#type: "submit", large: true, {t!("gift-buy")} }
                    }
                } else {
                    Notice { {t!("gift-not-here", currency = view.currency.clone())} }
                }
                Go { to: view.shop.href.clone(), {t!("letters-visit", shop = shop)} }
            }
        }
    }
}

/// Cards of an order: where each goes, and a way to have it sent elsewhere.
#[component]
pub(super) fn SoldCards(cards: Vec<SoldCardView>, order: String, secret: Option<String>) -> Element {
    rsx! {
        ul { class: "footer-list", role: "list",
            for (number , card) in cards.into_iter().enumerate() {
                li { key: "{card.id}",
                    p {
                        {t!(&card.state, email = card.to.clone(), when = card.when.text.clone())}
                    }
                    if card.may_correct {
                        details { class: "order-talk",
                            summary {
                                {t!("gift-correct")}
                                span { class: "sr-only", {t!("gift-correct-of", number = (number + 1).to_string())} }
                            }
                            form { class: "talk-form", method: "post", action: "/orders/{order}/gift", aria_label: t!("gift-correct"),
                                if let Some(secret) = secret.clone() {
                                    input { r#type: "hidden", name: "key", value: "{secret}" }
                                }
                                input { r#type: "hidden", name: "card", value: "{card.id}" }
                                input { r#type: "hidden", name: "next", value: "{card.next}" }
                                p { class: "notice", {t!("gift-correct-text")} }
                                // An id of its own: a page may hold several cards.
                                div { class: "field",
                                    label { class: "field-label", r#for: "gift-{card.id}", {t!("gift-recipient-email")} }
                                    input { class: "input", id: "gift-{card.id}", name: "email", r#type: "email", value: "{card.to}", required: true, maxlength: 254 }
                                }
                                Button { r#type: "submit", {t!("gift-correct-go")} }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What became of sending a card elsewhere: `done`, or the code of a fault.
#[component]
pub(super) fn GiftTold(code: String) -> Element {
    rsx! {
        if code == "done" {
            Alert { tone: Tone::Good, title: t!("gift-corrected"), live: true, {t!("gift-corrected-text")} }
        } else {
            Alert { tone: Tone::Bad, title: t!("gift-not-corrected"), live: true,
                {text_or(&format!("gift-trouble-{}", code.replace('_', "-")), &t!("gift-trouble-other"))}
            }
        }
    }
}
