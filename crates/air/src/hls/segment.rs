//! A segment, and the name that says all about it.

use std::time::Duration;

use audio::adts::{BLOCK_SAMPLES, Config};
use audio::m3u8;
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
    /// How many AAC blocks it holds.
    pub units: u32,
    /// When its first sample was on the air.
    pub at: Timestamp,
    /// What a decoder must know.
    pub config: Config,
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

    /// When its last sample was on the air.
    pub fn end(&self) -> Timestamp {
        self.at.saturating_add(self.duration()).unwrap_or(Timestamp::MAX)
    }

    /// How long it lasts, to the sample.
    pub fn duration(&self) -> Duration {
        m3u8::duration_of(self.samples(), self.config.sample_rate_hz)
    }

    /// The bits in a second of it.
    pub fn bandwidth_bps(&self) -> u64 {
        self.bytes * 8 * u64::from(self.config.sample_rate_hz) / self.samples().max(1)
    }

    /// Its name in lists: `1764000000000-12.m4s`.
    pub fn uri(&self) -> String {
        format!("{}-{}.m4s", self.epoch, self.seq)
    }

    /// Its name in the vault, which says everything but its size, in the order of the fields.
    pub fn file_name(&self) -> String {
        let Self { seq, epoch, time, units, discontinuities, is_discontinuity, .. } = self;
        let (at_ms, config, mark) = (self.at.as_millisecond(), config_name(&self.config), u8::from(*is_discontinuity));
        format!("{seq:010}-{epoch}-{time}-{units}-{at_ms}-{config}-{discontinuities}-{mark}.m4s")
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
            config: config_from_name(part()?)?,
            discontinuities: part()?.parse().ok()?,
            is_discontinuity: part()? == "1",
            bytes,
        };
        let is_counted = segment.discontinuities >= u64::from(segment.is_discontinuity);
        (is_counted && segment.file_name() == name).then_some(segment)
    }

    fn samples(&self) -> u64 {
        u64::from(self.units) * u64::from(BLOCK_SAMPLES)
    }
}

/// The name of the init segment for a config: `init-1210.mp4`. It says everything that is in it.
pub fn init_uri(config: &Config) -> String {
    format!("init-{}.mp4", config_name(config))
}

/// The config that an init segment's name says.
pub fn config_from_init_uri(uri: &str) -> Option<Config> {
    config_from_name(uri.strip_prefix("init-")?.strip_suffix(".mp4")?)
}

fn config_name(config: &Config) -> String {
    format!("{:04x}", u16::from_be_bytes(config.audio_specific_config()))
}

fn config_from_name(name: &str) -> Option<Config> {
    let config = Config::from_audio_specific_config(u16::from_str_radix(name, 16).ok()?.to_be_bytes())?;
    (config_name(&config) == name).then_some(config)
}

#[cfg(test)]
pub(crate) mod test {
    use super::*;

    /// The segment with this number of a stream that began at eight in the morning, six seconds each.
    pub(crate) fn segment(seq: u64) -> Segment {
        let eight = "2026-11-24T08:00:00Z".parse::<Timestamp>().expect("it is written here");
        let units = 258;
        let time = seq * u64::from(units) * 1024;
        let config = Config { object_type: 2, sample_rate_hz: 44_100, channel_config: 2 };
        let at = eight + m3u8::duration_of(time, config.sample_rate_hz);
        Segment { seq, epoch: 1, time, units, at, config, discontinuities: 0, is_discontinuity: false, bytes: 96_000 }
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
        let config = segment(0).config;
        assert_eq!(init_uri(&config), "init-1210.mp4");
        assert_eq!(config_from_init_uri("init-1210.mp4"), Some(config));
        for name in ["init-.mp4", "init-zzzz.mp4", "init-+210.mp4", "init-0000.mp4", "init-1210", "init-01210.mp4"] {
            assert_eq!(config_from_init_uri(name), None, "{name}");
        }
    }
}
