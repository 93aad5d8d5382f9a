//! When a segment was on the air: the wall clock at the beginning, and media time from there on.
//!
//! Frames arrive in bursts, so the moment at which a frame came in is no measure of when it is heard; counted samples
//! are. But an encoder's clock is not ours, so the two part by a second in a day or so; and when nothing was sent for a
//! while, they part at once.

use std::time::Duration;

use jiff::SignedDuration;
use station::Timestamp;

/// So far may media time be off the wall clock before anything is done.
const TOLERANCE: SignedDuration = SignedDuration::from_millis(250);
/// By so much, at most, is a segment moved towards the wall clock.
const SLEW_MAX: SignedDuration = SignedDuration::from_millis(20);
/// From so far behind the wall clock, there was a gap.
const GAP_MIN: SignedDuration = SignedDuration::from_secs(2);
/// From so far ahead of it, the machine's clock was set back. A source may be ahead by less, having sent its first seconds
/// at once.
const LEAD_MAX: SignedDuration = SignedDuration::from_secs(30);

/// Tells when segments that follow each other were on the air.
#[derive(Debug, Default)]
pub(super) struct Airtime {
    /// When the next segment begins, if nothing is amiss.
    expected: Option<Timestamp>,
    /// When the last segment of an earlier run ended.
    before: Option<Timestamp>,
}

impl Airtime {
    /// Begins after what an earlier run of the program left, which ended at `end`.
    pub(super) fn after(end: Timestamp) -> Self {
        Self { expected: None, before: Some(end) }
    }

    /// When a segment is on the air whose first frame came in at `arrived`.
    pub(super) fn begin(&self, arrived: Timestamp) -> Timestamp {
        let Some(expected) = self.expected else { return self.first(arrived) };
        let behind = arrived.duration_since(expected);
        if behind >= GAP_MIN || behind <= -LEAD_MAX {
            return arrived;
        }
        if behind.abs() <= TOLERANCE {
            return expected;
        }
        expected.saturating_add(behind.clamp(-SLEW_MAX, SLEW_MAX)).unwrap_or(expected)
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(seconds)
    }

    /// When segments of six seconds are on the air that come in at these moments.
    fn on_air(arrivals: &[f64]) -> Vec<f64> {
        let mut airtime = Airtime::default();
        let mut begin = |arrived: f64| {
            let begins = airtime.begin(at(arrived));
            airtime.end(begins, Duration::from_secs(6));
            begins.as_millisecond() as f64 / 1000.0
        };
        arrivals.iter().map(|&arrived| begin(arrived)).collect()
    }

    #[test]
    fn frames_that_come_a_little_early_or_late_do_not_move_it() {
        assert_eq!(on_air(&[100.0, 106.2, 111.9, 118.1]), [100.0, 106.0, 112.0, 118.0]);
    }

    #[test]
    fn a_clock_that_drifts_is_followed_slowly() {
        assert_eq!(on_air(&[100.0, 107.0, 113.0]), [100.0, 106.02, 112.04]);
    }

    #[test]
    fn a_burst_does_not_send_it_back() {
        assert_eq!(on_air(&[100.0, 102.0, 108.0]), [100.0, 105.98, 111.96]);
    }

    #[test]
    fn a_run_does_not_begin_before_the_one_before_it_ended() {
        let airtime = Airtime::after(at(100.0));
        assert_eq!(airtime.begin(at(97.0)), at(100.0));
        assert_eq!(airtime.begin(at(101.0)), at(101.0));
        assert_eq!(airtime.begin(at(10.0)), at(10.0), "the machine's clock was set back");
    }

    #[test]
    fn after_a_gap_it_is_the_wall_clock_again() {
        assert_eq!(on_air(&[100.0, 109.0, 115.0]), [100.0, 109.0, 115.0]);
    }

    #[test]
    fn when_the_machine_s_clock_was_set_back_it_goes_along() {
        assert_eq!(on_air(&[5000.0, 1000.0, 1006.0]), [5000.0, 1000.0, 1006.0]);
    }
}
