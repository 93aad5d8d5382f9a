//! Why there is no page, and what to do next.

use http::StatusCode;
use serde::Serialize;

use crate::answer::Answer;
use crate::view::Frame;
use crate::visit::Visit;

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    NotFound,
    NotAllowed,
    Unreadable,
    SignedOut,
    Stale,
    Foreign,
    TooLarge,
    MethodNotAllowed,
    Busy,
    Unavailable,
    Failed,
    NoDesk,
    InTheOpen,
}

#[derive(Serialize)]
struct View {
    frame: Frame,
    words: &'static str,
    way: Way,
}

#[derive(Serialize)]
struct Way {
    href: &'static str,
    title: &'static str,
}

impl Reason {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Reason::NotFound => StatusCode::NOT_FOUND,
            Reason::NotAllowed | Reason::Foreign | Reason::Stale => StatusCode::FORBIDDEN,
            Reason::Unreadable => StatusCode::BAD_REQUEST,
            Reason::SignedOut => StatusCode::UNAUTHORIZED,
            Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Reason::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Reason::Busy | Reason::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Reason::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Reason::NoDesk | Reason::InTheOpen => StatusCode::MISDIRECTED_REQUEST,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Reason::NotFound => "Nothing stands here",
            Reason::NotAllowed => "Your roles do not cover this",
            Reason::Unreadable => "That could not be read",
            Reason::SignedOut => "You are signed out",
            Reason::Stale => "Please sign in once more",
            Reason::Foreign => "That came from another site",
            Reason::TooLarge => "That was too much at once",
            Reason::MethodNotAllowed => "That cannot be done here",
            Reason::Busy => "Many people are signing in",
            Reason::Unavailable => "The desk cannot reach its files",
            Reason::Failed => "Something went wrong here",
            Reason::NoDesk => "There is no desk at this address",
            Reason::InTheOpen => "There is no desk here yet",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Reason::NotFound => "The address may be mistyped, or what stood here is gone.",
            Reason::NotAllowed => "Ask an owner of the station if you need to do this.",
            Reason::Unreadable => "Go back, reload the page, and try once more.",
            Reason::SignedOut => "Nothing was changed. Sign in, and do it again.",
            Reason::Stale => {
                "This changes how you sign in, so it is asked of those only who signed in within the last half hour. Nothing was changed."
            }
            Reason::Foreign => "The desk takes only what its own pages send. Nothing was changed.",
            Reason::TooLarge => "Nothing was changed. Go back, and send less.",
            Reason::MethodNotAllowed => "Nothing was changed.",
            Reason::Busy => "Please try again in a few seconds.",
            Reason::Unavailable => "The station is on the air all the same. Please try again in a minute.",
            Reason::Failed => "It has been noted. Please try again in a minute.",
            Reason::NoDesk => "Whoever runs the station can say where it is.",
            Reason::InTheOpen => {
                "Passwords would travel in the open. Whoever runs the station can put https in front of it."
            }
        }
    }

    fn way(self) -> Way {
        match self {
            Reason::SignedOut => Way { href: "/sign-in", title: "Sign in" },
            Reason::Stale => Way { href: "/sign-in?again=yes&then=%2Faccount", title: "Sign in" },
            _ => Way { href: "/", title: "Go to the desk" },
        }
    }
}

pub(crate) fn page(visit: &Visit, reason: Reason) -> Answer {
    if visit.wants_json() {
        let error = format!("{}. {}", reason.title(), reason.words());
        return Answer::json(serde_json::json!({ "error": error })).with_status(reason.status());
    }
    let frame = Frame::new(visit, reason.title());
    let view = View { frame, words: reason.words(), way: reason.way() };
    Answer::page("problem.html", &view).with_status(reason.status())
}

/// A page that opens the same address once more, this time from here.
pub(crate) fn once_more(visit: &Visit) -> Answer {
    #[derive(Serialize)]
    struct Opening<'a> {
        frame: Frame,
        address: &'a str,
    }
    Answer::page(
        "opening.html",
        &Opening { frame: Frame::new(visit, "Opening the desk"), address: &visit.path_and_query },
    )
}

/// The last resort, without a template.
pub(crate) fn plain(reason: Reason) -> String {
    let (title, words) = (reason.title(), reason.words());
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{words}</p></html>\n"
    )
}
