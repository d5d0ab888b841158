//! What a person owns: the list, and one work to play, read and download.
//!
//! Invariants: a work stays here when it is withdrawn or a file is taken off sale; files added after the sale are here; a
//! work whose last grant was revoked stays and says why. Access is read from base keys, the list from an index.
//!
//! Not here: downloads themselves, how grants come to be.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use vitrine_pricing::format::{format_bytes, format_duration};
use vitrine_shared::Problem;
use vitrine_shared::access::Grant;
use vitrine_shared::catalog::{Asset, AssetState, Part, Work, WorkKind};
use vitrine_shared::id::{AssetId, CustomerId, WorkId};
use vitrine_shared::query::{ListQuery, Sort};
use vitrine_shared::search::{Query, Searchable, find, key};
use vitrine_shared::timed::linked;
use vitrine_shared::views::card::{Place, unpriced};
use vitrine_shared::views::owned::{LibraryView, OwnedCard, OwnedView};
use vitrine_shared::views::trade::FileView;
use vitrine_shared::views::{CardView, FacetValue, LicenceLine, MomentView, PartView, PlayView};

use crate::catalog::pages::Catalog;
use crate::catalog::store::WorkBundle;
use crate::catalog::transcripts;
use crate::ctx::OpCtx;
use crate::downloads::stream::Show;
use crate::downloads::{Access, Downloads};
use crate::fault::{self, Result};
use crate::invoices::Invoices;

/// Works of one page.
pub const PAGE: usize = 48;

/// Address of the list.
const PATH: &str = "/my-products";

/// How long a purchase counts as new.
const NEW_MS: i64 = 14 * 86_400_000;

/// The library of whoever asks.
#[derive(Clone)]
pub struct Library {
    catalog: Catalog,
    downloads: Downloads,
    invoices: Invoices,
}

/// Path of a work's entry.
pub fn href(work: &WorkId) -> String {
    format!("{PATH}/{work}")
}

/// Key of the sentence that says why access was lost; `reason` is a grant's code.
fn lost_key(reason: &str) -> String {
    format!("lost-{}", reason.replace('_', "-"))
}

/// The works that fit `words` as a search would find them, ordered.
fn matching(works: Vec<Work>, words: &str, sort: Sort, since: impl Fn(&Work) -> i64) -> Vec<Work> {
    let query = Query::parse(words);
    let mut out: Vec<(u64, Work)> = if query.tokens.is_empty() {
        works.into_iter().map(|w| (0, w)).collect()
    } else {
        let docs: Vec<Searchable> = works.iter().map(searchable).collect();
        let ranks: HashMap<&str, u64> = find(&docs, &query).into_iter().map(|f| (f.id, f.rank)).collect();
        works.into_iter().filter_map(|w| Some((*ranks.get(w.id.as_str())?, w))).collect()
    };
    out.sort_by_cached_key(|(rank, work)| {
        let at = match sort {
            Sort::Title => (0, 0, key(&work.title)),
            Sort::Newest => (0, 0, invert(&work.released)),
            _ => (u64::MAX - rank, i64::MAX - since(work), String::new()),
        };
        (at, work.id.clone())
    });
    out.into_iter().map(|(_, work)| work).collect()
}

/// A date whose text sorts the other way round.
fn invert(date: &str) -> String {
    date.chars().map(|c| c.to_digit(10).and_then(|d| char::from_digit(9 - d, 10)).unwrap_or(c)).collect()
}

/// What a person would type to find it, its parts among it.
fn searchable(work: &Work) -> Searchable {
    let makers = work.makers.iter().flat_map(|m| [Some(m.name.as_str()), m.latin.as_deref()]).flatten();
    let parts = work.parts.iter().map(|p| p.title.as_str()).collect::<Vec<_>>().join("\n");
    let tags = work.genres.iter().chain(&work.tags).map(String::as_str);
    Searchable::new(work.id.as_str(), &work.title, makers, work.latin.as_deref(), tags, &parts, 0)
}

impl Library {
    /// Over these services.
    pub fn new(catalog: Catalog, downloads: Downloads, invoices: Invoices) -> Self {
        Self { catalog, downloads, invoices }
    }

    async fn card(&self, place: &Place, bundle: &WorkBundle) -> Result<Option<CardView>> {
        let Some(store) = self.catalog.records().store(&bundle.work.store).await? else { return Ok(None) };
        // What is owned has no price.
        let mut card = place.card(&unpriced(&bundle.work, &store));
        card.href = href(&bundle.work.id);
        Ok(Some(card))
    }

    /// Everything owned or once owned that fits `want`, last bought first if it does not say otherwise, [`PAGE`] works at
    /// a time: by number, or those after the cursor `after`.
    ///
    /// # Errors
    /// 401 without a customer, 422 for a foreign cursor.
    pub async fn list(
        &self,
        ctx: &OpCtx,
        customers: &[CustomerId],
        want: &ListQuery,
        after: Option<&str>,
    ) -> Result<LibraryView> {
        if customers.is_empty() {
            return Err(Problem::unauthenticated());
        }
        let grants = self.grants(customers).await?;
        let ids: Vec<WorkId> = grants.keys().cloned().collect();
        // A work whose record was deleted is gone from here too.
        let works = self.catalog.records().works(&ids).await?;
        let owned = works.len();
        let since = |work: &Work| grants.get(&work.id).into_iter().flatten().map(|g| g.since_ms).max().unwrap_or(0);
        let fitting = matching(works, &want.q, want.sort, since);
        let kinds = WorkKind::ALL
            .into_iter()
            .map(|kind| FacetValue {
                value: kind.as_str().to_owned(),
                label_key: format!("kinds-{}", kind.as_str()),
                count: fitting.iter().filter(|w| w.kind == kind).count() as u64,
                active: want.has("type", kind.as_str()),
                href: want.toggled("type", kind.as_str()).href(PATH),
            })
            .filter(|k| k.count > 0 || k.active)
            .collect();
        let shown: Vec<Work> =
            fitting.into_iter().filter(|w| want.types.is_empty() || want.types.contains(w.kind.as_str())).collect();
        let pages = u32::try_from(shown.len().div_ceil(PAGE)).unwrap_or(u32::MAX).max(1);
        let page = want.page.clamp(1, pages);
        let first = match after {
            None => (page as usize - 1) * PAGE,
            Some(cursor) => {
                let at = shown.iter().position(|w| w.id.as_str() == cursor);
                at.ok_or_else(|| Problem::invalid("cursor", "bad_cursor", "The cursor is not one of this list."))? + 1
            }
        };
        let next = shown.get(first + PAGE - 1).filter(|_| shown.len() > first + PAGE).map(|w| w.id.to_string());
        let place = self.catalog.place(ctx);
        let mut items = Vec::new();
        for work in shown.iter().skip(first).take(PAGE) {
            let Some(bundle) = self.catalog.records().bundle(&work.id).await? else { continue };
            let Some(card) = self.card(&place, &bundle).await? else { continue };
            let since_ms = since(work);
            let access = Access { bundle: Some(bundle), grants: grants.get(&work.id).cloned().unwrap_or_default() };
            let lost = access.lost().map(lost_key);
            let grown = access.in_force().any(|g| access.assets(g).iter().any(|a| !g.assets.contains(a)));
            items.push(OwnedCard {
                card,
                since_ms,
                new: lost.is_none() && ctx.now_ms - since_ms < NEW_MS,
                lost,
                grown,
            });
        }
        Ok(LibraryView {
            items,
            owned: owned as u64,
            total: shown.len() as u64,
            query: want.q.clone(),
            kinds,
            sorts: want.sorts(PATH, &[Sort::Relevance, Sort::Newest, Sort::Title], "library-sort-"),
            hidden: want.hidden(),
            clear_href: ListQuery { sort: want.sort, page: 1, ..ListQuery::default() }.href(PATH),
            page,
            pages,
            page_links: ListQuery { page, ..want.clone() }.page_links(PATH, pages),
            next,
        })
    }

    /// Every grant by work.
    async fn grants(&self, customers: &[CustomerId]) -> Result<HashMap<WorkId, Vec<Grant>>> {
        let mut works: HashMap<WorkId, Vec<Grant>> = HashMap::new();
        for customer in customers {
            let mut next = None;
            loop {
                let (grants, cursor) = self.downloads.grants().grants_of(customer, next).await?;
                for grant in grants {
                    works.entry(grant.work.clone()).or_default().push(grant);
                }
                next = cursor;
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(works)
    }

    /// One work with files, streaming addresses, reader and licence.
    ///
    /// # Errors
    /// 401 without a customer, 404 if it was never owned.
    pub async fn entry(&self, ctx: &OpCtx, customers: &[CustomerId], work: &WorkId) -> Result<OwnedView> {
        if customers.is_empty() {
            return Err(Problem::unauthenticated());
        }
        let missing = || Problem::not_found("work");
        let access = Access::load(self.catalog.records(), self.downloads.grants(), customers, work).await?;
        let newest = access.in_force().last().or(access.grants.last()).ok_or_else(missing)?;
        let bundle = access.bundle.as_ref().ok_or_else(missing)?;
        let place = self.catalog.place(ctx);
        let card = self.card(&place, bundle).await?.ok_or_else(missing)?;
        let opened: HashMap<AssetId, &Grant> = access.files().into_iter().collect();
        let ids: Vec<AssetId> = opened.keys().cloned().collect();
        let mut files = self.catalog.records().assets(&ids).await?;
        files.retain(|f| f.state == AssetState::Clean);
        let numbers: HashMap<&AssetId, u32> =
            bundle.work.parts.iter().flat_map(|p| p.assets.iter().map(|a| (a, p.number))).collect();
        files.sort_by(|a, b| {
            let key =
                |f: &Asset| (f.format.clone(), numbers.get(&f.id).copied().unwrap_or(u32::MAX), f.file_name.clone());
            key(a).cmp(&key(b))
        });
        // What waits for its licence is listed, not played.
        let playable: HashMap<&AssetId, (&Asset, &Grant)> = files
            .iter()
            .filter_map(|f| opened.get(&f.id).filter(|g| !access.awaits_licence(g)).map(|g| (&f.id, (f, *g))))
            .collect();
        let by = bundle.work.makers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
        let parts = bundle
            .work
            .shown_parts()
            .into_iter()
            .map(|p| self.part(ctx, &place, (&bundle.work, p), &by, &playable))
            .collect();
        let mut reader = None;
        let book =
            files.iter().filter_map(|f| playable.get(&f.id)).find(|(f, _)| f.content_type == "application/epub+zip");
        if let Some((book, grant)) = book {
            match self.downloads.blob().head(&format!("reader/{}/0.html", book.sha256), None).await {
                Ok(_) => {
                    reader = Some(format!("{}/0.html", self.downloads.signed(ctx, grant, &book.id, Show::Book).url))
                }
                Err(vitrine_blob::BlobError::NotFound) => {}
                Err(e) => return Err(fault::blob(e)),
            }
        }
        let (mut licence, mut accepted) = (None, None);
        let agreed = newest.licence.as_ref().or_else(|| access.in_force().find_map(|g| g.licence.as_ref()));
        if let Some((id, version, at)) = agreed {
            accepted = Some(MomentView::of(*at, place.locale));
            if let Ok(id) = id.parse() {
                licence = self.catalog.records().licence(&id, Some(*version)).await?.map(|l| LicenceLine {
                    title: l.title,
                    href: format!("/eula/{id}?version={version}"),
                    summary: l.summary,
                    version: *version,
                });
            }
        }
        Ok(OwnedView {
            card,
            parts,
            total_size: format_bytes(files.iter().map(|f| f.size).sum(), place.locale),
            files: files
                .iter()
                .map(|f| FileView {
                    asset: f.id.to_string(),
                    name: f.file_name.clone(),
                    format: f.format.clone(),
                    size: format_bytes(f.size, place.locale),
                    number: numbers.get(&f.id).copied(),
                })
                .collect(),
            reader,
            licence,
            accepted,
            order_href: format!("/orders/{}", newest.order),
            invoice_href: self.invoices.of_order(&newest.order).await?,
            lost: access.lost().map(lost_key),
        })
    }

    fn part(
        &self,
        ctx: &OpCtx,
        place: &Place,
        (work, part): (&Work, &Part),
        by: &str,
        playable: &HashMap<&AssetId, (&Asset, &Grant)>,
    ) -> PartView {
        let sounds = |f: &Asset| f.content_type.starts_with("audio/") || f.content_type.starts_with("video/");
        let file = part.assets.iter().filter_map(|a| playable.get(a)).find(|(f, _)| sounds(f));
        let src = file.map(|(f, grant)| self.downloads.signed(ctx, grant, &f.id, Show::File).url);
        PartView {
            number: part.number,
            group: part.group,
            title: part.title.clone(),
            maker: part.maker.clone(),
            length: part.length_ms.map(format_duration),
            play: file.zip(src.clone()).map(|((f, _), src)| PlayView {
                src,
                content_type: f.content_type.clone(),
                title: part.title.clone(),
                by: part.maker.clone().unwrap_or_else(|| by.to_owned()),
                peaks: part.peaks.clone(),
                length_ms: f.length_ms.or(part.length_ms),
                captions: part
                    .assets
                    .iter()
                    .filter_map(|a| playable.get(a))
                    .filter_map(|(f, grant)| {
                        let language = crate::media::captions::language_of(&f.file_name)?;
                        Some((language, self.downloads.signed(ctx, grant, &f.id, Show::File).url))
                    })
                    .collect(),
            }),
            bonus: part.bonus,
            notes_html: src.as_deref().map_or_else(|| part.notes_html.clone(), |src| linked(&part.notes_html, src)),
            transcripts: transcripts::pages(work, part),
            date: part.date.as_deref().map(|d| place.date(d)),
        }
    }
}
