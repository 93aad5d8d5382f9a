//! `groundwave air switch`: an input is put on by hand.

use std::process::ExitCode;

use clap::Args;

use super::super::Place;
use super::status;
use crate::intercom::{self, Question};

/// Holds a service to an input, or lets its switch decide by itself again.
#[derive(Debug, Args)]
pub(super) struct Switch {
    /// The service: `news`, or `wxyz/news` where several stations have one of that name
    service: String,
    /// studio, backup, relay, automation, emergency, or auto
    input: String,
    #[command(flatten)]
    place: Place,
}

impl Switch {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let question = Question::AirSwitch { service: self.service, input: self.input };
        let answer = intercom::ask(&settings.data.dir, &question)?;
        print!("{}", status::told(&serde_json::from_value(answer)?));
        Ok(ExitCode::SUCCESS)
    }
}
