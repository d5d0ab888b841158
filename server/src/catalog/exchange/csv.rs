//! Flat products as CSV (RFC 4180, a header first): one edition a row, rows of the same `ref` are editions of one work.
//!
//! Invariants: every row that cannot be read is told with its line and reason and stops no other; what comes out is the
//! same [`Row`] as from JSON lines, so every rule of the import holds for both.
//!
//! Not here: tenants, storefronts, makers, licences and works with parts, which need JSON lines.

use std::collections::HashMap;

use vitrine_pricing::money::{Currency, Money};
use vitrine_shared::catalog::{PriceShape, ProductKind, Status, WorkKind};

use super::{FileRow, PartRow, PictureRow, PriceRow, ProductRow, Row, VariantRow, WorkRow};

const NEEDED: [&str; 9] = ["ref", "store", "kind", "title", "makers", "released", "sku", "product_kind", "tax_class"];
const OTHER: [&str; 19] = [
    "latin",
    "genres",
    "tags",
    "collections",
    "language",
    "description",
    "cover",
    "cover_alt",
    "files",
    "format",
    "product",
    "edition",
    "licence",
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "stock",
    "status",
];
/// Begins the name of a column of prices: `price REGION CURRENCY`.
const PRICE: &str = "price ";

/// A row of the result: its line, and the row or its name and why it is none.
pub(super) type Read = (usize, Result<Row, (String, String)>);

/// Whether a text is not JSON lines, whose first sign is always a brace.
pub(super) fn is_flat(text: &str) -> bool {
    text.trim_start().chars().next().is_some_and(|c| c != '{')
}

/// The works of a text.
pub(super) fn rows(text: &str) -> Vec<Read> {
    let mut reader = ::csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = match reader.headers().map_err(|e| e.to_string()).and_then(Columns::of) {
        Ok(columns) => columns,
        Err(why) => return vec![(1, Err((String::new(), why)))],
    };
    let mut out: Vec<Read> = Vec::new();
    let mut works: HashMap<String, usize> = HashMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(e) => {
                let line = e.position().map_or(0, |p| usize::try_from(p.line()).unwrap_or(usize::MAX));
                out.push((line, Err((String::new(), format!("the row cannot be read as CSV: {e}")))));
                continue;
            }
        };
        let line = record.position().map_or(0, |p| usize::try_from(p.line()).unwrap_or(usize::MAX));
        let row = Fields { columns: &columns, record: &record };
        let name = format!("work {}", row.text("ref"));
        let known = works.get(row.text("ref")).and_then(|at| out.get_mut(*at));
        let done = row.product().and_then(|mut product| match known {
            Some((_, Ok(Row::Work(work)))) => {
                // A later row need not say the work's title again.
                if product.title.is_empty() {
                    product.title.clone_from(&work.title);
                }
                work.products.push(product);
                Ok(None)
            }
            _ => row.work(product).map(Some),
        });
        match done {
            Ok(None) => {}
            Ok(Some(work)) => {
                works.insert(work.reference.clone(), out.len());
                out.push((line, Ok(Row::Work(Box::new(work)))));
            }
            Err(why) => out.push((line, Err((name, why)))),
        }
    }
    out
}

/// Where each column stands.
struct Columns {
    by_name: HashMap<String, usize>,
    /// Columns of prices: where, region, currency.
    prices: Vec<(usize, String, Currency)>,
}

impl Columns {
    fn of(header: &::csv::StringRecord) -> Result<Self, String> {
        let (mut by_name, mut prices) = (HashMap::new(), Vec::new());
        for (at, name) in header.iter().enumerate() {
            if let Some((region, currency)) = price_of(name) {
                prices.push((at, region.to_owned(), currency));
            } else if !NEEDED.contains(&name) && !OTHER.contains(&name) {
                return Err(format!(
                    "there is no column {name:?}; there are {}, {} and `price REGION CURRENCY`",
                    NEEDED.join(", "),
                    OTHER.join(", ")
                ));
            }
            if by_name.insert(name.to_owned(), at).is_some() {
                return Err(format!("the column {name:?} is there twice"));
            }
        }
        match NEEDED.iter().find(|name| !by_name.contains_key(**name)) {
            Some(missing) => Err(format!("the column {missing:?} is missing")),
            None if prices.is_empty() => Err("there is no column of prices, e.g. `price eu EUR`".to_owned()),
            None => Ok(Self { by_name, prices }),
        }
    }
}

/// Region and currency of a column of prices.
fn price_of(name: &str) -> Option<(&str, Currency)> {
    let (region, currency) = name.strip_prefix(PRICE)?.trim().split_once(' ')?;
    Some((region.trim(), currency.trim().parse().ok()?))
}

struct Fields<'a> {
    columns: &'a Columns,
    record: &'a ::csv::StringRecord,
}

impl Fields<'_> {
    fn text(&self, name: &str) -> &str {
        self.columns.by_name.get(name).and_then(|at| self.record.get(*at)).unwrap_or_default()
    }

    fn option(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|t| !t.is_empty()).map(str::to_owned)
    }

    /// Parts between semicolons.
    fn list(&self, name: &str) -> Vec<String> {
        self.text(name).split(';').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        let number = |text: String| text.parse().map_err(|_| format!("`{name}`: {text:?} is not a whole number"));
        self.option(name).map(number).transpose()
    }

    /// A word of a closed set, as in JSON.
    fn word<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        serde_json::from_value(self.text(name).into()).map_err(|e| format!("`{name}`: {e}"))
    }

    fn status(&self) -> Result<Status, String> {
        if self.text("status").is_empty() { Ok(Status::Published) } else { self.word("status") }
    }

    fn product(&self) -> Result<ProductRow, String> {
        let sku = self.text("sku");
        if sku.is_empty() {
            return Err("`sku` is empty".to_owned());
        }
        let mut prices = Vec::new();
        for (at, region, currency) in &self.columns.prices {
            let text = self.record.get(*at).unwrap_or_default();
            if text.is_empty() {
                continue;
            }
            let money = Money::parse(text, *currency).map_err(|_| {
                format!("`price {region} {currency}`: {text:?} is no amount of {currency}, written with a point")
            })?;
            prices.push(PriceRow {
                region: region.clone(),
                currency: currency.code().to_owned(),
                minor: money.minor(),
                minimum: None,
                compare_at: None,
                valid_from_ms: None,
                valid_to_ms: None,
                min_quantity: 1,
            });
        }
        if prices.is_empty() {
            return Err("no column of prices has an amount".to_owned());
        }
        let kind: ProductKind = self.word("product_kind")?;
        Ok(ProductRow {
            reference: sku.to_owned(),
            kind,
            title: self.option("product").unwrap_or_else(|| self.text("title").to_owned()),
            tax_class: self.text("tax_class").to_owned(),
            variants: vec![VariantRow {
                sku: sku.to_owned(),
                id: None,
                title: self.text("edition").to_owned(),
                licence: self.option("licence"),
                formats: Vec::new(),
                weight_g: self.number("weight_g")?,
                length_mm: self.number("length_mm")?,
                width_mm: self.number("width_mm")?,
                height_mm: self.number("height_mm")?,
                stock: self.number("stock")?,
                shape: PriceShape::default(),
                prices,
            }],
            status: self.status()?,
        })
    }

    fn work(&self, product: ProductRow) -> Result<WorkRow, String> {
        for name in ["ref", "store", "title"] {
            if self.text(name).is_empty() {
                return Err(format!("`{name}` is empty; only the rows after a work's first may leave it out"));
            }
        }
        let kind: WorkKind = self.word("kind")?;
        let formats = self.list("format");
        let files = self.list("files").into_iter().enumerate().map(|(at, file)| {
            let format = formats.get(at).or(formats.last()).cloned();
            format.map(|format| FileRow { file, format, name: None }).ok_or("`format` is empty, but there are `files`")
        });
        let mut files = files.collect::<Result<Vec<_>, _>>()?;
        let mut parts = Vec::new();
        // A film with its captions is one part: what has a trailer, and plays where it is owned.
        if kind == WorkKind::Video && !files.is_empty() {
            let files = std::mem::take(&mut files);
            parts.push(PartRow { title: self.text("title").to_owned(), files, ..PartRow::default() });
        }
        Ok(WorkRow {
            reference: self.text("ref").to_owned(),
            store: self.text("store").to_owned(),
            kind,
            title: self.text("title").to_owned(),
            latin: self.option("latin"),
            makers: self.list("makers"),
            released: self.text("released").to_owned(),
            genres: self.list("genres"),
            tags: self.list("tags"),
            // Without the column nothing is said of them.
            collections: self.columns.by_name.contains_key("collections").then(|| self.list("collections")),
            language: self.text("language").to_owned(),
            description_html: paragraphs(self.text("description")),
            credits: Vec::new(),
            cover: self.option("cover").map(|file| PictureRow { file, alt: self.text("cover_alt").to_owned() }),
            parts,
            facts: Default::default(),
            attribution: None,
            files,
            products: vec![product],
            status: self.status()?,
        })
    }
}

/// Plain text as HTML; an empty line ends a paragraph.
fn paragraphs(text: &str) -> String {
    let escaped = text.replace("\r\n", "\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.split("\n\n").map(str::trim).filter(|p| !p.is_empty()).map(|p| format!("<p>{p}</p>")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "ref,store,kind,title,makers,released,sku,product_kind,tax_class,description,stock,price eu EUR,price jp JPY\n";

    fn read(rows: &str) -> Vec<Read> {
        super::rows(&format!("{HEAD}{rows}"))
    }

    fn why(read: &Read) -> &str {
        read.1.as_ref().err().map_or("", |(_, why)| why.as_str())
    }

    #[test]
    fn editions_of_one_work_are_gathered_and_texts_stay_texts() {
        let text = "boat,press,book,\"Boats, \"\"small\"\"\",joe;ida,2020-01-02,B-1,physical,printed_book,\"a <b>\n\nc & d\",5,12.50,1800\n\
                    boat,,,,,,B-2,physical,goods,,,3,\n";
        let read = read(text);
        assert_eq!(read.len(), 1, "{read:?}");
        let Ok(Row::Work(work)) = &read[0].1 else { panic!("{read:?}") };
        assert_eq!((work.title.as_str(), work.makers.len()), ("Boats, \"small\"", 2));
        assert_eq!(work.description_html, "<p>a &lt;b&gt;</p><p>c &amp; d</p>");
        let prices = |n: usize| -> Vec<(&str, i64)> {
            work.products[n].variants[0].prices.iter().map(|p| (p.currency.as_str(), p.minor)).collect()
        };
        assert_eq!((prices(0), prices(1)), (vec![("EUR", 1250), ("JPY", 1800)], vec![("EUR", 300)]));
        assert_eq!(work.products[0].variants[0].stock, Some(5));
        assert!(work.products.iter().all(|product| !product.title.is_empty()));
    }

    #[test]
    fn a_bad_row_says_why_and_stops_no_other() {
        let read = read(
            "a,press,book,A,joe,2020-01-02,A-1,physical,goods,,,12 EUR,\n\
             b,press,novel,B,joe,2020-01-02,B-1,physical,goods,,,1,\n\
             c,press,book,C,joe,2020-01-02,C-1,physical,goods,,many,1,\n\
             d,press,book,D,joe\n\
             e,press,book,E,joe,2020-01-02,E-1,physical,goods,,,,\n\
             f,press,book,F,joe,2020-01-02,F-1,physical,goods,,,1,\n\
             a,press,book,A,joe,2020-01-02,A-2,physical,goods,,,1,\n",
        );
        let told = [
            "no amount of EUR",
            "expected one of `album`",
            "not a whole number",
            "cannot be read as CSV",
            "no column of prices",
        ];
        for (read, told) in read.iter().zip(told) {
            assert!(why(read).contains(told), "{read:?}");
        }
        assert_eq!(read.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
        assert!(read[5].1.is_ok() && read[6].1.is_ok());
    }

    #[test]
    fn a_header_that_does_not_fit_is_told_once() {
        let one = |text: &str| {
            let read = super::rows(text);
            assert_eq!(read.len(), 1);
            why(&read[0]).to_owned()
        };
        assert!(one("ref,colour\nx,red\n").contains("\"colour\""));
        assert!(one("ref,ref\n").contains("twice"));
        assert!(one("ref,store\n").contains("missing"));
        assert!(one(&HEAD.replace(",price eu EUR,price jp JPY", "")).contains("column of prices"));
        assert!(one(&HEAD.replace("eu EUR", "eu XXQ")).contains("there is no column"));
        assert!(is_flat(HEAD) && !is_flat(" {\"type\":1}") && !is_flat(""));
    }
}
