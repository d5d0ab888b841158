//! Table on DynamoDB: the contract on an independent server.
//!
//! `VITRINE_TEST_DYNAMODB_ENDPOINT` names another server than ministack, `aws` the service itself (credentials and
//! `AWS_REGION` from the environment); it gets one table for each case, and they stay.

mod peers;

use std::sync::Arc;
use std::time::Duration;

use vitrine_aws::dynamo::DynamoTable;
use vitrine_table::Table;
use vitrine_table::conformance::{Env, Options, cases};

/// Cases that do not hold on the peer, and why. A case that begins to hold fails the test, so these stay true.
const MINISTACK_DIFFERS: &[(&str, &str)] = &[(
    "writes::every_condition",
    "ministack 1.5.33 refuses begins_with on a stored number (and blames the operand, a string); the contract says false",
)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ministack_or_the_given_endpoint() {
    let (peer, differs) = match peers::given("VITRINE_TEST_DYNAMODB_ENDPOINT") {
        Some(peer) => (peer, &[][..]),
        None => (peers::ministack().await, MINISTACK_DIFFERS),
    };
    let sdk = vitrine_aws::connect(&peer.settings).await;
    let options = Options { feed: true, ttl_clock: None, index_lag: Duration::from_secs(20), ties_by_base_key: false };
    let mut failures = Vec::new();
    for (name, case) in cases() {
        // A table each: ministack reads the whole table for every query.
        let table = DynamoTable::new(&sdk, format!("vitrine-test-{:016x}", rand::random::<u64>()));
        table.create().await.unwrap();
        table.create().await.unwrap();
        let outcome = case(Env::new(Arc::new(table) as Arc<dyn Table>, options.clone())).await;
        match (outcome, differs.iter().find(|(case, _)| *case == name)) {
            (Err(failure), None) => failures.push(format!("{name}: {failure}")),
            (Ok(()), Some((_, why))) => failures.push(format!("{name}: holds, but is listed as a difference ({why})")),
            _ => {}
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
