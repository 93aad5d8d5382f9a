//! `groundwave air plan`: what automation will play.

use std::process::ExitCode;

use air::automation::Ahead;
use clap::Args;

use super::super::Place;
use crate::intercom::{self, Question, automation};

/// Says what a service's automation will play from here on, if nothing happens in between.
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The service: `news`, or `wxyz/news` where several stations have one of that name
    service: String,
    /// How many pieces
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    count: usize,
    #[command(flatten)]
    place: Place,
}

impl Plan {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let act = automation::Act::Plan { count: self.count };
        let answer = intercom::ask(&settings.data.dir, &Question::Automation { service: self.service, act })?;
        let plan: Vec<Ahead> = serde_json::from_value(answer)?;
        print!("{}", plan.iter().map(told).collect::<String>());
        Ok(ExitCode::SUCCESS)
    }
}

fn told(ahead: &Ahead) -> String {
    let start = ahead.start.strftime("%Y-%m-%d %H:%M:%S UTC");
    let lasts = guide::library::as_minutes(ahead.plays_ms);
    let let_go = if ahead.relaxed == "none" { String::new() } else { format!("; let go: {}", ahead.relaxed) };
    format!("  {start}  {lasts:>6}  {:<40} {}{let_go}\n", ahead.title, ahead.why)
}
