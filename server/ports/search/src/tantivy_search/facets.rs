//! Filters as a gate, and counts that leave out each facet's own filter.

use std::collections::BTreeMap;

use super::view::Values;
use crate::port::Kind;
use crate::query::{Facet, FacetCount, Filters, Range, SearchQuery};

/// Values of one facet in an answer.
const MAX_VALUES: usize = 200;
/// Lower bounds of price ranges where the caller gives none: free, up to 4.99, 9.99, 19.99, 49.99, above.
const PRICE_BOUNDS: [i64; 5] = [1, 500, 1_000, 2_000, 5_000];

/// The chosen filters, compiled to facet value numbers.
pub(super) struct Gate {
    /// Facets with a filter.
    needed: u8,
    /// By value number, the facet's bit if the value was chosen. Empty if only kinds or prices were.
    chosen: Vec<u8>,
    /// By kind, whether it was chosen. Nearly every search chooses kinds, and a document has exactly one: so its values need not be
    /// looked through for that.
    kinds: [bool; Kind::ALL.len()],
    price: Range<i64>,
}

impl Gate {
    pub(super) fn new(values: &Values, filters: &Filters) -> Self {
        let mut gate = Gate { needed: 0, chosen: Vec::new(), kinds: [true; Kind::ALL.len()], price: filters.price };
        if !filters.types.is_empty() {
            gate.needed |= Facet::Type.bit();
            gate.kinds = Kind::ALL.map(|kind| filters.types.contains(&kind));
        }
        let lists = [
            (Facet::Genre, &filters.genres),
            (Facet::Tag, &filters.tags),
            (Facet::Format, &filters.formats),
            (Facet::Language, &filters.languages),
            (Facet::Maker, &filters.makers),
        ];
        if !filters.years.is_open() || lists.iter().any(|(_, list)| !list.is_empty()) {
            gate.chosen = vec![0; values.list.len()];
        }
        for (facet, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            gate.needed |= facet.bit();
            for number in list.iter().filter_map(|value| values.number(facet, value)) {
                gate.chosen[number as usize] = facet.bit();
            }
        }
        if !filters.years.is_open() {
            gate.needed |= Facet::Year.bit();
            for (number, (facet, value)) in values.list.iter().enumerate() {
                if *facet == Facet::Year && value.parse().is_ok_and(|year| filters.years.holds(year)) {
                    gate.chosen[number] = facet.bit();
                }
            }
        }
        if !filters.price.is_open() {
            gate.needed |= Facet::Price.bit();
        }
        gate
    }

    pub(super) fn needs_price(&self) -> bool {
        self.needed & Facet::Price.bit() != 0
    }

    /// The facets whose filter a document fails, as bits.
    pub(super) fn failed(&self, kind: Kind, values: &[u32], price: Option<i64>) -> u8 {
        if self.needed == 0 {
            return 0;
        }
        let mut met = if self.kinds[kind as usize] { Facet::Type.bit() } else { 0 };
        if !self.chosen.is_empty() {
            met = values.iter().fold(met, |met, &value| met | self.chosen[value as usize]);
        }
        if price.is_some_and(|price| self.price.holds(price)) {
            met |= Facet::Price.bit();
        }
        self.needed & !met
    }
}

/// The counts of one search.
pub(super) struct Counter {
    wanted: Vec<Facet>,
    counts: Vec<u32>,
    facet_bits: Vec<u8>,
    bounds: Vec<i64>,
    prices: Vec<u32>,
}

impl Counter {
    pub(super) fn new(values: &Values, asked: &SearchQuery) -> Self {
        let by_value = asked.facets.iter().any(|&facet| facet != Facet::Price);
        let by_price = asked.facets.contains(&Facet::Price);
        let bounds = match (by_price, asked.price_bounds.is_empty()) {
            (false, _) => Vec::new(),
            (true, true) => PRICE_BOUNDS.to_vec(),
            (true, false) => asked.price_bounds.clone(),
        };
        Counter {
            wanted: asked.facets.clone(),
            counts: if by_value { vec![0; values.list.len()] } else { Vec::new() },
            facet_bits: if by_value { values.list.iter().map(|(facet, _)| facet.bit()).collect() } else { Vec::new() },
            prices: if by_price { vec![0; bounds.len() + 1] } else { Vec::new() },
            bounds,
        }
    }

    pub(super) fn wants_price(&self) -> bool {
        !self.prices.is_empty()
    }

    /// Counts a document that fails the filters of `failed`: of none, for every facet; of one, for that facet.
    pub(super) fn add(&mut self, values: &[u32], price: Option<i64>, failed: u8) {
        if failed.count_ones() > 1 {
            return;
        }
        if !self.counts.is_empty() {
            if failed == 0 {
                for &value in values {
                    self.counts[value as usize] += 1;
                }
            } else {
                for &value in values.iter().filter(|&&value| self.facet_bits[value as usize] == failed) {
                    self.counts[value as usize] += 1;
                }
            }
        }
        if let Some(price) = price.filter(|_| !self.prices.is_empty() && failed & !Facet::Price.bit() == 0) {
            self.prices[self.bounds.partition_point(|&bound| bound <= price)] += 1;
        }
    }

    pub(super) fn finish(self, values: &Values) -> BTreeMap<Facet, Vec<FacetCount>> {
        let wanted = self.wanted.iter().fold(0, |bits, facet| bits | facet.bit());
        let mut found: BTreeMap<Facet, Vec<(u32, &str)>> =
            self.wanted.iter().map(|&facet| (facet, Vec::new())).collect();
        for (number, &count) in self.counts.iter().enumerate() {
            if count > 0 && self.facet_bits[number] & wanted != 0 {
                let (facet, value) = &values.list[number];
                found.entry(*facet).or_default().push((count, value));
            }
        }
        let mut out: BTreeMap<Facet, Vec<FacetCount>> = BTreeMap::new();
        for (facet, mut list) in found {
            if facet == Facet::Year {
                list.sort_unstable_by_key(|(_, value)| std::cmp::Reverse(value.parse::<i64>().unwrap_or(i64::MIN)));
            } else {
                let order = |a: &(u32, &str), b: &(u32, &str)| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1));
                if list.len() > MAX_VALUES {
                    list.select_nth_unstable_by(MAX_VALUES, order);
                    list.truncate(MAX_VALUES);
                }
                list.sort_unstable_by(order);
            }
            list.truncate(MAX_VALUES);
            let counts =
                list.into_iter().map(|(count, value)| FacetCount { value: value.to_owned(), count: count.into() });
            out.insert(facet, counts.collect());
        }
        if let Some(list) = out.get_mut(&Facet::Price) {
            for (at, &count) in self.prices.iter().enumerate().filter(|(_, count)| **count > 0) {
                let from = if at == 0 { 0 } else { self.bounds[at - 1] };
                let value = self.bounds.get(at).map_or(format!("{from}-"), |bound| format!("{from}-{}", bound - 1));
                list.push(FacetCount { value, count: u64::from(count) });
            }
        }
        out
    }
}
