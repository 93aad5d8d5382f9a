//! The shelf of all tapes: how much is kept, and what goes first when there is no room.
//!
//! Reels go, oldest first, when they are older than the station wants, when all together are larger, and when the disk has
//! less room left than the rows and logs of the station need. If there is nothing left to take away, the tapes pause
//! until there is room again; the air goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use station::{Clock, Timestamp};
use tokio::sync::Mutex;
use vault::{Entry, Vault};

use super::reel::{Name, parse};
use crate::settings;

/// How often the room on the disk is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How often, in looks, the reels are gone through.
const LOOKS_PER_ROUND: u32 = 30;
/// If the clock was set by more than this while we run, nothing is forgotten for its age.
const CLOCK_SET_MAX: SignedDuration = SignedDuration::from_hours(1);

/// Keeps all tapes within their bounds.
#[derive(Debug)]
pub struct Shelf {
    vault: Vault,
    settings: settings::Tape,
    is_full: AtomicBool,
    /// One hand at a time takes reels away.
    hand: Mutex<()>,
}

/// A reel on the shelf.
#[derive(Clone, Debug)]
struct Kept {
    key: String,
    name: Name,
    bytes: u64,
}

impl Shelf {
    /// The shelf of this vault.
    pub fn new(vault: Vault, settings: settings::Tape) -> Arc<Self> {
        Arc::new(Self { vault, settings, is_full: AtomicBool::new(false), hand: Mutex::new(()) })
    }

    /// True while there is no room, and nothing more that could be taken away.
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Holds the bounds until it is dropped.
    pub async fn run(self: Arc<Self>, clock: Arc<dyn Clock>) {
        let (began, mut looks) = (since_boot(&*clock), 0);
        loop {
            if looks % LOOKS_PER_ROUND == 0 {
                let is_set = since_boot(&*clock).duration_since(began).abs() > CLOCK_SET_MAX;
                self.go_round((!is_set).then(|| clock.now())).await;
            }
            self.look().await;
            looks = looks.wrapping_add(1);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes the oldest reel away; false if there is none.
    pub async fn make_room(&self) -> bool {
        let _hand = self.hand.lock().await;
        match self.reels().await {
            Ok(reels) => match reels.first() {
                Some(oldest) => self.forget(oldest, "disk-full").await,
                None => false,
            },
            Err(error) => {
                self.tell_unlisted(&error);
                false
            }
        }
    }

    /// Makes room if the disk has too little; notes whether it has enough then.
    async fn look(&self) {
        let is_short = async || match self.vault.free_bytes().await {
            Ok(free) => free < self.settings.free_bytes_min,
            // What cannot be asked is found out when something is written.
            Err(_) => false,
        };
        let mut is_full = is_short().await;
        while is_full && self.make_room().await {
            is_full = is_short().await;
        }
        if self.is_full.swap(is_full, Ordering::Relaxed) == is_full {
            return;
        }
        if is_full {
            let free_bytes_min = self.settings.free_bytes_min;
            tracing::error!(
                free_bytes_min,
                "the disk is nearly full: the tapes pause; make room, or keep less of them"
            );
        } else {
            tracing::info!("there is room on the disk again: the tapes go on");
        }
    }

    /// Takes away what is too old or too much. Without a time that can be trusted, nothing is too old.
    async fn go_round(&self, now: Option<Timestamp>) {
        let _hand = self.hand.lock().await;
        let reels = match self.reels().await {
            Ok(reels) => reels,
            Err(error) => return self.tell_unlisted(&error),
        };
        metrics::gauge!("groundwave_tape_bytes").set(reels.iter().map(|reel| reel.bytes).sum::<u64>() as f64);
        for (reel, why) in too_much(&reels, &self.settings, now) {
            self.forget(reel, why).await;
        }
    }

    /// The finished reels of all tapes, oldest first.
    async fn reels(&self) -> vault::Result<Vec<Kept>> {
        let kept = |Entry { key, bytes }: Entry| parse(&key).map(|(_, name)| Kept { key, name, bytes });
        let mut reels: Vec<Kept> = self.vault.list("tape").await?.into_iter().filter_map(kept).collect();
        reels.sort_by_key(|reel| (reel.name.begun_at, reel.name.ordinal));
        Ok(reels)
    }

    async fn forget(&self, reel: &Kept, why: &'static str) -> bool {
        match self.vault.delete(&reel.key).await {
            Ok(()) => {
                metrics::counter!("groundwave_tape_reels_forgotten_total", "why" => why).increment(1);
                tracing::info!(reel = reel.key, bytes = reel.bytes, why, "a reel was forgotten");
                true
            }
            Err(error) => {
                tracing::warn!(
                    reel = reel.key,
                    error = &error as &dyn std::error::Error,
                    "a reel cannot be taken away"
                );
                false
            }
        }
    }

    fn tell_unlisted(&self, error: &vault::Error) {
        tracing::warn!(error = error as &dyn std::error::Error, "the reels on the shelf cannot be listed");
    }
}

/// The moment at which the monotonic clock began, by the wall clock: it stays where it is unless that clock is set.
fn since_boot(clock: &dyn Clock) -> Timestamp {
    clock.now().saturating_sub(clock.elapsed()).unwrap_or(Timestamp::MIN)
}

/// Which of the reels, oldest first, are to be forgotten, and why.
fn too_much<'a>(reels: &'a [Kept], settings: &settings::Tape, now: Option<Timestamp>) -> Vec<(&'a Kept, &'static str)> {
    let age = SignedDuration::from_hours(24 * i64::from(settings.days) + 1);
    let oldest = now.and_then(|now| now.checked_sub(age).ok()).unwrap_or(Timestamp::MIN);
    let mut bytes: u64 = reels.iter().map(|reel| reel.bytes).sum();
    let mut forgotten = Vec::new();
    for reel in reels {
        let why = if reel.name.begun_at < oldest {
            "age"
        } else if bytes > settings.bytes_max {
            "size"
        } else {
            break;
        };
        bytes -= reel.bytes;
        forgotten.push((reel, why));
    }
    forgotten
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    /// Five reels of ten bytes, one of each of the first five days of November.
    fn reels() -> Vec<Kept> {
        let reel = |day: u64| Kept {
            key: format!("day {day}"),
            name: Name { ordinal: day, begun_at: at(&format!("2026-11-0{day}T08:00:00Z")) },
            bytes: 10,
        };
        (1..=5).map(reel).collect()
    }

    fn forgotten(days: u32, bytes_max: u64, now: Option<&str>) -> Vec<(u64, &'static str)> {
        let settings = settings::Tape { days, bytes_max, ..settings::Tape::default() };
        let reels = reels();
        too_much(&reels, &settings, now.map(at)).into_iter().map(|(reel, why)| (reel.name.ordinal, why)).collect()
    }

    #[test]
    fn the_oldest_goes_first_by_age_and_by_size() {
        let noon = Some("2026-11-06T12:00:00Z");
        assert_eq!(forgotten(30, 100, noon), []);
        assert_eq!(forgotten(3, 100, noon), [(1, "age"), (2, "age"), (3, "age")]);
        assert_eq!(forgotten(30, 35, noon), [(1, "size"), (2, "size")]);
        assert_eq!(forgotten(4, 25, noon), [(1, "age"), (2, "age"), (3, "size")]);
        assert_eq!(forgotten(30, 0, noon).len(), 5);
    }

    #[test]
    fn nothing_is_too_old_by_a_clock_that_was_set() {
        assert_eq!(forgotten(3, 100, None), []);
    }
}
