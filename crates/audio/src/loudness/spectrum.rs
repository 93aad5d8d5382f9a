//! One look at what sound is made of: whether a single tone is all there is.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};

use crate::pcm::channel;

/// Samples in one look: long enough to tell tones apart that differ by 30 Hz.
const LOOK_SAMPLES: usize = 4096;
/// A tone's power is spread over so many places to either side of its own.
const SPREAD: usize = 3;
/// What is lower than this, in Hz, is rumble and mains hum rather than a tone that somebody hears.
const LOWEST_HZ: f32 = 60.0;
/// Less power than this is silence: -90 dBFS.
const POWER_MIN: f32 = 1e-9;

/// The strongest tone in some sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Its frequency, in Hz.
    pub hz: f32,
    /// How much of the sound's power it has, from 0 to 1. A test tone has more than 0.95; music is hardly ever above 0.8
    /// for more than a moment, and does not stay at one frequency.
    pub share: f32,
}

impl Tone {
    /// No tone: silence.
    pub const NONE: Tone = Tone { hz: 0.0, share: 0.0 };
}

/// Looks at the newest samples.
pub(super) struct Spectrum {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// The newest samples of one channel.
    heard: Vec<f32>,
    input: Vec<f32>,
    output: Vec<Complex<f32>>,
    hz_per_place: f32,
}

impl Spectrum {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(LOOK_SAMPLES);
        let step = std::f32::consts::TAU / LOOK_SAMPLES as f32;
        Self {
            window: (0..LOOK_SAMPLES).map(|at| 0.5 - 0.5 * (step * at as f32).cos()).collect(),
            heard: vec![0.0; LOOK_SAMPLES],
            input: fft.make_input_vec(),
            output: fft.make_output_vec(),
            fft,
            hz_per_place: sample_rate_hz as f32 / LOOK_SAMPLES as f32,
        }
    }

    /// Takes one channel of what is new and looks.
    pub(super) fn hear(&mut self, pcm: &[f32], channels: u8, which: u8) -> Tone {
        self.heard.extend(channel(pcm, channels, which));
        self.heard.drain(..self.heard.len() - LOOK_SAMPLES);
        let windowed = self.heard.iter().zip(&self.window).map(|(sample, gain)| sample * gain);
        self.input.iter_mut().zip(windowed).for_each(|(place, sample)| *place = sample);
        // It cannot fail: both buffers are as long as it made them.
        let looked = self.fft.process(&mut self.input, &mut self.output);
        debug_assert!(looked.is_ok(), "the buffers are the transform's own");
        self.strongest()
    }

    fn strongest(&self) -> Tone {
        let lowest = (LOWEST_HZ / self.hz_per_place).ceil() as usize;
        let powers: Vec<f32> = self.output.iter().skip(lowest).map(Complex::norm_sqr).collect();
        let total: f32 = powers.iter().sum();
        let loudest = powers.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        let mean_square = total / (LOOK_SAMPLES * LOOK_SAMPLES) as f32;
        let Some((place, _)) = loudest.filter(|_| mean_square > POWER_MIN) else { return Tone::NONE };
        let around = &powers[place.saturating_sub(SPREAD)..powers.len().min(place + SPREAD + 1)];
        Tone { hz: (lowest + place) as f32 * self.hz_per_place, share: around.iter().sum::<f32>() / total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(sound: impl Fn(usize) -> f32) -> Tone {
        let pcm: Vec<f32> = (0..9600).map(sound).collect();
        Spectrum::new(48_000).hear(&pcm, 1, 0)
    }

    fn sine(hz: f32, at: usize) -> f32 {
        0.2 * (std::f32::consts::TAU * hz * at as f32 / 48_000.0).sin()
    }

    #[test]
    fn a_tone_is_known_with_its_frequency() {
        let tone = look(|at| sine(1000.0, at));
        assert!((tone.hz - 1000.0).abs() < 12.0 && tone.share > 0.99, "{tone:?}");
    }

    #[test]
    fn a_chord_and_noise_are_no_tone() {
        let chord = look(|at| sine(440.0, at) + sine(554.0, at) + sine(659.0, at));
        assert!(chord.share < 0.5, "{chord:?}");
        let mut seed = 1_u32;
        let noise: Vec<f32> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 - 0.5
        })
        .take(9600)
        .collect();
        let noise = Spectrum::new(48_000).hear(&noise, 1, 0);
        assert!(noise.share < 0.1, "{noise:?}");
    }

    #[test]
    fn silence_and_hum_are_no_tone() {
        assert_eq!(look(|_| 0.0), Tone::NONE);
        let hum = look(|at| 0.01 * sine(20.0, at) + sine(3000.0, at));
        assert!((hum.hz - 3000.0).abs() < 12.0);
    }
}
