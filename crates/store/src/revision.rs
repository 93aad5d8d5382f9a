//! Revisions: every text that a story had, and who saved it why.
//!
//! Those that were read, and those that somebody named, stay for ever. Autosaves are thinned as they age
//! ([`forget`]); which of them go, the newsroom decides.

use std::fmt;

use station::{Draft, StationId, Story, StoryId, Timestamp};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Error, Result, Tx};

questions! { "revision":
    ADD = "
        INSERT INTO revision (station, story, number, saved_at, saved_by, why, document, kind)
        SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6, $7
        FROM revision
        WHERE station = $1
          AND story = $2
        RETURNING number";

    LIST = "
        SELECT station, story, number, saved_at, saved_by, why, kind
        FROM revision
        WHERE station = $1
          AND story = $2
          AND number < $3
        ORDER BY number DESC
        LIMIT $4";

    BY_NUMBER = "
        SELECT document, kind
        FROM revision
        WHERE station = $1
          AND story = $2
          AND number = $3";

    NAME = "
        UPDATE revision
        SET kind = 'named', why = $1
        WHERE station = $2
          AND story = $3
          AND number = $4
          AND kind <> 'story'";

    FORGET = "
        DELETE FROM revision
        WHERE station = $1
          AND story = $2
          AND number = $3
          AND kind = 'autosave'";
}

/// What a revision is, and so how long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What stood then. Kept for ever.
    Story,
    /// A draft that was named, or put aside when another took over. Kept for ever.
    Named,
    /// A draft on its way. Thinned.
    Autosave,
}

/// A revision without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose desk.
    pub station: StationId,
    /// Of which story.
    pub story: StoryId,
    /// Its number, the first being 1.
    pub number: i64,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// By whom.
    pub saved_by: String,
    /// Why, in a few words; the name of a named one.
    pub why: String,
    /// What it is.
    pub kind: Kind,
}

/// A draft that becomes a revision.
#[derive(Clone, Copy, Debug)]
pub struct Aside<'a> {
    /// The text.
    pub document: &'a Draft,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// By whom.
    pub saved_by: &'a str,
    /// Why, in a few words.
    pub why: &'a str,
    /// [`Kind::Named`] or [`Kind::Autosave`].
    pub kind: Kind,
}

impl Kind {
    /// Its name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Story => "story",
            Kind::Named => "named",
            Kind::Autosave => "autosave",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Kind::Story, Kind::Named, Kind::Autosave].into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Adds a draft to the revisions of the story; returns its number.
pub async fn add(tx: &mut Tx, station: StationId, story: StoryId, aside: Aside<'_>) -> Result<i64> {
    let values =
        values![station, story, aside.saved_at, aside.saved_by, aside.why, json(aside.document), aside.kind.as_str()];
    let number = tx.one(ADD, values, |row| row.number("number")).await?;
    number.ok_or_else(|| Error::Missing { what: format!("a revision of story {story}") })
}

/// Up to `limit` revisions before that number (before none: the newest), the newest first.
pub async fn list(db: &Db, station: StationId, story: StoryId, before: Option<i64>, limit: u32) -> Result<Vec<Line>> {
    db.all(LIST, values![station, story, before.unwrap_or(i64::MAX), limit], line).await
}

/// The same, as the transaction sees it.
pub async fn list_in(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Line>> {
    let rows = tx.rows(LIST, values![station, story, before.unwrap_or(i64::MAX), limit]).await?;
    rows.iter().map(line).collect()
}

/// The text of a revision; that of a story that stood, as a draft of it.
pub async fn by_number(db: &Db, station: StationId, story: StoryId, number: i64) -> Result<Option<Draft>> {
    db.one(BY_NUMBER, values![station, story, number], text).await
}

/// The same, as the transaction sees it.
pub async fn by_number_in(tx: &mut Tx, station: StationId, story: StoryId, number: i64) -> Result<Option<Draft>> {
    tx.one(BY_NUMBER, values![station, story, number], text).await
}

/// Names a draft among the revisions, so that it is kept for ever. False if there is none of that number.
pub async fn name(tx: &mut Tx, station: StationId, story: StoryId, number: i64, name: &str) -> Result<bool> {
    Ok(tx.execute(NAME, values![name, station, story, number]).await? == 1)
}

/// Takes an autosave away. Whatever else the number names stays.
pub async fn forget(tx: &mut Tx, station: StationId, story: StoryId, number: i64) -> Result<()> {
    tx.execute(FORGET, values![station, story, number]).await?;
    Ok(())
}

fn line(row: &Row) -> Result<Line> {
    let kind = row.text("kind")?;
    Ok(Line {
        station: StationId(row.number("station")?),
        story: StoryId(row.number("story")?),
        number: row.number("number")?,
        saved_at: row.time("saved_at")?,
        saved_by: row.text("saved_by")?,
        why: row.text("why")?,
        kind: Kind::parse(&kind).ok_or_else(|| Error::corrupt("kind", format!("`{kind}` is no kind of revision")))?,
    })
}

fn text(row: &Row) -> Result<Draft> {
    match row.text("kind")?.as_str() {
        "story" => Ok(Draft::of(&row.json::<Story>("document")?)),
        _ => row.json("document"),
    }
}
