//! `groundwave air`: what is on, and what should be.

mod export;
mod log;
mod plan;
mod profile;
mod queue;
mod record;
mod status;
mod switch;
mod tape;
mod verify;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Speaks to the station that is on the air.
#[derive(Debug, Args)]
pub(super) struct Air {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Say what is on each service, since when, and why
    Status(status::Status),
    /// Say what automation will play, when, and why
    Plan(plan::Plan),
    /// See and change what automation plays next
    Queue(queue::Queue),
    /// Put an input of a service on by hand, or let the switch decide again
    Switch(switch::Switch),
    /// Write what was aired between two moments to a file
    Export(export::Export),
    /// List what was aired on a day
    Log(log::Log),
    /// Say whether what is on the tapes is as it was written
    Verify(verify::Verify),
    /// Say which programmes become episodes by themselves
    Record(record::Record),
    /// Say what a programme may sound like before that counts as dead air
    Profile(profile::Profile),
}

impl Air {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.act {
            Act::Status(act) => act.run(),
            Act::Plan(act) => act.run(),
            Act::Queue(act) => act.run(),
            Act::Switch(act) => act.run(),
            Act::Export(act) => act.run(),
            Act::Log(act) => act.run(),
            Act::Verify(act) => act.run(),
            Act::Record(act) => act.run(),
            Act::Profile(act) => act.run(),
        }
    }
}
