//! How loud it is, and whether something is wrong with it.
//!
//! A [`Meter`] hears samples and can be read at any time. Loudness is that of EBU R128: *momentary* over the last 400 ms,
//! *short-term* over the last 3 s, *integrated* over the programme since [`begin_programme`](Meter::begin_programme), with
//! quiet passages left out as the standard says. Besides, a [`Reading`] has what tells a fault from sound: the level of each
//! channel, how the two channels go together, and whether one tone is all there is.
//!
//! A meter only measures. What counts as silence, and for how long, is decided elsewhere.
//!
//! Start at [`Meter::push`].

mod spectrum;

use std::collections::VecDeque;

use ebur128::{EbuR128, Mode};

use crate::pcm::{FLOOR_DB, Layout, decibels};
use spectrum::Spectrum;
pub use spectrum::Tone;

/// Readings can differ every so many milliseconds.
pub const STEP_MS: u32 = 100;

/// Levels, phase and tone are those of so many steps, as momentary loudness is.
const WINDOW_STEPS: usize = 4;

/// Measures sound as it passes.
pub struct Meter {
    layout: Layout,
    /// Never begun anew: what is heard now does not depend on programmes.
    now: EbuR128,
    programme: EbuR128,
    programme_peak: f64,
    spectrum: Spectrum,
    /// Samples of the step that is not full yet.
    pending: Vec<f32>,
    steps: VecDeque<Step>,
    tone: Tone,
}

/// What a meter shows. Levels and loudness go down to [`FLOOR_DB`], which stands for silence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Loudness of the last 400 ms, in LUFS.
    pub momentary_lufs: f64,
    /// Loudness of the last 3 s, in LUFS.
    pub short_term_lufs: f64,
    /// Loudness of the programme so far, in LUFS.
    pub integrated_lufs: f64,
    /// How far the programme's loudness spreads, in LU.
    pub range_lu: f64,
    /// The programme's highest true peak so far, in dB relative to full scale.
    pub true_peak_dbtp: f64,
    /// How the two channels went together in the last 400 ms: 1 the same, 0 nothing to do with each other, -1 opposite, so
    /// that nothing is left in mono. 1 for mono, and 0 where a channel is silent.
    pub phase: f64,
    /// The channels' levels, the left one first; for mono twice the same.
    pub channels: [Level; 2],
    /// The strongest tone of the last 400 ms.
    pub tone: Tone,
}

/// A channel's level in the last 400 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Its root mean square, in dB relative to full scale.
    pub rms_dbfs: f64,
    /// Its highest sample, in dB relative to full scale.
    pub peak_dbfs: f64,
}

/// The layout is one that sound does not have here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sound in {0:?} cannot be measured: rates go from 7,350 to 192,000 Hz, channels are 1 or 2")]
pub struct Impossible(pub Layout);

/// Sums over one step.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    instants: usize,
    squares: [f64; 2],
    products: f64,
    peaks: [f32; 2],
}

impl Meter {
    /// A meter for sound in `layout`.
    pub fn new(layout: Layout) -> Result<Self, Impossible> {
        if !layout.is_possible() {
            return Err(Impossible(layout));
        }
        let meter =
            |mode| EbuR128::new(layout.channels.into(), layout.sample_rate_hz, mode).map_err(|_| Impossible(layout));
        Ok(Self {
            layout,
            now: meter(Mode::M | Mode::S | Mode::TRUE_PEAK)?,
            programme: meter(Mode::I | Mode::LRA | Mode::HISTOGRAM)?,
            programme_peak: 0.0,
            spectrum: Spectrum::new(layout.sample_rate_hz),
            pending: Vec::new(),
            steps: VecDeque::new(),
            tone: Tone::NONE,
        })
    }

    /// What it measures.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Hears samples; says how many steps are full because of them. A reading changes only with a full step.
    pub fn push(&mut self, pcm: &[f32]) -> usize {
        self.pending.extend_from_slice(pcm);
        let numbers = self.layout.numbers_in(STEP_MS);
        let pending = std::mem::take(&mut self.pending);
        let steps = pending.chunks_exact(numbers);
        let rest = steps.remainder().to_vec();
        let count = steps.len();
        steps.for_each(|step| self.measure(step));
        self.pending = rest;
        count
    }

    /// What is heard from here on is another programme.
    pub fn begin_programme(&mut self) {
        self.programme.reset();
        self.programme_peak = 0.0;
    }

    /// What it shows now.
    pub fn reading(&self) -> Reading {
        let window = self.steps.iter().fold(Step::default(), Step::and);
        Reading {
            momentary_lufs: lufs(self.now.loudness_momentary()),
            short_term_lufs: lufs(self.now.loudness_shortterm()),
            integrated_lufs: lufs(self.programme.loudness_global()),
            range_lu: self.programme.loudness_range().unwrap_or(0.0),
            true_peak_dbtp: decibels(self.programme_peak),
            phase: window.phase(),
            channels: [window.level(0), window.level(1)],
            tone: self.tone,
        }
    }

    fn measure(&mut self, pcm: &[f32]) {
        // Neither can fail: a step is whole instants, of as many channels as the meters were made for.
        let heard = self.now.add_frames_f32(pcm).and_then(|()| self.programme.add_frames_f32(pcm));
        debug_assert!(heard.is_ok(), "a step is whole");
        let peaks = (0..self.layout.channels).filter_map(|channel| self.now.prev_true_peak(channel.into()).ok());
        self.programme_peak = peaks.fold(self.programme_peak, f64::max);
        if self.steps.len() == WINDOW_STEPS {
            self.steps.pop_front();
        }
        let step = Step::of(pcm, self.layout.channels);
        self.steps.push_back(step);
        self.tone = self.spectrum.hear(pcm, self.layout.channels, step.louder_channel());
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl Reading {
    /// By how many dB the louder channel is above the other.
    pub fn imbalance_db(&self) -> f64 {
        (self.channels[0].rms_dbfs - self.channels[1].rms_dbfs).abs()
    }
}

impl Step {
    fn of(pcm: &[f32], channels: u8) -> Self {
        let mut step = Step::default();
        for instant in pcm.chunks_exact(usize::from(channels)) {
            let pair = [instant[0], instant[instant.len() - 1]];
            step.instants += 1;
            step.products += f64::from(pair[0]) * f64::from(pair[1]);
            for (side, sample) in pair.into_iter().enumerate() {
                step.squares[side] += f64::from(sample) * f64::from(sample);
                step.peaks[side] = step.peaks[side].max(sample.abs());
            }
        }
        step
    }

    fn and(self, other: &Step) -> Self {
        let both = |side: usize| (self.squares[side] + other.squares[side], self.peaks[side].max(other.peaks[side]));
        let ((left, left_peak), (right, right_peak)) = (both(0), both(1));
        Step {
            instants: self.instants + other.instants,
            squares: [left, right],
            products: self.products + other.products,
            peaks: [left_peak, right_peak],
        }
    }

    fn level(&self, side: usize) -> Level {
        let mean_square = self.squares[side] / self.instants.max(1) as f64;
        Level { rms_dbfs: decibels(mean_square.sqrt()), peak_dbfs: decibels(self.peaks[side].into()) }
    }

    fn phase(&self) -> f64 {
        let power = (self.squares[0] * self.squares[1]).sqrt();
        if power > 0.0 { (self.products / power).clamp(-1.0, 1.0) } else { 0.0 }
    }

    fn louder_channel(&self) -> u8 {
        u8::from(self.squares[1] > self.squares[0])
    }
}

/// Loudness as the meter gives it, down to the floor.
fn lufs(loudness: Result<f64, ebur128::Error>) -> f64 {
    loudness.ok().filter(|lufs| lufs.is_finite()).map_or(FLOOR_DB, |lufs| lufs.max(FLOOR_DB))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, dbfs: f64, seconds: u32) -> impl Iterator<Item = f32> {
        let peak = crate::pcm::amplitude(dbfs);
        (0..48_000 * seconds)
            .map(move |at| (peak * (std::f64::consts::TAU * hz * f64::from(at) / 48_000.0).sin()) as f32)
    }

    fn stereo(left: impl Iterator<Item = f32>, right: impl Iterator<Item = f32>) -> Vec<f32> {
        left.zip(right).flat_map(|(left, right)| [left, right]).collect()
    }

    fn read(pcm: &[f32]) -> Reading {
        let mut meter = Meter::new(Layout::HOUSE).unwrap();
        meter.push(pcm);
        meter.reading()
    }

    /// EBU Tech 3341, the first minimum requirement: a tone of 1 kHz at -23 dBFS in both channels is -23 LUFS.
    #[test]
    fn the_reference_tone_reads_as_the_standard_says() {
        let reading = read(&stereo(tone(1000.0, -23.0, 20), tone(1000.0, -23.0, 20)));
        for lufs in [reading.momentary_lufs, reading.short_term_lufs, reading.integrated_lufs] {
            assert!((lufs + 23.0).abs() <= 0.1, "{lufs} LUFS");
        }
        assert!((reading.true_peak_dbtp + 23.0).abs() < 0.2);
        assert!(reading.range_lu < 0.1);
    }

    #[test]
    fn silence_reads_as_the_floor() {
        let reading = read(&[0.0; 96_000]);
        assert_eq!((reading.momentary_lufs, reading.integrated_lufs), (FLOOR_DB, FLOOR_DB));
        assert_eq!((reading.channels[0].rms_dbfs, reading.true_peak_dbtp), (FLOOR_DB, FLOOR_DB));
        assert_eq!((reading.phase, reading.tone), (0.0, Tone::NONE));
    }

    #[test]
    fn a_dead_channel_stands_out() {
        let reading = read(&stereo(tone(440.0, -20.0, 2), std::iter::repeat(0.0)));
        assert!((reading.channels[0].rms_dbfs + 23.0).abs() < 0.1);
        assert!(reading.imbalance_db() > 90.0);
    }

    #[test]
    fn phase_tells_the_same_from_the_opposite() {
        let same = read(&stereo(tone(440.0, -20.0, 1), tone(440.0, -20.0, 1))).phase;
        let opposite = read(&stereo(tone(440.0, -20.0, 1), tone(440.0, -20.0, 1).map(|sample| -sample))).phase;
        let apart = read(&stereo(tone(440.0, -20.0, 1), tone(555.0, -20.0, 1))).phase;
        assert!(same > 0.999 && opposite < -0.999 && apart.abs() < 0.1, "{same} {opposite} {apart}");
    }

    #[test]
    fn a_new_programme_is_measured_by_itself_while_momentary_goes_on() {
        let mut meter = Meter::new(Layout::HOUSE).unwrap();
        meter.push(&stereo(tone(1000.0, -10.0, 10), tone(1000.0, -10.0, 10)));
        meter.push(&[0.0; 9600]);
        meter.begin_programme();
        assert!(meter.reading().momentary_lufs > -12.0);
        assert_eq!((meter.reading().integrated_lufs, meter.reading().true_peak_dbtp), (FLOOR_DB, FLOOR_DB));
        meter.push(&stereo(tone(1000.0, -30.0, 10), tone(1000.0, -30.0, 10)));
        assert!((meter.reading().integrated_lufs + 30.0).abs() < 0.2);
        assert!((meter.reading().true_peak_dbtp + 30.0).abs() < 0.2);
    }

    #[test]
    fn portions_do_not_matter() {
        let pcm = stereo(tone(440.0, -20.0, 3), tone(660.0, -26.0, 3));
        let whole = read(&pcm);
        let mut meter = Meter::new(Layout::HOUSE).unwrap();
        let steps: usize = pcm.chunks(1234).map(|portion| meter.push(portion)).sum();
        assert_eq!((meter.reading(), steps), (whole, 30));
    }

    #[test]
    fn mono_is_a_channel_twice() {
        let mut meter = Meter::new(Layout { sample_rate_hz: 48_000, channels: 1 }).unwrap();
        meter.push(&tone(440.0, -20.0, 1).collect::<Vec<_>>());
        let reading = meter.reading();
        assert_eq!(reading.channels[0], reading.channels[1]);
        assert!(reading.phase > 0.999);
    }
}
