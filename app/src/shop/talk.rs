//! What buyer and shop said to each other, and a form to say more. It works without scripts.

use dioxus::prelude::*;
use vitrine_shared::views::trade::MessageView;
use vitrine_ui::prelude::*;

use super::parts::Moment;
use crate::i18n::text_or;
use crate::t;

/// Longest message, characters; the server refuses longer ones.
const MAX_TEXT: u32 = 2_000;

/// Where a form goes and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Address.
    pub action: String,
    /// The order page's secret.
    pub secret: Option<String>,
    /// Label of the field.
    pub label: String,
    /// Words under the label.
    pub hint: String,
}

/// A conversation about one order.
#[component]
pub fn Talk(
    /// Names it among others of the page.
    of: String,
    /// Oldest first.
    messages: Vec<MessageView>,
    /// Name of the shop.
    shop: String,
    /// The reader is the shop.
    #[props(default)]
    ours: bool,
    /// The reader is neither of them.
    #[props(default)]
    third: bool,
    /// How to say more; `None`: nothing can be said.
    #[props(default)]
    write: Option<Write>,
) -> Element {
    let seen = messages.len();
    let who = |m: &MessageView| match (m.shop, ours) {
        (true, false) => shop.clone(),
        (false, _) if ours || third => t!("talk-buyer"),
        _ => t!("talk-you"),
    };
    rsx! {
        if !messages.is_empty() {
            ol { class: "talk", role: "list",
                for (i , message) in messages.iter().enumerate() {
                    li { key: "{i}", class: if !third && message.shop == ours { "talk-own" },
                        p { class: "talk-who",
                            bdi { {who(message)} }
                            " · "
                            Moment { at: message.at.clone() }
                        }
                        match message.text.clone() {
                            Some(text) => rsx! { p { class: "talk-text", dir: "auto", "{text}" } },
                            None => rsx! { p { class: "notice", {t!("talk-erased")} } },
                        }
                    }
                }
            }
        }
        if let Some(write) = write {
            form { class: "talk-form", method: "post", action: write.action, aria_label: (!ours).then(|| t!("talk-title", shop = shop.clone())),
                input { r#type: "hidden", name: "seen", value: "{seen}" }
                if let Some(secret) = write.secret {
                    input { r#type: "hidden", name: "key", value: "{secret}" }
                }
                TextArea { id: "text-{of}", name: "text", label: write.label, hint: write.hint, required: true, maxlength: MAX_TEXT }
                Button { r#type: "submit", {t!("talk-send")} }
            }
        }
    }
}

/// What the last message came to.
#[component]
pub fn TalkTold(
    /// Code of what went wrong.
    trouble: Option<String>,
    /// It was sent.
    done: bool,
) -> Element {
    rsx! {
        if let Some(code) = trouble {
            Alert { tone: Tone::Bad, title: t!("talk-not-sent"), live: true,
                {text_or(&format!("talk-trouble-{}", code.replace('_', "-")), &t!("talk-trouble-other"))}
            }
        } else if done {
            Alert { tone: Tone::Good, title: t!("talk-sent"), live: true, {t!("talk-sent-text")} }
        }
    }
}
