//! `groundwave air log`: what is on the tape of a day.

use std::process::ExitCode;

use air::tape::{Line, LogEntry};
use anyhow::Context;
use clap::Args;
use jiff::civil::Date;

use super::super::{Place, runtime};
use super::tape::{Shelf, day};

/// Lists what a service aired on a day: titles with their times, and gaps with their causes.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// The service: `news`, or `wxyz/news` where several stations have one of that name
    service: String,
    /// The day, on the station's calendar [default: today]
    #[arg(long, value_name = "DATE")]
    day: Option<String>,
    /// Which of the service's streams, if several are kept
    #[arg(long)]
    codec: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Log {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(self.list())
    }

    async fn list(self) -> anyhow::Result<ExitCode> {
        let shelf = Shelf::find(&self.place, &self.service).await?;
        let date = match &self.day {
            Some(text) => text.parse::<Date>().with_context(|| format!("`{text}` is not a day: say 2026-11-24"))?,
            None => shelf.now.to_zoned_datetime(shelf.zone.clone()).date(),
        };
        let span = day(date, &shelf.zone)?;
        let tape = shelf.tape(self.codec.as_deref())?;
        let lines = tape.log(span.start..span.end.min(shelf.now)).await.context("could not read the tape")?;
        println!(
            "{} ({}), {}, {}",
            shelf.service.name,
            tape.codec().name(),
            date.strftime("%A %-d %B %Y"),
            shelf.station.zone
        );
        lines.iter().for_each(|line| println!("{}", told(&shelf, line)));
        Ok(ExitCode::SUCCESS)
    }
}

fn told(shelf: &Shelf, line: &Line) -> String {
    let wall =
        |moment: station::Timestamp| moment.to_zoned_datetime(shelf.zone.clone()).strftime("%H:%M:%S").to_string();
    let what = match &line.entry {
        LogEntry::Title(title) if title.is_empty() => "(no title)".to_owned(),
        // A title is somebody else's text: it must not steer the terminal.
        LogEntry::Title(title) => title.chars().filter(|letter| !letter.is_control()).collect(),
        LogEntry::Gap(cause) => format!("-- {cause}"),
    };
    format!("{} to {}  {what}", wall(line.from), wall(line.to))
}
