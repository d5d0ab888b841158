//! The shape of a sound.

use std::fmt::Write as _;

use dioxus::prelude::*;

/// Height of the drawing, units.
const HEIGHT: u32 = 32;

/// Bars of the peaks (0 to 255), each two units wide on a grid of three.
fn bars(peaks: &[u8], from: usize) -> String {
    let mut d = String::with_capacity(peaks.len() * 18);
    for (i, peak) in peaks.iter().enumerate() {
        let height = (u32::from(*peak) * HEIGHT / 255).max(2);
        let top = (HEIGHT - height) / 2;
        // Writing to a String cannot fail.
        let _ = write!(d, "M{} {top}h2v{height}h-2z", (from + i) * 3);
    }
    d
}

/// A waveform; what was heard is drawn in the accent colour.
#[component]
pub fn Waveform(
    /// Up to 120 peaks, 0 to 255.
    peaks: Vec<u8>,
    /// Share heard, per mille.
    #[props(default)]
    heard: u32,
) -> Element {
    let split = (peaks.len() * heard.min(1000) as usize) / 1000;
    let (done, rest) = peaks.split_at(split);
    rsx! {
        svg {
            class: "waveform",
            view_box: "0 0 {peaks.len().max(1) * 3} {HEIGHT}",
            "preserveAspectRatio": "none",
            "aria-hidden": "true",
            path { class: "waveform-done", d: bars(done, 0) }
            path { d: bars(rest, split) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_keep_their_place_when_split() {
        assert_eq!(bars(&[255, 0], 0), "M0 0h2v32h-2zM3 15h2v2h-2z");
        assert_eq!(bars(&[0], 1), "M3 15h2v2h-2z");
    }
}
