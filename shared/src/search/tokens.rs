//! Splitting folded text into tokens, for documents and for queries.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::fold::fold;

/// Raised whenever folding or tokens change, so that stored indexes are rebuilt.
pub const TOKENS_VERSION: u32 = 1;

/// Query words beyond this many are ignored.
pub const MAX_QUERY_TOKENS: usize = 12;

/// Letters a token keeps; longer words are cut, in documents and queries alike.
const MAX_TOKEN_CHARS: usize = 40;
/// Letters of a glued form such as `acdc`.
const MAX_GLUED_CHARS: usize = 24;

/// One indexed form of a piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The folded form.
    pub text: String,
    /// Ordinal of the word (or of the CJK character pair) it stands for; variants share it.
    pub position: u32,
    /// A further form of the same word: `ae` for `ä`, `acdc` for `AC/DC`, a word without the Arabic article, the last
    /// single character of a CJK run. Queries carry no variants.
    pub variant: bool,
}

/// The tokens a document's text is found by: words; for scripts written without spaces (and Hangul) overlapping pairs
/// of characters; plus variants. Positions never decrease.
pub fn tokens(text: &str) -> Vec<Token> {
    let words = words(&fold(text));
    let spelled = spelled_out(text).map(|other| self::words(&fold(&other)));
    let mut out = Vec::with_capacity(words.len() + 4);
    let mut position = 0;
    for (index, word) in words.iter().enumerate() {
        let first = position;
        push_word(&word.text, &mut position, true, &mut out);
        if let Some(bare) = without_article(&word.text) {
            out.push(Token { text: bare, position: first, variant: true });
        }
        if let Some(other) = spelled.as_ref().and_then(|s| s.get(index)).filter(|other| other.text != word.text) {
            out.push(Token { text: cut(&other.text), position: first, variant: true });
        }
        if let Some(glued) = glued_from(&words, index) {
            out.push(Token { text: glued, position: first, variant: true });
        }
    }
    out.sort_by_key(|token| token.position);
    out
}

/// The distinct tokens of a query, in order, at most [`MAX_QUERY_TOKENS`]. A single CJK character stands alone, longer
/// runs become pairs.
pub fn query_tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut position = 0;
    for word in words(&fold(text)) {
        push_word(&word.text, &mut position, false, &mut out);
    }
    let mut distinct: Vec<String> = Vec::new();
    for token in out {
        if distinct.len() < MAX_QUERY_TOKENS && !distinct.contains(&token.text) {
            distinct.push(token.text);
        }
    }
    distinct
}

/// `text` folded, its words separated by one space: what whole titles are compared by.
pub fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in words(&fold(text)) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.text);
    }
    out
}

struct Word {
    text: String,
    /// Only one joining character (as in `AC/DC`, `l'été`, `R.E.M.`) lies between the word before and this one.
    glued: bool,
}

/// The words of folded text. A text without letters or digits (a title like `÷`) is words of its symbols.
fn words(folded: &str) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut word = String::new();
    let mut glued = false;
    let mut between = 0usize;
    let mut glue = false;
    for c in folded.chars() {
        if c.is_alphanumeric() || (is_combining_mark(c) && !word.is_empty()) {
            if word.is_empty() {
                glued = between == 1 && glue && !out.is_empty();
            }
            word.push(c);
            between = 0;
        } else {
            if !word.is_empty() {
                out.push(Word { text: std::mem::take(&mut word), glued });
            }
            between += 1;
            glue = matches!(c, '\'' | '-' | '‐' | '‑' | '–' | '.' | '/' | '&' | '·' | '・' | '_' | '+');
        }
    }
    if !word.is_empty() {
        out.push(Word { text: word, glued });
    }
    if out.is_empty() {
        out.extend(folded.split_whitespace().map(|symbols| Word { text: symbols.to_owned(), glued: false }));
    }
    out
}

/// Characters of scripts that do not separate words by spaces, and Hangul, whose particles stick to the word.
fn is_paired(c: char) -> bool {
    matches!(u32::from(c),
        0x3005..=0x3007 | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF
        | 0x20000..=0x3FFFF | 0x1100..=0x11FF | 0xAC00..=0xD7AF
        | 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF)
}

fn push_word(word: &str, position: &mut u32, document: bool, out: &mut Vec<Token>) {
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let paired = is_paired(first);
        let end = rest
            .char_indices()
            .find(|&(_, c)| is_paired(c) != paired && !is_combining_mark(c))
            .map_or(rest.len(), |(at, _)| at);
        let (run, after) = rest.split_at(end);
        if paired {
            push_pairs(run, position, document, out);
        } else {
            out.push(Token { text: cut(run), position: *position, variant: false });
            *position += 1;
        }
        rest = after;
    }
}

fn push_pairs(run: &str, position: &mut u32, document: bool, out: &mut Vec<Token>) {
    // A character is its base and the marks above or below it: Thai and Khmer vowels belong to their consonant.
    let mut starts: Vec<usize> = run.char_indices().filter(|&(_, c)| !is_combining_mark(c)).map(|(at, _)| at).collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    starts.push(run.len());
    let count = starts.len() - 1;
    if count == 1 {
        out.push(Token { text: run.to_owned(), position: *position, variant: false });
    }
    for pair in starts.windows(3) {
        out.push(Token { text: run[pair[0]..pair[2]].to_owned(), position: *position, variant: false });
        *position += 1;
    }
    if count > 1 && document {
        // Every other character begins a pair; the last one is found by this form alone.
        out.push(Token { text: run[starts[count - 1]..].to_owned(), position: *position, variant: true });
    }
    *position += 1;
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_TOKEN_CHARS).collect()
}

/// A word without the Arabic article, if enough of it remains.
fn without_article(word: &str) -> Option<String> {
    let bare = word.strip_prefix("ال")?;
    (bare.chars().count() >= 3).then(|| bare.to_owned())
}

/// The glued form of the run that begins at `index`, if one does.
fn glued_from(words: &[Word], index: usize) -> Option<String> {
    if words[index].glued || !words.get(index + 1)?.glued {
        return None;
    }
    let mut glued = words[index].text.clone();
    for word in words[index + 1..].iter().take_while(|word| word.glued) {
        glued.push_str(&word.text);
    }
    (glued.chars().count() <= MAX_GLUED_CHARS && !glued.chars().any(is_paired)).then_some(glued)
}

/// `text` with umlauts and Nordic letters written out (`ae`, `oe`, `ue`, `aa`), as people type who lack the keys.
fn spelled_out(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut changed = false;
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        let spelled = match c {
            'ä' | 'Ä' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' => "oe",
            'ü' | 'Ü' => "ue",
            'å' | 'Å' => "aa",
            _ => {
                out.push(c);
                continue;
            }
        };
        changed = true;
        out.push_str(spelled);
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forms(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn documents_carry_the_forms_people_type() {
        assert_eq!(forms("Hunky Dory"), ["hunky", "dory"]);
        assert_eq!(forms("Bücher"), ["bucher", "buecher"]);
        assert_eq!(forms("AC/DC live"), ["ac", "acdc", "dc", "live"]);
        assert_eq!(forms("R.E.M."), ["r", "rem", "e", "m"]);
        assert_eq!(forms("L'Étranger"), ["l", "letranger", "etranger"]);
        assert_eq!(forms("東京物語"), ["東京", "京物", "物語", "語"]);
        assert_eq!(forms("서울의 봄"), ["서울", "울의", "의", "봄"]);
        assert_eq!(forms("الموسيقى"), ["الموسيقي", "موسيقي"]);
        assert_eq!(forms("หนังสือ"), ["หนั", "นัง", "งสื", "สือ", "อ"]);
        assert_eq!(forms("Café東京2"), ["cafe", "東京", "京", "2"]);
        assert_eq!(forms("÷"), ["÷"]);
        assert_eq!(forms("  "), Vec::<String>::new());
    }

    #[test]
    fn queries_carry_no_variants_and_no_repeats() {
        assert_eq!(query_tokens("Bücher, Bücher"), ["bucher"]);
        assert_eq!(query_tokens("物語"), ["物語"]);
        assert_eq!(query_tokens("語"), ["語"]);
        assert_eq!(query_tokens(&"a b c d e f g h i j k l m n o".repeat(2)).len(), MAX_QUERY_TOKENS);
        assert_eq!(key("  L'Été — encore! "), "l ete encore");
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_itself(text in "[a-zäöüßéА-Яа-яا-يא-ת東京物語ぁ-ん가-힣ก-ฮ '/-]{0,30}") {
            let document = forms(&text);
            for token in query_tokens(&text) {
                prop_assert!(document.contains(&token), "{token} of {text}");
            }
        }

        #[test]
        fn tokens_are_folded_and_ordered(text in "\\PC{0,30}") {
            let all = tokens(&text);
            prop_assert!(all.is_sorted_by_key(|token| token.position));
            for token in all {
                prop_assert!(!token.text.is_empty());
            }
            let once = key(&text);
            prop_assert_eq!(key(&once), once);
        }
    }
}
