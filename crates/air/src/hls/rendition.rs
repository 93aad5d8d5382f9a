//! One mount as HLS: follows it, keeps its segments, has its lists ready.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use audio::fmp4::Loudness;
use audio::m3u8::Report;
use audio::track::{Unit, Unpackable, Unpacker};
use bytes::Bytes;
use station::{Codec, Mount, Service, ServiceId, Slug, StationId, Timestamp};
use tokio::sync::watch;

use super::cutter::{Cut, Cutter, Origin, Sealed};
use super::folder::Folder;
use super::list::{self, Surroundings, Wish};
use super::marks::Marks;
use super::pages::{Page, Pages};
use super::segment::Segment;
use super::shelf::{Edge, Shelf, Want};
use super::timeline::Timeline;
use super::waiting::WaitingRoom;
use super::window::Stretch;
use super::{LIVE_LIST, REWIND_LIST};
use crate::Title;
use crate::ring::{Chunk, Follower, Heard, Preface, duration};
use crate::settings;

/// How often the vault is asked what earlier runs left, before we go on without.
const RESTORES_MAX: u32 = 5;
/// How long to wait in between.
const RESTORE_PAUSE: Duration = Duration::from_secs(2);
/// So many parts ahead of the newest one may be asked for.
const PARTS_AHEAD_MAX: u64 = 3;
/// A request waits for so many segments' time at most.
const WAIT_SEGMENTS: u32 = 3;

/// What the renditions of a service have in common.
#[derive(Debug)]
pub(super) struct Together {
    pub station: StationId,
    pub service: ServiceId,
    pub slug: Slug,
    pub settings: settings::Hls,
    pub marks: Marks,
    pub timeline: Arc<Timeline>,
    pub room: Arc<WaitingRoom>,
    /// The service's name, which is shown as a title where nothing better is known.
    title: String,
    /// What each rendition is called.
    names: Vec<String>,
    /// How far each rendition is.
    edges: Vec<watch::Sender<Edge>>,
}

impl Together {
    pub(super) fn new(
        service: &Service,
        settings: settings::Hls,
        names: Vec<String>,
        room: Arc<WaitingRoom>,
    ) -> Arc<Self> {
        Arc::new(Self {
            station: service.station,
            service: service.id,
            slug: service.slug.clone(),
            settings,
            marks: Marks::default(),
            timeline: Arc::new(Timeline::new(names.len(), settings.segment_ms)),
            room,
            title: service.name.clone(),
            edges: names.iter().map(|_| watch::Sender::default()).collect(),
            names,
        })
    }

    /// Where a rendition is, as seen from the service: the first has no folder of its own.
    pub(super) fn folder_of(&self, rendition: usize) -> String {
        if rendition == 0 { String::new() } else { format!("{}/", self.names[rendition]) }
    }

    /// How far the others are, as a list of one rendition tells it.
    fn reports(&self, rendition: usize, stretch: Stretch) -> Vec<Report> {
        let file = match stretch {
            Stretch::Live => LIVE_LIST,
            Stretch::Rewind => REWIND_LIST,
            Stretch::From(_) | Stretch::Between { .. } => return Vec::new(),
        };
        let up = if rendition == 0 { "" } else { "../" };
        let others = self.edges.iter().enumerate().filter(|(number, _)| *number != rendition);
        let report = |(number, edge): (usize, &watch::Sender<Edge>)| {
            let (last_sequence, last_part) = edge.borrow().last()?;
            Some(Report { uri: format!("{up}{}{file}", self.folder_of(number)), last_sequence, last_part })
        };
        others.filter_map(report).collect()
    }
}

/// One mount as HLS.
#[derive(Debug)]
pub struct Rendition {
    together: Arc<Together>,
    number: usize,
    mount: Mount,
    folder: Folder,
    shelf: RwLock<Shelf>,
    /// Grows with each change of the shelf.
    revision: AtomicU64,
    pages: Pages,
    loudness: Mutex<Option<Loudness>>,
}

/// What earlier runs left of a rendition.
#[derive(Clone, Debug)]
pub(super) enum Earlier {
    /// Their newest segment, if there is any.
    Left(Option<Segment>),
    /// The vault cannot say.
    Unknown,
}

/// Why a request that waits is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotListed {
    /// It asks for what is too far ahead.
    TooFar,
    /// Too many wait already.
    Full,
    /// It did not come in time.
    TooLate,
}

/// What is under way from a mount's frames to segments.
struct Packing {
    cutter: Cutter,
    unpacker: Option<Unpacker>,
    units: Vec<Unit>,
    /// A title that begins with the next frame.
    title: Option<Arc<Title>>,
    /// The state of the marks that the vault has.
    kept_marks: u64,
}

impl Rendition {
    pub(super) fn new(
        number: usize,
        mount: &Mount,
        together: &Arc<Together>,
        epoch: u64,
        vault: &vault::Vault,
    ) -> Arc<Self> {
        let name = (number > 0).then(|| together.names[number].as_str());
        Arc::new(Self {
            together: Arc::clone(together),
            number,
            mount: mount.clone(),
            folder: Folder::new(vault, together.service, name),
            shelf: RwLock::new(Shelf::new(together.settings, epoch)),
            revision: AtomicU64::new(0),
            pages: Pages::default(),
            loudness: Mutex::default(),
        })
    }

    /// Which of its service's renditions it is, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// What it is called in addresses: `aac-128`.
    pub fn name(&self) -> &str {
        &self.together.names[self.number]
    }

    /// The path of the mount that it packs.
    pub fn mount_path(&self) -> &str {
        &self.mount.path
    }

    /// The codec of that mount.
    pub fn codec(&self) -> Codec {
        self.mount.codec
    }

    /// The number of the newest segment that is listed.
    pub fn newest_seq(&self) -> Option<u64> {
        self.read(|shelf| shelf.window.last().map(|segment| segment.seq))
    }

    /// The number of the newest segment of which anything is listed, and of its newest part.
    pub fn listed(&self) -> Option<(u64, Option<u64>)> {
        self.edge().borrow().last()
    }

    /// How many requests wait at this moment, for this or any other rendition.
    pub fn waiting(&self) -> usize {
        self.together.room.waiting()
    }

    /// Says in the header of the segments that follow how loud the sound is, or that it is not known. It must be true: players
    /// turn a stream up or down by it.
    pub fn set_loudness(&self, loudness: Option<Loudness>) {
        *self.loudness.lock().unwrap_or_else(PoisonError::into_inner) = loudness;
    }

    /// How long its segments are, in milliseconds.
    pub(super) fn segment_ms(&self) -> u64 {
        self.together.settings.segment_ms
    }

    /// When the newest segment ends.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.read(|shelf| shelf.window.last().map(Segment::end))
    }

    /// Its codec's name, and its bandwidths: at most, and on the whole.
    pub(super) fn described(&self) -> Option<(&'static str, (u64, u64))> {
        self.read(|shelf| {
            let last = shelf.window.last()?;
            Some((last.header.track.codec_string(), shelf.window.bandwidths_bps()))
        })
    }

    /// Packs what `follower` hears until its mount is gone.
    pub(super) async fn run(&self, origin: Origin, mut follower: Follower) {
        let settings = self.together.settings;
        let part_ms = if settings.low_latency { settings.part_ms } else { settings.segment_ms };
        let cutter = Cutter::new(origin, settings.segment_ms, part_ms);
        let kept_marks = self.together.marks.revision();
        let mut packing = Packing { cutter, unpacker: None, units: Vec::new(), title: None, kept_marks };
        while let Some(heard) = follower.next().await {
            match heard {
                Heard::Chunk(chunk) => self.pack(&mut packing, &chunk).await,
                Heard::Format(preface) => packing.unpacker = self.unpacker(&preface),
                Heard::Title(title) => packing.title = Some(title),
                Heard::Lost { chunks } => self.tell_lost(chunks),
            }
        }
        for cut in packing.cutter.seal() {
            self.publish(&mut packing, cut).await;
        }
    }

    /// The list that is wished for, if there is anything to list yet.
    pub(super) fn page(&self, wish: &Wish) -> Option<Page> {
        let state = (self.revision.load(Ordering::Acquire), self.together.marks.revision());
        self.pages.get(state, wish, || self.make(wish))
    }

    /// Waits until what is wanted is listed.
    pub(super) async fn until_listed(&self, want: Want) -> Result<(), NotListed> {
        let mut edge = self.edge().subscribe();
        let now = *edge.borrow_and_update();
        if now.has(want) {
            return Ok(());
        }
        if now.is_far_from(want, PARTS_AHEAD_MAX) {
            return Err(NotListed::TooFar);
        }
        let _seat = self.together.room.enter().ok_or(NotListed::Full)?;
        let patience = Duration::from_millis(self.together.settings.segment_ms) * WAIT_SEGMENTS;
        match tokio::time::timeout(patience, edge.wait_for(|edge| edge.has(want))).await {
            Ok(Ok(_)) => Ok(()),
            // Nothing comes any more, or it takes too long.
            Ok(Err(_)) | Err(_) => Err(NotListed::TooLate),
        }
    }

    /// The file of a part. The one that comes next is waited for; `None` if there is no such part.
    pub(super) async fn part(&self, epoch: u64, seq: u64, part: u64) -> Result<Option<Bytes>, NotListed> {
        let look = |shelf: &Shelf| {
            let is_next = (shelf.epoch(), shelf.hint()) == (epoch, Want { seq, part: Some(part) });
            (shelf.part_bytes(epoch, seq, part), is_next)
        };
        match self.read(look) {
            (Some(bytes), _) => Ok(Some(bytes)),
            (None, true) if self.together.settings.low_latency => {
                self.until_listed(Want { seq, part: Some(part) }).await?;
                Ok(self.read(look).0)
            }
            (None, _) => Ok(None),
        }
    }

    /// The file of a segment: from memory if it is new, otherwise from the vault.
    pub(super) async fn segment(&self, epoch: u64, seq: u64) -> vault::Result<Option<Bytes>> {
        let (known, bytes) = self.read(|shelf| {
            let known = shelf.window.get(seq).filter(|segment| segment.epoch == epoch).cloned();
            (known, shelf.segment_bytes(epoch, seq))
        });
        match (known, bytes) {
            (_, Some(bytes)) => Ok(Some(bytes)),
            (Some(segment), None) => self.folder.get(&segment).await,
            (None, None) => Ok(None),
        }
    }

    /// Takes up what earlier runs left.
    pub(super) async fn restore(&self) -> Earlier {
        let Some(found) = self.found().await else { return Earlier::Unknown };
        let left_out = self.write(|shelf| shelf.restore(found));
        self.folder.delete(&left_out).await;
        if self.number == 0 {
            self.restore_marks().await;
        }
        let last = self.read(|shelf| shelf.window.last().cloned());
        let seq = last.as_ref().map(|segment| segment.seq);
        tracing::info!(
            service = self.slug(),
            rendition = self.name(),
            last_seq = seq,
            "HLS goes on after what earlier runs left"
        );
        Earlier::Left(last)
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

    async fn restore_marks(&self) {
        match self.folder.marks().await {
            Ok(json) => self.together.marks.restore(&json.unwrap_or_default()),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    service = self.slug(),
                    error,
                    "what was on before the start cannot be read; lists name it from now on"
                );
            }
        }
    }

    /// What takes the frames of a format apart; `None` if they cannot be packed.
    fn unpacker(&self, preface: &Preface) -> Option<Unpacker> {
        let unpacker = Unpacker::new(preface.format, &preface.headers);
        if let Err(why) = &unpacker {
            tracing::warn!(mount = self.mount.path, %why, "this mount is not heard as HLS");
        }
        unpacker.ok()
    }

    async fn pack(&self, packing: &mut Packing, chunk: &Chunk) {
        packing.cutter.set_loudness(*self.loudness.lock().unwrap_or_else(PoisonError::into_inner));
        let rate = chunk.preface.format.sample_rate_hz;
        let mut samples = 0;
        for frame in chunk.frames() {
            let Some(unpacker) = &mut packing.unpacker else { continue };
            let unpacked = unpacker.unpack(&frame, &mut packing.units);
            let Ok(track) = unpacked.inspect_err(|why| count_unpackable(*why)) else { continue };
            for unit in std::mem::take(&mut packing.units) {
                let offset = duration(samples, rate);
                samples += u64::from(unit.samples);
                let arrived = chunk.at.saturating_add(offset).unwrap_or(chunk.at);
                self.mark_title(packing, arrived);
                for cut in packing.cutter.push(track, unit, arrived) {
                    self.publish(packing, cut).await;
                }
            }
        }
    }

    /// Notes that a title has begun, at the moment at which its first frame is on the air.
    fn mark_title(&self, packing: &mut Packing, arrived: Timestamp) {
        let Some(title) = packing.title.take().filter(|_| self.number == 0) else { return };
        let text = if title.text == self.together.title { "" } else { &title.text };
        self.together.marks.title(text, packing.cutter.air_time(arrived));
    }

    async fn publish(&self, packing: &mut Packing, cut: Cut) {
        match cut {
            Cut::Part { part, segment, is_last } if self.together.settings.low_latency => {
                self.write(|shelf| shelf.add_part(segment, part, is_last));
                self.tell_edge();
            }
            Cut::Part { .. } => {}
            Cut::Segment(sealed) => {
                self.publish_segment(sealed).await;
                self.keep_marks(packing).await;
            }
        }
    }

    /// Keeps a segment, then lists it: so a number that was listed is not given to another segment after a kill.
    async fn publish_segment(&self, sealed: Sealed) {
        let Sealed { segment, bytes, .. } = &sealed;
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
        let expired = self.write(|shelf| shelf.add(sealed));
        self.tell_edge();
        self.folder.delete(&expired).await;
    }

    /// Keeps what was on, if it is another than was kept, so that lists tell it after a restart.
    async fn keep_marks(&self, packing: &mut Packing) {
        if self.number > 0 {
            return;
        }
        let marks = &self.together.marks;
        if let Some(oldest) = self.read(|shelf| shelf.window.oldest_listed().map(|segment| segment.at)) {
            marks.forget_before(oldest);
        }
        let revision = marks.revision();
        if revision == packing.kept_marks {
            return;
        }
        match self.folder.keep_marks(marks.to_json()).await {
            Ok(()) => packing.kept_marks = revision,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    service = self.slug(),
                    error,
                    "what is on could not be kept; lists would not tell it after a restart"
                );
            }
        }
    }

    fn make(&self, wish: &Wish) -> Option<Page> {
        let settings = self.together.settings;
        let around = Surroundings {
            marks: &self.together.marks,
            segment_ms: settings.segment_ms,
            part_ms: settings.low_latency.then_some(settings.part_ms),
            reports: self.together.reports(self.number, wish.stretch),
        };
        let list = self.read(|shelf| list::media(shelf, wish, around))?;
        Some(Page::new(list.to_string()))
    }

    fn tell_lost(&self, chunks: u64) {
        metrics::counter!("groundwave_hls_chunks_lost_total").increment(chunks);
        tracing::warn!(
            service = self.slug(),
            chunks,
            "HLS was too slow for its mount; there is a gap in what can be heard again"
        );
    }

    /// Wakes whoever waits for what is there now.
    fn tell_edge(&self) {
        self.edge().send_replace(self.read(Shelf::edge));
    }

    fn edge(&self) -> &watch::Sender<Edge> {
        &self.together.edges[self.number]
    }

    fn slug(&self) -> &str {
        self.together.slug.as_str()
    }

    fn read<T>(&self, look: impl FnOnce(&Shelf) -> T) -> T {
        look(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Shelf) -> T) -> T {
        let changed = change(&mut self.shelf.write().unwrap_or_else(PoisonError::into_inner));
        self.revision.fetch_add(1, Ordering::Release);
        changed
    }
}

fn count_unpackable(_why: Unpackable) {
    metrics::counter!("groundwave_hls_frames_unpackable_total").increment(1);
}
