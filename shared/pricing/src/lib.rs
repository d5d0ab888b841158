//! Money, prices, tax and discounts as pure functions that compile to native code and wasm.
