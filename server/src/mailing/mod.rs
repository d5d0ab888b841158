//! A storefront's mailing list: who asks and confirms gets the shop's letters until they leave.
//!
//! Invariants: nobody is on a list who did not press the button behind a link sent to their own address (double opt-in);
//! asking says nothing about who is on a list; leaving is one press without a sign-in and removes everything that was
//! kept; addresses are sealed; a letter goes to each reader once.
//!
//! Not here: how a mail is written (`mails`), the storefront's page (`catalog`).

mod http;
mod letters;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use vitrine_identity::MasterKey;
use vitrine_identity::account::normalise_email;
use vitrine_shared::Problem;
use vitrine_shared::catalog::Store;
use vitrine_shared::id::StoreId;
use vitrine_shared::views::{LetterState, LettersView, Named};
use vitrine_table::{
    Condition, Consistency, Delete, Index, Item, Key, Put, Query, Table, Transact, TransactOp, Update, UpdateItem,
};

use crate::audit;
use crate::catalog::store::CatalogStore;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::mails::{Block, Letter, Sender, Words};
use crate::secrets::Secret;

pub use http::{one_click, routes};
pub use letters::{Draft, MAX_SUBJECT, MAX_TEXT, handlers};

/// How long an unconfirmed request is kept, seconds.
const ASKED_SECS: i64 = 7 * 24 * 60 * 60;
/// A request is mailed at most this often, milliseconds.
const AGAIN_MS: i64 = 60 * 60 * 1000;

/// The lists. Cheap to clone.
#[derive(Clone)]
pub struct Mailing {
    /// Where readers are.
    pub table: Arc<dyn Table>,
    /// Names shops.
    pub catalog: CatalogStore,
    /// Sends.
    pub sender: Sender,
    /// Seals addresses.
    pub master: Arc<MasterKey>,
    /// What the links' proofs are made with.
    pub secret: Secret,
    /// Scheme and host of the shop.
    pub base_url: String,
}

/// One reader, or who asked to become one.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Reader {
    /// Names them within the list.
    who: String,
    sealed: String,
    locale: String,
    /// UTC milliseconds of the last mail that asked for the press.
    asked_ms: i64,
    /// UTC milliseconds of the press.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since_ms: Option<i64>,
    /// An unconfirmed request ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

fn partition(store: &StoreId) -> String {
    format!("LIST#{store}")
}

fn reader_key(store: &StoreId, who: &str) -> Key {
    Key::new(partition(store), format!("READER#{who}"))
}

fn count_key(store: &StoreId) -> Key {
    Key::new(partition(store), "COUNT#")
}

fn place(store: &StoreId, who: &str) -> String {
    format!("reader/{store}/{who}")
}

fn trail(ctx: &OpCtx, store: &StoreId, act: &str) -> TransactOp {
    audit::entry(ctx, store.as_str(), act, "", json!({}))
}

fn missing() -> Problem {
    Problem::not_found("letters")
}

fn mac(secret: &Secret, parts: &[&str]) -> String {
    let mut text = Vec::new();
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    // HMAC takes keys of any length.
    let code = Hmac::<Sha256>::new_from_slice(&secret.bytes)
        .map(|mac| mac.chain_update(&text).finalize().into_bytes()[..20].to_vec())
        .unwrap_or_default();
    data_encoding::BASE32HEX_NOPAD.encode(&code).to_ascii_lowercase()
}

/// Proves that a link was sent to this reader; 32 characters of base32hex.
pub fn proof(secret: &Secret, store: &StoreId, who: &str) -> String {
    mac(secret, &["proof", store.as_str(), who])
}

/// Whether this is the reader's [`proof()`]; takes the same time either way.
pub fn is_proof(secret: &Secret, store: &StoreId, who: &str, shown: &str) -> bool {
    use subtle::ConstantTimeEq;
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    hash(&proof(secret, store, who)).ct_eq(&hash(shown)).into()
}

/// Readers of a shop's list: how many its counter says, and how many confirmed ones there are.
pub(crate) async fn counts(table: &dyn Table, store: &StoreId) -> Result<(i64, i64)> {
    let item = table.get(&count_key(store), Consistency::Strong).await.map_err(fault::table)?;
    let counted = item.and_then(|i| i.get("readers").and_then(serde_json::Value::as_i64)).unwrap_or_default();
    let mut query = Query::new(Index::Base, partition(store)).begins_with("READER#").limit(1000);
    let mut there = 0;
    loop {
        let page = table.query(query.clone()).await.map_err(fault::table)?;
        there += page.items.iter().filter(|i| i.contains_key("since_ms")).count() as i64;
        match page.cursor {
            Some(next) => query.cursor = Some(next),
            None => return Ok((counted, there)),
        }
    }
}

impl Mailing {
    /// Names a reader within a list; nothing can be told from it without the shop's secret.
    fn who(&self, store: &StoreId, email: &str) -> String {
        mac(&self.secret, &["reader", store.as_str(), email])
    }

    fn proof(&self, store: &StoreId, who: &str) -> String {
        proof(&self.secret, store, who)
    }

    fn proved(&self, ctx: &OpCtx, store: &StoreId, who: &str, proof: &str) -> Result<()> {
        if is_proof(&self.secret, store, who, proof) {
            return Ok(());
        }
        ctx.guess.mark_wrong();
        Err(missing())
    }

    fn page(&self, store: &StoreId, who: &str) -> String {
        format!("{}/letters/{store}/{who}?proof={}", self.base_url, self.proof(store, who))
    }

    fn one_click(&self, store: &StoreId, who: &str) -> String {
        format!("{}/letters/{store}/{who}/leave?proof={}", self.base_url, self.proof(store, who))
    }

    async fn store(&self, id: &StoreId) -> Result<Store> {
        self.catalog.store(id).await?.ok_or_else(missing)
    }

    async fn reader(&self, store: &StoreId, who: &str) -> Result<Option<Reader>> {
        let item = self.table.get(&reader_key(store, who), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// The address a reader gave.
    fn open(&self, store: &StoreId, reader: &Reader) -> Result<String> {
        let opened = self.master.open_value(&place(store, &reader.who), &reader.sealed);
        opened.map_err(|e| fault::internal("an address", &e))
    }

    /// Somebody asks for a shop's letters: the address gets a mail with a link. Answers the same whether it is on the
    /// list or not; within an hour of the last mail nothing is sent.
    ///
    /// # Errors
    /// 404 for no such shop, 422 for no address.
    pub async fn ask(&self, ctx: &OpCtx, store: &StoreId, email: &str) -> Result<Store> {
        let shop = self.store(store).await?;
        let address = normalise_email(email)
            .map_err(|_| Problem::invalid("email", "fault-email", "This is not an e-mail address."))?;
        let who = self.who(store, &address);
        let known = self.reader(store, &who).await?;
        let recent = known
            .as_ref()
            .is_some_and(|r| ctx.now_ms - r.asked_ms < AGAIN_MS && r.ttl.is_none_or(|t| t > ctx.now_ms / 1000));
        if recent {
            return Ok(shop);
        }
        let key = reader_key(store, &who);
        let listed = known.as_ref().filter(|r| r.since_ms.is_some());
        let on_list = listed.is_some();
        // The way out goes to the mailbox that came in, however the address was typed now.
        let to: String = match listed {
            Some(reader) => self.open(store, reader)?,
            None => email.trim().to_owned(),
        };
        let asked = if on_list {
            let updates = vec![Update::set("asked_ms", ctx.now_ms)];
            TransactOp::Update(UpdateItem { key, updates, condition: Some(Condition::ItemExists) })
        } else {
            let sealed = self
                .master
                .seal_value(&place(store, &who), &email.trim())
                .map_err(|e| fault::internal("an address", &e))?;
            let reader = Reader {
                who: who.clone(),
                sealed,
                locale: ctx.locale.clone(),
                asked_ms: ctx.now_ms,
                since_ms: None,
                ttl: Some(ctx.now_ms / 1000 + ASKED_SECS),
            };
            let condition = known.as_ref().map_or(Condition::ItemAbsent, |r| Condition::eq("asked_ms", r.asked_ms));
            TransactOp::Put(Put { item: self.item(&key, &reader)?, condition: Some(condition) })
        };
        let words = Words::of(&ctx.locale);
        let name: &[(&str, &str)] = &[("shop", &shop.name)];
        let link = self.page(store, &who);
        let (subject, blocks) = if on_list {
            // The mail says so and how to leave.
            let known = Block::Text(words.say("mail-list-known-text", name));
            (
                words.say("mail-list-known-subject", name),
                vec![known, Block::Link(words.say("mail-list-leave", &[]), link)],
            )
        } else {
            let blocks = vec![
                Block::Text(words.say("mail-list-text", name)),
                Block::Link(words.say("mail-list-confirm", &[]), link),
                Block::Text(words.say("mail-list-ignore", &[])),
            ];
            (words.say("mail-list-subject", name), blocks)
        };
        let letter =
            Letter { key: format!("list/{who}/{}", ctx.now_ms), to: &to, subject, blocks: &blocks, unsubscribe: None };
        let mut ops = vec![asked];
        ops.extend(self.sender.op(&words, letter)?);
        match self.table.transact(Transact { ops, token: None }).await {
            // The same was asked at the same time, so one mail is on its way; or they left in the meantime.
            Err(e) if e.failed_condition(0).is_some() => Ok(shop),
            done => done.map(|()| shop).map_err(fault::table),
        }
    }

    fn item(&self, key: &Key, reader: &Reader) -> Result<Item> {
        let mut item = vitrine_table::to_item(key, reader).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        Ok(item)
    }

    /// How things stand behind a link of a mail.
    ///
    /// # Errors
    /// 404 for a link nobody was sent.
    pub async fn view(&self, ctx: &OpCtx, store: &str, who: &str, proof: &str) -> Result<LettersView> {
        let store: StoreId = store.parse().map_err(|_| missing())?;
        self.proved(ctx, &store, who, proof)?;
        let shop = self.store(&store).await?;
        let state = match self.reader(&store, who).await? {
            Some(Reader { since_ms: Some(_), .. }) => LetterState::On,
            Some(_) => LetterState::Asked,
            None => LetterState::Off,
        };
        let named = Named { name: shop.name, latin: None, href: format!("/@{}", shop.handle) };
        Ok(LettersView { shop: named, state, address: format!("/letters/{store}/{who}"), proof: proof.to_owned() })
    }

    /// The press behind the link of the first mail. Safe to repeat.
    ///
    /// # Errors
    /// 404 for a link nobody was sent, or a request that ended.
    pub async fn confirm(&self, ctx: &OpCtx, store: &StoreId, who: &str, proof: &str) -> Result<()> {
        self.proved(ctx, store, who, proof)?;
        let reader = self.reader(store, who).await?.ok_or_else(missing)?;
        if reader.since_ms.is_some() {
            return Ok(());
        }
        let join = UpdateItem {
            key: reader_key(store, who),
            updates: vec![Update::set("since_ms", ctx.now_ms), Update::Remove("ttl".into())],
            condition: Some(Condition::eq("asked_ms", reader.asked_ms).and(Condition::Absent("since_ms".into()))),
        };
        // The trail of a list names no reader: who leaves leaves nothing behind.
        let ops = vec![TransactOp::Update(join), self.counted(store, 1), trail(ctx, store, "letters.joined")];
        match self.table.transact(Transact { ops, token: None }).await {
            // Pressed twice at once: the other press did it.
            Err(e) if e.failed_condition(0).is_some() => Ok(()),
            done => done.map_err(fault::table),
        }
    }

    /// Takes a reader off the list, with everything kept of them. Safe to repeat.
    ///
    /// # Errors
    /// 404 for a link nobody was sent.
    pub async fn leave(&self, ctx: &OpCtx, store: &StoreId, who: &str, proof: &str) -> Result<()> {
        self.proved(ctx, store, who, proof)?;
        let Some(reader) = self.reader(store, who).await? else { return Ok(()) };
        let there = match reader.since_ms {
            Some(since) => Condition::eq("since_ms", since),
            None => Condition::Absent("since_ms".into()),
        };
        let mut ops = vec![TransactOp::Delete(Delete { key: reader_key(store, who), condition: Some(there) })];
        if reader.since_ms.is_some() {
            ops.push(self.counted(store, -1));
            ops.push(trail(ctx, store, "letters.left"));
        }
        match self.table.transact(Transact { ops, token: None }).await {
            Err(e) if e.failed_condition(0).is_some() => {
                Err(Problem::conflict("busy", "Something changed at the same time. Press again."))
            }
            done => done.map_err(fault::table),
        }
    }

    fn counted(&self, store: &StoreId, by: i64) -> TransactOp {
        let updates = vec![Update::Add("readers".into(), by), Update::set("_v", 1)];
        TransactOp::Update(UpdateItem { key: count_key(store), updates, condition: None })
    }

    /// How many readers a list has.
    pub(crate) async fn readers(&self, store: &StoreId) -> Result<i64> {
        let item = self.table.get(&count_key(store), Consistency::Eventual).await.map_err(fault::table)?;
        Ok(item.and_then(|i| i.get("readers").and_then(serde_json::Value::as_i64)).unwrap_or_default())
    }
}
