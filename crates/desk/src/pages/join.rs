//! Coming in by a link: the first owner, somebody who was invited, somebody who lost what they signed in with.
//!
//! Looking at the page uses nothing up (programs that check letters look too); sending its form does.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use station::Account;
use store::Tx;
use store::ticket::Ticket;

use crate::accounts;
use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed, Doer};
use crate::proof::password;
use crate::tickets::{self, Kind};
use crate::view::Frame;
use crate::visit::{Form, Visit};

use super::sign_in::{let_in, used_up};

#[derive(Serialize)]
struct View<'a> {
    frame: Frame,
    ticket: &'a str,
    /// True for the station's first account: then name and address are asked for.
    is_owner: bool,
    /// True for somebody who has been here before.
    is_back: bool,
    name: String,
    email: String,
    characters_min: usize,
    fault: Option<String>,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    match ticket(&visit).await? {
        Some((kind, account)) => Ok(page(&visit, kind, account.as_ref(), &Form::default(), None)),
        None => Ok(used_up(&visit)),
    }
}

fn page(visit: &Visit, kind: Kind, account: Option<&Account>, form: &Form, fault: Option<String>) -> Answer {
    let is_back = account.is_some_and(|account| account.joined_at.is_some());
    let title = if is_back { "Come in again" } else { "Come in" };
    let view = View {
        frame: Frame { me: None, menu: Vec::new(), ..Frame::new(visit, title) },
        ticket: visit.word(0),
        is_owner: kind == Kind::Owner,
        is_back,
        name: account.map_or_else(|| form.get("name").to_owned(), |account| account.name.clone()),
        email: account.map_or_else(|| form.get("email").to_owned(), |account| account.email.clone()),
        characters_min: password::CHARACTERS_MIN,
        fault,
    };
    Answer::page("join.html", &view)
}

pub(crate) async fn come_in(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let Some((kind, account)) = ticket(&visit).await? else { return Ok(used_up(&visit)) };
    let again = |fault: String| {
        page(&visit, kind, account.as_ref(), &form, Some(fault)).with_status(StatusCode::UNPROCESSABLE_ENTITY)
    };
    let (name, email) = match &account {
        Some(account) => (account.name.as_str(), account.email.as_str()),
        None => (form.get("name"), form.get("email")),
    };
    let password = form.whole("password");
    if let Err(weakness) = password::check(password, &[name, email, &visit.station.name]) {
        return Ok(again(weakness.to_string()));
    }
    let hash = visit.desk.hasher.hash(password).await?;
    let mut tx = visit.db().begin().await?;
    // Of two who hold the link, one gets in.
    let Some(ticket) = tickets::take(&mut tx, visit.station.id, kind, visit.word(0), visit.now).await? else {
        return Ok(used_up(&visit));
    };
    let account = match take_up(&visit, &mut tx, &ticket, email, name).await {
        Ok(account) => account,
        Err(fault @ (accounts::Error::NotAnAddress(_) | accounts::Error::NotAName | accounts::Error::Taken(_))) => {
            return Ok(again(sentence(&fault.to_string())));
        }
        Err(fault) => return Err(fault.into()),
    };
    start_anew(&visit, &mut tx, &account, &hash).await?;
    tx.commit().await?;
    let_in(&visit, &account, "by a link", "/account?said=welcome").await
}

/// The account that the ticket makes, or lets in.
async fn take_up(
    visit: &Visit,
    tx: &mut Tx,
    ticket: &Ticket,
    email: &str,
    name: &str,
) -> Result<Account, accounts::Error> {
    match ticket.account {
        None => accounts::make_owner(tx, visit.station.id, email, name, visit.now).await,
        Some(id) => {
            let account = store::account::by_id_in(tx, visit.station.id, id).await?;
            account.filter(Account::is_open).ok_or(accounts::Error::NoAccount)
        }
    }
}

/// Whoever comes by a link starts anew: a new password, no codes of a phone that may be lost, nobody else signed in.
async fn start_anew(visit: &Visit, tx: &mut Tx, account: &Account, hash: &str) -> store::Result<()> {
    let (station, id) = (visit.station.id, account.id);
    store::account::set_password(tx, station, id, Some(hash)).await?;
    store::account::set_totp(tx, station, id, None, 0).await?;
    store::recovery_code::replace(tx, station, id, &[], visit.now).await?;
    store::session::end_others(tx, station, id, None).await?;
    store::device::forget(tx, station, id).await?;
    let (act, words) = match account.joined_at {
        None => ("joined", "took up the invitation and set a password"),
        Some(_) => ("came-back", "came in by a link and set a new password"),
    };
    let doer = Doer::at_desk(account, &visit.device());
    doer::note(tx, station, &doer, Deed { act, subject: String::new(), words }, visit.now).await
}

/// What the link is good for now, and for whom.
async fn ticket(visit: &Visit) -> Result<Option<(Kind, Option<Account>)>, Fault> {
    let (station, secret) = (visit.station.id, visit.word(0));
    if tickets::look(visit.db(), station, Kind::Owner, secret, visit.now).await?.is_some() {
        return Ok(Some((Kind::Owner, None)));
    }
    let ticket = tickets::look(visit.db(), station, Kind::Link, secret, visit.now).await?;
    let Some(id) = ticket.and_then(|ticket| ticket.account) else { return Ok(None) };
    let account = store::account::by_id(visit.db(), station, id).await?.filter(Account::is_open);
    Ok(account.map(|account| (Kind::Link, Some(account))))
}

/// A fault's fragment as a sentence.
pub(super) fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    format!("{}{}.", first.collect::<String>(), letters.as_str())
}
