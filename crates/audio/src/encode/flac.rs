//! FLAC with 16 bits, encoded by `flacenc`, in Ogg.

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::error::{Verified, Verify};
use flacenc::source::{Fill, FrameBuf};

use super::opus::comments;
use super::{Coder, Pending, Recipe};
use crate::ogg::{Draft, Writer};
use crate::pcm::Layout;

/// Each block is a page of its own: 85 ms at 48 kHz.
pub(super) const BLOCK_SAMPLES: u32 = 4096;
const BITS_PER_SAMPLE: u8 = 16;
/// The number of the last block that a header can name; then the stream begins anew.
const BLOCK_NUMBER_MAX: usize = (1 << 31) - 1;
/// Metadata blocks: what the stream is like, and its comments, which are the last.
const STREAM_INFO: u8 = 0;
const COMMENTS_AND_LAST: u8 = 0x84;

pub(super) struct Flac {
    config: Verified<flacenc::config::Encoder>,
    stream_info: StreamInfo,
    layout: Layout,
    pending: Pending,
    pages: Pages,
}

struct Pages {
    writer: Writer,
    blocks: usize,
    has_begun: bool,
}

impl Flac {
    pub(super) fn new(recipe: &Recipe, serial: u32) -> Self {
        let layout = recipe.layout;
        let config = flacenc::config::Encoder::default().into_verified();
        let stream_info =
            StreamInfo::new(layout.sample_rate_hz as usize, usize::from(layout.channels), usize::from(BITS_PER_SAMPLE));
        Self {
            config: config.unwrap_or_else(|_| panic!("flacenc's own settings are fit")),
            stream_info: stream_info.expect("a checked recipe is one that the encoder takes"),
            layout,
            pending: Pending::new(recipe, BLOCK_SAMPLES),
            pages: Pages { writer: Writer::new(serial), blocks: 0, has_begun: false },
        }
    }

    /// The two header pages.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.pages.has_begun, true) {
            return;
        }
        let one_more_header = 1_u16.to_be_bytes();
        let first = [&b"\x7fFLAC\x01\x00"[..], &one_more_header, b"fLaC", &stream_info_block(self.layout)].concat();
        let comments = metadata_block(COMMENTS_AND_LAST, &comments());
        for packet in [first, comments] {
            self.pages.writer.page(Draft { packets: &[packet], granule_position: 0, is_last: false }, out);
        }
    }

    fn block(&mut self, pcm: &[f32]) -> Result<Vec<u8>, String> {
        let channels = usize::from(self.layout.channels);
        let samples: Vec<i32> = pcm.iter().map(quantised).collect();
        let mut block = FrameBuf::with_size(channels, samples.len() / channels).map_err(|why| why.to_string())?;
        block.fill_interleaved(&samples).map_err(|why| why.to_string())?;
        let frame = flacenc::encode_fixed_size_frame(&self.config, &block, self.pages.blocks, &self.stream_info);
        let mut sink = ByteSink::new();
        frame.map_err(|why| why.to_string())?.write(&mut sink).map_err(|why| why.to_string())?;
        Ok(sink.into_inner())
    }

    fn write(&mut self, pcm: &[f32], is_last: bool, out: &mut Vec<u8>) -> Result<(), String> {
        if self.pages.blocks >= BLOCK_NUMBER_MAX {
            return Err("the stream has as many blocks as can be numbered".to_owned());
        }
        let packets = [self.block(pcm)?];
        let before = self.pages.blocks as u64 * u64::from(BLOCK_SAMPLES);
        let granule_position = before + self.layout.instants(pcm) as u64;
        self.pages.writer.page(Draft { packets: &packets, granule_position, is_last }, out);
        self.pages.blocks += 1;
        Ok(())
    }
}

impl Coder for Flac {
    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), String> {
        self.begin(out);
        let mut blocks = Vec::new();
        self.pending.each(pcm, |block| {
            blocks.push(block.to_vec());
            Ok(())
        })?;
        blocks.iter().try_for_each(|block| self.write(block, false, out))
    }

    /// The last block is as short as it is: nothing has to be filled up.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let rest = std::mem::take(&mut self.pending.pcm);
        if rest.is_empty() { Ok(()) } else { self.write(&rest, true, out) }
    }
}

/// The nearest of 16 bits.
fn quantised(sample: &f32) -> i32 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i32
}

fn stream_info_block(layout: Layout) -> Vec<u8> {
    let block_samples = (BLOCK_SAMPLES as u16).to_be_bytes();
    let unknown_frame_sizes = [0; 6];
    let (channels, bits) = (u64::from(layout.channels) - 1, u64::from(BITS_PER_SAMPLE) - 1);
    let unknown_length = 0;
    let numbers = u64::from(layout.sample_rate_hz) << 44 | channels << 41 | bits << 36 | unknown_length;
    let no_checksum = [0; 16];
    let body =
        [&block_samples[..], &block_samples, &unknown_frame_sizes, &numbers.to_be_bytes(), &no_checksum].concat();
    metadata_block(STREAM_INFO, &body)
}

fn metadata_block(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, size @ ..] = (body.len() as u32).to_be_bytes();
    [&[kind][..], &size, body].concat()
}
