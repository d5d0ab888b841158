//! Taxes from a service instead of the tables: which sales ask it, what is kept of its answers, and what stands in when it does not answer.
//!
//! Invariants:
//! - Only stores that want it ask, and only about lines that a tax is charged on: where a seller is registered stays the shop's record, and so
//!   does who owes the tax itself. Other carts cost nothing.
//! - An answer is kept for a while under a hash of its question and of who asks, so that what the page showed is what is placed. It is one
//!   order's: placing takes it in the transaction that holds the stock, and whoever finds it taken asks anew.
//! - Without an answer the tables' tax stands, by name (`Failed`), or nothing is sold, as the store says. Never zero by silence.
//!
//! Not here: what taxes do to totals (`vitrine_pricing`), keeping sales for returns (`checkout::taxes`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use vitrine_pricing::money::Money;
use vitrine_pricing::quote::{Amounts, ExternalPart, ExternalTaxes, QuotedLine, TaxIdState};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_pricing::tax::{Accuracy, TaxStatus};
use vitrine_shared::catalog::{ProductKind, TaxFallback, TaxProvider};
use vitrine_shared::id::{StoreId, VariantId};
use vitrine_table::{Condition, Consistency, Item, Key, Put, Table, TransactOp, Update, UpdateItem};
use vitrine_tax::{Address, Calculation, Line, Part, Question, SharedTax, Standing, TaxError};

use crate::cart::view::{Destination, Priced, PricedSeller};
use crate::fault::{self, Result};
use crate::pricing;

/// How long an answer holds, milliseconds: a checkout is done by then, and rates change at midnight.
const HOLDS_MS: i64 = 30 * 60 * 1000;
/// How long who did not answer is not asked the same again.
const AWAY_MS: i64 = 20 * 1000;
/// Code of an answer whose taxes are no multiples of what charges in the currency are multiples of.
const NOT_IN_STEPS: &str = "NOT_IN_STEPS";

/// What came of asking for one seller's part of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The storefront.
    pub store: StoreId,
    /// Who sells in law.
    pub record: SellerOfRecord,
    /// The answer.
    pub outcome: Outcome,
    /// What placing takes, where there is an answer.
    pub kept: Option<Answer>,
}

/// A kept answer that is nobody's yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Hash of its question.
    hash: String,
    /// The key it was asked with.
    name: String,
    /// When it can no longer be recorded, UTC milliseconds.
    pub expires_ms: i64,
}

fn answer_key(hash: &str) -> Key {
    Key::new(format!("TAXANSWER#{hash}"), "ANSWER#")
}

impl Answer {
    /// The write by which an order takes it; fails if another did, or if another answer was kept since.
    pub(crate) fn take(&self) -> TransactOp {
        let free = Condition::eq("name", self.name.clone()).and(Condition::Absent("taken".into()));
        TransactOp::Update(UpdateItem {
            key: answer_key(&self.hash),
            updates: vec![Update::set("taken", true)],
            condition: Some(free),
        })
    }
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
    /// The key it was asked with.
    #[serde(default)]
    name: String,
    /// It is an order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taken: Option<bool>,
}

impl Kept {
    fn holds(&self, now_ms: i64) -> bool {
        // One of before answers had names cannot be taken.
        if self.taken.is_some() || self.name.is_empty() {
            return false;
        }
        let long = if self.calculation.is_some() { HOLDS_MS } else { AWAY_MS };
        (0..long).contains(&(now_ms - self.asked_ms))
    }
}

/// Whether a charge can be made with its taxes: a service works out fillers of forints, too, in which nothing is charged.
fn is_in_steps(calculation: &Calculation) -> bool {
    let mut taxes = calculation.lines.iter().chain(&calculation.shipping).flat_map(|part| &part.taxes);
    taxes.all(|tax| tax.amount.is_in_steps())
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

    /// Name of the service that is connected.
    pub fn service(&self) -> Option<&'static str> {
        Some(self.provider.name()).filter(|name| *name != vitrine_tax::TaxProvider::name(&vitrine_tax::Nobody))
    }

    /// Whether any store of a priced cart wants the service asked.
    pub fn wanted(priced: &Priced, to: &Destination) -> bool {
        priced.sellers.iter().any(|seller| wants(seller, to))
    }

    /// Asks for every seller of a priced cart whose store wants it; `who` names the cart.
    ///
    /// # Errors
    /// The table's. A service that is away is no error: the outcome says so.
    pub async fn ask(
        &self,
        priced: &Priced,
        to: &Destination,
        address: Address,
        who: &str,
        now_ms: i64,
    ) -> Result<Vec<Asked>> {
        let asked = priced.sellers.iter().filter(|seller| wants(seller, to)).map(|seller| {
            let address = address.clone();
            async move {
                let (outcome, kept) = if address.country == "US" && address.postcode.is_empty() {
                    (Outcome::Postcode, None)
                } else {
                    self.asked(seller, address, who, now_ms).await?
                };
                Ok(Asked { store: seller.store.id.clone(), record: seller.record, outcome, kept })
            }
        });
        futures::future::try_join_all(asked).await
    }

    async fn asked(
        &self,
        seller: &PricedSeller,
        address: Address,
        who: &str,
        now_ms: i64,
    ) -> Result<(Outcome, Option<Answer>)> {
        let (question, lines) = question(seller, address)?;
        let text = serde_json::to_string(&question).map_err(|e| fault::internal("a question of tax", &e))?;
        let provider = self.provider.name();
        let hash =
            data_encoding::BASE32HEX_NOPAD.encode(&Sha256::digest(format!("{provider} {who} {text}").as_bytes()));
        let key = answer_key(&hash);
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
            Some(calculation) => {
                let answer = Answer { hash, name: kept.name, expires_ms: calculation.expires_ms };
                (Outcome::Given(given(provider, calculation, &lines)), Some(answer))
            }
            None => {
                let failed = Failed {
                    provider: provider.to_owned(),
                    code: kept.code,
                    at_ms: kept.asked_ms,
                    blocks: seller.store.tax_fallback == TaxFallback::Block,
                };
                (Outcome::Failed(failed), None)
            }
        })
    }

    async fn fresh(&self, hash: &str, question: &Question, asked_ms: i64) -> Kept {
        // Another asking is another key: neither a fault nor what is another order's is answered again from the service's memory.
        let once = crate::ids::secret();
        let (hash, once) = (hash.get(..24).unwrap_or(hash).to_ascii_lowercase(), once.get(..16).unwrap_or(&once));
        let name = format!("ask-{hash}-{asked_ms}-{once}");
        match self.provider.calculate(&name, question).await {
            Ok(calculation) if is_in_steps(&calculation) => {
                Kept { calculation: Some(calculation), code: String::new(), asked_ms, name, taken: None }
            }
            Ok(_) => {
                tracing::warn!(code = NOT_IN_STEPS, currency = %question.currency, "the tax service's taxes cannot be charged");
                Kept { calculation: None, code: NOT_IN_STEPS.into(), asked_ms, name, taken: None }
            }
            Err(error) => {
                let code = error.code().to_owned();
                match error {
                    TaxError::Refused(_) => tracing::warn!(code, "the tax service refuses a sale"),
                    TaxError::Unavailable(_) => tracing::warn!(code, "the tax service does not answer"),
                }
                Kept { calculation: None, code, asked_ms, name, taken: None }
            }
        }
    }
}

/// Whether a service is asked about a line: a tax is charged on it, or the tables know only the state's part. All others are as the tables
/// have them: outside of the scope, taxed at the border, of a place where the seller is not registered.
fn asks(line: &QuotedLine) -> bool {
    line.tax_status == TaxStatus::Taxed || line.accuracy == Accuracy::State
}

/// Whether the store of a priced part asks the service for it.
fn wants(seller: &PricedSeller, to: &Destination) -> bool {
    let lines = || seller.quote.lines.iter();
    let asked = match seller.store.tax_provider {
        TaxProvider::Engine => false,
        TaxProvider::ProviderWhereLocal => to.country == "US" && lines().any(|line| line.accuracy == Accuracy::State),
        TaxProvider::Always => lines().any(asks),
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

/// What is asked, and of each line of the document whether it is among that.
fn question(seller: &PricedSeller, buyer: Address) -> Result<(Question, Vec<bool>)> {
    let quote = &seller.quote;
    let mut lines = Vec::with_capacity(quote.lines.len());
    for (n, (line, of)) in quote.lines.iter().zip(&seller.lines).enumerate().filter(|(_, (line, _))| asks(line)) {
        lines.push(Line {
            reference: line_reference(n, &of.variant.id),
            class: pricing::class_of(&of.product).to_owned(),
            physical: of.product.kind == ProductKind::Physical,
            quantity: line.quantity,
            amount: paid(&line.amounts)?,
        });
    }
    // What is sent for other lines alone is taxed as they are.
    let shipping = quote.shipping.as_ref().filter(|_| lines.iter().any(|line| line.physical));
    let question = Question {
        currency: quote.currency,
        inclusive: quote.prices_include_tax,
        buyer,
        origin: Address { country: seller.store.ships_from.clone(), ..Address::default() },
        lines,
        shipping: shipping.map(paid).transpose()?,
    };
    Ok((question, quote.lines.iter().map(asks).collect()))
}

/// For the lines that were asked about; `asked`: of each line of the document whether it was.
fn given(provider: &str, calculation: Calculation, asked: &[bool]) -> ExternalTaxes {
    let part = |part: Part| ExternalPart {
        amount: part.amount,
        status: match part.standing {
            Standing::Taxed => TaxStatus::Taxed,
            Standing::ZeroRated => TaxStatus::ZeroRated,
            Standing::ReverseCharged => TaxStatus::ReverseCharged,
        },
        taxes: part.taxes,
    };
    let mut parts = calculation.lines.into_iter().map(part);
    ExternalTaxes {
        provider: provider.to_owned(),
        calculation: calculation.reference,
        lines: asked.iter().map(|asked| asked.then(|| parts.next()).flatten()).collect(),
        shipping: calculation.shipping.map(part),
    }
}
