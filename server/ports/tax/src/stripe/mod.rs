//! Stripe Tax: calculations, and the transactions made of them.
//!
//! Amounts go over in the processor's own units (`Money::to_processor`). Where the account does not collect (`not_collecting`), or the
//! place is not supported, the answer of zero is no answer: it is refused, so that who asked falls back by name.
//!
//! The classes of the catalogue become Stripe's product tax codes by `data/stripe-tax-codes.tsv`: codes as listed at
//! <https://docs.stripe.com/tax/tax-codes> (read 2026-11-29); a class without a row is the general one of its kind. `subscription_digital`
//! is left to the general one: Stripe has codes by medium only.

mod call;
mod read;

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;
use vitrine_pricing::money::Money;
use vitrine_pricing::processor::ProcessorError;

use crate::{Back, Calculation, Line, Question, Result, Reversal, TaxError, TaxProvider, Transaction};
use call::{Form, Http};
use read::{CalculationSaid, LineSaid, Listed, TransactionSaid};

/// The public service.
pub const SERVICE: &str = "https://api.stripe.com/";
/// The version whose shapes are read here.
pub const VERSION: &str = "2026-08-26.dahlia";
/// Most lines of one question.
const MOST_LINES: usize = 1000;
const CODES: &str = include_str!("../../data/stripe-tax-codes.tsv");

/// How to reach it.
#[derive(Clone, Debug)]
pub struct StripeConfig {
    /// The interface's root, with the last slash.
    pub base: Url,
    /// A secret or restricted key that may write tax calculations and transactions.
    pub key: SecretString,
}

/// The adapter.
pub struct Stripe {
    http: Http,
}

impl Stripe {
    /// The adapter over this configuration.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(config: &StripeConfig) -> std::result::Result<Self, String> {
        Ok(Self { http: Http::new(config)? })
    }
}

/// The product tax code of a class; without one of its own, of its kind.
pub fn tax_code(class: &str, physical: bool) -> &'static str {
    let of = |class: &str| {
        CODES.lines().skip(1).find_map(|row| {
            let mut fields = row.split('\t');
            (fields.next() == Some(class)).then(|| fields.next()).flatten()
        })
    };
    let general = if physical { "physical" } else { "digital" };
    of(class).or_else(|| of(general)).unwrap_or("txcd_99999999")
}

fn units(amount: Money) -> Result<i64> {
    amount.to_processor().map_err(|why| {
        TaxError::Refused(match why {
            ProcessorError::Currency(_) => "CURRENCY".into(),
            _ => "AMOUNT".into(),
        })
    })
}

fn behavior(inclusive: bool) -> &'static str {
    if inclusive { "inclusive" } else { "exclusive" }
}

fn address(form: &mut Form, path: &str, address: &crate::Address) {
    for (name, value) in [
        ("line1", &address.line1),
        ("line2", &address.line2),
        ("city", &address.city),
        ("state", &address.region),
        ("postal_code", &address.postcode),
        ("country", &address.country),
    ] {
        if !value.is_empty() {
            form.put(format!("{path}[address][{name}]"), value);
        }
    }
}

fn asked(question: &Question) -> Result<Form> {
    if question.lines.is_empty() || question.lines.len() > MOST_LINES {
        return Err(TaxError::Refused("LINES".into()));
    }
    let mut form = Form::default();
    form.put("currency", question.currency.code().to_ascii_lowercase());
    address(&mut form, "customer_details", &question.buyer);
    let parcel = question.lines.iter().any(|line| line.physical);
    form.put("customer_details[address_source]", if parcel { "shipping" } else { "billing" });
    if parcel && !question.origin.country.is_empty() {
        address(&mut form, "ship_from_details", &question.origin);
    }
    for (i, Line { reference, class, physical, quantity, amount }) in question.lines.iter().enumerate() {
        let mut put = |name: &str, value: String| form.put(format!("line_items[{i}][{name}]"), value);
        put("amount", units(*amount)?.to_string());
        put("quantity", quantity.to_string());
        put("reference", reference.clone());
        put("tax_behavior", behavior(question.inclusive).into());
        put("tax_code", tax_code(class, *physical).into());
    }
    if let Some(amount) = question.shipping {
        form.put("shipping_cost[amount]", units(amount)?.to_string());
        form.put("shipping_cost[tax_behavior]", behavior(question.inclusive));
        form.put("shipping_cost[tax_code]", tax_code("shipping", true));
    }
    form.put("expand[0]", "line_items.data.tax_breakdown");
    form.put("expand[1]", "shipping_cost.tax_breakdown");
    Ok(form)
}

fn reversed(form: &mut Form, path: &str, back: &Back, inclusive: bool) -> Result<()> {
    let whole = back.net.checked_add(back.tax).map_err(|_| TaxError::Refused("AMOUNT".into()))?;
    let amount = if inclusive { whole } else { back.net };
    form.put(format!("{path}[amount]"), (-units(amount)?).to_string());
    form.put(format!("{path}[amount_tax]"), (-units(back.tax)?).to_string());
    Ok(())
}

impl Stripe {
    /// All of a list whose first page came along, each with what is wanted expanded, if it has it. What it belongs to is made by then:
    /// whatever is wrong with the list, the same call may be made again.
    async fn all<L: LineSaid>(&self, mut list: Listed<L>, path: &str, expand: Option<&str>) -> Result<Vec<L>> {
        let mut all = std::mem::take(&mut list.data);
        while list.has_more {
            let last = all.last().map(|line| line.id().to_owned()).ok_or_else(read::unreadable)?;
            let mut query = Form::default();
            query.put("limit", "100");
            query.put("starting_after", last);
            if let Some(expand) = expand {
                query.put("expand[0]", expand);
            }
            let next = self.http.get(path, &query).await;
            list = next.map_err(|why| TaxError::Unavailable(why.code().to_owned()))?;
            if list.data.is_empty() || all.len() > MOST_LINES {
                return Err(read::unreadable());
            }
            all.append(&mut list.data);
        }
        Ok(all)
    }

    async fn calculated(&self, key: &str, question: &Question) -> Result<Calculation> {
        let mut said: CalculationSaid = self.http.post("v1/tax/calculations", key, &asked(question)?).await?;
        let id = said.id.clone().filter(|id| read::is_name(id)).ok_or_else(read::unreadable)?;
        let first = said.line_items.take().ok_or_else(read::unreadable)?;
        let lines =
            self.all(first, &format!("v1/tax/calculations/{id}/line_items"), Some("data.tax_breakdown")).await?;
        read::calculation(question, id, said, lines)
    }

    async fn recorded(&self, key: &str, calculation: &str, reference: &str) -> Result<Transaction> {
        let mut form = Form::default();
        form.put("calculation", calculation);
        form.put("reference", reference);
        form.put("expand[0]", "line_items");
        let said: TransactionSaid = self.http.post("v1/tax/transactions/create_from_calculation", key, &form).await?;
        let id = said.id.filter(|id| read::is_name(id)).ok_or_else(read::unreadable)?;
        let first = said.line_items.ok_or_else(read::unreadable)?;
        let lines = self.all(first, &format!("v1/tax/transactions/{id}/line_items"), None).await?;
        Ok(Transaction { reference: id, lines: lines.into_iter().map(|line| (line.reference, line.id)).collect() })
    }

    async fn given_back(&self, key: &str, transaction: &str, reference: &str, what: &Reversal) -> Result<String> {
        let mut form = Form::default();
        form.put("original_transaction", transaction);
        form.put("reference", reference);
        match what {
            Reversal::Whole => form.put("mode", "full"),
            Reversal::Parts { inclusive, lines, shipping } => {
                form.put("mode", "partial");
                for (i, back) in lines.iter().enumerate() {
                    let path = format!("line_items[{i}]");
                    reversed(&mut form, &path, back, *inclusive)?;
                    form.put(format!("{path}[original_line_item]"), &back.line);
                    form.put(format!("{path}[reference]"), format!("{reference}-{i}"));
                    if back.quantity > 0 {
                        form.put(format!("{path}[quantity]"), back.quantity.to_string());
                    }
                }
                if let Some(back) = shipping {
                    reversed(&mut form, "shipping_cost", back, *inclusive)?;
                }
            }
        }
        let said: TransactionSaid = self.http.post("v1/tax/transactions/create_reversal", key, &form).await?;
        said.id.filter(|id| read::is_name(id)).ok_or_else(read::unreadable)
    }
}

/// The calculation that one whole answer holds: the body alone, all lines on its first page.
///
/// # Errors
/// As [`TaxProvider::calculate`], without what a connection adds.
pub fn read(question: &Question, bytes: &[u8]) -> Result<Calculation> {
    let mut said: CalculationSaid = serde_json::from_slice(bytes).map_err(|_| read::unreadable())?;
    let id = said.id.clone().filter(|id| read::is_name(id)).ok_or_else(read::unreadable)?;
    let lines = said.line_items.take().ok_or_else(read::unreadable)?.data;
    read::calculation(question, id, said, lines)
}

#[async_trait]
impl TaxProvider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    async fn calculate(&self, key: &str, question: &Question) -> Result<Calculation> {
        call::in_time(self.calculated(key, question)).await
    }

    async fn record(&self, key: &str, calculation: &str, reference: &str) -> Result<Transaction> {
        call::in_time(self.recorded(key, calculation, reference)).await
    }

    async fn reverse(&self, key: &str, transaction: &str, reference: &str, what: &Reversal) -> Result<String> {
        call::in_time(self.given_back(key, transaction, reference, what)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_codes_and_others_the_general_one_of_their_kind() {
        assert_eq!(tax_code("ebook", false), "txcd_10302000");
        assert_eq!(tax_code("shipping", true), "txcd_92010001");
        assert_eq!(tax_code("subscription_digital", false), "txcd_10000000");
        assert_eq!(tax_code("physical_music", true), "txcd_99999999");
        assert_eq!(tax_code("made_up", true), "txcd_99999999");
        for row in CODES.lines().skip(1) {
            let code = row.split('\t').nth(1).unwrap();
            assert!(code.strip_prefix("txcd_").is_some_and(|n| n.len() == 8 && n.parse::<u32>().is_ok()), "{row}");
        }
    }
}
