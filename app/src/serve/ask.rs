//! What a loader or server function asks: the house and the circumstances of the request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use dioxus::fullstack::{FullstackContext, StatusCode};
use vitrine_server::catalog::pages::Found;
use vitrine_server::catalog::views::shown_by;
use vitrine_server::changes::{LISTS, Reads};
use vitrine_server::ctx::{Caller, OpCtx};
use vitrine_server::desk::Desk;
use vitrine_server::state::App;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{MakerKind, WorkKind};
use vitrine_shared::id::WorkId;
use vitrine_shared::query::ListQuery;
use vitrine_shared::views::gift::GiftView;
use vitrine_shared::views::owned::{AccountView, InvoiceView, InvoicesView, LibraryView, OwnedView};
use vitrine_shared::views::preview::Pieces;
use vitrine_shared::views::trade::{CartView, CheckoutView, OrderView};
use vitrine_shared::views::{
    CatalogView, HomeView, LettersView, LicenceView, MakerView, MeBar, SearchView, Shared, StoreView, SuggestView,
    TranscriptView, WorkView,
};

use crate::routes::Shop;
use crate::rpc::Fault;

/// The house and the request. Outside a request there is none: asking fails closed.
#[derive(Clone)]
pub struct Ask {
    app: App,
    ctx: OpCtx,
    /// What a page that is kept was made from.
    reads: Option<Reads>,
}

fn outside() -> Problem {
    Problem::internal("no-request")
}

impl<S: Send + Sync> FromRequestParts<S> for Ask {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let app = parts.extensions.get::<App>().cloned();
        let ctx = parts.extensions.get::<OpCtx>().cloned();
        match (app, ctx) {
            (Some(app), Some(ctx)) => Ok(Self { app, ctx, reads: None }),
            _ => Err(outside().into()),
        }
    }
}

impl axum::response::IntoResponse for Fault {
    fn into_response(self) -> axum::response::Response {
        vitrine_server::rest::ProblemResponse(self.0).into_response()
    }
}

impl Ask {
    /// During rendering: from the page's own request.
    ///
    /// # Errors
    /// 500 outside a request.
    pub fn here() -> Result<Self, Problem> {
        let context = FullstackContext::current().ok_or_else(outside)?;
        let (app, ctx) = (context.extension::<App>(), context.extension::<OpCtx>());
        Ok(Self { app: app.ok_or_else(outside)?, ctx: ctx.ok_or_else(outside)?, reads: context.extension::<Reads>() })
    }

    /// Has the view that a page will ask for ready before it is drawn, where views are kept: a drawing that must wait for one is begun
    /// anew. What cannot be had is the page's to tell.
    pub(crate) async fn ahead(parts: &Parts) {
        let (Some(app), Some(ctx)) = (parts.extensions.get::<App>(), parts.extensions.get::<OpCtx>()) else { return };
        let address = parts.uri.path_and_query().map_or("/", |p| p.as_str());
        let catalog = &app.catalog;
        let work = async |kind, id: String| drop(catalog.work(ctx, kind, &id).await);
        match address.parse::<Shop>() {
            Ok(Shop::Album { id }) => work(WorkKind::Album, id).await,
            Ok(Shop::Book { id }) => work(WorkKind::Book, id).await,
            Ok(Shop::Video { id }) => work(WorkKind::Video, id).await,
            Ok(Shop::Podcast { id }) => work(WorkKind::Podcast, id).await,
            Ok(Shop::Catalog { query }) => drop(catalog.list(ctx, &ListQuery::parse(&query), "/catalog").await),
            Ok(Shop::Search { query }) => drop(catalog.search(ctx, &ListQuery::parse(&query)).await),
            _ => {}
        }
    }

    /// The house and the request, for pages that only the server draws.
    pub(crate) fn parts(self) -> (App, OpCtx) {
        (self.app, self.ctx)
    }

    fn note<'a>(&self, keys: impl IntoIterator<Item = &'a str>) {
        if let Some(reads) = &self.reads {
            reads.note(keys);
        }
    }

    pub(crate) async fn home(&self) -> Result<HomeView, Problem> {
        self.note([LISTS]);
        self.app.catalog.home(&self.ctx).await
    }

    pub(crate) async fn list(&self, query: String) -> Result<Shared<CatalogView>, Problem> {
        self.note([LISTS]);
        self.app.catalog.list(&self.ctx, &ListQuery::parse(&query), "/catalog").await.map(|(view, _)| view)
    }

    pub(crate) async fn search(&self, query: String) -> Result<Shared<SearchView>, Problem> {
        self.note([LISTS]);
        self.app.catalog.search(&self.ctx, &ListQuery::parse(&query)).await
    }

    pub(crate) async fn suggest(&self, words: String) -> Result<SuggestView, Problem> {
        self.app.catalog.suggest(&self.ctx, &words).await
    }

    pub(crate) async fn work(&self, kind: WorkKind, id: String) -> Result<Shared<WorkView>, Problem> {
        match self.app.catalog.work(&self.ctx, kind, &id).await? {
            Found::Here(view) => {
                self.note(shown_by(&view).iter().map(String::as_str));
                Ok(view)
            }
            Found::Moved(path) => Err(moved(path)),
        }
    }

    pub(crate) async fn transcript(
        &self,
        id: String,
        number: u32,
        language: Option<String>,
    ) -> Result<Shared<TranscriptView>, Problem> {
        let (catalog, blob) = (&self.app.catalog, &*self.app.blob);
        match catalog.transcript(&self.ctx, blob, &id, number, language.as_deref()).await? {
            Found::Here(view) => {
                self.note([format!("WORK#{}", view.card.id).as_str(), LISTS]);
                Ok(view)
            }
            Found::Moved(path) => Err(moved(path)),
        }
    }

    pub(crate) async fn maker(&self, kind: MakerKind, slug: String) -> Result<MakerView, Problem> {
        self.note([LISTS]);
        self.app.catalog.maker(&self.ctx, kind, &slug).await
    }

    pub(crate) async fn store(&self, handle: String) -> Result<StoreView, Problem> {
        self.note([LISTS]);
        self.app.catalog.storefront(&self.ctx, &handle).await
    }

    pub(crate) async fn licence(&self, id: String, version: Option<u32>) -> Result<LicenceView, Problem> {
        self.note([format!("LICENCE#{id}").as_str()]);
        self.app.catalog.licence(&self.ctx, &id, version).await
    }

    pub(crate) async fn withdrawal(&self) -> Result<LicenceView, Problem> {
        let (country, locale) = (self.ctx.country.as_str(), self.ctx.locale.as_str());
        let form = vitrine_server::withdrawal::form_page(country, locale);
        Ok(super::rights::view(&vitrine_server::withdrawal::right(country, locale), &form, locale))
    }

    pub(crate) async fn letters(&self, store: String, who: String, proof: String) -> Result<LettersView, Problem> {
        self.app.mailing.view(&self.ctx, &store, &who, &proof).await
    }

    pub(crate) async fn account(&self) -> Result<AccountView, Problem> {
        vitrine_server::accounts::account(&self.app, &self.ctx).await
    }

    pub(crate) async fn cart(&self) -> Result<CartView, Problem> {
        self.app.checkouts.cart_page(&self.ctx).await
    }

    pub(crate) async fn cart_as(&self, pieces: Vec<Pieces>) -> Result<CartView, Problem> {
        self.app.checkouts.cart_as(&self.ctx, &pieces).await
    }

    pub(crate) async fn checkout(&self) -> Result<CheckoutView, Problem> {
        self.app.checkouts.checkout_view(&self.ctx).await
    }

    pub(crate) async fn gift(&self, handle: String, kept: Option<String>) -> Result<GiftView, Problem> {
        self.app.checkouts.gift_view(&self.ctx, &handle, kept.as_deref()).await
    }

    pub(crate) async fn order(&self, id: String, key: Option<String>) -> Result<OrderView, Problem> {
        let locale = self.app.catalog.place(&self.ctx).locale;
        let mut view = self.app.talk.order_view(&self.ctx, &id, key.as_deref(), locale).await?;
        self.app.invoices.link(&mut view, key.as_deref()).await?;
        self.app.withdrawals.link(&self.ctx, &mut view, locale).await?;
        Ok(view)
    }

    pub(crate) async fn invoices(&self, cursor: Option<String>) -> Result<InvoicesView, Problem> {
        let customers = self.app.checkouts.customers(&self.ctx).await?;
        let place = self.app.catalog.place(&self.ctx);
        self.app.invoices.list(&place, &customers, cursor.as_deref()).await
    }

    pub(crate) async fn invoice(&self, id: String, key: Option<String>) -> Result<InvoiceView, Problem> {
        let place = self.app.catalog.place(&self.ctx);
        self.app.invoices.view(&self.ctx, &self.app.checkouts, &place, &id, key.as_deref()).await
    }

    pub(crate) async fn library(&self, query: String) -> Result<LibraryView, Problem> {
        let customers = self.app.checkouts.customers(&self.ctx).await?;
        self.app.library.list(&self.ctx, &customers, &ListQuery::parse(&query), None).await
    }

    pub(crate) async fn owned(&self, work: String) -> Result<OwnedView, Problem> {
        let customers = self.app.checkouts.customers(&self.ctx).await?;
        let work: WorkId = work.parse().map_err(|_| Problem::not_found("work"))?;
        self.app.library.entry(&self.ctx, &customers, &work).await
    }

    pub(crate) async fn owns(&self, work: String) -> Result<Option<OwnedView>, Problem> {
        match self.owned(work).await {
            Ok(view) => Ok(Some(view)),
            Err(problem) if matches!(problem.status, 401 | 404) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    pub(crate) async fn preview(&self, work: String) -> Result<Shared<WorkView>, Problem> {
        Desk::new(self.app.clone()).preview(&self.ctx, &work).await.map(Shared::new)
    }

    pub(crate) async fn bar(&self) -> Result<MeBar, Problem> {
        let user = match &self.ctx.caller {
            Caller::User(user) => Some(user),
            _ => None,
        };
        Ok(MeBar {
            name: user.map(|u| u.name.clone()),
            cart_count: self.app.carts.count(&self.ctx, self.ctx.cart.as_deref()).await?,
            creator: user.is_some_and(|u| u.is("creator")),
            staff: user.is_some_and(|u| u.is("staff") || u.is("admin")),
        })
    }
}

/// The page lives elsewhere: browsers follow the header, the value's detail says where.
fn moved(path: String) -> Problem {
    if let Some(context) = FullstackContext::current()
        && let Ok(value) = axum::http::HeaderValue::from_str(&path)
    {
        context.add_response_header(axum::http::header::LOCATION, value);
        FullstackContext::commit_http_status(StatusCode::PERMANENT_REDIRECT, None);
    }
    Problem::new(308, "moved", "This page lives at another address.").detail(path)
}
