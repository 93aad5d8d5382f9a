//! What was on and when, as lists tell it: programmes from the schedule, titles from the stream.
//!
//! A mark has its name from when it began, so it is the same one in every list and after a restart. The end of one is
//! where the next of its kind begins; a programme that nothing follows ends when the schedule says.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use audio::m3u8::DateRange;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use station::Timestamp;
use station::broadcast::NowNext;

/// The most marks of one kind that are kept; a title every two seconds for two hours.
const MARKS_MAX: usize = 3_600;
/// The longest title that a list tells, in characters.
const TITLE_CHARS_MAX: usize = 300;

/// What a mark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// A broadcast of the schedule.
    Programme,
    /// What a radio's display shows.
    Title,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Kind::Programme => "org.groundwave.programme",
            Kind::Title => "org.groundwave.title",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::Programme => "programme",
            Kind::Title => "title",
        }
    }
}

/// A stretch of the air that has a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mark {
    kind: Kind,
    title: String,
    start: Timestamp,
    /// When it ended, once that is known.
    end: Option<Timestamp>,
    /// When it should end.
    planned_end: Option<Timestamp>,
}

/// The marks of a service, oldest first.
#[derive(Debug, Default)]
pub(super) struct Marks {
    kept: Mutex<VecDeque<Mark>>,
    /// Grows with each change.
    revision: AtomicU64,
}

/// What a list tells of the marks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// When its first segment begins.
    pub from: Timestamp,
    /// When its last one ends.
    pub to: Timestamp,
    /// Marks that ended before this are left out; who asks has seen them.
    pub skip_before: Option<Timestamp>,
}

impl Marks {
    /// Grows with each change.
    pub(super) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// From `at` on a radio's display shows this. An empty title ends the one before.
    pub(super) fn title(&self, title: &str, at: Timestamp) {
        let programme = self
            .lock()
            .iter()
            .rfind(|mark| mark.kind == Kind::Programme && mark.end.is_none())
            .map(|mark| mark.title.clone());
        // The programme's own name, shown where nothing better is known, is no piece of music.
        let title = if programme.as_deref() == Some(title) { "" } else { title };
        self.begin(Mark { kind: Kind::Title, title: shortened(title), start: at, end: None, planned_end: None });
    }

    /// The schedule says that this is on.
    pub(super) fn programme(&self, now_next: &NowNext, now: Timestamp) {
        match &now_next.now {
            Some(broadcast) => self.begin(Mark {
                kind: Kind::Programme,
                title: shortened(&broadcast.title),
                start: broadcast.start,
                end: None,
                planned_end: Some(broadcast.end),
            }),
            None => self.begin(Mark {
                kind: Kind::Programme,
                title: String::new(),
                start: now,
                end: None,
                planned_end: None,
            }),
        }
    }

    /// When the programme that is on began.
    pub(super) fn programme_start(&self) -> Option<Timestamp> {
        self.lock().iter().rfind(|mark| mark.kind == Kind::Programme && mark.end.is_none()).map(|mark| mark.start)
    }

    /// Forgets what ended before this.
    pub(super) fn forget_before(&self, moment: Timestamp) {
        let mut kept = self.lock();
        let before = kept.len();
        kept.retain(|mark| mark.end.is_none_or(|end| end >= moment));
        self.changed_if(kept.len() != before);
    }

    /// The marks that belong to a list.
    pub(super) fn ranges(&self, span: Span) -> Vec<DateRange> {
        let is_in = |mark: &&Mark| {
            let is_news = span.skip_before.is_none_or(|moment| mark.end.is_none_or(|end| end >= moment));
            mark.start < span.to && mark.end.is_none_or(|end| end > span.from) && is_news
        };
        self.lock().iter().filter(is_in).map(Mark::range).collect()
    }

    /// The names of those that left the list which begins at `from` no longer ago than this.
    pub(super) fn removed(&self, from: Timestamp, since: SignedDuration) -> Vec<String> {
        let after = from.saturating_sub(since).unwrap_or(Timestamp::MIN);
        let is_gone = |mark: &&Mark| mark.end.is_some_and(|end| end <= from && end > after);
        self.lock().iter().filter(is_gone).map(Mark::id).collect()
    }

    /// All of them, to be read again by [`restore`](Self::restore).
    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&*self.lock()).expect("marks are plain values")
    }

    /// Takes in what an earlier run kept. What cannot be read is nothing.
    pub(super) fn restore(&self, json: &[u8]) {
        let Ok(earlier) = serde_json::from_slice::<VecDeque<Mark>>(json) else { return };
        let mut kept = self.lock();
        let newer = std::mem::replace(&mut *kept, earlier);
        drop(kept);
        self.changed_if(true);
        newer.into_iter().for_each(|mark| self.begin(mark));
    }

    /// Ends what is on of the same kind, and begins this, unless it is the same.
    fn begin(&self, mark: Mark) {
        let mut kept = self.lock();
        let mut is_changed = false;
        if let Some(last) = kept.iter_mut().rfind(|known| known.kind == mark.kind && known.end.is_none()) {
            if last.title == mark.title && (last.start == mark.start || mark.kind == Kind::Title) {
                let is_moved = last.planned_end != mark.planned_end;
                last.planned_end = mark.planned_end;
                return self.changed_if(is_moved);
            }
            let end = last.planned_end.map_or(mark.start, |planned| planned.min(mark.start));
            last.end = Some(end.max(last.start));
            is_changed = true;
        }
        if !mark.title.is_empty() && !kept.iter().any(|known| known.id() == mark.id()) {
            kept.push_back(mark);
            is_changed = true;
        }
        if kept.len() > MARKS_MAX {
            kept.pop_front();
        }
        self.changed_if(is_changed);
    }

    fn changed_if(&self, is_changed: bool) {
        self.revision.fetch_add(u64::from(is_changed), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Mark>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    fn id(&self) -> String {
        format!("{}-{}", self.kind.word(), self.start.as_millisecond())
    }

    fn range(&self) -> DateRange {
        let date = |moment: Timestamp| format!("{moment:.3}");
        let planned = self.planned_end.filter(|_| self.end.is_none()).map(|end| end.duration_since(self.start));
        DateRange {
            id: self.id(),
            class: self.kind.class(),
            start: date(self.start),
            end: self.end.map(date),
            planned: planned.and_then(|planned| planned.try_into().ok()),
            title: self.title.clone(),
        }
    }
}

fn shortened(title: &str) -> String {
    title.chars().take(TITLE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use station::{Broadcast, ProgrammeId, RuleId, ServiceId, StationId, broadcast::Cause};

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_507_200 + minutes * 60).unwrap()
    }

    fn on_air(title: &str, from: i64, to: i64) -> NowNext {
        let now = Broadcast {
            station: StationId(1),
            service: ServiceId(7),
            programme: ProgrammeId(1),
            title: title.to_owned(),
            start: at(from),
            end: at(to),
            cause: Cause::Rule(RuleId(1)),
        };
        NowNext { now: Some(now), next: None }
    }

    /// Title, start and end of what a list of these minutes tells.
    fn told(marks: &Marks, from: i64, to: i64) -> Vec<(String, String, Option<String>)> {
        let span = Span { from: at(from), to: at(to), skip_before: None };
        marks.ranges(span).into_iter().map(|range| (range.title, range.start, range.end)).collect()
    }

    fn date(minutes: i64) -> String {
        format!("{:.3}", at(minutes))
    }

    #[test]
    fn a_programme_ends_where_the_next_begins_or_where_it_should() {
        let marks = Marks::default();
        marks.programme(&on_air("Field Notes", 0, 30), at(5));
        marks.programme(&on_air("Field Notes", 0, 30), at(6));
        assert_eq!(told(&marks, 5, 6), [("Field Notes".to_owned(), date(0), None)]);
        marks.programme(&on_air("The Evening", 40, 60), at(40));
        let both = [("Field Notes".to_owned(), date(0), Some(date(30))), ("The Evening".to_owned(), date(40), None)];
        assert_eq!(told(&marks, 5, 41), both);
        assert_eq!(told(&marks, 31, 41), both[1..], "what is over has left the list");
        assert_eq!(marks.programme_start(), Some(at(40)));
        marks.programme(&NowNext::default(), at(50));
        assert_eq!(marks.programme_start(), None);
    }

    #[test]
    fn a_title_lasts_until_the_next_and_the_programme_s_own_name_is_none() {
        let marks = Marks::default();
        marks.programme(&on_air("Field Notes", 0, 30), at(0));
        for (title, minute) in
            [("Field Notes", 0), ("Ana - One", 1), ("Ana - One", 2), ("Ben - Two", 4), ("Field Notes", 7)]
        {
            marks.title(title, at(minute));
        }
        let titles = &told(&marks, 0, 10)[1..];
        let expected =
            [("Ana - One".to_owned(), date(1), Some(date(4))), ("Ben - Two".to_owned(), date(4), Some(date(7)))];
        assert_eq!(titles, expected);
    }

    #[test]
    fn who_has_seen_the_old_ones_is_told_the_new_ones_and_what_is_gone() {
        let marks = Marks::default();
        (0..6).for_each(|minute| marks.title(&format!("Piece {minute}"), at(minute)));
        let span = Span { from: at(2), to: at(6), skip_before: Some(at(5)) };
        let news: Vec<String> = marks.ranges(span).into_iter().map(|range| range.title).collect();
        assert_eq!(news, ["Piece 4", "Piece 5"]);
        assert_eq!(marks.removed(at(2), SignedDuration::from_secs(60)), [format!("title-{}", at(1).as_millisecond())]);
        marks.forget_before(at(4));
        assert_eq!(told(&marks, 0, 6).len(), 3);
    }

    #[test]
    fn a_restart_goes_on_with_the_same_marks() {
        let before = Marks::default();
        before.title("Ana - One", at(1));
        let after = Marks::default();
        after.restore(&before.to_json());
        after.title("Ana - One", at(3));
        assert_eq!(told(&after, 0, 10), told(&before, 0, 10));
        after.restore(b"nonsense");
        assert_eq!(told(&after, 0, 10).len(), 1);
    }

    #[test]
    fn revisions_tell_of_changes_only() {
        let marks = Marks::default();
        marks.title("Ana - One", at(1));
        let revision = marks.revision();
        marks.title("Ana - One", at(2));
        marks.forget_before(at(0));
        assert_eq!(marks.revision(), revision);
        marks.title("Ben - Two", at(3));
        assert!(marks.revision() > revision);
    }
}
