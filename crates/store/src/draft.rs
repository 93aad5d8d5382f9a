//! Drafts: the working text of a story, who holds it, and what a save was answered.
//!
//! Everything here is done while the story's row is held ([`story::by_id_in`](crate::story::by_id_in)), so that saves,
//! locks and take-overs of one story come one after another.

use station::{AccountId, Draft, PersonId, StationId, StoryId, Timestamp};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "draft":
    SAVE = "
        INSERT INTO draft (station, story, document, version, stands, saved_at, saved_by, saved_by_account, begun_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (station, story) DO UPDATE
        SET document = excluded.document, version = excluded.version, stands = excluded.stands,
            saved_at = excluded.saved_at, saved_by = excluded.saved_by, saved_by_account = excluded.saved_by_account";

    BY_STORY = "
        SELECT station, story, document, version, stands, saved_at, saved_by, saved_by_account, begun_by
        FROM draft
        WHERE station = $1
          AND story = $2";

    SET_STANDS = "
        UPDATE draft
        SET stands = version
        WHERE station = $1
          AND story = $2";

    NOTE_WRITER = "
        INSERT INTO writer (station, story, account, saved_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (station, story, account) DO UPDATE
        SET saved_at = excluded.saved_at";

    NOTE_CREDITED = "
        INSERT INTO writer (station, story, account, saved_at)
        SELECT $1, $2, id, $3
        FROM account
        WHERE station = $1
          AND person = $4
        ON CONFLICT (station, story, account) DO NOTHING";

    LOCK = "
        SELECT station, account, holder, since, until
        FROM draft_lock
        WHERE station = $1
          AND story = $2";

    SET_LOCK = "
        INSERT INTO draft_lock (station, story, account, holder, since, until)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (station, story) DO UPDATE
        SET account = excluded.account, holder = excluded.holder, since = excluded.since, until = excluded.until";

    RELEASE = "
        DELETE FROM draft_lock
        WHERE station = $1
          AND story = $2
          AND account = $3";

    ANSWERED = "
        SELECT answer
        FROM draft_save
        WHERE station = $1
          AND story = $2
          AND name = $3";

    ANSWER = "
        INSERT INTO draft_save (station, story, name, at, answer)
        VALUES ($1, $2, $3, $4, $5)";

    FORGET_ANSWERS = "
        DELETE FROM draft_save
        WHERE station = $1
          AND story = $2
          AND at < $3";
}

/// The working text of a story, as it was last saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Whose desk.
    pub station: StationId,
    /// Of which story.
    pub story: StoryId,
    /// The text.
    pub document: Draft,
    /// One more with every save; the first is 1.
    pub version: i64,
    /// The version that the story was last made of; `None` before it first was.
    pub stands: Option<i64>,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// What whoever saved it is called.
    pub saved_by: String,
    /// Their account, if they have one.
    pub saved_by_account: Option<AccountId>,
    /// Who began the story, if it was begun at the desk.
    pub begun_by: Option<AccountId>,
}

impl Kept {
    /// True if there is something in it that is not in the story yet.
    pub fn is_ahead(&self) -> bool {
        self.stands != Some(self.version)
    }
}

/// Who writes in a story, since when, and until when unless they say that they still do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Whose desk.
    pub station: StationId,
    /// Who.
    pub account: AccountId,
    /// What they are called.
    pub holder: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// The draft of that story; `None` if nobody has written in it at the desk.
pub async fn by_story(db: &Db, station: StationId, story: StoryId) -> Result<Option<Kept>> {
    db.one(BY_STORY, values![station, story], read).await
}

/// The same, as the transaction sees it.
pub async fn by_story_in(tx: &mut Tx, station: StationId, story: StoryId) -> Result<Option<Kept>> {
    tx.one(BY_STORY, values![station, story], read).await
}

/// Saves the working text as it is given. Who began the story is said the first time and stays.
pub async fn save(tx: &mut Tx, draft: &Kept) -> Result<()> {
    let values = values![
        draft.station,
        draft.story,
        json(&draft.document),
        draft.version,
        draft.stands,
        draft.saved_at,
        &draft.saved_by,
        draft.saved_by_account.map(|account| account.0),
        draft.begun_by.map(|account| account.0),
    ];
    tx.execute(SAVE, values).await?;
    Ok(())
}

/// Notes that the story is now made of the draft as it is.
pub async fn stands(tx: &mut Tx, station: StationId, story: StoryId) -> Result<()> {
    tx.execute(SET_STANDS, values![station, story]).await?;
    Ok(())
}

/// Notes that the story is this account's work too.
pub async fn note_writer(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    account: AccountId,
    at: Timestamp,
) -> Result<()> {
    tx.execute(NOTE_WRITER, values![station, story, account, at]).await?;
    Ok(())
}

/// Notes that the story is also the work of whoever comes in as that person.
pub async fn note_credited(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    person: PersonId,
    at: Timestamp,
) -> Result<()> {
    tx.execute(NOTE_CREDITED, values![station, story, at, person]).await?;
    Ok(())
}

/// Who last held the story; whether they still do, [`Lock::until`] says.
pub async fn lock(db: &Db, station: StationId, story: StoryId) -> Result<Option<Lock>> {
    db.one(LOCK, values![station, story], read_lock).await
}

/// The same, as the transaction sees it.
pub async fn lock_in(tx: &mut Tx, station: StationId, story: StoryId) -> Result<Option<Lock>> {
    tx.one(LOCK, values![station, story], read_lock).await
}

/// Says who holds the story from now on.
pub async fn set_lock(tx: &mut Tx, story: StoryId, lock: &Lock) -> Result<()> {
    let values = values![lock.station, story, lock.account, &lock.holder, lock.since, lock.until];
    tx.execute(SET_LOCK, values).await?;
    Ok(())
}

/// Gives the story back. False if they did not hold it.
pub async fn release(tx: &mut Tx, station: StationId, story: StoryId, account: AccountId) -> Result<bool> {
    Ok(tx.execute(RELEASE, values![station, story, account]).await? == 1)
}

/// What the save of that name was answered, as it was given to [`answer`].
pub async fn answered_in(tx: &mut Tx, station: StationId, story: StoryId, name: &str) -> Result<Option<String>> {
    tx.one(ANSWERED, values![station, story, name], |row| row.text("answer")).await
}

/// Keeps what the save of that name is answered.
pub async fn answer(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    name: &str,
    at: Timestamp,
    answer: &str,
) -> Result<()> {
    tx.execute(ANSWER, values![station, story, name, at, answer]).await?;
    Ok(())
}

/// Forgets what saves before `before` were answered.
pub async fn forget_answers(tx: &mut Tx, station: StationId, story: StoryId, before: Timestamp) -> Result<()> {
    tx.execute(FORGET_ANSWERS, values![station, story, before]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Kept> {
    Ok(Kept {
        station: StationId(row.number("station")?),
        story: StoryId(row.number("story")?),
        document: row.json("document")?,
        version: row.number("version")?,
        stands: row.maybe_number("stands")?,
        saved_at: row.time("saved_at")?,
        saved_by: row.text("saved_by")?,
        saved_by_account: row.maybe_number("saved_by_account")?.map(AccountId),
        begun_by: row.maybe_number("begun_by")?.map(AccountId),
    })
}

fn read_lock(row: &Row) -> Result<Lock> {
    Ok(Lock {
        station: StationId(row.number("station")?),
        account: AccountId(row.number("account")?),
        holder: row.text("holder")?,
        since: row.time("since")?,
        until: row.time("until")?,
    })
}
