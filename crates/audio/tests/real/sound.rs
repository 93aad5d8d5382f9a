//! Sound out of frames and into frames, with ffmpeg as the judge on both sides.

use audio::decode::{self, Decoder};
use audio::encode::{Coding, Encoder, Recipe};
use audio::pcm::Layout;
use audio::resample::Resampler;
use audio::{Codec, Found, Framer};
use proptest::prelude::*;

use crate::encoder::*;

const STEREO_48: Layout = Layout { sample_rate_hz: 48_000, channels: 2 };
const CODINGS: [(Coding, u32); 5] =
    [(Coding::Mp3, 128), (Coding::AacLc, 128), (Coding::HeAac, 64), (Coding::Opus, 96), (Coding::Flac, 0)];

/// Decodes a whole stream with our own decoder; what cannot be decoded is counted.
pub fn hear(codec: Codec, bytes: &[u8]) -> (Vec<f32>, Option<Layout>, usize) {
    let (mut framer, mut decoder) = (Framer::new(codec), Decoder::new(codec));
    let (mut pcm, mut layout, mut broken) = (Vec::new(), None, 0);
    framer.push(bytes);
    framer.finish();
    for found in framer {
        match found {
            Found::Format { format, headers } => broken += usize::from(decoder.open(&format, &headers).is_err()),
            Found::Frame(frame) => match decoder.decode(&frame.bytes, &mut pcm) {
                Ok(heard) => layout = Some(heard),
                Err(_) => broken += 1,
            },
            Found::Skipped { .. } => decoder.jump(),
            Found::Tag { .. } => {}
        }
    }
    (pcm, layout, broken)
}

/// What ffmpeg makes of it, as it is.
fn ffmpeg(bytes: &[u8], format: &str, options: &str) -> Vec<f32> {
    samples(&run("ffmpeg", &format!("-v error {options} -f {format} -i - -f f32le -"), "", bytes))
}

fn samples(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

fn demuxer(codec: Codec) -> &'static str {
    match codec {
        Codec::Mp3 => "mp3",
        Codec::Aac => "aac",
        Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac => "ogg",
    }
}

/// How far `heard` is from `wanted`, as the ratio of their powers in dB: more is nearer.
fn likeness_db(wanted: &[f32], heard: &[f32]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f32>| values.map(|value| f64::from(value).powi(2)).sum::<f64>();
    let difference = power(&mut wanted.iter().zip(heard).map(|(wanted, heard)| wanted - heard));
    10.0 * (power(&mut wanted.iter().copied()) / difference.max(1e-12)).log10()
}

/// Six seconds of something like music, with a beginning that is known again anywhere.
fn music(layout: Layout) -> Vec<f32> {
    let options = format!("-ar {} -ac {} -f f32le", layout.sample_rate_hz, layout.channels);
    samples(&encode(&options))
}

fn encoded(recipe: &Recipe, pcm: &[f32]) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(recipe).expect("the recipe is possible"), Vec::new());
    for portion in pcm.chunks(1000 * usize::from(recipe.layout.channels)) {
        encoder.encode(portion, &mut out).expect("sound can be encoded");
    }
    encoder.finish(&mut out).expect("an end can be encoded");
    out
}

fn recipe(coding: Coding, bitrate_kbps: u32, layout: Layout) -> Recipe {
    Recipe { coding, bitrate_kbps, layout }
}

#[test]
fn every_stream_sounds_as_ffmpeg_hears_it() {
    for stream in STREAMS.iter() {
        let (heard, layout, broken) = hear(stream.codec, &stream.bytes);
        assert_eq!(broken, 0, "{}: frames could not be decoded", stream.name);
        let wanted = ffmpeg(&stream.bytes, demuxer(stream.codec), "");
        // ffmpeg takes off what a tag says that the encoder added, and fills the end differently.
        let channels = usize::from(layout.expect("something was heard").channels);
        let offset = (0..2400).map(|samples| samples * channels).max_by(|&a, &b| {
            let at = |from: usize| likeness_db(&wanted[9600..10_800], &heard[9600 + from..10_800 + from]);
            at(a).total_cmp(&at(b))
        });
        let heard = &heard[offset.expect("some offset is best")..];
        let numbers = wanted.len().min(heard.len()) * 9 / 10;
        let likeness = likeness_db(&wanted[..numbers], &heard[..numbers]);
        assert!(likeness > 60.0, "{}: {likeness} dB", stream.name);
    }
}

#[test]
fn an_ogg_stream_decodes_to_as_many_samples_as_its_pages_say() {
    for (name, numbers) in [("Opus", 2 * 6 * 48_000), ("FLAC", 2 * 6 * 44_100), ("FLAC, mono", 6 * 48_000)] {
        let stream = stream(name);
        let (heard, _, broken) = hear(stream.codec, &stream.bytes);
        assert_eq!((heard.len(), broken), (numbers, 0), "{name}");
    }
}

#[test]
fn he_aac_is_heard_at_its_full_rate_and_in_stereo() {
    let wanted = music(STEREO_48);
    let bytes = encoded(&recipe(Coding::HeAac, 48, STEREO_48), &wanted);
    let (heard, layout, broken) = hear(Codec::Aac, &bytes);
    assert_eq!((layout, broken), (Some(STEREO_48), 0));
    assert!(likeness_db(&ffmpeg(&bytes, "aac", ""), &heard) > 60.0);
}

/// A mono header that hides a second channel: parametric stereo.
#[test]
fn he_aac_version_two_is_heard_in_stereo() {
    let pcm = music(STEREO_48);
    let planes: Vec<Vec<f32>> = (0..2).map(|side| pcm.iter().skip(side).step_by(2).copied().collect()).collect();
    let options = syom::EncodeOptions::adts().with_he_v2(true).with_bitrate_bps(32_000);
    let bytes = syom::encode_with(&planes, 48_000, &options).expect("it can be encoded");
    let found = found(Codec::Aac, &bytes, 4096);
    let (format, _) = formats(&found)[0];
    assert_eq!((format.sample_rate_hz, format.channels), (24_000, 1), "the header tells neither");
    assert_eq!(hear(Codec::Aac, &bytes).1, Some(STEREO_48));
}

#[test]
fn what_is_encoded_is_cut_into_frames_and_decoded_by_ffmpeg_without_a_word() {
    let pcm = music(STEREO_48);
    for (coding, bitrate_kbps) in CODINGS {
        let recipe = recipe(coding, bitrate_kbps, STEREO_48);
        let bytes = encoded(&recipe, &pcm);
        let found = found(coding.codec(), &bytes, 4096);
        assert!(!found.iter().any(|it| matches!(it, Found::Skipped { .. } | Found::Tag { .. })), "{coding}: waste");
        assert_eq!(formats(&found).iter().map(|(format, _)| *format).collect::<Vec<_>>(), [recipe.format()]);
        assert!(only_frames(found).iter().all(|frame| frame.is_entry), "{coding}: a frame needs another");
        decode(&bytes, demuxer(coding.codec()));
        let kbps = bytes.len() as f64 * 8.0 / 6000.0;
        assert!(bitrate_kbps == 0 || (kbps / f64::from(bitrate_kbps) - 1.0).abs() < 0.1, "{coding}: {kbps} kbit/s");
    }
}

#[test]
fn ffprobe_calls_it_what_it_is() {
    for (coding, bitrate_kbps, described) in [
        (Coding::Mp3, 128, "mp3,unknown,44100,2"),
        (Coding::AacLc, 96, "aac,LC,44100,2"),
        (Coding::HeAac, 64, "aac,HE-AAC,44100,2"),
        (Coding::Flac, 0, "flac,unknown,44100,2"),
    ] {
        let layout = Layout { sample_rate_hz: 44_100, channels: 2 };
        let bytes = encoded(&recipe(coding, bitrate_kbps, layout), &music(layout));
        let arguments = format!(
            "-v error -f {} -i - -of csv=p=0 -show_entries stream=codec_name,profile,sample_rate,channels",
            demuxer(coding.codec())
        );
        assert_eq!(String::from_utf8_lossy(&run("ffprobe", &arguments, "", &bytes)).trim(), described);
    }
}

#[test]
fn what_is_heard_is_as_much_later_as_the_encoder_says() {
    let pcm = music(STEREO_48);
    for (coding, bitrate_kbps) in CODINGS {
        let recipe = recipe(coding, bitrate_kbps, STEREO_48);
        let priming = Encoder::new(&recipe).expect("the recipe is possible").priming_samples() as usize;
        let (heard, layout, broken) = hear(coding.codec(), &encoded(&recipe, &pcm));
        assert_eq!((layout, broken), (Some(STEREO_48), 0), "{coding}");
        let likeness = |delay: usize| likeness_db(&pcm[..200_000], &heard[delay * 2..delay * 2 + 200_000]);
        let said = likeness(priming);
        assert!(said > 8.0, "{coding}: {said} dB");
        for other in [priming.saturating_sub(3), priming + 3].into_iter().filter(|&other| other != priming) {
            assert!(likeness(other) < said, "{coding}: {other} samples of delay are nearer than {priming}");
        }
        assert!(heard.len() / 2 >= pcm.len() / 2 + priming, "{coding}: the end is missing");
    }
}

#[test]
fn flac_loses_nothing_and_opus_and_flac_end_where_the_sound_ends() {
    let pcm: Vec<f32> = music(STEREO_48).iter().map(|sample| (sample * 32_768.0).round() / 32_768.0).collect();
    let bytes = encoded(&recipe(Coding::Flac, 0, STEREO_48), &pcm);
    assert!(hear(Codec::OggFlac, &bytes).0 == pcm, "FLAC: other samples");
    assert!(ffmpeg(&bytes, "ogg", "") == pcm, "FLAC: other samples for ffmpeg");
    let bytes = encoded(&recipe(Coding::Opus, 96, STEREO_48), &pcm);
    assert_eq!((hear(Codec::OggOpus, &bytes).0.len(), ffmpeg(&bytes, "ogg", "").len()), (pcm.len(), pcm.len()));
}

#[test]
fn after_an_end_another_stream_begins_that_needs_nothing_of_the_first() {
    let pcm = music(STEREO_48);
    for (coding, bitrate_kbps) in CODINGS {
        let recipe = recipe(coding, bitrate_kbps, STEREO_48);
        let (mut encoder, mut streams) = (Encoder::new(&recipe).expect("the recipe is possible"), Vec::new());
        for _ in 0..2 {
            let mut out = Vec::new();
            encoder.encode(&pcm[..96_000], &mut out).expect("sound can be encoded");
            encoder.finish(&mut out).expect("an end can be encoded");
            streams.push(out);
        }
        let alone: Vec<_> = streams.iter().map(|bytes| hear(coding.codec(), bytes).0).collect();
        assert!(alone[0] == alone[1], "{coding}: the second stream sounds otherwise");
        decode(&streams.concat(), demuxer(coding.codec()));
    }
}

#[test]
fn resampled_sound_is_as_long_and_as_true() {
    let cd = Layout { sample_rate_hz: 44_100, channels: 2 };
    let pcm = music(cd);
    let change = |pcm: &[f32], from, to, portion: usize| {
        let (mut resampler, mut out) = (Resampler::new(from, to).expect("both can be had"), Vec::new());
        pcm.chunks(portion).for_each(|portion| resampler.push(portion, &mut out));
        resampler.finish(&mut out);
        out
    };
    let there = change(&pcm, cd, STEREO_48, 1234);
    assert_eq!(there.len(), pcm.len() * 160 / 147);
    let back = change(&there, STEREO_48, cd, 777 * 2);
    assert_eq!(back.len(), pcm.len());
    let likeness = likeness_db(&pcm[2000..], &back[2000..]);
    assert!(likeness > 20.0, "{likeness} dB");
    for to in [Layout { channels: 1, ..cd }, Layout { sample_rate_hz: 16_000, channels: 1 }] {
        let expected = pcm.len() as u64 * u64::from(to.sample_rate_hz) / 44_100 / 2;
        assert_eq!(change(&pcm, cd, to, 4096).len() as u64, expected, "{to}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever comes, a decoder goes on, and what it gives can be put on the air.
    #[test]
    fn damaged_frames_never_break_the_decoder(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let stream = &STREAMS[which.index(STREAMS.len())];
        let found = found(stream.codec, &stream.bytes, 4096);
        let mut decoder = Decoder::new(stream.codec);
        let mut flips = flips.iter().cycle();
        for (turn, it) in found.into_iter().take(60).enumerate() {
            let mut pcm = Vec::new();
            match it {
                Found::Format { format, headers } => prop_assert!(decoder.open(&format, &headers).is_ok()),
                Found::Frame(frame) => {
                    let mut bytes = frame.bytes.to_vec();
                    if turn % 3 == 0 {
                        for (at, bits) in flips.by_ref().take(4) {
                            let at = at.index(bytes.len());
                            bytes[at] ^= bits;
                        }
                    }
                    if turn % 7 == 0 {
                        bytes.truncate(cut.index(bytes.len()));
                    }
                    let _ = decoder.decode(&bytes, &mut pcm);
                }
                _ => {}
            }
            prop_assert!(pcm.iter().all(|sample| (-1.0..=1.0).contains(sample)));
        }
    }

    #[test]
    fn garbage_for_a_frame_or_for_header_pages_is_an_error_or_sound(
        garbage in prop::collection::vec(any::<u8>(), 0..3000),
        which in any::<prop::sample::Index>(),
    ) {
        let stream = &STREAMS[which.index(STREAMS.len())];
        let found = found(stream.codec, &stream.bytes, 4096);
        let (format, headers) = formats(&found)[0];
        let mut decoder = Decoder::new(stream.codec);
        let mut pcm = Vec::new();
        prop_assert_eq!(decoder.decode(&garbage, &mut pcm), Err(decode::Error::NotOpen(stream.codec)));
        let _ = decoder.open(&format, &garbage);
        decoder.open(&format, headers).unwrap();
        let _ = decoder.decode(&garbage, &mut pcm);
        prop_assert!(pcm.iter().all(|sample| (-1.0..=1.0).contains(sample)));
    }
}

/// Gives a page the checksum that it should have.
fn mend(page: &mut [u8]) {
    const CRC: std::ops::Range<usize> = 22..26;
    page[CRC].fill(0);
    let crc = page.iter().fold(0_u32, |crc, &byte| {
        (0..8)
            .fold(crc ^ u32::from(byte) << 24, |crc, _| if crc >> 31 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 })
    });
    page[CRC].copy_from_slice(&crc.to_le_bytes());
}

/// Ogg pages with damaged packets and right checksums: what a framer would let through.
#[test]
fn damaged_packets_on_whole_pages_never_break_the_decoder() {
    let mut chance = 7_u64;
    let mut below = |limit: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) as usize % limit
    };
    for name in ["Opus", "Vorbis", "FLAC"] {
        let stream = stream(name);
        let found = found(stream.codec, &stream.bytes, 4096);
        let (format, headers) = formats(&found)[0];
        let pages = only_frames(found.clone());
        for round in 0..60 {
            let mut decoder = Decoder::new(stream.codec);
            decoder.open(&format, headers).expect("the header pages are whole");
            for page in pages.iter().take(8) {
                let mut bytes = page.bytes.to_vec();
                for _ in 0..1 + round % 20 {
                    let body_at = 27 + usize::from(bytes[26]);
                    let at = body_at + below(bytes.len() - body_at);
                    bytes[at] ^= 1 << below(8);
                }
                mend(&mut bytes);
                let mut pcm = Vec::new();
                let _ = decoder.decode(&bytes, &mut pcm);
                assert!(pcm.iter().all(|sample| (-1.0..=1.0).contains(sample)), "{name}");
            }
        }
    }
}
