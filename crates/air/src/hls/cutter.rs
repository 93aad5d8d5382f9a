//! Frames in, segments out.

use audio::adts::{self, BLOCK_SAMPLES, Config};
use audio::fmp4::{self, Place};
use bytes::Bytes;
use station::Timestamp;

use super::airtime::Airtime;
use super::segment::Segment;

/// The shortest segments that may be asked for, in milliseconds.
const SEGMENT_MS_MIN: u64 = 1_000;
/// The longest, in milliseconds; it bounds what is held in memory.
const SEGMENT_MS_MAX: u64 = 20_000;

/// Packs ADTS frames into segments of equal length.
#[derive(Debug)]
pub struct Cutter {
    epoch: u64,
    segment_ms: u64,
    next_seq: u64,
    /// Media time of the next frame, in samples at the config's rate.
    time: u64,
    discontinuities: u64,
    /// Whether the segment that is being filled, or comes next, begins with one.
    is_discontinuity: bool,
    config: Option<Config>,
    airtime: Airtime,
    open: Option<Open>,
}

/// The segment that is being filled.
#[derive(Debug)]
struct Open {
    at: Timestamp,
    units: Vec<Bytes>,
}

/// A finished segment.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// What lists say of it.
    pub segment: Segment,
    /// The file.
    pub bytes: Bytes,
}

/// A frame that MP4 cannot hold: it is not ADTS, or has several blocks in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame is not ADTS with a single block")]
pub struct Unpackable;

impl Cutter {
    /// A cutter that goes on after `last`, the newest segment that there is. `first_seq` is the number to begin with if there is
    /// none.
    pub fn new(epoch: u64, segment_ms: u64, last: Option<&Segment>, first_seq: u64) -> Self {
        Self {
            epoch,
            segment_ms: segment_ms.clamp(SEGMENT_MS_MIN, SEGMENT_MS_MAX),
            next_seq: last.map_or(first_seq, |last| last.seq + 1),
            time: last.map_or(0, Segment::end_time),
            discontinuities: last.map_or(0, |last| last.discontinuities),
            is_discontinuity: false,
            config: last.map(|last| last.config),
            airtime: last.map_or_else(Airtime::default, |last| Airtime::after(last.end())),
            open: None,
        }
    }

    /// Takes the next frame, which came in at `arrived`. Gives a segment if the frame has filled one, or has ended one by being
    /// in another format.
    pub fn push(&mut self, frame: &Bytes, arrived: Timestamp) -> Result<Option<Sealed>, Unpackable> {
        let (config, unit) = adts::payload(frame).ok_or(Unpackable)?;
        let ended = if self.config == Some(config) { None } else { self.change(config) };
        let open = self.open.get_or_insert_with(|| Open { at: self.airtime.begin(arrived), units: Vec::new() });
        open.units.push(unit);
        let is_full = open.units.len() >= self.units_max(&config);
        Ok(if is_full { self.seal() } else { ended })
    }

    /// Ends the segment that is being filled, if there is one.
    pub fn seal(&mut self) -> Option<Sealed> {
        let (config, open) = (self.config?, self.open.take()?);
        let place = Place { sequence: self.next_seq as u32, base_media_decode_time: self.time };
        let bytes = fmp4::media_segment(place, &open.units);
        let segment = Segment {
            seq: self.next_seq,
            epoch: self.epoch,
            time: self.time,
            units: open.units.len() as u32,
            at: open.at,
            config,
            discontinuities: self.discontinuities,
            is_discontinuity: std::mem::take(&mut self.is_discontinuity),
            bytes: bytes.len() as u64,
        };
        self.next_seq += 1;
        self.time = segment.end_time();
        self.airtime.end(segment.at, segment.duration());
        Some(Sealed { segment, bytes })
    }

    /// Goes over to another format: media time goes on in the new clock, and players are told.
    fn change(&mut self, config: Config) -> Option<Sealed> {
        let ended = self.seal();
        if let Some(before) = self.config.replace(config) {
            let time = u128::from(self.time) * u128::from(config.sample_rate_hz) / u128::from(before.sample_rate_hz);
            self.time = time as u64;
            self.discontinuities += 1;
            self.is_discontinuity = true;
        }
        ended
    }

    /// How many blocks make a segment, at least two: so a frame that ends one segment never fills another.
    fn units_max(&self, config: &Config) -> usize {
        let samples = self.segment_ms * u64::from(config.sample_rate_hz) / 1000;
        ((samples + u64::from(BLOCK_SAMPLES / 2)) / u64::from(BLOCK_SAMPLES)).max(2) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use audio::adts::silent_frame;

    use super::*;

    fn eight() -> Timestamp {
        "2026-11-24T08:00:00Z".parse().unwrap()
    }

    /// Pushes `count` frames as they would come in at real time from `start` on.
    fn push(cutter: &mut Cutter, rate: u32, count: u64, start: Timestamp) -> Vec<Segment> {
        let frame = silent_frame(rate, 2).unwrap().bytes;
        let arrived = |index| start + audio::m3u8::duration_of(index * 1024, rate);
        (0..count)
            .filter_map(|index| cutter.push(&frame, arrived(index)).unwrap())
            .map(|sealed| sealed.segment)
            .collect()
    }

    #[test]
    fn segments_follow_each_other_without_a_gap() {
        let mut cutter = Cutter::new(7, 6_000, None, 0);
        let segments = push(&mut cutter, 44_100, 258 * 4, eight());
        assert_eq!(
            segments.iter().map(|it| (it.seq, it.epoch, it.units)).collect::<Vec<_>>(),
            [0, 1, 2, 3].map(|seq| (seq, 7, 258))
        );
        for pair in segments.windows(2) {
            assert_eq!(pair[1].time, pair[0].end_time());
            assert_eq!(pair[1].at, pair[0].end());
        }
    }

    #[test]
    fn a_second_run_goes_on_where_the_first_was_killed() {
        let mut first = Cutter::new(1, 6_000, None, 0);
        let last = push(&mut first, 44_100, 258 * 3 + 100, eight()).pop().unwrap();
        let noon = eight() + Duration::from_secs(4 * 3600);
        let mut second = Cutter::new(2, 6_000, Some(&last), 0);
        let next = push(&mut second, 44_100, 258, noon).pop().unwrap();
        assert_eq!((next.seq, next.time, next.discontinuities), (3, last.end_time(), 0));
        assert_eq!(next.at, noon);
    }

    #[test]
    fn another_format_ends_the_segment_and_is_a_discontinuity() {
        let mut cutter = Cutter::new(1, 6_000, None, 0);
        assert_eq!(push(&mut cutter, 44_100, 100, eight()), []);
        let mut segments = push(&mut cutter, 48_000, 1, eight());
        segments.extend(cutter.seal().map(|sealed| sealed.segment));
        let [ended, next] = &segments[..] else { panic!("two segments: {segments:?}") };
        assert_eq!((ended.units, ended.discontinuities, ended.is_discontinuity), (100, 0, false));
        assert_eq!((next.units, next.discontinuities, next.is_discontinuity), (1, 1, true));
        assert_eq!(next.time, ended.end_time() * 48_000 / 44_100);
    }

    #[test]
    fn a_restart_in_another_format_is_a_discontinuity_too() {
        let last = super::super::segment::test::segment(5);
        let mut cutter = Cutter::new(2, 6_000, Some(&last), 0);
        push(&mut cutter, 48_000, 10, eight());
        assert_eq!(cutter.seal().unwrap().segment.discontinuities, 1);
    }

    #[test]
    fn what_is_not_adts_is_refused_and_does_no_harm() {
        let mut cutter = Cutter::new(1, 6_000, None, 0);
        assert_eq!(cutter.push(&Bytes::from_static(b"no frame"), eight()).unwrap_err(), Unpackable);
        assert_eq!(push(&mut cutter, 44_100, 258, eight()).len(), 1);
    }
}
