//! One service's HLS: its renditions, one for each mount that can be packed.

use std::sync::Arc;
use std::time::Duration;

use audio::m3u8::{self, Variant};
use station::broadcast::NowNext;
use station::{Codec, Mount, Service, ServiceId, Slug, StationId, Timestamp};
use tokio::sync::OnceCell;
use vault::Vault;

use super::cutter::Origin;
use super::pages::Page;
use super::rendition::{Earlier, Rendition, Together};
use super::segment::Segment;
use super::waiting::WaitingRoom;
use crate::ring::Follower;
use crate::settings;

/// The codecs that are packed. Apple's players take the first alone.
const CODECS: [Codec; 3] = [Codec::Aac, Codec::OggOpus, Codec::OggFlac];

/// The renditions of one service. They are cut at the same points and share one media time, so that a player can go over
/// from one to another.
#[derive(Debug)]
pub struct Ladder {
    together: Arc<Together>,
    renditions: Vec<Arc<Rendition>>,
    /// How earlier runs are gone on from, once they have been looked for.
    origins: OnceCell<Vec<Origin>>,
    epoch: u64,
}

impl Ladder {
    /// A ladder for a service; `None` if it has no mount that can be packed.
    pub(super) fn new(
        service: &Service,
        settings: settings::Hls,
        epoch: u64,
        vault: &Vault,
        room: &Arc<WaitingRoom>,
    ) -> Option<Arc<Self>> {
        let mounts = packable(service);
        if mounts.is_empty() {
            return None;
        }
        let together = Together::new(service, settings, names(&mounts), Arc::clone(room));
        let rendition = |(number, mount)| Rendition::new(number, mount, &together, epoch, vault);
        let renditions = mounts.into_iter().enumerate().map(rendition).collect();
        Some(Arc::new(Self { together, renditions, origins: OnceCell::new(), epoch }))
    }

    /// Whose it is.
    pub fn station(&self) -> StationId {
        self.together.station
    }

    /// The service that it is of.
    pub fn service(&self) -> ServiceId {
        self.together.service
    }

    /// The service's name in addresses.
    pub fn slug(&self) -> &Slug {
        &self.together.slug
    }

    /// Its renditions; players begin with the first.
    pub fn renditions(&self) -> &[Arc<Rendition>] {
        &self.renditions
    }

    /// The rendition with this name; the first one if none is given.
    pub(super) fn rendition(&self, name: Option<&str>) -> Option<&Arc<Rendition>> {
        self.renditions.iter().find(|rendition| name.is_none_or(|name| rendition.name() == name))
    }

    /// Packs one of the renditions out of what `follower` hears until its mount is gone; the last segment is shorter then.
    /// Let it follow the mount from its first chunk, and let this end before the program does.
    pub async fn pack(self: Arc<Self>, rendition: Arc<Rendition>, follower: Follower) {
        let origins = self.origins.get_or_init(|| self.resume()).await;
        if let Some(origin) = origins.get(rendition.number()) {
            rendition.run(origin.clone(), follower).await;
        }
    }

    /// The schedule says what is on.
    pub(super) fn on_air(&self, now_next: &NowNext, now: Timestamp) {
        self.together.marks.programme(now_next, now);
    }

    /// When the programme that is on began.
    pub(super) fn programme_start(&self) -> Option<Timestamp> {
        self.together.marks.programme_start()
    }

    /// The end of the newest segment of the first rendition.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.renditions.first()?.end()
    }

    /// The list of renditions whose codec is told in `group`, each with the list `file` and what follows it; `None` while
    /// there is nothing to hear.
    pub(super) fn multivariant(&self, group: Group, file: &str, query: &str) -> Option<Page> {
        let variant = |rendition: &Arc<Rendition>| {
            let (codecs, (bandwidth_bps, bandwidth_average_bps)) = rendition.described()?;
            let folder = if group == Group::Only(rendition.number()) {
                String::new()
            } else {
                self.together.folder_of(rendition.number())
            };
            let uri = format!("{folder}{file}{query}");
            Some(Variant { uri, codecs, bandwidth_bps, bandwidth_average_bps })
        };
        let variants: Vec<Variant> = self.members(group).filter_map(variant).collect();
        (!variants.is_empty()).then(|| Page::new(m3u8::multivariant(&variants)))
    }

    /// Whether there are renditions in a group.
    pub(super) fn has(&self, group: Group) -> bool {
        self.members(group).next().is_some()
    }

    fn members(&self, group: Group) -> impl Iterator<Item = &Arc<Rendition>> {
        let has_aac = self.renditions.iter().any(|rendition| rendition.codec() == Codec::Aac);
        self.renditions.iter().filter(move |rendition| match group {
            Group::Usual => !has_aac || rendition.codec() == Codec::Aac,
            Group::Open => rendition.codec() != Codec::Aac,
            Group::Only(number) => rendition.number() == number,
        })
    }

    /// Looks for what earlier runs left, and says how each rendition goes on from there.
    async fn resume(&self) -> Vec<Origin> {
        let mut earlier = Vec::new();
        for rendition in &self.renditions {
            earlier.push(rendition.restore().await);
        }
        let lasts = || earlier.iter().filter_map(|it| if let Earlier::Left(last) = it { last.as_ref() } else { None });
        let media = lasts().map(Segment::end_media).max().unwrap_or(Duration::ZERO);
        let seq = lasts().map(|last| last.seq + 1).max().unwrap_or(0);
        let origin = |(rendition, earlier)| match earlier {
            Earlier::Left(last) => self.origin(rendition, last, seq, media),
            // We do not know what numbers earlier runs gave, and ours must be greater. Seconds since 1970 are, for no
            // segment is shorter than a second.
            Earlier::Unknown => self.origin(rendition, None, seq.max(self.epoch / 1000), media),
        };
        earlier.into_iter().enumerate().map(origin).collect()
    }

    fn origin(&self, rendition: usize, last: Option<Segment>, seq: u64, media: Duration) -> Origin {
        let timeline = Arc::clone(&self.together.timeline);
        Origin { epoch: self.epoch, last, seq, media, timeline, rendition }
    }
}

/// Which renditions a multivariant list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// AAC, which every player takes; the others only where there is no AAC.
    Usual,
    /// Opus and FLAC.
    Open,
    /// One alone, as seen from its own folder.
    Only(usize),
}

/// The mounts that can be packed, AAC first; of each codec in their own order.
fn packable(service: &Service) -> Vec<&Mount> {
    CODECS.iter().flat_map(|codec| service.mounts.iter().filter(|mount| mount.codec == *codec)).collect()
}

/// A name for each: its codec and bit rate, and a number if there is another such.
fn names(mounts: &[&Mount]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for mount in mounts {
        let codec = match mount.codec {
            Codec::OggOpus => "opus",
            Codec::OggFlac => "flac",
            codec => codec.slug(),
        };
        let name = if mount.bitrate_kbps == 0 { codec.to_owned() } else { format!("{codec}-{}", mount.bitrate_kbps) };
        let same = names.iter().filter(|known| **known == name || known.starts_with(&format!("{name}."))).count();
        names.push(if same == 0 { name } else { format!("{name}.{}", same + 1) });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rendition_has_a_name_of_its_own() {
        let mount =
            |codec, bitrate_kbps| Mount { path: String::new(), codec, bitrate_kbps, sample_rate_hz: 0, channels: 2 };
        let mounts = [mount(Codec::Aac, 128), mount(Codec::Aac, 64), mount(Codec::Aac, 64), mount(Codec::OggFlac, 0)];
        assert_eq!(names(&mounts.iter().collect::<Vec<_>>()), ["aac-128", "aac-64", "aac-64.2", "flac"]);
    }
}
