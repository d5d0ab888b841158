//! Names of what is sent together: how a choice among ways of sending is kept.

use vitrine_pricing::record::SellerOfRecord;
use vitrine_shared::id::StoreId;

/// Of a method's id: longer ones are none.
pub(super) const MOST_ID_BYTES: usize = 64;

/// Name of a part: each storefront sends by its own table, and its own lines and those that the marketplace sells for it in law are sent apart.
pub fn part_name(store: &StoreId, record: SellerOfRecord) -> String {
    match record {
        SellerOfRecord::Platform => format!("{store}.platform"),
        _ => store.to_string(),
    }
}
