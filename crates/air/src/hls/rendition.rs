//! One service's HLS: follows its mount, keeps its segments, has its lists ready.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use audio::m3u8::{self, Variant};
use bytes::Bytes;
use station::{Service, ServiceId, Slug, StationId, Timestamp};

use super::LIVE_SEGMENTS;
use super::cutter::{Cutter, Sealed};
use super::folder::Folder;
use super::list::Page;
use super::segment::Segment;
use super::window::Window;

use crate::ring::{Chunk, Follower, Heard, duration};
use crate::settings;

/// How many segments are kept in memory: those that nearly everybody asks for.
const SEGMENTS_IN_MEMORY: usize = LIVE_SEGMENTS + 2;
/// How often the vault is asked what earlier runs left, before we go on without.
const RESTORES_MAX: u32 = 5;
/// How long to wait in between.
const RESTORE_PAUSE: Duration = Duration::from_secs(2);

/// One service's HLS.
#[derive(Debug)]
pub struct Rendition {
    station: StationId,
    service: ServiceId,
    slug: Slug,
    epoch: u64,
    settings: settings::Hls,
    folder: Folder,
    shelf: RwLock<Shelf>,
}

/// What can be asked for at this moment.
#[derive(Debug)]
struct Shelf {
    window: Window,
    /// The newest segments, oldest first.
    in_memory: VecDeque<Sealed>,
    lists: Option<Arc<Lists>>,
}

/// The lists that everybody asks for, made anew with each segment.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) live: Page,
    pub(super) rewind: Page,
    pub(super) multivariant: Page,
}

impl Rendition {
    pub(super) fn new(service: &Service, settings: settings::Hls, epoch: u64, vault: &vault::Vault) -> Arc<Self> {
        let shelf = Shelf { window: Window::new(settings), in_memory: VecDeque::new(), lists: None };
        Arc::new(Self {
            station: service.station,
            service: service.id,
            slug: service.slug.clone(),
            epoch,
            settings,
            folder: Folder::new(vault, service.id),
            shelf: RwLock::new(shelf),
        })
    }

    /// Whose it is.
    pub fn station(&self) -> StationId {
        self.station
    }

    /// The service that it is of.
    pub fn service(&self) -> ServiceId {
        self.service
    }

    /// The service's name in addresses.
    pub fn slug(&self) -> &str {
        self.slug.as_str()
    }

    /// The number of the newest segment that is listed.
    pub fn newest_seq(&self) -> Option<u64> {
        self.read(|shelf| shelf.window.last().map(|segment| segment.seq))
    }

    /// Packs what `follower` hears until its mount is gone; the last segment is shorter then. Let it follow the mount from its
    /// first chunk, and let this end before the program does.
    pub async fn run(self: Arc<Self>, mut follower: Follower) {
        let mut cutter = self.resume().await;
        while let Some(heard) = follower.next().await {
            match heard {
                Heard::Chunk(chunk) => self.pack(&mut cutter, &chunk).await,
                Heard::Lost { chunks } => self.tell_lost(chunks),
                Heard::Format(_) | Heard::Title(_) => {}
            }
        }
        if let Some(sealed) = cutter.seal() {
            self.publish(sealed).await;
        }
    }

    /// The lists, if there is anything to list yet.
    pub(super) fn lists(&self) -> Option<Arc<Lists>> {
        self.read(|shelf| shelf.lists.clone())
    }

    /// A list of what was on from `from` on.
    pub(super) fn list_between(&self, from: Timestamp, to: Option<Timestamp>) -> Option<Page> {
        let list = self.read(|shelf| shelf.window.between(from, to))?;
        Some(Page::new(list.to_string()))
    }

    /// The file of a segment: from memory if it is new, otherwise from the vault.
    pub(super) async fn segment(&self, epoch: u64, seq: u64) -> vault::Result<Option<Bytes>> {
        let (known, bytes) = self.read(|shelf| {
            let known = shelf.window.get(seq).filter(|segment| segment.epoch == epoch).cloned();
            let new = shelf.in_memory.iter().find(|sealed| sealed.segment.seq == seq && sealed.segment.epoch == epoch);
            (known, new.map(|sealed| sealed.bytes.clone()))
        });
        match (known, bytes) {
            (_, Some(bytes)) => Ok(Some(bytes)),
            (Some(segment), None) => self.folder.get(&segment).await,
            (None, None) => Ok(None),
        }
    }

    /// Takes up what earlier runs left, and makes a cutter that goes on from there.
    async fn resume(&self) -> Cutter {
        let segment_ms = self.settings.segment_ms;
        let Some(found) = self.found().await else {
            // We do not know what numbers earlier runs gave, and ours must be greater. Seconds since 1970 are, for no
            // segment is shorter than a second.
            return Cutter::new(self.epoch, segment_ms, None, self.epoch / 1000);
        };
        let left_out = self.write(|shelf| shelf.restore(found));
        self.folder.delete(&left_out).await;
        let last = self.read(|shelf| shelf.window.last().cloned());
        let seq = last.as_ref().map(|segment| segment.seq);
        tracing::info!(service = self.slug(), last_seq = seq, "HLS goes on after what earlier runs left");
        Cutter::new(self.epoch, segment_ms, last.as_ref(), 0)
    }

    /// What earlier runs left; `None` if the vault cannot say.
    async fn found(&self) -> Option<Vec<Segment>> {
        for attempt in 1..=RESTORES_MAX {
            match self.folder.segments().await {
                Ok(found) => return Some(found),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(
                        service = self.slug(),
                        attempt,
                        error,
                        "the HLS segments of earlier runs cannot be listed"
                    );
                }
            }
            tokio::time::sleep(RESTORE_PAUSE).await;
        }
        None
    }

    async fn pack(&self, cutter: &mut Cutter, chunk: &Chunk) {
        let mut samples = 0;
        for frame in chunk.frames() {
            let offset = duration(samples, chunk.preface.format.sample_rate_hz);
            samples += u64::from(frame.samples);
            let arrived = chunk.at.saturating_add(offset).unwrap_or(chunk.at);
            match cutter.push(&frame.bytes, arrived) {
                Ok(Some(sealed)) => self.publish(sealed).await,
                Ok(None) => {}
                Err(_) => metrics::counter!("groundwave_hls_frames_unpackable_total").increment(1),
            }
        }
    }

    /// Keeps a segment, then lists it: so a number that was listed is not given to another segment after a kill.
    async fn publish(&self, sealed: Sealed) {
        let Sealed { segment, bytes } = &sealed;
        metrics::counter!("groundwave_hls_segments_total").increment(1);
        if let Err(error) = self.folder.keep(segment, bytes.clone()).await {
            metrics::counter!("groundwave_hls_segments_not_kept_total").increment(1);
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                service = self.slug(),
                seq = segment.seq,
                error,
                "an HLS segment could not be kept; it can be heard for a minute"
            );
        }
        let expired = self.write(|shelf| shelf.publish(sealed));
        self.folder.delete(&expired).await;
    }

    fn tell_lost(&self, chunks: u64) {
        metrics::counter!("groundwave_hls_chunks_lost_total").increment(chunks);
        tracing::warn!(
            service = self.slug(),
            chunks,
            "HLS was too slow for its mount; there is a gap in what can be heard again"
        );
    }

    fn read<T>(&self, look: impl FnOnce(&Shelf) -> T) -> T {
        look(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Shelf) -> T) -> T {
        change(&mut self.shelf.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shelf {
    /// Takes up what earlier runs left; gives back what is of no use.
    fn restore(&mut self, found: Vec<Segment>) -> Vec<Segment> {
        let left_out = self.window.restore(found);
        self.lists = Lists::new(&self.window).map(Arc::new);
        left_out
    }

    /// Takes in a segment; gives back those that are too old now.
    fn publish(&mut self, sealed: Sealed) -> Vec<Segment> {
        let expired = self.window.push(sealed.segment.clone());
        self.in_memory.push_back(sealed);
        while self.in_memory.len() > SEGMENTS_IN_MEMORY {
            self.in_memory.pop_front();
        }
        self.lists = Lists::new(&self.window).map(Arc::new);
        expired
    }
}

impl Lists {
    fn new(window: &Window) -> Option<Self> {
        let (live, rewind, last) = (window.live()?, window.rewind()?, window.last()?);
        let variant =
            Variant { uri: "index.m3u8", codecs: last.config.codec_string(), bandwidth_bps: window.bandwidth_bps() };
        Some(Self {
            live: Page::new(live.to_string()),
            rewind: Page::new(rewind.to_string()),
            multivariant: Page::new(m3u8::multivariant(&[variant])),
        })
    }
}
