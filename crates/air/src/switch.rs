//! Which of a mount's inputs is on: a plain value that is told what happens, and says what follows.
//!
//! Inputs stand in order of preference: by rank, then by arrival. An input is left when it is gone or has sent nothing
//! for a while, and returned to when it has sent without a pause for a while. One that comes for the first time is
//! taken at once if nothing better is on. Time is whatever its owner measures with; it only has to go forward.
//!
//! Start at [`Switch::decide`].

use std::time::Duration;

/// An input's place in the order of preference, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The studio's encoder.
    Studio,
    /// An encoder that stands in for it.
    Backup,
    /// The library.
    Automation,
    /// Silence, so that the stream never ends.
    Silence,
}

impl Rank {
    /// True for what is connected from outside and can fall silent; the others are at hand whenever they are wanted.
    pub fn is_source(self) -> bool {
        matches!(self, Rank::Studio | Rank::Backup)
    }
}

/// Names an input of a mount, for as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputId(u64);

/// Another input is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What was on.
    pub from: Option<InputId>,
    /// What is on now.
    pub to: Option<InputId>,
    /// Why.
    pub reason: Reason,
}

/// Why an input was left for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There was nothing, or nothing as good, before it came.
    Arrived,
    /// The one before it is gone.
    Gone,
    /// The one before it sent nothing for too long.
    Stalled,
    /// It is better than the one before, and has sent without a pause for long enough.
    Recovered,
}

impl Reason {
    /// In a few words, for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Arrived => "nothing better was on",
            Reason::Gone => "the input before it is gone",
            Reason::Stalled => "the input before it sent nothing",
            Reason::Recovered => "it has sent without a pause again",
        }
    }

    /// As a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Reason::Arrived => "arrived",
            Reason::Gone => "gone",
            Reason::Stalled => "stalled",
            Reason::Recovered => "recovered",
        }
    }
}

/// How patient a switch is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// An input that sent nothing for this long is left.
    pub stall: Duration,
    /// An input that was left must send for this long without a pause.
    pub return_after: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Input {
    id: InputId,
    rank: Rank,
    /// When it last sent.
    heard: Option<Duration>,
    /// Since when it has sent without a pause.
    good_since: Option<Duration>,
    /// It failed once: it is trusted again only after `return_after`.
    was_left: bool,
}

impl Input {
    fn sent_without_pause(&self) -> Duration {
        self.heard.unwrap_or_default().saturating_sub(self.good_since.unwrap_or_default())
    }
}

/// The inputs of a mount, and which of them is on.
#[derive(Debug)]
pub struct Switch {
    patience: Patience,
    /// In order of preference.
    inputs: Vec<Input>,
    on: Option<InputId>,
    next_id: u64,
}

impl Switch {
    /// A switch without inputs.
    pub fn new(patience: Patience) -> Self {
        Self { patience, inputs: Vec::new(), on: None, next_id: 0 }
    }

    /// What is on.
    pub fn on(&self) -> Option<InputId> {
        self.on
    }

    /// True if the input is attached.
    pub fn has(&self, id: InputId) -> bool {
        self.input(id).is_some()
    }

    /// The input's rank.
    pub fn rank(&self, id: InputId) -> Option<Rank> {
        self.input(id).map(|input| input.rank)
    }

    /// Adds an input behind those of its rank.
    pub fn attach(&mut self, rank: Rank) -> InputId {
        let place = self.inputs.partition_point(|input| input.rank <= rank);
        self.insert(place, rank)
    }

    /// Adds a source in front of those of its rank.
    pub fn attach_first(&mut self, rank: Rank) -> InputId {
        let place = self.inputs.partition_point(|input| input.rank < rank);
        self.insert(place, rank)
    }

    /// Takes an input away.
    pub fn detach(&mut self, id: InputId) {
        self.inputs.retain(|input| input.id != id);
    }

    /// The input sent something.
    pub fn heard(&mut self, id: InputId, now: Duration) {
        let stall = self.patience.stall;
        let Some(input) = self.inputs.iter_mut().find(|input| input.id == id) else { return };
        let was_silent = input.heard.is_none_or(|heard| now.saturating_sub(heard) >= stall);
        if was_silent {
            input.good_since = Some(now);
        }
        input.heard = Some(now);
    }

    /// True if an input of this rank sends.
    pub fn is_live(&self, rank: Rank, now: Duration) -> bool {
        self.inputs.iter().any(|input| input.rank == rank && self.sends(input, now))
    }

    /// What should be on now. `None`: what is on stays.
    pub fn decide(&mut self, now: Duration) -> Option<Change> {
        let current = self.on.and_then(|id| self.input(id)).copied();
        let best = self.inputs.iter().find(|input| self.is_fit(input, now)).copied();
        let (from, to) = (self.on, best.map(|input| input.id));
        if from == to {
            return None;
        }
        let reason = match (current, best) {
            (None, _) if from.is_some() => Reason::Gone,
            (Some(current), _) if !self.sends(&current, now) => Reason::Stalled,
            (_, Some(best)) if best.was_left => Reason::Recovered,
            _ => Reason::Arrived,
        };
        if let Some(left) = self.inputs.iter_mut().find(|input| Some(input.id) == from) {
            left.was_left = reason == Reason::Stalled;
        }
        self.on = to;
        Some(Change { from, to, reason })
    }

    fn insert(&mut self, place: usize, rank: Rank) -> InputId {
        let id = InputId(self.next_id);
        self.next_id += 1;
        self.inputs.insert(place, Input { id, rank, heard: None, good_since: None, was_left: false });
        id
    }

    fn input(&self, id: InputId) -> Option<&Input> {
        self.inputs.iter().find(|input| input.id == id)
    }

    /// True while it has something to give.
    fn sends(&self, input: &Input, now: Duration) -> bool {
        !input.rank.is_source() || input.heard.is_some_and(|heard| now.saturating_sub(heard) < self.patience.stall)
    }

    /// True if it may be on.
    fn is_fit(&self, input: &Input, now: Duration) -> bool {
        let is_trusted =
            !input.was_left || self.on == Some(input.id) || input.sent_without_pause() >= self.patience.return_after;
        self.sends(input, now) && is_trusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience =
        Patience { stall: Duration::from_millis(2_000), return_after: Duration::from_millis(1_000) };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Lets an input send every 100 ms over a span, deciding each time.
    fn send(switch: &mut Switch, id: InputId, from_ms: u64, to_ms: u64) -> Vec<Change> {
        let moments = (from_ms..to_ms).step_by(100);
        moments
            .filter_map(|at| {
                switch.heard(id, ms(at));
                switch.decide(ms(at))
            })
            .collect()
    }

    fn with_automation() -> (Switch, InputId) {
        let mut switch = Switch::new(PATIENCE);
        let automation = switch.attach(Rank::Automation);
        switch.decide(ms(0));
        (switch, automation)
    }

    #[test]
    fn a_new_source_is_taken_with_its_first_frame_and_not_before() {
        let (mut switch, automation) = with_automation();
        let studio = switch.attach(Rank::Studio);
        assert_eq!(switch.decide(ms(500)), None);
        switch.heard(studio, ms(600));
        let change = Change { from: Some(automation), to: Some(studio), reason: Reason::Arrived };
        assert_eq!(switch.decide(ms(600)), Some(change));
    }

    #[test]
    fn a_source_that_leaves_is_followed_at_once_by_the_next_best() {
        let (mut switch, automation) = with_automation();
        let studio = switch.attach(Rank::Studio);
        send(&mut switch, studio, 0, 1_000);
        switch.detach(studio);
        let change = Change { from: Some(studio), to: Some(automation), reason: Reason::Gone };
        assert_eq!(switch.decide(ms(1_001)), Some(change));
    }

    #[test]
    fn a_stalled_source_is_left_after_the_stall_time_and_returned_to_when_it_was_good_for_a_while() {
        let (mut switch, automation) = with_automation();
        let studio = switch.attach(Rank::Studio);
        send(&mut switch, studio, 0, 1_000);
        assert_eq!(switch.decide(ms(2_899)), None);
        let left = Change { from: Some(studio), to: Some(automation), reason: Reason::Stalled };
        assert_eq!(switch.decide(ms(2_900)), Some(left));
        let changes = send(&mut switch, studio, 5_000, 7_000);
        assert_eq!(changes, [Change { from: Some(automation), to: Some(studio), reason: Reason::Recovered }]);
        assert_eq!(switch.inputs[0].good_since, Some(ms(5_000)));
    }

    #[test]
    fn a_source_that_comes_and_goes_is_not_returned_to() {
        let (mut switch, automation) = with_automation();
        let studio = switch.attach(Rank::Studio);
        send(&mut switch, studio, 0, 1_000);
        switch.decide(ms(3_000));
        for start in [4_000, 8_000, 12_000] {
            assert_eq!(send(&mut switch, studio, start, start + 900), []);
            assert_eq!(switch.decide(ms(start + 1_900)), None);
        }
        assert_eq!(switch.on(), Some(automation));
    }

    #[test]
    fn a_backup_waits_behind_the_studio_whoever_came_first() {
        let mut switch = Switch::new(PATIENCE);
        let backup = switch.attach(Rank::Backup);
        send(&mut switch, backup, 0, 500);
        let studio = switch.attach(Rank::Studio);
        switch.heard(studio, ms(500));
        switch.heard(backup, ms(500));
        assert_eq!(switch.decide(ms(500)).unwrap().to, Some(studio));
        switch.detach(studio);
        assert_eq!(switch.decide(ms(600)).unwrap().to, Some(backup));
    }

    #[test]
    fn a_second_source_of_the_same_rank_waits_until_the_first_falls_silent() {
        let mut switch = Switch::new(PATIENCE);
        let (first, second) = (switch.attach(Rank::Studio), switch.attach(Rank::Studio));
        send(&mut switch, first, 0, 1_000);
        assert_eq!(send(&mut switch, second, 1_000, 2_900), []);
        let changes = send(&mut switch, second, 2_900, 3_000);
        assert_eq!(changes, [Change { from: Some(first), to: Some(second), reason: Reason::Stalled }]);
    }

    #[test]
    fn without_any_input_nothing_is_on() {
        let mut switch = Switch::new(PATIENCE);
        assert_eq!(switch.decide(ms(0)), None);
        let only = switch.attach(Rank::Studio);
        switch.heard(only, ms(0));
        switch.decide(ms(0));
        switch.detach(only);
        assert_eq!(switch.decide(ms(1)).unwrap().to, None);
    }
}
