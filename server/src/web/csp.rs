//! The content security policy.
//!
//! Scripts are trusted by what they are, not by where they come from: a page's own few words in line, by their hash, and what those
//! load. Names of hosts are for browsers that know no `strict-dynamic` (CSP 3, §8.2); the others pass over them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What a page may load beside its own origin.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Where this page's scripts, styles and fonts are, e.g. `https://shop.example/assets/`: the build's own files alone. The
    /// whole origin would not do, for what sellers sell is downloaded from it too. Empty: the whole origin.
    pub assets: String,
    /// Texts of the scripts that stand in the page, exactly.
    pub scripts: Vec<String>,
    /// Origin of covers, previews and readers.
    pub files_origin: String,
    /// Origins that forms may lead to (payment pages); redirects after a POST count too.
    pub form_origins: Vec<String>,
}

impl Policy {
    /// The header's value, the same for every page: no script in line runs but those of [`Policy::scripts`].
    pub fn header(&self) -> String {
        let files = &self.files_origin;
        let mut forms = String::from("'self'");
        for origin in &self.form_origins {
            forms.push(' ');
            forms.push_str(origin);
        }
        let mut trusted = String::new();
        for script in &self.scripts {
            trusted.push_str(&format!("'sha256-{}' ", STANDARD.encode(Sha256::digest(script))));
        }
        if !trusted.is_empty() {
            trusted.push_str("'strict-dynamic' ");
        }
        let assets = if self.assets.is_empty() { "'self'" } else { &self.assets };
        format!(
            "default-src 'none'; script-src {trusted}{assets} 'wasm-unsafe-eval'; style-src {assets}; img-src 'self' data: {files}; \
             media-src 'self' {files}; font-src {assets}; connect-src 'self' {files}; frame-src {files}; form-action {forms}; \
             manifest-src {assets}; worker-src {assets}; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
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
    fn scripts_in_line_are_allowed_by_what_they_are() {
        let policy = Policy { scripts: vec!["f()".into()], ..Policy::default() };
        let hash = STANDARD.encode(Sha256::digest("f()"));
        let wanted = format!("script-src 'sha256-{hash}' 'strict-dynamic' 'self' 'wasm-unsafe-eval';");
        assert!(policy.header().contains(&wanted), "{}", policy.header());
    }

    #[test]
    fn nothing_inline_is_allowed_by_word() {
        let policy = Policy {
            files_origin: "http://files.example".into(),
            form_origins: vec!["https://pay.example".into()],
            ..Policy::default()
        };
        let header = policy.header();
        assert!(!header.contains("unsafe-inline") && !header.contains("sha256") && !header.contains("'unsafe-eval'"));
        assert!(header.contains("form-action 'self' https://pay.example;"));
        assert!(header.contains("script-src 'self' 'wasm-unsafe-eval';"));
        let narrow = Policy { assets: "https://shop.example/assets/".into(), ..policy }.header();
        for of in ["script", "style", "font", "worker", "manifest"] {
            assert!(narrow.contains(&format!("{of}-src https://shop.example/assets/")), "{narrow}");
        }
    }
}
