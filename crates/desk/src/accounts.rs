//! Accounts: invited, let in again, given roles, disabled. What a page and a command do alike.
//!
//! Each act checks who does it against what they may, and writes its entry in the audit log in the same transaction.
//! Nobody gives what they have not got, nobody touches the account of somebody who may do more than they, and the last
//! owner stays.

use station::role::{OWNER, Powers, Scope};
use station::{Account, AccountId, Grant, Permission, Role, Slug, StationId, Timestamp, account};
use store::{Db, Tx};

use crate::doer::{Deed, Doer, note};
use crate::tickets::{self, Kind};

/// Why an account stays as it is. The words are for whoever tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is no mail address.
    #[error("`{0}` is no mail address; write it like june@radio.example")]
    NotAnAddress(String),
    /// It is no name.
    #[error("a name is one line of at most {} characters", account::NAME_CHARACTERS_MAX)]
    NotAName,
    /// Somebody has that address.
    #[error("{0} has an account already")]
    Taken(String),
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// There is no such role.
    #[error("there is no role `{0}`")]
    NoRole(String),
    /// The doer may not do this.
    #[error("your roles do not let you do this; ask an owner")]
    NotAllowed,
    /// The account is the last one that answers for the station.
    #[error("this is the last owner; make somebody else an owner first")]
    LastOwner,
    /// The account may not come in.
    #[error("this account is disabled; enable it first")]
    Disabled,
    /// The store did not do as asked.
    #[error(transparent)]
    Store(#[from] store::Error),
}

type Result<T> = std::result::Result<T, Error>;

/// Whose hand an act is done by: who they are, and what they may.
#[derive(Clone, Debug)]
pub struct Hand {
    /// Who.
    pub doer: Doer,
    /// What they may do; `None` for the machine's operator, who has the rows anyway.
    pub powers: Option<Powers>,
}

/// An invitation.
#[derive(Clone, Debug)]
pub struct Invitation<'a> {
    /// The address that they will sign in with.
    pub email: &'a str,
    /// What they are called.
    pub name: &'a str,
    /// The role that they begin with.
    pub role: &'a str,
    /// Where it holds.
    pub scope: Scope,
}

/// Everybody's accounts with their grants, and the roles that there are.
#[derive(Clone, Debug)]
pub struct Register {
    /// The accounts, by name.
    pub accounts: Vec<Account>,
    /// What they were given.
    pub grants: Vec<Grant>,
    /// The roles.
    pub roles: Vec<Role>,
}

impl Register {
    /// The register of a station.
    pub async fn read(db: &Db, station: StationId) -> store::Result<Self> {
        Ok(Self {
            accounts: store::account::all(db, station).await?,
            grants: store::role::grants(db, station).await?,
            roles: store::role::all(db, station).await?,
        })
    }

    /// What an account was given, with the role itself. A role that is gone is left out.
    pub fn held_by(&self, account: AccountId) -> impl Iterator<Item = (&Grant, &Role)> {
        let grants = self.grants.iter().filter(move |grant| grant.account == account);
        grants.filter_map(|grant| Some((grant, self.roles.iter().find(|role| role.slug == grant.role)?)))
    }
}

impl Hand {
    /// The hand of the machine's operator.
    pub fn operator() -> Self {
        Self { doer: Doer::operator(), powers: None }
    }

    /// True if this hand may give that role there.
    pub fn can_give(&self, role: &Role, scope: &Scope) -> bool {
        self.powers.as_ref().is_none_or(|powers| powers.can_give(role, scope))
    }

    /// True if this hand may let an account with these grants in again, or disable it: only who may do as much can.
    pub fn can_touch(&self, account: AccountId, grants: &[Grant], roles: &[Role]) -> bool {
        let Some(powers) = &self.powers else { return true };
        let theirs = grants.iter().filter(|grant| grant.account == account);
        let mut theirs = theirs.filter_map(|grant| Some((grant, roles.iter().find(|role| role.slug == grant.role)?)));
        powers.may(Permission::ManageAccounts) && theirs.all(|(grant, role)| powers.can_give(role, &grant.scope))
    }
}

/// Makes a ticket with which the first owner comes in; `None` if the station has one. Those that were made before stay
/// good until one of them is used.
pub async fn owner_ticket(db: &Db, station: StationId, now: Timestamp) -> Result<Option<String>> {
    let register = Register::read(db, station).await?;
    let has_joined =
        |id: AccountId| register.accounts.iter().any(|account| account.id == id && account.joined_at.is_some());
    if register.grants.iter().any(|grant| is_owner(grant) && has_joined(grant.account)) {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    let secret = tickets::issue(&mut tx, station, Kind::Owner, None, "", now).await?;
    tx.commit().await?;
    Ok(Some(secret))
}

/// Makes the station's first account, as its owner.
pub(crate) async fn make_owner(
    tx: &mut Tx,
    station: StationId,
    email: &str,
    name: &str,
    now: Timestamp,
) -> Result<Account> {
    let account = new(station, email, name, now)?;
    save_new(tx, &account).await?;
    tickets::void(tx, station, Kind::Owner, None).await?;
    let role = Slug::parse(OWNER).expect("the owner's role has a slug");
    store::role::give(tx, &Grant { station, account: account.id, role, scope: Scope::Station }).await?;
    Ok(account)
}

/// Invites somebody; returns their account, and the secret with which they come in.
pub async fn invite(
    tx: &mut Tx,
    station: StationId,
    hand: &Hand,
    invitation: &Invitation<'_>,
    now: Timestamp,
) -> Result<(Account, String)> {
    let account = new(station, invitation.email, invitation.name, now)?;
    let role = role(tx, station, invitation.role).await?;
    if !hand.can_give(&role, &invitation.scope) {
        return Err(Error::NotAllowed);
    }
    save_new(tx, &account).await?;
    let grant = Grant { station, account: account.id, role: role.slug.clone(), scope: invitation.scope.clone() };
    store::role::give(tx, &grant).await?;
    let secret = tickets::issue_instead(tx, station, Kind::Link, Some(account.id), now).await?;
    let words = format!("invited {} ({}) as {}", account.name, account.email, title(&role, &grant.scope));
    note(tx, station, &hand.doer, deed("invited", account.id, &words), now).await?;
    Ok((account, secret))
}

/// Makes a link with which somebody comes in again, in place of those made before. Using it ends all their sessions.
pub async fn link(tx: &mut Tx, station: StationId, hand: &Hand, id: AccountId, now: Timestamp) -> Result<String> {
    let account = touch(tx, station, hand, id).await?;
    if !account.is_open() {
        return Err(Error::Disabled);
    }
    let secret = tickets::issue_instead(tx, station, Kind::Link, Some(id), now).await?;
    let words = format!("made a link with which {} can come in again", account.name);
    note(tx, station, &hand.doer, deed("link-made", id, &words), now).await?;
    Ok(secret)
}

/// Keeps somebody out from now on: ends their sessions, and makes their links worthless.
pub async fn disable(tx: &mut Tx, station: StationId, hand: &Hand, id: AccountId, now: Timestamp) -> Result<()> {
    let mut account = touch(tx, station, hand, id).await?;
    check_not_last_owner(tx, station, id, None).await?;
    account.disabled_at.get_or_insert(now);
    store::account::save(tx, &account).await?;
    store::session::end_others(tx, station, id, None).await?;
    for kind in [Kind::Link, Kind::Letter, Kind::Halfway] {
        tickets::void(tx, station, kind, Some(id)).await?;
    }
    let words = format!("disabled the account of {}", account.name);
    note(tx, station, &hand.doer, deed("disabled", id, &words), now).await?;
    Ok(())
}

/// Lets somebody come in again who was kept out.
pub async fn enable(tx: &mut Tx, station: StationId, hand: &Hand, id: AccountId, now: Timestamp) -> Result<()> {
    let mut account = touch(tx, station, hand, id).await?;
    account.disabled_at = None;
    store::account::save(tx, &account).await?;
    let words = format!("enabled the account of {}", account.name);
    note(tx, station, &hand.doer, deed("enabled", id, &words), now).await?;
    Ok(())
}

/// Gives a role.
pub async fn give(tx: &mut Tx, hand: &Hand, grant: &Grant, now: Timestamp) -> Result<()> {
    let station = grant.station;
    let account = touch(tx, station, hand, grant.account).await?;
    let role = role(tx, station, grant.role.as_str()).await?;
    if !hand.can_give(&role, &grant.scope) {
        return Err(Error::NotAllowed);
    }
    if store::role::give(tx, grant).await? {
        let words = format!("made {} {}", account.name, title(&role, &grant.scope));
        note(tx, station, &hand.doer, deed("role-given", account.id, &words), now).await?;
    }
    Ok(())
}

/// Takes a role back.
pub async fn take(tx: &mut Tx, hand: &Hand, grant: &Grant, now: Timestamp) -> Result<()> {
    let station = grant.station;
    let account = touch(tx, station, hand, grant.account).await?;
    if is_owner(grant) {
        check_not_last_owner(tx, station, grant.account, Some(&grant.scope)).await?;
    }
    if store::role::take(tx, grant).await? {
        let role = role(tx, station, grant.role.as_str()).await;
        let role = role.map_or_else(|_| grant.role.to_string(), |role| title(&role, &grant.scope));
        let words = format!("took the role {role} from {}", account.name);
        note(tx, station, &hand.doer, deed("role-taken", account.id, &words), now).await?;
    }
    Ok(())
}

/// The account, if this hand may touch it; held until the transaction ends.
async fn touch(tx: &mut Tx, station: StationId, hand: &Hand, id: AccountId) -> Result<Account> {
    let account = store::account::by_id_in(tx, station, id).await?.ok_or(Error::NoAccount)?;
    let (grants, roles) = (store::role::grants_in(tx, station).await?, store::role::all_in(tx, station).await?);
    if hand.can_touch(id, &grants, &roles) { Ok(account) } else { Err(Error::NotAllowed) }
}

/// Refuses if nobody else is owner everywhere. A scope other than the whole station is no owner's to lose.
async fn check_not_last_owner(tx: &mut Tx, station: StationId, id: AccountId, scope: Option<&Scope>) -> Result<()> {
    if scope.is_some_and(|scope| *scope != Scope::Station) {
        return Ok(());
    }
    let owners: Vec<AccountId> =
        store::role::grants_in(tx, station).await?.into_iter().filter(is_owner).map(|grant| grant.account).collect();
    if !owners.contains(&id) {
        return Ok(());
    }
    for other in owners.into_iter().filter(|other| *other != id) {
        // Held, so that two owners cannot remove each other at once.
        let account = store::account::by_id_in(tx, station, other).await?;
        if account.is_some_and(|account| account.is_open() && account.joined_at.is_some()) {
            return Ok(());
        }
    }
    Err(Error::LastOwner)
}

async fn role(tx: &mut Tx, station: StationId, slug: &str) -> Result<Role> {
    let roles = store::role::all_in(tx, station).await?;
    roles.into_iter().find(|role| role.slug.as_str() == slug).ok_or_else(|| Error::NoRole(slug.to_owned()))
}

fn new(station: StationId, email: &str, name: &str, now: Timestamp) -> Result<Account> {
    Ok(Account {
        id: AccountId::mint(now, store::id::chance()),
        station,
        email: account::email(email).ok_or_else(|| Error::NotAnAddress(email.trim().to_owned()))?,
        name: account::name(name).ok_or(Error::NotAName)?,
        person: None,
        invited_at: now,
        joined_at: None,
        disabled_at: None,
    })
}

async fn save_new(tx: &mut Tx, account: &Account) -> Result<()> {
    store::account::save(tx, account).await.map_err(|error| match error {
        store::Error::Taken { .. } => Error::Taken(account.email.clone()),
        other => other.into(),
    })
}

fn is_owner(grant: &Grant) -> bool {
    grant.role.as_str() == OWNER && grant.scope == Scope::Station
}

fn title(role: &Role, scope: &Scope) -> String {
    match scope {
        Scope::Station => role.title.clone(),
        Scope::Section(section) => format!("{} of the section {section}", role.title),
        Scope::Programme(programme) => format!("{} of the programme {programme}", role.title),
    }
}

fn deed<'a>(act: &'a str, subject: AccountId, words: &'a str) -> Deed<'a> {
    Deed { act, subject: subject.to_string(), words }
}
