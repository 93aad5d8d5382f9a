//! Readers who come without TLS, sent on to where it is spoken.
//!
//! Only pages are sent on. Streams, playlists and what programs ask for stay where they are: a radio of twenty years can
//! neither follow a redirection to TLS nor speak it.

use air::front::Local;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header, uri::Authority};

/// Pages whose readers are sent on to https at this port.
pub fn only(pages: Router, port: u16) -> Router {
    pages.layer(from_fn(move |request: Request, next: Next| async move {
        match elsewhere(&request, port) {
            Some(address) => sent_on(request.method(), &address),
            None => next.run(request).await,
        }
    }))
}

/// The same page behind TLS; `None` if it was asked for behind TLS, here or at a proxy, or if nobody knows by which name.
fn elsewhere(request: &Request, port: u16) -> Option<String> {
    let is_secure = request.extensions().get::<Local>().is_none_or(|local| local.is_secure);
    if is_secure || is_behind_a_proxy_with_tls(request.headers()) {
        return None;
    }
    let host = request.headers().get(header::HOST)?.to_str().ok()?.parse::<Authority>().ok()?;
    Some(address(host.host(), port, request.uri()))
}

fn is_behind_a_proxy_with_tls(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}

fn address(host: &str, port: u16, uri: &Uri) -> String {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    match port {
        443 => format!("https://{host}{target}"),
        port => format!("https://{host}:{port}{target}"),
    }
}

fn sent_on(method: &Method, address: &str) -> Response {
    // What is no question must be asked again as it is, with its body.
    let status = match *method {
        Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
        _ => StatusCode::PERMANENT_REDIRECT,
    };
    let kept = [(header::LOCATION, address), (header::CACHE_CONTROL, "max-age=3600")];
    (status, kept, format!("This page is at {address}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::body::Body;

    use super::*;

    fn asked(host: Option<&str>, is_secure: bool, forwarded: Option<&str>) -> Option<String> {
        let mut request = Request::builder().uri("/story/1?x=%20");
        for (name, value) in [("host", host), ("x-forwarded-proto", forwarded)] {
            request = value.into_iter().fold(request, |request, value| request.header(name, value));
        }
        let mut request = request.body(Body::empty()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        request.extensions_mut().insert(Local { address, is_secure });
        elsewhere(&request, 8443)
    }

    #[test]
    fn a_page_is_found_under_the_same_address_behind_tls() {
        let expected = Some("https://radio.test:8443/story/1?x=%20".to_owned());
        assert_eq!(asked(Some("radio.test:8000"), false, None), expected);
        assert_eq!(asked(Some("radio.test"), false, Some("http")), expected);
        assert_eq!(address("[::1]", 443, &"/a".parse().unwrap()), "https://[::1]/a");
    }

    #[test]
    fn nobody_is_sent_round_in_circles_or_to_nowhere() {
        assert_eq!(asked(Some("radio.test"), true, None), None);
        assert_eq!(asked(Some("radio.test"), false, Some("HTTPS")), None);
        assert_eq!(asked(None, false, None), None);
        assert_eq!(asked(Some("a b"), false, None), None);
    }
}
