//! AAC packed as fragmented MP4, read back by ffmpeg.

use audio::fmp4::{self, Place};
use audio::{Frame, adts};
use bytes::Bytes;

use crate::encoder::*;

fn pack(frames: &[Frame], frames_per_segment: usize, first: u64) -> Vec<u8> {
    let units: Vec<(adts::Config, Bytes)> =
        frames.iter().map(|frame| adts::payload(&frame.bytes).expect("ffmpeg writes one block per frame")).collect();
    let mut file = fmp4::init_segment(&units[0].0).to_vec();
    for (index, units) in units.chunks(frames_per_segment).enumerate() {
        let base_media_decode_time = first + (index * frames_per_segment) as u64 * u64::from(adts::BLOCK_SAMPLES);
        let units: Vec<Bytes> = units.iter().map(|(_, unit)| unit.clone()).collect();
        file.extend(fmp4::media_segment(Place { sequence: index as u32, base_media_decode_time }, &units));
    }
    file
}

fn probe(file: &[u8], entries: &str) -> String {
    let arguments = format!("-v error -f mp4 -i - -of csv=p=0 -show_entries {entries}");
    String::from_utf8(run("ffprobe", &arguments, "", file)).expect("ffprobe writes text")
}

#[test]
fn what_is_packed_sounds_like_what_came_in() {
    for name in ["AAC", "AAC, mono", "AAC, low rate"] {
        let stream = stream(name);
        let packed = decode(&pack(&frames(stream), 40, 0), "mp4");
        assert!(packed == decode(&stream.bytes, "aac"), "{name}: other samples");
    }
}

#[test]
fn every_packet_stands_where_the_one_before_ended() {
    let frames = frames(stream("AAC"));
    let first = u64::from(u32::MAX) + 1024;
    let packets = probe(&pack(&frames, 40, first), "packet=pts,size");
    let expected: Vec<String> = (frames.iter().enumerate())
        .map(|(index, frame)| format!("{},{}", first + index as u64 * 1024, frame.bytes.len() - 7))
        .collect();
    let packets: Vec<&str> = packets.lines().map(|line| line.trim_end_matches(',')).collect();
    assert_eq!(packets, expected);
}

#[test]
fn the_track_is_described_as_it_is() {
    for (name, description) in
        [("AAC", "aac,LC,44100,2"), ("AAC, mono", "aac,LC,48000,1"), ("AAC, low rate", "aac,LC,24000,2")]
    {
        let described = probe(&pack(&frames(stream(name)), 40, 0), "stream=codec_name,profile,sample_rate,channels");
        assert_eq!(described.trim(), description, "{name}");
    }
}
