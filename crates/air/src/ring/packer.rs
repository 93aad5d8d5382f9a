//! Frames in, chunks out.

use std::sync::Arc;
use std::time::Duration;

use audio::{Format, Frame};
use bytes::Bytes;
use station::Timestamp;

use super::{Chunk, Flags, Log, Mark, Preface, duration};
use crate::Title;

/// A chunk that lasts this long ends before the next frame that can be an entry…
const CHUNK_MIN: Duration = Duration::from_millis(80);
/// …and one that lasts this long ends in any case.
const CHUNK_MAX: Duration = Duration::from_millis(120);

/// Gathers frames and appends them to a log, chunk by chunk. A mount has one.
#[derive(Debug)]
pub struct Packer {
    log: Arc<Log>,
    epoch: u64,
    seq: u64,
    time: u64,
    preface: Option<Arc<Preface>>,
    title: Arc<Title>,
    is_join: bool,
    /// The frames of the chunk that is being made.
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    samples: u32,
    at: Timestamp,
}

impl Packer {
    /// A packer for a log that is still empty.
    pub fn new(log: Arc<Log>, epoch: u64, title: Arc<Title>) -> Self {
        let (bytes, marks) = (Vec::new(), Vec::new());
        let at = Timestamp::UNIX_EPOCH;
        Self { log, epoch, seq: 0, time: 0, preface: None, title, is_join: false, bytes, marks, samples: 0, at }
    }

    /// What the frames that follow are; `None` before the first [`open`](Self::open).
    pub fn preface(&self) -> Option<&Arc<Preface>> {
        self.preface.as_ref()
    }

    /// The title of what follows.
    pub fn title(&self) -> &Arc<Title> {
        &self.title
    }

    /// Ends the chunk here; what follows comes from another input.
    pub fn join(&mut self) {
        self.seal();
        self.is_join = true;
    }

    /// Ends the chunk here; what follows is in this format. The header pages of an Ogg stream are appended as a chunk of
    /// their own, so that who is listening already gets them in their place.
    pub fn open(&mut self, format: Format, headers: Bytes, now: Timestamp) {
        if headers.is_empty() && self.preface.as_ref().is_some_and(|preface| preface.format == format) {
            return;
        }
        self.seal();
        self.convert_time(format.sample_rate_hz);
        let preface = self.preface.insert(Arc::new(Preface { format, headers, first_seq: self.seq }));
        if preface.headers.is_empty() {
            return;
        }
        self.bytes.extend_from_slice(&preface.headers);
        self.marks.push(Mark { bytes: preface.headers.len() as u32, samples: 0, is_entry: false });
        self.at = now;
        self.append(Flags { is_head: true, ..Flags::default() });
    }

    /// Ends the chunk here if the title is another one; what follows bears it.
    pub fn retitle(&mut self, title: Arc<Title>) {
        if self.title == title {
            return;
        }
        self.seal();
        self.title = title;
    }

    /// Adds a frame. Without a preface there is nothing that could be done with it, and it is left out.
    pub fn push(&mut self, frame: &Frame, now: Timestamp) {
        if self.preface.is_none() {
            return;
        }
        if frame.is_entry && self.duration() >= CHUNK_MIN {
            self.seal();
        }
        if self.marks.is_empty() {
            self.at = now;
        }
        self.bytes.extend_from_slice(&frame.bytes);
        self.samples += frame.samples;
        self.marks.push(Mark { bytes: frame.bytes.len() as u32, samples: frame.samples, is_entry: frame.is_entry });
        if self.duration() >= CHUNK_MAX {
            self.seal();
        }
    }

    /// Ends the chunk here if it is long enough: nothing more comes for a moment.
    pub fn pause(&mut self) {
        if self.duration() >= CHUNK_MIN {
            self.seal();
        }
    }

    /// Ends the chunk here, so that readers get what there is.
    pub fn seal(&mut self) {
        let Some(first) = self.marks.first() else { return };
        let flags = Flags { is_entry: first.is_entry, is_head: false, is_join: std::mem::take(&mut self.is_join) };
        self.append(flags);
    }

    fn append(&mut self, flags: Flags) {
        let Some(preface) = self.preface.clone() else { return };
        let chunk = Chunk {
            epoch: self.epoch,
            seq: self.seq,
            time: self.time,
            samples: self.samples,
            at: self.at,
            flags,
            preface,
            title: Arc::clone(&self.title),
            bytes: std::mem::take(&mut self.bytes).into(),
            marks: std::mem::take(&mut self.marks).into(),
        };
        self.seq += 1;
        self.time += u64::from(std::mem::take(&mut self.samples));
        self.log.append(chunk);
    }

    fn duration(&self) -> Duration {
        self.preface.as_ref().map_or(Duration::ZERO, |p| duration(u64::from(self.samples), p.format.sample_rate_hz))
    }

    /// Keeps media time in seconds where the sample rate changes.
    fn convert_time(&mut self, sample_rate_hz: u32) {
        let Some(before) = self.preface.as_ref().map(|p| p.format.sample_rate_hz.max(1)) else { return };
        self.time = (u128::from(self.time) * u128::from(sample_rate_hz) / u128::from(before)) as u64;
    }
}
