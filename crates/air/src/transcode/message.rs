//! What parent and child say to each other: a length, a kind, a body.
//!
//! Lengths and numbers are little-endian. Nothing longer than [`MESSAGE_BYTES_MAX`] is said or listened to. The first message
//! to a child is its job; each order after it is answered by any number of messages and a [`Answer::Done`].

use audio::encode::{Coding, Recipe};
use audio::pcm::Layout;
use audio::{Codec, Format};
use bytes::Bytes;

/// The longest message there is, in bytes, its kind included. An Ogg stream's header pages may weigh a megabyte.
pub const MESSAGE_BYTES_MAX: usize = 2 << 20;
/// The most numbers that one message of sound holds.
pub const NUMBERS_MAX: usize = 64 << 10;

/// What a child is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Decode(Codec),
    Encode(Recipe),
}

/// What a child is told to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    Open(Format, Bytes),
    Frame(Bytes),
    Jump,
    Sound(Vec<f32>),
    Finish,
}

/// What a child says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is locked in; the words say what this machine could not lock.
    Ready(String),
    Sound(Layout, Vec<f32>),
    Stream(Vec<u8>),
    /// A frame or its header pages could not be decoded.
    Broken(String),
    Failed(String),
    /// An order is done.
    Done,
}

impl Job {
    /// One word for figures.
    pub fn label(&self) -> &'static str {
        match self {
            Job::Decode(_) => "decode",
            Job::Encode(_) => "encode",
        }
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Job::Decode(codec) => say(out, 1, |out| out.push(codec_number(*codec))),
            Job::Encode(recipe) => say(out, 2, |out| {
                out.push(coding_number(recipe.coding));
                out.extend(recipe.bitrate_kbps.to_le_bytes());
                put_layout(out, recipe.layout);
            }),
        }
    }

    pub fn read(kind: u8, body: &[u8]) -> Option<Self> {
        match (kind, body) {
            (1, &[codec]) => Some(Job::Decode(codec_of(codec)?)),
            (2, [coding, rest @ ..]) => {
                let (bitrate_kbps, rest) = take_u32(rest)?;
                let (layout, []) = take_layout(rest)? else { return None };
                Some(Job::Encode(Recipe { coding: coding_of(*coding)?, bitrate_kbps, layout }))
            }
            _ => None,
        }
    }
}

impl Order {
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Order::Open(format, headers) => say(out, 3, |out| {
                out.push(codec_number(format.codec));
                out.extend(format.sample_rate_hz.to_le_bytes());
                out.push(format.channels);
                out.extend_from_slice(headers);
            }),
            Order::Frame(frame) => say(out, 4, |out| out.extend_from_slice(frame)),
            Order::Jump => say(out, 5, |_| {}),
            Order::Sound(pcm) => say(out, 6, |out| put_sound(out, pcm)),
            Order::Finish => say(out, 7, |_| {}),
        }
    }

    pub fn read(kind: u8, body: &[u8]) -> Option<Self> {
        match (kind, body) {
            (3, [codec, rest @ ..]) => {
                let (sample_rate_hz, rest) = take_u32(rest)?;
                let (&channels, headers) = rest.split_first()?;
                let format = Format { codec: codec_of(*codec)?, sample_rate_hz, channels };
                Some(Order::Open(format, Bytes::copy_from_slice(headers)))
            }
            (4, frame) => Some(Order::Frame(Bytes::copy_from_slice(frame))),
            (5, []) => Some(Order::Jump),
            (6, sound) => Some(Order::Sound(take_sound(sound)?)),
            (7, []) => Some(Order::Finish),
            _ => None,
        }
    }
}

impl Answer {
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Answer::Ready(words) => say(out, 11, |out| out.extend_from_slice(words.as_bytes())),
            Answer::Sound(layout, pcm) => say(out, 12, |out| {
                put_layout(out, *layout);
                put_sound(out, pcm);
            }),
            Answer::Stream(bytes) => say(out, 13, |out| out.extend_from_slice(bytes)),
            Answer::Broken(reason) => say(out, 14, |out| out.extend_from_slice(reason.as_bytes())),
            Answer::Failed(reason) => say(out, 15, |out| out.extend_from_slice(reason.as_bytes())),
            Answer::Done => say(out, 16, |_| {}),
        }
    }

    pub fn read(kind: u8, body: &[u8]) -> Option<Self> {
        let words = || String::from_utf8_lossy(body).into_owned();
        match kind {
            11 => Some(Answer::Ready(words())),
            12 => {
                let (layout, sound) = take_layout(body)?;
                layout.is_possible().then_some(Answer::Sound(layout, take_sound(sound)?))
            }
            13 => Some(Answer::Stream(body.to_vec())),
            14 => Some(Answer::Broken(words())),
            15 => Some(Answer::Failed(words())),
            16 => body.is_empty().then_some(Answer::Done),
            _ => None,
        }
    }
}

/// How long a message is that begins with these bytes; `None` for one that nobody listens to.
pub fn length(head: [u8; 4]) -> Option<usize> {
    let length = u32::from_le_bytes(head) as usize;
    (1..=MESSAGE_BYTES_MAX).contains(&length).then_some(length)
}

fn say(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let length_at = out.len();
    out.extend([0; 4]);
    out.push(kind);
    body(out);
    let length = (out.len() - length_at - 4) as u32;
    out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
}

fn put_layout(out: &mut Vec<u8>, layout: Layout) {
    out.extend(layout.sample_rate_hz.to_le_bytes());
    out.push(layout.channels);
}

fn put_sound(out: &mut Vec<u8>, pcm: &[f32]) {
    out.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), rest))
}

fn take_layout(bytes: &[u8]) -> Option<(Layout, &[u8])> {
    let (sample_rate_hz, rest) = take_u32(bytes)?;
    let (&channels, rest) = rest.split_first()?;
    Some((Layout { sample_rate_hz, channels }, rest))
}

/// What is no number, or beyond full scale, is not listened to either.
fn take_sound(bytes: &[u8]) -> Option<Vec<f32>> {
    let (numbers, []) = bytes.as_chunks::<4>() else { return None };
    let pcm: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
    pcm.iter().all(|sample| sample.is_finite()).then_some(pcm)
}

const CODECS: [Codec; 5] = [Codec::Mp3, Codec::Aac, Codec::OggOpus, Codec::OggVorbis, Codec::OggFlac];
const CODINGS: [Coding; 5] = [Coding::Mp3, Coding::AacLc, Coding::HeAac, Coding::Opus, Coding::Flac];

fn codec_number(codec: Codec) -> u8 {
    CODECS.iter().position(|known| *known == codec).map_or(u8::MAX, |at| at as u8)
}

fn codec_of(number: u8) -> Option<Codec> {
    CODECS.get(usize::from(number)).copied()
}

fn coding_number(coding: Coding) -> u8 {
    CODINGS.iter().position(|known| *known == coding).map_or(u8::MAX, |at| at as u8)
}

fn coding_of(number: u8) -> Option<Coding> {
    CODINGS.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message taken apart: its kind and its body.
    fn apart(message: &[u8]) -> (u8, &[u8]) {
        let (head, rest) = message.split_first_chunk::<4>().unwrap();
        assert_eq!(length(*head), Some(rest.len()));
        (rest[0], &rest[1..])
    }

    #[test]
    fn what_is_said_is_understood() {
        for job in CODECS
            .map(Job::Decode)
            .into_iter()
            .chain(CODINGS.map(|coding| Job::Encode(Recipe { coding, bitrate_kbps: 128, layout: Layout::HOUSE })))
        {
            let mut out = Vec::new();
            job.write(&mut out);
            let (kind, body) = apart(&out);
            assert_eq!(Job::read(kind, body), Some(job));
        }
        let format = Format { codec: Codec::OggOpus, sample_rate_hz: 48_000, channels: 2 };
        for order in [
            Order::Open(format, Bytes::from_static(b"headers")),
            Order::Frame(Bytes::from_static(b"frame")),
            Order::Jump,
            Order::Sound(vec![0.5, -1.0]),
            Order::Finish,
        ] {
            let mut out = Vec::new();
            order.write(&mut out);
            let (kind, body) = apart(&out);
            assert_eq!(Order::read(kind, body), Some(order));
        }
        for answer in [
            Answer::Ready("no landlock".to_owned()),
            Answer::Sound(Layout::HOUSE, vec![0.25; 8]),
            Answer::Stream(b"bytes".to_vec()),
            Answer::Broken("reason".to_owned()),
            Answer::Failed("reason".to_owned()),
            Answer::Done,
        ] {
            let mut out = Vec::new();
            answer.write(&mut out);
            let (kind, body) = apart(&out);
            assert_eq!(Answer::read(kind, body), Some(answer));
        }
    }

    #[test]
    fn too_long_and_empty_are_not_listened_to() {
        assert_eq!(length((MESSAGE_BYTES_MAX as u32 + 1).to_le_bytes()), None);
        assert_eq!(length([0; 4]), None);
        assert_eq!(length([0xff; 4]), None);
    }

    proptest! {
        #[test]
        fn anything_can_be_listened_to(kind in any::<u8>(), body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (Job::read(kind, &body), Order::read(kind, &body), Answer::read(kind, &body));
        }
    }
}
