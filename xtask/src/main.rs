//! `cargo xtask <word>`.
fn main() {}
