//! What a stream is, by its bytes: a source's Content-Type is often wrong.

use crate::{Codec, Found, Framer, ogg, tag};

/// How many bytes of a stream are looked at before it is given up as unknown, an ID3v2 tag in front not counted.
pub const SNIFF_BYTES_MAX: usize = 16 << 10;

/// What the first bytes of a stream say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniff {
    /// It is this.
    Codec(Codec),
    /// Too little to say: ask again with more bytes, from the beginning.
    More,
    /// Nothing that can be sent to listeners.
    Unknown,
}

/// Looks at a stream's first bytes. They may begin in the middle of a frame, or with an ID3v2 tag.
///
/// ```
/// use audio::{Codec, Sniff, adts, sniff};
/// let silence = adts::silent_frame(48_000, 2).unwrap().bytes;
/// assert_eq!(sniff(&silence), Sniff::More);
/// assert_eq!(sniff(&silence.repeat(2)), Sniff::Codec(Codec::Aac));
/// ```
pub fn sniff(bytes: &[u8]) -> Sniff {
    let sound = match tag::at(bytes) {
        tag::Tag::More => return Sniff::More,
        tag::Tag::Bytes(tag_bytes) => bytes.get(tag_bytes..).unwrap_or_default(),
        tag::Tag::No => bytes,
    };
    if sound.starts_with(ogg::CAPTURE_PATTERN) {
        return ogg::sniff(sound);
    }
    if sound.len() < ogg::CAPTURE_PATTERN.len() {
        return Sniff::More;
    }
    let looked_at = &sound[..sound.len().min(SNIFF_BYTES_MAX)];
    let nearest = [Codec::Mp3, Codec::Aac]
        .into_iter()
        .filter_map(|codec| Some((bytes_before_sound(codec, looked_at)?, codec)))
        .min_by_key(|&(skipped, _)| skipped);
    match nearest {
        Some((_, codec)) => Sniff::Codec(codec),
        None if sound.len() < SNIFF_BYTES_MAX => Sniff::More,
        None => Sniff::Unknown,
    }
}

/// How far into `bytes` the first frame in `codec` stands.
fn bytes_before_sound(codec: Codec, bytes: &[u8]) -> Option<u64> {
    let mut framer = Framer::new(codec);
    framer.push(bytes);
    let mut before = 0;
    for found in framer {
        match found {
            Found::Format { .. } | Found::Frame(_) => return Some(before),
            Found::Tag { bytes } | Found::Skipped { bytes } => before += bytes,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adts, mpeg};

    #[test]
    fn a_stream_that_begins_in_the_middle_of_a_frame_is_known() {
        let frames = mpeg::silent_frame(44_100, 2, 128).unwrap().bytes.repeat(4);
        assert_eq!(sniff(&frames[100..]), Sniff::Codec(Codec::Mp3));
        let frames = adts::silent_frame(44_100, 2).unwrap().bytes.repeat(4);
        assert_eq!(sniff(&frames[3..]), Sniff::Codec(Codec::Aac));
    }

    #[test]
    fn a_tag_in_front_is_looked_past() {
        let mut stream = b"ID3\x04\x00\x00\x00\x00\x00\x20".to_vec();
        assert_eq!(sniff(&stream), Sniff::More);
        stream.extend([0xff; 0x20]);
        stream.extend(mpeg::silent_frame(44_100, 2, 128).unwrap().bytes.repeat(2));
        assert_eq!(sniff(&stream), Sniff::Codec(Codec::Mp3));
    }

    #[test]
    fn what_is_no_sound_is_given_up_after_a_while() {
        assert_eq!(sniff(b""), Sniff::More);
        assert_eq!(sniff(b"<html>"), Sniff::More);
        assert_eq!(sniff(&b"<html>".repeat(SNIFF_BYTES_MAX)), Sniff::Unknown);
    }
}
