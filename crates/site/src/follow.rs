//! What the site does when something happens: it forgets pages and tells followers, at once; what an event asks for
//! besides is a chore, done by the way, so that a store that is away never keeps the site from hearing.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bus::{Heard, Subscription};
use http::{Request, header};
use station::event::Message;
use station::{Event, StationId};
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::Site;
use crate::cache::{Forgotten, Key, Tag};
use crate::stations;

/// Something that an event asks for.
pub enum Chore {
    /// Make a page again whose bytes are gone, so that it is there should the store go away.
    Restock(Key),
    /// Look again at what a station has on.
    LookAgain(StationId),
}

/// Hears everything until the bus closes.
pub async fn hear_all(site: &Site, mut events: Subscription, chores: mpsc::Sender<Chore>) {
    loop {
        match events.next().await {
            Heard::Message(message) => hear(site, &message, &chores),
            Heard::Missed(_) => doubt(site, &chores),
            Heard::Closed => return,
        }
    }
}

/// Does chores, one after the other, until there can be no more.
pub async fn do_all(site: &Arc<Site>, mut chores: mpsc::Receiver<Chore>) {
    let router = site.routes();
    while let Some(chore) = chores.recv().await {
        match chore {
            Chore::Restock(key) => restock(site, &router, &key).await,
            Chore::LookAgain(station) => look_again(site, station).await,
        }
    }
}

fn hear(site: &Site, message: &Message, chores: &mpsc::Sender<Chore>) {
    let Message { station, event, .. } = message;
    if matches!(event, Event::StationChanged | Event::SectionChanged { .. } | Event::ServiceChanged { .. }) {
        site.stations.forget();
    }
    if let Some(forgotten) = forgotten(event) {
        let gone = site.cache.forget(*station, forgotten);
        gone.into_iter().for_each(|key| put(chores, Chore::Restock(key)));
    }
    if site.on_air.hear(*station, event) {
        put(chores, Chore::LookAgain(*station));
    }
}

/// Something was missed, and nobody knows what.
fn doubt(site: &Site, chores: &mpsc::Sender<Chore>) {
    tracing::warn!("the site missed events; every page is made anew when it is next asked for");
    site.stations.forget();
    site.cache.forget_everything();
    site.on_air.doubt().into_iter().for_each(|station| put(chores, Chore::LookAgain(station)));
}

/// A chore that finds no room is left undone: whoever asks next does it.
fn put(chores: &mpsc::Sender<Chore>, chore: Chore) {
    if chores.try_send(chore).is_err() {
        metrics::counter!("groundwave_site_chores_skipped_total").increment(1);
    }
}

async fn restock(site: &Site, router: &Router, key: &Key) {
    let edition = site.stations.remembered_edition(key.station);
    let host = edition.and_then(|edition| edition.station.host_names.into_iter().next());
    let request = Request::get(&key.address).header(header::HOST, host.unwrap_or_default()).body(Body::empty());
    if let Ok(request) = request {
        let Ok(_answer) = router.clone().oneshot(request).await;
    }
}

async fn look_again(site: &Site, station: StationId) {
    let Some(remembered) = site.stations.remembered_edition(station) else { return };
    let looked = async {
        let edition = site.stations.edition(&remembered.station).await?;
        Ok::<_, stations::Fault>(site.on_air.refresh(&edition).await?)
    };
    if let Err(fault) = looked.await {
        site.note(&fault);
    }
}

/// What an event makes outdated; `None` for what no page shows.
fn forgotten(event: &Event) -> Option<Forgotten> {
    Some(Forgotten::Tags(match event {
        Event::StoryPublished { story } | Event::StoryUpdated { story } => vec![Tag::Story(*story), Tag::Latest],
        Event::StoryWithdrawn { story } => return Some(Forgotten::TakenBack(*story)),
        Event::PersonChanged { person } => vec![Tag::Person(*person), Tag::People],
        Event::ProgrammeChanged { programme } => vec![Tag::Programme(*programme), Tag::Programmes],
        Event::EpisodePublished { episode, programme } => {
            vec![Tag::Episode(*episode), Tag::Programme(*programme), Tag::Episodes]
        }
        Event::ScheduleChanged { .. } => vec![Tag::Schedule],
        Event::OnAir { .. } => vec![Tag::OnAir],
        Event::LibraryChanged { .. } | Event::StoryMoved { .. } => return None,
        event if !event.is_kept() => return None,
        // A station's own, its sections and services stand on every page. So may what later versions tell.
        _ => vec![Tag::Station],
    }))
}
