//! What is to be cut: worked out from the orders, the schedule and the recordings that are there.
//!
//! Which recording is of which broadcast? The schedule keeps no name for a single airing, for it is resolved from rules;
//! so a recording goes with the broadcast of the same cause that it has most time in common with, or else with the nearest
//! one within a day. A broadcast that was moved, shortened or given to another programme is thus the same episode.

use std::ops::Range;

use jiff::SignedDuration;
use station::broadcast::Cause;
use station::recording::{Order, Recording, Subject};
use station::{Broadcast, Timestamp};

/// How long after its end a broadcast is cut: by then all of it is kept.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(10);
/// A recording with no instant in common with a broadcast can be of it if it began within this.
const MOVED_MAX: SignedDuration = SignedDuration::from_hours(24);

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What is due, by start.
    pub due: Vec<Job>,
    /// When something will be.
    pub next: Option<Timestamp>,
}

/// A broadcast that is to be an episode, or a better one.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The broadcast, as the schedule has it now.
    pub broadcast: Broadcast,
    /// The order by which it is recorded.
    pub order: Order,
    /// What was cut of it, if it was.
    pub recording: Option<Recording>,
}

impl Job {
    /// What is to be cut.
    pub fn span(&self) -> Range<Timestamp> {
        let before = SignedDuration::from_secs(self.order.padding_before_s.into());
        let start = self.broadcast.start.checked_sub(before).unwrap_or(Timestamp::MIN);
        start..over_at(&self.broadcast, &self.order)
    }

    /// True if the sound is another than was cut; otherwise only words are.
    pub fn must_cut(&self) -> bool {
        self.recording.as_ref().is_none_or(|recording| !has_sound_of(recording, &self.broadcast, &self.order))
    }

    /// The first moment of which the recording has anything.
    pub fn held_from(&self) -> Option<Timestamp> {
        let recording = self.recording.as_ref()?;
        let before = SignedDuration::from_secs(recording.padding_before_s.into());
        let first_gap = recording.gaps.first().filter(|gap| gap.offset_ms == 0).map(|gap| gap.to);
        first_gap.or(recording.start.checked_sub(before).ok())
    }
}

/// What is to be done at `now`.
pub fn plan(now: Timestamp, orders: &[Order], broadcasts: &[Broadcast], recordings: &[Recording]) -> Plan {
    let wanted: Vec<(&Broadcast, &Order)> =
        broadcasts.iter().filter_map(|broadcast| Some((broadcast, order_for(orders, broadcast)?))).collect();
    let of = pair(&wanted, recordings);
    let mut plan = Plan::default();
    for ((broadcast, order), recording) in wanted.into_iter().zip(of) {
        let due_at = over_at(broadcast, order).checked_add(SETTLE).unwrap_or(Timestamp::MAX);
        if due_at > now {
            plan.next = Some(plan.next.map_or(due_at, |next| next.min(due_at)));
        } else if recording.is_none_or(|recording| !fits(recording, broadcast, order)) {
            let (broadcast, order) = (broadcast.clone(), order.clone());
            plan.due.push(Job { broadcast, order, recording: recording.cloned() });
        }
    }
    plan
}

/// The order by which a broadcast is recorded: the nearest to it decides, and may say no.
fn order_for<'a>(orders: &'a [Order], broadcast: &Broadcast) -> Option<&'a Order> {
    let own = match broadcast.cause {
        Cause::Rule(rule) => Subject::Rule(rule),
        Cause::OneOff(one_off) => Subject::OneOff(one_off),
    };
    let about = |subject| orders.iter().find(|order| order.subject == subject);
    let order = about(own).or_else(|| about(Subject::Programme(broadcast.programme)))?;
    (order.is_recorded && broadcast.end > order.since).then_some(order)
}

/// For each of the broadcasts, the recording that is of it.
fn pair<'a>(wanted: &[(&Broadcast, &Order)], recordings: &'a [Recording]) -> Vec<Option<&'a Recording>> {
    let mut candidates = Vec::new();
    for (of, (broadcast, _)) in wanted.iter().enumerate() {
        let near = recordings.iter().enumerate().filter_map(|(which, it)| Some((nearness(broadcast, it)?, of, which)));
        candidates.extend(near);
    }
    // The nearest first; the rest only makes it the same every time.
    candidates.sort_unstable_by(|a, b| b.cmp(a));
    let (mut found, mut taken) = (vec![None; wanted.len()], vec![false; recordings.len()]);
    for (_, of, which) in candidates {
        if found[of].is_none() && !taken[which] {
            (found[of], taken[which]) = (Some(&recordings[which]), true);
        }
    }
    found
}

/// How well a recording goes with a broadcast: the time in common first, then how close they began. `None`: not at all.
fn nearness(broadcast: &Broadcast, recording: &Recording) -> Option<(SignedDuration, SignedDuration)> {
    let is_possible = broadcast.service == recording.service && broadcast.cause == recording.cause;
    let common = broadcast.end.min(recording.end).duration_since(broadcast.start.max(recording.start));
    let apart = broadcast.start.duration_since(recording.start).abs();
    let is_one_off = matches!(broadcast.cause, Cause::OneOff(_));
    let is_near = common.is_positive() || apart < MOVED_MAX || is_one_off;
    (is_possible && is_near).then_some((common.max(SignedDuration::ZERO), -apart))
}

fn fits(recording: &Recording, broadcast: &Broadcast, order: &Order) -> bool {
    has_sound_of(recording, broadcast, order)
        && recording.programme == broadcast.programme
        && recording.title == broadcast.title
}

fn has_sound_of(recording: &Recording, broadcast: &Broadcast, order: &Order) -> bool {
    let padding = (recording.padding_before_s, recording.padding_after_s);
    (recording.start, recording.end) == (broadcast.start, broadcast.end)
        && padding == (order.padding_before_s, order.padding_after_s)
}

/// The first instant that is no longer cut.
fn over_at(broadcast: &Broadcast, order: &Order) -> Timestamp {
    let after = SignedDuration::from_secs(order.padding_after_s.into());
    broadcast.end.checked_add(after).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use station::{EpisodeId, OneOffId, ProgrammeId, RuleId, ServiceId, StationId};

    use super::*;

    const LEDGER: ProgrammeId = ProgrammeId(1);
    const MUSIC: ProgrammeId = ProgrammeId(2);

    fn at(time: &str) -> Timestamp {
        let (day, time) = time.split_once(' ').unwrap_or(("24", time));
        format!("2026-11-{day}T{time}:00Z").parse().unwrap()
    }

    fn order(subject: Subject) -> Order {
        let since = at("20 00:00");
        Order { station: StationId(1), subject, is_recorded: true, since, padding_before_s: 60, padding_after_s: 120 }
    }

    fn orders() -> Vec<Order> {
        vec![order(Subject::Programme(LEDGER))]
    }

    fn broadcast(start: &str, end: &str) -> Broadcast {
        Broadcast {
            station: StationId(1),
            service: ServiceId(1),
            programme: LEDGER,
            title: "The Ledger".into(),
            start: at(start),
            end: at(end),
            cause: Cause::Rule(RuleId(1)),
        }
    }

    fn recording(of: &Broadcast, episode: i64) -> Recording {
        let (start, end, title) = (of.start, of.end, of.title.clone());
        Recording {
            station: of.station,
            episode: EpisodeId(episode),
            revision: 1,
            service: of.service,
            cause: of.cause,
            programme: of.programme,
            title,
            start,
            end,
            padding_before_s: 60,
            padding_after_s: 120,
            made_at: end,
            gaps: Vec::new(),
            chapters: Vec::new(),
            loudness: None,
        }
    }

    /// Of which episodes the due broadcasts are, 0 for new ones.
    fn due(now: &str, broadcasts: &[Broadcast], recordings: &[Recording]) -> Vec<i64> {
        let plan = plan(at(now), &orders(), broadcasts, recordings);
        plan.due.iter().map(|job| job.recording.as_ref().map_or(0, |recording| recording.episode.0)).collect()
    }

    #[test]
    fn a_broadcast_is_due_when_it_and_its_padding_are_over_and_settled() {
        let ledger = [broadcast("06:00", "09:00")];
        let early = plan(at("09:02"), &orders(), &ledger, &[]);
        assert_eq!((early.due.len(), early.next), (0, Some(at("09:02") + SETTLE)));
        let plan = plan(at("09:03"), &orders(), &ledger, &[]);
        assert_eq!((plan.due.len(), plan.next), (1, None));
        assert_eq!(plan.due[0].span(), at("05:59")..at("09:02"));
        assert_eq!(due("10:00", &ledger, &[recording(&ledger[0], 7)]), [0; 0]);
    }

    #[test]
    fn the_nearest_order_decides_and_the_past_is_left_alone() {
        let mut orders = orders();
        let music = Broadcast { programme: MUSIC, ..broadcast("06:00", "09:00") };
        assert_eq!(order_for(&orders, &music), None);
        assert_eq!(order_for(&orders, &broadcast("19 06:00", "19 09:00")), None);
        orders.push(Order { is_recorded: false, ..order(Subject::Rule(RuleId(1))) });
        assert_eq!(order_for(&orders, &broadcast("06:00", "09:00")), None);
        let cause = Cause::OneOff(OneOffId(9));
        assert!(order_for(&orders, &Broadcast { cause, ..broadcast("06:00", "09:00") }).is_some());
    }

    #[test]
    fn a_corrected_broadcast_is_the_same_episode() {
        let first = recording(&broadcast("06:00", "09:00"), 7);
        let yesterday = recording(&broadcast("23 06:00", "23 09:00"), 6);
        let known = [first, yesterday];
        let unchanged = broadcast("23 06:00", "23 09:00");
        let changes = [
            broadcast("06:00", "09:30"),
            broadcast("05:30", "09:00"),
            broadcast("14:00", "17:00"),
            Broadcast { title: "The Long Ledger".into(), ..broadcast("06:00", "09:00") },
        ];
        for changed in changes {
            assert_eq!(due("20:00", &[unchanged.clone(), changed.clone()], &known), [7], "{changed:?}");
        }
        let renamed = Broadcast { title: "The Long Ledger".into(), ..broadcast("06:00", "09:00") };
        let plan = plan(at("20:00"), &orders(), &[renamed], &known);
        assert!(!plan.due[0].must_cut(), "a title is words");
    }

    #[test]
    fn two_parts_of_one_airing_are_two_episodes() {
        let parts = [broadcast("06:00", "07:00"), broadcast("08:00", "09:00")];
        assert_eq!(due("10:00", &parts, &[]), [0, 0]);
        let whole = recording(&broadcast("06:00", "09:00"), 7);
        let mut of = due("10:00", &parts, std::slice::from_ref(&whole));
        of.sort_unstable();
        assert_eq!(of, [0, 7]);
    }

    #[test]
    fn what_was_missing_at_the_beginning_is_not_asked_for_again() {
        let mut first = recording(&broadcast("06:00", "09:00"), 7);
        let gap = |offset_ms| station::recording::Gap {
            offset_ms,
            from: at("05:59"),
            to: at("06:20"),
            cause: "the program did not run".into(),
        };
        first.gaps = vec![gap(0)];
        let job = |recording| Job { broadcast: broadcast("06:00", "09:30"), order: orders().remove(0), recording };
        assert_eq!(job(Some(first.clone())).held_from(), Some(at("06:20")));
        first.gaps = vec![gap(1)];
        assert_eq!(job(Some(first)).held_from(), Some(at("05:59")));
        assert_eq!(job(None).held_from(), None);
    }
}
