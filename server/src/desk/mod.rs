//! The other side of the counter: the seller's studio and the platform's console.
//!
//! Invariants: every function asks `authz` first and works with the tenant of the loaded record; a change is one
//! transaction with its trail; what staff read of a person is opened from sealed data and only shown.
//!
//! Not here: what refunds and parcels do (`checkout`), documents (`invoices`), imports (`catalog::exchange`).

mod archive;
mod collections;
pub mod gift_cards;
mod groups;
mod http;
mod import;
mod jobs;
mod kept;
mod orders;
mod prices;
mod programs;
mod promotions;
mod rates;
mod refund;
mod sellers;
mod shipping;
mod stores;
mod studio;
mod tax;
mod tax_settings;
mod taxes;
#[cfg(test)]
mod tests;
mod value;

pub use archive::unpack;
pub use http::{routes, uploads};
pub(crate) use import::{IMPORT, archive_key_of};
pub use import::{clear_unpacked, handlers};
pub use prices::{GridAsk, GridForm, Line as PriceRow, Spot, lines as price_rows, place_of, seen_of};
pub use programs::Standing;
pub use promotions::NEW;
pub use refund::Choice;
pub use shipping::form as shipping_form;
pub use studio::Edit;
pub use taxes::Month;
pub use value::{TypedCard, TypedCredit};

use vitrine_shared::views::MomentView;
use vitrine_shared::views::desk::HistoryRow;

use crate::audit;
use crate::state::App;

/// The service.
#[derive(Clone)]
pub struct Desk(App);

impl Desk {
    /// Of this house.
    pub fn new(app: App) -> Self {
        Self(app)
    }
}

fn history(entries: Vec<audit::Entry>, locale: vitrine_pricing::format::Locale) -> Vec<HistoryRow> {
    entries
        .into_iter()
        .map(|e| HistoryRow {
            at: MomentView::of(e.at_ms, locale),
            act: e.act,
            who: e.who,
            why: e.why,
            what: if e.what.is_null() { String::new() } else { e.what.to_string() },
        })
        .collect()
}
