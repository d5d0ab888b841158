//! Whether an invoice may be a simplified one: without the address of who bought.

use vitrine_pricing::quote::Amounts;
use vitrine_pricing::simplified::limit;
use vitrine_pricing::tax::TaxStatus;
use vitrine_shared::catalog::LegalEntity;

use crate::checkout::store::{Order, Person};

/// The law that allows it; `None`: the invoice says everything. Only what is sold and taxed within the seller's own country is simplified: laws
/// take sales across borders, intra-Community supplies and reverse charge out (Directive 2006/112/EC arts. 220a(2), 238(3)), and territories
/// with a tax of their own have other laws. Whoever buys for a business, or whose numbers belong on an invoice, gets the full one at once.
pub(super) fn by(seller: &LegalEntity, order: &Order, buyer: &Person) -> Option<String> {
    let business = order.tax.business || !buyer.company.is_empty() || !buyer.tax_id.is_empty();
    let home = seller.country.as_str();
    if business || !buyer.on_invoice().is_empty() || order.country != home {
        return None;
    }
    let taxed = |a: &Amounts| !a.taxes.is_empty() && a.taxes.iter().all(|t| t.rate_ppm > 0 && t.jurisdiction == home);
    let quote = &order.quote;
    let lines = quote.lines.iter().all(|line| line.tax_status == TaxStatus::Taxed && taxed(&line.amounts));
    let shipping = quote.shipping.iter().all(|sent| sent.net.is_zero() || taxed(sent));
    let limit = limit(home)?;
    // Of another currency than the law's the amount is not known.
    let small = quote.totals.gross.compare(limit.most).is_ok_and(std::cmp::Ordering::is_le);
    (lines && shipping && small).then(|| limit.source.to_owned())
}
