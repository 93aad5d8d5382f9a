//! Reading a tape by time: what was aired, frame by frame, and a name for all that is missing.
//!
//! Only the reels of the hours in question are opened, and of those only the records in question are read. Each is held
//! against its checksum: what is heard here is what was sent, or it is a [`Gap`].
//!
//! Start at [`Playback::next`].

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use audio::{Format, Frame};
use bytes::Bytes;
use jiff::SignedDuration;
use station::Timestamp;
use vault::Vault;

use super::block::{self, HEAD_BYTES, Scanned, Scanner};
use super::index::{Entry, Index, Kind, TRAILER_BYTES, index_offset};
use super::record::{Cause, Gap, Record, Sound, decode};
use super::reel::{Name, Strip};
use super::survey::survey;
use super::{Live, Tape};
use crate::ring::duration;

/// How much of a reel is read at once, in bytes.
const READ_BYTES: u64 = 512 << 10;
/// By how much, at most, a run's first seconds can lie before the end of the run before it. If it is more, the machine's clock
/// was set back.
const OVERLAP_MAX: SignedDuration = SignedDuration::from_secs(30);
/// What is shorter is no gap: records are moved by a little to follow the clock.
const GAP_MIN: SignedDuration = SignedDuration::from_millis(250);

/// What a tape says of a moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// This was on the air.
    Sound(Stretch),
    /// Nothing is there.
    Gap(Gap),
}

/// About a second of what was aired: whole frames, as they were sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// When its first frame was on the air.
    pub at: Timestamp,
    /// Which run of the program aired it.
    pub epoch: u64,
    /// The number in the mount's log of the chunk in which its record began.
    pub seq: u64,
    /// Media time of its first frame, in samples.
    pub time: u64,
    /// Whether its first frame is the first of another input.
    pub is_join: bool,
    /// What its frames are.
    pub format: Format,
    /// The header pages that belong before them, if it is Ogg.
    pub headers: Bytes,
    /// What was on.
    pub title: String,
    /// The frames.
    pub frames: Vec<Frame>,
}

impl Stretch {
    /// When its last frame was over.
    pub fn end(&self) -> Timestamp {
        let samples = self.frames.iter().map(|frame| u64::from(frame.samples)).sum();
        self.at.saturating_add(duration(samples, self.format.sample_rate_hz)).unwrap_or(self.at)
    }
}

/// A reader of a stretch of a tape.
#[derive(Debug)]
pub struct Playback {
    vault: Vault,
    strip: Strip,
    live: Option<Arc<Live>>,
    span: Range<Timestamp>,
    reels: Option<VecDeque<Name>>,
    open: Option<Open>,
    entries: VecDeque<Entry>,
    /// Up to where everything was told.
    cursor: Timestamp,
    /// The epoch of the last sound, within the span or before it.
    epoch: Option<u64>,
    /// Where the run before this one ended, until something of this one was told.
    other_run_until: Option<Timestamp>,
    /// Why there will be a gap, if there is one.
    cause: Option<Cause>,
    /// Why there is a gap at the end of the span, if there is one.
    cause_of_end: Option<Cause>,
    ready: VecDeque<Heard>,
    /// Whether only what is news is read; the rest is taken from the index.
    skims: bool,
    /// The last stretch that was read, without its frames.
    last: Option<Stretch>,
}

/// The reel that is being read.
#[derive(Debug)]
struct Open {
    key: String,
    salt: u32,
    /// What was read last, and where it begins.
    read: (u64, Bytes),
    /// The header pages that were asked for last, and where they stand.
    headers: Option<(u64, Bytes)>,
}

/// The reels of a tape, in the order in which they were made.
pub async fn reels(vault: &Vault, strip: &Strip) -> vault::Result<Vec<Name>> {
    // Growing ones first: one that is sealed in between is found twice, and not missed.
    let mut found = vault.growing(&strip.folder()).await?;
    found.extend(vault.list(&strip.folder()).await?);
    let mut names: Vec<Name> = found.iter().filter_map(|entry| strip.name(&entry.key)).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// What stands where in a reel: by its own index, or by going through it.
pub async fn index(vault: &Vault, strip: &Strip, name: &Name) -> vault::Result<Index> {
    let (key, salt) = (strip.key(name), strip.salt(name));
    match read_index(vault, &key, salt).await? {
        Some(index) => Ok(index),
        None => Ok(survey(vault, &key, salt).await?.index),
    }
}

/// The index at the end of a finished reel; `None` if there is none, or none that is whole.
pub(super) async fn read_index(vault: &Vault, key: &str, salt: u32) -> vault::Result<Option<Index>> {
    let Some(size) = vault.size_so_far(key).await? else { return Ok(None) };
    let trailer_at = size.saturating_sub(TRAILER_BYTES as u64);
    let trailer = vault.range_so_far(key, trailer_at..size).await?.unwrap_or_default();
    let Some(offset) = index_offset(salt, &trailer) else { return Ok(None) };
    let block = vault.range_so_far(key, offset..trailer_at).await?.unwrap_or_default();
    let record = block::unwrap(salt, &block).and_then(decode);
    Ok(if let Some(Record::Index(index)) = record { Some(index) } else { None })
}

impl Playback {
    pub(super) fn new(tape: &Tape, span: Range<Timestamp>) -> Self {
        Self {
            vault: tape.vault.clone(),
            strip: tape.strip,
            live: tape.live.clone(),
            cursor: span.start,
            span,
            reels: None,
            open: None,
            entries: VecDeque::new(),
            epoch: None,
            other_run_until: None,
            cause: None,
            cause_of_end: None,
            ready: VecDeque::new(),
            skims: false,
            last: None,
        }
    }

    /// The same, but that sound without news in it is told by the index alone, without its frames.
    pub(super) fn skimming(self) -> Self {
        Self { skims: true, ..self }
    }

    /// Up to where everything was told: the end of the last stretch.
    pub(super) fn told_until(&self) -> Timestamp {
        self.cursor
    }

    /// What comes next, in the order in which it was aired; `None` after the end of the span.
    pub async fn next(&mut self) -> vault::Result<Option<Heard>> {
        while self.ready.is_empty() {
            if let Some(entry) = self.entries.pop_front() {
                self.take(entry).await?;
            } else if let Some(name) = self.next_reel().await? {
                self.open(name).await?;
            } else if self.span.end.duration_since(self.cursor) >= GAP_MIN {
                let cause = self.cause.take().or(self.cause_of_end).unwrap_or(Cause::NotOnTape);
                self.tell_gap(self.span.end, cause);
                self.cursor = self.span.end;
            } else {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }

    /// The next of the reels that may hold something of the span, with one before and one after them: these say why
    /// there is nothing where there is nothing.
    async fn next_reel(&mut self) -> vault::Result<Option<Name>> {
        if self.reels.is_none() {
            let names = reels(&self.vault, &self.strip).await?;
            let holds = |name: &Name| name.may_hold(&self.span);
            let first = names.iter().position(holds).or(names.iter().position(|name| name.begun_at >= self.span.end));
            let first = first.unwrap_or(names.len()).saturating_sub(1);
            let last = names.iter().rposition(holds).map_or(first + 1, |last| last + 1);
            self.reels = Some(names.into_iter().take(last + 1).skip(first).collect());
        }
        Ok(self.reels.as_mut().and_then(VecDeque::pop_front))
    }

    async fn open(&mut self, name: Name) -> vault::Result<()> {
        let shown = self.live.as_ref().and_then(|live| live.index_of(&name));
        let index = match shown {
            Some(index) => index,
            None => index(&self.vault, &self.strip, &name).await?,
        };
        self.entries = within(&index.entries, &self.span).into();
        let (key, salt) = (self.strip.key(&name), self.strip.salt(&name));
        self.open = Some(Open { key, salt, read: (0, Bytes::new()), headers: None });
        Ok(())
    }

    async fn take(&mut self, entry: Entry) -> vault::Result<()> {
        if entry.kind == Kind::Damage {
            self.cause = Some(Cause::Damaged);
            return Ok(());
        }
        let is_skipped = self.skims && entry.kind == Kind::Sound && !entry.is_news;
        if let Some(last) = self.last.as_ref().filter(|_| is_skipped) {
            let at = entry.at.max(self.span.start);
            let stretch = Stretch { at, is_join: false, ..last.clone() };
            if at < self.span.end {
                self.tell(stretch, entry.end.min(self.span.end), Cause::Silent);
            }
            return Ok(());
        }
        match self.read(&entry).await? {
            Some(Record::Sound(sound)) => match self.headers(&sound).await? {
                Some(headers) => self.hear(sound, headers),
                None => self.note_damage(),
            },
            Some(Record::Gap(gap)) => self.cause = Some(gap.cause),
            _ => self.note_damage(),
        }
        Ok(())
    }

    fn note_damage(&mut self) {
        metrics::counter!("groundwave_tape_records_damaged_total").increment(1);
        self.cause = Some(Cause::Damaged);
    }

    /// Cuts a sound to the span, and tells it, and a gap before it if there is one.
    fn hear(&mut self, sound: Sound, headers: Bytes) {
        let presumed = match self.epoch.replace(sound.epoch) {
            None => Cause::NotOnTape,
            Some(before) if before != sound.epoch => Cause::NotRunning,
            Some(_) => Cause::Silent,
        };
        let sound_at = sound.at;
        if sound.end() <= self.span.start {
            return;
        }
        if sound.at >= self.span.end {
            self.cause_of_end.get_or_insert(presumed);
            return;
        }
        if presumed == Cause::NotRunning {
            self.other_run_until = Some(self.cursor);
        }
        let Some(stretch) = cut(sound, headers, &(self.first_instant(sound_at)..self.span.end)) else { return };
        if self.skims {
            self.last = Some(Stretch { frames: Vec::new(), headers: Bytes::new(), ..stretch.clone() });
        }
        let end = stretch.end();
        self.tell(stretch, end, presumed);
    }

    /// From when on a sound is told that was on the air at `at`. A run begins with some seconds that were to be heard at once;
    /// what the run before it aired at that time was heard instead.
    fn first_instant(&self, at: Timestamp) -> Timestamp {
        let is_just_before = |until: &Timestamp| until.duration_since(at) < OVERLAP_MAX;
        self.other_run_until.filter(is_just_before).unwrap_or(self.span.start).max(self.span.start)
    }

    /// Tells a stretch that was over at `end`, and before it a gap if there is one.
    fn tell(&mut self, stretch: Stretch, end: Timestamp, presumed: Cause) {
        // Where another run begins the sound breaks, even if no time is missing.
        let is_break = self.other_run_until.take().is_some_and(|until| until > self.span.start);
        if stretch.at.duration_since(self.cursor) >= GAP_MIN || is_break {
            let presumed = if is_break { Cause::NotRunning } else { presumed };
            let cause = self.cause.take().unwrap_or(presumed);
            self.cursor = self.cursor.min(stretch.at);
            self.tell_gap(stretch.at, cause);
        }
        (self.cause, self.cause_of_end) = (None, None);
        self.cursor = end;
        self.ready.push_back(Heard::Sound(stretch));
    }

    fn tell_gap(&mut self, to: Timestamp, cause: Cause) {
        self.ready.push_back(Heard::Gap(Gap { from: self.cursor, to, cause }));
    }

    /// The record of a line of the index; `None` if it is damaged or gone.
    async fn read(&mut self, entry: &Entry) -> vault::Result<Option<Record>> {
        let end = entry.offset + u64::from(entry.bytes);
        let last = self.entries.back().map_or(end, |last| last.offset + u64::from(last.bytes));
        let Some(open) = &mut self.open else { return Ok(None) };
        let is_read = |(at, bytes): &(u64, Bytes)| *at <= entry.offset && end <= at + bytes.len() as u64;
        if !is_read(&open.read) {
            let range = entry.offset..last.min(entry.offset + READ_BYTES).max(end);
            let bytes = self.vault.range_so_far(&open.key, range).await?.unwrap_or_default();
            open.read = (entry.offset, bytes);
        }
        if !is_read(&open.read) {
            return Ok(None);
        }
        let from = (entry.offset - open.read.0) as usize;
        let block = open.read.1.slice(from..from + entry.bytes as usize);
        Ok(block::unwrap(open.salt, &block).and_then(decode))
    }

    /// The header pages that a sound points to; empty if it points to none, `None` if they are damaged.
    async fn headers(&mut self, sound: &Sound) -> vault::Result<Option<Bytes>> {
        let (Some(at), Some(open)) = (sound.headers_at, &mut self.open) else { return Ok(Some(Bytes::new())) };
        if let Some((_, headers)) = open.headers.as_ref().filter(|(known, _)| *known == at) {
            return Ok(Some(headers.clone()));
        }
        let range = at..at + (HEAD_BYTES + 1 + audio::ogg::HEADERS_BYTES_MAX) as u64;
        let bytes = self.vault.range_so_far(&open.key, range).await?.unwrap_or_default();
        let mut scanner = Scanner::new(open.salt, at);
        scanner.push(&bytes);
        let Some(Scanned::Block { offset, body }) = scanner.next() else { return Ok(None) };
        let Some(Record::Headers(headers)) = decode(body).filter(|_| offset == at) else { return Ok(None) };
        open.headers = Some((at, headers.clone()));
        Ok(Some(headers))
    }
}

/// The lines that have something of the span, with the nearest sound before them and the nearest after.
fn within(entries: &[Entry], span: &Range<Timestamp>) -> Vec<Entry> {
    let is_within = |entry: &&Entry| entry.at < span.end && span.start < entry.end;
    let is_sound = |entry: &&Entry| entry.kind == Kind::Sound;
    let before = entries.iter().take_while(|entry| entry.end <= span.start).filter(is_sound).last();
    let after = entries.iter().rev().take_while(|entry| span.end <= entry.at).filter(is_sound).last();
    before.into_iter().chain(entries.iter().filter(is_within)).chain(after).copied().collect()
}

/// The frames of a sound that begin within the span; `None` if none does.
fn cut(sound: Sound, headers: Bytes, span: &Range<Timestamp>) -> Option<Stretch> {
    let Sound { at, epoch, seq, time, is_join, format, title, .. } = sound;
    let (mut before, mut samples) = (0, 0);
    let mut frames = Vec::with_capacity(sound.frames.len());
    for frame in sound.frames {
        let begins = at.saturating_add(duration(samples, format.sample_rate_hz)).unwrap_or(at);
        samples += u64::from(frame.samples);
        if begins < span.start {
            before = samples;
        } else if begins < span.end {
            frames.push(frame);
        }
    }
    let at = at.saturating_add(duration(before, format.sample_rate_hz)).unwrap_or(at);
    let is_join = is_join && before == 0;
    (!frames.is_empty()).then_some(Stretch {
        at,
        epoch,
        seq,
        time: time + before,
        is_join,
        format,
        headers,
        title,
        frames,
    })
}
