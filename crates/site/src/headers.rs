//! What every answer says besides its bytes: how long it may be kept, and what a browser must not do with it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What an answer is, as far as keeping it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// A page: it may be kept, but must be asked for each time, so that a correction is seen at once. For ten minutes it
    /// may be shown without asking if we cannot be reached.
    Page,
    /// A page that is outdated because the store is away: nobody else should keep it.
    OutdatedPage,
    /// A page that says that there is nothing; nobody should keep it.
    Problem,
    /// Named by its content: it never changes.
    ForEver,
    /// Changes with the station's settings.
    AnHour,
    /// Of this moment only.
    Never,
}

impl Keeping {
    fn cache_control(self) -> &'static str {
        match self {
            Keeping::Page => "public, no-cache, stale-if-error=600",
            Keeping::OutdatedPage | Keeping::Never => "no-cache",
            Keeping::Problem => "no-store",
            Keeping::ForEver => "public, max-age=31536000, immutable",
            Keeping::AnHour => "public, max-age=3600",
        }
    }
}

/// Scripts and styles are files of this host, never part of a page. Pictures and sounds of stories from the wire come
/// from their owners, by `https` only; `blob:` is how a script plays HLS.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; \
    media-src 'self' https: blob:; connect-src 'self' https:; font-src 'self'; manifest-src 'self'; \
    worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";
/// A file is looked at, never run: a drawing (SVG) may carry its own style, and nothing else.
const FILE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// What no page of ours needs.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Says how long an answer may be kept.
pub fn keep(headers: &mut HeaderMap, keeping: Keeping) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping.cache_control()));
}

/// Guards a page. `hsts` is for how many seconds a browser shall come by https only.
pub fn guard_page(headers: &mut HeaderMap, hsts: Option<u64>) {
    guard(headers, PAGE_POLICY);
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    let said = hsts.and_then(|seconds| HeaderValue::try_from(format!("max-age={seconds}")).ok());
    if let Some(said) = said {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, said);
    }
}

/// Guards a file, which others may show too.
pub fn guard_file(headers: &mut HeaderMap) {
    guard(headers, FILE_POLICY);
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}

fn guard(headers: &mut HeaderMap, policy: &'static str) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
}
