//! Rates of exchange for staff: what is known, and a newer file.

use vitrine_pricing::date::Date;
use vitrine_pricing::format::format_date;
use vitrine_shared::Problem;
use vitrine_shared::views::MomentView;
use vitrine_shared::views::desk::{RateTableView, RatesView};

use super::{Desk, history};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz, rates};

/// Files that are listed.
const MOST_HISTORY: usize = 50;

impl Desk {
    /// The rates that are used, and where each is from.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; the table's.
    pub async fn rates(&self, ctx: &OpCtx) -> Result<RatesView> {
        authz::staff(ctx, rates::WRITE)?;
        let locale = self.0.catalog.place(ctx).locale;
        let today = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
        let known = rates::overview(&*self.0.table).await?.into_iter().map(|one| RateTableView {
            date: format_date(one.date, locale),
            until: one.until.map(|day| format_date(day, locale)),
            currencies: one.currencies,
            way: format!("rates-way-{}", one.way),
            kept: one.kept_ms.map(|ms| MomentView::of(ms, locale)),
            stale: one.stale_on(today),
            source: one.source,
        });
        Ok(RatesView {
            rows: known.collect(),
            history: history(audit::newest(&*self.0.table, rates::ENTITY, MOST_HISTORY).await?, locale),
        })
    }

    /// Keeps the rates of a file and shows them.
    ///
    /// # Errors
    /// As [`rates::keep`].
    pub async fn keep_rates(&self, ctx: &OpCtx, file: &[u8]) -> Result<()> {
        if file.is_empty() {
            authz::staff(ctx, rates::WRITE)?;
            return Err(Problem::invalid("file", "fault-empty", "Choose a file."));
        }
        rates::keep(ctx, &*self.0.table, file, rates::Way::Brought).await?;
        // Other servers look once a minute.
        self.0.rates.refresh(&*self.0.table).await
    }
}
