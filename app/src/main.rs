//! The program `vitrine`.
fn main() {}
