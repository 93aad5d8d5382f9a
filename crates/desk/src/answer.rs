//! Answers: a page, a way on, a piece of JSON, a file; and why there is none.

use std::convert::Infallible;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use minijinja::value::{Serde, Value};
use serde::Serialize;

use crate::accounts;
use crate::proof::password::Busy;
use crate::routes::Kept;

/// What a page of the desk answers with.
#[derive(Debug)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    pub(crate) cookies: Vec<HeaderValue>,
    pub(crate) has_editor: bool,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// A template, and what it gets.
    Page {
        template: &'static str,
        view: Value,
    },
    /// Where to go on.
    SeeOther(String),
    Json(serde_json::Value),
    /// Server-sent events, until they end.
    Events(Body),
    File {
        media_type: &'static str,
        encoding: Option<&'static str>,
        bytes: Bytes,
    },
}

/// Why a page has no answer of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is nothing there.
    #[error("nothing stands at this address")]
    NotFound,
    /// Their roles do not allow it.
    #[error("their roles do not allow it")]
    NotAllowed,
    /// What came cannot be read.
    #[error("what came with the request cannot be read")]
    Unreadable,
    /// Too much is being done at once.
    #[error(transparent)]
    Busy(#[from] BusyDesk),
    /// As many look at once as there are places for.
    #[error("as many look at once as there are places for")]
    Crowded,
    /// The store did not do as asked.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The desk has more sign-ins at once than it has places for.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BusyDesk(Busy);

impl From<Busy> for Fault {
    fn from(busy: Busy) -> Self {
        Fault::Busy(BusyDesk(busy))
    }
}

impl From<accounts::Error> for Fault {
    fn from(error: accounts::Error) -> Self {
        match error {
            accounts::Error::Store(error) => Fault::Store(error),
            accounts::Error::NoAccount => Fault::NotFound,
            accounts::Error::NotAllowed => Fault::NotAllowed,
            _ => Fault::Unreadable,
        }
    }
}

impl Answer {
    /// A page.
    pub fn page(template: &'static str, view: &impl Serialize) -> Self {
        let view = Value::from(Serde(view));
        Self::new(StatusCode::OK, Content::Page { template, view })
    }

    /// Where to go on after something was done.
    pub fn see_other(path: impl Into<String>) -> Self {
        Self::new(StatusCode::SEE_OTHER, Content::SeeOther(path.into()))
    }

    /// A piece of JSON.
    pub fn json(value: serde_json::Value) -> Self {
        Self::new(StatusCode::OK, Content::Json(value))
    }

    /// Server-sent events, until they end.
    pub(crate) fn events(events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Self {
        Self::new(StatusCode::OK, Content::Events(Body::from_stream(events)))
    }

    pub(crate) fn file(media_type: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(StatusCode::OK, Content::File { media_type, encoding: None, bytes: Bytes::from_static(bytes) })
    }

    /// A file that was compressed when it was made.
    pub(crate) fn compressed(media_type: &'static str, encoding: &'static str, bytes: &'static [u8]) -> Self {
        let bytes = Bytes::from_static(bytes);
        Self::new(StatusCode::OK, Content::File { media_type, encoding: Some(encoding), bytes })
    }

    /// The same with another status.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same for a page with the editor of stories on it, which may take in what is pasted.
    pub(crate) fn with_editor(mut self) -> Self {
        self.has_editor = true;
        self
    }

    pub(crate) fn with_cookie(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }

    fn new(status: StatusCode, content: Content) -> Self {
        Self { status, content, cookies: Vec::new(), has_editor: false }
    }
}

/// No script but ours, no frame around us, nothing from anywhere else. Trusted Types: no string becomes markup or script
/// in the browser but under the rules that are named.
macro_rules! policy {
    ($rules:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; ",
            "media-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; ",
            "require-trusted-types-for 'script'; trusted-types ",
            $rules
        )
    };
}

/// No script may make an exception.
const POLICY: &str = policy!("'none'");
/// One rule, of the editor's: what is pasted is parsed into a document that nobody sees, and read into blocks.
pub(crate) const EDITOR_POLICY: &str = policy!("groundwave-paste");
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), \
    publickey-credentials-create=(self), publickey-credentials-get=(self)";
const YEARS: &str = "max-age=63072000; includeSubDomains";

/// The answer's head and body, as they travel.
pub(crate) fn respond(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Body>,
    kept: Kept,
    is_https: bool,
) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    guard(headers, is_https);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let keeping = match kept {
        Kept::Nowhere => "no-store",
        Kept::ForEver => "public, max-age=31536000, immutable",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
    answer
}

fn guard(headers: &mut HeaderMap, is_https: bool) {
    let mut say = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    say(header::CONTENT_SECURITY_POLICY, POLICY);
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // An address of the desk may hold a ticket, and is told to nobody else. (`no-referrer` would hide our own origin from
    // ourselves: with it, a browser sends forms as from nowhere.)
    say(header::REFERRER_POLICY, "same-origin");
    say(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    say(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    say(HeaderName::from_static("cross-origin-embedder-policy"), "require-corp");
    say(HeaderName::from_static("x-robots-tag"), "noindex");
    if is_https {
        say(header::STRICT_TRANSPORT_SECURITY, YEARS);
    }
}
