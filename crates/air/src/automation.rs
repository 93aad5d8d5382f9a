//! Automation: what a service plays when nobody is at the studio.
//!
//! A service has one [`Deck`], which plays in real time on every mount that has nothing better: the same piece at the
//! same moment on all of them, each in its own codec. What comes next is the [`planner`]'s to decide, by the rules that the
//! station wrote down; the [`Console`] is where people see and reach it. It runs only while some mount needs it. What
//! cannot be played is skipped and counted; where there is nothing at all, it sends silence, so that no stream ends
//! because of an empty library.
//!
//! A deck keeps one timeline for all its mounts, which goes with the clock. A piece begins on each mount at the first
//! frame boundary at or after its moment on that line, whatever went before: so nothing drifts, neither mounts apart nor
//! all of them away from the time. A moment of the line is on the air when its frames are put into the log. Frames are
//! passed on as they are. Where pieces are to fade into each other, they are decoded as well and go through the [`mix`], on
//! the same line: a piece that fades is over for the deck when the next one begins, and is heard to its end in the mix.
//!
//! Start at [`Deck::run`], then `Deck::play`.

mod console;
pub mod history;
mod kept;
mod mix;
pub mod planner;
mod player;
pub mod queue;
mod repertoire;
mod tape;
pub mod timetable;
mod voice;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use station::{Clock, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;
use vault::Vault;

use crate::Mount;
pub use console::{Ahead, Console, LinedUp, On};
pub(crate) use mix::Mix;
use planner::Planned;
pub use repertoire::Repertoire;
use voice::{Cue, Portion, Voice};

/// How much a mount has in its log when its timeline begins, so that a slow moment of the vault is not heard.
const LEAD: Duration = Duration::from_secs(1);
/// How long it is silent before it tries again to find something that can be played.
const RETRY: Duration = Duration::from_secs(5);
/// A mount that is later than this in a piece comes into it; one that is not begins with its first frame.
const LATE: Duration = Duration::from_millis(150);
/// How long before a piece fades it is decided what comes next, so that there is time to open it.
const PREPARATION: Duration = Duration::from_secs(2);
/// How near a start must be to count as now.
const NEAR: SignedDuration = SignedDuration::from_millis(5);

/// Plays a service's pieces.
pub(crate) struct Deck {
    console: Arc<Console>,
    clock: Arc<dyn Clock>,
    lines: Vec<Line>,
    /// Where pieces fade into each other, if there is a workshop for it.
    mix: Option<Mix>,
    vault: Vault,
    /// Woken with every tick of the air, when a mount may have come to need it, and when somebody wants something of it.
    call: Arc<Notify>,
    /// How much sound a mount gets at once that has sent nothing yet, so that its first listener has a burst.
    head_start: Duration,
    /// The beginning of the timeline.
    zero: Instant,
}

/// A mount and how far it has been played to.
struct Line {
    mount: Arc<Mount>,
    /// The turn of automation that it is in.
    turn: Option<u64>,
    /// Its place on the timeline.
    sent: Duration,
    voice: Option<Voice>,
}

/// A piece, or silence, on the timeline.
struct Turn<'a> {
    planned: Option<&'a Planned>,
    /// Where it begins.
    start: Duration,
    /// For how long what was on before is heard beside it.
    fade: Duration,
}

/// Where a piece begins to fade, and for how long it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fade {
    at: Duration,
    lasts: Duration,
}

impl Fade {
    /// For how long it still lasts where the next piece begins; nothing if that is before it. A mount with long pages may have been
    /// sent a little more than up to its beginning.
    fn lasts_from(&self, end: Duration) -> Duration {
        if end < self.at { Duration::ZERO } else { (self.at + self.lasts).saturating_sub(end) }
    }
}

/// How a piece ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It was played up to here on the timeline, where it fades for so long.
    Played(Duration, Duration),
    /// No mount that needs it could play it.
    Unplayable,
    /// Nobody needs automation any more.
    Unwanted,
}

impl Deck {
    /// A deck for these mounts, all of one service.
    pub fn new(
        console: Arc<Console>,
        clock: Arc<dyn Clock>,
        mounts: Vec<Arc<Mount>>,
        vault: Vault,
        call: Arc<Notify>,
        head_start: Duration,
    ) -> Self {
        let line = |mount| Line { mount, turn: None, sent: Duration::ZERO, voice: None };
        let lines = mounts.into_iter().map(line).collect();
        Self { console, clock, lines, mix: None, vault, call, head_start, zero: Instant::now() }
    }

    /// The same deck, whose pieces can fade into each other.
    pub fn with_mix(self, mix: Option<Mix>) -> Self {
        Self { mix, ..self }
    }

    /// Plays whenever it is needed. Does not end.
    pub async fn run(mut self) {
        self.console.restore(&kept::read(&self.vault, self.console.service()).await);
        loop {
            while !self.is_wanted() {
                self.keep_queue().await;
                self.call.notified().await;
            }
            self.come_on();
            self.play_on().await;
            self.mix.iter_mut().for_each(Mix::rest);
        }
    }

    /// Begins a timeline: now, or so long ago that mounts which have sent nothing yet get their head start.
    fn come_on(&mut self) {
        let now = Instant::now();
        let has_new = self.lines.iter().any(|line| !line.mount.has_sent());
        self.zero = if has_new { now.checked_sub(self.head_start).unwrap_or(now) } else { now };
        self.lines.iter_mut().for_each(|line| line.turn = None);
        self.console.resume(self.clock.now());
    }

    /// Plays one thing after another until nobody needs it.
    async fn play_on(&mut self) {
        let (mut at, mut fade) = (Duration::ZERO, Duration::ZERO);
        loop {
            let planned = self.console.next(self.wall_time(at));
            self.keep_queue().await;
            match self.play(Turn { planned: planned.as_ref(), start: at, fade }).await {
                Outcome::Played(end, fades_for) => {
                    (at, fade) = (end, fades_for);
                    self.console.ended(self.wall_time(at));
                }
                Outcome::Unplayable => {
                    let unplayable = planned.map(|planned| planned.piece.id);
                    unplayable.inspect(|piece| self.console.could_not_play(*piece, self.clock.now()));
                }
                Outcome::Unwanted => return self.console.ended(self.clock.now()),
            }
        }
    }

    /// Plays what is planned, or silence for a while.
    async fn play(&mut self, turn: Turn<'_>) -> Outcome {
        let Turn { planned, start, .. } = turn;
        self.lines.iter_mut().for_each(|line| line.voice = None);
        let own_limit = match planned {
            Some(planned) => planned.piece.cues.out_ms.map(|_| start + plays(planned)),
            None => Some(start + RETRY),
        };
        let (mut has_begun, mut fade) = (false, None);
        loop {
            self.open_voices(planned, start).await;
            let voices = || self.lines.iter().filter_map(|line| line.voice.as_ref());
            if voices().next().is_none() {
                return Outcome::Unwanted;
            }
            if let Some(planned) = planned.filter(|_| !has_begun) {
                if !voices().any(Voice::is_tape) {
                    return Outcome::Unplayable;
                }
                self.console.began(planned, self.wall_time(start));
                has_begun = true;
            }
            fade = fade.or_else(|| self.fade_of(&turn));
            let fade_at = fade.flatten().map(|fade: Fade| fade.at);
            let limit = earlier(earlier(own_limit, fade_at), self.cut_after(start));
            self.push(limit).await;
            self.play_mix(&turn, limit);
            if let Some(end) = self.end(limit) {
                self.pad(end);
                let fades_for = fade.flatten().map(|fade| fade.lasts_from(end)).unwrap_or_default();
                return Outcome::Played(end, fades_for);
            }
            self.keep_queue().await;
            // It comes with every tick of the air, and at once where a mount falls to automation.
            self.call.notified().await;
        }
    }

    /// Sends what is due, but nothing beyond the limit. Mounts that cannot play the piece are silent for as long as it lasts.
    async fn push(&mut self, limit: Option<Duration>) {
        let due = self.due();
        let until = limit.map_or(due, |limit| limit.min(due));
        for line in self.lines.iter_mut().filter(|line| line.is_tape()) {
            line.play(until, due).await;
        }
        let tapes_until = self.lines().filter(|line| line.is_tape()).map(|line| line.sent).max();
        for line in self.lines.iter_mut().filter(|line| !line.is_tape()) {
            line.play(tapes_until.unwrap_or(until).min(until), due).await;
        }
    }

    async fn keep_queue(&self) {
        if let Some(lined_up) = self.console.to_keep() {
            kept::write(&self.vault, self.console.service(), &lined_up).await;
        }
    }

    /// Plays the same in the mix, while that is wanted.
    fn play_mix(&mut self, turn: &Turn<'_>, limit: Option<Duration>) {
        let due = self.due();
        let mounts_at = self.lines().map(|line| line.sent).max().unwrap_or_default();
        let Some(mix) = &mut self.mix else { return };
        let is_wanted = mix.is_wanted(self.console.has_crossfades());
        let Some(planned) = turn.planned.filter(|_| is_wanted) else { return mix.rest() };
        mix.follow(&mix::Cue { piece: &planned.piece, start: turn.start, fade: turn.fade }, mounts_at);
        mix.play(limit.map_or(due, |limit| limit.min(due)), mounts_at);
    }

    /// How what is on will fade into what comes next: `Some(None)` if it will not, `None` if it is too early to know.
    fn fade_of(&mut self, turn: &Turn<'_>) -> Option<Option<Fade>> {
        let planned = turn.planned?;
        let end = turn.start + plays(planned);
        let at = end.saturating_sub(self.console.longest_fade(planned));
        if self.zero.elapsed() + LEAD + PREPARATION < at {
            return None;
        }
        let is_mixed = self.mix.as_ref().is_some_and(Mix::is_heard);
        let Some(mix) = self.mix.as_mut().filter(|_| is_mixed) else {
            // It may come on until then.
            return (self.zero.elapsed() + LEAD >= at).then_some(None);
        };
        let wall_time = wall_time(&*self.clock, self.zero, at);
        let Some((coming, lasts)) = self.console.fade_ahead(planned, wall_time) else { return Some(None) };
        mix.prepare(&coming.piece);
        Some(Some(Fade { at: end.saturating_sub(lasts), lasts }))
    }

    /// Gives a voice to every mount that needs one.
    async fn open_voices(&mut self, planned: Option<&Planned>, start: Duration) {
        let elapsed = self.zero.elapsed();
        for line in &mut self.lines {
            let turn = line.mount.automation_turn();
            // Also when a source came and went between two steps, what was begun has been broken off.
            if line.turn != turn {
                (line.turn, line.voice) = (turn, None);
                let head_start = if line.mount.has_sent() { Duration::ZERO } else { self.head_start };
                line.sent = start.max(elapsed.saturating_sub(head_start));
            }
            if turn.is_none() || line.voice.is_some() {
                continue;
            }
            let late = line.sent.saturating_sub(start);
            let cue = Cue { skipped: if late > LATE { late } else { Duration::ZERO } };
            line.voice = Some(Voice::open(planned.map(|planned| &planned.piece), &line.mount, &self.vault, cue).await);
        }
    }

    /// The place on the timeline, after `start`, at which what is on is cut.
    fn cut_after(&self, start: Duration) -> Option<Duration> {
        if self.console.is_skipped() {
            return self.lines().map(|line| line.sent).max();
        }
        let ahead = self.console.next_cut()?.duration_since(self.clock.now());
        let due = SignedDuration::try_from(self.due()).unwrap_or(SignedDuration::MAX);
        let cut = Duration::try_from(due.checked_add(ahead)?).unwrap_or_default();
        // A clock that was set forward may be past it already.
        Some(cut.max(start))
    }

    /// Where what is on has ended, if nothing more of it will come: at its limit, or else with the longest tape.
    fn end(&self, limit: Option<Duration>) -> Option<Duration> {
        let sent = || self.lines().map(|line| line.sent);
        if let Some(limit) = limit.filter(|limit| sent().all(|sent| sent >= *limit)) {
            // A little beyond it is the rest of a frame. More has been sent before somebody set the limit.
            let furthest = sent().max().unwrap_or(limit);
            return Some(if furthest.saturating_sub(limit) > LATE { furthest } else { limit });
        }
        let tapes = || self.lines().filter(|line| line.is_tape());
        let has_ended = tapes().next().is_some() && tapes().all(Line::has_ended);
        has_ended.then(|| tapes().map(|line| line.sent).max()).flatten()
    }

    /// Brings the mounts whose file was shorter up to the end, so that what comes next begins on all at once.
    fn pad(&mut self, end: Duration) {
        let due = self.due();
        for line in self.lines.iter_mut().filter(|line| line.voice.is_some()) {
            line.pad(end, due);
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.voice.is_some())
    }

    /// The place on the timeline that is on the air now.
    fn due(&self) -> Duration {
        self.zero.elapsed() + LEAD
    }

    /// What the clock on the wall shows when a place on the timeline is on the air.
    fn wall_time(&self, at: Duration) -> Timestamp {
        wall_time(&*self.clock, self.zero, at)
    }

    fn is_wanted(&self) -> bool {
        self.lines.iter().any(|line| line.mount.automation_turn().is_some())
    }
}

impl Line {
    fn is_tape(&self) -> bool {
        self.voice.as_ref().is_some_and(Voice::is_tape)
    }

    fn has_ended(&self) -> bool {
        self.voice.as_ref().is_some_and(Voice::has_ended)
    }

    async fn play(&mut self, until: Duration, due: Duration) {
        let portion = self.portion(until, due);
        if let Some(voice) = &mut self.voice {
            self.sent += voice.play(&self.mount, portion).await;
        }
    }

    fn pad(&mut self, end: Duration, due: Duration) {
        let portion = self.portion(end, due);
        if !portion.sound.is_zero() {
            self.sent += Voice::silent(&self.mount).pad(&self.mount, portion);
        }
    }

    /// What is missing up to a place on the timeline.
    fn portion(&self, until: Duration, due: Duration) -> Portion {
        Portion { sound: until.saturating_sub(self.sent), ago: due.saturating_sub(self.sent) }
    }
}

fn wall_time(clock: &dyn Clock, zero: Instant, at: Duration) -> Timestamp {
    let difference = |a: Duration, b: Duration| SignedDuration::try_from(a.saturating_sub(b)).unwrap_or_default();
    let due = zero.elapsed() + LEAD;
    clock.now() + (difference(at, due) - difference(due, at))
}

fn plays(planned: &Planned) -> Duration {
    Duration::from_millis(planned.piece.plays_ms().try_into().unwrap_or_default())
}

fn earlier(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    a.into_iter().chain(b).min()
}
