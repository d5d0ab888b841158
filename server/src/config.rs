//! Configuration: a TOML file, then `VITRINE_…` environment variables over it; unknown keys refuse to start.
//!
//! Invariants: backends are chosen here, once; the default needs no account; secrets never show in `Debug` or in
//! `config check`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use vitrine_shared::catalog::LegalEntity;

use crate::web::limits::Figures;
use crate::web::shed::Load;

/// Everything that can be set. `docs` of each key is the text of `vitrine config docs`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen. Demonstration data refuses anything beyond loopback.
    pub bind: IpAddr,
    /// Port of the shop.
    pub port: u16,
    /// Port of `/metrics`, loopback only; 0: none.
    pub metrics_port: u16,
    /// Address people use for the marketplace, without a path; empty: `http://localhost:<port>`.
    pub base_url: String,
    /// Address of files and readers, another origin; empty: `http://files.localhost:<port>`.
    pub files_url: String,
    /// Embedded data: table, blobs, index, lock.
    pub data_dir: PathBuf,
    /// Built client, styles, fonts and locale files.
    pub public_dir: PathBuf,
    /// Proxies whose `X-Forwarded-*`, `X-Country` and `X-Currency` are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// 32 bytes in base64: seals secrets and personal data. Empty: made once and kept in the data directory.
    pub master_key: SecretString,
    /// Where items live.
    pub table: TableConfig,
    /// Where files live.
    pub blob: BlobConfig,
    /// How mail goes out.
    pub mail: MailConfig,
    /// Where faults of security are reported, `mailto:` or `https:`; `/.well-known/security.txt` names it. Empty: there is
    /// no such file.
    pub security_contact: String,
    /// The marketplace in law: it sells by itself what the law of a place presumes it does. Absent: shops sell everything.
    pub platform: Option<LegalEntity>,
    /// Fonts (TrueType, OpenType) for letters of invoices that the built-in one lacks, as those of Chinese, Japanese and Arabic; they must be
    /// licensed for embedding. Absent: Noto Sans CJK, where the system has it.
    pub fonts_dir: Option<PathBuf>,
    /// Who confirms buyers' tax ids.
    pub tax: TaxConfig,
    /// Amounts in other currencies.
    pub rates: RatesConfig,
    /// Copies for the day the machine is gone.
    pub backup: BackupConfig,
    /// How often an address, an account or a key may ask.
    pub limits: Figures,
    /// How many requests and connections there may be at once, and how long they may take.
    pub load: Load,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// Filter of the log, as `RUST_LOG`.
    pub log: String,
    /// Seconds for requests and jobs in hand when stopping.
    pub shutdown_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: IpAddr::from([127, 0, 0, 1]),
            port: 8080,
            metrics_port: 0,
            base_url: String::new(),
            files_url: String::new(),
            data_dir: "data".into(),
            public_dir: PathBuf::new(),
            trusted_proxies: Vec::new(),
            master_key: SecretString::from(""),
            table: TableConfig::default(),
            blob: BlobConfig::default(),
            mail: MailConfig::default(),
            security_contact: String::new(),
            platform: None,
            fonts_dir: None,
            tax: TaxConfig::default(),
            rates: RatesConfig::default(),
            backup: BackupConfig::default(),
            limits: Figures::default(),
            load: Load::default(),
            log_format: LogFormat::default(),
            log: "info,tantivy=warn,dioxus_server=warn".into(),
            shutdown_secs: 20,
        }
    }
}

/// Where items live.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum TableConfig {
    /// A file in the data directory.
    #[default]
    Sqlite,
    /// DynamoDB; needs a build with the feature `aws`.
    Dynamodb {
        /// Table name.
        table: String,
        /// AWS region.
        region: String,
        /// Another endpoint than AWS's own.
        #[serde(default)]
        endpoint: Option<String>,
    },
}

/// Where files live.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum BlobConfig {
    /// A folder in the data directory.
    #[default]
    Dir,
    /// S3; needs a build with the feature `aws`.
    S3 {
        /// Bucket name.
        bucket: String,
        /// AWS region.
        region: String,
        /// Another endpoint than AWS's own (addressed by path).
        #[serde(default)]
        endpoint: Option<String>,
    },
}

/// How mail goes out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum MailConfig {
    /// Kept in the table, read at `/dev/outbox`; demonstration data only.
    #[default]
    Outbox,
    /// An SMTP server.
    Smtp {
        /// Host name.
        host: String,
        /// 465 (TLS), 587 (STARTTLS) or a loopback port.
        port: u16,
        /// User name.
        #[serde(default)]
        user: Option<String>,
        /// Password.
        #[serde(default)]
        password: Option<SecretString>,
        /// `tls`, `starttls`, or `none` (loopback only).
        security: String,
        /// Sender, RFC 5322.
        from: String,
    },
}

/// Who is asked whether a buyer's tax id is in force. Without it every id is invoice data and exempts nobody.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaxConfig {
    /// Who.
    pub registers: RegistersConfig,
    /// Root of the VIES REST interface, with the last slash.
    pub vies_url: String,
    /// The marketplace's own VAT number with its letters, for consultations that can be proved; empty: none.
    pub vies_requester: String,
    /// Who works taxes out for the stores that want it.
    pub provider: TaxProviderConfig,
    /// Its secret key.
    #[serde(skip_serializing)]
    pub provider_key: SecretString,
    /// Its root, with the last slash.
    pub provider_url: String,
}

/// See [`TaxConfig`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaxProviderConfig {
    /// Nobody.
    #[default]
    None,
    /// Stripe Tax.
    Stripe,
}

/// See [`TaxConfig`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistersConfig {
    /// The simulator with demonstration data, else nobody.
    #[default]
    Auto,
    /// The European Commission's VIES.
    Vies,
    /// Nobody.
    None,
}

impl Default for TaxConfig {
    fn default() -> Self {
        Self {
            registers: RegistersConfig::Auto,
            vies_url: vitrine_registers::vies::SERVICE.into(),
            vies_requester: String::new(),
            provider: TaxProviderConfig::None,
            provider_key: SecretString::from(""),
            provider_url: vitrine_tax::stripe::SERVICE.into(),
        }
    }
}

/// Where rates of exchange come from, for amounts that are only shown and for tax that invoices state in another currency.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatesConfig {
    /// Address of a file as the European Central Bank publishes them; empty: none is fetched.
    pub url: String,
    /// Address of HMRC's file of a month, with `{year}` and `{month}` in their places; empty: none is fetched.
    pub hmrc_url: String,
}

/// Copies of the embedded data; what is in them only keys of the recipients read.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupConfig {
    /// age recipients, as `vitrine backup-key` prints them.
    pub recipients: Vec<String>,
    /// Folder in which the running server keeps a log of every change; `None`: no log.
    pub log_dir: Option<PathBuf>,
    /// Seconds between two pieces of the log; most of what is lost with the machine.
    pub log_secs: u64,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self { recipients: Vec::new(), log_dir: None, log_secs: 300 }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// Why the configuration is not usable; each says the key and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {error}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A key is unknown or a value does not fit.
    #[error("the configuration does not fit: {0}")]
    Invalid(String),
    /// Demonstration data must not be reachable from elsewhere.
    #[error(
        "demonstration data is served on loopback only; set `bind` to 127.0.0.1 or begin an own data directory with --empty"
    )]
    DemoBeyondLoopback,
}

const ENV_PREFIX: &str = "VITRINE_";

impl Config {
    /// Reads the file (if one is given), then the environment over it.
    ///
    /// # Errors
    /// See [`ConfigError`]; an unknown key or variable is one.
    pub fn load(file: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut root = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
                text.parse::<toml::Table>().map_err(|e| ConfigError::Invalid(e.to_string()))?
            }
            None => toml::Table::new(),
        };
        for (name, value) in env {
            // `VITRINE_TEST_…` and `VITRINE_BUILD_…` belong to the tests and the build.
            let Some(key) = name.strip_prefix(ENV_PREFIX) else { continue };
            if key.starts_with("TEST_")
                || key.starts_with("BUILD_")
                || key.starts_with("TARGET_")
                || key.starts_with("PEERS_")
            {
                continue;
            }
            set(&mut root, &key.to_ascii_lowercase(), value)?;
        }
        root.try_into::<Self>().map_err(|e| ConfigError::Invalid(e.to_string().trim().to_owned()))
    }

    /// Where people find the marketplace.
    pub fn base_url(&self) -> String {
        if self.base_url.is_empty() {
            format!("http://localhost:{}", self.port)
        } else {
            self.base_url.trim_end_matches('/').to_owned()
        }
    }

    /// Where files and readers come from.
    pub fn files_url(&self) -> String {
        if self.files_url.is_empty() {
            format!("http://files.localhost:{}", self.port)
        } else {
            self.files_url.trim_end_matches('/').to_owned()
        }
    }

    /// The rules between keys that types cannot say.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn check(&self, demo: bool) -> Result<(), ConfigError> {
        if demo && !self.bind.is_loopback() {
            return Err(ConfigError::DemoBeyondLoopback);
        }
        for (key, url) in [("base_url", self.base_url()), ("files_url", self.files_url())] {
            let url = url::Url::parse(&url).map_err(|e| ConfigError::Invalid(format!("`{key}`: {e}")))?;
            if url.path() != "/" || url.query().is_some() {
                return Err(ConfigError::Invalid(format!("`{key}` must be an origin without a path")));
            }
        }
        if self.load.in_flight == 0 || self.load.connections == 0 || self.load.connections_of_address == 0 {
            return Err(ConfigError::Invalid(
                "`load`: in_flight, connections and connections_of_address are at least 1".into(),
            ));
        }
        if self.base_url() == self.files_url() {
            return Err(ConfigError::Invalid("`files_url` must be another origin than `base_url`".into()));
        }
        let contact = url::Url::parse(&self.security_contact);
        let known = contact.is_ok_and(|u| ["mailto", "https"].contains(&u.scheme()));
        if !self.security_contact.is_empty() && (!known || self.security_contact.chars().any(char::is_whitespace)) {
            return Err(ConfigError::Invalid("`security_contact` must be a mailto: or https: address".into()));
        }
        if !demo && matches!(self.mail, MailConfig::Outbox) {
            return Err(ConfigError::Invalid(
                "`mail`: only demonstration data keeps mail in an outbox; set an SMTP server".into(),
            ));
        }
        if let Some(platform) = &self.platform {
            crate::invoices::may_sell(platform).map_err(|e| ConfigError::Invalid(format!("`platform`: {e}")))?;
        }
        if self.tax.provider == TaxProviderConfig::Stripe {
            if self.tax.provider_key.expose_secret().is_empty() {
                return Err(ConfigError::Invalid("`tax.provider_key`: stripe needs a secret or restricted key".into()));
            }
            if !outward("tax.provider_url", &self.tax.provider_url)?.path().ends_with('/') {
                return Err(ConfigError::Invalid("`tax.provider_url` must end with a slash".into()));
            }
        }
        if !self.rates.url.is_empty() {
            outward("rates.url", &self.rates.url)?;
        }
        if !self.rates.hmrc_url.is_empty() {
            if !["{year}", "{month}"].iter().all(|part| self.rates.hmrc_url.contains(part)) {
                return Err(ConfigError::Invalid("`rates.hmrc_url` must have {year} and {month} in it".into()));
            }
            outward("rates.hmrc_url", &self.rates.hmrc_url.replace("{year}", "2026").replace("{month}", "1"))?;
        }
        let backup = &self.backup;
        if backup.log_dir.is_some() || !backup.recipients.is_empty() {
            crate::backup::recipients(&backup.recipients)
                .map_err(|e| ConfigError::Invalid(format!("`backup.recipients`: {e}")))?;
        }
        let embedded = matches!((&self.table, &self.blob), (TableConfig::Sqlite, BlobConfig::Dir));
        if backup.log_dir.is_some() && !embedded {
            return Err(ConfigError::Invalid(format!("`backup.log_dir`: {}", crate::backup::BackupError::NotEmbedded)));
        }
        // Fifteen minutes is the most a shop may lose; a piece needs some time to be written.
        if !(1..=600).contains(&backup.log_secs) {
            return Err(ConfigError::Invalid("`backup.log_secs` must be 1 to 600".into()));
        }
        if let MailConfig::Smtp { security, host, .. } = &self.mail {
            match security.as_str() {
                "tls" | "starttls" => {}
                "none" if ["localhost", "127.0.0.1", "::1"].contains(&host.as_str()) => {}
                _ => {
                    return Err(ConfigError::Invalid(
                        "`mail.security` must be tls, starttls, or none on loopback".into(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// What is in force, secrets left out.
    pub fn shown(&self) -> serde_json::Value {
        serde_json::json!({
            "bind": self.bind, "port": self.port, "metrics_port": self.metrics_port,
            "base_url": self.base_url(), "files_url": self.files_url(),
            "data_dir": self.data_dir, "public_dir": self.public_dir, "trusted_proxies": self.trusted_proxies,
            "master_key": "[redacted]", "table": self.table, "blob": self.blob,
            "mail": match &self.mail {
                MailConfig::Outbox => serde_json::json!({"kind": "outbox"}),
                MailConfig::Smtp { host, port, security, from, .. } => serde_json::json!({
                    "kind": "smtp", "host": host, "port": port, "security": security, "from": from,
                    "password": "[redacted]",
                }),
            },
            "security_contact": self.security_contact, "tax": self.tax, "platform": self.platform, "fonts_dir": self.fonts_dir,
            "limits": self.limits, "load": self.load, "backup": self.backup,
            "log": self.log, "log_format": self.log_format, "shutdown_secs": self.shutdown_secs,
        })
    }
}

/// An address that is called: https, or http on this machine.
fn outward(setting: &str, text: &str) -> Result<url::Url, ConfigError> {
    let url = url::Url::parse(text).map_err(|e| ConfigError::Invalid(format!("`{setting}`: {e}")))?;
    let near = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && near) {
        return Ok(url);
    }
    Err(ConfigError::Invalid(format!("`{setting}` must be https, or http on loopback")))
}

/// Variables that hold a number or a list, as TOML writes them. All others are text as it stands: a password may look like a number.
fn is_typed(key: &str) -> bool {
    ["limits__", "load__"].iter().any(|section| key.starts_with(section))
        || matches!(
            key,
            "port"
                | "metrics_port"
                | "trusted_proxies"
                | "shutdown_secs"
                | "mail__port"
                | "backup__recipients"
                | "backup__log_secs"
        )
}

/// `table__region=x` sets `table.region`.
fn set(root: &mut toml::Table, key: &str, value: String) -> Result<(), ConfigError> {
    let typed = || format!("v = {value}").parse::<toml::Table>().ok()?.remove("v");
    let typed = is_typed(key).then(typed).flatten();
    let value = typed.unwrap_or(toml::Value::String(value));
    let Some((section, rest)) = key.split_once("__") else {
        root.insert(key.to_owned(), value);
        return Ok(());
    };
    let entry = root.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let Some(inner) = entry.as_table_mut() else {
        return Err(ConfigError::Invalid(format!("`{key}`: `{section}` is no section")));
    };
    inner.insert(rest.to_owned(), value);
    Ok(())
}

/// The text of `vitrine config docs`: key, default, meaning.
pub const DOCS: &[(&str, &str, &str)] = &[
    ("bind", "127.0.0.1", "Address to listen on. Demonstration data refuses anything beyond loopback."),
    ("port", "8080", "Port of the shop."),
    ("metrics_port", "0", "Port of /metrics on loopback; 0 for none."),
    ("base_url", "http://localhost:<port>", "Origin people use for the marketplace."),
    ("files_url", "http://files.localhost:<port>", "Origin of files and readers; must differ from base_url."),
    ("data_dir", "data", "Folder of table, blobs and index."),
    ("public_dir", "public beside the program", "Folder of the built client, styles, fonts and locale files."),
    ("trusted_proxies", "[]", "Addresses whose X-Forwarded-*, X-Country and X-Currency headers are believed."),
    ("master_key", "made once in data_dir", "32 bytes in base64 that seal secrets and personal data."),
    ("table.kind", "sqlite", "sqlite, or dynamodb with table, region and endpoint (build with the feature aws)."),
    ("blob.kind", "dir", "dir, or s3 with bucket, region and endpoint (build with the feature aws)."),
    (
        "mail.kind",
        "outbox",
        "outbox (demonstration data only), or smtp with host, port, user, password, security, from.",
    ),
    (
        "security_contact",
        "",
        "mailto: or https: address for reports of faults; named in /.well-known/security.txt. Empty for no such file.",
    ),
    (
        "platform",
        "none",
        "The marketplace in law (name, address, country, email, tax_ids, registrations, invoice_prefix): it sells by itself what the law of a place presumes it does. Without it shops sell everything.",
    ),
    (
        "fonts_dir",
        "none",
        "Folder of fonts for letters of invoices beyond Latin, Greek and Cyrillic; licensed for embedding.",
    ),
    (
        "tax.registers",
        "auto",
        "Who confirms buyers' tax ids: vies, none, or auto (the simulator with demonstration data, else nobody).",
    ),
    ("tax.vies_url", "the Commission's service", "Root of the VIES REST interface, with the last slash."),
    (
        "tax.vies_requester",
        "",
        "The marketplace's own VAT number with its letters, for consultations that can be proved.",
    ),
    (
        "tax.provider",
        "none",
        "Who works taxes out for the stores that want it (tax_provider in docs/import-format.md): none, or stripe (Stripe Tax).",
    ),
    (
        "tax.provider_key",
        "",
        "Its secret or restricted key; it must be allowed to write tax calculations and transactions.",
    ),
    ("tax.provider_url", "Stripe's interface", "Its root, with the last slash; https, or http on loopback."),
    (
        "rates.url",
        "",
        "Address of the rates for approximate amounts, fetched every day, such as https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml; empty: none is fetched, `vitrine rates` reads a file.",
    ),
    (
        "rates.hmrc_url",
        "",
        "Address of HMRC's monthly rates, in which invoices state the tax of the United Kingdom, such as https://www.trade-tariff.service.gov.uk/api/v2/exchange_rates/files/monthly_csv_{year}-{month}.csv; empty: none is fetched.",
    ),
    ("backup.recipients", "[]", "Who can read backups: age1... lines that `vitrine backup-key` prints."),
    (
        "backup.log_dir",
        "none",
        "Folder for a log of every change, kept by the running server; on another disk or machine.",
    ),
    ("backup.log_secs", "300", "Seconds between two pieces of that log, at most 600."),
    ("limits.times", "1", "All figures of docs/security.md, Limits, times this; 0: nothing is limited."),
    (
        "limits.<class>",
        "see docs/security.md",
        "Requests of an address and of an account in the class's window, e.g. limits.search = [1200, 600].",
    ),
    ("load.in_flight", "64", "Requests worked on at once; a quarter more for paying, webhooks, signing in, downloads."),
    ("load.waiting", "512", "Requests that wait for their turn; more are refused with 503."),
    ("load.patience_ms", "1000", "How long they wait."),
    ("load.connections", "16000", "Connections at once."),
    ("load.connections_of_address", "2000", "Connections of one address at once; trusted proxies have no such limit."),
    ("load.head_secs", "15", "Seconds for a whole request head."),
    ("load.idle_secs", "75", "Seconds a connection stays open between requests; longer than at the proxy in front."),
    ("load.stall_secs", "30", "Seconds without a byte of a body coming in, or of an answer going out."),
    ("log", "info,tantivy=warn,dioxus_server=warn", "Filter of the log."),
    ("log_format", "text", "text or json."),
    ("shutdown_secs", "20", "Seconds that requests and jobs in hand get when stopping."),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vitrine.toml");
        std::fs::write(&path, file).unwrap();
        Config::load(Some(&path), env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = load("port = 9000\nlog = \"debug\"", &[("VITRINE_PORT", "9100"), ("OTHER", "x")]).unwrap();
        assert_eq!((config.port, config.log.as_str()), (9100, "debug"));
    }

    #[test]
    fn a_tax_service_needs_its_key_and_a_safe_address() {
        let of = |more: &[(&str, &str)]| {
            let mut env = vec![("VITRINE_TAX__PROVIDER", "stripe")];
            env.extend(more);
            load("", &env).unwrap().check(true)
        };
        let key = ("VITRINE_TAX__PROVIDER_KEY", "sk_test_1");
        assert!(of(&[]).unwrap_err().to_string().contains("provider_key"));
        assert!(of(&[key]).is_ok());
        for (url, fine) in [
            ("http://127.0.0.1:9/", true),
            ("https://tax.example/", true),
            ("http://tax.example/", false),
            ("https://tax.example/v1", false),
            ("tax", false),
        ] {
            assert_eq!(of(&[key, ("VITRINE_TAX__PROVIDER_URL", url)]).is_ok(), fine, "{url}");
        }
        let shown = load("", &[("VITRINE_TAX__PROVIDER", "stripe"), key]).unwrap();
        assert!(!format!("{} {shown:?}", shown.shown()).contains("sk_test_1"));
    }

    #[test]
    fn unknown_keys_and_variables_refuse_to_start() {
        assert!(load("prot = 9000", &[]).unwrap_err().to_string().contains("prot"));
        assert!(load("", &[("VITRINE_PROT", "1")]).unwrap_err().to_string().contains("prot"));
        assert!(load("[table]\nkind = \"dynamodb\"\ntable = \"t\"\nregion = \"r\"\nregoin = \"x\"", &[]).is_err());
    }

    #[test]
    fn sections_are_reached_from_the_environment() {
        let env = [
            ("VITRINE_TABLE__KIND", "dynamodb"),
            ("VITRINE_TABLE__TABLE", "app_main"),
            ("VITRINE_TABLE__REGION", "eu-central-1"),
        ];
        assert!(matches!(load("", &env).unwrap().table, TableConfig::Dynamodb { .. }));
    }

    #[test]
    fn what_the_environment_says_arrives_as_it_was_said() {
        for password in ["123456", "1_000", "true", "[1]", "\"quoted\"", "5 # five", "1\nw = 2", "0x10", "pass word"] {
            let env = [
                ("VITRINE_MAIL__KIND", "smtp"),
                ("VITRINE_MAIL__HOST", "m"),
                ("VITRINE_MAIL__PORT", "465"),
                ("VITRINE_MAIL__SECURITY", "tls"),
                ("VITRINE_MAIL__FROM", "a@b.example"),
                ("VITRINE_MAIL__PASSWORD", password),
            ];
            let MailConfig::Smtp { port: 465, password: Some(heard), .. } = load("", &env).unwrap().mail else {
                panic!("{password}")
            };
            assert_eq!(heard.expose_secret(), password);
        }
        // Every number and list has its variable.
        for (key, value, _) in DOCS.iter().filter(|(_, v, _)| v.parse::<u64>().is_ok() || v.starts_with('[')) {
            let name = format!("VITRINE_{}", key.to_ascii_uppercase().replace('.', "__"));
            assert!(load("", &[(&name, value)]).is_ok(), "{name}");
        }
        assert!(load("", &[("VITRINE_LIMITS__SEARCH", "[4, 4]")]).unwrap().limits.search.is_some());
        assert!(load("", &[("VITRINE_PORT", "1"), ("VITRINE_PORT__X", "1")]).is_err(), "nothing is passed over");
    }

    #[test]
    fn demonstration_data_stays_on_loopback() {
        let config = load("bind = \"0.0.0.0\"", &[]).unwrap();
        assert!(matches!(config.check(true), Err(ConfigError::DemoBeyondLoopback)));
        assert!(load("", &[]).unwrap().check(true).is_ok());
        assert!(load("", &[]).unwrap().check(false).unwrap_err().to_string().contains("mail"));
    }

    #[test]
    fn a_contact_is_an_address() {
        let smtp = "[mail]\nkind=\"smtp\"\nhost=\"m\"\nport=465\nsecurity=\"tls\"\nfrom=\"a@b.example\"";
        let check = |contact: &str| load(&format!("security_contact = {contact:?}\n{smtp}"), &[]).unwrap().check(false);
        for fine in ["", "mailto:security@shop.example", "https://shop.example/report"] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        for bad in ["security@shop.example", "http://shop.example", "mailto:a@b.example\nContact: x"] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_log_of_backups_needs_somebody_who_can_read_it() {
        let refused = |text: &str| load(text, &[]).unwrap().check(true).unwrap_err().to_string();
        assert!(refused("[backup]\nlog_dir = \"/mnt/log\"").contains("backup-key"));
        assert!(refused("[backup]\nrecipients = [\"age1nonsense\"]").contains("age1nonsense"));
        let cloud = "[blob]\nkind = \"s3\"\nbucket = \"b\"\nregion = \"r\"\n[backup]\nlog_dir = \"/mnt/log\"";
        let known = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        assert!(refused(&format!("{cloud}\nrecipients = [\"{known}\"]")).contains("point-in-time"));
        let whole = load(&format!("[backup]\nlog_dir = \"/mnt/log\"\nrecipients = [\"{known}\"]"), &[]).unwrap();
        assert!(whole.check(true).is_ok());
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = load("master_key = \"hunter2hunter2\"\n[mail]\nkind=\"smtp\"\nhost=\"m\"\nport=465\npassword=\"hunter2\"\nsecurity=\"tls\"\nfrom=\"a@b.example\"", &[]).unwrap();
        assert!(!config.shown().to_string().contains("hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn every_key_is_documented() {
        let shown = Config::default().shown();
        for key in shown.as_object().unwrap().keys() {
            assert!(DOCS.iter().any(|(k, _, _)| k.split('.').next() == Some(key)), "{key} is not in DOCS");
        }
    }
}
