//! Who does something, for the audit log.

use station::audit::Entry;
use station::{Account, AccountId, StationId, Timestamp};
use store::Tx;

/// Who does something, and from where.
#[derive(Clone, Debug)]
pub struct Doer {
    /// Their account, if they have one.
    pub account: Option<AccountId>,
    /// What they are called.
    pub name: String,
    /// On which device, in words; empty if on none.
    pub device: String,
}

impl Doer {
    /// Whoever gives commands at the machine itself.
    pub fn operator() -> Self {
        Self { account: None, name: "The machine’s operator".to_owned(), device: "the command line".to_owned() }
    }

    /// Somebody at the desk.
    pub(crate) fn at_desk(account: &Account, device: &str) -> Self {
        Self { account: Some(account.id), name: account.name.clone(), device: device.to_owned() }
    }
}

/// A deed, as the audit log tells it.
#[derive(Clone, Debug)]
pub struct Deed<'a> {
    /// What was done: a word that does not change, like `signed-in`.
    pub act: &'a str,
    /// What it was done to, an id; empty if to nothing but oneself.
    pub subject: String,
    /// The same in words that follow the doer's name: "signed in with a passkey".
    pub words: &'a str,
}

/// Writes the deed into the audit log, in the transaction that does it. Write it last: from here on nobody else can write
/// there until the transaction ends.
pub async fn note(tx: &mut Tx, station: StationId, doer: &Doer, deed: Deed<'_>, now: Timestamp) -> store::Result<()> {
    let entry = Entry {
        station,
        at: now,
        account: doer.account,
        who: doer.name.clone(),
        act: deed.act.to_owned(),
        subject: deed.subject,
        words: deed.words.to_owned(),
        device: doer.device.clone(),
    };
    store::audit::add(tx, &entry).await
}
