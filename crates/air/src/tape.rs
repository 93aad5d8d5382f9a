//! The tape: everything that a service aired, kept on the disk as it was sent.
//!
//! A [`Writer`](writer::Writer) follows a mount's log like any listener and appends [records](record) of about a second to
//! the reel of the hour; nothing that was written is ever changed. A [`Tape`] is read by time: [`Tape::between`] gives
//! every frame, and a named [`Gap`] for whatever is missing. A kill costs the second that was being gathered; damage costs
//! the records that it touches, and is told from silence. The [shelf](shelf) takes the oldest away.
//!
//! The logger (everything of the last weeks, by time), episodes that make themselves, and going back for longer than HLS
//! keeps are all read from here. `docs/tape.md` describes the format to the byte.
//!
//! Start at [`Tape::between`].

mod airtime;
mod block;
mod cut;
mod draft;
mod index;
mod playback;
mod record;
mod reel;
mod shelf;
mod survey;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use station::{Clock, Codec, Service, ServiceId, Timestamp};
use vault::Vault;

pub use cut::{Cut, Manner, Told};
pub use playback::{Heard, Playback, Stretch};
pub use record::{Cause, Gap};
pub use verify::{Damage, Verified};

use crate::ring::Follower;
use crate::settings;
use index::Index;
use reel::{Name, Strip};
use shelf::Shelf;
use writer::Writer;

/// What a service aired in one codec.
#[derive(Clone, Debug)]
pub struct Tape {
    vault: Vault,
    strip: Strip,
    /// What stands in the reel that is being written, if it is written here.
    live: Option<Arc<Live>>,
}

impl Tape {
    /// The tape of a service in a codec, as a vault has it, whichever program writes it.
    pub fn new(vault: &Vault, service: ServiceId, codec: Codec) -> Self {
        Self { vault: vault.clone(), strip: Strip { service, codec }, live: None }
    }

    /// Of which service.
    pub fn service(&self) -> ServiceId {
        self.strip.service
    }

    /// In which codec.
    pub fn codec(&self) -> Codec {
        self.strip.codec
    }

    /// What was aired in `span`, in the order in which it was: frames that begin within it, and gaps.
    ///
    /// Where the machine's clock was set back, an instant comes twice, and so does what was aired at it.
    pub fn between(&self, span: Range<Timestamp>) -> Playback {
        Playback::new(self, span)
    }

    /// What stands on the tape for `span`, in its order: a line for each title, and for each gap. Only as much is read as
    /// that needs, so damage that a reel's index does not know of is not found.
    pub async fn log(&self, span: Range<Timestamp>) -> vault::Result<Vec<Line>> {
        let mut playback = self.between(span).skimming();
        let mut lines: Vec<Line> = Vec::new();
        while let Some(heard) = playback.next().await? {
            match heard {
                Heard::Gap(Gap { from, to, cause }) => lines.push(Line { from, to, entry: LogEntry::Gap(cause) }),
                Heard::Sound(stretch) => {
                    let (from, to, entry) = (stretch.at, playback.told_until(), LogEntry::Title(stretch.title));
                    match lines.last_mut().filter(|last| last.entry == entry) {
                        Some(last) => last.to = to,
                        None => lines.push(Line { from, to, entry }),
                    }
                }
            }
        }
        Ok(lines)
    }

    /// The first moment of which anything may still be on the tape; `None` if it is empty.
    pub async fn since(&self) -> vault::Result<Option<Timestamp>> {
        let reels = playback::reels(&self.vault, &self.strip).await?;
        Ok(reels.iter().map(|name| name.begun_at).min())
    }

    /// Up to where everything is on the tape that was aired here, if the program that writes it is this one.
    pub fn kept_until(&self) -> Option<Timestamp> {
        self.live.as_ref().and_then(|live| live.end())
    }
}

/// A line of what stands on a tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The first instant of it.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What was on.
    pub entry: LogEntry,
}

/// What was on for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEntry {
    /// Sound under this title.
    Title(String),
    /// Nothing, or nothing that was kept.
    Gap(Cause),
}

/// What stands in the reel that is being written.
#[derive(Debug, Default)]
pub(crate) struct Live(Mutex<Option<(Name, Index)>>);

impl Live {
    fn show(&self, name: Name, lines: &Index) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *shown {
            Some((known, index)) if *known == name => {
                let new = lines.entries.get(index.entries.len()..).unwrap_or_default();
                index.entries.extend_from_slice(new);
            }
            other => *other = Some((name, lines.clone())),
        }
    }

    fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn index_of(&self, name: &Name) -> Option<Index> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.as_ref().filter(|(known, _)| known == name).map(|(_, index)| index.clone())
    }

    fn end(&self) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|(_, index)| index.end())
    }
}

/// The tapes of every service on this machine.
#[derive(Debug)]
pub struct Tapes {
    tapes: Vec<Tape>,
    shelf: Arc<Shelf>,
}

impl Tapes {
    /// A tape for each service and codec that is to be kept, none of them running yet.
    pub fn new(services: &[Service], settings: &settings::Tape, vault: &Vault) -> Self {
        let tape =
            |service: &Service, codec| Tape { live: Some(Arc::default()), ..Tape::new(vault, service.id, codec) };
        let of =
            |service: &Service| settings.codecs_of(service).into_iter().map(|codec| tape(service, codec)).collect();
        let tapes = services.iter().flat_map(|service| -> Vec<Tape> { of(service) }).collect();
        Self { tapes, shelf: Shelf::new(vault.clone(), settings.clone()) }
    }

    /// Every tape.
    pub fn all(&self) -> &[Tape] {
        &self.tapes
    }

    /// The tape of a service: in that codec, or the one that comes first.
    pub fn of(&self, service: ServiceId, codec: Option<Codec>) -> Option<&Tape> {
        let is_it = |tape: &&Tape| tape.service() == service && codec.is_none_or(|codec| tape.codec() == codec);
        self.tapes.iter().find(is_it)
    }

    /// Writes a tape until the mount that `follower` reads is gone.
    pub(crate) fn write(
        &self,
        tape: &Tape,
        follower: Follower,
        clock: Arc<dyn Clock>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let live = tape.live.clone().unwrap_or_default();
        Writer::new(tape.strip, tape.vault.clone(), clock, Arc::clone(&self.shelf), live).run(follower)
    }

    /// Keeps all tapes within their bounds until it is dropped.
    pub(crate) fn keep(&self, clock: Arc<dyn Clock>) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.shelf).run(clock)
    }
}
