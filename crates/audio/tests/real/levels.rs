//! Loudness and peaks, with ffmpeg's meter beside ours.

use audio::encode::{Coding, Encoder, Recipe};
use audio::limit::{CEILING_DBTP, Limiter, Normaliser, TARGET_LUFS, headroom_db};
use audio::loudness::Meter;
use audio::pcm::Layout;

use crate::encoder::*;
use crate::sound::hear;

/// Half a minute of something like a station: talk-like bursts, music, and claps that stand far out.
fn programme(gain: f32) -> Vec<f32> {
    let mut seed = 1_u32;
    let mut last = 0.0;
    // As in a room, there is less of it the higher it is.
    let mut noise = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        last += 0.6 * ((seed >> 8) as f32 / (1 << 24) as f32 - 0.5 - last);
        last
    };
    (0..30 * 48_000_u32)
        .flat_map(|instant| {
            let at = instant as f32 / 48_000.0;
            let sine = |hz: f32| (std::f32::consts::TAU * hz * at).sin();
            let syllables = (0.5 + 0.5 * sine(3.3)) * (0.4 * noise() + 0.3 * sine(180.0) + 0.2 * sine(720.0));
            let clap = if instant % 96_000 < 400 { 4.0 * noise() } else { 0.0 };
            let left = syllables + 0.2 * sine(440.0) + clap;
            let right = 0.8 * syllables + 0.2 * sine(554.0) + clap;
            [gain * left, gain * right]
        })
        .collect()
}

fn levelled(mut pcm: Vec<f32>, ceiling_dbtp: f64) -> Vec<f32> {
    Normaliser::new(Layout::HOUSE, TARGET_LUFS).run(&mut pcm);
    Limiter::new(Layout::HOUSE, ceiling_dbtp).run(&mut pcm);
    pcm
}

#[test]
fn our_meter_and_ffmpegs_agree() {
    for gain in [0.05, 0.3, 1.0] {
        let pcm = programme(gain);
        let mut meter = Meter::new(Layout::HOUSE).expect("the house's layout can be measured");
        meter.push(&pcm);
        let (ours, theirs) = (meter.reading(), loudness(&pcm));
        assert!((ours.integrated_lufs - theirs.0).abs() <= 0.1, "{} and {} LUFS", ours.integrated_lufs, theirs.0);
        assert!((ours.true_peak_dbtp - theirs.1).abs() <= 0.6, "{} and {} dBTP", ours.true_peak_dbtp, theirs.1);
    }
}

/// Whether it comes in 6 dB too quiet, as public radio's programmes do, or far too loud.
#[test]
fn what_is_levelled_is_as_loud_as_it_should_be_and_never_peaks_higher() {
    for gain in [0.12, 0.3, 1.5] {
        let pcm = levelled(programme(gain), CEILING_DBTP);
        let (_, peak_dbtp) = loudness(&pcm);
        assert!(peak_dbtp <= CEILING_DBTP, "{peak_dbtp} dBTP");
        let (lufs, _) = loudness(&pcm[2 * 48_000 * 10..]);
        assert!((lufs - TARGET_LUFS).abs() <= 0.5, "{lufs} LUFS");
    }
}

/// An encoder changes the wave, and with it the peaks: that is what the headroom is for.
#[test]
fn with_its_headroom_a_stream_stays_below_the_ceiling_after_encoding() {
    for (coding, bitrate_kbps) in [
        (Coding::Mp3, 128),
        (Coding::Mp3, 64),
        (Coding::AacLc, 128),
        (Coding::AacLc, 64),
        (Coding::HeAac, 64),
        (Coding::HeAac, 32),
        (Coding::Opus, 96),
        (Coding::Opus, 64),
        (Coding::Opus, 24),
    ] {
        let pcm = levelled(programme(1.5), CEILING_DBTP - headroom_db(coding, bitrate_kbps / 2));
        let recipe = Recipe { coding, bitrate_kbps, layout: Layout::HOUSE };
        let (mut encoder, mut bytes) = (Encoder::new(&recipe).expect("the recipe is possible"), Vec::new());
        encoder.encode(&pcm, &mut bytes).expect("sound can be encoded");
        let (heard, _, _) = hear(coding.codec(), &bytes);
        let (lufs, peak_dbtp) = loudness(&heard);
        println!("{coding} at {bitrate_kbps} kbit/s: {peak_dbtp} dBTP, {lufs} LUFS");
        assert!(peak_dbtp <= CEILING_DBTP, "{coding} at {bitrate_kbps} kbit/s: {peak_dbtp} dBTP");
        assert!((lufs - TARGET_LUFS).abs() <= 1.0, "{coding}: {lufs} LUFS, from its loud beginning on");
    }
}
