//! Discount codes of limited use, bought with at both nodes at once while one of them goes.
//!
//! What must hold: nobody has a code beyond its limit; no use is lost for ever: what a purchase held that died with its node can be had
//! once its hold has ended.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vitrine_bench::server::Launch;

use crate::buyer::{Buyer, Ended, Receipt, Ware};

/// Guests who buy with one code at the same moment.
const GUESTS: usize = 4;
/// Longer than a purchase holds what it holds, seconds; each hold begins within this run.
const HOLDS_ENDED: u64 = 20 * 60;

/// A code and how often it can be used.
pub struct Code {
    name: String,
    limit: usize,
    bought: Vec<Receipt>,
}

/// Codes of a round: one that only one guest gets, one that all but one get, and one that somebody takes who never pays.
fn of_round(round: usize) -> [(String, usize); 3] {
    [(format!("ONLY{round:02}"), 1), (format!("SOME{round:02}"), GUESTS - 1), (left(round), 1)]
}

/// The code that somebody takes who never pays.
fn left(round: usize) -> String {
    format!("LEFT{round:02}")
}

/// Rows of the market for so many rounds.
pub fn rows(rounds: usize) -> Vec<Value> {
    let row = |(code, limit): (String, usize)| {
        json!({
            "type": "promotion", "ref": code, "tenant": "nord", "code": code, "uses_left": limit,
            "benefit": { "kind": "percent", "rate_ppm": 250_000 },
        })
    };
    (0..rounds).flat_map(of_round).map(row).collect()
}

/// The nodes' clock, which can be set ahead.
pub struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// Compiles what moves it.
    ///
    /// # Errors
    /// There is no C compiler, or it refuses.
    pub fn new(folder: &std::path::Path) -> Result<Self> {
        Ok(Self { library: crate::power::shim(folder)?, file: folder.join("ahead") })
    }

    /// A node that goes by it.
    pub fn on(&self, launch: Launch) -> Launch {
        launch.env("LD_PRELOAD", self.library.display()).env("CUT_CLOCK", self.file.display())
    }

    /// Every hold has ended.
    ///
    /// # Errors
    /// The disk's.
    pub fn after_holds(&self) -> Result<()> {
        Ok(std::fs::write(&self.file, HOLDS_ENDED.to_string())?)
    }
}

/// A round's guests, all at once; whoever dies in the middle repeats.
///
/// # Errors
/// A purchase does not do what it should, or a code is used too often.
pub async fn at_once(buyer: Buyer, files: Ware, round: usize) -> Result<Vec<Code>> {
    let mut codes = Vec::new();
    let mut tasks = Vec::new();
    for (number, (name, limit)) in of_round(round).into_iter().enumerate() {
        codes.push(Code { name: name.clone(), limit, bought: Vec::new() });
        if name == left(round) {
            let (buyer, files) = (buyer.clone(), files.clone());
            tasks.push(tokio::spawn(async move {
                let attempt = format!("nodes-{}-00000000", name.to_lowercase());
                // Refused or placed: somebody holds the use, if only an attempt that died with its node.
                buyer.place_with(&files, &attempt, Some(&name)).await.with_context(|| attempt.clone())?;
                Ok((number, Ended::Refused))
            }));
            continue;
        }
        for guest in 0..GUESTS {
            let (buyer, files, name) = (buyer.clone(), files.clone(), name.clone());
            tasks.push(tokio::spawn(async move {
                let attempt = format!("nodes-{}-{guest:08}", name.to_lowercase());
                let ended = buyer.buy_with(&files, &attempt, Some(&name)).await.with_context(|| attempt.clone())?;
                anyhow::Ok((number, ended))
            }));
        }
    }
    for task in tasks {
        if let (number, Ended::Paid(receipt)) = task.await?? {
            codes[number].bought.push(receipt);
        }
    }
    codes.iter().try_for_each(Code::within)?;
    Ok(codes)
}

impl Code {
    fn within(&self) -> Result<()> {
        ensure!(self.bought.len() <= self.limit, "{} of {} uses gave {}", self.name, self.limit, self.bought.len());
        Ok(())
    }

    /// Purchases with it.
    pub fn bought(&self) -> usize {
        self.bought.len()
    }

    /// How often it can be used.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// What was bought with it; nothing is left here.
    pub fn receipts(&self) -> impl Iterator<Item = &Receipt> {
        self.bought.iter()
    }

    /// Buys with it until it is refused, all holds having ended: then it was used exactly as often as it may be.
    ///
    /// # Errors
    /// More often, or less.
    pub async fn use_up(&mut self, buyer: &Buyer, files: &Ware) -> Result<()> {
        let before = self.bought.len();
        loop {
            let attempt = format!("nodes-{}-late-{:04}", self.name.to_lowercase(), self.bought.len());
            match buyer.buy_with(files, &attempt, Some(&self.name)).await.with_context(|| attempt.clone())? {
                Ended::Paid(receipt) => self.bought.push(receipt),
                Ended::Refused => break,
            }
            self.within()?;
        }
        let all = self.bought.len();
        ensure!(
            all == self.limit,
            "of {} with {} uses {before} were had, then {}: some are lost",
            self.name,
            self.limit,
            all - before
        );
        Ok(())
    }
}
