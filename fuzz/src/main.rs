//! Runs targets for a time: inputs of the corpus, changed at random. What breaks one is written down beside them.
//!
//! `vitrine-fuzz SECONDS [TARGET]`; prints how many inputs each got. It changes at random and does not look at which lines ran.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use vitrine_fuzz::{Mutator, TARGETS, corpus, inputs};

/// Most time that one input counts as: while the program was stopped nothing was tried.
const MOST: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let seconds: u64 = words.next().unwrap_or_default().parse().map_err(|_| "say for how many seconds")?;
    let only = words.next();
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    println!("seed {seed}");
    let mut broken = 0;
    let chosen: Vec<_> = TARGETS.iter().filter(|(name, _)| only.as_deref().is_none_or(|o| o == *name)).collect();
    if chosen.is_empty() {
        return Err(format!("there are {:?}", TARGETS.map(|(name, _)| name)).into());
    }
    for (name, run) in chosen {
        let known = inputs(name)?.into_iter().map(|(_, bytes)| bytes).collect();
        let mut mutator = Mutator::new(known, seed);
        let (mut spent, mut count, mut slowest) = (Duration::ZERO, 0u64, Duration::ZERO);
        while spent < Duration::from_secs(seconds) {
            let began = Instant::now();
            let input = mutator.next_input();
            let each = Instant::now();
            let done = catch_unwind(AssertUnwindSafe(|| run(&input)));
            slowest = slowest.max(each.elapsed());
            spent += began.elapsed().min(MOST);
            count += 1;
            if done.is_err() {
                let path = corpus(name).join(format!("broke-{seed}-{count}"));
                std::fs::write(&path, &input)?;
                println!("{name}: {} breaks it", path.display());
                broken += 1;
                break;
            }
        }
        println!("{name}: {count} inputs in {} s, slowest {} ms", spent.as_secs(), slowest.as_millis());
    }
    if broken > 0 { Err(format!("{broken} targets broke").into()) } else { Ok(()) }
}
