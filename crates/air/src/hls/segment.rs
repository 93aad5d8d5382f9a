//! A segment, and the name that says all about it.

use std::time::Duration;

use audio::fmp4::{self, Loudness};
use audio::m3u8;
use audio::track::Track;
use bytes::Bytes;
use station::Timestamp;

/// A stretch of a mount, packed: everything that a list says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number: one more than that of the segment before it, over every restart.
    pub seq: u64,
    /// Which run of the program made it.
    pub epoch: u64,
    /// Media time of its first sample, in samples. Goes on over every restart.
    pub time: u64,
    /// How long it is, in grains of its track: blocks of AAC, 2.5 ms of Opus, samples of FLAC.
    pub units: u32,
    /// When its first sample was on the air.
    pub at: Timestamp,
    /// What a decoder must know.
    pub header: Header,
    /// How many discontinuities there were up to its first sample, since the stream began.
    pub discontinuities: u64,
    /// Whether the last of them is at its first sample.
    pub is_discontinuity: bool,
    /// Its size.
    pub bytes: u64,
}

impl Segment {
    /// Media time after its last sample.
    pub fn end_time(&self) -> u64 {
        self.time + self.samples()
    }

    /// Media time after its last sample, as a duration.
    pub fn end_media(&self) -> Duration {
        m3u8::duration_of(self.end_time(), self.sample_rate_hz())
    }

    /// When its last sample was on the air.
    pub fn end(&self) -> Timestamp {
        self.at.saturating_add(self.duration()).unwrap_or(Timestamp::MAX)
    }

    /// How long it lasts, to the sample.
    pub fn duration(&self) -> Duration {
        m3u8::duration_of(self.samples(), self.sample_rate_hz())
    }

    /// The bits in a second of it.
    pub fn bandwidth_bps(&self) -> u64 {
        self.bytes * 8 * u64::from(self.sample_rate_hz()) / self.samples().max(1)
    }

    /// Its name in lists: `1764000000000-12.m4s`.
    pub fn uri(&self) -> String {
        format!("{}-{}.m4s", self.epoch, self.seq)
    }

    /// The name of one of its parts in lists: `1764000000000-12.3.m4s`.
    pub fn part_uri(&self, part: u64) -> String {
        part_uri(self.epoch, self.seq, part)
    }

    /// Its name in the vault, which says everything but its size, in the order of the fields.
    pub fn file_name(&self) -> String {
        let Self { seq, epoch, time, units, discontinuities, is_discontinuity, .. } = self;
        let (at_ms, header, mark) = (self.at.as_millisecond(), self.header.name(), u8::from(*is_discontinuity));
        format!("{seq:010}-{epoch}-{time}-{units}-{at_ms}-{header}-{discontinuities}-{mark}.m4s")
    }

    /// Reads a name that [`file_name`](Self::file_name) made; `None` for any other.
    pub fn from_file_name(name: &str, bytes: u64) -> Option<Self> {
        let mut parts = name.strip_suffix(".m4s")?.split('-');
        let mut part = || parts.next();
        let segment = Self {
            seq: part()?.parse().ok()?,
            epoch: part()?.parse().ok()?,
            time: part()?.parse().ok()?,
            units: part()?.parse().ok()?,
            at: Timestamp::from_millisecond(part()?.parse().ok()?).ok()?,
            header: Header::from_name(part()?)?,
            discontinuities: part()?.parse().ok()?,
            is_discontinuity: part()? == "1",
            bytes,
        };
        let is_counted = segment.discontinuities >= u64::from(segment.is_discontinuity);
        (is_counted && segment.file_name() == name).then_some(segment)
    }

    fn samples(&self) -> u64 {
        u64::from(self.units) * u64::from(self.header.track.grain_samples())
    }

    fn sample_rate_hz(&self) -> u32 {
        self.header.track.sample_rate_hz()
    }
}

/// The name of a part in lists.
pub fn part_uri(epoch: u64, seq: u64, part: u64) -> String {
    format!("{epoch}-{seq}.{part}.m4s")
}

/// What an init segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the sound is made of.
    pub track: Track,
    /// How loud it is, if that was known when the segment began.
    pub loudness: Option<Loudness>,
}

impl Header {
    /// The name of the init segment: `init-1210.mp4`. It says everything that is in it.
    pub fn uri(&self) -> String {
        format!("init-{}.mp4", self.name())
    }

    /// The header that an init segment's name says.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::from_name(uri.strip_prefix("init-")?.strip_suffix(".mp4")?)
    }

    /// The init segment.
    pub fn bytes(&self) -> Bytes {
        fmp4::init_segment(&self.track, self.loudness)
    }

    fn name(&self) -> String {
        let track = self.track.name();
        self.loudness.map_or(track.clone(), |loudness| format!("{track}.{}", loudness.name()))
    }

    fn from_name(name: &str) -> Option<Self> {
        let (track, loudness) = match name.split_once('.') {
            Some((track, loudness)) => (track, Some(Loudness::from_name(loudness)?)),
            None => (name, None),
        };
        Some(Self { track: Track::from_name(track)?, loudness })
    }
}

#[cfg(test)]
pub(crate) mod test {
    use audio::adts::Config;

    use super::*;

    /// The segment with this number of a stream that began at eight in the morning, six seconds each.
    pub(crate) fn segment(seq: u64) -> Segment {
        let eight = "2026-11-24T08:00:00Z".parse::<Timestamp>().expect("it is written here");
        let units = 258;
        let time = seq * u64::from(units) * 1024;
        let track = Track::Aac(Config { object_type: 2, sample_rate_hz: 44_100, channel_config: 2 });
        let header = Header { track, loudness: None };
        let at = eight + m3u8::duration_of(time, track.sample_rate_hz());
        Segment { seq, epoch: 1, time, units, at, header, discontinuities: 0, is_discontinuity: false, bytes: 96_000 }
    }

    #[test]
    fn a_name_says_everything() {
        let segment = Segment { discontinuities: 3, at: "2026-11-24T08:00:00.123Z".parse().unwrap(), ..segment(12) };
        assert_eq!(segment.file_name(), "0000000012-1-3170304-258-1795507200123-1210-3-0.m4s");
        assert_eq!(Segment::from_file_name(&segment.file_name(), 96_000), Some(segment));
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in
            ["12.m4s", "0000000012-1-3170304-258-1795507200123-1210-3-0.mp4", "12-1-3-2-1-1210-3-0.m4s", "", "a-b.m4s"]
        {
            assert_eq!(Segment::from_file_name(name, 0), None, "{name}");
        }
    }

    #[test]
    fn an_init_segment_is_named_by_what_is_in_it() {
        let plain = segment(0).header;
        let loud = Header { loudness: Loudness::measured(-18.0, -1.0), ..plain };
        for (header, uri) in [(plain, "init-1210.mp4"), (loud, "init-1210.9f2a0.mp4")] {
            assert_eq!(header.uri(), uri);
            assert_eq!(Header::from_uri(uri), Some(header));
        }
        for name in ["init-.mp4", "init-zzzz.mp4", "init-+210.mp4", "init-0000.mp4", "init-1210", "init-1210..mp4"] {
            assert_eq!(Header::from_uri(name), None, "{name}");
        }
    }
}
