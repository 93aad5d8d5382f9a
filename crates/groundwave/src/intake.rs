//! The intake: a file becomes a piece that every mount of its service can play.
//!
//! The guide says what the file is. A child process decodes it once, and while it does, its loudness is measured, the
//! silence at its edges is found, and what the service's mounts need is encoded, each in a child of its own. The original
//! stays in the vault; where it is what a mount carries, it is played as it is.
//!
//! Start at [`Intake::take`].

use air::transcode::{Decoding, Encoding, Workshop};
use anyhow::Context;
use audio::encode::{Coding, Recipe};
use audio::loudness::Meter;
use audio::pcm::{FLOOR_DB, Layout};
use audio::resample::Resampler;
use audio::{Found, Framer};
use bytes::Bytes;
use futures_util::FutureExt;
use guide::library::Examined;
use station::library::{Cues, Loudness, Rendition};
use station::{Codec, Mount, Piece, PieceId, Service, Slug, Timestamp};
use store::Db;
use vault::Vault;

/// Sound below this is silence at a piece's edge: about -60 dBFS.
const SILENCE_AMPLITUDE: f32 = 0.001;
/// What is left of the silence before the first sound and after the last, in milliseconds.
const SILENCE_KEPT_MS: (i64, i64) = (20, 250);
/// Less silence than that more is not worth a cue.
const SILENCE_WORTH_MS: i64 = 100;
/// An original may have this much more than a mount's bit rate, in per cent, and still be sent as it is.
const BITRATE_PERCENT_MAX: i64 = 125;

/// What takes files in for one service.
pub struct Intake {
    /// Where pieces are written down.
    pub db: Db,
    /// Where their files are kept.
    pub vault: Vault,
    /// What decodes and encodes them.
    pub workshop: Workshop,
    /// Whose pieces they become.
    pub service: Service,
    /// Where clocks will look for them.
    pub category: Option<Slug>,
}

/// What came of a file.
#[derive(Debug)]
pub enum Taken {
    /// A piece.
    New(Piece),
    /// The piece that the service has of it already.
    Known(Piece),
}

impl Intake {
    /// Takes a file of this name in.
    pub async fn take(&self, name: &str, bytes: Bytes, now: Timestamp) -> anyhow::Result<Taken> {
        let examined = guide::library::examine(name, &bytes)?;
        let codec = air::codec::from_audio(examined.format.codec);
        let original = self.vault.put_content(bytes.clone(), codec.slug()).await?;
        let origin = content_of(&original);
        if let Some(known) = self.known(&origin).await? {
            return Ok(Taken::Known(known));
        }
        let (as_it_is, to_make) = self.needed(&examined, bytes.len());
        let heard = self.hear(&bytes, &examined, &to_make).await?;
        let mut renditions: Vec<Rendition> =
            as_it_is.into_iter().map(|codec| Rendition { codec, key: original.clone() }).collect();
        for (codec, sound) in heard.made {
            renditions.push(Rendition { codec, key: self.vault.put_content(sound.into(), codec.slug()).await? });
        }
        anyhow::ensure!(!renditions.is_empty(), "no mount of {} can play it", self.service.name);
        let id = PieceId::mint(now, store::id::chance());
        let piece = Piece {
            artist: examined.names.artist,
            album: examined.names.album,
            category: self.category.clone(),
            duration_ms: examined.duration_ms,
            cues: heard.cues,
            loudness: Some(heard.loudness),
            origin: Some(origin),
            renditions,
            ..Piece::new(id, self.service.station, self.service.id, examined.names.title)
        };
        Ok(match guide::library::shelve(&self.db, &piece).await? {
            Some(known) => Taken::Known(known),
            None => Taken::New(piece),
        })
    }

    async fn known(&self, origin: &str) -> store::Result<Option<Piece>> {
        let mut tx = self.db.begin().await?;
        store::library::by_origin_in(&mut tx, self.service.station, self.service.id, origin).await
    }

    /// The codecs in which the original can be sent as it is, and what has to be made of it.
    fn needed(&self, examined: &Examined, bytes: usize) -> (Vec<Codec>, Vec<(Codec, Recipe)>) {
        let kbps = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_mul(8) / examined.duration_ms.max(1);
        let (mut as_it_is, mut to_make) = (Vec::new(), Vec::new());
        for codec in Codec::ALL {
            let Some(mount) = self.service.mount_in(codec) else { continue };
            match recipe(mount) {
                _ if fits(mount, examined, kbps) => as_it_is.push(codec),
                Some(recipe) if recipe.check().is_ok() => to_make.push((codec, recipe)),
                _ => {
                    tracing::warn!(mount = mount.path, "there is no encoder for this mount; it will not play the piece")
                }
            }
        }
        (as_it_is, to_make)
    }

    /// Hears the whole of it once.
    async fn hear(&self, bytes: &[u8], examined: &Examined, to_make: &[(Codec, Recipe)]) -> anyhow::Result<Heard> {
        let mut copyists = Vec::new();
        for (codec, recipe) in to_make {
            let encoding = self.workshop.encode(*recipe).await.context("an encoder could not be started")?;
            copyists.push(Copyist { codec: *codec, recipe: *recipe, encoding, resampler: None, made: Vec::new() });
        }
        let decoding = self.workshop.decode(examined.format.codec).await.context("a decoder could not be started")?;
        let mut listener = Listener { meter: None, edges: Edges::default(), copyists };
        decode(decoding, bytes, examined, &mut listener).await.context("it could not be decoded")?;
        listener.end().await
    }
}

/// What was heard of a file.
struct Heard {
    loudness: Loudness,
    cues: Cues,
    made: Vec<(Codec, Vec<u8>)>,
}

/// Whoever hears a file while it is decoded.
struct Listener {
    meter: Option<Meter>,
    edges: Edges,
    copyists: Vec<Copyist>,
}

/// Makes what one mount needs.
struct Copyist {
    codec: Codec,
    recipe: Recipe,
    encoding: Encoding,
    resampler: Option<Resampler>,
    made: Vec<u8>,
}

/// Where the first and the last sound are, in samples per channel.
#[derive(Default)]
struct Edges {
    heard: u64,
    first: Option<u64>,
    last: u64,
}

async fn decode(
    mut decoding: Decoding,
    bytes: &[u8],
    examined: &Examined,
    listener: &mut Listener,
) -> anyhow::Result<()> {
    let mut framer = Framer::new(examined.format.codec);
    framer.push(bytes);
    framer.finish();
    for found in framer {
        match found {
            Found::Format { format, headers } => decoding.open(format, headers).await?,
            Found::Frame(frame) => decoding.push(frame.bytes).await?,
            Found::Skipped { .. } => decoding.jump().await?,
            Found::Tag { .. } => {}
        }
        while let Some(Some((layout, pcm))) = decoding.next().now_or_never().transpose()? {
            listener.hear(layout, &pcm).await?;
        }
    }
    decoding.finish().await?;
    while let Some((layout, pcm)) = decoding.next().await? {
        listener.hear(layout, &pcm).await?;
    }
    Ok(())
}

impl Listener {
    async fn hear(&mut self, layout: Layout, pcm: &[f32]) -> anyhow::Result<()> {
        let meter = match &mut self.meter {
            Some(meter) => {
                anyhow::ensure!(
                    meter.layout() == layout,
                    "it changes to {layout} in the middle; encode it again as one"
                );
                meter
            }
            none => none.insert(Meter::new(layout)?),
        };
        meter.push(pcm);
        self.edges.hear(layout, pcm);
        for copyist in &mut self.copyists {
            copyist.hear(layout, pcm).await?;
        }
        Ok(())
    }

    async fn end(self) -> anyhow::Result<Heard> {
        let meter = self.meter.context("there is no sound in it")?;
        let reading = meter.reading();
        anyhow::ensure!(reading.integrated_lufs > FLOOR_DB, "it is silent from beginning to end");
        let (integrated_lufs, true_peak_dbtp) = (reading.integrated_lufs, reading.true_peak_dbtp);
        let mut made = Vec::new();
        for copyist in self.copyists {
            made.push((copyist.codec, copyist.end().await?));
        }
        Ok(Heard {
            loudness: Loudness { integrated_lufs, true_peak_dbtp },
            cues: self.edges.cues(meter.layout().sample_rate_hz),
            made,
        })
    }
}

impl Copyist {
    async fn hear(&mut self, layout: Layout, pcm: &[f32]) -> anyhow::Result<()> {
        let resampler = match &mut self.resampler {
            Some(resampler) => resampler,
            none => none.insert(Resampler::new(layout, self.recipe.layout)?),
        };
        let mut resampled = Vec::new();
        resampler.push(pcm, &mut resampled);
        self.encoding.push(resampled).await?;
        while let Some(Some(bytes)) = self.encoding.next().now_or_never().transpose()? {
            self.made.extend(bytes);
        }
        Ok(())
    }

    async fn end(mut self) -> anyhow::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.resampler.iter_mut().for_each(|resampler| resampler.finish(&mut rest));
        self.encoding.push(rest).await?;
        self.encoding.finish().await?;
        while let Some(bytes) = self.encoding.next().await? {
            self.made.extend(bytes);
        }
        Ok(self.made)
    }
}

impl Edges {
    fn hear(&mut self, layout: Layout, pcm: &[f32]) {
        for (at, instant) in (self.heard..).zip(pcm.chunks_exact(layout.channels.max(1).into())) {
            if instant.iter().any(|sample| sample.abs() >= SILENCE_AMPLITUDE) {
                self.first.get_or_insert(at);
                self.last = at + 1;
            }
        }
        self.heard += layout.instants(pcm) as u64;
    }

    /// Cues that leave out the silence before and after, where there is enough of it.
    fn cues(&self, sample_rate_hz: u32) -> Cues {
        let ms = |samples: u64| i64::try_from(samples * 1_000 / u64::from(sample_rate_hz.max(1))).unwrap_or(i64::MAX);
        let (kept_before_ms, kept_after_ms) = SILENCE_KEPT_MS;
        let in_ms = ms(self.first.unwrap_or_default()) - kept_before_ms;
        let out_ms = ms(self.last) + kept_after_ms;
        Cues {
            in_ms: (in_ms >= SILENCE_WORTH_MS).then_some(in_ms),
            out_ms: (ms(self.heard) - out_ms >= SILENCE_WORTH_MS).then_some(out_ms),
        }
    }
}

/// True if the original is what the mount carries.
fn fits(mount: &Mount, examined: &Examined, kbps: i64) -> bool {
    let format = audio::Format {
        codec: air::codec::to_audio(mount.codec),
        sample_rate_hz: mount.sample_rate_hz,
        channels: mount.channels,
    };
    // FLAC takes what it needs.
    let is_small = mount.codec == Codec::OggFlac || kbps * 100 <= i64::from(mount.bitrate_kbps) * BITRATE_PERCENT_MAX;
    examined.format == format && is_small
}

fn recipe(mount: &Mount) -> Option<Recipe> {
    let coding = match mount.codec {
        Codec::Mp3 => Coding::Mp3,
        Codec::Aac => Coding::AacLc,
        Codec::OggOpus => Coding::Opus,
        Codec::OggFlac => Coding::Flac,
        Codec::OggVorbis => return None,
    };
    let layout = Layout { sample_rate_hz: mount.sample_rate_hz, channels: mount.channels };
    Some(Recipe { coding, bitrate_kbps: mount.bitrate_kbps, layout })
}

/// The SHA-256 that the vault gave an object as its name.
fn content_of(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or(key);
    name.split('.').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_at_the_edges_is_left_out_and_silence_within_is_not() {
        let layout = Layout { sample_rate_hz: 1_000, channels: 1 };
        let mut edges = Edges::default();
        let sound = |ms: usize| vec![0.5; ms];
        let silence = |ms: usize| vec![0.0; ms];
        for part in [silence(500), sound(300), silence(900), sound(300), silence(2_000)] {
            edges.hear(layout, &part);
        }
        assert_eq!(edges.cues(1_000), Cues { in_ms: Some(480), out_ms: Some(2_250) });
        let mut tight = Edges::default();
        tight.hear(layout, &[silence(50), sound(300), silence(200)].concat());
        assert_eq!(tight.cues(1_000), Cues::default());
    }
}
