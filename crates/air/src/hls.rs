//! HLS: a service's mounts in segments, with a window of the past that a listener can go back in.
//!
//! A [`Ladder`] is a service's HLS; each mount of it that players take as fragmented MP4 is a [`Rendition`], which
//! follows the mount's log like any other listener. Its [cutter](Cutter) packs frames, untouched, into parts and segments; each
//! segment goes to the vault before it goes into a list. What a list says of a segment stands in the segment's name there,
//! so that there is no index which could be lost or could lie: after a kill the program lists the folder and goes on with
//! the next number, the same media time, and the true wall-clock time.
//!
//! Two things never happen, because players end at them: a discontinuity where the format has not changed, and a number that
//! goes back. A source that is replaced by another gives neither; nor does a restart.
//!
//! With low latency, a part is listed as soon as it is there, about a second after its first sample; who asks for a list with the
//! next part in it, or for that part, waits until then. However many wait, a list is made and compressed once.
//!
//! The addresses, below `/hls/{service}/`, or below `/hls/{service}/{rendition}/` for all but the first rendition:
//!
//! | address | what it is |
//! |---|---|
//! | `master.m3u8` | the multivariant list, which names the AAC renditions |
//! | `open.m3u8` | the same for Opus and FLAC |
//! | `index.m3u8` | the live list: the last ten segments |
//! | `index.m3u8?from={time}` | from a moment within the window on; with `&to={time}`, until then |
//! | `rewind.m3u8`, `index.m3u8?window=full` | the whole window |
//! | `{epoch}-{number}.m4s`, `{epoch}-{number}.{part}.m4s`, `init-{header}.mp4` | what the lists name; never changes |
//!
//! Start at [`Ladder::pack`].

mod airtime;
mod answer;
mod ask;
mod cutter;
mod folder;
mod ladder;
mod list;
mod marks;
mod pages;
mod rendition;
mod segment;
mod shelf;
mod timeline;
mod waiting;
mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use station::broadcast::NowNext;
use station::{ServiceId, StationId, Timestamp};
use vault::Vault;

pub use answer::{Errand, Reply};
pub use ask::Ask;
pub use audio::fmp4::Loudness;
pub use ladder::Ladder;
pub use rendition::Rendition;

use crate::air::station_of;
use crate::beat::Beat;
use crate::settings::Settings;
use waiting::WaitingRoom;

/// How many segments the live list names: a minute, at six seconds each. Apple asks for six at least.
const LIVE_SEGMENTS: usize = 10;
/// The name of the list of what is on now.
const LIVE_LIST: &str = "index.m3u8";
/// The name of the list of the whole window.
const REWIND_LIST: &str = "rewind.m3u8";

/// The HLS of every service on this machine.
#[derive(Debug)]
pub struct Hls {
    ladders: Vec<Arc<Ladder>>,
    hosts: Vec<(String, StationId)>,
    is_low_latency: bool,
}

impl Hls {
    /// A ladder for each service that has a mount which can be packed, none of them packing yet. `epoch` names this run of the
    /// program.
    pub(crate) fn new(settings: &Settings, epoch: u64, vault: &Vault, beat: &Beat) -> Arc<Self> {
        let room = WaitingRoom::new(settings.hls.waiting_max, beat);
        let ladder = |service| Ladder::new(service, settings.hls, epoch, vault, &room);
        let ladders = settings.services.iter().filter_map(ladder).collect();
        Arc::new(Self { ladders, hosts: settings.hosts.clone(), is_low_latency: settings.hls.low_latency })
    }

    /// Every ladder.
    pub fn ladders(&self) -> &[Arc<Ladder>] {
        &self.ladders
    }

    /// The rendition that packs the mount at this path of a service.
    pub fn rendition(&self, service: ServiceId, mount_path: &str) -> Option<&Arc<Rendition>> {
        let ladder = self.ladders.iter().find(|ladder| ladder.service() == service)?;
        ladder.renditions().iter().find(|rendition| rendition.mount_path() == mount_path)
    }

    /// The schedule says what is on a service.
    pub(crate) fn on_air(&self, service: ServiceId, now_next: &NowNext, now: Timestamp) {
        let ours = self.ladders.iter().filter(|ladder| ladder.service() == service);
        ours.for_each(|ladder| ladder.on_air(now_next, now));
    }

    /// The ladder that a request means: of the station that its host leads to, or else of the first with such a service.
    fn find(&self, host: Option<&str>, slug: &str) -> Option<&Arc<Ladder>> {
        let station = host.and_then(|host| station_of(&self.hosts, host));
        let mut named = self.ladders.iter().filter(|ladder| ladder.slug().as_str() == slug);
        match station {
            Some(station) => named.find(|ladder| ladder.station() == station),
            None => named.next(),
        }
    }
}
