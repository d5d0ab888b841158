//! `vitrine-parity FOLDER COUNT SEED`: writes `rules.json`, and `cases.jsonl` and `answers.jsonl`, one document and its native answer a line, and
//! prints how often the answers held what, as JSON. The same seed makes the same documents.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use vitrine_parity::BUILT_IN;
use vitrine_parity::make::{self, Maker};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count, seed] = words.as_slice() else { return Err("FOLDER COUNT SEED, please".into()) };
    let folder = Path::new(folder);
    let (rules, engine) = &*BUILT_IN;
    std::fs::write(folder.join("rules.json"), rules)?;
    let mut maker = Maker::new(seed.parse()?);
    let mut cases = BufWriter::new(File::create(folder.join("cases.jsonl"))?);
    let mut answers = BufWriter::new(File::create(folder.join("answers.jsonl"))?);
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..count.parse::<u64>()? {
        let case = maker.case();
        let answer = engine.answered(&case);
        make::features(&answer, &mut |feature| *seen.entry(feature).or_default() += 1);
        writeln!(cases, "{case}")?;
        writeln!(answers, "{}", serde_json::to_string(&answer)?)?;
    }
    cases.flush()?;
    answers.flush()?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}
