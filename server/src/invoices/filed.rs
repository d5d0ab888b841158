//! Files of documents as they went out: what was made first is kept, and exactly that goes out from then on.
//!
//! Invariants:
//! - A file goes out only once it is kept: in the blob store, and named by a record beside its document. Who makes it first decides; everybody else
//!   gets those bytes, whatever the program of the day would set.
//! - What is decided of a document after it was issued is part of the record's key: a void one has a PDF of its own, and the one from before stays.
//! - It is sealed as the document's buyer is, under the same key: as long as the one can be read so can the other, and no longer. The hash is of what is
//!   stored, for one of the file itself would confirm a guess at whom it names; that it opens proves the rest.
//! - What is missing or changed is made anew, told as a fault, and named in the record with the program that made it. It may only have been away: nothing
//!   is deleted for it, the record goes on naming it, and as soon as it is there again and whole it goes out again.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | file | `INVOICE#inv` | `FILE#locale#pdf`, `FILE#locale#void.pdf`, `FILE#locale#xml` |
//!
//! Not here: who may read a document (`view`), what its files say (`papers`).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vitrine_blob::{BlobError, PutOptions};
use vitrine_table::{Index, Query};

use super::papers::Form;
use super::*;
use crate::mails::Words;
use crate::media::hex;

/// The program that makes them.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");
/// Sort keys of these records begin with it.
const PREFIX: &str = "FILE#";
/// How often somebody else may be first before it is given up.
const TRIES: usize = 4;
/// Files that a record names beside its own; the first that went out is always one of them, of the others the oldest go first.
const MOST_LOST: usize = 10;

/// What became of a file that is not what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Loss {
    /// It is not there.
    Missing,
    /// It has other bytes, or cannot be opened.
    Changed,
    /// It stood in the place of one from before it, which is there again.
    Replaced,
}

/// A file that went out and was lost; another stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lost {
    pub(crate) why: Loss,
    /// Of what was stored.
    pub(crate) sha256: String,
    /// When it was made, UTC milliseconds.
    pub(crate) made_ms: i64,
    /// By which version of the program.
    pub(crate) program: String,
    /// When that was seen last, UTC milliseconds.
    pub(crate) found_ms: i64,
}

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filed {
    /// SHA-256 of what is stored, hexadecimal; with the document it is the key in the blob store.
    pub(crate) sha256: String,
    /// Bytes of the file as it goes out.
    pub(crate) size: u64,
    /// When it was made, UTC milliseconds.
    pub(crate) made_ms: i64,
    /// By which version of the program.
    pub(crate) program: String,
    /// All that were lost at some time, in the order in which they were made; its own place among them where it came back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lost: Vec<Lost>,
}

/// Where a file is in the blob store.
pub(crate) fn blob_key(id: &InvoiceId, sha256: &str) -> String {
    format!("invoices/{id}/{sha256}")
}

/// Every file of a document that is kept, by what follows `FILE#` in its key.
///
/// # Errors
/// The table's.
pub(crate) async fn files_of(table: &dyn Table, id: &InvoiceId) -> Result<Vec<(String, Filed)>> {
    let query = Query::new(Index::Base, key(id).pk).begins_with(PREFIX);
    let items = retry::query_all(table, query, 1000).await.map_err(fault::table)?;
    let read = |item: Item| {
        let name = item.get("sk").and_then(|sk| sk.as_str()).unwrap_or_default();
        let name = name.strip_prefix(PREFIX).unwrap_or_default().to_owned();
        Ok((name, vitrine_table::from_item(item).map_err(fault::table)?))
    };
    items.into_iter().map(read).collect()
}

fn file_key(id: &InvoiceId, words: &Words, form: Form, void: bool) -> Key {
    let (locale, mark, ending) = (words.tag(), if void { "void." } else { "" }, form.ending());
    Key::new(key(id).pk, format!("{PREFIX}{locale}#{mark}{ending}"))
}

/// What a file is sealed for: no other document's, and no other of this one, opens in its place.
fn place(id: &InvoiceId, at: &Key) -> String {
    format!("invoice/{id}/{}", at.sk)
}

impl Invoices {
    /// A file of a document: the one that went out before, or one that is made, kept and goes out from now on. `None`: EN 16931 cannot say it.
    ///
    /// # Errors
    /// The stores'.
    pub(super) async fn filed(
        &self,
        ctx: &OpCtx,
        invoice: &Invoice,
        words: &Words,
        form: Form,
    ) -> Result<Option<Vec<u8>>> {
        let void = match form {
            Form::Pdf => self.void_of(&invoice.held_by()).await?,
            Form::Xml => None,
        };
        let at = file_key(&invoice.id, words, form, void.is_some());
        for _ in 0..TRIES {
            let before = match self.filed_at(&at).await? {
                Some(filed) => match self.found(ctx, &invoice.id, &at, &filed).await? {
                    Ok(Some(bytes)) => return Ok(Some(bytes)),
                    // The record is another one by now.
                    Ok(None) => continue,
                    Err(why) => {
                        tracing::error!(
                            invoice = %invoice.id,
                            file = at.sk,
                            sha256 = filed.sha256,
                            program = filed.program,
                            "a document's file is lost ({why:?}) and made anew; put the one that went out back from a backup"
                        );
                        Some((filed, why))
                    }
                },
                None => None,
            };
            let Some(bytes) = self.made(ctx, invoice, words, form, void.clone()).await? else { return Ok(None) };
            if self.file(ctx, &invoice.id, &at, &bytes, before).await? {
                return Ok(Some(bytes));
            }
        }
        Err(fault::internal("a document's file", &"others write it again and again"))
    }

    /// Whether a file went out before.
    pub(super) async fn has_filed(&self, invoice: &Invoice, words: &Words, form: Form) -> Result<bool> {
        Ok(self.filed_at(&file_key(&invoice.id, words, form, false)).await?.is_some())
    }

    async fn filed_at(&self, at: &Key) -> Result<Option<Filed>> {
        let item = self.table.get(at, Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// What goes out by a record: of what it names the first that can be opened, and that is its own from then on. `None`: somebody else wrote it.
    async fn found(
        &self,
        ctx: &OpCtx,
        id: &InvoiceId,
        at: &Key,
        filed: &Filed,
    ) -> Result<std::result::Result<Option<Vec<u8>>, Loss>> {
        let own = self.opened(id, at, &filed.sha256).await?;
        // Those that were made after its own only if that is lost.
        let place = filed.lost.iter().position(|lost| lost.sha256 == filed.sha256);
        let before = place.filter(|_| own.is_ok()).unwrap_or(filed.lost.len());
        for lost in filed.lost.iter().take(before).filter(|lost| lost.sha256 != filed.sha256) {
            let bytes = match self.opened(id, at, &lost.sha256).await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(_)) => continue,
                Err(error) if own.is_ok() => {
                    tracing::warn!(invoice = %id, ?error, "a file that was lost cannot be looked for");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let why = own.as_ref().err().copied().unwrap_or(Loss::Replaced);
            let back = self.go_back(ctx, id, at, (filed.clone(), why), (lost, bytes.len())).await?;
            return Ok(Ok(back.then_some(bytes)));
        }
        Ok(own.map(Some))
    }

    /// Names a file again that was lost and is there; `false`: somebody else wrote the record.
    async fn go_back(
        &self,
        ctx: &OpCtx,
        id: &InvoiceId,
        at: &Key,
        (filed, why): (Filed, Loss),
        (lost, size): (&Lost, usize),
    ) -> Result<bool> {
        let from = filed.sha256.clone();
        let next = Filed {
            sha256: lost.sha256.clone(),
            size: size as u64,
            made_ms: lost.made_ms,
            program: lost.program.clone(),
            lost: after(filed, why, ctx.now_ms, &lost.sha256),
        };
        let what = json!({ "file": at.sk, "sha256": next.sha256, "in_place_of": from, "program": PROGRAM });
        let entry = audit::entry(ctx, id.as_str(), "invoice.filed_back", "the file is there again", what);
        let done = self.record(at, &next, Condition::eq("sha256", from), entry).await?;
        if done {
            tracing::warn!(invoice = %id, file = at.sk, sha256 = next.sha256, "a document's file that was lost is there again and goes out");
        }
        Ok(done)
    }

    /// Writes a record; `false`: it is another one than `condition` says, and not this one.
    async fn record(&self, at: &Key, filed: &Filed, condition: Condition, entry: TransactOp) -> Result<bool> {
        let mut item = vitrine_table::to_item(at, filed).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        let ops = vec![TransactOp::Put(Put { item, condition: Some(condition) }), entry];
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(true),
            Err(e) => {
                let Some(present) = e.failed_condition(0) else { return Err(fault::table(e)) };
                // A write whose answer was lost on the way is repeated, and meets itself.
                Ok(present.and_then(|item| item.get("sha256")?.as_str()) == Some(&*filed.sha256))
            }
        }
    }

    /// The bytes of what is kept, if they are still those that were stored.
    async fn opened(&self, id: &InvoiceId, at: &Key, sha256: &str) -> Result<std::result::Result<Vec<u8>, Loss>> {
        let sealed = match self.blob.get_bytes(&blob_key(id, sha256)).await {
            Ok(sealed) => sealed,
            Err(BlobError::NotFound) => return Ok(Err(Loss::Missing)),
            Err(BlobError::Damaged(_)) => return Ok(Err(Loss::Changed)),
            // It may be there: what went out is not given up for a store that is away.
            Err(e) => return Err(fault::blob(e)),
        };
        if hex(&Sha256::digest(&sealed)) != sha256 {
            return Ok(Err(Loss::Changed));
        }
        Ok(self.master.open_bytes(&place(id, at), &sealed).map_err(|_| Loss::Changed))
    }

    /// Keeps a file in the place of `before`, which was lost; `false`: somebody else was first, and theirs counts.
    async fn file(
        &self,
        ctx: &OpCtx,
        id: &InvoiceId,
        at: &Key,
        bytes: &[u8],
        before: Option<(Filed, Loss)>,
    ) -> Result<bool> {
        let inside = |e: &dyn std::fmt::Display| fault::internal("a document's file", e);
        let sealed = self.master.seal_bytes(&place(id, at), bytes).map_err(|e| inside(&e))?;
        let sha256 = hex(&Sha256::digest(&sealed));
        let blob = blob_key(id, &sha256);
        // Before its record, so that no record names what is not there. What no record comes to name is swept out as any such file.
        let options = PutOptions::new("application/octet-stream");
        let stored = self.blob.put_bytes(&blob, sealed.into(), options).await.map_err(fault::blob)?;
        let condition = match &before {
            None => Condition::ItemAbsent,
            Some((filed, _)) => Condition::eq("sha256", filed.sha256.clone()),
        };
        let (act, why) = match &before {
            None => ("invoice.filed", ""),
            Some((_, Loss::Missing)) => ("invoice.filed_anew", "the file was missing"),
            Some((_, Loss::Changed | Loss::Replaced)) => ("invoice.filed_anew", "the file was changed"),
        };
        let gone = before.as_ref().map(|(filed, _)| filed.sha256.clone());
        let filed = Filed {
            sha256: sha256.clone(),
            size: bytes.len() as u64,
            made_ms: ctx.now_ms,
            program: PROGRAM.to_owned(),
            lost: before.map(|(filed, why)| after(filed, why, ctx.now_ms, &sha256)).unwrap_or_default(),
        };
        let what = json!({ "file": at.sk, "sha256": sha256, "in_place_of": gone, "program": PROGRAM });
        let done = self.record(at, &filed, condition, audit::entry(ctx, id.as_str(), act, why, what)).await?;
        if !done {
            self.blob.delete_version(&blob, &stored.version).await.map_err(fault::blob)?;
        }
        Ok(done)
    }
}

/// What a record names beside `now` when its own is lost.
fn after(filed: Filed, why: Loss, found_ms: i64, now: &str) -> Vec<Lost> {
    let Filed { sha256, made_ms, program, mut lost, .. } = filed;
    match lost.iter_mut().find(|known| known.sha256 == sha256) {
        Some(known) => (known.why, known.found_ms) = (why, found_ms),
        None => lost.push(Lost { why, sha256, made_ms, program, found_ms }),
    }
    while lost.len() > MOST_LOST {
        let Some(old) = lost.iter().skip(1).position(|known| known.sha256 != now) else { break };
        lost.remove(old + 1);
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_often_a_file_is_lost_the_first_that_went_out_stays_named() {
        let mut filed =
            Filed { sha256: "0".into(), size: 1, made_ms: 0, program: PROGRAM.to_owned(), lost: Vec::new() };
        for n in 1..40_i64 {
            let sha256 = n.to_string();
            let lost = after(filed.clone(), Loss::Missing, n, &sha256);
            filed = Filed { sha256, made_ms: n, lost, ..filed };
        }
        let named: Vec<&str> = filed.lost.iter().map(|lost| lost.sha256.as_str()).collect();
        assert_eq!(named, ["0", "30", "31", "32", "33", "34", "35", "36", "37", "38"]);
        // It came back, and is lost again: it keeps its place.
        let lost = after(filed.clone(), Loss::Replaced, 40, "0");
        assert_eq!((lost[0].sha256.as_str(), lost[9].sha256.as_str(), lost[9].why), ("0", "39", Loss::Replaced));
        let lost = after(Filed { sha256: "0".into(), lost, ..filed }, Loss::Changed, 41, "39");
        assert_eq!((lost.len(), lost[0].why, lost[0].found_ms), (MOST_LOST, Loss::Changed, 41));
    }
}
