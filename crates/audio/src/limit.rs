//! The right loudness, and never too much: a slow [`Normaliser`] and a true-peak [`Limiter`] behind it.
//!
//! The normaliser turns the volume as a patient hand would: it listens for as long as a passage lasts, lets quiet passages be
//! quiet, and never moves faster than [`RISE_DB_PER_S`]. What then still stands out, the limiter takes down by
//! looking a few milliseconds ahead: the gain is already there when the peak comes, so that nothing is cut.
//!
//! Peaks are *true* peaks: those of the wave between the samples, found by oversampling.
//!
//! Start at [`Normaliser::run`], [`Limiter::run`].

mod peaks;
mod window;

use ebur128::{EbuR128, Mode};

use crate::encode::Coding;
use crate::pcm::{Layout, amplitude};
use peaks::Peaks;
use window::{Mean, Minimum};

/// Where streams are brought to, in LUFS: what AES TD1008 asks of speech.
pub const TARGET_LUFS: f64 = -18.0;
/// What no true peak gets above, in dB relative to full scale.
pub const CEILING_DBTP: f64 = -1.0;

/// How much lower sound is to be limited that will be encoded, in dB: an encoder changes the wave, and with it the peaks.
/// The fewer bits it has for a channel, the more. HE-AAC makes up the treble, and with it peaks that were never there.
///
/// The figures were measured on loud programmes, with ffmpeg's decoders.
pub fn headroom_db(coding: Coding, kbps_per_channel: u32) -> f64 {
    match coding {
        Coding::Mp3 | Coding::AacLc | Coding::Opus if kbps_per_channel < LOW_KBPS => 4.0,
        Coding::Mp3 | Coding::AacLc | Coding::Opus => 2.5,
        Coding::HeAac => 4.5,
        Coding::Flac => 0.0,
    }
}

/// An encoder that has less than this for a channel, in kbit/s, changes the wave more.
const LOW_KBPS: u32 = 48;

/// How fast the volume goes up, in dB per second.
pub const RISE_DB_PER_S: f64 = 1.0;
/// How fast it goes down.
pub const FALL_DB_PER_S: f64 = 3.0;
/// The furthest that the volume is turned up and down, in dB.
pub const GAIN_DB: std::ops::RangeInclusive<f64> = -20.0..=12.0;

/// Loudness is looked at every so many milliseconds.
const STEP_MS: u32 = 100;
/// How long a passage is remembered, in steps: half a minute.
const MEMORY_STEPS: f64 = 300.0;
/// How many steps must have been heard before a passage's loudness is known: ten seconds.
const KNOWN_STEPS: f64 = 100.0;
/// What is quieter than this, in LUFS, is a pause.
const PAUSE_LUFS: f64 = -50.0;
/// What is this much quieter than the passage, in LU, is a quiet moment in it, and does not count.
const QUIET_LU: f64 = 10.0;

/// Brings sound slowly to a target loudness. It adds no delay.
pub struct Normaliser {
    layout: Layout,
    target_lufs: f64,
    meter: EbuR128,
    heard_numbers: usize,
    /// The passage's mean power, and how many steps have gone into it.
    power: f64,
    steps: f64,
    gain_db: f64,
    gain: f32,
    /// By how much the gain changes with each instant until the next step.
    slope: f32,
}

impl Normaliser {
    /// One for sound in `layout`, which has to be [possible](Layout::is_possible); it begins with the volume untouched.
    pub fn new(layout: Layout, target_lufs: f64) -> Self {
        let meter = EbuR128::new(layout.channels.into(), layout.sample_rate_hz, Mode::M);
        let meter = meter.expect("a possible layout can be measured");
        Self {
            layout,
            target_lufs,
            meter,
            heard_numbers: 0,
            power: 0.0,
            steps: 0.0,
            gain_db: 0.0,
            gain: 1.0,
            slope: 0.0,
        }
    }

    /// By how many dB what leaves it is louder than the target, as far as the volume has been turned; `None` before ten seconds of
    /// sound have been heard.
    pub fn error_db(&self) -> Option<f64> {
        (self.steps >= KNOWN_STEPS).then(|| lufs(self.power) + self.gain_db - self.target_lufs)
    }

    /// How the volume is turned now, in dB.
    pub fn gain_db(&self) -> f64 {
        self.gain_db
    }

    /// Changes the samples where they are.
    pub fn run(&mut self, pcm: &mut [f32]) {
        let step_numbers = self.layout.numbers_in(STEP_MS);
        let mut rest = pcm;
        while !rest.is_empty() {
            let numbers = (step_numbers - self.heard_numbers).min(rest.len());
            let (portion, after) = rest.split_at_mut(numbers);
            // It cannot fail: portions are whole instants.
            let heard = self.meter.add_frames_f32(portion);
            debug_assert!(heard.is_ok(), "a portion is whole instants");
            self.turn(portion);
            self.heard_numbers += numbers;
            if self.heard_numbers >= step_numbers {
                self.heard_numbers = 0;
                self.step();
            }
            rest = after;
        }
    }

    fn turn(&mut self, portion: &mut [f32]) {
        for instant in portion.chunks_mut(usize::from(self.layout.channels)) {
            self.gain += self.slope;
            instant.iter_mut().for_each(|sample| *sample *= self.gain);
        }
    }

    /// Looks at the last step and sets where the volume goes during the next.
    fn step(&mut self) {
        if let Ok(lufs) = self.meter.loudness_momentary() {
            self.remember(lufs);
        }
        if self.steps > 0.0 {
            let wanted = (self.target_lufs - lufs(self.power)).clamp(*GAIN_DB.start(), *GAIN_DB.end());
            let per_step = f64::from(STEP_MS) / 1000.0;
            let (down, up) = (FALL_DB_PER_S * per_step, RISE_DB_PER_S * per_step);
            self.gain_db += (wanted - self.gain_db).clamp(-down, up);
        }
        let instants = self.layout.numbers_in(STEP_MS) / usize::from(self.layout.channels);
        self.slope = (amplitude(self.gain_db) as f32 - self.gain) / instants as f32;
    }

    fn remember(&mut self, lufs: f64) {
        let is_pause = !lufs.is_finite() || lufs < PAUSE_LUFS;
        let is_quiet = self.steps > 0.0 && lufs < self::lufs(self.power) - QUIET_LU;
        if is_pause {
            return;
        }
        // A quiet moment counts for little, but a programme that stays quiet is followed in the end.
        let weight = if is_quiet { 0.1 } else { 1.0 };
        self.steps = (self.steps + weight).min(MEMORY_STEPS);
        self.power += (power(lufs) - self.power) * (weight / self.steps).min(1.0);
    }
}

impl std::fmt::Debug for Normaliser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Normaliser")
            .field("layout", &self.layout)
            .field("gain_db", &self.gain_db)
            .finish_non_exhaustive()
    }
}

fn power(lufs: f64) -> f64 {
    10_f64.powf(lufs / 10.0)
}

fn lufs(power: f64) -> f64 {
    10.0 * power.log10()
}

/// How far ahead the limiter looks, in milliseconds: as long as its gain takes to go down.
const LOOK_AHEAD_MS: u32 = 5;
/// How long its gain takes to come two thirds of the way back, in milliseconds.
const RELEASE_MS: f32 = 200.0;
/// Oversampling finds a peak within this much, in dB.
const MARGIN_DB: f64 = 0.2;

/// Keeps true peaks below a ceiling. What comes out is later than what goes in by
/// [`delay_samples`](Limiter::delay_samples).
#[derive(Debug)]
pub struct Limiter {
    channels: usize,
    ceiling: f32,
    peaks: Peaks,
    lowest: Minimum,
    mean: Mean,
    release: f32,
    /// The gain as it comes back after a peak.
    gain: f32,
    /// What has gone in and not come out.
    held: std::collections::VecDeque<f32>,
    reduction: f32,
}

impl Limiter {
    /// One for sound in `layout` that lets no true peak above `ceiling_dbtp`.
    pub fn new(layout: Layout, ceiling_dbtp: f64) -> Self {
        let channels = usize::from(layout.channels);
        let ahead = (layout.numbers_in(LOOK_AHEAD_MS) / channels).max(1);
        let held = vec![0.0; (ahead + peaks::DELAY_SAMPLES) * channels];
        Self {
            channels,
            ceiling: amplitude(ceiling_dbtp - MARGIN_DB) as f32,
            peaks: Peaks::new(channels),
            lowest: Minimum::new(ahead + 1),
            mean: Mean::new(ahead),
            release: 1.0 - (-1.0 / (RELEASE_MS / 1000.0 * layout.sample_rate_hz as f32)).exp(),
            gain: 1.0,
            held: held.into(),
            reduction: 1.0,
        }
    }

    /// By how many samples (per channel) what comes out is later than what goes in.
    pub fn delay_samples(&self) -> usize {
        self.held.len() / self.channels
    }

    /// The most that anything was taken down since this was last asked, in dB; 0 if nothing was.
    pub fn reduction_db(&mut self) -> f64 {
        -crate::pcm::decibels(std::mem::replace(&mut self.reduction, 1.0).into())
    }

    /// Changes the samples where they are: as many come out as go in, the oldest first.
    pub fn run(&mut self, pcm: &mut [f32]) {
        for instant in pcm.chunks_exact_mut(self.channels) {
            let peak = self.peaks.hear(instant, self.ceiling);
            let gain = self.next_gain(if peak > self.ceiling { self.ceiling / peak } else { 1.0 });
            for sample in instant {
                self.held.push_back(*sample);
                *sample = self.held.pop_front().unwrap_or_default() * gain;
            }
        }
    }

    /// The gain that is allowed now goes into a window as long as the look ahead: its lowest value holds until the peak
    /// that asked for it has passed, and the mean over the window is there in time without a step.
    fn next_gain(&mut self, allowed: f32) -> f32 {
        let lowest = self.lowest.push(allowed);
        self.gain = lowest.min(self.gain + (1.0 - self.gain) * self.release);
        let gain = self.mean.push(self.gain);
        self.reduction = self.reduction.min(gain);
        gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, peak: f32, instants: usize) -> Vec<f32> {
        let sample = |at: usize| peak * (std::f32::consts::TAU * hz * at as f32 / 48_000.0 + 0.7).sin();
        (0..instants).flat_map(|at| [sample(at), sample(at)]).collect()
    }

    /// The true peak in dB as the standard's own meter has it.
    fn true_peak_dbtp(pcm: &[f32]) -> f64 {
        let mut meter = EbuR128::new(2, 48_000, Mode::TRUE_PEAK).unwrap();
        meter.add_frames_f32(pcm).unwrap();
        crate::pcm::decibels(meter.true_peak(0).unwrap().max(meter.true_peak(1).unwrap()))
    }

    #[test]
    fn nothing_gets_above_the_ceiling() {
        let bursts = (0..20).flat_map(|turn| {
            let (peak, hz) = ([0.1, 1.0, 0.5, 3.9, 1.2][turn % 5], [60.0, 997.0, 11_999.0, 5000.0, 17_000.0][turn % 5]);
            sine(hz, peak, 3000 + turn * 77)
        });
        let mut pcm: Vec<f32> = bursts.collect();
        Limiter::new(Layout::HOUSE, CEILING_DBTP).run(&mut pcm);
        let peak = true_peak_dbtp(&pcm);
        assert!(peak <= CEILING_DBTP && peak > CEILING_DBTP - 0.6, "{peak} dBTP");
    }

    #[test]
    fn a_peak_between_the_samples_is_found() {
        // A quarter of the rate, with its samples 45 degrees off the crests: they are 3 dB lower than the wave.
        let crest = 1.2_f32;
        let mut pcm: Vec<f32> = (0..48_000_usize)
            .flat_map(|at| {
                let sample = crest * (std::f32::consts::FRAC_PI_2 * at as f32 + std::f32::consts::FRAC_PI_4).sin();
                [sample; 2]
            })
            .collect();
        assert!(pcm.iter().all(|sample| sample.abs() < 0.86), "no sample is above the ceiling");
        Limiter::new(Layout::HOUSE, CEILING_DBTP).run(&mut pcm);
        assert!(true_peak_dbtp(&pcm[9600..]) <= CEILING_DBTP);
    }

    #[test]
    fn what_is_below_the_ceiling_only_comes_later() {
        let pcm = sine(440.0, 0.5, 4800);
        let (mut limiter, mut out) = (Limiter::new(Layout::HOUSE, CEILING_DBTP), pcm.clone());
        out.chunks_mut(74).for_each(|portion| limiter.run(portion));
        let delay = limiter.delay_samples() * 2;
        assert!(delay > 0 && out[..delay].iter().all(|&sample| sample == 0.0));
        assert_eq!(out[delay..], pcm[..pcm.len() - delay]);
        assert_eq!(limiter.reduction_db(), 0.0);
    }

    #[test]
    fn a_reduction_is_told_once() {
        let mut limiter = Limiter::new(Layout::HOUSE, CEILING_DBTP);
        limiter.run(&mut sine(440.0, 2.0, 4800));
        let reduction = limiter.reduction_db();
        assert!((7.0..7.5).contains(&reduction), "{reduction} dB");
        limiter.run(&mut vec![0.0; 2 * 48_000 * 5]);
        limiter.reduction_db();
        limiter.run(&mut vec![0.0; 9600]);
        assert!(limiter.reduction_db() < 0.01);
    }

    fn integrated_lufs(pcm: &[f32]) -> f64 {
        let mut meter = EbuR128::new(2, 48_000, Mode::I).unwrap();
        meter.add_frames_f32(pcm).unwrap();
        meter.loudness_global().unwrap()
    }

    #[test]
    fn a_programme_is_brought_to_the_target() {
        for peak in [0.04, 0.06, 0.5] {
            let mut pcm = sine(1000.0, peak, 48_000 * 40);
            let mut normaliser = Normaliser::new(Layout::HOUSE, TARGET_LUFS);
            assert_eq!(normaliser.error_db(), None);
            normaliser.run(&mut pcm);
            let end = integrated_lufs(&pcm[2 * 48_000 * 20..]);
            let error_db = normaliser.error_db().expect("it has heard enough");
            assert!(error_db.abs() < 0.3, "{peak}: {error_db} dB");
            assert!((end - TARGET_LUFS).abs() < 0.3, "{peak}: {end} LUFS");
        }
    }

    #[test]
    fn a_pause_and_a_quiet_moment_are_left_as_they_are() {
        let mut normaliser = Normaliser::new(Layout::HOUSE, TARGET_LUFS);
        normaliser.run(&mut sine(1000.0, 0.126, 48_000 * 30));
        let before = normaliser.gain_db();
        normaliser.run(&mut vec![0.0; 2 * 48_000 * 10]);
        assert!((normaliser.gain_db() - before).abs() < 0.5, "a pause is not turned up");
        normaliser.run(&mut sine(1000.0, 0.012, 48_000 * 5));
        assert!((normaliser.gain_db() - before).abs() < 1.0, "five quiet seconds stay quiet");
    }

    #[test]
    fn the_volume_moves_without_steps() {
        let mut pcm: Vec<f32> = [vec![0.01; 2 * 48_000 * 3], vec![0.9; 2 * 48_000 * 3]].concat();
        let before = pcm.clone();
        let mut normaliser = Normaliser::new(Layout::HOUSE, TARGET_LUFS);
        normaliser.run(&mut pcm);
        let gains: Vec<f32> = pcm.iter().zip(&before).map(|(after, before)| after / before).collect();
        assert!(gains.windows(3).all(|three| (three[2] - three[0]).abs() < 1e-3));
    }
}
