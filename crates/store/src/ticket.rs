//! Tickets: secrets that are good once, and for a short time. An invitation is one, and so is a challenge to a passkey.

use station::{AccountId, StationId, Timestamp};

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "ticket":
    ISSUE = "
        INSERT INTO ticket (station, secret_sha256, kind, account, document, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)";

    BY_SECRET = "
        SELECT station, kind, account, document, ends_at
        FROM ticket
        WHERE station = $1
          AND secret_sha256 = $2";

    TAKE = "
        DELETE FROM ticket
        WHERE station = $1
          AND secret_sha256 = $2
        RETURNING station, kind, account, document, ends_at";

    VOID = "
        DELETE FROM ticket
        WHERE station = $1
          AND kind = $2
          AND account = $3";

    VOID_UNNAMED = "
        DELETE FROM ticket
        WHERE station = $1
          AND kind = $2
          AND account IS NULL";

    FORGET = "
        DELETE FROM ticket
        WHERE station = $1
          AND ends_at < $2";
}

/// What a secret is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Where.
    pub station: StationId,
    /// What for: a word of the desk's.
    pub kind: String,
    /// For whom; `None` where it makes an account, or anybody may use it.
    pub account: Option<AccountId>,
    /// What goes with it, as the desk writes it; may be empty.
    pub document: String,
    /// Until when.
    pub ends_at: Timestamp,
}

/// Makes the secret with this hash good for what the ticket says.
pub async fn issue(tx: &mut Tx, ticket: &Ticket, secret_sha256: &str) -> Result<()> {
    let Ticket { station, kind, account, document, ends_at } = ticket;
    let values = values![*station, secret_sha256, kind, account.map(|id| id.0), document, *ends_at];
    tx.execute(ISSUE, values).await?;
    Ok(())
}

/// What the secret with this hash is good for. It may have ended.
pub async fn by_secret(db: &Db, station: StationId, secret_sha256: &str) -> Result<Option<Ticket>> {
    db.one(BY_SECRET, values![station, secret_sha256], read).await
}

/// Takes the ticket: of all who hold the secret, one gets it. It may have ended.
pub async fn take_in(tx: &mut Tx, station: StationId, secret_sha256: &str) -> Result<Option<Ticket>> {
    tx.one(TAKE, values![station, secret_sha256], read).await
}

/// Makes every ticket of that kind for that account worthless; without an account, those that are for nobody yet.
pub async fn void(tx: &mut Tx, station: StationId, kind: &str, account: Option<AccountId>) -> Result<()> {
    match account {
        Some(account) => tx.execute(VOID, values![station, kind, account]).await?,
        None => tx.execute(VOID_UNNAMED, values![station, kind]).await?,
    };
    Ok(())
}

/// Clears away what ended before `moment`.
pub async fn forget(tx: &mut Tx, station: StationId, moment: Timestamp) -> Result<()> {
    tx.execute(FORGET, values![station, moment]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Ticket> {
    Ok(Ticket {
        station: StationId(row.number("station")?),
        kind: row.text("kind")?,
        account: row.maybe_number("account")?.map(AccountId),
        document: row.text("document")?,
        ends_at: row.time("ends_at")?,
    })
}
