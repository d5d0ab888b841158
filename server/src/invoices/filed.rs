//! Files of documents as they went out: what was made first is kept, and exactly that goes out from then on.
//!
//! Invariants:
//! - A file goes out only once it is kept: in the blob store, and named by a record beside its document. Who makes it first decides; everybody else
//!   gets those bytes, whatever the program of the day would set.
//! - What is decided of a document after it was issued is part of the record's key: a void one has a PDF of its own, and the one from before stays.
//! - It is sealed as the document's buyer is, under the same key: as long as the one can be read so can the other, and no longer. The hash is of what is
//!   stored, for one of the file itself would confirm a guess at whom it names; that it opens proves the rest.
//! - What is missing or changed is made anew, told as a fault, and named in the record with the program that made it.
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
/// Lost files that a record names; the oldest go first.
const MOST_LOST: usize = 10;

/// What became of a file that is not what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Loss {
    /// It is not there.
    Missing,
    /// It has other bytes, or cannot be opened.
    Changed,
}

/// A file that was lost; another stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lost {
    pub(crate) why: Loss,
    /// Of what was stored.
    pub(crate) sha256: String,
    /// When it was made, UTC milliseconds.
    pub(crate) made_ms: i64,
    /// By which version of the program.
    pub(crate) program: String,
    /// When it was missed, UTC milliseconds.
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
    /// Those before it, oldest first.
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
                Some(filed) => match self.opened(&invoice.id, &at, &filed).await? {
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(why) => {
                        tracing::error!(
                            invoice = %invoice.id,
                            file = at.sk,
                            sha256 = filed.sha256,
                            program = filed.program,
                            "a document's file is lost ({why:?}) and made anew; the one that went out is in a backup"
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

    /// The bytes of what is kept, if they are still those that were stored.
    async fn opened(&self, id: &InvoiceId, at: &Key, filed: &Filed) -> Result<std::result::Result<Vec<u8>, Loss>> {
        let sealed = match self.blob.get_bytes(&blob_key(id, &filed.sha256)).await {
            Ok(sealed) => sealed,
            Err(BlobError::NotFound) => return Ok(Err(Loss::Missing)),
            Err(BlobError::Damaged(_)) => return Ok(Err(Loss::Changed)),
            // It may be there: what went out is not given up for a store that is away.
            Err(e) => return Err(fault::blob(e)),
        };
        if hex(&Sha256::digest(&sealed)) != filed.sha256 {
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
            Some((_, Loss::Changed)) => ("invoice.filed_anew", "the file was changed"),
        };
        let gone = before.as_ref().map(|(filed, _)| filed.sha256.clone());
        let filed = Filed {
            sha256: sha256.clone(),
            size: bytes.len() as u64,
            made_ms: ctx.now_ms,
            program: PROGRAM.to_owned(),
            lost: before.map(|(filed, why)| after(filed, why, ctx.now_ms)).unwrap_or_default(),
        };
        let mut item = vitrine_table::to_item(at, &filed).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        let what = json!({ "file": at.sk, "sha256": sha256, "in_place_of": gone, "program": PROGRAM });
        let ops = vec![
            TransactOp::Put(Put { item, condition: Some(condition) }),
            audit::entry(ctx, id.as_str(), act, why, what),
        ];
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => {}
            Err(e) => {
                let Some(present) = e.failed_condition(0) else { return Err(fault::table(e)) };
                // A write whose answer was lost on the way is repeated, and meets itself.
                if present.and_then(|item| item.get("sha256")?.as_str()) != Some(&*sha256) {
                    self.blob.delete_version(&blob, &stored.version).await.map_err(fault::blob)?;
                    return Ok(false);
                }
            }
        }
        // Its versions stay for whoever looks into what happened.
        if let Some(gone) = gone
            && let Err(error) = self.blob.delete(&blob_key(id, &gone)).await
        {
            tracing::warn!(invoice = %id, %error, "a file that was lost cannot be put away");
        }
        Ok(true)
    }
}

/// What was lost by now.
fn after(filed: Filed, why: Loss, found_ms: i64) -> Vec<Lost> {
    let Filed { sha256, made_ms, program, mut lost, .. } = filed;
    lost.push(Lost { why, sha256, made_ms, program, found_ms });
    let old = lost.len().saturating_sub(MOST_LOST);
    lost.split_off(old)
}
