//! The accounts of demonstration data: one of each kind, with passwords everybody may know.
//!
//! Invariant: they are made only in a data directory marked as demonstration, which is served on loopback only.

use secrecy::SecretString;
use vitrine_identity::account::{AccountError, Membership, NewAccount};

use crate::state::App;

/// Address, password, name and roles.
pub const ACCOUNTS: [(&str, &str, &str, &[&str]); 3] = [
    ("buyer@vitrine.example", "listen-and-read", "Bea Buyer", &["buyer"]),
    ("creator@vitrine.example", "make-and-publish", "Cleo Creator", &["buyer", "creator"]),
    ("staff@vitrine.example", "help-and-refund", "Sam Staff", &["buyer", "staff", "admin"]),
];

/// Makes the accounts that are missing; the creator works for the tenant of the first storefront.
///
/// # Errors
/// The store's; nothing happens outside demonstration data.
pub async fn ensure(app: &App) -> anyhow::Result<()> {
    if !app.demo {
        return Ok(());
    }
    for (email, password, name, roles) in ACCOUNTS {
        let password = SecretString::from(password);
        let made = app
            .provider
            .accounts()
            .create_account(NewAccount { email, password: &password, name, roles, verified: true })
            .await;
        match made {
            Ok(account) if roles.contains(&"creator") => {
                let stores = app.catalog.records().stores().await.map_err(|p| anyhow::anyhow!("{p}"))?;
                // By handle: ids are random, and a demonstration is to be the same everywhere.
                if let Some(store) = stores.iter().min_by(|a, b| a.handle.cmp(&b.handle)) {
                    let member = Membership { tenant_id: store.tenant.to_string(), role: "owner".into() };
                    app.provider.accounts().set_tenants(&account.id, &[member]).await?;
                }
            }
            Ok(_) | Err(AccountError::EmailTaken) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}
