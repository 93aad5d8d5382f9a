//! When what comes in was on the air.
//!
//! Frames come in bursts, so the moment at which one came in says little; counted samples say when it was heard. The two
//! clocks part slowly, for an encoder's is not ours, and the tape follows the wall clock by small steps. They part at once
//! when nothing was sent, or when somebody set the machine's clock: the monotonic clock tells which of the two it was.

use std::time::Duration;

use jiff::SignedDuration;
use station::{Clock, Timestamp};

use super::record::Cause;
use crate::airtime::{GAP_MIN, LEAD_MAX, SLEW_MAX};

/// So far may counted time be off the wall clock before anything is done.
const TOLERANCE: SignedDuration = SignedDuration::from_millis(250);
/// What both clocks of the machine say.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    wall: Timestamp,
    elapsed: Duration,
}

impl Clocks {
    /// What they say now.
    pub fn read(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), elapsed: clock.elapsed() }
    }

    /// How far the wall clock went beyond what has passed since `earlier`; negative if it was set back.
    fn set_since(&self, earlier: &Clocks) -> SignedDuration {
        let passed = SignedDuration::try_from(self.elapsed.saturating_sub(earlier.elapsed));
        self.wall.duration_since(earlier.wall).saturating_sub(passed.unwrap_or(SignedDuration::MAX))
    }
}

/// Where a record belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When its first frame was on the air.
    pub at: Timestamp,
    /// If it does not follow what was there before: where that ended, and why there is nothing in between.
    pub gap: Option<(Timestamp, Cause)>,
}

/// Tells when records that follow each other were on the air.
#[derive(Debug, Default)]
pub struct Airtime {
    /// When the next one begins, if nothing is amiss.
    expected: Option<Timestamp>,
    clocks: Option<Clocks>,
}

impl Airtime {
    /// Where a record belongs whose first frame came in at `arrived`.
    pub fn begin(&mut self, arrived: Timestamp, clocks: Clocks) -> Place {
        let set_by = self.clocks.replace(clocks).map_or(SignedDuration::ZERO, |earlier| clocks.set_since(&earlier));
        let Some(expected) = self.expected else { return Place { at: arrived, gap: None } };
        let behind = arrived.duration_since(expected);
        if behind >= GAP_MIN {
            let was_set = set_by >= GAP_MIN.min(behind / 2);
            let cause = if was_set { Cause::ClockSet } else { Cause::Silent };
            return Place { at: arrived, gap: Some((expected, cause)) };
        }
        let at = if behind <= -LEAD_MAX {
            arrived
        } else if behind.abs() <= TOLERANCE {
            expected
        } else {
            expected.saturating_add(behind.clamp(-SLEW_MAX, SLEW_MAX)).unwrap_or(expected)
        };
        Place { at, gap: None }
    }

    /// The record that began at `at` lasts this long.
    pub fn end(&mut self, at: Timestamp, duration: Duration) {
        self.expected = at.saturating_add(duration).ok();
    }

    /// So much was aired that is no record.
    pub fn skip(&mut self, duration: Duration) {
        self.expected = self.expected.and_then(|expected| expected.saturating_add(duration).ok());
    }

    /// Where what is there ends.
    pub fn expected(&self) -> Option<Timestamp> {
        self.expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(seconds)
    }

    /// Where records of a second go that come in at these moments of the wall clock, the monotonic clock having gone on
    /// by so many seconds each time.
    fn placed(arrivals: &[(f64, f64)]) -> Vec<(f64, Option<Cause>)> {
        let (mut airtime, mut elapsed) = (Airtime::default(), 0.0);
        let mut place = |&(wall, passed): &(f64, f64)| {
            elapsed += passed;
            let clocks = Clocks { wall: at(wall), elapsed: Duration::from_secs_f64(elapsed) };
            let place = airtime.begin(at(wall), clocks);
            airtime.end(place.at, Duration::from_secs(1));
            (place.at.as_millisecond() as f64 / 1_000.0, place.gap.map(|(_, cause)| cause))
        };
        arrivals.iter().map(&mut place).collect()
    }

    #[test]
    fn frames_that_come_a_little_early_or_late_do_not_move_it() {
        let placed = placed(&[(100.0, 0.0), (101.2, 1.2), (101.9, 0.7)]);
        assert_eq!(placed, [(100.0, None), (101.0, None), (102.0, None)]);
    }

    #[test]
    fn a_clock_that_drifts_is_followed_slowly() {
        assert_eq!(placed(&[(100.0, 0.0), (102.0, 2.0)]), [(100.0, None), (101.02, None)]);
        assert_eq!(placed(&[(100.0, 0.0), (98.0, 0.1)]), [(100.0, None), (100.98, None)]);
    }

    #[test]
    fn a_silence_is_told_from_a_clock_that_was_set() {
        assert_eq!(placed(&[(100.0, 0.0), (161.0, 61.0)])[1], (161.0, Some(Cause::Silent)));
        assert_eq!(placed(&[(100.0, 0.0), (3_701.0, 1.0)])[1], (3_701.0, Some(Cause::ClockSet)));
        assert_eq!(placed(&[(5_000.0, 0.0), (1_401.0, 1.0)])[1], (1_401.0, None));
    }

    #[test]
    fn small_steps_of_the_clock_cost_nothing() {
        assert_eq!(placed(&[(100.0, 0.0), (100.0, 1.0)])[1], (100.98, None));
        assert_eq!(placed(&[(100.0, 0.0), (102.0, 1.0)])[1], (101.02, None));
    }
}
