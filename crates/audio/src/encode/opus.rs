//! Opus, encoded by `opus-rs`, in Ogg.

use opus_rs::{Application, OpusEncoder};

use super::{Coder, Pending, Recipe};
use crate::ogg::{Draft, OPUS_RATE_HZ, Writer};

/// 20 ms, the length that sounds best at a station's bit rates.
const PACKET_SAMPLES: u32 = 960;
/// A tenth of a second to a page: a page's header weighs as much as a sixth of a packet.
const PACKETS_PER_PAGE: u32 = 5;
pub(super) const PAGE_SAMPLES: u32 = PACKET_SAMPLES * PACKETS_PER_PAGE;
/// What the encoder needs as a run-up; the header says it, and decoders drop it.
const PRE_SKIP_SAMPLES: u16 = 312;
/// The longest packet of 20 ms.
const PACKET_BYTES_MAX: usize = 1275;
/// How much thought the encoder gives a packet, of 10.
const COMPLEXITY: i32 = 9;

pub(super) struct Opus {
    encoder: OpusEncoder,
    pending: Pending,
    channels: u8,
    pages: Pages,
}

/// The stream as far as it is written.
struct Pages {
    writer: Writer,
    packets: Vec<Vec<u8>>,
    /// Samples in the packets so far.
    samples: u64,
    has_begun: bool,
}

impl Opus {
    pub(super) fn new(recipe: &Recipe, serial: u32) -> Self {
        let channels = recipe.layout.channels;
        let encoder = OpusEncoder::new(OPUS_RATE_HZ as i32, usize::from(channels), Application::Audio);
        let mut encoder = encoder.expect("a checked recipe is one that the encoder takes");
        encoder.bitrate_bps = recipe.bitrate_kbps as i32 * 1000;
        encoder.complexity = COMPLEXITY;
        let pages = Pages { writer: Writer::new(serial), packets: Vec::new(), samples: 0, has_begun: false };
        Self { encoder, pending: Pending::new(recipe, PACKET_SAMPLES), channels, pages }
    }

    /// The two header pages.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.pages.has_begun, true) {
            return;
        }
        let [pre_skip, rate] = [&PRE_SKIP_SAMPLES.to_le_bytes()[..], &OPUS_RATE_HZ.to_le_bytes()];
        let no_gain_one_stream = [0; 3];
        let head = [&b"OpusHead\x01"[..], &[self.channels], pre_skip, rate, &no_gain_one_stream].concat();
        let tags = [&b"OpusTags"[..], &comments()].concat();
        for packet in [head, tags] {
            self.pages.writer.page(Draft { packets: &[packet], granule_position: 0, is_last: false }, out);
        }
    }
}

impl Coder for Opus {
    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), String> {
        self.begin(out);
        let Self { encoder, pending, pages, .. } = self;
        pending.each(pcm, |frame| {
            let mut packet = vec![0; PACKET_BYTES_MAX];
            let bytes = encoder.encode(frame, PACKET_SAMPLES as usize, &mut packet)?;
            packet.truncate(bytes);
            pages.add(packet, out);
            Ok(())
        })
    }

    /// Runs out what is still in the encoder, and says where the sound ends, so that the silence behind it is not heard.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        if !self.pages.has_begun {
            return Ok(());
        }
        let left_over = self.pending.pcm.len() / usize::from(self.channels);
        let heard = self.pages.samples + left_over as u64;
        self.encode(&vec![0.0; usize::from(PRE_SKIP_SAMPLES) * usize::from(self.channels)], out)?;
        if let Some(rest) = self.pending.rest() {
            self.encode(&rest, out)?;
        }
        self.pages.end(heard + u64::from(PRE_SKIP_SAMPLES), out);
        Ok(())
    }
}

impl Pages {
    fn add(&mut self, packet: Vec<u8>, out: &mut Vec<u8>) {
        self.packets.push(packet);
        self.samples += u64::from(PACKET_SAMPLES);
        if self.packets.len() == PACKETS_PER_PAGE as usize {
            self.write(self.samples, false, out);
        }
    }

    fn end(&mut self, granule_position: u64, out: &mut Vec<u8>) {
        self.write(granule_position, true, out);
    }

    fn write(&mut self, granule_position: u64, is_last: bool, out: &mut Vec<u8>) {
        let packets = std::mem::take(&mut self.packets);
        self.writer.page(Draft { packets: &packets, granule_position, is_last }, out);
    }
}

/// Who made it, and no tags: titles travel beside the stream.
pub(super) fn comments() -> Vec<u8> {
    const VENDOR: &[u8] = b"Groundwave";
    [&(VENDOR.len() as u32).to_le_bytes()[..], VENDOR, &0_u32.to_le_bytes()].concat()
}
