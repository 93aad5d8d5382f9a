//! The audit log: who did what to what at the desk.
//!
//! [`add`] writes in the transaction that does the deed. Entries are numbered without gaps, and each carries a hash of
//! itself and of the one before: an entry that somebody changes or takes away in the database is found by [`check`].
//! (Whoever can rewrite the whole table can make a new chain; copies of the last hash elsewhere would show that.)

use sha2::{Digest, Sha256};
use station::audit::{Entry, Placed};
use station::{AccountId, StationId};

use crate::row::Row;
use crate::{Db, Error, Result, Tx};

/// How many entries [`check`] reads at once.
const CHECK_PAGE: u32 = 1_000;

questions! { "audit":
    // Both databases keep others off the row until the transaction ends, so that entries come one after another.
    HOLD = "
        UPDATE station
        SET rev = rev
        WHERE id = $1";

    LAST = "
        SELECT number, chain
        FROM audit
        WHERE station = $1
        ORDER BY number DESC
        LIMIT 1";

    ADD = "
        INSERT INTO audit (station, number, at, account, who, act, subject, words, device, chain)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    LATEST = "
        SELECT station, number, at, account, who, act, subject, words, device, chain
        FROM audit
        WHERE station = $1
          AND number < $2
        ORDER BY number DESC
        LIMIT $3";

    AFTER = "
        SELECT station, number, at, account, who, act, subject, words, device, chain
        FROM audit
        WHERE station = $1
          AND number > $2
        ORDER BY number
        LIMIT $3";
}

/// What a look at the whole log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whose log.
    pub station: StationId,
    /// How many entries fit the chain.
    pub entries: i64,
    /// The place of the first entry that was changed, or before which one is missing.
    pub broken_at: Option<i64>,
}

/// Adds an entry. From here to its end the transaction is the only one that can: add last.
pub async fn add(tx: &mut Tx, entry: &Entry) -> Result<()> {
    if tx.execute(HOLD, values![entry.station]).await? == 0 {
        return Err(Error::Missing { what: format!("an audit entry of station {}", entry.station) });
    }
    let last = tx.one(LAST, values![entry.station], |row| Ok((row.number("number")?, row.text("chain")?))).await?;
    let (before, chain) = last.unwrap_or_default();
    let number = before + 1;
    let values = values![
        entry.station,
        number,
        entry.at,
        entry.account.map(|account| account.0),
        &entry.who,
        &entry.act,
        &entry.subject,
        &entry.words,
        &entry.device,
        link(&chain, number, entry),
    ];
    tx.execute(ADD, values).await?;
    Ok(())
}

/// The newest entries, or those before the entry of the number `before`.
pub async fn latest(db: &Db, station: StationId, before: Option<i64>, limit: u32) -> Result<Vec<Placed>> {
    db.all(LATEST, values![station, before.unwrap_or(i64::MAX), limit], |row| Ok(read(row)?.0)).await
}

/// Goes through the whole log and says where it was tampered with, if it was.
pub async fn check(db: &Db, station: StationId) -> Result<Checked> {
    let (mut number, mut chain) = (0, String::new());
    loop {
        let page = db.all(AFTER, values![station, number, CHECK_PAGE], read).await?;
        if page.is_empty() {
            return Ok(Checked { station, entries: number, broken_at: None });
        }
        for (placed, kept) in page {
            chain = link(&chain, number + 1, &placed.entry);
            if placed.number != number + 1 || kept != chain {
                return Ok(Checked { station, entries: number, broken_at: Some(placed.number) });
            }
            number = placed.number;
        }
    }
}

/// The hash of an entry and of everything before it.
fn link(before: &str, number: i64, entry: &Entry) -> String {
    let text = serde_json::to_string(&(before, number, entry)).expect("an entry can be written as JSON");
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(row: &Row) -> Result<(Placed, String)> {
    let entry = Entry {
        station: StationId(row.number("station")?),
        at: row.time("at")?,
        account: row.maybe_number("account")?.map(AccountId),
        who: row.text("who")?,
        act: row.text("act")?,
        subject: row.text("subject")?,
        words: row.text("words")?,
        device: row.text("device")?,
    };
    Ok((Placed { number: row.number("number")?, entry }, row.text("chain")?))
}
