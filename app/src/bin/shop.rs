//! The buyer's wasm client.

fn main() {
    dioxus::launch(vitrine::shop::App);
}
