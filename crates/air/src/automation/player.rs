//! A piece on its way into the mix: read, decoded in a child process, and held ready a few seconds ahead.
//!
//! A child that is lost is replaced, and goes on where the one before it was. After [`ATTEMPTS_MAX`] of them the piece has
//! [failed](Player::has_failed): it ends there, and whoever plays it plays something else.
//!
//! Start at [`Player::start`].

use std::collections::VecDeque;
use std::time::Duration;

use audio::pcm::Layout;
use audio::resample::Resampler;
use audio::{Codec, Found};
use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use vault::Vault;

use super::tape::{Tape, Unreadable};
use crate::beat::Beat;
use crate::ring::duration;
use crate::transcode::{Decoding, Ended, Workshop};

/// How many frames' sound is held ready: two seconds of MP3, and more of any other codec.
const PORTIONS_MAX: usize = 96;
/// How many children are tried for one piece.
const ATTEMPTS_MAX: usize = 3;
/// A decoder is given this much before the place from which it is heard, for frames lean on those before them.
const RUN_UP: Duration = Duration::from_millis(200);

/// What is to be played.
#[derive(Clone)]
pub(super) struct Reading {
    pub vault: Vault,
    pub workshop: Workshop,
    /// The vault's key of the file, and what it is encoded in.
    pub key: String,
    pub codec: Codec,
    /// From where in the file it is heard.
    pub from: Duration,
}

/// A piece that is being decoded. Dropping it ends that.
pub(super) struct Player {
    portions: mpsc::Receiver<Result<Vec<f32>, Failed>>,
    ready: VecDeque<f32>,
    is_over: bool,
    has_failed: bool,
}

/// The piece cannot be decoded any further.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed;

/// Why a child decodes no more of it.
enum Broken {
    /// The file cannot be read.
    Unreadable(Unreadable),
    /// The child is gone.
    Ended(Ended),
    /// Nobody wants to hear it.
    Unwanted,
}

impl From<Unreadable> for Broken {
    fn from(why: Unreadable) -> Self {
        Broken::Unreadable(why)
    }
}

impl From<Ended> for Broken {
    fn from(why: Ended) -> Self {
        Broken::Ended(why)
    }
}

impl Player {
    /// Begins to read and decode a piece.
    pub fn start(beat: &Beat, reading: Reading) -> Self {
        let (sound, portions) = mpsc::channel(PORTIONS_MAX);
        beat.spawn(reading.play(sound));
        Self::of(portions)
    }

    /// What plays these portions, in the house's layout.
    pub fn of(portions: mpsc::Receiver<Result<Vec<f32>, Failed>>) -> Self {
        Self { portions, ready: VecDeque::new(), is_over: false, has_failed: false }
    }

    /// At most so many instants of it; fewer where no more is decoded yet.
    pub fn take(&mut self, instants: usize) -> Vec<f32> {
        let numbers = instants * usize::from(Layout::HOUSE.channels);
        while self.ready.len() < numbers && self.gather() {}
        self.ready.drain(..numbers.min(self.ready.len())).collect()
    }

    /// True once all of it has been taken.
    pub fn is_over(&mut self) -> bool {
        self.ready.is_empty() && !self.gather() && self.is_over
    }

    /// True if it ended because it could not be decoded any further.
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Takes in what has been decoded. False: there is no more at the moment.
    fn gather(&mut self) -> bool {
        match self.portions.try_recv() {
            Ok(Ok(pcm)) => self.ready.extend(pcm),
            Ok(Err(Failed)) => (self.is_over, self.has_failed) = (true, true),
            Err(TryRecvError::Disconnected) => self.is_over = true,
            Err(TryRecvError::Empty) => return false,
        }
        !self.is_over
    }
}

impl Reading {
    async fn play(mut self, sound: mpsc::Sender<Result<Vec<f32>, Failed>>) {
        for attempt in 1..=ATTEMPTS_MAX {
            match self.decode(&sound).await {
                Ok(()) | Err(Broken::Unwanted) => return,
                Err(Broken::Unreadable(why)) => {
                    metrics::counter!("groundwave_pieces_skipped_total", "reason" => why.label()).increment(1);
                    tracing::warn!(key = self.key, reason = %why, "a piece broke off in the mix");
                    break;
                }
                Err(Broken::Ended(why)) => {
                    tracing::warn!(key = self.key, reason = %why, attempt, "a decoder of the mix was lost");
                }
            }
        }
        // Where nobody listens any more, nobody needs to know.
        let _ = sound.send(Err(Failed)).await;
    }

    /// Decodes from the place where it is to be heard; that moves on with what was decoded.
    async fn decode(&mut self, sound: &mpsc::Sender<Result<Vec<f32>, Failed>>) -> Result<(), Broken> {
        let mut tape = Tape::new(&self.vault, &self.key, self.codec);
        let mut decoding = self.workshop.decode(self.codec).await?;
        let mut hearing = Hearing { sound, from: &mut self.from, position: Duration::ZERO, resampler: None };
        let (mut position, mut sample_rate_hz, mut has_begun) = (Duration::ZERO, 0, false);
        while let Some(found) = tape.next().await? {
            match found {
                Found::Format { format, headers } => {
                    sample_rate_hz = format.sample_rate_hz;
                    decoding.open(format, headers).await?;
                }
                Found::Frame(frame) => {
                    let begins = position;
                    position += duration(u64::from(frame.samples), sample_rate_hz);
                    if position + RUN_UP < *hearing.from {
                        continue;
                    }
                    if !std::mem::replace(&mut has_begun, true) {
                        hearing.position = begins;
                    }
                    decoding.push(frame.bytes).await?;
                }
                Found::Skipped { .. } => decoding.jump().await?,
                Found::Tag { .. } => {}
            }
            while let Some(heard) = decoding.next().now_or_never() {
                hearing.hear(heard?).await?;
            }
        }
        decoding.finish().await?;
        hearing.hear_the_rest(&mut decoding).await
    }
}

/// What becomes of the sound that a child gives back.
struct Hearing<'a> {
    sound: &'a mpsc::Sender<Result<Vec<f32>, Failed>>,
    /// From where in the file it is still to be heard.
    from: &'a mut Duration,
    /// The place in the file of what comes next.
    position: Duration,
    resampler: Option<(Layout, Resampler)>,
}

impl Hearing<'_> {
    async fn hear_the_rest(&mut self, decoding: &mut Decoding) -> Result<(), Broken> {
        while let Some(heard) = decoding.next().await? {
            self.hear(Some(heard)).await?;
        }
        Ok(())
    }

    async fn hear(&mut self, heard: Option<(Layout, Vec<f32>)>) -> Result<(), Broken> {
        let Some((layout, mut pcm)) = heard else { return Ok(()) };
        let begins = self.position;
        self.position += duration(layout.instants(&pcm) as u64, layout.sample_rate_hz);
        let early = instants(self.from.saturating_sub(begins), layout.sample_rate_hz);
        pcm.drain(..(early * usize::from(layout.channels)).min(pcm.len()));
        if pcm.is_empty() {
            return Ok(());
        }
        *self.from = self.position;
        let pcm = self.in_house_layout(layout, &pcm);
        self.sound.send(Ok(pcm)).await.map_err(|_| Broken::Unwanted)
    }

    fn in_house_layout(&mut self, layout: Layout, pcm: &[f32]) -> Vec<f32> {
        if self.resampler.as_ref().is_none_or(|(from, _)| *from != layout) {
            self.resampler = Resampler::new(layout, Layout::HOUSE).ok().map(|resampler| (layout, resampler));
        }
        let mut out = Vec::with_capacity(pcm.len() * 2);
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.push(pcm, &mut out);
        }
        out
    }
}

fn instants(sound: Duration, sample_rate_hz: u32) -> usize {
    (sound.as_nanos() * u128::from(sample_rate_hz) / 1_000_000_000).try_into().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_decoded_yet_is_waited_for_and_what_is_over_is_known() {
        let (sound, portions) = mpsc::channel(8);
        let mut player = Player::of(portions);
        sound.try_send(Ok(vec![0.5; 20])).unwrap();
        assert_eq!(player.take(8).len(), 16);
        assert_eq!(player.take(8).len(), 4, "no more is there yet");
        assert!(!player.is_over());
        sound.try_send(Ok(vec![0.5; 2])).unwrap();
        drop(sound);
        assert_eq!(player.take(8).len(), 2);
        assert!(player.is_over() && !player.has_failed());
    }

    #[test]
    fn what_cannot_be_decoded_any_further_says_so_behind_what_could() {
        let (sound, portions) = mpsc::channel(8);
        let mut player = Player::of(portions);
        sound.try_send(Ok(vec![0.5; 4])).unwrap();
        sound.try_send(Err(Failed)).unwrap();
        assert_eq!(player.take(8).len(), 4);
        assert!(player.is_over() && player.has_failed());
    }
}
