//! Answers, made of finished bytes and what is said about them.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use station::Station;

use crate::cache::{Encoding, Served};
use crate::files;
use crate::headers::{self, Keeping};
use crate::view::error::Reason;

/// When a browser may try again after a page could not be shown, in seconds.
const RETRY_SECONDS: &str = "30";

/// A page out of the cache, in the encoding that the request takes, or nothing if it has the page.
pub fn page(served: &Served, asked: &HeaderMap, hsts: Option<u64>) -> Response {
    let page = &served.page;
    let encoding = Encoding::wanted(asked);
    let mut answer = Response::new(Body::empty());
    let given = answer.headers_mut();
    headers::guard_page(given, hsts);
    given.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    given.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let is_problem = !page.status.is_success();
    headers::keep(given, keeping(served, is_problem));
    if served.is_outdated {
        given.insert("cache-status", HeaderValue::from_static("groundwave; hit; detail=outdated"));
    }
    if page.status == StatusCode::SERVICE_UNAVAILABLE {
        given.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    let known = page.known_etag(asked).filter(|_| !is_problem);
    let etag = known.map_or_else(|| page.etag(encoding), Into::into);
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        given.insert(header::ETAG, etag);
    }
    if known.is_some() {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return answer;
    }
    if let Some(name) = encoding.name() {
        given.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    let bytes = page.bytes(encoding);
    given.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    *answer.status_mut() = page.status;
    *answer.body_mut() = Body::from(bytes);
    answer
}

/// Sends a browser to where the page stands.
pub fn redirect(path: &str) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
    headers::keep(answer.headers_mut(), Keeping::AnHour);
    if let Ok(path) = HeaderValue::from_str(path) {
        answer.headers_mut().insert(header::LOCATION, path);
    }
    answer
}

/// A page that is of one moment and one reader: nobody keeps it, no search engine shows it, and no other site learns its
/// address.
pub fn unkept(html: String, hsts: Option<u64>) -> Response {
    let mut answer = Response::new(Body::from(html));
    let given = answer.headers_mut();
    headers::guard_page(given, hsts);
    headers::keep(given, Keeping::Problem);
    given.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    given.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    given.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    answer
}

/// Sends a browser to where what it asked for stands now. It asks here again each time: what moved may move back.
pub fn moved(address: &str, status: StatusCode) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    headers::keep(answer.headers_mut(), Keeping::Never);
    answer.headers_mut().extend(HeaderValue::from_str(address).ok().map(|address| (header::LOCATION, address)));
    answer
}

/// The last resort: a page for when no station is known.
pub fn plain(reason: Reason) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title><h1>{0}</h1><p>{1}</p></html>\n",
        reason.title(),
        reason.words()
    );
    let mut answer = Response::new(Body::from(html));
    *answer.status_mut() = reason.status();
    headers::guard_page(answer.headers_mut(), None);
    headers::keep(answer.headers_mut(), Keeping::Problem);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if reason == Reason::Unavailable {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    answer
}

/// What a phone needs to put the site beside its apps.
pub fn manifest(station: &Station) -> Response {
    let manifest = serde_json::json!({
        "name": station.name,
        "short_name": station.name,
        "description": station.tagline,
        "lang": station.language,
        "start_url": "/",
        "display": "minimal-ui",
        "theme_color": station.accent,
        "icons": [{ "src": "/favicon.svg", "sizes": "any", "type": "image/svg+xml" }],
    });
    files::small("application/manifest+json", manifest.to_string().into(), Keeping::AnHour)
}

/// What robots may do.
pub fn robots() -> Response {
    let words = "User-agent: *\nDisallow: /on-air\n";
    files::small("text/plain; charset=utf-8", words.into(), Keeping::AnHour)
}

fn keeping(served: &Served, is_problem: bool) -> Keeping {
    match (is_problem, served.is_outdated) {
        (true, _) => Keeping::Problem,
        (false, true) => Keeping::OutdatedPage,
        (false, false) => Keeping::Page,
    }
}
