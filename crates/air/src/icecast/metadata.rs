//! `/admin/metadata`: a title for what a source sends.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::admin::{self, Form, done, error};
use super::mounts::peer;
use super::update::Update;
use crate::Air;
use crate::source::{BACKUP, Claim};
use crate::switch::Rank;

const DONE: &str = "Metadata update successful";

/// Answers `GET` and `POST` alike; a form counts as a query. Whoever may send may give a title, from any machine: the
/// system that knows what is played seldom is the encoder. So may the administrator.
pub(super) async fn update(air: &Arc<Air>, form: Form, request: Request) -> Response {
    let (parts, query) = match admin::read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if admin::is_asked_by_another_site(&parts) {
        return (StatusCode::FORBIDDEN, "A page of another site may not ask this").into_response();
    }
    let update = Update::parse(&query);
    let (shown, input) = (admin::shown(&parts), update.input.as_deref());
    let path = update.mount.as_deref().unwrap_or_default();
    let claim = Claim { path, shown: shown.as_ref(), input, peer: peer(&parts), is_admin: true };
    let rank = match admin::is_admin(air, shown.as_ref()) {
        true => rank_of(input),
        false => match air.authorise(&claim).await {
            Ok(rank) => rank,
            Err(refusal) => return refusal.into_response(),
        },
    };
    let (Some(mode), Some(path)) = (&update.mode, &update.mount) else { return error("Missing parameter") };
    if mode != "updinfo" {
        return done(form, "No such action", false);
    }
    match give(air, admin::host(&parts), path, rank, &update) {
        Given::Taken => done(form, DONE, true),
        Given::NoSource => done(form, "Mountpoint will not accept this title: no source is connected to it", false),
        Given::NoMount => error("Source does not exist"),
    }
}

/// What became of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It is shown, or will be when its source is on.
    Taken,
    /// The mount has no source that it could be of.
    NoSource,
    /// There is no such mount, and no source is about to make it.
    NoMount,
}

/// Gives a source's sound a title.
pub(super) fn give(air: &Air, host: Option<&str>, path: &str, rank: Rank, update: &Update) -> Given {
    let (title, url) = (update.title.as_deref(), update.url.as_deref());
    let Some(mount) = air.mount(host, path) else {
        let is_kept = air.expected().keep_title(path, title.unwrap_or_default(), url.unwrap_or_default());
        return if is_kept { Given::Taken } else { Given::NoMount };
    };
    let retitled = match rank {
        Rank::Backup => mount.retitle_rank(rank, title, url),
        _ => mount.retitle(title, url),
    };
    match retitled {
        Ok(()) => Given::Taken,
        Err(why) => {
            tracing::info!(mount = path, %why, "a title was refused");
            Given::NoSource
        }
    }
}

fn rank_of(input: Option<&str>) -> Rank {
    if input == Some(BACKUP) { Rank::Backup } else { Rank::Studio }
}
