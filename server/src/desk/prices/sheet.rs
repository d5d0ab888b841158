//! A price list as CSV (RFC 4180, a header first): one record a row.
//!
//! Invariants: what is written is read back as no change; a row that cannot be taken is told with its number and stops no other; a row
//! that is not there ends nothing; a cell that a spreadsheet would compute is a text.

use std::collections::{BTreeMap, HashMap};

use vitrine_shared::Problem;
use vitrine_shared::catalog::{PriceRecord, WorkKind};
use vitrine_shared::id::{VariantId, WorkId};
use vitrine_shared::pricelist::{self, Typed, Wish};
use vitrine_shared::views::prices::RefusedRow;

use super::change::Draft;
use super::{decimal, edition_of};
use crate::catalog::store::WorkBundle;
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::fault::{self, Result};

/// Columns in the order written; `edition` is for people and not read.
const COLUMNS: [&str; 10] = [
    "sku",
    "edition",
    "region",
    "currency",
    "amount",
    "minimum",
    "compare_at",
    "min_quantity",
    "valid_from",
    "valid_to",
];
/// Columns without which a row says nothing.
const NEEDED: [&str; 4] = ["sku", "region", "currency", "amount"];
/// Rows of a file.
const MAX_ROWS: usize = 10_000;
/// Refused rows that are kept to be shown.
const REFUSED: usize = 200;
/// What makes a spreadsheet compute a cell (OWASP, "CSV Injection").
const COMPUTED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A text that no spreadsheet computes; [`plain`] takes it back.
pub(in crate::desk) fn neutral(text: &str) -> String {
    if text.starts_with(COMPUTED) { format!("'{text}") } else { text.to_owned() }
}

/// What [`neutral`] was made of.
pub(super) fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(COMPUTED)).unwrap_or(text)
}

/// A row as read.
#[derive(Debug)]
pub struct Line {
    /// Its number; the header is 1.
    pub row: u64,
    /// The seller's number of the edition.
    pub sku: String,
    /// What it says; else field and code of what is wrong.
    pub typed: std::result::Result<Typed, (String, String)>,
}

/// Rows of a file with commas or semicolons, with or without a byte order mark.
///
/// # Errors
/// 422 for a file that is no price list at all.
pub fn lines(text: &str) -> Result<Vec<Line>> {
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let comma = [b',', b';', b'\t'].into_iter().max_by_key(|c| head.bytes().filter(|b| b == c).count()).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(comma).flexible(true).from_reader(text.as_bytes());
    let bad = |code: &str| Problem::invalid("rows", code, "This is not a price list as the export writes it.");
    let header = reader.headers().map_err(|_| bad("fault-price-header"))?.clone();
    let mut at: HashMap<String, usize> = HashMap::new();
    for (n, name) in header.iter().enumerate() {
        if at.insert(name.trim().to_ascii_lowercase(), n).is_some() {
            return Err(bad("fault-price-header"));
        }
    }
    if NEEDED.iter().any(|name| !at.contains_key(*name)) {
        return Err(bad("fault-price-header"));
    }
    let mut out = Vec::new();
    for (n, record) in reader.records().enumerate() {
        if n >= MAX_ROWS {
            return Err(bad("fault-price-rows"));
        }
        let row = n as u64 + 2;
        let Ok(record) = record else {
            let why = (String::new(), "fault-price-row".to_owned());
            out.push(Line { row, sku: String::new(), typed: Err(why) });
            continue;
        };
        let cell = |name: &str| plain(at.get(name).and_then(|n| record.get(*n)).unwrap_or_default().trim()).to_owned();
        let sku = cell("sku");
        if record.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        let typed = if record.len() == header.len() {
            Ok(Typed {
                region: cell("region"),
                currency: cell("currency"),
                kind: String::new(),
                amount: cell("amount"),
                minimum: cell("minimum"),
                compare_at: cell("compare_at"),
                min_quantity: cell("min_quantity"),
                from: cell("valid_from"),
                to: cell("valid_to"),
            })
        } else {
            Err((String::new(), "fault-price-row".to_owned()))
        };
        out.push(Line { row, sku, typed });
    }
    Ok(out)
}

/// The record that a row is about: that which began when the row says, else the one in force.
fn meant<'a>(bundle: &'a WorkBundle, variant: &VariantId, typed: &Typed, now_ms: i64) -> Option<&'a PriceRecord> {
    let (region, currency) = (typed.region.trim().to_ascii_lowercase(), typed.currency.trim().to_ascii_uppercase());
    let step = if typed.min_quantity.trim().is_empty() { 1 } else { typed.min_quantity.trim().parse().ok()? };
    let mut ours = bundle
        .prices
        .iter()
        .filter(|p| p.variant == *variant && p.region == region && p.currency == currency && p.min_quantity == step);
    if !typed.from.trim().is_empty() {
        let from = pricelist::moment(&typed.from)?;
        return ours.find(|p| p.valid_from_ms == from);
    }
    // A file says nothing of the beginning of all time.
    let first = ours.find(|p| p.valid_from_ms == 0 && p.valid_to_ms.is_none_or(|to| to > now_ms));
    first.or_else(|| pricelist::at_moment(&bundle.prices, variant, &region, &currency, step, now_ms))
}

impl Desk {
    /// A seller's price list: all records in force and to come.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' lists.
    pub async fn prices_csv(&self, ctx: &OpCtx, seller: &str) -> Result<String> {
        let seller = self.seller(ctx, seller).await?;
        let records = self.0.catalog.records();
        let mut out = csv::Writer::from_writer(Vec::new());
        let bad = |e: csv::Error| fault::internal("writing a price list", &e);
        out.write_record(COLUMNS).map_err(bad)?;
        for kind in WorkKind::ALL {
            let mut cursor = None;
            loop {
                let (works, next) = records.works_of_tenant(&seller.id, kind, cursor).await?;
                for bundle in self.bundles(works.into_iter().map(|w| w.id)).await? {
                    for row in rows(&bundle, ctx.now_ms) {
                        out.write_record(&row).map_err(bad)?;
                    }
                }
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        let bytes = out.into_inner().map_err(|e| fault::internal("writing a price list", &e))?;
        String::from_utf8(bytes).map_err(|e| fault::internal("writing a price list", &e))
    }

    /// What a file would change, kept to be looked at; answers its name.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' lists, 422 for a file that is no price list.
    pub async fn propose_csv(&self, ctx: &OpCtx, seller: &str, text: &str) -> Result<String> {
        let seller = self.seller(ctx, seller).await?;
        let lines = lines(text)?;
        let mut skus: Vec<&str> = lines.iter().map(|l| l.sku.as_str()).filter(|s| !s.is_empty()).collect();
        skus.sort_unstable();
        skus.dedup();
        let known = self.0.catalog.records().by_sku(&seller.id, &skus).await?;
        let works: std::collections::BTreeSet<WorkId> = known.values().map(|(_, work)| work.clone()).collect();
        let mut bundles: BTreeMap<WorkId, WorkBundle> = BTreeMap::new();
        for bundle in self.bundles(works).await?.into_iter().filter(|b| b.work.tenant == seller.id) {
            bundles.insert(bundle.work.id.clone(), bundle);
        }
        let mut draft = Draft::of(&seller.id, format!("/studio/prices?seller={}", seller.id));
        for line in lines {
            let (row, sku) = (line.row, line.sku.clone());
            match wish_of(line, &known, &mut bundles, ctx.now_ms) {
                Ok(Some((work, wish))) => draft.add(&work, wish),
                Ok(None) => draft.same += 1,
                Err((column, code)) => {
                    draft.refused_count += 1;
                    if draft.refused.len() < REFUSED {
                        draft.refused.push(RefusedRow { row, sku, column, code });
                    }
                }
            }
        }
        self.keep_change(ctx, draft).await
    }
}

/// The wish of a row; `None`: it is so already. What rows before it change counts.
fn wish_of(
    line: Line,
    known: &HashMap<String, (VariantId, WorkId)>,
    bundles: &mut BTreeMap<WorkId, WorkBundle>,
    now_ms: i64,
) -> std::result::Result<Option<(WorkId, Wish)>, (String, String)> {
    let typed = line.typed?;
    let unknown = || ("sku".to_owned(), "fault-price-sku".to_owned());
    let (variant, work) = known.get(&line.sku).ok_or_else(unknown)?;
    let bundle = bundles.get_mut(work).ok_or_else(unknown)?;
    let there = meant(bundle, variant, &typed, now_ms);
    if let Some(there) = there {
        // What is as it was is no question of what may be written anew.
        let as_is = Typed::of(there);
        let same = |a: &str, b: &str| match (a.trim(), b) {
            ("", b) => b.is_empty(),
            (a, b) => pricelist::moment(a).is_some_and(|at| pricelist::moment(b) == Some(at)),
        };
        let currency = there.currency.parse().map_err(|_| unknown())?;
        let amounts = |t: &Typed| {
            [&t.amount, &t.minimum, &t.compare_at].map(|text| match text.trim() {
                "" => Ok(None),
                text => pricelist::amount(text, currency).map(Some),
            })
        };
        if amounts(&typed) == amounts(&as_is) && same(&typed.to, &as_is.to) {
            return Ok(None);
        }
    }
    let replaces = there.map(|p| p.valid_from_ms);
    let wish = pricelist::read(&typed, variant, &bundle.prices, replaces, now_ms).map_err(|faults| {
        let (field, code) = faults.into_iter().next().unwrap_or_default();
        let column = match field.as_str() {
            "from" => "valid_from",
            "to" => "valid_to",
            other => other,
        };
        (column.to_owned(), code)
    })?;
    let changes = pricelist::plan(&mut bundle.prices, &wish, now_ms).is_some();
    Ok(changes.then(|| (work.clone(), wish)))
}

/// The rows of a work, in the order of its editions.
fn rows(bundle: &WorkBundle, now_ms: i64) -> Vec<[String; 10]> {
    let alive = pricelist::alive(&bundle.prices, now_ms);
    let editions = bundle.products.iter().flat_map(|p| p.variants.iter().map(move |v| (p, v)));
    let mut out = Vec::new();
    for (product, variant) in editions {
        for price in alive.iter().filter(|p| p.variant == variant.id) {
            let money = |minor: i64| decimal(minor, &price.currency);
            out.push([
                neutral(&variant.sku),
                neutral(&[bundle.work.title.as_str(), &edition_of(product, variant)].join(" · ")),
                price.region.clone(),
                price.currency.clone(),
                money(price.amount_minor),
                price.minimum_minor.map(money).unwrap_or_default(),
                price.compare_at_minor.map(money).unwrap_or_default(),
                price.min_quantity.to_string(),
                Some(price.valid_from_ms).filter(|at| *at > 0).map(pricelist::moment_full).unwrap_or_default(),
                price.valid_to_ms.map(pricelist::moment_full).unwrap_or_default(),
            ]);
        }
    }
    out
}

#[cfg(test)]
mod unit {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_are_read_with_every_mark_and_counted_as_they_stand() {
        let one = |line: &Line| {
            (line.row, line.sku.clone(), line.typed.as_ref().map(|t| t.amount.clone()).unwrap_or_default())
        };
        for text in [
            "\u{feff}sku,region,currency,amount,edition\r\nA-1,eu,EUR,9.50,\"A, \"\"B\"\"\"\r\nB-1,eu\r\n'=C,eu,EUR,\"1,5\",x\r\n",
            "sku;region;currency;amount;edition\nA-1;eu;EUR;9.50;\"A; \"\"B\"\"\"\nB-1;eu\n'=C;eu;EUR;1,5;x\n",
        ] {
            let read = lines(text).unwrap();
            assert_eq!(
                read.iter().map(one).collect::<Vec<_>>(),
                [(2, "A-1".into(), "9.50".into()), (3, "B-1".into(), String::new()), (4, "=C".into(), "1,5".into())]
            );
            assert_eq!(read[1].typed.as_ref().unwrap_err().1, "fault-price-row");
        }
        for broken in ["", "sku,region\nA,eu\n", "sku,sku,region,currency,amount\n", "nonsense"] {
            assert_eq!(lines(broken).unwrap_err().status, 422, "{broken}");
        }
        let many = format!("sku,region,currency,amount\n{}", "A,eu,EUR,1\n".repeat(MAX_ROWS + 1));
        assert_eq!(lines(&many).unwrap_err().fields["rows"], "fault-price-rows");
    }

    proptest! {
        #[test]
        fn no_cell_is_computed_and_every_text_comes_back(text in "[=+\\-@'\t\ra-z]{0,6}") {
            let cell = neutral(&text);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(plain(&cell), text);
        }
    }
}
