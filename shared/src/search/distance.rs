//! How many typing mistakes lie between two words, with a bound.

/// Edits a typo may cost for a word of `chars` letters: none below 4, one from 4, two from 8.
pub fn allowed_edits(chars: usize) -> u8 {
    match chars {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The Damerau-Levenshtein distance (insert, delete, replace, swap neighbours; no substring edited twice) of `a` and
/// `b`, or `None` if it exceeds `max`. Only the band of `max` cells around the diagonal is computed.
pub fn distance_within(a: &[char], b: &[char], max: u8) -> Option<u8> {
    let limit = usize::from(max);
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let far = limit + 1;
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![far; width];
    let mut last: Vec<usize> = (0..width).map(|j| j.min(far)).collect();
    let mut row: Vec<usize> = vec![far; width];
    for i in 1..=a.len() {
        let from = i.saturating_sub(limit).max(1);
        let to = (i + limit).min(b.len());
        row.fill(far);
        row[0] = i.min(far);
        let mut best = row[0];
        for j in from..=to {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row[j] = cost.min(far);
            best = best.min(row[j]);
        }
        // A swap reaches back two rows, so one row beyond the bound does not end it; the row after does.
        if best > limit && last.iter().all(|&c| c > limit) {
            return None;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    let distance = last[b.len()];
    if distance <= limit { u8::try_from(distance).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distance(a: &str, b: &str, max: u8) -> Option<u8> {
        distance_within(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), max)
    }

    /// The textbook table without a band.
    fn full(a: &[char], b: &[char]) -> usize {
        let mut t = vec![vec![0usize; b.len() + 1]; a.len() + 1];
        for (i, row) in t.iter_mut().enumerate() {
            row[0] = i;
        }
        for (j, cell) in t[0].iter_mut().enumerate() {
            *cell = j;
        }
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                let mut cost =
                    (t[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1])).min(t[i - 1][j] + 1).min(t[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    cost = cost.min(t[i - 2][j - 2] + 1);
                }
                t[i][j] = cost;
            }
        }
        t[a.len()][b.len()]
    }

    #[test]
    fn counts_typing_mistakes() {
        assert_eq!(distance("bjork", "bjork", 0), Some(0));
        assert_eq!(distance("bjrok", "bjork", 1), Some(1));
        assert_eq!(distance("beatls", "beatles", 1), Some(1));
        assert_eq!(distance("metalica", "metallica", 1), Some(1));
        assert_eq!(distance("kraftwork", "kraftwerks", 2), Some(2));
        assert_eq!(distance("paris", "tokyo", 2), None);
        assert_eq!(distance("ab", "ba", 0), None);
        assert_eq!(distance("ab", "ba", 1), Some(1));
    }

    proptest! {
        #[test]
        fn agrees_with_the_full_table(a in "[abc]{0,9}", b in "[abc]{0,9}", max in 0u8..4) {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let real = full(&x, &y);
            let expected = if real <= usize::from(max) { u8::try_from(real).ok() } else { None };
            prop_assert_eq!(distance_within(&x, &y, max), expected);
            prop_assert_eq!(distance_within(&y, &x, max), expected);
        }
    }
}
