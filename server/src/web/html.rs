//! The last hand on a rendered page: fills the template's marks, names the inline scripts by hash, sends one body.
//!
//! The renderer writes exactly two inline scripts: one right after the main element's tag, one that begins with
//! [`DATA_SCRIPT`] after everything a page could contain. Only these two are hashed into the policy, found from the
//! template's side; an inline script that came in through content stays unnamed, so browsers refuse it.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Response, header};

use super::csp::{Policy, script_hash};

/// How the renderer's data script begins.
pub const DATA_SCRIPT: &str = "<script>window.initial_dioxus_hydration_data=\"";
/// Most bytes of one page.
pub const MAX_PAGE: usize = 8 * 1024 * 1024;

/// What stands for the template's marks.
#[derive(Clone, Debug, Default)]
pub struct Fill {
    /// `(mark, text)`; each mark is replaced once, the text is trusted.
    pub marks: Vec<(&'static str, String)>,
}

/// Fills marks and answers the page with the hashes of its two inline scripts.
pub fn finish(page: &str, fill: &Fill) -> (String, Vec<String>) {
    let mut out = page.to_owned();
    for (mark, text) in &fill.marks {
        if let Some(at) = out.find(mark) {
            out.replace_range(at..at + mark.len(), text);
        }
    }
    let out = plain_booleans(&out);
    let hashes = renderer_scripts(&out).into_iter().map(script_hash).collect();
    (out, hashes)
}

/// Attributes that are there or not (HTML, boolean attributes); the renderer writes them as `name=true`.
const BOOLEAN: [&str; 16] = [
    "async",
    "autofocus",
    "autoplay",
    "checked",
    "controls",
    "default",
    "defer",
    "disabled",
    "formnovalidate",
    "hidden",
    "loop",
    "multiple",
    "muted",
    "open",
    "required",
    "selected",
];

/// Takes the renderer's `=true` from boolean attributes. Only inside tags: texts, scripts and other attributes' values
/// stay as they are.
fn plain_booleans(page: &str) -> String {
    const VALUE: &str = "=true";
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        if let Some(script) = tag.strip_prefix("<script") {
            let end = script.find("</script>").map_or(tag.len(), |e| e + "<script".len());
            out.push_str(&tag[..end]);
            rest = &tag[end..];
            continue;
        }
        let mut quoted = false;
        let mut end = tag.len();
        let mut from = 0;
        for (i, byte) in tag.bytes().enumerate() {
            match byte {
                b'"' => quoted = !quoted,
                b'>' if !quoted => {
                    end = i + 1;
                    break;
                }
                b'=' if !quoted && tag[i..].starts_with(VALUE) => {
                    let name = tag[..i].rsplit(' ').next().unwrap_or_default();
                    let after = tag.as_bytes().get(i + VALUE.len());
                    if BOOLEAN.contains(&name) && matches!(after, Some(b' ' | b'>' | b'/')) {
                        out.push_str(&tag[from..i]);
                        from = i + VALUE.len();
                    }
                }
                _ => {}
            }
        }
        out.push_str(&tag[from..end]);
        rest = &tag[end..];
    }
    out.push_str(rest);
    out
}

fn renderer_scripts(page: &str) -> Vec<&str> {
    let mut scripts = Vec::with_capacity(2);
    // The first: nothing but the main element's own tag may stand before it.
    if let Some(main) = page.find("id=\"main\"")
        && let Some(close) = page[main..].find('>')
        && let Some(script) = inline_at(page, main + close + 1)
    {
        scripts.push(script);
    }
    // The second: the last of its kind, so that one smuggled into content comes before it and is not taken. Its data is
    // base64; anything else there is not the renderer's.
    if let Some(at) = page.rfind(DATA_SCRIPT)
        && let Some(script) = inline_at(page, at)
        && script[DATA_SCRIPT.len() - "<script>".len()..].split_once('"').is_some_and(|(data, rest)| {
            data.bytes().all(is_base64) && (rest == ";" || rest.starts_with(";window.initial_dioxus_hydration_debug_"))
        })
    {
        scripts.push(script);
    }
    scripts
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

fn inline_at(page: &str, at: usize) -> Option<&str> {
    let rest = page.get(at..)?.strip_prefix("<script>")?;
    rest.split_once("</script>").map(|(script, _)| script)
}

/// Turns a rendered answer into what is sent: one body with its length, the policy, no sniffing.
///
/// # Errors
/// The body broke off or is larger than [`MAX_PAGE`].
pub async fn answer(response: Response<Body>, fill: &Fill, policy: &Policy) -> Result<Response<Body>, axum::Error> {
    let (mut parts, body) = response.into_parts();
    if !is_html(&parts.headers) {
        return Ok(Response::from_parts(parts, body));
    }
    let bytes = to_bytes(body, MAX_PAGE).await?;
    let (page, hashes) = finish(&String::from_utf8_lossy(&bytes), fill);
    parts.headers.remove(header::TRANSFER_ENCODING);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(page.len()));
    if let Ok(value) = HeaderValue::from_str(&policy.header(&hashes)) {
        parts.headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    Ok(Response::from_parts(parts, Body::from(page)))
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|t| t.starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(content: &str) -> String {
        format!(
            "<!DOCTYPE html><html lang=\"{{lang}}\"><head><title>x</title></head><body><div id=\"main\"><script>boot()</script>{content}</div>\
             <script>window.initial_dioxus_hydration_data=\"aGk=\";</script></body></html>"
        )
    }

    #[test]
    fn the_two_scripts_of_the_renderer_are_named() {
        let (_, hashes) = finish(&page("<p>hello</p>"), &Fill::default());
        assert_eq!(hashes, vec![script_hash("boot()"), script_hash("window.initial_dioxus_hydration_data=\"aGk=\";")]);
    }

    #[test]
    fn a_script_in_the_content_is_not_named() {
        for evil in [
            "<script>steal()</script>",
            "<script>window.initial_dioxus_hydration_data=\"\";steal()</script>",
            "<div id=\"main\"><script>steal()</script></div>",
        ] {
            let (_, hashes) = finish(&page(evil), &Fill::default());
            assert_eq!(hashes.len(), 2);
            assert!(!hashes.contains(&script_hash("steal()")));
            assert!(!hashes.contains(&script_hash("window.initial_dioxus_hydration_data=\"\";steal()")));
        }
    }

    #[test]
    fn boolean_attributes_lose_their_value_and_nothing_else_does() {
        let (out, _) = finish(
            "<p title=\"open=true \">a hidden=true b</p><details open=true data-x=true><input checked=true/>\
             <script>let hidden=true ;</script>",
            &Fill::default(),
        );
        assert_eq!(
            out,
            "<p title=\"open=true \">a hidden=true b</p><details open data-x=true><input checked/>\
             <script>let hidden=true ;</script>"
        );
        assert_eq!(plain_booleans("<a hidden=true"), "<a hidden=true");
    }

    #[test]
    fn marks_are_filled_once() {
        let fill = Fill { marks: vec![("{lang}", "de-DE".into())] };
        let (out, _) = finish(&page("{lang}"), &fill);
        assert!(out.starts_with("<!DOCTYPE html><html lang=\"de-DE\">") && out.contains("{lang}"));
    }
}
