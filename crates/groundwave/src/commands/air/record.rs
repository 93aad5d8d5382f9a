//! `groundwave air record`: which programmes become episodes by themselves.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use station::recording::{Order, Subject};
use station::{Clock, Event, Programme, Station};
use store::Db;

use super::super::{Place, runtime};
use crate::assembly;
use crate::clock::System;

/// The most padding, in seconds.
const PADDING_S_MAX: u32 = 3_600;

/// Has every broadcast of a programme recorded from now on, or no longer. Without a programme, lists what is recorded.
#[derive(Debug, Args)]
pub(super) struct Record {
    /// The programme: `morning-ledger`
    programme: Option<String>,
    /// How much before the start belongs to an episode, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    before: u32,
    /// How much after the end belongs to it, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    after: u32,
    /// Also those that were on since then and are still on the tape: a date
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// No longer record it; the episodes stay
    #[arg(long)]
    off: bool,
    /// The station, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Record {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(self.order())
    }

    async fn order(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let station = assembly::choose_station(&db, self.station.as_deref()).await?;
        let programmes = store::programme::all(&db, station.id).await?;
        match &self.programme {
            None => list(&db, &station, &programmes).await?,
            Some(slug) => {
                let known = || programmes.iter().map(|it| it.slug.as_str()).collect::<Vec<_>>().join(", ");
                let programme = programmes.iter().find(|programme| programme.slug.as_str() == slug);
                let programme =
                    programme.with_context(|| format!("no programme is called `{slug}`; there are {}", known()))?;
                self.write(&db, &station, programme).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn write(&self, db: &Db, station: &Station, programme: &Programme) -> anyhow::Result<()> {
        let padding = self.before.max(self.after);
        anyhow::ensure!(padding <= PADDING_S_MAX, "at most {PADDING_S_MAX} seconds can be added, not {padding}");
        let since = match &self.since {
            Some(text) => {
                let zone = jiff::tz::TimeZone::get(&station.zone)?;
                let date = text.parse().with_context(|| format!("`{text}` is not a date: say 2026-11-24"))?;
                super::tape::day(date, &zone)?.start
            }
            None => System::start().now(),
        };
        let order = Order {
            station: station.id,
            subject: Subject::Programme(programme.id),
            is_recorded: !self.off,
            since,
            padding_before_s: self.before,
            padding_after_s: self.after,
        };
        let mut tx = db.begin().await?;
        store::recording::save_order(&mut tx, &order).await?;
        store::change::add(&mut tx, station.id, &Event::ProgrammeChanged { programme: programme.id }).await?;
        tx.commit().await?;
        println!("{}", told(&programme.title, &order));
        Ok(())
    }
}

async fn list(db: &Db, station: &Station, programmes: &[Programme]) -> anyhow::Result<()> {
    let orders = store::recording::orders(db, station.id).await?;
    let title = |order: &Order| match order.subject {
        Subject::Programme(id) => programmes.iter().find(|programme| programme.id == id).map(|it| it.title.clone()),
        Subject::Rule(id) => Some(format!("the broadcasts of rule {id}")),
        Subject::OneOff(id) => Some(format!("the one-off {id}")),
    };
    let lines: Vec<String> = orders.iter().filter_map(|order| Some(told(&title(order)?, order))).collect();
    let none = "nothing is recorded: `groundwave air record PROGRAMME` orders it";
    println!("{}", if lines.is_empty() { none.to_owned() } else { lines.join("\n") });
    Ok(())
}

fn told(title: &str, order: &Order) -> String {
    if !order.is_recorded {
        return format!("{title}: not recorded");
    }
    let (before, after) = (order.padding_before_s, order.padding_after_s);
    format!("{title}: recorded, from {before} s before its start to {after} s after its end")
}
