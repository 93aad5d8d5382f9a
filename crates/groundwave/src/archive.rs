//! The archive: what the guide's recorder cuts from.
//!
//! The air knows what was aired and no rows; the guide knows rows and nothing of sound. Here the tapes of the one are put
//! into the hands of the other.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use air::Air;
use air::tape::{Cause, Cut, Heard, Manner, Playback, Tape, Told};
use air::transcode::{Decoding, Workshop};
use audio::loudness::{Meter, Reading};
use audio::pcm::Layout;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream::{self, Stream, StreamExt};
use guide::recorder::{self, Fault};
use station::recording::{Chapter, Gap, Loudness};
use station::{Codec, ServiceId, Timestamp};
use vault::Vault;

/// How often a measurement is tried that a child did not live to finish.
const MEASURES_MAX: u32 = 3;

/// The tapes and the vault of the running station.
pub struct Archive {
    air: Arc<Air>,
    vault: Vault,
    /// Whose children decode what is measured; without one nothing is.
    workshop: Option<Workshop>,
}

impl Archive {
    /// What `air` has on tape; files go to `vault`.
    pub fn new(air: Arc<Air>, vault: Vault, workshop: Option<Workshop>) -> Self {
        Self { air, vault, workshop }
    }
}

impl recorder::Archive for Archive {
    async fn kept_since(&self, service: ServiceId) -> Result<Option<Timestamp>, Fault> {
        match self.air.tapes().of(service, None) {
            Some(tape) => Ok(tape.since().await?),
            None => Ok(None),
        }
    }

    async fn cut(&self, service: ServiceId, span: Range<Timestamp>) -> Result<Option<recorder::Cut>, Fault> {
        let Some(tape) = self.air.tapes().of(service, None) else { return Ok(None) };
        let mut cut = Cut::new(tape.between(span), Manner::Playable);
        let Some(first) = cut.next().await? else { return Ok(None) };
        let pieces = stream::once(async { Ok(first) }).chain(rest(&mut cut));
        let (key, bytes) = self.vault.put_content_from::<vault::Error>(pieces, extension(tape.codec())).await?;
        Ok(Some(told(cut.told(), key, bytes, tape.codec())))
    }

    async fn loudness(&self, service: ServiceId, span: Range<Timestamp>) -> Option<Loudness> {
        let (tape, workshop) = (self.air.tapes().of(service, None)?, self.workshop.as_ref()?);
        for _ in 0..MEASURES_MAX {
            match measure_with(workshop, tape, span.clone()).await {
                Ok(loudness) => return loudness,
                Err(error) => {
                    let error = &*error as &dyn std::error::Error;
                    tracing::warn!(tape = %tape.service(), error, "how loud a recording is could not be measured");
                }
            }
        }
        None
    }
}

async fn measure_with(workshop: &Workshop, tape: &Tape, span: Range<Timestamp>) -> Result<Option<Loudness>, Fault> {
    let mut child = workshop.decode(air::codec::to_audio(tape.codec())).await?;
    measure(tape.between(span), &mut child).await
}

/// How loud what a playback hears is. Its frames are somebody else's: a child process decodes them.
async fn measure(mut playback: Playback, child: &mut Decoding) -> Result<Option<Loudness>, Fault> {
    let (mut scale, mut opened) = (Scale::default(), None);
    while let Some(heard) = playback.next().await? {
        let Heard::Sound(stretch) = heard else {
            child.jump().await?;
            continue;
        };
        let stream = (stretch.format, stretch.headers.clone());
        if opened.as_ref() != Some(&stream) {
            child.open(stretch.format, stretch.headers).await?;
            opened = Some(stream);
        }
        for frame in stretch.frames {
            child.push(frame.bytes).await?;
        }
        // What is ready already; the rest comes while the next second is read.
        while let Some(sound) = child.next().now_or_never() {
            scale.take(sound?);
        }
    }
    child.finish().await?;
    while let Some(sound) = child.next().await? {
        scale.take(Some(sound));
    }
    Ok(scale.reading())
}

/// A meter that is made for the first sound it gets.
#[derive(Default)]
struct Scale {
    meter: Option<Meter>,
    /// What comes in another layout is not on the same scale.
    is_spoilt: bool,
}

impl Scale {
    fn take(&mut self, sound: Option<(Layout, Vec<f32>)>) {
        let Some((layout, pcm)) = sound else { return };
        if self.meter.is_none() {
            self.meter = Meter::new(layout).ok();
        }
        match self.meter.as_mut().filter(|meter| meter.layout() == layout) {
            Some(meter) => drop(meter.push(&pcm)),
            None => self.is_spoilt = true,
        }
    }

    fn reading(&self) -> Option<Loudness> {
        let reading = self.meter.as_ref().filter(|_| !self.is_spoilt)?.reading();
        let Reading { integrated_lufs, true_peak_dbtp, .. } = reading;
        Some(Loudness { integrated_lufs, true_peak_dbtp })
    }
}

/// What is still to come of a cut.
fn rest(cut: &mut Cut) -> impl Stream<Item = vault::Result<Bytes>> + Send {
    stream::try_unfold(cut, |cut| async move { Ok(cut.next().await?.map(|piece| (piece, cut))) })
}

fn told(told: &Told, key: String, bytes: u64, codec: Codec) -> recorder::Cut {
    let gap = |(at, gap): &(Duration, air::tape::Gap)| Gap {
        offset_ms: ms(*at),
        from: gap.from,
        to: gap.to,
        cause: gap.cause.to_string(),
    };
    recorder::Cut {
        key,
        media_type: codec.media_type().to_owned(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        duration_ms: ms(told.duration),
        // Where the clock was set, no sound is missing.
        gaps: told.gaps.iter().filter(|(_, gap)| gap.cause != Cause::ClockSet).map(gap).collect(),
        chapters: chapters(&told.titles),
    }
}

/// A chapter for each title. One alone says nothing that the episode does not say.
fn chapters(titles: &[(Duration, String)]) -> Vec<Chapter> {
    let named = titles.iter().filter(|(_, title)| !title.is_empty());
    let chapters: Vec<Chapter> = named.map(|(at, title)| Chapter { start_ms: ms(*at), title: title.clone() }).collect();
    if chapters.len() > 1 { chapters } else { Vec::new() }
}

/// What the files of a codec are called.
pub fn extension(codec: Codec) -> &'static str {
    match codec {
        Codec::Mp3 => "mp3",
        Codec::Aac => "aac",
        Codec::OggOpus => "opus",
        Codec::OggVorbis | Codec::OggFlac => "ogg",
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
