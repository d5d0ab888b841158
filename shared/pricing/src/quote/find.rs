//! What a seller's records say of a variant, found without a look through all of them for each line.

use super::shapes::Sellable;
use crate::date::Date;
use crate::money::Currency;
use crate::price::{PriceEntry, PriceList, best};

/// Items and price entries by sku.
pub(super) struct Shelf<'a> {
    items: &'a [Sellable],
    prices: &'a PriceList,
    items_by_sku: Vec<(&'a str, usize)>,
    entries_by_sku: Vec<(&'a str, usize)>,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(items: &'a [Sellable], prices: &'a PriceList) -> Self {
        Self {
            items,
            prices,
            items_by_sku: by_sku(items.iter().map(|item| item.sku.as_str())),
            entries_by_sku: by_sku(prices.entries.iter().map(|entry| entry.sku.as_str())),
        }
    }

    /// The first item of a sku.
    pub(super) fn item(&self, sku: &str) -> Option<&'a Sellable> {
        of(&self.items_by_sku, sku).first().map(|(_, at)| &self.items[*at])
    }

    /// As [`PriceList::find`].
    pub(super) fn price(
        &self,
        sku: &str,
        regions: &[&str],
        currency: Currency,
        on: Date,
        quantity: u32,
    ) -> Option<(usize, &'a PriceEntry)> {
        let entries = of(&self.entries_by_sku, sku).iter().map(|(_, at)| (*at, &self.prices.entries[*at]));
        best(entries, regions, currency, on, quantity)
    }

    /// The price list's name.
    pub(super) fn list(&self) -> &'a str {
        &self.prices.id
    }
}

/// Sorted by sku; those of one sku in the order written.
fn by_sku<'a>(skus: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut all: Vec<(&str, usize)> = skus.enumerate().map(|(at, sku)| (sku, at)).collect();
    all.sort_unstable();
    all
}

fn of<'s, 'a>(sorted: &'s [(&'a str, usize)], sku: &str) -> &'s [(&'a str, usize)] {
    let rest = &sorted[sorted.partition_point(|(own, _)| *own < sku)..];
    &rest[..rest.iter().take_while(|(own, _)| *own == sku).count()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::Shape;
    use crate::quote::Kind;

    #[test]
    fn a_shelf_finds_what_a_look_through_all_finds() {
        let item = |sku: &str, name: &str| Sellable {
            sku: sku.into(),
            name: name.into(),
            kind: Kind::Digital,
            tax_class: "ebook".into(),
            weight_g: 0,
            length_mm: None,
            width_mm: None,
            height_mm: None,
            ships_from: None,
            facets: Default::default(),
        };
        let items = [item("b", "1"), item("a", "2"), item("b", "3"), item("ab", "4")];
        let day = |text: &str| text.parse::<Date>().unwrap();
        let entry = |sku: &str, region: &str, from: &str, min_quantity: u32| PriceEntry {
            sku: sku.into(),
            region: region.into(),
            currency: Currency::EUR,
            valid_from: day(from),
            valid_to: None,
            min_quantity,
            compare_at_minor: None,
            price: Shape::Free,
        };
        let entries = vec![
            entry("b", "eu", "2026-01-01", 1),
            entry("a", "world", "2026-01-01", 1),
            entry("b", "world", "2026-01-01", 5),
            entry("b", "eu", "2026-02-01", 1),
            entry("b", "eu", "2026-02-01", 1),
            entry("ab", "eu", "2026-01-01", 10),
            entry("b", "eu", "2026-01-01", 5),
        ];
        let prices = PriceList { id: "list".into(), entries, until: None };
        let shelf = Shelf::new(&items, &prices);
        for sku in ["a", "ab", "b", "", "c", "aa"] {
            assert_eq!(shelf.item(sku), items.iter().find(|i| i.sku == sku), "{sku}");
            for (on, quantity) in [("2026-01-01", 1), ("2026-03-01", 1), ("2026-03-01", 7), ("2025-01-01", 7)] {
                for regions in [&["eu", "world"][..], &["world"], &["us"]] {
                    let found = shelf.price(sku, regions, Currency::EUR, day(on), quantity);
                    assert_eq!(found, prices.find(sku, regions, Currency::EUR, day(on), quantity), "{sku} {on}");
                }
            }
        }
        assert_eq!(shelf.price("b", &["eu"], Currency::EUR, day("2026-03-01"), 1).map(|f| f.0), Some(4));
    }
}
