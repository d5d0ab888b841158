//! Covers by number: six kinds of composition in ten palettes, drawn as SVG.

use std::f64::consts::TAU;
use std::fmt::Write;

use super::random::Random;

/// Side of a drawing, user units.
const SIDE: f64 = 960.0;

/// Ground first, then from the loudest to the softest.
const PALETTES: [[&str; 5]; 10] = [
    ["#f2e9dc", "#c8553d", "#2d3047", "#588b8b", "#f28f3b"],
    ["#14213d", "#fca311", "#e5e5e5", "#4f6d9a", "#8d99ae"],
    ["#fdf6ec", "#e4572e", "#17bebb", "#2e282a", "#ffc914"],
    ["#1b1725", "#ff6f91", "#845ec2", "#ffc75f", "#4b4453"],
    ["#e8efe6", "#1b4d3e", "#95b46a", "#d9a441", "#34675c"],
    ["#f6e7e4", "#6d2e46", "#a26769", "#d5b9b2", "#2f1b25"],
    ["#0b3954", "#ff6663", "#bfd7ea", "#e0ff4f", "#087e8b"],
    ["#f0ead2", "#a98467", "#6c584c", "#adc178", "#dda15e"],
    ["#eef1f6", "#3d348b", "#7678ed", "#f7b801", "#f35b04"],
    ["#231f20", "#bb4430", "#7ebdc2", "#f3dfa2", "#efe6dd"],
];

/// The drawing of a number.
pub(super) fn cover(i: usize) -> String {
    let palette = &PALETTES[i % PALETTES.len()];
    let mut random = Random::new(0xC0FE + i as u64);
    let mut body = String::new();
    match i / PALETTES.len() % 6 {
        0 => quarters(&mut body, palette, &mut random),
        1 => hills(&mut body, palette, &mut random),
        2 => turning(&mut body, palette, &mut random),
        3 => halftone(&mut body, palette, &mut random),
        4 => strings(&mut body, palette, &mut random),
        _ => glass(&mut body, palette, &mut random),
    }
    let ground = palette[0];
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{SIDE}\" height=\"{SIDE}\"><rect width=\"{SIDE}\" height=\"{SIDE}\" fill=\"{ground}\"/>{body}</svg>"
    )
}

/// Writing to a `String` cannot fail.
macro_rules! draw {
    ($out:expr, $($arg:tt)*) => { let _ = write!($out, $($arg)*); };
}

/// Tiles of quarter circles.
fn quarters(out: &mut String, palette: &[&str; 5], random: &mut Random) {
    let n = 3 + random.below(3);
    let s = SIDE / n as f64;
    for row in 0..n {
        for column in 0..n {
            let (x, y) = (column as f64 * s, row as f64 * s);
            let (a, b) = (random.pick(&palette[1..]), random.pick(&palette[..]));
            draw!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{b}\"/>",
                s + 0.5,
                s + 0.5
            );
            let turn = 90 * random.below(4);
            let (cx, cy) = (x + s / 2.0, y + s / 2.0);
            draw!(
                out,
                "<g transform=\"rotate({turn} {cx:.1} {cy:.1})\"><path fill=\"{a}\" d=\"M{x:.1} {y:.1}H{:.1}A{s:.1} {s:.1} 0 0 1 {x:.1} {:.1}Z\"/>",
                x + s,
                y + s
            );
            if random.below(3) == 0 {
                let h = s / 2.0;
                let c = random.pick(&palette[..]);
                draw!(
                    out,
                    "<path fill=\"{c}\" d=\"M{x:.1} {y:.1}H{:.1}A{h:.1} {h:.1} 0 0 1 {x:.1} {:.1}Z\"/>",
                    x + h,
                    y + h
                );
            }
            out.push_str("</g>");
        }
    }
}

/// A sun behind ridges.
fn hills(out: &mut String, palette: &[&str; 5], random: &mut Random) {
    let (x, r) = (220.0 + 520.0 * random.unit(), 110.0 + 110.0 * random.unit());
    draw!(
        out,
        "<circle cx=\"{x:.1}\" cy=\"{:.1}\" r=\"{r:.1}\" fill=\"{}\"/>",
        300.0 + 120.0 * random.unit(),
        palette[1]
    );
    for layer in 0..5 {
        let base = 420.0 + f64::from(layer) * 112.0;
        let (p, q, w) = (random.unit() * TAU, random.unit() * TAU, 0.6 + random.unit());
        let mut path = format!("M0 {SIDE}");
        for step in 0..=48 {
            let t = f64::from(step) / 48.0;
            let y = base + 62.0 * (TAU * t * w + p).sin() + 24.0 * (TAU * t * 2.7 + q).sin();
            draw!(path, "L{:.1} {y:.1}", t * SIDE);
        }
        let color = palette[2 + layer as usize % 3];
        draw!(
            out,
            "<path d=\"{path}L{SIDE} {SIDE}Z\" fill=\"{color}\" opacity=\"{:.2}\"/>",
            0.62 + 0.09 * f64::from(layer)
        );
    }
}

/// Squares that turn as they shrink.
fn turning(out: &mut String, palette: &[&str; 5], random: &mut Random) {
    let (step, shrink) = (4.0 + 9.0 * random.unit(), 0.86 + 0.06 * random.unit());
    let round = if random.below(2) == 0 { 0.0 } else { 0.5 };
    let (mut s, mut angle) = (1_120.0, 45.0 * random.unit());
    let c = SIDE / 2.0;
    for n in 0..26 {
        let color = palette[[1, 0, 2, 0, 3, 0, 4, 0][n % 8]];
        draw!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{s:.1}\" height=\"{s:.1}\" rx=\"{:.1}\" transform=\"rotate({angle:.2} {c} {c})\" fill=\"{color}\"/>",
            c - s / 2.0,
            c - s / 2.0,
            s * round * (n % 2) as f64
        );
        s *= shrink;
        angle += step;
    }
}

/// Dots whose size follows two waves.
fn halftone(out: &mut String, palette: &[&str; 5], random: &mut Random) {
    let n = 22;
    let s = SIDE / f64::from(n);
    let (ax, ay, bx, by) = (random.unit() * SIDE, random.unit() * SIDE, random.unit() * SIDE, random.unit() * SIDE);
    let wave = 150.0 + 130.0 * random.unit();
    for row in 0..n {
        for column in 0..n {
            let (x, y) = ((f64::from(column) + 0.5) * s, (f64::from(row) + 0.5) * s);
            let near = ((x - ax).hypot(y - ay) / wave).sin() + ((x - bx).hypot(y - by) / wave).cos();
            let color = palette[if near > 0.9 {
                1
            } else if near > 0.0 {
                2
            } else if near > -0.9 {
                3
            } else {
                4
            }];
            draw!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" fill=\"{color}\"/>",
                s * (0.12 + 0.19 * (near + 2.0) / 2.0)
            );
        }
    }
}

/// Strings that swing.
fn strings(out: &mut String, palette: &[&str; 5], random: &mut Random) {
    let (p, q, w) = (random.unit() * TAU, random.unit() * TAU, 0.5 + 1.2 * random.unit());
    let lines = 30;
    for n in 0..lines {
        let t = f64::from(n) / f64::from(lines - 1);
        let mut path = String::new();
        for step in 0..=60 {
            let u = f64::from(step) / 60.0;
            let swing = (TAU * u * w + p + t * 2.4).sin() * 120.0 * (TAU * u / 2.0).sin()
                + (TAU * u * 2.0 + q - t * 3.0).sin() * 26.0;
            draw!(path, "{}{:.1} {:.1}", if step == 0 { 'M' } else { 'L' }, u * SIDE, 90.0 + t * 780.0 + swing);
        }
        let color = palette[1 + (n as usize * 4 / lines as usize).min(3)];
        draw!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{:.1}\" stroke-linecap=\"round\"/>",
            4.0 + 10.0 * (TAU * t / 2.0).sin()
        );
    }
}

/// Large discs that show through each other.
fn glass(out: &mut String, palette: &[&str; 5], random: &mut Random) {
    let around = 3 + random.below(4);
    let (turn, reach, r) = (random.unit() * TAU, 140.0 + 110.0 * random.unit(), 210.0 + 70.0 * random.unit());
    for n in 0..around {
        let a = turn + TAU * n as f64 / around as f64;
        let (x, y) = (SIDE / 2.0 + reach * a.cos(), SIDE / 2.0 + reach * a.sin());
        draw!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" fill=\"{}\" opacity=\"0.72\"/>",
            palette[1 + n % 4]
        );
        draw!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" fill=\"none\" stroke=\"{}\" stroke-width=\"3\"/>",
            r * 0.62,
            palette[0]
        );
    }
    draw!(
        out,
        "<circle cx=\"{0}\" cy=\"{0}\" r=\"{1:.1}\" fill=\"{2}\"/>",
        SIDE / 2.0,
        26.0 + 34.0 * random.unit(),
        palette[0]
    );
}
