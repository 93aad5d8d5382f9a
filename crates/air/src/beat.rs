//! The beat: what keeps time for everything on the air that goes by the clock.
//!
//! A source's bytes, a deck's next frames, a chunk for the packer and one for the tape: each is the work of microseconds,
//! and waking a thread for it costs more than doing it. So all of it runs on one thread, and what waits there waits for the
//! same beat: the machine wakes once for all, just before a step of the [round](crate::round) in which somebody is written to.
//! Nothing on the thread may block; what would (the vault) is done elsewhere and awaited.
//!
//! ```no_run
//! # fn start(_: air::Beat) {}
//! let beat = air::Beat::on_a_thread()?; // the program's: with a thread of its own
//! start(beat); // `Air::start_on`
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use station::Clock;
use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::round::{Round, STEPS};

/// How long before a step of the round a beat comes: time enough to read what all sources have sent.
const LEAD: Duration = Duration::from_millis(4);
/// How often everything is looked after, at least: a stall is noticed this much late at most.
const TICK_MAX: Duration = Duration::from_millis(250);

/// Where the air's own work runs, and when. Clones are the same beat.
#[derive(Clone, Debug)]
pub struct Beat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    runtime: Handle,
    /// Tells whoever waits that a beat has come.
    beaten: Notify,
    /// How many want a beat before every step.
    attentive: AtomicUsize,
    /// Tells that one more wants that.
    quickened: Notify,
    thread: Option<Thread>,
}

/// A thread that runs until it is told to end.
#[derive(Debug)]
struct Thread {
    end: Arc<Notify>,
    running: Mutex<Option<thread::JoinHandle<()>>>,
}

/// Wants a beat before every step of the round while it is there.
#[derive(Debug)]
pub(crate) struct Attention(Beat);

/// What beats: it goes the round.
pub(crate) struct Drum {
    beat: Beat,
    round: Arc<Round>,
    /// When the clock stood at zero.
    zero: Instant,
    /// The step before which the last beat came.
    last: u64,
}

impl Beat {
    /// A beat on a thread of its own, which is the air's alone.
    pub fn on_a_thread() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), Arc::new(Notify::new()));
        let ends = Arc::clone(&end);
        let work = move || runtime.block_on(ends.notified());
        let running = Mutex::new(Some(thread::Builder::new().name("air".to_owned()).spawn(work)?));
        Ok(Self::new(handle, Some(Thread { end, running })))
    }

    /// A beat on the runtime that this is called in.
    pub fn here() -> Self {
        Self::new(Handle::current(), None)
    }

    fn new(runtime: Handle, thread: Option<Thread>) -> Self {
        let (beaten, attentive, quickened) = Default::default();
        Self(Arc::new(Inner { runtime, beaten, attentive, quickened, thread }))
    }

    /// Begins a task.
    pub(crate) fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.runtime.spawn(task)
    }

    /// Does a task here and waits for its end. It ends where the waiting ends. `None` if it did not come to an end.
    pub(crate) async fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let mut tasks = JoinSet::new();
        tasks.spawn_on(task, &self.0.runtime);
        tasks.join_next().await?.ok()
    }

    /// The next beat.
    pub(crate) async fn next(&self) {
        self.0.beaten.notified().await;
    }

    /// A beat before every step is wanted until what is returned is dropped.
    pub(crate) fn attention(&self) -> Attention {
        self.0.attentive.fetch_add(1, Ordering::Relaxed);
        self.0.quickened.notify_one();
        Attention(self.clone())
    }

    /// Ends the thread, if there is one, with everything that runs on it.
    pub(crate) async fn end(&self) {
        let Some(thread) = &self.0.thread else { return };
        thread.end.notify_one();
        let running = thread.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            let joined = tokio::task::spawn_blocking(move || running.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the air's thread ended with a panic");
            }
        }
    }
}

impl Drum {
    /// What beats on `beat`, by the clock.
    pub fn new(beat: &Beat, round: &Arc<Round>, clock: &dyn Clock) -> Self {
        let (now, elapsed) = (Instant::now(), clock.elapsed());
        let zero = now.checked_sub(elapsed).unwrap_or(now);
        Self { beat: beat.clone(), round: Arc::clone(round), zero, last: round.steps_at(elapsed) }
    }

    /// Beats until everything has to be looked after again.
    pub async fn tick(&mut self) {
        loop {
            let next = self.next();
            tokio::select! {
                () = sleep_until(self.zero + self.round.begins(next).saturating_sub(LEAD)) => {}
                () = self.beat.0.quickened.notified() => continue,
            }
            self.beat.0.beaten.notify_waiters();
            self.last = next;
            if self.is_tick(next) {
                return;
            }
        }
    }

    /// The next step that a beat comes before.
    fn next(&self) -> u64 {
        // Whoever is late by several steps does not run after them.
        let begun = self.round.steps_at(self.zero.elapsed() + LEAD);
        let first = begun.max(self.last) + 1;
        (first..).find(|step| self.is_wanted(*step)).unwrap_or(first)
    }

    fn is_wanted(&self, step: u64) -> bool {
        let is_listened_to = || self.round.is_filled(Round::place(step));
        self.is_tick(step) || self.beat.0.attentive.load(Ordering::Relaxed) > 0 || is_listened_to()
    }

    fn is_tick(&self, step: u64) -> bool {
        let every = self.round.steps_at(TICK_MAX).clamp(1, STEPS as u64);
        step.is_multiple_of(every)
    }
}

impl Drop for Attention {
    fn drop(&mut self) {
        self.0.0.attentive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // Not waited for: the last to hold it may be a task of that very thread.
        self.end.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use station::clock::Fixed;

    use super::*;

    /// A round with a step in every 50 ms, and what beats to it.
    fn drum(beat: &Beat) -> (Drum, Arc<Round>) {
        let round = Arc::new(Round::new(Duration::from_millis(500), 1));
        (Drum::new(beat, &round, &Fixed::at("2026-11-24T08:00:00Z")), round)
    }

    /// When the next beats come, in milliseconds.
    async fn beats(beat: &Beat, drum: Drum, count: usize) -> Vec<u128> {
        let (zero, mut drum) = (drum.zero, drum);
        let beating = beat.spawn(async move {
            loop {
                drum.tick().await;
            }
        });
        let mut heard = Vec::new();
        while heard.len() < count {
            beat.next().await;
            heard.push(zero.elapsed().as_millis());
        }
        beating.abort();
        heard
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_listens_only_ticks_wake_the_machine() {
        let beat = Beat::here();
        let (drum, _) = drum(&beat);
        assert_eq!(beats(&beat, drum, 3).await, [246, 496, 746]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_beat_comes_just_before_a_step_that_has_listeners() {
        let beat = Beat::here();
        let (drum, round) = drum(&beat);
        round.set_filled(0, 7, true);
        assert_eq!(beats(&beat, drum, 5).await, [246, 346, 496, 746, 846]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_attentive_gets_a_beat_before_every_step() {
        let beat = Beat::here();
        let (drum, _) = drum(&beat);
        let _attention = beat.attention();
        assert_eq!(beats(&beat, drum, 4).await, [46, 96, 146, 196]);
    }

    #[tokio::test(start_paused = true)]
    async fn attention_that_comes_late_is_not_kept_waiting_for_a_tick() {
        let beat = Beat::here();
        let (mut drum, _) = drum(&beat);
        let (zero, late) = (drum.zero, beat.clone());
        beat.spawn(async move { drum.tick().await });
        tokio::time::sleep(Duration::from_millis(60)).await;
        let _attention = late.attention();
        late.next().await;
        assert_eq!(zero.elapsed().as_millis(), 96);
    }

    #[tokio::test]
    async fn a_thread_does_what_it_is_given_and_ends_with_it() {
        let beat = Beat::on_a_thread().unwrap();
        let name = beat.run(async { thread::current().name().map(str::to_owned) }).await;
        assert_eq!(name.flatten().as_deref(), Some("air"));
        let endless = beat.spawn(std::future::pending::<()>());
        beat.end().await;
        assert!(endless.await.unwrap_err().is_cancelled());
        assert_eq!(beat.run(async { 1 }).await, None);
    }

    #[tokio::test]
    async fn the_last_holder_may_be_on_the_thread() {
        let beat = Beat::on_a_thread().unwrap();
        let (held, told) = (beat.clone(), Arc::new(Notify::new()));
        let tells = Arc::clone(&told);
        beat.spawn(async move {
            tells.notified().await;
            drop(held);
        });
        drop(beat);
        told.notify_one();
    }
}
