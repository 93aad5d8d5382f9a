//! What can be listened to, and what is on.

use serde::Serialize;
use station::broadcast::NowNext;

use super::frame::Head;
use super::schedule::Airing;
use super::{Edition, Frame, sample};

/// The page that says how to listen.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// The services with what is on each.
    pub on_air: Vec<OnAir>,
}

/// A service as the player and the page about listening need it.
#[derive(Clone, Debug, Serialize)]
pub struct Service {
    /// Its name in addresses.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// One sentence.
    pub teaser: String,
    /// Its live HLS playlist, if it has one.
    pub hls: Option<String>,
    /// The same as a whole address, for a player elsewhere.
    pub hls_href: Option<String>,
    /// The HLS playlist with the whole rewind window, if it has one.
    pub rewind: Option<String>,
    /// Its streams, the one to try first in front.
    pub mounts: Vec<Mount>,
}

/// A stream.
#[derive(Clone, Debug, Serialize)]
pub struct Mount {
    /// Its path on this host: `/news.mp3`.
    pub path: String,
    /// Its whole address, for a radio or an app.
    pub href: String,
    /// A playlist file that opens it in an app.
    pub m3u: String,
    /// "MP3".
    pub codec_name: &'static str,
    /// `mp3`.
    pub codec: &'static str,
    /// `audio/mpeg`.
    pub media_type: &'static str,
    /// Its bit rate.
    pub bitrate_kbps: u32,
}

/// A service and what is on it.
#[derive(Clone, Debug, Serialize)]
pub struct OnAir {
    /// The service.
    pub service: Service,
    /// What is on; `None` where the schedule says nothing.
    pub now: Option<Airing>,
    /// What comes next.
    pub next: Option<Airing>,
}

impl Service {
    /// The services of an edition.
    pub fn all(edition: &Edition) -> Vec<Self> {
        edition.services.iter().map(|service| Self::of(edition, service)).collect()
    }

    fn of(edition: &Edition, service: &station::Service) -> Self {
        let hls = service.hls_path();
        Self {
            slug: service.slug.to_string(),
            name: service.name.clone(),
            teaser: service.teaser.clone(),
            hls_href: hls.as_deref().map(|path| edition.absolute(path)),
            rewind: hls.as_ref().map(|_| format!("/hls/{}/rewind.m3u8", service.slug)),
            hls,
            mounts: service.mounts.iter().map(|mount| Mount::of(edition, mount)).collect(),
        }
    }
}

impl Mount {
    fn of(edition: &Edition, mount: &station::Mount) -> Self {
        Self {
            path: mount.path.clone(),
            href: edition.absolute(&mount.path),
            m3u: format!("{}.m3u", mount.path),
            codec_name: mount.codec.name(),
            codec: mount.codec.slug(),
            media_type: mount.codec.media_type(),
            bitrate_kbps: mount.bitrate_kbps,
        }
    }
}

impl OnAir {
    /// Each service of the edition with what `now_next` says of it.
    pub fn all(edition: &Edition, now_next: &[NowNext], programmes: &[station::Programme]) -> Vec<Self> {
        let times = edition.times();
        let airing = |broadcast: &Option<station::Broadcast>| {
            broadcast.as_ref().map(|broadcast| Airing::of(broadcast, programmes, &times))
        };
        let pairs = edition.services.iter().zip(now_next);
        pairs
            .map(|(service, on)| OnAir {
                service: Service::of(edition, service),
                now: airing(&on.now),
                next: airing(&on.next),
            })
            .collect()
    }
}

impl Page {
    /// The page about listening.
    pub fn new(edition: &Edition, now_next: &[NowNext], programmes: &[station::Programme]) -> Self {
        let description = format!("How to listen to {}: in the browser, in an app, on a radio.", edition.station.name);
        let head =
            Head { place: "listen", title: "Listen", description: &description, path: "/listen", ..Head::default() };
        Self { frame: Frame::new(edition, &head), on_air: OnAir::all(edition, now_next, programmes) }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        Self::new(&sample::edition(), &sample::now_next(), &sample::programmes())
    }
}
