//! What happens, as the rooms tell it to each other.
//!
//! Two kinds travel the bus. A *kept* event stands in the change log, written in the transaction that did the
//! deed; whoever missed it can read it there. A *passing* event (what is on now, a title) is worth nothing a
//! minute later and is only told. Every event may arrive twice.

use serde::{Deserialize, Serialize};

use crate::broadcast::NowNext;
use crate::{EpisodeId, PersonId, ProgrammeId, ServiceId, Slug, Spin, StationId, StoryId, Timestamp};

/// A number that grows by one with every change of a station's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

/// An event on its way: whose it is, and its place in the change log if it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Whose it is.
    pub station: StationId,
    /// Its place in the station's change log; `None` for a passing event.
    pub revision: Option<Revision>,
    /// What happened.
    pub event: Event,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// Kept. A story can be read for the first time.
    StoryPublished {
        /// Which.
        story: StoryId,
    },
    /// Kept. A published story reads differently now.
    StoryUpdated {
        /// Which.
        story: StoryId,
    },
    /// Kept. A story can no longer be read: unpublished, withdrawn by its owner, or killed.
    StoryWithdrawn {
        /// Which.
        story: StoryId,
    },
    /// Kept. A story stands elsewhere in its life, and readers see no difference: it was handed in, set for a moment.
    StoryMoved {
        /// Which.
        story: StoryId,
    },
    /// Kept. What the station says of a person is different now.
    PersonChanged {
        /// Who.
        person: PersonId,
    },
    /// Kept. What the station says of a programme is different now.
    ProgrammeChanged {
        /// Which.
        programme: ProgrammeId,
    },
    /// Kept. An episode can be heard, or is described differently.
    EpisodePublished {
        /// Which.
        episode: EpisodeId,
        /// Of which programme.
        programme: ProgrammeId,
    },
    /// Kept. A service's rules, exceptions or one-off broadcasts are different now.
    ScheduleChanged {
        /// Which service's.
        service: ServiceId,
    },
    /// Kept. A service has another name or other mounts.
    ServiceChanged {
        /// Which.
        service: ServiceId,
    },
    /// Kept. A service's automation has other pieces, or plays them by other rules.
    LibraryChanged {
        /// Which service's.
        service: ServiceId,
    },
    /// Kept. A section has another name or place.
    SectionChanged {
        /// Which.
        section: Slug,
    },
    /// Kept. The station's own identity is different now.
    StationChanged,
    /// Passing. What a service has on, told whenever it changes.
    OnAir {
        /// Which service.
        service: ServiceId,
        /// What is on and what comes next.
        #[serde(flatten)]
        now_next: NowNext,
    },
    /// Passing. The title of what is heard at this moment has changed.
    Title {
        /// On which service.
        service: ServiceId,
        /// What a radio's display shows; empty if nothing is known.
        title: String,
        /// When it began.
        at: Timestamp,
    },
    /// Passing. Automation plays a piece, or a studio one that its title names: told when it begins, and again, with its end,
    /// when it is over.
    Spun {
        /// What is played, and when.
        spin: Spin,
    },
    /// Passing. A mount is fed by another input now.
    InputChanged {
        /// On which service.
        service: ServiceId,
        /// The mount's path.
        mount: String,
        /// What feeds it now.
        input: Input,
        /// Why it changed, in a few words for a person.
        reason: String,
    },
    /// Passing. What the meters of a service show; told a few times a second while somebody listens to what is on.
    Metered {
        /// Which service's.
        service: ServiceId,
        /// What they show.
        meters: Meters,
    },
    /// Passing. A broadcast is over, and this is how loud it was.
    BroadcastMeasured {
        /// On which service.
        service: ServiceId,
        /// What was broadcast.
        programme: ProgrammeId,
        /// When it began.
        start: Timestamp,
        /// How loud it was in all, in LUFS.
        integrated_lufs: f64,
        /// How far its loudness spread, in LU.
        range_lu: f64,
        /// Its highest true peak, in dBTP.
        true_peak_dbtp: f64,
    },
    /// Passing. A mount's rendition paused, for its encoder was lost, and goes on.
    RenditionPaused {
        /// On which service.
        service: ServiceId,
        /// The mount's path.
        mount: String,
        /// For how long nothing came, in milliseconds.
        pause_ms: u64,
        /// What became of the encoder, in a word.
        reason: String,
    },
}

impl Event {
    /// True if it stands in the change log.
    pub fn is_kept(&self) -> bool {
        !matches!(
            self,
            Event::OnAir { .. }
                | Event::Title { .. }
                | Event::Spun { .. }
                | Event::InputChanged { .. }
                | Event::Metered { .. }
                | Event::BroadcastMeasured { .. }
                | Event::RenditionPaused { .. }
        )
    }
}

/// What meters show. Loudness is that of EBU R 128; -120 stands for silence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meters {
    /// Of the last 400 ms, in LUFS.
    pub momentary_lufs: f64,
    /// Of the last three seconds, in LUFS.
    pub short_term_lufs: f64,
    /// Of the broadcast so far, in LUFS.
    pub integrated_lufs: f64,
    /// The broadcast's highest true peak so far, in dBTP.
    pub true_peak_dbtp: f64,
    /// How the channels go together: 1 the same, -1 opposite.
    pub phase: f64,
}

/// What can feed a mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// An encoder that sends to the mount; the name it gave.
    Source(String),
    /// The library.
    Automation,
    /// The emergency loop: even automation has nothing.
    Emergency,
    /// Nothing: the mount is silent.
    Nothing,
}
