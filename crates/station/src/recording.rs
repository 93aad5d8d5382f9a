//! A recording: how an episode was cut from what was aired; and the orders that say what is recorded.

use serde::{Deserialize, Serialize};

use crate::broadcast::Cause;
use crate::{EpisodeId, OneOffId, ProgrammeId, RuleId, ServiceId, StationId, Timestamp};

/// An order to record that stands until it is changed: every broadcast of a programme becomes an episode by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Whose it is.
    pub station: StationId,
    /// Of what.
    pub subject: Subject,
    /// Whether it is recorded. An order for a rule or a one-off that says no is an exception to its programme's.
    pub is_recorded: bool,
    /// Broadcasts that were over before this are left alone.
    pub since: Timestamp,
    /// How much before the start belongs to it, in seconds.
    pub padding_before_s: u32,
    /// How much after the end belongs to it, in seconds.
    pub padding_after_s: u32,
}

/// What an order is about. The nearer to the single broadcast, the stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Every broadcast of a programme.
    Programme(ProgrammeId),
    /// Every broadcast that a rule makes.
    Rule(RuleId),
    /// A broadcast of its own.
    OneOff(OneOffId),
}

/// How an episode was cut from what was aired. It is cut again, as the next revision, when the schedule is corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Whose it is.
    pub station: StationId,
    /// The episode that was made of it.
    pub episode: EpisodeId,
    /// How often it was cut: 1 for the first time.
    pub revision: u32,
    /// The service on which it was aired.
    pub service: ServiceId,
    /// What had put the broadcast into the schedule.
    pub cause: Cause,
    /// What was broadcast.
    pub programme: ProgrammeId,
    /// The title on the schedule.
    pub title: String,
    /// The broadcast's first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// How much before the start was cut with it, in seconds.
    pub padding_before_s: u32,
    /// How much after the end was cut with it, in seconds.
    pub padding_after_s: u32,
    /// When it was cut.
    pub made_at: Timestamp,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// What was on, and where it begins.
    pub chapters: Vec<Chapter>,
    /// How loud it is, if it was measured.
    pub loudness: Option<Loudness>,
}

/// A stretch of time that is missing in a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where in the file it would be, in milliseconds.
    pub offset_ms: i64,
    /// The first instant that is missing.
    pub from: Timestamp,
    /// The first instant that is there again.
    pub to: Timestamp,
    /// Why, in a few words for a person: "the program did not run".
    pub cause: String,
}

/// A part of a recording, under the title that was on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Where in the file it begins, in milliseconds.
    pub start_ms: i64,
    /// What was on.
    pub title: String,
}

/// How loud something is, as EBU R128 measures it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Of the whole, in LUFS.
    pub integrated_lufs: f64,
    /// The highest true peak, in dB relative to full scale.
    pub true_peak_dbtp: f64,
}
