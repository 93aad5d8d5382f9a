//! `groundwave air status`: what is on.

use std::fmt::Write;
use std::process::ExitCode;

use air::control;
use clap::Args;

use super::super::Place;
use crate::intercom::{self, Question};

/// Says what is on each service, since when, and why.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Status {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let answer = intercom::ask(&settings.data.dir, &Question::AirStatus)?;
        if self.json {
            println!("{answer}");
            return Ok(ExitCode::SUCCESS);
        }
        let services: Vec<control::Status> = serde_json::from_value(answer)?;
        print!("{}", services.iter().map(told).collect::<Vec<_>>().join("\n"));
        Ok(ExitCode::SUCCESS)
    }
}

/// A service's status, for a person.
pub(super) fn told(status: &control::Status) -> String {
    let mut text = format!("{}: {}\n", status.slug, status.name);
    let on = status.on.as_deref().unwrap_or("nothing");
    let since = status.since.strftime("%Y-%m-%d %H:%M:%S UTC");
    let hand = status.held.as_ref().map(|held| format!("; held to {held} by hand")).unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  on      {on} since {since}: {}{hand}", status.reason);
    if let Some(meters) = &status.meters {
        let (now, whole, peak) = (meters.short_term_lufs, meters.integrated_lufs, meters.true_peak_dbtp);
        let _ = writeln!(text, "  sound   {now:.1} LUFS now, {whole:.1} LUFS in all, peaks at {peak:.1} dBTP");
    }
    for input in &status.inputs {
        let mark = if input.is_on { "*" } else { " " };
        let mount = input.mount.as_deref().unwrap_or("every mount");
        let _ =
            writeln!(text, "  input {mark} {:<11} {:<13} {mount:<16} {}", input.rank, state(input.state), input.name);
    }
    for mount in &status.mounts {
        let carries = mount.carries.as_deref().unwrap_or("nothing");
        let how = if mount.is_rendition { "a rendition" } else { "as it is sent" };
        let _ = writeln!(text, "  mount   {:<25} {carries}, {how}", mount.path);
    }
    text
}

fn state(state: control::State) -> &'static str {
    match state {
        control::State::Good => "good",
        control::State::Stalled => "sends nothing",
        control::State::Silent => "silent",
        control::State::ChannelDead => "half dead",
        control::State::StuckTone => "stuck tone",
        control::State::Frozen => "sends the same again and again",
    }
}
