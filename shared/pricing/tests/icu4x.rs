//! Numbers as ICU4X writes them by its own data of CLDR, of which programs carry none: they give it a table of ours (ADR 20), which is held to be the
//! same here: signs, digits, groups and decimals of every locale.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale as Tag;
use proptest::prelude::*;
use vitrine_pricing::format::{Locale, format_decimal};

fn icu(locale: Locale) -> DecimalFormatter {
    let tag: Tag = locale.tag().parse().unwrap();
    DecimalFormatter::try_new(tag.into(), Default::default()).unwrap()
}

fn by_icu(formatter: &DecimalFormatter, value: i64, scale: u8) -> String {
    let mut number = Decimal::from(value);
    number.multiply_pow10(-i16::from(scale));
    formatter.format(&number).to_string()
}

#[test]
fn numbers_at_every_length_are_icu4x_s() {
    for locale in Locale::ALL {
        let formatter = icu(locale);
        for digits in 0..18 {
            let value = 10_i64.pow(digits);
            for value in [value, -value, value * 9 - 1, -(value * 9 - 1)] {
                for scale in 0..=4 {
                    assert_eq!(
                        format_decimal(value, scale, locale),
                        by_icu(&formatter, value, scale),
                        "{locale:?} {value} {scale}"
                    );
                }
            }
        }
        for value in [0, i64::MIN, i64::MAX] {
            assert_eq!(format_decimal(value, 2, locale), by_icu(&formatter, value, 2), "{locale:?} {value}");
        }
    }
}

proptest! {
    #[test]
    fn any_number_is_icu4x_s(value in any::<i64>(), shift in 0_u32..63, scale in 0_u8..=6) {
        let value = value >> shift;
        for locale in Locale::ALL {
            prop_assert_eq!(format_decimal(value, scale, locale), by_icu(&icu(locale), value, scale));
        }
    }
}
