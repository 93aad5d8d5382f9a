//! Sound becomes frames.
//!
//! A [`Recipe`] says what to make of it; an [`Encoder`] takes samples in portions of any size and writes a stream that a
//! [`Framer`](crate::Framer) cuts into whole frames: MP3 frames that each stand alone, ADTS, or Ogg pages. Each Ogg page
//! begins with a whole packet, so that a listener can join at any of them. [`finish`](Encoder::finish) writes what is
//! left; what comes after it is a new stream that knows nothing of the one before.
//!
//! Every encoder needs a run-up: [`priming_samples`](Encoder::priming_samples) says by how much what is heard is later
//! than what went in.
//!
//! Start at [`Recipe::check`].

mod aac;
mod flac;
mod mp3;
mod opus;

use crate::adts;
use crate::ogg::OPUS_RATE_HZ;
use crate::pcm::Layout;
use crate::{Codec, Format};

/// What to make of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// What it is encoded in.
    pub coding: Coding,
    /// What it may cost in all, in kbit/s. FLAC takes what it needs and does not heed it.
    pub bitrate_kbps: u32,
    /// The samples that go in. For HE-AAC the rate is the one that is heard.
    pub layout: Layout,
}

/// What sound can be encoded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// MPEG audio, layer III, at a constant bit rate.
    Mp3,
    /// AAC with low complexity, in ADTS.
    AacLc,
    /// HE-AAC, version 1, in ADTS: for little bandwidth.
    HeAac,
    /// Opus in Ogg.
    Opus,
    /// FLAC in Ogg, 16 bits: nothing is lost.
    Flac,
}

/// Why a recipe cannot be followed. Each says what would do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Impossible {
    /// The rate is not one of the coding's.
    #[error("{coding} at {sample_rate_hz} Hz is not possible: take one of {possible_hz:?} Hz")]
    SampleRate {
        /// In what.
        coding: Coding,
        /// What was asked for.
        sample_rate_hz: u32,
        /// What can be had.
        possible_hz: &'static [u32],
    },
    /// The bit rate is not one of the coding's.
    #[error("{coding} at {bitrate_kbps} kbit/s is not possible with {layout}: take {possible}")]
    Bitrate {
        /// In what.
        coding: Coding,
        /// Of what.
        layout: Layout,
        /// What was asked for.
        bitrate_kbps: u32,
        /// What can be had, in words.
        possible: String,
    },
    /// Neither mono nor stereo.
    #[error("{coding} with {channels} channels is not possible: take 1 or 2")]
    Channels {
        /// In what.
        coding: Coding,
        /// What was asked for.
        channels: u8,
    },
}

/// An encoder gave up. The next samples begin a new stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {coding} encoder failed: {reason}")]
pub struct Failed {
    /// In what.
    pub coding: Coding,
    /// What it said.
    pub reason: String,
}

const AAC_RATES_HZ: &[u32] = &[32_000, 44_100, 48_000];
const FLAC_RATES_HZ: &[u32] = &[8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000];
const OPUS_RATES_HZ: &[u32] = &[OPUS_RATE_HZ];

impl Recipe {
    /// Whether it can be followed, and if not, what could.
    pub fn check(&self) -> Result<(), Impossible> {
        let Recipe { coding, bitrate_kbps, layout } = *self;
        if !(1..=2).contains(&layout.channels) {
            return Err(Impossible::Channels { coding, channels: layout.channels });
        }
        let (sample_rate_hz, possible_hz) = (layout.sample_rate_hz, coding.sample_rates_hz());
        if !possible_hz.contains(&sample_rate_hz) {
            return Err(Impossible::SampleRate { coding, sample_rate_hz, possible_hz });
        }
        let possible = self.possible_bitrates();
        if possible.contain(bitrate_kbps) {
            return Ok(());
        }
        Err(Impossible::Bitrate { coding, layout, bitrate_kbps, possible: possible.to_string() })
    }

    /// The format that the frames will have.
    pub fn format(&self) -> Format {
        let sample_rate_hz = match self.coding {
            Coding::HeAac => self.layout.sample_rate_hz / 2,
            Coding::Mp3 | Coding::AacLc | Coding::Opus | Coding::Flac => self.layout.sample_rate_hz,
        };
        Format { codec: self.coding.codec(), sample_rate_hz, channels: self.layout.channels }
    }

    /// How many samples (per channel, of those that go in) each frame or page carries.
    pub fn frame_samples(&self) -> u32 {
        match self.coding {
            Coding::Mp3 if self.layout.sample_rate_hz < 32_000 => 576,
            Coding::Mp3 => 1152,
            Coding::AacLc => adts::BLOCK_SAMPLES,
            Coding::HeAac => 2 * adts::BLOCK_SAMPLES,
            Coding::Opus => opus::PAGE_SAMPLES,
            Coding::Flac => flac::BLOCK_SAMPLES,
        }
    }

    fn possible_bitrates(&self) -> Bitrates {
        let channels = u32::from(self.layout.channels);
        match self.coding {
            Coding::Mp3 if self.layout.sample_rate_hz < 32_000 => Bitrates::Among(mp3::MPEG2_BITRATES_KBPS),
            Coding::Mp3 => Bitrates::Among(mp3::MPEG1_BITRATES_KBPS),
            Coding::AacLc => Bitrates::Between(24 * channels, 144 * channels),
            Coding::HeAac => Bitrates::Between(16 * channels, 48 * channels),
            Coding::Opus => Bitrates::Between(12 * channels, 255 * channels),
            Coding::Flac => Bitrates::Any,
        }
    }
}

impl Coding {
    /// The codec that it is listened to as.
    pub fn codec(&self) -> Codec {
        match self {
            Coding::Mp3 => Codec::Mp3,
            Coding::AacLc | Coding::HeAac => Codec::Aac,
            Coding::Opus => Codec::OggOpus,
            Coding::Flac => Codec::OggFlac,
        }
    }

    /// The rates that it can be fed with.
    pub fn sample_rates_hz(&self) -> &'static [u32] {
        match self {
            Coding::Mp3 => mp3::SAMPLE_RATES_HZ,
            Coding::AacLc | Coding::HeAac => AAC_RATES_HZ,
            Coding::Opus => OPUS_RATES_HZ,
            Coding::Flac => FLAC_RATES_HZ,
        }
    }
}

impl std::fmt::Display for Coding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Coding::Mp3 => "MP3",
            Coding::AacLc => "AAC-LC",
            Coding::HeAac => "HE-AAC",
            Coding::Opus => "Opus",
            Coding::Flac => "FLAC",
        })
    }
}

/// The bit rates that can be had, in kbit/s.
enum Bitrates {
    Any,
    Among(&'static [u32]),
    Between(u32, u32),
}

impl Bitrates {
    fn contain(&self, bitrate_kbps: u32) -> bool {
        match self {
            Bitrates::Any => true,
            Bitrates::Among(rates) => rates.contains(&bitrate_kbps),
            Bitrates::Between(least, most) => (*least..=*most).contains(&bitrate_kbps),
        }
    }
}

impl std::fmt::Display for Bitrates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bitrates::Any => f.write_str("any"),
            Bitrates::Among(rates) => write!(f, "one of {rates:?}"),
            Bitrates::Between(least, most) => write!(f, "{least} to {most}"),
        }
    }
}

/// Makes frames of sound.
pub struct Encoder {
    recipe: Recipe,
    coder: Box<dyn Coder>,
    /// The serial number of the next Ogg stream.
    serial: u32,
    scratch: Vec<f32>,
}

/// One stream that is being encoded.
trait Coder: Send {
    /// Encodes tame samples; whole frames go after what is in `out`.
    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), String>;

    /// Encodes what is left, filled up with silence.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String>;
}

impl Encoder {
    /// An encoder that follows `recipe`.
    pub fn new(recipe: &Recipe) -> Result<Self, Impossible> {
        recipe.check()?;
        Ok(Self { recipe: *recipe, coder: coder(recipe, 1), serial: 2, scratch: Vec::new() })
    }

    /// What it follows.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Encodes samples in the recipe's layout and puts the frames that are whole after what is in `out`. Samples beyond
    /// full scale are cut to it, what is no number is silence.
    pub fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), Failed> {
        let before = out.len();
        self.scratch.clear();
        self.scratch.extend(pcm.iter().map(|&sample| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }));
        self.coder.encode(&self.scratch, out).map_err(|reason| {
            out.truncate(before);
            self.begin_anew();
            Failed { coding: self.recipe.coding, reason }
        })
    }

    /// Writes what is left of the stream. The next samples begin a new one.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        let finished = self.coder.finish(out);
        self.begin_anew();
        finished.map_err(|reason| Failed { coding: self.recipe.coding, reason })
    }

    /// By how many samples (per channel, of those that go in) what is decoded is later than what went in, the decoder's
    /// own delay included. Opus says it in its header, and decoders take it off again: there it is 0.
    pub fn priming_samples(&self) -> u32 {
        match self.recipe.coding {
            Coding::Mp3 => mp3::PRIMING_SAMPLES,
            Coding::AacLc => aac::PRIMING_SAMPLES,
            Coding::HeAac => aac::HE_PRIMING_SAMPLES,
            Coding::Opus | Coding::Flac => 0,
        }
    }

    fn begin_anew(&mut self) {
        self.coder = coder(&self.recipe, self.serial);
        self.serial = self.serial.wrapping_add(1);
    }
}

fn coder(recipe: &Recipe, serial: u32) -> Box<dyn Coder> {
    match recipe.coding {
        Coding::Mp3 => Box::new(mp3::Mp3::new(recipe)),
        Coding::AacLc | Coding::HeAac => Box::new(aac::Aac::new(recipe)),
        Coding::Opus => Box::new(opus::Opus::new(recipe, serial)),
        Coding::Flac => Box::new(flac::Flac::new(recipe, serial)),
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("recipe", &self.recipe).finish_non_exhaustive()
    }
}

/// Samples that wait until there are enough for a frame.
struct Pending {
    pcm: Vec<f32>,
    frame_numbers: usize,
}

impl Pending {
    fn new(recipe: &Recipe, frame_samples: u32) -> Self {
        Self { pcm: Vec::new(), frame_numbers: frame_samples as usize * usize::from(recipe.layout.channels) }
    }

    /// Gives each whole frame to `encode`, and keeps the rest.
    fn each(&mut self, pcm: &[f32], mut encode: impl FnMut(&[f32]) -> Result<(), String>) -> Result<(), String> {
        self.pcm.extend_from_slice(pcm);
        let whole = self.pcm.len() - self.pcm.len() % self.frame_numbers;
        let encoded = self.pcm[..whole].chunks_exact(self.frame_numbers).try_for_each(&mut encode);
        self.pcm.drain(..whole);
        encoded
    }

    /// What is kept, as one frame filled up with silence; `None` if nothing is.
    fn rest(&mut self) -> Option<Vec<f32>> {
        let mut rest = std::mem::take(&mut self.pcm);
        (!rest.is_empty()).then(|| {
            rest.resize(self.frame_numbers, 0.0);
            rest
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(coding: Coding, bitrate_kbps: u32, sample_rate_hz: u32, channels: u8) -> Recipe {
        Recipe { coding, bitrate_kbps, layout: Layout { sample_rate_hz, channels } }
    }

    #[test]
    fn what_is_not_possible_says_what_would_do() {
        let told = |recipe: Recipe| recipe.check().map_or_else(|why| why.to_string(), |()| "possible".to_owned());
        assert_eq!(
            told(recipe(Coding::Opus, 96, 44_100, 2)),
            "Opus at 44100 Hz is not possible: take one of [48000] Hz"
        );
        assert_eq!(
            told(recipe(Coding::HeAac, 128, 48_000, 2)),
            "HE-AAC at 128 kbit/s is not possible with 48000 Hz stereo: take 32 to 96"
        );
        let odd = told(recipe(Coding::Mp3, 130, 44_100, 2));
        assert!(
            odd.starts_with("MP3 at 130 kbit/s is not possible with 44100 Hz stereo: take one of [32, 40,"),
            "{odd}"
        );
        assert_eq!(told(recipe(Coding::Flac, 0, 48_000, 6)), "FLAC with 6 channels is not possible: take 1 or 2");
    }

    #[test]
    fn an_encoder_exists_for_every_possible_recipe() {
        for coding in [Coding::Mp3, Coding::AacLc, Coding::HeAac, Coding::Opus, Coding::Flac] {
            for (&rate, channels) in coding.sample_rates_hz().iter().flat_map(|rate| [(rate, 1), (rate, 2)]) {
                let possible = (0..=512).map(|kbps| recipe(coding, kbps, rate, channels));
                let ends: Vec<_> = possible.filter(|recipe| recipe.check().is_ok()).collect();
                for recipe in [ends.first(), ends.last()].into_iter().flatten() {
                    let mut out = Vec::new();
                    let mut encoder = Encoder::new(recipe).unwrap();
                    encoder.encode(&vec![0.1; recipe.layout.numbers_in(200)], &mut out).unwrap();
                    encoder.finish(&mut out).unwrap();
                    assert!(!out.is_empty(), "{recipe:?}");
                }
            }
        }
    }
}
