//! Numbers outside the European Union, and those that only invoices ask for. As in [`super::eu`]: `None` is a wrong form, `Some(false)`
//! a check digit that does not fit; a number without published check digits is `Some(true)` by its form.

use super::eu;
use super::sums::*;

/// Also the body of Northern Irish numbers (XI).
pub(super) fn gb(s: &[u8]) -> Option<bool> {
    // Government departments and health authorities, and how they are written abroad.
    for (letters, own) in [(b"GD", 0..500), (b"HA", 500..1000)] {
        if let Some(rest) = s.strip_prefix(letters.as_slice()) {
            return if has_form(rest, "###") {
                own.contains(&number(rest)).then_some(true)
            } else if has_form(rest, "8888#####") {
                let n = number(&rest[4..7]);
                own.contains(&n).then(|| n % 97 == number(&rest[7..]))
            } else {
                None
            };
        }
    }
    if !(has_form(s, "#########") || has_form(s, "############")) {
        return None;
    }
    let check = dot(s, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
    Some(check == 0 || (number(&s[..3]) >= 100 && matches!(check, 42 | 55)))
}

pub(super) fn ch_uid(s: &[u8]) -> Option<bool> {
    has_form(s, "CHE#########").then(|| (11 - dot(&s[3..], &[5, 4, 3, 2, 7, 6, 5, 4])).rem_euclid(11) == digit(s, 11))
}

pub(super) fn ch_mwst(s: &[u8]) -> Option<bool> {
    let suffix = ["MWST", "TVA", "IVA", "TPV"].into_iter().find(|suffix| s.ends_with(suffix.as_bytes()))?;
    ch_uid(&s[..s.len() - suffix.len()])
}

pub(super) fn no_mva(s: &[u8]) -> Option<bool> {
    has_form(s, "#########MVA").then(|| dot(s, &[3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)
}

pub(super) fn au_abn(s: &[u8]) -> Option<bool> {
    // One is taken off the first digit, which weighs ten; the first two are the check digits, from 11 to 99.
    has_form(s, "+##########")
        .then(|| !s.starts_with(b"10") && (dot(s, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 == 0)
}

pub(super) fn nz_gst(s: &[u8]) -> Option<bool> {
    has_form(s, "#########").then(|| {
        let check = |weights: &[i64]| (-dot(s, weights)).rem_euclid(11);
        let first = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
        let check = if first == 10 { check(&[7, 4, 3, 2, 5, 2, 7, 6]) } else { first };
        (10_000_001..150_000_000).contains(&number(s)) && check == digit(s, 8)
    })
}

pub(super) fn ca_bn(s: &[u8]) -> Option<bool> {
    has_form(s, "#########").then(|| luhn(s))
}

pub(super) fn ca_gst(s: &[u8]) -> Option<bool> {
    has_form(s, "#########RT####").then(|| luhn(&s[..9]))
}

pub(super) fn ca_qst(s: &[u8]) -> Option<bool> {
    has_form(s, "##########TQ####").then_some(true)
}

pub(super) fn us_ein(s: &[u8]) -> Option<bool> {
    // Prefixes that no campus of the IRS issues.
    const UNUSED: [i64; 17] = [0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97];
    (has_form(s, "#########") && !UNUSED.contains(&number(&s[..2]))).then_some(true)
}

/// The fourth letter of the PAN may be E (limited liability partnership), which python-stdnum does not know; so is state 38 (Ladakh).
pub(super) fn in_gstin(s: &[u8]) -> Option<bool> {
    const DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let form = has_form(s, "##@@@@@####@*Z*")
        && (1..=38).contains(&number(&s[..2]))
        && b"ABCEFGHJKLPT".contains(&s[5])
        && s[12] != b'0'
        && &s[7..11] != b"0000";
    let value = |(i, c): (usize, &u8)| {
        let d = place(DIGITS, *c).unwrap_or(0) * if i % 2 == 1 { 2 } else { 1 };
        d / 36 + d % 36
    };
    form.then(|| s.iter().rev().enumerate().map(value).sum::<i64>() % 36 == 0)
}

pub(super) fn br_cpf(s: &[u8]) -> Option<bool> {
    let check = |n: usize| {
        let weights: Vec<i64> = (2..).take(n).collect();
        let sum: i64 = weights.iter().rev().enumerate().map(|(i, w)| w * digit(s, i)).sum();
        (11 - sum).rem_euclid(11) % 10
    };
    // All digits equal would pass, and is never issued.
    has_form(s, "###########")
        .then(|| s.iter().any(|c| *c != s[0]) && check(9) == digit(s, 9) && check(10) == digit(s, 10))
}

pub(super) fn br_cnpj(s: &[u8]) -> Option<bool> {
    // Letters stand in it since July 2026; a character is worth its code less that of 0.
    let check = |n: usize| {
        let value = |(i, c): (usize, &u8)| (2 + i64::try_from(i % 8).unwrap_or(0)) * (i64::from(*c) - 48);
        (11 - s[..n].iter().rev().enumerate().map(value).sum::<i64>()).rem_euclid(11) % 10
    };
    let form = has_form(s, "************##") && !s.starts_with(b"000000000000");
    form.then(|| check(12) == digit(s, 12) && check(13) == digit(s, 13))
}

pub(super) fn jp_cn(s: &[u8]) -> Option<bool> {
    has_form(s, "+############").then(|| {
        let sum: i64 = (1..13).map(|i| digit(s, i) * if i % 2 == 0 { 1 } else { 2 }).sum();
        9 - sum % 9 == digit(s, 0)
    })
}

pub(super) fn jp_trn(s: &[u8]) -> Option<bool> {
    jp_cn(s.strip_prefix(b"T")?)
}

/// A year in the near future is not refused, as python-stdnum does: there is no clock here.
pub(super) fn sg_uen(s: &[u8]) -> Option<bool> {
    const ENTITIES: &str = "CC CD CH CL CM CP CS CX DP FB FC FM FN GA GB GS HS LL LP MB MC MD MH MM MQ NB NR PA PB PF RF RP SM SS TC TU VH XL";
    const LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    if has_form(s, "########@") {
        return Some(letter("XMKECAWLJDB", dot(s, &[10, 4, 9, 3, 8, 2, 7, 1]) % 11) == Some(s[8]));
    }
    if has_form(s, "#########@") {
        return Some(
            number(&s[..4]) < 2100 && letter("ZKCMDNERGWH", dot(s, &[10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11) == Some(s[9]),
        );
    }
    let known = |two: &[u8]| ENTITIES.split(' ').any(|e| e.as_bytes() == two);
    if !(has_form(s, "@##@@####*") && matches!(s[0], b'R' | b'S' | b'T') && known(&s[3..5])) {
        return None;
    }
    let weights = [4, 3, 5, 3, 10, 2, 2, 5, 7];
    let value = |(w, c): (i64, &u8)| place(LETTERS, *c).map(|v| v * w);
    let sum: Option<i64> = weights.into_iter().zip(s).map(value).sum();
    Some(letter(LETTERS, (sum? - 5).rem_euclid(11)) == Some(s[9]))
}

pub(super) fn sg_gst(s: &[u8]) -> Option<bool> {
    if has_form(s, "M*#######*") { Some(true) } else { sg_uen(s) }
}

pub(super) fn za_vat(s: &[u8]) -> Option<bool> {
    has_form(s, "4#########").then_some(true)
}

pub(super) fn cl_rut(s: &[u8]) -> Option<bool> {
    let digits = s.split_last().map_or(&[][..], |(_, digits)| digits);
    let end = s.last().is_some_and(|c| c.is_ascii_digit() || *c == b'K');
    let form = end && (has_form(digits, "#######") || has_form(digits, "########"));
    form.then(|| {
        let value = |(i, at): (usize, usize)| (2 + i64::try_from(i % 6).unwrap_or(0)) * digit(digits, at);
        let sum: i64 = (0..digits.len()).rev().enumerate().map(value).sum();
        letter("0123456789K", (11 - sum % 11) % 11) == s.last().copied()
    })
}

pub(super) fn vn_mst(s: &[u8]) -> Option<bool> {
    let form = (has_form(s, "##########") || has_form(s, "#############")) && &s[2..9] != b"0000000";
    (form && s.get(10..13) != Some(b"000")).then(|| 10 - dot(s, &[31, 29, 23, 19, 17, 13, 7, 5, 3]) % 11 == digit(s, 9))
}

pub(super) fn it_cf(s: &[u8]) -> Option<bool> {
    const ODD: [i64; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    if has_form(s, "###########") {
        return eu::it(s);
    }
    // Letters stand for digits where two people would have the same code.
    let plain = |i: usize| match s[i] {
        c if c.is_ascii_digit() => Some(i64::from(c - b'0')),
        c => place("LMNPQRSTUV", c),
    };
    let two = |i: usize| Some(plain(i)? * 10 + plain(i + 1)?);
    if !has_form(s, "@@@@@@**@**@***@") || plain(13).is_none() || plain(14).is_none() {
        return None;
    }
    plain(12)?;
    let month = place("ABCDEHLMPRST", s[8])? + 1;
    // Women's days are raised by 40; who was born before 1920 has died.
    let (year, day) = (1900 + two(6)?, two(9)?);
    let year = if year < 1920 { year + 100 } else { year };
    let value = |(i, c): (usize, &u8)| {
        let v = if c.is_ascii_digit() { c - b'0' } else { c.wrapping_sub(b'A') };
        if i % 2 == 1 { i64::from(v) } else { ODD.get(usize::from(v)).copied().unwrap_or(0) }
    };
    let sum: i64 = s[..15].iter().enumerate().map(value).sum();
    Some(eu::is_date(year, month, day % 40) && letter("ABCDEFGHIJKLMNOPQRSTUVWXYZ", sum % 26) == Some(s[15]))
}

pub(super) fn it_sdi(s: &[u8]) -> Option<bool> {
    // Seven for companies, six for public bodies.
    (has_form(s, "*******") || has_form(s, "******")).then_some(true)
}
