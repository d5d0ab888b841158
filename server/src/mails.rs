//! How the shop's mails are written: blocks that become HTML and plain text, put into the queue once for their key.
//!
//! Invariants: HTML and plain text say the same; no picture is needed to read them.
//!
//! Not here: what a mail says (`receipts`, `talk`, `mailing`), how it travels (`vitrine_mail`).

use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, html};
use vitrine_clock::SharedClock;
use vitrine_identity::MasterKey;
use vitrine_mail::Message;
use vitrine_pricing::date::Date;
use vitrine_pricing::format::{Locale as MoneyLocale, format_date, format_money, format_percent};
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Money;
use vitrine_queue::{NewJob, SharedQueue};
use vitrine_table::{Put, TransactOp};
use vitrine_texts::{Differing, FluentValue, Texts};

use crate::accounts::{sealed_job, send_job};
use crate::fault::{self, Result};

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::differing(&SOURCES, &DIFFERING));

const SOURCES: [(&str, &str); 3] = [
    ("en-US", include_str!("../locales/en-US/mails.ftl")),
    ("de-DE", include_str!("../locales/de-DE/mails.ftl")),
    ("fr-FR", include_str!("../locales/fr-FR/mails.ftl")),
];

const DIFFERING: [Differing; 1] = [("en-GB", include_str!("../locales/en-GB/differences.ftl"))];

/// The words of one reader's language.
pub(crate) struct Words {
    tag: String,
    money: MoneyLocale,
}

impl Words {
    /// Of a BCP 47 tag.
    pub(crate) fn of(tag: &str) -> Self {
        Self { tag: tag.to_owned(), money: MoneyLocale::from_tag(tag) }
    }

    /// For who bought in a market: its numbers.
    pub(crate) fn for_buyer(tag: &str, market: &str) -> Self {
        let money = Market::by_id(market).map_or_else(|| MoneyLocale::from_tag(tag), |market| market.numbers(tag));
        Self { tag: tag.to_owned(), money }
    }

    /// BCP 47 of the texts.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// A message with its values.
    pub(crate) fn say(&self, id: &str, values: &[(&str, &str)]) -> String {
        let values: Vec<_> = values.iter().map(|(n, v)| (*n, FluentValue::from((*v).to_owned()))).collect();
        TEXTS.get(&self.tag, id, &values)
    }

    /// What paid, by the key that `checkout::paid_rows` gives it.
    pub(crate) fn paid(&self, key: &str, detail: &str) -> String {
        let id = match key {
            "paid-gift_card" => "mail-paid-gift_card",
            "paid-store_credit" => "mail-paid-store_credit",
            _ => "mail-paid-provider",
        };
        self.say(id, &[("detail", detail)])
    }

    /// An amount.
    pub(crate) fn money(&self, amount: Money) -> String {
        format_money(amount, self.money)
    }

    /// A day.
    pub(crate) fn date(&self, day: Date) -> String {
        format_date(day, self.money)
    }

    /// A rate in millionths.
    pub(crate) fn percent(&self, ppm: i64) -> String {
        format_percent(ppm, self.money)
    }
}

/// Paragraphs and rows that both forms of a mail are made from.
pub(crate) enum Block {
    /// A paragraph.
    Text(String),
    /// A paragraph whose lines stay lines.
    Lines(String),
    /// What a person wrote, as a quotation; its lines stay lines.
    Said(String),
    /// A heading.
    Title(String),
    /// Name and value.
    Row(String, String),
    /// Words and address.
    Link(String, String),
}

fn plain(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Text(text) | Block::Lines(text) => out.push_str(&format!("{text}\n\n")),
            Block::Said(text) => {
                let quoted: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
                out.push_str(&format!("{}\n\n", quoted.join("\n")));
            }
            Block::Title(text) => out.push_str(&format!("{text}\n")),
            Block::Row(name, value) => out.push_str(&format!("  {name}: {value}\n")),
            Block::Link(words, url) => out.push_str(&format!("\n{words}:\n{url}\n\n")),
        }
    }
    out
}

fn rich(lang: &str, subject: &str, blocks: &[Block]) -> Markup {
    // Readers of mail know neither sheets nor custom properties: what little style there is stands on the elements.
    html! {
        (DOCTYPE)
        html lang=(lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                meta name="color-scheme" content="light dark";
                title { (subject) }
            }
            body style="margin:0;padding:24px;font:16px/1.5 sans-serif;max-width:36em" {
                @for block in blocks {
                    @match block {
                        Block::Text(text) => p { (text) },
                        Block::Lines(text) => p style="white-space:pre-line" { (text) },
                        Block::Said(text) => blockquote style="margin:16px 0;padding-inline-start:16px;border-inline-start:3px solid;white-space:pre-line" { (text) },
                        Block::Title(text) => h2 style="font-size:18px;margin:24px 0 8px" { (text) },
                        Block::Row(name, value) => p style="margin:2px 0" { (name) ": " b { (value) } },
                        Block::Link(words, url) => p { a href=(url) style="display:inline-block;padding:12px 0;font-weight:bold" { (words) } },
                    }
                }
            }
        }
    }
}

/// One mail, ready to be sent.
pub(crate) struct Letter<'a> {
    /// Names the sending for ever.
    pub(crate) key: String,
    /// Reader.
    pub(crate) to: &'a str,
    /// Subject, one line.
    pub(crate) subject: String,
    /// What it says.
    pub(crate) blocks: &'a [Block],
    /// One address that ends mails of this kind.
    pub(crate) unsubscribe: Option<String>,
}

/// Puts mails into the queue. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    /// Jobs.
    pub queue: SharedQueue,
    /// The time.
    pub clock: SharedClock,
    /// Sender.
    pub from: String,
}

impl Sender {
    /// Queues a mail; a second one with its key changes nothing.
    pub(crate) async fn send(&self, words: &Words, letter: Letter<'_>) -> Result<()> {
        let job = self.job(words, letter)?;
        self.queue.enqueue(job).await.map_err(|e| fault::internal("the queue", &e))?;
        Ok(())
    }

    /// A mail as a member of a transaction: it goes if and only if what it tells of is written.
    pub(crate) fn op(&self, words: &Words, letter: Letter<'_>) -> Result<Option<TransactOp>> {
        self.job_op(&self.job(words, letter)?)
    }

    /// As [`Sender::op`] for a mail that says a secret: what waits in the queue is sealed.
    pub(crate) fn sealed_op(
        &self,
        words: &Words,
        letter: Letter<'_>,
        master: &MasterKey,
    ) -> Result<Option<TransactOp>> {
        let job = sealed_job(&self.message(words, letter), master, self.clock.now_ms());
        self.job_op(&job.map_err(|e| fault::internal("a mail", &e))?)
    }

    /// A job as a member of a transaction; `None`: the queue hands it over by itself.
    pub(crate) fn job_op(&self, job: &NewJob) -> Result<Option<TransactOp>> {
        let item = self.queue.as_item(job).map_err(|e| fault::internal("the queue", &e))?;
        Ok(item.map(|item| TransactOp::Put(Put { item, condition: None })))
    }

    fn job(&self, words: &Words, letter: Letter<'_>) -> Result<NewJob> {
        send_job(&self.message(words, letter), self.clock.now_ms()).map_err(|e| fault::internal("a mail", &e))
    }

    fn message(&self, words: &Words, letter: Letter<'_>) -> Message {
        Message {
            key: letter.key,
            to: letter.to.to_owned(),
            from: self.from.clone(),
            reply_to: None,
            text: plain(letter.blocks),
            html: rich(&words.tag, &letter.subject, letter.blocks).into_string(),
            subject: letter.subject,
            locale: words.tag.clone(),
            unsubscribe: letter.unsubscribe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_the_code_names_exists_in_every_locale() {
        assert_eq!(TEXTS.faults(), Vec::<String>::new());
        let known = TEXTS.ids();
        let code = [
            include_str!("receipts.rs"),
            include_str!("talk/mod.rs"),
            include_str!("withdrawal/mod.rs"),
            include_str!("withdrawal/form.rs"),
            include_str!("mailing/mod.rs"),
            include_str!("mailing/letters.rs"),
            include_str!("value/sending.rs"),
            include_str!("checkout/gift.rs"),
        ];
        for part in code.iter().flat_map(|c| c.split("\"mail-").skip(1)) {
            let id = format!("mail-{}", part.split('"').next().unwrap_or_default());
            assert!(known.contains(id.as_str()), "{id}");
        }
    }

    #[test]
    fn both_forms_of_a_mail_say_the_same_and_names_cannot_break_the_mark_up() {
        let blocks = [
            Block::Title("A & B".into()),
            Block::Row("<script>".into(), "€1.00".into()),
            Block::Said("one\n<b>two".into()),
            Block::Link("Open".into(), "https://shop.example/orders/x?key=y".into()),
        ];
        let text = plain(&blocks);
        let page = rich("en-US", "s", &blocks).into_string();
        for word in ["€1.00", "Open", "one", "https://shop.example/orders/x?key=y"] {
            assert!(text.contains(word) && page.contains(word), "{word}");
        }
        assert!(text.contains("<script>") && !page.contains("<script>"));
        assert!(text.contains("> one\n> <b>two") && !page.contains("<b>two"));
    }
}
