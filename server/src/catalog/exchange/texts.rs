//! Texts beside sounds and films: captions of a trailer, transcripts of an episode. WebVTT, the language in the name.

use std::path::Path;

use vitrine_shared::catalog::{AssetState, Captions, WorkKind};

use super::TranscriptRow;
use super::build::Stored;
use super::import::{Fault, Importer, refuse};
use crate::fault;
use crate::media::captions;

/// Largest text, bytes.
const MAX_BYTES: u64 = 1024 * 1024;

impl Importer {
    /// Gives a film's trailer its captions, from the WebVTT files of the same part.
    pub(super) async fn captions(&self, files: &mut [Stored]) -> std::result::Result<(), Fault> {
        let texts: Vec<(String, String)> = files
            .iter()
            .filter(|f| f.asset.state == AssetState::Clean && f.asset.size <= MAX_BYTES)
            .filter_map(|f| Some((captions::language_of(&f.asset.file_name)?, f.asset.key.clone())))
            .collect();
        for sound in files.iter_mut().filter_map(|f| f.sound.as_mut()) {
            let Some(preview) = sound.preview.as_mut().filter(|p| p.content_type.starts_with("video/")) else {
                continue;
            };
            let to_ms = sound.start_ms + preview.length_ms.unwrap_or(0);
            for (language, key) in &texts {
                let bytes = self.blob.get_bytes(key).await.map_err(fault::blob)?;
                let text = String::from_utf8_lossy(&bytes);
                let Some(cut) = captions::cut(&text, sound.start_ms, to_ms) else { continue };
                let key = self.media.publish(cut.into(), "vtt", "text/vtt").await.map_err(|e| refuse(language, &e))?;
                preview.captions.push(Captions { language: language.clone(), key });
            }
        }
        Ok(())
    }

    /// Publishes the transcripts of an episode.
    pub(super) async fn transcripts(
        &self,
        kind: WorkKind,
        rows: &[TranscriptRow],
    ) -> std::result::Result<Vec<Captions>, Fault> {
        if kind != WorkKind::Podcast && !rows.is_empty() {
            return Err("`transcripts`: only the episodes of a podcast have them".to_owned().into());
        }
        let mut out: Vec<Captions> = Vec::new();
        for TranscriptRow { file } in rows {
            let wrong = |what: &str| Fault::from(format!("`transcripts`: {file:?} {what}"));
            let name = Path::new(file).file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let language =
                captions::language_of(name).ok_or_else(|| wrong("must say its language: NAME.LANGUAGE.vtt"))?;
            if out.iter().any(|t| t.language == language) {
                return Err(wrong("is the second one in its language"));
            }
            let path = self.path(file)?;
            let unread = |e: std::io::Error| wrong(&format!("cannot be read: {e}"));
            if tokio::fs::metadata(&path).await.map_err(unread)?.len() > MAX_BYTES {
                return Err(wrong("is larger than 1 MB"));
            }
            let text = tokio::fs::read_to_string(&path).await.map_err(unread)?;
            if captions::cues(&text).is_none_or(|cues| cues.is_empty()) {
                return Err(wrong("is no WebVTT with words"));
            }
            let key = self.media.publish(text.into(), "vtt", "text/vtt").await.map_err(|e| refuse(file, &e))?;
            out.push(Captions { language, key });
        }
        Ok(out)
    }
}
