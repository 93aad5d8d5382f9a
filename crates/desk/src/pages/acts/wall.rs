//! The moment of a plan: read from a form in the station's time, and said so that nobody is surprised by the clocks.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use station::{Station, Timestamp, wall};

/// Why a moment cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("Say when: choose a date and a time.")]
    Unreadable,
    #[error("The clocks go forward then, and {0} does not exist on that day. Choose a time after it.")]
    Skipped(String),
}

/// The moment at which the clock on the station's wall shows `text`, as a browser writes it: `2026-11-24T16:30`. Where it
/// shows that twice, it is the first time, or the second if so asked.
pub(crate) fn read(station: &Station, text: &str, is_second: bool) -> Result<Timestamp, Fault> {
    let shown: DateTime = text.parse().map_err(|_| Fault::Unreadable)?;
    let zone = zone(station);
    let moment = match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Gap { .. } => return Err(Fault::Skipped(shown.strftime("%H:%M").to_string())),
        AmbiguousOffset::Fold { after, .. } if is_second => after.to_timestamp(shown).ok(),
        AmbiguousOffset::Fold { .. } | AmbiguousOffset::Unambiguous { .. } => wall::instant(&zone, shown),
    };
    moment.ok_or(Fault::Unreadable)
}

/// What has to be said of the clocks about a moment: that they change before it, or that they show it twice.
pub(crate) fn note(station: &Station, due_at: Timestamp, now: Timestamp) -> Option<String> {
    let zone = zone(station);
    let (due, today) = (zone.to_datetime(due_at), zone.to_offset_info(now));
    let name = |at: Timestamp| zone.to_offset_info(at).abbreviation().to_owned();
    if let AmbiguousOffset::Fold { before, .. } = zone.to_ambiguous_timestamp(due).offset() {
        let is_first = before.to_timestamp(due).is_ok_and(|first| first == due_at);
        let which = if is_first {
            "the first time, before the clocks go back"
        } else {
            "the second time, after the clocks went back"
        };
        return Some(format!("The clock shows this twice that day: {which} ({}).", name(due_at)));
    }
    let is_other = zone.to_offset(due_at) != today.offset();
    is_other.then(|| format!("The clocks change before then: this is the time that they will show ({}).", name(due_at)))
}

/// A moment as a browser's field takes it, to the second.
pub(crate) fn field(station: &Station, at: Timestamp) -> String {
    zone(station).to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn zone(station: &Station) -> TimeZone {
    TimeZone::get(&station.zone).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use station::{Accent, Slug, StationId};

    fn station() -> Station {
        Station {
            id: StationId(1),
            slug: Slug::parse("harrow").unwrap(),
            name: "Harrow".into(),
            tagline: String::new(),
            call_signs: vec![],
            host_names: vec![],
            zone: "America/New_York".into(),
            language: "en-US".into(),
            accent: Accent::parse("#14595f").unwrap(),
            banner: None,
            about: vec![],
            email: None,
            org_service_ids: vec![],
        }
    }

    fn at(moment: &str) -> Timestamp {
        moment.parse().unwrap()
    }

    #[test]
    fn a_time_is_that_of_the_clock_on_the_stations_wall() {
        for (text, moment) in [
            ("2026-11-24T16:30", "2026-11-24T21:30:00Z"),
            ("2026-11-24T16:30:05", "2026-11-24T21:30:05Z"),
            ("2026-07-01T06:00", "2026-07-01T10:00:00Z"),
        ] {
            assert_eq!(read(&station(), text, false), Ok(at(moment)), "{text}");
            assert!(field(&station(), at(moment)).starts_with(text));
        }
        for wrong in ["", "tomorrow", "2026-02-30T10:00", "16:30"] {
            assert_eq!(read(&station(), wrong, false), Err(Fault::Unreadable), "{wrong}");
        }
    }

    #[test]
    fn a_time_that_is_skipped_is_refused_and_one_that_is_doubled_is_told_apart() {
        let skipped = read(&station(), "2027-03-14T02:30", false).unwrap_err();
        assert!(skipped.to_string().contains("02:30 does not exist on that day"));
        let (first, second) = (at("2026-11-01T05:30:00Z"), at("2026-11-01T06:30:00Z"));
        assert_eq!(read(&station(), "2026-11-01T01:30", false), Ok(first));
        assert_eq!(read(&station(), "2026-11-01T01:30", true), Ok(second));
        let now = at("2026-10-31T12:00:00Z");
        assert!(note(&station(), first, now).unwrap().contains("the first time, before the clocks go back (EDT)"));
        assert!(note(&station(), second, now).unwrap().contains("the second time, after the clocks went back (EST)"));
    }

    #[test]
    fn that_the_clocks_change_before_then_is_said() {
        let now = at("2026-10-31T12:00:00Z");
        assert_eq!(note(&station(), at("2026-10-31T18:00:00Z"), now), None);
        assert!(note(&station(), at("2026-11-02T18:00:00Z"), now).unwrap().contains("change before then"));
    }
}
