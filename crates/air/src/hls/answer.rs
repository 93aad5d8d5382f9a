//! HLS over HTTP.

use std::sync::Arc;

use audio::{fmp4, m3u8};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde::Deserialize;
use station::Timestamp;

use super::Hls;
use super::list::Page;
use super::rendition::{Lists, Rendition};
use super::segment::config_from_init_uri;

/// A list is news for a second: whoever asks again within it gets the same from any cache on the way.
const LIST_CACHING: &str = "max-age=1";
const SEGMENT_CACHING: &str = "public, max-age=31536000, immutable";
const INIT_MEDIA_TYPE: &str = "audio/mp4";
const SEGMENT_MEDIA_TYPE: &str = "video/iso.segment";
const TEXT_MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// What is answered instead of a list or a file.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("There is no service `{0}` with HLS here.")]
    NoService(String),
    #[error("There is no such segment or list: it has left the window, or never was.")]
    NoFile,
    #[error("The stream has only just begun. Ask again in a few seconds.")]
    TooEarly,
    #[error("`{0}` is not a time. Write it as 2026-11-24T08:00:00Z.")]
    NotATime(String),
    #[error("The segment cannot be read at the moment. Ask again in a few seconds.")]
    Unreadable,
}

/// What may follow the address of a list.
#[derive(Debug, Default, Deserialize)]
struct Wish {
    window: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl Hls {
    /// Everything here that has an address.
    pub fn routes(self: &Arc<Self>) -> Router {
        let files = get(answer).options(allow);
        Router::new().route("/hls/{service}/{file}", files).with_state(Arc::clone(self))
    }
}

async fn allow() -> impl IntoResponse {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Range"),
        (header::ALLOW, "GET, HEAD, OPTIONS"),
    ];
    (StatusCode::NO_CONTENT, ANY_ORIGIN, allowed)
}

const ANY_ORIGIN: [(HeaderName, &str); 1] = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];

async fn answer(
    State(hls): State<Arc<Hls>>,
    Path((service, file)): Path<(String, String)>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let rendition = hls.find(host, &service).ok_or(Refusal::NoService(service))?;
    match file.as_str() {
        "index.m3u8" => Ok(list(wished(rendition, &wish)?, &headers)),
        "rewind.m3u8" => Ok(list(lists(rendition)?.rewind.clone(), &headers)),
        "master.m3u8" => Ok(list(lists(rendition)?.multivariant.clone(), &headers)),
        _ => match config_from_init_uri(&file) {
            Some(config) => Ok(lasting(INIT_MEDIA_TYPE, fmp4::init_segment(&config))),
            None => segment(rendition, &file).await,
        },
    }
}

fn wished(rendition: &Rendition, wish: &Wish) -> Result<Page, Refusal> {
    match wish {
        Wish { from: Some(from), to, .. } => {
            let to = to.as_deref().map(time).transpose()?;
            rendition.list_between(time(from)?, to).ok_or(Refusal::TooEarly)
        }
        Wish { window: Some(window), .. } if window == "full" => Ok(lists(rendition)?.rewind.clone()),
        _ => Ok(lists(rendition)?.live.clone()),
    }
}

fn lists(rendition: &Rendition) -> Result<Arc<Lists>, Refusal> {
    rendition.lists().ok_or(Refusal::TooEarly)
}

fn time(text: &str) -> Result<Timestamp, Refusal> {
    text.parse().map_err(|_| Refusal::NotATime(text.chars().take(40).collect()))
}

fn list(page: Page, asked: &HeaderMap) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(m3u8::MEDIA_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static(LIST_CACHING)),
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    if takes_gzip(asked) {
        (ANY_ORIGIN, headers, [(header::CONTENT_ENCODING, "gzip")], page.gzip).into_response()
    } else {
        (ANY_ORIGIN, headers, page.identity).into_response()
    }
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_ok_and(|quality| quality > 0.0)
    })
}

async fn segment(rendition: &Rendition, file: &str) -> Result<Response, Refusal> {
    let (epoch, seq) = numbers(file).ok_or(Refusal::NoFile)?;
    match rendition.segment(epoch, seq).await {
        Ok(Some(bytes)) => Ok(lasting(SEGMENT_MEDIA_TYPE, bytes)),
        Ok(None) => Err(Refusal::NoFile),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(service = rendition.slug(), seq, error, "an HLS segment could not be read");
            Err(Refusal::Unreadable)
        }
    }
}

fn numbers(file: &str) -> Option<(u64, u64)> {
    let (epoch, seq) = file.strip_suffix(".m4s")?.split_once('-')?;
    Some((epoch.parse().ok()?, seq.parse().ok()?))
}

/// A file that never changes.
fn lasting(media_type: &'static str, bytes: Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, SEGMENT_CACHING)];
    (ANY_ORIGIN, headers, bytes).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Refusal::NoService(_) | Refusal::NoFile => StatusCode::NOT_FOUND,
            Refusal::NotATime(_) => StatusCode::BAD_REQUEST,
            Refusal::TooEarly | Refusal::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
        };
        let headers = [(header::CONTENT_TYPE, TEXT_MEDIA_TYPE), (header::CACHE_CONTROL, LIST_CACHING)];
        let text = format!("{self}\n");
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return (status, ANY_ORIGIN, headers, [(header::RETRY_AFTER, "2")], text).into_response();
        }
        (status, ANY_ORIGIN, headers, text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept_encoding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accept_encoding))])
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for taking in ["gzip", "br, gzip", "deflate,GZIP;q=0.5"] {
            assert!(takes_gzip(&asked(taking)), "{taking}");
        }
        for refusing in ["", "br", "gzip;q=0", "identity", "xgzip"] {
            assert!(!takes_gzip(&asked(refusing)), "{refusing}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_segment_is_named_by_two_numbers() {
        assert_eq!(numbers("1764000000000-12.m4s"), Some((1_764_000_000_000, 12)));
        for wrong in ["12.m4s", "a-b.m4s", "1-2.mp4", "../1-2.m4s", "1-2-3.m4s"] {
            assert_eq!(numbers(wrong), None, "{wrong}");
        }
    }
}
