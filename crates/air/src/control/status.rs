//! What is on a service, and why, for somebody who has to know.

use serde::{Deserialize, Serialize};
use station::event::Meters;
use station::{ServiceId, StationId, Timestamp};

/// A service at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Whose it is.
    pub station: StationId,
    /// Which.
    pub service: ServiceId,
    /// Its name in addresses.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// The rank of what is on: `studio`.
    pub on: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Why it came on, in a few words.
    pub reason: String,
    /// The rank that somebody holds the switch to; `None` while it decides by itself.
    pub held: Option<String>,
    /// What the meters show, while somebody listens to what is on.
    pub meters: Option<Meters>,
    /// Everything that could be on, the best first.
    pub inputs: Vec<Input>,
    /// Its mounts, and what each of them carries.
    pub mounts: Vec<Mount>,
}

/// An input of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its place in the order of preference: `studio`.
    pub rank: String,
    /// The name that a source gave; empty for the others.
    pub name: String,
    /// The mount that it sends to; `None`: to all.
    pub mount: Option<String>,
    /// Whether it is on.
    pub is_on: bool,
    /// How it is.
    pub state: State,
}

/// How an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It sends, and nothing is known to be wrong with it.
    Good,
    /// It sends nothing.
    Stalled,
    /// What it sends is silence.
    Silent,
    /// One of its channels is dead.
    ChannelDead,
    /// It is stuck on a tone.
    StuckTone,
    /// It sends the same few seconds again and again.
    Frozen,
}

/// A mount of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Its address on the station's host.
    pub path: String,
    /// The rank of what it carries.
    pub carries: Option<String>,
    /// Whether that is a rendition which the mount's own encoder makes, rather than what was sent.
    pub is_rendition: bool,
}
