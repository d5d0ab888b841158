//! Gift cards and store credit at checkout, and what was paid with them.

use dioxus::prelude::*;
use vitrine_shared::views::trade::{AmountView, CheckoutView};
use vitrine_shared::views::value::PaidView;
use vitrine_ui::prelude::*;

use super::cart::Sums;
use super::destination::fault;
use crate::t;

/// Codes that are applied, a field for another one, the choice to use store credit. Nothing if the shop takes none.
pub(super) fn value_part(view: &CheckoutView) -> Element {
    let value = &view.value;
    if !value.offered {
        return VNode::empty();
    }
    // Amounts depend on a total that nobody can say yet.
    let counted = !view.cart.waits_for_region();
    rsx! {
        fieldset { class: "trade-part",
            legend {
                h2 { {t!("checkout-value")} }
            }
            if !value.codes.is_empty() {
                ul { class: "footer-list", role: "list",
                    for card in value.codes.iter() {
                        li { key: "{card.account}",
                            p {
                                {t!("checkout-value-card", last = card.last4.clone())}
                                if counted {
                                    ": "
                                    {t!("checkout-value-takes", takes = card.takes.clone(), stays = card.stays.clone())}
                                }
                            }
                            button {
                                class: "button",
                                r#type: "submit",
                                name: "remove",
                                value: "{card.account}",
                                formnovalidate: true,
                                aria_label: t!("checkout-value-remove-of", last = card.last4.clone()),
                                {t!("checkout-value-remove")}
                            }
                        }
                    }
                }
            }
            if !value.full {
                Field {
                    name: "code",
                    label: t!("checkout-value-code"),
                    hint: t!("checkout-value-hint"),
                    error: fault(view, "code"),
                    autocomplete: "off",
                    maxlength: 60,
                }
            }
            if let Some(credit) = value.credit.clone() {
                Checkbox { name: "use_credit", checked: credit.used,
                    {t!("checkout-value-credit", balance = credit.balance.clone())}
                    if counted {
                        " "
                        {t!("checkout-value-credit-takes", takes = credit.takes.clone())}
                    }
                    for (amount , date) in credit.ends.iter() {
                        " "
                        {t!("checkout-value-credit-ends", amount = amount.clone(), date = date.clone())}
                    }
                }
            }
            if !value.full || value.credit.is_some() {
                button { class: "button", r#type: "submit", name: "again", value: "1", formnovalidate: true, {t!("checkout-value-use")} }
            }
        }
    }
}

/// What stored value pays of the total and what is left; nothing if it pays nothing.
pub(super) fn value_sums(view: &CheckoutView) -> Element {
    let value = &view.value;
    if !value.offered || value.due_minor == view.cart.total_minor {
        return VNode::empty();
    }
    let amount = |key: &str, detail: &str, text: String| AmountView { key: key.into(), detail: detail.into(), text };
    let mut sums: Vec<AmountView> = value
        .codes
        .iter()
        .map(|card| amount("paid-gift_card", &format!("…{}", card.last4), format!("−{}", card.takes)))
        .collect();
    if let Some(credit) = value.credit.as_ref().filter(|c| c.used) {
        sums.push(amount("paid-store_credit", "", format!("−{}", credit.takes)));
    }
    sums.push(amount("checkout-value-due", "", value.due.clone()));
    rsx! {
        Sums { sums }
    }
}

/// What each source paid, of an order or an invoice.
#[component]
pub(super) fn PaidFrom(paid: Vec<PaidView>) -> Element {
    if paid.is_empty() {
        return VNode::empty();
    }
    rsx! {
        h2 { {t!("paid-with")} }
        dl { class: "sums",
            for (i , part) in paid.iter().enumerate() {
                div { key: "{i}",
                    dt {
                        {t!(&part.key)}
                        match part.key.as_str() {
                            "paid-gift_card" => rsx! {
                                " "
                                bdi { "…{part.detail}" }
                            },
                            _ if part.detail.is_empty() => VNode::empty(),
                            _ => rsx! {
                                " "
                                bdi { "{part.detail}" }
                            },
                        }
                    }
                    dd { class: "num", "{part.amount}" }
                }
            }
        }
    }
}
