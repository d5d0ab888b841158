//! Episodes in words: pages for everybody, from public WebVTT.

use vitrine_blob::Blob;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Part, Work, WorkKind};
use vitrine_shared::id::WorkId;
use vitrine_shared::query::encode;
use vitrine_shared::slug::id_part;
use vitrine_shared::timed::clock;
use vitrine_shared::views::card::{unpriced, work_href};
use vitrine_shared::views::{SaidView, Shared, TranscriptView};

use super::pages::{Catalog, Found};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::media::captions::{self, Cue};

/// A pause that begins a new paragraph, milliseconds.
const PAUSE_MS: u64 = 1_500;
/// A paragraph ends with the first sentence past this many bytes.
const LONG: usize = 400;

/// Pages of a part's transcripts: BCP 47 and address.
pub(crate) fn pages(work: &Work, part: &Part) -> Vec<(String, String)> {
    let path = work_href(work.kind, &work.slug, work.id.as_str());
    let page = |language: &str| format!("{path}/transcript/{}?language={}", part.number, encode(language));
    part.transcripts.iter().map(|t| (t.language.clone(), page(&t.language))).collect()
}

/// Cues as paragraphs: a new one for another speaker, after a pause, or when one gets long.
fn paragraphs(cues: &[Cue]) -> Vec<SaidView> {
    let mut out: Vec<SaidView> = Vec::new();
    let mut heard = 0;
    for cue in cues {
        let (speaker, text) = cue.words();
        if text.is_empty() {
            continue;
        }
        let goes_on = out.last().is_some_and(|last| {
            let whole = last.text.len() < LONG || !last.text.ends_with(['.', '!', '?', '…', '。', '！', '？']);
            last.speaker == speaker && cue.begin < heard + PAUSE_MS && whole
        });
        match out.last_mut().filter(|_| goes_on) {
            Some(last) => {
                last.text.push(' ');
                last.text.push_str(&text);
            }
            None => {
                let at_s = cue.begin / 1000;
                out.push(SaidView { at_s, at: clock(at_s), speaker, text });
            }
        }
        heard = cue.end;
    }
    out
}

impl Catalog {
    /// An episode in words, in the language asked for or the first there is. `segment` names the podcast as on its page.
    ///
    /// # Errors
    /// 404 without such an episode or transcript, 410 for a podcast that was withdrawn.
    pub async fn transcript(
        &self,
        ctx: &OpCtx,
        blob: &dyn Blob,
        segment: &str,
        number: u32,
        language: Option<&str>,
    ) -> Result<Found<TranscriptView>> {
        let missing = || Problem::not_found("transcript");
        let id: WorkId = id_part(segment, "w").and_then(|id| id.parse().ok()).ok_or_else(missing)?;
        let Some((bundle, store)) = self.published(ctx, &id).await? else {
            return Err(self.absent(ctx, &id, WorkKind::Podcast).await?);
        };
        let work = &bundle.work;
        if work.kind != WorkKind::Podcast {
            return Err(missing());
        }
        let path = work_href(work.kind, &work.slug, work.id.as_str());
        let part = work.parts.iter().find(|p| p.number == number).ok_or_else(missing)?;
        let text = match language {
            Some(language) => part.transcripts.iter().find(|t| t.language == language),
            None => part.transcripts.first(),
        };
        let text = text.ok_or_else(missing)?;
        let languages = pages(work, part);
        let canonical = languages.iter().find(|(l, _)| *l == text.language).map(|(_, page)| page.clone());
        let canonical = canonical.ok_or_else(missing)?;
        if path != format!("/{}/{segment}", work.kind.segment()) {
            return Ok(Found::Moved(canonical));
        }
        let bytes = blob.get_bytes(&text.key).await.map_err(fault::blob)?;
        let cues = captions::cues(&String::from_utf8_lossy(&bytes)).unwrap_or_default();
        let place = self.place(ctx);
        Ok(Found::Here(Shared::new(TranscriptView {
            card: place.card(&unpriced(work, &store)),
            number,
            title: part.title.clone(),
            date: part.date.as_deref().map(|d| place.date(d)),
            language: text.language.clone(),
            languages,
            said: paragraphs(&cues),
            file: place.file(&text.key),
            canonical,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_follow_speakers_pauses_and_sentences() {
        let cue = |from: u32, to: u32, text: &str| format!("\n00:00:{from:02}.000 --> 00:00:{to:02}.000\n{text}\n");
        let long = "word ".repeat(90);
        let text = [
            cue(1, 2, "<v Ada>Hello,"),
            cue(2, 3, "<v Ada>all."),
            cue(3, 4, "<v Grace>Hello."),
            cue(9, 10, "<v Grace>Later."),
            cue(10, 11, &format!("<v Grace>{long}")),
            cue(11, 12, "<v Grace>and on."),
            cue(12, 13, "<v Grace>New."),
            cue(13, 14, "<b></b>"),
        ];
        let cues = captions::cues(&format!("WEBVTT\n{}", text.concat())).unwrap();
        let said = paragraphs(&cues);
        let starts: Vec<(&str, &str)> =
            said.iter().map(|s| (s.at.as_str(), s.text.split_whitespace().next().unwrap())).collect();
        assert_eq!(starts, [("0:01", "Hello,"), ("0:03", "Hello."), ("0:09", "Later."), ("0:12", "New.")]);
        assert_eq!((said[0].text.as_str(), said[0].speaker.as_deref()), ("Hello, all.", Some("Ada")));
        assert!(said[2].text.ends_with("and on."));
    }
}
