//! What is done with a story, and where each act leads.
//!
//! A story goes from draft over review and readiness to publication, at once or at a moment of its own; afterwards it is
//! updated, corrected, unpublished or killed. [`Act::leads`] is the whole of it, as a table. Each act that was done is a
//! [`Step`], kept with who, when and why; what is to be done later is a [`Plan`].

use serde::{Deserialize, Serialize};

use crate::story::State;
use crate::{Permission, StationId, Story, StoryId, Timestamp};

/// Something that is done with a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Its writer hands it in.
    Submit,
    /// It goes back to its writer, with a word on what is missing.
    SendBack,
    /// Somebody who may says that it is ready.
    Approve,
    /// It is set for a moment: it is published then, or the text of it that readers see is changed then.
    Schedule,
    /// What was set for a moment is taken back.
    Unschedule,
    /// It can be read.
    Publish,
    /// Readers see another text of it.
    Update,
    /// What was wrong is admitted and put right.
    Correct,
    /// It is taken off the site.
    Unpublish,
    /// It is gone everywhere at once, for a grave reason, and does not come back.
    Kill,
}

impl Act {
    /// Every act, in the order of a story's life.
    pub const ALL: [Act; 10] = [
        Act::Submit,
        Act::SendBack,
        Act::Approve,
        Act::Schedule,
        Act::Unschedule,
        Act::Publish,
        Act::Update,
        Act::Correct,
        Act::Unpublish,
        Act::Kill,
    ];

    /// Its name in rows and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Submit => "submit",
            Act::SendBack => "send-back",
            Act::Approve => "approve",
            Act::Schedule => "schedule",
            Act::Unschedule => "unschedule",
            Act::Publish => "publish",
            Act::Update => "update",
            Act::Correct => "correct",
            Act::Unpublish => "unpublish",
            Act::Kill => "kill",
        }
    }

    /// The act of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == name)
    }

    /// What has been done, in words that follow "was": "handed in".
    pub fn done(self) -> &'static str {
        match self {
            Act::Submit => "handed in",
            Act::SendBack => "sent back",
            Act::Approve => "declared ready",
            Act::Schedule => "scheduled",
            Act::Unschedule => "taken out of the schedule",
            Act::Publish => "published",
            Act::Update => "updated",
            Act::Correct => "corrected",
            Act::Unpublish => "unpublished",
            Act::Kill => "killed",
        }
    }

    /// What somebody must be allowed to do it.
    pub fn permission(self) -> Permission {
        match self {
            Act::Submit => Permission::Submit,
            Act::SendBack | Act::Approve => Permission::Approve,
            Act::Schedule | Act::Unschedule => Permission::Schedule,
            Act::Publish | Act::Update => Permission::Publish,
            Act::Correct => Permission::Correct,
            Act::Unpublish => Permission::Unpublish,
            Act::Kill => Permission::Kill,
        }
    }

    /// Where it takes a story that is in `from`; `None` where it cannot be done.
    ///
    /// A published story stays published when a change of it is scheduled: readers go on reading the old text until then.
    pub fn leads(self, from: State) -> Option<State> {
        use State::*;
        let to = match (self, from) {
            (Act::Submit, Draft) => InReview,
            (Act::SendBack, InReview | Ready) => Draft,
            (Act::Approve, Draft | InReview) => Ready,
            (Act::Schedule, Draft | InReview | Ready | Scheduled) => Scheduled,
            (Act::Unschedule, Scheduled) => Ready,
            (Act::Schedule | Act::Unschedule, Published) => Published,
            (Act::Publish, Draft | InReview | Ready | Scheduled | Unpublished) => Published,
            (Act::Update | Act::Correct, Published) => Published,
            (Act::Unpublish, Published) => Unpublished,
            (Act::Kill, Draft | InReview | Ready | Scheduled | Published | Unpublished | Withdrawn) => Killed,
            _ => return None,
        };
        Some(to)
    }
}

/// One act that was done: a step in a story's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which story.
    pub story: StoryId,
    /// When.
    pub at: Timestamp,
    /// Who did it, by name.
    pub by: String,
    /// What was done.
    pub act: Act,
    /// Where the story stood before.
    pub from: State,
    /// Where it stands since.
    pub to: State,
    /// Why, in words; empty where nobody was asked.
    pub why: String,
}

/// What becomes of a story at a moment of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Whose site it stands on.
    pub station: StationId,
    /// Which story.
    pub story: StoryId,
    /// When it is done.
    pub due_at: Timestamp,
    /// [`Act::Publish`], or [`Act::Update`] of a story that can be read already.
    pub act: Act,
    /// True if an update is one that readers should know of: it dates the story anew.
    pub is_major: bool,
    /// The text that readers see from then on: what was written afterwards is not in it.
    pub text: Story,
    /// Who planned it, by name.
    pub by: String,
    /// When they did.
    pub planned_at: Timestamp,
    /// How often it was tried in vain.
    pub tries: u32,
    /// Why it could not be done when it was last tried.
    pub fault: Option<String>,
}

/// What a reader finds at the address of a story that was unpublished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "kebab-case")]
pub enum Ending {
    /// That it is gone: status 410, with a sentence.
    Gone,
    /// Something else to read: they are sent there.
    Redirect {
        /// A path of this site, or a whole `https` address.
        to: String,
    },
    /// A notice in its place.
    Notice {
        /// What it says, in plain words.
        words: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_a_name_of_its_own_that_leads_back() {
        for (at, act) in Act::ALL.into_iter().enumerate() {
            assert_eq!(Act::parse(act.as_str()), Some(act));
            assert!(Act::ALL[..at].iter().all(|other| other.as_str() != act.as_str()));
            assert_eq!(serde_json::to_value(act).unwrap(), act.as_str());
        }
    }

    /// The life of a story, as a newsroom would draw it on the wall. A line is an act; a column is where the story stands;
    /// a hyphen is what cannot be done.
    #[test]
    fn each_act_leads_where_the_table_says() {
        let table = "
            ..          draft      in-review  ready      scheduled  published    unpublished  withdrawn  killed
            submit      in-review  -          -          -          -            -            -          -
            send-back   -          draft      draft      -          -            -            -          -
            approve     ready      ready      -          -          -            -            -          -
            schedule    scheduled  scheduled  scheduled  scheduled  published    -            -          -
            unschedule  -          -          -          ready      published    -            -          -
            publish     published  published  published  published  -            published    -          -
            update      -          -          -          -          published    -            -          -
            correct     -          -          -          -          published    -            -          -
            unpublish   -          -          -          -          unpublished  -            -          -
            kill        killed     killed     killed     killed     killed       killed       killed     -";
        let mut lines = table.trim().lines().map(|line| line.split_whitespace());
        let states: Vec<State> = lines.next().unwrap().skip(1).map(|name| State::parse(name).unwrap()).collect();
        assert_eq!(states, State::ALL, "the table leaves a state out");
        let mut acts = Vec::new();
        for mut line in lines {
            let act = Act::parse(line.next().unwrap()).unwrap();
            for (from, to) in states.iter().zip(line) {
                assert_eq!(act.leads(*from).map_or("-", State::as_str), to, "{} of {}", act.as_str(), from.as_str());
            }
            acts.push(act);
        }
        assert_eq!(acts, Act::ALL, "the table leaves an act out");
    }

    #[test]
    fn nothing_leads_back_from_a_killed_story() {
        assert!(Act::ALL.into_iter().all(|act| act.leads(State::Killed).is_none()));
    }
}
