//! What sellers type and upload: price lists, promotions, how a shop sends; and codes of gift cards.

use std::collections::BTreeMap;

use vitrine_pricing::money::Currency;
use vitrine_pricing::shipping::Place;
use vitrine_server::desk::{price_rows, shipping_form};
use vitrine_server::promotions::form;
use vitrine_server::value::Code;
use vitrine_shared::catalog::PriceRecord;
use vitrine_shared::id::VariantId;
use vitrine_shared::pricelist::{self, Act, Typed, Wish};

use crate::text;

/// A Friday in 2026, UTC milliseconds.
const NOW_MS: i64 = 1_795_737_600_000;

/// Fields of a form, `name=value` each line; a line that begins with a space goes on with the one before.
pub(crate) fn fields(bytes: &[u8]) -> BTreeMap<String, String> {
    let text = text(bytes);
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut last = None;
    for line in text.split('\n') {
        match (line.strip_prefix(' '), &last) {
            (Some(more), Some(name)) => {
                let value: &mut String = all.entry(String::clone(name)).or_default();
                value.push('\n');
                value.push_str(more);
            }
            _ => {
                let (name, value) = line.split_once('=').unwrap_or((line, ""));
                all.insert(name.to_owned(), value.to_owned());
                last = Some(name.to_owned());
            }
        }
    }
    all
}

/// Each fault has a code, at a field.
pub(crate) fn named(faults: &BTreeMap<String, String>) {
    assert!(!faults.is_empty() && faults.iter().all(|(field, code)| !field.is_empty() && code.starts_with("fault-")));
}

fn record(wish: &Wish) -> PriceRecord {
    let Act::Set { amount, minimum, compare_at, from, to, .. } = wish.act else {
        panic!("a row ends nothing: {wish:?}")
    };
    PriceRecord {
        variant: wish.variant.clone(),
        region: wish.region.clone(),
        currency: wish.currency.clone(),
        amount_minor: amount,
        minimum_minor: minimum,
        compare_at_minor: compare_at,
        valid_from_ms: from.unwrap_or_default(),
        valid_to_ms: to,
        min_quantity: wish.min_quantity,
    }
}

/// Rows are counted upwards; what is a price is one that can be charged, and stays itself when it is shown in a form and read again.
pub(crate) fn price_list(bytes: &[u8]) {
    let rows = match price_rows(&text(bytes)) {
        Ok(rows) => rows,
        Err(problem) => return assert!(problem.status == 422 && problem.fields.contains_key("rows"), "{problem:?}"),
    };
    let variant = VariantId::from_bits(7);
    let mut before = 1;
    for row in rows {
        assert!(row.row > before, "{row:?}");
        before = row.row;
        let typed = match row.typed {
            Ok(typed) => typed,
            Err((_, code)) => {
                assert!(code.starts_with("fault-"));
                continue;
            }
        };
        match pricelist::read(&typed, &variant, &[], None, NOW_MS) {
            Ok(wish) => {
                let price = record(&wish);
                let currency: Currency = price.currency.parse().unwrap();
                assert!((0..=pricelist::MAX_MINOR).contains(&price.amount_minor), "{typed:?}");
                assert_eq!(price.amount_minor % currency.price_step(), 0, "{typed:?}");
                assert!(price.minimum_minor.is_none_or(|least| least <= price.amount_minor), "{typed:?}");
                assert!(price.compare_at_minor.is_none_or(|was| was > price.amount_minor), "{typed:?}");
                assert!(price.valid_to_ms.is_none_or(|to| to > price.valid_from_ms.max(NOW_MS)), "{typed:?}");
                let shown = Typed::of(&price);
                let again = pricelist::read(&shown, &variant, &[], None, NOW_MS);
                assert_eq!(again.as_ref().map(record), Ok(price), "{typed:?} {shown:?}");
            }
            Err(faults) => named(&faults),
        }
    }
}

/// What is a promotion passes the engine's own look, and stays itself when its form is read again.
pub(crate) fn promotion(bytes: &[u8]) {
    match form::read("pr_1", &fields(bytes)) {
        Ok(promotion) => {
            promotion.check().unwrap();
            assert_eq!(form::read("pr_1", &form::fields(&promotion)).as_ref(), Ok(&promotion));
        }
        Err(faults) => named(&faults),
    }
}

/// Zones, ways and rates stay themselves when their forms are read again.
pub(crate) fn shipping(bytes: &[u8]) {
    use shipping_form::{of_rate, of_way, of_zone, rate, way, zone};
    /// More is refused afterwards, and not read to its end.
    const MOST_COUNTRIES: usize = 1000;
    let fields = fields(bytes);
    match zone(&fields, None) {
        Ok(read) if read.countries.len() <= MOST_COUNTRIES => {
            // A postcode that ends in a dot is told from the two between codes only by what was there.
            let ends = |place: &Place| place.postcode_from.as_ref().is_some_and(|from| from.ends_with('.'));
            if !read.places.iter().chain(&read.except).any(ends) {
                assert_eq!(zone(&of_zone(&read), None).as_ref(), Ok(&read));
            }
            assert_eq!(zone(&of_zone(&read), Some(&read)).as_ref(), Ok(&read));
        }
        Ok(_) => {}
        Err(faults) => named(&faults.codes),
    }
    match way(&fields, None) {
        Ok(read) => assert_eq!(way(&of_way(&read, 1), None), Ok(read)),
        Err(faults) => named(&faults.codes),
    }
    match rate(&fields) {
        Ok(read) => assert_eq!(rate(&of_rate(&read)), Ok(read)),
        Err(faults) => named(&faults.codes),
    }
}

/// A code is the same however it is typed, and tells itself to nobody who prints it.
pub(crate) fn gift_code(bytes: &[u8]) {
    let typed = text(bytes);
    if let Some(code) = Code::typed(&typed) {
        let shown = code.shown();
        assert_eq!(shown.len(), 19);
        for same in [shown.clone(), shown.to_lowercase(), shown.replace('-', " ")] {
            assert_eq!(Code::typed(&same).as_ref(), Some(&code), "{typed:?}");
        }
        assert!(!format!("{code:?}").contains(&shown[..9]), "{typed:?}");
    }
}
