//! A seller's collections: listed, made, called otherwise, filled with works, deleted; and those of one work.

use std::collections::BTreeMap;

use serde_json::json;
use vitrine_shared::Problem;
use vitrine_shared::catalog::Work;
use vitrine_shared::views::collections::{CollectionDesk, CollectionRow, CollectionView, CollectionsView};

use super::programs::seller_of;
use super::studio::desk_work;
use super::{Desk, history};
use crate::authz::TenantDesk;
use crate::collections::{Collection, Collections, MOST_OF_WORK, MOST_WORKS, full_up, moved, trail_of};
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::{audit, authz};

/// Bytes of a typed list that is kept.
const MOST_KEPT: usize = 128 * 1024;
/// What the names of boxes begin with that put a work into a collection; the collection's name follows.
const IN_FIELD: &str = "in_";

/// Fields and what is in them.
type Fields = BTreeMap<String, String>;

fn row(collection: &Collection) -> CollectionRow {
    CollectionRow { name: collection.name.clone(), title: collection.title.clone(), count: collection.count }
}

fn form_name(desk: &TenantDesk, collection: &str) -> String {
    format!("COLLECTION#{}#{collection}", desk.tenant())
}

impl Desk {
    pub(crate) fn collections_kept(&self) -> Collections {
        Collections::new(self.0.catalog.records().clone())
    }

    /// The collections of a seller; of all sellers the caller is a member of where nobody is named. `typed`: with what was typed for a new
    /// one and could not be saved.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub async fn collections(&self, ctx: &OpCtx, tenant: &str, typed: bool) -> Result<CollectionsView> {
        let mut desks = Vec::new();
        for (desk, tenant) in self.desks(ctx, tenant).await? {
            let kept = if typed { self.kept_form::<(Fields, Fields)>(ctx, &form_name(&desk, "")).await? } else { None };
            let (fields, faults) = kept.unwrap_or_default();
            let rows = self.collections_kept().all(&desk).await?.iter().map(row).collect();
            desks.push(CollectionDesk { tenant: tenant.id.to_string(), seller: tenant.name, rows, fields, faults });
        }
        Ok(CollectionsView { desks })
    }

    /// One collection with a page of its works. `typed`: with what was typed and not taken.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' collections.
    pub async fn collection(
        &self,
        ctx: &OpCtx,
        (tenant, name): (&str, &str),
        after: Option<&str>,
        typed: bool,
    ) -> Result<CollectionView> {
        let (desk, all) = (self.desk_named(ctx, tenant)?, self.collections_kept());
        let collection = all.get(&desk, name).await?;
        let (works, next) = all.works(&desk, name, after).await?;
        let kept = match typed {
            true => self.kept_form::<(Fields, Fields, String)>(ctx, &form_name(&desk, name)).await?,
            false => None,
        };
        let (fields, faults, wrong) = kept.unwrap_or_default();
        let promotions = all.promotions_of(ctx, &desk, name).await?;
        let locale = self.0.catalog.place(ctx).locale;
        Ok(CollectionView {
            tenant: desk.tenant().to_string(),
            row: row(&collection),
            rev: collection.rev,
            most: MOST_WORKS,
            works: works.iter().map(desk_work).collect(),
            next,
            promotions: promotions.into_iter().map(|p| (p.id.clone(), p.label().to_owned())).collect(),
            fields,
            faults,
            wrong,
            history: history(audit::of(&*self.0.table, &trail_of(desk.tenant(), name)).await?, locale),
        })
    }

    /// Makes a collection of a form's `tenant`, `name` and `title`; answers its name.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' sellers, 409, 422 with `fields`; what was typed is kept then.
    pub async fn make_collection(&self, ctx: &OpCtx, fields: &Fields) -> Result<String> {
        let text = |name: &str| fields.get(name).map_or("", |text| text.trim());
        let desk = self.desk_named(ctx, text("tenant"))?;
        match self.collections_kept().create(ctx, &desk, text("name"), text("title")).await {
            Ok(()) => {
                self.drop_form(ctx, &form_name(&desk, "")).await?;
                Ok(text("name").to_owned())
            }
            Err(problem) => {
                let short = |name: &str| (name.to_owned(), text(name).chars().take(200).collect());
                let typed: Fields = ["name", "title"].map(short).into_iter().collect();
                if matches!(problem.status, 409 | 422) {
                    self.keep_form(ctx, &form_name(&desk, ""), &(typed, &problem.fields)).await?;
                }
                Err(problem)
            }
        }
    }

    /// Changes a collection by a form: `act` is `title` with a `title` and the `rev` that was seen, or `in` or `out` with `works`, one a
    /// line. Of a list with anything wrong in it nothing is done; what was typed is kept then.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' collections, 409, 422 with `fields` and what is wrong in `detail`.
    pub async fn change_collection(&self, ctx: &OpCtx, name: &str, fields: &Fields) -> Result<()> {
        let text = |name: &str| fields.get(name).map_or("", String::as_str);
        let (desk, all) = (self.desk_named(ctx, text("tenant"))?, self.collections_kept());
        all.get(&desk, name).await?;
        let done = if text("act") == "title" {
            let rev = text("rev").parse().unwrap_or(-1);
            all.rename(ctx, &desk, name, rev, text("title")).await.map(drop)
        } else {
            match all.read(&desk, &text("works").lines().collect::<Vec<_>>()).await {
                Ok(works) if text("act") == "out" => all.take_out(ctx, &desk, name, &works).await.map(drop),
                Ok(works) => all.put_in(ctx, &desk, name, &works).await.map(drop),
                Err(problem) => Err(problem),
            }
        };
        let at = form_name(&desk, name);
        match &done {
            Ok(()) => self.drop_form(ctx, &at).await?,
            Err(problem) if matches!(problem.status, 409 | 422) => {
                let is_kept = |(name, text): &(&String, &String)| {
                    matches!(name.as_str(), "works" | "title") && text.len() <= MOST_KEPT
                };
                let typed: BTreeMap<&String, &String> = fields.iter().filter(is_kept).collect();
                self.keep_form(ctx, &at, &(typed, &problem.fields, &problem.detail)).await?;
            }
            Err(_) => {}
        }
        done
    }

    /// Deletes a collection; its works stay.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' collections, 409 `collection_named` while a promotion names it that has not ended.
    pub async fn delete_collection(&self, ctx: &OpCtx, name: &str, tenant: &str) -> Result<()> {
        let desk = self.desk_named(ctx, tenant)?;
        self.collections_kept().delete(&self.0.queue, ctx, &desk, name, None).await
    }

    /// A work's seller's collections, and whether it is in them.
    pub(super) async fn collections_of(&self, work: &Work) -> Result<Vec<(String, String, bool)>> {
        let all = self.collections_kept().of_seller(&work.tenant).await?;
        let one = |c: Collection| {
            let is_in = work.collections.contains(&c.name);
            (c.name, c.title, is_in)
        };
        Ok(all.into_iter().map(one).collect())
    }

    /// Puts a work into the collections that a form chooses, by boxes `in_name`, and out of all others.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' works, 409 if somebody else changed it meanwhile, `collection_full`, 422
    /// `collections`: `fault-promotion-collection` for one that is not there, `fault-work-collections` for too many.
    pub async fn choose_collections(&self, ctx: &OpCtx, id: &str, rev: i64, fields: &Fields) -> Result<()> {
        let bundle = self.mine(ctx, id).await?;
        let was = &bundle.work;
        let chosen: Vec<String> =
            fields.keys().filter_map(|field| field.strip_prefix(IN_FIELD)).map(str::to_owned).collect();
        if chosen.len() > MOST_OF_WORK {
            let told = format!("A work is in at most {MOST_OF_WORK} collections.");
            return Err(Problem::invalid("collections", "fault-work-collections", told));
        }
        let there = self.room(was, &chosen).await?;
        if chosen == was.collections {
            return Ok(());
        }
        let is_there = |name: &str| there.contains_key(name);
        let ops = moved((&was.tenant, &was.id), &was.collections, &chosen, is_there, ctx.now_ms);
        let what = json!({ "collections": chosen });
        let work = Work { collections: chosen.clone(), ..was.clone() };
        let done = self.write(ctx, was, work, rev, "work.collected", what, ops).await;
        if done.as_ref().is_err_and(|problem| problem.status == 409) {
            // What took the last place meanwhile is said as that.
            self.room(was, &chosen).await?;
        }
        done
    }

    /// Whether a work can be in the collections that are chosen; answers those there are of them and of the ones it is in.
    async fn room(&self, was: &Work, chosen: &[String]) -> Result<BTreeMap<String, Collection>> {
        let names: Vec<String> = was.collections.iter().chain(chosen).cloned().collect();
        let there = self.collections_kept().named(&was.tenant, &names).await?;
        for name in chosen {
            let Some(collection) = there.get(name) else {
                let told = "One of these collections is not there any more.";
                return Err(Problem::invalid("collections", "fault-promotion-collection", told));
            };
            if collection.count >= MOST_WORKS && !was.collections.contains(name) {
                return Err(full_up());
            }
        }
        Ok(there)
    }
}

/// A seller's collections for programs. Every function: 401 for nobody, 403 for who sells nothing and for keys without the scope, 404 for others'
/// sellers and collections, 422 where the seller must be named.
impl Desk {
    /// Whether the caller may change collections: asked before anything of the request is looked at.
    pub fn may_write_collections(&self, ctx: &OpCtx, seller: Option<&str>) -> Result<TenantDesk> {
        seller_of(ctx, seller, authz::WRITE_COLLECTIONS)
    }

    /// All of a seller's collections.
    pub async fn collection_list(&self, ctx: &OpCtx, seller: Option<&str>) -> Result<(TenantDesk, Vec<Collection>)> {
        let desk = seller_of(ctx, seller, authz::READ_COLLECTIONS)?;
        let all = self.collections_kept().all(&desk).await?;
        Ok((desk, all))
    }

    /// One collection.
    pub async fn collection_read(
        &self,
        ctx: &OpCtx,
        seller: Option<&str>,
        name: &str,
    ) -> Result<(TenantDesk, Collection)> {
        let desk = seller_of(ctx, seller, authz::READ_COLLECTIONS)?;
        let collection = self.collections_kept().get(&desk, name).await?;
        Ok((desk, collection))
    }

    /// A page of a collection's works, with what to ask the next one with.
    pub async fn collection_works(
        &self,
        ctx: &OpCtx,
        seller: Option<&str>,
        name: &str,
        after: Option<&str>,
    ) -> Result<(Vec<Work>, Option<String>)> {
        let (desk, _) = self.collection_read(ctx, seller, name).await?;
        self.collections_kept().works(&desk, name, after).await
    }

    /// Puts works into a collection or takes them out; answers how many it changed and the collection.
    ///
    /// # Errors
    /// As above; 409 `collection_full`; 422 `works`.
    pub async fn collection_moved(
        &self,
        ctx: &OpCtx,
        desk: &TenantDesk,
        name: &str,
        list: &[String],
        put: bool,
    ) -> Result<(usize, Collection)> {
        let all = self.collections_kept();
        all.get(desk, name).await?;
        let works = all.read(desk, &list.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let moved = match put {
            true => all.put_in(ctx, desk, name, &works).await?,
            false => all.take_out(ctx, desk, name, &works).await?,
        };
        Ok((moved, all.get(desk, name).await?))
    }
}
