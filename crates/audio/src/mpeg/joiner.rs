//! The place where one MP3 stream ends and another begins.

use super::{Header, muted};
use crate::Frame;

/// Lets frames pass, and silences those that borrow bits from frames that the hearer never got.
///
/// A frame that begins a join often needs the last few hundred bytes of the stream it was cut from. Sent as it is, the decoder
/// would take those bytes from the other stream and make noise of them. Its muted copy is of the same length and keeps its
/// main data in place, so that the frames after it find what they borrow: usually one to three frames fall silent (26 ms
/// each), none is broken.
#[derive(Debug, Default)]
pub struct Joiner {
    /// How much main data the hearer got since the join, as far as any frame can look back.
    reservoir_bytes: usize,
}

impl Joiner {
    /// A joiner before its first frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the next frame comes from elsewhere: what was heard before it is not what its encoder sent.
    pub fn join(&mut self) {
        self.reservoir_bytes = 0;
    }

    /// The frame as the hearer should get it. What is not a whole MP3 frame passes as it is.
    pub fn pass(&mut self, frame: Frame) -> Frame {
        let Some(header) = Header::parse(&frame.bytes) else { return frame };
        let Some(borrowed_bytes) = header.main_data_begin(&frame.bytes) else { return frame };
        let Some(own_bytes) = frame.bytes.len().checked_sub(header.main_data_at()) else { return frame };
        let heard_bytes = self.reservoir_bytes;
        self.reservoir_bytes = (heard_bytes + own_bytes).min(header.reservoir_bytes_max());
        if borrowed_bytes <= heard_bytes {
            return frame;
        }
        Frame { bytes: muted(&header, &frame.bytes, heard_bytes), is_entry: heard_bytes == 0, ..frame }
    }
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, Bytes, BytesMut};

    use super::*;
    use crate::mpeg::crc16;

    /// A 128 kbit/s stereo frame that borrows `borrowed_bytes`, with or without a checksum.
    fn frame(borrowed_bytes: u16, has_crc: bool) -> Frame {
        let mut bytes = BytesMut::new();
        bytes.put_slice(&[0xff, if has_crc { 0xfa } else { 0xfb }, 0x90, 0x64]);
        if has_crc {
            bytes.put_slice(&[0xaa, 0xaa]);
        }
        bytes.put_u16(borrowed_bytes << 7 | 0x55);
        bytes.put_bytes(0x5a, 30);
        bytes.put_bytes(0x77, 417 - bytes.len());
        Frame { bytes: bytes.freeze(), samples: 1152, is_entry: borrowed_bytes == 0 }
    }

    #[test]
    fn a_frame_that_borrows_from_before_the_join_falls_silent_and_keeps_its_main_data() {
        let mut joiner = Joiner::new();
        let heard = joiner.pass(frame(200, false));
        assert_eq!(heard.bytes.len(), 417);
        assert_eq!(heard.bytes[..4], [0xff, 0xfb, 0x90, 0x64]);
        assert_eq!(heard.bytes.slice(4..36), Bytes::from(vec![0; 32]));
        assert_eq!(heard.bytes.slice(36..), Bytes::from(vec![0x77; 381]));
        assert!(heard.is_entry);
    }

    #[test]
    fn a_second_silent_frame_holds_on_to_the_main_data_of_the_first() {
        let mut joiner = Joiner::new();
        joiner.pass(frame(200, false));
        let heard = joiner.pass(frame(511, false));
        assert_eq!(heard.bytes.slice(4..36), [&[(381_u16 >> 1) as u8, 0x80][..], &[0; 30]].concat());
        assert!(!heard.is_entry);
    }

    #[test]
    fn a_frame_whose_loan_was_heard_passes_untouched() {
        let mut joiner = Joiner::new();
        joiner.pass(frame(200, false));
        assert_eq!(joiner.pass(frame(381, false)), frame(381, false));
    }

    #[test]
    fn a_frame_that_borrows_more_than_was_heard_since_the_join_falls_silent_too() {
        let mut joiner = Joiner::new();
        joiner.pass(frame(0, false));
        assert!(joiner.pass(frame(382, false)) != frame(382, false));
        joiner.join();
        assert!(joiner.pass(frame(1, false)) != frame(1, false));
    }

    #[test]
    fn a_muted_frame_has_a_right_checksum() {
        let heard = Joiner::new().pass(frame(200, true)).bytes;
        let covered = [&heard[2..4], &heard[6..38]].concat();
        assert_eq!(heard[4..6], crc16(&covered).to_be_bytes());
    }
}
