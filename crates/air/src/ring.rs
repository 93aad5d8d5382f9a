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
    /// The number of the first chunk that it belongs to.
    pub first_seq: u64,
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

/// Logs for tests: frames that are numbered, so that whoever reads them can tell which they are.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    pub const FORMAT: Format = Format { codec: audio::Codec::Aac, sample_rate_hz: 48_000, channels: 2 };

    /// A minute, and no more bytes than anybody will push.
    pub const BOUNDS: Bounds = Bounds { duration: Duration::from_secs(60), bytes: 64 << 20 };

    /// A log with its packer, opened for [`FORMAT`].
    pub fn log() -> (Arc<Log>, Packer) {
        log_of(FORMAT, b"")
    }

    /// A log of any format.
    pub fn log_of(format: Format, headers: &'static [u8]) -> (Arc<Log>, Packer) {
        let log = Log::new(BOUNDS);
        let mut packer = Packer::new(Arc::clone(&log), 7, Title::new("Before", ""));
        packer.open(format, Bytes::from_static(headers), Timestamp::UNIX_EPOCH);
        (log, packer)
    }

    /// The frame of that number: 1,024 samples, 300 to 555 bytes.
    pub fn frame(number: u32) -> Frame {
        let mut bytes = number.to_be_bytes().to_vec();
        bytes.resize(300 + (number as usize * 37) % 256, number as u8);
        Frame { bytes: bytes.into(), samples: 1_024, is_entry: true }
    }

    /// Pushes the frames of these numbers.
    pub fn push(packer: &mut Packer, numbers: std::ops::Range<u32>) {
        numbers.for_each(|number| packer.push(&frame(number), Timestamp::UNIX_EPOCH));
    }

    /// The bytes of the frames of these numbers.
    pub fn bytes(numbers: std::ops::Range<u32>) -> Vec<u8> {
        numbers.flat_map(|number| frame(number).bytes).collect()
    }

    /// The numbers of the frames that `bytes` are made of; the last one may be cut.
    pub fn numbers(mut bytes: &[u8]) -> Vec<u32> {
        let mut numbers = Vec::new();
        while bytes.len() >= 4 {
            let number = u32::from_be_bytes(bytes[..4].try_into().unwrap());
            let whole = frame(number).bytes;
            let there = whole.len().min(bytes.len());
            assert!(bytes.starts_with(&whole[..there]), "frame {number} is broken");
            numbers.push(number);
            bytes = &bytes[there..];
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{BOUNDS, FORMAT, bytes, frame, log, log_of, push};
    use super::*;

    const OPUS: Format = Format { codec: audio::Codec::OggOpus, sample_rate_hz: 48_000, channels: 2 };

    fn chunks(log: &Log) -> Vec<Arc<Chunk>> {
        log.window().chunks.iter().cloned().collect()
    }

    /// Everything that a follower is given from there on, as somebody hears it who forwards bytes.
    fn heard(log: &Arc<Log>, from: From) -> Vec<u8> {
        let mut follower = Follower::new(Arc::clone(log), from);
        let mut heard = Vec::new();
        while let Some(next) = follower.try_next() {
            match next {
                Heard::Format(preface) => heard.extend_from_slice(&preface.headers),
                Heard::Chunk(chunk) => heard.extend_from_slice(&chunk.bytes),
                Heard::Title(_) | Heard::Lost { .. } => {}
            }
        }
        heard
    }

    #[test]
    fn frames_are_kept_to_the_byte_in_chunks_of_about_a_tenth_of_a_second() {
        let (log, mut packer) = log();
        push(&mut packer, 0..1_000);
        packer.seal();
        let chunks = chunks(&log);
        let all: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes.to_vec()).collect();
        assert_eq!(all, bytes(0..1_000));
        for chunk in &chunks[..chunks.len() - 1] {
            assert!(chunk.duration() >= Duration::from_millis(80) && chunk.duration() <= Duration::from_millis(142));
        }
        let frames: Vec<_> = chunks.iter().flat_map(|chunk| chunk.frames().collect::<Vec<_>>()).collect();
        assert_eq!(frames, (0..1_000).map(frame).collect::<Vec<_>>());
    }

    #[test]
    fn media_time_goes_on_over_joins_and_is_converted_where_the_rate_changes() {
        let (log, mut packer) = log();
        push(&mut packer, 0..375);
        packer.join();
        push(&mut packer, 375..750);
        let half = Format { sample_rate_hz: 24_000, ..FORMAT };
        packer.open(half, Bytes::new(), Timestamp::UNIX_EPOCH);
        push(&mut packer, 750..751);
        packer.seal();
        let chunks = chunks(&log);
        let mut samples = 0;
        for chunk in &chunks[..chunks.len() - 1] {
            assert_eq!(chunk.time, samples);
            samples += u64::from(chunk.samples);
        }
        let last = chunks.last().unwrap();
        assert_eq!((samples, last.time), (48_000 * 16, 24_000 * 16));
        assert_eq!(chunks.iter().filter(|chunk| chunk.flags.is_join).count(), 1);
    }

    #[test]
    fn a_window_forgets_what_exceeds_either_bound_and_never_renumbers() {
        for bounds in [Bounds { duration: Duration::from_secs(2), ..BOUNDS }, Bounds { bytes: 40_000, ..BOUNDS }] {
            let log = Log::new(bounds);
            let mut packer = Packer::new(Arc::clone(&log), 7, Title::new("", ""));
            packer.open(FORMAT, Bytes::new(), Timestamp::UNIX_EPOCH);
            push(&mut packer, 0..2_000);
            let window = log.window();
            assert!(window.duration <= bounds.duration && window.bytes <= bounds.bytes);
            assert!(window.first_seq() > 100 && window.get(window.first_seq() - 1).is_none());
            assert_eq!(window.get(window.first_seq()).unwrap().seq, window.first_seq());
            assert_eq!(window.last().unwrap().seq + 1, window.next_seq());
        }
    }

    #[test]
    fn a_copy_of_a_window_catches_up_also_when_it_has_fallen_out_of_it() {
        let (log, mut packer) = log();
        let mut copy = log.window().clone();
        for numbers in [0..10, 10..200, 200..20_000] {
            push(&mut packer, numbers);
            copy.catch_up(&log.window());
            let (window, seqs) = (log.window(), |w: &Window| w.chunks.iter().map(|c| c.seq).collect::<Vec<_>>());
            assert_eq!((seqs(&copy), copy.bytes, copy.next_seq), (seqs(&window), window.bytes, window.next_seq));
        }
    }

    #[test]
    fn a_late_listener_starts_with_as_much_as_it_wants_at_the_beginning_of_a_frame() {
        let (log, mut packer) = log();
        push(&mut packer, 0..1_000);
        packer.seal();
        let heard = heard(&log, From::Back(Duration::from_secs(4)));
        let first = u32::from_be_bytes(heard[..4].try_into().unwrap());
        assert_eq!(heard, bytes(first..1_000));
        let given = Duration::from_micros(u64::from(1_000 - first) * 1_024 * 1_000 / 48);
        assert!(given <= Duration::from_secs(4) && given >= Duration::from_millis(3_800), "{given:?}");
    }

    #[test]
    fn a_listener_of_ogg_starts_with_the_headers_at_a_page_that_can_be_heard_alone() {
        let (log, mut packer) = log_of(OPUS, b"headers ");
        for number in 0..100 {
            let page = Frame { is_entry: number % 10 == 3, samples: 48_000, ..frame(number) };
            packer.push(&page, Timestamp::UNIX_EPOCH);
        }
        let heard = heard(&log, From::Back(Duration::from_secs(12)));
        assert_eq!(heard, [b"headers ".to_vec(), bytes(93..100)].concat());
    }

    #[test]
    fn nobody_starts_before_a_splice_of_ogg_streams_and_whoever_was_there_hears_its_headers() {
        let (log, mut packer) = log_of(OPUS, b"first ");
        push(&mut packer, 0..50);
        packer.join();
        packer.open(OPUS, Bytes::from_static(b"second "), Timestamp::UNIX_EPOCH);
        push(&mut packer, 50..60);
        packer.seal();
        assert_eq!(heard(&log, From::Back(Duration::from_secs(60))), [b"second ".to_vec(), bytes(50..60)].concat());
        let all = [b"first ".to_vec(), bytes(0..50), b"second ".to_vec(), bytes(50..60)].concat();
        assert_eq!(heard(&log, From::Oldest), all);
        let in_the_log: Vec<u8> = chunks(&log).iter().flat_map(|chunk| chunk.bytes.to_vec()).collect();
        assert_eq!(in_the_log, all);
    }

    #[test]
    fn a_listener_of_mp3_starts_anywhere_and_gets_the_same_lengths() {
        let format = Format { codec: audio::Codec::Mp3, sample_rate_hz: 44_100, channels: 2 };
        let (log, mut packer) = log_of(format, b"");
        let silence = audio::mpeg::silent_frame(44_100, 2, 128).unwrap().bytes;
        // Frames that lean on 200 bytes before them.
        let leaning = [&silence[..4], &[100, 0], &silence[6..36], &[0x55; 300][..], &silence[336..]].concat();
        let leaning = Frame { bytes: leaning.into(), samples: 1_152, is_entry: false };
        (0..200).for_each(|_| packer.push(&leaning, Timestamp::UNIX_EPOCH));
        packer.seal();
        let heard = heard(&log, From::Back(Duration::from_secs(2)));
        assert_eq!(heard.len() % leaning.bytes.len(), 0);
        assert_eq!(heard[4..36], [0; 32], "the first frame is silent");
        assert_eq!(heard[leaning.bytes.len()..][..leaning.bytes.len()], leaning.bytes, "the second is as it was");
    }

    #[test]
    fn a_follower_is_told_the_format_then_the_title_and_each_change_at_its_place() {
        let (log, mut packer) = log();
        push(&mut packer, 0..20);
        packer.retitle(Title::new("After", ""));
        push(&mut packer, 20..40);
        packer.seal();
        let mut follower = Follower::new(Arc::clone(&log), From::Oldest);
        let (mut told, mut sound) = (Vec::new(), Vec::new());
        while let Some(heard) = follower.try_next() {
            match heard {
                Heard::Format(preface) => told.push((sound.len(), preface.format.to_string())),
                Heard::Title(title) => told.push((sound.len(), title.text.clone())),
                Heard::Chunk(chunk) => sound.extend_from_slice(&chunk.bytes),
                Heard::Lost { chunks } => panic!("{chunks} chunks were lost"),
            }
        }
        let middle = bytes(0..20).len();
        assert_eq!(told, [(0, FORMAT.to_string()), (0, "Before".into()), (middle, "After".into())]);
    }

    #[test]
    fn a_follower_that_is_too_slow_is_told_how_much_it_lost() {
        let (log, mut packer) = log();
        let mut follower = Follower::new(Arc::clone(&log), From::Live);
        push(&mut packer, 0..20_000);
        let first = log.window().first_seq();
        assert!(matches!(follower.try_next(), Some(Heard::Lost { chunks }) if chunks == first));
        let next = std::iter::from_fn(|| follower.try_next()).find_map(|heard| match heard {
            Heard::Chunk(chunk) => Some(chunk.seq),
            _ => None,
        });
        assert_eq!(next, Some(first));
    }

    #[tokio::test]
    async fn a_follower_that_waits_hears_what_comes_and_then_the_end() {
        let (log, mut packer) = log();
        let mut follower = Follower::new(Arc::clone(&log), From::Live);
        let reader = tokio::spawn(async move {
            let mut sound = Vec::new();
            while let Some(heard) = follower.next().await {
                if let Heard::Chunk(chunk) = heard {
                    sound.extend_from_slice(&chunk.bytes);
                }
            }
            sound
        });
        for number in 0..50 {
            push(&mut packer, number..number + 1);
            tokio::task::yield_now().await;
        }
        packer.seal();
        log.close();
        assert_eq!(reader.await.unwrap(), bytes(0..50));
    }
}
