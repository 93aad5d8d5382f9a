//! MPEG audio, layer III: frames, their headers, and how to begin in the middle.
//!
//! A frame's header says everything about its size; a frame that borrows bits from frames before it (the *bit
//! reservoir*) says by how many bytes. The cutter behind [`Framer`](crate::Framer) drops what is not sound — ID3 tags, Xing, Info
//! and VBRI frames — and believes a header only when a second one agrees with it. A [`Joiner`] stands where two
//! streams meet and silences the frames that would borrow from the wrong one.

mod joiner;

use bytes::{BufMut, Bytes, BytesMut};

use crate::{Codec, Format, Frame, sync};

pub use joiner::Joiner;

/// The longest layer III frame there is: 320 kbit/s at 32 kHz, padded.
pub const FRAME_BYTES_MAX: usize = 1441;

const HEADER_BYTES: usize = 4;
const CRC_BYTES: usize = 2;

/// A frame's first four bytes, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which of the three versions, which share no sample rate.
    pub version: Version,
    /// In kbit/s.
    pub bitrate_kbps: u32,
    /// In Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Whether a checksum follows the header.
    pub has_crc: bool,
    /// Whether the frame is one byte longer.
    pub is_padded: bool,
}

/// The versions of MPEG audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 32, 44.1 and 48 kHz.
    Mpeg1,
    /// 16, 22.05 and 24 kHz.
    Mpeg2,
    /// 8, 11.025 and 12 kHz.
    Mpeg25,
}

impl Header {
    /// Reads a header. `None` for anything but layer III of known size: free-format frames, whose size nobody states, are
    /// refused.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, kind, rates, mode, ..] = bytes else { return None };
        if sync != 0xff || kind & 0xe0 != 0xe0 || kind & 0x06 != 0x02 {
            return None;
        }
        let version = match kind >> 3 & 3 {
            0 => Version::Mpeg25,
            2 => Version::Mpeg2,
            3 => Version::Mpeg1,
            _ => return None,
        };
        Some(Self {
            version,
            bitrate_kbps: version.bitrate_kbps(rates >> 4)?,
            sample_rate_hz: version.sample_rate_hz(rates >> 2 & 3)?,
            channels: if mode >> 6 == 3 { 1 } else { 2 },
            has_crc: kind & 1 == 0,
            is_padded: rates & 2 != 0,
        })
    }

    /// The size of the whole frame.
    pub fn frame_bytes(&self) -> usize {
        let slots = self.samples() / 8 * self.bitrate_kbps * 1000 / self.sample_rate_hz;
        slots as usize + usize::from(self.is_padded)
    }

    /// Samples per channel in the frame.
    pub fn samples(&self) -> u32 {
        if self.version == Version::Mpeg1 { 1152 } else { 576 }
    }

    fn side_info_at(&self) -> usize {
        HEADER_BYTES + if self.has_crc { CRC_BYTES } else { 0 }
    }

    fn side_info_bytes(&self) -> usize {
        match (self.version, self.channels) {
            (Version::Mpeg1, 2) => 32,
            (Version::Mpeg1, _) | (_, 2) => 17,
            _ => 9,
        }
    }

    /// The furthest that a frame can look back.
    fn reservoir_bytes_max(&self) -> usize {
        if self.version == Version::Mpeg1 { 511 } else { 255 }
    }

    fn main_data_at(&self) -> usize {
        self.side_info_at() + self.side_info_bytes()
    }

    /// How many bytes of earlier frames this one needs.
    fn main_data_begin(&self, frame: &[u8]) -> Option<usize> {
        let side_info = frame.get(self.side_info_at()..)?;
        let (&first, &second) = (side_info.first()?, side_info.get(1)?);
        Some(match self.version {
            Version::Mpeg1 => usize::from(first) << 1 | usize::from(second >> 7),
            Version::Mpeg2 | Version::Mpeg25 => usize::from(first),
        })
    }
}

impl Version {
    fn bitrate_kbps(self, index: u8) -> Option<u32> {
        const MPEG1: [u32; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        const MPEG2: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        let rates = if self == Version::Mpeg1 { MPEG1 } else { MPEG2 };
        rates.get(usize::from(index).checked_sub(1)?).copied()
    }

    fn sample_rate_hz(self, index: u8) -> Option<u32> {
        const MPEG1: [u32; 3] = [44_100, 48_000, 32_000];
        let divisor = match self {
            Version::Mpeg1 => 1,
            Version::Mpeg2 => 2,
            Version::Mpeg25 => 4,
        };
        Some(MPEG1.get(usize::from(index))? / divisor)
    }
}

impl sync::Header for Header {
    const BYTES: usize = HEADER_BYTES;

    fn parse(bytes: &[u8]) -> Option<Self> {
        Header::parse(bytes)
    }

    fn frame_bytes(&self) -> usize {
        Header::frame_bytes(self)
    }

    fn samples(&self) -> u32 {
        Header::samples(self)
    }

    fn format(&self) -> Format {
        Format { codec: Codec::Mp3, sample_rate_hz: self.sample_rate_hz, channels: self.channels }
    }

    /// The bit rate may change from frame to frame; the rest may not.
    fn agrees_with(&self, other: &Self) -> bool {
        self.sample_rate_hz == other.sample_rate_hz && self.channels == other.channels
    }

    fn is_entry(&self, frame: &[u8]) -> bool {
        self.main_data_begin(frame) == Some(0)
    }

    /// A Xing, Info or VBRI frame only tells about the others. A decoder that does not know them hears silence, and a
    /// listener that joins late must not be told the length of a file.
    fn is_tag(&self, frame: &[u8]) -> bool {
        const VBRI_AT: usize = 36;
        let has = |at: usize, mark: &[u8]| frame.get(at..at + mark.len()) == Some(mark);
        let side_info = frame.get(self.side_info_at()..self.main_data_at());
        let is_silent = side_info.is_some_and(|info| info.iter().all(|&byte| byte == 0));
        // Some writers set the checksum flag and then leave no room for it.
        let places = [self.main_data_at(), HEADER_BYTES + self.side_info_bytes()];
        is_silent && places.iter().any(|&at| has(at, b"Xing") || has(at, b"Info")) || has(VBRI_AT, b"VBRI")
    }
}

/// A frame of silence, to keep a stream going when there is nothing to send. `None` if no header can say these numbers;
/// a bit rate that the standard does not know is taken down to the next one that it does.
pub fn silent_frame(sample_rate_hz: u32, channels: u8, bitrate_kbps: u32) -> Option<Frame> {
    let (version, version_bits) = [(Version::Mpeg1, 3), (Version::Mpeg2, 2), (Version::Mpeg25, 0)]
        .into_iter()
        .find(|(version, _)| (0..3).any(|index| version.sample_rate_hz(index) == Some(sample_rate_hz)))?;
    let rate_index = (0..3).find(|&index| version.sample_rate_hz(index) == Some(sample_rate_hz))?;
    let bitrate_index =
        (1..15).rev().find(|&index| version.bitrate_kbps(index).is_some_and(|rate| rate <= bitrate_kbps))?;
    let mode_bits = match channels {
        1 => 3,
        2 => 0,
        _ => return None,
    };
    let head = [0xff, 0xe3 | version_bits << 3, bitrate_index << 4 | rate_index << 2, mode_bits << 6];
    let header = Header::parse(&head)?;
    let mut bytes = BytesMut::with_capacity(header.frame_bytes());
    bytes.put_slice(&head);
    bytes.put_bytes(0, header.frame_bytes() - head.len());
    Some(Frame { bytes: bytes.freeze(), samples: header.samples(), is_entry: true })
}

/// The frame with its side information zeroed, so that it decodes to silence, while its main data stays in place for the
/// frames that borrow from it. It still looks back by `main_data_begin`, because decoders forget what the newest frame
/// has no use for.
fn muted(header: &Header, frame: &[u8], main_data_begin: usize) -> Bytes {
    let mut bytes = BytesMut::from(frame);
    let side_info = header.side_info_at()..header.main_data_at();
    bytes[side_info.clone()].fill(0);
    match header.version {
        Version::Mpeg1 => {
            bytes[side_info.start] = (main_data_begin >> 1) as u8;
            bytes[side_info.start + 1] = (main_data_begin << 7) as u8;
        }
        Version::Mpeg2 | Version::Mpeg25 => bytes[side_info.start] = main_data_begin as u8,
    }
    if header.has_crc {
        let crc = crc16(&[&bytes[2..HEADER_BYTES], &bytes[side_info]].concat());
        bytes[HEADER_BYTES..HEADER_BYTES + CRC_BYTES].copy_from_slice(&crc.to_be_bytes());
    }
    bytes.freeze()
}

/// The checksum over the header's second half and the side information.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x8005 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_how_long_its_frame_is() {
        let cases = [
            // 128 kbit/s, 44.1 kHz, joint stereo, no checksum, unpadded and padded
            ([0xff, 0xfb, 0x90, 0x64], 417, 1152, 2),
            ([0xff, 0xfb, 0x92, 0x64], 418, 1152, 2),
            // 64 kbit/s, 22.05 kHz, mono
            ([0xff, 0xf3, 0x80, 0xc4], 208, 576, 1),
            // 8 kbit/s, 8 kHz, mono (MPEG-2.5)
            ([0xff, 0xe3, 0x18, 0xc4], 72, 576, 1),
            // 320 kbit/s, 32 kHz, padded: the longest
            ([0xff, 0xfb, 0xea, 0x64], FRAME_BYTES_MAX, 1152, 2),
        ];
        for (bytes, frame_bytes, samples, channels) in cases {
            let header = Header::parse(&bytes).unwrap();
            assert_eq!((header.frame_bytes(), header.samples(), header.channels), (frame_bytes, samples, channels));
        }
    }

    #[test]
    fn what_is_not_layer_three_of_known_size_is_refused() {
        let free_format = [0xff, 0xfb, 0x00, 0x64];
        let bad_bitrate = [0xff, 0xfb, 0xf0, 0x64];
        let bad_rate = [0xff, 0xfb, 0x9c, 0x64];
        let layer_two = [0xff, 0xfd, 0x90, 0x64];
        let adts = [0xff, 0xf1, 0x50, 0x80];
        let reserved_version = [0xff, 0xeb, 0x90, 0x64];
        for bytes in [free_format, bad_bitrate, bad_rate, layer_two, adts, reserved_version] {
            assert_eq!(Header::parse(&bytes), None, "{bytes:x?}");
        }
        assert_eq!(Header::parse(&[0xff, 0xfb, 0x90]), None);
    }

    #[test]
    fn silence_can_be_made_for_every_rate() {
        for rate in [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
            for channels in [1, 2] {
                let frame = silent_frame(rate, channels, 128).unwrap();
                let header = Header::parse(&frame.bytes).unwrap();
                assert_eq!((header.sample_rate_hz, header.channels, header.bitrate_kbps), (rate, channels, 128));
                assert_eq!(header.frame_bytes(), frame.bytes.len());
            }
        }
        assert_eq!(silent_frame(96_000, 2, 128), None);
        assert_eq!(silent_frame(44_100, 6, 128), None);
    }
}
