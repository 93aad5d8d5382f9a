//! Whether an input sends the same few seconds again and again, as an encoder does that is stuck in its buffer.
//!
//! What was sent is compared, not what is heard: frames that are equal to the bit are the same frames. Music that repeats
//! itself never is, for no encoder makes the same frames of it twice; digital silence and a held tone are, and they have rules of
//! their own, so the [judge](super::Judge) leaves them out.
//!
//! Start at [`Echo::hear`].

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::time::Duration;

use audio::Codec;

/// The longest stretch whose repetition is noticed. A file that a stand-in plays over and over is longer, and is meant.
const PERIOD_MAX: Duration = Duration::from_secs(15);
/// How many frames are remembered for it: more than there are in that time, whatever they are encoded in.
const FRAMES_MAX: usize = 1_024;
/// The head of an Ogg page, which counts pages and samples: its first bytes, and the last of these, which says how many more.
const PAGE_HEAD_BYTES: usize = 27;

/// Remembers what an input sent lately.
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// The newest frames, the oldest in front: a hash of each, and how long it sounds.
    lately: VecDeque<(u64, Duration)>,
    /// How long all of them are.
    lasts: Duration,
    /// When each was last sent, as the number of the frame.
    last_sent: HashMap<u64, u64>,
    /// How many frames there have been.
    count: u64,
    /// The number of frames after which the same one seems to come again.
    period: u64,
    /// How many have done so, one after the other.
    run: u64,
}

impl Echo {
    /// Takes the next frame. True if it and everything since the same one before it were sent once before.
    pub fn hear(&mut self, codec: Codec, frame: &[u8], sound: Duration) -> bool {
        let hash = hash_of(payload(codec, frame));
        if self.sent_before(self.period) == Some(hash) {
            self.run += 1;
        } else {
            self.period = self.last_sent.get(&hash).map_or(0, |last| self.count - last);
            self.run = u64::from(self.period > 0);
        }
        self.remember(hash, sound);
        self.period > 0 && self.run >= self.period
    }

    /// The hash of what was sent so many frames ago; 0 is none.
    fn sent_before(&self, frames: u64) -> Option<u64> {
        let back = usize::try_from(frames).ok().filter(|back| *back > 0)?;
        self.lately.get(self.lately.len().checked_sub(back)?).map(|(hash, _)| *hash)
    }

    fn remember(&mut self, hash: u64, sound: Duration) {
        self.lately.push_back((hash, sound));
        self.lasts += sound;
        self.last_sent.insert(hash, self.count);
        self.count += 1;
        while self.lasts > PERIOD_MAX || self.lately.len() > FRAMES_MAX {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let number = self.count - self.lately.len() as u64;
        let Some((hash, sound)) = self.lately.pop_front() else { return };
        self.lasts = self.lasts.saturating_sub(sound);
        if self.last_sent.get(&hash) == Some(&number) {
            self.last_sent.remove(&hash);
        }
    }
}

/// What of a frame is sound.
fn payload(codec: Codec, frame: &[u8]) -> &[u8] {
    match codec {
        Codec::Mp3 | Codec::Aac => frame,
        Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac => {
            let segments = frame.get(PAGE_HEAD_BYTES - 1).copied().unwrap_or_default();
            frame.get(PAGE_HEAD_BYTES + usize::from(segments)..).unwrap_or_default()
        }
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(26);

    /// Hears frames with these numbers in them; how many of them were an echo.
    fn echoes(numbers: impl IntoIterator<Item = u64>) -> usize {
        let mut echo = Echo::default();
        numbers.into_iter().filter(|number| echo.hear(Codec::Mp3, &number.to_le_bytes(), FRAME)).count()
    }

    #[test]
    fn three_seconds_that_come_again_and_again_are_an_echo_from_the_second_time_on() {
        let period = 115;
        assert_eq!(echoes((0..period * 10).map(|at| at % period)), usize::try_from(period * 8 + 1).unwrap());
    }

    #[test]
    fn frames_that_are_alike_within_the_stretch_do_not_hide_it() {
        let sequence = [1, 1, 2, 1, 1, 3, 1, 1, 1, 4];
        assert!(echoes((0..200).map(|at| sequence[at % 10])) > 150);
    }

    #[test]
    fn what_is_new_is_none_and_neither_is_a_phrase_that_comes_back() {
        assert_eq!(echoes(0..5_000), 0);
        // A jingle of two seconds in each half minute.
        assert_eq!(echoes((0..10_000).map(|at| if at % 1_150 < 77 { at % 1_150 } else { 1_000_000 + at })), 0);
    }

    #[test]
    fn a_longer_stretch_may_be_meant() {
        let frames_in_20_s = 770;
        assert_eq!(echoes((0..frames_in_20_s * 6).map(|at| at % frames_in_20_s)), 0);
    }

    #[test]
    fn pages_are_the_same_whatever_their_numbers() {
        let mut echo = Echo::default();
        let page = |number: u8, sound: u8| {
            let mut page = vec![0; PAGE_HEAD_BYTES];
            (page[18], page[PAGE_HEAD_BYTES - 1]) = (number, 1);
            page.extend([1, sound]);
            page
        };
        let heard = (0..60_u8).filter(|at| echo.hear(Codec::OggOpus, &page(*at, at % 10), Duration::from_millis(200)));
        assert_eq!(heard.count(), 41);
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut echo = Echo::default();
        for number in 0..100_000_u64 {
            echo.hear(Codec::Aac, &number.to_le_bytes(), Duration::ZERO);
        }
        assert_eq!((echo.lately.len(), echo.last_sent.len()), (FRAMES_MAX, FRAMES_MAX));
    }
}
