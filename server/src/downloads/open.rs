//! A link is opened: checks, one conditional transaction, bytes.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use vitrine_blob::{BlobError, ByteRange, ByteStream, SignOptions};
use vitrine_shared::Problem;
use vitrine_shared::catalog::Asset;
use vitrine_shared::id::CustomerId;
use vitrine_table::{Condition, Consistency, Delete, Item, Key, Put, Transact, TransactOp, Update, UpdateItem};

use super::zip::{Entry, Layout, Piece, unique_names};
use super::{Downloads, LINK_USES, OPEN_MS, Record, access, check, clean, link_key, proof, trail};
use crate::audit;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::web::http::names_tag;

/// How it is asked.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Bytes wanted.
    pub range: Option<ByteRange>,
    /// `If-Range`: the range counts only for this tag.
    pub if_range: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// Only the headers; no use is taken.
    pub head: bool,
    /// Whose session came along; `None`: none did.
    pub viewer: Option<Vec<CustomerId>>,
    /// Where from.
    pub address: Option<IpAddr>,
}

/// Bytes on their way.
pub struct Content {
    /// File name offered on saving; `None`: shown in place.
    pub name: Option<String>,
    /// Media type.
    pub content_type: String,
    /// Strong tag, with its quotes.
    pub etag: String,
    /// Of the whole.
    pub size: u64,
    /// First and last byte that come, for an answer in part.
    pub range: Option<RangeInclusive<u64>>,
    /// The bytes; `None` for a question about the headers.
    pub bytes: Option<ByteStream>,
}

/// What an opened address answers.
pub enum Opened {
    /// These bytes.
    Content(Content),
    /// Go there; good for a minute.
    Redirect(String),
    /// What the caller holds under this tag is still right.
    NotModified(String),
    /// No byte of the range is in the object of this size.
    BadRange(u64),
}

impl Ask {
    pub(super) fn fresh(&self, etag: &str) -> bool {
        self.if_none_match.as_deref().is_some_and(|list| names_tag(list, etag))
    }

    /// The bytes asked for of `size`; `Ok(None)`: all.
    pub(super) fn part(&self, etag: &str, size: u64) -> std::result::Result<Option<RangeInclusive<u64>>, u64> {
        let Some(range) = self.range.filter(|_| self.if_range.as_deref().is_none_or(|tag| tag == etag)) else {
            return Ok(None);
        };
        let (first, last) = match range {
            ByteRange::From(first) => (first, size.saturating_sub(1)),
            ByteRange::Between(first, last) => (first, last.min(size.saturating_sub(1))),
            ByteRange::Last(n) if n > 0 => (size.saturating_sub(n), size.saturating_sub(1)),
            ByteRange::Last(_) => return Err(size),
        };
        if first >= size || first > last { Err(size) } else { Ok(Some(first..=last)) }
    }

    /// Refuses if a session of somebody else came along.
    pub(super) fn is_of(&self, customers: &[&str]) -> Result<()> {
        match &self.viewer {
            Some(viewer) if !customers.iter().all(|c| viewer.iter().any(|v| v.as_str() == *c)) => {
                Err(Problem::new(403, "not_yours", "This link was made for somebody else.")
                    .detail("Sign in with the account that bought it, or open the link where you are not signed in."))
            }
            _ => Ok(()),
        }
    }
}

/// 410 `link_expired`.
pub(super) fn expired() -> Problem {
    Problem::new(410, "link_expired", "The link has expired.").detail("Ask for a new one in the library.")
}

fn used_up() -> Problem {
    Problem::new(410, "link_used_up", "The link was opened as often as it may be.")
        .detail("Ask for a new one in the library.")
}

enum Mode {
    /// Looks only.
    Look,
    /// Takes a use.
    Begin,
    /// Goes on with an opening.
    Continue,
}

impl Downloads {
    /// Opens a link.
    ///
    /// # Errors
    /// 404 `not_found`; 403 `link_damaged`, `not_yours`, `access_revoked`, `file_quarantined`; 410 `link_expired`,
    /// `link_used_up`, `file_gone`; 409 `file_pending`. Each but the first is in the link's trail.
    pub async fn open(&self, ctx: &OpCtx, token: &str, ask: Ask) -> Result<Opened> {
        let stored = proof::stored(token);
        let address = self.proofs.address(ask.address);
        let item = self.table.get(&link_key(&stored), Consistency::Strong).await.map_err(fault::table)?;
        let Some(item) = item else {
            ctx.guess.mark_wrong();
            return Err(Problem::not_found("link"));
        };
        let record: Record = vitrine_table::from_item(item).map_err(fault::table)?;
        match self.checked(ctx, &stored, &address, &record, &ask).await {
            Ok(opened) => Ok(opened),
            Err(problem) if problem.status >= 500 => Err(problem),
            Err(problem) => Err(self.refused(ctx, &stored, &address, problem).await),
        }
    }

    async fn checked(&self, ctx: &OpCtx, stored: &str, address: &str, record: &Record, ask: &Ask) -> Result<Opened> {
        if !self.proofs.holds("permission", &record.kid, &record.permission(), &record.hash) {
            return Err(Problem::new(403, "link_damaged", "The link does not fit what it was made for.")
                .detail("Ask for a new one in the library."));
        }
        ask.is_of(&record.customers())?;
        if record.exp_ms <= ctx.now_ms {
            return Err(expired());
        }
        let files = self.records.assets(&record.assets).await?;
        if files.len() != record.assets.len() {
            return Err(Problem::new(410, "file_gone", "A file of this link is no longer there.")
                .detail("The library shows what there is."));
        }
        files.iter().try_for_each(clean)?;
        let body = Body::new(self, record, files).await?;
        let part = match ask.part(&body.etag, body.size) {
            Ok(part) => part,
            Err(size) => return Ok(Opened::BadRange(size)),
        };
        let fresh = ask.fresh(&body.etag);
        self.take(ctx, stored, address, record, ask, fresh || ask.head, part.is_some()).await?;
        if fresh {
            return Ok(Opened::NotModified(body.etag));
        }
        if self.redirects
            && !ask.head
            && let ([file], None) = (&body.files[..], &body.layout)
        {
            let options = SignOptions {
                expires_secs: 60,
                attachment: Some(body.name),
                content_type: Some(file.content_type.clone()),
                version: None,
            };
            return Ok(Opened::Redirect(self.blob.signed_url(&file.key, options).await.map_err(fault::blob)?));
        }
        let bytes = if ask.head { None } else { Some(self.sent(ctx, stored, address, &body, part.clone()).await?) };
        Ok(Opened::Content(Content {
            name: Some(body.name),
            content_type: body.content_type,
            etag: body.etag,
            size: body.size,
            range: part,
            bytes,
        }))
    }

    /// The bytes of an opening whose use was taken. What the store cannot give whole costs no use, whether that shows at once or on the way.
    async fn sent(
        &self,
        ctx: &OpCtx,
        stored: &str,
        address: &str,
        body: &Body,
        part: Option<RangeInclusive<u64>>,
    ) -> Result<ByteStream> {
        let opening = Opening {
            downloads: self.clone(),
            ctx: ctx.clone(),
            stored: stored.to_owned(),
            address: address.to_owned(),
            part: part.is_some(),
        };
        match body.read(self, part).await {
            Ok(bytes) => {
                let opening = Arc::new(opening);
                Ok(Box::pin(bytes.then(move |piece| {
                    let opening = opening.clone();
                    async move {
                        if piece.is_err() {
                            opening.give_back().await;
                        }
                        piece
                    }
                })))
            }
            Err(problem) => {
                opening.give_back().await;
                Err(problem)
            }
        }
    }

    /// The one transaction: grants in force, link in time and with uses, opening, trail.
    #[expect(clippy::too_many_arguments, reason = "one call; a struct would only rename them")]
    async fn take(
        &self,
        ctx: &OpCtx,
        stored: &str,
        address: &str,
        record: &Record,
        ask: &Ask,
        look: bool,
        part: bool,
    ) -> Result<()> {
        let open_key = Key::new(format!("DOWNLOAD#{stored}"), format!("OPEN#{address}"));
        let mut mode = if look { Mode::Look } else { Mode::Begin };
        if part && !look && self.table.get(&open_key, Consistency::Strong).await.map_err(fault::table)?.is_some() {
            mode = Mode::Continue;
        }
        let in_time = || {
            Condition::ItemExists
                .and(Condition::Gt("exp_ms".into(), json!(ctx.now_ms)))
                .and(Condition::eq("hash", record.hash.clone()))
        };
        let link_at = record.grants.len();
        // A race over the first range of one opening is lost at most once, an opening may end at most once in between.
        for _ in 0..3 {
            let mut ops: Vec<TransactOp> = record.grants.iter().map(check).collect();
            let act = match mode {
                Mode::Look | Mode::Continue => {
                    ops.push(TransactOp::Check { key: link_key(stored), condition: in_time() });
                    if matches!(mode, Mode::Look) { "download.looked" } else { "download.continued" }
                }
                Mode::Begin => {
                    ops.push(TransactOp::Update(UpdateItem {
                        key: link_key(stored),
                        updates: vec![Update::Add("uses_left".into(), -1)],
                        condition: Some(in_time().and(Condition::Gt("uses_left".into(), json!(0)))),
                    }));
                    "download.opened"
                }
            };
            match mode {
                Mode::Look => {}
                Mode::Continue => {
                    ops.push(TransactOp::Check { key: open_key.clone(), condition: Condition::ItemExists });
                }
                Mode::Begin => {
                    let mut item = Item::new();
                    item.insert("pk".into(), open_key.pk.clone().into());
                    item.insert("sk".into(), open_key.sk.clone().into());
                    item.insert("ttl".into(), json!((ctx.now_ms + OPEN_MS) / 1000));
                    item.insert("_v".into(), json!(1));
                    // Two first ranges at once are one opening; a whole file asked for again is another one.
                    let condition = part.then_some(Condition::ItemAbsent);
                    ops.push(TransactOp::Put(Put { item, condition }));
                }
            }
            let range = ask.range.map(|r| format!("{r:?}"));
            // Its insert-if-absent is the reservation of the use: a repeat of this very transaction cannot count twice.
            ops.push(audit::entry(ctx, &trail(stored), act, "", json!({ "address": address, "range": range })));
            let Err(error) = self.table.transact(Transact { ops, token: None }).await else { return Ok(()) };
            if (0..link_at).any(|op| error.failed_condition(op).is_some()) {
                return Err(access::revoked());
            }
            let raced = error.failed_condition(link_at + 1).is_some();
            match mode {
                Mode::Begin if raced => mode = Mode::Continue,
                Mode::Continue if raced => mode = Mode::Begin,
                _ => {
                    return Err(match error.failed_condition(link_at) {
                        Some(Some(old))
                            if old.get("exp_ms").and_then(|v| v.as_i64()).is_some_and(|e| e <= ctx.now_ms) =>
                        {
                            expired()
                        }
                        Some(Some(_)) => used_up(),
                        Some(None) => expired(),
                        None => fault::table(error),
                    });
                }
            }
        }
        Err(Problem::new(503, "busy", "The link is being opened by others at this moment.").detail("Try again."))
    }
}

/// An opening whose bytes are on their way.
struct Opening {
    downloads: Downloads,
    ctx: OpCtx,
    stored: String,
    address: String,
    part: bool,
}

impl Opening {
    /// The use is the buyer's again. Several ranges are one opening, of which it comes back once. Who begins
    /// another from the same address meanwhile shares it: their next range counts anew.
    async fn give_back(&self) {
        let key = Key::new(format!("DOWNLOAD#{}", self.stored), format!("OPEN#{}", self.address));
        let ops = vec![
            TransactOp::Update(UpdateItem {
                key: link_key(&self.stored),
                updates: vec![Update::Add("uses_left".into(), 1)],
                condition: Some(Condition::ItemExists.and(Condition::Lt("uses_left".into(), json!(LINK_USES)))),
            }),
            TransactOp::Delete(Delete { key, condition: self.part.then_some(Condition::ItemExists) }),
            // Its insert-if-absent is the reservation, as of the use itself.
            audit::entry(&self.ctx, &trail(&self.stored), "download.broken", "", json!({ "address": self.address })),
        ];
        match self.downloads.table.transact(Transact { ops, token: None }).await {
            // Another range of this opening gave it back.
            Err(error) if error.failed_condition(1).is_some() => {}
            Err(error) => tracing::error!(%error, "the use of a link whose file is damaged could not be given back"),
            Ok(()) => {}
        }
    }
}

/// What a link's address answers, before any byte is read.
struct Body {
    files: Vec<Asset>,
    layout: Option<Layout>,
    name: String,
    content_type: String,
    etag: String,
    size: u64,
}

impl Body {
    async fn new(downloads: &Downloads, record: &Record, files: Vec<Asset>) -> Result<Self> {
        if let ([file], None) = (&files[..], &record.name) {
            return Ok(Self {
                name: file.file_name.clone(),
                content_type: file.content_type.clone(),
                etag: format!("\"{}\"", file.sha256),
                size: file.size,
                layout: None,
                files,
            });
        }
        // Files of several works lie in folders by title.
        let mut titles: Vec<(vitrine_shared::id::WorkId, String)> = Vec::new();
        if files.iter().any(|f| f.work != files[0].work) {
            for file in &files {
                if !titles.iter().any(|(w, _)| *w == file.work) {
                    let bundle = downloads.records.bundle(&file.work).await?;
                    titles.push((file.work.clone(), bundle.map_or_else(|| file.work.to_string(), |b| b.work.title)));
                }
            }
        }
        let folder = |f: &Asset| titles.iter().position(|(w, _)| *w == f.work);
        // Two works of one title keep folders of their own.
        let folders = unique_names(titles.iter().map(|(_, t)| (None, t.as_str())));
        let names = unique_names(
            files.iter().map(|f| (folder(f).and_then(|i| folders.get(i)).map(String::as_str), f.file_name.as_str())),
        );
        let entries: Vec<Entry> =
            names.into_iter().zip(&files).map(|(name, f)| Entry { name, size: f.size, crc32: f.crc32 }).collect();
        let facts: Vec<String> = entries
            .iter()
            .zip(&files)
            .map(|(e, f)| format!("{}/{}/{}/{}", e.name, e.size, e.crc32, f.sha256))
            .collect();
        let layout = Layout::new(&entries);
        Ok(Self {
            name: record.name.clone().unwrap_or_else(|| "files.zip".into()),
            content_type: "application/zip".into(),
            etag: format!("\"{}\"", proof::stored(&facts.join("\n"))),
            size: layout.total(),
            layout: Some(layout),
            files,
        })
    }

    async fn read(&self, downloads: &Downloads, part: Option<RangeInclusive<u64>>) -> Result<ByteStream> {
        let Some(layout) = &self.layout else {
            let Some(file) = self.files.first() else { return Err(Problem::not_found("file")) };
            let range = part.map(|r| ByteRange::Between(*r.start(), *r.end()));
            let reading = downloads.blob.get(&file.key, None, range).await.map_err(fault::blob)?;
            return if reading.meta.size == file.size {
                Ok(reading.bytes)
            } else {
                Err(fault::blob(BlobError::Damaged(file.key.clone())))
            };
        };
        let (first, last) = part.map_or((0, u64::MAX), RangeInclusive::into_inner);
        let (blob, files) = (downloads.blob.clone(), Arc::new(self.files.clone()));
        let pieces = futures::stream::iter(layout.pieces(first, last)).then(move |piece| {
            let (blob, files) = (blob.clone(), files.clone());
            async move {
                match piece {
                    Piece::Bytes(bytes) => Ok(Box::pin(futures::stream::once(async move { Ok(bytes) })) as ByteStream),
                    Piece::File { index, first, last } => {
                        let file = files.get(index).ok_or(BlobError::NotFound)?;
                        let reading = blob.get(&file.key, None, Some(ByteRange::Between(first, last))).await?;
                        // Another length would shift every later byte: the connection breaks instead.
                        if reading.meta.size == file.size {
                            Ok(reading.bytes)
                        } else {
                            Err(BlobError::Damaged(file.key.clone()))
                        }
                    }
                }
            }
        });
        Ok(Box::pin(pieces.try_flatten()))
    }
}
