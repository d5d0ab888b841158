//! Codes of gift cards: 16 characters of Crockford's base 32, in groups of four, 80 bits.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::secrets::Secret;

/// Without I, L, O and U: what is read aloud or from paper is typed right.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: 80 bits.
const LENGTH: usize = 16;
/// Most bytes of what somebody typed that are looked at.
const MOST_TYPED: usize = 100;

/// A code. It says itself to nobody: `Debug` shows its last four characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code(…{})", self.last4())
    }
}

impl Code {
    /// A new one.
    pub fn fresh() -> Self {
        let bits: u128 = rand::random();
        let digit = |n: usize| char::from(ALPHABET[((bits >> (5 * n)) & 31) as usize]);
        Self((0..LENGTH).map(digit).collect())
    }

    /// What somebody typed: case, spaces and dashes do not matter, O is 0, I and L are 1. `None`: it cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > MOST_TYPED {
            return None;
        }
        let mut code = String::with_capacity(LENGTH);
        for typed in
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}'))
        {
            let read = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if !read.is_ascii() || !ALPHABET.contains(&(read as u8)) {
                return None;
            }
            code.push(read);
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    /// As it is sent to its bearer: `7H2K-…`.
    pub fn shown(&self) -> String {
        let groups: Vec<&str> = (0..LENGTH).step_by(4).filter_map(|at| self.0.get(at..at + 4)).collect();
        groups.join("-")
    }

    /// Its last four characters: enough to know it again, too few to guess it.
    pub fn last4(&self) -> &str {
        self.0.get(LENGTH - 4..).unwrap_or_default()
    }

    /// What is kept of it: an HMAC-SHA256 under the shop's secret, base32hex.
    pub fn hash(&self, secret: &Secret) -> String {
        // HMAC takes keys of any length.
        let code = Hmac::<Sha256>::new_from_slice(&secret.bytes)
            .map(|mac| {
                mac.chain_update(b"value-code\0").chain_update(self.0.as_bytes()).finalize().into_bytes().to_vec()
            })
            .unwrap_or_default();
        data_encoding::BASE32HEX_NOPAD.encode(&code).to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret() -> Secret {
        Secret { kid: "k".into(), bytes: vec![7; 32] }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = Code::typed("7H2K-0001-ABCD-WXYZ").unwrap();
        for typed in
            ["7h2kOooiabcdwxyz", " 7H2K OOOl abcd\u{a0}wxyz ", "7h2k–0oo1–abcd–WXYZ", "7-h-2-k-0-0-0-1abcdWXYZ"]
        {
            assert_eq!(Code::typed(typed).as_ref(), Some(&code), "{typed}");
        }
        for wrong in ["", "7H2K-0001-ABCD-WXY", "7H2K-0001-ABCD-WXYZ0", "7H2K-0001-ABCD-WXYU", "7H2K-0001-ABCD-WXÝZ"] {
            assert_eq!(Code::typed(wrong), None, "{wrong}");
        }
        assert_eq!(Code::typed(&"7".repeat(10_000)), None);
        assert_eq!((code.last4(), format!("{code:?}").as_str()), ("WXYZ", "Code(…WXYZ)"));
    }

    #[test]
    fn codes_have_eighty_bits_and_do_not_repeat() {
        const { assert!(LENGTH * 5 >= 80) };
        let all: std::collections::HashSet<String> = (0..1000).map(|_| Code::fresh().shown()).collect();
        assert_eq!(all.len(), 1000);
        // Every place of a code takes every character.
        for place in [0, 1, 2, 3, 5, 18] {
            let seen: std::collections::HashSet<u8> = all.iter().map(|c| c.as_bytes()[place]).collect();
            assert_eq!(seen.len(), 32, "{place}");
        }
    }

    #[test]
    fn what_is_kept_of_a_code_hangs_on_the_secret() {
        let code = Code::fresh();
        let other = Secret { kid: "k".into(), bytes: vec![8; 32] };
        assert_eq!(code.hash(&secret()), code.hash(&secret()));
        assert_ne!(code.hash(&secret()), code.hash(&other));
        assert_ne!(code.hash(&secret()), Code::fresh().hash(&secret()));
    }

    proptest! {
        #[test]
        fn a_code_as_it_is_shown_is_itself(_ in 0..64u8) {
            let code = Code::fresh();
            let shown = code.shown();
            prop_assert_eq!(shown.len(), 19);
            prop_assert_eq!(Code::typed(&shown), Some(code.clone()));
            prop_assert_eq!(Code::typed(&shown.to_lowercase()), Some(code));
        }

        #[test]
        fn whatever_is_typed_is_read_or_refused(text in ".{0,40}") {
            if let Some(code) = Code::typed(&text) {
                prop_assert_eq!(Code::typed(&code.shown()), Some(code));
            }
        }
    }
}
