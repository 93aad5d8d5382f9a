//! HLS: a service's AAC mount in segments, with a window of the past that a listener can go back in.
//!
//! A [`Rendition`] follows its mount's log like any other listener. Its [cutter](Cutter) packs frames, untouched, into
//! fragmented MP4; each segment goes to the vault before it goes into a list. What a list says of a segment stands in
//! the segment's name there, so that there is no index which could be lost or could lie: after a kill the program lists the
//! folder and goes on with the next number, the same media time, and the true wall-clock time.
//!
//! Two things never happen, because players end at them: a discontinuity where the format has not changed, and a number that
//! goes back. A source that is replaced by another gives neither; nor does a restart.
//!
//! The addresses, below `/hls/{service}/`:
//!
//! | address | what it is |
//! |---|---|
//! | `index.m3u8` | the live list: the last ten segments |
//! | `index.m3u8?from={time}` | from a moment (RFC 3339) within the window until now; with `&to={time}`, a finished list |
//! | `rewind.m3u8`, `index.m3u8?window=full` | the whole window |
//! | `master.m3u8` | the multivariant list, which names codecs and bandwidth |
//! | `{epoch}-{number}.m4s`, `init-{config}.mp4` | what the lists name; never changes |
//!
//! Start at [`Rendition::run`].

mod airtime;
mod answer;
mod cutter;
mod folder;
mod list;
mod rendition;
mod segment;
mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use station::{Codec, StationId};
use vault::Vault;

pub use cutter::{Cutter, Sealed, Unpackable};
pub use rendition::Rendition;
pub use segment::Segment;
pub use window::Window;

use crate::air::station_of;
use crate::settings::Settings;

/// How many segments the live list names: a minute, at six seconds each. Apple asks for six at least.
pub const LIVE_SEGMENTS: usize = 10;

/// The HLS of every service on this machine.
#[derive(Debug)]
pub struct Hls {
    renditions: Vec<Arc<Rendition>>,
    hosts: Vec<(String, StationId)>,
}

impl Hls {
    /// A rendition for each service that has an AAC mount, none of them running yet. `epoch` names this run of the program.
    pub fn new(settings: &Settings, epoch: u64, vault: &Vault) -> Arc<Self> {
        let services = settings.services.iter().filter(|service| service.mount_in(Codec::Aac).is_some());
        let renditions = services.map(|service| Rendition::new(service, settings.hls, epoch, vault)).collect();
        Arc::new(Self { renditions, hosts: settings.hosts.clone() })
    }

    /// Every rendition.
    pub fn renditions(&self) -> &[Arc<Rendition>] {
        &self.renditions
    }

    /// The rendition that a request means: of the station that its host leads to, or else of the first with such a
    /// service.
    fn find(&self, host: Option<&str>, slug: &str) -> Option<&Arc<Rendition>> {
        let station = host.and_then(|host| station_of(&self.hosts, host));
        let mut named = self.renditions.iter().filter(|rendition| rendition.slug() == slug);
        match station {
            Some(station) => named.find(|rendition| rendition.station() == station),
            None => named.next(),
        }
    }
}
