//! The index's fields, and documents turned into them.

use std::collections::BTreeSet;

use serde_json::json;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field as IndexField, IndexRecordOption, JsonObjectOptions, STORED, STRING, Schema, TextFieldIndexing,
    TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token as IndexToken};
use vitrine_shared::search::{Field, TOKENS_VERSION, alias_keys, key, tokens};

use crate::port::{SearchDoc, SearchError};

/// Raised when documents are laid out differently in the same fields.
const LAYOUT_VERSION: u32 = 4;
/// Stands before the one to three first letters of a token: all tokens beginning so, as one term.
pub(super) const START_MARK: char = '\u{1}';
/// Letters of the longest marked beginning.
pub(super) const START_CHARS: usize = 3;
/// Characters of a description that are searched.
const DESCRIPTION_CHARS: usize = 2_000;
/// Characters of a title or a set of aliases that whole names are compared by.
const KEY_CHARS: usize = 300;

/// The schema and its fields.
pub(super) struct Fields {
    pub(super) schema: Schema,
    pub(super) id: IndexField,
    /// In the order of [`Field::ALL`].
    pub(super) text: [IndexField; 5],
    pub(super) data: IndexField,
    kind: IndexField,
    tenant: IndexField,
    listed: IndexField,
    title_key: IndexField,
    alias_keys: IndexField,
    genres: IndexField,
    tags: IndexField,
    formats: IndexField,
    languages: IndexField,
    maker_ids: IndexField,
    year: IndexField,
    released: IndexField,
    popularity: IndexField,
    rev: IndexField,
    prices: IndexField,
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut builder = Schema::builder();
        let words = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let words = TextOptions::default().set_indexing_options(words);
        let text = ["title", "maker", "alias", "tag_words", "description"]
            .map(|name| builder.add_text_field(name, words.clone()));
        let column = TextOptions::default().set_fast("raw");
        Fields {
            id: builder.add_text_field("id", STRING | FAST),
            text,
            data: builder.add_text_field("data", STORED),
            kind: builder.add_text_field("kind", column.clone()),
            tenant: builder.add_text_field("tenant", column.clone()),
            listed: builder.add_bool_field("listed", FAST),
            title_key: builder.add_text_field("title_key", column.clone()),
            alias_keys: builder.add_text_field("alias_keys", column.clone()),
            genres: builder.add_text_field("genres", column.clone()),
            tags: builder.add_text_field("tags", column.clone()),
            formats: builder.add_text_field("formats", column.clone()),
            languages: builder.add_text_field("languages", column.clone()),
            maker_ids: builder.add_text_field("maker_ids", column),
            year: builder.add_i64_field("year", FAST),
            released: builder.add_i64_field("released", FAST),
            popularity: builder.add_u64_field("popularity", FAST),
            rev: builder.add_i64_field("rev", FAST),
            prices: builder.add_json_field("prices", JsonObjectOptions::default().set_fast("raw")),
            schema: builder.build(),
        }
    }

    /// Names the folder of an index: FNV-1a of the schema and the versions of layout and tokens.
    pub(super) fn version(&self) -> Result<String, SearchError> {
        let schema = serde_json::to_string(&self.schema).map_err(|error| SearchError::Failed(error.to_string()))?;
        let hash = format!("{LAYOUT_VERSION} {TOKENS_VERSION} {schema}")
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Ok(format!("v{hash:016x}"))
    }

    pub(super) fn document(&self, doc: &SearchDoc) -> TantivyDocument {
        let mut out = TantivyDocument::default();
        out.add_text(self.id, &doc.id);
        let mut description = doc.description.as_str();
        if let Some((end, _)) = description.char_indices().nth(DESCRIPTION_CHARS) {
            description = &description[..end];
        }
        let makers: Vec<&str> = doc.makers.iter().map(|maker| maker.name.as_str()).collect();
        let latin = doc.latin.as_deref().unwrap_or_default();
        let tag_words: Vec<&str> = doc.tags.iter().chain(&doc.genres).map(String::as_str).collect();
        for (field, texts) in
            Field::ALL.into_iter().zip([&[doc.title.as_str()][..], &makers, &[latin], &tag_words, &[description]])
        {
            out.add_pre_tokenized_text(self.text[field.index()], terms(field, texts));
        }
        out.add_text(self.data, doc.data.to_string());
        out.add_text(self.kind, doc.kind.as_str());
        out.add_text(self.tenant, &doc.tenant);
        out.add_bool(self.listed, doc.listed);
        out.add_text(self.title_key, clip(key(&doc.title)));
        out.add_text(self.alias_keys, clip(alias_keys(latin)));
        for (field, values) in [
            (self.genres, &doc.genres),
            (self.tags, &doc.tags),
            (self.formats, &doc.formats),
            (self.languages, &doc.languages),
        ] {
            // A value given twice is still one document with that value.
            for value in values.iter().collect::<BTreeSet<_>>() {
                out.add_text(field, value);
            }
        }
        for id in doc.makers.iter().map(|maker| &maker.id).collect::<BTreeSet<_>>() {
            out.add_text(self.maker_ids, id);
        }
        if let Some(year) = doc.year {
            out.add_i64(self.year, i64::from(year));
        }
        out.add_i64(self.released, doc.released_ms);
        out.add_u64(self.popularity, u64::from(doc.popularity));
        out.add_i64(self.rev, doc.rev);
        let prices = doc.prices.iter().map(|(market, minor)| (market_name(market), json!(*minor).into())).collect();
        out.add_object(self.prices, prices);
        out
    }
}

/// The column of a market's prices; hexadecimal, since dots would be paths.
pub(super) fn market_column(market: &str) -> String {
    format!("prices.{}", market_name(market))
}

fn market_name(market: &str) -> String {
    market.bytes().fold("m".to_owned(), |name, byte| name + &format!("{byte:02x}"))
}

fn clip(text: String) -> String {
    match text.char_indices().nth(KEY_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// The distinct terms of a field: its tokens and, but for descriptions, their marked beginnings.
fn terms(field: Field, texts: &[&str]) -> PreTokenizedString {
    let mut terms = BTreeSet::new();
    for token in texts.iter().flat_map(|text| tokens(text)) {
        if field != Field::Description {
            let mut start = String::from(START_MARK);
            for c in token.text.chars().take(START_CHARS) {
                start.push(c);
                terms.insert(start.clone());
            }
        }
        terms.insert(token.text);
    }
    let tokens = terms
        .into_iter()
        .enumerate()
        .map(|(position, text)| IndexToken { position, text, ..IndexToken::default() })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}
