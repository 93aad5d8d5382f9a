//! Frames as they travel become units as a file holds them.

use bytes::Bytes;

use super::{StreamInfo, Track, Unit, opus};
use crate::ogg::{Packets, pages};
use crate::{Codec, Format, Frame, adts};

/// Sound that MP4 cannot hold, or no player would take from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unpackable {
    /// MP3 and Vorbis.
    #[error("{0:?} is not packed as MP4: players do not take it")]
    Codec(Codec),
    /// The stream's header pages are not as they should be, or describe more than two channels of Opus.
    #[error("the header pages of the {0:?} stream cannot be packed")]
    Headers(Codec),
    /// A frame is not ADTS with a single block, or not of the codec that was announced.
    #[error("a frame cannot be packed: it is broken, or has several blocks in it")]
    Frame,
}

/// Takes a stream's frames and gives their units.
#[derive(Debug)]
pub struct Unpacker {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Adts,
    Ogg { track: Track, packets: Packets },
}

impl Unpacker {
    /// An unpacker for a stream in `format` that begins with these header pages (none, unless it is Ogg).
    pub fn new(format: Format, headers: &Bytes) -> Result<Self, Unpackable> {
        let unusable = Unpackable::Headers(format.codec);
        let kind = match format.codec {
            Codec::Aac => Kind::Adts,
            Codec::OggOpus | Codec::OggFlac => {
                Kind::Ogg { track: described(headers).ok_or(unusable)?, packets: Packets::default() }
            }
            Codec::Mp3 | Codec::OggVorbis => return Err(Unpackable::Codec(format.codec)),
        };
        Ok(Self { kind })
    }

    /// Appends the units that end in `frame` to `units`, and says of what track they are.
    pub fn unpack(&mut self, frame: &Frame, units: &mut Vec<Unit>) -> Result<Track, Unpackable> {
        match &mut self.kind {
            Kind::Adts => {
                let (config, bytes) = adts::payload(&frame.bytes).ok_or(Unpackable::Frame)?;
                units.push(Unit { bytes, samples: adts::BLOCK_SAMPLES });
                Ok(Track::Aac(config))
            }
            Kind::Ogg { track, packets } => unpack_pages(*track, packets, &frame.bytes, units),
        }
    }
}

fn described(headers: &Bytes) -> Option<Track> {
    let mut track = None;
    Packets::default().read(pages(headers).next()?, |packet| track = track.or(described_by(packet)));
    track
}

/// What the first packet of a stream says of it.
fn described_by(packet: &[u8]) -> Option<Track> {
    if let Some(info) = StreamInfo::from_ogg(packet) {
        return Some(Track::Flac(info));
    }
    let head = packet.strip_prefix(b"OpusHead")?;
    let (&channels, &family) = (head.get(1)?, head.get(10)?);
    let gain = i16::from_le_bytes(head.get(8..10)?.try_into().ok()?);
    (family == 0 && (1..=2).contains(&channels)).then_some(Track::Opus { channels, gain })
}

fn unpack_pages(
    track: Track,
    packets: &mut Packets,
    bytes: &Bytes,
    units: &mut Vec<Unit>,
) -> Result<Track, Unpackable> {
    let mut outcome = Ok(track);
    for page in pages(bytes) {
        packets.read(page, |packet| match samples(track, packet) {
            // Some encoders end a stream with a packet of nothing.
            _ if packet.is_empty() => {}
            Some(samples) => units.push(Unit { bytes: Bytes::copy_from_slice(packet), samples }),
            None => outcome = Err(Unpackable::Frame),
        });
    }
    outcome
}

fn samples(track: Track, packet: &[u8]) -> Option<u32> {
    match track {
        Track::Opus { .. } => opus::samples(packet),
        Track::Flac(info) => info.samples(packet),
        Track::Aac(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ogg::test::Draft;

    const OPUS: Format = Format { codec: Codec::OggOpus, sample_rate_hz: 48_000, channels: 2 };

    fn page(flags: u8, packets: &[&[u8]], last_goes_on: bool) -> Bytes {
        Draft { flags, granule_position: 960, serial: 1, packets, last_goes_on }.bytes().into()
    }

    fn headers() -> Bytes {
        let head = [&b"OpusHead\x01\x02"[..], &312_u16.to_le_bytes(), &48_000_u32.to_le_bytes(), &[0; 3]].concat();
        [page(2, &[&head], false), page(0, &[b"OpusTags"], false)].concat().into()
    }

    fn frame(bytes: Bytes) -> Frame {
        Frame { bytes, samples: 960, is_entry: true }
    }

    #[test]
    fn each_packet_of_a_page_is_a_unit() {
        let mut unpacker = Unpacker::new(OPUS, &headers()).unwrap();
        let mut units = Vec::new();
        let track = unpacker.unpack(&frame(page(0, &[b"\xfcone", b"\xfctwo"], false)), &mut units).unwrap();
        assert_eq!(track, Track::Opus { channels: 2, gain: 0 });
        let expected = [&b"\xfcone"[..], b"\xfctwo"].map(|bytes| Unit { bytes: bytes.into(), samples: 960 });
        assert_eq!(units, expected);
    }

    #[test]
    fn a_packet_over_two_pages_is_one_unit() {
        let mut unpacker = Unpacker::new(OPUS, &headers()).unwrap();
        let beginning = [&[0xfc][..], &[7; 254]].concat();
        let mut units = Vec::new();
        unpacker.unpack(&frame(page(0, &[&beginning], true)), &mut units).unwrap();
        assert_eq!(units, []);
        unpacker.unpack(&frame(page(1, &[b"end", b"\xfcnext"], false)), &mut units).unwrap();
        assert_eq!(units.len(), 2);
        assert_eq!(units[0].bytes, [&beginning[..], b"end"].concat());
    }

    #[test]
    fn the_rest_of_a_packet_whose_beginning_was_lost_is_left_out() {
        let mut unpacker = Unpacker::new(OPUS, &headers()).unwrap();
        let mut units = Vec::new();
        unpacker.unpack(&frame(page(1, &[b"end", b"\xfcnext"], false)), &mut units).unwrap();
        assert_eq!(units, [Unit { bytes: Bytes::from_static(b"\xfcnext"), samples: 960 }]);
    }

    #[test]
    fn what_players_do_not_take_is_refused_by_name() {
        let mp3 = Format { codec: Codec::Mp3, sample_rate_hz: 44_100, channels: 2 };
        assert_eq!(Unpacker::new(mp3, &Bytes::new()).unwrap_err(), Unpackable::Codec(Codec::Mp3));
        assert_eq!(Unpacker::new(OPUS, &Bytes::new()).unwrap_err(), Unpackable::Headers(Codec::OggOpus));
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..8), flags in any::<u8>(), goes_on in any::<bool>()) {
            let packets: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
            let mut unpacker = Unpacker::new(OPUS, &headers()).unwrap();
            let mut units = Vec::new();
            for _ in 0..3 {
                let _ = unpacker.unpack(&frame(page(flags, &packets, goes_on)), &mut units);
            }
            prop_assert!(units.iter().all(|unit| unit.samples % opus::GRAIN_SAMPLES == 0));
        }
    }
}
