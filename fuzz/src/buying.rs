//! The checkout's form, sent to the routes that a shop has.

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use http::{StatusCode, header};
use tempfile::TempDir;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;
use vitrine_pricing::tax_id;
use vitrine_server::cart::Add;
use vitrine_server::catalog::exchange::Importer;
use vitrine_server::config::Config;
use vitrine_server::ctx::{Caller, Guess, OpCtx};
use vitrine_server::state::{Adapters, App, mark_demo};
use vitrine_server::trade;
use vitrine_shared::cart::MAX_LINES;
use vitrine_shared::id::VariantId;
use vitrine_shared::views::trade::{CheckoutForm, SHIP_FIELD};

use crate::cursors::RUNTIME;
use crate::text;

/// A shop that sells one thing in parcels.
const ROWS: &str = concat!(
    r#"{"type":"tenant","ref":"a","name":"A","legal":{"name":"A","address":["1"],"country":"DE","email":"a@a.test","invoice_prefix":"A"},"currency":"EUR","locale":"de-DE","fee_bps":0}"#,
    "\n",
    r#"{"type":"store","ref":"a","tenant":"a","handle":"a","name":"A","ships_from":"DE","shipping":[{"zone":"EU","up_to_g":2000,"amount_minor":890,"currency":"EUR"}]}"#,
    "\n",
    r#"{"type":"work","ref":"a","store":"a","kind":"book","title":"A","makers":[],"released":"2026-01-01","products":[{"ref":"a","kind":"physical","title":"A","tax_class":"printed_book","variants":[{"sku":"A","id":"v_00000000000000000000000001","weight_g":100,"stock":5,"prices":[{"region":"eu","currency":"EUR","minor":1200}]}]}]}"#,
);

/// A buyer with something in the cart.
struct World {
    app: App,
    ctx: OpCtx,
    _dir: TempDir,
}

impl World {
    async fn made() -> Result<Self, Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        mark_demo(dir.path())?;
        let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
        let app = App::open(config, Adapters::default()).await?;
        let root = dir.path().to_path_buf();
        let importer =
            Importer::new(app.catalog.records().clone(), app.blob.clone(), app.media.clone(), app.queue.clone(), root);
        let system = OpCtx::system("fuzz", app.clock.now_ms());
        importer.run(&system, ROWS, |_| {}).await?;
        let base = OpCtx { caller: Caller::Anonymous, market: "de".into(), country: "DE".into(), ..system };
        let variant: VariantId = "v_00000000000000000000000001".parse()?;
        let add = Add { variant, quantity: 1, named_minor: None, named_in: None };
        let cart = app.carts.add(&base, None, &add).await?.token;
        assert!(cart.is_some(), "there is a cart");
        Ok(Self { app, ctx: OpCtx { cart, ..base }, _dir: dir })
    }

    /// What was kept of a form that was sent.
    fn kept(&self, body: &str) -> CheckoutForm {
        let ctx = OpCtx { guess: Guess::default(), ..self.ctx.clone() };
        let routes: Router = trade::routes().layer(Extension(ctx.clone())).with_state(self.app.clone());
        let request = http::Request::post("/checkout/place")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            // Nothing is bought.
            .body(Body::from(format!("{body}&again=1")))
            .unwrap_or_else(|e| panic!("a form is sent: {e}"));
        RUNTIME.block_on(async {
            let Ok(answer) = routes.oneshot(request).await;
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            assert_eq!(answer.headers().get(header::LOCATION).map(|to| to.as_bytes()), Some(b"/checkout".as_slice()));
            self.app.checkouts.kept_form(&ctx).await.unwrap_or_else(|e| panic!("it was kept: {e}")).form
        })
    }
}

thread_local! {
    static WORLD: World = RUNTIME.block_on(World::made()).unwrap_or_else(|e| panic!("there is no shop: {e}"));
}

/// The form as a page sends it.
fn sent(form: &CheckoutForm) -> String {
    let mut pairs = Serializer::new(String::new());
    for (name, value) in [
        ("email", &form.email),
        ("name", &form.name),
        ("organisation", &form.organisation),
        ("line1", &form.line1),
        ("line2", &form.line2),
        ("dependent_locality", &form.dependent_locality),
        ("city", &form.city),
        ("region", &form.region),
        ("postcode", &form.postcode),
        ("sorting_code", &form.sorting_code),
        ("country", &form.country),
        ("tax_id", &form.tax_id),
        ("phone", &form.phone),
    ] {
        pairs.append_pair(name, value);
    }
    for (name, is) in [
        ("use_credit", form.use_credit),
        ("business", form.business),
        ("confirm_place", form.confirm_place),
        ("accept_licence", form.accept_licence),
        ("accept_waiver", form.accept_waiver),
        ("buy_again", form.buy_again),
    ] {
        if is {
            pairs.append_pair(name, "1");
        }
    }
    for (kind, number) in &form.ids {
        pairs.append_pair(&format!("id_{kind}"), number);
    }
    for (part, way) in &form.shipping {
        pairs.append_pair(&format!("{SHIP_FIELD}{part}"), way);
    }
    pairs.finish()
}

/// What is typed at checkout is kept within bounds, and as it is when the page sends it again.
pub(crate) fn checkout(bytes: &[u8]) {
    const MOST_KEPT: usize = 2_000;
    WORLD.with(|world| {
        let form = world.kept(&text(bytes));
        assert!(form.texts().chain(form.shipping.values()).all(|text| text.len() <= MOST_KEPT), "{form:?}");
        let short = |(part, way): (&String, &String)| part.len().max(way.len()) <= 80;
        assert!(form.shipping.len() <= MAX_LINES && form.shipping.iter().all(short), "{form:?}");
        let known = |(kind, number): (&String, &String)| tax_id::kind(kind).is_some() && number.len() <= 100;
        assert!(form.ids.iter().all(known), "{form:?}");
        assert_eq!(world.kept(&sent(&form)), form);
    });
}
