//! Vorbis and FLAC in Ogg, decoded by Symphonia.

use symphonia_bundle_flac::FlacDecoder;
use symphonia_codec_vorbis::VorbisDecoder;
use symphonia_core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_VORBIS};
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use super::Error;
use crate::pcm::Layout;
use crate::{Codec, Format};

/// Where the block that describes a FLAC stream stands in the first packet, and how long it is.
const STREAM_INFO: std::ops::Range<usize> = 17..51;

pub(super) struct Stream {
    codec: Codec,
    decoder: Box<dyn AudioDecoder>,
    layout: Layout,
    scratch: Vec<f32>,
}

impl Stream {
    pub(super) fn vorbis(format: &Format, headers: &[Vec<u8>]) -> Result<Self, Error> {
        let [identification, _comments, setup, ..] = headers else { return Err(wrong_headers(format, "too few")) };
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_VORBIS).with_extra_data([&identification[..], setup].concat().into());
        let decoder = VorbisDecoder::try_new(&parameters, &AudioDecoderOptions::default());
        Ok(Self::new(format, Box::new(decoder.map_err(|why| wrong_headers(format, why))?)))
    }

    pub(super) fn flac(format: &Format, headers: &[Vec<u8>]) -> Result<Self, Error> {
        let first = headers.first().map(Vec::as_slice).unwrap_or_default();
        let stream_info = first.get(STREAM_INFO).ok_or_else(|| wrong_headers(format, "too short"))?;
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_FLAC).with_extra_data(stream_info.into());
        let decoder = FlacDecoder::try_new(&parameters, &AudioDecoderOptions::default());
        Ok(Self::new(format, Box::new(decoder.map_err(|why| wrong_headers(format, why))?)))
    }

    fn new(format: &Format, decoder: Box<dyn AudioDecoder>) -> Self {
        let layout = Layout { sample_rate_hz: format.sample_rate_hz, channels: format.channels };
        Self { codec: format.codec, decoder, layout, scratch: Vec::new() }
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    pub(super) fn decode(&mut self, packet: &[u8], pcm: &mut Vec<f32>) -> Result<(), Error> {
        let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, packet);
        let decoded = self.decoder.decode_ref(&packet);
        let sound = decoded.map_err(|why| Error::Broken { codec: self.codec, reason: why.to_string() })?;
        if sound.num_planes() != usize::from(self.layout.channels) {
            let reason = format!("it has {} channels", sound.num_planes());
            return Err(Error::Broken { codec: self.codec, reason });
        }
        sound.copy_to_vec_interleaved(&mut self.scratch);
        pcm.append(&mut self.scratch);
        Ok(())
    }
}

fn wrong_headers(format: &Format, reason: impl ToString) -> Error {
    Error::Headers { codec: format.codec, reason: reason.to_string() }
}
