//! The reader of the browser's client against the one that everybody uses.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vitrine_shared::Problem;
use vitrine_shared::catalog::Work;
use vitrine_shared::json;
use vitrine_shared::views::card::{CardData, CardPrices};
use vitrine_shared::views::prices::PricesView;
use vitrine_shared::views::trade::{CartView, CheckoutForm, OrderView, PayState};
use vitrine_shared::views::{CatalogView, WorkView};

use crate::text;

/// Whether somewhere a list was sent in place of named fields; those are not read.
fn unnamed(sent: &Value, read: &Value) -> bool {
    match (sent, read) {
        (Value::Array(_), Value::Object(_)) => true,
        (Value::Array(sent), Value::Array(read)) => sent.iter().zip(read).any(|(sent, read)| unnamed(sent, read)),
        (Value::Object(sent), Value::Object(read)) => {
            sent.iter().any(|(name, sent)| read.get(name).is_some_and(|read| unnamed(sent, read)))
        }
        _ => false,
    }
}

fn alike<T: Serialize + DeserializeOwned>(text: &str, tree: Option<&Value>) {
    let value = |read: &T| serde_json::to_value(read).unwrap_or_else(|e| panic!("it cannot be shown: {e}"));
    let (ours, Some(tree)) = (json::from_str::<T>(text), tree) else {
        return assert!(json::from_str::<T>(text).is_err(), "what is no tree is none of its values");
    };
    // Of a name that stands there twice the last one counts.
    let theirs = serde_json::from_str::<T>(&tree.to_string());
    let kind = std::any::type_name::<T>();
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(value(ours), value(theirs), "{kind}"),
        (Err(why), Ok(theirs)) => assert!(unnamed(tree, &value(theirs)), "{kind}: {why}"),
        (Ok(_), Err(why)) => panic!("{kind} is read by us alone: {why}"),
        (Err(_), Err(_)) => {}
    }
    if let Ok(straight) = serde_json::from_str::<T>(text) {
        assert_eq!(theirs.map(|theirs| value(&theirs)).ok(), Some(value(&straight)), "{kind}");
    }
}

/// What is read of a text is what serde_json reads of it, for each of these types, none of which has fractions; but names that stand there twice, and lists in place of
/// named fields.
pub(crate) fn views(bytes: &[u8]) {
    let text = text(bytes);
    let tree = serde_json::from_str::<Value>(&text).ok();
    for read in [
        alike::<Problem>,
        alike::<Option<PayState>>,
        alike::<CardPrices>,
        alike::<CardData>,
        alike::<Work>,
        alike::<WorkView>,
        alike::<CatalogView>,
        alike::<CartView>,
        alike::<CheckoutForm>,
        alike::<OrderView>,
        alike::<PricesView>,
    ] {
        read(&text, tree.as_ref());
    }
}
