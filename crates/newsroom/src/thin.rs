//! Thin: of the autosaves of a story, the fewer are kept the older they are.
//!
//! All of the last day stay; of the week before that, the last of each hour; of what is older, the last of each day. What
//! stood, and what has a name, stays for ever.

use std::collections::HashSet;

use station::{StationId, StoryId, Timestamp};
use store::Tx;
use store::revision::{self, Kind, Line};

use crate::Result;

const HOUR_S: i64 = 60 * 60;
const DAY_S: i64 = 24 * HOUR_S;
const WEEK_S: i64 = 7 * DAY_S;
/// How many revisions are looked at, the newest first: autosaves before them have been thinned already.
const LINES_MAX: u32 = 1_000;

/// Takes away the autosaves that need not be kept any more.
pub(crate) async fn autosaves(tx: &mut Tx, station: StationId, story: StoryId, now: Timestamp) -> Result<()> {
    let lines = revision::list_in(tx, station, story, None, LINES_MAX).await?;
    for number in superfluous(&lines, now) {
        revision::forget(tx, station, story, number).await?;
    }
    Ok(())
}

/// Which of these may go. They stand newest first, so that the first of each hour or day is the last that was saved in it.
fn superfluous(lines: &[Line], now: Timestamp) -> Vec<i64> {
    let mut kept = HashSet::new();
    let is_superfluous = |line: &&Line| match stretch(line.saved_at, now) {
        Some(stretch) => !kept.insert(stretch),
        None => false,
    };
    let autosaves = lines.iter().filter(|line| line.kind == Kind::Autosave);
    autosaves.filter(is_superfluous).map(|line| line.number).collect()
}

/// The hour or the day of which one is kept; `None` where all are.
fn stretch(saved_at: Timestamp, now: Timestamp) -> Option<(i64, i64)> {
    let length_s = match now.as_second() - saved_at.as_second() {
        ..DAY_S => return None,
        DAY_S..WEEK_S => HOUR_S,
        _ => DAY_S,
    };
    Some((length_s, saved_at.as_second().div_euclid(length_s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: i64, saved_at: &str, kind: Kind) -> Line {
        Line {
            station: StationId(1),
            story: StoryId(7),
            number,
            saved_at: saved_at.parse().unwrap(),
            saved_by: "Jo".into(),
            why: String::new(),
            kind,
        }
    }

    #[test]
    fn all_of_a_day_one_of_an_hour_for_a_week_one_of_a_day_for_ever() {
        let lines = [
            line(9, "2026-11-24T11:50:00Z", Kind::Autosave),
            line(8, "2026-11-24T11:40:00Z", Kind::Autosave),
            line(7, "2026-11-22T09:50:00Z", Kind::Autosave),
            line(6, "2026-11-22T09:40:00Z", Kind::Autosave),
            line(5, "2026-11-22T09:30:00Z", Kind::Named),
            line(4, "2026-11-22T08:50:00Z", Kind::Autosave),
            line(3, "2026-11-02T20:00:00Z", Kind::Autosave),
            line(2, "2026-11-02T08:00:00Z", Kind::Autosave),
            line(1, "2026-11-02T07:00:00Z", Kind::Story),
        ];
        assert_eq!(superfluous(&lines, "2026-11-24T12:00:00Z".parse().unwrap()), [6, 2]);
    }
}
