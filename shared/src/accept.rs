//! Lists of what a client accepts, each entry with its weight (RFC 9110 §12.4.2): `Accept-Language`, `Accept-Encoding`.
//!
//! Invariants: reading never fails; an entry whose weight cannot be read counts as if it were not there.

/// Names with their weights in thousandths (0 to 1000, 0 refuses), in the order they stand in.
pub fn weights(list: &str) -> impl Iterator<Item = (&str, u16)> {
    list.split(',').filter_map(|entry| {
        let mut fields = entry.split(';').map(str::trim);
        let name = fields.next().filter(|name| !name.is_empty())?;
        let weight = fields.find_map(|field| field.strip_prefix("q=").or_else(|| field.strip_prefix("Q=")));
        Some((name, weight.map_or(Some(1000), thousandths)?))
    })
}

/// Names that are accepted, best first; those of one weight in the order they stand in.
pub fn preferred(list: &str) -> Vec<&str> {
    let mut wanted: Vec<_> = weights(list).filter(|(_, weight)| *weight > 0).collect();
    wanted.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    wanted.into_iter().map(|(name, _)| name).collect()
}

/// `0` or `1` with up to three digits behind the point, at most 1.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_and_what_is_none_is_passed_over() {
        assert_eq!(preferred("fr, de-CH ; q=0.8, en;Q=0.9,, *;q=0.1"), ["fr", "en", "de-CH", "*"]);
        assert_eq!(preferred("a;q=0.5, b;q=0.5, c;level=1"), ["c", "a", "b"]);
        assert_eq!(weights("br;q=0, gzip;q=1.000").collect::<Vec<_>>(), [("br", 0), ("gzip", 1000)]);
        for strange in
            ["a;q=", "a;q=1.5", "a;q=-1", "a;q=+0", "a;q=0.1234", "a;q=NaN", "a;q=.5", "a;q=0.+1", ";q=1", ""]
        {
            assert_eq!(weights(strange).next(), None, "{strange}");
        }
    }
}
