//! A mount: one encoded stream, whatever feeds it, and everyone who hears it.
//!
//! Sources are [attached](Mount::attach) and push frames through a [`Feed`]; automation pushes the pieces that it plays.
//! The service's switch decides which of them is on, and so what the mount carries. Only that one's frames reach the
//! log, joined to what was sent before so that no frame is broken; the others are heard for signs of life and left out.
//! Whoever listens reads the log: by the fan-out ([`Mount::listen`]) or as a [`Follower`] ([`Mount::follow`]). Nobody who
//! listens can slow a source, and no change of inputs disconnects a listener.
//!
//! Start at [`Feed::push`], then `Desk::send`.

mod audience;
mod desk;
mod feed;
mod snapshot;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use audio::Frame;
use station::event::Input;
use station::{Clock, ServiceId, Slug, StationId};
use tokio::time::Instant;

pub use audience::Audience;
use desk::Desk;
pub use feed::{Ended, Feed, NewSource, NoSource, Refused};
pub use snapshot::{Snapshot, SourceInfo};

use crate::beat::Beat;
use crate::control::Control;
use crate::ear::Ear;
use crate::emergency::Loop;
use crate::gate::Gate;
use crate::herald::Herald;
use crate::intro::{Intro, Opening};
use crate::listener::{FanOut, NewListener, Order, Reception, Roster, TurnedAway};
use crate::profiles::Profiles;
use crate::ring::{Bounds, Follower, From, Log};
use crate::settings::Settings;
use crate::switch::{Carrier, InputId, Rank, Reason, Seat};
use crate::terms::Terms;
use crate::transcode::Workshop;
use crate::{Title, codec, hls};

/// The service that a mount belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Names it for ever.
    pub id: ServiceId,
    /// Its name in addresses.
    pub slug: Slug,
    /// What it is called.
    pub name: String,
    /// One sentence: what is heard on it.
    pub teaser: String,
}

/// What a mount is, as long as it is there.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Whose it is.
    pub station: StationId,
    /// The service that it belongs to; `None` if a source made it.
    pub service: Option<Service>,
    /// How another server's sound comes to it; `None` if it is no relay.
    pub relay: Option<Relaying>,
    /// What was declared: its path, its codec, its bit rate and format.
    pub mount: station::Mount,
}

/// When another server's sound is fetched for a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relaying {
    /// All the time.
    Always,
    /// While somebody hears it.
    OnDemand,
}

/// What all mounts of the air share.
#[derive(Clone)]
pub(crate) struct House {
    pub settings: Arc<Settings>,
    pub profiles: Arc<Profiles>,
    pub clock: Arc<dyn Clock>,
    pub herald: Arc<Herald>,
    pub gate: Arc<Gate>,
    pub fan_out: Arc<FanOut>,
    pub reception: Arc<Reception>,
    pub epoch: u64,
    /// Where sound is decoded and encoded, if it is at all.
    pub workshop: Option<Workshop>,
    /// What keeps time, and where everything runs that goes by it.
    pub beat: Beat,
}

/// One encoded stream and everyone who hears it.
pub struct Mount {
    identity: Identity,
    house: House,
    log: Arc<Log>,
    audience: Audience,
    roster: Roster,
    bytes_received: AtomicU64,
    terms: Arc<Terms>,
    intro: Option<Intro>,
    /// What decides what it carries, and its place there.
    control: Arc<Control>,
    seat: Seat,
    loudness: Mutex<Option<audio::fmp4::Loudness>>,
    /// What packs it for HLS.
    packed: OnceLock<Arc<hls::Rendition>>,
    started: Instant,
    desk: Mutex<Desk>,
}

impl Mount {
    /// A mount under a service's control. It carries nothing until that decides.
    pub(crate) fn new(identity: Identity, house: House, intro: Option<Intro>, control: Arc<Control>) -> Arc<Self> {
        let bounds =
            Bounds { duration: Duration::from_secs(house.settings.ring_seconds), bytes: house.settings.ring_bytes_max };
        let log = Log::new(bounds);
        let name = identity.service.as_ref().map(|service| service.name.clone()).unwrap_or_default();
        let desk = Mutex::new(Desk::new(Arc::clone(&log), &house, &name));
        let audience = Audience::new(&identity.mount.path);
        let terms = house.settings.terms.of(&identity.mount.path);
        let (roster, bytes_received, started) = (Roster::default(), AtomicU64::new(0), Instant::now());
        Arc::new_cyclic(|this| {
            let seat = control.add(this.clone(), &identity.mount);
            let (loudness, packed) = (Mutex::default(), OnceLock::new());
            Self {
                identity,
                house,
                log,
                audience,
                roster,
                bytes_received,
                terms,
                intro,
                control,
                seat,
                loudness,
                packed,
                started,
                desk,
            }
        })
    }

    /// What it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its address on the station's host: `/news.mp3`.
    pub fn path(&self) -> &str {
        &self.identity.mount.path
    }

    /// What it is encoded in.
    pub fn codec(&self) -> audio::Codec {
        codec::to_audio(self.identity.mount.codec)
    }

    /// What decides what it carries.
    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// How the house is set up.
    pub(crate) fn settings(&self) -> &Settings {
        &self.house.settings
    }

    /// On which terms it is sent to and heard.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What a new listener hears first; empty where there is no intro.
    pub(crate) fn opening(&self, wants_titles: bool) -> Opening {
        self.intro.as_ref().map(|intro| intro.opening(wants_titles)).unwrap_or_default()
    }

    /// How much of the past a new listener is given at once.
    pub(crate) fn burst(&self) -> Duration {
        // What an on-demand relay sent last may be hours old.
        if self.is_on_demand() && self.desk().input() == Input::Nothing {
            return Duration::ZERO;
        }
        self.terms.burst.unwrap_or(self.house.settings.burst())
    }

    /// True if it gets its sound when somebody comes to hear it.
    pub(crate) fn is_on_demand(&self) -> bool {
        self.identity.relay == Some(Relaying::OnDemand)
    }

    /// Who hears it.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// Who is connected to hear it, one by one.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The sound that its sources have sent, in bytes, whether it was on or not.
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received.load(Ordering::Relaxed)
    }

    /// Gives an order to some of those in its roster, whoever holds their connections.
    pub(crate) fn order(&self, ids: HashSet<u64>, order: &Order) {
        self.roster.order(&ids, order);
        self.house.fan_out.order(ids, order.clone());
    }

    pub(crate) fn reception(&self) -> &Arc<Reception> {
        &self.house.reception
    }

    /// Everything it has sent lately.
    pub fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// True once there is something to hear.
    pub fn has_sent(&self) -> bool {
        self.log.window().last().is_some()
    }

    /// A reader of its own, at its own pace.
    pub fn follow(&self, from: From) -> Follower {
        Follower::new(Arc::clone(&self.log), from)
    }

    /// Hands a connection over to the fan-out, which sends it `head`, a burst, and then the stream.
    pub fn listen(self: &Arc<Self>, listener: NewListener) -> Result<(), TurnedAway> {
        self.house.fan_out.hand_over(Arc::clone(self), listener)
    }

    /// A source has come. It is on, or waits for its turn, until the feed is dropped.
    pub fn attach(self: &Arc<Self>, source: NewSource) -> Result<Feed, Refused> {
        if self.log.is_closed() {
            return Err(Refused::Closed);
        }
        let id = self.control.attach(source.rank, self.seat)?;
        let ear = self.control.ear_for(id);
        let mut desk = self.desk();
        desk.attach(id, source, ear, self.house.clock.now());
        self.tell_gate(&desk, 1);
        drop(desk);
        Ok(Feed::new(Arc::clone(self), id))
    }

    /// Gives what is heard another title, another address that belongs to it, or both: that of the source that is on,
    /// or else of the first that waits. What is `None` stays as it is.
    pub fn retitle(&self, text: Option<&str>, url: Option<&str>) -> Result<(), NoSource> {
        let id = self.desk().source_to_title().ok_or(NoSource)?;
        self.retitle_source(id, text, url);
        Ok(())
    }

    /// The same for a source of one rank, whether it is on or waits: what a backup says of itself is not what the studio
    /// sends.
    pub fn retitle_rank(&self, rank: Rank, text: Option<&str>, url: Option<&str>) -> Result<(), NoSource> {
        let id = self.desk().source_of(rank).ok_or(NoSource)?;
        self.retitle_source(id, text, url);
        Ok(())
    }

    fn retitle_source(&self, id: InputId, text: Option<&str>, url: Option<&str>) {
        let mut desk = self.desk();
        let before = desk.title_of(id).cloned();
        let before = before.as_deref().map_or(("", ""), |title| (&title.text, &title.url));
        desk.set_title(id, Some(Title::new(text.unwrap_or(before.0), url.unwrap_or(before.1))));
        self.tell_title(&mut desk);
        drop(desk);
        self.control.pass_on_title(id);
    }

    /// Disconnects every source: their feeds end with [`Ended::Closed`].
    pub fn drop_sources(&self) {
        let sources = self.desk().drop_sources();
        sources.into_iter().for_each(|id| self.control.detach(id));
    }

    /// How it does.
    pub fn snapshot(&self) -> Snapshot {
        let (desk, fallback) = (self.desk(), &self.identity.mount);
        Snapshot {
            station: self.identity.station,
            service: self.identity.service.clone(),
            path: fallback.path.clone(),
            codec: fallback.codec,
            bitrate_kbps: fallback.bitrate_kbps,
            format: desk.preface().map(|preface| preface.format),
            listeners: self.audience.now(),
            listeners_peak: self.audience.peak(),
            bytes_sent: self.audience.bytes_sent(),
            title: desk.title().text.clone(),
            input: desk.input(),
            input_since: desk.input_since(),
            source: desk.source_on(),
            sources: desk.sources(),
        }
    }

    /// The programme that is on, for the title where nothing better is known.
    pub(crate) fn set_programme(&self, title: &str) {
        let mut desk = self.desk();
        desk.set_programme(title);
        self.tell_title(&mut desk);
    }

    /// Looks after what no frame would bring about: a source that fell silent, a chunk that waits for its end.
    pub(crate) fn tick(&self) {
        if self.seat == 0 {
            self.control.tick();
        }
        self.desk().seal_if_idle(self.now());
    }

    /// Which of its turns automation has now, whether it has something to play or not; `None` while it is not wanted.
    /// Another number means that a source was on in between.
    pub(crate) fn automation_turn(&self) -> Option<u64> {
        if self.log.is_closed() { None } else { self.desk().automation_turn() }
    }

    /// Automation plays a piece from here, or cannot (`None`): then it sends silence.
    pub(crate) fn automation_plays(&self, title: Option<&str>) {
        self.desk().set_title(InputId::Automation, title.map(|title| Title::new(title, "")));
        self.control.set_automation_at(self.seat, title.is_some());
        self.tell_title(&mut self.desk());
        self.control.pass_on_title(InputId::Automation);
    }

    /// Says what the frames of automation, or of silence, are from here on.
    pub(crate) fn automation_format(&self, format: audio::Format, headers: bytes::Bytes) {
        let mut desk = self.desk();
        if let Some(id) = desk.on_from_deck() {
            desk.set_preface(id, format, headers, self.house.clock.now(), self.path());
        }
    }

    /// A frame of automation or of silence, whichever is on. It was due some time ago: automation works in steps, but is on
    /// the air as evenly as a studio.
    pub(crate) fn take_automated(&self, frame: &Frame, ago: Duration) {
        let mut desk = self.desk();
        if let Some(id) = desk.on_from_deck() {
            let now = self.house.clock.now();
            desk.send(id, frame, self.now(), now.saturating_sub(ago).unwrap_or(now));
        }
    }

    /// Frames that follow in automation do not follow in sound: another piece, or a place within one.
    pub(crate) fn automation_jumps(&self) {
        let mut desk = self.desk();
        if let Some(id) = desk.on_from_deck() {
            desk.skip(id);
        }
    }

    /// True if a source made it, that source is gone, and it has waited long enough for another.
    pub(crate) fn is_abandoned(&self) -> bool {
        let linger = Duration::from_secs(self.house.settings.linger_seconds);
        let is_standing = self.identity.service.is_some() || self.identity.relay.is_some();
        !is_standing && self.desk().idle_for(self.now()) >= linger
    }

    /// Seals what is open and tells everybody that this was all.
    pub(crate) fn close(&self) {
        self.drop_sources();
        self.desk().seal();
        self.log.close();
    }

    // What control asks and tells.

    /// Carries something else from here on, or nothing.
    pub(crate) fn carry(&self, carrier: Option<Carrier>, reason: Reason) {
        let mut desk = self.desk();
        desk.carry(carrier, self.house.clock.now(), self.path());
        let input = desk.input();
        tracing::info!(mount = self.path(), ?input, reason = reason.as_str(), "another input is on");
        metrics::counter!("groundwave_input_changes_total", "mount" => self.path().to_owned(), "reason" => reason.label())
            .increment(1);
        if let Some(service) = &self.identity.service {
            self.house.herald.input(self.identity.station, service.id, self.path(), input, reason.as_str());
        }
        self.tell_title(&mut desk);
    }

    /// How loud what it carries is, as far as that is known: of renditions that have come to their level.
    pub fn loudness(&self) -> Option<audio::fmp4::Loudness> {
        *self.loudness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how loud it is, also to whoever packs it for HLS.
    pub(crate) fn tell_loudness(&self, loudness: Option<audio::fmp4::Loudness>) {
        *self.loudness.lock().unwrap_or_else(PoisonError::into_inner) = loudness;
        self.packed.get().inspect(|packed| packed.set_loudness(loudness));
    }

    /// This packs it for HLS.
    pub(crate) fn is_packed_by(&self, rendition: Arc<hls::Rendition>) {
        // It is packed once, by one.
        let _ = self.packed.set(rendition);
    }

    /// What a rendition that will be carried is made from, and its title.
    pub(crate) fn expect_rendition(&self, input: Option<Input>, title: Option<Arc<Title>>) {
        self.desk().expect_rendition(input.unwrap_or(Input::Nothing), title);
    }

    /// What the rendition is made from has another title.
    pub(crate) fn set_rendition_title(&self, title: Option<Arc<Title>>) {
        let mut desk = self.desk();
        desk.set_rendition_title(title);
        self.tell_title(&mut desk);
    }

    /// The title of one of its inputs.
    pub(crate) fn title_of(&self, id: InputId) -> Option<Arc<Title>> {
        self.desk().title_of(id).cloned()
    }

    /// One of its inputs, as events name it.
    pub(crate) fn input_of(&self, id: InputId) -> Input {
        self.desk().input_of(id)
    }

    /// The name that a source gave.
    pub(crate) fn source_name(&self, id: InputId) -> Option<String> {
        match self.input_of(id) {
            Input::Source(name) => Some(name),
            _ => None,
        }
    }

    /// Somebody listens to one of its inputs from here on, or nobody any more.
    pub(crate) fn set_ear(&self, id: InputId, ear: Option<Ear>) {
        self.desk().set_ear(id, ear);
    }

    // What its rendition asks and tells.

    /// Says what the frames of its rendition are from here on.
    pub(crate) fn rendition_format(&self, format: audio::Format, headers: bytes::Bytes) {
        self.desk().set_rendition_preface(format, headers, self.house.clock.now(), self.path());
    }

    /// A frame of its rendition.
    pub(crate) fn take_rendered(&self, frame: &Frame) {
        self.desk().send_rendered(frame, self.now(), self.house.clock.now());
    }

    /// Its rendition goes on after a pause.
    pub(crate) fn tell_gap(&self, pause: Duration, why: &str) {
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(mount = self.path(), pause_ms, reason = why, "a rendition paused");
        metrics::histogram!("groundwave_rendition_pause_ms", "mount" => self.path().to_owned()).record(pause_ms as f64);
        if let Some(service) = &self.identity.service {
            self.house.herald.rendition_paused(self.identity.station, service.id, self.path(), pause_ms, why);
        }
    }

    /// Its encoders have failed one after the other.
    pub(crate) fn give_up_rendition(&self) {
        self.control.give_up_rendition(self.seat);
    }

    // What the emergency loop asks and tells.

    /// The emergency loop is ready.
    pub(crate) fn set_emergency_loop(&self, piece: Arc<Loop>) {
        self.desk().set_emergency_loop(piece);
        self.control.emergency_is_ready(self.seat);
    }

    /// How renditions for it are made, if they can be.
    pub(crate) fn recipe(&self) -> Option<audio::encode::Recipe> {
        self.control.recipe_at(self.seat)
    }

    /// The emergency loop, if it is ready.
    pub(crate) fn emergency_loop(&self) -> Option<Arc<Loop>> {
        self.desk().emergency_loop()
    }

    /// Says what the frames of the emergency loop are.
    pub(crate) fn emergency_format(&self, format: audio::Format, headers: bytes::Bytes) {
        self.desk().set_preface(InputId::Emergency, format, headers, self.house.clock.now(), self.path());
    }

    /// A frame of the emergency loop.
    pub(crate) fn take_emergency(&self, frame: &Frame) {
        self.desk().send(InputId::Emergency, frame, self.now(), self.house.clock.now());
    }

    // What a feed asks and tells.

    /// Says what the frames of a source are from here on.
    fn open(&self, id: InputId, format: audio::Format, headers: bytes::Bytes) {
        self.desk().set_preface(id, format, headers, self.house.clock.now(), self.path());
        self.control.set_fit(id, self.fits(format));
    }

    /// How long the source should wait before it pushes a frame.
    fn wait(&self, id: InputId) -> Result<Duration, Ended> {
        if !self.control.has(id) {
            return Err(self.desk().why_ended(id));
        }
        let wait = self.desk().wait(id, self.now());
        if !wait.is_zero() {
            // It is held back by us, so it is not silent.
            self.control.heard(id);
        }
        Ok(wait)
    }

    fn take(&self, id: InputId, frame: &Frame) -> Result<(), Ended> {
        if !self.control.heard(id) {
            return Err(self.desk().why_ended(id));
        }
        self.bytes_received.fetch_add(frame.bytes.len() as u64, Ordering::Relaxed);
        self.desk().send(id, frame, self.now(), self.house.clock.now());
        Ok(())
    }

    fn detach(&self, id: InputId) {
        self.control.detach(id);
        let mut desk = self.desk();
        desk.detach(id, self.now());
        self.tell_gate(&desk, 0);
    }

    /// Tells the mount's gate that it has its first source, or has lost its last: `sources` of them make it news.
    fn tell_gate(&self, desk: &Desk, sources: usize) {
        if let Some(at) = self.terms.gate.as_ref().filter(|_| desk.sources() == sources) {
            self.house.gate.mount_changed(at, self.path(), sources > 0);
        }
    }

    /// True if a sound is in the format that the mount was declared with. A mount that a source made has none.
    fn fits(&self, format: audio::Format) -> bool {
        let station::Mount { sample_rate_hz, channels, .. } = self.identity.mount;
        // HE-AAC says the rate of its core, which is half of what is heard.
        let is_core = format.codec == audio::Codec::Aac && format.sample_rate_hz * 2 == sample_rate_hz;
        let is_rate = format.sample_rate_hz == sample_rate_hz || is_core;
        sample_rate_hz == 0 || (is_rate && format.channels == channels)
    }

    fn tell_title(&self, desk: &mut Desk) {
        let (true, Some(service)) = (desk.put_title(), &self.identity.service) else { return };
        let of_source = desk.is_titled_by_source();
        self.house.herald.title((self.identity.station, service.id), &desk.title().text, of_source);
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mount").field("path", &self.path()).finish_non_exhaustive()
    }
}
