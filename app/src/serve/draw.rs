//! Draws a page: one virtual document a request, as one text with the data its client continues from.
//!
//! The framework's own handler is not used. It streams pages in pieces, through a channel and a callback for each component, draws
//! the head as documents of its own and writes what loaders answered three times as long as it is; a page of ours leaves whole and says
//! its head and data on a [`crate::platform::Sheet`]. What is done here is what that handler does with streaming off, in the same
//! order: the client counts on it.
//!
//! Invariants: a document lives on one thread of the pool from beginning to end; nothing is sent before everything is drawn.
//!
//! Not here: the document around a page (`page`), its loaders (`ask`).

use std::fmt::{self, Write};
use std::iter::Peekable;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use dioxus::core::{
    DynamicNode, ErrorContext, SuspenseContext, TemplateNode, consume_context, has_context,
    provide_create_error_boundary, try_consume_context,
};
use dioxus::fullstack::history::provide_fullstack_history_context;
use dioxus::fullstack::{FullstackContext, HydrationContext, init_error_boundary};
use dioxus::history::MemoryHistory;
use dioxus::prelude::*;
use dioxus::ssr::Renderer;
use tokio_util::task::LocalPoolHandle;

/// Bytes a page has room for at first; most have less.
const ROOM: usize = 96 * 1024;

/// Draws the pages of one client.
#[derive(Clone)]
pub(super) struct Drawing {
    app: fn() -> Element,
    threads: LocalPoolHandle,
    /// Each remembers the templates it has written.
    idle: Arc<Mutex<Vec<Renderer>>>,
}

/// A drawn page.
pub(super) struct Drawn {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// What stands in the main element.
    pub(super) main: String,
    /// What the framework's client continues from, base64.
    pub(super) data: String,
}

impl Drawing {
    pub(super) fn new(app: fn() -> Element, threads: LocalPoolHandle) -> Self {
        Self { app, threads, idle: Arc::default() }
    }

    /// Draws the page of a request.
    ///
    /// # Errors
    /// A fault that no page has caught, or a panic.
    pub(super) async fn page(&self, parts: Parts) -> anyhow::Result<Drawn> {
        let (app, idle) = (self.app, self.idle.clone());
        self.threads.spawn_pinned(move || draw(app, parts, idle)).await?
    }
}

async fn draw(app: fn() -> Element, parts: Parts, idle: Arc<Mutex<Vec<Renderer>>>) -> anyhow::Result<Drawn> {
    let address = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let mut dom = VirtualDom::new(app);
    let context = dom.in_scope(ScopeId::ROOT, || FullstackContext::new(parts));
    dom.provide_root_context(context.clone());
    dom.in_scope(ScopeId::ROOT, || {
        provide_fullstack_history_context(MemoryHistory::with_initial_path(address));
        provide_create_error_boundary(init_error_boundary);
    });
    dom.rebuild_in_place();
    dom.wait_for_suspense().await;
    let fault = dom.in_scope(ScopeId::ROOT_ERROR_BOUNDARY, || consume_context::<ErrorContext>().error());
    if let Some(fault) = fault {
        anyhow::bail!("no page caught: {fault}");
    }
    let status = dom.in_scope(ScopeId::ROOT, || context.current_http_status()).status;
    let headers = context.take_response_headers().unwrap_or_default();

    let mut renderer = idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
    renderer.pre_render = true;
    let mut main = Markup::default();
    renderer.render_to(&mut main, &dom)?;
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(renderer);
    Ok(Drawn { status, headers, main: main.text, data: hydration(&dom).serialized().data })
}

/// Attributes that are there or not (HTML, boolean attributes); the renderer writes them as `name=true`.
const BOOLEAN: [&str; 17] = [
    "async",
    "autofocus",
    "autoplay",
    "checked",
    "controls",
    "default",
    "defer",
    "disabled",
    "formnovalidate",
    "hidden",
    "loop",
    "multiple",
    "muted",
    "novalidate",
    "open",
    "required",
    "selected",
];

/// Takes what the renderer writes. It writes a boolean attribute in the pieces ` `, name, `=`, `true`; of those the last two are left
/// out. Texts and other values come in pieces of other kinds (texts between comments, values in quotes).
struct Markup {
    text: String,
    /// How many of the pieces have come.
    seen: u8,
}

impl Default for Markup {
    fn default() -> Self {
        Self { text: String::with_capacity(ROOM), seen: 0 }
    }
}

impl Write for Markup {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.seen = match (self.seen, piece) {
            (_, " ") => 1,
            (1, name) if BOOLEAN.contains(&name) => 2,
            (2, "=") => 3,
            (3, "true") => {
                self.text.pop();
                self.seen = 0;
                return Ok(());
            }
            _ => 0,
        };
        self.text.push_str(piece);
        Ok(())
    }
}

/// What hooks kept for the client, in the order in which it asks for it: depth first, a suspended boundary's own nodes before its
/// others.
fn hydration(dom: &VirtualDom) -> HydrationContext {
    let all = HydrationContext::default();
    let fault =
        dom.in_scope(ScopeId::ROOT, || try_consume_context::<ErrorContext>().and_then(|context| context.error()));
    all.error_entry().insert(&fault, Location::caller());
    of_scope(&all, dom, ScopeId::ROOT);
    all
}

fn of_scope(all: &HydrationContext, dom: &VirtualDom, id: ScopeId) {
    if let Some(own) = dom.in_scope(id, has_context::<HydrationContext>) {
        all.extend(&own);
    }
    let Some(scope) = dom.get_scope(id) else { return };
    let suspended = SuspenseContext::downcast_suspense_boundary_from_scope(&dom.runtime(), id)
        .and_then(|boundary| boundary.suspended_nodes());
    if let Some(node) = suspended {
        of_node(all, dom, &node);
    }
    if let Some(node) = scope.try_root_node() {
        of_node(all, dom, node);
    }
}

fn of_node(all: &HydrationContext, dom: &VirtualDom, node: &VNode) {
    let mut paths = node.template.node_paths.iter().copied().enumerate().peekable();
    for (root, element) in node.template.roots.iter().enumerate() {
        match element {
            // The core makes what is inside of an element from the last to the first.
            TemplateNode::Element { .. } => {
                if let Some((first, last)) = below(&mut paths, root) {
                    (first..=last).rev().for_each(|at| of_dynamic(all, dom, node, at));
                }
            }
            TemplateNode::Dynamic { id } => {
                paths.next();
                of_dynamic(all, dom, node, *id);
            }
            TemplateNode::Text { .. } => {}
        }
    }
}

/// The first and the last dynamic node below a root.
fn below(paths: &mut Peekable<impl Iterator<Item = (usize, &'static [u8])>>, root: usize) -> Option<(usize, usize)> {
    let of_root = |path: &[u8]| path.first().is_some_and(|first| usize::from(*first) == root);
    let first = paths.peek().filter(|(_, path)| of_root(path))?.0;
    let mut last = first;
    while let Some((at, path)) = paths.next_if(|(_, path)| of_root(path)) {
        if path.len() > 1 {
            last = at;
        }
    }
    Some((first, last))
}

fn of_dynamic(all: &HydrationContext, dom: &VirtualDom, node: &VNode, at: usize) {
    match &node.dynamic_nodes[at] {
        DynamicNode::Component(component) => {
            if let Some(scope) = component.mounted_scope_id(at, node, dom) {
                of_scope(all, dom, scope);
            }
        }
        DynamicNode::Fragment(nodes) => nodes.iter().for_each(|node| of_node(all, dom, node)),
        DynamicNode::Text(_) | DynamicNode::Placeholder(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use vitrine_shared::Problem;

    use super::*;
    use crate::platform::Sheet;

    async fn drawn(app: fn() -> Element) -> (Drawn, crate::platform::Written) {
        let sheet = Sheet::default();
        let (parts, ()) = Request::builder().uri("/x?y=1").extension(sheet.clone()).body(()).unwrap().into_parts();
        let page = Drawing::new(app, LocalPoolHandle::new(1)).page(parts).await.unwrap();
        (page, sheet.take())
    }

    #[tokio::test]
    async fn boolean_attributes_lose_their_value_and_nothing_else_does() {
        fn app() -> Element {
            let (yes, text) = (true, " hidden=true ");
            rsx! {
                p { title: "{text}", hidden: !yes, "{text}" }
                input { checked: yes, "data-x": yes, disabled: yes }
            }
        }
        let (page, _) = drawn(app).await;
        assert!(page.main.contains("<p title=\" hidden=true \""), "{}", page.main);
        assert!(page.main.contains("--> hidden=true <!--"), "{}", page.main);
        assert!(page.main.contains("<input checked data-x=true disabled"), "{}", page.main);
    }

    #[tokio::test]
    async fn what_a_loader_answers_travels_on_the_sheet_and_its_place_in_the_framework_s_data() {
        #[component]
        fn Loaded() -> Element {
            let words = crate::data::use_data(|| async {
                tokio::task::yield_now().await;
                Ok::<_, Problem>("</script> & more".to_owned())
            })?;
            let words = words.read();
            rsx! {
                p { {(*words).clone().unwrap_or_default()} }
            }
        }
        fn app() -> Element {
            rsx! {
                SuspenseBoundary { fallback: |_| rsx! { "wait" }, Loaded {} }
            }
        }
        let (page, written) = drawn(app).await;
        assert!(page.main.contains("&#60;/script&#62; &#38; more"), "{}", page.main);
        assert_eq!(written.data, [Arc::from("\"\\u003c/script> & more\"")]);
        // The framework's own data is small: places, and the page's address.
        assert!((20..200).contains(&page.data.len()), "{}", page.data);
    }

    #[tokio::test]
    async fn a_fault_that_no_page_catches_is_none_of_the_reader_s() {
        fn app() -> Element {
            Err(RenderError::from(Problem::internal("secret")))
        }
        let (parts, ()) = Request::builder().uri("/").body(()).unwrap().into_parts();
        assert!(Drawing::new(app, LocalPoolHandle::new(1)).page(parts).await.is_err());
    }
}
