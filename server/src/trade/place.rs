//! The answer of a buyer who is asked where they live.

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use vitrine_shared::query::encode;

use crate::checkout::Answered;
use crate::ctx::OpCtx;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/orders/{id}/place", post(said))
}

async fn said(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let said = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default();
    let secret = Some(said("key")).filter(|key| !key.is_empty());
    let page = |trouble: Option<&str>| {
        let key = secret.map(|secret| format!("key={}", encode(secret)));
        let trouble = trouble.map(|code| format!("place={code}#place"));
        let query: Vec<String> = key.into_iter().chain(trouble).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        go(&format!("/orders/{}{mark}{}", encode(&id), query.join("&")), &[])
    };
    match app.checkouts.say_place(&ctx, &id, secret, said("country")).await {
        Ok(Answered::AtCheckout) => go("/checkout", &[]),
        Ok(Answered::Kept | Answered::Released) => page(None),
        // The page says why, how it stands by now, and asks again if it still has to.
        Err(problem) if problem.code == "place_said" => page(Some("said")),
        Err(problem) if matches!(problem.status, 409 | 422) => page(Some("other")),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, header};
    use tower::ServiceExt as _;
    use vitrine_payments::simulator::Form as CardForm;
    use vitrine_shared::catalog::WorkKind;
    use vitrine_shared::orders::CheckoutState;

    use super::*;
    use crate::cart::Add;
    use crate::catalog::exchange::Importer;
    use crate::checkout::{Placed, Placing, Typed};
    use crate::config::Config;
    use crate::ctx::{Caller, Guess};
    use crate::state::{Adapters, mark_demo};
    use crate::testing;

    /// A guest in Germany whose French card is approved for an album, and who saw the page that asks.
    async fn asked(app: &App) -> (OpCtx, Placed) {
        let work = app.catalog.records().works_by_slug(WorkKind::Album, "harbour-lights").await.unwrap().remove(0);
        let variant = app.catalog.records().bundle(&work).await.unwrap().unwrap().products[0].variants[0].id.clone();
        let system = OpCtx::system("test", app.clock.now_ms());
        let mut ctx = OpCtx { caller: Caller::Anonymous, market: "de".into(), country: "DE".into(), ..system };
        let add = Add { variant, quantity: 1, named_minor: None, named_in: None };
        ctx.cart = app.carts.add(&ctx, None, &add).await.unwrap().token;
        let form = testing::form();
        app.checkouts.keep_form(&ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
        let seen_minor = app.checkouts.checkout_view(&ctx).await.unwrap().cart.total_minor;
        let attempt = crate::ids::secret();
        let placing = Placing { attempt, form, seen_minor, seen_currency: None, due_minor: None, nothing_owned: true };
        let placed = app.checkouts.place(&ctx, &placing).await.unwrap();
        let session = app.checkouts.get(&placed.id).await.unwrap().unwrap().session.unwrap();
        let card = CardForm {
            method: "card".into(),
            number: "4000002500000003".into(),
            expiry: "04/50".into(),
            cvc: "123".into(),
            debit: String::new(),
        };
        app.simulator.as_ref().unwrap().pay(&session, &card).await.unwrap().unwrap();
        app.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        (ctx, placed)
    }

    #[tokio::test]
    async fn an_answer_leads_back_to_the_order_or_to_the_checkout_and_a_wrong_key_counts_as_a_guess() {
        let dir = tempfile::tempdir().unwrap();
        mark_demo(dir.path()).unwrap();
        let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
        let app = App::open(config, Adapters::default()).await.unwrap();
        let market = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let rows = std::fs::read_to_string(market.join("catalog.jsonl")).unwrap();
        let (records, blob) = (app.catalog.records().clone(), app.blob.clone());
        let importer = Importer::new(records, blob, app.media.clone(), app.queue.clone(), market);
        importer.run(&OpCtx::system("test", app.clock.now_ms()), &rows, |_| {}).await.unwrap();
        let sent = async |ctx: &OpCtx, placed: &Placed, key: &str, country: &str| {
            let request = Request::post(format!("/orders/{}/place", placed.id))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(format!("country={country}&key={key}")))
                .unwrap();
            let routes = routes().layer(Extension(ctx.clone())).with_state(app.clone());
            let answer = routes.oneshot(request).await.unwrap();
            let to = answer.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).map(str::to_owned);
            (answer.status().as_u16(), to.unwrap_or_default())
        };
        let state = async |placed: &Placed| app.checkouts.get(&placed.id).await.unwrap().unwrap().state;

        let (ctx, placed) = asked(&app).await;
        let page = |placed: &Placed, why: &str| (303, format!("/orders/{}?key={}{why}", placed.id, placed.secret));
        let stranger = OpCtx { guess: Guess::default(), cart: None, ..ctx.clone() };
        assert_eq!(sent(&stranger, &placed, "wrong", "DE").await.0, 404);
        assert!(stranger.guess.is_wrong());
        assert_eq!(sent(&ctx, &placed, &placed.secret, "nowhere").await, page(&placed, "&place=other#place"));
        assert_eq!(state(&placed).await, CheckoutState::PendingPayment);
        assert_eq!(sent(&ctx, &placed, &placed.secret, "DE").await, page(&placed, ""));
        assert_eq!(state(&placed).await, CheckoutState::Paid);
        assert_eq!(sent(&ctx, &placed, &placed.secret, "DE").await, page(&placed, ""), "once more");
        assert_eq!(sent(&ctx, &placed, &placed.secret, "FR").await, page(&placed, "&place=said#place"), "it was said");

        let (ctx, placed) = asked(&app).await;
        assert_eq!(sent(&ctx, &placed, &placed.secret, "FR").await, (303, "/checkout".to_owned()));
        assert_eq!(state(&placed).await, CheckoutState::Released);
        assert_eq!(app.checkouts.checkout_view(&ctx).await.unwrap().form.country, "FR");
    }
}
