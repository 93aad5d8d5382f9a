//! Which of a service's inputs is on: a plain value that is told what happens, and says what follows.
//!
//! Inputs stand in order of preference: by rank, then by arrival. One is *on*, and every mount of the service carries it:
//! as it is sent, where it is sent to that mount; as a rendition made from it, elsewhere ([`Switch::carrier`]).
//!
//! An input is left when it is gone, has sent nothing for a while, or sounds wrong: silent, one channel dead, a tone
//! that does not move, the same again and again. What it sounds like is told by an ear; an input that nobody listens to is never called bad.
//! One that was left is returned to when it has been good for a while, at a quiet point if there is one in time. A
//! person can hold the switch to a rank; then what sounds wrong is their business, but what is gone is still left.
//! Time is whatever its owner measures with; it only has to go forward.
//!
//! Start at [`Switch::decide`].

use std::time::Duration;

use crate::ear::Fault;

/// An input's place in the order of preference, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The studio's encoder.
    Studio,
    /// An encoder that stands in for it.
    Backup,
    /// Another server's stream.
    Relay,
    /// The library.
    Automation,
    /// The loop that is always at hand, so that the stream never ends.
    Emergency,
}

impl Rank {
    /// Every rank, the best first.
    pub const ALL: [Rank; 5] = [Rank::Studio, Rank::Backup, Rank::Relay, Rank::Automation, Rank::Emergency];

    /// True for what is connected from outside and can fall silent; the others are at hand whenever they are wanted.
    pub fn is_source(self) -> bool {
        matches!(self, Rank::Studio | Rank::Backup | Rank::Relay)
    }

    /// As people write it: `studio`.
    pub fn name(self) -> &'static str {
        match self {
            Rank::Studio => "studio",
            Rank::Backup => "backup",
            Rank::Relay => "relay",
            Rank::Automation => "automation",
            Rank::Emergency => "emergency",
        }
    }

    /// The rank of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rank| rank.name() == name)
    }
}

/// Names an input of a service, for as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputId {
    /// Somebody who is connected, by number.
    Source(u64),
    /// The library.
    Automation,
    /// The emergency loop.
    Emergency,
}

/// A mount's place among those of its service.
pub type Seat = usize;

/// How a mount gets the sound of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// This input sends to the mount, and its frames are passed on as they are.
    Direct(InputId),
    /// The mount's own encoder makes a rendition of what this input sends elsewhere.
    Rendition(InputId),
}

impl Carrier {
    /// The input that is heard.
    pub fn input(self) -> InputId {
        match self {
            Carrier::Direct(id) | Carrier::Rendition(id) => id,
        }
    }
}

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
    /// The one before it sounded wrong for too long.
    Faulty(Fault),
    /// It is better than the one before, and has been good for long enough.
    Recovered,
    /// Somebody wanted it so.
    ByHand,
}

impl Reason {
    /// In a few words, for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Arrived => "nothing better was on",
            Reason::Gone => "the input before it is gone",
            Reason::Stalled => "the input before it sent nothing",
            Reason::Faulty(Fault::Silent) => "the input before it was silent",
            Reason::Faulty(Fault::ChannelDead) => "one channel of the input before it was dead",
            Reason::Faulty(Fault::StuckTone) => "the input before it was stuck on a tone",
            Reason::Faulty(Fault::Frozen) => "the input before it sent the same again and again",
            Reason::Recovered => "it is good again",
            Reason::ByHand => "it was switched by hand",
        }
    }

    /// As a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Reason::Arrived => "arrived",
            Reason::Gone => "gone",
            Reason::Stalled => "stalled",
            Reason::Faulty(fault) => fault.label(),
            Reason::Recovered => "recovered",
            Reason::ByHand => "by-hand",
        }
    }
}

/// How patient a switch is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// An input that sent nothing for this long is left.
    pub stall: Duration,
    /// An input that was left because it sent nothing must send for this long without a pause.
    pub return_after: Duration,
    /// An input that was left because it sounded wrong must sound right for this long.
    pub return_after_fault: Duration,
    /// How much longer a quiet point is waited for, so that no word is cut.
    pub quiet_point_wait: Duration,
}

/// A pause within speech or music counts as a quiet point for this long.
const QUIET_LASTS: Duration = Duration::from_millis(300);

/// Who listens to an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listened {
    /// Nobody.
    Not,
    /// An ear that has heard nothing of it yet.
    Soon,
    /// An ear.
    Now,
    /// Nobody at the moment: an ear was lost, and another takes its place.
    Again,
}

#[derive(Clone, Copy, Debug)]
struct Input {
    id: InputId,
    rank: Rank,
    /// The mount that it sends to; `None`: to all of them.
    seat: Option<Seat>,
    /// Whether it is in the format that the mount carries.
    fits: bool,
    /// When it last sent.
    heard: Option<Duration>,
    /// Since when it has been good without a pause.
    good_since: Option<Duration>,
    /// What is wrong with its sound.
    fault: Option<Fault>,
    /// Without somebody who listens no rendition can be made of it, and no quiet point be waited for.
    listened: Listened,
    /// When its sound last had a pause in it.
    quiet_at: Option<Duration>,
    /// It failed once: it is trusted again only when it has been good for this long.
    probation: Option<Duration>,
}

impl Input {
    fn new(id: InputId, rank: Rank, seat: Option<Seat>) -> Self {
        Self {
            id,
            rank,
            seat,
            fits: true,
            heard: None,
            good_since: None,
            fault: None,
            listened: Listened::Not,
            quiet_at: None,
            probation: None,
        }
    }

    fn good_for(&self) -> Duration {
        self.heard.unwrap_or_default().saturating_sub(self.good_since.unwrap_or_default())
    }

    fn is_quiet(&self, now: Duration) -> bool {
        self.quiet_at.is_some_and(|at| now.saturating_sub(at) < QUIET_LASTS)
    }

    /// How long it has been good beyond what was asked of it; `None` if that is not enough yet.
    fn good_beyond_probation(&self) -> Option<Duration> {
        self.good_for().checked_sub(self.probation.unwrap_or_default())
    }
}

/// The inputs of a service, and which of them is on.
#[derive(Debug)]
pub struct Switch {
    patience: Patience,
    /// In order of preference.
    inputs: Vec<Input>,
    on: Option<InputId>,
    /// The mounts in whose codec automation has nothing at the moment.
    without_automation: Vec<Seat>,
    /// Automation's pieces are mixed into one sound, so that a rendition of it is better than its frames.
    is_mixed: bool,
    /// The rank that somebody holds it to.
    held: Option<Rank>,
    /// Somebody has moved it by hand, and it has not decided since.
    was_moved: bool,
    next_number: u64,
}

impl Switch {
    /// A switch without inputs.
    pub fn new(patience: Patience) -> Self {
        Self {
            patience,
            inputs: Vec::new(),
            on: None,
            without_automation: Vec::new(),
            is_mixed: false,
            held: None,
            was_moved: false,
            next_number: 0,
        }
    }

    /// What is on.
    pub fn on(&self) -> Option<InputId> {
        self.on
    }

    /// The rank that somebody holds it to; `None` while it decides by itself.
    pub fn held(&self) -> Option<Rank> {
        self.held
    }

    /// Every input, in order of preference.
    pub fn inputs(&self) -> impl Iterator<Item = (InputId, Rank)> {
        self.inputs.iter().map(|input| (input.id, input.rank))
    }

    /// True if the input is attached.
    pub fn has(&self, id: InputId) -> bool {
        self.input(id).is_some()
    }

    /// The input's rank.
    pub fn rank(&self, id: InputId) -> Option<Rank> {
        self.input(id).map(|input| input.rank)
    }

    /// The mount that the input sends to; `None` if it is gone, or reaches all of them.
    pub fn seat(&self, id: InputId) -> Option<Seat> {
        self.input(id)?.seat
    }

    /// How many sources send to a mount.
    pub fn sources_at(&self, seat: Seat) -> usize {
        self.inputs.iter().filter(|input| input.seat == Some(seat)).count()
    }

    /// What is wrong with an input's sound.
    pub fn fault(&self, id: InputId) -> Option<Fault> {
        self.input(id)?.fault
    }

    /// True if the input has sent lately, or need not.
    pub fn is_sending(&self, id: InputId, now: Duration) -> bool {
        self.input(id).is_some_and(|input| self.sends(input, now))
    }

    /// Adds a source that sends to a mount, behind those of its rank.
    pub fn attach(&mut self, rank: Rank, seat: Seat) -> InputId {
        let place = self.inputs.partition_point(|input| input.rank <= rank);
        self.insert_source(place, rank, seat)
    }

    /// Adds a source that sends to a mount, in front of those of its rank.
    pub fn attach_first(&mut self, rank: Rank, seat: Seat) -> InputId {
        let place = self.inputs.partition_point(|input| input.rank < rank);
        self.insert_source(place, rank, seat)
    }

    /// The library has something to play.
    pub fn attach_automation(&mut self) {
        self.insert_once(InputId::Automation, Rank::Automation);
    }

    /// There is something to send when there is nothing to play.
    pub fn attach_emergency(&mut self) {
        self.insert_once(InputId::Emergency, Rank::Emergency);
    }

    /// Says whether automation has what it plays in the codec of a mount.
    pub fn set_automation_at(&mut self, seat: Seat, has_it: bool) {
        self.without_automation.retain(|other| *other != seat);
        if !has_it {
            self.without_automation.push(seat);
        }
    }

    /// True if automation has what it plays in the codec of a mount.
    pub fn has_automation_at(&self, seat: Seat) -> bool {
        !self.without_automation.contains(&seat)
    }

    /// Says whether automation's pieces are mixed into one sound.
    pub fn set_mixed(&mut self, is_mixed: bool) {
        self.is_mixed = is_mixed;
    }

    /// True if automation's pieces are mixed into one sound.
    pub fn is_mixed(&self) -> bool {
        self.is_mixed
    }

    /// Takes an input away.
    pub fn detach(&mut self, id: InputId) {
        self.inputs.retain(|input| input.id != id);
    }

    /// Takes away the other sources that send to the mount of this one with its rank.
    pub fn displace_by(&mut self, id: InputId) {
        let Some(by) = self.input(id).copied().filter(|by| by.rank.is_source()) else { return };
        self.inputs.retain(|other| other.id == id || (other.rank, other.seat) != (by.rank, by.seat));
    }

    /// Holds it to a rank, or lets it decide by itself again.
    pub fn hold(&mut self, rank: Option<Rank>) {
        self.was_moved = self.held != rank;
        self.held = rank;
    }

    /// The input sent something.
    pub fn heard(&mut self, id: InputId, now: Duration) {
        let stall = self.patience.stall;
        let Some(input) = self.input_mut(id) else { return };
        let was_stalled = input.heard.is_none_or(|heard| now.saturating_sub(heard) >= stall);
        if was_stalled {
            input.good_since = Some(now);
        }
        input.heard = Some(now);
    }

    /// Says whether what the input sends is in the format that its mount carries.
    pub fn set_fit(&mut self, id: InputId, fits: bool) {
        if let Some(input) = self.input_mut(id) {
            input.fits = fits;
        }
    }

    /// An ear will listen to the input.
    pub fn expect_ear(&mut self, id: InputId) {
        if let Some(input) = self.input_mut(id).filter(|input| input.listened == Listened::Not) {
            input.listened = Listened::Soon;
        }
    }

    /// An ear has listened to the input: what is wrong with its sound, and whether there is a pause in it.
    pub fn judge(&mut self, id: InputId, fault: Option<Fault>, is_quiet: bool, now: Duration) {
        let Some(input) = self.input_mut(id) else { return };
        input.listened = Listened::Now;
        if fault.is_some() || input.fault.is_some() {
            input.good_since = Some(now);
        }
        input.fault = fault;
        if is_quiet {
            input.quiet_at = Some(now);
        }
    }

    /// The ear of an input was lost; another will take its place, or not. Until then the input counts as good.
    pub fn lose_ear(&mut self, id: InputId, is_replaced: bool) {
        let Some(input) = self.input_mut(id) else { return };
        (input.fault, input.quiet_at) = (None, None);
        input.listened = match input.listened {
            _ if !is_replaced => Listened::Not,
            Listened::Now | Listened::Again => Listened::Again,
            Listened::Soon | Listened::Not => Listened::Soon,
        };
    }

    /// True if a source of this rank sends to the mount.
    pub fn is_live(&self, rank: Rank, seat: Seat, now: Duration) -> bool {
        self.inputs.iter().any(|input| input.rank == rank && input.seat == Some(seat) && self.sends(input, now))
    }

    /// What should be on now. `None`: what is on stays.
    pub fn decide(&mut self, now: Duration) -> Option<Change> {
        let was_moved = std::mem::take(&mut self.was_moved);
        let (from, best) = (self.on, self.best(now).copied());
        let to = best.map(|input| input.id);
        if from == to {
            return None;
        }
        let reason = match (self.why_left(from, now), best) {
            (Some(Reason::Gone), _) => Reason::Gone,
            _ if was_moved => Reason::ByHand,
            (Some(why), _) => why,
            (None, Some(best)) if best.probation.is_some() => Reason::Recovered,
            _ => Reason::Arrived,
        };
        self.put_on_probation(from, reason);
        self.on = to;
        Some(Change { from, to, reason })
    }

    /// How a mount gets the sound of what is on. Where it cannot be rendered, the best that the mount can have directly.
    ///
    /// A second encoder of the same rank that sends to this mount is taken before a rendition: a studio often sends in
    /// several codecs itself. While the ear that a rendition needs has not heard anything yet, the mount has something
    /// else for a moment.
    pub fn carrier(&self, seat: Seat, can_render: bool, now: Duration) -> Option<Carrier> {
        let carrier = self.carrier_at_last(seat, can_render, now)?;
        let is_awaited = |id| self.input(id).is_some_and(|input| input.listened == Listened::Soon);
        match carrier {
            Carrier::Rendition(id) if is_awaited(id) => self.stopgap(seat, now).or(Some(carrier)),
            _ => Some(carrier),
        }
    }

    /// The same once every ear has heard something.
    pub fn carrier_at_last(&self, seat: Seat, can_render: bool, now: Duration) -> Option<Carrier> {
        let on = self.input(self.on?)?;
        let can_render = can_render && on.listened != Listened::Not;
        let is_better_rendered = |input: &Input| !input.fits || (self.is_mixed && input.id == InputId::Automation);
        let is_direct = |input: &Input| self.reaches(input, seat) && !(can_render && is_better_rendered(input));
        if is_direct(on) {
            return Some(Carrier::Direct(on.id));
        }
        let is_sibling = |input: &&Input| input.rank == on.rank && is_direct(input) && self.is_good(input, now);
        if let Some(sibling) = self.inputs.iter().find(is_sibling) {
            return Some(Carrier::Direct(sibling.id));
        }
        if can_render {
            return Some(Carrier::Rendition(on.id));
        }
        let reaching = || self.inputs.iter().filter(|input| self.reaches(input, seat));
        let best = reaching().find(|input| self.is_good(input, now));
        best.or_else(|| reaching().find(|input| self.sends(input, now))).map(|input| Carrier::Direct(input.id))
    }

    /// Why an input cannot stay on; `None` if it could, or if nothing was on.
    pub fn why_left(&self, id: Option<InputId>, now: Duration) -> Option<Reason> {
        let Some(input) = self.input(id?) else { return Some(Reason::Gone) };
        match input.fault {
            _ if !self.sends(input, now) => Some(Reason::Stalled),
            Some(fault) => Some(Reason::Faulty(fault)),
            None => None,
        }
    }

    /// True if the mount gets what the input sends.
    fn reaches(&self, input: &Input, seat: Seat) -> bool {
        let is_lacking = input.id == InputId::Automation && !self.has_automation_at(seat);
        input.seat.is_none_or(|own| own == seat) && !is_lacking
    }

    /// What a mount can have at once while it waits for a rendition.
    fn stopgap(&self, seat: Seat, now: Duration) -> Option<Carrier> {
        let is_fit = |input: &&Input| input.fits && self.reaches(input, seat) && self.is_good(input, now);
        self.inputs.iter().find(is_fit).map(|input| Carrier::Direct(input.id))
    }

    fn insert_source(&mut self, place: usize, rank: Rank, seat: Seat) -> InputId {
        let id = InputId::Source(self.next_number);
        self.next_number += 1;
        self.inputs.insert(place, Input::new(id, rank, Some(seat)));
        id
    }

    fn insert_once(&mut self, id: InputId, rank: Rank) {
        if !self.has(id) {
            let place = self.inputs.partition_point(|input| input.rank <= rank);
            self.inputs.insert(place, Input::new(id, rank, None));
        }
    }

    /// The best input: of the rank that it is held to, or else of those that are fit; failing that, whatever sends.
    fn best(&self, now: Duration) -> Option<&Input> {
        let held = self.inputs.iter().find(|input| self.held == Some(input.rank) && self.sends(input, now));
        let is_in_need = self.on.and_then(|id| self.input(id)).is_none_or(|on| !self.is_good(on, now));
        let fit = || self.inputs.iter().find(|input| self.is_fit(input, is_in_need, now));
        let current = || self.on.and_then(|id| self.input(id)).filter(|on| self.sends(on, now));
        held.or_else(fit).or_else(current).or_else(|| self.inputs.iter().find(|input| self.sends(input, now)))
    }

    /// True while it has something to give.
    fn sends(&self, input: &Input, now: Duration) -> bool {
        !input.rank.is_source() || input.heard.is_some_and(|heard| now.saturating_sub(heard) < self.patience.stall)
    }

    /// True while there is nothing wrong with what it gives.
    fn is_good(&self, input: &Input, now: Duration) -> bool {
        self.sends(input, now) && input.fault.is_none()
    }

    /// True if it may be on. One on probation waits for a quiet point, unless it is needed at once.
    fn is_fit(&self, input: &Input, is_in_need: bool, now: Duration) -> bool {
        if !self.is_good(input, now) {
            return false;
        }
        if self.on == Some(input.id) || input.probation.is_none() {
            return true;
        }
        let waited = input.good_beyond_probation();
        waited.is_some_and(|waited| {
            is_in_need
                || input.listened != Listened::Now
                || input.is_quiet(now)
                || waited >= self.patience.quiet_point_wait
        })
    }

    fn put_on_probation(&mut self, left: Option<InputId>, reason: Reason) {
        let Patience { return_after, return_after_fault, .. } = self.patience;
        if let Some(left) = left.and_then(|id| self.input_mut(id)) {
            left.probation = match reason {
                Reason::Stalled => Some(return_after),
                Reason::Faulty(_) => Some(return_after_fault),
                _ => None,
            };
        }
    }

    fn input(&self, id: InputId) -> Option<&Input> {
        self.inputs.iter().find(|input| input.id == id)
    }

    fn input_mut(&mut self, id: InputId) -> Option<&mut Input> {
        self.inputs.iter_mut().find(|input| input.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        stall: Duration::from_millis(2_000),
        return_after: Duration::from_millis(1_000),
        return_after_fault: Duration::from_millis(3_000),
        quiet_point_wait: Duration::from_millis(2_000),
    };
    const AUTOMATION: Option<InputId> = Some(InputId::Automation);
    const MP3: Seat = 0;
    const AAC: Seat = 1;

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

    /// The same with an ear that finds the same all the time; when the change came, too.
    fn sound(switch: &mut Switch, id: InputId, span: std::ops::Range<u64>, fault: Option<Fault>) -> Vec<(u64, Change)> {
        let mut changes = Vec::new();
        for at in span.step_by(100) {
            switch.heard(id, ms(at));
            switch.judge(id, fault, false, ms(at));
            changes.extend(switch.decide(ms(at)).map(|change| (at, change)));
        }
        changes
    }

    fn with_automation() -> Switch {
        let mut switch = Switch::new(PATIENCE);
        switch.attach_emergency();
        switch.attach_automation();
        switch.decide(ms(0));
        switch
    }

    fn with_studio() -> (Switch, InputId) {
        let mut switch = with_automation();
        let studio = switch.attach(Rank::Studio, MP3);
        send(&mut switch, studio, 0, 1_000);
        (switch, studio)
    }

    #[test]
    fn a_new_source_is_taken_with_its_first_frame_and_not_before() {
        let mut switch = with_automation();
        let studio = switch.attach(Rank::Studio, MP3);
        assert_eq!(switch.decide(ms(500)), None);
        switch.heard(studio, ms(600));
        let change = Change { from: AUTOMATION, to: Some(studio), reason: Reason::Arrived };
        assert_eq!(switch.decide(ms(600)), Some(change));
    }

    #[test]
    fn a_source_that_leaves_is_followed_at_once_by_the_next_best() {
        let (mut switch, studio) = with_studio();
        switch.detach(studio);
        let change = Change { from: Some(studio), to: AUTOMATION, reason: Reason::Gone };
        assert_eq!(switch.decide(ms(1_001)), Some(change));
    }

    #[test]
    fn a_stalled_source_is_left_after_the_stall_time_and_returned_to_when_it_was_good_for_a_while() {
        let (mut switch, studio) = with_studio();
        assert_eq!(switch.decide(ms(2_899)), None);
        let left = Change { from: Some(studio), to: AUTOMATION, reason: Reason::Stalled };
        assert_eq!(switch.decide(ms(2_900)), Some(left));
        let changes = send(&mut switch, studio, 5_000, 7_000);
        assert_eq!(changes, [Change { from: AUTOMATION, to: Some(studio), reason: Reason::Recovered }]);
        assert_eq!(switch.input(studio).unwrap().good_since, Some(ms(5_000)));
    }

    #[test]
    fn a_source_that_comes_and_goes_is_not_returned_to() {
        let (mut switch, studio) = with_studio();
        switch.decide(ms(3_000));
        for start in [4_000, 8_000, 12_000] {
            assert_eq!(send(&mut switch, studio, start, start + 900), []);
            assert_eq!(switch.decide(ms(start + 3_900)), None);
        }
        assert_eq!(switch.on(), AUTOMATION);
    }

    #[test]
    fn a_better_rank_wins_however_late_it_comes_and_among_equals_the_first() {
        let mut switch = with_automation();
        let backup = switch.attach(Rank::Backup, MP3);
        send(&mut switch, backup, 0, 1_000);
        assert_eq!(switch.on(), Some(backup));
        let first = switch.attach(Rank::Studio, MP3);
        let second = switch.attach(Rank::Studio, MP3);
        send(&mut switch, second, 1_000, 1_200);
        send(&mut switch, first, 1_200, 1_400);
        assert_eq!(switch.on(), Some(first));
        switch.heard(backup, ms(1_400));
        switch.heard(second, ms(1_400));
        switch.detach(first);
        switch.decide(ms(1_400));
        assert_eq!(switch.on(), Some(second));
        let third = switch.attach_first(Rank::Studio, MP3);
        send(&mut switch, third, 1_500, 1_600);
        assert_eq!(switch.on(), Some(third));
    }

    #[test]
    fn with_nothing_there_nothing_is_on() {
        let mut switch = Switch::new(PATIENCE);
        assert_eq!(switch.decide(ms(0)), None);
        let studio = switch.attach(Rank::Studio, MP3);
        send(&mut switch, studio, 0, 100);
        assert_eq!(switch.on(), Some(studio));
        let change = Change { from: Some(studio), to: None, reason: Reason::Stalled };
        assert_eq!(switch.decide(ms(5_000)), Some(change));
    }

    #[test]
    fn what_sounds_wrong_is_left_for_what_does_not_with_the_fault_as_the_reason() {
        for fault in [Fault::Silent, Fault::ChannelDead, Fault::StuckTone] {
            let (mut switch, studio) = with_studio();
            let changes = sound(&mut switch, studio, 1_000..1_200, Some(fault));
            let left = Change { from: Some(studio), to: AUTOMATION, reason: Reason::Faulty(fault) };
            assert_eq!(changes, [(1_000, left)]);
        }
    }

    #[test]
    fn what_sounded_wrong_is_returned_to_after_its_good_seconds_at_a_quiet_point() {
        let (mut switch, studio) = with_studio();
        sound(&mut switch, studio, 1_000..2_000, Some(Fault::Silent));
        assert_eq!(sound(&mut switch, studio, 2_000..5_500, None), []);
        switch.judge(studio, None, true, ms(5_500));
        let back = Change { from: AUTOMATION, to: Some(studio), reason: Reason::Recovered };
        assert_eq!(switch.decide(ms(5_500)), Some(back));
    }

    #[test]
    fn a_quiet_point_is_waited_for_within_a_bound() {
        let (mut switch, studio) = with_studio();
        sound(&mut switch, studio, 1_000..2_000, Some(Fault::Silent));
        let back = Change { from: AUTOMATION, to: Some(studio), reason: Reason::Recovered };
        assert_eq!(sound(&mut switch, studio, 2_000..9_000, None), [(7_000, back)]);
    }

    #[test]
    fn nobody_waits_for_a_quiet_point_when_there_is_nothing_else() {
        let (mut switch, studio) = with_studio();
        let backup = switch.attach(Rank::Backup, MP3);
        switch.hold(Some(Rank::Backup));
        sound(&mut switch, studio, 1_000..2_000, Some(Fault::Silent));
        send(&mut switch, backup, 2_000, 2_100);
        assert_eq!(switch.on(), Some(backup));
        switch.hold(None);
        sound(&mut switch, studio, 2_100..5_200, None);
        switch.detach(backup);
        switch.decide(ms(5_300));
        assert_eq!(switch.on(), Some(studio));
    }

    #[test]
    fn a_wrong_sound_is_better_than_none() {
        let mut switch = Switch::new(PATIENCE);
        let studio = switch.attach(Rank::Studio, MP3);
        send(&mut switch, studio, 0, 100);
        assert_eq!(sound(&mut switch, studio, 100..2_000, Some(Fault::Silent)), []);
    }

    #[test]
    fn an_input_that_nobody_listens_to_any_more_is_never_bad() {
        let (mut switch, studio) = with_studio();
        sound(&mut switch, studio, 1_000..1_100, Some(Fault::Silent));
        switch.lose_ear(studio, false);
        let changes = send(&mut switch, studio, 1_100, 6_000);
        assert_eq!(changes, [Change { from: AUTOMATION, to: Some(studio), reason: Reason::Recovered }]);
    }

    #[test]
    fn a_hand_holds_it_to_a_rank_until_it_lets_go() {
        let (mut switch, studio) = with_studio();
        switch.hold(Some(Rank::Automation));
        let by_hand = Change { from: Some(studio), to: AUTOMATION, reason: Reason::ByHand };
        assert_eq!(switch.decide(ms(1_000)), Some(by_hand));
        assert_eq!(send(&mut switch, studio, 1_000, 9_000), []);
        switch.hold(None);
        let back = Change { from: AUTOMATION, to: Some(studio), reason: Reason::ByHand };
        assert_eq!(switch.decide(ms(9_000)), Some(back));
    }

    #[test]
    fn a_hand_may_hold_it_to_what_sounds_wrong_but_not_to_what_is_gone() {
        let (mut switch, studio) = with_studio();
        switch.hold(Some(Rank::Studio));
        assert_eq!(sound(&mut switch, studio, 1_000..3_000, Some(Fault::Silent)), []);
        switch.detach(studio);
        let gone = Change { from: Some(studio), to: AUTOMATION, reason: Reason::Gone };
        assert_eq!(switch.decide(ms(3_000)), Some(gone));
        let again = switch.attach(Rank::Studio, MP3);
        send(&mut switch, again, 3_000, 3_100);
        assert_eq!(switch.on(), Some(again), "it is held to that rank still");
    }

    /// A studio whose ear has heard it.
    fn with_studio_heard() -> (Switch, InputId) {
        let (mut switch, studio) = with_studio();
        switch.judge(studio, None, false, ms(900));
        (switch, studio)
    }

    #[test]
    fn a_mount_carries_what_is_on_directly_or_as_a_rendition() {
        let (switch, studio) = with_studio_heard();
        let now = ms(1_000);
        assert_eq!(switch.carrier(MP3, true, now), Some(Carrier::Direct(studio)));
        assert_eq!(switch.carrier(AAC, true, now), Some(Carrier::Rendition(studio)));
        assert_eq!(switch.carrier(AAC, false, now), Some(Carrier::Direct(InputId::Automation)));
    }

    #[test]
    fn a_rendition_waits_for_its_ear_and_lives_through_the_loss_of_it() {
        let (mut switch, studio) = with_studio();
        let carried = |switch: &Switch| switch.carrier(AAC, true, ms(1_000)).unwrap();
        assert_eq!(carried(&switch), Carrier::Direct(InputId::Automation), "nobody listens");
        switch.expect_ear(studio);
        assert_eq!(carried(&switch), Carrier::Direct(InputId::Automation), "nothing was heard yet");
        assert_eq!(switch.carrier_at_last(AAC, true, ms(1_000)), Some(Carrier::Rendition(studio)));
        switch.judge(studio, None, false, ms(1_000));
        assert_eq!(carried(&switch), Carrier::Rendition(studio));
        switch.lose_ear(studio, true);
        assert_eq!(carried(&switch), Carrier::Rendition(studio), "another ear comes");
        switch.lose_ear(studio, false);
        assert_eq!(carried(&switch), Carrier::Direct(InputId::Automation), "no ear comes");
    }

    #[test]
    fn a_studio_that_sends_in_two_codecs_is_rendered_in_neither_until_one_fails() {
        let (mut switch, mp3) = with_studio_heard();
        let aac = switch.attach(Rank::Studio, AAC);
        switch.heard(aac, ms(1_000));
        switch.judge(aac, None, false, ms(1_000));
        switch.decide(ms(1_000));
        assert_eq!((switch.on(), switch.carrier(AAC, true, ms(1_000))), (Some(mp3), Some(Carrier::Direct(aac))));
        switch.heard(mp3, ms(3_500));
        assert_eq!(switch.carrier(AAC, true, ms(3_500)), Some(Carrier::Rendition(mp3)));
        switch.heard(aac, ms(3_500));
        switch.detach(mp3);
        switch.decide(ms(3_600));
        assert_eq!((switch.on(), switch.carrier(MP3, true, ms(3_600))), (Some(aac), Some(Carrier::Rendition(aac))));
    }

    #[test]
    fn what_is_sent_in_another_format_is_rendered_if_it_can_be() {
        let (mut switch, studio) = with_studio_heard();
        switch.set_fit(studio, false);
        assert_eq!(switch.carrier(MP3, true, ms(1_000)), Some(Carrier::Rendition(studio)));
        assert_eq!(switch.carrier(MP3, false, ms(1_000)), Some(Carrier::Direct(studio)));
    }

    #[test]
    fn where_automation_lacks_a_piece_it_is_rendered_or_the_loop_stands_in() {
        let mut switch = with_automation();
        switch.judge(InputId::Automation, None, false, ms(0));
        switch.set_automation_at(AAC, false);
        assert_eq!(switch.carrier(MP3, true, ms(0)), Some(Carrier::Direct(InputId::Automation)));
        assert_eq!(switch.carrier(AAC, true, ms(0)), Some(Carrier::Rendition(InputId::Automation)));
        assert_eq!(switch.carrier(AAC, false, ms(0)), Some(Carrier::Direct(InputId::Emergency)));
        switch.set_automation_at(AAC, true);
        assert_eq!(switch.carrier(AAC, true, ms(0)), Some(Carrier::Direct(InputId::Automation)));
    }

    #[test]
    fn who_takes_over_displaces_its_own_kind_on_its_own_mount() {
        let (mut switch, first) = with_studio();
        let elsewhere = switch.attach(Rank::Studio, AAC);
        let second = switch.attach_first(Rank::Studio, MP3);
        switch.displace_by(second);
        assert!(!switch.has(first) && switch.has(elsewhere) && switch.has(second) && switch.has(InputId::Automation));
    }

    #[test]
    fn ranks_are_read_as_they_are_written() {
        for rank in Rank::ALL {
            assert_eq!(Rank::parse(rank.name()), Some(rank));
        }
        assert_eq!(Rank::parse("auto"), None);
    }
}
