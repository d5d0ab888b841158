//! Rights to what was bought.
//!
//! Invariants: access is the union of grants, one item per source; revoking one keeps the others; a grant is never
//! deleted, so that the library can say why access was lost.

pub mod store;
