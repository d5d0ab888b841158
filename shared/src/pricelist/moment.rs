//! Moments as they are typed and written: UTC, to the minute in forms, to the millisecond in files.

use vitrine_pricing::date::Date;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// UTC milliseconds of `2026-12-24`, `2026-12-24T18:00`, `2026-12-24 18:00:30` or `2026-12-24T18:00:30.250Z`; `None`: it is none, or
/// before 1970.
pub fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let (day, clock) = match text.split_once(['T', 't', ' ']) {
        Some((day, clock)) => (day, clock),
        None => (text, "00:00"),
    };
    let day: Date = day.parse().ok()?;
    let (clock, milliseconds) = match clock.split_once('.') {
        // Digits after the third are finer than records are.
        Some((clock, fraction)) => (clock, number(&format!("{fraction:0<3}"), 3, 999)?),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let hours = number(parts.next()?, 2, 23)?;
    let minutes = number(parts.next()?, 2, 59)?;
    let seconds = parts.next().map_or(Some(0), |s| number(s, 2, 59))?;
    if parts.next().is_some() {
        return None;
    }
    let ms = day.unix_ms() + ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
    (ms >= 0).then_some(ms)
}

fn number(text: &str, digits: usize, most: i64) -> Option<i64> {
    let fine = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|n| fine && *n <= most)
}

/// As a field for date and time holds it: `2026-12-24T18:00`, with seconds and less only where there are some; empty outside of the calendar.
pub fn moment_text(ms: i64) -> String {
    let Ok(day) = Date::from_unix_ms(ms) else { return String::new() };
    let of_day = ms.rem_euclid(DAY_MS);
    let (minutes, rest) = (of_day / MINUTE_MS, of_day % MINUTE_MS);
    let clock = format!("{day}T{:02}:{:02}", minutes / 60, minutes % 60);
    match (rest / 1000, rest % 1000) {
        (0, 0) => clock,
        (seconds, 0) => format!("{clock}:{seconds:02}"),
        (seconds, less) => format!("{clock}:{seconds:02}.{less:03}"),
    }
}

/// As files hold it: `2026-12-24T18:00Z`.
pub fn moment_full(ms: i64) -> String {
    format!("{}Z", moment_text(ms))
}
