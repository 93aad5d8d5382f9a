//! AAC-LC, HE-AAC and HE-AAC v2 in ADTS, decoded by `syom`.

use syom::{DecodeOptions, Decoder};

use super::Error;
use crate::Codec;
use crate::pcm::{CHANNELS_MAX, Layout};

pub(super) struct Stream {
    decoder: Decoder,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self { decoder: Decoder::new(DecodeOptions::unbounded()) }
    }

    pub(super) fn jump(&mut self) {
        self.decoder.reset();
    }

    /// A decoder that has failed does not go on by itself, and one that has heard HE-AAC refuses plain AAC: then the
    /// frame is tried once more with nothing remembered.
    pub(super) fn decode(&mut self, frame: &[u8], pcm: &mut Vec<f32>) -> Result<Layout, Error> {
        let before = pcm.len();
        self.feed(frame, pcm).or_else(|_| {
            pcm.truncate(before);
            self.decoder.reset();
            self.feed(frame, pcm).inspect_err(|_| self.decoder.reset())
        })
    }

    fn feed(&mut self, frame: &[u8], pcm: &mut Vec<f32>) -> Result<Layout, Error> {
        let mut heard = None;
        self.decoder
            .feed(frame, |sound| {
                heard = Some((sound.sample_rate, sound.planar.len()));
                interleave(sound.planar, pcm);
                Ok(())
            })
            .map_err(broken)?;
        let (sample_rate_hz, channels) = heard.ok_or_else(|| broken("not one whole frame"))?;
        match u8::try_from(channels) {
            Ok(channels) if channels <= CHANNELS_MAX => Ok(Layout { sample_rate_hz, channels }),
            _ => Err(broken("it hides more than two channels")),
        }
    }
}

fn interleave(planes: &[&[f32]], pcm: &mut Vec<f32>) {
    match planes {
        [left, right] => pcm.extend(left.iter().zip(*right).flat_map(|(&left, &right)| [left, right])),
        [only] => pcm.extend_from_slice(only),
        _ => {}
    }
}

fn broken(reason: impl ToString) -> Error {
    Error::Broken { codec: Codec::Aac, reason: reason.to_string() }
}
