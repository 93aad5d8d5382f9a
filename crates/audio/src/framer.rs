//! The framer: a stream's bytes in, its frames out.

use bytes::{Bytes, BytesMut};

use crate::{Codec, Format, Frame, adts, mpeg, ogg, sync};

/// What stands next in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// From here on the frames are in this format. Comes before the first frame, and whenever it changes; an Ogg stream
    /// says it at each new logical stream, even when the format is the same, because its header pages are new.
    Format {
        /// The format.
        format: Format,
        /// The header pages that a decoder needs first; empty unless the stream is Ogg.
        headers: Bytes,
    },
    /// A whole frame.
    Frame(Frame),
    /// Bytes that are known not to be sound and not meant for listeners: an ID3 tag, a Xing frame.
    Tag {
        /// How many.
        bytes: u64,
    },
    /// Bytes that are nothing we know: garbage, half a frame, another codec's page.
    Skipped {
        /// How many.
        bytes: u64,
    },
}

/// Cuts a stream into frames.
///
/// Push what arrived, then take until there is nothing more: what is kept between two pushes is less than a frame.
/// However the stream is cut into pushes, the frames are the same.
///
/// ```
/// use audio::{Codec, Found, Framer};
/// let silence = audio::mpeg::silent_frame(44_100, 2, 128).unwrap();
/// let mut framer = Framer::new(Codec::Mp3);
/// framer.push(&silence.bytes);
/// framer.push(&silence.bytes);
/// let found: Vec<Found> = framer.by_ref().collect();
/// assert!(matches!(&found[0], Found::Format { format, .. } if format.sample_rate_hz == 44_100));
/// assert_eq!(found[1], Found::Frame(silence.clone()));
/// assert_eq!(found[2], Found::Frame(silence));
/// ```
#[derive(Debug)]
pub struct Framer {
    pending: BytesMut,
    has_ended: bool,
    cutter: Cutter,
}

#[derive(Debug)]
enum Cutter {
    Mpeg(sync::Cutter<mpeg::Header>),
    Adts(sync::Cutter<adts::Header>),
    Ogg(Box<ogg::Cutter>),
}

impl Framer {
    /// A framer for a stream in `codec`; anything else in it is skipped.
    pub fn new(codec: Codec) -> Self {
        let cutter = match codec {
            Codec::Mp3 => Cutter::Mpeg(sync::Cutter::default()),
            Codec::Aac => Cutter::Adts(sync::Cutter::default()),
            Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac => Cutter::Ogg(Box::new(ogg::Cutter::new(codec))),
        };
        Self { pending: BytesMut::new(), has_ended: false, cutter }
    }

    /// Takes the stream's next bytes. This is the only copy that is made of them.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Says that nothing follows: what was kept back to be sure of it now comes out as a frame or as skipped.
    pub fn finish(&mut self) {
        self.has_ended = true;
    }

    /// How many bytes are kept back.
    pub fn pending_bytes(&self) -> usize {
        let kept_bytes = if let Cutter::Ogg(cutter) = &self.cutter { cutter.kept_bytes() } else { 0 };
        self.pending.len() + kept_bytes
    }
}

/// Gives what stands next, or `None` until more is pushed.
impl Iterator for Framer {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        let found = match &mut self.cutter {
            Cutter::Mpeg(cutter) => cutter.next(&mut self.pending, self.has_ended),
            Cutter::Adts(cutter) => cutter.next(&mut self.pending, self.has_ended),
            Cutter::Ogg(cutter) => cutter.next(&mut self.pending, self.has_ended),
        };
        if found.is_none() && self.has_ended { skip(&mut self.pending, usize::MAX) } else { found }
    }
}

/// Drops up to `bytes` from the front and says so; `None` if there is nothing to drop.
pub(crate) fn skip(pending: &mut BytesMut, bytes: usize) -> Option<Found> {
    let bytes = drop_front(pending, bytes);
    (bytes > 0).then_some(Found::Skipped { bytes })
}

/// Drops up to `bytes` from the front that are a tag, and says so.
pub(crate) fn skip_tag(pending: &mut BytesMut, bytes: usize) -> Option<Found> {
    let bytes = drop_front(pending, bytes);
    (bytes > 0).then_some(Found::Tag { bytes })
}

fn drop_front(pending: &mut BytesMut, bytes: usize) -> u64 {
    let bytes = bytes.min(pending.len());
    let _ = pending.split_to(bytes);
    bytes as u64
}
