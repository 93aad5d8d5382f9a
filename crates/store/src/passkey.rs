//! Passkeys: what a phone, a computer or a security key signs in with.

use station::{AccountId, StationId, Timestamp};

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "passkey":
    ADD = "
        INSERT INTO passkey (station, id, account, name, public_key, algorithm, uses, made_at, used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    BY_ID = "
        SELECT station, id, account, name, public_key, algorithm, uses, made_at, used_at
        FROM passkey
        WHERE station = $1
          AND id = $2";

    OF_ACCOUNT = "
        SELECT station, id, account, name, public_key, algorithm, uses, made_at, used_at
        FROM passkey
        WHERE station = $1
          AND account = $2
        ORDER BY made_at, id";

    NOTE_USE = "
        UPDATE passkey
        SET uses = $1, used_at = $2
        WHERE station = $3
          AND id = $4
          AND uses = $5";

    REMOVE = "
        DELETE FROM passkey
        WHERE station = $1
          AND account = $2
          AND id = $3";

    REMOVE_ALL = "
        DELETE FROM passkey
        WHERE station = $1
          AND account = $2";
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id, Base64url.
    pub id: String,
    /// Where.
    pub station: StationId,
    /// Whose.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// The public key, a SubjectPublicKeyInfo (DER) in Base64url.
    pub public_key: String,
    /// The COSE algorithm that it signs with: -7, -8 or -257.
    pub algorithm: i64,
    /// How often it says that it was used; 0 if it does not count.
    pub uses: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// Adds the passkey. An id that is there already is [`Error::Taken`](crate::Error).
pub async fn add(tx: &mut Tx, passkey: &Passkey) -> Result<()> {
    let values = values![
        passkey.station,
        &passkey.id,
        passkey.account,
        &passkey.name,
        &passkey.public_key,
        passkey.algorithm,
        passkey.uses,
        passkey.made_at,
        passkey.used_at,
    ];
    tx.execute(ADD, values).await?;
    Ok(())
}

/// The passkey of that id.
pub async fn by_id(db: &Db, station: StationId, id: &str) -> Result<Option<Passkey>> {
    db.one(BY_ID, values![station, id], read).await
}

/// The passkeys of an account, the oldest first.
pub async fn of_account(db: &Db, station: StationId, account: AccountId) -> Result<Vec<Passkey>> {
    db.all(OF_ACCOUNT, values![station, account], read).await
}

/// Notes that `passkey`, as it was read, was used at `at` and now counts `uses`. False if somebody else noted a use since.
pub async fn note_use(tx: &mut Tx, passkey: &Passkey, uses: i64, at: Timestamp) -> Result<bool> {
    let values = values![uses, at, passkey.station, &passkey.id, passkey.uses];
    Ok(tx.execute(NOTE_USE, values).await? == 1)
}

/// Removes that passkey of that account. False if there is none.
pub async fn remove(tx: &mut Tx, station: StationId, account: AccountId, id: &str) -> Result<bool> {
    Ok(tx.execute(REMOVE, values![station, account, id]).await? == 1)
}

/// Removes every passkey of an account.
pub async fn remove_all(tx: &mut Tx, station: StationId, account: AccountId) -> Result<()> {
    tx.execute(REMOVE_ALL, values![station, account]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Passkey> {
    Ok(Passkey {
        id: row.text("id")?,
        station: StationId(row.number("station")?),
        account: AccountId(row.number("account")?),
        name: row.text("name")?,
        public_key: row.text("public_key")?,
        algorithm: row.number("algorithm")?,
        uses: row.number("uses")?,
        made_at: row.time("made_at")?,
        used_at: row.maybe_time("used_at")?,
    })
}
