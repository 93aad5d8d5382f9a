//! One piece goes, another comes: an equal-power crossfade.
//!
//! Two pieces that have nothing to do with each other add up by their power, so the gains are a quarter of a sine wave:
//! halfway both are at 0.707, and the sum is as loud as either.

use crate::pcm::Layout;

/// A crossfade on its way.
#[derive(Clone, Debug)]
pub struct Crossfade {
    channels: usize,
    instants: usize,
    done: usize,
}

impl Crossfade {
    /// One that takes so many milliseconds.
    pub fn new(layout: Layout, milliseconds: u32) -> Self {
        let channels = usize::from(layout.channels);
        Self { channels, instants: layout.numbers_in(milliseconds) / channels, done: 0 }
    }

    /// Mixes what goes with what comes, sample by sample, and puts the sum after what is in `out`. Where one of the two
    /// has no more samples it counts as silent. Afterwards only what comes is heard.
    pub fn mix(&mut self, outgoing: &[f32], incoming: &[f32], out: &mut Vec<f32>) {
        let numbers = outgoing.len().max(incoming.len());
        for instant in 0..numbers.div_ceil(self.channels) {
            let (going, coming) = self.gains();
            let from = instant * self.channels;
            for at in from..numbers.min(from + self.channels) {
                let sample = |pcm: &[f32]| pcm.get(at).copied().unwrap_or(0.0);
                out.push(sample(outgoing) * going + sample(incoming) * coming);
            }
            self.done += 1;
        }
    }

    /// Whether what goes is gone.
    pub fn is_over(&self) -> bool {
        self.done >= self.instants
    }

    fn gains(&self) -> (f32, f32) {
        if self.is_over() {
            return (0.0, 1.0);
        }
        let (coming, going) = (std::f32::consts::FRAC_PI_2 * self.done as f32 / self.instants as f32).sin_cos();
        (going, coming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONO: Layout = Layout { sample_rate_hz: 1000, channels: 1 };

    #[test]
    fn power_stays_the_same_throughout() {
        let mut fade = Crossfade::new(MONO, 100);
        for _ in 0..150 {
            let (going, coming) = fade.gains();
            assert!((going * going + coming * coming - 1.0).abs() < 1e-5);
            fade.mix(&[0.0], &[0.0], &mut Vec::new());
        }
    }

    #[test]
    fn what_goes_is_heard_first_and_what_comes_last() {
        let (mut fade, mut out) = (Crossfade::new(MONO, 100), Vec::new());
        fade.mix(&[1.0; 60], &[-1.0; 60], &mut out);
        assert!(!fade.is_over());
        fade.mix(&[1.0; 60], &[-1.0; 60], &mut out);
        assert!(fade.is_over());
        assert_eq!((out[0], out[110], out.len()), (1.0, -1.0, 120));
        assert!(out.windows(2).all(|pair| pair[1] <= pair[0] + 1e-6), "it goes one way");
    }

    #[test]
    fn in_stereo_both_sides_move_together_and_a_piece_that_ends_early_is_silent() {
        let layout = Layout { channels: 2, ..MONO };
        let (mut fade, mut out) = (Crossfade::new(layout, 100), Vec::new());
        fade.mix(&[1.0; 20], &[0.0; 200], &mut out);
        assert_eq!(out.len(), 200);
        assert!(out.chunks(2).all(|pair| pair[0] == pair[1]));
        assert!(out[20..].iter().all(|&sample| sample == 0.0));
    }
}
