//! How the air is set up. Every setting has a default; the program's configuration fills this in.

use std::time::Duration;

use bytes::Bytes;
use station::{Codec, ProgrammeId, Service, ServiceId, StationId};

use crate::bans::Networks;
use crate::ear::Profile;
use crate::transcode::Workshop;
use crate::{access, directory, relay, terms};

/// Everything the air is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The services of every station on this machine, each with its mounts.
    pub services: Vec<Service>,
    /// Which station a host name (lower case, without port) leads to.
    pub hosts: Vec<(String, StationId)>,
    /// Who may send.
    pub sources: Sources,
    /// Who may ask for the list of mounts, to relay them. Without a password, nobody.
    pub relays: Sources,
    /// The streams of other servers that are inputs of ours.
    pub upstreams: Vec<relay::Relay>,
    /// The server whose mounts are all relayed, if there is one.
    pub master: Option<relay::master::Master>,
    /// The terms of each mount.
    pub terms: terms::Table,
    /// The directories that public mounts are announced to.
    pub directory: directory::Setup,
    /// Further fields of every listener's answer.
    pub headers: Vec<(String, String)>,
    /// The host name by which directories and authentication services know this server.
    pub public_name: String,
    /// The port by which they know it.
    pub public_port: u16,
    /// How many listeners and sources may wait for an authentication service at once.
    pub gate_requests_max: usize,
    /// How long each of them waits, in milliseconds.
    pub gate_timeout_ms: u64,
    /// The access log, if there is one.
    pub access_log: Option<access::Setup>,
    /// Who may do everything below `/admin/`. Without a password, nobody.
    pub admin: Sources,
    /// Whether those who may send may also see and move the listeners of their mounts, as Icecast allows it.
    pub sources_administer: bool,
    /// The mounts that Shoutcast's encoders feed: the first of them, or the one whose number they name. Where there is
    /// none, no such encoder is let in.
    pub shoutcast_mounts: Vec<String>,
    /// Whom to write to about this server; told to whoever asks for its status.
    pub contact: String,
    /// Where this server stands; told likewise.
    pub location: String,
    /// Whether the public reaches this server by https, through something in front of it.
    pub is_https: bool,
    /// What a second source on a mount meets.
    pub second_source: SecondSource,
    /// How many sources may be connected to one mount.
    pub sources_per_mount_max: usize,
    /// How many sources may be connected in all.
    pub sources_max: usize,
    /// How many listeners of continuous streams may be connected in all.
    pub listeners_max: usize,
    /// How many connections may be open in all, listeners included.
    pub connections_max: usize,
    /// Proxies in front of the door: what they say of where a connection or a request came from is believed.
    pub proxies: Networks,
    /// How many connections may be in the middle of sending their request head.
    pub heads_pending_max: usize,
    /// How long a connection may take to send its whole request head, in milliseconds.
    pub head_timeout_ms: u64,
    /// How often a listener is written to, in milliseconds. Less is nearer to the studio, more costs less.
    pub batch_ms: u64,
    /// How much of the past a new listener is given at once, in seconds.
    pub burst_seconds: u64,
    /// How much of its past a mount keeps in memory, in seconds: how far behind a listener may fall.
    pub ring_seconds: u64,
    /// The most that a mount keeps in memory, in bytes.
    pub ring_bytes_max: usize,
    /// The threads that write to listeners.
    pub fan_out_threads: usize,
    /// How long a listener may leave everything unread, in milliseconds, before it is closed.
    pub listener_stuck_ms: u64,
    /// How often a listener that fell behind is moved to the present before it is closed instead.
    pub listener_moves_max: u8,
    /// How long a listener must have been there to be counted, in milliseconds: a player's probe is none.
    pub listener_counts_after_ms: u64,
    /// The bytes of sound between two ICY metadata blocks.
    pub icy_metaint_bytes: u32,
    /// How long a source may send nothing before another input is taken, in milliseconds.
    pub source_stall_ms: u64,
    /// How long a source may send nothing before its connection is closed, in milliseconds.
    pub source_timeout_ms: u64,
    /// How long a source that was left must send cleanly before it is returned to, in milliseconds.
    pub return_after_ms: u64,
    /// What counts as dead air.
    pub dead_air: DeadAir,
    /// What is heard when even automation has nothing: a file's bytes. `None`: a chime.
    pub emergency_piece: Option<Bytes>,
    /// How loud renditions are.
    pub loudness: LoudnessTable,
    /// Where sound is decoded and encoded. Without it nobody listens to sources, and mounts get what is sent to them.
    pub workshop: Option<Workshop>,
    /// How far ahead of time a source may send, in seconds. Then it is made to wait.
    pub source_lead_seconds: u64,
    /// How many consecutive bytes without a frame in them end a source.
    pub source_garbage_bytes_max: u64,
    /// Whether a source may make a mount that no service has.
    pub open_mounts: bool,
    /// How many such mounts there may be at once.
    pub open_mounts_max: usize,
    /// How long such a mount outlives its source, in seconds.
    pub linger_seconds: u64,
    /// HLS.
    pub hls: Hls,
    /// What is kept of everything that was aired.
    pub tape: Tape,
}

/// The credentials of sources, of servers that relay, or of the administrator.
#[derive(Clone)]
pub struct Sources {
    /// The user's name.
    pub user: String,
    /// The password. Empty: nobody is let in.
    pub password: String,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a second source meets that has the same rank as one that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondSource {
    /// It waits, and is taken if the first one falls silent or leaves.
    #[default]
    Standby,
    /// It is refused, as long as the first one sends.
    Refuse,
    /// It takes the place of the first one, whose connection is closed.
    TakeOver,
}

/// What counts as dead air, and what ends it.
#[derive(Clone, Debug)]
pub struct DeadAir {
    /// What a programme may sound like that has no profile of its own.
    pub profile: Profile,
    /// The programmes that have one.
    pub profiles: Vec<(ProgrammeId, Profile)>,
    /// How long a source that was left for its sound must sound right before it is returned to, in milliseconds.
    pub return_after_ms: u64,
    /// How much longer a quiet point is waited for then, in milliseconds, so that no word is cut.
    pub quiet_point_wait_ms: u64,
}

impl Default for DeadAir {
    fn default() -> Self {
        Self { profile: Profile::default(), profiles: Vec::new(), return_after_ms: 10_000, quiet_point_wait_ms: 5_000 }
    }
}

/// How loud a service's renditions are. What is passed on as it was sent is never changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// What they are brought to, in LUFS; `None` leaves them as loud as they came.
    pub target_lufs: Option<f64>,
    /// What no true peak gets above, in dBTP.
    pub ceiling_dbtp: f64,
}

impl Default for Loudness {
    fn default() -> Self {
        Self { target_lufs: Some(audio::limit::TARGET_LUFS), ceiling_dbtp: audio::limit::CEILING_DBTP }
    }
}

/// How loud the renditions of each service are.
#[derive(Clone, Debug, Default)]
pub struct LoudnessTable {
    /// Of a service that has no line of its own.
    pub usual: Loudness,
    /// The services that have one.
    pub services: Vec<(ServiceId, Loudness)>,
}

impl LoudnessTable {
    /// How loud a service's renditions are.
    pub fn of(&self, service: Option<ServiceId>) -> Loudness {
        let own = self.services.iter().find(|(known, _)| Some(*known) == service);
        own.map_or(self.usual, |(_, loudness)| *loudness)
    }
}

/// How HLS is packed.
#[derive(Clone, Copy, Debug)]
pub struct Hls {
    /// How long a segment should be, in milliseconds.
    pub segment_ms: u64,
    /// How far back a listener can go, in minutes.
    pub window_minutes: u64,
    /// Whether segments are offered in parts while they are still being made, for players that want to be near live.
    pub low_latency: bool,
    /// How long a part should be, in milliseconds.
    pub part_ms: u64,
    /// How many requests may wait at once for what is not made yet.
    pub waiting_max: usize,
}

impl Default for Hls {
    fn default() -> Self {
        Self { segment_ms: 6_000, window_minutes: 120, low_latency: true, part_ms: 1_000, waiting_max: 10_000 }
    }
}

/// What is kept of everything that was aired.
#[derive(Clone, Debug)]
pub struct Tape {
    /// The codecs that are kept of a service, as far as it has mounts in them, the one that is cut first in front. Empty:
    /// the one that its first mount has.
    pub codecs: Vec<Codec>,
    /// For how many days it is kept; 0 keeps nothing.
    pub days: u32,
    /// The most that all services' tapes may take together, in bytes.
    pub bytes_max: u64,
    /// How much of the disk is left to others, in bytes: the oldest of the tapes goes before that.
    pub free_bytes_min: u64,
}

impl Tape {
    /// The codecs that are kept of a service.
    pub fn codecs_of(&self, service: &Service) -> Vec<Codec> {
        if self.days == 0 {
            return Vec::new();
        }
        let wanted = self.codecs.iter().copied().filter(|codec| service.mount_in(*codec).is_some());
        let first = service.mounts.first().map(|mount| mount.codec);
        if self.codecs.is_empty() { first.into_iter().collect() } else { wanted.collect() }
    }
}

impl Default for Tape {
    fn default() -> Self {
        Self { codecs: Vec::new(), days: 14, bytes_max: 20 << 30, free_bytes_min: 512 << 20 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            hosts: Vec::new(),
            sources: Sources { user: "source".to_owned(), password: String::new() },
            relays: Sources { user: "relay".to_owned(), password: String::new() },
            upstreams: Vec::new(),
            master: None,
            terms: terms::Table::default(),
            directory: directory::Setup::default(),
            headers: Vec::new(),
            public_name: "localhost".to_owned(),
            public_port: 8_000,
            gate_requests_max: 512,
            gate_timeout_ms: 5_000,
            access_log: None,
            admin: Sources { user: "admin".to_owned(), password: String::new() },
            sources_administer: true,
            shoutcast_mounts: Vec::new(),
            contact: String::new(),
            location: String::new(),
            is_https: false,
            second_source: SecondSource::Standby,
            sources_per_mount_max: 4,
            sources_max: 256,
            listeners_max: 15_000,
            connections_max: 18_000,
            proxies: Networks::default(),
            heads_pending_max: 2_048,
            head_timeout_ms: 15_000,
            batch_ms: 500,
            burst_seconds: 4,
            ring_seconds: 60,
            ring_bytes_max: 8 << 20,
            fan_out_threads: 1,
            listener_stuck_ms: 30_000,
            listener_moves_max: 3,
            listener_counts_after_ms: 1_000,
            icy_metaint_bytes: 16_000,
            source_stall_ms: 2_000,
            source_timeout_ms: 10_000,
            return_after_ms: 1_000,
            dead_air: DeadAir::default(),
            emergency_piece: None,
            loudness: LoudnessTable::default(),
            workshop: None,
            source_lead_seconds: 10,
            source_garbage_bytes_max: 1 << 20,
            open_mounts: false,
            open_mounts_max: 64,
            linger_seconds: 10,
            hls: Hls::default(),
            tape: Tape::default(),
        }
    }
}

impl Settings {
    /// How often a listener is written to.
    pub fn batch(&self) -> Duration {
        Duration::from_millis(self.batch_ms.clamp(100, 2_000))
    }

    /// How much of the past a new listener is given at once.
    pub fn burst(&self) -> Duration {
        Duration::from_secs(self.burst_seconds)
    }
}
