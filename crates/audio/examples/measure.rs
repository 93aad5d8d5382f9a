//! What sound costs: each stage over a minute of stereo, as a share of one core.
//!
//! ```text
//! cargo run --release -p audio --example measure
//! ```

use std::time::{Duration, Instant};

use audio::decode::Decoder;
use audio::encode::{Coding, Encoder, Recipe};
use audio::limit::{CEILING_DBTP, Limiter, Normaliser, TARGET_LUFS};
use audio::loudness::Meter;
use audio::pcm::Layout;
use audio::resample::Resampler;
use audio::{Found, Framer};

const SECONDS: u32 = 60;
const RUNS: usize = 3;

/// Three voices that come and go, and noise that swells: an encoder has something to decide.
fn music() -> Vec<f32> {
    let mut seed = 1_u32;
    let mut noise = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let sine = |hz: f32, at: f32| (std::f32::consts::TAU * hz * at).sin();
    (0..SECONDS * 48_000)
        .flat_map(|instant| {
            let at = (instant % (48_000 * 10)) as f32 / 48_000.0;
            let swell = sine(0.7, at).powi(8);
            let voice = 0.25 * sine(440.0, at) * (0.6 + 0.4 * sine(0.5, at)) + 0.15 * sine(1320.0, at);
            let bass = 0.3 * sine(110.0, at) * (-8.0 * (at % 0.5)).exp();
            [voice + bass + 0.4 * swell * noise(), 0.8 * voice + bass + 0.4 * swell * noise()]
        })
        .collect()
}

/// Runs a stage a few times and prints what the median takes.
#[expect(clippy::disallowed_methods, reason = "this is a measurement: it asks the machine how long it took")]
fn measure(name: &str, mut stage: impl FnMut()) {
    let mut took: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            stage();
            begun.elapsed()
        })
        .collect();
    took.sort();
    let seconds = took[RUNS / 2].as_secs_f64();
    println!(
        "{name:28} {:6.0} times real time {:6.2} % of a core",
        f64::from(SECONDS) / seconds,
        100.0 * seconds / f64::from(SECONDS)
    );
}

fn encoded(recipe: &Recipe, pcm: &[f32]) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(recipe).expect("the recipe is possible"), Vec::new());
    pcm.chunks(9600).for_each(|portion| encoder.encode(portion, &mut out).expect("sound can be encoded"));
    encoder.finish(&mut out).expect("an end can be encoded");
    out
}

fn decode(recipe: &Recipe, found: &[Found]) -> Vec<f32> {
    let (mut decoder, mut pcm) = (Decoder::new(recipe.coding.codec()), Vec::new());
    for it in found {
        match it {
            Found::Format { format, headers } => decoder.open(format, headers).expect("our own format is known"),
            Found::Frame(frame) => drop(decoder.decode(&frame.bytes, &mut pcm).expect("our own frames are whole")),
            Found::Tag { .. } | Found::Skipped { .. } => {}
        }
    }
    pcm
}

fn main() {
    let pcm = music();
    for (coding, bitrate_kbps) in
        [(Coding::Mp3, 128), (Coding::AacLc, 128), (Coding::HeAac, 64), (Coding::Opus, 96), (Coding::Flac, 0)]
    {
        let recipe = Recipe { coding, bitrate_kbps, layout: Layout::HOUSE };
        let mut bytes = Vec::new();
        measure(&format!("encode {coding} {bitrate_kbps} kbit/s"), || bytes = encoded(&recipe, &pcm));
        let mut framer = Framer::new(coding.codec());
        framer.push(&bytes);
        framer.finish();
        let found: Vec<Found> = framer.collect();
        measure(&format!("decode {coding}"), || drop(decode(&recipe, &found)));
    }
    measure("resample 48 to 44.1 kHz", || {
        let to = Layout { sample_rate_hz: 44_100, channels: 2 };
        let (mut resampler, mut out) = (Resampler::new(Layout::HOUSE, to).expect("both can be had"), Vec::new());
        pcm.chunks(9600).for_each(|portion| resampler.push(portion, &mut out));
    });
    measure("meter, read ten times a second", || {
        let mut meter = Meter::new(Layout::HOUSE).expect("the house's own layout can be measured");
        for portion in pcm.chunks(9600) {
            meter.push(portion);
            std::hint::black_box(meter.reading());
        }
    });
    measure("normalise and limit", || {
        let mut normaliser = Normaliser::new(Layout::HOUSE, TARGET_LUFS);
        let mut limiter = Limiter::new(Layout::HOUSE, CEILING_DBTP);
        for portion in pcm.chunks(9600) {
            let mut portion = portion.to_vec();
            normaliser.run(&mut portion);
            limiter.run(&mut portion);
        }
    });
}
