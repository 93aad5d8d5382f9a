//! Acts: what is done with a story, and the page that says where it stands.
//!
//! Each act is a form that works without a script and a line of the table. The act itself is the newsroom's; here it is
//! seen whether the visitor may do it to this story, and the deed is written into the audit log in the same transaction.
//!
//! Start at [`show`]; [`view`] says what can be done, [`wall`] reads and says the moment of a plan.

mod view;
mod wall;

use std::sync::Arc;

use http::StatusCode;
use newsroom::{Errand, Weight};
use serde::Serialize;
use station::act::Ending;
use station::role::Place;
use station::story::State;
use station::{Act, Permission, Story, StoryId, Text, Timestamp};
use store::Tx;

use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::view::Frame;
use crate::visit::{Form, Visit};

use super::done;
use super::join::sentence;

pub(crate) use view::Standing;

/// The longest word that goes with an act, in characters.
const WORDS_CHARACTERS_MAX: usize = 2_000;

#[derive(Serialize)]
struct View {
    frame: Frame,
    acts: Standing,
}

/// Where the story stands, what can be done with it, and what has been done.
pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    let story = story(&visit).await?;
    page(&visit, &story, None, None).await
}

/// The page with why nothing was done, or with a link that was made and is shown once.
pub(super) async fn page(visit: &Visit, story: &Story, fault: Option<String>, link: Option<String>) -> super::Result {
    let acts = Standing::new(visit, story, fault, link).await?;
    let status = if acts.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = View { frame: Frame::new(visit, &title(story)), acts };
    Ok(Answer::page("standing.html", &view).with_status(status))
}

/// The story of this line of the table, if the visitor may read it.
pub(super) async fn story(visit: &Visit) -> super::Result<Story> {
    let id = StoryId(visit.number(0)?);
    let story = store::story::by_id(visit.db(), visit.station.id, id).await?.ok_or(Fault::NotFound)?;
    if story.state != State::Published {
        visit.check(Permission::ViewDrafts, place(&story))?;
    }
    Ok(story)
}

pub(crate) async fn submit(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    carry_out(&visit, Asked::Submit { word: words(&form, "word") }).await
}

pub(crate) async fn send_back(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    carry_out(&visit, Asked::SendBack { why: words(&form, "why") }).await
}

pub(crate) async fn approve(visit: Arc<Visit>) -> super::Result {
    carry_out(&visit, Asked::Approve).await
}

pub(crate) async fn publish(visit: Arc<Visit>) -> super::Result {
    carry_out(&visit, Asked::Publish).await
}

pub(crate) async fn schedule(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    match wall::read(&visit.station, form.get("due"), form.get("which") == "second") {
        Ok(due_at) => carry_out(&visit, Asked::Schedule { due_at, weight: weight(&form) }).await,
        Err(fault) => page(&visit, &story(&visit).await?, Some(fault.to_string()), None).await,
    }
}

pub(crate) async fn unschedule(visit: Arc<Visit>) -> super::Result {
    carry_out(&visit, Asked::Unschedule).await
}

pub(crate) async fn update(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    carry_out(&visit, Asked::Update { weight: weight(&form), why: words(&form, "why") }).await
}

pub(crate) async fn correct(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    carry_out(&visit, Asked::Correct { admission: words(&form, "admission") }).await
}

pub(crate) async fn unpublish(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let ending = match form.get("ending") {
        "redirect" => Ending::Redirect { to: form.get("to").to_owned() },
        "notice" => Ending::Notice { words: words(&form, "notice").to_owned() },
        _ => Ending::Gone,
    };
    carry_out(&visit, Asked::Unpublish { ending, why: words(&form, "why") }).await
}

pub(crate) async fn kill(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    if form.get("sure") == "yes" {
        return carry_out(&visit, Asked::Kill { why: words(&form, "why") }).await;
    }
    let fault = "A killed story does not come back. Tick the box if that is what you want.".to_owned();
    page(&visit, &story(&visit).await?, Some(fault), None).await
}

/// An act with all that a form says about it.
enum Asked<'a> {
    Submit { word: &'a str },
    SendBack { why: &'a str },
    Approve,
    Schedule { due_at: Timestamp, weight: Weight },
    Unschedule,
    Publish,
    Update { weight: Weight, why: &'a str },
    Correct { admission: &'a str },
    Unpublish { ending: Ending, why: &'a str },
    Kill { why: &'a str },
}

impl Asked<'_> {
    fn act(&self) -> Act {
        match self {
            Asked::Submit { .. } => Act::Submit,
            Asked::SendBack { .. } => Act::SendBack,
            Asked::Approve => Act::Approve,
            Asked::Schedule { .. } => Act::Schedule,
            Asked::Unschedule => Act::Unschedule,
            Asked::Publish => Act::Publish,
            Asked::Update { .. } => Act::Update,
            Asked::Correct { .. } => Act::Correct,
            Asked::Unpublish { .. } => Act::Unpublish,
            Asked::Kill { .. } => Act::Kill,
        }
    }

    /// Has the newsroom do it. The story as readers see it then, or will.
    async fn done_by(self, tx: &mut Tx, errand: &Errand<'_>) -> newsroom::Result<Story> {
        match self {
            Asked::Submit { word } => newsroom::submit(tx, errand, word).await,
            Asked::SendBack { why } => newsroom::send_back(tx, errand, why).await,
            Asked::Approve => newsroom::approve(tx, errand).await,
            Asked::Schedule { due_at, weight } => Ok(newsroom::schedule(tx, errand, due_at, weight).await?.text),
            Asked::Unschedule => newsroom::unschedule(tx, errand).await,
            Asked::Publish => newsroom::publish(tx, errand).await,
            Asked::Update { weight, why } => newsroom::update(tx, errand, weight, why).await,
            Asked::Correct { admission } => newsroom::correct(tx, errand, Text::plain(admission)).await,
            Asked::Unpublish { ending, why } => newsroom::unpublish(tx, errand, ending, why).await,
            Asked::Kill { why } => newsroom::kill(tx, errand, why).await,
        }
    }
}

/// Does it, if the visitor may do it to this story where it stands and where it would stand then.
async fn carry_out(visit: &Visit, asked: Asked<'_>) -> super::Result {
    let (before, act) = (story(visit).await?, asked.act());
    visit.check(act.permission(), place(&before))?;
    let by = &visit.visitor().account.name;
    let errand = Errand { station: &visit.station, story: before.id, by, now: visit.now };
    let mut tx = visit.db().begin().await?;
    match asked.done_by(&mut tx, &errand).await {
        Ok(after) => {
            visit.check(act.permission(), place(&after))?;
            note(&mut tx, visit, act, &after).await?;
            tx.commit().await?;
            Ok(done(&format!("/stories/{}", before.id), act.as_str()))
        }
        Err(newsroom::Error::Missing { .. }) => Err(Fault::NotFound),
        Err(newsroom::Error::Store(error)) => Err(error.into()),
        Err(fault) => {
            // The page is read past this transaction, which on SQLite is the only one.
            drop(tx);
            page(visit, &before, Some(sentence(&fault.to_string())), None).await
        }
    }
}

async fn note(tx: &mut Tx, visit: &Visit, act: Act, story: &Story) -> store::Result<()> {
    let words = format!("{} “{}”", past(act), title(story));
    let deed = Deed { act: &format!("story-{}", act.as_str()), subject: story.id.to_string(), words: &words };
    doer::note(tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await
}

/// What was done, in words that follow the doer's name.
fn past(act: Act) -> &'static str {
    match act {
        Act::Submit => "handed in",
        Act::SendBack => "sent back",
        Act::Approve => "approved",
        Act::Schedule => "scheduled",
        Act::Unschedule => "took out of the schedule",
        Act::Publish => "published",
        Act::Update => "updated",
        Act::Correct => "corrected",
        Act::Unpublish => "unpublished",
        Act::Kill => "killed",
    }
}

/// What a story is called before anybody has found a headline for it.
pub(super) fn title(story: &Story) -> String {
    let headline = story.headline.trim();
    if headline.is_empty() { "Without a headline".to_owned() } else { headline.to_owned() }
}

pub(super) fn place(story: &Story) -> Place<'_> {
    Place { section: Some(&story.section), programme: story.programme }
}

fn weight(form: &Form) -> Weight {
    if form.get("weight") == "minor" { Weight::Minor } else { Weight::Major }
}

/// What a field of the form says, cut where nobody would read on.
fn words<'a>(form: &'a Form, name: &str) -> &'a str {
    let words = form.get(name);
    words.char_indices().nth(WORDS_CHARACTERS_MAX).map_or(words, |(end, _)| &words[..end])
}
