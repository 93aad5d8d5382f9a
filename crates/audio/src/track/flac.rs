//! FLAC: what the stream's first block says, and how long each frame lasts.

use crate::bits::{be16, be32};

/// What the name of a FLAC track begins with.
pub(super) const NAME_BEGINS: &str = "flac";
/// The first packet of FLAC in Ogg: mark, version, count of packets, `fLaC`, a block's header; then STREAMINFO.
const STREAM_INFO_AT: usize = 5 + 2 + 2 + 4 + 4;

/// What STREAMINFO says that holds for a stream which began long ago and has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamInfo {
    /// The shortest frame, in samples, the last one aside.
    pub block_samples_min: u16,
    /// The longest.
    pub block_samples_max: u16,
    /// Up to 20 bits of it.
    pub sample_rate_hz: u32,
    /// 1 to 8.
    pub channels: u8,
    /// 4 to 32.
    pub bits_per_sample: u8,
}

impl StreamInfo {
    /// Reads the first packet of a FLAC stream in Ogg.
    pub(super) fn from_ogg(packet: &[u8]) -> Option<Self> {
        let block = packet.starts_with(b"\x7fFLAC").then(|| packet.get(STREAM_INFO_AT..))??;
        let numbers = be32(block, 10)?;
        let info = Self {
            block_samples_min: be16(block, 0)?,
            block_samples_max: be16(block, 2)?,
            sample_rate_hz: numbers >> 12,
            channels: (numbers >> 9 & 7) as u8 + 1,
            bits_per_sample: ((numbers & 0x1f0) >> 4) as u8 + 1,
        };
        info.is_possible().then_some(info)
    }

    /// STREAMINFO as a file holds it. Sizes of frames, the count of samples and the checksum over all of them are not known
    /// of a stream.
    pub(crate) fn to_block(self) -> [u8; 34] {
        let mut block = [0; 34];
        block[..2].copy_from_slice(&self.block_samples_min.to_be_bytes());
        block[2..4].copy_from_slice(&self.block_samples_max.to_be_bytes());
        let (channels, bits) = (u32::from(self.channels) - 1, u32::from(self.bits_per_sample) - 1);
        block[10..14].copy_from_slice(&(self.sample_rate_hz << 12 | channels << 9 | bits << 4).to_be_bytes());
        block
    }

    pub(super) fn name(&self) -> String {
        let Self { block_samples_min, block_samples_max, sample_rate_hz, channels, bits_per_sample } = self;
        format!(
            "{NAME_BEGINS}{block_samples_min:04x}{block_samples_max:04x}{sample_rate_hz:05x}{channels}{bits_per_sample:02x}"
        )
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let digits = name.strip_prefix(NAME_BEGINS)?;
        let number = |from: usize, to: usize| u32::from_str_radix(digits.get(from..to)?, 16).ok();
        let info = Self {
            block_samples_min: number(0, 4)? as u16,
            block_samples_max: number(4, 8)? as u16,
            sample_rate_hz: number(8, 13)?,
            channels: number(13, 14)? as u8,
            bits_per_sample: number(14, 16)? as u8,
        };
        info.is_possible().then_some(info)
    }

    fn is_possible(&self) -> bool {
        self.block_samples_max >= 16
            && self.block_samples_min <= self.block_samples_max
            && (1..1 << 20).contains(&self.sample_rate_hz)
            && (1..=8).contains(&self.channels)
            && (4..=32).contains(&self.bits_per_sample)
    }

    /// How many samples a frame lasts; `None` if it is no frame.
    pub(super) fn samples(&self, frame: &[u8]) -> Option<u32> {
        let &[0xff, second, sizes, ..] = frame else { return None };
        if second & 0xfe != 0xf8 {
            return None;
        }
        let number_at = 4;
        let after_number = number_at + coded_number_bytes(*frame.get(number_at)?)?;
        let samples = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => u32::from(*frame.get(after_number)?) + 1,
            7 => u32::from(be16(frame, after_number)?) + 1,
            code => 256 << (code - 8),
        };
        (samples <= u32::from(self.block_samples_max)).then_some(samples)
    }
}

/// The bytes of a frame's number, which is written as UTF-8 writes a character, only longer.
fn coded_number_bytes(first: u8) -> Option<usize> {
    match first.leading_ones() {
        0 => Some(1),
        1 | 8 => None,
        ones => Some(ones as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: StreamInfo = StreamInfo {
        block_samples_min: 4608,
        block_samples_max: 4608,
        sample_rate_hz: 44_100,
        channels: 2,
        bits_per_sample: 16,
    };

    #[test]
    fn the_first_packet_is_read_and_written_again() {
        let packet = [&b"\x7fFLAC\x01\x00\x00\x01fLaC\x00\x00\x00\x22"[..], &INFO.to_block()].concat();
        assert_eq!(StreamInfo::from_ogg(&packet), Some(INFO));
        assert_eq!(StreamInfo::from_ogg(&packet[..20]), None);
        assert_eq!(StreamInfo::from_ogg(b"\x01vorbis"), None);
    }

    #[test]
    fn a_frame_tells_how_long_it_lasts() {
        for (head, lasts) in [
            (&[0xff, 0xf8, 0x59, 0x18, 0x00][..], Some(4608)),
            (&[0xff, 0xf8, 0x19, 0x18, 0x07][..], Some(192)),
            (&[0xff, 0xf8, 0x69, 0x18, 0x07, 99][..], Some(100)),
            (&[0xff, 0xf8, 0x79, 0x18, 0xc2, 0x80, 0x03, 0xe7][..], Some(1000)),
            (&[0xff, 0xf8, 0xf9, 0x18, 0x00][..], None), // longer than the stream says
            (&[0xff, 0xf8, 0x09, 0x18, 0x00][..], None),
            (&[0xff, 0xf8, 0x69, 0x18, 0x07][..], None),
            (&[0xff, 0xf8, 0x69, 0x18, 0xff][..], None),
            (&[0xff, 0xfb, 0x59, 0x18, 0x00][..], None),
            (&[][..], None),
        ] {
            assert_eq!(INFO.samples(head), lasts, "{head:x?}");
        }
    }
}
