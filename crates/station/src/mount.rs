//! A mount: one encoded stream of a service, at one address.

use serde::{Deserialize, Serialize};

/// One encoded stream of a service: what a radio's address leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Its address on the station's host: `/news.mp3`. Starts with `/`.
    pub path: String,
    /// What it is encoded in.
    pub codec: Codec,
    /// Its nominal bit rate, in kbit/s.
    pub bitrate_kbps: u32,
    /// Samples per second and channel, in Hz.
    pub sample_rate_hz: u32,
    /// 1 (mono) or 2 (stereo).
    pub channels: u8,
}

/// What a stream is encoded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// MPEG audio, layer III.
    Mp3,
    /// AAC in ADTS.
    Aac,
    /// Opus in Ogg.
    OggOpus,
    /// Vorbis in Ogg.
    OggVorbis,
    /// FLAC in Ogg.
    OggFlac,
}

impl Codec {
    /// Every codec a mount can carry.
    pub const ALL: [Codec; 5] = [Codec::Mp3, Codec::Aac, Codec::OggOpus, Codec::OggVorbis, Codec::OggFlac];

    /// The media type that players are told.
    pub fn media_type(self) -> &'static str {
        match self {
            Codec::Mp3 => "audio/mpeg",
            Codec::Aac => "audio/aac",
            Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac => "audio/ogg",
        }
    }

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Mp3 => "MP3",
            Codec::Aac => "AAC",
            Codec::OggOpus => "Ogg Opus",
            Codec::OggVorbis => "Ogg Vorbis",
            Codec::OggFlac => "Ogg FLAC",
        }
    }

    /// Its name in files, settings and JSON: `mp3`, `ogg-opus`.
    pub fn slug(self) -> &'static str {
        match self {
            Codec::Mp3 => "mp3",
            Codec::Aac => "aac",
            Codec::OggOpus => "ogg-opus",
            Codec::OggVorbis => "ogg-vorbis",
            Codec::OggFlac => "ogg-flac",
        }
    }

    /// True for the codecs that travel in Ogg pages and so begin with header pages.
    pub fn is_ogg(self) -> bool {
        matches!(self, Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac)
    }
}
