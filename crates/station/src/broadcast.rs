//! A broadcast: one airing in the schedule.

use serde::{Deserialize, Serialize};

use crate::{OneOffId, ProgrammeId, RuleId, ServiceId, StationId, Timestamp};

/// One airing, with its start and end. It is made by resolving the [`schedule`](crate::schedule).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broadcast {
    /// Whose it is.
    pub station: StationId,
    /// Where it is heard.
    pub service: ServiceId,
    /// What is broadcast.
    pub programme: ProgrammeId,
    /// The title on the schedule: the programme's, or the one that this airing has of its own.
    pub title: String,
    /// The first instant of it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// Why it is there.
    pub cause: Cause,
}

/// What put a broadcast into the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A weekly rule.
    Rule(RuleId),
    /// A broadcast of its own.
    OneOff(OneOffId),
}

impl Broadcast {
    /// True while it is on: from its start up to, not including, its end.
    pub fn is_on_at(&self, moment: Timestamp) -> bool {
        self.start <= moment && moment < self.end
    }
}

/// What a service has on now and what comes next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NowNext {
    /// What is on; `None` where the schedule has nothing for this moment.
    pub now: Option<Broadcast>,
    /// What comes after it.
    pub next: Option<Broadcast>,
}
