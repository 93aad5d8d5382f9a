//! The statistics, under the names that Icecast gives them.

use station::event::Input;

use super::super::status;
use super::super::{mounts, stream_of};
use crate::{Air, Mount};

/// Names and values, in the order in which they are told.
pub(crate) type Figures = Vec<(&'static str, String)>;

/// The figures of the whole server, which is known as `host`.
pub(crate) fn of_server(air: &Air, host: &str) -> Figures {
    let (counts, settings) = (air.tally().counts(), air.settings());
    let mounts = air.mounts();
    let listeners: u64 = mounts.iter().map(|mount| mount.audience().now()).sum();
    let sources: usize = mounts.iter().map(|mount| mount.snapshot().sources).sum();
    let relays = mounts.iter().filter(|mount| mount.identity().relay.is_some() && is_on(mount)).count() as u64;
    let clients = air.listeners_connected() + sources;
    vec![
        ("admin", settings.contact.clone()),
        ("client_connections", counts.requests.to_string()),
        ("clients", clients.to_string()),
        ("connections", counts.connections.to_string()),
        // Files are the site's.
        ("file_connections", "0".to_owned()),
        ("host", host.to_owned()),
        ("listener_connections", counts.listeners.to_string()),
        ("listeners", listeners.to_string()),
        ("location", settings.location.clone()),
        ("server_id", super::super::answer::SERVER.to_owned()),
        ("server_start", status::long_time(air.started_at())),
        ("server_start_iso8601", status::iso_time(air.started_at())),
        ("source_client_connections", counts.sources.to_string()),
        ("source_relay_connections", relays.to_string()),
        ("source_total_connections", (counts.sources + relays).to_string()),
        ("sources", sources.to_string()),
        ("stats", air.watchers().count().to_string()),
        ("stats_connections", counts.watchers.to_string()),
    ]
}

/// The figures of a mount that can be heard at `origin`. A value that is not known is left out.
pub(crate) fn of_mount(mount: &Mount, origin: &str) -> Figures {
    let (stream, snapshot) = (stream_of(mount), mount.snapshot());
    let source = snapshot.source.clone();
    let most = mount.terms().listeners_max;
    let (is_public, bytes_sent, bytes_received) = (stream.is_public, snapshot.bytes_sent, mount.bytes_received());
    let told = mounts::status_of(stream, snapshot, origin);
    let known = |text: String| Some(text).filter(|text| !text.is_empty());
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let figures = [
        ("audio_info", known(told.audio_info)),
        ("bitrate", number(told.bitrate)),
        ("channels", told.channels.map(|channels| channels.to_string())),
        ("genre", known(told.genre)),
        ("listener_peak", Some(told.listener_peak.to_string())),
        ("listeners", Some(told.listeners.to_string())),
        ("listenurl", Some(told.listenurl)),
        ("max_listeners", Some(most.map_or("unlimited".to_owned(), |most| most.to_string()))),
        ("public", Some(u8::from(is_public).to_string())),
        ("samplerate", number(told.samplerate)),
        ("server_description", known(told.server_description)),
        ("server_name", known(told.server_name)),
        ("server_type", Some(told.server_type)),
        ("server_url", known(told.server_url)),
        ("slow_listeners", Some(mount.audience().slow().to_string())),
        ("stream_start", told.stream_start),
        ("stream_start_iso8601", told.stream_start_iso8601),
        ("subtype", told.subtype.map(str::to_owned)),
        ("title", known(told.title)),
        ("total_bytes_read", Some(bytes_received.to_string())),
        ("total_bytes_sent", Some(bytes_sent.to_string())),
        ("user_agent", source.and_then(|source| known(source.declared.agent))),
    ];
    figures.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// True if anything feeds it: what Icecast calls a source that is there.
pub(crate) fn is_on(mount: &Mount) -> bool {
    mount.snapshot().input != Input::Nothing
}
