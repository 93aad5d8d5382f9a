//! Recovery codes: each stands in once for a one-time code, when the phone that makes those is gone.

use station::{AccountId, StationId, Timestamp};

use crate::{Db, Result, Tx};

questions! { "recovery_code":
    ADD = "
        INSERT INTO recovery_code (station, account, secret_sha256, made_at)
        VALUES ($1, $2, $3, $4)";

    LEFT = "
        SELECT station, account, made_at
        FROM recovery_code
        WHERE station = $1
          AND account = $2";

    TAKE = "
        DELETE FROM recovery_code
        WHERE station = $1
          AND account = $2
          AND secret_sha256 = $3";

    TAKE_ALL = "
        DELETE FROM recovery_code
        WHERE station = $1
          AND account = $2";
}

/// A code that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCode {
    /// Where.
    pub station: StationId,
    /// Whose.
    pub account: AccountId,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Gives an account the codes with these hashes, and no others.
pub async fn replace(
    tx: &mut Tx,
    station: StationId,
    account: AccountId,
    secrets_sha256: &[String],
    at: Timestamp,
) -> Result<()> {
    tx.execute(TAKE_ALL, values![station, account]).await?;
    for secret_sha256 in secrets_sha256 {
        tx.execute(ADD, values![station, account, secret_sha256, at]).await?;
    }
    Ok(())
}

/// The codes that an account has left.
pub async fn left(db: &Db, station: StationId, account: AccountId) -> Result<Vec<RecoveryCode>> {
    db.all(LEFT, values![station, account], |row| {
        Ok(RecoveryCode {
            station: StationId(row.number("station")?),
            account: AccountId(row.number("account")?),
            made_at: row.time("made_at")?,
        })
    })
    .await
}

/// Uses up the code with this hash. False if the account has none such, or not any more.
pub async fn take(tx: &mut Tx, station: StationId, account: AccountId, secret_sha256: &str) -> Result<bool> {
    Ok(tx.execute(TAKE, values![station, account, secret_sha256]).await? == 1)
}
