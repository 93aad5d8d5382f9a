//! MP3, decoded by `rusty_mp3`.

use bytes::Bytes;
use rusty_mp3::Mp3Decode;
use rusty_mp3::header::FrameHeader;

use super::Error;
use crate::mpeg::{Header, Joiner};
use crate::pcm::Layout;
use crate::{Codec, Frame};

/// What the filter bank of every MP3 decoder adds.
pub(super) const DELAY_SAMPLES: u32 = 529;

pub(super) struct Stream {
    decoder: Mp3Decode,
    /// Mutes the frames that borrow from what was not heard: decoded, they would be noise.
    joiner: Joiner,
}

impl Stream {
    pub(super) fn new() -> Self {
        let mut joiner = Joiner::new();
        joiner.join();
        Self { decoder: Mp3Decode::new(), joiner }
    }

    pub(super) fn jump(&mut self) {
        self.joiner.join();
    }

    pub(super) fn decode(&mut self, frame: &[u8], pcm: &mut Vec<f32>) -> Result<Layout, Error> {
        let header = Header::parse(frame).filter(|header| header.frame_bytes() == frame.len());
        let header = header.ok_or_else(|| broken("not one whole frame"))?;
        let frame = Frame { bytes: Bytes::copy_from_slice(frame), samples: header.samples(), is_entry: false };
        let frame = self.joiner.pass(frame).bytes;
        let (head, sound) = frame.split_first_chunk::<4>().ok_or_else(|| broken("no header"))?;
        let parsed = FrameHeader::parse(*head).map_err(broken)?;
        let checksum_bytes = if header.has_crc { 2 } else { 0 };
        let sound = sound.get(checksum_bytes..).unwrap_or_default();
        let (side_info, main_data) = sound
            .split_at_checked(parsed.side_info_len())
            .ok_or_else(|| broken("too short for its side information"))?;
        pcm.extend(self.decoder.decode_frame(&parsed, side_info, main_data).map_err(broken)?);
        Ok(Layout { sample_rate_hz: header.sample_rate_hz, channels: header.channels })
    }
}

fn broken(reason: impl ToString) -> Error {
    Error::Broken { codec: Codec::Mp3, reason: reason.to_string() }
}
