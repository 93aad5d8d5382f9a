//! The list of stories, in whatever state they are, and beginning one.

use std::sync::Arc;

use http::StatusCode;
use newsroom::write::{self, Writer};
use serde::Serialize;
use station::story::{Listed, State};
use station::{Draft, Permission, Section, Slug, StoryId, Timestamp};
use store::story::{Before, Sought};

use super::home;
use super::join::sentence;
use super::manuscript::place;
use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::view::{Frame, Moment, Times};
use crate::visit::Visit;

/// How many stories a page of the list shows.
const STORIES: usize = 30;
/// How many times the store is asked for more where a visitor may not see some of what it answers.
const ASKS_MAX: usize = 5;

#[derive(Serialize)]
struct View {
    frame: Frame,
    words: String,
    states: Vec<Choice>,
    sections: Vec<Choice>,
    is_mine: bool,
    is_narrowed: bool,
    can_create: bool,
    stories: Vec<Line>,
    older: Option<String>,
}

/// What can be chosen in a list of a form.
#[derive(Serialize)]
pub(super) struct Choice {
    pub value: String,
    pub words: String,
    pub is_chosen: bool,
}

/// A line of the list.
#[derive(Serialize)]
pub(super) struct Line {
    pub id: i64,
    pub headline: String,
    pub section: String,
    pub bylines: String,
    pub state: &'static str,
    pub state_words: &'static str,
    /// True if its draft has something that readers do not see yet.
    pub is_ahead: bool,
    /// Who is writing in it.
    pub holder: Option<String>,
    pub wire: Option<String>,
    pub saved: Moment,
    pub saved_by: String,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    let sections = store::section::all(visit.db(), visit.station.id).await?;
    let state = State::parse(visit.asked("state"));
    let section = Slug::parse(visit.asked("section")).ok();
    let is_mine = visit.asked("mine") == "yes";
    let sought = Sought {
        words: visit.asked("words"),
        state,
        section: section.as_ref(),
        writer: is_mine.then(|| visit.visitor().account.id),
    };
    let (stories, older) = page(&visit, &sought, home::before(visit.asked("before"))?).await?;
    let times = Times::new(&visit.station, visit.now);
    let view = View {
        frame: Frame::new(&visit, "Stories"),
        words: sought.words.to_owned(),
        states: states(state),
        sections: self::sections(&sections, section.as_ref()),
        is_mine,
        is_narrowed: is_mine || state.is_some() || section.is_some() || !sought.words.is_empty(),
        can_create: visit.powers().may(Permission::Create),
        older: older.map(|before| address(&visit, before)),
        stories: stories.into_iter().map(|listed| line(&times, visit.now, listed)).collect(),
    };
    Ok(Answer::page("stories.html", &view))
}

/// A page of what they may see of the list, and where the next begins.
async fn page(visit: &Visit, sought: &Sought<'_>, mut before: Before) -> Result<(Vec<Listed>, Before), Fault> {
    let mut seen = Vec::new();
    for _ in 0..ASKS_MAX {
        let wanted = STORIES + 1;
        let listed = store::story::list_for_desk(visit.db(), visit.station.id, sought, before, wanted as u32).await?;
        let is_all = listed.len() < wanted;
        for story in listed {
            if seen.len() == STORIES {
                return Ok((seen, before));
            }
            before = Some((story.saved_at, story.id));
            if sought.writer.is_some() || home::may_see(visit, &story) {
                seen.push(story);
            }
        }
        if is_all {
            return Ok((seen, None));
        }
    }
    Ok((seen, before))
}

/// The address of the page of the list that begins there.
fn address(visit: &Visit, (moment, id): (Timestamp, StoryId)) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in ["words", "state", "section", "mine"] {
        if !visit.asked(name).is_empty() {
            query.append_pair(name, visit.asked(name));
        }
    }
    query.append_pair("before", &format!("{}-{id}", moment.as_microsecond()));
    format!("/stories?{}", query.finish())
}

pub(super) fn line(times: &Times, now: Timestamp, listed: Listed) -> Line {
    let headline = if listed.headline.is_empty() { "No headline yet".to_owned() } else { listed.headline };
    Line {
        id: listed.id.0,
        headline,
        section: listed.section.to_string(),
        bylines: listed.bylines.iter().map(|byline| byline.name.as_str()).collect::<Vec<_>>().join(", "),
        state: listed.state.as_str(),
        state_words: home::words(listed.state),
        is_ahead: listed.is_ahead && listed.published_at.is_some(),
        holder: listed.lock.filter(|(_, until)| *until > now).map(|(holder, _)| holder),
        wire: listed.wire.map(|wire| wire.to_uppercase()),
        saved: times.say(listed.saved_at),
        saved_by: listed.saved_by,
    }
}

fn states(chosen: Option<State>) -> Vec<Choice> {
    let choice = |state: &State| Choice {
        value: state.as_str().to_owned(),
        words: home::words(*state).to_owned(),
        is_chosen: chosen == Some(*state),
    };
    State::ALL.iter().map(choice).collect()
}

pub(super) fn sections(sections: &[Section], chosen: Option<&Slug>) -> Vec<Choice> {
    let choice = |section: &Section| Choice {
        value: section.slug.to_string(),
        words: section.title.clone(),
        is_chosen: chosen == Some(&section.slug),
    };
    sections.iter().map(choice).collect()
}

#[derive(Serialize)]
struct NewView {
    frame: Frame,
    headline: String,
    sections: Vec<Choice>,
    fault: Option<String>,
}

pub(crate) async fn show_new(visit: Arc<Visit>) -> super::Result {
    new_page(&visit, "", None).await
}

async fn new_page(visit: &Visit, headline: &str, fault: Option<String>) -> super::Result {
    let sections = store::section::all(visit.db(), visit.station.id).await?;
    let open: Vec<Section> = sections.into_iter().filter(|section| may_begin(visit, &section.slug)).collect();
    let view = NewView {
        frame: Frame::new(visit, "A new story"),
        headline: headline.to_owned(),
        sections: self::sections(&open, open.first().map(|section| &section.slug)),
        fault,
    };
    let answer = Answer::page("new_story.html", &view);
    Ok(if view.fault.is_some() { answer.with_status(StatusCode::UNPROCESSABLE_ENTITY) } else { answer })
}

/// Whoever may begin a story for a programme alone may do so in every section.
fn may_begin(visit: &Visit, section: &Slug) -> bool {
    visit.powers().may_in(Permission::Create, place(section, None))
        || !visit.powers().programmes(Permission::Create).is_empty()
}

/// Begins a story. It credits whoever begins it, if a person's name stands over what they write.
pub(crate) async fn begin(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let Ok(section) = Slug::parse(form.get("section")) else {
        return new_page(&visit, form.get("headline"), Some("Choose the section that the story is for.".into())).await;
    };
    if store::section::by_slug(visit.db(), visit.station.id, section.as_str()).await?.is_none() {
        return Err(Fault::NotFound);
    }
    let me = &visit.visitor().account;
    let mut document = Draft { headline: form.get("headline").to_owned(), ..Draft::new(section) };
    if !visit.powers().may_in(Permission::Create, place(&document.section, None)) {
        document.programme = visit.powers().programmes(Permission::Create).first().copied();
    }
    visit.check(Permission::Create, place(&document.section, document.programme))?;
    if let Some(person) = me.person {
        let person = store::person::by_id(visit.db(), visit.station.id, person).await?;
        document.bylines.extend(person.map(|person| station::Byline { name: person.name, person: Some(person.id) }));
    }
    let id = StoryId::mint(visit.now, store::id::chance());
    let writer = Writer { account: me.id, name: &me.name };
    let mut tx = visit.db().begin().await?;
    let begun = write::begin(&mut tx, visit.station.id, id, document, writer, visit.now).await;
    let (story, _) = match begun {
        Ok(begun) => begun,
        Err(newsroom::Error::Store(error)) => return Err(error.into()),
        Err(fault) => {
            drop(tx);
            return new_page(&visit, form.get("headline"), Some(sentence(&fault.to_string()))).await;
        }
    };
    let words =
        format!("began the story “{}”", if story.headline.is_empty() { "No headline yet" } else { &story.headline });
    let deed = Deed { act: "story-begun", subject: id.to_string(), words: &words };
    doer::note(&mut tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await?;
    tx.commit().await?;
    Ok(Answer::see_other(format!("/stories/{id}/edit")))
}
