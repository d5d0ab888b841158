use serde::{Deserialize, Serialize};

use super::external::ExternalTaxes;
use super::shapes::{Buyer, NoRulePolicy, QuoteRequest, RequestLine, Rounding, Seller, TaxIdState};
use crate::cash::Tender;
use crate::date::Date;
use crate::money::Currency;
use crate::promotion::{Customer, Promotion};
use crate::shipping::ShippingTable;

/// A question at the door: a [`QuoteRequest`] of which a shop knows the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Handle of the storefront that sells; needed for lines without `sku` unless `seller` is there.
    #[serde(default)]
    pub store: Option<String>,
    /// Of every amount; the market's if absent.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Legal date; today if absent. Another one than today only with `pricing:simulate`.
    #[serde(default)]
    pub date: Option<Date>,
    /// Market id whose price regions are asked; of the buyer's country if absent.
    #[serde(default)]
    pub market: Option<String>,
    /// In place of the store, and of the marketplace where the law presumes that it sells; only with `pricing:simulate`.
    #[serde(default)]
    pub seller: Option<Seller>,
    /// Who buys, and where.
    pub buyer: Buyer,
    /// 1 to 1000; all of one seller, in law too (`mixed_sellers`). Lines without `sku` only with `pricing:simulate`.
    pub lines: Vec<RequestLine>,
    /// Discount codes as typed, at most 20 of 64 bytes; what became of each is answered.
    #[serde(default)]
    pub codes: Vec<String>,
    /// In place of the store's, at most 100; only with `pricing:simulate`.
    #[serde(default)]
    pub promotions: Option<Vec<Promotion>>,
    /// In place of what the store knows of the buyer; only with `pricing:simulate`.
    #[serde(default)]
    pub customer: Option<Customer>,
    /// In place of the store's; only with `pricing:simulate`.
    #[serde(default)]
    pub shipping: Option<ShippingTable>,
    /// Id of a method of the table; the cheapest that is offered if absent.
    #[serde(default)]
    pub shipping_method: Option<String>,
    /// In place of the store's; only with `pricing:simulate`.
    #[serde(default)]
    pub rounding: Option<Rounding>,
    /// In place of the store's; only with `pricing:simulate`.
    #[serde(default)]
    pub no_rule: Option<NoRulePolicy>,
    /// Taxes of a tax service in place of the tables'; only with `pricing:simulate`.
    #[serde(default)]
    pub external_taxes: Option<ExternalTaxes>,
    /// `cash`: the answer says what is paid in coins of the buyer's country.
    #[serde(default)]
    pub tender: Tender,
}

impl Document {
    /// Paths of what only who may simulate prices may say: what else decides a price than the shop's records and today's date.
    pub fn simulated(&self, today: Date) -> Vec<String> {
        let mut paths = Vec::new();
        let mut when = |is: bool, path: &str| paths.extend(is.then(|| path.to_owned()));
        when(self.date.is_some_and(|date| date != today), "date");
        when(self.seller.is_some(), "seller");
        when(self.buyer.tax_id_state != TaxIdState::None, "buyer.tax_id_state");
        when(self.promotions.is_some(), "promotions");
        when(self.customer.is_some(), "customer");
        when(self.shipping.is_some(), "shipping");
        when(self.rounding.is_some(), "rounding");
        when(self.no_rule.is_some(), "no_rule");
        when(self.external_taxes.is_some(), "external_taxes");
        for (i, _) in self.lines.iter().enumerate().filter(|(_, line)| line.sku.is_none()) {
            paths.push(format!("lines[{i}]"));
        }
        paths
    }

    /// What is asked, with what the shop knows in the places that were left open.
    pub fn request(self, currency: Currency, date: Date, seller: Seller) -> QuoteRequest {
        QuoteRequest {
            currency,
            date,
            market: self.market,
            seller,
            buyer: self.buyer,
            lines: self.lines,
            codes: self.codes,
            promotions: self.promotions,
            customer: self.customer,
            shipping: self.shipping,
            shipping_method: self.shipping_method,
            rounding: self.rounding.unwrap_or_default(),
            no_rule: self.no_rule.unwrap_or_default(),
            external_taxes: self.external_taxes,
            tender: self.tender,
        }
    }
}
