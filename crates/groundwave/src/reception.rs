//! The reception: where the desk stands by this machine's settings, and how its first owner finds it.
//!
//! The desk comes through the same door as the public site, by a host name of its own. So its cookies are never sent to
//! the public site, and no page there is of its origin.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::Request;
use desk::{Desk, accounts};
use http::header;
use station::{Clock, Station, Timestamp};
use store::Db;
use tower::ServiceExt;

use crate::settings::Settings;

/// Where a station's desk is.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose.
    pub station: Station,
    /// Its address, without a slash at the end.
    pub origin: String,
    /// The link with which the first owner comes in; `None` if somebody owns the desk. It is a secret: it goes to a
    /// terminal or into a file that nobody else may read, never into the log.
    pub owner_link: Option<String>,
}

/// The desk, if the settings want one. Where passwords would travel in the open there is none, and the log says why.
pub fn open(
    settings: &Settings,
    public_port: Option<u16>,
    stations: &[Station],
    db: Db,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Option<Arc<Desk>>> {
    if !settings.desk.is_open {
        return Ok(None);
    }
    let settings = desk_settings(settings, public_port);
    for station in stations {
        if let Err(reason) = settings.safe_origin_of(station) {
            tracing::warn!(station = %station.slug, %reason, "there is no desk for this station; set `is_https` in [site], or `origin` in [desk]");
        }
    }
    let desk = Desk::new(settings, db, clock).context("could not open the desk; see `origin` in [desk]")?;
    Ok(Some(desk))
}

/// What the desk is set to. `public_port` is the port in whole addresses, where it is not the scheme's own.
pub fn desk_settings(settings: &Settings, public_port: Option<u16>) -> desk::Settings {
    let scheme = if settings.is_https() { "https" } else { "http" };
    let port = match public_port {
        None => String::new(),
        Some(port) => format!(":{port}"),
    };
    let origin = match settings.desk.origin.as_str() {
        "" => format!("{scheme}://desk.{}{port}", desk::settings::HOST),
        origin => origin.trim_end_matches('/').to_owned(),
    };
    let mail = (!settings.mail.smtp.is_empty()).then(|| desk::settings::Mail {
        url: settings.mail.smtp.reveal().to_owned(),
        from: settings.mail.from.clone(),
    });
    let site = format!("{scheme}://{}{port}", desk::settings::HOST);
    desk::Settings { origin, site, proxies: settings.desk.proxies.clone(), mail }
}

/// Hands each request to the desk or to the public site, by the host name that it asks for.
pub fn by_host(desk: Arc<Desk>, public: Router) -> Router {
    let staff = desk.routes();
    Router::new().fallback(move |request: Request| {
        let host = request.uri().host().or_else(|| request.headers().get(header::HOST)?.to_str().ok());
        let router = if host.is_some_and(|host| desk.is_at(host)) { staff.clone() } else { public.clone() };
        router.oneshot(request)
    })
}

/// Where each station's desk is, with a link for the first owner where nobody owns it yet.
pub async fn welcome(desk: Option<&Desk>, stations: &[Station], db: &Db, now: Timestamp) -> anyhow::Result<Vec<Place>> {
    let Some(desk) = desk else { return Ok(Vec::new()) };
    let mut places = Vec::new();
    for station in stations {
        let Ok(origin) = desk.settings().safe_origin_of(station) else { continue };
        let ticket = accounts::owner_ticket(db, station.id, now).await.context("could not make the owner's link")?;
        let owner_link = ticket.map(|ticket| desk::way_in(desk.settings(), station, &ticket));
        places.push(Place { station: station.clone(), origin, owner_link });
    }
    Ok(places)
}
