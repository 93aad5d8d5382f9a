//! Master control: what is on each service and why, how loud it is, who listens, what comes; and the switch by hand.
//!
//! The page reads without script and is then as new as its last reload; with it, [`follow`] keeps it up to the moment.

mod panel;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use air::Air;
use air::automation::Console;
use air::switch::Rank;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use station::broadcast::NowNext;
use station::recording::Gap;
use station::role::Place;
use station::{Broadcast, Permission, PieceId, Recording, Service, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Interval;

use self::panel::Panel;
use super::done;
use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::view::{Frame, Moment, Times};
use crate::visit::Visit;

/// How often those who follow are told: as often as a needle has to move.
const EVERY: Duration = Duration::from_millis(250);
/// How long one answer goes on. The browser asks again by itself, and is let in again or not.
const FOLLOWING_MAX: Duration = Duration::from_secs(300);
/// How far back recordings are shown.
const RECORDINGS_BACK: SignedDuration = SignedDuration::from_hours(48);
/// How many recordings are shown.
const RECORDINGS: usize = 6;
/// How many pieces are named to somebody whose words fit several.
const NAMED: usize = 8;

#[derive(Serialize)]
struct View {
    frame: Frame,
    services: Vec<Shown>,
    recordings: Vec<Recorded>,
    may_operate: bool,
    has_air: bool,
    fault: Option<String>,
}

/// A service with its place in the schedule.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    panel: Panel,
    now: Option<Slot>,
    next: Option<Slot>,
}

/// A broadcast, with the time that matters of it.
#[derive(Serialize)]
struct Slot {
    title: String,
    time: String,
}

/// A recording, and whether it is whole.
#[derive(Serialize)]
struct Recorded {
    title: String,
    at: Moment,
    is_whole: bool,
    words: String,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    page(&visit, None).await
}

async fn page(visit: &Visit, fault: Option<String>) -> super::Result {
    let times = Times::new(&visit.station, visit.now);
    let mut services = Vec::new();
    for panel in panels(visit, &times) {
        let NowNext { now, next } =
            store::broadcast::now_next(visit.db(), visit.station.id, panel.service, visit.now).await?;
        services.push(Shown {
            panel,
            now: now.map(|broadcast| slot(&times, broadcast, |broadcast| broadcast.end)),
            next: next.map(|broadcast| slot(&times, broadcast, |broadcast| broadcast.start)),
        });
    }
    let since = visit.now.checked_sub(RECORDINGS_BACK).unwrap_or(Timestamp::MIN);
    let recordings = store::recording::between(visit.db(), visit.station.id, since, visit.now).await?;
    let view = View {
        frame: Frame::new(visit, "Master control"),
        services,
        recordings: recordings.iter().rev().take(RECORDINGS).map(|recording| recorded(&times, recording)).collect(),
        may_operate: may_operate(visit),
        has_air: visit.desk.air().is_some(),
        fault,
    };
    let status = if view.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(Answer::page("control.html", &view).with_status(status))
}

/// Tells what changes, for as long as somebody looks.
pub(crate) async fn follow(visit: Arc<Visit>) -> super::Result {
    if visit.desk.air().is_none() {
        return Err(Fault::NotFound);
    }
    let place = visit.desk.place_to_follow().ok_or(Fault::Crowded)?;
    let following = Following {
        until: visit.desk.clock.elapsed() + FOLLOWING_MAX,
        ticks: tokio::time::interval(EVERY),
        stopping: visit.desk.stopping(),
        told: String::new(),
        visit,
        _place: place,
    };
    Ok(Answer::events(stream::unfold(following, Following::next)))
}

/// Somebody who looks at master control.
struct Following {
    visit: Arc<Visit>,
    ticks: Interval,
    until: Duration,
    stopping: watch::Receiver<bool>,
    told: String,
    _place: OwnedSemaphorePermit,
}

impl Following {
    /// What is told next; the end when the program stops, or when it has been long enough.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            tokio::select! {
                _ = self.stopping.wait_for(|stops| *stops) => return None,
                _ = self.ticks.tick() => {}
            }
            let desk = &self.visit.desk;
            if desk.clock.elapsed() >= self.until {
                return None;
            }
            let times = Times::new(&self.visit.station, desk.clock.now());
            let news = json!({ "services": panels(&self.visit, &times) }).to_string();
            if news != self.told {
                let event = Bytes::from(format!("retry: 2000\ndata: {news}\n\n"));
                self.told = news;
                return Some((Ok(event), self));
            }
        }
    }
}

/// Holds the switch of a service to an input, or lets it decide by itself again.
pub(crate) async fn switch(visit: Arc<Visit>) -> super::Result {
    let (air, service) = operated(&visit).await?;
    let form = visit.form()?;
    let (rank, words) = match form.get("input") {
        "auto" => (None, format!("let the switch of {} decide by itself", service.name)),
        name => {
            let rank = Rank::parse(name).ok_or(Fault::Unreadable)?;
            (Some(rank), format!("held the switch of {} to: {}", service.name, panel::title_of(rank)))
        }
    };
    note(&visit, "switched", &service, &words).await?;
    air.switch(service.id, rank);
    Ok(done("/control", "switched"))
}

/// Lines a piece up, by words of its title.
pub(crate) async fn line_up(visit: Arc<Visit>) -> super::Result {
    let (air, service) = operated(&visit).await?;
    let console = air.console(service.id).ok_or(Fault::NotFound)?;
    let form = visit.form()?;
    let (piece, title) = match meant(&console, form.get("piece")) {
        Ok(meant) => meant,
        Err(why) => return page(&visit, Some(why)).await,
    };
    let place = if form.get("place") == "next" { 0 } else { usize::MAX };
    note(&visit, "lined-up", &service, &format!("lined up “{title}” on {}", service.name)).await?;
    match console.add(piece, place) {
        Ok(_) => Ok(done("/control", "lined-up")),
        Err(why) => page(&visit, Some(why.to_string())).await,
    }
}

/// Takes out what is lined up.
pub(crate) async fn take_out(visit: Arc<Visit>) -> super::Result {
    let (air, service) = operated(&visit).await?;
    let console = air.console(service.id).ok_or(Fault::NotFound)?;
    let number = u64::try_from(visit.number(1)?).map_err(|_| Fault::NotFound)?;
    note(&visit, "taken-out", &service, &format!("took a piece out of the queue of {}", service.name)).await?;
    // Whoever is late finds that it is playing, or that another has taken it out: either way it is not lined up.
    let _ = console.remove(number);
    Ok(done("/control", "taken-out"))
}

/// Ends what automation plays.
pub(crate) async fn skip(visit: Arc<Visit>) -> super::Result {
    let (air, service) = operated(&visit).await?;
    let console = air.console(service.id).ok_or(Fault::NotFound)?;
    note(&visit, "skipped", &service, &format!("ended what automation played on {}", service.name)).await?;
    match console.skip() {
        true => Ok(done("/control", "skipped")),
        false => page(&visit, Some("Automation has nothing on that could be ended.".to_owned())).await,
    }
}

/// The air, and the service that the path names, for whoever may operate it.
async fn operated(visit: &Visit) -> super::Result<(Arc<Air>, Service)> {
    visit.check(Permission::OperateAir, Place::default())?;
    let air = visit.desk.air().cloned().ok_or(Fault::NotFound)?;
    let service = store::service::by_slug(visit.db(), visit.station.id, visit.word(0)).await?;
    Ok((air, service.ok_or(Fault::NotFound)?))
}

/// Writes into the audit log what is about to be done: the air has no transactions, so the word comes before the deed.
async fn note(visit: &Visit, act: &str, service: &Service, words: &str) -> super::Result<()> {
    let mut tx = visit.db().begin().await?;
    let deed = Deed { act, subject: service.slug.to_string(), words };
    doer::note(&mut tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await?;
    Ok(tx.commit().await?)
}

fn may_operate(visit: &Visit) -> bool {
    visit.desk.air().is_some() && visit.powers().may_everywhere(Permission::OperateAir)
}

/// The station's services as they are at this moment.
fn panels(visit: &Visit, times: &Times) -> Vec<Panel> {
    let Some(air) = visit.desk.air() else { return Vec::new() };
    let ours = air.status().into_iter().filter(|status| status.station == visit.station.id);
    ours.map(|status| Panel::of(air, &status, times)).collect()
}

/// The one piece that somebody means by words of its title, or a sentence that says why it is not known.
fn meant(console: &Console, words: &str) -> Result<(PieceId, String), String> {
    if words.is_empty() {
        return Err("Say which piece: some words of its title will do.".to_owned());
    }
    let mut found = console.find(words);
    match found.len() {
        0 => Err(format!("No piece is called “{words}”.")),
        1 => Ok(found.remove(0)),
        _ => {
            let titles: Vec<_> = found.iter().take(NAMED).map(|(_, title)| title.as_str()).collect();
            Err(format!("Several pieces fit “{words}”. Say the whole title: {}.", titles.join("; ")))
        }
    }
}

fn slot(times: &Times, broadcast: Broadcast, time: impl Fn(&Broadcast) -> Timestamp) -> Slot {
    Slot { time: times.time(time(&broadcast)), title: broadcast.title }
}

fn recorded(times: &Times, recording: &Recording) -> Recorded {
    let missing = |gap: &Gap| gap.to.duration_since(gap.from);
    let missing: SignedDuration = recording.gaps.iter().map(missing).sum();
    let words = match recording.gaps.as_slice() {
        [] => "whole".to_owned(),
        [gap] => format!("{} s missing: {}", missing.as_secs().max(1), gap.cause),
        gaps => format!("{} gaps, {} s missing", gaps.len(), missing.as_secs().max(1)),
    };
    Recorded {
        title: recording.title.clone(),
        at: times.say(recording.start),
        is_whole: recording.gaps.is_empty(),
        words,
    }
}
