//! Jobs of the catalogue: the modern formats of covers, prices that begin or end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob};
use vitrine_shared::catalog::{Image, PriceRecord, Work, WorkKind};
use vitrine_shared::id::{TenantId, WorkId};
use vitrine_table::{Condition, TableError, Update, UpdateItem};

use super::store::{CatalogStore, work_sk};
use crate::media::{Media, MediaError};
use crate::state::App;

/// Kind of the job that adds WebP and AVIF to a work's cover.
pub const COVER: &str = "bulk.catalog.cover";

/// Kind of the job at the moment a price begins or ends: pages and index hear of it as of any change.
pub const PRICE_DUE: &str = "catalog.price_due";

/// Looks through a tenant's works for one picture: what was changed meanwhile is met by the next.
const WALKS: usize = 3;

/// The job for a work's cover; `None` if it has no cover or has all formats. It is keyed by tenant and picture; for one that several
/// works share it serves all that show it.
pub fn cover_job(work: &Work, shared: bool, now_ms: i64) -> Option<NewJob> {
    let cover = work.cover.as_ref().filter(|cover| is_plain(cover))?;
    let payload = Payload {
        work: work.id.clone(),
        tenant: Some(work.tenant.clone()),
        original: Some(cover.original.clone()),
        shared,
    };
    Some(NewJob {
        kind: COVER.into(),
        key: format!("{}/{}", work.tenant, cover.original),
        payload: serde_json::to_value(payload).ok()?,
        run_at_ms: now_ms,
        max_attempts: 4,
        trace: None,
    })
}

/// The jobs for moments to come at which one of these prices of a work begins or ends, each moment once.
pub fn price_jobs(work: &WorkId, prices: &[PriceRecord], now_ms: i64) -> Vec<NewJob> {
    let moments = prices.iter().flat_map(|p| [Some(p.valid_from_ms), p.valid_to_ms]).flatten();
    let moments: BTreeSet<i64> = moments.filter(|at| *at > now_ms).collect();
    let job = |run_at_ms: i64| NewJob {
        kind: PRICE_DUE.into(),
        key: format!("{work}/{run_at_ms}"),
        payload: json!({ "work": work }),
        run_at_ms,
        max_attempts: 20,
        trace: None,
    };
    moments.into_iter().map(job).collect()
}

/// Says that a work's price is another now.
struct PriceDue(CatalogStore);

#[async_trait]
impl Handler for PriceDue {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: WorkId = serde_json::from_value(job.job.payload["work"].clone()).map_err(JobFailed::new)?;
        let Some(bundle) = self.0.bundle(&id).await.map_err(JobFailed::new)? else { return Ok(Outcome::Done) };
        let update = UpdateItem {
            key: vitrine_table::Key::new(format!("WORK#{id}"), work_sk(bundle.work.kind)),
            updates: vec![Update::Set("priced_ms".into(), job.job.run_at_ms.into())],
            condition: Some(Condition::ItemExists),
        };
        match self.0.table().update(update).await {
            Ok(_) | Err(TableError::ConditionFailed(_)) => Ok(Outcome::Done),
            Err(e) => Err(JobFailed::new(e)),
        }
    }
}

/// What the job is told. Of jobs written before a picture could be shared only the work is known.
#[derive(Serialize, Deserialize)]
struct Payload {
    /// The last that was written with the picture.
    work: WorkId,
    #[serde(default)]
    tenant: Option<TenantId>,
    #[serde(default)]
    original: Option<String>,
    /// Another work shows it, too: all works of the tenant are looked through.
    #[serde(default)]
    shared: bool,
}

/// Whether it has no formats but JPEG.
fn is_plain(cover: &Image) -> bool {
    cover.renditions.iter().all(|r| r.format == "jpeg")
}

struct Covers {
    catalog: CatalogStore,
    media: Media,
}

impl Covers {
    /// Gives a work its cover's new formats; whether it did.
    async fn dress(&self, work: &Work, more: &Image) -> Result<bool, JobFailed> {
        // The words about a picture belong to the work.
        let alt = work.cover.as_ref().map(|c| c.alt.clone()).unwrap_or_default();
        let value = serde_json::to_value(Image { alt, ..more.clone() }).map_err(JobFailed::new)?;
        let update = UpdateItem {
            key: vitrine_table::Key::new(format!("WORK#{}", work.id), work_sk(work.kind)),
            updates: vec![Update::Set("cover".into(), value), Update::Add("rev".into(), 1)],
            condition: Some(Condition::eq("rev", work.rev)),
        };
        match self.catalog.table().update(update).await {
            Ok(_) => Ok(true),
            // Somebody changed the work meanwhile: that brought a job of its own, or the next look finds it.
            Err(TableError::ConditionFailed(_)) => Ok(false),
            Err(e) => Err(JobFailed::new(e)),
        }
    }

    /// The works of the tenant that show the picture and have it as JPEG only.
    async fn plain(&self, tenant: &TenantId, original: &str) -> Result<Vec<Work>, JobFailed> {
        let mut found = Vec::new();
        for kind in WorkKind::ALL {
            let mut cursor = None;
            loop {
                let page = self.catalog.works_of_tenant(tenant, kind, cursor).await.map_err(JobFailed::new)?;
                found.extend(page.0.into_iter().filter(|work| shows(work, original)));
                let Some(next) = page.1 else { break };
                cursor = Some(next);
            }
        }
        Ok(found)
    }
}

/// Whether a work shows the picture and has it as JPEG only.
fn shows(work: &Work, original: &str) -> bool {
    work.cover.as_ref().is_some_and(|cover| cover.original == original && is_plain(cover))
}

#[async_trait]
impl Handler for Covers {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let told: Payload = serde_json::from_value(job.job.payload.clone()).map_err(JobFailed::new)?;
        let work = self.catalog.bundle(&told.work).await.map_err(JobFailed::new)?.map(|bundle| bundle.work);
        let tenant = told.tenant.or_else(|| work.as_ref().map(|w| w.tenant.clone()));
        let original = told.original.or_else(|| Some(work.as_ref()?.cover.as_ref()?.original.clone()));
        let Some((tenant, original)) = tenant.zip(original) else { return Ok(Outcome::Done) };
        // Its own first: it may be a draft, which no list has.
        let mut plain: Vec<Work> = work.into_iter().filter(|work| shows(work, &original)).collect();
        for _ in 0..if told.shared { WALKS } else { 1 } {
            if told.shared {
                let listed = self.plain(&tenant, &original).await?;
                plain.extend(listed.into_iter().filter(|work| work.id != told.work));
            }
            let Some(cover) = plain.first().and_then(|work| work.cover.as_ref()) else { break };
            let more = match self.media.more_renditions(cover).await {
                Ok(more) => more,
                // Without the helper programs the JPEG stands alone; installing them and importing again brings the rest.
                Err(MediaError::NoTools) => break,
                Err(e) => return Err(JobFailed::new(e)),
            };
            if is_plain(&more) {
                break;
            }
            for work in plain.drain(..) {
                self.dress(&work, &more).await?;
            }
        }
        Ok(Outcome::Done)
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(600)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(app: &App) -> Handlers {
    let covers: Arc<dyn Handler> =
        Arc::new(Covers { catalog: app.catalog.records().clone(), media: app.media.clone() });
    let due: Arc<dyn Handler> = Arc::new(PriceDue(app.catalog.records().clone()));
    [(COVER.to_owned(), covers), (PRICE_DUE.to_owned(), due)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use vitrine_blob::PutOptions;
    use vitrine_clock::Clock;
    use vitrine_shared::catalog::Rendition;

    use super::*;
    use crate::testing::Shop;

    async fn works(catalog: &CatalogStore, tenant: &TenantId) -> Vec<Work> {
        let mut all = Vec::new();
        for kind in WorkKind::ALL {
            all.extend(catalog.works_of_tenant(tenant, kind, None).await.unwrap().0);
        }
        all
    }

    #[tokio::test]
    async fn every_work_of_the_tenant_that_shows_a_picture_gets_its_formats() {
        let shop = Shop::open().await;
        let catalog = shop.catalog.records().clone();
        let stores = catalog.stores().await.unwrap();
        let tenant = |handle: &str| stores.iter().find(|s| s.handle == handle).unwrap().tenant.clone();
        let (here, elsewhere) = (tenant("nordlicht"), tenant("paper"));
        let film = works(&catalog, &here).await.into_iter().find(|w| w.cover.is_some()).unwrap();
        let cover = film.cover.clone().unwrap();
        let covers = Covers { catalog: catalog.clone(), media: Media::new(shop.blob.clone(), None) };
        for (at, tenant) in [&here, &elsewhere].into_iter().enumerate() {
            let book = works(&catalog, tenant).await.into_iter().find(|w| w.id != film.id).unwrap();
            assert!(covers.dress(&book, &cover).await.unwrap());
            let book = works(&catalog, tenant).await.into_iter().find(|w| w.id == book.id).unwrap();
            assert_eq!(cover_job(&book, false, 0).unwrap().key == cover_job(&film, false, 0).unwrap().key, at == 0);
        }
        // As the helper programs would leave it.
        let mut made = cover.renditions.clone();
        made.push(Rendition { format: "webp".into(), ..made[0].clone() });
        let remembered = format!("derived/renditions-{}.json", cover.original.trim_start_matches("originals/"));
        let bytes = serde_json::to_vec(&made).unwrap();
        shop.blob.put_bytes(&remembered, bytes.into(), PutOptions::new("application/json")).await.unwrap();

        let worker = vitrine_queue::worker::Worker::new(
            shop.queue.clone(),
            [(COVER.to_owned(), Arc::new(covers) as Arc<dyn Handler>)].into_iter().collect(),
        );
        let job = |shared| cover_job(&film, shared, shop.clock.now_ms()).unwrap();
        shop.queue.enqueue(job(false)).await.unwrap();
        worker.run_due_once().await.unwrap();
        let webp = |works: &[Work]| works.iter().filter(|w| w.cover.as_ref().is_some_and(|c| !is_plain(c))).count();
        assert_eq!(webp(&works(&catalog, &here).await), 1, "nobody said that another work shows it");
        shop.queue.enqueue(job(true)).await.unwrap();
        worker.run_due_once().await.unwrap();

        let ours = works(&catalog, &here).await;
        assert_eq!(webp(&ours), 2, "the film and the other work that shows the picture");
        assert_eq!(webp(&works(&catalog, &elsewhere).await), 0, "another tenant's work is not touched");
        let film = ours.iter().find(|w| w.id == film.id).unwrap();
        assert_eq!(film.cover.as_ref().unwrap().alt, cover.alt);
        assert!(ours.iter().any(|w| w.id != film.id && w.cover.as_ref().is_some_and(|c| c.alt.is_empty())));
    }

    #[tokio::test]
    async fn pages_and_index_hear_of_a_price_that_begins() {
        let shop = Shop::open().await;
        let catalog = shop.catalog.records().clone();
        let work = works(&catalog, &catalog.stores().await.unwrap()[0].tenant).await.remove(0);
        let now = shop.clock.now_ms();
        let bundle = catalog.bundle(&work.id).await.unwrap().unwrap();
        let sale = PriceRecord { valid_from_ms: now + 1000, valid_to_ms: Some(now + 2000), ..bundle.prices[0].clone() };
        let jobs = price_jobs(&work.id, &[sale.clone(), sale, bundle.prices[0].clone()], now);
        assert_eq!(jobs.iter().map(|j| j.run_at_ms - now).collect::<Vec<_>>(), [1000, 2000]);
        for job in jobs {
            shop.queue.enqueue(job).await.unwrap();
        }
        let due: Arc<dyn Handler> = Arc::new(PriceDue(catalog.clone()));
        let worker =
            vitrine_queue::worker::Worker::new(shop.queue.clone(), [(PRICE_DUE.to_owned(), due)].into_iter().collect());
        let tag = [crate::changes::tag(&format!("WORK#{}", work.id))];
        for moment in 0..2 {
            let made = shop.changes.now();
            worker.run_due_once().await.unwrap();
            assert!(!shop.changes.stale(made, &tag), "not before its time: {moment}");
            shop.clock.advance_ms(1000);
            worker.run_due_once().await.unwrap();
            assert!(shop.changes.stale(made, &tag), "{moment}");
        }
        let after = catalog.bundle(&work.id).await.unwrap().unwrap();
        assert_eq!(after.work, work, "nobody who edits it meanwhile is disturbed");
    }
}
