//! The content security policy, built per page from parts.

use base64::Engine;
use sha2::{Digest, Sha256};

/// What a page may load beside its own origin.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Where this page's scripts, styles and fonts are, e.g. `https://shop.example/assets/`: the build's own files alone. The
    /// whole origin would not do, for what sellers sell is downloaded from it too. Empty: the whole origin.
    pub assets: String,
    /// Origin of covers, previews and readers.
    pub files_origin: String,
    /// Origins that forms may lead to (payment pages); redirects after a POST count too.
    pub form_origins: Vec<String>,
}

/// `'sha256-…'` of an inline script's exact text (CSP 3, §6.7).
pub fn script_hash(script: &str) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script.as_bytes())))
}

impl Policy {
    /// The header's value for a page that runs these inline scripts.
    pub fn header(&self, script_hashes: &[String]) -> String {
        let files = &self.files_origin;
        let mut forms = String::from("'self'");
        for origin in &self.form_origins {
            forms.push(' ');
            forms.push_str(origin);
        }
        let assets = if self.assets.is_empty() { "'self'" } else { &self.assets };
        let mut scripts = format!("{assets} 'wasm-unsafe-eval'");
        for hash in script_hashes {
            scripts.push(' ');
            scripts.push_str(hash);
        }
        format!(
            "default-src 'none'; script-src {scripts}; style-src {assets}; img-src 'self' data: {files}; media-src 'self' {files}; \
             font-src {assets}; connect-src 'self' {files}; frame-src {files}; form-action {forms}; manifest-src {assets}; \
             worker-src {assets}; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
        )
    }

    /// For answers that are no page: nothing runs, nothing loads.
    pub const CLOSED: &'static str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// For stored files that a browser may show: no script, no form, an origin of its own.
    pub const FILES: &'static str = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; sandbox";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_browsers_compute() {
        // RFC-style known answer: sha256 of "alert('Hello, world.');", as in MDN's CSP guide.
        assert_eq!(script_hash("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    }

    #[test]
    fn nothing_inline_is_allowed_by_word() {
        let policy = Policy {
            files_origin: "http://files.example".into(),
            form_origins: vec!["https://pay.example".into()],
            ..Policy::default()
        };
        let header = policy.header(&["'sha256-x'".into()]);
        assert!(!header.contains("unsafe-inline") && !header.contains("'unsafe-eval'"));
        assert!(header.contains("form-action 'self' https://pay.example;"));
        assert!(header.contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-x';"));
        let narrow = Policy { assets: "https://shop.example/assets/".into(), ..policy }.header(&["'sha256-x'".into()]);
        for of in ["script", "style", "font", "worker", "manifest"] {
            assert!(narrow.contains(&format!("{of}-src https://shop.example/assets/")), "{narrow}");
        }
    }
}
