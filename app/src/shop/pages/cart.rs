//! The cart: lines by shop, sums with how they are made, what stands in the way.

use dioxus::prelude::*;
use vitrine_shared::views::trade::{AmountView, CartLineView, CartView, CodeView, ExplainView, SellerPart};
use vitrine_ui::prelude::*;

use super::drawn;
use super::pieces::{Chosen, use_chosen};
use super::sending::Ways;
use crate::i18n::{text_or, text_with};
use crate::platform::Head;
use crate::shop::parts::{Page, PriceTag, Shelf, about_note, param, picture_of, stock_word};
use crate::t;

/// Loads the cart.
#[component]
pub fn Cart(
    /// Raw query string; `trouble` names what failed, `undo` offers to take the last change back.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(crate::data::cart)?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            CartBody { view: view.clone(), trouble: param(&query(), "trouble"), undo: param(&query(), "undo").is_some() }
        }
    })
}

/// Everything in the cart.
#[component]
pub fn CartBody(
    /// What to show.
    view: CartView,
    /// Code of what the last change failed with.
    #[props(default)]
    trouble: Option<String>,
    /// The last change can be taken back.
    #[props(default)]
    undo: bool,
) -> Element {
    let chosen = use_chosen(&view);
    // What goes with it stays.
    let with_it = view.with_it.clone();
    let view = chosen.over(view);
    let country = if view.place_name.is_empty() { view.place.clone() } else { view.place_name.clone() };
    rsx! {
        Page { head: Head { title: t!("cart-title"), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { {t!("cart-title")} }
                if let Some(code) = trouble {
                    Alert { tone: Tone::Warn, title: t!("cart-trouble"), live: true, {text_or(&format!("trouble-{code}"), &t!("trouble-other"))} }
                }
                if undo {
                    Alert { title: t!("cart-taken-out"), live: true,
                        form { role: "none", method: "post", action: "/cart/undo",
                            input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                            Button { r#type: "submit", {t!("cart-undo")} }
                        }
                    }
                }
                if view.sellers.is_empty() {
                    EmptyState { title: t!("cart-empty"), text: t!("cart-empty-text"),
                        Go { to: "/catalog", class: "button button-primary", {t!("fault-catalog")} }
                    }
                } else {
                    div { class: "trade-columns",
                        div { class: "trade-main",
                            for part in view.sellers.iter().cloned() {
                                Seller { key: "{part.store.href}{part.sold_by.is_some()}", part, rev: view.rev, chosen }
                            }
                        }
                        aside { class: "trade-side", aria_label: t!("cart-sum"),
                            form { class: "codes", id: "codes", role: "none", method: "post", action: "/cart/code",
                                if chosen.is_some() {
                                    input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                                    {chosen.fields("")}
                                }
                                Codes { codes: view.codes.clone(), action: "/cart/code" }
                            }
                            // Without the region there is no total yet; nothing is not what it costs.
                            if !view.waits_for_region() {
                                p { class: "trade-total", aria_live: "polite", aria_atomic: "true",
                                    span { {t!("sum-all")} }
                                    strong { class: "num", "{view.total}" }
                                }
                            }
                            if let Some(about) = &view.about {
                                p { class: "notice num", {t!("price-about", amount = about.text.clone())} }
                                p { class: "notice", {about_note(about, &view.currency)} }
                            }
                            p { class: "notice",
                                {t!(&view.tax_word)}
                                " · "
                                {t!("cart-place", country = country)}
                            }
                            p { class: "notice", role: "status", {chosen.status()} }
                            if chosen.is_some() && (view.ready || view.waits_for_region()) {
                                form { role: "none", method: "post", action: "/cart/set",
                                    input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                                    input { r#type: "hidden", name: "then", value: "checkout" }
                                    {chosen.fields("")}
                                    button { class: "button button-primary button-large button-wide", r#type: "submit", {t!("cart-checkout")} }
                                }
                            } else if view.ready || view.waits_for_region() {
                                a { class: "button button-primary button-large button-wide", href: "/checkout", {t!("cart-checkout")} }
                            } else {
                                Alert { tone: Tone::Warn, title: t!("cart-not-ready"), {t!("cart-not-ready-text")} }
                            }
                        }
                    }
                }
                if !view.later.is_empty() {
                    section { class: "trade-part",
                        h2 { {t!("cart-kept")} }
                        p { class: "notice", {t!("cart-kept-text")} }
                        ul { class: "trade-lines", role: "list",
                            for line in view.later.iter().cloned() {
                                Line { key: "{line.variant}", line, rev: view.rev, later: true, chosen }
                            }
                        }
                    }
                }
            }
            Shelf { title: t!("cart-with-it"), cards: with_it }
        }
    }
}

#[component]
fn Seller(part: SellerPart, rev: i64, chosen: Chosen) -> Element {
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
                    Line { key: "{line.variant}", line, rev, chosen }
                }
            }
            Ways { ways: part.sending.ways.clone() }
            Sums { sums: part.sums.clone() }
            if let Some(note) = part.tax_note.clone() {
                Notice { {text_or(&note, "")} }
            }
            if let Some(note) = part.tax_notice.clone() {
                Notice { {text_or(&note, "")} }
            }
            HowMade { explain: part.explain.clone() }
        }
    }
}

#[component]
fn Line(
    line: CartLineView,
    rev: i64,
    #[props(default)] later: bool,
    #[props(default)] chosen: Option<Chosen>,
) -> Element {
    let variant = line.variant.clone();
    let choose = move |quantity: u32| {
        if let Some(chosen) = chosen {
            chosen.choose(variant.clone(), quantity);
        }
    };
    rsx! {
        li { class: "trade-line",
            Cover { picture: line.cover.as_ref().map(picture_of), sizes: "5rem" }
            div { class: "trade-what",
                p { class: "trade-title",
                    Go { to: line.href.clone(), bdi { "{line.title}" } }
                }
                p { class: "trade-by",
                    bdi { "{line.by}" }
                    if !line.edition.is_empty() {
                        " · "
                        bdi { "{line.edition}" }
                    }
                }
                if let Some(left) = line.stock.filter(|_| line.trouble.is_none()) {
                    p { class: "trade-by", {stock_word(left)} }
                }
                if let Some(trouble) = line.trouble.clone() {
                    p { class: "field-error",
                        Icon { shape: Shape::Warning }
                        {text_or(&trouble, &t!("line-not-here"))}
                    }
                }
                if let Some(notice) = line.notice.clone() {
                    Notice { {text_or(&notice, "")} }
                }
                div { class: "trade-act",
                    if !later && line.physical && line.max_quantity > 1 {
                        form { class: "trade-pieces", role: "none", method: "post", action: "/cart/set",
                            input { r#type: "hidden", name: "variant", value: "{line.variant}" }
                            input { r#type: "hidden", name: "rev", value: "{rev}" }
                            QuantityStepper {
                                name: "quantity",
                                label: t!("cart-pieces-of", title = line.title.clone()),
                                less: t!("cart-less", title = line.title.clone()),
                                more: t!("cart-more", title = line.title.clone()),
                                value: line.quantity,
                                max: line.max_quantity.max(line.quantity),
                                onchange: choose,
                            }
                            if let Some(chosen) = chosen {
                                {chosen.fields(&line.variant)}
                            }
                            Button { r#type: "submit", {t!("cart-update")} }
                        }
                    }
                    form { role: "none", method: "post", action: "/cart/later",
                        if let Some(chosen) = chosen {
                            {chosen.fields("")}
                        }
                        input { r#type: "hidden", name: "line", value: "{line.variant}" }
                        input { r#type: "hidden", name: "rev", value: "{rev}" }
                        input { r#type: "hidden", name: "later", value: if later { "false" } else { "true" } }
                        if !later {
                            button { class: "button button-quiet", r#type: "submit", aria_label: t!("cart-later-of", title = line.title.clone()), {t!("cart-later")} }
                        } else if line.trouble.is_none() {
                            button { class: "button", r#type: "submit", aria_label: t!("cart-back-of", title = line.title.clone()), {t!("cart-back")} }
                        }
                    }
                    form { role: "none", method: "post", action: "/cart/set",
                        input { r#type: "hidden", name: "variant", value: "{line.variant}" }
                        input { r#type: "hidden", name: "rev", value: "{rev}" }
                        input { r#type: "hidden", name: "quantity", value: "0" }
                        if let Some(chosen) = chosen {
                            {chosen.fields(&line.variant)}
                        }
                        button { class: "button button-quiet", r#type: "submit", aria_label: t!("cart-remove-of", title = line.title.clone()), {t!("cart-remove")} }
                    }
                }
            }
            div { class: "trade-price",
                if later {
                    PriceTag { price: Some(line.unit.clone()) }
                }
                if !later && line.quantity > 1 {
                    span { class: "notice num", "{line.quantity} × " PriceTag { price: Some(line.unit.clone()) } }
                }
                span { class: "num", "{line.total}" }
            }
        }
    }
}

/// Discount codes within a form: a field for one more, and those that are kept with what became of them. Its buttons send the form to
/// `action`, with all else in it.
#[component]
pub fn Codes(
    /// In the order of typing.
    codes: Vec<CodeView>,
    /// Where its buttons send it.
    action: String,
) -> Element {
    rsx! {
        Field { name: "discount", label: t!("code-field"), maxlength: 64, autocomplete: "off" }
        button { class: "button", r#type: "submit", formaction: "{action}", formnovalidate: true, {t!("code-use")} }
        if !codes.is_empty() {
            ul { class: "footer-list", role: "list", aria_label: t!("code-list"),
                for code in codes {
                    li { key: "{code.code}", class: "trade-act",
                        if code.applied {
                            Icon { shape: Shape::Check }
                        } else {
                            Icon { shape: Shape::Warning }
                        }
                        span { {code_said(&code)} }
                        button {
                            class: "button button-quiet",
                            r#type: "submit",
                            name: "drop",
                            value: "{code.code}",
                            formaction: "{action}",
                            formnovalidate: true,
                            aria_label: t!("code-drop-of", code = code.code.clone()),
                            {t!("code-drop")}
                        }
                    }
                }
            }
        }
    }
}

fn code_said(code: &CodeView) -> String {
    match &code.reason {
        None if code.off.is_empty() => t!("code-used", code = code.code.clone()),
        None => t!("code-takes", code = code.code.clone(), amount = code.off.clone()),
        Some(reason) => {
            let reason = text_with(reason, &[("other".to_owned(), code.other.clone())]);
            t!("code-not", code = code.code.clone(), reason = reason)
        }
    }
}

/// Named amounts, the last is the total.
#[component]
pub fn Sums(
    /// In order.
    sums: Vec<AmountView>,
) -> Element {
    // Items and a total that is the same say one thing twice.
    let sums = if sums.len() == 2 { sums[1..].to_vec() } else { sums };
    let last = sums.len().saturating_sub(1);
    rsx! {
        if !sums.is_empty() {
            dl { class: "sums",
                for (i , sum) in sums.iter().enumerate() {
                    div { key: "{i}", class: if i == last { "sums-total" },
                        dt {
                            {t!(&sum.key)}
                            if !sum.detail.is_empty() {
                                " "
                                bdi { "{sum.detail}" }
                            }
                        }
                        dd { class: "num", "{sum.text}" }
                    }
                }
            }
        }
    }
}

/// Every step of a total, in words.
#[component]
pub fn HowMade(
    /// In order of work.
    explain: Vec<ExplainView>,
) -> Element {
    rsx! {
        if !explain.is_empty() {
            Disclosure { title: t!("sum-how"),
                ol { class: "explain",
                    for (i , step) in explain.iter().enumerate() {
                        li { key: "{i}", {sentence(step)} }
                    }
                }
            }
        }
    }
}

/// A step in words.
pub fn sentence(step: &ExplainView) -> String {
    let mut args = step.args.clone();
    if !args.iter().any(|(name, _)| name == "line") {
        args.push(("line".to_owned(), t!("sum-shipping")));
    }
    if let Some((_, region)) = step.args.iter().find(|(name, _)| name == "region") {
        args.push(("place".to_owned(), text_or(&format!("price-region-{region}"), region)));
    }
    let word = step.rule.replace(['_', '.'], "-");
    let rule = match step.key.as_str() {
        "explain-code-skipped" => text_with(&format!("code-skipped-{word}"), &args),
        _ => text_or(&format!("rule-{word}"), &step.rule),
    };
    args.push(("rule".to_owned(), rule));
    text_with(&step.key, &args)
}
