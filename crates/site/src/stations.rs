//! Which station a request is for, and what all of that station's pages are made with.
//!
//! Both are remembered, until an event says that they are different; and what was remembered is used on while the store
//! is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use station::{Clock, Section, Service, Station, StationId, Timestamp};
use store::Db;

use crate::settings::Settings;
use crate::view::Edition;

/// How long after a failure the store is not asked again for what is remembered.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a station is not known.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The store did not answer a moment ago, and is not asked again yet.
    #[error("the store was away a moment ago")]
    Resting,
}

type Result<T> = std::result::Result<T, Fault>;

/// The stations of this program.
pub struct Stations {
    db: Db,
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
    state: Mutex<State>,
    /// Held while the store is asked, so that many who ask at once ask it once.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    directory: Remembered<Arc<Vec<Arc<Station>>>>,
    editions: HashMap<StationId, Remembered<Arc<Shared>>>,
    /// Counts how often everything was forgotten: what was asked for before does not count as new afterwards.
    moment: u64,
}

struct Shared {
    station: Station,
    sections: Vec<Section>,
    services: Vec<Service>,
}

struct Remembered<T> {
    value: Option<T>,
    is_outdated: bool,
    rests_until: Duration,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { value: None, is_outdated: true, rests_until: Duration::ZERO }
    }
}

impl<T: Clone> Remembered<T> {
    /// What can be used without asking the store; `None` if it should be asked.
    fn usable(&self, elapsed: Duration) -> Option<Result<T>> {
        match &self.value {
            Some(value) if !self.is_outdated || elapsed < self.rests_until => Some(Ok(value.clone())),
            None if elapsed < self.rests_until => Some(Err(Fault::Resting)),
            _ => None,
        }
    }
}

impl Stations {
    /// Nothing is remembered yet.
    pub fn new(db: Db, clock: Arc<dyn Clock>, settings: Arc<Settings>) -> Self {
        Self { db, clock, settings, state: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// The station that `host` leads to. Where the program is home to one station only, every host leads to it.
    pub async fn at_host(&self, host: &str) -> Result<Option<Arc<Station>>> {
        let all = self.directory().await?;
        let host = without_port(host).to_ascii_lowercase();
        let named = all.iter().find(|station| station.host_names.contains(&host));
        let only = all.first().filter(|_| all.len() == 1);
        Ok(named.or(only).cloned())
    }

    /// What the pages of a station are made with, at this moment.
    pub async fn edition(&self, station: &Station) -> Result<Edition> {
        if let Some(shared) = self.shared_now(station.id) {
            return Ok(self.at_this_moment(&*shared?));
        }
        let _asking = self.asking.lock().await;
        if let Some(shared) = self.shared_now(station.id) {
            return Ok(self.at_this_moment(&*shared?));
        }
        let begun = self.state().moment;
        let loaded = self.load(station).await.map(Arc::new);
        let mut state = self.state();
        let is_outdated = state.moment != begun;
        let remembered = state.editions.entry(station.id).or_default();
        let shared = self.settle(remembered, loaded, is_outdated)?;
        drop(state);
        Ok(self.at_this_moment(&shared))
    }

    /// What is remembered of a station, old or not.
    pub fn remembered_edition(&self, station: StationId) -> Option<Edition> {
        let shared = self.state().editions.get(&station)?.value.clone()?;
        Some(self.at_this_moment(&shared))
    }

    /// If what is remembered of a station is outdated: when it should be asked for again, and with it the pages that were
    /// made with it.
    pub fn outdated_until(&self, station: StationId) -> Option<Timestamp> {
        let state = self.state();
        let is_outdated = state.editions.get(&station).is_some_and(|edition| edition.is_outdated);
        is_outdated.then(|| self.clock.now() + RETRY_AFTER)
    }

    /// Forgets everything, but keeps it at hand.
    pub fn forget(&self) {
        let mut state = self.state();
        state.moment += 1;
        state.directory.is_outdated = true;
        state.editions.values_mut().for_each(|edition| edition.is_outdated = true);
    }

    async fn directory(&self) -> Result<Arc<Vec<Arc<Station>>>> {
        if let Some(all) = self.directory_now() {
            return all;
        }
        let _asking = self.asking.lock().await;
        if let Some(all) = self.directory_now() {
            return all;
        }
        let begun = self.state().moment;
        let loaded = store::station::all(&self.db).await;
        let loaded = loaded.map(|all| Arc::new(all.into_iter().map(Arc::new).collect::<Vec<_>>()));
        let mut state = self.state();
        // A program without a station is about to get one: it is not remembered that there is none.
        let is_outdated = state.moment != begun || loaded.as_ref().is_ok_and(|all| all.is_empty());
        self.settle(&mut state.directory, loaded, is_outdated)
    }

    fn settle<T: Clone>(
        &self,
        remembered: &mut Remembered<T>,
        loaded: store::Result<T>,
        is_outdated: bool,
    ) -> Result<T> {
        match loaded {
            Ok(value) => {
                *remembered = Remembered { value: Some(value.clone()), is_outdated, rests_until: Duration::ZERO };
                Ok(value)
            }
            Err(error) => {
                remembered.rests_until = self.clock.elapsed() + RETRY_AFTER;
                remembered.value.clone().ok_or(Fault::Store(error))
            }
        }
    }

    async fn load(&self, station: &Station) -> store::Result<Shared> {
        let fresh = store::station::by_slug(&self.db, station.slug.as_str()).await?;
        let mut sections = store::section::all(&self.db, station.id).await?;
        let mut services = store::service::all(&self.db, station.id).await?;
        sections.sort_by_key(|section| section.position);
        services.sort_by_key(|service| service.position);
        Ok(Shared { station: fresh.unwrap_or_else(|| station.clone()), sections, services })
    }

    fn at_this_moment(&self, shared: &Shared) -> Edition {
        Edition {
            station: shared.station.clone(),
            sections: shared.sections.clone(),
            services: shared.services.clone(),
            origin: self.settings.origin(&shared.station),
            now: self.clock.now(),
        }
    }

    fn directory_now(&self) -> Option<Result<Arc<Vec<Arc<Station>>>>> {
        self.state().directory.usable(self.clock.elapsed())
    }

    fn shared_now(&self, station: StationId) -> Option<Result<Arc<Shared>>> {
        self.state().editions.get(&station)?.usable(self.clock.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `example.org:8000` → `example.org`; `[::1]:8000` → `[::1]`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_part_of_a_host_name() {
        assert_eq!(without_port("radio.example:8000"), "radio.example");
        assert_eq!(without_port("[::1]:8000"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
        assert_eq!(without_port("radio.example"), "radio.example");
    }
}
