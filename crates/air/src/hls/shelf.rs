//! What of a rendition can be asked for at this moment.

use std::collections::VecDeque;

use bytes::Bytes;

use super::LIVE_SEGMENTS;
use super::cutter::{Part, Sealed};
use super::segment::{Segment, part_uri};
use super::window::Window;
use crate::settings;

/// How many segments are kept in memory: those that nearly everybody asks for.
const SEGMENTS_IN_MEMORY: usize = LIVE_SEGMENTS + 2;

/// The segments of a rendition: the window of those that are whole, and the one that grows.
#[derive(Debug)]
pub(super) struct Shelf {
    pub window: Window,
    /// The newest segments, oldest first.
    in_memory: VecDeque<Sealed>,
    open: Option<Open>,
    epoch: u64,
    /// The number of the segment that comes after the newest one that is known.
    next_seq: u64,
}

/// A segment that is being made.
#[derive(Debug)]
pub(super) struct Open {
    /// What is known of it up to its newest part.
    pub segment: Segment,
    pub parts: Vec<Part>,
    /// Whether its last part is there, though not yet the whole.
    is_ended: bool,
}

/// How far a rendition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edge {
    /// The number of the segment that grows, or comes next.
    pub seq: u64,
    /// How many of its parts there are.
    pub parts: u64,
    /// How many parts the segment before it has.
    pub parts_before: u64,
}

/// A part, or a whole segment, that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Want {
    pub seq: u64,
    /// The number of the part; `None` for all of the segment.
    pub part: Option<u64>,
}

impl Edge {
    /// True if it is there. A part beyond the last of its segment means the first of the next one.
    pub(super) fn has(&self, want: Want) -> bool {
        let has_next_begun = |seq: u64| self.seq > seq || self.parts > 0;
        match (want.part, want.seq.cmp(&self.seq)) {
            (_, std::cmp::Ordering::Greater) | (None, std::cmp::Ordering::Equal) => false,
            (Some(part), std::cmp::Ordering::Equal) => part < self.parts,
            (None, std::cmp::Ordering::Less) => true,
            (Some(part), std::cmp::Ordering::Less) => {
                want.seq + 1 < self.seq || part < self.parts_before || has_next_begun(want.seq + 1)
            }
        }
    }

    /// True if it would have to be waited for too long: it is more than a segment, or more than so many parts, ahead.
    pub(super) fn is_far_from(&self, want: Want, parts_ahead_max: u64) -> bool {
        let has_parts = if want.seq == self.seq { self.parts } else { 0 };
        let is_part_far = want.part.is_some_and(|part| part > has_parts + parts_ahead_max);
        want.seq > self.seq + 1 || want.seq >= self.seq && is_part_far
    }

    /// The number of the newest segment that there is anything of, and of its newest part; `None` if there is nothing yet.
    pub(super) fn last(&self) -> Option<(u64, Option<u64>)> {
        match (self.parts.checked_sub(1), self.parts_before.checked_sub(1)) {
            (Some(part), _) => Some((self.seq, Some(part))),
            (None, part) => Some((self.seq.checked_sub(1)?, part)),
        }
    }
}

impl Shelf {
    pub(super) fn new(settings: settings::Hls, epoch: u64) -> Self {
        Self { window: Window::new(settings), in_memory: VecDeque::new(), open: None, epoch, next_seq: 0 }
    }

    /// Takes up what earlier runs left; gives back what is of no use.
    pub(super) fn restore(&mut self, found: Vec<Segment>) -> Vec<Segment> {
        let left_out = self.window.restore(found);
        self.next_seq = self.window.last().map_or(0, |last| last.seq + 1);
        left_out
    }

    /// Takes in a part of a segment that is being made.
    pub(super) fn add_part(&mut self, segment: Segment, part: Part, is_last: bool) {
        let mut parts = match self.open.take() {
            Some(open) if open.segment.seq == segment.seq => open.parts,
            _ => Vec::new(),
        };
        parts.push(part);
        self.next_seq = segment.seq + u64::from(is_last);
        self.open = Some(Open { segment, parts, is_ended: is_last });
    }

    /// Takes in a segment; gives back those that are too old now.
    pub(super) fn add(&mut self, sealed: Sealed) -> Vec<Segment> {
        self.open = None;
        self.next_seq = sealed.segment.seq + 1;
        let expired = self.window.push(sealed.segment.clone());
        self.in_memory.push_back(sealed);
        while self.in_memory.len() > SEGMENTS_IN_MEMORY {
            self.in_memory.pop_front();
        }
        expired
    }

    /// The segment that is being made.
    pub(super) fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// The parts of a segment; none if it is no longer in memory.
    pub(super) fn parts_of(&self, segment: &Segment) -> &[Part] {
        self.sealed(segment.epoch, segment.seq).map_or(&[], |sealed| &sealed.parts)
    }

    /// The file of a segment, if it is in memory.
    pub(super) fn segment_bytes(&self, epoch: u64, seq: u64) -> Option<Bytes> {
        self.sealed(epoch, seq).map(|sealed| sealed.bytes.clone())
    }

    /// The file of a part, if it is in memory.
    pub(super) fn part_bytes(&self, epoch: u64, seq: u64, part: u64) -> Option<Bytes> {
        let open = self.open.as_ref().filter(|open| (open.segment.epoch, open.segment.seq) == (epoch, seq));
        let parts = open.map(|open| &open.parts).or(self.sealed(epoch, seq).map(|sealed| &sealed.parts))?;
        Some(parts.get(usize::try_from(part).ok()?)?.bytes.clone())
    }

    /// Where the part will be that comes next.
    pub(super) fn next_part_uri(&self) -> String {
        let Want { seq, part } = self.hint();
        part_uri(self.epoch, seq, part.unwrap_or(0))
    }

    /// The part that comes next.
    pub(super) fn hint(&self) -> Want {
        let growing = self.open.as_ref().filter(|open| !open.is_ended);
        Want { seq: self.next_seq, part: Some(growing.map_or(0, |open| open.parts.len() as u64)) }
    }

    /// Which run of the program makes what comes next.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How far it is. A segment counts as whole when it is listed.
    pub(super) fn edge(&self) -> Edge {
        let last = self.window.last();
        let parts_before = last.map_or(0, |last| self.parts_of(last).len() as u64);
        match &self.open {
            Some(open) => Edge { seq: open.segment.seq, parts: open.parts.len() as u64, parts_before },
            None => Edge { seq: self.next_seq, parts: 0, parts_before },
        }
    }

    fn sealed(&self, epoch: u64, seq: u64) -> Option<&Sealed> {
        self.in_memory.iter().find(|sealed| (sealed.segment.epoch, sealed.segment.seq) == (epoch, seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_has_what_was_listed() {
        let edge = Edge { seq: 10, parts: 2, parts_before: 6 };
        for (seq, part, is_there) in [
            (9, None, true),
            (10, None, false),
            (10, Some(1), true),
            (10, Some(2), false),
            (11, Some(0), false),
            (9, Some(5), true),
            (9, Some(6), true), // the first of the next one
            (3, Some(99), true),
        ] {
            assert_eq!(edge.has(Want { seq, part }), is_there, "{seq} {part:?}");
        }
        let just_ended = Edge { seq: 10, parts: 0, parts_before: 6 };
        assert!(just_ended.has(Want { seq: 9, part: Some(5) }));
        assert!(!just_ended.has(Want { seq: 9, part: Some(6) }));
    }
}
