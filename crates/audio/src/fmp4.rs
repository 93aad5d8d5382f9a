//! Fragmented MP4 for AAC: one init segment that describes the track, then media segments that each stand alone.
//!
//! The track's clock ticks once per sample, so that every duration is exact. There is no edit list: a live stream is joined in
//! its middle, where no encoder delay has to be hidden, and the first frame's priming is one frame of faded sound.
//!
//! Start at [`init_segment`].

use bytes::{BufMut, Bytes, BytesMut};

use crate::adts::{BLOCK_SAMPLES, Config};

/// The only track in our files.
const TRACK_ID: u32 = 1;
/// Sample flags: depends on no other sample.
const INDEPENDENT: u32 = 0x0200_0000;
/// MPEG-4's object type for AAC in the descriptors.
const OBJECT_TYPE_AAC: u8 = 0x40;
/// An audio stream that flows to the decoder, with the reserved bit set.
const STREAM_TYPE_AUDIO: u8 = 5 << 2 | 1;
const UNITY_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Describes a track of AAC: what a player must read before any media segment.
pub fn init_segment(config: &Config) -> Bytes {
    let mut out = BytesMut::with_capacity(700);
    put_box(&mut out, b"ftyp", |out| {
        out.put_slice(b"iso6");
        out.put_u32(1);
        out.put_slice(b"iso6cmfcmp41");
    });
    put_box(&mut out, b"moov", |out| {
        movie_header(out);
        put_box(out, b"trak", |out| {
            track_header(out);
            put_box(out, b"mdia", |out| media(out, config));
        });
        put_box(out, b"mvex", |out| {
            put_full_box(out, b"trex", 0, 0, |out| {
                for value in [TRACK_ID, 1, BLOCK_SAMPLES, 0, INDEPENDENT] {
                    out.put_u32(value);
                }
            });
        });
    });
    out.freeze()
}

/// A media segment's number and place on the track's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Grows by one with each segment; may wrap.
    pub sequence: u32,
    /// The samples before its first, since the track's clock began.
    pub base_media_decode_time: u64,
}

/// Packs `units`, AAC blocks without ADTS headers (see [`adts::payload`](crate::adts::payload)), each of
/// [`BLOCK_SAMPLES`].
pub fn media_segment(place: Place, units: &[Bytes]) -> Bytes {
    let data_bytes: usize = units.iter().map(Bytes::len).sum();
    let mut out = BytesMut::with_capacity(128 + units.len() * 4 + data_bytes);
    put_box(&mut out, b"styp", |out| {
        out.put_slice(b"msdh");
        out.put_u32(0);
        out.put_slice(b"msdhcmfs");
    });
    let movie_fragment_at = out.len();
    put_box(&mut out, b"moof", |out| {
        put_full_box(out, b"mfhd", 0, 0, |out| out.put_u32(place.sequence));
        put_box(out, b"traf", |out| track_fragment(out, place, units));
    });
    // The run is the last box: its data offset can be said only now that the fragment's size is known.
    let movie_fragment_bytes = out.len() - movie_fragment_at;
    let data_offset_at = out.len() - units.len() * 4 - 4;
    out[data_offset_at..data_offset_at + 4].copy_from_slice(&((movie_fragment_bytes + 8) as u32).to_be_bytes());
    put_box(&mut out, b"mdat", |out| units.iter().for_each(|unit| out.put_slice(unit)));
    out.freeze()
}

fn track_fragment(out: &mut BytesMut, place: Place, units: &[Bytes]) {
    const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
    const DEFAULT_DURATION: u32 = 0x08;
    const DEFAULT_FLAGS: u32 = 0x20;
    const DATA_OFFSET: u32 = 0x01;
    const SAMPLE_SIZE: u32 = 0x200;
    put_full_box(out, b"tfhd", 0, DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION | DEFAULT_FLAGS, |out| {
        out.put_u32(TRACK_ID);
        out.put_u32(BLOCK_SAMPLES);
        out.put_u32(INDEPENDENT);
    });
    put_full_box(out, b"tfdt", 1, 0, |out| out.put_u64(place.base_media_decode_time));
    put_full_box(out, b"trun", 0, DATA_OFFSET | SAMPLE_SIZE, |out| {
        out.put_u32(units.len() as u32);
        out.put_u32(0);
        units.iter().for_each(|unit| out.put_u32(unit.len() as u32));
    });
}

fn movie_header(out: &mut BytesMut) {
    put_full_box(out, b"mvhd", 0, 0, |out| {
        out.put_bytes(0, 8); // made, changed: not said
        out.put_u32(1000); // ticks per second
        out.put_u32(0); // its duration: it has none
        out.put_u32(0x1_0000); // normal speed
        out.put_u16(0x100); // full volume
        out.put_bytes(0, 10);
        UNITY_MATRIX.iter().for_each(|&value| out.put_u32(value));
        out.put_bytes(0, 24);
        out.put_u32(TRACK_ID + 1); // the next track's number
    });
}

fn track_header(out: &mut BytesMut) {
    const ENABLED_IN_MOVIE: u32 = 3;
    put_full_box(out, b"tkhd", 0, ENABLED_IN_MOVIE, |out| {
        out.put_bytes(0, 8);
        out.put_u32(TRACK_ID);
        out.put_bytes(0, 4);
        out.put_u32(0);
        out.put_bytes(0, 8);
        out.put_u32(0); // layer and group
        out.put_u16(0x100);
        out.put_bytes(0, 2);
        UNITY_MATRIX.iter().for_each(|&value| out.put_u32(value));
        out.put_bytes(0, 8); // no width, no height
    });
}

fn media(out: &mut BytesMut, config: &Config) {
    const UNDETERMINED_LANGUAGE: u16 = 0x55c4;
    put_full_box(out, b"mdhd", 0, 0, |out| {
        out.put_bytes(0, 8);
        out.put_u32(config.sample_rate_hz);
        out.put_u32(0);
        out.put_u16(UNDETERMINED_LANGUAGE);
        out.put_u16(0);
    });
    put_full_box(out, b"hdlr", 0, 0, |out| {
        out.put_u32(0);
        out.put_slice(b"soun");
        out.put_bytes(0, 12);
        out.put_slice(b"sound\0");
    });
    put_box(out, b"minf", |out| {
        put_full_box(out, b"smhd", 0, 0, |out| out.put_u32(0));
        put_box(out, b"dinf", |out| {
            put_full_box(out, b"dref", 0, 0, |out| {
                const IN_THIS_FILE: u32 = 1;
                out.put_u32(1);
                put_full_box(out, b"url ", 0, IN_THIS_FILE, |_| {});
            });
        });
        put_box(out, b"stbl", |out| sample_table(out, config));
    });
}

/// Describes the sound; lists no samples, which all stand in the media segments.
fn sample_table(out: &mut BytesMut, config: &Config) {
    put_full_box(out, b"stsd", 0, 0, |out| {
        out.put_u32(1);
        put_box(out, b"mp4a", |out| {
            out.put_bytes(0, 6);
            out.put_u16(1); // the data reference
            out.put_bytes(0, 8);
            out.put_u16(u16::from(config.channels()));
            out.put_u16(16); // bits per sample, by custom
            out.put_u32(0);
            // Sixteen bits of whole hertz: rates beyond that stand only in the decoder's own description.
            out.put_u32(u32::from(u16::try_from(config.sample_rate_hz).unwrap_or(0)) << 16);
            put_full_box(out, b"esds", 0, 0, |out| elementary_stream(out, config));
        });
    });
    for kind in [b"stts", b"stsc", b"stco"] {
        put_full_box(out, kind, 0, 0, |out| out.put_u32(0));
    }
    put_full_box(out, b"stsz", 0, 0, |out| out.put_u64(0));
}

/// The nested descriptors of MPEG-4 part 1: tag, length, contents.
fn elementary_stream(out: &mut BytesMut, config: &Config) {
    let decoder_specific = descriptor(5, &config.audio_specific_config());
    // Buffer size and bit rates: not said.
    let decoder = [&[OBJECT_TYPE_AAC, STREAM_TYPE_AUDIO][..], &[0; 11], &decoder_specific].concat();
    let sync_layer = descriptor(6, &[2]); // as MP4 files have it
    let stream_id_and_flags = [0, 0, 0];
    out.put_slice(&descriptor(3, &[&stream_id_and_flags[..], &descriptor(4, &decoder), &sync_layer].concat()));
}

fn descriptor(tag: u8, contents: &[u8]) -> Vec<u8> {
    // All of ours are shorter than the 128 bytes that one byte of length can say.
    [&[tag, contents.len() as u8], contents].concat()
}

fn put_box(out: &mut BytesMut, kind: &[u8; 4], contents: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_u32(0);
    out.put_slice(kind);
    contents(out);
    let bytes = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&bytes.to_be_bytes());
}

fn put_full_box(out: &mut BytesMut, kind: &[u8; 4], version: u8, flags: u32, contents: impl FnOnce(&mut BytesMut)) {
    put_box(out, kind, |out| {
        out.put_u32(u32::from(version) << 24 | flags);
        contents(out);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::be32;

    const CONFIG: Config = Config { object_type: 2, sample_rate_hz: 44_100, channel_config: 2 };

    /// The kinds of the boxes that stand one after the other in `bytes`, and that they fill it.
    fn kinds(mut bytes: &[u8]) -> Vec<String> {
        let mut kinds = Vec::new();
        while !bytes.is_empty() {
            let size = be32(bytes, 0).unwrap() as usize;
            kinds.push(String::from_utf8_lossy(&bytes[4..8]).into_owned());
            bytes = &bytes[size..];
        }
        kinds
    }

    #[test]
    fn the_boxes_fill_the_segments() {
        assert_eq!(kinds(&init_segment(&CONFIG)), ["ftyp", "moov"]);
        let place = Place { sequence: 7, base_media_decode_time: u64::from(u32::MAX) + 5 };
        let segment = media_segment(place, &[Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
        assert_eq!(kinds(&segment), ["styp", "moof", "mdat"]);
        assert!(segment.ends_with(b"mdatonetwo"));
    }

    #[test]
    fn the_data_offset_points_at_the_first_unit() {
        let place = Place { sequence: 0, base_media_decode_time: 0 };
        let segment = media_segment(place, &[Bytes::from_static(b"one")]);
        let fragment_at = be32(&segment, 0).unwrap() as usize;
        let run_at = segment.windows(4).position(|bytes| bytes == b"trun").unwrap();
        let data_at = fragment_at + be32(&segment, run_at + 12).unwrap() as usize;
        assert_eq!(&segment[data_at..], b"one");
    }
}
