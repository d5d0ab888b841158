//! The Identity port and the built-in OIDC provider.
