//! The one who writes a tape: follows a mount's log, and loses nothing that it need not.
//!
//! About once a second a record is appended and synced. A program that is killed costs the second that was being
//! gathered, a loss of power one more. What cannot be written is counted and named as a gap as soon as something can be
//! written again; the mount never waits for the disk.
//!
//! Start at [`Writer::run`].

use std::sync::Arc;
use std::time::Duration;

use audio::Format;
use bytes::Bytes;
use station::{Clock, Timestamp};
use vault::{Growing, Vault};

use super::airtime::{Airtime, Clocks, Place};
use super::draft::Draft;
use super::index::{Index, MAGIC, trailer};
use super::record::{Cause, Gap, Record, Sound, encode};
use super::reel::{Name, Strip};
use super::shelf::Shelf;
use super::survey::survey;
use super::{Live, block};
use crate::ring::{Chunk, Follower, Heard, Preface, duration};

/// A record that nothing is added to for this long is written as it is.
const IDLE: Duration = Duration::from_secs(1);
/// A reel of this size is finished, whatever the hour.
const REEL_BYTES_MAX: u64 = 1 << 30;
/// So is one of so many records: an index has to fit into a block.
const REEL_RECORDS_MAX: usize = 50_000;
/// How often the vault is asked which reels there are, before we go on without knowing.
const RESTORES_MAX: u32 = 5;
/// How long to wait in between.
const RESTORE_PAUSE: Duration = Duration::from_secs(2);

/// Writes one tape.
pub struct Writer {
    strip: Strip,
    vault: Vault,
    clock: Arc<dyn Clock>,
    shelf: Arc<Shelf>,
    live: Arc<Live>,
    next_ordinal: u64,
    airtime: Airtime,
    draft: Option<Draft>,
    /// Media time after the last frame that was gathered, in samples of its format.
    end: Option<(Format, u64)>,
    /// The first instant of what could not be kept, and why, until it is written down.
    lost: Option<(Timestamp, Cause)>,
    reel: Option<Reel>,
}

/// The reel that is being written.
struct Reel {
    name: Name,
    salt: u32,
    growing: Growing,
    index: Index,
    /// The header pages that stand in it last, and where.
    headers: Option<(Arc<Preface>, u64)>,
    /// What the last sound was: another is news.
    last: Option<Sound>,
}

impl Writer {
    /// A writer of this tape.
    pub fn new(strip: Strip, vault: Vault, clock: Arc<dyn Clock>, shelf: Arc<Shelf>, live: Arc<Live>) -> Self {
        Self {
            strip,
            vault,
            clock,
            shelf,
            live,
            next_ordinal: 0,
            airtime: Airtime::default(),
            draft: None,
            end: None,
            lost: None,
            reel: None,
        }
    }

    /// Writes what `follower` hears until its mount is gone. Let it follow the mount from its first chunk, and let this
    /// end before the program does.
    pub async fn run(mut self, mut follower: Follower) {
        self.take_up().await;
        loop {
            match tokio::time::timeout(IDLE, follower.next()).await {
                Ok(Some(Heard::Chunk(chunk))) => self.take(&chunk).await,
                Ok(Some(Heard::Lost { chunks })) => self.lose(chunks).await,
                Ok(Some(Heard::Format(_) | Heard::Title(_))) => {}
                Ok(None) => break,
                Err(_) => self.keep_draft().await,
            }
        }
        self.keep_draft().await;
        self.seal_reel().await;
    }

    /// Finds out where earlier runs stopped, and finishes what they left.
    async fn take_up(&mut self) {
        // Greater than any number of earlier runs, should the vault not tell them: seconds are, for no run makes a reel a
        // second.
        self.next_ordinal = u64::try_from(self.clock.now().as_second()).unwrap_or_default();
        for _ in 0..RESTORES_MAX {
            match self.newest_ordinal().await {
                Ok(newest) => {
                    self.next_ordinal = newest.map_or(0, |ordinal| ordinal + 1);
                    break;
                }
                Err(error) => {
                    self.tell_failure(&error, "the reels of a tape cannot be listed");
                    tokio::time::sleep(RESTORE_PAUSE).await;
                }
            }
        }
        self.mend().await;
    }

    async fn newest_ordinal(&self) -> vault::Result<Option<u64>> {
        let reels = super::playback::reels(&self.vault, &self.strip).await?;
        Ok(reels.last().map(|name| name.ordinal))
    }

    /// Finishes the reels that a killed program left: cuts the torn end off, adds the index, seals.
    async fn mend(&self) {
        let left = match self.vault.growing(&self.strip.folder()).await {
            Ok(left) => left,
            Err(error) => return self.tell_failure(&error, "what earlier runs left of a tape cannot be listed"),
        };
        for (key, name) in left.iter().filter_map(|entry| Some((&entry.key, self.strip.name(&entry.key)?))) {
            match self.mend_reel(key, &name).await {
                // It is the one that is being written.
                Ok(()) | Err(vault::Error::InUse { .. }) => {}
                Err(error) => self.tell_failure(&error, "a reel that was left unfinished cannot be finished"),
            }
        }
    }

    async fn mend_reel(&self, key: &str, name: &Name) -> vault::Result<()> {
        let mut growing = self.vault.grow(key).await?;
        let salt = self.strip.salt(name);
        let found = survey(&self.vault, key, salt).await?;
        if found.index.end().is_none() {
            return growing.discard().await;
        }
        let torn_bytes = growing.bytes() - found.end;
        tracing::info!(reel = key, torn_bytes, "a reel that was left unfinished was finished");
        growing.truncate(found.end).await?;
        finish(growing, salt, &found.index).await
    }

    async fn take(&mut self, chunk: &Arc<Chunk>) {
        if self.draft.as_ref().is_some_and(|draft| !draft.goes_on_with(chunk)) {
            self.keep_draft().await;
        }
        let mut samples = 0;
        for frame in chunk.frames() {
            if self.draft.is_none() {
                let place = self.place(chunk, samples);
                self.draft = Some(Draft::begin(chunk, samples, place));
            }
            samples += u64::from(frame.samples);
            self.end = Some((chunk.preface.format, chunk.time + samples));
            if self.draft.as_mut().is_some_and(|draft| draft.add(frame)) {
                self.keep_draft().await;
            }
        }
    }

    /// Where a record belongs that begins `samples` after a chunk's beginning.
    fn place(&mut self, chunk: &Chunk, samples: u64) -> Place {
        let rate_hz = chunk.preface.format.sample_rate_hz;
        if let Some((_, end)) = self.end.filter(|(format, _)| *format == chunk.preface.format) {
            // What was lost on the way was on the air all the same.
            self.airtime.skip(duration((chunk.time + samples).saturating_sub(end), rate_hz));
        }
        let arrived = chunk.at.saturating_add(duration(samples, rate_hz)).unwrap_or(chunk.at);
        self.airtime.begin(arrived, Clocks::read(&*self.clock))
    }

    /// The mount was faster than we.
    async fn lose(&mut self, chunks: u64) {
        metrics::counter!("groundwave_tape_chunks_lost_total").increment(chunks);
        tracing::warn!(tape = self.strip.folder(), chunks, "the tape was too slow for its mount; the gap is on it");
        self.keep_draft().await;
        if let Some(from) = self.airtime.expected() {
            self.lost.get_or_insert((from, Cause::TooSlow));
        }
    }

    /// Writes what is gathered, if anything is.
    async fn keep_draft(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        self.airtime.end(draft.at(), draft.duration());
        if let Some(gap) = draft.gap {
            self.lost.get_or_insert(gap);
        }
        let was_losing = self.is_losing_to_disk();
        match self.write(&draft).await {
            Ok(()) if was_losing => tracing::info!(tape = self.strip.folder(), "the tape goes on; its gap is named"),
            Ok(()) => {}
            Err(cause) => self.note_lost(&draft, cause, was_losing),
        }
    }

    fn is_losing_to_disk(&self) -> bool {
        matches!(self.lost, Some((_, Cause::DiskFull | Cause::NotKept)))
    }

    fn note_lost(&mut self, draft: &Draft, cause: Cause, was_losing: bool) {
        metrics::counter!("groundwave_tape_records_lost_total", "cause" => cause.label()).increment(1);
        self.lost.get_or_insert((draft.at(), cause));
        if !was_losing {
            tracing::error!(tape = self.strip.folder(), %cause, "what is aired is not kept; the air itself goes on");
        }
    }

    async fn write(&mut self, draft: &Draft) -> Result<(), Cause> {
        if self.shelf.is_full() {
            return Err(Cause::DiskFull);
        }
        let written = match self.put(draft).await {
            // The oldest goes first.
            Err(vault::Error::Full { .. }) if self.shelf.make_room().await => self.put(draft).await,
            written => written,
        };
        written.map_err(|error| match error {
            vault::Error::Full { .. } => Cause::DiskFull,
            error => {
                self.tell_failure(&error, "a reel cannot be written to; another is begun");
                self.live.clear();
                self.reel = None;
                Cause::NotKept
            }
        })
    }

    async fn put(&mut self, draft: &Draft) -> vault::Result<()> {
        if self.reel.as_ref().is_some_and(|reel| reel.is_finished_at(draft.at())) {
            self.seal_reel().await;
        }
        if self.reel.is_none() {
            self.reel = Some(self.begin_reel(draft.at()).await?);
            self.next_ordinal += 1;
        }
        let lost = self.lost.map(|(from, cause)| Gap { from, to: draft.at(), cause }).filter(|gap| gap.from < gap.to);
        let Some(reel) = &mut self.reel else { return Ok(()) };
        reel.put(draft, lost).await?;
        if let Some((_, cause)) = self.lost.take() {
            metrics::counter!("groundwave_tape_gaps_total", "cause" => cause.label()).increment(1);
        }
        metrics::counter!("groundwave_tape_records_total").increment(1);
        self.live.show(reel.name, &reel.index);
        Ok(())
    }

    async fn begin_reel(&self, at: Timestamp) -> vault::Result<Reel> {
        let name = Name { ordinal: self.next_ordinal, begun_at: at };
        let mut growing = self.vault.grow(&self.strip.key(&name)).await?;
        growing.truncate(0).await?;
        growing.append(Bytes::from_static(MAGIC)).await?;
        let salt = self.strip.salt(&name);
        Ok(Reel { name, salt, growing, index: Index::default(), headers: None, last: None })
    }

    /// Finishes the reel. If that fails it is finished later, as one that a killed program left.
    async fn seal_reel(&mut self) {
        let Some(reel) = self.reel.take() else { return };
        if let Err(error) = finish(reel.growing, reel.salt, &reel.index).await {
            self.tell_failure(&error, "a reel cannot be finished; it is kept as it is");
        }
        self.live.clear();
        self.mend().await;
    }

    fn tell_failure(&self, error: &vault::Error, what: &str) {
        metrics::counter!("groundwave_tape_failures_total").increment(1);
        tracing::warn!(tape = self.strip.folder(), error = error as &dyn std::error::Error, "{what}");
    }
}

impl Reel {
    fn is_finished_at(&self, moment: Timestamp) -> bool {
        let is_full = self.growing.bytes() >= REEL_BYTES_MAX || self.index.entries.len() >= REEL_RECORDS_MAX;
        is_full || self.name.is_over_at(moment)
    }

    /// Appends a record, all that belongs before it, and sees that it is safe.
    async fn put(&mut self, draft: &Draft, gap: Option<Gap>) -> vault::Result<()> {
        let mut batch = Batch::new(self.salt, self.growing.bytes());
        if let Some(gap) = gap {
            batch.add(&Record::Gap(gap), false);
        }
        let preface = draft.preface();
        let known = self.headers.as_ref().filter(|(known, _)| known.headers == preface.headers).map(|(_, at)| *at);
        let headers_at = match known {
            _ if preface.headers.is_empty() => None,
            Some(at) => Some(at),
            None => Some(batch.add(&Record::Headers(preface.headers.clone()), false)),
        };
        let sound = draft.sound(headers_at);
        let is_news = self.last.as_ref().is_none_or(|last| last.is_told_from(&sound));
        let record = Record::Sound(sound);
        batch.add(&record, is_news);
        self.growing.append(batch.bytes.into()).await?;
        self.index.entries.extend(batch.index.entries);
        self.headers = headers_at.map(|at| (Arc::clone(preface), at));
        if let Record::Sound(sound) = record {
            self.last = Some(Sound { frames: Vec::new(), ..sound });
        }
        self.growing.sync().await
    }
}

/// Blocks that are appended in one go.
struct Batch {
    salt: u32,
    begins_at: u64,
    bytes: Vec<u8>,
    index: Index,
}

impl Batch {
    fn new(salt: u32, begins_at: u64) -> Self {
        Self { salt, begins_at, bytes: Vec::new(), index: Index::default() }
    }

    /// Adds a record; says where in the reel it will stand.
    fn add(&mut self, record: &Record, is_news: bool) -> u64 {
        let offset = self.begins_at + self.bytes.len() as u64;
        let block = block::wrap(self.salt, &encode(record));
        self.index.add(record, is_news, offset, block.len() as u32);
        self.bytes.extend_from_slice(&block);
        offset
    }
}

/// Adds what a finished reel ends with, and seals it.
async fn finish(mut growing: Growing, salt: u32, index: &Index) -> vault::Result<()> {
    let offset = growing.bytes();
    let block = block::wrap(salt, &encode(&Record::Index(index.clone())));
    growing.append([&block[..], &trailer(salt, offset)].concat().into()).await?;
    growing.seal().await
}
