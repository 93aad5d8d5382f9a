//! Cutting real streams into frames, whole and damaged.

use audio::{Codec, Found, Framer, Sniff, sniff};
use proptest::prelude::*;

use crate::encoder::*;

/// The most that a framer keeps when it has given all it can: a set of header pages and a page.
const PENDING_BYTES_MAX: usize = audio::ogg::HEADERS_BYTES_MAX + audio::ogg::PAGE_BYTES_MAX;

#[test]
fn every_byte_of_a_stream_comes_out_again_in_its_place() {
    for stream in STREAMS.iter() {
        let mut rest = &stream.bytes[..];
        for it in found(stream.codec, &stream.bytes, 1000) {
            let taken = match &it {
                Found::Format { headers, .. } => headers,
                Found::Frame(frame) => &frame.bytes,
                Found::Tag { bytes } => {
                    rest = &rest[*bytes as usize..];
                    continue;
                }
                Found::Skipped { bytes } => panic!("{}: {bytes} good bytes were skipped", stream.name),
            };
            assert!(rest.starts_with(taken), "{}: the bytes are changed", stream.name);
            rest = &rest[taken.len()..];
        }
        assert!(rest.is_empty(), "{}: {} bytes are missing", stream.name, rest.len());
    }
}

#[test]
fn a_stream_has_one_format_and_lasts_as_long_as_its_frames() {
    for stream in STREAMS.iter() {
        let found = found(stream.codec, &stream.bytes, 4096);
        let [(format, headers)] = formats(&found)[..] else { panic!("{}: more than one format", stream.name) };
        assert_eq!(format.codec, stream.codec);
        assert_eq!(headers.is_empty(), !headers.starts_with(b"OggS"), "{}: only Ogg has header pages", stream.name);
        let samples: u64 = only_frames(found).iter().map(|frame| u64::from(frame.samples)).sum();
        let seconds = samples as f64 / f64::from(format.sample_rate_hz);
        assert!((6.0..6.2).contains(&seconds), "{} lasts {seconds} s", stream.name);
    }
}

#[test]
fn an_ogg_stream_lasts_to_the_sample() {
    for (name, samples) in
        [("Opus", 6 * 48_000), ("Vorbis", 6 * 44_100), ("FLAC", 6 * 44_100), ("FLAC, mono", 6 * 48_000)]
    {
        let total: u32 = frames(stream(name)).iter().map(|frame| frame.samples).sum();
        assert_eq!(total, samples, "{name}");
    }
}

#[test]
fn tags_and_info_frames_are_not_sound() {
    let tags = |name| {
        let found = found(Codec::Mp3, &stream(name).bytes, 4096);
        let tags = found.iter().map(|it| if let Found::Tag { bytes } = it { *bytes } else { 0 }).sum::<u64>();
        (tags, concat(&only_frames(found)))
    };
    assert_eq!(tags("CBR").0, 0);
    let (tag_bytes, sound) = tags("CBR with tags");
    assert!(tag_bytes > 128 + 417, "an ID3v2 tag, a Xing or Info frame and an ID3v1 tag were there: {tag_bytes}");
    for mark in [&b"ID3"[..], b"Info", b"Xing", b"TAG"] {
        assert!(!sound.windows(mark.len()).any(|bytes| bytes == mark), "a tag came through");
    }
}

#[test]
fn a_stream_is_known_by_its_bytes_from_wherever_one_looks() {
    for stream in STREAMS.iter() {
        assert_eq!(
            sniff(&stream.bytes[..stream.bytes.len().min(16 << 10)]),
            Sniff::Codec(stream.codec),
            "{}",
            stream.name
        );
        if matches!(stream.codec, Codec::Mp3 | Codec::Aac) {
            assert_eq!(sniff(&stream.bytes[3001..]), Sniff::Codec(stream.codec), "{} from its middle", stream.name);
        }
    }
}

#[test]
fn entries_are_where_nothing_before_is_needed() {
    let mp3 = frames(stream("CBR"));
    assert!(mp3[0].is_entry, "the first frame borrows nothing");
    assert!(mp3.iter().any(|frame| !frame.is_entry), "LAME uses its reservoir in this stream");
    assert!(frames(stream("AAC")).iter().all(|frame| frame.is_entry));
}

#[test]
fn files_one_after_the_other_are_one_stream() {
    let file = &stream("CBR with tags").bytes;
    let twice = [&file[..], file].concat();
    let found = found(Codec::Mp3, &twice, 4096);
    assert_eq!(formats(&found).len(), 1);
    assert_eq!(only_frames(found).len(), 2 * frames(stream("CBR with tags")).len());
}

#[test]
fn another_format_in_the_middle_is_told() {
    let both = [&stream("CBR").bytes[..], &stream("mono").bytes].concat();
    let found = found(Codec::Mp3, &both, 4096);
    let channels: Vec<u8> = formats(&found).iter().map(|(format, _)| format.channels).collect();
    assert_eq!(channels, [2, 1]);
}

/// What a bad line, a bad disk or a bad neighbour does to a stream.
#[derive(Clone, Debug)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Drop(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize),
}

impl Damage {
    fn any() -> impl Strategy<Value = Damage> {
        let place = any::<prop::sample::Index>;
        prop_oneof![
            (place(), 1_u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
            (place(), 1_usize..5000).prop_map(|(at, bytes)| Damage::Drop(at, bytes)),
            (place(), prop::collection::vec(any::<u8>(), 1..2000)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
            (place(), 1_usize..5000).prop_map(|(at, bytes)| Damage::Repeat(at, bytes)),
        ]
    }

    fn apply(&self, stream: &mut Vec<u8>) {
        let span = |at: &prop::sample::Index, bytes| {
            let at = at.index(stream.len());
            at..stream.len().min(at + bytes)
        };
        match self {
            Damage::Flip(at, bits) => {
                let at = at.index(stream.len());
                stream[at] ^= bits;
            }
            Damage::Drop(at, bytes) => drop(stream.drain(span(at, *bytes))),
            Damage::Insert(at, bytes) => drop(stream.splice(span(at, 0), bytes.iter().copied())),
            Damage::Repeat(at, bytes) => {
                let span = span(at, *bytes);
                let again = stream[span.clone()].to_vec();
                stream.splice(span.end..span.end, again);
            }
        }
    }
}

/// Pushes `bytes` in parts of `step` bytes; checks that memory stays bounded and that every byte is accounted for.
fn account(codec: Codec, bytes: &[u8], step: usize) -> Vec<Found> {
    let mut framer = Framer::new(codec);
    let (mut found, mut accounted) = (Vec::new(), 0);
    let mut pushed = 0;
    for part in bytes.chunks(step) {
        framer.push(part);
        pushed += part.len() as u64;
        for it in framer.by_ref() {
            accounted += bytes_of(&it);
            found.push(it);
        }
        assert!(framer.pending_bytes() <= PENDING_BYTES_MAX);
        assert_eq!(accounted + framer.pending_bytes() as u64, pushed);
    }
    framer.finish();
    for it in framer.by_ref() {
        accounted += bytes_of(&it);
        found.push(it);
    }
    assert_eq!(accounted, bytes.len() as u64);
    found
}

fn bytes_of(found: &Found) -> u64 {
    match found {
        Found::Format { headers, .. } => headers.len() as u64,
        Found::Frame(frame) => frame.bytes.len() as u64,
        Found::Tag { bytes } | Found::Skipped { bytes } => *bytes,
    }
}

/// What was found, with runs of skipped bytes taken together: how they are split depends on how the stream was.
fn without_seams(found: Vec<Found>) -> Vec<Found> {
    let mut joined: Vec<Found> = Vec::new();
    for it in found {
        match (joined.last_mut(), &it) {
            (Some(Found::Skipped { bytes }), Found::Skipped { bytes: more }) => *bytes += more,
            (Some(Found::Tag { bytes }), Found::Tag { bytes: more }) => *bytes += more,
            _ => joined.push(it),
        }
    }
    joined
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn however_a_stream_is_cut_and_damaged_its_frames_are_the_same(
        which in any::<prop::sample::Index>(),
        damages in prop::collection::vec(Damage::any(), 0..6),
        steps in (1_usize..50, 50_usize..20_000),
    ) {
        let stream = &STREAMS[which.index(STREAMS.len())];
        let mut bytes = stream.bytes.clone();
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        let fine = without_seams(account(stream.codec, &bytes, steps.0));
        let coarse = without_seams(account(stream.codec, &bytes, steps.1));
        prop_assert!(fine == coarse, "{}: other frames", stream.name);
        prop_assert!(without_seams(account(stream.codec, &bytes, bytes.len())) == coarse);
    }

    #[test]
    fn after_damage_a_stream_is_found_again(
        which in any::<prop::sample::Index>(),
        at in 5000_usize..10_000,
        garbage in prop::collection::vec(any::<u8>(), 1..3000),
    ) {
        let stream = &STREAMS[which.index(STREAMS.len())];
        let bytes = [&stream.bytes[..at], &garbage, &stream.bytes[at..]].concat();
        let (whole, damaged) = (frames(stream), only_frames(account(stream.codec, &bytes, 4096)));
        // Two frames at the damage may be lost, and garbage may pass for one; nothing after it is.
        let end = whole.iter().rev().zip(damaged.iter().rev()).take_while(|(a, b)| a == b).count();
        let end_bytes: usize = whole[whole.len() - end..].iter().map(|frame| frame.bytes.len()).sum();
        let longest = whole.iter().map(|frame| frame.bytes.len()).max().unwrap_or(0);
        prop_assert!(end_bytes + 4 * longest >= stream.bytes.len() - at, "{}: {end} frames found again", stream.name);
    }

    #[test]
    fn any_bytes_at_all_are_accounted_for(
        bytes in prop::collection::vec(any::<u8>(), 0..20_000),
        step in 1_usize..20_000,
    ) {
        for codec in [Codec::Mp3, Codec::Aac, Codec::OggOpus, Codec::OggVorbis, Codec::OggFlac] {
            account(codec, &bytes, step);
        }
        sniff(&bytes);
    }

    #[test]
    fn bytes_that_look_like_headers_are_accounted_for(
        words in prop::collection::vec(
            prop::sample::select(vec![
                &b"\xff\xfb\x90\x64"[..], b"\xff\xf1\x50\x80\x02\x1f\xfc", b"OggS\0\x02", b"OggS\0\0", b"ID3\x04\0\0\0\0\x01\x01",
                b"TAG", b"I", b"ID", b"\xff", b"\0", b"\x01vorbis", b"OpusHead", b"\x7fFLAC",
            ]),
            0..3000,
        ),
        step in 1_usize..5000,
    ) {
        let bytes = words.concat();
        for codec in [Codec::Mp3, Codec::Aac, Codec::OggOpus, Codec::OggVorbis, Codec::OggFlac] {
            let (cut, whole) = (account(codec, &bytes, step), account(codec, &bytes, bytes.len().max(1)));
            prop_assert!(without_seams(cut) == without_seams(whole));
        }
    }
}
