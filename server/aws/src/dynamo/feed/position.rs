//! A reader's place in a stream of many shards.
//!
//! A stream is a forest: a shard is closed after some hours or when it splits, and its children go on. A child is read
//! only after its parent is read to the end, so the changes of one key come in order.
//!
//! Invariants: pure; a place names the stream, so one of another stream or of a stream made anew is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far a shard was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    /// Nothing yet: from its oldest record.
    Start,
    /// Up to this sequence number.
    After(String),
    /// From a moment on: an iterator of the service, good for minutes, and the moment for when it is not.
    Since {
        /// Milliseconds since the epoch at which the reader began.
        at_ms: i64,
        /// Milliseconds since the epoch at which the iterator was made.
        made_ms: i64,
        /// The service's iterator.
        iterator: String,
    },
    /// Closed and read to its end.
    End,
}

/// A place: the stream and a mark for every shard that was met and is still listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) stream: String,
    pub(super) shards: BTreeMap<String, Mark>,
}

/// A shard as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    /// Nothing more will be written to it.
    pub(super) closed: bool,
}

impl Position {
    pub(super) fn new(stream: &str) -> Self {
        Self { stream: stream.to_owned(), shards: BTreeMap::new() }
    }

    /// Whether a shard of this place is missing from a listing.
    pub(super) fn knows_more_than(&self, listed: &[Shard]) -> bool {
        self.shards.keys().any(|id| !listed.iter().any(|s| s.id == *id))
    }

    /// Takes over what a fresh listing tells: forgets ended shards that are gone, begins those whose time has come.
    ///
    /// # Errors
    /// The id of a shard that is gone and was not read to its end.
    pub(super) fn follow(&mut self, listed: &[Shard]) -> Result<(), String> {
        let is_listed = |id: &str| listed.iter().any(|s| s.id == id);
        if let Some((lost, _)) = self.shards.iter().find(|(id, mark)| **mark != Mark::End && !is_listed(id)) {
            return Err(lost.clone());
        }
        self.shards.retain(|id, _| is_listed(id));
        for shard in listed {
            // A parent that is not listed was trimmed: nothing of it is left to wait for.
            let ready = shard.parent.as_ref().is_none_or(|p| !is_listed(p) || self.shards.get(p) == Some(&Mark::End));
            if ready && !self.shards.contains_key(&shard.id) {
                self.shards.insert(shard.id.clone(), Mark::Start);
            }
        }
        Ok(())
    }

    /// The shards to read next.
    pub(super) fn active(&self) -> Vec<(String, Mark)> {
        self.shards.iter().filter(|(_, m)| **m != Mark::End).map(|(id, m)| (id.clone(), m.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(id: &str, parent: &str, closed: bool) -> Shard {
        Shard { id: id.into(), parent: (!parent.is_empty()).then(|| parent.into()), closed }
    }

    fn active(position: &Position) -> Vec<String> {
        position.active().into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn children_wait_for_their_parents() {
        let mut listed =
            vec![shard("a", "gone", true), shard("b", "a", true), shard("c", "a", false), shard("d", "b", false)];
        let mut position = Position::new("s");
        position.follow(&listed).unwrap();
        assert_eq!(active(&position), ["a"]);
        position.shards.insert("a".into(), Mark::End);
        position.follow(&listed).unwrap();
        assert_eq!(active(&position), ["b", "c"]);
        position.shards.insert("b".into(), Mark::End);
        position.follow(&listed).unwrap();
        assert_eq!(active(&position), ["c", "d"]);
        // The service forgets the ended ones; nothing of theirs begins again.
        listed.drain(..2);
        assert!(position.knows_more_than(&listed));
        position.follow(&listed).unwrap();
        assert_eq!(position.shards.keys().collect::<Vec<_>>(), ["c", "d"]);
    }

    #[test]
    fn a_shard_that_went_unread_is_a_gap() {
        let mut position = Position::new("s");
        position.shards.insert("a".into(), Mark::After("7".into()));
        assert_eq!(position.follow(&[shard("b", "a", false)]), Err("a".into()));
    }

    #[test]
    fn roots_begin_together() {
        let mut position = Position::new("s");
        position.follow(&[shard("a", "", false), shard("b", "", true)]).unwrap();
        assert_eq!(active(&position), ["a", "b"]);
    }
}
