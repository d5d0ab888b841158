//! Letters to a list: written in the studio, sent by jobs, a page of readers at a time.

use async_trait::async_trait;
use vitrine_pricing::format::Locale;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob};
use vitrine_shared::catalog::Tenant;
use vitrine_shared::views::MomentView;
use vitrine_shared::views::desk::{ListView, SentLetter};
use vitrine_table::{Index, Query};

use super::*;
use crate::{authz, ids};

/// Kind of the job that sends a letter to one page of readers.
pub const SEND: &str = "bulk.mailing.send";
/// Longest subject, characters.
pub const MAX_SUBJECT: usize = 120;
/// Longest letter, characters.
pub const MAX_TEXT: usize = 10_000;
/// Letters of one list within a day.
const A_DAY: usize = 4;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Readers of one job.
const PAGE: usize = 100;
/// Letters shown.
const SHOWN: usize = 20;

/// What a seller sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// One line.
    pub subject: String,
    /// Plain text; an empty line ends a paragraph.
    pub text: String,
    /// Names this sending: the same one twice is one.
    pub attempt: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    id: String,
    subject: String,
    text: String,
    at_ms: i64,
    readers: i64,
}

fn letter_key(store: &StoreId, at_ms: i64, id: &str) -> Key {
    Key::new(partition(store), format!("LETTER#{at_ms:015}#{id}"))
}

fn kept_key(ctx: &OpCtx, store: &StoreId) -> Result<Key> {
    Ok(Key::new(format!("DESKFORM#{}", authz::user(ctx)?.id), format!("LETTER#{store}")))
}

impl Mailing {
    /// A shop of the caller's.
    async fn mine(&self, ctx: &OpCtx, id: &str) -> Result<(Store, Tenant)> {
        authz::user(ctx)?;
        let missing = || Problem::not_found("shop");
        let id: StoreId = id.parse().map_err(|_| missing())?;
        let store = self.catalog.store(&id).await?.ok_or_else(missing)?;
        authz::tenant_desk(ctx, &store.tenant).map_err(|_| missing())?;
        let tenant = self.catalog.tenant(&store.tenant).await?.ok_or_else(missing)?;
        Ok((store, tenant))
    }

    async fn sent(&self, store: &StoreId) -> Result<Vec<Stored>> {
        let query = Query::new(Index::Base, partition(store)).begins_with("LETTER#").descending().limit(SHOWN);
        let page = self.table.query(query).await.map_err(fault::table)?;
        page.items.into_iter().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect()
    }

    /// A list for its seller: how many read it, what was sent, what was typed and not sent.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops.
    pub async fn list_view(&self, ctx: &OpCtx, id: &str, locale: Locale) -> Result<ListView> {
        let (store, _) = self.mine(ctx, id).await?;
        let kept = self.table.get(&kept_key(ctx, &store.id)?, Consistency::Strong).await.map_err(fault::table)?;
        let kept = kept.and_then(|i| serde_json::from_value::<Draft>(i.get("kept")?.clone()).ok()).unwrap_or_default();
        let sent = self.sent(&store.id).await?;
        Ok(ListView {
            store: store.id.to_string(),
            shop: store.name,
            readers: self.readers(&store.id).await?,
            subject: kept.subject,
            text: kept.text,
            attempt: ids::secret(),
            sent: sent
                .into_iter()
                .map(|l| SentLetter {
                    at: MomentView::of(l.at_ms, locale),
                    subject: l.subject,
                    text: l.text,
                    readers: l.readers,
                })
                .collect(),
        })
    }

    /// Sends a letter to everybody who is on the list now. What was typed is kept until it is sent.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops, 409 `list_empty` or `list_often`, 422 for faults.
    pub async fn send(&self, ctx: &OpCtx, id: &str, draft: &Draft) -> Result<()> {
        let (store, _) = self.mine(ctx, id).await?;
        let kept = kept_key(ctx, &store.id)?;
        // What is far too long is not kept; it has a fault anyway.
        if draft.subject.len() + draft.text.len() + draft.attempt.len() <= 8 * MAX_TEXT {
            let mut item = Item::new();
            item.insert("pk".into(), kept.pk.clone().into());
            item.insert("sk".into(), kept.sk.clone().into());
            item.insert("kept".into(), json!(draft));
            item.insert("ttl".into(), json!(ctx.now_ms / 1000 + 24 * 3600));
            item.insert("_v".into(), json!(1));
            self.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
        }

        let subject = draft.subject.trim();
        let text = draft.text.replace("\r\n", "\n").trim().to_owned();
        let fine = |t: &str, most: usize| t.chars().count() <= most && !t.chars().any(|c| c.is_control() && c != '\n');
        for (field, value, most) in [("subject", subject, MAX_SUBJECT), ("text", &text, MAX_TEXT)] {
            if value.is_empty() {
                return Err(Problem::invalid(field, "fault-empty", "Fill in this field."));
            }
            if !fine(value, most) || (field == "subject" && value.contains('\n')) {
                return Err(Problem::invalid(field, "fault-long", "This is too long."));
            }
        }
        let id = format!("{:032x}", ids::derived_bits(&["letter", store.id.as_str(), &draft.attempt]));
        let before = self.sent(&store.id).await?;
        if before.iter().any(|l| l.id == id) {
            return Ok(());
        }
        if before.iter().filter(|l| ctx.now_ms - l.at_ms < DAY_MS).count() >= A_DAY {
            return Err(Problem::conflict("list_often", "Four letters a day are enough. Send this one tomorrow."));
        }
        let readers = self.readers(&store.id).await?;
        if readers < 1 {
            return Err(Problem::conflict("list_empty", "Nobody is on the list yet."));
        }
        let letter = Stored { id: id.clone(), subject: subject.to_owned(), text, at_ms: ctx.now_ms, readers };
        let key = letter_key(&store.id, ctx.now_ms, &id);
        let mut item = vitrine_table::to_item(&key, &letter).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        // One marker a letter: the same press twice at once is one letter whatever the clock says.
        let mut marker = Item::new();
        marker.insert("pk".into(), partition(&store.id).into());
        marker.insert("sk".into(), format!("SENT#{id}").into());
        marker.insert("_v".into(), json!(1));
        let mut ops = vec![
            TransactOp::Put(Put { item: marker, condition: Some(Condition::ItemAbsent) }),
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            TransactOp::Delete(Delete { key: kept, condition: None }),
            audit::entry(ctx, store.id.as_str(), "letter.sent", "", json!({ "letter": id, "readers": readers })),
        ];
        let job = self.job(&store.id, &key.sk, None, 0, ctx.now_ms);
        ops.extend(self.sender.job_op(&job)?);
        match self.table.transact(Transact { ops, token: None }).await {
            Err(e) if e.failed_condition(0).is_some() => Ok(()),
            done => done.map_err(fault::table),
        }
    }

    fn job(&self, store: &StoreId, letter: &str, cursor: Option<String>, page: u32, now_ms: i64) -> NewJob {
        let id = letter.rsplit('#').next().unwrap_or_default();
        NewJob {
            kind: SEND.into(),
            key: format!("{id}/{page}"),
            payload: json!({ "store": store, "letter": letter, "cursor": cursor, "page": page }),
            run_at_ms: now_ms,
            max_attempts: 12,
            trace: None,
        }
    }

    /// Queues a letter to one page of readers and the job of the next. Safe to repeat.
    async fn send_page(&self, store: &StoreId, sk: &str, cursor: Option<String>, page: u32) -> Result<()> {
        let Some(shop) = self.catalog.store(store).await? else { return Ok(()) };
        let Some(tenant) = self.catalog.tenant(&shop.tenant).await? else { return Ok(()) };
        let key = Key::new(partition(store), sk);
        let item = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
        let Some(item) = item else { return Ok(()) };
        let letter: Stored = vitrine_table::from_item(item).map_err(fault::table)?;
        let query = Query::new(Index::Base, partition(store)).begins_with("READER#").limit(PAGE).after(cursor);
        let found = self.table.query(query).await.map_err(fault::table)?;
        for item in found.items {
            let reader: Reader = vitrine_table::from_item(item).map_err(fault::table)?;
            // Who joined after it was sent gets the next one.
            if reader.since_ms.is_some_and(|since| since <= letter.at_ms) {
                self.send_one(&shop, &tenant, &letter, &reader).await?;
            }
        }
        if let Some(next) = found.cursor {
            let job = self.job(store, sk, Some(next), page + 1, self.sender.clock.now_ms());
            self.sender.queue.enqueue(job).await.map_err(|e| fault::internal("the queue", &e))?;
        }
        Ok(())
    }

    async fn send_one(&self, shop: &Store, tenant: &Tenant, letter: &Stored, reader: &Reader) -> Result<()> {
        let to = self.open(&shop.id, reader)?;
        let words = Words::of(&reader.locale);
        let mut blocks: Vec<Block> = letter.text.split("\n\n").map(|p| Block::Lines(p.trim().to_owned())).collect();
        blocks.push(Block::Link(words.say("mail-list-visit", &[("shop", &shop.name)]), self.shop_url(shop)));
        // Who sends it has to be said (Directive 2000/31/EC, Art. 5 and 6).
        let from: Vec<&str> = std::iter::once(tenant.legal.name.as_str())
            .chain(tenant.legal.address.iter().map(String::as_str))
            .chain(std::iter::once(tenant.legal.email.as_str()))
            .collect();
        blocks.push(Block::Text(words.say("mail-list-why", &[("shop", &shop.name), ("seller", &from.join(", "))])));
        blocks.push(Block::Link(words.say("mail-list-leave", &[]), self.page(&shop.id, &reader.who)));
        let one = Letter {
            key: format!("letter/{}/{}", letter.id, reader.who),
            to: &to,
            subject: letter.subject.clone(),
            blocks: &blocks,
            unsubscribe: Some(self.one_click(&shop.id, &reader.who)),
        };
        self.sender.send(&words, one).await
    }

    fn shop_url(&self, shop: &Store) -> String {
        format!("{}/@{}", self.base_url, shop.handle)
    }
}

struct SendPage(Mailing);

#[async_trait]
impl Handler for SendPage {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let payload = &job.job.payload;
        let store: StoreId = serde_json::from_value(payload["store"].clone()).map_err(JobFailed::new)?;
        let letter = payload["letter"].as_str().unwrap_or_default();
        let cursor = payload["cursor"].as_str().map(str::to_owned);
        let page = payload["page"].as_u64().and_then(|p| u32::try_from(p).ok()).unwrap_or_default();
        self.0.send_page(&store, letter, cursor, page).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(mailing: Mailing) -> Handlers {
    let send: Arc<dyn Handler> = Arc::new(SendPage(mailing));
    std::iter::once((SEND.to_owned(), send)).collect()
}
