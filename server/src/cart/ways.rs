//! How a seller's parcel can be sent: the ways that are offered with what each comes to, and the one that was chosen.

use vitrine_pricing::format::format_money;
use vitrine_pricing::quote::{OfferedMethod, Quote};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_shared::id::TenantId;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::trade::{SendingView, WayView};

use crate::fault::Result;

/// Of a method's id: longer ones are none.
pub(super) const MOST_ID_BYTES: usize = 64;

/// Name of a part: a shop's own lines and those that the marketplace sells for it in law are sent apart.
pub fn part_name(tenant: &TenantId, record: SellerOfRecord) -> String {
    match record {
        SellerOfRecord::Platform => format!("{tenant}.platform"),
        _ => tenant.to_string(),
    }
}

fn way(place: &Place, method: &OfferedMethod, quote: &Quote) -> Option<WayView> {
    let amounts = quote.shipping.as_ref()?;
    let price = if quote.prices_include_tax { amounts.gross } else { amounts.net };
    Some(WayView {
        id: method.id.clone(),
        name: method.called(place.locale.tag()).to_owned(),
        days: method.days.map(|days| (days.from, days.to)),
        price: format_money(price, place.locale),
        free: price.is_zero(),
        chosen: method.chosen,
    })
}

/// The ways that are offered for a part, in the seller's order. `ask` answers the part's quote with another way: promotions and tax decide what
/// it comes to, so each is a quote of its own, and one that cannot be quoted is not offered.
pub(super) fn sending(
    place: &Place,
    (part, gone): (String, bool),
    quote: Option<&Quote>,
    ask: impl Fn(&str) -> Result<Option<Quote>>,
) -> Result<SendingView> {
    let mut ways = Vec::new();
    for (quote, method) in quote.iter().flat_map(|q| q.shipping_methods.iter().map(move |m| (q, m))) {
        let with = if method.chosen { None } else { Some(ask(&method.id)?) };
        ways.extend(match &with {
            None => way(place, method, quote),
            Some(other) => other.as_ref().and_then(|other| way(place, method, other)),
        });
    }
    Ok(SendingView { part, ways, gone })
}

/// How an order is sent, with what was paid for it; none if nothing is, if there is no word for it and no other way, and for orders from
/// before there were several ways.
pub fn sent_by(place: &Place, quote: &Quote) -> Option<WayView> {
    let way = way(place, quote.sent_by()?, quote)?;
    (quote.shipping_methods.len() > 1 || !way.name.is_empty() || way.days.is_some()).then_some(way)
}
