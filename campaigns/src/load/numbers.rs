//! The shop's numbers before and after, and percentiles of what lies between.

use std::collections::BTreeMap;

/// Series by their whole name, labels and all.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers(BTreeMap<String, f64>);

const BUCKET: &str = "http_request_duration_seconds_bucket";

fn label<'a>(series: &'a str, name: &str) -> Option<&'a str> {
    let at = series.find(&format!("{name}=\""))? + name.len() + 2;
    series[at..].split('"').next()
}

impl Numbers {
    /// Reads Prometheus' text.
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|l| !l.starts_with('#'));
        Self(
            lines
                .filter_map(|l| l.rsplit_once(' '))
                .filter_map(|(n, v)| Some((n.to_owned(), v.parse().ok()?)))
                .collect(),
        )
    }

    /// What came between the two.
    pub(super) fn since(&self, before: &Self) -> Self {
        let step = |(name, value): (&String, &f64)| (name.clone(), value - before.0.get(name).unwrap_or(&0.0));
        Self(self.0.iter().map(step).collect())
    }

    /// 95th percentile of the answers of these routes and methods, interpolated within its bucket; `None` without any.
    pub(super) fn p95_ms(&self, wanted: impl Fn(&str, &str) -> bool) -> Option<f64> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (series, count) in self.0.iter().filter(|(s, _)| s.starts_with(BUCKET)) {
            let route = label(series, "route").unwrap_or_default();
            let method = label(series, "method").unwrap_or_default();
            if !wanted(route, method) {
                continue;
            }
            let bound = match label(series, "le")? {
                "+Inf" => f64::INFINITY,
                text => text.parse().ok()?,
            };
            match buckets.iter_mut().find(|(b, _)| *b == bound) {
                Some((_, sum)) => *sum += count,
                None => buckets.push((bound, *count)),
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all = buckets.last().map(|b| b.1).filter(|n| *n > 0.0)?;
        let (mut low, mut below) = (0.0, 0.0);
        for (bound, upto) in buckets {
            if upto >= 0.95 * all {
                let share = if upto > below { (0.95 * all - below) / (upto - below) } else { 1.0 };
                return Some(if bound.is_finite() { (low + (bound - low) * share) * 1000.0 } else { f64::INFINITY });
            }
            (low, below) = (bound, upto);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_within_its_bucket() {
        let text = |n: u32| {
            format!(
                "# HELP x\nhttp_request_duration_seconds_bucket{{route=\"page\",method=\"GET\",le=\"0.01\"}} {}\n\
                 http_request_duration_seconds_bucket{{route=\"page\",method=\"GET\",le=\"0.02\"}} {}\n\
                 http_request_duration_seconds_bucket{{route=\"page\",method=\"GET\",le=\"+Inf\"}} {}\n",
                90 * n,
                100 * n,
                100 * n
            )
        };
        let spent = Numbers::parse(&text(3)).since(&Numbers::parse(&text(1)));
        let p95 = spent.p95_ms(|route, method| route == "page" && method == "GET").unwrap();
        assert!((p95 - 15.0).abs() < 1e-9, "{p95}");
        assert!(spent.p95_ms(|route, _| route == "other").is_none());
    }
}
