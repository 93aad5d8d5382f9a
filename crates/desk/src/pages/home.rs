//! The desk's front page: the stories and where they stand, and what is on the air.

use std::sync::Arc;

use serde::Serialize;
use station::role::Place;
use station::story::{Listed, State};
use station::{Broadcast, Permission, StoryId, Timestamp};
use store::story::Sought;

use crate::answer::{Answer, Fault};
use crate::view::{Frame, Moment, Times};
use crate::visit::Visit;

use super::planned::{self, Planned};

/// How many stories a page of the list shows.
const STORIES: u32 = 30;

#[derive(Serialize)]
struct View {
    frame: Frame,
    today: String,
    /// `None` if they may not read what is not published.
    stories: Option<Vec<Story>>,
    older: Option<String>,
    services: Vec<Service>,
    planned: Vec<Planned>,
}

#[derive(Serialize)]
struct Story {
    headline: String,
    section: String,
    bylines: String,
    state: &'static str,
    state_words: &'static str,
    wire: Option<String>,
    /// Its page on the public site.
    address: Option<String>,
    published: Option<Moment>,
    saved: Moment,
    saved_by: String,
}

#[derive(Serialize)]
struct Service {
    name: String,
    now: Option<Airing>,
    next: Option<Airing>,
}

#[derive(Serialize)]
struct Airing {
    title: String,
    start: String,
    end: String,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    let times = Times::new(&visit.station, visit.now);
    let before = before(visit.asked("before"))?;
    let mut listed = if visit.powers().may(Permission::ViewDrafts) {
        Some(store::story::list_for_desk(visit.db(), visit.station.id, &Sought::default(), before, STORIES + 1).await?)
    } else {
        None
    };
    let older = listed.as_mut().and_then(cut);
    let stories = listed.map(|listed| listed.into_iter().filter(|story| may_see(&visit, story)));
    let view = View {
        frame: Frame::new(&visit, "Stories"),
        today: times.say(visit.now).whole,
        stories: stories.map(|stories| stories.map(|listed| story(&visit, &times, listed)).collect()),
        older,
        services: services(&visit, &times).await?,
        planned: planned::list(&visit).await?,
    };
    Ok(Answer::page("home.html", &view))
}

/// Where in the list the page starts. A place that is written wrongly does not exist.
pub(super) fn before(asked: &str) -> Result<Option<(Timestamp, StoryId)>, Fault> {
    if asked.is_empty() {
        return Ok(None);
    }
    let place = asked.split_once('-').and_then(|(moment, id)| {
        let moment = Timestamp::from_microsecond(moment.parse().ok()?).ok()?;
        Some((moment, StoryId(id.parse().ok()?)))
    });
    place.map(Some).ok_or(Fault::NotFound)
}

/// Cuts a list that was asked for with one story too many, and says where the next page starts.
fn cut(listed: &mut Vec<Listed>) -> Option<String> {
    if listed.len() <= STORIES as usize {
        return None;
    }
    listed.truncate(STORIES as usize);
    listed.last().map(|last| format!("/?before={}-{}", last.saved_at.as_microsecond(), last.id))
}

/// Published stories are for everybody; others for those who may read drafts in their section.
pub(super) fn may_see(visit: &Visit, story: &Listed) -> bool {
    let place = Place { section: Some(&story.section), programme: story.programme };
    story.state == State::Published || visit.powers().may_in(Permission::ViewDrafts, place)
}

fn story(visit: &Visit, times: &Times, listed: Listed) -> Story {
    let site = visit.desk.settings.site_of(&visit.station);
    let date = listed.path_date.as_ref().filter(|_| listed.state == State::Published);
    Story {
        address: date.map(|date| format!("{site}/{}/{date}/{}", listed.section, listed.slug)),
        headline: listed.headline,
        section: listed.section.to_string(),
        bylines: listed.bylines.iter().map(|byline| byline.name.as_str()).collect::<Vec<_>>().join(", "),
        state: listed.state.as_str(),
        state_words: words(listed.state),
        wire: listed.wire.map(|wire| wire.to_uppercase()),
        published: listed.published_at.map(|at| times.say(at)),
        saved: times.say(listed.saved_at),
        saved_by: listed.saved_by,
    }
}

pub(super) fn words(state: State) -> &'static str {
    match state {
        State::Draft => "Draft",
        State::InReview => "In review",
        State::Ready => "Ready",
        State::Scheduled => "Scheduled",
        State::Published => "Published",
        State::Unpublished => "Unpublished",
        State::Withdrawn => "Withdrawn",
        State::Killed => "Killed",
    }
}

async fn services(visit: &Visit, times: &Times) -> Result<Vec<Service>, Fault> {
    let mut services = Vec::new();
    for service in store::service::all(visit.db(), visit.station.id).await? {
        let on = store::broadcast::now_next(visit.db(), visit.station.id, service.id, visit.now).await?;
        let airing = |broadcast: Broadcast| Airing {
            title: broadcast.title,
            start: times.time(broadcast.start),
            end: times.time(broadcast.end),
        };
        services.push(Service { name: service.name, now: on.now.map(airing), next: on.next.map(airing) });
    }
    Ok(services)
}
