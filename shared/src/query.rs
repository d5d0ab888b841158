//! The state of a list in its address: facets, sort, page. Parsing never fails; what is not understood is dropped, so
//! that an old or damaged link still shows a list.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalog::WorkKind;
use crate::views::FacetValue;

/// Longest text searched for, characters.
pub const MAX_TEXT: usize = 200;
/// Most values of one facet.
pub const MAX_VALUES: usize = 20;
/// Works of one page.
pub const PAGE: u32 = 24;
/// Last page that can be asked for by number.
pub const MAX_PAGE: u32 = 42;

/// Order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// Best match, or most popular.
    #[default]
    Relevance,
    /// Newest first.
    Newest,
    /// By title.
    Title,
    /// Cheapest first.
    PriceUp,
    /// Dearest first.
    PriceDown,
}

impl Sort {
    /// All, in the order of the menu.
    pub const ALL: [Sort; 5] = [Self::Relevance, Self::Newest, Self::Title, Self::PriceUp, Self::PriceDown];

    /// As in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::Title => "title",
            Self::PriceUp => "price-up",
            Self::PriceDown => "price-down",
        }
    }
}

/// The state of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Words searched for.
    pub q: String,
    /// Kinds.
    pub types: BTreeSet<String>,
    /// Genre slugs.
    pub genres: BTreeSet<String>,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// Formats.
    pub formats: BTreeSet<String>,
    /// One year.
    pub year: Option<i32>,
    /// `from-to` in minor units, either may be empty.
    pub price: Option<(Option<i64>, Option<i64>)>,
    /// Handle of a shop.
    pub shop: Option<String>,
    /// Maker id.
    pub by: Option<String>,
    /// Order.
    pub sort: Sort,
    /// From 1.
    pub page: u32,
}

/// A value of a query string, decoded; `+` is a space.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'+' => out.push(b' '),
            // Two digits and nothing else: a sign is read as a number's, too.
            b'%' => match text.get(i + 1..i + 3).filter(|h| is_hex(h)).and_then(|h| u8::from_str_radix(h, 16).ok()) {
                Some(b) => {
                    out.push(b);
                    i += 2;
                }
                None => out.push(b'%'),
            },
            b => out.push(b),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What is searched for; where it was cut it does not begin or end with a space, or its own address would say something else.
fn words(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    let cut: String = plain.trim_start().chars().take(MAX_TEXT).collect();
    cut.trim_end().to_owned()
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Percent-encodes for a query (RFC 3986 unreserved stay).
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            out.push(b as char);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

impl ListQuery {
    /// Reads a query string (without `?`).
    pub fn parse(query: &str) -> Self {
        let mut out = Self { page: 1, ..Self::default() };
        for pair in query.split('&').take(200) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let add = |set: &mut BTreeSet<String>| {
                if set.len() < MAX_VALUES && value.chars().count() <= 80 {
                    set.insert(value.to_owned());
                }
            };
            match name {
                "q" => out.q = words(value),
                "type" if WorkKind::parse(value).is_some() => add(&mut out.types),
                "genre" => add(&mut out.genres),
                "tag" => add(&mut out.tags),
                "format" => add(&mut out.formats),
                "year" => out.year = value.parse().ok().filter(|y| (0..=9999).contains(y)),
                "price" => out.price = parse_range(value),
                "shop" if crate::slug::is_slug(value) => out.shop = Some(value.to_owned()),
                "by" if value.parse::<crate::id::MakerId>().is_ok() => out.by = Some(value.to_owned()),
                "sort" => out.sort = Sort::ALL.into_iter().find(|s| s.as_str() == value).unwrap_or_default(),
                "page" => out.page = value.parse().unwrap_or(1).clamp(1, MAX_PAGE),
                _ => {}
            }
        }
        out
    }

    /// Name and value pairs in one order, without page and with defaults left out: what canonical addresses are made of.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = Vec::new();
        let mut put = |name: &str, value: String| out.push((name.to_owned(), value));
        if !self.q.is_empty() {
            put("q", self.q.clone());
        }
        for (name, set) in
            [("type", &self.types), ("genre", &self.genres), ("tag", &self.tags), ("format", &self.formats)]
        {
            for value in set {
                put(name, value.clone());
            }
        }
        if let Some(year) = self.year {
            put("year", year.to_string());
        }
        if let Some((from, to)) = self.price {
            let text = |m: Option<i64>| m.map(|m| m.to_string()).unwrap_or_default();
            put("price", format!("{}-{}", text(from), text(to)));
        }
        if let Some(shop) = &self.shop {
            put("shop", shop.clone());
        }
        if let Some(by) = &self.by {
            put("by", by.clone());
        }
        if self.sort != Sort::default() {
            put("sort", self.sort.as_str().to_owned());
        }
        out
    }

    /// The address of this state below `path`.
    pub fn href(&self, path: &str) -> String {
        let mut pairs = self.pairs();
        if self.page > 1 {
            pairs.push(("page".into(), self.page.to_string()));
        }
        if pairs.is_empty() {
            return path.to_owned();
        }
        let query: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect();
        format!("{path}?{}", query.join("&"))
    }

    /// Pages a list links to, this one's neighbours, first and last among them: number and address.
    pub fn page_links(&self, path: &str, pages: u32) -> Vec<(u32, String)> {
        let current = self.page.clamp(1, MAX_PAGE);
        let mut links: Vec<u32> = vec![1, pages];
        links.extend(current.saturating_sub(2).max(1)..=(current + 2).min(pages));
        links.sort_unstable();
        links.dedup();
        links.into_iter().map(|page| (page, Self { page, ..self.clone() }.href(path))).collect()
    }

    /// The ways to sort, each with its address below `path`, labelled by the keys `{prefix}{sort}`.
    pub fn sorts(&self, path: &str, of: &[Sort], prefix: &str) -> Vec<FacetValue> {
        of.iter()
            .map(|sort| FacetValue {
                value: sort.as_str().to_owned(),
                label_key: format!("{prefix}{}", sort.as_str()),
                count: 0,
                active: *sort == self.sort,
                href: Self { sort: *sort, page: 1, ..self.clone() }.href(path),
            })
            .collect()
    }

    /// Fields that keep the state in a form that asks for other words.
    pub fn hidden(&self) -> Vec<(String, String)> {
        self.pairs().into_iter().filter(|(name, _)| name != "q").collect()
    }

    /// The state with one facet value switched, back on the first page.
    pub fn toggled(&self, facet: &str, value: &str) -> Self {
        let mut out = Self { page: 1, ..self.clone() };
        let flip = |set: &mut BTreeSet<String>| {
            if !set.remove(value) {
                set.insert(value.to_owned());
            }
        };
        match facet {
            "type" => flip(&mut out.types),
            "genre" => flip(&mut out.genres),
            "tag" => flip(&mut out.tags),
            "format" => flip(&mut out.formats),
            "year" => {
                out.year =
                    if out.year.map(|y| y.to_string()).as_deref() == Some(value) { None } else { value.parse().ok() }
            }
            "price" => {
                let range = parse_range(value);
                out.price = if out.price == range { None } else { range };
            }
            _ => {}
        }
        out
    }

    /// Whether a facet value is chosen.
    pub fn has(&self, facet: &str, value: &str) -> bool {
        match facet {
            "type" => self.types.contains(value),
            "genre" => self.genres.contains(value),
            "tag" => self.tags.contains(value),
            "format" => self.formats.contains(value),
            "year" => self.year.is_some_and(|y| y.to_string() == value),
            "price" => self.price.is_some() && self.price == parse_range(value),
            _ => false,
        }
    }

    /// Every chosen value as facet and value.
    pub fn chosen(&self) -> Vec<(String, String)> {
        self.pairs()
            .into_iter()
            .filter(|(n, _)| ["type", "genre", "tag", "format", "year", "price"].contains(&n.as_str()))
            .collect()
    }
}

fn parse_range(text: &str) -> Option<(Option<i64>, Option<i64>)> {
    let (from, to) = text.split_once('-')?;
    let number = |t: &str| {
        if t.is_empty() {
            Some(None)
        } else {
            t.parse::<i64>().ok().filter(|n| (0..1_000_000_000).contains(n)).map(Some)
        }
    };
    let range = (number(from)?, number(to)?);
    match range {
        (None, None) => None,
        (Some(a), Some(b)) if a > b => None,
        range => Some(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn state_survives_the_address() {
        let query = ListQuery::parse(
            "q=caf%C3%A9+noir&type=album&type=zzz&genre=ambient&genre=rock&price=500-1000&sort=newest&page=3&x=1",
        );
        assert_eq!(query.q, "café noir");
        assert_eq!(query.types.len(), 1);
        let href = query.href("/catalog");
        assert_eq!(ListQuery::parse(href.split_once('?').unwrap().1), query);
        for text in [format!("q={}+b", "a".repeat(MAX_TEXT - 1)), "q=%01+a+%01".to_owned()] {
            let query = ListQuery::parse(&text);
            assert_eq!(query.q.trim(), query.q);
        }
        assert_eq!(ListQuery::parse("q=100%+f").q, "100% f", "a sign is no digit");
        assert_eq!(query.toggled("genre", "rock").toggled("genre", "rock"), ListQuery { page: 1, ..query.clone() });
    }

    proptest! {
        #[test]
        fn parsing_never_fails_and_is_stable(text in ".{0,300}") {
            let once = ListQuery::parse(&text);
            let again = ListQuery::parse(once.href("").trim_start_matches('?'));
            prop_assert_eq!(again, once);
        }
    }
}
