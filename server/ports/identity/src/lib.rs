//! The Identity port: a built-in OIDC provider, an ordinary OIDC client, and the app's server-side sessions.
//!
//! Purpose: [`provider`] has the endpoints of a hosted sign-in page (authorize, token, revoke, JWKS, userinfo, logout);
//! [`client`] talks to it, or to another provider, over HTTP only; [`session`] keeps who is signed in to the app.
//!
//! Invariants:
//! - All state is in `Table`, so several processes serve the same people; nothing in memory is the truth.
//! - Secrets at rest are hashes (passwords, codes, refresh tokens, cookies) or sealed (signing keys, login state).
//! - A cookie, code or mailed link is used once where it grants something, and every limit is checked by the clock
//!   that was handed in, never by the store's own expiry alone.
//!
//! Not here: who may do what in the shop (`authz`), sending mail (see [`provider::SendAccountMail`]), customers.

pub mod account;
pub mod client;
pub mod crypto;
pub mod provider;
pub mod session;

mod agent;
mod cookie;
mod locale;
mod store;

pub use account::{Account, AccountError, Accounts, Membership};
pub use agent::browser_name;
pub use client::{Client, ClientConfig, ClientError, Endpoints};
pub use crypto::{CryptoError, MasterKey};
pub use provider::{OidcClient, Provider, ProviderConfig};
pub use session::{Behind, SessionError, SessionInfo, Sessions};
