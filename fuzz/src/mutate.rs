//! Changes inputs at random, reproducibly from a seed.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// Longest input.
const MOST: usize = 16 * 1024;
/// Bytes that parsers care about.
const WORDS: [&str; 42] = [
    "\"",
    "'",
    "<",
    ">",
    "&",
    "%",
    "%00",
    "%ff",
    "\0",
    "\r\n",
    "\n\n",
    "\u{feff}",
    "\u{202e}",
    "{",
    "}",
    "[",
    ",",
    ";",
    "=",
    "..",
    "//",
    "\\",
    "-",
    "+",
    ":",
    "-->",
    "0",
    "99999999999999999999",
    "1:02",
    "w_",
    "bytes=",
    "é",
    "<p>",
    "</b>",
    "<a ",
    "<table>",
    "javascript:",
    "../",
    ";q=",
    "\u{1c6}",
    "\u{345}",
    "\n--\n",
];

/// Makes inputs from those there are.
pub struct Mutator {
    random: StdRng,
    known: Vec<Vec<u8>>,
}

impl Mutator {
    /// From these inputs; the same seed makes the same ones.
    pub fn new(known: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), known }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let random = &mut self.random;
        let mut input = self.known.choose(random).cloned().unwrap_or_default();
        for _ in 0..random.random_range(1..8) {
            let at = random.random_range(0..=input.len());
            let to = (at + random.random_range(0..16)).min(input.len());
            match random.random_range(0..7) {
                0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
                1 if at < input.len() => input[at] = random.random(),
                2 => drop(input.drain(at..to)),
                3 => {
                    let word = WORDS.choose(random).copied().unwrap_or_default();
                    input.splice(at..at, word.bytes());
                }
                4 => {
                    let part: Vec<u8> = input[at..to].to_vec();
                    for _ in 0..random.random_range(1..32) {
                        input.splice(at..at, part.iter().copied());
                    }
                }
                5 => {
                    let other = self.known.choose(random).cloned().unwrap_or_default();
                    let from = random.random_range(0..=other.len());
                    input.truncate(at);
                    input.extend_from_slice(&other[from..]);
                }
                _ => input.splice(at..to, (0..random.random_range(0..8)).map(|_| 0x20)).for_each(drop),
            }
            input.truncate(MOST);
        }
        input
    }
}
