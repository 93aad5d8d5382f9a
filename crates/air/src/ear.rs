//! An ear: hears an input as a listener does, and tells master control what it is like.
//!
//! The input's frames are decoded by a [child process](crate::transcode), measured, and [judged](Judge). What was decoded
//! goes on to the [programme bus](crate::programme_bus) while the input is on, so that a sound is decoded once, whether
//! it is judged, metered or made into renditions.
//!
//! An ear that fails is replaced within a second, and hears what has come meanwhile. While it fails, its input counts as
//! unheard, never as bad. Nothing waits for an ear: what does not fit into its queue is counted and left out.
//!
//! Start at `Ear::hear` and, on the other side, `Listening::run`.

mod echo;
mod judge;

use std::sync::{Arc, Weak};
use std::time::Duration;

use audio::loudness::{Meter, Reading};
use audio::pcm::Layout;
use audio::{Format, Frame};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub use judge::{Fault, Judge, Moment, Profile, Verdict};

use crate::beat::Beat;
use crate::control::Control;
use crate::ring::duration;
use crate::switch::InputId;
use crate::transcode::{Decoding, Ended, Workshop};
use echo::Echo;

/// How many frames wait for an ear: more than a source may send ahead of time.
const FRAMES_MAX: usize = 1_024;
/// An ear that lasted this long had no trouble from its beginning.
const STEADY: Duration = Duration::from_secs(10);
/// How long a new ear is waited for after one that failed; doubled with each that fails at once.
const REPLACEMENT_MIN: Duration = Duration::from_millis(100);
const REPLACEMENT_MAX: Duration = Duration::from_secs(30);
/// After so many in a row that failed at once, nobody waits for what an ear would hear.
const FAILURES_MAX: u32 = 4;
/// A tone has at least this part of the sound's power.
const TONE_SHARE_MIN: f32 = 0.95;

/// An input's ear. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Ear {
    queue: mpsc::Sender<Told>,
    /// Something was left out since the last frame that it was given.
    has_gap: bool,
    task: JoinHandle<()>,
}

/// What an ear is told.
#[derive(Debug)]
enum Told {
    Format(Format, Bytes),
    Frame(Frame),
    /// What follows does not follow in sound.
    Gap,
}

impl Ear {
    /// An ear for an input.
    pub fn start(beat: &Beat, workshop: Workshop, control: &Arc<Control>, id: InputId) -> Self {
        let (queue, told) = mpsc::channel(FRAMES_MAX);
        let control = Arc::downgrade(control);
        let (format, meter, echo, is_echo) = Default::default();
        let judge = Judge::new(Profile::default());
        let listening = Listening { workshop, control, id, told, format, meter, judge, echo, is_echo };
        Self { queue, has_gap: false, task: beat.spawn(listening.run()) }
    }

    /// What follows is in this format.
    pub fn open(&mut self, format: Format, headers: Bytes) {
        self.tell(Told::Format(format, headers));
    }

    /// A frame of the input, whether that is on or not.
    pub fn hear(&mut self, frame: &Frame) {
        if self.has_gap {
            self.has_gap = self.queue.try_send(Told::Gap).is_err();
        }
        self.tell(Told::Frame(frame.clone()));
    }

    /// What follows does not follow in sound.
    pub fn skip(&mut self) {
        self.has_gap = true;
    }

    fn tell(&mut self, told: Told) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(told) {
            metrics::counter!("groundwave_ear_frames_dropped_total").increment(1);
            self.has_gap = true;
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A tenth of a second or so of an input's sound, and what was found in it.
pub(crate) struct Heard<'a> {
    /// How the samples are to be read.
    pub layout: Layout,
    /// The samples.
    pub pcm: &'a [f32],
    /// What is wrong, and whether it pauses.
    pub verdict: Verdict,
}

/// An ear's own side.
struct Listening {
    workshop: Workshop,
    control: Weak<Control>,
    id: InputId,
    told: mpsc::Receiver<Told>,
    format: Option<(Format, Bytes)>,
    meter: Option<Meter>,
    judge: Judge,
    echo: Echo,
    /// Whether what it was told last had been sent before.
    is_echo: bool,
}

/// Why an ear heard no more.
enum Deaf {
    /// Nobody wants to know any more.
    Unwanted,
    /// Its child process is gone.
    Ended(Ended),
}

impl From<Ended> for Deaf {
    fn from(why: Ended) -> Self {
        Deaf::Ended(why)
    }
}

impl Listening {
    /// Listens until nobody wants to know any more.
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let since = Instant::now();
            let Err(Deaf::Ended(why)) = self.listen().await else { return };
            failures = if since.elapsed() >= STEADY { 1 } else { failures + 1 };
            let Some(control) = self.control.upgrade() else { return };
            control.lose_ear(self.id, failures < FAILURES_MAX);
            drop(control);
            metrics::counter!("groundwave_ears_lost_total", "reason" => why.label()).increment(1);
            tracing::warn!(reason = %why, failures, "an ear was lost; another takes its place");
            sleep(replacement_after(failures)).await;
        }
    }

    /// Listens until its child ends.
    async fn listen(&mut self) -> Result<std::convert::Infallible, Deaf> {
        if self.format.is_none() {
            self.wait_for_format().await?;
        }
        let Some((format, headers)) = self.format.clone() else { return Err(Deaf::Unwanted) };
        let mut decoding = self.workshop.decode(format.codec).await?;
        decoding.open(format, headers).await?;
        loop {
            tokio::select! {
                told = self.told.recv() => self.pass_on(told.ok_or(Deaf::Unwanted)?, &mut decoding).await?,
                decoded = decoding.next() => {
                    let (layout, pcm) = decoded?.ok_or(Deaf::Unwanted)?;
                    self.take(layout, &pcm)?;
                }
            }
        }
    }

    async fn wait_for_format(&mut self) -> Result<(), Deaf> {
        while self.format.is_none() {
            if let Told::Format(format, headers) = self.told.recv().await.ok_or(Deaf::Unwanted)? {
                self.format = Some((format, headers));
            }
        }
        Ok(())
    }

    async fn pass_on(&mut self, told: Told, decoding: &mut Decoding) -> Result<(), Deaf> {
        match told {
            Told::Format(format, headers) => {
                self.format = Some((format, headers.clone()));
                decoding.open(format, headers).await?;
            }
            Told::Frame(frame) => {
                self.note_echo(&frame);
                decoding.push(frame.bytes).await?;
            }
            Told::Gap => decoding.jump().await?,
        }
        Ok(())
    }

    fn note_echo(&mut self, frame: &Frame) {
        let Some((format, _)) = &self.format else { return };
        let sound = duration(u64::from(frame.samples), format.sample_rate_hz);
        self.is_echo = self.echo.hear(format.codec, &frame.bytes, sound);
    }

    /// Judges what was decoded, and hands it on.
    fn take(&mut self, layout: Layout, pcm: &[f32]) -> Result<(), Deaf> {
        let control = self.control.upgrade().ok_or(Deaf::Unwanted)?;
        self.judge.set_profile(control.profile());
        if self.meter.as_ref().is_none_or(|meter| meter.layout() != layout) {
            self.meter = Meter::new(layout).ok();
        }
        let step = layout.numbers_in(audio::loudness::STEP_MS).max(1);
        for pcm in pcm.chunks(step) {
            let verdict = self.judge(layout, pcm);
            control.hear(self.id, &Heard { layout, pcm, verdict });
        }
        Ok(())
    }

    fn judge(&mut self, layout: Layout, pcm: &[f32]) -> Verdict {
        let Some(meter) = &mut self.meter else { return Verdict::default() };
        meter.push(pcm);
        let instants = layout.instants(pcm) as u64;
        let lasts = duration(instants, layout.sample_rate_hz);
        self.judge.hear(&moment(&meter.reading(), lasts, self.is_echo))
    }
}

fn moment(reading: &Reading, lasts: Duration, is_echo: bool) -> Moment {
    let tone_hz = (reading.tone.share >= TONE_SHARE_MIN).then_some(f64::from(reading.tone.hz));
    let levels_dbfs = reading.channels.map(|channel| channel.rms_dbfs);
    Moment { lasts, momentary_lufs: reading.momentary_lufs, levels_dbfs, tone_hz, is_echo }
}

fn replacement_after(failures: u32) -> Duration {
    (REPLACEMENT_MIN * 2_u32.saturating_pow(failures.saturating_sub(1))).min(REPLACEMENT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ear_is_replaced_at_once_and_those_after_it_ever_later() {
        let waits = [1, 2, 4, 30].map(replacement_after);
        assert_eq!(waits[0], REPLACEMENT_MIN);
        assert!(waits[..3].iter().sum::<Duration>() < Duration::from_millis(1_200));
        assert_eq!(waits[3], REPLACEMENT_MAX);
    }
}
