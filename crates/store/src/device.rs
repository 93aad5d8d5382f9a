//! Devices that an account has signed in on before.
//!
//! A known device keeps its own count of wrong passwords, so that whoever guesses elsewhere cannot keep its owner out.

use station::{AccountId, StationId, Timestamp};

use crate::{Db, Result, Tx};

questions! { "device":
    KNOW = "
        INSERT INTO device (station, account, secret_sha256, seen_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (station, account, secret_sha256) DO UPDATE
        SET seen_at = excluded.seen_at";

    KNOWN = "
        SELECT station, account, seen_at
        FROM device
        WHERE station = $1
          AND account = $2
          AND secret_sha256 = $3";

    FORGET = "
        DELETE FROM device
        WHERE station = $1
          AND account = $2";

    FORGET_OLD = "
        DELETE FROM device
        WHERE station = $1
          AND account = $2
          AND seen_at < $3";
}

/// A device that the account has signed in on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where.
    pub station: StationId,
    /// Who.
    pub account: AccountId,
    /// When they last did.
    pub seen_at: Timestamp,
}

/// Remembers the device that holds the secret with this hash.
pub async fn know(
    tx: &mut Tx,
    station: StationId,
    account: AccountId,
    secret_sha256: &str,
    at: Timestamp,
) -> Result<()> {
    tx.execute(KNOW, values![station, account, secret_sha256, at]).await?;
    Ok(())
}

/// The device that holds the secret with this hash, if the account has signed in on it.
pub async fn known(db: &Db, station: StationId, account: AccountId, secret_sha256: &str) -> Result<Option<Device>> {
    db.one(KNOWN, values![station, account, secret_sha256], |row| {
        Ok(Device {
            station: StationId(row.number("station")?),
            account: AccountId(row.number("account")?),
            seen_at: row.time("seen_at")?,
        })
    })
    .await
}

/// Forgets every device of the account.
pub async fn forget(tx: &mut Tx, station: StationId, account: AccountId) -> Result<()> {
    tx.execute(FORGET, values![station, account]).await?;
    Ok(())
}

/// Forgets the devices of the account that were last seen before `moment`.
pub async fn forget_old(tx: &mut Tx, station: StationId, account: AccountId, moment: Timestamp) -> Result<()> {
    tx.execute(FORGET_OLD, values![station, account, moment]).await?;
    Ok(())
}
