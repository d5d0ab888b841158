//! The buyer's wasm client.

fn main() {
    vitrine::shop::start();
}
