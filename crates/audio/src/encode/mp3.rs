//! MP3, encoded by `rusty_mp3`.
//!
//! Its bit reservoir stays empty: then every frame stands alone, a listener can join and a switch can be made at any of
//! them, and nothing has to be held back.

use rusty_mp3::Mp3Encode;
use rusty_mp3::header::FrameHeader;

use super::{Coder, Pending, Recipe};
use crate::pcm::channel;

pub(super) const SAMPLE_RATES_HZ: &[u32] = &[8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
pub(super) const MPEG1_BITRATES_KBPS: &[u32] = &[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
pub(super) const MPEG2_BITRATES_KBPS: &[u32] = &[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// 528 of the encoder, 529 of every decoder.
pub(super) const PRIMING_SAMPLES: u32 = 528 + 529;

pub(super) struct Mp3 {
    encoder: Mp3Encode,
    header: FrameHeader,
    pending: Pending,
    channels: u8,
}

impl Mp3 {
    pub(super) fn new(recipe: &Recipe) -> Self {
        let layout = recipe.layout;
        let header = rusty_mp3::encoder_header(layout.sample_rate_hz, u16::from(layout.channels), recipe.bitrate_kbps);
        let header = header.expect("a checked recipe has one of MP3's rates");
        let pending = Pending::new(recipe, recipe.frame_samples());
        Self { encoder: Mp3Encode::new(), header, pending, channels: layout.channels }
    }
}

impl Coder for Mp3 {
    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), String> {
        let Self { encoder, header, pending, channels } = self;
        pending.each(pcm, |frame| {
            let planes: Vec<Vec<f32>> =
                (0..*channels).map(|which| channel(frame, *channels, which).collect()).collect();
            out.extend(encoder.encode_frame(header, &planes, None).map_err(|why| why.to_string())?);
            Ok(())
        })
    }

    /// Goes on with silence until all that went in has come out.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let run_out = vec![0.0; PRIMING_SAMPLES as usize * usize::from(self.channels)];
        self.encode(&run_out, out)?;
        self.pending.rest().map_or(Ok(()), |rest| self.encode(&rest, out))
    }
}
