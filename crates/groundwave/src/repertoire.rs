//! What automation has to play, carried from the store to the air.
//!
//! The air asks the store nothing. At the start it is given everything: pieces, rotations, and what was played in the last
//! weeks. When somebody changes the library of a service, it is given that service's anew; a store that is away costs
//! nothing but delay.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use air::Air;
use air::automation::{Repertoire, history};
use bus::{Bus, Heard, Subscription};
use jiff::tz::TimeZone;
use station::{Event, Service, ServiceId, Station, Timestamp};
use store::Db;

/// How long a store that could not be read is left alone.
const RETRY: Duration = Duration::from_secs(2);

/// The repertoire of all services.
pub async fn load(db: &Db, stations: &[Station], services: &[Service], now: Timestamp) -> store::Result<Repertoire> {
    let mut whole = Repertoire::default();
    let since = now.checked_sub(history::REMEMBERED).unwrap_or(Timestamp::MIN);
    for service in services {
        let Repertoire { pieces, rotations, .. } = load_one(db, stations, service).await?;
        whole.pieces.extend(pieces);
        whole.rotations.extend(rotations);
        whole.spins.extend(store::spin::between(db, service.station, service.id, since, Timestamp::MAX).await?);
    }
    Ok(whole)
}

/// What one service has and plays by; not what it played.
async fn load_one(db: &Db, stations: &[Station], service: &Service) -> store::Result<Repertoire> {
    let rotation = store::rotation::by_service(db, service.station, service.id).await?;
    let rotations = rotation.map(|rotation| (rotation, zone(stations, service))).into_iter().collect();
    let pieces = store::library::all(db, service.station, service.id).await?;
    Ok(Repertoire { pieces, rotations, spins: Vec::new() })
}

fn zone(stations: &[Station], service: &Service) -> TimeZone {
    let station = stations.iter().find(|station| station.id == service.station);
    station.and_then(|station| TimeZone::get(&station.zone).ok()).unwrap_or(TimeZone::UTC)
}

/// Brings the air what has changed.
pub struct Carrier {
    db: Db,
    news: Subscription,
    air: Arc<Air>,
    stations: Vec<Station>,
    services: Vec<Service>,
    /// Whose repertoire must be read again.
    due: BTreeSet<ServiceId>,
}

impl Carrier {
    /// A carrier that hears of changes from this moment on.
    pub fn ready(db: Db, bus: &Arc<dyn Bus>, air: Arc<Air>, stations: Vec<Station>, services: Vec<Service>) -> Self {
        Self { db, news: bus.subscribe(), air, stations, services, due: BTreeSet::new() }
    }

    /// Carries until the bus is closed.
    pub async fn run(mut self) {
        loop {
            let is_due = !self.due.is_empty();
            tokio::select! {
                heard = self.news.next() => match heard {
                    Heard::Message(message) => match message.event {
                        Event::LibraryChanged { service } => drop(self.due.insert(service)),
                        _ => continue,
                    },
                    Heard::Missed(_) => self.due.extend(self.services.iter().map(|service| service.id)),
                    Heard::Closed => return,
                },
                () = tokio::time::sleep(RETRY), if is_due => {}
            }
            if let Err(error) = self.carry().await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the library cannot be read; automation goes on with what it has");
            }
        }
    }

    async fn carry(&mut self) -> store::Result<()> {
        while let Some(due) = self.due.first().copied() {
            if let Some(service) = self.services.iter().find(|service| service.id == due) {
                let repertoire = load_one(&self.db, &self.stations, service).await?;
                tracing::info!(service = %service.slug, pieces = repertoire.pieces.len(), "automation has another repertoire");
                self.air.set_repertoire(due, &repertoire);
            }
            self.due.remove(&due);
        }
        Ok(())
    }
}
