//! The dominant colour of a picture and the nearest of the 64 tints: 16 hues by 4 strengths.

use image::RgbImage;

/// `#rrggbb` and the tint, 0 to 63: `hue sector * 4 + strength` (0 nearly grey ... 3 vivid). Sector 0 is centred on red,
/// each spans 22.5 degrees.
pub(super) fn of(picture: &RgbImage) -> (String, u8) {
    // Weighted mean: saturated pixels speak louder, so a small bright mark on a grey ground still names the colour.
    let (mut r, mut g, mut b, mut weight) = (0u64, 0u64, 0u64, 0u64);
    for pixel in picture.pixels() {
        let [pr, pg, pb] = pixel.0.map(u64::from);
        let spread = pr.max(pg).max(pb) - pr.min(pg).min(pb);
        let w = 8 + spread;
        r += pr * w;
        g += pg * w;
        b += pb * w;
        weight += w;
    }
    let weight = weight.max(1);
    let (r, g, b) = (r / weight, g / weight, b / weight);
    (format!("#{r:02x}{g:02x}{b:02x}"), tint(r, g, b))
}

fn tint(r: u64, g: u64, b: u64) -> u8 {
    let (r, g, b) = (r as i64, g as i64, b as i64);
    let max = r.max(g).max(b);
    let spread = max - r.min(g).min(b);
    if spread == 0 {
        return 0;
    }
    // Hue in sixteenths of a degree-free circle of 96 steps, integers only.
    let hue = if max == r {
        (g - b) * 16 / spread
    } else if max == g {
        32 + (b - r) * 16 / spread
    } else {
        64 + (r - g) * 16 / spread
    };
    let sector = ((hue + 3).rem_euclid(96) / 6) as u8;
    let strength = match spread * 100 / max.max(1) {
        0..=14 => 0,
        15..=34 => 1,
        35..=64 => 2,
        _ => 3,
    };
    sector.min(15) * 4 + strength
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_colours_are_found() {
        let filled = |c: [u8; 3]| of(&RgbImage::from_pixel(4, 4, image::Rgb(c)));
        assert_eq!(filled([255, 0, 0]), ("#ff0000".into(), 3));
        assert_eq!(filled([0, 255, 0]).1 / 4, 5);
        assert_eq!(filled([0, 0, 255]).1 / 4, 11);
        assert_eq!(filled([128, 128, 128]).1, 0);
    }
}
