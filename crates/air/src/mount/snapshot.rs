//! How a mount does, at one moment.

use station::event::Input;
use station::{Codec, StationId, Timestamp};

use super::Service;
use crate::source::Declared;
use crate::switch::Rank;

/// How a mount does.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Whose it is.
    pub station: StationId,
    /// The service that it belongs to; `None` if a source made it.
    pub service: Option<Service>,
    /// Its address on the station's host.
    pub path: String,
    /// What it is encoded in.
    pub codec: Codec,
    /// Its nominal bit rate, in kbit/s; 0 if a source made it.
    pub bitrate_kbps: u32,
    /// What is really sent; `None` before the first frame.
    pub format: Option<audio::Format>,
    /// Listeners now.
    pub listeners: u64,
    /// The most there were at once.
    pub listeners_peak: u64,
    /// Everything that was sent to listeners, in bytes.
    pub bytes_sent: u64,
    /// What a radio's display shows.
    pub title: String,
    /// What feeds it.
    pub input: Input,
    /// Since when.
    pub input_since: Timestamp,
    /// The source that is on.
    pub source: Option<SourceInfo>,
    /// How many sources are connected, that one included.
    pub sources: usize,
}

/// A source that is on.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// The name it gave, or its program's.
    pub name: String,
    /// Whose credentials it has.
    pub user: String,
    /// Its place in the order of preference.
    pub rank: Rank,
    /// What it says of its stream.
    pub declared: Declared,
    /// Since when it is connected.
    pub since: Timestamp,
}
