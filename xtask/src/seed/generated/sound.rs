//! Short sounds: a chord that swells and fades, as WAV.

use std::f64::consts::TAU;

/// Samples a second.
const RATE: u32 = 11_025;
/// Length, seconds.
const SECONDS: u32 = 4;
/// Semitones above the root.
const CHORDS: [[u8; 4]; 6] =
    [[0, 7, 12, 16], [0, 3, 7, 14], [0, 5, 9, 12], [0, 4, 11, 14], [0, 7, 10, 15], [0, 2, 7, 12]];

/// The sound of a number: 16 bit, one channel.
pub(super) fn wav(i: usize) -> Vec<u8> {
    let root = 110.0 * 2f64.powf((i * 5 % 12) as f64 / 12.0);
    let chord = CHORDS[i % CHORDS.len()];
    let count = RATE * SECONDS;
    let mut out = header(count);
    for n in 0..count {
        let t = f64::from(n) / f64::from(RATE);
        let swell = (t / 0.6).min(1.0) * ((f64::from(SECONDS) - t) / 2.0).clamp(0.0, 1.0);
        let mut sum = 0.0;
        for (voice, semitones) in chord.iter().enumerate() {
            let hertz = root * 2f64.powf(f64::from(*semitones) / 12.0);
            // Each voice breathes at its own pace and has one softer octave.
            let breath = 0.75 + 0.25 * (TAU * t * (0.11 + 0.07 * voice as f64)).sin();
            sum += breath * ((TAU * hertz * t).sin() + 0.3 * (TAU * 2.003 * hertz * t).sin());
        }
        let sample = (sum / 6.0 * swell * 0.8 * f64::from(i16::MAX)) as i16;
        out.extend(sample.to_le_bytes());
    }
    out
}

/// RIFF header of 16-bit mono PCM with so many samples.
fn header(samples: u32) -> Vec<u8> {
    let bytes = samples * 2;
    let mut out = Vec::with_capacity(44 + bytes as usize);
    out.extend(b"RIFF");
    out.extend((36 + bytes).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(RATE.to_le_bytes());
    out.extend((RATE * 2).to_le_bytes());
    out.extend(2u16.to_le_bytes());
    out.extend(16u16.to_le_bytes());
    out.extend(b"data");
    out.extend(bytes.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_differ_and_do_not_clip() {
        let (a, b) = (wav(0), wav(1));
        assert_eq!(
            (a.len(), &a[..4], &a[8..16]),
            (44 + (RATE * SECONDS * 2) as usize, b"RIFF".as_slice(), b"WAVEfmt ".as_slice())
        );
        assert_ne!(a, b);
        let loudest = a[44..].chunks_exact(2).map(|s| i16::from_le_bytes([s[0], s[1]]).unsigned_abs()).max().unwrap();
        assert!((8_000..32_767).contains(&loudest), "{loudest}");
    }
}
