//! The wave between the samples: four times as many points, by the shortest filter that is good enough.

/// Points per sample.
const OVERSAMPLING: usize = 4;
/// Samples that each point is made of.
const TAPS: usize = 32;
/// The points that are found belong to samples that are this much older than the newest.
pub(super) const DELAY_SAMPLES: usize = TAPS / 2;

/// Finds the highest point of the wave around each sample.
#[derive(Debug)]
pub(super) struct Peaks {
    /// For each of the points between two samples, what each sample around adds to it.
    phases: [[f32; TAPS]; OVERSAMPLING],
    /// The newest samples of each channel, twice over, so that they can always be read in one piece.
    heard: Vec<[f32; 2 * TAPS]>,
    at: usize,
    /// How many samples ago one was high enough for the wave to get above the ceiling.
    quiet_samples: usize,
}

impl Peaks {
    pub(super) fn new(channels: usize) -> Self {
        Self { phases: phases(), heard: vec![[0.0; 2 * TAPS]; channels], at: 0, quiet_samples: TAPS }
    }

    /// Takes the next sample of each channel and says how high the wave gets. Where no sample nearby is half as high as
    /// the ceiling, the wave is not either, and the highest sample is as good an answer.
    pub(super) fn hear(&mut self, instant: &[f32], ceiling: f32) -> f32 {
        let highest = instant.iter().fold(0.0_f32, |highest, sample| highest.max(sample.abs()));
        self.quiet_samples = if highest > ceiling / 2.0 { 0 } else { self.quiet_samples.saturating_add(1) };
        self.at = (self.at + 1) % TAPS;
        for (heard, &sample) in self.heard.iter_mut().zip(instant) {
            heard[self.at] = sample;
            heard[self.at + TAPS] = sample;
        }
        if self.quiet_samples >= TAPS {
            return highest;
        }
        let newest = self.at + TAPS;
        let windows = self.heard.iter().map(|heard| &heard[newest + 1 - TAPS..=newest]);
        windows.map(|window| self.highest(window)).fold(0.0, f32::max)
    }

    fn highest(&self, window: &[f32]) -> f32 {
        let point = |phase: &[f32; TAPS]| phase.iter().zip(window).map(|(tap, sample)| tap * sample).sum::<f32>().abs();
        self.phases.iter().map(point).fold(0.0, f32::max)
    }
}

/// A sinc under a window that is flat in its middle, for each quarter of a sample.
fn phases() -> [[f32; TAPS]; OVERSAMPLING] {
    std::array::from_fn(|phase| {
        let taps: [f64; TAPS] = std::array::from_fn(|tap| {
            let distance = tap as f64 - (TAPS as f64 / 2.0 - 1.0) - phase as f64 / OVERSAMPLING as f64;
            let window = (std::f64::consts::FRAC_PI_2 * distance / (TAPS as f64 / 2.0)).cos();
            sinc(distance) * window.max(0.0)
        });
        // A constant stays what it is.
        let sum: f64 = taps.iter().sum();
        taps.map(|tap| (tap / sum) as f32)
    })
}

fn sinc(distance: f64) -> f64 {
    let angle = std::f64::consts::PI * distance;
    if angle == 0.0 { 1.0 } else { angle.sin() / angle }
}
