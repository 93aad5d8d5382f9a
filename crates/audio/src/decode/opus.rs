//! Opus, decoded by `opus-rs`.

use opus_rs::OpusDecoder;

use super::Error;
use crate::Codec;
use crate::bits::le16;
use crate::ogg::OPUS_RATE_HZ;
use crate::pcm::{CHANNELS_MAX, Layout, amplitude};

/// The longest packet there is lasts 120 ms.
const PACKET_SAMPLES_MAX: usize = 5760;
/// Where the fields of the first packet stand.
const CHANNELS_AT: usize = 9;
const PRE_SKIP_AT: usize = 10;
const GAIN_AT: usize = 16;

pub(super) struct Stream {
    decoder: OpusDecoder,
    channels: u8,
    gain: f32,
    /// Samples at the beginning that are only there to set the decoder going.
    pre_skip: usize,
    scratch: Vec<f32>,
}

impl Stream {
    pub(super) fn new(headers: &[Vec<u8>]) -> Result<Self, Error> {
        let head = headers.first().map(Vec::as_slice).unwrap_or_default();
        let (Some(&channels), Some(pre_skip), Some(gain)) =
            (head.get(CHANNELS_AT), le16(head, PRE_SKIP_AT), le16(head, GAIN_AT))
        else {
            return Err(wrong_headers("too short"));
        };
        if channels > CHANNELS_MAX {
            return Err(Error::Channels { codec: Codec::OggOpus, channels });
        }
        let decoder = OpusDecoder::new(OPUS_RATE_HZ as i32, usize::from(channels)).map_err(wrong_headers)?;
        // In 256ths of a dB.
        let gain = amplitude(f64::from(gain as i16) / 256.0) as f32;
        let scratch = vec![0.0; PACKET_SAMPLES_MAX * usize::from(channels)];
        Ok(Self { decoder, channels, gain, pre_skip: usize::from(pre_skip), scratch })
    }

    /// Samples that are still to be dropped.
    pub(super) fn pre_skip(&self) -> usize {
        self.pre_skip
    }

    pub(super) fn layout(&self) -> Layout {
        Layout { sample_rate_hz: OPUS_RATE_HZ, channels: self.channels }
    }

    pub(super) fn decode(&mut self, packet: &[u8], pcm: &mut Vec<f32>) -> Result<(), Error> {
        let samples = self.decoder.decode(packet, PACKET_SAMPLES_MAX, &mut self.scratch).map_err(broken)?;
        let skipped = self.pre_skip.min(samples);
        self.pre_skip -= skipped;
        let channels = usize::from(self.channels);
        let heard = self.scratch.get(skipped * channels..samples * channels).unwrap_or_default();
        pcm.extend(heard.iter().map(|sample| sample * self.gain));
        Ok(())
    }
}

fn wrong_headers(reason: &str) -> Error {
    Error::Headers { codec: Codec::OggOpus, reason: reason.to_owned() }
}

fn broken(reason: &str) -> Error {
    Error::Broken { codec: Codec::OggOpus, reason: reason.to_owned() }
}
