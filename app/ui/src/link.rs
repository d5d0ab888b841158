//! Links that stay in the client where they can and load a new document where they must.

use dioxus::prelude::*;

/// First segments that another program, another client or another brand sheet answers.
const ELSEWHERE: [&str; 9] = ["admin", "studio", "auth", "api", "dev", "assets", "feeds", "preferences", "downloads"];

/// Whether following the address needs a new document: other origins, storefronts (their brand sheet belongs to the
/// document), files, and what the shop's client has no page for.
pub fn needs_document(to: &str) -> bool {
    let Some(path) = to.strip_prefix('/') else { return true };
    let first = path.split(['/', '?', '#']).next().unwrap_or_default();
    path.starts_with('/') || first.starts_with('@') || first.contains('.') || ELSEWHERE.contains(&first)
}

/// An anchor: client navigation inside the shop, a document load where [`needs_document`] says so. It has no listener of its
/// own: links with `data-go` are followed by the one that the client puts on its document.
#[component]
pub fn Go(
    /// Address.
    #[props(into)]
    to: String,
    /// Classes.
    #[props(default, into)]
    class: Option<String>,
    /// `rel`, e.g. `nofollow`.
    #[props(default, into)]
    rel: Option<String>,
    /// Accessible name, where the content is not one.
    #[props(default, into)]
    label: Option<String>,
    /// `aria-current` of a chosen value.
    #[props(default, into)]
    current: Option<String>,
    /// `lang` of the content.
    #[props(default, into)]
    lang: Option<String>,
    /// Content.
    children: Element,
) -> Element {
    rsx! {
        a {
            "data-go": inside(&to),
            href: to,
            class,
            rel,
            aria_label: label,
            aria_current: current,
            lang,
            {children}
        }
    }
}

/// The value of `data-go` of a link.
pub fn inside(to: &str) -> Option<&'static str> {
    (!needs_document(to)).then_some("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_programs_and_brands_load_a_document() {
        for to in [
            "https://a.example",
            "//a.example",
            "/@aurora",
            "/admin/orders",
            "/studio",
            "/auth/login?to=/",
            "/feeds/new.xml",
            "/preferences?x=1",
            "mailto:a@b.c",
            "/sitemap.xml",
        ] {
            assert!(needs_document(to), "{to}");
        }
        for to in ["/", "/catalog?type=album", "/albums/a-w_1", "/search?q=a.b", "/administrator"] {
            assert!(!needs_document(to), "{to}");
        }
    }
}
