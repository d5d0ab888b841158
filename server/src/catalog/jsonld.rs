//! Structured data of pages (schema.org), safe inside a script element.

use serde_json::{Value, json};
use vitrine_shared::catalog::{Maker, MakerKind, Work, WorkKind};
use vitrine_shared::views::{CardView, EditionView};

/// JSON that cannot end the script element it stands in.
fn safe(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Decimal text of minor units.
fn decimal(minor: i64, exponent: u8) -> String {
    if exponent == 0 {
        return minor.to_string();
    }
    let unit = 10_i64.pow(u32::from(exponent));
    format!("{}.{:0width$}", minor / unit, minor % unit, width = usize::from(exponent))
}

/// A work with its offers.
pub fn work(work: &Work, card: &CardView, editions: &[EditionView], canonical: &str, lead: &str, by: &str) -> String {
    let kind = match work.kind {
        WorkKind::Album => "MusicAlbum",
        WorkKind::Book => "Book",
        // Without a picture a film is no video to search engines.
        WorkKind::Video if card.cover.is_none() => "CreativeWork",
        WorkKind::Video => "VideoObject",
        WorkKind::Podcast => "PodcastSeries",
    };
    let offers: Vec<Value> = editions
        .iter()
        .filter_map(|e| {
            let price = e.price.as_ref()?;
            Some(json!({
                "@type": "Offer",
                "name": e.title,
                "price": decimal(price.minor, price.exponent),
                "priceCurrency": price.currency,
                "availability": if e.stock == Some(0) { "https://schema.org/OutOfStock" } else { "https://schema.org/InStock" },
                "url": canonical,
            }))
        })
        .collect();
    let person = if work.kind == WorkKind::Album { "MusicGroup" } else { "Person" };
    let makers: Vec<Value> = work.makers.iter().map(|m| json!({"@type": person, "name": m.name})).collect();
    let image = card.cover.as_ref().map(|c| c.src.clone());
    let mut out = json!({
        "@context": "https://schema.org",
        "@type": kind,
        "name": work.title,
        "url": canonical,
        "description": if lead.is_empty() { format!("{} – {by}", work.title) } else { lead.to_owned() },
        "datePublished": work.released,
        "genre": work.genres,
    });
    if let Some(map) = out.as_object_mut() {
        if let Some(image) = image {
            map.insert(if work.kind == WorkKind::Video { "thumbnailUrl" } else { "image" }.into(), image.into());
        }
        if !offers.is_empty() {
            map.insert("offers".into(), offers.into());
        }
        if !work.language.is_empty() {
            map.insert("inLanguage".into(), work.language.clone().into());
        }
        match work.kind {
            WorkKind::Album => {
                map.insert("byArtist".into(), makers.into());
                map.insert("numTracks".into(), work.parts.len().into());
                let tracks: Vec<Value> = work
                    .parts
                    .iter()
                    .map(|p| {
                        json!({
                            "@type": "MusicRecording", "name": p.title, "position": p.number,
                            "duration": p.length_ms.map(|ms| format!("PT{}M{}S", ms / 60_000, ms / 1000 % 60)),
                        })
                    })
                    .collect();
                map.insert("track".into(), tracks.into());
            }
            WorkKind::Book => {
                map.insert("author".into(), makers.into());
                if let Some(pages) = work.facts.pages {
                    map.insert("numberOfPages".into(), pages.into());
                }
                if let Some(isbn) = &work.facts.isbn {
                    map.insert("isbn".into(), isbn.clone().into());
                }
            }
            WorkKind::Video if card.cover.is_none() => {
                map.insert("creator".into(), makers.into());
            }
            WorkKind::Video => {
                map.insert("uploadDate".into(), format!("{}T00:00:00Z", work.released).into());
                map.insert("creator".into(), makers.into());
            }
            WorkKind::Podcast => {
                map.insert("author".into(), makers.into());
                map.insert("webFeed".into(), format!("{canonical}/feed.xml").into());
            }
        }
    }
    safe(&out)
}

/// An artist or author.
pub fn maker(maker: &Maker, canonical: &str) -> String {
    let kind = if maker.kind == MakerKind::Artist { "MusicGroup" } else { "Person" };
    safe(&json!({
        "@context": "https://schema.org",
        "@type": kind,
        "name": maker.name,
        "alternateName": maker.latin,
        "url": canonical,
        "sameAs": maker.links.iter().map(|l| l.url.clone()).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_end_the_script() {
        assert!(!safe(&json!({"name": "</script><script>x()"})).contains('<'));
    }

    #[test]
    fn amounts_are_decimal_text() {
        assert_eq!(decimal(905, 2), "9.05");
        assert_eq!(decimal(900, 0), "900");
        assert_eq!(decimal(1005, 3), "1.005");
    }
}
