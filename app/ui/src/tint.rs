//! The 64 grounds of item pages in one static sheet: `hue sector * 4 + strength`, sector 0 centred on red, each 22.5
//! degrees of the HSV circle, strength 0 nearly grey to 3 vivid. Which tint a picture has is found where it is stored.
//!
//! Invariants: on every tint, in light and dark, text and muted text keep a contrast of at least 4.5 (WCAG 2.2);
//! `assets/css/tints.css` is what [`sheet`] writes (a test compares them; `VITRINE_BLESS=1` rewrites it).

use std::fmt::Write as _;

/// How many there are.
pub const TINTS: u8 = 64;

/// The class of a tint; numbers beyond the last are folded back.
pub fn tint_class(tint: u8) -> String {
    format!("tint-{:02}", tint % TINTS)
}

/// Colours of one tint in one scheme, sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Behind everything.
    pub ground: [u8; 3],
    /// Text.
    pub ink: [u8; 3],
    /// Quiet text.
    pub muted: [u8; 3],
}

/// The colours of a tint: light scheme, dark scheme.
pub fn grounds(tint: u8) -> (Ground, Ground) {
    let hue = perceived_hue(tint / 4 % 16);
    let (light, dark) = match tint % 4 {
        0 => (0.008, 0.006),
        1 => (0.022, 0.018),
        2 => (0.040, 0.032),
        _ => (0.058, 0.046),
    };
    (
        Ground {
            ground: from_oklch(0.935, light, hue),
            ink: from_oklch(0.22, 0.02, hue),
            muted: from_oklch(0.44, 0.03, hue),
        },
        Ground {
            ground: from_oklch(0.235, dark, hue),
            ink: from_oklch(0.955, 0.01, hue),
            muted: from_oklch(0.78, 0.02, hue),
        },
    )
}

/// The sheet `assets/css/tints.css`.
pub fn sheet() -> String {
    let mut out = String::from("/* Made by vitrine-ui::tint; contrast is proved by its tests. */\n@layer tints {\n");
    for tint in 0..TINTS {
        let (l, d) = grounds(tint);
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  .tint-{tint:02} {{ --tint: light-dark({}, {}); --tint-ink: light-dark({}, {}); --tint-muted: light-dark({}, {}); }}",
            hex(l.ground),
            hex(d.ground),
            hex(l.ink),
            hex(d.ink),
            hex(l.muted),
            hex(d.muted)
        );
    }
    out.push_str("}\n");
    out
}

/// WCAG contrast of two sRGB colours, 1 to 21.
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (x, y) = (luminance(a), luminance(b));
    (x.max(y) + 0.05) / (x.min(y) + 0.05)
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

fn luminance([r, g, b]: [u8; 3]) -> f64 {
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// Angle in OKLCH of the pure colour in the middle of an HSV sector.
fn perceived_hue(sector: u8) -> f64 {
    let h = f64::from(sector) * 22.5 / 60.0;
    let channel = |n: f64| {
        let k = (n + h) % 6.0;
        (255.0 * (1.0 - k.min(4.0 - k).clamp(0.0, 1.0))).round() as u8
    };
    let [_, a, b] = oklab([channel(5.0), channel(3.0), channel(1.0)]);
    b.atan2(a).to_degrees()
}

/// Björn Ottosson's OKLab.
fn oklab([r, g, b]: [u8; 3]) -> [f64; 3] {
    let (r, g, b) = (linear(r), linear(g), linear(b));
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

fn from_oklch(lightness: f64, chroma: f64, hue: f64) -> [u8; 3] {
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
    .map(|c| {
        let c = c.clamp(0.0, 1.0);
        let c = if c <= 0.003_130_8 { c * 12.92 } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (c * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_on_every_tint() {
        for tint in 0..TINTS {
            let (light, dark) = grounds(tint);
            for g in [light, dark] {
                assert!(contrast(g.ink, g.ground) >= 7.0, "tint {tint}: {g:?}");
                assert!(contrast(g.muted, g.ground) >= 4.5, "tint {tint}: {g:?}");
            }
        }
    }

    #[test]
    fn the_committed_sheet_is_the_one_made_here() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/css/tints.css");
        if std::env::var_os("VITRINE_BLESS").is_some() {
            std::fs::write(path, sheet()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), sheet());
    }

    #[test]
    fn a_vivid_tint_keeps_the_hue_of_its_sector() {
        let red = grounds(3).0.ground;
        let green = grounds(5 * 4 + 3).0.ground;
        let blue = grounds(11 * 4 + 3).0.ground;
        assert!(red[0] > red[1] && red[0] > red[2], "{red:?}");
        assert!(green[1] > green[0] && green[1] > green[2], "{green:?}");
        assert!(blue[2] > blue[0] && blue[2] > blue[1], "{blue:?}");
        assert_eq!(tint_class(130), "tint-02");
    }

    #[test]
    fn known_contrasts() {
        assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 0.01);
        assert!((contrast([118, 118, 118], [255, 255, 255]) - 4.54).abs() < 0.01);
    }
}
