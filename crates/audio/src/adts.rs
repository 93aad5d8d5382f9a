//! AAC in ADTS: frames that each carry their own header and need nothing before them.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{Codec, Format, Frame, sync};

/// Samples per channel in one raw data block.
pub const BLOCK_SAMPLES: u32 = 1024;

/// The longest frame that thirteen bits can say.
pub const FRAME_BYTES_MAX: usize = 8191;

const HEADER_BYTES: usize = 7;
const CRC_BYTES: usize = 2;
const SAMPLE_RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// From this rate down a stream is taken for HE-AAC: nobody sends plain AAC so low, and an HE stream says nothing in
/// its headers.
const HE_CORE_RATE_HZ_MAX: u32 = 24_000;

/// A frame's first seven bytes, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What kind of AAC, and at what rate.
    pub config: Config,
    /// The size of the whole frame.
    pub frame_bytes: usize,
    /// How many raw data blocks it holds, usually one.
    pub blocks: u8,
    /// Whether a checksum follows the header.
    pub has_crc: bool,
}

/// What a decoder must be told about the stream once: the AudioSpecificConfig of MPEG-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// MPEG-4's number for the kind of AAC: 2 is LC. HE-AAC travels as LC with its second half hidden in the frames.
    pub object_type: u8,
    /// In Hz; for HE-AAC that of the core.
    pub sample_rate_hz: u32,
    /// MPEG-4's number for the set of channels, 1 to 7.
    pub channel_config: u8,
}

impl Header {
    /// Reads a header. `None` for what is not ADTS, and for a channel set that is described inside the frames.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, kind, rates, a, b, c, d, ..] = bytes else { return None };
        if sync != 0xff || kind & 0xf6 != 0xf0 {
            return None;
        }
        let has_crc = kind & 1 == 0;
        let frame_bytes = usize::from(a & 3) << 11 | usize::from(b) << 3 | usize::from(c >> 5);
        let channel_config = (rates & 1) << 2 | a >> 6;
        if channel_config == 0 || frame_bytes <= HEADER_BYTES + if has_crc { CRC_BYTES } else { 0 } {
            return None;
        }
        let sample_rate_hz = *SAMPLE_RATES_HZ.get(usize::from(rates >> 2 & 15))?;
        let config = Config { object_type: (rates >> 6) + 1, sample_rate_hz, channel_config };
        Some(Self { config, frame_bytes, blocks: (d & 3) + 1, has_crc })
    }

    /// Samples per channel in the frame, at the core's rate.
    pub fn samples(&self) -> u32 {
        BLOCK_SAMPLES * u32::from(self.blocks)
    }
}

impl sync::Header for Header {
    const BYTES: usize = HEADER_BYTES;

    fn parse(bytes: &[u8]) -> Option<Self> {
        Header::parse(bytes)
    }

    fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    fn samples(&self) -> u32 {
        Header::samples(self)
    }

    fn format(&self) -> Format {
        let (sample_rate_hz, channels) = (self.config.sample_rate_hz, self.config.channels());
        Format { codec: Codec::Aac, sample_rate_hz, channels }
    }

    fn agrees_with(&self, other: &Self) -> bool {
        self.config == other.config
    }

    fn is_entry(&self, _frame: &[u8]) -> bool {
        true
    }

    fn is_tag(&self, _frame: &[u8]) -> bool {
        false
    }
}

impl Config {
    /// How many channels.
    pub fn channels(&self) -> u8 {
        if self.channel_config == 7 { 8 } else { self.channel_config }
    }

    /// The two bytes that an MP4 file or a decoder wants.
    pub fn audio_specific_config(&self) -> [u8; 2] {
        let rate_index = self.rate_index();
        [self.object_type << 3 | rate_index >> 1, rate_index << 7 | self.channel_config << 3]
    }

    /// What a decoder is told in an MP4 file. There HE-AAC is named outright, with the rate that is heard, and not left to
    /// be found in the frames.
    pub fn decoder_config(&self) -> Vec<u8> {
        const SPECTRAL_BAND_REPLICATION: u32 = 5;
        let heard = SAMPLE_RATES_HZ.iter().position(|&rate| rate == self.sample_rate_hz * 2);
        let (true, Some(heard_index)) = (self.is_high_efficiency(), heard) else {
            return self.audio_specific_config().to_vec();
        };
        let (core_index, channels, object_type) =
            (u32::from(self.rate_index()), u32::from(self.channel_config), u32::from(self.object_type));
        let bits = SPECTRAL_BAND_REPLICATION << 27
            | core_index << 23
            | channels << 19
            | (heard_index as u32) << 15
            | object_type << 10;
        bits.to_be_bytes().to_vec()
    }

    /// Reads what [`audio_specific_config`](Self::audio_specific_config) wrote.
    pub fn from_audio_specific_config(bytes: [u8; 2]) -> Option<Self> {
        let [first, second] = bytes;
        let rate_index = (first & 7) << 1 | second >> 7;
        let sample_rate_hz = *SAMPLE_RATES_HZ.get(usize::from(rate_index))?;
        let config = Self { object_type: first >> 3, sample_rate_hz, channel_config: second >> 3 & 15 };
        let is_ours = (1..=4).contains(&config.object_type) && (1..=7).contains(&config.channel_config);
        (is_ours && config.audio_specific_config() == bytes).then_some(config)
    }

    /// The name of the codec in playlists and media types: `mp4a.40.2`.
    pub fn codec_string(&self) -> &'static str {
        match self.object_type {
            _ if self.is_high_efficiency() => "mp4a.40.5",
            1 => "mp4a.40.1",
            3 => "mp4a.40.3",
            4 => "mp4a.40.4",
            _ => "mp4a.40.2",
        }
    }

    fn is_high_efficiency(&self) -> bool {
        self.object_type == 2 && self.sample_rate_hz <= HE_CORE_RATE_HZ_MAX
    }

    fn rate_index(&self) -> u8 {
        SAMPLE_RATES_HZ.iter().position(|&rate| rate == self.sample_rate_hz).map_or(15, |index| index as u8)
    }
}

/// The sound in a frame without its header, as an MP4 file holds it. `None` if `frame` is no ADTS frame, or holds several
/// blocks, whose borders only a decoder would find.
pub fn payload(frame: &Bytes) -> Option<(Config, Bytes)> {
    let header = Header::parse(frame).filter(|header| header.blocks == 1 && header.frame_bytes == frame.len())?;
    let sound_at = HEADER_BYTES + if header.has_crc { CRC_BYTES } else { 0 };
    Some((header.config, frame.slice(sound_at..)))
}

/// A frame of silence, to keep a stream going when there is nothing to send. `None` unless it is one or two channels at a rate that
/// ADTS knows.
pub fn silent_frame(sample_rate_hz: u32, channels: u8) -> Option<Frame> {
    // One element with no scale-factor bands, and the end mark.
    let block: &[u8] = match channels {
        1 => &[0, 0, 0, 0x07],
        2 => &[0x20, 0, 0, 0, 0, 0, 0x0e],
        _ => return None,
    };
    let rate_index = SAMPLE_RATES_HZ.iter().position(|&rate| rate == sample_rate_hz)? as u8;
    let frame_bytes = HEADER_BYTES + block.len();
    let mut bytes = BytesMut::with_capacity(frame_bytes);
    bytes.put_slice(&[0xff, 0xf1, 1 << 6 | rate_index << 2 | channels >> 2, channels << 6]);
    // The frame's size, then a buffer fullness of all ones: variable bit rate.
    bytes.put_slice(&[(frame_bytes >> 3) as u8, (frame_bytes << 5) as u8 | 0x1f, 0xfc]);
    bytes.put_slice(block);
    Some(Frame { bytes: bytes.freeze(), samples: BLOCK_SAMPLES, is_entry: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_the_frame_is() {
        // AAC-LC, 44.1 kHz, stereo, no checksum, 371 bytes
        let header = Header::parse(&[0xff, 0xf1, 0x50, 0x80, 0x2e, 0x7f, 0xfc]).unwrap();
        assert_eq!(header.config, Config { object_type: 2, sample_rate_hz: 44_100, channel_config: 2 });
        assert_eq!((header.frame_bytes, header.samples(), header.has_crc), (371, 1024, false));
        assert_eq!(header.config.audio_specific_config(), [0x12, 0x10]);
        assert_eq!(header.config.codec_string(), "mp4a.40.2");
    }

    #[test]
    fn a_config_is_read_back_or_refused() {
        let config = Config { object_type: 2, sample_rate_hz: 48_000, channel_config: 1 };
        assert_eq!(Config::from_audio_specific_config(config.audio_specific_config()), Some(config));
        for wrong in [[0, 0], [0xff, 0xff], [0x12, 0x11], [0x17, 0x90], [0x12, 0x00]] {
            assert_eq!(Config::from_audio_specific_config(wrong), None, "{wrong:x?}");
        }
    }

    #[test]
    fn several_blocks_in_a_frame_last_longer_and_have_no_single_payload() {
        let mut frame = silent_frame(48_000, 2).unwrap().bytes.to_vec();
        frame[6] |= 3;
        assert_eq!(Header::parse(&frame).unwrap().samples(), 4096);
        assert_eq!(payload(&frame.into()), None);
    }

    #[test]
    fn a_low_core_rate_is_told_as_he_aac() {
        let config = Config { object_type: 2, sample_rate_hz: 24_000, channel_config: 2 };
        assert_eq!(config.codec_string(), "mp4a.40.5");
        assert_eq!(config.audio_specific_config(), [0x13, 0x10]);
        assert_eq!(
            config.decoder_config(),
            [0x2b, 0x11, 0x88, 0x00],
            "HE-AAC, core at 24 kHz, two channels, heard at 48 kHz"
        );
    }

    #[test]
    fn layer_three_and_impossible_sizes_are_refused() {
        assert_eq!(Header::parse(&[0xff, 0xfb, 0x50, 0x80, 0x2e, 0x7f, 0xfc]), None);
        assert_eq!(Header::parse(&[0xff, 0xf1, 0x50, 0x80, 0x00, 0xe0, 0xfc]), None, "a header and nothing else");
        assert_eq!(Header::parse(&[0xff, 0xf1, 0x7c, 0x80, 0x2e, 0x7f, 0xfc]), None, "no such rate");
    }
}
