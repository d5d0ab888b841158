//! The change feed on DynamoDB Streams.
//!
//! Invariants:
//! - The changes of one key come in order, because children are read after their parents ([`position`]).
//! - A page reads all active shards side by side with a share of the limit each, so a busy one starves no other.
//! - Iterators are remembered by place: a reader that comes back with the position it was given goes on where the
//!   service stood, instead of crossing the same empty stretch again.
//! - A stream keeps a day; a place behind that is `BadPosition`.
//!
//! Not here: who reads. The service serves about two readers of a shard at full speed.

mod position;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodbstreams::operation::get_records::GetRecordsError;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};
use futures::{StreamExt, TryStreamExt};
use vitrine_table::{Change, FeedPage, FeedStart, Result, TableError, check};

use self::position::{Mark, Position, Shard};
use super::fault::failure;
use super::{TOKEN_PREFIX, cursor, value};

/// The service's iterators live 15 minutes.
const ITERATOR_LIFE: Duration = Duration::from_secs(14 * 60);
/// How long a listing of shards may be old.
const LISTING_LIFE: Duration = Duration::from_secs(5);
/// Shards read at the same time.
const SIDE_BY_SIDE: usize = 8;
/// Empty pages of one shard crossed in one call.
const EMPTY_PAGES: usize = 4;
/// Iterators remembered.
const MOST_ITERATORS: usize = 4096;
/// Records tell their time in whole seconds.
const GRAIN_MS: i64 = 1000;

struct Listing {
    at: Instant,
    stream: String,
    shards: Arc<Vec<Shard>>,
}

/// The stream of one table.
pub(super) struct Feed {
    table: String,
    tables: aws_sdk_dynamodb::Client,
    streams: aws_sdk_dynamodbstreams::Client,
    listing: Mutex<Option<Listing>>,
    iterators: Mutex<HashMap<(String, Mark), Remembered>>,
}

#[derive(Clone)]
struct Remembered {
    iterator: String,
    made: Instant,
    /// It was opened at the oldest record, so what comes may lie before the reader's beginning.
    from_the_start: bool,
}

/// What one shard gave.
struct Taken {
    shard: String,
    mark: Mark,
    records: Vec<Record>,
    caught_up: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both hold caches that are whole after every statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trimmed() -> TableError {
    TableError::BadPosition("changes after it are no longer kept".into())
}

impl Feed {
    pub(super) fn new(
        table: String,
        tables: aws_sdk_dynamodb::Client,
        streams: aws_sdk_dynamodbstreams::Client,
    ) -> Self {
        Self { table, tables, streams, listing: Mutex::default(), iterators: Mutex::default() }
    }

    fn shape(&self) -> String {
        format!("feed {:?}", self.table)
    }

    pub(super) async fn page(&self, start: FeedStart, limit: usize, now_ms: i64) -> Result<FeedPage> {
        let mut position = match &start {
            FeedStart::After(text) => Some(cursor::read::<Position>(&self.shape(), text)?),
            FeedStart::Oldest | FeedStart::Now => None,
        };
        let (stream, mut shards) = self.listed(false).await?;
        if position.as_ref().is_some_and(|p| p.stream != stream) {
            return Err(TableError::BadPosition("it belongs to another stream".into()));
        }
        if start == FeedStart::Now || position.as_ref().is_some_and(|p| p.knows_more_than(&shards)) {
            shards = self.listed(true).await?.1;
        }
        if start == FeedStart::Now {
            let position = self.place_now(&stream, &shards, now_ms).await?;
            let position = cursor::write(&self.shape(), &position)?;
            return Ok(FeedPage { changes: Vec::new(), position, caught_up: true });
        }
        let mut position = position.take().unwrap_or_else(|| Position::new(&stream));
        position.follow(&shards).map_err(|_| trimmed())?;
        let active = position.active();
        let share = limit.clamp(1, 1000).div_ceil(active.len().max(1));
        let taken: Vec<Taken> = futures::stream::iter(active)
            .map(|(shard, mark)| self.take(&stream, shard, mark, share, now_ms))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let (mut changes, mut caught_up) = (Vec::new(), true);
        for Taken { shard, mark, records, caught_up: done } in taken {
            caught_up &= done;
            if mark == Mark::End {
                // Its children may be waiting; the next call looks for them.
                lock(&self.listing).take();
            }
            position.shards.insert(shard, mark);
            for record in records {
                changes.extend(change(record)?);
            }
        }
        Ok(FeedPage { changes, position: cursor::write(&self.shape(), &position)?, caught_up })
    }

    /// The stream and its shards, at most [`LISTING_LIFE`] old.
    async fn listed(&self, fresh: bool) -> Result<(String, Arc<Vec<Shard>>)> {
        if let Some(listing) = lock(&self.listing).as_ref().filter(|l| !fresh && l.at.elapsed() < LISTING_LIFE) {
            return Ok((listing.stream.clone(), listing.shards.clone()));
        }
        let described = self.tables.describe_table().table_name(&self.table).send().await.map_err(|e| failure(&e))?;
        let stream = described
            .table
            .and_then(|t| t.latest_stream_arn)
            .ok_or_else(|| TableError::Unavailable(format!("the table {} has no stream", self.table)))?;
        let (mut shards, mut after) = (Vec::new(), None);
        loop {
            let call = self.streams.describe_stream().stream_arn(&stream).set_exclusive_start_shard_id(after);
            let page = call.send().await.map_err(|e| failure(&e))?.stream_description;
            let Some(page) = page else { break };
            shards.extend(page.shards.unwrap_or_default().into_iter().filter_map(|s| {
                let closed = s.sequence_number_range.is_some_and(|r| r.ending_sequence_number.is_some());
                Some(Shard { id: s.shard_id?, parent: s.parent_shard_id, closed })
            }));
            after = page.last_evaluated_shard_id;
            if after.is_none() {
                break;
            }
        }
        let shards = Arc::new(shards);
        *lock(&self.listing) = Some(Listing { at: Instant::now(), stream: stream.clone(), shards: shards.clone() });
        Ok((stream, shards))
    }

    /// A place behind everything that is there.
    async fn place_now(&self, stream: &str, shards: &[Shard], now_ms: i64) -> Result<Position> {
        let mut position = Position::new(stream);
        for shard in shards {
            let mark = if shard.closed {
                Mark::End
            } else {
                match self.open(stream, &shard.id, ShardIteratorType::Latest, None).await? {
                    Some(iterator) => Mark::Since { at_ms: now_ms, made_ms: now_ms, iterator },
                    None => Mark::End,
                }
            };
            position.shards.insert(shard.id.clone(), mark);
        }
        Ok(position)
    }

    async fn open(
        &self,
        stream: &str,
        shard: &str,
        kind: ShardIteratorType,
        after: Option<String>,
    ) -> Result<Option<String>> {
        let call = self
            .streams
            .get_shard_iterator()
            .stream_arn(stream)
            .shard_id(shard)
            .shard_iterator_type(kind)
            .set_sequence_number(after);
        match call.send().await {
            Ok(answer) => Ok(answer.shard_iterator),
            Err(e) => Err(match e.as_service_error().and_then(|s| s.code()) {
                Some("TrimmedDataAccessException" | "ResourceNotFoundException") => trimmed(),
                _ => failure(&e),
            }),
        }
    }

    /// An iterator made from the mark alone.
    async fn reopen(&self, stream: &str, shard: &str, mark: &Mark) -> Result<Option<String>> {
        match mark {
            Mark::Start | Mark::Since { .. } => self.open(stream, shard, ShardIteratorType::TrimHorizon, None).await,
            Mark::After(seq) => {
                self.open(stream, shard, ShardIteratorType::AfterSequenceNumber, Some(seq.clone())).await
            }
            Mark::End => Ok(None),
        }
    }

    /// An iterator known for this place, and whether it came from the oldest record.
    fn remembered(&self, shard: &str, mark: &Mark, now_ms: i64) -> Option<(String, bool)> {
        let known = lock(&self.iterators).get(&(shard.to_owned(), mark.clone())).cloned();
        if let Some(known) = known.filter(|k| k.made.elapsed() < ITERATOR_LIFE) {
            return Some((known.iterator, known.from_the_start));
        }
        match mark {
            Mark::Since { made_ms, iterator, .. }
                if u128::try_from(now_ms - made_ms).is_ok_and(|age| age < ITERATOR_LIFE.as_millis()) =>
            {
                Some((iterator.clone(), false))
            }
            _ => None,
        }
    }

    fn remember(&self, shard: &str, mark: &Mark, iterator: &str, from_the_start: bool) {
        let mut iterators = lock(&self.iterators);
        if iterators.len() >= MOST_ITERATORS {
            iterators.retain(|_, known| known.made.elapsed() < ITERATOR_LIFE);
        }
        if iterators.len() < MOST_ITERATORS {
            let known = Remembered { iterator: iterator.to_owned(), made: Instant::now(), from_the_start };
            iterators.insert((shard.to_owned(), mark.clone()), known);
        }
    }

    /// Reads a share of one shard.
    async fn take(&self, stream: &str, shard: String, mark: Mark, share: usize, now_ms: i64) -> Result<Taken> {
        let (mut iterator, mut from_the_start) = match self.remembered(&shard, &mark, now_ms) {
            Some((iterator, from_the_start)) => (Some(iterator), from_the_start),
            None => (self.reopen(stream, &shard, &mark).await?, true),
        };
        let mut reopened = false;
        for _ in 0..EMPTY_PAGES {
            let Some(at) = iterator else {
                return Ok(Taken { shard, mark: Mark::End, records: Vec::new(), caught_up: false });
            };
            let call = self.streams.get_records().shard_iterator(&at).limit(i32::try_from(share).unwrap_or(1000));
            let answer = match call.send().await {
                Ok(answer) => answer,
                Err(e) => match e.as_service_error() {
                    Some(GetRecordsError::ExpiredIteratorException(_)) if !reopened => {
                        (reopened, from_the_start) = (true, true);
                        iterator = self.reopen(stream, &shard, &mark).await?;
                        continue;
                    }
                    Some(
                        GetRecordsError::TrimmedDataAccessException(_) | GetRecordsError::ResourceNotFoundException(_),
                    ) => {
                        return Err(trimmed());
                    }
                    _ => return Err(failure(&e)),
                },
            };
            iterator = answer.next_shard_iterator.filter(|next| !next.is_empty());
            let records = answer.records.unwrap_or_default();
            let last = records.last().and_then(|r| r.dynamodb.as_ref()).and_then(|d| d.sequence_number.clone());
            if let Some(last) = last {
                let after = Mark::After(last);
                if let Some(next) = &iterator {
                    self.remember(&shard, &after, next, false);
                }
                let records = match &mark {
                    Mark::Since { at_ms, .. } if from_the_start => {
                        records.into_iter().filter(|r| made_at(r) >= at_ms - GRAIN_MS).collect()
                    }
                    _ => records,
                };
                return Ok(Taken { shard, mark: after, records, caught_up: false });
            }
        }
        let Some(next) = iterator else {
            return Ok(Taken { shard, mark: Mark::End, records: Vec::new(), caught_up: false });
        };
        let mark = match mark {
            Mark::Since { at_ms, .. } if !from_the_start => Mark::Since { at_ms, made_ms: now_ms, iterator: next },
            // Of `Since`: what lies before the beginning may not be crossed yet, so its moment must stay.
            other => {
                self.remember(&shard, &other, &next, from_the_start);
                other
            }
        };
        Ok(Taken { shard, mark, records: Vec::new(), caught_up: true })
    }
}

fn made_at(record: &Record) -> i64 {
    let made = record.dynamodb.as_ref().and_then(|d| d.approximate_creation_date_time);
    made.and_then(|t| t.to_millis().ok()).unwrap_or(i64::MAX)
}

/// A record as a change; `None` for the adapter's own items.
fn change(record: Record) -> Result<Option<Change>> {
    let at_ms = made_at(&record);
    // The service deletes expired items under its own name.
    let expired = record.user_identity.is_some_and(|who| who.principal_id.as_deref() == Some("dynamodb.amazonaws.com"));
    let Some(data) = record.dynamodb else {
        return Err(TableError::Unavailable("a record of the stream is empty".into()));
    };
    let key = check::key_of(&value::stream_item(data.keys.unwrap_or_default())?)?;
    if key.pk.starts_with(TOKEN_PREFIX) {
        return Ok(None);
    }
    let old = data.old_image.filter(|i| !i.is_empty()).map(value::stream_item).transpose()?;
    let new = data.new_image.filter(|i| !i.is_empty()).map(value::stream_item).transpose()?;
    Ok(Some(Change { key, old, new, at_ms, expired }))
}
