//! What Icecast's clients expect around the streams: heads, titles, status, playlists.
//!
//! Encoders, radios, widgets and directories of twenty years know these addresses and forms; Groundwave keeps them, so
//! that it can take an Icecast's place with no change anywhere else. Where Icecast 2.4 is wrong and icecast-kh is
//! right, this does as icecast-kh does.
//!
//! A mount is heard in one of two ways: the first request of a connection goes to the fan-out with [`hear`]; any other
//! is answered by [`answer_at_mount`] through a general HTTP body, from the same log.

mod admin;
pub(crate) mod answer;
pub mod charset;
pub mod listen;
mod metadata;
mod mounts;
pub mod playlist;
pub(crate) mod shoutcast;
pub mod status;
pub mod update;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hyper::ext::ReasonPhrase;
use percent_encoding::percent_decode_str;

pub(crate) use admin::watch::{Watchers, watch};
pub(crate) use answer::Refusal;
pub(crate) use mounts::answer_at_mount;

use crate::front::Socket;
use crate::head::Head;
use crate::listener::{NewListener, Who};
use crate::{Air, Mount, admission};
use listen::Stream;

/// The longest path that a mount can have, in bytes.
const PATH_BYTES_MAX: usize = 255;

impl Air {
    /// Everything of the air's that is asked for through general HTTP.
    pub fn routes(self: &Arc<Self>) -> Router {
        routes(self).merge(self.hls().routes())
    }
}

/// Everything here that has an address: the declared mounts with their playlists, the status, and the titles.
fn routes(air: &Arc<Air>) -> Router {
    let mut router = Router::new()
        .route("/status-json.xsl", get(mounts::on_the_air))
        .route("/status.xsl", get(mounts::on_the_air_page))
        .route("/admin", any(admin::answer))
        .route("/admin/", any(admin::answer))
        .route("/admin/{*command}", any(admin::answer))
        .route("/admin.cgi", any(shoutcast::update))
        .route("/7.html", get(shoutcast::seven))
        .route("/currentsong", get(shoutcast::current_song));
    for path in declared_paths(air) {
        router = router.route(&path, any(mounts::declared));
    }
    router.with_state(Arc::clone(air))
}

/// The paths of the declared mounts and of what leads to them, each once.
fn declared_paths(air: &Air) -> Vec<String> {
    let mounts = air.settings().services.iter().flat_map(|service| &service.mounts);
    // A brace would be a pattern to the router; such a mount is still found by the front.
    let mut paths: Vec<String> = mounts
        .map(|mount| mount.path.as_str())
        .filter(|path| path.starts_with('/') && !path.contains(['{', '}', '*']))
        .flat_map(|path| {
            let playlists = playlist::Kind::ALL.into_iter().map(move |kind| format!("{path}{}", kind.suffix()));
            std::iter::once(path.to_owned()).chain(playlists)
        })
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// The path of a mount, decoded; `None` if it cannot be one.
pub(crate) fn mount_path(encoded: &str) -> Option<String> {
    let path = percent_decode_str(encoded).decode_utf8().ok()?;
    let is_one = path.starts_with('/') && path.len() <= PATH_BYTES_MAX && !path.contains(char::is_control);
    is_one.then(|| path.into_owned())
}

/// Gives a connection to the fan-out, with the head of its answer. A listener who cannot be taken is told why.
pub(crate) async fn hear(
    air: &Air,
    socket: Socket,
    peer: SocketAddr,
    request: &Head,
    mount: &Arc<Mount>,
) -> std::io::Result<()> {
    let admission = match admission::admit(air, mount, request, peer.ip()).await {
        Ok(admission) => admission,
        Err(refusal) => {
            let answer = refusal.bytes(air.clock().now());
            air.office().short_visit(request, peer.ip(), refusal.status(), answer.len());
            crate::front::dismiss(socket, &answer).await;
            return Ok(());
        }
    };
    let mount = Arc::clone(admission.mount());
    let stream = stream_of(&mount);
    let metaint = metaint(air, &stream, listen::wants_titles(request.field("icy-metadata")));
    let head = stream.head(metaint, air.clock().now()).into();
    air.tally().listener();
    let who = Who { agent: request.field("user-agent").unwrap_or_default().to_owned(), address: Some(peer.ip()) };
    let (stream, session) = socket.take_apart()?;
    let listener = NewListener { stream, session, head, metaint, who, admission };
    mount.listen(listener).map_err(std::io::Error::other)
}

fn metaint(air: &Air, stream: &Stream, wants_titles: bool) -> Option<NonZeroU32> {
    NonZeroU32::new(air.settings().icy_metaint_bytes).filter(|_| wants_titles && stream.has_titles())
}

/// How a mount is described to listeners: in its source's words where it has some, in the service's otherwise.
pub(crate) fn stream_of(mount: &Mount) -> Stream {
    let snapshot = mount.snapshot();
    let declared = snapshot.source.map(|source| source.declared).unwrap_or_default();
    let (name, teaser) = snapshot.service.map(|service| (service.name, service.teaser)).unwrap_or_default();
    let or = |first: String, second: String| if first.is_empty() { second } else { first };
    let (terms, settings) = (mount.terms(), mount.settings());
    let words = terms.words.clone();
    let nominal_kbps = Some(snapshot.bitrate_kbps).filter(|&kbps| kbps > 0);
    Stream {
        codec: snapshot.codec,
        name: or(words.name, or(declared.name, name)),
        description: or(words.description, or(declared.description, teaser)),
        genre: or(words.genre, declared.genre),
        url: or(words.url, declared.url),
        is_public: terms.is_public.or(declared.is_public).unwrap_or(true),
        bitrate_kbps: declared.bitrate_kbps.or(nominal_kbps),
        audio_info: declared.audio_info,
        headers: [settings.headers.as_slice(), &terms.headers].concat(),
    }
}

pub(crate) fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no way to write most of them.
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A refusal, where the answer is not made of raw bytes.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CACHE_CONTROL, "no-cache, no-store")], self.text()).into_response();
        // Programs compare the words, too.
        response.extensions_mut().insert(ReasonPhrase::from_static(self.reason_phrase().as_bytes()));
        for (name, value) in self.fields() {
            if let Ok(name) = header::HeaderName::try_from(name) {
                response.headers_mut().insert(name, header::HeaderValue::from_static(value));
            }
        }
        response
    }
}

/// The air, as handlers get it.
type TheAir = State<Arc<Air>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_s_path_is_decoded_and_sane() {
        assert_eq!(mount_path("/ez%2emp3").as_deref(), Some("/ez.mp3"));
        assert_eq!(mount_path("/r%C3%B6ck").as_deref(), Some("/röck"));
        for wrong in ["*", "live.mp3", "/a%00", "/a%0D%0Ab", "/%ff", &format!("/{}", "a".repeat(255))] {
            assert_eq!(mount_path(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn xml_holds_any_words() {
        assert_eq!(escape_xml("<R&B> \"x\"\u{0}"), "&lt;R&amp;B&gt; &quot;x&quot; ");
    }
}
