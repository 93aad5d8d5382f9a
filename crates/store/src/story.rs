//! Stories: what can be read, every text that it ever had, and the lists that show it.
//!
//! [`save`] writes the story and a revision of it. Lists hold only published stories, newest first; a page of a list
//! starts after the last story of the page before it (`before`), so that no story is shown twice or skipped when a new
//! one appears.

use jiff::tz::TimeZone;
use station::story::{Listed, Saved, State, Summary};
use station::{PersonId, Slug, StationId, Story, StoryId, Timestamp};

use crate::row::Row;
use crate::value::{json, maybe_json};
use crate::{Db, Error, Result, Tx};

/// Where a page of a list starts: after the story of that moment and id.
pub type Before = Option<(Timestamp, StoryId)>;

macro_rules! select {
    ($where:literal) => {
        concat!(
            "
        SELECT station, id, section, slug, kicker, headline, teaser, bylines, lead, sounds, body, corrections, state,
               published_at, updated_at, wire, external_id, canonical, rights
        FROM story",
            $where
        )
    };
}

macro_rules! list {
    ($where:literal) => {
        concat!(
            "
        SELECT s.id, s.section, s.slug, s.kicker, s.headline, s.teaser, s.bylines, s.lead, s.sounds, s.published_at,
               s.rights
        FROM story s",
            $where,
            "
        ORDER BY s.published_at DESC, s.id DESC
        LIMIT "
        )
    };
}

questions! { "story":
    SAVE = "
        INSERT INTO story (station, id, section, slug, path_date, kicker, headline, teaser, bylines, lead, sounds, body,
                           corrections, state, published_at, updated_at, wire, external_id, canonical, rights)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        ON CONFLICT (station, id) DO UPDATE
        SET section = excluded.section, slug = excluded.slug, path_date = excluded.path_date,
            kicker = excluded.kicker, headline = excluded.headline, teaser = excluded.teaser,
            bylines = excluded.bylines, lead = excluded.lead, sounds = excluded.sounds, body = excluded.body,
            corrections = excluded.corrections, state = excluded.state, published_at = excluded.published_at,
            updated_at = excluded.updated_at, wire = excluded.wire, external_id = excluded.external_id,
            canonical = excluded.canonical, rights = excluded.rights";

    FORGET_BYLINES = "
        DELETE FROM byline
        WHERE station = $1
          AND story = $2";

    ADD_BYLINE = "
        INSERT INTO byline (station, story, person)
        VALUES ($1, $2, $3)
        ON CONFLICT (station, person, story) DO NOTHING";

    ADD_REVISION = "
        INSERT INTO revision (station, story, number, saved_at, saved_by, why, document)
        SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6
        FROM revision
        WHERE station = $1
          AND story = $2";

    HISTORY = "
        SELECT saved_at, saved_by, why
        FROM revision
        WHERE station = $1
          AND story = $2
        ORDER BY number DESC
        LIMIT $3";

    BY_PATH = select!("
        WHERE station = $1
          AND section = $2
          AND path_date = $3
          AND slug = $4");

    BY_ID = select!("
        WHERE station = $1
          AND id = $2");

    BY_EXTERNAL = select!("
        WHERE station = $1
          AND wire = $2
          AND external_id = $3");

    DATES = "
        SELECT id, published_at, path_date
        FROM story
        WHERE station = $1
          AND published_at IS NOT NULL";

    DATE_ANEW = "
        UPDATE story
        SET path_date = $1
        WHERE station = $2
          AND id = $3";

    // An update that changes nothing: both databases keep others off the row until the transaction ends.
    HOLD = "
        UPDATE story
        SET state = state
        WHERE station = $1
          AND id = $2";

    HOLD_EXTERNAL = "
        UPDATE story
        SET state = state
        WHERE station = $1
          AND wire = $2
          AND external_id = $3";

    LATEST = concat!(list!("
        WHERE s.station = $1
          AND s.state = 'published'
          AND (s.published_at, s.id) < ($2, $3)"), "$4");

    LATEST_IN_SECTION = concat!(list!("
        WHERE s.station = $1
          AND s.section = $2
          AND s.state = 'published'
          AND (s.published_at, s.id) < ($3, $4)"), "$5");

    LIST_FOR_DESK = "
        SELECT s.station, s.id, s.section, s.slug, s.headline, s.bylines, s.state, s.published_at, s.path_date, s.wire,
               r.saved_at, r.saved_by
        FROM revision r
        JOIN story s ON s.station = r.station AND s.id = r.story
        WHERE r.station = $1
          AND (r.saved_at, r.story) < ($2, $3)
          AND r.number = (SELECT MAX(n.number) FROM revision n WHERE n.station = $1 AND n.story = r.story)
        ORDER BY r.saved_at DESC, r.story DESC
        LIMIT $4";

    BY_PERSON = concat!(list!("
        JOIN byline b ON b.station = s.station AND b.story = s.id
        WHERE s.station = $1
          AND b.person = $2
          AND s.state = 'published'
          AND (s.published_at, s.id) < ($3, $4)"), "$5");
}

/// Saves the story, and this text of it as a revision: `saved` says by whom and why.
///
/// The date in its address is that of its first publication in the station's time zone.
pub async fn save(tx: &mut Tx, story: &Story, saved: &Saved) -> Result<()> {
    save_row(tx, story).await?;
    save_bylines(tx, story).await?;
    let values = values![story.station, story.id, saved.at, &saved.by, &saved.why, json(story)];
    tx.execute(ADD_REVISION, values).await?;
    Ok(())
}

/// The story at `/{section}/{date}/{slug}`, in whatever state it is. The date is written `2026-11-24`.
pub async fn by_path(db: &Db, station: StationId, section: &str, date: &str, slug: &str) -> Result<Option<Story>> {
    db.one(BY_PATH, values![station, section, date, slug], read).await
}

/// That story, in whatever state it is.
pub async fn by_id(db: &Db, station: StationId, id: StoryId) -> Result<Option<Story>> {
    db.one(BY_ID, values![station, id], read).await
}

/// That story, in whatever state it is, held for this transaction: until it ends nobody else can change the story, so
/// that what is read here can be changed and saved without losing another's work.
pub async fn by_id_in(tx: &mut Tx, station: StationId, id: StoryId) -> Result<Option<Story>> {
    tx.execute(HOLD, values![station, id]).await?;
    tx.one(BY_ID, values![station, id], read).await
}

/// The story made from a wire's record.
pub async fn by_external(db: &Db, station: StationId, wire: &str, external_id: &str) -> Result<Option<Story>> {
    db.one(BY_EXTERNAL, values![station, wire, external_id], read).await
}

/// The story made from a wire's record, held for this transaction as by [`by_id_in`].
pub async fn by_external_in(tx: &mut Tx, station: StationId, wire: &str, external_id: &str) -> Result<Option<Story>> {
    tx.execute(HOLD_EXTERNAL, values![station, wire, external_id]).await?;
    tx.one(BY_EXTERNAL, values![station, wire, external_id], read).await
}

/// True if no story stands at `/{section}/{date}/{slug}`, the date written `2026-11-24`.
pub async fn slug_is_free_in(tx: &mut Tx, station: StationId, section: &Slug, date: &str, slug: &Slug) -> Result<bool> {
    Ok(tx.rows(BY_PATH, values![station, section, date, slug]).await?.is_empty())
}

/// The newest published stories.
pub async fn latest(db: &Db, station: StationId, before: Before, limit: u32) -> Result<Vec<Summary>> {
    let (moment, id) = or_start(before);
    db.all(LATEST, values![station, moment, id, limit], summary).await
}

/// The newest published stories of a section.
pub async fn latest_in_section(
    db: &Db,
    station: StationId,
    section: &str,
    before: Before,
    limit: u32,
) -> Result<Vec<Summary>> {
    let (moment, id) = or_start(before);
    db.all(LATEST_IN_SECTION, values![station, section, moment, id, limit], summary).await
}

/// The stories in whatever state, the one that was saved last first: what the desk lists. `before` is where a page starts:
/// after the story of that id, whose newest text was saved at that moment.
pub async fn list_for_desk(db: &Db, station: StationId, before: Before, limit: u32) -> Result<Vec<Listed>> {
    let (moment, id) = or_start(before);
    db.all(LIST_FOR_DESK, values![station, moment, id, limit], listed).await
}

/// The newest published stories that credit a person.
pub async fn by_person(
    db: &Db,
    station: StationId,
    person: PersonId,
    before: Before,
    limit: u32,
) -> Result<Vec<Summary>> {
    let (moment, id) = or_start(before);
    db.all(BY_PERSON, values![station, person, moment, id, limit], summary).await
}

/// Who saved the story when and why, the newest first.
pub async fn history(db: &Db, station: StationId, story: StoryId, limit: u32) -> Result<Vec<Saved>> {
    db.all(HISTORY, values![station, story, limit], saved).await
}

async fn save_row(tx: &mut Tx, story: &Story) -> Result<()> {
    let source = story.source.as_ref();
    let path_date = path_date(tx, story).await?;
    tx.execute(
        SAVE,
        values![
            story.station,
            story.id,
            &story.section,
            &story.slug,
            path_date,
            &story.kicker,
            &story.headline,
            &story.teaser,
            json(&story.bylines),
            maybe_json(story.lead.as_ref()),
            json(&story.sounds),
            json(&story.body),
            json(&story.corrections),
            story.state.as_str(),
            story.published_at,
            story.updated_at,
            source.map(|source| source.wire.as_str()),
            source.map(|source| source.external_id.as_str()),
            source.and_then(|source| source.canonical.as_deref()),
            json(&story.rights),
        ],
    )
    .await?;
    Ok(())
}

async fn path_date(tx: &mut Tx, story: &Story) -> Result<Option<String>> {
    let Some(published_at) = story.published_at else { return Ok(None) };
    let zone = crate::station::zone_in(tx, story.station).await?;
    Ok(Some(date_in(&zone, published_at)))
}

fn date_in(zone: &TimeZone, published_at: Timestamp) -> String {
    zone.to_datetime(published_at).date().to_string()
}

/// Dates the addresses of all stories anew, for a station that has moved to `zone`.
pub(crate) async fn date_anew(tx: &mut Tx, station: StationId, zone: &TimeZone) -> Result<()> {
    for row in tx.rows(DATES, values![station]).await? {
        let date = date_in(zone, row.time("published_at")?);
        if row.maybe_text("path_date")?.as_deref() != Some(&date) {
            tx.execute(DATE_ANEW, values![date, station, row.number("id")?]).await?;
        }
    }
    Ok(())
}

async fn save_bylines(tx: &mut Tx, story: &Story) -> Result<()> {
    tx.execute(FORGET_BYLINES, values![story.station, story.id]).await?;
    for person in story.bylines.iter().filter_map(|byline| byline.person) {
        tx.execute(ADD_BYLINE, values![story.station, story.id, person]).await?;
    }
    Ok(())
}

/// The place before the newest story, where none is given.
fn or_start(before: Before) -> (i64, i64) {
    before.map_or((i64::MAX, i64::MAX), |(moment, id)| (moment.as_microsecond(), id.0))
}

fn read(row: &Row) -> Result<Story> {
    Ok(Story {
        id: StoryId(row.number("id")?),
        station: StationId(row.number("station")?),
        section: row.slug("section")?,
        slug: row.slug("slug")?,
        kicker: row.text("kicker")?,
        headline: row.text("headline")?,
        teaser: row.text("teaser")?,
        bylines: row.json("bylines")?,
        lead: row.maybe_json("lead")?,
        sounds: row.json("sounds")?,
        body: row.json("body")?,
        corrections: row.json("corrections")?,
        state: state(row)?,
        published_at: row.maybe_time("published_at")?,
        updated_at: row.maybe_time("updated_at")?,
        source: crate::person::source(row)?,
        rights: row.json("rights")?,
    })
}

fn summary(row: &Row) -> Result<Summary> {
    Ok(Summary {
        id: StoryId(row.number("id")?),
        section: row.slug("section")?,
        slug: row.slug("slug")?,
        kicker: row.text("kicker")?,
        headline: row.text("headline")?,
        teaser: row.text("teaser")?,
        bylines: row.json("bylines")?,
        lead: row.maybe_json("lead")?,
        sounds: row.json("sounds")?,
        published_at: row.time("published_at")?,
        rights: row.json("rights")?,
    })
}

fn listed(row: &Row) -> Result<Listed> {
    Ok(Listed {
        id: StoryId(row.number("id")?),
        station: StationId(row.number("station")?),
        section: row.slug("section")?,
        slug: row.slug("slug")?,
        headline: row.text("headline")?,
        bylines: row.json("bylines")?,
        state: state(row)?,
        published_at: row.maybe_time("published_at")?,
        path_date: row.maybe_text("path_date")?,
        wire: row.maybe_text("wire")?,
        saved_at: row.time("saved_at")?,
        saved_by: row.text("saved_by")?,
    })
}

fn state(row: &Row) -> Result<State> {
    let state = row.text("state")?;
    State::parse(&state).ok_or_else(|| Error::corrupt("state", format!("`{state}` is no state")))
}

fn saved(row: &Row) -> Result<Saved> {
    Ok(Saved { at: row.time("saved_at")?, by: row.text("saved_by")?, why: row.text("why")? })
}
