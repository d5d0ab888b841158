//! Layers as functions, like the framework's `from_fn`, at a cost that grows with their number and not with its square.
//!
//! The framework's own clones everything below it for each request, once per layer, box by box: with seventeen layers that was a
//! third of what a kept page cost. Here what is below a layer stands behind one shared pointer.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tower::{Layer, Service, ServiceExt as _};

/// What is below a layer. Cheap to clone.
#[derive(Clone)]
pub struct Next(Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>);

impl Next {
    fn of<I>(inner: I) -> Self
    where
        I: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        I::Response: IntoResponse,
        I::Future: Send,
    {
        Self(Arc::new(move |request| {
            let answer = inner.clone().oneshot(request);
            async move {
                match answer.await {
                    Ok(response) => response.into_response(),
                    Err(never) => match never {},
                }
            }
            .boxed()
        }))
    }

    /// The answer of what is below.
    pub async fn run(self, request: Request) -> Response {
        (self.0)(request).await
    }
}

/// A layer from a function of the request and what is below.
pub fn from_fn<F, A>(layer: F) -> FnLayer<impl Fn(Request, Next) -> A + Clone + Send + Sync + 'static>
where
    F: Fn(Request, Next) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    FnLayer(layer)
}

/// A layer from a function of a state, the request and what is below.
pub fn from_fn_with_state<S, F, A>(
    state: S,
    layer: F,
) -> FnLayer<impl Fn(Request, Next) -> A + Clone + Send + Sync + 'static>
where
    S: Clone + Send + Sync + 'static,
    F: Fn(State<S>, Request, Next) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    FnLayer(move |request, next| layer(State(state.clone()), request, next))
}

/// See [`from_fn`].
#[derive(Clone)]
pub struct FnLayer<F>(F);

impl<F: Clone, I> Layer<I> for FnLayer<F>
where
    I: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    I::Response: IntoResponse,
    I::Future: Send,
{
    type Service = FnService<F>;

    fn layer(&self, inner: I) -> FnService<F> {
        FnService { act: self.0.clone(), next: Next::of(inner) }
    }
}

/// See [`from_fn`].
#[derive(Clone)]
pub struct FnService<F> {
    act: F,
    next: Next,
}

impl<F, A> Service<Request> for FnService<F>
where
    F: Fn(Request, Next) -> A,
    A: Future<Output = Response> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Nothing below waits to be ready: each call takes a clone of its own.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        (self.act)(request, self.next.clone()).map(Ok).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::body::Body;

    use super::*;

    async fn marks(State(mark): State<&'static str>, request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        response.headers_mut().append("x-mark", axum::http::HeaderValue::from_static(mark));
        response
    }

    #[tokio::test]
    async fn layers_run_from_the_outside_in_and_may_answer_themselves() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counts = asked.clone();
        let router = Router::new()
            .fallback(move || async move { counts.fetch_add(1, Ordering::Relaxed) }.map(|n| n.to_string()))
            .layer(from_fn_with_state("inner", marks))
            .layer(from_fn(|request: Request, next: Next| async move {
                if request.uri().path() == "/no" { "no".into_response() } else { next.run(request).await }
            }))
            .layer(from_fn_with_state("outer", marks));
        let ask = |path: &str| router.clone().oneshot(Request::builder().uri(path).body(Body::empty()).unwrap());
        let marks = |r: &Response| -> Vec<String> {
            r.headers().get_all("x-mark").iter().map(|v| v.to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(marks(&ask("/").await.unwrap()), ["inner", "outer"]);
        assert_eq!(marks(&ask("/no").await.unwrap()), ["outer"]);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
