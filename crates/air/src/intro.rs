//! An intro: a piece that every listener hears before the mount's own sound.
//!
//! It is read once, when the mount is made: whole frames in the mount's codec and format, or it is refused. What
//! listeners get of it is shared, once without and once with places for titles; it goes out as fast as each takes it.

use std::num::NonZeroU32;
use std::time::Duration;

use audio::{Codec, Format, Found, Framer, Sniff, icy};
use bytes::Bytes;

use crate::ring;

/// Why a file cannot be a mount's intro.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It is in another codec.
    #[error("it is {got:?}, but the mount carries {wanted:?}; encode it as that")]
    OtherCodec {
        /// What the mount carries.
        wanted: Codec,
        /// What the file is.
        got: Codec,
    },
    /// It has another sample rate or other channels: some players would stop at its end.
    #[error("it is in {got}, but the mount is set to {wanted_hz} Hz and {wanted_channels} channels; encode it so")]
    OtherFormat {
        /// What the mount is set to, in Hz.
        wanted_hz: u32,
        /// What the mount is set to.
        wanted_channels: u8,
        /// What the file is.
        got: Format,
    },
    /// Its format changes in the middle.
    #[error("its format changes in the middle")]
    Mixed,
    /// There is no sound in it that the mount could carry.
    #[error("there is no sound in it that the mount can carry")]
    NoSound,
    /// It is so long that whoever hears it would lose the present.
    #[error("it lasts {seconds} s; at most {seconds_max} s fit before the present")]
    TooLong {
        /// How long it is.
        seconds: u64,
        /// How long it may be.
        seconds_max: u64,
    },
}

/// A piece that is heard first.
#[derive(Clone, Debug)]
pub struct Intro {
    plain: Bytes,
    with_titles: Bytes,
    /// Bytes of sound behind the last place for a title.
    since_title: u32,
}

/// What a listener is sent of an intro.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Its bytes.
    pub bytes: Bytes,
    /// Bytes of sound behind the last place for a title in it.
    pub since_title: u32,
}

impl Intro {
    /// Reads `file` for a mount. `metaint` is the distance of titles, `past` how much of its past the mount keeps.
    pub fn read(
        file: &[u8],
        mount: &station::Mount,
        metaint: Option<NonZeroU32>,
        past: Duration,
    ) -> Result<Self, Unfit> {
        let wanted = crate::codec::to_audio(mount.codec);
        if let Sniff::Codec(got) = audio::sniff(file)
            && got != wanted
        {
            return Err(Unfit::OtherCodec { wanted, got });
        }
        let (sound, format, duration) = frames(file, wanted)?;
        let is_set = mount.sample_rate_hz > 0 && mount.channels > 0;
        if is_set && !fits(&format, mount) {
            let (wanted_hz, wanted_channels) = (mount.sample_rate_hz, mount.channels);
            return Err(Unfit::OtherFormat { wanted_hz, wanted_channels, got: format });
        }
        // Who buffers all of it at once is as far behind as it lasts when the present begins.
        let longest = past / 2;
        if duration > longest {
            return Err(Unfit::TooLong { seconds: duration.as_secs() + 1, seconds_max: longest.as_secs() });
        }
        let metaint = metaint.filter(|_| !mount.codec.is_ogg());
        let (with_titles, since_title) = metaint.map_or_else(Default::default, |bytes| interleave(&sound, bytes));
        Ok(Self { plain: sound.into(), with_titles, since_title })
    }

    /// What a listener is sent of it.
    pub fn opening(&self, wants_titles: bool) -> Opening {
        match wants_titles {
            true => Opening { bytes: self.with_titles.clone(), since_title: self.since_title },
            false => Opening { bytes: self.plain.clone(), since_title: 0 },
        }
    }
}

/// The whole frames of a file, their format, and how long they last.
fn frames(file: &[u8], codec: Codec) -> Result<(Vec<u8>, Format, Duration), Unfit> {
    let mut framer = Framer::new(codec);
    framer.push(file);
    framer.finish();
    let (mut sound, mut format, mut duration) = (Vec::with_capacity(file.len()), None, Duration::ZERO);
    for found in framer {
        match found {
            Found::Format { format: found, .. } if format.is_some_and(|known| known != found) => {
                return Err(Unfit::Mixed);
            }
            Found::Format { format: found, headers } => {
                format = Some(found);
                sound.extend_from_slice(&headers);
            }
            Found::Frame(frame) => {
                let rate_hz = format.map_or(0, |format: Format| format.sample_rate_hz);
                duration += ring::duration(u64::from(frame.samples), rate_hz);
                sound.extend_from_slice(&frame.bytes);
            }
            Found::Tag { .. } | Found::Skipped { .. } => {}
        }
    }
    let format = format.filter(|_| !duration.is_zero()).ok_or(Unfit::NoSound)?;
    Ok((sound, format, duration))
}

/// True if the format is the mount's. A stream in HE-AAC says half the rate that is heard, and one channel of two.
fn fits(format: &Format, mount: &station::Mount) -> bool {
    let is_equal = |rate_hz| rate_hz == mount.sample_rate_hz;
    let is_half = format.codec == Codec::Aac && is_equal(format.sample_rate_hz * 2);
    (is_equal(format.sample_rate_hz) && format.channels == mount.channels) || is_half
}

/// Puts a place for a title after each `metaint` bytes: the first says that there is none, the others nothing.
fn interleave(sound: &[u8], metaint: NonZeroU32) -> (Bytes, u32) {
    let interval = usize::try_from(metaint.get()).unwrap_or(usize::MAX);
    let mut mixed = Vec::with_capacity(sound.len() + sound.len() / interval * 2 + 32);
    let mut pieces = sound.chunks_exact(interval);
    for (number, piece) in pieces.by_ref().enumerate() {
        mixed.extend_from_slice(piece);
        match number {
            0 => mixed.extend_from_slice(&icy::metadata_block("", "")),
            _ => mixed.extend_from_slice(icy::UNCHANGED),
        }
    }
    let rest = pieces.remainder();
    mixed.extend_from_slice(rest);
    (mixed.into(), rest.len() as u32)
}

#[cfg(test)]
mod tests {
    use audio::icy::{Deinterleaver, Piece};

    use super::*;

    fn silence(rate_hz: u32, frames: usize) -> Vec<u8> {
        let frame = audio::mpeg::silent_frame(rate_hz, 2, 128).unwrap();
        frame.bytes.repeat(frames)
    }

    fn mount(codec: station::Codec) -> station::Mount {
        station::Mount { path: "/a".into(), codec, bitrate_kbps: 128, sample_rate_hz: 44_100, channels: 2 }
    }

    fn read(file: &[u8], codec: station::Codec) -> Result<Intro, Unfit> {
        Intro::read(file, &mount(codec), NonZeroU32::new(16_000), Duration::from_secs(60))
    }

    #[test]
    fn only_whole_frames_of_a_file_are_sent() {
        let sound = silence(44_100, 100);
        let mut file = b"ID3\x04\0\0\0\0\0\x0a0123456789".to_vec();
        file.extend_from_slice(&sound);
        file.extend_from_slice(&sound[..100]);
        let intro = read(&file, station::Codec::Mp3).unwrap();
        assert_eq!(intro.opening(false).bytes, sound);
    }

    #[test]
    fn titles_stand_where_a_player_looks_for_them() {
        let sound = silence(44_100, 100);
        let opening = read(&sound, station::Codec::Mp3).unwrap().opening(true);
        let (mut heard, mut said) = (Vec::new(), Vec::new());
        let (mut pieces, mut input) = (Deinterleaver::new(16_000), &opening.bytes[..]);
        while let Some(piece) = pieces.next(&mut input) {
            match piece {
                Piece::Sound(bytes) => heard.extend_from_slice(bytes),
                Piece::Metadata(metadata) => said.push((heard.len(), metadata.title)),
            }
        }
        assert_eq!(heard, sound);
        assert_eq!(said, [(16_000, Some(String::new()))]);
        assert_eq!(opening.since_title as usize, sound.len() % 16_000);
    }

    #[test]
    fn what_the_mount_does_not_carry_is_refused_with_a_reason() {
        assert!(matches!(read(&silence(48_000, 50), station::Codec::Mp3), Err(Unfit::OtherFormat { .. })));
        assert!(matches!(read(&silence(44_100, 50), station::Codec::Aac), Err(Unfit::OtherCodec { .. })));
        assert_eq!(read(b"this is not sound", station::Codec::Mp3).unwrap_err(), Unfit::NoSound);
        assert!(matches!(read(&silence(44_100, 1_200), station::Codec::Mp3), Err(Unfit::TooLong { .. })));
        let mixed = [silence(44_100, 50), silence(48_000, 50)].concat();
        assert_eq!(read(&mixed, station::Codec::Mp3).unwrap_err(), Unfit::Mixed);
    }
}
