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

/// A stretch of an MP3 stream that a hearer gets after a stretch of another.
struct Stretch {
    /// Its frames, as sent.
    sent: Vec<Frame>,
    /// Its samples, frame by frame, as decoded.
    heard: Vec<Vec<i16>>,
    /// The samples of the same frames, decoded in their own stream.
    whole: Vec<Vec<i16>>,
}

const STRETCH_FRAMES: usize = 25;

/// Fifty switches to and fro between random places of two streams, all of them in one stream for one hearer. `pass` is
/// given each frame and whether it is the first after a switch.
fn fifty_switches(names: [&str; 2], pass: impl FnMut(Frame, bool) -> Frame) -> Vec<Stretch> {
    let streams = names.map(|name| frames(stream(name)));
    let values = values_per_frame(&streams[0][0]);
    let whole = streams.each_ref().map(|frames| samples(&decode(&concat(frames), "mp3"), values));
    let places = places(streams.each_ref().map(Vec::len));
    let sent = send(&streams, &places, pass);
    let heard = samples(&decode(&sent.iter().map(|frames| concat(frames)).collect::<Vec<_>>().concat(), "mp3"), values);
    (sent.into_iter().zip(heard.chunks(STRETCH_FRAMES)).zip(places))
        .map(|((sent, heard), (which, from))| Stretch {
            sent,
            heard: heard.to_vec(),
            whole: whole[which][from..from + STRETCH_FRAMES].to_vec(),
        })
        .collect()
}

/// Which stream is heard next, and from where.
fn places(lengths: [usize; 2]) -> Vec<(usize, usize)> {
    let mut chance = Chance(7);
    (0..51).map(|turn| (turn % 2, chance.below(lengths[turn % 2] - STRETCH_FRAMES - 5))).collect()
}

fn send(
    streams: &[Vec<Frame>; 2],
    places: &[(usize, usize)],
    mut pass: impl FnMut(Frame, bool) -> Frame,
) -> Vec<Vec<Frame>> {
    let mut stretch = |&(which, from): &(usize, usize)| -> Vec<Frame> {
        let frames = streams[which][from..from + STRETCH_FRAMES].iter().enumerate();
        frames.map(|(index, frame)| pass(frame.clone(), index == 0)).collect()
    };
    places.iter().map(&mut stretch).collect()
}

/// How many numbers a decoded frame is, all channels together.
fn values_per_frame(frame: &Frame) -> usize {
    frame.samples as usize * usize::from(header(frame).channels)
}

fn header(frame: &Frame) -> mpeg::Header {
    mpeg::Header::parse(&frame.bytes).expect("a framer gives whole frames")
}

/// Samples, frame by frame.
fn samples(pcm: &[u8], values_per_frame: usize) -> Vec<Vec<i16>> {
    let samples: Vec<i16> = pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    samples.chunks(values_per_frame).map(<[i16]>::to_vec).collect()
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

impl Stretch {
    /// How many frames at the join are muted.
    fn muted(&self) -> usize {
        self.sent.iter().take_while(|frame| is_muted(frame)).count()
    }

    /// The end of a frame, where nothing of the stream before rings on. A frame of MPEG-2 is one granule, all of which
    /// may ring.
    fn end_of_frame(&self, index: usize) -> &[i16] {
        let channels = usize::from(header(&self.sent[index]).channels);
        let rests = if self.sent[index].samples == 1152 { 90 * channels } else { 0 };
        let frame = &self.heard[index];
        &frame[frame.len() - rests..]
    }
}

/// Whether a frame's side information is all zeros but for its first two bytes, which may say how far it looks back.
fn is_muted(frame: &Frame) -> bool {
    let header = header(frame);
    let side_info_at = if header.has_crc { 6 } else { 4 };
    let side_info_bytes = match (header.version, header.channels) {
        (mpeg::Version::Mpeg1, 2) => 32,
        (mpeg::Version::Mpeg1, _) | (_, 2) => 17,
        _ => 9,
    };
    frame.bytes[side_info_at + 2..side_info_at + side_info_bytes].iter().all(|&byte| byte == 0)
}

#[test]
fn a_switch_between_two_mp3_streams_never_gives_a_broken_frame() {
    let checksums = "CBR with checksums";
    for names in [
        ["CBR", "CBR with tags"],
        ["VBR", "CBR"],
        [checksums, "VBR"],
        [checksums, checksums],
        ["mono", "mono"],
        ["MPEG-2", "MPEG-2"],
        ["MPEG-2.5", "MPEG-2.5"],
    ] {
        for stretch in fifty_switches(names, with_joiner()) {
            let muted = stretch.muted();
            for index in 0..muted {
                assert!(stretch.end_of_frame(index).iter().all(|&sample| sample == 0), "{names:?}: noise");
            }
            // A frame rings on in the next; after that every sample is the encoder's own.
            let clean = muted + 2;
            assert!(stretch.heard[clean..] == stretch.whole[clean..], "{names:?}: other samples");
        }
    }
}

#[test]
fn another_decoder_has_nothing_to_complain_of_either() {
    for name in ["CBR", "VBR", "MPEG-2"] {
        let sent = fifty_switches([name, name], with_joiner()).into_iter().flat_map(|stretch| stretch.sent);
        assert_eq!(complaints_of_mpg123(&concat(&sent.collect::<Vec<_>>())), "", "{name}");
    }
}

#[test]
fn without_the_joiner_a_switch_makes_noise() {
    let passed = fifty_switches(["CBR", "VBR"], |frame, _| frame);
    let joined = fifty_switches(["CBR", "VBR"], with_joiner());
    let is_noisy = |(passed, joined): &(&Stretch, &Stretch)| {
        joined.muted() > 0 && passed.end_of_frame(0).iter().any(|&sample| sample != 0)
    };
    assert!(passed.iter().zip(&joined).filter(is_noisy).count() > 20, "these streams are no test for the joiner");
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
