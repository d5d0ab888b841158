//! The tax report of sellers: a month as a table and as CSV.

use vitrine_pricing::date::Date;
use vitrine_pricing::format::{format_accounting, format_percent};
use vitrine_pricing::money::Money;
use vitrine_pricing::thresholds::{countries, thresholds_in};
use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;
use vitrine_shared::views::taxes::{TaxDesk, TaxReportView, TaxRowView, ThresholdView};

use super::Desk;
use super::prices::neutral;
use crate::authz;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::invoices::{MOST_SHOWN, TaxRow};

/// Months that can be chosen, this one included.
const MONTHS: usize = 24;

/// A month: its name `YYYY-MM`, its first moment and that of the next, UTC milliseconds.
struct Month {
    name: String,
    from_ms: i64,
    to_ms: i64,
}

impl Month {
    fn read(name: &str) -> Option<Self> {
        let (year, month) = name.split_once('-')?;
        let digits = name.len() == 7 && year.len() == 4 && name.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let (year, month): (i32, u8) = (year.parse().ok()?, month.parse().ok()?);
        let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let first = |(year, month): (i32, u8)| format!("{year:04}-{month:02}-01").parse::<Date>().ok();
        let (from, to) = (first((year, month))?, first(next)?);
        digits.then(|| Self { name: name.to_owned(), from_ms: from.unix_ms(), to_ms: to.unix_ms() })
    }

    fn of(now_ms: i64) -> Result<Self> {
        let today = Date::from_unix_ms(now_ms).map_err(|e| fault::internal("a date", &e))?.to_string();
        Self::read(today.get(..7).unwrap_or_default()).ok_or_else(|| fault::internal("a month", &today))
    }

    /// This one and those before it.
    fn back(now_ms: i64) -> Result<Vec<String>> {
        let mut all = vec![Self::of(now_ms)?];
        while all.len() < MONTHS {
            let first = all.last().map_or(0, |m| m.from_ms);
            all.push(Self::of(first - 1)?);
        }
        Ok(all.into_iter().map(|m| m.name).collect())
    }
}

fn status(row: &TaxRow) -> String {
    serde_json::to_value(row.status).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Desk {
    fn month_of(&self, ctx: &OpCtx, month: &str) -> Result<Month> {
        let month = if month.is_empty() { Some(Month::of(ctx.now_ms)?) } else { Month::read(month) };
        month.ok_or_else(|| Problem::invalid("month", "bad_month", "Write the month like 2026-11."))
    }

    /// The report of a month (`YYYY-MM`; empty: this one) for every seller whose desk the caller may use; the marketplace's own for its
    /// administrators. Beside it from which sales on to register in `country` (ISO 3166-1; one without rows: nowhere).
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 422 for what is no month.
    pub async fn taxes(&self, ctx: &OpCtx, month: &str, country: &str) -> Result<TaxReportView> {
        let own = self.own(ctx).await?;
        let month = self.month_of(ctx, month)?;
        let place = self.0.catalog.place(ctx);
        let mut view = TaxReportView {
            month: month.name.clone(),
            months: Month::back(ctx.now_ms)?,
            desks: Vec::new(),
            countries: countries().into_iter().map(str::to_owned).collect(),
            country: country.to_owned(),
            thresholds: thresholds_in(country).iter().map(|t| ThresholdView::of(t, place.locale)).collect(),
        };
        let mut sellers: Vec<(TenantId, String)> = own.into_iter().map(|tenant| (tenant.id, tenant.name)).collect();
        sellers.extend(self.0.invoices.platform().map(|(id, name)| (id, name.to_owned())));
        for (id, name) in sellers {
            let Ok(desk) = authz::tenant_desk(ctx, &id) else { continue };
            let rows = self.0.invoices.tax_report(&desk, month.from_ms, month.to_ms, Some(MOST_SHOWN)).await?;
            let money = |minor, row: &TaxRow| {
                Money::new(minor, row.currency).map(|m| format_accounting(m, place.locale)).unwrap_or_default()
            };
            let row = |row: &TaxRow| TaxRowView {
                country: row.country.clone(),
                status: format!("tax-status-{}", status(row)),
                tax: [row.name.as_str(), row.jurisdiction.as_str()].join(" ").trim().to_owned(),
                rate: if row.name.is_empty() { String::new() } else { format_percent(row.rate_ppm, place.locale) },
                net: money(row.net_minor, row),
                amount: money(row.tax_minor, row),
                documents: row.documents,
                stood_in: row.stood_in,
            };
            view.desks.push(TaxDesk {
                tenant: id.to_string(),
                name,
                too_many: rows.is_none(),
                rows: rows.iter().flatten().map(row).collect(),
            });
        }
        if view.desks.is_empty() {
            return Err(Problem::forbidden("Only sellers have a studio."));
        }
        Ok(view)
    }

    /// The same of one seller as CSV (RFC 4180), amounts as decimals with a point; and its month.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' sellers, 422 as [`Desk::taxes`].
    pub async fn taxes_csv(&self, ctx: &OpCtx, tenant: &str, month: &str) -> Result<(String, String)> {
        let unknown =
            || if ctx.caller.user().is_some() { Problem::not_found("shop") } else { Problem::unauthenticated() };
        let id: TenantId = tenant.parse().map_err(|_| unknown())?;
        let desk = authz::tenant_desk(ctx, &id)?;
        let month = self.month_of(ctx, month)?;
        let rows = self.0.invoices.tax_report(&desk, month.from_ms, month.to_ms, None).await?;
        let mut out = csv::Writer::from_writer(Vec::new());
        let failed = |e: &dyn std::fmt::Display| fault::internal("a report", e);
        let head = [
            "month",
            "currency",
            "country",
            "status",
            "jurisdiction",
            "tax",
            "rate",
            "net",
            "tax_amount",
            "documents",
            "stood_in",
        ];
        out.write_record(head).map_err(|e| failed(&e))?;
        for row in rows.iter().flatten() {
            let decimal = |minor| Money::new(minor, row.currency).map(|m| m.to_decimal()).unwrap_or_default();
            let rate = format!("{}.{:06}", row.rate_ppm / 1_000_000, row.rate_ppm % 1_000_000);
            let fields = [
                month.name.clone(),
                row.currency.code().to_owned(),
                neutral(&row.country),
                status(row),
                neutral(&row.jurisdiction),
                neutral(&row.name),
                if row.name.is_empty() { String::new() } else { rate },
                decimal(row.net_minor),
                decimal(row.tax_minor),
                row.documents.to_string(),
                row.stood_in.to_string(),
            ];
            out.write_record(fields).map_err(|e| failed(&e))?;
        }
        let bytes = out.into_inner().map_err(|e| failed(&e))?;
        Ok((month.name, String::from_utf8(bytes).map_err(|e| failed(&e))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end_where_calendars_say() {
        let month = Month::read("2026-12").unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap().unix_ms();
        assert_eq!((month.from_ms, month.to_ms), (day("2026-12-01"), day("2027-01-01")));
        for wrong in ["2026-13", "2026-00", "2026", "26-01", "2026-1", "+026-01", "2026-01-01", ""] {
            assert!(Month::read(wrong).is_none(), "{wrong}");
        }
        let back = Month::back(day("2026-01-15")).unwrap();
        assert_eq!((back.len(), back[0].as_str(), back[1].as_str()), (MONTHS, "2026-01", "2025-12"));
    }
}
