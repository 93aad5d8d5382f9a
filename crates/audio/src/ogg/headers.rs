//! The header packets of a logical stream: what it carries, and when its sound begins.

use super::page::Page;
use crate::bits::{be16, be32, le16, le32};
use crate::{Codec, Format};

/// What the first packet of a logical stream says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identification {
    pub(crate) format: Format,
    /// Samples at the beginning that a decoder throws away.
    pub(crate) pre_skip: u16,
    packets: Packets,
}

/// How many header packets there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packets {
    Count(u32),
    /// As many as come until one is marked as the last: FLAC's metadata blocks.
    UntilMarked,
}

/// Opus is always decoded at this rate, and its granule positions count in it.
pub(crate) const OPUS_RATE_HZ: u32 = 48_000;
const FLAC_MARK: &[u8] = b"\x7fFLAC";
/// Where FLAC's first metadata block stands in the first packet.
const FLAC_BLOCK_AT: usize = 13;
const FLAC_LAST_BLOCK: u8 = 0x80;

impl Identification {
    /// Reads the first packet of a stream; `None` if it is none of ours.
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        Self::opus(packet).or_else(|| Self::vorbis(packet)).or_else(|| Self::flac(packet))
    }

    fn opus(packet: &[u8]) -> Option<Self> {
        let rest = packet.strip_prefix(b"OpusHead")?;
        let (&version, &channels) = (rest.first()?, rest.get(1)?);
        let format = Format { codec: Codec::OggOpus, sample_rate_hz: OPUS_RATE_HZ, channels };
        // The upper half of the version changes when the packets are no longer compatible.
        (version & 0xf0 == 0 && channels > 0).then_some(Self {
            format,
            pre_skip: le16(rest, 2)?,
            packets: Packets::Count(2),
        })
    }

    fn vorbis(packet: &[u8]) -> Option<Self> {
        let rest = packet.strip_prefix(b"\x01vorbis")?;
        let (version, &channels, sample_rate_hz) = (le32(rest, 0)?, rest.get(4)?, le32(rest, 5)?);
        let format = Format { codec: Codec::OggVorbis, sample_rate_hz, channels };
        (version == 0 && channels > 0 && sample_rate_hz > 0).then_some(Self {
            format,
            pre_skip: 0,
            packets: Packets::Count(3),
        })
    }

    fn flac(packet: &[u8]) -> Option<Self> {
        let rest = packet.strip_prefix(FLAC_MARK)?;
        let (major, more_packets) = (*rest.first()?, be16(rest, 2)?);
        // After the block's header: two block sizes, two frame sizes; then 20 bits of rate and 3 of channels less one.
        let numbers = be32(packet, FLAC_BLOCK_AT + 4 + 10)?;
        let (sample_rate_hz, channels) = (numbers >> 12, (numbers >> 9 & 7) as u8 + 1);
        let format = Format { codec: Codec::OggFlac, sample_rate_hz, channels };
        let packets = match more_packets {
            0 => Packets::UntilMarked,
            more => Packets::Count(1 + u32::from(more)),
        };
        (major == 1 && sample_rate_hz > 0).then_some(Self { format, pre_skip: 0, packets })
    }
}

/// How many of a stream's header packets have been read.
#[derive(Debug)]
pub(crate) struct Progress {
    wanted: Packets,
    packets: u32,
    pages: u32,
    /// Whether the packet that is being read is marked as the last.
    is_marked: bool,
    is_complete: bool,
}

impl Progress {
    pub(crate) fn new(identification: &Identification) -> Self {
        Self { wanted: identification.packets, packets: 0, pages: 0, is_marked: false, is_complete: false }
    }

    pub(crate) fn read(&mut self, page: &Page) {
        self.pages += 1;
        let mut is_rest = page.is_continued();
        for (packet, ends) in page.packets() {
            if !is_rest {
                self.is_marked = self.is_last_block(packet);
            }
            is_rest = false;
            if ends {
                self.packets += 1;
                self.is_complete |= match self.wanted {
                    Packets::Count(count) => self.packets >= count,
                    Packets::UntilMarked => self.is_marked,
                };
            }
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    pub(crate) fn is_first_page_only(&self) -> bool {
        self.pages == 1
    }

    fn is_last_block(&self, packet: &[u8]) -> bool {
        let block = if self.packets == 0 { packet.get(FLAC_BLOCK_AT..).unwrap_or_default() } else { packet };
        block.first().is_some_and(|first| first & FLAC_LAST_BLOCK != 0)
    }
}
