//! Tells the bus what happens on the air.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use audio::loudness::Reading;
use bus::Bus;
use station::event::{Event, Input, Message, Meters};
use station::{Broadcast, Clock, ServiceId, Spin, StationId};

use crate::mount::Service;

/// What stands between an artist and a title on a radio's display.
const ARTIST_AND_TITLE: &str = " - ";

/// Publishes the air's events. The mounts of a service are told apart by their path, their titles are not: the same
/// title on three mounts is one event.
pub struct Herald {
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    titles: Mutex<HashMap<ServiceId, String>>,
    /// What a studio plays at this moment, as far as its titles tell.
    live: Mutex<HashMap<ServiceId, Spin>>,
}

impl Herald {
    /// A herald on this bus.
    pub fn new(bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Self {
        Self { bus, clock, titles: Mutex::default(), live: Mutex::default() }
    }

    /// The title of what is heard on a service is this. One that a source gave, and that names an artist, is a spin.
    pub fn title(&self, (station, service): (StationId, ServiceId), title: &str, of_source: bool) {
        let mut titles = self.titles.lock().unwrap_or_else(PoisonError::into_inner);
        if titles.get(&service).is_some_and(|known| known == title) {
            return;
        }
        titles.insert(service, title.to_owned());
        drop(titles);
        self.publish(station, Event::Title { service, title: title.to_owned(), at: self.clock.now() });
        self.note_live((station, service), title.split_once(ARTIST_AND_TITLE).filter(|_| of_source));
    }

    /// What a studio played is over; it plays this, or nothing that is known.
    fn note_live(&self, (station, service): (StationId, ServiceId), played: Option<(&str, &str)>) {
        let start = self.clock.now();
        let spin = played.map(|(artist, title)| {
            let (artist, title) = (artist.trim().to_owned(), title.trim().to_owned());
            Spin { station, service, piece: None, artist, title, start, end: None }
        });
        let before = {
            let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
            match &spin {
                Some(spin) => live.insert(service, spin.clone()),
                None => live.remove(&service),
            }
        };
        before.into_iter().for_each(|before| self.spun(Spin { end: Some(start.max(before.start)), ..before }));
        spin.into_iter().for_each(|spin| self.spun(spin));
    }

    /// Automation plays a piece, or has played it.
    pub fn spun(&self, spin: Spin) {
        self.publish(spin.station, Event::Spun { spin });
    }

    /// A mount is fed by another input.
    pub fn input(&self, station: StationId, service: ServiceId, mount: &str, input: Input, reason: &str) {
        let (mount, reason) = (mount.to_owned(), reason.to_owned());
        self.publish(station, Event::InputChanged { service, mount, input, reason });
    }

    /// What the meters of a service show.
    pub fn meters(&self, station: StationId, service: &Service, meters: Meters) {
        let gauge =
            |name: &'static str, value: f64| metrics::gauge!(name, "service" => service.slug.to_string()).set(value);
        gauge("groundwave_momentary_lufs", meters.momentary_lufs);
        gauge("groundwave_short_term_lufs", meters.short_term_lufs);
        gauge("groundwave_integrated_lufs", meters.integrated_lufs);
        gauge("groundwave_true_peak_dbtp", meters.true_peak_dbtp);
        gauge("groundwave_phase", meters.phase);
        self.publish(station, Event::Metered { service: service.id, meters });
    }

    /// A broadcast is over: how loud it was.
    pub fn programme_measured(&self, service: &Service, broadcast: &Broadcast, reading: &Reading) {
        let Reading { integrated_lufs, range_lu, true_peak_dbtp, .. } = *reading;
        tracing::info!(
            service = service.slug.as_str(),
            title = broadcast.title,
            integrated_lufs,
            range_lu,
            true_peak_dbtp,
            "a broadcast was measured"
        );
        let (service, programme, start) = (broadcast.service, broadcast.programme, broadcast.start);
        let event = Event::BroadcastMeasured { service, programme, start, integrated_lufs, range_lu, true_peak_dbtp };
        self.publish(broadcast.station, event);
    }

    /// A rendition goes on after a pause.
    pub fn rendition_paused(&self, station: StationId, service: ServiceId, mount: &str, pause_ms: u64, reason: &str) {
        let (mount, reason) = (mount.to_owned(), reason.to_owned());
        self.publish(station, Event::RenditionPaused { service, mount, pause_ms, reason });
    }

    fn publish(&self, station: StationId, event: Event) {
        self.bus.publish(Message { station, revision: None, event });
    }
}

impl std::fmt::Debug for Herald {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Herald").finish_non_exhaustive()
    }
}
