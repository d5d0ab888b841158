//! Digits, groups and decimals of numbers, by ICU4X (`icu_decimal`) from this crate's own table of CLDR: numbers and patterns are of one release,
//! and no program carries more locales than it writes.

use std::sync::OnceLock;

use icu_decimal::input::Decimal;
use icu_decimal::provider::{
    DecimalDigitsV1, DecimalSymbolStrsBuilder, DecimalSymbols, DecimalSymbolsV1, GroupingSizes,
};
use icu_decimal::{DecimalFormatter, DecimalFormatterPreferences};
use icu_provider::prelude::{DataError, DataPayload, DataProvider, DataRequest, DataResponse};

use super::Locale;

/// Amounts have separators of their own in some locales (de-AT, fr-CH).
#[derive(Clone, Copy)]
pub(super) enum Number {
    Plain,
    Money,
}

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
/// Every shipped locale groups by three from four digits on (`tests/intl.rs`, `tests/icu4x.rs`).
const GROUPS: GroupingSizes = GroupingSizes { primary: 3, secondary: 3, min_grouping: 1 };

/// What ICU4X asks for, of one locale.
struct Separators {
    decimal: &'static str,
    group: &'static str,
}

impl DataProvider<DecimalSymbolsV1> for Separators {
    fn load(&self, _: DataRequest<'_>) -> Result<DataResponse<DecimalSymbolsV1>, DataError> {
        let strings = DecimalSymbolStrsBuilder {
            minus_sign_prefix: "-".into(),
            minus_sign_suffix: "".into(),
            plus_sign_prefix: "+".into(),
            plus_sign_suffix: "".into(),
            decimal_separator: self.decimal.into(),
            grouping_separator: self.group.into(),
            numsys: "latn".into(),
        };
        let symbols = DecimalSymbols { strings: strings.build(), grouping_sizes: GROUPS };
        Ok(DataResponse { metadata: Default::default(), payload: DataPayload::from_owned(symbols) })
    }
}

impl DataProvider<DecimalDigitsV1> for Separators {
    fn load(&self, _: DataRequest<'_>) -> Result<DataResponse<DecimalDigitsV1>, DataError> {
        Ok(DataResponse { metadata: Default::default(), payload: DataPayload::from_owned(DIGITS) })
    }
}

fn formatter(locale: Locale, number: Number) -> Option<&'static DecimalFormatter> {
    type Kept = OnceLock<Option<DecimalFormatter>>;
    static PLAIN: [Kept; Locale::ALL.len()] = [const { OnceLock::new() }; Locale::ALL.len()];
    static MONEY: [Kept; Locale::ALL.len()] = [const { OnceLock::new() }; Locale::ALL.len()];
    let data = locale.data();
    let (kept, separators) = match number {
        Number::Plain => (&PLAIN, Separators { decimal: data.decimal, group: data.group }),
        Number::Money => (&MONEY, Separators { decimal: data.money_decimal, group: data.money_group }),
    };
    // The table answers for the locale whichever is asked for.
    let made = || {
        DecimalFormatter::try_new_unstable(&separators, DecimalFormatterPreferences::default(), Default::default()).ok()
    };
    kept[locale as usize].get_or_init(made).as_ref()
}

/// Writes `value / 10^scale` with all its decimals; a minus sign stands before what is below zero.
pub(super) fn push(text: &mut String, value: Decimal, scale: u8, locale: Locale, number: Number) {
    let mut decimal = value;
    decimal.multiply_pow10(-i16::from(scale));
    match formatter(locale, number) {
        Some(formatter) => text.push_str(&formatter.format_to_string(&decimal)),
        // The table never fails; if it did, digits would still be the number.
        None => text.push_str(&decimal.to_string()),
    }
}
