//! Studio and console.
