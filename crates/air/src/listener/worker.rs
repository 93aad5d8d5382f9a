//! A fan-out thread: its sockets, and the round that it makes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mio::{Events, Interest, Poll, Registry, Token};
use station::Clock;

use super::NewListener;
use super::arrivals::{self, Arrival, Arrivals, Command};
use super::channel::{Channel, Channels};
use super::outlet::Outlet;
use super::place::{Pieces, Place, Slices};
use super::roster::{Guest, Order};
use crate::Mount;
use crate::admission::Admission;
use crate::round::{FILLING_ORDER, Round, STEPS};

/// A step is filled with so many before the next one is begun: a pass over them takes a few milliseconds, and fewer
/// passes cost less.
const STEP_FILL: usize = 250;
/// After so many listeners the door is looked at.
const LISTENERS_PER_LOOK: usize = 16;
/// How many readinesses are taken at once.
const EVENTS_MAX: usize = 1_024;

/// How a thread treats its listeners.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Who reads nothing for this long is closed.
    pub stuck: Duration,
    /// Who fell behind more often than this is closed.
    pub moves_max: u8,
    /// Who has been there this long is counted.
    pub counts_after: Duration,
}

/// A fan-out thread.
pub(super) struct Worker {
    poll: Poll,
    arrivals: Arc<Arrivals>,
    clock: Arc<dyn Clock>,
    rules: Rules,
    /// Connections of all threads.
    connected: Arc<AtomicUsize>,
    channels: Channels,
    listeners: Vec<Option<Listener>>,
    free: Vec<u32>,
    /// Who is written to in each step.
    steps: [Vec<u32>; STEPS],
    /// The step that was taken last, of all rounds together.
    taken: u64,
    turn: Turn,
}

/// The round that a thread goes, and its number among those who do.
pub(super) struct Turn {
    pub round: Arc<Round>,
    pub number: usize,
}

/// Somebody who listens.
struct Listener {
    outlet: Outlet,
    guest: Guest,
    channel: u32,
    moves: u8,
    is_counted: bool,
    /// Its socket took less than it was given; we are told when it takes more.
    is_blocked: bool,
    place: Place,
    admission: Admission,
    arrived: Duration,
    /// When its socket last took something.
    progress: Duration,
}

/// Why a listener is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    /// It left.
    Left,
    /// It read nothing for too long.
    Stuck,
    /// It fell behind too often.
    Behind,
    /// The mount is no more.
    Ended,
    /// An administrator wanted it so.
    ShownOut,
    /// It was there for as long as it may.
    TimeUp,
}

impl Worker {
    pub fn new(
        poll: Poll,
        arrivals: Arc<Arrivals>,
        clock: Arc<dyn Clock>,
        turn: Turn,
        rules: Rules,
        connected: Arc<AtomicUsize>,
    ) -> Self {
        let (channels, listeners, free, steps) = Default::default();
        let taken = turn.round.steps_at(clock.elapsed());
        Self { poll, arrivals, clock, rules, connected, channels, listeners, free, steps, taken, turn }
    }

    /// Goes round until the door is closed.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        while !self.arrivals.is_closed() {
            // Asked anew after each wait: somebody may have got a place in a step that was empty.
            let next = self.taken + self.steps_to_the_next();
            let (now, due) = (self.clock.elapsed(), self.turn.round.begins(next));
            if now >= due {
                self.take_step(Round::place(next));
                self.taken = self.without_whole_rounds(next, now);
                continue;
            }
            self.wait(&mut events, due - now);
            self.let_in();
        }
        self.finish();
    }

    /// How far it is to the next step that has anybody in it; a whole round if there is nobody.
    fn steps_to_the_next(&self) -> u64 {
        let is_filled = |ahead: &u64| !self.steps[Round::place(self.taken + ahead)].is_empty();
        (1..STEPS as u64).find(is_filled).unwrap_or(STEPS as u64)
    }

    /// The step that counts as taken: whoever is late by whole rounds does not run after them.
    fn without_whole_rounds(&self, taken: u64, now: Duration) -> u64 {
        let late = self.turn.round.steps_at(now).saturating_sub(taken);
        taken + late / STEPS as u64 * STEPS as u64
    }

    /// Waits for sockets and for the door.
    fn wait(&mut self, events: &mut Events, at_most: Duration) {
        match self.poll.poll(events, Some(at_most)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => {
                tracing::error!(%error, "could not wait for sockets");
                std::thread::sleep(at_most);
                return;
            }
        }
        let now = self.clock.elapsed();
        for event in events.iter().filter(|event| event.token() != arrivals::TOKEN) {
            let id = event.token().0 as u32;
            if event.is_error() || event.is_read_closed() || (event.is_readable() && !self.hear(id)) {
                self.close(id, Close::Left);
            } else if event.is_writable() {
                self.write(id, now);
            }
        }
    }

    /// Writes to everybody whose turn it is.
    fn take_step(&mut self, step: usize) {
        self.channels.catch_up();
        let mut ids = std::mem::take(&mut self.steps[step]);
        let (mut index, mut now) = (0, self.clock.elapsed());
        while index < ids.len() {
            if index % LISTENERS_PER_LOOK == 0 {
                self.let_in();
                now = self.clock.elapsed();
            }
            if self.is_still_there(ids[index], now) {
                index += 1;
            } else {
                self.free.push(ids.swap_remove(index));
            }
        }
        // Whoever was let in meanwhile may have got a place in this step.
        ids.append(&mut self.steps[step]);
        self.turn.round.set_filled(self.turn.number, step, !ids.is_empty());
        self.steps[step] = ids;
    }

    /// Writes to a listener in its turn. False: it is gone, and its number is free.
    fn is_still_there(&mut self, id: u32, now: Duration) -> bool {
        let Some(listener) = &mut self.listeners[id as usize] else { return false };
        if !listener.is_counted && now.saturating_sub(listener.arrived) >= self.rules.counts_after {
            listener.is_counted = true;
            self.channels.get(listener.channel).mount.audience().join();
        }
        if listener.admission.until().is_some_and(|until| now >= until) {
            self.close(id, Close::TimeUp);
            return false;
        }
        self.write(id, now);
        self.listeners[id as usize].is_some()
    }

    /// Hears what a listener says of its session. False: that it is over.
    fn hear(&mut self, id: u32) -> bool {
        self.listeners[id as usize].as_mut().is_none_or(|listener| listener.outlet.hear())
    }

    fn write(&mut self, id: u32, now: Duration) {
        let Some(listener) = &mut self.listeners[id as usize] else { return };
        let channel = self.channels.get(listener.channel);
        let written = listener.write(channel, &self.rules, now).and_then(|is_blocked| {
            listener.watch(self.poll.registry(), Token(id as usize), is_blocked).map_err(|_| Close::Left)
        });
        if let Err(why) = written {
            self.close(id, why);
        }
    }

    /// Lets in whoever is at the door, and gives each its burst at once. Then does what was commanded of those inside.
    fn let_in(&mut self) {
        while let Some(Arrival { mount, listener }) = self.arrivals.pop() {
            let path = mount.path().to_owned();
            let channel_index = self.channels.of(mount);
            let channel = self.channels.get(channel_index);
            channel.catch_up();
            channel.listeners += 1;
            let now = self.clock.elapsed();
            let NewListener { stream, session, head, metaint, who, admission } = listener;
            let guest = Guest::enter(&admission, &who, now);
            let opening = channel.mount.opening(metaint.is_some());
            let burst = channel.mount.burst();
            let place = Place::new(head, opening, metaint, &channel.window, burst);
            match Outlet::new(stream, session) {
                Ok(outlet) => self.add(Listener {
                    outlet,
                    guest,
                    channel: channel_index,
                    moves: 0,
                    is_counted: false,
                    is_blocked: false,
                    place,
                    admission,
                    arrived: now,
                    progress: now,
                }),
                Err(error) => {
                    tracing::warn!(mount = path, %error, "a listener's socket could not be set up");
                    channel.listeners -= 1;
                    self.connected.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        while let Some(command) = self.arrivals.pop_command() {
            self.obey(&command);
        }
    }

    /// Does what was commanded of some of the listeners, as far as they are on this thread.
    fn obey(&mut self, Command { ids, order }: &Command) {
        for id in 0..self.listeners.len() as u32 {
            let listener = self.listeners[id as usize].as_ref();
            if !listener.is_some_and(|listener| ids.contains(&listener.guest.id())) {
                continue;
            }
            match order {
                Order::Leave => self.close(id, Close::ShownOut),
                Order::Move(mount) => self.move_to(id, mount),
            }
        }
    }

    /// Lets a listener go on with another mount, in the same answer: from the next whole frame on.
    fn move_to(&mut self, id: u32, mount: &Arc<Mount>) {
        let Some(listener) = &mut self.listeners[id as usize] else { return };
        let left = self.channels.get(listener.channel);
        if Arc::ptr_eq(&left.mount, mount) {
            return;
        }
        left.listeners -= 1;
        if listener.is_counted {
            left.mount.audience().leave();
            mount.audience().join();
        }
        listener.channel = self.channels.of(Arc::clone(mount));
        let entered = self.channels.get(listener.channel);
        entered.listeners += 1;
        entered.catch_up();
        listener.guest.move_to(mount);
        listener.admission.move_to(mount);
        listener.place.move_to(&entered.window);
    }

    fn add(&mut self, listener: Listener) {
        let id = self.free.pop().unwrap_or_else(|| {
            self.listeners.push(None);
            (self.listeners.len() - 1) as u32
        });
        let now = listener.arrived;
        let step = self.roomy_step();
        self.steps[step].push(id);
        self.turn.round.set_filled(self.turn.number, step, true);
        let listener = self.listeners[id as usize].insert(listener);
        let registered =
            self.poll.registry().register(&mut listener.outlet.socket, Token(id as usize), Interest::READABLE);
        match registered {
            Ok(()) => self.write(id, now),
            Err(_) => self.close(id, Close::Left),
        }
    }

    /// The first step that is not filled; of filled ones, the one with the fewest.
    fn roomy_step(&self) -> usize {
        let crowd = |step: &usize| self.steps[*step].len();
        let unfilled = FILLING_ORDER.into_iter().find(|step| crowd(step) < STEP_FILL);
        unfilled.or_else(|| (0..STEPS).min_by_key(crowd)).unwrap_or_default()
    }

    /// Closes a connection. Its number is free only when its step has seen that it is gone.
    fn close(&mut self, id: u32, why: Close) {
        let Some(listener) = self.listeners.get_mut(id as usize).and_then(Option::take) else { return };
        let channel = self.channels.get(listener.channel);
        channel.listeners -= 1;
        if listener.is_counted {
            channel.mount.audience().leave();
        }
        self.connected.fetch_sub(1, Ordering::Relaxed);
        metrics::counter!("groundwave_listeners_closed_total", "reason" => why.label()).increment(1);
        if matches!(why, Close::Stuck | Close::Behind) {
            channel.mount.audience().slowed();
            tracing::info!(
                mount = channel.mount.path(),
                reason = why.label(),
                "a listener who did not read was closed"
            );
            // Nobody will read what the kernel keeps for it.
            listener.outlet.drop_everything();
        } else {
            listener.outlet.close();
        }
    }

    /// Gives everybody the rest of what the mounts had sent, as far as their sockets take it, and closes them all.
    fn finish(&mut self) {
        self.let_in();
        self.channels.catch_up();
        let now = self.clock.elapsed();
        for id in 0..self.listeners.len() as u32 {
            self.write(id, now);
            self.close(id, Close::Ended);
        }
    }
}

impl Listener {
    /// Sends what there is. True if its socket did not take all of it.
    fn write(&mut self, channel: &mut Channel, rules: &Rules, now: Duration) -> Result<bool, Close> {
        loop {
            if self.place.is_lost(&channel.window) {
                self.catch_up(channel, rules)?;
            }
            let (mut slices, mut pieces) = (Slices::new(), Pieces::new());
            self.place.gather(&channel.window, &mut slices, &mut pieces);
            let is_nothing_new = pieces.bytes() == 0;
            let given = match is_nothing_new {
                true => self.outlet.flush(),
                false => self.outlet.give(slices.of(&pieces)),
            };
            let given = match given {
                Ok(given) => given,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Close::Left),
            };
            self.place.advance(&pieces, given.bytes, &channel.window);
            channel.bytes_sent += given.bytes as u64;
            self.admission.sent(given.bytes as u64);
            if given.has_moved || is_nothing_new && !given.is_blocked {
                self.progress = now;
            } else if now.saturating_sub(self.progress) >= rules.stuck {
                return Err(Close::Stuck);
            }
            if given.is_blocked {
                return Ok(true);
            }
            if given.bytes == 0 && !is_nothing_new {
                // The session seals nothing more: it has come to its end.
                return Err(Close::Left);
            }
            if given.bytes == pieces.bytes() && !pieces.are_full() {
                return if channel.has_ended { Err(Close::Ended) } else { Ok(false) };
            }
        }
    }

    /// It was so slow that the log has dropped its place: it goes on in the present.
    fn catch_up(&mut self, channel: &Channel, rules: &Rules) -> Result<(), Close> {
        if self.moves >= rules.moves_max {
            return Err(Close::Behind);
        }
        self.moves += 1;
        channel.mount.audience().slowed();
        metrics::counter!("groundwave_listeners_moved_total", "mount" => channel.mount.path().to_owned()).increment(1);
        self.place.begin(&channel.window, Duration::ZERO);
        Ok(())
    }

    /// Asks to be told when the socket takes more, or no longer.
    fn watch(&mut self, registry: &Registry, token: Token, is_blocked: bool) -> io::Result<()> {
        if self.is_blocked == is_blocked {
            return Ok(());
        }
        self.is_blocked = is_blocked;
        let interest = if is_blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        registry.reregister(&mut self.outlet.socket, token, interest)
    }
}

impl Close {
    fn label(self) -> &'static str {
        match self {
            Close::Left => "left",
            Close::Stuck => "stuck",
            Close::Behind => "behind",
            Close::Ended => "ended",
            Close::ShownOut => "shown-out",
            Close::TimeUp => "time-up",
        }
    }
}
