//! Signing in and out: how a session begins, is found again, and ends.
//!
//! A session ends after two weeks without use and after sixty days whatever happens. Its browser holds a secret that is
//! made anew at every sign-in, so one that was planted before is worth nothing after.

use jiff::SignedDuration;
use station::role::Powers;
use station::{Account, AccountId, SessionId, Station, StationId, Timestamp};
use store::session::Session;
use store::{Db, Tx};

use crate::doer::{Deed, Doer, note};
use crate::secret;

/// How long a session lasts without use.
const IDLE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long a session lasts at most.
const WHOLE: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How fine "last seen" is: a row is written at most so often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// How long after signing in one may change what one signs in with.
const FRESH: SignedDuration = SignedDuration::from_mins(30);
/// How long a device is known after it was last signed in on.
const DEVICE_KNOWN: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who.
    pub account: Account,
    /// What they may do.
    pub powers: Powers,
    /// In which session.
    pub session: Session,
    /// True if they signed in a short while ago, and so may change what they sign in with.
    pub is_fresh: bool,
}

impl Visitor {
    /// Them, for the audit log.
    pub fn doer(&self) -> Doer {
        Doer::at_desk(&self.account, &self.session.device)
    }
}

/// Whoever holds the secret of a session that still lasts.
pub(crate) async fn find(db: &Db, station: StationId, secret: &str, now: Timestamp) -> store::Result<Option<Visitor>> {
    let session = store::session::by_secret(db, station, &secret::sha256(secret)).await?;
    let Some(session) = session.filter(|session| now < session.ends_at && now < session.seen_at + IDLE) else {
        return Ok(None);
    };
    let account = store::account::by_id(db, station, session.account).await?;
    let Some(account) = account.filter(Account::is_open) else { return Ok(None) };
    note_seen(db, &session, now).await?;
    let grants = store::role::grants_of(db, station, account.id).await?;
    let powers = Powers::new(&grants, &store::role::all(db, station).await?);
    let is_fresh = now < session.began_at + FRESH;
    Ok(Some(Visitor { account, powers, session, is_fresh }))
}

/// The secrets that a browser gets when somebody signs in on it.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) session: String,
    /// What tells the device again.
    pub(crate) device: String,
}

/// A sign-in: who, by what, on which device.
pub(crate) struct SignIn<'a> {
    pub(crate) account: &'a Account,
    /// In words that follow "signed in": "with a passkey".
    pub(crate) by: &'a str,
    pub(crate) device: &'a str,
    /// What tells the device again, if it was known before.
    pub(crate) known_device: Option<String>,
}

/// Begins a session, and notes who came in. An account that has never been here has joined now.
pub(crate) async fn begin(tx: &mut Tx, sign_in: SignIn<'_>, now: Timestamp) -> store::Result<SignedIn> {
    let SignIn { account, by, device, known_device } = sign_in;
    let station = account.station;
    store::session::forget(tx, station, now).await?;
    let (session, known_device) = (secret::mint(), known_device.unwrap_or_else(secret::mint));
    let row = Session {
        id: SessionId::mint(now, store::id::chance()),
        station,
        account: account.id,
        device: device.to_owned(),
        began_at: now,
        seen_at: now,
        ends_at: now + WHOLE,
    };
    store::session::begin(tx, &row, &secret::sha256(&session)).await?;
    store::device::forget_old(tx, station, account.id, now - DEVICE_KNOWN).await?;
    store::device::know(tx, station, account.id, &secret::sha256(&known_device), now).await?;
    if account.joined_at.is_none() {
        store::account::save(tx, &Account { joined_at: Some(now), ..account.clone() }).await?;
    }
    let words = format!("signed in {by}");
    let deed = Deed { act: "signed-in", subject: String::new(), words: &words };
    note(tx, station, &Doer::at_desk(account, device), deed, now).await?;
    Ok(SignedIn { session, device: known_device })
}

/// True if the account has signed in before on the device that holds this secret.
pub(crate) async fn is_known_device(
    db: &Db,
    station: &Station,
    account: AccountId,
    secret: &str,
) -> store::Result<bool> {
    Ok(store::device::known(db, station.id, account, &secret::sha256(secret)).await?.is_some())
}

async fn note_seen(db: &Db, session: &Session, now: Timestamp) -> store::Result<()> {
    if now < session.seen_at + SEEN_EVERY {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    store::session::note_seen(&mut tx, session.station, session.id, now).await?;
    tx.commit().await
}
