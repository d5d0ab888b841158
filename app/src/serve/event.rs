//! What the shop as a function is told beside requests. Apart from its runtime, so that every build's tests read it.

use serde_json::Value;
use vitrine_server::jobs::is_job;

/// What an event that is not a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A clock or a queue: work off what is due.
    Due,
    /// Records of the table's stream.
    Changed {
        /// A new job is among them.
        jobs: bool,
    },
}

/// Which event a text is; `None`: none that the shop knows.
pub(super) fn event(text: &[u8]) -> Option<Event> {
    let value: Value = serde_json::from_slice(text).ok()?;
    if ["aws.events", "aws.scheduler"].iter().any(|clock| value["source"] == *clock) {
        return Some(Event::Due);
    }
    let records = value["Records"].as_array()?;
    let all_of = |source: &str| !records.is_empty() && records.iter().all(|r| r["eventSource"] == source);
    if all_of("aws:sqs") {
        return Some(Event::Due);
    }
    // A job that is leased or put off is written too; that makes no work.
    let is_new_job = |record: &Value| {
        let partition = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap_or_default();
        record["eventName"] == "INSERT" && is_job(partition)
    };
    all_of("aws:dynamodb").then(|| Event::Changed { jobs: records.iter().any(is_new_job) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value) -> Option<Event> {
        event(value.to_string().as_bytes())
    }

    fn record(name: &str, pk: &str) -> Value {
        json!({
            "eventSource": "aws:dynamodb", "eventName": name,
            "dynamodb": { "Keys": { "pk": { "S": pk }, "sk": { "S": "META#" } }, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        })
    }

    #[test]
    fn clocks_and_queues_ask_for_jobs() {
        assert_eq!(of(json!({ "source": "aws.events", "detail-type": "Scheduled Event" })), Some(Event::Due));
        assert_eq!(of(json!({ "source": "aws.scheduler" })), Some(Event::Due));
        assert_eq!(of(json!({ "Records": [{ "eventSource": "aws:sqs", "body": "due" }] })), Some(Event::Due));
    }

    #[test]
    fn records_of_the_stream_ask_for_jobs_when_one_is_new() {
        let changed = |records: Value| of(json!({ "Records": records }));
        let work = record("MODIFY", "WORK#w_1");
        assert_eq!(changed(json!([work])), Some(Event::Changed { jobs: false }));
        assert_eq!(changed(json!([work, record("INSERT", "JOB#a#b")])), Some(Event::Changed { jobs: true }));
        // Otherwise each lease would call for the next look.
        assert_eq!(changed(json!([record("MODIFY", "JOB#a#b")])), Some(Event::Changed { jobs: false }));
        assert_eq!(changed(json!([record("REMOVE", "JOB#a#b")])), Some(Event::Changed { jobs: false }));
    }

    #[test]
    fn what_is_not_known_is_said_so() {
        for value in
            [json!({}), json!({ "Records": [] }), json!({ "Records": [{ "eventSource": "aws:s3" }] }), json!([1])]
        {
            assert_eq!(of(value.clone()), None, "{value}");
        }
        assert_eq!(event(b"no JSON"), None);
    }
}
