//! Fragmented MP4: one init segment that describes the track, then media segments that each stand alone.
//!
//! The track's clock ticks once per sample, so that every duration is exact. There is no edit list: a live stream is joined in
//! its middle, where no encoder delay has to be hidden, and the first frame's priming is one frame of faded sound.
//!
//! A segment is a [`segment_head`] and one [`fragment`] or more behind it; each fragment can be sent before the rest of its
//! segment exists.
//!
//! Start at [`init_segment`].

mod loudness;
mod sample_entry;

use bytes::{BufMut, Bytes, BytesMut};

pub use loudness::Loudness;

use crate::track::{Track, Unit};

/// The only track in our files.
const TRACK_ID: u32 = 1;
/// Sample flags: depends on no other sample.
const INDEPENDENT: u32 = 0x0200_0000;
const UNITY_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Describes a track: what a player must read before any media segment. Its loudness is told if it is known.
pub fn init_segment(track: &Track, loudness: Option<Loudness>) -> Bytes {
    let mut out = BytesMut::with_capacity(800);
    put_box(&mut out, b"ftyp", |out| {
        out.put_slice(b"iso6");
        out.put_u32(1);
        out.put_slice(b"iso6cmfcmp41");
    });
    put_box(&mut out, b"moov", |out| {
        movie_header(out);
        put_box(out, b"trak", |out| {
            track_header(out);
            put_box(out, b"mdia", |out| media(out, track));
            if let Some(loudness) = loudness {
                put_box(out, b"udta", |out| loudness.put(out));
            }
        });
        put_box(out, b"mvex", |out| {
            put_full_box(out, b"trex", 0, 0, |out| {
                for value in [TRACK_ID, 1, track.unit_samples_max(), 0, INDEPENDENT] {
                    out.put_u32(value);
                }
            });
        });
    });
    out.freeze()
}

/// A fragment's number and place on the track's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Grows with each fragment; may wrap.
    pub sequence: u32,
    /// The samples before its first, since the track's clock began.
    pub base_media_decode_time: u64,
}

/// What stands before the first fragment of a media segment.
pub fn segment_head() -> Bytes {
    let mut out = BytesMut::with_capacity(24);
    put_box(&mut out, b"styp", |out| {
        out.put_slice(b"msdh");
        out.put_u32(0);
        out.put_slice(b"msdhcmfs");
    });
    out.freeze()
}

/// Packs units that follow each other.
pub fn fragment(place: Place, units: &[Unit]) -> Bytes {
    let data_bytes: usize = units.iter().map(|unit| unit.bytes.len()).sum();
    let mut out = BytesMut::with_capacity(128 + units.len() * 8 + data_bytes);
    let mut data_offset_at = 0;
    put_box(&mut out, b"moof", |out| {
        put_full_box(out, b"mfhd", 0, 0, |out| out.put_u32(place.sequence));
        put_box(out, b"traf", |out| data_offset_at = track_fragment(out, place, units));
    });
    // The data offset can be said only now that the fragment's size is known.
    let data_offset = (out.len() + 8) as u32;
    out[data_offset_at..data_offset_at + 4].copy_from_slice(&data_offset.to_be_bytes());
    put_box(&mut out, b"mdat", |out| units.iter().for_each(|unit| out.put_slice(&unit.bytes)));
    out.freeze()
}

/// Tells where the units are and how long each lasts; gives where the data offset must be put.
fn track_fragment(out: &mut BytesMut, place: Place, units: &[Unit]) -> usize {
    const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
    const DEFAULT_DURATION: u32 = 0x08;
    const DEFAULT_FLAGS: u32 = 0x20;
    const DATA_OFFSET: u32 = 0x01;
    const SAMPLE_DURATION: u32 = 0x100;
    const SAMPLE_SIZE: u32 = 0x200;
    let usual_samples = units.first().map_or(0, |unit| unit.samples);
    let are_equal = units.iter().all(|unit| unit.samples == usual_samples);
    put_full_box(out, b"tfhd", 0, DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION | DEFAULT_FLAGS, |out| {
        out.put_u32(TRACK_ID);
        out.put_u32(usual_samples);
        out.put_u32(INDEPENDENT);
    });
    put_full_box(out, b"tfdt", 1, 0, |out| out.put_u64(place.base_media_decode_time));
    let mut data_offset_at = 0;
    let flags = DATA_OFFSET | SAMPLE_SIZE | if are_equal { 0 } else { SAMPLE_DURATION };
    put_full_box(out, b"trun", 0, flags, |out| {
        out.put_u32(units.len() as u32);
        data_offset_at = out.len();
        out.put_u32(0);
        for unit in units {
            if !are_equal {
                out.put_u32(unit.samples);
            }
            out.put_u32(unit.bytes.len() as u32);
        }
    });
    data_offset_at
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

fn media(out: &mut BytesMut, track: &Track) {
    const UNDETERMINED_LANGUAGE: u16 = 0x55c4;
    put_full_box(out, b"mdhd", 0, 0, |out| {
        out.put_bytes(0, 8);
        out.put_u32(track.sample_rate_hz());
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
        put_box(out, b"stbl", |out| sample_table(out, track));
    });
}

/// Describes the sound; lists no samples, which all stand in the media segments.
fn sample_table(out: &mut BytesMut, track: &Track) {
    put_full_box(out, b"stsd", 0, 0, |out| {
        out.put_u32(1);
        sample_entry::put(out, track);
    });
    for kind in [b"stts", b"stsc", b"stco"] {
        put_full_box(out, kind, 0, 0, |out| out.put_u32(0));
    }
    put_full_box(out, b"stsz", 0, 0, |out| out.put_u64(0));
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
    use crate::adts::Config;
    use crate::bits::be32;

    const AAC: Track = Track::Aac(Config { object_type: 2, sample_rate_hz: 44_100, channel_config: 2 });

    fn unit(bytes: &'static [u8], samples: u32) -> Unit {
        Unit { bytes: Bytes::from_static(bytes), samples }
    }

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
        assert_eq!(kinds(&init_segment(&AAC, None)), ["ftyp", "moov"]);
        let place = Place { sequence: 7, base_media_decode_time: u64::from(u32::MAX) + 5 };
        let fragment = fragment(place, &[unit(b"one", 1024), unit(b"two", 1024)]);
        let segment = [segment_head(), fragment].concat();
        assert_eq!(kinds(&segment), ["styp", "moof", "mdat"]);
        assert!(segment.ends_with(b"mdatonetwo"));
    }

    #[test]
    fn the_data_offset_points_at_the_first_unit() {
        let place = Place { sequence: 0, base_media_decode_time: 0 };
        for units in [vec![unit(b"one", 960)], vec![unit(b"one", 960), unit(b"two", 480)]] {
            let fragment = fragment(place, &units);
            let run_at = fragment.windows(4).position(|bytes| bytes == b"trun").unwrap();
            let data_at = be32(&fragment, run_at + 12).unwrap() as usize;
            assert_eq!(&fragment[data_at..data_at + 3], b"one");
        }
    }

    #[test]
    fn durations_are_told_one_by_one_only_where_they_differ() {
        let place = Place { sequence: 0, base_media_decode_time: 0 };
        let alike = fragment(place, &[unit(b"one", 960), unit(b"two", 960)]);
        let unlike = fragment(place, &[unit(b"one", 960), unit(b"two", 480)]);
        assert_eq!(unlike.len(), alike.len() + 2 * 4);
    }
}
