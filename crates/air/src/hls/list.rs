//! Lists: what stands on the shelf, as a player reads it.

use std::time::Duration;

use audio::m3u8::{self, Kind, LowLatency, Media, Skipped, Start, Whole};
use jiff::SignedDuration;
use station::Timestamp;

use super::cutter::{Part, part_target};
use super::marks::{Marks, Span};
use super::segment::Segment;
use super::shelf::Shelf;
use super::window::Stretch;

/// Parts are named for so many segments before the newest: who needs older ones takes the whole segment.
const SEGMENTS_IN_PARTS: usize = 3;
/// What is older than so many segments may be left out for who has seen it. The standard asks for six at least.
const SKIP_AFTER_SEGMENTS: u64 = 6;

/// Which list is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wish {
    pub stretch: Stretch,
    /// Where a player should begin, in milliseconds from the start or, when negative, from the end.
    pub start_ms: Option<i64>,
    pub skip: Skip,
}

/// What may be left out for who has an older list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Skip {
    #[default]
    Nothing,
    Segments,
    SegmentsAndRanges,
}

/// What lists are made of besides the shelf.
pub(super) struct Surroundings<'a> {
    pub marks: &'a Marks,
    pub segment_ms: u64,
    /// How long a part is, where parts are offered.
    pub part_ms: Option<u64>,
    /// How far the other renditions are.
    pub reports: Vec<m3u8::Report>,
}

/// The list that is wished for; `None` if there is nothing to list yet.
///
/// The count of discontinuities in a list is of those before it. One that stands before the first segment is still in the list:
/// it is counted when that segment has left, and not before, or players take the list for broken.
pub(super) fn media(shelf: &Shelf, wish: &Wish, around: Surroundings) -> Option<Media> {
    let selection = shelf.window.select(wish.stretch)?;
    let all: Vec<&Segment> = shelf.window.segments(&selection).collect();
    let (first, last) = (*all.first()?, *all.last()?);
    let longest = all.iter().map(|segment| rounded_s(segment.duration())).max().unwrap_or(0);
    let target_duration_s = longest.max(rounded_s(Duration::from_millis(around.segment_ms)));
    let part_ms = around.part_ms.filter(|_| selection.kind == Kind::Live);
    let open = part_ms.and_then(|_| shelf.open());
    let to = open.map_or(last.end(), |open| open.segment.end());

    let skip_after = Duration::from_secs(target_duration_s * SKIP_AFTER_SEGMENTS);
    let boundary = to.saturating_sub(skip_after).unwrap_or(first.at);
    let skip = if part_ms.is_some() { wish.skip } else { Skip::Nothing };
    let skipped_segments = if skip == Skip::Nothing { 0 } else { all.partition_point(|it| it.end() <= boundary) };
    let skip_ranges = skipped_segments > 0 && skip == Skip::SegmentsAndRanges;
    let removed =
        || around.marks.removed(first.at, SignedDuration::try_from(skip_after).unwrap_or(SignedDuration::MAX));
    let skipped = (skipped_segments > 0)
        .then(|| Skipped { segments: skipped_segments as u64, removed_ranges: skip_ranges.then(removed) });

    let in_parts_from = all.len().saturating_sub(SEGMENTS_IN_PARTS);
    let named = all.iter().enumerate().skip(skipped_segments).map(|(index, segment)| {
        let parts = if part_ms.is_some() && index >= in_parts_from { shelf.parts_of(segment) } else { &[] };
        name(segment, parts, true)
    });
    let segments = named.chain(open.map(|open| name(&open.segment, &open.parts, false))).collect();
    Some(Media {
        target_duration_s,
        media_sequence: first.seq,
        discontinuity_sequence: first.discontinuities - u64::from(first.is_discontinuity),
        start: start(wish, selection.start),
        kind: selection.kind,
        low_latency: part_ms.map(|part_ms| LowLatency {
            part_target: part_target(&last.header.track, part_ms),
            next_part_uri: shelf.next_part_uri(),
            skip_after,
        }),
        skipped,
        ranges: around.marks.ranges(Span { from: first.at, to, skip_before: skip_ranges.then_some(boundary) }),
        segments,
        reports: if part_ms.is_some() { around.reports } else { Vec::new() },
    })
}

fn start(wish: &Wish, within_first: Option<Duration>) -> Option<Start> {
    let asked = wish.start_ms.map(|start_ms| Start { offset_s: start_ms as f64 / 1_000.0, is_precise: false });
    asked.or(within_first.map(|offset| Start { offset_s: offset.as_secs_f64(), is_precise: true }))
}

fn rounded_s(duration: Duration) -> u64 {
    (duration + Duration::from_millis(500)).as_secs()
}

fn name(segment: &Segment, parts: &[Part], is_whole: bool) -> m3u8::Segment {
    let part =
        |(index, part): (usize, &Part)| m3u8::Part { uri: segment.part_uri(index as u64), duration: part.duration };
    m3u8::Segment {
        program_date_time: date(segment.at),
        map_uri: segment.header.uri(),
        is_discontinuity: segment.is_discontinuity,
        parts: parts.iter().enumerate().map(part).collect(),
        whole: is_whole.then(|| Whole { uri: segment.uri(), duration: segment.duration() }),
    }
}

/// A moment as lists have it.
pub(super) fn date(moment: Timestamp) -> String {
    format!("{moment:.3}")
}
