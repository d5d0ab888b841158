//! The house, put together: ports chosen by configuration, services on top of them.
//!
//! Invariants: everything here is shared by all requests and cheap to clone; nothing here is the truth, the table is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use vitrine_blob::Blob;
use vitrine_blob::dir::{DirBlob, SignKeys};
use vitrine_clock::{SharedClock, SystemClock};
use vitrine_identity::provider::Throttle;
use vitrine_identity::{Client, ClientConfig, MasterKey, OidcClient, Provider, ProviderConfig, Sessions};
use vitrine_mail::SharedMail;
use vitrine_mail::outbox::OutboxMail;
use vitrine_mail::smtp::{Security, SmtpConfig, SmtpMail};
use vitrine_payments::SharedPayments;
use vitrine_payments::simulator::{Mischief, Simulator, SimulatorConfig};
use vitrine_queue::SharedQueue;
use vitrine_queue::hearing::{Ears, Hearing};
use vitrine_queue::table::TableQueue;
use vitrine_registers::vies::{Vies, ViesConfig};
use vitrine_registers::{Nobody, SharedRegisters};
use vitrine_search::{Search, SearchError, TantivySearch};
use vitrine_table::Table;
use vitrine_table::retry::Retrying;
use vitrine_table::sqlite::SqliteTable;
use vitrine_tax::SharedTax;
use vitrine_tax::stripe::{Stripe, StripeConfig};

use crate::accounts::AccountMails;
use crate::cart::Carts;
use crate::catalog::pages::Catalog;
use crate::catalog::store::CatalogStore;
use crate::changes::{Changes, Watched};
use crate::checkout::Checkouts;
use crate::config::{BlobConfig, Config, MailConfig, RegistersConfig, TableConfig, TaxProviderConfig};
use crate::counted::{Calls, Counted};
use crate::downloads::Downloads;
use crate::invoices::Invoices;
use crate::library::Library;
use crate::mailing::Mailing;
use crate::mails::Sender;
use crate::media::{Media, Tools};
use crate::pricing::Quotes;
use crate::purges::Purges;
use crate::rates::Rates;
use crate::receipts::Receipts;
use crate::secrets;
use crate::talk::Talk;
use crate::tax_ids::TaxIds;
use crate::taxes::Taxes;
use crate::value::Values;
use crate::web::limits::Buckets;
use crate::withdrawal::Withdrawals;

/// Name of the file that marks demonstration data.
pub const DEMO_MARK: &str = "DEMO";
/// Name of the embedded table's file.
pub const TABLE: &str = "table.sqlite";
/// Name of the file with the master key, where the configuration has none.
pub const MASTER_KEY: &str = "master.key";

/// Client id of programs that people run themselves and sign in with.
pub const PROGRAMS: &str = "vitrine-programs";
/// Where such a program listens for its code.
pub const PROGRAMS_REDIRECT: &str = "http://127.0.0.1:7878/callback";

/// Adapters that only some builds have; the binary hands them in.
#[derive(Default)]
pub struct Adapters {
    /// In place of SQLite.
    pub table: Option<Arc<dyn Table>>,
    /// In place of the directory.
    pub blob: Option<Arc<dyn Blob>>,
}

/// Everything a request needs.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What [`App`] holds.
pub struct Inner {
    /// As in force.
    pub config: Config,
    /// Demonstration data: simulator, outbox, demo accounts.
    pub demo: bool,
    /// The time.
    pub clock: SharedClock,
    /// Items.
    pub table: Arc<dyn Table>,
    /// Calls of the table outside of requests.
    pub calls: Calls,
    /// Calls of the table by the payment simulator, which has its own elsewhere.
    pub provider_calls: Calls,
    /// What of the public catalogue changed since when.
    pub changes: Changes,
    /// What other nodes are told of it, where there may be others.
    pub purges: Option<Purges>,
    /// Files.
    pub blob: Arc<dyn Blob>,
    /// The embedded blob store, whose signed addresses this server answers.
    pub dir_blob: Option<Arc<DirBlob>>,
    /// Jobs.
    pub queue: SharedQueue,
    /// Mail.
    pub mail: SharedMail,
    /// The outbox, with demonstration data.
    pub outbox: Option<OutboxMail>,
    /// The index.
    pub search: Arc<dyn Search>,
    /// Pages of the catalogue.
    pub catalog: Catalog,
    /// Rates of exchange.
    pub rates: Rates,
    /// The workshop.
    pub media: Media,
    /// Seals secrets and personal data.
    pub master: Arc<MasterKey>,
    /// The built-in provider.
    pub provider: Provider,
    /// The app as its client.
    pub oidc: Client,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Sender of mails.
    pub mail_from: String,
    /// Who takes money; `None`: nobody yet.
    pub payments: Option<SharedPayments>,
    /// The payment simulator, with demonstration data.
    pub simulator: Option<Simulator>,
    /// Carts.
    pub carts: Carts,
    /// Answers documents that ask for totals.
    pub quotes: Quotes,
    /// Paying.
    pub checkouts: Checkouts,
    /// Invoices and credit notes.
    pub invoices: Invoices,
    /// Mails about purchases.
    pub receipts: Receipts,
    /// Gift cards and store credit.
    pub values: Values,
    /// Messages between buyers and shops.
    pub talk: Talk,
    /// Withdrawing from purchases.
    pub withdrawals: Withdrawals,
    /// Mailing lists of shops.
    pub mailing: Mailing,
    /// Files of what was bought.
    pub downloads: Downloads,
    /// What people own.
    pub library: Library,
    /// How often everybody asked; `None`: nothing is limited.
    pub buckets: Option<Buckets>,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Opens or makes the data directory and puts everything together.
    ///
    /// # Errors
    /// For people, with what to do.
    pub async fn open(config: Config, adapters: Adapters) -> anyhow::Result<Self> {
        use anyhow::Context;
        let dir = config.data_dir.clone();
        made(&dir).with_context(|| format!("cannot make the data directory {}", dir.display()))?;
        anyhow::ensure!(
            !dir.join(crate::backup::RESTORING).exists(),
            "a restore into {} was cut off; empty the folder and restore again",
            dir.display()
        );
        let demo = is_demo(&dir);
        config.check(demo)?;
        let clock: SharedClock = Arc::new(SystemClock);
        let master = Arc::new(master_key(&config, &dir)?);
        // What is not in this directory other nodes may have too.
        let shared = adapters.table.is_some();
        let table: Arc<dyn Table> = match (&config.table, adapters.table) {
            (_, Some(table)) => table,
            (TableConfig::Sqlite, None) => {
                Arc::new(SqliteTable::open(dir.join(TABLE), clock.clone()).context("cannot open the table")?)
            }
            (TableConfig::Dynamodb { .. }, None) => {
                anyhow::bail!("table.kind = \"dynamodb\" needs a build with the feature `aws`")
            }
        };
        let changes = Changes::default();
        let ears = Ears::new(clock.clone());
        let (calls, provider_calls) = (Calls::default(), Calls::default());
        let heard =
            |counted| -> Arc<dyn Table> { Arc::new(Hearing::new(Arc::new(Retrying(Arc::new(counted))), ears.clone())) };
        let of_provider = heard(Counted::apart(table.clone(), provider_calls.clone()));
        let table = heard(Counted::new(table, calls.clone()));
        let purges = shared.then(|| Purges::new(table.clone(), clock.clone()));
        let watched = Watched::new(table, changes.clone());
        let table: Arc<dyn Table> = Arc::new(match &purges {
            Some(purges) => watched.telling(purges.clone()),
            None => watched,
        });
        let (blob, dir_blob): (Arc<dyn Blob>, Option<Arc<DirBlob>>) = match (&config.blob, adapters.blob) {
            (_, Some(blob)) => (blob, None),
            (BlobConfig::Dir, None) => {
                let key = secrets::present(&*table, &master, "blob-url").await?;
                let keys = SignKeys::new(key.kid, SecretString::from(crate::media::hex(&key.bytes)));
                let blob = Arc::new(
                    DirBlob::open(dir.join("blobs"), keys, config.files_url()).context("cannot open the blob store")?,
                );
                (blob.clone(), Some(blob))
            }
            (BlobConfig::S3 { .. }, None) => anyhow::bail!("blob.kind = \"s3\" needs a build with the feature `aws`"),
        };
        let queue: SharedQueue = Arc::new(TableQueue::new(table.clone(), clock.clone()).hearing(ears));
        let (mail, outbox, mail_from): (SharedMail, _, _) = match &config.mail {
            MailConfig::Outbox => {
                let outbox = Arc::new(OutboxMail::new(table.clone(), clock.clone()));
                (
                    outbox,
                    Some(OutboxMail::new(table.clone(), clock.clone())),
                    "Vitrine <shop@vitrine.example>".to_owned(),
                )
            }
            MailConfig::Smtp { host, port, user, password, security, from } => {
                let security = match security.as_str() {
                    "tls" => Security::ImplicitTls,
                    "starttls" => Security::StartTls,
                    _ => Security::PlainLoopback,
                };
                let smtp = SmtpConfig {
                    host: host.clone(),
                    port: *port,
                    security,
                    user: user.clone(),
                    password: password.clone(),
                };
                (Arc::new(SmtpMail::new(&smtp)?), None, from.clone())
            }
        };
        let search: Arc<dyn Search> = Arc::new(open_index(&dir.join("index"))?);
        let records = CatalogStore::new(table.clone());
        let rates = Rates::default();
        rates.refresh(&*table).await?;
        let catalog = Catalog::new(records, search.clone(), &changes, config.base_url(), config.files_url())
            .with_platform(config.platform.clone())
            .with_rates(rates.clone());
        let media = Media::new(blob.clone(), Tools::find());
        let base = config.base_url();
        let secret = secrets::present(&*table, &master, "oidc-client").await?;
        let secret = SecretString::from(crate::media::hex(&secret.bytes));
        let client_id = "vitrine-web";
        let redirect_uri = format!("{base}/auth/loginCallback");
        let provider = Provider::new(
            ProviderConfig {
                issuer: base.clone(),
                audience: format!("{base}/api"),
                site_name: "Vitrine".into(),
                stylesheet: None,
                clients: vec![
                    OidcClient {
                        client_id: client_id.into(),
                        client_secret: Some(secret.clone()),
                        name: "Vitrine".into(),
                        home_url: base.clone(),
                        redirect_uris: vec![redirect_uri.clone()],
                        post_logout_redirect_uris: vec![format!("{base}/")],
                    },
                    // Programs on a person's own machine: they keep no secret, the code's proof (PKCE) takes its place.
                    OidcClient {
                        client_id: PROGRAMS.into(),
                        client_secret: None,
                        name: "Vitrine REST".into(),
                        home_url: base.clone(),
                        redirect_uris: vec![PROGRAMS_REDIRECT.into()],
                        post_logout_redirect_uris: Vec::new(),
                    },
                ],
            },
            table.clone(),
            clock.clone(),
            master.clone(),
            Arc::new(AccountMails { queue: queue.clone(), clock: clock.clone(), from: mail_from.clone() }),
        )?;
        let oidc = Client::new(
            ClientConfig {
                issuer: base.clone(),
                // The server's own calls stay on the machine, whatever name people use.
                backchannel_url: format!("http://127.0.0.1:{}", config.port),
                endpoints: None,
                client_id: client_id.into(),
                client_secret: Some(secret),
                redirect_uri,
                audience: format!("{base}/api"),
            },
            table.clone(),
            clock.clone(),
            master.clone(),
        )?;
        let sessions = Sessions::new(table.clone(), clock.clone(), master.clone());
        let simulator = if demo {
            let secret = secrets::present(&*table, &master, "simulator-webhook").await?;
            Some(Simulator::new(
                of_provider,
                queue.clone(),
                clock.clone(),
                SimulatorConfig {
                    base_url: base.clone(),
                    webhook_url: format!("http://127.0.0.1:{}/api/webhooks/simulator", config.port),
                    webhook_secret: SecretString::from(crate::media::hex(&secret.bytes)),
                    settle_delay: std::time::Duration::from_secs(20),
                    mischief: Mischief::default(),
                },
            )?)
        } else {
            None
        };
        let payments: Option<SharedPayments> = simulator.clone().map(|s| Arc::new(s) as SharedPayments);
        let carts = Carts::new(catalog.offers().clone());
        let buckets = match config.limits.rules() {
            Some(rules) => {
                let secret = secrets::present(&*table, &master, "limits").await?;
                Some(Buckets::new(table.clone(), clock.clone(), secret, rules))
            }
            None => None,
        };
        let sender = Sender { queue: queue.clone(), clock: clock.clone(), from: mail_from.clone() };
        let values = Values {
            table: table.clone(),
            master: master.clone(),
            secret: secrets::present(&*table, &master, "value-codes").await?,
            sender: sender.clone(),
            base_url: base.clone(),
        };
        let checkouts = Checkouts::new(
            table.clone(),
            catalog.clone(),
            carts.clone(),
            payments.clone(),
            queue.clone(),
            master.clone(),
            base.clone(),
        )
        .bounded(Throttle::new(table.clone(), clock.clone()), buckets.clone())
        .confirming(TaxIds::new(table.clone(), registers(&config, demo, &clock)?))
        .taxed_by(Taxes::new(table.clone(), tax_provider(&config)?))
        .paid_from(values.clone());
        let quotes = Quotes::new(catalog.offers().clone()).with_promotions(checkouts.promotions().clone());
        let invoices = Invoices::new(table.clone(), blob.clone(), catalog.records().clone(), master.clone())
            .with_platform(config.platform.clone())
            .with_rates(rates.clone())
            .with_fonts(crate::invoices::fonts(config.fonts_dir.as_deref()).context("`fonts_dir`")?);
        let receipts = Receipts {
            checkouts: checkouts.clone(),
            invoices: invoices.clone(),
            catalog: catalog.records().clone(),
            sender: sender.clone(),
            base_url: base.clone(),
        };
        let talk = Talk {
            table: table.clone(),
            checkouts: checkouts.clone(),
            catalog: catalog.records().clone(),
            sender: sender.clone(),
            base_url: base.clone(),
        };
        let withdrawals = Withdrawals {
            table: table.clone(),
            checkouts: checkouts.clone(),
            catalog: catalog.records().clone(),
            sender: sender.clone(),
            base_url: base.clone(),
        };
        let mailing = Mailing {
            table: table.clone(),
            catalog: catalog.records().clone(),
            sender: sender.clone(),
            master: master.clone(),
            secret: secrets::present(&*table, &master, "mailing").await?,
            base_url: base.clone(),
        };
        let secret = secrets::present(&*table, &master, "download").await?;
        let redirects = dir_blob.is_none();
        let downloads =
            Downloads::new(table.clone(), blob.clone(), secret, base.clone(), config.files_url(), redirects);
        let library = Library::new(catalog.clone(), downloads.clone(), invoices.clone());
        Ok(Self(Arc::new(Inner {
            config,
            demo,
            clock,
            table,
            calls,
            provider_calls,
            changes,
            purges,
            blob,
            dir_blob,
            queue,
            mail,
            outbox,
            search,
            catalog,
            rates,
            media,
            master,
            provider,
            oidc,
            sessions,
            mail_from,
            payments,
            simulator,
            carts,
            quotes,
            checkouts,
            invoices,
            receipts,
            values,
            talk,
            withdrawals,
            mailing,
            downloads,
            library,
            buckets,
        })))
    }

    /// The follower that keeps this node's index.
    pub fn indexer(&self) -> crate::catalog::index::Indexer {
        crate::catalog::index::Indexer::new(
            self.catalog.records().clone(),
            self.search.clone(),
            self.clock.clone(),
            self.changes.clone(),
        )
        .with_platform(self.catalog.offers().platform().cloned())
    }
}

/// Who confirms buyers' tax ids.
fn registers(config: &Config, demo: bool, clock: &SharedClock) -> anyhow::Result<SharedRegisters> {
    Ok(match config.tax.registers {
        RegistersConfig::Vies => {
            let base = config.tax.vies_url.parse().map_err(|e| anyhow::anyhow!("`tax.vies_url`: {e}"))?;
            let vies = ViesConfig { base, requester: config.tax.vies_requester.clone() };
            Arc::new(Vies::new(&vies).map_err(|e| anyhow::anyhow!(e))?)
        }
        RegistersConfig::Auto if demo => Arc::new(vitrine_registers::simulator::Simulator::new(clock.clone())),
        RegistersConfig::Auto | RegistersConfig::None => Arc::new(Nobody),
    })
}

/// Who works taxes out for the stores that want it.
fn tax_provider(config: &Config) -> anyhow::Result<SharedTax> {
    Ok(match config.tax.provider {
        TaxProviderConfig::Stripe => {
            let base = config.tax.provider_url.parse().map_err(|e| anyhow::anyhow!("`tax.provider_url`: {e}"))?;
            let stripe = StripeConfig { base, key: config.tax.provider_key.clone() };
            Arc::new(Stripe::new(&stripe).map_err(|e| anyhow::anyhow!(e))?)
        }
        TaxProviderConfig::None => Arc::new(vitrine_tax::Nobody),
    })
}

/// Whether a data directory is marked as demonstration.
pub fn is_demo(dir: &Path) -> bool {
    dir.join(DEMO_MARK).is_file()
}

/// Marks a new data directory as demonstration; one that holds a shop's own data is never turned into one.
///
/// # Errors
/// The directory holds data without the mark, or cannot be written.
pub fn mark_demo(dir: &Path) -> anyhow::Result<()> {
    made(dir)?;
    if !is_demo(dir) {
        anyhow::ensure!(
            !dir.join(TABLE).exists(),
            "{} holds a shop's own data; demonstration data needs a directory of its own",
            dir.display()
        );
        durable(
            &dir.join(DEMO_MARK),
            "This directory holds demonstration data: the payment simulator, the mail outbox and the demo accounts exist only here.\n",
        )?;
    }
    Ok(())
}

fn open_index(dir: &Path) -> anyhow::Result<TantivySearch> {
    match TantivySearch::open(dir) {
        Ok(index) => Ok(index),
        Err(SearchError::NeedsRebuild { reason }) => {
            tracing::info!(reason, "building the search index anew");
            Ok(TantivySearch::create(dir)?)
        }
        Err(e) => Err(e.into()),
    }
}

fn master_key(config: &Config, dir: &Path) -> anyhow::Result<MasterKey> {
    use base64::Engine;
    use secrecy::ExposeSecret;
    if !config.master_key.expose_secret().is_empty() {
        return Ok(MasterKey::from_base64(&config.master_key)?);
    }
    let path: PathBuf = dir.join(MASTER_KEY);
    if !path.exists() {
        let bytes: [u8; 32] = rand::random();
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        durable(&path, &text)?;
    }
    Ok(MasterKey::from_base64(&SecretString::from(std::fs::read_to_string(&path)?))?)
}

/// Writes a small file that only we read, so that it is there whole or not at all, and stays there when the power goes: what is
/// sealed under a key must not outlive it.
fn durable(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let side = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&side)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&side, path)?;
    synced(folder)
}

/// Makes the names in a folder stay when the power goes.
fn synced(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Makes a folder that stays when the power goes.
fn made(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    made(parent)?;
    std::fs::create_dir(folder)?;
    synced(parent)
}

/// A key that is never written: reading it shows that the table answers.
pub fn probe_key() -> vitrine_table::Key {
    vitrine_table::Key::new("PROBE#", "PROBE#")
}
