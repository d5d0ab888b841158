//! The rows against the format's own rules: the importer's types are read as text, so that this crate need not build
//! the server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use super::template::{self, Placeholder, text};
use super::{generated, in_order, write};
use crate::sh;

/// The exchange format as the importer declares it.
const FORMAT: &str = include_str!("../../../server/src/catalog/exchange/mod.rs");
/// The records its rows contain.
const RECORDS: &str =
    concat!(include_str!("../../../shared/src/catalog.rs"), include_str!("../../../shared/src/catalog/shipping.rs"));

/// Field names of a struct and whether it may be absent.
fn fields(name: &str) -> BTreeMap<String, bool> {
    let start = format!("pub struct {name} {{");
    let source = if FORMAT.contains(&start) { FORMAT } else { RECORDS };
    let at = source.find(&start).unwrap_or_else(|| panic!("no struct {name}"));
    let head = &source[..at];
    let head = &head[head.rfind("\n\n").unwrap_or(0)..];
    let all_default = head.contains("#[serde(default)]");
    let body = source[at..].split("\n}").next().unwrap();
    let (mut out, mut default, mut rename) = (BTreeMap::new(), false, None);
    for line in body.lines().map(str::trim) {
        default |= line.starts_with("#[serde(default");
        if let Some(rest) = line.strip_prefix("#[serde(rename = \"") {
            rename = rest.split('"').next().map(str::to_owned);
        }
        if let Some((field, kind)) = line.strip_prefix("pub ").and_then(|l| l.split_once(": ")) {
            let optional = default || all_default || kind.starts_with("Option<");
            out.insert(rename.take().unwrap_or_else(|| field.to_owned()), optional);
            default = false;
        }
    }
    out
}

fn check_shape(value: &Value, shape: &str, at: &str) {
    let fields = fields(shape);
    let object = value.as_object().unwrap_or_else(|| panic!("{at} is no object"));
    for name in object.keys().filter(|n| *n != "type") {
        assert!(fields.contains_key(name), "{at}: {shape} has no field `{name}`");
    }
    for (name, _) in fields.iter().filter(|(_, optional)| !**optional) {
        assert!(object.contains_key(name), "{at}: {shape} needs `{name}`");
    }
}

fn each<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// Checks every row's fields, that refs stand before their use, that files exist, and that numbers are not taken twice.
fn check(rows: &[Value], folder: &Path) {
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut skus, mut handles, mut slugs) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let classes = ["digital_music", "ebook", "audiobook", "digital_video", "printed_book", "physical_music", "goods"];
    let regions = ["us", "ca", "gb", "de", "fr", "at", "ch", "jp", "eu", "row", "world"];
    for row in rows {
        let (kind, reference) = (text(row, "type"), text(row, "ref"));
        let at = format!("{kind} {reference}");
        let needs = |kind: &str, reference: &str| {
            assert!(
                known.contains(&(kind.to_owned(), reference.to_owned())),
                "{at}: no {kind} `{reference}` before it"
            );
        };
        let file = |f: &Value, shape: &str| {
            check_shape(f, shape, &at);
            assert!(folder.join(text(f, "file")).is_file(), "{at}: no file {}", text(f, "file"));
        };
        match kind {
            "tenant" => {
                check_shape(row, "TenantRow", &at);
                check_shape(&row["legal"], "LegalEntity", &at);
            }
            "store" => {
                check_shape(row, "StoreRow", &at);
                needs("tenant", text(row, "tenant"));
                assert!(handles.insert(text(row, "handle").to_owned()), "{at}: handle taken");
                each(row, "shipping").for_each(|r| check_shape(r, "ShippingRate", &at));
                each(row, "links").for_each(|l| check_shape(l, "Link", &at));
            }
            "licence" => {
                check_shape(row, "LicenceRow", &at);
                assert_eq!(each(row, "summary").count(), 3, "{at}: three plain lines");
                assert!(text(row, "body_html").starts_with("<p>"), "{at}: no body");
            }
            "collection" => {
                check_shape(row, "CollectionRow", &at);
                needs("tenant", text(row, "tenant"));
            }
            "maker" => {
                check_shape(row, "MakerRow", &at);
                needs("tenant", text(row, "tenant"));
                if row.get("slug").is_some() {
                    assert!(
                        slugs.insert((text(row, "kind").to_owned(), text(row, "slug").to_owned())),
                        "{at}: slug taken"
                    );
                }
            }
            "work" => {
                check_shape(row, "WorkRow", &at);
                needs("store", text(row, "store"));
                assert!(each(row, "makers").count() > 0, "{at}: nobody made it");
                each(row, "makers").for_each(|m| needs("maker", m.as_str().unwrap()));
                each(row, "collections").for_each(|c| needs("collection", c.as_str().unwrap()));
                check_shape(&row["attribution"], "Attribution", &at);
                file(&row["cover"], "PictureRow");
                let mut formats = BTreeSet::new();
                for part in each(row, "parts") {
                    check_shape(part, "PartRow", &at);
                    each(part, "files").for_each(|f| file(f, "FileRow"));
                    formats.extend(each(part, "files").map(|f| text(f, "format").to_owned()));
                }
                each(row, "files").for_each(|f| file(f, "FileRow"));
                formats.extend(each(row, "files").map(|f| text(f, "format").to_owned()));
                assert!(!formats.is_empty(), "{at}: a title without its file");
                if formats.contains("MP3") || formats.contains("Ogg Vorbis") {
                    assert!(!formats.contains("FLAC") && !formats.contains("WAV"), "{at}: lossless from lossy");
                }
                for product in each(row, "products") {
                    check_shape(product, "ProductRow", &at);
                    assert!(classes.contains(&text(product, "tax_class")), "{at}: tax class");
                    for variant in each(product, "variants") {
                        check_shape(variant, "VariantRow", &at);
                        assert!(skus.insert(text(variant, "sku").to_owned()), "{at}: SKU taken");
                        if let Some(licence) = variant.get("licence") {
                            needs("licence", licence.as_str().unwrap());
                        }
                        let physical = text(product, "kind") == "physical";
                        assert_eq!(
                            physical,
                            variant.get("weight_g").is_some() && variant.get("stock").is_some(),
                            "{at}: weight, stock"
                        );
                        assert!(each(variant, "prices").count() > 0, "{at}: no price");
                        for price in each(variant, "prices") {
                            check_shape(price, "PriceRow", &at);
                            assert!(regions.contains(&text(price, "region")), "{at}: region");
                            let minor = price["minor"].as_i64().unwrap();
                            assert!(price.get("minimum").is_none_or(|m| m.as_i64().unwrap() <= minor), "{at}: minimum");
                            assert!(
                                price.get("compare_at").is_none_or(|c| c.as_i64().unwrap() > minor),
                                "{at}: compare_at"
                            );
                        }
                    }
                }
            }
            other => panic!("no row is of type {other:?}"),
        }
        assert!(known.insert((kind.to_owned(), reference.to_owned())), "{at} stands twice");
    }
}

/// Drawn covers, kept beside the test program: drawing all takes a while without optimisation.
fn covers() -> &'static Path {
    static COVERS: OnceLock<PathBuf> = OnceLock::new();
    COVERS.get_or_init(|| {
        let dir = std::env::current_exe().unwrap().with_file_name("seed-test-covers");
        let scratch = tempfile::tempdir().unwrap();
        generated(scratch.path(), 0, &dir).unwrap();
        dir
    })
}

/// The committed rows with empty files in the place of fetched ones.
fn committed(folder: &Path) -> Vec<Value> {
    let content = sh::root().join("content");
    let filled = template::fill(&content, |placeholder| {
        let path = match placeholder {
            Placeholder::Package(package, path) => format!("{package}/{path}"),
            Placeholder::Cover(name) => {
                assert!(content.join(format!("covers/{name}.svg")).is_file(), "no cover {name}");
                format!("{name}.jpg")
            }
            Placeholder::Made(name) => name.to_owned(),
        };
        let file = folder.join(&path);
        std::fs::create_dir_all(file.parent().unwrap())?;
        std::fs::write(file, [])?;
        Ok(path)
    })
    .unwrap();
    assert_eq!(filled.left_out, Vec::<String>::new());
    filled.rows
}

#[test]
fn all_rows_keep_the_formats_rules() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = committed(dir.path());
    rows.extend(generated(dir.path(), 400, covers()).unwrap());
    in_order(&mut rows);
    check(&rows, dir.path());
}

#[test]
#[should_panic(expected = "no store")]
fn a_ref_without_its_row_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<Value> = committed(dir.path()).into_iter().filter(|r| text(r, "type") != "store").collect();
    check(&rows, dir.path());
}

#[test]
fn three_looks_three_currencies_and_prices_that_differ() {
    let dir = tempfile::tempdir().unwrap();
    let rows = committed(dir.path());
    let distinct = |kind: &str, field: &str| {
        rows.iter().filter(|r| text(r, "type") == kind).map(|r| text(r, field).to_owned()).collect::<BTreeSet<_>>()
    };
    assert!(distinct("tenant", "currency").len() >= 3);
    let brands = distinct("store", "brand");
    assert!(brands.len() >= 3);
    for brand in brands {
        assert!(sh::root().join(format!("assets/css/brands/{brand}.css")).is_file(), "no brand {brand}");
    }
    assert_eq!(distinct("work", "kind").into_iter().collect::<Vec<_>>(), ["album", "book", "podcast", "video"]);
    let all = serde_json::to_string(&rows).unwrap();
    for wanted in ["\"minimum\":", "\"compare_at\":", "\"minor\":0", "\"kind\":\"physical\"", "\"bonus\":true"] {
        assert!(all.contains(wanted), "nothing with {wanted}");
    }
}

#[test]
fn a_row_whose_file_cannot_be_had_is_left_out_with_the_reason() {
    let filled = template::fill(&sh::root().join("content"), |placeholder| match placeholder {
        Placeholder::Package("asc-music", _) => anyhow::bail!("no such package"),
        _ => Ok("x".into()),
    })
    .unwrap();
    assert_eq!(filled.left_out, ["work asc-soundtrack: no such package"]);
}

#[test]
fn the_generated_catalogue_is_the_same_every_time() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = generated(a.path(), 200, covers()).unwrap();
    let second = generated(b.path(), 200, covers()).unwrap();
    assert_eq!(first, second);
    for entry in std::fs::read_dir(a.path().join("generated")).unwrap() {
        let path = entry.unwrap().path();
        let twin = b.path().join("generated").join(path.file_name().unwrap());
        assert!(std::fs::read(&path).unwrap() == std::fs::read(twin).unwrap(), "{} differs", path.display());
    }
    let rows = a.path().join("rows");
    write(&rows, &first).unwrap();
    assert_eq!(std::fs::read_to_string(rows).unwrap().lines().count(), first.len());
}

#[test]
fn generated_items_are_many_old_and_marked() {
    let rows = super::generated::rows(5_000);
    let works: Vec<&Value> = rows.iter().filter(|r| text(r, "type") == "work").collect();
    assert_eq!(works.len(), 5_000);
    assert!(works.iter().all(|w| text(w, "released") < "2000" && text(w, "description_html").contains("Generated")));
    let titles: BTreeSet<_> = works.iter().map(|w| (text(w, "title"), text(w, "latin"))).collect();
    assert_eq!(titles.len(), 5_000, "every title once");
    let books = works.iter().filter(|w| text(w, "kind") == "book").count();
    assert!((1_000..3_000).contains(&books), "{books} books");
    for script in ['Þ', 'ن', 'א', 'ж', 'φ', 'न', 'น', '光', '与'] {
        assert!(rows.iter().any(|r| text(r, "title").contains(script) || text(r, "name").contains(script)), "{script}");
    }
}
