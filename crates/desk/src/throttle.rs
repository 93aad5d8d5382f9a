//! Slows down whoever guesses, and nobody else.
//!
//! Three counts are kept for an hour each: of tries at one account from one network, of tries from one network at
//! whatever account, and of tries at one account from all unknown devices together. A device that the account has signed
//! in on before has a count of its own instead of these. So whoever guesses June's password shuts out themselves; June,
//! on her own computer, is let in at once, and on a new one she still has her passkey or a link by mail.
//!
//! A try counts before it is checked, so that a thousand at once are not one; a right one is taken off again. Counts are
//! kept in memory under a keyed hash: no address is kept, and a limit bounds how many counts there are.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::secret;

/// How long a count is kept after its first try.
const WINDOW: Duration = Duration::from_secs(3_600);
/// How many counts are kept; the oldest makes room.
const COUNTS_MAX: usize = 50_000;

/// Tries at one account from one network.
const FROM_NETWORK_AT_ACCOUNT_MAX: u32 = 10;
/// Tries from one network at all accounts: an office behind one address has eight people with two thumbs each.
const FROM_NETWORK_MAX: u32 = 60;
/// Tries at one account from all unknown devices. Whoever has a thousand networks gets no further than this.
const AT_ACCOUNT_MAX: u32 = 100;
/// Tries at one account from one device that it has signed in on.
const FROM_DEVICE_MAX: u32 = 20;
/// Challenges to passkeys, and letters, that one network may ask for.
const ASKED_FROM_NETWORK_MAX: u32 = 120;
/// Letters that one account may be sent, whoever asks for them.
const LETTERS_MAX: u32 = 5;

type Key = [u8; 16];

/// Somebody who tries to come in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try<'a> {
    /// What they are trying: the station and the mail address.
    pub(crate) account: &'a str,
    /// From which network.
    pub(crate) network: &'a str,
    /// On which device, if the account has signed in on it before.
    pub(crate) known_device: Option<&'a str>,
}

/// There were too many tries; one may try again after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) Duration);

#[derive(Debug)]
pub(crate) struct Throttle {
    salt: [u8; 32],
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    tries: u32,
    began: Duration,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { salt: secret::chance(), counts: Mutex::default() }
    }

    /// Counts a try, unless there were too many. `elapsed` is the time on the monotonic clock.
    pub(crate) fn count(&self, a_try: Try<'_>, elapsed: Duration) -> Result<(), Wait> {
        self.count_all(self.limits(a_try), elapsed)
    }

    /// Counts something that a network asks for without proving anything.
    pub(crate) fn count_asking(&self, network: &str, elapsed: Duration) -> Result<(), Wait> {
        self.count_all(vec![(self.key(&["asking", network]), ASKED_FROM_NETWORK_MAX)], elapsed)
    }

    /// Counts a letter to an account.
    pub(crate) fn count_letter(&self, account: &str, elapsed: Duration) -> Result<(), Wait> {
        self.count_all(vec![(self.key(&["letter", account]), LETTERS_MAX)], elapsed)
    }

    fn count_all(&self, limits: Vec<(Key, u32)>, elapsed: Duration) -> Result<(), Wait> {
        let mut counts = self.counts();
        let waits = limits.iter().filter_map(|(key, max)| wait(counts.get(key)?, *max, elapsed));
        if let Some(wait) = waits.max() {
            metrics::counter!("groundwave_desk_sign_ins_turned_away_total", "reason" => "throttled").increment(1);
            return Err(Wait(wait));
        }
        make_room(&mut counts, limits.len(), elapsed);
        for (key, _) in limits {
            let count = counts.entry(key).or_insert(Count { tries: 0, began: elapsed });
            if elapsed >= count.began + WINDOW {
                *count = Count { tries: 0, began: elapsed };
            }
            count.tries += 1;
        }
        Ok(())
    }

    /// Takes a try that was right off the counts again.
    pub(crate) fn forgive(&self, a_try: Try<'_>) {
        let mut counts = self.counts();
        for (key, _) in self.limits(a_try) {
            if let Some(count) = counts.get_mut(&key) {
                count.tries = count.tries.saturating_sub(1);
            }
        }
    }

    fn limits(&self, a_try: Try<'_>) -> Vec<(Key, u32)> {
        let Try { account, network, known_device } = a_try;
        match known_device {
            Some(device) => vec![(self.key(&["device", account, device]), FROM_DEVICE_MAX)],
            None => vec![
                (self.key(&["account, network", account, network]), FROM_NETWORK_AT_ACCOUNT_MAX),
                (self.key(&["network", network]), FROM_NETWORK_MAX),
                (self.key(&["account", account]), AT_ACCOUNT_MAX),
            ],
        }
    }

    fn key(&self, parts: &[&str]) -> Key {
        let mut hash = Sha256::new_with_prefix(self.salt);
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut key = Key::default();
        key.copy_from_slice(&hash.finalize()[..16]);
        key
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait(count: &Count, max: u32, elapsed: Duration) -> Option<Duration> {
    let left = (count.began + WINDOW).checked_sub(elapsed).filter(|left| !left.is_zero())?;
    (count.tries >= max).then_some(left)
}

fn make_room(counts: &mut HashMap<Key, Count>, wanted: usize, elapsed: Duration) {
    if counts.len() + wanted <= COUNTS_MAX {
        return;
    }
    counts.retain(|_, count| elapsed < count.began + WINDOW);
    if counts.len() + wanted <= COUNTS_MAX {
        return;
    }
    metrics::counter!("groundwave_desk_throttle_full_total").increment(1);
    let mut ages: Vec<Duration> = counts.values().map(|count| count.began).collect();
    let (_, middle, _) = ages.select_nth_unstable(COUNTS_MAX / 2);
    let middle = *middle;
    counts.retain(|_, count| count.began > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUNE: Try<'_> = Try { account: "june@harrow.example", network: "192.0.2", known_device: None };

    fn tries_until_stopped(throttle: &Throttle, a_try: impl Fn(u32) -> (String, String)) -> u32 {
        (0..10_000)
            .take_while(|at| {
                let (account, network) = a_try(*at);
                throttle.count(Try { account: &account, network: &network, known_device: None }, Duration::ZERO).is_ok()
            })
            .count() as u32
    }

    #[test]
    fn whoever_guesses_shuts_out_themselves_and_nobody_else() {
        let throttle = Throttle::new();
        let tries = tries_until_stopped(&throttle, |_| (JUNE.account.into(), JUNE.network.into()));
        assert_eq!(tries, FROM_NETWORK_AT_ACCOUNT_MAX);
        assert_eq!(throttle.count(JUNE, Duration::ZERO), Err(Wait(WINDOW)));
        assert_eq!(throttle.count(Try { network: "198.51.100", ..JUNE }, Duration::ZERO), Ok(()), "June elsewhere");
        assert_eq!(throttle.count(Try { known_device: Some("hers"), ..JUNE }, Duration::ZERO), Ok(()), "her computer");
        assert_eq!(
            throttle.count(Try { account: "del@harrow.example", ..JUNE }, Duration::ZERO),
            Ok(()),
            "her colleague"
        );
    }

    #[test]
    fn a_known_device_comes_in_while_the_whole_world_guesses() {
        let throttle = Throttle::new();
        let tries = tries_until_stopped(&throttle, |at| (JUNE.account.into(), format!("network {at}")));
        assert_eq!(tries, AT_ACCOUNT_MAX);
        for _ in 0..FROM_DEVICE_MAX {
            assert_eq!(throttle.count(Try { known_device: Some("hers"), ..JUNE }, Duration::ZERO), Ok(()));
        }
        assert!(throttle.count(Try { known_device: Some("hers"), ..JUNE }, Duration::ZERO).is_err(), "it guesses too");
    }

    #[test]
    fn one_network_does_not_try_one_password_at_everybody() {
        let tries = tries_until_stopped(&Throttle::new(), |at| (format!("account {at}"), JUNE.network.into()));
        assert_eq!(tries, FROM_NETWORK_MAX);
    }

    #[test]
    fn a_wait_ends() {
        let throttle = Throttle::new();
        tries_until_stopped(&throttle, |_| (JUNE.account.into(), JUNE.network.into()));
        let later = Duration::from_secs(600);
        assert_eq!(throttle.count(JUNE, later), Err(Wait(WINDOW - later)));
        assert_eq!(throttle.count(JUNE, WINDOW), Ok(()));
    }

    #[test]
    fn who_is_right_uses_nothing_up() {
        let throttle = Throttle::new();
        for _ in 0..1_000 {
            assert_eq!(throttle.count(JUNE, Duration::ZERO), Ok(()));
            throttle.forgive(JUNE);
        }
    }

    #[test]
    fn a_flood_does_not_grow_the_memory() {
        let throttle = Throttle::new();
        for at in 0..COUNTS_MAX as u64 {
            let (account, network) = (format!("a{at}"), format!("n{at}"));
            let a_try = Try { account: &account, network: &network, known_device: None };
            assert_eq!(throttle.count(a_try, Duration::from_millis(at)), Ok(()));
        }
        assert!(throttle.counts().len() <= COUNTS_MAX);
    }
}
