//! When what comes in is on the air: what HLS and the tape have in common about it.
//!
//! Frames come in bursts, so the moment at which one came in says little; counted samples say when it was heard. Who counts
//! follows the wall clock in small steps, and starts anew where the two part at once: nothing was sent, or somebody set the
//! machine's clock.

use jiff::SignedDuration;
use station::Timestamp;

/// By so much, at most, is a segment or a record moved where frames are only a little off.
pub(crate) const SLEW_MAX: SignedDuration = SignedDuration::from_millis(20);
/// From so far behind the wall clock, there was a gap.
pub(crate) const GAP_MIN: SignedDuration = SignedDuration::from_secs(2);
/// From so far ahead of it, the machine's clock was set back. A source may be ahead by less, having sent its first seconds
/// at once.
pub(crate) const LEAD_MAX: SignedDuration = SignedDuration::from_secs(30);

/// True if what came in at `arrived` cannot be what was to follow at `expected`.
pub(crate) fn is_apart(expected: Timestamp, arrived: Timestamp) -> bool {
    let behind = arrived.duration_since(expected);
    behind >= GAP_MIN || behind <= -LEAD_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seconds_late_is_a_gap_and_half_a_minute_early_is_another_clock() {
        let expected = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100);
        let at = |ms: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_millis(ms);
        for (ms, apart) in [(101_999, false), (102_000, true), (70_001, false), (70_000, true)] {
            assert_eq!(is_apart(expected, at(ms)), apart, "{ms}");
        }
    }
}
