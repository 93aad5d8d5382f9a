//! Units in, parts and segments out.
//!
//! Segments end where the wall clock says a whole number of segments, whatever their codec: so all renditions of a service
//! are cut at the same points, to the frame. Parts are cut within a segment at equal distances from its beginning.

use std::sync::Arc;
use std::time::Duration;

use audio::fmp4::{self, Loudness, Place};
use audio::m3u8::duration_of;
use audio::track::{Track, Unit};
use bytes::Bytes;
use jiff::SignedDuration;
use station::Timestamp;

use super::airtime::{Airtime, SLEW_MAX};
use super::segment::{Header, Segment};
use super::timeline::{Note, Timeline};

/// The shortest segments that may be asked for, in milliseconds.
const SEGMENT_MS_MIN: u64 = 1_000;
/// The longest, in milliseconds; it bounds what is held in memory.
const SEGMENT_MS_MAX: u64 = 20_000;
/// The shortest parts, in milliseconds.
const PART_MS_MIN: u64 = 200;
/// A segment that would be shorter than this is added to the next, which is then still as long as it may be.
const STUB_MAX: SignedDuration = SignedDuration::from_millis(400);
/// Media times that are no further apart than this are the same.
const ALIGNED: Duration = Duration::from_millis(100);
/// No segment has more parts than this.
const PARTS_MAX: usize = 128;

/// Packs a rendition's units.
#[derive(Debug)]
pub struct Cutter {
    origin: Origin,
    segment_ms: u64,
    part_ms: u64,
    next_seq: u64,
    /// The number of the next part's fragment.
    fragments: u32,
    /// Media time of the next unit, in samples at the track's rate.
    time: u64,
    discontinuities: u64,
    /// Whether the segment that is being filled, or comes next, begins with one.
    is_discontinuity: bool,
    /// Whether anything was packed by this run of the program.
    has_begun: bool,
    track: Option<Track>,
    loudness: Option<Loudness>,
    airtime: Airtime,
    open: Option<Open>,
}

/// How a cutter begins.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Which run of the program it is.
    pub epoch: u64,
    /// The newest segment of earlier runs.
    pub last: Option<Segment>,
    /// The number to begin with if there is none.
    pub seq: u64,
    /// Media time at which the service goes on after earlier runs.
    pub media: Duration,
    /// What the renditions of the service tell each other.
    pub(super) timeline: Arc<Timeline>,
    /// Which of them it is.
    pub rendition: usize,
}

/// The segment that is being filled.
#[derive(Debug)]
struct Open {
    segment: Segment,
    ends_at: Timestamp,
    parts: Vec<Part>,
    /// The units of its finished parts.
    packed: Vec<Unit>,
    /// The units of the part that is being filled.
    units: Vec<Unit>,
    /// Samples in these units.
    samples: u64,
}

/// What was finished.
#[derive(Clone, Debug)]
pub enum Cut {
    /// A part of a segment.
    Part {
        /// The part.
        part: Part,
        /// What is known of its segment up to the end of this part.
        segment: Segment,
        /// Whether the segment ends with it.
        is_last: bool,
    },
    /// A whole segment.
    Segment(Sealed),
}

/// A part of a segment: a fragment of MP4 that can be heard alone.
#[derive(Clone, Debug)]
pub struct Part {
    /// How long it lasts.
    pub duration: Duration,
    /// The fragment.
    pub bytes: Bytes,
}

/// A finished segment.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// What lists say of it.
    pub segment: Segment,
    /// The file.
    pub bytes: Bytes,
    /// Its parts: the same units, in fragments of their own.
    pub parts: Vec<Part>,
}

impl Cutter {
    /// A cutter that goes on after the newest segment that there is, with segments of `segment_ms` in parts of `part_ms`.
    pub fn new(origin: Origin, segment_ms: u64, part_ms: u64) -> Self {
        let segment_ms = segment_ms.clamp(SEGMENT_MS_MIN, SEGMENT_MS_MAX);
        let last = origin.last.as_ref();
        let mut cutter = Self {
            segment_ms,
            part_ms: part_ms.clamp(PART_MS_MIN, segment_ms),
            next_seq: last.map_or(origin.seq, |last| last.seq + 1),
            fragments: 0,
            time: last.map_or(0, Segment::end_time),
            discontinuities: last.map_or(0, |last| last.discontinuities),
            is_discontinuity: false,
            has_begun: false,
            track: last.map(|last| last.header.track),
            loudness: None,
            airtime: last.map_or_else(Airtime::default, |last| Airtime::after(last.end())),
            open: None,
            origin,
        };
        cutter.go_on_from(cutter.origin.media);
        cutter
    }

    /// From the next segment on, the header says this.
    pub fn set_loudness(&mut self, loudness: Option<Loudness>) {
        self.loudness = loudness;
    }

    /// When a unit that comes next, and arrived at this moment, will be on the air.
    pub fn air_time(&self, arrived: Timestamp) -> Timestamp {
        self.open.as_ref().map(Open::now).filter(|now| !self.airtime.is_broken(arrived, *now)).unwrap_or(arrived)
    }

    /// Takes the next unit, which came in at `arrived`, and gives what it has finished: nothing, a part, or a part and the
    /// segment that ends with it; before that, what was ended because the unit does not follow it.
    pub fn push(&mut self, track: Track, unit: Unit, arrived: Timestamp) -> Vec<Cut> {
        let mut cuts = Vec::new();
        let is_gap = self.open.as_ref().is_some_and(|open| self.airtime.is_broken(arrived, open.now()));
        if is_gap || self.track != Some(track) {
            cuts.extend(self.seal());
        }
        if self.track != Some(track) {
            self.change(track);
        }
        let mut open = self.open.take().unwrap_or_else(|| self.begin(track, arrived));
        self.airtime.note(arrived, open.now());
        open.add(unit);
        let (is_full, has_part) = (open.now() >= open.ends_at, open.has_whole_part(self.part_ms));
        if has_part && !is_full {
            cuts.push(open.cut_part(self.next_fragment(), false));
        }
        self.open = Some(open);
        if is_full {
            cuts.extend(self.seal());
        }
        cuts
    }

    /// Ends the segment that is being filled, if there is one.
    pub fn seal(&mut self) -> Vec<Cut> {
        let Some(mut open) = self.open.take() else { return Vec::new() };
        let last_part = (!open.units.is_empty()).then(|| open.cut_part(self.next_fragment(), true));
        let sealed = open.seal();
        self.next_seq += 1;
        self.time = sealed.segment.end_time();
        self.airtime.end(sealed.segment.at, sealed.segment.duration());
        last_part.into_iter().chain([Cut::Segment(sealed)]).collect()
    }

    fn next_fragment(&mut self) -> u32 {
        let number = self.fragments;
        self.fragments = number.wrapping_add(1);
        number
    }

    /// Begins a segment.
    fn begin(&mut self, track: Track, arrived: Timestamp) -> Open {
        let beginning = self.airtime.begin(arrived);
        if beginning.is_step {
            self.align(beginning.at);
        }
        self.has_begun = true;
        let segment = Segment {
            seq: self.next_seq,
            epoch: self.origin.epoch,
            time: self.time,
            units: 0,
            at: beginning.at,
            header: Header { track, loudness: self.loudness },
            discontinuities: self.discontinuities,
            is_discontinuity: std::mem::take(&mut self.is_discontinuity),
            bytes: 0,
        };
        let note = Note { seq: segment.seq, at: segment.at, media: duration_of(self.time, track.sample_rate_hz()) };
        self.origin.timeline.note(self.origin.rendition, note);
        let ends_at = end_of(segment.at, self.segment_ms);
        Open { segment, ends_at, parts: Vec::new(), packed: Vec::new(), units: Vec::new(), samples: 0 }
    }

    /// Sets number and media time by what the other renditions say. Neither ever goes back, and a number is only taken where
    /// none was given before.
    fn align(&mut self, at: Timestamp) {
        let Some(note) = self.origin.timeline.elsewhere(self.origin.rendition, at) else { return };
        if self.origin.last.is_none() && !self.has_begun {
            let cells = cell_ending(at, self.segment_ms) - cell_ending(note.at, self.segment_ms);
            self.next_seq = self.next_seq.max(note.seq.saturating_add_signed(cells));
        }
        self.go_on_from(note.media_at(at));
    }

    fn go_on_from(&mut self, media: Duration) {
        let Some(rate) = self.track.map(|track| track.sample_rate_hz()) else { return };
        let own = duration_of(self.time, rate);
        if media > own + ALIGNED {
            self.time = samples_in(media, rate);
        }
    }

    /// Goes over to another format: media time goes on in the new clock, and players are told.
    fn change(&mut self, track: Track) {
        let rate = track.sample_rate_hz();
        match self.track.replace(track) {
            Some(before) => {
                self.time = samples_in(duration_of(self.time, before.sample_rate_hz()), rate);
                self.discontinuities += 1;
                self.is_discontinuity = true;
            }
            None => self.time = samples_in(self.origin.media, rate),
        }
    }
}

impl Open {
    /// When the unit that comes next is on the air.
    fn now(&self) -> Timestamp {
        let filled = duration_of(self.samples, self.segment.header.track.sample_rate_hz());
        self.segment.end().saturating_add(filled).unwrap_or(Timestamp::MAX)
    }

    fn add(&mut self, unit: Unit) {
        self.samples += u64::from(unit.samples);
        self.units.push(unit);
    }

    /// True if a part ends here: at the next whole number of parts from the beginning, unless that is the segment's end
    /// as well.
    fn has_whole_part(&self, part_ms: u64) -> bool {
        let whole = Duration::from_millis(part_ms.saturating_mul(self.parts.len() as u64 + 1));
        let ends_at = self.segment.at.saturating_add(whole).unwrap_or(Timestamp::MAX);
        let now = self.now();
        now >= ends_at && self.ends_at.duration_since(now) > SLEW_MAX && self.parts.len() < PARTS_MAX - 1
    }

    fn cut_part(&mut self, sequence: u32, is_last: bool) -> Cut {
        let segment = &mut self.segment;
        let place = Place { sequence, base_media_decode_time: segment.end_time() };
        let bytes = fmp4::fragment(place, &self.units);
        let samples = std::mem::take(&mut self.samples);
        let part = Part { duration: duration_of(samples, segment.header.track.sample_rate_hz()), bytes };
        self.packed.append(&mut self.units);
        segment.units += (samples / u64::from(segment.header.track.grain_samples())) as u32;
        segment.bytes += part.bytes.len() as u64;
        self.parts.push(part.clone());
        Cut::Part { part, segment: segment.clone(), is_last }
    }

    /// The whole segment is one fragment again: VLC takes the end of the second for the end of the stream.
    fn seal(self) -> Sealed {
        let Segment { seq, time, .. } = self.segment;
        let place = Place { sequence: seq as u32, base_media_decode_time: time };
        let bytes = Bytes::from([fmp4::segment_head(), fmp4::fragment(place, &self.packed)].concat());
        Sealed { segment: Segment { bytes: bytes.len() as u64, ..self.segment }, bytes, parts: self.parts }
    }
}

/// The longest that a part can be: it ends with the first unit that fills it, and the last of a segment takes in what the
/// segment was moved by.
pub(super) fn part_target(track: &Track, part_ms: u64) -> Duration {
    let (rate, unit) = (u64::from(track.sample_rate_hz()), u64::from(track.unit_samples_max().max(1)));
    let part_ms = part_ms + SLEW_MAX.unsigned_abs().as_millis() as u64;
    let units = (part_ms * rate).div_ceil(1_000 * unit);
    duration_of(units * unit, track.sample_rate_hz())
}

/// When a segment ends that begins at `at`.
fn end_of(at: Timestamp, segment_ms: u64) -> Timestamp {
    let end_ms = cell_ending(at, segment_ms).saturating_mul(segment_ms as i64);
    Timestamp::from_millisecond(end_ms).unwrap_or(Timestamp::MAX)
}

/// At the end of how many whole segments since 1970 a segment ends that begins at `at`.
fn cell_ending(at: Timestamp, segment_ms: u64) -> i64 {
    let stub = SignedDuration::as_millis(&STUB_MAX) as i64;
    at.as_millisecond().saturating_add(stub).div_euclid(segment_ms as i64) + 1
}

fn samples_in(media: Duration, sample_rate_hz: u32) -> u64 {
    let samples = (media.as_nanos() * u128::from(sample_rate_hz) + 500_000_000) / 1_000_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use audio::adts::{self, silent_frame};

    use super::*;

    const SEGMENT_MS: u64 = 6_000;

    fn eight() -> Timestamp {
        "2026-11-24T08:00:00Z".parse().unwrap()
    }

    fn origin(last: Option<Segment>) -> Origin {
        origin_of(0, &Arc::new(Timeline::new(2, SEGMENT_MS)), last)
    }

    fn origin_of(rendition: usize, timeline: &Arc<Timeline>, last: Option<Segment>) -> Origin {
        let media = last.as_ref().map_or(Duration::ZERO, Segment::end_media);
        Origin { epoch: 7, last, seq: 0, media, timeline: Arc::clone(timeline), rendition }
    }

    fn cutter(last: Option<Segment>) -> Cutter {
        Cutter::new(origin(last), SEGMENT_MS, 1_000)
    }

    /// Pushes `count` blocks of AAC as they would come in at real time from `start` on.
    fn push(cutter: &mut Cutter, rate: u32, count: u64, start: Timestamp) -> Vec<Cut> {
        let (config, bytes) = adts::payload(&silent_frame(rate, 2).unwrap().bytes).unwrap();
        let unit = Unit { bytes, samples: 1024 };
        let arrived = |index| start + duration_of(index * 1024, rate);
        (0..count).flat_map(|index| cutter.push(Track::Aac(config), unit.clone(), arrived(index))).collect()
    }

    fn segments(cuts: &[Cut]) -> Vec<Segment> {
        let segment = |cut: &Cut| if let Cut::Segment(sealed) = cut { Some(sealed.segment.clone()) } else { None };
        cuts.iter().filter_map(segment).collect()
    }

    #[test]
    fn segments_follow_each_other_without_a_gap_and_end_with_the_clock() {
        let segments = segments(&push(&mut cutter(None), 44_100, 258 * 4 + 5, eight()));
        assert_eq!(segments.iter().map(|it| (it.seq, it.epoch)).collect::<Vec<_>>(), [0, 1, 2, 3].map(|seq| (seq, 7)));
        for (pair, number) in segments.windows(2).zip(1..) {
            assert_eq!(pair[1].time, pair[0].end_time());
            assert_eq!(pair[1].at, pair[0].end());
            let late = pair[1].at.duration_since(eight() + Duration::from_secs(6) * number);
            assert!((0..24).contains(&late.as_millis()), "begins {late:?} after the whole number");
        }
    }

    #[test]
    fn a_segment_that_would_be_a_stub_is_part_of_the_next() {
        for (start_ms, lasts_s) in [(0, 6.0), (2_000, 4.0), (5_500, 0.5), (5_700, 6.3)] {
            let cuts = push(&mut cutter(None), 44_100, 300, eight() + Duration::from_millis(start_ms));
            let lasts = segments(&cuts)[0].duration().as_secs_f64();
            assert!((lasts - lasts_s).abs() < 0.024, "{lasts} s from {start_ms} ms on");
        }
    }

    #[test]
    fn the_parts_make_the_segment() {
        let cuts = push(&mut cutter(None), 44_100, 259, eight());
        let parts: Vec<&Part> =
            cuts.iter().filter_map(|cut| if let Cut::Part { part, .. } = cut { Some(part) } else { None }).collect();
        let [.., Cut::Part { is_last: true, .. }, Cut::Segment(sealed)] = &cuts[..] else { panic!("{cuts:?}") };
        assert_eq!(parts.len(), 6);
        let target = part_target(&sealed.segment.header.track, 1_000);
        assert!(parts.iter().all(|part| part.duration <= target));
        assert!(parts[..5].iter().all(|part| part.duration.as_secs_f64() >= target.as_secs_f64() * 0.85));
        assert_eq!(
            parts.iter().map(|part| part.duration).sum::<Duration>().as_micros(),
            sealed.segment.duration().as_micros()
        );
        let sounds = |bytes: &[u8]| bytes.windows(7).filter(|it| it == &[0x20, 0, 0, 0, 0, 0, 0x0e]).count();
        assert_eq!(parts.iter().map(|part| sounds(&part.bytes)).sum::<usize>(), 259, "each block is in one part");
        assert_eq!(sounds(&sealed.bytes), 259);
        assert_eq!(sealed.bytes.windows(4).filter(|it| it == b"moof").count(), 1, "the whole is one fragment");
        assert!(sealed.parts.iter().zip(&parts).all(|(kept, told)| kept.bytes == told.bytes));
    }

    #[test]
    fn a_second_run_goes_on_where_the_first_was_killed() {
        let last = segments(&push(&mut cutter(None), 44_100, 258 * 3 + 100, eight())).pop().unwrap();
        let noon = eight() + Duration::from_secs(4 * 3600);
        let next = segments(&push(&mut cutter(Some(last.clone())), 44_100, 259, noon)).remove(0);
        assert_eq!((next.seq, next.time, next.discontinuities), (3, last.end_time(), 0));
        assert_eq!(next.at, noon);
    }

    #[test]
    fn another_format_ends_the_segment_and_is_a_discontinuity() {
        let mut cutter = cutter(None);
        assert_eq!(segments(&push(&mut cutter, 44_100, 100, eight())), []);
        let mut cuts = push(&mut cutter, 48_000, 1, eight() + duration_of(100 * 1024, 44_100));
        cuts.extend(cutter.seal());
        let [ended, next] = &segments(&cuts)[..] else { panic!("two segments: {cuts:?}") };
        assert_eq!((ended.units, ended.discontinuities, ended.is_discontinuity), (100, 0, false));
        assert_eq!((next.units, next.discontinuities, next.is_discontinuity), (1, 1, true));
        assert_eq!(next.time, (ended.end_time() * 48_000 + 22_050) / 44_100);
    }

    #[test]
    fn a_restart_in_another_format_is_a_discontinuity_too() {
        let last = super::super::segment::test::segment(5);
        let mut cutter = cutter(Some(last));
        push(&mut cutter, 48_000, 10, eight());
        assert_eq!(segments(&cutter.seal())[0].discontinuities, 1);
    }

    #[test]
    fn a_gap_ends_the_segment_and_what_follows_has_its_own_date() {
        let mut cutter = cutter(None);
        push(&mut cutter, 44_100, 100, eight());
        let later = eight() + Duration::from_secs(60);
        let mut cuts = push(&mut cutter, 44_100, 100, later);
        cuts.extend(cutter.seal());
        let [before, after] = &segments(&cuts)[..] else { panic!("two segments: {cuts:?}") };
        assert_eq!((before.units, after.units), (100, 100));
        assert_eq!((after.at, after.time, after.is_discontinuity), (later, before.end_time(), false));
    }

    #[test]
    fn renditions_are_cut_at_the_same_points_with_the_same_numbers_and_media_times() {
        let timeline = Arc::new(Timeline::new(2, SEGMENT_MS));
        let mut first = Cutter::new(origin_of(0, &timeline, None), SEGMENT_MS, 1_000);
        let begun = segments(&push(&mut first, 44_100, 2_000, eight() - Duration::from_millis(200)));
        let late = begun.last().unwrap().at + Duration::from_millis(1_300);
        let mut second = Cutter::new(origin_of(1, &timeline, None), SEGMENT_MS, 1_000);
        let joined = segments(&push(&mut second, 24_000, 800, late));
        push(&mut first, 44_100, 2_000, eight() - Duration::from_millis(200) + duration_of(2_000 * 1024, 44_100));
        let pair = |seq: u64| {
            let of = |segments: &[Segment]| segments.iter().find(|segment| segment.seq == seq).cloned();
            of(&begun).zip(of(&joined))
        };
        let both: Vec<_> = (0..20).filter_map(pair).collect();
        assert!(!both.is_empty(), "{begun:?} {joined:?}");
        for (one, other) in both {
            assert!(one.end().duration_since(other.end()).abs().as_millis() <= 43, "{one:?} {other:?}");
            let (a, b) = (one.end_media().as_secs_f64(), other.end_media().as_secs_f64());
            assert!((a - b).abs() <= 0.043, "media time {a} and {b}");
        }
    }
}
