//! What a cart would come to with other numbers of pieces, before it is changed.
//!
//! A cart's page carries [`Pricing`]: what its seller asks for the parcels in it, and the slice of tax rules for (seller, market, day). The browser
//! prices with it by the same function as the server, also without a network. Invariant: what a browser works out is shown only if its tables are
//! those of the server's rules and if, for the cart as it is, it comes to the very total that the server said; else the server is asked. Nothing of
//! it is charged: placing an order prices again and compares.
//! Not here: promotions, prices that buyers name, tax services, amounts in another currency and everything else that a page does not carry; those carts are the server's.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use vitrine_pricing::format::{Locale, format_money};
use vitrine_pricing::market::{Market, TaxDisplay};
use vitrine_pricing::money::Money;
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::Promotions;
use vitrine_pricing::quote::{Context, Quote, QuoteError, QuoteRequest, QuotedLine, Sellable, quote};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::TaxRules;

use super::card::Place;
use super::sums::{explain, line_word, note, sending, sums, total_word, undiscounted};
use super::trade::{CartView, SellerPart};

/// One seller's part of a cart as the pricing function is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posed {
    /// The question; every line has a `sku`.
    pub request: QuoteRequest,
    /// Its editions.
    pub items: Vec<Sellable>,
    /// Their prices here and now, of every number of pieces.
    pub prices: PriceList,
    /// How the seller sends.
    pub shipping: ShippingTable,
}

impl Posed {
    /// The totals by some rules, with what a seller takes off.
    ///
    /// # Errors
    /// [`QuoteError`].
    pub fn quote(&self, rules: &TaxRules, promotions: Promotions<'_>) -> Result<Quote, QuoteError> {
        let context = Context { rules, items: &self.items, prices: &self.prices, shipping: &self.shipping, promotions };
        quote(&self.request, &context)
    }
}

/// What a page carries to price its cart by itself. JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pricing {
    /// Those of the sellers, the market and the day, with the hash of the whole table.
    pub rules: TaxRules,
    /// Market id.
    pub market: String,
    /// How amounts are written, BCP 47.
    pub locale: String,
    /// By seller, in the order of the cart's parts; each way of sending that may be chosen is in its request.
    pub parts: Vec<Posed>,
    /// The hash that the server's quotes named.
    pub hash: String,
    /// The page as it is, without what goes with it.
    pub view: CartView,
    /// When the page was made, UTC milliseconds by the server's clock: the reader's own may be wrong.
    pub made_ms: i64,
    /// When the totals may be others, UTC milliseconds.
    pub until_ms: Option<i64>,
}

/// So many pieces of an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pieces {
    /// Variant id.
    pub variant: String,
    /// 1 or more.
    pub quantity: u32,
}

/// Why a page does not price by itself and asks the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// What it carries cannot be read.
    Unreadable,
    /// Its rules were cut with other tables than this program has, or the server's quotes named another hash than they have.
    OtherRules,
    /// For the cart as it is it comes to something else than the server said.
    OtherTotal,
    /// The day, or a price, is over.
    Over,
    /// There is no total with so many pieces: too heavy to be sent, for one.
    Refused,
}

impl Pricing {
    /// The page with other numbers of pieces; those that are not named stay. Pure; `age_ms` is how old the page is, milliseconds.
    ///
    /// # Errors
    /// Why the server is to be asked.
    pub fn page(&self, pieces: &[Pieces], age_ms: i64) -> Result<CartView, Why> {
        if !self.rules.is_of_this_program() || self.rules.hash() != self.hash {
            return Err(Why::OtherRules);
        }
        if self.until_ms.is_some_and(|until| self.made_ms.saturating_add(age_ms) >= until) {
            return Err(Why::Over);
        }
        if self.priced(&[])?.total_minor != self.view.total_minor {
            return Err(Why::OtherTotal);
        }
        self.priced(pieces)
    }

    fn priced(&self, pieces: &[Pieces]) -> Result<CartView, Why> {
        let market = Market::by_id(&self.market).ok_or(Why::Unreadable)?;
        let currency = self.parts.first().ok_or(Why::Unreadable)?.request.currency;
        let locale = Locale::from_tag(&self.locale);
        let place = Place { market, currency, wish: currency, rates: None, locale, files_url: String::new() };
        let mut view = self.view.clone();
        if view.sellers.len() != self.parts.len() {
            return Err(Why::Unreadable);
        }
        let (mut total, mut quotes) = (Money::zero(currency), Vec::with_capacity(self.parts.len()));
        for (shown, part) in view.sellers.iter_mut().zip(&self.parts) {
            let mut part = part.clone();
            for line in &mut part.request.lines {
                let other = pieces.iter().find(|p| line.sku.as_ref() == Some(&p.variant));
                line.quantity = other.map_or(line.quantity, |p| p.quantity);
            }
            let ask = |way: Option<&str>| {
                let mut asked = part.clone();
                asked.request.shipping_method = way.map(str::to_owned).or(asked.request.shipping_method);
                asked.quote(&self.rules, Promotions::default())
            };
            let quote = ask(None).map_err(|_| Why::Refused)?;
            total = total.checked_add(quote.totals.gross).map_err(|_| Why::Refused)?;
            put(&place, &quote, |way| ask(Some(way)).ok(), shown).ok_or(Why::Unreadable)?;
            quotes.push(quote);
        }
        view.count = view.sellers.iter().flat_map(|part| &part.lines).map(|line| line.quantity).sum();
        view.total = format_money(total, locale);
        view.total_minor = total.minor();
        view.tax_word = total_word(&place, &quotes).to_owned();
        Ok(view)
    }
}

/// Puts what a quote comes to into a part of the page; `None` if it is of other lines.
fn put(place: &Place, quote: &Quote, ask: impl Fn(&str) -> Option<Quote>, shown: &mut SellerPart) -> Option<()> {
    let inclusive = place.market.tax_display == TaxDisplay::Inclusive;
    let named = |line: &QuotedLine| line.sku.clone().unwrap_or_default();
    if !shown.lines.iter().map(|line| line.variant.clone()).eq(quote.lines.iter().map(named)) {
        return None;
    }
    for (i, (line, new)) in shown.lines.iter_mut().zip(&quote.lines).enumerate() {
        let before = new.compare_at.map(|before| before.minor());
        line.quantity = new.quantity;
        line.unit = place.price(quote.currency, new.unit_price.minor(), None, before, false);
        line.unit.tax_word = line_word(place, quote, i).to_owned();
        line.total = format_money(undiscounted(&new.amounts, inclusive), place.locale);
    }
    shown.sums = sums(place, quote);
    shown.explain = explain(place, quote);
    shown.tax_note = note(quote);
    let (part, gone) = (shown.sending.part.clone(), shown.sending.gone);
    let Ok(sending) = sending(place, (part, gone), Some(quote), |way| Ok::<_, Infallible>(ask(way)));
    shown.sending = sending;
    Some(())
}
