//! `/admin/`: what an administrator, and the programs that administrators have written in twenty years, ask of Icecast.
//!
//! The order in which a request is looked at is Icecast's, for programs depend on it: first whether the command is
//! known, then who asks, then whether the mount is there. An administrator may do everything; a source may do what
//! concerns its own mount, unless `sources_administer` forbids it; whoever relays may have the list of mounts. Without an
//! administrator's password nobody is one.
//!
//! Each command has a twin with `.xsl` behind its name: the same as a page for people. A page of another site may not
//! give commands through the browser of somebody who has signed in here.
//!
//! Start at [`answer`].

mod acts;
mod document;
mod reply;
mod stats;
pub(crate) mod watch;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

pub(super) use document::page;
pub(super) use reply::{Form, done, error, fresh, html, success, text};

use super::update::{self, Fields};
use super::{Refusal, TheAir, metadata, mounts, shoutcast};
use crate::source::{Claim, Credentials};
use crate::{Air, Mount};
use document::Element;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// A mount gets a fallback, or loses it.
    Fallbacks,
    /// Who listens to a mount.
    ListClients,
    /// Every mount.
    ListMounts,
    /// Every mount that may be relayed, one a line.
    StreamList,
    /// A mount's listeners go on with another.
    MoveClients,
    /// A listener's connection is ended.
    KillClient,
    /// A mount's sources are disconnected.
    KillSource,
    /// The listeners who have an account; there are none here.
    ManageAuth,
    /// A form to give a title with.
    UpdateMetadata,
    /// A playlist with a listener's user and password in it.
    BuildM3u,
    /// The statistics.
    Stats,
    /// A title.
    Metadata,
    /// A title, as Shoutcast's encoders give it.
    ShoutcastMetadata,
}

impl Command {
    /// Reads what stands behind `/admin/`.
    fn parse(name: &str) -> Option<(Self, Form)> {
        let (name, form) = match name.strip_suffix(".xsl") {
            Some(name) => (name, Form::Page),
            None => (name, Form::Xml),
        };
        let command = match name {
            "" => return Some((Command::Stats, Form::Page)),
            "fallbacks" | "fallback" => Command::Fallbacks,
            "listclients" => Command::ListClients,
            "listmounts" | "streamlist" => Command::ListMounts,
            "streamlist.txt" => Command::StreamList,
            "moveclients" => Command::MoveClients,
            "killclient" => Command::KillClient,
            "killsource" => Command::KillSource,
            "manageauth" => Command::ManageAuth,
            "updatemetadata" => Command::UpdateMetadata,
            "buildm3u" => Command::BuildM3u,
            "stats" | "stats.xml" => Command::Stats,
            "metadata" => Command::Metadata,
            "admin.cgi" => Command::ShoutcastMetadata,
            _ => return None,
        };
        Some((command, form))
    }
}

/// A request that was found to be in order.
struct Asked<'a> {
    air: &'a Arc<Air>,
    parts: &'a Parts,
    fields: Fields<'a>,
    form: Form,
    origin: String,
}

impl Asked<'_> {
    fn field(&self, name: &str) -> Option<String> {
        self.fields.get(name, None)
    }

    fn host(&self) -> Option<&str> {
        host(self.parts)
    }
}

/// Answers whatever is asked below `/admin/`.
pub(super) async fn answer(State(air): TheAir, request: Request) -> Response {
    let name = request.uri().path().strip_prefix("/admin").unwrap_or_default().trim_start_matches('/').to_owned();
    let Some((command, form)) = Command::parse(&name) else { return error("Unrecognised command") };
    match command {
        Command::Metadata => return metadata::update(&air, form, request).await,
        Command::ShoutcastMetadata => return shoutcast::update(State(air), request).await,
        _ => {}
    }
    let (parts, query) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if is_asked_by_another_site(&parts) {
        return (StatusCode::FORBIDDEN, "A page of another site may not ask this").into_response();
    }
    let origin = mounts::origin(&air, &parts);
    let asked = Asked { air: &air, parts: &parts, fields: Fields::parse(&query), form, origin };
    match asked.field("mount") {
        Some(mount) => of_mount(&asked, command, &mount).await,
        None => of_server(&asked, command),
    }
}

/// What concerns one mount.
async fn of_mount(asked: &Asked<'_>, command: Command, path: &str) -> Response {
    let air = asked.air;
    // Its answer says nothing but what was asked.
    let is_free = command == Command::BuildM3u;
    if !is_free && let Err(refusal) = may_administer(asked, path).await {
        return refusal.into_response();
    }
    let Some(mount) = air.mount(asked.host(), path) else { return error("Source does not exist") };
    // A fallback may be given before it is needed.
    if !stats::is_on(&mount) && command != Command::Fallbacks {
        return error("Source is not available");
    }
    match command {
        Command::Fallbacks => acts::set_fallback(asked, &mount),
        Command::ListClients => acts::list_clients(asked, &mount),
        Command::MoveClients => acts::move_clients(asked, &mount),
        Command::KillClient => acts::kill_client(asked, &mount),
        Command::KillSource => acts::kill_source(asked, &mount),
        Command::UpdateMetadata => reply::html(page("Give a title", &acts::title_form(mount.path()))),
        Command::BuildM3u => acts::build_m3u(asked, &mount),
        Command::Stats => statistics(asked, &[mount]),
        Command::ManageAuth => error("missing parameter"),
        _ => error("Mount request unknown"),
    }
}

/// What concerns all of them.
fn of_server(asked: &Asked<'_>, command: Command) -> Response {
    let (air, shown) = (asked.air, shown(asked.parts));
    let relays = command == Command::StreamList && is(&air.settings().relays, shown.as_ref());
    if !relays && !is_admin(air, shown.as_ref()) {
        return Refusal::Unauthorised.into_response();
    }
    let mounts: Vec<_> = air.mounts_at(asked.host()).into_iter().filter(|mount| stats::is_on(mount)).collect();
    match command {
        Command::Stats => statistics(asked, &mounts),
        Command::ListMounts => acts::list_mounts(asked, None, &mounts),
        Command::MoveClients if asked.form == Form::Page => acts::list_mounts(asked, None, &mounts),
        Command::StreamList => {
            let listed = mounts.iter().filter(|mount| !mount.terms().is_hidden);
            let paths = listed.map(|mount| format!("{}\r\n", mount.path()));
            text(paths.collect())
        }
        _ => error("Unknown admin request"),
    }
}

fn statistics(asked: &Asked<'_>, mounts: &[Arc<Mount>]) -> Response {
    let values = |figures: stats::Figures| figures.into_iter().map(|(name, value)| Element::value(name, value));
    let host = asked.origin.split_once("://").map_or("", |(_, host)| host);
    let mut parts: Vec<Element> = values(stats::of_server(asked.air, host)).collect();
    parts.extend(mounts.iter().map(|mount| {
        let figures = values(stats::of_mount(mount, &asked.origin)).collect();
        acts::with_links(Element::parts("source", figures).with("mount", mount.path()), mount.path())
    }));
    reply::told(asked.form, "Statistics", &Element::parts("icestats", parts))
}

/// True for the administrator.
pub(crate) fn is_admin(air: &Air, shown: Option<&Credentials>) -> bool {
    is(&air.settings().admin, shown)
}

/// Lets the administrator do what concerns a mount, and whoever may send to it, as far as that is allowed.
async fn may_administer(asked: &Asked<'_>, path: &str) -> Result<(), Refusal> {
    let (air, shown) = (asked.air, shown(asked.parts));
    if is_admin(air, shown.as_ref()) {
        return Ok(());
    }
    if !air.settings().sources_administer {
        return Err(Refusal::Unauthorised);
    }
    let claim = Claim { path, shown: shown.as_ref(), input: None, peer: mounts::peer(asked.parts), is_admin: true };
    air.authorise(&claim).await.map(|_| ())
}

fn is(expected: &crate::settings::Sources, shown: Option<&Credentials>) -> bool {
    // Both are looked at, so that the time it takes does not tell which of them was wrong.
    shown.is_some_and(|shown| shown.has_password(&expected.password) & (shown.user == expected.user))
}

/// The user and password of a request.
pub(super) fn shown(parts: &Parts) -> Option<Credentials> {
    Credentials::from_basic(parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// The host that a request names.
pub(super) fn host(parts: &Parts) -> Option<&str> {
    parts.headers.get(header::HOST)?.to_str().ok()
}

/// A request's parts and its fields: those of its address, and those of its form, if it is one.
pub(super) async fn read(request: Request) -> Result<(Parts, String), Response> {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if parts.method != Method::POST {
        return Ok((parts, query));
    }
    match axum::body::to_bytes(body, update::BYTES_MAX).await {
        Ok(form) => Ok((parts, format!("{query}&{}", String::from_utf8_lossy(&form)))),
        Err(_) => Err((StatusCode::PAYLOAD_TOO_LARGE, "This form is too long").into_response()),
    }
}

/// True if a browser says that a page of another site made it ask this.
pub(super) fn is_asked_by_another_site(parts: &Parts) -> bool {
    let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| site == "cross-site" || site == "same-site")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_its_name_and_its_form_by_its_ending() {
        for (name, expected) in [
            ("", Some((Command::Stats, Form::Page))),
            ("stats", Some((Command::Stats, Form::Xml))),
            ("stats.xml", Some((Command::Stats, Form::Xml))),
            ("stats.xsl", Some((Command::Stats, Form::Page))),
            ("streamlist.txt", Some((Command::StreamList, Form::Xml))),
            ("fallback", Some((Command::Fallbacks, Form::Xml))),
            ("!POKE", None),
            ("nosuch", None),
            (".xsl.xsl", None),
        ] {
            assert_eq!(Command::parse(name), expected, "{name}");
        }
    }
}
