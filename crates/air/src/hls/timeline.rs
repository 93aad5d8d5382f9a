//! One media time for all renditions of a service.
//!
//! A player that goes over from one rendition to another takes for granted that the same media time is the same moment. So
//! each rendition notes where its segments begin, and one that begins later, or had a pause of its own, is set by the
//! others.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use station::Timestamp;

/// Where a segment of a rendition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// The segment's number.
    pub seq: u64,
    /// When its first sample was on the air.
    pub at: Timestamp,
    /// Media time of that sample.
    pub media: Duration,
}

impl Note {
    /// Media time at another moment nearby.
    pub(super) fn media_at(&self, moment: Timestamp) -> Duration {
        let since = moment.duration_since(self.at);
        let apart = since.unsigned_abs();
        if since.is_negative() { self.media.saturating_sub(apart) } else { self.media + apart }
    }
}

/// What the renditions of one service have noted.
#[derive(Debug)]
pub(super) struct Timeline {
    notes: Mutex<Vec<Option<Note>>>,
    /// For how long a note is good.
    good_for: SignedDuration,
}

impl Timeline {
    /// A timeline for so many renditions, with segments of this length.
    pub(super) fn new(renditions: usize, segment_ms: u64) -> Self {
        let good_for = SignedDuration::try_from(Duration::from_millis(segment_ms.saturating_mul(2)));
        Self { notes: Mutex::new(vec![None; renditions]), good_for: good_for.unwrap_or(SignedDuration::MAX) }
    }

    /// A segment of the rendition with this number begins.
    pub(super) fn note(&self, rendition: usize, note: Note) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = notes.get_mut(rendition) {
            *place = Some(note);
        }
    }

    /// What the others say of this moment: the first of them, in their order, that has noted something lately.
    pub(super) fn elsewhere(&self, rendition: usize, moment: Timestamp) -> Option<Note> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let others = notes.iter().enumerate().filter(|(number, _)| *number != rendition).filter_map(|(_, note)| *note);
        others.into_iter().find(|note| moment.duration_since(note.at).abs() <= self.good_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_507_200 + seconds).unwrap()
    }

    #[test]
    fn one_that_begins_is_set_by_the_others() {
        let timeline = Timeline::new(3, 6_000);
        assert_eq!(timeline.elsewhere(1, at(0)), None);
        let note = Note { seq: 7, at: at(0), media: Duration::from_secs(42) };
        timeline.note(0, note);
        assert_eq!(timeline.elsewhere(1, at(5)), Some(note));
        assert_eq!(timeline.elsewhere(0, at(5)), None, "its own word is no help to it");
        assert_eq!(timeline.elsewhere(1, at(60)), None, "it has fallen silent");
    }

    #[test]
    fn media_time_goes_on_with_the_wall_clock() {
        let note = Note { seq: 7, at: at(0), media: Duration::from_secs(42) };
        assert_eq!(note.media_at(at(5)), Duration::from_secs(47));
        assert_eq!(note.media_at(at(-2)), Duration::from_secs(40));
    }
}
