//! When a segment was on the air: the wall clock at the beginning, and media time from there on.
//!
//! Frames arrive in bursts, so the moment at which one frame came in is no measure of when it is heard; counted samples
//! are. But an encoder's clock is not ours, so the two part by a second in a day or so; the first frame may have been
//! late; and when nothing was sent for a while, the two part at once. So it is watched how late frames are on the whole,
//! and each segment is moved a little towards that.

use std::time::Duration;

use jiff::SignedDuration;
use station::Timestamp;

pub(super) use crate::airtime::SLEW_MAX;
use crate::airtime::{LEAD_MAX, is_apart};

/// So far may frames be off on the whole before anything is done: what is said stays within 20 ms of the air.
const TOLERANCE: SignedDuration = SignedDuration::from_millis(10);
/// What is further off than this was never right: its source sent its first seconds at once. It is moved by up to a
/// twentieth of a segment, so that time never stands still.
const SLIGHT_MAX: SignedDuration = SignedDuration::from_millis(250);
/// The part of a segment by which the next is moved then.
const HASTE: i32 = 20;
/// Tells when segments that follow each other were on the air.
#[derive(Debug, Default)]
pub(super) struct Airtime {
    /// When the next segment begins, if nothing is amiss.
    expected: Option<Timestamp>,
    /// When the last segment of an earlier run ended.
    before: Option<Timestamp>,
    /// How long the segment before it was.
    length: SignedDuration,
    /// How late the frames of that segment were, added up; how many they were.
    lateness: SignedDuration,
    frames: i32,
}

/// Where a segment begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// When its first sample is on the air.
    pub at: Timestamp,
    /// Whether that has nothing to do with where the segment before it ended.
    pub is_step: bool,
}

impl Airtime {
    /// Begins after what an earlier run of the program left, which ended at `end`.
    pub(super) fn after(end: Timestamp) -> Self {
        Self { before: Some(end), ..Self::default() }
    }

    /// When a segment is on the air whose first frame came in at `arrived`.
    pub(super) fn begin(&mut self, arrived: Timestamp) -> Beginning {
        let slew = self.slew();
        (self.lateness, self.frames) = (SignedDuration::ZERO, 0);
        match self.expected {
            Some(expected) if !is_apart(expected, arrived) => {
                Beginning { at: expected.saturating_add(slew).unwrap_or(expected), is_step: false }
            }
            Some(_) => Beginning { at: arrived, is_step: true },
            None => Beginning { at: self.first(arrived), is_step: true },
        }
    }

    /// True if a frame that should have been on the air at `at` came in so late, or so early, that time must be told anew.
    pub(super) fn is_broken(&self, arrived: Timestamp, at: Timestamp) -> bool {
        is_apart(at, arrived)
    }

    /// A frame that is said to be on the air at `at` came in at `arrived`.
    pub(super) fn note(&mut self, arrived: Timestamp, at: Timestamp) {
        self.lateness = self.lateness.saturating_add(arrived.duration_since(at));
        self.frames += 1;
    }

    /// The first seconds of a run come in at once, as if they had been on the air before it began; but what the run before
    /// it sent then stands.
    fn first(&self, arrived: Timestamp) -> Timestamp {
        match self.before {
            Some(end) if end > arrived && end.duration_since(arrived) < LEAD_MAX => end,
            _ => arrived,
        }
    }

    /// The segment that began at `at` lasts this long.
    pub(super) fn end(&mut self, at: Timestamp, duration: Duration) {
        self.expected = at.saturating_add(duration).ok();
        self.length = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    }

    /// By how much the next segment is moved.
    fn slew(&self) -> SignedDuration {
        let late = self.lateness / self.frames.max(1);
        if late.abs() <= TOLERANCE {
            return SignedDuration::ZERO;
        }
        let most = if late.abs() <= SLIGHT_MAX { SLEW_MAX } else { SLEW_MAX.max(self.length / HASTE) };
        late.clamp(-most, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_MS: u64 = 100;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(seconds)
    }

    /// When segments of six seconds are on the air whose frames come in by this clock: it is given the number of the
    /// frame and the seconds of sound before it.
    fn on_air(segments: u64, clock: impl Fn(u64, f64) -> f64) -> Vec<f64> {
        let mut airtime = Airtime::default();
        let mut segment = |number: u64| {
            let frames = 6_000 / FRAME_MS;
            let arrived = |frame: u64| {
                let count = number * frames + frame;
                at(clock(count, (count * FRAME_MS) as f64 / 1_000.0))
            };
            let begins = airtime.begin(arrived(0)).at;
            (0..frames)
                .for_each(|frame| airtime.note(arrived(frame), begins + Duration::from_millis(frame * FRAME_MS)));
            airtime.end(begins, Duration::from_secs(6));
            begins.as_millisecond() as f64 / 1_000.0
        };
        (0..segments).map(&mut segment).collect()
    }

    #[test]
    fn frames_that_come_a_little_early_or_late_do_not_move_it() {
        let jitter = |frame: u64, seconds: f64| 100.0 + seconds + if frame % 2 == 1 { 0.09 } else { 0.0 } - 0.045;
        let begins = on_air(30, jitter);
        assert!(begins.iter().enumerate().all(|(index, begins)| (begins - 100.0 - 6.0 * index as f64).abs() <= 0.046));
    }

    #[test]
    fn a_first_frame_that_was_late_is_found_out() {
        let begins = on_air(8, |frame, seconds| 100.0 + seconds + if frame == 0 { 0.08 } else { 0.0 });
        assert_eq!(begins[0], 100.08);
        assert!(
            begins[5..].iter().zip(5..).all(|(begins, index)| (begins - 100.0 - 6.0 * f64::from(index)).abs() <= 0.02)
        );
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        let begins = on_air(200, |_, seconds| 100.0 + seconds * 1.001);
        assert!((begins[199] - 100.0 - 1194.0 * 1.001).abs() <= 0.02, "{}", begins[199]);
    }

    #[test]
    fn seconds_that_were_sent_at_once_are_made_up_for_and_time_never_goes_back() {
        let begins = on_air(60, |_, seconds| 100.0 + (seconds - 6.0).max(0.0));
        assert!(begins.windows(2).all(|pair| pair[1] - pair[0] >= 5.69), "{begins:?}");
        assert!((begins[59] - 100.0 - 59.0 * 6.0 + 6.0).abs() <= 0.02, "{}", begins[59]);
    }

    #[test]
    fn a_run_does_not_begin_before_the_one_before_it_ended() {
        let begins = |arrived| Airtime::after(at(100.0)).begin(at(arrived)).at;
        assert_eq!(begins(97.0), at(100.0));
        assert_eq!(begins(101.0), at(101.0));
        assert_eq!(begins(10.0), at(10.0), "the machine's clock was set back");
    }

    #[test]
    fn after_a_gap_it_is_the_wall_clock_again() {
        let begins = on_air(3, |_, seconds| 100.0 + seconds + if seconds >= 6.0 { 3.0 } else { 0.0 });
        assert_eq!(begins, [100.0, 109.0, 115.0]);
        assert!(
            Airtime::default().is_broken(at(103.0), at(101.0)) && !Airtime::default().is_broken(at(102.9), at(101.0))
        );
    }

    #[test]
    fn when_the_machine_s_clock_was_set_back_it_goes_along() {
        let begins = on_air(3, |_, seconds| seconds + if seconds >= 6.0 { 1_000.0 } else { 5_000.0 });
        assert_eq!(begins, [5_000.0, 1_006.0, 1_012.0]);
    }
}
