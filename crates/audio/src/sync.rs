//! Cuts a stream of frames that each begin with their own header (MPEG audio, ADTS), and finds the way back when it is
//! lost.
//!
//! A header is a few bits that garbage may hold too: the first one is believed only when a second that agrees stands
//! where it says the next frame begins. While every frame follows the one before, each is given as soon as it is whole.

use bytes::{Bytes, BytesMut};

use crate::framer::{Found, skip, skip_tag};
use crate::tag::{self, Tag};
use crate::{Format, Frame};

/// A frame's header, in one of the two formats.
pub(crate) trait Header: Copy {
    /// How many bytes say it all.
    const BYTES: usize;

    fn parse(bytes: &[u8]) -> Option<Self>;
    fn frame_bytes(&self) -> usize;
    fn samples(&self) -> u32;
    fn format(&self) -> Format;
    /// Whether a frame with this header can follow one with `other` in the same stream.
    fn agrees_with(&self, other: &Self) -> bool;
    /// Whether the whole `frame` decodes with nothing before it.
    fn is_entry(&self, frame: &[u8]) -> bool;
    /// Whether the whole `frame` is not sound but tells about the stream.
    fn is_tag(&self, frame: &[u8]) -> bool;
}

/// Where we are in a stream.
#[derive(Debug)]
pub(crate) struct Cutter<H> {
    /// The header of the frame before, while every frame begins where the one before ended.
    in_sync: Option<H>,
    /// The format that was last told.
    told: Option<Format>,
    /// What is still to come of a tag that has begun.
    tag_bytes_left: usize,
}

/// What stands at the front of what is pending.
enum Front<H> {
    Frame(H),
    Tag(usize),
    More,
    Lost,
}

impl<H> Default for Cutter<H> {
    fn default() -> Self {
        Self { in_sync: None, told: None, tag_bytes_left: 0 }
    }
}

impl<H: Header> Cutter<H> {
    pub(crate) fn next(&mut self, pending: &mut BytesMut, has_ended: bool) -> Option<Found> {
        if self.tag_bytes_left > 0 {
            return self.pass_over_tag(pending);
        }
        match self.front(pending, has_ended) {
            Front::Frame(header) => self.frame(pending, header),
            Front::Tag(bytes) => {
                self.tag_bytes_left = bytes;
                self.pass_over_tag(pending)
            }
            Front::More => None,
            Front::Lost => {
                self.in_sync = None;
                skip(pending, next_candidate(pending))
            }
        }
    }

    fn front(&self, pending: &[u8], has_ended: bool) -> Front<H> {
        let tag = if self.in_sync.is_some() { tag::at(pending) } else { tag::in_garbage(pending) };
        match tag {
            Tag::Bytes(bytes) => return Front::Tag(bytes),
            Tag::More => return Front::More,
            Tag::No => {}
        }
        if pending.len() < H::BYTES {
            return Front::More;
        }
        match (H::parse(pending), self.in_sync) {
            (None, _) => Front::Lost,
            (Some(header), Some(before)) if header.agrees_with(&before) => {
                if pending.len() < header.frame_bytes() {
                    Front::More
                } else {
                    Front::Frame(header)
                }
            }
            (Some(header), _) => believe(header, pending, has_ended),
        }
    }

    /// Gives the whole frame at the front, or first what must be said before it.
    fn frame(&mut self, pending: &mut BytesMut, header: H) -> Option<Found> {
        self.in_sync = Some(header);
        let bytes = header.frame_bytes();
        if header.is_tag(&pending[..bytes]) {
            return skip_tag(pending, bytes);
        }
        let format = header.format();
        if self.told.replace(format) != Some(format) {
            return Some(Found::Format { format, headers: Bytes::new() });
        }
        let is_entry = header.is_entry(&pending[..bytes]);
        Some(Found::Frame(Frame { bytes: pending.split_to(bytes).freeze(), samples: header.samples(), is_entry }))
    }

    fn pass_over_tag(&mut self, pending: &mut BytesMut) -> Option<Found> {
        let here = self.tag_bytes_left.min(pending.len());
        self.tag_bytes_left -= here;
        skip_tag(pending, here)
    }
}

/// Whether a first header is followed by a second that agrees with it, or by a tag, or by the stream's end.
fn believe<H: Header>(header: H, pending: &[u8], has_ended: bool) -> Front<H> {
    if has_ended && pending.len() == header.frame_bytes() {
        return Front::Frame(header);
    }
    let Some(follows) = pending.get(header.frame_bytes()..) else { return Front::More };
    match tag::at(follows) {
        Tag::Bytes(_) => return Front::Frame(header),
        Tag::More => return Front::More,
        Tag::No => {}
    }
    if follows.len() < H::BYTES {
        return Front::More;
    }
    match H::parse(follows) {
        Some(second) if second.agrees_with(&header) => Front::Frame(header),
        _ => Front::Lost,
    }
}

/// How far it is to the next byte, after the first, where a frame or an ID3v2 tag could begin.
fn next_candidate(pending: &[u8]) -> usize {
    let rest = pending.get(1..).unwrap_or_default();
    memchr::memchr2(0xff, b'I', rest).map_or(pending.len(), |at| at + 1)
}
