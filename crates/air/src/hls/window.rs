//! The past that a listener can go back in, as a plain value: which segments there are, and which of them a list names.

use std::collections::VecDeque;
use std::time::Duration;

use audio::m3u8::Kind;
use jiff::SignedDuration;
use station::Timestamp;

use super::LIVE_SEGMENTS;
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

    /// The segments that a list of this stretch names; `None` if there are none yet.
    pub fn select(&self, stretch: Stretch) -> Option<Selection> {
        let newest = self.segments.len().checked_sub(1)?;
        let selection = match stretch {
            Stretch::Live => self.growing(self.segments.len().saturating_sub(LIVE_SEGMENTS)),
            Stretch::Rewind => self.growing(self.first_listed()),
            Stretch::From(from) => Selection { start: self.offset_of(from), ..self.growing(self.at_or_after(from)) },
            Stretch::Between { from, to } => {
                let first = self.at_or_after(from);
                let is_over = self.last().is_some_and(|last| to <= last.end());
                let end =
                    if is_over { self.segments.partition_point(|it| it.at < to).max(first + 1) } else { newest + 1 };
                let kind = if is_over { Kind::Finished } else { self.kind_until(first, to) };
                Selection { first, end, kind, start: self.offset_of(from) }
            }
        };
        Some(selection)
    }

    /// The segments of a selection.
    pub fn segments(&self, selection: &Selection) -> impl Iterator<Item = &Segment> {
        self.segments.range(selection.first..selection.end)
    }

    /// The oldest segment that any list names.
    pub fn oldest_listed(&self) -> Option<&Segment> {
        self.segments.get(self.first_listed())
    }

    /// The bits in a second of what is listed: the most of any segment, and on the whole.
    pub fn bandwidths_bps(&self) -> (u64, u64) {
        let listed = || self.segments.range(self.first_listed()..);
        let most = listed().map(Segment::bandwidth_bps).max().unwrap_or(0);
        let bits: u64 = listed().map(|segment| segment.bytes * 8).sum();
        let lasts: f64 = listed().map(|segment| segment.duration().as_secs_f64()).sum();
        (most, if lasts > 0.0 { (bits as f64 / lasts).round() as u64 } else { 0 })
    }

    fn growing(&self, first: usize) -> Selection {
        Selection { first, end: self.segments.len(), kind: Kind::Live, start: None }
    }

    /// The segment that a moment is in, or the nearest one that is listed.
    fn at_or_after(&self, moment: Timestamp) -> usize {
        let newest = self.segments.len().saturating_sub(1);
        self.segments.partition_point(|segment| segment.end() <= moment).clamp(self.first_listed().min(newest), newest)
    }

    /// How far within its segment a moment is.
    fn offset_of(&self, moment: Timestamp) -> Option<Duration> {
        let segment = self.segments.get(self.at_or_after(moment))?;
        let offset = moment.duration_since(segment.at);
        Some(Duration::try_from(offset).unwrap_or_default().min(segment.duration()))
    }

    /// A list that will end at `to` loses nothing until then if all of it fits into the window.
    fn kind_until(&self, first: usize, to: Timestamp) -> Kind {
        let fits = self.segments.get(first).is_some_and(|segment| to.duration_since(segment.at) <= self.span);
        if fits { Kind::Event } else { Kind::Live }
    }

    fn first_listed(&self) -> usize {
        let Some(last) = self.last() else { return 0 };
        let is_old = |segment: &Segment| last.end().duration_since(segment.end()) > self.span;
        self.segments.partition_point(is_old).min(self.segments.len().saturating_sub(LIVE_SEGMENTS))
    }
}

/// What a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stretch {
    /// What is on now.
    Live,
    /// Everything within the span.
    Rewind,
    /// From a moment on.
    From(Timestamp),
    /// From a moment until another, which may be still to come.
    Between {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

/// Consecutive segments of a window, for a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    first: usize,
    end: usize,
    /// Whether the list grows or is finished.
    pub kind: Kind,
    /// How far within the first segment a player should begin.
    pub start: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::super::segment::test::segment;
    use super::*;

    /// A window of one minute, in segments of six seconds.
    fn window() -> Window {
        Window::new(settings::Hls { window_minutes: 1, ..settings::Hls::default() })
    }

    fn numbers(window: &Window, stretch: Stretch) -> Vec<u64> {
        let selection = window.select(stretch).unwrap();
        window.segments(&selection).map(|segment| segment.seq).collect()
    }

    #[test]
    fn what_is_too_old_leaves_the_list_first_and_the_window_later() {
        let mut window = window();
        let expired: Vec<u64> = (0..30).flat_map(|seq| window.push(segment(seq))).map(|segment| segment.seq).collect();
        assert_eq!(numbers(&window, Stretch::Rewind)[0], 19, "a minute and the segment that a minute ends in");
        assert_eq!(window.oldest_listed().unwrap().seq, 19);
        assert_eq!(expired, (0..9).collect::<Vec<u64>>());
        assert!(window.get(9).is_some() && window.get(8).is_none() && window.get(30).is_none());
    }

    #[test]
    fn the_live_list_names_the_last_segments() {
        let mut window = window();
        assert_eq!(window.select(Stretch::Live), None);
        (0..14).for_each(|seq| drop(window.push(segment(seq))));
        assert_eq!(numbers(&window, Stretch::Live), (4..14).collect::<Vec<u64>>());
    }

    #[test]
    fn a_list_of_a_stretch_begins_and_ends_with_the_segments_around_it() {
        let mut window = window();
        (0..10).for_each(|seq| drop(window.push(segment(seq))));
        let at = |seq: u64| segment(seq).at + Duration::from_secs(1);
        let going_on = window.select(Stretch::From(at(3))).unwrap();
        assert_eq!((going_on.kind, going_on.start), (Kind::Live, Some(Duration::from_secs(1))));
        assert_eq!(numbers(&window, Stretch::From(at(3))), [3, 4, 5, 6, 7, 8, 9]);
        let finished = Stretch::Between { from: at(3), to: at(5) };
        assert_eq!(numbers(&window, finished), [3, 4, 5]);
        assert_eq!(window.select(finished).unwrap().kind, Kind::Finished);
        assert_eq!(numbers(&window, Stretch::From(at(500))), [9], "who asks for the future gets the newest");
        let long_ago = numbers(&window, Stretch::From(Timestamp::UNIX_EPOCH));
        assert_eq!(long_ago[0], 0, "who asks for too much gets what there is");
    }

    #[test]
    fn what_ends_later_only_grows_if_all_of_it_will_fit() {
        let mut window = window();
        (0..10).for_each(|seq| drop(window.push(segment(seq))));
        let until =
            |seconds: u64| Stretch::Between { from: segment(5).at, to: segment(5).at + Duration::from_secs(seconds) };
        assert_eq!(window.select(until(55)).unwrap().kind, Kind::Event);
        assert_eq!(window.select(until(65)).unwrap().kind, Kind::Live);
    }

    #[test]
    fn only_an_unbroken_run_is_restored() {
        let mut window = window();
        let left_out = window.restore([1, 7, 2, 8, 6].map(segment).to_vec());
        assert_eq!(left_out.iter().map(|segment| segment.seq).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(numbers(&window, Stretch::Rewind), [6, 7, 8]);
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
