//! The house, assembled: every room opened, wired to the walls and set to work.
//!
//! Only here do the rooms come together. [`House::open`] builds them from the settings, in the order in which they
//! lean on each other; [`House::run`] opens the door and goes on until it is told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use air::front::Door;
use air::tls::Certificates;
use air::{Air, Beat};
use anyhow::Context;
use axum::Router;
use bus::Bus;
use desk::Desk;
use metrics_exporter_prometheus::PrometheusHandle;
use site::Site;
use station::{Clock, Service, Station, StationId};
use store::Db;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use vault::Vault;

use crate::archive::Archive;
use crate::certificates;
use crate::clock::System;
use crate::courier::Courier;
use crate::dead_air;
use crate::https;
use crate::intercom::Intercom;
use crate::limits;
use crate::reception;
use crate::repertoire;
use crate::settings::{Secret, Settings};
use crate::sound;
use crate::terms::{self, Bans};
use crate::watch;

/// Every room of the house, ready to work.
pub struct House {
    /// The settings it was built from.
    pub settings: Settings,
    /// The stations that it is home to.
    pub stations: Vec<Station>,
    /// What a listener can tune to, of all stations.
    pub services: Vec<Service>,
    listeners: Vec<TcpListener>,
    secure_listeners: Vec<TcpListener>,
    certificates: Option<Certificates>,
    db: Db,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    air: Arc<Air>,
    site: Arc<Site>,
    desk: Option<Arc<Desk>>,
    figures: PrometheusHandle,
    /// Listens to the air from its first piece on.
    spins: Option<guide::Spins>,
}

impl House {
    /// Takes the addresses, opens store and vault and builds the rooms on them. Nobody is let in yet.
    pub async fn open(settings: Settings) -> anyhow::Result<Self> {
        limits::make_room_for(settings.door.connections_max);
        let certificates = certificates::open(&settings)?;
        let listeners = doors(&settings).into_iter().map(bind).collect::<anyhow::Result<Vec<_>>>()?;
        let secure_listeners = settings.tls.listen.iter().copied().map(bind).collect::<anyhow::Result<Vec<_>>>()?;
        let figures = watch::start_counting()?;
        let clock: Arc<dyn Clock> = Arc::new(System::start());
        let bus: Arc<dyn Bus> = bus::Local::new();
        let db = open_store(&settings).await?;
        let vault = open_vault(&settings)?;
        let stations = store::station::all(&db).await?;
        let services = all_services(&db, &stations).await?;
        let repertoire = repertoire::load(&db, &stations, &services, clock.now()).await?;
        let spins = Some(guide::Spins::ready(db.clone(), &bus));
        let door_port = port_of(&listeners).unwrap_or_default();
        let public_port = public_port(&settings, door_port, port_of(&secure_listeners));
        let air_settings = air::Settings {
            dead_air: dead_air::load(&settings, &db, &stations).await?,
            ..air_settings(&settings, &stations, &services, door_port)?
        };
        let beat = Beat::on_a_thread().context("could not start the air's thread")?;
        let air = Air::start_on(beat, air_settings, repertoire, vault.clone(), bus.clone(), clock.clone())
            .context("could not open the air")?;
        Bans::of(&settings).hold(&air)?;
        let site = Site::new(site_settings(&settings, public_port), db.clone(), vault, bus.clone(), clock.clone());
        let desk = reception::open(&settings, public_port, &stations, db.clone(), clock.clone())?;
        desk.iter().for_each(|desk| desk.attach_air(air.clone()));
        Ok(Self {
            settings,
            stations,
            services,
            listeners,
            secure_listeners,
            certificates,
            db,
            bus,
            clock,
            air,
            site,
            desk,
            figures,
            spins,
        })
    }

    /// Opens the door and works until `stop` comes. `when_open` is told the addresses once everything answers.
    pub async fn run(
        mut self,
        stop: impl Future<Output = ()> + Send + 'static,
        when_open: impl FnOnce(&Open) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Some(address) = self.settings.metrics.listen {
            watch::serve_figures(address, self.figures.clone()).await?;
        }
        let (addresses, secure_addresses) = (addresses(&self.listeners)?, addresses(&self.secure_listeners)?);
        let mut work = self.set_to_work().await?;
        let desks = reception::welcome(self.desk.as_deref(), &self.stations, &self.db, self.clock.now()).await?;
        let open = Open {
            addresses,
            secure_addresses,
            stations: self.stations.clone(),
            services: self.services.clone(),
            desks,
        };
        when_open(&open)?;
        tracing::info!(addresses = ?open.addresses, tls = ?open.secure_addresses, stations = open.stations.len(), "on the air");
        let (air, pages) = (self.air.clone(), self.pages());
        let (site, desk) = (self.site.clone(), self.desk.clone());
        let stop = async move {
            stop.await;
            // Whoever follows what is on would keep the door open until its patience ends.
            site.stop();
            desk.iter().for_each(|desk| desk.stop());
        };
        let certificates = self.certificates;
        let secure =
            self.secure_listeners.into_iter().map(|listener| Door { listener, certificates: certificates.clone() });
        let doors = self.listeners.into_iter().map(Door::from).chain(secure);
        air::front::serve(doors.collect::<Vec<_>>(), air, pages, stop).await;
        work.abort_all();
        while work.join_next().await.is_some() {}
        self.air.stop().await;
        self.db.close().await;
        tracing::info!("off the air");
        Ok(())
    }

    /// The tasks that go on beside the door.
    async fn set_to_work(&mut self) -> anyhow::Result<JoinSet<()>> {
        let mut work = JoinSet::new();
        let courier = Courier::ready(self.db.clone(), self.bus.clone()).await?;
        work.spawn(courier.run());
        work.spawn(Bans::of(&self.settings).watch(self.air.clone()));
        if let Some(certificates) = self.certificates.clone() {
            work.spawn(certificates::watch(certificates::Files::all(&self.settings), certificates, self.clock.clone()));
        }
        let site = self.site.clone();
        work.spawn(async move { site.run().await });
        let (air, stations, services) = (self.air.clone(), self.stations.clone(), self.services.clone());
        match Intercom::open(&self.settings.data.dir, air, stations, services) {
            Ok(intercom) => drop(work.spawn(intercom.run())),
            Err(error) => {
                tracing::warn!(%error, "commands cannot speak to this station; a shorter path to the data folder may help");
            }
        }
        if let Some(desk) = self.desk.clone() {
            work.spawn(async move { desk.run().await });
        }
        let (stations, services) = (self.stations.clone(), self.services.clone());
        let carrier = repertoire::Carrier::ready(self.db.clone(), &self.bus, self.air.clone(), stations, services);
        work.spawn(carrier.run());
        let (db, air, stations) = (self.db.clone(), self.air.clone(), self.stations.clone());
        work.spawn(dead_air::Carrier::ready(&self.settings, db, &self.bus, air, stations).run());
        if let Some(spins) = self.spins.take() {
            work.spawn(spins.run());
        }
        let (db, bus, clock) = (self.db.clone(), self.bus.clone(), self.clock.clone());
        work.spawn(newsroom::due::run(db.clone(), bus.clone(), clock.clone()));
        work.spawn(guide::run(db, bus, clock, guide::Settings::default()));
        work.spawn(self.recorder().await?);
        Ok(work)
    }

    /// What makes episodes of broadcasts.
    async fn recorder(&self) -> anyhow::Result<impl Future<Output = ()> + Send + use<>> {
        let vault = open_vault(&self.settings)?;
        vault.discard_unfinished_content().await.context("could not tidy the vault")?;
        let (db, bus, clock) = (self.db.clone(), self.bus.clone(), self.clock.clone());
        let settings = guide::recorder::Settings { days_back: self.settings.tape.days, ..Default::default() };
        let archive = Archive::new(self.air.clone(), vault, sound::workshop(&self.settings.sound));
        Ok(guide::recorder::run(db, bus, clock, archive, settings))
    }

    /// What the door hands on that is neither a source nor a listener: the desk by its host name, then the air's own
    /// addresses, then pages.
    fn pages(&self) -> Router {
        let site = match port_of(&self.secure_listeners) {
            Some(port) if self.settings.tls.redirect => https::only(self.site.routes(), port),
            _ => self.site.routes(),
        };
        let public = watch::health(self.db.clone()).merge(self.air.routes()).merge(site);
        match &self.desk {
            Some(desk) => reception::by_host(desk.clone(), public),
            None => public,
        }
    }
}

/// What can be reached once the door is open.
#[derive(Clone, Debug)]
pub struct Open {
    /// The addresses that are listened on.
    pub addresses: Vec<SocketAddr>,
    /// Those behind which TLS is spoken.
    pub secure_addresses: Vec<SocketAddr>,
    /// The stations at home here.
    pub stations: Vec<Station>,
    /// Their services.
    pub services: Vec<Service>,
    /// Their desks.
    pub desks: Vec<reception::Place>,
}

/// Comes when a person presses Ctrl-C or the machine asks the program to end. It is listened for from this call on, so that
/// whoever is told that the station is open can end it at once.
pub fn told_to_stop() -> impl Future<Output = ()> + Send + 'static {
    let (mut interrupt, mut terminate) = (listen_for(SignalKind::interrupt()), listen_for(SignalKind::terminate()));
    async move {
        tokio::select! {
            () = heard(&mut interrupt) => {}
            () = heard(&mut terminate) => {}
        }
    }
}

fn listen_for(kind: SignalKind) -> Option<Signal> {
    let listening = signal(kind);
    if let Err(error) = &listening {
        tracing::warn!(%error, signal = kind.as_raw_value(), "a signal to end cannot be heard");
    }
    listening.ok()
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Opens the store that the settings name, at the newest schema.
pub async fn open_store(settings: &Settings) -> anyhow::Result<Db> {
    let dir = &settings.data.dir;
    std::fs::create_dir_all(dir).with_context(|| format!("could not make the data folder {}", dir.display()))?;
    let db = Db::open(&settings.store_url()).await.context("could not open the store")?;
    db.migrate().await.context("could not bring the store to this version's schema")?;
    Ok(db)
}

/// Opens the vault in the data folder.
pub fn open_vault(settings: &Settings) -> anyhow::Result<Vault> {
    Vault::disk(&settings.data.dir.join("vault")).context("could not open the vault")
}

/// Who can put a name to an owner's id.
pub fn owners(settings: &Settings) -> anyhow::Result<wire::Owners> {
    wire::Owners::new(&settings.wire.organization_service).context("could not prepare to ask the Organization Service")
}

/// The password that encoders give: from its file, or from the settings. `None` if there is none.
pub fn source_password(settings: &Settings) -> anyhow::Result<Option<String>> {
    let air = &settings.air;
    password("source_password_file", air.source_password_file.as_deref(), &air.source_password)
}

/// A password: the first line of its file, or the word in the settings. `None` if there is none.
fn password(key: &str, file: Option<&Path>, word: &Secret) -> anyhow::Result<Option<String>> {
    let Some(file) = file else {
        return Ok((!word.is_empty()).then(|| word.reveal().to_owned()));
    };
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read {key} {}", file.display()))?;
    let word = text.lines().next().unwrap_or_default().trim();
    anyhow::ensure!(!word.is_empty(), "{key} {} has an empty first line", file.display());
    Ok(Some(word.to_owned()))
}

/// Every address that is listened on: the door's, and those for Shoutcast encoders, which send to the port above the one
/// that they are told.
fn doors(settings: &Settings) -> Vec<SocketAddr> {
    let mut addresses = settings.door.listen.clone();
    if let Some(base) = settings.air.shoutcast_listen {
        let above = SocketAddr::new(base.ip(), base.port() + 1);
        for address in [base, above] {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

/// The station that a command is about: the one of that name, or the only one.
pub async fn choose_station(db: &Db, slug: Option<&str>) -> anyhow::Result<Station> {
    let stations = store::station::all(db).await?;
    let known = stations.iter().map(|station| station.slug.as_str()).collect::<Vec<_>>().join(", ");
    let wanted = |station: &Station| slug.is_none_or(|slug| station.slug.as_str() == slug);
    let mut fitting = stations.into_iter().filter(wanted);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            anyhow::bail!("the store is home to several stations: say --station with one of {known}")
        }
        (None, _) if known.is_empty() => {
            anyhow::bail!("there is no station in this store yet; `groundwave init` makes one")
        }
        (None, _) => anyhow::bail!("no station is called `{}`; there are {known}", slug.unwrap_or_default()),
    }
}

/// The services of all stations.
async fn all_services(db: &Db, stations: &[Station]) -> store::Result<Vec<Service>> {
    let mut services = Vec::new();
    for station in stations {
        services.extend(store::service::all(db, station.id).await?);
    }
    Ok(services)
}

fn air_settings(
    settings: &Settings,
    stations: &[Station],
    services: &[Service],
    door_port: u16,
) -> anyhow::Result<air::Settings> {
    let hosts: Vec<(String, StationId)> =
        stations.iter().flat_map(|station| station.host_names.iter().map(|host| (host.clone(), station.id))).collect();
    let source = source_password(settings)?;
    if source.is_none() {
        tracing::warn!("no encoder can come in: set source_password or source_password_file in [air]");
    }
    let (door, air, hls) = (&settings.door, &settings.air, &settings.hls);
    let admin = password("admin_password_file", air.admin_password_file.as_deref(), &air.admin_password)?;
    Ok(air::Settings {
        services: services.to_vec(),
        hosts,
        sources: air::settings::Sources { user: air.source_user.clone(), password: source.unwrap_or_default() },
        admin: air::settings::Sources { user: air.admin_user.clone(), password: admin.unwrap_or_default() },
        sources_administer: air.sources_administer,
        shoutcast_mounts: air.shoutcast_mounts.clone(),
        contact: air.contact.clone(),
        location: air.location.clone(),
        is_https: settings.site.is_https,
        second_source: air.second_source,
        sources_max: air.sources_max as usize,
        listeners_max: air.listeners_max as usize,
        connections_max: door.connections_max as usize,
        head_timeout_ms: door.head_timeout_ms.into(),
        proxies: door.proxies.iter().copied().collect(),
        batch_ms: air.batch_ms.into(),
        burst_seconds: air.burst_seconds.into(),
        fan_out_threads: air.fan_out_threads as usize,
        source_stall_ms: air.source_stall_ms.into(),
        source_timeout_ms: air.source_timeout_ms.into(),
        open_mounts: air.open_mounts,
        relays: air::settings::Sources {
            user: air.relay_user.clone(),
            password: air.relay_password.reveal().to_owned(),
        },
        directory: terms::directory(settings),
        upstreams: terms::relays(settings),
        master: terms::master(settings),
        terms: terms::table(settings)?,
        headers: terms::headers(&air.headers),
        public_name: public_name(settings, stations),
        public_port: u16::try_from(air.public_port).ok().filter(|port| *port > 0).unwrap_or(door_port),
        gate_requests_max: air.gate_requests_max as usize,
        gate_timeout_ms: air.gate_timeout_ms.into(),
        access_log: terms::access_log(settings)?,
        hls: air::settings::Hls {
            segment_ms: hls.segment_ms.into(),
            window_minutes: hls.window_minutes.into(),
            low_latency: hls.low_latency,
            part_ms: hls.part_ms.into(),
            waiting_max: hls.waiting_max as usize,
        },
        tape: tape_settings(&settings.tape),
        loudness: sound::loudness(settings, services),
        emergency_piece: sound::emergency_piece(&settings.sound)?,
        workshop: sound::workshop(&settings.sound),
        ..air::Settings::default()
    })
}

/// The host name by which others know this server.
fn public_name(settings: &Settings, stations: &[Station]) -> String {
    let first = || stations.iter().flat_map(|station| &station.host_names).next().cloned();
    let set = Some(settings.air.public_name.clone()).filter(|name| !name.is_empty());
    set.or_else(first).unwrap_or_else(|| "localhost".to_owned())
}

/// What is kept of everything that is aired.
pub fn tape_settings(tape: &crate::settings::Tape) -> air::settings::Tape {
    air::settings::Tape {
        codecs: tape.codecs.clone(),
        days: tape.days,
        bytes_max: u64::from(tape.gigabytes) << 30,
        free_bytes_min: u64::from(tape.free_megabytes) << 20,
    }
}

fn addresses(listeners: &[TcpListener]) -> anyhow::Result<Vec<SocketAddr>> {
    listeners.iter().map(|listener| Ok(listener.local_addr()?)).collect()
}

/// The port of the first of them.
fn port_of(listeners: &[TcpListener]) -> Option<u16> {
    listeners.first().and_then(|listener| listener.local_addr().ok()).map(|address| address.port())
}

/// The port in whole addresses of pages, where it is not the scheme's own; `secure_port` is the one behind which TLS is spoken.
/// A proxy in front is believed to be at its scheme's own.
fn public_port(settings: &Settings, door_port: u16, secure_port: Option<u16>) -> Option<u16> {
    match secure_port {
        _ if settings.site.is_https => None,
        Some(port) => Some(port).filter(|port| *port != 443),
        None => Some(door_port).filter(|port| *port != 80),
    }
}

/// The same by the settings alone, for commands that open no door.
pub fn public_port_of(settings: &Settings) -> Option<u16> {
    let port = |listen: &[SocketAddr]| listen.first().map(SocketAddr::port);
    public_port(settings, port(&settings.door.listen).unwrap_or_default(), port(&settings.tls.listen))
}

fn site_settings(settings: &Settings, port: Option<u16>) -> site::Settings {
    let site = &settings.site;
    site::Settings {
        theme_dir: Some(site.theme_dir.clone().unwrap_or_else(|| settings.data.dir.join("theme"))),
        is_https: settings.is_https(),
        hsts_seconds: u64::from(site.hsts_days) * 24 * 3_600,
        port,
        page_cache_bytes_max: (site.page_cache_mb as usize) << 20,
        ..site::Settings::default()
    }
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    air::front::bind(address).with_context(|| {
        format!("could not listen on {address}; is another program there? Give another address in [door] listen")
    })
}
