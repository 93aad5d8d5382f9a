//! What is on, for the player: as JSON, and as events whenever it changes.
//!
//! What a station has on is read from the guide's rows once; from then on it follows the bus. Everybody who follows a
//! station waits on one value: whoever is slow skips to the newest, and nothing queues up.
//!
//! Start at [`OnAir::now`] and [`OnAir::follow`].

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream;
use serde::Serialize;
use station::broadcast::NowNext;
use station::{Broadcast, Clock, Event, Programme, ProgrammeId, Service, ServiceId, StationId, Timestamp};
use store::Db;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::view::Edition;

/// How often something is said to a browser that follows, so that nothing between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a browser comes back after the connection broke, in milliseconds.
const RETRY_MS: u32 = 3000;

/// What the stations have on.
pub struct OnAir {
    db: Db,
    clock: Arc<dyn Clock>,
    boards: Mutex<HashMap<StationId, Board>>,
    followers: Arc<Semaphore>,
    is_stopped: AtomicBool,
}

/// What one station has on.
struct Board {
    services: Vec<Service>,
    now_next: HashMap<ServiceId, NowNext>,
    programmes: HashMap<ProgrammeId, ProgrammeName>,
    playing: HashMap<ServiceId, String>,
    is_outdated: bool,
    /// Counts what was heard: rows that were asked for before an event may be older than it.
    heard: u64,
    told: watch::Sender<Bytes>,
}

#[derive(Serialize)]
struct Told<'a> {
    services: Vec<ServiceTold<'a>>,
}

#[derive(Serialize)]
struct ServiceTold<'a> {
    slug: &'a str,
    name: &'a str,
    teaser: &'a str,
    hls: Option<String>,
    mounts: Vec<MountTold<'a>>,
    now: Option<BroadcastTold<'a>>,
    next: Option<BroadcastTold<'a>>,
    playing: &'a str,
}

#[derive(Serialize)]
struct MountTold<'a> {
    path: &'a str,
    codec: &'static str,
    media_type: &'static str,
    bitrate_kbps: u32,
}

#[derive(Serialize)]
struct BroadcastTold<'a> {
    title: &'a str,
    programme: Option<&'a ProgrammeName>,
    start: String,
    end: String,
}

#[derive(Clone, Serialize)]
struct ProgrammeName {
    slug: String,
    title: String,
}

impl OnAir {
    /// Nothing is known yet. At most `followers_max` browsers can follow at one time.
    pub fn new(db: Db, clock: Arc<dyn Clock>, followers_max: usize) -> Self {
        Self {
            db,
            clock,
            boards: Mutex::default(),
            followers: Arc::new(Semaphore::new(followers_max)),
            is_stopped: AtomicBool::new(false),
        }
    }

    /// What the station has on, as JSON. While the store is away, what was known last.
    pub async fn now(&self, edition: &Edition) -> store::Result<Bytes> {
        self.look(edition).await.map(|told| told.borrow().clone())
    }

    /// What the station has on, as an event at once and at every change; `None` if too many follow already, or the site is closing.
    pub async fn follow(&self, edition: &Edition) -> store::Result<Option<impl Stream<Item = Bytes> + Send + use<>>> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Ok(permit) = self.followers.clone().try_acquire_owned() else {
            metrics::counter!("groundwave_site_followers_refused_total").increment(1);
            return Ok(None);
        };
        Ok(Some(events(self.look(edition).await?, permit)))
    }

    /// Takes in what happened. True if the station's rows should be looked at again by [`OnAir::refresh`].
    pub fn hear(&self, station: StationId, event: &Event) -> bool {
        let mut boards = self.boards();
        let Some(board) = boards.get_mut(&station) else { return false };
        match event {
            Event::OnAir { service, now_next } => {
                board.now_next.insert(*service, now_next.clone());
                board.is_outdated |= board.misses_a_name(now_next);
            }
            Event::Title { service, title, .. } => drop(board.playing.insert(*service, title.clone())),
            Event::ProgrammeChanged { .. } | Event::ServiceChanged { .. } | Event::StationChanged => {
                board.is_outdated = true;
            }
            _ => return false,
        }
        board.heard += 1;
        board.tell();
        board.is_outdated
    }

    /// Doubts everything: events may have been missed. Returns the stations that somebody has asked for.
    pub fn doubt(&self) -> Vec<StationId> {
        let mut boards = self.boards();
        boards.values_mut().for_each(|board| board.is_outdated = true);
        boards.keys().copied().collect()
    }

    /// Looks at the station's rows again, if somebody has asked for it before.
    pub async fn refresh(&self, edition: &Edition) -> store::Result<()> {
        if self.boards().contains_key(&edition.station.id) {
            self.load(edition).await?;
        }
        Ok(())
    }

    /// Ends every event stream, and begins no other.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.boards().clear();
    }

    async fn look(&self, edition: &Edition) -> store::Result<watch::Receiver<Bytes>> {
        let known = self.known(edition.station.id);
        if let Some((told, false)) = known {
            return Ok(told);
        }
        match (self.load(edition).await, known) {
            (Ok(told), _) => Ok(told),
            (Err(_), Some((told, _))) => Ok(told),
            (Err(error), None) => Err(error),
        }
    }

    /// What is known, and whether it should be looked at again.
    fn known(&self, station: StationId) -> Option<(watch::Receiver<Bytes>, bool)> {
        let boards = self.boards();
        let board = boards.get(&station)?;
        Some((board.told.subscribe(), board.is_outdated || board.is_over_at(self.clock.now())))
    }

    async fn load(&self, edition: &Edition) -> store::Result<watch::Receiver<Bytes>> {
        let station = edition.station.id;
        let heard = self.boards().get(&station).map(|board| board.heard);
        let programmes = store::programme::all(&self.db, station).await?;
        let mut now_next = HashMap::new();
        for service in &edition.services {
            let on = store::broadcast::now_next(&self.db, station, service.id, self.clock.now()).await?;
            now_next.insert(service.id, on);
        }
        let mut boards = self.boards();
        let board = boards.entry(station).or_insert_with(Board::empty);
        board.services = edition.services.clone();
        board.now_next = now_next;
        board.programmes = programmes.into_iter().map(named).collect();
        board.is_outdated = heard.is_some_and(|heard| heard != board.heard);
        board.tell();
        Ok(board.told.subscribe())
    }

    fn boards(&self) -> MutexGuard<'_, HashMap<StationId, Board>> {
        self.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn empty() -> Self {
        Self {
            services: Vec::new(),
            now_next: HashMap::new(),
            programmes: HashMap::new(),
            playing: HashMap::new(),
            is_outdated: true,
            heard: 0,
            told: watch::channel(Bytes::new()).0,
        }
    }

    fn tell(&self) {
        let services = self.services.iter().map(|service| self.service(service)).collect();
        let json = serde_json::to_vec(&Told { services }).expect("text and numbers can always be written as JSON");
        self.told.send_if_modified(|told| {
            let is_new = *told != json;
            *told = json.into();
            is_new
        });
    }

    fn service<'a>(&'a self, service: &'a Service) -> ServiceTold<'a> {
        let on = self.now_next.get(&service.id);
        ServiceTold {
            slug: service.slug.as_str(),
            name: &service.name,
            teaser: &service.teaser,
            hls: service.hls_path(),
            mounts: service.mounts.iter().map(mount).collect(),
            now: on.and_then(|on| on.now.as_ref()).map(|broadcast| self.broadcast(broadcast)),
            next: on.and_then(|on| on.next.as_ref()).map(|broadcast| self.broadcast(broadcast)),
            playing: self.playing.get(&service.id).map_or("", String::as_str),
        }
    }

    fn broadcast<'a>(&'a self, broadcast: &'a Broadcast) -> BroadcastTold<'a> {
        BroadcastTold {
            title: &broadcast.title,
            programme: self.programmes.get(&broadcast.programme),
            start: broadcast.start.to_string(),
            end: broadcast.end.to_string(),
        }
    }

    fn misses_a_name(&self, on: &NowNext) -> bool {
        let broadcasts = on.now.iter().chain(&on.next);
        broadcasts.into_iter().any(|broadcast| !self.programmes.contains_key(&broadcast.programme))
    }

    /// True if something that is told has ended, or has begun since.
    fn is_over_at(&self, now: Timestamp) -> bool {
        let ended = |on: &NowNext| on.now.as_ref().is_some_and(|broadcast| broadcast.end <= now);
        let begun = |on: &NowNext| on.next.as_ref().is_some_and(|broadcast| broadcast.start <= now);
        self.now_next.values().any(|on| ended(on) || begun(on))
    }
}

fn mount(mount: &station::Mount) -> MountTold<'_> {
    MountTold {
        path: &mount.path,
        codec: mount.codec.slug(),
        media_type: mount.codec.media_type(),
        bitrate_kbps: mount.bitrate_kbps,
    }
}

fn named(programme: Programme) -> (ProgrammeId, ProgrammeName) {
    (programme.id, ProgrammeName { slug: programme.slug.to_string(), title: programme.title })
}

/// What a follower waits on. Its permit goes back when the connection does.
struct Follower {
    told: watch::Receiver<Bytes>,
    _permit: OwnedSemaphorePermit,
    is_new: bool,
}

fn events(told: watch::Receiver<Bytes>, permit: OwnedSemaphorePermit) -> impl Stream<Item = Bytes> + Send {
    let follower = Follower { told, _permit: permit, is_new: true };
    stream::unfold(follower, |mut follower| async move {
        if std::mem::take(&mut follower.is_new) {
            let first = event(&follower.told.borrow_and_update(), Some(RETRY_MS));
            return Some((first, follower));
        }
        match tokio::time::timeout(HEARTBEAT, follower.told.changed()).await {
            Ok(Ok(())) => {
                let changed = event(&follower.told.borrow_and_update(), None);
                Some((changed, follower))
            }
            Ok(Err(_)) => None,
            Err(_) => Some((Bytes::from_static(b": on the air\n\n"), follower)),
        }
    })
}

/// JSON has no line feeds, so one `data:` line holds it.
fn event(json: &[u8], retry_ms: Option<u32>) -> Bytes {
    let mut event = retry_ms.map(|retry| format!("retry: {retry}\n")).unwrap_or_default().into_bytes();
    event.extend_from_slice(b"event: on-air\ndata: ");
    event.extend_from_slice(json);
    event.extend_from_slice(b"\n\n");
    event.into()
}
