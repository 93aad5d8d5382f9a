//! `groundwave user`: who may come in at the desk, said at the machine itself.
//!
//! Whoever can run this can read and write every row anyway; so nothing is asked of them, and everything they do stands
//! in the audit log as the operator's.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use desk::accounts::{self, Hand, Invitation, Register};
use station::role::Scope;
use station::{Account, Clock, Station, Timestamp, account};
use store::Db;

use super::{Place, runtime};
use crate::assembly;
use crate::clock::System;
use crate::reception;

/// Says who may come in at the desk.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the accounts, with their roles
    List(List),
    /// Invite somebody, and print the link with which they come in
    Invite(Invite),
    /// Print a link with which somebody comes in again and chooses a new password
    Link(Named),
    /// Keep somebody out from now on
    Disable(Named),
    /// Let somebody come in again who was kept out
    Enable(Named),
    /// Print a link for the first owner, where nobody owns the desk
    Owner(List),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    place: Place,
    /// The station, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
}

#[derive(Debug, Args)]
struct Invite {
    #[command(flatten)]
    at: List,
    /// The mail address that they will sign in with
    #[arg(value_name = "MAIL")]
    email: String,
    /// What they are called
    #[arg(long)]
    name: String,
    /// Their role: owner, managing-editor, editor, producer, reporter, contributor, engineer, membership, board, or one
    /// of the station's own
    #[arg(long, default_value = "reporter")]
    role: String,
    /// Where the role holds: station, section:SLUG or programme:NUMBER
    #[arg(long, default_value = "station")]
    scope: String,
}

#[derive(Debug, Args)]
struct Named {
    #[command(flatten)]
    at: List,
    /// The mail address that they sign in with
    #[arg(value_name = "MAIL")]
    email: String,
}

/// What every act needs.
struct Office {
    db: Db,
    station: Station,
    desk: desk::Settings,
    now: Timestamp,
}

impl User {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(async {
            match self.act {
                Act::List(list) => Office::open(&list).await?.list().await?,
                Act::Invite(invite) => Office::open(&invite.at).await?.invite(&invite).await?,
                Act::Link(named) => Office::open(&named.at).await?.link(&named.email).await?,
                Act::Disable(named) => Office::open(&named.at).await?.disable(&named.email).await?,
                Act::Enable(named) => Office::open(&named.at).await?.enable(&named.email).await?,
                Act::Owner(list) => Office::open(&list).await?.owner().await?,
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Office {
    async fn open(list: &List) -> anyhow::Result<Self> {
        let settings = list.place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let station = assembly::choose_station(&db, list.station.as_deref()).await?;
        let desk = reception::desk_settings(&settings, assembly::public_port_of(&settings));
        Ok(Self { db, station, desk, now: System::start().now() })
    }

    async fn list(&self) -> anyhow::Result<()> {
        let register = Register::read(&self.db, self.station.id).await?;
        for account in &register.accounts {
            let roles = register.held_by(account.id).map(|(grant, role)| match &grant.scope {
                Scope::Station => role.slug.to_string(),
                scope => format!("{} in {}", role.slug, scope.name()),
            });
            let roles = roles.collect::<Vec<_>>().join(", ");
            println!("{:<32} {:<24} {:<9} {roles}", account.email, account.name, state(account));
        }
        if register.accounts.is_empty() {
            println!("Nobody may come in yet. `groundwave user owner` prints a link for the first.");
        }
        Ok(())
    }

    async fn invite(&self, asked: &Invite) -> anyhow::Result<()> {
        let scope = Scope::parse(&asked.scope)
            .with_context(|| format!("`{}` is no place; say station, section:SLUG or programme:NUMBER", asked.scope))?;
        let invitation = Invitation { email: &asked.email, name: &asked.name, role: &asked.role, scope };
        let mut tx = self.db.begin().await?;
        let (_, ticket) = accounts::invite(&mut tx, self.station.id, &Hand::operator(), &invitation, self.now).await?;
        tx.commit().await?;
        self.print(&ticket);
        Ok(())
    }

    async fn link(&self, email: &str) -> anyhow::Result<()> {
        let account = self.account(email).await?;
        let mut tx = self.db.begin().await?;
        let ticket = accounts::link(&mut tx, self.station.id, &Hand::operator(), account.id, self.now).await?;
        tx.commit().await?;
        self.print(&ticket);
        Ok(())
    }

    async fn disable(&self, email: &str) -> anyhow::Result<()> {
        let account = self.account(email).await?;
        let mut tx = self.db.begin().await?;
        accounts::disable(&mut tx, self.station.id, &Hand::operator(), account.id, self.now).await?;
        tx.commit().await?;
        println!("{} is disabled, and signed out everywhere.", account.name);
        Ok(())
    }

    async fn enable(&self, email: &str) -> anyhow::Result<()> {
        let account = self.account(email).await?;
        let mut tx = self.db.begin().await?;
        accounts::enable(&mut tx, self.station.id, &Hand::operator(), account.id, self.now).await?;
        tx.commit().await?;
        println!("{} may come in again.", account.name);
        Ok(())
    }

    async fn owner(&self) -> anyhow::Result<()> {
        let ticket = accounts::owner_ticket(&self.db, self.station.id, self.now).await?;
        let ticket = ticket.context("somebody owns this desk; `groundwave user link MAIL` lets them in again")?;
        self.print(&ticket);
        Ok(())
    }

    async fn account(&self, email: &str) -> anyhow::Result<Account> {
        let email = account::email(email).with_context(|| format!("`{email}` is no mail address"))?;
        let found = store::account::by_email(&self.db, self.station.id, &email).await?;
        found.with_context(|| format!("nobody signs in as {email}; `groundwave user list` says who does"))
    }

    fn print(&self, ticket: &str) {
        println!("{}", desk::way_in(&self.desk, &self.station, ticket));
    }
}

fn state(account: &Account) -> &'static str {
    match (account.disabled_at, account.joined_at) {
        (Some(_), _) => "disabled",
        (None, None) => "invited",
        (None, Some(_)) => "active",
    }
}
