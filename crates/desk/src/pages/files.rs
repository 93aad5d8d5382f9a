//! Plain files: scripts and styles, the icon, what robots may do.

use std::sync::Arc;

use http::header;

use crate::answer::{Answer, Fault};
use crate::visit::Visit;

/// A desk with a lamp: drawn for the tab of a browser.
const ICON: &str = concat!(
    r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#1b1a18"/>"##,
    r##"<g fill="none" stroke="#fbfaf7" stroke-width="5" stroke-linecap="round"><path d="M12 46h40M20 46v8M44 46v8"/>"##,
    r##"<path d="M30 46V26l12-8"/></g><path d="M37 11l14 9-6 7-13-9z" fill="#84bde6"/></svg>"##
);

pub(crate) async fn asset(visit: Arc<Visit>) -> super::Result {
    let asset = web::asset(visit.word(0)).ok_or(Fault::NotFound)?;
    let taken = visit.headers.get(header::ACCEPT_ENCODING).and_then(|taken| taken.to_str().ok()).unwrap_or_default();
    // A browser that will not have an encoding leaves it out; only programs write `br;q=0`.
    let takes = |name: &str| taken.split(',').any(|one| one.trim().eq_ignore_ascii_case(name));
    Ok(match () {
        () if takes("br") => Answer::compressed(asset.media_type, "br", asset.brotli),
        () if takes("gzip") => Answer::compressed(asset.media_type, "gzip", asset.gzip),
        () => Answer::file(asset.media_type, asset.identity),
    })
}

pub(crate) async fn icon(_: Arc<Visit>) -> super::Result {
    Ok(Answer::file("image/svg+xml", ICON.as_bytes()))
}

pub(crate) async fn robots(_: Arc<Visit>) -> super::Result {
    Ok(Answer::file("text/plain; charset=utf-8", b"User-agent: *\nDisallow: /\n"))
}
