//! Rules about one file.

/// Files that may be long, with the reason.
const LONG: [(&str, &str); 0] = [];
/// Where to look for a seam.
const MAX_LINES: usize = 700;

/// Findings in one file; `name` is its path from the root.
pub(super) fn check(name: &str, content: &str) -> Vec<String> {
    let mut found = Vec::new();
    let rust = name.ends_with(".rs");
    let script = name.ends_with(".mjs") || name.ends_with(".js");
    // The rules themselves spell out what they forbid.
    let rules = name.starts_with("xtask/src/tidy/") || name == "STYLE.md";
    if rust && content.lines().count() > MAX_LINES && !LONG.iter().any(|(file, _)| *file == name) {
        found.push(format!("{name}: more than {MAX_LINES} lines"));
    }
    if (name.ends_with("/mod.rs") || name.ends_with("/lib.rs"))
        && !name.contains("/tests/")
        && !content.starts_with("//!")
    {
        found.push(format!("{name}: does not open with //!"));
    }
    let tests = name.contains("/tests/") || name.ends_with("/tests.rs");
    let mut in_tests = tests;
    for (at, line) in content.lines().enumerate() {
        let mut say = |what: &str| found.push(format!("{name}:{}: {what}", at + 1));
        in_tests |= line.trim() == "#[cfg(test)]";
        if line != line.trim_end() && !name.ends_with(".md") {
            say("trailing white space");
        }
        if rules {
            continue;
        }
        if rust {
            for word in ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"] {
                if line.contains(word) {
                    say(word);
                }
            }
            if in_tests && line.contains("thread::sleep") {
                say("a test waits for a condition, not for a time");
            }
            if name.starts_with("app/") && line.trim_start().starts_with("style:") {
                say("inline style; the page's policy forbids it");
            }
        }
        if script && (line.contains(".only(") || line.contains("waitForTimeout")) {
            say("a test waits for a condition and never runs alone");
        }
        if line.contains("FIXME") {
            say("FIXME");
        }
    }
    if name.starts_with("app/src/rpc/") && rust {
        found.extend(rpc(name, content));
    }
    found
}

/// A server function names its address under `/rpc/` and answers `Result<Wire<..>, Fault>`.
fn rpc(name: &str, content: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines: Vec<&str> = content.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let verbs = ["#[get(", "#[post(", "#[put(", "#[patch(", "#[delete("];
        let line = line.trim();
        if line.starts_with("#[server") {
            found.push(format!("{name}:{}: #[server] makes an address that changes", at + 1));
        }
        let Some(verb) = verbs.iter().find(|v| line.starts_with(**v)) else { continue };
        let signature = lines[at..].join(" ");
        if !signature[verb.len()..].trim_start().trim_start_matches(*verb).contains("\"/rpc/") {
            found.push(format!("{name}:{}: no explicit /rpc/ address", at + 1));
        }
        let head = signature.split('{').next().unwrap_or_default();
        let body = signature.find("fn ").map(|f| &signature[f..]).and_then(|s| s.split('{').next()).unwrap_or(head);
        if !(body.contains("Result<Wire<") && body.contains("Fault>")) {
            found.push(format!("{name}:{}: does not answer Result<Wire<..>, Fault>", at + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_sees_its_fault() {
        let bad = [
            ("server/src/a.rs", "fn a() { todo!() }\n"),
            ("server/src/a.rs", "#[ignore]\n"),
            ("server/src/a.rs", "let a = 1; \n"),
            ("server/src/mod.rs", "use x;\n"),
            ("server/src/a.rs", "#[cfg(test)]\nfn a() { std::thread::sleep(x) }\n"),
            ("app/src/a.rs", "    style: \"x\",\n"),
            ("e2e/specs/a.mjs", "test.only('x')\n"),
            ("e2e/specs/a.mjs", "await page.waitForTimeout(9)\n"),
            ("app/src/rpc/a.rs", "#[get(\"/other/x\")]\npub async fn a() -> Result<Wire<A>, Fault> {}\n"),
            ("app/src/rpc/a.rs", "#[get(\"/rpc/x\")]\npub async fn a() -> Result<A> {}\n"),
            ("app/src/rpc/a.rs", "#[server]\n"),
        ];
        for (name, content) in bad {
            assert_eq!(check(name, content).len(), 1, "{name}: {content}");
        }
        assert_eq!(check("server/src/a.rs", &"x\n".repeat(MAX_LINES + 1)).len(), 1);
    }

    #[test]
    fn good_files_pass() {
        let rpc =
            "#[post(\"/rpc/a/b/{id}\", caller: Caller)]\npub async fn a(id: u32) -> Result<Wire<A>, Fault> {\n}\n";
        assert_eq!(check("app/src/rpc/a.rs", rpc), Vec::<String>::new());
        assert_eq!(check("server/src/mod.rs", "//! A.\n"), Vec::<String>::new());
    }
}
