//! Where a request comes from: from which site, from which network, on which device.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;
use http::{HeaderMap, header};

/// Who may send a request, seen from the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossSite {
    /// Only pages of this very desk.
    Refused,
    /// Also a link on another site or in a letter, if it opens a page.
    LinksOnly,
    /// Anybody: it gives nothing away and changes nothing.
    Allowed,
}

/// The request was sent by a page of another site, or it cannot be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign;

/// Holds a request against the rule of its line.
///
/// Browsers say where a request comes from in `Sec-Fetch-Site`, which no page can forge. What does not say so (an old
/// browser, a program) must at least name our origin in `Origin`, or only read. This is what OWASP asks for in place of
/// a token in every form.
pub(crate) fn check(rule: CrossSite, headers: &HeaderMap, ours: &str, is_safe: bool) -> Result<(), Foreign> {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let origin = said("origin");
    let is_ours = origin == Some(ours);
    let is_link = is_safe && said("sec-fetch-mode") == Some("navigate") && said("sec-fetch-dest") == Some("document");
    let is_allowed = match (rule, said("sec-fetch-site")) {
        (CrossSite::Allowed, _) => true,
        (_, Some("same-origin")) => origin.is_none() || is_ours,
        // Typed, or from a bookmark.
        (_, Some("none")) => is_safe,
        (CrossSite::LinksOnly, Some(_)) => is_link,
        (CrossSite::Refused, Some(_)) => false,
        (_, None) => is_ours || is_safe && origin.is_none(),
    };
    if is_allowed { Ok(()) } else { Err(Foreign) }
}

/// True if another site's link was followed: then the browser kept our `SameSite=Strict` cookies to itself.
pub(crate) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    matches!(site, Some("cross-site" | "same-site"))
}

/// The network that a request comes from: the first three bytes of an IPv4 address, the first six of an IPv6 address. It
/// is hashed where it is kept, and never leaves memory.
pub(crate) fn network(parts: &Parts, proxies: &[IpAddr]) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let behind = peer.filter(|peer| proxies.contains(peer)).and_then(|_| told_by_proxy(&parts.headers));
    match behind.or(peer) {
        Some(IpAddr::V4(address)) => format!("{:?}", &address.octets()[..3]),
        Some(IpAddr::V6(address)) => format!("{:?}", &address.octets()[..6]),
        None => String::new(),
    }
}

/// The last address of `X-Forwarded-For`: the one that the proxy itself saw.
fn told_by_proxy(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    Some(last.rsplit(',').next()?.trim().parse::<IpAddr>().ok()?.to_canonical())
}

/// The device in words: "Firefox on Linux". It is for its owner to know it again by, and proves nothing.
pub(crate) fn device(headers: &HeaderMap) -> String {
    const BROWSERS: [(&str, &str); 7] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "a Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let find =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "an unknown device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "https://desk.radio.example";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_change_anything() {
        let may = |pairs: &[(&'static str, &str)]| check(CrossSite::Refused, &headers(pairs), OURS, false).is_ok();
        assert!(may(&[("sec-fetch-site", "same-origin"), ("origin", OURS)]));
        assert!(may(&[("sec-fetch-site", "same-origin")]));
        assert!(may(&[("origin", OURS)]), "a browser that is too old to say more");
        for refused in [
            &[("sec-fetch-site", "cross-site"), ("origin", OURS)][..],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://radio.example")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("origin", "https://desk.radio.example.evil.example")],
            &[("origin", "null")],
            &[],
        ] {
            assert!(!may(refused), "{refused:?}");
        }
    }

    #[test]
    fn a_link_opens_a_page_and_nothing_else_reads_one() {
        let may = |pairs: &[(&'static str, &str)]| check(CrossSite::LinksOnly, &headers(pairs), OURS, true).is_ok();
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert!(may(&link));
        assert!(may(&[("sec-fetch-site", "none")]));
        assert!(may(&[]), "curl");
        assert!(!may(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]));
        assert!(!may(&[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe")
        ]));
        assert!(!may(&[("origin", "https://evil.example")]));
        assert!(check(CrossSite::Refused, &headers(&link), OURS, true).is_err());
    }

    fn request(peer: &str, forwarded: &[&str]) -> Parts {
        let mut request = http::Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        parts
    }

    #[test]
    fn a_network_is_what_the_nearest_trusted_proxy_saw() {
        let proxies = ["127.0.0.1".parse().unwrap()];
        let of = |peer, forwarded: &[&str]| network(&request(peer, forwarded), &proxies);
        assert_eq!(of("192.0.2.7", &[]), of("192.0.2.99", &[]));
        assert_ne!(of("192.0.2.7", &[]), of("192.0.3.7", &[]));
        assert_eq!(of("2001:db8:1:2::3", &[]), of("2001:db8:1:ffff::4", &[]));
        assert_eq!(of("::ffff:192.0.2.7", &[]), of("192.0.2.7", &[]));
        assert_eq!(of("192.0.2.7", &["198.51.100.1"]), of("192.0.2.7", &[]), "a stranger's word counts for nothing");
        assert_eq!(of("127.0.0.1", &["10.0.0.1, 198.51.100.1"]), of("198.51.100.9", &[]));
        assert_eq!(of("127.0.0.1", &["10.0.0.1", "198.51.100.1"]), of("198.51.100.9", &[]));
        assert_eq!(of("127.0.0.1", &["rubbish"]), of("127.0.0.1", &[]));
    }

    #[test]
    fn a_device_is_told_in_words() {
        let of = |agent: &str| device(&headers(&[("user-agent", agent)]));
        assert_eq!(of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox on Linux");
        assert_eq!(
            of("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"),
            "Edge on Windows"
        );
        assert_eq!(
            of("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"),
            "Safari on iPhone"
        );
        assert_eq!(of("Mozilla/5.0 (Linux; Android 15; Pixel) Chrome/140.0 Mobile Safari/537.36"), "Chrome on Android");
        assert_eq!(of("curl/8"), "an unknown device");
    }
}
