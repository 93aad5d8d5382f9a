//! What comes of a schedule: who wins where two want the same time, and what happens when the clocks change.

use std::collections::HashMap;
use std::ops::Range;

use guide::Schedule;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use station::schedule::{Change, Days, Exception, OneOff, Rule};
use station::{Broadcast, OneOffId, ProgrammeId, RuleId, ServiceId, StationId, Timestamp};

const STATION: StationId = StationId(1);
const NEWS: ServiceId = ServiceId(1);

fn schedule(zone: &str, rules: Vec<Rule>) -> Schedule {
    let titles = (1..100).map(|id| (ProgrammeId(id), format!("Programme {id}"))).collect::<HashMap<_, _>>();
    let zone = TimeZone::get(zone).expect("the test names a zone");
    Schedule { zone, titles, rules, exceptions: Vec::new(), one_offs: Vec::new() }
}

/// A rule whose programme and id are both `id`, valid from the beginning of 2026.
fn rule(id: i64, days: Days, start: &str, minutes: u32) -> Rule {
    Rule {
        id: RuleId(id),
        station: STATION,
        service: NEWS,
        programme: ProgrammeId(id),
        title: None,
        days,
        start: start.parse().expect("the test writes a time"),
        minutes,
        valid_from: date("2026-01-01"),
        valid_until: None,
    }
}

fn exception(rule: i64, on: &str, change: Change) -> Exception {
    Exception { station: STATION, rule: RuleId(rule), date: date(on), change }
}

fn one_off(id: i64, start: &str, end: &str) -> OneOff {
    OneOff {
        id: OneOffId(id),
        station: STATION,
        service: NEWS,
        programme: ProgrammeId(id),
        title: Some(format!("Special {id}")),
        start: moment(start),
        end: moment(end),
    }
}

fn date(text: &str) -> Date {
    text.parse().expect("the test writes a date")
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("the test writes a moment")
}

fn span(start: &str, end: &str) -> Range<Timestamp> {
    moment(start)..moment(end)
}

/// The broadcasts between two wall times, as a person would write them down in the schedule's zone.
fn written(schedule: &Schedule, start: &str, end: &str) -> Vec<String> {
    let wall = |text: &str| {
        let wall = text.parse::<jiff::civil::DateTime>().expect("the test writes a wall time");
        schedule.zone.to_timestamp(wall).expect("the time exists")
    };
    schedule.resolve(wall(start)..wall(end)).iter().map(|broadcast| line(schedule, broadcast)).collect()
}

fn line(schedule: &Schedule, broadcast: &Broadcast) -> String {
    let shown =
        |moment: Timestamp| moment.to_zoned_datetime(schedule.zone.clone()).strftime("%d %H:%M %:::z").to_string();
    format!("{} to {}: {}", shown(broadcast.start), shown(broadcast.end), broadcast.title)
}

mod week {
    use super::*;

    #[test]
    fn a_rule_is_broadcast_on_its_days_while_it_is_valid() {
        let mut morning = rule(1, Days::of(&[Weekday::Monday, Weekday::Wednesday]), "06:00", 180);
        (morning.valid_from, morning.valid_until) = (date("2026-11-23"), Some(date("2026-11-30")));
        let schedule = schedule("America/New_York", vec![morning]);
        assert_eq!(
            written(&schedule, "2026-11-01T00:00", "2026-12-31T00:00"),
            [
                "23 06:00 -05 to 23 09:00 -05: Programme 1",
                "25 06:00 -05 to 25 09:00 -05: Programme 1",
                "30 06:00 -05 to 30 09:00 -05: Programme 1",
            ]
        );
    }

    #[test]
    fn a_broadcast_runs_on_over_midnight_and_into_the_new_year() {
        let night = rule(1, Days::of(&[Weekday::Thursday]), "22:00", 480);
        let schedule = schedule("America/New_York", vec![night]);
        assert_eq!(
            written(&schedule, "2027-01-01T00:00", "2027-01-01T01:00"),
            ["31 22:00 -05 to 01 06:00 -05: Programme 1"]
        );
    }

    #[test]
    fn a_broadcast_may_last_the_whole_week() {
        let always = rule(1, Days::of(&[Weekday::Tuesday]), "03:00", 10_080);
        let schedule = schedule("Europe/London", vec![always]);
        assert_eq!(
            written(&schedule, "2026-06-10T00:00", "2026-06-10T00:01"),
            ["09 03:00 +01 to 16 03:00 +01: Programme 1"]
        );
    }

    #[test]
    fn an_airing_has_the_title_of_its_rule_or_of_its_programme() {
        let mut repeated = rule(2, Days::ALL, "07:00", 60);
        repeated.title = Some("Once more".into());
        let schedule = schedule("Europe/London", vec![rule(1, Days::ALL, "06:00", 60), repeated]);
        let broadcasts = schedule.resolve(span("2026-01-10T06:00:00Z", "2026-01-10T08:00:00Z"));
        assert_eq!(broadcasts.iter().map(|b| b.title.as_str()).collect::<Vec<_>>(), ["Programme 1", "Once more"]);
    }

    #[test]
    fn services_do_not_get_in_each_others_way() {
        let elsewhere = Rule { service: ServiceId(2), ..rule(2, Days::ALL, "06:30", 60) };
        let schedule = schedule("Europe/London", vec![rule(1, Days::ALL, "06:00", 60), elsewhere]);
        let day = span("2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z");
        assert_eq!(schedule.resolve(day.clone()).len(), 2);
        assert_eq!(schedule.conflicts(day), []);
    }
}

mod precedence {
    use super::*;

    fn an_ordinary_morning() -> Schedule {
        schedule(
            "America/New_York",
            vec![rule(1, Days::ALL, "06:00", 180), rule(2, Days::ALL, "09:00", 60), rule(3, Days::ALL, "10:00", 120)],
        )
    }

    #[test]
    fn a_one_off_cuts_splits_and_drops_what_the_rules_say() {
        let mut schedule = an_ordinary_morning();
        schedule.one_offs = vec![
            one_off(20, "2026-11-24T13:30:00Z", "2026-11-24T15:15:00Z"), // 08:30 to 10:15
            one_off(21, "2026-11-24T12:00:00Z", "2026-11-24T12:10:00Z"), // 07:00 to 07:10
        ];
        assert_eq!(
            written(&schedule, "2026-11-24T00:00", "2026-11-25T00:00"),
            [
                "24 06:00 -05 to 24 07:00 -05: Programme 1",
                "24 07:00 -05 to 24 07:10 -05: Special 21",
                "24 07:10 -05 to 24 08:30 -05: Programme 1",
                "24 08:30 -05 to 24 10:15 -05: Special 20",
                "24 10:15 -05 to 24 12:00 -05: Programme 3",
            ]
        );
        assert_eq!(schedule.conflicts(span("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z")), []);
    }

    #[test]
    fn of_two_one_offs_the_later_start_wins_and_the_conflict_is_named() {
        let mut schedule = schedule("America/New_York", Vec::new());
        schedule.one_offs = vec![
            one_off(20, "2026-11-24T13:00:00Z", "2026-11-24T15:00:00Z"),
            one_off(21, "2026-11-24T14:00:00Z", "2026-11-24T16:00:00Z"),
        ];
        assert_eq!(
            written(&schedule, "2026-11-24T00:00", "2026-11-25T00:00"),
            ["24 08:00 -05 to 24 09:00 -05: Special 20", "24 09:00 -05 to 24 11:00 -05: Special 21"]
        );
        let conflicts = schedule.conflicts(span("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"));
        assert_eq!(conflicts.len(), 1);
        assert_eq!(
            (conflicts[0].winner.title.as_str(), conflicts[0].loser.title.as_str()),
            ("Special 21", "Special 20")
        );
        assert_eq!(conflicts[0].start..conflicts[0].end, span("2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z"));
    }

    #[test]
    fn a_newer_rule_covers_an_older_one_and_the_conflict_is_named() {
        let newer = Rule { valid_from: date("2026-11-24"), ..rule(9, Days::ALL, "05:00", 120) };
        let mut schedule = an_ordinary_morning();
        schedule.rules.insert(0, newer);
        assert_eq!(
            written(&schedule, "2026-11-24T00:00", "2026-11-24T09:00"),
            ["24 05:00 -05 to 24 07:00 -05: Programme 9", "24 07:00 -05 to 24 09:00 -05: Programme 1"]
        );
        let conflicts = schedule.conflicts(span("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"));
        assert_eq!(conflicts.len(), 1);
        assert_eq!((conflicts[0].winner.programme, conflicts[0].loser.programme), (ProgrammeId(9), ProgrammeId(1)));
    }

    #[test]
    fn of_rules_equally_old_the_later_start_wins() {
        let within = rule(9, Days::ALL, "07:00", 30);
        let mut schedule = an_ordinary_morning();
        schedule.rules.insert(0, within);
        assert_eq!(
            written(&schedule, "2026-11-24T00:00", "2026-11-24T09:00"),
            [
                "24 06:00 -05 to 24 07:00 -05: Programme 1",
                "24 07:00 -05 to 24 07:30 -05: Programme 9",
                "24 07:30 -05 to 24 09:00 -05: Programme 1",
            ]
        );
    }

    #[test]
    fn an_exception_cancels_moves_or_replaces_on_its_date_alone() {
        let mut schedule = an_ordinary_morning();
        let moved = Change::Moved { start: Time::constant(10, 30, 0, 0), minutes: 30 };
        let replaced = Change::Replaced { programme: ProgrammeId(7), title: None };
        schedule.exceptions = vec![
            exception(1, "2026-11-24", Change::Cancelled),
            exception(2, "2026-11-24", moved),
            exception(1, "2026-11-25", replaced),
        ];
        assert_eq!(
            written(&schedule, "2026-11-24T00:00", "2026-11-25T10:00"),
            [
                "24 10:00 -05 to 24 10:30 -05: Programme 3",
                "24 10:30 -05 to 24 11:00 -05: Programme 2",
                "24 11:00 -05 to 24 12:00 -05: Programme 3",
                "25 06:00 -05 to 25 09:00 -05: Programme 7",
                "25 09:00 -05 to 25 10:00 -05: Programme 2",
            ]
        );
        let conflicts = schedule.conflicts(span("2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z"));
        assert_eq!(conflicts.len(), 1, "a programme moved onto another is worth a word: {conflicts:?}");
        assert_eq!((conflicts[0].winner.programme, conflicts[0].loser.programme), (ProgrammeId(2), ProgrammeId(3)));
    }

    #[test]
    fn nothing_lasts_no_time_or_less() {
        let mut schedule = schedule("America/New_York", vec![rule(1, Days::ALL, "06:00", 0)]);
        schedule.one_offs = vec![
            one_off(20, "2026-11-24T13:00:00Z", "2026-11-24T13:00:00Z"),
            one_off(21, "2026-11-24T14:00:00Z", "2026-11-24T13:00:00Z"),
        ];
        assert_eq!(schedule.resolve(span("2026-11-20T00:00:00Z", "2026-11-30T00:00:00Z")), []);
    }
}

/// What `docs/schedule.md` tells people about the nights when the clocks change.
mod clocks_change {
    use super::*;
    use jiff::SignedDuration;

    fn at_half_past_two(zone: &str, minutes: u32) -> Schedule {
        schedule(zone, vec![rule(1, Days::ALL, "02:30", minutes)])
    }

    #[test]
    fn the_table_for_new_york_holds() {
        let rows = [
            ("22:00", 480, [480, 420, 540]),
            ("01:00", 60, [60, 60, 120]),
            ("01:00", 30, [30, 30, 30]),
            ("01:30", 30, [30, 30, 90]),
            ("02:00", 60, [60, 0, 60]),
            ("02:30", 60, [60, 30, 60]),
        ];
        // The nights before these noons: an ordinary one, the one in March, the one in November.
        let noons = ["2026-06-10T12:00:00-04:00", "2026-03-08T12:00:00-04:00", "2026-11-01T12:00:00-05:00"];
        for (start, minutes, lasts) in rows {
            let schedule = schedule("America/New_York", vec![rule(1, Days::ALL, start, minutes)]);
            for (noon, expected) in noons.into_iter().zip(lasts) {
                let night = moment(noon) - SignedDuration::from_hours(15)..moment(noon);
                let broadcasts = schedule.resolve(night);
                let lasted: i64 = broadcasts.iter().map(|b| b.end.duration_since(b.start).as_mins()).sum();
                assert_eq!(lasted, expected, "{start}, {minutes} minutes, before {noon}");
            }
        }
    }

    #[test]
    fn a_start_that_is_skipped_waits_for_the_jump() {
        let schedule = at_half_past_two("America/New_York", 60);
        assert_eq!(
            written(&schedule, "2026-03-07T00:00", "2026-03-10T00:00"),
            [
                "07 02:30 -05 to 07 03:30 -05: Programme 1",
                "08 03:00 -04 to 08 03:30 -04: Programme 1",
                "09 02:30 -04 to 09 03:30 -04: Programme 1",
            ]
        );
    }

    #[test]
    fn what_lies_wholly_in_the_skipped_hour_is_not_broadcast_that_night() {
        let schedule = at_half_past_two("America/New_York", 30);
        assert_eq!(
            written(&schedule, "2026-03-07T00:00", "2026-03-10T00:00"),
            ["07 02:30 -05 to 07 03:00 -05: Programme 1", "09 02:30 -04 to 09 03:00 -04: Programme 1"]
        );
    }

    #[test]
    fn a_start_that_exists_twice_is_the_first_and_happens_once() {
        // In Sydney the hour from two to three runs twice, at first at +11.
        let schedule = at_half_past_two("Australia/Sydney", 15);
        assert_eq!(
            written(&schedule, "2026-04-05T00:00", "2026-04-06T00:00"),
            ["05 02:30 +11 to 05 02:45 +11: Programme 1"]
        );
    }

    #[test]
    fn what_holds_the_last_minute_of_the_doubled_hour_lasts_longer() {
        let schedule = at_half_past_two("Australia/Sydney", 30);
        assert_eq!(
            written(&schedule, "2026-04-05T00:00", "2026-04-06T00:00"),
            ["05 02:30 +11 to 05 03:00 +10: Programme 1"]
        );
    }
}

/// Ten years in the zones with the oddest clocks, for weeks and schedules that chance has made.
mod years {
    use super::*;
    use jiff::tz::AmbiguousOffset;
    use jiff::{SignedDuration, ToSpan};
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    const ZONES: [&str; 8] = [
        "America/New_York",
        "Europe/London",
        "Australia/Sydney",
        "Australia/Lord_Howe", // half an hour
        "America/St_Johns",    // one minute past midnight, until 2011
        "Pacific/Apia",        // a whole day, in 2011
        "Africa/Cairo",        // at midnight; several times a year in 2010 and 2014
        "America/Santiago",    // at midnight, on dates that change from year to year
    ];

    const WEEK_MINUTES: u32 = 7 * 24 * 60;

    fn a_zone() -> impl Strategy<Value = &'static str> {
        prop::sample::select(&ZONES[..])
    }

    fn ten_years(from: i16) -> Range<Timestamp> {
        let start = TimeZone::UTC.to_timestamp(Date::constant(from, 1, 1).at(0, 0, 0, 0)).expect("a year of this age");
        start..start + SignedDuration::from_hours(24 * 3652)
    }

    /// A week cut into programmes at these minutes; the last runs on into the first cut of the next week.
    fn tiled(zone: &str, cuts: &[u32]) -> Schedule {
        let ends = cuts.iter().skip(1).copied().chain([cuts[0] + WEEK_MINUTES]);
        let rules = cuts.iter().zip(ends).enumerate().map(|(index, (start, end))| Rule {
            days: Days(1 << (start / 1440)),
            start: Time::midnight() + i64::from(start % 1440).minutes(),
            valid_from: date("2000-01-01"),
            ..rule(index as i64 + 1, Days::ALL, "00:00", end - start)
        });
        schedule(zone, rules.collect())
    }

    /// Which rule holds the wall time that a clock shows at `moment`. Where it shows a time again, the time has not
    /// gone on for the schedule: the rule is the one of the last minute before the clock was put back.
    fn expected(schedule: &Schedule, cuts: &[u32], moment: Timestamp) -> i64 {
        let mut wall = schedule.zone.to_datetime(moment);
        if let AmbiguousOffset::Fold { before, after } = schedule.zone.to_ambiguous_timestamp(wall).offset()
            && schedule.zone.to_offset(moment) == after
        {
            let put_back = schedule.zone.preceding(moment + 1.nanosecond()).next().expect("a fold has a cause");
            wall = before.to_datetime(put_back.timestamp() - 1.nanosecond());
        }
        let minute =
            wall.weekday().to_monday_zero_offset() as u32 * 1440 + wall.hour() as u32 * 60 + wall.minute() as u32;
        let begun = cuts.partition_point(|cut| *cut <= minute);
        if begun == 0 { cuts.len() as i64 } else { begun as i64 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_week_without_gap_makes_years_without_gap(
            zone in a_zone(),
            first_year in 2005_i16..2030,
            cuts in btree_set((0..WEEK_MINUTES / 5).prop_map(|fives| fives * 5), 1..40),
            samples in vec(any::<prop::sample::Index>(), 200),
        ) {
            let cuts: Vec<u32> = cuts.into_iter().collect();
            let schedule = tiled(zone, &cuts);
            let span = ten_years(first_year);
            let broadcasts = schedule.resolve(span.clone());

            prop_assert!(broadcasts.first().expect("something is on").start <= span.start);
            prop_assert!(broadcasts.last().expect("something is on").end >= span.end);
            for pair in broadcasts.windows(2) {
                prop_assert_eq!(pair[0].end, pair[1].start, "gap or overlap after {}", line(&schedule, &pair[0]));
            }
            prop_assert_eq!(schedule.conflicts(span.clone()), []);

            let minutes = (span.end.duration_since(span.start).as_secs() / 60) as usize;
            let near_changes = schedule.zone.following(span.start).take_while(|change| change.timestamp() < span.end)
                .flat_map(|change| (-90..=90).map(move |minute: i64| change.timestamp() + minute.minutes()));
            let anywhere = samples.iter().map(|at| span.start + (at.index(minutes) as i64).minutes());
            for moment in near_changes.chain(anywhere).filter(|moment| span.contains(moment)) {
                let on = &broadcasts[broadcasts.partition_point(|broadcast| broadcast.end <= moment)];
                prop_assert_eq!(on.programme.0, expected(&schedule, &cuts, moment), "at {} in {}", moment, zone);
            }
        }

        #[test]
        fn an_answer_does_not_depend_on_the_span_asked_for(
            zone in a_zone(),
            rules in vec(a_rule(), 0..12),
            exceptions in vec((any::<prop::sample::Index>(), 0..60_i64, a_change()), 0..12),
            one_offs in vec((0..90_000_i64, 1..3_000_i64), 0..8),
            parts in btree_set(0..90_000_i64, 0..20),
        ) {
            let mut schedule = schedule(zone, Vec::new());
            let start = moment("2026-02-20T00:00:00Z");
            let minute = |minutes: i64| start + minutes.minutes();
            schedule.rules = rules.into_iter().enumerate().map(|(index, rule)| Rule { id: RuleId(index as i64), ..rule }).collect();
            schedule.exceptions = exceptions.into_iter().filter(|_| !schedule.rules.is_empty()).map(|(rule, day, change)| {
                let rule = rule.get(&schedule.rules).id;
                Exception { station: STATION, rule, date: date("2026-02-20") + day.days(), change }
            }).collect();
            schedule.one_offs = one_offs.into_iter().enumerate().map(|(index, (start, minutes))| {
                let (start, end) = (minute(start), minute(start + minutes));
                OneOff { start, end, ..one_off(50 + index as i64, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z") }
            }).collect();

            let whole = schedule.resolve(start..minute(90_000));
            for pair in whole.windows(2) {
                prop_assert!(pair[0].start < pair[0].end && pair[0].end <= pair[1].start);
            }
            let edges: Vec<i64> = [0].into_iter().chain(parts).chain([90_000]).collect();
            let mut in_parts: Vec<Broadcast> =
                edges.windows(2).flat_map(|edge| schedule.resolve(minute(edge[0])..minute(edge[1]))).collect();
            in_parts.dedup();
            prop_assert_eq!(in_parts, whole);
        }
    }

    fn a_rule() -> impl Strategy<Value = Rule> {
        (1..40_i64, 1..128_u8, 0..1440_i64, 1..=WEEK_MINUTES, 0..60_i64, prop::option::of(0..60_i64)).prop_map(
            |(id, days, start, minutes, from, until)| Rule {
                start: Time::midnight() + start.minutes(),
                valid_from: date("2026-02-10") + from.days(),
                valid_until: until.map(|until| date("2026-02-20") + until.days()),
                ..rule(id, Days(days), "00:00", minutes)
            },
        )
    }

    fn a_change() -> impl Strategy<Value = Change> {
        prop_oneof![
            Just(Change::Cancelled),
            (0..1440_i64, 1..3_000_u32)
                .prop_map(|(start, minutes)| Change::Moved { start: Time::midnight() + start.minutes(), minutes }),
            (40..50_i64).prop_map(|id| Change::Replaced { programme: ProgrammeId(id), title: None }),
        ]
    }
}
