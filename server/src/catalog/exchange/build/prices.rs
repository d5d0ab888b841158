//! Prices of a row: what they may say, and what must be written so that they hold.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_pricing::money::Currency;
use vitrine_shared::catalog::PriceRecord;
use vitrine_shared::id::{TenantId, VariantId};
use vitrine_shared::pricelist::regions;

use super::super::{PriceRow, ProductRow};
use super::{Refusal, variant_id};

/// `had` are the prices of the variant that are there: an amount that stands in one is as it is, so that an export comes in again.
pub(super) fn check_price<'a>(
    sku: &str,
    price: &PriceRow,
    mut had: impl Iterator<Item = &'a PriceRecord>,
) -> Result<(), Refusal> {
    let bad = |why: &str| Err(format!("variant `{sku}`, price in {} for {}: {why}", price.currency, price.region));
    // JSON integers stay exact below 2^53; nobody sells beyond ten million in any currency.
    let most = 1_000_000_000_i64;
    if !(0..=most).contains(&price.minor) {
        return bad("the amount is out of range");
    }
    if price.minimum.is_some_and(|m| m < 0 || m > price.minor) {
        return bad("the minimum must be between 0 and the suggestion");
    }
    if price.compare_at.is_some_and(|c| c <= price.minor || c > most) {
        return bad("what it is compared with must be higher than the price");
    }
    if !regions().contains(&price.region.as_str()) {
        return bad("there is no such price region");
    }
    let Ok(currency) = price.currency.parse::<Currency>() else {
        return bad("the currency is not an ISO 4217 code");
    };
    let step = currency.processor_step();
    let off = |minor: i64| minor % step != 0;
    let is_there = |have: &PriceRecord| {
        have.currency == price.currency && have.amount_minor == price.minor && have.minimum_minor == price.minimum
    };
    if (off(price.minor) || price.minimum.is_some_and(off)) && !had.any(is_there) {
        return bad(&format!("payments are multiples of {step} minor units"));
    }
    if !(1..=999_999).contains(&price.min_quantity) {
        return bad("the quantity it begins at must be 1 to 999999");
    }
    let from = price.valid_from_ms.unwrap_or(0);
    if from < 0 {
        return bad("it begins before 1970");
    }
    if price.valid_to_ms.is_some_and(|to| to <= from) {
        return bad("it ends before it begins");
    }
    Ok(())
}

/// Two prices for the same buyers that begin at one moment would be one record: which of them is meant, nobody knows.
pub(super) fn check_places(sku: &str, prices: &[PriceRow]) -> Result<(), Refusal> {
    let mut begun = BTreeSet::new();
    for price in prices {
        let from = price.valid_from_ms.unwrap_or(0);
        if !begun.insert((&price.region, &price.currency, price.min_quantity, from)) {
            let (currency, region, many) = (&price.currency, &price.region, price.min_quantity);
            return Err(format!(
                "variant `{sku}`, price in {currency} for {region}: two of them from {many} pieces on begin at the same moment"
            ));
        }
    }
    Ok(())
}

/// Whom a price is for: prices of one place follow each other.
fn place(price: &PriceRecord) -> (VariantId, String, String, u32) {
    (price.variant.clone(), price.region.clone(), price.currency.clone(), price.min_quantity)
}

/// What must be written so that the rows' prices are in force: new records, and old ones closed now. Prices are
/// append-only: a price that is the same already is left alone, one that is gone ends now.
pub(in super::super) fn price_changes(
    tenant: &TenantId,
    rows: &[ProductRow],
    existing: &[PriceRecord],
    now_ms: i64,
) -> Vec<PriceRecord> {
    // By place and beginning, with whether it is there already.
    let mut wanted: BTreeMap<_, BTreeMap<i64, (PriceRecord, bool)>> = BTreeMap::new();
    for variant in rows.iter().flat_map(|p| &p.variants) {
        let id = variant_id(tenant, variant);
        for price in &variant.prices {
            let record = PriceRecord {
                variant: id.clone(),
                region: price.region.clone(),
                currency: price.currency.clone(),
                amount_minor: price.minor,
                minimum_minor: price.minimum,
                compare_at_minor: price.compare_at,
                valid_from_ms: price.valid_from_ms.unwrap_or(0),
                valid_to_ms: price.valid_to_ms,
                min_quantity: price.min_quantity,
            };
            wanted.entry(place(&record)).or_default().insert(record.valid_from_ms, (record, false));
        }
    }
    let same = |a: &PriceRecord, b: &PriceRecord| {
        a.amount_minor == b.amount_minor
            && a.minimum_minor == b.minimum_minor
            && a.compare_at_minor == b.compare_at_minor
            && a.valid_to_ms == b.valid_to_ms
    };
    // What is over is history: it does not end again, and is not written again.
    let is_over = |price: &PriceRecord| price.valid_to_ms.is_some_and(|to| to <= now_ms);
    // One that replaced another began when that was imported, whatever its row says.
    let in_force = |price: &PriceRecord| price.valid_from_ms <= now_ms && !is_over(price);
    let mut changes = Vec::new();
    let mut taken = BTreeSet::new();
    for have in existing {
        let mut stays = false;
        let place = self::place(have);
        for (record, is_there) in wanted.get_mut(&place).into_iter().flat_map(BTreeMap::values_mut) {
            let begun = record.valid_from_ms == have.valid_from_ms || in_force(record) && in_force(have);
            if begun && same(record, have) {
                (*is_there, stays) = (true, true);
            }
        }
        taken.insert(place);
        if !stays && !is_over(have) {
            let mut closed = have.clone();
            closed.valid_to_ms = Some(now_ms.max(have.valid_from_ms + 1));
            changes.push(closed);
        }
    }
    for (place, records) in wanted {
        let replaces = taken.contains(&place);
        // What begins now instead of earlier keeps its order, a millisecond apart: a reduction stays over the price below it, and neither is
        // written over a record that began this moment.
        let begun = existing.iter().filter(|have| self::place(have) == place).map(|have| have.valid_from_ms);
        let mut next = begun.filter(|at| *at <= now_ms).max().map_or(now_ms, |at| now_ms.max(at + 1));
        for (mut record, _) in records.into_values().filter(|(_, is_there)| !is_there) {
            if replaces && is_over(&record) {
                continue;
            }
            if replaces && record.valid_from_ms < now_ms {
                record.valid_from_ms = next;
                next += 1;
            }
            // One that was to come and is another now never begins: its record is written over.
            changes.retain(|closed| self::place(closed) != place || closed.valid_from_ms != record.valid_from_ms);
            changes.push(record);
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use vitrine_shared::catalog::{ProductKind, Status};

    use super::super::super::VariantRow;
    use super::*;

    fn rows(minor: i64) -> Vec<ProductRow> {
        vec![ProductRow {
            reference: "digital".into(),
            kind: ProductKind::Digital,
            title: "Digital".into(),
            tax_class: "digital_music".into(),
            variants: vec![VariantRow {
                sku: "A-1".into(),
                id: None,
                title: String::new(),
                licence: None,
                formats: vec![],
                weight_g: None,
                length_mm: None,
                width_mm: None,
                height_mm: None,
                stock: None,
                shape: Default::default(),
                prices: vec![PriceRow {
                    region: "eu".into(),
                    currency: "EUR".into(),
                    minor,
                    minimum: None,
                    compare_at: None,
                    valid_from_ms: None,
                    valid_to_ms: None,
                    min_quantity: 1,
                }],
            }],
            status: Status::Published,
        }]
    }

    #[test]
    fn prices_are_append_only() {
        let tenant = TenantId::from_bits(1);
        let first = price_changes(&tenant, &rows(900), &[], 1_000);
        assert_eq!((first.len(), first[0].valid_from_ms), (1, 0));
        assert!(price_changes(&tenant, &rows(900), &first, 2_000).is_empty(), "the same again changes nothing");
        let second = price_changes(&tenant, &rows(700), &first, 3_000);
        assert_eq!(second.len(), 2);
        assert_eq!((second[0].amount_minor, second[0].valid_to_ms), (900, Some(3_000)));
        assert_eq!((second[1].amount_minor, second[1].valid_from_ms, second[1].valid_to_ms), (700, 3_000, None));
        assert!(price_changes(&tenant, &rows(700), &second, 4_000).is_empty());
    }

    #[test]
    fn a_price_that_cannot_be_is_a_fault_of_its_row() {
        let price = |region: &str, currency: &str, minor| PriceRow {
            region: region.into(),
            currency: currency.into(),
            ..rows(minor)[0].variants[0].prices[0].clone()
        };
        let check_price = |sku: &str, price: &PriceRow| super::check_price(sku, price, std::iter::empty());
        for known in regions() {
            assert_eq!(check_price("A-1", &price(known, "EUR", 900)), Ok(()));
        }
        for region in ["", "-", "#", "EU", "xx", "eu#"] {
            let why = check_price("A-1", &price(region, "EUR", 900)).unwrap_err();
            assert!(
                why.starts_with("variant `A-1`, price in EUR for") && why.ends_with("no such price region"),
                "{why}"
            );
        }
        assert!(check_price("A-1", &price("eu", "XXX", 900)).unwrap_err().contains("ISO 4217"));
        assert_eq!(check_price("A-1", &price("world", "KWD", 1_010)), Ok(()));
        assert!(check_price("A-1", &price("world", "KWD", 1_005)).unwrap_err().contains("multiples of 10"));
        // What was stored before the currency had a step is no fault of the row that says it again; any other is.
        let mut had = price_changes(&TenantId::from_bits(1), &rows(1_005), &[], 1_000);
        had[0].currency = "KWD".into();
        let again = |minor| super::check_price("A-1", &price("world", "KWD", minor), had.iter());
        assert_eq!(again(1_005), Ok(()));
        assert!(again(1_015).unwrap_err().contains("multiples of 10"));
        let named = PriceRow { minimum: Some(1_005), ..price("world", "KWD", 1_005) };
        assert!(super::check_price("A-1", &named, had.iter()).is_err());
        // Of one place two may be in force together, but not begin together.
        let later = PriceRow { valid_from_ms: Some(5), ..price("eu", "EUR", 700) };
        let three = PriceRow { min_quantity: 3, ..price("eu", "EUR", 800) };
        assert_eq!(check_places("A-1", &[price("eu", "EUR", 900), later, three, price("eu", "USD", 900)]), Ok(()));
        let why = check_places("A-1", &[price("eu", "EUR", 900), price("eu", "EUR", 700)]).unwrap_err();
        assert!(why.contains("begin at the same moment"), "{why}");
    }

    #[test]
    fn a_price_that_is_over_or_began_before_it_was_imported_is_not_written_again() {
        let tenant = TenantId::from_bits(1);
        let lasting = |minor, from, to| {
            let mut rows = rows(minor);
            let price = &mut rows[0].variants[0].prices[0];
            (price.valid_from_ms, price.valid_to_ms) = (from, to);
            rows
        };
        let over = lasting(900, None, Some(500));
        let first = price_changes(&tenant, &over, &[], 1_000);
        assert_eq!((first.len(), first[0].valid_to_ms), (1, Some(500)));
        assert!(price_changes(&tenant, &over, &first, 2_000).is_empty());
        let past = lasting(700, Some(100), None);
        let mut had = price_changes(&tenant, &rows(900), &[], 1_000);
        had = price_changes(&tenant, &past, &had, 3_000);
        assert_eq!((had.len(), had[1].valid_from_ms), (2, 3_000));
        assert!(price_changes(&tenant, &past, &had, 4_000).is_empty());
    }

    #[test]
    fn a_reduction_stays_over_the_price_below_it_when_both_are_others() {
        let tenant = TenantId::from_bits(1);
        let both = |below, over| {
            let mut rows = rows(below);
            let sale = PriceRow {
                minor: over,
                valid_from_ms: Some(100),
                valid_to_ms: Some(9_000),
                ..rows[0].variants[0].prices[0].clone()
            };
            rows[0].variants[0].prices.push(sale);
            rows
        };
        let begins =
            |prices: &[PriceRecord]| prices.iter().map(|p| (p.amount_minor, p.valid_from_ms)).collect::<Vec<_>>();
        let first = price_changes(&tenant, &both(900, 700), &[], 1_000);
        assert_eq!(begins(&first), [(900, 0), (700, 100)]);
        let second = price_changes(&tenant, &both(800, 600), &first, 2_000);
        assert_eq!(begins(&second), [(900, 0), (700, 100), (800, 2_000), (600, 2_001)]);
        assert!(price_changes(&tenant, &both(800, 600), &second, 3_000).is_empty(), "and again the same");
        // One that is to come and becomes another is one record.
        let later = |minor| {
            let mut rows = rows(800);
            let price = PriceRow { minor, valid_from_ms: Some(9_000), ..rows[0].variants[0].prices[0].clone() };
            rows[0].variants[0].prices.push(price);
            rows
        };
        let had = price_changes(&tenant, &later(700), &[], 1_000);
        assert_eq!(begins(&price_changes(&tenant, &later(600), &had, 2_000)), [(600, 9_000)]);
        // In the same millisecond: not over the records that began in it.
        let third = price_changes(&tenant, &both(750, 550), &second, 2_001);
        assert_eq!(begins(&third)[2..], [(750, 2_002), (550, 2_003)]);
    }
}
