//! Moments.

use dioxus::prelude::*;

/// A moment: the server prints it in a form that needs no time zone, the hydrated page in the reader's own.
#[component]
pub fn Time(
    /// For machines: ISO 8601.
    #[props(into)]
    iso: String,
    /// As the server prints it.
    #[props(into)]
    text: String,
    /// Gives the reader's form of `iso`; asked once, after hydration.
    #[props(default)]
    localise: Option<Callback<String, Option<String>>>,
) -> Element {
    let mut local = use_signal(|| None::<String>);
    use_effect(use_reactive((&iso,), move |(iso,)| {
        if let Some(localise) = localise {
            local.set(localise.call(iso));
        }
    }));
    let shown = local().unwrap_or(text);
    rsx! {
        time { datetime: iso, "{shown}" }
    }
}
