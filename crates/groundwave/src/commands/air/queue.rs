//! `groundwave air queue`: what automation plays next, by hand.

use std::process::ExitCode;

use air::automation::{LinedUp, On};
use clap::{Args, Subcommand};
use serde::Deserialize;

use super::super::Place;
use crate::intercom::{self, Question, automation};

/// Sees and changes what a service's automation plays next.
#[derive(Debug, Args)]
pub(super) struct Queue {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Say what is on and what is lined up
    List(At),
    /// Line a piece up, after what is lined up already
    Add {
        #[command(flatten)]
        at: At,
        /// Its number, or words of its title
        piece: String,
        /// How many others come before it: 0 is next
        #[arg(long, value_name = "COUNT")]
        place: Option<usize>,
    },
    /// Move what is lined up
    Move {
        #[command(flatten)]
        at: At,
        /// Its number in the queue
        number: u64,
        /// How many others come before it: 0 is next
        place: usize,
    },
    /// Take out what is lined up
    Remove {
        #[command(flatten)]
        at: At,
        /// Its number in the queue
        number: u64,
    },
    /// Take out everything that is lined up
    Clear(At),
    /// End what is on; what comes next begins
    Skip(At),
}

/// Where.
#[derive(Debug, Args)]
struct At {
    /// The service: `news`, or `wxyz/news` where several stations have one of that name
    service: String,
    #[command(flatten)]
    place: Place,
}

/// What the station answers.
#[derive(Deserialize)]
struct State {
    on: Option<On>,
    queue: Vec<LinedUp>,
}

impl Queue {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        use automation::Act as Asked;
        let (at, act) = match self.act {
            Act::List(at) => (at, Asked::List),
            Act::Add { at, piece, place } => (at, Asked::Add { piece, place }),
            Act::Move { at, number, place } => (at, Asked::Move { number, place }),
            Act::Remove { at, number } => (at, Asked::Remove { number }),
            Act::Clear(at) => (at, Asked::Clear),
            Act::Skip(at) => (at, Asked::Skip),
        };
        let settings = at.place.settings()?;
        let answer = intercom::ask(&settings.data.dir, &Question::Automation { service: at.service, act })?;
        print!("{}", told(&serde_json::from_value(answer)?));
        Ok(ExitCode::SUCCESS)
    }
}

fn told(state: &State) -> String {
    let on = match &state.on {
        Some(on) => format!("  on      {} ({})\n", on.title, on.why),
        None => "  on      nothing: automation is not needed now\n".to_owned(),
    };
    let lined_up = state.queue.iter().map(|entry| format!("  {:<7} {}\n", entry.number, entry.title));
    let lined_up: String = lined_up.collect();
    on + if lined_up.is_empty() { "  queue   nothing is lined up\n" } else { &lined_up }
}
