//! Relays: another server's stream as an input of one of our mounts.
//!
//! A relay is a source that we fetch: it stands behind the studio and its backup and before automation
//! ([`Rank::Relay`]). It is fetched all the time, or on demand: while somebody hears the mount. When it is lost it is
//! fetched again, after a pause that grows with each failure. A whole server can be relayed, too: its list of mounts is
//! asked for again and again, and each mount on it becomes a relay ([`master`]).
//!
//! It connects to the addresses that the settings name and to no others: a redirection is not followed, its target is
//! told.
//!
//! Start at [`Relay::run`].

mod fetch;
pub mod master;

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::mount::{Relaying, Snapshot};
use crate::switch::Rank;
use crate::{Air, Mount, source};
pub(crate) use fetch::Fetched;
pub use fetch::{NotFetched, Upstream};

/// How long the first pause is, and how long it may grow.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];
/// A stream that was heard for this long has not failed; the next pause is the first again.
const GOOD_AFTER: Duration = Duration::from_secs(10);
/// How long an on-demand relay goes on when nobody hears it any more.
const LINGER: Duration = Duration::from_secs(5);
/// How often it is looked whether anybody does.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A stream of another server's, and where it goes.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Where it is.
    pub from: Upstream,
    /// The path of our mount.
    pub path: String,
    /// Whether it is fetched only while somebody hears it.
    pub on_demand: bool,
    /// Whether its titles are passed on.
    pub with_titles: bool,
}

impl Relay {
    /// When it is fetched.
    pub fn relaying(&self) -> Relaying {
        if self.on_demand { Relaying::OnDemand } else { Relaying::Always }
    }

    /// Fetches it whenever it is wanted. Ends with the air.
    pub(crate) async fn run(self, air: Weak<Air>) {
        let mut pause = PAUSES[0];
        let mut is_told = false;
        loop {
            self.is_wanted(&air).await;
            let began = Instant::now();
            let Some(air) = air.upgrade() else { return };
            match fetch::fetch(&self.from, self.with_titles).await {
                Ok(fetched) => {
                    is_told = false;
                    self.hear(&air, fetched).await;
                }
                Err(why) => {
                    metrics::counter!("groundwave_relay_failures_total", "reason" => why.label()).increment(1);
                    // Once for each outage; it is tried again many times.
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::warn!(mount = self.path, from = %self.from, %why, "a relay could not be fetched");
                    }
                }
            }
            drop(air);
            if began.elapsed() >= GOOD_AFTER {
                pause = PAUSES[0];
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES[1]);
        }
    }

    /// Hears it to its end, or until it is not wanted any more.
    async fn hear(&self, air: &Arc<Air>, fetched: Fetched) {
        tokio::select! {
            () = source::hear_relay(air, self, fetched) => {}
            () = self.is_unwanted(air) => tracing::info!(mount = self.path, "nobody hears a relay; it is let go"),
        }
    }

    /// Comes when it should be fetched. One whose mount is not there yet is fetched once, to know what it carries.
    async fn is_wanted(&self, air: &Weak<Air>) {
        let mount = air.upgrade().and_then(|air| air.relayed_mount(&self.path));
        let Some(mount) = mount.filter(|_| self.on_demand) else { return };
        while mount.audience().connected() == 0 {
            mount.audience().arrival().await;
        }
    }

    /// Comes when nobody has heard it for a while; never, if it is fetched all the time.
    async fn is_unwanted(&self, air: &Arc<Air>) {
        if !self.on_demand {
            return std::future::pending().await;
        }
        let is_known = air.relayed_mount(&self.path).is_some();
        let mut heard_at = Instant::now();
        while heard_at.elapsed() < LINGER {
            sleep(LOOK_EVERY).await;
            match air.relayed_mount(&self.path).map(|mount| mount.audience().connected()) {
                // It was fetched to make the mount, and for nobody.
                Some(0) if !is_known => return,
                Some(0) => {}
                _ => heard_at = Instant::now(),
            }
        }
    }
}

/// True if what is on a mount comes from a relay.
pub fn is_relayed(snapshot: &Snapshot) -> bool {
    snapshot.source.as_ref().is_some_and(|source| source.rank == Rank::Relay)
}

impl Air {
    /// The mount that a relay feeds, if it is there.
    pub(crate) fn relayed_mount(&self, path: &str) -> Option<Arc<Mount>> {
        self.mount_at(self.station_or_first(None), path)
    }

    /// When a mount's sound is fetched from another server, by the settings.
    pub(crate) fn relaying_of(&self, path: &str) -> Option<Relaying> {
        self.settings().upstreams.iter().find(|relay| relay.path == path).map(Relay::relaying)
    }
}
