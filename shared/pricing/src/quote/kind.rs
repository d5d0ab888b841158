//! Files and things, and the tax classes that are of one of them alone.

use serde::{Deserialize, Serialize};

/// How a line reaches the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Never shipped.
    Digital,
    /// Shipped.
    Physical,
}

/// Classes of what is downloaded or streamed.
const OF_FILES: [&str; 6] =
    ["digital_music", "digital_other", "digital_video", "ebook", "podcast", "subscription_digital"];
/// Classes of what is sent.
const OF_THINGS: [&str; 5] = ["goods", "physical_media", "physical_music", "printed_book", "shipping"];

impl Kind {
    /// The only kind that something of a tax class can have. None where it may have either: readings of books (`audiobook`) are sold as files and
    /// on discs, vouchers as codes and as cards, and a class of a seller's own says nothing of it.
    pub fn of_class(class: &str) -> Option<Self> {
        match class {
            class if OF_FILES.contains(&class) => Some(Self::Digital),
            class if OF_THINGS.contains(&class) => Some(Self::Physical),
            _ => None,
        }
    }

    /// Whether something of this kind can have the tax class.
    pub fn fits(self, class: &str) -> bool {
        Self::of_class(class).is_none_or(|kind| kind == self)
    }

    /// The class that something is taxed as. Documents and imports are refused where kind and class cannot be together, but records from before that
    /// may have such a pair, and a cart must not break by it. Then the kind counts, as it decides what the buyer gets and where tax is due, and the
    /// class is the general one of it: no file has the rate of a printed book.
    pub fn taxed_as(self, class: &str) -> &str {
        match self {
            _ if self.fits(class) => class,
            Self::Digital => "digital_other",
            Self::Physical => "goods",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tax::TaxRules;

    #[test]
    fn a_class_that_is_of_one_kind_is_taxed_as_the_other_kind_in_general() {
        for (kind, class, taxed) in [
            (Kind::Digital, "ebook", "ebook"),
            (Kind::Digital, "printed_book", "digital_other"),
            (Kind::Physical, "printed_book", "printed_book"),
            (Kind::Physical, "ebook", "goods"),
            (Kind::Digital, "audiobook", "audiobook"),
            (Kind::Physical, "audiobook", "audiobook"),
            (Kind::Digital, crate::tax::VOUCHER, crate::tax::VOUCHER),
            (Kind::Physical, "my_own", "my_own"),
        ] {
            assert_eq!(kind.taxed_as(class), taxed, "{kind:?} {class}");
            assert!(kind.fits(kind.taxed_as(class)));
        }
    }

    #[test]
    fn every_class_of_the_tables_is_known_here() {
        let both = ["audiobook"];
        for rule in TaxRules::built_in().rules() {
            for class in &rule.classes {
                assert!(Kind::of_class(class).is_some() != both.contains(&class.as_str()), "{class}");
            }
        }
    }
}
