//! A stretch of a tape as one file.
//!
//! As it was aired, the file is what was sent, to the bit: that is what a station shows when somebody asks. To be
//! played, it begins cleanly: the first MP3 frames lean on frames that are not in it, and are given silent where they do; an
//! Ogg stream begins at a page that can be heard alone.

use std::time::Duration;

use audio::{Codec, Format, Frame, mpeg, ogg};
use bytes::{Bytes, BytesMut};
use station::Timestamp;

use super::playback::{Heard, Playback, Stretch};
use super::record::Gap;
use crate::ring::duration;

/// How a file is made of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Every frame as it was sent.
    AsAired,
    /// So that a player finds a clean beginning, also after a gap.
    Playable,
}

/// What a file is, once all of it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// How long it lasts.
    pub duration: Duration,
    /// Its size.
    pub bytes: u64,
    /// When its first frame was on the air.
    pub from: Option<Timestamp>,
    /// What is missing, and where in the file.
    pub gaps: Vec<(Duration, Gap)>,
    /// Each title, and where in the file it begins.
    pub titles: Vec<(Duration, String)>,
    /// What it is encoded in: more than one format, if it changed on the air.
    pub formats: Vec<Format>,
}

/// Makes a file of what a playback hears.
#[derive(Debug)]
pub struct Cut {
    playback: Playback,
    manner: Manner,
    told: Told,
    mpeg: mpeg::Joiner,
    ogg: ogg::Joiner,
    headers: Bytes,
    /// Samples in the format that the file has at its end, and how long everything was before that.
    samples: u64,
    before: Duration,
    /// Whether the next frame follows the one before it in the sound.
    is_broken: bool,
}

impl Cut {
    /// A file of `playback`.
    pub fn new(playback: Playback, manner: Manner) -> Self {
        Self {
            playback,
            manner,
            told: Told::default(),
            mpeg: mpeg::Joiner::new(),
            ogg: ogg::Joiner::new(),
            headers: Bytes::new(),
            samples: 0,
            before: Duration::ZERO,
            is_broken: false,
        }
    }

    /// The next piece of the file; `None` at its end.
    pub async fn next(&mut self) -> vault::Result<Option<Bytes>> {
        while let Some(heard) = self.playback.next().await? {
            let piece = match heard {
                Heard::Gap(gap) => {
                    self.is_broken = true;
                    self.told.gaps.push((self.told.duration, gap));
                    continue;
                }
                Heard::Sound(stretch) => self.take(stretch),
            };
            if !piece.is_empty() {
                self.told.bytes += piece.len() as u64;
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// What the file is. Ask when all of it was read.
    pub fn told(&self) -> &Told {
        &self.told
    }

    fn take(&mut self, stretch: Stretch) -> Bytes {
        let mut piece = BytesMut::new();
        self.begin(&stretch, &mut piece);
        for frame in stretch.frames {
            if let Some(frame) = self.pass(stretch.format.codec, frame) {
                self.samples += u64::from(frame.samples);
                piece.extend_from_slice(&frame.bytes);
            }
        }
        self.told.duration = self.before + duration(self.samples, stretch.format.sample_rate_hz);
        piece.freeze()
    }

    /// Notes what is new with a stretch, and begins its stream if it is another.
    fn begin(&mut self, stretch: &Stretch, piece: &mut BytesMut) {
        self.told.from.get_or_insert(stretch.at);
        if self.told.formats.last() != Some(&stretch.format) {
            (self.before, self.samples) = (self.told.duration, 0);
            self.told.formats.push(stretch.format);
        }
        if self.told.titles.last().is_none_or(|(_, title)| *title != stretch.title) {
            self.told.titles.push((self.told.duration, stretch.title.clone()));
        }
        let is_broken = std::mem::take(&mut self.is_broken);
        if stretch.format.codec == Codec::Mp3 && is_broken {
            self.mpeg.join();
        }
        if self.headers != stretch.headers || (is_broken && self.manner == Manner::Playable) {
            self.headers = stretch.headers.clone();
            let pages = stretch.headers.clone();
            piece.extend_from_slice(&if self.manner == Manner::Playable { self.ogg.begin(pages) } else { pages });
        }
    }

    fn pass(&mut self, codec: Codec, frame: Frame) -> Option<Frame> {
        match (self.manner, codec) {
            (Manner::AsAired, _) | (_, Codec::Aac) => Some(frame),
            (Manner::Playable, Codec::Mp3) => Some(self.mpeg.pass(frame)),
            (Manner::Playable, Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac) => self.ogg.pass(frame),
        }
    }
}
