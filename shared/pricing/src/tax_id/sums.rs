//! What check digits are made of. Everything here takes ASCII bytes whose form was looked at first.

/// Whether `s` has the form of `pattern`: `#` a digit, `+` a digit but 0, `@` a capital letter, `*` either; others stand for themselves.
pub(super) fn has_form(s: &[u8], pattern: &str) -> bool {
    s.len() == pattern.len()
        && s.iter().zip(pattern.bytes()).all(|(c, p)| match p {
            b'#' => c.is_ascii_digit(),
            b'+' => (b'1'..=b'9').contains(c),
            b'@' => c.is_ascii_uppercase(),
            b'*' => c.is_ascii_digit() || c.is_ascii_uppercase(),
            own => *c == own,
        })
}

/// The value of a digit; 0 for anything else.
pub(super) fn digit(s: &[u8], at: usize) -> i64 {
    s.get(at).filter(|c| c.is_ascii_digit()).map_or(0, |c| i64::from(c - b'0'))
}

/// Sum of digits by weights, from the first.
pub(super) fn dot(s: &[u8], weights: &[i64]) -> i64 {
    weights.iter().enumerate().map(|(i, w)| w * digit(s, i)).sum()
}

/// The digits of `s` as one number; at most 18 of them.
pub(super) fn number(s: &[u8]) -> i64 {
    s.iter().take(18).enumerate().fold(0, |n, (i, _)| n * 10 + digit(s, i))
}

/// The digits of `s` as one number, modulo `m`, of any length.
pub(super) fn modulo(s: &[u8], m: i64) -> i64 {
    (0..s.len()).fold(0, |n, i| (n * 10 + digit(s, i)) % m)
}

/// Twice a digit, its own digits added.
pub(super) fn doubled(d: i64) -> i64 {
    if d > 4 { 2 * d - 9 } else { 2 * d }
}

/// Luhn's sum over all digits, the last being the check.
pub(super) fn luhn(s: &[u8]) -> bool {
    let value = |(i, at): (usize, usize)| if i % 2 == 1 { doubled(digit(s, at)) } else { digit(s, at) };
    (0..s.len()).rev().enumerate().map(value).sum::<i64>() % 10 == 0
}

/// ISO 7064 Mod 11,10.
pub(super) fn mod_11_10(s: &[u8]) -> bool {
    let Some(last) = s.len().checked_sub(1) else { return false };
    let mut p = 10;
    for i in 0..last {
        p = (p + digit(s, i)) % 10;
        p = if p == 0 { 10 } else { p } * 2 % 11;
    }
    (p + digit(s, last)) % 10 == 1
}

/// Position of a character in an alphabet; `None` if it is not in it.
pub(super) fn place(alphabet: &str, c: u8) -> Option<i64> {
    alphabet.bytes().position(|a| a == c).and_then(|i| i64::try_from(i).ok())
}

/// The character of an alphabet at a place.
pub(super) fn letter(alphabet: &str, at: i64) -> Option<u8> {
    usize::try_from(at).ok().and_then(|i| alphabet.as_bytes().get(i).copied())
}
