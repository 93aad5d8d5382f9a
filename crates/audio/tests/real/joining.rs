//! Switching between two streams in the middle of both, as a mount does when a source dies.

use audio::mpeg::Joiner;
use audio::{Codec, Frame, adts, mpeg};

use crate::encoder::*;

/// Chance that is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// What a hearer gets who is switched from one MP3 stream to another.
struct Switch {
    /// The frames of the second stream, as sent.
    sent: Vec<Frame>,
    /// The samples of those frames, as decoded.
    heard: Vec<Vec<i16>>,
    /// The samples of the same frames, decoded in their own stream.
    whole: Vec<Vec<i16>>,
    /// What the decoder complained of.
    complaints: String,
}

const FRAMES_AFTER: usize = 25;

/// Fifty switches from a random place in `from` to a random place in `to`.
fn fifty_switches(from: &str, to: &str, mut pass: impl FnMut(Frame, bool) -> Frame) -> Vec<Switch> {
    let (from, to) = (frames(stream(from)), frames(stream(to)));
    let whole = samples(&decode(&concat(&to), "mp3"));
    let mut chance = Chance(7);
    let mut switch = || {
        let leave = 5 + chance.below(from.len() - 30);
        let enter = chance.below(to.len() - FRAMES_AFTER - 5);
        let before: Vec<Frame> = from[..leave].iter().map(|frame| pass(frame.clone(), false)).collect();
        let joined = to[enter..enter + FRAMES_AFTER].iter().enumerate();
        let sent: Vec<Frame> = joined.map(|(index, frame)| pass(frame.clone(), index == 0)).collect();
        let (pcm, complaints) = listen(&[concat(&before), concat(&sent)].concat(), "mp3");
        Switch { sent, heard: samples(&pcm)[leave..].to_vec(), whole: whole[enter..].to_vec(), complaints }
    };
    (0..50).map(|_| switch()).collect()
}

/// Stereo samples, frame by frame.
fn samples(pcm: &[u8]) -> Vec<Vec<i16>> {
    let samples: Vec<i16> = pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    samples.chunks(1152 * 2).map(<[i16]>::to_vec).collect()
}

fn with_joiner() -> impl FnMut(Frame, bool) -> Frame {
    let mut joiner = Joiner::new();
    move |frame, is_join| {
        if is_join {
            joiner.join();
        }
        joiner.pass(frame)
    }
}

impl Switch {
    /// How many frames at the join are muted.
    fn muted(&self) -> usize {
        let is_muted = |frame: &&Frame| {
            let side_info_at = if frame.bytes[1] & 1 == 0 { 6 } else { 4 };
            // The first two bytes may still say how far it looks back.
            frame.bytes[side_info_at + 2..side_info_at + 32].iter().all(|&byte| byte == 0)
        };
        self.sent.iter().take_while(is_muted).count()
    }

    /// The end of a frame, where nothing of the stream before rings on.
    fn end_of_frame(&self, index: usize) -> &[i16] {
        let frame = &self.heard[index];
        &frame[frame.len() - 2 * 90..]
    }
}

#[test]
fn a_switch_between_two_mp3_streams_never_gives_a_broken_frame() {
    let checksums = "CBR with checksums";
    for (from, to) in [("CBR", "CBR with tags"), ("VBR", "CBR"), ("CBR", "VBR"), (checksums, checksums)] {
        for switch in fifty_switches(from, to, with_joiner()) {
            assert_eq!(switch.complaints, "", "{from} to {to}");
            let muted = switch.muted();
            for index in 0..muted {
                assert!(switch.end_of_frame(index).iter().all(|&sample| sample == 0), "{from} to {to}: noise");
            }
            // A frame rings on in the next; after that every sample is the encoder's own.
            let clean = muted + 2;
            assert!(switch.heard[clean..] == switch.whole[clean..FRAMES_AFTER], "{from} to {to}: other samples");
        }
    }
}

#[test]
fn without_the_joiner_a_switch_makes_noise() {
    let passed = fifty_switches("CBR", "VBR", |frame, _| frame);
    let joined = fifty_switches("CBR", "VBR", with_joiner());
    let noisy = passed.iter().zip(&joined).filter(|(passed, joined)| {
        let index = 0;
        joined.muted() > 0 && passed.end_of_frame(index).iter().any(|&sample| sample != 0)
    });
    assert!(noisy.count() > 20, "these streams are no test for the joiner");
}

#[test]
fn a_join_silences_three_frames_at_most() {
    for name in ["CBR", "VBR"] {
        let to = frames(stream(name));
        for enter in 0..to.len() - 10 {
            let mut joiner = Joiner::new();
            let silenced = to[enter..].iter().take(10).filter(|frame| joiner.pass((*frame).clone()) != **frame).count();
            assert!(silenced <= 3, "{name}: {silenced} frames fell silent at {enter}");
        }
    }
}

#[test]
fn a_switch_between_two_aac_streams_never_gives_a_broken_frame() {
    let frames = frames(stream("AAC"));
    let heard = [&frames[..80], &frames[17..90], &frames[3..]].concat();
    decode(&concat(&heard), "aac");
}

#[test]
fn a_switch_between_two_ogg_streams_is_a_chain_of_clean_streams() {
    for (name, options) in [
        ("Opus", "-c:a libopus -ar 48000 -b:a 64k -page_duration 200000 -f ogg"),
        ("Vorbis", "-c:a libvorbis -q:a 2 -page_duration 200000 -f ogg"),
        ("FLAC", "-c:a flac -page_duration 200000 -f ogg"),
    ] {
        let other = Stream { name: "the other", codec: stream(name).codec, bytes: encode(options) };
        let from = [headers(stream(name)), concat(&frames(stream(name))[..10])].concat();
        let to = [headers(&other), concat(&frames(&other)[12..])].concat();
        let (alone, chained) = (decode(&from, "ogg").len(), decode(&[from, to].concat(), "ogg").len());
        assert!(chained > alone + 2 * 44_100 * 4, "{name}: the second stream is not heard");
    }
}

fn headers(stream: &Stream) -> Vec<u8> {
    let found = found(stream.codec, &stream.bytes, 4096);
    formats(&found)[0].1.to_vec()
}

#[test]
fn silence_is_silent_and_sound_goes_on_after_it() {
    let mp3 = mpeg::silent_frame(44_100, 2, 128).unwrap();
    let aac = adts::silent_frame(44_100, 2).unwrap();
    let mono = adts::silent_frame(48_000, 1).unwrap();
    for (silence, format) in [(&mp3, "mp3"), (&aac, "aac"), (&mono, "aac")] {
        let pcm = decode(&concat(&vec![silence.clone(); 50]), format);
        assert!(pcm.len() > 40 * 1024 * 2 && pcm.iter().all(|&byte| byte == 0), "{format}");
    }
    for (silence, name, format) in [(mp3, "CBR", "mp3"), (aac, "AAC", "aac")] {
        let frames = frames(stream(name));
        let heard = [&frames[..40], &vec![silence; 40], &frames[..40]].concat();
        let mut joiner = Joiner::new();
        let heard: Vec<Frame> = heard.into_iter().map(|frame| joiner.pass(frame)).collect();
        decode(&concat(&heard), format);
    }
}

#[test]
fn a_frame_of_silence_is_found_by_its_own_framer() {
    for rate in [24_000, 44_100, 48_000] {
        let silence = adts::silent_frame(rate, 2).unwrap();
        let found = found(Codec::Aac, &concat(&vec![silence; 3]), 10);
        assert_eq!(formats(&found)[0].0.sample_rate_hz, rate);
        assert_eq!(only_frames(found).len(), 3);
    }
}
