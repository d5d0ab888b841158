//! Reading items: by key, by page, as of one moment.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::{cursor, failed};
use crate::{
    BatchGot, Index, Item, Key, MAX_BATCH_BYTES, MAX_PAGE_BYTES, MAX_TRANSACT_BYTES, Page, Query, Result, SortRange,
    TableError, check, eval,
};

/// The columns of a row, in the order [`item`] reads them.
const COLUMNS: &str = "body, pk, sk, pk2, sk2, tenant, entity_type, created_at, ttl";
/// Attributes kept in columns 1 to 7.
pub(super) const TEXT_ATTRIBUTES: [&str; 7] = ["pk", "sk", "pk2", "sk2", "tenant", "entityType", "createdAt"];

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let mut item = json(row.get_ref(0)?, 0)?;
    for (at, name) in TEXT_ATTRIBUTES.iter().enumerate() {
        if let Some(text) = row.get::<_, Option<String>>(at + 1)? {
            item.insert((*name).into(), text.into());
        }
    }
    if let Some(ttl) = row.get::<_, Option<i64>>(8)? {
        item.insert("ttl".into(), ttl.into());
    }
    Ok(item)
}

/// An object from a text column.
pub(super) fn json(value: ValueRef<'_>, column: usize) -> rusqlite::Result<Item> {
    serde_json::from_slice(value.as_bytes()?)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(e)))
}

/// The item as stored, expired or not.
pub(super) fn stored(connection: &Connection, key: &Key) -> Result<Option<Item>> {
    const SQL: &str = "SELECT body, pk, sk, pk2, sk2, tenant, entity_type, created_at, ttl \
                       FROM items WHERE pk = ?1 AND sk = ?2";
    let mut statement = connection.prepare_cached(SQL).map_err(failed)?;
    statement.query_row([&key.pk, &key.sk], item).optional().map_err(failed)
}

pub(super) fn live(connection: &Connection, key: &Key, now_secs: i64) -> Result<Option<Item>> {
    Ok(stored(connection, key)?.filter(|item| !eval::is_expired(item, now_secs)))
}

pub(super) fn batch(connection: &Connection, keys: Vec<Key>, now_secs: i64) -> Result<BatchGot> {
    let mut got = BatchGot::default();
    let mut bytes = 0;
    for key in keys {
        if bytes > MAX_BATCH_BYTES {
            got.unprocessed.push(key);
        } else if let Some(item) = live(connection, &key, now_secs)? {
            bytes += check::item_bytes(&item);
            got.items.push(item);
        }
    }
    Ok(got)
}

pub(super) fn snapshot(connection: &Connection, keys: &[Key], now_secs: i64) -> Result<Vec<Option<Item>>> {
    let moment = connection.unchecked_transaction().map_err(failed)?;
    let found = keys.iter().map(|key| live(&moment, key, now_secs)).collect::<Result<Vec<_>>>()?;
    let bytes: usize = found.iter().flatten().map(check::item_bytes).sum();
    if bytes > MAX_TRANSACT_BYTES {
        return Err(TableError::Invalid(format!("the items have {bytes} bytes, more than {MAX_TRANSACT_BYTES}")));
    }
    Ok(found)
}

/// Partition column and ordering columns of an index.
fn columns(index: Index) -> (&'static str, &'static [&'static str]) {
    match index {
        Index::Base => ("pk", &["sk"]),
        Index::Gsi1 => ("pk2", &["sk2", "pk", "sk"]),
        Index::Gsi2 => ("tenant", &["sk", "pk"]),
        Index::Gsi3 => ("entity_type", &["created_at", "pk", "sk"]),
    }
}

/// The first text after all that begin with `prefix`; `None`: there is none.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // UTF-8 sorts as its code points do; the next one after U+D7FF is U+E000.
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

pub(super) fn query(connection: &Connection, query: &Query, now_secs: i64) -> Result<Page> {
    let (partition, order) = columns(query.index);
    let sort = order[0];
    let after = query.cursor.as_deref().map(|text| cursor::read(query, text)).transpose()?;
    if after.as_ref().is_some_and(|position| position.len() != order.len()) {
        return Err(TableError::BadPosition("the cursor is damaged".into()));
    }

    let mut sql = format!("SELECT {COLUMNS} FROM items WHERE {partition} = ?");
    let mut values = vec![query.pk.clone()];
    if query.index != Index::Base {
        // Spelt out, so that the partial index is eligible.
        sql += &format!(" AND {partition} IS NOT NULL AND {sort} IS NOT NULL");
    }
    let mut bound = |operator: &str, value: &str| {
        sql += &format!(" AND {sort} {operator} ?");
        values.push(value.to_owned());
    };
    // A cursor lies inside the range it is bound to, so it replaces the bound it comes from.
    let low = after.is_none() || query.descending;
    let high = after.is_none() || !query.descending;
    match &query.range {
        SortRange::All => {}
        SortRange::Equals(at) => bound("=", at),
        SortRange::BeginsWith(prefix) => {
            if low {
                bound(">=", prefix);
            }
            if let Some(end) = after_prefix(prefix).filter(|_| high) {
                bound("<", &end);
            }
        }
        SortRange::Between(from, to) => {
            if low {
                bound(">=", from);
            }
            if high {
                bound("<=", to);
            }
        }
        SortRange::From(from) if low => bound(">=", from),
        SortRange::To(to) if high => bound("<=", to),
        SortRange::From(_) | SortRange::To(_) => {}
    }
    if let Some(position) = after {
        let operator = if query.descending { '<' } else { '>' };
        let marks = vec!["?"; order.len()].join(", ");
        sql += &format!(" AND ({}) {operator} ({marks})", order.join(", "));
        values.extend(position);
    }
    let direction = if query.descending { " DESC" } else { "" };
    let ordering: Vec<String> = order.iter().map(|column| format!("{column}{direction}")).collect();
    sql += &format!(" ORDER BY {}", ordering.join(", "));

    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let mut rows = statement.query(params_from_iter(&values)).map_err(failed)?;
    let mut page = Page::default();
    let (mut seen, mut bytes) = (0, 0);
    let mut last: Option<Vec<String>> = None;
    while let Some(row) = rows.next().map_err(failed)? {
        if let Some(position) = last.as_ref().filter(|_| seen == query.limit || bytes > MAX_PAGE_BYTES) {
            page.cursor = Some(cursor::write(query, position)?);
            break;
        }
        let item = item(row).map_err(failed)?;
        seen += 1;
        bytes += check::item_bytes(&item);
        let at = order.iter().map(|name| row.get::<_, String>(*name)).collect::<rusqlite::Result<Vec<_>>>();
        last = Some(at.map_err(failed)?);
        if !eval::is_expired(&item, now_secs) {
            page.items.push(item);
        }
    }
    Ok(page)
}

/// What SQLite says of pages, indexes and their agreement; a file too damaged to be asked is one finding.
pub(super) fn damage(connection: &Connection) -> Result<Vec<String>> {
    let said = || -> rusqlite::Result<Vec<String>> {
        let mut check = connection.prepare("PRAGMA integrity_check(20)")?;
        check.query_map([], |row| row.get(0))?.collect()
    };
    match said() {
        Ok(said) => Ok(said.into_iter().filter(|line| line != "ok").collect()),
        Err(error) => Ok(vec![error.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_after_a_prefix() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_prefix("\u{10FFFF}"), None);
    }

    /// Every index query must come from its index in order, without sorting.
    #[test]
    fn no_query_sorts_or_scans() {
        let folder = tempfile::tempdir().unwrap();
        let opened = super::super::open::open(&folder.path().join("t.db")).unwrap();
        for (index, name) in
            [(Index::Base, "autoindex_items"), (Index::Gsi1, "gsi1"), (Index::Gsi2, "gsi2"), (Index::Gsi3, "gsi3")]
        {
            let (partition, order) = columns(index);
            for direction in ["", " DESC"] {
                let by: Vec<String> = order.iter().map(|c| format!("{c}{direction}")).collect();
                let marks = vec!["'x'"; order.len()].join(", ");
                let not_null = if index == Index::Base {
                    String::new()
                } else {
                    format!(" AND {partition} IS NOT NULL AND {} IS NOT NULL", order[0])
                };
                let sql = format!(
                    "EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM items WHERE {partition} = ?{not_null} AND ({}) > ({marks}) ORDER BY {}",
                    order.join(", "),
                    by.join(", ")
                );
                let mut statement = opened.connection.prepare(&sql).unwrap();
                let plan: Vec<String> = statement.query_map(["p"], |r| r.get(3)).unwrap().map(|r| r.unwrap()).collect();
                assert!(
                    plan.len() == 1 && plan[0].starts_with("SEARCH") && plan[0].contains(name),
                    "{index:?}: {plan:?}"
                );
            }
        }
    }
}
