//! The whole of it: every mount of every station on this machine.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use audio::encode::Recipe;
use bus::{Bus, Heard, Subscription};
use bytes::Bytes;
use station::event::Event;
use station::{Broadcast, Clock, Piece, ProgrammeId, Service, ServiceId, StationId, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use vault::Vault;

use crate::access::AccessLog;
use crate::automation::planner::Planner;
use crate::automation::{Console, Deck, Mix, Repertoire};
use crate::bans::Bans;
use crate::beat::{Beat, Drum};
use crate::control::{Control, Status};
use crate::directory::Directory;
use crate::ear::Profile;
use crate::emergency::{self, Loop};
use crate::gate::{Errands, Gate};
use crate::herald::Herald;
use crate::hls::Hls;
use crate::icecast::Watchers;
use crate::intro::{self, Intro};
use crate::listener::{FanOut, Reception};
use crate::mount::{self, Feed, House, Identity, Mount, NewSource, Refused, Relaying};
use crate::profiles::Profiles;
use crate::redirect::Fallbacks;
use crate::ring::From;
use crate::round::Round;
use crate::settings::Settings;
use crate::source::Expected;
use crate::switch::Rank;
use crate::tally::Tally;
use crate::tape::Tapes;
use crate::transcode::Workshop;
use crate::visit::Office;
use crate::{caller, codec};

/// How long after the start the emergency loop is made: first comes what is on.
const EMERGENCY_DELAY: Duration = Duration::from_secs(5);
/// How long a stop waits for the end of what was aired to be kept.
const PACKING_END_MAX: Duration = Duration::from_secs(5);
/// The longest path that a source may make a mount at, in bytes.
const PATH_BYTES_MAX: usize = 255;

/// The live audio server. It runs until it is [stopped](Air::stop).
pub struct Air {
    house: House,
    mounts: RwLock<Vec<Arc<Mount>>>,
    consoles: RwLock<Vec<Arc<Console>>>,
    hls: Arc<Hls>,
    tapes: Tapes,
    expected: Arc<Expected>,
    pub(crate) fallbacks: Fallbacks,
    office: Office,
    bans: Bans,
    tally: Tally,
    watchers: Watchers,
    started_at: Timestamp,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// What packs HLS and what writes the tapes. It ends by itself when its mount has closed.
    packing: Mutex<Vec<JoinHandle<()>>>,
    /// What tells authentication services and directories their news. It ends by itself when all is told.
    errands: Mutex<Vec<JoinHandle<()>>>,
    is_closing: AtomicBool,
}

/// Why the air could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two mounts of one station have the same path.
    #[error("two mounts are called `{path}`")]
    SamePath {
        /// The path.
        path: String,
    },
    /// A mount's intro is not what the mount carries.
    #[error("the intro of `{path}` does not fit: {why}")]
    Intro {
        /// The mount's path.
        path: String,
        /// What is wrong with it.
        why: intro::Unfit,
    },
    /// What calls authentication services could not be made.
    #[error("what calls authentication services and directories could not be made")]
    Caller(#[source] caller::Error),
    /// The threads that write to listeners could not be started.
    #[error("the threads that write to listeners could not be started")]
    FanOut(#[source] std::io::Error),
}

impl Air {
    /// Starts every mount of the settings, each with automation, on the runtime that it is called in.
    pub fn start(
        settings: Settings,
        repertoire: impl Into<Repertoire>,
        vault: Vault,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, Error> {
        Self::start_on(Beat::here(), settings, repertoire, vault, bus, clock)
    }

    /// The same, with what goes by the clock on a beat of its own. Call it inside a tokio runtime: that one tells the
    /// authentication services and directories.
    pub fn start_on(
        beat: Beat,
        settings: Settings,
        repertoire: impl Into<Repertoire>,
        vault: Vault,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, Error> {
        let started_at = clock.now();
        let news = bus.subscribe();
        let round = Arc::new(Round::new(settings.batch(), settings.fan_out_threads.max(1)));
        let fan_out = FanOut::start(&settings, &round, &clock).map_err(Error::FanOut)?;
        let epoch = u64::try_from(started_at.as_millisecond()).unwrap_or_default();
        let hls = Hls::new(&settings, epoch, &vault, &beat);
        let (gate, errands) = Gate::new(&settings).map_err(Error::Caller)?;
        let log = settings.access_log.clone().map(|setup| Arc::new(AccessLog::new(setup)));
        let office = Office { log, gate: Arc::clone(&gate), clock: Arc::clone(&clock) };
        let tapes = Tapes::new(&settings.services, &settings.tape, &vault);
        let house = House {
            workshop: settings.workshop.clone(),
            beat,
            profiles: Arc::new(Profiles::of_settings(&settings.dead_air)),
            settings: Arc::new(settings),
            herald: Arc::new(Herald::new(bus, Arc::clone(&clock))),
            gate,
            clock,
            fan_out,
            reception: Reception::new(),
            epoch,
        };
        let air = Arc::new(Self {
            house,
            mounts: RwLock::default(),
            consoles: RwLock::default(),
            hls,
            tapes,
            expected: Arc::default(),
            fallbacks: Fallbacks::default(),
            office,
            bans: Bans::default(),
            tally: Tally::default(),
            watchers: Watchers::default(),
            started_at,
            tasks: Mutex::default(),
            packing: Mutex::default(),
            errands: Mutex::new(vec![tokio::spawn(errands.run())]),
            is_closing: AtomicBool::new(false),
        });
        let repertoire = repertoire.into();
        for service in air.settings().services.clone() {
            air.start_service(&service, &repertoire, &vault)?;
        }
        air.pack_hls();
        air.write_tapes();
        air.fetch_relays();
        air.tell_directories()?;
        air.spawn(look_after(Arc::downgrade(&air), Drum::new(air.beat(), &round, &**air.clock())));
        if let Some(workshop) = air.house.workshop.clone() {
            air.spawn(prepare_for_emergencies(air.mounts(), workshop, air.settings().emergency_piece.clone()));
        }
        air.spawn(follow_programmes(Arc::downgrade(&air), news));
        Ok(air)
    }

    /// How it is set up.
    pub fn settings(&self) -> &Settings {
        &self.house.settings
    }

    /// What tells it the time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.house.clock
    }

    /// The HLS of its services.
    pub fn hls(&self) -> &Arc<Hls> {
        &self.hls
    }

    /// What keeps time for it.
    pub(crate) fn beat(&self) -> &Beat {
        &self.house.beat
    }

    /// Those who are told of visits.
    pub(crate) fn office(&self) -> &Office {
        &self.office
    }

    /// Who is not let in at all.
    pub fn bans(&self) -> &Bans {
        &self.bans
    }

    /// Everything that its services aired.
    pub fn tapes(&self) -> &Tapes {
        &self.tapes
    }

    /// What has come since it runs, in numbers.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The programs that are told the statistics.
    pub(crate) fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    /// Since when it runs.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Every mount: those of the services in their order, then those that sources made.
    pub fn mounts(&self) -> Vec<Arc<Mount>> {
        self.mounts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The mount of a service in a codec.
    pub fn mount_of(&self, service: ServiceId, codec: station::Codec) -> Option<Arc<Mount>> {
        let is_it = |mount: &Arc<Mount>| {
            let identity = mount.identity();
            identity.mount.codec == codec && identity.service.as_ref().is_some_and(|known| known.id == service)
        };
        self.mounts().into_iter().find(is_it)
    }

    /// The mount at a path: that of the station which the host name (as a request sends it) leads to. Encoders often
    /// send some other name, or none; then it is the first station's that has such a path.
    pub fn mount(&self, host: Option<&str>, path: &str) -> Option<Arc<Mount>> {
        let mounts = self.mounts.read().unwrap_or_else(PoisonError::into_inner);
        let mut named = mounts.iter().filter(|mount| mount.path() == path);
        match host.and_then(|host| self.station(host)) {
            Some(station) => named.find(|mount| mount.identity().station == station),
            None => named.next(),
        }
        .cloned()
    }

    /// The mount of a station at a path.
    pub(crate) fn mount_at(&self, station: StationId, path: &str) -> Option<Arc<Mount>> {
        let is_it = |mount: &Arc<Mount>| mount.identity().station == station && mount.path() == path;
        self.mounts().into_iter().find(is_it)
    }

    /// The station that a request belongs to; the first one, if its host name leads to none.
    pub(crate) fn station_or_first(&self, host: Option<&str>) -> StationId {
        let first = || self.settings().hosts.first().map(|(_, station)| *station);
        host.and_then(|host| self.station(host)).or_else(first).unwrap_or(StationId(0))
    }

    /// Every mount that can be heard at a host name: those of its station, or all if it leads to none.
    pub fn mounts_at(&self, host: Option<&str>) -> Vec<Arc<Mount>> {
        let station = host.and_then(|host| self.station(host));
        let is_ours = |mount: &Arc<Mount>| station.is_none_or(|station| mount.identity().station == station);
        self.mounts().into_iter().filter(is_ours).collect()
    }

    /// The station that a host name leads to, written as a request does: in any case, with or without a port.
    pub fn station(&self, host: &str) -> Option<StationId> {
        station_of(&self.settings().hosts, host)
    }

    /// A source has come that sends `codec` to a path. Where no mount is, one is made, if that is allowed.
    pub fn attach(
        &self,
        host: Option<&str>,
        path: &str,
        codec: audio::Codec,
        source: NewSource,
    ) -> Result<Feed, Refused> {
        match self.mount(host, path) {
            Some(mount) => mount.attach(source),
            None => self.open_mount(host, path, codec)?.attach(source),
        }
    }

    /// The sources that are about to make a mount.
    pub(crate) fn expected(&self) -> &Arc<Expected> {
        &self.expected
    }

    /// How many connections the fan-out holds, counted as listeners yet or not.
    pub fn listeners_connected(&self) -> usize {
        self.house.fan_out.connected()
    }

    /// What is on each service that has a mount, and why.
    pub fn status(&self) -> Vec<Status> {
        self.controls().iter().filter_map(|control| control.status()).collect()
    }

    /// Holds the switch of a service to a rank, or (`None`) lets it decide by itself again. False: there is no such service.
    pub fn switch(&self, service: ServiceId, rank: Option<Rank>) -> bool {
        let is_ours = |control: &&Arc<Control>| control.status().is_some_and(|status| status.service == service);
        self.controls().iter().find(is_ours).map(|control| control.hold(rank)).is_some()
    }

    /// From now on the programmes that have a profile of their own have these: what they may sound like before that counts as
    /// dead air. What is on is held to it at once.
    pub fn set_profiles(&self, profiles: Vec<(ProgrammeId, Profile)>) {
        self.house.profiles.replace(profiles);
        self.controls().iter().for_each(|control| control.renew_profile());
    }

    /// A service's automation, to see and reach it.
    pub fn console(&self, service: ServiceId) -> Option<Arc<Console>> {
        let consoles = self.consoles.read().unwrap_or_else(PoisonError::into_inner);
        consoles.iter().find(|console| console.service() == service).cloned()
    }

    /// Automation has these pieces from the next one on, and goes on by the same rules.
    pub fn set_pieces(&self, pieces: Vec<Piece>) {
        for service in &self.settings().services {
            let ours = pieces.iter().filter(|piece| piece.service == service.id).cloned().collect();
            self.console(service.id).inspect(|console| console.replace_pieces(ours));
        }
    }

    /// A service's automation plays this from the next piece on. What was played before it knows already.
    pub fn set_repertoire(&self, service: ServiceId, repertoire: &Repertoire) {
        let known = self.settings().services.iter().find(|known| known.id == service);
        if let (Some(known), Some(console)) = (known, self.console(service)) {
            console.replace(repertoire.sheet(known));
        }
    }

    /// Sources are disconnected, what is open is sealed, listeners get the rest and are closed.
    pub async fn stop(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        for mount in self.mounts() {
            mount.close();
        }
        let packing: Vec<_> = self.packing.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        if tokio::time::timeout(PACKING_END_MAX, futures_util::future::join_all(packing)).await.is_err() {
            tracing::warn!("the end of what was aired was not kept in time");
        }
        let fan_out = Arc::clone(&self.house.fan_out);
        if tokio::task::spawn_blocking(move || fan_out.stop()).await.is_err() {
            tracing::error!("the fan-out could not be stopped");
        }
        self.office.gate.close();
        let errands: Vec<_> = self.errands.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        if tokio::time::timeout(Errands::PATIENCE, futures_util::future::join_all(errands)).await.is_err() {
            tracing::warn!("an authentication service or a directory was not told everything in time");
        }
        self.house.beat.end().await;
    }

    fn start_service(&self, service: &Service, repertoire: &Repertoire, vault: &Vault) -> Result<(), Error> {
        let call = Arc::new(Notify::new());
        let known = mount::Service {
            id: service.id,
            slug: service.slug.clone(),
            name: service.name.clone(),
            teaser: service.teaser.clone(),
        };
        let control = Control::new(&self.house, service.station, Some(known.clone()), Arc::clone(&call));
        let mut ours = Vec::new();
        for mount in &service.mounts {
            let relay = self.relaying_of(&mount.path);
            let identity =
                Identity { station: service.station, service: Some(known.clone()), relay, mount: mount.clone() };
            let intro = self.intro_of(mount).map_err(|why| Error::Intro { path: mount.path.clone(), why })?;
            ours.push(self.add(identity, intro, &control)?);
        }
        control.tick();
        let console = self.open_console(service, repertoire, &call);
        let burst = Duration::from_secs(self.settings().burst_seconds);
        let mix = |workshop| Mix::new(Arc::clone(&control), workshop, vault.clone(), self.house.beat.clone());
        let mix = self.house.workshop.clone().map(mix);
        let deck = Deck::new(console, Arc::clone(&self.house.clock), ours, vault.clone(), call, burst).with_mix(mix);
        self.spawn(deck.run());
        Ok(())
    }

    /// What a service's automation plays by, and where it is seen and reached.
    fn open_console(&self, service: &Service, repertoire: &Repertoire, call: &Arc<Notify>) -> Arc<Console> {
        let House { clock, herald, epoch, .. } = &self.house;
        let planner = Planner::new(repertoire.sheet(service), &repertoire.spins_of(service), clock.now(), *epoch);
        let names = (service.station, service.id);
        let console = Console::new(names, planner, Arc::clone(clock), Arc::clone(herald), Arc::clone(call));
        self.consoles.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&console));
        console
    }

    /// True once it is being stopped.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    fn tell_directories(self: &Arc<Self>) -> Result<(), Error> {
        let mut errands = self.errands.lock().unwrap_or_else(PoisonError::into_inner);
        for directory in Directory::all(&self.settings().directory).map_err(Error::Caller)? {
            errands.push(tokio::spawn(directory.run(Arc::downgrade(self))));
        }
        Ok(())
    }

    /// Fetches what other servers send us.
    fn fetch_relays(self: &Arc<Self>) {
        for relay in self.settings().upstreams.clone() {
            self.spawn(relay.run(Arc::downgrade(self)));
        }
        if let Some(master) = self.settings().master.clone() {
            self.spawn(master.run(Arc::downgrade(self)));
        }
    }

    /// Packs each service's mounts, from their first chunk on.
    fn pack_hls(&self) {
        let mounts = self.mounts();
        for ladder in self.hls.ladders() {
            for rendition in ladder.renditions() {
                let is_it = |mount: &&Arc<Mount>| {
                    mount.identity().station == ladder.station() && mount.path() == rendition.mount_path()
                };
                let Some(mount) = mounts.iter().find(is_it) else { continue };
                mount.is_packed_by(Arc::clone(rendition));
                let packing = Arc::clone(ladder).pack(Arc::clone(rendition), mount.follow(From::Oldest));
                self.packing.lock().unwrap_or_else(PoisonError::into_inner).push(self.house.beat.spawn(packing));
            }
        }
    }

    /// Writes what each service airs, from its first chunk on.
    fn write_tapes(&self) {
        for tape in self.tapes.all() {
            let Some(mount) = self.mount_of(tape.service(), tape.codec()) else { continue };
            let writing = self.tapes.write(tape, mount.follow(From::Oldest), Arc::clone(self.clock()));
            self.packing.lock().unwrap_or_else(PoisonError::into_inner).push(self.house.beat.spawn(writing));
        }
        if !self.tapes.all().is_empty() {
            self.spawn(self.tapes.keep(Arc::clone(self.clock())));
        }
    }

    fn open_mount(&self, host: Option<&str>, path: &str, codec: audio::Codec) -> Result<Arc<Mount>, Refused> {
        if !self.settings().open_mounts {
            return Err(Refused::Unknown);
        }
        if !is_fit_for_a_mount(path) {
            return Err(Refused::BadPath);
        }
        let is_open = |mount: &&Arc<Mount>| mount.identity().service.is_none();
        if self.mounts().iter().filter(is_open).count() >= self.settings().open_mounts_max {
            return Err(Refused::TooMany);
        }
        let station = self.station_or_first(host);
        let codec = codec::from_audio(codec);
        let mount = station::Mount { path: path.to_owned(), codec, bitrate_kbps: 0, sample_rate_hz: 0, channels: 0 };
        let identity = Identity { station, service: None, relay: None, mount };
        self.open(identity).or_else(|| self.mount(host, path)).ok_or(Refused::Closed)
    }

    /// A relay has come that sends `codec` to a path. Where no mount is, one is made, and stands.
    pub(crate) fn attach_relay(
        &self,
        path: &str,
        codec: audio::Codec,
        relaying: Relaying,
        source: NewSource,
    ) -> Result<Feed, Refused> {
        let station = self.station_or_first(None);
        let codec = codec::from_audio(codec);
        let mount = station::Mount { path: path.to_owned(), codec, bitrate_kbps: 0, sample_rate_hz: 0, channels: 0 };
        let identity = Identity { station, service: None, relay: Some(relaying), mount };
        self.open(identity).or_else(|| self.relayed_mount(path)).ok_or(Refused::Closed)?.attach(source)
    }

    /// Closes a mount that was made for a relay.
    pub(crate) fn close_relayed(&self, path: &str) {
        let Some(mount) = self.relayed_mount(path).filter(|mount| mount.identity().service.is_none()) else { return };
        let mut mounts = self.mounts.write().unwrap_or_else(PoisonError::into_inner);
        mounts.retain(|other| !Arc::ptr_eq(other, &mount));
        drop(mounts);
        mount.close();
    }

    /// Makes a mount that no service has; `None` if somebody else was quicker to make it.
    fn open(&self, identity: Identity) -> Option<Arc<Mount>> {
        let intro = self.intro_if_it_fits(&identity.mount);
        let control = Control::new(&self.house, identity.station, None, Arc::default());
        self.add(identity, intro, &control).ok()
    }

    /// The intro that is set for a mount.
    fn intro_of(&self, mount: &station::Mount) -> Result<Option<Intro>, intro::Unfit> {
        let settings = self.settings();
        let terms = settings.terms.of(&mount.path);
        let past = Duration::from_secs(settings.ring_seconds);
        let metaint = NonZeroU32::new(settings.icy_metaint_bytes);
        terms.intro.as_ref().map(|file| Intro::read(file, mount, metaint, past)).transpose()
    }

    /// The same for a mount that is made while we are on the air: it goes without one rather than not at all.
    fn intro_if_it_fits(&self, mount: &station::Mount) -> Option<Intro> {
        self.intro_of(mount).unwrap_or_else(|why| {
            tracing::warn!(mount = mount.path, %why, "the intro of this mount does not fit; it goes without");
            None
        })
    }

    fn add(&self, identity: Identity, intro: Option<Intro>, control: &Arc<Control>) -> Result<Arc<Mount>, Error> {
        let mut mounts = self.mounts.write().unwrap_or_else(PoisonError::into_inner);
        let (station, path) = (identity.station, &identity.mount.path);
        if mounts.iter().any(|mount| mount.identity().station == station && mount.path() == path) {
            return Err(Error::SamePath { path: path.clone() });
        }
        let mount = Mount::new(identity, self.house.clone(), intro, Arc::clone(control));
        mounts.push(Arc::clone(&mount));
        Ok(mount)
    }

    /// Lets every switch decide and every deck go on, and closes the mounts whose sources will not come back.
    fn tick(&self) {
        let mounts = self.mounts();
        mounts.iter().for_each(|mount| mount.tick());
        // Before mounts are closed: whoever hears them is moved first.
        self.follow_fallbacks();
        let abandoned: Vec<_> = mounts.into_iter().filter(|mount| mount.is_abandoned()).collect();
        if abandoned.is_empty() {
            return;
        }
        let mut mounts = self.mounts.write().unwrap_or_else(PoisonError::into_inner);
        mounts.retain(|mount| !abandoned.iter().any(|gone| Arc::ptr_eq(gone, mount)));
        drop(mounts);
        for mount in abandoned {
            tracing::info!(mount = mount.path(), "a mount was closed, for its source did not come back");
            mount.close();
        }
    }

    /// What decides for each service, and for each mount that a source made.
    fn controls(&self) -> Vec<Arc<Control>> {
        let mut controls: Vec<_> = self.mounts().iter().map(|mount| Arc::clone(mount.control())).collect();
        controls.dedup_by(|one, other| Arc::ptr_eq(one, other));
        controls
    }

    fn begin_broadcast(&self, service: ServiceId, broadcast: Option<&Broadcast>) {
        let title = broadcast.map_or("", |broadcast| &broadcast.title);
        let mounts = self.mounts();
        let is_ours = |mount: &&Arc<Mount>| mount.identity().service.as_ref().is_some_and(|known| known.id == service);
        let ours = || mounts.iter().filter(is_ours);
        ours().for_each(|mount| mount.set_programme(title));
        if let Some(mount) = ours().next() {
            mount.control().begin_broadcast(broadcast);
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(self.house.beat.spawn(task));
    }
}

impl std::fmt::Debug for Air {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Air").field("mounts", &self.mounts()).finish_non_exhaustive()
    }
}

async fn look_after(air: std::sync::Weak<Air>, mut drum: Drum) {
    while let Some(air) = air.upgrade() {
        air.tick();
        drop(air);
        drum.tick().await;
    }
}

/// Makes the emergency loop of every mount, soon after the start.
async fn prepare_for_emergencies(mounts: Vec<Arc<Mount>>, workshop: Workshop, piece: Option<Bytes>) {
    tokio::time::sleep(EMERGENCY_DELAY).await;
    let sound = match emergency::sound(&workshop, piece.as_deref()).await {
        Ok(sound) => sound,
        Err(error) => return tracing::error!(%error, "there is no emergency loop"),
    };
    let mut made: Vec<(Recipe, Arc<Loop>)> = Vec::new();
    for (mount, recipe) in mounts.iter().filter_map(|mount| Some((mount, mount.recipe()?))) {
        let known = made.iter().find(|(known, _)| *known == recipe).map(|(_, piece)| Arc::clone(piece));
        let piece = match known {
            Some(piece) => Ok(piece),
            None => emergency::prepare(&workshop, recipe, &sound).await.map(Arc::new),
        };
        match piece {
            Ok(piece) => {
                mount.set_emergency_loop(Arc::clone(&piece));
                made.push((recipe, piece));
            }
            Err(error) => tracing::error!(mount = mount.path(), %error, "there is no emergency loop for a mount"),
        }
    }
}

/// Gives each service's mounts the title of the programme that is on.
async fn follow_programmes(air: std::sync::Weak<Air>, mut news: Subscription) {
    loop {
        let event = match news.next().await {
            Heard::Message(message) => message.event,
            // What is on is told again at the next change; meanwhile the titles that we have stand.
            Heard::Missed(_) => continue,
            Heard::Closed => return,
        };
        let Some(air) = air.upgrade() else { return };
        let (service, now_next) = match event {
            Event::OnAir { service, now_next } => (service, now_next),
            Event::Spun { spin } if spin.piece.is_none() => {
                air.console(spin.service).inspect(|console| console.heard(&spin));
                continue;
            }
            _ => continue,
        };
        let programme = now_next.now.as_ref().map(|broadcast| broadcast.programme);
        air.begin_broadcast(service, now_next.now.as_ref());
        air.console(service).inspect(|console| console.set_programme(programme));
        air.hls.on_air(service, &now_next, air.clock().now());
    }
}

/// The station that a host name leads to, written in any case, with or without a port.
pub(crate) fn station_of(hosts: &[(String, StationId)], host: &str) -> Option<StationId> {
    let name = without_port(host).to_ascii_lowercase();
    hosts.iter().find(|(known, _)| *known == name).map(|(_, station)| *station)
}

/// A source may make a mount at a plain path: letters, digits and a few marks, in at most a few steps.
fn is_fit_for_a_mount(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte);
    let has_dots = path.split('/').any(|step| step == "." || step == "..");
    path.len() > 1
        && path.len() <= PATH_BYTES_MAX
        && path.starts_with('/')
        && path.bytes().all(is_plain)
        && !path.contains("//")
        && !has_dots
        && !path.starts_with("/admin")
}

/// The name in a `Host` field. An IPv6 address keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_its_name_alone() {
        for (host, name) in [("a.example:8000", "a.example"), ("a.example", "a.example"), ("[::1]:80", "[::1]")] {
            assert_eq!(without_port(host), name);
        }
    }

    #[test]
    fn a_source_cannot_make_a_mount_just_anywhere() {
        for path in ["/live.mp3", "/show/today.ogg", "/~x-1_2"] {
            assert!(is_fit_for_a_mount(path), "{path} was refused");
        }
        let long = format!("/{}", "x".repeat(PATH_BYTES_MAX));
        for path in ["/", "", "live", "/a b", "/a//b", "/../x", "/a/./b", "/admin/metadata", "/ä", "/a?b", &long] {
            assert!(!is_fit_for_a_mount(path), "{path} was taken");
        }
    }
}
