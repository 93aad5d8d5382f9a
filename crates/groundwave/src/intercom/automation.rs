//! What can be asked of a service's automation while it plays.

use air::automation::Console;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use station::PieceId;

/// How much of the plan may be asked for.
const PLAN_MAX: usize = 500;
/// How many pieces are named to somebody whose words fit several.
const NAMED_MAX: usize = 8;

/// An act on a service's automation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// What is on, and what is lined up.
    List,
    /// Line a piece up.
    Add {
        /// Its number, or words of its title.
        piece: String,
        /// How many others come before it; at the end if not given.
        place: Option<usize>,
    },
    /// Move what is lined up.
    Move {
        /// Its number in the queue.
        number: u64,
        /// How many others come before it.
        place: usize,
    },
    /// Take out what is lined up.
    Remove {
        /// Its number in the queue.
        number: u64,
    },
    /// Take out everything that is lined up.
    Clear,
    /// End what is on.
    Skip,
    /// What will be played.
    Plan {
        /// How many pieces.
        count: usize,
    },
}

/// Does it; the answer is what is on and lined up, or the plan.
pub fn answer(console: &Console, act: Act) -> anyhow::Result<Value> {
    match act {
        Act::List => {}
        Act::Add { piece, place } => drop(console.add(find(console, &piece)?, place.unwrap_or(usize::MAX))?),
        Act::Move { number, place } => console.move_to(number, place)?,
        Act::Remove { number } => console.remove(number)?,
        Act::Clear => drop(console.clear()),
        Act::Skip => anyhow::ensure!(console.skip(), "automation has nothing on that could be ended"),
        Act::Plan { count } => return Ok(serde_json::to_value(console.ahead(count.min(PLAN_MAX)))?),
    }
    Ok(json!({ "on": console.on(), "queue": console.queue() }))
}

/// The piece that somebody means by its number, or by words of its title.
fn find(console: &Console, words: &str) -> anyhow::Result<PieceId> {
    let found = console.find(words);
    match found.as_slice() {
        [] => anyhow::bail!("no piece is called `{words}`; `groundwave library` lists them"),
        [(piece, _)] => Ok(*piece),
        several => {
            let named = several.iter().take(NAMED_MAX).map(|(piece, title)| format!("{piece} {title}"));
            let named = named.collect::<Vec<_>>().join("\n  ");
            Err(anyhow::anyhow!("say which, by its number:\n  {named}"))
                .context(format!("several pieces fit `{words}`"))
        }
    }
}
