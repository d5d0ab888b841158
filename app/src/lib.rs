//! Vitrine: pages, loaders and server functions.
