//! A mount, asked for in the middle of a connection: by `HEAD`, `OPTIONS`, a range, or a `GET` on a browser's open
//! connection. The stream itself goes through a general HTTP body here; the log it is read from is the same.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use station::event::Input;

use super::listen::{self, Stream};
use super::playlist::{self, Kind};
use super::status::{self, Named, Source, Status};
use super::update::Update;
use super::{Refusal, TheAir, admin, answer, metaint, mount_path, shoutcast, stream_of};
use crate::admission::{Admission, admit};
use crate::front::Local;
use crate::listener::Who;
use crate::mount::Snapshot;
use crate::ring::{From, Heard};
use crate::visit;
use crate::{Air, Mount};

mod body;

/// What Apple's player is told that a stream is long, in bytes, when it asks for two of them.
const PROBED_BYTES: &str = "bytes 0-1/1073741823";
/// How long a probe waits for the first sound.
const PROBE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
/// What may be asked of a mount, as a script on another site is told.
const METHODS: &str = "GET, OPTIONS, SOURCE, PUT, HEAD";
/// What such a script may send with it.
const ALLOWED: &str = "Origin, Icy-MetaData, Range, Authorization";
/// What the whole server can be asked. `PUT` is not named: libshout would take to it, and be slower for it.
const SERVER_METHODS: &str = "GET, HEAD, OPTIONS, SOURCE";

/// Answers a request for a mount, for a playlist that leads to one, or for the server itself (`OPTIONS *`); gives any
/// other back.
pub(crate) async fn answer_at_mount(air: &Arc<Air>, request: Request) -> Result<Response, Request> {
    let path = request.uri().path();
    if path == "*" {
        let fixed = [(header::ALLOW, SERVER_METHODS), (header::CONNECTION, "close")];
        return Ok((StatusCode::NO_CONTENT, fixed).into_response());
    }
    if shoutcast::asks_for_stats(request.uri()) {
        return Ok(shoutcast::stats(air, &request.into_parts().0));
    }
    let Some(path) = mount_path(path) else { return Err(request) };
    let (asked, body) = request.into_parts();
    let host = text(&asked.headers, header::HOST);
    if let Some(mount) = air.audible(host, &path) {
        return Ok(answer_for(air, &mount, &asked).await);
    }
    let lead = Kind::of_path(&path).and_then(|(path, kind)| Some((air.mount(host, path)?, kind)));
    match lead {
        Some((mount, kind)) => Ok(lead_to(air, &mount, kind, &asked)),
        None => Err(Request::from_parts(asked, body)),
    }
}

/// The same as a handler, for the declared mounts.
pub(super) async fn declared(State(air): TheAir, request: Request) -> Response {
    answer_at_mount(&air, request).await.unwrap_or_else(|_| StatusCode::NOT_FOUND.into_response())
}

async fn answer_for(air: &Arc<Air>, mount: &Arc<Mount>, asked: &Parts) -> Response {
    let headers = &asked.headers;
    match asked.method {
        Method::HEAD => described(&stream_of(mount), StatusCode::OK, Body::empty()),
        Method::OPTIONS => allowed(headers),
        Method::GET => match admit(air, mount, asked, peer(asked)).await {
            Err(refusal) => refusal.into_response(),
            Ok(admission) if is_probe(headers) => probed(admission.mount()).await,
            Ok(admission) => heard(air, admission, listen::wants_titles(text(headers, ICY_METADATA)), &who(asked)),
        },
        _ => not_allowed(&asked.method),
    }
}

const ICY_METADATA: HeaderName = HeaderName::from_static("icy-metadata");

fn is_probe(headers: &HeaderMap) -> bool {
    listen::is_probe(text(headers, header::RANGE), text(headers, ICY_METADATA))
}

/// Who asks, for the roster.
fn who(asked: &Parts) -> Who {
    let agent = text(&asked.headers, header::USER_AGENT).unwrap_or_default().to_owned();
    let peer = asked.extensions.get::<ConnectInfo<SocketAddr>>();
    Who { agent, address: peer.map(|ConnectInfo(peer)| peer.ip()) }
}

fn heard(air: &Arc<Air>, admission: Admission, wants_titles: bool, who: &Who) -> Response {
    air.tally().listener();
    let stream = stream_of(admission.mount());
    let metaint = metaint(air, &stream, wants_titles);
    let body = Body::from_stream(body::stream(air, admission, metaint, who));
    let mut response = described(&stream, StatusCode::OK, body);
    if let Some(bytes) = metaint {
        response.headers_mut().insert("icy-metaint", HeaderValue::from(bytes.get()));
    }
    response
}

/// Two bytes of the stream, for a player that wants to know whether it can ask for bytes.
async fn probed(mount: &Arc<Mount>) -> Response {
    let mut follower = mount.follow(From::Back(PROBE_PATIENCE));
    let first = async {
        loop {
            match follower.next().await? {
                Heard::Format(preface) if !preface.headers.is_empty() => return Some(preface.headers.slice(..2)),
                Heard::Chunk(chunk) if chunk.bytes.len() >= 2 => return Some(chunk.bytes.slice(..2)),
                _ => {}
            }
        }
    };
    let Ok(Some(bytes)) = tokio::time::timeout(PROBE_PATIENCE, first).await else {
        return Refusal::NothingOn.into_response();
    };
    let mut response = described(&stream_of(mount), StatusCode::PARTIAL_CONTENT, Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_RANGE, HeaderValue::from_static(PROBED_BYTES));
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

fn described(stream: &Stream, status: StatusCode, body: Body) -> Response {
    let fixed = [
        (header::SERVER, answer::SERVER),
        (header::CONTENT_TYPE, stream.codec.media_type()),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (header::EXPIRES, answer::EXPIRES),
        (header::PRAGMA, "no-cache"),
    ];
    let mut response = (status, fixed, body).into_response();
    for (name, value) in stream.further_headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    for (name, value) in stream.fields() {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn allowed(headers: &HeaderMap) -> Response {
    let origin = headers.get(header::ORIGIN).cloned().unwrap_or(HeaderValue::from_static("*"));
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, listen::EXPOSED),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::VARY, "Origin"),
        (header::ALLOW, METHODS),
    ];
    let mut response = (StatusCode::NO_CONTENT, fixed).into_response();
    if origin != "*" {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    response
}

fn not_allowed(method: &Method) -> Response {
    let sentence = match *method {
        Method::PUT => "A source must open a connection of its own",
        _ => "A stream can only be listened to",
    };
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, METHODS), (header::CONNECTION, "close")], sentence)
        .into_response()
}

fn lead_to(air: &Air, mount: &Mount, kind: Kind, asked: &Parts) -> Response {
    if !matches!(asked.method, Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let file = kind.write(&status_of(stream_of(mount), mount.snapshot(), &origin(air, asked)));
    let fixed = [
        (header::CONTENT_TYPE, kind.media_type()),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (fixed, file).into_response()
}

/// Answers `/status-json.xsl`: every mount of the station that something feeds, or the one that is asked for.
pub(super) async fn on_the_air(State(air): TheAir, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    let origin = origin(&air, &asked);
    let sources = sources_of(&air, &asked, &origin);
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let settings = air.settings();
    let server = Named { contact: &settings.contact, host, location: &settings.location };
    let fixed = [(header::CACHE_CONTROL, "no-cache, no-store"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (fixed, Json(Status::new(server, air.started_at(), sources))).into_response()
}

/// Answers `/status.xsl`: the same for people, with what leads a player to each mount.
pub(super) async fn on_the_air_page(State(air): TheAir, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    let origin = origin(&air, &asked);
    let body: String = sources_of(&air, &asked, &origin).iter().map(status::section).collect();
    let body = if body.is_empty() { "<p>Nothing is on the air at the moment.</p>\n".to_owned() } else { body };
    admin::html(admin::page("On the air", &body))
}

/// Every mount that can be asked for and that something feeds.
fn sources_of(air: &Air, asked: &Parts, origin: &str) -> Vec<Source> {
    let only = asked.uri.query().and_then(|query| Update::parse(query).mount);
    let mounts = air.mounts_at(text(&asked.headers, header::HOST));
    let wanted = mounts.iter().filter(|mount| only.as_deref().is_none_or(|only| only == mount.path()));
    wanted
        .filter(|mount| !mount.terms().is_hidden)
        .map(|mount| (stream_of(mount), mount.snapshot()))
        .filter(|(_, snapshot)| snapshot.input != Input::Nothing)
        .map(|(stream, snapshot)| status_of(stream, snapshot, origin))
        .collect()
}

pub(super) fn status_of(stream: Stream, snapshot: Snapshot, origin: &str) -> Source {
    Source {
        audio_info: stream.audio_info,
        bitrate: stream.bitrate_kbps,
        channels: snapshot.format.map(|format| format.channels),
        genre: or(stream.genre, "various"),
        input: status::input(&snapshot.input),
        listener_peak: snapshot.listeners_peak,
        listeners: snapshot.listeners,
        listenurl: listen_address(origin, &snapshot.path),
        samplerate: snapshot.format.map(|format| format.sample_rate_hz),
        server_description: or(stream.description, "Unspecified description"),
        server_name: or(stream.name, "Unspecified name"),
        server_type: stream.codec.media_type().to_owned(),
        server_url: stream.url,
        subtype: status::subtype(snapshot.codec),
        title: snapshot.title,
        ..Source::default()
    }
    .since(snapshot.input_since)
}

/// Words, or what Icecast says where there are none.
fn or(words: String, otherwise: &str) -> String {
    if words.is_empty() { otherwise.to_owned() } else { words }
}

pub(super) fn listen_address(origin: &str, path: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'%');
    format!("{origin}{}", utf8_percent_encode(path, PATH))
}

/// From where it was asked. The door says it with every request; a router without a door is asked from within.
pub(super) fn peer(asked: &Parts) -> IpAddr {
    let known = asked.extensions.get::<ConnectInfo<SocketAddr>>();
    known.map_or(IpAddr::from(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip())
}

impl visit::Request for Parts {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    fn protocol(&self) -> &'static str {
        match self.version {
            Version::HTTP_10 => "HTTP/1.0",
            Version::HTTP_2 => "HTTP/2.0",
            _ => "HTTP/1.1",
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The scheme and host by which whoever asks reaches this server.
pub(super) fn origin(air: &Air, asked: &Parts) -> String {
    let unknown = Local { address: SocketAddr::from(([127, 0, 0, 1], 80)), is_secure: false };
    let local = asked.extensions.get::<Local>().copied().unwrap_or(unknown);
    playlist::origin(&asked.headers, &local.address.to_string(), air.settings().is_https || local.is_secure)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
