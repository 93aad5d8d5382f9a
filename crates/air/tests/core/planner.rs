//! What is planned: by rule, whatever the library, the week and the clocks are like.

use std::collections::HashMap;

use air::automation::planner::{Planned, Planner, Relaxed, Sheet, Why};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
use station::library::{DayPart, Link};
use station::rotation::{Category, GridRow, HourClock, Slot, Start, Timed};
use station::schedule::Days;
use station::{Piece, PieceId, ProgrammeId, Rotation, ServiceId, Slug, Spin, StationId, Timestamp};

const STATION: StationId = StationId(1);
const SERVICE: ServiceId = ServiceId(1);

fn at(moment: &str) -> Timestamp {
    moment.parse().expect("the test writes a moment")
}

fn slug(name: &str) -> Slug {
    Slug::parse(name).expect("the test writes a slug")
}

/// A piece whose title is its id.
fn piece(id: i64, category: &str, artist: &str, seconds: i64) -> Piece {
    Piece {
        artist: artist.to_owned(),
        category: Some(slug(category)),
        duration_ms: seconds * 1_000,
        ..Piece::new(PieceId(id), STATION, SERVICE, id.to_string())
    }
}

fn category(name: &str, artist_minutes: u32, title_minutes: u32) -> Category {
    Category { slug: slug(name), title: name.to_owned(), artist_minutes, title_minutes, crossfade_ms: 0 }
}

fn timed(id: i64, time: &str, start: Start) -> Timed {
    let what = Slot::Piece(PieceId(id));
    let time = time.parse().expect("the test writes a time");
    Timed { what, days: Days::ALL, time, start, valid_from: None, valid_until: None }
}

/// One clock for every hour, with these slots.
fn sheet(pieces: Vec<Piece>, categories: Vec<Category>, slots: Vec<Slot>) -> Sheet {
    let rotation = Rotation {
        categories,
        clocks: vec![HourClock { slug: slug("any"), title: "Any hour".into(), slots }],
        grid: vec![GridRow { days: Days::ALL, from_hour: 0, to_hour: 24, clock: slug("any") }],
        ..Rotation::none(STATION, SERVICE)
    };
    assert_eq!(rotation.faults(), []);
    Sheet { pieces, rotation, zone: TimeZone::get("America/New_York").expect("the zone is known") }
}

fn songs(slots: usize) -> Vec<Slot> {
    vec![Slot::Category(slug("song")); slots]
}

fn planner(sheet: Sheet, now: &str) -> Planner {
    Planner::new(sheet, &[], at(now), 7)
}

/// The ids of what is planned.
fn ids(plan: &[(Timestamp, Planned)]) -> Vec<i64> {
    plan.iter().map(|(_, planned)| planned.piece.id.0).collect()
}

fn start_of(plan: &[(Timestamp, Planned)], id: i64) -> String {
    let found = plan.iter().find(|(_, planned)| planned.piece.id == PieceId(id));
    found.map(|(start, _)| start.to_string()).unwrap_or_else(|| panic!("{id} is not planned: {:?}", ids(plan)))
}

mod fades {
    use std::time::Duration;

    use super::*;

    /// How one piece goes over into another, of categories that fade for so long.
    fn fade(going: (i64, Why, u32), coming: (i64, Why, u32)) -> Duration {
        let fading = |name, (_, _, crossfade_ms)| Category { crossfade_ms, ..category(name, 0, 0) };
        let categories = vec![fading("going", going), fading("coming", coming)];
        let planner = planner(sheet(Vec::new(), categories, vec![Slot::Category(slug("going"))]), NOON);
        let planned = |id, name, (seconds, why, _)| Planned {
            piece: piece(id, name, "The Hum", seconds),
            why,
            relaxed: Relaxed::Nothing,
        };
        planner.crossfade(&planned(1, "going", going), &planned(2, "coming", coming))
    }

    const NOON: &str = "2026-11-24T17:00:00Z";

    #[test]
    fn the_shorter_fade_counts_and_both_must_fade() {
        let song = (200, Why::Clock, 4_000);
        assert_eq!(fade(song, song), Duration::from_secs(4));
        assert_eq!(fade(song, (200, Why::Queued, 1_500)), Duration::from_millis(1_500));
        for other in [(200, Why::Clock, 0), (200, Why::Timed, 4_000)] {
            assert_eq!(fade(song, other), Duration::ZERO, "{other:?} begins whole");
            assert_eq!(fade(other, song), Duration::ZERO, "{other:?} is heard to its end");
        }
    }

    #[test]
    fn a_short_piece_does_not_fade_away_altogether() {
        assert_eq!(fade((200, Why::Clock, 4_000), (6, Why::Clock, 4_000)), Duration::from_secs(2));
    }
}

mod rules {
    use super::*;

    #[test]
    fn an_hour_asks_for_its_slots_in_order_and_begins_again() {
        let pieces = vec![piece(1, "ident", "", 10), piece(2, "song", "A", 200), piece(3, "song", "B", 200)];
        let slots = vec![Slot::Ident(slug("ident")), Slot::Category(slug("song")), Slot::Category(slug("song"))];
        let categories = vec![category("ident", 0, 0), category("song", 0, 5)];
        let plan =
            planner(sheet(pieces, categories, slots), "2026-11-24T10:00:00Z").ahead(at("2026-11-24T10:00:00Z"), 6);
        let categories: Vec<_> = plan.iter().map(|(_, planned)| planned.piece.category.clone().unwrap()).collect();
        assert_eq!(categories, ["ident", "song", "song", "ident", "song", "song"].map(slug));
        assert!(plan.iter().all(|(_, planned)| planned.why == Why::Clock));
    }

    #[test]
    fn the_clock_of_the_hour_is_the_one_that_the_grid_says() {
        let pieces = vec![piece(1, "song", "A", 1_500), piece(2, "slow", "B", 1_500)];
        let mut sheet = sheet(pieces, vec![category("song", 0, 0), category("slow", 0, 0)], songs(1));
        let slots = vec![Slot::Category(slug("slow"))];
        sheet.rotation.clocks.push(HourClock { slug: slug("night"), title: "Night".into(), slots });
        let days = Days::of(&[Weekday::Tuesday]);
        sheet.rotation.grid.push(GridRow { days, from_hour: 22, to_hour: 24, clock: slug("night") });
        // Nine in the evening of a Tuesday in New York.
        let plan = planner(sheet, "2026-11-25T02:00:00Z").ahead(at("2026-11-25T02:00:00Z"), 9);
        assert_eq!(ids(&plan), [1, 1, 1, 2, 2, 2, 2, 2, 1]);
    }

    #[test]
    fn automation_that_comes_in_later_begins_where_the_hour_would_be() {
        let mut pieces = vec![piece(1, "ident", "", 10)];
        pieces.extend((2..20).map(|id| piece(id, "song", "", 200)));
        let mut slots = vec![Slot::Ident(slug("ident"))];
        slots.extend(songs(18));
        let sheet = sheet(pieces, vec![category("ident", 0, 0), category("song", 0, 60)], slots);
        let plan = planner(sheet, "2026-11-24T10:37:00Z").ahead(at("2026-11-24T10:37:00Z"), 8);
        let idents: Vec<_> = plan.iter().filter(|(_, planned)| planned.piece.id == PieceId(1)).collect();
        assert_eq!(idents.len(), 1, "{:?}", ids(&plan));
        assert!(idents[0].0 >= at("2026-11-24T11:00:00Z") && idents[0].0 < at("2026-11-24T11:03:20Z"));
    }

    #[test]
    fn rules_are_let_go_in_their_order_and_never_is_there_nothing() {
        let moment = "2026-11-24T15:00:00Z";
        let night = DayPart { days: Days::ALL, from: "00:00".parse().unwrap(), to: "05:00".parse().unwrap() };
        let nightly = |id: i64, artist: &str| Piece { day_parts: vec![night], ..piece(id, "song", artist, 180) };
        let other = Piece { category: Some(slug("other")), ..piece(9, "song", "Z", 180) };
        // Piece 1 of artist A was played just before.
        let cases = [
            (vec![piece(2, "song", "B", 180), piece(3, "song", "A", 180)], 2, Relaxed::Nothing),
            (vec![piece(3, "song", "A", 180), nightly(4, "B")], 3, Relaxed::Artist),
            (
                vec![Piece { title: "1 (live)".into(), ..piece(5, "song", "B", 180) }, nightly(4, "B")],
                5,
                Relaxed::Title,
            ),
            (vec![nightly(4, "B"), other.clone()], 4, Relaxed::DayPart),
            (vec![other], 9, Relaxed::Category),
            (vec![], 1, Relaxed::Repeat),
        ];
        for (others, expected, relaxed) in cases {
            let first = piece(1, "song", "A", 180);
            let pieces = [vec![first.clone()], others].concat();
            let mut planner =
                planner(sheet(pieces, vec![category("song", 30, 60), category("other", 0, 0)], songs(1)), moment);
            planner.began(&first, at(moment));
            let next = planner.next(at("2026-11-24T15:03:00Z")).expect("there is always something");
            assert_eq!((next.piece.id.0, next.relaxed), (expected, relaxed));
        }
    }

    #[test]
    fn what_may_not_be_played_any_more_is_not_played_whatever_happens() {
        let moment = "2026-11-24T15:00:00Z";
        let over = Piece { valid_until: Some(at(moment)), ..piece(1, "song", "A", 180) };
        let not_yet = Piece { valid_from: Some(at("2026-11-24T15:00:01Z")), ..piece(2, "song", "A", 180) };
        let mut planner = planner(sheet(vec![over, not_yet], vec![category("song", 0, 0)], songs(2)), moment);
        assert_eq!(planner.next(at(moment)), None);
        assert_eq!(planner.next(at("2026-11-24T15:00:05Z")).unwrap().piece.id, PieceId(2));
    }

    #[test]
    fn what_could_not_be_played_is_left_out_until_nothing_else_is_there() {
        let moment = at("2026-11-24T15:00:00Z");
        let pieces = vec![piece(1, "song", "A", 180), piece(2, "song", "B", 180)];
        let mut planner = planner(sheet(pieces, vec![category("song", 0, 0)], songs(1)), "2026-11-24T15:00:00Z");
        let first = planner.next(moment).unwrap().piece.id;
        planner.skip(first, moment);
        let second = planner.next(moment).unwrap().piece.id;
        assert_ne!(first, second);
        planner.skip(second, moment);
        assert_eq!(planner.next(moment), None);
        assert!(planner.next(moment).is_some(), "after a pause all of it is tried again");
    }

    #[test]
    fn a_weight_of_two_comes_round_twice_as_often() {
        let mut pieces: Vec<Piece> = (0..20).map(|id| piece(id, "song", "", 180)).collect();
        pieces[0].weight = 2;
        let start = at("2026-11-24T15:00:00Z");
        let plan =
            planner(sheet(pieces, vec![category("song", 0, 10)], songs(1)), "2026-11-24T15:00:00Z").ahead(start, 2_000);
        let mut counts: HashMap<i64, f64> = HashMap::new();
        ids(&plan).into_iter().for_each(|id| *counts.entry(id).or_default() += 1.0);
        let others = (1..20).map(|id| counts[&id]).sum::<f64>() / 19.0;
        let ratio = counts[&0] / others;
        assert!((1.7..2.3).contains(&ratio), "{ratio}");
    }

    #[test]
    fn the_programme_that_is_on_has_its_own_idents() {
        let own = Piece { programme: Some(ProgrammeId(5)), ..piece(1, "ident", "", 10) };
        let pieces = vec![own, piece(2, "ident", "", 10)];
        let moment = "2026-11-24T15:00:00Z";
        let mut planner =
            planner(sheet(pieces, vec![category("ident", 0, 0)], vec![Slot::Ident(slug("ident"))]), moment);
        for (programme, expected) in [(None, 2), (Some(5), 1), (Some(6), 2)] {
            planner.set_programme(programme.map(ProgrammeId));
            assert_eq!(planner.next(at(moment)).unwrap().piece.id, PieceId(expected), "{programme:?}");
        }
    }

    #[test]
    fn a_break_is_filled_with_different_pieces_and_not_beyond_its_time() {
        let mut pieces: Vec<Piece> = (1..=4).map(|id| piece(id, "credit", "", 25)).collect();
        pieces.push(piece(9, "song", "", 180));
        let slots = vec![Slot::Break { category: slug("credit"), seconds: 60 }, Slot::Category(slug("song"))];
        let categories = vec![category("credit", 0, 30), category("song", 0, 0)];
        let plan =
            planner(sheet(pieces, categories, slots), "2026-11-24T15:00:00Z").ahead(at("2026-11-24T15:00:00Z"), 7);
        let ids = ids(&plan);
        assert_eq!((ids[2], ids[5], ids[6]), (9, 9, 9), "two breaks of two; then none has rested: {ids:?}");
        let mut credits = [ids[0], ids[1], ids[3], ids[4]];
        credits.sort();
        assert_eq!(credits, [1, 2, 3, 4]);
    }
}

mod links {
    use super::*;

    fn voice(id: i64, after: Option<i64>, before: Option<i64>) -> Piece {
        let link = Link { after: after.map(PieceId), before: before.map(PieceId) };
        Piece { link: Some(link), ..piece(id, "voice", "June Okafor", 15) }
    }

    fn with_voices(voices: Vec<Piece>) -> Planner {
        let mut pieces: Vec<Piece> = (1..=6).map(|id| piece(id, "song", "", 180)).collect();
        pieces.extend(voices);
        let categories = vec![category("song", 0, 10), category("voice", 0, 600)];
        planner(sheet(pieces, categories, songs(1)), "2026-11-24T15:00:00Z")
    }

    fn plan(planner: &mut Planner, count: usize) -> Vec<i64> {
        planner.began(&piece(1, "song", "", 180), at("2026-11-24T14:57:00Z"));
        ids(&planner.ahead(at("2026-11-24T15:00:00Z"), count))
    }

    #[test]
    fn a_voice_track_stands_between_the_two_pieces_that_it_was_spoken_for() {
        let planned = plan(&mut with_voices(vec![voice(20, Some(1), Some(4))]), 12);
        assert_eq!(planned[..2], [20, 4]);
        assert!(!planned[2..].contains(&20), "it was heard: {planned:?}");
    }

    #[test]
    fn one_that_names_a_single_piece_goes_with_that_piece() {
        let looking_back = plan(&mut with_voices(vec![voice(20, Some(1), None)]), 2);
        assert_eq!(looking_back[0], 20);
        let planned = plan(&mut with_voices(vec![voice(20, None, Some(5))]), 8);
        let spoken = planned.iter().position(|id| *id == 20).expect("it is spoken");
        assert_eq!(planned[spoken + 1], 5);
    }

    #[test]
    fn one_that_names_both_does_not_go_with_either_alone() {
        let planned = plan(&mut with_voices(vec![voice(20, Some(2), Some(99))]), 40);
        assert!(!planned.contains(&20), "{planned:?}");
    }

    #[test]
    fn one_that_is_free_goes_where_the_clock_asks_for_it_or_nowhere() {
        let mut pieces: Vec<Piece> = (1..=6).map(|id| piece(id, "song", "", 180)).collect();
        pieces.push(piece(20, "voice", "June Okafor", 15));
        let slots = vec![Slot::Category(slug("song")), Slot::Voice(slug("voice"))];
        let categories = vec![category("song", 0, 10), category("voice", 0, 600)];
        let plan =
            planner(sheet(pieces, categories, slots), "2026-11-24T15:00:00Z").ahead(at("2026-11-24T15:00:00Z"), 9);
        assert_eq!(ids(&plan).iter().filter(|id| **id == 20).count(), 1);
        assert_eq!((ids(&plan)[1], plan[1].1.why), (20, Why::Voice));
    }
}

mod time {
    use super::*;

    /// Songs of 3:20, idents of 10 and 25 seconds that fill, and these starts.
    fn with(starts: Vec<Timed>) -> Sheet {
        let mut pieces: Vec<Piece> = (1..=30).map(|id| piece(id, "song", "", 190 + id)).collect();
        pieces.extend([piece(50, "fill", "", 10), piece(51, "fill", "", 25), piece(60, "news", "", 180)]);
        let categories = vec![category("song", 0, 20), category("fill", 0, 0), category("news", 0, 0)];
        let mut sheet = sheet(pieces, categories, songs(4));
        sheet.rotation.fill = Some(slug("fill"));
        sheet.rotation.timed = starts;
        sheet
    }

    #[test]
    fn what_cuts_in_starts_on_its_second() {
        let sheet = with(vec![timed(60, "10:07:30", Start::Hard)]);
        let plan = planner(sheet, "2026-11-24T15:00:00Z").ahead(at("2026-11-24T15:00:00Z"), 12);
        assert_eq!(start_of(&plan, 60), "2026-11-24T15:07:30Z");
    }

    #[test]
    fn the_time_before_a_start_is_filled_with_what_fits() {
        for start in [Start::Hard, Start::Soft] {
            let sheet = with(vec![timed(60, "10:07:30", start)]);
            let plan = planner(sheet, "2026-11-24T15:00:00Z").ahead(at("2026-11-24T15:00:00Z"), 12);
            let before: Vec<_> = plan.iter().take_while(|(_, planned)| planned.piece.id != PieceId(60)).collect();
            assert!(before.iter().any(|(_, planned)| planned.why == Why::Fill), "{start:?}: {:?}", ids(&plan));
            let (began, last) = before.last().unwrap();
            let ended = *began + SignedDuration::from_millis(last.piece.plays_ms());
            let off = ended.duration_since(at("2026-11-24T15:07:30Z")).abs();
            assert!(off <= SignedDuration::from_secs(10), "{start:?}: off by {off:?}");
        }
    }

    #[test]
    fn what_waits_begins_when_the_piece_before_it_is_over() {
        let mut sheet = with(vec![timed(60, "10:01:00", Start::Soft)]);
        sheet.rotation.fill = None;
        let plan = planner(sheet, "2026-11-24T15:00:00Z").ahead(at("2026-11-24T15:00:00Z"), 3);
        let first_ends = plan[0].0 + SignedDuration::from_millis(plan[0].1.piece.plays_ms());
        assert_eq!(plan[1].1.why, Why::Timed);
        assert_eq!(plan[1].0, first_ends);
    }

    #[test]
    fn what_starts_at_one_moment_is_played_one_after_the_other() {
        let sheet = with(vec![timed(60, "10:05:00", Start::Hard), timed(51, "10:05:00", Start::Hard)]);
        let plan = planner(sheet, "2026-11-24T15:00:00Z").ahead(at("2026-11-24T15:00:00Z"), 12);
        let due: Vec<_> = plan
            .iter()
            .filter(|(_, planned)| planned.why == Why::Timed)
            .map(|(at, p)| (at.to_string(), p.piece.id.0))
            .collect();
        assert_eq!(due, [("2026-11-24T15:05:00Z".to_owned(), 60), ("2026-11-24T15:08:00Z".to_owned(), 51)]);
    }

    #[test]
    fn what_is_far_too_late_is_left_out() {
        let sheet = with(vec![timed(60, "10:05:00", Start::Hard)]);
        let mut planner = planner(sheet, "2026-11-24T15:00:00Z");
        assert_ne!(planner.next(at("2026-11-24T15:05:30Z")).unwrap().why, Why::Timed);
        // The clock is set back: what was looked at is not looked at again.
        assert_ne!(planner.next(at("2026-11-24T15:05:00Z")).unwrap().why, Why::Timed);
    }

    #[test]
    fn what_was_begun_before_a_restart_does_not_begin_again() {
        let sheet = with(vec![timed(60, "10:05:00", Start::Hard)]);
        let spin = Spin {
            station: STATION,
            service: SERVICE,
            piece: Some(PieceId(60)),
            artist: String::new(),
            title: "60".into(),
            start: at("2026-11-24T15:05:00Z"),
            end: None,
        };
        for (spins, expected) in [(vec![], Why::Timed), (vec![spin], Why::Clock)] {
            let mut planner = Planner::new(sheet.clone(), &spins, at("2026-11-24T15:05:06Z"), 7);
            assert_eq!(planner.next(at("2026-11-24T15:05:06Z")).unwrap().why, expected);
        }
    }

    #[test]
    fn what_is_lined_up_comes_before_the_clock_and_after_what_has_its_time() {
        let sheet = with(vec![timed(60, "10:00:00", Start::Soft)]);
        let mut planner = planner(sheet, "2026-11-24T15:00:00Z");
        planner.queue().add(PieceId(7), 0).unwrap();
        planner.queue().add(PieceId(8), 0).unwrap();
        let plan = planner.ahead(at("2026-11-24T15:00:00Z"), 4);
        assert_eq!(ids(&plan)[..3], [60, 8, 7]);
        assert_eq!(plan[1].1.why, Why::Queued);
    }
}

/// Whatever the library, the week and the zone are like.
mod always {
    use super::*;

    const ZONES: [&str; 5] =
        ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago"];

    /// A library of songs, as many artists, and how far the category keeps them apart.
    fn a_library() -> impl Strategy<Value = (Vec<Piece>, Category)> {
        (3..60_i64, 1..12_i64, 0..90_u32, 0..240_u32, prop::collection::vec(60..400_i64, 60)).prop_map(
            |(songs, artists, artist_minutes, title_minutes, seconds)| {
                let song = |id: i64| piece(id, "song", &format!("Artist {}", id * 7 % artists), seconds[id as usize]);
                ((0..songs).map(song).collect(), category("song", artist_minutes, title_minutes))
            },
        )
    }

    /// What a person with a notebook would say of a piece at a moment.
    #[derive(Default)]
    struct Notebook {
        artists: HashMap<String, Timestamp>,
        titles: HashMap<String, Timestamp>,
    }

    impl Notebook {
        fn artist_is_free(&self, piece: &Piece, minutes: u32, now: Timestamp) -> bool {
            minutes == 0 || self.artists.get(&piece.artist).is_none_or(|end| *end + i64::from(minutes).minutes() <= now)
        }

        fn title_is_free(&self, piece: &Piece, minutes: u32, now: Timestamp) -> bool {
            minutes == 0 || self.titles.get(&piece.title).is_none_or(|end| *end + i64::from(minutes).minutes() <= now)
        }

        fn write(&mut self, piece: &Piece, now: Timestamp) {
            let end = now + SignedDuration::from_millis(piece.plays_ms());
            self.artists.insert(piece.artist.clone(), end);
            self.titles.insert(piece.title.clone(), end);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn separation_holds_whenever_it_can_be_met((pieces, rules) in a_library(), seed: u64) {
            let (artist, title) = (rules.artist_minutes, rules.title_minutes);
            let mut now = at("2026-11-24T05:00:00Z");
            let mut planner = Planner::new(sheet(pieces.clone(), vec![rules], songs(1)), &[], now, seed);
            let mut notebook = Notebook::default();
            for _ in 0..300 {
                let planned = planner.next(now).expect("there is always something");
                let keeps = |piece: &Piece| {
                    (notebook.artist_is_free(piece, artist, now), notebook.title_is_free(piece, title, now))
                };
                let could = pieces.iter().map(keeps).collect::<Vec<_>>();
                let expected = match keeps(&planned.piece) {
                    (true, true) => Relaxed::Nothing,
                    (false, true) => Relaxed::Artist,
                    (_, false) => Relaxed::Title,
                };
                prop_assert!(planned.relaxed >= expected);
                if could.contains(&(true, true)) {
                    prop_assert_eq!(planned.relaxed, Relaxed::Nothing);
                } else if could.iter().any(|(_, title)| *title) {
                    prop_assert_eq!(planned.relaxed, Relaxed::Artist);
                }
                notebook.write(&planned.piece, now);
                planner.began(&planned.piece, now);
                now += SignedDuration::from_millis(planned.piece.plays_ms());
            }
        }

        #[test]
        fn it_holds_across_a_restart((pieces, rules) in a_library(), seed: u64, restart in 1..60_usize) {
            let minutes = rules.title_minutes;
            let start = at("2026-11-24T05:00:00Z");
            let sheet = sheet(pieces.clone(), vec![rules], songs(1));
            let planner = Planner::new(sheet.clone(), &[], start, seed);
            let plan = planner.ahead(start, restart);
            let spins: Vec<Spin> = plan.iter().map(|(start, planned)| Spin {
                station: STATION,
                service: SERVICE,
                piece: Some(planned.piece.id),
                artist: planned.piece.artist.clone(),
                title: planned.piece.title.clone(),
                start: *start,
                end: Some(*start + SignedDuration::from_millis(planned.piece.plays_ms())),
            }).collect();
            let mut notebook = Notebook::default();
            plan.iter().for_each(|(start, planned)| notebook.write(&planned.piece, *start));
            let now = spins.last().and_then(|spin| spin.end).expect("something was played");
            let next = Planner::new(sheet, &spins, now, seed ^ 1).next(now).expect("there is always something");
            if next.relaxed < Relaxed::Title {
                prop_assert!(notebook.title_is_free(&next.piece, minutes, now));
            } else {
                prop_assert!(!pieces.iter().any(|piece| notebook.title_is_free(piece, minutes, now)));
            }
        }

        #[test]
        fn a_seed_makes_the_same_plan_again((pieces, rules) in a_library(), seed: u64) {
            let start = at("2026-11-24T05:00:00Z");
            let plan = |seed| {
                let sheet = sheet(pieces.clone(), vec![rules.clone()], songs(3));
                ids(&Planner::new(sheet, &[], start, seed).ahead(start, 100))
            };
            prop_assert_eq!(plan(seed), plan(seed));
            if pieces.len() > 10 {
                prop_assert_ne!(plan(seed), plan(seed ^ 1));
            }
        }
    }

    /// Goes through a whole year and its nights on which the clocks change: never is there a gap, every hour is served by its
    /// own clock, and every start that cuts in is on its second, once.
    #[test]
    fn every_hour_of_a_year_is_planned_and_every_start_is_on_its_second() {
        for zone in ZONES {
            let mut pieces: Vec<Piece> =
                (0..24).map(|id| piece(id, "day", &format!("{}", id % 9), 1_100 + id * 7)).collect();
            pieces.extend((30..54).map(|id| piece(id, "night", &format!("{}", id % 7), 1_000 + id * 5)));
            pieces.extend([piece(60, "news", "", 120), piece(61, "news", "", 60)]);
            let names = ["day", "night", "news"];
            let slots = |name: &str| vec![Slot::Category(slug(name))];
            let clock = |name: &str| HourClock { slug: slug(name), title: name.to_owned(), slots: slots(name) };
            let rotation = Rotation {
                categories: names.map(|name| category(name, 0, if name == "news" { 0 } else { 60 })).to_vec(),
                clocks: vec![clock("day"), clock("night")],
                grid: vec![
                    GridRow { days: Days::ALL, from_hour: 0, to_hour: 24, clock: slug("day") },
                    GridRow { days: Days::ALL, from_hour: 0, to_hour: 6, clock: slug("night") },
                ],
                timed: vec![timed(60, "12:00:00", Start::Hard), timed(61, "02:30:15", Start::Hard)],
                ..Rotation::none(STATION, SERVICE)
            };
            let zone = TimeZone::get(zone).expect("the zone is known");
            let (start, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
            let planner = Planner::new(Sheet { pieces, rotation, zone: zone.clone() }, &[], start, 3);
            let plan = planner.ahead(start, 40_000);
            assert!(plan.last().unwrap().0 > end);

            let mut news: HashMap<i64, Vec<Timestamp>> = HashMap::new();
            for pair in plan.windows(2) {
                let ((begins, planned), (next, _)) = (&pair[0], &pair[1]);
                let plays = SignedDuration::from_millis(planned.piece.plays_ms());
                assert!(*next <= *begins + plays, "a gap after {begins}");
                let wall = zone.to_datetime(*begins);
                if planned.why == Why::Timed {
                    news.entry(planned.piece.id.0).or_default().push(*begins);
                } else {
                    let expected = if wall.hour() < 6 { "night" } else { "day" };
                    assert_eq!(planned.piece.category, Some(slug(expected)), "at {wall} in {zone:?}");
                    assert!(planned.relaxed <= Relaxed::Artist);
                }
            }
            for (id, time) in [(60, "12:00:00"), (61, "02:30:15")] {
                let expected = starts(&zone, time, start, end);
                let found: Vec<_> = news[&id].iter().copied().filter(|start| *start < end).collect();
                assert_eq!(found, expected, "{time} in {zone:?}");
            }
        }
    }

    /// Every instant in the span at which a person sees the clock show the time for the first time that day; where it is
    /// skipped, the moment at which the clock jumps over it.
    fn starts(zone: &TimeZone, time: &str, start: Timestamp, end: Timestamp) -> Vec<Timestamp> {
        let time: jiff::civil::Time = time.parse().unwrap();
        let first = zone.to_datetime(start).date();
        let days = first.series(1.day()).take(368);
        let shown = days.map(|day| {
            let wall = day.to_datetime(time);
            let ambiguous = zone.to_ambiguous_timestamp(wall);
            if ambiguous.is_ambiguous() && zone.to_datetime(ambiguous.earlier().unwrap()) != wall {
                // Neither of the two readings shows it, so it is skipped: the jump lies between them.
                let (before, after) = (ambiguous.earlier().unwrap(), ambiguous.later().unwrap());
                return zone.following(before).take_while(|jump| jump.timestamp() <= after).next().unwrap().timestamp();
            }
            zone.to_ambiguous_timestamp(wall).earlier().unwrap()
        });
        shown.filter(|at| (start..end).contains(at)).collect()
    }
}
