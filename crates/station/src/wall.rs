//! From the clock on the wall to the instant: one rule, which never turns time around.
//!
//! - A time that the wall clock skips (spring) is the moment at which it skips.
//! - A time that the wall clock shows twice (autumn) is the first of the two.
//!
//! The schedule and automation's timed pieces both go by it. Of two wall times the later one is therefore never the
//! earlier instant. Start and end of every broadcast pass through here separately, and that is all it takes: where one
//! programme's wall time ends and another's begins, their instants meet as well. A skipped hour shortens what would
//! have been on, down to nothing; a doubled hour lengthens what holds its last minute.

use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::Timestamp;

/// The instant of a wall time in `zone`; `None` for dates beyond what a timestamp can hold.
pub fn instant(zone: &TimeZone, wall: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok(),
        AmbiguousOffset::Gap { before, after } => jump(zone, wall, before, after),
    }
}

/// The moment at which the clock jumps from offset `before` to offset `after`, skipping `wall`.
fn jump(zone: &TimeZone, wall: DateTime, before: Offset, after: Offset) -> Option<Timestamp> {
    // Had the clock not jumped, it would show `wall` at this moment: at the jump, or so far after it as `wall` lies
    // within the gap.
    let unjumped = before.to_timestamp(wall).ok()?;
    let just_after = unjumped.checked_add(1.nanosecond()).ok()?;
    zone.preceding(just_after)
        .take(4) // A zone may change its name or its rules near a jump; it does not do so often.
        .find(|transition| transition.offset() == after)
        .map(|transition| transition.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(zone: &str, wall: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        instant(&zone, wall.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_skipped_time_is_the_moment_of_the_jump() {
        for wall in ["2026-03-08T02:00", "2026-03-08T02:30", "2026-03-08T02:59:59", "2026-03-08T03:00"] {
            assert_eq!(shows("America/New_York", wall), "2026-03-08T07:00:00Z", "{wall}");
        }
        assert_eq!(shows("America/New_York", "2026-03-08T01:59"), "2026-03-08T06:59:00Z");
    }

    #[test]
    fn a_doubled_time_is_the_first_of_the_two() {
        assert_eq!(shows("America/New_York", "2026-11-01T01:00"), "2026-11-01T05:00:00Z");
        assert_eq!(shows("America/New_York", "2026-11-01T01:30"), "2026-11-01T05:30:00Z");
        assert_eq!(shows("America/New_York", "2026-11-01T02:00"), "2026-11-01T07:00:00Z");
    }

    #[test]
    fn half_an_hour_and_a_whole_day_can_be_skipped_too() {
        // Lord Howe Island puts its clocks forward by thirty minutes.
        assert_eq!(shows("Australia/Lord_Howe", "2026-10-04T02:15"), "2026-10-03T15:30:00Z");
        // Samoa left out 30 December 2011 to change sides of the date line.
        assert_eq!(shows("Pacific/Apia", "2011-12-30T00:00"), "2011-12-30T10:00:00Z");
        assert_eq!(shows("Pacific/Apia", "2011-12-30T18:00"), "2011-12-30T10:00:00Z");
        assert_eq!(shows("Pacific/Apia", "2011-12-31T00:00"), "2011-12-30T10:00:00Z");
    }

    #[test]
    fn midnight_may_be_what_is_skipped_or_doubled() {
        assert_eq!(shows("Africa/Cairo", "2026-04-24T00:30"), "2026-04-23T22:00:00Z");
        assert_eq!(shows("Africa/Cairo", "2026-10-29T23:30"), "2026-10-29T20:30:00Z");
        assert_eq!(shows("Africa/Cairo", "2026-10-30T00:00"), "2026-10-29T22:00:00Z");
    }
}
