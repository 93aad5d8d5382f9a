//! A story while it is written: its page, and what the editor in it sends and asks.
//!
//! Everything works without script: the page is a form, its body light Markdown. With script the editor takes the form's
//! place and saves by itself.

use std::sync::Arc;

use http::StatusCode;
use minijinja::Value;
use newsroom::write::{self, Hold, Save, Saved, Writer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use station::{Byline, Draft, Person, Programme, ProgrammeId, Slug, markdown};

use super::acts::Standing;
use super::join::sentence;
use super::manuscript::Manuscript;
use super::stories::{self, Choice};
use super::{done, home};
use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::view::{Frame, Moment, Times};
use crate::visit::{Form, Visit};

#[derive(Serialize)]
struct View {
    frame: Frame,
    id: i64,
    version: i64,
    can_edit: bool,
    /// True if they may write in it, now or when they take it over.
    has_editor: bool,
    /// Whose text it is that the browser keeps.
    account: i64,
    headline: String,
    kicker: String,
    teaser: String,
    seo_title: String,
    slug: String,
    bylines: String,
    note: String,
    body: String,
    lead: Option<Lead>,
    sections: Vec<Choice>,
    programmes: Vec<Choice>,
    people: Vec<String>,
    /// The draft as JSON that cannot end the element it stands in.
    json: Value,
    state: &'static str,
    state_words: &'static str,
    is_ahead: bool,
    /// Its page on the public site.
    address: Option<String>,
    saved: Option<Moment>,
    saved_by: String,
    holder: Option<Holder>,
    is_wire: bool,
    acts: Standing,
    fault: Option<String>,
    /// The revision in which a text is kept that could not be taken.
    kept: Option<i64>,
}

#[derive(Serialize)]
struct Lead {
    alt: String,
    caption: String,
    credit: String,
}

#[derive(Serialize)]
struct Holder {
    name: String,
    since: Moment,
}

/// Why a text was not taken, as the page says it.
#[derive(Default)]
struct Refusal {
    fault: Option<String>,
    kept: Option<i64>,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    page(&visit, Refusal::default()).await
}

async fn page(visit: &Visit, refusal: Refusal) -> super::Result {
    let manuscript = Manuscript::open(visit, 0).await?;
    let times = Times::new(&visit.station, visit.now);
    let (db, station) = (visit.db(), visit.station.id);
    let document = manuscript.document();
    let sections = store::section::all(db, station).await?;
    let title = if document.headline.is_empty() { "A new story" } else { &document.headline };
    let is_refused = refusal.fault.is_some();
    let view = View {
        frame: Frame::new(visit, title),
        id: manuscript.story.id.0,
        version: manuscript.version(),
        can_edit: manuscript.can_edit && manuscript.held_by_another(visit).is_none(),
        has_editor: manuscript.can_edit,
        account: visit.visitor().account.id.0,
        json: in_script(&document),
        headline: document.headline.clone(),
        kicker: document.kicker.clone(),
        teaser: document.teaser.clone(),
        seo_title: document.seo_title.clone(),
        slug: document.slug.as_ref().map(Slug::to_string).unwrap_or_default(),
        bylines: document.bylines.iter().map(|byline| byline.name.as_str()).collect::<Vec<_>>().join("\n"),
        note: document.note.clone(),
        body: markdown::write(&document.body),
        lead: document.lead.map(|lead| Lead { alt: lead.alt, caption: lead.caption, credit: lead.credit }),
        sections: stories::sections(&sections, Some(&document.section)),
        programmes: programmes(&store::programme::all(db, station).await?, document.programme),
        people: ours(store::person::all(db, station).await?).into_iter().map(|person| person.name).collect(),
        state: manuscript.story.state.as_str(),
        state_words: home::words(manuscript.story.state),
        is_ahead: manuscript.story.published_at.is_some()
            && manuscript.draft.as_ref().is_some_and(|draft| draft.is_ahead()),
        address: address(visit, &manuscript),
        saved: manuscript.draft.as_ref().map(|draft| times.say(draft.saved_at)),
        saved_by: manuscript.draft.as_ref().map(|draft| draft.saved_by.clone()).unwrap_or_default(),
        holder: manuscript
            .held_by_another(visit)
            .filter(|_| manuscript.can_edit)
            .map(|lock| Holder { name: lock.holder.clone(), since: times.say(lock.since) }),
        is_wire: manuscript.story.source.is_some(),
        acts: Standing::new(visit, &manuscript.story, None, None).await?,
        fault: refusal.fault,
        kept: refusal.kept,
    };
    let answer = Answer::page("story.html", &view);
    let answer = if view.has_editor { answer.with_editor() } else { answer };
    Ok(if is_refused { answer.with_status(StatusCode::CONFLICT) } else { answer })
}

/// The story's page on the public site, if it has one.
fn address(visit: &Visit, manuscript: &Manuscript) -> Option<String> {
    let story = &manuscript.story;
    let at = story.published_at.filter(|_| story.state == station::story::State::Published)?;
    let zone = jiff::tz::TimeZone::get(&visit.station.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let path = station::story::path(&story.section, at, &zone, &story.slug);
    Some(format!("{}{path}", visit.desk.settings.site_of(&visit.station)))
}

fn programmes(all: &[Programme], chosen: Option<ProgrammeId>) -> Vec<Choice> {
    let choice = |programme: &Programme| Choice {
        value: programme.id.to_string(),
        words: programme.title.clone(),
        is_chosen: Some(programme.id) == chosen,
    };
    all.iter().map(choice).collect()
}

/// The people of the house.
fn ours(people: Vec<Person>) -> Vec<Person> {
    people.into_iter().filter(|person| person.source.is_none()).collect()
}

/// JSON within a `script` element: nothing in it can be read as markup.
fn in_script(document: &Draft) -> Value {
    let json = serde_json::to_string(document).expect("a draft has string keys and so can be written as JSON");
    let escaped = json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    Value::from_safe_string(escaped)
}

/// Saves the form, where there is no script.
pub(crate) async fn save_form(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open_to_write(&visit, 0).await?;
    let form = visit.form()?;
    let version = form.get("version").parse().map_err(|_| Fault::Unreadable)?;
    let people = ours(store::person::all(visit.db(), visit.station.id).await?);
    let document = match read(&form, &manuscript, &people) {
        Ok(document) => document,
        Err(fault) => return page(&visit, Refusal { fault: Some(fault.to_owned()), kept: None }).await,
    };
    let save = Save { version, document, name: String::new() };
    let times = Times::new(&visit.station, visit.now);
    let refusal = match keep(&visit, &manuscript, save).await? {
        Ok(Saved::Taken { .. }) => return Ok(done(&format!("/stories/{}/edit", manuscript.story.id), "saved")),
        Ok(Saved::Moved { by, at, kept, .. }) => {
            let fault = format!("{by} saved another text {}. Yours is kept beside it.", times.say(at).words);
            Refusal { fault: Some(fault), kept: Some(kept) }
        }
        Ok(Saved::Held { holder, kept, .. }) => {
            let fault = format!("{holder} is writing in this story. Your text is kept beside it.");
            Refusal { fault: Some(fault), kept: Some(kept) }
        }
        Err(fault) => Refusal { fault: Some(fault), kept: None },
    };
    page(&visit, refusal).await
}

/// The draft that the form says: what has no field in it stays as it is.
fn read(form: &Form, manuscript: &Manuscript, people: &[Person]) -> Result<Draft, &'static str> {
    let before = manuscript.document();
    let slug = match form.get("slug") {
        "" => None,
        slug => Some(Slug::parse(slug).map_err(|_| "The address takes small letters, digits and single hyphens.")?),
    };
    let programme = match form.get("programme") {
        "" => None,
        id => Some(ProgrammeId(id.parse().map_err(|_| "Choose the programme once more.")?)),
    };
    let mut lead = before.lead.clone();
    if let Some(lead) = &mut lead {
        lead.alt = form.get("lead_alt").to_owned();
        lead.caption = form.get("lead_caption").to_owned();
        lead.credit = form.get("lead_credit").to_owned();
    }
    let blocks = markdown::read(form.whole("body"), &before.body);
    Ok(Draft {
        section: Slug::parse(form.get("section")).map_err(|_| "Choose the section that the story is for.")?,
        programme,
        slug,
        kicker: form.get("kicker").to_owned(),
        headline: form.get("headline").to_owned(),
        teaser: form.get("teaser").to_owned(),
        seo_title: form.get("seo_title").to_owned(),
        bylines: bylines(form.get("bylines"), &before.bylines, people),
        lead,
        sounds: before.sounds.clone(),
        body: station::draft::carry_names(&before.body, blocks, &format!("v{}", manuscript.version() + 1)),
        note: form.get("note").to_owned(),
    })
}

/// A name on each line: whoever the station knows by it, or a name alone.
fn bylines(names: &str, before: &[Byline], people: &[Person]) -> Vec<Byline> {
    let names = names.lines().map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
    let byline = |name: String| {
        let kept = before.iter().find(|byline| byline.name == name).and_then(|byline| byline.person);
        let known = people.iter().find(|person| person.name == name).map(|person| person.id);
        Byline { person: kept.or(known), name }
    };
    names.filter(|name| !name.is_empty()).map(byline).collect()
}

/// Saves a text. What the writer can do something about comes back as a sentence.
async fn keep(visit: &Visit, manuscript: &Manuscript, save: Save) -> super::Result<Result<Saved, String>> {
    manuscript.check_place(visit, &save.document)?;
    if !is_known(visit, &save.document).await? {
        return Ok(Err("There is no such section or programme any more. Choose another.".into()));
    }
    let me = &visit.visitor().account;
    let writer = Writer { account: me.id, name: &me.name };
    let mut tx = visit.db().begin().await?;
    match write::save(&mut tx, visit.station.id, manuscript.story.id, save, writer, visit.now).await {
        Ok(saved) => {
            tx.commit().await?;
            Ok(Ok(saved))
        }
        Err(fault) => told(fault).map(Err),
    }
}

async fn is_known(visit: &Visit, document: &Draft) -> super::Result<bool> {
    let (db, station) = (visit.db(), visit.station.id);
    let has_section = store::section::by_slug(db, station, document.section.as_str()).await?.is_some();
    let has_programme = match document.programme {
        Some(programme) => store::programme::by_id(db, station, programme).await?.is_some(),
        None => true,
    };
    Ok(has_section && has_programme)
}

/// Why the newsroom would not, as a sentence; or a fault, where no sentence helps.
pub(super) fn told(error: newsroom::Error) -> super::Result<String> {
    match error {
        newsroom::Error::Store(error) => Err(error.into()),
        newsroom::Error::Missing { .. } | newsroom::Error::NoRevision { .. } => Err(Fault::NotFound),
        error => Ok(sentence(&error.to_string())),
    }
}

/// What the editor sends.
#[derive(Deserialize)]
struct Sent {
    version: i64,
    document: Draft,
    #[serde(default)]
    key: String,
}

/// Saves what the editor sends.
pub(crate) async fn save(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open_to_write(&visit, 0).await?;
    let Sent { version, document, key } = visit.json()?;
    if key.len() > write::SAVE_NAME_BYTES_MAX {
        return Err(Fault::Unreadable);
    }
    let times = Times::new(&visit.station, visit.now);
    Ok(match keep(&visit, &manuscript, Save { version, document, name: key }).await? {
        Ok(Saved::Taken { version, at }) => Answer::json(json!({ "version": version, "saved_at": at.to_string() })),
        Ok(Saved::Moved { version, by, at, kept }) => {
            let error = format!("{by} saved another text {}. Yours is kept as revision {kept}.", times.say(at).words);
            let body = json!({ "version": version, "by": by, "at": at.to_string(), "kept": kept, "error": error });
            Answer::json(body).with_status(StatusCode::CONFLICT)
        }
        Ok(Saved::Held { holder, since, kept }) => {
            let error = format!("{holder} is writing in this story. Your text is kept as revision {kept}.");
            let body = json!({ "holder": holder, "since": since.to_string(), "kept": kept, "error": error });
            Answer::json(body).with_status(StatusCode::LOCKED)
        }
        Err(error) => Answer::json(json!({ "error": error })).with_status(StatusCode::UNPROCESSABLE_ENTITY),
    })
}

/// The newest text, for whoever reads along or comes back to the network.
pub(crate) async fn draft(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open(&visit, 0).await?;
    let draft = manuscript.draft.as_ref();
    Ok(Answer::json(json!({
        "version": manuscript.version(),
        "document": manuscript.document(),
        "saved_at": draft.map(|draft| draft.saved_at.to_string()),
        "saved_by": draft.map(|draft| &draft.saved_by),
        "holder": manuscript.lock.as_ref().map(|lock| &lock.holder),
        "by_me": manuscript.lock.is_some() && manuscript.held_by_another(&visit).is_none(),
    })))
}

#[derive(Deserialize)]
struct Taking {
    #[serde(default)]
    take: bool,
}

/// Takes hold of the story, or goes on holding it. A form that asks for it takes over and leads back to the page.
pub(crate) async fn lock(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open_to_write(&visit, 0).await?;
    let is_form = visit.is_form();
    let take = if is_form { visit.form()?.get("take") == "yes" } else { visit.json::<Taking>()?.take };
    let me = &visit.visitor().account;
    let writer = Writer { account: me.id, name: &me.name };
    let mut tx = visit.db().begin().await?;
    let hold = match write::lock(&mut tx, visit.station.id, manuscript.story.id, take, writer, visit.now).await {
        Ok(hold) => hold,
        Err(fault) => {
            let error = told(fault)?;
            return Ok(Answer::json(json!({ "error": error })).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    if let Some(other) = manuscript.held_by_another(&visit).filter(|_| take) {
        let words = format!("took over the story “{}” from {}", manuscript.document().headline, other.holder);
        let deed = Deed { act: "story-taken-over", subject: manuscript.story.id.to_string(), words: &words };
        doer::note(&mut tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await?;
    }
    tx.commit().await?;
    Ok(match hold {
        _ if is_form => Answer::see_other(format!("/stories/{}/edit", manuscript.story.id)),
        Hold::Mine { until } => Answer::json(json!({ "until": until.to_string(), "by_me": true })),
        Hold::Theirs { holder, since } => {
            let error = format!("{holder} is writing in this story.");
            let body = json!({ "holder": holder, "since": since.to_string(), "error": error });
            Answer::json(body).with_status(StatusCode::LOCKED)
        }
    })
}

/// Gives the story back.
pub(crate) async fn release(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open(&visit, 0).await?;
    let me = &visit.visitor().account;
    let mut tx = visit.db().begin().await?;
    let writer = Writer { account: me.id, name: &me.name };
    let released = write::release(&mut tx, visit.station.id, manuscript.story.id, writer).await;
    match released {
        Ok(is_released) => {
            tx.commit().await?;
            Ok(Answer::json(json!({ "released": is_released })))
        }
        Err(fault) => told(fault).map(|error| Answer::json(json!({ "error": error }))),
    }
}
