//! A rendition: what is on, encoded for a mount to which nobody sends it.
//!
//! It takes the sound from the [programme bus](crate::programme_bus), in the mount's own rate and channels, takes down peaks
//! that would stand out once it is decoded again, and lets a [child process](crate::transcode) encode it. It goes on while inputs change, so listeners never meet another format.
//!
//! A child that crashes or hangs is replaced at once. The sound it had not given back yet is encoded again, so that
//! listeners miss nothing of the programme: what they meet is a pause, which is measured, told as an event and counted.
//!
//! Start at `Rendering::run`.

use std::collections::VecDeque;
use std::sync::Weak;
use std::time::Duration;

use audio::encode::{Coding, Impossible, Recipe};
use audio::limit::{self, Limiter};
use audio::pcm::Layout;
use audio::resample::Resampler;
use audio::{Found, Framer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::Mount;
use crate::beat::Beat;
use crate::programme_bus::Portion;
use crate::ring::duration;
use crate::transcode::{Ended, Workshop};

/// How much sound is kept to be encoded again: as much as a source may send ahead of time.
const OWED_MAX: Duration = Duration::from_secs(12);
/// A child that lasted this long had no trouble from its beginning.
const STEADY: Duration = Duration::from_secs(10);
/// How long a new child is waited for after one that failed at once; doubled with each.
const REPLACEMENT_MIN: Duration = Duration::from_millis(100);
/// After so many in a row that failed at once, the mount does without a rendition for a while.
const FAILURES_MAX: u32 = 4;
/// An AAC mount of at most this many kbit/s for each channel is encoded as HE-AAC.
const HE_AAC_KBPS_MAX: u32 = 24;

/// What a mount's rendition is made by; `None` for a codec that we do not encode.
pub(crate) fn recipe(mount: &station::Mount) -> Option<Result<Recipe, Impossible>> {
    let per_channel_kbps = mount.bitrate_kbps / u32::from(mount.channels.max(1));
    let coding = match mount.codec {
        station::Codec::Mp3 => Coding::Mp3,
        station::Codec::Aac if per_channel_kbps <= HE_AAC_KBPS_MAX => Coding::HeAac,
        station::Codec::Aac => Coding::AacLc,
        station::Codec::OggOpus => Coding::Opus,
        station::Codec::OggFlac => Coding::Flac,
        station::Codec::OggVorbis => return None,
    };
    let layout = Layout { sample_rate_hz: mount.sample_rate_hz, channels: mount.channels };
    let recipe = Recipe { coding, bitrate_kbps: mount.bitrate_kbps, layout };
    Some(recipe.check().map(|()| recipe))
}

/// How a mount's rendition is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Make {
    pub recipe: Recipe,
    /// What no true peak gets above that a listener hears, in dBTP.
    pub ceiling_dbtp: f64,
}

/// A mount's rendition. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Rendition(JoinHandle<()>);

impl Rendition {
    /// Starts one for a mount.
    pub fn start(
        beat: &Beat,
        workshop: Workshop,
        mount: Weak<Mount>,
        make: Make,
        bus: mpsc::Receiver<Portion>,
    ) -> Self {
        let (owed, gap_since) = (Owed::new(), None);
        let rendering = Rendering { workshop, mount, make, bus, owed, gap_since };
        Self(beat.spawn(rendering.run()))
    }
}

impl Drop for Rendition {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Rendering {
    workshop: Workshop,
    mount: Weak<Mount>,
    make: Make,
    bus: mpsc::Receiver<Portion>,
    owed: Owed,
    /// Since when nothing has come because a child was lost, and how.
    gap_since: Option<(Instant, Ended)>,
}

/// Why there is no more of a rendition.
enum Silent {
    /// Nobody wants it any more.
    Unwanted,
    /// Its child process is gone.
    Ended(Ended),
}

impl From<Ended> for Silent {
    fn from(why: Ended) -> Self {
        Silent::Ended(why)
    }
}

impl Rendering {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let since = Instant::now();
            let Err(Silent::Ended(why)) = self.encode().await else { return };
            let Some(mount) = self.mount.upgrade() else { return };
            failures = if since.elapsed() >= STEADY { 1 } else { failures + 1 };
            metrics::counter!("groundwave_encoders_lost_total", "mount" => mount.path().to_owned(), "reason" => why.label())
                .increment(1);
            tracing::warn!(mount = mount.path(), reason = %why, failures, "an encoder was lost; another takes its place");
            self.gap_since.get_or_insert((Instant::now(), why));
            if failures >= FAILURES_MAX {
                return mount.give_up_rendition();
            }
            drop(mount);
            sleep(REPLACEMENT_MIN * (2_u32.pow(failures - 1) - 1)).await;
        }
    }

    /// Encodes until its child ends.
    async fn encode(&mut self) -> Result<std::convert::Infallible, Silent> {
        let recipe = self.make.recipe;
        let mut encoding = self.workshop.encode(recipe).await?;
        let mut framer = Framer::new(recipe.coding.codec());
        // A layout that a recipe was checked for can be resampled to.
        let mut finish = Finish::new(&self.make).ok_or(Silent::Unwanted)?;
        for portion in self.owed.portions() {
            encoding.push(finish.run(&portion)).await?;
        }
        loop {
            tokio::select! {
                portion = self.bus.recv() => {
                    let portion = portion.ok_or(Silent::Unwanted)?;
                    self.owed.give(&portion);
                    encoding.push(finish.run(&portion)).await?;
                }
                bytes = encoding.next() => {
                    framer.push(&bytes?.ok_or(Silent::Unwanted)?);
                    self.take(&mut framer)?;
                }
            }
        }
    }

    /// Hands whole frames to the mount.
    fn take(&mut self, framer: &mut Framer) -> Result<(), Silent> {
        let mount = self.mount.upgrade().ok_or(Silent::Unwanted)?;
        let sample_rate_hz = self.make.recipe.format().sample_rate_hz;
        for found in framer.by_ref() {
            match found {
                Found::Format { format, headers } => mount.rendition_format(format, headers),
                Found::Frame(frame) => {
                    self.owed.pay(duration(u64::from(frame.samples), sample_rate_hz));
                    mount.take_rendered(&frame);
                    if let Some((since, why)) = self.gap_since.take() {
                        mount.tell_gap(since.elapsed(), why.label());
                    }
                }
                Found::Tag { .. } | Found::Skipped { .. } => {}
            }
        }
        Ok(())
    }
}

/// The last steps before the encoder: into the mount's layout, and so far below the ceiling that what the encoder does to
/// the wave stays below it too.
struct Finish {
    resampler: Resampler,
    limiter: Limiter,
}

impl Finish {
    fn new(make: &Make) -> Option<Self> {
        let Recipe { coding, bitrate_kbps, layout } = make.recipe;
        let resampler = Resampler::new(Layout::HOUSE, layout).ok()?;
        let ceiling_dbtp =
            make.ceiling_dbtp - limit::headroom_db(coding, bitrate_kbps / u32::from(layout.channels.max(1)));
        Some(Self { resampler, limiter: Limiter::new(layout, ceiling_dbtp) })
    }

    fn run(&mut self, portion: &[f32]) -> Vec<f32> {
        let mut pcm = Vec::with_capacity(portion.len());
        self.resampler.push(portion, &mut pcm);
        self.limiter.run(&mut pcm);
        pcm
    }
}

/// Sound that a child was given and has not given back as frames.
#[derive(Debug)]
struct Owed {
    portions: VecDeque<Portion>,
    /// How long all of them last.
    lasts: Duration,
    /// What was given back of the oldest.
    paid: Duration,
}

impl Owed {
    fn new() -> Self {
        Self { portions: VecDeque::new(), lasts: Duration::ZERO, paid: Duration::ZERO }
    }

    fn portions(&self) -> Vec<Portion> {
        self.portions.iter().cloned().collect()
    }

    fn give(&mut self, portion: &Portion) {
        self.lasts += length(portion);
        self.portions.push_back(portion.clone());
        while self.lasts > OWED_MAX {
            self.drop_oldest();
        }
    }

    fn pay(&mut self, sound: Duration) {
        self.paid += sound;
        while self.portions.front().is_some_and(|oldest| length(oldest) <= self.paid) {
            self.paid = self.paid.saturating_sub(self.drop_oldest());
        }
        if self.portions.is_empty() {
            self.paid = Duration::ZERO;
        }
    }

    fn drop_oldest(&mut self) -> Duration {
        let lasts = self.portions.pop_front().map_or(Duration::ZERO, |oldest| length(&oldest));
        self.lasts = self.lasts.saturating_sub(lasts);
        lasts
    }
}

fn length(portion: &[f32]) -> Duration {
    duration(Layout::HOUSE.instants(portion) as u64, Layout::HOUSE.sample_rate_hz)
}

#[cfg(test)]
mod tests {
    use audio::Codec;

    use super::*;

    fn portion(milliseconds: u32) -> Portion {
        vec![0.0; Layout::HOUSE.numbers_in(milliseconds)].into()
    }

    #[test]
    fn an_encoder_gets_sound_that_leaves_it_the_headroom_it_needs() {
        let peak_of = |coding, layout| {
            let recipe = Recipe { coding, bitrate_kbps: 64, layout };
            let mut finish = Finish::new(&Make { recipe, ceiling_dbtp: -1.0 }).unwrap();
            let loud = (0..48_000).flat_map(|at| [(at as f32 * 0.13).sin() * 3.0; 2]).collect::<Vec<_>>();
            let pcm = finish.run(&loud);
            audio::pcm::decibels(pcm.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs())).into())
        };
        let narrow = Layout { sample_rate_hz: 44_100, channels: 2 };
        for (coding, layout) in [(Coding::Mp3, narrow), (Coding::Opus, Layout::HOUSE), (Coding::HeAac, narrow)] {
            let (peak_dbfs, ceiling_dbtp) = (peak_of(coding, layout), -1.0 - limit::headroom_db(coding, 32));
            assert!((ceiling_dbtp - 0.6..=ceiling_dbtp).contains(&peak_dbfs), "{coding}: {peak_dbfs} dBFS");
        }
    }

    #[test]
    fn what_was_given_and_not_given_back_is_owed() {
        let mut owed = Owed::new();
        for _ in 0..5 {
            owed.give(&portion(100));
        }
        owed.pay(Duration::from_millis(150));
        assert_eq!(owed.portions().len(), 4);
        owed.pay(Duration::from_millis(60));
        assert_eq!(owed.portions().len(), 3);
        owed.pay(Duration::from_secs(1));
        assert_eq!((owed.portions().len(), owed.lasts), (0, Duration::ZERO));
    }

    #[test]
    fn no_more_is_owed_than_there_is_room_for() {
        let mut owed = Owed::new();
        for _ in 0..200 {
            owed.give(&portion(100));
        }
        assert_eq!(owed.lasts, OWED_MAX);
    }

    #[test]
    fn every_mount_of_a_station_has_its_recipe() {
        let mount = |codec, bitrate_kbps, sample_rate_hz| station::Mount {
            path: "/news".into(),
            codec,
            bitrate_kbps,
            sample_rate_hz,
            channels: 2,
        };
        let coding = |codec, kbps, hz| recipe(&mount(codec, kbps, hz)).map(|made| made.map(|recipe| recipe.coding));
        assert_eq!(coding(station::Codec::Mp3, 128, 44_100), Some(Ok(Coding::Mp3)));
        assert_eq!(coding(station::Codec::Aac, 96, 44_100), Some(Ok(Coding::AacLc)));
        assert_eq!(coding(station::Codec::Aac, 48, 44_100), Some(Ok(Coding::HeAac)));
        assert_eq!(coding(station::Codec::OggOpus, 96, 48_000), Some(Ok(Coding::Opus)));
        assert_eq!(coding(station::Codec::OggFlac, 0, 48_000), Some(Ok(Coding::Flac)));
        assert_eq!(coding(station::Codec::OggVorbis, 128, 44_100), None);
        assert!(coding(station::Codec::Mp3, 100, 44_100).is_some_and(|made| made.is_err()));
    }

    #[test]
    fn a_mount_in_a_codec_is_rendered_in_that_codec() {
        let mount = station::Mount {
            path: "/news".into(),
            codec: station::Codec::Aac,
            bitrate_kbps: 64,
            sample_rate_hz: 44_100,
            channels: 2,
        };
        let format = recipe(&mount).unwrap().unwrap().format();
        assert_eq!((format.codec, format.sample_rate_hz, format.channels), (Codec::Aac, 44_100, 2));
    }
}
