//! `/admin/metadata`: a title for what a source sends.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::mounts::peer;
use super::update::{self, Update};
use super::{TheAir, escape_xml};
use crate::source::{Claim, Credentials};
use crate::switch::Rank;

/// Answers `GET` and `POST` alike; a form counts as a query. Whoever may send may give a title, from any machine: the
/// system that knows what is played seldom is the encoder.
pub(super) async fn update(State(air): TheAir, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut query = parts.uri.query().unwrap_or_default().to_owned();
    if parts.method == Method::POST {
        let Ok(form) = axum::body::to_bytes(body, update::BYTES_MAX).await else {
            return (StatusCode::PAYLOAD_TOO_LARGE, "This form is too long").into_response();
        };
        query = format!("{query}&{}", String::from_utf8_lossy(&form));
    }
    let update = Update::parse(&query);
    let shown = shown(&parts.headers);
    let claim = Claim {
        path: update.mount.as_deref().unwrap_or_default(),
        shown: shown.as_ref(),
        input: update.input.as_deref(),
        peer: peer(&parts),
        is_admin: true,
    };
    let rank = match air.authorise(&claim).await {
        Ok(rank) => rank,
        Err(refusal) => return refusal.into_response(),
    };
    let (Some(mode), Some(path)) = (&update.mode, &update.mount) else { return error("Missing parameter") };
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if mode != "updinfo" {
        return said("No such action", false);
    }
    let (title, url) = (update.title.as_deref(), update.url.as_deref());
    let retitled = air.mount(host, path).map(|mount| match rank {
        Rank::Backup => mount.retitle_rank(rank, title, url),
        _ => mount.retitle(title, url),
    });
    match retitled {
        Some(Ok(())) => said(DONE, true),
        Some(Err(why)) => {
            tracing::info!(mount = path, %why, "a title was refused");
            said("Mountpoint will not accept this title: no source is connected to it", false)
        }
        None if air.expected().keep_title(path, title.unwrap_or_default(), url.unwrap_or_default()) => said(DONE, true),
        None => error("Source does not exist"),
    }
}

const DONE: &str = "Metadata update successful";

fn shown(headers: &HeaderMap) -> Option<Credentials> {
    Credentials::from_basic(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// The form that encoders read. Icecast says 1 (done) even when it refused; we do not.
fn said(message: &str, is_done: bool) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<iceresponse><message>{}</message><return>{}</return></iceresponse>\n",
        escape_xml(message),
        u8::from(is_done)
    );
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8"), (header::CACHE_CONTROL, "no-cache, no-store")], xml)
        .into_response()
}

fn error(message: &str) -> Response {
    let page = format!("<html><head><title>Error 400</title></head><body><b>400 - {message}</b></body></html>\r\n");
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}
