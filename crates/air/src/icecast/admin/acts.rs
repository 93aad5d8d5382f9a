//! What an administrator can do with a mount and those who hear it.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::mounts::listen_address;
use super::document::{Act, Element};
use super::reply::{done, error, fresh, success, told};
use super::{Asked, stats};
use crate::Mount;
use crate::redirect::CannotMove;

/// Every mount that is on. `current` is left out, and named before the others.
pub(super) fn list_mounts(asked: &Asked<'_>, current: Option<&Mount>, mounts: &[Arc<Mount>]) -> Response {
    let others = mounts.iter().filter(|mount| current.is_none_or(|current| current.path() != mount.path()));
    let named = current.map(|current| Element::value("current_source", current.path()));
    let listed = others.map(|mount| match current {
        Some(current) => listed(asked, mount).with_act(move_act(current.path(), mount.path())),
        None => with_links(listed(asked, mount), mount.path()),
    });
    told(asked.form, "Mounts", &Element::parts("icestats", named.into_iter().chain(listed).collect()))
}

fn listed(asked: &Asked<'_>, mount: &Mount) -> Element {
    let snapshot = mount.snapshot();
    let station = mount.identity().station;
    let since = asked.air.clock().now().duration_since(snapshot.input_since).as_secs().max(0);
    let values = vec![
        Element::value("fallback", asked.air.fallback_of(station, mount.path()).unwrap_or_default()),
        Element::value("listeners", snapshot.listeners),
        Element::value("Connected", since),
        Element::value("content-type", snapshot.codec.media_type()),
    ];
    Element::parts("source", values).with("mount", mount.path())
}

/// Who listens to a mount, one by one.
pub(super) fn list_clients(asked: &Asked<'_>, mount: &Mount) -> Response {
    let connected = mount.roster().list(asked.air.clock().elapsed());
    let count = Element::value("Listeners", connected.len());
    let listeners = connected.into_iter().map(|listener| {
        let values = vec![
            Element::value("IP", listener.alias),
            Element::value("UserAgent", listener.agent),
            Element::value("Connected", listener.connected.as_secs()),
            Element::value("ID", listener.id),
        ];
        let fields = vec![("mount", mount.path().to_owned()), ("id", listener.id.to_string())];
        let act = Act { label: "Disconnect", command: "killclient.xsl", fields };
        Element::parts("listener", values).with_act(act)
    });
    let source = Element::parts("source", std::iter::once(count).chain(listeners).collect());
    told(asked.form, "Listeners", &Element::parts("icestats", vec![source.with("mount", mount.path())]))
}

/// Ends a listener's connection.
pub(super) fn kill_client(asked: &Asked<'_>, mount: &Mount) -> Response {
    let Some(id) = asked.field("id") else { return error("Missing parameter") };
    let is_there = id.trim().parse().is_ok_and(|id| asked.air.show_out(mount, id));
    if is_there {
        tracing::info!(mount = mount.path(), listener = id, "a listener was disconnected by the administrator");
        done(asked.form, &format!("Client {id} removed"), true)
    } else {
        done(asked.form, &format!("Client {id} not found"), false)
    }
}

/// Disconnects the sources of a mount. What is on then is the next of its inputs.
pub(super) fn kill_source(asked: &Asked<'_>, mount: &Mount) -> Response {
    if mount.snapshot().sources == 0 {
        return error("Source does not exist");
    }
    mount.drop_sources();
    tracing::info!(mount = mount.path(), "the sources of a mount were disconnected by the administrator");
    done(asked.form, "Source Removed", true)
}

/// Lets a mount's listeners go on with another. Without a destination: where they could go.
pub(super) fn move_clients(asked: &Asked<'_>, mount: &Arc<Mount>) -> Response {
    let Some(destination) = asked.field("destination") else {
        let mounts: Vec<_> =
            asked.air.mounts_at(asked.host()).into_iter().filter(|mount| stats::is_on(mount)).collect();
        return list_mounts(asked, Some(mount), &mounts);
    };
    let Some(to) = asked.air.mount(asked.host(), &destination) else { return error("No such destination") };
    if !stats::is_on(&to) {
        return error("Destination not running");
    }
    match asked.air.move_listeners(mount, &to) {
        Ok(listeners) => {
            tracing::info!(from = mount.path(), to = to.path(), listeners, "listeners were moved by the administrator");
            done(asked.form, &format!("Clients moved from {} to {}", mount.path(), to.path()), true)
        }
        Err(CannotMove::SameMount) => error("supplied mountpoints are identical"),
        Err(why) => {
            done(asked.form, &format!("Clients not moved from {} to {}: {why}", mount.path(), to.path()), false)
        }
    }
}

/// Gives a mount a fallback; an empty one takes it away.
pub(super) fn set_fallback(asked: &Asked<'_>, mount: &Mount) -> Response {
    let Some(fallback) = asked.field("fallback") else { return error("Missing parameter") };
    let (station, to) = (mount.identity().station, Some(fallback.as_str()).filter(|path| !path.is_empty()));
    match asked.air.set_fallback(station, mount.path(), to) {
        Ok(()) => {
            tracing::info!(mount = mount.path(), fallback, "a mount got another fallback");
            success("Fallback configured")
        }
        Err(CannotMove::SameMount) => error("supplied mountpoints are identical"),
        Err(why) => error(&why.to_string()),
    }
}

/// A playlist that signs a listener in.
pub(super) fn build_m3u(asked: &Asked<'_>, mount: &Mount) -> Response {
    let (Some(user), Some(password)) = (asked.field("username"), asked.field("password")) else {
        return error("Missing parameter");
    };
    let encoded = |word: &str| utf8_percent_encode(word, NON_ALPHANUMERIC).to_string();
    let (scheme, host) = asked.origin.split_once("://").unwrap_or(("http", &asked.origin));
    let origin = format!("{scheme}://{}:{}@{host}", encoded(&user), encoded(&password));
    let mut response = fresh("audio/x-mpegurl", format!("{}\r\n", listen_address(&origin, mount.path())));
    let name = HeaderValue::from_static("attachment; filename=\"listen.m3u\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    response
}

/// A form that gives a mount another title.
pub(super) fn title_form(path: &str) -> String {
    format!(
        "<form action=\"/admin/metadata.xsl\" method=\"post\">\n<input type=\"hidden\" name=\"mount\" value=\"{path}\">\n\
         <input type=\"hidden\" name=\"mode\" value=\"updinfo\">\n<input type=\"hidden\" name=\"charset\" value=\"UTF-8\">\n\
         <label>What is heard on {path}: <input name=\"song\" required></label>\n<button>Give this title</button>\n</form>\n",
        path = super::super::escape_xml(path),
    )
}

/// A mount with what can be done about it.
pub(super) fn with_links(element: Element, path: &str) -> Element {
    let acts = [
        ("Listeners", "listclients.xsl"),
        ("Move listeners", "moveclients.xsl"),
        ("Give a title", "updatemetadata.xsl"),
        ("Disconnect the source", "killsource.xsl"),
    ];
    acts.into_iter().fold(element, |element, (label, command)| {
        element.with_act(Act { label, command, fields: vec![("mount", path.to_owned())] })
    })
}

fn move_act(from: &str, to: &str) -> Act {
    let fields = vec![("mount", from.to_owned()), ("destination", to.to_owned())];
    Act { label: "Move the listeners here", command: "moveclients.xsl", fields }
}
