//! Preview links: a story as it will look, for somebody who has no account.

use std::sync::Arc;

use jiff::SignedDuration;
use station::story::State;
use station::{Permission, Timestamp};
use store::preview::Preview;

use crate::answer::Fault;
use crate::doer::{self, Deed};
use crate::secret;
use crate::visit::Visit;

use super::acts::{self, place, story, title};
use super::done;

/// How many days a link may show the story at most.
const DAYS_MAX: i64 = 30;

/// Makes a link and shows it: once, for only its hash is kept.
pub(crate) async fn make(visit: Arc<Visit>) -> super::Result {
    let story = story(&visit).await?;
    visit.check(Permission::ViewDrafts, place(&story))?;
    if matches!(story.state, State::Killed | State::Withdrawn) {
        let fault = "Nobody is shown a story that was taken back.".to_owned();
        return acts::page(&visit, &story, Some(fault), None).await;
    }
    let days: i64 = visit.form()?.get("days").parse().map_err(|_| Fault::Unreadable)?;
    let (secret, ends_at) = (secret::mint(), end(visit.now, days));
    let link = Preview {
        secret_sha256: secret::sha256(&secret),
        story: story.id,
        made_by: visit.visitor().account.name.clone(),
        made_at: visit.now,
        ends_at,
    };
    let mut tx = visit.db().begin().await?;
    store::preview::forget(&mut tx, visit.station.id, visit.now).await?;
    store::preview::make(&mut tx, visit.station.id, &link).await?;
    let words = format!("made a preview link to “{}”", title(&story));
    note(&mut tx, &visit, "preview-made", story.id.to_string(), &words).await?;
    tx.commit().await?;
    let site = visit.desk.settings().site_of(&visit.station);
    acts::page(&visit, &story, None, Some(format!("{site}/preview/{secret}"))).await
}

/// Takes every link to the story back.
pub(crate) async fn revoke(visit: Arc<Visit>) -> super::Result {
    let story = story(&visit).await?;
    visit.check(Permission::ViewDrafts, place(&story))?;
    let mut tx = visit.db().begin().await?;
    store::preview::revoke(&mut tx, visit.station.id, story.id).await?;
    let words = format!("took back the preview links to “{}”", title(&story));
    note(&mut tx, &visit, "preview-revoked", story.id.to_string(), &words).await?;
    tx.commit().await?;
    Ok(done(&format!("/stories/{}", story.id), "preview-revoked"))
}

fn end(now: Timestamp, days: i64) -> Timestamp {
    now + SignedDuration::from_hours(24 * days.clamp(1, DAYS_MAX))
}

async fn note(tx: &mut store::Tx, visit: &Visit, act: &str, subject: String, words: &str) -> store::Result<()> {
    let deed = Deed { act, subject, words };
    doer::note(tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await
}
