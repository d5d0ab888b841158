//! Where an order was taxed and by what that was known, for who bought it: sentences of the locale files.

use vitrine_pricing::evidence::{Piece, Source};
use vitrine_pricing::quote::{Quote, QuoteRequest};
use vitrine_shared::views::trade::ExplainView;

use super::store::Order;

/// The state or province that a sale is made in, by its code, where taxes and sales go by that; empty: elsewhere, or it is not known. Of India it
/// is the place of supply: the buyer's state or, of who named none and was charged the taxes within a state, the seller's (IGST Act 2017 ss.
/// 10(1)(ca), 12(2)(b)(ii)).
pub(super) fn supplied_in(asked: &QuoteRequest, quote: &Quote) -> String {
    if !matches!(asked.buyer.country.as_str(), "US" | "CA" | "IN") {
        return String::new();
    }
    let within = || quote.totals.taxes.iter().any(|tax| tax.jurisdiction.starts_with("IN-"));
    let region = asked.buyer.region.as_deref().filter(|region| !region.is_empty());
    let region = region.or_else(|| asked.seller.region.as_deref().filter(|_| within()));
    region.map(str::to_ascii_uppercase).unwrap_or_default()
}

fn said(key: &str, (country, region): (&str, &str), by: &str, locale: &str) -> ExplainView {
    let state = vitrine_places::region_of(country, region).map_or(region, |state| state.latin);
    let country = vitrine_places::country_name(country, locale).unwrap_or(country);
    let country = if state.is_empty() { country.to_owned() } else { format!("{state}, {country}") };
    let args = vec![("country".to_owned(), country), ("by".to_owned(), by.to_owned())];
    ExplainView { rule: String::new(), key: key.to_owned(), args }
}

/// A buyer's word for a piece besides the address; none for kinds that no shop of ours collects.
fn word(piece: &Piece) -> Option<&'static str> {
    match piece.source {
        _ if piece.worthless => None,
        Source::Network => Some("network"),
        Source::Payment => Some("payment"),
        _ => None,
    }
}

/// The country, with the state where tax goes by it, that the order was taxed for with the pieces that say so, those that say another one, and what the buyer said of them. Parcels
/// are taxed where they go. Nothing for gift cards, which are taxed where they are spent.
pub(super) fn told(order: &Order, locale: &str) -> Vec<ExplainView> {
    if order.is_gift() {
        return Vec::new();
    }
    let place = (order.country.as_str(), order.region.as_str());
    let Some(evidence) = &order.tax.evidence else {
        return vec![said("explain-place-sent", place, "", locale)];
    };
    let pieces = || evidence.pieces.iter().filter_map(|piece| Some((word(piece)?, piece.country.as_str())));
    let mut agree: Vec<&str> =
        pieces().filter(|(_, country)| *country == order.country).map(|(word, _)| word).collect();
    agree.sort_unstable();
    let mut out = vec![said("explain-place", place, &agree.join("-"), locale)];
    let others = pieces().filter(|(_, country)| *country != order.country);
    out.extend(others.map(|(word, country)| said("explain-place-but", (country, ""), word, locale)));
    // The newest counts; older orders only know that something was said.
    let newest = evidence.statements.last().map(|said| said.country.as_str());
    let country = newest.or_else(|| evidence.declared.then_some(order.country.as_str()));
    out.extend(country.map(|country| said("explain-place-said", (country, ""), "", locale)));
    out
}
