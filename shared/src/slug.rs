//! Slugs: `[a-z0-9-]`, made from a title by folding; addresses are `slug-id`.

use unicode_normalization::UnicodeNormalization;

/// Longest slug, characters.
pub const MAX_SLUG: usize = 80;

/// Folds a (Latin or transliterated) title to a slug; `None` if nothing of it is left.
pub fn slugify(title: &str) -> Option<String> {
    let mut out = String::new();
    for c in title.nfkd().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'ł' => out.push('l'),
            'þ' => out.push_str("th"),
            'ı' => out.push('i'),
            // Combining marks and apostrophes join what stands beside them.
            '\u{300}'..='\u{36f}' | '\'' | '’' => {}
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
        if out.len() >= MAX_SLUG {
            break;
        }
    }
    // A letter that becomes two may stand at the end.
    out.truncate(MAX_SLUG);
    let out = out.trim_matches('-');
    (!out.is_empty()).then(|| out.to_owned())
}

/// Whether a text is a slug as it stands.
pub fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SLUG + 2
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Splits an address segment `slug-id` into its id part: what stands from the last `prefix_` on.
pub fn id_part<'a>(segment: &'a str, prefix: &str) -> Option<&'a str> {
    let needle = format!("{prefix}_");
    let at = segment.rfind(&needle)?;
    (at == 0 || segment.as_bytes()[at - 1] == b'-').then(|| &segment[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_fold() {
        assert_eq!(slugify("The Battle for Wesnoth").as_deref(), Some("the-battle-for-wesnoth"));
        assert_eq!(slugify("Straße & Œuvre’s  Ćma!").as_deref(), Some("strasse-oeuvres-cma"));
        assert_eq!(slugify("日本語"), None);
        let long = slugify(&format!("{}ß", "a".repeat(MAX_SLUG - 1))).unwrap();
        assert_eq!((long.len(), slugify(&long)), (MAX_SLUG, Some(long.clone())));
    }

    #[test]
    fn the_id_is_found_at_the_end() {
        assert_eq!(id_part("a-w_x-w_0b", "w"), Some("w_0b"));
        assert_eq!(id_part("w_0b", "w"), Some("w_0b"));
        assert_eq!(id_part("raw_0b", "w"), None);
        assert_eq!(id_part("plain", "w"), None);
    }
}
