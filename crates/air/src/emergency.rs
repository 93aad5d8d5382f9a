//! The emergency loop: what a service sends when even automation has nothing to play.
//!
//! It is the station's own piece, if the settings name one, or else a soft chime: listeners hear that the station is there
//! and that nothing has happened to their radio. It is encoded for every mount soon after the start and kept in memory, so
//! that it needs neither the vault nor a child process on the day when it is wanted.
//!
//! Start at `prepare`.

use std::f32::consts::TAU;
use std::sync::{Arc, Weak};
use std::time::Duration;

use audio::encode::Recipe;
use audio::pcm::Layout;
use audio::resample::Resampler;
use audio::{Format, Found, Frame, Framer, Sniff};
use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::Mount;
use crate::beat::Beat;
use crate::ring::duration;
use crate::transcode::{Ended, Workshop};

/// The longest piece that is kept, in milliseconds; what is longer is cut.
const PIECE_MS_MAX: u32 = 60_000;
/// How much of it is encoded at once, in milliseconds.
const PORTION_MS: u32 = 100;
/// How far ahead of time it is played, and how often what is due is sent.
const LEAD: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(200);
/// How long decoding or encoding it may take.
const WORK_TIME: Duration = Duration::from_secs(30);
/// How long the chime is, pauses and all, in milliseconds.
const CHIME_MS: u32 = 10_000;
/// Its notes: when each is struck, in seconds, and its pitch, in Hz.
const CHIME: [(f32, f32); 4] = [(0.0, 523.25), (0.6, 659.26), (1.2, 783.99), (5.0, 523.25)];
/// How loud a note is struck, and how fast it dies away, in seconds.
const CHIME_AMPLITUDE: f32 = 0.12;
const CHIME_DECAY: f32 = 0.9;

/// Why there is no emergency loop.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The piece is not in a codec that we know.
    #[error("the emergency piece is nothing that is known as sound: take MP3, AAC or Ogg")]
    Unknown,
    /// There is no sound in it.
    #[error("the emergency piece has no sound in it")]
    NoSound,
    /// A child process was lost.
    #[error("{0}")]
    Ended(#[from] Ended),
    /// It took too long.
    #[error("it took more than {WORK_TIME:?}")]
    Slow,
}

/// The loop in the codec of a mount.
#[derive(Debug)]
pub(crate) struct Loop {
    format: Format,
    /// The header pages of an Ogg stream.
    headers: Bytes,
    /// At least one.
    frames: Vec<Frame>,
}

/// A loop that is being played. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Playing(JoinHandle<()>);

impl Playing {
    /// Plays a loop on a mount, from its beginning, in real time.
    pub fn start(beat: &Beat, mount: Weak<Mount>, piece: Arc<Loop>) -> Self {
        Self(beat.spawn(play(mount, piece)))
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn play(mount: Weak<Mount>, piece: Arc<Loop>) {
    let (start, mut sent) = (Instant::now(), Duration::ZERO);
    let mut frames = piece.frames.iter().enumerate().cycle();
    loop {
        let Some(mount) = mount.upgrade() else { return };
        while sent < start.elapsed() + LEAD {
            let Some((at, frame)) = frames.next() else { return };
            if at == 0 {
                mount.emergency_format(piece.format, piece.headers.clone());
            }
            mount.take_emergency(frame);
            sent += duration(u64::from(frame.samples), piece.format.sample_rate_hz);
        }
        drop(mount);
        sleep(STEP).await;
    }
}

/// The sound of the loop in the house's layout: that of the piece, or the chime.
pub(crate) async fn sound(workshop: &Workshop, piece: Option<&[u8]>) -> Result<Vec<f32>, Error> {
    match piece {
        Some(piece) => timeout(WORK_TIME, decode(workshop, piece)).await.map_err(|_| Error::Slow)?,
        None => Ok(chime()),
    }
}

/// The loop for a mount.
pub(crate) async fn prepare(workshop: &Workshop, recipe: Recipe, sound: &[f32]) -> Result<Loop, Error> {
    timeout(WORK_TIME, encode(workshop, recipe, sound)).await.map_err(|_| Error::Slow)?
}

async fn decode(workshop: &Workshop, piece: &[u8]) -> Result<Vec<f32>, Error> {
    let Sniff::Codec(codec) = audio::sniff(piece) else { return Err(Error::Unknown) };
    let mut framer = Framer::new(codec);
    framer.push(piece);
    framer.finish();
    let (mut decoding, mut sound) = (workshop.decode(codec).await?, Vec::new());
    let enough = Layout::HOUSE.numbers_in(PIECE_MS_MAX);
    for found in framer.by_ref() {
        match found {
            Found::Format { format, headers } => decoding.open(format, headers).await?,
            Found::Frame(frame) => decoding.push(frame.bytes).await?,
            Found::Tag { .. } | Found::Skipped { .. } => {}
        }
    }
    decoding.finish().await?;
    while sound.len() < enough {
        let Some((layout, pcm)) = decoding.next().await? else { break };
        if let Ok(mut resampler) = Resampler::new(layout, Layout::HOUSE) {
            resampler.push(&pcm, &mut sound);
            resampler.finish(&mut sound);
        }
    }
    sound.truncate(enough);
    if sound.is_empty() { Err(Error::NoSound) } else { Ok(sound) }
}

async fn encode(workshop: &Workshop, recipe: Recipe, sound: &[f32]) -> Result<Loop, Error> {
    let mut pcm = Vec::new();
    if let Ok(mut resampler) = Resampler::new(Layout::HOUSE, recipe.layout) {
        resampler.push(sound, &mut pcm);
        resampler.finish(&mut pcm);
    }
    let (mut encoding, mut framer) = (workshop.encode(recipe).await?, Framer::new(recipe.coding.codec()));
    for portion in pcm.chunks(recipe.layout.numbers_in(PORTION_MS)) {
        encoding.push(portion.to_vec()).await?;
    }
    encoding.finish().await?;
    while let Some(bytes) = encoding.next().await? {
        framer.push(&bytes);
    }
    framer.finish();
    let (mut opened, mut frames) = (None, Vec::new());
    for found in framer {
        match found {
            Found::Format { format, headers } => opened = Some((format, headers)),
            Found::Frame(frame) => frames.push(frame),
            Found::Tag { .. } | Found::Skipped { .. } => {}
        }
    }
    let (format, headers) = opened.filter(|_| !frames.is_empty()).ok_or(Error::NoSound)?;
    Ok(Loop { format, headers, frames })
}

/// Three notes, and one to show that it goes on.
fn chime() -> Vec<f32> {
    let rate_hz = Layout::HOUSE.sample_rate_hz as f32;
    let instants = Layout::HOUSE.numbers_in(CHIME_MS) / usize::from(Layout::HOUSE.channels);
    let sample = |instant: usize| {
        let notes = CHIME.iter().map(|&(struck, hz)| note(instant as f32 / rate_hz - struck, hz));
        notes.sum::<f32>()
    };
    (0..instants).flat_map(|instant| [sample(instant); 2]).collect()
}

/// A struck note, so many seconds after the stroke.
fn note(after: f32, hz: f32) -> f32 {
    if after < 0.0 {
        return 0.0;
    }
    let attack = (after / 0.01).min(1.0);
    let body = (TAU * hz * after).sin() + 0.3 * (TAU * hz * 2.0 * after).sin();
    CHIME_AMPLITUDE * attack * (-after / CHIME_DECAY).exp() * body
}

#[cfg(test)]
mod tests {
    use audio::loudness::Meter;

    use super::*;

    #[test]
    fn the_chime_is_soft_and_ends_as_quietly_as_it_begins() {
        let chime = chime();
        assert_eq!(chime.len(), Layout::HOUSE.numbers_in(CHIME_MS));
        let mut meter = Meter::new(Layout::HOUSE).unwrap();
        meter.push(&chime);
        let reading = meter.reading();
        assert!((-40.0..-20.0).contains(&reading.integrated_lufs), "{} LUFS", reading.integrated_lufs);
        assert!(reading.true_peak_dbtp < -10.0, "{} dBTP", reading.true_peak_dbtp);
        let edges = [&chime[..2], &chime[chime.len() - 2..]].concat();
        assert!(edges.iter().all(|sample| sample.abs() < 0.001), "{edges:?}");
    }
}
