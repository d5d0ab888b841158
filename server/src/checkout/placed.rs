//! Where an order was taxed and by what that was known, for who bought it: sentences of the locale files.

use vitrine_pricing::evidence::{Piece, Source};
use vitrine_shared::views::trade::ExplainView;

use super::store::Order;

fn said(key: &str, country: &str, by: &str, locale: &str) -> ExplainView {
    let country = vitrine_places::country_name(country, locale).unwrap_or(country).to_owned();
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

/// The country that the order was taxed for with the pieces that say so, those that say another one, and what the buyer said of them. Parcels
/// are taxed where they go. Nothing for gift cards, which are taxed where they are spent.
pub(super) fn told(order: &Order, locale: &str) -> Vec<ExplainView> {
    if order.is_gift() {
        return Vec::new();
    }
    let Some(evidence) = &order.tax.evidence else {
        return vec![said("explain-place-sent", &order.country, "", locale)];
    };
    let pieces = || evidence.pieces.iter().filter_map(|piece| Some((word(piece)?, piece.country.as_str())));
    let mut agree: Vec<&str> =
        pieces().filter(|(_, country)| *country == order.country).map(|(word, _)| word).collect();
    agree.sort_unstable();
    let mut out = vec![said("explain-place", &order.country, &agree.join("-"), locale)];
    let others = pieces().filter(|(_, country)| *country != order.country);
    out.extend(others.map(|(word, country)| said("explain-place-but", country, word, locale)));
    // The newest counts; older orders only know that something was said.
    let newest = evidence.statements.last().map(|said| said.country.as_str());
    let country = newest.or_else(|| evidence.declared.then_some(order.country.as_str()));
    out.extend(country.map(|country| said("explain-place-said", country, "", locale)));
    out
}
