//! The history of a story: every text that is kept, what is different between any two, and bringing one back.

use std::sync::Arc;

use newsroom::compare::{self, Comparison};
use newsroom::write::{self, Saved, Writer};
use serde::Serialize;
use station::Draft;

use super::manuscript::Manuscript;
use super::{done, story};
use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::view::{Frame, Moment, Times};
use crate::visit::Visit;

/// How many revisions a page shows.
const LINES: usize = 50;
/// The longest name of a revision, in characters.
const NAME_CHARACTERS_MAX: usize = 120;
/// What the newest text is called in addresses.
const DRAFT: &str = "draft";

#[derive(Serialize)]
struct View {
    frame: Frame,
    id: i64,
    can_edit: bool,
    saved: Option<Moment>,
    saved_by: String,
    lines: Vec<Line>,
    older: Option<String>,
}

#[derive(Serialize)]
struct Line {
    number: i64,
    at: Moment,
    by: String,
    why: String,
    kind: &'static str,
}

/// The texts that are kept, the newest first.
pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open(&visit, 0).await?;
    let before = match visit.asked("before") {
        "" => None,
        number => Some(number.parse().map_err(|_| Fault::NotFound)?),
    };
    let (id, times) = (manuscript.story.id, Times::new(&visit.station, visit.now));
    let mut lines = store::revision::list(visit.db(), visit.station.id, id, before, LINES as u32 + 1).await?;
    let has_older = lines.len() > LINES;
    lines.truncate(LINES);
    let last = lines.last().filter(|_| has_older);
    let line = |line: store::revision::Line| Line {
        number: line.number,
        at: times.say(line.saved_at),
        by: line.saved_by,
        why: line.why,
        kind: line.kind.as_str(),
    };
    let view = View {
        frame: Frame::new(&visit, "History"),
        id: id.0,
        can_edit: manuscript.can_edit && manuscript.held_by_another(&visit).is_none(),
        saved: manuscript.draft.as_ref().map(|draft| times.say(draft.saved_at)),
        saved_by: manuscript.draft.as_ref().map(|draft| draft.saved_by.clone()).unwrap_or_default(),
        older: last.map(|last| format!("/stories/{id}/history?before={}", last.number)),
        lines: lines.into_iter().map(line).collect(),
    };
    Ok(Answer::page("history.html", &view))
}

#[derive(Serialize)]
struct CompareView {
    frame: Frame,
    id: i64,
    from: String,
    to: String,
    is_same: bool,
    can_restore: bool,
    comparison: Comparison,
}

/// What is different between two texts.
pub(crate) async fn compare(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open(&visit, 0).await?;
    let to = if visit.asked("to").is_empty() { DRAFT } else { visit.asked("to") };
    let before = text(&visit, &manuscript, visit.asked("from")).await?;
    let after = text(&visit, &manuscript, to).await?;
    let comparison = tokio::task::spawn_blocking(move || compare::texts(&before, &after)).await;
    let comparison = comparison.unwrap_or_default();
    let view = CompareView {
        frame: Frame::new(&visit, "What is different"),
        id: manuscript.story.id.0,
        from: visit.asked("from").to_owned(),
        to: to.to_owned(),
        is_same: comparison.is_same(),
        can_restore: manuscript.can_edit
            && manuscript.held_by_another(&visit).is_none()
            && visit.asked("from") != DRAFT,
        comparison,
    };
    Ok(Answer::page("compare.html", &view))
}

/// The newest text, or that of a revision.
async fn text(visit: &Visit, manuscript: &Manuscript, named: &str) -> super::Result<Draft> {
    if named == DRAFT {
        return Ok(manuscript.document());
    }
    let number = named.parse().map_err(|_| Fault::NotFound)?;
    let found = store::revision::by_number(visit.db(), visit.station.id, manuscript.story.id, number).await?;
    found.ok_or(Fault::NotFound)
}

/// Gives the newest text a name, so that it is kept for ever.
pub(crate) async fn name(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open_to_write(&visit, 0).await?;
    let form = visit.form()?;
    let name: String =
        form.get("name").chars().filter(|letter| !letter.is_control()).take(NAME_CHARACTERS_MAX).collect();
    let back = format!("/stories/{}/history", manuscript.story.id);
    if name.is_empty() {
        return Ok(done(&back, "name-missing"));
    }
    let me = &visit.visitor().account;
    let writer = Writer { account: me.id, name: &me.name };
    let mut tx = visit.db().begin().await?;
    let named = write::name(&mut tx, visit.station.id, manuscript.story.id, &name, writer, visit.now).await;
    named.map_err(|error| story::told(error).err().unwrap_or(Fault::Unreadable))?;
    tx.commit().await?;
    Ok(done(&back, "revision-named"))
}

/// Brings a text back as the newest one.
pub(crate) async fn restore(visit: Arc<Visit>) -> super::Result {
    let manuscript = Manuscript::open_to_write(&visit, 0).await?;
    let (id, number) = (manuscript.story.id, visit.number(1)?);
    let document = text(&visit, &manuscript, &number.to_string()).await?;
    manuscript.check_place(&visit, &document)?;
    let me = &visit.visitor().account;
    let writer = Writer { account: me.id, name: &me.name };
    let mut tx = visit.db().begin().await?;
    let restored = write::restore(&mut tx, visit.station.id, id, number, writer, visit.now).await;
    let said = match restored.map_err(|error| story::told(error).err().unwrap_or(Fault::Unreadable))? {
        Saved::Taken { .. } => "restored",
        Saved::Held { .. } | Saved::Moved { .. } => "not-restored",
    };
    let words = format!("brought back revision {number} of the story “{}”", document.headline);
    let deed = Deed { act: "story-restored", subject: id.to_string(), words: &words };
    if said == "restored" {
        doer::note(&mut tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await?;
    }
    tx.commit().await?;
    Ok(done(&format!("/stories/{id}/edit"), said))
}
