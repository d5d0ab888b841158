//! The tax report of sellers: a month as a table and as CSV.

use std::collections::BTreeMap;

use vitrine_pricing::date::Date;
use vitrine_pricing::format::{Locale, format_accounting, format_percent};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::thresholds::{Counted, Threshold, countries, thresholds_in};
use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;
use vitrine_shared::views::about;
use vitrine_shared::views::taxes::{SoldView, TaxDesk, TaxReportView, TaxRowView, ThresholdView};

use super::Desk;
use super::prices::neutral;
use crate::authz;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::invoices::{MOST_SHOWN, Sold, Span, TaxRow};

/// Months that can be chosen, this one included.
const MONTHS: usize = 24;
/// Months that are looked at where a law counts twelve up to a day: this one and twelve before it, so that none of them is missed.
const ROLLING: usize = 13;

/// A seller: id, shown name, country in law.
type Home = (TenantId, String, String);

/// A month.
pub struct Month;

impl Month {
    /// Of a name of the form `YYYY-MM`; `None`: it is none.
    pub fn read(name: &str) -> Option<Span> {
        let (year, month) = name.split_once('-')?;
        // Of nothing longer: what is added to it below must not overflow.
        if name.len() != 7 || year.len() != 4 || !name.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return None;
        }
        let (year, month): (i32, u8) = (year.parse().ok()?, month.parse().ok()?);
        let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let first = |(year, month): (i32, u8)| format!("{year:04}-{month:02}-01").parse::<Date>().ok();
        let (from, to) = (first((year, month))?, first(next)?);
        Some(Span { name: name.to_owned(), from_ms: from.unix_ms(), to_ms: to.unix_ms() })
    }

    fn of(now_ms: i64) -> Result<Span> {
        let today = Date::from_unix_ms(now_ms).map_err(|e| fault::internal("a date", &e))?.to_string();
        Self::read(today.get(..7).unwrap_or_default()).ok_or_else(|| fault::internal("a month", &today))
    }

    /// This one and those before it.
    fn back(now_ms: i64) -> Result<Vec<Span>> {
        let mut all = vec![Self::of(now_ms)?];
        while all.len() < MONTHS {
            let first = all.last().map_or(0, |m| m.from_ms);
            all.push(Self::of(first - 1)?);
        }
        Ok(all)
    }
}

fn status(row: &TaxRow) -> String {
    serde_json::to_value(row.status).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Whether sales of a seller could be held against a threshold at all, though there are none yet.
fn could_count(of: &Threshold, home: &str) -> bool {
    let (country, region) = of.place.split_once('-').unwrap_or((of.place, ""));
    let somewhere = if home == "FR" { "DE" } else { "FR" };
    of.counts(home, if country == "EU" { somewhere } else { country }, region).is_some()
}

/// What amounts come to in a threshold's currency: about, where some are in others; side by side where no rate of today is known.
fn about(amounts: &[Money], currency: &str, rates: &about::Rates, today: Date, locale: Locale) -> String {
    let Ok(currency) = currency.parse::<Currency>() else { return String::new() };
    if amounts.iter().all(|amount| amount.currency() == currency) {
        let sum = Money::sum(currency, amounts.iter().copied());
        return sum.map(|sum| format_accounting(sum, locale)).unwrap_or_default();
    }
    let sum = rates.table.sum_for_display(amounts.iter().copied(), currency, today, rates.staleness.hidden_after);
    match sum {
        Ok(sum) => sum.text(locale),
        Err(_) => {
            let mut by: BTreeMap<&str, Money> = BTreeMap::new();
            for amount in amounts {
                let sum = by.entry(amount.currency().code()).or_insert(Money::zero(amount.currency()));
                *sum = sum.checked_add(*amount).unwrap_or(*sum);
            }
            by.values().map(|m| format_accounting(*m, locale)).collect::<Vec<_>>().join(" + ")
        }
    }
}

impl Desk {
    fn month_of(&self, ctx: &OpCtx, month: &str) -> Result<Span> {
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
            months: Month::back(ctx.now_ms)?.into_iter().map(|m| m.name).collect(),
            desks: Vec::new(),
            countries: countries().into_iter().map(str::to_owned).collect(),
            country: country.to_owned(),
            thresholds: Vec::new(),
            unfinished: false,
        };
        let mut homes: Vec<Home> =
            own.iter().map(|t| (t.id.clone(), t.name.clone(), t.legal.country.clone())).collect();
        homes.extend(self.0.invoices.platform().map(|(id, legal)| (id, legal.name.clone(), legal.country.clone())));
        self.count(ctx, &homes, &mut view).await?;
        let mut sellers: Vec<(TenantId, String)> = own.into_iter().map(|tenant| (tenant.id, tenant.name)).collect();
        sellers.extend(self.0.invoices.platform().map(|(id, legal)| (id, legal.name.clone())));
        for (id, name) in sellers {
            let Ok(desk) = authz::tenant_desk(ctx, &id) else { continue };
            let rows = self.0.invoices.tax_report(&desk, month.from_ms, month.to_ms, Some(MOST_SHOWN)).await?;
            let money = |minor, row: &TaxRow| {
                Money::new(minor, row.currency).map(|m| format_accounting(m, place.locale)).unwrap_or_default()
            };
            let row = |row: &TaxRow| TaxRowView {
                country: row.country.clone(),
                region: vitrine_places::region_of(&row.country, &row.region)
                    .map_or_else(|| row.region.clone(), |state| state.latin.to_owned()),
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

    /// The thresholds of the view's country, with what each of these sellers sold.
    async fn count(&self, ctx: &OpCtx, homes: &[Home], view: &mut TaxReportView) -> Result<()> {
        let place = self.0.catalog.place(ctx);
        let thresholds = thresholds_in(&view.country);
        let mut shown: Vec<_> = thresholds.iter().map(|t| ThresholdView::of(t, place.locale)).collect();
        let today = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
        let (rates, year) = (self.0.rates.now(), i32::from(today.year()));
        let months = Month::back(ctx.now_ms)?;
        let asked = homes.iter().filter(|_| !thresholds.is_empty());
        let desks: Vec<_> = asked.filter_map(|home| Some((authz::tenant_desk(ctx, &home.0).ok()?, home))).collect();
        let mut budget = MOST_SHOWN;
        for (desk, (_, name, home)) in &desks {
            let turnover = self.0.invoices.turnover(desk, &months, ctx.now_ms, &mut budget).await?;
            view.unfinished |= turnover.unfinished;
            for (of, row) in thresholds.iter().zip(&mut shown) {
                // Of a seller whom no law of the place asks, nothing is held against it.
                let asked = |sold: &&Sold| of.counts(home, &sold.country, &sold.region).is_some();
                let could = turnover.months.values().flatten().any(|sold| asked(&sold)) || could_count(of, home);
                let spans: Vec<Option<i32>> = if of.rolls() { vec![None] } else { vec![Some(year), Some(year - 1)] };
                for span in spans.into_iter().filter(|_| could) {
                    let within = |name: &str| match span {
                        Some(year) => name.starts_with(&format!("{year}-")),
                        None => months.iter().take(ROLLING).any(|m| m.name == name),
                    };
                    let rows = turnover.months.iter().filter(|(name, _)| within(name)).flat_map(|(_, rows)| rows);
                    let (mut amounts, mut sales) = (Vec::new(), 0);
                    for sold in rows {
                        let Some(counted) = of.counts(home, &sold.country, &sold.region) else { continue };
                        let less = if counted == Counted::Consumers { sold.business_minor } else { 0 };
                        amounts.extend(Money::new(sold.net_minor.saturating_sub(less), sold.currency));
                        sales += sold.sales;
                    }
                    row.sold.push(SoldView {
                        seller: if desks.len() > 1 { name.clone() } else { String::new() },
                        year: span,
                        about: about(&amounts, of.currency, &rates, today, place.locale),
                        sales,
                    });
                }
            }
        }
        view.thresholds = shown;
        Ok(())
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
            "region",
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
                neutral(&row.region),
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
        for wrong in ["2026-13", "2026-00", "2026", "26-01", "2026-1", "+026-01", "2026-01-01", "2026-255", ""] {
            assert!(Month::read(wrong).is_none(), "{wrong}");
        }
        let back = Month::back(day("2026-01-15")).unwrap();
        assert_eq!((back.len(), back[0].name.as_str(), back[1].name.as_str()), (MONTHS, "2026-01", "2025-12"));
    }
}
