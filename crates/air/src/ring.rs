//! The log of one mount: everything it has sent lately, in chunks of whole frames.
//!
//! A [`Packer`] makes chunks out of frames and appends them to the [`Log`]; each [`Follower`] reads the log at its own
//! pace and is told what it lost if it was too slow. Nobody who reads can slow the one who writes. A [`Window`] is the
//! same stretch of chunks as a plain value: the log keeps one behind a lock, and each fan-out thread keeps a copy of
//! its own, so that it takes the lock once for all its listeners.
//!
//! A chunk says everything that a reader needs to begin with it: its format, the Ogg header pages that belong before
//! it, the title that was on. So nothing about the stream's past has to be asked anywhere else.
//!
//! Start at [`Window::start`]: where a new listener begins.

mod follower;
mod packer;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use audio::{Format, Frame};
use bytes::Bytes;
use station::Timestamp;
use tokio::sync::Notify;

pub use follower::{Follower, From, Heard};
pub use packer::Packer;

use crate::Title;

/// How far back an MP3 frame can lean on the frames before it.
const MP3_RESERVOIR_BYTES_MAX: usize = 511;
/// The most of an MP3 frame that is header, checksum and side information, and no main data.
const MP3_SIDE_BYTES_MAX: usize = 38;

/// What a decoder has to know before the first frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Preface {
    /// What must stay equal for a decoder not to notice a join.
    pub format: Format,
    /// The header pages of an Ogg stream; empty for everything else.
    pub headers: Bytes,
}

/// A stretch of the log: whole frames, about a tenth of a second of them.
#[derive(Debug)]
pub struct Chunk {
    /// Which run of the program made it. A receiver keeps the highest.
    pub epoch: u64,
    /// Its number within the epoch: one more than that of the chunk before it.
    pub seq: u64,
    /// Media time of its first sample, in samples at its format's rate since the epoch began. Media time goes on over
    /// every switch of inputs; where the rate changes it is converted.
    pub time: u64,
    /// How many samples it lasts.
    pub samples: u32,
    /// The wall clock when its first frame came in.
    pub at: Timestamp,
    /// What a reader should know about its place.
    pub flags: Flags,
    /// The format of its frames, and what goes before them.
    pub preface: Arc<Preface>,
    /// What is on at its first sample.
    pub title: Arc<Title>,
    /// Its frames, one after the other.
    pub bytes: Bytes,
    marks: Box<[Mark]>,
}

/// What a reader should know about a chunk's place in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Its first frame decodes with nothing (but the header pages) before it.
    pub is_entry: bool,
    /// It holds the header pages of the stream that follows, and no sound.
    pub is_head: bool,
    /// It is the first of another input.
    pub is_join: bool,
}

/// One frame of a chunk.
#[derive(Clone, Copy, Debug)]
struct Mark {
    bytes: u32,
    samples: u32,
    is_entry: bool,
}

impl Chunk {
    /// Its frames, one by one, without a copy.
    pub fn frames(&self) -> impl Iterator<Item = Frame> {
        let mut from = 0;
        self.marks.iter().map(move |mark| {
            let bytes = self.bytes.slice(from..from + mark.bytes as usize);
            from += mark.bytes as usize;
            Frame { bytes, samples: mark.samples, is_entry: mark.is_entry }
        })
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        duration(u64::from(self.samples), self.preface.format.sample_rate_hz)
    }

    /// The same chunk with other bytes of the same lengths.
    fn with_bytes(&self, bytes: Bytes) -> Self {
        debug_assert_eq!(bytes.len(), self.bytes.len());
        let (preface, title) = (Arc::clone(&self.preface), Arc::clone(&self.title));
        Self {
            preface,
            title,
            bytes,
            marks: self.marks.clone(),
            flags: Flags { is_entry: true, ..self.flags },
            ..*self
        }
    }
}

/// How long `samples` last at a rate.
pub(crate) fn duration(samples: u64, sample_rate_hz: u32) -> Duration {
    let nanos = u128::from(samples) * 1_000_000_000 / u128::from(sample_rate_hz.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// How much of its past a log keeps: whichever bound is reached first.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Of sound.
    pub duration: Duration,
    /// In bytes.
    pub bytes: usize,
}

/// Consecutive chunks of a log, oldest first.
#[derive(Clone, Debug)]
pub struct Window {
    chunks: VecDeque<Arc<Chunk>>,
    /// The number of the chunk that will be appended next.
    next_seq: u64,
    duration: Duration,
    bytes: usize,
    bounds: Bounds,
}

/// Where a new reader begins.
#[derive(Debug)]
pub struct Start {
    /// What it is given first, made so that a decoder finds a clean beginning.
    pub opening: Vec<Arc<Chunk>>,
    /// The number of the chunk that follows.
    pub next_seq: u64,
    /// What all of it is; `None` if nothing was ever sent. An Ogg stream's headers go before the opening.
    pub preface: Option<Arc<Preface>>,
}

impl Window {
    /// An empty window that will hold this much.
    pub fn new(bounds: Bounds) -> Self {
        Self { chunks: VecDeque::new(), next_seq: 0, duration: Duration::ZERO, bytes: 0, bounds }
    }

    /// The number of the oldest chunk; that of the next one if there is none.
    pub fn first_seq(&self) -> u64 {
        self.next_seq - self.chunks.len() as u64
    }

    /// The number that the next chunk will have.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The chunk of that number, if it is still (or already) here.
    pub fn get(&self, seq: u64) -> Option<&Arc<Chunk>> {
        let index = seq.checked_sub(self.first_seq())?;
        self.chunks.get(usize::try_from(index).ok()?)
    }

    /// The newest chunk.
    pub fn last(&self) -> Option<&Arc<Chunk>> {
        self.chunks.back()
    }

    /// Appends a chunk, whose number must be [`next_seq`](Self::next_seq), and forgets what no longer fits.
    pub fn push(&mut self, chunk: Arc<Chunk>) {
        assert_eq!(chunk.seq, self.next_seq, "chunks are numbered without gaps");
        self.next_seq += 1;
        self.duration += chunk.duration();
        self.bytes += chunk.bytes.len();
        self.chunks.push_back(chunk);
        while self.duration > self.bounds.duration || self.bytes > self.bounds.bytes {
            let Some(oldest) = self.chunks.pop_front() else { return };
            self.duration -= oldest.duration();
            self.bytes -= oldest.bytes.len();
        }
    }

    /// Appends what `newer` has and this window has not.
    pub fn catch_up(&mut self, newer: &Window) {
        if self.next_seq < newer.first_seq() {
            *self = newer.clone();
            return;
        }
        let known = usize::try_from(self.next_seq - newer.first_seq()).unwrap_or(usize::MAX);
        for chunk in newer.chunks.iter().skip(known) {
            self.push(Arc::clone(chunk));
        }
    }

    /// Where a reader begins that wants `back` of the past: at the first byte of a frame which a decoder can begin with.
    ///
    /// An Ogg page or an AAC frame is chosen that can be heard alone. An MP3 frame leans on the frames before it, so
    /// the first ones are given as copies whose missing part is silent; they are as long as the originals. Nobody
    /// begins before a change of format: a player would have to live through it at once.
    pub fn start(&self, back: Duration) -> Start {
        let wanted = self.index_back(back);
        let preface = self.chunks.back().map(|newest| Arc::clone(&newest.preface));
        match self.entry_from(wanted) {
            Some(index) => Start { opening: Vec::new(), next_seq: self.first_seq() + index as u64, preface },
            None => {
                let opening = self.joined_from(wanted);
                let next_seq = self.first_seq() + (wanted + opening.len()) as u64;
                Start { opening, next_seq, preface }
            }
        }
    }

    /// The index of the oldest chunk that is at most `back` old and has the newest preface.
    fn index_back(&self, back: Duration) -> usize {
        let Some(newest) = self.chunks.back() else { return 0 };
        let (mut index, mut age) = (self.chunks.len(), Duration::ZERO);
        for (at, chunk) in self.chunks.iter().enumerate().rev() {
            age += chunk.duration();
            let is_ours = Arc::ptr_eq(&chunk.preface, &newest.preface) && !chunk.flags.is_head;
            if !is_ours || (age > back && index < self.chunks.len()) {
                break;
            }
            index = at;
        }
        index
    }

    /// The chunk to begin with at or after `wanted`. MP3 begins just there or not at all; the others find an entry
    /// that is later, or else the nearest before.
    fn entry_from(&self, wanted: usize) -> Option<usize> {
        let Some(preface) = self.chunks.get(wanted).map(|chunk| &chunk.preface) else { return Some(wanted) };
        let is_entry = |index: &usize| {
            let chunk = &self.chunks[*index];
            chunk.flags.is_entry && Arc::ptr_eq(&chunk.preface, preface)
        };
        if preface.format.codec == audio::Codec::Mp3 {
            return Some(wanted).filter(is_entry);
        }
        (wanted..self.chunks.len()).find(is_entry).or_else(|| (0..wanted).rev().find(is_entry)).or(Some(wanted))
    }

    /// The chunks from there on as somebody should get them who heard nothing before, until all is as it was sent.
    fn joined_from(&self, wanted: usize) -> Vec<Arc<Chunk>> {
        let mut joiner = audio::mpeg::Joiner::new();
        let (mut opening, mut main_data_bytes) = (Vec::new(), 0);
        for chunk in self.chunks.iter().skip(wanted) {
            let frames: Vec<Bytes> = chunk.frames().map(|frame| joiner.pass(frame).bytes).collect();
            main_data_bytes += frames.iter().map(|f| f.len().saturating_sub(MP3_SIDE_BYTES_MAX)).sum::<usize>();
            opening.push(Arc::new(chunk.with_bytes(frames.concat().into())));
            if main_data_bytes >= MP3_RESERVOIR_BYTES_MAX {
                break;
            }
        }
        opening
    }
}

/// The log that a mount appends to and everybody reads.
#[derive(Debug)]
pub struct Log {
    window: Mutex<Window>,
    /// Wakes whoever waits for the next chunk, or for the end.
    news: Notify,
    is_closed: AtomicBool,
}

impl Log {
    /// An empty log.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            window: Mutex::new(Window::new(bounds)),
            news: Notify::new(),
            is_closed: AtomicBool::new(false),
        })
    }

    /// What is kept now. Hold it briefly: the mount waits meanwhile.
    pub fn window(&self) -> MutexGuard<'_, Window> {
        // A window is never left half changed, so what a panicking thread left is whole.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if nothing will be appended any more.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    fn append(&self, chunk: Chunk) {
        self.window().push(Arc::new(chunk));
        self.news.notify_waiters();
    }

    /// Tells every reader that this was all.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.news.notify_waiters();
    }
}
