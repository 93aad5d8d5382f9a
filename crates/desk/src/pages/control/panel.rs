//! A service as master control shows it: the same for the page and for what follows it.

use std::sync::Arc;

use air::control::{Input, MountStatus, State, Status};
use air::switch::Rank;
use air::{Air, Mount};
use serde::Serialize;
use station::ServiceId;
use station::event::Meters;

use crate::view::{Moment, Times};

/// How much of what comes is shown.
const AHEAD: usize = 3;

/// A service at one moment.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Panel {
    #[serde(skip)]
    pub service: ServiceId,
    /// Its name in addresses.
    slug: String,
    name: String,
    /// What is on: "Studio".
    on: &'static str,
    /// True if that is what listeners should hear; false for the emergency loop, and for nothing.
    is_well: bool,
    since: Moment,
    reason: String,
    /// What the switch is held to.
    held: Option<&'static str>,
    meters: Option<Needles>,
    inputs: Vec<Row>,
    mounts: Vec<MountRow>,
    listeners: u64,
    has_automation: bool,
    playing: Option<Playing>,
    queue: Vec<Queued>,
    ahead: Vec<Coming>,
}

/// What the meters show, to a tenth.
#[derive(Debug, PartialEq, Serialize)]
struct Needles {
    momentary: f64,
    short_term: f64,
    integrated: f64,
    true_peak: f64,
    phase: f64,
}

/// Everything at one place in the order of preference.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    rank: &'static str,
    title: &'static str,
    /// Who sends, and where to; empty if that needs no saying.
    who: String,
    is_on: bool,
    is_there: bool,
    is_faulty: bool,
    state: &'static str,
}

#[derive(Debug, PartialEq, Serialize)]
struct MountRow {
    path: String,
    codec: &'static str,
    listeners: u64,
    carries: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Playing {
    title: String,
    until: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Queued {
    number: u64,
    title: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Coming {
    title: String,
    at: String,
}

impl Panel {
    /// What is known of a service.
    pub fn of(air: &Air, status: &Status, times: &Times) -> Self {
        let mounts = mounts(air, status);
        let console = air.console(status.service);
        let on = status.on.as_deref().and_then(Rank::parse);
        let playing = console.as_ref().and_then(|console| console.on());
        let queue = console.as_ref().map(|console| console.queue()).unwrap_or_default();
        // What comes is foretold only while automation is on: otherwise it begins when it is needed.
        let foretold = console.as_ref().filter(|_| on == Some(Rank::Automation));
        let ahead = foretold.map(|console| console.ahead(AHEAD)).unwrap_or_default();
        Self {
            service: status.service,
            slug: status.slug.clone(),
            name: status.name.clone(),
            on: on.map_or("Nothing", title_of),
            is_well: on.is_some_and(|rank| rank != Rank::Emergency),
            since: times.say(status.since),
            reason: status.reason.clone(),
            held: status.held.as_deref().and_then(Rank::parse).map(title_of),
            meters: status.meters.map(needles),
            inputs: Rank::ALL.into_iter().map(|rank| row(rank, &status.inputs)).collect(),
            listeners: mounts.iter().map(|mount| mount.listeners).sum(),
            mounts,
            has_automation: console.is_some(),
            playing: playing.map(|on| Playing { title: on.title, until: times.time(on.end) }),
            queue: queue.into_iter().map(|piece| Queued { number: piece.number, title: piece.title }).collect(),
            ahead: ahead.into_iter().map(|piece| Coming { at: times.time(piece.start), title: piece.title }).collect(),
        }
    }
}

/// What a place in the order of preference is called here.
pub(super) fn title_of(rank: Rank) -> &'static str {
    match rank {
        Rank::Studio => "Studio",
        Rank::Backup => "Backup",
        Rank::Relay => "Relay",
        Rank::Automation => "Automation",
        Rank::Emergency => "Emergency loop",
    }
}

fn row(rank: Rank, inputs: &[Input]) -> Row {
    let ours: Vec<_> = inputs.iter().filter(|input| input.rank == rank.name()).collect();
    let is_on = ours.iter().any(|input| input.is_on);
    // Of several, the one that is on says how it is; of those that wait, the best.
    let telling = ours.iter().find(|input| input.is_on || input.state == State::Good).or(ours.first());
    Row {
        rank: rank.name(),
        title: title_of(rank),
        who: ours.iter().filter_map(|input| who(input)).collect::<Vec<_>>().join(", "),
        is_on,
        is_there: !ours.is_empty(),
        is_faulty: telling.is_some_and(|input| input.state != State::Good),
        state: match telling.map(|input| input.state) {
            None => "not connected",
            Some(State::Good) if is_on => "on the air",
            Some(State::Good) => "ready",
            Some(State::Stalled) => "sends nothing",
            Some(State::Silent) => "silent",
            Some(State::ChannelDead) => "one channel is dead",
            Some(State::StuckTone) => "stuck on a tone",
            Some(State::Frozen) => "sends the same again and again",
        },
    }
}

fn who(input: &Input) -> Option<String> {
    let mount = input.mount.as_deref()?;
    Some(if input.name.is_empty() { mount.to_owned() } else { format!("{} to {mount}", input.name) })
}

fn mounts(air: &Air, status: &Status) -> Vec<MountRow> {
    let all = air.mounts();
    let snapshot = |path: &str| {
        let is_it = |mount: &&Arc<Mount>| mount.identity().station == status.station && mount.path() == path;
        all.iter().find(is_it).map(|mount| mount.snapshot())
    };
    let row = |mount: &MountStatus| {
        let snapshot = snapshot(&mount.path)?;
        Some(MountRow {
            path: mount.path.clone(),
            codec: snapshot.codec.name(),
            listeners: snapshot.listeners,
            carries: match mount.carries.as_deref().and_then(Rank::parse) {
                None => "nothing".to_owned(),
                Some(rank) if mount.is_rendition => format!("{}, encoded here", title_of(rank).to_lowercase()),
                Some(rank) => format!("{}, as it is sent", title_of(rank).to_lowercase()),
            },
        })
    };
    status.mounts.iter().filter_map(row).collect()
}

fn needles(meters: Meters) -> Needles {
    let tenth = |value: f64| (value * 10.0).round() / 10.0;
    Needles {
        momentary: tenth(meters.momentary_lufs),
        short_term: tenth(meters.short_term_lufs),
        integrated: tenth(meters.integrated_lufs),
        true_peak: tenth(meters.true_peak_dbtp),
        phase: tenth(meters.phase),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(rank: Rank, name: &str, is_on: bool, state: State) -> Input {
        let mount = rank.is_source().then(|| "/news.mp3".to_owned());
        Input { rank: rank.name().to_owned(), name: name.to_owned(), mount, is_on, state }
    }

    #[test]
    fn a_row_says_who_sends_and_how_that_is() {
        let inputs =
            [input(Rank::Studio, "BUTT", false, State::Silent), input(Rank::Automation, "", true, State::Good)];
        let studio = row(Rank::Studio, &inputs);
        assert_eq!((studio.who.as_str(), studio.state, studio.is_faulty), ("BUTT to /news.mp3", "silent", true));
        let automation = row(Rank::Automation, &inputs);
        assert_eq!((automation.state, automation.is_on, automation.who.as_str()), ("on the air", true, ""));
        let backup = row(Rank::Backup, &inputs);
        assert_eq!((backup.state, backup.is_there, backup.is_faulty), ("not connected", false, false));
    }

    #[test]
    fn of_two_studios_the_one_that_is_good_says_how_it_is() {
        let inputs =
            [input(Rank::Studio, "one", false, State::Stalled), input(Rank::Studio, "two", false, State::Good)];
        let studio = row(Rank::Studio, &inputs);
        assert_eq!((studio.state, studio.who.as_str()), ("ready", "one to /news.mp3, two to /news.mp3"));
    }
}
