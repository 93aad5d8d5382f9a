//! The forms in which an administrator's program is answered.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::answer;
use super::document::Element;

/// What form an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// XML, for programs.
    Xml,
    /// A page, for people: what Icecast makes of the XML with a style sheet, at the same address with `.xsl`.
    Page,
}

/// A tree, in either form. The heading is for the page.
pub(crate) fn told(form: Form, heading: &str, tree: &Element) -> Response {
    match form {
        Form::Xml => fresh("text/xml; charset=utf-8", tree.xml()),
        Form::Page => html(tree.page(heading)),
    }
}

/// What became of an act, in one sentence. Icecast says 1 (done) even where it did nothing; here 0 says that.
pub(crate) fn done(form: Form, message: &str, is_done: bool) -> Response {
    let parts = vec![Element::value("message", message), Element::value("return", u8::from(is_done))];
    told(form, message, &Element::parts("iceresponse", parts))
}

/// The page that Shoutcast's and some of Icecast's own acts are answered with.
pub(crate) fn success(message: &str) -> Response {
    html(format!(
        "<html><head><title>Admin request successful</title></head><body><p>{}</p></body></html>",
        super::super::escape_xml(message)
    ))
}

/// What was asked makes no sense.
pub(crate) fn error(message: &str) -> Response {
    let message = super::super::escape_xml(message);
    let page = format!("<html><head><title>Error 400</title></head><body><b>400 - {message}</b></body></html>\r\n");
    let mut response = html(page);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// Plain text.
pub(crate) fn text(text: String) -> Response {
    fresh("text/plain; charset=utf-8", text)
}

/// A page.
pub(crate) fn html(page: String) -> Response {
    fresh("text/html; charset=utf-8", page)
}

/// An answer that nobody may keep.
pub(crate) fn fresh(media_type: &'static str, body: String) -> Response {
    let fixed = [
        (header::SERVER, answer::SERVER),
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (header::EXPIRES, answer::EXPIRES),
        (header::PRAGMA, "no-cache"),
    ];
    let mut response = (fixed, body).into_response();
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
