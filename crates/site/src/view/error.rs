//! A page that says why there is nothing to read here, and what to do next.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use super::frame::Head;
use super::{Edition, Frame, sample};

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// The HTTP status.
    pub status: u16,
    /// Why: for a theme that has words of its own.
    pub reason: Reason,
    /// A few words.
    pub title: &'static str,
    /// A sentence or two: what happened, and what to do next.
    pub words: Cow<'static, str>,
}

/// Why there is nothing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Nothing stands at this address.
    NotFound,
    /// The story was taken back by its owner.
    Withdrawn,
    /// The story was taken down by the station.
    Killed,
    /// The story is being worked on.
    Unpublished,
    /// The story was taken back, and why cannot be asked for at the moment.
    TakenBack,
    /// The page can be read, not written to.
    MethodNotAllowed,
    /// The request brought something that nobody asked for.
    TooLarge,
    /// What the page is made from cannot be reached for the moment.
    Unavailable,
    /// Something went wrong here.
    Failed,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 9] = [
        Reason::NotFound,
        Reason::Withdrawn,
        Reason::Killed,
        Reason::Unpublished,
        Reason::TakenBack,
        Reason::MethodNotAllowed,
        Reason::TooLarge,
        Reason::Unavailable,
        Reason::Failed,
    ];

    /// Its HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Reason::NotFound => StatusCode::NOT_FOUND,
            Reason::Withdrawn | Reason::Killed | Reason::Unpublished | Reason::TakenBack => StatusCode::GONE,
            Reason::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Reason::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Reason::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A few words: the headline of the page.
    pub fn title(self) -> &'static str {
        match self {
            Reason::NotFound => "Nothing stands here",
            Reason::Withdrawn => "This story was withdrawn",
            Reason::Killed => "This story was taken down",
            Reason::Unpublished => "This story is not published any more",
            Reason::TakenBack => "This story was taken back",
            Reason::MethodNotAllowed => "This page can only be read",
            Reason::TooLarge => "That was more than this page takes",
            Reason::Unavailable => "This page cannot be shown for the moment",
            Reason::Failed => "Something went wrong here",
        }
    }

    /// What happened, and what to do next.
    pub fn words(self) -> &'static str {
        match self {
            Reason::NotFound => {
                "The address may be mistyped, or the page may have moved. The front page has the latest stories."
            }
            Reason::Withdrawn => "The organisation that wrote it took it back, so we no longer show it.",
            Reason::Killed => "We took it down, and it will not come back.",
            Reason::Unpublished => "We took it off the site. It may come back when it has been worked on.",
            Reason::TakenBack => "It was taken off the site, so we no longer show it.",
            Reason::MethodNotAllowed => "Open the address in a browser to read it.",
            Reason::TooLarge => "Open the address in a browser to read it.",
            Reason::Unavailable => "The live streams still play. Please try again in a minute.",
            Reason::Failed => "It has been noted. Please try again in a minute.",
        }
    }
}

impl Page {
    /// The page for a reason.
    pub fn new(edition: &Edition, reason: Reason) -> Self {
        let head = Head { title: reason.title(), description: reason.words(), is_noindex: true, ..Head::default() };
        Self {
            frame: Frame::new(edition, &head),
            status: reason.status().as_u16(),
            reason,
            title: reason.title(),
            words: Cow::Borrowed(reason.words()),
        }
    }

    /// The same with the station's own words in the place of a story that was unpublished: something stands there.
    pub fn with_notice(self, words: String) -> Self {
        Self {
            status: StatusCode::OK.as_u16(),
            title: "This story is not here at the moment",
            words: words.into(),
            ..self
        }
    }

    /// The HTTP status.
    pub fn http_status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        Self::new(&sample::edition(), Reason::NotFound)
    }
}
