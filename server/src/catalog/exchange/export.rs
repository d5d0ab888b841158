//! Records to rows and files; importing the result changes nothing.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use futures::TryStreamExt;
use tokio::io::AsyncWriteExt;
use vitrine_blob::Blob;
use vitrine_shared::catalog::{Asset, Captions, Image, Maker, PriceRecord, ProductKind, Work};
use vitrine_shared::id::TenantId;

use super::{
    CollectionRow, FileRow, LicenceRow, MakerRow, PartRow, PictureRow, PriceRow, ProductRow, Row, StoreRow, TenantRow,
    TranscriptRow, VariantRow, WorkRow,
};
use crate::catalog::store::{CatalogStore, LIST_SHARDS, WorkBundle};
use crate::collections::{Collection, Collections};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{authz, pricing, stock};

/// Writes `catalog.jsonl` and `files/…` below `dir`; answers the number of rows.
///
/// # Errors
/// 401/403 unless staff; a 500 with its id if the folder cannot be written.
pub async fn export(ctx: &OpCtx, catalog: &CatalogStore, blob: &dyn Blob, dir: &Path) -> Result<usize> {
    authz::staff(ctx, "catalog:export")?;
    let io = |e: std::io::Error| fault::internal("writing the export", &e);
    tokio::fs::create_dir_all(dir.join("files")).await.map_err(io)?;
    let mut out = tokio::io::BufWriter::new(tokio::fs::File::create(dir.join("catalog.jsonl")).await.map_err(io)?);
    let mut rows = 0;
    let mut written = BTreeSet::new();
    let mut head: Vec<Row> = Vec::new();
    for tenant in catalog.tenants().await? {
        head.push(Row::Tenant(TenantRow {
            reference: tenant.id.to_string(),
            name: tenant.name,
            legal: tenant.legal,
            currency: tenant.currency,
            locale: tenant.locale,
            fee_bps: tenant.fee_bps,
            listed: tenant.listed,
        }));
    }
    for store in catalog.stores().await? {
        head.push(Row::Store(StoreRow {
            reference: store.id.to_string(),
            tenant: store.tenant.to_string(),
            handle: store.handle,
            name: store.name,
            tagline: store.tagline,
            about_html: store.about_html,
            brand: store.brand,
            links: store.links,
            ships_from: store.ships_from,
            shipping: store.shipping,
            rounding: store.rounding,
            no_rule: store.no_rule,
            tax_provider: store.tax_provider,
            tax_fallback: store.tax_fallback,
            shipping_zones: store.shipping_zones,
            shipping_methods: store.shipping_methods,
            shipping_except: store.shipping_except,
            gift_cards: store.gift_cards,
        }));
    }
    for licence in catalog.licences().await? {
        head.push(Row::Licence(LicenceRow {
            reference: licence.id.to_string(),
            tenant: licence.tenant.map(|t| t.to_string()),
            version: licence.version,
            title: licence.title,
            summary: licence.summary,
            body_html: licence.body_html,
            created_ms: Some(licence.created_ms),
        }));
    }
    let mut collections: HashMap<TenantId, BTreeSet<String>> = HashMap::new();
    for tenant in catalog.tenants().await? {
        let all = Collections::new(catalog.clone()).of_seller(&tenant.id).await?;
        collections.insert(tenant.id.clone(), all.iter().map(|c| c.name.clone()).collect());
        let row = |c: Collection| CollectionRow { reference: c.name, tenant: tenant.id.to_string(), title: c.title };
        head.extend(all.into_iter().map(row).map(Row::Collection));
    }
    for row in head {
        write(&mut out, &row).await?;
        rows += 1;
    }
    for shard in 0..LIST_SHARDS {
        let mut cursor = None;
        loop {
            let (makers, next) = catalog.list_shard::<Maker>("MAKER", shard, cursor).await?;
            for maker in makers {
                let image = picture(blob, dir, maker.image.as_ref(), &mut written).await?;
                let row = Row::Maker(MakerRow {
                    reference: maker.id.to_string(),
                    tenant: maker.tenant.to_string(),
                    kind: maker.kind,
                    name: maker.name,
                    latin: maker.latin,
                    slug: Some(maker.slug),
                    bio_html: maker.bio_html,
                    links: maker.links,
                    image,
                    status: maker.status,
                });
                write(&mut out, &row).await?;
                rows += 1;
            }
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
    }
    for shard in 0..LIST_SHARDS {
        let mut cursor = None;
        loop {
            let (works, next) = catalog.list_shard::<Work>("WORK", shard, cursor).await?;
            for work in works {
                if let Some(mut bundle) = catalog.bundle(&work.id).await? {
                    // A name that is there no more means nothing, and an import would not know it.
                    let there = collections.get(&bundle.work.tenant);
                    bundle.work.collections.retain(|name| there.is_some_and(|there| there.contains(name)));
                    let row = self::work(ctx, catalog, blob, dir, bundle, &mut written).await?;
                    write(&mut out, &Row::Work(Box::new(row))).await?;
                    rows += 1;
                }
            }
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
    }
    for tenant in catalog.tenants().await? {
        for row in super::promotions::rows(catalog, &tenant.id).await? {
            write(&mut out, &Row::Promotion(Box::new(row))).await?;
            rows += 1;
        }
    }
    out.flush().await.map_err(io)?;
    Ok(rows)
}

async fn write(out: &mut tokio::io::BufWriter<tokio::fs::File>, row: &Row) -> Result<()> {
    let mut line = serde_json::to_vec(row).map_err(|e| fault::internal("writing a row", &e))?;
    line.push(b'\n');
    out.write_all(&line).await.map_err(|e| fault::internal("writing the export", &e))
}

/// Copies an object to `files/<name>` once; answers the path below the export's folder.
async fn copy(blob: &dyn Blob, dir: &Path, key: &str, name: &str, written: &mut BTreeSet<String>) -> Result<String> {
    let relative = format!("files/{name}");
    if !written.insert(relative.clone()) {
        return Ok(relative);
    }
    let io = |e: std::io::Error| fault::internal("writing the export", &e);
    let path = dir.join(&relative);
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(io)?;
    }
    let mut reading = blob.get(key, None, None).await.map_err(fault::blob)?;
    let mut file = tokio::fs::File::create(&path).await.map_err(io)?;
    while let Some(chunk) = reading.bytes.try_next().await.map_err(fault::blob)? {
        file.write_all(&chunk).await.map_err(io)?;
    }
    file.flush().await.map_err(io)?;
    Ok(relative)
}

/// The picture as it came.
async fn picture(
    blob: &dyn Blob,
    dir: &Path,
    image: Option<&Image>,
    written: &mut BTreeSet<String>,
) -> Result<Option<PictureRow>> {
    let Some(image) = image else { return Ok(None) };
    let name = image.original.rsplit('/').next().unwrap_or(&image.original);
    let file = copy(blob, dir, &image.original, name, written).await?;
    Ok(Some(PictureRow { file, alt: image.alt.clone() }))
}

async fn work(
    ctx: &OpCtx,
    catalog: &CatalogStore,
    blob: &dyn Blob,
    dir: &Path,
    bundle: WorkBundle,
    written: &mut BTreeSet<String>,
) -> Result<WorkRow> {
    let work = bundle.work;
    let mut ids: Vec<_> = work.parts.iter().flat_map(|p| p.assets.iter().cloned()).collect();
    let of_parts: BTreeSet<_> = ids.iter().cloned().collect();
    for variant in bundle.products.iter().flat_map(|p| &p.variants) {
        ids.extend(variant.assets.iter().cloned());
    }
    ids.sort();
    ids.dedup();
    let assets = catalog.assets(&ids).await?;
    let mut files = std::collections::HashMap::new();
    for asset in &assets {
        let extension = asset.file_name.rsplit('.').next().filter(|e| e.len() <= 5).unwrap_or("bin");
        let file = copy(blob, dir, &asset.key, &format!("{}.{extension}", asset.sha256), written).await?;
        files.insert(asset.id.clone(), file);
    }
    let row_of = |asset: &Asset| FileRow {
        file: files.get(&asset.id).cloned().unwrap_or_default(),
        format: asset.format.clone(),
        name: Some(asset.file_name.clone()),
    };
    let find = |id: &vitrine_shared::id::AssetId| assets.iter().find(|a| a.id == *id);
    let has_book = assets.iter().any(|a| a.content_type == "application/epub+zip");
    let mut transcripts = std::collections::HashMap::new();
    for text in work.parts.iter().flat_map(|p| &p.transcripts) {
        let stem = text.key.rsplit('/').next().and_then(|n| n.split('.').next()).unwrap_or_default();
        let file = copy(blob, dir, &text.key, &format!("{stem}.{}.vtt", text.language), written).await?;
        transcripts.insert((text.key.clone(), text.language.clone()), TranscriptRow { file });
    }
    let transcript_of = |text: &Captions| transcripts.get(&(text.key.clone(), text.language.clone())).cloned();
    let parts = work
        .parts
        .iter()
        // The chapters of a book come from its file again.
        .filter(|p| !(has_book && p.assets.is_empty()))
        .map(|p| PartRow {
            title: p.title.clone(),
            group: p.group,
            maker: p.maker.clone(),
            files: p.assets.iter().filter_map(find).map(row_of).collect(),
            length_ms: p.length_ms.filter(|_| p.assets.is_empty()),
            bonus: p.bonus,
            notes_html: p.notes_html.clone(),
            date: p.date.clone(),
            transcripts: p.transcripts.iter().filter_map(transcript_of).collect(),
        })
        .collect();
    let mut products = Vec::new();
    for product in &bundle.products {
        let mut variants = Vec::new();
        // Records may be from before imports refused the parcels of files, which never counted.
        let sent = product.kind != ProductKind::Digital;
        for v in &product.variants {
            let stock =
                if v.stocked { stock::level(&**catalog.table(), &v.id).await?.map(|l| l.available) } else { None };
            variants.push(VariantRow {
                sku: v.sku.clone(),
                id: Some(v.id.to_string()),
                title: v.title.clone(),
                licence: v.licence.as_ref().map(ToString::to_string),
                formats: v.formats.clone(),
                weight_g: v.weight_g.filter(|_| sent),
                length_mm: v.length_mm.filter(|_| sent),
                width_mm: v.width_mm.filter(|_| sent),
                height_mm: v.height_mm.filter(|_| sent),
                stock: if v.stocked { Some(stock.unwrap_or(0)) } else { None },
                shape: v.shape,
                prices: bundle
                    .prices
                    .iter()
                    .filter(|p| p.variant == v.id && in_force(p, ctx.now_ms))
                    .map(price)
                    .collect(),
            });
        }
        products.push(ProductRow {
            reference: product.id.to_string(),
            kind: product.kind,
            title: product.title.clone(),
            tax_class: pricing::class_of(product).to_owned(),
            variants,
            status: product.status,
        });
    }
    let mut facts = work.facts.clone();
    if has_book {
        facts.words = None;
    }
    Ok(WorkRow {
        reference: work.id.to_string(),
        store: work.store.to_string(),
        kind: work.kind,
        title: work.title,
        latin: work.latin,
        makers: work.makers.iter().map(|m| m.id.to_string()).collect(),
        released: work.released,
        genres: work.genres,
        tags: work.tags,
        collections: Some(work.collections),
        language: work.language,
        description_html: work.description_html,
        credits: work.credits,
        cover: picture(blob, dir, work.cover.as_ref(), written).await?,
        parts,
        facts,
        attribution: work.attribution,
        files: assets.iter().filter(|a| !of_parts.contains(&a.id)).map(row_of).collect(),
        products,
        status: work.status,
    })
}

fn in_force(price: &PriceRecord, now_ms: i64) -> bool {
    price.valid_to_ms.is_none_or(|to| to > now_ms)
}

fn price(price: &PriceRecord) -> PriceRow {
    PriceRow {
        region: price.region.clone(),
        currency: price.currency.clone(),
        minor: price.amount_minor,
        minimum: price.minimum_minor,
        compare_at: price.compare_at_minor,
        valid_from_ms: Some(price.valid_from_ms).filter(|from| *from != 0),
        valid_to_ms: price.valid_to_ms,
        min_quantity: price.min_quantity,
    }
}
