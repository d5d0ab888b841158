//! A seller's groups of customers: listed, made, filled from pasted addresses, emptied, deleted.

use std::collections::BTreeMap;

use vitrine_shared::Problem;
use vitrine_shared::views::MomentView;
use vitrine_shared::views::desk::{GroupDesk, GroupRowView, GroupView, GroupsView, MemberRow};

use super::programs::seller_of;
use super::{Desk, history};
use crate::authz::TenantDesk;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::groups::{Group, Groups, MOST_MEMBERS, Member, addresses, trail_of};
use crate::{audit, authz};

/// Bytes of a pasted list that is kept.
const MOST_KEPT: usize = 128 * 1024;

/// Fields and what is in them.
type Fields = BTreeMap<String, String>;

fn row(group: Group) -> GroupRowView {
    GroupRowView { name: group.name, title: group.title, count: group.count }
}

fn form_name(desk: &TenantDesk, group: &str) -> String {
    format!("GROUP#{}#{group}", desk.tenant())
}

impl Desk {
    pub(crate) fn groups_kept(&self) -> &Groups {
        self.0.checkouts.promotions().groups()
    }

    /// The groups of a seller; of all sellers the caller is a member of where nobody is named. `typed`: with what was typed for a new one
    /// and could not be saved.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub async fn groups(&self, ctx: &OpCtx, tenant: &str, typed: bool) -> Result<GroupsView> {
        let mut desks = Vec::new();
        for (desk, tenant) in self.desks(ctx, tenant).await? {
            let kept = if typed { self.kept_form::<(Fields, Fields)>(ctx, &form_name(&desk, "")).await? } else { None };
            let (fields, faults) = kept.unwrap_or_default();
            let rows = self.groups_kept().all(&desk).await?.into_iter().map(row).collect();
            desks.push(GroupDesk { tenant: tenant.id.to_string(), seller: tenant.name, rows, fields, faults });
        }
        Ok(GroupsView { desks })
    }

    /// One group with a page of its members. `typed`: with the addresses that were typed and not taken.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' groups.
    pub async fn group(
        &self,
        ctx: &OpCtx,
        (tenant, name): (&str, &str),
        after: Option<&str>,
        typed: bool,
    ) -> Result<GroupView> {
        let desk = self.desk_named(ctx, tenant)?;
        let group = self.groups_kept().get(&desk, name).await?;
        let (members, next) = self.groups_kept().members(&desk, name, after).await?;
        let locale = self.0.catalog.place(ctx).locale;
        let member = |m: Member| MemberRow { email: m.email, since: MomentView::of(m.since_ms, locale) };
        let kept = match typed {
            true => self.kept_form::<(String, Option<String>)>(ctx, &form_name(&desk, name)).await?,
            false => None,
        };
        let (sealed, fault) = kept.unwrap_or_default();
        let (typed, wrong) = self.groups_kept().open_typed(desk.tenant(), &sealed);
        Ok(GroupView {
            typed,
            fault,
            wrong,
            tenant: desk.tenant().to_string(),
            row: row(group),
            most: MOST_MEMBERS,
            members: members.into_iter().map(member).collect(),
            next,
            history: history(audit::of(&*self.0.table, &trail_of(desk.tenant(), name)).await?, locale),
        })
    }

    /// Makes a group of a form's `tenant`, `name` and `title`; answers its name.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' sellers, 409, 422 with `fields`; what was typed is kept then.
    pub async fn make_group(&self, ctx: &OpCtx, fields: &Fields) -> Result<String> {
        let text = |name: &str| fields.get(name).map_or("", |text| text.trim());
        let desk = self.desk_named(ctx, text("tenant"))?;
        match self.groups_kept().create(ctx, &desk, text("name"), text("title")).await {
            Ok(()) => {
                self.drop_form(ctx, &form_name(&desk, "")).await?;
                Ok(text("name").to_owned())
            }
            Err(problem) => {
                let short = |(name, value): (&String, &String)| (name.clone(), value.chars().take(200).collect());
                let typed: Fields =
                    fields.iter().filter(|(name, _)| matches!(name.as_str(), "name" | "title")).map(short).collect();
                if matches!(problem.status, 409 | 422) {
                    self.keep_form(ctx, &form_name(&desk, ""), &(typed, &problem.fields)).await?;
                }
                Err(problem)
            }
        }
    }

    /// Puts a form's `addresses` into a group, or takes them out where `act` is `out`. Of a list with anything wrong in it nothing is done;
    /// it is kept for who typed it, sealed.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' groups, 409, 422 with `fields` and what is wrong in `detail`.
    pub async fn fill_group(&self, ctx: &OpCtx, name: &str, fields: &Fields) -> Result<usize> {
        let text = |name: &str| fields.get(name).map_or("", String::as_str);
        let desk = self.desk_named(ctx, text("tenant"))?;
        let typed = text("addresses");
        self.groups_kept().get(&desk, name).await?;
        let done = match (addresses(typed), text("act")) {
            (Err(problem), _) => Err(problem),
            (Ok(emails), "out") => self.groups_kept().take_out(ctx, &desk, name, &emails).await,
            (Ok(emails), _) => self.groups_kept().put_in(ctx, &desk, name, &emails).await,
        };
        let at = form_name(&desk, name);
        match &done {
            Ok(_) => self.drop_form(ctx, &at).await?,
            Err(problem) if matches!(problem.status, 409 | 422) && typed.len() <= MOST_KEPT => {
                // What is wrong names addresses too.
                let sealed = self.groups_kept().seal_typed(desk.tenant(), typed, &problem.detail)?;
                self.keep_form(ctx, &at, &(sealed, problem.fields.get("addresses"))).await?;
            }
            Err(_) => {}
        }
        done
    }

    /// Deletes an empty group.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' groups, 409 while it has members.
    pub async fn delete_group(&self, ctx: &OpCtx, name: &str, tenant: &str) -> Result<()> {
        let desk = self.desk_named(ctx, tenant)?;
        self.groups_kept().delete(ctx, &desk, name, None).await
    }
}

/// A seller's groups for programs. Every function: 401 for nobody, 403 for who sells nothing and for keys without the scope, 404 for others' sellers
/// and groups, 422 where the seller must be named.
impl Desk {
    /// Whether the caller may change groups: asked before anything of the request is looked at.
    pub fn may_write_groups(&self, ctx: &OpCtx, seller: Option<&str>) -> Result<TenantDesk> {
        seller_of(ctx, seller, authz::WRITE_GROUPS)
    }

    /// All of a seller's groups.
    pub async fn group_list(&self, ctx: &OpCtx, seller: Option<&str>) -> Result<(TenantDesk, Vec<Group>)> {
        let desk = seller_of(ctx, seller, authz::READ_GROUPS)?;
        let all = self.groups_kept().all(&desk).await?;
        Ok((desk, all))
    }

    /// One group.
    pub async fn group_read(&self, ctx: &OpCtx, seller: Option<&str>, name: &str) -> Result<(TenantDesk, Group)> {
        let desk = seller_of(ctx, seller, authz::READ_GROUPS)?;
        let group = self.groups_kept().get(&desk, name).await?;
        Ok((desk, group))
    }

    /// A page of a group's members, with what to ask the next one with.
    pub async fn group_members(
        &self,
        ctx: &OpCtx,
        seller: Option<&str>,
        name: &str,
        after: Option<&str>,
    ) -> Result<(Vec<Member>, Option<String>)> {
        let (desk, _) = self.group_read(ctx, seller, name).await?;
        let page = self.groups_kept().members(&desk, name, after).await;
        page.map_err(|problem| match problem.code.as_str() {
            "bad_cursor" => Problem::invalid("cursor", "bad_cursor", "The cursor is not one of this list."),
            _ => problem,
        })
    }

    /// Puts addresses into a group or takes them out; answers how many it changed and the group.
    ///
    /// # Errors
    /// As above; 409 `group_full`; 422 `addresses`.
    pub async fn group_moved(
        &self,
        ctx: &OpCtx,
        desk: &TenantDesk,
        name: &str,
        list: &[String],
        put: bool,
    ) -> Result<(usize, Group)> {
        self.groups_kept().get(desk, name).await?;
        let emails = addresses(&list.join("\n"))?;
        let moved = match put {
            true => self.groups_kept().put_in(ctx, desk, name, &emails).await?,
            false => self.groups_kept().take_out(ctx, desk, name, &emails).await?,
        };
        Ok((moved, self.groups_kept().get(desk, name).await?))
    }
}
