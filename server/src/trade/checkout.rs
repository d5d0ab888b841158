//! Placing, and what providers say.

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use vitrine_payments::PaymentError;
use vitrine_shared::Problem;
use vitrine_shared::cart::MAX_LINES;
use vitrine_shared::views::trade::{CheckoutForm, SHIP_FIELD};

use super::cart;
use crate::checkout::{Placing, Typed};
use crate::ctx::{Guess, OpCtx};
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/checkout/place", post(place)).route("/checkout/code", post(code))
}

pub(super) fn webhooks() -> Router<App> {
    Router::new().route("/api/webhooks/{provider}", post(webhook))
}

/// Of the name of a part of the cart and of its way, bytes: longer ones are none.
const MOST_PART_BYTES: usize = 80;
/// Kept of an identity number, bytes: more than any has, so that its fault can still be shown.
const MOST_NUMBER_BYTES: usize = 100;

/// What the form sends.
#[derive(Default)]
struct Sent {
    attempt: String,
    /// Nobody saw this.
    seen_minor: Option<i64>,
    seen_currency: Option<String>,
    nothing_owned: bool,
    due_minor: Option<i64>,
    /// A code to be applied.
    code: String,
    /// The account of a code to be taken off.
    remove: Option<String>,
    /// Only prices again for another place.
    again: bool,
    /// A discount code that was typed.
    discount: String,
    /// One to take out.
    drop: Option<String>,
    /// The country that the box was ticked for.
    place: String,
    form: CheckoutForm,
}

impl Sent {
    /// A field that is sent twice has the last value, one that nobody knows has none.
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut sent = Self::default();
        let form = &mut sent.form;
        for (name, value) in pairs {
            match name.as_str() {
                "attempt" => sent.attempt = value,
                "seen_minor" => sent.seen_minor = value.parse().ok(),
                "seen_currency" => sent.seen_currency = Some(value),
                "nothing_owned" => sent.nothing_owned = true,
                "due_minor" => sent.due_minor = value.parse().ok(),
                "code" => sent.code = value,
                "remove" => sent.remove = Some(value),
                "use_credit" => form.use_credit = true,
                "again" => sent.again = true,
                "discount" => sent.discount = value,
                "drop" => sent.drop = Some(value),
                "email" => form.email = value,
                "name" => form.name = value,
                "organisation" => form.organisation = value,
                "line1" => form.line1 = value,
                "line2" => form.line2 = value,
                "dependent_locality" => form.dependent_locality = value,
                "city" => form.city = value,
                "region" => form.region = value,
                "postcode" => form.postcode = value,
                "sorting_code" => form.sorting_code = value,
                "country" => form.country = value,
                "business" => form.business = true,
                "tax_id" => form.tax_id = value,
                "phone" => form.phone = value,
                "confirm_place" => sent.place = value,
                "accept_licence" => form.accept_licence = true,
                "accept_waiver" => form.accept_waiver = true,
                "buy_again" => form.buy_again = true,
                other => {
                    // No cart has more parts than lines.
                    let short = |part: &&str| part.len().max(value.len()) <= MOST_PART_BYTES;
                    let part = other.strip_prefix(SHIP_FIELD).filter(short);
                    if let Some(part) = part.filter(|_| form.shipping.len() < MAX_LINES) {
                        form.shipping.insert(part.to_owned(), value);
                        continue;
                    }
                    let known = other.strip_prefix("id_").and_then(vitrine_pricing::tax_id::kind);
                    if let Some(kind) = known.filter(|_| !value.is_empty()) {
                        let number = value.get(..value.floor_char_boundary(MOST_NUMBER_BYTES)).unwrap_or_default();
                        form.ids.insert(kind.code.to_owned(), number.to_owned());
                    }
                }
            }
        }
        // Who chose another country since said nothing of it.
        form.confirm_place = sent.place == "1" || (!sent.place.is_empty() && sent.place == form.country);
        sent
    }
}

/// A code from within the checkout's form: what was typed beside it is kept.
async fn code(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    discounted(&app, &ctx, Sent::of(pairs)).await
}

async fn discounted(app: &App, ctx: &OpCtx, sent: Sent) -> Response {
    let code = cart::Code::new(sent.discount, sent.drop);
    let mut typed = Typed { form: sent.form, ..Typed::default() };
    match cart::coded(app, ctx, &code).await {
        Ok(()) => {}
        Err(problem) if problem.status < 500 => {
            typed.trouble = Some(problem.fields.values().next().unwrap_or(&problem.code).clone());
        }
        Err(problem) => return ProblemResponse(problem).into_response(),
    }
    kept(app, ctx, &typed).await
}

async fn place(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let sent = Sent::of(pairs);
    // What a code takes off is seen before anything is paid, whatever button was pressed.
    if !sent.discount.trim().is_empty() {
        return discounted(&app, &ctx, Sent { drop: None, ..sent }).await;
    }
    let form = sent.form;
    let typed = Typed { form: form.clone(), ..Typed::default() };
    if sent.remove.is_some() || !sent.code.trim().is_empty() {
        // A code is seen with what it pays before anything is paid, whatever button was pressed.
        let done = match &sent.remove {
            Some(account) => app.checkouts.remove_code(&ctx, account).await,
            None => app.checkouts.apply_code(&ctx, &form, &sent.code).await,
        };
        return match done {
            Ok(()) => kept(&app, &ctx, &typed).await,
            Err(problem) => refused(&app, &ctx, typed, problem).await,
        };
    }
    if sent.again {
        return kept(&app, &ctx, &typed).await;
    }
    // Kept before anything can go wrong; what was agreed to is of this purchase alone, and the next one asks anew.
    let agreed = CheckoutForm { accept_licence: false, accept_waiver: false, buy_again: false, ..form.clone() };
    let details = CheckoutForm { confirm_place: false, ..agreed };
    if let Err(problem) = app.checkouts.keep_form(&ctx, &Typed { form: details, ..Typed::default() }).await {
        return ProblemResponse(problem).into_response();
    }
    let placing = Placing {
        attempt: sent.attempt,
        form,
        seen_minor: sent.seen_minor.unwrap_or(-1),
        seen_currency: sent.seen_currency,
        due_minor: sent.due_minor,
        nothing_owned: sent.nothing_owned,
    };
    match app.checkouts.place(&ctx, &placing).await {
        Ok(placed) => match placed.pay_url {
            // The provider of the embedded shop is this origin; another one is listed in the page's policy.
            Some(url) => go(&url, &[]),
            None => go(&format!("/orders/{}?key={}", placed.id, placed.secret), &[]),
        },
        Err(problem) => refused(&app, &ctx, typed, problem).await,
    }
}

/// Back to the page, which says what is wrong with what was typed.
async fn refused(app: &App, ctx: &OpCtx, mut typed: Typed, problem: Problem) -> Response {
    if problem.status >= 500 && problem.status != 503 {
        return ProblemResponse(problem).into_response();
    }
    // Codes of fields people see begin with `fault-`; anything else is about the whole.
    let (seen, hidden): (Vec<_>, Vec<_>) =
        problem.fields.clone().into_iter().partition(|(_, code)| code.starts_with("fault-"));
    let other = hidden.into_iter().next().map(|(_, code)| code);
    let whole = seen.is_empty() && problem.code != "invalid";
    typed.trouble = other.or_else(|| whole.then(|| problem.code.clone()));
    typed.faults = seen;
    kept(app, ctx, &typed).await
}

async fn kept(app: &App, ctx: &OpCtx, typed: &Typed) -> Response {
    match app.checkouts.keep_form(ctx, typed).await {
        Ok(()) => go("/checkout", &[]),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn webhook(
    State(app): State<App>,
    guess: Guess,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(payments) = app.payments.as_ref().filter(|p| p.name() == provider) else {
        return ProblemResponse(Problem::not_found("provider")).into_response();
    };
    let event = match payments.verify_webhook(&headers, &body) {
        Ok(event) => event,
        Err(PaymentError::BadSignature(why)) => {
            tracing::warn!(provider, why, "a webhook was refused");
            guess.mark_wrong();
            count(payments.name(), "refused");
            return ProblemResponse(Problem::new(400, "bad_signature", "The webhook's signature is not valid."))
                .into_response();
        }
        Err(e) => return ProblemResponse(Problem::new(400, "bad_event", e.to_string())).into_response(),
    };
    let ctx = OpCtx::system("webhook", app.clock.now_ms());
    match app.checkouts.handle_event(&ctx, &event).await {
        Ok(()) => {
            count(payments.name(), "handled");
            StatusCode::OK.into_response()
        }
        Err(problem) => {
            count(payments.name(), "failed");
            ProblemResponse(problem).into_response()
        }
    }
}

fn count(provider: &'static str, result: &'static str) {
    metrics::counter!("webhooks_total", "provider" => provider, "result" => result).increment(1);
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, header};
    use tower::ServiceExt as _;
    use vitrine_shared::catalog::WorkKind;

    use super::*;
    use crate::cart::Add;
    use crate::catalog::exchange::Importer;
    use crate::config::Config;
    use crate::ctx::Caller;
    use crate::state::{Adapters, mark_demo};

    #[test]
    fn numbers_of_known_kinds_arrive_and_boxes_are_ticked_by_their_name() {
        let pairs = [
            ("attempt", "a"),
            ("seen_minor", "900"),
            ("phone", "030 123456"),
            ("id_br_cpf", "123.456.789-09"),
            ("id_it_sdi", ""),
            ("id_nothing", "1"),
            ("nothing", "1"),
            ("business", "1"),
            ("city", "Rome"),
            ("city", "Roma"),
        ];
        let sent = Sent::of(pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec());
        assert_eq!((sent.attempt.as_str(), sent.seen_minor, sent.again), ("a", Some(900), false));
        let form = sent.form;
        assert_eq!((form.phone.as_str(), form.city.as_str(), form.business), ("030 123456", "Roma", true));
        assert_eq!(form.ids.into_iter().collect::<Vec<_>>(), [("br_cpf".to_owned(), "123.456.789-09".to_owned())]);
        assert_eq!(Sent::of(vec![("seen_minor".into(), "much".into())]).seen_minor, None);
        // What was said of one country is not said of another.
        for (place, country, said) in [("DE", "DE", true), ("DE", "FR", false), ("", "", false), ("1", "FR", true)] {
            let pairs = [("confirm_place", place), ("country", country)];
            let sent = Sent::of(pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec());
            assert_eq!(sent.form.confirm_place, said, "{place} {country}");
        }
    }

    #[test]
    fn parts_and_numbers_are_bounded_so_that_a_form_can_be_kept() {
        let long = "\u{1}".repeat(5_000);
        let parts = (0..2 * MAX_LINES).map(|n| (format!("ship_{n}"), "\u{1}".repeat(MOST_PART_BYTES)));
        let kinds = vitrine_pricing::tax_id::KINDS.iter().map(|kind| (format!("id_{}", kind.code), long.clone()));
        let form = Sent::of(parts.chain(kinds).chain([("ship_long".to_owned(), long.clone())]).collect()).form;
        assert_eq!(form.shipping.len(), MAX_LINES);
        assert!(form.ids.values().all(|number| number.len() == MOST_NUMBER_BYTES));
        let bytes = serde_json::to_vec(&form).unwrap().len();
        assert!(bytes < 150_000, "{bytes}");
    }

    #[tokio::test]
    async fn a_typed_code_is_looked_at_before_anything_is_placed_whatever_button_was_pressed() {
        let dir = tempfile::tempdir().unwrap();
        mark_demo(dir.path()).unwrap();
        let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
        let app = App::open(config, Adapters::default()).await.unwrap();
        let market = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let rows = std::fs::read_to_string(market.join("catalog.jsonl")).unwrap();
        let (records, blob) = (app.catalog.records().clone(), app.blob.clone());
        let importer = Importer::new(records.clone(), blob, app.media.clone(), app.queue.clone(), market);
        let system = OpCtx::system("test", app.clock.now_ms());
        importer.run(&system, &rows, |_| {}).await.unwrap();
        let work = records.works_by_slug(WorkKind::Album, "harbour-lights").await.unwrap().remove(0);
        let variant = records.bundle(&work).await.unwrap().unwrap().products[0].variants[0].id.clone();
        let mut ctx = OpCtx { caller: Caller::Anonymous, market: "de".into(), country: "DE".into(), ..system };
        let add = Add { variant, quantity: 1, named_minor: None, named_in: None };
        ctx.cart = app.carts.add(&ctx, None, &add).await.unwrap().token;

        let sent = async |ctx: &OpCtx, body: &str| {
            let request = Request::post("/checkout/place")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(body.to_owned()))
                .unwrap();
            let routes = routes().layer(Extension(ctx.clone())).with_state(app.clone());
            let answer = routes.oneshot(request).await.unwrap();
            let to = answer.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).map(str::to_owned);
            (answer.status().as_u16(), to.unwrap_or_default())
        };
        let whole = "attempt=aaaaaaaaaaaaaaaaaaaa&seen_minor=800&due_minor=800&email=g%40example.org&country=DE&accept_licence=1\
                     &accept_waiver=1&confirm_place=1";
        for button in ["", "&again=1"] {
            let ctx = OpCtx { guess: Guess::default(), ..ctx.clone() };
            let answer = sent(&ctx, &format!("{whole}{button}&code=7777-7777-7777-7777")).await;
            assert_eq!(answer, (303, "/checkout".to_owned()));
            assert!(ctx.guess.is_wrong());
            let view = app.checkouts.checkout_view(&ctx).await.unwrap();
            assert_eq!(view.faults, [("code".to_owned(), "fault-code".to_owned())]);
            assert_eq!((view.form.email.as_str(), view.declined), ("g@example.org", None), "what was typed is kept");
        }
        assert_eq!(sent(&ctx, &format!("{whole}&remove=sv_1")).await, (303, "/checkout".to_owned()));
        // Without a code the same form places.
        let (status, to) = sent(&ctx, &format!("{whole}&code=+")).await;
        assert!(status == 303 && to.contains("/simulator/pay/"), "{status} {to}");
    }
}
