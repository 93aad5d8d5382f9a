//! The audit log: who did what to what, when, from which device.
//!
//! An entry is written in the transaction that does the deed, and none is ever changed. It names the device and never
//! its address, so the log can be shown to everybody whom it concerns.

use serde::{Deserialize, Serialize};

use crate::{AccountId, StationId, Timestamp};

/// Something that somebody did at the desk, or to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose desk.
    pub station: StationId,
    /// When.
    pub at: Timestamp,
    /// Who, if they have an account.
    pub account: Option<AccountId>,
    /// What they were called then; for a command at the machine, "the machine's operator".
    pub who: String,
    /// What was done: a word that does not change, like `signed-in` or `role-granted`.
    pub act: String,
    /// What it was done to: a story's id, an account's id; empty if to nothing but oneself.
    pub subject: String,
    /// The whole of it in a sentence's words without the doer: "gave Priya Sandoval the role Editor".
    pub words: String,
    /// From which device, in words: "Firefox on Linux". Empty if from none.
    pub device: String,
}

/// An entry in its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Its place: counted from 1, without gaps.
    pub number: i64,
    /// The entry.
    pub entry: Entry,
}
