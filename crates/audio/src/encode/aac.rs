//! AAC-LC and HE-AAC in ADTS, encoded by `syom`.

use syom::{EncodeOptions, Encoder};

use super::{Coder, Coding, Recipe};
use crate::pcm::channel;

pub(super) const PRIMING_SAMPLES: u32 = 1024;
pub(super) const HE_PRIMING_SAMPLES: u32 = 3018;

pub(super) struct Aac {
    encoder: Encoder,
    channels: u8,
    has_begun: bool,
}

impl Aac {
    pub(super) fn new(recipe: &Recipe) -> Self {
        let layout = recipe.layout;
        let options =
            EncodeOptions::adts().with_bitrate_bps(recipe.bitrate_kbps * 1000).with_he(recipe.coding == Coding::HeAac);
        let encoder = Encoder::new(layout.sample_rate_hz, usize::from(layout.channels), &options);
        let encoder = encoder.expect("a checked recipe is one that the encoder takes");
        Self { encoder, channels: layout.channels, has_begun: false }
    }
}

impl Coder for Aac {
    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), String> {
        let planes: Vec<Vec<f32>> =
            (0..self.channels).map(|which| channel(pcm, self.channels, which).collect()).collect();
        let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
        self.has_begun |= !pcm.is_empty();
        let write = |frame: syom::EncodedFrame<'_>| {
            out.extend_from_slice(frame.au);
            Ok(())
        };
        self.encoder.feed(&planes, write).map(drop).map_err(|why| why.to_string())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        if !self.has_begun {
            return Ok(());
        }
        let write = |frame: syom::EncodedFrame<'_>| {
            out.extend_from_slice(frame.au);
            Ok(())
        };
        self.encoder.finish(write).map(drop).map_err(|why| why.to_string())
    }
}
