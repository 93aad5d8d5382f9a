//! Stories: what can be read, every text that it ever had, and the lists that show it.
//!
//! [`save`] writes the story and a revision of it. Lists hold only published stories, newest first; a page of a list
//! starts after the last story of the page before it (`before`), so that no story is shown twice or skipped when a new
//! one appears.

use jiff::tz::TimeZone;
use station::story::{Listed, Saved, State, Summary};
use station::{AccountId, PersonId, ProgrammeId, Slug, StationId, Story, StoryId, Timestamp};

use crate::row::Row;
use crate::value::{json, maybe_json};
use crate::{Db, Error, Result, Tx};

/// Where a page of a list starts: after the story of that moment and id.
pub type Before = Option<(Timestamp, StoryId)>;

macro_rules! select {
    ($where:literal) => {
        concat!(
            "
        SELECT station, id, section, programme, slug, kicker, headline, seo_title, teaser, bylines, lead, sounds, body,
               corrections, state, published_at, updated_at, wire, external_id, canonical, rights
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

macro_rules! desk_list {
    ($from:literal, $where:literal) => {
        concat!(
            "
        SELECT s.station, s.id, s.section, s.programme, s.slug, s.headline, s.bylines, s.state, s.published_at,
               s.path_date, s.wire, s.saved_at, s.saved_by, d.version, d.stands, k.holder, k.until",
            $from,
            "
        LEFT JOIN draft d ON d.station = s.station AND d.story = s.id
        LEFT JOIN draft_lock k ON k.station = s.station AND k.story = s.id",
            $where
        )
    };
}

questions! { "story":
    SAVE = "
        INSERT INTO story (station, id, section, programme, slug, path_date, kicker, headline, seo_title, teaser,
                           bylines, lead, sounds, body, corrections, state, published_at, updated_at, wire, external_id,
                           canonical, rights, saved_at, saved_by, is_indexed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
                $24, 1)
        ON CONFLICT (station, id) DO UPDATE
        SET section = excluded.section, programme = excluded.programme, slug = excluded.slug,
            path_date = excluded.path_date, kicker = excluded.kicker, headline = excluded.headline,
            seo_title = excluded.seo_title, teaser = excluded.teaser, bylines = excluded.bylines,
            lead = excluded.lead, sounds = excluded.sounds, body = excluded.body,
            corrections = excluded.corrections, state = excluded.state, published_at = excluded.published_at,
            updated_at = excluded.updated_at, wire = excluded.wire, external_id = excluded.external_id,
            canonical = excluded.canonical, rights = excluded.rights, saved_at = excluded.saved_at,
            saved_by = excluded.saved_by, is_indexed = excluded.is_indexed";

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
          AND kind = 'story'
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

    SAVED = "
        UPDATE story
        SET saved_at = $1, saved_by = $2
        WHERE station = $3
          AND id = $4";

    FOR_DESK = concat!(desk_list!("
        FROM story s", "
        WHERE s.station = $1
          AND (s.saved_at, s.id) < ($2, $3)"), "
        ORDER BY s.saved_at DESC, s.id DESC
        LIMIT $4");

    FOR_DESK_BY_STATE = concat!(desk_list!("
        FROM story s", "
        WHERE s.station = $1
          AND s.state = $2
          AND (s.saved_at, s.id) < ($3, $4)"), "
        ORDER BY s.saved_at DESC, s.id DESC
        LIMIT $5");

    FOR_DESK_BY_SECTION = concat!(desk_list!("
        FROM story s", "
        WHERE s.station = $1
          AND s.section = $2
          AND (s.saved_at, s.id) < ($3, $4)"), "
        ORDER BY s.saved_at DESC, s.id DESC
        LIMIT $5");

    FOR_DESK_BY_SECTION_AND_STATE = concat!(desk_list!("
        FROM story s", "
        WHERE s.station = $1
          AND s.section = $2
          AND s.state = $3
          AND (s.saved_at, s.id) < ($4, $5)"), "
        ORDER BY s.saved_at DESC, s.id DESC
        LIMIT $6");

    FOR_DESK_BY_WRITER = concat!(desk_list!("
        FROM writer m
        JOIN story s ON s.station = m.station AND s.id = m.story", "
        WHERE m.station = $1
          AND m.account = $2
          AND (m.saved_at, m.story) < ($3, $4)
          AND s.section = COALESCE($5, s.section)
          AND s.state = COALESCE($6, s.state)"), "
        ORDER BY m.saved_at DESC, m.story DESC
        LIMIT $7");

    FOR_DESK_BY_WORDS = concat!(desk_list!("
        FROM (SELECT DISTINCT w.station AS station, w.story AS story
              FROM story_word w
              WHERE w.station = $1
                AND w.word >= $2
                AND w.word < $3
                AND w.story < $4) found
        JOIN story s ON s.station = found.station AND s.id = found.story", "
        WHERE s.station = $1
          AND EXISTS (SELECT 1 FROM story_word w
                      WHERE w.station = s.station AND w.story = s.id AND w.word >= $5 AND w.word < $6)
          AND EXISTS (SELECT 1 FROM story_word w
                      WHERE w.station = s.station AND w.story = s.id AND w.word >= $7 AND w.word < $8)
          AND EXISTS (SELECT 1 FROM story_word w
                      WHERE w.station = s.station AND w.story = s.id AND w.word >= $9 AND w.word < $10)
          AND s.section = COALESCE($11, s.section)
          AND s.state = COALESCE($12, s.state)"), "
        ORDER BY s.id DESC
        LIMIT $13");

    BY_PERSON = concat!(list!("
        JOIN byline b ON b.station = s.station AND b.story = s.id
        WHERE s.station = $1
          AND b.person = $2
          AND s.state = 'published'
          AND (s.published_at, s.id) < ($3, $4)"), "$5");
}

/// What the desk's list is asked for. Nothing asked is everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sought<'a> {
    /// Words that headline, teaser, kicker, slug or bylines must have, or begin with; up to four count.
    pub words: &'a str,
    /// In that state.
    pub state: Option<State>,
    /// In that section.
    pub section: Option<&'a Slug>,
    /// Begun or written by that account, or crediting its person. Words go before.
    pub writer: Option<AccountId>,
}

/// Saves the story, and this text of it as a revision: `saved` says by whom and why.
///
/// The date in its address is that of its first publication in the station's time zone.
pub async fn save(tx: &mut Tx, story: &Story, saved: &Saved) -> Result<()> {
    save_text(tx, story, saved.at, &saved.by).await?;
    let values = values![story.station, story.id, saved.at, &saved.by, &saved.why, json(story)];
    tx.execute(ADD_REVISION, values).await?;
    Ok(())
}

/// Saves a story that nobody could read yet, without a revision: its draft has them.
pub async fn save_text(tx: &mut Tx, story: &Story, at: Timestamp, by: &str) -> Result<()> {
    save_row(tx, story, at, by).await?;
    save_bylines(tx, story).await?;
    crate::search::index(tx, story).await
}

/// Notes when and by whom something about a story was saved, so that the desk's list shows it in its place.
pub async fn note_saved(tx: &mut Tx, station: StationId, story: StoryId, at: Timestamp, by: &str) -> Result<()> {
    tx.execute(SAVED, values![at, by, station, story]).await?;
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

/// Stories in whatever state: what the desk lists. The one that was saved last stands first; among those that are found by
/// words, the one that was begun last.
///
/// `before` is where a page starts: after the story of that id, which was saved at that moment.
pub async fn list_for_desk(
    db: &Db,
    station: StationId,
    sought: &Sought<'_>,
    before: Before,
    limit: u32,
) -> Result<Vec<Listed>> {
    let (moment, id) = or_start(before);
    let state = sought.state.map(State::as_str);
    match (sought.writer, sought.section.map(Slug::as_str), state) {
        _ if !sought.words.trim().is_empty() => by_words(db, station, sought, id, limit).await,
        (Some(account), section, state) => {
            let values = values![station, account, moment, id, section, state, limit];
            db.all(FOR_DESK_BY_WRITER, values, listed).await
        }
        (None, None, None) => db.all(FOR_DESK, values![station, moment, id, limit], listed).await,
        (None, None, Some(state)) => {
            db.all(FOR_DESK_BY_STATE, values![station, state, moment, id, limit], listed).await
        }
        (None, Some(section), None) => {
            db.all(FOR_DESK_BY_SECTION, values![station, section, moment, id, limit], listed).await
        }
        (None, Some(section), Some(state)) => {
            let values = values![station, section, state, moment, id, limit];
            db.all(FOR_DESK_BY_SECTION_AND_STATE, values, listed).await
        }
    }
}

async fn by_words(db: &Db, station: StationId, sought: &Sought<'_>, before: i64, limit: u32) -> Result<Vec<Listed>> {
    let Some([first, second, third, fourth]) = crate::search::ranges(sought.words) else { return Ok(Vec::new()) };
    let (section, state) = (sought.section.map(Slug::as_str), sought.state.map(State::as_str));
    let values = values![
        station, first.0, first.1, before, second.0, second.1, third.0, third.1, fourth.0, fourth.1, section, state,
        limit
    ];
    db.all(FOR_DESK_BY_WORDS, values, listed).await
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

/// Who changed what stands, when and why, the newest first. Drafts stand in [`revision`](crate::revision).
pub async fn history(db: &Db, station: StationId, story: StoryId, limit: u32) -> Result<Vec<Saved>> {
    db.all(HISTORY, values![station, story, limit], saved).await
}

async fn save_row(tx: &mut Tx, story: &Story, at: Timestamp, by: &str) -> Result<()> {
    let source = story.source.as_ref();
    let path_date = path_date(tx, story).await?;
    tx.execute(
        SAVE,
        values![
            story.station,
            story.id,
            &story.section,
            story.programme.map(|programme| programme.0),
            &story.slug,
            path_date,
            &story.kicker,
            &story.headline,
            &story.seo_title,
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
            at,
            by,
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
        programme: programme(row)?,
        slug: row.slug("slug")?,
        kicker: row.text("kicker")?,
        headline: row.text("headline")?,
        seo_title: row.text("seo_title")?,
        teaser: row.text("teaser")?,
        bylines: row.json("bylines")?,
        lead: row.maybe_json("lead")?,
        sounds: row.json("sounds")?,
        body: row.json("body")?,
        corrections: row.json("corrections")?,
        state: state(row, "state")?,
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
    let stands = row.maybe_number("stands")?;
    let (holder, until) = (row.maybe_text("holder")?, row.maybe_time("until")?);
    Ok(Listed {
        id: StoryId(row.number("id")?),
        station: StationId(row.number("station")?),
        section: row.slug("section")?,
        programme: programme(row)?,
        slug: row.slug("slug")?,
        headline: row.text("headline")?,
        bylines: row.json("bylines")?,
        state: state(row, "state")?,
        published_at: row.maybe_time("published_at")?,
        path_date: row.maybe_text("path_date")?,
        wire: row.maybe_text("wire")?,
        saved_at: row.time("saved_at")?,
        saved_by: row.text("saved_by")?,
        is_ahead: row.maybe_number("version")?.is_some_and(|version| stands != Some(version)),
        lock: holder.zip(until),
    })
}

fn programme(row: &Row) -> Result<Option<ProgrammeId>> {
    Ok(row.maybe_number("programme")?.map(ProgrammeId))
}

/// The state in the column of that name.
pub(crate) fn state(row: &Row, column: &'static str) -> Result<State> {
    let state = row.text(column)?;
    State::parse(&state).ok_or_else(|| Error::corrupt(column, format!("`{state}` is no state")))
}

fn saved(row: &Row) -> Result<Saved> {
    Ok(Saved { at: row.time("saved_at")?, by: row.text("saved_by")?, why: row.text("why")? })
}
