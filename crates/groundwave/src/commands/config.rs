//! `groundwave config`: the settings in force.

use std::process::ExitCode;

use clap::Args;

use super::Place;

/// Prints the effective settings as a file that could be read again.
#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(flatten)]
    place: Place,
}

impl Config {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        print!("{}", self.place.settings()?.print());
        Ok(ExitCode::SUCCESS)
    }
}
