//! The buyer's wasm client.
fn main() {}
