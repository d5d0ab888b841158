//! The words `api-key create`, `list` and `revoke` of the program.

use clap::Subcommand;
use vitrine_pricing::date::Date;
use vitrine_server::ctx::OpCtx;
use vitrine_server::rest::keys::{self, NewKey, Record};
use vitrine_server::state::App;
use vitrine_shared::id::{ApiKeyId, TenantId};

/// What is asked of the keys.
#[derive(Subcommand)]
pub(crate) enum Asked {
    /// Make a key and print it, once.
    Create {
        /// What it is for, for the list and the trail.
        name: String,
        /// What it may do: catalog:write, catalog:import, orders:read, orders:ship, orders:refund,
        /// pricing:simulate, promotions:read, promotions:write, groups:read, groups:write, collections:read,
        /// collections:write.
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
        /// The seller it acts for (a tenant id); without it, it is the platform's.
        #[arg(long)]
        seller: Option<TenantId>,
        /// How many days it works; without it, until it is revoked.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// List all keys, newest first, with how they stand and the day they were last used on.
    List,
    /// Revoke a key: from the next request on it opens nothing.
    Revoke {
        /// Its public part, `key_...`, as `list` shows it and as it stands before the point of the key.
        id: ApiKeyId,
    },
}

/// Does it.
///
/// # Errors
/// For people, with what to do.
pub(crate) async fn run(app: &App, asked: Asked) -> anyhow::Result<()> {
    let ctx = OpCtx::system("api-key", app.clock.now_ms());
    match asked {
        Asked::Create { name, scopes, seller, days } => {
            let ends_ms = days.map(|days| ctx.now_ms + i64::from(days) * keys::DAY_MS);
            let key = keys::create(&*app.table, &ctx, NewKey { name, scopes, seller, ends_ms }).await?;
            println!("{key}");
            eprintln!("Keep it: it is not shown again. Send it as the header X-Api-Key.");
            if let Some(end) = ends_ms {
                eprintln!("It ends on {}.", day(end));
            }
        }
        Asked::List => {
            println!("{:<30} {:<18} {:<11} {:<11} name: scopes", "id", "state", "made", "last used");
            for key in keys::list(&*app.table, &ctx).await? {
                let used = key.used_ms.map_or_else(|| "-".to_owned(), day);
                let of = key.seller.as_ref().map(|seller| format!(", for {seller}")).unwrap_or_default();
                let (made, scopes) = (day(key.created_ms), key.scopes.join(" "));
                println!(
                    "{:<30} {:<18} {made:<11} {used:<11} {}: {scopes}{of}",
                    key.id.as_str(),
                    state(&key, ctx.now_ms),
                    key.name
                );
            }
        }
        Asked::Revoke { id } => {
            keys::revoke(&*app.table, &ctx, &id).await?;
            println!("{id} is revoked.");
        }
    }
    Ok(())
}

/// How a key stands, in words.
fn state(key: &Record, now_ms: i64) -> String {
    match (key.revoked_ms, key.ends_ms) {
        (Some(at), _) => format!("revoked {}", day(at)),
        (None, Some(end)) if end <= now_ms => format!("ended {}", day(end)),
        (None, Some(end)) => format!("until {}", day(end)),
        (None, None) => "in force".into(),
    }
}

/// The day of a moment, UTC.
fn day(ms: i64) -> String {
    Date::from_unix_ms(ms).map_or_else(|_| "-".into(), |date| date.to_string())
}
