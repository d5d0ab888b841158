//! Place, language and currency in one form that says what each changes; it works without scripts.

use dioxus::prelude::*;
use vitrine_ui::prelude::*;

use super::parts::use_live;
use crate::platform;
use crate::t;

const DIALOG: &str = "preferences";

/// Opens the form; without scripts or invoker commands it leads to the same form's page.
#[component]
pub fn PrefsButton() -> Element {
    let prefs = use_hook(platform::prefs);
    rsx! {
        DialogButton {
            dialog: DIALOG,
            class: "button button-quiet prefs-button",
            label: t!("prefs-open", country = prefs.country.clone(), currency = prefs.currency.clone(), language = prefs.locale.clone()),
            open: move |id: String| platform::show_dialog(&id),
            Icon { shape: Shape::Globe }
            span { class: "prefs-now", "{prefs.country} · {prefs.currency}" }
        }
    }
}

/// The form.
#[component]
pub fn PrefsDialog() -> Element {
    let prefs = use_hook(platform::prefs);
    let back = router().full_route_string();
    rsx! {
        Dialog { id: DIALOG, title: t!("prefs-title"), close: t!("close"),
            form { class: "prefs-form", method: "get", action: "/preferences", aria_label: t!("prefs-title"),
                input { r#type: "hidden", name: "to", value: back }
                input { r#type: "hidden", name: "was", value: "{prefs.country}" }
                Choice { name: "country", id: "prefs-country", label: t!("prefs-country"), options: prefs.choices.countries.clone() }
                Notice { {t!("prefs-country-hint")} }
                Choice { name: "currency", id: "prefs-currency", label: t!("prefs-currency"), options: prefs.choices.currencies.clone() }
                Notice { {t!("prefs-currency-hint")} }
                Choice { name: "lang", id: "prefs-lang", label: t!("prefs-language"), options: prefs.choices.locales.clone() }
                Notice { {t!("prefs-language-hint")} }
                Button { kind: ButtonKind::Primary, r#type: "submit", {t!("prefs-save")} }
            }
        }
    }
}

/// A list whose options stand as markup: every page has these, and they never change while it is shown.
#[component]
fn Choice(name: &'static str, id: &'static str, label: String, options: String) -> Element {
    let options = use_hook(|| platform::inside(id).unwrap_or(options));
    rsx! {
        div { class: "field",
            label { class: "field-label", r#for: id, "{label}" }
            select { class: "input", id, name, dangerous_inner_html: options }
        }
    }
}

/// Light, dark, more contrast, or as the system says; kept on this device, so it is there with scripts only.
#[component]
pub fn ThemeChoice() -> Element {
    let live = use_live();
    let mut theme = use_signal(|| None::<String>);
    use_effect(move || theme.set(platform::theme()));
    let value = theme().unwrap_or_else(|| "system".to_owned());
    rsx! {
        if live() {
            Select {
                name: "theme",
                id: "theme",
                label: t!("theme-label"),
                options: ["system", "light", "dark", "contrast"]
                    .map(|v| SelectOption { value: v.to_owned(), label: t!(&format!("theme-{v}")) })
                    .to_vec(),
                value,
                onchange: move |event: FormEvent| {
                    let chosen = (event.value() != "system").then(|| event.value());
                    platform::set_theme(chosen.as_deref());
                    theme.set(chosen);
                },
            }
        }
    }
}
