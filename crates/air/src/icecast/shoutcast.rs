//! What Shoutcast's clients expect: titles by `/admin.cgi`, and the small pages that directories and phones read.
//!
//! Shoutcast counts its streams: `sid=1` is the first. Which mounts those are, and in which order, is set; where nothing
//! is set, they are the station's mounts in their order, and no title is taken.
//!
//! The source's side is [`crate::source::shoutcast`].

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::admin::{self, error, fresh, html, success, text};
use super::metadata::{Given, give};
use super::update::{Fields, Update};
use super::{Refusal, TheAir, escape_xml, mounts, stream_of};
use crate::source::shoutcast::{open, path_of};
use crate::{Air, Mount};

/// `/admin.cgi?mode=updinfo&pass=…&song=…`: a title from an encoder that has no other way to give one.
pub(super) async fn update(State(air): TheAir, request: Request) -> Response {
    let (parts, query) = match admin::read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if admin::is_asked_by_another_site(&parts) {
        return (StatusCode::FORBIDDEN, "A page of another site may not ask this").into_response();
    }
    let (fields, update) = (Fields::parse(&query), Update::parse(&query));
    let Some(pass) = fields.get("pass", None) else { return error("missing pass parameter") };
    if air.settings().shoutcast_mounts.is_empty() {
        return error("Source does not exist");
    }
    let sid = fields.get("sid", None).and_then(|sid| sid.parse().ok());
    let Some(opened) = open(&air, &pass, sid, mounts::peer(&parts)).await else {
        return Refusal::Unauthorised.into_response();
    };
    if update.mode.as_deref() != Some("updinfo") {
        return error("No such action");
    }
    match give(&air, None, &opened.path, opened.rank, &update) {
        Given::Taken => success("Metadata update successful"),
        Given::NoSource | Given::NoMount => error("Source does not exist"),
    }
}

/// `/currentsong?sid=1`: what is heard, and nothing else.
pub(super) async fn current_song(State(air): TheAir, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    match asked_for(&air, &asked) {
        Some(mount) => for_anybody(text(mount.snapshot().title)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `/7.html`: seven values, commas between them.
pub(super) async fn seven(State(air): TheAir, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    let Some(mount) = asked_for(&air, &asked) else { return StatusCode::NOT_FOUND.into_response() };
    let Now { listeners, peak, most, is_on, kbps, title, .. } = Now::of(&air, &mount);
    let status = u8::from(is_on);
    let seven = format!("{listeners},{status},{peak},{most},{listeners},{kbps},{}", escape_xml(&title));
    for_anybody(html(format!(
        "<HTML><meta http-equiv=\"Pragma\" content=\"no-cache\"></head><body>{seven}</body></html>"
    )))
}

/// True for `/stats?sid=1`. Without a number it may be a section of the site that is called so.
pub(super) fn asks_for_stats(uri: &Uri) -> bool {
    uri.path() == "/stats" && uri.query().is_some_and(|query| Fields::parse(query).get("sid", None).is_some())
}

/// `/stats?sid=1`: the same and more, as XML, or with `json=1` as JSON.
pub(super) fn stats(air: &Arc<Air>, asked: &Parts) -> Response {
    let Some(mount) = asked_for(air, asked) else { return StatusCode::NOT_FOUND.into_response() };
    let now = Now::of(air, &mount);
    let wants_json =
        asked.uri.query().is_some_and(|query| Fields::parse(query).get("json", None).as_deref() == Some("1"));
    if wants_json {
        for_anybody(Json(now.json()).into_response())
    } else {
        for_anybody(fresh("text/xml; charset=utf-8", now.xml()))
    }
}

/// How a mount does, as Shoutcast tells it.
struct Now {
    listeners: u64,
    peak: u64,
    most: usize,
    is_on: bool,
    kbps: u32,
    title: String,
    name: String,
    genre: String,
    url: String,
    path: String,
    media_type: &'static str,
    up_seconds: i64,
}

impl Now {
    fn of(air: &Air, mount: &Mount) -> Self {
        let (stream, snapshot) = (stream_of(mount), mount.snapshot());
        Self {
            listeners: snapshot.listeners,
            peak: snapshot.listeners_peak,
            most: air.settings().listeners_max,
            is_on: snapshot.input != station::event::Input::Nothing,
            kbps: stream.bitrate_kbps.unwrap_or(0),
            title: snapshot.title,
            name: stream.name,
            genre: stream.genre,
            url: stream.url,
            path: snapshot.path,
            media_type: stream.codec.media_type(),
            up_seconds: air.clock().now().duration_since(snapshot.input_since).as_secs().max(0),
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "currentlisteners": self.listeners,
            "peaklisteners": self.peak,
            "maxlisteners": self.most,
            "uniquelisteners": self.listeners,
            "averagetime": 0,
            "servergenre": self.genre,
            "serverurl": self.url,
            "servertitle": self.name,
            "songtitle": self.title,
            "streamstatus": u8::from(self.is_on),
            "backupstatus": 0,
            "streampath": self.path,
            "streamuptime": self.up_seconds,
            "bitrate": self.kbps.to_string(),
            "content": self.media_type,
            "version": super::answer::SERVER,
        })
    }

    fn xml(&self) -> String {
        let values = self.json();
        let elements = values.as_object().into_iter().flatten().map(|(name, value)| {
            let name = name.to_ascii_uppercase();
            let text = value.as_str().map_or_else(|| value.to_string(), escape_xml);
            format!("<{name}>{text}</{name}>")
        });
        let elements: String = elements.collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\" ?><SHOUTCASTSERVER>{elements}</SHOUTCASTSERVER>"
        )
    }
}

/// The mount that a page is about.
fn asked_for(air: &Arc<Air>, asked: &Parts) -> Option<Arc<Mount>> {
    let sid = asked.uri.query().and_then(|query| Fields::parse(query).get("sid", None)?.parse().ok());
    let host = admin::host(asked);
    if !air.settings().shoutcast_mounts.is_empty() {
        return air.mount(host, &path_of(air, sid)?);
    }
    let index: usize = sid.unwrap_or(1_usize).checked_sub(1)?;
    air.mounts_at(host).into_iter().filter(|mount| !mount.terms().is_hidden).nth(index)
}

/// Lets a script on another site read it.
fn for_anybody(mut response: Response) -> Response {
    let anybody = header::HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    response
}
