//! Lines of a run beside their limits and goals, as Markdown.

use vitrine_bench::Line;

/// What the engine below a line did a second.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    /// None stands below it.
    None,
    /// To be asked once the shop has stopped: its name in [`crate::engine::Rates`].
    Named(&'static str),
}

/// Head of the tables of [`growth`].
pub(crate) const GROWTH: &str =
    "| | before, a second | after, a second | slower by | at most 1.3 |\n|---|---|---|---|---|\n";

/// One line with its limits.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Measured.
    pub(crate) line: Line,
    /// What a bare handler with as large bodies did a second.
    pub(crate) bare: Option<f64>,
    /// Below it.
    pub(crate) engine: Engine,
    /// As mission and specification have it.
    pub(crate) goal: &'static str,
}

/// A number as people read it.
pub(crate) fn short(n: f64) -> String {
    if n >= 100.0 {
        let digits = format!("{n:.0}");
        let grouped: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|chunk| std::str::from_utf8(chunk).unwrap_or_default()).collect();
        grouped.join(",")
    } else if n >= 10.0 {
        format!("{n:.1}")
    } else {
        format!("{n:.2}")
    }
}

/// `a second (share)` of a limit.
fn limit(rate: f64, limit: Option<f64>) -> String {
    limit.map_or_else(|| "-".to_owned(), |l| format!("{} ({:.2})", short(l), rate / l))
}

/// The whole table.
pub(crate) fn markdown(rows: &[Row], rates: &crate::engine::Rates) -> String {
    let mut out = String::from(
        "| | a second | p50 ms | p95 ms | p99 ms | body, bytes | bare axum | bare engine | goal |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let [a, b, c] = row.line.ms;
        let engine = match row.engine {
            Engine::None => None,
            Engine::Named(name) => rates.get(name).copied(),
        };
        let wrong = if row.line.wrong > 0 { format!(" **({} wrong)**", row.line.wrong) } else { String::new() };
        out += &format!(
            "| {}{wrong} | {} | {a:.2} | {b:.2} | {c:.2} | {} | {} | {} | {} |\n",
            row.line.what,
            short(row.line.rate),
            short(row.line.bytes as f64).trim_end_matches(".00"),
            limit(row.line.rate, row.bare),
            limit(row.line.rate, engine),
            row.goal,
        );
    }
    out
}

/// What grew, and by what factor it became slower; PASS or FAIL where there is a bound.
pub(crate) fn growth(what: &str, small: f64, large: f64, most: Option<f64>) -> String {
    let factor = small / large;
    let verdict = most.map_or("reported", |most| if factor <= most { "PASS" } else { "FAIL" });
    format!("| {what} | {} | {} | {factor:.2} | {verdict} |\n", short(small), short(large))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_beside_their_limits() {
        let line = Line { what: "x".into(), rate: 1234.5, ms: [1.0, 2.0, 3.0], bytes: 17_230, wrong: 2, fault: None };
        let row = Row { line, bare: Some(2469.0), engine: Engine::Named("point"), goal: "1,000" };
        let table = markdown(&[row], &[("point".to_owned(), 12345.0)].into_iter().collect());
        let expected =
            "| x **(2 wrong)** | 1,234 | 1.00 | 2.00 | 3.00 | 17,230 | 2,469 (0.50) | 12,345 (0.10) | 1,000 |\n";
        assert!(table.ends_with(expected), "{table}");
        assert!(growth("g", 130.0, 100.0, Some(1.3)).ends_with("| 1.30 | PASS |\n"));
        assert!(growth("g", 131.0, 100.0, Some(1.3)).ends_with("| 1.31 | FAIL |\n"));
        assert_eq!([short(0.5), short(12.0), short(1_234_567.0)], ["0.50", "12.0", "1,234,567"]);
    }
}
