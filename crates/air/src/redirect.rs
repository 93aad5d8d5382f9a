//! Listeners who are moved: by an administrator, or because nothing comes from the studio where they were.
//!
//! A mount may have a *fallback*: another mount of the station where its listeners hear on while no source is on it,
//! within the same answer, and from where they come back when a source is. Fallbacks may follow each other. Without one,
//! a mount of a service is fed by its automation, which is nearly always better: the listeners stay where they are.
//!
//! A listener is only moved to a mount in the same codec: a player cannot follow anything else.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use station::StationId;
use station::event::Input;

use crate::listener::Order;
use crate::{Air, Mount};

/// How many fallbacks are followed, one after the other.
const DEPTH_MAX: usize = 10;
/// How many mounts may have a fallback.
const FALLBACKS_MAX: usize = 1_024;

/// Why listeners are not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotMove {
    /// The mounts carry different codecs.
    #[error("the mounts carry different codecs")]
    OtherCodec,
    /// It is the mount where they are.
    #[error("the listeners are there already")]
    SameMount,
    /// As many mounts as may have a fallback have one.
    #[error("there are too many fallbacks")]
    TooManyFallbacks,
}

/// The fallbacks of all mounts, whether these are there at the moment or not.
#[derive(Debug, Default)]
pub(crate) struct Fallbacks(Mutex<Vec<Fallback>>);

#[derive(Debug)]
struct Fallback {
    station: StationId,
    /// The mount that has it.
    home: Arc<str>,
    to: String,
    /// Where its listeners were sent last.
    led_to: Option<String>,
}

impl Fallbacks {
    fn list(&self) -> MutexGuard<'_, Vec<Fallback>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, station: StationId, home: &str) -> Option<String> {
        let list = self.list();
        list.iter().find(|known| known.is_of(station, home)).map(|known| known.to.clone())
    }

    fn homes(&self) -> Vec<(StationId, Arc<str>)> {
        self.list().iter().map(|known| (known.station, Arc::clone(&known.home))).collect()
    }

    /// Remembers where a home's listeners are sent; false if they were sent there before.
    fn leads_elsewhere(&self, station: StationId, home: &str, path: &str) -> bool {
        let mut list = self.list();
        let Some(known) = list.iter_mut().find(|known| known.is_of(station, home)) else { return false };
        known.led_to.replace(path.to_owned()).as_deref() != Some(path)
    }
}

impl Fallback {
    fn is_of(&self, station: StationId, home: &str) -> bool {
        self.station == station && *self.home == *home
    }
}

impl Air {
    /// Moves every listener of a mount to another, for good; how many there were.
    pub fn move_listeners(&self, from: &Arc<Mount>, to: &Arc<Mount>) -> Result<usize, CannotMove> {
        if Arc::ptr_eq(from, to) {
            return Err(CannotMove::SameMount);
        }
        if from.codec() != to.codec() {
            return Err(CannotMove::OtherCodec);
        }
        let ids = from.roster().ids();
        let count = ids.len();
        self.redirect(from, to, ids, None);
        Ok(count)
    }

    /// Ends a listener's connection; false if the mount has none of that number.
    pub fn show_out(&self, mount: &Mount, id: u64) -> bool {
        let is_there = mount.roster().has(id);
        if is_there {
            mount.order(HashSet::from([id]), &Order::Leave);
        }
        is_there
    }

    /// The path of a mount's fallback.
    pub fn fallback_of(&self, station: StationId, path: &str) -> Option<String> {
        self.fallbacks.of(station, path)
    }

    /// Gives a mount another fallback, or none. It holds until the program stops.
    pub fn set_fallback(&self, station: StationId, path: &str, to: Option<&str>) -> Result<(), CannotMove> {
        if to == Some(path) {
            return Err(CannotMove::SameMount);
        }
        let mut list = self.fallbacks.list();
        list.retain(|known| !known.is_of(station, path));
        let Some(to) = to else { return Ok(()) };
        if list.len() >= FALLBACKS_MAX {
            return Err(CannotMove::TooManyFallbacks);
        }
        list.push(Fallback { station, home: path.into(), to: to.to_owned(), led_to: None });
        Ok(())
    }

    /// The mount that somebody hears who asks for a path: the one that is there, or the one that stands in for it.
    pub fn audible(&self, host: Option<&str>, path: &str) -> Option<Arc<Mount>> {
        let asked = self.mount(host, path);
        let station = match &asked {
            Some(mount) => mount.identity().station,
            None => self.station_or_first(host),
        };
        let stands_in = self.stand_in(station, path).filter(|mount| can_follow(asked.as_deref(), mount));
        stands_in.or(asked)
    }

    /// Sends listeners where their fallbacks lead, and back. Called again and again; does nothing while nothing changes.
    pub(crate) fn follow_fallbacks(&self) {
        for (station, home) in self.fallbacks.homes() {
            let Some(target) = self.stand_in(station, &home) else { continue };
            if self.fallbacks.leads_elsewhere(station, &home, target.path()) {
                self.gather(station, &home, &target);
            }
        }
    }

    /// Brings everybody whose home this is to one mount.
    fn gather(&self, station: StationId, home: &Arc<str>, target: &Arc<Mount>) {
        let elsewhere = self.mounts().into_iter().filter(|mount| mount.identity().station == station);
        for mount in elsewhere.filter(|mount| !Arc::ptr_eq(mount, target) && mount.codec() == target.codec()) {
            let ids = mount.roster().ids_at_home(home, mount.path());
            if ids.is_empty() {
                continue;
            }
            let reason = if *target.path() == **home { "a source is on again" } else { "no source is on" };
            tracing::info!(home = %home, mount = target.path(), listeners = ids.len(), reason, "listeners were moved");
            let stays_at_home = (*target.path() != **home).then_some(home);
            self.redirect(&mount, target, ids, stays_at_home);
        }
    }

    fn redirect(&self, from: &Arc<Mount>, to: &Arc<Mount>, ids: HashSet<u64>, home: Option<&Arc<str>>) {
        if let (Some(before), Some(after)) = (from.snapshot().format, to.snapshot().format)
            && before != after
        {
            tracing::warn!(
                mount = to.path(),
                %before,
                %after,
                "listeners are moved to sound of another format; some players will stop here"
            );
        }
        metrics::counter!("groundwave_listeners_redirected_total").increment(ids.len() as u64);
        from.roster().set_home(&ids, home);
        from.order(ids, &Order::Move(Arc::clone(to)));
    }

    /// What those hear whose home has a fallback: the home while a source is on it, else the first of its fallbacks on
    /// which anything is.
    fn stand_in(&self, station: StationId, home: &str) -> Option<Arc<Mount>> {
        let mut path = self.fallbacks.of(station, home)?;
        if let Some(home) = self.mount_at(station, home).filter(has_source) {
            return Some(home);
        }
        for _ in 0..DEPTH_MAX {
            match self.mount_at(station, &path).filter(is_on) {
                Some(mount) => return Some(mount),
                None => path = self.fallbacks.of(station, &path)?,
            }
        }
        None
    }
}

fn has_source(mount: &Arc<Mount>) -> bool {
    matches!(mount.snapshot().input, Input::Source(_))
}

fn is_on(mount: &Arc<Mount>) -> bool {
    mount.snapshot().input != Input::Nothing
}

/// True if a player that asked for one mount can be given the other.
fn can_follow(asked: Option<&Mount>, instead: &Mount) -> bool {
    asked.is_none_or(|asked| asked.codec() == instead.codec())
}
