//! The beat: what keeps time for everything on the air that goes by the clock.
//!
//! A source's bytes, a deck's next frames, a chunk for the packer and one for the tape: each is the work of microseconds,
//! and waking a thread for it costs more than doing it. So all of it runs on one thread, and what waits there waits for the
//! same beat: the machine wakes once for all. Nothing on it may block; what would (the vault) is done elsewhere and awaited.
//!
//! ```no_run
//! # fn start(_: air::Beat) {}
//! let beat = air::Beat::on_a_thread()?; // the program's: with a thread of its own
//! start(beat); // `Air::start_on`
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// How often sources are looked at: a chunk of the log lasts longer, so it is not heard.
///
/// The runtime keeps its timers on a wheel that turns every 64 ms. What is due on a turn wakes the machine once, what is due
/// between two turns wakes it at the turn before as well.
const BEAT: Duration = Duration::from_millis(64);
/// How often everything else is looked after: a stall is noticed this much late at most.
const TICK: Duration = Duration::from_millis(256);

/// Where the air's own work runs, and when. Clones are the same beat.
#[derive(Clone, Debug)]
pub struct Beat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    runtime: Handle,
    /// When its wheel began to turn.
    origin: Instant,
    /// Tells whoever waits that a beat has come.
    beaten: Notify,
    /// How many want every beat. Without them a tick is enough.
    attentive: AtomicUsize,
    /// Tells that one more wants every beat.
    quickened: Notify,
    thread: Option<Thread>,
}

/// A thread that runs until it is told to end.
#[derive(Debug)]
struct Thread {
    end: Arc<Notify>,
    running: Mutex<Option<thread::JoinHandle<()>>>,
}

/// Wants every beat while it is there.
#[derive(Debug)]
pub(crate) struct Attention(Beat);

impl Beat {
    /// A beat on a thread of its own, which is the air's alone.
    pub fn on_a_thread() -> io::Result<Self> {
        // Taken before the wheel is there: then a deadline, which is rounded up to a whole millisecond, falls on its turn.
        let origin = Instant::now();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), Arc::new(Notify::new()));
        let ends = Arc::clone(&end);
        let work = move || runtime.block_on(ends.notified());
        let running = Mutex::new(Some(thread::Builder::new().name("air".to_owned()).spawn(work)?));
        Ok(Self::new(handle, origin, Some(Thread { end, running })))
    }

    /// A beat on the runtime that this is called in.
    pub fn here() -> Self {
        Self::new(Handle::current(), Instant::now(), None)
    }

    fn new(runtime: Handle, origin: Instant, thread: Option<Thread>) -> Self {
        let (beaten, attentive, quickened) = Default::default();
        Self(Arc::new(Inner { runtime, origin, beaten, attentive, quickened, thread }))
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

    /// Every beat is wanted until what is returned is dropped.
    pub(crate) fn attention(&self) -> Attention {
        self.0.attentive.fetch_add(1, Ordering::Relaxed);
        self.0.quickened.notify_one();
        Attention(self.clone())
    }

    /// Beats until the next tick.
    pub(crate) async fn tick(&self) {
        let last = self.ticks();
        while self.ticks() == last {
            let step = if self.0.attentive.load(Ordering::Relaxed) > 0 { BEAT } else { TICK };
            tokio::select! {
                () = sleep_until(self.following(step)) => self.0.beaten.notify_waiters(),
                () = self.0.quickened.notified() => {}
            }
        }
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

    /// How many ticks there have been.
    fn ticks(&self) -> u128 {
        self.0.origin.elapsed().as_millis() / TICK.as_millis()
    }

    /// The next whole multiple of `step` since the origin.
    fn following(&self, step: Duration) -> Instant {
        let steps = self.0.origin.elapsed().as_millis() / step.as_millis() + 1;
        self.0.origin + Duration::from_millis(u64::try_from(steps * step.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Attention {
    /// The next beat.
    pub async fn next(&self) {
        pin!(self.0.0.beaten.notified()).await;
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
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn beats_fall_on_the_turns_of_the_wheel() {
        let beat = Beat::here();
        let attention = beat.attention();
        let ticker = beat.clone();
        beat.spawn(async move {
            loop {
                ticker.tick().await;
            }
        });
        for count in 1..=9 {
            attention.next().await;
            assert_eq!(beat.0.origin.elapsed(), BEAT * count);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_source_only_ticks_wake_the_machine_and_a_source_quickens_it() {
        let beat = Beat::here();
        beat.tick().await;
        assert_eq!(beat.0.origin.elapsed(), TICK);
        let (ticker, source) = (beat.clone(), beat.clone());
        let ticking = beat.spawn(async move { ticker.tick().await });
        tokio::task::yield_now().await;
        source.attention().next().await;
        assert_eq!(beat.0.origin.elapsed(), TICK + BEAT);
        ticking.await.unwrap();
        assert_eq!(beat.0.origin.elapsed(), TICK * 2);
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
