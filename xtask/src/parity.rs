//! The pricing engine for this machine and for the browser, side by side; `e2e/specs/parity.mjs` compares them.

use std::path::PathBuf;

use anyhow::Result;

use crate::client;
use crate::sh::{self, Tools};

const PACKAGE: &str = "vitrine-parity";

/// Builds both; answers the folder that holds the program, the module and the script that loads it. The module is the one that is shipped: what the
/// optimisers do to the arithmetic is part of what is compared.
///
/// # Errors
/// Something does not compile.
pub(crate) fn build(tools: &Tools) -> Result<PathBuf> {
    let dir = tools.target.join("parity");
    client::pricer(tools, true, &dir)?;
    sh::run(&mut tools.cargo(["build", "-p", PACKAGE, "--bin", PACKAGE]))?;
    std::fs::copy(tools.target.join("debug").join(PACKAGE), dir.join(PACKAGE))?;
    Ok(dir)
}
