//! Write: a story is begun, its draft saved, and held by one writer at a time.
//!
//! Three things keep two people from writing over each other. Whoever writes holds the story for [`LEASE_S`] seconds and
//! goes on holding it for as long as they say so ([`lock`]). Every save names the version that it was made from, and is
//! taken only if that is still the newest. And whatever cannot be taken is put aside under a name: no text is ever
//! dropped.
//!
//! A save carries a name of its own, made up by the browser; the same save sent twice (the answer was lost on the way) is
//! answered twice and done once.
//!
//! Start at [`begin`], then [`save`].

use std::time::Duration;

use serde::{Deserialize, Serialize};
use station::story::State;
use station::{AccountId, Draft, Rights, StationId, Story, StoryId, Timestamp};
use store::Tx;
use store::draft::{Kept, Lock};
use store::revision::{self, Aside, Kind};

use crate::{Error, Result, held, thin};

/// How long a story is held by somebody who does not say again that they write.
pub const LEASE_S: u64 = 5 * 60;
/// How long somebody writes before the text as it was becomes a revision of its own.
pub const AUTOSAVE_EVERY_S: u64 = 10 * 60;
/// Among how many of the newest revisions a text is looked for that may have been kept already.
const RECENT: u32 = 20;
/// The longest name of a save, in bytes.
pub const SAVE_NAME_BYTES_MAX: usize = 64;
/// How long the same save is recognised.
const ANSWERS_KEPT_S: u64 = 24 * 60 * 60;

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Their account.
    pub account: AccountId,
    /// What they are called.
    pub name: &'a str,
}

/// A text to be saved.
#[derive(Clone, Debug)]
pub struct Save {
    /// The version that it was made from; 0 where there was none.
    pub version: i64,
    /// The text.
    pub document: Draft,
    /// The name of this save: the same again is the same save. Empty if it has none.
    pub name: String,
}

/// What became of a save. Whichever it is, the transaction must be committed: what could not be taken is put aside in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Saved {
    /// It is the newest text now.
    Taken {
        /// Its version.
        version: i64,
        /// When.
        at: Timestamp,
    },
    /// Another text was saved in the meantime. This one is put aside.
    Moved {
        /// The newest version.
        version: i64,
        /// Who saved that.
        by: String,
        /// When.
        at: Timestamp,
        /// The number of the revision in which this text is kept.
        kept: i64,
    },
    /// Another holds the story. This text is put aside.
    Held {
        /// Who.
        holder: String,
        /// Since when.
        since: Timestamp,
        /// The number of the revision in which this text is kept.
        kept: i64,
    },
}

/// What became of taking hold of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// They hold it.
    Mine {
        /// Until when, unless they say so again.
        until: Timestamp,
    },
    /// Another does.
    Theirs {
        /// Who.
        holder: String,
        /// Since when.
        since: Timestamp,
    },
}

/// Begins a story. It is a draft, and whoever begins it holds it.
pub async fn begin(
    tx: &mut Tx,
    station: StationId,
    id: StoryId,
    document: Draft,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<(Story, Kept)> {
    let document = document.tidied()?;
    let story = document.apply_to(empty(station, id, &document));
    store::story::save_text(tx, &story, now, writer.name).await?;
    let draft = Kept {
        station,
        story: id,
        document,
        version: 1,
        stands: None,
        saved_at: now,
        saved_by: writer.name.to_owned(),
        saved_by_account: Some(writer.account),
        begun_by: Some(writer.account),
    };
    store::draft::save(tx, &draft).await?;
    note_writers(tx, &story, &draft.document, writer, now).await?;
    hold(tx, station, id, writer, None, now).await?;
    Ok((story, draft))
}

/// Saves a text of a story, if it was made from the newest one and nobody else holds the story.
///
/// The text of a story that nobody could read yet is the story's own text from then on; otherwise what stands goes on
/// standing, and the draft waits beside it.
pub async fn save(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    save: Save,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<Saved> {
    let document = save.document.tidied()?;
    let story = held(tx, station, story).await?;
    check_may_write(&story)?;
    if let Some(answer) = answered(tx, &story, &save.name).await? {
        return Ok(answer);
    }
    let newest = store::draft::by_story_in(tx, station, story.id).await?;
    let outcome = match refusal(tx, &story, newest.as_ref(), save.version, writer, now).await? {
        Some(refused) => put_aside(tx, &story, &document, refused, writer, now).await?,
        None => take(tx, &story, newest, document, writer, now).await?,
    };
    keep_answer(tx, &story, &save.name, &outcome, now).await?;
    Ok(outcome)
}

/// Takes hold of a story, or goes on holding it. With `take`, also from another: their newest text is put aside under a
/// name.
pub async fn lock(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    take: bool,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<Hold> {
    let story = held(tx, station, story).await?;
    check_may_write(&story)?;
    let before = store::draft::lock_in(tx, station, story.id).await?;
    if let Some(other) = other_holder(before.as_ref(), writer, now) {
        if !take {
            return Ok(Hold::Theirs { holder: other.holder.clone(), since: other.since });
        }
        let why = format!("kept when {} took over from {}", writer.name, other.holder);
        keep_newest(tx, station, story.id, &why).await?;
    }
    let until = hold(tx, station, story.id, writer, before, now).await?;
    Ok(Hold::Mine { until })
}

/// Gives the story back, so that others need not wait for the lease to end. False if they did not hold it.
pub async fn release(tx: &mut Tx, station: StationId, story: StoryId, writer: Writer<'_>) -> Result<bool> {
    held(tx, station, story).await?;
    Ok(store::draft::release(tx, station, story, writer.account).await?)
}

/// Gives the draft as it is a name, under which it is kept for ever. Returns the number of the revision.
pub async fn name(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    name: &str,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<i64> {
    let story = held(tx, station, story).await?;
    let newest = store::draft::by_story_in(tx, station, story.id).await?;
    let document = newest.map_or_else(|| Draft::of(&story), |draft| draft.document);
    let aside = Aside { document: &document, saved_at: now, saved_by: writer.name, why: name, kind: Kind::Named };
    Ok(revision::add(tx, station, story.id, aside).await?)
}

/// Brings the text of a revision back as the newest one. The text that it takes the place of is put aside under a name.
pub async fn restore(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    number: i64,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<Saved> {
    let story = held(tx, station, story).await?;
    check_may_write(&story)?;
    let found = revision::by_number_in(tx, station, story.id, number).await?;
    let document = found.ok_or(Error::NoRevision { story: story.id, number })?;
    let newest = store::draft::by_story_in(tx, station, story.id).await?;
    let version = newest.as_ref().map_or(0, |draft| draft.version);
    match refusal(tx, &story, newest.as_ref(), version, writer, now).await? {
        Some(refused) => put_aside(tx, &story, &document, refused, writer, now).await,
        None => {
            keep_newest(tx, station, story.id, &format!("kept when revision {number} was restored")).await?;
            take(tx, &story, newest, document, writer, now).await
        }
    }
}

/// Who holds the story at this moment.
pub fn holder(lock: Option<Lock>, now: Timestamp) -> Option<Lock> {
    lock.filter(|lock| lock.until > now)
}

/// A story from the wire is its owner's, and one that was killed is nobody's any more.
fn check_may_write(story: &Story) -> Result<()> {
    let act = "edited";
    match (&story.source, story.state) {
        (Some(_), _) => Err(Error::NotOurs { act }),
        (None, State::Killed) => Err(Error::WrongState { act, state: State::Killed }),
        (None, _) => Ok(()),
    }
}

fn other_holder<'a>(lock: Option<&'a Lock>, writer: Writer<'_>, now: Timestamp) -> Option<&'a Lock> {
    lock.filter(|lock| lock.account != writer.account && lock.until > now)
}

/// Why a save is not taken.
enum Refused {
    Held(Lock),
    Moved { version: i64, by: String, at: Timestamp },
}

async fn refusal(
    tx: &mut Tx,
    story: &Story,
    newest: Option<&Kept>,
    version: i64,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<Option<Refused>> {
    let lock = store::draft::lock_in(tx, story.station, story.id).await?;
    if let Some(other) = other_holder(lock.as_ref(), writer, now) {
        return Ok(Some(Refused::Held(other.clone())));
    }
    Ok(newest.filter(|newest| newest.version != version).map(|newest| Refused::Moved {
        version: newest.version,
        by: newest.saved_by.clone(),
        at: newest.saved_at,
    }))
}

async fn put_aside(
    tx: &mut Tx,
    story: &Story,
    document: &Draft,
    refused: Refused,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<Saved> {
    let why = match &refused {
        Refused::Held(lock) => format!("put aside: {} was writing", lock.holder),
        Refused::Moved { by, .. } => format!("put aside: {by} had saved another text"),
    };
    let aside = Aside { document, saved_at: now, saved_by: writer.name, why: &why, kind: Kind::Named };
    let kept = revision::add(tx, story.station, story.id, aside).await?;
    Ok(match refused {
        Refused::Held(lock) => Saved::Held { holder: lock.holder, since: lock.since, kept },
        Refused::Moved { version, by, at } => Saved::Moved { version, by, at, kept },
    })
}

async fn take(
    tx: &mut Tx,
    story: &Story,
    newest: Option<Kept>,
    document: Draft,
    writer: Writer<'_>,
    now: Timestamp,
) -> Result<Saved> {
    if let Some(before) = &newest {
        keep_autosave(tx, story, before, writer, now).await?;
    }
    if story.published_at.is_none() {
        store::story::save_text(tx, &document.apply_to(story.clone()), now, writer.name).await?;
    } else {
        store::story::note_saved(tx, story.station, story.id, now, writer.name).await?;
    }
    note_writers(tx, story, &document, writer, now).await?;
    let version = newest.as_ref().map_or(0, |draft| draft.version) + 1;
    let draft = Kept {
        station: story.station,
        story: story.id,
        document,
        version,
        stands: newest.as_ref().and_then(|draft| draft.stands),
        saved_at: now,
        saved_by: writer.name.to_owned(),
        saved_by_account: Some(writer.account),
        begun_by: newest.and_then(|draft| draft.begun_by),
    };
    store::draft::save(tx, &draft).await?;
    let lock = store::draft::lock_in(tx, story.station, story.id).await?;
    hold(tx, story.station, story.id, writer, lock, now).await?;
    Ok(Saved::Taken { version, at: now })
}

/// Keeps the text that is about to be replaced, where somebody else wrote it or it has been a while since one was kept.
async fn keep_autosave(tx: &mut Tx, story: &Story, before: &Kept, writer: Writer<'_>, now: Timestamp) -> Result<()> {
    let lines = revision::list_in(tx, story.station, story.id, None, RECENT).await?;
    let is_anothers = before.saved_by_account != Some(writer.account);
    let every = Duration::from_secs(AUTOSAVE_EVERY_S);
    let is_due = lines.first().is_none_or(|last| last.saved_at + every <= now);
    let is_kept = lines.iter().any(|line| line.saved_at == before.saved_at && line.saved_by == before.saved_by);
    if before.document.is_blank() || is_kept || !(is_anothers || is_due) {
        return Ok(());
    }
    let aside = Aside {
        document: &before.document,
        saved_at: before.saved_at,
        saved_by: &before.saved_by,
        why: "",
        kind: Kind::Autosave,
    };
    revision::add(tx, story.station, story.id, aside).await?;
    thin::autosaves(tx, story.station, story.id, now).await
}

/// Keeps the newest text for ever.
async fn keep_newest(tx: &mut Tx, station: StationId, story: StoryId, why: &str) -> Result<()> {
    let Some(newest) = store::draft::by_story_in(tx, station, story).await? else { return Ok(()) };
    let aside = Aside {
        document: &newest.document,
        saved_at: newest.saved_at,
        saved_by: &newest.saved_by,
        why,
        kind: Kind::Named,
    };
    revision::add(tx, station, story, aside).await?;
    Ok(())
}

/// Holds the story from now on; since before, if they held it before.
async fn hold(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    writer: Writer<'_>,
    before: Option<Lock>,
    now: Timestamp,
) -> Result<Timestamp> {
    let goes_on = before.filter(|lock| lock.account == writer.account && lock.until > now);
    let lock = Lock {
        station,
        account: writer.account,
        holder: writer.name.to_owned(),
        since: goes_on.map_or(now, |lock| lock.since),
        until: now + Duration::from_secs(LEASE_S),
    };
    store::draft::set_lock(tx, story, &lock).await?;
    Ok(lock.until)
}

/// The story is the work of whoever writes in it, and of those whom it credits.
async fn note_writers(tx: &mut Tx, story: &Story, document: &Draft, writer: Writer<'_>, now: Timestamp) -> Result<()> {
    store::draft::note_writer(tx, story.station, story.id, writer.account, now).await?;
    for person in document.bylines.iter().filter_map(|byline| byline.person) {
        store::draft::note_credited(tx, story.station, story.id, person, now).await?;
    }
    Ok(())
}

async fn answered(tx: &mut Tx, story: &Story, name: &str) -> Result<Option<Saved>> {
    if name.is_empty() {
        return Ok(None);
    }
    let answer = store::draft::answered_in(tx, story.station, story.id, name).await?;
    Ok(answer.and_then(|answer| serde_json::from_str(&answer).ok()))
}

async fn keep_answer(tx: &mut Tx, story: &Story, name: &str, answer: &Saved, now: Timestamp) -> Result<()> {
    if name.is_empty() {
        return Ok(());
    }
    let answer = serde_json::to_string(answer).expect("an answer has string keys and so can be written as JSON");
    let old = now - Duration::from_secs(ANSWERS_KEPT_S);
    store::draft::forget_answers(tx, story.station, story.id, old).await?;
    store::draft::answer(tx, story.station, story.id, name, now, &answer).await?;
    Ok(())
}

fn empty(station: StationId, id: StoryId, document: &Draft) -> Story {
    Story {
        id,
        station,
        section: document.section.clone(),
        programme: None,
        slug: document.slug(),
        kicker: String::new(),
        headline: String::new(),
        seo_title: String::new(),
        teaser: String::new(),
        bylines: Vec::new(),
        lead: None,
        sounds: Vec::new(),
        body: Vec::new(),
        corrections: Vec::new(),
        state: State::Draft,
        published_at: None,
        updated_at: None,
        source: None,
        rights: Rights::default(),
    }
}
