//! Accounts, and what proves that it is them.
//!
//! The proofs ([`Proofs`]) are read and written apart from the account, so that no list of accounts ever carries one.

use std::fmt;

use station::{Account, AccountId, PersonId, StationId};

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "account":
    SAVE = "
        INSERT INTO account (station, id, email, name, person, invited_at, joined_at, disabled_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (station, id) DO UPDATE
        SET email = excluded.email, name = excluded.name, person = excluded.person,
            invited_at = excluded.invited_at, joined_at = excluded.joined_at, disabled_at = excluded.disabled_at";

    ALL = "
        SELECT station, id, email, name, person, invited_at, joined_at, disabled_at
        FROM account
        WHERE station = $1
        ORDER BY id";

    BY_ID = "
        SELECT station, id, email, name, person, invited_at, joined_at, disabled_at
        FROM account
        WHERE station = $1
          AND id = $2";

    BY_EMAIL = "
        SELECT station, id, email, name, person, invited_at, joined_at, disabled_at
        FROM account
        WHERE station = $1
          AND email = $2";

    // An update that changes nothing: both databases keep others off the row until the transaction ends.
    HOLD = "
        UPDATE account
        SET email = email
        WHERE station = $1
          AND id = $2";

    PROOFS = "
        SELECT station, password, totp
        FROM account
        WHERE station = $1
          AND id = $2";

    SET_PASSWORD = "
        UPDATE account
        SET password = $1
        WHERE station = $2
          AND id = $3";

    SET_TOTP = "
        UPDATE account
        SET totp = $1, totp_step = $2
        WHERE station = $3
          AND id = $4";

    USE_TOTP_STEP = "
        UPDATE account
        SET totp_step = $1
        WHERE station = $2
          AND id = $3
          AND totp_step < $1";
}

/// What proves that it is them.
#[derive(Clone, PartialEq, Eq)]
pub struct Proofs {
    /// Where they come in.
    pub station: StationId,
    /// The hash of their password in PHC form, if they have one.
    pub password: Option<String>,
    /// The secret of their one-time codes in Base32, if they use them.
    pub totp: Option<String>,
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (has_password, has_totp) = (self.password.is_some(), self.totp.is_some());
        write!(f, "Proofs {{ station: {:?}, password: {has_password}, totp: {has_totp} }}", self.station)
    }
}

/// Saves the account; its proofs stay as they are. A mail address that another one has is [`Error::Taken`](crate::Error).
pub async fn save(tx: &mut Tx, account: &Account) -> Result<()> {
    tx.execute(
        SAVE,
        values![
            account.station,
            account.id,
            &account.email,
            &account.name,
            account.person.map(|person| person.0),
            account.invited_at,
            account.joined_at,
            account.disabled_at,
        ],
    )
    .await?;
    Ok(())
}

/// The station's accounts by name. The order is made here, because the two databases sort letters differently.
pub async fn all(db: &Db, station: StationId) -> Result<Vec<Account>> {
    let mut accounts = db.all(ALL, values![station], read).await?;
    accounts.sort_by_cached_key(|account| (account.name.to_lowercase(), account.id));
    Ok(accounts)
}

/// That account.
pub async fn by_id(db: &Db, station: StationId, id: AccountId) -> Result<Option<Account>> {
    db.one(BY_ID, values![station, id], read).await
}

/// That account, held for this transaction: until it ends nobody else can change it.
pub async fn by_id_in(tx: &mut Tx, station: StationId, id: AccountId) -> Result<Option<Account>> {
    tx.execute(HOLD, values![station, id]).await?;
    tx.one(BY_ID, values![station, id], read).await
}

/// The account that signs in with that mail address (lower case).
pub async fn by_email(db: &Db, station: StationId, email: &str) -> Result<Option<Account>> {
    db.one(BY_EMAIL, values![station, email], read).await
}

/// What proves that it is them.
pub async fn proofs(db: &Db, station: StationId, id: AccountId) -> Result<Option<Proofs>> {
    db.one(PROOFS, values![station, id], |row| {
        Ok(Proofs {
            station: StationId(row.number("station")?),
            password: row.maybe_text("password")?,
            totp: row.maybe_text("totp")?,
        })
    })
    .await
}

/// Gives the account the password with this hash, or none.
pub async fn set_password(tx: &mut Tx, station: StationId, id: AccountId, hash: Option<&str>) -> Result<()> {
    tx.execute(SET_PASSWORD, values![hash, station, id]).await?;
    Ok(())
}

/// Gives the account one-time codes with this secret, the code of `step` being used already, or takes them away.
pub async fn set_totp(tx: &mut Tx, station: StationId, id: AccountId, secret: Option<&str>, step: i64) -> Result<()> {
    tx.execute(SET_TOTP, values![secret, step, station, id]).await?;
    Ok(())
}

/// Uses up the one-time code of `step` and those before it. False if it was used already.
pub async fn use_totp_step(tx: &mut Tx, station: StationId, id: AccountId, step: i64) -> Result<bool> {
    Ok(tx.execute(USE_TOTP_STEP, values![step, station, id]).await? == 1)
}

fn read(row: &Row) -> Result<Account> {
    Ok(Account {
        id: AccountId(row.number("id")?),
        station: StationId(row.number("station")?),
        email: row.text("email")?,
        name: row.text("name")?,
        person: row.maybe_number("person")?.map(PersonId),
        invited_at: row.time("invited_at")?,
        joined_at: row.maybe_time("joined_at")?,
        disabled_at: row.maybe_time("disabled_at")?,
    })
}
