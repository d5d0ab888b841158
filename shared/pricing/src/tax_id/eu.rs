//! VAT numbers of the European Union, by member state and without its letters. `None`: not of that form; `Some(false)`: the check digits
//! do not fit.

use super::sums::*;
use crate::date::Date;

const DNI: &str = "TRWAGMYFPDXBNJZSQVHLCKE";

pub(super) fn is_date(year: i64, month: i64, day: i64) -> bool {
    let parts = (u16::try_from(year), u8::try_from(month), u8::try_from(day));
    matches!(parts, (Ok(y), Ok(m), Ok(d)) if Date::new(y, m, d).is_ok())
}

pub(super) fn at(s: &[u8]) -> Option<bool> {
    // Seven digits stand after the U; the second, fourth and sixth are doubled.
    let sum: i64 = (1..8).map(|i| if i % 2 == 1 { digit(s, i) } else { doubled(digit(s, i)) }).sum();
    has_form(s, "U########").then(|| (6 - sum).rem_euclid(10) == digit(s, 8))
}

pub(super) fn be(s: &[u8]) -> Option<bool> {
    let form = has_form(s, "##########") && matches!(s[0], b'0' | b'1');
    form.then(|| number(s) > 0 && (modulo(&s[..8], 97) + number(&s[8..])) % 97 == 0)
}

pub(super) fn bg(s: &[u8]) -> Option<bool> {
    if has_form(s, "#########") {
        let first = dot(s, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
        let check = if first == 10 { dot(s, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 } else { first };
        return Some(check % 10 == digit(s, 8));
    }
    has_form(s, "##########").then(|| {
        let foreigner = dot(s, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == digit(s, 9);
        let other = (11 - dot(s, &[4, 3, 2, 7, 6, 5, 4, 3, 2])).rem_euclid(11) == digit(s, 9);
        egn(s) || foreigner || other
    })
}

/// Bulgarian person: birth date with the century in the month.
fn egn(s: &[u8]) -> bool {
    let (year, month) = match number(&s[2..4]) {
        m if m > 40 => (2000, m - 40),
        m if m > 20 => (1800, m - 20),
        m => (1900, m),
    };
    is_date(year + number(&s[..2]), month, number(&s[4..6]))
        && dot(s, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == digit(s, 9)
}

pub(super) fn cy(s: &[u8]) -> Option<bool> {
    const ODD: [i64; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let value = |i: usize| {
        let d = digit(s, i);
        if i % 2 == 1 { d } else { usize::try_from(d).map_or(0, |d| ODD[d]) }
    };
    let form = has_form(s, "########@") && !s.starts_with(b"12");
    form.then(|| letter("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (0..8).map(value).sum::<i64>() % 26) == Some(s[8]))
}

pub(super) fn cz(s: &[u8]) -> Option<bool> {
    const W: [i64; 7] = [8, 7, 6, 5, 4, 3, 2];
    if has_form(s, "########") && s[0] != b'9' {
        let check = (11 - dot(s, &W)).rem_euclid(11);
        return Some(if check == 0 { 1 } else { check } % 10 == digit(s, 7));
    }
    if has_form(s, "6########") {
        let check = dot(&s[1..], &W) % 11;
        return Some((8 - (10 - check).rem_euclid(11)).rem_euclid(10) == digit(s, 8));
    }
    birth_number(s)
}

/// Czech and Slovak person: birth date, women's months raised by 50, spare ones by 20.
fn birth_number(s: &[u8]) -> Option<bool> {
    let long = has_form(s, "##########");
    if !long && !has_form(s, "#########") {
        return None;
    }
    let mut year = 1900 + number(&s[..2]);
    if long && year < 1954 {
        year += 100;
    } else if !long && year >= 1980 {
        year -= 100;
    }
    if !long && year > 1953 {
        return Some(false);
    }
    let born = is_date(year, number(&s[2..4]) % 50 % 20, number(&s[4..6]));
    Some(born && (!long || modulo(&s[..9], 11) % 10 == digit(s, 9)))
}

pub(super) fn de(s: &[u8]) -> Option<bool> {
    has_form(s, "+########").then(|| mod_11_10(s))
}

pub(super) fn dk(s: &[u8]) -> Option<bool> {
    has_form(s, "+#######").then(|| dot(s, &[2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)
}

pub(super) fn ee(s: &[u8]) -> Option<bool> {
    has_form(s, "#########").then(|| dot(s, &[3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0)
}

pub(super) fn el(s: &[u8]) -> Option<bool> {
    has_form(s, "#########").then(|| dot(s, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == digit(s, 8))
}

pub(super) fn es(s: &[u8]) -> Option<bool> {
    let dni = |n: i64| letter(DNI, n % 23) == Some(s[8]);
    if has_form(s, "########@") {
        return Some(dni(number(&s[..8])));
    }
    if !has_form(s, "@#######*") {
        return None;
    }
    let digits = number(&s[1..8]);
    match s[0] {
        b'K' | b'L' | b'M' => Some(dni(digits)),
        b'X' | b'Y' | b'Z' => Some(dni(i64::from(s[0] - b'X') * 10_000_000 + digits)),
        b'A'..=b'H' | b'J' | b'N' | b'P'..=b'S' | b'U' | b'V' | b'W' => {
            let sum: i64 = (1..8).map(|i| if i % 2 == 1 { doubled(digit(s, i)) } else { digit(s, i) }).sum();
            let check = (10 - sum % 10) % 10;
            // Which kinds end in a digit and which in a letter is not enforced.
            Some(letter("0123456789", check) == Some(s[8]) || letter("JABCDEFGHI", check) == Some(s[8]))
        }
        _ => None,
    }
}

pub(super) fn fi(s: &[u8]) -> Option<bool> {
    has_form(s, "########").then(|| dot(s, &[7, 9, 10, 5, 8, 4, 2, 1]) % 11 == 0)
}

pub(super) fn fr(s: &[u8]) -> Option<bool> {
    const KEY: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    if !has_form(s, "**#########") {
        return None;
    }
    let (a, b) = (place(KEY, s[0])?, place(KEY, s[1])?);
    // Monaco's begin with 000 and have no Luhn digit.
    if !s[2..].starts_with(b"000") && !luhn(&s[2..]) {
        return Some(false);
    }
    let siren = number(&s[2..]);
    if a < 10 && b < 10 {
        return Some((siren * 100 + 12) % 97 == number(&s[..2]));
    }
    let c = if a < 10 { a * 24 + b - 10 } else { a * 34 + b - 100 };
    Some((siren + 1 + c / 11).rem_euclid(11) == c.rem_euclid(11))
}

pub(super) fn hr(s: &[u8]) -> Option<bool> {
    has_form(s, "###########").then(|| mod_11_10(s))
}

pub(super) fn hu(s: &[u8]) -> Option<bool> {
    has_form(s, "########").then(|| dot(s, &[9, 7, 3, 1, 9, 7, 3, 1]) % 10 == 0)
}

pub(super) fn ie(s: &[u8]) -> Option<bool> {
    const LETTERS: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    const W: [i64; 7] = [8, 7, 6, 5, 4, 3, 2];
    if has_form(s, "#######@") || has_form(s, "#######@@") {
        let second = match s.get(8) {
            Some(c) => place(LETTERS, *c)?,
            None => 0,
        };
        place(LETTERS, s[7])?;
        return Some(letter(LETTERS, (dot(s, &W) + 9 * second) % 23) == Some(s[7]));
    }
    // The old form: a letter, + or * in second place.
    let old = matches!(s.len(), 8 | 9) && (s[1].is_ascii_uppercase() || matches!(s[1], b'+' | b'*'));
    if !(old && s[0].is_ascii_digit() && has_form(&s[2..8], "#####@")) {
        return None;
    }
    for c in &s[7..] {
        place(LETTERS, *c)?;
    }
    let turned = [b'0', s[2], s[3], s[4], s[5], s[6], s[0]];
    Some(letter(LETTERS, dot(&turned, &W) % 23) == Some(s[7]))
}

pub(super) fn it(s: &[u8]) -> Option<bool> {
    let province = |n: i64| (1..=100).contains(&n) || matches!(n, 120 | 121 | 888 | 999);
    has_form(s, "###########").then(|| number(&s[..7]) > 0 && province(number(&s[7..10])) && luhn(s))
}

pub(super) fn lt(s: &[u8]) -> Option<bool> {
    if !(has_form(s, "#######1#") || has_form(s, "##########1#")) {
        return None;
    }
    let last = s.len() - 1;
    let sum = |shift: i64| (0..).zip(0..last).map(|(n, i)| digit(s, i) * (1 + (n + shift) % 9)).sum::<i64>() % 11;
    let check = if sum(0) == 10 { sum(2) } else { sum(0) };
    Some(check % 10 == digit(s, last))
}

pub(super) fn lu(s: &[u8]) -> Option<bool> {
    has_form(s, "########").then(|| number(&s[..6]) % 89 == number(&s[6..]))
}

pub(super) fn lv(s: &[u8]) -> Option<bool> {
    if !has_form(s, "###########") {
        return None;
    }
    if s[0] > b'3' {
        return Some(dot(s, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3);
    }
    let born = is_date(1800 + 100 * digit(s, 6) + number(&s[4..6]), number(&s[2..4]), number(&s[..2]));
    let check = (1 + dot(s, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10;
    Some((s.starts_with(b"32") || born) && check == digit(s, 10))
}

pub(super) fn mt(s: &[u8]) -> Option<bool> {
    has_form(s, "+#######").then(|| dot(s, &[3, 4, 6, 7, 8, 9, 10, 1]) % 37 == 0)
}

pub(super) fn nl(s: &[u8]) -> Option<bool> {
    has_form(s, "#########B##").then(|| {
        let company = (dot(s, &[9, 8, 7, 6, 5, 4, 3, 2]) - digit(s, 8)).rem_euclid(11) == 0;
        // Sole traders since 2020: ISO 7064 Mod 97-10 over NL and all of it, letters as A = 10 ...
        let value = |rest: i64, c: &u8| match c {
            b'0'..=b'9' => (rest * 10 + i64::from(c - b'0')) % 97,
            _ => (rest * 100 + i64::from(*c) - 55) % 97,
        };
        let issued = number(&s[..9]) > 0 && number(&s[10..]) > 0;
        issued && (company || b"NL".iter().chain(s).fold(0, value) == 1)
    })
}

pub(super) fn pl(s: &[u8]) -> Option<bool> {
    has_form(s, "##########").then(|| dot(s, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digit(s, 9))
}

pub(super) fn pt(s: &[u8]) -> Option<bool> {
    has_form(s, "+########").then(|| (11 - dot(s, &[9, 8, 7, 6, 5, 4, 3, 2])).rem_euclid(11) % 10 == digit(s, 8))
}

pub(super) fn ro(s: &[u8]) -> Option<bool> {
    // Thirteen digits, a person's code, are left out.
    let form = (2..=10).contains(&s.len()) && s.iter().all(u8::is_ascii_digit) && s[0] != b'0';
    form.then(|| {
        let last = s.len() - 1;
        let weights = &[7, 5, 3, 2, 1, 7, 5, 3, 2][9 - last..];
        10 * dot(&s[..last], weights) % 11 % 10 == digit(s, last)
    })
}

pub(super) fn se(s: &[u8]) -> Option<bool> {
    // Other endings than 01 are rare and refused, as by python-stdnum.
    has_form(s, "############").then(|| s.ends_with(b"01") && luhn(&s[..10]))
}

pub(super) fn si(s: &[u8]) -> Option<bool> {
    has_form(s, "+#######").then(|| {
        let check = 11 - dot(s, &[8, 7, 6, 5, 4, 3, 2]) % 11;
        check != 11 && check % 10 == digit(s, 7)
    })
}

pub(super) fn sk(s: &[u8]) -> Option<bool> {
    has_form(s, "##########").then(|| {
        let company = s[0] != b'0' && matches!(s[2], b'2' | b'3' | b'4' | b'7' | b'8' | b'9') && modulo(s, 11) == 0;
        company || birth_number(s) == Some(true)
    })
}
