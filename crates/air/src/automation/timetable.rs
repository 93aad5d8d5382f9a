//! When timed pieces start: from times of day to instants. Pure.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use station::rotation::{Start, Timed};
use station::{Timestamp, wall};

/// How far ahead the next start is looked for.
const AHEAD_DAYS: i32 = 8;

/// One start of something timed.
#[derive(Clone, Copy, Debug)]
pub struct Occurrence<'a> {
    /// When.
    pub at: Timestamp,
    /// What.
    pub timed: &'a Timed,
}

/// What starts after `from`, up to and including `to`, in order. What the clocks skip starts when they jump; what they
/// show twice starts once, at the first of the two.
pub fn between<'a>(timed: &'a [Timed], zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Occurrence<'a>> {
    // A day more on either side than the calendar says: a zone may skip or repeat one.
    let first = zone.to_datetime(from).date().saturating_sub(1.day());
    let last = zone.to_datetime(to).date().saturating_add(1.day());
    let dates = || first.series(1.day()).take_while(|date| *date <= last);
    let start = |timed: &'a Timed, date: Date| {
        let wall = date.to_datetime(timed.time);
        wall::instant(zone, wall).filter(|at| from < *at && *at <= to).map(|at| (at, wall, timed))
    };
    let on =
        dates().flat_map(|date| timed.iter().filter(move |timed| timed.is_on(date)).map(move |timed| (timed, date)));
    let mut starts: Vec<_> = on.filter_map(|(timed, date)| start(timed, date)).collect();
    starts.sort_by_key(|(at, wall, _)| (*at, *wall));
    starts.into_iter().map(|(at, _, timed)| Occurrence { at, timed }).collect()
}

/// The next start after `moment`, of one kind or of any.
pub fn next_after(timed: &[Timed], zone: &TimeZone, moment: Timestamp, kind: Option<Start>) -> Option<Timestamp> {
    let wanted: Vec<Timed> =
        timed.iter().filter(|timed| kind.is_none_or(|kind| timed.start == kind)).cloned().collect();
    if wanted.is_empty() {
        return None;
    }
    let until = |days: i32| moment.checked_add((24 * days).hours()).unwrap_or(Timestamp::MAX);
    // Nearly always it is today.
    let soon = || between(&wanted, zone, moment, until(1)).first().map(|next| next.at);
    soon().or_else(|| between(&wanted, zone, moment, until(AHEAD_DAYS)).first().map(|next| next.at))
}

#[cfg(test)]
mod tests {
    use station::PieceId;
    use station::rotation::Slot;
    use station::schedule::Days;

    use super::*;

    fn daily(time: &str) -> Timed {
        Timed {
            what: Slot::Piece(PieceId(1)),
            days: Days::ALL,
            time: time.parse().unwrap(),
            start: Start::Hard,
            valid_from: None,
            valid_until: None,
        }
    }

    fn starts(timed: &[Timed], from: &str, to: &str) -> Vec<String> {
        let zone = TimeZone::get("America/New_York").unwrap();
        let found = between(timed, &zone, from.parse().unwrap(), to.parse().unwrap());
        found.iter().map(|start| start.at.to_string()).collect()
    }

    #[test]
    fn a_time_of_day_is_an_instant_on_each_of_its_days() {
        let mut news = daily("12:00:30");
        news.days = Days::WEEKDAYS;
        // 27 November 2026 is a Friday.
        let found = starts(&[news], "2026-11-27T00:00:00Z", "2026-12-01T00:00:00Z");
        assert_eq!(found, ["2026-11-27T17:00:30Z", "2026-11-30T17:00:30Z"]);
    }

    #[test]
    fn on_the_nights_when_the_clocks_change_each_starts_once() {
        let timed = [daily("01:30"), daily("02:30")];
        // In March half past two is skipped: it starts at the jump.
        let found = starts(&timed, "2026-03-08T05:00:00Z", "2026-03-08T12:00:00Z");
        assert_eq!(found, ["2026-03-08T06:30:00Z", "2026-03-08T07:00:00Z"]);
        // In November half past one comes twice: it starts at the first.
        let found = starts(&timed, "2026-11-01T04:00:00Z", "2026-11-01T12:00:00Z");
        assert_eq!(found, ["2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z"]);
    }

    #[test]
    fn the_next_start_may_be_a_week_away() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let mut weekly = daily("12:00");
        weekly.days = "mon".parse().unwrap();
        let next = next_after(&[weekly], &zone, "2026-11-23T17:00:00Z".parse().unwrap(), Some(Start::Hard));
        assert_eq!(next.unwrap().to_string(), "2026-11-30T17:00:00Z");
    }
}
