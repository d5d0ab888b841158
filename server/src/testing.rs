//! A small shop for the tests of services: real stores in a folder of their own, the market that the browser tests sell
//! from, the payment simulator, a clock that tests turn.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use vitrine_blob::Blob;
use vitrine_blob::dir::{DirBlob, SignKeys};
use vitrine_clock::{Clock, FixedClock};
use vitrine_identity::MasterKey;
use vitrine_identity::provider::Throttle;
use vitrine_mail::{Mail, MailError, Message};
use vitrine_payments::simulator::{Form, Mischief, Simulator, SimulatorConfig};
use vitrine_payments::{Payments, Session, SharedPayments};
use vitrine_pricing::promotion::{Benefit, Limits, Promotion, Stacking};
use vitrine_queue::SharedQueue;
use vitrine_queue::table::TableQueue;
use vitrine_queue::worker::{Handlers, Worker};
use vitrine_registers::simulator::Simulator as Registers;
use vitrine_search::{Search, TantivySearch};
use vitrine_shared::catalog::{LegalEntity, WorkKind};
use vitrine_shared::id::{PromotionId, TenantId, UserId, ValueId, VariantId};
use vitrine_shared::views::trade::CheckoutForm;
use vitrine_table::chaos::Chaos;
use vitrine_table::retry::Retrying;
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Table, Transact,
    TransactOp, UpdateItem,
};

use crate::cart::{Add, Carts};
use crate::catalog::exchange::{Importer, Outcome};
use crate::catalog::index::Indexer;
use crate::catalog::pages::Catalog;
use crate::catalog::store::CatalogStore;
use crate::changes::{Changes, Watched};
use crate::checkout::{Checkouts, Placed, Placing};
use crate::ctx::{Caller, OpCtx, User};
use crate::entitlements::store::GrantStore;
use crate::fault::Result;
use crate::invoices::Invoices;
use crate::mails::Sender;
use crate::media::Media;
use crate::promotions::Kept as KeptPromotion;
use crate::rates::Rates;
use crate::receipts::Receipts;
use crate::secrets::Secret;
use crate::stock::{self, Level};
use crate::tax_ids::TaxIds;
use crate::value::{NewCard, Values};

/// Some day in 2026.
pub(crate) const NOW: i64 = 1_790_000_000_000;

/// The shop. Dropped, everything is gone.
pub(crate) struct Shop {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) table: Arc<dyn Table>,
    pub(crate) blob: Arc<dyn Blob>,
    pub(crate) search: Arc<dyn Search>,
    pub(crate) indexer: Indexer,
    pub(crate) catalog: Catalog,
    pub(crate) changes: Changes,
    pub(crate) carts: Carts,
    pub(crate) checkouts: Checkouts,
    pub(crate) invoices: Invoices,
    pub(crate) grants: GrantStore,
    pub(crate) simulator: Simulator,
    pub(crate) queue: SharedQueue,
    pub(crate) receipts: Receipts,
    pub(crate) values: Values,
    /// What pages show amounts in other currencies by.
    pub(crate) rates: Rates,
    /// What was asked of the table since this was last taken.
    pub(crate) calls: Calls,
    _dir: tempfile::TempDir,
}

/// Rates of the shop's day: a euro is 1.10 dollars and 11 kroner.
fn rates() -> Rates {
    let date = vitrine_pricing::date::Date::from_unix_ms(NOW).unwrap();
    let file = format!("Date, USD, NOK, \n{date}, 1.1000, 11.000, \n");
    let table = vitrine_pricing::fx::ecb::read(file.as_bytes()).unwrap().table;
    Rates::of(vitrine_shared::views::about::Rates { table, staleness: vitrine_pricing::fx::Staleness::DAILY })
}

impl Shop {
    /// On a table that does what it is told.
    pub(crate) async fn open() -> Self {
        Self::with(None, None).await
    }

    /// Both kinds of table: a plain one, and one with the troubles of a distributed store.
    pub(crate) async fn both() -> [Self; 2] {
        [Self::with(None, None).await, Self::with(Some(7), None).await]
    }

    pub(crate) async fn with(chaos: Option<u64>, payments: Option<SharedPayments>) -> Self {
        Self::made(chaos, payments, None).await
    }

    /// In which the marketplace sells what the law presumes it does.
    pub(crate) async fn of_platform(platform: LegalEntity) -> Self {
        Self::made(None, None, Some(platform)).await
    }

    async fn made(chaos: Option<u64>, payments: Option<SharedPayments>, platform: Option<LegalEntity>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(NOW);
        let changes = Changes::default();
        let calls = Calls::default();
        let table = Arc::new(Counted { table: table(&dir, clock.clone(), chaos), calls: calls.clone() });
        let table: Arc<dyn Table> = Arc::new(Watched::new(table, changes.clone()));
        let keys = SignKeys::new("k", SecretString::from("s".repeat(32)));
        let files = "http://files.example";
        let blob: Arc<dyn Blob> =
            Arc::new(DirBlob::open_at(dir.path().join("blobs"), keys, files, clock.clone()).unwrap());
        let queue: SharedQueue = Arc::new(TableQueue::new(table.clone(), clock.clone()));
        let records = CatalogStore::new(table.clone());
        let market = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let rows = std::fs::read_to_string(market.join("catalog.jsonl")).unwrap();
        let media = Media::new(blob.clone(), None);
        let importer = Importer::new(records.clone(), blob.clone(), media, queue.clone(), market);
        let report = importer.run(&OpCtx::system("test", NOW), &rows, |_| {}).await.unwrap();
        assert!(report.rows.iter().all(|r| r.outcome == Outcome::Created), "{report:?}");
        let search: Arc<dyn Search> = Arc::new(TantivySearch::create(&dir.path().join("index")).unwrap());
        let base = "http://shop.example".to_owned();
        let rates = rates();
        let catalog = Catalog::new(records.clone(), search.clone(), &changes, base.clone(), files.into())
            .with_platform(platform.clone())
            .with_rates(rates.clone());
        let indexer = Indexer::new(records.clone(), search.clone(), clock.clone(), changes.clone())
            .with_platform(platform.clone());
        let simulator = Simulator::new(
            table.clone(),
            queue.clone(),
            clock.clone(),
            SimulatorConfig {
                base_url: base.clone(),
                webhook_url: "http://127.0.0.1:9/unused".into(),
                webhook_secret: SecretString::from("w".repeat(32)),
                settle_delay: Duration::from_secs(20),
                mischief: Mischief::default(),
            },
        )
        .unwrap();
        let master = Arc::new(MasterKey::from_base64(&SecretString::from("A".repeat(43) + "=")).unwrap());
        let carts = Carts::new(catalog.offers().clone());
        let payments = payments.unwrap_or_else(|| Arc::new(simulator.clone()));
        let sender =
            Sender { queue: queue.clone(), clock: clock.clone(), from: "Vitrine <shop@vitrine.example>".into() };
        let values = Values {
            table: table.clone(),
            master: master.clone(),
            secret: Secret { kid: "k".into(), bytes: vec![7; 32] },
            sender: sender.clone(),
            base_url: base.clone(),
        };
        let checkouts = Checkouts::new(
            table.clone(),
            catalog.clone(),
            carts.clone(),
            Some(payments),
            queue.clone(),
            master.clone(),
            base.clone(),
        )
        .bounded(Throttle::new(table.clone(), clock.clone()), None)
        .confirming(TaxIds::new(table.clone(), Arc::new(Registers::new(clock.clone()))))
        .paid_from(values.clone());
        let invoices = Invoices::new(table.clone(), blob.clone(), records.clone(), master)
            .with_platform(platform)
            .with_rates(rates.clone());
        let receipts = Receipts {
            checkouts: checkouts.clone(),
            invoices: invoices.clone(),
            catalog: records,
            sender: sender.clone(),
            base_url: base.clone(),
        };
        let grants = GrantStore::new(table.clone());
        Self {
            rates,
            search,
            indexer,
            clock,
            table,
            blob,
            catalog,
            changes,
            carts,
            checkouts,
            invoices,
            grants,
            simulator,
            queue,
            receipts,
            values,
            calls,
            _dir: dir,
        }
    }

    /// What the shop's clock says.
    pub(crate) fn clock_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A guest in Germany; every one has a cart of their own once they put something in.
    pub(crate) fn guest(&self) -> OpCtx {
        OpCtx {
            caller: Caller::Anonymous,
            market: "de".into(),
            country: "DE".into(),
            ..OpCtx::system("test", self.clock.now_ms())
        }
    }

    /// A signed-in person in Germany.
    pub(crate) fn user(&self, number: u128, email: &str, roles: &[&str], tenants: &[TenantId]) -> OpCtx {
        let user = User {
            id: UserId::from_bits(number),
            email: email.into(),
            verified: true,
            name: "Test".into(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            tenants: tenants.to_vec(),
            session: None,
        };
        OpCtx { caller: Caller::User(user), ..self.guest() }
    }

    /// Staff.
    pub(crate) fn staff(&self) -> OpCtx {
        self.user(99, "staff@example.org", &["staff"], &[])
    }

    /// The one edition of a work by its title.
    pub(crate) async fn edition(&self, title: &str) -> VariantId {
        let slug = title.to_lowercase().replace(' ', "-");
        let kinds = [WorkKind::Album, WorkKind::Book];
        // An index may know the work a little later.
        for _ in 0..100 {
            for kind in kinds {
                if let Some(id) = self.catalog.records().works_by_slug(kind, &slug).await.unwrap().first() {
                    let bundle = self.catalog.records().bundle(id).await.unwrap().unwrap();
                    return bundle.products[0].variants[0].id.clone();
                }
            }
        }
        panic!("no work {title}");
    }

    /// Who sells the one edition of a work.
    pub(crate) async fn seller_of(&self, title: &str) -> TenantId {
        let edition = self.edition(title).await;
        let found = self.catalog.offers().kept(std::slice::from_ref(&edition)).await.unwrap();
        found.offer(&edition).unwrap().tenant.id.clone()
    }

    /// Keeps a seller's promotion, over the one of its id.
    pub(crate) async fn promote(&self, tenant: &TenantId, promotion: Promotion) {
        let records = self.checkouts.promotions().records();
        let rev = records.get(tenant, &promotion.id).await.unwrap().map_or(0, |kept| kept.rev);
        let kept = KeptPromotion { promotion, left_said: None, made_of: None, created_ms: NOW, rev };
        records.write(&OpCtx::system("test", NOW), tenant, &kept, rev, "test").await.unwrap();
    }

    /// Takes rows of a catalogue in, as an import does; files are those of the market.
    pub(crate) async fn import(&self, rows: &str) {
        let media = Media::new(self.blob.clone(), None);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let importer =
            Importer::new(self.catalog.records().clone(), self.blob.clone(), media, self.queue.clone(), root);
        let report = importer.run(&OpCtx::system("test", self.clock_ms()), rows, |_| {}).await.unwrap();
        assert!(report.rows.iter().all(|r| r.outcome == Outcome::Created), "{report:?}");
    }

    /// Puts editions into the caller's cart; answers the caller with their cart's token.
    pub(crate) async fn fill(&self, ctx: &OpCtx, titles: &[&str]) -> OpCtx {
        let mut ctx = ctx.clone();
        for title in titles {
            let add = Add { variant: self.edition(title).await, quantity: 1, named_minor: None, named_in: None };
            let changed = self.carts.add(&ctx, ctx.cart.as_deref(), &add).await.unwrap();
            ctx.cart = changed.token.or(ctx.cart);
        }
        ctx
    }

    /// Stock of a work's edition.
    pub(crate) async fn level(&self, title: &str) -> Level {
        stock::level(&*self.table, &self.edition(title).await).await.unwrap().unwrap()
    }

    /// What the caller would send for their cart as it is.
    pub(crate) async fn placing(&self, ctx: &OpCtx, attempt: &str) -> Placing {
        let view = self.checkouts.cart_view(ctx).await.unwrap();
        Placing {
            attempt: format!("{attempt:x<16}"),
            form: form(),
            seen_minor: view.total_minor,
            seen_currency: None,
            due_minor: None,
            nothing_owned: false,
        }
    }

    /// Places the caller's cart.
    pub(crate) async fn place(&self, ctx: &OpCtx) -> Result<Placed> {
        self.checkouts.place(ctx, &self.placing(ctx, "attempt").await).await
    }

    /// The provider's session of a placed checkout.
    pub(crate) async fn session(&self, placed: &Placed) -> Session {
        let id = self.checkouts.get(&placed.id).await.unwrap().unwrap().session.unwrap();
        self.simulator.session(&id).await.unwrap()
    }

    /// Pays at the provider; nothing tells the shop yet.
    pub(crate) async fn pay(&self, placed: &Placed, number: &str) -> Session {
        let form = Form {
            method: "card".into(),
            number: number.into(),
            expiry: "04/30".into(),
            cvc: "123".into(),
            debit: String::new(),
        };
        let session = self.session(placed).await;
        self.simulator.pay(&session.id, &form).await.unwrap().unwrap()
    }

    /// Runs these jobs and those that send mails, as far as they are due; answers the mails whose key begins so.
    pub(crate) async fn mails(&self, mut handlers: Handlers, keys: &[&str]) -> Vec<Message> {
        let kept = Arc::new(Kept::default());
        handlers.extend(crate::accounts::handlers(kept.clone(), self.values.master.clone()));
        let worker = Worker::new(self.queue.clone(), handlers);
        // A queue over an index that lags finds a job a little later, as a running worker would.
        for _ in 0..30 {
            worker.run_due_once().await.unwrap();
        }
        let all: Vec<Message> = kept.0.lock().unwrap().drain(..).collect();
        all.into_iter().filter(|m| keys.iter().any(|k| m.key.starts_with(k))).collect()
    }

    /// A look at this shop.
    pub(crate) fn check(&self) -> crate::check::Check {
        crate::check::Check {
            table: self.table.clone(),
            blob: self.blob.clone(),
            queue: self.queue.clone(),
            search: self.search.clone(),
            simulator: Some(self.simulator.clone()),
            outbox: None,
            catalog: self.catalog.records().clone(),
            indexer: self.indexer.clone(),
            checkouts: self.checkouts.clone(),
            clock: self.clock.clone(),
            invoices: self.invoices.clone(),
        }
    }

    /// What a whole look at the shop's data names, but for files and the index.
    pub(crate) async fn violations(&self) -> Vec<crate::check::Violation> {
        let check = self.check();
        self.indexer.catch_up().await.unwrap();
        let how =
            crate::check::How { live: false, files: crate::check::Depth::All, unnamed_ms: crate::check::UNNAMED_MS };
        let mut found = check.run(how).await.unwrap().violations;
        // Listings of a distributed store may lag for a while.
        for _ in 0..20 {
            if found.is_empty() {
                break;
            }
            found = check.run(how).await.unwrap().violations;
        }
        found
    }

    /// Sells a work for another amount in euros from now on.
    pub(crate) async fn reprice(&self, title: &str, minor: i64) {
        let variant = self.edition(title).await;
        let pointer = self.catalog.records().variant(&variant).await.unwrap().unwrap();
        let bundle = self.catalog.records().bundle(&pointer.work).await.unwrap().unwrap();
        let was = bundle.prices.iter().find(|p| p.variant == variant && p.currency == "EUR").unwrap();
        let price = vitrine_shared::catalog::PriceRecord {
            amount_minor: minor,
            valid_from_ms: was.valid_from_ms.max(NOW - 1000) + 1,
            ..was.clone()
        };
        let item = crate::catalog::store::items::price(&pointer.work, &price).unwrap();
        self.table.put(Put { item, condition: None }).await.unwrap();
    }

    /// Issues a gift card of so much and answers it with its code, as its recipient reads it.
    pub(crate) async fn card(&self, minor: i64) -> (ValueId, String) {
        self.card_like(NewCard { amount: format!("{}.{:02}", minor / 100, minor % 100), ..NewCard::default() }).await
    }

    /// As [`Shop::card`], with more said of it.
    pub(crate) async fn card_like(&self, new: NewCard) -> (ValueId, String) {
        let currency = if new.currency.is_empty() { "EUR".into() } else { new.currency };
        let new = NewCard {
            attempt: crate::ids::secret(),
            currency,
            recipient: "kim@example.org".into(),
            locale: "en-US".into(),
            reason: "a test".into(),
            ..new
        };
        let id = self.values.issue(&self.staff(), &new).await.unwrap();
        (id.clone(), self.sent_code(&id).await)
    }

    /// The code that was mailed last for a card.
    pub(crate) async fn sent_code(&self, id: &ValueId) -> String {
        let handlers = crate::value::handlers(self.values.clone());
        let mails = self.mails(handlers, &[&format!("gift/{id}")]).await;
        let text = &mails.last().unwrap().text;
        text.lines().find_map(|l| l.trim().strip_prefix("Code: ")).unwrap().to_owned()
    }

    /// Runs the jobs of purchases that are due; what else is due waits.
    pub(crate) async fn work(&self) {
        let mut handlers = Handlers::new();
        handlers.extend(crate::receipts::handlers(self.receipts.clone()));
        handlers.extend(crate::checkout::handlers(self.checkouts.clone(), self.clock.clone()));
        handlers.extend(crate::value::handlers(self.values.clone()));
        let worker = Worker::new(self.queue.clone(), handlers);
        // A queue over an index that lags finds a job a little later, as a running worker would.
        for _ in 0..10 {
            worker.run_due_once().await.unwrap();
        }
    }
}

/// Calls of a table, in order.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<Vec<String>>>, Arc<Mutex<Option<Item>>>);

impl Calls {
    /// Those since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Somebody else writes this item just before the next transaction.
    pub(crate) fn interfere(&self, item: Item) {
        *self.1.lock().unwrap() = Some(item);
    }

    fn add(&self, op: &str, keys: impl IntoIterator<Item = String>) {
        let kinds: Vec<String> = keys.into_iter().map(|pk| pk.split('#').next().unwrap_or_default().into()).collect();
        self.0.lock().unwrap().push(format!("{op} {}", kinds.join("+")));
    }
}

/// A table that writes down what it is asked.
struct Counted {
    table: Arc<dyn Table>,
    calls: Calls,
}

fn pk_of(item: &Item) -> String {
    item["pk"].as_str().unwrap().to_owned()
}

#[async_trait]
impl Table for Counted {
    async fn get(&self, key: &Key, consistency: Consistency) -> vitrine_table::Result<Option<Item>> {
        self.calls.add("get", [key.pk.clone()]);
        self.table.get(key, consistency).await
    }

    async fn put(&self, put: Put) -> vitrine_table::Result<Option<Item>> {
        self.calls.add("put", [pk_of(&put.item)]);
        self.table.put(put).await
    }

    async fn update(&self, update: UpdateItem) -> vitrine_table::Result<Item> {
        self.calls.add("update", [update.key.pk.clone()]);
        self.table.update(update).await
    }

    async fn delete(&self, delete: Delete) -> vitrine_table::Result<Option<Item>> {
        self.calls.add("delete", [delete.key.pk.clone()]);
        self.table.delete(delete).await
    }

    async fn query(&self, query: Query) -> vitrine_table::Result<Page> {
        self.calls.add("query", [query.pk.clone()]);
        self.table.query(query).await
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> vitrine_table::Result<BatchGot> {
        self.calls.add("batch_get", keys.iter().map(|k| k.pk.clone()));
        self.table.batch_get(keys, consistency).await
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> vitrine_table::Result<Vec<BatchWrite>> {
        self.calls.add("batch_write", []);
        self.table.batch_write(writes).await
    }

    async fn transact(&self, transact: Transact) -> vitrine_table::Result<()> {
        let pk = |op: &TransactOp| match op {
            TransactOp::Put(put) => pk_of(&put.item),
            TransactOp::Update(update) => update.key.pk.clone(),
            TransactOp::Delete(delete) => delete.key.pk.clone(),
            TransactOp::Check { key, .. } => key.pk.clone(),
        };
        self.calls.add("transact", transact.ops.iter().map(pk));
        let other = self.calls.1.lock().unwrap().take();
        if let Some(item) = other {
            self.table.put(Put { item, condition: None }).await?;
        }
        self.table.transact(transact).await
    }

    async fn transact_get(&self, keys: Vec<Key>) -> vitrine_table::Result<Vec<Option<Item>>> {
        self.calls.add("transact_get", keys.iter().map(|k| k.pk.clone()));
        self.table.transact_get(keys).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> vitrine_table::Result<FeedPage> {
        self.calls.0.lock().unwrap().push(format!("feed {start:?}"));
        self.table.feed(start, limit).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.table.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> vitrine_table::Result<usize> {
        self.table.sweep_expired(limit).await
    }
}

/// Keeps what is sent.
#[derive(Default)]
struct Kept(Mutex<Vec<Message>>);

#[async_trait]
impl Mail for Kept {
    async fn send(&self, message: &Message) -> std::result::Result<(), MailError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}

/// A table of its own as services get it; with the troubles of a distributed one that follow from a seed.
pub(crate) fn table(dir: &tempfile::TempDir, clock: Arc<FixedClock>, chaos: Option<u64>) -> Arc<dyn Table> {
    let mut table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("t.sqlite"), clock).unwrap());
    if let Some(seed) = chaos {
        table = Arc::new(Chaos::new(table, seed));
    }
    Arc::new(Retrying(table))
}

/// What is taken off whoever asks, or whoever has the code: no conditions, no limits.
pub(crate) fn promotion(n: u128, code: Option<&str>, benefit: Benefit) -> Promotion {
    Promotion {
        id: PromotionId::from_bits(n).to_string(),
        code: code.map(str::to_owned),
        title: String::new(),
        benefit,
        items: Default::default(),
        except: Default::default(),
        stores: Vec::new(),
        groups: Vec::new(),
        first_order: false,
        valid_from: None,
        valid_to: None,
        minimum: Vec::new(),
        minimum_quantity: 0,
        limits: Limits::default(),
        priority: 0,
        stacking: Stacking::Combines,
        excludes: Vec::new(),
        allow_zero: false,
    }
}

/// A complete form.
pub(crate) fn form() -> CheckoutForm {
    CheckoutForm {
        email: "Gast.Muster@Example.org".into(),
        name: "Gast Muster".into(),
        line1: "Weg 1".into(),
        city: "Berlin".into(),
        postcode: "10115".into(),
        country: "DE".into(),
        accept_licence: true,
        accept_waiver: true,
        buy_again: false,
        ..CheckoutForm::default()
    }
}
