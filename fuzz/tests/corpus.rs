//! Every input that was kept, and a little more made from them.

use vitrine_fuzz::{Mutator, TARGETS, inputs};

/// Inputs made for each target; the long run is a command.
const EACH: usize = 500;

#[test]
fn what_was_kept_breaks_nothing_and_neither_does_a_little_more() {
    for (name, run) in TARGETS {
        let kept = inputs(name).unwrap();
        assert!(!kept.is_empty(), "{name} has no corpus");
        let size: usize = kept.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(size < 64 * 1024, "{name}: a small corpus, please");
        for (path, bytes) in &kept {
            println!("{}", path.display());
            run(bytes);
        }
        let mut mutator = Mutator::new(kept.into_iter().map(|(_, bytes)| bytes).collect(), 7);
        for _ in 0..EACH {
            run(&mutator.next_input());
        }
    }
}
