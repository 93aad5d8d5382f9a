//! AAC, Opus and FLAC packed as fragmented MP4, read back by ffmpeg.

use audio::fmp4::{self, Loudness, Place};
use audio::track::{Track, Unit, Unpacker};
use audio::{Found, Frame, adts};

use crate::encoder::*;

/// What a stream is made of: its track, and its units.
fn unpack(stream: &Stream) -> (Track, Vec<Unit>) {
    let (mut unpacker, mut track, mut units) = (None, None, Vec::new());
    for found in found(stream.codec, &stream.bytes, 4_096) {
        match found {
            Found::Format { format, headers } => unpacker = Some(Unpacker::new(format, &headers).unwrap()),
            Found::Frame(frame) => track = Some(unpacker.as_mut().unwrap().unpack(&frame, &mut units).unwrap()),
            _ => {}
        }
    }
    (track.expect("there are frames"), units)
}

fn pack(stream: &Stream, units_per_fragment: usize, first: u64, loudness: Option<Loudness>) -> Vec<u8> {
    let (track, units) = unpack(stream);
    let mut file = fmp4::init_segment(&track, loudness).to_vec();
    let mut time = first;
    for (index, units) in units.chunks(units_per_fragment).enumerate() {
        if index % 3 == 0 {
            file.extend(fmp4::segment_head());
        }
        file.extend(fmp4::fragment(Place { sequence: index as u32, base_media_decode_time: time }, units));
        time += units.iter().map(|unit| u64::from(unit.samples)).sum::<u64>();
    }
    file
}

fn probe(file: &[u8], entries: &str) -> String {
    let arguments = format!("-v error -f mp4 -i - -of csv=p=0 -show_entries {entries}");
    String::from_utf8(run("ffprobe", &arguments, "", file)).expect("ffprobe writes text")
}

#[test]
fn what_is_packed_sounds_like_what_came_in() {
    for (name, format) in [("AAC", "aac"), ("AAC, mono", "aac"), ("FLAC", "ogg")] {
        let stream = stream(name);
        let packed = decode(&pack(stream, 40, 0, None), "mp4");
        assert!(packed == decode(&stream.bytes, format), "{name}: other samples");
    }
}

#[test]
fn every_packet_stands_where_the_one_before_ended() {
    let frames: Vec<Frame> = frames(stream("AAC"));
    let first = u64::from(u32::MAX) + 1024;
    let packets = probe(&pack(stream("AAC"), 40, first, None), "packet=pts,size");
    let expected: Vec<String> = (frames.iter().enumerate())
        .map(|(index, frame)| format!("{},{}", first + index as u64 * 1024, frame.bytes.len() - 7))
        .collect();
    let packets: Vec<&str> = packets.lines().map(|line| line.trim_end_matches(',')).collect();
    assert_eq!(packets, expected);
}

#[test]
fn the_track_is_described_as_it_is() {
    for (name, description) in [
        ("AAC", "aac,LC,44100,2"),
        ("AAC, mono", "aac,LC,48000,1"),
        // So low a rate is said to be HE-AAC, whose decoder doubles it.
        ("AAC, low rate", "aac,LC,48000,2"),
        ("Opus", "opus,unknown,48000,2"),
        ("FLAC", "flac,unknown,44100,2"),
    ] {
        let described = probe(&pack(stream(name), 40, 0, None), "stream=codec_name,profile,sample_rate,channels");
        assert_eq!(described.trim(), description, "{name}");
    }
}

#[test]
fn a_header_that_tells_of_loudness_is_read_as_before() {
    let stream = stream("AAC");
    let loud = pack(stream, 40, 0, Loudness::measured(-18.0, -1.0));
    assert!(decode(&loud, "mp4") == decode(&stream.bytes, "aac"));
    assert!(loud.windows(4).any(|bytes| bytes == b"ludt"));
}

#[test]
fn every_sample_of_opus_is_there() {
    let stream = stream("Opus");
    let (_, units) = unpack(stream);
    let samples: u64 = units.iter().map(|unit| u64::from(unit.samples)).sum();
    let packed = decode(&pack(stream, 50, 0, None), "mp4");
    assert_eq!(packed.len() as u64, samples * 2 * 2, "two channels of two bytes");
}

#[test]
fn a_block_of_aac_is_as_long_as_it_says() {
    let (_, units) = unpack(stream("AAC"));
    assert!(units.iter().all(|unit| unit.samples == adts::BLOCK_SAMPLES));
}
