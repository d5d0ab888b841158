//! Rows to records, one by one; each row is one transaction.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tokio::sync::OnceCell;
use vitrine_blob::{Blob, BlobError, PutOptions};
use vitrine_queue::SharedQueue;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Asset, AssetState, Image, Licence, Maker, MakerRef, PriceRecord, Store, Work, WorkKind};
use vitrine_shared::id::{LicenceId, MakerId, StoreId, TenantId, WorkId};
use vitrine_table::retry::retrying;
use vitrine_table::{CancelReason, Condition, MAX_TRANSACT_ITEMS, Put, TableError, Transact, TransactOp};

use super::build::{self, PartFiles, Refusal, Stored, id_of};
use super::csv;
use super::{FileRow, MAX_LINE, Outcome, PictureRow, Report, Row, RowReport, WorkRow};
use crate::catalog::settings;
use crate::catalog::store::{CatalogStore, VariantPointer, WorkBundle, claim, items, put};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::media::{AudioFacts, BookFacts, MAX_BOOK_BYTES, MAX_IMAGE_BYTES, Media, MediaError};
use crate::{audit, authz};

mod files;

pub(super) use files::refuse;

/// How many rows of one type are worked on at a time.
const AT_ONCE: usize = 64;
/// Writes of one work's transaction beside its prices.
const ROOM_FOR_PRICES: usize = 60;
/// Writes for collections that a work's own transaction has room for; more go into one of their own.
const ROOM_FOR_MOVES: usize = 30;

/// Imports rows from a folder.
pub struct Importer {
    pub(super) catalog: CatalogStore,
    pub(super) blob: Arc<dyn Blob>,
    pub(super) media: Media,
    queue: SharedQueue,
    root: PathBuf,
    seen: Mutex<Seen>,
    /// What invoices of sellers begin with, by records from before that was claimed.
    pub(super) older: OnceCell<HashMap<String, String>>,
}

#[derive(Default)]
struct Seen {
    stores: HashMap<StoreId, Store>,
    makers: HashMap<MakerId, Maker>,
    /// By path: rows may share a file, and whoever asks first finds out for all.
    pictures: HashMap<String, Arc<Named>>,
    /// Originals that more than one row shows, or that an earlier import brought.
    shared: HashSet<String>,
    files: HashMap<String, Arc<OnceCell<FileFacts>>>,
}

/// A picture that rows name.
#[derive(Default)]
struct Named {
    image: OnceCell<Image>,
    /// By how many rows so far.
    named: AtomicU32,
}

#[derive(Clone)]
struct FileFacts {
    hashed: Hashed,
    content_type: String,
    state: AssetState,
    sound: Option<AudioFacts>,
    book: Option<BookFacts>,
    notes: Vec<String>,
}

pub(super) enum Fault {
    /// The row is wrong: reported.
    Refused(Refusal),
    /// The shop is: reported too, and the rest goes on.
    Inside(Problem),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Inside(problem)
    }
}

pub(super) type Done = std::result::Result<(Outcome, Vec<String>), Fault>;

/// JSON lines, each with its number.
pub(super) fn lines(text: &str) -> Vec<csv::Read> {
    let read = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(index, line)| {
        let row = if line.len() > MAX_LINE {
            Err(format!("the line is longer than {MAX_LINE} bytes"))
        } else {
            serde_json::from_str::<Row>(line).map_err(|e| e.to_string())
        };
        (index + 1, row.map_err(|why| (String::new(), why)))
    });
    read.collect()
}

/// The file that a row names, below the import's folder.
///
/// # Errors
/// In words, with the name: it is no plain path, nothing is there, or a link leads out of the folder.
pub fn below(root: &Path, file: &str) -> std::result::Result<PathBuf, String> {
    let relative = Path::new(file);
    if file.is_empty() || relative.components().any(|c| !matches!(c, Component::Normal(_))) {
        return Err(format!("`file`: {file:?} must be a path below the import's folder"));
    }
    let path = root.join(relative);
    // A link inside the folder must not lead out of it.
    let real = path.canonicalize().map_err(|e| format!("`file`: {file:?}: {e}"))?;
    let root = root.canonicalize().map_err(|e| format!("the import's folder: {e}"))?;
    if real.starts_with(&root) { Ok(real) } else { Err(format!("`file`: {file:?} leads out of the import's folder")) }
}

impl Importer {
    /// Files of rows are looked for below `root`.
    pub fn new(catalog: CatalogStore, blob: Arc<dyn Blob>, media: Media, queue: SharedQueue, root: PathBuf) -> Self {
        Self { catalog, blob, media, queue, root, seen: Mutex::default(), older: OnceCell::new() }
    }

    /// Imports JSON lines, or flat products as CSV; `progress` hears each row's report as it is done.
    ///
    /// # Errors
    /// Only if the caller may not import at all; everything else is in the report.
    pub async fn run(&self, ctx: &OpCtx, text: &str, progress: impl Fn(&RowReport)) -> Result<Report> {
        authz::staff(ctx, "catalog:import")?;
        let text = text.trim_start_matches('\u{feff}');
        let read = if csv::is_flat(text) { csv::rows(text) } else { lines(text) };
        let mut report = Report::default();
        let mut batch: Vec<(usize, Row)> = Vec::new();
        for (number, row) in read {
            match row {
                Ok(row) => {
                    if batch
                        .first()
                        .is_some_and(|(_, first)| std::mem::discriminant(first) != std::mem::discriminant(&row))
                    {
                        self.rows(ctx, std::mem::take(&mut batch), &mut report, &progress).await;
                    }
                    batch.push((number, row));
                }
                Err((name, why)) => {
                    let row = RowReport { line: number, row: name, outcome: Outcome::Refused, notes: vec![why] };
                    progress(&row);
                    report.rows.push(row);
                }
            }
        }
        self.rows(ctx, batch, &mut report, &progress).await;
        report.rows.sort_by_key(|r| r.line);
        Ok(report)
    }

    /// Rows of one type do not depend on each other.
    async fn rows(&self, ctx: &OpCtx, batch: Vec<(usize, Row)>, report: &mut Report, progress: &impl Fn(&RowReport)) {
        // Collections count against what their seller may have: the first rows get the room.
        let at_once = if matches!(batch.first(), Some((_, Row::Collection(_)))) { 1 } else { AT_ONCE };
        let done: Vec<RowReport> = futures::stream::iter(batch)
            .map(|(line, row)| async move {
                let name = name(&row);
                let (outcome, notes) = match self.cleaned_row(ctx, row).await {
                    Ok(done) => done,
                    Err(Fault::Refused(why)) => (Outcome::Refused, vec![why]),
                    Err(Fault::Inside(problem)) => (Outcome::Refused, vec![problem.to_string()]),
                };
                RowReport { line, row: name, outcome, notes }
            })
            .buffered(at_once)
            .inspect(|row| progress(row))
            .collect()
            .await;
        report.rows.extend(done);
    }

    async fn cleaned_row(&self, ctx: &OpCtx, row: Row) -> Done {
        let clean = tokio::task::spawn_blocking(move || build::cleaned(row)).await;
        let row = clean.map_err(|e| fault::internal("cleaning a row", &e))??;
        self.row(ctx, &row).await
    }

    /// A row whose HTML is clean.
    async fn row(&self, ctx: &OpCtx, row: &Row) -> Done {
        match row {
            Row::Tenant(r) => self.tenant_row(ctx, r).await,
            Row::Store(r) => {
                let tenant = self.tenant(&r.tenant).await?;
                if !vitrine_shared::slug::is_slug(&r.handle) {
                    return Err(format!("`handle`: {:?} is not of the form a-z, 0-9 and -", r.handle).into());
                }
                let id: StoreId = id_of("store", &r.reference, StoreId::from_bits);
                let before = self.catalog.store(&id).await?;
                let store = Store {
                    rev: before.as_ref().map_or(0, |before| before.rev),
                    id,
                    tenant,
                    handle: r.handle.clone(),
                    name: build::text("name", &r.name, 120)?,
                    tagline: r.tagline.clone(),
                    about_html: r.about_html.clone(),
                    brand: r.brand.clone(),
                    links: build::links(&r.links)?,
                    ships_from: r.ships_from.clone(),
                    shipping: r.shipping.clone(),
                    rounding: r.rounding,
                    no_rule: r.no_rule,
                    tax_provider: r.tax_provider,
                    tax_fallback: r.tax_fallback,
                    shipping_zones: r.shipping_zones.clone(),
                    shipping_methods: r.shipping_methods.clone(),
                    shipping_except: r.shipping_except.clone(),
                    gift_cards: r.gift_cards.clone(),
                };
                // What stands in the record already is no fault of this row.
                let sends = |s: &Store| {
                    (
                        s.shipping.clone(),
                        s.shipping_zones.clone(),
                        s.shipping_methods.clone(),
                        s.shipping_except.clone(),
                    )
                };
                let mut told = Vec::new();
                if before.as_ref().is_none_or(|before| sends(before) != sends(&store)) {
                    for unfit in settings::unfit_shipping(&store) {
                        let why = format!("`shipping`, {unfit}");
                        if !unfit.unreached {
                            return Err(why.into());
                        }
                        told.push(why);
                    }
                }
                let had = before.as_ref().map(|before| before.gift_cards.as_slice()).unwrap_or_default();
                settings::check_gift_cards(&store.gift_cards, had).map_err(|unfit| format!("`gift_cards`, {unfit}"))?;
                // What was set at the desk meanwhile must not be overwritten unseen.
                let ops = vec![
                    settings::written(&store, before.is_some(), ctx.now_ms)?,
                    claim("handle", &store.handle, store.id.as_str()),
                ];
                let (outcome, mut notes) = self.settle(ctx, store.id.as_str(), before.as_ref(), &store, ops).await?;
                notes.extend(told);
                Ok((outcome, notes))
            }
            Row::Licence(r) => {
                let id: LicenceId = id_of("licence", &r.reference, LicenceId::from_bits);
                let before = self.catalog.licence(&id, Some(r.version)).await?;
                let tenant = match &r.tenant {
                    Some(reference) => Some(self.tenant(reference).await?),
                    None => None,
                };
                let licence = Licence {
                    id,
                    tenant,
                    version: r.version,
                    title: build::text("title", &r.title, 200)?,
                    summary: r.summary.clone(),
                    body_html: r.body_html.clone(),
                    created_ms: r.created_ms.or(before.as_ref().map(|b| b.created_ms)).unwrap_or(ctx.now_ms),
                };
                if before.as_ref().is_some_and(|b| *b != licence) {
                    return Err("a licence text that buyers accepted never changes; raise `version`".to_owned().into());
                }
                let ops = vec![put(items::licence(&licence)?)];
                self.settle(ctx, licence.id.as_str(), before.as_ref(), &licence, ops).await
            }
            Row::Maker(r) => {
                let id: MakerId = id_of("maker", &r.reference, MakerId::from_bits);
                let before = self.catalog.maker(&id).await?;
                let (image, notes) = match &r.image {
                    Some(picture) => {
                        let kept = before.as_ref().and_then(|b| b.image.as_ref());
                        (Some(self.picture(picture, kept).await?), Vec::new())
                    }
                    None => (None, Vec::new()),
                };
                let slug = match &r.slug {
                    Some(slug) if vitrine_shared::slug::is_slug(slug) => slug.clone(),
                    Some(slug) => return Err(format!("`slug`: {slug:?} is not of the form a-z, 0-9 and -").into()),
                    None => build::slug_for(&r.name, r.latin.as_deref(), id.as_str().trim_start_matches("m_")),
                };
                let maker = Maker {
                    id,
                    tenant: self.tenant(&r.tenant).await?,
                    kind: r.kind,
                    slug,
                    name: build::text("name", &r.name, 200)?,
                    latin: r.latin.clone(),
                    bio_html: r.bio_html.clone(),
                    links: build::links(&r.links)?,
                    image,
                    status: r.status,
                };
                let ops = vec![
                    put(items::maker(&maker, ctx.now_ms)?),
                    claim("maker", &items::maker_claim(&maker), maker.id.as_str()),
                ];
                let (outcome, mut more) = self.settle(ctx, maker.id.as_str(), before.as_ref(), &maker, ops).await?;
                more.extend(notes);
                Ok((outcome, more))
            }
            Row::Collection(r) => {
                let tenant = self.tenant(&r.tenant).await?;
                self.collection(ctx, &tenant, r).await
            }
            Row::Work(r) => self.work(ctx, r).await,
            Row::Promotion(r) => {
                let tenant = self.tenant(&r.tenant).await?;
                self.promotion(ctx, &tenant, r).await
            }
        }
    }

    /// The id of a tenant whose row came before.
    async fn tenant(&self, reference: &str) -> std::result::Result<TenantId, Fault> {
        let id: TenantId = id_of("tenant", reference, TenantId::from_bits);
        match self.catalog.tenant(&id).await? {
            Some(_) => Ok(id),
            None => Err(format!("`tenant`: there is no tenant `{reference}`; its row comes first").into()),
        }
    }

    /// Writes a record unless it is the same already.
    pub(super) async fn settle<T: PartialEq>(
        &self,
        ctx: &OpCtx,
        id: &str,
        before: Option<&T>,
        after: &T,
        mut ops: Vec<TransactOp>,
    ) -> Done {
        if before == Some(after) {
            return Ok((Outcome::Unchanged, Vec::new()));
        }
        let (act, outcome) = if before.is_some() {
            ("catalog.updated", Outcome::Updated)
        } else {
            ("catalog.created", Outcome::Created)
        };
        ops.push(audit::entry(ctx, id, act, "import", serde_json::Value::Null));
        self.transact(ops).await?;
        Ok((outcome, Vec::new()))
    }

    async fn transact(&self, ops: Vec<TransactOp>) -> std::result::Result<(), Fault> {
        self.transact_moving(ops, 0..0).await
    }

    /// As a transaction of which these writes move a work between collections.
    async fn transact_moving(&self, ops: Vec<TransactOp>, moves: Range<usize>) -> std::result::Result<(), Fault> {
        let table = self.catalog.table().clone();
        let result = retrying(|| {
            let transact = Transact { ops: ops.clone(), token: None };
            let table = table.clone();
            async move { table.transact(transact).await }
        })
        .await;
        match result {
            Ok(()) => Ok(()),
            Err(e) if moves.clone().any(|at| e.failed_condition(at).is_some()) => Err(Fault::Refused(
                "`collections`: one of them was deleted or filled meanwhile; import the row again".into(),
            )),
            Err(TableError::Cancelled(reasons))
                if reasons.iter().any(|r| matches!(r, CancelReason::ConditionFailed(_))) =>
            {
                Err(Fault::Refused(
                    "its address, handle or SKU belongs to another record already, or it was changed meanwhile".into(),
                ))
            }
            Err(e) => Err(Fault::Inside(fault::table(e))),
        }
    }

    async fn store(&self, id: &StoreId) -> Result<Option<Store>> {
        if let Some(found) = self.seen().stores.get(id).cloned() {
            return Ok(Some(found));
        }
        let found = self.catalog.store(id).await?;
        if let Some(store) = &found {
            self.seen().stores.insert(id.clone(), store.clone());
        }
        Ok(found)
    }

    async fn maker(&self, id: &MakerId) -> Result<Option<Maker>> {
        if let Some(found) = self.seen().makers.get(id).cloned() {
            return Ok(Some(found));
        }
        let found = self.catalog.maker(id).await?;
        if let Some(maker) = &found {
            self.seen().makers.insert(id.clone(), maker.clone());
        }
        Ok(found)
    }

    async fn work(&self, ctx: &OpCtx, row: &WorkRow) -> Done {
        let id: WorkId = id_of("work", &row.reference, WorkId::from_bits);
        let store_id: StoreId = id_of("store", &row.store, StoreId::from_bits);
        let Some(store) = self.store(&store_id).await? else {
            return Err(format!("`store`: there is no storefront `{}`; its row comes first", row.store).into());
        };
        let mut makers = Vec::new();
        for reference in &row.makers {
            let maker_id: MakerId = id_of("maker", reference, MakerId::from_bits);
            let Some(m) = self.maker(&maker_id).await? else {
                return Err(format!("`makers`: there is no maker `{reference}`; its row comes first").into());
            };
            makers.push(MakerRef { id: m.id, kind: m.kind, slug: m.slug, name: m.name, latin: m.latin });
        }
        let before = self.catalog.bundle(&id).await?;
        if before.as_ref().is_some_and(|b| b.work.tenant != store.tenant) {
            return Err(Fault::Refused("this work belongs to another tenant".into()));
        }
        let mut notes = Vec::new();
        let cover = match &row.cover {
            Some(picture) => Some(self.picture(picture, before.as_ref().and_then(|b| b.work.cover.as_ref())).await?),
            None => None,
        };
        let mut part_files = Vec::new();
        for part in &row.parts {
            let mut files = Vec::new();
            for file in &part.files {
                files.push(self.file(&id, &store.tenant, file, &mut notes).await?);
            }
            self.captions(&mut files).await?;
            let transcripts = self.transcripts(row.kind, &part.transcripts).await?;
            part_files.push(PartFiles { files, transcripts });
        }
        let mut files = Vec::new();
        for file in &row.files {
            files.push(self.file(&id, &store.tenant, file, &mut notes).await?);
        }
        // One order whatever the row's, so that an export of it imports as the same.
        files.sort_by(|a, b| a.asset.id.cmp(&b.asset.id));
        let parts = build::Parts {
            row,
            id: id.clone(),
            tenant: store.tenant.clone(),
            store: store_id,
            makers,
            cover,
            part_files,
            files,
            had: before.as_ref().map(|b| b.prices.as_slice()).unwrap_or_default(),
        };
        let plays = matches!(row.kind, WorkKind::Album | WorkKind::Video | WorkKind::Podcast);
        if plays && row.parts.is_empty() && !row.files.is_empty() {
            notes.push("it names no parts, so there is nothing to play; its files can be downloaded".to_owned());
        }
        let work = build::work(&parts, before.as_ref().map(|b| &b.work), ctx.now_ms)?;
        let moves = self.collected(before.as_ref().map(|b| &b.work), &work, ctx.now_ms).await?;
        let mut products = Vec::new();
        for product in &row.products {
            products.push(build::product(&parts, product)?);
        }
        products.sort_by(|a, b| a.id.cmp(&b.id));
        let prices = build::price_changes(&store.tenant, &row.products, parts.had, ctx.now_ms);
        let assets: Vec<Asset> = parts.all_files().map(|f| f.asset.clone()).collect();
        let outcome = self.write(ctx, before, work, moves, products, prices, assets, row, &store.tenant).await?;
        notes.dedup();
        Ok((outcome, notes))
    }

    #[expect(clippy::too_many_arguments, reason = "the last step of one row: everything it made, once")]
    async fn write(
        &self,
        ctx: &OpCtx,
        before: Option<WorkBundle>,
        mut work: Work,
        mut moves: Vec<TransactOp>,
        products: Vec<vitrine_shared::catalog::Product>,
        prices: Vec<PriceRecord>,
        assets: Vec<Asset>,
        row: &WorkRow,
        tenant: &TenantId,
    ) -> std::result::Result<Outcome, Fault> {
        let known = self.catalog.assets(&assets.iter().map(|a| a.id.clone()).collect::<Vec<_>>()).await?;
        let new_assets: Vec<&Asset> = assets.iter().filter(|a| !known.contains(a)).collect();
        let unchanged = new_assets.is_empty()
            && prices.is_empty()
            && before.as_ref().is_some_and(|b| {
                let mut have = b.products.clone();
                have.sort_by(|a, b| a.id.cmp(&b.id));
                b.work == work && have == products
            });
        if unchanged {
            return Ok(Outcome::Unchanged);
        }
        // Files' records first: a work never names a file that has none.
        for chunk in new_assets.chunks(50) {
            let ops = chunk.iter().map(|a| items::asset(a).map(put)).collect::<Result<Vec<_>>>()?;
            self.transact(ops).await?;
        }
        // So does stock: a work that is there is not looked at again by an import that is repeated.
        for variant in row.products.iter().flat_map(|p| &p.variants) {
            if let Some(pieces) = variant.stock {
                self.first_stock(&build::variant_id(tenant, variant), pieces).await?;
            }
        }
        // Moves that do not fit the transaction come after the work: until then it is where it was.
        let mut late = None;
        if moves.len() > ROOM_FOR_MOVES {
            let had = before.as_ref().map(|b| b.work.collections.clone()).unwrap_or_default();
            late = Some((std::mem::take(&mut moves), std::mem::replace(&mut work.collections, had)));
        }
        // Prices that do not fit the transaction go before the work; they mean nothing without it.
        let mut price_ops = prices.iter().map(|p| items::price(&work.id, p).map(put)).collect::<Result<Vec<_>>>()?;
        while price_ops.len() > ROOM_FOR_PRICES.saturating_sub(moves.len()) {
            let rest = price_ops.split_off(price_ops.len().min(90));
            self.transact(std::mem::replace(&mut price_ops, rest)).await?;
        }
        work.rev += 1;
        let (act, outcome) = if before.is_some() {
            ("catalog.updated", Outcome::Updated)
        } else {
            ("catalog.created", Outcome::Created)
        };
        let mut ops = vec![];
        let listed_ms = before.as_ref().and_then(|b| b.work.published_ms).unwrap_or(ctx.now_ms);
        let mut work_item = items::work(&work, listed_ms)?;
        work_item.insert("_v".into(), 1.into());
        // Somebody who edits at the same time must not be overwritten unseen.
        let condition = match &before {
            Some(b) => Condition::eq("rev", b.work.rev),
            None => Condition::ItemAbsent,
        };
        ops.push(TransactOp::Put(Put { item: work_item, condition: Some(condition) }));
        for product in &products {
            ops.push(put(items::product(product)?));
            for variant in &product.variants {
                let pointer = VariantPointer {
                    work: work.id.clone(),
                    product: product.id.clone(),
                    seller: tenant.clone(),
                    kind: product.kind,
                };
                ops.push(put(items::variant(&variant.id, &pointer)?));
                ops.push(claim("sku", &format!("{tenant}#{}", variant.sku), variant.id.as_str()));
            }
        }
        ops.extend(price_ops);
        let moving = ops.len()..ops.len() + moves.len();
        ops.extend(moves);
        ops.extend(items::draft(&work, before.as_ref().map(|b| b.work.status)));
        ops.push(audit::entry(ctx, work.id.as_str(), act, "import", serde_json::json!({ "rev": work.rev })));
        let mut jobs = crate::catalog::jobs::price_jobs(&work.id, &prices, ctx.now_ms);
        let shared = work.cover.as_ref().is_some_and(|cover| self.seen().shared.contains(&cover.original));
        jobs.extend(crate::catalog::jobs::cover_job(&work, shared, ctx.now_ms).filter(|_| self.media.has_tools()));
        let queueing = |e| fault::internal("the queue", &e);
        let mut apart = Vec::new();
        for job in jobs {
            match self.queue.as_item(&job).map_err(queueing)? {
                Some(item) if ops.len() < MAX_TRANSACT_ITEMS => ops.push(put(item)),
                // A queue that is no table takes the job by itself, and so do jobs that do not fit.
                _ => apart.push(job),
            }
        }
        self.transact_moving(ops, moving).await?;
        for job in apart {
            self.queue.enqueue(job).await.map_err(queueing)?;
        }
        if let Some((moves, collections)) = late {
            let condition = Some(Condition::eq("rev", work.rev));
            let what = serde_json::json!({ "collections": collections });
            work = Work { collections, rev: work.rev + 1, ..work };
            let moving = 0..moves.len();
            let mut ops = moves;
            ops.push(TransactOp::Put(Put { item: items::work(&work, listed_ms)?, condition }));
            ops.push(audit::entry(ctx, work.id.as_str(), "work.collected", "import", what));
            self.transact_moving(ops, moving).await?;
        }
        Ok(outcome)
    }

    /// Sets the stock of a variant that has none yet; a later import never touches it.
    async fn first_stock(
        &self,
        variant: &vitrine_shared::id::VariantId,
        pieces: i64,
    ) -> std::result::Result<(), Fault> {
        let item = crate::stock::first(variant, pieces);
        let put = Put { item, condition: Some(Condition::ItemAbsent) };
        match retrying(|| self.catalog.table().put(put.clone())).await {
            Ok(_) | Err(TableError::ConditionFailed(_)) => Ok(()),
            Err(e) => Err(Fault::Inside(fault::table(e))),
        }
    }

    pub(super) fn path(&self, file: &str) -> std::result::Result<PathBuf, Fault> {
        Ok(below(&self.root, file)?)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(row: &Row) -> String {
    match row {
        Row::Tenant(r) => format!("tenant {}", r.reference),
        Row::Store(r) => format!("store {}", r.reference),
        Row::Licence(r) => format!("licence {}", r.reference),
        Row::Maker(r) => format!("maker {}", r.reference),
        Row::Collection(r) => format!("collection {}", r.reference),
        Row::Work(r) => format!("work {}", r.reference),
        Row::Promotion(r) => format!("promotion {}", r.reference),
    }
}

#[derive(Clone)]
struct Hashed {
    size: u64,
    sha256: String,
    crc32: u32,
    head: Vec<u8>,
}
