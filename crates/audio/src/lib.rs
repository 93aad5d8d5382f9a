//! Sound as bytes and as numbers: framers, containers, codecs and meters. Pure: bytes in, values out.
//!
//! A [`Framer`] takes a stream's bytes as they come and gives back whole frames (MPEG audio, ADTS) or whole pages
//! (Ogg), untouched to the bit, together with what is needed to switch between streams: the [`Format`], and whether
//! a [`Frame`] can be heard with nothing before it. [`mpeg::Joiner`] makes any MP3 frame a clean beginning.
//! [`track`], [`fmp4`] and [`m3u8`] pack frames for HLS, [`icy`] writes and reads titles.
//!
//! Below the frames is the sound itself ([`pcm`]): a [`decode::Decoder`] takes it out of frames, an [`encode::Encoder`]
//! puts it into frames; between the two it is [resampled](resample), [measured](loudness), [levelled](limit) and
//! [crossfaded](crossfade).
//!
//! Nothing here trusts its input: whatever the bytes are, a framer keeps less than one frame (or page, or set of
//! header pages) of them and accounts for every other one.
//!
//! Start at [`Framer`].

mod bits;
mod framer;
mod sniff;
mod sync;
mod tag;

pub mod adts;
pub mod crossfade;
pub mod decode;
pub mod encode;
pub mod fmp4;
pub mod icy;
pub mod limit;
pub mod loudness;
pub mod m3u8;
pub mod mpeg;
pub mod ogg;
pub mod pcm;
pub mod resample;
pub mod track;

use bytes::Bytes;

pub use framer::{Found, Framer};
pub use sniff::{SNIFF_BYTES_MAX, Sniff, sniff};

/// What a stream is encoded in, and what it travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What must stay equal for two streams to be joined without a decoder noticing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// What it is encoded in.
    pub codec: Codec,
    /// Samples per second and channel. For HE-AAC that of the core, half of what is heard.
    pub sample_rate_hz: u32,
    /// How many channels.
    pub channels: u8,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, {} Hz, {} channels", self.codec, self.sample_rate_hz, self.channels)
    }
}

/// The smallest piece of a stream that can be sent or left out: an MPEG audio or ADTS frame, or an Ogg page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The whole frame as its encoder made it.
    pub bytes: Bytes,
    /// How many samples (per channel, at the format's rate) it lasts. An Ogg page on which no packet ends lasts none.
    pub samples: u32,
    /// Whether it decodes with nothing before it (an Ogg page: with nothing but the header pages before it).
    pub is_entry: bool,
}
