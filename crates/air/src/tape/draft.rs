//! Chunks in, records out: what is gathered until it is about a second.

use std::sync::Arc;
use std::time::Duration;

use audio::Frame;
use station::Timestamp;

use super::airtime::Place;
use super::record::{Cause, Sound};
use crate::Title;
use crate::airtime::is_apart;
use crate::ring::{Chunk, Preface, duration};

/// A record that lasts this long is finished: what a kill costs.
const RECORD: Duration = Duration::from_secs(1);
/// A record of this size is finished, however short it is.
const RECORD_BYTES: usize = 1 << 20;

/// A record that is being gathered.
#[derive(Debug)]
pub struct Draft {
    sound: Sound,
    preface: Arc<Preface>,
    title: Arc<Title>,
    samples: u64,
    bytes: usize,
    /// The first instant of what is missing before it, and why.
    pub gap: Option<(Timestamp, Cause)>,
}

impl Draft {
    /// A record that begins with a chunk, `samples` after its beginning.
    pub fn begin(chunk: &Chunk, samples: u64, place: Place) -> Self {
        let sound = Sound {
            at: place.at,
            epoch: chunk.epoch,
            seq: chunk.seq,
            time: chunk.time + samples,
            is_join: chunk.flags.is_join && samples == 0,
            format: chunk.preface.format,
            headers_at: None,
            title: chunk.title.text.clone(),
            frames: Vec::new(),
        };
        let (preface, title) = (Arc::clone(&chunk.preface), Arc::clone(&chunk.title));
        Self { sound, preface, title, samples: 0, bytes: 0, gap: place.gap }
    }

    /// True if a chunk goes on where this stops, in the same format and under the same title.
    pub fn goes_on_with(&self, chunk: &Chunk) -> bool {
        Arc::ptr_eq(&self.preface, &chunk.preface)
            && self.title == chunk.title
            && self.sound.time + self.samples == chunk.time
            && !chunk.flags.is_join
            && !is_apart(self.end(), chunk.at)
    }

    /// Adds a frame. True if that was enough.
    pub fn add(&mut self, frame: Frame) -> bool {
        self.samples += u64::from(frame.samples);
        self.bytes += frame.bytes.len();
        self.sound.frames.push(frame);
        self.duration() >= RECORD || self.bytes >= RECORD_BYTES
    }

    /// When its first frame was on the air.
    pub fn at(&self) -> Timestamp {
        self.sound.at
    }

    /// When its last frame so far was over.
    fn end(&self) -> Timestamp {
        self.at().saturating_add(self.duration()).unwrap_or(self.at())
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        duration(self.samples, self.sound.format.sample_rate_hz)
    }

    /// What its frames are, and the header pages that go before them.
    pub fn preface(&self) -> &Arc<Preface> {
        &self.preface
    }

    /// The record, for a reel in which its header pages stand there.
    pub fn sound(&self, headers_at: Option<u64>) -> Sound {
        Sound { headers_at, ..self.sound.clone() }
    }
}
