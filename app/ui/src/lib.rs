//! Interface primitives: behaviour and skin, no data access.
