//! Migrations: how the tables came to look as they do.
//!
//! Each step is applied once, in a transaction of its own together with the row that says so. Two programs that start
//! at the same moment cannot apply a step twice: the second waits on that row, then finds it. `migrations/README.md`
//! says how a step is written.

use crate::{Db, Error, Result};

/// The steps in order; a step that was released is never changed.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_on_the_air_and_on_the_page.sql"),
    include_str!("../migrations/0002_pieces_by_rule.sql"),
    include_str!("../migrations/0003_at_the_desk.sql"),
    include_str!("../migrations/0004_recordings.sql"),
    include_str!("../migrations/0005_at_work.sql"),
    include_str!("../migrations/0006_publishing.sql"),
    include_str!("../migrations/0007_sound_of_programmes.sql"),
];

const MAKE_LOG: &str = "CREATE TABLE IF NOT EXISTS migration (
    step BIGINT PRIMARY KEY,
    text TEXT NOT NULL
)";

questions! { "migration":
    APPLIED = "
        SELECT step, text
        FROM migration
        ORDER BY step";

    CLAIM = "
        INSERT INTO migration (step, text)
        VALUES ($1, $2)
        ON CONFLICT (step) DO NOTHING";
}

pub(crate) async fn run(db: &Db) -> Result<()> {
    make_log(db).await?;
    let applied = db.all(APPLIED, values![], |row| Ok((row.number("step")?, row.text("text")?))).await?;
    check(&applied)?;
    for (step, text) in (1..).zip(STEPS).skip(applied.len()) {
        apply(db, step, text).await?;
    }
    crate::search::catch_up(db).await
}

async fn make_log(db: &Db) -> Result<()> {
    let make = async || {
        let mut tx = db.begin().await?;
        tx.run(MAKE_LOG.to_owned()).await?;
        tx.commit().await
    };
    match make().await {
        // PostgreSQL lets two programs try at once and refuses the slower one, in one of several ways. By then it is there.
        Err(Error::Taken { .. } | Error::Other { .. }) => make().await,
        made => made,
    }
}

/// Refuses rows that this program does not understand.
fn check(applied: &[(i64, String)]) -> Result<()> {
    let known = STEPS.len() as i64;
    for (step, text) in applied {
        match usize::try_from(step - 1).ok().and_then(|at| STEPS.get(at)) {
            None => return Err(Error::TooNew { found: *step, known }),
            Some(ours) if ours != text => return Err(Error::Altered { step: *step }),
            Some(_) => {}
        }
    }
    Ok(())
}

async fn apply(db: &Db, step: i64, text: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    if db.is_postgres() {
        // A large table takes its time, and so does waiting for another program that is at this very step.
        tx.run("SET LOCAL statement_timeout = 0".to_owned()).await?;
    }
    if tx.execute(CLAIM, values![step, text]).await? == 1 {
        tx.run(in_dialect(text, db.is_postgres())).await?;
        tracing::info!(step, "the store's tables were brought up to date");
    }
    tx.commit().await
}

/// Puts the words in which the two databases differ.
fn in_dialect(text: &str, is_postgres: bool) -> String {
    let now_micros = if is_postgres {
        "(CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT))"
    } else {
        "(CAST(unixepoch('subsec') * 1000000 AS INTEGER))"
    };
    let bytewise = if is_postgres { "COLLATE \"C\"" } else { "COLLATE BINARY" };
    text.replace("{NOW}", now_micros).replace("{BYTEWISE}", bytewise)
}
