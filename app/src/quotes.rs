//! `vitrine quote`: the pricing door from the command line.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::Context as _;
use vitrine_clock::{Clock as _, SystemClock};
use vitrine_pricing::quote::{Document, Quote};
use vitrine_server::config::Config;
use vitrine_server::ctx::OpCtx;
use vitrine_server::pricing::{Quotes, read};
use vitrine_server::rest::ProblemResponse;
use vitrine_shared::Problem;

/// Prints the quote, or the problem that the REST interface would answer.
///
/// # Errors
/// The file or the data directory cannot be read; there is no quote.
pub(crate) async fn run(config: Config, file: &Path) -> anyhow::Result<()> {
    let mut json = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut json)?;
    } else {
        json = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    let answer = match read(&json) {
        Ok(document) => answered(config, document).await?,
        Err(problem) => Err(problem),
    };
    match answer {
        Ok(quote) => println!("{}", shown(&quote)?),
        Err(problem) => {
            println!("{}", shown(&ProblemResponse(problem.clone()).body())?);
            anyhow::bail!("there is no quote: {}", problem.title);
        }
    }
    Ok(())
}

/// For people in lines; a program is given the very bytes that the door answers.
fn shown<T: serde::Serialize>(answer: &T) -> serde_json::Result<String> {
    if std::io::stdout().is_terminal() { serde_json::to_string_pretty(answer) } else { serde_json::to_string(answer) }
}

async fn answered(config: Config, document: Document) -> anyhow::Result<Result<Quote, Problem>> {
    let needs_shop = document.store.is_some() || document.lines.iter().any(|line| line.sku.is_some());
    let ctx = OpCtx::system("quote", SystemClock.now_ms());
    let quotes = if needs_shop { crate::open(config).await?.quotes.clone() } else { Quotes::detached() };
    Ok(quotes.quote(&ctx, document).await)
}
