//! SMTP against a server that is not ours: aiosmtpd, see `peer.py`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use vitrine_mail::smtp::{Security, SmtpConfig, SmtpMail};
use vitrine_mail::{Mail, MailError, Message};

/// Longer than anything here takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server took, read by its own parser.
#[derive(Debug, Deserialize)]
struct Arrived {
    sender: String,
    recipients: Vec<String>,
    headers: Vec<(String, String)>,
    #[serde(rename = "type")]
    kind: String,
    parts: Vec<(String, String)>,
    ascii: bool,
    longest: usize,
}

impl Arrived {
    /// The value of a header that is there exactly once.
    #[track_caller]
    fn header(&self, name: &str) -> &str {
        let values: Vec<&str> = self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        assert_eq!(values.len(), 1, "{name} in {:?}", self.headers);
        values[0]
    }
}

#[derive(Deserialize)]
struct Ready {
    port: u16,
}

/// The server; ends with its standard input, that is with this value.
struct Peer {
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

fn python() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/tmp".into())).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    let python = cache.join("vitrine/tools/peers/bin/python");
    assert!(python.exists(), "{} is missing: run `cargo xtask setup --peers`", python.display());
    python
}

impl Peer {
    async fn start() -> Self {
        let mut child = Command::new(python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut peer = Self { port: 0, lines, _child: child };
        let line = peer.line().await.expect("the server did not start: run `cargo xtask setup --peers`");
        peer.port = serde_json::from_str::<Ready>(&line).unwrap().port;
        peer
    }

    async fn line(&mut self) -> Option<String> {
        tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("the server says something").unwrap()
    }

    async fn arrived(&mut self) -> Arrived {
        serde_json::from_str(&self.line().await.expect("the server runs")).unwrap()
    }

    fn mail(&self) -> SmtpMail {
        SmtpMail::new(&plain(self.port)).unwrap()
    }
}

fn plain(port: u16) -> SmtpConfig {
    SmtpConfig { host: "127.0.0.1".into(), port, security: Security::PlainLoopback, user: None, password: None }
}

fn message(key: &str, to: &str) -> Message {
    Message {
        key: key.into(),
        to: to.into(),
        from: "Der Bücherladen <shop@books.example>".into(),
        reply_to: Some("Hilfe <help@books.example>".into()),
        subject: "Ihre Quittung: 12,34 EUR – danke für den Einkauf, und alles Gute für die nächsten Wochen".into(),
        text: format!("Grüße\n.\nQUIT\n{}\n", "lang ".repeat(300)),
        html: "<p>Grüße & <b>Dank</b></p>".into(),
        locale: "de-DE".into(),
        unsubscribe: None,
    }
}

#[tokio::test]
async fn both_parts_and_the_headers_arrive() {
    let mut peer = Peer::start().await;
    let sent = message("receipt/ord_7.a", "Leserin <reader@example.com>");
    peer.mail().send(&sent).await.unwrap();
    let got = peer.arrived().await;
    assert_eq!(
        (got.sender.as_str(), got.recipients.as_slice()),
        ("shop@books.example", &["reader@example.com".into()][..])
    );
    assert_eq!(got.kind, "multipart/alternative");
    let kinds: Vec<&str> = got.parts.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "text/html"], "the best comes last");
    assert_eq!(got.parts[0].1.replace("\r\n", "\n").trim_end(), sent.text.trim_end());
    assert_eq!(got.parts[1].1.trim_end(), sent.html);
    assert_eq!(got.header("subject"), sent.subject);
    assert_eq!(got.header("to"), "Leserin <reader@example.com>");
    assert_eq!(got.header("from"), "Der Bücherladen <shop@books.example>");
    assert_eq!(got.header("reply-to"), "Hilfe <help@books.example>");
    assert_eq!(got.header("content-language"), "de-DE");
    assert_eq!(got.header("message-id"), "<receipt/ord_7=2ea@books.example>");
    assert_eq!(got.header("mime-version"), "1.0");
    assert!(!got.header("date").is_empty());
    assert!(got.ascii, "any server takes it");
    assert!(got.longest <= 998, "RFC 5322, 2.1.1: {}", got.longest);
}

#[tokio::test]
async fn a_repeated_sending_is_the_same_message() {
    let mut peer = Peer::start().await;
    let mail = peer.mail();
    let mut ids = Vec::new();
    for key in ["receipt/1", "receipt/1", "receipt/2"] {
        mail.send(&message(key, "reader@example.com")).await.unwrap();
        ids.push(peer.arrived().await.header("message-id").to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    let after_a_restart = peer.mail();
    after_a_restart.send(&message("receipt/1", "reader@example.com")).await.unwrap();
    assert_eq!(peer.arrived().await.header("message-id"), ids[0]);
}

#[tokio::test]
async fn headers_cannot_be_injected() {
    let mut peer = Peer::start().await;
    let mail = peer.mail();
    let good = message("good", "reader@example.com");
    let injected = "x\r\nBcc: victim@example.com";
    for bad in [
        Message { subject: injected.into(), ..good.clone() },
        Message { subject: "x\nBcc: victim@example.com".into(), ..good.clone() },
        Message { to: format!("reader@example.com{injected}"), ..good.clone() },
        Message { to: "reader@example.com, victim@example.com".into(), ..good.clone() },
        Message { to: "reader@example.com> <victim@example.com".into(), ..good.clone() },
        Message { from: format!("{injected} <shop@books.example>"), ..good.clone() },
        Message { reply_to: Some(injected.into()), ..good.clone() },
        Message { locale: injected.into(), ..good.clone() },
        Message { key: "x>\r\nbcc: victim@example.com".into(), ..good.clone() },
        Message { to: "nobody".into(), ..good.clone() },
    ] {
        let answer = mail.send(&bad).await;
        assert!(matches!(answer, Err(MailError::Invalid(_))), "{answer:?}");
    }
    mail.send(&good).await.unwrap();
    let first = peer.arrived().await;
    assert_eq!(first.header("message-id"), "<good@books.example>", "none of the others arrived");
    assert_eq!(first.recipients, ["reader@example.com"]);
}

#[tokio::test]
async fn for_now_and_for_good_are_told_apart() {
    let mut peer = Peer::start().await;
    let mail = peer.mail();
    for (to, text) in [("later@example.com", "greylisted"), ("full@example.com", "mailbox full")] {
        let answer = mail.send(&message("a", to)).await;
        assert!(matches!(&answer, Err(MailError::Unavailable(why)) if why.contains(text)), "{to}: {answer:?}");
    }
    for (to, text) in [("never@example.com", "no such mailbox"), ("spam@example.com", "refused as spam")] {
        let answer = mail.send(&message("a", to)).await;
        assert!(matches!(&answer, Err(MailError::Refused(why)) if why.contains(text)), "{to}: {answer:?}");
    }
    mail.send(&message("after", "reader@example.com")).await.unwrap();
    assert_eq!(peer.arrived().await.header("message-id"), "<after@books.example>");
}

#[tokio::test]
async fn nobody_there_is_for_now() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let answer = SmtpMail::new(&plain(port)).unwrap().send(&message("a", "reader@example.com")).await;
    assert!(matches!(answer, Err(MailError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn without_the_tls_that_was_asked_for_nothing_is_sent() {
    let mut peer = Peer::start().await;
    let config = SmtpConfig {
        security: Security::StartTls,
        user: Some("shop".into()),
        password: Some("secret".into()),
        ..plain(peer.port)
    };
    let answer = SmtpMail::new(&config).unwrap().send(&message("secret", "reader@example.com")).await;
    assert!(matches!(answer, Err(MailError::Unavailable(_))), "{answer:?}");
    peer.mail().send(&message("plain", "reader@example.com")).await.unwrap();
    assert_eq!(peer.arrived().await.header("message-id"), "<plain@books.example>");
}

#[test]
fn unsafe_settings_are_refused() {
    let refused = |why: &str, config: SmtpConfig| {
        assert!(matches!(SmtpMail::new(&config), Err(MailError::Invalid(_))), "{why}");
    };
    refused("plain beyond this machine", SmtpConfig { host: "mail.example.com".into(), ..plain(25) });
    refused("a look-alike of loopback", SmtpConfig { host: "127.0.0.1.example.com".into(), ..plain(25) });
    let both = SmtpConfig { user: Some("shop".into()), password: Some("secret".into()), ..plain(25) };
    refused("a password without TLS", both.clone());
    let tls = SmtpConfig { security: Security::ImplicitTls, ..both };
    refused("half of the credentials", SmtpConfig { password: None, ..tls.clone() });
    refused("the other half", SmtpConfig { user: None, ..tls.clone() });
    assert!(!format!("{tls:?}").contains("secret"));
    assert!(SmtpMail::new(&tls).is_ok());
}
