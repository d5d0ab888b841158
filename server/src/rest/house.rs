//! A house with the market's works, asked as programs ask: for tests of the endpoints.

use std::path::Path as FilePath;

use axum::body::Body;
use axum::extract::Extension;
use axum::http::{Request, header};
use serde_json::Value;
use tower::ServiceExt as _;
use vitrine_shared::id::{TenantId, UserId};

use crate::catalog::exchange::Importer;
use crate::config::Config;
use crate::ctx::{Caller, OpCtx, User};
use crate::state::{Adapters, App, mark_demo};

pub(super) struct House {
    pub(super) app: App,
    pub(super) nord: TenantId,
    pub(super) press: TenantId,
    _dir: tempfile::TempDir,
}

pub(super) struct Told {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) body: Value,
}

impl House {
    pub(super) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        mark_demo(dir.path()).unwrap();
        let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
        let app = App::open(config, Adapters::default()).await.unwrap();
        let market = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let rows = std::fs::read_to_string(market.join("catalog.jsonl")).unwrap();
        let (records, now) = (app.catalog.records().clone(), app.clock.now_ms());
        let importer = Importer::new(records.clone(), app.blob.clone(), app.media.clone(), app.queue.clone(), market);
        importer.run(&OpCtx::system("test", now), &rows, |_| {}).await.unwrap();
        let tenant = async |handle: &str| records.store_by_handle(handle).await.unwrap().unwrap().tenant;
        let (nord, press) = (tenant("nordlicht").await, tenant("paper").await);
        Self { app, nord, press, _dir: dir }
    }

    pub(super) fn by(&self, caller: Caller) -> OpCtx {
        let base = OpCtx::system("test", self.app.clock.now_ms());
        OpCtx { caller, market: "de".into(), country: "DE".into(), ..base }
    }

    pub(super) fn key(&self, of: Option<&TenantId>, scopes: &[&str]) -> OpCtx {
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        self.by(Caller::Key { id: "key_1".into(), tenant: of.cloned(), scopes })
    }

    pub(super) fn person(&self, roles: &[&str], tenants: &[TenantId]) -> OpCtx {
        self.by(Caller::User(User {
            id: UserId::from_bits(1),
            email: "a@b.example".into(),
            verified: true,
            name: "A".into(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            tenants: tenants.to_vec(),
            session: None,
        }))
    }

    pub(super) async fn call(&self, ctx: &OpCtx, line: &str, headers: &[(&str, &str)], body: Option<Value>) -> Told {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(format!("/api{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let routes = crate::rest::routes().layer(Extension(ctx.clone())).with_state(self.app.clone());
        let answer = routes.oneshot(request.body(body).unwrap()).await.unwrap();
        let etag = answer.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        Told { status, etag, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }
}
