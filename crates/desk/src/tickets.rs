//! Tickets: secrets that are good once and for a short time, each kind for one thing only.

use jiff::SignedDuration;
use station::{AccountId, StationId, Timestamp};
use store::ticket::Ticket;
use store::{Db, Tx};

use crate::secret;

/// What a ticket is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Makes the station's first account.
    Owner,
    /// Lets somebody who was invited come in, or somebody who lost everything come in again.
    Link,
    /// Signs in whoever reads the letter.
    Letter,
    /// Remembers that the first of two proofs was right.
    Halfway,
    /// A challenge to a passkey that signs in.
    Challenge,
    /// A challenge to a passkey that is being made.
    NewPasskey,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Owner => "owner",
            Kind::Link => "link",
            Kind::Letter => "letter",
            Kind::Halfway => "halfway",
            Kind::Challenge => "challenge",
            Kind::NewPasskey => "new-passkey",
        }
    }

    /// How long it is good.
    fn lasts(self) -> SignedDuration {
        match self {
            Kind::Owner | Kind::Link => SignedDuration::from_hours(7 * 24),
            Kind::Letter => SignedDuration::from_mins(15),
            Kind::Halfway | Kind::Challenge | Kind::NewPasskey => SignedDuration::from_mins(5),
        }
    }
}

/// Issues a ticket and returns its secret.
pub(crate) async fn issue(
    tx: &mut Tx,
    station: StationId,
    kind: Kind,
    account: Option<AccountId>,
    document: &str,
    now: Timestamp,
) -> store::Result<String> {
    store::ticket::forget(tx, station, now).await?;
    let secret = secret::mint();
    let (kind, ends_at, document) = (kind.name().to_owned(), now + kind.lasts(), document.to_owned());
    let ticket = Ticket { station, kind, account, document, ends_at };
    store::ticket::issue(tx, &ticket, &secret::sha256(&secret)).await?;
    Ok(secret)
}

/// Issues a ticket, and makes those of the same kind for the same account worthless.
pub(crate) async fn issue_instead(
    tx: &mut Tx,
    station: StationId,
    kind: Kind,
    account: Option<AccountId>,
    now: Timestamp,
) -> store::Result<String> {
    void(tx, station, kind, account).await?;
    issue(tx, station, kind, account, "", now).await
}

/// Makes every ticket of that kind for that account worthless.
pub(crate) async fn void(tx: &mut Tx, station: StationId, kind: Kind, account: Option<AccountId>) -> store::Result<()> {
    store::ticket::void(tx, station, kind.name(), account).await
}

/// The ticket, if it is good for `kind` now. It is left as it is.
pub(crate) async fn look(
    db: &Db,
    station: StationId,
    kind: Kind,
    secret: &str,
    now: Timestamp,
) -> store::Result<Option<Ticket>> {
    let ticket = store::ticket::by_secret(db, station, &secret::sha256(secret)).await?;
    Ok(ticket.filter(|ticket| is_good(ticket, kind, now)))
}

/// Uses the ticket up, if it is good for `kind` now.
pub(crate) async fn take(
    tx: &mut Tx,
    station: StationId,
    kind: Kind,
    secret: &str,
    now: Timestamp,
) -> store::Result<Option<Ticket>> {
    let ticket = store::ticket::take_in(tx, station, &secret::sha256(secret)).await?;
    Ok(ticket.filter(|ticket| is_good(ticket, kind, now)))
}

fn is_good(ticket: &Ticket, kind: Kind, now: Timestamp) -> bool {
    ticket.kind == kind.name() && now < ticket.ends_at
}
