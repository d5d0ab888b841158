//! The program `vitrine`: serve, import, export, configuration.

mod probe;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use vitrine_server::catalog::exchange::{Importer, Outcome, export};
use vitrine_server::check::{Check, Depth, How, Invariant, Report, UNNAMED_MS};
use vitrine_server::config::{Config, DOCS, LogFormat};
use vitrine_server::ctx::OpCtx;
use vitrine_server::rates::{Way, keep};
use vitrine_server::rest::document;
use vitrine_server::state::{Adapters, App, is_demo, mark_demo};

mod api_keys;
mod copies;
mod quotes;

/// Pages are made of many small pieces: the system's allocator took a third of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "vitrine", version, about = "A marketplace for creative work, in one program.")]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// Configuration file (TOML); `VITRINE_…` variables win over it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data directory.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the shop.
    Serve {
        /// Port of the shop.
        #[arg(long)]
        port: Option<u16>,
        /// Folder of the built browser files; default: `public` beside the program.
        #[arg(long, value_name = "DIR")]
        public: Option<PathBuf>,
        /// Mark a new data directory as demonstration: payment simulator, mail outbox, demo accounts; loopback only.
        #[arg(long)]
        demo: bool,
    },
    /// Import JSON lines with their files; a bad row never stops the rest.
    Import {
        /// A `.jsonl` or `.csv` file, or a folder that holds `catalog.jsonl` or `catalog.csv`.
        path: PathBuf,
        /// As with `serve`.
        #[arg(long)]
        demo: bool,
    },
    /// Export everything of the catalogue as JSON lines with files.
    Export {
        /// A folder; made if missing.
        dir: PathBuf,
    },
    /// Answer a document that asks for totals, as `POST /api/pricing/quote` does, with every right.
    Quote {
        /// JSON as docs/pricing.md describes it; `-`: standard input. The data directory is read if the document names a storefront or an edition.
        file: PathBuf,
    },
    /// Keep the rates of exchange of a file, for approximate amounts and for tax in another currency on invoices; while the server is stopped.
    Rates {
        /// As the European Central Bank publishes them, XML or CSV, HMRC's monthly CSV, or own rates (docs/einvoice.md).
        file: PathBuf,
    },
    /// Copy the whole shop into an encrypted file, also while it is served.
    Backup {
        /// Must not exist.
        file: PathBuf,
        /// Who can read it; default: `backup.recipients` of the configuration.
        #[arg(long = "recipient", value_name = "age1...")]
        recipients: Vec<String>,
    },
    /// Make a key that reads backups, and print the recipient it belongs to.
    BackupKey {
        /// Must not exist; keep it apart from the shop and from its backups.
        file: PathBuf,
    },
    /// Restore a shop from a backup into an empty data directory.
    Restore(copies::Restore),
    /// Make the DynamoDB table and the S3 bucket of the configuration, where they are missing (build with the feature aws).
    MakeStores,
    /// Look at the configuration.
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Keys for programs.
    ApiKey {
        #[command(subcommand)]
        what: api_keys::Asked,
    },
    /// Look whether everything that must hold of the data does, while the server is stopped; exit code 1 if not.
    Check {
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
        /// Look at the lengths of files only, do not read them.
        #[arg(long)]
        quick: bool,
        /// Remove files that no record names.
        #[arg(long)]
        remove_orphans: bool,
        /// From which age on a file that no record names is one too many; 0 if no import or job waits.
        #[arg(long, value_name = "SECONDS", default_value_t = UNNAMED_MS / 1000, value_parser = clap::value_parser!(i64).range(0..=3_155_760_000))]
        unnamed_after: i64,
    },
    /// Print the OpenAPI document of the REST interface.
    Openapi,
    /// Ask the shop on this machine whether it is ready; for health checks.
    Probe,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Check it and print what is in force, without secrets.
    Check,
    /// Every key, its default and its meaning.
    Docs,
}

/// What was typed; a function is started without a word and serves.
fn cli() -> Cli {
    #[cfg(feature = "lambda")]
    if vitrine::serve::lambda::is_function() && std::env::args_os().len() < 2 {
        return Cli::parse_from(["vitrine", "serve"]);
    }
    Cli::parse()
}

fn main() -> anyhow::Result<()> {
    let cli = cli();
    if let Command::Config { what: ConfigCommand::Docs } = &cli.command {
        for (key, default, meaning) in DOCS {
            println!("{key}\n    default: {default}\n    {meaning}");
        }
        return Ok(());
    }
    let mut config = Config::load(cli.common.config.as_deref(), std::env::vars())?;
    if let Some(data) = cli.common.data {
        config.data_dir = data;
    }
    let public = match &cli.command {
        Command::Serve { port, public, .. } => {
            if let Some(port) = port {
                config.port = *port;
            }
            public.clone().or_else(|| (!config.public_dir.as_os_str().is_empty()).then(|| config.public_dir.clone()))
        }
        _ => None,
    };
    let public = match public {
        Some(dir) => dir,
        None => std::env::current_exe()?.parent().context("the program stands nowhere")?.join("public"),
    };
    log(&config);
    if matches!(cli.command, Command::Serve { .. }) {
        vitrine_server::privileges::give_up();
    }
    // A thread that waits for work keeps the memory of what it did last.
    let idle = Duration::from_secs(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_keep_alive(idle).build()?;
    runtime.block_on(run(cli.command, config, public))
}

fn log(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}

async fn run(command: Command, config: Config, public: PathBuf) -> anyhow::Result<()> {
    match command {
        Command::Serve { demo, .. } => {
            if demo {
                mark_demo(&config.data_dir)?;
            }
            let app = open(config).await?;
            #[cfg(feature = "lambda")]
            if vitrine::serve::lambda::is_function() {
                return vitrine::serve::lambda::serve(app, public).await;
            }
            vitrine::serve::serve(app, public).await
        }
        Command::Import { path, demo } => {
            if demo {
                mark_demo(&config.data_dir)?;
            }
            import(config, path).await
        }
        Command::Export { dir } => {
            let app = open(config).await?;
            let ctx = OpCtx::system("export", app.clock.now_ms());
            let rows = export(&ctx, app.catalog.records(), &*app.blob, &dir).await?;
            println!("{rows} rows in {}", dir.join("catalog.jsonl").display());
            Ok(())
        }
        Command::Quote { file } => quotes::run(config, &file).await,
        Command::Rates { file } => {
            let read = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let app = open(config).await?;
            let ctx = OpCtx::system("rates", app.clock.now_ms());
            let taken = keep(&ctx, &*app.table, &read, Way::Brought).await?;
            println!("rates of {} of {} are kept", taken.source, taken.date);
            if !taken.unknown.is_empty() {
                println!("not known here: {}", taken.unknown.join(" "));
            }
            Ok(())
        }
        Command::ApiKey { what } => api_keys::run(&open(config).await?, what).await,
        Command::Backup { file, recipients } => copies::backup(&config, file, recipients).await,
        Command::BackupKey { file } => copies::key(&file),
        Command::Restore(asked) => copies::restore(&config, asked).await,
        Command::Probe => probe::run(config.bind, config.port),
        Command::Check { json, quick, remove_orphans, unnamed_after } => {
            let app = open(config).await?;
            let check = Check::of(&app);
            let unnamed_ms = unnamed_after * 1000;
            if remove_orphans {
                println!("{} files removed", check.remove_orphans(unnamed_ms).await?);
            }
            let files = if quick { Depth::Sizes } else { Depth::All };
            let report = check.run(How { live: false, files, unnamed_ms }).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print(&report);
            }
            // The report is the answer; nothing went wrong in giving it.
            if !report.holds() {
                drop((check, app));
                std::process::exit(1);
            }
            Ok(())
        }
        Command::MakeStores => make_stores(&config).await,
        Command::Openapi => {
            println!("{}", serde_json::to_string_pretty(&document(&config.base_url()))?);
            Ok(())
        }
        Command::Config { .. } => {
            let demo = is_demo(&config.data_dir);
            config.check(demo)?;
            println!("{}", serde_json::to_string_pretty(&config.shown())?);
            Ok(())
        }
    }
}

fn print(report: &Report) {
    for invariant in Invariant::ALL {
        let count = report.counts.get(invariant.name()).copied().unwrap_or_default();
        let word = if count == 0 { "holds".to_owned() } else { format!("{count} VIOLATED") };
        println!("{:<16} {word:<12} {}", invariant.name(), invariant.sentence());
    }
    for violation in &report.violations {
        println!("{}: {}: {}", violation.invariant.name(), violation.keys.join(" "), violation.what);
    }
    for what in &report.unseen {
        println!("not looked at: {what}");
    }
    if [Invariant::Table, Invariant::FilesThere].iter().any(|i| report.counts.get(i.name()).is_some_and(|n| *n > 0)) {
        println!("What is damaged comes back from a backup: `vitrine restore`, see docs/runbooks/restore.md");
    }
    let seen: Vec<String> = report.seen.iter().map(|(what, count)| format!("{count} {what}")).collect();
    println!("{} in hand; looked at {} in {} ms", report.in_hand, seen.join(", "), report.took_ms);
}

async fn open(config: Config) -> anyhow::Result<App> {
    let adapters = adapters(&config).await;
    App::open(config, adapters).await
}

/// For tests and a first look; in production infrastructure code makes them, with backups, keys and alarms.
#[cfg(feature = "aws")]
async fn make_stores(config: &Config) -> anyhow::Result<()> {
    use vitrine_aws::{Settings, connect};
    use vitrine_server::config::{BlobConfig, TableConfig};
    let TableConfig::Dynamodb { table, region, endpoint } = &config.table else {
        anyhow::bail!("`table.kind` is not dynamodb; an embedded table is made when it is first opened");
    };
    let sdk = connect(&Settings { region: region.clone(), endpoint: endpoint.clone(), credentials: None }).await;
    vitrine_aws::dynamo::DynamoTable::new(&sdk, table).create().await.context("the table")?;
    if let BlobConfig::S3 { bucket, region, endpoint } = &config.blob {
        let sdk = connect(&Settings { region: region.clone(), endpoint: endpoint.clone(), credentials: None }).await;
        vitrine_aws::s3::S3Blob::new(&sdk, bucket).create().await.context("the bucket")?;
    }
    println!("the stores are there");
    Ok(())
}

/// This build knows embedded stores only.
#[cfg(not(feature = "aws"))]
async fn make_stores(_: &Config) -> anyhow::Result<()> {
    anyhow::bail!("this build has no cloud stores; build with the feature `aws`")
}

/// The production adapters the configuration asks for.
#[cfg(feature = "aws")]
async fn adapters(config: &Config) -> Adapters {
    use std::sync::Arc;
    use vitrine_aws::{Settings, connect};
    use vitrine_server::config::{BlobConfig, TableConfig};
    let mut adapters = Adapters::default();
    if let TableConfig::Dynamodb { table, region, endpoint } = &config.table {
        let sdk = connect(&Settings { region: region.clone(), endpoint: endpoint.clone(), credentials: None }).await;
        adapters.table = Some(Arc::new(vitrine_aws::dynamo::DynamoTable::new(&sdk, table)));
    }
    if let BlobConfig::S3 { bucket, region, endpoint } = &config.blob {
        let sdk = connect(&Settings { region: region.clone(), endpoint: endpoint.clone(), credentials: None }).await;
        adapters.blob = Some(Arc::new(vitrine_aws::s3::S3Blob::new(&sdk, bucket)));
    }
    adapters
}

/// This build has the embedded adapters only; asking for others is refused when the house is put together.
#[cfg(not(feature = "aws"))]
async fn adapters(_: &Config) -> Adapters {
    Adapters::default()
}

async fn import(config: Config, path: PathBuf) -> anyhow::Result<()> {
    let (file, root) = if path.is_dir() {
        let rows = path.join("catalog.jsonl");
        (if rows.exists() { rows } else { path.join("catalog.csv") }, path)
    } else {
        let root = path.parent().map(PathBuf::from).filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| ".".into());
        (path, root)
    };
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let app = open(config).await?;
    let ctx = OpCtx::system("import", app.clock.now_ms());
    let importer =
        Importer::new(app.catalog.records().clone(), app.blob.clone(), app.media.clone(), app.queue.clone(), root);
    let report = importer
        .run(&ctx, &text, |row| {
            for note in &row.notes {
                eprintln!("line {}: {} {:?}: {note}", row.line, row.row, row.outcome);
            }
        })
        .await?;
    let counts = report.counts();
    let count = |outcome| counts.get(&outcome).copied().unwrap_or(0);
    println!(
        "{} created, {} updated, {} unchanged, {} refused",
        count(Outcome::Created),
        count(Outcome::Updated),
        count(Outcome::Unchanged),
        count(Outcome::Refused)
    );
    // Searches find it at once after the next start; building the index here spares that start the time.
    app.indexer().catch_up().await?;
    Ok(())
}
