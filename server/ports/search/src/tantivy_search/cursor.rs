//! Where a page ended: the last hit's sort key and id, as opaque text.

use crate::port::SearchError;
use crate::query::Sort;

/// A parsed cursor.
pub(super) enum Cursor {
    /// By number; ascending.
    Number { key: i64, id: String },
    /// By folded title.
    Title { key: String, id: String },
}

impl Cursor {
    /// The cursor behind a hit, hexadecimal: it needs no escaping anywhere.
    pub(super) fn text(sort: Sort, key: i64, title: &str, id: &str) -> String {
        let key = if sort == Sort::Title { title.to_owned() } else { key.to_string() };
        // A folded title never holds U+0000, so the first one ends it.
        let plain = format!("{}{key}\0{id}", letter(sort));
        plain.bytes().fold(String::with_capacity(plain.len() * 2), |text, byte| text + &format!("{byte:02x}"))
    }

    pub(super) fn parse(text: &str, sort: Sort) -> Result<Self, SearchError> {
        Self::parse_opt(text, sort)
            .ok_or_else(|| SearchError::BadQuery("the cursor is not one of this search".to_owned()))
    }

    fn parse_opt(text: &str, sort: Sort) -> Option<Self> {
        if !text.len().is_multiple_of(2) || text.len() > 8_192 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let bytes = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
            .collect::<Option<Vec<u8>>>()?;
        let plain = String::from_utf8(bytes).ok()?;
        let (key, id) = plain.strip_prefix(letter(sort))?.split_once('\0')?;
        let id = id.to_owned();
        Some(if sort == Sort::Title {
            Cursor::Title { key: key.to_owned(), id }
        } else {
            Cursor::Number { key: key.parse().ok()?, id }
        })
    }

    /// Whether a hit lies behind it.
    pub(super) fn is_before<'a>(&self, key: i64, title: impl FnOnce() -> &'a str, id: &str) -> bool {
        match self {
            Cursor::Number { key: last, id: last_id } => (*last, last_id.as_str()) < (key, id),
            Cursor::Title { key: last, id: last_id } => (last.as_str(), last_id.as_str()) < (title(), id),
        }
    }
}

fn letter(sort: Sort) -> char {
    match sort {
        Sort::Relevance => 'r',
        Sort::Newest => 'n',
        Sort::Title => 't',
        Sort::PriceUp => 'u',
        Sort::PriceDown => 'd',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_round_trip_and_refuses_others() {
        let text = Cursor::text(Sort::Title, 0, "été", "w_1");
        let cursor = Cursor::parse(&text, Sort::Title).unwrap();
        assert!(cursor.is_before(0, || "été", "w_2"));
        assert!(!cursor.is_before(0, || "été", "w_1"));
        assert!(!cursor.is_before(0, || "ete", "w_9"));
        let number = Cursor::text(Sort::Relevance, -7, "", "w_1");
        assert!(Cursor::parse(&number, Sort::Relevance).unwrap().is_before(-6, || "", "a"));
        for (text, sort) in [
            (text.as_str(), Sort::Newest),
            ("zz", Sort::Title),
            ("7", Sort::Title),
            ("é0", Sort::Title),
            ("", Sort::Title),
        ] {
            assert!(Cursor::parse(text, sort).is_err());
        }
    }
}
