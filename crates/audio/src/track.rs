//! A track: what a packed stream is made of, as the header of an MP4 file describes it.
//!
//! [`Track`] says what a decoder must know, and is named by it: from [`Track::name`] alone the header can be made again,
//! so that nothing has to be kept beside the name. [`Unpacker`] takes frames as a [`Framer`](crate::Framer) cuts
//! them and gives the bare [`Unit`]s that MP4 holds, untouched.
//!
//! Start at [`Unpacker::unpack`].

mod flac;
mod opus;
mod unpack;

use bytes::Bytes;

use crate::adts::{BLOCK_SAMPLES, Config};

pub use flac::StreamInfo;
pub use unpack::{Unpackable, Unpacker};

/// What a decoder must be told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    /// AAC, plain or with its upper half hidden in the frames.
    Aac(Config),
    /// Opus, in one or two channels.
    Opus {
        /// 1 or 2.
        channels: u8,
        /// What a player adds to its loudness, in 1/256 dB; nearly always 0.
        gain: i16,
    },
    /// FLAC.
    Flac(StreamInfo),
}

/// The smallest piece of a track: an AAC block, an Opus packet, a FLAC frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// It, without any header of a stream around it.
    pub bytes: Bytes,
    /// How many samples (per channel, at the track's rate) it lasts.
    pub samples: u32,
}

impl Track {
    /// Samples per second and channel; the ticks of its clock. For HE-AAC that of the core.
    pub fn sample_rate_hz(&self) -> u32 {
        match self {
            Track::Aac(config) => config.sample_rate_hz,
            Track::Opus { .. } => opus::SAMPLE_RATE_HZ,
            Track::Flac(info) => info.sample_rate_hz,
        }
    }

    /// Every unit lasts a whole number of times so many samples.
    pub fn grain_samples(&self) -> u32 {
        match self {
            Track::Aac(_) => BLOCK_SAMPLES,
            Track::Opus { .. } => opus::GRAIN_SAMPLES,
            Track::Flac(_) => 1,
        }
    }

    /// How long a unit of it lasts at most, in samples.
    pub fn unit_samples_max(&self) -> u32 {
        match self {
            Track::Aac(_) => BLOCK_SAMPLES,
            Track::Opus { .. } => opus::PACKET_SAMPLES_MAX,
            Track::Flac(info) => u32::from(info.block_samples_max),
        }
    }

    /// Its name in playlists and media types.
    pub fn codec_string(&self) -> &'static str {
        match self {
            Track::Aac(config) => config.codec_string(),
            Track::Opus { .. } => "opus",
            Track::Flac(_) => "fLaC",
        }
    }

    /// A name that says all of it, in letters and digits: `1210`.
    pub fn name(&self) -> String {
        match self {
            Track::Aac(config) => format!("{:04x}", u16::from_be_bytes(config.audio_specific_config())),
            Track::Opus { channels, gain } => format!("opus{channels}{:04x}", *gain as u16),
            Track::Flac(info) => info.name(),
        }
    }

    /// The track that a name says; `None` for what [`name`](Self::name) never gives.
    pub fn from_name(name: &str) -> Option<Self> {
        let track = if let Some(rest) = name.strip_prefix("opus") {
            let (channels, gain) = (rest.get(..1)?.parse().ok()?, u16::from_str_radix(rest.get(1..)?, 16).ok()?);
            (1..=2).contains(&channels).then_some(Track::Opus { channels, gain: gain as i16 })?
        } else if name.starts_with(flac::NAME_BEGINS) {
            Track::Flac(StreamInfo::from_name(name)?)
        } else {
            Track::Aac(Config::from_audio_specific_config(u16::from_str_radix(name, 16).ok()?.to_be_bytes())?)
        };
        (track.name() == name).then_some(track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_all_of_a_track() {
        let info = StreamInfo {
            block_samples_min: 4608,
            block_samples_max: 4608,
            sample_rate_hz: 44_100,
            channels: 2,
            bits_per_sample: 16,
        };
        let aac = Track::Aac(Config { object_type: 2, sample_rate_hz: 44_100, channel_config: 2 });
        for (track, name) in [
            (aac, "1210"),
            (Track::Opus { channels: 2, gain: 0 }, "opus20000"),
            (Track::Opus { channels: 1, gain: -256 }, "opus1ff00"),
            (Track::Flac(info), "flac120012000ac44210"),
        ] {
            assert_eq!(track.name(), name);
            assert_eq!(Track::from_name(name), Some(track));
        }
    }

    #[test]
    fn other_names_are_no_tracks() {
        for name in ["", "zzzz", "+210", "0000", "01210", "opus", "opus30000", "opus2", "opus2+000", "flac", "flac12"] {
            assert_eq!(Track::from_name(name), None, "{name}");
        }
        assert_eq!(Track::from_name("opus2é00"), None);
        assert_eq!(Track::from_name("opusé"), None);
    }
}
