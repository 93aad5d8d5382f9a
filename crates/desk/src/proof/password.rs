//! Passwords: long, not known to everybody, and kept as Argon2id.
//!
//! Length is asked for, never a mixture: NIST SP 800-63B-4 wants fifteen characters where a password stands alone, and
//! forbids rules of composition. What is long and still known to everybody is refused too: see [`check`].
//!
//! Hashing costs 19 MiB and tens of milliseconds on purpose. So only a few hashes are made at once, a bounded number may
//! wait, and whoever comes then hears that the desk is busy: sign-ins never take the machine from the air.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{Mutex, Semaphore};

use crate::secret;

/// The shortest password, in characters.
pub(crate) const CHARACTERS_MIN: usize = 15;
/// The longest password, in bytes: room for any sentence, none for a flood.
pub(crate) const BYTES_MAX: usize = 1_024;

/// What OWASP asks for at least: 19 MiB of memory, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// How many hashes are made at once.
const HASHES_MAX: usize = 2;
/// How many may wait for one of those places.
const WAITING_MAX: usize = 32;
/// How long one waits.
const WAIT_MS_MAX: u64 = 3_000;

/// Passwords that everybody knows: the five thousand commonest, and all long ones, of a published collection.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../data/common_passwords.txt").lines().collect());

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Weakness {
    #[error(
        "That is too short. Use at least {CHARACTERS_MIN} characters: four or five words that you can remember do well."
    )]
    Short,
    #[error("That is longer than a password can be. Use at most {BYTES_MAX} characters.")]
    Long,
    #[error(
        "That is one of the passwords that everybody tries first. Use four or five words that have nothing to do with each other."
    )]
    Common,
    #[error("That is made of your own name, address or station. Use words that nobody would guess of you.")]
    Own,
}

/// Whether a password may be chosen by somebody of whom the world knows the words `own`: name, mail address, station.
pub(crate) fn check(password: &str, own: &[&str]) -> Result<(), Weakness> {
    if password.chars().count() < CHARACTERS_MIN {
        return Err(Weakness::Short);
    }
    if password.len() > BYTES_MAX {
        return Err(Weakness::Long);
    }
    let bare = bare(password);
    if is_repetition(&bare) || is_made_of(&bare, 2, &|part| COMMON.contains(part) || is_counting(part)) {
        return Err(Weakness::Common);
    }
    let own: HashSet<String> = own.iter().flat_map(|words| parts(words)).collect();
    let names_them = own.iter().any(|word| bare.contains(word));
    if names_them && is_made_of(&bare, 3, &|part| own.contains(part) || is_counting(part)) {
        return Err(Weakness::Own);
    }
    Ok(())
}

/// Letters and digits only, in lower case: what is left when a guesser has undone the usual tricks.
fn bare(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A text's words, and all of them as one.
fn parts(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).map(bare);
    words.chain([bare(text)]).filter(|word| word.chars().count() >= 3).collect()
}

/// True if `text` falls into at most `parts_max` parts that are all known.
fn is_made_of(text: &str, parts_max: usize, is_known: &dyn Fn(&str) -> bool) -> bool {
    if is_known(text) {
        return true;
    }
    let cuts = text.char_indices().map(|(at, _)| at).skip(1);
    parts_max > 1
        && cuts.into_iter().any(|at| is_known(&text[..at]) && is_made_of(&text[at..], parts_max - 1, is_known))
}

/// True for one to six letters over and over.
fn is_repetition(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    (1..=6).any(|period| letters.len() > period && letters.iter().zip(&letters[period..]).all(|(a, b)| a == b))
}

/// True for `1234`, `fedcba`, `2026`: letters or digits in a row, or a number of up to four digits.
fn is_counting(text: &str) -> bool {
    let steps: HashSet<i32> = text.chars().zip(text.chars().skip(1)).map(|(a, b)| b as i32 - a as i32).collect();
    let is_row = text.chars().count() >= 3 && steps.len() == 1 && steps.iter().all(|step| step.abs() <= 1);
    is_row || text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The desk has more sign-ins at once than it has places for.
#[derive(Debug, thiserror::Error)]
#[error("{WAITING_MAX} sign-ins are waiting already")]
pub(crate) struct Busy;

/// Makes and compares hashes, a few at a time.
#[derive(Debug)]
pub(crate) struct Hasher {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// A hash that no password has, for accounts that are not there: it takes as long to compare.
    decoy: Mutex<Option<String>>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        let places = Arc::new(Semaphore::new(HASHES_MAX));
        Self { places, waiting: AtomicUsize::new(0), decoy: Mutex::default() }
    }

    /// The hash to keep of a password, in PHC form.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Busy> {
        let password = password.to_owned();
        self.in_a_place(move || hash(&password)).await
    }

    /// True if `kept` is the hash of the password. Without one it takes as long, and is false.
    pub(crate) async fn is_right(&self, password: &str, kept: Option<&str>) -> Result<bool, Busy> {
        let compared = match kept {
            Some(kept) => kept.to_owned(),
            None => self.decoy().await?,
        };
        let password = password.to_owned();
        let is_right = self.in_a_place(move || is_right(&password, &compared)).await?;
        Ok(is_right && kept.is_some())
    }

    async fn decoy(&self) -> Result<String, Busy> {
        let mut decoy = self.decoy.lock().await;
        if decoy.is_none() {
            *decoy = Some(self.hash(&secret::mint()).await?);
        }
        Ok(decoy.clone().unwrap_or_default())
    }

    async fn in_a_place<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _place = self.place().await.inspect_err(|_| {
            metrics::counter!("groundwave_desk_sign_ins_turned_away_total", "reason" => "busy").increment(1);
        })?;
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.expect("hashing a password does not panic"))
    }

    async fn place(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Busy> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        let patience = Duration::from_millis(WAIT_MS_MAX);
        let place = tokio::time::timeout(patience, self.places.clone().acquire_owned()).await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(place.map_err(|_| Busy)?.expect("nobody closes the places"))
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters stand above and are in bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    let salt = secret::chance::<SALT_BYTES>();
    let hash: PasswordHash = argon2()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("Argon2 takes any password of up to 4 GiB with a salt of 16 bytes");
    hash.to_string()
}

fn is_right(password: &str, kept: &str) -> bool {
    // The kept hash brings its own parameters: a stronger setting later does not lock anybody out.
    PasswordHash::new(kept).is_ok_and(|kept| argon2().verify_password(password.as_bytes(), &kept).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[&str] = &["June Okafor", "june@harrow.example", "Harrow Valley Public Radio"];

    #[test]
    fn length_counts_and_nothing_else_is_asked_for() {
        for taken in [
            "kettle lantern ferry moss",
            "kettlelanternferrymoss",
            "ünïcödé ïs wëlcömë",
            "雨が降る夜に川を渡る犬と古い橋",
            "                p a r t y  line",
            "9f8a7e6d5c4b3a2z1",
            &"a long sentence that goes on ".repeat(20),
        ] {
            assert_eq!(check(taken, OWN), Ok(()), "{taken}");
        }
        for short in ["", "Tr0ub4dor&3", "fourteen chars"] {
            assert_eq!(check(short, OWN), Err(Weakness::Short), "{short}");
        }
        assert_eq!(check(&"a b".repeat(BYTES_MAX), OWN), Err(Weakness::Long));
    }

    #[test]
    fn what_everybody_tries_first_is_refused_however_long() {
        for common in [
            "passwordpassword",
            "Password-Password!",
            "1234567890qwerty",
            "q1w2e3r4t5y6u7i8",
            "aaaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "abcdefghijklmnopqrst",
            "qwertyuiop12345",
            "98765432109876543210",
        ] {
            assert_eq!(check(common, OWN), Err(Weakness::Common), "{common}");
        }
    }

    #[test]
    fn what_the_world_knows_of_somebody_is_refused() {
        for own in [
            "June Okafor 2026",
            "okafor.harrow.june",
            "harrowvalleypublicradio",
            "june@harrow.example",
            "HarrowValley2026",
        ] {
            assert_eq!(check(own, OWN), Err(Weakness::Own), "{own}");
        }
        assert_eq!(check("june keeps a grey heron", OWN), Ok(()));
    }

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let hasher = Hasher::new();
        let kept = hasher.hash("kettle lantern ferry moss").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hasher.hash("kettle lantern ferry moss").await.unwrap(), "no salt");
        assert!(hasher.is_right("kettle lantern ferry moss", Some(&kept)).await.unwrap());
        assert!(!hasher.is_right("kettle lantern ferry mos", Some(&kept)).await.unwrap());
        assert!(!hasher.is_right("kettle lantern ferry moss", None).await.unwrap());
        assert!(!hasher.is_right("", Some("not a hash")).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_is_told_to_come_again() {
        let hasher = Arc::new(Hasher::new());
        let held = hasher.places.clone().acquire_many_owned(HASHES_MAX as u32).await.unwrap();
        let crowd: Vec<_> = (0..WAITING_MAX)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.is_right("a", Some("b")).await })
            })
            .collect();
        while hasher.waiting.load(Ordering::Relaxed) < WAITING_MAX {
            tokio::task::yield_now().await;
        }
        assert!(hasher.is_right("a", Some("b")).await.is_err());
        drop(held);
        for one in crowd {
            assert!(!one.await.unwrap().unwrap());
        }
    }
}
