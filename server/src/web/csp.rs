//! The content security policy.

/// What a page may load beside its own origin.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Origin of covers, previews and readers.
    pub files_origin: String,
    /// Origins that forms may lead to (payment pages); redirects after a POST count too.
    pub form_origins: Vec<String>,
}

impl Policy {
    /// The header's value, the same for every page: no inline script runs.
    pub fn header(&self) -> String {
        let files = &self.files_origin;
        let mut forms = String::from("'self'");
        for origin in &self.form_origins {
            forms.push(' ');
            forms.push_str(origin);
        }
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: {files}; media-src 'self' {files}; \
             font-src 'self'; connect-src 'self' {files}; frame-src {files}; form-action {forms}; manifest-src 'self'; \
             worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
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
    fn nothing_inline_is_allowed_by_word() {
        let policy =
            Policy { files_origin: "http://files.example".into(), form_origins: vec!["https://pay.example".into()] };
        let header = policy.header();
        assert!(!header.contains("unsafe-inline") && !header.contains("sha256") && !header.contains("'unsafe-eval'"));
        assert!(header.contains("form-action 'self' https://pay.example;"));
        assert!(header.contains("script-src 'self' 'wasm-unsafe-eval';"));
    }
}
