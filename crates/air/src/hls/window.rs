//! The past that a listener can go back in, as a plain value: which segments there are, and what lists say of them.

use std::collections::VecDeque;
use std::time::Duration;

use audio::m3u8::{Kind, Media};
use jiff::SignedDuration;
use station::Timestamp;

use super::LIVE_SEGMENTS;
use super::list;
use super::segment::Segment;
use crate::settings;

/// Consecutive segments, oldest first.
///
/// It holds a little more than lists name: a segment that no list names any more stays there for as long as a player that has an
/// older live list may still ask for it.
#[derive(Debug)]
pub struct Window {
    segments: VecDeque<Segment>,
    span: SignedDuration,
    /// How long a segment stays after it has left the lists.
    grace: SignedDuration,
    /// What bounds the number of segments where they are shorter than they should be.
    segments_max: usize,
    segment_ms: u64,
}

impl Window {
    /// An empty window.
    pub fn new(settings: settings::Hls) -> Self {
        let segment_ms = settings.segment_ms.max(1);
        let span = Duration::from_secs(settings.window_minutes.saturating_mul(60));
        let grace = Duration::from_millis(segment_ms.saturating_mul(LIVE_SEGMENTS as u64));
        let nominal = (span + grace).as_millis() / u128::from(segment_ms);
        Self {
            segments: VecDeque::new(),
            span: SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX),
            grace: SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX),
            segments_max: usize::try_from(nominal).unwrap_or(usize::MAX).saturating_mul(2).max(2 * LIVE_SEGMENTS),
            segment_ms,
        }
    }

    /// Takes in what an earlier run left. Numbers in a list have no holes, so only what stands unbroken before the newest
    /// segment is kept; gives back the rest.
    pub fn restore(&mut self, mut found: Vec<Segment>) -> Vec<Segment> {
        found.sort_unstable_by_key(|segment| (segment.seq, segment.epoch));
        let mut left_out = Vec::new();
        for segment in found.into_iter().rev() {
            match self.segments.front() {
                Some(next) if segment.seq + 1 != next.seq => left_out.push(segment),
                _ => self.segments.push_front(segment),
            }
        }
        left_out
    }

    /// Takes in the next segment; gives back those that are too old now.
    pub fn push(&mut self, segment: Segment) -> Vec<Segment> {
        let (now, keep) = (segment.end(), self.span.saturating_add(self.grace));
        self.segments.push_back(segment);
        let is_old = |segment: &Segment| now.duration_since(segment.end()) > keep;
        let mut expired = Vec::new();
        while self.segments.len() > self.segments_max || self.segments.front().is_some_and(is_old) {
            expired.extend(self.segments.pop_front());
        }
        expired
    }

    /// The newest segment.
    pub fn last(&self) -> Option<&Segment> {
        self.segments.back()
    }

    /// The segment with this number.
    pub fn get(&self, seq: u64) -> Option<&Segment> {
        let index = seq.checked_sub(self.segments.front()?.seq)?;
        self.segments.get(usize::try_from(index).ok()?)
    }

    /// The list of what is on now.
    pub fn live(&self) -> Option<Media> {
        let first = self.segments.len().saturating_sub(LIVE_SEGMENTS);
        self.list(first, self.segments.len(), Kind::Live)
    }

    /// The list of everything within the span.
    pub fn rewind(&self) -> Option<Media> {
        self.list(self.first_listed(), self.segments.len(), Kind::Live)
    }

    /// The list of what was on from `from` on: until `to` if that is past, otherwise it goes on. A player begins at its
    /// start.
    pub fn between(&self, from: Timestamp, to: Option<Timestamp>) -> Option<Media> {
        let newest = self.segments.len().checked_sub(1)?;
        let first = self.segments.partition_point(|segment| segment.end() <= from).clamp(self.first_listed(), newest);
        let to = to.filter(|&to| self.last().is_some_and(|last| to <= last.end()));
        let end = to.map_or(newest + 1, |to| self.segments.partition_point(|segment| segment.at < to).max(first + 1));
        let kind = if to.is_some() { Kind::Finished } else { Kind::Live };
        self.list(first, end, kind).map(|list| Media { start_s: Some(0.0), ..list })
    }

    /// The most bits in a second of any segment that is listed.
    pub fn bandwidth_bps(&self) -> u64 {
        self.segments.range(self.first_listed()..).map(Segment::bandwidth_bps).max().unwrap_or(0)
    }

    fn first_listed(&self) -> usize {
        let Some(last) = self.last() else { return 0 };
        let is_old = |segment: &Segment| last.end().duration_since(segment.end()) > self.span;
        self.segments.partition_point(is_old).min(self.segments.len().saturating_sub(LIVE_SEGMENTS))
    }

    fn list(&self, first: usize, end: usize, kind: Kind) -> Option<Media> {
        let segments: Vec<&Segment> = self.segments.range(first..end).collect();
        list::media(&segments, kind, self.segment_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::super::segment::test::segment;
    use super::*;

    /// A window of one minute, in segments of six seconds.
    fn window() -> Window {
        Window::new(settings::Hls { segment_ms: 6_000, window_minutes: 1 })
    }

    fn numbers(list: &Media) -> Vec<String> {
        list.segments.iter().map(|segment| segment.uri.clone()).collect()
    }

    #[test]
    fn what_is_too_old_leaves_the_list_first_and_the_window_later() {
        let mut window = window();
        let expired: Vec<u64> = (0..30).flat_map(|seq| window.push(segment(seq))).map(|segment| segment.seq).collect();
        assert_eq!(window.rewind().unwrap().media_sequence, 19, "a minute and the segment that a minute ends in");
        assert_eq!(expired, (0..9).collect::<Vec<u64>>());
        assert!(window.get(9).is_some() && window.get(8).is_none() && window.get(30).is_none());
    }

    #[test]
    fn the_live_list_names_the_last_segments() {
        let mut window = window();
        assert_eq!(window.live(), None);
        (0..14).for_each(|seq| drop(window.push(segment(seq))));
        let live = window.live().unwrap();
        assert_eq!((live.media_sequence, live.segments.len()), (4, LIVE_SEGMENTS));
        assert_eq!(live.target_duration_s, 6);
    }

    #[test]
    fn a_discontinuity_is_counted_when_it_has_left_the_list_and_not_before() {
        let mut window = window();
        let after = |seq| Segment { discontinuities: 1, is_discontinuity: seq == 5, ..segment(seq) };
        (0..5).for_each(|seq| drop(window.push(segment(seq))));
        let mut seen = Vec::new();
        for seq in 5..18 {
            window.push(after(seq));
            let live = window.live().unwrap();
            let tags = live.segments.iter().filter(|segment| segment.is_discontinuity).count() as u64;
            seen.push((live.media_sequence, live.discontinuity_sequence, tags));
        }
        assert!(
            seen.iter().all(|&(first, counted, tags)| (counted, tags) == if first <= 5 { (0, 1) } else { (1, 0) }),
            "{seen:?}"
        );
        assert!(seen.contains(&(5, 0, 1)) && seen.contains(&(6, 1, 0)));
    }

    #[test]
    fn a_list_of_a_stretch_begins_and_ends_with_the_segments_around_it() {
        let mut window = window();
        (0..10).for_each(|seq| drop(window.push(segment(seq))));
        let at = |seq: u64| segment(seq).at + Duration::from_secs(1);
        let going_on = window.between(at(3), None).unwrap();
        assert_eq!((going_on.media_sequence, going_on.segments.len(), going_on.kind), (3, 7, Kind::Live));
        let finished = window.between(at(3), Some(at(5))).unwrap();
        assert_eq!(numbers(&finished), ["1-3.m4s", "1-4.m4s", "1-5.m4s"]);
        assert_eq!((finished.kind, finished.start_s), (Kind::Finished, Some(0.0)));
        let ahead = window.between(at(500), None).unwrap();
        assert_eq!(ahead.media_sequence, 9, "who asks for the future gets the newest");
        let long_ago = window.between(Timestamp::UNIX_EPOCH, None).unwrap();
        assert_eq!(long_ago.media_sequence, 0, "who asks for too much gets what there is");
    }

    #[test]
    fn only_an_unbroken_run_is_restored() {
        let mut window = window();
        let left_out = window.restore([1, 7, 2, 8, 6].map(segment).to_vec());
        assert_eq!(left_out.iter().map(|segment| segment.seq).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(numbers(&window.rewind().unwrap()), ["1-6.m4s", "1-7.m4s", "1-8.m4s"]);
    }

    #[test]
    fn segments_that_are_all_too_short_do_not_pile_up() {
        let mut window = window();
        for seq in 0..1000 {
            window.push(Segment { units: 1, at: segment(0).at, ..segment(seq) });
        }
        assert!(window.segments.len() <= 2 * 2 * LIVE_SEGMENTS);
    }
}
