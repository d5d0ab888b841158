//! What the shop says of itself at `/metrics`.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::server::Shop;

/// Sums of `table_calls_total` by what the calls were made for.
pub type Calls = BTreeMap<String, u64>;

/// Calls of the table since the shop's start: by route, `elsewhere` (jobs, renderers, streams), `provider` (the simulator's own).
///
/// # Errors
/// It does not answer.
pub async fn table_calls(shop: &Shop) -> Result<Calls> {
    Ok(calls_in(&shop.metrics().await?))
}

fn calls_in(text: &str) -> Calls {
    let mut calls = Calls::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("table_calls_total{") else { continue };
        let Some((labels, number)) = rest.split_once("} ") else { continue };
        let by = labels.split("by=\"").nth(1).and_then(|b| b.split('"').next()).unwrap_or_default();
        // Feeds are looked at all the time, whoever asks.
        if !labels.contains("op=\"feed\"") {
            *calls.entry(by.to_owned()).or_default() += number.trim().parse::<u64>().unwrap_or_default();
        }
    }
    calls
}

/// What was added from one look to a later one.
pub fn added(from: &Calls, to: &Calls) -> Calls {
    to.iter()
        .map(|(by, n)| (by.clone(), n - from.get(by).copied().unwrap_or_default()))
        .filter(|(_, n)| *n > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_summed_by_what_they_were_for() {
        let text = "# TYPE table_calls_total counter\ntable_calls_total{op=\"get\",by=\"/api/cart\"} 3\n\
            table_calls_total{op=\"put\",by=\"/api/cart\"} 1\ntable_calls_total{op=\"feed\",by=\"elsewhere\"} 90\n\
            table_calls_total{op=\"query\",by=\"elsewhere\"} 2\njobs_waiting 0\n";
        let calls = calls_in(text);
        assert_eq!(calls, [("/api/cart".to_owned(), 4), ("elsewhere".to_owned(), 2)].into_iter().collect());
        let before = [("/api/cart".to_owned(), 4)].into_iter().collect();
        assert_eq!(added(&before, &calls), [("elsewhere".to_owned(), 2)].into_iter().collect());
    }
}
