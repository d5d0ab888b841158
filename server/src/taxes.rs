//! Taxes from a service instead of the tables: which sales ask it, what is kept of its answers, and what stands in when it does not answer.
//!
//! Invariants:
//! - Only stores that want it ask, and only for what a tax is charged on: where a seller is registered stays the shop's record, and so
//!   does who owes the tax itself. Other carts cost nothing.
//! - An answer is kept for a while under a hash of its question, so that what the page showed is what is placed.
//! - Without an answer the tables' tax stands, by name (`Failed`), or nothing is sold, as the store says. Never zero by silence.
//!
//! Not here: what taxes do to totals (`vitrine_pricing`), keeping sales for returns (`checkout::taxes`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use vitrine_pricing::money::Money;
use vitrine_pricing::quote::{Amounts, ExternalPart, ExternalTax, ExternalTaxes, TaxIdState};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_pricing::tax::{Accuracy, TaxStatus};
use vitrine_shared::catalog::{ProductKind, TaxFallback, TaxProvider};
use vitrine_shared::id::{TenantId, VariantId};
use vitrine_table::{Consistency, Item, Key, Put, Table};
use vitrine_tax::{Address, Calculation, Line, Part, Question, SharedTax, Standing, TaxError};

use crate::cart::view::{Destination, Priced, PricedSeller};
use crate::fault::{self, Result};

/// How long an answer holds, milliseconds: a checkout is done by then, and rates change at midnight.
const HOLDS_MS: i64 = 30 * 60 * 1000;
/// How long who did not answer is not asked the same again.
const AWAY_MS: i64 = 20 * 1000;

/// What came of asking for one seller's part of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The shop.
    pub tenant: TenantId,
    /// Who sells in law.
    pub record: SellerOfRecord,
    /// The answer.
    pub outcome: Outcome,
}

/// See [`Asked`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taxes for the quote.
    Given(ExternalTaxes),
    /// None; what stands in is said by the store.
    Failed(Failed),
    /// The address does not say enough yet to ask.
    Postcode,
}

/// Who did not answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// `stripe`; `none`: the store wants a service and none is connected.
    pub provider: String,
    /// The service's word, or ours: `TIMEOUT`.
    pub code: String,
    /// When it was asked, UTC milliseconds.
    pub at_ms: i64,
    /// The store sells nothing without its answer.
    pub blocks: bool,
}

impl Outcome {
    /// Key of what the buyer is told.
    pub fn notice(&self) -> Option<&'static str> {
        match self {
            Self::Given(_) => None,
            Self::Failed(failed) if failed.blocks => Some("tax-service-blocked"),
            Self::Failed(_) => Some("tax-service-fallback"),
            Self::Postcode => Some("tax-service-postcode"),
        }
    }
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    calculation: Option<Calculation>,
    #[serde(default)]
    code: String,
    asked_ms: i64,
}

impl Kept {
    fn holds(&self, now_ms: i64) -> bool {
        let long = if self.calculation.is_some() { HOLDS_MS } else { AWAY_MS };
        (0..long).contains(&(now_ms - self.asked_ms))
    }
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Taxes {
    table: Arc<dyn Table>,
    pub(crate) provider: SharedTax,
}

impl Taxes {
    /// Over this provider; answers are kept in the table.
    pub fn new(table: Arc<dyn Table>, provider: SharedTax) -> Self {
        Self { table, provider }
    }

    /// Whether any store of a priced cart wants the service asked.
    pub fn wanted(priced: &Priced, to: &Destination) -> bool {
        priced.sellers.iter().any(|seller| wants(seller, to))
    }

    /// Asks for every seller of a priced cart whose store wants it.
    ///
    /// # Errors
    /// The table's. A service that is away is no error: the outcome says so.
    pub async fn ask(&self, priced: &Priced, to: &Destination, address: Address, now_ms: i64) -> Result<Vec<Asked>> {
        let asked = priced.sellers.iter().filter(|seller| wants(seller, to)).map(|seller| {
            let address = address.clone();
            async move {
                let outcome = if address.country == "US" && address.postcode.is_empty() {
                    Outcome::Postcode
                } else {
                    self.asked(seller, address, now_ms).await?
                };
                Ok(Asked { tenant: seller.tenant.id.clone(), record: seller.record, outcome })
            }
        });
        futures::future::try_join_all(asked).await
    }

    async fn asked(&self, seller: &PricedSeller, address: Address, now_ms: i64) -> Result<Outcome> {
        let question = question(seller, address)?;
        let text = serde_json::to_string(&question).map_err(|e| fault::internal("a question of tax", &e))?;
        let provider = self.provider.name();
        let hash = data_encoding::BASE32HEX_NOPAD.encode(&Sha256::digest(format!("{provider} {text}").as_bytes()));
        let key = Key::new(format!("TAXANSWER#{hash}"), "ANSWER#");
        let known = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
        let known = known.map(vitrine_table::from_item::<Kept>).transpose().map_err(fault::table)?;
        let kept = match known.filter(|kept| kept.holds(now_ms)) {
            Some(kept) => kept,
            None => {
                let kept = self.fresh(&hash, &question, now_ms).await;
                let mut item: Item = vitrine_table::to_item(&key, &kept).map_err(fault::table)?;
                item.retain(|_, v| !v.is_null());
                item.insert("ttl".into(), json!((now_ms + HOLDS_MS) / 1000));
                item.insert("_v".into(), 1.into());
                self.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
                kept
            }
        };
        Ok(match kept.calculation {
            Some(calculation) => Outcome::Given(given(provider, calculation)),
            None => Outcome::Failed(Failed {
                provider: provider.to_owned(),
                code: kept.code,
                at_ms: kept.asked_ms,
                blocks: seller.store.tax_fallback == TaxFallback::Block,
            }),
        })
    }

    async fn fresh(&self, hash: &str, question: &Question, asked_ms: i64) -> Kept {
        // Another asking is another key: a fault is not to be answered again from the service's memory.
        let key = format!("ask-{}-{asked_ms}", hash.get(..40).unwrap_or(hash).to_ascii_lowercase());
        match self.provider.calculate(&key, question).await {
            Ok(calculation) => Kept { calculation: Some(calculation), code: String::new(), asked_ms },
            Err(error) => {
                let code = error.code().to_owned();
                match error {
                    TaxError::Refused(_) => tracing::warn!(code, "the tax service refuses a sale"),
                    TaxError::Unavailable(_) => tracing::warn!(code, "the tax service does not answer"),
                }
                Kept { calculation: None, code, asked_ms }
            }
        }
    }
}

/// Whether the store of a priced part asks the service for it.
fn wants(seller: &PricedSeller, to: &Destination) -> bool {
    let state_only = || seller.quote.lines.iter().any(|line| line.accuracy == Accuracy::State);
    let taxed = || seller.quote.lines.iter().any(|line| line.tax_status == TaxStatus::Taxed);
    let asked = match seller.store.tax_provider {
        TaxProvider::Engine => false,
        TaxProvider::ProviderWhereLocal => to.country == "US" && state_only(),
        TaxProvider::Always => taxed() || state_only(),
    };
    // Ids are checked here, and what they do to a tax is the law of both places.
    let business = to.business.as_ref().is_some_and(|b| b.state == TaxIdState::Valid);
    asked && !business && !seller.quote.totals.gross.is_zero()
}

/// What tax is computed on: as listed, less discounts.
fn paid(amounts: &Amounts) -> Result<Money> {
    let off = amounts.discounts.iter().map(|d| d.amount);
    let off = Money::sum(amounts.list.currency(), off).map_err(|e| fault::internal("a discount", &e))?;
    amounts.list.checked_sub(off).map_err(|e| fault::internal("a discount", &e))
}

/// What the service calls a line of an order by, to us.
pub fn line_reference(number: usize, variant: &VariantId) -> String {
    format!("{number}-{variant}")
}

fn question(seller: &PricedSeller, buyer: Address) -> Result<Question> {
    let quote = &seller.quote;
    let physical = |n: usize| seller.lines.get(n).is_some_and(|l| l.product.kind == ProductKind::Physical);
    let mut lines = Vec::with_capacity(quote.lines.len());
    for (n, (line, of)) in quote.lines.iter().zip(&seller.lines).enumerate() {
        lines.push(Line {
            reference: line_reference(n, &of.variant.id),
            class: of.product.tax_class.clone(),
            physical: physical(n),
            quantity: line.quantity,
            amount: paid(&line.amounts)?,
        });
    }
    Ok(Question {
        currency: quote.currency,
        inclusive: quote.prices_include_tax,
        buyer,
        origin: Address { country: seller.store.ships_from.clone(), ..Address::default() },
        lines,
        shipping: quote.shipping.as_ref().map(paid).transpose()?,
    })
}

fn given(provider: &str, calculation: Calculation) -> ExternalTaxes {
    let part = |part: Part| ExternalPart {
        amount: part.amount,
        status: match part.standing {
            Standing::Taxed => TaxStatus::Taxed,
            Standing::ZeroRated => TaxStatus::ZeroRated,
            Standing::ReverseCharged => TaxStatus::ReverseCharged,
        },
        taxes: part
            .taxes
            .into_iter()
            .map(|tax| ExternalTax {
                jurisdiction: tax.jurisdiction,
                name: tax.name,
                rate_ppm: tax.rate_ppm,
                base: tax.base,
                amount: tax.amount,
                reason: tax.reason,
            })
            .collect(),
    };
    ExternalTaxes {
        provider: provider.to_owned(),
        calculation: calculation.reference,
        lines: calculation.lines.into_iter().map(part).collect(),
        shipping: calculation.shipping.map(part),
    }
}
