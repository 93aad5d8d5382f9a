//! People: who may come in, with which roles; inviting, letting in again, keeping out.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use station::role::Scope;
use station::{Account, AccountId, Grant, Person, PersonId, Programme, Role, Section, Slug};

use crate::accounts::{self, Hand, Invitation, Register};
use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::letters::Letter;
use crate::view::{Frame, Moment, Times, initials};
use crate::visit::Visit;

use super::done;
use super::join::sentence;

/// Where a role can hold: the station, its sections, its programmes.
pub(super) struct Places {
    sections: Vec<Section>,
    programmes: Vec<Programme>,
}

impl Places {
    pub(super) async fn read(visit: &Visit) -> super::Result<Self> {
        Ok(Self {
            sections: store::section::all(visit.db(), visit.station.id).await?,
            programmes: store::programme::all(visit.db(), visit.station.id).await?,
        })
    }

    /// A role with where it holds: "Editor, in News".
    pub(super) fn title(&self, role: &Role, scope: &Scope) -> String {
        match scope {
            Scope::Station => role.title.clone(),
            scope => format!("{}, in {}", role.title, self.name(scope)),
        }
    }

    fn name(&self, scope: &Scope) -> String {
        match scope {
            Scope::Station => "The whole station".to_owned(),
            Scope::Section(slug) => {
                let known = self.sections.iter().find(|section| section.slug == *slug);
                known.map_or_else(|| slug.to_string(), |section| section.title.clone())
            }
            Scope::Programme(id) => {
                let known = self.programmes.iter().find(|programme| programme.id == *id);
                known.map_or_else(|| "a programme that is gone".to_owned(), |programme| programme.title.clone())
            }
        }
    }

    fn choices(&self) -> Vec<Choice> {
        let sections = self.sections.iter().map(|section| Scope::Section(section.slug.clone()));
        let programmes = self.programmes.iter().map(|programme| Scope::Programme(programme.id));
        let all = [Scope::Station].into_iter().chain(sections).chain(programmes);
        all.map(|scope| Choice { value: scope.name(), words: self.name(&scope), is_chosen: false }).collect()
    }
}

/// Something that can be chosen from a list.
#[derive(Serialize)]
struct Choice {
    value: String,
    words: String,
    is_chosen: bool,
}

#[derive(Serialize)]
struct ListView<'a> {
    frame: Frame,
    people: Vec<Line>,
    roles: Vec<Choice>,
    scopes: Vec<Choice>,
    has_letters: bool,
    name: &'a str,
    email: &'a str,
    fault: Option<String>,
}

#[derive(Serialize)]
struct Line {
    id: i64,
    name: String,
    initials: String,
    email: String,
    roles: Vec<String>,
    /// `invited`, `active` or `disabled`.
    state: &'static str,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    list(&visit, "", "", None).await
}

async fn list(visit: &Visit, name: &str, email: &str, fault: Option<String>) -> super::Result {
    let register = Register::read(visit.db(), visit.station.id).await?;
    let places = Places::read(visit).await?;
    let view = ListView {
        frame: Frame::new(visit, "People"),
        people: register.accounts.iter().map(|account| line(&register, &places, account)).collect(),
        roles: givable(&visit.hand(), &register.roles),
        scopes: places.choices(),
        has_letters: visit.desk.letters.are_sent(),
        name,
        email,
        fault,
    };
    let answer = Answer::page("people.html", &view);
    Ok(if view.fault.is_some() { answer.with_status(StatusCode::UNPROCESSABLE_ENTITY) } else { answer })
}

fn line(register: &Register, places: &Places, account: &Account) -> Line {
    Line {
        id: account.id.0,
        name: account.name.clone(),
        initials: initials(&account.name),
        email: account.email.clone(),
        roles: register.held_by(account.id).map(|(grant, role)| places.title(role, &grant.scope)).collect(),
        state: state(account),
    }
}

fn state(account: &Account) -> &'static str {
    match (account.disabled_at, account.joined_at) {
        (Some(_), _) => "disabled",
        (None, None) => "invited",
        (None, Some(_)) => "active",
    }
}

/// The roles that this hand may give somewhere, the smallest first: what is chosen by mistake should be little.
fn givable(hand: &Hand, roles: &[Role]) -> Vec<Choice> {
    let may_give = |role: &&Role| {
        let powers = hand.powers.as_ref();
        powers.is_none_or(|powers| role.permissions.iter().all(|permission| powers.may(*permission)))
    };
    let mut roles: Vec<&Role> = roles.iter().filter(may_give).collect();
    roles.sort_by_key(|role| role.permissions.len());
    let choice = |role: &Role| Choice {
        value: role.slug.to_string(),
        words: role.title.clone(),
        is_chosen: role.slug.as_str() == "reporter",
    };
    roles.into_iter().map(choice).collect()
}

pub(crate) async fn invite(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let scope = Scope::parse(form.get("scope")).ok_or(Fault::Unreadable)?;
    let invitation = Invitation { email: form.get("email"), name: form.get("name"), role: form.get("role"), scope };
    let mut tx = visit.db().begin().await?;
    match accounts::invite(&mut tx, visit.station.id, &visit.hand(), &invitation, visit.now).await {
        Ok((account, secret)) => {
            tx.commit().await?;
            Ok(link_page(&visit, &account, &secret))
        }
        Err(accounts::Error::Store(error)) => Err(error.into()),
        Err(fault) => {
            drop(tx);
            list(&visit, invitation.name, invitation.email, Some(sentence(&fault.to_string()))).await
        }
    }
}

#[derive(Serialize)]
struct OneView {
    frame: Frame,
    id: i64,
    name: String,
    initials: String,
    email: String,
    state: &'static str,
    invited: Moment,
    joined: Option<Moment>,
    disabled: Option<Moment>,
    held: Vec<Held>,
    /// True if the visitor may do as much, and so may let them in again or keep them out.
    can_touch: bool,
    is_me: bool,
    roles: Vec<Choice>,
    scopes: Vec<Choice>,
    persons: Vec<Choice>,
    passkeys: usize,
    has_codes: bool,
    sessions: usize,
    fault: Option<String>,
}

#[derive(Serialize)]
struct Held {
    words: String,
    teaser: String,
    role: String,
    scope: String,
}

pub(crate) async fn show_one(visit: Arc<Visit>) -> super::Result {
    one(&visit, None).await
}

async fn one(visit: &Visit, fault: Option<String>) -> super::Result {
    let (db, station, id) = (visit.db(), visit.station.id, AccountId(visit.number(0)?));
    let register = Register::read(db, station).await?;
    let account = register.accounts.iter().find(|account| account.id == id).ok_or(Fault::NotFound)?;
    let places = Places::read(visit).await?;
    let times = Times::new(&visit.station, visit.now);
    let hand = visit.hand();
    let held = register.held_by(id).map(|(grant, role)| Held {
        words: places.title(role, &grant.scope),
        teaser: role.teaser.clone(),
        role: grant.role.to_string(),
        scope: grant.scope.name(),
    });
    let view = OneView {
        frame: Frame::new(visit, &account.name),
        id: id.0,
        name: account.name.clone(),
        initials: initials(&account.name),
        email: account.email.clone(),
        state: state(account),
        invited: times.say(account.invited_at),
        joined: account.joined_at.map(|at| times.say(at)),
        disabled: account.disabled_at.map(|at| times.say(at)),
        held: held.collect(),
        can_touch: hand.can_touch(id, &register.grants, &register.roles),
        is_me: id == visit.visitor().account.id,
        roles: givable(&hand, &register.roles),
        scopes: places.choices(),
        persons: persons(store::person::all(db, station).await?, account.person),
        passkeys: store::passkey::of_account(db, station, id).await?.len(),
        has_codes: store::account::proofs(db, station, id).await?.is_some_and(|proofs| proofs.totp.is_some()),
        sessions: store::session::of_account(db, station, id).await?.len(),
        fault,
    };
    let answer = Answer::page("one_person.html", &view);
    Ok(if view.fault.is_some() { answer.with_status(StatusCode::UNPROCESSABLE_ENTITY) } else { answer })
}

/// The people of the house: those from the wire sign in elsewhere.
fn persons(people: Vec<Person>, chosen: Option<PersonId>) -> Vec<Choice> {
    let ours = people.into_iter().filter(|person| person.source.is_none());
    ours.map(|person| Choice { value: person.id.to_string(), words: person.name, is_chosen: Some(person.id) == chosen })
        .collect()
}

pub(crate) async fn link(visit: Arc<Visit>) -> super::Result {
    let id = AccountId(visit.number(0)?);
    let mut tx = visit.db().begin().await?;
    match accounts::link(&mut tx, visit.station.id, &visit.hand(), id, visit.now).await {
        Ok(secret) => {
            tx.commit().await?;
            let account = store::account::by_id(visit.db(), visit.station.id, id).await?.ok_or(Fault::NotFound)?;
            Ok(link_page(&visit, &account, &secret))
        }
        Err(fault) => again(&visit, tx, fault).await,
    }
}

/// The link, shown once; and sent, where letters are.
fn link_page(visit: &Visit, account: &Account, secret: &str) -> Answer {
    #[derive(Serialize)]
    struct LinkView {
        frame: Frame,
        name: String,
        email: String,
        link: String,
        is_sent: bool,
    }
    let link = visit.absolute(&format!("/join/{secret}"));
    let station = &visit.station.name;
    let by = &visit.visitor().account.name;
    visit.desk.letters.send(Letter {
        to: account.email.clone(),
        subject: format!("Come in to the desk of {station}"),
        words: format!(
            "Hello {},\n\n{by} lets you in to the desk of {station}. Open this address and choose a password:\n\n{link}\n\nIt is good once, for a week.\n",
            account.name
        ),
    });
    let view = LinkView {
        frame: Frame::new(visit, &format!("A link for {}", account.name)),
        name: account.name.clone(),
        email: account.email.clone(),
        link,
        is_sent: visit.desk.letters.are_sent(),
    };
    Answer::page("link.html", &view)
}

pub(crate) async fn disable(visit: Arc<Visit>) -> super::Result {
    let id = AccountId(visit.number(0)?);
    let mut tx = visit.db().begin().await?;
    match accounts::disable(&mut tx, visit.station.id, &visit.hand(), id, visit.now).await {
        Ok(()) => finish(&visit, tx, "disabled").await,
        Err(fault) => again(&visit, tx, fault).await,
    }
}

pub(crate) async fn enable(visit: Arc<Visit>) -> super::Result {
    let id = AccountId(visit.number(0)?);
    let mut tx = visit.db().begin().await?;
    match accounts::enable(&mut tx, visit.station.id, &visit.hand(), id, visit.now).await {
        Ok(()) => finish(&visit, tx, "enabled").await,
        Err(fault) => again(&visit, tx, fault).await,
    }
}

/// Says whose name stands over what this account writes.
pub(crate) async fn set_person(visit: Arc<Visit>) -> super::Result {
    let (id, form) = (AccountId(visit.number(0)?), visit.form()?);
    let person = match form.get("person") {
        "" => None,
        chosen => Some(PersonId(chosen.parse().map_err(|_| Fault::Unreadable)?)),
    };
    let credit = match person {
        Some(person) => store::person::by_id(visit.db(), visit.station.id, person).await?.ok_or(Fault::NotFound)?.name,
        None => "nobody".to_owned(),
    };
    let register = Register::read(visit.db(), visit.station.id).await?;
    if !visit.hand().can_touch(id, &register.grants, &register.roles) {
        return Err(Fault::NotAllowed);
    }
    let mut tx = visit.db().begin().await?;
    let account = store::account::by_id_in(&mut tx, visit.station.id, id).await?.ok_or(Fault::NotFound)?;
    let words = format!("said that {} is credited as {credit}", account.name);
    store::account::save(&mut tx, &Account { person, ..account }).await?;
    let deed = Deed { act: "person-set", subject: id.to_string(), words: &words };
    doer::note(&mut tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await?;
    finish(&visit, tx, "person-set").await
}

pub(crate) async fn give(visit: Arc<Visit>) -> super::Result {
    let grant = grant(&visit)?;
    let mut tx = visit.db().begin().await?;
    match accounts::give(&mut tx, &visit.hand(), &grant, visit.now).await {
        Ok(()) => finish(&visit, tx, "role-given").await,
        Err(fault) => again(&visit, tx, fault).await,
    }
}

pub(crate) async fn take(visit: Arc<Visit>) -> super::Result {
    let grant = grant(&visit)?;
    let mut tx = visit.db().begin().await?;
    match accounts::take(&mut tx, &visit.hand(), &grant, visit.now).await {
        Ok(()) => finish(&visit, tx, "role-taken").await,
        Err(fault) => again(&visit, tx, fault).await,
    }
}

fn grant(visit: &Visit) -> super::Result<Grant> {
    let (account, form) = (AccountId(visit.number(0)?), visit.form()?);
    let role = Slug::parse(form.get("role")).map_err(|_| Fault::Unreadable)?;
    let scope = Scope::parse(form.get("scope")).ok_or(Fault::Unreadable)?;
    Ok(Grant { station: visit.station.id, account, role, scope })
}

async fn finish(visit: &Visit, tx: store::Tx, said: &str) -> super::Result {
    tx.commit().await?;
    // Whoever took their own last role that shows this page is better off elsewhere.
    Ok(done(&format!("/people/{}", visit.word(0)), said))
}

/// The page once more, with why nothing was changed.
async fn again(visit: &Visit, tx: store::Tx, fault: accounts::Error) -> super::Result {
    // The page is read past this transaction, which on SQLite is the only one.
    drop(tx);
    match fault {
        accounts::Error::LastOwner | accounts::Error::Disabled | accounts::Error::NoRole(_) => {
            one(visit, Some(sentence(&fault.to_string()))).await
        }
        fault => Err(fault.into()),
    }
}
