//! The studio and admin wasm client.
fn main() {}
